/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-client.h"

#include "gm-curl-meter.h"
#include "gm-curl-multi.h"
#include "gm-curl-notes.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* An application's function is called between these two: the guard knows it, and so does who frees handles. */
#define CALL_OUT(easy, expression)                                                                                     \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    GmCurlGuard *guard_ = gm_curl_multi_get_guard (gm_curl_easy_get_active_multi (easy));                              \
    GmCurlFrame frame_;                                                                                                \
                                                                                                                       \
    gm_curl_guard_enter (guard_, &frame_, GM_CURL_CALLBACK_TRANSFER);                                                  \
    expression;                                                                                                        \
    gm_curl_guard_leave (guard_, &frame_);                                                                             \
  }                                                                                                                    \
  G_STMT_END

/* NULL for a handle that curl_easy_cleanup () was called for in this very step: its callbacks are not called any more. */
static GmCurlEasy *
get_asked (GmClient *client)
{
  GmCurlEasy *easy = gm_curl_easy_from_client (client);

  return G_LIKELY (!easy->doomed) ? easy : NULL;
}

/* ---- bodies ---- */

static GmAnswer
client_write (GmClient *client,
              const char *data,
              gsize len,
              gsize *taken)
{
  GmCurlEasy *easy = get_asked (client);
  gsize done = 0;

  *taken = 0;
  if (easy != NULL && easy->refused)
    return GM_ANSWER_FAIL;
  while (easy != NULL && done < len)
    {
      /* programs have buffers of this size */
      gsize piece = MIN (len - done, CURL_MAX_WRITE_SIZE);
      gsize n;

      CALL_OUT (easy, n = easy->set.writefunction ((char *) data + done, 1, piece, easy->set.writedata));
      *taken = done;
      if (n == CURL_WRITEFUNC_PAUSE)
        return GM_ANSWER_PAUSE;
      if (n != piece)
        return GM_ANSWER_FAIL;
      done += piece;
      easy->delivered += (curl_off_t) piece;
      *taken = done;
      if (easy->doomed)
        break;
      /* curl_easy_pause () came from inside: what is left has to wait */
      if (done < len && (gm_transfer_get_pause (easy->transfer) & GM_PAUSE_RECV))
        return GM_ANSWER_PAUSE;
    }

  return easy != NULL && !easy->doomed ? GM_ANSWER_OK : GM_ANSWER_ABORT;
}

/* A status line: one of HTTP, or what CURLOPT_HTTP200ALIASES takes for one, which no trailer looks like. */
static gboolean
begins_head (const char *line,
             gsize len)
{
  if (len > 5 && memcmp (line, "HTTP/", 5) == 0)
    return TRUE;
  return *line != '\r' && *line != '\n' && *line != ' ' && *line != '\t' && memchr (line, ':', len) == NULL;
}

/* Where we are in the heads; once for each line. FALSE for the line end behind trailers, which libcurl does not show. */
static gboolean
begin_line (GmCurlEasy *easy,
            const char *line,
            gsize len)
{
  gboolean is_empty = *line == '\r' || *line == '\n';

  if (begins_head (line, len))
    easy->after_head = FALSE;
  easy->line_begun = TRUE;
  easy->line_written = 0;
  easy->line_is_trailer = easy->after_head;
  if (is_empty && easy->after_head)
    return FALSE;

  easy->after_head = easy->after_head || is_empty;
  return TRUE;
}

/* One of the two functions that lines go to. */
static GmAnswer
hand_line (GmCurlEasy *easy,
           curl_write_callback func,
           void *data,
           const char *line,
           gsize len)
{
  gsize n;

  CALL_OUT (easy, n = func ((char *) line, 1, len, data));
  if (easy->doomed)
    return GM_ANSWER_ABORT;
  if (n == CURL_WRITEFUNC_PAUSE)
    return GM_ANSWER_PAUSE;

  return n == len ? GM_ANSWER_OK : GM_ANSWER_FAIL;
}

