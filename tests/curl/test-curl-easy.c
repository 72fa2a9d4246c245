/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-option-list.h"
#include "scripted-server.h"

#include <curl/curl.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The easy handle: its options, what is answered within callbacks, what is known afterwards. How transfers go is the
 * business of the transfer cases. */

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

  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_URL, url), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, collect), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_WRITEDATA, body), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_TIMEOUT_MS, 10000L), ==, CURLE_OK);
  return easy;
}

static ScriptedServer *
new_server (const char *key,
            ScriptedAnswer *answer)
{
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);

  scripted_server_on (server, key, answer);
  return server;
}

/* ---- what is told ---- */

static int
count_cookies (CURL *easy,
               curl_infotype type,
               char *text,
               size_t size,
               void *user_data)
{
  guint *n = user_data;

  if (type == CURLINFO_TEXT && size > 12 && memcmp (text, "Added cookie", 12) == 0)
    (*n)++;
  return 0;
}

/* An option may have something to tell, before any transfer. */
static void
test_told_by_option (void)
{
  CURL *easy = curl_easy_init ();
  guint n = 0;

  curl_easy_setopt (easy, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt (easy, CURLOPT_DEBUGFUNCTION, count_cookies);
  curl_easy_setopt (easy, CURLOPT_DEBUGDATA, &n);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_COOKIELIST, ".one.test\tTRUE\t/\tFALSE\t2147483647\ta\tb"), ==, CURLE_OK);
  g_assert_cmpuint (n, ==, 1);
  curl_easy_cleanup (easy);
}

/* ---- options ---- */

static CURLcode
set_off (CURL *easy,
         const struct curl_easyoption *option)
{
  if (option->type == CURLOT_LONG || option->type == CURLOT_VALUES)
    return curl_easy_setopt (easy, option->id, 0L);
  if (option->type == CURLOT_OFF_T)
    return curl_easy_setopt (easy, option->id, (curl_off_t) 0);
  return curl_easy_setopt (easy, option->id, NULL);
}

/* Programs set dozens of options to "off" and stop when one of them is refused. */
static void
test_off (void)
{
  CURL *easy = curl_easy_init ();
  guint n = 0;

  for (const struct curl_easyoption *o = curl_easy_option_next (NULL); o != NULL; o = curl_easy_option_next (o), n++)
    {
      CURLcode code = set_off (easy, o);

      if (code != CURLE_OK)
        g_test_message ("%s", o->name);
      g_assert_cmpint (code, ==, CURLE_OK);
    }
  g_assert_cmpuint (n, >, 320);
  curl_easy_cleanup (easy);
}

static void
check_absent (CURL *easy,
              const char *name,
              CURLoption id,
              long normal,
              CURLcode expected)
{
  CURLcode code = CURLE_OK;

  g_test_message ("%s", name);
  if ((int) id < CURLOPTTYPE_OBJECTPOINT)
    {
      g_assert_cmpint (curl_easy_setopt (easy, id, normal), ==, CURLE_OK);
      code = curl_easy_setopt (easy, id, 77L);
    }
  else if ((int) id < CURLOPTTYPE_OFF_T || (int) id >= CURLOPTTYPE_BLOB)
    code = curl_easy_setopt (easy, id, "x");
  else
    code = curl_easy_setopt (easy, id, (curl_off_t) 77);
  g_assert_cmpint (code, ==, expected);
}

/* What is not there says so, unless its normal value is asked for. */
static void
test_absent (void)
{
  CURL *easy = curl_easy_init ();

#define NOTHING3(name, type, x)
#define NOTHING4(name, type, x, y)
#define ABSENT(name, type, normal, answer, why) check_absent (easy, #name, CURLOPT_##name, normal, CURLE_##answer);
  GM_CURL_OPTIONS (NOTHING3, NOTHING4, NOTHING3, NOTHING3, NOTHING3, NOTHING3, NOTHING3, ABSENT)

  curl_easy_cleanup (easy);
}

