/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-multi.h"
#include "gm-progress.h"
#include "gm-proxy-choice.h"
#include "gm-request.h"

/* The inside of a transfer, for the engine's own files. Who writes what: gm-transfer.c settings and life,
 * gm-transfer-states.c the state (by its one setter) and everything of the run, gm-transfer-proxy.c the way that it goes,
 * gm-multi.c the links. */

/* Settings of this ring; see GmConnectSettings for how blocks are shared. */
typedef struct
{
  gatomicrefcount refs; /* unused in the static default */
  char *url; /* GRefString, (nullable) */
  char *default_scheme; /* GRefString, (nullable) */
  gint64 low_speed_limit;
  gint64 max_recv_speed;
  gint64 max_send_speed;
  guint protocols;
  guint redirect_protocols;
  guint timeout_ms;
  guint connect_timeout_ms;
  guint response_timeout_ms;
  guint low_speed_time_ms;
  guint max_buffer;
  guint ask; /* 1 << GmQuestionKind */
  guint16 port;
  guint8 guess_scheme;
  guint8 path_as_is;
  guint8 refuse_credentials;
  guint8 connect_only; /* GmConnectOnly */
} GmTransferSettings;

/* The login that somebody was asked for, for one proxy; it stays with the run. */
typedef struct
{
  GmQuestionData *wanted; /* (owned): who asked last, and for what */
  char *user; /* (owned) (nullable): none yet */
  char *password; /* (owned) (nullable): wiped */
  guint status; /* of the refusal */
  guint8 socks; /* it is that kind of proxy */
  guint8 open; /* nobody has answered yet */
} GmProxyLogin;

/* What a transfer has only between the end of waiting and its result. */
typedef struct
{
  GmRequest request;
  GmSource source;
  const GmTransferSettings *transfer_settings; /* (owned): as they were when the run began */
  const GmConnectSettings *connect_settings; /* (owned) */
  const GmConnectSettings *plain_settings; /* (owned) (nullable): those before somebody gave this origin a certificate */
  const GmRequestSettings *request_settings; /* (owned) */
  GmUrl *origin; /* (owned): the URL the user named */
  GmUrl *referer; /* (owned) (nullable) */
  GString *ways_tried; /* (owned) (nullable): those of @proxies that did not work, and why */
  GmProxyLogin *proxy_login; /* (owned) (nullable) */
  char **proxies; /* (owned) (nullable): what the face answered for this URL, to be tried in order */
  guint8 begun; /* protocol->begin() was called for this hop */
  guint8 fresh; /* not from the pool: a pooled one has just proved dead */
  guint8 old_version; /* the server wants HTTP/1.1 for this */
  guint8 no_route; /* an alternative of this hop's origin did not work */
  guint16 proxy_index; /* the one that is tried */
  guint n_refused; /* times this hop was refused unseen */
  guint n_hops;
  GmQuestion question;
  GmJob *stores_job; /* (owned) (nullable): files of the stores are being read */
  GmAltSvcRoute *route; /* (owned) (nullable): this hop goes to an alternative of its origin */
  gint64 connect_left; /* µs that connecting may still take, while its clock stands still; 0 = it does not */
  gint64 response_clock; /* µs: since when an answer is waited for; 0 = not */
  char arena[GM_REQUEST_ARENA];
} GmRun;

typedef enum
{
  GM_DEADLINE_TOTAL,
  GM_DEADLINE_CONNECT,
  GM_DEADLINE_RESPONSE,
  GM_DEADLINE_SPEED,
  GM_DEADLINE_RATE, /* a speed limit lets more through */
  GM_DEADLINE_WAKE, /* the protocol's wish */
  GM_DEADLINE_PROGRESS,
  GM_N_DEADLINES,
} GmDeadline;

/* A connection that was left to the user. */
typedef struct
{
  GmConnection *connection; /* (unowned): BUSY, and nobody else's */
  GmMulti *multi; /* (unowned): where it is from */
  GList link; /* there; data = the transfer */
} GmRaw;

