/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is answered to each option with each odd value, to each info before anything happened, and to calls that make no
 * sense: one line each. Compiled twice, against the system's libcurl and against the C face; values.py compares. */
#define CURL_DISABLE_DEPRECATION /* what programs still use */
#define CURL_DISABLE_TYPECHECK /* what is wrong here is meant to be */
#define CURL_ALLOW_OLD_MULTI_SOCKET
#include <curl/curl.h>
#include <glib.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const long numbers[] = { 0, 1, 2, 3, 7, 100, -1, -2, 65535, 65536, 1000000, INT_MAX, LONG_MAX, LONG_MIN };
static const char *const texts[] = {
  NULL, "", "x", "http", "all", "http,foo", "foo", "*", "a,b", "1", "-1", "127.0.0.1", "/nonexistent", "sha256//AAAA", "TLSv1.3", "a:b", "\n",
};

static void
say (const char *what, const char *value, int code)
{
  g_autofree char *escaped = g_strescape (value, NULL);

  printf ("%s %s = %d\n", what, escaped, code);
}

static void
try_numbers (const struct curl_easyoption *option)
{
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      CURL *easy = curl_easy_init ();
      g_autofree char *value = g_strdup_printf ("%ld", numbers[i]);

      say (option->name, value, option->type == CURLOT_OFF_T
           ? (int) curl_easy_setopt (easy, option->id, (curl_off_t) numbers[i])
           : (int) curl_easy_setopt (easy, option->id, numbers[i]));
      curl_easy_cleanup (easy);
    }
}

/* A long text last: longer than an option may be. */
static void
try_texts (const struct curl_easyoption *option)
{
  g_autofree char *huge = g_strnfill (8 * 1024 * 1024 + 1, 'x');
  g_autofree char *allowed = g_strnfill (100000, 'x');

  for (guint i = 0; i < G_N_ELEMENTS (texts) + 2; i++)
    {
      CURL *easy = curl_easy_init ();
      const char *text = i < G_N_ELEMENTS (texts) ? texts[i] : i == G_N_ELEMENTS (texts) ? allowed : huge;
      const char *name = i < G_N_ELEMENTS (texts) ? text != NULL ? text : "(null)" : text == huge ? "(huge)" : "(long)";

      say (option->name, name, curl_easy_setopt (easy, option->id, text));
      curl_easy_cleanup (easy);
    }
}

static void
try_pointers (const struct curl_easyoption *option)
{
  CURL *easy = curl_easy_init ();
  struct curl_blob empty = { NULL, 0, CURL_BLOB_COPY }, small = { (void *) "abc", 3, CURL_BLOB_NOCOPY };
  struct curl_slist *list = curl_slist_append (NULL, "X: y");

  say (option->name, "(null)", curl_easy_setopt (easy, option->id, NULL));
  if (option->type == CURLOT_SLIST)
    say (option->name, "list", curl_easy_setopt (easy, option->id, list));
  if (option->type == CURLOT_BLOB)
    {
      say (option->name, "empty", curl_easy_setopt (easy, option->id, &empty));
      say (option->name, "small", curl_easy_setopt (easy, option->id, &small));
    }
  if (option->type == CURLOT_CBPTR)
    say (option->name, "pointer", curl_easy_setopt (easy, option->id, (void *) &small));
  curl_easy_cleanup (easy);
  curl_slist_free_all (list);
}

static void
try_options (void)
{
  for (const struct curl_easyoption *o = curl_easy_option_next (NULL); o != NULL; o = curl_easy_option_next (o))
    {
      /* POSTFIELDS points at what it is given. */
      if (o->type == CURLOT_LONG || o->type == CURLOT_VALUES || o->type == CURLOT_OFF_T)
        try_numbers (o);
      else if (o->type == CURLOT_STRING)
        try_texts (o);
      else
        try_pointers (o);
    }
}

static void
say_text (const char *what, int code, const char *text)
{
  printf ("%s = %d %s\n", what, code, text != NULL ? text : "(null)");
}

