/* sealos/abi.h - the whole contract between a Sealos host and a transport plugin, version 1.0.
 *
 * Ownership: (1) what is passed to a function or an emit callback is borrowed for
 * that call; (2) an object with a release member belongs to whoever received it,
 * who calls release once, after releasing everything opened from it; (3) text, lists
 * and extensions that an object shows or returns live as long as the object.
 * Threads: [safe] from any thread, concurrently. [serial] from any thread, but two
 * calls on one object never overlap. [parallel] is [safe] if the object's flags
 * have SEALOS_PARALLEL, else [serial]. A callback is called by the thread that made
 * the call, before that returns. Threads that a plugin starts for an object have
 * ended when the object's release returns.
 * Growth: 1.x only adds: members at the end of structs with struct_size, flags, labels,
 * extensions, and statuses, which are returned only to whom that minor is known. Members
 * of 1.0 may be used at once, or if marked optional when not NULL; later ones after SEALOS_HAS.
 * Whoever makes a struct sets struct_size to its own sizeof and all else to 0. Ignore
 * unknown flags, unless said otherwise, and unknown labels; treat an unknown status as
 * SEALOS_INTERNAL. A plugin that cannot do with less than a later minor refuses in start.
 * Where a function fails, nothing was given to out, and nothing is to be released.
 * No exception or longjmp leaves a function below, and no plugin changes process
 * state (directory, umask, locale, signals, environment, stdio). Text is UTF-8. */
#ifndef SEALOS_ABI_H
#define SEALOS_ABI_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define SEALOS_ABI_MINOR 0u /* of 1.0; the major is in the name of the entry symbol */
#define SEALOS_EXPORT __attribute__((visibility("default")))
/* The size of a struct up to and with this member. */
#define SEALOS_SIZE_WITH(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))
/* Whether *p is long enough to have this member, and the member is not 0 or NULL. */
#define SEALOS_HAS(p, type, member) \
  ((p)->struct_size >= SEALOS_SIZE_WITH(type, member) && (p)->member)

typedef int32_t sealos_status;
enum {
  SEALOS_OK = 0, SEALOS_NOT_FOUND = 1, SEALOS_EXISTS = 2, SEALOS_INVALID = 3,
  SEALOS_UNSUPPORTED = 4, SEALOS_UNAUTHENTICATED = 5, SEALOS_DENIED = 6,
  SEALOS_UNAVAILABLE = 7, SEALOS_CANCELLED = 8, SEALOS_CORRUPT = 9,
  SEALOS_MANIFEST_REJECTED = 10, SEALOS_IO = 11, SEALOS_INTERNAL = 12
};
enum { SEALOS_ERROR_RETRYABLE = 1u };                    /* sealos_error.flags */
enum { SEALOS_BLOB_CONFIG = 1u };                        /* sealos_blob.flags */
enum {            /* flags of sealos_source (the first) and sealos_destination */
  SEALOS_PARALLEL = 1u,           /* see Threads */
  SEALOS_KEEPS_URLS = 2u,         /* layers that are at urls need not be put */
  SEALOS_THIS_PLATFORM_ONLY = 4u, /* images are run where they are put */
  SEALOS_KEEPS_DOCKER_NAME = 8u,  /* names inside manifests need not become the destination's */
  SEALOS_UNPACKS = 16u,     /* holds the files of layers: how those are compressed makes no difference */
  SEALOS_KEEPS_LAYERS = 32u /* stores layers as they are, whatever is in them: encrypted ones too */
};
enum { SEALOS_REMOVE_ONLY_INDEX = 1u }; /* of remove: SEALOS_INVALID for what is no index */
enum {                     /* sealos_transport.flags: what its references may offer */
  SEALOS_CAN_READ = 1u, SEALOS_CAN_WRITE = 2u, SEALOS_CAN_LIST = 4u, SEALOS_CAN_REMOVE = 8u,
  SEALOS_CAN_SIGN = 16u, SEALOS_ASKS_CREDENTIALS = 32u
};
enum { SEALOS_PRESERVE = 0, SEALOS_COMPRESS = 1, SEALOS_DECOMPRESS = 2 };
enum { SEALOS_LOG_DEBUG = 0, SEALOS_LOG_INFO = 1, SEALOS_LOG_WARNING = 2, SEALOS_LOG_ERROR = 3 };

