// What the engine and the process of an isolated plugin say to each other: the contents of one
// message. Both are on one machine and of one build, so numbers are written as they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "sealos/abi.h"

namespace sealos::isolation {

/// A message that is not what it should be; the other side is broken, and believed no more.
class BadMessage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The most bytes of one message: more than any manifest, tag or message may have.
inline constexpr std::size_t kMostMessage = 64 << 20;

/// Puts contents together.
class Writer {
 public:
  Writer& number(std::uint64_t value);
  Writer& number(std::int64_t value) { return number(static_cast<std::uint64_t>(value)); }
  Writer& number(std::int32_t value) { return number(static_cast<std::int64_t>(value)); }
  Writer& number(std::uint32_t value) { return number(static_cast<std::uint64_t>(value)); }
  /// NULL stays NULL.
  Writer& text(const char* value);
  Writer& bytes(const void* data, std::size_t size);
  /// A list that ends with NULL, or NULL.
  Writer& texts(const char* const* values);
  Writer& item(const sealos_item& value);
  Writer& blob(const sealos_blob& value);
  /// A status and, unless it is SEALOS_OK, what came with it.
  Writer& status(std::int64_t status, const sealos_error& error);

  /// What another one has put together.
  Writer& append(const Writer& other);

  const std::vector<char>& content() const { return content_; }
  /// For contents that were secret.
  void wipe();

 private:
  void add(const void* data, std::size_t size);

  std::vector<char> content_;
};

/// A blob as it was read; what it points to is in the message.
struct ReadBlob {
  sealos_blob c{};
  std::vector<const char*> urls, annotations;
};

/// A status as it was read, with the error's members.
struct ReadStatus {
  std::int64_t status = SEALOS_OK;
  std::uint32_t flags = 0;
  std::int64_t retry_after_ms = 0;
  const char* message = nullptr;

  /// Fills an error, if there is one, with a copy.
  void fill(sealos_error* error) const;
};

/// Takes contents apart, in the order in which they were written. Everything throws BadMessage
/// where there is something else. Texts and bytes stay in the message.
class Reader {
 public:
  explicit Reader(std::span<const char> content) : rest_(content) {}

  std::uint64_t number();
  std::int64_t signed_number() { return static_cast<std::int64_t>(number()); }
  /// NULL, or a text that ends with a NUL.
  const char* text();
  /// A text that may not be NULL.
  const char* needed_text();
  std::span<const char> bytes();
  /// Each text and then NULL; nothing at all where NULL was written.
  std::vector<const char*> texts();
  sealos_item item();
  ReadBlob blob();
  ReadStatus status();
  /// Throws unless everything was read.
  void end() const;

 private:
  std::span<const char> take(std::uint64_t size);

  std::span<const char> rest_;
};

/// The list as C sees it.
inline const char* const* c_list(const std::vector<const char*>& texts) {
  return texts.empty() ? nullptr : texts.data();
}

}  // namespace sealos::isolation
