/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "gmulti-cookie-jar.h"
#include "gmulti-form-private.h"
#include "gmulti-headers.h"
#include "gmulti-proxy.h"

#include <string.h>

/* What a program hands to the object face may come from people, files and servers: nothing of it breaks out of the place that
 * it is meant for, and what is refused is refused with an error. The first byte chooses what it is; texts are what stands
 * between NULs. */

#define MAX_TEXTS 24

/* The next text, (transfer full); "" behind the last. Whatever it is, it is UTF-8, as all texts in the face are. */
static char *
cut_text (GmSpan *input)
{
  const char *end = input->len > 0 ? memchr (input->data, '\0', input->len) : NULL;
  gsize len = end != NULL ? (gsize) (end - input->data) : input->len;
  char *text = g_utf8_make_valid (len > 0 ? input->data : "", (gssize) len);

  *input = end != NULL ? gm_span (end + 1, input->len - len - 1) : gm_span (NULL, 0);
  return text;
}

static void
check_error (gboolean taken,
             GError *error)
{
  FUZZ_CHECK (taken == (error == NULL));
  if (error == NULL)
    return;
  FUZZ_CHECK (g_utf8_validate (error->message, -1, NULL));
  g_error_free (error);
}

/* ---- headers ---- */

static void
check_field (GMultiHeaders *headers,
             guint position)
{
  const char *name = gmulti_headers_get_field_name (headers, position);
  const char *value = gmulti_headers_get_field_value (headers, position);

  FUZZ_CHECK (*name != '\0' && strpbrk (name, " \t\r\n:\"") == NULL && g_utf8_validate (name, -1, NULL));
  FUZZ_CHECK (strpbrk (value, "\r\n") == NULL && g_utf8_validate (value, -1, NULL));
  FUZZ_CHECK (gmulti_headers_get_value (headers, name) != NULL);
}

static void
check_reading (GMultiHeaders *headers)
{
  g_autoptr (GHashTable) parameters = NULL;
  g_autofree char *type = gmulti_headers_dup_content_type (headers, &parameters);
  g_autofree char *list = gmulti_headers_dup_list (headers, "Content-Type");
  g_auto (GStrv) values = gmulti_headers_dup_values (headers, "Content-Type");
  GHashTableIter iter;
  gpointer key, value;

  FUZZ_CHECK ((type == NULL) == (list == NULL));
  FUZZ_CHECK (type == NULL || values != NULL);
  g_hash_table_iter_init (&iter, parameters);
  while (g_hash_table_iter_next (&iter, &key, &value))
    FUZZ_CHECK (*(char *) key != '\0' && g_utf8_validate (key, -1, NULL) && g_utf8_validate (value, -1, NULL));
}

static void
fuzz_headers (GmSpan input)
{
  g_autoptr (GMultiHeaders) headers = gmulti_headers_new ();
  g_autoptr (GMultiHeaders) copy = NULL;

  for (guint i = 0; i < MAX_TEXTS && input.len > 0; i++)
    {
      guint8 what = fuzz_cut_byte (&input);
      g_autofree char *name = what % 4 == 3 ? g_strdup ("Content-Type") : cut_text (&input);
      g_autofree char *value = cut_text (&input);
      GError *error = NULL;

      gboolean taken = TRUE;

      if (what % 4 == 0)
        gmulti_headers_remove (headers, name);
      else if (what % 4 == 1)
        taken = gmulti_headers_replace (headers, name, value, &error);
      else
        taken = gmulti_headers_append (headers, name, value, &error);
      check_error (taken, error);
    }

  copy = gmulti_headers_copy (headers);
  FUZZ_CHECK (gmulti_headers_get_n_fields (copy) == gmulti_headers_get_n_fields (headers));
  for (guint i = 0; i < gmulti_headers_get_n_fields (copy); i++)
    check_field (copy, i);
  check_reading (copy);
}

/* ---- forms ---- */

static GmResult
read_form (GmFormUpload *upload,
           GByteArray *body)
{
  GmResult result;
  gsize n;

  gm_form_attach (upload->form, &(GmFormHost){ 0 });
  result = gm_form_rewind (upload->form);
  do
    {
      char buffer[300];

      n = 0;
      if (result == GM_OK)
        result = gm_form_read (upload->form, buffer, sizeof buffer, &n);
      g_byte_array_append (body, (const guint8 *) buffer, (guint) n);
    }
  while (result == GM_OK && n > 0);
  if (result == GM_OK)
    FUZZ_CHECK (gm_form_get_size (upload->form) == (gint64) body->len);

  return result;
}

static const char *
find (const char *data,
      gsize len,
      const char *text)
{
  return memmem (data, len, text, strlen (text));
}

