/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-fields.h"

#include "gm-http-date.h"
#include "gm-http-range.h"

typedef enum
{
  FIELD_OTHER,
  FIELD_ACCEPT_RANGES,
  FIELD_ALT_SVC,
  FIELD_CONNECTION,
  FIELD_CONTENT_DISPOSITION,
  FIELD_CONTENT_ENCODING,
  FIELD_CONTENT_LENGTH,
  FIELD_CONTENT_RANGE,
  FIELD_CONTENT_TYPE,
  FIELD_DATE,
  FIELD_ETAG,
  FIELD_KEEP_ALIVE,
  FIELD_LAST_MODIFIED,
  FIELD_LOCATION,
  FIELD_PROXY_AUTHENTICATE,
  FIELD_PROXY_CONNECTION,
  FIELD_RETRY_AFTER,
  FIELD_SERVER,
  FIELD_SET_COOKIE,
  FIELD_STRICT_TRANSPORT_SECURITY,
  FIELD_TRAILER,
  FIELD_TRANSFER_ENCODING,
  FIELD_UPGRADE,
  FIELD_WWW_AUTHENTICATE,
} Field;

static inline guint64
lowered_word (const char *p)
{
  guint64 word;

  memcpy (&word, p, 8);
  return word | G_GUINT64_CONSTANT (0x2020202020202020);
}

static inline guint32
lowered_half (const char *p)
{
  guint32 half;

  memcpy (&half, p, 4);
  return half | 0x20202020;
}

/* Both have @len bytes. A name consists of token characters, and of those only an upper-case letter gets a lower-case
 * letter by setting bit 5; "-" stays what it is. */
static inline gboolean
matches (const char *name,
         const char *lower,
         gsize len)
{
  gsize i = 0;

  for (; i + 8 <= len; i += 8)
    {
      if (lowered_word (name + i) != lowered_word (lower + i))
        return FALSE;
    }
  if (i < len && len >= 8)
    return lowered_word (name + len - 8) == lowered_word (lower + len - 8);
  if (len >= 4 && len < 8)
    return lowered_half (name) == lowered_half (lower) && lowered_half (name + len - 4) == lowered_half (lower + len - 4);
  for (; i < len; i++)
    {
      if ((name[i] | 0x20) != lower[i])
        return FALSE;
    }

  return TRUE;
}

#define MATCH(literal, field) (matches (name.data, (literal), sizeof (literal) - 1) ? (field) : FIELD_OTHER)

static inline Field
find_field (GmSpan name)
{
  char first = name.len > 0 ? (char) (name.data[0] | 0x20) : '\0';

  switch (name.len)
    {
    case 4:
      return first == 'd' ? MATCH ("date", FIELD_DATE) : MATCH ("etag", FIELD_ETAG);
    case 6:
      return MATCH ("server", FIELD_SERVER);
    case 7:
      if (first == 'a')
        return MATCH ("alt-svc", FIELD_ALT_SVC);
      return first == 't' ? MATCH ("trailer", FIELD_TRAILER) : MATCH ("upgrade", FIELD_UPGRADE);
    case 8:
      return MATCH ("location", FIELD_LOCATION);
    case 10:
      if (first == 'c')
        return MATCH ("connection", FIELD_CONNECTION);
      return first == 's' ? MATCH ("set-cookie", FIELD_SET_COOKIE) : MATCH ("keep-alive", FIELD_KEEP_ALIVE);
    case 11:
      return MATCH ("retry-after", FIELD_RETRY_AFTER);
    case 12:
      return MATCH ("content-type", FIELD_CONTENT_TYPE);
    case 13:
      if (first == 'a')
        return MATCH ("accept-ranges", FIELD_ACCEPT_RANGES);
      return first == 'l' ? MATCH ("last-modified", FIELD_LAST_MODIFIED) : MATCH ("content-range", FIELD_CONTENT_RANGE);
    case 14:
      return MATCH ("content-length", FIELD_CONTENT_LENGTH);
    case 16:
      if (first == 'c')
        return MATCH ("content-encoding", FIELD_CONTENT_ENCODING);
      return first == 'w' ? MATCH ("www-authenticate", FIELD_WWW_AUTHENTICATE)
                          : MATCH ("proxy-connection", FIELD_PROXY_CONNECTION);
    case 17:
      return MATCH ("transfer-encoding", FIELD_TRANSFER_ENCODING);
    case 18:
      return MATCH ("proxy-authenticate", FIELD_PROXY_AUTHENTICATE);
    case 19:
      return MATCH ("content-disposition", FIELD_CONTENT_DISPOSITION);
    case 25:
      return MATCH ("strict-transport-security", FIELD_STRICT_TRANSPORT_SECURITY);
    default:
      return FIELD_OTHER;
    }
}

