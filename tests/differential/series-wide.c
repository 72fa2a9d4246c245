/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define CURL_DISABLE_DEPRECATION /* what programs still use */
#include "series.h"
#include "server-tls.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
note (Handle *handle, const char *what, long number)
{
  record_line (handle->series->record, (int) handle->transfer->index, "%s %ld", what, number);
}

/* ---- what is told ---- */

/* Numbers that differ from run to run, or are counted otherwise, left out. */
static char *
without_numbers (const char *text)
{
  static const char *const patterns[] = {
    "0x[0-9a-f]+", "#[0-9]+", "[0-9]+ (ms|milliseconds)", "^Closing connection -?[0-9]+",
    /* The plan's own ports are read as such elsewhere; these are the client's. */
    "local port [0-9]+", "cnonce=\"[^\"]*\"", "port 2[0-9]{4}",
  };
  static const char *const readings[] = { "0x", "#N", "N ms", "Closing connection #N", "local port N", "cnonce=N", "port N" };
  char *result = g_strdup (text);

  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    {
      g_autoptr (GRegex) regex = g_regex_new (patterns[i], 0, 0, NULL);
      char *read = g_regex_replace_literal (regex, result, -1, 0, readings[i], 0, NULL);

      if (read == NULL)
        continue;
      g_free (result);
      result = read;
    }
  return result;
}

/* The lines that people look for; the others are each version's own. */
static gboolean
is_well_known (const char *line)
{
  static const char *const known[] = {
    "Connected to ", "Connection #", "Closing connection", "Re-using existing", "Issue another request", "CONNECT tunnel established",
    "Could not resolve", "Failed to connect", "The requested URL returned error", "Operation timed out", "Recv failure",
    "Empty reply", "Connection timed out", "Maximum file size", "transfer closed",
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_has_prefix (line, known[i]))
      return TRUE;
  return FALSE;
}

static void
note_header_out (Handle *handle, const char *data, size_t size)
{
  g_autofree char *line = g_strndup (data, MIN (size, strcspn (data, "\r\n")));

  record_line (handle->series->record, (int) handle->transfer->index, "v> %s%s", line,
               size >= 4 && memcmp (data + size - 4, "\r\n\r\n", 4) == 0 ? "" : " in pieces");
}

static int
debug_cb (CURL *easy, curl_infotype type, char *data, size_t size, void *user_data)
{
  Handle *handle = user_data;
  g_autofree char *text = g_strndup (data, size);
  g_autofree char *line = NULL;

  if (easy != handle->easy)
    note (handle, "breach: a strange handle in debug", 0);
  switch (type)
    {
    case CURLINFO_TEXT:
      if (!is_well_known (text))
        break;
      line = without_numbers (g_strchomp (text));
      g_string_append_printf (handle->texts, "%s\n", line);
      break;
    case CURLINFO_HEADER_IN:
      record_line (handle->series->record, (int) handle->transfer->index, "v< %s", text);
      break;
    case CURLINFO_HEADER_OUT:
      note_header_out (handle, text, size);
      break;
    case CURLINFO_DATA_IN:
      handle->debug_bytes[0] += size;
      break;
    case CURLINFO_DATA_OUT:
      handle->debug_bytes[1] += size;
      break;
    case CURLINFO_SSL_DATA_IN:
    case CURLINFO_SSL_DATA_OUT:
      /* The records are the TLS library's own. */
      if (handle->transfer->wide.theme >= PLAN_THEME_TLS)
        break;
      note (handle, "debug of type", (long) type);
      break;
    case CURLINFO_END:
    default:
      note (handle, "debug of type", (long) type);
      break;
    }
  return 0;
}

/* ---- sockets ---- */

