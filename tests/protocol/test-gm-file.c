/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "asking.h"

#include "file/gm-file-job.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  Asking asking;
  char *folder;
  char *path; /* of "f" in it */
  char *url;
  char *data; /* of DATA_SIZE */
} Fixture;

#define DATA_SIZE (3 * 1024 * 1024 + 12345)

static void
set_up (Fixture *self,
        gconstpointer foreign)
{
  asking_init (&self->asking, foreign != NULL);
  self->folder = g_dir_make_tmp ("gmulti-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, "f", NULL);
  self->url = g_strconcat ("file://", self->path, NULL);
  self->data = g_malloc (DATA_SIZE);
  for (guint i = 0; i < DATA_SIZE; i++)
    self->data[i] = (char) (i * 7 + i / 256 + i / 65536);
}

static void
tear_down (Fixture *self,
           gconstpointer foreign)
{
  asking_clear (&self->asking);
  g_unlink (self->path);
  g_rmdir (self->folder);
  g_free (self->folder);
  g_free (self->path);
  g_free (self->url);
  g_free (self->data);
}

static void
put_file (Fixture *self,
          const char *data,
          gsize len)
{
  g_assert_true (g_file_set_contents (self->path, data, (gssize) len, NULL));
}

static void
check_file (Fixture *self,
            const char *data,
            gsize len)
{
  g_autofree char *found = NULL;
  gsize found_len = 0;

  g_assert_true (g_file_get_contents (self->path, &found, &found_len, NULL));
  g_assert_cmpuint (found_len, ==, len);
  g_assert_true (len == 0 || memcmp (found, data, len) == 0);
}

static guint
count_descriptors (void)
{
  GDir *dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  g_dir_close (dir);
  return n;
}

/* Workers close what was left to them in their own time. */
static void
check_descriptors (guint expected)
{
  for (guint i = 0; i < 500 && count_descriptors () > expected; i++)
    g_usleep (10 * 1000);
  g_assert_cmpuint (count_descriptors (), ==, expected);
}

/* ---- downloads ---- */

static void
test_sizes (Fixture *self,
            gconstpointer foreign)
{
  static const gsize sizes[] = {
    0, 1, GM_FILE_FIRST - 1, GM_FILE_FIRST, GM_FILE_FIRST + 1, GM_FILE_FIRST + GM_FILE_PIECE,
    GM_FILE_FIRST + GM_FILE_PIECE + 1, GM_FILE_FIRST + 2 * GM_FILE_PIECE - 1, DATA_SIZE,
  };
  Asking *asking = &self->asking;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_test_message ("%" G_GSIZE_FORMAT, sizes[i]);
      put_file (self, self->data, sizes[i]);
      g_assert_cmpint (asking_run (asking, self->url, GM_METHOD_GET), ==, GM_OK);
      asking_check_body (asking, self->data, sizes[i]);
      g_assert_cmpstr (asking->news->str, ==, "H");
      g_assert_cmpuint (asking->info.downloaded, ==, sizes[i]);
      g_assert_cmpint (asking->info.download_size, ==, sizes[i] > 0 ? (gint64) sizes[i] : -1);
      asking_reset (asking);
    }
}

/* A POST to a file reads it. */
static void
test_post (Fixture *self,
           gconstpointer foreign)
{
  put_file (self, "abc", 3);
  g_assert_cmpint (asking_run (&self->asking, self->url, GM_METHOD_POST), ==, GM_OK);
  asking_check_body (&self->asking, "abc", 3);
}

