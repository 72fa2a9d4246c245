/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-cookie-jar-private.h"
#include "gmulti-errand-private.h"

/* What runs a session: one engine multi, bound to one context, turned by one source. A plain counted struct, so that it
 * can outlive the session object in the middle of a dispatch. The engine is touched only by the thread that owns the
 * context; everybody else leaves orders. */

/* Live settings of a session. */
typedef struct
{
  guint max_active; /* transfers under way at once; 0 = no limit */
  guint max_connections; /* 0 = no limit */
  guint max_connections_per_host;
  guint max_streams; /* per connection */
  gint max_idle_connections; /* -1 = by the number of transfers */
  guint idle_timeout;        /* ms; 0 = for ever */
  guint progress_interval;   /* ms */
  guint64 max_download_rate; /* bytes a second of all together; 0 = no limit */
  guint64 max_upload_rate;
  char *user_agent;          /* (owned) (nullable) */
  char *accept_language;     /* (owned) (nullable) */
  gboolean accept_language_auto; /* it is the user's */
  GInetSocketAddress *local_address; /* (owned) (nullable) */
  char *local_interface;     /* (owned) (nullable) */
  char *doh_uri;             /* (owned) (nullable): NULL = the system finds names */
  GProxyResolver *proxy_resolver; /* (owned) (nullable): NULL = GIO's default */
  GTlsDatabase *tls_database; /* (owned) (nullable): NULL = the system's */
  GTlsInteraction *tls_interaction; /* (owned) (nullable) */
  GmHttpStores *stores;      /* (owned) (nullable): of the two below */
  GMultiCookieJar *cookie_jar; /* (owned) (nullable) */
  GFile *state_file;         /* (owned) (nullable) */
} GmCoreSettings;

/* @fd_watches: one watch per socket instead of one for all (where there is no epoll, and for tests).
 * @own_thread: a thread of the session's own will run the context. */
GmCore       *gm_core_new            (GMainContext *context,
                                      int priority,
                                      gboolean fd_watches,
                                      gboolean own_thread);
GmCore       *gm_core_ref            (GmCore *self);
void          gm_core_unref          (GmCore *self);
/* Any thread. Everything unfinished is cancelled; the engine goes as soon as its context can be had. */
void          gm_core_shut_down      (GmCore *self);

/* ---- any thread ---- */
/* The box of the calling thread's context, with one more errand in it. */
GmPostbox    *gm_core_take_postbox   (GmCore *self);
/* It was taken for a errand that never was. Boxes of blocking calls are fine. */
void          gm_core_drop_postbox   (GmCore *self,
                                      GmPostbox *box);
/* @errand is delivered. */
void          gm_core_forget         (GmCore *self,
                                      GmErrand *errand);
void          gm_core_start          (GmCore *self,
                                      GmErrand *errand);
void          gm_core_order          (GmCore *self,
                                      GmErrand *errand,
                                      guint orders);
void          gm_core_cancel_all     (GmCore *self);
/* There may be room now in a band whose errands had to wait. */
void          gm_core_retry          (GmCore *self);
/* See gmulti_session_forget_logins(). */
void          gm_core_forget_logins  (GmCore *self);
/* What is started from now on fails as closed. */
void          gm_core_refuse_more    (GmCore *self);
/* Between them the settings may be read and written; unlock with @changed TRUE makes the engine see them. */
GmCoreSettings *gm_core_lock_settings (GmCore *self);
void          gm_core_unlock_settings (GmCore *self,
                                       gboolean changed);
guint         gm_core_get_n_unfinished (GmCore *self);
guint         gm_core_get_n_queued   (GmCore *self);
guint         gm_core_get_n_active   (GmCore *self); /* given to the engine and not ended */
/* (transfer full): the unfinished ones. */
GPtrArray    *gm_core_list_transfers (GmCore *self);
/* @changed is called from dispatches, with nothing on the engine's stack, after the numbers of transfers or, at most once
 * in each progress interval, their progress changed; not for a core with a thread of its own. FALSE: nobody wanted to
 * know, and need not be asked again for a while. */
void          gm_core_set_face       (GmCore *self,
                                      GObject *face,
                                      gboolean (*changed) (GObject *face, gboolean counts));
