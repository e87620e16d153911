/* sealos/ext/draft/signature_places.h - where signatures of an image of a registry are stored, which
 * the registry itself may not do: what the user's configuration (registries.d) says. Given by a
 * host's get_extension(SEALOS_SIGNATURE_PLACES). */
#ifndef SEALOS_EXT_SIGNATURE_PLACES_H
#define SEALOS_EXT_SIGNATURE_PLACES_H
#include "sealos/abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define SEALOS_SIGNATURE_PLACES "sealos.signature-places/1"

typedef struct sealos_signature_places {
  uint32_t struct_size, flags; /* flags: 0 */
  /* For the image "host[:port]/path[:tag][@digest]": items labelled "read" and "write", the addresses
   * (file:, http:, https:) under which the folders of its repository are; "unconfigured", with no
   * data, where these are the usual ones since nothing is configured; "attachments", with no data,
   * where sigstore signatures are stored in the registry, beside the image. [safe] */
  sealos_status (*find)(const sealos_host *host, const char *name, sealos_emit emit, void *to,
                        sealos_error *error);
} sealos_signature_places;

#ifdef __cplusplus
}
#endif
#endif
