/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <curl/curl.h>

#include "scripted-server.h"
#include "turn-time.h"
#include "zoo-token.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* As test-nothing-blocks, through the C face: the beginnings of TLS that take their time, a token of PKCS #11 and a huge
 * folder of authorities. */

#define N_STUCK 20
#define N_OTHERS 100
#define N_ROUNDS 1000
#define N_AUTHORITIES 4000
#define GAP_US 10000
#define CANCEL_US 1000
#define LIMIT_US ((g_getenv ("GMULTI_TEST_VALGRIND") != NULL ? 240 : 30) * G_USEC_PER_SEC)

typedef struct
{
  CURLM *multi;
  ScriptedServer *server; /* of the others */
  ScriptedServer *secure;
  CURL *stuck[N_STUCK];
  guint n_added; /* of the others */
  guint n_done;
  guint n_stuck_done;
  CURLcode stuck_code;
  gint64 longest;
  char *folder; /* (owned): of authorities */
  char *fifo; /* (owned) (nullable): beside it, with a link to it */
  int fifo_fd;
} Fixture;

static gboolean have_token;
static void (*hold) (gboolean hold); /* (nullable) */
static int (*n_waiting) (void);

static size_t
drop_cb (char *data,
         size_t size,
         size_t n,
         void *user_data)
{
  return size * n;
}

static CURL *
make_easy (ScriptedServer *server)
{
  CURL *easy = curl_easy_init ();

  curl_easy_setopt (easy, CURLOPT_URL, scripted_server_url (server, "/small"));
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, drop_cb);
  curl_easy_setopt (easy, CURLOPT_NOPROXY, "*");
  return easy;
}

/* ---- the loop ---- */

static void
take_done (Fixture *self)
{
  CURLMsg *message;
  int n_left;

  while ((message = curl_multi_info_read (self->multi, &n_left)) != NULL)
    {
      CURL *easy = message->easy_handle;
      char *is_stuck = NULL;

      curl_easy_getinfo (easy, CURLINFO_PRIVATE, &is_stuck);
      if (is_stuck != NULL)
        {
          self->stuck_code = message->data.result;
          self->n_stuck_done++;
          continue;
        }
      g_assert_cmpint (message->data.result, ==, CURLE_OK);
      self->n_done++;
      curl_multi_remove_handle (self->multi, easy);
      curl_easy_cleanup (easy);
    }
}

/* Others run, no more than N_OTHERS at a time, until so many more of them are done and @done (nullable) says so. */
static void
run_others (Fixture *self,
            guint number,
            gboolean (*done) (Fixture *self))
{
  gint64 until = g_get_monotonic_time () + LIMIT_US;
  guint wanted = self->n_done + number;
  int n_running;

  while ((self->n_done < wanted || (done != NULL && !done (self))) && g_get_monotonic_time () < until)
    {
      gint64 begin, waited, took;

      while (self->n_added - self->n_done < N_OTHERS)
        {
          g_assert_cmpint (curl_multi_add_handle (self->multi, make_easy (self->server)), ==, CURLM_OK);
          self->n_added++;
        }
      begin = g_get_monotonic_time ();
      waited = turn_time_waited ();
      g_assert_cmpint (curl_multi_perform (self->multi, &n_running), ==, CURLM_OK);
      took = g_get_monotonic_time () - begin;
      if (took > GAP_US / 2)
        self->longest = MAX (self->longest, took - (turn_time_waited () - waited));
      take_done (self);
      curl_multi_poll (self->multi, NULL, 0, 50, NULL);
    }
  g_assert_cmpuint (self->n_done, >=, wanted);
  g_assert_true (done == NULL || done (self));
}

static void
check_times (Fixture *self,
             gint64 slowest)
{
  g_test_message ("longest turn %" G_GINT64_FORMAT " us (0: none over %u), slowest cancel %" G_GINT64_FORMAT " us",
                  self->longest, GAP_US / 2, slowest);
  if (g_getenv ("GMULTI_TEST_VALGRIND") == NULL)
    {
      g_assert_cmpint (self->longest, <, GAP_US);
      g_assert_cmpint (slowest, <, CANCEL_US);
    }
}

