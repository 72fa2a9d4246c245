/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-session.h"

#include "gmulti-state-private.h"

#include "gm-config.h"
#include "gmulti-body-stream-private.h"
#include "gmulti-challenge.h"
#include "gmulti-core-private.h"
#include "gmulti-download-private.h"
#include "gmulti-error-private.h"
#include "gmulti-session-private.h"
#include "gmulti-splice-private.h"
#include "gmulti-surroundings-private.h"
#include "gmulti-transfer-list-private.h"
#include "gmulti-transfer-private.h"
#include "gmulti-trust-check.h"

#include <glib/gi18n-lib.h>

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
struct _GMultiSession
{
  GObject parent_instance;

  GmCore *core; /* (owned) */
  int priority;
  gboolean threaded;
  GmTransferList *transfers; /* (owned) (nullable): made on first use */
};

/* Just below GTK's redraw (120): work must not keep frames waiting, however much of it there is. */
#define DEFAULT_PRIORITY 130
/* As many as browsers open to one host of HTTP/1.1. */
#define DEFAULT_MAX_CONNECTIONS_PER_HOST 6
#define DEFAULT_MAX_STREAMS 100

typedef enum
{
  PROP_PRIORITY = 1,
  PROP_HAS_THREAD,
  PROP_MAX_ACTIVE,
  PROP_MAX_CONNECTIONS,
  PROP_MAX_CONNECTIONS_PER_HOST,
  PROP_MAX_STREAMS_PER_CONNECTION,
  PROP_MAX_IDLE_CONNECTIONS,
  PROP_IDLE_TIMEOUT,
  PROP_PROGRESS_INTERVAL,
  PROP_USER_AGENT,
  PROP_DOH_URI,
  PROP_PROXY_RESOLVER,
  PROP_TLS_DATABASE,
  PROP_TLS_INTERACTION,
  PROP_COOKIE_JAR,
  PROP_STATE_FILE,
  PROP_TRANSFERS,
  PROP_MAX_DOWNLOAD_RATE,
  PROP_MAX_UPLOAD_RATE,
  PROP_N_ACTIVE,
  PROP_N_QUEUED,
  PROP_FRACTION,
  PROP_SPEED,
} Property;

typedef enum
{
  SIGNAL_AUTHENTICATE,
  SIGNAL_CHECK_TRUST,
} Signal;

static GParamSpec *properties[PROP_SPEED + 1];
static guint signals[SIGNAL_CHECK_TRUST + 1];
/* of the monitors, which have their own file; the first of them */
#define PROP_MONITORS (PROP_SPEED + 1)

