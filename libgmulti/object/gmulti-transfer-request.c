/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-transfer-private.h"

#include "gmulti-headers-private.h"

/* The request side of GMultiTransfer: what is set before the start. */

/* TRUE if it is another one. */
static gboolean
gm_set_string (char **place,
               const char *value)
{
  if (g_strcmp0 (*place, value) == 0)
    return FALSE;

  g_free (*place);
  *place = g_strdup (value);
  return TRUE;
}

/**
 * gmulti_transfer_get_uri: (get-property uri)
 * @self: the transfer
 *
 * Gets the address to transfer from or to.
 *
 * Returns: (nullable): the value
 *
 * Since: 1.0
 */
const char *
gmulti_transfer_get_uri (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  return self->plan.uri;
}

/**
 * gmulti_transfer_set_uri: (set-property uri)
 * @self: the transfer
 * @uri: (nullable): the new value
 *
 * Sets the address to transfer from or to.
 *
 * A bad one fails the transfer when it is started.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_uri (GMultiTransfer *self,
                         const char *uri)
{
  char *last;

  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (!gm_face_transfer_check_idle (self) || g_strcmp0 (self->plan.uri, uri) == 0)
    return;

  last = g_steal_pointer (&self->plan.uri);
  if (uri != NULL)
    self->plan.uri = g_ref_string_new (uri);
  if (last != NULL)
    g_ref_string_release (last);
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_URI]);
}

/**
 * gmulti_transfer_get_method: (get-property method)
 * @self: the transfer
 *
 * Gets the request method.
 *
 * Returns: (nullable): the value
 *
 * Since: 1.0
 */
const char *
gmulti_transfer_get_method (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  if (self->plan.method != NULL)
    return self->plan.method;

  return self->plan.body_kind != GM_UPLOAD_NONE ? "POST" : "GET";
}

/**
 * gmulti_transfer_set_method: (set-property method)
 * @self: the transfer
 * @method: (nullable): the new value
 *
 * Sets the request method.
 *
 * Without one it is `GET`, or `POST` if there is a body.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_method (GMultiTransfer *self,
                            const char *method)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (gm_face_transfer_check_idle (self) && gm_set_string (&self->plan.method, method))
    g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_METHOD]);
}

/**
 * gmulti_transfer_get_use_cookies: (get-property use-cookies)
 * @self: the transfer
 *
 * Gets whether it sends and takes the cookies of the session.
 *
 * Returns: %FALSE if it does without
 *
 * Since: 1.0
 */
gboolean
gmulti_transfer_get_use_cookies (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), TRUE);

  return !self->plan.no_cookies;
}

/**
 * gmulti_transfer_set_use_cookies: (set-property use-cookies)
 * @self: the transfer
 * @use_cookies: the new value
 *
 * Sets whether it sends and takes the cookies of the session.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_use_cookies (GMultiTransfer *self,
                                 gboolean use_cookies)
{
  guint8 no_cookies = !use_cookies;

  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (!gm_face_transfer_check_idle (self) || self->plan.no_cookies == no_cookies)
    return;
  self->plan.no_cookies = no_cookies;
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_USE_COOKIES]);
}

/**
 * gmulti_transfer_get_first_party: (get-property first-party)
 * @self: the transfer
 *
 * Gets the URI of the page that it is made for.
 *
 * Returns: (nullable): the URI
 *
 * Since: 1.0
 */
const char *
gmulti_transfer_get_first_party (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  return self->plan.first_party;
}

/**
 * gmulti_transfer_set_first_party: (set-property first-party)
 * @self: the transfer
 * @first_party: (nullable): the URI, or %NULL if it is what its user asked for
 *
 * Sets the URI of the page that it is made for.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_first_party (GMultiTransfer *self,
                                 const char *first_party)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (gm_face_transfer_check_idle (self) && gm_set_string (&self->plan.first_party, first_party))
    g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_FIRST_PARTY]);
}

/**
 * gmulti_transfer_get_user_agent: (get-property user-agent)
 * @self: the transfer
 *
 * Gets what is sent as `User-Agent`.
 *
 * Returns: (nullable): the value
 *
 * Since: 1.0
 */
