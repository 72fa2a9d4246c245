/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-config.h"

#include "gm-curl-memory.h"

#include "gm-url.h"

#if HAVE_IDN2
#include <idn2.h>
#endif

/* The URL interface: an URL as parts that can be set one by one. A whole text is taken apart by the engine's parser, so
 * that what is accepted is the same in both; parts are kept as they stand in a text. */

#define N_PARTS (CURLUPART_ZONEID + 1)
#define MAX_TEXT 8000000

struct Curl_URL
{
  char *parts[N_PARTS]; /* (owned) (nullable): [CURLUPART_URL] is unused; the host has brackets if it is IPv6 */
  gboolean guessed; /* nobody said the scheme */
};

static CURLUcode
fault_code (GmUrlFault fault)
{
  switch (fault)
    {
    case GM_URL_FAULT_NO_SCHEME:
      return CURLUE_BAD_SCHEME;
    case GM_URL_FAULT_UNKNOWN_SCHEME:
      return CURLUE_UNSUPPORTED_SCHEME;
    case GM_URL_FAULT_SLASHES:
      return CURLUE_BAD_SLASHES;
    case GM_URL_FAULT_LOGIN:
      return CURLUE_USER_NOT_ALLOWED;
    case GM_URL_FAULT_NO_HOST:
      return CURLUE_NO_HOST;
    case GM_URL_FAULT_HOST_BYTE:
    case GM_URL_FAULT_HOST_TOO_LONG:
    case GM_URL_FAULT_HOST_IDN:
      return CURLUE_BAD_HOSTNAME;
    case GM_URL_FAULT_HOST_IPV6:
    case GM_URL_FAULT_HOST_ZONE:
      return CURLUE_BAD_IPV6;
    case GM_URL_FAULT_NO_IDN:
      return CURLUE_LACKS_IDN;
    case GM_URL_FAULT_FILE_HOST:
      return CURLUE_BAD_FILE_URL;
    case GM_URL_FAULT_PORT:
      return CURLUE_BAD_PORT_NUMBER;
    case GM_URL_FAULT_ESCAPE:
      return CURLUE_URLDECODE;
    case GM_URL_FAULT_NONE:
    case GM_URL_FAULT_EMPTY:
    case GM_URL_FAULT_TOO_LONG:
    case GM_URL_FAULT_CONTROL_BYTE:
    case GM_URL_FAULT_SPACE:
    case GM_N_URL_FAULTS:
    default:
      return CURLUE_MALFORMED_INPUT;
    }
}

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

  return scheme != NULL ? gm_scheme_find (gm_span (scheme, strlen (scheme))) : GM_SCHEME_OTHER;
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

static char *to_unicode (const char *host);

static CURLUcode
assemble (const CURLU *u,
          guint flags,
          char **out)
{
  const char *scheme = u->parts[CURLUPART_SCHEME], *host = u->parts[CURLUPART_HOST];
  const char *path = u->parts[CURLUPART_PATH], *query = u->parts[CURLUPART_QUERY];
  const char *fragment = u->parts[CURLUPART_FRAGMENT], *port;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *own_script = NULL;
  char scratch[8];

  if (scheme == NULL && (flags & CURLU_DEFAULT_SCHEME))
    scheme = "https";
  if (scheme == NULL)
    return CURLUE_NO_SCHEME;
  if (host == NULL && get_scheme (u) != GM_SCHEME_FILE && get_scheme (u) != GM_SCHEME_DATA)
    return CURLUE_NO_HOST;

  if (!(u->guessed && (flags & CURLU_NO_GUESS_SCHEME)))
    g_string_append_printf (text, get_scheme (u) == GM_SCHEME_DATA ? "%s:" : "%s://", scheme);
  if (host != NULL)
    {
      append_login (text, u);
      if (flags & CURLU_PUNY2IDN)
        own_script = to_unicode (host);
      append_host (text, own_script != NULL ? own_script : host, u->parts[CURLUPART_ZONEID]);
      port = shown_port (u, flags, scratch);
      if (port != NULL)
        g_string_append_printf (text, ":%s", port);
    }
  g_string_append (text, path != NULL ? path : "/");
  if (query != NULL && (*query != '\0' || (flags & CURLU_GET_EMPTY)))
    g_string_append_printf (text, "?%s", query);
  if (fragment != NULL && (*fragment != '\0' || (flags & CURLU_GET_EMPTY)))
    g_string_append_printf (text, "#%s", fragment);

  *out = gm_curl_memory_dup (text->str, text->len);
  return *out != NULL ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;
}

static char *
dup_span (GmSpan span)
{
  return g_strndup (span.data, span.len);
}

