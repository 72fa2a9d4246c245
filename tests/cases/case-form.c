/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <glib/gstdio.h>
#include <string.h>

/* Bodies of parts: byte for byte what the server gets, with the boundary written as B. */

static const ScriptedRequest *
last_request (Case *c)
{
  g_assert_true (scripted_server_wait_requests (case_server (c), scripted_server_n_requests (case_server (c)), 5000));
  return scripted_server_request (case_server (c), scripted_server_n_requests (case_server (c)) - 1);
}

static char *
dup_boundary (const ScriptedRequest *request)
{
  const char *type = scripted_request_header (request, "Content-Type");
  const char *boundary = type != NULL ? strstr (type, "boundary=") : NULL;

  g_assert_nonnull (boundary);
  return g_strdup (boundary + strlen ("boundary="));
}

static char *
normalise (const char *text,
           gsize len,
           const char *boundary)
{
  g_autofree char *copy = g_strndup (text, len);
  g_auto (GStrv) pieces = g_strsplit (copy, boundary, -1);

  return g_strjoinv ("B", pieces);
}

static void
check_body (const ScriptedRequest *request,
            const char *body)
{
  g_autofree char *boundary = dup_boundary (request);
  g_autofree char *got = normalise ((char *) request->body->data, request->body->len, boundary);

  g_assert_cmpuint (request->body_length, ==, request->body->len);
  g_assert_cmpstr (got, ==, body);
}

static CaseTransfer *
post (Case *c,
      curl_mime *mime)
{
  CaseTransfer *t = case_transfer (c, "/form");

  scripted_server_on (case_server (c), "/form", scripted_answer_text (200, NULL, "taken"));
  case_set (t, CURLOPT_MIMEPOST, mime);
  return t;
}

/* Sends @mime and frees it. */
static void
expect (Case *c,
        curl_mime *mime,
        const char *body)
{
  CaseTransfer *t = post (c, mime);
  const ScriptedRequest *request;

  case_run_transfer (t);
  case_check_ok (t, 200, "taken");
  request = last_request (c);
  g_assert_cmpstr (request->method, ==, "POST");
  check_body (request, body);
  g_assert_true (g_str_has_prefix (scripted_request_header (request, "Content-Type"), "multipart/form-data; boundary=--"));
  if (!request->chunked)
    g_assert_cmpint (case_info_off (t, CURLINFO_SIZE_UPLOAD_T), ==, (gint64) request->body_length);
  case_rewind (t);
  case_set (t, CURLOPT_MIMEPOST, NULL);
  curl_mime_free (mime);
}

#define OK(call) g_assert_cmpint ((call), ==, CURLE_OK)

static curl_mimepart *
add_data (curl_mime *mime,
          const char *name,
          const char *data)
{
  curl_mimepart *part = curl_mime_addpart (mime);

  OK (curl_mime_name (part, name));
  OK (curl_mime_data (part, data, CURL_ZERO_TERMINATED));
  return part;
}

static curl_mime *
new_mime (void)
{
  /* any handle does: what it is asked for is chance */
  CURL *easy = curl_easy_init ();
  curl_mime *mime = curl_mime_init (easy);

  curl_easy_cleanup (easy);
  return mime;
}

static void
run_basic (Case *c)
{
  curl_mime *mime = new_mime ();
  curl_mimepart *part;

  add_data (mime, "first", "one");
  add_data (mime, "second", "");
  part = add_data (mime, "third", "never seen");
  OK (curl_mime_data (part, "a\0b", 3));
  OK (curl_mime_data (part, "a.b", 3));
  part = curl_mime_addpart (mime);
  OK (curl_mime_data (part, "nameless", CURL_ZERO_TERMINATED));
  part = add_data (mime, "gone", "gone");
  OK (curl_mime_data (part, NULL, 0));
  OK (curl_mime_name (part, NULL));
  expect (c, mime,
          "--B\r\nContent-Disposition: form-data; name=\"first\"\r\n\r\none\r\n"
          "--B\r\nContent-Disposition: form-data; name=\"second\"\r\n\r\n\r\n"
          "--B\r\nContent-Disposition: form-data; name=\"third\"\r\n\r\na.b\r\n"
          "--B\r\nContent-Disposition: form-data\r\n\r\nnameless\r\n"
          "--B\r\nContent-Disposition: form-data\r\n\r\n\r\n"
          "--B--\r\n");
}