const char *
gmulti_transfer_get_user_agent (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  return self->plan.user_agent;
}

/**
 * gmulti_transfer_get_proxy_resolver: (get-property proxy-resolver)
 * @self: the transfer
 *
 * Gets who says through which proxies hosts are reached.
 *
 * Returns: (transfer none) (nullable): the resolver, or %NULL for the session's
 *
 * Since: 1.0
 */
GProxyResolver *
gmulti_transfer_get_proxy_resolver (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  return self->plan.proxy_resolver;
}

/**
 * gmulti_transfer_set_proxy_resolver: (set-property proxy-resolver)
 * @self: the transfer
 * @resolver: (nullable): the resolver, or %NULL for the session's
 *
 * Sets who says through which proxies hosts are reached.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_proxy_resolver (GMultiTransfer *self,
                                    GProxyResolver *resolver)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));
  g_return_if_fail (resolver == NULL || G_IS_PROXY_RESOLVER (resolver));

  if (gm_face_transfer_check_idle (self) && g_set_object (&self->plan.proxy_resolver, resolver))
    g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_PROXY_RESOLVER]);
}

/**
 * gmulti_transfer_set_user_agent: (set-property user-agent)
 * @self: the transfer
 * @user_agent: (nullable): the new value
 *
 * Sets what is sent as `User-Agent`.
 *
 * Without one it is that of the session.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_user_agent (GMultiTransfer *self,
                                const char *user_agent)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (gm_face_transfer_check_idle (self) && gm_set_string (&self->plan.user_agent, user_agent))
    g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_USER_AGENT]);
}

/**
 * gmulti_transfer_get_title: (get-property title)
 * @self: the transfer
 *
 * Gets a name for people, for lists.
 *
 * Returns: (nullable): the title
 *
 * Since: 1.0
 */
const char *
gmulti_transfer_get_title (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  return self->title;
}

