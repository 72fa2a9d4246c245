/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-url-host.h"

#include "gm-config.h"

#include <arpa/inet.h>

#if HAVE_IDN2
#include <idn2.h>
#endif

/* A plain host byte maps to itself in lower case, everything else to one of these two. What RFC 3986 calls
 * sub-delims is refused although its grammar takes them: no name has them, and they mean something to whoever logs
 * or splits a host. */
#define REFUSED 0
#define NOT_ASCII 1

static const guint8 host_bytes[256] = {
  ['-'] = '-', ['.'] = '.', ['_'] = '_', ['~'] = '~',
  ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
  ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',
#define BOTH_CASES(upper, lower) [upper] = lower, [lower] = lower
  BOTH_CASES ('A', 'a'), BOTH_CASES ('B', 'b'), BOTH_CASES ('C', 'c'), BOTH_CASES ('D', 'd'), BOTH_CASES ('E', 'e'),
  BOTH_CASES ('F', 'f'), BOTH_CASES ('G', 'g'), BOTH_CASES ('H', 'h'), BOTH_CASES ('I', 'i'), BOTH_CASES ('J', 'j'),
  BOTH_CASES ('K', 'k'), BOTH_CASES ('L', 'l'), BOTH_CASES ('M', 'm'), BOTH_CASES ('N', 'n'), BOTH_CASES ('O', 'o'),
  BOTH_CASES ('P', 'p'), BOTH_CASES ('Q', 'q'), BOTH_CASES ('R', 'r'), BOTH_CASES ('S', 's'), BOTH_CASES ('T', 't'),
  BOTH_CASES ('U', 'u'), BOTH_CASES ('V', 'v'), BOTH_CASES ('W', 'w'), BOTH_CASES ('X', 'x'), BOTH_CASES ('Y', 'y'),
  BOTH_CASES ('Z', 'z'),
#undef BOTH_CASES
  [0x80 ... 0xff] = NOT_ASCII,
};

/* One number of an IPv4 address as inet_aton() reads it: 0x is hexadecimal, a leading 0 octal. Leaves *@p behind it. */
static gboolean
read_ipv4_number (const char **p,
                  const char *end,
                  guint32 *number)
{
  const char *digit = *p;
  guint base = 10;
  guint64 value = 0;

  if (end - digit > 2 && digit[0] == '0' && digit[1] == 'x')
    {
      base = 16;
      digit += 2;
    }
  else if (end - digit > 1 && digit[0] == '0' && digit[1] != '.')
    base = 8;

  *p = digit;
  for (; digit < end && *digit != '.'; digit++)
    {
      int n = g_ascii_xdigit_value (*digit);

      if (n < 0 || (guint) n >= base)
        return FALSE;
      value = value * base + (guint) n;
      if (value > G_MAXUINT32)
        return FALSE;
    }
  if (digit == *p)
    return FALSE;
  *p = digit;
  *number = (guint32) value;
  return TRUE;
}

/* One to four numbers; the last fills the bytes that are left. Everything else, a dot at the end too, is a name. */
static gboolean
read_ipv4 (const char *text,
           gsize len,
           guint32 *address)
{
  const char *p = text;
  const char *end = text + len;
  guint32 value = 0;

  for (guint i = 0; i < 4; i++)
    {
      guint32 number;

      if (!read_ipv4_number (&p, end, &number))
        return FALSE;
      if (p == end)
        {
          if (i > 0 && number >> (32 - 8 * i) != 0)
            return FALSE;
          *address = value | number;
          return TRUE;
        }
      if (number > 255)
        return FALSE;
      value |= number << (24 - 8 * i);
      p++;
    }
  return FALSE;
}

/* Four decimal numbers without leading zeros: what nearly all are, and nothing is left to do then. */
static gboolean
is_normal_ipv4 (const char *text,
                gsize len)
{
  guint dots = 0;
  guint number = 0;
  gsize start = 0;

  for (gsize i = 0; i < len; i++)
    {
      guint digit = (guint) text[i] - '0';

      if (digit <= 9)
        {
          number = number * 10 + digit;
          if (number > 255 || (i > start && text[start] == '0'))
            return FALSE;
        }
      else if (text[i] == '.' && i > start)
        {
          dots++;
          start = i + 1;
          number = 0;
        }
      else
        return FALSE;
    }
  return dots == 3 && start < len;
}

static void
normalize_ipv4 (GmUrlHost *host)
{
  guint32 address;
  gsize len = 0;

  if (host->text[0] < '0' || host->text[0] > '9')
    return;
  if (is_normal_ipv4 (host->text, host->len))
    {
      host->is_ipv4 = TRUE;
      return;
    }
  if (!read_ipv4 (host->text, host->len, &address))
    return;
  for (int shift = 24; shift >= 0; shift -= 8)
    {
      guint8 byte = (guint8) (address >> shift);

      if (byte >= 100)
        host->text[len++] = (char) ('0' + byte / 100);
      if (byte >= 10)
        host->text[len++] = (char) ('0' + byte / 10 % 10);
      host->text[len++] = (char) ('0' + byte % 10);
      if (shift > 0)
        host->text[len++] = '.';
    }
  host->len = len;
  host->is_ipv4 = TRUE;
}

#if HAVE_IDN2
/* UTS 46, non-transitional as browsers do; names that only the transitional mapping knows as a second try. What comes
 * out is looked at again: some letters map to delimiters. */
