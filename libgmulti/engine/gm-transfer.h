/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-client.h"
#include "gm-headers.h"
#include "http/gm-http-stores.h"
#include "gm-info.h"
#include "gm-options.h"
#include "gm-question.h"
#include "gm-rates.h"
#include "gm-result.h"
#include "gm-url.h"

/* A transfer (the easy handle): settings, one run at a time on a multi, and what is known of the last run. Not
 * thread-safe; all calls for the thread that turns its multi. Settings may change at any time; what is not live is seen
 * when the transfer is next added. */

typedef struct _GmTransfer GmTransfer;
typedef struct _GmMulti GmMulti;

typedef enum
{
  GM_STATE_IDLE, /* not in a multi, or in it and not yet looked at again */
  GM_STATE_STARTING, /* added, waits for its first turn */
  GM_STATE_PENDING, /* waits for a connection that limits forbid now */
  GM_STATE_CONNECTING,
  GM_STATE_RUNNING, /* the protocol has the word */
  GM_STATE_DONE, /* result known; still in the multi until removed */
} GmTransferState;

typedef enum
{
  GM_PAUSE_NONE = 0,
  GM_PAUSE_RECV = 1 << 0,
  GM_PAUSE_SEND = 1 << 2,
} GmPause;

/* ---- life ---- */
GmTransfer      *gm_transfer_new         (const GmClientOps *ops,
                                          gpointer face);
/* A new one with the same settings (lists and post data stay borrowed from the same place). */
GmTransfer      *gm_transfer_dup         (GmTransfer *self,
                                          gpointer face);
/* Takes over all settings of @from, sharing them until one differs. Not while in a multi. */
void             gm_transfer_assign      (GmTransfer *self,
                                          GmTransfer *from);
/* Settings back to the defaults; what is known of the last run is forgotten. Not while in a multi. */
void             gm_transfer_reset       (GmTransfer *self);
/* Takes it out of its multi if need be. Inside one of its own questions the memory goes at the end of the step. */
void             gm_transfer_free        (GmTransfer *self);
gpointer         gm_transfer_get_face    (GmTransfer *self);
/* It is none of a face's: the engine made it to find a name. Its sockets are watched like others. */
gboolean         gm_transfer_is_hidden   (GmTransfer *self);
GmTransfer      *gm_transfer_from_client (GmClient *client);
void             gm_transfer_set_ops     (GmTransfer *self,
                                          const GmClientOps *ops);
guint64          gm_transfer_get_id      (GmTransfer *self); /* for the trace; never reused */

/* ---- settings: GM_BAD_REQUEST when out of range, of another type, or not for this option ---- */
GmResult         gm_transfer_set_int     (GmTransfer *self,
                                          GmOption option,
                                          gint64 value);
GmResult         gm_transfer_set_string  (GmTransfer *self,
                                          GmOption option,
                                          const char *value); /* (nullable) */
/* The same with a GRefString, of which it takes a reference instead of a copy. */
GmResult         gm_transfer_set_shared  (GmTransfer *self,
                                          GmOption option,
                                          char *value);
/* What was given as GM_OPTION_HEADERS. */
const GmStringList *gm_transfer_get_request_headers (GmTransfer *self);
GmResult         gm_transfer_set_list    (GmTransfer *self,
                                          GmOption option,
                                          const GmStringList *list); /* (nullable), stays the caller's */
GmResult         gm_transfer_set_pointer (GmTransfer *self,
                                          GmOption option,
                                          const void *pointer); /* (nullable), stays the caller's */
GmResult         gm_transfer_set_bytes   (GmTransfer *self,
                                          GmOption option,
                                          GBytes *bytes); /* (nullable) */
/* Cookies and the like, shared with whoever has them; not in the table of options. (nullable) */
void             gm_transfer_set_stores  (GmTransfer *self,
                                          GmHttpStores *stores);
