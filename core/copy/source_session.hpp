// An image that is looked at and goes nowhere.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/copy/copy.hpp"
#include "core/copy/image_reader.hpp"
#include "core/host/reference.hpp"
#include "core/host/source.hpp"

namespace sealos {

/// What a plugin can ask for: the options of its side, those of both, and the engine's.
std::map<std::string, std::string> options_of_side(
    const CopyRequest& request, const std::map<std::string, std::string>& of_side);

/// Opens what a request names as its source; its destination means nothing. What is given must
/// outlive it.
class SourceSession {
 public:
  SourceSession(const FindTransport& find, const Hooks& hooks, CancelToken& cancel,
                const CopyRequest& request, Progress& progress);

  /// Parses the reference, asks whether it may be read at all, and opens it; options that mean
  /// nothing to the transport are refused. Throws CopyError.
  void open();
  /// Reads the manifests. Throws CopyError.
  Selection read();

  Reference& from() { return *from_; }
  Source& source() { return *source_; }

 private:
  void refuse_options(bool unused) const;

  const FindTransport& find_;
  CancelToken& cancel_;
  const CopyRequest& request_;
  Progress& progress_;
  const Hooks hooks_;
  Services services_;
  std::optional<Transport> transport_;
  std::unique_ptr<Reference> from_;
  std::unique_ptr<Source> source_;
};

/// The recipients of the encrypted layers of an image, or of those of an index.
struct LayerRecipients {
  Digest image;  ///< of its manifest
  Digest layer;
  size_t number;  ///< among the image's layers, from 0
  std::vector<encryption::RecipientEntry> recipients;
};
/// Throws CopyError.
std::vector<LayerRecipients> list_recipients(const FindTransport& find, const Hooks& hooks,
                                             CancelToken& cancel, const CopyRequest& request,
                                             Progress& progress);

}  // namespace sealos
