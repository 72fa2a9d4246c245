/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-easy.h"

#define ALL_ORIGINS (CURLH_HEADER | CURLH_TRAILER | CURLH_CONNECT | CURLH_1XX | CURLH_PSEUDO)

/* Highest request that has an entry, or −1. */
static gint
last_request (const GmHeaders *headers)
{
  guint n = headers != NULL ? gm_headers_get_n_entries (headers) : 0;

  return n > 0 ? (gint) headers->entries[n - 1].request : -1;
}

/* What is said of the one pseudo-header of an answer, ":status", which is not among the fields: behind all of them. */
#define STATUS_NAME ":status"
#define STATUS_ANCHOR GUINT_TO_POINTER (G_MAXUINT)

static gboolean
has_status (GmCurlEasy *easy,
            guint origins,
            gint request)
{
  const GmInfo *info = gm_transfer_get_info (easy->transfer);

  return (origins & CURLH_PSEUDO) != 0 && info->http_version == 20 && info->status != 0 &&
         (request == -1 || request == last_request (gm_transfer_get_headers (easy->transfer)));
}

static struct curl_header *
keep (GmCurlEasy *easy,
      GmSpan name,
      GmSpan value,
      struct curl_header header)
{
  char *text = g_malloc (name.len + value.len + 2);

  memcpy (text, name.data, name.len);
  text[name.len] = '\0';
  if (value.len > 0)
    memcpy (text + name.len + 1, value.data, value.len);
  text[name.len + 1 + value.len] = '\0';
  gm_curl_easy_keep_text (easy, GM_CURL_TEXT_HEADER, text);

  header.name = text;
  header.value = text + name.len + 1;
  /* the extra bit is libcurl's: it makes programs test with & and not compare */
  header.origin |= 1u << 27;
  easy->header = header;
  return &easy->header;
}

static struct curl_header *
give_status (GmCurlEasy *easy)
{
  char digits[8];

  g_snprintf (digits, sizeof digits, "%u", gm_transfer_get_info (easy->transfer)->status);
  return keep (easy, GM_SPAN (STATUS_NAME), gm_span (digits, strlen (digits)),
               (struct curl_header){ .amount = 1, .origin = CURLH_PSEUDO, .anchor = STATUS_ANCHOR });
}

/* The anchor is one past the entry's index, so that it is never NULL. */
static struct curl_header *
give_out (GmCurlEasy *easy,
          const GmHeaders *headers,
          guint index,
          gsize nth,
          gsize amount)
{
  return keep (easy, gm_headers_get_name (headers, index), gm_headers_get_value (headers, index),
               (struct curl_header){
                 .amount = amount,
                 .index = nth,
                 .origin = headers->entries[index].origin,
                 .anchor = GUINT_TO_POINTER (index + 1),
               });
}

CURLHcode
curl_easy_header (CURL *curl,
                  const char *name,
                  size_t nameindex,
                  unsigned int origin,
                  int request,
                  struct curl_header **hout)
{
  GmCurlEasy *easy = gm_curl_easy_check (curl);
  GmHeaders *headers;
  GmSpan span;
  gint found;
  guint amount;

  if (easy == NULL || name == NULL || hout == NULL || origin == 0 || origin > ALL_ORIGINS || request < -1)
    return CURLHE_BAD_ARGUMENT;

  headers = gm_transfer_get_headers (easy->transfer);
  if (has_status (easy, origin, request) && g_ascii_strcasecmp (name, STATUS_NAME) == 0)
    {
      if (nameindex > 0)
        return CURLHE_BADINDEX;
      *hout = give_status (easy);
      return CURLHE_OK;
    }
  if (last_request (headers) < 0)
    return has_status (easy, ALL_ORIGINS, request) ? CURLHE_MISSING : CURLHE_NOHEADERS;
  if (request > last_request (headers))
    return CURLHE_NOREQUEST;

  span = gm_span (name, strlen (name));
  amount = gm_headers_count (headers, span, origin, request);
  if (amount == 0)
    return CURLHE_MISSING;
  if (nameindex >= amount)
    return CURLHE_BADINDEX;

  found = gm_headers_find_nth (headers, span, (guint) nameindex, origin, request);
  *hout = give_out (easy, headers, (guint) found, nameindex, amount);
  return CURLHE_OK;
}

struct curl_header *
curl_easy_nextheader (CURL *curl,
                      unsigned int origin,
                      int request,
                      struct curl_header *prev)
{
  GmCurlEasy *easy = gm_curl_easy_check (curl);
  GmHeaders *headers;
  guint from = prev != NULL ? GPOINTER_TO_UINT (prev->anchor) : 0;
  gsize nth = 0;
  GmSpan name;
  gint found, i;

  if (easy == NULL)
    return NULL;

  headers = gm_transfer_get_headers (easy->transfer);
  if (prev == NULL && has_status (easy, origin, request))
    return give_status (easy);
  if (prev != NULL && prev->anchor == STATUS_ANCHOR)
    from = 0;
  if (last_request (headers) < 0 || request > last_request (headers) || from > gm_headers_get_n_entries (headers))
    return NULL;

  found = gm_headers_find (headers, (GmSpan){ NULL, 0 }, from, origin, request);
  if (found < 0)
    return NULL;

  name = gm_headers_get_name (headers, (guint) found);
  for (i = gm_headers_find (headers, name, 0, origin, request); i >= 0 && i < found;
       i = gm_headers_find (headers, name, (guint) i + 1, origin, request))
    nth++;
  return give_out (easy, headers, (guint) found, nth, gm_headers_count (headers, name, origin, request));
}
