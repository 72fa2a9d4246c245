/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-core-private.h"

#include "gmulti-state-private.h"

#include "gm-awake.h"
#include "gm-config.h"
#include "gmulti-band-private.h"
#include "gmulti-pin-private.h"
#include "gmulti-proxy-private.h"
#include "gmulti-line-private.h"
#include "gmulti-lookout-private.h"
#include "gmulti-patience-private.h"
#include "gmulti-source-private.h"
#include "gmulti-surroundings-private.h"
#include "gmulti-transfer-list-private.h"
#include "gmulti-transfer-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What the engine gets of a dispatch in any case. */
#define MIN_STEP_US 250
/* How long a blocking call keeps a context that somebody else may want. */
#define BORROWED_SLICE_MS 10
/* How long one that has no context waits before it looks whether there is one to be had. */
#define WAIT_SLICE_US 50000

/* One delivery context other than the core's own. */
typedef struct
{
  GmPostbox *box; /* (owned) */
  guint n_errands;
} Box;

typedef struct
{
  void (*func) (gpointer user_data);
  gpointer user_data;
} IdleCall;

struct _GmCore
{
  gatomicrefcount refs;
  GMainContext *context; /* (owned) (nullable): set under the lock; given up when the core is shut down, as nobody might turn
                          * it any more */
  GThread *creator;      /* (unowned): compared only */
  int priority;
  gboolean own_thread; /* the context is never anybody else's */
  GSource *source; /* (owned) (nullable): set under the lock; none when nobody will look at the orders any more */
  GSource *share;  /* (owned) */
  GmPostbox *home; /* (owned) */

  GMutex lock;
  GQueue orders;     /* of GmErrand.order_link */
  GQueue unfinished; /* of GmErrand.unfinished_link */
  GArray *boxes;     /* (owned) (element-type Box) */
  GArray *idle_calls; /* (owned) (element-type IdleCall) */
  GmCoreSettings settings;
  gboolean settings_changed;
  gboolean forgetting; /* logins */
  gboolean retrying; /* somebody in the line may begin now, or the surroundings are others */
  GmSurroundings *surroundings; /* (owned) (nullable); atomic; set under the lock */
  gboolean refusing;
  gint closing; /* atomic; set under the lock */
  GThread *dispatching; /* (unowned) (nullable): who will look at the orders anyway */
  guint n_turning;      /* blocking calls that sleep on @wake_fd */
  int wake_fd;          /* -1 until there is one */
  guint n_queued;

  /* for blocking calls without the context */
  GMutex wait_lock;
  GCond wait_cond;
  gint n_waiters; /* atomic */
  guint wait_serial;

  /* the engine's thread */
  GmMulti *multi;      /* (owned) (nullable): NULL once shut down */
  GmStoreShelf shelf;
  GmTransfer *pattern; /* (owned) (nullable): what others are copied from; made anew when settings change */
  GQueue active;  /* of GmErrand.active_link */
  GQueue ticking; /* of GmErrand.tick_link */
  GmLine *line; /* (owned): who waits for a free slot */
  GQueue patients; /* of GmPatience.link: who may have to wait for something else */
  GmTimer tick;
  GmAwake awake;
  gint n_running; /* atomic; set here: given to the engine */
  guint64 last_serial;
  guint max_active;
  gint64 progress_interval; /* µs */
  gboolean stepping;
  gboolean blocking; /* turned by a blocking call */
  GProxyResolver *proxy_resolver; /* (owned) (nullable): who is asked */
  GTlsDatabase *tls_database; /* (owned) (nullable) */
  GTlsInteraction *tls_interaction; /* (owned) (nullable) */
  char *accept_language; /* (owned) (nullable) */
  GmPinDesk *pin_desk; /* (owned) */
  GmUrl *direct_url; /* (owned) (nullable): of the origin that was last found to need no proxy … */
  gint64 direct_until; /* … and until when that is believed */
  guint n_lookups; /* questions to it that are open */
  gboolean asked_lately; /* there were some since everybody who could go on did */
  gboolean asks_for_proxies; /* it is not a fixed one, whose settings are in the pattern */
  GHashTable *proxy_memory; /* (owned) (nullable): what that one said */
  GmTransferList *list; /* (owned) (nullable); atomic */
  GWeakRef face;
  gboolean (*changed) (GObject *face, gboolean counts); /* (nullable) */
  gint64 tell_at; /* not asked before that: nobody wanted to know */
  gboolean counts_changed; /* since that was called last */
  gboolean progress_changed;
};

/* ---- reactor ---- */

static GmCore *
core_from_reactor (GmReactor *reactor)
{
  return gm_multi_get_user_data (gm_multi_from_reactor (reactor));
}

static void
announce_cb (GmReactor *reactor,
             GmSocket *socket,
             GmIo want)
{
  gm_main_source_announce (core_from_reactor (reactor)->source, socket, want);
}

static gboolean
is_busy (GmReactor *reactor)
{
  return gm_multi_n_running (gm_multi_from_reactor (reactor)) > 0;
}

static const GmReactorOps epoll_ops = { NULL };
static const GmReactorOps watch_ops = { .announce = announce_cb };

static void
tick_cb (GmTimer *timer,
         gint64 now)
{
  GmCore *self = (GmCore *) (gpointer) ((char *) timer - G_STRUCT_OFFSET (GmCore, tick));
  guint n = self->ticking.length;
  GList *link;

  self->progress_changed = self->changed != NULL;
  /* who wants to be told of the next one comes back into the line */
  while (n-- > 0 && (link = g_queue_pop_head_link (&self->ticking)) != NULL)
    gm_errand_tick (g_steal_pointer (&link->data));
}

static GMainContext *
ref_context (GmCore *self)
{
  GMainContext *context;

  g_mutex_lock (&self->lock);
  context = self->context != NULL ? g_main_context_ref (self->context) : NULL;
  g_mutex_unlock (&self->lock);

  return context;
}

