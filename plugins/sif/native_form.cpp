#include "native_form.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "support/compression/compression.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/oci_layout/layout_index.hpp"
#include "support/oci_layout/media_types.hpp"
#include "support/tar/tar_writer.hpp"

namespace sealos::sif {
namespace {

constexpr size_t kMostConfig = 4 << 20;

/// 0 where the user asked for none.
SquashfsSettings settings_of(const sdk::Host& host) {
  SquashfsSettings settings;
  using Kind = SquashfsSettings::Kind;
  const std::string kind = host.option("sif.compression").value_or("gzip");
  if (kind != "gzip" && kind != "zstd") {
    throw Error(Status::invalid,
                fmt::format("sif.compression must be gzip or zstd, not \"{}\"", printable(kind)));
  }
  settings.kind = kind == "gzip" ? Kind::gzip : Kind::zstd;
  if (const auto level = host.option("sif.level")) {
    const auto number = layer_tar::parse_decimal(*level);
    const int most = most_level(settings.kind);
    if (!number || *number < 1 || *number > most) {
      throw Error(Status::invalid, fmt::format("sif.level must be 1 to {} for {}, not \"{}\"", most,
                                               kind, printable(*level)));
    }
    settings.level = static_cast<int>(*number);
  }
  settings.warn = [host](const std::string& text) { host.warn(text); };
  return settings;
}

bool wants_root_owner(const sdk::Host& host) {
  const std::string wish = host.option("sif.owners").value_or("keep");
  if (wish == "keep" || wish == "root") return wish == "root";
  throw Error(Status::invalid,
              fmt::format("sif.owners must be keep or root, not \"{}\"", printable(wish)));
}

void check_layer(const Blob& blob) {
  const std::string& type = blob.media_type;
  const bool tar = type.empty() || type.find("tar") != std::string::npos;
  if (tar && !type.ends_with("+encrypted")) return;
  throw Error(Status::unsupported,
              fmt::format("a SIF is made of tar layers, not of \"{}\"", printable(type)));
}

/// 16 bytes that are the same for the same image.
std::array<std::byte, 16> id_of(const std::string& manifest) {
  const std::string hex(digest_of("sealos sif\n" + manifest).hex());
  std::array<std::byte, 16> id;
  for (size_t i = 0; i < id.size(); ++i)
    id[i] = static_cast<std::byte>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  id[6] = (id[6] & std::byte{0x0f}) | std::byte{0x40};  // a UUID that is random, for all to see
  id[8] = (id[8] & std::byte{0x3f}) | std::byte{0x80};
  return id;
}

/// Contents of files of one layer, on their way into the squashfs.
class WinnerSink final : public ContentSink {
 public:
  WinnerSink(SquashfsWriter& writer, const std::vector<Inode*>& inodes)
      : writer_(writer), inodes_(inodes) {}
  void begin(size_t position) override { writer_.begin_file(*inodes_[position]); }
  void append(std::span<const std::byte> bytes) override { writer_.append(bytes); }
  void end() override { writer_.end_file(); }

