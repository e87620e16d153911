/* sealos/ext/login.h - whether a login is right. Given by a transport's
 * get_extension(SEALOS_LOGIN); transports that have it keep SEALOS_ASKS_CREDENTIALS. */
#ifndef SEALOS_EXT_LOGIN_H
#define SEALOS_EXT_LOGIN_H
#include "sealos/abi.h"
#ifdef __cplusplus
extern "C" {
#endif

#define SEALOS_LOGIN "sealos.login/1"

typedef struct sealos_login {
  uint32_t struct_size, flags; /* flags: 0 */
  /* Asks the server of `scope`, "host[:port][/path]", whether it takes what host->credentials says
   * for it; options as for opening a source. SEALOS_UNAUTHENTICATED: it does not. [safe] */
  sealos_status (*check)(const sealos_host *host, const char *scope, sealos_error *error);
} sealos_login;

#ifdef __cplusplus
}
#endif
#endif