struct _GmTransfer
{
  GmRunnable runnable; /* first member */
  GmClient client;
  guint64 id;

  /* settings */
  const GmTransferSettings *transfer_settings; /* (owned) */
  const GmConnectSettings *connect_settings; /* (owned) */
  const GmRequestSettings *request_settings; /* (owned) */

  /* in the multi */
  GmMulti *multi; /* (unowned) (nullable) */
  GList link;
  GList fact_link; /* data is NULL while no fact is noted */
  guint facts;

  /* this run */
  GmTransferState state;
  GmResult result;
  guint stepping; /* > 0 while a step or the removal is on the stack */
  guint8 doomed : 1; /* remove at the end of the step */
  guint8 dead : 1; /* free at the end of the step */
  guint8 last_method; /* GmMethod of the last request, once there was one */
  guint8 last_custom_method; /* it went by the user's own word */
  guint8 has_run;
  guint8 last_phase; /* GmPhase that was noted last while connecting */
  guint32 last_question; /* serial: another run's question is another one */
  guint overrides_fed; /* serial of the cache that has them since they were last set; 0 = none */
  GmFlow flow;
  GmRun *run; /* (owned) (nullable) */
  GmPoolWaiter waiter;
  GmTimer timer; /* the earliest of deadlines[] */
  gint64 deadlines[GM_N_DEADLINES]; /* µs, 0 = not set */
  GmBucket recv_bucket;
  GmBucket send_bucket;
  GmRates *group_rates; /* (owned) (nullable): shared with some others */
  GmSlowness slowness;
  GmMeter recv_meter;
  GmMeter *send_meter; /* (owned) (nullable): since it sent a body */
  guint32 last_slot; /* socket of the last connection, for gm_transfer_get_fd() */
  guint32 last_generation;
  GmRaw *raw; /* (owned) (nullable): for the user's own bytes */

  /* what is known */
  GmUrl *url; /* (owned) (nullable): the effective one */
  GmHeaders *headers; /* (owned) (nullable) */
  GmInfo info;
  GmError error;
};

extern const GmTransferSettings gm_transfer_settings_default;
const GmTransferSettings *gm_transfer_settings_ref (const GmTransferSettings *self);
void     gm_transfer_settings_unref (const GmTransferSettings *self);

/* ---- for gm-multi.c ---- */
/* The one setter of the state; checks the edge. */
void     gm_transfer_set_state  (GmTransfer *self,
                                 GmTransferState state);
void     gm_transfer_start      (GmTransfer *self); /* added: its first turn is queued */
/* Leaves the run: connection, waiting, timers. The result is known, or it is removed before that. */
void     gm_transfer_end_run    (GmTransfer *self,
                                 gboolean keep_connection);
void     gm_transfer_destroy    (GmTransfer *self);

/* ---- for gm-transfer-states.c, given by gm-transfer-stores.c ---- */
/* Before each hop of a transfer that has stores: OK, AGAIN (it will be given a turn) or what it fails with. May change the
 * URL, from http: to https:, and where to connect to. */
GmResult gm_transfer_consult_stores (GmTransfer *self);
void     gm_transfer_take_route (GmTransfer *self,
                                 GmPoolKey *key);
void     gm_transfer_leave_route (GmTransfer *self); /* this hop goes to the origin after all */
void     gm_transfer_lose_route (GmTransfer *self); /* it did not work: never again */

/* ---- for gm-transfer-states.c, given by gm-transfer-proxy.c ---- */
/* For a hop that perhaps goes by a proxy: fills the request's proxy (NULL = none). AGAIN while somebody is asked. */
GmResult gm_transfer_choose_proxy (GmTransfer *self);
/* What failed was this way, and the list that was answered has more. */
gboolean gm_transfer_has_another_way (GmTransfer *self,
                                 GmResult result);