G_DEFINE_FINAL_TYPE (GMultiSession, gmulti_session, G_TYPE_OBJECT)

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
  GMainContext *context = gm_core_get_context (core);

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
      g_object_notify_by_pspec (object, properties[PROP_N_ACTIVE]);
      g_object_notify_by_pspec (object, properties[PROP_N_QUEUED]);
    }
  g_object_notify_by_pspec (object, properties[PROP_FRACTION]);
  g_object_notify_by_pspec (object, properties[PROP_SPEED]);
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
  settings->max_connections_per_host = DEFAULT_MAX_CONNECTIONS_PER_HOST;
  settings->max_streams = DEFAULT_MAX_STREAMS;
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
gmulti_session_get_property (GObject *object,
                             guint prop_id,
                             GValue *value,
                             GParamSpec *pspec)
{
  GMultiSession *self = GMULTI_SESSION (object);

  switch ((Property) prop_id)
    {
    case PROP_PRIORITY:
      g_value_set_int (value, self->priority);
      break;
    case PROP_HAS_THREAD:
      g_value_set_boolean (value, self->threaded);
      break;
    case PROP_MAX_ACTIVE:
      g_value_set_uint (value, gmulti_session_get_max_active (self));
      break;
    case PROP_MAX_CONNECTIONS:
      g_value_set_uint (value, gmulti_session_get_max_connections (self));
      break;
    case PROP_MAX_STREAMS_PER_CONNECTION:
      g_value_set_uint (value, gmulti_session_get_max_streams_per_connection (self));
      break;
    case PROP_MAX_CONNECTIONS_PER_HOST:
      g_value_set_uint (value, gmulti_session_get_max_connections_per_host (self));
      break;
    case PROP_MAX_IDLE_CONNECTIONS:
      g_value_set_int (value, gmulti_session_get_max_idle_connections (self));
      break;
    case PROP_IDLE_TIMEOUT:
      g_value_set_uint (value, gmulti_session_get_idle_timeout (self));
      break;
    case PROP_PROGRESS_INTERVAL:
      g_value_set_uint (value, gmulti_session_get_progress_interval (self));
      break;
    case PROP_COOKIE_JAR:
      g_value_take_object (value, gmulti_session_dup_cookie_jar (self));
      break;
    case PROP_STATE_FILE:
      g_value_take_object (value, gmulti_session_dup_state_file (self));
      break;
    case PROP_USER_AGENT:
      g_value_take_string (value, gmulti_session_dup_user_agent (self));
      break;
    case PROP_DOH_URI:
      g_value_take_string (value, gmulti_session_dup_doh_uri (self));
      break;
    case PROP_PROXY_RESOLVER:
      g_value_take_object (value, gmulti_session_dup_proxy_resolver (self));
      break;
    case PROP_TLS_DATABASE:
      g_value_take_object (value, gmulti_session_dup_tls_database (self));
      break;
    case PROP_TLS_INTERACTION:
      g_value_take_object (value, gmulti_session_dup_tls_interaction (self));
      break;
    case PROP_TRANSFERS:
      g_value_set_object (value, gmulti_session_get_transfers (self));
      break;
    case PROP_MAX_DOWNLOAD_RATE:
      g_value_set_uint64 (value, gmulti_session_get_max_download_rate (self));
      break;
    case PROP_MAX_UPLOAD_RATE:
      g_value_set_uint64 (value, gmulti_session_get_max_upload_rate (self));
      break;
    case PROP_N_ACTIVE:
      g_value_set_uint (value, gmulti_session_get_n_active (self));
      break;
    case PROP_N_QUEUED:
      g_value_set_uint (value, gmulti_session_get_n_queued (self));
      break;
    case PROP_FRACTION:
      g_value_set_double (value, gmulti_session_get_fraction (self));
      break;
    case PROP_SPEED:
      g_value_set_uint64 (value, gmulti_session_get_speed (self));
      break;
    default:
      if (!gm_face_session_get_monitor (self, prop_id - PROP_MONITORS, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gmulti_session_set_property (GObject *object,
                             guint prop_id,
                             const GValue *value,
                             GParamSpec *pspec)
{
  GMultiSession *self = GMULTI_SESSION (object);

  switch (prop_id)
    {
    case PROP_PRIORITY:
      self->priority = g_value_get_int (value);
      break;
    case PROP_HAS_THREAD:
      self->threaded = g_value_get_boolean (value);
      break;
    case PROP_MAX_ACTIVE:
      gmulti_session_set_max_active (self, g_value_get_uint (value));
      break;
    case PROP_MAX_CONNECTIONS:
      gmulti_session_set_max_connections (self, g_value_get_uint (value));
      break;
    case PROP_MAX_STREAMS_PER_CONNECTION:
      gmulti_session_set_max_streams_per_connection (self, g_value_get_uint (value));
      break;
    case PROP_MAX_CONNECTIONS_PER_HOST:
      gmulti_session_set_max_connections_per_host (self, g_value_get_uint (value));
      break;
    case PROP_MAX_IDLE_CONNECTIONS:
      gmulti_session_set_max_idle_connections (self, g_value_get_int (value));
      break;
    case PROP_IDLE_TIMEOUT:
      gmulti_session_set_idle_timeout (self, g_value_get_uint (value));
      break;
    case PROP_PROGRESS_INTERVAL:
      gmulti_session_set_progress_interval (self, g_value_get_uint (value));
      break;
    case PROP_COOKIE_JAR:
      gmulti_session_set_cookie_jar (self, g_value_get_object (value));
      break;
    case PROP_STATE_FILE:
      gmulti_session_set_state_file (self, g_value_get_object (value));
      break;
    case PROP_USER_AGENT:
      gmulti_session_set_user_agent (self, g_value_get_string (value));
      break;
    case PROP_DOH_URI:
      gmulti_session_set_doh_uri (self, g_value_get_string (value));
      break;
    case PROP_PROXY_RESOLVER:
      gmulti_session_set_proxy_resolver (self, g_value_get_object (value));
      break;
    case PROP_TLS_DATABASE:
      gmulti_session_set_tls_database (self, g_value_get_object (value));
      break;
    case PROP_TLS_INTERACTION:
      gmulti_session_set_tls_interaction (self, g_value_get_object (value));
      break;
    case PROP_MAX_DOWNLOAD_RATE:
      gmulti_session_set_max_download_rate (self, g_value_get_uint64 (value));
      break;
    case PROP_MAX_UPLOAD_RATE:
      gmulti_session_set_max_upload_rate (self, g_value_get_uint64 (value));
      break;
    default:
      if (!gm_face_session_set_monitor (self, prop_id - PROP_MONITORS, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_construct_properties (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiSession:priority: (getter get_priority)
   *
   * The priority of the session's sources in its context. The default, 130, is just below that of drawing in GTK.
   *
   * Since: 1.0
   */
  properties[PROP_PRIORITY] = g_param_spec_int ("priority", NULL, NULL, G_MININT, G_MAXINT, DEFAULT_PRIORITY, flags);

  /**
   * GMultiSession:has-thread: (getter is_threaded)
   *
   * Whether the session works in a thread of its own.
   *
   * Since: 1.0
   */
  properties[PROP_HAS_THREAD] = g_param_spec_boolean ("has-thread", NULL, NULL, FALSE, flags);
}

static void
install_limit_properties (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiSession:max-active: (getter get_max_active) (setter set_max_active)
   *
   * How many transfers are under way at once; 0 means any number. The others wait, in the order of their priority.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_ACTIVE] = g_param_spec_uint ("max-active", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * GMultiSession:max-connections: (getter get_max_connections) (setter set_max_connections)
   *
   * How many connections are open at once; 0 means any number.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_CONNECTIONS] = g_param_spec_uint ("max-connections", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * GMultiSession:max-connections-per-host: (getter get_max_connections_per_host) (setter set_max_connections_per_host)
   *
   * How many connections to one host are open at once; 0 means any number.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_CONNECTIONS_PER_HOST] = g_param_spec_uint (
    "max-connections-per-host", NULL, NULL, 0, G_MAXUINT, DEFAULT_MAX_CONNECTIONS_PER_HOST, flags);

  /**
   * GMultiSession:max-streams-per-connection: (getter get_max_streams_per_connection) (setter set_max_streams_per_connection)
   *
   * How many transfers share one HTTP/2 connection at most; a server may allow fewer.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_STREAMS_PER_CONNECTION]
    = g_param_spec_uint ("max-streams-per-connection", NULL, NULL, 1, G_MAXUINT, DEFAULT_MAX_STREAMS, flags);

  /**
   * GMultiSession:max-idle-connections: (getter get_max_idle_connections) (setter set_max_idle_connections)
   *
   * How many connections are kept open when nobody uses them; -1 means a number that fits that of the transfers.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_IDLE_CONNECTIONS]
    = g_param_spec_int ("max-idle-connections", NULL, NULL, -1, G_MAXINT, -1, flags);

  /**
   * GMultiSession:idle-timeout: (getter get_idle_timeout) (setter set_idle_timeout)
   *
   * After how many milliseconds without use a connection is not used again; 0 means the default, which is two minutes.
   *
   * Since: 1.0
   */
  properties[PROP_IDLE_TIMEOUT] = g_param_spec_uint ("idle-timeout", NULL, NULL, 0, G_MAXUINT, 0, flags);
}

static void
install_rate_properties (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiSession:max-download-rate: (getter get_max_download_rate) (setter set_max_download_rate)
   *
   * How many bytes a second all transfers together receive at most; 0 means any number.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_DOWNLOAD_RATE]
    = g_param_spec_uint64 ("max-download-rate", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * GMultiSession:max-upload-rate: (getter get_max_upload_rate) (setter set_max_upload_rate)
   *
   * How many bytes a second all transfers together send at most; 0 means any number.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_UPLOAD_RATE] = g_param_spec_uint64 ("max-upload-rate", NULL, NULL, 0, G_MAXUINT64, 0, flags);
}

static void
install_tls_properties (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiSession:tls-database: (getter dup_tls_database) (setter set_tls_database)
   *
   * Who says which certificates of servers are to be trusted, for transfers that have no database of their own; %NULL
   * for the system's store.
   *
   * A [iface@Gio.TlsFileDatabase] is read by the engine, any other one is asked about each certificate.
   *
   * Since: 1.0
   */
  properties[PROP_TLS_DATABASE] = g_param_spec_object ("tls-database", NULL, NULL, G_TYPE_TLS_DATABASE, flags);

  /**
   * GMultiSession:tls-interaction: (getter dup_tls_interaction) (setter set_tls_interaction)
   *
   * Who is asked for the PIN of a token with a client's certificate, and for a certificate when a server wants one and none
   * is set, for transfers that have nobody of their own; %NULL if nobody is.
   *
   * How this is done says [property@GMulti.Transfer:tls-interaction].
   *
   * Since: 1.0
   */
  properties[PROP_TLS_INTERACTION] = g_param_spec_object ("tls-interaction", NULL, NULL, G_TYPE_TLS_INTERACTION, flags);
}

static void
install_count_properties (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiSession:n-active: (getter get_n_active)
   *
   * How many transfers are under way. Changes are notified in the session's context; a session with a thread of its own
   * notifies none, nor those of the other properties that tell how it is getting on.
   *
   * Since: 1.0
   */
  properties[PROP_N_ACTIVE] = g_param_spec_uint ("n-active", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * GMultiSession:n-queued: (getter get_n_queued)
   *
   * How many transfers wait because as many as may be are under way.
   *
   * Since: 1.0
   */
  properties[PROP_N_QUEUED] = g_param_spec_uint ("n-queued", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * GMultiSession:fraction: (getter get_fraction)
   *
   * Which part of all unfinished transfers is done; 1 if there is none.
   *
   * Since: 1.0
   */
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 1, flags);

  /**
   * GMultiSession:speed: (getter get_speed)
   *
   * How many bytes a second the unfinished transfers move together.
   *
   * Since: 1.0
   */
  properties[PROP_SPEED] = g_param_spec_uint64 ("speed", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * GMultiSession:transfers: (getter get_transfers)
   *
   * The unfinished transfers that were started in the session's own context.
   *
   * Since: 1.0
   */
  properties[PROP_TRANSFERS]
    = g_param_spec_object ("transfers", NULL, NULL, G_TYPE_LIST_MODEL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
install_default_properties (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiSession:progress-interval: (getter get_progress_interval) (setter set_progress_interval)
   *
   * How many milliseconds there are at least between two notifications about the progress of a transfer.
   *
   * Since: 1.0
   */
  properties[PROP_PROGRESS_INTERVAL]
    = g_param_spec_uint ("progress-interval", NULL, NULL, 0, G_MAXUINT, 100, flags);

  /**
   * GMultiSession:user-agent: (getter dup_user_agent) (setter set_user_agent)
   *
   * What is sent as `User-Agent` by transfers that have none of their own.
   *
   * Since: 1.0
   */
  properties[PROP_USER_AGENT] = g_param_spec_string ("user-agent", NULL, NULL, NULL, flags);

  /**
   * GMultiSession:doh-uri: (getter dup_doh_uri) (setter set_doh_uri)
   *
   * The `https:` URI of a server that is asked for the addresses of hosts (RFC 8484), instead of the system; %NULL means
   * the system.
   *
   * No failure of that server leads back to the system: what it cannot answer is not found, and neither is anything if the
   * URI is not one of `https:`. Only the host in the URI itself is looked up by the system; with an address in its place
   * nothing is. Its certificate has to be good for the authorities of [property@GMulti.Session:tls-database] if that is a
   * file of them, else for those of the system. What is asked of a proxy by its name is not looked up at all.
   *
   * Since: 1.0
   */
  properties[PROP_DOH_URI] = g_param_spec_string ("doh-uri", NULL, NULL, NULL, flags);

  /**
   * GMultiSession:proxy-resolver: (getter dup_proxy_resolver) (setter set_proxy_resolver)
   *
   * Who says through which proxies hosts are reached, for transfers that have no resolver of their own; %NULL means the
   * default one of the platform.
   *
   * A resolver is asked in the session's context, and its answers are kept for half a minute for each origin. All that it
   * names are tried in order. A [class@GMulti.Proxy] is a fixed proxy.
   *
   * Since: 1.0
   */
  properties[PROP_PROXY_RESOLVER]
    = g_param_spec_object ("proxy-resolver", NULL, NULL, G_TYPE_PROXY_RESOLVER, flags);

  /**
   * GMultiSession:cookie-jar: (getter dup_cookie_jar) (setter set_cookie_jar)
   *
   * The cookies that transfers send and take.
   *
   * There are none by default.
   *
   * Since: 1.0
   */
  properties[PROP_COOKIE_JAR] = g_param_spec_object ("cookie-jar", NULL, NULL, GMULTI_TYPE_COOKIE_JAR, flags);

  /**
   * GMultiSession:state-file: (getter dup_state_file) (setter set_state_file)
   *
   * Where it is kept which hosts want to be asked over TLS (HSTS), and where else they can be reached (Alt-Svc).
   *
   * With a file both are observed. It is read before the first transfer that starts then, and written, on a worker, when
   * another one is set or the session goes.
   *
   * Since: 1.0
   */
  properties[PROP_STATE_FILE] = g_param_spec_object ("state-file", NULL, NULL, G_TYPE_FILE, flags);
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
  object_class->get_property = gmulti_session_get_property;
  object_class->set_property = gmulti_session_set_property;

  install_construct_properties ();
  install_limit_properties ();
  install_rate_properties ();
  install_default_properties ();
  install_tls_properties ();
  install_count_properties ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
  install_signals (G_TYPE_FROM_CLASS (klass));
  gm_face_session_install_monitors (object_class, PROP_MONITORS);
}

static void
gmulti_session_init (GMultiSession *self)
{
  self->priority = DEFAULT_PRIORITY;
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

/* ---- settings ---- */

/**
 * gmulti_session_get_max_active: (get-property max-active)
 * @self: the session
 *
 * Gets how many transfers are under way at once; 0 means any number.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
gmulti_session_get_max_active (GMultiSession *self)
{
  guint value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), 0);

  value = gm_core_lock_settings (self->core)->max_active;
  gm_core_unlock_settings (self->core, FALSE);
  return value;
}

/**
 * gmulti_session_set_max_active: (set-property max-active)
 * @self: the session
 * @max_active: the number
 *
 * Sets how many transfers are under way at once; 0 means any number.
 *
 * Since: 1.0
 */
void
gmulti_session_set_max_active (GMultiSession *self,
                               guint max_active)
{
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));

  settings = gm_core_lock_settings (self->core);
  changed = settings->max_active != max_active;
  settings->max_active = max_active;
  gm_core_unlock_settings (self->core, changed);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_ACTIVE]);
}

/**
 * gmulti_session_get_max_connections: (get-property max-connections)
 * @self: the session
 *
 * Gets how many connections are open at once; 0 means any number.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
gmulti_session_get_max_connections (GMultiSession *self)
{
  guint value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), 0);

  value = gm_core_lock_settings (self->core)->max_connections;
  gm_core_unlock_settings (self->core, FALSE);
  return value;
}

/**
 * gmulti_session_set_max_connections: (set-property max-connections)
 * @self: the session
 * @max_connections: the number
 *
 * Sets how many connections are open at once; 0 means any number.
 *
 * Since: 1.0
 */
void
gmulti_session_set_max_connections (GMultiSession *self,
                                    guint max_connections)
{
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));

  settings = gm_core_lock_settings (self->core);
  changed = settings->max_connections != max_connections;
  settings->max_connections = max_connections;
  gm_core_unlock_settings (self->core, changed);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_CONNECTIONS]);
}

/**
 * gmulti_session_get_max_connections_per_host: (get-property max-connections-per-host)
 * @self: the session
 *
 * Gets how many connections to one host are open at once; 0 means any number.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
gmulti_session_get_max_connections_per_host (GMultiSession *self)
{
  guint value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), 0);

  value = gm_core_lock_settings (self->core)->max_connections_per_host;
  gm_core_unlock_settings (self->core, FALSE);
  return value;
}

/**
 * gmulti_session_set_max_connections_per_host: (set-property max-connections-per-host)
 * @self: the session
 * @max_connections_per_host: the number
 *
 * Sets how many connections to one host are open at once; 0 means any number.
 *
 * Since: 1.0
 */
void
gmulti_session_set_max_connections_per_host (GMultiSession *self,
                                             guint max_connections_per_host)
{
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));

  settings = gm_core_lock_settings (self->core);
  changed = settings->max_connections_per_host != max_connections_per_host;
  settings->max_connections_per_host = max_connections_per_host;
  gm_core_unlock_settings (self->core, changed);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_CONNECTIONS_PER_HOST]);
}

