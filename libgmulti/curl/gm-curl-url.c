/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-config.h"

#include "gm-curl-memory.h"
#include "gm-curl-url.h"

#if HAVE_IDN2
#include <idn2.h>
#endif

/* The URL interface: an URL as parts that can be set one by one, which are kept as they stand in a text. */

#define N_PARTS GM_CURL_URL_N_PARTS
#define MAX_TEXT 8000000

static CURLUcode
missing_code (CURLUPart what)
{
  static const guint8 codes[N_PARTS] = {
    [CURLUPART_SCHEME] = CURLUE_NO_SCHEME, [CURLUPART_USER] = CURLUE_NO_USER,
    [CURLUPART_PASSWORD] = CURLUE_NO_PASSWORD, [CURLUPART_OPTIONS] = CURLUE_NO_OPTIONS,
    [CURLUPART_HOST] = CURLUE_NO_HOST, [CURLUPART_PORT] = CURLUE_NO_PORT,
    [CURLUPART_QUERY] = CURLUE_NO_QUERY, [CURLUPART_FRAGMENT] = CURLUE_NO_FRAGMENT,
    [CURLUPART_ZONEID] = CURLUE_NO_ZONEID,
  };

  return (CURLUcode) codes[what];
}

/* ---- life ---- */

CURLU *
curl_url (void)
{
  return g_new0 (struct Curl_URL, 1);
}

static void
clear_parts (CURLU *u)
{
  for (guint i = 0; i < N_PARTS; i++)
    g_clear_pointer (&u->parts[i], g_free);
  u->guessed = FALSE;
}

void
curl_url_cleanup (CURLU *u)
{
  if (u == NULL)
    return;

  clear_parts (u);
  g_free (u);
}

CURLU *
curl_url_dup (const CURLU *in)
{
  CURLU *u;

  if (in == NULL)
    return NULL;

  u = curl_url ();
  for (guint i = 0; i < N_PARTS; i++)
    u->parts[i] = g_strdup (in->parts[i]);
  u->guessed = in->guessed;
  return u;
}

/* ---- whole texts ---- */

static GmScheme
get_scheme (const CURLU *u)
{
  const char *scheme = u->parts[CURLUPART_SCHEME];

  return scheme != NULL ? gm_curl_url_find_scheme (scheme, strlen (scheme)) : GM_SCHEME_OTHER;
}

/* The port to be shown, or NULL. */
static const char *
shown_port (const CURLU *u,
            guint flags,
            char scratch[8])
{
  guint16 normal = gm_scheme_get_port (get_scheme (u));
  const char *port = u->parts[CURLUPART_PORT];

  if (port == NULL && (flags & CURLU_DEFAULT_PORT) && normal != 0)
    {
      g_snprintf (scratch, 8, "%u", normal);
      return scratch;
    }
  if (port != NULL && (flags & CURLU_NO_DEFAULT_PORT) && normal != 0 &&
      (guint16) g_ascii_strtoull (port, NULL, 10) == normal)
    return NULL;

  return port;
}

static void
append_login (GString *text,
              const CURLU *u)
{
  const char *user = u->parts[CURLUPART_USER], *password = u->parts[CURLUPART_PASSWORD];
  const char *options = u->parts[CURLUPART_OPTIONS];
  GmScheme scheme = get_scheme (u);

  /* what a scheme has no use for is left out when it is known */
  if (scheme != GM_SCHEME_OTHER && !gm_curl_url_has_options (scheme))
    options = NULL;
  if (user == NULL && password == NULL && options == NULL)
    return;

  g_string_append (text, user != NULL ? user : "");
  if (password != NULL)
    g_string_append_printf (text, ":%s", password);
  if (options != NULL)
    g_string_append_printf (text, ";%s", options);
  g_string_append_c (text, '@');
}

