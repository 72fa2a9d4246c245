/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-response-private.h"

#include "gmulti-certificate-private.h"

#include "gmulti-enum-types.h"

/**
 * GMultiResponse:
 *
 * The head of an answer: status, headers, and where it came from.
 *
 * It does not change, and can be read from any thread. [method@GMulti.Transfer.ref_response] gives it as soon as it is
 * there; `notify::response` tells when.
 *
 * Since: 1.0
 */
struct _GMultiResponse
{
  GObject parent_instance;

  GmHead *head; /* (owned) */
  GMutex lock;  /* guards what is made when first asked for */
  GMultiHeaders *headers;         /* (owned) (nullable) */
  char *content_type;             /* (owned) (nullable) */
  char *uri;                      /* (owned) (nullable) */
  char *reason;                   /* (owned) (nullable) */
  char *suggested_filename;       /* (owned) (nullable) */
  GSocketAddress *remote_address; /* (owned) (nullable) */
  GTlsCertificate *peer_certificate; /* (owned) (nullable) */
  guint have_content_type : 1;
  guint have_filename : 1;
};

typedef enum
{
  PROP_STATUS = 1,
  PROP_REASON,
  PROP_URI,
  PROP_HEADERS,
  PROP_CONTENT_TYPE,
  PROP_LENGTH,
  PROP_SUGGESTED_FILENAME,
  PROP_PROTOCOL,
  PROP_REMOTE_ADDRESS,
  PROP_PEER_CERTIFICATE,
  PROP_TLS_VERSION,
  PROP_TLS_CIPHER,
} Property;

static GParamSpec *properties[PROP_TLS_CIPHER + 1];

G_DEFINE_FINAL_TYPE (GMultiResponse, gmulti_response, G_TYPE_OBJECT)

static void
gmulti_response_finalize (GObject *object)
{
  GMultiResponse *self = GMULTI_RESPONSE (object);

  g_clear_pointer (&self->head, gm_head_unref);
  g_clear_pointer (&self->headers, gmulti_headers_unref);
  g_clear_pointer (&self->content_type, g_free);
  g_clear_pointer (&self->uri, g_free);
  g_clear_pointer (&self->reason, g_free);
  g_clear_pointer (&self->suggested_filename, g_free);
  g_clear_object (&self->remote_address);
  g_clear_object (&self->peer_certificate);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (gmulti_response_parent_class)->finalize (object);
}

