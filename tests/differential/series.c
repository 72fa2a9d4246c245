/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "series.h"
#include "loop.h"

#include <stdio.h>
#include <string.h>

/* A series in which nothing moves for so long is stuck. */
#define STUCK_US (1000 * 1000)
/* Longer than every timeout that a plan sets: then the client waits for more than the server has to say. */
#define IDLE_US (200 * 1000)
#define MOST_ROUNDS 3000

static struct curl_slist *
list_of (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  struct curl_slist *list = NULL;

  for (guint i = 0; lines[i] != NULL; i++)
    list = curl_slist_append (list, lines[i]);
  return list;
}

static CURLcode
set_list (Handle *handle, CURLoption id, const char *text)
{
  struct curl_slist *list = list_of (text);

  handle->lists = g_slist_prepend (handle->lists, list);
  return curl_easy_setopt (handle->easy, id, list);
}

static void
set_option (Handle *handle, const PlanOption *option)
{
  const char *text = option->text;
  CURLcode code;

  if (option->is_list)
    code = set_list (handle, option->id, text);
  else if (option->is_null)
    code = curl_easy_setopt (handle->easy, option->id, NULL);
  else if (text != NULL)
    code = curl_easy_setopt (handle->easy, option->id, text);
  else if (option->id >= CURLOPTTYPE_OFF_T)
    code = curl_easy_setopt (handle->easy, option->id, (curl_off_t) option->number);
  else
    code = curl_easy_setopt (handle->easy, option->id, (long) option->number);
  if (code != CURLE_OK)
    record_line (handle->series->record, (int) handle->transfer->index, "option %d answers %d", (int) option->id,
                 (int) code);
}

static Handle *
handle_new (Series *series)
{
  Handle *handle = g_new0 (Handle, 1);

  handle->series = series;
  handle->easy = curl_easy_init ();
  handle->paused_round = -1;
  return handle;
}

static void
handle_free (Handle *handle)
{
  curl_easy_cleanup (handle->easy);
  handle_wide_free (handle);
  for (GSList *at = handle->lists; at != NULL; at = at->next)
    curl_slist_free_all (at->data);
  g_slist_free (handle->lists);
  g_free (handle);
}

static void
handle_prepare (Handle *handle, PlanTransfer *transfer)
{
  Series *series = handle->series;
  guint port = series->plan->port;
  g_autofree char *resolve = g_strdup_printf ("one.test:%u:127.0.0.1\ntwo.test:%u:127.0.0.1\nother.test:%u:127.0.0.1\n"
                                              "sub.one.test:%u:127.0.0.1\nt%u.test:%u:127.0.0.1",
                                              port, port, port, port, transfer->index, port);
  g_autofree char *via = g_strdup_printf ("via.test:80:127.0.0.1:%u", port);

  if (transfer->reset)
    curl_easy_reset (handle->easy);
  handle->transfer = transfer;
  handle->paused_round = -1;
  handle->uploaded = 0;
  handle->to_upload = transfer->upload_size;
  handle->error[0] = '\0';
  memset (handle->n_calls, 0, sizeof handle->n_calls);
  memset (handle->progress, 0, sizeof handle->progress);
  handle_set_callbacks (handle);
  if (series->plan->buffer_size > 0)
    curl_easy_setopt (handle->easy, CURLOPT_BUFFERSIZE, series->plan->buffer_size);
  set_list (handle, CURLOPT_RESOLVE, resolve);
  set_list (handle, CURLOPT_CONNECT_TO, via);
  handle_wide_prepare (handle);
  for (guint i = 0; i < transfer->options->len; i++)
    set_option (handle, &g_array_index (transfer->options, PlanOption, i));
}

static void
start_transfer (Series *series, PlanTransfer *transfer)
{
  Handle *handle = transfer->reuse_of >= 0 ? series->handles[transfer->reuse_of] : handle_new (series);
  CURLMcode code;

  series->handles[transfer->index] = handle;
  handle_prepare (handle, transfer);
  handle->added_round = series->round;
  code = curl_multi_add_handle (series->multi, handle->easy);
  handle->added = code == CURLM_OK;
  if (code != CURLM_OK)
    {
      record_line (series->record, (int) transfer->index, "add_handle answers %d", (int) code);
      series->over[transfer->index] = TRUE;
    }
}

