// A squashfs as the tar of a layer.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sealos/sdk/stream.hpp"
#include "squashfs_reader.hpp"
#include "support/tar/tar_header.hpp"

namespace sealos::sif {

/// What is put behind the files of the squashfs.
struct AddedFile {
  TarFields fields;
  std::string content;
};

struct SquashfsTarOptions {
  std::vector<AddedFile> added;
  /// The squashfs is a layer over others: what OverlayFS marks (devices 0:0,
  /// trusted.overlay.opaque) becomes what a tar has for it.
  bool overlay = false;
  std::function<void(const std::string&)> warn = [](const std::string&) {};
};

/// The same squashfs gives the same bytes. Sockets, which a tar cannot hold, and files that would
/// be taken for whiteouts are left out, with a warning.
class SquashfsTar final : public Stream {
 public:
  SquashfsTar(std::unique_ptr<SquashfsReader> reader, SquashfsTarOptions options);
  size_t read(std::span<std::byte> into) override;

 private:
  struct Known {
    std::string path;
    int type;
  };

  bool start_next();
  void start(const SquashfsEntry& entry);
  void start_added(const AddedFile& file);
  bool is_left_out(const SquashfsEntry& entry) const;
  TarFields fields_of(const SquashfsEntry& entry);
  void add_whiteouts(const SquashfsEntry& entry, TarFields& fields);
  size_t read_content(std::span<std::byte> into);

  std::unique_ptr<SquashfsReader> reader_;
  SquashfsTarOptions options_;
  std::map<std::uint32_t, Known> linked_;  // files with several names, by their numbers
  SquashfsEntry entry_;
  std::string pending_;  // headers and padding, from at_ on
  size_t at_ = 0;
  std::uint64_t content_at_ = 0, content_size_ = 0;
  size_t added_ = 0;
  bool ended_ = false;
};

}  // namespace sealos::sif