static void
test_wrong (void)
{
  static const struct
  {
    CURLoption id;
    long value;
    CURLcode code;
  } cases[] = {
    { CURLOPT_TIMEOUT_MS, -1, CURLE_BAD_FUNCTION_ARGUMENT },
    { CURLOPT_PORT, 65536, CURLE_BAD_FUNCTION_ARGUMENT },
    { CURLOPT_PORT, 65535, CURLE_OK },
    { CURLOPT_MAXREDIRS, -2, CURLE_BAD_FUNCTION_ARGUMENT },
    { CURLOPT_MAXREDIRS, -1, CURLE_OK },
    { CURLOPT_IPRESOLVE, 3, CURLE_BAD_FUNCTION_ARGUMENT },
    { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1, CURLE_OK },
    { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS, CURLE_OK },
    { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_3, CURLE_UNSUPPORTED_PROTOCOL },
    { CURLOPT_HTTP_VERSION, 1000, CURLE_UNSUPPORTED_PROTOCOL },
    { CURLOPT_HTTP_VERSION, -1, CURLE_BAD_FUNCTION_ARGUMENT },
    { CURLOPT_TIMEOUT, G_MINLONG, CURLE_BAD_FUNCTION_ARGUMENT },
    { CURLOPT_HTTPAUTH, CURLAUTH_BASIC | CURLAUTH_DIGEST, CURLE_OK },
    { CURLOPT_HTTPAUTH, CURLAUTH_DIGEST, CURLE_OK },
    { CURLOPT_POSTFIELDSIZE, -2, CURLE_BAD_FUNCTION_ARGUMENT },
    { CURLOPT_TIMEOUT, G_MAXLONG, CURLE_OK },
    { CURLOPT_DNS_CACHE_TIMEOUT, -1, CURLE_OK },
    { CURLOPT_DNS_CACHE_TIMEOUT, -2, CURLE_BAD_FUNCTION_ARGUMENT },
    { CURLOPT_CONNECT_ONLY, 2, CURLE_NOT_BUILT_IN },
    { CURLOPT_CONNECT_ONLY, 3, CURLE_BAD_FUNCTION_ARGUMENT },
    { CURLOPT_CONNECT_ONLY, 0, CURLE_OK },
    { CURLOPT_BUFFERSIZE, G_MAXLONG, CURLE_OK },
    { CURLOPT_FOLLOWLOCATION, 4, CURLE_BAD_FUNCTION_ARGUMENT },
    { (CURLoption) 2, 0, CURLE_UNKNOWN_OPTION },
    { (CURLoption) 9999, 0, CURLE_UNKNOWN_OPTION },
    { (CURLoption) -3, 0, CURLE_UNKNOWN_OPTION },
  };
  CURL *easy = curl_easy_init ();

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%d = %ld", cases[i].id, cases[i].value);
      g_assert_cmpint (curl_easy_setopt (easy, cases[i].id, cases[i].value), ==, cases[i].code);
    }
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_PROTOCOLS_STR, "http,,HTTPS"), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_PROTOCOLS_STR, "http,nosuch"), ==, CURLE_UNSUPPORTED_PROTOCOL);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_PROTOCOLS_STR, ""), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_PROXY, "localhost:1"), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_PROXY, ""), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_COOKIELIST, "ALL"), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_setopt (NULL, CURLOPT_URL, "x"), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  curl_easy_cleanup (easy);
}

static void
test_protocols (void)
{
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy ("file:///dev/null", body);
  char error[CURL_ERROR_SIZE] = "";

  curl_easy_setopt (easy, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt (easy, CURLOPT_PROTOCOLS_STR, "http,https");
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_UNSUPPORTED_PROTOCOL);
  g_assert_cmpstr (error, ==, "Protocol \"file\" disabled");
  curl_easy_setopt (easy, CURLOPT_PROTOCOLS, (long) CURLPROTO_FILE);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  curl_easy_setopt (easy, CURLOPT_URL, "gopher://127.0.0.1/");
  curl_easy_setopt (easy, CURLOPT_PROTOCOLS, (long) CURLPROTO_ALL);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_UNSUPPORTED_PROTOCOL);
  g_assert_cmpstr (error, ==, "Protocol \"gopher\" not supported");
  curl_easy_cleanup (easy);
}

/* ---- one transfer after the other ---- */

