// The header and the descriptors of a SIF, as bytes and as values. No I/O.
// Format: github.com/sylabs/sif, version 01; all integers are little-endian, structures are packed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sealos::sif {

inline constexpr std::int64_t kHeaderSize = 128;
inline constexpr std::int64_t kDescriptorSize = 585;
/// Where everybody puts the table of descriptors, and how many slots it has at least.
inline constexpr std::int64_t kTableOffset = 4096;
inline constexpr std::int64_t kUsualSlots = 48;
/// More descriptors than this are not read.
inline constexpr std::int64_t kMostSlots = 65536;
/// What partitions are aligned to, and padded to: the kernel refuses a squashfs that is not.
inline constexpr std::int64_t kAlignment = 4096;
/// The zero time of Go, which OCI-SIFs have.
inline constexpr std::int64_t kNoTime = -62135596800;
inline constexpr std::string_view kLaunchLine = "#!/usr/bin/env run-singularity\n";

struct Header {
  std::string launch;       ///< at most 31 bytes
  std::string arch = "00";  ///< two digits
  std::array<std::byte, 16> id{};
  std::int64_t created = kNoTime, modified = kNoTime;
  std::int64_t slots_free = 0, slots = 0, table_offset = 0, table_size = 0;
  std::int64_t data_offset = 0, data_size = 0;
};

/// Throws SEALOS_INVALID for what is no SIF, SEALOS_UNSUPPORTED for a version that is unknown.
Header parse_header(std::span<const std::byte, kHeaderSize> bytes);
std::string header_bytes(const Header& header);
/// "01234567-89ab-...", of 16 bytes.
std::string uuid_text(std::span<const std::byte, 16> id);

enum class DataType : std::int32_t {
  definition = 0x4001,
  environment = 0x4002,
  labels = 0x4003,
  partition = 0x4004,
  signature = 0x4005,
  json = 0x4006,
  generic = 0x4007,
  cryptographic_message = 0x4008,
  sbom = 0x4009,
  oci_root_index = 0x400A,
  oci_blob = 0x400B
};

enum class FileSystem : std::int32_t {
  squashfs = 1,
  ext3 = 2,
  archive = 3,
  raw = 4,
  encrypted_squashfs = 5,
  gocryptfs = 6
};

enum class PartitionType : std::int32_t { system = 1, primary_system = 2, data = 3, overlay = 4 };

struct Partition {
  FileSystem file_system = FileSystem::squashfs;
  PartitionType type = PartitionType::primary_system;
  std::string arch = "00";
};

struct Descriptor {
  DataType type{};
  std::uint32_t id = 0;  ///< from 1
  std::int64_t offset = 0, size = 0, size_with_padding = 0;
  std::int64_t created = kNoTime, modified = kNoTime;
  std::string name;
  std::optional<Partition> partition;  ///< of a partition
  std::string digest;                  ///< of an OCI root index or blob, as text
};

/// nullopt: the slot is free.
std::optional<Descriptor> parse_descriptor(std::span<const std::byte, kDescriptorSize> bytes);
std::string descriptor_bytes(const Descriptor& descriptor);

/// "amd64" for "02"; "" where it is unknown.
std::string_view architecture_of(std::string_view code);
/// "02" for "amd64"; "00" where SIF has no code for it.
std::string_view code_of(std::string_view architecture);

}  // namespace sealos::sif