static void
run_empty (Case *c)
{
  expect (c, new_mime (), "--B--\r\n");
}

static void
run_types (Case *c)
{
  curl_mime *mime = new_mime ();
  curl_mimepart *part;

  part = add_data (mime, "a", "x");
  OK (curl_mime_filename (part, "picture.JPG"));
  part = add_data (mime, "b", "x");
  OK (curl_mime_filename (part, "what.ever"));
  part = add_data (mime, "c", "x");
  OK (curl_mime_filename (part, "notes.txt"));
  part = add_data (mime, "d", "x");
  OK (curl_mime_type (part, "text/plain"));
  part = add_data (mime, "e", "x");
  OK (curl_mime_type (part, "application/json; charset=x"));
  OK (curl_mime_filename (part, "a.html"));
  expect (c, mime,
          "--B\r\nContent-Disposition: form-data; name=\"a\"; filename=\"picture.JPG\"\r\nContent-Type: image/jpeg\r\n"
          "\r\nx\r\n"
          "--B\r\nContent-Disposition: form-data; name=\"b\"; filename=\"what.ever\"\r\n\r\nx\r\n"
          "--B\r\nContent-Disposition: form-data; name=\"c\"; filename=\"notes.txt\"\r\nContent-Type: text/plain\r\n\r\nx\r\n"
          "--B\r\nContent-Disposition: form-data; name=\"d\"\r\nContent-Type: text/plain\r\n\r\nx\r\n"
          "--B\r\nContent-Disposition: form-data; name=\"e\"; filename=\"a.html\"\r\n"
          "Content-Type: application/json; charset=x\r\n\r\nx\r\n"
          "--B--\r\n");
}