/* The caller zeroes it and sets struct_size, or passes NULL; the callee fills it
 * only when it fails. release goes through the error's own pointer. */
typedef struct sealos_error {
  uint32_t struct_size, flags;
  int64_t retry_after_ms; /* 0: no advice */
  const char *message;    /* one line, no trailing period; optional */
  void *impl;
  void (*release)(struct sealos_error *self); /* optional [serial] */
} sealos_error;

/* A labelled run of bytes; frozen, never grows. The label is a media type for a manifest ("":
 * unknown), a format for a signature ("simple-signing", "sigstore-json"), a name for a tag or
 * part of a credential. */
typedef struct sealos_item { const char *label; const void *data; size_t size; } sealos_item;

typedef struct sealos_blob {
  uint32_t struct_size, flags;
  const char *digest;             /* NULL: unknown */
  int64_t size;                   /* -1: unknown */
  const char *media_type;         /* NULL: unknown */
  const char *compression;        /* "gzip", "zstd", "": none, NULL: unknown */
  const char *const *urls;        /* NULL-terminated; optional */
  const char *const *annotations; /* key, value, ..., NULL; optional */
  const char *location;           /* means something to the transport only; optional */
  int64_t layer_index;            /* -1: not a layer */
} sealos_blob;

/* SEALOS_OK: go on. The emitter stops at, and returns, anything else, without an error. */
typedef sealos_status (*sealos_emit)(void *to, const sealos_item *item);
typedef sealos_status (*sealos_emit_blob)(void *to, const sealos_blob *blob);

/* A pull stream. Its reader either calls read until the end; or, if there is an fd, takes
 * exactly size bytes through it from where it stands (copy_file_range, sendfile, ...) and
 * then calls read once: 0 says that those bytes were the right ones, < 0 that they were
 * not. Only after such an end may anything made of the bytes be kept. */
typedef struct sealos_stream {
  uint32_t struct_size;
  int32_t fd;   /* -1: none; owned by the stream, a regular file; size is then known */
  int64_t size; /* bytes to come, when it is received; -1: unknown */
  void *impl;
  void (*release)(struct sealos_stream *self); /* [serial] */
  /* n > 0: bytes stored; 0: the end; < 0: a negated sealos_status. [serial] */
  int64_t (*read)(struct sealos_stream *self, void *into, size_t room, sealos_error *error);
} sealos_stream;

/* Services. One host, for the whole process, is given to start; another serves each
 * side of a copy, has its options and outlives what is opened with it. All [safe]. */
typedef struct sealos_host {
  uint32_t struct_size, abi_minor;
  const char *name, *version;
  void *impl;
  const void *(*get_extension)(const struct sealos_host *self, const char *id); /* or NULL */
  void (*log)(const struct sealos_host *self, int32_t level, const char *text);
  /* Not 0: return SEALOS_CANCELLED soon. Ask every MiB or second, or more often. */
  int32_t (*cancelled)(const struct sealos_host *self);
  int32_t (*cancel_fd)(const struct sealos_host *self); /* polls readable once cancelled; or -1 */
  /* total -1: unknown */
  void (*progress)(const struct sealos_host *self, const char *what, int64_t done, int64_t total);
  const char *(*option)(const struct sealos_host *self, const char *key); /* NULL: not set */
  const char *(*temp_dir)(const struct sealos_host *self);
  /* For "host[:port][/path]": items labelled "username", "password", "identitytoken" (an
   * OAuth2 refresh token) or "registrytoken" (a bearer token); SEALOS_NOT_FOUND: none known. */
  sealos_status (*credentials)(const struct sealos_host *self, const char *scope, sealos_emit emit,
                              void *to, sealos_error *error);
} sealos_host;

