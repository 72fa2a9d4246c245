/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers.h"
#include "scripted-server.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The C face where programs do what they do: close descriptors and open others under the same numbers, ask for names that
 * hang, fork, and clean up in any order. */

static size_t
append_cb (char *data,
           size_t size,
           size_t n,
           void *user_data)
{
  g_string_append_len (user_data, data, (gssize) n);
  return n;
}

static CURL *
make_easy (const char *url,
           GString *body)
{
  CURL *easy = curl_easy_init ();

  curl_easy_setopt (easy, CURLOPT_URL, url);
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, append_cb);
  curl_easy_setopt (easy, CURLOPT_WRITEDATA, body);
  return easy;
}

/* Turns until @easy is done, or fails after 15 s. */
static CURLcode
run_until_done (Driver *driver,
                CURL *easy)
{
  gint64 end = g_get_monotonic_time () + 15 * G_USEC_PER_SEC;
  int left = 0;

  for (;;)
    {
      CURLMsg *message;

      while ((message = curl_multi_info_read (driver->multi, &left)) != NULL)
        if (message->easy_handle == easy)
          return message->data.result;
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      driver_turn (driver, 50);
    }
}

static void
run_for (Driver *driver,
         gint64 ms)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;

  while (g_get_monotonic_time () < end)
    driver_turn (driver, 10);
}

/* ---- a number that is closed and opened again ---- */

static int taken_fd = -1;

/* The application closes the socket, and at once the number is that of something else that is always readable. */
static int
close_and_take (void *user_data,
                curl_socket_t fd)
{
  close (fd);
  taken_fd = open ("/dev/zero", O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (taken_fd, ==, fd);
  return 0;
}

static void
test_number_comes_again (gconstpointer data)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  Driver *driver = driver_new (data);

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "body"));
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (GString) body = g_string_new (NULL);
      g_autoptr (GString) second_body = g_string_new (NULL);
      CURL *easy = make_easy (scripted_server_url (server, "/a"), body);
      CURL *second = make_easy (scripted_server_url (server, "/b"), second_body);

      curl_easy_setopt (easy, CURLOPT_CLOSESOCKETFUNCTION, close_and_take);
      curl_easy_setopt (easy, CURLOPT_FORBID_REUSE, 1L);
      curl_easy_setopt (easy, CURLOPT_FRESH_CONNECT, 1L);
      curl_easy_setopt (second, CURLOPT_FRESH_CONNECT, 1L);
      g_assert_cmpint (curl_multi_add_handle (driver->multi, easy), ==, CURLM_OK);
      g_assert_cmpint (run_until_done (driver, easy), ==, CURLE_OK);
      g_assert_cmpint (taken_fd, >=, 0);
      /* Nobody of ours looks at it, and nobody closes it. The driver checks that it is not announced as if it were. */
      g_assert_cmpint (curl_multi_add_handle (driver->multi, second), ==, CURLM_OK);
      g_assert_cmpint (run_until_done (driver, second), ==, CURLE_OK);
      run_for (driver, 20);
      g_assert_cmpint (fcntl (taken_fd, F_GETFD), >=, 0);
      g_assert_cmpuint (driver_n_ready (driver), ==, 0);
      g_assert_cmpstr (body->str, ==, "body");
      g_assert_cmpstr (second_body->str, ==, "body");

      curl_multi_remove_handle (driver->multi, easy);
      curl_multi_remove_handle (driver->multi, second);
      /* While the number is still taken by the application. */
      curl_easy_cleanup (easy);
      curl_easy_cleanup (second);
      close (taken_fd);
      taken_fd = -1;
    }
  driver_free (driver);
}

/* ---- names that hang ---- */

static gint n_hanging;
static gint n_quick;
static GMutex hang_lock;
static GCond hang_cond;
static guint hang_generation; /* of the test that runs; those of former ones end */

