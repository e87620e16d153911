/* sealos/ext/draft/signature_check.h - whether a destination stores signatures of some format, where
 * that depends on more than the transport. Given by get_extension of a destination that has
 * put_signatures; without it, it stores those of its signature_formats. */
#ifndef SEALOS_EXT_SIGNATURE_CHECK_H
#define SEALOS_EXT_SIGNATURE_CHECK_H
#include "sealos/abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define SEALOS_SIGNATURE_CHECK "sealos.signature-check/1"

typedef struct sealos_signature_check {
  uint32_t struct_size, flags; /* flags: 0 */
  /* Before anything is written, and without writing: SEALOS_OK if put_signatures will store
   * signatures whose label is `format`; else what stands in the way. [serial] */
  sealos_status (*check)(sealos_destination *self, const char *format, sealos_error *error);
} sealos_signature_check;

#ifdef __cplusplus
}
#endif
#endif
