/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "gm-alt-svc-field.h"
#include "gm-cookie.h"
#include "gm-hsts-field.h"

/* What servers ask to be remembered, as text. The first byte chooses: a Set-Cookie, a line of a cookie file, a date, two
 * paths, Strict-Transport-Security, Alt-Svc. */

#define NOW 1793000000 /* October 2026 */

static void
check_clean (GmSpan text)
{
  for (gsize i = 0; i < text.len; i++)
    FUZZ_CHECK ((guchar) text.data[i] >= 0x20 && text.data[i] != 0x7f);
}

static void
check_line (const GmCookieLine *line)
{
  check_clean (line->name);
  check_clean (line->value);
  check_clean (line->domain);
  check_clean (line->path);
  FUZZ_CHECK (line->name.len > 0 && line->name.len + line->value.len <= GM_COOKIE_MAX_PAIR);
  FUZZ_CHECK (memchr (line->name.data, '=', line->name.len) == NULL);
  FUZZ_CHECK (memchr (line->name.data, ';', line->name.len) == NULL);
  FUZZ_CHECK (line->value.len == 0 || memchr (line->value.data, ';', line->value.len) == NULL);
  FUZZ_CHECK (line->path.len == 0 || line->path.data[0] == '/');
  FUZZ_CHECK (line->path.len <= GM_COOKIE_MAX_ATTRIBUTE && line->domain.len <= GM_COOKIE_MAX_ATTRIBUTE);
}

static void
fuzz_set_cookie (GmSpan text)
{
  GmCookieLine line;

  if (gm_cookie_parse (text, NOW, &line) != GM_COOKIE_FAULT_NONE)
    return;
  check_line (&line);
  FUZZ_CHECK (!line.persistent || line.expires <= NOW + GM_COOKIE_MAX_AGE);
}

/* A line that is taken is written, read again and the same. */
static void
fuzz_netscape (GmSpan text)
{
  g_auto (GmByteBuilder) out = { 0 };
  g_auto (GmByteBuilder) out2 = { 0 };
  GmCookieLine line;
  GmCookieLine again;

  if (gm_cookie_parse_netscape (text, &line) != GM_COOKIE_FAULT_NONE)
    return;
  check_line (&line);
  FUZZ_CHECK (!gm_cookie_is_comment (text));
  gm_cookie_write_netscape (&line, &out);
  if (gm_cookie_parse_netscape (gm_span (out.data, out.len), &again) != GM_COOKIE_FAULT_NONE)
    {
      /* A host of its own whose name begins with blanks: nobody has one. */
      FUZZ_CHECK (strchr (" .", line.domain.data[0]) != NULL);
      return;
    }
  FUZZ_CHECK (gm_span_equal (line.name, again.name) && gm_span_equal (line.value, again.value));
  FUZZ_CHECK (line.secure == again.secure && line.expires == again.expires);
  gm_cookie_write_netscape (&again, &out2);
  FUZZ_CHECK (line.domain.data[0] == '.' || gm_span_equal (gm_span (out.data, out.len), gm_span (out2.data, out2.len)));
}

static void
fuzz_paths (GmSpan text)
{
  const char *cut = text.len > 0 ? memchr (text.data, '\n', text.len) : NULL;
  gsize len = cut != NULL ? (gsize) (cut - text.data) : text.len;
  GmSpan path = gm_span (text.data, len);
  GmSpan other = cut != NULL ? gm_span (cut + 1, text.len - len - 1) : gm_span (NULL, 0);

  gm_cookie_path_matches (path, other);
  FUZZ_CHECK (gm_cookie_path_matches (path, gm_cookie_default_path (path)));
}

static void
fuzz_hsts (GmSpan text)
{
  GmHstsField field;

  if (gm_hsts_field_parse (text, &field))
    FUZZ_CHECK (field.max_age >= 0 && field.max_age <= GM_HSTS_MAX_AGE);
}

static void
fuzz_alt_svc (GmSpan text)
{
  GmAltSvcValue value;
  GmAltSvcStep step;
  gsize before;

  do
    {
      before = text.len;
      step = gm_alt_svc_field_next (&text, &value);
      FUZZ_CHECK (step != GM_ALT_SVC_VALUE || text.len < before);
      if (step != GM_ALT_SVC_VALUE || value.protocol == GM_ALT_PROTOCOL_OTHER)
        continue;
      FUZZ_CHECK (value.port != 0 && value.host.len <= 255);
      FUZZ_CHECK (value.max_age >= 0 && value.max_age <= GM_ALT_SVC_MAX_AGE);
      for (gsize i = 0; i < value.host.len; i++)
        FUZZ_CHECK (g_ascii_isalnum (value.host.data[i]) || strchr (".:-_", value.host.data[i]) != NULL);
    }
  while (step == GM_ALT_SVC_VALUE);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  GmSpan input = gm_span ((const char *) data, size);
  gint64 seconds;

  if (size > FUZZ_MAX_SIZE)
    return 0;
  switch (fuzz_cut_byte (&input))
    {
    case 'f':
      fuzz_netscape (input);
      break;
    case 'd':
      if (gm_cookie_date_parse (input, &seconds))
        FUZZ_CHECK (seconds >= -G_GINT64_CONSTANT (11644473600) && seconds < G_GINT64_CONSTANT (253402300800));
      break;
    case 'p':
      fuzz_paths (input);
      break;
    case 'h':
      fuzz_hsts (input);
      break;
    case 'a':
      fuzz_alt_svc (input);
      break;
    default:
      fuzz_set_cookie (input);
      break;
    }
  return 0;
}