/* The body's function gets no more at once than of a body, and after PAUSE nothing that it had. */
static GmAnswer
write_line (GmCurlEasy *easy,
            const char *line,
            gsize len)
{
  GmAnswer answer = GM_ANSWER_OK;

  while (answer == GM_ANSWER_OK && easy->line_written < len)
    {
      gsize piece = MIN (len - easy->line_written, CURL_MAX_WRITE_SIZE);

      answer = hand_line (easy, easy->set.writefunction, easy->set.writedata, line + easy->line_written, piece);
      if (answer == GM_ANSWER_OK)
        easy->line_written += (guint) piece;
    }

  return answer;
}

/* With CURLOPT_HEADER the body's function gets it first, but not if it is a trailer. After PAUSE the same line is to come
 * again; who had it will not have it twice. */
static GmAnswer
deliver_line (GmCurlEasy *easy,
              const char *line,
              gsize len)
{
  const GmCurlSettings *set = &easy->set;
  GmAnswer answer = GM_ANSWER_OK;

  if (!easy->line_begun && !begin_line (easy, line, len))
    {
      easy->line_begun = FALSE;
      return GM_ANSWER_OK;
    }

  if (set->header && !easy->line_is_trailer)
    answer = write_line (easy, line, len);
  if (answer == GM_ANSWER_OK && set->headerfunction != NULL)
    answer = hand_line (easy, set->headerfunction, set->headerdata, line, len);
  else if (answer == GM_ANSWER_OK && set->headerdata != NULL)
    answer = hand_line (easy, set->writefunction, set->headerdata, line, len);

  if (answer == GM_ANSWER_OK)
    easy->line_begun = FALSE;
  return answer;
}

/* A trailer that comes in a pause stands behind what the pause holds back of the body. */
static gboolean
has_to_wait (const GmCurlEasy *easy,
             const char *line,
             gsize len)
{
  return easy->after_head && !(len > 5 && memcmp (line, "HTTP/", 5) == 0) &&
         (gm_transfer_get_pause (easy->transfer) & GM_PAUSE_RECV) != 0;
}

/* A head cannot wait in the engine: from a pause on its lines wait here. */
static GmAnswer
client_header (GmClient *client,
               const char *line,
               gsize len)
{
  GmCurlEasy *easy = get_asked (client);
  GmAnswer answer = GM_ANSWER_OK;

  if (easy == NULL || len == 0)
    return GM_ANSWER_ABORT;

  if (easy->held_lines == NULL && has_to_wait (easy, line, len))
    easy->held_for_body = TRUE;
  else if (easy->held_lines == NULL)
    {
      answer = deliver_line (easy, line, len);
      if (answer != GM_ANSWER_PAUSE)
        return answer;
    }

  if (easy->held_lines == NULL)
    easy->held_lines = g_string_new (NULL);
  g_string_append_len (easy->held_lines, line, (gssize) len);
  if (answer == GM_ANSWER_PAUSE)
    gm_transfer_pause (easy->transfer, gm_transfer_get_pause (easy->transfer) | GM_PAUSE_RECV);
  return GM_ANSWER_OK;
}

/* How many bytes of them were taken. */
static gsize
offer_held_lines (GmCurlEasy *easy,
                  GmAnswer *answer)
{
  gsize at = 0;

  *answer = GM_ANSWER_OK;
  while (at < easy->held_lines->len)
    {
      const char *line = easy->held_lines->str + at;
      const char *end = memchr (line, '\n', easy->held_lines->len - at);
      gsize len = end != NULL ? (gsize) (end - line) + 1 : easy->held_lines->len - at;

      *answer = deliver_line (easy, line, len);
      if (*answer != GM_ANSWER_OK)
        break;
      at += len;
    }

  return at;
}