static void
run_encoders (Case *c)
{
  curl_mime *mime = new_mime ();
  g_autofree char *line = g_strnfill (60, 'y');

  OK (curl_mime_encoder (add_data (mime, "a", line), "base64"));
  OK (curl_mime_encoder (add_data (mime, "b", "plain"), "binary"));
  OK (curl_mime_encoder (add_data (mime, "c", "plain"), "8bit"));
  OK (curl_mime_encoder (add_data (mime, "d", "plain"), "7BIT"));
  OK (curl_mime_encoder (add_data (mime, "e", "a=b \r\nc\xc3\xa9"), "Quoted-Printable"));
  g_assert_cmpint (curl_mime_encoder (add_data (mime, "f", "x"), "rot13"), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  OK (curl_mime_encoder (add_data (mime, "g", "x"), NULL));
  expect (c, mime,
          "--B\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
          "eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5\r\neXl5\r\n"
          "--B\r\nContent-Disposition: form-data; name=\"b\"\r\nContent-Transfer-Encoding: binary\r\n\r\nplain\r\n"
          "--B\r\nContent-Disposition: form-data; name=\"c\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\nplain\r\n"
          "--B\r\nContent-Disposition: form-data; name=\"d\"\r\nContent-Transfer-Encoding: 7bit\r\n\r\nplain\r\n"
          "--B\r\nContent-Disposition: form-data; name=\"e\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
          "a=3Db=20\r\nc=C3=A9\r\n"
          "--B\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nx\r\n"
          "--B\r\nContent-Disposition: form-data; name=\"g\"\r\n\r\nx\r\n"
          "--B--\r\n");
}

/* What has more than seven bits is not sent as if it had not. */
static void
run_seven_bit (Case *c)
{
  curl_mime *mime = new_mime ();
  CaseTransfer *t;

  OK (curl_mime_encoder (add_data (mime, "a", "caf\xc3\xa9"), "7bit"));
  t = post (c, mime);
  case_run_transfer (t);
  case_check_error (t, CURLE_READ_ERROR);
  curl_mime_free (mime);
}

static void
run_headers (Case *c)
{
  curl_mime *mime = new_mime ();
  curl_mimepart *part = add_data (mime, "a", "x");
  struct curl_slist *own = curl_slist_append (NULL, "X-Own: 1");

  own = curl_slist_append (own, "content-type: text/special");
  OK (curl_mime_headers (part, own, 1));
  part = add_data (mime, "b", "x");
  own = curl_slist_append (NULL, "Content-Disposition: none");
  own = curl_slist_append (own, "Content-Transfer-Encoding: 8bit");
  OK (curl_mime_headers (part, own, 1));
  OK (curl_mime_encoder (part, "binary"));
  part = add_data (mime, "c", "x");
  own = curl_slist_append (NULL, "X-Gone: 1");
  OK (curl_mime_headers (part, own, 1));
  OK (curl_mime_headers (part, NULL, 0));
  expect (c, mime,
          "--B\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: text/special\r\nX-Own: 1\r\n\r\nx\r\n"
          "--B\r\nContent-Disposition: none\r\nContent-Transfer-Encoding: 8bit\r\n\r\nx\r\n"
          "--B\r\nContent-Disposition: form-data; name=\"c\"\r\n\r\nx\r\n"
          "--B--\r\n");
}

static void
run_nested (Case *c)
{
  curl_mime *mime = new_mime ();
  curl_mime *inner = new_mime ();
  curl_mimepart *part = curl_mime_addpart (mime);
  const ScriptedRequest *request;
  g_autofree char *outer_boundary = NULL;
  g_autofree char *outer = NULL;
  g_autofree char *inner_boundary = NULL;
  g_autofree char *all = NULL;
  CaseTransfer *t;

  OK (curl_mime_name (part, "files"));
  OK (curl_mime_subparts (part, inner));
  g_assert_cmpint (curl_mime_subparts (curl_mime_addpart (inner), mime), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_mime_subparts (curl_mime_addpart (mime), inner), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  OK (curl_mime_filename (add_data (inner, NULL, "one"), "1.png"));
  add_data (inner, "n", "two");
  t = post (c, mime);
  case_run_transfer (t);
  case_check_ok (t, 200, "taken");
  request = last_request (c);
  outer_boundary = dup_boundary (request);
  outer = normalise ((char *) request->body->data, request->body->len, outer_boundary);
  inner_boundary = g_strndup (strstr (outer, "boundary=") + strlen ("boundary="),
                              strcspn (strstr (outer, "boundary=") + strlen ("boundary="), "\r"));
  g_assert_cmpstr (inner_boundary, !=, outer_boundary);
  {
    g_auto (GStrv) pieces = g_strsplit (outer, inner_boundary, -1);

    all = g_strjoinv ("I", pieces);
  }
  g_assert_cmpstr (all, ==,
                   "--B\r\nContent-Disposition: form-data; name=\"files\"\r\nContent-Type: multipart/mixed; boundary=I\r\n\r\n"
                   "--I\r\n\r\n\r\n"
                   "--I\r\nContent-Disposition: attachment; filename=\"1.png\"\r\nContent-Type: image/png\r\n\r\none\r\n"
                   "--I\r\nContent-Disposition: attachment; name=\"n\"\r\n\r\ntwo\r\n"
                   "--I--\r\n\r\n"
                   "--B\r\nContent-Disposition: form-data\r\n\r\n\r\n"
                   "--B--\r\n");
  curl_mime_free (mime);
}

/* CVE-class: a name that would begin a field, or a part, of its own. */
static void
run_escape (Case *c)
{
  curl_mime *mime = new_mime ();
  CaseTransfer *t;

  OK (curl_mime_filename (add_data (mime, "a\"; filename=\"b", "x"), "evil\r\nX-Injected: 1\r\n\r\n\"\\"));
  expect (c, mime,
          "--B\r\nContent-Disposition: form-data; name=\"a%22; filename=%22b\"; "
          "filename=\"evil%0D%0AX-Injected: 1%0D%0A%0D%0A%22\\\"\r\n\r\nx\r\n--B--\r\n");

  mime = new_mime ();
  add_data (mime, "a\"\\b", "x");
  t = post (c, mime);
  case_set (t, CURLOPT_MIME_OPTIONS, CURLMIMEOPT_FORMESCAPE);
  case_run_transfer (t);
  check_body (last_request (c), "--B\r\nContent-Disposition: form-data; name=\"a\\\"\\\\b\"\r\n\r\nx\r\n--B--\r\n");
  curl_mime_free (mime);
}

static void
run_injection (Case *c)
{
  for (guint i = 0; i < 2; i++)
    {
      curl_mime *mime = new_mime ();
      curl_mimepart *part = add_data (mime, "a", "x");
      CaseTransfer *t;

      if (i == 0)
        OK (curl_mime_type (part, "text/plain\r\nX-Injected: 1"));
      else
        OK (curl_mime_headers (part, curl_slist_append (NULL, "X: y\r\n\r\nbody"), 1));
      t = post (c, mime);
      case_run_transfer (t);
      g_assert_cmpint (t->result, !=, CURLE_OK);
      g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 0);
      curl_mime_free (mime);
    }
}

/* ---- callbacks ---- */

typedef struct
{
  CaseTransfer *t;
  const char *data;
  gsize pos;
  gsize step;
  guint pause_at_call; /* 0 = never */
  guint n_calls;
  guint n_seeks;
  guint n_freed;
  gboolean paused;
} Giver;

static size_t
give (char *buffer,
      size_t size,
      size_t n,
      void *arg)
{
  Giver *giver = arg;
  gsize len = MIN (MIN (n, giver->step), strlen (giver->data) - giver->pos);

  if (++giver->n_calls == giver->pause_at_call)
    {
      giver->paused = TRUE;
      return CURL_READFUNC_PAUSE;
    }
  memcpy (buffer, giver->data + giver->pos, len);
  giver->pos += len;
  return len;
}

static int
seek_giver (void *arg,
            curl_off_t offset,
            int origin)
{
  Giver *giver = arg;

  giver->n_seeks++;
  g_assert_cmpint (origin, ==, SEEK_SET);
  giver->pos = (gsize) offset;
  return CURL_SEEKFUNC_OK;
}

static void
free_giver (void *arg)
{
  ((Giver *) arg)->n_freed++;
}

static gboolean
is_paused (gpointer data)
{
  return ((Giver *) data)->paused;
}

static void
run_callback (Case *c)
{
  static const char text[] = "given in small pieces";

  for (guint i = 0; i < 2; i++)
    {
      Giver giver = { .data = text, .step = 4 };
      curl_mime *mime = new_mime ();
      curl_mimepart *part = curl_mime_addpart (mime);

      OK (curl_mime_name (part, "a"));
      OK (curl_mime_data_cb (part, i == 0 ? (curl_off_t) strlen (text) : -1, give, seek_giver, free_giver, &giver));
      expect (c, mime,
              "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ngiven in small pieces\r\n--B--\r\n");
      g_assert_cmpint (last_request (c)->chunked, ==, i == 1);
      g_assert_cmpuint (giver.n_freed, ==, 1);
    }
}

/* A handle's next transfer has the whole part again, if it can be sought. */
static void
run_callback_again (Case *c)
{
  for (guint i = 0; i < 2; i++)
    {
      Giver giver = { .data = "twice", .step = 3 };
      curl_mime *mime = new_mime ();
      CaseTransfer *t;

      OK (curl_mime_data_cb (curl_mime_addpart (mime), 5, give, i == 0 ? seek_giver : NULL, NULL, &giver));
      t = post (c, mime);
      case_run_transfer (t);
      case_check_ok (t, 200, "taken");
      g_assert_cmpuint (giver.n_seeks, ==, 0);
      case_remove (t);
      case_rewind (t);
      case_run_transfer (t);
      if (i == 0)
        {
          case_check_ok (t, 200, "taken");
          g_assert_cmpuint (giver.n_seeks, ==, 1);
          check_body (last_request (c), "--B\r\nContent-Disposition: form-data\r\n\r\ntwice\r\n--B--\r\n");
        }
      else
        case_check_error (t, CURLE_SEND_FAIL_REWIND);
      case_set (t, CURLOPT_MIMEPOST, NULL);
      curl_mime_free (mime);
    }
}

static void
run_callback_pause (Case *c)
{
  Giver giver = { .data = "a bit, and the rest", .step = 6, .pause_at_call = 2 };
  curl_mime *mime = new_mime ();
  curl_mimepart *part = curl_mime_addpart (mime);
  CaseTransfer *t;

  OK (curl_mime_name (part, "a"));
  OK (curl_mime_data_cb (part, (curl_off_t) strlen (giver.data), give, NULL, NULL, &giver));
  t = post (c, mime);
  case_add (t);
  g_assert_true (case_run_until (c, is_paused, &giver, 5000));
  case_run_for (c, 100);
  g_assert_cmpuint (giver.n_calls, ==, 2);
  g_assert_cmpuint (t->n_done, ==, 0);
  OK (curl_easy_pause (t->easy, CURLPAUSE_CONT));
  case_run (c);
  case_check_ok (t, 200, "taken");
  check_body (last_request (c),
              "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\na bit, and the rest\r\n--B--\r\n");
  curl_mime_free (mime);
}

static size_t
abort_reading (char *buffer,
               size_t size,
               size_t n,
               void *arg)
{
  return CURL_READFUNC_ABORT;
}

static void
run_callback_abort (Case *c)
{
  curl_mime *mime = new_mime ();
  CaseTransfer *t;

  OK (curl_mime_data_cb (curl_mime_addpart (mime), 10, abort_reading, NULL, NULL, NULL));
  t = post (c, mime);
  case_run_transfer (t);
  case_check_error (t, CURLE_ABORTED_BY_CALLBACK);
  curl_mime_free (mime);
}

/* ---- again ---- */

static void
run_redirect (Case *c)
{
  Giver giver = { .data = "twice", .step = 4 };
  curl_mime *mime = new_mime ();
  curl_mimepart *part = add_data (mime, "a", "in memory");
  CaseTransfer *t;

  part = curl_mime_addpart (mime);
  OK (curl_mime_data_cb (part, 5, give, seek_giver, NULL, &giver));
  scripted_server_on (case_server (c), "/form", scripted_answer_redirect (307, "/there"));
  scripted_server_on (case_server (c), "/there", scripted_answer_text (200, NULL, "taken"));
  t = case_transfer (c, "/form");
  case_set (t, CURLOPT_MIMEPOST, mime);
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "taken");
  check_body (last_request (c),
              "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nin memory\r\n"
              "--B\r\nContent-Disposition: form-data\r\n\r\ntwice\r\n--B--\r\n");
  g_assert_cmpuint (giver.n_seeks, >, 0);
  curl_mime_free (mime);
}