void     gm_transfer_take_another_way (GmTransfer *self,
                                 GmResult why);
void     gm_transfer_forget_ways (GmRun *run); /* the list is another URL's */
/* A proxy did not let the connection through, and another login may do: before the connection is left, want; then the
 * choice of the proxy asks for one. */
gboolean gm_transfer_may_log_in_to_proxy (GmTransfer *self,
                                          GmResult result);
void     gm_transfer_want_proxy_login (GmTransfer *self);
void     gm_transfer_forget_proxy_login (GmRun *run);
extern const GmTunnelOps gm_transfer_tunnel_ops;

/* ---- for gm-transfer-stores.c, given by gm-transfer-states.c ---- */
/* The request's URL and origin are the transfer's; what may travel there. */
void     gm_transfer_place_request (GmTransfer *self);

/* (nullable): of this run. */
static inline GmStory *
gm_transfer_story (GmTransfer *self)
{
  return self->run->question.story;
}

/* ---- for gm-transfer-states.c, given by gm-transfer-story.c ---- */
/* Each tells the story, if there is one. */
void     gm_transfer_tell_left  (GmTransfer *self); /* connecting ends before it has led anywhere */
void     gm_transfer_tell_wait  (GmTransfer *self,
                                 GmPoolRoom room);
void     gm_transfer_tell_connected (GmTransfer *self);
void     gm_transfer_tell_redirect (GmTransfer *self,
                                 const GmUrl *to);
void     gm_transfer_tell_retry (GmTransfer *self,
                                 GmResult why);
/* Somebody is asked: the clock for connecting stands still until the answer, and then goes on. */
void     gm_transfer_hold_clock    (GmTransfer *self);
void     gm_transfer_release_clock (GmTransfer *self);
void     gm_transfer_tell_question (GmTransfer *self);
void     gm_transfer_tell_answer (GmTransfer *self,
                                 GmReply reply);
void     gm_transfer_tell_failure (GmTransfer *self,
                                 GmResult result);

/* ---- for gm-transfer-states.c, given by gm-transfer-raw.c ---- */
/* The connection just made is the user's from now on. */
void     gm_transfer_keep_raw   (GmTransfer *self);

/* ---- for gm-doh.c, given by gm-multi.c ---- */
const GQueue *gm_multi_get_hidden (GmMulti *self); /* (element-type GmTransfer) */
/* Not among those that are counted and listed. AFTER_FORK. */
GmResult gm_multi_add_hidden    (GmMulti *self,
                                 GmTransfer *transfer);

/* ---- for gm-transfer-states.c and gm-transfer-raw.c, given by gm-multi.c ---- */
GQueue  *gm_multi_get_raws      (GmMulti *self); /* (element-type GmTransfer): those that have a connection left to them */
GmProxyEnvironment *gm_multi_get_proxy_environment (GmMulti *self);
void     gm_multi_note          (GmMulti *self,
                                 GmTransfer *transfer,
                                 GmFact fact);
GmRun   *gm_multi_take_run      (GmMulti *self); /* zeroed */
void     gm_multi_give_run      (GmMulti *self,
                                 GmRun *run);
/* It shares its group's rates no longer. */
static inline void
gm_transfer_leave_rates (GmTransfer *self)
{
  if (self->group_rates != NULL)
    gm_rates_share (self->group_rates, -1);
}

/* (nullable): what all transfers together may move; NULL without limits. */
GmRates *gm_multi_get_rates     (GmMulti *self);
void     gm_multi_is_done       (GmMulti *self,
                                 GmTransfer *transfer);
/* Before that, where a foreign loop watches and the connection of @transfer is kept: of the last one that runs the watch goes in
 * its own name, which the application knows; see gm_multi_rest() for the others. */
void     gm_multi_rest_last     (GmMulti *self,
                                 GmTransfer *transfer);
void     gm_multi_detach        (GmMulti *self,
                                 GmTransfer *transfer); /* the removal itself */