/**
 * gmulti_transfer_set_title: (set-property title)
 * @self: the transfer
 * @title: (nullable): the new value
 *
 * Sets a name for people, for lists.
 *
 * It can be changed at any time.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_title (GMultiTransfer *self,
                           const char *title)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (gm_set_string (&self->title, title))
    g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_TITLE]);
}

/**
 * gmulti_transfer_get_accept_status: (get-property accept-status)
 * @self: the transfer
 *
 * Tells whether an answer with a status of 400 or more is a result like any other.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
gmulti_transfer_get_accept_status (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), FALSE);

  return self->plan.accept_status;
}

/**
 * gmulti_transfer_set_accept_status: (set-property accept-status)
 * @self: the transfer
 * @accept_status: the new value
 *
 * Sets whether an answer with a status of 400 or more is a result like any other.
 *
 * Otherwise it fails the transfer with %GMULTI_TRANSFER_ERROR_HTTP_STATUS; the response can be read all the same.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_accept_status (GMultiTransfer *self,
                                   gboolean accept_status)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.accept_status == !!accept_status || !gm_face_transfer_check_idle (self))
    return;

  self->plan.accept_status = !!accept_status;
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_ACCEPT_STATUS]);
}

/**
 * gmulti_transfer_get_http_policy: (get-property http-policy)
 * @self: the transfer
 *
 * Gets which versions of HTTP may be used.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
GMultiHttpPolicy
gmulti_transfer_get_http_policy (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), GMULTI_HTTP_POLICY_AUTO);

  return (GMultiHttpPolicy) self->plan.http_policy;
}

/**
 * gmulti_transfer_set_http_policy: (set-property http-policy)
 * @self: the transfer
 * @policy: the new value
 *
 * Sets which versions of HTTP may be used.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_http_policy (GMultiTransfer *self,
                                 GMultiHttpPolicy policy)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.http_policy == (guint16) policy || !gm_face_transfer_check_idle (self))
    return;

  self->plan.http_policy = (guint16) policy;
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_HTTP_POLICY]);
}

/**
 * gmulti_transfer_get_redirects: (get-property redirects)
 * @self: the transfer
 *
 * Gets which redirects are followed.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
GMultiRedirects
gmulti_transfer_get_redirects (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), GMULTI_REDIRECTS_FOLLOW);

  return (GMultiRedirects) self->plan.redirects;
}

/**
 * gmulti_transfer_set_redirects: (set-property redirects)
 * @self: the transfer
 * @redirects: the new value
 *
 * Sets which redirects are followed.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_redirects (GMultiTransfer *self,
                               GMultiRedirects redirects)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.redirects == (guint8) redirects || !gm_face_transfer_check_idle (self))
    return;

  self->plan.redirects = (guint8) redirects;
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_REDIRECTS]);
}

/**
 * gmulti_transfer_get_max_redirects: (get-property max-redirects)
 * @self: the transfer
 *
 * Gets how many redirects are followed one after another.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint
gmulti_transfer_get_max_redirects (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return self->plan.max_redirects;
}

/**
 * gmulti_transfer_set_max_redirects: (set-property max-redirects)
 * @self: the transfer
 * @max_redirects: the new value
 *
 * Sets how many redirects are followed one after another.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_max_redirects (GMultiTransfer *self,
                                   guint max_redirects)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.max_redirects == max_redirects || !gm_face_transfer_check_idle (self))
    return;

  self->plan.max_redirects = max_redirects;
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_MAX_REDIRECTS]);
}

/**
 * gmulti_transfer_get_connect_timeout: (get-property connect-timeout)
 * @self: the transfer
 *
 * Gets how long it may take to get a connection, in milliseconds; 0 means any time.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint
gmulti_transfer_get_connect_timeout (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return self->plan.connect_timeout;
}

/**
 * gmulti_transfer_set_connect_timeout: (set-property connect-timeout)
 * @self: the transfer
 * @connect_timeout: the new value
 *
 * Sets how long it may take to get a connection, in milliseconds; 0 means any time.
 *
 * Time in which the transfer waits because of limits does not count.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_connect_timeout (GMultiTransfer *self,
                                     guint connect_timeout)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.connect_timeout == connect_timeout || !gm_face_transfer_check_idle (self))
    return;

  self->plan.connect_timeout = connect_timeout;
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_CONNECT_TIMEOUT]);
}

/**
 * gmulti_transfer_get_response_timeout: (get-property response-timeout)
 * @self: the transfer
 *
 * Gets how long the server may take to begin its answer, in milliseconds; 0 means any time.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint
gmulti_transfer_get_response_timeout (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return self->plan.response_timeout;
}

/**
 * gmulti_transfer_set_response_timeout: (set-property response-timeout)
 * @self: the transfer
 * @response_timeout: the new value
 *
 * Sets how long the server may take to begin its answer, in milliseconds; 0 means any time.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_response_timeout (GMultiTransfer *self,
                                      guint response_timeout)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.response_timeout == response_timeout || !gm_face_transfer_check_idle (self))
    return;

  self->plan.response_timeout = response_timeout;
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_RESPONSE_TIMEOUT]);
}

/**
 * gmulti_transfer_get_stall_timeout: (get-property stall-timeout)
 * @self: the transfer
 *
 * Gets how long there may be no data at all, in milliseconds; 0 means any time.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint
gmulti_transfer_get_stall_timeout (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return self->plan.stall_timeout;
}

/**
 * gmulti_transfer_set_stall_timeout: (set-property stall-timeout)
 * @self: the transfer
 * @stall_timeout: the new value
 *
 * Sets how long there may be no data at all, in milliseconds; 0 means any time.
 *
 * Then the transfer fails with %GMULTI_TRANSFER_ERROR_STALLED.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_stall_timeout (GMultiTransfer *self,
                                   guint stall_timeout)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.stall_timeout == stall_timeout || !gm_face_transfer_check_idle (self))
    return;

  self->plan.stall_timeout = stall_timeout;
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_STALL_TIMEOUT]);
}

/**
 * gmulti_transfer_get_timeout: (get-property timeout)
 * @self: the transfer
 *
 * Gets how long the whole transfer may take, in milliseconds; 0 means any time.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint
gmulti_transfer_get_timeout (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return self->plan.timeout;
}

/**
 * gmulti_transfer_set_timeout: (set-property timeout)
 * @self: the transfer
 * @timeout: the new value
 *
 * Sets how long the whole transfer may take, in milliseconds; 0 means any time.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_timeout (GMultiTransfer *self,
                             guint timeout)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.timeout == timeout || !gm_face_transfer_check_idle (self))
    return;

  self->plan.timeout = timeout;
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_TIMEOUT]);
}

/**
 * gmulti_transfer_get_max_size: (get-property max-size)
 * @self: the transfer
 *
 * Gets how many bytes of a body are accepted; 0 means any number.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint64
gmulti_transfer_get_max_size (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return self->plan.max_size;
}

/**
 * gmulti_transfer_set_max_size: (set-property max-size)
 * @self: the transfer
 * @max_size: the new value
 *
 * Sets how many bytes of a body are accepted; 0 means any number.
 *
 * A longer one fails the transfer with %GMULTI_TRANSFER_ERROR_TOO_LARGE.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_max_size (GMultiTransfer *self,
                              guint64 max_size)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.max_size == max_size || !gm_face_transfer_check_idle (self))
    return;

  self->plan.max_size = max_size;
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_MAX_SIZE]);
}

/**
 * gmulti_transfer_get_decode: (get-property decode)
 * @self: the transfer
 *
 * Gets whether the body is asked for in a compressed form and decompressed.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
gmulti_transfer_get_decode (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), FALSE);

  return !self->plan.raw;
}

/**
 * gmulti_transfer_set_decode: (set-property decode)
 * @self: the transfer
 * @decode: whether it is
 *
 * Sets whether the body is asked for in a compressed form and decompressed.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_decode (GMultiTransfer *self,
                            gboolean decode)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.raw == !decode || !gm_face_transfer_check_idle (self))
    return;

  self->plan.raw = !decode;
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_DECODE]);
}

/**
 * gmulti_transfer_get_tls_database: (get-property tls-database)
 * @self: the transfer
 *
 * Gets who says which certificates of servers are to be trusted.
 *
 * Returns: (transfer none) (nullable): the database, or %NULL for the session's
 *
 * Since: 1.0
 */