/* NULL: others have it. The thread of a threaded session may be about to enter its context: nobody gets in its way. */
static GMainContext *
acquire_context (GmCore *self)
{
  g_autoptr (GMainContext) context = ref_context (self);

  if (context == NULL || (self->own_thread && !g_main_context_is_owner (context)) || !g_main_context_acquire (context))
    return NULL;

  return g_steal_pointer (&context);
}

static void
release_context (GMainContext *context)
{
  g_main_context_release (context);
  g_main_context_unref (context);
}

/* ---- life ---- */

GmCore *
gm_core_new (GMainContext *context,
             int priority,
             gboolean fd_watches,
             gboolean own_thread)
{
  GmCore *self = g_new0 (GmCore, 1);
  int poll_fd = -1;

  g_atomic_ref_count_init (&self->refs);
  self->context = g_main_context_ref (context);
  self->creator = g_thread_self ();
  self->priority = priority;
  self->own_thread = own_thread;
  self->wake_fd = -1;
  self->boxes = g_array_new (FALSE, FALSE, sizeof (Box));
  self->idle_calls = g_array_new (FALSE, FALSE, sizeof (IdleCall));
  self->line = gm_line_new (self);
  self->pin_desk = gm_pin_desk_new ();
  self->tick.fire = tick_cb;
  self->progress_interval = 100000;
  self->settings.progress_interval = 100;
  self->settings.max_idle_connections = -1;
  g_weak_ref_init (&self->face, NULL);
  g_mutex_init (&self->lock);
  g_mutex_init (&self->wait_lock);
  g_cond_init (&self->wait_cond);

  self->home = gm_postbox_new (context, priority);
  self->multi = gm_multi_new (&gm_clock_system, fd_watches ? &watch_ops : &epoll_ops,
                              GM_FACT_DONE | GM_FACT_STATE | GM_FACT_HEAD | GM_FACT_PROGRESS | GM_FACT_REDIRECT |
                                GM_FACT_QUESTION,
                              self);
  gm_awake_init (&self->awake, gm_multi_get_reactor (self->multi), is_busy);
  if (!fd_watches)
    poll_fd = gm_reactor_get_poll_fd (gm_multi_get_reactor (self->multi));
  self->source = gm_main_source_new (self, context, priority, poll_fd);
  self->share = gm_share_source_new (self, context, poll_fd);
  gm_postbox_set_drained (self->home, TRUE);
  /* the engine's own, dropped when it is torn down */
  return gm_core_ref (self);
}

GmCore *
gm_core_ref (GmCore *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_core_unref (GmCore *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_assert (self->multi == NULL);
  if (self->surroundings != NULL)
    gm_surroundings_detach (self->surroundings);
  gm_postbox_close (self->home);
  gm_postbox_unref (self->home);
  for (guint i = 0; i < self->boxes->len; i++)
    gm_postbox_unref (g_array_index (self->boxes, Box, i).box);
  g_array_unref (self->boxes);
  g_array_unref (self->idle_calls);
  g_clear_object (&self->list);
  gm_line_free (self->line);
  g_free (self->settings.user_agent);
  g_free (self->settings.accept_language);
  g_free (self->accept_language);
  g_free (self->settings.local_interface);
  g_clear_object (&self->settings.local_address);
  g_free (self->settings.doh_uri);
  g_clear_object (&self->settings.proxy_resolver);
  g_clear_object (&self->settings.tls_database);
  g_clear_object (&self->settings.tls_interaction);
  g_clear_object (&self->tls_database);
  g_clear_object (&self->tls_interaction);
  gm_pin_desk_unref (self->pin_desk);
  g_clear_object (&self->proxy_resolver);
  g_clear_pointer (&self->proxy_memory, g_hash_table_unref);
  g_clear_pointer (&self->direct_url, gm_url_unref);
  if (self->settings.state_file != NULL)
    gm_face_state_save (self->settings.stores, self->settings.state_file);
  gm_http_stores_unref (self->settings.stores);
  g_clear_object (&self->settings.cookie_jar);
  g_clear_object (&self->settings.state_file);
  if (self->wake_fd >= 0)
    close (self->wake_fd);
  g_weak_ref_clear (&self->face);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->wait_lock);
  g_cond_clear (&self->wait_cond);
  g_free (self);
}

GMainContext *
gm_core_get_context (GmCore *self)
{
  return g_source_get_context (self->source);
}

GmMulti *
gm_core_get_multi (GmCore *self)
{
  return self->multi;
}

GmStoreShelf *
gm_core_get_store_shelf (GmCore *self)
{
  return &self->shelf;
}

/* ---- orders ---- */

/* With the lock held. */
static void
wake (GmCore *self)
{
  if (self->n_turning > 0)
    {
      guint64 one = 1;
      gssize n;

      do
        n = write (self->wake_fd, &one, sizeof one);
      while (n < 0 && errno == EINTR);
    }

  /* who owns the context asks the source before it sleeps */
  if (self->context != NULL && self->dispatching != g_thread_self () && !g_main_context_is_owner (self->context))
    g_main_context_wakeup (self->context);
}

/* With the lock held. */
static void
leave_order (GmCore *self,
             GmErrand *errand,
             guint orders)
{
  if ((orders & GM_ORDER_PAUSE) != 0)
    errand->orders &= ~(guint) GM_ORDER_RESUME;
  if ((orders & GM_ORDER_RESUME) != 0)
    errand->orders &= ~(guint) GM_ORDER_PAUSE;
  errand->orders |= orders;
  if (errand->order_link.data != NULL || self->source == NULL)
    return;

  errand->order_link.data = gm_errand_ref (errand);
  g_queue_push_tail_link (&self->orders, &errand->order_link);
  if (self->orders.length == 1)
    wake (self);
}

