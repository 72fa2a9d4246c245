/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-session-private.h"

#include "gmulti-cookie-jar.h"

/* What GMultiSession's properties are; gmulti-session-settings.c has their functions. */

GParamSpec *gm_session_properties[GM_SESSION_PROP_SPEED + 1];

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
  gm_session_properties[GM_SESSION_PROP_PRIORITY]
    = g_param_spec_int ("priority", NULL, NULL, G_MININT, G_MAXINT, GM_SESSION_DEFAULT_PRIORITY, flags);

  /**
   * GMultiSession:has-thread: (getter is_threaded)
   *
   * Whether the session works in a thread of its own.
   *
   * The default is %FALSE.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_HAS_THREAD] = g_param_spec_boolean ("has-thread", NULL, NULL, FALSE, flags);
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
   * The default is 0.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_MAX_ACTIVE]
    = g_param_spec_uint ("max-active", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * GMultiSession:max-connections: (getter get_max_connections) (setter set_max_connections)
   *
   * How many connections are open at once; 0 means any number.
   *
   * The default is 0.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_MAX_CONNECTIONS]
    = g_param_spec_uint ("max-connections", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * GMultiSession:max-connections-per-host: (getter get_max_connections_per_host) (setter set_max_connections_per_host)
   *
   * How many connections to one host are open at once; 0 means any number.
   *
   * The default is 6.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_MAX_CONNECTIONS_PER_HOST] = g_param_spec_uint (
    "max-connections-per-host", NULL, NULL, 0, G_MAXUINT, GM_SESSION_DEFAULT_MAX_CONNECTIONS_PER_HOST, flags);

  /**
   * GMultiSession:max-streams-per-connection: (getter get_max_streams_per_connection) (setter set_max_streams_per_connection)
   *
   * How many transfers share one HTTP/2 connection at most; a server may allow fewer.
   *
   * The default is 100.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_MAX_STREAMS_PER_CONNECTION]
    = g_param_spec_uint ("max-streams-per-connection", NULL, NULL, 1, G_MAXUINT, GM_SESSION_DEFAULT_MAX_STREAMS, flags);

  /**
   * GMultiSession:max-idle-connections: (getter get_max_idle_connections) (setter set_max_idle_connections)
   *
   * How many connections are kept open when nobody uses them; -1 means a number that fits that of the transfers.
   *
   * The default is -1.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_MAX_IDLE_CONNECTIONS]
    = g_param_spec_int ("max-idle-connections", NULL, NULL, -1, G_MAXINT, -1, flags);

  /**
   * GMultiSession:idle-timeout: (getter get_idle_timeout) (setter set_idle_timeout)
   *
   * After how many milliseconds without use a connection is not used again; 0 means two minutes.
   *
   * The default is 0.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_IDLE_TIMEOUT]
    = g_param_spec_uint ("idle-timeout", NULL, NULL, 0, G_MAXUINT, 0, flags);
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
   * The default is 0.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_MAX_DOWNLOAD_RATE]
    = g_param_spec_uint64 ("max-download-rate", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * GMultiSession:max-upload-rate: (getter get_max_upload_rate) (setter set_max_upload_rate)
   *
   * How many bytes a second all transfers together send at most; 0 means any number.
   *
   * The default is 0.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_MAX_UPLOAD_RATE]
    = g_param_spec_uint64 ("max-upload-rate", NULL, NULL, 0, G_MAXUINT64, 0, flags);
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
  gm_session_properties[GM_SESSION_PROP_TLS_DATABASE]
    = g_param_spec_object ("tls-database", NULL, NULL, G_TYPE_TLS_DATABASE, flags);

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
  gm_session_properties[GM_SESSION_PROP_TLS_INTERACTION]
    = g_param_spec_object ("tls-interaction", NULL, NULL, G_TYPE_TLS_INTERACTION, flags);
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
  gm_session_properties[GM_SESSION_PROP_N_ACTIVE] = g_param_spec_uint ("n-active", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * GMultiSession:n-queued: (getter get_n_queued)
   *
   * How many transfers wait because as many as may be are under way.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_N_QUEUED] = g_param_spec_uint ("n-queued", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * GMultiSession:fraction: (getter get_fraction)
   *
   * Which part of all unfinished transfers is done; 1 if there is none.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 1, flags);

  /**
   * GMultiSession:speed: (getter get_speed)
   *
   * How many bytes a second the unfinished transfers move together.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_SPEED] = g_param_spec_uint64 ("speed", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * GMultiSession:transfers: (getter get_transfers)
   *
   * The unfinished transfers that were started in the session's own context.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_TRANSFERS]
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
   * The default is 100.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_PROGRESS_INTERVAL]
    = g_param_spec_uint ("progress-interval", NULL, NULL, 0, G_MAXUINT, 100, flags);

  /**
   * GMultiSession:user-agent: (getter dup_user_agent) (setter set_user_agent)
   *
   * What is sent as `User-Agent` by transfers that have none of their own.
   *
   * The default is `libgmulti/` and the version of the library.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_USER_AGENT] = g_param_spec_string ("user-agent", NULL, NULL, NULL, flags);

  /**
   * GMultiSession:doh-uri: (getter dup_doh_uri) (setter set_doh_uri)
   *
   * The `https:` URI of a server that is asked for the addresses of hosts (RFC 8484), instead of the system; %NULL means
   * the system.
   *
   * No failure of that server leads back to the system: what it cannot answer is not found, and neither is anything if the
   * URI is not one of `https:`. Only the host in the URI itself is looked up by the system; with an address in its place
   * nothing is. Its certificate is judged as that of any other server, by [property@GMulti.Session:tls-database] and by
   * whoever answers [signal@GMulti.Transfer::check-trust] of a transfer that waits for an address. What is asked of a proxy by
   * its name is not looked up at all.
   *
   * Since: 1.0
   */
  gm_session_properties[GM_SESSION_PROP_DOH_URI] = g_param_spec_string ("doh-uri", NULL, NULL, NULL, flags);

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
  gm_session_properties[GM_SESSION_PROP_PROXY_RESOLVER]
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
  gm_session_properties[GM_SESSION_PROP_COOKIE_JAR]
    = g_param_spec_object ("cookie-jar", NULL, NULL, GMULTI_TYPE_COOKIE_JAR, flags);

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
  gm_session_properties[GM_SESSION_PROP_STATE_FILE]
    = g_param_spec_object ("state-file", NULL, NULL, G_TYPE_FILE, flags);
}

