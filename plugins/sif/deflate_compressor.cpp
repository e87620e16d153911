#include "deflate_compressor.hpp"

#include <libdeflate.h>

#include <new>

namespace sealos::sif {
namespace {

/// libsquashfs knows the first member only. Each of its threads uses a copy.
struct DeflateCompressor {
  sqfs_compressor_t base{};
  libdeflate_compressor* deflate = nullptr;
  int level = 0;
  std::uint32_t block_size = 0;
};

const DeflateCompressor& of(const void* object) {
  return *static_cast<const DeflateCompressor*>(object);
}

void get_configuration(const sqfs_compressor_t* self, sqfs_compressor_config_t* config) {
  *config = {};
  config->id = SQFS_COMP_GZIP;
  config->block_size = of(self).block_size;
  config->level = static_cast<sqfs_u32>(of(self).level);
  config->opt.gzip.window_size = SQFS_GZIP_DEFAULT_WINDOW;
}

/// Readers need no options: the window is the usual one, and the level does not matter to them.
int write_options(sqfs_compressor_t*, sqfs_file_t*) { return 0; }
int read_options(sqfs_compressor_t*, sqfs_file_t*) { return SQFS_ERROR_UNSUPPORTED; }

sqfs_s32 compress_block(sqfs_compressor_t* self, const sqfs_u8* in, sqfs_u32 size, sqfs_u8* out,
                        sqfs_u32 room) {
  const size_t n = ::libdeflate_zlib_compress(of(self).deflate, in, size, out, room);
  return n < size ? static_cast<sqfs_s32>(n) : 0;  // 0: it does not become smaller
}

void destroy(sqfs_object_t* object) {
  auto* self = reinterpret_cast<DeflateCompressor*>(object);
  ::libdeflate_free_compressor(self->deflate);
  delete self;
}

sqfs_object_t* copy(const sqfs_object_t* object);

DeflateCompressor* make(int level, std::uint32_t block_size) {
  libdeflate_compressor* deflate = ::libdeflate_alloc_compressor(level);
  auto* made = deflate == nullptr ? nullptr : new (std::nothrow) DeflateCompressor;
  if (made == nullptr) {
    ::libdeflate_free_compressor(deflate);
    return nullptr;
  }
  made->base.base.destroy = destroy;
  made->base.base.copy = copy;
  made->base.get_configuration = get_configuration;
  made->base.write_options = write_options;
  made->base.read_options = read_options;
  made->base.do_block = compress_block;
  made->deflate = deflate;
  made->level = level;
  made->block_size = block_size;
  return made;
}

sqfs_object_t* copy(const sqfs_object_t* object) {
  DeflateCompressor* made = make(of(object).level, of(object).block_size);
  return made == nullptr ? nullptr : &made->base.base;
}

}  // namespace

SqfsObject<sqfs_compressor_t> deflate_compressor(int level, std::uint32_t block_size) {
  DeflateCompressor* compressor = make(level, block_size);
  return made(compressor == nullptr ? nullptr : &compressor->base);
}

}  // namespace sealos::sif
