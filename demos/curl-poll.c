/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* curl-poll URL…: all at once, by curl_multi_perform() and curl_multi_poll(). The first thing to try. */
#include "curl-fetch.h"

int
main (int argc,
      char *argv[])
{
  CURLM *multi;
  CURLMcode code = CURLM_OK;
  int running = 1, n_failed = 0;

  curl_global_init (CURL_GLOBAL_DEFAULT);
  multi = curl_multi_init ();
  for (int i = 1; i < argc; i++)
    curl_multi_add_handle (multi, fetch_new (argv[i]));

  while (running > 0 && code == CURLM_OK)
    {
      code = curl_multi_perform (multi, &running);
      n_failed += fetch_report_all (multi);
      if (running > 0 && code == CURLM_OK)
        code = curl_multi_poll (multi, NULL, 0, 1000, NULL);
    }

  curl_multi_cleanup (multi);
  curl_global_cleanup ();
  return code != CURLM_OK || n_failed > 0;
}
