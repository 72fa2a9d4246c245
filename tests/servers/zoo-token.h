/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "zoo.h"

/* Tokens of PKCS #11, as smart cards are: those of SoftHSM, in a folder of their own that goes with the process. They have
 * to be made before anything of PKCS #11 is used, which is by zoo_token_start(). */

/* With the certificate and its key as object "me". FALSE: the tools are not installed here. */
gboolean zoo_token_make  (const char *label,
                          const char *pin_code,
                          ZooCertificate *certificate);
/* Plugs them in. @module (nullable): in SoftHSM's place; the path of one that passes on what it does not do itself. */
void     zoo_token_start (const char *module);
