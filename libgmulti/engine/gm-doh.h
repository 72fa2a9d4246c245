/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-transfer-private.h"

/* Names asked for over HTTPS (RFC 8484): for the resolver of a multi, by transfers of that same multi that nobody sees. They
 * count nowhere, have no facts and no face, wait for no limit (who waits for them holds a place already), and are gone with
 * their answer. Their own server's name is the system's to find; whoever wants none of that writes it as an address, or
 * has an override for it. */

/* @user_data: the multi. */
extern const GmResolverHelper gm_doh_helper;

extern const GmClientOps gm_doh_client_ops;

/* One of them. */
static inline gboolean
gm_doh_is_asking (const GmTransfer *transfer)
{
  return transfer->client.ops == &gm_doh_client_ops;
}

/* It is done: tells the resolver, and frees it at the end of its step. */
void     gm_doh_done (GmTransfer *transfer);