GTlsDatabase *
gmulti_transfer_get_tls_database (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  return self->plan.tls_database;
}

/**
 * gmulti_transfer_set_tls_database: (set-property tls-database)
 * @self: the transfer
 * @tls_database: (nullable): the database, or %NULL for the session's
 *
 * Sets who says which certificates of servers are to be trusted.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_tls_database (GMultiTransfer *self,
                                  GTlsDatabase *tls_database)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));
  g_return_if_fail (tls_database == NULL || G_IS_TLS_DATABASE (tls_database));

  if (self->plan.tls_database == tls_database || !gm_face_transfer_check_idle (self))
    return;

  g_set_object (&self->plan.tls_database, tls_database);
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_TLS_DATABASE]);
}

/**
 * gmulti_transfer_get_tls_interaction: (get-property tls-interaction)
 * @self: the transfer
 *
 * Gets who is asked for the PIN of a token, and for a certificate.
 *
 * Returns: (transfer none) (nullable): the interaction, or %NULL for the session's
 *
 * Since: 1.0
 */
GTlsInteraction *
gmulti_transfer_get_tls_interaction (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  return self->plan.tls_interaction;
}

/**
 * gmulti_transfer_set_tls_interaction: (set-property tls-interaction)
 * @self: the transfer
 * @tls_interaction: (nullable): the interaction, or %NULL for the session's
 *
 * Sets who is asked for the PIN of a token, and for a certificate.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_tls_interaction (GMultiTransfer *self,
                                     GTlsInteraction *tls_interaction)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));
  g_return_if_fail (tls_interaction == NULL || G_IS_TLS_INTERACTION (tls_interaction));

  if (self->plan.tls_interaction == tls_interaction || !gm_face_transfer_check_idle (self))
    return;

  g_set_object (&self->plan.tls_interaction, tls_interaction);
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_TLS_INTERACTION]);
}

/**
 * gmulti_transfer_get_tls_pins: (get-property tls-pins)
 * @self: the transfer
 *
 * Gets the public keys that servers may have.
 *
 * Returns: (nullable): the pins, or %NULL for any key
 *
 * Since: 1.0
 */
