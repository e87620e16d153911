// What a case works with: the plugin, a transport of it, and a fresh place.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "objects.hpp"
#include "sealos/abi.h"
#include "test_host.hpp"

namespace sealos::conformance {

/// From the command line.
struct Options {
  std::string plugin;                   ///< path of the library
  std::vector<std::string> references;  ///< TRANSPORT:DETAILS with {dir} and {name}
  std::vector<std::string> sources;     ///< TRANSPORT:DETAILS of images that are there
  std::map<std::string, std::string> options;
  std::vector<std::string> cases;  ///< none: all
  std::string credentials;         ///< USER:PASSWORD; "": none
  unsigned timeout = 60;           ///< seconds a case may take
  std::int64_t big = 64 << 20;     ///< bytes of a big blob
  bool json = false, list = false, verbose = false;
};

/// A reference or template, taken apart.
struct Place {
  std::string transport, details;
  static Place parse(const std::string& text);
  std::string str() const { return transport + ":" + details; }
};

/// Opens the library and looks at its entry; runs none of its code. Throws Failure.
const sealos_plugin& load(const std::string& library);
/// As load, and starts it.
const sealos_plugin& start(const std::string& library, const TestHost& host);

/// One case's world.
class Context {
 public:
  /// transport: the one to try; "": the case tries the library as a whole.
  Context(const Options& options, std::string transport);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const Options& options() const { return options_; }
  TestHost& host() { return host_; }
  const std::filesystem::path& folder() const { return folder_; }

  /// The transport, of the plugin that has been started.
  const sealos_transport& transport();
  Answer parse(const std::string& details, std::unique_ptr<Reference>& out);

  /// Whether there is a template for this transport.
  bool has_place() const { return template_.has_value(); }
  /// Details of a place in the case's folder; the same again for the same name. Throws Skipped
  /// where no template was given.
  std::string details(const std::string& name = "one") const;
  std::unique_ptr<Reference> reference(const std::string& name = "one");
  /// Throws Skipped where the transport cannot.
  std::unique_ptr<Destination> destination(const std::string& name = "one");
  /// At the place of that name, or, with no template, the image that was given. Throws Skipped.
  std::unique_ptr<Source> source(const std::string& name = "one");
  /// What a read-only transport reads; "": nothing was given.
  std::string given_source() const;
  std::unique_ptr<Source> open_given();

 private:
  Options options_;
  std::string transport_name_;
  std::optional<Place> template_;
  std::filesystem::path folder_;
  std::string token_;
  TestHost host_;
  const sealos_plugin* plugin_ = nullptr;
};

}  // namespace sealos::conformance
