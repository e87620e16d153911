// --encrypt-layer: which layers of an image are encrypted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sealos::encryption {

/// "0", "-1" (the last), "2-4", "-3--1", several with commas between them.
class EncryptedLayers {
 public:
  /// Throws SEALOS_INVALID.
  static EncryptedLayers parse(const std::vector<std::string>& texts);

  /// One answer for each of an image's layers; nothing chosen is all of them. Throws SEALOS_INVALID
  /// where a number is beyond the layers.
  std::vector<bool> among(size_t layers) const;
  bool all() const { return ranges_.empty(); }

 private:
  struct Range {
    std::int64_t first, last;
    std::string text;
  };
  static Range parse_range(const std::string& item, const std::string& text);
  std::vector<Range> ranges_;
};

}  // namespace sealos::encryption
