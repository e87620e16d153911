// A SIF that Apptainer and SingularityCE run: one squashfs of all layers together.
#pragma once

#include <ctime>
#include <map>
#include <mutex>

#include "destination.hpp"
#include "image_tree.hpp"
#include "layer_entries.hpp"
#include "runtime_files.hpp"
#include "sif_output.hpp"
#include "squashfs_writer.hpp"
#include "support/file/file.hpp"
#include "support/json/json.hpp"

namespace sealos::sif {

/// Layers stay as they come until the manifest says their order: where the source has them in
/// files, in these, else in files without a name in the folder for temporary files. Of their
/// headers it is known then which files win, and the contents of these alone are read again and
/// written. put_blob is safe for concurrent use.
class NativeForm final : public Form {
 public:
  NativeForm(const sdk::Host& host, const std::string& path, sdk::Intent intent);

  std::uint32_t flags() const override {
    return keep_layers_ ? SEALOS_PARALLEL : SEALOS_PARALLEL | SEALOS_UNPACKS;
  }
  std::vector<std::string> manifest_types() const override;
  Blob put_blob(const Blob& blob, Stream& from) override;
  void put_manifest(const std::optional<Digest>& instance, const Item& manifest) override;
  void commit() override;

 private:
  struct Layer {
    Fd file;
    std::int64_t offset = 0, size = 0;
    /// Of a file of the source: when it was changed. A layer is verified once, and read again.
    std::optional<timespec> changed;
    std::vector<LayerEntry> entries;
    unsigned uses = 0;  ///< how often the manifest has it, and it is still to be applied
  };

  Blob put_config(const Blob& blob, Stream& from);
  void read_manifest();
  bool take_file(Layer& layer, Stream& from) const;
  Layer& layer_of(const Digest& digest);
  std::unique_ptr<Stream> open(const Layer& layer) const;
  void build_tree(ImageTree& tree);
  void write_objects(SifOutput& output, const RuntimeTexts& texts);
  void write_partition(SifOutput& output, ImageTree& tree);
  void write_contents(SquashfsWriter& writer, ImageTree& tree);
  void write_layers(SifOutput& output);
  void check_unchanged() const;
  Descriptor object(DataType type, std::string name) const;

  sdk::Host host_;
  SifOutput output_;
  SquashfsSettings squashfs_;
  bool keep_layers_, all_root_, fix_permissions_;
  std::mutex mutex_;  // guards layers_ and configs_ while blobs come
  std::map<Digest, Layer> layers_;
  std::map<Digest, std::string> configs_;
  std::string manifest_;
  // Out of the manifest.
  std::vector<Digest> order_;
  std::string config_text_;
  ImageConfig config_;
  std::int64_t time_ = 0;  // of the SIF and of all that is added
};

}  // namespace sealos::sif
