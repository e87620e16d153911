// The file index.json of an OCI layout as a value. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sealos/sdk/digest.hpp"
#include "support/json/json.hpp"
#include "support/oci_layout/layout_name.hpp"

namespace sealos::oci_layout {

/// What is needed of a descriptor; the rest stays in the JSON.
struct Descriptor {
  std::string media_type;
  Digest digest;
  std::int64_t size;

  /// Throws SEALOS_INVALID where a member is missing or of the wrong kind.
  static Descriptor of(const Json& json);
  Json json() const;
};

/// An annotation of a descriptor; "" where there is none.
std::string annotation(const Json& descriptor, std::string_view key);

/// Whether an entry says something of an image, and is none by itself.
bool belongs_to_image(const Json& entry);

/// Keeps what it does not know, in entries and beside them. Concurrent reading is safe.
class LayoutIndex {
 public:
  /// One without entries.
  LayoutIndex();
  /// Throws SEALOS_INVALID for what is no image index.
  static LayoutIndex parse(std::string_view text);
  std::string dump() const { return root_.dump(); }

  const Json::Array& entries() const;

  /// The one entry that is meant; throws SEALOS_NOT_FOUND or, where more than one could be meant,
  /// SEALOS_INVALID, and lists what there is.
  size_t select(const LayoutName& wanted) const;

  /// The names that select() finds, in order, each once.
  std::vector<std::string> names() const;

  /// Adds an image as the other tools do: an entry that has the name loses it, an unnamed entry of
  /// the same digest is replaced, else the entry is appended. Returns the digest, as text, of the
  /// entry that lost its name to another image; "" if none did.
  std::string add(const Descriptor& image, const std::string& name);
  /// As add, with all annotations given.
  void append(Json entry);
  /// Adds a manifest that refers to an image, unless it is there.
  void add_referrer(Json descriptor);
  /// Gives the name to this manifest and to no other: what had it and has no other is removed.
  void set_attached(const Descriptor& manifest, const std::string& name);

  void remove(size_t position);
  /// Removes the entries without a name that have this digest.
  void remove_unnamed(const std::string& digest);

 private:
  Json root_;
};

}  // namespace sealos::oci_layout
