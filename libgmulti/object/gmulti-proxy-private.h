/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-errand-private.h"
#include "gmulti-proxy.h"

/* Which way transfers go: a fixed proxy is told to the engine, any other resolver is asked when the engine wants to
 * know. */

/* ---- gmulti-proxy.c: any thread, it does not change ---- */

/* Sets what it says for @engine, which must not outlive it. NULL: nothing of any fixed proxy stays there, for its fields
 * and its ways are for it alone. */
void     gm_face_proxy_apply       (GMultiProxy *self,
                                    GmTransfer *engine);

/* (nullable): its database, if that has to be asked about each certificate. */
GTlsDatabase *gm_face_proxy_get_database (GMultiProxy *self);

/* ---- gmulti-proxy-lookup.c: the engine's thread ---- */

/* There may be something to learn from it: GIO's stand-in for no resolver at all always says "direct://". */
gboolean gm_proxy_lookup_is_needed (GProxyResolver *resolver);
/* For gm_core_get_proxy_memory(). */
GHashTable *gm_proxy_lookup_new_memory (void);
/* Whether it holds that the origin of @url needs no proxy; then @until, which is later than @now. */
gboolean gm_proxy_lookup_is_direct (GHashTable *memory,
                                    const GmUrl *url,
                                    gint64 now,
                                    gint64 *until);
/* Asks @errand->resolver about the URI in @question, from a dispatch of the session's context, and answers the errand
 * with what it says. With @at_once it is asked here and now: nobody turns the context, as the application waits in a
 * blocking call. */
void     gm_proxy_lookup_begin     (GmErrand *errand,
                                    int priority,
                                    const GmQuestion *question,
                                    gboolean at_once);
/* The errand ends: who was not asked yet is not asked any more. A context that nobody turns again would keep the question
 * for ever, and that the errand, its core and the context itself. */
void     gm_proxy_lookup_forget    (GmErrand *errand);
