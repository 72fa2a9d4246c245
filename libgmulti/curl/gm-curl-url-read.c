/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-config.h"

#include "gm-curl-url.h"

#include <arpa/inet.h>

/* A whole text into its parts. */

#define MAX_ZONE 15

GmScheme
gm_curl_url_find_scheme (const char *name,
                         gsize len)
{
  GmScheme scheme = gm_scheme_find (gm_span (name, len));

  return scheme == GM_SCHEME_DATA ? GM_SCHEME_OTHER : scheme;
}

gboolean
gm_curl_url_has_options (GmScheme scheme)
{
  return scheme == GM_SCHEME_IMAP || scheme == GM_SCHEME_IMAPS || scheme == GM_SCHEME_POP3 ||
         scheme == GM_SCHEME_POP3S || scheme == GM_SCHEME_SMTP || scheme == GM_SCHEME_SMTPS;
}

gsize
gm_curl_url_scheme_len (const char *text,
                        gboolean slash)
{
  gsize len = 0;

  if (!g_ascii_isalpha (*text))
    return 0;
  while (len <= GM_URL_SCHEME_MAX && (g_ascii_isalnum (text[len]) || (text[len] != '\0' && strchr ("+-.", text[len]))))
    len++;

  return len <= GM_URL_SCHEME_MAX && text[len] == ':' && (!slash || text[len + 1] == '/') ? len : 0;
}

void
gm_curl_url_encode (GString *out,
                    const char *text,
                    gsize len,
                    gboolean query)
{
  for (gsize i = 0; i < len; i++)
    {
      if (text[i] == ' ' && query)
        g_string_append_c (out, '+');
      else if ((guchar) text[i] > ' ' && (guchar) text[i] < 0x7f)
        g_string_append_c (out, text[i]);
      else
        g_string_append_printf (out, "%%%02X", (guchar) text[i]);
    }
}

/* ---- hosts ---- */

/* One number of an IPv4 address as inet_aton () reads it: decimal, 0octal or 0xhexadecimal. */
static gboolean
read_number (const char **pos,
             guint64 *value)
{
  guint base = 10;
  const char *p = *pos;
  gint digit;

  if (!g_ascii_isdigit (*p))
    return FALSE;
  if (*p == '0' && (p[1] == 'x' || p[1] == 'X') && g_ascii_isxdigit (p[2]))
    {
      base = 16;
      p += 2;
    }
  else if (*p == '0')
    base = 8;

  *value = 0;
  for (; (digit = g_ascii_xdigit_value (*p)) >= 0 && digit < (gint) base; p++)
    {
      *value = *value * base + (guint) digit;
      if (*value > G_MAXUINT32)
        return FALSE;
    }
  *pos = p;
  return TRUE;
}

/* The usual spelling of a host that is an IPv4 address in one of its others ("127.1", "0x7f000001"), or NULL. */
static char *
dup_ipv4 (const char *host)
{
  guint64 numbers[4], address = 0;
  guint n = 0;

  do
    {
      if (n == 4 || !read_number (&host, &numbers[n++]))
        return NULL;
    }
  while (*host == '.' && host[1] != '\0' && *host++ == '.');
  if (*host == '.')
    host++;
  if (*host != '\0' || numbers[n - 1] > (G_MAXUINT32 >> (8 * (n - 1))))
    return NULL;

  for (guint i = 0; i + 1 < n; i++)
    {
      if (numbers[i] > 255)
        return NULL;
      address |= numbers[i] << (24 - 8 * i);
    }
  address |= numbers[n - 1];
  return g_strdup_printf ("%u.%u.%u.%u", (guint) (address >> 24), (guint) (address >> 16) & 255,
                          (guint) (address >> 8) & 255, (guint) address & 255);
}

