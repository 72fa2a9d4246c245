/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench-curl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct _Handle Handle;

struct _Handle
{
  CURL *easy;
  Bench *bench;            /* (unowned) */
  BenchTransfer *transfer; /* (unowned) */
  int file;
  Handle *next_free;
};

static Handle *free_handles;

const char *
bench_curl_library (void)
{
  static char name[64];
  const char *from = curl_version ();
  size_t i;

  for (i = 0; i < sizeof name - 1 && from[i] != '\0' && from[i] != ' '; i++)
    name[i] = from[i];
  return name;
}

CURLM *
bench_curl_open (Bench *bench)
{
  CURLM *multi;

  curl_global_init (CURL_GLOBAL_DEFAULT);
  multi = curl_multi_init ();
  if (multi == NULL)
    bench_die ("curl_multi_init");
  curl_multi_setopt (multi, CURLMOPT_MAXCONNECTS, (long) bench_most (bench));
  return multi;
}

static size_t
write_cb (char *data, size_t size, size_t count, void *user_data)
{
  Handle *handle = user_data;
  size_t bytes = size * count;

  if (handle->file >= 0 && write (handle->file, data, bytes) != (ssize_t) bytes)
    return 0;
  bench_delivered (handle->bench, handle->transfer, bytes);
  return bytes;
}

static Handle *
handle_new (Bench *bench)
{
  Handle *handle = free_handles;

  if (handle != NULL)
    {
      free_handles = handle->next_free;
      return handle;
    }
  handle = calloc (1, sizeof *handle);
  handle->bench = bench;
  return handle;
}

void
bench_curl_start (Bench *bench, CURLM *multi, BenchTransfer *transfer)
{
  Handle *handle = handle_new (bench);

  handle->transfer = transfer;
  handle->file = -1;
  if (transfer->path != NULL)
    handle->file = open (transfer->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (handle->easy == NULL)
    {
      handle->easy = curl_easy_init ();
      curl_easy_setopt (handle->easy, CURLOPT_NOSIGNAL, 1L);
      curl_easy_setopt (handle->easy, CURLOPT_WRITEFUNCTION, write_cb);
      curl_easy_setopt (handle->easy, CURLOPT_WRITEDATA, handle);
      curl_easy_setopt (handle->easy, CURLOPT_PRIVATE, handle);
      if (bench->authority != NULL)
        {
          curl_easy_setopt (handle->easy, CURLOPT_CAINFO, bench->authority);
          curl_easy_setopt (handle->easy, CURLOPT_PIPEWAIT, 1L);
        }
    }
  curl_easy_setopt (handle->easy, CURLOPT_URL, transfer->url);
  if (curl_multi_add_handle (multi, handle->easy) != CURLM_OK)
    {
      errno = 0;
      bench_die ("curl_multi_add_handle");
    }
}

static void
finish (Bench *bench, CURLM *multi, Handle *handle, CURLcode result)
{
  BenchTransfer *transfer = handle->transfer;

  curl_multi_remove_handle (multi, handle->easy);
  if (!bench->reuse)
    {
      curl_easy_cleanup (handle->easy);
      handle->easy = NULL;
    }
  if (handle->file >= 0)
    close (handle->file);
  handle->next_free = free_handles;
  free_handles = handle;
  bench_finished (bench, transfer, result == CURLE_OK);
}

void
bench_curl_collect (Bench *bench, CURLM *multi)
{
  CURLMsg *message;
  int left;

  while ((message = curl_multi_info_read (multi, &left)) != NULL)
    {
      char *handle = NULL;

      if (message->msg != CURLMSG_DONE)
        continue;
      curl_easy_getinfo (message->easy_handle, CURLINFO_PRIVATE, &handle);
      finish (bench, multi, (Handle *) (void *) handle, message->data.result);
    }
}

void
bench_curl_close (CURLM *multi)
{
  while (free_handles != NULL)
    {
      Handle *next = free_handles->next_free;

      curl_easy_cleanup (free_handles->easy);
      free (free_handles);
      free_handles = next;
    }
  curl_multi_cleanup (multi);
  curl_global_cleanup ();
}
