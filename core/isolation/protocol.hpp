// The kinds of messages. The engine calls: it sends a request on a connection and waits for done or
// threw. While the plugin's function runs, its process asks on the same connection for what the
// call allows (emit, the stream that is put, the host's services), and the engine answers each with
// done. So a connection carries one call at a time, and calls at the same time have connections of
// their own. Threads that a plugin has started itself ask for services on one more, on which
// nothing is called. Objects of the plugin are numbers that its process gives out and alone can
// read.
#pragma once

#include <cstdint>

namespace sealos::isolation {

enum class Kind : std::uint32_t {
  // On the first connection, which carries nothing else: a further one. Not answered.
  connection,

  // The library, its start, and hosts.
  load,
  start,
  know_host,
  forget_host,

  // What sealos/abi.h and its extensions have.
  parse_reference,
  check_policy_scope,
  check_login,
  list_names,
  release_reference,
  open_source,
  open_destination,
  open_preview,
  list_tags,
  remove,
  release_source,
  read_manifest,
  open_blob,
  read_signatures,
  layer_infos,
  list_source_referrers,
  list_source_attached,
  release_stream,
  read_stream,
  release_destination,
  put_blob,
  try_reuse,
  put_manifest,
  put_signatures,
  check_signatures,
  commit,
  abort,
  put_referrer,
  list_destination_referrers,
  put_attached,

  // What the plugin's process asks for.
  emit_item,
  emit_blob,
  read_put_stream,
  log,
  cancelled,
  progress,
  option,
  find_extension,
  credentials,
  places_to_read,
  place_to_write,
  signature_places,

  // Answers. A C++ exception left the function: its text, or NULL.
  done,
  threw
};

/// Which optional members an object has, in the order in which the struct has them.
enum : std::uint64_t {
  kHasParseReference = 1,
  kHasCheckPolicyScope = 2,
  kHasLogin = 4,
  kHasNames = 8,
};
enum : std::uint64_t {
  kHasOpenSource = 1,
  kHasOpenDestination = 2,
  kHasListTags = 4,
  kHasRemove = 8,
  kHasOpenPreview = 16
};
enum : std::uint64_t {
  kHasReadManifest = 1,
  kHasOpenBlob = 2,
  kHasReadSignatures = 4,
  kHasLayerInfos = 8,
  kHasSourceReferrers = 16,
  kHasSourceAttached = 32
};
enum : std::uint64_t {
  kHasPutBlob = 1,
  kHasTryReuse = 2,
  kHasPutManifest = 4,
  kHasPutSignatures = 8,
  kHasCommit = 16,
  kHasAbort = 32,
  kHasCheckSignatures = 64,
  kHasPutReferrer = 128,
  kHasListReferrers = 256,
  kHasPutAttached = 512
};
enum : std::uint64_t { kHasPlacesToRead = 1, kHasPlaceToWrite = 2, kHasFindSignaturePlaces = 4 };

}  // namespace sealos::isolation
