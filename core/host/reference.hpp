// A plugin's reference, with C calls turned into values and exceptions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/host/destination.hpp"
#include "core/host/services.hpp"
#include "core/host/source.hpp"
#include "sealos/abi.h"

namespace sealos {

/// Owns a sealos_reference. Safe for concurrent use.
class Reference {
 public:
  /// Takes ownership; throws SEALOS_INTERNAL where the object breaks the contract.
  Reference(sealos_reference* c, std::string transport, std::string plugin);
  Reference(Reference&&) = default;
  ~Reference();

  const std::string& transport() const { return transport_; }
  /// "transport:details", which parses back to an equal reference.
  std::string canonical() const { return transport_ + ":" + c_->canonical; }
  std::optional<std::string> docker_name() const { return text(c_->docker_name); }
  std::string policy_identity() const { return text(c_->policy_identity).value_or(""); }
  std::vector<std::string> policy_namespaces() const;
  std::optional<std::string> cache_scope() const { return text(c_->cache_scope); }

  bool can_read() const { return c_->open_source != nullptr; }
  bool can_write() const { return c_->open_destination != nullptr; }
  /// services must outlive what is opened. These and the next two throw OptionError for the value
  /// of an option that cannot be.
  std::unique_ptr<Source> open_source(const Services& services) const;
  std::unique_ptr<Destination> open_destination(const Services& services) const;
  /// A destination that only looks; see sealos_reference.open_preview.
  std::unique_ptr<Destination> open_preview(const Services& services) const;
  std::vector<std::string> list_tags(const Services& services) const;
  /// flags: SEALOS_REMOVE_...
  void remove(const Services& services, std::uint32_t flags) const;

 private:
  template <typename Call>
  void open(const Services& services, const char* function, Call&& call) const;
  static std::optional<std::string> text(const char* c) {
    return c == nullptr ? std::nullopt : std::optional<std::string>(c);
  }
  [[noreturn]] void unsupported(const char* what) const;

  struct Release {
    void operator()(sealos_reference* c) const {
      if (c->release != nullptr) c->release(c);
    }
  };
  std::unique_ptr<sealos_reference, Release> c_;
  std::string transport_, plugin_;
};

}  // namespace sealos
