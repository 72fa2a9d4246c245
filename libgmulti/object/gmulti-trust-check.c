/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-trust-check-private.h"

#include "gmulti-certificate-private.h"
#include "gmulti-error-private.h"

/**
 * GMultiTrustCheck:
 *
 * Something is wrong with the certificate of a server or a proxy, and somebody may know better.
 *
 * It comes by [signal@GMulti.Transfer::check-trust], or by [signal@GMulti.Session::check-trust] if nobody has taken it
 * there. It may be answered at once or later, from any thread; until then the transfer waits, and no other with it.
 * Only the first answer counts. One that is never answered is rejected when the last reference to it is dropped. An answer
 * that comes when the transfer is over has no effect.
 *
 * Since: 1.0
 */
struct _GMultiTrustCheck
{
  GObject parent_instance;

  GmInquiry *inquiry;           /* (owned) */
  GTlsCertificate *certificate; /* (owned) (nullable) */
  GTlsCertificateFlags errors;
};

typedef enum
{
  PROP_CERTIFICATE = 1,
  PROP_ERRORS,
  PROP_TEXT,
  PROP_HOST,
  PROP_PORT,
  PROP_IS_PROXY,
} Property;

static GParamSpec *properties[PROP_IS_PROXY + 1];

G_DEFINE_FINAL_TYPE (GMultiTrustCheck, gmulti_trust_check, G_TYPE_OBJECT)

static void
gmulti_trust_check_finalize (GObject *object)
{
  GMultiTrustCheck *self = GMULTI_TRUST_CHECK (object);

  g_clear_pointer (&self->inquiry, gm_inquiry_free);
  g_clear_object (&self->certificate);

  G_OBJECT_CLASS (gmulti_trust_check_parent_class)->finalize (object);
}