/**
 * gmulti_session_get_max_streams_per_connection: (get-property max-streams-per-connection)
 * @self: the session
 *
 * Gets how many transfers share one HTTP/2 connection at most.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
gmulti_session_get_max_streams_per_connection (GMultiSession *self)
{
  guint value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), 0);

  value = gm_core_lock_settings (self->core)->max_streams;
  gm_core_unlock_settings (self->core, FALSE);
  return value;
}

/**
 * gmulti_session_set_max_streams_per_connection: (set-property max-streams-per-connection)
 * @self: the session
 * @max_streams_per_connection: the number
 *
 * Sets how many transfers share one HTTP/2 connection at most.
 *
 * Since: 1.0
 */
void
gmulti_session_set_max_streams_per_connection (GMultiSession *self,
                                               guint max_streams_per_connection)
{
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));

  settings = gm_core_lock_settings (self->core);
  changed = settings->max_streams != MAX (max_streams_per_connection, 1);
  settings->max_streams = MAX (max_streams_per_connection, 1);
  gm_core_unlock_settings (self->core, changed);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_STREAMS_PER_CONNECTION]);
}

/**
 * gmulti_session_get_max_idle_connections: (get-property max-idle-connections)
 * @self: the session
 *
 * Gets how many connections are kept open when nobody uses them; -1 means a number that fits that of the
 * transfers.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
int
gmulti_session_get_max_idle_connections (GMultiSession *self)
{
  int value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), 0);

  value = gm_core_lock_settings (self->core)->max_idle_connections;
  gm_core_unlock_settings (self->core, FALSE);
  return value;
}

/**
 * gmulti_session_set_max_idle_connections: (set-property max-idle-connections)
 * @self: the session
 * @max_idle_connections: the number
 *
 * Sets how many connections are kept open when nobody uses them; -1 means a number that fits that of the
 * transfers.
 *
 * Since: 1.0
 */