/* RFC 9110 section 8.6: a list of one same number may be read as that number; anything else is somebody's attack or
 * fault. */
static gboolean
is_number (GmSpan text)
{
  for (gsize i = 0; i < text.len; i++)
    if (!g_ascii_isdigit (text.data[i]))
      return FALSE;

  return text.len > 0;
}

static gboolean
read_content_length (GmHttpFacts *facts,
                     GmSpan value)
{
  do
    {
      const char *comma = memchr (value.data, ',', value.len);
      gsize len = comma != NULL ? (gsize) (comma - value.data) : value.len;
      guint64 length;

      if (gm_span_to_uint64 (gm_span_strip (gm_span (value.data, len)), G_MAXINT64, &length))
        {
          if ((facts->flags & GM_HTTP_LENGTH_OVERFLOW) != 0 ||
              (facts->content_length >= 0 && facts->content_length != (gint64) length))
            return FALSE;
          facts->content_length = (gint64) length;
        }
      /* RFC 9110 section 8.6: nobody can send so much; the body ends when the server is done. */
      else if (facts->content_length < 0 && is_number (gm_span_strip (gm_span (value.data, len))))
        facts->flags |= GM_HTTP_LENGTH_OVERFLOW;
      else
        return FALSE;
      if (comma == NULL)
        return TRUE;
      value.data += len + 1;
      value.len -= len + 1;
    }
  while (TRUE);
}

static guint32
read_connection (GmSpan list)
{
  guint32 flags = 0;
  GmSpan token;

  /* The usual spelling, for nearly every answer has this field. */
  if (gm_span_equal (list, GM_SPAN ("keep-alive")))
    return GM_HTTP_KEEP_ALIVE;

  while (gm_span_cut_element (&list, &token))
    {
      if (gm_span_equal_nocase (token, GM_SPAN ("keep-alive")))
        flags |= GM_HTTP_KEEP_ALIVE;
      else if (gm_span_equal_nocase (token, GM_SPAN ("close")))
        flags |= GM_HTTP_CLOSE;
      else if (gm_span_equal_nocase (token, GM_SPAN ("upgrade")))
        flags |= GM_HTTP_UPGRADE;
    }

  return flags;
}

static void
read_proxy_connection (GmHttpFacts *facts,
                       GmSpan list)
{
  guint32 flags = read_connection (list);

  if (flags & GM_HTTP_CLOSE)
    facts->flags |= GM_HTTP_PROXY_CLOSE;
  if (flags & GM_HTTP_KEEP_ALIVE)
    facts->flags |= GM_HTTP_PROXY_KEEP_ALIVE;
}

/* Several such fields are one list. What comes behind chunked cannot be undone by anyone, so it is a coding we do not
 * know. */
static void
read_transfer_encoding (GmHttpFacts *facts,
                        GmSpan list)
{
  GmSpan coding;

  facts->flags |= GM_HTTP_TRANSFER_ENCODING;
  while (gm_span_cut_element (&list, &coding))
    {
      if (facts->flags & GM_HTTP_CHUNKED)
        facts->flags |= GM_HTTP_OTHER_CODING | GM_HTTP_BEHIND_CHUNKED;
      else if (gm_span_equal_nocase (coding, GM_SPAN ("chunked")))
        facts->flags |= GM_HTTP_CHUNKED;
      else if (!gm_span_equal_nocase (coding, GM_SPAN ("identity")))
        facts->flags |= GM_HTTP_OTHER_CODING;
    }
}

static gint32
read_parameter (GmSpan element,
                GmSpan name,
                gint32 old)
{
  guint64 value;

  if (element.len <= name.len || !gm_span_equal_nocase (gm_span (element.data, name.len), name) ||
      !gm_span_to_uint64 (gm_span (element.data + name.len, element.len - name.len), G_MAXINT32, &value))
    return old;

  return (gint32) value;
}

static void
read_keep_alive (GmHttpFacts *facts,
                 GmSpan list)
{
  GmSpan element;

  while (gm_span_cut_element (&list, &element))
    {
      facts->keep_alive_timeout = read_parameter (element, GM_SPAN ("timeout="), facts->keep_alive_timeout);
      facts->keep_alive_max = read_parameter (element, GM_SPAN ("max="), facts->keep_alive_max);
    }
}

