/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http1-parse.h"
#include "gm-http-chars.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum
{
  STATE_NEW,
  STATE_STATUS_LINE,
  STATE_FIELDS,
};

#define NAME_OF_HTTP "HTTP/"
#define LEN_OF_HTTP (sizeof NAME_OF_HTTP - 1)

const GmHttp1Limits gm_http1_default_limits = {
  .head_bytes = GM_HTTP1_MAX_HEAD,
  .line_bytes = GM_HTTP1_MAX_LINE,
  .fields = GM_HTTP1_MAX_FIELDS,
};

void
gm_http1_head_init (GmHttp1Head *parser,
                    const GmHttp1Limits *limits,
                    guint flags)
{
  memset (parser, 0, sizeof *parser);
  parser->limits = limits != NULL ? limits : &gm_http1_default_limits;
  parser->flags = (guint8) flags;
}

void
gm_http1_head_set_aliases (GmHttp1Head *parser,
                           const GmStringList *aliases)
{
  parser->aliases = aliases;
}

static GmParse
bad (GmResult *why,
     GmResult cause)
{
  *why = cause;
  return GM_PARSE_BAD;
}

/* Nearly every byte of every head passes through one of the next two: sixteen at a time where the processor can. */
#ifdef __SSE2__
/* How many of the sixteen bytes from @p on come before the first control character. */
static inline guint
count_text (const char *p)
{
  __m128i bytes = _mm_loadu_si128 ((const __m128i *) (const void *) p);
  __m128i text = _mm_cmpeq_epi8 (_mm_max_epu8 (bytes, _mm_set1_epi8 (0x20)), bytes);

  return (guint) __builtin_ctz (~(guint) _mm_movemask_epi8 (text));
}

/* How many of them come before the first that is neither a letter nor a hyphen, of which most names are made. */
static inline guint
count_letters (const char *p)
{
  __m128i bytes = _mm_loadu_si128 ((const __m128i *) (const void *) p);
  __m128i lower = _mm_or_si128 (bytes, _mm_set1_epi8 (0x20));
  __m128i letters
    = _mm_and_si128 (_mm_cmpgt_epi8 (lower, _mm_set1_epi8 ('a' - 1)), _mm_cmplt_epi8 (lower, _mm_set1_epi8 ('z' + 1)));
  __m128i name = _mm_or_si128 (letters, _mm_cmpeq_epi8 (bytes, _mm_set1_epi8 ('-')));

  return (guint) __builtin_ctz (~(guint) _mm_movemask_epi8 (name));
}
#endif

/* The first control character at or behind @p, or @end. */
static inline const char *
skip_text (const char *p,
           const char *end)
{
  const guint64 ones = G_GUINT64_CONSTANT (0x0101010101010101);

#ifdef __SSE2__
  for (; end - p >= 16; p += 16)
    {
      guint n = count_text (p);

      if (n < 16)
        return p + n;
    }
#endif
  for (; end - p >= 8; p += 8)
    {
      guint64 word;
      guint64 hits;

      memcpy (&word, p, 8);
      word = GUINT64_FROM_LE (word);
      /* The high bit of each byte below 0x20; bytes above a hit may be marked wrongly, the lowest hit is right. */
      hits = (word - ones * 0x20) & ~word & (ones * 0x80);
      if (hits != 0)
        return p + (__builtin_ctzll (hits) >> 3);
    }
  while (p < end && (guchar) *p >= 0x20)
    p++;

  return p;
}

/* The first character at or behind @p that stands in no name; the sentinel at @end is one. */
static inline const char *
skip_name (const char *p,
           const char *end)
{
#ifdef __SSE2__
  if (end - p >= 16)
    p += count_letters (p);
#endif
  while (gm_http_char_is_token (*p))
    p++;

  return p;
}

/* Finds the end of the physical line that goes on at parser->scan. DONE: *@text_end is its line end, *@next lies behind
 * it. */
