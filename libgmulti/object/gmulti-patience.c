/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-patience-private.h"

#include "gm-trace.h"
#include "gmulti-core-private.h"
#include "gmulti-error-private.h"
#include "gmulti-places-private.h"
#include "gmulti-source-private.h"
#include "gmulti-surroundings-private.h"
#include "gmulti-transfer-private.h"

struct _GmPatience
{
  GmErrand *errand; /* (unowned) */
  GmTimer timer;    /* set: another attempt comes then */
  GList link;       /* in the core's list of those that look at the surroundings */
  GmPast *past;     /* (owned) (nullable) */
  gint64 deadline;  /* µs: the limit of all attempts together; 0 = none */
  guint8 constraints; /* GMultiConstraints: what counts for it */
  guint8 reason;      /* GMultiWaitReason */
  gboolean held;      /* not given to the engine */
  gboolean reachable; /* its own host is, whether or not there is a way to anywhere else */
  gboolean asked;     /* a blocking call has, since the surroundings changed */
  GSource *asking;    /* (owned) (nullable): will ask about that */
};

/* ---- life ---- */

static void timer_cb (GmTimer *timer,
                      gint64 now);

static GmPatience *
ensure (GmErrand *errand)
{
  GmPatience *self = errand->patience;

  if (self != NULL)
    return self;

  self = g_new0 (GmPatience, 1);
  self->errand = errand;
  self->timer.fire = timer_cb;
  self->constraints = (guint8) gm_plan_get_constraints (gm_face_transfer_get_plan (errand->transfer));
  self->link.data = self;
  g_queue_push_tail_link (gm_core_get_patients (errand->core), &self->link);
  errand->patience = self;
  return self;
}

void
gm_patience_begin (GmErrand *errand)
{
  ensure (errand);
}

static void
set_timer (GmPatience *self,
           gint64 due)
{
  if (self->timer.due != due)
    gm_reactor_set_timer (gm_errand_get_reactor (self->errand), &self->timer, due);
}

void
gm_patience_end (GmErrand *errand)
{
  GmPatience *self = errand->patience;

  set_timer (self, 0);
  if (self->asking != NULL)
    gm_source_end (self->asking);
  g_clear_pointer (&self->asking, g_source_unref);
  if (self->link.data != NULL)
    g_queue_unlink (gm_core_get_patients (errand->core), &self->link);
  self->link.data = NULL;
  self->reason = GMULTI_WAIT_REASON_NONE;
}

GmErrand *
gm_patience_get_errand (GmPatience *self)
{
  return self->errand;
}

void
gm_patience_free (GmPatience *self)
{
  if (self == NULL)
    return;

  gm_past_free (self->past);
  g_free (self);
}

const GmPast *
gm_patience_get_past (GmPatience *self)
{
  return self->past;
}

/* It need not wait any longer. Where to connect to may be another place by now, as after a change of the network. */
static void
go_on (GmPatience *self)
{
  GmErrand *errand = self->errand;
  const GmPlan *plan = gm_face_transfer_get_plan (errand->transfer);

  self->held = FALSE;
  self->reason = GMULTI_WAIT_REASON_NONE;
  if (plan->connectable != NULL)
    gm_places_ask (errand, plan->connect_timeout);
  else
    gm_core_admit (errand->core, errand);
}

/* ---- what the surroundings allow ---- */

/* What is under way goes on without a way to anywhere: that may come back before the peer misses it, and if not it
 * fails. */
static GMultiWaitReason
judge (GmPatience *self,
       gboolean running)
{
  guint state = gm_surroundings_get_state (gm_core_get_surroundings (self->errand->core));

  if ((self->constraints & GMULTI_CONSTRAINTS_CONNECTIVITY) != 0 && (state & GM_SURROUNDINGS_NO_NETWORK) != 0
      && !running && !self->reachable)
    return GMULTI_WAIT_REASON_CONNECTIVITY;
  if ((self->constraints & GMULTI_CONSTRAINTS_UNMETERED) != 0 && (state & GM_SURROUNDINGS_METERED) != 0)
    return GMULTI_WAIT_REASON_METERED;
  if ((self->constraints & GMULTI_CONSTRAINTS_NO_POWER_SAVER) != 0 && (state & GM_SURROUNDINGS_POWER_SAVER) != 0)
    return GMULTI_WAIT_REASON_POWER_SAVER;

  return GMULTI_WAIT_REASON_NONE;
}

