/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define CURL_NO_FMT_CHECKS /* wrong formats on purpose */
#include <curl/curl.h>

#include <dlfcn.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* The real one, where there is one, to compare with; NULL = none. */
static void *libcurl;

#define REAL(name) ((__typeof__ (&name)) (libcurl != NULL ? dlsym (libcurl, #name) : NULL))

static void
test_slist (void)
{
  struct curl_slist *list = NULL;

  g_assert_null (curl_slist_append (NULL, NULL));
  list = curl_slist_append (list, "one");
  g_assert_nonnull (list);
  g_assert_true (curl_slist_append (list, "two") == list);
  g_assert_cmpstr (list->data, ==, "one");
  g_assert_cmpstr (list->next->data, ==, "two");
  g_assert_null (list->next->next);
  curl_slist_free_all (list);
  curl_slist_free_all (NULL);
}

static void
test_compare (void)
{
  g_assert_cmpint (curl_strequal ("HTTP", "http"), ==, 1);
  g_assert_cmpint (curl_strequal ("http", "https"), ==, 0);
  g_assert_cmpint (curl_strequal (NULL, NULL), ==, 1);
  g_assert_cmpint (curl_strequal (NULL, ""), ==, 0);
  g_assert_cmpint (curl_strnequal ("https", "HTTPX", 4), ==, 1);
  g_assert_cmpint (curl_strnequal ("https", "HTTPX", 5), ==, 0);
  g_assert_cmpint (curl_strnequal ("a", "b", 0), ==, 1);
  g_assert_cmpint (curl_strnequal ("ab", "abc", 9), ==, 0);
  g_assert_cmpint (curl_strnequal ("\xc4", "\xe4", 1), ==, 0);
}

static void
test_getenv (void)
{
  char *value;

  g_setenv ("GMULTI_TEST_VALUE", "x y", TRUE);
  value = curl_getenv ("GMULTI_TEST_VALUE");
  g_assert_cmpstr (value, ==, "x y");
  curl_free (value);
  g_setenv ("GMULTI_TEST_VALUE", "", TRUE);
  g_assert_null (curl_getenv ("GMULTI_TEST_VALUE"));
  g_unsetenv ("GMULTI_TEST_VALUE");
  g_assert_null (curl_getenv ("GMULTI_TEST_VALUE"));
}

