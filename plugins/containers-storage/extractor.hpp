// Lays the entries of a layer's tar down in a folder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "confined_folder.hpp"
#include "metadata.hpp"
#include "sealos/sdk/stream.hpp"
#include "seen_names.hpp"
#include "support/layer_tar/tar_entry.hpp"
#include "support/layer_tar/tar_reader.hpp"

namespace sealos::containers_storage {

using layer_tar::TarEntry;
using layer_tar::TarReader;
using layer_tar::TarSplitWriter;

/// What became of a tar.
struct Extracted {
  std::vector<std::string> implied_folders;  ///< made because something below them was named
  std::optional<TarEntry> root;              ///< the entry of the layer's root itself
  std::set<std::uint32_t> uids, gids;
  /// By hash_of_name, names that came again with content, and what they had before: files named by
  /// these numbers in the aside folder.
  std::unordered_map<std::uint64_t, std::vector<std::uint64_t>> replaced;
  std::int64_t size = 0;
  std::optional<Digest> digest;
};

/// Extracts one tar into one empty folder. Whatever the tar says, nothing outside of that folder is
/// touched. Not for concurrent use; memory is bounded by three bytes an entry, and entries by
/// kMostEntries.
class Extractor {
 public:
  static constexpr size_t kMostEntries = size_t{16} << 20;

  /// Borrows root, aside (where content that is replaced goes) and notes, an empty file for times.
  Extractor(int root, int aside, int notes, Form form);

  /// Throws what tar throws, SEALOS_CORRUPT for tars that cannot be, SEALOS_UNSUPPORTED beyond a
  /// limit, SEALOS_IO.
  Extracted run(Stream& tar, TarSplitWriter& split);

 private:
  void count(const TarEntry& entry, const std::string& name);
  void extract(const TarEntry& entry, TarReader& reader, TarSplitWriter& split);
  bool take_whiteout(const TarEntry& entry, int folder, const std::string& name);
  void put_whiteout(const TarEntry& entry, int folder, const std::string& name);
  void place(const TarEntry& entry, int folder, const std::string& name, TarReader& reader,
             TarSplitWriter& split);
  void put_file(const TarEntry& entry, int folder, const std::string& name, TarReader& reader,
                TarSplitWriter& split);
  void put_folder(const TarEntry& entry, int folder, const std::string& name);
  void put_link(const TarEntry& entry, int folder, const std::string& name);
  bool create(const TarEntry& entry, int folder, const std::string& name);
  /// Clears the way; true if it was a whiteout that did.
  bool remove_former(int folder, const std::string& name);
  void note_times(const TarEntry& entry, const std::string& path);
  void set_folder_times();

  int aside_, notes_;
  Form form_;
  ConfinedFolder inside_;
  SeenNames seen_;
  Extracted out_;
  std::uint64_t hash_ = 0;  // of the entry's clean name
  bool named_before_ = false;
  size_t entries_ = 0, named_again_ = 0;
  std::uint64_t aside_count_ = 0;
  std::string noted_;
};

}  // namespace sealos::containers_storage
