/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define CURL_DISABLE_DEPRECATION /* what programs still use */
#include "series.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Files of this process; their names are in no record. */
static char *jar_name, *hsts_name;

static void
remove_files (void)
{
  g_unlink (jar_name);
  g_unlink (hsts_name);
}

static void
name_files (void)
{
  if (jar_name != NULL)
    return;
  jar_name = g_strdup_printf ("/tmp/gmulti-differential-jar-%d", (int) getpid ());
  hsts_name = g_strdup_printf ("/tmp/gmulti-differential-hsts-%d", (int) getpid ());
  atexit (remove_files);
}

static void
note (Handle *handle, const char *what, long number)
{
  record_line (handle->series->record, (int) handle->transfer->index, "%s %ld", what, number);
}

static int
old_progress_cb (void *user_data, double down_total, double down, double up_total, double up)
{
  Handle *handle = user_data;

  handle->progress[0] = (curl_off_t) down_total;
  handle->progress[1] = (curl_off_t) down;
  handle->progress[2] = (curl_off_t) up_total;
  handle->progress[3] = (curl_off_t) up;
  return 0;
}

static curlioerr
ioctl_cb (CURL *easy, int command, void *user_data)
{
  Handle *handle = user_data;

  note (handle, "ioctl", command);
  if (easy != handle->easy || command != CURLIOCMD_RESTARTREAD)
    return CURLIOE_UNKNOWNCMD;
  handle->uploaded = 0;
  return CURLIOE_OK;
}

static void
set_old_callbacks (Handle *handle)
{
  CURL *easy = handle->easy;

  curl_easy_setopt (easy, CURLOPT_XFERINFOFUNCTION, NULL);
  curl_easy_setopt (easy, CURLOPT_PROGRESSFUNCTION, old_progress_cb);
  curl_easy_setopt (easy, CURLOPT_PROGRESSDATA, handle);
  curl_easy_setopt (easy, CURLOPT_SEEKFUNCTION, NULL);
  curl_easy_setopt (easy, CURLOPT_IOCTLFUNCTION, ioctl_cb);
  curl_easy_setopt (easy, CURLOPT_IOCTLDATA, handle);
}

static void
set_url_parts (Handle *handle)
{
  g_autofree char *port = g_strdup_printf ("%u", handle->series->plan->port);
  g_autofree char *path = g_strdup_printf ("/t%u/0", handle->transfer->index);

  if (handle->url == NULL)
    handle->url = curl_url ();
  note (handle, "scheme", curl_url_set (handle->url, CURLUPART_SCHEME, "http", 0));
  note (handle, "host", curl_url_set (handle->url, CURLUPART_HOST, "127.0.0.1", 0));
  note (handle, "port", curl_url_set (handle->url, CURLUPART_PORT, port, 0));
  note (handle, "path", curl_url_set (handle->url, CURLUPART_PATH, path, 0));
  note (handle, "query", curl_url_set (handle->url, CURLUPART_QUERY, "a b=c&d", CURLU_URLENCODE));
  note (handle, "query more", curl_url_set (handle->url, CURLUPART_QUERY, "e=f", CURLU_APPENDQUERY));
  note (handle, "CURLU", curl_easy_setopt (handle->easy, CURLOPT_CURLU, handle->url));
}