/* What one image is read from. Its data is unverified; verifying is the host's part. */
typedef struct sealos_source {
  uint32_t struct_size, flags;
  void *impl;
  void (*release)(struct sealos_source *self); /* [serial] */
  /* instance: a digest inside the index; NULL: the top level. Emits once, the very bytes. [parallel] */
  sealos_status (*read_manifest)(struct sealos_source *self, const char *instance, sealos_emit emit,
                                void *to, sealos_error *error);
  /* length -1: to the end. SEALOS_UNSUPPORTED if only the whole can be had. [parallel] */
  sealos_status (*open_blob)(struct sealos_source *self, const sealos_blob *blob, int64_t offset,
                            int64_t length, sealos_stream **out, sealos_error *error);
  sealos_status (*read_signatures)(struct sealos_source *self, const char *instance, sealos_emit emit,
                                  void *to, sealos_error *error); /* optional [parallel] */
  /* All layers in order, as readable here; none where they are as the manifest says. */
  sealos_status (*layer_infos)(struct sealos_source *self, const char *instance, sealos_emit_blob emit,
                              void *to, sealos_error *error); /* optional [parallel] */
  const void *(*get_extension)(struct sealos_source *self, const char *id); /* optional [safe] */
} sealos_source;

typedef struct sealos_reuse {
  uint32_t struct_size, flags; /* flags: 0 */
  const sealos_blob *blob;
  const sealos_blob *const *candidates; /* acceptable instead, best first, NULL-terminated */
  const char *compression;             /* required of what is used; NULL: any */
} sealos_reuse;

/* Order: try_reuse and put_blob, also again for what has failed; for each instance of an index
 * put_manifest and put_signatures, then the same for the index; commit; or, after a failure of any
 * of these, abort; release. Readers may or may not see anything before commit. Without commit all
 * that could be seen before stays as it was, also where the process dies: release alone is abort. */
typedef struct sealos_destination {
  uint32_t struct_size, flags;
  const char *const *manifest_types; /* NULL-terminated, best first; NULL: any */
  /* As sealos_blob.compression, NULL-terminated: layers are recoded to none but these, and come as
   * they are where they have another one already. NULL: any */
  const char *const *layer_compressions;
  const char *const *signature_formats; /* that put_signatures takes, NULL-terminated; NULL: any */
  int64_t compression;               /* SEALOS_PRESERVE, ... */
  void *impl;
  void (*release)(struct sealos_destination *self); /* [serial] */
  /* Emits digest, size, perhaps location. Where blob has a digest or size, the host ends
   * the stream well only if the bytes agree, so they need not be hashed again; without a
   * digest it is computed here, sha256. Keeps nothing of a stream that did not end well. A
   * failure of the stream is returned as it came. [parallel] */
  sealos_status (*put_blob)(struct sealos_destination *self, const sealos_blob *blob,
                           sealos_stream *from, sealos_emit_blob emit, void *to, sealos_error *error);
  /* Emits what it used, its location being where that was if it was elsewhere and is now here too;
   * SEALOS_NOT_FOUND, no error: put the blob. optional [parallel] */
  sealos_status (*try_reuse)(struct sealos_destination *self, const sealos_reuse *want,
                            sealos_emit_blob emit, void *to, sealos_error *error);
  /* SEALOS_MANIFEST_REJECTED: not of this type; it may come again as another. [serial] */
  sealos_status (*put_manifest)(struct sealos_destination *self, const char *instance,
                               const sealos_item *manifest, sealos_error *error);
  sealos_status (*put_signatures)(struct sealos_destination *self, const char *instance,
                                 const sealos_item *items, size_t count,
                                 sealos_error *error); /* optional [serial] */
  /* top: the source's top-level manifest. May emit a "reference" item. [serial] */
  sealos_status (*commit)(struct sealos_destination *self, const sealos_item *top, sealos_emit emit,
                         void *to, sealos_error *error);
  sealos_status (*abort)(struct sealos_destination *self, sealos_error *error); /* optional [serial] */
  const void *(*get_extension)(struct sealos_destination *self, const char *id); /* optional [safe] */
} sealos_destination;

