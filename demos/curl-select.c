/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* curl-select URL…: all at once, by curl_multi_perform(), curl_multi_fdset() and select(), as programs did before there
 * was curl_multi_poll(). Good for less than a thousand sockets: select() knows no more. */
#include "curl-fetch.h"

#include <sys/select.h>

/* Until a socket of the transfers is ready, or their time has come; -1: select() failed. */
static int
wait_for_sockets (CURLM *multi)
{
  fd_set reads, writes, errors;
  struct timeval timeout;
  long ms = -1;
  int max = -1;

  FD_ZERO (&reads);
  FD_ZERO (&writes);
  FD_ZERO (&errors);
  curl_multi_fdset (multi, &reads, &writes, &errors, &max);
  curl_multi_timeout (multi, &ms);
  if (ms < 0 || ms > 1000)
    ms = 1000;
  /* there is something to wait for that has no socket, such as a look-up of a name */
  if (max < 0 && ms > 100)
    ms = 100;
  timeout.tv_sec = ms / 1000;
  timeout.tv_usec = ms % 1000 * 1000;

  return select (max + 1, &reads, &writes, &errors, &timeout);
}

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
      if (running > 0 && wait_for_sockets (multi) < 0)
        break;
    }

  curl_multi_cleanup (multi);
  curl_global_cleanup ();
  return code != CURLM_OK || running > 0 || n_failed > 0;
}