const char *
gmulti_transfer_get_tls_pins (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  return self->plan.tls_pins;
}

/**
 * gmulti_transfer_set_tls_pins: (set-property tls-pins)
 * @self: the transfer
 * @tls_pins: (nullable): the pins, or %NULL for any key
 *
 * Sets the public keys that servers may have: `sha256//…`, joined by semicolons.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_tls_pins (GMultiTransfer *self,
                              const char *tls_pins)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (g_strcmp0 (self->plan.tls_pins, tls_pins) == 0 || !gm_face_transfer_check_idle (self))
    return;

  g_free (self->plan.tls_pins);
  self->plan.tls_pins = g_strdup (tls_pins);
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_TLS_PINS]);
}

/**
 * gmulti_transfer_get_client_certificate: (get-property client-certificate)
 * @self: the transfer
 *
 * Gets the certificate that is shown to servers that ask for one.
 *
 * Returns: (transfer none) (nullable): the certificate, with its private key
 *
 * Since: 1.0
 */
GTlsCertificate *
gmulti_transfer_get_client_certificate (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  return self->plan.client_certificate;
}

/**
 * gmulti_transfer_set_client_certificate: (set-property client-certificate)
 * @self: the transfer
 * @client_certificate: (nullable): the certificate, with its private key
 *
 * Sets the certificate that is shown to servers that ask for one.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_client_certificate (GMultiTransfer *self,
                                        GTlsCertificate *client_certificate)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));
  g_return_if_fail (client_certificate == NULL || G_IS_TLS_CERTIFICATE (client_certificate));

  if (self->plan.client_certificate == client_certificate || !gm_face_transfer_check_idle (self))
    return;

  g_set_object (&self->plan.client_certificate, client_certificate);
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_CLIENT_CERTIFICATE]);
}

/**
 * gmulti_transfer_get_priority: (get-property priority)
 * @self: the transfer
 *
 * Gets which of several waiting transfers is started first: that with the lower number.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
int
gmulti_transfer_get_priority (GMultiTransfer *self)
{
  int value;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  g_mutex_lock (&self->lock);
  value = self->plan.priority;
  g_mutex_unlock (&self->lock);
  return value;
}

/**
 * gmulti_transfer_set_priority: (set-property priority)
 * @self: the transfer
 * @priority: the new value
 *
 * Sets which of several waiting transfers is started first: that with the lower number. A tenth of a second of waiting
 * makes up for one.
 *
 * It can be changed at any time. A server that speaks HTTP/2 is told of it, while it answers, too: as the urgency of
 * [RFC 9218](https://www.rfc-editor.org/rfc/rfc9218).
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_priority (GMultiTransfer *self,
                              int priority)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  g_mutex_lock (&self->lock);
  if (self->plan.priority == priority)
    {
      g_mutex_unlock (&self->lock);
      return;
    }
  self->plan.priority = priority;
  g_mutex_unlock (&self->lock);

  gm_face_transfer_order (self, GM_ORDER_PRIORITY);
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_PRIORITY]);
}

/**
 * gmulti_transfer_get_max_download_rate: (get-property max-download-rate)
 * @self: the transfer
 *
 * Gets how many bytes may be received in a second; 0 means any number.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint64
gmulti_transfer_get_max_download_rate (GMultiTransfer *self)
{
  guint64 value;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  g_mutex_lock (&self->lock);
  value = self->plan.max_download_rate;
  g_mutex_unlock (&self->lock);
  return value;
}

/**
 * gmulti_transfer_set_max_download_rate: (set-property max-download-rate)
 * @self: the transfer
 * @max_download_rate: the new value
 *
 * Sets how many bytes may be received in a second; 0 means any number.
 *
 * It can be changed at any time.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_max_download_rate (GMultiTransfer *self,
                                       guint64 max_download_rate)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  g_mutex_lock (&self->lock);
  if (self->plan.max_download_rate == max_download_rate)
    {
      g_mutex_unlock (&self->lock);
      return;
    }
  self->plan.max_download_rate = max_download_rate;
  g_mutex_unlock (&self->lock);

  gm_face_transfer_order (self, GM_ORDER_RATES);
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_MAX_DOWNLOAD_RATE]);
}

/**
 * gmulti_transfer_get_max_upload_rate: (get-property max-upload-rate)
 * @self: the transfer
 *
 * Gets how many bytes may be sent in a second; 0 means any number.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint64
gmulti_transfer_get_max_upload_rate (GMultiTransfer *self)
{
  guint64 value;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  g_mutex_lock (&self->lock);
  value = self->plan.max_upload_rate;
  g_mutex_unlock (&self->lock);
  return value;
}

/**
 * gmulti_transfer_set_max_upload_rate: (set-property max-upload-rate)
 * @self: the transfer
 * @max_upload_rate: the new value
 *
 * Sets how many bytes may be sent in a second; 0 means any number.
 *
 * It can be changed at any time.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_max_upload_rate (GMultiTransfer *self,
                                     guint64 max_upload_rate)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  g_mutex_lock (&self->lock);
  if (self->plan.max_upload_rate == max_upload_rate)
    {
      g_mutex_unlock (&self->lock);
      return;
    }
  self->plan.max_upload_rate = max_upload_rate;
  g_mutex_unlock (&self->lock);

  gm_face_transfer_order (self, GM_ORDER_RATES);
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_MAX_UPLOAD_RATE]);
}

/* The headers as a list that can be changed: the one of the last errand cannot. */
static GMultiHeaders *
ensure_headers (GMultiTransfer *self)
{
  if (self->plan.headers == NULL)
    {
      self->plan.headers = gmulti_headers_new ();
    }
  else if (gm_face_headers_is_frozen (self->plan.headers) && !self->busy)
    {
      GMultiHeaders *copy = gmulti_headers_copy (self->plan.headers);

      gmulti_headers_unref (self->plan.headers);
      self->plan.headers = copy;
    }

  return self->plan.headers;
}