static GmUrlFault
convert_idn (GmUrlHost *host)
{
  const guint8 *name = (const guint8 *) host->text;
  guint8 *label = NULL;
  GmUrlFault fault = GM_URL_FAULT_NONE;
  gsize len;

  host->text[host->len] = '\0';
  if (!g_utf8_validate (host->text, (gssize) host->len, NULL))
    return GM_URL_FAULT_HOST_IDN;
  if (idn2_lookup_u8 (name, &label, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK
      && idn2_lookup_u8 (name, &label, IDN2_NFC_INPUT | IDN2_TRANSITIONAL) != IDN2_OK)
    return GM_URL_FAULT_HOST_IDN;

  len = strlen ((const char *) label);
  if (len > GM_URL_HOST_MAX)
    fault = GM_URL_FAULT_HOST_TOO_LONG;
  else if (len == 0)
    fault = GM_URL_FAULT_HOST_IDN;
  for (gsize i = 0; fault == GM_URL_FAULT_NONE && i < len; i++)
    {
      guint8 byte = host_bytes[label[i]];

      if (byte == REFUSED || byte == NOT_ASCII)
        fault = GM_URL_FAULT_HOST_IDN;
      host->text[i] = (char) byte;
    }
  host->len = len;
  idn2_free (label);
  return fault;
}
#else
static GmUrlFault
convert_idn (GmUrlHost *host)
{
  return GM_URL_FAULT_NO_IDN;
}
#endif

/* The byte at @i, which is a '%'; -1 if two hexadecimal digits do not follow. */
static int
read_escape (GmSpan span,
             gsize i)
{
  int high = i + 1 < span.len ? g_ascii_xdigit_value (span.data[i + 1]) : -1;
  int low = i + 2 < span.len ? g_ascii_xdigit_value (span.data[i + 2]) : -1;

  return high >= 0 && low >= 0 ? high << 4 | low : -1;
}

GmUrlFault
gm_url_host_read_name (GmUrlHost *host,
                       GmSpan span,
                       gsize *at)
{
  gboolean is_ascii = TRUE;
  gsize len = 0;

  *at = 0;
  if (span.len > GM_URL_HOST_MAX)
    return GM_URL_FAULT_HOST_TOO_LONG;
  for (gsize i = 0; i < span.len; i++)
    {
      gsize start = i;
      int c = (guchar) span.data[i];
      guint8 byte;

      if (c == '%')
        {
          c = read_escape (span, i);
          i += 2;
        }
      byte = c >= 0 ? host_bytes[c] : REFUSED;
      if (byte == REFUSED)
        {
          *at = start;
          return GM_URL_FAULT_HOST_BYTE;
        }
      if (byte == NOT_ASCII)
        {
          is_ascii = FALSE;
          byte = (guint8) c;
        }
      host->text[len++] = (char) byte;
    }

  host->len = len;
  host->zone = gm_span (NULL, 0);
  host->is_ipv4 = FALSE;
  host->is_ipv6 = FALSE;
  if (len == 0)
    return GM_URL_FAULT_NO_HOST;
  if (!is_ascii)
    {
      GmUrlFault fault = convert_idn (host);

      if (fault != GM_URL_FAULT_NONE)
        return fault;
    }
  normalize_ipv4 (host);
  return GM_URL_FAULT_NONE;
}

/* RFC 6874 writes "%25eth0"; people write "%eth0". */
static GmUrlFault
read_zone (GmUrlHost *host,
           GmSpan span,
           gsize start,
           gsize *at)
{
  GmSpan zone = gm_span (span.data + start, span.len - start);

  if (zone.len > 2 && memcmp (zone.data, "25", 2) == 0)
    zone = gm_span (zone.data + 2, zone.len - 2);
  *at = start;
  if (zone.len == 0 || zone.len > GM_URL_ZONE_MAX)
    return GM_URL_FAULT_HOST_ZONE;
  for (gsize i = 0; i < zone.len; i++)
    {
      guint8 byte = host_bytes[(guchar) zone.data[i]];

      *at = (gsize) (zone.data - span.data) + i;
      if (byte == REFUSED || byte == NOT_ASCII)
        return GM_URL_FAULT_HOST_ZONE;
    }
  host->zone = zone;
  return GM_URL_FAULT_NONE;
}

GmUrlFault
gm_url_host_read_ipv6 (GmUrlHost *host,
                       GmSpan span,
                       gsize *at)
{
  const char *percent = span.len > 0 ? memchr (span.data, '%', span.len) : NULL;
  gsize len = percent != NULL ? (gsize) (percent - span.data) : span.len;
  char text[INET6_ADDRSTRLEN];
  struct in6_addr address;

  *at = 0;
  if (len == 0 || len >= sizeof text || memchr (span.data, '\0', len) != NULL)
    return GM_URL_FAULT_HOST_IPV6;
  memcpy (text, span.data, len);
  text[len] = '\0';
  if (inet_pton (AF_INET6, text, &address) != 1
      || inet_ntop (AF_INET6, &address, host->text, INET6_ADDRSTRLEN) == NULL)
    return GM_URL_FAULT_HOST_IPV6;

  host->len = strlen (host->text);
  host->zone = gm_span (NULL, 0);
  host->is_ipv4 = FALSE;
  host->is_ipv6 = TRUE;
  return percent != NULL ? read_zone (host, span, len + 1, at) : GM_URL_FAULT_NONE;
}