static GmParse
find_line_end (GmHttp1Head *parser,
               const GmHeaders *headers,
               guint32 *text_end,
               guint32 *next,
               GmResult *why)
{
  const char *line = headers->data + parser->line;
  const char *end = headers->data + headers->len;
  const char *p = headers->data + parser->scan;
  gsize limit = parser->limits->line_bytes;
  guint len = 1;

  for (p = skip_text (p, end); p < end && *p != '\r' && *p != '\n' && *p != '\0'; p = skip_text (p + 1, end))
    continue;

  /* Complaints come in the order of the bytes, however these were cut: what stands behind the limit does not count. */
  if ((gsize) (p - line) >= limit && p < end)
    return bad (why, GM_HTTP_HEADER_FLOOD);
  if (p < end && *p == '\0')
    return bad (why, GM_HTTP_NUL_IN_HEADER);
  if (p < end && *p == '\n' && (parser->flags & GM_HTTP1_REFUSE_BARE_LF) != 0)
    return bad (why, GM_HTTP_BAD_HEADER);
  if (p < end && *p == '\r')
    {
      len = 2;
      if (p + 1 < end && p[1] != '\n')
        return bad (why, GM_HTTP_BARE_CR);
    }
  if ((gsize) (MIN (p + len, end) - line) > limit)
    return bad (why, GM_HTTP_HEADER_FLOOD);

  parser->scan = (guint32) (p - headers->data);
  if (p + len > end)
    return GM_PARSE_MORE;

  *text_end = parser->scan;
  *next = parser->scan + len;
  return GM_PARSE_DONE;
}

static GmParse
not_http (GmHttp1Head *parser,
          GmResult *why)
{
  if ((parser->flags & GM_HTTP1_ALLOW_09) == 0)
    return bad (why, GM_HTTP_NOT_HTTP);

  parser->version = 9;
  return GM_PARSE_DONE;
}

/* DONE: it begins as one of the aliases, MORE: that may be so, BAD: with none. */
static G_NO_INLINE GmParse
check_aliases (GmHttp1Head *parser,
               const char *p,
               gsize n)
{
  GmParse answer = GM_PARSE_BAD;

  for (const GmStringList *alias = parser->aliases; alias != NULL; alias = alias->next)
    {
      gsize len = alias->data != NULL ? strlen (alias->data) : 0;

      if (len == 0 || !gm_span_equal_nocase (gm_span (p, MIN (n, len)), gm_span (alias->data, MIN (n, len))))
        continue;
      if (n >= len)
        {
          parser->aliased = TRUE;
          return GM_PARSE_DONE;
        }
      answer = GM_PARSE_MORE;
    }

  return answer;
}

/* Passes blank lines, then looks whether the answer speaks HTTP, as early as that can be said. DONE with version 9:
 * no. */
static GmParse
check_beginning (GmHttp1Head *parser,
                 const GmHeaders *headers,
                 GmResult *why)
{
  const char *p = headers->data + parser->line;
  gsize n = headers->len - parser->line;

  while (n > 0 && (*p == '\n' || *p == '\r'))
    {
      guint len = *p == '\n' ? 1 : 2;

      if (len > n)
        return GM_PARSE_MORE;
      if (p[len - 1] != '\n' || parser->n_blank == GM_HTTP1_MAX_BLANK_LINES)
        return not_http (parser, why);
      p += len;
      n -= len;
      parser->n_blank++;
      parser->line += len;
    }

  parser->scan = MAX (parser->scan, parser->line);
  if (n > 0 && memcmp (p, NAME_OF_HTTP, MIN (n, LEN_OF_HTTP)) != 0)
    {
      GmParse answer = parser->aliases != NULL ? check_aliases (parser, p, n) : GM_PARSE_BAD;

      return answer != GM_PARSE_BAD ? answer : not_http (parser, why);
    }

  return n < LEN_OF_HTTP ? GM_PARSE_MORE : GM_PARSE_DONE;
}

static gboolean
is_digit (char c)
{
  return c >= '0' && c <= '9';
}