static void
run_no_rewind (Case *c)
{
  Giver giver = { .data = "once", .step = 4 };
  curl_mime *mime = new_mime ();
  CaseTransfer *t;

  OK (curl_mime_data_cb (curl_mime_addpart (mime), 4, give, NULL, NULL, &giver));
  scripted_server_on (case_server (c), "/form", scripted_answer_redirect (307, "/there"));
  t = case_transfer (c, "/form");
  case_set (t, CURLOPT_MIMEPOST, mime);
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_run_transfer (t);
  case_check_error (t, CURLE_SEND_FAIL_REWIND);
  curl_mime_free (mime);
}

/* The same handle again, its copy, and another body after all. */
static void
run_again (Case *c)
{
  curl_mime *mime = new_mime ();
  CaseTransfer *t = post (c, mime);
  CURL *copy;

  add_data (mime, "a", "x");
  for (guint i = 0; i < 2; i++)
    {
      case_run_transfer (t);
      case_check_ok (t, 200, "taken");
      check_body (last_request (c), "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B--\r\n");
      case_remove (t);
      case_rewind (t);
    }
  copy = curl_easy_duphandle (t->easy);
  case_set (t, CURLOPT_POSTFIELDS, "plain=1");
  curl_mime_free (mime);
  case_run_transfer (t);
  g_assert_cmpstr (scripted_request_header (last_request (c), "Content-Type"), ==, "application/x-www-form-urlencoded");

  OK (curl_easy_setopt (copy, CURLOPT_HTTPHEADER, NULL));
  OK (curl_easy_perform (copy));
  check_body (last_request (c), "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--B--\r\n");
  curl_easy_cleanup (copy);
}

