/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "http/gm-alt-svc.h"
#include "http/gm-cookie-jar.h"
#include "http/gm-hsts.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* Files that the stores are read from: whatever lies there, it is read to its end, and what was taken from it is written
 * as a file that is read without a fault and says the same. The first byte chooses the store. */

#define NOW 1793000000 /* October 2026 */
#define LINES_MAX 200 /* each store has tests for its own limits */

static GmUrl *
url_new (const char *text)
{
  GmUrl *url = NULL;

  FUZZ_CHECK (gm_url_parse (text, strlen (text), GM_URL_DEFAULT, &url) == GM_OK);
  return url;
}

static gboolean
is_small (GmSpan text)
{
  guint n = 0;

  for (gsize i = 0; i < text.len; i++)
    n += text.data[i] == '\n';

  return n < LINES_MAX;
}

static gboolean
builders_equal (const GmByteBuilder *a,
                const GmByteBuilder *b)
{
  return gm_span_equal (gm_span (a->data, a->len), gm_span (b->data, b->len));
}

/* ---- alternatives ---- */

static void
fuzz_alt_svc (GmSpan text)
{
  g_autoptr (GmAltSvc) store = gm_alt_svc_new ();
  g_autoptr (GmAltSvc) again = gm_alt_svc_new ();
  g_autoptr (GmUrl) url = url_new ("https://a.example/");
  g_auto (GmByteBuilder) out = { 0 };
  g_auto (GmByteBuilder) out2 = { 0 };
  GmAltSvcRoute route;
  guint n;

  gm_alt_svc_read (store, text, NOW);
  gm_alt_svc_write (store, NOW, &out);
  n = gm_alt_svc_get_n (store);
  FUZZ_CHECK (gm_alt_svc_read (again, gm_span (out.data, out.len), NOW) == 0);
  FUZZ_CHECK (gm_alt_svc_get_n (again) == n);
  gm_alt_svc_write (again, NOW, &out2);
  FUZZ_CHECK (builders_equal (&out, &out2));

  if (gm_alt_svc_find (store, url, G_MAXUINT, NOW, &route))
    {
      FUZZ_CHECK (route.port > 0 && route.host[0] != '\0');
      gm_alt_svc_forget (store, url, &route);
      FUZZ_CHECK (gm_alt_svc_get_n (store) == n - 1);
    }
  gm_alt_svc_move (store);
  FUZZ_CHECK (gm_alt_svc_get_n (store) <= n);
}

/* ---- hosts that want TLS ---- */

static void
fuzz_hsts (GmSpan text)
{
  g_autoptr (GmHsts) store = gm_hsts_new ();
  g_autoptr (GmHsts) again = gm_hsts_new ();
  g_autoptr (GmUrl) url = url_new ("http://www.a.example/");
  g_auto (GmByteBuilder) out = { 0 };
  g_auto (GmByteBuilder) out2 = { 0 };

  gm_hsts_read (store, text, NOW);
  gm_hsts_write (store, NOW, &out);
  FUZZ_CHECK (gm_hsts_read (again, gm_span (out.data, out.len), NOW) == 0);
  FUZZ_CHECK (gm_hsts_get_n (again) == gm_hsts_get_n (store));
  gm_hsts_write (again, NOW, &out2);
  FUZZ_CHECK (builders_equal (&out, &out2));
  FUZZ_CHECK (gm_hsts_wants_tls (store, url, NOW) == gm_hsts_wants_tls (again, url, NOW));
}

/* ---- cookies ---- */

/* Makes a file of @text; -1 if there cannot be one. */
static int
make_file (GmSpan text,
           char path[32])
{
  int fd = memfd_create ("cookies", MFD_CLOEXEC);

  if (fd < 0 || (text.len > 0 && write (fd, text.data, text.len) != (gssize) text.len))
    g_error ("no file in memory");
  snprintf (path, 32, "/proc/self/fd/%d", fd);
  return fd;
}

static guint
load (GmCookieJar *jar,
      GmSpan text)
{
  char path[32];
  int fd = make_file (text, path);
  guint n_damaged = 0;

  gm_cookie_jar_add_file (jar, path, FALSE);
  FUZZ_CHECK (!gm_cookie_jar_is_loaded (jar));
  FUZZ_CHECK (gm_cookie_jar_load (jar, NOW, &n_damaged) == 0);
  FUZZ_CHECK (gm_cookie_jar_is_loaded (jar));
  close (fd);
  return n_damaged;
}

static void
write_jar (GmCookieJar *jar,
           GmByteBuilder *out)
{
  g_autoptr (GPtrArray) list = gm_cookie_jar_list (jar, NOW);

  for (guint i = 0; i < list->len; i++)
    {
      const GmCookie *cookie = g_ptr_array_index (list, i);
      g_autofree char *line = gm_cookie_dup_netscape (cookie);

      FUZZ_CHECK (cookie->name[0] != '\0' && cookie->domain[0] != '\0' && cookie->path[0] == '/');
      FUZZ_CHECK (strpbrk (line, "\r\n") == NULL);
      gm_cookie_write_remark (cookie->same_site, out);
      gm_byte_builder_append (out, line, strlen (line));
      gm_byte_builder_append_char (out, '\n');
    }
}

static void
fuzz_cookies (GmSpan text)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();
  g_autoptr (GmCookieJar) again = gm_cookie_jar_new ();
  g_autoptr (GmUrl) url = url_new ("https://www.a.example/b/c");
  g_auto (GmByteBuilder) out = { 0 };
  g_auto (GmByteBuilder) out2 = { 0 };
  g_auto (GmByteBuilder) field = { 0 };
  GmCookieOrigin origin;

  load (jar, text);
  write_jar (jar, &out);
  FUZZ_CHECK (load (again, gm_span (out.data, out.len)) == 0);
  FUZZ_CHECK (gm_cookie_jar_get_n (again) == gm_cookie_jar_get_n (jar));
  write_jar (again, &out2);
  FUZZ_CHECK (builders_equal (&out, &out2));

  gm_cookie_origin_init (&origin, url, NULL);
  gm_cookie_jar_write (jar, &origin, NOW, GM_COOKIES_MAX_FIELD, &field);
  FUZZ_CHECK (field.len <= GM_COOKIES_MAX_FIELD);
  for (gsize i = 0; i < field.len; i++)
    FUZZ_CHECK ((guchar) field.data[i] >= 0x20 && field.data[i] != 0x7f);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  GmSpan text = gm_span ((const char *) data, size);

  if (size > FUZZ_MAX_SIZE || !is_small (text))
    return 0;
  switch (fuzz_cut_byte (&text) % 3)
    {
    case 0:
      fuzz_cookies (text);
      break;
    case 1:
      fuzz_hsts (text);
      break;
    default:
      fuzz_alt_svc (text);
      break;
    }

  return 0;
}