GmHttpStores    *gm_transfer_get_stores  (GmTransfer *self); /* (nullable) */
gint64           gm_transfer_get_int     (GmTransfer *self,
                                          GmOption option);
const char      *gm_transfer_get_string  (GmTransfer *self,
                                          GmOption option); /* (nullable) */

/* Speed limits that it has in common with some others, beside its own and those of all in its multi; at any time.
 * (nullable) */
void             gm_transfer_set_rates   (GmTransfer *self,
                                          GmRates *rates);

/* ---- running ---- */
/* Limits that it shares are others now: it need not wait for the old ones. */
void             gm_transfer_look_at_rates (GmTransfer *self);
/* How urgent its answer is, 0 to 7 (RFC 9218); at any time, and a server that can be told is told. */
void             gm_transfer_set_urgency (GmTransfer *self,
                                          guint urgency);
/* @pause is the whole new mask. Lifting a pause offers kept data at the transfer's next turn, which is at once. */
void             gm_transfer_pause       (GmTransfer *self,
                                          GmPause pause);
GmPause          gm_transfer_get_pause   (GmTransfer *self);
/* TRUE while a paused or unread client keeps bytes in the engine. */
gsize            gm_transfer_get_held    (GmTransfer *self);
/* The socket of its connection now or, after it is done, of the last one while that is still open; -1 = none. @multi:
 * the one it is in, or was in last. */
int              gm_transfer_get_fd      (GmTransfer *self,
                                          GmMulti *multi);

/* The gnutls_session_t of its connection while it has one, or of the one that was left to it. (nullable) */
gpointer         gm_transfer_get_tls_session (GmTransfer *self);

/* ---- bytes of the user's own, after a run with GM_CONNECT_ONLY_FOR_USER that ended well ---- */
/* As gm_connection_send() and gm_connection_recv(), after a look at the socket; BAD_REQUEST: it has no connection. */
GmResult         gm_transfer_send_raw    (GmTransfer *self,
                                          const char *data,
                                          gsize len,
                                          gsize *n_sent);
GmResult         gm_transfer_recv_raw    (GmTransfer *self,
                                          char *data,
                                          gsize len,
                                          gsize *n_read);
/* Closes it. Otherwise it goes with the next run, with the transfer or with the multi. */
void             gm_transfer_drop_raw    (GmTransfer *self);

/* What it waits to be told, or NULL; GM_OPTION_ASK says which questions come. Valid until the next turn. */
const GmQuestion *gm_transfer_get_question (GmTransfer *self);
/* Answers the question that had @serial; one that is not open any more gets no answer, and that is nobody's fault. Takes
 * @data (nullable). */
void             gm_transfer_answer      (GmTransfer *self,
                                          guint64 serial,
                                          GmReply reply,
                                          GmAnswerData *data);

/* ---- what is known ---- */
GmTransferState  gm_transfer_get_state   (GmTransfer *self);
GmMulti         *gm_transfer_get_multi   (GmTransfer *self); /* (nullable) */
GmResult         gm_transfer_get_result  (GmTransfer *self); /* GM_AGAIN until it is done */
const GmError   *gm_transfer_get_error   (GmTransfer *self);
const GmInfo    *gm_transfer_get_info    (GmTransfer *self);
void             gm_transfer_take_info   (GmTransfer *self, /* from one that is only to be freed, or added anew */
                                          GmInfo *info);
GmHeaders       *gm_transfer_get_headers (GmTransfer *self); /* (nullable): of all heads so far, by origin and request */
GmUrl           *gm_transfer_get_url     (GmTransfer *self); /* (nullable): the effective one */
GmPhase          gm_transfer_get_phase   (GmTransfer *self);
/* Bytes per second over the last few seconds, down and up. */
guint64          gm_transfer_get_speed   (GmTransfer *self,
                                          gboolean upload);
/* The word the current request uses: "GET". */
const char      *gm_transfer_get_method  (GmTransfer *self);
