/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <curl/curl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "scripted-server.h"

/* A seeded random list of Set-Cookie fields, told by one host, and which cookies then go to which URLs: one line for a
 * request, its cookies sorted (libcurl and RFC 6265bis differ in their order). Built against libcurl and against the C
 * face; cookies.py compares. */

static const char *const hosts[] = { "a.example.com", "b.a.example.com", "example.com", "example.org", "localhost" };
/* Nor "localhost", a suffix that is a host: by the RFC a cookie for it is that host's only, as without a domain. */
static const char *const domains[] = { "a.example.com", ".example.com", "EXAMPLE.com", "b.a.example.com", "com",
                                       ".com",          "xample.com",   "example.org", "127.0.0.1" };
/* Not among them, because libcurl 7.88 does otherwise than the RFC: one that does not begin with a slash (it takes "/"
 * for the default path), one that ends with a slash (it leaves that out). */
static const char *const paths[] = { "/", "/x", "/x/y", "/xy" };
static const char *const targets[] = { "/", "/x", "/x/y", "/xy", "/x/y/z", "/q?x=/x" };
static const char *const names[] = { "a", "b", "c", "__Secure-a", "__Host-b", "d e" };
static const char *const values[] = { "1", "", "v w", "\"q\"", "x=y", "  trimmed  " };
static const char *const ages[] = {
  "; Max-Age=100",
  "; Max-Age=0",
  "; Max-Age=-5",
  "; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
  "; Expires=Sun, 06 Nov 1994 08:49:37 GMT",
  "; Expires=Sunday, 06-Nov-94 08:49:37 GMT",
};

#define PICK(random, array) ((array)[g_rand_int_range ((random), 0, G_N_ELEMENTS (array))])

static gboolean
toss (GRand *random,
      gint of_ten)
{
  return g_rand_int_range (random, 0, 10) < of_ten;
}

static char *
make_fields (GRand *random)
{
  GString *text = g_string_new (NULL);
  gint n = g_rand_int_range (random, 1, 12);

  for (gint i = 0; i < n; i++)
    {
      const char *name = PICK (random, names);

      g_string_append_printf (text, "Set-Cookie: %s=%s", name, PICK (random, values));
      if (toss (random, 4))
        g_string_append_printf (text, "; Domain=%s", PICK (random, domains));
      /* libcurl lets the default path stand for the one that __Host- has to name. */
      if (toss (random, 5) || g_str_has_prefix (name, "__Host-"))
        g_string_append_printf (text, "; %s=%s", toss (random, 5) ? "Path" : "pAtH", PICK (random, paths));
      if (toss (random, 3))
        g_string_append (text, PICK (random, ages));
      if (toss (random, 2))
        g_string_append (text, "; Secure");
      if (toss (random, 2))
        g_string_append (text, "; HttpOnly; SameSite=Lax; Unknown");
      g_string_append (text, "\r\n");
    }

  return g_string_free (text, FALSE);
}

static int
compare (const void *a,
         const void *b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static size_t
forget (char *data,
        size_t size,
        size_t n,
        void *user_data)
{
  return size * n;
}

static void
ask (CURL *easy,
     const char *host,
     const char *target)
{
  g_autofree char *url = g_strdup_printf ("http://%s%s", host, target);
  CURLcode code;

  curl_easy_setopt (easy, CURLOPT_URL, url);
  code = curl_easy_perform (easy);
  if (code != CURLE_OK)
    g_print ("failed: %d\n", (int) code);
}

static void
tell (ScriptedServer *server,
      const char *host,
      const char *target)
{
  const ScriptedRequest *request = scripted_server_request (server, scripted_server_n_requests (server) - 1);
  const char *sent = scripted_request_header (request, "Cookie");
  g_auto (GStrv) cookies = g_strsplit (sent != NULL ? sent : "", "; ", -1);
  g_autofree char *joined = NULL;

  qsort (cookies, g_strv_length (cookies), sizeof *cookies, compare);
  joined = g_strjoinv ("; ", cookies);
  g_print ("  %s%s: %s\n", host, target, joined);
}

static void
play (ScriptedServer *server,
      guint32 seed)
{
  GRand *random = g_rand_new_with_seed (seed);
  const char *host = PICK (random, hosts);
  const char *target = PICK (random, targets);
  g_autofree char *fields = make_fields (random);
  g_autofree char *head = g_strdup_printf ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n%s\r\n", fields);
  g_autofree char *everywhere = g_strdup_printf ("::127.0.0.1:%u", scripted_server_port (server));
  struct curl_slist *to = curl_slist_append (NULL, everywhere);
  CURL *easy = curl_easy_init ();
  g_auto (GStrv) lines = g_strsplit (fields, "\r\n", -1);
  g_autofree char *fields_text = g_strjoinv (" | ", lines);

  g_print ("seed %u: %s%s %s\n", seed, host, target, fields_text);
  curl_easy_setopt (easy, CURLOPT_CONNECT_TO, to);
  curl_easy_setopt (easy, CURLOPT_COOKIEFILE, "");
  curl_easy_setopt (easy, CURLOPT_TIMEOUT_MS, 20000L);
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, forget);
  scripted_server_on (server, "*", scripted_answer_exact (head));
  ask (easy, host, target);
  scripted_server_on (server, "*", scripted_answer_text (200, NULL, ""));
  for (guint h = 0; h < G_N_ELEMENTS (hosts); h++)
    {
      for (guint t = 0; t < G_N_ELEMENTS (targets); t++)
        {
          ask (easy, hosts[h], targets[t]);
          tell (server, hosts[h], targets[t]);
        }
    }

  curl_easy_cleanup (easy);
  curl_slist_free_all (to);
  g_rand_free (random);
}

int
main (int argc,
      char **argv)
{
  guint32 first = argc > 1 ? (guint32) strtoul (argv[1], NULL, 10) : 1;
  guint32 last = argc > 2 ? (guint32) strtoul (argv[2], NULL, 10) : 20;

  for (guint32 seed = first; seed <= last; seed++)
    {
      g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);

      play (server, seed);
    }

  return 0;
}