/* What takes options back: the transfer has to be as if they had not been set. */
static void
set_and_unset (Handle *handle)
{
  static const CURLoption texts[] = {
    CURLOPT_USERAGENT, CURLOPT_REFERER, CURLOPT_COOKIE, CURLOPT_RANGE, CURLOPT_CUSTOMREQUEST, CURLOPT_USERPWD,
    CURLOPT_ACCEPT_ENCODING, CURLOPT_REQUEST_TARGET, CURLOPT_INTERFACE, CURLOPT_UNIX_SOCKET_PATH, CURLOPT_XOAUTH2_BEARER,
    CURLOPT_NOPROXY, CURLOPT_PRE_PROXY, CURLOPT_DOH_URL, CURLOPT_AWS_SIGV4, CURLOPT_COPYPOSTFIELDS,
  };
  static const CURLoption numbers[] = {
    CURLOPT_HEADER, CURLOPT_FAILONERROR, CURLOPT_CRLF, CURLOPT_FRESH_CONNECT, CURLOPT_FORBID_REUSE, CURLOPT_CONNECT_ONLY,
    CURLOPT_NOBODY, CURLOPT_HTTPPROXYTUNNEL, CURLOPT_TIMECONDITION, CURLOPT_RESUME_FROM, CURLOPT_MAXFILESIZE,
    CURLOPT_HAPROXYPROTOCOL,
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      curl_easy_setopt (handle->easy, texts[i], "x:y");
      curl_easy_setopt (handle->easy, texts[i], NULL);
    }
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      curl_easy_setopt (handle->easy, numbers[i], 1L);
      curl_easy_setopt (handle->easy, numbers[i], 0L);
    }
  curl_easy_setopt (handle->easy, CURLOPT_HTTPGET, 1L);
}

void
handle_rare_prepare (Handle *handle)
{
  const PlanWide *wide = &handle->transfer->wide;

  name_files ();
  if (wide->unset)
    set_and_unset (handle);
  if (wide->old_callbacks)
    set_old_callbacks (handle);
  if (wide->url_parts)
    set_url_parts (handle);
  if (wide->jar)
    {
      g_unlink (jar_name);
      note (handle, "jar", curl_easy_setopt (handle->easy, CURLOPT_COOKIEJAR, jar_name));
    }
  if (!wide->hsts_file)
    return;
  g_file_set_contents (hsts_name, ".one.test \"20380101 00:00:00\"\n", -1, NULL);
  note (handle, "hsts control", curl_easy_setopt (handle->easy, CURLOPT_HSTS_CTRL, CURLHSTS_ENABLE | CURLHSTS_READONLYFILE));
  note (handle, "hsts", curl_easy_setopt (handle->easy, CURLOPT_HSTS, hsts_name));
}

/* ---- when it is over ---- */

