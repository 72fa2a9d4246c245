/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-stores.h"

#include "gm-curl-client.h"
#include "gm-curl-setopt.h"
#include "gm-curl-share.h"

#include <stdlib.h>
#include <string.h>

static gint64
get_now (void)
{
  return gm_clock_wall (&gm_clock_system);
}

static GmCurlStores *
need_stores (GmCurlEasy *easy)
{
  if (easy->stores == NULL)
    easy->stores = g_new0 (GmCurlStores, 1);
  return easy->stores;
}

/* ---- cookies ---- */

/* The one in use: the share's, or its own; NULL: no cookies. */
static GmCookieJar *
find_jar (GmCurlEasy *easy)
{
  GmCookieJar *shared = gm_curl_share_get_jar (easy->share);

  if (shared != NULL)
    return shared;
  return easy->stores != NULL ? easy->stores->jar : NULL;
}

static GmCookieJar *
need_jar (GmCurlEasy *easy)
{
  GmCurlStores *stores = need_stores (easy);

  if (find_jar (easy) == NULL)
    stores->jar = gm_cookie_jar_new ();
  return find_jar (easy);
}

/* "-" is the standard input, or output. */
static void
give_files (GmCurlEasy *easy)
{
  GmCurlStores *stores = easy->stores;

  if (stores == NULL || stores->cookie_files == NULL)
    return;

  for (; stores->n_cookie_files_given < stores->cookie_files->len; stores->n_cookie_files_given++)
    {
      const char *name = stores->cookie_files->pdata[stores->n_cookie_files_given];

      if (name[0] != '\0')
        gm_cookie_jar_add_file (need_jar (easy), g_str_equal (name, "-") ? "/dev/stdin" : name, stores->new_session);
    }
}

static void
say_failure (GmCurlEasy *easy,
             const char *what,
             const char *path,
             int error)
{
  g_autofree char *text = NULL;

  if (error == 0 || !easy->set.verbose)
    return;
  text = g_strdup_printf ("WARNING: failed to %s %s: %s\n", what, path, g_strerror (error));
  gm_curl_client_say (easy, text);
}

static void
flush_cookies (GmCurlEasy *easy)
{
  GmCurlStores *stores = easy->stores;
  GmCookieJar *jar = find_jar (easy);

  if (jar == NULL || stores == NULL || stores->cookie_jar_file == NULL)
    return;
  give_files (easy);
  say_failure (easy, "save cookies in", stores->cookie_jar_file,
               gm_cookie_jar_save (jar,
                                   g_str_equal (stores->cookie_jar_file, "-") ? "/dev/stdout" : stores->cookie_jar_file,
                                   TRUE, get_now ()));
}

CURLcode
gm_curl_set_cookiefile (GmCurlEasy *easy,
                        const GmCurlValue *value)
{
  GmCurlStores *stores = need_stores (easy);

  if (value->pointer == NULL)
    {
      g_clear_pointer (&stores->cookie_files, g_ptr_array_unref);
      stores->n_cookie_files_given = 0;
      return CURLE_OK;
    }

  need_jar (easy);
  if (stores->cookie_files == NULL)
    stores->cookie_files = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (stores->cookie_files, g_strdup (value->pointer));
  return CURLE_OK;
}

CURLcode
gm_curl_set_cookiejar (GmCurlEasy *easy,
                       const GmCurlValue *value)
{
  GmCurlStores *stores = need_stores (easy);

  g_free (stores->cookie_jar_file);
  stores->cookie_jar_file = g_strdup (value->pointer);
  if (value->pointer != NULL)
    need_jar (easy);
  return CURLE_OK;
}

CURLcode
gm_curl_set_cookiesession (GmCurlEasy *easy,
                           const GmCurlValue *value)
{
  need_stores (easy)->new_session = value->number != 0;
  return CURLE_OK;
}

#define SET_COOKIE "Set-Cookie:"