gboolean
gm_curl_client_resume (GmCurlEasy *easy,
                       gboolean at_end)
{
  GmAnswer answer;
  gsize taken;

  if (easy->held_lines == NULL || easy->resuming || (easy->held_for_body && !at_end))
    return TRUE;

  easy->resuming = TRUE;
  taken = offer_held_lines (easy, &answer);
  easy->resuming = FALSE;
  if (answer == GM_ANSWER_PAUSE)
    {
      g_string_erase (easy->held_lines, 0, (gssize) taken);
      return FALSE;
    }

  easy->refused = answer != GM_ANSWER_OK;
  g_string_free (g_steal_pointer (&easy->held_lines), TRUE);
  easy->held_for_body = FALSE;
  return TRUE;
}

GmAnswer
gm_curl_client_ask_read (GmCurlEasy *easy,
                         curl_read_callback readfunc,
                         void *arg,
                         char *buffer,
                         gsize len,
                         gsize *n)
{
  gsize n_read;

  *n = 0;
  if (easy == NULL)
    n_read = readfunc (buffer, 1, len, arg);
  else if (easy->doomed)
    return GM_ANSWER_ABORT;
  else
    CALL_OUT (easy, n_read = readfunc (buffer, 1, len, arg));
  if (n_read == CURL_READFUNC_ABORT)
    return GM_ANSWER_ABORT;
  if (n_read == CURL_READFUNC_PAUSE)
    return GM_ANSWER_PAUSE;
  if (n_read > len)
    return GM_ANSWER_FAIL;

  *n = n_read;
  return GM_ANSWER_OK;
}

gboolean
gm_curl_client_ask_rewind (GmCurlEasy *easy,
                           curl_seek_callback seekfunc,
                           void *arg)
{
  int answer = CURL_SEEKFUNC_CANTSEEK;

  if (seekfunc == NULL || easy == NULL || easy->doomed)
    return FALSE;

  /* before a transfer begins there is no call that one of the callback's could get into */
  if (gm_curl_easy_get_active_multi (easy) == NULL)
    answer = seekfunc (arg, 0, SEEK_SET);
  else
    CALL_OUT (easy, answer = seekfunc (arg, 0, SEEK_SET));
  return answer == CURL_SEEKFUNC_OK;
}

/* A CR goes before each LF that has none: in place, from the back. There is room for twice as much; how many bytes there
 * are then. */
static gsize
spread_lines (GmCurlEasy *easy,
              char *buffer,
              gsize n)
{
  gboolean after_cr = easy->after_cr;
  gsize more = 0, at;

  for (gsize i = 0; i < n; i++)
    {
      more += buffer[i] == '\n' && !after_cr;
      after_cr = buffer[i] == '\r';
    }
  at = n + more;
  for (gsize i = n; i-- > 0;)
    {
      gboolean has_cr = i > 0 ? buffer[i - 1] == '\r' : easy->after_cr;

      buffer[--at] = buffer[i];
      if (buffer[at] == '\n' && !has_cr)
        buffer[--at] = '\r';
    }

  easy->after_cr = after_cr;
  return n + more;
}

static GmAnswer
client_read (GmClient *client,
             char *buffer,
             gsize len,
             gsize *n)
{
  GmCurlEasy *easy = gm_curl_easy_from_client (client);
  gboolean spread = easy->set.crlf && len > 1;
  GmAnswer answer = gm_curl_client_ask_read (easy, easy->set.readfunction, easy->set.readdata, buffer,
                                             spread ? len / 2 : len, n);

  if (spread && answer == GM_ANSWER_OK)
    *n = spread_lines (easy, buffer, *n);
  return answer;
}