static void
test_get (void)
{
  g_autoptr (ScriptedServer) server = new_server ("*", scripted_answer_text (200, "Content-Type: text/x\r\n", "hello"));
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/a"), body);
  const char *text = NULL;
  double seconds = -1, size = -1;
  curl_off_t offset = -7;
  curl_socket_t fd = -7;
  long number = -7;

  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpstr (body->str, ==, "hello");
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_RESPONSE_CODE, &number), ==, CURLE_OK);
  g_assert_cmpint (number, ==, 200);
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_CONTENT_TYPE, &text), ==, CURLE_OK);
  g_assert_cmpstr (text, ==, "text/x");
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_EFFECTIVE_URL, &text), ==, CURLE_OK);
  g_assert_cmpstr (text, ==, scripted_server_url (server, "/a"));
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_EFFECTIVE_METHOD, &text), ==, CURLE_OK);
  g_assert_cmpstr (text, ==, "GET");
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_SCHEME, &text), ==, CURLE_OK);
  g_assert_cmpstr (text, ==, "http");
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_PRIMARY_IP, &text), ==, CURLE_OK);
  g_assert_cmpstr (text, ==, "127.0.0.1");
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_PRIMARY_PORT, &number), ==, CURLE_OK);
  g_assert_cmpint (number, ==, scripted_server_port (server));
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_NUM_CONNECTS, &number), ==, CURLE_OK);
  g_assert_cmpint (number, ==, 1);
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_HTTP_VERSION, &number), ==, CURLE_OK);
  g_assert_cmpint (number, ==, CURL_HTTP_VERSION_1_1);
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_SIZE_DOWNLOAD_T, &offset), ==, CURLE_OK);
  g_assert_cmpint (offset, ==, 5);
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_SIZE_DOWNLOAD, &size), ==, CURLE_OK);
  g_assert_cmpfloat_with_epsilon (size, 5.0, 0.001);
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &offset), ==, CURLE_OK);
  g_assert_cmpint (offset, ==, 5);
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_TOTAL_TIME_T, &offset), ==, CURLE_OK);
  g_assert_cmpint (offset, >, 0);
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_TOTAL_TIME, &seconds), ==, CURLE_OK);
  g_assert_cmpfloat (seconds, >, 0);
  g_assert_cmpfloat (seconds, <, 10);
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_ACTIVESOCKET, &fd), ==, CURLE_OK);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_COOKIELIST, &text), ==, CURLE_OK);
  g_assert_null (text);
  g_assert_cmpint (curl_easy_getinfo (easy, (CURLINFO) (CURLINFO_LONG + 99), &number), ==, CURLE_UNKNOWN_OPTION);
  g_assert_cmpint ((curl_easy_getinfo) (easy, (CURLINFO) 5, &number), ==, CURLE_UNKNOWN_OPTION);
  g_assert_cmpint (curl_easy_getinfo (NULL, CURLINFO_RESPONSE_CODE, &number), ==, CURLE_BAD_FUNCTION_ARGUMENT);

  /* the same connection again */
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_NUM_CONNECTS, &number), ==, CURLE_OK);
  g_assert_cmpint (number, ==, 0);
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 1);
  curl_easy_cleanup (easy);
}

/* Every information is answered before the first transfer, after one, and through a pointer of its own type only. */
static void
test_all_infos (void)
{
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy ("data:,x", body);
  guint n = 0;

  for (guint run = 0; run < 2; run++)
    {
      for (guint type = CURLINFO_STRING; type <= CURLINFO_OFF_T; type += CURLINFO_STRING)
        {
          for (guint i = 1; i <= CURLINFO_LASTONE; i++)
            {
              struct
              {
                guint64 before, answer, after;
              } room = { 0x5555555555555555, 0, 0x5555555555555555 };

              if (curl_easy_getinfo (easy, (CURLINFO) (type + i), &room.answer) == CURLE_OK)
                n++;
              g_assert_cmphex (room.before, ==, 0x5555555555555555);
              g_assert_cmphex (room.after, ==, 0x5555555555555555);
            }
        }
      g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
    }
  /* 78 names; what is a list or a pointer shares its numbers */
  g_assert_cmpuint (n, ==, 2 * 78);
  curl_easy_cleanup (easy);
}