static void
try_info (CURL *easy, CURLINFO id)
{
  g_autofree char *name = g_strdup_printf ("info %x", (guint) id);
  g_autofree char *text = NULL;
  union
  {
    const char *text;
    long number;
    double real;
    curl_off_t offset;
    void *pointer;
  } value = { .offset = -77 };
  int code = (int) curl_easy_getinfo (easy, id, &value);

  switch (id & CURLINFO_TYPEMASK)
    {
    case CURLINFO_STRING: text = g_strdup (code == 0 ? value.text : "-"); break;
    case CURLINFO_LONG: text = g_strdup_printf ("%ld", value.number); break;
    case CURLINFO_DOUBLE: text = g_strdup_printf ("%.0f", code == 0 ? value.real : 0); break;
    case CURLINFO_OFF_T: text = g_strdup_printf ("%lld", (long long) value.offset); break;
    default: text = g_strdup (code == 0 && value.pointer != NULL ? "some" : "none"); break;
    }
  if ((id & CURLINFO_TYPEMASK) == CURLINFO_SOCKET && code == 0)
    text = (g_free (text), g_strdup (value.number == -1 || (int) value.number == -1 ? "bad" : "some"));
  say_text (name, code, text);
}

static void
try_infos (void)
{
  CURL *easy = curl_easy_init ();

  for (guint type = CURLINFO_STRING; type <= CURLINFO_OFF_T; type += 0x100000)
    for (guint i = 0; i < 72; i++)
      {
        /* Lists that would have to be freed: cookies and engines; there are none of either. */
        if (type == CURLINFO_SLIST && (i == 27 || i == 28))
          continue;
        try_info (easy, (CURLINFO) (type + i));
      }
  curl_easy_cleanup (easy);
}

static void
try_multi_options (void)
{
  static const struct
  {
    CURLMoption id;
    const char *name;
  } options[] = {
    { CURLMOPT_PIPELINING, "multi PIPELINING" }, { CURLMOPT_MAXCONNECTS, "multi MAXCONNECTS" },
    { CURLMOPT_MAX_HOST_CONNECTIONS, "multi MAX_HOST" }, { CURLMOPT_MAX_PIPELINE_LENGTH, "multi MAX_PIPELINE" },
    { CURLMOPT_MAX_TOTAL_CONNECTIONS, "multi MAX_TOTAL" }, { CURLMOPT_MAX_CONCURRENT_STREAMS, "multi MAX_STREAMS" },
    { CURLMOPT_CONTENT_LENGTH_PENALTY_SIZE, "multi LENGTH_PENALTY" }, { CURLMOPT_CHUNK_LENGTH_PENALTY_SIZE, "multi CHUNK_PENALTY" },
    { (CURLMoption) 999, "multi 999" }, { (CURLMoption) 0, "multi 0" }, { (CURLMoption) 10099, "multi 10099" },
    { (CURLMoption) 20099, "multi 20099" },
  };
  static const CURLMoption pointers[] = {
    CURLMOPT_SOCKETFUNCTION, CURLMOPT_SOCKETDATA, CURLMOPT_TIMERFUNCTION, CURLMOPT_TIMERDATA, CURLMOPT_PUSHFUNCTION,
    CURLMOPT_PUSHDATA, CURLMOPT_PIPELINING_SITE_BL, CURLMOPT_PIPELINING_SERVER_BL,
  };

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    for (guint j = 0; j < G_N_ELEMENTS (numbers); j++)
      {
        CURLM *multi = curl_multi_init ();
        g_autofree char *value = g_strdup_printf ("%ld", numbers[j]);

        say (options[i].name, value, curl_multi_setopt (multi, options[i].id, numbers[j]));
        say (options[i].name, "cleanup", curl_multi_cleanup (multi));
      }
  for (guint i = 0; i < G_N_ELEMENTS (pointers); i++)
    {
      CURLM *multi = curl_multi_init ();
      g_autofree char *value = g_strdup_printf ("pointer %d", (int) pointers[i]);

      say ("multi", value, curl_multi_setopt (multi, pointers[i], NULL));
      curl_multi_cleanup (multi);
    }
}

