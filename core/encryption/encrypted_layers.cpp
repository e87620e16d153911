#include "core/encryption/encrypted_layers.hpp"

#include <fmt/format.h>

#include <charconv>

#include "sealos/sdk/error.hpp"

namespace sealos::encryption {
namespace {

/// A number at the start of `rest`, which it is taken from.
bool take_number(std::string_view& rest, std::int64_t& number) {
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc()) return false;
  rest.remove_prefix(static_cast<size_t>(end - rest.data()));
  return true;
}

}  // namespace

EncryptedLayers::Range EncryptedLayers::parse_range(const std::string& item,
                                                    const std::string& text) {
  Range range{0, 0, item};
  std::string_view left = item;
  bool good = take_number(left, range.first);
  range.last = range.first;
  if (good && left.starts_with('-')) {
    left.remove_prefix(1);
    good = take_number(left, range.last);
  }
  if (good && left.empty()) return range;
  throw Error(Status::invalid,
              fmt::format("\"{}\" chooses no layers; write numbers such as 0 or -1 (the last), "
                          "ranges such as 1-3, and commas between them",
                          printable(text)));
}

EncryptedLayers EncryptedLayers::parse(const std::vector<std::string>& texts) {
  EncryptedLayers choice;
  for (const std::string& text : texts) {
    size_t start = 0;
    while (start != std::string::npos) {
      const size_t comma = text.find(',', start);
      const std::string item = text.substr(start, comma - start);
      choice.ranges_.push_back(parse_range(item, text));
      start = comma == std::string::npos ? comma : comma + 1;
    }
  }
  return choice;
}

std::vector<bool> EncryptedLayers::among(size_t layers) const {
  const auto count = static_cast<std::int64_t>(layers);
  std::vector<bool> chosen(layers, all());
  for (const Range& range : ranges_) {
    const std::int64_t first = range.first < 0 ? range.first + count : range.first;
    const std::int64_t last = range.last < 0 ? range.last + count : range.last;
    if (first < 0 || last >= count || first > last) {
      throw Error(Status::invalid, fmt::format("layer {} cannot be encrypted: the image has the "
                                               "layers 0 to {}",
                                               range.text, count - 1));
    }
    for (std::int64_t i = first; i <= last; ++i) chosen[static_cast<size_t>(i)] = true;
  }
  return chosen;
}

}  // namespace sealos::encryption