static curl_socket_t
opensocket_cb (void *user_data, curlsocktype purpose, struct curl_sockaddr *address)
{
  Handle *handle = user_data;

  record_line (handle->series->record, (int) handle->transfer->index, "opensocket purpose %d family %d type %d size %u",
               (int) purpose, address->family, address->socktype & 0xf, address->addrlen);
  if (handle->transfer->wide.hooks.opensocket > 0)
    return CURL_SOCKET_BAD;
  handle->n_sockets++;
  return socket (address->family, address->socktype, address->protocol);
}

static int
closesocket_cb (void *user_data, curl_socket_t fd)
{
  /* Connections outlive transfers, and when they go is no promise. */
  (void) user_data;
  return close (fd);
}

static int
sockopt_cb (void *user_data, curl_socket_t fd, curlsocktype purpose)
{
  static const int answers[] = { CURL_SOCKOPT_OK, CURL_SOCKOPT_OK, CURL_SOCKOPT_ERROR, CURL_SOCKOPT_ALREADY_CONNECTED };
  Handle *handle = user_data;
  int answer = answers[handle->transfer->wide.hooks.sockopt];

  if (answer == CURL_SOCKOPT_ALREADY_CONNECTED)
    {
      struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };

      address.sin_port = htons ((guint16) handle->series->plan->port);
      if (connect (fd, (struct sockaddr *) &address, sizeof address) != 0)
        g_debug ("not at once");
    }
  record_line (handle->series->record, (int) handle->transfer->index, "sockopt purpose %d, answers %d", (int) purpose, answer);
  return answer;
}

