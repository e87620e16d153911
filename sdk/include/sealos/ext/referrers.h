/* sealos/ext/referrers.h - manifests that belong to another one: signatures, attestations, bills of
 * materials. Referrers name it as their subject (OCI image specification 1.1); attached ones do not,
 * and stand beside it under a name made of its digest, as cosign puts them. Given by get_extension
 * of a source (sealos_source_referrers) and of a destination (sealos_destination_referrers), both
 * under SEALOS_REFERRERS; either may lack it. */
#ifndef SEALOS_EXT_REFERRERS_H
#define SEALOS_EXT_REFERRERS_H
#include "sealos/abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define SEALOS_REFERRERS "sealos.referrers/1"

typedef struct sealos_source_referrers {
  uint32_t struct_size, flags; /* flags: 0 */
  /* Emits the descriptors (JSON) of the manifests whose subject has this digest, labelled with
   * their own digests, each once; artifact_type NULL: of every type. None at all is no error. What
   * they describe is read with read_manifest and open_blob of the same source. [parallel] */
  sealos_status (*list)(sealos_source *self, const char *subject, const char *artifact_type,
                        sealos_emit emit, void *to, sealos_error *error);
  /* Emits the descriptors (JSON) of the manifests that are attached to the one with this digest,
   * labelled with their kinds, each once: "sig", "att", "sbom". They are read like the listed
   * ones. optional [parallel] */
  sealos_status (*list_attached)(sealos_source *self, const char *subject, sealos_emit emit,
                                 void *to, sealos_error *error);
} sealos_source_referrers;

/* Where the host's option "referrers-only" is "true" a destination is opened to add to an image that
 * is there: no manifest is put but with put or put_attached, and commit keeps all that was there. */
typedef struct sealos_destination_referrers {
  uint32_t struct_size, flags; /* flags: 0 */
  /* Stores, by its digest, a manifest that has a subject, so that list will find it. Its blobs have
   * been put. Not after commit, which may be what makes it seen. SEALOS_INVALID: it has no subject.
   * [serial] */
  sealos_status (*put)(sealos_destination *self, const sealos_item *manifest, sealos_error *error);
  /* As sealos_source_referrers.list, of those that are there and will still be after commit. The
   * subject need not be there. optional [serial] */
  sealos_status (*list)(sealos_destination *self, const char *subject, const char *artifact_type,
                        sealos_emit emit, void *to, sealos_error *error);
  /* Stores a manifest so that list_attached will find it, in place of another one of this kind.
   * Otherwise as put. optional [serial] */
  sealos_status (*put_attached)(sealos_destination *self, const char *subject, const char *kind,
                                const sealos_item *manifest, sealos_error *error);
} sealos_destination_referrers;

#ifdef __cplusplus
}
#endif
#endif