/* In the place of libc's: names that begin with "stuck" hang for 30 s, as those of a dead server do. */
int
getaddrinfo (const char *node,
             const char *service,
             const struct addrinfo *hints,
             struct addrinfo **result)
{
  struct sockaddr_in *address;
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  if (g_str_has_prefix (node, "stuck"))
    {
      guint generation;

      g_mutex_lock (&hang_lock);
      generation = hang_generation;
      g_atomic_int_inc (&n_hanging);
      while (generation == hang_generation && g_cond_wait_until (&hang_cond, &hang_lock, end))
        ;
      g_mutex_unlock (&hang_lock);
      return EAI_AGAIN;
    }
  if (hints->ai_family == AF_INET6)
    return EAI_NONAME;

  g_atomic_int_inc (&n_quick);
  *result = g_malloc0 (sizeof **result);
  address = g_malloc0 (sizeof *address);
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  (*result)->ai_family = AF_INET;
  (*result)->ai_socktype = SOCK_STREAM;
  (*result)->ai_addr = (struct sockaddr *) address;
  (*result)->ai_addrlen = sizeof *address;
  return 0;
}

void
freeaddrinfo (struct addrinfo *result)
{
  g_free (result->ai_addr);
  g_free (result);
}

static char *
url_for (ScriptedServer *server,
         const char *host)
{
  return g_strdup_printf ("http://%s:%u/", host, scripted_server_port (server));
}

static CURLcode
get_from (Driver *driver,
          ScriptedServer *server,
          const char *host)
{
  g_autoptr (GString) body = g_string_new (NULL);
  g_autofree char *url = url_for (server, host);
  CURL *easy = make_easy (url, body);
  CURLcode result;

  g_assert_cmpint (curl_multi_add_handle (driver->multi, easy), ==, CURLM_OK);
  result = run_until_done (driver, easy);
  g_assert_cmpstr (body->str, ==, "body");
  curl_multi_remove_handle (driver->multi, easy);
  curl_easy_cleanup (easy);
  return result;
}

static gint64
cpu_us (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

static int
compare_times (const void *a,
               const void *b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

/* All threads there are for names hang; nobody else waits for them, nor for one that is given up. */
static void
test_names_hang (gconstpointer data)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  Driver *driver = driver_new (data);
  CURL *stuck[20];
  g_autoptr (GString) nothing = g_string_new (NULL);
  gint64 began, longest = 0, end = g_get_monotonic_time () + 5 * G_USEC_PER_SEC;
  gint64 times[G_N_ELEMENTS (stuck)];
  gint64 limit = g_getenv ("GMULTI_TEST_VALGRIND") != NULL ? 50000 : g_getenv ("ASAN_OPTIONS") != NULL ? 5000 : 1000;

  n_hanging = 0;
  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "body"));
  g_assert_cmpint (get_from (driver, server, "cached.example"), ==, CURLE_OK);
  for (guint i = 0; i < G_N_ELEMENTS (stuck); i++)
    {
      g_autofree char *url = g_strdup_printf ("http://stuck-%u.example/", i);

      stuck[i] = make_easy (url, nothing);
      g_assert_cmpint (curl_multi_add_handle (driver->multi, stuck[i]), ==, CURLM_OK);
    }
  while (g_atomic_int_get (&n_hanging) < 20)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      driver_turn (driver, 10);
    }

  began = g_get_monotonic_time ();
  curl_multi_setopt (driver->multi, CURLMOPT_MAXCONNECTS, 1L);
  g_assert_cmpint (get_from (driver, server, "127.0.0.1"), ==, CURLE_OK);
  g_assert_cmpint (get_from (driver, server, "localhost"), ==, CURLE_OK);
  g_assert_cmpint (get_from (driver, server, "cached.example"), ==, CURLE_OK);
  g_assert_cmpint (g_get_monotonic_time () - began, <, G_USEC_PER_SEC);

  /* Last first: otherwise those that are queued would be begun, and hang too, only to be given up. */
  for (guint i = G_N_ELEMENTS (stuck); i-- > 0;)
    {
      gint64 before = g_get_monotonic_time (), cpu_before = cpu_us ();

      if (i % 2 == 0)
        g_assert_cmpint (curl_multi_remove_handle (driver->multi, stuck[i]), ==, CURLM_OK);
      curl_easy_cleanup (stuck[i]);
      times[i] = g_get_monotonic_time () - before;
      longest = MAX (longest, cpu_us () - cpu_before);
    }
  /* Half of them are gone by a removal, half by the end of the handle. On a machine that has other work one of them may
   * be put aside in the middle: the usual time counts, and what each of them did itself. */
  qsort (times, G_N_ELEMENTS (times), sizeof times[0], compare_times);
  g_test_message ("removals: %" G_GINT64_FORMAT " us usually, %" G_GINT64_FORMAT " us of work at most", times[10], longest);
  g_assert_cmpint (times[10], <, limit);
  g_assert_cmpint (longest, <, limit);

  /* Those given up do not count: a name that is not known yet is looked up at once. */
  began = g_get_monotonic_time ();
  g_assert_cmpint (get_from (driver, server, "quick.example"), ==, CURLE_OK);
  g_assert_cmpint (g_get_monotonic_time () - began, <, G_USEC_PER_SEC);

  /* And the end of the multi handle waits for none of them. */
  began = g_get_monotonic_time ();
  driver_free (driver);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 100 * 1000);
  g_mutex_lock (&hang_lock);
  hang_generation++;
  g_cond_broadcast (&hang_cond);
  g_mutex_unlock (&hang_lock);
}