GMultiWaitReason
gm_patience_get_reason (GmPatience *self)
{
  return (GMultiWaitReason) self->reason;
}

gboolean
gm_patience_is_paused (GmPatience *self)
{
  return self->reason == GMULTI_WAIT_REASON_METERED || self->reason == GMULTI_WAIT_REASON_POWER_SAVER;
}

/* ---- a host that is near ---- */

static void look (GmPatience *self,
                  gboolean soon);

static void
stop_asking (gpointer data)
{
  GmErrand *errand = data;

  gm_core_count_lookups (errand->core, -1);
  gm_errand_unref (errand);
}

static void
reached_cb (GObject *monitor,
            GAsyncResult *result,
            gpointer user_data)
{
  GmErrand *errand = user_data;
  GmPatience *self = errand->patience;
  gboolean reachable = g_network_monitor_can_reach_finish (G_NETWORK_MONITOR (monitor), result, NULL);

  if (reachable && !errand->ending && self->held && self->reason == GMULTI_WAIT_REASON_CONNECTIVITY)
    {
      self->reachable = TRUE;
      look (self, FALSE);
    }
  stop_asking (errand);
}

/* (transfer full) (nullable) */
static GSocketConnectable *
make_host (GmErrand *errand)
{
  const GmPlan *plan = gm_face_transfer_get_plan (errand->transfer);

  return plan->connectable != NULL ? g_object_ref (plan->connectable) : g_network_address_parse_uri (plan->uri, 80, NULL);
}

void
gm_patience_ask_at_once (GmErrand *errand,
                         GNetworkMonitor *monitor)
{
  GmPatience *self = errand->patience;
  g_autoptr (GSocketConnectable) host = NULL;

  if (self == NULL || errand->ending || !self->held || self->asked || self->reason != GMULTI_WAIT_REASON_CONNECTIVITY)
    return;

  self->asked = TRUE;
  host = make_host (errand);
  if (host == NULL || G_NETWORK_MONITOR_GET_INTERFACE (monitor)->can_reach == NULL
      || !g_network_monitor_can_reach (monitor, host, errand->cancellable, NULL))
    return;

  self->reachable = TRUE;
  look (self, FALSE);
}

static gboolean
ask_cb (gpointer user_data)
{
  GmErrand *errand = user_data;
  GMainContext *context = g_source_get_context (g_main_current_source ());
  g_autoptr (GObject) monitor = gm_surroundings_ref_monitor (gm_core_get_surroundings (errand->core), GM_MONITOR_NETWORK);
  g_autoptr (GSocketConnectable) host = make_host (errand);

  g_clear_pointer (&errand->patience->asking, g_source_unref);
  if (host == NULL || monitor == NULL || G_NETWORK_MONITOR_GET_INTERFACE (monitor)->can_reach_async == NULL)
    return G_SOURCE_REMOVE;

  gm_core_count_lookups (errand->core, 1);
  g_main_context_push_thread_default (context);
  g_network_monitor_can_reach_async (G_NETWORK_MONITOR (monitor), host, NULL, reached_cb, gm_errand_ref (errand));
  g_main_context_pop_thread_default (context);
  return G_SOURCE_REMOVE;
}

/* "Available" means a way to anywhere, and what is in the same house needs none. The monitor may be the application's: it
 * is not called while the engine is at work. */
static void
ask_for_way (GmPatience *self)
{
  if (self->asking != NULL || self->reason != GMULTI_WAIT_REASON_CONNECTIVITY)
    return;

  self->asking = g_idle_source_new ();
  g_source_set_static_name (self->asking, "[gmulti] ask for a way");
  g_source_set_priority (self->asking, MIN (gm_core_get_priority (self->errand->core), G_PRIORITY_DEFAULT));
  gm_core_count_lookups (self->errand->core, 1);
  g_source_set_callback (self->asking, ask_cb, gm_errand_ref (self->errand), stop_asking);
  g_source_attach (self->asking, gm_core_get_context (self->errand->core));
}

static void
hold (GmPatience *self,
      GMultiWaitReason reason)
{
  self->held = TRUE;
  self->reason = (guint8) reason;
  GM_TRACE (OBJECT, gm_transfer_get_id (self->errand->engine), 0, "is held back: %d", (int) reason);
  gm_errand_refresh (self->errand);
  ask_for_way (self);
}