static void
test_errors (void)
{
  g_autoptr (ScriptedServer) server = new_server ("*", scripted_answer_text (404, NULL, "no"));
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy ("http://127.0.0.1:1/", body);
  char error[CURL_ERROR_SIZE];

  memset (error, 'x', sizeof error);
  curl_easy_setopt (easy, CURLOPT_ERRORBUFFER, error);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_COULDNT_CONNECT);
  g_assert_true (g_str_has_prefix (error, "Failed to connect to 127.0.0.1 port 1 after "));
  g_assert_nonnull (strstr (error, "Connection refused"));

  curl_easy_setopt (easy, CURLOPT_URL, "http://nosuch.invalid/");
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_COULDNT_RESOLVE_HOST);
  g_assert_cmpstr (error, ==, "Could not resolve host: nosuch.invalid");

  curl_easy_setopt (easy, CURLOPT_URL, scripted_server_url (server, "/"));
  curl_easy_setopt (easy, CURLOPT_FAILONERROR, 1L);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_HTTP_RETURNED_ERROR);
  g_assert_cmpstr (error, ==, "The requested URL returned error: 404");
  curl_easy_setopt (easy, CURLOPT_FAILONERROR, 0L);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpstr (error, ==, "");

  curl_easy_setopt (easy, CURLOPT_URL, NULL);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_URL_MALFORMAT);
  g_assert_cmpstr (error, ==, "No URL set");
  curl_easy_setopt (easy, CURLOPT_URL, "http://a:b:c/");
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_URL_MALFORMAT);
  g_assert_true (g_str_has_prefix (error, "URL rejected: "));
  curl_easy_cleanup (easy);
  g_assert_cmpint (curl_easy_perform (NULL), ==, CURLE_BAD_FUNCTION_ARGUMENT);
}

static void
test_post (void)
{
  g_autoptr (ScriptedServer) server = new_server ("*", scripted_answer_echo (scripted_answer_new ()));
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/"), body);
  char fields[] = "a=1&b=2";

  curl_easy_setopt (easy, CURLOPT_POSTFIELDS, fields);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpstr (body->str, ==, "a=1&b=2");

  /* a copy is one, and of the size that was said before */
  g_string_truncate (body, 0);
  curl_easy_setopt (easy, CURLOPT_POSTFIELDSIZE, 3L);
  curl_easy_setopt (easy, CURLOPT_COPYPOSTFIELDS, fields);
  memset (fields, 'x', sizeof fields - 1);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpstr (body->str, ==, "a=1");

  g_string_truncate (body, 0);
  curl_easy_setopt (easy, CURLOPT_HTTPGET, 1L);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpstr (scripted_server_request (server, 0)->method, ==, "POST");
  g_assert_cmpstr (scripted_server_request (server, 2)->method, ==, "GET");

  curl_easy_setopt (easy, CURLOPT_NOBODY, 1L);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  curl_easy_setopt (easy, CURLOPT_NOBODY, 0L);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpstr (scripted_server_request (server, 3)->method, ==, "HEAD");
  g_assert_cmpstr (scripted_server_request (server, 4)->method, ==, "GET");
  curl_easy_cleanup (easy);
}

static void
test_duphandle_and_reset (void)
{
  g_autoptr (ScriptedServer) server = new_server ("*", scripted_answer_text (200, NULL, "x"));
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/a"), body), *copy;

  curl_easy_setopt (easy, CURLOPT_USERAGENT, "first/1");
  copy = curl_easy_duphandle (easy);
  curl_easy_setopt (easy, CURLOPT_USERAGENT, "second/2");
  g_assert_cmpint (curl_easy_perform (copy), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpstr (scripted_request_header (scripted_server_request (server, 0), "User-Agent"), ==, "first/1");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (server, 1), "User-Agent"), ==, "second/2");
  g_assert_cmpstr (body->str, ==, "xx");
  g_assert_null (curl_easy_duphandle (NULL));

  curl_easy_reset (easy);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_URL_MALFORMAT);
  curl_easy_setopt (easy, CURLOPT_URL, scripted_server_url (server, "/b"));
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt (easy, CURLOPT_WRITEDATA, body);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_null (scripted_request_header (scripted_server_request (server, 2), "User-Agent"));
  /* connections outlive a reset */
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
  curl_easy_reset (NULL);
  curl_easy_cleanup (copy);
  curl_easy_cleanup (easy);
  curl_easy_cleanup (NULL);
}