static void
remove_transfer (Series *series, PlanTransfer *transfer)
{
  Handle *handle = series->handles[transfer->index];
  CURLMcode code = curl_multi_remove_handle (series->multi, handle->easy);

  handle->added = FALSE;
  series->over[transfer->index] = TRUE;
  record_line (series->record, (int) transfer->index, "removed, answers %d", (int) code);
  record_over (series->record, (int) transfer->index);
}

/* True when @transfer may start: its round has come, and the handle that it shares is free. */
static gboolean
may_start (Series *series, PlanTransfer *transfer)
{
  Handle *shared;

  if (series->handles[transfer->index] != NULL || transfer->start_round > series->round)
    return FALSE;
  if (transfer->reuse_of < 0)
    return TRUE;
  shared = series->handles[transfer->reuse_of];
  return shared != NULL && !shared->added && series->over[shared->transfer->index];
}

static void
apply_plan (Series *series)
{
  for (guint i = 0; i < series->plan->transfers->len; i++)
    {
      PlanTransfer *transfer = g_ptr_array_index (series->plan->transfers, i);
      Handle *handle;

      if (may_start (series, transfer))
        start_transfer (series, transfer);
      handle = series->handles[i];
      if (handle == NULL || handle->transfer != transfer || series->over[i])
        continue;
      if (transfer->remove_round >= 0 && series->round >= handle->added_round + (guint) transfer->remove_round)
        {
          remove_transfer (series, transfer);
          continue;
        }
      if (handle->paused_round >= 0 && series->round >= (guint) handle->paused_round + transfer->pause_rounds)
        {
          CURLcode code;

          handle->paused_round = -1;
          record_line (series->record, (int) i, "resumes");
          /* Whether what was held comes within this call or after it is not said. */
          code = curl_easy_pause (handle->easy, CURLPAUSE_CONT);
          if (code != CURLE_OK)
            record_line (series->record, (int) i, "resuming answers %d", (int) code);
        }
    }
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  return *(const int *) a - *(const int *) b;
}

/* Takes the messages. Within one turn their order is the library's own business. */
static void
collect (Series *series)
{
  int ended[64];
  guint n = 0;
  CURLMsg *message;
  int left;

  while ((message = curl_multi_info_read (series->multi, &left)) != NULL)
    {
      char *private = NULL;
      Handle *handle;
      CURLcode result = message->data.result;

      curl_easy_getinfo (message->easy_handle, CURLINFO_PRIVATE, &private);
      handle = (Handle *) (void *) private;
      if (message->msg != CURLMSG_DONE || message->easy_handle != handle->easy || !handle->added)
        {
          record_line (series->record, RECORD_WHOLE, "breach: a strange message");
          continue;
        }
      handle_note_end (handle, result);
      handle_wide_end (handle, result);
      record_over (series->record, (int) handle->transfer->index);
      curl_multi_remove_handle (series->multi, handle->easy);
      handle->added = FALSE;
      series->over[handle->transfer->index] = TRUE;
      if (n < G_N_ELEMENTS (ended))
        ended[n++] = (int) handle->transfer->index;
    }
  qsort (ended, n, sizeof ended[0], compare_numbers);
  for (guint i = 0; i < n; i++)
    record_line (series->record, RECORD_WHOLE, "ended: t%d", ended[i]);
}

static gboolean
all_over (Series *series)
{
  for (guint i = 0; i < series->plan->transfers->len; i++)
    if (!series->over[i])
      return FALSE;
  return TRUE;
}

/* Client and server by turns until neither has anything to say. */
static gboolean
settle (Series *series)
{
  gboolean moved = FALSE;
  int running = series->running;

  do
    {
      loop_settle (series->loop, &running);
      collect (series);
    }
  while (server_read (series->server) && (moved = TRUE));
  if (running != series->running)
    record_line (series->record, RECORD_WHOLE, "running: %d", running);
  series->running = running;
  return moved;
}

/* True when a later round has something in store whatever happens in between. */
static gboolean
plan_waits (Series *series)
{
  for (guint i = 0; i < series->plan->transfers->len; i++)
    {
      PlanTransfer *transfer = g_ptr_array_index (series->plan->transfers, i);
      Handle *handle = series->handles[i];

      if (handle == NULL ? transfer->start_round > series->round
                         : !series->over[i] && handle->transfer == transfer
                             && (handle->paused_round >= 0 || transfer->remove_round >= 0))
        return TRUE;
    }
  return FALSE;
}