void
gmulti_session_set_max_idle_connections (GMultiSession *self,
                                         int max_idle_connections)
{
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));

  settings = gm_core_lock_settings (self->core);
  changed = settings->max_idle_connections != max_idle_connections;
  settings->max_idle_connections = max_idle_connections;
  gm_core_unlock_settings (self->core, changed);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_IDLE_CONNECTIONS]);
}

/**
 * gmulti_session_get_idle_timeout: (get-property idle-timeout)
 * @self: the session
 *
 * Gets after how many milliseconds without use a connection is not used again.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
gmulti_session_get_idle_timeout (GMultiSession *self)
{
  guint value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), 0);

  value = gm_core_lock_settings (self->core)->idle_timeout;
  gm_core_unlock_settings (self->core, FALSE);
  return value;
}

/**
 * gmulti_session_set_idle_timeout: (set-property idle-timeout)
 * @self: the session
 * @idle_timeout: the number
 *
 * Sets after how many milliseconds without use a connection is not used again.
 *
 * Since: 1.0
 */
void
gmulti_session_set_idle_timeout (GMultiSession *self,
                                 guint idle_timeout)
{
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));

  settings = gm_core_lock_settings (self->core);
  changed = settings->idle_timeout != idle_timeout;
  settings->idle_timeout = idle_timeout;
  gm_core_unlock_settings (self->core, changed);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_IDLE_TIMEOUT]);
}

/**
 * gmulti_session_get_progress_interval: (get-property progress-interval)
 * @self: the session
 *
 * Gets how many milliseconds there are at least between two notifications about the progress of a transfer.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
gmulti_session_get_progress_interval (GMultiSession *self)
{
  guint value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), 0);

  value = gm_core_lock_settings (self->core)->progress_interval;
  gm_core_unlock_settings (self->core, FALSE);
  return value;
}

/**
 * gmulti_session_set_progress_interval: (set-property progress-interval)
 * @self: the session
 * @progress_interval: the number
 *
 * Sets how many milliseconds there are at least between two notifications about the progress of a transfer.
 *
 * Since: 1.0
 */
void
gmulti_session_set_progress_interval (GMultiSession *self,
                                      guint progress_interval)
{
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));

  settings = gm_core_lock_settings (self->core);
  changed = settings->progress_interval != progress_interval;
  settings->progress_interval = progress_interval;
  gm_core_unlock_settings (self->core, changed);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS_INTERVAL]);
}

/**
 * gmulti_session_get_priority: (get-property priority)
 * @self: the session
 *
 * Gets the priority of the session's sources.
 *
 * Returns: the priority
 *
 * Since: 1.0
 */
int
gmulti_session_get_priority (GMultiSession *self)
{
  g_return_val_if_fail (GMULTI_IS_SESSION (self), 0);

  return self->priority;
}

/**
 * gmulti_session_is_threaded: (get-property has-thread)
 * @self: the session
 *
 * Tells whether the session works in a thread of its own.
 *
 * Returns: whether it does
 *
 * Since: 1.0
 */
gboolean
gmulti_session_is_threaded (GMultiSession *self)
{
  g_return_val_if_fail (GMULTI_IS_SESSION (self), FALSE);

  return self->threaded;
}

/**
 * gmulti_session_dup_user_agent: (get-property user-agent)
 * @self: the session
 *
 * Gets what is sent as `User-Agent`.
 *
 * Returns: (transfer full) (nullable): the value
 *
 * Since: 1.0
 */
char *
gmulti_session_dup_user_agent (GMultiSession *self)
{
  char *value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);

  value = g_strdup (gm_core_lock_settings (self->core)->user_agent);
  gm_core_unlock_settings (self->core, FALSE);
  return value;
}

/**
 * gmulti_session_set_user_agent: (set-property user-agent)
 * @self: the session
 * @user_agent: (nullable): the value, or %NULL to send none
 *
 * Sets what is sent as `User-Agent` by transfers that have none of their own.
 *
 * Since: 1.0
 */
void
gmulti_session_set_user_agent (GMultiSession *self,
                               const char *user_agent)
{
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));

  settings = gm_core_lock_settings (self->core);
  changed = g_strcmp0 (settings->user_agent, user_agent) != 0;
  if (changed)
    {
      g_free (settings->user_agent);
      settings->user_agent = g_strdup (user_agent);
    }
  gm_core_unlock_settings (self->core, changed);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_USER_AGENT]);
}

/**
 * gmulti_session_dup_doh_uri: (get-property doh-uri)
 * @self: the session
 *
 * Gets the URI of the server that is asked for the addresses of hosts.
 *
 * Returns: (transfer full) (nullable): the URI, or %NULL if the system is asked
 *
 * Since: 1.0
 */
char *
gmulti_session_dup_doh_uri (GMultiSession *self)
{
  char *value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);

  value = g_strdup (gm_core_lock_settings (self->core)->doh_uri);
  gm_core_unlock_settings (self->core, FALSE);
  return value;
}

/**
 * gmulti_session_set_doh_uri: (set-property doh-uri)
 * @self: the session
 * @doh_uri: (nullable): an `https:` URI, or %NULL to ask the system
 *
 * Sets the server that is asked for the addresses of hosts, over HTTPS.
 *
 * Transfers that start from now on ask it; connections that exist for what was set before are not used by them.
 *
 * Since: 1.0
 */
