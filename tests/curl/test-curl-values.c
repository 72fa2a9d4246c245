/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define CURL_DISABLE_DEPRECATION
#define CURL_ALLOW_OLD_MULTI_SOCKET
#define CURL_NO_FMT_CHECKS /* formats are handed on */
#include "proxy-server.h"
#include "scripted-server.h"

#include <curl/curl.h>

#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* What is known of a transfer afterwards, value by value, and options and functions that have no other place. */

static size_t
collect (char *data,
         size_t size,
         size_t n,
         void *user_data)
{
  g_string_append_len (user_data, data, (gssize) (size * n));
  return size * n;
}

static CURL *
new_easy (const char *url,
          GString *body)
{
  CURL *easy = curl_easy_init ();

  curl_easy_setopt (easy, CURLOPT_URL, url);
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt (easy, CURLOPT_WRITEDATA, body);
  curl_easy_setopt (easy, CURLOPT_TIMEOUT_MS, 30000L);
  curl_easy_setopt (easy, CURLOPT_PROXY, "");
  return easy;
}

static curl_off_t
get_off (CURL *easy,
         CURLINFO info)
{
  curl_off_t value = -77;

  g_assert_cmpint (curl_easy_getinfo (easy, info, &value), ==, CURLE_OK);
  return value;
}

static double
get_double (CURL *easy,
            CURLINFO info)
{
  double value = -77;

  g_assert_cmpint (curl_easy_getinfo (easy, info, &value), ==, CURLE_OK);
  return value;
}

static long
get_long (CURL *easy,
          CURLINFO info)
{
  long value = -77;

  g_assert_cmpint (curl_easy_getinfo (easy, info, &value), ==, CURLE_OK);
  return value;
}

static const char *
get_text (CURL *easy,
          CURLINFO info)
{
  char *value = NULL;

  g_assert_cmpint (curl_easy_getinfo (easy, info, &value), ==, CURLE_OK);
  return value;
}

/* ---- values ---- */

/* Each double says what its younger brother says. */
static void
check_seconds (CURL *easy,
               CURLINFO seconds,
               CURLINFO us)
{
  g_assert_cmpfloat_with_epsilon (get_double (easy, seconds), (double) get_off (easy, us) / 1e6, 1e-9);
}

static void
check_number (CURL *easy,
              CURLINFO number,
              CURLINFO exact)
{
  g_assert_cmpfloat_with_epsilon (get_double (easy, number), (double) get_off (easy, exact), 0.5);
}