static void
play_rounds (Series *series)
{
  gint64 last_move = g_get_monotonic_time ();

  for (; series->round < MOST_ROUNDS && !all_over (series); series->round++)
    {
      gboolean moved;

      /* Before anything new starts, so that it meets what is left of what has ended. */
      moved = settle (series);
      apply_plan (series);
      moved |= settle (series);
      if (series->plan->theme == PLAN_THEME_WAKEUP)
        series_poke (series);
      if (server_step (series->server, series->round) || moved)
        last_move = g_get_monotonic_time ();
      else if (!plan_waits (series) && !all_over (series))
        {
          gint64 idle = g_get_monotonic_time () - last_move;

          loop_sleep (series->loop, 20);
          if (idle > STUCK_US)
            break;
          if (idle > IDLE_US && server_hang_up (series->server))
            last_move = g_get_monotonic_time ();
        }
    }
  for (guint i = 0; i < series->plan->transfers->len; i++)
    if (!series->over[i])
      record_line (series->record, (int) i, "stuck");
}

static void
series_print (Series *series)
{
  static const char *const waits[] = { "poll", "wait", "fdset", "events" };
  Plan *plan = series->plan;

  printf ("### %" G_GUINT64_FORMAT " %s total=%ld host=%ld pool=%ld\n", plan->seed, waits[plan->wait], plan->max_total,
          plan->max_host, plan->max_connects);
  for (guint i = 0; i < plan->transfers->len; i++)
    {
      PlanTransfer *transfer = g_ptr_array_index (plan->transfers, i);

      printf ("## t%u%s\n", i, transfer->tags->str);
      record_print (series->record, (int) i);
    }
  printf ("## whole\n");
  record_print (series->record, RECORD_WHOLE);
  fflush (stdout);
}

static void
series_free (Series *series)
{
  g_autoptr (GPtrArray) handles = g_ptr_array_new_with_free_func ((GDestroyNotify) handle_free);

  for (guint i = 0; i < series->plan->transfers->len; i++)
    if (series->handles[i] != NULL && !g_ptr_array_find (handles, series->handles[i], NULL))
      {
        curl_multi_remove_handle (series->multi, series->handles[i]->easy);
        g_ptr_array_add (handles, series->handles[i]);
      }
  /* In the proper order; the wrong one has tests of its own. */
  g_ptr_array_set_size (handles, 0);
  curl_multi_cleanup (series->multi);
  series_wide_end (series);
  loop_free (series->loop);
  server_free (series->server);
  record_free (series->record);
  plan_free (series->plan);
  g_free (series->handles);
  g_free (series->over);
  g_free (series);
}

void
series_play (guint64 seed)
{
  Series *series = g_new0 (Series, 1);
  Plan *plan = plan_new (seed);

  series->plan = plan;
  series->record = record_new (plan->transfers->len);
  series->server = server_new (plan, series->record);
  record_ports (series->record, plan->port, plan->refused_port);
  series->handles = g_new0 (Handle *, plan->transfers->len);
  series->over = g_new0 (gboolean, plan->transfers->len);
  series->multi = curl_multi_init ();
  series_wide_start (series);
  series->loop = loop_new (series->multi, plan->wait, series->record);
  if (plan->max_total > 0)
    curl_multi_setopt (series->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, plan->max_total);
  if (plan->max_host > 0)
    curl_multi_setopt (series->multi, CURLMOPT_MAX_HOST_CONNECTIONS, plan->max_host);
  if (plan->max_connects >= 0)
    curl_multi_setopt (series->multi, CURLMOPT_MAXCONNECTS, plan->max_connects);

  if (plan->multiplex >= 0)
    curl_multi_setopt (series->multi, CURLMOPT_PIPELINING, plan->multiplex);
  if (plan->most_streams >= 0)
    curl_multi_setopt (series->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, plan->most_streams);

  play_rounds (series);
  if (plan->theme == PLAN_THEME_LIMITS)
    server_note_rest (series->server);
  record_close (series->record);
  series_print (series);
  series_free (series);
}