/* A line of a cookie file, or of a head; that one must say its domain: libcurl would send it to every host there is. */
static CURLcode
add_cookie (GmCurlEasy *easy,
            const char *text)
{
  GmCookieLine line;
  GmCookieFault fault;
  gint64 now = get_now ();

  if (g_ascii_strncasecmp (text, SET_COOKIE, strlen (SET_COOKIE)) == 0)
    fault = gm_cookie_parse (gm_span (text + strlen (SET_COOKIE), strlen (text) - strlen (SET_COOKIE)), now, &line);
  else
    fault = gm_cookie_parse_netscape (gm_span (text, strlen (text)), &line);
  if (fault == GM_COOKIE_FAULT_NONE)
    fault = gm_cookie_jar_add (need_jar (easy), &line, FALSE, now);

  return fault == GM_COOKIE_FAULT_NONE ? CURLE_OK : CURLE_BAD_FUNCTION_ARGUMENT;
}

CURLcode
gm_curl_set_cookielist (GmCurlEasy *easy,
                        const GmCurlValue *value)
{
  const char *text = value->pointer;
  GmCookieJar *jar = find_jar (easy);

  if (text == NULL)
    return CURLE_OK;
  if (curl_strequal (text, "ALL") || curl_strequal (text, "SESS"))
    {
      if (jar != NULL)
        gm_cookie_jar_clear (jar, curl_strequal (text, "SESS"));
      return CURLE_OK;
    }
  if (curl_strequal (text, "FLUSH"))
    {
      flush_cookies (easy);
      return CURLE_OK;
    }
  if (curl_strequal (text, "RELOAD"))
    {
      if (easy->stores != NULL)
        easy->stores->n_cookie_files_given = 0;
      give_files (easy);
      return CURLE_OK;
    }

  need_jar (easy);
  return add_cookie (easy, text);
}

struct curl_slist *
gm_curl_stores_list_cookies (GmCurlEasy *easy)
{
  GmCookieJar *jar = find_jar (easy);
  struct curl_slist *list = NULL;
  g_autoptr (GPtrArray) cookies = NULL;

  if (jar == NULL)
    return NULL;
  cookies = gm_cookie_jar_list (jar, get_now ());
  for (guint i = 0; i < cookies->len; i++)
    {
      g_autofree char *line = gm_cookie_dup_netscape (cookies->pdata[i]);
      struct curl_slist *longer = curl_slist_append (list, line);

      if (longer == NULL)
        {
          curl_slist_free_all (list);
          return NULL;
        }
      list = longer;
    }

  return list;
}

/* ---- all of them ---- */

void
gm_curl_stores_apply (GmCurlEasy *easy)
{
  GmHttpStores *now = gm_transfer_get_stores (easy->transfer);
  GmCookieJar *jar;
  g_autoptr (GmHttpStores) stores = NULL;

  if (easy->stores == NULL && easy->share == NULL)
    return;
  give_files (easy);
  jar = find_jar (easy);
  if (now != NULL ? now->jar == jar : jar == NULL)
    return;
  stores = gm_http_stores_new (jar);
  gm_transfer_set_stores (easy->transfer, stores);
}

GmCurlStores *
gm_curl_stores_dup (GmCurlStores *self)
{
  GmCurlStores *copy;

  if (self == NULL)
    return NULL;

  copy = g_new0 (GmCurlStores, 1);
  if (self->jar != NULL)
    copy->jar = gm_cookie_jar_new ();
  if (self->cookie_files != NULL)
    copy->cookie_files = g_ptr_array_copy (self->cookie_files, (GCopyFunc) (void (*) (void)) g_strdup, NULL);
  if (copy->cookie_files != NULL)
    g_ptr_array_set_free_func (copy->cookie_files, g_free);
  copy->cookie_jar_file = g_strdup (self->cookie_jar_file);
  copy->new_session = self->new_session;

  return copy;
}

void
gm_curl_stores_reset (GmCurlEasy *easy)
{
  GmCurlStores *self = easy->stores;

  if (self == NULL)
    return;
  g_clear_pointer (&self->cookie_files, g_ptr_array_unref);
  g_clear_pointer (&self->cookie_jar_file, g_free);
  self->n_cookie_files_given = 0;
  self->new_session = FALSE;
}

void
gm_curl_stores_close (GmCurlEasy *easy)
{
  GmCurlStores *self;

  flush_cookies (easy);
  gm_curl_stores_reset (easy);
  self = g_steal_pointer (&easy->stores);
  if (self == NULL)
    return;
  gm_cookie_jar_unref (self->jar);
  g_free (self);
}
