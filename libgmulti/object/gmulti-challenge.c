/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-challenge-private.h"

#include <string.h>

/**
 * GMultiChallenge:
 *
 * A server or a proxy asks who is there, and nobody has said so yet, or said it wrong.
 *
 * It comes by [signal@GMulti.Transfer::authenticate], or by [signal@GMulti.Session::authenticate] if nobody has taken it
 * there. It may be answered at once or later, from any thread; until then the transfer waits, and no other with it.
 * Only the first answer counts. One that is never answered is declined when the last reference to it is dropped. An answer
 * that comes when the transfer is over has no effect.
 *
 * Since: 1.0
 */
struct _GMultiChallenge
{
  GObject parent_instance;

  GmInquiry *inquiry; /* (owned) */
  char *realm;        /* (owned) (nullable) */
};

typedef enum
{
  PROP_SCHEME = 1,
  PROP_REALM,
  PROP_HOST,
  PROP_PORT,
  PROP_IS_PROXY,
  PROP_ATTEMPT,
} Property;

static GParamSpec *properties[PROP_ATTEMPT + 1];

G_DEFINE_FINAL_TYPE (GMultiChallenge, gmulti_challenge, G_TYPE_OBJECT)

static void
gmulti_challenge_finalize (GObject *object)
{
  GMultiChallenge *self = GMULTI_CHALLENGE (object);

  g_clear_pointer (&self->inquiry, gm_inquiry_free);
  g_clear_pointer (&self->realm, g_free);

  G_OBJECT_CLASS (gmulti_challenge_parent_class)->finalize (object);
}

