/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <glib/gstdio.h>
#include <string.h>

/* file: and data: */

typedef struct
{
  char *folder; /* (owned) */
  char *path; /* (owned) */
  char *url; /* (owned) */
} TempFile;

static TempFile
temp_file (const char *name,
           const char *content,
           gssize len)
{
  TempFile file = { g_dir_make_tmp ("case-XXXXXX", NULL) };

  g_assert_nonnull (file.folder);
  file.path = g_build_filename (file.folder, name, NULL);
  file.url = g_filename_to_uri (file.path, NULL, NULL);
  if (content != NULL)
    g_assert_true (g_file_set_contents (file.path, content, len, NULL));
  return file;
}

static void
temp_file_clear (TempFile *file)
{
  g_unlink (file->path);
  g_rmdir (file->folder);
  g_free (file->folder);
  g_free (file->path);
  g_free (file->url);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TempFile, temp_file_clear)

static void
run_read (Case *c)
{
  g_auto (TempFile) file = temp_file ("with space & ü", "content of a file", -1);
  CaseTransfer *t = case_get (c, file.url);

  case_check_error (t, CURLE_OK);
  g_assert_cmpmem (t->body->data, t->body->len, "content of a file", 17);
  g_assert_cmpint (case_info_off (t, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T), ==, 17);
  g_assert_cmpint (case_info_off (t, CURLINFO_SIZE_DOWNLOAD_T), ==, 17);
}

static void
run_empty (Case *c)
{
  g_auto (TempFile) file = temp_file ("empty", "", 0);
  CaseTransfer *t = case_get (c, file.url);

  case_check_error (t, CURLE_OK);
  g_assert_cmpuint (t->body->len, ==, 0);
}

static void
run_big (Case *c)
{
  gsize len = 3000000;
  g_autofree guint8 *data = g_malloc (len);
  g_auto (TempFile) file = { NULL };
  CaseTransfer *t;

  scripted_pattern_fill (8, 0, data, len);
  file = temp_file ("big", (const char *) data, (gssize) len);
  t = case_transfer (c, file.url);
  t->keep_body = FALSE;
  t->seed = 8;
  case_run_transfer (t);
  case_check_error (t, CURLE_OK);
  g_assert_cmpuint (t->body_length, ==, len);
}

static void
run_parts (Case *c)
{
  static const struct
  {
    const char *range;
    const char *expected;
  } cases[] = { { "2-4", "234" }, { "7-", "789" }, { "-3", "789" }, { "0-0", "0" } };
  g_auto (TempFile) file = temp_file ("digits", "0123456789", -1);
  CaseTransfer *t;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      t = case_transfer (c, file.url);
      case_set (t, CURLOPT_RANGE, cases[i].range);
      case_run_transfer (t);
      case_check_error (t, CURLE_OK);
      g_assert_cmpmem (t->body->data, t->body->len, cases[i].expected, strlen (cases[i].expected));
    }
  t = case_transfer (c, file.url);
  case_set (t, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) 6);
  case_run_transfer (t);
  g_assert_cmpmem (t->body->data, t->body->len, "6789", 4);
  t = case_transfer (c, file.url);
  case_set (t, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) 11);
  case_run_transfer (t);
  case_check_error (t, CURLE_BAD_DOWNLOAD_RESUME);
}

static void
run_info (Case *c)
{
  g_auto (TempFile) file = temp_file ("digits", "0123456789", -1);
  CaseTransfer *t = case_transfer (c, file.url);

  case_set (t, CURLOPT_NOBODY, 1L);
  case_set (t, CURLOPT_FILETIME, 1L);
  case_run_transfer (t);
  case_check_error (t, CURLE_OK);
  g_assert_nonnull (strstr (t->head->str, "Content-Length: 10\r\n"));
  g_assert_nonnull (strstr (t->head->str, "Last-Modified: "));
  g_assert_cmpuint (t->body->len, ==, 0);
  g_assert_cmpint (case_info_off (t, CURLINFO_FILETIME_T), >, 1600000000);
}