static void
test_headers (void)
{
  g_autoptr (ScriptedServer) server = new_server ("/a", scripted_answer_redirect (302, "/b"));
  g_autoptr (GString) body = g_string_new (NULL);
  g_autoptr (GString) names = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/a"), body);
  struct curl_header *h = NULL;

  scripted_server_on (server, "/b", scripted_answer_text (200, "X-Two: 1\r\nx-two:  second \r\nX-Empty:\r\n", "x"));
  curl_easy_setopt (easy, CURLOPT_FOLLOWLOCATION, 1L);
  g_assert_cmpint (curl_easy_header (easy, "X", 0, CURLH_HEADER, -1, &h), ==, CURLHE_NOHEADERS);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);

  g_assert_cmpint (curl_easy_header (easy, "X-TWO", 1, CURLH_HEADER, -1, &h), ==, CURLHE_OK);
  g_assert_cmpstr (h->name, ==, "x-two");
  g_assert_cmpstr (h->value, ==, "second");
  g_assert_cmpuint (h->amount, ==, 2);
  g_assert_cmpuint (h->index, ==, 1);
  g_assert_cmpuint (h->origin & CURLH_HEADER, ==, CURLH_HEADER);
  g_assert_cmpint (curl_easy_header (easy, "X-Empty", 0, CURLH_HEADER, -1, &h), ==, CURLHE_OK);
  g_assert_cmpstr (h->value, ==, "");
  g_assert_cmpint (curl_easy_header (easy, "X-Two", 2, CURLH_HEADER, -1, &h), ==, CURLHE_BADINDEX);
  g_assert_cmpint (curl_easy_header (easy, "X-Two", 0, CURLH_TRAILER, -1, &h), ==, CURLHE_MISSING);
  g_assert_cmpint (curl_easy_header (easy, "Location", 0, CURLH_HEADER, -1, &h), ==, CURLHE_MISSING);
  g_assert_cmpint (curl_easy_header (easy, "Location", 0, CURLH_HEADER, 0, &h), ==, CURLHE_OK);
  g_assert_cmpint (curl_easy_header (easy, "X-Two", 0, CURLH_HEADER, 2, &h), ==, CURLHE_NOREQUEST);
  g_assert_cmpint (curl_easy_header (easy, NULL, 0, CURLH_HEADER, -1, &h), ==, CURLHE_BAD_ARGUMENT);
  g_assert_cmpint (curl_easy_header (easy, "X", 0, 0, -1, &h), ==, CURLHE_BAD_ARGUMENT);
  g_assert_cmpint (curl_easy_header (easy, "X", 0, 1 << 10, -1, &h), ==, CURLHE_BAD_ARGUMENT);

  for (h = curl_easy_nextheader (easy, CURLH_HEADER, -1, NULL); h != NULL;
       h = curl_easy_nextheader (easy, CURLH_HEADER, -1, h))
    g_string_append_printf (names, "%s/%zu ", h->name, h->index);
  g_assert_nonnull (strstr (names->str, "X-Two/0 x-two/1 X-Empty/0 "));
  g_assert_null (strstr (names->str, "Location"));
  curl_easy_cleanup (easy);
}

/* ---- callbacks ---- */

typedef struct
{
  CURL *easy;
  CURL *other;
  GString *body;
  GString *order;
  guint n;
  gint fd;
} Calls;

static size_t
call_from_write (char *data,
                 size_t size,
                 size_t n,
                 void *user_data)
{
  Calls *calls = user_data;
  size_t count;
  char buffer[4];

  calls->n++;
  g_assert_cmpint (curl_easy_perform (calls->easy), ==, CURLE_RECURSIVE_API_CALL);
  g_assert_cmpint (curl_easy_upkeep (calls->easy), ==, CURLE_RECURSIVE_API_CALL);
  g_assert_cmpint (curl_easy_recv (calls->easy, buffer, 1, &count), ==, CURLE_RECURSIVE_API_CALL);
  g_assert_cmpint (curl_easy_send (calls->easy, buffer, 1, &count), ==, CURLE_RECURSIVE_API_CALL);
  g_assert_cmpint (curl_easy_pause (calls->easy, CURLPAUSE_CONT), ==, CURLE_OK);
  /* another handle has nothing to do with it */
  g_assert_cmpint (curl_easy_perform (calls->other), ==, CURLE_OK);
  return size * n;
}