/* ---- fork ---- */

static gboolean
has_some (GString *body)
{
  return body->len > 0;
}

/* A child that cleans up what it got from its parent says nothing to anybody, and takes nothing from the parent. */
static void
test_fork (gconstpointer data)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (GString) idle_body = g_string_new (NULL);
  g_autoptr (GString) body = g_string_new (NULL);
  g_autoptr (GString) third_body = g_string_new (NULL);
  Driver *driver = driver_new (data);
  CURL *idle = make_easy (scripted_server_url (server, "/whole"), idle_body);
  CURL *easy = make_easy (scripted_server_url (server, "/half"), body);
  CURL *third = make_easy (scripted_server_url (server, "/whole"), third_body);
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  int status = -1;
  pid_t pid;

  scripted_server_on (server, "/whole", scripted_answer_text (200, NULL, "whole"));
  scripted_server_on (server, "/half", scripted_answer_send (scripted_answer_delay (scripted_answer_send (
    scripted_answer_new (), "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf"), 1000), "rest"));
  curl_multi_add_handle (driver->multi, idle);
  g_assert_cmpint (run_until_done (driver, idle), ==, CURLE_OK);
  curl_easy_setopt (easy, CURLOPT_FRESH_CONNECT, 1L);
  curl_multi_add_handle (driver->multi, easy);
  while (!has_some (body))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      driver_turn (driver, 10);
    }

  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      int running = 0;
      CURL *own = curl_easy_init ();

      curl_easy_setopt (own, CURLOPT_URL, "http://127.0.0.1:1/");
      /* Nothing but an end is for it. */
      if (curl_multi_add_handle (driver->multi, own) == CURLM_OK)
        _exit (2);
      curl_multi_perform (driver->multi, &running);
      curl_multi_remove_handle (driver->multi, easy);
      curl_easy_cleanup (easy);
      curl_easy_cleanup (idle);
      curl_easy_cleanup (own);
      curl_multi_cleanup (driver->multi);
      /* Valgrind would count what the parent still holds as lost by its child. */
      if (g_getenv ("GMULTI_TEST_VALGRIND") != NULL)
        execl ("/bin/true", "true", NULL);
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);

  g_assert_cmpint (run_until_done (driver, easy), ==, CURLE_OK);
  g_assert_cmpstr (body->str, ==, "halfrest");
  curl_multi_add_handle (driver->multi, third);
  g_assert_cmpint (run_until_done (driver, third), ==, CURLE_OK);
  /* On one of the connections there were, both still open, and nobody asked but the parent. */
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
  g_assert_cmpuint (scripted_server_n_open (server), ==, 2);
  g_assert_cmpuint (scripted_server_n_requests (server), ==, 3);
  curl_multi_remove_handle (driver->multi, idle);
  curl_multi_remove_handle (driver->multi, easy);
  curl_multi_remove_handle (driver->multi, third);
  curl_easy_cleanup (idle);
  curl_easy_cleanup (easy);
  curl_easy_cleanup (third);
  driver_free (driver);
}

/* ---- ends in any order ---- */