/**
 * gmulti_transfer_set_header:
 * @self: the transfer
 * @name: a header's name
 * @value: (nullable): its value, or %NULL to remove it
 *
 * Sets one header of the request, in the place of all with that name.
 *
 * A name or value that cannot be sent fails the transfer when it is started. After a redirect to another host
 * `Authorization`, `Cookie` and `Host` are not sent, and `Referer` is not when a redirect leads from TLS to a connection
 * without.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_header (GMultiTransfer *self,
                            const char *name,
                            const char *value)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));
  g_return_if_fail (name != NULL);

  if (!gm_face_transfer_check_idle (self))
    return;

  if (self->plan.bad_header != NULL && g_ascii_strcasecmp (self->plan.bad_header, name) == 0)
    g_clear_pointer (&self->plan.bad_header, g_free);

  if (value == NULL)
    gmulti_headers_remove (ensure_headers (self), name);
  else if (gm_face_header_is_valid (name, value))
    gmulti_headers_replace (ensure_headers (self), name, value, NULL);
  else if (self->plan.bad_header == NULL)
    self->plan.bad_header = g_strdup (name);
}

/**
 * gmulti_transfer_get_request_headers: (get-property request-headers)
 * @self: the transfer
 *
 * Gets the headers of the request. They can be changed as long as the transfer is not under way.
 *
 * Returns: (transfer none): the headers
 *
 * Since: 1.0
 */
GMultiHeaders *
gmulti_transfer_get_request_headers (GMultiTransfer *self)
{
  GMultiHeaders *headers;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  g_mutex_lock (&self->lock);
  headers = ensure_headers (self);
  if (self->busy)
    gm_face_headers_freeze (headers);
  g_mutex_unlock (&self->lock);

  return headers;
}