/* A parsed name; immutable, and made without touching what it names. */
typedef struct sealos_reference {
  uint32_t struct_size, flags; /* flags: 0 */
  void *impl;
  void (*release)(struct sealos_reference *self); /* [serial] */
  const char *canonical;                /* parses back to an equal reference */
  const char *docker_name;              /* fully explicit; NULL: has none */
  const char *policy_identity;          /* "": only the transport's default applies */
  const char *const *policy_namespaces; /* wider and wider, NULL-terminated; optional */
  const char *cache_scope;              /* where locations may be compared; NULL: nowhere */
  sealos_status (*open_source)(const struct sealos_reference *self, const sealos_host *host,
                              sealos_source **out, sealos_error *error); /* optional [safe] */
  sealos_status (*open_destination)(const struct sealos_reference *self, const sealos_host *host,
                                   sealos_destination **out, sealos_error *error); /* optional [safe] */
  sealos_status (*list_tags)(const struct sealos_reference *self, const sealos_host *host,
                            sealos_emit emit, void *to, sealos_error *error); /* optional [safe] */
  /* flags: SEALOS_REMOVE_...; SEALOS_UNSUPPORTED for unknown ones. optional [safe] */
  sealos_status (*remove)(const struct sealos_reference *self, const sealos_host *host,
                         uint32_t flags, sealos_error *error);
  /* As open_destination, but what it gives only looks: it writes nothing, here or elsewhere. Of its
   * members the data, put_signatures (whether it is there), try_reuse, get_extension and release
   * are used. optional [safe] */
  sealos_status (*open_preview)(const struct sealos_reference *self, const sealos_host *host,
                               sealos_destination **out, sealos_error *error);
  const void *(*get_extension)(const struct sealos_reference *self,
                               const char *id); /* optional [safe] */
} sealos_reference;

typedef struct sealos_transport {
  uint32_t struct_size, flags; /* SEALOS_CAN_READ, ... */
  const char *name;            /* "docker-archive": what stands before the colon */
  /* key, meaning, ..., NULL: what it asks host->option for. A host refuses an option that
   * neither side of a copy lists. Keys of one transport begin with its name, "dir.mode";
   * those shared by many have none: "tls-verify" ("true", "false"; default "true"),
   * "cert-dir" (path), "retry" (a count), "retry-delay" ("500ms", "2s"). optional */
  const char *const *options;
  sealos_status (*parse_reference)(const struct sealos_transport *self, const sealos_host *host,
                                  const char *details, sealos_reference **out,
                                  sealos_error *error); /* [safe] */
  sealos_status (*check_policy_scope)(const struct sealos_transport *self, const char *scope,
                                     sealos_error *error); /* optional [safe] */
  const void *(*get_extension)(const struct sealos_transport *self,
                               const char *id); /* optional [safe] */
} sealos_transport;

/* The one exported symbol. Constant data, so that looking at it runs no plugin code. */
typedef struct sealos_plugin {
  uint32_t struct_size, abi_minor; /* the newest minor the plugin knows */
  const char *name, *version;
  sealos_status (*start)(const sealos_host *host, sealos_error *error); /* once per process */
  const sealos_transport *const *transports; /* NULL-terminated */
} sealos_plugin;
SEALOS_EXPORT extern const sealos_plugin sealos_plugin_v1;

#ifdef __cplusplus
}
#endif
#endif
