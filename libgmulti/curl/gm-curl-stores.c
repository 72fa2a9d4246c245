/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-stores.h"

#include "gm-config.h"
#include "gm-curl-client.h"
#include "gm-curl-notes.h"
#include "gm-curl-setopt.h"
#include "gm-curl-share.h"
#include "gm-state-file.h"

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

/* The share's, or its own; NULL: no cookies. */
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

  stores->cookies_on = TRUE;
  if (find_jar (easy) == NULL)
    stores->jar = gm_cookie_jar_new ();
  gm_cookie_jar_keep_homeless (find_jar (easy));
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

  if (!gm_curl_text_fits (value->pointer))
    return CURLE_BAD_FUNCTION_ARGUMENT;
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

  if (!gm_curl_text_fits (value->pointer))
    return CURLE_BAD_FUNCTION_ARGUMENT;
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

static void
tell_cookie (GmCurlEasy *easy,
             const GmCookieLine *line,
             gboolean replaced)
{
  GmByteBuilder out = { 0 };
  g_autofree char *text = NULL;
  gsize len;

  gm_cookie_write_netscape (line, &out);
  gm_byte_builder_append_char (&out, '\0');
  text = gm_byte_builder_steal (&out, &len);
  gm_curl_notes_tell (easy, GM_NOTE_COOKIE, text, replaced);
}

/* A line of a cookie file, or of a head. What does not say its domain libcurl would send to every host there is; here the
 * first one that is asked gets it. */
static void
add_cookie (GmCurlEasy *easy,
            const char *text)
{
  GmCookieJar *jar = need_jar (easy);
  guint n_before;
  GmCookieLine line;
  GmCookieFault fault;
  gint64 now = get_now ();

  if (g_ascii_strncasecmp (text, SET_COOKIE, strlen (SET_COOKIE)) == 0)
    fault = gm_cookie_parse (gm_span (text + strlen (SET_COOKIE), strlen (text) - strlen (SET_COOKIE)), now, &line);
  else
    fault = gm_cookie_parse_netscape (gm_span (text, strlen (text)), &line);
  if (fault == GM_COOKIE_FAULT_NONE && line.domain.len == 0)
    {
      gm_cookie_jar_add_homeless (jar, gm_span (text + strlen (SET_COOKIE), strlen (text) - strlen (SET_COOKIE)));
      return;
    }
  n_before = gm_cookie_jar_get_n (jar);
  if (fault == GM_COOKIE_FAULT_NONE && gm_cookie_jar_add (jar, &line, FALSE, now) == GM_COOKIE_FAULT_NONE &&
      easy->set.verbose)
    tell_cookie (easy, &line, gm_cookie_jar_get_n (jar) == n_before);
}

