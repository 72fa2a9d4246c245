/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "curl-fetch.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct
{
  const char *url;
  unsigned long long n_bytes;
  uint32_t sum; /* FNV-1a */
} Fetch;

static size_t
write_cb (char *data,
          size_t size,
          size_t n,
          void *user_data)
{
  Fetch *fetch = user_data;

  fetch->n_bytes += size * n;
  for (size_t i = 0; i < size * n; i++)
    fetch->sum = (fetch->sum ^ (unsigned char) data[i]) * 16777619u;
  return size * n;
}

CURL *
fetch_new (const char *url)
{
  CURL *easy = curl_easy_init ();
  Fetch *fetch = calloc (1, sizeof *fetch);

  if (easy == NULL || fetch == NULL)
    abort ();

  fetch->url = url;
  fetch->sum = 2166136261u;
  curl_easy_setopt (easy, CURLOPT_URL, url);
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, write_cb);
  curl_easy_setopt (easy, CURLOPT_WRITEDATA, fetch);
  curl_easy_setopt (easy, CURLOPT_PRIVATE, fetch);
  curl_easy_setopt (easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt (easy, CURLOPT_NOSIGNAL, 1L);
  return easy;
}

int
fetch_report (CURL *easy,
              CURLcode result)
{
  char *pointer = NULL;
  long status = 0;
  const Fetch *fetch;

  curl_easy_getinfo (easy, CURLINFO_PRIVATE, &pointer);
  curl_easy_getinfo (easy, CURLINFO_RESPONSE_CODE, &status);
  fetch = (const Fetch *) (void *) pointer;
  if (result == CURLE_OK)
    printf ("%ld %llu 0x%08x %s\n", status, fetch->n_bytes, (unsigned int) fetch->sum, fetch->url);
  else
    printf ("failed: %s: %s\n", curl_easy_strerror (result), fetch->url);
  curl_easy_cleanup (easy);
  free (pointer);

  return result != CURLE_OK;
}

int
fetch_report_all (CURLM *multi)
{
  CURLMsg *message;
  int n_left, n_failed = 0;

  while ((message = curl_multi_info_read (multi, &n_left)) != NULL)
    {
      CURL *easy = message->easy_handle;
      CURLcode result = message->data.result;

      if (message->msg != CURLMSG_DONE)
        continue;
      /* the message is gone with the handle */
      curl_multi_remove_handle (multi, easy);
      n_failed += fetch_report (easy, result);
    }

  return n_failed;
}