static void
read_accept_ranges (GmHttpFacts *facts,
                    GmSpan list)
{
  if (gm_span_equal (list, GM_SPAN ("bytes")) || gm_span_has_token (list, GM_SPAN ("bytes")))
    facts->flags |= GM_HTTP_ACCEPT_RANGES;
  else if (gm_span_has_token (list, GM_SPAN ("none")))
    facts->flags |= GM_HTTP_ACCEPT_NO_RANGES;
}

static void
read_content_range (GmHttpFacts *facts,
                    GmSpan value)
{
  gint64 start;
  gint64 end;
  gint64 total;

  if (!gm_http_content_range_parse (value, &start, &end, &total))
    {
      facts->flags |= GM_HTTP_BAD_CONTENT_RANGE;
      return;
    }
  if ((facts->flags & GM_HTTP_CONTENT_RANGE) &&
      (facts->range_start != start || facts->range_end != end || facts->range_total != total))
    {
      facts->flags |= GM_HTTP_BAD_CONTENT_RANGE;
      return;
    }
  facts->flags |= GM_HTTP_CONTENT_RANGE;
  facts->range_start = start;
  facts->range_end = end;
  facts->range_total = total;
}

static inline void
keep_first (guint16 *fact,
            guint index)
{
  if (*fact == 0)
    *fact = (guint16) (index + 1);
}

/* The fields that are only remembered. */
static inline void
remember (GmHttpFacts *facts,
          Field field,
          guint index)
{
  static const guint16 members[] = {
    [FIELD_ALT_SVC] = G_STRUCT_OFFSET (GmHttpFacts, alt_svc),
    [FIELD_CONTENT_DISPOSITION] = G_STRUCT_OFFSET (GmHttpFacts, content_disposition),
    [FIELD_CONTENT_ENCODING] = G_STRUCT_OFFSET (GmHttpFacts, content_encoding),
    [FIELD_CONTENT_TYPE] = G_STRUCT_OFFSET (GmHttpFacts, content_type),
    [FIELD_DATE] = G_STRUCT_OFFSET (GmHttpFacts, date),
    [FIELD_ETAG] = G_STRUCT_OFFSET (GmHttpFacts, etag),
    [FIELD_LAST_MODIFIED] = G_STRUCT_OFFSET (GmHttpFacts, last_modified),
    [FIELD_LOCATION] = G_STRUCT_OFFSET (GmHttpFacts, location),
    [FIELD_PROXY_AUTHENTICATE] = G_STRUCT_OFFSET (GmHttpFacts, proxy_authenticate),
    [FIELD_RETRY_AFTER] = G_STRUCT_OFFSET (GmHttpFacts, retry_after),
    [FIELD_SERVER] = G_STRUCT_OFFSET (GmHttpFacts, server),
    [FIELD_SET_COOKIE] = G_STRUCT_OFFSET (GmHttpFacts, set_cookie),
    [FIELD_STRICT_TRANSPORT_SECURITY] = G_STRUCT_OFFSET (GmHttpFacts, strict_transport_security),
    [FIELD_TRAILER] = G_STRUCT_OFFSET (GmHttpFacts, trailer),
    [FIELD_UPGRADE] = G_STRUCT_OFFSET (GmHttpFacts, upgrade),
    [FIELD_WWW_AUTHENTICATE] = G_STRUCT_OFFSET (GmHttpFacts, www_authenticate),
  };

  keep_first (&G_STRUCT_MEMBER (guint16, facts, members[field]), index);
}

static GmResult
collect_one (GmHttpFacts *facts,
             const GmHeaders *headers,
             guint index)
{
  GmSpan value = gm_headers_get_value (headers, index);
  Field field = find_field (gm_headers_get_name (headers, index));

  switch (field)
    {
    case FIELD_OTHER:
      break;
    case FIELD_CONTENT_LENGTH:
      return read_content_length (facts, value) ? GM_OK : GM_HTTP_BAD_LENGTH;
    case FIELD_CONNECTION:
      facts->flags |= read_connection (value);
      break;
    case FIELD_PROXY_CONNECTION:
      read_proxy_connection (facts, value);
      break;
    case FIELD_TRANSFER_ENCODING:
      read_transfer_encoding (facts, value);
      break;
    case FIELD_KEEP_ALIVE:
      read_keep_alive (facts, value);
      break;
    case FIELD_ACCEPT_RANGES:
      read_accept_ranges (facts, value);
      break;
    case FIELD_CONTENT_RANGE:
      read_content_range (facts, value);
      break;
    case FIELD_SET_COOKIE:
      facts->n_set_cookie++;
      remember (facts, field, index);
      break;
    case FIELD_ALT_SVC:
    case FIELD_CONTENT_DISPOSITION:
    case FIELD_CONTENT_ENCODING:
    case FIELD_CONTENT_TYPE:
    case FIELD_DATE:
    case FIELD_ETAG:
    case FIELD_LAST_MODIFIED:
    case FIELD_LOCATION:
    case FIELD_PROXY_AUTHENTICATE:
    case FIELD_RETRY_AFTER:
    case FIELD_SERVER:
    case FIELD_STRICT_TRANSPORT_SECURITY:
    case FIELD_TRAILER:
    case FIELD_UPGRADE:
    case FIELD_WWW_AUTHENTICATE:
    default:
      remember (facts, field, index);
      break;
    }

  return GM_OK;
}