void
gmulti_session_set_doh_uri (GMultiSession *self,
                            const char *doh_uri)
{
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));

  settings = gm_core_lock_settings (self->core);
  changed = g_strcmp0 (settings->doh_uri, doh_uri) != 0;
  if (changed)
    {
      g_free (settings->doh_uri);
      settings->doh_uri = g_strdup (doh_uri);
    }
  gm_core_unlock_settings (self->core, changed);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DOH_URI]);
}

/* The stores anew, with what they know of hosts. */
static void
renew_stores (GmCoreSettings *settings,
              GmHsts *hsts,
              GmAltSvc *alt_svc)
{
  GmCookieJar *jar = settings->cookie_jar != NULL ? gm_face_cookie_jar_peek (settings->cookie_jar) : NULL;
  GmHttpStores *old = settings->stores;

  settings->stores =
    gm_http_stores_new (jar, hsts, alt_svc, 1u << GM_ALT_PROTOCOL_H1 | 1u << GM_ALT_PROTOCOL_H2);
  gm_http_stores_unref (old);
}

/**
 * gmulti_session_dup_cookie_jar: (get-property cookie-jar)
 * @self: the session
 *
 * Gets the cookies that transfers send and take.
 *
 * Returns: (transfer full) (nullable): the jar
 *
 * Since: 1.0
 */
GMultiCookieJar *
gmulti_session_dup_cookie_jar (GMultiSession *self)
{
  GMultiCookieJar *jar;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);

  jar = gm_core_lock_settings (self->core)->cookie_jar;
  if (jar != NULL)
    g_object_ref (jar);
  gm_core_unlock_settings (self->core, FALSE);
  return jar;
}

/**
 * gmulti_session_set_cookie_jar: (set-property cookie-jar)
 * @self: the session
 * @cookie_jar: (nullable): the jar, or %NULL for none
 *
 * Sets the cookies that transfers send and take.
 *
 * It is seen by transfers that start from then on.
 *
 * Since: 1.0
 */
void
gmulti_session_set_cookie_jar (GMultiSession *self,
                               GMultiCookieJar *cookie_jar)
{
  g_autoptr (GMultiCookieJar) old = NULL;
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (cookie_jar == NULL || GMULTI_IS_COOKIE_JAR (cookie_jar));

  settings = gm_core_lock_settings (self->core);
  changed = settings->cookie_jar != cookie_jar;
  if (changed)
    {
      GmHttpStores *stores = settings->stores;

      old = settings->cookie_jar;
      settings->cookie_jar = cookie_jar != NULL ? g_object_ref (cookie_jar) : NULL;
      renew_stores (settings, stores != NULL ? stores->hsts : NULL, stores != NULL ? stores->alt_svc : NULL);
    }
  gm_core_unlock_settings (self->core, changed);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COOKIE_JAR]);
}

/**
 * gmulti_session_dup_state_file: (get-property state-file)
 * @self: the session
 *
 * Gets where it is kept which hosts want to be asked over TLS, and where else they can be reached.
 *
 * Returns: (transfer full) (nullable): the file
 *
 * Since: 1.0
 */
GFile *
gmulti_session_dup_state_file (GMultiSession *self)
{
  GFile *file;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);

  file = gm_core_lock_settings (self->core)->state_file;
  if (file != NULL)
    g_object_ref (file);
  gm_core_unlock_settings (self->core, FALSE);
  return file;
}

/**
 * gmulti_session_set_state_file: (set-property state-file)
 * @self: the session
 * @state_file: (nullable): a file, which need not exist, or %NULL for none
 *
 * Sets where it is kept which hosts want to be asked over TLS, and where else they can be reached.
 *
 * It is seen by transfers that start from then on.
 *
 * Since: 1.0
 */
void
gmulti_session_set_state_file (GMultiSession *self,
                               GFile *state_file)
{
  g_autoptr (GFile) old = NULL;
  g_autoptr (GmHsts) hsts = NULL;
  g_autoptr (GmAltSvc) alt_svc = NULL;
  GmCoreSettings *settings;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (state_file == NULL || G_IS_FILE (state_file));

  settings = gm_core_lock_settings (self->core);
  /* What the file is to get and what it gives would not meet if it were written here and read there. */
  if (settings->state_file == state_file
      || (settings->state_file != NULL && state_file != NULL && g_file_equal (settings->state_file, state_file)))
    {
      gm_core_unlock_settings (self->core, FALSE);
      return;
    }
  old = settings->state_file;
  if (old != NULL)
    gm_face_state_save (settings->stores, old);
  settings->state_file = state_file != NULL ? g_object_ref (state_file) : NULL;
  if (state_file != NULL)
    gm_face_state_open (state_file, &hsts, &alt_svc);
  renew_stores (settings, hsts, alt_svc);
  gm_core_unlock_settings (self->core, TRUE);

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE_FILE]);
}

/**
 * gmulti_session_dup_tls_database: (get-property tls-database)
 * @self: the session
 *
 * Gets who says which certificates of servers are to be trusted.
 *
 * Returns: (transfer full) (nullable): the database, or %NULL for the system's
 *
 * Since: 1.0
 */
GTlsDatabase *
gmulti_session_dup_tls_database (GMultiSession *self)
{
  GTlsDatabase *value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);

  value = gm_core_lock_settings (self->core)->tls_database;
  if (value != NULL)
    g_object_ref (value);
  gm_core_unlock_settings (self->core, FALSE);
  return value;
}

/**
 * gmulti_session_set_tls_database: (set-property tls-database)
 * @self: the session
 * @tls_database: (nullable): the database, or %NULL for the system's
 *
 * Sets who says which certificates of servers are to be trusted. It counts for transfers that are started from now on.
 *
 * Since: 1.0
 */
void
gmulti_session_set_tls_database (GMultiSession *self,
                                 GTlsDatabase *tls_database)
{
  g_autoptr (GTlsDatabase) old = NULL; /* goes when nothing is locked */
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (tls_database == NULL || G_IS_TLS_DATABASE (tls_database));

  settings = gm_core_lock_settings (self->core);
  changed = settings->tls_database != tls_database;
  if (changed)
    {
      old = settings->tls_database;
      settings->tls_database = tls_database != NULL ? g_object_ref (tls_database) : NULL;
    }
  gm_core_unlock_settings (self->core, changed);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TLS_DATABASE]);
}

/**
 * gmulti_session_dup_tls_interaction: (get-property tls-interaction)
 * @self: the session
 *
 * Gets who is asked for the PIN of a token, and for a certificate.
 *
 * Returns: (transfer full) (nullable): the interaction, or %NULL if nobody is
 *
 * Since: 1.0
 */
GTlsInteraction *
gmulti_session_dup_tls_interaction (GMultiSession *self)
{
  GTlsInteraction *value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);

  value = gm_core_lock_settings (self->core)->tls_interaction;
  if (value != NULL)
    g_object_ref (value);
  gm_core_unlock_settings (self->core, FALSE);
  return value;
}