static void
test_times (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_TLS);
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/from"), body);

  scripted_server_on (server, "POST /from", scripted_answer_redirect (307, "/to"));
  scripted_server_on (server, "POST /to", scripted_answer_text (200, NULL, "answer"));
  curl_easy_setopt (easy, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
  curl_easy_setopt (easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt (easy, CURLOPT_POSTFIELDS, "question");
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);

  g_assert_cmpint (get_off (easy, CURLINFO_QUEUE_TIME_T), >=, 0);
  g_assert_cmpint (get_off (easy, CURLINFO_NAMELOOKUP_TIME_T), >, 0);
  g_assert_cmpint (get_off (easy, CURLINFO_CONNECT_TIME_T), >=, get_off (easy, CURLINFO_NAMELOOKUP_TIME_T));
  g_assert_cmpint (get_off (easy, CURLINFO_APPCONNECT_TIME_T), >=, get_off (easy, CURLINFO_CONNECT_TIME_T));
  g_assert_cmpint (get_off (easy, CURLINFO_PRETRANSFER_TIME_T), >=, get_off (easy, CURLINFO_APPCONNECT_TIME_T));
  g_assert_cmpint (get_off (easy, CURLINFO_POSTTRANSFER_TIME_T), >=, get_off (easy, CURLINFO_PRETRANSFER_TIME_T));
  g_assert_cmpint (get_off (easy, CURLINFO_STARTTRANSFER_TIME_T), >=, get_off (easy, CURLINFO_POSTTRANSFER_TIME_T));
  g_assert_cmpint (get_off (easy, CURLINFO_TOTAL_TIME_T), >=, get_off (easy, CURLINFO_STARTTRANSFER_TIME_T));
  g_assert_cmpint (get_off (easy, CURLINFO_REDIRECT_TIME_T), >, 0);
  check_seconds (easy, CURLINFO_NAMELOOKUP_TIME, CURLINFO_NAMELOOKUP_TIME_T);
  check_seconds (easy, CURLINFO_CONNECT_TIME, CURLINFO_CONNECT_TIME_T);
  check_seconds (easy, CURLINFO_APPCONNECT_TIME, CURLINFO_APPCONNECT_TIME_T);
  check_seconds (easy, CURLINFO_PRETRANSFER_TIME, CURLINFO_PRETRANSFER_TIME_T);
  check_seconds (easy, CURLINFO_STARTTRANSFER_TIME, CURLINFO_STARTTRANSFER_TIME_T);
  check_seconds (easy, CURLINFO_REDIRECT_TIME, CURLINFO_REDIRECT_TIME_T);

  check_number (easy, CURLINFO_SIZE_UPLOAD, CURLINFO_SIZE_UPLOAD_T);
  check_number (easy, CURLINFO_SPEED_UPLOAD, CURLINFO_SPEED_UPLOAD_T);
  check_number (easy, CURLINFO_SPEED_DOWNLOAD, CURLINFO_SPEED_DOWNLOAD_T);
  check_number (easy, CURLINFO_CONTENT_LENGTH_UPLOAD, CURLINFO_CONTENT_LENGTH_UPLOAD_T);
  check_number (easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T);
  g_assert_cmpint (get_off (easy, CURLINFO_SIZE_UPLOAD_T), ==, 8);
  g_assert_cmpint (get_off (easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T), ==, 6);
  g_assert_cmpint (get_off (easy, CURLINFO_SIZE_DELIVERED), ==, 6);
  g_assert_cmpint (get_off (easy, CURLINFO_SPEED_DOWNLOAD_T), >=, 0);
  g_assert_cmpint (get_off (easy, CURLINFO_SPEED_UPLOAD_T), >=, 0);
  curl_easy_cleanup (easy);
}

/* What is trusted where nothing else is said; a program may read it, or say it itself. */
static void
check_trust (CURL *easy)
{
  const char *file = get_text (easy, CURLINFO_CAINFO), *folder = get_text (easy, CURLINFO_CAPATH);
  g_autofree char *text = NULL;

  g_assert_cmpstr (file, ==, curl_version_info (CURLVERSION_NOW)->cainfo);
  g_assert_cmpstr (folder, ==, curl_version_info (CURLVERSION_NOW)->capath);
  if (file != NULL)
    {
      g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
      g_assert_nonnull (strstr (text, "BEGIN CERTIFICATE"));
    }
  else
    g_assert_false (g_file_test ("/etc/ssl/certs/ca-certificates.crt", G_FILE_TEST_EXISTS));
  if (folder != NULL)
    g_assert_true (g_file_test (folder, G_FILE_TEST_IS_DIR));
}

static void
test_facts (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/a"), body);
  curl_off_t first;

  scripted_server_on (server, "/a", scripted_answer_exact ("HTTP/1.1 503 Later\r\nContent-Length: 0\r\nRetry-After: 120\r\n"
                                                           "Last-Modified: Thu, 01 Jan 1970 00:01:40 GMT\r\n\r\n"));
  curl_easy_setopt (easy, CURLOPT_REFERER, "http://before.example/");
  curl_easy_setopt (easy, CURLOPT_FILETIME, 1L);
  g_assert_cmpint (get_off (easy, CURLINFO_CONN_ID), ==, -1);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpint (get_long (easy, CURLINFO_FILETIME), ==, 100);
  g_assert_cmpint (get_off (easy, CURLINFO_RETRY_AFTER), ==, 120);
  g_assert_cmpstr (get_text (easy, CURLINFO_REFERER), ==, "http://before.example/");
  g_assert_cmpint (get_long (easy, CURLINFO_PROTOCOL), ==, CURLPROTO_HTTP);
  g_assert_cmpint (get_long (easy, CURLINFO_USED_PROXY), ==, 0);
  g_assert_cmpint (get_long (easy, CURLINFO_LASTSOCKET), >=, 0);
  g_assert_cmpint (get_off (easy, CURLINFO_XFER_ID), >=, 0);
  first = get_off (easy, CURLINFO_CONN_ID);
  g_assert_cmpint (first, >=, 0);
  curl_easy_setopt (easy, CURLOPT_FRESH_CONNECT, 1L);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpint (get_off (easy, CURLINFO_CONN_ID), !=, first);
  check_trust (easy);
  curl_easy_cleanup (easy);
}

