// The content of one file, from a tar to the disk.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "support/layer_tar/tar_reader.hpp"

namespace sealos::containers_storage {

using layer_tar::TarEntry;
using layer_tar::TarReader;
using layer_tar::TarSplitWriter;

/// Writes the entry's content into a new empty file, leaving holes where it is zero. Returns the
/// CRC-64 of the content. `name` is for messages.
std::uint64_t write_content(TarReader& reader, int file, const std::string& name);

/// The same for a sparse file, whose pieces in the tar go to `split` as they are: the file on the
/// disk does not show where they began and ended.
void write_sparse_content(const TarEntry& entry, TarReader& reader, TarSplitWriter& split,
                          int file);

}  // namespace sealos::containers_storage
