/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-result.h"

/* What a TLS connection came to be: made once, after the handshake, then shared by the connection and by the transfers
 * that used it. Never changed. */
typedef struct
{
  gatomicrefcount refs;
  GPtrArray *chain; /* (owned) (element-type GBytes): DER, the peer's own certificate first */
  const char *version; /* static: "TLS1.3"; (nullable) */
  char *cipher; /* (owned) (nullable): "TLS_AES_256_GCM_SHA384" */
  char *alpn; /* (owned): what was chosen; empty = nothing */
  char *name; /* (owned): whom we took the peer for */
  GmResult verdict; /* on the certificate, also where nobody wanted to know: GM_OK or TLS_* */
  gboolean checked; /* chain and name were both looked at, and good without anybody's leave */
  gboolean resumed;
} GmTlsInfo;

GmTlsInfo *gm_tls_info_ref   (GmTlsInfo *self);
void       gm_tls_info_unref (GmTlsInfo *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmTlsInfo, gm_tls_info_unref)