/* The type is the application's to choose, the boundary is not. */
static void
run_content_type (Case *c)
{
  curl_mime *mime = new_mime ();
  CaseTransfer *t = post (c, mime);
  const ScriptedRequest *request;
  g_autofree char *boundary = NULL;

  add_data (mime, "a", "x");
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Content-Type: multipart/related; type=x", NULL));
  case_run_transfer (t);
  request = last_request (c);
  g_assert_cmpuint (scripted_request_count (request, "Content-Type"), ==, 1);
  g_assert_true (g_str_has_prefix (scripted_request_header (request, "Content-Type"),
                                   "multipart/related; type=x; boundary=--"));
  boundary = dup_boundary (request);
  g_assert_nonnull (memmem (request->body->data, request->body->len, boundary, strlen (boundary)));
  curl_mime_free (mime);
}

/* ---- files ---- */

static char *
make_file (const char *name,
           const char *content,
           gssize len)
{
  g_autofree char *folder = g_dir_make_tmp ("form-XXXXXX", NULL);
  char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, content, len, NULL));
  return path;
}

static void
remove_file (char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  g_remove (path);
  g_rmdir (folder);
  g_free (path);
}

static void
run_file (Case *c)
{
  static const gsize sizes[] = { 0, 5, 64 * 1024, 64 * 1024 + 1, 300 * 1024 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *content = g_strnfill (sizes[i], (char) ('a' + i));
      char *path = make_file ("data.gif", content, (gssize) sizes[i]);
      g_autofree char *body = g_strconcat (
        "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"data.gif\"\r\nContent-Type: image/gif\r\n\r\n",
        content, "\r\n--B\r\nContent-Disposition: form-data; name=\"last\"\r\n\r\nx\r\n--B--\r\n", NULL);
      curl_mime *mime = new_mime ();
      curl_mimepart *part = curl_mime_addpart (mime);

      OK (curl_mime_name (part, "f"));
      OK (curl_mime_filedata (part, path));
      add_data (mime, "last", "x");
      expect (c, mime, body);
      g_assert_false (last_request (c)->chunked);
      remove_file (path);
    }
}