/**
 * gmulti_session_set_tls_interaction: (set-property tls-interaction)
 * @self: the session
 * @tls_interaction: (nullable): the interaction, or %NULL if nobody is
 *
 * Sets who is asked for the PIN of a token, and for a certificate. It counts for transfers that are started from now on.
 *
 * Since: 1.0
 */
void
gmulti_session_set_tls_interaction (GMultiSession *self,
                                    GTlsInteraction *tls_interaction)
{
  g_autoptr (GTlsInteraction) old = NULL; /* goes when nothing is locked */
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (tls_interaction == NULL || G_IS_TLS_INTERACTION (tls_interaction));

  settings = gm_core_lock_settings (self->core);
  changed = settings->tls_interaction != tls_interaction;
  if (changed)
    {
      old = settings->tls_interaction;
      settings->tls_interaction = tls_interaction != NULL ? g_object_ref (tls_interaction) : NULL;
    }
  gm_core_unlock_settings (self->core, changed);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TLS_INTERACTION]);
}

/**
 * gmulti_session_dup_proxy_resolver: (get-property proxy-resolver)
 * @self: the session
 *
 * Gets who says through which proxies hosts are reached.
 *
 * Returns: (transfer full) (nullable): the resolver, or %NULL for the default one of the platform
 *
 * Since: 1.0
 */
GProxyResolver *
gmulti_session_dup_proxy_resolver (GMultiSession *self)
{
  GProxyResolver *value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);

  value = gm_core_lock_settings (self->core)->proxy_resolver;
  if (value != NULL)
    g_object_ref (value);
  gm_core_unlock_settings (self->core, FALSE);
  return value;
}

/**
 * gmulti_session_set_proxy_resolver: (set-property proxy-resolver)
 * @self: the session
 * @resolver: (nullable): the resolver, or %NULL for the default one of the platform
 *
 * Sets who says through which proxies hosts are reached. It counts for transfers that are started from now on.
 *
 * Since: 1.0
 */
void
gmulti_session_set_proxy_resolver (GMultiSession *self,
                                   GProxyResolver *resolver)
{
  g_autoptr (GProxyResolver) old = NULL; /* goes when nothing is locked */
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (resolver == NULL || G_IS_PROXY_RESOLVER (resolver));

  settings = gm_core_lock_settings (self->core);
  changed = settings->proxy_resolver != resolver;
  if (changed)
    {
      old = settings->proxy_resolver;
      settings->proxy_resolver = resolver != NULL ? g_object_ref (resolver) : NULL;
    }
  gm_core_unlock_settings (self->core, changed);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROXY_RESOLVER]);
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

/**
 * gmulti_session_get_max_download_rate: (get-property max-download-rate)
 * @self: the session
 *
 * Gets how many bytes a second all transfers together receive at most; 0 means any number.
 *
 * Returns: the number of bytes
 *
 * Since: 1.0
 */
guint64
gmulti_session_get_max_download_rate (GMultiSession *self)
{
  guint64 value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), 0);

  value = gm_core_lock_settings (self->core)->max_download_rate;
  gm_core_unlock_settings (self->core, FALSE);
  return value;
}

/**
 * gmulti_session_set_max_download_rate: (set-property max-download-rate)
 * @self: the session
 * @max_download_rate: the number of bytes
 *
 * Sets how many bytes a second all transfers together receive at most; 0 means any number. This can be changed while they run.
 *
 * Since: 1.0
 */
void
gmulti_session_set_max_download_rate (GMultiSession *self,
                                      guint64 max_download_rate)
{
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));

  settings = gm_core_lock_settings (self->core);
  changed = settings->max_download_rate != max_download_rate;
  settings->max_download_rate = max_download_rate;
  gm_core_unlock_settings (self->core, changed);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_DOWNLOAD_RATE]);
}

/**
 * gmulti_session_get_max_upload_rate: (get-property max-upload-rate)
 * @self: the session
 *
 * Gets how many bytes a second all transfers together send at most; 0 means any number.
 *
 * Returns: the number of bytes
 *
 * Since: 1.0
 */
guint64
gmulti_session_get_max_upload_rate (GMultiSession *self)
{
  guint64 value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), 0);

  value = gm_core_lock_settings (self->core)->max_upload_rate;
  gm_core_unlock_settings (self->core, FALSE);
  return value;
}

/**
 * gmulti_session_set_max_upload_rate: (set-property max-upload-rate)
 * @self: the session
 * @max_upload_rate: the number of bytes
 *
 * Sets how many bytes a second all transfers together send at most; 0 means any number. This can be changed while they run.
 *
 * Since: 1.0
 */
void
gmulti_session_set_max_upload_rate (GMultiSession *self,
                                    guint64 max_upload_rate)
{
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));

  settings = gm_core_lock_settings (self->core);
  changed = settings->max_upload_rate != max_upload_rate;
  settings->max_upload_rate = max_upload_rate;
  gm_core_unlock_settings (self->core, changed);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_UPLOAD_RATE]);
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

/* ---- starting ---- */

/* A frozen errand of @transfer, not started yet; NULL and @error if the transfer is under way. */
static GmErrand *
begin (GMultiSession *self,
       GMultiTransfer *transfer,
       GmErrandKind kind,
       GmPostbox *home, /* (transfer full) */
       GCancellable *cancellable,
       GError **error)
{
  GmErrand *errand = gm_errand_new (self->core, home, transfer, kind);

  if (!gm_face_transfer_begin (transfer, errand))
    {
      gm_core_drop_postbox (self->core, home);
      gm_errand_unref (errand);
      g_propagate_error (error, gm_error_take (GMULTI_TRANSFER_ERROR_BUSY, GMULTI_PHASE_NONE,
                                               g_strdup (_("The transfer is already under way"))));
      return NULL;
    }

  gm_errand_watch_cancellable (errand, cancellable);
  return errand;
}

/* Takes @errand; it may be over when this returns, but nobody was told. */
static void
go (GMultiSession *self,
    GmErrand *errand)
{
  if (gm_face_transfer_is_heard (errand->transfer))
    {
      errand->eager |= gm_face_transfer_is_watched (errand->transfer);
      errand->ask = gm_face_transfer_get_ask (errand->transfer);
    }
  errand->ask |= gm_face_session_get_ask (self);
  gm_errand_take_source (errand);
  if (G_UNLIKELY (gm_face_transfer_get_plan (errand->transfer)->constraints != 0))
    gm_surroundings_require (gm_core_ensure_surroundings (self->core),
                             gm_face_transfer_get_plan (errand->transfer)->constraints);
  if (errand->eager || errand->again
      || (gm_core_get_list (self->core) != NULL && gm_core_is_home (self->core, errand->home)))
    gm_errand_tell (errand, GM_TIDINGS_STARTED | GM_TIDINGS_STATE);
  gm_core_start (self->core, errand);
  gm_errand_unref (errand);
}

static GmPipe *
make_pipe (GmErrand *errand)
{
  return gm_pipe_new (gm_errand_continue, errand);
}

/* FALSE if the download says not where to. */
static gboolean
make_store (GmErrand *errand,
            GMultiDownload *download)
{
  GmStoreChoice choice;

  if (!gm_face_download_get_choice (download, &choice))
    return FALSE;

  errand->store = gm_store_new (errand, &choice);
  return TRUE;
}