static void
run_missing (Case *c)
{
  case_check_error (case_get (c, "file:///nonexistent/file"), CURLE_FILE_COULDNT_READ_FILE);
  case_check_error (case_get (c, "file://other.host.example/etc/hostname"), CURLE_URL_MALFORMAT);
}

static void
run_folder (Case *c)
{
  CaseTransfer *t = case_get (c, "file:///tmp");

  g_assert_cmpint (t->result, !=, CURLE_OK);
  g_assert_cmpuint (t->body->len, ==, 0);
}

static void
run_write (Case *c)
{
  g_auto (TempFile) file = temp_file ("new", NULL, 0);
  CaseTransfer *t = case_transfer (c, file.url);
  g_autofree char *content = NULL, *more = NULL;
  gsize len;

  case_upload_from (t, g_bytes_new_static ("written", 7), 3);
  case_set (t, CURLOPT_UPLOAD, 1L);
  case_run_transfer (t);
  case_check_error (t, CURLE_OK);
  g_assert_true (g_file_get_contents (file.path, &content, &len, NULL));
  g_assert_cmpmem (content, len, "written", 7);
  t = case_transfer (c, file.url);
  case_upload_from (t, g_bytes_new_static ("WRITTEN more", 12), 0);
  case_set (t, CURLOPT_UPLOAD, 1L);
  case_set (t, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) 7);
  case_run_transfer (t);
  case_check_error (t, CURLE_OK);
  g_assert_true (g_file_get_contents (file.path, &more, &len, NULL));
  g_assert_cmpmem (more, len, "written more", 12);
}

static void
run_write_refused (Case *c)
{
  CaseTransfer *t = case_transfer (c, "file:///nonexistent/folder/file");

  case_upload_from (t, g_bytes_new_static ("x", 1), 0);
  case_set (t, CURLOPT_UPLOAD, 1L);
  case_run_transfer (t);
  g_assert_cmpint (t->result, !=, CURLE_OK);
}

static void
run_parallel (Case *c)
{
  g_auto (TempFile) file = temp_file ("one", "of many", -1);
  CaseTransfer *transfers[20];

  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_add (transfers[i] = case_transfer (c, file.url));
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    g_assert_cmpmem (transfers[i]->body->data, transfers[i]->body->len, "of many", 7);
}

static void
run_remove_early (Case *c)
{
  g_auto (TempFile) file = temp_file ("one", "of many", -1);

  for (guint i = 0; i < 10; i++)
    {
      CaseTransfer *t = case_transfer (c, file.url);

      case_add (t);
      for (guint k = 0; k < i; k++)
        case_run_for (c, 1);
      case_remove (t);
    }
}

static void
run_data (Case *c)
{
  static const struct
  {
    const char *url;
    const char *expected;
    gsize len;
  } cases[] = {
    { "data:,hello", "hello", 5 },
    { "data:text/plain;charset=utf-8,a%20b%00c", "a b\0c", 5 },
    { "data:;base64,aGVsbG8=", "hello", 5 },
    { "data:image/x;base64,aGVsbG8", "hello", 5 },
    { "data:,", "", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      CaseTransfer *t = case_get (c, cases[i].url);

      case_check_error (t, CURLE_OK);
      g_assert_cmpmem (t->body->data, t->body->len, cases[i].expected, cases[i].len);
    }
  g_assert_cmpint (case_get (c, "data:no comma")->result, !=, CURLE_OK);
  g_assert_cmpint (case_get (c, "data:;base64,a*b")->result, !=, CURLE_OK);
}

const CaseSpec case_schemes[] = {
  { "file-read", run_read },
  { "file-empty", run_empty },
  { "file-big", run_big },
  { "file-parts", run_parts },
  { "file-info", run_info },
  { "file-missing", run_missing },
  { "file-folder", run_folder, CASE_NOT_ON_LIBCURL, "libcurl 7.88 reads a folder as an empty file" },
  { "file-write", run_write },
  { "file-write-refused", run_write_refused },
  { "file-parallel", run_parallel },
  { "file-remove-early", run_remove_early },
  { "data", run_data, CASE_NOT_ON_LIBCURL, "libcurl has no data: URLs" },
  { NULL },
};
