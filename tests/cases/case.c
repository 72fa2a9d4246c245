/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case.h"

#include "codings.h"
#include "proxy-front.h"
#include "scripted-tls.h"

#include <locale.h>
#include <string.h>

#define REST_MS 5000 /* more than who says goodbye is given */
#define RUN_MS 60000 /* far more than any case needs, also on a machine that has other things to do */
#define TURN_MS 50

void (*case_made) (CaseTransfer *t);
const char *(*case_leaves_out) (const char *name);

gboolean
case_on_libcurl (void)
{
#ifdef CASES_ON_LIBCURL
  return TRUE;
#else
  return FALSE;
#endif
}

guint
case_patience (void)
{
#ifdef __SANITIZE_THREAD__
  return 4;
#else
  return g_getenv ("GMULTI_TEST_VALGRIND") != NULL ? 8 : 1;
#endif
}

const CaseThrough *case_throughs;
static const CaseThrough *through; /* (nullable): how all cases go now */

Driver *
case_new_driver (Case *c)
{
  Driver *driver = driver_new (c->type);

  g_ptr_array_add (c->drivers, driver);
  return driver;
}

Driver *
case_driver (Case *c)
{
  return c->drivers->len > 0 ? g_ptr_array_index (c->drivers, 0) : case_new_driver (c);
}

ScriptedServer *
case_new_server (Case *c,
                 ScriptedServerFlags flags)
{
  ScriptedServer *server = scripted_server_new (flags);

  g_ptr_array_add (c->servers, server);
  return server;
}

ScriptedServer *
case_server (Case *c)
{
  return c->servers->len > 0 ? g_ptr_array_index (c->servers, 0) : case_new_server (c, SCRIPTED_SERVER_DEFAULT);
}

const char *
case_scheme (void)
{
  return (scripted_server_more_flags & SCRIPTED_SERVER_TLS) != 0 ? "https" : "http";
}

guint
case_default_port (void)
{
  return (scripted_server_more_flags & SCRIPTED_SERVER_TLS) != 0 ? 443 : 80;
}

/* --- the callbacks of every transfer --- */

static void
note (CaseTransfer *t,
      char event)
{
  if (strchr ("iHSD", event) != NULL || t->order->len == 0 || t->order->str[t->order->len - 1] != event)
    g_string_append_c (t->order, event);
}

static size_t
write_cb (char *data,
          size_t size,
          size_t n,
          void *user_data)
{
  CaseTransfer *t = user_data;

  note (t, 'B');
  g_assert_cmpuint (size, ==, 1);
  g_assert_cmpuint (n, <=, CURL_MAX_WRITE_SIZE);
  if (t->keep_body)
    g_byte_array_append (t->body, (const guint8 *) data, (guint) n);
  else
    g_assert_cmpint (scripted_pattern_check (t->seed, t->offset + t->body_length, (const guint8 *) data, n), ==, -1);
  t->body_length += n;
  return n;
}

static size_t
header_cb (char *data,
           size_t size,
           size_t n,
           void *user_data)
{
  CaseTransfer *t = user_data;

  if (n >= 5 && memcmp (data, "HTTP/", 5) == 0)
    {
      const char *status = memchr (data, ' ', n);

      t->in_trailers = FALSE;
      t->final = status == NULL || status[1] != '1';
      g_string_truncate (t->last_head, 0);
    }
  g_string_append_len (t->head, data, (gssize) n);
  g_string_append_len (t->last_head, data, (gssize) n);
  if (t->in_trailers)
    note (t, 'T');
  else if (n == 2 && memcmp (data, "\r\n", 2) == 0)
    {
      note (t, t->final ? 'H' : 'i');
      t->in_trailers = t->final;
    }
  return n;
}

static size_t
read_cb (char *buffer,
         size_t size,
         size_t n,
         void *user_data)
{
  CaseTransfer *t = user_data;
  gsize len, room = size * n;
  const guint8 *data = t->upload != NULL ? g_bytes_get_data (t->upload, &len) : (len = 0, NULL);

  t->n_reads++;
  if (t->upload_step > 0)
    room = MIN (room, t->upload_step);
  room = MIN (room, len - t->upload_at);
  note (t, room > 0 ? 'U' : 'E');
  if (room > 0)
    memcpy (buffer, data + t->upload_at, room);
  t->upload_at += room;
  return room;
}

static int
seek_cb (void *user_data,
         curl_off_t offset,
         int origin)
{
  CaseTransfer *t = user_data;

  g_assert_cmpint (origin, ==, SEEK_SET);
  g_assert_cmpint (offset, <=, g_bytes_get_size (t->upload));
  note (t, 'S');
  t->n_seeks++;
  t->upload_at = (gsize) offset;
  return CURL_SEEKFUNC_OK;
}