static void
gmulti_response_get_property (GObject *object,
                              guint prop_id,
                              GValue *value,
                              GParamSpec *pspec)
{
  GMultiResponse *self = GMULTI_RESPONSE (object);

  switch ((Property) prop_id)
    {
    case PROP_STATUS:
      g_value_set_uint (value, gmulti_response_get_status (self));
      break;
    case PROP_REASON:
      g_value_set_string (value, gmulti_response_get_reason (self));
      break;
    case PROP_URI:
      g_value_set_string (value, gmulti_response_get_uri (self));
      break;
    case PROP_HEADERS:
      g_value_set_boxed (value, gmulti_response_get_headers (self));
      break;
    case PROP_CONTENT_TYPE:
      g_value_set_string (value, gmulti_response_get_content_type (self));
      break;
    case PROP_LENGTH:
      g_value_set_int64 (value, gmulti_response_get_length (self));
      break;
    case PROP_SUGGESTED_FILENAME:
      g_value_set_string (value, gmulti_response_get_suggested_filename (self));
      break;
    case PROP_PROTOCOL:
      g_value_set_enum (value, gmulti_response_get_protocol (self));
      break;
    case PROP_REMOTE_ADDRESS:
      g_value_set_object (value, gmulti_response_get_remote_address (self));
      break;
    case PROP_PEER_CERTIFICATE:
      g_value_set_object (value, gmulti_response_get_peer_certificate (self));
      break;
    case PROP_TLS_VERSION:
      g_value_set_string (value, gmulti_response_get_tls_version (self));
      break;
    case PROP_TLS_CIPHER:
      g_value_set_string (value, gmulti_response_get_tls_cipher (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_head_properties (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiResponse:status: (getter get_status)
   *
   * The status of HTTP, or 0 where the protocol has none.
   *
   * Since: 1.0
   */
  properties[PROP_STATUS] = g_param_spec_uint ("status", NULL, NULL, 0, 999, 0, flags);

  /**
   * GMultiResponse:reason: (getter get_reason)
   *
   * What the server wrote beside the status; may be empty.
   *
   * Since: 1.0
   */
  properties[PROP_REASON] = g_param_spec_string ("reason", NULL, NULL, NULL, flags);

  /**
   * GMultiResponse:uri: (getter get_uri)
   *
   * The address that answered, after redirects.
   *
   * Since: 1.0
   */
  properties[PROP_URI] = g_param_spec_string ("uri", NULL, NULL, NULL, flags);

  /**
   * GMultiResponse:headers: (getter get_headers)
   *
   * The headers.
   *
   * Since: 1.0
   */
  properties[PROP_HEADERS] = g_param_spec_boxed ("headers", NULL, NULL, GMULTI_TYPE_HEADERS, flags);

  /**
   * GMultiResponse:content-type: (getter get_content_type)
   *
   * The media type in lower case, without its parameters.
   *
   * Since: 1.0
   */
  properties[PROP_CONTENT_TYPE] = g_param_spec_string ("content-type", NULL, NULL, NULL, flags);
}

static void
install_body_properties (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiResponse:length: (getter get_length)
   *
   * The announced length of the body in bytes, or -1 if it is not known.
   *
   * Since: 1.0
   */
  properties[PROP_LENGTH] = g_param_spec_int64 ("length", NULL, NULL, -1, G_MAXINT64, -1, flags);

  /**
   * GMultiResponse:suggested-filename: (getter get_suggested_filename)
   *
   * A name to store the body under.
   *
   * Since: 1.0
   */
  properties[PROP_SUGGESTED_FILENAME] = g_param_spec_string ("suggested-filename", NULL, NULL, NULL, flags);

  /**
   * GMultiResponse:protocol: (getter get_protocol)
   *
   * The protocol that the response came by.
   *
   * Since: 1.0
   */
  properties[PROP_PROTOCOL]
    = g_param_spec_enum ("protocol", NULL, NULL, GMULTI_TYPE_PROTOCOL, GMULTI_PROTOCOL_NONE, flags);

  /**
   * GMultiResponse:remote-address: (getter get_remote_address)
   *
   * The address of the peer.
   *
   * Since: 1.0
   */
  properties[PROP_REMOTE_ADDRESS]
    = g_param_spec_object ("remote-address", NULL, NULL, G_TYPE_SOCKET_ADDRESS, flags);
}

static void
install_tls_properties (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiResponse:peer-certificate: (getter get_peer_certificate)
   *
   * The certificate of the server, with those above it that were shown as its issuers.
   *
   * Since: 1.0
   */
  properties[PROP_PEER_CERTIFICATE]
    = g_param_spec_object ("peer-certificate", NULL, NULL, G_TYPE_TLS_CERTIFICATE, flags);

  /**
   * GMultiResponse:tls-version: (getter get_tls_version)
   *
   * The version of TLS that was spoken.
   *
   * Since: 1.0
   */
  properties[PROP_TLS_VERSION] = g_param_spec_string ("tls-version", NULL, NULL, NULL, flags);

  /**
   * GMultiResponse:tls-cipher: (getter get_tls_cipher)
   *
   * The cipher suite that was used.
   *
   * Since: 1.0
   */
  properties[PROP_TLS_CIPHER] = g_param_spec_string ("tls-cipher", NULL, NULL, NULL, flags);
}

static void
gmulti_response_class_init (GMultiResponseClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = gmulti_response_finalize;
  object_class->get_property = gmulti_response_get_property;

  install_head_properties ();
  install_body_properties ();
  install_tls_properties ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
gmulti_response_init (GMultiResponse *self)
{
  g_mutex_init (&self->lock);
}

GMultiResponse *
gm_face_response_new (GmHead *head)
{
  GMultiResponse *self = g_object_new (GMULTI_TYPE_RESPONSE, NULL);

  self->head = gm_head_ref (head);
  return self;
}

/**
 * gmulti_response_get_status: (get-property status)
 * @self: the response
 *
 * Gets the status of HTTP, or 0 where the protocol has none, as with `file:` and `data:`.
 *
 * Returns: the status
 *
 * Since: 1.0
 */
guint
gmulti_response_get_status (GMultiResponse *self)
{
  g_return_val_if_fail (GMULTI_IS_RESPONSE (self), 0);

  return self->head->status;
}

/**
 * gmulti_response_is_success:
 * @self: the response
 *
 * Tells whether the status is one of success: 200 to 299, or none at all.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
gmulti_response_is_success (GMultiResponse *self)
{
  g_return_val_if_fail (GMULTI_IS_RESPONSE (self), FALSE);

  return self->head->status == 0 || (self->head->status >= 200 && self->head->status < 300);
}

/* From the peer's bytes to text that programs may show. */
static char *
make_text (const char *bytes)
{
  if (g_utf8_validate (bytes, -1, NULL))
    return g_strdup (bytes);

  return g_convert (bytes, -1, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
}

/**
 * gmulti_response_get_reason: (get-property reason)
 * @self: the response
 *
 * Gets what the server wrote beside the status, for people only. It may be empty.
 *
 * Returns: the reason
 *
 * Since: 1.0
 */
const char *
gmulti_response_get_reason (GMultiResponse *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (GMULTI_IS_RESPONSE (self), NULL);

  locker = g_mutex_locker_new (&self->lock);
  if (self->reason == NULL)
    self->reason = make_text (self->head->reason);
  return self->reason;
}

/**
 * gmulti_response_get_uri: (get-property uri)
 * @self: the response
 *
 * Gets the address that answered, after redirects; without a login.
 *
 * Returns: the URI
 *
 * Since: 1.0
 */
const char *
gmulti_response_get_uri (GMultiResponse *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (GMULTI_IS_RESPONSE (self), NULL);

  locker = g_mutex_locker_new (&self->lock);
  if (self->uri == NULL)
    {
      g_autoptr (GmUrl) plain = NULL;

      if (self->head->url != NULL && gm_url_without_login (self->head->url, &plain) == GM_OK)
        self->uri = make_text (gm_url_get_text (plain));
      else
        self->uri = g_strdup (self->head->url != NULL ? gm_url_get_text (self->head->url) : "");
    }
  return self->uri;
}

/**
 * gmulti_response_get_headers: (get-property headers)
 * @self: the response
 *
 * Gets the headers. They cannot be changed.
 *
 * Returns: (transfer none): the headers
 *
 * Since: 1.0
 */
GMultiHeaders *
gmulti_response_get_headers (GMultiResponse *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (GMULTI_IS_RESPONSE (self), NULL);

  locker = g_mutex_locker_new (&self->lock);
  if (self->headers == NULL)
    self->headers = gm_head_make_headers (self->head);
  return self->headers;
}

/**
 * gmulti_response_get_content_type: (get-property content-type)
 * @self: the response
 *
 * Gets the media type in lower case, without its parameters.
 *
 * Returns: (nullable): the media type
 *
 * Since: 1.0
 */
const char *
gmulti_response_get_content_type (GMultiResponse *self)
{
  GMultiHeaders *headers;
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (GMULTI_IS_RESPONSE (self), NULL);

  headers = gmulti_response_get_headers (self);
  locker = g_mutex_locker_new (&self->lock);
  if (!self->have_content_type)
    {
      self->content_type = gmulti_headers_dup_content_type (headers, NULL);
      self->have_content_type = TRUE;
    }
  return self->content_type;
}

/**
 * gmulti_response_get_length: (get-property length)
 * @self: the response
 *
 * Gets the announced length of the body in bytes.
 *
 * Returns: the length, or -1 if it is not known
 *
 * Since: 1.0
 */
gint64
gmulti_response_get_length (GMultiResponse *self)
{
  g_return_val_if_fail (GMULTI_IS_RESPONSE (self), -1);

  return self->head->length;
}

/**
 * gmulti_response_get_suggested_filename: (get-property suggested-filename)
 * @self: the response
 *
 * Gets a name to store the body under: the one the server proposes, else the last part of the address.
 *
 * It is safe to use as it is: a base name without slashes, control characters or a dot in front.
 *
 * Returns: (nullable) (type filename): the name
 *
 * Since: 1.0
 */
const char *
gmulti_response_get_suggested_filename (GMultiResponse *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (GMULTI_IS_RESPONSE (self), NULL);

  locker = g_mutex_locker_new (&self->lock);
  if (!self->have_filename)
    {
      self->suggested_filename = gm_head_dup_file_name (self->head);
      self->have_filename = TRUE;
    }
  return self->suggested_filename;
}

/**
 * gmulti_response_get_protocol: (get-property protocol)
 * @self: the response
 *
 * Gets the protocol that the response came by.
 *
 * Returns: the protocol
 *
 * Since: 1.0
 */
GMultiProtocol
gmulti_response_get_protocol (GMultiResponse *self)
{
  g_return_val_if_fail (GMULTI_IS_RESPONSE (self), GMULTI_PROTOCOL_NONE);

  switch (self->head->http_version)
    {
    case 9:
    case 10:
      return GMULTI_PROTOCOL_HTTP_1_0;
    case 11:
      return GMULTI_PROTOCOL_HTTP_1_1;
    case 20:
      return GMULTI_PROTOCOL_HTTP_2;
    case 30:
      return GMULTI_PROTOCOL_HTTP_3;
    default:
      break;
    }

  if (self->head->url == NULL)
    return GMULTI_PROTOCOL_NONE;
  if (gm_url_get_scheme (self->head->url) == GM_SCHEME_FILE)
    return GMULTI_PROTOCOL_FILE;
  if (gm_url_get_scheme (self->head->url) == GM_SCHEME_DATA)
    return GMULTI_PROTOCOL_DATA;
  return GMULTI_PROTOCOL_NONE;
}

/**
 * gmulti_response_get_remote_address: (get-property remote-address)
 * @self: the response
 *
 * Gets the address of the peer that answered.
 *
 * Returns: (transfer none) (nullable): the address
 *
 * Since: 1.0
 */
GSocketAddress *
gmulti_response_get_remote_address (GMultiResponse *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (GMULTI_IS_RESPONSE (self), NULL);

  locker = g_mutex_locker_new (&self->lock);
  if (self->remote_address == NULL && self->head->remote.len > 0)
    self->remote_address = g_socket_address_new_from_native ((gpointer) &self->head->remote.sa, self->head->remote.len);
  return self->remote_address;
}

/**
 * gmulti_response_get_peer_certificate: (get-property peer-certificate)
 * @self: the response
 *
 * Gets the certificate of the server, with those above it that were shown as its issuers.
 *
 * Returns: (transfer none) (nullable): the certificate, or %NULL if TLS was not spoken
 *
 * Since: 1.0
 */
GTlsCertificate *
gmulti_response_get_peer_certificate (GMultiResponse *self)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (GMULTI_IS_RESPONSE (self), NULL);

  locker = g_mutex_locker_new (&self->lock);
  if (self->peer_certificate == NULL && self->head->tls != NULL)
    self->peer_certificate = gm_face_certificate_new (self->head->tls->chain);
  return self->peer_certificate;
}

/**
 * gmulti_response_get_tls_version: (get-property tls-version)
 * @self: the response
 *
 * Gets the version of TLS that was spoken with the server: "TLS1.3".
 *
 * Returns: (nullable): the version, or %NULL if TLS was not spoken
 *
 * Since: 1.0
 */
const char *
gmulti_response_get_tls_version (GMultiResponse *self)
{
  g_return_val_if_fail (GMULTI_IS_RESPONSE (self), NULL);

  return self->head->tls != NULL ? self->head->tls->version : NULL;
}

/**
 * gmulti_response_get_tls_cipher: (get-property tls-cipher)
 * @self: the response
 *
 * Gets the cipher suite that was used: "TLS_AES_256_GCM_SHA384".
 *
 * Returns: (nullable): the name, or %NULL if TLS was not spoken
 *
 * Since: 1.0
 */
const char *
gmulti_response_get_tls_cipher (GMultiResponse *self)
{
  g_return_val_if_fail (GMULTI_IS_RESPONSE (self), NULL);

  return self->head->tls != NULL ? self->head->tls->cipher : NULL;
}