static void
get_property (GObject *object,
              guint prop_id,
              GValue *value,
              GParamSpec *pspec)
{
  GMultiSession *self = GMULTI_SESSION (object);

  switch ((GmSessionProperty) prop_id)
    {
    case GM_SESSION_PROP_PRIORITY:
      g_value_set_int (value, self->priority);
      break;
    case GM_SESSION_PROP_HAS_THREAD:
      g_value_set_boolean (value, self->threaded);
      break;
    case GM_SESSION_PROP_MAX_ACTIVE:
      g_value_set_uint (value, gmulti_session_get_max_active (self));
      break;
    case GM_SESSION_PROP_MAX_CONNECTIONS:
      g_value_set_uint (value, gmulti_session_get_max_connections (self));
      break;
    case GM_SESSION_PROP_MAX_STREAMS_PER_CONNECTION:
      g_value_set_uint (value, gmulti_session_get_max_streams_per_connection (self));
      break;
    case GM_SESSION_PROP_MAX_CONNECTIONS_PER_HOST:
      g_value_set_uint (value, gmulti_session_get_max_connections_per_host (self));
      break;
    case GM_SESSION_PROP_MAX_IDLE_CONNECTIONS:
      g_value_set_int (value, gmulti_session_get_max_idle_connections (self));
      break;
    case GM_SESSION_PROP_IDLE_TIMEOUT:
      g_value_set_uint (value, gmulti_session_get_idle_timeout (self));
      break;
    case GM_SESSION_PROP_PROGRESS_INTERVAL:
      g_value_set_uint (value, gmulti_session_get_progress_interval (self));
      break;
    case GM_SESSION_PROP_COOKIE_JAR:
      g_value_take_object (value, gmulti_session_dup_cookie_jar (self));
      break;
    case GM_SESSION_PROP_STATE_FILE:
      g_value_take_object (value, gmulti_session_dup_state_file (self));
      break;
    case GM_SESSION_PROP_USER_AGENT:
      g_value_take_string (value, gmulti_session_dup_user_agent (self));
      break;
    case GM_SESSION_PROP_DOH_URI:
      g_value_take_string (value, gmulti_session_dup_doh_uri (self));
      break;
    case GM_SESSION_PROP_PROXY_RESOLVER:
      g_value_take_object (value, gmulti_session_dup_proxy_resolver (self));
      break;
    case GM_SESSION_PROP_TLS_DATABASE:
      g_value_take_object (value, gmulti_session_dup_tls_database (self));
      break;
    case GM_SESSION_PROP_TLS_INTERACTION:
      g_value_take_object (value, gmulti_session_dup_tls_interaction (self));
      break;
    case GM_SESSION_PROP_TRANSFERS:
      g_value_set_object (value, gmulti_session_get_transfers (self));
      break;
    case GM_SESSION_PROP_MAX_DOWNLOAD_RATE:
      g_value_set_uint64 (value, gmulti_session_get_max_download_rate (self));
      break;
    case GM_SESSION_PROP_MAX_UPLOAD_RATE:
      g_value_set_uint64 (value, gmulti_session_get_max_upload_rate (self));
      break;
    case GM_SESSION_PROP_N_ACTIVE:
      g_value_set_uint (value, gmulti_session_get_n_active (self));
      break;
    case GM_SESSION_PROP_N_QUEUED:
      g_value_set_uint (value, gmulti_session_get_n_queued (self));
      break;
    case GM_SESSION_PROP_FRACTION:
      g_value_set_double (value, gmulti_session_get_fraction (self));
      break;
    case GM_SESSION_PROP_SPEED:
      g_value_set_uint64 (value, gmulti_session_get_speed (self));
      break;
    default:
      if (!gm_face_session_get_monitor (self, prop_id - GM_SESSION_PROP_MONITORS, value)
          && !gm_face_session_get_manner (self, prop_id - GM_SESSION_PROP_MANNERS, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
set_property (GObject *object,
              guint prop_id,
              const GValue *value,
              GParamSpec *pspec)
{
  GMultiSession *self = GMULTI_SESSION (object);

  switch (prop_id)
    {
    case GM_SESSION_PROP_PRIORITY:
      self->priority = g_value_get_int (value);
      break;
    case GM_SESSION_PROP_HAS_THREAD:
      self->threaded = g_value_get_boolean (value);
      break;
    case GM_SESSION_PROP_MAX_ACTIVE:
      gmulti_session_set_max_active (self, g_value_get_uint (value));
      break;
    case GM_SESSION_PROP_MAX_CONNECTIONS:
      gmulti_session_set_max_connections (self, g_value_get_uint (value));
      break;
    case GM_SESSION_PROP_MAX_STREAMS_PER_CONNECTION:
      gmulti_session_set_max_streams_per_connection (self, g_value_get_uint (value));
      break;
    case GM_SESSION_PROP_MAX_CONNECTIONS_PER_HOST:
      gmulti_session_set_max_connections_per_host (self, g_value_get_uint (value));
      break;
    case GM_SESSION_PROP_MAX_IDLE_CONNECTIONS:
      gmulti_session_set_max_idle_connections (self, g_value_get_int (value));
      break;
    case GM_SESSION_PROP_IDLE_TIMEOUT:
      gmulti_session_set_idle_timeout (self, g_value_get_uint (value));
      break;
    case GM_SESSION_PROP_PROGRESS_INTERVAL:
      gmulti_session_set_progress_interval (self, g_value_get_uint (value));
      break;
    case GM_SESSION_PROP_COOKIE_JAR:
      gmulti_session_set_cookie_jar (self, g_value_get_object (value));
      break;
    case GM_SESSION_PROP_STATE_FILE:
      gmulti_session_set_state_file (self, g_value_get_object (value));
      break;
    case GM_SESSION_PROP_USER_AGENT:
      gmulti_session_set_user_agent (self, g_value_get_string (value));
      break;
    case GM_SESSION_PROP_DOH_URI:
      gmulti_session_set_doh_uri (self, g_value_get_string (value));
      break;
    case GM_SESSION_PROP_PROXY_RESOLVER:
      gmulti_session_set_proxy_resolver (self, g_value_get_object (value));
      break;
    case GM_SESSION_PROP_TLS_DATABASE:
      gmulti_session_set_tls_database (self, g_value_get_object (value));
      break;
    case GM_SESSION_PROP_TLS_INTERACTION:
      gmulti_session_set_tls_interaction (self, g_value_get_object (value));
      break;
    case GM_SESSION_PROP_MAX_DOWNLOAD_RATE:
      gmulti_session_set_max_download_rate (self, g_value_get_uint64 (value));
      break;
    case GM_SESSION_PROP_MAX_UPLOAD_RATE:
      gmulti_session_set_max_upload_rate (self, g_value_get_uint64 (value));
      break;
    default:
      if (!gm_face_session_set_monitor (self, prop_id - GM_SESSION_PROP_MONITORS, value)
          && !gm_face_session_set_manner (self, prop_id - GM_SESSION_PROP_MANNERS, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

void
gm_session_install_properties (GObjectClass *object_class)
{
  object_class->get_property = get_property;
  object_class->set_property = set_property;
  install_construct_properties ();
  install_limit_properties ();
  install_rate_properties ();
  install_default_properties ();
  install_tls_properties ();
  install_count_properties ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (gm_session_properties), gm_session_properties);
}
