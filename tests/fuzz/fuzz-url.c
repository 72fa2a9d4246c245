/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-data-url.h"
#include "gm-trace.h"

#include <stdlib.h>

/* An input is one byte of flags and the text of a URL, or, if the flag byte's bit 6 is set, a base, a newline and a
 * reference. Besides not crashing: whatever is taken has pieces that lie where they should, and reads to itself. */

int LLVMFuzzerTestOneInput (const guint8 *data,
                            gsize size);

#define CHECK(condition)                                                                                               \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    if (!(condition))                                                                                                  \
      abort ();                                                                                                        \
  }                                                                                                                    \
  G_STMT_END

#define VERBATIM (GM_URL_PATH_AS_IS | GM_URL_ALLOW_SPACE | GM_URL_ANY_SCHEME)

static gboolean
lies_inside (const GmUrl *url,
             GmSpan span)
{
  return span.data >= url->text && span.data + span.len <= url->text + url->text_len;
}

static void
check_reads_to_itself (const GmUrl *url)
{
  GmSpan header = gm_url_get_authority_for_host_header (url);
  GmUrl *again = NULL;
  GmSpan header_again;

  CHECK (gm_url_parse (url->text, url->text_len, VERBATIM, &again) == GM_OK);
  CHECK (strcmp (gm_url_get_text (again), gm_url_get_text (url)) == 0);
  header_again = gm_url_get_authority_for_host_header (again);
  CHECK (gm_span_equal (header, header_again));
  CHECK (gm_url_same_origin (url, again) == (gm_url_get_host (url).len > 0));
  gm_url_unref (again);
}

static void
check_variants (const GmUrl *url)
{
  char *text = gm_url_dup_log_text (url);
  GmUrl *other = NULL;

  CHECK (strchr (text, '#') == NULL);
  g_free (text);
  CHECK (gm_url_without_login (url, &other) == GM_OK && !gm_url_has_user (other));
  gm_url_unref (other);
  CHECK (gm_url_with_fragment (url, gm_span (NULL, 0), &other) == GM_OK && !gm_url_has_fragment (other));
  gm_url_unref (other);
  if (gm_url_with_port (url, 4711, &other) == GM_OK)
    {
      CHECK (gm_url_get_port (other) == 4711);
      gm_url_unref (other);
    }
  if (gm_url_with_scheme (url, GM_SCHEME_HTTPS, &other) == GM_OK)
    {
      CHECK (gm_span_equal (gm_url_get_host (other), gm_url_get_host (url)));
      gm_url_unref (other);
    }
}

static void
check (const GmUrl *url)
{
  char *decoded = NULL;

  CHECK (strlen (url->text) == url->text_len);
  for (const char *p = url->text; *p != '\0'; p++)
    CHECK ((guchar) *p >= 0x20 && *p != 0x7f);
  CHECK (lies_inside (url, gm_url_get_scheme_name (url)) && lies_inside (url, gm_url_get_user (url)));
  CHECK (lies_inside (url, gm_url_get_password (url)) && lies_inside (url, gm_url_get_host (url)));
  CHECK (lies_inside (url, gm_url_get_zone (url)) && lies_inside (url, gm_url_get_request_target (url)));
  CHECK (lies_inside (url, gm_url_get_query (url)) && lies_inside (url, gm_url_get_fragment (url)));
  if (gm_url_get_host (url).len > 0)
    CHECK (gm_url_get_request_target (url).data[0] == '/');

  check_reads_to_itself (url);
  check_variants (url);
  if (gm_url_dup_user (url, FALSE, &decoded) == GM_OK)
    g_free (decoded);
  if (gm_url_dup_password (url, TRUE, &decoded) == GM_OK)
    g_free (decoded);
  if (gm_url_get_scheme (url) == GM_SCHEME_DATA)
    {
      GmDataUrl body = { NULL };

      if (gm_data_url_parse (url, &body) == GM_OK)
        {
          CHECK (*body.media_type != '\0' && body.body != NULL);
          gm_data_url_get_parameter (&body, "charset");
          gm_data_url_clear (&body);
        }
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  const char *text = (const char *) data + 1;
  gsize len = size - 1;
  const char *newline;
  GmUrlFlags flags;
  GmUrl *url = NULL;
  GmUrl *base = NULL;
  GmUrlComplaint complaint = { GM_URL_FAULT_NONE, 0 };
  GmResult result;

  if (size < 1)
    return 0;
  flags = (GmUrlFlags) (data[0] & 0x3f);
  newline = (data[0] & 0x40) != 0 && len > 0 ? memchr (text, '\n', len) : NULL;
  if (newline != NULL)
    {
      if (gm_url_parse (text, (gsize) (newline - text), flags, &base) != GM_OK)
        return 0;
      len -= (gsize) (newline + 1 - text);
      text = newline + 1;
      result = gm_url_resolve_full (base, text, len, flags, &complaint, &url);
    }
  else
    result = gm_url_parse_full (text, len, flags, NULL, &complaint, &url);

  CHECK ((result == GM_OK) == (url != NULL));
  CHECK (result == GM_OK || (complaint.fault != GM_URL_FAULT_NONE && complaint.offset <= len));
  if (url != NULL)
    check (url);
  g_free (gm_trace_redact (gm_span (text, len)));
  g_clear_pointer (&url, gm_url_unref);
  g_clear_pointer (&base, gm_url_unref);
  return 0;
}