/* "[address]" or "[address%zone]", where the '%' may be "%25". */
static CURLUcode
check_ipv6 (char *host,
            char **zone)
{
  char *end = strchr (host, ']'), *percent = strchr (host, '%');
  char *start = percent != NULL ? percent + 1 : NULL;
  struct in6_addr address;

  if (end == NULL || end[1] != '\0')
    return CURLUE_BAD_IPV6;
  if (start != NULL && g_str_has_prefix (start, "25") && start + 2 < end)
    start += 2;
  if (start != NULL && (start >= end || end - start > MAX_ZONE || g_strcmp0 (start, "25]") == 0))
    return CURLUE_BAD_IPV6;

  *end = '\0';
  if (start != NULL)
    {
      *zone = g_strdup (start);
      *percent = '\0';
    }
  if (inet_pton (AF_INET6, host + 1, &address) == 1)
    {
      strcat (host, "]");
      return CURLUE_OK;
    }

  g_clear_pointer (zone, g_free);
  return CURLUE_BAD_IPV6;
}

CURLUcode
gm_curl_url_check_host (char *host,
                        char **zone)
{
  gsize len = strlen (host);

  if (len == 0)
    return CURLUE_NO_HOST;
  if (*host == '[')
    return check_ipv6 (host, zone);
  if (strcspn (host, " \r\n\t/:#?!@{}[]\\$'\"^`*<>=;,+&()%|") != len)
    return CURLUE_BAD_HOSTNAME;
  /* one dot at the end is the root's */
  if (strcmp (host, ".") == 0 || g_str_has_suffix (host, ".."))
    return CURLUE_BAD_HOSTNAME;

  return CURLUE_OK;
}

/* The host between login and port. */
static CURLUcode
take_host (CURLU *u,
           const char *text)
{
  g_autofree char *host = NULL;
  CURLUcode code;

  if (gm_url_unescape (gm_span (text, strlen (text)), TRUE, &host, NULL) != GM_OK)
    return CURLUE_BAD_HOSTNAME;
  code = gm_curl_url_check_host (host, &u->parts[CURLUPART_ZONEID]);
  if (code != CURLUE_OK)
    return code;

  if (*host == '[')
    {
      struct in6_addr address;
      char text6[INET6_ADDRSTRLEN];

      host[strlen (host) - 1] = '\0';
      inet_pton (AF_INET6, host + 1, &address);
      inet_ntop (AF_INET6, &address, text6, sizeof text6);
      u->parts[CURLUPART_HOST] = g_strdup_printf ("[%s]", text6);
    }
  else if ((u->parts[CURLUPART_HOST] = dup_ipv4 (host)) == NULL)
    u->parts[CURLUPART_HOST] = g_steal_pointer (&host);
  return CURLUE_OK;
}

/* ---- the authority: [user[:password][;options]@]host[:port] ---- */

static void
take_login (CURLU *u,
            const char *login,
            gsize len)
{
  const char *scheme = u->parts[CURLUPART_SCHEME], *end = login + len;
  gboolean with_options = scheme != NULL && gm_curl_url_has_options (gm_curl_url_find_scheme (scheme, strlen (scheme)));
  const char *colon = memchr (login, ':', len);
  const char *semicolon = with_options ? memchr (login, ';', len) : NULL;
  const char *user_end = MIN (colon != NULL ? colon : end, semicolon != NULL ? semicolon : end);

  u->parts[CURLUPART_USER] = g_strndup (login, (gsize) (user_end - login));
  if (colon != NULL)
    {
      const char *stop = semicolon != NULL && semicolon > colon ? semicolon : end;

      u->parts[CURLUPART_PASSWORD] = g_strndup (colon + 1, (gsize) (stop - colon - 1));
    }
  if (semicolon != NULL)
    {
      const char *stop = colon != NULL && colon > semicolon ? colon : end;

      u->parts[CURLUPART_OPTIONS] = g_strndup (semicolon + 1, (gsize) (stop - semicolon - 1));
    }
}

/* Cuts the port from @host. A colon with nothing behind it is none, where it cannot be a scheme's. */
static CURLUcode
take_port (CURLU *u,
           char *host)
{
  char *colon = host;
  guint64 port;

  if (*host == '[')
    {
      colon = strchr (host, ']');
      if (colon == NULL)
        return CURLUE_BAD_IPV6;
      if (*++colon != '\0' && *colon != ':')
        return CURLUE_BAD_PORT_NUMBER;
    }
  colon = strchr (colon, ':');
  if (colon == NULL)
    return CURLUE_OK;

  *colon++ = '\0';
  if (*colon == '\0')
    return u->parts[CURLUPART_SCHEME] != NULL ? CURLUE_OK : CURLUE_BAD_PORT_NUMBER;
  if (!gm_span_to_uint64 (gm_span (colon, strlen (colon)), G_MAXUINT16, &port))
    return CURLUE_BAD_PORT_NUMBER;

  u->parts[CURLUPART_PORT] = g_strdup_printf ("%u", (guint) port);
  return CURLUE_OK;
}