void
gm_core_order (GmCore *self,
               GmErrand *errand,
               guint orders)
{
  g_mutex_lock (&self->lock);
  /* what comes before the start is carried out with it */
  if (errand->unfinished_link.data != NULL)
    leave_order (self, errand, orders);
  else
    errand->orders |= orders;
  g_mutex_unlock (&self->lock);
}

/* The session is closed: the errand ends before it began. */
static void
refuse (GmCore *self,
        GmErrand *errand)
{
  errand->ending = TRUE;
  errand->mirror.state = GMULTI_TRANSFER_STATE_FAILED;
  errand->final_error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, _("The session is closed"));
  if (errand->pipe != NULL)
    gm_pipe_finish (errand->pipe, g_error_copy (errand->final_error));
  gm_errand_tell (errand, GM_TIDINGS_DONE);
}

void
gm_core_start (GmCore *self,
               GmErrand *errand)
{
  gboolean closing;

  g_mutex_lock (&self->lock);
  closing = self->closing || self->refusing;
  errand->unfinished_link.data = gm_errand_ref (errand);
  g_queue_push_tail_link (&self->unfinished, &errand->unfinished_link);
  if (!closing)
    leave_order (self, errand, GM_ORDER_START);
  g_mutex_unlock (&self->lock);

  if (closing)
    refuse (self, errand);
}

static void
cancel_link (gpointer data,
             gpointer user_data)
{
  leave_order (user_data, data, GM_ORDER_CANCEL);
}

void
gm_core_refuse_more (GmCore *self)
{
  g_mutex_lock (&self->lock);
  self->refusing = TRUE;
  g_mutex_unlock (&self->lock);
}

void
gm_core_retry (GmCore *self)
{
  g_mutex_lock (&self->lock);
  if (!self->retrying && self->source != NULL)
    {
      self->retrying = TRUE;
      wake (self);
    }
  g_mutex_unlock (&self->lock);
}

void
gm_core_forget_logins (GmCore *self)
{
  g_mutex_lock (&self->lock);
  self->forgetting = TRUE;
  if (self->source != NULL)
    wake (self);
  g_mutex_unlock (&self->lock);
}

void
gm_core_interrupt (GmCore *self)
{
  /* in this order: who is about to sleep looks at them in the other one */
  gm_core_wake_waiters (self);
  g_mutex_lock (&self->lock);
  wake (self);
  g_mutex_unlock (&self->lock);
}

gboolean
gm_core_is_alive (GmCore *self)
{
  return self->multi != NULL;
}

void
gm_core_cancel_all (GmCore *self)
{
  g_mutex_lock (&self->lock);
  g_queue_foreach (&self->unfinished, cancel_link, self);
  g_mutex_unlock (&self->lock);
}

GmCoreSettings *
gm_core_lock_settings (GmCore *self)
{
  g_mutex_lock (&self->lock);
  return &self->settings;
}

void
gm_core_unlock_settings (GmCore *self,
                         gboolean changed)
{
  if (changed)
    {
      self->settings_changed = TRUE;
      wake (self);
    }
  g_mutex_unlock (&self->lock);
}

guint
gm_core_get_n_unfinished (GmCore *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->unfinished.length;
  g_mutex_unlock (&self->lock);

  return n;
}

guint
gm_core_get_n_queued (GmCore *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n_queued;
  g_mutex_unlock (&self->lock);

  return n;
}

guint
gm_core_get_n_active (GmCore *self)
{
  return (guint) g_atomic_int_get (&self->n_running);
}

GPtrArray *
gm_core_list_transfers (GmCore *self)
{
  GPtrArray *transfers = g_ptr_array_new_with_free_func (g_object_unref);

  g_mutex_lock (&self->lock);
  for (GList *l = self->unfinished.head; l != NULL; l = l->next)
    g_ptr_array_add (transfers, g_object_ref (((GmErrand *) l->data)->transfer));
  g_mutex_unlock (&self->lock);

  return transfers;
}

void
gm_core_set_face (GmCore *self,
                  GObject *face,
                  gboolean (*changed) (GObject *face, gboolean counts))
{
  g_weak_ref_set (&self->face, face);
  self->changed = self->own_thread ? NULL : changed;
}

gpointer
gm_core_ref_face (GmCore *self)
{
  return g_weak_ref_get (&self->face);
}

GPtrArray *
gm_core_list_home_runs (GmCore *self)
{
  GPtrArray *errands = g_ptr_array_new_with_free_func ((GDestroyNotify) gm_errand_unref);

  g_mutex_lock (&self->lock);
  for (GList *l = self->unfinished.head; l != NULL; l = l->next)
    if (((GmErrand *) l->data)->home == self->home)
      g_ptr_array_add (errands, gm_errand_ref (l->data));
  g_mutex_unlock (&self->lock);

  return errands;
}

void
gm_core_when_idle (GmCore *self,
                   void (*func) (gpointer user_data),
                   gpointer user_data)
{
  IdleCall call = { func, user_data };

  g_mutex_lock (&self->lock);
  if (self->unfinished.length > 0)
    {
      g_array_append_val (self->idle_calls, call);
      func = NULL;
    }
  g_mutex_unlock (&self->lock);

  if (func != NULL)
    func (user_data);
}

/* ---- postboxes ---- */

GmPostbox *
gm_core_take_postbox (GmCore *self)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  GmPostbox *found = NULL;
  Box box;

  if (context == g_atomic_pointer_get (&self->context))
    return gm_postbox_ref (self->home);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->boxes->len && found == NULL; i++)
    {
      Box *other = &g_array_index (self->boxes, Box, i);

      if (gm_postbox_serves (other->box, context))
        {
          other->n_errands++;
          found = gm_postbox_ref (other->box);
        }
    }
  if (found == NULL)
    {
      box.box = gm_postbox_new (context, self->priority);
      gm_postbox_anchor (box.box);
      box.n_errands = 1;
      g_array_append_val (self->boxes, box);
      found = gm_postbox_ref (box.box);
    }
  g_mutex_unlock (&self->lock);

  return found;
}