/**
 * gmulti_transfer_set_body_bytes:
 * @self: the transfer
 * @content_type: (nullable): what is sent as `Content-Type`
 * @bytes: (nullable): the data to send, or %NULL for none
 *
 * Sends data from memory. Unless another method is set it becomes `POST`.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_body_bytes (GMultiTransfer *self,
                                const char *content_type,
                                GBytes *bytes)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (gm_face_transfer_check_idle (self))
    gm_plan_take_body (&self->plan, GM_UPLOAD_BYTES, content_type, bytes != NULL ? g_bytes_ref (bytes) : NULL, -1);
}

/**
 * gmulti_transfer_set_body_file:
 * @self: the transfer
 * @content_type: (nullable): what is sent as `Content-Type`
 * @file: (nullable): the file to send, or %NULL for none
 *
 * Sends a file. Unless another method is set it becomes `POST`.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_body_file (GMultiTransfer *self,
                               const char *content_type,
                               GFile *file)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));
  g_return_if_fail (file == NULL || G_IS_FILE (file));

  if (gm_face_transfer_check_idle (self))
    gm_plan_take_body (&self->plan, GM_UPLOAD_FILE, content_type, file != NULL ? g_object_ref (file) : NULL, -1);
}

/**
 * gmulti_transfer_set_body_stream:
 * @self: the transfer
 * @content_type: (nullable): what is sent as `Content-Type`
 * @stream: (nullable): where to read the data from, or %NULL for none
 * @length: how many bytes it has, or -1 if that is not known
 *
 * Sends what a stream has. Unless another method is set it becomes `POST`.
 *
 * The stream is read asynchronously in the context that the transfer is started in, and not closed. Where the data has
 * to be sent again, as after some redirects, a seekable stream is rewound to where it stood; another one fails the
 * transfer with %GMULTI_TRANSFER_ERROR_NOT_REWINDABLE.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_body_stream (GMultiTransfer *self,
                                 const char *content_type,
                                 GInputStream *stream,
                                 gint64 length)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));
  g_return_if_fail (stream == NULL || G_IS_INPUT_STREAM (stream));
  g_return_if_fail (length >= -1);

  if (gm_face_transfer_check_idle (self))
    gm_plan_take_body (&self->plan, GM_UPLOAD_STREAM, content_type, stream != NULL ? g_object_ref (stream) : NULL,
                       length);
}

/**
 * gmulti_transfer_set_body_form:
 * @self: the transfer
 * @form: (nullable): the form to send, or %NULL for none
 *
 * Sends a form. Unless another method is set it becomes `POST`. A `Content-Type` among the headers is overlooked, for it
 * cannot name the boundary.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_body_form (GMultiTransfer *self,
                               GMultiForm *form)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));
  g_return_if_fail (form == NULL || GMULTI_IS_FORM (form));

  if (gm_face_transfer_check_idle (self))
    gm_plan_take_body (&self->plan, GM_UPLOAD_FORM, NULL, form != NULL ? g_object_ref (form) : NULL, -1);
}

/**
 * gmulti_transfer_set_range:
 * @self: the transfer
 * @offset: the first byte
 * @length: the number of bytes, or -1 for all up to the end
 *
 * Asks for a part of the body only. A range from 0 to the end is the whole.
 *
 * A server that answers with another part, or with the whole, fails the transfer with %GMULTI_TRANSFER_ERROR_CHANGED. Only
 * where there is no more it may give less. To go on with what was begun, tell it which version that was, by a header
 * `If-Match` with the first answer's `ETag`.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_range (GMultiTransfer *self,
                           guint64 offset,
                           gint64 length)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));
  g_return_if_fail (length >= -1);

  if (!gm_face_transfer_check_idle (self))
    return;

  self->plan.has_range = offset != 0 || length != -1;
  self->plan.range_offset = offset;
  self->plan.range_length = length;
}

/**
 * gmulti_transfer_set_bearer_token:
 * @self: the transfer
 * @token: (nullable): the token, or %NULL for none
 *
 * Sends a token as `Authorization`. It goes to the host of the address only, not to one that a redirect names.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_bearer_token (GMultiTransfer *self,
                                  const char *token)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (gm_face_transfer_check_idle (self))
    gm_set_string (&self->plan.bearer_token, token);
}

/**
 * gmulti_transfer_set_signing_key:
 * @self: the transfer
 * @scope: (nullable): what the signature is for, or %NULL for none
 * @access_key: (nullable): the name of the key
 * @secret_key: (nullable): the key
 *
 * Signs each request by version 4 of the signature of AWS, as servers of S3 and others want it.
 *
 * @scope is the names of the provider that has made the scheme and of that which uses it, a region and a service, with colons
 * between them, as in `aws:amz:eu-central-1:s3`; region and service may be left out if the host's name has them. One that is
 * none fails the transfer. There is no question for a login then. Hosts that a redirect names are not shown a signature.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_signing_key (GMultiTransfer *self,
                                 const char *scope,
                                 const char *access_key,
                                 const char *secret_key)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (gm_face_transfer_check_idle (self))
    gm_plan_set_signer (&self->plan, scope, access_key, secret_key);
}

/**
 * gmulti_transfer_get_new_connection: (get-property new-connection)
 * @self: the transfer
 *
 * Gets whether it goes over a connection that nobody has used.
 *
 * Returns: whether it does
 *
 * Since: 1.0
 */
