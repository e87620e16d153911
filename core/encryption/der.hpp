// DER, as far as the EnvelopedData of ocicrypt needs it (ITU-T X.690, definite lengths).
#pragma once

#include <string>
#include <string_view>

#include "sealos/sdk/error.hpp"

namespace sealos::encryption {

inline std::string der(unsigned char tag, std::string_view content) {
  std::string text(1, static_cast<char>(tag));
  if (content.size() < 0x80) {
    text += static_cast<char>(content.size());
  } else {
    std::string length;
    for (size_t rest = content.size(); rest > 0; rest >>= 8) {
      length.insert(length.begin(), static_cast<char>(rest & 0xff));
    }
    text += static_cast<char>(0x80 | length.size());
    text += length;
  }
  return text.append(content);
}

/// Walks over the elements of one level.
class DerReader {
 public:
  explicit DerReader(std::string_view bytes) : rest_(bytes) {}

  struct Element {
    unsigned char tag;
    std::string_view content;
    std::string_view whole;  ///< with tag and length
  };

  bool at_end() const { return rest_.empty(); }

  /// Throws SEALOS_INVALID at the end, and for a length that is not definite or beyond the bytes.
  Element next() {
    const std::string_view start = rest_;
    const unsigned char tag = byte();
    if ((tag & 0x1f) == 0x1f) fail();
    size_t length = byte();
    if (length >= 0x80) {
      size_t count = length & 0x7f;
      if (count == 0 || count > 4) fail();
      for (length = 0; count > 0; --count) length = length << 8 | byte();
    }
    if (length > rest_.size()) fail();
    Element element{tag, rest_.substr(0, length), {}};
    rest_.remove_prefix(length);
    element.whole = start.substr(0, start.size() - rest_.size());
    return element;
  }

  Element expect(unsigned char tag) {
    const Element element = next();
    if (element.tag != tag) fail();
    return element;
  }

 private:
  [[noreturn]] static void fail() { throw Error(Status::invalid, "malformed PKCS#7 message"); }
  unsigned char byte() {
    if (rest_.empty()) fail();
    const auto value = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
};

}  // namespace sealos::encryption
