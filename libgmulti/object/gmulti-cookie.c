/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-cookie-private.h"

/**
 * GMultiCookie: (ref-func gmulti_cookie_ref) (unref-func gmulti_cookie_unref)
 *
 * A cookie as it lies in a [class@GMulti.CookieJar].
 *
 * It does not change: a cookie that is set again is another one.
 *
 * Since: 1.0
 */
struct _GMultiCookie
{
  gatomicrefcount refs;
  GmCookie *cookie; /* (owned) */
  char *name; /* (owned) (nullable): made of a name that is not UTF-8 */
  char *value; /* (owned) (nullable): likewise */
};

G_DEFINE_BOXED_TYPE (GMultiCookie, gmulti_cookie, gmulti_cookie_ref, gmulti_cookie_unref)

static char *
make_valid (const char *text)
{
  return g_utf8_validate (text, -1, NULL) ? NULL : g_utf8_make_valid (text, -1);
}

GMultiCookie *
gm_face_cookie_new (GmCookie *cookie)
{
  GMultiCookie *self = g_new0 (GMultiCookie, 1);

  g_atomic_ref_count_init (&self->refs);
  self->cookie = gm_cookie_ref (cookie);
  self->name = make_valid (cookie->name);
  self->value = make_valid (cookie->value);
  return self;
}

GmCookie *
gm_face_cookie_peek (GMultiCookie *self)
{
  return self->cookie;
}

/**
 * gmulti_cookie_ref:
 * @self: a cookie
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
GMultiCookie *
gmulti_cookie_ref (GMultiCookie *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/**
 * gmulti_cookie_unref:
 * @self: (transfer full): a cookie
 *
 * Gives a reference back.
 *
 * Since: 1.0
 */
void
gmulti_cookie_unref (GMultiCookie *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  gm_cookie_unref (self->cookie);
  g_free (self->name);
  g_free (self->value);
  g_free (self);
}

/**
 * gmulti_cookie_get_name:
 * @self: a cookie
 *
 * Gets its name.
 *
 * Returns: the name; what was not UTF-8 in it is replaced
 *
 * Since: 1.0
 */
const char *
gmulti_cookie_get_name (GMultiCookie *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->name != NULL ? self->name : self->cookie->name;
}

/**
 * gmulti_cookie_get_value:
 * @self: a cookie
 *
 * Gets its value.
 *
 * Returns: the value; what was not UTF-8 in it is replaced
 *
 * Since: 1.0
 */
const char *
gmulti_cookie_get_value (GMultiCookie *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->value != NULL ? self->value : self->cookie->value;
}

/**
 * gmulti_cookie_get_domain:
 * @self: a cookie
 *
 * Gets the host that it is for.
 *
 * Hosts below it get it too, unless [method@GMulti.Cookie.is_host_only].
 *
 * Returns: the host, in lower case and without a dot in front
 *
 * Since: 1.0
 */
const char *
gmulti_cookie_get_domain (GMultiCookie *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->cookie->domain;
}

/**
 * gmulti_cookie_get_path:
 * @self: a cookie
 *
 * Gets the path that it is for, with all that is below it.
 *
 * Returns: the path
 *
 * Since: 1.0
 */
const char *
gmulti_cookie_get_path (GMultiCookie *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->cookie->path;
}

/**
 * gmulti_cookie_get_expires:
 * @self: a cookie
 *
 * Gets until when it is kept.
 *
 * Returns: seconds since 1970, or -1 for a cookie of this session
 *
 * Since: 1.0
 */
gint64
gmulti_cookie_get_expires (GMultiCookie *self)
{
  g_return_val_if_fail (self != NULL, -1);

  return self->cookie->persistent ? self->cookie->expires : -1;
}

/**
 * gmulti_cookie_get_same_site:
 * @self: a cookie
 *
 * Gets what it says about requests that other sites make.
 *
 * Returns: the attribute
 *
 * Since: 1.0
 */
GMultiSameSite
gmulti_cookie_get_same_site (GMultiCookie *self)
{
  g_return_val_if_fail (self != NULL, GMULTI_SAME_SITE_DEFAULT);

  return (GMultiSameSite) self->cookie->same_site;
}

/**
 * gmulti_cookie_is_host_only:
 * @self: a cookie
 *
 * Says whether it goes to that very host only.
 *
 * Returns: %FALSE if hosts below it get it, too
 *
 * Since: 1.0
 */
gboolean
gmulti_cookie_is_host_only (GMultiCookie *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->cookie->host_only;
}

/**
 * gmulti_cookie_is_secure:
 * @self: a cookie
 *
 * Says whether it goes over TLS only.
 *
 * Returns: %TRUE if it does
 *
 * Since: 1.0
 */
gboolean
gmulti_cookie_is_secure (GMultiCookie *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->cookie->secure;
}

/**
 * gmulti_cookie_is_http_only:
 * @self: a cookie
 *
 * Says whether scripts of a page may not see it.
 *
 * Returns: %TRUE if they may not
 *
 * Since: 1.0
 */
gboolean
gmulti_cookie_is_http_only (GMultiCookie *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->cookie->http_only;
}
