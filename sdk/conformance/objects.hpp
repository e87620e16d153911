// What plugins make, owned and called by the rules.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "call.hpp"
#include "sealos/abi.h"
#include "sealos/ext/referrers.h"
#include "sealos/sdk/stream.hpp"
#include "sealos/sdk/types.hpp"
#include "test_host.hpp"

namespace sealos::conformance {

/// Calls release, once.
struct Release {
  template <typename T>
  void operator()(T* c) const {
    if (c->release != nullptr) contained("release", [&] { c->release(c); });
  }
};
template <typename T>
using Owned = std::unique_ptr<T, Release>;

/// Receives what is emitted; answers with `answer` from the position `stop_at` on.
template <typename T>
struct Emitted {
  std::vector<T> all;
  sealos_status answer = SEALOS_OK;
  size_t stop_at = 0;
  std::thread::id thread = std::this_thread::get_id();
  bool from_other_thread = false, after_stop = false, stopped = false;

  template <typename C>
  static sealos_status receive(void* to, const C* c) {
    auto& self = *static_cast<Emitted*>(to);
    self.from_other_thread |= std::this_thread::get_id() != self.thread;
    self.after_stop |= self.stopped;
    self.all.push_back(sdk::from_c(*c));
    self.stopped = self.answer != SEALOS_OK && self.all.size() > self.stop_at;
    return self.stopped ? self.answer : SEALOS_OK;
  }
  /// Throws Failure where the rules of emitting are broken.
  void check(const char* function) const;
};
using Items = Emitted<Item>;
using Blobs = Emitted<Blob>;

/// Of what open_blob gives.
class OpenStream {
 public:
  explicit OpenStream(sealos_stream* c);
  std::int64_t size() const { return c_->size; }
  int fd() const { return c_->fd; }
  /// The status of a failure, or SEALOS_OK and how many bytes.
  Answer read(void* into, size_t room, size_t& got);
  /// All bytes, by read; throws Failure where one fails.
  std::string read_all(size_t room = 1 << 16, size_t most = size_t{1} << 31);

 private:
  Owned<sealos_stream> c_;
};

class Source {
 public:
  explicit Source(sealos_source* c);
  sealos_source* c() const { return c_.get(); }
  bool parallel() const { return (c_->flags & SEALOS_PARALLEL) != 0; }
  bool has_signatures() const { return c_->read_signatures != nullptr; }
  Answer read_manifest(const std::optional<std::string>& instance, Items& out);
  /// The one manifest; throws Failure.
  Item manifest(const std::optional<std::string>& instance = std::nullopt);
  Answer open_blob(const Blob& blob, std::int64_t offset, std::int64_t length,
                   std::unique_ptr<OpenStream>& out);
  std::unique_ptr<OpenStream> blob(const Blob& blob);
  /// None where the layers are as the manifest says.
  std::vector<Blob> layer_infos(const std::optional<std::string>& instance);
  std::vector<Item> signatures();
  const sealos_source_referrers* referrers() const;

 private:
  Owned<sealos_source> c_;
};

class Destination {
 public:
  explicit Destination(sealos_destination* c);
  sealos_destination* c() const { return c_.get(); }
  bool parallel() const { return (c_->flags & SEALOS_PARALLEL) != 0; }
  bool takes(const std::string& manifest_type) const;
  Answer put_blob(const Blob& blob, Stream& from, Blobs& out);
  Answer try_reuse(const Blob& blob, Blobs& out);
  Answer put_manifest(const std::optional<std::string>& instance, const Item& manifest);
  Answer put_signatures(const std::optional<std::string>& instance, const std::vector<Item>& all);
  Answer commit(const Item& top);
  Answer abort();

 private:
  Owned<sealos_destination> c_;
};

class Reference {
 public:
  explicit Reference(sealos_reference* c);
  const sealos_reference& c() const { return *c_; }
  Answer open_source(const TestHost& host, std::unique_ptr<Source>& out) const;
  Answer open_destination(const TestHost& host, std::unique_ptr<Destination>& out) const;
  Answer open_preview(const TestHost& host, std::unique_ptr<Destination>& out) const;
  Answer list_tags(const TestHost& host, Items& out) const;
  Answer remove(const TestHost& host, std::uint32_t flags) const;

 private:
  Owned<sealos_reference> c_;
};

}  // namespace sealos::conformance
