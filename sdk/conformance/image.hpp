// Images made up for the cases, and images read back.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "context.hpp"
#include "objects.hpp"
#include "sealos/sdk/stream.hpp"

namespace sealos::conformance {

extern const char* const kOciManifest;
extern const char* const kOciIndex;

/// What a stream may do wrong, or on the way.
struct Trouble {
  std::int64_t fail_at = -1;  ///< after how many bytes; the size: instead of the end. -1: never
  Status status = Status::unavailable;
  std::function<void(std::int64_t)> on_bytes;  ///< called with how many have been given
};

/// Bytes in memory, or as many made-up ones as wanted; once through a file, if asked for.
std::unique_ptr<Stream> stream_of(const std::string& bytes, Trouble trouble = {});
std::unique_ptr<Stream> endless_stream(std::int64_t size, Trouble trouble = {});
std::unique_ptr<Stream> file_stream_of(const std::filesystem::path& file, const std::string& bytes,
                                       bool good = true);

struct SampleBlob {
  Blob blob;
  std::string bytes;
};

/// One image of tar layers without compression, each with one file; the same for the same seed.
struct Sample {
  std::vector<SampleBlob> layers;
  SampleBlob config;
  Item manifest;  ///< of the first type that the destination takes, OCI or Docker schema 2
  std::string digest() const;
  Blob descriptor() const;
};

std::string tar_of(const std::string& name, const std::string& content);
/// Bytes that do not compress, the same for the same seed.
std::string noise(std::uint64_t seed, size_t size);
/// A blob as the engine announces a layer or config.
SampleBlob layer_of(const std::string& tar, std::int64_t index);
Sample make_sample(const Destination& to, std::uint64_t seed, size_t layers = 2,
                   size_t layer_size = 3000);

/// Throws Failure unless what was emitted is the blob. Returns it.
Blob put(Destination& to, const SampleBlob& blob);
void put_blobs(Destination& to, const Sample& sample);
/// All of it, with commit.
void write(Destination& to, const Sample& sample);

/// An image as a source has it: all that it names was read and has the digest that it should.
struct ReadBack {
  Item manifest;
  std::map<std::string, std::string> blobs;  ///< bytes by digest
};
ReadBack read_image(Source& from, const std::optional<std::string>& instance = std::nullopt);
/// Throws Failure unless what was read is this image, or, where the transport keeps images in a
/// form of its own, some image. Says in a warning that it is not the same.
void require_same(const ReadBack& read, const Sample& sample);
/// Whether it is, byte for byte.
bool is_same(const ReadBack& read, const Sample& sample);

}  // namespace sealos::conformance