gboolean
gm_patience_holds (GmPatience *self)
{
  GMultiWaitReason reason = judge (self, FALSE);

  if (reason == GMULTI_WAIT_REASON_NONE)
    {
      self->held = FALSE;
      self->reason = (guint8) reason;
      return FALSE;
    }

  hold (self, reason);
  return TRUE;
}

static void
look (GmPatience *self,
      gboolean soon)
{
  GmErrand *errand = self->errand;
  GMultiWaitReason reason;

  if (self->timer.due != 0)
    {
      if (soon)
        set_timer (self, gm_errand_get_reactor (errand)->now);
      return;
    }
  /* lengths of files are being looked for */
  if (!self->held && !errand->running && errand->place == NULL)
    return;

  reason = judge (self, errand->running);
  if (reason == (GMultiWaitReason) self->reason)
    {
      if (self->held)
        ask_for_way (self);
      return;
    }

  if (errand->place != NULL)
    {
      gm_core_withdraw (errand->core, errand);
      hold (self, reason);
    }
  else if (self->held && reason == GMULTI_WAIT_REASON_NONE)
    {
      go_on (self);
      if (!errand->ending)
        gm_errand_refresh (errand);
    }
  else
    {
      self->reason = (guint8) reason;
      gm_errand_refresh (errand);
    }
}

void
gm_patience_look (GmPatience *self,
                  gboolean soon)
{
  self->reachable = FALSE; /* by the way that was */
  self->asked = FALSE;
  look (self, soon);
}

/* ---- another attempt ---- */

static void
timer_cb (GmTimer *timer,
          gint64 now)
{
  GmPatience *self = (GmPatience *) (gpointer) ((char *) timer - G_STRUCT_OFFSET (GmPatience, timer));
  GmErrand *errand = gm_errand_ref (self->errand);

  go_on (self);
  if (!errand->ending)
    gm_errand_refresh (errand);
  gm_errand_unref (errand);
}