CURLcode
gm_curl_set_cookielist (GmCurlEasy *easy,
                        const GmCurlValue *value)
{
  const char *text = value->pointer;
  GmCookieJar *jar = find_jar (easy);

  if (text == NULL)
    return CURLE_OK;
  if (!gm_curl_text_fits (text))
    return CURLE_BAD_FUNCTION_ARGUMENT;
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

  /* What is no cookie is left out in silence, as from a file. */
  need_jar (easy);
  add_cookie (easy, text);
  return CURLE_OK;
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

/* ---- hosts that want TLS ---- */

static GmHsts *
find_hsts (GmCurlEasy *easy)
{
  GmHsts *shared = gm_curl_share_get_hsts (easy->share);

  if (shared != NULL)
    return shared;
  return easy->stores != NULL ? easy->stores->hsts : NULL;
}

static GmHsts *
need_hsts (GmCurlEasy *easy)
{
  GmCurlStores *stores = need_stores (easy);

  if (find_hsts (easy) == NULL)
    stores->hsts = gm_hsts_new ();
  return find_hsts (easy);
}

CURLcode
gm_curl_set_hsts (GmCurlEasy *easy,
                  const GmCurlValue *value)
{
  GmCurlStores *stores = need_stores (easy);

  if (!gm_curl_text_fits (value->pointer))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  g_free (stores->hsts_file);
  stores->hsts_file = g_strdup (value->pointer);
  stores->hsts_file_given = FALSE;
  if (value->pointer != NULL)
    need_hsts (easy);
  return CURLE_OK;
}

CURLcode
gm_curl_set_hsts_ctrl (GmCurlEasy *easy,
                       const GmCurlValue *value)
{
  GmCurlStores *stores = need_stores (easy);

  if ((value->number & CURLHSTS_ENABLE) != 0)
    need_hsts (easy);
  else
    g_clear_pointer (&stores->hsts, gm_hsts_unref);
  stores->hsts_read_only = (value->number & CURLHSTS_READONLYFILE) != 0;
  return CURLE_OK;
}

/* Asks the application for entries until it has no more; before each run, as libcurl does. */
static GmResult
ask_for_hsts (GmCurlEasy *easy,
              GmHsts *hsts)
{
  gint64 now = get_now ();

  if (easy->set.hstsreadfunction == NULL)
    return GM_OK;
  for (guint i = 0; i < GM_HSTS_MAX; i++)
    {
      char host[257] = "";
      struct curl_hstsentry entry = { .name = host, .namelen = sizeof host - 1 };
      CURLSTScode code = easy->set.hstsreadfunction ((CURL *) easy, &entry, easy->set.hstsreaddata);
      gint64 expires = GM_HSTS_FOR_EVER;

      if (code == CURLSTS_DONE)
        break;
      if (code != CURLSTS_OK || host[0] == '\0')
        return code == CURLSTS_OK ? GM_BAD_REQUEST : GM_ABORTED;
      entry.expire[sizeof entry.expire - 1] = '\0';
      if (entry.expire[0] != '\0' && !gm_state_stamp_read (gm_span (entry.expire, strlen (entry.expire)), &expires))
        continue;
      gm_hsts_add (hsts, gm_span (host, strnlen (host, sizeof host)), expires, entry.includeSubDomains, now);
    }

  return GM_OK;
}

typedef struct
{
  GmCurlEasy *easy;
  struct curl_index index;
} HstsTelling;

static gboolean
tell_hsts_entry (const GmHstsEntry *entry,
                 gpointer user_data)
{
  HstsTelling *telling = user_data;
  GmCurlEasy *easy = telling->easy;
  g_autofree char *host = g_strdup (entry->host);
  struct curl_hstsentry told = { .name = host, .namelen = strlen (host), .includeSubDomains = entry->subdomains != FALSE };
  CURLSTScode code;

  if (entry->expires == GM_HSTS_FOR_EVER || !gm_state_stamp_write (told.expire, entry->expires))
    g_strlcpy (told.expire, "unlimited", sizeof told.expire);
  code = easy->set.hstswritefunction ((CURL *) easy, &told, &telling->index, easy->set.hstswritedata);
  telling->index.index++;

  return code == CURLSTS_OK;
}

static void
flush_hsts (GmCurlEasy *easy)
{
  GmCurlStores *stores = easy->stores;
  GmHsts *hsts = find_hsts (easy);

  if (hsts == NULL)
    return;
  if (easy->set.hstswritefunction != NULL)
    {
      HstsTelling telling = { easy, { 0, gm_hsts_get_n (hsts) } };

      gm_hsts_foreach (hsts, get_now (), tell_hsts_entry, &telling);
    }
  if (stores == NULL || stores->hsts_file == NULL || stores->hsts_file[0] == '\0' || stores->hsts_read_only)
    return;
  say_failure (easy, "save HSTS in", stores->hsts_file, gm_hsts_save (hsts, stores->hsts_file, get_now ()));
}

/* NULL: there is none, and none of its functions is called. */
static GmHsts *
apply_hsts (GmCurlEasy *easy,
            GmResult *result)
{
  GmCurlStores *stores = easy->stores;
  GmHsts *hsts = find_hsts (easy);

  *result = GM_OK;
  if (hsts == NULL)
    return NULL;
  if (stores != NULL && stores->hsts_file != NULL && stores->hsts_file[0] != '\0' && !stores->hsts_file_given)
    {
      gm_hsts_add_file (hsts, stores->hsts_file, NULL);
      stores->hsts_file_given = TRUE;
    }
  *result = ask_for_hsts (easy, hsts);

  return hsts;
}

/* ---- alternatives ---- */

static GmAltSvc *
need_alt_svc (GmCurlEasy *easy)
{
  GmCurlStores *stores = need_stores (easy);

  if (stores->alt_svc == NULL)
    {
      stores->alt_svc = gm_alt_svc_new ();
      if (stores->alt_svc_control == 0)
        stores->alt_svc_control = CURLALTSVC_H1 | CURLALTSVC_H2 | CURLALTSVC_H3;
    }
  return stores->alt_svc;
}

CURLcode
gm_curl_set_altsvc (GmCurlEasy *easy,
                    const GmCurlValue *value)
{
  GmCurlStores *stores = need_stores (easy);

  if (!gm_curl_text_fits (value->pointer))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  g_free (stores->alt_svc_file);
  stores->alt_svc_file = g_strdup (value->pointer);
  stores->alt_svc_file_given = FALSE;
  if (value->pointer != NULL)
    need_alt_svc (easy);
  return CURLE_OK;
}

CURLcode
gm_curl_set_altsvc_ctrl (GmCurlEasy *easy,
                         const GmCurlValue *value)
{
  GmCurlStores *stores = need_stores (easy);

  if (value->number == 0)
    g_clear_pointer (&stores->alt_svc, gm_alt_svc_unref);
  else
    need_alt_svc (easy);
  stores->alt_svc_control = value->number;
  return CURLE_OK;
}

static void
flush_alt_svc (GmCurlEasy *easy)
{
  GmCurlStores *stores = easy->stores;

  if (stores == NULL || stores->alt_svc == NULL || stores->alt_svc_file == NULL || stores->alt_svc_file[0] == '\0' ||
      (stores->alt_svc_control & CURLALTSVC_READONLYFILE) != 0)
    return;
  say_failure (easy, "save Alt-Svc in", stores->alt_svc_file,
               gm_alt_svc_save (stores->alt_svc, stores->alt_svc_file, get_now ()));
}

/* HTTP/3 is not spoken here, so an alternative that does nothing else is of no use. */
static GmAltSvc *
apply_alt_svc (GmCurlEasy *easy,
               guint *protocols)
{
  GmCurlStores *stores = easy->stores;

  *protocols = 0;
  if (stores == NULL || stores->alt_svc == NULL)
    return NULL;
  if (stores->alt_svc_file != NULL && stores->alt_svc_file[0] != '\0' && !stores->alt_svc_file_given)
    {
      gm_alt_svc_add_file (stores->alt_svc, stores->alt_svc_file, NULL);
      stores->alt_svc_file_given = TRUE;
    }
  if ((stores->alt_svc_control & CURLALTSVC_H1) != 0)
    *protocols |= 1u << GM_ALT_PROTOCOL_H1;
  if (HAVE_NGHTTP2 && (stores->alt_svc_control & CURLALTSVC_H2) != 0)
    *protocols |= 1u << GM_ALT_PROTOCOL_H2;

  return stores->alt_svc;
}

/* ---- all of them ---- */

void
gm_curl_stores_apply (GmCurlEasy *easy)
{
  GmHttpStores *now = gm_transfer_get_stores (easy->transfer);
  GmCookieJar *jar;
  GmHsts *hsts;
  GmAltSvc *alt_svc;
  guint protocols;
  GmResult result;
  g_autoptr (GmHttpStores) stores = NULL;

  give_files (easy);
  jar = easy->stores != NULL && easy->stores->cookies_on ? find_jar (easy) : NULL;
  hsts = apply_hsts (easy, &result);
  alt_svc = apply_alt_svc (easy, &protocols);
  if (now != NULL && now->jar == jar && now->hsts == hsts && now->alt_svc == alt_svc &&
      now->alt_protocols == protocols && now->failed == result)
    return;

  stores = gm_http_stores_new (jar, hsts, alt_svc, protocols);
  if (stores != NULL)
    stores->failed = result;
  gm_transfer_set_stores (easy->transfer, stores);
}

GmCurlStores *
gm_curl_stores_dup (GmCurlStores *self)
{
  GmCurlStores *copy;

  if (self == NULL)
    return NULL;

  copy = g_new0 (GmCurlStores, 1);
  copy->cookies_on = self->cookies_on;
  if (self->jar != NULL)
    {
      copy->jar = gm_cookie_jar_new ();
      gm_cookie_jar_keep_homeless (copy->jar);
    }
  if (self->cookie_files != NULL)
    copy->cookie_files = g_ptr_array_copy (self->cookie_files, (GCopyFunc) (void (*) (void)) g_strdup, NULL);
  if (copy->cookie_files != NULL)
    g_ptr_array_set_free_func (copy->cookie_files, g_free);
  copy->cookie_jar_file = g_strdup (self->cookie_jar_file);
  copy->new_session = self->new_session;
  if (self->hsts != NULL)
    copy->hsts = gm_hsts_new ();
  copy->hsts_file = g_strdup (self->hsts_file);
  copy->hsts_read_only = self->hsts_read_only;
  if (self->alt_svc != NULL)
    copy->alt_svc = gm_alt_svc_new ();
  copy->alt_svc_file = g_strdup (self->alt_svc_file);
  copy->alt_svc_control = self->alt_svc_control;

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
  g_clear_pointer (&self->hsts_file, g_free);
  self->hsts_read_only = self->hsts_file_given = FALSE;
  g_clear_pointer (&self->alt_svc_file, g_free);
  self->alt_svc_file_given = FALSE;
}

void
gm_curl_stores_close (GmCurlEasy *easy)
{
  GmCurlStores *self;

  flush_cookies (easy);
  flush_hsts (easy);
  flush_alt_svc (easy);
  gm_curl_stores_reset (easy);
  self = g_steal_pointer (&easy->stores);
  if (self == NULL)
    return;
  gm_cookie_jar_unref (self->jar);
  gm_hsts_unref (self->hsts);
  gm_alt_svc_unref (self->alt_svc);
  g_free (self);
}