/* --- transfers --- */

static void
set_front (CaseTransfer *t)
{
#if defined CASES_WITH_HTTP2 && !defined CASES_ON_LIBCURL
  Case *c = t->c;

  if (c->front == NULL)
    c->front = proxy_front_new (c->proxy, TRUE);
  case_set (t, CURLOPT_PROXY, proxy_front_url (c->front));
  case_set (t, CURLOPT_PROXYTYPE, (long) CURLPROXY_HTTPS2);
  case_set (t, CURLOPT_PROXY_CAINFO, scripted_tls_get_authority_file ());
#endif
}

/* Whatever the environment says, none: or that of the frame. */
static void
set_proxy (CaseTransfer *t)
{
  Case *c = t->c;

  if (through == NULL)
    {
      case_set (t, CURLOPT_PROXY, "");
      return;
    }

  if (c->proxy == NULL)
    c->proxy = proxy_server_new ();
  if (through->http2)
    set_front (t);
  else
    case_set (t, CURLOPT_PROXY, proxy_server_url (c->proxy, through->scheme));
  case_set (t, CURLOPT_HTTPPROXYTUNNEL, (long) through->tunnel);
  case_set (t, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

CaseTransfer *
case_transfer (Case *c,
               const char *url)
{
  CaseTransfer *t = g_new0 (CaseTransfer, 1);

  t->c = c;
  t->easy = curl_easy_init ();
  g_assert_nonnull (t->easy);
  t->order = g_string_new (NULL);
  t->head = g_string_new (NULL);
  t->last_head = g_string_new (NULL);
  t->body = g_byte_array_new ();
  t->keep_body = TRUE;
  t->result = CURL_LAST;
  g_ptr_array_add (c->transfers, t);
  if (g_str_has_prefix (url, "any://"))
    {
      g_autofree char *whole = g_strconcat (case_scheme (), url + strlen ("any"), NULL);

      case_set (t, CURLOPT_URL, whole);
    }
  else
    case_set (t, CURLOPT_URL, *url == '/' ? scripted_server_url (case_server (c), url) : url);
  case_set (t, CURLOPT_PRIVATE, t);
  case_set (t, CURLOPT_NOSIGNAL, 1L);
  set_proxy (t);
  case_set (t, CURLOPT_ERRORBUFFER, t->error);
  case_set (t, CURLOPT_WRITEFUNCTION, write_cb);
  case_set (t, CURLOPT_WRITEDATA, t);
  case_set (t, CURLOPT_HEADERFUNCTION, header_cb);
  case_set (t, CURLOPT_HEADERDATA, t);
  if (g_getenv ("CASE_VERBOSE") != NULL)
    case_set (t, CURLOPT_VERBOSE, 1L);
  if (case_made != NULL)
    case_made (t);
  return t;
}

void
case_upload_from (CaseTransfer *t,
                  GBytes *data,
                  gsize step)
{
  g_clear_pointer (&t->upload, g_bytes_unref);
  t->upload = data;
  t->upload_step = step;
  t->upload_at = 0;
  case_set (t, CURLOPT_READFUNCTION, read_cb);
  case_set (t, CURLOPT_READDATA, t);
  case_set (t, CURLOPT_SEEKFUNCTION, seek_cb);
  case_set (t, CURLOPT_SEEKDATA, t);
}

struct curl_slist *
case_list (CaseTransfer *t,
           const char *first,
           ...)
{
  struct curl_slist *list = NULL;
  va_list args;

  va_start (args, first);
  for (const char *line = first; line != NULL; line = va_arg (args, const char *))
    list = curl_slist_append (list, line);
  va_end (args);
  t->lists = g_slist_prepend (t->lists, list);
  return list;
}

static gboolean
is_waiting (const CaseTransfer *t)
{
  return t->n_added > t->n_done + t->n_removed;
}

static void
transfer_free (gpointer data)
{
  CaseTransfer *t = data;

  if (t->driver != NULL)
    case_remove (t);
  curl_easy_cleanup (t->easy);
  g_slist_free_full (t->lists, (GDestroyNotify) curl_slist_free_all);
  g_clear_pointer (&t->upload, g_bytes_unref);
  g_string_free (t->order, TRUE);
  g_string_free (t->head, TRUE);
  g_string_free (t->last_head, TRUE);
  g_byte_array_unref (t->body);
  g_free (t);
}

void
case_rewind (CaseTransfer *t)
{
  g_string_truncate (t->order, 0);
  g_string_truncate (t->head, 0);
  g_string_truncate (t->last_head, 0);
  g_byte_array_set_size (t->body, 0);
  t->body_length = 0;
  t->upload_at = 0;
  t->in_trailers = FALSE;
  t->result = CURL_LAST;
  t->error[0] = '\0';
}

void
case_add_to (CaseTransfer *t,
             Driver *driver)
{
  t->driver = driver;
  t->n_added++;
  t->added_at = g_get_monotonic_time ();
  g_assert_cmpint (curl_multi_add_handle (driver->multi, t->easy), ==, CURLM_OK);
}

void
case_add (CaseTransfer *t)
{
  case_add_to (t, case_driver (t->c));
}

void
case_remove (CaseTransfer *t)
{
  g_assert_nonnull (t->driver);
  if (is_waiting (t))
    t->n_removed++;
  g_assert_cmpint (curl_multi_remove_handle (t->driver->multi, t->easy), ==, CURLM_OK);
  t->driver = NULL;
}

/* --- turning --- */

static void
read_messages (Driver *driver)
{
  int left = -1, before = -1;
  CURLMsg *message;

  while ((message = curl_multi_info_read (driver->multi, &left)) != NULL)
    {
      CaseTransfer *t = NULL;

      g_assert_cmpint (message->msg, ==, CURLMSG_DONE);
      g_assert_cmpint (curl_easy_getinfo (message->easy_handle, CURLINFO_PRIVATE, &t), ==, CURLE_OK);
      g_assert_true (t != NULL && t->easy == message->easy_handle && t->driver == driver);
      g_assert_true (is_waiting (t)); /* done twice, or never added */
      if (before >= 0 && t->done == NULL)
        g_assert_cmpint (left, <=, before);
      before = left;
      t->n_done++;
      t->result = message->data.result;
      t->done_at = g_get_monotonic_time ();
      note (t, 'D');
      if (t->done != NULL)
        t->done (t);
    }
  g_assert_cmpint (left, ==, 0);
}

static void
turn (Case *c,
      int wait_ms)
{
  case_driver (c);
  for (guint i = 0; i < c->drivers->len; i++)
    {
      Driver *driver = g_ptr_array_index (c->drivers, i);

      driver_turn (driver, wait_ms / (int) c->drivers->len);
      read_messages (driver);
    }
}

gboolean
case_run_until (Case *c,
                gboolean (*condition) (gpointer data),
                gpointer data,
                guint ms)
{
  gint64 until = g_get_monotonic_time () + (gint64) ms * 1000;

  while (!condition (data))
    {
      gint64 left = until - g_get_monotonic_time ();

      if (left <= 0)
        return FALSE;
      turn (c, (int) CLAMP (left / 1000, 1, TURN_MS));
    }
  return TRUE;
}

static gboolean
never (gpointer data)
{
  return FALSE;
}

void
case_run_for (Case *c,
              guint ms)
{
  case_run_until (c, never, NULL, ms);
}

static gboolean
all_done (gpointer data)
{
  Case *c = data;

  for (guint i = 0; i < c->transfers->len; i++)
    if (is_waiting (g_ptr_array_index (c->transfers, i)))
      return FALSE;
  return TRUE;
}

static void
report_waiting (Case *c)
{
  for (guint i = 0; i < c->transfers->len; i++)
    {
      CaseTransfer *t = g_ptr_array_index (c->transfers, i);

      if (is_waiting (t))
        g_test_message ("transfer %u is still waiting; so far: %s, %" G_GUINT64_FORMAT " bytes, announced %u",
                        i, t->order->str, t->body_length, t->driver != NULL ? driver_n_sockets (t->driver) : 0);
    }
}

typedef struct
{
  ScriptedServer *server;
  guint n;
} Asked;

static gboolean
is_asked (gpointer data)
{
  Asked *asked = data;

  return scripted_server_n_requests (asked->server) >= asked->n;
}

void
case_run_asked (Case *c,
                ScriptedServer *server,
                guint n)
{
  Asked asked = { .server = server, .n = n };

  if (!case_run_until (c, is_asked, &asked, RUN_MS * case_patience ()))
    g_error ("%s under %s: not asked in time", c->spec->name, c->type->name);
}

void
case_run (Case *c)
{
  if (!case_run_until (c, all_done, c, RUN_MS * case_patience ()))
    {
      report_waiting (c);
      g_error ("%s under %s: not done in time", c->spec->name, c->type->name);
    }
  for (guint i = 0; i < c->drivers->len; i++)
    g_assert_cmpint (((Driver *) g_ptr_array_index (c->drivers, i))->running, ==, 0);
}

static gboolean
transfer_done (gpointer data)
{
  return !is_waiting (data);
}

void
case_run_done (CaseTransfer *t)
{
  if (!case_run_until (t->c, transfer_done, t, RUN_MS * case_patience ()))
    {
      report_waiting (t->c);
      g_error ("%s under %s: not done in time", t->c->spec->name, t->c->type->name);
    }
}

static gboolean
all_at_rest (gpointer data)
{
  Case *c = data;

  for (guint i = 0; i < c->drivers->len; i++)
    if (!driver_is_at_rest (g_ptr_array_index (c->drivers, i)))
      return FALSE;
  return TRUE;
}

void
case_run_to_rest (Case *c)
{
  if (!case_run_until (c, all_at_rest, c, REST_MS * case_patience ()))
    g_error ("%s under %s: a loop would not end", c->spec->name, c->type->name);
}

void
case_run_transfer (CaseTransfer *t)
{
  case_add (t);
  case_run_done (t);
}

CaseTransfer *
case_get (Case *c,
          const char *url)
{
  CaseTransfer *t = case_transfer (c, url);

  case_run_transfer (t);
  return t;
}

/* --- checks --- */

long
case_info (CaseTransfer *t,
           CURLINFO info)
{
  long value = -1;

  g_assert_cmpint (curl_easy_getinfo (t->easy, info, &value), ==, CURLE_OK);
  return value;
}

curl_off_t
case_info_off (CaseTransfer *t,
               CURLINFO info)
{
  curl_off_t value = -1;

  g_assert_cmpint (curl_easy_getinfo (t->easy, info, &value), ==, CURLE_OK);
  return value;
}

const char *
case_info_str (CaseTransfer *t,
               CURLINFO info)
{
  char *value = NULL;

  g_assert_cmpint (curl_easy_getinfo (t->easy, info, &value), ==, CURLE_OK);
  return value;
}

void
case_check_error (CaseTransfer *t,
                  CURLcode result)
{
  if (t->result != result)
    g_test_message ("result %d (%s), order %s, text: %s", t->result, curl_easy_strerror (t->result), t->order->str,
                    t->error);
  g_assert_cmpint (t->result, ==, result);
  if (result != CURLE_OK && !case_on_libcurl ())
    g_assert_cmpstr (t->error, !=, ""); /* a failure without a word about it */
}

void
case_check_ok (CaseTransfer *t,
               long status,
               const char *body)
{
  case_check_error (t, CURLE_OK);
  g_assert_cmpint (case_info (t, CURLINFO_RESPONSE_CODE), ==, status);
  if (body != NULL)
    g_assert_cmpmem (t->body->data, t->body->len, body, strlen (body));
}

void
case_check_order (CaseTransfer *t,
                  const char *order)
{
  g_assert_cmpstr (t->order->str, ==, order);
}

void
case_check_log (Case *c,
                const char *summary)
{
  g_autofree char *text = scripted_server_summary (case_server (c));

  g_assert_cmpstr (text, ==, summary);
}

/* --- the frame --- */

static guint
count_fds (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
tear_down (Case *c)
{
  for (guint i = 0; i < c->transfers->len; i++)
    {
      CaseTransfer *t = g_ptr_array_index (c->transfers, i);

      g_assert_cmpuint (t->n_done + t->n_removed + is_waiting (t), ==, t->n_added);
    }
  g_ptr_array_unref (c->transfers);
  case_run_to_rest (c);
  g_ptr_array_unref (c->drivers);
  g_ptr_array_unref (c->servers);
#ifdef CASES_WITH_HTTP2
  proxy_front_free (c->front);
#endif
  proxy_server_free (c->proxy);
}

typedef struct
{
  const CaseSpec *spec;
  const DriverType *type;
} CaseRun;

static const char *
find_exception (const char *name)
{
  /* The test's proxy has a thread for each connection, which tools that slow everything down do not stand. */
  if (through != NULL && case_patience () >= 8 && strcmp (name, "slow-thousand") == 0)
    return "too many threads for this tool";
  for (guint i = 0; through != NULL && through->exceptions[i] != NULL; i++)
    for (const CaseException *e = through->exceptions[i]; e->name != NULL; e++)
      if (g_pattern_match_simple (e->name, name))
        return e->why;

  return NULL;
}

static void
run_case (gconstpointer data)
{
  const CaseRun *run = data;
  Case c = { run->spec, run->type };
  guint fds_before, fds_after;

  if (case_on_libcurl () && ((run->spec->flags & CASE_NOT_ON_LIBCURL) ||
                             ((run->spec->flags & CASE_NOT_ON_LIBCURL_EVENTS) && (run->type->flags & DRIVER_EVENTS))))
    {
      g_test_skip (run->spec->why != NULL ? run->spec->why : "libcurl 7.88 does otherwise");
      return;
    }
  if ((run->spec->flags & CASE_SLOW) && g_test_quick () && g_getenv ("CASE_ALL") == NULL)
    {
      g_test_skip ("slow: run with -m slow");
      return;
    }
  if (case_patience () >= 8 && (run->spec->flags & CASE_LARGE))
    {
      g_test_skip ("too large for this tool");
      return;
    }
  if (driver_made != NULL && (run->spec->flags & CASE_NOT_OVER_FAULTS))
    {
      g_test_skip ("not over faults");
      return;
    }
  if (case_default_port () != 80 && (run->spec->flags & CASE_ONLY_CLEARTEXT))
    {
      g_test_skip ("not over TLS");
      return;
    }
  if ((run->spec->flags & CASE_CODED) && !encode_has_all ())
    {
      g_test_skip ("not all codings are built in");
      return;
    }
  if (find_exception (run->spec->name) != NULL && g_getenv ("CASE_ALL_THROUGH") == NULL)
    {
      g_test_skip (find_exception (run->spec->name));
      return;
    }
  if (!case_on_libcurl () && (run->spec->flags & CASE_NOT_YET))
    {
      g_test_skip (run->spec->why);
      return;
    }
  if (case_leaves_out != NULL && case_leaves_out (run->spec->name) != NULL)
    {
      g_test_skip (case_leaves_out (run->spec->name));
      return;
    }
  fds_before = count_fds ();
  c.drivers = g_ptr_array_new_with_free_func ((GDestroyNotify) driver_free);
  c.servers = g_ptr_array_new_with_free_func ((GDestroyNotify) scripted_server_free);
  c.transfers = g_ptr_array_new_with_free_func (transfer_free);
  run->spec->run (&c);
  tear_down (&c);
  /* A worker that is still about to end may hold one for a moment. */
  for (guint i = 0; (fds_after = count_fds ()) != fds_before && i < 100; i++)
    g_usleep (10000);
  g_assert_cmpuint (fds_after, ==, fds_before);
}

void
case_add_test (const char *path,
               const CaseSpec *spec,
               const DriverType *type)
{
  /* GTest frees those of tests that ran; who only asks for the list runs none, and has not lost them */
  static GSList *runs;
  CaseRun *run = g_new (CaseRun, 1);

  *run = (CaseRun){ spec, type };
  runs = g_slist_prepend (runs, run);
  g_test_add_data_func (path, run, run_case);
}

static void
add_cases (const CaseSpec *cases,
           const char *only)
{

  for (const CaseSpec *spec = cases; spec->name != NULL; spec++)
    for (guint i = 0; i < driver_n_types; i++)
      {
        const DriverType *type = &driver_types[i];
        g_autofree char *path = g_strdup_printf ("/case/%s/%s", spec->name, type->name);

        if ((only != NULL && !g_str_equal (only, type->name))
            || ((spec->flags & CASE_ONLY_EVENTS) && !(type->flags & DRIVER_EVENTS))
            || ((spec->flags & CASE_ONLY_PULL) && !(type->flags & DRIVER_PULL))
            || ((spec->flags & CASE_NOT_SELECT) && (type->flags & DRIVER_FEW)))
          continue;
        case_add_test (path, spec, type);
      }
}

static void
find_through (const char *name)
{
  for (through = case_throughs; through->name != NULL; through++)
    if (g_str_equal (through->name, name))
      return;
  g_error ("no way through \"%s\"", name);
}

int
case_main (int argc,
           char *argv[],
           const CaseSpec *const *tables)
{
  const char *only = NULL;
  int result;

  setlocale (LC_ALL, "");
  for (int i = 1; i < argc; i++)
    if (g_str_has_prefix (argv[i], "--driver="))
      only = argv[i] + strlen ("--driver=");
    else if (g_str_has_prefix (argv[i], "--through="))
      find_through (argv[i] + strlen ("--through="));
  g_test_init (&argc, &argv, NULL);
  curl_global_init (CURL_GLOBAL_DEFAULT);
  for (guint i = 0; tables[i] != NULL; i++)
    add_cases (tables[i], only);
  result = g_test_run ();
  curl_global_cleanup ();
  return result;
}