/* With the lock held: the box that nobody needs any more, or NULL. */
static GmPostbox *
release_box (GmCore *self,
             GmPostbox *home)
{
  for (guint i = 0; i < self->boxes->len; i++)
    {
      Box *box = &g_array_index (self->boxes, Box, i);

      if (box->box != home)
        continue;
      if (--box->n_errands > 0)
        return NULL;

      g_array_remove_index_fast (self->boxes, i);
      return home;
    }

  return NULL;
}

void
gm_core_drop_postbox (GmCore *self,
                      GmPostbox *box)
{
  GmPostbox *last;

  if (box == self->home || gm_postbox_is_blocking (box))
    return;

  g_mutex_lock (&self->lock);
  last = release_box (self, box);
  g_mutex_unlock (&self->lock);
  if (last == NULL)
    return;

  gm_postbox_close (last);
  gm_postbox_unref (last);
}

void
gm_core_forget (GmCore *self,
                GmErrand *errand)
{
  g_autoptr (GMultiTransfer) transfer = NULL;
  g_autoptr (GArray) calls = NULL;

  g_mutex_lock (&self->lock);
  transfer = g_steal_pointer (&errand->transfer);
  g_queue_unlink (&self->unfinished, &errand->unfinished_link);
  errand->unfinished_link.data = NULL;
  if (self->unfinished.length == 0 && self->idle_calls->len > 0)
    {
      calls = g_steal_pointer (&self->idle_calls);
      self->idle_calls = g_array_new (FALSE, FALSE, sizeof (IdleCall));
    }
  g_mutex_unlock (&self->lock);

  gm_core_drop_postbox (self, errand->home);
  for (guint i = 0; calls != NULL && i < calls->len; i++)
    g_array_index (calls, IdleCall, i).func (g_array_index (calls, IdleCall, i).user_data);
  gm_errand_unref (errand);
}

gboolean
gm_core_is_home (GmCore *self,
                 GmPostbox *box)
{
  return self->home == box;
}

void
gm_core_set_list (GmCore *self,
                  GmTransferList *list)
{
  g_atomic_pointer_set (&self->list, g_object_ref (list));
}

GmTransferList *
gm_core_get_list (GmCore *self)
{
  return g_atomic_pointer_get (&self->list);
}

/* ---- the engine's thread ---- */

static void
set_n_queued (GmCore *self)
{
  self->counts_changed = self->changed != NULL;
  g_mutex_lock (&self->lock);
  self->n_queued = gm_line_length (self->line);
  g_mutex_unlock (&self->lock);
}

static void
errand_now (GmCore *self,
            GmErrand *errand)
{
  GmResult result;

  /* cancelled while it waited, and only its storage has not ended yet */
  if (errand->ending)
    {
      if (errand->band != NULL)
        gm_band_leave (errand->band);
      return;
    }

  g_atomic_int_inc (&self->n_running);
  self->counts_changed = self->changed != NULL;
  errand->running = TRUE;
  gm_awake_begin (&self->awake);
  result = gm_multi_add (self->multi, errand->engine);
  if (result != GM_OK)
    gm_errand_stop (errand, result);
}

static gboolean
have_slot (GmCore *self)
{
  return self->max_active == 0 || (guint) self->n_running < self->max_active;
}

static void
admit_waiting (GmCore *self)
{
  while (have_slot (self))
    {
      GmErrand *errand = gm_line_take (self->line);

      if (errand == NULL)
        return;
      set_n_queued (self);
      errand_now (self, errand);
    }
}

void
gm_core_admit (GmCore *self,
               GmErrand *errand)
{
  if (G_UNLIKELY (errand->patience != NULL) && gm_patience_holds (errand->patience))
    return;
  if (have_slot (self) && errand->band == NULL)
    {
      errand_now (self, errand);
      return;
    }

  if (errand->serial == 0)
    errand->serial = ++self->last_serial;
  /* the reactor's time is that of its last turn, which may be long past */
  gm_line_add (self->line, errand, g_get_monotonic_time ());
  set_n_queued (self);
  admit_waiting (self);
  if (errand->place != NULL)
    gm_errand_wait (errand);
}

void
gm_core_withdraw (GmCore *self,
                  GmErrand *errand)
{
  if (errand->tick_link.data != NULL)
    {
      errand->tick_link.data = NULL;
      g_queue_unlink (&self->ticking, &errand->tick_link);
    }
  if (gm_line_remove (self->line, errand))
    set_n_queued (self);
}

static void
leave_slot (GmCore *self,
            GmErrand *errand)
{
  if (!errand->running)
    return;

  errand->running = FALSE;
  g_atomic_int_add (&self->n_running, -1);
  if (errand->band != NULL)
    gm_band_leave (errand->band);
  self->counts_changed = self->changed != NULL;
}

void
gm_core_give_up_slot (GmCore *self,
                      GmErrand *errand)
{
  gm_core_withdraw (self, errand);
  leave_slot (self, errand);
  admit_waiting (self);
}

void
gm_core_errand_ended (GmCore *self,
                      GmErrand *errand)
{
  gm_core_withdraw (self, errand);
  leave_slot (self, errand);
  if (errand->active_link.data != NULL)
    {
      errand->active_link.data = NULL;
      g_queue_unlink (&self->active, &errand->active_link);
      gm_errand_unref (errand);
    }
  if (self->multi != NULL && !g_atomic_int_get (&self->closing))
    admit_waiting (self);
}

void
gm_core_delay_progress (GmCore *self,
                        GmErrand *errand)
{
  GmReactor *reactor;

  if (errand->tick_link.data != NULL)
    return;

  errand->tick_link.data = errand;
  g_queue_push_tail_link (&self->ticking, &errand->tick_link);
  if (self->tick.due != 0)
    return;

  reactor = gm_multi_get_reactor (self->multi);
  gm_reactor_set_timer (reactor, &self->tick, reactor->now + self->progress_interval);
}

