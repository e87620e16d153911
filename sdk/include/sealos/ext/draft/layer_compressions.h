/* sealos/ext/draft/layer_compressions.h - the compressions in which a destination takes layers. Given
 * by get_extension of a destination under SEALOS_LAYER_COMPRESSIONS; without it, it takes any. */
#ifndef SEALOS_EXT_LAYER_COMPRESSIONS_H
#define SEALOS_EXT_LAYER_COMPRESSIONS_H
#include "sealos/abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define SEALOS_LAYER_COMPRESSIONS "sealos.layer-compressions/1"

typedef struct sealos_layer_compressions {
  uint32_t struct_size, flags; /* flags: 0 */
  /* As sealos_blob.compression, NULL-terminated. Layers are not recoded to others on the way; those
   * that have another one already come as they are. Lives as long as the destination. */
  const char *const *names;
} sealos_layer_compressions;

#ifdef __cplusplus
}
#endif
#endif