static void
test_escape (void)
{
  static const struct
  {
    const char *in;
    int len;
    const char *out;
  } cases[] = {
    { "a b", 0, "a%20b" }, { "a b", 1, "a" }, { "-._~/", 0, "-._~%2F" }, { "", 0, "" },
    { "\xff%", 0, "%FF%25" }, { "a\0b", 3, "a%00b" }, { "x", -1, NULL }, { NULL, 0, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      char *text = curl_easy_escape (NULL, cases[i].in, cases[i].len);

      g_assert_cmpstr (text, ==, cases[i].out);
      curl_free (text);
    }
}

static void
test_unescape (void)
{
  int len = -7;
  char *text;

  text = curl_easy_unescape (NULL, "a%20b%4", 0, &len);
  g_assert_cmpmem (text, len, "a b%4", 5);
  curl_free (text);
  text = curl_easy_unescape (NULL, "%00%zz", 0, &len);
  g_assert_cmpmem (text, len, "\0%zz", 4);
  curl_free (text);
  text = curl_easy_unescape (NULL, "%41%42", 3, &len);
  g_assert_cmpmem (text, len, "A", 1);
  curl_free (text);
  text = curl_unescape ("", 0);
  g_assert_cmpstr (text, ==, "");
  curl_free (text);
  g_assert_null (curl_easy_unescape (NULL, "x", -1, &len));
  g_assert_null (curl_easy_unescape (NULL, NULL, 0, &len));
}

static void
test_getdate (void)
{
  static const struct
  {
    const char *text;
    gint64 seconds;
  } cases[] = {
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
    { "Sun Nov  6 08:49:37 1994", 784111777 },
    { "Nov  6 08:49:37 1994", 784111777 },
    { "06 Nov 1994 08:49:37", 784111777 },
    { "1994 Nov 6 08:49:37", 784111777 },
    { "GMT 08:49:37 06-Nov-94 Sunday", 784111777 },
    { "94 6 Nov 08:49:37", 784111777 },
    { "06-Nov-94", 784080000 },
    { "Nov 6", -1 },
    { "20040912 15:05:58 -0700", 1095026758 },
    { "20040911 +0200", 1094853600 },
    { "Thu, 01-Jan-1970 00:59:58 GMT", 3598 },
    { "Thu, 01-Jan-1970 00:00:00 GMT", 0 },
    { "Sat, 15-Apr-17 21:01:22 GMT", 1492290082 },
    { "Wed, 29 Feb 2012 12:00:00 CEST", 1330509600 },
    { "Mon, 31 Dec 2046 23:59:59 GMT", 2429913599 },
    { "Fri, 13 Feb 2009 11:56:27 GMT", 1234526187 },
    { "2009-02-13", -1 },
    { "Fri, 13 Feb 2009 25:56:27 GMT", -1 },
    { "Fri, 13 Fob 2009 11:56:27 GMT", -1 },
    { "", -1 },
    { "12", -1 },
    { "Thu, 99 Jan 1970", -1 },
    { "20110632 12:34:56", -1 },
    { "Thu, 1 Jan 19700000000000", -1 },
    { "1 Jan 2000 12:00", 946728000 },
    { "Sun, 06 Nov 1994 08:49:37 EST", 784129777 },
    { "Sun, 06 Nov 1994 08:49:37 Z", 784111777 },
    { "Sun, 06 Nov 1994 08:49:37 A", 784115377 },
    { "7 March 2009 10:00:00", -1 },
    { "Sat, 007-Mar-2009 10:00:00 GMT", 1236420000 },
    { "Sat, 007 Mar 2009 010:00:00 GMT", -1 },
    { "Sat, 7 Mar 12009 10:00:00 GMT", 316805940000 },
    { "Sat, 7 Mar 2009 10:00:00 GMT+3", 1236420000 },
    { "Wed, 31 Dec 1969 23:59:59 GMT", 0 },
    { "Wed, 31 Dec 1969 23:59:58 GMT", -2 },
  };
  static const char *const zones[] = { "M", "N", "Y", "K", "J", "CET", "CEST", "NZDT", "IDLW", "EAST", "HDT", "XYZ", "UTC" };
  time_t (*real) (const char *, const time_t *) = REAL (curl_getdate);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].text);
      if (real != NULL)
        g_assert_cmpint (real (cases[i].text, NULL), ==, curl_getdate (cases[i].text, NULL));
      g_assert_cmpint (curl_getdate (cases[i].text, NULL), ==, cases[i].seconds);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (zones) && real != NULL; i++)
    {
      g_autofree char *text = g_strdup_printf ("29 Feb 2024 23:59:01 %s", zones[i]);

      g_test_message ("%s", text);
      g_assert_cmpint (curl_getdate (text, NULL), ==, real (text, NULL));
    }
  g_assert_cmpint (curl_getdate (NULL, NULL), ==, -1);
}

/* Ours, and the same by the real one: both answers and texts are to be equal. */
#define CHECK_PRINT(expected, ...)                                                                                     \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    char ours[700], theirs[700];                                                                                       \
    int n = curl_msnprintf (ours, sizeof ours, __VA_ARGS__), real_n = n;                                               \
                                                                                                                       \
    g_assert_cmpstr (ours, ==, expected);                                                                              \
    g_assert_cmpint (n, ==, (int) strlen (expected));                                                                  \
    if (REAL (curl_msnprintf) != NULL)                                                                                 \
      {                                                                                                                \
        real_n = REAL (curl_msnprintf) (theirs, sizeof theirs, __VA_ARGS__);                                           \
        g_assert_cmpstr (ours, ==, theirs);                                                                            \
        g_assert_cmpint (n, ==, real_n);                                                                               \
      }                                                                                                                \
  }                                                                                                                    \
  G_STMT_END

static void
test_print_text (void)
{
  CHECK_PRINT ("plain", "plain");
  CHECK_PRINT ("", "");
  CHECK_PRINT ("100%", "100%%");
  CHECK_PRINT ("a-b", "%s-%s", "a", "b");
  CHECK_PRINT ("(nil)", "%s", (char *) NULL);
  CHECK_PRINT ("", "%.3s", (char *) NULL);
  CHECK_PRINT ("abc", "%.3s", "abcdef");
  CHECK_PRINT ("[  ab]", "[%4s]", "ab");
  CHECK_PRINT ("[ab  ]", "[%-4s]", "ab");
  CHECK_PRINT ("[ab  ]", "[%*s]", -4, "ab");
  CHECK_PRINT ("[ a]", "[%*.*s]", 2, 1, "ab");
  CHECK_PRINT ("x", "%c", 'x');
  CHECK_PRINT ("[  x]", "[%3c]", 'x');
  CHECK_PRINT ("b a", "%2$s %1$s", "a", "b");
  CHECK_PRINT ("(nil)", "%p", NULL);
  CHECK_PRINT ("0x1f", "%p", (void *) 0x1f);
}

