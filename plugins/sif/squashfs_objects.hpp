// Objects of libsquashfs under the rules of C++.
#pragma once

#include <sqfs/compressor.h>
#include <sqfs/error.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/predef.h>
#include <sqfs/super.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sealos/sdk/error.hpp"

namespace sealos::sif {

template <typename T>
struct SqfsDestroy {
  void operator()(T* object) const { ::sqfs_destroy(object); }
};
/// An object of libsquashfs.
template <typename T>
using SqfsObject = std::unique_ptr<T, SqfsDestroy<T>>;

template <typename T>
struct SqfsFree {
  void operator()(T* memory) const { ::sqfs_free(memory); }
};
/// Plain memory that libsquashfs allocated.
template <typename T>
using SqfsMemory = std::unique_ptr<T, SqfsFree<T>>;
using SqfsInode = SqfsMemory<sqfs_inode_generic_t>;

/// The index of attributes in an inode that has none.
inline constexpr std::uint32_t kNoXattr = 0xFFFFFFFF;

/// Part of a file as libsquashfs reads and writes it; it can reach nothing else of that file.
/// Borrows the descriptor.
class RegionFile {
 public:
  static constexpr std::int64_t kUnlimited = -1;

  /// length: what there is to read; kUnlimited: it is written, and grows.
  RegionFile(int file, std::int64_t offset, std::int64_t length);
  RegionFile(const RegionFile&) = delete;
  RegionFile& operator=(const RegionFile&) = delete;

  sqfs_file_t* c() { return &c_.base; }
  /// Bytes to read, or the end of what was written.
  std::int64_t size() const { return size_; }

  /// Throws what an error number of libsquashfs stands for: what reading or writing ran into, if
  /// it did. Numbers that are not negative are fine.
  void check(int result, std::string_view doing);

 private:
  struct C {
    sqfs_file_t base{};
    RegionFile* self = nullptr;
  };
  static RegionFile& of(const sqfs_file_t* file) { return *reinterpret_cast<const C*>(file)->self; }
  int read(std::uint64_t at, void* into, size_t size);
  int write(std::uint64_t at, const void* from, size_t size);
  int resize(std::uint64_t size);
  int fail(Error error);

  C c_;
  int file_;
  std::int64_t offset_, size_;
  bool writable_;
  std::optional<Error> failure_;  // of reading or writing, which the library knows as a number
};

/// Throws SEALOS_INTERNAL where the library could make no object.
template <typename T>
SqfsObject<T> made(T* object) {
  if (object == nullptr) throw Error(Status::internal, "squashfs: out of memory");
  return SqfsObject<T>(object);
}

/// "gzip"; "number 9" for what is not known.
std::string compressor_name(std::uint16_t id);

}  // namespace sealos::sif