static void
test_proxy_login (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/"), body);

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "x"));
  proxy_server_set_login (proxy, "me", "secret");
  curl_easy_setopt (easy, CURLOPT_PROXY, proxy_server_url (proxy, "http"));
  curl_easy_setopt (easy, CURLOPT_PROXYUSERNAME, "me");
  curl_easy_setopt (easy, CURLOPT_PROXYPASSWORD, "wrong");
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpint (get_long (easy, CURLINFO_RESPONSE_CODE), ==, 407);
  curl_easy_setopt (easy, CURLOPT_PROXYPASSWORD, "secret");
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpint (get_long (easy, CURLINFO_RESPONSE_CODE), ==, 200);
  g_assert_cmpint (get_long (easy, CURLINFO_PROXYAUTH_USED), ==, CURLAUTH_BASIC);
  g_assert_cmpint (get_long (easy, CURLINFO_USED_PROXY), ==, 1);

  curl_easy_setopt (easy, CURLOPT_PROXY, proxy_server_url (proxy, "socks5"));
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  curl_easy_setopt (easy, CURLOPT_FRESH_CONNECT, 1L);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_SOCKS5_AUTH, CURLAUTH_NONE), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_PROXY);

  /* "one of these alone" is none of them */
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_HTTPAUTH, CURLAUTH_ONLY), ==, CURLE_NOT_BUILT_IN);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_PROXYAUTH, CURLAUTH_ONLY), ==, CURLE_NOT_BUILT_IN);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_HTTPAUTH, CURLAUTH_ONLY | CURLAUTH_BASIC), ==, CURLE_OK);
  curl_easy_cleanup (easy);
}

/* ---- options ---- */

static size_t
give (char *data,
      size_t size,
      size_t n,
      void *user_data)
{
  const char **rest = user_data;
  size_t len = MIN (strlen (*rest), size * n);

  memcpy (data, *rest, len);
  *rest += len;
  return len;
}

static int
rewind_seek (void *user_data,
             curl_off_t offset,
             int origin)
{
  const char **rest = user_data;

  *rest = "uploaded";
  return CURL_SEEKFUNC_OK;
}

static curlioerr
rewind_ioctl (CURL *easy,
              int command,
              void *user_data)
{
  const char **rest = user_data;

  if (command != CURLIOCMD_RESTARTREAD)
    return CURLIOE_UNKNOWNCMD;
  *rest = "uploaded";
  return CURLIOE_OK;
}

/* Whoever can begin anew may be sent elsewhere. */
static void
test_rewind (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);

  scripted_server_on (server, "PUT /a", scripted_answer_redirect (307, "/b"));
  scripted_server_on (server, "PUT /b", scripted_answer_echo (scripted_answer_new ()));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GString) body = g_string_new (NULL);
      CURL *easy = new_easy (scripted_server_url (server, "/a"), body);
      const char *rest = "uploaded";

      g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_PUT, 1L), ==, CURLE_OK);
      curl_easy_setopt (easy, CURLOPT_INFILESIZE, 8L);
      curl_easy_setopt (easy, CURLOPT_READFUNCTION, give);
      curl_easy_setopt (easy, CURLOPT_READDATA, &rest);
      curl_easy_setopt (easy, CURLOPT_FOLLOWLOCATION, 1L);
      if (i == 0)
        {
          curl_easy_setopt (easy, CURLOPT_SEEKFUNCTION, rewind_seek);
          curl_easy_setopt (easy, CURLOPT_SEEKDATA, &rest);
        }
      else
        {
          curl_easy_setopt (easy, CURLOPT_IOCTLFUNCTION, rewind_ioctl);
          curl_easy_setopt (easy, CURLOPT_IOCTLDATA, &rest);
        }
      g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
      g_assert_cmpstr (body->str, ==, "uploaded");
      curl_easy_cleanup (easy);
    }
}

static size_t
give_slowly (char *data,
             size_t size,
             size_t n,
             void *user_data)
{
  return give (data, 1, MIN (size * n, 3), user_data);
}