static void
run_file_names (Case *c)
{
  char *path = make_file ("plain", "x", 1);
  curl_mime *mime = new_mime ();
  curl_mimepart *part = curl_mime_addpart (mime);

  OK (curl_mime_filedata (part, path));
  OK (curl_mime_encoder (part, "base64"));
  part = curl_mime_addpart (mime);
  OK (curl_mime_filedata (part, path));
  OK (curl_mime_filename (part, "other.pdf"));
  part = curl_mime_addpart (mime);
  g_assert_cmpint (curl_mime_filedata (part, "/nowhere/at/all"), ==, CURLE_READ_ERROR);
  OK (curl_mime_filedata (part, NULL));
  OK (curl_mime_filename (part, NULL));
  expect (c, mime,
          "--B\r\nContent-Disposition: form-data; filename=\"plain\"\r\nContent-Type: application/octet-stream\r\n"
          "Content-Transfer-Encoding: base64\r\n\r\neA==\r\n"
          "--B\r\nContent-Disposition: form-data; filename=\"other.pdf\"\r\nContent-Type: application/pdf\r\n\r\nx\r\n"
          "--B\r\nContent-Disposition: form-data\r\n\r\n\r\n--B--\r\n");
  remove_file (path);
}

/* A file that is gone, or shorter, when its turn comes. */
static void
run_file_gone (Case *c)
{
  for (guint i = 0; i < 2; i++)
    {
      char *path = make_file ("data", "some bytes", -1);
      curl_mime *mime = new_mime ();
      CaseTransfer *t;

      OK (curl_mime_filedata (curl_mime_addpart (mime), path));
      if (i == 0)
        g_remove (path);
      else
        g_assert_true (g_file_set_contents (path, "less", -1, NULL));
      t = post (c, mime);
      case_run_transfer (t);
      g_assert_cmpint (t->result, !=, CURLE_OK);
      curl_mime_free (mime);
      remove_file (path);
    }
}

static void
run_file_redirect (Case *c)
{
  g_autofree char *content = g_strnfill (200 * 1024, 'q');
  char *path = make_file ("data", content, -1);
  curl_mime *mime = new_mime ();
  CaseTransfer *t;

  OK (curl_mime_filedata (curl_mime_addpart (mime), path));
  scripted_server_on (case_server (c), "/form", scripted_answer_redirect (307, "/there"));
  scripted_server_on (case_server (c), "/there", scripted_answer_text (200, NULL, "taken"));
  t = case_transfer (c, "/form");
  case_set (t, CURLOPT_MIMEPOST, mime);
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "taken");
  g_assert_nonnull (strstr ((char *) last_request (c)->body->data, content));
  curl_mime_free (mime);
  remove_file (path);
}

/* Stopped in the middle: nothing is left open, and nobody is told any more. */
static void
run_file_removed (Case *c)
{
  g_autofree char *content = g_strnfill (3000 * 1000, 'q');
  char *path = make_file ("data", content, -1);

  for (guint ms = 0; ms < 6; ms++)
    {
      curl_mime *mime = new_mime ();
      CaseTransfer *t;

      OK (curl_mime_filedata (curl_mime_addpart (mime), path));
      t = post (c, mime);
      case_add (t);
      case_run_for (c, ms);
      if (t->n_done == 0)
        case_remove (t);
      case_set (t, CURLOPT_MIMEPOST, NULL);
      curl_mime_free (mime);
    }
  remove_file (path);
}

