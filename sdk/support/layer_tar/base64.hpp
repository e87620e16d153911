// Standard base64 with padding, fast enough for the tar-split of large layers.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sealos::layer_tar {

std::string base64_encode(std::span<const std::byte> bytes);
void append_base64(std::string& to, std::span<const std::byte> bytes);

/// Appends what the text stands for. False, with `to` in an unspecified state, for text that is not
/// padded base64.
bool append_from_base64(std::string& to, std::string_view text);

}  // namespace sealos::layer_tar