static void
take_apart (CURLU *u,
            const GmUrl *url)
{
  clear_parts (u);
  u->parts[CURLUPART_SCHEME] = dup_span (gm_url_get_scheme_name (url));
  if (gm_url_has_user (url))
    u->parts[CURLUPART_USER] = dup_span (gm_url_get_user (url));
  if (gm_url_has_password (url))
    u->parts[CURLUPART_PASSWORD] = dup_span (gm_url_get_password (url));
  if (gm_url_get_host (url).len > 0)
    {
      GmSpan host = gm_url_get_host (url);

      u->parts[CURLUPART_HOST] = gm_url_host_is_ipv6 (url) ? g_strdup_printf ("[%.*s]", (int) host.len, host.data)
                                                           : dup_span (host);
    }
  if (gm_url_get_zone (url).len > 0)
    u->parts[CURLUPART_ZONEID] = dup_span (gm_url_get_zone (url));
  if (gm_url_has_port (url))
    u->parts[CURLUPART_PORT] = g_strdup_printf ("%u", gm_url_get_port (url));
  u->parts[CURLUPART_PATH] = dup_span (gm_url_get_path (url));
  if (gm_url_has_query (url))
    u->parts[CURLUPART_QUERY] = dup_span (gm_url_get_query (url));
  if (gm_url_has_fragment (url))
    u->parts[CURLUPART_FRAGMENT] = dup_span (gm_url_get_fragment (url));
}

static GmUrlFlags
parser_flags (guint flags)
{
  return (flags & CURLU_DISALLOW_USER ? GM_URL_NO_USER : 0) | (flags & CURLU_PATH_AS_IS ? GM_URL_PATH_AS_IS : 0) |
         (flags & CURLU_URLENCODE ? GM_URL_ENCODE : 0) |
         (flags & (CURLU_ALLOW_SPACE | CURLU_URLENCODE) ? GM_URL_ALLOW_SPACE : 0) |
         (flags & CURLU_NON_SUPPORT_SCHEME ? GM_URL_ANY_SCHEME : 0);
}

/* What is set already, as a base for a relative text; NULL if it is not whole. */
static GmUrl *
get_base (const CURLU *u)
{
  GmUrl *base = NULL;
  char *text = NULL;

  if (assemble (u, 0, &text) != CURLUE_OK)
    return NULL;
  gm_url_parse (text, strlen (text), GM_URL_ANY_SCHEME | GM_URL_ALLOW_SPACE | GM_URL_PATH_AS_IS, &base);
  curl_free (text);
  return base;
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

static CURLUcode
set_whole (CURLU *u,
           const char *text,
           guint flags)
{
  GmUrlFlags how = parser_flags (flags);
  GmUrlComplaint complaint = { GM_URL_FAULT_NONE, 0 };
  g_autoptr (GmUrl) base = NULL;
  g_autoptr (GmUrl) url = NULL;
  gsize len = strlen (text);
  gboolean guessed = FALSE;
  GmResult result;

  /* wherever it stands, and before anything else is said about it */
  if (has_control_byte (text))
    return CURLUE_MALFORMED_INPUT;
  result = gm_url_parse_full (text, len, how, NULL, &complaint, &url);

  /* without a scheme: relative to what is there, else a host's name if that is wanted */
  if (result != GM_OK && complaint.fault == GM_URL_FAULT_NO_SCHEME && (base = get_base (u)) != NULL)
    result = gm_url_resolve_full (base, text, len, how, &complaint, &url);
  else if (result != GM_OK && (flags & CURLU_DEFAULT_SCHEME))
    result = gm_url_parse_full (text, len, how, "https", &complaint, &url);
  else if (result != GM_OK && (flags & CURLU_GUESS_SCHEME))
    {
      result = gm_url_parse_full (text, len, how | GM_URL_GUESS_SCHEME, NULL, &complaint, &url);
      guessed = TRUE;
    }

  if (result == GM_OUT_OF_MEMORY)
    return CURLUE_OUT_OF_MEMORY;
  if (result != GM_OK)
    return fault_code (complaint.fault);

  take_apart (u, url);
  u->guessed = guessed;
  return CURLUE_OK;
}

/* ---- getting ---- */

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
              char **out)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (const char *p = part; *p != '\0'; p++)
    {
      if ((guchar) *p > ' ' && (guchar) *p < 0x7f)
        g_string_append_c (text, *p);
      else
        g_string_append_printf (text, "%%%02X", (guchar) *p);
    }
  *out = gm_curl_memory_dup (text->str, text->len);
  return *out != NULL ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;
}