static void
test_print_numbers (void)
{
  CHECK_PRINT ("-12", "%d", -12);
  CHECK_PRINT ("+12", "%+d", 12);
  CHECK_PRINT (" 12", "% d", 12);
  CHECK_PRINT ("00012", "%05d", 12);
  CHECK_PRINT ("-0012", "%05d", -12);
  CHECK_PRINT ("12   |", "%-5d|", 12);
  CHECK_PRINT ("  012", "%5.3d", 12);
  CHECK_PRINT ("4294967295", "%u", -1);
  CHECK_PRINT ("-9223372036854775808", "%ld", G_MININT64);
  CHECK_PRINT ("18446744073709551615", "%lu", G_MAXUINT64);
  CHECK_PRINT ("18446744073709551615", "%llu", (unsigned long long) G_MAXUINT64);
  CHECK_PRINT ("77", "%zu", (gsize) 77);
  CHECK_PRINT ("123456789012", "%" CURL_FORMAT_CURL_OFF_T, (curl_off_t) 123456789012);
  CHECK_PRINT ("123456789012", "%qd", (curl_off_t) 123456789012);
  CHECK_PRINT ("ff FF 0xff 377", "%x %X %#x %o", 255, 255, 255, 255);
  CHECK_PRINT ("0", "%d", 0);
  CHECK_PRINT ("007f", "%04x", 127);
}

static void
test_print_reals (void)
{
  CHECK_PRINT ("1.500000", "%f", 1.5);
  CHECK_PRINT ("1.5", "%.1f", 1.5);
  CHECK_PRINT ("  2.25", "%6.2f", 2.25);
  CHECK_PRINT ("1.500000e+03", "%e", 1500.0);
  CHECK_PRINT ("1500", "%g", 1500.0);
  CHECK_PRINT ("-0.5|7", "%.1f|%d", -0.5, 7);
  CHECK_PRINT ("2.500000", "%.-3f", 2.5);
  CHECK_PRINT ("2.500000", "%*f", -20, 2.5);
  CHECK_PRINT ("2.5000|", "%.*f|", 4, 2.5);
  CHECK_PRINT ("2.500000|", "%.*f|", -4, 2.5);
}

static void
check_many (guint n,
            int expected)
{
  g_autoptr (GString) format = g_string_new (NULL);
  char buffer[200];

  for (guint i = 0; i < n; i++)
    g_string_append (format, "%%");
  g_assert_cmpint (curl_msnprintf (buffer, sizeof buffer, format->str), ==, expected);
  g_assert_cmpuint (strlen (buffer), ==, expected);
}

static void
test_print_limits (void)
{
  char buffer[6] = "zzzzz";
  int counted = -1;
  char *text;

  g_assert_cmpint (curl_msnprintf (buffer, 5, "%s", "hello world"), ==, 4);
  g_assert_cmpstr (buffer, ==, "hell");
  g_assert_cmpint (curl_msnprintf (buffer, 5, "%s", "hell"), ==, 4);
  g_assert_cmpint (curl_msnprintf (buffer, 1, "%d", 7), ==, 0);
  g_assert_cmpstr (buffer, ==, "");
  strcpy (buffer, "zzzzz");
  g_assert_cmpint (curl_msnprintf (buffer, 0, "x"), ==, 0);
  g_assert_cmpstr (buffer, ==, "zzzzz");
  g_assert_cmpint (curl_msprintf (buffer, "ab%nc", &counted), ==, 3);
  g_assert_cmpint (counted, ==, 2);

  text = curl_maprintf ("%0300d", 1);
  g_assert_cmpuint (strlen (text), ==, 300);
  curl_free (text);
  text = curl_maprintf ("%s", "");
  g_assert_cmpstr (text, ==, "");
  curl_free (text);
  text = curl_maprintf ("%.*f", 400, 1e308);
  g_assert_cmpuint (strlen (text), ==, 325);
  curl_free (text);
  text = curl_maprintf ("%.*f", 1 << 30, 2.75);
  g_assert_cmpuint (strlen (text), ==, 325);
  curl_free (text);
  text = curl_maprintf ("%5000.9000f", 987654321.5);
  g_assert_cmpuint (strlen (text), ==, 325);
  curl_free (text);

  /* 128 conversions are read, one more is refused */
  check_many (128, 128);
  check_many (129, 0);
  g_assert_cmpint (curl_msnprintf (buffer, sizeof buffer, "%1$.2.3d", 1), ==, 0);
  g_assert_cmpint (curl_msnprintf (buffer, sizeof buffer, "a%yb"), ==, 2);
  g_assert_cmpstr (buffer, ==, "ab");

  /* more arguments than anybody writes by hand: refused, not overrun */
  g_assert_cmpint (curl_msnprintf (buffer, sizeof buffer, "%129$d", 1), ==, 0);
  g_assert_cmpint (curl_msnprintf (buffer, sizeof buffer, "%99999999999d", 1), ==, 0);
  g_assert_cmpint (buffer[0], ==, '\0');
}

