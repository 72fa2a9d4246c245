/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-session-private.h"

#include <string.h>

/* What servers see of the user of a GMultiSession: languages, the way that is taken, logins. */

/* What nobody reads to its end is no wish. */
#define MAX_LANGUAGES 10

typedef enum
{
  MANNER_ACCEPT_LANGUAGE,
  MANNER_ACCEPT_LANGUAGE_AUTO,
  MANNER_LOCAL_ADDRESS,
  MANNER_LOCAL_INTERFACE,
  N_MANNERS,
} Manner;

static const char *const names[] = { "accept-language", "accept-language-auto", "local-address", "local-interface" };

G_STATIC_ASSERT (G_N_ELEMENTS (names) == N_MANNERS && N_MANNERS == GM_SESSION_N_MANNERS);

static void
notify (GMultiSession *self,
        Manner manner)
{
  g_object_notify (G_OBJECT (self), names[manner]);
}

/* ---- languages ---- */

/* "de_DE" as RFC 5646 writes it; NULL: it is none, or has more in it than a language and a country. */
static char *
make_tag (const char *locale)
{
  char *tag;

  if (strpbrk (locale, ".@") != NULL || g_str_equal (locale, "C") || g_str_equal (locale, "POSIX"))
    return NULL;
  tag = g_strdelimit (g_strdup (locale), "_", '-');
  for (const char *at = tag; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && *at != '-')
      {
        g_free (tag);
        return NULL;
      }

  return tag;
}

/* RFC 9110 section 12.5.4: the first is wanted most. NULL: the user has said nothing. */
static char *
make_languages (void)
{
  const char *const *locales = g_get_language_names ();
  g_autoptr (GPtrArray) tags = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) text = g_string_new (NULL);

  for (; *locales != NULL && tags->len < MAX_LANGUAGES; locales++)
    {
      g_autofree char *tag = make_tag (*locales);

      /* with and without a country, each may be named several times */
      if (tag == NULL || g_ptr_array_find_with_equal_func (tags, tag, g_str_equal, NULL))
        continue;
      g_string_append_printf (text, "%s%s", tags->len > 0 ? ", " : "", tag);
      if (tags->len > 0)
        g_string_append_printf (text, ";q=0.%u", MAX_LANGUAGES - tags->len);
      g_ptr_array_add (tags, g_steal_pointer (&tag));
    }

  return tags->len > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

static gboolean
is_field_value (const char *text)
{
  for (; *text != '\0'; text++)
    if (!g_ascii_isprint (*text))
      return FALSE;

  return TRUE;
}

/* Takes @language. */
static void
change_language (GMultiSession *self,
                 char *language,
                 gboolean automatic)
{
  GmCoreSettings *settings = gm_core_lock_settings (gm_face_session_get_core (self));
  gboolean other = g_strcmp0 (settings->accept_language, language) != 0;
  gboolean turned = settings->accept_language_auto != automatic;
  g_autofree char *old = settings->accept_language;

  settings->accept_language = language;
  settings->accept_language_auto = automatic;
  gm_core_unlock_settings (gm_face_session_get_core (self), other);

  if (other)
    notify (self, MANNER_ACCEPT_LANGUAGE);
  if (turned)
    notify (self, MANNER_ACCEPT_LANGUAGE_AUTO);
}

/**
 * gmulti_session_dup_accept_language: (get-property accept-language)
 * @self: the session
 *
 * Gets what is sent as `Accept-Language`.
 *
 * Returns: (transfer full) (nullable): the value
 *
 * Since: 1.0
 */
char *
gmulti_session_dup_accept_language (GMultiSession *self)
{
  char *value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);

  value = g_strdup (gm_core_lock_settings (gm_face_session_get_core (self))->accept_language);
  gm_core_unlock_settings (gm_face_session_get_core (self), FALSE);
  return value;
}

/**
 * gmulti_session_set_accept_language: (set-property accept-language)
 * @self: the session
 * @accept_language: (nullable): the value, or %NULL to send none
 *
 * Sets what is sent as `Accept-Language`, and that it is not the languages of the user.
 *
 * Since: 1.0
 */
void
gmulti_session_set_accept_language (GMultiSession *self,
                                    const char *accept_language)
{
  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (accept_language == NULL || is_field_value (accept_language));

  change_language (self, g_strdup (accept_language), FALSE);
}