/* The same as a number of either kind; times that are none are 0 in both. */
static void
compare_doubles (Handle *handle)
{
  static const struct
  {
    CURLINFO as_double, as_offset;
    double unit;
    const char *name;
  } pairs[] = {
    { CURLINFO_TOTAL_TIME, CURLINFO_TOTAL_TIME_T, 1e6, "total" },
    { CURLINFO_NAMELOOKUP_TIME, CURLINFO_NAMELOOKUP_TIME_T, 1e6, "lookup" },
    { CURLINFO_CONNECT_TIME, CURLINFO_CONNECT_TIME_T, 1e6, "connect" },
    { CURLINFO_APPCONNECT_TIME, CURLINFO_APPCONNECT_TIME_T, 1e6, "appconnect" },
    { CURLINFO_PRETRANSFER_TIME, CURLINFO_PRETRANSFER_TIME_T, 1e6, "pretransfer" },
    { CURLINFO_STARTTRANSFER_TIME, CURLINFO_STARTTRANSFER_TIME_T, 1e6, "starttransfer" },
    { CURLINFO_REDIRECT_TIME, CURLINFO_REDIRECT_TIME_T, 1e6, "redirect" },
    { CURLINFO_SPEED_DOWNLOAD, CURLINFO_SPEED_DOWNLOAD_T, 1, "speed down" },
    { CURLINFO_SPEED_UPLOAD, CURLINFO_SPEED_UPLOAD_T, 1, "speed up" },
    { CURLINFO_SIZE_UPLOAD, CURLINFO_SIZE_UPLOAD_T, 1, "size up" },
    { CURLINFO_CONTENT_LENGTH_DOWNLOAD, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, 1, "length down" },
    { CURLINFO_CONTENT_LENGTH_UPLOAD, CURLINFO_CONTENT_LENGTH_UPLOAD_T, 1, "length up" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      double number = -7;
      curl_off_t offset = -7;
      CURLcode one = curl_easy_getinfo (handle->easy, pairs[i].as_double, &number);
      CURLcode other = curl_easy_getinfo (handle->easy, pairs[i].as_offset, &offset);
      double difference = number * pairs[i].unit - (double) offset;

      record_line (handle->series->record, (int) handle->transfer->index, "%s answers %d %d, %s, %s", pairs[i].name, (int) one,
                   (int) other, difference > -1.5 && difference < 1.5 ? "alike" : "different",
                   offset == 0 ? "none" : offset < 0 ? "unknown" : "some");
    }
}

static void
note_text (Handle *handle, CURLINFO id, const char *name)
{
  const char *text = "untouched";
  CURLcode code = curl_easy_getinfo (handle->easy, id, &text);

  record_line (handle->series->record, (int) handle->transfer->index, "%s answers %d %s", name, (int) code,
               text != NULL ? text : "(none)");
}

static void
note_number (Handle *handle, CURLINFO id, const char *name)
{
  long number = -7;
  CURLcode code = curl_easy_getinfo (handle->easy, id, &number);

  record_line (handle->series->record, (int) handle->transfer->index, "%s answers %d %ld", name, (int) code, number);
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
note_jar (Handle *handle)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  note (handle, "flush", curl_easy_setopt (handle->easy, CURLOPT_COOKIELIST, "FLUSH"));
  if (!g_file_get_contents (jar_name, &text, NULL, NULL))
    {
      note (handle, "no jar", 0);
      return;
    }
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] != '\0' && lines[i][0] != '#')
      {
        g_auto (GStrv) fields = g_strsplit (lines[i], "\t", -1);

        /* As in lists: RFC 6265 has no slash at the end of a default path; expiry is counted from now. */
        if (g_strv_length (fields) > 4 && strlen (fields[4]) > 1)
          g_strlcpy (fields[4], "?", 2);
        if (g_strv_length (fields) > 4 && strlen (fields[2]) > 1 && g_str_has_suffix (fields[2], "/"))
          fields[2][strlen (fields[2]) - 1] = '\0';
        g_free (lines[i]);
        lines[i] = g_strjoinv (" ", fields);
      }
  qsort (lines, g_strv_length (lines), sizeof lines[0], compare_texts);
  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] != '\0' && lines[i][0] != '#')
      record_line (handle->series->record, (int) handle->transfer->index, "jar %s", lines[i]);
}

void
handle_rare_end (Handle *handle)
{
  struct curl_slist *engines = NULL;
  long fd = -7;

  compare_doubles (handle);
  note_text (handle, CURLINFO_FTP_ENTRY_PATH, "entry path");
  note_text (handle, CURLINFO_RTSP_SESSION_ID, "rtsp session");
  note_text (handle, CURLINFO_CAINFO, "cainfo");
  note_text (handle, CURLINFO_CAPATH, "capath");
  note_number (handle, CURLINFO_PROTOCOL, "protocol");
  note_number (handle, CURLINFO_HTTP_CODE, "http code");
  note_number (handle, CURLINFO_FILETIME, "filetime");
  note_number (handle, CURLINFO_RTSP_CLIENT_CSEQ, "client cseq");
  note_number (handle, CURLINFO_RTSP_SERVER_CSEQ, "server cseq");
  note (handle, "last socket", curl_easy_getinfo (handle->easy, CURLINFO_LASTSOCKET, &fd));
  note (handle, "no such info", curl_easy_getinfo (handle->easy, (CURLINFO) (CURLINFO_LONG + 999), &fd));
  note (handle, "engines", curl_easy_getinfo (handle->easy, CURLINFO_SSL_ENGINES, &engines));
  curl_slist_free_all (engines);
  if (handle->transfer->wide.jar)
    note_jar (handle);
}

void
handle_rare_free (Handle *handle)
{
  if (handle->url != NULL)
    curl_url_cleanup (handle->url);
}