static void
try_share_options (void)
{
  CURLSH *share = curl_share_init ();

  for (int i = -1; i < 12; i++)
    {
      g_autofree char *value = g_strdup_printf ("%d", i);

      say ("share SHARE", value, curl_share_setopt (share, CURLSHOPT_SHARE, i));
    }
  for (int i = -1; i < 12; i++)
    {
      g_autofree char *value = g_strdup_printf ("%d", i);

      say ("share UNSHARE", value, curl_share_setopt (share, CURLSHOPT_UNSHARE, i));
    }
  say ("share LOCKFUNC", "(null)", curl_share_setopt (share, CURLSHOPT_LOCKFUNC, NULL));
  say ("share UNLOCKFUNC", "(null)", curl_share_setopt (share, CURLSHOPT_UNLOCKFUNC, NULL));
  say ("share USERDATA", "(null)", curl_share_setopt (share, CURLSHOPT_USERDATA, NULL));
  say ("share option", "77", curl_share_setopt (share, (CURLSHoption) 77, 1));
  say ("share option", "0", curl_share_setopt (share, (CURLSHoption) 0, 1));
  say ("share (null)", "option", curl_share_setopt (NULL, CURLSHOPT_SHARE, 1));
  say ("share", "cleanup", curl_share_cleanup (share));
  say ("share (null)", "cleanup", curl_share_cleanup (NULL));
}

static void
try_share_in_use (void)
{
  CURLSH *share = curl_share_init ();
  CURL *easy = curl_easy_init ();

  say ("share", "join", curl_easy_setopt (easy, CURLOPT_SHARE, share));
  say ("share in use", "SHARE", curl_share_setopt (share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS));
  say ("share in use", "UNSHARE", curl_share_setopt (share, CURLSHOPT_UNSHARE, CURL_LOCK_DATA_DNS));
  say ("share in use", "LOCKFUNC", curl_share_setopt (share, CURLSHOPT_LOCKFUNC, NULL));
  say ("share in use", "cleanup", curl_share_cleanup (share));
  say ("share", "leave", curl_easy_setopt (easy, CURLOPT_SHARE, NULL));
  say ("share left", "cleanup", curl_share_cleanup (share));
  curl_easy_cleanup (easy);
}

static void
try_easy_misuse (void)
{
  CURL *easy = curl_easy_init ();
  size_t n = 77;
  char buffer[10];
  int out_length = -77;
  char *text;

  say ("easy (null)", "setopt", curl_easy_setopt (NULL, CURLOPT_URL, "x"));
  say ("easy (null)", "perform", curl_easy_perform (NULL));
  say ("easy (null)", "getinfo", curl_easy_getinfo (NULL, CURLINFO_RESPONSE_CODE, &n));
  say ("easy (null)", "pause", curl_easy_pause (NULL, CURLPAUSE_ALL));
  say ("easy (null)", "duphandle", easy == NULL || curl_easy_duphandle (easy) == NULL);
  say ("easy new", "perform", curl_easy_perform (easy));
  say ("easy new", "pause", curl_easy_pause (easy, CURLPAUSE_ALL));
  say ("easy new", "pause cont", curl_easy_pause (easy, CURLPAUSE_CONT));
  say ("easy new", "recv", curl_easy_recv (easy, buffer, sizeof buffer, &n));
  say ("easy new", "send", curl_easy_send (easy, buffer, sizeof buffer, &n));
  say ("easy new", "upkeep", curl_easy_upkeep (easy));
  say ("easy", "option 0", curl_easy_setopt (easy, (CURLoption) 0, 1L));
  say ("easy", "option 12345", curl_easy_setopt (easy, (CURLoption) 12345, NULL));
  say ("easy", "option -1", curl_easy_setopt (easy, (CURLoption) -1, NULL));
  text = curl_easy_escape (easy, "a b", -1);
  say_text ("escape -1", 0, text);
  curl_free (text);
  text = curl_easy_escape (easy, "", 0);
  say_text ("escape empty", 0, text);
  curl_free (text);
  text = curl_easy_unescape (easy, "a%20%zz%", 0, &out_length);
  say_text ("unescape", out_length, text);
  curl_free (text);
  text = curl_easy_unescape (easy, "a%00b", 0, &out_length);
  say_text ("unescape zero", out_length, text);
  curl_free (text);
  curl_easy_cleanup (easy);
  curl_easy_cleanup (NULL);
}