static void
test_head (Fixture *self,
           gconstpointer foreign)
{
  static const struct timespec times[] = { { 784111777, 0 }, { 784111777, 999999999 } };
  static const char lines[] = "Content-Length: 5\r\n"
                              "Accept-ranges: bytes\r\n"
                              "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
  g_autofree char *whole = g_strconcat (lines, "\r\n", NULL);
  Asking *asking = &self->asking;
  GmSpan value;

  put_file (self, "hello", 5);
  g_assert_cmpint (utimensat (AT_FDCWD, self->path, times, 0), ==, 0);

  asking->settings.no_body = TRUE;
  g_assert_cmpint (asking_run (asking, self->url, GM_METHOD_GET), ==, GM_OK);
  g_assert_cmpstr (asking->head->str, ==, lines);
  asking_check_body (asking, "", 0);
  g_assert_cmpint (asking->info.download_size, ==, 5);
  g_assert_cmpint (asking->info.filetime, ==, 784111777);
  g_assert_cmpuint (asking->info.header_bytes, ==, 0);
  g_assert_true (gm_headers_lookup (asking->headers, GM_SPAN ("accept-ranges"), GM_HEADER_FINAL,
                                    GM_HEADERS_LAST_REQUEST, &value));
  g_assert_cmpmem (value.data, value.len, "bytes", 5);
  asking_reset (asking);

  g_assert_cmpint (asking_run (asking, self->url, GM_METHOD_HEAD), ==, GM_OK);
  g_assert_cmpstr (asking->head->str, ==, lines);
  asking_reset (asking);

  g_assert_cmpint (asking_run (asking, self->url, GM_METHOD_GET), ==, GM_OK);
  g_assert_cmpstr (asking->head->str, ==, whole);
  asking_check_body (asking, "hello", 5);
}

static void
test_ranges (Fixture *self,
             gconstpointer foreign)
{
  static const struct
  {
    const char *range;
    gint64 resume_from;
    GmResult result;
    const char *body;
  } cases[] = {
    { "0-0", 0, GM_OK, "0" },
    { "2-4", 0, GM_OK, "234" },
    { "2-", 0, GM_OK, "23456789" },
    { "-3", 0, GM_OK, "789" },
    { "-10", 0, GM_OK, "0123456789" },
    { "-11", 0, GM_OK, "0123456789" },
    { "5-100", 0, GM_OK, "56789" },
    { "9-9", 0, GM_OK, "9" },
    { "10-", 0, GM_OK, "" },
    { "11-", 0, GM_RESUME_REFUSED, "" },
    { "50-60", 0, GM_RESUME_REFUSED, "" },
    { "4-2", 0, GM_RANGE_REFUSED, "" },
    { "abc", 0, GM_RANGE_REFUSED, "" },
    { "1-2,4-5", 0, GM_RANGE_REFUSED, "" },
    { NULL, 4, GM_OK, "456789" },
    { NULL, 10, GM_OK, "" },
    { NULL, 11, GM_RESUME_REFUSED, "" },
    { "0-1", 8, GM_OK, "89" },
    { NULL, G_MAXINT64, GM_RESUME_REFUSED, "" },
    { "0-9223372036854775807", 0, GM_OK, "0123456789" },
  };
  Asking *asking = &self->asking;

  put_file (self, "0123456789", 10);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s %" G_GINT64_FORMAT, cases[i].range != NULL ? cases[i].range : "-", cases[i].resume_from);
      asking->settings.range = (char *) cases[i].range;
      asking->settings.resume_from = cases[i].resume_from;
      g_assert_cmpint (asking_run (asking, self->url, GM_METHOD_GET), ==, cases[i].result);
      g_assert_cmpstr (asking->body->str, ==, cases[i].body);
      g_assert_cmpint (asking->info.download_size, ==,
                       cases[i].result == GM_OK ? (gint64) strlen (cases[i].body) : 10);
      g_assert_nonnull (strstr (asking->head->str, "Content-Length: 10\r\n"));
      asking->settings.range = NULL;
      asking_reset (asking);
    }
}

static void
test_large_range (Fixture *self,
                  gconstpointer foreign)
{
  Asking *asking = &self->asking;

  put_file (self, self->data, DATA_SIZE);
  asking->settings.range = (char *) "1000000-2000000";
  g_assert_cmpint (asking_run (asking, self->url, GM_METHOD_GET), ==, GM_OK);
  asking_check_body (asking, self->data + 1000000, 1000001);
  asking->settings.range = NULL;
}

