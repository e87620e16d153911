#include "saved_archive.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "archive_index.hpp"
#include "support/file/file_stream.hpp"
#include "support/tar/tar_writer.hpp"

namespace sealos::docker_daemon {
namespace {

constexpr size_t kBuffer = 256 * 1024;
constexpr size_t kTail = 4096;

/// A daemon that fails while it sends puts what went wrong behind what it has sent, as JSON.
std::optional<std::string> error_at_end(std::string_view tail) {
  const size_t at = tail.rfind("{\"errorDetail\"");
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view text = tail.substr(at);
  while (!text.empty() && text.back() != '}') text.remove_suffix(1);
  try {
    return Json::parse(text).at("errorDetail").text_at("message");
  } catch (const Error&) {
    return std::string(text);
  }
}

}  // namespace

SavedArchive::SavedArchive(Fd file, std::int64_t size, const std::function<void()>& checkpoint)
    : file_(std::move(file)), index_(TarIndex::build(file_.get(), size, checkpoint)) {}

std::shared_ptr<const SavedArchive> SavedArchive::receive(sdk::Host host,
                                                          http::Response& response) {
  const std::string name = "a temporary file in " + host.temp_dir();
  Fd file = nameless_file(host.temp_dir());
  std::vector<std::byte> buffer(kBuffer);
  std::int64_t size = 0;
  std::string tail;
  while (const size_t n = response.read(buffer)) {
    const std::span<const std::byte> bytes(buffer.data(), n);
    write_all(file.get(), bytes, name);
    size += static_cast<std::int64_t>(n);
    const auto last = bytes.last(std::min(n, kTail));
    tail.append(reinterpret_cast<const char*>(last.data()), last.size());
    tail.erase(0, tail.size() - std::min(tail.size(), kTail));
    host.progress("receiving the image from the daemon", size, -1);
  }
  if (const auto error = error_at_end(tail)) {
    throw Error(Status::unavailable,
                "docker-daemon: the daemon failed to save the image: " + printable(*error));
  }
  try {
    return std::make_shared<const SavedArchive>(std::move(file), size,
                                                [&] { host.throw_if_cancelled(); });
  } catch (Error& e) {
    throw e.add_context("docker-daemon: the archive that the daemon sent");
  }
}

std::optional<std::string> SavedArchive::text(const std::string& name, size_t most) const {
  const TarMember* member = index_.find(name);
  if (member == nullptr) return std::nullopt;
  return read_stream(*open(*member), most, name);
}

std::unique_ptr<Stream> SavedArchive::open(const TarMember& member, std::int64_t offset,
                                           std::int64_t length) const {
  if (offset < 0 || offset > member.size || (length >= 0 && length > member.size - offset)) {
    throw Error(Status::invalid, fmt::format("{} has {} bytes, fewer than were asked for",
                                             printable(member.name), member.size));
  }
  // Opened again, so that it has a position of its own.
  Fd again = open_at(AT_FDCWD, fmt::format("/proc/self/fd/{}", file_.get()), O_RDONLY);
  return file_stream(std::move(again), printable(member.name), member.offset + offset,
                     length < 0 ? member.size - offset : length);
}

std::unique_ptr<Stream> SavedArchive::open(const Digest& digest, std::int64_t size,
                                           std::int64_t offset, std::int64_t length) const {
  const TarMember* member = index_.find(blob_path(digest));
  if (member == nullptr) {
    throw Error(Status::not_found, fmt::format("the daemon has sent no blob {}", digest.brief()));
  }
  oci_layout::check_blob_size(digest, member->size, size);
  return open(*member, offset, length);
}

}  // namespace sealos::docker_daemon
