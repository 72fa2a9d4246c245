/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-private.h"

#include <string.h>

/* Coded bodies. They are stored blocks: what a decoder makes of real compression has tests of its own. */

static void
append_le (GString *to, guint64 value, guint n)
{
  for (guint i = 0; i < n; i++, value >>= 8)
    g_string_append_c (to, (char) (value & 0xff));
}

static guint32
crc_of (const GString *bytes)
{
  guint32 crc = 0xffffffff;

  for (gsize i = 0; i < bytes->len; i++)
    {
      crc ^= (guint8) bytes->str[i];
      for (guint bit = 0; bit < 8; bit++)
        crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
    }
  return ~crc;
}

static void
append_stored (GString *to, const GString *bytes)
{
  gsize at = 0;

  do
    {
      gsize size = MIN (bytes->len - at, 20000);

      g_string_append_c (to, at + size == bytes->len ? 1 : 0);
      append_le (to, size, 2);
      append_le (to, ~size, 2);
      g_string_append_len (to, bytes->str + at, (gssize) size);
      at += size;
    }
  while (at < bytes->len);
}

static GString *
gzip (const GString *bytes, gboolean fields)
{
  GString *to = g_string_new (NULL);

  g_string_append_len (to, fields ? "\x1f\x8b\x08\x0c\0\0\0\0\0\x03\x04\0abcdname\0" : "\x1f\x8b\x08\0\0\0\0\0\0\x03",
                       fields ? 21 : 10);
  append_stored (to, bytes);
  append_le (to, crc_of (bytes), 4);
  append_le (to, bytes->len, 4);
  return to;
}

static GString *
zlib (const GString *bytes)
{
  GString *to = g_string_new ("\x78\x01");
  guint32 a = 1, b = 0;

  append_stored (to, bytes);
  for (gsize i = 0; i < bytes->len; i++)
    {
      a = (a + (guint8) bytes->str[i]) % 65521;
      b = (b + a) % 65521;
    }
  for (int shift = 24; shift >= 0; shift -= 8)
    g_string_append_c (to, (char) ((((b << 16) | a) >> shift) & 0xff));
  return to;
}

static GString *
raw_deflate (const GString *bytes)
{
  GString *to = g_string_new (NULL);

  append_stored (to, bytes);
  return to;
}

static GString *
encode (const GString *bytes, guint which)
{
  g_autoptr (GString) once = NULL;

  switch (which)
    {
    case 0: return gzip (bytes, FALSE);
    case 1: return zlib (bytes);
    case 2: return raw_deflate (bytes);
    case 3: return gzip (bytes, TRUE);
    case 4:
      once = gzip (bytes, FALSE);
      return gzip (once, FALSE);
    default: return g_string_new_len (bytes->str, (gssize) bytes->len);
    }
}

/* What is wrong with the coded body; the names become tags. */
static const char *const faults[] = { "coded-cut", "coded-sum", "coded-more", "coded-garbage", "coded-none" };

static void
spoil (GString *coded, guint fault)
{
  switch (fault)
    {
    case 0: g_string_truncate (coded, coded->len / 2); break;
    case 1: coded->str[coded->len - 5] ^= 1; break;
    case 2: g_string_append (coded, "trailing"); break;
    case 3: coded->str[0] ^= 0x55; break;
    default: g_string_truncate (coded, 0); break;
    }
}

static void
append_chunked (GString *to, const GString *bytes)
{
  if (bytes->len > 0)
    g_string_append_printf (to, "%" G_GSIZE_MODIFIER "x\r\n", bytes->len);
  g_string_append_len (to, bytes->str, (gssize) bytes->len);
  g_string_append (to, bytes->len > 0 ? "\r\n0\r\n\r\n" : "0\r\n\r\n");
}

static void
answer_coded (Chance *chance, PlanTransfer *transfer, GString *coded, const char *name)
{
  g_autoptr (GString) head = g_string_new ("HTTP/1.1 200 OK\r\n");
  g_autoptr (GString) framed = g_string_new (NULL);
  gboolean chunked = chance_percent (chance, 40);

  g_string_append_printf (head, "Content-Encoding: %s\r\n", name);
  if (chunked)
    g_string_append (head, "Transfer-Encoding: chunked\r\n\r\n");
  else
    g_string_append_printf (head, "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n", coded->len);
  if (chunked)
    append_chunked (framed, coded);
  else
    g_string_append_len (framed, coded->str, (gssize) coded->len);
  g_ptr_array_add (transfer->responses,
                   plan_response_literal (chance, head->str, framed->str, transfer->head ? 0 : framed->len, FALSE));
}

void
plan_choose_coding (Chance *chance, PlanTransfer *transfer)
{
  static const char *const names[] = { "gzip", "deflate", "deflate", "x-gzip", "gzip, gzip", "identity", "unheard", "GZIP", "" };
  static const char *const accepted[] = { "", "gzip", "deflate, gzip", "identity", "unheard" };
  static const guint sizes[] = { 0, 1, 100, 1000, 20000, 60000 };
  guint which = chance_below (chance, G_N_ELEMENTS (names));
  guint size = sizes[chance_below (chance, G_N_ELEMENTS (sizes))];
  g_autoptr (GString) plain = g_string_new (NULL);
  g_autoptr (GString) coded = NULL;

  for (guint i = 0; i < size; i++)
    g_string_append_c (plain, (char) plan_byte (i));
  coded = encode (plain, g_str_equal (names[which], "GZIP") ? 0 : which);
  g_string_append_printf (transfer->tags, " coding=%s", names[which]);
  if (which < 5 && chance_percent (chance, 25))
    {
      guint fault = chance_below (chance, G_N_ELEMENTS (faults));

      plan_tag (transfer, faults[fault]);
      spoil (coded, fault);
    }
  if (chance_percent (chance, 85))
    plan_set_text (transfer, CURLOPT_ACCEPT_ENCODING, accepted[chance_below (chance, G_N_ELEMENTS (accepted))]);
  if (chance_percent (chance, 10))
    {
      plan_set_number (transfer, CURLOPT_HTTP_CONTENT_DECODING, 0);
      plan_tag (transfer, "raw-content");
    }
  if (chance_percent (chance, 10))
    {
      plan_set_number (transfer, CURLOPT_NOBODY, 1);
      transfer->head = TRUE;
      plan_tag (transfer, "head");
    }
  transfer->progress = chance_percent (chance, 50);
  answer_coded (chance, transfer, coded, names[which]);
}
