/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case.h"
#include "peers.h"

#include <glib/gstdio.h>
#include <string.h>

/* Servers that nobody here wrote, and files that nobody here made: the documentation of the machine. Every byte of
 * 3,000 files is compared with what is on the disk. */

#define N_FILES 3000
#define AT_ONCE 40
#define FILE_MAX (1024 * 1024)

static const char root[] = "/usr";
static const char *const folders[] = { "share/doc", "share/man", "share/common-licenses", "share/help", "include",
                                       "share/perl", "lib/python3" };

static void
collect (GPtrArray *files,
         const char *below)
{
  g_autofree char *path = g_build_filename (root, below, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && files->len < N_FILES && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *relative = g_build_filename (below, name, NULL);
      g_autofree char *full = g_build_filename (root, relative, NULL);
      GStatBuf info;

      if (g_lstat (full, &info) != 0 || name[0] == '.' || g_str_has_prefix (name, "index."))
        continue;
      if (S_ISDIR (info.st_mode))
        collect (files, relative);
      else if (S_ISREG (info.st_mode) && info.st_size <= FILE_MAX && (info.st_mode & 0004))
        g_ptr_array_add (files, g_steal_pointer (&relative));
    }
}

static GPtrArray *
find_files (void)
{
  GPtrArray *files = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < G_N_ELEMENTS (folders) && files->len < N_FILES; i++)
    collect (files, folders[i]);
  return files;
}

/* --- all of them --- */

typedef struct
{
  GPtrArray *files; /* (owned) */
  Peer *peer; /* (owned) */
  guint next;
  guint n_compared;
  guint64 n_bytes;
  guint n_connects;
  guint n_coded;
} Fetch;

static void
compare (CaseTransfer *t)
{
  const char *relative = t->name;
  g_autofree char *full = g_build_filename (root, relative, NULL);
  g_autofree char *content = NULL;
  gsize len;
  Fetch *fetch = t->user_data;

  if (t->result != CURLE_OK || case_info (t, CURLINFO_RESPONSE_CODE) != 200)
    g_error ("%s: %s, status %ld", relative, t->error, case_info (t, CURLINFO_RESPONSE_CODE));
  g_assert_true (g_file_get_contents (full, &content, &len, NULL));
  if (t->body->len != len || memcmp (content, t->body->data, len) != 0)
    g_error ("%s: %u bytes came, %zu are on the disk, and they differ", relative, t->body->len, len);
  fetch->n_compared++;
  fetch->n_coded += strcasestr (t->last_head->str, "\nContent-Encoding:") != NULL;
  fetch->n_bytes += len;
  fetch->n_connects += (guint) case_info (t, CURLINFO_NUM_CONNECTS);
}

static void
begin_next (CaseTransfer *t)
{
  Fetch *fetch = t->user_data;
  g_autofree char *url = NULL;

  if (fetch->next >= fetch->files->len)
    return;
  t->name = g_ptr_array_index (fetch->files, fetch->next++);
  url = peer_dup_url (fetch->peer, t->name);
  case_set (t, CURLOPT_URL, url);
  case_rewind (t);
  case_add (t);
}

static void
file_done (gpointer data)
{
  CaseTransfer *t = data;

  compare (t);
  case_remove (t);
  begin_next (t);
}

/* @encodings as CURLOPT_ACCEPT_ENCODING. */
static void
fetch_with (Case *c,
            PeerKind kind,
            guint most,
            const char *encodings)
{
  Fetch fetch = { find_files () };

  if (!peer_is_there (kind))
    g_error ("%s is not installed: what we are measured by is not to be left out", peer_kind_name (kind));
  g_ptr_array_set_size (fetch.files, (gint) MIN (most, fetch.files->len));
  fetch.peer = peer_new (kind, root);
  for (guint i = 0; i < AT_ONCE; i++)
    {
      CaseTransfer *t = case_transfer (c, "http://unset.example/");

      t->user_data = &fetch;
      t->done = file_done;
      case_set (t, CURLOPT_ACCEPT_ENCODING, encodings);
      begin_next (t);
    }
  case_run (c);
  g_test_message ("%u files (%u of them compressed), %" G_GUINT64_FORMAT " bytes, %u connections", fetch.n_compared,
                  fetch.n_coded, fetch.n_bytes, fetch.n_connects);
  if (encodings == NULL)
    g_assert_cmpuint (fetch.n_coded, ==, 0);
  else
    g_assert_cmpuint (fetch.n_coded, >, most / 20);
  g_assert_cmpuint (fetch.n_compared, ==, fetch.files->len);
  if (kind != PEER_PYTHON_OLD)
    g_assert_cmpuint (fetch.n_connects, <=, 4 * AT_ONCE);
  peer_free (fetch.peer);
  g_ptr_array_unref (fetch.files);
}

static void
fetch_all (Case *c,
           PeerKind kind,
           guint most)
{
  fetch_with (c, kind, most, NULL);
}

static void
run_nginx_coded (Case *c)
{
  fetch_with (c, PEER_NGINX, 1000, "");
}

static void
run_apache_coded (Case *c)
{
  fetch_with (c, PEER_APACHE, 1000, "");
}