static GmSeekAnswer
client_seek (GmClient *client,
             gint64 offset)
{
  GmCurlEasy *easy = get_asked (client);
  int answer = CURL_SEEKFUNC_CANTSEEK;

  if (easy == NULL)
    return GM_SEEK_FAIL;
  easy->after_cr = FALSE;
  if (easy->set.seekfunction != NULL)
    CALL_OUT (easy, answer = easy->set.seekfunction (easy->set.seekdata, offset, SEEK_SET));
  else if (easy->set.ioctlfunction != NULL && offset == 0)
    {
      curlioerr error;

      CALL_OUT (easy, error = easy->set.ioctlfunction ((CURL *) easy, CURLIOCMD_RESTARTREAD, easy->set.ioctldata));
      answer = error == CURLIOE_OK ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
    }
  else if (easy->set.readfunction == (curl_read_callback) fread && easy->set.readdata != NULL)
    {
      /* our own reading: the data is a FILE */
      if (fseeko (easy->set.readdata, offset, SEEK_SET) == 0)
        answer = CURL_SEEKFUNC_OK;
    }

  if (answer == CURL_SEEKFUNC_OK)
    return GM_SEEK_OK;
  return answer == CURL_SEEKFUNC_CANTSEEK ? GM_SEEK_CANNOT : GM_SEEK_FAIL;
}

static void
add_trailers (struct curl_slist *list,
              void (*add) (gpointer sink, const char *line),
              gpointer sink)
{
  for (struct curl_slist *item = list; item != NULL; item = item->next)
    add (sink, item->data);

  curl_slist_free_all (list);
}

static GmAnswer
client_trailers (GmClient *client,
                 void (*add) (gpointer sink, const char *line),
                 gpointer sink)
{
  GmCurlEasy *easy = get_asked (client);
  struct curl_slist *list = NULL;
  int answer;

  if (easy == NULL)
    return GM_ANSWER_ABORT;
  CALL_OUT (easy, answer = easy->set.trailerfunction (&list, easy->set.trailerdata));
  if (answer != CURL_TRAILERFUNC_OK)
    {
      curl_slist_free_all (list);
      return GM_ANSWER_ABORT;
    }

  add_trailers (list, add, sink);
  return GM_ANSWER_OK;
}

/* ---- watching ---- */

static GmAnswer
client_progress (GmClient *client)
{
  GmCurlEasy *easy = get_asked (client);
  const GmInfo *info;
  curl_off_t down_total, up_total;
  int answer = 0;

  if (easy == NULL)
    return GM_ANSWER_ABORT;
  info = gm_transfer_get_info (easy->transfer);
  down_total = MAX (info->download_size, 0);
  up_total = MAX (info->upload_size, 0);
  if (easy->set.xferinfofunction != NULL)
    CALL_OUT (easy, answer = easy->set.xferinfofunction (easy->set.xferinfodata, down_total,
                                                         (curl_off_t) info->downloaded, up_total,
                                                         (curl_off_t) info->uploaded));
  else if (easy->set.progressfunction != NULL)
    CALL_OUT (easy, answer = easy->set.progressfunction (easy->set.xferinfodata, (double) down_total,
                                                         (double) info->downloaded, (double) up_total,
                                                         (double) info->uploaded));
  else if (info->hop.connection_id != 0 || info->downloaded + info->uploaded > 0)
    gm_curl_meter_update (easy);

  return answer == 0 || answer == CURL_PROGRESSFUNC_CONTINUE ? GM_ANSWER_OK : GM_ANSWER_ABORT;
}

/* What libcurl does without a function: text and heads to stderr, bodies not. */
static void
write_debug (GmCurlEasy *easy,
             curl_infotype type,
             const char *data,
             gsize len)
{
  static const char marks[][3] = { "* ", "< ", "> " };

  if (type > CURLINFO_HEADER_OUT)
    return;

  fwrite (marks[type], 2, 1, easy->set.stderr_file);
  fwrite (data, len, 1, easy->set.stderr_file);
}

