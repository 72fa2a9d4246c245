/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "series.h"

#include <stdio.h>
#include <string.h>

static int
number_of (const Handle *handle)
{
  return (int) handle->transfer->index;
}

static void
note_call (Handle *handle, const char *name, int answer)
{
  record_line (handle->series->record, number_of (handle), "%s in a callback answers %d", name, answer);
}

static void
call_multi (Handle *handle, guint which)
{
  CURLM *multi = handle->series->multi;
  fd_set in, out, error;
  CURL *spare;
  int n = 0;
  long timeout_ms;

  switch (which)
    {
    case 0:
      note_call (handle, "remove_handle", curl_multi_remove_handle (multi, handle->easy));
      break;
    case 1:
      spare = curl_easy_init ();
      note_call (handle, "add_handle", curl_multi_add_handle (multi, spare));
      curl_easy_cleanup (spare);
      break;
    case 2:
      note_call (handle, "perform", curl_multi_perform (multi, &n));
      break;
    case 3:
      note_call (handle, "socket_action", curl_multi_socket_action (multi, CURL_SOCKET_TIMEOUT, 0, &n));
      break;
    case 4:
      note_call (handle, "timeout", curl_multi_timeout (multi, &timeout_ms));
      break;
    case 5:
      FD_ZERO (&in);
      FD_ZERO (&out);
      FD_ZERO (&error);
      note_call (handle, "fdset", curl_multi_fdset (multi, &in, &out, &error, &n));
      break;
    case 6:
      note_call (handle, "wait", curl_multi_wait (multi, NULL, 0, 0, &n));
      break;
    case 7:
      note_call (handle, "poll", curl_multi_poll (multi, NULL, 0, 0, &n));
      break;
    case 8:
      note_call (handle, "info_read", curl_multi_info_read (multi, &n) != NULL);
      break;
    case 9:
      note_call (handle, "multi_setopt", curl_multi_setopt (multi, CURLMOPT_MAXCONNECTS, 100L));
      break;
    case 10:
      note_call (handle, "wakeup", curl_multi_wakeup (multi));
      break;
    default:
      note_call (handle, "add_handle of itself", curl_multi_add_handle (multi, handle->easy));
      break;
    }
}

void
handle_call (Handle *handle, guint which)
{
  CURL *copy;
  long status = -1;

  switch (which % 17)
    {
    case 12:
      note_call (handle, "easy_pause", curl_easy_pause (handle->easy, CURLPAUSE_CONT));
      break;
    case 13:
      note_call (handle, "getinfo", curl_easy_getinfo (handle->easy, CURLINFO_RESPONSE_CODE, &status));
      break;
    case 14:
      note_call (handle, "easy_perform", curl_easy_perform (handle->easy));
      break;
    case 15:
      copy = curl_easy_duphandle (handle->easy);
      note_call (handle, "duphandle", copy != NULL);
      curl_easy_cleanup (copy);
      break;
    case 16:
      handle->paused_round = (int) handle->series->round;
      note_call (handle, "pausing", curl_easy_pause (handle->easy, CURLPAUSE_ALL));
      break;
    default:
      call_multi (handle, which % 17);
      break;
    }
}

/* What the plan has for this call of a callback. */
static PlanDo
consult (Handle *handle, PlanAt at)
{
  PlanAction *action = &handle->transfer->action;

  if (action->what == PLAN_DO_NOTHING || action->at != at || ++handle->n_calls[at] != action->nth)
    return PLAN_DO_NOTHING;
  if (action->what == PLAN_DO_CALL)
    handle_call (handle, action->argument);
  if (action->what == PLAN_DO_PAUSE)
    {
      handle->paused_round = (int) handle->series->round;
      record_line (handle->series->record, number_of (handle), "pauses");
    }
  if (action->what == PLAN_DO_ABORT)
    record_line (handle->series->record, number_of (handle), "aborts");
  return action->what;
}

static size_t
header_cb (char *data, size_t size, size_t count, void *user_data)
{
  Handle *handle = user_data;
  g_autofree char *line = NULL;

  switch (consult (handle, PLAN_AT_HEADER))
    {
    case PLAN_DO_PAUSE: return CURL_WRITEFUNC_PAUSE;
    case PLAN_DO_ABORT: return 0;
    case PLAN_DO_NOTHING:
    case PLAN_DO_CALL:
    case PLAN_DO_N:
    default: break;
    }
  /* A NUL would end the line early in the record. */
  line = g_strndup (data, size * count);
  record_line (handle->series->record, number_of (handle), "< %s%s", line,
               strlen (line) != size * count ? " and more" : "");
  return size * count;
}

