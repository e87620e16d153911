/* A library that mentions every type of the ABI, so that its debug information describes them all. abidiff compares it
 * with sealos-abi-1.abixml; see gate.py. */
#include "sealos/abi.h"
#include "sealos/ext/login.h"
#include "sealos/ext/referrers.h"
#include "sealos/ext/registries.h"

SEALOS_EXPORT void sealos_surface_items(const sealos_item *a, const sealos_blob *b, const sealos_reuse *c, sealos_emit d,
                                        sealos_emit_blob e, sealos_status f) {
  (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
}
SEALOS_EXPORT void sealos_surface_objects(const sealos_host *a, sealos_source *b, sealos_destination *c, sealos_reference *d,
                                          const sealos_transport *e, sealos_stream *f, sealos_error *g,
                                          const sealos_plugin *h) {
  (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
}
SEALOS_EXPORT void sealos_surface_extensions(const sealos_login *a, const sealos_source_referrers *b,
                                             const sealos_destination_referrers *c, const sealos_registries *d,
                                             const sealos_registry_place *e, sealos_emit_place f) {
  (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
}
