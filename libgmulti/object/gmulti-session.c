/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-session-private.h"

#include "gm-config.h"
#include "gmulti-challenge.h"
#include "gmulti-transfer.h"
#include "gmulti-trust-check.h"

/**
 * GMultiSession:
 *
 * Moves many transfers at once, and keeps what they share: connections, names, limits.
 *
 * A session belongs to the main context that was the thread-default one when it was made, and does its work there; or
 * it has a thread of its own, see [ctor@GMulti.Session.new_threaded]. Its functions may be called from any thread. Every
 * callback comes in the context that was the thread-default one of the call.
 *
 * An asynchronous call keeps the session alive. Transfers that were merely started do not: with the last reference they
 * are cancelled.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (GMultiSession, gmulti_session, G_TYPE_OBJECT)

typedef enum
{
  SIGNAL_AUTHENTICATE,
  SIGNAL_CHECK_TRUST,
} Signal;

static guint signals[SIGNAL_CHECK_TRUST + 1];

GmCore *
gm_face_session_get_core (GMultiSession *self)
{
  return self->core;
}

/* ---- the worker thread of a threaded session ---- */

static gpointer
session_thread (gpointer user_data)
{
  GmCore *core = user_data;
  g_autoptr (GMainContext) context = g_main_context_ref (gm_core_get_context (core));

  g_main_context_push_thread_default (context);
  /* a resolver answers to this context, and nobody else would hear it */
  while (gm_core_is_alive (core) || gm_core_count_lookups (core, 0) > 0)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  gm_core_unref (core);

  return NULL;
}

/* From a dispatch of the session's context. */
static gboolean
changed_cb (GObject *object,
            gboolean counts)
{
  static guint notify_signal;

  if (notify_signal == 0)
    notify_signal = g_signal_lookup ("notify", G_TYPE_OBJECT);
  if (g_signal_handler_find (object, G_SIGNAL_MATCH_ID, notify_signal, 0, NULL, NULL, NULL) == 0)
    return FALSE;

  if (counts)
    {
      g_object_notify_by_pspec (object, gm_session_properties[GM_SESSION_PROP_N_ACTIVE]);
      g_object_notify_by_pspec (object, gm_session_properties[GM_SESSION_PROP_N_QUEUED]);
    }
  g_object_notify_by_pspec (object, gm_session_properties[GM_SESSION_PROP_FRACTION]);
  g_object_notify_by_pspec (object, gm_session_properties[GM_SESSION_PROP_SPEED]);
  return TRUE;
}

static gboolean
wants_fd_watches (void)
{
  return g_strcmp0 (g_getenv ("GMULTI_WATCHES"), "fd") == 0;
}

static void
gmulti_session_constructed (GObject *object)
{
  GMultiSession *self = GMULTI_SESSION (object);
  g_autoptr (GMainContext) context = NULL;
  GmCoreSettings *settings;

  G_OBJECT_CLASS (gmulti_session_parent_class)->constructed (object);

  context = self->threaded ? g_main_context_new () : g_main_context_ref_thread_default ();
  self->core = gm_core_new (context, self->priority, wants_fd_watches (), self->threaded);
  gm_core_set_face (self->core, object, changed_cb);
  settings = gm_core_lock_settings (self->core);
  settings->max_connections_per_host = GM_SESSION_DEFAULT_MAX_CONNECTIONS_PER_HOST;
  settings->max_streams = GM_SESSION_DEFAULT_MAX_STREAMS;
  settings->user_agent = g_strdup ("libgmulti/" GMULTI_VERSION_STRING);
  gm_core_unlock_settings (self->core, TRUE);

  /* never joined: it ends by itself when the core is gone */
  if (self->threaded)
    g_thread_unref (g_thread_new ("gmulti-session", session_thread, gm_core_ref (self->core)));
}

static void
gmulti_session_finalize (GObject *object)
{
  GMultiSession *self = GMULTI_SESSION (object);

  gm_core_shut_down (self->core);
  gm_core_unref (self->core);
  g_clear_object (&self->transfers);

  G_OBJECT_CLASS (gmulti_session_parent_class)->finalize (object);
}

