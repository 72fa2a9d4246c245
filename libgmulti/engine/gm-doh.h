/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-transfer-private.h"

/* Names asked for over HTTPS (RFC 8484): for the resolver of a multi, by transfers of that same multi that nobody sees. They
 * count nowhere, have no facts and no face, wait for no limit (who waits for them holds a place already), and are gone with
 * their answer. Their own server's name is the system's to find; whoever wants none of that writes it as an address, or
 * has an override for it. One that is asked about a certificate is answered by the face of a transfer that waits for its answer,
 * as if the question were that transfer's. */

/* @user_data: the multi. */
extern const GmResolverHelper gm_doh_helper;

extern const GmClientOps gm_doh_client_ops;

/* One of them. */
static inline gboolean
gm_doh_is_asking (const GmTransfer *transfer)
{
  return transfer->client.ops == &gm_doh_client_ops;
}

/* It has a question: tells that of one who waits, or declines it. */
void     gm_doh_tell_question (GmTransfer *transfer);
/* (nullable): what @asker is to be asked in its place. */
const GmQuestion *gm_doh_get_question (GmTransfer *asker);
/* FALSE: no such question had @serial. Takes @data if it had. */
gboolean gm_doh_answer (GmTransfer *asker,
                        guint64 serial,
                        GmReply reply,
                        GmAnswerData *data);
/* @asker waits no more: somebody else is asked. */
void     gm_doh_forget_asker (GmTransfer *asker);
/* It is done: tells the resolver, and frees it at the end of its step. */
void     gm_doh_done (GmTransfer *transfer);
