// Values that cross the ABI, as C++ sees them. std only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sealos/abi.h"
#include "sealos/sdk/digest.hpp"

namespace sealos {

/// A labelled run of bytes: a manifest with its media type, a signature with its format.
struct Item {
  std::string label;
  std::string data;
};

/// What is known of a blob; see sealos_blob for the meaning of each member.
struct Blob {
  std::optional<Digest> digest;
  std::int64_t size = -1;
  std::string media_type;                  ///< "": unknown
  std::optional<std::string> compression;  ///< "": none; nullopt: unknown
  std::vector<std::string> urls;
  std::vector<std::pair<std::string, std::string>> annotations;
  std::string location;  ///< means something to the transport only
  std::int64_t layer_index = -1;
  std::uint32_t flags = 0;  ///< SEALOS_BLOB_CONFIG

  bool is_config() const { return (flags & SEALOS_BLOB_CONFIG) != 0; }
};

/// What a destination is asked for by try_reuse.
struct Reuse {
  Blob blob;
  std::vector<Blob> candidates;            ///< acceptable instead, best first
  std::optional<std::string> compression;  ///< required of what is used; nullopt: any
};

enum class LayerCompression : std::int64_t {
  preserve = SEALOS_PRESERVE,
  compress = SEALOS_COMPRESS,
  decompress = SEALOS_DECOMPRESS
};

namespace sdk {

inline std::string text_or_empty(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

/// Throws SEALOS_INVALID for a digest that does not follow the grammar.
inline Blob from_c(const sealos_blob& c) {
  Blob blob;
  if (c.digest != nullptr) blob.digest = Digest::require(c.digest);
  blob.size = c.size;
  blob.media_type = text_or_empty(c.media_type);
  if (c.compression != nullptr) blob.compression = c.compression;
  if (c.urls != nullptr) {
    for (const char* const* url = c.urls; *url != nullptr; ++url) blob.urls.emplace_back(*url);
  }
  if (c.annotations != nullptr) {
    for (const char* const* at = c.annotations; at[0] != nullptr && at[1] != nullptr; at += 2) {
      blob.annotations.emplace_back(at[0], at[1]);
    }
  }
  blob.location = text_or_empty(c.location);
  blob.layer_index = c.layer_index;
  blob.flags = c.flags;
  return blob;
}

/// Lends a Blob to C: c() stays valid as long as this object and the Blob.
class BlobView {
 public:
  explicit BlobView(const Blob& blob) {
    c_.struct_size = sizeof(c_);
    c_.flags = blob.flags;
    c_.digest = blob.digest ? blob.digest->str().c_str() : nullptr;
    c_.size = blob.size;
    c_.media_type = blob.media_type.empty() ? nullptr : blob.media_type.c_str();
    c_.compression = blob.compression ? blob.compression->c_str() : nullptr;
    for (const auto& url : blob.urls) urls_.push_back(url.c_str());
    for (const auto& [key, value] : blob.annotations) {
      annotations_.push_back(key.c_str());
      annotations_.push_back(value.c_str());
    }
    urls_.push_back(nullptr);
    annotations_.push_back(nullptr);
    c_.urls = urls_.data();
    c_.annotations = annotations_.data();
    c_.location = blob.location.empty() ? nullptr : blob.location.c_str();
    c_.layer_index = blob.layer_index;
  }
  BlobView(const BlobView&) = delete;
  BlobView& operator=(const BlobView&) = delete;

  const sealos_blob* c() const { return &c_; }

 private:
  sealos_blob c_{};
  std::vector<const char*> urls_, annotations_;
};

/// Texts as C sees them: a list that ends with NULL, as long as this object.
class TextList {
 public:
  TextList() = default;
  TextList(const TextList&) = delete;
  TextList& operator=(const TextList&) = delete;

  const char* const* hold(std::vector<std::string> texts) {
    texts_ = std::move(texts);
    pointers_.clear();
    for (const std::string& text : texts_) pointers_.push_back(text.c_str());
    pointers_.push_back(nullptr);
    return pointers_.data();
  }
  const char* const* hold_unless_empty(std::vector<std::string> texts) {
    return texts.empty() ? nullptr : hold(std::move(texts));
  }

 private:
  std::vector<std::string> texts_;
  std::vector<const char*> pointers_;
};

/// nullopt for NULL, which means another thing than a list of nothing.
inline std::optional<std::vector<std::string>> texts_of(const char* const* c) {
  if (c == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (; *c != nullptr; ++c) texts.emplace_back(*c);
  return texts;
}

inline sealos_status emit_blob(sealos_emit_blob emit, void* to, const Blob& blob) {
  const BlobView view(blob);
  return emit(to, view.c());
}

inline sealos_status emit_item(sealos_emit emit, void* to, const Item& item) {
  const sealos_item c{item.label.c_str(), item.data.data(), item.data.size()};
  return emit(to, &c);
}

inline Item from_c(const sealos_item& c) {
  return {text_or_empty(c.label),
          c.size == 0 ? std::string() : std::string(static_cast<const char*>(c.data), c.size)};
}

}  // namespace sdk
}  // namespace sealos