static void
debug (GmCurlEasy *easy,
       curl_infotype type,
       const char *data,
       gsize len)
{
  if (G_UNLIKELY (easy->closing != 0))
    gm_curl_notes_closing (easy);
  /* What an option does is told as well, on a handle that nobody drives. */
  if (easy->set.debugfunction != NULL && gm_curl_easy_get_active_multi (easy) == NULL)
    easy->set.debugfunction ((CURL *) easy, type, (char *) data, len, easy->set.debugdata);
  else if (easy->set.debugfunction != NULL)
    CALL_OUT (easy, easy->set.debugfunction ((CURL *) easy, type, (char *) data, len, easy->set.debugdata));
  else
    write_debug (easy, type, data, len);
}

/* Trailers are not, nor is their end, but those of HTTP/2. */
static gboolean
is_shown (GmCurlEasy *easy,
          const char *line,
          gsize len)
{
  if (easy->head_is_shown && !begins_head (line, len))
    return gm_transfer_get_info (easy->transfer)->http_version == 20;

  easy->head_is_shown = *line == '\r' || *line == '\n';
  return TRUE;
}

static void
client_debug (GmClient *client,
              GmDebugKind kind,
              const char *data,
              gsize len)
{
  static const curl_infotype types[] = {
    [GM_DEBUG_TEXT] = CURLINFO_TEXT,         [GM_DEBUG_HEADER_IN] = CURLINFO_HEADER_IN,
    [GM_DEBUG_HEADER_OUT] = CURLINFO_HEADER_OUT, [GM_DEBUG_DATA_IN] = CURLINFO_DATA_IN,
    [GM_DEBUG_DATA_OUT] = CURLINFO_DATA_OUT,
  };

  GmCurlEasy *easy = get_asked (client);

  if (easy != NULL && (kind != GM_DEBUG_HEADER_IN || is_shown (easy, data, len)))
    debug (easy, types[kind], data, len);
}

void
gm_curl_client_say (GmCurlEasy *easy,
                    const char *text)
{
  if (easy->set.verbose)
    debug (easy, CURLINFO_TEXT, text, strlen (text));
}

/* A name that leads nowhere leaves the meter's line as it is. */
static gboolean
lacks_address (GmCurlEasy *easy)
{
  const GmError *error = gm_transfer_get_error (easy->transfer);
  GmResult result = error != NULL ? error->result : GM_OK;

  return result == GM_RESOLVE_FAILED || result == GM_PROXY_RESOLVE_FAILED;
}

static void
client_note (GmClient *client,
             GmNote note,
             const char *data,
             guint64 number)
{
  GmCurlEasy *easy = get_asked (client);

  if (easy == NULL)
    return;
  if (note == GM_NOTE_LEFT_INTACT || note == GM_NOTE_CLOSING)
    {
      if (!lacks_address (easy))
        gm_curl_meter_end (easy);
    }
  else
    gm_curl_meter_update (easy);
  if (easy->set.verbose)
    gm_curl_notes_tell (easy, note, data, number);
}

/* ---- sockets ---- */

/* The resolver has no state of its own to hand out: libcurl without c-ares gives NULL, too. */
static GmAnswer
client_before_lookup (GmClient *client)
{
  GmCurlEasy *easy = get_asked (client);
  int answer;

  if (easy == NULL)
    return GM_ANSWER_ABORT;
  CALL_OUT (easy, answer = easy->set.resolverstart (NULL, NULL, easy->set.resolverstartdata));
  return answer == 0 ? GM_ANSWER_OK : GM_ANSWER_FAIL;
}

/* An address of any family behind what the application sees as a struct sockaddr. */
typedef union
{
  struct curl_sockaddr address;
  char room[G_STRUCT_OFFSET (struct curl_sockaddr, addr) + sizeof (struct sockaddr_storage)];
} SocketAddress;