/**
 * gmulti_session_get_accept_language_auto: (get-property accept-language-auto)
 * @self: the session
 *
 * Gets whether servers are told the languages of the user.
 *
 * Returns: whether they are
 *
 * Since: 1.0
 */
gboolean
gmulti_session_get_accept_language_auto (GMultiSession *self)
{
  gboolean value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), FALSE);

  value = gm_core_lock_settings (gm_face_session_get_core (self))->accept_language_auto;
  gm_core_unlock_settings (gm_face_session_get_core (self), FALSE);
  return value;
}

/**
 * gmulti_session_set_accept_language_auto: (set-property accept-language-auto)
 * @self: the session
 * @accept_language_auto: the new value
 *
 * Sets whether servers are told the languages of the user. Turned off, they are told none until
 * [method@GMulti.Session.set_accept_language] says which.
 *
 * Since: 1.0
 */
void
gmulti_session_set_accept_language_auto (GMultiSession *self,
                                         gboolean accept_language_auto)
{
  g_return_if_fail (GMULTI_IS_SESSION (self));

  if (gmulti_session_get_accept_language_auto (self) == !!accept_language_auto)
    return;
  change_language (self, accept_language_auto ? make_languages () : NULL, !!accept_language_auto);
}

/* ---- the way ---- */

/**
 * gmulti_session_dup_local_address: (get-property local-address)
 * @self: the session
 *
 * Gets the address on this machine that connections are made from.
 *
 * Returns: (transfer full) (nullable): the address
 *
 * Since: 1.0
 */
GInetSocketAddress *
gmulti_session_dup_local_address (GMultiSession *self)
{
  GInetSocketAddress *address;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);

  address = gm_core_lock_settings (gm_face_session_get_core (self))->local_address;
  if (address != NULL)
    g_object_ref (address);
  gm_core_unlock_settings (gm_face_session_get_core (self), FALSE);
  return address;
}

/**
 * gmulti_session_set_local_address: (set-property local-address)
 * @self: the session
 * @local_address: (nullable): the address
 *
 * Sets the address on this machine that connections are made from.
 *
 * Since: 1.0
 */
void
gmulti_session_set_local_address (GMultiSession *self,
                                  GInetSocketAddress *local_address)
{
  g_autoptr (GInetSocketAddress) old = NULL; /* goes when nothing is locked */
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (local_address == NULL || G_IS_INET_SOCKET_ADDRESS (local_address));

  settings = gm_core_lock_settings (gm_face_session_get_core (self));
  changed = settings->local_address != local_address;
  if (changed)
    {
      old = settings->local_address;
      settings->local_address = local_address != NULL ? g_object_ref (local_address) : NULL;
    }
  gm_core_unlock_settings (gm_face_session_get_core (self), changed);
  if (changed)
    notify (self, MANNER_LOCAL_ADDRESS);
}

/**
 * gmulti_session_dup_local_interface: (get-property local-interface)
 * @self: the session
 *
 * Gets the network interface that connections are made over.
 *
 * Returns: (transfer full) (nullable): its name
 *
 * Since: 1.0
 */
char *
gmulti_session_dup_local_interface (GMultiSession *self)
{
  char *value;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);

  value = g_strdup (gm_core_lock_settings (gm_face_session_get_core (self))->local_interface);
  gm_core_unlock_settings (gm_face_session_get_core (self), FALSE);
  return value;
}

/**
 * gmulti_session_set_local_interface: (set-property local-interface)
 * @self: the session
 * @local_interface: (nullable): its name
 *
 * Sets the network interface that connections are made over.
 *
 * Since: 1.0
 */
void
gmulti_session_set_local_interface (GMultiSession *self,
                                    const char *local_interface)
{
  g_autofree char *old = NULL;
  GmCoreSettings *settings;
  gboolean changed;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (local_interface == NULL || (*local_interface != '\0' && strchr (local_interface, '!') == NULL));

  settings = gm_core_lock_settings (gm_face_session_get_core (self));
  changed = g_strcmp0 (settings->local_interface, local_interface) != 0;
  if (changed)
    {
      old = settings->local_interface;
      settings->local_interface = g_strdup (local_interface);
    }
  gm_core_unlock_settings (gm_face_session_get_core (self), changed);
  if (changed)
    notify (self, MANNER_LOCAL_INTERFACE);
}

/* ---- logins ---- */