/* Each part has a line that says what it is, and at most one more. */
static void
check_parts (const GByteArray *body,
             const char *boundary,
             guint n_parts)
{
  g_autofree char *delimiter = g_strconcat ("--", boundary, NULL);
  const char *at = (const char *) body->data, *end = at + body->len;
  guint n = 0;

  while ((at = find (at, (gsize) (end - at), delimiter)) != NULL)
    {
      const char *head = at + strlen (delimiter) + 2, *head_end;
      guint n_lines = 0;

      at += strlen (delimiter);
      if (end - at >= 2 && memcmp (at, "--", 2) == 0)
        break;
      head_end = find (head, (gsize) (end - head), "\r\n\r\n");
      FUZZ_CHECK (head_end != NULL && g_str_has_prefix (head, "Content-Disposition: form-data; name=\""));
      for (const char *p = head; p < head_end; p++)
        n_lines += *p == '\n' || *p == '\r';
      FUZZ_CHECK (n_lines == 0 || (n_lines == 2 && find (head, (gsize) (head_end - head), "\r\nContent-Type: ") != NULL));
      n++;
    }
  FUZZ_CHECK (at != NULL && n == n_parts);
}

static void
check_pairs (const GByteArray *body,
             guint n_parts)
{
  guint n = n_parts > 0 ? 1 : 0;

  for (guint i = 0; i < body->len; i++)
    {
      FUZZ_CHECK (g_ascii_isalnum (body->data[i]) || (body->data[i] != 0 && strchr ("*-._+%=&", body->data[i]) != NULL));
      n += body->data[i] == '&';
    }
  FUZZ_CHECK (n == n_parts);
}

static void
fuzz_form (GmSpan input)
{
  g_autoptr (GMultiForm) form = gmulti_form_new ();
  g_autoptr (GByteArray) body = g_byte_array_new ();
  GmFormUpload *upload;
  GmResult result;
  guint n = 0;

  gmulti_form_set_urlencoded (form, (fuzz_cut_byte (&input) & 1) != 0);
  for (; n < MAX_TEXTS && input.len > 0; n++)
    {
      guint8 what = fuzz_cut_byte (&input);
      g_autofree char *name = cut_text (&input);
      g_autofree char *value = cut_text (&input);
      g_autofree char *type = what % 4 == 3 ? cut_text (&input) : NULL;
      g_autoptr (GBytes) bytes = g_bytes_new (value, strlen (value));

      if (what % 4 < 2)
        gmulti_form_add_text (form, name, value);
      else
        gmulti_form_add_bytes (form, name, value, type, bytes);
    }

  upload = gm_face_form_compose (form, NULL);
  result = read_form (upload, body);
  FUZZ_CHECK (result == GM_OK || result == GM_BAD_REQUEST);
  FUZZ_CHECK (strpbrk (upload->content_type, "\r\n") == NULL);
  if (result == GM_OK && g_str_has_prefix (upload->content_type, "multipart/form-data; boundary="))
    check_parts (body, upload->content_type + strlen ("multipart/form-data; boundary="), n);
  else if (result == GM_OK)
    check_pairs (body, n);
  gm_form_upload_free (upload);
}

/* ---- cookies ---- */

static void
fuzz_cookies (GmSpan input)
{
  g_autoptr (GMultiCookieJar) jar = gmulti_cookie_jar_new ();

  for (guint i = 0; i < MAX_TEXTS && input.len > 0; i++)
    {
      gboolean own = fuzz_cut_byte (&input) % 2 != 0;
      g_autofree char *uri = own ? cut_text (&input) : g_strdup ("https://www.a.example/b/c");
      g_autofree char *text = cut_text (&input);
      g_autofree char *header = NULL;
      GError *error = NULL;
      gboolean taken = gmulti_cookie_jar_set (jar, uri, text, &error);

      check_error (taken, error);
      header = gmulti_cookie_jar_dup_header (jar, uri);
      for (const char *c = header; c != NULL && *c != '\0'; c++)
        FUZZ_CHECK ((guchar) *c >= 0x20 && *c != 0x7f);
    }
  gmulti_cookie_jar_clear (jar);
}

/* ---- proxies ---- */

static void
fuzz_proxy (GmSpan input)
{
  g_autofree char *uri = cut_text (&input);
  g_autofree char *first = cut_text (&input);
  g_autofree char *second = cut_text (&input);
  const char *const bypass[] = { first, second, NULL };
  g_autoptr (GMultiProxy) proxy = gmulti_proxy_new (uri, bypass);
  g_autofree char *asked = cut_text (&input);
  g_auto (GStrv) found = NULL;
  GError *error = NULL;

  FUZZ_CHECK (g_str_equal (gmulti_proxy_get_uri (proxy), uri));
  found = g_proxy_resolver_lookup (G_PROXY_RESOLVER (proxy), *asked != '\0' ? asked : "http://www.a.example/", NULL, &error);
  check_error (found != NULL, error);
  FUZZ_CHECK (found == NULL || found[0] != NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  GmSpan input = gm_span ((const char *) data, MIN (size, FUZZ_MAX_SIZE));

  switch (fuzz_cut_byte (&input) % 4)
    {
    case 0:
      fuzz_headers (input);
      break;
    case 1:
      fuzz_form (input);
      break;
    case 2:
      fuzz_cookies (input);
      break;
    default:
      fuzz_proxy (input);
      break;
    }

  return 0;
}