static int
client_open_socket (GmClient *client,
                    int family,
                    int type,
                    int protocol,
                    const void *address,
                    guint address_len)
{
  GmCurlEasy *easy = get_asked (client);
  SocketAddress given = { .address = { .family = family, .socktype = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK),
                                       .protocol = protocol, .addrlen = address_len } };
  int fd;

  if (easy == NULL)
    return -1;
  if (easy->set.opensocketfunction == NULL)
    fd = socket (family, type | SOCK_CLOEXEC, protocol);
  else
    {
      memcpy (&given.address.addr, address, MIN (address_len, sizeof (struct sockaddr_storage)));
      CALL_OUT (easy, fd = easy->set.opensocketfunction (easy->set.opensocketdata, CURLSOCKTYPE_IPCXN, &given.address));
    }

  if (fd >= 0)
    gm_curl_multi_remember_socket (gm_curl_easy_get_active_multi (easy), fd, easy->set.closesocketfunction,
                                   easy->set.closesocketdata);
  return fd;
}

static int
client_socket_option (GmClient *client,
                      int fd)
{
  GmCurlEasy *easy = get_asked (client);
  int answer;

  if (easy == NULL)
    return 1;
  CALL_OUT (easy, answer = easy->set.sockoptfunction (easy->set.sockoptdata, fd, CURLSOCKTYPE_IPCXN));
  return answer == CURL_SOCKOPT_ALREADY_CONNECTED ? 2 : answer != CURL_SOCKOPT_OK;
}

static GmAnswer
client_before_request (GmClient *client)
{
  GmCurlEasy *easy = get_asked (client);
  const GmInfo *info;
  char remote[GM_ADDRESS_TEXT_MAX] = "", local[GM_ADDRESS_TEXT_MAX] = "";
  int answer;

  if (easy == NULL)
    return GM_ANSWER_ABORT;
  info = gm_transfer_get_info (easy->transfer);
  if (info->remote.len > 0)
    gm_endpoint_print (&info->remote, remote);
  if (info->local.len > 0)
    gm_endpoint_print (&info->local, local);
  CALL_OUT (easy, answer = easy->set.prereqfunction (easy->set.prereqdata, remote, local,
                                                     gm_endpoint_get_port (&info->remote),
                                                     gm_endpoint_get_port (&info->local)));
  return answer == CURL_PREREQFUNC_OK ? GM_ANSWER_OK : GM_ANSWER_ABORT;
}

/* ---- what to ask ---- */

void
gm_curl_client_update (GmCurlEasy *easy)
{
  /* A dozen options in a row before the transfer begins: once is enough. */
  easy->ops_stale = TRUE;
  if (gm_transfer_get_multi (easy->transfer) != NULL)
    gm_curl_client_settle (easy);
}

void
gm_curl_client_settle (GmCurlEasy *easy)
{
  const GmCurlSettings *set = &easy->set;
  gboolean wants_lines = set->headerfunction != NULL || set->headerdata != NULL || set->header;
  gboolean can_seek = set->seekfunction != NULL || set->ioctlfunction != NULL ||
                      set->readfunction == (curl_read_callback) fread;

  if (!easy->ops_stale)
    return;

  easy->ops_stale = FALSE;
  easy->ops = (GmClientOps){
    .write = client_write,
    .header = wants_lines ? client_header : NULL,
    .read = client_read,
    .seek = can_seek ? client_seek : NULL,
    .progress = !set->noprogress ? client_progress : NULL,
    .debug = set->verbose ? client_debug : NULL,
    .note = set->verbose || gm_curl_meter_is_wanted (set) ? client_note : NULL,
    .before_lookup = set->resolverstart != NULL ? client_before_lookup : NULL,
    .open_socket = set->opensocketfunction != NULL || set->closesocketfunction != NULL ? client_open_socket : NULL,
    .socket_option = set->sockoptfunction != NULL ? client_socket_option : NULL,
    .before_request = set->prereqfunction != NULL ? client_before_request : NULL,
    .trailers = set->trailerfunction != NULL ? client_trailers : NULL,
  };
}