static void
add_stuck (Fixture *self,
           guint number,
           void (*set) (Fixture *self, CURL *easy))
{
  for (guint i = 0; i < number; i++)
    {
      self->stuck[i] = make_easy (self->secure);
      curl_easy_setopt (self->stuck[i], CURLOPT_PRIVATE, "stuck");
      curl_easy_setopt (self->stuck[i], CURLOPT_CAINFO, scripted_tls_get_authority_file ());
      set (self, self->stuck[i]);
      g_assert_cmpint (curl_multi_add_handle (self->multi, self->stuck[i]), ==, CURLM_OK);
    }
}

static void
run_stuck (Fixture *self,
           void (*set) (Fixture *self, CURL *easy),
           gboolean (*in_trap) (Fixture *self))
{
  gint64 slowest = 0;

  /* threads are made, buffers grow: once */
  run_others (self, 2 * N_OTHERS, NULL);
  self->longest = 0;
  add_stuck (self, N_STUCK, set);
  run_others (self, N_ROUNDS, in_trap);
  g_assert_cmpuint (self->n_stuck_done, ==, 0);

  for (guint i = 0; i < N_STUCK; i++)
    {
      gint64 waited = turn_time_waited ();
      gint64 begin = g_get_monotonic_time ();

      curl_multi_remove_handle (self->multi, self->stuck[i]);
      curl_easy_cleanup (self->stuck[i]);
      slowest = MAX (slowest, g_get_monotonic_time () - begin - (turn_time_waited () - waited));
    }
  run_others (self, N_OTHERS, NULL);
  check_times (self, slowest);
}

/* ---- a token ---- */

static void
set_token (Fixture *self,
           CURL *easy)
{
  curl_easy_setopt (easy, CURLOPT_SSLCERT, "pkcs11:token=Zoo;object=me");
  curl_easy_setopt (easy, CURLOPT_SSLKEY, "pkcs11:token=Zoo;object=me?pin-value=1234");
}

static gboolean
token_is_asked (Fixture *self)
{
  return n_waiting () > 0;
}

static void
test_token (Fixture *self,
            gconstpointer data)
{
  if (!have_token || hold == NULL)
    {
      g_test_skip ("no SoftHSM here, or none that could be slow");
      return;
    }
  hold (TRUE);
  run_stuck (self, set_token, token_is_asked);
  hold (FALSE);
}

static gboolean
one_is_done (Fixture *self)
{
  return self->n_stuck_done == 1;
}

/* And it lets them in. */
static void
test_quick_token (Fixture *self,
                  gconstpointer data)
{
  if (!have_token)
    {
      g_test_skip ("no SoftHSM here");
      return;
    }
  add_stuck (self, 1, set_token);
  run_others (self, 1, one_is_done);
  g_assert_cmpint (self->stuck_code, ==, CURLE_OK);
  curl_multi_remove_handle (self->multi, self->stuck[0]);
  curl_easy_cleanup (self->stuck[0]);
}

/* ---- a folder of authorities ---- */

static void
make_folder (Fixture *self)
{
  g_autoptr (GBytes) pem = zoo_get_pem (scripted_tls_get_authority (), 0);
  g_autofree char *one = NULL;

  self->folder = g_dir_make_tmp ("zoo-authorities-XXXXXX", NULL);
  g_assert_nonnull (self->folder);
  one = g_build_filename (self->folder, "one.pem", NULL);
  g_assert_true (g_file_set_contents (one, g_bytes_get_data (pem, NULL), (gssize) g_bytes_get_size (pem), NULL));
  for (guint i = 0; i < N_AUTHORITIES; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/%u.pem", self->folder, i);

      g_assert_cmpint (link (one, path), ==, 0);
    }
}

static void
set_folder (Fixture *self,
            CURL *easy)
{
  curl_easy_setopt (easy, CURLOPT_CAINFO, NULL);
  curl_easy_setopt (easy, CURLOPT_CAPATH, self->folder);
}