static void
gmulti_challenge_get_property (GObject *object,
                               guint prop_id,
                               GValue *value,
                               GParamSpec *pspec)
{
  GMultiChallenge *self = GMULTI_CHALLENGE (object);

  switch ((Property) prop_id)
    {
    case PROP_SCHEME:
      g_value_set_string (value, gmulti_challenge_get_scheme (self));
      break;
    case PROP_REALM:
      g_value_set_string (value, gmulti_challenge_get_realm (self));
      break;
    case PROP_HOST:
      g_value_set_string (value, gmulti_challenge_get_host (self));
      break;
    case PROP_PORT:
      g_value_set_uint (value, gmulti_challenge_get_port (self));
      break;
    case PROP_IS_PROXY:
      g_value_set_boolean (value, gmulti_challenge_is_proxy (self));
      break;
    case PROP_ATTEMPT:
      g_value_set_uint (value, gmulti_challenge_get_attempt (self));
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
   * GMultiChallenge:scheme: (getter get_scheme)
   *
   * How the login would be sent: `Basic`, `Digest`, or `SOCKS` to a proxy of that kind.
   *
   * Since: 1.0
   */
  properties[PROP_SCHEME] = g_param_spec_string ("scheme", NULL, NULL, NULL, flags);

  /**
   * GMultiChallenge:realm: (getter get_realm)
   *
   * What the asker calls the part that the login is for.
   *
   * Since: 1.0
   */
  properties[PROP_REALM] = g_param_spec_string ("realm", NULL, NULL, NULL, flags);

  /**
   * GMultiChallenge:host: (getter get_host)
   *
   * The host that asks.
   *
   * Since: 1.0
   */
  properties[PROP_HOST] = g_param_spec_string ("host", NULL, NULL, NULL, flags);

  /**
   * GMultiChallenge:port: (getter get_port)
   *
   * The port of the host that asks.
   *
   * Since: 1.0
   */
  properties[PROP_PORT] = g_param_spec_uint ("port", NULL, NULL, 0, 65535, 0, flags);

  /**
   * GMultiChallenge:is-proxy: (getter is_proxy)
   *
   * Whether a proxy asks.
   *
   * Since: 1.0
   */
  properties[PROP_IS_PROXY] = g_param_spec_boolean ("is-proxy", NULL, NULL, FALSE, flags);

  /**
   * GMultiChallenge:attempt: (getter get_attempt)
   *
   * How often the transfer has asked, this time included.
   *
   * Since: 1.0
   */
  properties[PROP_ATTEMPT] = g_param_spec_uint ("attempt", NULL, NULL, 0, G_MAXUINT, 0, flags);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
gmulti_challenge_class_init (GMultiChallengeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = gmulti_challenge_finalize;
  object_class->get_property = gmulti_challenge_get_property;

  install_properties (object_class);
}

static void
gmulti_challenge_init (GMultiChallenge *self)
{
}

GMultiChallenge *
gm_face_challenge_new (GmInquiry *inquiry)
{
  GMultiChallenge *self = g_object_new (GMULTI_TYPE_CHALLENGE, NULL);
  const char *realm = gm_inquiry_get_data (inquiry)->text;

  self->inquiry = inquiry;
  if (realm != NULL)
    self->realm = g_utf8_validate (realm, -1, NULL) ? g_strdup (realm)
                                                    : g_convert (realm, -1, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);

  return self;
}

/**
 * gmulti_challenge_get_scheme: (get-property scheme)
 * @self: the challenge
 *
 * Gets how the login would be sent: `Basic` (readable for everybody on the way, if the connection is not secure), `Digest`,
 * or `SOCKS` (as readable) to a proxy of that kind.
 *
 * Returns: the scheme
 *
 * Since: 1.0
 */
const char *
gmulti_challenge_get_scheme (GMultiChallenge *self)
{
  g_return_val_if_fail (GMULTI_IS_CHALLENGE (self), NULL);

  return gm_inquiry_get_data (self->inquiry)->scheme;
}

/**
 * gmulti_challenge_get_realm: (get-property realm)
 * @self: the challenge
 *
 * Gets what the asker calls the part that the login is for. It is the asker's own text: show it as such.
 *
 * Returns: (nullable): the realm
 *
 * Since: 1.0
 */
const char *
gmulti_challenge_get_realm (GMultiChallenge *self)
{
  g_return_val_if_fail (GMULTI_IS_CHALLENGE (self), NULL);

  return self->realm;
}

/**
 * gmulti_challenge_get_host: (get-property host)
 * @self: the challenge
 *
 * Gets the host that asks. After a redirect it is not the one of the transfer's address.
 *
 * Returns: the host
 *
 * Since: 1.0
 */
const char *
gmulti_challenge_get_host (GMultiChallenge *self)
{
  g_return_val_if_fail (GMULTI_IS_CHALLENGE (self), NULL);

  return gm_inquiry_get_data (self->inquiry)->host;
}

/**
 * gmulti_challenge_get_port: (get-property port)
 * @self: the challenge
 *
 * Gets the port of the host that asks.
 *
 * Returns: the port
 *
 * Since: 1.0
 */
guint
gmulti_challenge_get_port (GMultiChallenge *self)
{
  g_return_val_if_fail (GMULTI_IS_CHALLENGE (self), 0);

  return gm_inquiry_get_data (self->inquiry)->port;
}

/**
 * gmulti_challenge_is_proxy: (get-property is-proxy)
 * @self: the challenge
 *
 * Tells whether a proxy asks, and not the server behind it.
 *
 * Returns: whether it does
 *
 * Since: 1.0
 */
gboolean
gmulti_challenge_is_proxy (GMultiChallenge *self)
{
  g_return_val_if_fail (GMULTI_IS_CHALLENGE (self), FALSE);

  return gm_inquiry_get_data (self->inquiry)->is_proxy;
}

/**
 * gmulti_challenge_get_attempt: (get-property attempt)
 * @self: the challenge
 *
 * Gets how often the transfer has asked: from 2 on the answers before were wrong.
 *
 * Returns: the number, from 1
 *
 * Since: 1.0
 */
guint
gmulti_challenge_get_attempt (GMultiChallenge *self)
{
  g_return_val_if_fail (GMULTI_IS_CHALLENGE (self), 0);

  return gm_inquiry_get_data (self->inquiry)->attempt;
}

/**
 * gmulti_challenge_answer:
 * @self: the challenge
 * @user: the name of the user
 * @password: the password
 *
 * Logs in. The transfer goes on with it; if it is wrong, it asks again. A name with a colon cannot be sent by `Basic`, which
 * counts as declined.
 *
 * Since: 1.0
 */
void
gmulti_challenge_answer (GMultiChallenge *self,
                         const char *user,
                         const char *password)
{
  g_return_if_fail (GMULTI_IS_CHALLENGE (self));
  g_return_if_fail (user != NULL);
  g_return_if_fail (password != NULL);

  /* RFC 7617 section 2: the server would take what is behind the colon for the password */
  if (strchr (user, ':') != NULL && g_strcmp0 (gmulti_challenge_get_scheme (self), "Basic") == 0)
    gm_inquiry_answer (self->inquiry, GM_REPLY_DECLINE, NULL);
  else
    gm_inquiry_answer (self->inquiry, GM_REPLY_ACCEPT, gm_answer_data_new (user, password, NULL));
}

/**
 * gmulti_challenge_decline:
 * @self: the challenge
 *
 * Does not log in: the refusal is the transfer's answer.
 *
 * Since: 1.0
 */
void
gmulti_challenge_decline (GMultiChallenge *self)
{
  g_return_if_fail (GMULTI_IS_CHALLENGE (self));

  gm_inquiry_answer (self->inquiry, GM_REPLY_DECLINE, NULL);
}
