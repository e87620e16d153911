/* sealos/ext/draft/names.h - the images that are on this machine. Given by a transport's
 * get_extension(SEALOS_NAMES). */
#ifndef SEALOS_EXT_NAMES_H
#define SEALOS_EXT_NAMES_H
#include "sealos/abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define SEALOS_NAMES "sealos.names/1"

typedef struct sealos_names {
  uint32_t struct_size, flags; /* flags: 0 */
  /* Emits an item without data for each name, whose label stands after the transport and its colon;
   * in no order. A person waits for it: it is quick, and asks no other machine. [safe] */
  sealos_status (*list)(const sealos_host *host, sealos_emit emit, void *to, sealos_error *error);
} sealos_names;

#ifdef __cplusplus
}
#endif
#endif
