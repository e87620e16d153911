/* sealos/ext/draft/ordered_blobs.h - a destination that writes blobs one behind the other, as into an
 * archive, and still takes several at a time. Given by get_extension of a destination without
 * SEALOS_PARALLEL; a host that does not know it makes one call at a time, with the same result.
 *
 * For each blob in turn the host calls try_reuse, and put_blob if the blob has to be put. The next
 * blob's turn comes when the blob is there, or, if its size was given to put_blob, as soon as its
 * stream has been read from once: from then on calls overlap, but never two of one turn. A blob that
 * failed may be put again later. Blobs whose size is known therefore do not wait for each other, so
 * that it is worth while to find sizes out. All other members remain [serial]. */
#ifndef SEALOS_EXT_ORDERED_BLOBS_H
#define SEALOS_EXT_ORDERED_BLOBS_H
#include "sealos/abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define SEALOS_ORDERED_BLOBS "sealos.ordered-blobs/1"

typedef struct sealos_ordered_blobs {
  uint32_t struct_size, flags; /* flags: 0 */
} sealos_ordered_blobs;

#ifdef __cplusplus
}
#endif
#endif