static void
install_signals (GType type)
{
  /**
   * GMultiSession::authenticate:
   * @self: the session
   * @transfer: the transfer that waits for it
   * @challenge: who asks, and for what
   *
   * A server or a proxy asks for a login, and no handler of [signal@GMulti.Transfer::authenticate] has taken it. A handler
   * that will answer keeps a reference on @challenge and returns %TRUE; it may call [method@GMulti.Challenge.answer] at
   * once or later, and meanwhile the transfer waits. If nobody does, the transfer gets the refusal for its answer.
   *
   * It is emitted in the context in which @transfer was started, also if the session has a thread of its own. Connect
   * before the transfer is started: who was not there then is not asked.
   *
   * Returns: whether the challenge will be answered
   *
   * Since: 1.0
   */
  signals[SIGNAL_AUTHENTICATE]
    = g_signal_new ("authenticate", type, G_SIGNAL_RUN_LAST, 0, g_signal_accumulator_true_handled, NULL, NULL,
                    G_TYPE_BOOLEAN, 2, GMULTI_TYPE_TRANSFER, GMULTI_TYPE_CHALLENGE);

  /**
   * GMultiSession::check-trust:
   * @self: the session
   * @transfer: the transfer that waits for it
   * @check: whose certificate it is, and what is wrong with it
   *
   * Something is wrong with the certificate of a server or a proxy, and no handler of [signal@GMulti.Transfer::check-trust]
   * has taken it. A handler that will answer keeps a reference on @check and returns %TRUE; it may call
   * [method@GMulti.TrustCheck.accept] at once or later, and meanwhile the transfer waits. If nobody does, the transfer
   * fails.
   *
   * It is emitted in the context in which @transfer was started, also if the session has a thread of its own. Connect
   * before the transfer is started: who was not there then is not asked.
   *
   * Returns: whether the check will be answered
   *
   * Since: 1.0
   */
  signals[SIGNAL_CHECK_TRUST]
    = g_signal_new ("check-trust", type, G_SIGNAL_RUN_LAST, 0, g_signal_accumulator_true_handled, NULL, NULL,
                    G_TYPE_BOOLEAN, 2, GMULTI_TYPE_TRANSFER, GMULTI_TYPE_TRUST_CHECK);
}

static void
gmulti_session_class_init (GMultiSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = gmulti_session_constructed;
  object_class->finalize = gmulti_session_finalize;

  gm_session_install_properties (object_class);
  install_signals (G_TYPE_FROM_CLASS (klass));
  gm_face_session_install_monitors (object_class, GM_SESSION_PROP_MONITORS);
  gm_face_session_install_manners (object_class, GM_SESSION_PROP_MANNERS);
}

static void
gmulti_session_init (GMultiSession *self)
{
  self->priority = GM_SESSION_DEFAULT_PRIORITY;
}

/**
 * gmulti_session_new:
 *
 * Makes a session that works in the thread-default context of the caller.
 *
 * Returns: (transfer full): the new session
 *
 * Since: 1.0
 */
GMultiSession *
gmulti_session_new (void)
{
  return g_object_new (GMULTI_TYPE_SESSION, NULL);
}

/**
 * gmulti_session_new_threaded:
 *
 * Makes a session that works in a thread of its own. It is used like any other: callbacks and signals come in the
 * context that was the thread-default one of the call.
 *
 * Returns: (transfer full): the new session
 *
 * Since: 1.0
 */
GMultiSession *
gmulti_session_new_threaded (void)
{
  return g_object_new (GMULTI_TYPE_SESSION, "has-thread", TRUE, NULL);
}

/* ---- how it is getting on ---- */

/**
 * gmulti_session_get_n_active: (get-property n-active)
 * @self: the session
 *
 * Gets how many transfers are under way.
 *
 * Returns: the number of transfers
 *
 * Since: 1.0
 */
guint
gmulti_session_get_n_active (GMultiSession *self)
{
  g_return_val_if_fail (GMULTI_IS_SESSION (self), 0);

  return gm_core_get_n_active (self->core);
}

/**
 * gmulti_session_get_n_queued: (get-property n-queued)
 * @self: the session
 *
 * Gets how many transfers wait because [property@GMulti.Session:max-active] others are under way.
 *
 * Returns: the number of transfers
 *
 * Since: 1.0
 */
