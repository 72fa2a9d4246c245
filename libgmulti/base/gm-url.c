/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-url.h"

#include "gm-url-host.h"

/* What a byte can mean; a scan over a component collects them, so that the writer knows what it need not look for. */
enum
{
  BYTE_SLASH = 1 << 0,
  BYTE_QUESTION = 1 << 1,
  BYTE_HASH = 1 << 2,
  BYTE_DOT = 1 << 3,
  BYTE_PERCENT = 1 << 4,
  BYTE_SPACE = 1 << 5,
  BYTE_HIGH = 1 << 6,
  BYTE_CONTROL = 1 << 7,
};

static const guint8 byte_classes[256] = {
  [0x00 ... 0x1f] = BYTE_CONTROL,
  [0x7f] = BYTE_CONTROL,
  [0x80 ... 0xff] = BYTE_HIGH,
  [' '] = BYTE_SPACE,
  ['/'] = BYTE_SLASH,
  ['?'] = BYTE_QUESTION,
  ['#'] = BYTE_HASH,
  ['.'] = BYTE_DOT,
  ['%'] = BYTE_PERCENT,
};

static const struct
{
  GmSpan name;
  guint16 port;
} schemes[] = {
  { { "", 0 }, 0 },
#define GM_SCHEME_ENTRY(member, text, default_port) { { text, sizeof (text) - 1 }, default_port },
  GM_SCHEMES (GM_SCHEME_ENTRY)
#undef GM_SCHEME_ENTRY
};

/* The pieces of a text while it is read; spans point into that text. */
typedef struct
{
  const char *text;
  gsize len;
  gsize pos;
  GmUrlFlags flags;
  GmUrlFault fault;
  gsize fault_at;

  GmScheme scheme;
  guint16 port;
  gboolean has_port;
  GmSpan digits; /* of the port, without leading zeros */
  gboolean has_user;
  gboolean has_password;
  gboolean has_query;
  gboolean has_fragment;
  guint8 classes; /* of login, path, query and fragment together */
  guint8 path_classes;
  GmSpan scheme_name;
  GmSpan user;
  GmSpan password;
  GmSpan path;
  GmSpan query;
  GmSpan fragment;
} Reader;

static gboolean
refuse (Reader *reader,
        GmUrlFault fault,
        gsize at)
{
  reader->fault = fault;
  reader->fault_at = at;
  return FALSE;
}

static GmResult
fault_to_result (GmUrlFault fault)
{
  switch (fault)
    {
    case GM_URL_FAULT_NONE:
      return GM_OK;
    case GM_URL_FAULT_TOO_LONG:
      return GM_URL_TOO_LONG;
    case GM_URL_FAULT_UNKNOWN_SCHEME:
      return GM_UNSUPPORTED_SCHEME;
    case GM_URL_FAULT_LOGIN:
      return GM_CREDENTIALS_REFUSED;
    case GM_URL_FAULT_NO_HOST:
    case GM_URL_FAULT_HOST_BYTE:
    case GM_URL_FAULT_HOST_TOO_LONG:
    case GM_URL_FAULT_HOST_IPV6:
    case GM_URL_FAULT_HOST_ZONE:
    case GM_URL_FAULT_HOST_IDN:
    case GM_URL_FAULT_NO_IDN:
    case GM_URL_FAULT_FILE_HOST:
      return GM_BAD_HOST;
    case GM_URL_FAULT_PORT:
      return GM_BAD_PORT;
    case GM_URL_FAULT_EMPTY:
    case GM_URL_FAULT_CONTROL_BYTE:
    case GM_URL_FAULT_SPACE:
    case GM_URL_FAULT_NO_SCHEME:
    case GM_URL_FAULT_SLASHES:
    case GM_URL_FAULT_ESCAPE:
    case GM_N_URL_FAULTS:
    default:
      return GM_BAD_URL;
    }
}

const char *
gm_url_fault_name (GmUrlFault fault)
{
  static const char *const names[] = {
#define GM_URL_FAULT_NAME(name) #name,
    GM_URL_FAULTS (GM_URL_FAULT_NAME)
#undef GM_URL_FAULT_NAME
  };

  return (guint) fault < G_N_ELEMENTS (names) ? names[fault] : "?";
}

/* --- schemes --- */

GmScheme
gm_scheme_find (GmSpan name)
{
  for (guint i = 1; i < G_N_ELEMENTS (schemes); i++)
    {
      const char *known = schemes[i].name.data;
      gsize k = 0;

      if (schemes[i].name.len != name.len)
        continue;
      while (k < name.len && gm_ascii_lower (name.data[k]) == known[k])
        k++;
      if (k == name.len)
        return (GmScheme) i;
    }
  return GM_SCHEME_OTHER;
}

const char *
gm_scheme_get_name (GmScheme scheme)
{
  return (guint) scheme < G_N_ELEMENTS (schemes) ? schemes[scheme].name.data : "";
}

