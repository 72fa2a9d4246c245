/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-state-file.h"

#include "gm-config.h"
#include "http/gm-alt-svc.h"
#include "http/gm-cookie-jar.h"
#include "http/gm-hsts.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Files of the stores: damaged, cut, huge, not text at all, not to be written, written by two at once. */

#define NOW 1793000000 /* October 2026 */
#define LEN 100000
#define ROUNDS 40

typedef struct
{
  char *folder; /* (owned) */
  char *path; /* (owned): of no file yet */
} Fixture;

static void
set_up (Fixture *self,
        gconstpointer data)
{
  self->folder = g_dir_make_tmp ("gm-state-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, "state", NULL);
}

/* Nothing but @path may be left. */
static void
tear_down (Fixture *self,
           gconstpointer data)
{
  g_remove (self->path);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->folder);
  g_free (self->path);
}

static void
check_contents (const char *path,
                const char *expected)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, expected);
}

static void
test_replaced (Fixture *self,
               gconstpointer data)
{
  g_autofree char *link = g_build_filename (self->folder, "link", NULL);
  struct stat there;

  g_assert_cmpint (gm_state_file_write (self->path, "one", 3), ==, 0);
  check_contents (self->path, "one");
  g_assert_cmpint (stat (self->path, &there), ==, 0);
  g_assert_cmpuint (there.st_mode & 0777, ==, 0600);
  g_assert_cmpint (symlink ("state", link), ==, 0);
  g_assert_cmpint (gm_state_file_write (link, "two", 3), ==, 0);
  check_contents (self->path, "two");
  g_assert_true (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
  g_remove (link);
}

static void
test_not_there (Fixture *self,
                gconstpointer data)
{
  g_auto (GmByteBuilder) out = { 0 };
  g_autofree char *below = g_build_filename (self->path, "x", NULL);

  g_assert_cmpint (gm_state_file_read (self->path, &out), ==, ENOENT);
  g_assert_cmpint (gm_state_file_write (below, "x", 1), ==, ENOENT);
  g_assert_cmpint (gm_state_file_write (self->folder, "x", 1), ==, EISDIR);
  /* a folder where nobody, not even root, makes files */
  g_assert_cmpint (gm_state_file_write ("/proc/gmulti", "x", 1), !=, 0);
  g_assert_cmpint (gm_state_file_write ("/dev/full", "x", 1), ==, ENOSPC);
}

static void
test_huge (Fixture *self,
           gconstpointer data)
{
  g_auto (GmByteBuilder) out = { 0 };

  g_assert_true (g_file_set_contents (self->path, "x", 1, NULL));
  g_assert_cmpint (truncate (self->path, (off_t) GM_STATE_FILE_MAX + 1), ==, 0);
  g_assert_cmpint (gm_state_file_read (self->path, &out), ==, EFBIG);
}

/* Runs @func in a process of its own; what it answers is the exit status. */
static pid_t
begin (int (*func) (const char *path,
                    char letter),
       const char *path,
       char letter)
{
  pid_t pid = fork ();

  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    _exit (func (path, letter));
  return pid;
}

static int
end (pid_t pid)
{
  int status = -1;

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

static int
write_with_no_room (const char *path,
                    char letter)
{
  static char data[LEN];
  struct rlimit limit = { 1000, 1000 };

  memset (data, letter, sizeof data);
  signal (SIGXFSZ, SIG_IGN);
  return setrlimit (RLIMIT_FSIZE, &limit) == 0 ? gm_state_file_write (path, data, sizeof data) : 0;
}

/* The disk is full in the middle: what was there stays, and nothing is left beside it. */
static void
test_no_room (Fixture *self,
              gconstpointer data)
{
  g_assert_cmpint (gm_state_file_write (self->path, "as it was", 9), ==, 0);
  g_assert_cmpint (end (begin (write_with_no_room, self->path, 'x')), ==, EFBIG);
  check_contents (self->path, "as it was");
}

static int
write_often (const char *path,
             char letter)
{
  static char data[LEN];
  int error = 0;

  memset (data, letter, sizeof data);
  for (guint i = 0; i < ROUNDS && error == 0; i++)
    error = gm_state_file_write (path, data, sizeof data - i);
  return error;
}

/* Who reads meanwhile sees one of them, whole. */
static void
test_two_writers (Fixture *self,
                  gconstpointer data)
{
  pid_t first = begin (write_often, self->path, 'a'), second = begin (write_often, self->path, 'b');
  guint n_read = 0;

  for (guint i = 0; i < ROUNDS; i++)
    {
      g_auto (GmByteBuilder) out = { 0 };
      int error = gm_state_file_read (self->path, &out);

      if (error == ENOENT)
        continue;
      g_assert_cmpint (error, ==, 0);
      g_assert_cmpuint (out.len, >, LEN - ROUNDS);
      for (gsize at = 1; at < out.len; at++)
        if (out.data[at] != out.data[0])
          g_error ("two writers in one file");
      n_read++;
    }
  g_assert_cmpint (end (first), ==, 0);
  g_assert_cmpint (end (second), ==, 0);
  g_test_message ("read %u times", n_read);
}

/* ---- what is in them ---- */

/* One line that is good, and what one finds in files that somebody else has had. */
static const struct
{
  const char *name;
  const char *good;
} stores[] = {
  { "hsts", "a.example \"20991231 23:59:59\"\n" },
  { "alt-svc", "h2 a.example 443 h2 b.example 8443 \"20991231 23:59:59\" 1 0\n" },
  { "cookies", "a.example\tFALSE\t/\tFALSE\t4102444799\tname\tvalue\n" },
};

#define COOKIES 2

/* Loads @path; answers the errno, and how many entries there are and lines were damaged. @save_to: (nullable). */
static int
load (guint store,
      const char *path,
      guint *n,
      guint *n_damaged,
      const char *save_to,
      int *saved)
{
  int error;

  if (store == 0)
    {
      g_autoptr (GmHsts) hsts = gm_hsts_new ();

      gm_hsts_add_file (hsts, path, NULL);
      error = gm_hsts_load (hsts, NOW, n_damaged);
      *n = gm_hsts_get_n (hsts);
      *saved = save_to != NULL ? gm_hsts_save (hsts, save_to, NOW) : 0;
    }
  else if (store == 1)
    {
      g_autoptr (GmAltSvc) alt_svc = gm_alt_svc_new ();

      gm_alt_svc_add_file (alt_svc, path, NULL);
      error = gm_alt_svc_load (alt_svc, NOW, n_damaged);
      *n = gm_alt_svc_get_n (alt_svc);
      *saved = save_to != NULL ? gm_alt_svc_save (alt_svc, save_to, NOW) : 0;
    }
  else
    {
      g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();

      gm_cookie_jar_add_file (jar, path, FALSE);
      error = gm_cookie_jar_load (jar, NOW, n_damaged);
      *n = gm_cookie_jar_get_n (jar);
      *saved = save_to != NULL ? gm_cookie_jar_save (jar, save_to, FALSE, NOW) : 0;
    }

  return error;
}

static void
load_text (Fixture *self,
           guint store,
           const char *text,
           gsize len,
           guint *n,
           guint *n_damaged)
{
  int saved;

  g_assert_true (g_file_set_contents (self->path, text, (gssize) len, NULL));
  g_assert_cmpint (load (store, self->path, n, n_damaged, NULL, &saved), ==, 0);
}

/* A file that ends anywhere: the lines that are whole count, and at most one is damaged. */
static void
test_cut (Fixture *self,
          gconstpointer data)
{
  guint store = GPOINTER_TO_UINT (data);
  g_autofree char *text = g_strconcat (stores[store].good, stores[store].good, NULL);
  gsize whole = strlen (stores[store].good);

  for (gsize len = 0; len <= 2 * whole; len++)
    {
      guint n, n_damaged;

      load_text (self, store, text, len, &n, &n_damaged);
      /* nobody can tell that a cookie had more of a name */
      g_assert_cmpuint (n, <=, store == COOKIES ? 2 : 1);
      g_assert_cmpuint (n_damaged, <=, 1);
      if (len >= whole)
        g_assert_cmpuint (n, >=, 1);
    }
}

/* What is no text is passed over and counted, and what is good between it is taken. */
static void
test_rubbish (Fixture *self,
              gconstpointer data)
{
  guint store = GPOINTER_TO_UINT (data), n, n_damaged;
  g_autoptr (GString) text = g_string_new ("\xff\xfe\x80 rubbish\n");
  g_autofree char *long_line = g_strnfill (300000, 'x');

  g_string_append_len (text, "nul\0inside\n", 11);
  g_string_append (text, stores[store].good);
  g_string_append (text, long_line);
  g_string_append (text, "\n\r\r\r\n\t\t\t\t\t\t\t\t\n");
  load_text (self, store, text->str, text->len, &n, &n_damaged);
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpuint (n_damaged, >=, 3);
}

/* What could not be read is not written over, now or when it is tried again; another place is as good as ever. */
static void
test_unread (Fixture *self,
             gconstpointer data)
{
  guint store = GPOINTER_TO_UINT (data), n, n_damaged;
  g_autofree char *other = g_strconcat (self->path, "-2", NULL);
  struct stat there;
  int saved;

  g_assert_true (g_file_set_contents (self->path, "x", 1, NULL));
  g_assert_cmpint (truncate (self->path, (off_t) GM_STATE_FILE_MAX + 1), ==, 0);
  g_assert_cmpint (load (store, self->path, &n, &n_damaged, self->path, &saved), ==, EFBIG);
  g_assert_cmpint (saved, ==, EFBIG);
  g_assert_cmpuint (n, ==, 0);
  g_assert_cmpint (stat (self->path, &there), ==, 0);
  g_assert_cmpint (there.st_size, ==, GM_STATE_FILE_MAX + 1);
  g_assert_cmpint (load (store, self->path, &n, &n_damaged, other, &saved), ==, EFBIG);
  g_assert_cmpint (saved, ==, 0);
  g_assert_cmpint (g_remove (other), ==, 0);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/state-file/replaced", Fixture, NULL, set_up, test_replaced, tear_down);
  g_test_add ("/state-file/not-there", Fixture, NULL, set_up, test_not_there, tear_down);
  g_test_add ("/state-file/huge", Fixture, NULL, set_up, test_huge, tear_down);
  g_test_add ("/state-file/no-room", Fixture, NULL, set_up, test_no_room, tear_down);
  g_test_add ("/state-file/two-writers", Fixture, NULL, set_up, test_two_writers, tear_down);
  for (guint i = 0; i < G_N_ELEMENTS (stores); i++)
    {
      g_autofree char *cut = g_strconcat ("/state-file/cut/", stores[i].name, NULL);
      g_autofree char *rubbish = g_strconcat ("/state-file/rubbish/", stores[i].name, NULL);
      g_autofree char *unread = g_strconcat ("/state-file/unread/", stores[i].name, NULL);

      g_test_add (cut, Fixture, GUINT_TO_POINTER (i), set_up, test_cut, tear_down);
      g_test_add (rubbish, Fixture, GUINT_TO_POINTER (i), set_up, test_rubbish, tear_down);
      g_test_add (unread, Fixture, GUINT_TO_POINTER (i), set_up, test_unread, tear_down);
    }
  return g_test_run ();
}