static void
gmulti_trust_check_get_property (GObject *object,
                                 guint prop_id,
                                 GValue *value,
                                 GParamSpec *pspec)
{
  GMultiTrustCheck *self = GMULTI_TRUST_CHECK (object);

  switch ((Property) prop_id)
    {
    case PROP_CERTIFICATE:
      g_value_set_object (value, self->certificate);
      break;
    case PROP_ERRORS:
      g_value_set_flags (value, gmulti_trust_check_get_errors (self));
      break;
    case PROP_TEXT:
      g_value_take_string (value, gmulti_trust_check_dup_text (self));
      break;
    case PROP_HOST:
      g_value_set_string (value, gmulti_trust_check_get_host (self));
      break;
    case PROP_PORT:
      g_value_set_uint (value, gmulti_trust_check_get_port (self));
      break;
    case PROP_IS_PROXY:
      g_value_set_boolean (value, gmulti_trust_check_is_proxy (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTrustCheck:certificate: (getter get_certificate)
   *
   * The certificate, with those above it that were shown as its issuers.
   *
   * Since: 1.0
   */
  properties[PROP_CERTIFICATE] = g_param_spec_object ("certificate", NULL, NULL, G_TYPE_TLS_CERTIFICATE, flags);

  /**
   * GMultiTrustCheck:errors: (getter get_errors)
   *
   * All that is wrong with the certificate.
   *
   * Since: 1.0
   */
  properties[PROP_ERRORS] = g_param_spec_flags ("errors", NULL, NULL, G_TYPE_TLS_CERTIFICATE_FLAGS, 0, flags);

  /**
   * GMultiTrustCheck:text: (getter dup_text)
   *
   * A sentence for people that says what is wrong, in their language.
   *
   * Since: 1.0
   */
  properties[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, NULL, flags);

  /**
   * GMultiTrustCheck:host: (getter get_host)
   *
   * The host that the certificate ought to be for.
   *
   * Since: 1.0
   */
  properties[PROP_HOST] = g_param_spec_string ("host", NULL, NULL, NULL, flags);

  /**
   * GMultiTrustCheck:port: (getter get_port)
   *
   * The port of that host.
   *
   * Since: 1.0
   */
  properties[PROP_PORT] = g_param_spec_uint ("port", NULL, NULL, 0, 65535, 0, flags);

  /**
   * GMultiTrustCheck:is-proxy: (getter is_proxy)
   *
   * Whether it is a proxy's certificate.
   *
   * Since: 1.0
   */
  properties[PROP_IS_PROXY] = g_param_spec_boolean ("is-proxy", NULL, NULL, FALSE, flags);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
gmulti_trust_check_class_init (GMultiTrustCheckClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = gmulti_trust_check_finalize;
  object_class->get_property = gmulti_trust_check_get_property;

  install_properties (object_class);
}

static void
gmulti_trust_check_init (GMultiTrustCheck *self)
{
}

GMultiTrustCheck *
gm_face_trust_check_new (GmInquiry *inquiry,
                         GTlsCertificateFlags errors)
{
  GMultiTrustCheck *self = g_object_new (GMULTI_TYPE_TRUST_CHECK, NULL);

  self->inquiry = inquiry;
  self->errors = errors;
  self->certificate = gm_face_certificate_new (gm_inquiry_get_data (inquiry)->chain);

  return self;
}

/**
 * gmulti_trust_check_get_certificate: (get-property certificate)
 * @self: the trust check
 *
 * Gets the certificate, with those above it that were shown as its issuers.
 *
 * Returns: (transfer none) (nullable): the certificate, or %NULL if GIO has no TLS here to make one with
 *
 * Since: 1.0
 */
GTlsCertificate *
gmulti_trust_check_get_certificate (GMultiTrustCheck *self)
{
  g_return_val_if_fail (GMULTI_IS_TRUST_CHECK (self), NULL);

  return self->certificate;
}

/**
 * gmulti_trust_check_get_errors: (get-property errors)
 * @self: the trust check
 *
 * Gets all that is wrong with the certificate.
 *
 * Returns: the flags
 *
 * Since: 1.0
 */
GTlsCertificateFlags
gmulti_trust_check_get_errors (GMultiTrustCheck *self)
{
  g_return_val_if_fail (GMULTI_IS_TRUST_CHECK (self), G_TLS_CERTIFICATE_NO_FLAGS);

  return self->errors;
}

/**
 * gmulti_trust_check_dup_text: (get-property text)
 * @self: the trust check
 *
 * Gets a sentence for people that says what is wrong, in their language: the worst of it, and with whom. It is the message
 * of the error that the transfer fails with if the check is rejected.
 *
 * Returns: (transfer full): the sentence
 *
 * Since: 1.0
 */
char *
gmulti_trust_check_dup_text (GMultiTrustCheck *self)
{
  const GmQuestionData *data;
  g_autoptr (GError) error = NULL;

  g_return_val_if_fail (GMULTI_IS_TRUST_CHECK (self), NULL);

  data = gm_inquiry_get_data (self->inquiry);
  error = gm_failure_to_error (&(GmFailure){
    /* a database of the application's may refuse what the engine finds to be in order */
    .result = data->verdict != GM_OK ? data->verdict : GM_TLS_REFUSED,
    .phase = GM_PHASE_TLS,
    .host = data->host,
    .detail = data->text,
  });

  return g_steal_pointer (&error->message);
}

/**
 * gmulti_trust_check_get_host: (get-property host)
 * @self: the trust check
 *
 * Gets the host that the certificate ought to be for. After a redirect it is not the one of the transfer's address.
 *
 * Returns: the host
 *
 * Since: 1.0
 */
const char *
gmulti_trust_check_get_host (GMultiTrustCheck *self)
{
  g_return_val_if_fail (GMULTI_IS_TRUST_CHECK (self), NULL);

  return gm_inquiry_get_data (self->inquiry)->host;
}

/**
 * gmulti_trust_check_get_port: (get-property port)
 * @self: the trust check
 *
 * Gets the port of the host.
 *
 * Returns: the port
 *
 * Since: 1.0
 */
guint
gmulti_trust_check_get_port (GMultiTrustCheck *self)
{
  g_return_val_if_fail (GMULTI_IS_TRUST_CHECK (self), 0);

  return gm_inquiry_get_data (self->inquiry)->port;
}

/**
 * gmulti_trust_check_is_proxy: (get-property is-proxy)
 * @self: the trust check
 *
 * Tells whether it is a proxy's certificate, and not that of the server behind it.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
gmulti_trust_check_is_proxy (GMultiTrustCheck *self)
{
  g_return_val_if_fail (GMULTI_IS_TRUST_CHECK (self), FALSE);

  return gm_inquiry_get_data (self->inquiry)->is_proxy;
}

/**
 * gmulti_trust_check_accept:
 * @self: the trust check
 *
 * Takes the certificate for a good one: the transfer goes on. Its connection is used for other transfers, too, if they ask
 * in the same way, and have the same [property@GMulti.Transfer:tls-database].
 *
 * Since: 1.0
 */
void
gmulti_trust_check_accept (GMultiTrustCheck *self)
{
  g_return_if_fail (GMULTI_IS_TRUST_CHECK (self));

  gm_inquiry_answer (self->inquiry, GM_REPLY_ACCEPT, NULL);
}

/**
 * gmulti_trust_check_reject:
 * @self: the trust check
 *
 * Leaves it at what is wrong with the certificate: the transfer fails.
 *
 * Since: 1.0
 */
void
gmulti_trust_check_reject (GMultiTrustCheck *self)
{
  g_return_if_fail (GMULTI_IS_TRUST_CHECK (self));

  gm_inquiry_answer (self->inquiry, GM_REPLY_DECLINE, NULL);
}