/* However the bytes come, each line gets one CR. */
static void
test_line_ends (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);

  scripted_server_on (server, "PUT /a", scripted_answer_echo (scripted_answer_new ()));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GString) body = g_string_new (NULL);
      CURL *easy = new_easy (scripted_server_url (server, "/a"), body);
      const char *rest = "\na\r\nbc\n\nd\r\n\re\n";

      curl_easy_setopt (easy, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt (easy, CURLOPT_INFILESIZE, (long) strlen (rest));
      curl_easy_setopt (easy, CURLOPT_READFUNCTION, i == 0 ? give : give_slowly);
      curl_easy_setopt (easy, CURLOPT_READDATA, &rest);
      curl_easy_setopt (easy, CURLOPT_CRLF, 1L);
      g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
      g_assert_cmpstr (body->str, ==, "\r\na\r\nbc\r\n\r\nd\r\n\re\r\n");
      curl_easy_cleanup (easy);
    }
}

static int
old_progress (void *user_data,
              double down_total,
              double down,
              double up_total,
              double up)
{
  *(double *) user_data = MAX (*(double *) user_data, down);
  return 0;
}

/* And what a program greps for. */
static void
test_watching (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/a"), body);
  double most = 0;
  char *text = NULL;
  size_t len = 0;
  FILE *stream = open_memstream (&text, &len);

  scripted_server_on (server, "/a", scripted_answer_text (200, NULL, "hello"));
  curl_easy_setopt (easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt (easy, CURLOPT_PROGRESSFUNCTION, old_progress);
  curl_easy_setopt (easy, CURLOPT_PROGRESSDATA, &most);
  curl_easy_setopt (easy, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt (easy, CURLOPT_STDERR, stream);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  curl_easy_cleanup (easy);
  fclose (stream);
  g_assert_cmpfloat_with_epsilon (most, 5, 0.1);
  g_assert_true (g_str_has_prefix (text, "* "));
  g_assert_true (g_str_has_prefix (text, "*   Trying 127.0.0.1:"));
  g_assert_nonnull (strstr (text, "\n* Connected to 127.0.0.1 (127.0.0.1) port "));
  g_assert_nonnull (strstr (text, "\n> GET /a HTTP/1.1\r\n"));
  g_assert_nonnull (strstr (text, "\n< HTTP/1.1 200 "));
  g_assert_nonnull (strstr (text, " to host 127.0.0.1 left intact\n"));
  g_assert_null (strstr (text, "hello"));
  free (text);
}

static void
test_no_answer (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/a"), body);

  scripted_server_on (server, "/a", scripted_answer_stall (scripted_answer_new ()));
  curl_easy_setopt (easy, CURLOPT_CONNECTTIMEOUT, 20L);
  curl_easy_setopt (easy, CURLOPT_SERVER_RESPONSE_TIMEOUT_MS, 50L);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OPERATION_TIMEDOUT);
  curl_easy_setopt (easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, 1L);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OPERATION_TIMEDOUT);
  g_assert_cmpint (get_off (easy, CURLINFO_TOTAL_TIME_T), >=, 900000);
  curl_easy_cleanup (easy);
}

static int
look_at_socket (void *user_data,
                curl_socket_t fd,
                curlsocktype purpose)
{
  int *count = user_data;
  socklen_t len = sizeof *count;

  g_assert_cmpint (getsockopt (fd, IPPROTO_TCP, TCP_KEEPCNT, count, &len), ==, 0);
  return CURL_SOCKOPT_OK;
}

