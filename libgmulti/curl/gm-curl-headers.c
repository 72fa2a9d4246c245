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

/* The anchor is one past the entry's index, so that it is never NULL. */
static struct curl_header *
give_out (GmCurlEasy *easy,
          const GmHeaders *headers,
          guint index,
          gsize nth,
          gsize amount)
{
  GmSpan name = gm_headers_get_name (headers, index);
  GmSpan value = gm_headers_get_value (headers, index);
  char *text = g_malloc (name.len + value.len + 2);

  memcpy (text, name.data, name.len);
  text[name.len] = '\0';
  if (value.len > 0)
    memcpy (text + name.len + 1, value.data, value.len);
  text[name.len + 1 + value.len] = '\0';
  gm_curl_easy_keep_text (easy, GM_CURL_TEXT_HEADER, text);

  easy->header = (struct curl_header){
    .name = text,
    .value = text + name.len + 1,
    .amount = amount,
    .index = nth,
    /* the extra bit is libcurl's: it makes programs test with & and not compare */
    .origin = headers->entries[index].origin | (1u << 27),
    .anchor = GUINT_TO_POINTER (index + 1),
  };
  return &easy->header;
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
  if (last_request (headers) < 0)
    return CURLHE_NOHEADERS;
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