static gboolean
check_destination (GMultiDownload *download,
                   GError **error)
{
  if (gmulti_download_get_destination (download) != NULL)
    return TRUE;

  g_propagate_error (error, gm_error_take (GMULTI_TRANSFER_ERROR_BAD_REQUEST, GMULTI_PHASE_STORAGE,
                                           g_strdup (_("The download has no destination"))));
  return FALSE;
}

static GTask *
new_task (GMultiSession *self,
          gpointer tag,
          GCancellable *cancellable,
          GAsyncReadyCallback callback,
          gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  /* the function: the macro of the same name copies a string per task */
  (g_task_set_source_tag) (task, tag);
  /* what the task was returned with holds, whatever happens afterwards */
  g_task_set_check_cancellable (task, FALSE);
  return task;
}

/**
 * gmulti_session_fetch_async:
 * @self: the session
 * @transfer: what to fetch
 * @cancellable: (nullable): cancels the transfer
 * @callback: (scope async): called when the transfer is finished
 * @user_data: data for @callback
 *
 * Carries out a transfer and takes the body to memory.
 *
 * An answer with a status of 400 or more fails it with %GMULTI_TRANSFER_ERROR_HTTP_STATUS, unless
 * [property@GMulti.Transfer:accept-status] is set. [property@GMulti.Transfer:max-size] bounds the memory.
 *
 * Since: 1.0
 */
void
gmulti_session_fetch_async (GMultiSession *self,
                            GMultiTransfer *transfer,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;
  GmErrand *errand;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (GMULTI_IS_TRANSFER (transfer));

  task = new_task (self, gmulti_session_fetch_async, cancellable, callback, user_data);
  errand = begin (self, transfer, GM_ERRAND_MEMORY, gm_core_take_postbox (self->core), cancellable, &error);
  if (errand == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  errand->task = g_steal_pointer (&task);
  go (self, errand);
}

/**
 * gmulti_session_fetch_finish:
 * @self: the session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@GMulti.Session.fetch_async].
 *
 * Returns: (transfer full): the body
 *
 * Since: 1.0
 */
GBytes *
gmulti_session_fetch_finish (GMultiSession *self,
                             GAsyncResult *result,
                             GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static gboolean
drain_until_delivered (gpointer user_data)
{
  GmErrand *errand = user_data;

  gm_postbox_drain (errand->home, 0);
  return errand->delivered;
}

/* Takes nothing; FALSE with the transfer's error. */
static gboolean
block (GMultiSession *self,
       GmErrand *errand,
       GError **error)
{
  g_autoptr (GMultiTransfer) transfer = g_object_ref (errand->transfer);
  GError *fault;

  go (self, gm_errand_ref (errand));
  gm_core_block (self->core, drain_until_delivered, errand);

  fault = gmulti_transfer_dup_error (transfer);
  if (fault != NULL)
    g_propagate_error (error, fault);
  return fault == NULL;
}

/**
 * gmulti_session_fetch:
 * @self: the session
 * @transfer: what to fetch
 * @cancellable: (nullable): cancels the transfer
 * @error: return location for an error
 *
 * Carries out a transfer, takes the body to memory, and waits for it: for scripts and worker threads.
 *
 * The caller's main context does not run meanwhile. What the transfer notifies and emits comes in the calling thread,
 * before the function returns. See [method@GMulti.Session.fetch_async].
 *
 * Returns: (transfer full): the body
 *
 * Since: 1.0
 */
GBytes *
gmulti_session_fetch (GMultiSession *self,
                      GMultiTransfer *transfer,
                      GCancellable *cancellable,
                      GError **error)
{
  GBytes *bytes = NULL;
  GmErrand *errand;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);
  g_return_val_if_fail (GMULTI_IS_TRANSFER (transfer), NULL);

  errand = begin (self, transfer, GM_ERRAND_MEMORY, gm_postbox_new (NULL, 0), cancellable, error);
  if (errand == NULL)
    return NULL;

  if (block (self, errand, error))
    bytes = gm_errand_take_body (errand);
  gm_errand_unref (errand);
  return bytes;
}

static void
open_hook (GmErrand *errand,
           const GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&errand->task);

  if (task == NULL)
    return;

  /* what goes wrong behind the head is told by the stream, behind what came before it */
  if (error != NULL && (errand->head == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)))
    g_task_return_error (task, g_error_copy (error));
  else if (!g_task_return_error_if_cancelled (task))
    g_task_return_pointer (task, gm_body_stream_new (errand, g_task_get_source_object (task)), g_object_unref);
}

/**
 * gmulti_session_open_async:
 * @self: the session
 * @transfer: what to open
 * @cancellable: (nullable): cancels the transfer
 * @callback: (scope async): called when the head of the response is there
 * @user_data: data for @callback
 *
 * Carries out a transfer and gives its body as a stream, as soon as the head of the response is there.
 *
 * Whatever the status is: the body of an error can be read, too. While the stream is not read the transfer waits with a
 * bounded buffer. The stream keeps the session alive until it is closed; closed or dropped before its end it cancels the
 * transfer.
 *
 * Since: 1.0
 */
