// What tests of the plugin share.
#pragma once

#include <memory>
#include <string>

#include "destination.hpp"
#include "reference.hpp"
#include "source.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/testing/fake_host.hpp"
#include "testing/fake_registry.hpp"

namespace sealos::testing {

inline constexpr const char* kBasic = "dTpw";  // "u:p"

/// A host that allows http, as the test's registry needs, and does not wait long.
struct PlainHost : FakeHost {
  PlainHost() {
    options["tls-verify"] = "false";
    options["retry-delay"] = "1ms";
    options["docker.journal"] = "false";
  }
};

inline std::unique_ptr<docker::Source> source(const FakeHost& host, const std::string& name) {
  return docker::Reference::parse(name)->open_source(host.host());
}

inline std::unique_ptr<docker::Destination> destination(const FakeHost& host,
                                                        const std::string& name) {
  return docker::Reference::parse(name)->open_destination(host.host());
}

inline Blob blob_of(const std::string& bytes) {
  Blob blob;
  blob.digest = digest_of(bytes);
  blob.size = static_cast<std::int64_t>(bytes.size());
  return blob;
}

inline Blob put(docker::Destination& to, const std::string& bytes) {
  const auto stream = memory_stream(bytes);
  return to.put_blob(blob_of(bytes), *stream);
}

inline std::string get(docker::Source& from, const std::string& bytes) {
  const auto stream = from.open_blob(blob_of(bytes), 0, -1);
  return read_stream(*stream, 1 << 30, "blob");
}

inline std::string much(size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& c : bytes) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

inline const Item kImage{"application/vnd.oci.image.manifest.v1+json",
                         R"({"schemaVersion":2,"config":{},"layers":[]})"};

/// The status of the Error that the call throws; Status::ok if it does not throw.
template <typename Call>
Status status_of(Call&& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.status();
  }
  return Status::ok;
}

}  // namespace sealos::testing