static size_t
write_cb (char *data, size_t size, size_t count, void *user_data)
{
  Handle *handle = user_data;

  switch (consult (handle, PLAN_AT_WRITE))
    {
    case PLAN_DO_PAUSE: return CURL_WRITEFUNC_PAUSE;
    case PLAN_DO_ABORT: return size * count == 1 ? 0 : 1;
    case PLAN_DO_NOTHING:
    case PLAN_DO_CALL:
    case PLAN_DO_N:
    default: break;
    }
  if (size * count == 0)
    record_line (handle->series->record, number_of (handle), "writes nothing");
  if (size * count > CURL_MAX_WRITE_SIZE)
    record_line (handle->series->record, number_of (handle), "breach: writes too much");
  record_bytes (handle->series->record, number_of (handle), "<body", data, size * count);
  return size * count;
}

/* What an application gets wrong: more than asked for, less than announced, no end; or changes its mind. */
static gboolean
misread (Handle *handle, size_t most, size_t *answer)
{
  const size_t answers[] = { 0, most + 1, 0, CURL_READFUNC_PAUSE, CURL_READFUNC_ABORT };
  guint fault = handle->transfer->wide.upload_fault;

  if (fault == 0 || (fault == 3 ? handle->part_at[0]++ != 1 : handle->uploaded == 0))
    return FALSE;
  if (fault == 3)
    handle->paused_round = (int) handle->series->round;
  *answer = answers[fault];
  return TRUE;
}

static size_t
read_cb (char *data, size_t size, size_t count, void *user_data)
{
  Handle *handle = user_data;
  size_t most = (size_t) CLAMP (handle->to_upload - handle->uploaded, 0, (gint64) (size * count));

  switch (consult (handle, PLAN_AT_READ))
    {
    case PLAN_DO_PAUSE: return CURL_READFUNC_PAUSE;
    case PLAN_DO_ABORT: return CURL_READFUNC_ABORT;
    case PLAN_DO_NOTHING:
    case PLAN_DO_CALL:
    case PLAN_DO_N:
    default: break;
    }
  if (misread (handle, size * count, &most))
    return most;
  for (size_t i = 0; i < most; i++)
    data[i] = (handle->uploaded + (gint64) i) % 50 == 49 && handle->transfer->wide.lines
                ? '\n' : (char) plan_byte (handle->uploaded + (gint64) i);
  handle->uploaded += (gint64) most;
  return most;
}

static int
seek_cb (void *user_data, curl_off_t offset, int origin)
{
  Handle *handle = user_data;

  record_line (handle->series->record, number_of (handle), "seeks to %lld from %d", (long long) offset, origin);
  if (origin != SEEK_SET || handle->transfer->index % 4 == 3)
    return CURL_SEEKFUNC_CANTSEEK;
  handle->uploaded = offset;
  return CURL_SEEKFUNC_OK;
}

static int
progress_cb (void *user_data, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
  Handle *handle = user_data;

  handle->progress[0] = down_total;
  handle->progress[1] = down;
  handle->progress[2] = up_total;
  handle->progress[3] = up;
  /* How often it is called is nobody's business; that it is called once there is a body, is. */
  if (down == 0)
    return 0;
  switch (consult (handle, PLAN_AT_PROGRESS))
    {
    case PLAN_DO_PAUSE:
      record_line (handle->series->record, number_of (handle), "pausing answers %d",
                   (int) curl_easy_pause (handle->easy, CURLPAUSE_ALL));
      return 0;
    case PLAN_DO_ABORT: return 1;
    case PLAN_DO_NOTHING:
    case PLAN_DO_CALL:
    case PLAN_DO_N:
    default: return 0;
    }
}

void
handle_set_callbacks (Handle *handle)
{
  CURL *easy = handle->easy;

  curl_easy_setopt (easy, CURLOPT_PRIVATE, handle);
  curl_easy_setopt (easy, CURLOPT_ERRORBUFFER, handle->error);
  curl_easy_setopt (easy, CURLOPT_HEADERFUNCTION, header_cb);
  curl_easy_setopt (easy, CURLOPT_HEADERDATA, handle);
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, write_cb);
  curl_easy_setopt (easy, CURLOPT_WRITEDATA, handle);
  curl_easy_setopt (easy, CURLOPT_READFUNCTION, read_cb);
  curl_easy_setopt (easy, CURLOPT_READDATA, handle);
  curl_easy_setopt (easy, CURLOPT_SEEKFUNCTION, seek_cb);
  curl_easy_setopt (easy, CURLOPT_SEEKDATA, handle);
  curl_easy_setopt (easy, CURLOPT_XFERINFOFUNCTION, progress_cb);
  curl_easy_setopt (easy, CURLOPT_XFERINFODATA, handle);
  curl_easy_setopt (easy, CURLOPT_NOPROGRESS, handle->transfer->progress ? 0L : 1L);
}