/* ---- forms of old ---- */

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

static void
expect_old (Case *c,
            struct curl_httppost *form,
            const char *body)
{
  CaseTransfer *t = case_transfer (c, "/form");

  scripted_server_on (case_server (c), "/form", scripted_answer_text (200, NULL, "taken"));
  case_set (t, CURLOPT_HTTPPOST, form);
  case_run_transfer (t);
  case_check_ok (t, 200, "taken");
  check_body (last_request (c), body);
  curl_formfree (form);
}

static void
run_old (Case *c)
{
  struct curl_httppost *form = NULL, *last = NULL;
  struct curl_forms array[] = { { CURLFORM_COPYCONTENTS, "from an array" }, { CURLFORM_END, NULL } };
  static const char kept[] = "kept";
  char *path = make_file ("notes.txt", "in a file", -1);

#define ADD(...) g_assert_cmpint (curl_formadd (&form, &last, __VA_ARGS__, CURLFORM_END), ==, CURL_FORMADD_OK)
  ADD (CURLFORM_COPYNAME, "a", CURLFORM_COPYCONTENTS, "one");
  ADD (CURLFORM_PTRNAME, "b", CURLFORM_PTRCONTENTS, kept);
  ADD (CURLFORM_COPYNAME, "cut", CURLFORM_NAMELENGTH, 1L, CURLFORM_COPYCONTENTS, "cut here", CURLFORM_CONTENTSLENGTH, 3L);
  ADD (CURLFORM_COPYNAME, "d", CURLFORM_ARRAY, array);
  ADD (CURLFORM_COPYNAME, "e", CURLFORM_BUFFER, "x.html", CURLFORM_BUFFERPTR, kept, CURLFORM_BUFFERLENGTH, 4L);
  ADD (CURLFORM_COPYNAME, "f", CURLFORM_FILE, path);
  ADD (CURLFORM_COPYNAME, "g", CURLFORM_FILECONTENT, path);
  ADD (CURLFORM_COPYNAME, "h", CURLFORM_FILE, path, CURLFORM_FILENAME, "other", CURLFORM_CONTENTTYPE, "x/y");
#undef ADD
  expect_old (c, form,
              "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n"
              "--B\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\nkept\r\n"
              "--B\r\nContent-Disposition: form-data; name=\"c\"\r\n\r\ncut\r\n"
              "--B\r\nContent-Disposition: form-data; name=\"d\"\r\n\r\nfrom an array\r\n"
              "--B\r\nContent-Disposition: form-data; name=\"e\"; filename=\"x.html\"\r\nContent-Type: text/html\r\n\r\nkept\r\n"
              "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"notes.txt\"\r\nContent-Type: text/plain\r\n\r\n"
              "in a file\r\n"
              "--B\r\nContent-Disposition: form-data; name=\"g\"\r\n\r\nin a file\r\n"
              "--B\r\nContent-Disposition: form-data; name=\"h\"; filename=\"other\"\r\nContent-Type: x/y\r\n\r\nin a file\r\n"
              "--B--\r\n");
  remove_file (path);
}

static void
run_old_stream (Case *c)
{
  Giver giver = { .data = "streamed", .step = 3 };
  struct curl_httppost *form = NULL, *last = NULL;
  CaseTransfer *t = case_transfer (c, "/form");

  g_assert_cmpint (curl_formadd (&form, &last, CURLFORM_COPYNAME, "s", CURLFORM_STREAM, &giver, CURLFORM_CONTENTLEN,
                                 (curl_off_t) 8, CURLFORM_FILENAME, "n", CURLFORM_END), ==, CURL_FORMADD_OK);
  scripted_server_on (case_server (c), "/form", scripted_answer_text (200, NULL, "taken"));
  case_set (t, CURLOPT_HTTPPOST, form);
  case_set (t, CURLOPT_READFUNCTION, give);
  case_run_transfer (t);
  case_check_ok (t, 200, "taken");
  check_body (last_request (c),
              "--B\r\nContent-Disposition: form-data; name=\"s\"; filename=\"n\"\r\n\r\nstreamed\r\n--B--\r\n");
  curl_formfree (form);
}