static void
test_strerror (void)
{
  for (int i = 0; i < CURL_LAST; i++)
    g_assert_nonnull (curl_easy_strerror ((CURLcode) i));
  g_assert_cmpstr (curl_easy_strerror (CURLE_OK), ==, "No error");
  g_assert_cmpstr (curl_easy_strerror (CURLE_OBSOLETE20), ==, "Unknown error");
  g_assert_cmpstr (curl_easy_strerror (CURLE_BAD_FUNCTION_ARGUMENT), ==, "A libcurl function was given a bad argument");
  g_assert_cmpstr (curl_easy_strerror (CURL_LAST), ==, "Unknown error");
  g_assert_cmpstr (curl_easy_strerror ((CURLcode) -1), ==, "Unknown error");
  for (int i = -1; i < CURLM_LAST; i++)
    g_assert_cmpstr (curl_multi_strerror ((CURLMcode) i), !=, "Unknown error");
  g_assert_cmpstr (curl_multi_strerror (CURLM_LAST), ==, "Unknown error");
  for (int i = 0; i < CURLSHE_LAST; i++)
    g_assert_cmpstr (curl_share_strerror ((CURLSHcode) i), !=, "Unknown error");
  g_assert_cmpstr (curl_share_strerror (CURLSHE_LAST), ==, "Unknown error");
  for (int i = 0; i < CURLUE_LAST; i++)
    g_assert_cmpstr (curl_url_strerror ((CURLUcode) i), !=, "Unknown error");
  g_assert_cmpstr (curl_url_strerror (CURLUE_LAST), ==, "Unknown error");
}

static void
test_version (void)
{
  curl_version_info_data *info = curl_version_info (CURLVERSION_NOW);
  gboolean has_http = FALSE, has_https = FALSE;

  g_assert_true (g_str_has_prefix (curl_version (), "libcurl/8."));
  g_assert_nonnull (strstr (curl_version (), "GMulti/"));
  g_assert_cmpstr (info->version, ==, LIBCURL_VERSION);
  g_assert_cmphex (info->version_num, ==, LIBCURL_VERSION_NUM);
  g_assert_cmpint (info->age, ==, CURLVERSION_TWELFTH);
  for (const char *const *p = info->protocols; *p != NULL; p++)
    {
      has_http = has_http || strcmp (*p, "http") == 0;
      has_https = has_https || strcmp (*p, "https") == 0;
    }
  g_assert_true (has_http);
  g_assert_true (has_https);
  g_assert_true (g_str_has_prefix (info->ssl_version, "GnuTLS/"));
  g_assert_cmpint (info->features & CURL_VERSION_SSL, !=, 0);
  for (const char *const *p = info->feature_names; p[0] != NULL && p[1] != NULL; p++)
    g_assert_cmpint (g_ascii_strcasecmp (p[0], p[1]), <, 0);
}

static guint n_mallocs, n_frees, n_reallocs, n_callocs;

static void *
counting_malloc (size_t size)
{
  n_mallocs++;
  return malloc (size);
}

static void
counting_free (void *p)
{
  n_frees++;
  free (p);
}

static char *
counting_strdup (const char *text)
{
  n_mallocs++;
  return strdup (text);
}

static void *
counting_realloc (void *p,
                  size_t size)
{
  n_reallocs++;
  return realloc (p, size);
}

static void *
counting_calloc (size_t n,
                 size_t size)
{
  n_callocs++;
  return calloc (n, size);
}

