/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-connection.h"

/* Which layers a connection needs for its key, and in what order: from the bottom sockets that race, what gets through
 * proxies, TLS towards the server. */

/* Stacks them under a new connection, whose chain is empty. */
void gm_chain_stack (GmConnection *self,
                     GmResolver *resolver,
                     const GmPoolKey *key);

/* What is offered by ALPN to the server of @key, best first; NULL = nothing. Static. */
const char *const *gm_chain_get_alpn (const GmPoolKey *key);
