/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "gm-auth.h"
#include "gm-multi.h"

/* Everything that a proxy may say, to CONNECT, to a forwarded request and to SOCKS, and what comes through it then: all of
 * fuzz-response.c, with a proxy that has a login. The second byte of the input chooses the kind, too. The proxy's address
 * is a number, and the server's name is the proxy's affair. */

static void
set_proxy (GmTransfer *transfer,
           guint8 choice)
{
  static const char *const proxies[] = {
    "http://me:secret@192.0.2.1:3128",    "http://me:secret@192.0.2.1:3128",     "http://192.0.2.1:3128",
    "socks5h://me:secret@192.0.2.1:1080", "socks4a://me:secret@192.0.2.1:1080",
  };
  guint kind = choice % G_N_ELEMENTS (proxies);

  gm_transfer_set_string (transfer, GM_OPTION_PROXY, proxies[kind]);
  gm_transfer_set_int (transfer, GM_OPTION_PROXY_TUNNEL, kind != 1);
  gm_transfer_set_int (transfer, GM_OPTION_PROXY_AUTH, GM_AUTH_BASIC | GM_AUTH_DIGEST);
  gm_transfer_set_int (transfer, GM_OPTION_AUTH, GM_AUTH_BASIC | GM_AUTH_DIGEST);
  gm_transfer_set_int (transfer, GM_OPTION_PROXY_HIDES_HEAD, choice >> 7);
}

#define FUZZ_SET_UP(transfer, choice) set_proxy (transfer, choice)
#include "fuzz-response.c"
