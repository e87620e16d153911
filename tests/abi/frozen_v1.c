/* ABI 1.0 as it was released: every offset, size, type and constant. Nothing here is ever changed; what a
 * later minor adds gets a file of its own. Compiled with the header that is to be checked. */
#include <stddef.h>
#include <stdint.h>

#include "sealos/abi.h"
#include "sealos/ext/login.h"
#include "sealos/ext/referrers.h"
#include "sealos/ext/registries.h"

#define HOLDS(condition, what) _Static_assert(condition, "not ABI 1.0 any more: " what)
#define TYPE_IS(type, member, ...) \
  HOLDS(__builtin_types_compatible_p(__typeof__(((type *)0)->member), __VA_ARGS__), #type "." #member " has another type")
#if UINTPTR_MAX == UINT64_MAX
#define AT(type, member, offset, size) \
  HOLDS(offsetof(type, member) == (offset), #type "." #member " is at another place"); \
  HOLDS(sizeof(((type *)0)->member) == (size), #type "." #member " has another size")
#define GROWS_FROM(type, size) HOLDS(sizeof(type) >= (size), #type " is smaller")
#define STAYS(type, size) HOLDS(sizeof(type) == (size), #type " has another size")
#else /* pointers of another size: order is checked, numbers are not */
#define AT(type, member, offset, size) HOLDS(offsetof(type, member) <= (offset), #type "." #member " is at another place")
#define GROWS_FROM(type, size) HOLDS(sizeof(type) > 0, #type)
#define STAYS(type, size) HOLDS(sizeof(type) > 0, #type)
#endif
#define VALUE(name, value) HOLDS((name) == (value), #name " has another value")

/* ---- types of their own ---- */

HOLDS(__builtin_types_compatible_p(sealos_status, int32_t), "sealos_status has another type");
HOLDS(__builtin_types_compatible_p(sealos_emit, sealos_status (*)(void *to, const sealos_item *item)),
      "sealos_emit has another type");
HOLDS(__builtin_types_compatible_p(sealos_emit_blob, sealos_status (*)(void *to, const sealos_blob *blob)),
      "sealos_emit_blob has another type");
HOLDS(__builtin_types_compatible_p(sealos_emit_place, sealos_status (*)(void *to, const sealos_registry_place *place)),
      "sealos_emit_place has another type");

/* ---- constants ---- */

VALUE(SEALOS_OK, 0);
VALUE(SEALOS_NOT_FOUND, 1);
VALUE(SEALOS_EXISTS, 2);
VALUE(SEALOS_INVALID, 3);
VALUE(SEALOS_UNSUPPORTED, 4);
VALUE(SEALOS_UNAUTHENTICATED, 5);
VALUE(SEALOS_DENIED, 6);
VALUE(SEALOS_UNAVAILABLE, 7);
VALUE(SEALOS_CANCELLED, 8);
VALUE(SEALOS_CORRUPT, 9);
VALUE(SEALOS_MANIFEST_REJECTED, 10);
VALUE(SEALOS_IO, 11);
VALUE(SEALOS_INTERNAL, 12);
VALUE(SEALOS_ERROR_RETRYABLE, 1u);
VALUE(SEALOS_BLOB_CONFIG, 1u);
VALUE(SEALOS_PARALLEL, 1u);
VALUE(SEALOS_KEEPS_URLS, 2u);
VALUE(SEALOS_THIS_PLATFORM_ONLY, 4u);
VALUE(SEALOS_KEEPS_DOCKER_NAME, 8u);
VALUE(SEALOS_UNPACKS, 16u);
VALUE(SEALOS_KEEPS_LAYERS, 32u);
VALUE(SEALOS_REMOVE_ONLY_INDEX, 1u);
VALUE(SEALOS_CAN_READ, 1u);
VALUE(SEALOS_CAN_WRITE, 2u);
VALUE(SEALOS_CAN_LIST, 4u);
VALUE(SEALOS_CAN_REMOVE, 8u);
VALUE(SEALOS_CAN_SIGN, 16u);
VALUE(SEALOS_ASKS_CREDENTIALS, 32u);
VALUE(SEALOS_PRESERVE, 0);
VALUE(SEALOS_COMPRESS, 1);
VALUE(SEALOS_DECOMPRESS, 2);
VALUE(SEALOS_LOG_DEBUG, 0);
VALUE(SEALOS_LOG_INFO, 1);
VALUE(SEALOS_LOG_WARNING, 2);
VALUE(SEALOS_LOG_ERROR, 3);
VALUE(SEALOS_PLACE_INSECURE, 1u);
VALUE(SEALOS_PLACE_MIRROR, 2u);
HOLDS(__builtin_strcmp(SEALOS_LOGIN, "sealos.login/1") == 0, "SEALOS_LOGIN is another id");
HOLDS(__builtin_strcmp(SEALOS_REFERRERS, "sealos.referrers/1") == 0, "SEALOS_REFERRERS is another id");
HOLDS(__builtin_strcmp(SEALOS_REGISTRIES, "sealos.registries/1") == 0, "SEALOS_REGISTRIES is another id");

/* ---- sealos_error ---- */

AT(sealos_error, struct_size, 0, 4);
TYPE_IS(sealos_error, struct_size, uint32_t);
AT(sealos_error, flags, 4, 4);
TYPE_IS(sealos_error, flags, uint32_t);
AT(sealos_error, retry_after_ms, 8, 8);
TYPE_IS(sealos_error, retry_after_ms, int64_t);
AT(sealos_error, message, 16, 8);
TYPE_IS(sealos_error, message, const char *);
AT(sealos_error, impl, 24, 8);
TYPE_IS(sealos_error, impl, void *);
AT(sealos_error, release, 32, 8);
TYPE_IS(sealos_error, release, void (*)(sealos_error *self));
GROWS_FROM(sealos_error, 40);

/* ---- sealos_item ---- */

AT(sealos_item, label, 0, 8);
TYPE_IS(sealos_item, label, const char *);
AT(sealos_item, data, 8, 8);
TYPE_IS(sealos_item, data, const void *);
AT(sealos_item, size, 16, 8);
TYPE_IS(sealos_item, size, size_t);
STAYS(sealos_item, 24);

/* ---- sealos_blob ---- */

AT(sealos_blob, struct_size, 0, 4);
TYPE_IS(sealos_blob, struct_size, uint32_t);
AT(sealos_blob, flags, 4, 4);
TYPE_IS(sealos_blob, flags, uint32_t);
AT(sealos_blob, digest, 8, 8);
TYPE_IS(sealos_blob, digest, const char *);
AT(sealos_blob, size, 16, 8);
TYPE_IS(sealos_blob, size, int64_t);
AT(sealos_blob, media_type, 24, 8);
TYPE_IS(sealos_blob, media_type, const char *);
AT(sealos_blob, compression, 32, 8);
TYPE_IS(sealos_blob, compression, const char *);
AT(sealos_blob, urls, 40, 8);
TYPE_IS(sealos_blob, urls, const char *const *);
AT(sealos_blob, annotations, 48, 8);
TYPE_IS(sealos_blob, annotations, const char *const *);
AT(sealos_blob, location, 56, 8);
TYPE_IS(sealos_blob, location, const char *);
AT(sealos_blob, layer_index, 64, 8);
TYPE_IS(sealos_blob, layer_index, int64_t);
GROWS_FROM(sealos_blob, 72);

/* ---- sealos_stream ---- */

AT(sealos_stream, struct_size, 0, 4);
TYPE_IS(sealos_stream, struct_size, uint32_t);
AT(sealos_stream, fd, 4, 4);
TYPE_IS(sealos_stream, fd, int32_t);
AT(sealos_stream, size, 8, 8);
TYPE_IS(sealos_stream, size, int64_t);
AT(sealos_stream, impl, 16, 8);
TYPE_IS(sealos_stream, impl, void *);
AT(sealos_stream, release, 24, 8);
TYPE_IS(sealos_stream, release, void (*)(sealos_stream *self));
AT(sealos_stream, read, 32, 8);
TYPE_IS(sealos_stream, read, int64_t (*)(sealos_stream *self, void *into, size_t room, sealos_error *error));
GROWS_FROM(sealos_stream, 40);

/* ---- sealos_host ---- */

AT(sealos_host, struct_size, 0, 4);
TYPE_IS(sealos_host, struct_size, uint32_t);
AT(sealos_host, abi_minor, 4, 4);
TYPE_IS(sealos_host, abi_minor, uint32_t);
AT(sealos_host, name, 8, 8);
TYPE_IS(sealos_host, name, const char *);
AT(sealos_host, version, 16, 8);
TYPE_IS(sealos_host, version, const char *);
AT(sealos_host, impl, 24, 8);
TYPE_IS(sealos_host, impl, void *);
AT(sealos_host, get_extension, 32, 8);
TYPE_IS(sealos_host, get_extension, const void * (*)(const sealos_host *self, const char *id));
AT(sealos_host, log, 40, 8);
TYPE_IS(sealos_host, log, void (*)(const sealos_host *self, int32_t level, const char *text));
AT(sealos_host, cancelled, 48, 8);
TYPE_IS(sealos_host, cancelled, int32_t (*)(const sealos_host *self));
AT(sealos_host, cancel_fd, 56, 8);
TYPE_IS(sealos_host, cancel_fd, int32_t (*)(const sealos_host *self));
AT(sealos_host, progress, 64, 8);
TYPE_IS(sealos_host, progress,
        void (*)(const sealos_host *self, const char *what, int64_t done, int64_t total));
AT(sealos_host, option, 72, 8);
TYPE_IS(sealos_host, option, const char * (*)(const sealos_host *self, const char *key));
AT(sealos_host, temp_dir, 80, 8);
TYPE_IS(sealos_host, temp_dir, const char * (*)(const sealos_host *self));
AT(sealos_host, credentials, 88, 8);
TYPE_IS(sealos_host, credentials,
        sealos_status (*)(const sealos_host *self, const char *scope, sealos_emit emit, void *to, sealos_error *error));
GROWS_FROM(sealos_host, 96);

/* ---- sealos_source ---- */

AT(sealos_source, struct_size, 0, 4);
TYPE_IS(sealos_source, struct_size, uint32_t);
AT(sealos_source, flags, 4, 4);
TYPE_IS(sealos_source, flags, uint32_t);
AT(sealos_source, impl, 8, 8);
TYPE_IS(sealos_source, impl, void *);
AT(sealos_source, release, 16, 8);
TYPE_IS(sealos_source, release, void (*)(sealos_source *self));
AT(sealos_source, read_manifest, 24, 8);
TYPE_IS(sealos_source, read_manifest,
        sealos_status (*)(sealos_source *self, const char *instance, sealos_emit emit, void *to, sealos_error *error));
AT(sealos_source, open_blob, 32, 8);
TYPE_IS(sealos_source, open_blob,
        sealos_status (*)(sealos_source *self, const sealos_blob *blob, int64_t offset, int64_t length, sealos_stream **out, sealos_error *error));
AT(sealos_source, read_signatures, 40, 8);
TYPE_IS(sealos_source, read_signatures,
        sealos_status (*)(sealos_source *self, const char *instance, sealos_emit emit, void *to, sealos_error *error));
AT(sealos_source, layer_infos, 48, 8);
TYPE_IS(sealos_source, layer_infos,
        sealos_status (*)(sealos_source *self, const char *instance, sealos_emit_blob emit, void *to, sealos_error *error));
AT(sealos_source, get_extension, 56, 8);
TYPE_IS(sealos_source, get_extension, const void * (*)(sealos_source *self, const char *id));
GROWS_FROM(sealos_source, 64);

/* ---- sealos_reuse ---- */

AT(sealos_reuse, struct_size, 0, 4);
TYPE_IS(sealos_reuse, struct_size, uint32_t);
AT(sealos_reuse, flags, 4, 4);
TYPE_IS(sealos_reuse, flags, uint32_t);
AT(sealos_reuse, blob, 8, 8);
TYPE_IS(sealos_reuse, blob, const sealos_blob *);
AT(sealos_reuse, candidates, 16, 8);
TYPE_IS(sealos_reuse, candidates, const sealos_blob *const *);
AT(sealos_reuse, compression, 24, 8);
TYPE_IS(sealos_reuse, compression, const char *);
GROWS_FROM(sealos_reuse, 32);

/* ---- sealos_destination ---- */

AT(sealos_destination, struct_size, 0, 4);
TYPE_IS(sealos_destination, struct_size, uint32_t);
AT(sealos_destination, flags, 4, 4);
TYPE_IS(sealos_destination, flags, uint32_t);
AT(sealos_destination, manifest_types, 8, 8);
TYPE_IS(sealos_destination, manifest_types, const char *const *);
AT(sealos_destination, layer_compressions, 16, 8);
TYPE_IS(sealos_destination, layer_compressions, const char *const *);
AT(sealos_destination, signature_formats, 24, 8);
TYPE_IS(sealos_destination, signature_formats, const char *const *);
AT(sealos_destination, compression, 32, 8);
TYPE_IS(sealos_destination, compression, int64_t);
AT(sealos_destination, impl, 40, 8);
TYPE_IS(sealos_destination, impl, void *);
AT(sealos_destination, release, 48, 8);
TYPE_IS(sealos_destination, release, void (*)(sealos_destination *self));
AT(sealos_destination, put_blob, 56, 8);
TYPE_IS(sealos_destination, put_blob,
        sealos_status (*)(sealos_destination *self, const sealos_blob *blob, sealos_stream *from, sealos_emit_blob emit, void *to, sealos_error *error));
AT(sealos_destination, try_reuse, 64, 8);
TYPE_IS(sealos_destination, try_reuse,
        sealos_status (*)(sealos_destination *self, const sealos_reuse *want, sealos_emit_blob emit, void *to, sealos_error *error));
AT(sealos_destination, put_manifest, 72, 8);
TYPE_IS(sealos_destination, put_manifest,
        sealos_status (*)(sealos_destination *self, const char *instance, const sealos_item *manifest, sealos_error *error));
AT(sealos_destination, put_signatures, 80, 8);
TYPE_IS(sealos_destination, put_signatures,
        sealos_status (*)(sealos_destination *self, const char *instance, const sealos_item *items, size_t count, sealos_error *error));
AT(sealos_destination, commit, 88, 8);
TYPE_IS(sealos_destination, commit,
        sealos_status (*)(sealos_destination *self, const sealos_item *top, sealos_emit emit, void *to, sealos_error *error));
AT(sealos_destination, abort, 96, 8);
TYPE_IS(sealos_destination, abort, sealos_status (*)(sealos_destination *self, sealos_error *error));
AT(sealos_destination, get_extension, 104, 8);
TYPE_IS(sealos_destination, get_extension, const void * (*)(sealos_destination *self, const char *id));
GROWS_FROM(sealos_destination, 112);

/* ---- sealos_reference ---- */

AT(sealos_reference, struct_size, 0, 4);
TYPE_IS(sealos_reference, struct_size, uint32_t);
AT(sealos_reference, flags, 4, 4);
TYPE_IS(sealos_reference, flags, uint32_t);
AT(sealos_reference, impl, 8, 8);
TYPE_IS(sealos_reference, impl, void *);
AT(sealos_reference, release, 16, 8);
TYPE_IS(sealos_reference, release, void (*)(sealos_reference *self));
AT(sealos_reference, canonical, 24, 8);
TYPE_IS(sealos_reference, canonical, const char *);
AT(sealos_reference, docker_name, 32, 8);
TYPE_IS(sealos_reference, docker_name, const char *);
AT(sealos_reference, policy_identity, 40, 8);
TYPE_IS(sealos_reference, policy_identity, const char *);
AT(sealos_reference, policy_namespaces, 48, 8);
TYPE_IS(sealos_reference, policy_namespaces, const char *const *);
AT(sealos_reference, cache_scope, 56, 8);
TYPE_IS(sealos_reference, cache_scope, const char *);
AT(sealos_reference, open_source, 64, 8);
TYPE_IS(sealos_reference, open_source,
        sealos_status (*)(const sealos_reference *self, const sealos_host *host, sealos_source **out, sealos_error *error));
AT(sealos_reference, open_destination, 72, 8);
TYPE_IS(sealos_reference, open_destination,
        sealos_status (*)(const sealos_reference *self, const sealos_host *host, sealos_destination **out, sealos_error *error));
AT(sealos_reference, list_tags, 80, 8);
TYPE_IS(sealos_reference, list_tags,
        sealos_status (*)(const sealos_reference *self, const sealos_host *host, sealos_emit emit, void *to, sealos_error *error));
AT(sealos_reference, remove, 88, 8);
TYPE_IS(sealos_reference, remove,
        sealos_status (*)(const sealos_reference *self, const sealos_host *host, uint32_t flags, sealos_error *error));
AT(sealos_reference, open_preview, 96, 8);
TYPE_IS(sealos_reference, open_preview,
        sealos_status (*)(const sealos_reference *self, const sealos_host *host, sealos_destination **out, sealos_error *error));
AT(sealos_reference, get_extension, 104, 8);
TYPE_IS(sealos_reference, get_extension, const void * (*)(const sealos_reference *self, const char *id));
GROWS_FROM(sealos_reference, 112);

/* ---- sealos_transport ---- */

AT(sealos_transport, struct_size, 0, 4);
TYPE_IS(sealos_transport, struct_size, uint32_t);
AT(sealos_transport, flags, 4, 4);
TYPE_IS(sealos_transport, flags, uint32_t);
AT(sealos_transport, name, 8, 8);
TYPE_IS(sealos_transport, name, const char *);
AT(sealos_transport, options, 16, 8);
TYPE_IS(sealos_transport, options, const char *const *);
AT(sealos_transport, parse_reference, 24, 8);
TYPE_IS(sealos_transport, parse_reference,
        sealos_status (*)(const sealos_transport *self, const sealos_host *host, const char *details, sealos_reference **out, sealos_error *error));
AT(sealos_transport, check_policy_scope, 32, 8);
TYPE_IS(sealos_transport, check_policy_scope,
        sealos_status (*)(const sealos_transport *self, const char *scope, sealos_error *error));
AT(sealos_transport, get_extension, 40, 8);
TYPE_IS(sealos_transport, get_extension, const void * (*)(const sealos_transport *self, const char *id));
GROWS_FROM(sealos_transport, 48);

/* ---- sealos_plugin ---- */

AT(sealos_plugin, struct_size, 0, 4);
TYPE_IS(sealos_plugin, struct_size, uint32_t);
AT(sealos_plugin, abi_minor, 4, 4);
TYPE_IS(sealos_plugin, abi_minor, uint32_t);
AT(sealos_plugin, name, 8, 8);
TYPE_IS(sealos_plugin, name, const char *);
AT(sealos_plugin, version, 16, 8);
TYPE_IS(sealos_plugin, version, const char *);
AT(sealos_plugin, start, 24, 8);
TYPE_IS(sealos_plugin, start, sealos_status (*)(const sealos_host *host, sealos_error *error));
AT(sealos_plugin, transports, 32, 8);
TYPE_IS(sealos_plugin, transports, const sealos_transport *const *);
GROWS_FROM(sealos_plugin, 40);

/* ---- sealos_login ---- */

AT(sealos_login, struct_size, 0, 4);
TYPE_IS(sealos_login, struct_size, uint32_t);
AT(sealos_login, flags, 4, 4);
TYPE_IS(sealos_login, flags, uint32_t);
AT(sealos_login, check, 8, 8);
TYPE_IS(sealos_login, check,
        sealos_status (*)(const sealos_host *host, const char *scope, sealos_error *error));
GROWS_FROM(sealos_login, 16);

/* ---- sealos_source_referrers ---- */

AT(sealos_source_referrers, struct_size, 0, 4);
TYPE_IS(sealos_source_referrers, struct_size, uint32_t);
AT(sealos_source_referrers, flags, 4, 4);
TYPE_IS(sealos_source_referrers, flags, uint32_t);
AT(sealos_source_referrers, list, 8, 8);
TYPE_IS(sealos_source_referrers, list,
        sealos_status (*)(sealos_source *self, const char *subject, const char *artifact_type, sealos_emit emit, void *to, sealos_error *error));
GROWS_FROM(sealos_source_referrers, 16);

/* ---- sealos_destination_referrers ---- */

AT(sealos_destination_referrers, struct_size, 0, 4);
TYPE_IS(sealos_destination_referrers, struct_size, uint32_t);
AT(sealos_destination_referrers, flags, 4, 4);
TYPE_IS(sealos_destination_referrers, flags, uint32_t);
AT(sealos_destination_referrers, put, 8, 8);
TYPE_IS(sealos_destination_referrers, put,
        sealos_status (*)(sealos_destination *self, const sealos_item *manifest, sealos_error *error));
GROWS_FROM(sealos_destination_referrers, 16);

/* ---- sealos_registry_place ---- */

AT(sealos_registry_place, struct_size, 0, 4);
TYPE_IS(sealos_registry_place, struct_size, uint32_t);
AT(sealos_registry_place, flags, 4, 4);
TYPE_IS(sealos_registry_place, flags, uint32_t);
AT(sealos_registry_place, name, 8, 8);
TYPE_IS(sealos_registry_place, name, const char *);
GROWS_FROM(sealos_registry_place, 16);

/* ---- sealos_registries ---- */

AT(sealos_registries, struct_size, 0, 4);
TYPE_IS(sealos_registries, struct_size, uint32_t);
AT(sealos_registries, flags, 4, 4);
TYPE_IS(sealos_registries, flags, uint32_t);
AT(sealos_registries, places_to_read, 8, 8);
TYPE_IS(sealos_registries, places_to_read,
        sealos_status (*)(const sealos_host *host, const char *name, sealos_emit_place emit, void *to, sealos_error *error));
AT(sealos_registries, place_to_write, 16, 8);
TYPE_IS(sealos_registries, place_to_write,
        sealos_status (*)(const sealos_host *host, const char *name, sealos_emit_place emit, void *to, sealos_error *error));
GROWS_FROM(sealos_registries, 24);

/* ---- the entry ---- */

HOLDS(__builtin_types_compatible_p(__typeof__(sealos_plugin_v1), const sealos_plugin), "the entry has another type");