static void
test_recursion (void)
{
  g_autoptr (ScriptedServer) server = new_server ("*", scripted_answer_text (200, NULL, "x"));
  g_autoptr (GString) body = g_string_new (NULL);
  Calls calls = { new_easy (scripted_server_url (server, "/"), body), new_easy (scripted_server_url (server, "/"), body),
                  body, NULL, 0, -1 };
  size_t n;

  curl_easy_setopt (calls.easy, CURLOPT_WRITEFUNCTION, call_from_write);
  curl_easy_setopt (calls.easy, CURLOPT_WRITEDATA, &calls);
  g_assert_cmpint (curl_easy_perform (calls.easy), ==, CURLE_OK);
  g_assert_cmpuint (calls.n, ==, 1);
  g_assert_cmpstr (body->str, ==, "x");

  g_assert_cmpint (curl_easy_pause (calls.easy, CURLPAUSE_ALL), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_easy_upkeep (calls.easy), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_recv (calls.easy, body->str, 1, &n), ==, CURLE_UNSUPPORTED_PROTOCOL);
  curl_easy_cleanup (calls.easy);
  curl_easy_cleanup (calls.other);
}

static size_t
clean_up_from_write (char *data,
                     size_t size,
                     size_t n,
                     void *user_data)
{
  Calls *calls = user_data;

  calls->n++;
  curl_easy_cleanup (calls->easy);
  return size * n;
}

static void
test_cleanup_inside (void)
{
  g_autoptr (ScriptedServer) server = new_server ("*", scripted_answer_big (1, 300000));
  g_autoptr (GString) body = g_string_new (NULL);
  Calls calls = { new_easy (scripted_server_url (server, "/"), body), NULL, body, NULL, 0, -1 };

  curl_easy_setopt (calls.easy, CURLOPT_WRITEFUNCTION, clean_up_from_write);
  curl_easy_setopt (calls.easy, CURLOPT_WRITEDATA, &calls);
  g_assert_cmpint (curl_easy_perform (calls.easy), ==, CURLE_ABORTED_BY_CALLBACK);
  /* once it is gone nothing calls back */
  g_assert_cmpuint (calls.n, ==, 1);
}

static curl_socket_t
open_cb (void *user_data,
         curlsocktype purpose,
         struct curl_sockaddr *address)
{
  Calls *calls = user_data;