/* A worker is at the pipe, and reads on until we let go of it. */
static gboolean
folder_is_read (Fixture *self)
{
  if (self->fifo_fd < 0)
    self->fifo_fd = open (self->fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

  return self->fifo_fd >= 0;
}

static void
test_stuck_folder (Fixture *self,
                   gconstpointer data)
{
  g_autofree char *link_path = NULL;

  make_folder (self);
  self->fifo = g_strconcat (self->folder, ".fifo", NULL);
  link_path = g_build_filename (self->folder, "stuck.pem", NULL);
  g_assert_cmpint (mkfifo (self->fifo, 0600), ==, 0);
  g_assert_cmpint (symlink (self->fifo, link_path), ==, 0);
  run_stuck (self, set_folder, folder_is_read);
}

static void
test_huge_folder (Fixture *self,
                  gconstpointer data)
{
  make_folder (self);
  run_others (self, 2 * N_OTHERS, NULL);
  self->longest = 0;
  add_stuck (self, 1, set_folder);
  run_others (self, N_ROUNDS, one_is_done);
  g_assert_cmpint (self->stuck_code, ==, CURLE_OK);
  curl_multi_remove_handle (self->multi, self->stuck[0]);
  curl_easy_cleanup (self->stuck[0]);
  check_times (self, 0);
}

/* ---- life ---- */

static void
set_up (Fixture *self,
        gconstpointer data)
{
  ScriptedTls *tls = scripted_tls_new ();

  tls->client_certificate = GNUTLS_CERT_REQUEST;
  self->fifo_fd = -1;
  self->multi = curl_multi_init ();
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  self->secure = scripted_server_new_tls (SCRIPTED_SERVER_DEFAULT, tls);
  scripted_server_on (self->server, "*", scripted_answer_text (200, NULL, "small"));
  scripted_server_on (self->secure, "*", scripted_answer_text (200, NULL, "small"));
}

static void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      unlink (path);
    }
  rmdir (folder);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  CURL **list = curl_multi_get_handles (self->multi);

  if (self->fifo_fd >= 0)
    close (self->fifo_fd);
  for (guint i = 0; list != NULL && list[i] != NULL; i++)
    {
      curl_multi_remove_handle (self->multi, list[i]);
      curl_easy_cleanup (list[i]);
    }
  curl_free (list);
  curl_multi_cleanup (self->multi);
  scripted_server_free (self->server);
  scripted_server_free (self->secure);
  if (self->folder != NULL)
    remove_folder (self->folder);
  if (self->fifo != NULL)
    unlink (self->fifo);
  g_free (self->folder);
  g_free (self->fifo);
}

static void
start_token (void)
{
  ZooCertificate *own = zoo_make (&(ZooSpec){ .subject = "me", .purpose = GNUTLS_KP_TLS_WWW_CLIENT }, NULL);
  have_token = zoo_token_make ("Zoo", "1234", own);
  zoo_free (own);
  if (!have_token)
    return;
#ifdef SLOW_TOKEN
  void *module = dlopen (SLOW_TOKEN, RTLD_NOW);

  g_assert_nonnull (module);
  *(void **) (&hold) = dlsym (module, "slow_token_hold");
  *(void **) (&n_waiting) = dlsym (module, "slow_token_n_waiting");
  zoo_token_start (SLOW_TOKEN);
#else
  zoo_token_start (NULL);
#endif
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  curl_global_init (CURL_GLOBAL_DEFAULT);
  start_token ();
  g_test_add ("/nothing-blocks/token", Fixture, NULL, set_up, test_token, tear_down);
  g_test_add ("/nothing-blocks/quick-token", Fixture, NULL, set_up, test_quick_token, tear_down);
  g_test_add ("/nothing-blocks/stuck-folder", Fixture, NULL, set_up, test_stuck_folder, tear_down);
  g_test_add ("/nothing-blocks/huge-folder", Fixture, NULL, set_up, test_huge_folder, tear_down);
  return g_test_run ();
}