static void
append_host (GString *text,
             const char *host,
             const char *zone)
{
  gsize len = strlen (host);

  if (zone != NULL && len > 1 && host[len - 1] == ']')
    {
      g_string_append_len (text, host, (gssize) len - 1);
      g_string_append_printf (text, "%%25%s]", zone);
    }
  else
    g_string_append (text, host);
}

static gboolean
has_control_byte (const char *text)
{
  for (; *text != '\0'; text++)
    {
      if ((guchar) *text < ' ' || *text == 0x7f)
        return TRUE;
    }

  return FALSE;
}

/* The host in its own script, or NULL if that is what it has. */
static char *
to_unicode (const char *host)
{
#if HAVE_IDN2
  char *unicode = NULL, *copy;

  if (idn2_to_unicode_8z8z (host, &unicode, 0) != IDN2_OK)
    return NULL;
  copy = g_strdup (unicode);
  idn2_free (unicode);
  return copy;
#else
  return NULL;
#endif
}

/* The host in the letters that names are asked for in. */
static CURLUcode
to_ascii (const char *host,
          char **out)
{
#if HAVE_IDN2
  const guint8 *name = (const guint8 *) host;
  guint8 *label = NULL;

  if (idn2_lookup_u8 (name, &label, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK &&
      idn2_lookup_u8 (name, &label, IDN2_NFC_INPUT | IDN2_TRANSITIONAL) != IDN2_OK)
    return CURLUE_BAD_HOSTNAME;
  *out = g_strdup ((char *) label);
  idn2_free (label);
  return CURLUE_OK;
#else
  return CURLUE_LACKS_IDN;
#endif
}

/* The host as @flags want it. (owned) */
static CURLUcode
show_host (const char *host,
           guint flags,
           char **out)
{
  GString *text;

  *out = NULL;
  if ((flags & CURLU_PUNYCODE) && !g_str_is_ascii (host))
    return to_ascii (host, out);
  if (flags & CURLU_PUNY2IDN)
    *out = to_unicode (host);
  else if ((flags & CURLU_URLENCODE) && *host != '[')
    {
      text = g_string_new (NULL);
      gm_curl_url_encode (text, host, strlen (host), FALSE);
      *out = g_string_free (text, FALSE);
    }
  if (*out == NULL)
    *out = g_strdup (host);
  return CURLUE_OK;
}

static CURLUcode
append_authority (GString *text,
                  const CURLU *u,
                  guint flags)
{
  g_autofree char *host = NULL;
  const char *port;
  char scratch[8];
  CURLUcode code = show_host (u->parts[CURLUPART_HOST], flags, &host);

  if (code != CURLUE_OK)
    return code;

  append_login (text, u);
  append_host (text, host, u->parts[CURLUPART_ZONEID]);
  port = shown_port (u, flags, scratch);
  if (port != NULL)
    g_string_append_printf (text, ":%s", port);
  return CURLUE_OK;
}

static CURLUcode
assemble (const CURLU *u,
          guint flags,
          char **out)
{
  const char *scheme = u->parts[CURLUPART_SCHEME];
  const char *path = u->parts[CURLUPART_PATH], *query = u->parts[CURLUPART_QUERY];
  const char *fragment = u->parts[CURLUPART_FRAGMENT];
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean is_file = get_scheme (u) == GM_SCHEME_FILE;
  CURLUcode code = CURLUE_OK;

  if (u->parts[CURLUPART_HOST] == NULL && !is_file)
    return CURLUE_NO_HOST;
  if (scheme == NULL && (flags & CURLU_DEFAULT_SCHEME))
    scheme = "https";
  if (scheme == NULL)
    return CURLUE_NO_SCHEME;

  if (!(u->guessed && (flags & CURLU_NO_GUESS_SCHEME)))
    g_string_append_printf (text, "%s://", scheme);
  if (!is_file)
    code = append_authority (text, u, flags);
  if (code != CURLUE_OK)
    return code;

  g_string_append (text, path != NULL ? path : "/");
  if (query != NULL && (*query != '\0' || (flags & CURLU_GET_EMPTY)))
    g_string_append_printf (text, "?%s", query);
  if (fragment != NULL && (*fragment != '\0' || (flags & CURLU_GET_EMPTY)))
    g_string_append_printf (text, "#%s", fragment);

  *out = gm_curl_memory_dup (text->str, text->len);
  return *out != NULL ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;
}

/* @text seen from @base, which is whole and has no fragment that counts (RFC 3986, 5.2.2, on the texts). What a
 * Location header may have and an URL may not is encoded. */
static char *
join (char *base,
      const char *text,
      guint flags)
{
  GString *out = g_string_new (NULL);
  char *authority = strstr (base, "://") + 3, *path = authority + strcspn (authority, "/?#");
  const char *rest = text + strcspn (text, "?#");

  if (*text != '#')
    path[strcspn (path, *text == '?' || *text == '\0' ? "#" : "?#")] = '\0';
  if (*text == '?')
    path[strcspn (path, "?")] = '\0';
  if (*text == '#')
    path[strcspn (path, "#")] = '\0';

  if (g_str_has_prefix (text, "//"))
    *(authority - 2) = '\0';
  else if (*text == '/')
    *path = '\0';
  else if (*text != '\0' && *text != '?' && *text != '#')
    strrchr (path, '/')[1] = '\0';

  g_string_append (out, base);
  if (flags & CURLU_URLENCODE)
    g_string_append (out, text); /* the reader does it */
  else
    {
      gm_curl_url_encode (out, text, (gsize) (rest - text), FALSE);
      gm_curl_url_encode (out, rest, strcspn (rest, "#"), TRUE);
      gm_curl_url_encode (out, strchrnul (rest, '#'), strlen (strchrnul (rest, '#')), FALSE);
    }
  return g_string_free (out, FALSE);
}

static CURLUcode
set_whole (CURLU *u,
           const char *text,
           guint flags)
{
  g_autofree char *joined = NULL;
  char *base = NULL;

  if (gm_curl_url_scheme_len (text, (flags & (CURLU_GUESS_SCHEME | CURLU_DEFAULT_SCHEME)) != 0) > 0 ||
      has_control_byte (text) ||
      assemble (u, (flags & CURLU_DEFAULT_SCHEME) | CURLU_GET_EMPTY, &base) != CURLUE_OK)
    return gm_curl_url_read (u, text, flags);

  joined = join (base, text, flags);
  curl_free (base);
  return gm_curl_url_read (u, joined, flags);
}

/* ---- getting ---- */

static CURLUcode
give_decoded (const char *part,
              gboolean plus_is_blank,
              char **out)
{
  g_autofree char *plain = g_strdup (part);
  g_autofree char *decoded = NULL;
  gsize len;

  for (char *p = plain; plus_is_blank && *p != '\0'; p++)
    {
      if (*p == '+')
        *p = ' ';
    }
  if (gm_url_unescape (gm_span (plain, strlen (plain)), TRUE, &decoded, &len) != GM_OK)
    return CURLUE_URLDECODE;

  *out = gm_curl_memory_dup (decoded, len);
  return *out != NULL ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;
}

static CURLUcode
give_encoded (const char *part,
              gboolean query,
              char **out)
{
  g_autoptr (GString) text = g_string_new (NULL);

  gm_curl_url_encode (text, part, strlen (part), query);
  *out = gm_curl_memory_dup (text->str, text->len);
  return *out != NULL ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;
}

/* The text of one part as it is kept, NULL if there is none. */
static const char *
find_part (const CURLU *u,
           CURLUPart what,
           guint flags,
           char scratch[8])
{
  const char *part = u->parts[what];

  switch ((int) what)
    {
    case CURLUPART_SCHEME:
      if (part == NULL && (flags & CURLU_DEFAULT_SCHEME))
        return "https";
      return u->guessed && (flags & CURLU_NO_GUESS_SCHEME) ? NULL : part;
    case CURLUPART_PORT:
      return shown_port (u, flags, scratch);
    case CURLUPART_PATH:
      return part != NULL ? part : "/";
    case CURLUPART_QUERY:
    case CURLUPART_FRAGMENT:
      return part != NULL && (*part != '\0' || (flags & CURLU_GET_EMPTY)) ? part : NULL;
    default:
      return part;
    }
}

CURLUcode
curl_url_get (const CURLU *u,
              CURLUPart what,
              char **part,
              unsigned int flags)
{
  g_autofree char *host = NULL;
  const char *text;
  char scratch[8];
  CURLUcode code;

  if (u == NULL)
    return CURLUE_BAD_HANDLE;
  if (part == NULL)
    return CURLUE_BAD_PARTPOINTER;
  *part = NULL;
  if ((guint) what >= N_PARTS)
    return CURLUE_UNKNOWN_PART;
  if (what == CURLUPART_URL)
    return assemble (u, flags, part);

  text = find_part (u, what, flags, scratch);
  if (text == NULL)
    return missing_code (what);
  if (what == CURLUPART_HOST && (flags & (CURLU_PUNYCODE | CURLU_PUNY2IDN)))
    {
      code = show_host (text, flags, &host);
      if (code != CURLUE_OK)
        return code;
      text = host;
    }
  if ((flags & CURLU_URLDECODE) && what != CURLUPART_SCHEME && what != CURLUPART_PORT)
    return give_decoded (text, what == CURLUPART_QUERY, part);
  if ((flags & CURLU_URLENCODE) && what != CURLUPART_SCHEME && what != CURLUPART_PORT)
    return give_encoded (text, what == CURLUPART_QUERY, part);

  *part = gm_curl_memory.strdup (text);
  return *part != NULL ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;
}

/* ---- setting ---- */

static CURLUcode
set_scheme (CURLU *u,
            const char *text,
            guint flags)
{
  GmSpan span = gm_span (text, strlen (text));

  if (span.len == 0 || span.len > GM_URL_SCHEME_MAX || !g_ascii_isalpha (*text))
    return CURLUE_BAD_SCHEME;
  for (gsize i = 0; i < span.len; i++)
    {
      if (!g_ascii_isalnum (text[i]) && strchr ("+-.", text[i]) == NULL)
        return CURLUE_BAD_SCHEME;
    }
  if (gm_curl_url_find_scheme (text, span.len) == GM_SCHEME_OTHER && !(flags & CURLU_NON_SUPPORT_SCHEME))
    return CURLUE_UNSUPPORTED_SCHEME;

  g_free (u->parts[CURLUPART_SCHEME]);
  u->parts[CURLUPART_SCHEME] = g_ascii_strdown (text, -1);
  u->guessed = FALSE;
  return CURLUE_OK;
}

/* Kept as it is given, but only what is a host when it is decoded is one. */
static CURLUcode
set_host (CURLU *u,
          const char *text,
          guint flags)
{
  g_autofree char *plain = NULL;
  g_autofree char *zone = NULL;
  gboolean empty = *text == '\0' && (flags & CURLU_NO_AUTHORITY);
  CURLUcode code;

  if (gm_url_unescape (gm_span (text, strlen (text)), TRUE, &plain, NULL) != GM_OK)
    return CURLUE_BAD_HOSTNAME;
  code = empty ? CURLUE_OK : gm_curl_url_check_host (plain, &zone);
  if (code != CURLUE_OK)
    return code == CURLUE_NO_HOST ? CURLUE_BAD_HOSTNAME : code;

  g_free (u->parts[CURLUPART_HOST]);
  u->parts[CURLUPART_HOST] = *text == '[' ? g_steal_pointer (&plain) : g_strdup (text);
  g_free (u->parts[CURLUPART_ZONEID]);
  u->parts[CURLUPART_ZONEID] = g_steal_pointer (&zone);
  return CURLUE_OK;
}

static CURLUcode
set_port (CURLU *u,
          const char *text)
{
  guint64 port;

  if (!gm_span_to_uint64 (gm_span (text, strlen (text)), G_MAXUINT16, &port))
    return CURLUE_BAD_PORT_NUMBER;

  g_free (u->parts[CURLUPART_PORT]);
  u->parts[CURLUPART_PORT] = g_strdup_printf ("%u", (guint) port);
  return CURLUE_OK;
}

/* Appends @text, percent-encoded but for what may stand in the part. The first '=' of something appended to a query
 * stays: it separates name and value. */
static void
append_encoded (GString *out,
                CURLUPart what,
                const char *text,
                gboolean appended)
{
  gboolean keep_equals = appended;

  for (const char *p = text; *p != '\0'; p++)
    {
      if (g_ascii_isalnum (*p) || strchr ("-._~", *p) != NULL ||
          (what == CURLUPART_PATH && strchr ("/!$&'(){}[]*+,;=:@", *p) != NULL) || (*p == '=' && keep_equals))
        {
          g_string_append_c (out, *p);
          keep_equals = keep_equals && *p != '=';
        }
      else if (*p == ' ' && what == CURLUPART_QUERY)
        g_string_append_c (out, '+');
      else
        g_string_append_printf (out, "%%%02X", (guchar) *p);
    }
}

/* Appends @text, whose percent-encoded bytes get capital digits (RFC 3986, 6.2.2.1). */
static void
append_normal (GString *out,
               const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    {
      g_string_append_c (out, *p);
      if (*p != '%' || !g_ascii_isxdigit (p[1]) || !g_ascii_isxdigit (p[2]))
        continue;
      g_string_append_c (out, g_ascii_toupper (*++p));
      g_string_append_c (out, g_ascii_toupper (*++p));
    }
}

static void
set_text (CURLU *u,
          CURLUPart what,
          const char *text,
          guint flags)
{
  gboolean append = what == CURLUPART_QUERY && (flags & CURLU_APPENDQUERY) && *text != '\0';
  g_autoptr (GString) out = g_string_new (append ? u->parts[what] : NULL);

  if (out->len > 0 && out->str[out->len - 1] != '&')
    g_string_append_c (out, '&');
  if (what == CURLUPART_PATH && *text != '/')
    g_string_append_c (out, '/');
  if (flags & CURLU_URLENCODE)
    append_encoded (out, what, text, append);
  else
    append_normal (out, text);

  g_free (u->parts[what]);
  u->parts[what] = g_string_free (g_steal_pointer (&out), FALSE);
}

CURLUcode
curl_url_set (CURLU *u,
              CURLUPart what,
              const char *part,
              unsigned int flags)
{
  if (u == NULL)
    return CURLUE_BAD_HANDLE;
  if ((guint) what >= N_PARTS)
    return CURLUE_UNKNOWN_PART;
  if (part == NULL)
    {
      if (what == CURLUPART_URL)
        clear_parts (u);
      else
        g_clear_pointer (&u->parts[what], g_free);
      return CURLUE_OK;
    }
  if (strnlen (part, MAX_TEXT + 1) > MAX_TEXT)
    return CURLUE_MALFORMED_INPUT;

  switch (what)
    {
    case CURLUPART_URL:
      return set_whole (u, part, flags);
    case CURLUPART_SCHEME:
      return set_scheme (u, part, flags);
    case CURLUPART_HOST:
      return set_host (u, part, flags);
    case CURLUPART_PORT:
      return set_port (u, part);
    case CURLUPART_USER:
    case CURLUPART_PASSWORD:
    case CURLUPART_OPTIONS:
    case CURLUPART_PATH:
    case CURLUPART_QUERY:
    case CURLUPART_FRAGMENT:
    case CURLUPART_ZONEID:
    default:
      set_text (u, what, part, flags);
      return CURLUE_OK;
    }
}