/* With the lock held. */
static void
apply_way (GmCore *self)
{
  const char *interface = self->settings.local_interface;
  GInetSocketAddress *local = self->settings.local_address;
  g_autofree char *address = NULL, *text = NULL;

  if (local != NULL)
    {
      address = g_inet_address_to_string (g_inet_socket_address_get_address (local));
      gm_transfer_set_int (self->pattern, GM_OPTION_LOCAL_PORT, g_inet_socket_address_get_port (local));
    }
  if (local != NULL && interface != NULL)
    text = g_strconcat ("ifhost!", interface, "!", address, NULL);
  else
    text = local != NULL ? g_strconcat ("host!", address, NULL) : g_strconcat ("if!", interface, NULL);
  gm_transfer_set_string (self->pattern, GM_OPTION_INTERFACE, text);
}

GmTransfer *
gm_core_get_pattern (GmCore *self)
{
  if (self->pattern == NULL)
    {
      self->pattern = gm_transfer_new (&gm_errand_client_ops, NULL);
      g_mutex_lock (&self->lock);
      gm_plan_apply_defaults (self->pattern, self->settings.user_agent, self->settings.idle_timeout);
      gm_transfer_set_string (self->pattern, GM_OPTION_DOH_URI, self->settings.doh_uri);
      gm_transfer_set_stores (self->pattern, self->settings.stores);
      if (self->settings.local_address != NULL || self->settings.local_interface != NULL)
        apply_way (self);
      g_mutex_unlock (&self->lock);
      if (GMULTI_IS_PROXY (self->proxy_resolver))
        gm_face_proxy_apply (GMULTI_PROXY (self->proxy_resolver), self->pattern);
      else if (self->proxy_resolver != NULL)
        gm_transfer_set_int (self->pattern, GM_OPTION_ASK, 1 << GM_QUESTION_PROXY);
    }

  return self->pattern;
}

GmSurroundings *
gm_core_ensure_surroundings (GmCore *self)
{
  g_mutex_lock (&self->lock);
  if (self->surroundings == NULL)
    g_atomic_pointer_set (&self->surroundings, gm_surroundings_new (self));
  g_mutex_unlock (&self->lock);

  return self->surroundings;
}

GmSurroundings *
gm_core_get_surroundings (GmCore *self)
{
  return g_atomic_pointer_get (&self->surroundings);
}

GQueue *
gm_core_get_patients (GmCore *self)
{
  return &self->patients;
}

gboolean
gm_core_is_closing (GmCore *self)
{
  return g_atomic_int_get (&self->closing);
}

void
gm_core_drop_caches (GmCore *self)
{
  gm_multi_drop_caches (self->multi);
  gm_store_shelf_clear (&self->shelf);
  g_clear_pointer (&self->proxy_memory, g_hash_table_unref);
  g_clear_pointer (&self->direct_url, gm_url_unref);
}

GProxyResolver *
gm_core_get_proxy_resolver (GmCore *self)
{
  return self->proxy_resolver;
}

GTlsDatabase *
gm_core_get_tls_database (GmCore *self)
{
  return self->tls_database;
}

const char *
gm_core_get_accept_language (GmCore *self)
{
  return self->accept_language;
}

GmPinDesk *
gm_core_get_pin_desk (GmCore *self)
{
  return self->pin_desk;
}

GTlsInteraction *
gm_core_get_tls_interaction (GmCore *self)
{
  return self->tls_interaction;
}

GHashTable *
gm_core_get_proxy_memory (GmCore *self)
{
  if (self->proxy_memory == NULL)
    self->proxy_memory = gm_proxy_lookup_new_memory ();

  return self->proxy_memory;
}

guint
gm_core_count_lookups (GmCore *self,
                       int more)
{
  self->n_lookups += (guint) more;
  self->asked_lately |= more > 0;
  return self->n_lookups;
}

gboolean
gm_core_asks_for_proxies (GmCore *self)
{
  return self->asks_for_proxies;
}

gboolean
gm_core_goes_direct (GmCore *self,
                     const GmUrl *url)
{
  gint64 now = gm_multi_get_reactor (self->multi)->now;

  /* Others asked, and have not gone on yet with what they were told: this one comes behind them. */
  if (G_UNLIKELY (self->asked_lately))
    return FALSE;
  if (self->direct_url != NULL && now < self->direct_until && gm_url_same_origin (self->direct_url, url))
    return TRUE;
  if (self->proxy_memory == NULL || !gm_proxy_lookup_is_direct (self->proxy_memory, url, now, &self->direct_until))
    return FALSE;

  g_clear_pointer (&self->direct_url, gm_url_unref);
  self->direct_url = gm_url_ref ((GmUrl *) url);
  return TRUE;
}

gboolean
gm_core_is_blocking (GmCore *self)
{
  return self->blocking;
}

int
gm_core_get_priority (GmCore *self)
{
  return self->priority;
}

/* With @resolver (transfer full) (nullable), or GIO's own, if that may say anything but "direct". */
static void
use_proxy_resolver (GmCore *self,
                    GProxyResolver *resolver)
{
  if (resolver == NULL)
    resolver = g_object_ref (g_proxy_resolver_get_default ());
  if (!gm_proxy_lookup_is_needed (resolver))
    g_clear_object (&resolver);
  if (resolver != self->proxy_resolver)
    {
      g_clear_pointer (&self->proxy_memory, g_hash_table_unref);
      g_clear_pointer (&self->direct_url, gm_url_unref);
    }
  g_clear_object (&self->proxy_resolver);
  self->proxy_resolver = resolver;
  self->asks_for_proxies = resolver != NULL && !GMULTI_IS_PROXY (resolver);
}

