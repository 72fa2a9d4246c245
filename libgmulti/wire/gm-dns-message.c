/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-dns-message.h"

#include <string.h>

#define HEADER_LEN 12
#define MAX_LABEL 63
#define MAX_NAME 255
#define CLASS_IN 1

/* Second and third octet of the header (RFC 1035 section 4.1.1). */
#define FLAG_RECURSION 0x0100
#define FLAG_TRUNCATED 0x0200
#define FLAG_ANSWER 0x8000
#define OPCODE_MASK 0x7800
#define CODE_MASK 0x000f

/* ---- the question ---- */

static void
put16 (guint8 *p,
       guint value)
{
  p[0] = (guint8) (value >> 8);
  p[1] = (guint8) value;
}

gsize
gm_dns_query_write (guint8 query[GM_DNS_QUERY_MAX],
                    GmSpan host,
                    GmDnsType type)
{
  gsize at = HEADER_LEN;

  if (host.len > 0 && host.data[host.len - 1] == '.')
    host.len--;
  /* Each label costs one octet more than its letters, and so does the end. */
  if (host.len == 0 || host.len + 2 > MAX_NAME)
    return 0;

  memset (query, 0, HEADER_LEN);
  put16 (query + 2, FLAG_RECURSION);
  put16 (query + 4, 1);
  while (host.len > 0)
    {
      const char *dot = memchr (host.data, '.', host.len);
      gsize len = dot != NULL ? (gsize) (dot - host.data) : host.len;

      if (len == 0 || len > MAX_LABEL || (dot != NULL && len + 1 == host.len))
        return 0;
      query[at++] = (guint8) len;
      memcpy (query + at, host.data, len);
      at += len;
      host = gm_span (host.data + len, host.len - len);
      if (dot != NULL)
        host = gm_span (host.data + 1, host.len - 1);
    }
  query[at++] = 0;
  put16 (query + at, type);
  put16 (query + at + 2, CLASS_IN);

  return at + 4;
}

/* ---- the answer ---- */

typedef struct
{
  const guint8 *data;
  gsize len;
  gsize at;
} Reader;

static gboolean
has (const Reader *reader,
     gsize n)
{
  return reader->len - reader->at >= n;
}

static guint
take16 (Reader *reader)
{
  const guint8 *p = reader->data + reader->at;

  reader->at += 2;
  return (guint) p[0] << 8 | p[1];
}

static guint32
take32 (Reader *reader)
{
  guint32 high = take16 (reader);

  return high << 16 | take16 (reader);
}

/* Names are passed over and never followed: a pointer ends one (section 4.1.4), so that none can lead in circles. */
static gboolean
skip_name (Reader *reader)
{
  gsize begin = reader->at;

  while (has (reader, 1) && reader->at - begin < MAX_NAME)
    {
      guint8 len = reader->data[reader->at];

      if ((len & 0xc0) == 0xc0)
        {
          reader->at += 2;
          return reader->at <= reader->len;
        }
      if ((len & 0xc0) != 0)
        return FALSE;
      reader->at++;
      if (len == 0)
        return TRUE;
      if (!has (reader, len))
        return FALSE;
      reader->at += len;
    }

  return FALSE;
}

static gboolean
read_record (Reader *reader,
             GmDnsType wanted,
             GmDnsAnswer *answer)
{
  gsize size = wanted == GM_DNS_AAAA ? 16 : 4;
  guint type, class;
  guint32 ttl;
  gsize len;

  if (!skip_name (reader) || !has (reader, 10))
    return FALSE;
  type = take16 (reader);
  class = take16 (reader);
  ttl = take32 (reader);
  len = take16 (reader);
  if (!has (reader, len))
    return FALSE;

  /* RFC 2181 section 8: one with its highest bit set is none. */
  if (ttl > G_MAXINT32)
    ttl = 0;
  if (class == CLASS_IN && type == (guint) wanted)
    {
      if (len != size)
        return FALSE;
      if (answer->n < GM_DNS_MAX_ADDRESSES)
        memcpy (answer->addresses[answer->n++], reader->data + reader->at, size);
    }
  /* That of an alias counts, too. */
  answer->ttl = MIN (answer->ttl, ttl);
  reader->at += len;

  return TRUE;
}

gboolean
gm_dns_answer_read (GmDnsAnswer *self,
                    const guint8 *data,
                    gsize len,
                    GmDnsType type)
{
  Reader reader = { data, len, 0 };
  guint flags, n_questions, n_answers;

  self->code = self->n = 0;
  self->ttl = G_MAXUINT32;
  if (len < HEADER_LEN)
    return FALSE;
  reader.at = 2;
  flags = take16 (&reader);
  n_questions = take16 (&reader);
  n_answers = take16 (&reader);
  reader.at = HEADER_LEN;
  self->code = flags & CODE_MASK;
  if ((flags & (FLAG_ANSWER | FLAG_TRUNCATED | OPCODE_MASK)) != FLAG_ANSWER || n_questions > 1 ||
      n_answers > GM_DNS_MAX_RECORDS)
    return FALSE;

  if (n_questions > 0)
    {
      if (!skip_name (&reader) || !has (&reader, 4))
        return FALSE;
      reader.at += 4;
    }
  while (n_answers-- > 0)
    if (!read_record (&reader, type, self))
      return FALSE;
  if (self->n == 0)
    self->ttl = 0;

  return TRUE;
}