static void
try_urls (void)
{
  static const char *const urls[] = {
    "", "x://", "http://", "http:///", "://", "http://a b/", "http://%zz/", "http://[::1", "http://host:99999/", "http://host:-1/",
    "http://host:port/", "file://", "file:///nonexistent-file", "ftp://127.0.0.1:1/", "unheard://x/", "http://127.0.0.1:1/",
    "http://nosuch.invalid/", "http://user@:80/", "http://./", "http://..", "http://a..b:1/", "http://1.2.3.4.5:1/", "http://256.1.1.1:1/",
  };

  for (guint i = 0; i < G_N_ELEMENTS (urls); i++)
    {
      CURL *easy = curl_easy_init ();

      curl_easy_setopt (easy, CURLOPT_URL, urls[i]);
      curl_easy_setopt (easy, CURLOPT_PROXY, "");
      curl_easy_setopt (easy, CURLOPT_TIMEOUT_MS, 5000L);
      say ("url", urls[i], curl_easy_perform (easy));
      curl_easy_cleanup (easy);
    }
}

static void
try_multi_misuse (void)
{
  CURLM *multi = curl_multi_init ();
  CURLM *other = curl_multi_init ();
  CURL *easy = curl_easy_init ();
  struct curl_waitfd wait = { 0, 0, 0 };
  fd_set in, out, error;
  int n = -77;

  FD_ZERO (&in);
  FD_ZERO (&out);
  FD_ZERO (&error);
  say ("multi (null)", "add", curl_multi_add_handle (NULL, easy));
  say ("multi (null)", "remove", curl_multi_remove_handle (NULL, easy));
  say ("multi (null)", "perform", curl_multi_perform (NULL, &n));
  say ("multi (null)", "fdset", curl_multi_fdset (NULL, &in, &out, &error, &n));
  say ("multi (null)", "wait", curl_multi_wait (NULL, NULL, 0, 0, &n));
  say ("multi (null)", "poll", curl_multi_poll (NULL, NULL, 0, 0, &n));
  say ("multi (null)", "wakeup", curl_multi_wakeup (NULL));
  say ("multi (null)", "cleanup", curl_multi_cleanup (NULL));
  say ("multi (null)", "info_read", curl_multi_info_read (NULL, &n) != NULL);
  say ("multi", "add (null)", curl_multi_add_handle (multi, NULL));
  say ("multi", "remove (null)", curl_multi_remove_handle (multi, NULL));
  say ("multi", "add the multi", curl_multi_add_handle (multi, (CURL *) multi));
  say ("multi", "perform a stranger", curl_multi_perform ((CURLM *) easy, &n));
  say ("multi", "remove a stranger", curl_multi_remove_handle (multi, easy));
  say ("multi", "add", curl_multi_add_handle (multi, easy));
  say ("multi", "add twice", curl_multi_add_handle (multi, easy));
  say ("multi", "add to another", curl_multi_add_handle (other, easy));
  say ("multi", "remove from another", curl_multi_remove_handle (other, easy));
  say ("multi", "easy perform", curl_easy_perform (easy));
  say ("multi", "assign nothing", curl_multi_assign (multi, 3, NULL));
  say ("multi", "socket_action of a stranger", curl_multi_socket_action (multi, 3, CURL_CSELECT_IN, &n));
  say ("multi", "wait with negative time", curl_multi_wait (multi, NULL, 0, -1, &n));
  say ("multi", "poll with negative time", curl_multi_poll (multi, NULL, 0, -1, &n));
  say ("multi", "poll with fd of nothing", curl_multi_poll (multi, &wait, 1, 0, NULL));
  say ("multi", "remove", curl_multi_remove_handle (multi, easy));
  say ("multi", "remove twice", curl_multi_remove_handle (multi, easy));
  say ("multi", "cleanup", curl_multi_cleanup (multi));
  say ("multi", "cleanup other", curl_multi_cleanup (other));
  curl_easy_cleanup (easy);
}

int
main (void)
{
  curl_global_init (CURL_GLOBAL_DEFAULT);
  try_options ();
  try_infos ();
  try_multi_options ();
  try_share_options ();
  try_share_in_use ();
  try_easy_misuse ();
  try_multi_misuse ();
  try_urls ();
  curl_global_cleanup ();
  return 0;
}