  g_assert_cmpint (purpose, ==, CURLSOCKTYPE_IPCXN);
  g_assert_cmpint (address->family, ==, AF_INET);
  g_assert_cmpint (address->socktype, ==, SOCK_STREAM);
  g_string_append_c (calls->order, 'o');
  return calls->fd = socket (address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int
option_cb (void *user_data,
           curl_socket_t fd,
           curlsocktype purpose)
{
  Calls *calls = user_data;

  g_assert_cmpint (fd, ==, calls->fd);
  g_string_append_c (calls->order, 's');
  return CURL_SOCKOPT_OK;
}

static int
prereq_cb (void *user_data,
           char *remote,
           char *local,
           int remote_port,
           int local_port)
{
  Calls *calls = user_data;

  g_assert_cmpstr (remote, ==, "127.0.0.1");
  g_assert_cmpstr (local, ==, "127.0.0.1");
  g_assert_cmpint (remote_port, >, 0);
  g_assert_cmpint (local_port, >, 0);
  g_string_append_c (calls->order, 'p');
  return calls->n > 0 ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static int
close_cb (void *user_data,
          curl_socket_t fd)
{
  Calls *calls = user_data;

  g_assert_cmpint (fd, ==, calls->fd);
  g_string_append_c (calls->order, 'c');
  return close (fd);
}

static void
test_sockets (void)
{
  g_autoptr (ScriptedServer) server = new_server ("*", scripted_answer_text (200, NULL, "x"));
  g_autoptr (GString) body = g_string_new (NULL);
  g_autoptr (GString) order = g_string_new (NULL);
  Calls calls = { new_easy (scripted_server_url (server, "/"), body), NULL, body, order, 0, -1 };

  curl_easy_setopt (calls.easy, CURLOPT_OPENSOCKETFUNCTION, open_cb);
  curl_easy_setopt (calls.easy, CURLOPT_OPENSOCKETDATA, &calls);
  curl_easy_setopt (calls.easy, CURLOPT_SOCKOPTFUNCTION, option_cb);
  curl_easy_setopt (calls.easy, CURLOPT_SOCKOPTDATA, &calls);
  curl_easy_setopt (calls.easy, CURLOPT_CLOSESOCKETFUNCTION, close_cb);
  curl_easy_setopt (calls.easy, CURLOPT_CLOSESOCKETDATA, &calls);
  curl_easy_setopt (calls.easy, CURLOPT_PREREQFUNCTION, prereq_cb);
  curl_easy_setopt (calls.easy, CURLOPT_PREREQDATA, &calls);
  g_assert_cmpint (curl_easy_perform (calls.easy), ==, CURLE_OK);
  g_assert_cmpstr (order->str, ==, "osp");

  calls.n = 1;
  g_assert_cmpint (curl_easy_perform (calls.easy), ==, CURLE_ABORTED_BY_CALLBACK);
  g_assert_true (g_str_has_prefix (order->str, "ospp"));
  curl_easy_cleanup (calls.easy);
  g_assert_cmpstr (order->str, ==, "osppc");
}

static int
debug_cb (CURL *easy,
          curl_infotype type,
          char *data,
          size_t size,
          void *user_data)
{
  Calls *calls = user_data;

  g_assert_true (easy == calls->easy);
  if (type != CURLINFO_TEXT && (calls->order->len == 0 || calls->order->str[calls->order->len - 1] != '0' + (char) type))
    g_string_append_c (calls->order, (char) ('0' + type));
  if (type == CURLINFO_TEXT)
    {
      g_assert_cmpint (data[size - 1], ==, '\n');
      calls->n++;
    }
  return 0;
}

static int
progress_cb (void *user_data,
             curl_off_t down_total,
             curl_off_t down,
             curl_off_t up_total,
             curl_off_t up)
{
  Calls *calls = user_data;

  g_assert_cmpint (down, <=, 5);
  calls->fd = (int) down;
  return down > 0 && calls->other != NULL;
}

static void
test_watching (void)
{
  g_autoptr (ScriptedServer) server = new_server ("*", scripted_answer_text (200, NULL, "hello"));
  g_autoptr (GString) body = g_string_new (NULL);
  g_autoptr (GString) order = g_string_new (NULL);
  g_autoptr (GString) head = g_string_new (NULL);
  Calls calls = { new_easy (scripted_server_url (server, "/"), body), NULL, body, order, 0, -1 };

  curl_easy_setopt (calls.easy, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt (calls.easy, CURLOPT_DEBUGFUNCTION, debug_cb);
  curl_easy_setopt (calls.easy, CURLOPT_DEBUGDATA, &calls);
  curl_easy_setopt (calls.easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt (calls.easy, CURLOPT_XFERINFOFUNCTION, progress_cb);
  curl_easy_setopt (calls.easy, CURLOPT_XFERINFODATA, &calls);
  /* data without a function: the write function gets the lines */
  curl_easy_setopt (calls.easy, CURLOPT_HEADERDATA, head);
  g_assert_cmpint (curl_easy_perform (calls.easy), ==, CURLE_OK);
  g_assert_cmpstr (order->str, ==, "213");
  g_assert_cmpuint (calls.n, >, 1);
  g_assert_cmpint (calls.fd, ==, 5);
  g_assert_true (g_str_has_prefix (head->str, "HTTP/1.1 200 Fine\r\n"));
  g_assert_true (g_str_has_suffix (head->str, "\r\n\r\n"));
  g_assert_cmpstr (body->str, ==, "hello");

  calls.other = calls.easy;
  g_assert_cmpint (curl_easy_perform (calls.easy), ==, CURLE_ABORTED_BY_CALLBACK);
  curl_easy_cleanup (calls.easy);
}

static void
test_curlu (void)
{
  g_autoptr (ScriptedServer) server = new_server ("/u", scripted_answer_text (200, NULL, "x"));
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy ("http://127.0.0.1:1/", body);
  CURLU *u = curl_url ();

  g_assert_cmpint (curl_url_set (u, CURLUPART_URL, scripted_server_url (server, "/first"), 0), ==, CURLUE_OK);
  g_assert_cmpint (curl_url_set (u, CURLUPART_PATH, "/u", 0), ==, CURLUE_OK);
  curl_easy_setopt (easy, CURLOPT_CURLU, u);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpstr (body->str, ==, "x");

  /* one that is not whole does not stand for the last one */
  g_assert_cmpint (curl_url_set (u, CURLUPART_HOST, NULL, 0), ==, CURLUE_OK);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_URL_MALFORMAT);
  curl_easy_cleanup (easy);
  curl_url_cleanup (u);
}

static void
test_share (void)
{
  g_autoptr (ScriptedServer) server = new_server ("*", scripted_answer_text (200, NULL, "x"));
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/"), body);
  CURLSH *share = curl_share_init ();

  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS), ==, CURLSHE_OK);
  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE), ==, CURLSHE_OK);
  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_SHARE, 99), ==, CURLSHE_BAD_OPTION);
  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_LAST, 0), ==, CURLSHE_BAD_OPTION);
  curl_easy_setopt (easy, CURLOPT_SHARE, share);
  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_UNSHARE, CURL_LOCK_DATA_DNS), ==, CURLSHE_IN_USE);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpint (curl_share_cleanup (share), ==, CURLSHE_IN_USE);
  curl_easy_setopt (easy, CURLOPT_SHARE, NULL);
  g_assert_cmpint (curl_share_cleanup (share), ==, CURLSHE_OK);
  g_assert_cmpint (curl_share_cleanup (NULL), ==, CURLSHE_INVALID);
  curl_easy_cleanup (easy);
}