/* The text of one part as it is kept, NULL if there is none; @owned is what has to be freed. */
static const char *
find_part (const CURLU *u,
           CURLUPart what,
           guint flags,
           char scratch[8],
           char **owned)
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
    case CURLUPART_HOST:
      if (part != NULL && (flags & CURLU_PUNY2IDN) && (*owned = to_unicode (part)) != NULL)
        return *owned;
      return part;
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
  g_autofree char *owned = NULL;
  const char *text;
  char scratch[8];

  if (u == NULL)
    return CURLUE_BAD_HANDLE;
  if (part == NULL)
    return CURLUE_BAD_PARTPOINTER;
  *part = NULL;
  if ((guint) what >= N_PARTS)
    return CURLUE_UNKNOWN_PART;
  if (what == CURLUPART_URL)
    return assemble (u, flags, part);

  text = find_part (u, what, flags, scratch, &owned);
  if (text == NULL)
    return missing_code (what);
  if ((flags & CURLU_URLDECODE) && what != CURLUPART_SCHEME && what != CURLUPART_PORT)
    return give_decoded (text, what == CURLUPART_QUERY, part);
  if ((flags & CURLU_URLENCODE) && what != CURLUPART_SCHEME && what != CURLUPART_PORT)
    return give_encoded (text, part);

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
  if (gm_scheme_find (span) == GM_SCHEME_OTHER && !(flags & CURLU_NON_SUPPORT_SCHEME))
    return CURLUE_UNSUPPORTED_SCHEME;

  g_free (u->parts[CURLUPART_SCHEME]);
  u->parts[CURLUPART_SCHEME] = g_ascii_strdown (text, -1);
  u->guessed = FALSE;
  return CURLUE_OK;
}

/* Only what the parser takes as a host is one. */
static CURLUcode
set_host (CURLU *u,
          const char *text)
{
  g_autofree char *whole = g_strdup_printf ("http://%s/", text);
  GmUrlComplaint complaint = { GM_URL_FAULT_NONE, 0 };
  g_autoptr (GmUrl) url = NULL;
  GmSpan host;

  if (strpbrk (text, "/?#@\\") != NULL)
    return CURLUE_BAD_HOSTNAME;
  if (gm_url_parse_full (whole, strlen (whole), GM_URL_DEFAULT, NULL, &complaint, &url) != GM_OK)
    return complaint.fault == GM_URL_FAULT_HOST_IPV6 ? CURLUE_BAD_IPV6 : CURLUE_BAD_HOSTNAME;
  if (gm_url_has_port (url))
    return CURLUE_BAD_HOSTNAME;

  host = gm_url_get_host (url);
  g_free (u->parts[CURLUPART_HOST]);
  u->parts[CURLUPART_HOST] = gm_url_host_is_ipv6 (url) ? g_strdup_printf ("[%.*s]", (int) host.len, host.data)
                                                       : dup_span (host);
  if (gm_url_get_zone (url).len > 0)
    {
      g_free (u->parts[CURLUPART_ZONEID]);
      u->parts[CURLUPART_ZONEID] = dup_span (gm_url_get_zone (url));
    }
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
      if (g_ascii_isalnum (*p) || strchr ("-._~", *p) != NULL || (what == CURLUPART_PATH && *p == '/') ||
          (what == CURLUPART_QUERY && *p == '=' && keep_equals) || (what == CURLUPART_QUERY && !appended && strchr ("=&", *p)))
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

static CURLUcode
bad_code (CURLUPart what)
{
  static const guint8 codes[N_PARTS] = {
    [CURLUPART_USER] = CURLUE_BAD_USER,         [CURLUPART_PASSWORD] = CURLUE_BAD_PASSWORD,
    [CURLUPART_OPTIONS] = CURLUE_BAD_LOGIN,     [CURLUPART_PATH] = CURLUE_BAD_PATH,
    [CURLUPART_QUERY] = CURLUE_BAD_QUERY,       [CURLUPART_FRAGMENT] = CURLUE_BAD_FRAGMENT,
    [CURLUPART_ZONEID] = CURLUE_MALFORMED_INPUT,
  };

  return (CURLUcode) codes[what];
}

static CURLUcode
set_text (CURLU *u,
          CURLUPart what,
          const char *text,
          guint flags)
{
  gboolean append = what == CURLUPART_QUERY && (flags & CURLU_APPENDQUERY) && u->parts[what] != NULL;
  g_autoptr (GString) out = g_string_new (NULL);

  if (!(flags & CURLU_URLENCODE) && has_control_byte (text))
    return bad_code (what);

  if (append)
    {
      g_string_append (out, u->parts[what]);
      if (out->len > 0 && out->str[out->len - 1] != '&')
        g_string_append_c (out, '&');
    }
  if (what == CURLUPART_PATH && *text != '/')
    g_string_append_c (out, '/');
  if (flags & CURLU_URLENCODE)
    append_encoded (out, what, text, what == CURLUPART_QUERY && (flags & CURLU_APPENDQUERY));
  else
    g_string_append (out, text);

  g_free (u->parts[what]);
  u->parts[what] = g_string_free (g_steal_pointer (&out), FALSE);
  return CURLUE_OK;
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
      return set_host (u, part);
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
      return set_text (u, what, part, flags);
    }
}
