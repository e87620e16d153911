// Repositories and images for tests.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "branch.hpp"
#include "object_writer.hpp"
#include "reference.hpp"
#include "stored_commit.hpp"
#include "support/digest/hasher.hpp"
#include "support/file/file_stream.hpp"
#include "support/layer_tar/tar_builder.hpp"
#include "support/testing/fake_host.hpp"
#include "support/testing/temp_folder.hpp"

namespace sealos::ostree::testing {

/// A repository of its own, and images in it.
struct Place {
  sealos::testing::FakeHost host;
  sealos::testing::TempFolder folder;

  explicit Place(const std::string& mode = "archive") { host.options["ostree.create"] = mode; }

  std::string path() const { return folder.str("repo"); }
  Reference reference(const std::string& image) const { return Reference(image + "@" + path()); }
  std::shared_ptr<Repository> repository() const { return Repository::open(path()); }
  std::optional<std::string> commit_of(const std::string& bytes) const {
    return repository()->resolve(blob_branch(digest_of(bytes)));
  }

  static Blob blob_of(const std::string& bytes, std::int64_t index) {
    Blob blob;
    blob.digest = digest_of(bytes);
    blob.size = static_cast<std::int64_t>(bytes.size());
    blob.layer_index = index;
    if (index >= 0) {
      blob.compression = "";
    } else {
      blob.flags = SEALOS_BLOB_CONFIG;
    }
    return blob;
  }
  static std::string manifest_of(const std::string& config,
                                 const std::vector<std::string>& layers) {
    std::string out = fmt::format(
        R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)"
        R"({{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{}","size":{}}},)"
        R"("layers":[)",
        digest_of(config).str(), config.size());
    for (const std::string& layer : layers) {
      out += fmt::format(
          R"({}{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{}","size":{}}})",
          out.back() == '[' ? "" : ",", digest_of(layer).str(), layer.size());
    }
    return out + "]}";
  }

  /// Writes an image as the engine does. Returns how many layers were used again.
  int write(const std::string& image, const std::vector<std::string>& layers,
            const std::vector<Item>& signatures = {}) {
    const std::string config = R"({"os":"linux"})";
    const auto to = reference(image).open_destination(host.host());
    int reused = 0;
    for (size_t i = 0; i < layers.size(); ++i) {
      const Blob blob = blob_of(layers[i], static_cast<std::int64_t>(i));
      if (to->try_reuse({blob, {}, std::nullopt})) {
        ++reused;
        continue;
      }
      const auto stream = memory_stream(layers[i]);
      CHECK(to->put_blob(blob, *stream).digest == blob.digest);
    }
    const auto stream = memory_stream(config);
    to->put_blob(blob_of(config, -1), *stream);
    const Item manifest{"application/vnd.oci.image.manifest.v1+json", manifest_of(config, layers)};
    to->put_manifest(std::nullopt, manifest);
    if (!signatures.empty()) to->put_signatures(std::nullopt, signatures);
    to->commit(manifest);
    return reused;
  }
  /// The bytes of its layers, as they are read.
  std::vector<std::string> read(const std::string& image) const {
    const auto from = reference(image).open_source(host.host());
    std::vector<std::string> out;
    for (const Blob& layer : from->layer_infos(std::nullopt))
      out.push_back(read_stream(*from->open_blob(layer, 0, -1), 64 << 20, "layer"));
    return out;
  }
  bool is_split(const std::string& bytes) const {
    return StoredCommit(repository(), commit_of(bytes).value()).plain_form().has_value();
  }

  /// Puts a commit with this metadata and content at a branch, as anybody can.
  void plant(const std::string& branch, const Metadata& metadata, const FolderEntries& entries) {
    const auto there = repository();
    REQUIRE(ostree_repo_prepare_transaction(there->get(), nullptr, nullptr, nullptr));
    const ObjectWriter objects(there);
    const std::string commit = objects.commit(
        metadata, {objects.folder(entries), objects.folder_metadata({0, 0, 0755, {}})});
    ostree_repo_transaction_set_ref(there->get(), nullptr, branch.c_str(), commit.c_str());
    REQUIRE(ostree_repo_commit_transaction(there->get(), nullptr, nullptr, nullptr));
  }
};

}  // namespace sealos::ostree::testing