static void
test_socket (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/a"), body);
  int count = 0;

  scripted_server_on (server, "/a", scripted_answer_redirect (302, "file:///etc/hostname"));
  curl_easy_setopt (easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt (easy, CURLOPT_TCP_KEEPCNT, 5L);
  curl_easy_setopt (easy, CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, 100L);
  curl_easy_setopt (easy, CURLOPT_SOCKOPTFUNCTION, look_at_socket);
  curl_easy_setopt (easy, CURLOPT_SOCKOPTDATA, &count);
  curl_easy_setopt (easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt (easy, CURLOPT_REDIR_PROTOCOLS, CURLPROTO_HTTP);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_UNSUPPORTED_PROTOCOL);
  g_assert_cmpint (count, ==, 5);
  curl_easy_cleanup (easy);
}

static void
test_file (void)
{
  g_autofree char *folder = g_dir_make_tmp ("gmulti-values-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "f", NULL);
  g_autofree char *url = g_strconcat ("file://", path, NULL);
  g_autofree char *content = NULL;
  CURL *easy = new_easy (url, NULL);
  GStatBuf status;

  curl_easy_setopt (easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt (easy, CURLOPT_READFUNCTION, give);
  curl_easy_setopt (easy, CURLOPT_NEW_FILE_PERMS, 0600L);
  for (guint i = 0; i < 2; i++)
    {
      const char *rest = "piece";

      curl_easy_setopt (easy, CURLOPT_READDATA, &rest);
      g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
      curl_easy_setopt (easy, CURLOPT_APPEND, 1L);
    }
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "piecepiece");
  curl_easy_cleanup (easy);
  g_remove (path);
  g_rmdir (folder);
}

/* One place: the second waits in line. */
static void
test_pending (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  CURLM *multi = curl_multi_init ();
  CURL *easies[] = { new_easy (scripted_server_url (server, "/"), NULL), new_easy (scripted_server_url (server, "/"), NULL) };
  curl_off_t n = -1;
  int running;

  scripted_server_on (server, "*", scripted_answer_stall (scripted_answer_new ()));
  g_assert_cmpint (curl_multi_setopt (multi, CURLMOPT_RESOLVE_THREADS_MAX, -1L), ==, CURLM_BAD_FUNCTION_ARGUMENT);
  curl_multi_setopt (multi, CURLMOPT_RESOLVE_THREADS_MAX, 1L);
  curl_multi_setopt (multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1L);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (curl_multi_add_handle (multi, easies[i]), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_socket (multi, CURL_SOCKET_TIMEOUT, &running), ==, CURLM_OK);
  g_assert_cmpint (running, ==, 2);
  g_assert_cmpint (curl_multi_get_offt (multi, CURLMINFO_XFERS_PENDING, &n), ==, CURLM_OK);
  g_assert_cmpint (n, ==, 1);
  for (guint i = 0; i < 2; i++)
    {
      curl_multi_remove_handle (multi, easies[i]);
      curl_easy_cleanup (easies[i]);
    }
  curl_multi_cleanup (multi);
}

/* ---- functions ---- */

static int
print_to_stream (FILE *stream,
                 const char *format,
                 ...)
{
  va_list args;
  int n;

  va_start (args, format);
  n = curl_mvfprintf (stream, format, args);
  g_assert_cmpint (n, >, 0);
  va_end (args);
  return n;
}

static char *
print_to_memory (char *buffer,
                 size_t len,
                 const char *format,
                 ...)
{
  va_list args, more, most;
  char *text;

  va_start (args, format);
  va_copy (more, args);
  va_copy (most, args);
  g_assert_cmpint (curl_mvsnprintf (buffer, len, format, args), ==, (int) len - 1);
  g_assert_cmpint (curl_mvsprintf (buffer + len, format, more), ==, 7);
  text = curl_mvaprintf (format, most);
  g_assert_nonnull (text);
  va_end (most);
  va_end (more);
  va_end (args);
  return text;
}

static int
print_comment (const char *format,
               ...)
{
  va_list args;
  int n;

  va_start (args, format);
  n = curl_mvprintf (format, args);
  g_assert_cmpint (n, >, 0);
  va_end (args);
  return n;
}

static void
test_print (void)
{
  g_autofree char *text = NULL;
  size_t len = 0;
  FILE *stream = open_memstream (&text, &len);
  char buffer[32] = "";
  char *made;

  g_assert_cmpint (curl_mfprintf (stream, "%d-%s;", 12, "ab"), ==, 6);
  g_assert_cmpint (print_to_stream (stream, "%05.1f", 2.25), ==, 5);
  fclose (stream);
  g_assert_true (g_str_has_prefix (text, "12-ab;00"));
  made = print_to_memory (buffer, 5, "%s%d", "abcd", 123);
  g_assert_cmpstr (made, ==, "abcd123");
  g_assert_cmpstr (buffer, ==, "abcd");
  g_assert_cmpstr (buffer + 5, ==, "abcd123");
  curl_free (made);
  /* a comment to who reads our results */
  fflush (stdout);
  g_assert_cmpint (curl_mprintf ("# %s\n", "printed"), ==, 10);
  g_assert_cmpint (print_comment ("# %d\n", 7), ==, 4);
}

/* HTTP/1.0 knows no chunks: who asks for them there gets a length, and only that. */
static void
test_one_framing (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/a"), body);
  struct curl_slist *list = curl_slist_append (NULL, "Transfer-Encoding: chunked");
  const ScriptedRequest *request;

  scripted_server_on (server, "POST /a", scripted_answer_text (200, NULL, "a"));
  curl_easy_setopt (easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_0);
  curl_easy_setopt (easy, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt (easy, CURLOPT_COPYPOSTFIELDS, "name=value");
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  request = scripted_server_request (server, 0);
  g_assert_null (scripted_request_header (request, "Transfer-Encoding"));
  g_assert_cmpstr (scripted_request_header (request, "Content-Length"), ==, "10");
  curl_easy_cleanup (easy);
  curl_slist_free_all (list);
}

/* ---- connections ---- */

/* An easy handle keeps so many connections that nothing is asked over, and closes the oldest. */
static void
test_maxconnects (void)
{
  g_autoptr (ScriptedServer) first = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (ScriptedServer) second = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (first, "/a"), body);

  scripted_server_on (first, "/a", scripted_answer_text (200, NULL, "a"));
  scripted_server_on (second, "/a", scripted_answer_text (200, NULL, "a"));
  curl_easy_setopt (easy, CURLOPT_MAXCONNECTS, 1L);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpuint (scripted_server_n_open (first), ==, 1);
  curl_easy_setopt (easy, CURLOPT_URL, scripted_server_url (second, "/a"));
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_true (scripted_server_wait_open (first, 0, 10000));
  g_assert_cmpuint (scripted_server_n_open (second), ==, 1);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpint (get_long (easy, CURLINFO_NUM_CONNECTS), ==, 0);
  curl_easy_cleanup (easy);
}

/* Idle connections of HTTP/2 are pinged when nothing went over them for the interval, and are used again afterwards. */
static void
test_upkeep (void)
{
  g_autoptr (ScriptedServer) server = NULL;
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy ("", body);
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  if ((curl_version_info (CURLVERSION_NOW)->features & CURL_VERSION_HTTP2) == 0)
    {
      curl_easy_cleanup (easy);
      g_test_skip ("built without HTTP/2");
      return;
    }
  server = scripted_server_new (SCRIPTED_SERVER_HTTP2);
  scripted_server_on (server, "/a", scripted_answer_text (200, NULL, "a"));
  curl_easy_setopt (easy, CURLOPT_URL, scripted_server_url (server, "/a"));
  curl_easy_setopt (easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
  g_assert_cmpint (curl_easy_upkeep (easy), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  /* not idle for a minute yet */
  g_assert_cmpint (curl_easy_upkeep (easy), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_UPKEEP_INTERVAL_MS, -1L), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  curl_easy_setopt (easy, CURLOPT_UPKEEP_INTERVAL_MS, 1L);
  g_usleep (5000);
  g_assert_cmpint (curl_easy_upkeep (easy), ==, CURLE_OK);
  while (scripted_server_n_pings (server) == 0 && g_get_monotonic_time () < end)
    g_usleep (1000);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpuint (scripted_server_n_pings (server), ==, 1);
  g_assert_cmpint (get_long (easy, CURLINFO_NUM_CONNECTS), ==, 0);
  curl_easy_cleanup (easy);
}

/* Answers one request on the socket that it is given. */
static gpointer
answer_once (gpointer user_data)
{
  static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nfound";
  int listener = GPOINTER_TO_INT (user_data);
  char buffer[1000];
  int fd = accept (listener, NULL, NULL);
  gssize got = fd >= 0 ? recv (fd, buffer, sizeof buffer, 0) : -1;

  if (got > 0)
    got = send (fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
  if (fd >= 0)
    close (fd);
  return GINT_TO_POINTER ((int) got);
}

/* A name that no file system knows; the host of the URL only stands in the request. */
static void
test_abstract_socket (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  g_autofree char *name = g_strdup_printf ("gmulti-test-%d", (int) getpid ());
  g_autoptr (GString) body = g_string_new (NULL);
  socklen_t len = (socklen_t) (offsetof (struct sockaddr_un, sun_path) + 1 + strlen (name));
  int listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CURL *easy = new_easy ("http://of.no.matter.invalid/", body);
  GThread *thread;

  memcpy (address.sun_path + 1, name, strlen (name));
  g_assert_cmpint (bind (listener, (struct sockaddr *) &address, len), ==, 0);
  g_assert_cmpint (listen (listener, 1), ==, 0);
  thread = g_thread_new ("answer", answer_once, GINT_TO_POINTER (listener));
  curl_easy_setopt (easy, CURLOPT_ABSTRACT_UNIX_SOCKET, name);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpstr (body->str, ==, "found");
  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (thread)), >, 0);
  curl_easy_setopt (easy, CURLOPT_ABSTRACT_UNIX_SOCKET, "gmulti-test-nobody");
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_COULDNT_CONNECT);
  curl_easy_cleanup (easy);
  close (listener);
}

static void
test_small (void)
{
  char *escaped = curl_escape ("a b/ü", 0), *plain = curl_unescape ("a%20b", 0);
  struct curl_httppost *first = NULL, *last = NULL;
  CURLU *url = curl_url (), *copy;

  g_assert_cmpstr (escaped, ==, "a%20b%2F%C3%BC");
  g_assert_cmpstr (plain, ==, "a b");
  curl_free (escaped);
  curl_free (plain);

  g_assert_cmpint (curl_formadd (&first, &last, CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "c", CURLFORM_END), ==, 0);
  curl_formfree (first);
  curl_formfree (NULL);

  g_assert_cmpint (curl_url_set (url, CURLUPART_URL, "http://a.example/b", 0), ==, CURLUE_OK);
  copy = curl_url_dup (url);
  curl_url_cleanup (url);
  curl_url_cleanup (NULL);
  g_assert_cmpint (curl_url_get (copy, CURLUPART_HOST, &plain, 0), ==, CURLUE_OK);
  g_assert_cmpstr (plain, ==, "a.example");
  curl_free (plain);
  curl_url_cleanup (copy);

  /* as often as one likes */
  g_assert_cmpint (curl_global_init (CURL_GLOBAL_ALL), ==, CURLE_OK);
  g_assert_cmpint (curl_global_init (CURL_GLOBAL_DEFAULT), ==, CURLE_OK);
  curl_global_cleanup ();
  curl_global_cleanup ();
  g_assert_nonnull (curl_version ());
}

static void
count_lock (CURL *easy,
            curl_lock_data data,
            curl_lock_access how,
            void *user_data)
{
  ++*(int *) user_data;
}

static void
count_unlock (CURL *easy,
              curl_lock_data data,
              void *user_data)
{
  *(int *) user_data += 100;
}

static void
test_share_locks (void)
{
  CURLSH *share = curl_share_init ();
  CURL *easy = curl_easy_init ();
  int count = 0;

  curl_share_setopt (share, CURLSHOPT_LOCKFUNC, count_lock);
  curl_share_setopt (share, CURLSHOPT_UNLOCKFUNC, count_unlock);
  curl_share_setopt (share, CURLSHOPT_USERDATA, &count);
  curl_easy_setopt (easy, CURLOPT_SHARE, share);
  g_assert_cmpint (count, ==, 101);
  /* not while it is used */
  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_USERDATA, NULL), ==, CURLSHE_IN_USE);
  curl_easy_cleanup (easy);
  g_assert_cmpint (count, ==, 202);
  g_assert_cmpint (curl_share_cleanup (share), ==, CURLSHE_OK);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/curl/values/times", test_times);
  g_test_add_func ("/curl/values/facts", test_facts);
  g_test_add_func ("/curl/values/proxy-login", test_proxy_login);
  g_test_add_func ("/curl/values/rewind", test_rewind);
  g_test_add_func ("/curl/values/line-ends", test_line_ends);
  g_test_add_func ("/curl/values/watching", test_watching);
  g_test_add_func ("/curl/values/no-answer", test_no_answer);
  g_test_add_func ("/curl/values/socket", test_socket);
  g_test_add_func ("/curl/values/file", test_file);
  g_test_add_func ("/curl/values/pending", test_pending);
  g_test_add_func ("/curl/values/one-framing", test_one_framing);
  g_test_add_func ("/curl/values/maxconnects", test_maxconnects);
  g_test_add_func ("/curl/values/upkeep", test_upkeep);
  g_test_add_func ("/curl/values/abstract-socket", test_abstract_socket);
  g_test_add_func ("/curl/values/print", test_print);
  g_test_add_func ("/curl/values/small", test_small);
  g_test_add_func ("/curl/values/share-locks", test_share_locks);
  return g_test_run ();
}