static int
prereq_cb (void *user_data, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
  Handle *handle = user_data;

  record_line (handle->series->record, (int) handle->transfer->index, "prereq %s %d from %s %s", remote_ip, remote_port, local_ip,
               local_port > 0 ? "some port" : "no port");
  return handle->transfer->wide.hooks.prereq > 0 ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static int
resolver_cb (void *state, void *reserved, void *user_data)
{
  Handle *handle = user_data;

  (void) state;
  note (handle, "resolver starts", reserved == NULL ? 0 : 1);
  return handle->transfer->wide.hooks.resolver > 0;
}

static CURLSTScode
hstsread_cb (CURL *easy, struct curl_hstsentry *entry, void *user_data)
{
  Handle *handle = user_data;

  (void) easy;
  note (handle, "hsts is read, answers", handle->transfer->wide.hooks.hsts);
  if (handle->transfer->wide.hooks.hsts == 2)
    return CURLSTS_FAIL;
  if (handle->transfer->wide.hooks.hsts == 0 || handle->part_at[3]++ > 0)
    return CURLSTS_DONE;
  g_strlcpy (entry->name, "one.test", entry->namelen);
  entry->includeSubDomains = 1;
  g_strlcpy (entry->expire, "20380101 00:00:00", sizeof entry->expire);
  return CURLSTS_OK;
}

static CURLSTScode
hstswrite_cb (CURL *easy, struct curl_hstsentry *entry, struct curl_index *index, void *user_data)
{
  Handle *handle = user_data;

  (void) easy;
  record_line (handle->series->record, RECORD_WHOLE, "hsts is written: %s %d %s %ld of %ld", entry->name,
               (int) entry->includeSubDomains, entry->expire, (long) index->index, (long) index->total);
  return CURLSTS_OK;
}

static int
trailer_cb (struct curl_slist **list, void *user_data)
{
  Handle *handle = user_data;

  note (handle, "trailers are asked for, answers", handle->transfer->wide.hooks.trailer);
  *list = curl_slist_append (*list, "X-Trailer: one");
  *list = curl_slist_append (*list, "no colon");
  *list = curl_slist_append (*list, "X-Second: two");
  return handle->transfer->wide.hooks.trailer > 0 ? CURL_TRAILERFUNC_ABORT : CURL_TRAILERFUNC_OK;
}

static void
set_hooks (Handle *handle)
{
  const PlanHooks *hooks = &handle->transfer->wide.hooks;
  CURL *easy = handle->easy;

  if (hooks->sockopt >= 0)
    {
      curl_easy_setopt (easy, CURLOPT_SOCKOPTFUNCTION, sockopt_cb);
      curl_easy_setopt (easy, CURLOPT_SOCKOPTDATA, handle);
    }
  if (hooks->opensocket >= 0)
    {
      curl_easy_setopt (easy, CURLOPT_OPENSOCKETFUNCTION, opensocket_cb);
      curl_easy_setopt (easy, CURLOPT_OPENSOCKETDATA, handle);
    }
  if (hooks->closesocket >= 0)
    curl_easy_setopt (easy, CURLOPT_CLOSESOCKETFUNCTION, closesocket_cb);
  if (hooks->prereq >= 0)
    {
      curl_easy_setopt (easy, CURLOPT_PREREQFUNCTION, prereq_cb);
      curl_easy_setopt (easy, CURLOPT_PREREQDATA, handle);
    }
  if (hooks->resolver >= 0)
    {
      curl_easy_setopt (easy, CURLOPT_RESOLVER_START_FUNCTION, resolver_cb);
      curl_easy_setopt (easy, CURLOPT_RESOLVER_START_DATA, handle);
    }
  if (hooks->hsts >= 0)
    {
      curl_easy_setopt (easy, CURLOPT_HSTSREADFUNCTION, hstsread_cb);
      curl_easy_setopt (easy, CURLOPT_HSTSREADDATA, handle);
      curl_easy_setopt (easy, CURLOPT_HSTSWRITEFUNCTION, hstswrite_cb);
      curl_easy_setopt (easy, CURLOPT_HSTSWRITEDATA, handle);
    }
  if (hooks->trailer >= 0)
    {
      curl_easy_setopt (easy, CURLOPT_TRAILERFUNCTION, trailer_cb);
      curl_easy_setopt (easy, CURLOPT_TRAILERDATA, handle);
    }
}

/* ---- shares ---- */

static void
lock_cb (CURL *easy, curl_lock_data data, curl_lock_access access, void *user_data)
{
  Series *series = user_data;

  (void) easy;
  (void) access;
  if (data >= CURL_LOCK_DATA_LAST || series->locks[data]++ != 0)
    record_line (series->record, RECORD_WHOLE, "breach: locked twice");
}

static void
unlock_cb (CURL *easy, curl_lock_data data, void *user_data)
{
  Series *series = user_data;

  (void) easy;
  if (data >= CURL_LOCK_DATA_LAST || --series->locks[data] != 0)
    record_line (series->record, RECORD_WHOLE, "breach: unlocked without a lock");
}

void
series_wide_start (Series *series)
{
  if (series->plan->theme == PLAN_THEME_NONE)
    return;
  series->share = curl_share_init ();
  curl_share_setopt (series->share, CURLSHOPT_LOCKFUNC, lock_cb);
  curl_share_setopt (series->share, CURLSHOPT_UNLOCKFUNC, unlock_cb);
  curl_share_setopt (series->share, CURLSHOPT_USERDATA, series);
  curl_share_setopt (series->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
  if (series->plan->seed % 4 == 0)
    curl_share_setopt (series->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  if (series->plan->seed % 8 == 0)
    curl_share_setopt (series->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
}

void
series_wide_end (Series *series)
{
  CURLSHcode code;

  if (series->share == NULL)
    return;
  code = curl_share_cleanup (series->share);
  if (code != CURLSHE_OK)
    g_error ("the share is in use still: %d", (int) code);
}

/* ---- a transfer ---- */

void
handle_wide_prepare (Handle *handle)
{
  const PlanWide *wide = &handle->transfer->wide;

  if (wide->theme == PLAN_THEME_NONE)
    return;
  if (handle->texts == NULL)
    handle->texts = g_string_new (NULL);
  g_string_truncate (handle->texts, 0);
  memset (handle->debug_bytes, 0, sizeof handle->debug_bytes);
  memset (handle->part_at, 0, sizeof handle->part_at);
  curl_easy_setopt (handle->easy, CURLOPT_VERBOSE, wide->verbose ? 1L : 0L);
  curl_easy_setopt (handle->easy, CURLOPT_DEBUGFUNCTION, debug_cb);
  curl_easy_setopt (handle->easy, CURLOPT_DEBUGDATA, handle);
  curl_easy_setopt (handle->easy, CURLOPT_SHARE, wide->share ? handle->series->share : NULL);
  set_hooks (handle);
  if (wide->theme == PLAN_THEME_MIME || wide->theme == PLAN_THEME_LINES)
    handle_add_parts (handle);
  if (wide->theme == PLAN_THEME_TLS)
    handle_tls_prepare (handle);
  if (wide->theme == PLAN_THEME_RARE)
    handle_rare_prepare (handle);
  if (wide->theme == PLAN_THEME_HTTP2)
    curl_easy_setopt (handle->easy, CURLOPT_CAINFO, server_tls_get_file (SERVER_TLS_AUTHORITY));
}

static void
note_headers (Handle *handle)
{
  static const char *const names[] = { "content-type", "x-one", "X-Two", "set-cookie", "none such" };
  int transfer = (int) handle->transfer->index;
  struct curl_header *header = NULL;

  while ((header = curl_easy_nextheader (handle->easy, CURLH_HEADER | CURLH_TRAILER | CURLH_CONNECT | CURLH_1XX | CURLH_PSEUDO, -1, header)) != NULL)
    record_line (handle->series->record, transfer, "header %s=%s %zu of %zu from %u", header->name, header->value, header->index,
                 header->amount, header->origin & ~(1u << 27));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      CURLHcode code = curl_easy_header (handle->easy, names[i], 0, CURLH_HEADER, -1, &header);

      record_line (handle->series->record, transfer, "header %s answers %d %s", names[i], (int) code,
                   code == CURLHE_OK ? header->value : "");
    }
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static char *
cookie_line (const char *text)
{
  g_auto (GStrv) fields = g_strsplit (text, "\t", -1);

  if (g_strv_length (fields) < 5)
    return g_strdup (text);
  /* The default path of libcurl 7.88 goes on to the slash (RFC 6265, 5.1.4: it ends before it). */
  if (strlen (fields[2]) > 1 && g_str_has_suffix (fields[2], "/"))
    fields[2][strlen (fields[2]) - 1] = '\0';
  /* Counted from now, if it was a max-age, and kept for 400 days at most. */
  if (strlen (fields[4]) > 1)
    g_strlcpy (fields[4], "?", 2);
  return g_strjoinv (" ", fields);
}

static void
note_cookies (Handle *handle)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  struct curl_slist *list = NULL;

  curl_easy_getinfo (handle->easy, CURLINFO_COOKIELIST, &list);
  for (struct curl_slist *at = list; at != NULL; at = at->next)
    g_ptr_array_add (texts, cookie_line (at->data));
  curl_slist_free_all (list);
  g_ptr_array_sort (texts, compare_texts);
  for (guint i = 0; i < texts->len; i++)
    record_line (handle->series->record, (int) handle->transfer->index, "cookie %s", (char *) g_ptr_array_index (texts, i));
}

static void
note_more_infos (Handle *handle)
{
  static const struct
  {
    CURLINFO id;
    const char *name;
  } infos[] = {
    { CURLINFO_PROXY_ERROR, "proxy-error" },
    { CURLINFO_SSL_VERIFYRESULT, "ssl-verifyresult" },
    { CURLINFO_PROXY_SSL_VERIFYRESULT, "proxy-ssl-verifyresult" },
    { CURLINFO_RTSP_CSEQ_RECV, "rtsp" },
  };
  int transfer = (int) handle->transfer->index;
  struct curl_certinfo *certinfo = NULL;
  curl_socket_t fd = -77;
  curl_off_t size = -77;
  double number = -77;
  long port = -77, value = -77;

  for (guint i = 0; i < G_N_ELEMENTS (infos); i++)
    {
      curl_easy_getinfo (handle->easy, infos[i].id, &value);
      record_line (handle->series->record, transfer, "%s: %ld", infos[i].name, value);
    }
  curl_easy_getinfo (handle->easy, CURLINFO_LOCAL_PORT, &port);
  record_line (handle->series->record, transfer, "local-port: %s", port > 0 ? "some" : port == 0 ? "none" : "odd");
  curl_easy_getinfo (handle->easy, CURLINFO_ACTIVESOCKET, &fd);
  record_line (handle->series->record, transfer, "active-socket: %s", fd >= 0 ? "some" : "none");
  curl_easy_getinfo (handle->easy, CURLINFO_SIZE_DOWNLOAD, &number);
  curl_easy_getinfo (handle->easy, CURLINFO_SIZE_DOWNLOAD_T, &size);
  if ((curl_off_t) number != size)
    record_line (handle->series->record, transfer, "breach: %.0f as a double is %" CURL_FORMAT_CURL_OFF_T, number, size);
  curl_easy_getinfo (handle->easy, CURLINFO_CERTINFO, &certinfo);
  record_line (handle->series->record, transfer, "certificates: %d", certinfo != NULL ? certinfo->num_of_certs : -1);
}

/* A request by hand over the connection that is left to us. Its answer is not awaited: the server of the series moves
 * between our calls, not within. */
static void
note_raw (Handle *handle)
{
  g_autofree char *request = g_strdup_printf ("GET /t%u/0 HTTP/1.1\r\nHost: raw\r\n\r\n", handle->transfer->index);
  size_t n = 0;
  char buffer[100];
  CURLcode code = curl_easy_recv (handle->easy, buffer, sizeof buffer, &n);

  note (handle, "recv before anything answers", (long) code);
  code = curl_easy_send (handle->easy, request, strlen (request), &n);
  note (handle, "send answers", (long) code);
  note (handle, "sent", code == CURLE_OK ? (long) n : 0);
  for (guint i = 0; code == CURLE_OK && i < 100; i++)
    {
      server_read (handle->series->server);
      if (!server_step (handle->series->server, i))
        break;
    }
  for (guint i = 0; i < 5; i++)
    {
      n = 0;
      code = curl_easy_recv (handle->easy, buffer, 20, &n);
      record_line (handle->series->record, (int) handle->transfer->index, "recv answers %d, %zu", (int) code, n);
    }
}

void
handle_wide_end (Handle *handle, CURLcode result)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  int transfer = (int) handle->transfer->index;

  if (handle->transfer->wide.theme == PLAN_THEME_NONE)
    return;
  text = without_numbers (handle->error);
  record_line (handle->series->record, transfer, "error: %s", text);
  note_headers (handle);
  note_cookies (handle);
  note_more_infos (handle);
  if (handle->transfer->wide.theme == PLAN_THEME_RARE)
    handle_rare_end (handle);
  if (handle->transfer->wide.theme == PLAN_THEME_RAW)
    note_raw (handle);
  if (!handle->transfer->wide.verbose)
    return;
  record_line (handle->series->record, transfer, "debug data in: %" G_GUINT64_FORMAT, handle->debug_bytes[0]);
  record_line (handle->series->record, transfer, "debug data out: %" G_GUINT64_FORMAT, handle->debug_bytes[1]);
  lines = g_strsplit (handle->texts->str, "\n", -1);
  /* Whether a connection's end or the reason is told first is not promised. */
  qsort (lines, g_strv_length (lines), sizeof lines[0], compare_texts);
  for (guint i = 0; lines[i] != NULL; i++)
    record_line (handle->series->record, transfer, "* %s", lines[i]);
  (void) result;
}

void
handle_wide_free (Handle *handle)
{
  handle_free_parts (handle);
  handle_rare_free (handle);
  if (handle->texts != NULL)
    g_string_free (handle->texts, TRUE);
}