static void
run_caddy_coded (Case *c)
{
  fetch_with (c, PEER_CADDY, 1000, "");
}

static void
run_nginx (Case *c)
{
  fetch_all (c, PEER_NGINX, N_FILES);
}

static void
run_apache (Case *c)
{
  fetch_all (c, PEER_APACHE, N_FILES);
}

static void
run_caddy (Case *c)
{
  fetch_all (c, PEER_CADDY, N_FILES);
}

/* Slow: all files under one driver, some under the others. */
static void
run_python (Case *c)
{
  fetch_all (c, PEER_PYTHON, g_str_equal (c->type->name, "perform-poll") ? N_FILES : 300);
}

static void
run_python_old (Case *c)
{
  fetch_all (c, PEER_PYTHON_OLD, g_str_equal (c->type->name, "strict") ? N_FILES : 300);
}

/* --- manners --- */

static CaseTransfer *
of_peer (Case *c,
         Peer *peer,
         const char *path)
{
  g_autofree char *url = peer_dup_url (peer, path);

  return case_transfer (c, url);
}

static void
check_parts (Case *c,
             Peer *peer,
             const char *path,
             const char *content,
             gsize len,
             gboolean knows_ranges)
{
  CaseTransfer *range = of_peer (c, peer, path), *resume = of_peer (c, peer, path);

  case_set (range, CURLOPT_RANGE, "5-14");
  case_run_transfer (range);
  case_check_ok (range, knows_ranges ? 206 : 200, NULL);
  if (!knows_ranges)
    return;
  g_assert_cmpmem (range->body->data, range->body->len, content + 5, 10);
  case_set (resume, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) 100);
  case_run_transfer (resume);
  case_check_ok (resume, 206, NULL);
  g_assert_cmpmem (resume->body->data, resume->body->len, content + 100, len - 100);
}

static void
check_conditions (Case *c,
                  Peer *peer,
                  const char *path,
                  gsize len)
{
  CaseTransfer *head = of_peer (c, peer, path), *same = of_peer (c, peer, path);

  case_set (head, CURLOPT_NOBODY, 1L);
  case_set (head, CURLOPT_FILETIME, 1L);
  case_run_transfer (head);
  case_check_ok (head, 200, "");
  g_assert_cmpint (case_info_off (head, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T), ==, len);
  g_assert_cmpint (case_info_off (head, CURLINFO_FILETIME_T), >, 0);
  case_set (same, CURLOPT_TIMECONDITION, (long) CURL_TIMECOND_IFMODSINCE);
  case_set (same, CURLOPT_TIMEVALUE_LARGE, case_info_off (head, CURLINFO_FILETIME_T));
  case_run_transfer (same);
  case_check_ok (same, 304, "");
}

static void
check_others (Case *c,
              Peer *peer,
              const char *folder)
{
  CaseTransfer *follow = of_peer (c, peer, folder), *post = of_peer (c, peer, folder), *missing;

  case_set (follow, CURLOPT_FOLLOWLOCATION, 1L); /* a slash is missing at its end */
  case_run_transfer (follow);
  case_check_ok (follow, 200, NULL);
  g_assert_cmpint (case_info (follow, CURLINFO_REDIRECT_COUNT), ==, 1);
  g_assert_cmpuint (follow->body->len, >, 0);
  case_set (post, CURLOPT_POSTFIELDS, "nobody takes this");
  case_run_transfer (post);
  g_assert_cmpint (post->result, ==, CURLE_OK);
  missing = of_peer (c, peer, "no such file %/?#ü");
  case_run_transfer (missing);
  case_check_ok (missing, 404, NULL);
}

static void
run_manners (Case *c)
{
  static const char path[] = "share/common-licenses/GPL-3";
  g_autofree char *full = g_build_filename (root, path, NULL);
  g_autofree char *content = NULL;
  gsize len;

  g_assert_true (g_file_get_contents (full, &content, &len, NULL));
  for (guint kind = 0; kind < PEER_N_KINDS; kind++)
    {
      gboolean knows_ranges = kind != PEER_PYTHON && kind != PEER_PYTHON_OLD;
      g_autoptr (Peer) peer = NULL;

      g_test_message ("%s", peer_kind_name ((PeerKind) kind));
      peer = peer_new ((PeerKind) kind, root);
      check_parts (c, peer, path, content, len, knows_ranges);
      check_conditions (c, peer, path, len);
      check_others (c, peer, "share/common-licenses");
    }
}

static const CaseSpec peers[] = {
  { "peer-nginx", run_nginx },
  { "peer-apache", run_apache },
  { "peer-caddy", run_caddy },
  { "peer-nginx-coded", run_nginx_coded, CASE_CODED },
  { "peer-apache-coded", run_apache_coded, CASE_CODED },
  { "peer-caddy-coded", run_caddy_coded, CASE_CODED },
  { "peer-python", run_python },
  { "peer-python-old", run_python_old },
  { "peer-manners", run_manners },
  { NULL },
};

int
main (int argc,
      char *argv[])
{
  const CaseSpec *const tables[] = { peers, NULL };

  return case_main (argc, argv, tables);
}
