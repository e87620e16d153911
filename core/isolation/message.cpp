#include "core/isolation/message.hpp"

#include <strings.h>

#include <cstdlib>
#include <cstring>
#include <limits>

namespace sealos::isolation {
namespace {

/// In place of a size: there is no text.
constexpr std::uint64_t kNull = std::numeric_limits<std::uint64_t>::max();

}  // namespace

void Writer::add(const void* data, std::size_t size) {
  const auto* from = static_cast<const char*>(data);
  content_.insert(content_.end(), from, from + size);
}

Writer& Writer::number(std::uint64_t value) {
  add(&value, sizeof(value));
  return *this;
}

Writer& Writer::text(const char* value) {
  if (value == nullptr) return number(kNull);
  return bytes(value, std::strlen(value) + 1);
}

Writer& Writer::bytes(const void* data, std::size_t size) {
  number(std::uint64_t{size});
  if (size > 0) add(data, size);
  return *this;
}

Writer& Writer::texts(const char* const* values) {
  if (values == nullptr) return number(kNull);
  std::uint64_t count = 0;
  while (values[count] != nullptr) ++count;
  number(count);
  for (std::uint64_t i = 0; i < count; ++i) text(values[i]);
  return *this;
}

Writer& Writer::item(const sealos_item& value) {
  return text(value.label).bytes(value.data, value.size);
}

Writer& Writer::blob(const sealos_blob& value) {
  number(value.flags).text(value.digest).number(value.size).text(value.media_type);
  text(value.compression).texts(value.urls).texts(value.annotations).text(value.location);
  return number(value.layer_index);
}

Writer& Writer::status(std::int64_t status, const sealos_error& error) {
  number(status);
  if (status == SEALOS_OK) return *this;
  return number(error.flags).number(error.retry_after_ms).text(error.message);
}

Writer& Writer::append(const Writer& other) {
  if (!other.content_.empty()) add(other.content_.data(), other.content_.size());
  return *this;
}

void Writer::wipe() {
  ::explicit_bzero(content_.data(), content_.size());
  content_.clear();
}

void ReadStatus::fill(sealos_error* error) const {
  if (error == nullptr || status == SEALOS_OK) return;
  error->flags = flags;
  error->retry_after_ms = retry_after_ms;
  if (message == nullptr || (error->message = ::strdup(message)) == nullptr) return;
  error->release = [](sealos_error* self) {
    std::free(const_cast<char*>(self->message));
    self->message = nullptr;
    self->release = nullptr;
  };
}

std::span<const char> Reader::take(std::uint64_t size) {
  if (size > rest_.size()) throw BadMessage("a message ends too early");
  const auto taken = rest_.first(static_cast<std::size_t>(size));
  rest_ = rest_.subspan(taken.size());
  return taken;
}

std::uint64_t Reader::number() {
  std::uint64_t value = 0;
  std::memcpy(&value, take(sizeof(value)).data(), sizeof(value));
  return value;
}

const char* Reader::text() {
  const std::uint64_t size = number();
  if (size == kNull) return nullptr;
  const auto found = take(size);
  if (found.empty() || found.back() != 0) throw BadMessage("a text does not end");
  return found.data();
}

const char* Reader::needed_text() {
  const char* found = text();
  if (found == nullptr) throw BadMessage("a text is missing");
  return found;
}

std::span<const char> Reader::bytes() { return take(number()); }

std::vector<const char*> Reader::texts() {
  const std::uint64_t count = number();
  if (count == kNull) return {};
  // Each has a size at least, so no false count takes much memory.
  if (count > rest_.size() / sizeof(std::uint64_t)) throw BadMessage("a list ends too early");
  std::vector<const char*> found;
  for (std::uint64_t i = 0; i < count; ++i) found.push_back(needed_text());
  found.push_back(nullptr);
  return found;
}

sealos_item Reader::item() {
  const char* label = text();
  const auto data = bytes();
  return {label, data.data(), data.size()};
}

ReadBlob Reader::blob() {
  ReadBlob blob;
  blob.c.struct_size = sizeof(blob.c);
  blob.c.flags = static_cast<std::uint32_t>(number());
  blob.c.digest = text();
  blob.c.size = signed_number();
  blob.c.media_type = text();
  blob.c.compression = text();
  blob.urls = texts();
  blob.annotations = texts();
  blob.c.urls = c_list(blob.urls);
  blob.c.annotations = c_list(blob.annotations);
  blob.c.location = text();
  blob.c.layer_index = signed_number();
  return blob;
}

ReadStatus Reader::status() {
  ReadStatus found;
  found.status = signed_number();
  if (found.status == SEALOS_OK) return found;
  found.flags = static_cast<std::uint32_t>(number());
  found.retry_after_ms = signed_number();
  found.message = text();
  return found;
}

void Reader::end() const {
  if (!rest_.empty()) throw BadMessage("a message is too long");
}

}  // namespace sealos::isolation