/**
 * gmulti_session_forget_logins:
 * @self: the session
 *
 * Forgets what it knows of logins, as when a user has logged out: connections that may be logged in take no more
 * transfers, and what servers and proxies said about how one logs in, and their TLS sessions, are gone.
 *
 * What was given to transfers and proxies stays with them; transfers under way go on. Cookies have their own
 * [method@GMulti.CookieJar.clear].
 *
 * Since: 1.0
 */
void
gmulti_session_forget_logins (GMultiSession *self)
{
  g_return_if_fail (GMULTI_IS_SESSION (self));

  gm_core_forget_logins (gm_face_session_get_core (self));
}

/* ---- for the session's class ---- */

void
gm_face_session_install_manners (GObjectClass *object_class,
                                 guint first)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiSession:accept-language: (getter dup_accept_language) (setter set_accept_language)
   *
   * What is sent as `Accept-Language` by transfers that have no such header of their own, as in `de-DE, de;q=0.9`; %NULL
   * for nothing, which is the default.
   *
   * Since: 1.0
   */
  g_object_class_install_property (object_class, first + MANNER_ACCEPT_LANGUAGE,
                                   g_param_spec_string ("accept-language", NULL, NULL, NULL, flags));

  /**
   * GMultiSession:accept-language-auto: (getter get_accept_language_auto) (setter set_accept_language_auto)
   *
   * Whether [property@GMulti.Session:accept-language] is made of the user's languages, as `g_get_language_names()` has them.
   *
   * The default is %FALSE.
   *
   * Since: 1.0
   */
  g_object_class_install_property (object_class, first + MANNER_ACCEPT_LANGUAGE_AUTO,
                                   g_param_spec_boolean ("accept-language-auto", NULL, NULL, FALSE, flags));

  /**
   * GMultiSession:local-address: (getter dup_local_address) (setter set_local_address)
   *
   * The address on this machine that connections are made from, with a port or with 0 for any; %NULL if the system
   * chooses, which it does better.
   *
   * Hosts that have no address of the same family cannot be reached then.
   *
   * Since: 1.0
   */
  g_object_class_install_property (
    object_class, first + MANNER_LOCAL_ADDRESS,
    g_param_spec_object ("local-address", NULL, NULL, G_TYPE_INET_SOCKET_ADDRESS, flags));

  /**
   * GMultiSession:local-interface: (getter dup_local_interface) (setter set_local_interface)
   *
   * The name of the network interface that connections are made over, such as `wlan0`; %NULL if the system chooses. Where a
   * program may not choose one, [property@GMulti.Session:local-address] alone counts if that is set, too.
   *
   * Since: 1.0
   */
  g_object_class_install_property (object_class, first + MANNER_LOCAL_INTERFACE,
                                   g_param_spec_string ("local-interface", NULL, NULL, NULL, flags));
}

gboolean
gm_face_session_get_manner (GMultiSession *self,
                            guint place,
                            GValue *value)
{
  switch (place)
    {
    case MANNER_ACCEPT_LANGUAGE:
      g_value_take_string (value, gmulti_session_dup_accept_language (self));
      return TRUE;
    case MANNER_ACCEPT_LANGUAGE_AUTO:
      g_value_set_boolean (value, gmulti_session_get_accept_language_auto (self));
      return TRUE;
    case MANNER_LOCAL_ADDRESS:
      g_value_take_object (value, gmulti_session_dup_local_address (self));
      return TRUE;
    case MANNER_LOCAL_INTERFACE:
      g_value_take_string (value, gmulti_session_dup_local_interface (self));
      return TRUE;
    default:
      return FALSE;
    }
}

gboolean
gm_face_session_set_manner (GMultiSession *self,
                            guint place,
                            const GValue *value)
{
  switch (place)
    {
    case MANNER_ACCEPT_LANGUAGE:
      gmulti_session_set_accept_language (self, g_value_get_string (value));
      return TRUE;
    case MANNER_ACCEPT_LANGUAGE_AUTO:
      gmulti_session_set_accept_language_auto (self, g_value_get_boolean (value));
      return TRUE;
    case MANNER_LOCAL_ADDRESS:
      gmulti_session_set_local_address (self, g_value_get_object (value));
      return TRUE;
    case MANNER_LOCAL_INTERFACE:
      gmulti_session_set_local_interface (self, g_value_get_string (value));
      return TRUE;
    default:
      return FALSE;
    }
}