static void
test_global (void)
{
  const curl_ssl_backend **backends = NULL;
  CURL *easy;
  char *text;

  g_assert_cmpint (curl_global_init_mem (CURL_GLOBAL_ALL, malloc, free, realloc, strdup, NULL), ==, CURLE_FAILED_INIT);
  g_assert_cmpint (curl_global_init_mem (CURL_GLOBAL_ALL, counting_malloc, counting_free, counting_realloc,
                                         counting_strdup, counting_calloc), ==, CURLE_OK);
  text = curl_easy_escape (NULL, "a b", 0);
  g_assert_cmpstr (text, ==, "a%20b");
  g_assert_cmpuint (n_mallocs, ==, 1);
  g_assert_cmpuint (n_reallocs, ==, 1);
  curl_free (text);
  g_assert_cmpuint (n_frees, ==, 1);
  curl_slist_free_all (curl_slist_append (NULL, "x"));
  g_assert_cmpuint (n_mallocs, ==, 3);
  g_assert_cmpuint (n_frees, ==, 3);

  /* too late to change it */
  g_assert_cmpint (curl_global_init_mem (CURL_GLOBAL_ALL, malloc, free, realloc, strdup, calloc), ==, CURLE_OK);
  curl_free (curl_easy_escape (NULL, "a b", 0));
  g_assert_cmpuint (n_mallocs, ==, 4);

  /* handles are the application's, too */
  easy = curl_easy_init ();
  g_assert_cmpuint (n_mallocs + n_callocs, ==, 5);
  n_frees = 0;
  curl_easy_cleanup (easy);
  g_assert_cmpuint (n_frees, >=, 1);

  g_assert_cmpint (curl_global_sslset (CURLSSLBACKEND_OPENSSL, NULL, &backends), ==, CURLSSLSET_UNKNOWN_BACKEND);
  g_assert_nonnull (backends);
  g_assert_nonnull (backends[0]);
  g_assert_cmpint (backends[0]->id, ==, CURLSSLBACKEND_GNUTLS);
  g_assert_cmpstr (backends[0]->name, ==, "gnutls");
  g_assert_null (backends[1]);
  g_assert_cmpint (curl_global_sslset (CURLSSLBACKEND_GNUTLS, NULL, NULL), ==, CURLSSLSET_OK);
  g_assert_cmpint (curl_global_sslset (CURLSSLBACKEND_NONE, "GnuTLS", NULL), ==, CURLSSLSET_OK);
  g_assert_cmpint (curl_global_trace ("all"), ==, CURLE_OK);
  curl_global_cleanup ();
  curl_global_cleanup ();
  curl_global_cleanup ();
}

/* Parts of nothing are mistakes, and nothing else. */
static void
test_mime_mistakes (void)
{
  curl_mime *mime = curl_mime_init (NULL);

  g_assert_cmpint (curl_mime_name (NULL, "x"), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_mime_filename (NULL, "x"), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_mime_type (NULL, "x"), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_mime_encoder (NULL, "base64"), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_mime_data (NULL, "x", 1), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_mime_filedata (NULL, "x"), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_mime_data_cb (NULL, 1, NULL, NULL, NULL, NULL), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_mime_subparts (NULL, mime), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_mime_headers (NULL, NULL, 0), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_null (curl_mime_addpart (NULL));
  curl_mime_free (mime);
  curl_mime_free (NULL);
}

static void
test_absent (void)
{
  size_t n = 5;

  g_assert_cmpint (curl_ws_send (NULL, "", 0, &n, 0, CURLWS_TEXT), ==, CURLE_NOT_BUILT_IN);
  g_assert_cmpuint (n, ==, 0);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  libcurl = dlopen ("/usr/lib/x86_64-linux-gnu/libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  g_test_add_func ("/curl/misc/slist", test_slist);
  g_test_add_func ("/curl/misc/compare", test_compare);
  g_test_add_func ("/curl/misc/getenv", test_getenv);
  g_test_add_func ("/curl/misc/escape", test_escape);
  g_test_add_func ("/curl/misc/unescape", test_unescape);
  g_test_add_func ("/curl/misc/getdate", test_getdate);
  g_test_add_func ("/curl/misc/print-text", test_print_text);
  g_test_add_func ("/curl/misc/print-numbers", test_print_numbers);
  g_test_add_func ("/curl/misc/print-reals", test_print_reals);
  g_test_add_func ("/curl/misc/print-limits", test_print_limits);
  g_test_add_func ("/curl/misc/strerror", test_strerror);
  g_test_add_func ("/curl/misc/version", test_version);
  g_test_add_func ("/curl/misc/mime-mistakes", test_mime_mistakes);
  g_test_add_func ("/curl/misc/absent", test_absent);
  g_test_add_func ("/curl/misc/global", test_global); /* replaces the memory functions for good: the last one */
  return g_test_run ();
}