/* @p stands behind "HTTP/". No check of the length is needed: the line end ends every comparison. */
static GmParse
parse_status_line (GmHttp1Head *parser,
                   GmHeaders *headers,
                   guint32 text_end,
                   GmResult *why)
{
  const char *p = headers->data + parser->line + LEN_OF_HTTP;

  if (G_UNLIKELY (parser->aliased))
    {
      parser->version = 10;
      parser->status = 200;
      parser->reason_offset = text_end;
      return GM_PARSE_DONE;
    }
  if (p[0] != '1' || p[1] != '.' || (p[2] != '0' && p[2] != '1') || p[3] != ' ')
    {
      gboolean one_number = is_digit (p[0]) && p[1] == ' ';
      gboolean two_numbers = is_digit (p[0]) && p[1] == '.' && is_digit (p[2]) && p[3] == ' ';

      return bad (why, one_number || two_numbers ? GM_HTTP_BAD_VERSION : GM_HTTP_BAD_STATUS_LINE);
    }
  parser->version = (guint8) (10 + (p[2] - '0'));
  p += 4;
  if (!is_digit (p[0]) || p[0] == '0' || !is_digit (p[1]) || !is_digit (p[2]) || is_digit (p[3]))
    return bad (why, GM_HTTP_BAD_STATUS_LINE);
  parser->status = (guint16) ((p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0'));
  p += 3;
  if (*p == ' ')
    p++;
  parser->reason_offset = (guint32) (p - headers->data);
  parser->reason_len = text_end - parser->reason_offset;
  return GM_PARSE_DONE;
}

/* Makes one line of a folded one, in place: each fold with the blanks round it becomes one blank (RFC 9112 section
 * 5.2). What the line is now shorter stays unused behind it; moving the rest up would cost quadratic time. */
static guint32
unfold (GmHeaders *headers,
        guint32 line,
        guint32 text_end,
        guint32 next)
{
  char *data = headers->data;
  guint32 to = line;

  for (guint32 from = line; from < text_end; from++)
    {
      if (data[from] != '\r' && data[from] != '\n')
        {
          data[to++] = data[from];
          continue;
        }
      while (to > line && (data[to - 1] == ' ' || data[to - 1] == '\t'))
        to--;
      while (from + 1 < text_end && strchr (" \t\r\n", data[from + 1]) != NULL)
        from++;
      data[to++] = ' ';
    }
  memmove (data + to, data + text_end, next - text_end);
  return to;
}

static GmHeaderOrigin
origin_of (const GmHttp1Head *parser)
{
  if (parser->flags & GM_HTTP1_TRAILER)
    return GM_HEADER_TRAILER;
  if (parser->flags & GM_HTTP1_CONNECT)
    return GM_HEADER_CONNECT;
  return parser->status < 200 ? GM_HEADER_1XX : GM_HEADER_FINAL;
}

/* The line end behind @text_end stops the loops. */
static GmParse
parse_field (const GmHttp1Head *parser,
             GmHeaders *headers,
             guint32 text_end,
             GmResult *why)
{
  const char *line = headers->data + parser->line;
  const char *end = headers->data + text_end;
  const char *name_end = skip_name (line, end);
  const char *value;
  GmResult result;

  if (*line == ' ' || *line == '\t')
    return bad (why, GM_HTTP_OBS_FOLD);
  if (name_end == line || *name_end != ':')
    return bad (why, GM_HTTP_BAD_HEADER);
  value = name_end + 1;
  while (*value == ' ' || *value == '\t')
    value++;
  while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
    end--;

  if (headers->n_entries - parser->first_entry >= parser->limits->fields)
    return bad (why, GM_HTTP_HEADER_FLOOD);
  result = gm_headers_add_entry (headers, origin_of (parser), parser->line, (guint32) (name_end - line),
                                 (guint32) (value - headers->data), (guint32) (end - value));
  return result == GM_OK ? GM_PARSE_DONE : bad (why, result);
}

/* The usual fields, "Name: value" CR LF, read in one go as long as they come and the byte behind each shows that it is
 * not folded. Stops at a line that is anything else, and leaves it with all its faults to the careful way. */
static void
parse_plain_fields (GmHttp1Head *parser,
                    GmHeaders *headers)
{
  const char *data = headers->data;
  const char *end = data + headers->len;
  const char *line = data + parser->line;
  guint32 max_entries = parser->first_entry + parser->limits->fields;
  GmHeaderOrigin origin = origin_of (parser);

  while (headers->n_entries < max_entries)
    {
      const char *colon;
      const char *value;
      const char *value_end;
      const char *p;

      colon = skip_name (line, end);
      if (colon == line || *colon != ':')
        break;
      for (value = colon + 1; *value == ' ';)
        value++;
      p = skip_text (value, end);
      if (end - p < 3 || p[0] != '\r' || p[1] != '\n' || p[2] == ' ' || p[2] == '\t' ||
          p + 2 - line > parser->limits->line_bytes)
        break;
      for (value_end = p; value_end > value && value_end[-1] == ' ';)
        value_end--;
      if (gm_headers_add_entry (headers, origin, (guint32) (line - data), (guint32) (colon - line),
                                (guint32) (value - data), (guint32) (value_end - value)) != GM_OK)
        break;
      line = p + 2;
    }

  parser->line = parser->scan = (guint32) (line - data);
}

/* Reads fields until the blank line. A line is complete when the byte behind it shows that it is not folded. */
static GmParse
parse_fields (GmHttp1Head *parser,
              GmHeaders *headers,
              GmResult *why)
{
  guint32 text_end;
  guint32 next;

  while (TRUE)
    {
      GmParse answer;

      /* Not with a line begun before: a peer that sends byte by byte must not have it read again each time. */
      if (parser->scan == parser->line)
        parse_plain_fields (parser, headers);
      answer = find_line_end (parser, headers, &text_end, &next, why);
      if (answer != GM_PARSE_DONE)
        return answer;
      if (text_end == parser->line)
        break;
      if (next == headers->len)
        return GM_PARSE_MORE;

      if (headers->data[next] == ' ' || headers->data[next] == '\t')
        {
          if (parser->flags & GM_HTTP1_REFUSE_FOLD)
            return bad (why, GM_HTTP_OBS_FOLD);
          parser->folded = TRUE;
          parser->scan = next;
          continue;
        }
      if (parser->folded)
        text_end = unfold (headers, parser->line, text_end, next);
      parser->folded = FALSE;
      if (parse_field (parser, headers, text_end, why) == GM_PARSE_BAD)
        return GM_PARSE_BAD;
      parser->line = parser->scan = next;
    }

  parser->end = next;
  parser->n_entries = headers->n_entries - parser->first_entry;
  return GM_PARSE_DONE;
}

static GmParse
parse_block (GmHttp1Head *parser,
             GmHeaders *headers,
             GmResult *why)
{
  /* Stops the loops that look for the end of a name or of blanks. */
  headers->data[headers->len] = '\0';

  if (parser->state == STATE_STATUS_LINE)
    {
      GmParse answer = check_beginning (parser, headers, why);
      guint32 text_end;
      guint32 next;

      if (answer != GM_PARSE_DONE || parser->version == 9)
        return answer;
      answer = find_line_end (parser, headers, &text_end, &next, why);
      if (answer != GM_PARSE_DONE)
        return answer;
      if (parse_status_line (parser, headers, text_end, why) == GM_PARSE_BAD)
        return GM_PARSE_BAD;
      parser->start = parser->line;
      parser->line = parser->scan = next;
      parser->state = STATE_FIELDS;
    }

  return parse_fields (parser, headers, why);
}

/* How much to copy next: what is there, but no more than fits, lest the body behind a small head be copied too. 0: the
 * limit is reached. */
static gsize
piece_size (const GmHttp1Head *parser,
            const GmHeaders *headers,
            gsize len)
{
  gsize room = headers->size > headers->len ? headers->size - headers->len : headers->size;
  gsize left = parser->limits->head_bytes - (headers->len - parser->base);

  if (headers->max_bytes - headers->len < left)
    left = headers->max_bytes - headers->len;

  return MIN (MIN (len, room), left);
}

GmParse
gm_http1_head_feed (GmHttp1Head *parser,
                    GmHeaders *headers,
                    const char *data,
                    gsize len,
                    gsize *consumed,
                    GmResult *why)
{
  GmParse answer = GM_PARSE_MORE;
  guint32 len_before = headers->len;
  gsize taken = 0;

  if (parser->state == STATE_NEW)
    {
      parser->base = parser->start = parser->line = parser->scan = headers->len;
      parser->first_entry = headers->n_entries;
      parser->state = (parser->flags & GM_HTTP1_TRAILER) ? STATE_FIELDS : STATE_STATUS_LINE;
    }

  while (answer == GM_PARSE_MORE && taken < len)
    {
      gsize n = piece_size (parser, headers, len - taken);
      GmResult result = n > 0 ? gm_headers_append_raw (headers, data + taken, n) : GM_HTTP_HEADER_FLOOD;

      taken += n;
      answer = result == GM_OK ? parse_block (parser, headers, why) : bad (why, result);
    }

  if (answer == GM_PARSE_DONE)
    {
      guint32 end = parser->version == 9 ? len_before : parser->end;

      taken -= headers->len - end;
      headers->len = end;
    }
  else if (answer == GM_PARSE_BAD)
    {
      parser->n_entries = headers->n_entries - parser->first_entry;
      gm_headers_truncate (headers, parser->base, parser->first_entry);
      taken = 0;
    }

  *consumed = taken;
  return answer;
}

gboolean
gm_http1_head_is_full (const GmHttp1Head *parser)
{
  return parser->n_entries >= parser->limits->fields;
}

GmParse
gm_http1_head_finish (GmHttp1Head *parser,
                      GmHeaders *headers,
                      GmResult *why)
{
  GmResult how = GM_PARTIAL;

  if (parser->state == STATE_NEW || headers->len == parser->base)
    return bad (why, GM_GOT_NOTHING);
  if (parser->state == STATE_STATUS_LINE && (parser->flags & GM_HTTP1_ALLOW_09) &&
      headers->len - parser->line < LEN_OF_HTTP)
    {
      parser->version = 9;
      return GM_PARSE_DONE;
    }

  /* Without a whole status line nothing has been said. */
  if (parser->state == STATE_STATUS_LINE)
    how = GM_GOT_NOTHING;
  gm_headers_truncate (headers, parser->base, parser->first_entry);
  return bad (why, how);
}

void
gm_http1_head_adopt (GmHttp1Head *parser,
                     guint8 version,
                     guint16 status,
                     guint32 start,
                     guint32 end,
                     guint32 first_entry,
                     guint32 n_entries)
{
  parser->version = version;
  parser->status = status;
  parser->start = parser->base = start;
  parser->end = end;
  parser->line = parser->scan = end - (guint32) strlen ("\r\n");
  parser->first_entry = first_entry;
  parser->n_entries = n_entries;
  parser->reason_offset = start + (guint32) strlen ("HTTP/2 200 ");
  parser->reason_len = 0;
  parser->state = STATE_FIELDS;
}

GmSpan
gm_http1_head_get_raw (const GmHttp1Head *parser,
                       const GmHeaders *headers)
{
  guint32 end = parser->end != 0 ? parser->end : headers->len;

  return gm_span (headers->data + parser->base, end - parser->base);
}

GmSpan
gm_http1_head_get_reason (const GmHttp1Head *parser,
                          const GmHeaders *headers)
{
  return gm_span (headers->data + parser->reason_offset, parser->reason_len);
}

gboolean
gm_http1_line_next (GmHttp1Line *iter,
                    const GmHttp1Head *parser,
                    const GmHeaders *headers,
                    GmSpan *line)
{
  const char *start;
  const char *end;

  if (iter->next == 0 && (parser->flags & GM_HTTP1_TRAILER))
    iter->next = 1;
  if (parser->state == STATE_NEW || iter->next > parser->n_entries + 1)
    return FALSE;

  if (iter->next == 0)
    {
      start = headers->data + parser->start;
      end = headers->data + parser->reason_offset + parser->reason_len;
    }
  else if (iter->next <= parser->n_entries)
    {
      const GmHeaderEntry *entry = &headers->entries[parser->first_entry + iter->next - 1];

      start = headers->data + entry->name_offset;
      end = headers->data + entry->value_offset + entry->value_len;
    }
  else
    start = end = headers->data + parser->line;

  /* Behind the text come at most blanks, then the line end. */
  end = memchr (end, '\n', (gsize) (headers->data + headers->len - end));
  *line = gm_span (start, (gsize) (end + 1 - start));
  iter->next++;
  return TRUE;
}