/* What one handle leaves open the next one takes, also after the first is gone. */
static void
test_share_connections (void)
{
  g_autoptr (ScriptedServer) server = new_server ("*", scripted_answer_text (200, NULL, "x"));
  g_autoptr (GString) body = g_string_new (NULL);
  CURLSH *share = curl_share_init ();

  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT), ==, CURLSHE_OK);
  for (guint i = 0; i < 4; i++)
    {
      CURL *easy = new_easy (scripted_server_url (server, "/"), body);
      long n_connects = -1;

      /* one that has no part in it has a connection of its own */
      if (i != 3)
        g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_SHARE, share), ==, CURLE_OK);
      g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
      g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_NUM_CONNECTS, &n_connects), ==, CURLE_OK);
      g_assert_cmpint (n_connects, ==, i == 0 || i == 3);
      curl_easy_cleanup (easy);
    }
  g_assert_cmpstr (body->str, ==, "xxxx");
  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_UNSHARE, CURL_LOCK_DATA_CONNECT), ==, CURLSHE_OK);
  g_assert_cmpint (curl_share_cleanup (share), ==, CURLSHE_OK);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/curl/easy/told-by-option", test_told_by_option);
  g_test_add_func ("/curl/easy/off", test_off);
  g_test_add_func ("/curl/easy/absent", test_absent);
  g_test_add_func ("/curl/easy/wrong", test_wrong);
  g_test_add_func ("/curl/easy/protocols", test_protocols);
  g_test_add_func ("/curl/easy/get", test_get);
  g_test_add_func ("/curl/easy/all-infos", test_all_infos);
  g_test_add_func ("/curl/easy/errors", test_errors);
  g_test_add_func ("/curl/easy/post", test_post);
  g_test_add_func ("/curl/easy/duphandle-and-reset", test_duphandle_and_reset);
  g_test_add_func ("/curl/easy/headers", test_headers);
  g_test_add_func ("/curl/easy/recursion", test_recursion);
  g_test_add_func ("/curl/easy/cleanup-inside", test_cleanup_inside);
  g_test_add_func ("/curl/easy/sockets", test_sockets);
  g_test_add_func ("/curl/easy/watching", test_watching);
  g_test_add_func ("/curl/easy/curlu", test_curlu);
  g_test_add_func ("/curl/easy/share", test_share);
  g_test_add_func ("/curl/easy/share-connections", test_share_connections);
  return g_test_run ();
}