GmResult
gm_http_facts_collect (GmHttpFacts *facts,
                       const GmHeaders *headers,
                       guint first,
                       guint n)
{
  GmResult result = GM_OK;

  memset (facts, 0, sizeof *facts);
  facts->keep_alive_timeout = -1;
  facts->keep_alive_max = -1;
  facts->content_length = -1;
  facts->range_start = -1;
  facts->range_end = -1;
  facts->range_total = -1;

  for (guint i = first; i < first + n; i++)
    {
      GmResult one = collect_one (facts, headers, i);

      /* The rest is read all the same, for those who overlook a bad length. */
      if (G_UNLIKELY (one != GM_OK))
        result = one;
    }

  return result;
}

/* RFC 9112 section 9.3. */
static gboolean
is_persistent (const GmHttpFacts *facts,
               guint version)
{
  if (facts->flags & (GM_HTTP_CLOSE | GM_HTTP_PROXY_CLOSE))
    return FALSE;

  return version >= 11 || (version == 10 && (facts->flags & (GM_HTTP_KEEP_ALIVE | GM_HTTP_PROXY_KEEP_ALIVE)) != 0);
}

static gboolean
has_no_body (guint status,
             GmHttpAsked asked)
{
  return asked == GM_HTTP_ASKED_HEAD || status == 204 || status == 304 || (status >= 100 && status < 200 && status != 101);
}

GmResult
gm_http_body_find (GmHttpBody *body,
                   const GmHttpFacts *facts,
                   guint version,
                   guint status,
                   GmHttpAsked asked)
{
  GmHttpBody found = { .framing = GM_HTTP_BODY_NONE, .length = -1, .reusable = is_persistent (facts, version) };

  if (asked == GM_HTTP_ASKED_CONNECT && status >= 200 && status < 300)
    found.reusable = FALSE;
  else if (has_no_body (status, asked))
    {
      if (status >= 100 && status < 200)
        found.reusable = TRUE;
    }
  else if (status == 101)
    {
      found.framing = GM_HTTP_BODY_UNTIL_CLOSE;
      found.reusable = FALSE;
    }
  else if (facts->flags & GM_HTTP_TRANSFER_ENCODING)
    {
      if (facts->content_length >= 0 || (facts->flags & GM_HTTP_LENGTH_OVERFLOW) != 0)
        return GM_HTTP_BOTH_FRAMINGS;
      if (facts->flags & GM_HTTP_OTHER_CODING)
        return GM_HTTP_BAD_ENCODING;
      found.framing = (facts->flags & GM_HTTP_CHUNKED) ? GM_HTTP_BODY_CHUNKED : GM_HTTP_BODY_UNTIL_CLOSE;
      /* Section 6.1: a 1.0 peer does not know this field, so whoever wrote it may have misread the framing. */
      if (found.framing == GM_HTTP_BODY_UNTIL_CLOSE || version < 11)
        found.reusable = FALSE;
    }
  else if (facts->content_length >= 0)
    {
      found.framing = GM_HTTP_BODY_LENGTH;
      found.length = facts->content_length;
    }
  else
    {
      found.framing = GM_HTTP_BODY_UNTIL_CLOSE;
      found.reusable = FALSE;
    }

  *body = found;
  return GM_OK;
}

gint64
gm_http_retry_after (GmSpan value,
                     gint64 now)
{
  guint64 seconds;
  gint64 date;
  gsize n_digits = 0;

  value = gm_span_strip (value);
  if (gm_http_date_parse (value, now, &date))
    return CLAMP (date - now, 0, G_MAXINT32);

  while (n_digits < value.len && g_ascii_isdigit (value.data[n_digits]))
    n_digits++;
  if (n_digits == 0 || n_digits < value.len)
    return -1;

  return gm_span_to_uint64 (value, G_MAXINT32, &seconds) ? (gint64) seconds : G_MAXINT32;
}