static void
apply_settings (GmCore *self)
{
  GProxyResolver *resolver;
  g_autoptr (GTlsDatabase) database = self->tls_database; /* the old ones go when nothing is locked */
  g_autoptr (GTlsInteraction) interaction = self->tls_interaction;
  GmMultiLimits limits = *gm_multi_get_limits (self->multi);

  g_mutex_lock (&self->lock);
  self->settings_changed = FALSE;
  limits.pool.max_total = self->settings.max_connections;
  limits.pool.max_per_host = self->settings.max_connections_per_host;
  limits.pool.max_idle = self->settings.max_idle_connections;
  limits.max_streams = self->settings.max_streams;
  limits.max_recv_speed = (gint64) MIN (self->settings.max_download_rate, G_MAXINT64);
  limits.max_send_speed = (gint64) MIN (self->settings.max_upload_rate, G_MAXINT64);
  self->max_active = self->settings.max_active;
  self->progress_interval = (gint64) self->settings.progress_interval * 1000;
  resolver = self->settings.proxy_resolver != NULL ? g_object_ref (self->settings.proxy_resolver) : NULL;
  self->tls_database = self->settings.tls_database != NULL ? g_object_ref (self->settings.tls_database) : NULL;
  self->tls_interaction = self->settings.tls_interaction != NULL ? g_object_ref (self->settings.tls_interaction) : NULL;
  g_free (self->accept_language);
  self->accept_language = g_strdup (self->settings.accept_language);
  g_mutex_unlock (&self->lock);
  use_proxy_resolver (self, resolver);

  gm_multi_set_limits (self->multi, &limits);
  g_clear_pointer (&self->pattern, gm_transfer_free);
  admit_waiting (self);
}

static void
begin_errand (GmCore *self,
              GmErrand *errand)
{
  errand->active_link.data = gm_errand_ref (errand);
  g_queue_push_tail_link (&self->active, &errand->active_link);
  if (gm_errand_prepare (errand))
    gm_core_admit (self, errand);
}

static void
change_priority (GmCore *self,
                 GmErrand *errand)
{
  guint64 down, up;

  gm_face_transfer_get_live (errand->transfer, &errand->priority, &down, &up);
  if (gm_line_remove (self->line, errand))
    gm_line_add (self->line, errand, 0);
}

/* Its transfer may be in another group than before, or in none. */
static void
change_band (GmCore *self,
             GmErrand *errand)
{
  g_autoptr (GmBand) band = gm_face_transfer_ref_band (errand->transfer);
  gboolean waited;

  if (band == errand->band)
    return;

  waited = gm_line_remove (self->line, errand);
  if (errand->running && errand->band != NULL)
    gm_band_leave (errand->band);
  g_clear_pointer (&errand->band, gm_band_unref);
  errand->band = g_steal_pointer (&band);
  if (errand->running && errand->band != NULL)
    gm_band_enter (errand->band, self, TRUE);
  if (waited)
    gm_line_add (self->line, errand, 0);
  if (errand->engine != NULL)
    gm_transfer_set_rates (errand->engine, errand->band != NULL ? gm_band_get_rates (errand->band) : NULL);
  admit_waiting (self);
}

static void
carry_out (GmCore *self,
           GmErrand *errand,
           guint orders)
{
  if ((orders & GM_ORDER_START) != 0)
    {
      change_priority (self, errand);
      change_band (self, errand);
      begin_errand (self, errand);
    }
  if ((orders & GM_ORDER_PRIORITY) != 0 && !errand->ending)
    change_priority (self, errand);
  if ((orders & GM_ORDER_BAND) != 0 && !errand->ending)
    change_band (self, errand);
  gm_errand_carry_out (errand, orders);
}

/* Until @deadline (0 = none), but at least one. FALSE if the core is to be shut down. */
static gboolean
take_orders (GmCore *self,
             gint64 deadline)
{
  gboolean settings_changed, retrying, forgetting, closing;
  GList *link;

  do
    {
      GmErrand *errand = NULL;
      guint orders = 0;

      g_mutex_lock (&self->lock);
      settings_changed = self->settings_changed;
      retrying = self->retrying;
      self->retrying = FALSE;
      forgetting = self->forgetting;
      self->forgetting = FALSE;
      closing = self->closing;
      link = g_queue_pop_head_link (&self->orders);
      if (link != NULL)
        {
          errand = g_steal_pointer (&link->data);
          orders = errand->orders;
          errand->orders = 0;
        }
      g_mutex_unlock (&self->lock);

      if (settings_changed)
        apply_settings (self);
      if (G_UNLIKELY (forgetting))
        gm_multi_forget_logins (self->multi);
      if (retrying && !closing)
        {
          gm_surroundings_serve (self->surroundings, self);
          admit_waiting (self);
        }
      if (errand != NULL)
        {
          carry_out (self, errand, orders);
          gm_errand_unref (errand);
        }
    }
  while (link != NULL && (deadline == 0 || g_get_monotonic_time () < deadline));

  return !closing;
}

static void
take_facts (GmCore *self)
{
  GmTransfer *transfer;
  guint facts;

  while ((transfer = gm_multi_pop_fact (self->multi, &facts)) != NULL)
    gm_errand_take_facts (gm_transfer_get_face (transfer), facts);
}

static gboolean
has_orders (GmCore *self)
{
  gboolean any;

  g_mutex_lock (&self->lock);
  any = self->orders.length > 0 || self->settings_changed || self->retrying || self->forgetting || self->closing;
  g_mutex_unlock (&self->lock);

  return any;
}

static void
step (GmCore *self,
      gboolean readable,
      gint64 budget)
{
  GmReactor *reactor = gm_multi_get_reactor (self->multi);

  self->stepping = TRUE;
  gm_reactor_begin_turn (reactor);
  if (readable)
    gm_reactor_collect (reactor, 0);
  gm_multi_turn (self->multi, budget);
  self->stepping = FALSE;
  if (G_UNLIKELY (self->asked_lately) && self->n_lookups == 0 && reactor->runnables.length == 0)
    self->asked_lately = has_orders (self);

  take_facts (self);
}