gboolean
gmulti_transfer_get_new_connection (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), FALSE);

  return self->plan.new_connection;
}

/**
 * gmulti_transfer_set_new_connection: (set-property new-connection)
 * @self: the transfer
 * @new_connection: the new value
 *
 * Sets whether it goes over a connection that nobody has used.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_new_connection (GMultiTransfer *self,
                                    gboolean new_connection)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (!gm_face_transfer_check_idle (self) || self->plan.new_connection == !!new_connection)
    return;
  self->plan.new_connection = !!new_connection;
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_NEW_CONNECTION]);
}

/**
 * gmulti_transfer_get_max_attempts: (get-property max-attempts)
 * @self: the transfer
 *
 * Gets how many times it is tried before it fails.
 *
 * Returns: the number of attempts
 *
 * Since: 1.0
 */
guint
gmulti_transfer_get_max_attempts (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 1);

  return self->plan.max_attempts;
}

/**
 * gmulti_transfer_set_max_attempts: (set-property max-attempts)
 * @self: the transfer
 * @max_attempts: the number of attempts, at least 1
 *
 * Sets how many times it is tried before it fails.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_max_attempts (GMultiTransfer *self,
                                  guint max_attempts)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));
  g_return_if_fail (max_attempts > 0);

  if (self->plan.max_attempts == max_attempts || !gm_face_transfer_check_idle (self))
    return;

  self->plan.max_attempts = max_attempts;
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_MAX_ATTEMPTS]);
}

/**
 * gmulti_transfer_get_constraints: (get-property constraints)
 * @self: the transfer
 *
 * Gets what it demands of the device's surroundings.
 *
 * Returns: the constraints
 *
 * Since: 1.0
 */
GMultiConstraints
gmulti_transfer_get_constraints (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), GMULTI_CONSTRAINTS_NONE);

  return (GMultiConstraints) self->plan.constraints;
}

/**
 * gmulti_transfer_set_constraints: (set-property constraints)
 * @self: the transfer
 * @constraints: the constraints
 *
 * Sets what it demands of the device's surroundings: it waits until all of it is there.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_constraints (GMultiTransfer *self,
                                 GMultiConstraints constraints)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.constraints == constraints || !gm_face_transfer_check_idle (self))
    return;

  self->plan.constraints = (guint8) constraints;
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_CONSTRAINTS]);
}

/**
 * gmulti_transfer_get_connectable: (get-property connectable)
 * @self: the transfer
 *
 * Gets where to connect to instead of the URI's host.
 *
 * Returns: (transfer none) (nullable): the connectable, or %NULL for the host
 *
 * Since: 1.0
 */
GSocketConnectable *
gmulti_transfer_get_connectable (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  return self->plan.connectable;
}

/**
 * gmulti_transfer_set_connectable: (set-property connectable)
 * @self: the transfer
 * @connectable: (nullable): the connectable, or %NULL for the URI's host
 *
 * Sets where to connect to instead of the URI's host.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_connectable (GMultiTransfer *self,
                                 GSocketConnectable *connectable)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));
  g_return_if_fail (connectable == NULL || G_IS_SOCKET_CONNECTABLE (connectable));

  if (self->plan.connectable == connectable || !gm_face_transfer_check_idle (self))
    return;

  g_set_object (&self->plan.connectable, connectable);
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[GM_TRANSFER_PROP_CONNECTABLE]);
}