static CURLUcode
take_authority (CURLU *u,
                const char *text,
                gsize len,
                guint flags)
{
  g_autofree char *authority = g_strndup (text, len);
  char *host = strchr (authority, '@');
  CURLUcode code;

  if (host != NULL && (flags & CURLU_DISALLOW_USER))
    return CURLUE_USER_NOT_ALLOWED;
  if (host != NULL)
    take_login (u, authority, (gsize) (host++ - authority));
  else
    host = authority;

  code = take_port (u, host);
  if (code != CURLUE_OK)
    return code;
  if (*host == '\0' && (flags & CURLU_NO_AUTHORITY))
    {
      u->parts[CURLUPART_HOST] = g_strdup ("");
      return CURLUE_OK;
    }

  return take_host (u, host);
}

/* ---- path, query, fragment ---- */

/* How many dots the segment is, 1 or 2, or 0 if it is an ordinary one. */
static guint
count_dots (const char *segment,
            const char *end)
{
  guint dots = 0;

  for (; segment < end && dots < 3; dots++)
    {
      if (*segment == '.')
        segment++;
      else if (end - segment >= 3 && g_ascii_strncasecmp (segment, "%2e", 3) == 0)
        segment += 3;
      else
        return 0;
    }

  return dots <= 2 ? dots : 0;
}

/* RFC 3986, 5.2.4, in place. */
static void
remove_dots (char *path)
{
  char *out = path;
  const char *in = path;

  while (*in == '/')
    {
      const char *segment = in + 1, *next = segment + strcspn (segment, "/");
      guint dots = count_dots (segment, next);

      if (dots == 2)
        {
          while (out > path && *--out != '/')
            ;
        }
      if (dots == 0)
        {
          memmove (out, in, (gsize) (next - in));
          out += next - in;
        }
      else if (*next == '\0')
        *out++ = '/';
      in = next;
    }
  *out = '\0';
}

static char *
dup_piece (const char *text,
           gsize len,
           CURLUPart what,
           guint flags)
{
  GString *out;

  if (!(flags & CURLU_URLENCODE))
    return g_strndup (text, len);

  out = g_string_new (NULL);
  gm_curl_url_encode (out, text, len, what == CURLUPART_QUERY);
  return g_string_free (out, FALSE);
}

static void
take_path (CURLU *u,
           const char *text,
           guint flags)
{
  const char *fragment = strchr (text, '#'), *query;
  gsize len = fragment != NULL ? (gsize) (fragment - text) : strlen (text);
  char *path;

  if (fragment != NULL)
    u->parts[CURLUPART_FRAGMENT] = dup_piece (fragment + 1, strlen (fragment + 1), CURLUPART_FRAGMENT, flags);
  query = memchr (text, '?', len);
  if (query != NULL)
    {
      u->parts[CURLUPART_QUERY] = dup_piece (query + 1, len - (gsize) (query - text) - 1, CURLUPART_QUERY, flags);
      len = (gsize) (query - text);
    }

  path = dup_piece (text, len, CURLUPART_PATH, flags);
  if (!(flags & CURLU_PATH_AS_IS))
    remove_dots (path);
  if (*path == '\0')
    g_clear_pointer (&path, g_free);
  u->parts[CURLUPART_PATH] = path;
}

/* ---- the whole ---- */

/* Only files of this machine: "file:/x", "file:///x", "file://localhost/x" and "file://127.0.0.1/x". */
static CURLUcode
read_file_url (CURLU *u,
               const char *text,
               guint flags)
{
  static const char *const names[] = { "localhost/", "127.0.0.1/" };

  if (text[0] != '/' || text[1] == '\0')
    return CURLUE_BAD_FILE_URL;
  if (text[1] == '/' && text[2] != '/')
    {
      for (gsize i = 0;; i++)
        {
          if (i == G_N_ELEMENTS (names))
            return CURLUE_BAD_FILE_URL;
          if (g_ascii_strncasecmp (text + 2, names[i], strlen (names[i])) == 0)
            {
              text += 1 + strlen (names[i]);
              break;
            }
        }
    }
  else if (text[1] == '/')
    text += 2;

  take_path (u, text, flags);
  return CURLUE_OK;
}

