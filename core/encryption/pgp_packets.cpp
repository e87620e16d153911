#include "core/encryption/pgp_packets.hpp"

#include <fmt/format.h>

#include "sealos/sdk/error.hpp"

namespace sealos::encryption {
namespace {

constexpr unsigned kSessionKeyTag = 1;

[[noreturn]] void malformed_pgp() { throw Error(Status::invalid, "malformed OpenPGP message"); }

struct Packet {
  unsigned tag = 0;
  std::string_view whole, body;
};

class PacketReader {
 public:
  explicit PacketReader(std::string_view bytes) : rest_(bytes) {}
  bool at_end() const { return rest_.empty(); }

  /// The packet ahead. The body of a data packet may be in pieces of unknown length: then it is all
  /// that is left.
  Packet next() {
    const std::string_view start = rest_;
    const unsigned head = byte();
    if ((head & 0x80) == 0) malformed_pgp();
    Packet packet;
    packet.tag = (head & 0x40) != 0 ? head & 0x3f : head >> 2 & 15;
    size_t length = (head & 0x40) != 0 ? new_length() : old_length(head & 3);
    if (packet.tag != kSessionKeyTag && length > rest_.size()) length = rest_.size();
    if (length > rest_.size()) malformed_pgp();
    packet.body = rest_.substr(0, length);
    rest_.remove_prefix(length);
    packet.whole = start.substr(0, start.size() - rest_.size());
    return packet;
  }

 private:
  static constexpr size_t kUnknown = static_cast<size_t>(-1);

  unsigned byte() {
    if (rest_.empty()) malformed_pgp();
    const auto value = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  size_t number(unsigned bytes) {
    size_t value = 0;
    for (; bytes > 0; --bytes) value = value << 8 | byte();
    return value;
  }
  size_t old_length(unsigned kind) { return kind == 3 ? kUnknown : number(1U << kind); }
  size_t new_length() {
    const unsigned first = byte();
    if (first < 192) return first;
    if (first < 224) return ((first - 192) << 8) + byte() + 192;
    return first == 255 ? number(4) : kUnknown;
  }

  std::string_view rest_;
};

/// Calls body with each recipient's packet; returns the rest of the message, which follows them.
template <typename Body>
std::string_view each_recipient(std::string_view message, Body&& body) {
  PacketReader packets(message);
  size_t used = 0;
  while (!packets.at_end()) {
    const Packet packet = packets.next();
    if (packet.tag != kSessionKeyTag) break;
    body(packet);
    used += packet.whole.size();
  }
  if (used == 0) malformed_pgp();
  return message.substr(used);
}

}  // namespace

std::vector<std::string> pgp_recipients(std::string_view message) {
  std::vector<std::string> keys;
  each_recipient(message, [&](const Packet& packet) {
    if (packet.body.size() < 9 || packet.body[0] != 3) malformed_pgp();
    std::string key;
    for (const char c : packet.body.substr(1, 8))
      key += fmt::format("{:02X}", static_cast<unsigned char>(c));
    keys.push_back(std::move(key));
  });
  return keys;
}

std::string pgp_without(std::string_view message, size_t which) {
  std::string out;
  size_t at = 0;
  const std::string_view rest = each_recipient(message, [&](const Packet& packet) {
    if (at++ != which) out += packet.whole;
  });
  return out.append(rest);
}

}  // namespace sealos::encryption