/* RFC 9110 section 9.2.2. What never reached the server can be asked for again in any case. */
static gboolean
may_repeat (GmErrand *errand,
            const GError *error)
{
  static const char *const idempotent[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", NULL };
  GMultiPhase phase = gmulti_error_get_phase (error);

  if (phase > GMULTI_PHASE_NONE && phase < GMULTI_PHASE_REQUEST)
    return TRUE;

  return g_strv_contains (idempotent, gmulti_transfer_get_method (errand->transfer));
}

/* Milliseconds, before the next of @attempt attempts made so far. */
static guint
back_off (guint attempt)
{
  guint delay = GM_FIRST_RETRY_MS << MIN (attempt - 1, 16);

  delay = MIN (delay, GM_LONGEST_BACKOFF_MS);
  return delay - delay / 4 + (guint) g_random_int_range (0, (gint32) (delay / 2) + 1);
}

/* The connection was made before the network changed, or the machine slept: nobody is to blame. */
static gboolean
was_shaken (GmErrand *errand,
            const GError *error)
{
  return gm_multi_get_shaken_at (gm_core_get_multi (errand->core)) > gm_transfer_get_info (errand->engine)->added &&
         !g_error_matches (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
}

/* FALSE: this was the last attempt. */
static gboolean
choose_delay (GmErrand *errand,
              const GError *error,
              guint *delay)
{
  const GmPlan *plan = gm_face_transfer_get_plan (errand->transfer);
  gint64 after = gm_transfer_get_info (errand->engine)->retry_after;

  *delay = 0;
  if (was_shaken (errand, error))
    return TRUE;
  if (errand->mirror.attempt >= plan->max_attempts || after > GM_LONGEST_RETRY_MS / 1000)
    return FALSE;

  *delay = back_off (errand->mirror.attempt);
  if (g_error_matches (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS))
    *delay = MAX (*delay, (guint) MAX (after, 0) * 1000);
  return TRUE;
}

/* The limit of the whole counts from the first attempt on. */
static gboolean
is_in_time (GmErrand *errand,
            guint delay)
{
  guint timeout = gm_face_transfer_get_plan (errand->transfer)->timeout;
  GmPatience *self = ensure (errand);
  gint64 now = gm_errand_get_reactor (errand)->now;
  gint64 left;

  if (timeout == 0)
    return TRUE;

  if (self->deadline == 0)
    self->deadline = gm_clock_after (gm_transfer_get_info (errand->engine)->added, (gint64) timeout * 1000);
  left = (self->deadline - now) / 1000 - (gint64) delay;
  if (left <= 0)
    return FALSE;

  gm_transfer_set_int (errand->engine, GM_OPTION_TIMEOUT_MS, left);
  return TRUE;
}

/* These say that somebody wanted it so, or that the time for all is used up. */
static gboolean
is_final (GmErrand *errand,
          GmResult result)
{
  return result == GM_CANCELLED || result == GM_ABORTED || result == GM_WRITE_FAILED || result == GM_READ_FAILED ||
         result == GM_TIMEOUT || result == GM_BAD_URL || gm_core_is_closing (errand->core);
}

gboolean
gm_patience_try_again (GmErrand *errand,
                       GmResult result)
{
  const GmPlan *plan = gm_face_transfer_get_plan (errand->transfer);
  g_autoptr (GError) error = NULL;
  GmPatience *self;
  GmInfo info;
  gboolean wait;
  guint delay = 0;

  /* it was not with the engine, or what is in the stream cannot be taken back */
  if (!errand->running || is_final (errand, result)
      || (errand->kind == GM_ERRAND_PIPE && errand->head != NULL && !errand->refused))
    return FALSE;
  if (plan->max_attempts <= 1 && plan->constraints == 0
      && gm_multi_get_shaken_at (gm_core_get_multi (errand->core)) <= gm_transfer_get_info (errand->engine)->added)
    return FALSE;

  error = gm_errand_make_error (errand, result);
  if (!gmulti_error_is_transient (error) || !may_repeat (errand, error))
    return FALSE;

  self = ensure (errand);
  wait = judge (self, FALSE) == GMULTI_WAIT_REASON_CONNECTIVITY &&
         !g_error_matches (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
  if ((!wait && !choose_delay (errand, error, &delay)) || !is_in_time (errand, delay)
      || !gm_errand_rewind (errand, gmulti_error_get_phase (error) >= GMULTI_PHASE_REQUEST))
    return FALSE;

  gm_multi_remove (gm_core_get_multi (errand->core), errand->engine);
  gm_transfer_take_info (errand->engine, &info);
  gm_past_add (&self->past, &info);
  gm_core_give_up_slot (errand->core, errand);
  if (wait)
    {
      gm_errand_tell_retry (errand, NULL, 0);
      hold (self, GMULTI_WAIT_REASON_CONNECTIVITY);
      return TRUE;
    }

  self->reason = GMULTI_WAIT_REASON_RETRY;
  errand->mirror.attempt++;
  GM_TRACE (OBJECT, gm_transfer_get_id (errand->engine), 0, "attempt %u in %u ms", errand->mirror.attempt, delay);
  gm_errand_tell_retry (errand, g_steal_pointer (&error), delay);
  set_timer (self, gm_clock_after (gm_errand_get_reactor (errand)->now, (gint64) delay * 1000));
  gm_errand_refresh (errand);
  return TRUE;
}

/* The engine has not had this attempt, and the limit of the whole is counted here from its failure on. */
gboolean
gm_patience_try_places_again (GmErrand *errand,
                              const GError *error)
{
  const GmPlan *plan = gm_face_transfer_get_plan (errand->transfer);
  gint64 now = g_get_monotonic_time ();
  GmPatience *self;
  guint delay = 0;

  if ((plan->max_attempts <= 1 && plan->constraints == 0) || gm_core_is_closing (errand->core)
      || !gmulti_error_is_transient (error))
    return FALSE;

  self = ensure (errand);
  if (judge (self, FALSE) == GMULTI_WAIT_REASON_CONNECTIVITY)
    {
      gm_errand_tell_retry (errand, NULL, 0);
      hold (self, GMULTI_WAIT_REASON_CONNECTIVITY);
      return TRUE;
    }
  if (errand->mirror.attempt >= plan->max_attempts)
    return FALSE;

  delay = back_off (errand->mirror.attempt);
  if (plan->timeout != 0 && self->deadline == 0)
    self->deadline = gm_clock_after (now, (gint64) plan->timeout * 1000);
  if (self->deadline != 0 && self->deadline <= gm_clock_after (now, (gint64) delay * 1000))
    return FALSE;
  if (self->deadline != 0)
    gm_transfer_set_int (errand->engine, GM_OPTION_TIMEOUT_MS, (self->deadline - now) / 1000 - (gint64) delay);

  self->reason = GMULTI_WAIT_REASON_RETRY;
  errand->mirror.attempt++;
  gm_errand_tell_retry (errand, g_error_copy (error), delay);
  set_timer (self, gm_clock_after (now, (gint64) delay * 1000));
  gm_errand_refresh (errand);
  return TRUE;
}
