/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* curl-threads URL…: a few threads, each of which takes the next URL and runs it by curl_easy_perform(). What they learn
 * about names and TLS sessions they share. */
#include "curl-fetch.h"

#include <pthread.h>
#include <stdatomic.h>

#define N_THREADS 4

typedef struct
{
  char **urls;
  int n_urls;
  CURLSH *share;
  pthread_mutex_t locks[CURL_LOCK_DATA_LAST];
  atomic_int next;
  atomic_int n_failed;
} Work;

static void
lock_cb (CURL *easy,
         curl_lock_data data,
         curl_lock_access how,
         void *user_data)
{
  pthread_mutex_lock (&((Work *) user_data)->locks[data]);
}

static void
unlock_cb (CURL *easy,
           curl_lock_data data,
           void *user_data)
{
  pthread_mutex_unlock (&((Work *) user_data)->locks[data]);
}

static void *
thread_main (void *user_data)
{
  Work *work = user_data;
  int i;

  while ((i = atomic_fetch_add (&work->next, 1)) < work->n_urls)
    {
      CURL *easy = fetch_new (work->urls[i]);

      curl_easy_setopt (easy, CURLOPT_SHARE, work->share);
      atomic_fetch_add (&work->n_failed, fetch_report (easy, curl_easy_perform (easy)));
    }

  return NULL;
}

int
main (int argc,
      char *argv[])
{
  Work work = { .urls = argv + 1, .n_urls = argc - 1 };
  pthread_t threads[N_THREADS];

  curl_global_init (CURL_GLOBAL_DEFAULT);
  for (int i = 0; i < CURL_LOCK_DATA_LAST; i++)
    pthread_mutex_init (&work.locks[i], NULL);
  work.share = curl_share_init ();
  curl_share_setopt (work.share, CURLSHOPT_LOCKFUNC, lock_cb);
  curl_share_setopt (work.share, CURLSHOPT_UNLOCKFUNC, unlock_cb);
  curl_share_setopt (work.share, CURLSHOPT_USERDATA, &work);
  curl_share_setopt (work.share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  curl_share_setopt (work.share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);

  for (int i = 0; i < N_THREADS; i++)
    if (pthread_create (&threads[i], NULL, thread_main, &work) != 0)
      return 2;
  for (int i = 0; i < N_THREADS; i++)
    pthread_join (threads[i], NULL);

  curl_share_cleanup (work.share);
  curl_global_cleanup ();
  return atomic_load (&work.n_failed) > 0;
}