/* (transfer full) (nullable): the one that was set, if it is still there. Any thread. */
gpointer      gm_core_ref_face       (GmCore *self);
/* New references on the unfinished errands whose home is the core's own context. */
GPtrArray    *gm_core_list_home_runs (GmCore *self);
/* When the last errand is delivered @func is called, from the context it is delivered in; at once if there is none. */
void          gm_core_when_idle      (GmCore *self,
                                      void (*func) (gpointer user_data),
                                      gpointer user_data);
/* Waits until @done says TRUE, turning the engine if the context can be had. Nothing but the engine runs meanwhile, and
 * what @errand's constraints make necessary. */
void          gm_core_block          (GmCore *self,
                                      GmErrand *errand,
                                      gboolean (*done) (gpointer user_data),
                                      gpointer user_data);
void          gm_core_wake_waiters   (GmCore *self);
/* Wakes all blocking calls, and with them their @done. */
void          gm_core_interrupt      (GmCore *self);

/* ---- the engine's thread ---- */
GMainContext *gm_core_get_context    (GmCore *self); /* while it is alive */
gboolean      gm_core_is_alive       (GmCore *self);
GmMulti      *gm_core_get_multi      (GmCore *self);
GmStoreShelf *gm_core_get_store_shelf (GmCore *self); /* the engine's thread's */
/* @errand has no engine any more: it waits for nothing. Its slot stays taken while its file is being finished. */
void          gm_core_withdraw       (GmCore *self,
                                      GmErrand *errand);
/* Who says which proxies transfers use that have no resolver of their own; NULL when nobody need be asked. */
GProxyResolver *gm_core_get_proxy_resolver (GmCore *self);
/* For transfers that have none of their own; (nullable), both. */
GTlsDatabase *gm_core_get_tls_database (GmCore *self);
GTlsInteraction *gm_core_get_tls_interaction (GmCore *self);
/* (nullable): for transfers that have no such header of their own. */
const char   *gm_core_get_accept_language (GmCore *self);
/* Any thread. */
struct _GmPinDesk *gm_core_get_pin_desk (GmCore *self);
/* Any thread; made on first use. */
struct _GmSurroundings *gm_core_ensure_surroundings (GmCore *self);
struct _GmSurroundings *gm_core_get_surroundings (GmCore *self); /* (nullable) */
GQueue       *gm_core_get_patients   (GmCore *self); /* of GmPatience.link */
gboolean      gm_core_is_closing     (GmCore *self);
/* Memory is short: what could be needed again goes. */
void          gm_core_drop_caches    (GmCore *self);
/* @errand is not with the engine for a while. */
void          gm_core_give_up_slot   (GmCore *self,
                                      GmErrand *errand);
/* What it said, by origin. */
GHashTable   *gm_core_get_proxy_memory (GmCore *self);
/* It is asked for each origin, and not a fixed proxy. */
gboolean      gm_core_asks_for_proxies (GmCore *self);
/* How many questions to it are open, after @more (may be negative) were counted. The core's context. */
guint         gm_core_count_lookups  (GmCore *self,
                                      int more);
/* It is known from it that @url needs none. */
gboolean      gm_core_goes_direct    (GmCore *self,
                                      const GmUrl *url);
/* The context is not turned, as its owner waits in a blocking call. */
gboolean      gm_core_is_blocking    (GmCore *self);
int           gm_core_get_priority   (GmCore *self);
/* A transfer with all that the session's have in common. */
GmTransfer   *gm_core_get_pattern    (GmCore *self);
/* @errand is over: its slot is free. */
void          gm_core_errand_ended      (GmCore *self,
                                         GmErrand *errand);
void          gm_core_delay_progress (GmCore *self,
                                      GmErrand *errand);
gint64        gm_core_get_progress_interval (GmCore *self); /* µs */
void          gm_core_admit          (GmCore *self,
                                      GmErrand *errand);

/* ---- for the sources ---- */
/* One turn and its deliveries; @readable: the poll descriptor is. */
void          gm_core_dispatch       (GmCore *self,
                                      gboolean readable);
/* Nobody keeps the context any more: it goes while the core is being shut down. */
void          gm_core_context_gone   (GmCore *self);
/* 0: there is something to do now; -1: only a descriptor can bring it; else the time of the next deadline. */
gint64        gm_core_get_due        (GmCore *self);

/* ---- the session's context ---- */
void          gm_core_set_list       (GmCore *self,
                                      GmTransferList *list); /* once; keeps a reference */
GmTransferList *gm_core_get_list     (GmCore *self);
gboolean      gm_core_is_home        (GmCore *self,
                                      GmPostbox *box);
