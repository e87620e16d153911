// A layer extracted into a folder of its own, for tests.
#pragma once

#include <fcntl.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "layer_stager.hpp"
#include "support/base64/base64.hpp"
#include "support/file/file_stream.hpp"
#include "support/layer_tar/tar_split.hpp"
#include "support/testing/temp_folder.hpp"

namespace sealos::containers_storage::testing {

struct Stage {
  sealos::testing::TempFolder folder;
  StagingArea area{folder.fd.get(), "stage", [] { return false; }, [](const std::string&) {}};
  StagedLayer layer;
  std::filesystem::path diff;

  explicit Stage(const std::string& tar, Form form = Form::staged)
      : layer(stage_layer(area, *memory_stream(tar), std::nullopt, form)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder.path / "stage")) {
      if (entry.is_directory()) diff = entry.path() / layer.folder / "diff";
    }
  }
  std::string text(const std::string& name) const {
    std::ifstream file(diff / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// The tar as its tar-split and the files describe it.
  std::string rebuilt() const {
    const std::string path = diff.parent_path() / "tar-split.gz";
    layer_tar::TarSplitReader lines(
        decompress(file_stream(open_at(AT_FDCWD, path, O_RDONLY), path), Compression::gzip), path);
    layer_tar::TarSplitEntry line;
    std::string out;
    names.clear();
    while (lines.next(line)) {
      if (line.is_file) {
        names.push_back(line.name);
        if (line.size > 0)
          out += text(std::filesystem::path(line.name).relative_path().lexically_normal());
      } else {
        append_from_base64(out, line.payload);
      }
    }
    return out;
  }
  mutable std::vector<std::string> names;
};

}  // namespace sealos::containers_storage::testing