guint
gmulti_session_get_n_queued (GMultiSession *self)
{
  g_return_val_if_fail (GMULTI_IS_SESSION (self), 0);

  return gm_core_get_n_queued (self->core);
}

/**
 * gmulti_session_get_speed: (get-property speed)
 * @self: the session
 *
 * Gets how many bytes a second the unfinished transfers move together.
 *
 * Returns: the number of bytes
 *
 * Since: 1.0
 */
guint64
gmulti_session_get_speed (GMultiSession *self)
{
  g_autoptr (GPtrArray) transfers = NULL;
  guint64 speed = 0;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), 0);

  transfers = gm_core_list_transfers (self->core);
  for (guint i = 0; i < transfers->len; i++)
    speed += gmulti_transfer_get_speed (transfers->pdata[i]);

  return speed;
}

/**
 * gmulti_session_get_fraction: (get-property fraction)
 * @self: the session
 *
 * Gets which part of all unfinished transfers is done: the mean of their fractions, where one whose length is not known
 * counts as not begun.
 *
 * Returns: a number from 0 to 1; 1 if there is no unfinished transfer
 *
 * Since: 1.0
 */
double
gmulti_session_get_fraction (GMultiSession *self)
{
  g_autoptr (GPtrArray) transfers = NULL;
  double sum = 0;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), 0);

  transfers = gm_core_list_transfers (self->core);
  for (guint i = 0; i < transfers->len; i++)
    sum += MAX (gmulti_transfer_get_fraction (transfers->pdata[i]), 0);

  return transfers->len > 0 ? sum / transfers->len : 1;
}

/**
 * gmulti_session_get_n_unfinished:
 * @self: the session
 *
 * Gets how many transfers were started and are not finished.
 *
 * Returns: the number of transfers
 *
 * Since: 1.0
 */
guint
gmulti_session_get_n_unfinished (GMultiSession *self)
{
  g_return_val_if_fail (GMULTI_IS_SESSION (self), 0);

  return gm_core_get_n_unfinished (self->core);
}

/**
 * gmulti_session_get_transfers: (get-property transfers)
 * @self: the session
 *
 * Gets the unfinished transfers that were started in the session's own context, in the order of their start: a list for
 * views. It is to be used in that context only.
 *
 * Returns: (transfer none): a list of [class@GMulti.Transfer]
 *
 * Since: 1.0
 */
GListModel *
gmulti_session_get_transfers (GMultiSession *self)
{
  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);

  if (self->transfers == NULL)
    {
      g_autoptr (GPtrArray) errands = gm_core_list_home_runs (self->core);

      self->transfers = gm_transfer_list_new ();
      for (guint i = 0; i < errands->len; i++)
        {
          GmErrand *errand = g_ptr_array_index (errands, i);

          if (errand->transfer != NULL)
            gm_transfer_list_add_errand (self->transfers, errand, errand->transfer);
        }
      gm_core_set_list (self->core, self->transfers);
    }

  return G_LIST_MODEL (self->transfers);
}

/* ---- questions of transfers ---- */

guint
gm_face_session_get_ask (GMultiSession *self)
{
  guint ask = 0;

  /* mostly there is no handler at all: one look says so for both */
  if (g_signal_handler_find (self, G_SIGNAL_MATCH_DETAIL, 0, 0, NULL, NULL, NULL) == 0)
    return 0;

  if (g_signal_has_handler_pending (self, signals[SIGNAL_AUTHENTICATE], 0, TRUE))
    ask |= 1u << GM_QUESTION_LOGIN;
  if (g_signal_has_handler_pending (self, signals[SIGNAL_CHECK_TRUST], 0, TRUE))
    ask |= 1u << GM_QUESTION_TRUST;

  return ask;
}

gboolean
gm_face_session_ask (GMultiSession *self,
                     GmQuestionKind kind,
                     GMultiTransfer *transfer,
                     gpointer question)
{
  guint signal = signals[kind == GM_QUESTION_LOGIN ? SIGNAL_AUTHENTICATE : SIGNAL_CHECK_TRUST];
  gboolean handled = FALSE;

  g_signal_emit (self, signal, 0, transfer, question, &handled);
  return handled;
}