void
gmulti_session_open_async (GMultiSession *self,
                           GMultiTransfer *transfer,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;
  GmErrand *errand;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (GMULTI_IS_TRANSFER (transfer));

  task = new_task (self, gmulti_session_open_async, cancellable, callback, user_data);
  errand = begin (self, transfer, GM_ERRAND_PIPE, gm_core_take_postbox (self->core), cancellable, &error);
  if (errand == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  errand->pipe = make_pipe (errand);
  errand->judge_status = FALSE;
  errand->hook = open_hook;
  errand->task = g_steal_pointer (&task);
  go (self, errand);
}

/**
 * gmulti_session_open_finish:
 * @self: the session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@GMulti.Session.open_async].
 *
 * The stream is pollable. To close it before its end cancels the transfer.
 *
 * Returns: (transfer full): the body as a stream
 *
 * Since: 1.0
 */
GInputStream *
gmulti_session_open_finish (GMultiSession *self,
                            GAsyncResult *result,
                            GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * gmulti_session_splice_async:
 * @self: the session
 * @transfer: what to transfer
 * @target: where to write the body
 * @flags: whether to close @target in the end
 * @cancellable: (nullable): cancels the transfer
 * @callback: (scope async): called when all is written
 * @user_data: data for @callback
 *
 * Carries out a transfer and writes the body to a stream, as fast as that takes it.
 *
 * Since: 1.0
 */
void
gmulti_session_splice_async (GMultiSession *self,
                             GMultiTransfer *transfer,
                             GOutputStream *target,
                             GOutputStreamSpliceFlags flags,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;
  GmErrand *errand;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (GMULTI_IS_TRANSFER (transfer));
  g_return_if_fail (G_IS_OUTPUT_STREAM (target));

  task = new_task (self, gmulti_session_splice_async, cancellable, callback, user_data);
  errand = begin (self, transfer, GM_ERRAND_PIPE, gm_core_take_postbox (self->core), cancellable, &error);
  if (errand == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  errand->pipe = make_pipe (errand);
  gm_splice_attach (errand, g_steal_pointer (&task), target, flags);
  go (self, errand);
}

/**
 * gmulti_session_splice_finish:
 * @self: the session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@GMulti.Session.splice_async].
 *
 * Returns: how many bytes were written, or -1 on error
 *
 * Since: 1.0
 */
gssize
gmulti_session_splice_finish (GMultiSession *self,
                              GAsyncResult *result,
                              GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), -1);

  return g_task_propagate_int (G_TASK (result), error);
}

/**
 * gmulti_session_download_async:
 * @self: the session
 * @download: what to download
 * @cancellable: (nullable): cancels the download
 * @callback: (scope async): called when the file has its name, or the download has failed
 * @user_data: data for @callback
 *
 * Carries out a download.
 *
 * Since: 1.0
 */
void
gmulti_session_download_async (GMultiSession *self,
                               GMultiDownload *download,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;
  GmErrand *errand = NULL;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (GMULTI_IS_DOWNLOAD (download));

  task = new_task (self, gmulti_session_download_async, cancellable, callback, user_data);
  if (check_destination (download, &error))
    errand = begin (self, GMULTI_TRANSFER (download), GM_ERRAND_STORE, gm_core_take_postbox (self->core), cancellable,
                    &error);
  if (errand == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  make_store (errand, download);
  errand->task = g_steal_pointer (&task);
  go (self, errand);
}

/**
 * gmulti_session_download_finish:
 * @self: the session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@GMulti.Session.download_async].
 *
 * Returns: (transfer full): where the data is
 *
 * Since: 1.0
 */
GFile *
gmulti_session_download_finish (GMultiSession *self,
                                GAsyncResult *result,
                                GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * gmulti_session_download:
 * @self: the session
 * @download: what to download
 * @cancellable: (nullable): cancels the download
 * @error: return location for an error
 *
 * Carries out a download and waits for it: for scripts and worker threads. See [method@GMulti.Session.fetch].
 *
 * Returns: (transfer full): where the data is
 *
 * Since: 1.0
 */
GFile *
gmulti_session_download (GMultiSession *self,
                         GMultiDownload *download,
                         GCancellable *cancellable,
                         GError **error)
{
  GFile *file = NULL;
  GmErrand *errand;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);
  g_return_val_if_fail (GMULTI_IS_DOWNLOAD (download), NULL);

  if (!check_destination (download, error))
    return NULL;
  errand = begin (self, GMULTI_TRANSFER (download), GM_ERRAND_STORE, gm_postbox_new (NULL, 0), cancellable, error);
  if (errand == NULL)
    return NULL;

  make_store (errand, download);
  if (block (self, errand, error))
    file = gm_store_dup_file (errand->store);
  gm_errand_unref (errand);
  return file;
}

/**
 * gmulti_session_start:
 * @self: the session
 * @transfer: what to start
 *
 * Starts a transfer without a callback: [signal@GMulti.Transfer::completed] tells of its end. A transfer that is
 * finished is started again.
 *
 * A [class@GMulti.Download] goes to its file; the body of another transfer is thrown away.
 *
 * Since: 1.0
 */
void
gmulti_session_start (GMultiSession *self,
                      GMultiTransfer *transfer)
{
  gboolean to_file;
  GmErrand *errand;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (GMULTI_IS_TRANSFER (transfer));

  to_file = GMULTI_IS_DOWNLOAD (transfer);
  if (to_file)
    g_return_if_fail (gmulti_download_get_destination (GMULTI_DOWNLOAD (transfer)) != NULL);

  errand = begin (self, transfer, to_file ? GM_ERRAND_STORE : GM_ERRAND_DISCARD, gm_core_take_postbox (self->core), NULL,
                  NULL);
  if (errand == NULL)
    {
      g_critical ("A transfer that is under way cannot be started again");
      return;
    }

  if (to_file)
    make_store (errand, GMULTI_DOWNLOAD (transfer));
  go (self, errand);
}

/**
 * gmulti_session_cancel_all:
 * @self: the session
 *
 * Cancels all unfinished transfers.
 *
 * Since: 1.0
 */
void
gmulti_session_cancel_all (GMultiSession *self)
{
  g_return_if_fail (GMULTI_IS_SESSION (self));

  gm_core_cancel_all (self->core);
}

/**
 * gmulti_session_preconnect_async:
 * @self: the session
 * @uri: any address on the server
 * @cancellable: (nullable): cancels it
 * @callback: (scope async): called when there is a connection, or none can be had
 * @user_data: data for @callback
 *
 * Makes a connection before it is needed, so that the next transfer from that server finds name, proxy, connection and
 * encryption done.
 *
 * A connection that is idle, or shared by several transfers, is as good as a new one. What is made is kept like any other
 * connection that nobody uses: it counts towards [property@GMulti.Session:max-idle-connections] and is closed after
 * [property@GMulti.Session:idle-timeout]. [property@GMulti.Session:transfers] does not show it.
 *
 * Since: 1.0
 */
void
gmulti_session_preconnect_async (GMultiSession *self,
                                 const char *uri,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GMultiTransfer) transfer = NULL;
  GmErrand *errand;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (uri != NULL);

  transfer = gmulti_transfer_new (uri);
  /* it is new: it cannot be under way */
  errand = begin (self, transfer, GM_ERRAND_DISCARD, gm_core_take_postbox (self->core), cancellable, NULL);
  errand->connect_only = TRUE;
  errand->task = new_task (self, gmulti_session_preconnect_async, cancellable, callback, user_data);
  go (self, errand);
}

/**
 * gmulti_session_preconnect_finish:
 * @self: the session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@GMulti.Session.preconnect_async].
 *
 * Returns: whether there is a connection
 *
 * Since: 1.0
 */
gboolean
gmulti_session_preconnect_finish (GMultiSession *self,
                                  GAsyncResult *result,
                                  GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- closing ---- */

static void
idle_cb (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GMultiSession *self = g_task_get_source_object (task);

  gm_core_shut_down (self->core);
  g_task_return_boolean (task, TRUE);
}

/**
 * gmulti_session_close_async:
 * @self: the session
 * @cancellable: (nullable): not used: closing does not take long
 * @callback: (scope async): called when the session is closed
 * @user_data: data for @callback
 *
 * Cancels all unfinished transfers, waits until each has told its end, and closes all connections. What is started
 * afterwards fails with %G_IO_ERROR_CLOSED.
 *
 * Since: 1.0
 */
void
gmulti_session_close_async (GMultiSession *self,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GTask *task;

  g_return_if_fail (GMULTI_IS_SESSION (self));

  task = new_task (self, gmulti_session_close_async, NULL, callback, user_data);
  gm_core_refuse_more (self->core);
  gm_core_cancel_all (self->core);
  gm_core_when_idle (self->core, idle_cb, task);
}

/**
 * gmulti_session_close_finish:
 * @self: the session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@GMulti.Session.close_async].
 *
 * Returns: %TRUE
 *
 * Since: 1.0
 */
gboolean
gmulti_session_close_finish (GMultiSession *self,
                             GAsyncResult *result,
                             GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
