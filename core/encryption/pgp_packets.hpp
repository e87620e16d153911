// The packets of an OpenPGP message that name its recipients (RFC 4880, 4.2 and 5.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sealos::encryption {

/// The key that each recipient's packet is for, as 16 hexadecimal digits; zeros: it does not say.
/// Throws SEALOS_INVALID for what is no binary message.
std::vector<std::string> pgp_recipients(std::string_view message);
/// The message without the packet of that recipient, counted from 0.
std::string pgp_without(std::string_view message, size_t which);

}  // namespace sealos::encryption