/* What was ordered since is nobody's: an errand in the queue would keep the core, and the core the errand. */
static void
forget_orders (GmCore *self)
{
  GList *link;

  do
    {
      GmErrand *errand = NULL;

      g_mutex_lock (&self->lock);
      link = g_queue_pop_head_link (&self->orders);
      if (link != NULL)
        errand = g_steal_pointer (&link->data);
      g_mutex_unlock (&self->lock);
      if (errand != NULL)
        gm_errand_unref (errand);
    }
  while (link != NULL);
}

/* The engine goes; the errands that are left end as cancelled. */
static void
tear_down (GmCore *self)
{
  g_autoptr (GMainContext) context = NULL;
  GSource *source;
  GList *link;

  take_orders (self, 0);
  while ((link = self->active.head) != NULL)
    {
      GmErrand *errand = gm_errand_ref (link->data);

      gm_errand_abandon (errand);
      gm_errand_unref (errand);
    }

  if (self->tick.due != 0)
    gm_reactor_set_timer (gm_multi_get_reactor (self->multi), &self->tick, 0);
  gm_awake_clear (&self->awake);
  g_clear_pointer (&self->pattern, gm_transfer_free);
  g_clear_pointer (&self->multi, gm_multi_free);
  gm_store_shelf_clear (&self->shelf);

  gm_postbox_anchor (self->home);
  gm_postbox_set_drained (self->home, FALSE);
  gm_main_source_disown (self->source);
  gm_share_source_disown (self->share);
  gm_source_end (self->share);
  g_clear_pointer (&self->share, g_source_unref);
  g_mutex_lock (&self->lock);
  source = g_steal_pointer (&self->source);
  context = g_steal_pointer (&self->context);
  g_mutex_unlock (&self->lock);
  forget_orders (self);
  gm_source_end (source);
  g_source_unref (source);
  gm_core_unref (self);
}

void
gm_core_shut_down (GmCore *self)
{
  g_autoptr (GMainContext) last = NULL;
  GMainContext *context;
  gboolean closing;

  g_mutex_lock (&self->lock);
  closing = self->closing;
  g_atomic_int_set (&self->closing, TRUE);
  g_mutex_unlock (&self->lock);
  if (closing)
    return;

  gm_core_ref (self);
  context = acquire_context (self);
  if (context != NULL)
    {
      if (self->multi != NULL && !self->stepping)
        tear_down (self);
      release_context (context);
    }
  else
    {
      /* the owner's next turn will see to it, or the end of the context if there is none; a thread of our own turns it once
       * more in any case */
      gm_postbox_anchor (self->home);
      g_mutex_lock (&self->lock);
      wake (self);
      if (!self->own_thread)
        last = g_steal_pointer (&self->context);
      if (last != NULL)
        gm_main_source_watch_context (self->source);
      g_mutex_unlock (&self->lock);
    }
  gm_core_unref (self);
}

void
gm_core_context_gone (GmCore *self)
{
  gm_postbox_orphan (self->home);
  if (self->multi != NULL)
    tear_down (self);
}

/* Orders, one turn of the engine, facts: no application code runs, and what is posted or ordered meanwhile wakes
 * nobody. FALSE if the core is to be shut down. */
static gboolean
work (GmCore *self,
      gboolean readable,
      gint64 until)
{
  gint64 now = g_get_monotonic_time ();
  gboolean go_on;

  g_mutex_lock (&self->lock);
  self->dispatching = g_thread_self ();
  g_mutex_unlock (&self->lock);
  gm_postbox_hold (self->home, TRUE);

  /* many orders do not keep the engine from its share, nor many answers what is to be told of them */
  go_on = take_orders (self, now + (until - now) / 2);
  if (go_on)
    step (self, readable, MAX (until - g_get_monotonic_time (), MIN_STEP_US));

  gm_postbox_hold (self->home, FALSE);
  g_mutex_lock (&self->lock);
  self->dispatching = NULL;
  g_mutex_unlock (&self->lock);
  return go_on;
}

/* To find out whether anybody listens costs as much as a good part of a small transfer. */
#define ASK_INTERVAL_US 100000

static void
tell_face (GmCore *self,
           gint64 now)
{
  gboolean counts = self->counts_changed;
  GObject *face;

  if ((!counts && !self->progress_changed) || now < self->tell_at)
    return;

  self->counts_changed = self->progress_changed = FALSE;
  face = g_weak_ref_get (&self->face);
  if (face == NULL)
    return;
  self->tell_at = self->changed (face, counts) ? 0 : now + ASK_INTERVAL_US;
  g_object_unref (face);
}

gint64
gm_core_get_due (GmCore *self)
{
  gint64 next;

  if (has_orders (self) || !gm_postbox_is_empty (self->home))
    return 0;

  next = gm_multi_get_next (self->multi);
  if (self->counts_changed && (next < 0 || next > self->tell_at))
    return self->tell_at;

  return next;
}

void
gm_core_dispatch (GmCore *self,
                  gboolean readable)
{
  gint64 now = g_get_monotonic_time ();
  gint64 deadline = now + GM_DISPATCH_BUDGET_US;

  if (self->stepping)
    return;

  /* a handler may drop the session */
  gm_core_ref (self);
  gm_share_source_push (self->share, now);

  if (work (self, readable, now + GM_DISPATCH_BUDGET_US * 2 / 3))
    {
      gm_postbox_drain (self->home, deadline);
      /* what the handlers started goes out now, not one turn of the loop later; its tidings wait for that */
      if (self->multi != NULL && has_orders (self) && g_get_monotonic_time () + MIN_STEP_US < deadline)
        work (self, FALSE, deadline);
    }
  if (self->multi != NULL)
    tell_face (self, now);
  if (self->multi != NULL && g_atomic_int_get (&self->closing))
    tear_down (self);
  gm_core_unref (self);
}

