// One open upload at a registry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "problem.hpp"
#include "registry.hpp"

namespace sealos::docker {

/// Every answer names the address for the next request. Not for concurrent use.
class Session {
 public:
  /// doing: for messages.
  Session(Registry& registry, std::string doing) : registry_(registry), doing_(std::move(doing)) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  bool is_open() const { return open_; }
  const http::Url& address() const { return address_; }
  /// What the registry said about parts: OCI-Chunk-Min-Length; 0: nothing.
  std::int64_t least_chunk() const { return least_chunk_; }

  void start();
  /// Takes over an upload that an answer opened, or that was open before.
  void take_over(const http::Response& response);
  void take_over(const http::Url& address);
  /// How many bytes the registry has; nullopt: it knows nothing of the upload any more, or does not
  /// say it clearly.
  std::optional<std::int64_t> status();

  /// What the body of a PATCH or PUT is.
  struct Body {
    Stream* stream = nullptr;
    std::int64_t size = -1;
    bool ends = true;
    std::int64_t offset = -1;  ///< not -1: sent as a Content-Range
  };
  /// The answer, whatever its status; the new address is taken over.
  http::Response patch(const Body& body);
  /// Completes the upload; with a body, that is all of it. The answer, whatever its status.
  http::Response put(const Digest& digest, const Body& body);
  http::Response put(const Digest& digest);
  /// Best effort: registries forget old uploads by themselves.
  void cancel() noexcept;
  /// The registry has closed it.
  void closed() { open_ = false; }

 private:
  Ask ask(const char* method) const;
  static void add_body(Ask& ask, const Body& body);

  Registry& registry_;
  const std::string doing_;
  http::Url address_;
  std::int64_t least_chunk_ = 0;
  bool open_ = false;
};

}  // namespace sealos::docker
