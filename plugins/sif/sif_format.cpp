#include "sif_format.hpp"

#include <fmt/format.h>

#include <cstring>
#include <type_traits>
#include <utility>

#include "sealos/sdk/error.hpp"

namespace sealos::sif {
namespace {

constexpr std::string_view kMagic{"SIF_MAGIC\0", 10};
constexpr std::string_view kVersion{"01\0", 3};
constexpr std::uint32_t kGroup = 0xF0000001;  // the first group; all objects are in it

constexpr std::pair<std::string_view, std::string_view> kArchitectures[] = {
    {"01", "386"},     {"02", "amd64"},   {"03", "arm"},    {"04", "arm64"},  {"05", "ppc64"},
    {"06", "ppc64le"}, {"07", "mips"},    {"08", "mipsle"}, {"09", "mips64"}, {"10", "mips64le"},
    {"11", "s390x"},   {"12", "riscv64"}, {"13", "loong64"}};

template <typename T>
T number_at(std::span<const std::byte> bytes, size_t at) {
  std::make_unsigned_t<T> value = 0;
  for (size_t i = sizeof(T); i-- > 0;) {
    value = static_cast<std::make_unsigned_t<T>>((value << 8) |
                                                 std::to_integer<unsigned>(bytes[at + i]));
  }
  return static_cast<T>(value);
}

std::string_view view_of(std::span<const std::byte> bytes, size_t at, size_t length) {
  return {reinterpret_cast<const char*>(bytes.data()) + at, length};
}

std::string text_at(std::span<const std::byte> bytes, size_t at, size_t length) {
  const std::string_view text = view_of(bytes, at, length);
  return std::string(text.substr(0, text.find('\0')));
}

template <typename T>
void put(std::string& bytes, size_t at, T value) {
  auto rest = static_cast<std::make_unsigned_t<T>>(value);
  for (size_t i = 0; i < sizeof(T); ++i) {
    bytes[at + i] = static_cast<char>(rest & 0xff);
    if constexpr (sizeof(T) > 1) rest >>= 8;
  }
}

void put_text(std::string& bytes, size_t at, std::string_view text, size_t room) {
  if (text.size() > room) {
    throw Error(Status::unsupported,
                fmt::format("a SIF has {} bytes for \"{}\"", room, printable(text)));
  }
  std::memcpy(bytes.data() + at, text.data(), text.size());
}

}  // namespace

Header parse_header(std::span<const std::byte, kHeaderSize> bytes) {
  if (view_of(bytes, 32, kMagic.size()) != kMagic)
    throw Error(Status::invalid, "it is no SIF: it does not have the magic of one");
  if (view_of(bytes, 42, kVersion.size()) != kVersion) {
    throw Error(Status::unsupported, fmt::format("SIF version \"{}\" is not supported",
                                                 printable(text_at(bytes, 42, 3))));
  }
  Header header;
  header.launch = text_at(bytes, 0, 32);
  header.arch = text_at(bytes, 45, 3);
  std::memcpy(header.id.data(), bytes.data() + 48, header.id.size());
  header.created = number_at<std::int64_t>(bytes, 64);
  header.modified = number_at<std::int64_t>(bytes, 72);
  header.slots_free = number_at<std::int64_t>(bytes, 80);
  header.slots = number_at<std::int64_t>(bytes, 88);
  header.table_offset = number_at<std::int64_t>(bytes, 96);
  header.table_size = number_at<std::int64_t>(bytes, 104);
  header.data_offset = number_at<std::int64_t>(bytes, 112);
  header.data_size = number_at<std::int64_t>(bytes, 120);
  return header;
}

std::string header_bytes(const Header& header) {
  std::string bytes(kHeaderSize, '\0');
  put_text(bytes, 0, header.launch, 31);
  put_text(bytes, 32, kMagic, kMagic.size());
  put_text(bytes, 42, kVersion, kVersion.size());
  put_text(bytes, 45, header.arch, 2);
  std::memcpy(bytes.data() + 48, header.id.data(), header.id.size());
  put(bytes, 64, header.created);
  put(bytes, 72, header.modified);
  put(bytes, 80, header.slots_free);
  put(bytes, 88, header.slots);
  put(bytes, 96, header.table_offset);
  put(bytes, 104, header.table_size);
  put(bytes, 112, header.data_offset);
  put(bytes, 120, header.data_size);
  return bytes;
}

std::string uuid_text(std::span<const std::byte, 16> id) {
  std::string text;
  for (size_t i = 0; i < id.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", std::to_integer<unsigned>(id[i]));
  }
  return text;
}

std::optional<Descriptor> parse_descriptor(std::span<const std::byte, kDescriptorSize> bytes) {
  if (bytes[4] == std::byte{0}) return std::nullopt;
  Descriptor out;
  out.type = static_cast<DataType>(number_at<std::int32_t>(bytes, 0));
  out.id = number_at<std::uint32_t>(bytes, 5);
  out.offset = number_at<std::int64_t>(bytes, 17);
  out.size = number_at<std::int64_t>(bytes, 25);
  out.size_with_padding = number_at<std::int64_t>(bytes, 33);
  out.created = number_at<std::int64_t>(bytes, 41);
  out.modified = number_at<std::int64_t>(bytes, 49);
  out.name = text_at(bytes, 73, 128);
  if (out.type == DataType::partition) {
    out.partition = Partition{static_cast<FileSystem>(number_at<std::int32_t>(bytes, 201)),
                              static_cast<PartitionType>(number_at<std::int32_t>(bytes, 205)),
                              text_at(bytes, 209, 3)};
  }
  if (out.type == DataType::oci_blob || out.type == DataType::oci_root_index)
    out.digest = text_at(bytes, 201, 384);
  return out;
}

std::string descriptor_bytes(const Descriptor& descriptor) {
  std::string bytes(kDescriptorSize, '\0');
  put(bytes, 0, static_cast<std::int32_t>(descriptor.type));
  put(bytes, 4, std::uint8_t{1});
  put(bytes, 5, descriptor.id);
  put(bytes, 9, kGroup);
  put(bytes, 17, descriptor.offset);
  put(bytes, 25, descriptor.size);
  put(bytes, 33, descriptor.size_with_padding);
  put(bytes, 41, descriptor.created);
  put(bytes, 49, descriptor.modified);
  put_text(bytes, 73, descriptor.name, 128);
  if (descriptor.partition) {
    put(bytes, 201, static_cast<std::int32_t>(descriptor.partition->file_system));
    put(bytes, 205, static_cast<std::int32_t>(descriptor.partition->type));
    put_text(bytes, 209, descriptor.partition->arch, 2);
  }
  if (!descriptor.digest.empty()) put_text(bytes, 201, descriptor.digest, 384);
  return bytes;
}

std::string_view architecture_of(std::string_view code) {
  for (const auto& [known, name] : kArchitectures) {
    if (known == code) return name;
  }
  return "";
}

std::string_view code_of(std::string_view architecture) {
  for (const auto& [code, name] : kArchitectures) {
    if (name == architecture) return code;
  }
  return "00";
}

}  // namespace sealos::sif