guint16
gm_scheme_get_port (GmScheme scheme)
{
  return (guint) scheme < G_N_ELEMENTS (schemes) ? schemes[scheme].port : 0;
}

/* How many bytes in front can be a scheme (RFC 3986, 3.1). */
static gsize
measure_scheme_bytes (const char *text,
                      gsize len)
{
  static const guint8 anywhere[256] = {
    ['a' ... 'z'] = 1, ['A' ... 'Z'] = 1, ['0' ... '9'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1,
  };
  gsize i = 0;

  if (len == 0 || !g_ascii_isalpha (text[0]))
    return 0;
  while (i < len && anywhere[(guchar) text[i]] != 0)
    i++;
  return i;
}

/* Length of a scheme in front of a ':', 0 if the text has none. */
static gsize
measure_scheme (const char *text,
                gsize len)
{
  gsize i = measure_scheme_bytes (text, MIN (len, GM_URL_SCHEME_MAX + 1));

  return i < len && text[i] == ':' && i <= GM_URL_SCHEME_MAX ? i : 0;
}

/* --- reading --- */

/* "http://" or "https://" and something behind it, which nearly all begin with: told at a glance. */
static gboolean
read_usual_scheme (Reader *reader)
{
  const char *text = reader->text;

  if (reader->len < 8 || memcmp (text, "http", 4) != 0)
    return FALSE;
  if (text[4] == ':' && text[5] == '/' && text[6] == '/')
    reader->scheme = GM_SCHEME_HTTP;
  else if (text[4] == 's' && text[5] == ':' && text[6] == '/' && text[7] == '/')
    reader->scheme = GM_SCHEME_HTTPS;
  else
    return FALSE;

  reader->scheme_name = schemes[reader->scheme].name;
  reader->pos = reader->scheme_name.len + 1;
  return TRUE;
}

/* "name:", or the one to assume. With an assumed one to fall back to, "host:80" must not pass for a scheme. */
static gboolean
read_scheme (Reader *reader,
             const char *default_scheme)
{
  gboolean may_lack = default_scheme != NULL || (reader->flags & GM_URL_GUESS_SCHEME) != 0;
  GmSpan name;
  gsize len;

  if (read_usual_scheme (reader))
    return TRUE;

  len = measure_scheme (reader->text, reader->len);
  name = gm_span (reader->text, len);
  if (len > 0)
    {
      reader->scheme = gm_scheme_find (name);
      if (may_lack && reader->scheme != GM_SCHEME_DATA && (len + 1 >= reader->len || reader->text[len + 1] != '/'))
        len = 0;
    }
  if (len > 0)
    {
      reader->scheme_name = name;
      reader->pos = len + 1;
    }
  else if (!may_lack)
    return refuse (reader, GM_URL_FAULT_NO_SCHEME, 0);
  else if (default_scheme != NULL)
    {
      reader->scheme_name = gm_span (default_scheme, strlen (default_scheme));
      if (reader->scheme_name.len == 0 || reader->scheme_name.len > GM_URL_SCHEME_MAX
          || measure_scheme_bytes (default_scheme, reader->scheme_name.len) != reader->scheme_name.len)
        return refuse (reader, GM_URL_FAULT_NO_SCHEME, 0);
      reader->scheme = gm_scheme_find (reader->scheme_name);
    }
  else
    {
      reader->scheme = GM_SCHEME_HTTP; /* until the host is known */
      return TRUE;
    }
  if (reader->scheme != GM_SCHEME_OTHER)
    reader->scheme_name = schemes[reader->scheme].name;
  else if ((reader->flags & GM_URL_ANY_SCHEME) == 0)
    return refuse (reader, GM_URL_FAULT_UNKNOWN_SCHEME, 0);
  return TRUE;
}

/* "ftp.example.com/x" says what it wants. */
static void
guess_scheme (Reader *reader,
              const GmUrlHost *host)
{
  static const GmScheme speaking[] = {
    GM_SCHEME_FTP, GM_SCHEME_DICT, GM_SCHEME_LDAP, GM_SCHEME_IMAP, GM_SCHEME_SMTP, GM_SCHEME_POP3,
  };

  for (guint i = 0; i < G_N_ELEMENTS (speaking); i++)
    {
      GmSpan name = schemes[speaking[i]].name;

      if (host->len > name.len && host->text[name.len] == '.' && memcmp (host->text, name.data, name.len) == 0)
        reader->scheme = speaking[i];
    }
  reader->scheme_name = schemes[reader->scheme].name;
}

/* Bytes from @pos to the first one of a class in @stop, or the end; what they were is added to @classes. */
static inline GmSpan
scan (const Reader *reader,
      gsize pos,
      guint8 stop,
      guint8 *classes)
{
  const char *start = reader->text + pos;
  const char *end = reader->text + reader->len;
  const char *p = start;
  guint8 found = 0;

  for (; p < end; p++)
    {
      guint8 byte = byte_classes[(guchar) *p];

      if ((byte & stop) != 0)
        break;
      found |= byte;
    }
  *classes |= found;
  return gm_span (start, (gsize) (p - start));
}

/* Path, query and fragment. An opaque path goes on up to the fragment. */
static void
read_rest (Reader *reader,
           gboolean opaque)
{
  gsize pos = reader->pos;
  guint8 stop = BYTE_HASH | (opaque ? 0 : BYTE_QUESTION);

  reader->path = scan (reader, pos, stop, &reader->path_classes);
  reader->classes |= reader->path_classes;
  pos += reader->path.len;
  if (pos < reader->len && reader->text[pos] == '?')
    {
      reader->has_query = TRUE;
      reader->query = scan (reader, pos + 1, BYTE_HASH, &reader->classes);
      pos += 1 + reader->query.len;
    }
  if (pos < reader->len)
    {
      reader->has_fragment = TRUE;
      reader->fragment = scan (reader, pos + 1, 0, &reader->classes);
    }
}

/* The first byte of a class that nobody takes, where the scans have seen one. */
static gboolean
check_bytes (Reader *reader)
{
  guint8 forbidden = BYTE_CONTROL | ((reader->flags & GM_URL_ALLOW_SPACE) == 0 ? BYTE_SPACE : 0);

  if ((reader->classes & forbidden) == 0)
    return TRUE;
  for (gsize i = 0; i < reader->len; i++)
    {
      guint8 byte = byte_classes[(guchar) reader->text[i]];

      if ((byte & forbidden) != 0)
        return refuse (reader, byte == BYTE_SPACE ? GM_URL_FAULT_SPACE : GM_URL_FAULT_CONTROL_BYTE, i);
    }
  return TRUE;
}

/* "user:password@" in front. The first '@' ends it: a second one then spoils the host, for whoever wrote two of them
 * meant something that we cannot know. */
static gboolean
read_login (Reader *reader,
            GmSpan *authority)
{
  const char *at = authority->len > 0 ? memchr (authority->data, '@', authority->len) : NULL;
  const char *colon;
  gsize len;

  if (at == NULL)
    return TRUE;
  if ((reader->flags & GM_URL_NO_USER) != 0)
    return refuse (reader, GM_URL_FAULT_LOGIN, (gsize) (authority->data - reader->text));

  len = (gsize) (at - authority->data);
  reader->has_user = TRUE;
  reader->user = gm_span (authority->data, len);
  colon = len > 0 ? memchr (authority->data, ':', len) : NULL;
  if (colon != NULL)
    {
      reader->has_password = TRUE;
      reader->user.len = (gsize) (colon - authority->data);
      reader->password = gm_span (colon + 1, (gsize) (at - colon) - 1);
    }
  for (gsize i = 0; i < len; i++)
    reader->classes |= byte_classes[(guchar) authority->data[i]] & (BYTE_CONTROL | BYTE_SPACE | BYTE_HIGH);
  *authority = gm_span (at + 1, authority->len - len - 1);
  return TRUE;
}

/* @digits begins behind the ':'. Nothing there is as no port, unless the text had no scheme: "http:/x" gone wrong. */
static gboolean
read_port (Reader *reader,
           GmSpan digits,
           gboolean assumed_scheme)
{
  gsize at = (gsize) (digits.data - reader->text);
  guint32 port = 0;

  if (digits.len == 0)
    return assumed_scheme ? refuse (reader, GM_URL_FAULT_PORT, at) : TRUE;
  for (gsize i = 0; i < digits.len; i++)
    {
      if (!g_ascii_isdigit (digits.data[i]))
        return refuse (reader, GM_URL_FAULT_PORT, at + i);
      port = port * 10 + (guint32) (digits.data[i] - '0');
      if (port > 65535)
        return refuse (reader, GM_URL_FAULT_PORT, at);
    }
  while (digits.len > 1 && digits.data[0] == '0')
    digits = gm_span (digits.data + 1, digits.len - 1);
  reader->has_port = TRUE;
  reader->port = (guint16) port;
  reader->digits = digits;
  return TRUE;
}

/* "host:port" or "[address]:port". */
static gboolean
read_host_and_port (Reader *reader,
                    GmUrlHost *host,
                    GmSpan text,
                    gboolean assumed_scheme)
{
  gboolean bracketed = text.len > 0 && text.data[0] == '[';
  gsize at = (gsize) (text.data - reader->text);
  gsize host_end;
  gsize fault_at = 0;
  GmUrlFault fault;

  if (bracketed)
    {
      const char *close = memchr (text.data, ']', text.len);

      if (close == NULL)
        return refuse (reader, GM_URL_FAULT_HOST_IPV6, at);
      host_end = (gsize) (close - text.data) + 1;
      at++;
      fault = gm_url_host_read_ipv6 (host, gm_span (text.data + 1, host_end - 2), &fault_at);
    }
  else
    {
      for (host_end = 0; host_end < text.len && text.data[host_end] != ':'; host_end++)
        ;
      fault = gm_url_host_read_name (host, gm_span (text.data, host_end), &fault_at);
    }
  if (fault != GM_URL_FAULT_NONE)
    return refuse (reader, fault, at + fault_at);
  if (host_end == text.len)
    return TRUE;
  if (text.data[host_end] != ':')
    return refuse (reader, GM_URL_FAULT_PORT, (gsize) (text.data - reader->text) + host_end);
  return read_port (reader, gm_span (text.data + host_end + 1, text.len - host_end - 1), assumed_scheme);
}

/* A scheme with a host, from behind the ':', or from the start if the scheme is assumed. libcurl and browsers take one
 * to three slashes there. */
static gboolean
read_hierarchical (Reader *reader,
                   GmUrlHost *host)
{
  gboolean assumed_scheme = reader->pos == 0;
  guint8 ignored = 0;
  GmSpan authority;

  if (!assumed_scheme)
    {
      gsize start = reader->pos;

      while (reader->pos < reader->len && reader->text[reader->pos] == '/')
        reader->pos++;
      if (reader->pos == start || reader->pos > start + 3)
        return refuse (reader, GM_URL_FAULT_SLASHES, start);
    }
  authority = scan (reader, reader->pos, BYTE_SLASH | BYTE_QUESTION | BYTE_HASH, &ignored);
  reader->pos += authority.len;
  if (!read_login (reader, &authority) || !read_host_and_port (reader, host, authority, assumed_scheme))
    return FALSE;
  if (reader->scheme_name.len == 0)
    guess_scheme (reader, host);
  if (!reader->has_port)
    reader->port = schemes[reader->scheme].port;
  read_rest (reader, FALSE);
  return check_bytes (reader);
}

/* RFC 8089: "file:/path", "file:///path", "file://localhost/path". */
static gboolean
read_file (Reader *reader)
{
  gsize start = reader->pos;

  if (start > 0 && reader->len - start >= 2 && memcmp (reader->text + start, "//", 2) == 0)
    {
      guint8 ignored = 0;
      GmSpan host = scan (reader, start + 2, BYTE_SLASH | BYTE_QUESTION | BYTE_HASH, &ignored);

      if (host.len > 0 && !gm_span_equal_nocase (host, GM_SPAN ("localhost"))
          && !gm_span_equal (host, GM_SPAN ("127.0.0.1")))
        return refuse (reader, GM_URL_FAULT_FILE_HOST, start + 2);
      reader->pos = start + 2 + host.len;
    }
  if (reader->pos >= reader->len || reader->text[reader->pos] != '/')
    return refuse (reader, GM_URL_FAULT_SLASHES, reader->pos);
  read_rest (reader, FALSE);
  return check_bytes (reader);
}

static gboolean
read_all (Reader *reader,
          GmUrlHost *host,
          const char *default_scheme)
{
  host->len = 0;
  host->is_ipv4 = FALSE;
  host->is_ipv6 = FALSE;
  host->zone = gm_span (NULL, 0);

  if (reader->len == 0)
    return refuse (reader, GM_URL_FAULT_EMPTY, 0);
  if (reader->len > GM_URL_LENGTH_MAX)
    return refuse (reader, GM_URL_FAULT_TOO_LONG, GM_URL_LENGTH_MAX);
  if (!read_scheme (reader, default_scheme))
    return FALSE;
  if (reader->scheme == GM_SCHEME_FILE)
    return read_file (reader);
  if (reader->scheme == GM_SCHEME_DATA
      || (reader->scheme == GM_SCHEME_OTHER
          && (reader->len - reader->pos < 2 || memcmp (reader->text + reader->pos, "//", 2) != 0)))
    {
      read_rest (reader, TRUE);
      return check_bytes (reader);
    }
  return read_hierarchical (reader, host);
}

/* --- writing --- */

/* How much longer @span gets by gm_url_write(). */
static gsize
encoding_growth (GmSpan span)
{
  gsize growth = 0;

  for (gsize i = 0; i < span.len; i++)
    if ((byte_classes[(guchar) span.data[i]] & (BYTE_SPACE | BYTE_HIGH)) != 0)
      growth += 2;
  return growth;
}

static inline char *
write_bytes (char *out,
             const char *data,
             gsize len)
{
  if (len > 0)
    memcpy (out, data, len);
  return out + len;
}

static char *
write_encoded (char *out,
               GmSpan span,
               gboolean blank_is_plus)
{
  static const char digits[] = "0123456789abcdef";

  for (gsize i = 0; i < span.len; i++)
    {
      guchar c = (guchar) span.data[i];

      if (c == ' ' && blank_is_plus)
        *out++ = '+';
      else if ((byte_classes[c] & (BYTE_SPACE | BYTE_HIGH)) != 0)
        {
          *out++ = '%';
          *out++ = digits[c >> 4];
          *out++ = digits[c & 15];
        }
      else
        *out++ = (char) c;
    }
  return out;
}

static inline char *
write_span (char *out,
            GmSpan span,
            gboolean encode,
            gboolean blank_is_plus)
{
  return encode ? write_encoded (out, span, blank_is_plus) : write_bytes (out, span.data, span.len);
}

/* How many dots the segment at @p is, 1 or 2, or 0 if it is an ordinary one. "%2e" is a dot (RFC 3986, 6.2.2.2), for
 * servers think so. */
static guint
count_dots (const char *p,
            const char *end)
{
  guint dots = 0;

  while (p < end)
    {
      if (*p == '.')
        p++;
      else if (end - p >= 3 && p[0] == '%' && p[1] == '2' && (p[2] == 'e' || p[2] == 'E'))
        p += 3;
      else
        return 0;
      dots++;
    }
  return dots <= 2 ? dots : 0;
}

/* RFC 3986, 5.2.4, in place, on a path that begins with '/'; answers its new end. */
static char *
remove_dot_segments (char *path,
                     char *end)
{
  char *out = path;
  char *in = path;

  while (in < end)
    {
      char *segment = in + 1;
      char *next = memchr (segment, '/', (gsize) (end - segment));
      guint dots;

      if (next == NULL)
        next = end;
      dots = count_dots (segment, next);
      if (dots == 2 && out > path)
        while (*--out != '/')
          ;
      if (dots == 0)
        {
          memmove (out, in, (gsize) (next - in));
          out += next - in;
        }
      else if (next == end)
        *out++ = '/';
      in = next;
    }
  return out;
}

/* Whether a segment can begin with a dot: worth the walk. */
static gboolean
may_have_dot_segments (const Reader *reader)
{
  const char *p = reader->path.data;
  const char *end = p + reader->path.len;

  if ((reader->path_classes & (BYTE_DOT | BYTE_PERCENT)) == 0 || (reader->flags & GM_URL_PATH_AS_IS) != 0)
    return FALSE;
  for (; p + 1 < end; p++)
    if (*p == '/' && (p[1] == '.' || p[1] == '%'))
      return TRUE;
  return FALSE;
}

static inline GmUrlPiece
piece (const GmUrl *url,
       const char *start,
       const char *end)
{
  return (GmUrlPiece){ (guint32) (start - url->text), (guint32) (end - start) };
}

static char *
write_port (char *out,
            GmSpan digits)
{
  *out++ = ':';
  return write_bytes (out, digits.data, digits.len);
}

static char *
write_login (GmUrl *url,
             const Reader *reader,
             gboolean encode,
             char *out)
{
  char *start = out;

  out = write_span (out, reader->user, encode, FALSE);
  url->has_user = TRUE;
  url->user = piece (url, start, out);
  if (reader->has_password)
    {
      *out++ = ':';
      start = out;
      out = write_span (out, reader->password, encode, FALSE);
      url->has_password = TRUE;
      url->password = piece (url, start, out);
    }
  *out++ = '@';
  return out;
}

/* "host:port" in the text, and with it what a Host field says, if the two are the same. */
static char *
write_host (GmUrl *url,
            const Reader *reader,
            const GmUrlHost *host,
            char *out)
{
  char *start = out;
  char *bare_end;

  if (host->is_ipv6)
    *out++ = '[';
  out = write_bytes (out, host->text, host->len);
  url->host = piece (url, host->is_ipv6 ? start + 1 : start, out);
  if (host->zone.len > 0)
    {
      out = write_bytes (out, "%25", 3);
      url->zone = piece (url, out, out + host->zone.len);
      out = write_bytes (out, host->zone.data, host->zone.len);
    }
  if (host->is_ipv6)
    *out++ = ']';
  bare_end = out;
  if (reader->has_port)
    out = write_port (out, reader->digits);
  url->host_header = piece (url, start, reader->port == schemes[reader->scheme].port ? bare_end : out);
  return out;
}

/* Behind the text: the Host field of a host with a zone id, which is nobody else's business (RFC 6874, 4). */
static void
write_host_header_aside (GmUrl *url,
                         const Reader *reader,
                         const GmUrlHost *host,
                         char *out)
{
  char *start = out;

  *out++ = '[';
  out = write_bytes (out, host->text, host->len);
  *out++ = ']';
  if (reader->has_port && reader->port != schemes[reader->scheme].port)
    out = write_port (out, reader->digits);
  url->host_header = piece (url, start, out);
}

/* Its path begins with '/' and can be walked. file: has no host that counts, but such a path. */
static gboolean
is_hierarchical (const GmUrl *url)
{
  return url->host.len > 0 || url->scheme == GM_SCHEME_FILE;
}

static char *
write_rest (GmUrl *url,
            const Reader *reader,
            gboolean encode,
            char *out)
{
  char *start = out;

  if (reader->path.len == 0 && url->host.len > 0)
    *out++ = '/';
  out = write_span (out, reader->path, encode, FALSE);
  if (is_hierarchical (url) && may_have_dot_segments (reader))
    out = remove_dot_segments (start, out);
  url->path = piece (url, start, out);
  url->target.offset = url->path.offset;
  if (reader->has_query)
    {
      *out++ = '?';
      start = out;
      out = write_span (out, reader->query, encode, TRUE);
      url->has_query = TRUE;
      url->query = piece (url, start, out);
    }
  url->target.len = (guint32) (out - url->text) - url->target.offset;
  if (reader->has_fragment)
    {
      *out++ = '#';
      start = out;
      out = write_span (out, reader->fragment, encode, FALSE);
      url->has_fragment = TRUE;
      url->fragment = piece (url, start, out);
    }
  return out;
}

/* Punctuation: "://" ":" "@" "[" "%25" "]" ":65535" "/" "?" "#" and NUL. */
#define TEXT_SLACK 24

/* All that the text can need, and a little more. */
static gsize
measure (const Reader *reader,
         const GmUrlHost *host,
         gboolean encode)
{
  gsize size = reader->len + reader->scheme_name.len + host->len + TEXT_SLACK;

  if (host->zone.len > 0)
    size += host->len + 8;
  if (encode)
    size += encoding_growth (reader->user) + encoding_growth (reader->password) + encoding_growth (reader->path)
            + encoding_growth (reader->query) + encoding_growth (reader->fragment);
  return size;
}

static GmResult
build (const Reader *reader,
       const GmUrlHost *host,
       GmUrl **out)
{
  gboolean encode = (reader->flags & GM_URL_ENCODE) != 0 && (reader->classes & (BYTE_SPACE | BYTE_HIGH)) != 0;
  GmUrl *url = g_try_malloc (sizeof *url + measure (reader, host, encode));
  char *p;

  if (url == NULL)
    return GM_OUT_OF_MEMORY;
  *url = (GmUrl){ .ref_count = 1, .port = reader->port, .scheme = (guint8) reader->scheme };
  url->has_port = reader->has_port;
  url->host_is_ipv4 = host->is_ipv4;
  url->host_is_ipv6 = host->is_ipv6;
  url->path_has_high = !encode && (reader->path_classes & BYTE_HIGH) != 0;

  p = url->text;
  p = write_bytes (p, reader->scheme_name.data, reader->scheme_name.len);
  url->scheme_len = (guint32) reader->scheme_name.len;
  if (reader->scheme == GM_SCHEME_OTHER)
    for (char *c = url->text; c < p; c++)
      *c = gm_ascii_lower (*c);
  *p++ = ':';
  if (host->len > 0 || reader->scheme == GM_SCHEME_FILE)
    p = write_bytes (p, "//", 2);
  if (reader->has_user)
    p = write_login (url, reader, encode, p);
  if (host->len > 0)
    p = write_host (url, reader, host, p);
  p = write_rest (url, reader, encode, p);
  *p = '\0';
  url->text_len = (guint32) (p - url->text);
  if (host->zone.len > 0)
    write_host_header_aside (url, reader, host, p + 1);
  if (url->text_len > GM_URL_LENGTH_MAX)
    {
      /* By encoding. It could not be read again. */
      gm_url_unref (url);
      return GM_URL_TOO_LONG;
    }
  *out = url;
  return GM_OK;
}

GmResult
gm_url_parse_full (const char *text,
                   gsize len,
                   GmUrlFlags flags,
                   const char *default_scheme,
                   GmUrlComplaint *complaint,
                   GmUrl **out)
{
  Reader reader = { .text = text, .len = len, .flags = flags };
  GmUrlHost host;
  GmResult result;

  if (read_all (&reader, &host, default_scheme))
    result = build (&reader, &host, out);
  else
    result = fault_to_result (reader.fault);
  if (result == GM_URL_TOO_LONG)
    refuse (&reader, GM_URL_FAULT_TOO_LONG, MIN (len, GM_URL_LENGTH_MAX));
  if (complaint != NULL && result != GM_OK)
    *complaint = (GmUrlComplaint){ reader.fault, reader.fault_at };
  return result;
}

GmResult
gm_url_parse (const char *text,
              gsize len,
              GmUrlFlags flags,
              GmUrl **out)
{
  return gm_url_parse_full (text, len, flags, NULL, NULL, out);
}

/* --- relative references --- */

/* The text of all @spans read as one. A complaint counts in the last of them, which began @shift bytes into what the
 * caller was given. */
static GmResult
parse_joined (const GmSpan *spans,
              guint n_spans,
              gsize shift,
              GmUrlFlags flags,
              GmUrlComplaint *complaint,
              GmUrl **out)
{
  GmUrlComplaint own_complaint = { GM_URL_FAULT_TOO_LONG, 0 };
  GmResult result = GM_URL_TOO_LONG;
  gsize head = 0;
  gsize len = 0;

  for (guint i = 0; i < n_spans; i++)
    {
      head = len;
      len += spans[i].len;
    }
  if (len <= GM_URL_LENGTH_MAX)
    {
      g_autofree char *text = g_try_malloc (len + 1);
      char *p = text;

      if (text == NULL)
        return GM_OUT_OF_MEMORY;
      for (guint i = 0; i < n_spans; i++)
        p = write_bytes (p, spans[i].data, spans[i].len);
      result = gm_url_parse_full (text, len, flags, NULL, &own_complaint, out);
      explicit_bzero (text, len); /* there may be a login in it */
    }
  if (complaint != NULL && result != GM_OK)
    {
      complaint->fault = own_complaint.fault;
      complaint->offset = own_complaint.offset >= head ? own_complaint.offset - head + shift : 0;
    }
  return result;
}

/* "http:x" seen from another http: URL: the rest is what counts. Length of what does not, 0 if it is not so. */
static gsize
measure_own_scheme (const GmUrl *base,
                    const char *ref,
                    gsize len)
{
  gsize scheme = measure_scheme (ref, len);

  if (scheme == 0 || !is_hierarchical (base)
      || !gm_span_equal_nocase (gm_span (ref, scheme), gm_url_get_scheme_name (base))
      || (len - scheme >= 3 && memcmp (ref + scheme + 1, "//", 2) == 0))
    return 0;
  return scheme + 1;
}

/* How much of a base's text stands in front of @ref (RFC 3986, 5.2.2 and 5.2.3); FALSE if this base cannot take it. */
static gboolean
measure_kept (const GmUrl *base,
              GmSpan ref,
              gsize *kept)
{
  if (ref.len == 0 || ref.data[0] == '#')
    {
      *kept = base->target.offset + base->target.len;
      return TRUE;
    }
  if (!is_hierarchical (base))
    return FALSE;
  if (ref.len >= 2 && memcmp (ref.data, "//", 2) == 0)
    *kept = base->scheme_len + 1;
  else if (ref.data[0] == '/')
    *kept = base->path.offset;
  else
    {
      *kept = base->path.offset + base->path.len;
      if (ref.data[0] != '?')
        while (base->text[*kept - 1] != '/')
          (*kept)--;
    }
  return TRUE;
}

GmResult
gm_url_resolve_full (const GmUrl *base,
                     const char *ref,
                     gsize len,
                     GmUrlFlags flags,
                     GmUrlComplaint *complaint,
                     GmUrl **out)
{
  gsize skip = measure_own_scheme (base, ref, len);
  GmSpan parts[2] = { { base->text, 0 }, { ref + skip, len - skip } };

  flags &= ~GM_URL_GUESS_SCHEME;
  if (len > GM_URL_LENGTH_MAX || (skip == 0 && measure_scheme (ref, len) > 0))
    return gm_url_parse_full (ref, len, flags, NULL, complaint, out);

  if (!measure_kept (base, parts[1], &parts[0].len))
    {
      if (complaint != NULL)
        *complaint = (GmUrlComplaint){ GM_URL_FAULT_NO_SCHEME, 0 };
      return GM_BAD_URL;
    }
  /* A base of an unusual scheme was taken once, and is again. */
  if (base->scheme == GM_SCHEME_OTHER)
    flags |= GM_URL_ANY_SCHEME;
  /* "../x" is an instruction where it is relative, not a path. */
  if (parts[1].len > 0 && strchr ("/?#", parts[1].data[0]) == NULL)
    flags &= ~GM_URL_PATH_AS_IS;
  return parse_joined (parts, 2, skip, flags, complaint, out);
}

GmResult
gm_url_resolve (const GmUrl *base,
                const char *ref,
                gsize len,
                GmUrlFlags flags,
                GmUrl **out)
{
  return gm_url_resolve_full (base, ref, len, flags, NULL, out);
}

/* --- variants --- */

/* What leaves a normalised text as it is. */
#define VERBATIM (GM_URL_PATH_AS_IS | GM_URL_ALLOW_SPACE | GM_URL_ANY_SCHEME)

GmResult
gm_url_with_fragment (const GmUrl *url,
                      GmSpan fragment,
                      GmUrl **out)
{
  GmSpan parts[] = { gm_url_get_text_without_fragment (url), GM_SPAN ("#"), fragment };

  return parse_joined (parts, fragment.data != NULL ? 3 : 1, 0, VERBATIM, NULL, out);
}

/* Where "host" ends and ":port" or the path begins. */
static gsize
find_host_end (const GmUrl *url)
{
  gsize pos = url->path.offset;

  if (url->has_port)
    while (url->text[--pos] != ':')
      ;
  return pos;
}

/* The text from the path on. */
static GmSpan
get_tail (const GmUrl *url)
{
  return gm_span (url->text + url->path.offset, url->text_len - url->path.offset);
}

GmResult
gm_url_with_port (const GmUrl *url,
                  guint16 port,
                  GmUrl **out)
{
  char digits[GM_DECIMAL_MAX];
  GmSpan parts[4] = {
    { url->text, find_host_end (url) },
    GM_SPAN (":"),
    { digits, gm_decimal_write (digits, port) },
    get_tail (url),
  };

  return url->host.len > 0 ? parse_joined (parts, 4, 0, VERBATIM, NULL, out) : GM_BAD_URL;
}

GmResult
gm_url_with_scheme (const GmUrl *url,
                    GmScheme scheme,
                    GmUrl **out)
{
  const char *name = gm_scheme_get_name (scheme);
  char digits[GM_DECIMAL_MAX];
  gboolean default_port = url->has_port && url->port == schemes[url->scheme].port;
  guint16 port = default_port ? gm_scheme_get_port (scheme) : url->port;
  GmSpan parts[5] = {
    { name, strlen (name) },
    { url->text + url->scheme_len, find_host_end (url) - url->scheme_len },
    { ":", url->has_port ? 1 : 0 },
    { digits, url->has_port ? gm_decimal_write (digits, port) : 0 },
    get_tail (url),
  };

  if (url->host.len == 0 || *name == '\0' || scheme == GM_SCHEME_FILE || scheme == GM_SCHEME_DATA)
    return GM_BAD_URL;
  return parse_joined (parts, 5, 0, VERBATIM, NULL, out);
}

/* Where the host begins, its bracket included. */
static gsize
find_host_start (const GmUrl *url)
{
  return url->host.offset - (url->host_is_ipv6 ? 1 : 0);
}

GmResult
gm_url_without_login (const GmUrl *url,
                      GmUrl **out)
{
  gsize start = url->has_user ? find_host_start (url) : url->scheme_len + 3;
  GmSpan parts[2] = {
    { url->text, url->scheme_len + 3 },
    { url->text + start, url->text_len - start },
  };

  if (!url->has_user)
    {
      *out = gm_url_ref ((GmUrl *) url);
      return GM_OK;
    }
  return parse_joined (parts, 2, 0, VERBATIM, NULL, out);
}

char *
gm_url_dup_log_text (const GmUrl *url)
{
  gsize end = url->target.offset + url->target.len;
  gsize start = url->has_user ? find_host_start (url) : 0;
  gsize kept = url->has_user ? url->scheme_len + 3 : 0;
  char *text = g_malloc (kept + end - start + 1);

  *write_bytes (write_bytes (text, url->text, kept), url->text + start, end - start) = '\0';
  return text;
}

/* --- life, comparing, decoding --- */

GmUrl *
gm_url_ref (GmUrl *url)
{
  g_atomic_int_inc (&url->ref_count);
  return url;
}

void
gm_url_unref (GmUrl *url)
{
  if (!g_atomic_int_dec_and_test (&url->ref_count))
    return;
  if (url->has_password)
    explicit_bzero (url->text, url->text_len);
  g_free (url);
}

gboolean
gm_url_same_origin (const GmUrl *a,
                    const GmUrl *b)
{
  return a->scheme == b->scheme && a->port == b->port && a->host.len > 0
         && gm_span_equal (gm_url_get_host (a), gm_url_get_host (b))
         && gm_span_equal (gm_url_get_zone (a), gm_url_get_zone (b))
         && (a->scheme != GM_SCHEME_OTHER || gm_span_equal (gm_url_get_scheme_name (a), gm_url_get_scheme_name (b)));
}

GmResult
gm_url_unescape (GmSpan span,
                 gboolean refuse_control,
                 char **out,
                 gsize *out_len)
{
  char *text = g_try_malloc (span.len + 1);
  gsize len = 0;

  if (text == NULL)
    return GM_OUT_OF_MEMORY;
  for (gsize i = 0; i < span.len; i++)
    {
      int c = (guchar) span.data[i];

      if (c == '%' && span.len - i > 2 && g_ascii_isxdigit (span.data[i + 1]) && g_ascii_isxdigit (span.data[i + 2]))
        {
          c = g_ascii_xdigit_value (span.data[i + 1]) << 4 | g_ascii_xdigit_value (span.data[i + 2]);
          i += 2;
        }
      if (c == 0 || (refuse_control && byte_classes[c] == BYTE_CONTROL))
        {
          explicit_bzero (text, len);
          g_free (text);
          return GM_BAD_URL;
        }
      text[len++] = (char) c;
    }
  text[len] = '\0';
  *out = text;
  if (out_len != NULL)
    *out_len = len;
  return GM_OK;
}

GmResult
gm_url_dup_user (const GmUrl *url,
                 gboolean refuse_control,
                 char **out)
{
  *out = NULL;
  return url->has_user ? gm_url_unescape (gm_url_get_user (url), refuse_control, out, NULL) : GM_OK;
}

GmResult
gm_url_dup_password (const GmUrl *url,
                     gboolean refuse_control,
                     char **out)
{
  *out = NULL;
  return url->has_password ? gm_url_unescape (gm_url_get_password (url), refuse_control, out, NULL) : GM_OK;
}
