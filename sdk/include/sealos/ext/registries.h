/* sealos/ext/registries.h - where an image of a registry is really read from, and what may
 * be written to: what the user's configuration (registries.conf) says. Given by a host's
 * get_extension(SEALOS_REGISTRIES); without it every image is at its own registry. */
#ifndef SEALOS_EXT_REGISTRIES_H
#define SEALOS_EXT_REGISTRIES_H
#include "sealos/abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define SEALOS_REGISTRIES "sealos.registries/1"

enum {                                  /* sealos_registry_place.flags */
  SEALOS_PLACE_INSECURE = 1u,           /* where "tls-verify" is not set it is "false" here */
  SEALOS_PLACE_MIRROR = 2u              /* not the registry that the image was named by */
};

typedef struct sealos_registry_place {
  uint32_t struct_size, flags;
  const char *name; /* "host[:port]/path[:tag][@digest]" */
} sealos_registry_place;

/* As sealos_emit. */
typedef sealos_status (*sealos_emit_place)(void *to, const sealos_registry_place *place);

typedef struct sealos_registries {
  uint32_t struct_size, flags; /* flags: 0 */
  /* Emits, at least one and in order, where to try to read the image `name`, written as in
   * sealos_registry_place. SEALOS_DENIED: the registry is blocked. [safe] */
  sealos_status (*places_to_read)(const sealos_host *host, const char *name, sealos_emit_place emit,
                                  void *to, sealos_error *error);
  /* Emits the one place to write or list `name`: itself. SEALOS_DENIED as above. [safe] */
  sealos_status (*place_to_write)(const sealos_host *host, const char *name, sealos_emit_place emit,
                                  void *to, sealos_error *error);
} sealos_registries;

#ifdef __cplusplus
}
#endif
#endif