/* Takes the scheme, and finds where the authority begins. */
static CURLUcode
take_scheme (CURLU *u,
             const char **text,
             guint flags)
{
  gsize len = gm_curl_url_scheme_len (*text, (flags & (CURLU_GUESS_SCHEME | CURLU_DEFAULT_SCHEME)) != 0);
  GmScheme scheme = gm_curl_url_find_scheme (*text, len);
  gsize slashes;

  if (len == 0)
    {
      if (!(flags & (CURLU_GUESS_SCHEME | CURLU_DEFAULT_SCHEME)))
        return CURLUE_BAD_SCHEME;
      if (flags & CURLU_DEFAULT_SCHEME)
        u->parts[CURLUPART_SCHEME] = g_strdup ("https");
      return CURLUE_OK;
    }

  u->parts[CURLUPART_SCHEME] = g_ascii_strdown (*text, (gssize) len);
  *text += len + 1;
  if (scheme == GM_SCHEME_FILE)
    return CURLUE_OK;
  if (scheme == GM_SCHEME_OTHER && !(flags & CURLU_NON_SUPPORT_SCHEME))
    return CURLUE_UNSUPPORTED_SCHEME;
  slashes = strspn (*text, "/");
  /* where no host is needed, a third slash is the path's */
  if (scheme == GM_SCHEME_OTHER && (flags & CURLU_NO_AUTHORITY) && slashes > 2)
    slashes = 2;
  if (slashes < 1 || slashes > 3)
    return CURLUE_BAD_SLASHES;

  *text += slashes;
  return CURLUE_OK;
}

/* A name that begins like a protocol's stands for it. */
static void
guess_scheme (CURLU *u)
{
  static const char *const names[] = { "ftp.", "dict.", "ldap.", "imap.", "smtp.", "pop3." };
  const char *host = u->parts[CURLUPART_HOST];

  u->guessed = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (g_ascii_strncasecmp (host, names[i], strlen (names[i])) == 0)
        {
          u->parts[CURLUPART_SCHEME] = g_strndup (names[i], strlen (names[i]) - 1);
          return;
        }
    }
  u->parts[CURLUPART_SCHEME] = g_strdup ("http");
}

static CURLUcode
read_parts (CURLU *u,
            const char *text,
            guint flags)
{
  CURLUcode code = take_scheme (u, &text, flags);
  gsize len;

  if (code != CURLUE_OK)
    return code;
  if (g_strcmp0 (u->parts[CURLUPART_SCHEME], "file") == 0)
    return read_file_url (u, text, flags);

  len = strcspn (text, "/?#");
  if (len == 0 && !(flags & CURLU_NO_AUTHORITY))
    return CURLUE_NO_HOST;
  code = take_authority (u, text, len, flags);
  if (code != CURLUE_OK)
    return code;

  take_path (u, text + len, flags);
  if (u->parts[CURLUPART_SCHEME] == NULL)
    guess_scheme (u);
  return CURLUE_OK;
}

CURLUcode
gm_curl_url_read (CURLU *u,
                  const char *text,
                  guint flags)
{
  struct Curl_URL read = { { NULL }, FALSE };
  CURLUcode code;

  if (*text == '\0')
    return CURLUE_MALFORMED_INPUT;
  for (const guchar *p = (const guchar *) text; *p != '\0'; p++)
    {
      if (*p < ' ' || *p == 0x7f || (*p == ' ' && !(flags & (CURLU_ALLOW_SPACE | CURLU_URLENCODE))))
        return CURLUE_MALFORMED_INPUT;
    }

  code = read_parts (&read, text, flags);
  for (guint i = 0; i < GM_CURL_URL_N_PARTS; i++)
    {
      if (code == CURLUE_OK)
        {
          g_free (u->parts[i]);
          u->parts[i] = read.parts[i];
        }
      else
        g_free (read.parts[i]);
    }
  if (code == CURLUE_OK)
    u->guessed = read.guessed;
  return code;
}