 private:
  SquashfsWriter& writer_;
  const std::vector<Inode*>& inodes_;
};

}  // namespace

NativeForm::NativeForm(const sdk::Host& host, const std::string& path, sdk::Intent intent)
    : host_(host),
      output_(host, path, intent),
      squashfs_(settings_of(host)),
      keep_layers_(host.flag("sif.keep-layers").value_or(false)),
      all_root_(wants_root_owner(host)),
      fix_permissions_(host.flag("sif.fix-perms").value_or(false)) {}

std::vector<std::string> NativeForm::manifest_types() const {
  return {std::string(oci_layout::kOciManifest), std::string(oci_layout::kDockerManifest)};
}

Blob NativeForm::put_config(const Blob& blob, Stream& from) {
  std::string text = read_stream(from, kMostConfig, "the image's configuration");
  Blob made;
  made.digest = blob.digest ? *blob.digest : digest_of(text);
  made.size = static_cast<std::int64_t>(text.size());
  const std::lock_guard lock(mutex_);
  configs_.insert_or_assign(*made.digest, std::move(text));
  return made;
}

Blob NativeForm::put_blob(const Blob& blob, Stream& from) {
  if (blob.is_config()) return put_config(blob, from);
  check_layer(blob);
  Layer layer;
  layer.file = nameless_file(host_.temp_dir());
  std::optional<Hasher> hasher;
  if (!blob.digest) hasher.emplace();
  layer.size = copy_to_file(from, layer.file.get(), "a temporary file in " + host_.temp_dir(),
                            hasher ? &*hasher : nullptr);
  layer.entries = scan_layer(open(layer), [this] { host_.throw_if_cancelled(); });
  Blob made;
  made.digest = hasher ? hasher->finish() : *blob.digest;
  made.size = layer.size;
  const std::lock_guard lock(mutex_);
  layers_.insert_or_assign(*made.digest, std::move(layer));
  return made;
}

std::unique_ptr<Stream> NativeForm::open(const Layer& layer) const {
  return decompress_any(file_region_stream(layer.file.get(), "a layer", 0, layer.size));
}

void NativeForm::put_manifest(const std::optional<Digest>&, const Item& manifest) {
  manifest_ = manifest.data;
}

NativeForm::Layer& NativeForm::layer_of(const Digest& digest) {
  const auto at = layers_.find(digest);
  if (at == layers_.end())
    throw Error(Status::internal, fmt::format("sif: layer {} was not written", digest.brief()));
  return at->second;
}

void NativeForm::read_manifest() {
  if (manifest_.empty()) throw Error(Status::internal, "sif: there is no manifest to commit");
  const Json manifest = Json::parse(manifest_);
  const auto config = configs_.find(oci_layout::Descriptor::of(manifest.at("config")).digest);
  if (config == configs_.end())
    throw Error(Status::internal, "sif: the configuration was not written");
  config_text_ = config->second;
  config_ = ImageConfig::parse(config_text_);
  for (const Json& layer : manifest.at("layers").items("layers")) {
    order_.push_back(oci_layout::Descriptor::of(layer).digest);
    ++layer_of(order_.back()).uses;
  }
  if (order_.size() >= Inode::kInText)
    throw Error(Status::invalid, "the image has too many layers");
  time_ = archive_time();
  if (time_ == 0) time_ = config_.created.value_or(0);
  time_ = std::min<std::int64_t>(time_, std::numeric_limits<std::uint32_t>::max());
  squashfs_.mtime = static_cast<std::uint32_t>(time_);
}

void NativeForm::build_tree(ImageTree& tree) {
  for (size_t i = 0; i < order_.size(); ++i) {
    host_.throw_if_cancelled();
    Layer& layer = layer_of(order_[i]);
    auto entries = --layer.uses == 0 ? std::move(layer.entries) : layer.entries;
    try {
      tree.apply(std::move(entries), static_cast<std::uint32_t>(i));
    } catch (Error& e) {
      throw e.add_context("layer " + order_[i].brief());
    }
  }
  if (!all_root_ && !fix_permissions_) return;
  tree.for_each([&](Node& node) {
    Inode& inode = *node.inode;
    if (all_root_) inode.uid = inode.gid = 0;
    if (!fix_permissions_) return;
    if (inode.kind == EntryKind::folder) inode.mode |= 0700;
    if (inode.kind == EntryKind::file) inode.mode |= (inode.mode & 0111) != 0 ? 0700 : 0600;
  });
}

Descriptor NativeForm::object(DataType type, std::string name) const {
  Descriptor object;
  object.type = type;
  object.name = std::move(name);
  object.created = object.modified = time_;
  return object;
}

/// In the order and under the names of Apptainer's own builds.
void NativeForm::write_objects(SifOutput& output, const RuntimeTexts& texts) {
  output.add(object(DataType::definition, ""), texts.definition);
  output.add(object(DataType::json, kInspectMetadata), texts.inspect);
  output.add(object(DataType::json, kOciConfig), config_.config.dump());
}

void NativeForm::write_contents(SquashfsWriter& writer, ImageTree& tree) {
  std::vector<std::vector<Inode*>> winners(order_.size());
  tree.for_each([&](Node& node) {
    Inode& inode = *node.inode;
    const bool stored = inode.kind == EntryKind::file && inode.layer != Inode::kInText;
    if (stored && inode.size > 0) winners[inode.layer].push_back(&inode);
  });
  for (size_t i = 0; i < winners.size(); ++i) {
    std::vector<Inode*>& files = winners[i];
    std::sort(files.begin(), files.end(),
              [](const Inode* a, const Inode* b) { return a->entry < b->entry; });
    // Several names of one file lead to it.
    files.erase(std::unique(files.begin(), files.end()), files.end());
    std::vector<std::uint32_t> entries;
    for (const Inode* file : files) entries.push_back(file->entry);
    host_.progress("writing the SIF", static_cast<std::int64_t>(i),
                   static_cast<std::int64_t>(winners.size()));
    WinnerSink sink(writer, files);
    read_contents(open(layer_of(order_[i])), entries, sink, [this] { host_.throw_if_cancelled(); });
  }
}

void NativeForm::write_partition(SifOutput& output, ImageTree& tree) {
  const std::int64_t at = output.begin_object(kAlignment);
  SquashfsWriter writer(output.fd(), at, squashfs_);
  write_contents(writer, tree);
  const std::int64_t size = writer.finish(tree);
  Descriptor partition = object(DataType::partition, "");
  partition.partition = Partition{FileSystem::squashfs, PartitionType::primary_system,
                                  std::string(code_of(config_.architecture))};
  output.end_object(std::move(partition), size);
}

void NativeForm::write_layers(SifOutput& output) {
  output.add(object(DataType::json, kKeptManifest), manifest_);
  output.add(object(DataType::json, kKeptConfig), config_text_);
  if (!keep_layers_) return;
  for (size_t i = 0; i < order_.size(); ++i) {
    if (std::find(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(i), order_[i]) !=
        order_.begin() + static_cast<std::ptrdiff_t>(i)) {
      continue;
    }
    host_.throw_if_cancelled();
    Layer& layer = layer_of(order_[i]);
    const std::int64_t at = output.begin_object();
    if (::lseek(output.fd(), at, SEEK_SET) < 0 || ::lseek(layer.file.get(), 0, SEEK_SET) < 0)
      throw errno_error(errno, "seeking in the SIF");
    copy_to_file(*file_stream(std::move(layer.file), "a layer", 0, layer.size), output.fd(),
                 "the SIF");
    output.end_object(object(DataType::generic, fmt::format("{}{}", kKeptLayer, i)), layer.size);
  }
}

void NativeForm::commit() {
  read_manifest();
  output_.reserve(static_cast<std::int64_t>(keep_layers_ ? order_.size() : 0) + 16);
  ImageTree tree(squashfs_.mtime);
  build_tree(tree);
  const auto warn = [this](const std::string& text) { host_.warn(text); };
  const RuntimeTexts texts = runtime_texts(config_, digest_of(manifest_).str(), warn);
  add_runtime_files(tree, texts);
  write_objects(output_, texts);
  write_partition(output_, tree);
  write_layers(output_);
  Header header;
  header.launch = kLaunchLine;
  header.arch = code_of(config_.architecture);
  header.id = id_of(manifest_);
  header.created = header.modified = time_;
  output_.commit(std::move(header));
}

}  // namespace sealos::sif