static void
run_old_mistakes (Case *c)
{
  struct curl_httppost *form = NULL, *last = NULL;
  struct curl_forms inner[] = { { CURLFORM_END, NULL } };
  struct curl_forms array[] = { { CURLFORM_ARRAY, (char *) inner }, { CURLFORM_END, NULL } };

#define MISTAKE(code, ...)                                                                                             \
  g_assert_cmpint (curl_formadd (&form, &last, __VA_ARGS__, CURLFORM_END), ==, CURL_FORMADD_##code)
  MISTAKE (INCOMPLETE, CURLFORM_COPYNAME, "a");
  MISTAKE (INCOMPLETE, CURLFORM_COPYCONTENTS, "a");
  MISTAKE (OPTION_TWICE, CURLFORM_COPYNAME, "a", CURLFORM_COPYNAME, "b");
  MISTAKE (OPTION_TWICE, CURLFORM_COPYNAME, "a", CURLFORM_COPYCONTENTS, "b", CURLFORM_COPYCONTENTS, "c");
  MISTAKE (NULL, CURLFORM_COPYNAME, NULL);
  MISTAKE (NULL, CURLFORM_COPYNAME, "a", CURLFORM_FILE, NULL);
  MISTAKE (NULL, CURLFORM_COPYNAME, "a", CURLFORM_ARRAY, NULL);
  MISTAKE (ILLEGAL_ARRAY, CURLFORM_COPYNAME, "a", CURLFORM_ARRAY, array);
  MISTAKE (UNKNOWN_OPTION, CURLFORM_COPYNAME, "a", 99, "b");
  MISTAKE (INCOMPLETE, CURLFORM_COPYNAME, "a", CURLFORM_FILE, "b", CURLFORM_CONTENTSLENGTH, 3L);
#undef MISTAKE
  g_assert_null (form);
  curl_formfree (NULL);
}

static size_t
append_text (void *arg,
             const char *text,
             size_t len)
{
  g_string_append_len (arg, text, (gssize) len);
  return len;
}

static void
run_old_get (Case *c)
{
  struct curl_httppost *form = NULL, *last = NULL;
  char *path = make_file ("a.txt", "file", -1);
  GString *all = g_string_new (NULL);
  g_autofree char *boundary = NULL;
  g_autofree char *got = NULL;

  g_assert_cmpint (curl_formadd (&form, &last, CURLFORM_COPYNAME, "a", CURLFORM_COPYCONTENTS, "b", CURLFORM_END), ==, 0);
  g_assert_cmpint (curl_formadd (&form, &last, CURLFORM_COPYNAME, "f", CURLFORM_FILE, path, CURLFORM_END), ==, 0);
  g_assert_cmpint (curl_formget (form, all, append_text), ==, 0);
  boundary = g_strndup (strstr (all->str, "boundary=") + 9, strcspn (strstr (all->str, "boundary=") + 9, "\r"));
  got = normalise (all->str, all->len, boundary);
  g_assert_cmpstr (got, ==,
                   "Content-Type: multipart/form-data; boundary=B\r\n\r\n"
                   "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n"
                   "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n"
                   "file\r\n--B--\r\n");
  g_string_free (all, TRUE);
  curl_formfree (form);
  remove_file (path);
}

G_GNUC_END_IGNORE_DEPRECATIONS

const CaseSpec case_form[] = {
  { "form-callback-again", run_callback_again },
  { "form-basic", run_basic },
  { "form-empty", run_empty },
  { "form-types", run_types },
  { "form-encoders", run_encoders },
  { "form-seven-bit", run_seven_bit },
  { "form-headers", run_headers },
  { "form-nested", run_nested },
  { "form-escape", run_escape },
  { "form-injection", run_injection, CASE_NOT_ON_LIBCURL, "libcurl writes what it is given" },
  { "form-callback", run_callback },
  { "form-callback-pause", run_callback_pause },
  { "form-callback-abort", run_callback_abort },
  { "form-redirect", run_redirect },
  { "form-no-rewind", run_no_rewind },
  { "form-again", run_again },
  { "form-content-type", run_content_type },
  { "form-file", run_file },
  { "form-file-names", run_file_names },
  { "form-file-gone", run_file_gone, CASE_NOT_ON_LIBCURL, "libcurl 7.88 waits for ever when a file of a part is gone" },
  { "form-file-redirect", run_file_redirect },
  { "form-file-removed", run_file_removed },
  { "form-old", run_old },
  { "form-old-stream", run_old_stream },
  { "form-old-mistakes", run_old_mistakes },
  { "form-old-get", run_old_get },
  { NULL },
};
