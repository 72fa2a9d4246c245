/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-chunked.h"

enum
{
  STATE_SIZE, /* at least one digit is still to come, or more may */
  STATE_BLANK, /* blanks behind the size */
  STATE_EXTENSION,
  STATE_SIZE_LF, /* CR of a size line was read */
  STATE_DATA,
  STATE_DATA_END, /* line end behind the data */
  STATE_DATA_LF,
  STATE_TRAILER,
  STATE_DONE,
};

static void
init_trailer (GmHttpChunked *decoder,
              const GmHttp1Limits *limits)
{
  guint flags = GM_HTTP1_TRAILER;

  if ((decoder->flags & GM_HTTP_CHUNKED_BARE_LF) == 0)
    flags |= GM_HTTP1_REFUSE_BARE_LF;
  gm_http1_head_init (&decoder->trailer, limits, flags);
}

void
gm_http_chunked_init (GmHttpChunked *decoder,
                      const GmHttp1Limits *limits,
                      guint flags)
{
  memset (decoder, 0, sizeof *decoder);
  decoder->flags = (guint8) flags;
  init_trailer (decoder, limits);
}

/* Behind a size line: the data, or after the last chunk the trailer section. */
static gboolean
end_size_line (GmHttpChunked *decoder)
{
  decoder->state = decoder->left > 0 ? STATE_DATA : STATE_TRAILER;
  return TRUE;
}

static gboolean
read_digit (GmHttpChunked *decoder,
            char c)
{
  int digit = g_ascii_xdigit_value (c);

  if (digit < 0)
    return FALSE;
  if (decoder->n_digits == GM_HTTP_CHUNK_MAX_DIGITS || decoder->left > (G_MAXINT64 >> 4))
    return FALSE;
  decoder->left = (decoder->left << 4) | digit;
  decoder->n_digits++;

  return decoder->left <= G_MAXINT64 - decoder->n_body;
}

/* Line end of a size line, or what may stand between size and line end. */
static gboolean
read_behind_size (GmHttpChunked *decoder,
                  char c)
{
  if (c == '\r')
    {
      decoder->state = STATE_SIZE_LF;
      return TRUE;
    }
  if (c == '\n')
    return (decoder->flags & GM_HTTP_CHUNKED_BARE_LF) != 0 && end_size_line (decoder);
  if (c == ';')
    decoder->state = STATE_EXTENSION;
  else if (decoder->state != STATE_EXTENSION)
    {
      if (c != ' ' && c != '\t')
        return FALSE;
      decoder->state = STATE_BLANK;
    }

  return c != '\0' && ++decoder->n_extension <= GM_HTTP_CHUNK_MAX_EXTENSION + decoder->n_body;
}

static gboolean
read_data_end (GmHttpChunked *decoder,
               char c)
{
  if (c == '\r' && decoder->state == STATE_DATA_END)
    {
      decoder->state = STATE_DATA_LF;
      return TRUE;
    }
  if (c != '\n' || (decoder->state == STATE_DATA_END && (decoder->flags & GM_HTTP_CHUNKED_BARE_LF) == 0))
    return FALSE;

  decoder->state = STATE_SIZE;
  decoder->n_digits = 0;
  return TRUE;
}

/* One byte of framing; FALSE if it cannot stand there. */
static gboolean
read_framing (GmHttpChunked *decoder,
              char c)
{
  switch (decoder->state)
    {
    case STATE_SIZE:
      if (decoder->n_digits == 0 || g_ascii_isxdigit (c))
        return read_digit (decoder, c);
      return read_behind_size (decoder, c);
    case STATE_BLANK:
    case STATE_EXTENSION:
      return read_behind_size (decoder, c);
    case STATE_SIZE_LF:
      return c == '\n' && end_size_line (decoder);
    case STATE_DATA_END:
    case STATE_DATA_LF:
      return read_data_end (decoder, c);
    default:
      g_return_val_if_reached (FALSE);
    }
}

static GmParse
refuse_trailer (GmResult *why)
{
  if (*why != GM_HTTP_HEADER_FLOOD && *why != GM_OUT_OF_MEMORY)
    *why = GM_HTTP_BAD_TRAILER;

  return GM_PARSE_BAD;
}

/* The usual section is empty and stays out of the headers' block, whether it came in one piece or in two. */
static GmParse
read_trailer (GmHttpChunked *decoder,
              GmHeaders *headers,
              const char *data,
              gsize len,
              gsize *consumed,
              GmResult *why)
{
  const GmHttp1Limits *limits = decoder->trailer.limits;
  GmParse answer = gm_http1_head_feed (&decoder->trailer, headers, data, len, consumed, why);

  if (answer == GM_PARSE_BAD)
    return refuse_trailer (why);
  if (answer == GM_PARSE_DONE)
    {
      decoder->state = STATE_DONE;
      if (decoder->trailer.n_entries == 0)
        {
          gm_headers_truncate (headers, decoder->trailer.start, decoder->trailer.first_entry);
          init_trailer (decoder, limits);
        }
    }

  return answer;
}

GmParse
gm_http_chunked_feed (GmHttpChunked *decoder,
                      GmHeaders *headers,
                      const char *data,
                      gsize len,
                      gsize *consumed,
                      GmSpan *body,
                      GmResult *why)
{
  gsize used = 0;

  *body = gm_span (NULL, 0);
  *consumed = 0;
  while (used < len && decoder->state != STATE_DATA && decoder->state < STATE_TRAILER)
    {
      if (!read_framing (decoder, data[used]))
        {
          *why = GM_HTTP_BAD_CHUNK;
          return GM_PARSE_BAD;
        }
      used++;
    }

  if (decoder->state == STATE_DATA && used < len)
    {
      *body = gm_span (data + used, MIN (len - used, (guint64) decoder->left));
      decoder->n_body += (gint64) body->len;
      decoder->left -= (gint64) body->len;
      if (decoder->left == 0)
        decoder->state = STATE_DATA_END;
      used += body->len;
    }
  else if (decoder->state == STATE_TRAILER && used < len)
    {
      gsize n;
      GmParse answer = read_trailer (decoder, headers, data + used, len - used, &n, why);

      *consumed = answer == GM_PARSE_BAD ? 0 : used + n;
      return answer;
    }

  *consumed = used;
  return decoder->state == STATE_DONE ? GM_PARSE_DONE : GM_PARSE_MORE;
}

gint64
gm_http_chunked_get_left (const GmHttpChunked *decoder)
{
  return decoder->state == STATE_DATA ? decoder->left : 0;
}

gsize
gm_http_chunk_write_head (char *buffer,
                          guint64 size)
{
  guint shift = 60;
  gsize n = 0;

  while (shift > 0 && (size >> shift) == 0)
    shift -= 4;
  do
    {
      buffer[n++] = "0123456789abcdef"[(size >> shift) & 0xf];
      shift -= 4;
    }
  while (shift <= 60);
  buffer[n++] = '\r';
  buffer[n++] = '\n';

  return n;
}