enum
{
  END_FIRST, /* the easy handle that is done */
  END_SECOND, /* one in the middle of its body */
  END_THIRD, /* one that waits for an answer */
  END_SHARE,
  END_MULTI,
  N_ENDS,
};

static void
end_one (guint what,
         CURL **easy,
         CURLM **multi,
         CURLSH **share)
{
  switch (what)
    {
    case END_SHARE:
      /* Refused while it is used; then it is asked again at the end. */
      if (curl_share_cleanup (*share) == CURLSHE_OK)
        *share = NULL;
      break;
    case END_MULTI:
      g_assert_cmpint (curl_multi_cleanup (*multi), ==, CURLM_OK);
      *multi = NULL;
      break;
    default:
      curl_easy_cleanup (easy[what]);
      easy[what] = NULL;
      break;
    }
}

static void
play_ends (ScriptedServer *server,
           const guint *order,
           guint removed)
{
  static const char *const paths[] = { "/whole", "/half", "/stuck" };
  GString *bodies[3] = { g_string_new (NULL), g_string_new (NULL), g_string_new (NULL) };
  CURL *easy[3];
  CURLM *multi = curl_multi_init ();
  CURLSH *share = curl_share_init ();
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  int running = 0;

  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS), ==, CURLSHE_OK);
  for (guint i = 0; i < 3; i++)
    {
      easy[i] = make_easy (scripted_server_url (server, paths[i]), bodies[i]);
      g_assert_cmpint (curl_easy_setopt (easy[i], CURLOPT_SHARE, share), ==, CURLE_OK);
      g_assert_cmpint (curl_multi_add_handle (multi, easy[i]), ==, CURLM_OK);
    }
  do
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      curl_multi_poll (multi, NULL, 0, 50, NULL);
      curl_multi_perform (multi, &running);
    }
  while (running > 2 || bodies[1]->len == 0);

  for (guint i = 0; i < 3; i++)
    if (removed & (1u << i))
      g_assert_cmpint (curl_multi_remove_handle (multi, easy[i]), ==, CURLM_OK);
  for (guint i = 0; i < N_ENDS; i++)
    {
      end_one (order[i], easy, &multi, &share);
      if (multi != NULL)
        curl_multi_perform (multi, &running);
    }
  if (share != NULL)
    g_assert_cmpint (curl_share_cleanup (share), ==, CURLSHE_OK);
  for (guint i = 0; i < 3; i++)
    g_string_free (bodies[i], TRUE);
}

/* Every order of five ends, with all, some and none removed before. */
static void
permute (ScriptedServer *server,
         guint *order,
         guint n)
{
  if (n == N_ENDS)
    {
      play_ends (server, order, 0);
      play_ends (server, order, 7);
      play_ends (server, order, 1u << (order[0] % 3));
      return;
    }
  for (guint i = n; i < N_ENDS; i++)
    {
      guint swap = order[n];

      order[n] = order[i];
      order[i] = swap;
      permute (server, order, n + 1);
      order[i] = order[n];
      order[n] = swap;
    }
}

static void
test_ends (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  guint order[N_ENDS] = { END_FIRST, END_SECOND, END_THIRD, END_SHARE, END_MULTI };

  scripted_server_on (server, "/whole", scripted_answer_text (200, NULL, "whole"));
  scripted_server_on (server, "/half", scripted_answer_stall (scripted_answer_exact (
    "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")));
  scripted_server_on (server, "/stuck", scripted_answer_stall (scripted_answer_new ()));
  permute (server, order, 0);
}

static const struct
{
  const char *name;
  GTestDataFunc func;
} tests[] = {
  { "number-comes-again", test_number_comes_again },
  { "names-hang", test_names_hang },
  { "fork", test_fork },
};

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint t = 0; t < G_N_ELEMENTS (tests); t++)
    for (guint i = 0; i < driver_n_types; i++)
      {
        g_autofree char *path = g_strconcat ("/surroundings/", tests[t].name, "/", driver_types[i].name, NULL);

        g_test_add_data_func (path, &driver_types[i], tests[t].func);
      }
  g_test_add_func ("/surroundings/ends", test_ends);

  return g_test_run ();
}
