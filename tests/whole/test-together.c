/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-server.h"

#include <dlfcn.h>
#include <gio/gio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Both libraries and the real libcurl in one process, loaded in any order, each with its names visible to those that come
 * later: each keeps to itself and works. This program is linked with none of them. */

enum
{
  OBJECTS,
  C_FACE,
  REAL_CURL,
  N_LIBRARIES,
};

static const char *paths[N_LIBRARIES];

/* As in every curl.h. */
#define OPT_URL 10002
#define OPT_WRITEDATA 10001
#define OPT_WRITEFUNCTION 20011

typedef struct
{
  void *(*easy_init) (void);
  int (*easy_setopt) (void *easy, int option, ...);
  void (*easy_cleanup) (void *easy);
  void *(*multi_init) (void);
  int (*multi_add_handle) (void *multi, void *easy);
  int (*multi_remove_handle) (void *multi, void *easy);
  int (*multi_perform) (void *multi, int *running);
  int (*multi_poll) (void *multi, void *extra, unsigned n, int ms, int *ready);
  int (*multi_cleanup) (void *multi);
  char *(*version) (void);
} Curl;

typedef struct
{
  void *(*session_new) (void);
  void *(*transfer_new) (const char *uri);
  GBytes *(*session_fetch) (void *session, void *transfer, GCancellable *cancellable, GError **error);
} Objects;

static gpointer
symbol (void *library,
        const char *name)
{
  gpointer address = dlsym (library, name);

  if (address == NULL)
    g_error ("%s", dlerror ());
  return address;
}

#define TAKE(table, prefix, library, name) *(gpointer *) &(table)->name = symbol (library, prefix #name)

static void
find_curl (Curl *curl,
           void *library)
{
  TAKE (curl, "curl_", library, easy_init);
  TAKE (curl, "curl_", library, easy_setopt);
  TAKE (curl, "curl_", library, easy_cleanup);
  TAKE (curl, "curl_", library, multi_init);
  TAKE (curl, "curl_", library, multi_add_handle);
  TAKE (curl, "curl_", library, multi_remove_handle);
  TAKE (curl, "curl_", library, multi_perform);
  TAKE (curl, "curl_", library, multi_poll);
  TAKE (curl, "curl_", library, multi_cleanup);
  TAKE (curl, "curl_", library, version);
}

static size_t
append_cb (char *data,
           size_t size,
           size_t n,
           void *user_data)
{
  g_string_append_len (user_data, data, (gssize) n);
  return n;
}

/* Both at the same time, on one server. */
static void
run_curls (const Curl *curls,
           ScriptedServer *server)
{
  void *multi[2], *easy[2][10];
  GString *bodies[2][10];
  int running[2] = { 1, 1 };
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  for (guint c = 0; c < 2; c++)
    {
      multi[c] = curls[c].multi_init ();
      for (guint i = 0; i < 10; i++)
        {
          easy[c][i] = curls[c].easy_init ();
          bodies[c][i] = g_string_new (NULL);
          curls[c].easy_setopt (easy[c][i], OPT_URL, scripted_server_url (server, "/"));
          curls[c].easy_setopt (easy[c][i], OPT_WRITEFUNCTION, append_cb);
          curls[c].easy_setopt (easy[c][i], OPT_WRITEDATA, bodies[c][i]);
          g_assert_cmpint (curls[c].multi_add_handle (multi[c], easy[c][i]), ==, 0);
        }
    }
  while (running[0] + running[1] > 0)
    for (guint c = 0; c < 2; c++)
      {
        g_assert_cmpint (g_get_monotonic_time (), <, end);
        curls[c].multi_poll (multi[c], NULL, 0, 5, NULL);
        g_assert_cmpint (curls[c].multi_perform (multi[c], &running[c]), ==, 0);
      }
  for (guint c = 0; c < 2; c++)
    {
      for (guint i = 0; i < 10; i++)
        {
          g_assert_cmpstr (bodies[c][i]->str, ==, "together");
          curls[c].multi_remove_handle (multi[c], easy[c][i]);
          curls[c].easy_cleanup (easy[c][i]);
          g_string_free (bodies[c][i], TRUE);
        }
      g_assert_cmpint (curls[c].multi_cleanup (multi[c]), ==, 0);
    }
}

static void
run_objects (const Objects *objects,
             ScriptedServer *server)
{
  GObject *session = objects->session_new ();

  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GObject) transfer = objects->transfer_new (scripted_server_url (server, "/"));
      g_autoptr (GBytes) bytes = objects->session_fetch (session, transfer, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "together", 8);
    }
  g_object_unref (session);
}

static void
run_together (const guint *order,
              int flags)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  void *libraries[N_LIBRARIES];
  Curl curls[2];
  Objects objects;

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "together"));
  for (guint i = 0; i < N_LIBRARIES; i++)
    {
      libraries[order[i]] = dlopen (paths[order[i]], RTLD_NOW | flags);
      if (libraries[order[i]] == NULL)
        g_error ("%s", dlerror ());
    }
  find_curl (&curls[0], libraries[C_FACE]);
  find_curl (&curls[1], libraries[REAL_CURL]);
  TAKE (&objects, "gmulti_", libraries[OBJECTS], session_new);
  TAKE (&objects, "gmulti_", libraries[OBJECTS], session_fetch);
  TAKE (&objects, "gmulti_", libraries[OBJECTS], transfer_new);

  /* Each has its own functions, and calls them. */
  g_assert_null (dlsym (libraries[OBJECTS], "gm_multi_new"));
  g_assert_true (curls[0].easy_init != curls[1].easy_init);
  g_assert_cmpstr (curls[0].version (), !=, curls[1].version ());
  run_curls (curls, server);
  run_objects (&objects, server);
  run_curls (curls, server);

  /* Those that are taken out: what is theirs may still be running, and stays. */
  dlclose (libraries[OBJECTS]);
  dlclose (libraries[C_FACE]);
  run_curls (curls, server);
  g_assert_cmpuint (scripted_server_n_requests (server), ==, 70);
}

/* In a process of its own each: what was loaded first counts. */
static void
test_together (gconstpointer data)
{
  static const guint orders[][N_LIBRARIES] = {
    { OBJECTS, C_FACE, REAL_CURL }, { OBJECTS, REAL_CURL, C_FACE }, { C_FACE, OBJECTS, REAL_CURL },
    { C_FACE, REAL_CURL, OBJECTS }, { REAL_CURL, OBJECTS, C_FACE }, { REAL_CURL, C_FACE, OBJECTS },
  };
  int flags = GPOINTER_TO_INT (data);

  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    {
      int status = -1;
      pid_t pid = fork ();

      g_assert_cmpint (pid, >=, 0);
      if (pid == 0)
        {
          alarm (60);
          run_together (orders[i], flags);
          _exit (0);
        }
      g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
      g_test_message ("%s, %s, %s: status %d", paths[orders[i][0]], paths[orders[i][1]], paths[orders[i][2]], status);
      g_assert_cmpint (status, ==, 0);
    }
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  if (argc != 1 + N_LIBRARIES)
    g_error ("usage: %s LIBGMULTI LIBGMULTI_CURL LIBCURL", argv[0]);
  for (guint i = 0; i < N_LIBRARIES; i++)
    paths[i] = argv[1 + i];
  g_test_add_data_func ("/together/local", GINT_TO_POINTER (RTLD_LOCAL), test_together);
  g_test_add_data_func ("/together/global", GINT_TO_POINTER (RTLD_GLOBAL), test_together);

  return g_test_run ();
}