static void
test_failures (Fixture *self,
               gconstpointer foreign)
{
  Asking *asking = &self->asking;
  g_autofree char *folder_url = g_strconcat ("file://", self->folder, NULL);
  g_autofree char *below = g_strconcat (self->url, "/x", NULL);

  g_assert_cmpint (asking_run (asking, self->url, GM_METHOD_GET), ==, GM_FILE_NOT_FOUND);
  g_assert_cmpint (asking->error.result, ==, GM_FILE_NOT_FOUND);
  g_assert_cmpint (asking->error.sys_errno, ==, ENOENT);
  g_assert_cmpstr (asking->error.host, ==, self->path);
  g_assert_cmpstr (asking->news->str, ==, "");
  asking_reset (asking);

  put_file (self, "x", 1);
  g_assert_cmpint (asking_run (asking, below, GM_METHOD_GET), ==, GM_FILE_NOT_FOUND);
  asking_reset (asking);

  for (guint head = 0; head < 2; head++)
    {
      asking->settings.no_body = head;
      g_assert_cmpint (asking_run (asking, folder_url, GM_METHOD_GET), ==, GM_FILE_IS_FOLDER);
      g_assert_cmpint (asking->error.sys_errno, ==, EISDIR);
      asking_reset (asking);
    }

  g_assert_cmpint (asking_run (asking, "file:///a%00b", GM_METHOD_GET), ==, GM_BAD_URL);
  asking_reset (asking);
}

static gboolean
both_are_refused (Fixture *self)
{
  Asking *asking = &self->asking;
  gboolean refused = asking_run (asking, self->url, GM_METHOD_GET) == GM_FILE_ACCESS;

  asking_reset (asking);
  asking->upload = "x";
  asking->upload_len = 1;
  return refused && asking_run (asking, self->url, GM_METHOD_PUT) == GM_FILE_ACCESS;
}

