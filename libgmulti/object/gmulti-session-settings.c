/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-session-private.h"
#include "gmulti-state-private.h"

/* The functions of GMultiSession's settings: limits, rates, names, stores, trust. */

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
    g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_MAX_ACTIVE]);
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
    g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_MAX_CONNECTIONS]);
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
    g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_MAX_CONNECTIONS_PER_HOST]);
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
    g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_MAX_STREAMS_PER_CONNECTION]);
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
    g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_MAX_IDLE_CONNECTIONS]);
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
    g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_IDLE_TIMEOUT]);
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
    g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_PROGRESS_INTERVAL]);
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
    g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_USER_AGENT]);
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
    g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_DOH_URI]);
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
    g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_COOKIE_JAR]);
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

  g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_STATE_FILE]);
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
    g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_TLS_DATABASE]);
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
    g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_TLS_INTERACTION]);
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
    g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_PROXY_RESOLVER]);
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
    g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_MAX_DOWNLOAD_RATE]);
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
    g_object_notify_by_pspec (G_OBJECT (self), gm_session_properties[GM_SESSION_PROP_MAX_UPLOAD_RATE]);
}