/* ---- blocking calls ---- */

void
gm_core_wake_waiters (GmCore *self)
{
  if (g_atomic_int_get (&self->n_waiters) == 0)
    return;

  g_mutex_lock (&self->wait_lock);
  self->wait_serial++;
  g_cond_broadcast (&self->wait_cond);
  g_mutex_unlock (&self->wait_lock);
}

static guint
get_wait_serial (GmCore *self)
{
  guint serial;

  g_mutex_lock (&self->wait_lock);
  serial = self->wait_serial;
  g_mutex_unlock (&self->wait_lock);

  return serial;
}

static int
get_timeout (GmCore *self,
             int longest)
{
  gint64 next = has_orders (self) ? 0 : gm_multi_get_next (self->multi);
  int timeout = -1;

  if (next >= 0)
    timeout = (int) CLAMP ((next - g_get_monotonic_time () + 999) / 1000, 0, 60000);
  if (longest >= 0 && (timeout < 0 || timeout > longest))
    timeout = longest;

  return timeout;
}

/* Sleeps until the engine has something to do, or somebody leaves an order; not at all if waiters were woken since
 * @serial, for what the caller waits for may have come. TRUE if the engine's descriptor is ready. */
static gboolean
sleep_for_events (GmCore *self,
                  int timeout,
                  guint serial)
{
  GPollFD fds[2] = { { gm_reactor_get_poll_fd (gm_multi_get_reactor (self->multi)), G_IO_IN, 0 }, { -1, G_IO_IN, 0 } };
  guint64 count;

  g_mutex_lock (&self->lock);
  if (self->wake_fd < 0)
    self->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  fds[1].fd = self->wake_fd;
  self->n_turning++;
  if (self->orders.length > 0)
    timeout = 0;
  g_mutex_unlock (&self->lock);
  if (get_wait_serial (self) != serial)
    timeout = 0;

  g_poll (fds, 2, timeout);

  g_mutex_lock (&self->lock);
  self->n_turning--;
  g_mutex_unlock (&self->lock);
  if ((fds[1].revents & G_IO_IN) != 0 && read (self->wake_fd, &count, sizeof count) < 0)
    return (fds[0].revents & G_IO_IN) != 0;

  return (fds[0].revents & G_IO_IN) != 0;
}

/* One turn of the engine, with the context acquired. It sleeps for @longest ms at most (-1 = as long as it may). */
static void
turn (GmCore *self,
      int longest,
      guint serial)
{
  gboolean readable;

  if (take_orders (self, 0))
    {
      readable = sleep_for_events (self, get_timeout (self, longest), serial);
      if (take_orders (self, 0))
        step (self, readable, GM_DISPATCH_BUDGET_US);
    }
  if (self->multi != NULL && g_atomic_int_get (&self->closing))
    tear_down (self);
}

static void
wait_for_tidings (GmCore *self,
                  guint serial)
{
  gint64 deadline = g_get_monotonic_time () + WAIT_SLICE_US;

  g_mutex_lock (&self->wait_lock);
  while (self->wait_serial == serial && g_cond_wait_until (&self->wait_cond, &self->wait_lock, deadline))
    ;
  g_mutex_unlock (&self->wait_lock);
}

/* What a blocking call waits for may depend on its surroundings. */
typedef struct
{
  GmErrand *errand;
  GmLookout *lookout; /* (owned) (nullable): not for those that are short */
  gint64 since;       /* 0: nothing can hold @errand back */
} Watch;

static Watch
watch_for (GmCore *self,
           GmErrand *errand)
{
  Watch watch = { .errand = errand };
  guint constraints = 0;

  g_mutex_lock (&self->lock);
  if (errand->transfer != NULL)
    constraints = gm_face_transfer_get_plan (errand->transfer)->constraints;
  g_mutex_unlock (&self->lock);

  if (constraints != 0)
    watch.since = g_get_monotonic_time ();
  return watch;
}

static void
look_around (Watch *watch)
{
  if (watch->lookout == NULL && g_get_monotonic_time () - watch->since >= GM_LOOKOUT_INTERVAL_MS * 1000)
    watch->lookout = gm_lookout_new (watch->errand);
  if (watch->lookout != NULL)
    gm_lookout_look (watch->lookout);
}

/* With the context acquired. */
static void
turn_for (GmCore *self,
          Watch *watch,
          gboolean borrowed,
          guint serial)
{
  int longest = borrowed ? BORROWED_SLICE_MS : -1;

  if (G_UNLIKELY (watch->since != 0) && !borrowed)
    longest = GM_LOOKOUT_INTERVAL_MS;
  if (G_UNLIKELY (watch->lookout != NULL))
    gm_lookout_ask (watch->lookout);
  self->blocking = TRUE;
  turn (self, longest, serial);
  self->blocking = FALSE;
}

void
gm_core_block (GmCore *self,
               GmErrand *errand,
               gboolean (*done) (gpointer user_data),
               gpointer user_data)
{
  g_autoptr (GMainContext) own = ref_context (self);
  gboolean borrowed = g_thread_self () != self->creator && own != NULL && !g_main_context_is_owner (own);
  Watch watch = watch_for (self, errand);
  GMainContext *context;
  guint serial;

  g_atomic_int_inc (&self->n_waiters);
  for (;;)
    {
      serial = get_wait_serial (self);
      if (done (user_data))
        break;
      if (G_UNLIKELY (watch.since != 0))
        look_around (&watch);

      context = acquire_context (self);
      if (context != NULL)
        {
          if (self->multi != NULL && !self->stepping)
            turn_for (self, &watch, borrowed, serial);
          release_context (context);
        }
      else
        {
          wait_for_tidings (self, serial);
        }
    }
  g_atomic_int_add (&self->n_waiters, -1);
  g_clear_pointer (&watch.lookout, gm_lookout_free);
}