/* Root may do everything, so then a child that is nobody asks. */
static void
test_no_access (Fixture *self,
                gconstpointer foreign)
{
  int status = -1;
  pid_t pid;

  put_file (self, "x", 1);
  g_assert_cmpint (g_chmod (self->path, 0), ==, 0);
  if (geteuid () != 0)
    {
      g_assert_true (both_are_refused (self));
      return;
    }

  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      alarm (20);
      if (setgid (65534) != 0 || setuid (65534) != 0)
        _exit (2);
      asking_init (&self->asking, foreign != NULL);
      _exit (both_are_refused (self) ? execl ("/bin/true", "true", NULL) : 1);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

static void
test_names (Fixture *self,
            gconstpointer foreign)
{
  static const char *const names[][2] = {
    { "a b%", "a%20b%25" }, { "\xc3\xa4?#", "%C3%A4%3f%23" }, { "plain", "plain?query#fragment" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (self->folder, names[i][0], NULL);
      g_autofree char *url = g_strconcat ("file://localhost", self->folder, "/", names[i][1], NULL);

      g_assert_true (g_file_set_contents (path, names[i][0], -1, NULL));
      g_assert_cmpint (asking_run (&self->asking, url, GM_METHOD_GET), ==, GM_OK);
      g_assert_cmpstr (self->asking.body->str, ==, names[i][0]);
      g_unlink (path);
      asking_reset (&self->asking);
    }
}

/* Files of /proc say that they are empty, devices say nothing. */
static void
test_no_size (Fixture *self,
              gconstpointer foreign)
{
  Asking *asking = &self->asking;

  g_assert_cmpint (asking_run (asking, "file:///proc/self/status", GM_METHOD_GET), ==, GM_OK);
  g_assert_true (g_str_has_prefix (asking->body->str, "Name:"));
  g_assert_nonnull (strstr (asking->body->str, "Threads:"));
  g_assert_cmpint (asking->info.download_size, ==, -1);
  asking_reset (asking);

  g_assert_cmpint (asking_run (asking, "file:///dev/null", GM_METHOD_GET), ==, GM_OK);
  asking_check_body (asking, "", 0);
  g_assert_null (strstr (asking->head->str, "Content-Length"));
  asking_reset (asking);

  asking->settings.range = (char *) "0-99999";
  g_assert_cmpint (asking_run (asking, "file:///dev/zero", GM_METHOD_GET), ==, GM_OK);
  g_assert_cmpuint (asking->body->len, ==, 100000);
  asking_reset (asking);

  /* No position to go to, no end to count from. */
  asking->settings.range = (char *) "5-9";
  g_assert_cmpint (asking_run (asking, "file:///dev/zero", GM_METHOD_GET), ==, GM_RESUME_REFUSED);
  asking_reset (asking);
  asking->settings.range = (char *) "-9";
  g_assert_cmpint (asking_run (asking, "file:///dev/zero", GM_METHOD_GET), ==, GM_RESUME_REFUSED);
  asking->settings.range = NULL;
}

/* What is kept is bounded by two pieces, however long nobody takes it. */
static void
test_pause (Fixture *self,
            gconstpointer foreign)
{
  Asking *asking = &self->asking;

  put_file (self, self->data, DATA_SIZE);
  asking->pause_each = 100000;
  g_assert_cmpint (asking_run (asking, self->url, GM_METHOD_GET), ==, GM_OK);
  asking_check_body (asking, self->data, DATA_SIZE);
  asking_reset (asking);

  asking->pause_each = 10;
  asking->lifts = FALSE;
  asking_begin (asking, self->url, GM_METHOD_GET);
  asking_wait_body (asking, 10);
  asking_wait (asking, 30);
  g_assert_cmpuint (asking->body->len, ==, 10);
  g_assert_cmpuint (asking->info.downloaded, <=, GM_FILE_FIRST);
  g_assert_cmpuint (asking->request.client_sink.held_len, <=, GM_FILE_FIRST);
  g_assert_cmpuint (asking->reactor.n_sockets, ==, 0);
  g_assert_cmpint (gm_reactor_next (&asking->reactor), ==, -1);
  asking->pause_each = 0;
  asking->lifts = TRUE;
  g_assert_cmpint (asking_finish (asking), ==, GM_OK);
  asking_check_body (asking, self->data, DATA_SIZE);
}

static void
test_limits (Fixture *self,
             gconstpointer foreign)
{
  Asking *asking = &self->asking;

  put_file (self, self->data, 200000);
  asking->flow.most = 1000;
  g_assert_cmpint (asking_run (asking, self->url, GM_METHOD_GET), ==, GM_OK);
  asking_check_body (asking, self->data, 200000);
  g_assert_cmpuint (asking->largest_write, ==, 1000);
  asking_reset (asking);

  asking->flow.recv_quota = 150;
  asking_begin (asking, self->url, GM_METHOD_GET);
  asking_wait_body (asking, 150);
  asking_wait (asking, 30);
  g_assert_cmpuint (asking->body->len, ==, 150);
  g_assert_cmpint (asking->flow.recv_quota, ==, 0);
  asking->flow.recv_quota = G_MAXINT64;
  gm_reactor_queue (&asking->reactor, &asking->owner.runnable);
  g_assert_cmpint (asking_finish (asking), ==, GM_OK);
  asking_check_body (asking, self->data, 200000);
  asking_reset (asking);

  asking->settings.max_size = 200000;
  g_assert_cmpint (asking_run (asking, self->url, GM_METHOD_GET), ==, GM_OK);
  asking_reset (asking);
  asking->settings.max_size = 199999;
  g_assert_cmpint (asking_run (asking, self->url, GM_METHOD_GET), ==, GM_TOO_LARGE);
  g_assert_cmpuint (asking->n_writes, ==, 0);
  asking_reset (asking);

  /* Where the size is not known before, the sink says it. */
  asking->settings.max_size = 10;
  g_assert_cmpint (asking_run (asking, "file:///proc/self/status", GM_METHOD_GET), ==, GM_TOO_LARGE);
}

static void
test_time_condition (Fixture *self,
                     gconstpointer foreign)
{
  static const struct
  {
    GmTimeCondition condition;
    gint64 value;
    const char *range;
    gboolean unmet;
  } cases[] = {
    { GM_TIME_CONDITION_IF_MODIFIED_SINCE, 999, NULL, FALSE },
    { GM_TIME_CONDITION_IF_MODIFIED_SINCE, 1000, NULL, TRUE },
    { GM_TIME_CONDITION_LAST_MODIFIED, 1001, NULL, TRUE },
    { GM_TIME_CONDITION_IF_UNMODIFIED_SINCE, 999, NULL, TRUE },
    { GM_TIME_CONDITION_IF_UNMODIFIED_SINCE, 1000, NULL, FALSE },
    { GM_TIME_CONDITION_IF_MODIFIED_SINCE, 0, NULL, FALSE },
    { GM_TIME_CONDITION_IF_MODIFIED_SINCE, 1000, "0-", FALSE },
  };
  static const struct timespec times[] = { { 1000, 0 }, { 1000, 0 } };
  Asking *asking = &self->asking;

  put_file (self, "hello", 5);
  g_assert_cmpint (utimensat (AT_FDCWD, self->path, times, 0), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      asking->settings.time_condition = (guint8) cases[i].condition;
      asking->settings.time_value = cases[i].value;
      asking->settings.range = (char *) cases[i].range;
      g_assert_cmpint (asking_run (asking, self->url, GM_METHOD_GET), ==, GM_OK);
      g_assert_cmpint (asking->info.condition_unmet, ==, cases[i].unmet);
      g_assert_cmpuint (asking->body->len, ==, cases[i].unmet ? 0 : 5);
      asking->settings.range = NULL;
      asking_reset (asking);
    }
}

static void
test_client_fails (Fixture *self,
                   gconstpointer foreign)
{
  Asking *asking = &self->asking;
  guint before;

  put_file (self, self->data, DATA_SIZE);
  g_assert_cmpint (asking_run (asking, "file:///dev/null", GM_METHOD_GET), ==, GM_OK);
  asking_reset (asking);
  before = count_descriptors ();
  for (gint at = 1; at <= 3; at++)
    {
      asking->fail_write_at = at;
      asking->write_failure = at == 2 ? GM_ANSWER_ABORT : GM_ANSWER_FAIL;
      g_assert_cmpint (asking_run (asking, self->url, GM_METHOD_GET), ==, at == 2 ? GM_ABORTED : GM_WRITE_FAILED);
      asking_reset (asking);
    }
  check_descriptors (before);
}

/* Given up in each state: nobody waits, nothing is left open. */
static void
test_given_up (Fixture *self,
               gconstpointer foreign)
{
  Asking *asking = &self->asking;
  guint before;

  put_file (self, self->data, DATA_SIZE);
  g_assert_cmpint (asking_run (asking, "file:///dev/null", GM_METHOD_GET), ==, GM_OK);
  asking_reset (asking);
  before = count_descriptors ();
  for (guint turns = 0; turns < 12; turns++)
    {
      asking_begin (asking, self->url, GM_METHOD_GET);
      for (guint i = 0; i < turns && asking->result == GM_AGAIN; i++)
        turning_once (&asking->reactor, 1000);
      asking_reset (asking);
      g_assert_cmpuint (asking->reactor.n_sockets, ==, 0);
    }
  check_descriptors (before);
}

/* A file that shrinks under us ends where it ends. */
static void
test_shrinks (Fixture *self,
              gconstpointer foreign)
{
  Asking *asking = &self->asking;

  put_file (self, self->data, DATA_SIZE);
  asking->flow.recv_quota = 1;
  asking_begin (asking, self->url, GM_METHOD_GET);
  asking_wait_body (asking, 1);
  g_assert_cmpint (truncate (self->path, GM_FILE_FIRST), ==, 0);
  asking->flow.recv_quota = G_MAXINT64;
  gm_reactor_queue (&asking->reactor, &asking->owner.runnable);
  g_assert_cmpint (asking_finish (asking), ==, GM_OK);
  /* What was read ahead is there still. */
  g_assert_cmpuint (asking->body->len, >=, GM_FILE_FIRST);
  g_assert_cmpuint (asking->body->len, <=, GM_FILE_FIRST + GM_FILE_PIECE);
}

/* ---- pipes ---- */

static void
make_pipe (Fixture *self)
{
  g_assert_cmpint (mkfifo (self->path, 0600), ==, 0);
}

static void
write_pipe (int fd,
            const char *text)
{
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
}

static void
test_pipe (Fixture *self,
           gconstpointer foreign)
{
  Asking *asking = &self->asking;
  int fd;

  make_pipe (self);
  asking_begin (asking, self->url, GM_METHOD_GET);
  asking_wait (asking, 50);
  g_assert_cmpint (asking->result, ==, GM_AGAIN);
  g_assert_cmpuint (asking->body->len, ==, 0);

  fd = open (self->path, O_WRONLY);
  g_assert_cmpint (fd, >=, 0);
  asking_wait (asking, 20);
  g_assert_cmpint (asking->result, ==, GM_AGAIN);
  write_pipe (fd, "one ");
  asking_wait_body (asking, 4);
  g_assert_cmpstr (asking->body->str, ==, "one ");

  /* Paused: bytes wait, and nobody is told that there is something to read. */
  asking->lifts = FALSE;
  asking->flow.paused = GM_FLOW_RECV;
  gm_reactor_queue (&asking->reactor, &asking->owner.runnable);
  asking_wait (asking, 20);
  write_pipe (fd, "two");
  asking->owner.n_turns = 0;
  asking_wait (asking, 50);
  g_assert_cmpstr (asking->body->str, ==, "one ");
  g_assert_cmpuint (asking->owner.n_turns, <=, 1);
  asking->lifts = TRUE;
  asking_wait_body (asking, 7);
  g_assert_cmpstr (asking->body->str, ==, "one two");
  g_assert_cmpint (asking->result, ==, GM_AGAIN);

  close (fd);
  g_assert_cmpint (asking_finish (asking), ==, GM_OK);
  g_assert_cmpstr (asking->body->str, ==, "one two");
}

static void
test_pipe_range (Fixture *self,
                 gconstpointer foreign)
{
  Asking *asking = &self->asking;
  int fd;

  make_pipe (self);
  asking->settings.range = (char *) "0-4";
  asking_begin (asking, self->url, GM_METHOD_GET);
  fd = open (self->path, O_WRONLY);
  write_pipe (fd, "1234567");
  g_assert_cmpint (asking_finish (asking), ==, GM_OK);
  g_assert_cmpstr (asking->body->str, ==, "12345");
  close (fd);
  asking_reset (asking);

  asking->settings.resume_from = 2;
  g_assert_cmpint (asking_run (asking, self->url, GM_METHOD_GET), ==, GM_RESUME_REFUSED);
}

/* More silent pipes than workers: nobody else waits. */
static void
test_silent_pipes (Fixture *self,
                   gconstpointer foreign)
{
  enum { N = 30 };
  g_autofree Asking *silent = g_new (Asking, N);
  g_autofree char *other = g_build_filename (self->folder, "other", NULL);
  g_autofree char *other_url = g_strconcat ("file://", other, NULL);

  make_pipe (self);
  g_assert_true (g_file_set_contents (other, "quick", 5, NULL));
  for (guint i = 0; i < N; i++)
    {
      asking_init (&silent[i], foreign != NULL);
      asking_begin (&silent[i], self->url, GM_METHOD_GET);
    }
  g_assert_cmpint (asking_run (&self->asking, other_url, GM_METHOD_GET), ==, GM_OK);
  g_assert_cmpstr (self->asking.body->str, ==, "quick");
  for (guint i = 0; i < N; i++)
    {
      asking_wait (&silent[i], 1);
      g_assert_cmpint (silent[i].result, ==, GM_AGAIN);
      asking_clear (&silent[i]);
    }
  g_unlink (other);
}

/* ---- uploads ---- */

static GmResult
upload (Fixture *self,
        const char *data,
        gsize len)
{
  self->asking.upload = data;
  self->asking.upload_len = len;
  return asking_run (&self->asking, self->url, GM_METHOD_PUT);
}

static void
test_upload (Fixture *self,
             gconstpointer foreign)
{
  static const gsize sizes[] = { 0, 1, 128 * 1024, 128 * 1024 + 1, DATA_SIZE };
  Asking *asking = &self->asking;
  mode_t mask = umask (022);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint known = 0; known < 2; known++)
      {
        struct stat about;

        g_unlink (self->path);
        asking->settings.upload_size = known ? (gint64) sizes[i] : -1;
        asking->settings.file_mode = 0640;
        asking->upload_step = i == 4 ? 50000 : 0;
        g_assert_cmpint (upload (self, self->data, sizes[i]), ==, GM_OK);
        check_file (self, self->data, sizes[i]);
        g_assert_cmpuint (asking->info.uploaded, ==, sizes[i]);
        g_assert_cmpint (stat (self->path, &about), ==, 0);
        g_assert_cmpint (about.st_mode & 0777, ==, 0640);
        asking_reset (asking);
      }
  umask (mask);
}

static void
test_upload_over (Fixture *self,
                  gconstpointer foreign)
{
  Asking *asking = &self->asking;

  put_file (self, "former content", 14);
  g_assert_cmpint (upload (self, "new", 3), ==, GM_OK);
  check_file (self, "new", 3);
  asking_reset (asking);

  asking->settings.append = TRUE;
  g_assert_cmpint (upload (self, " and more", 9), ==, GM_OK);
  check_file (self, "new and more", 12);
  asking_reset (asking);

  /* Resumed: what is there already is not sent. */
  asking->settings.resume_from = 3;
  g_assert_cmpint (upload (self, "012345", 6), ==, GM_OK);
  check_file (self, "new and more345", 15);
  asking_reset (asking);

  put_file (self, "0123", 4);
  asking->settings.resume_from = -1;
  asking->settings.upload_size = 8;
  g_assert_cmpint (upload (self, "01234567", 8), ==, GM_OK);
  check_file (self, "01234567", 8);
  g_assert_cmpuint (asking->info.uploaded, ==, 4);
  asking_reset (asking);

  asking->settings.resume_from = -1;
  asking->settings.upload_size = 8;
  g_assert_cmpint (upload (self, "01234567", 8), ==, GM_OK);
  check_file (self, "01234567", 8);
}

static void
test_upload_pauses (Fixture *self,
                    gconstpointer foreign)
{
  Asking *asking = &self->asking;

  asking->upload_step = 20000;
  asking->upload_pauses = TRUE;
  g_assert_cmpint (upload (self, self->data, 400000), ==, GM_OK);
  check_file (self, self->data, 400000);
  asking_reset (asking);

  asking->flow.send_quota = 1000;
  asking->upload = self->data;
  asking->upload_len = 3000;
  asking_begin (asking, self->url, GM_METHOD_PUT);
  asking_wait_upload (asking, 1000);
  asking_wait (asking, 50);
  check_file (self, self->data, 1000);
  asking->flow.send_quota = G_MAXINT64;
  gm_reactor_queue (&asking->reactor, &asking->owner.runnable);
  g_assert_cmpint (asking_finish (asking), ==, GM_OK);
  check_file (self, self->data, 3000);
}

static void
test_upload_failures (Fixture *self,
                      gconstpointer foreign)
{
  Asking *asking = &self->asking;
  g_autofree char *folder_url = g_strconcat ("file://", self->folder, NULL);
  g_autofree char *below = g_strconcat (folder_url, "/no/such", NULL);

  asking->settings.upload_size = 10;
  g_assert_cmpint (upload (self, "12345", 5), ==, GM_READ_SHORT);
  asking_reset (asking);
  asking->upload_failure = GM_ANSWER_FAIL;
  g_assert_cmpint (upload (self, "12345", 5), ==, GM_READ_FAILED);
  asking_reset (asking);
  asking->upload_failure = GM_ANSWER_ABORT;
  g_assert_cmpint (upload (self, "12345", 5), ==, GM_ABORTED);
  asking_reset (asking);

  g_assert_cmpint (asking_run (asking, folder_url, GM_METHOD_PUT), ==, GM_FILE_IS_FOLDER);
  asking_reset (asking);
  g_assert_cmpint (asking_run (asking, below, GM_METHOD_PUT), ==, GM_FILE_NOT_FOUND);
  g_assert_cmpint (asking->error.phase, ==, GM_PHASE_STORAGE);
  g_assert_cmpint (asking->error.sys_errno, ==, ENOENT);
  asking_reset (asking);

  asking->upload = self->data;
  asking->upload_len = 100000;
  g_assert_cmpint (asking_run (asking, "file:///dev/full", GM_METHOD_PUT), ==, GM_NO_SPACE);
  g_assert_cmpint (asking->error.sys_errno, ==, ENOSPC);
}

static void
test_upload_given_up (Fixture *self,
                      gconstpointer foreign)
{
  Asking *asking = &self->asking;
  guint before;

  g_assert_cmpint (upload (self, "x", 1), ==, GM_OK);
  asking_reset (asking);
  before = count_descriptors ();
  for (guint turns = 0; turns < 10; turns++)
    {
      asking->upload = self->data;
      asking->upload_len = DATA_SIZE;
      asking_begin (asking, self->url, GM_METHOD_PUT);
      for (guint i = 0; i < turns && asking->result == GM_AGAIN; i++)
        turning_once (&asking->reactor, 1000);
      asking_reset (asking);
    }
  check_descriptors (before);
}

/* Nobody reads: it waits for a reader, then for room, and does not die when the reader leaves. */
static void
test_upload_pipe (Fixture *self,
                  gconstpointer foreign)
{
  Asking *asking = &self->asking;
  g_autofree char *got = g_malloc (DATA_SIZE);
  gsize n = 0;
  int fd;

  make_pipe (self);
  asking->upload = self->data;
  asking->upload_len = 1000000;
  asking_begin (asking, self->url, GM_METHOD_PUT);
  asking_wait (asking, 120);
  g_assert_cmpint (asking->result, ==, GM_AGAIN);
  g_assert_cmpuint (asking->info.uploaded, ==, 0);

  fd = open (self->path, O_RDONLY | O_NONBLOCK);
  asking_wait_upload (asking, 1);
  asking_wait (asking, 30);
  g_assert_cmpuint (asking->info.uploaded, <, 1000000);
  for (guint i = 0; i < 10000 && n < 1000000; i++)
    {
      gssize one = read (fd, got + n, DATA_SIZE - n);

      n += one > 0 ? (gsize) one : 0;
      asking_wait (asking, 1);
    }
  g_assert_cmpint (asking_finish (asking), ==, GM_OK);
  g_assert_cmpuint (n, ==, 1000000);
  g_assert_true (memcmp (got, self->data, n) == 0);
  asking_reset (asking);

  asking->upload = self->data;
  asking->upload_len = 1000000;
  asking_begin (asking, self->url, GM_METHOD_PUT);
  asking_wait_upload (asking, 1);
  close (fd);
  g_assert_cmpint (asking_finish (asking), ==, GM_FILE_WRITE_FAILED);
  g_assert_cmpint (asking->error.sys_errno, ==, EPIPE);
}

#define ADD(name, func)                                                                                                \
  g_test_add ("/file/own/" name, Fixture, NULL, set_up, func, tear_down);                                              \
  g_test_add ("/file/foreign/" name, Fixture, "", set_up, func, tear_down)

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("sizes", test_sizes);
  ADD ("post", test_post);
  ADD ("head", test_head);
  ADD ("ranges", test_ranges);
  ADD ("large-range", test_large_range);
  ADD ("failures", test_failures);
  ADD ("no-access", test_no_access);
  ADD ("names", test_names);
  ADD ("no-size", test_no_size);
  ADD ("pause", test_pause);
  ADD ("limits", test_limits);
  ADD ("time-condition", test_time_condition);
  ADD ("client-fails", test_client_fails);
  ADD ("given-up", test_given_up);
  ADD ("shrinks", test_shrinks);
  ADD ("pipe", test_pipe);
  ADD ("pipe-range", test_pipe_range);
  ADD ("silent-pipes", test_silent_pipes);
  ADD ("upload", test_upload);
  ADD ("upload-over", test_upload_over);
  ADD ("upload-pauses", test_upload_pauses);
  ADD ("upload-failures", test_upload_failures);
  ADD ("upload-given-up", test_upload_given_up);
  ADD ("upload-pipe", test_upload_pipe);
  return g_test_run ();
}
