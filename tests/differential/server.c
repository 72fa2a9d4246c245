/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "server.h"
#include "server-http2.h"
#include "server-tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

typedef enum
{
  BODY_NONE,
  BODY_LENGTH,
  BODY_CHUNK_HEAD,
  BODY_CHUNK,
  BODY_TRAILER,
} BodyState;

typedef struct
{
  int fd;
  ScriptedTlsSession *tls;  /* (owned) (nullable) */
  ServerHttp2 *http2;       /* (owned) (nullable): what is spoken on it */
  char *host;               /* (owned) (nullable): whom the last request was for */
  guint number;             /* in the order of acceptance */
  guint n_requests;
  GString *input;           /* (owned) */
  int transfer;             /* the one whose request came last, −1: none yet */
  PlanResponse *response;   /* (unowned) (nullable): being given */
  guint next_piece;
  gsize piece_sent;
  BodyState body;
  guint64 body_left;
  char *boundary;           /* (owned) (nullable): of the parts that are being read */
  GString *parts;           /* (owned) (nullable): their text, as it came */
  gboolean tunnel;          /* what follows is between client and origin */
  guint socks;              /* steps of a SOCKS greeting that are done */
  gboolean shut;            /* we have said our last word */
} Conn;

struct _Server
{
  Plan *plan;               /* (unowned) */
  Record *record;           /* (unowned) */
  int listen_fd;
  int refused_fd;           /* bound and deaf */
  ScriptedTls *tls;         /* (owned) (nullable) */
  guint n_accepted;
  guint *n_answered;        /* (owned): requests of each transfer that got their response */
  GPtrArray *conns;         /* (owned) (element-type Conn) */
};

static void
conn_free (gpointer data)
{
  Conn *conn = data;

  server_http2_free (conn->http2);
  scripted_tls_session_free (conn->tls);
  g_free (conn->host);
  close (conn->fd);
  g_free (conn->boundary);
  if (conn->parts != NULL)
    g_string_free (conn->parts, TRUE);
  g_string_free (conn->input, TRUE);
  g_free (conn);
}

static int
bind_loopback (guint port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;

  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  address.sin_port = htons ((guint16) port);
  /* The other library's program may still be at it. */
  for (guint i = 0; i < 500; i++)
    {
      if (bind (fd, (struct sockaddr *) &address, sizeof address) == 0)
        return fd;
      g_usleep (10000);
    }
  g_error ("port %u: %s", port, g_strerror (errno));
}

Server *
server_new (Plan *plan, Record *record)
{
  Server *server = g_new0 (Server, 1);

  server->plan = plan;
  server->record = record;
  server->listen_fd = bind_loopback (plan->port);
  server->refused_fd = bind_loopback (plan->refused_port);
  if (listen (server->listen_fd, 128) != 0)
    g_error ("listen: %s", g_strerror (errno));
  server->n_answered = g_new0 (guint, plan->transfers->len);
  server->conns = g_ptr_array_new_with_free_func (conn_free);
  if (plan->tls != PLAN_TLS_NONE && plan->tls != PLAN_TLS_CLEARTEXT)
    server->tls = server_tls_new (plan);
  return server;
}

void
server_free (Server *server)
{
  close (server->listen_fd);
  close (server->refused_fd);
  g_ptr_array_unref (server->conns);
  scripted_tls_free (server->tls);
  g_free (server->n_answered);
  g_free (server);
}

static gboolean
accept_all (Server *server)
{
  gboolean some = FALSE;
  int fd;

  while ((fd = accept4 (server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
    {
      Conn *conn = g_new0 (Conn, 1);
      int on = 1;

      setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      conn->fd = fd;
      conn->number = server->n_accepted++;
      conn->transfer = RECORD_WHOLE;
      conn->input = g_string_new (NULL);
      if (server->tls != NULL)
        conn->tls = scripted_tls_session_new (server->tls, fd);
      g_ptr_array_add (server->conns, conn);
      some = TRUE;
    }
  return some;
}

/* The number behind the first "t" that stands before digits and a slash: which transfer a request belongs to. */
static int
find_transfer (Server *server, const char *line)
{
  for (const char *at = strchr (line, 't'); at != NULL; at = strchr (at + 1, 't'))
    {
      char *end;
      guint64 number;

      if (!g_ascii_isdigit (at[1]))
        continue;
      number = g_ascii_strtoull (at + 1, &end, 10);
      if ((*end == '/' || *end == '.') && number < server->plan->transfers->len)
        return (int) number;
    }
  return RECORD_WHOLE;
}

/* The value of a field, to be freed, or NULL. */
static char *
field_value (const char *head, const char *name)
{
  g_auto (GStrv) lines = g_strsplit (head, "\r\n", -1);

  for (guint i = 1; lines[i] != NULL; i++)
    {
      gsize length = strlen (name);

      if (g_ascii_strncasecmp (lines[i], name, length) == 0 && lines[i][length] == ':')
        return g_strdup (g_strstrip (lines[i] + length + 1));
    }
  return NULL;
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* Where the server's lines about what @conn does go; the transfer may have ended long ago. */
static gboolean
is_worth_a_line (Server *server, Conn *conn)
{
  return !record_is_over (server->record, conn->transfer);
}

/* What a client makes up by chance is not compared: boundaries, and digests with their nonces. */
static char *
without_chance (const Conn *conn, const char *line)
{
  static const char *const patterns[] = { "cnonce=\"[^\"]*\"", "response=\"[0-9a-f]{32}\"", "response=\"[0-9a-f]{64}\"" };
  static const char *const readings[] = { "cnonce=N", "response=32", "response=64" };
  g_autoptr (GString) text = g_string_new (line);

  if (conn->boundary != NULL)
    g_string_replace (text, conn->boundary, "BOUNDARY", 0);
  if (strstr (line, "Digest ") == NULL)
    return g_string_free (g_steal_pointer (&text), FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    {
      g_autoptr (GRegex) regex = g_regex_new (patterns[i], 0, 0, NULL);
      g_autofree char *read = g_regex_replace_literal (regex, text->str, -1, 0, readings[i], 0, NULL);

      g_string_assign (text, read);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
record_field (Server *server, Conn *conn, const char *line)
{
  g_autofree char *text = without_chance (conn, line);

  /* Boundaries have grown since 7.88. */
  if (conn->boundary != NULL && g_ascii_strncasecmp (line, "Content-Length:", 15) == 0)
    text = (g_free (text), g_strdup ("Content-Length: of parts"));
  record_line (server->record, conn->transfer, "> %s", text);
}

static void
record_head (Server *server, Conn *conn, const char *head)
{
  g_auto (GStrv) lines = g_strsplit (head, "\r\n", -1);
  guint n = g_strv_length (lines) - 2;

  record_line (server->record, conn->transfer, "request on a %s connection", conn->n_requests > 1 ? "used" : "new");
  record_line (server->record, conn->transfer, "> %s", lines[0]);
  if (n > 1 && g_ascii_strncasecmp (lines[1], "Host:", 5) != 0)
    record_line (server->record, conn->transfer, "> first is not Host, but %s", lines[1]);
  /* Their order says nothing. */
  qsort (lines + 1, n - 1, sizeof lines[0], compare_lines);
  for (guint i = 1; i < n; i++)
    record_field (server, conn, lines[i]);
}

static gssize
conn_send (Conn *conn, const char *bytes, gsize size)
{
  return conn->tls != NULL ? scripted_tls_send (conn->tls, bytes, size)
                           : send (conn->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Small enough to go out at once, whatever the client does. */
static void
say (Conn *conn, const char *text)
{
  if (conn_send (conn, text, strlen (text)) < 0)
    g_debug ("the client is gone");
}

/* At once and not in a round of its own: the client's patience is measured in real time. */
static void
answer_expectation (Conn *conn, const char *head)
{
  g_autofree char *expect = field_value (head, "Expect");

  if (expect == NULL)
    return;
  if (conn->response->on_expect == PLAN_CONTINUE_SEND)
    say (conn, "HTTP/1.1 100 Continue\r\n\r\n");
  else if (conn->response->on_expect == PLAN_CONTINUE_REFUSED)
    {
      /* Whether the body comes all the same cannot be known, so nothing can follow. */
      say (conn, "HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      conn->response = NULL;
      conn->shut = TRUE;
      shutdown (conn->fd, SHUT_WR);
    }
}

/* The refusal of @gate, NULL when it is open or the request has the key. */
static PlanResponse *
refuse (const PlanGate *gate, const char *head, const char *name)
{
  g_autofree char *value = field_value (head, name);

  if (gate->refusal == NULL || (value != NULL && gate->accepted != NULL && g_str_has_prefix (value, gate->accepted)))
    return NULL;
  return gate->refusal;
}

/* True when the request was for a tunnel. */
static gboolean
answer_connect (Server *server, Conn *conn, const char *head)
{
  PlanTransfer *transfer;

  if (!g_str_has_prefix (head, "CONNECT "))
    return FALSE;
  if (conn->transfer >= 0)
    {
      transfer = g_ptr_array_index (server->plan->transfers, (guint) conn->transfer);
      conn->response = refuse (&transfer->wide.proxy_login, head, "Proxy-Authorization");
      if (conn->response != NULL)
        return TRUE;
    }
  if (g_strstr_len (head, (gssize) strcspn (head, "\r"), "refuse") != NULL)
    {
      say (conn, "HTTP/1.1 403 No tunnel\r\nContent-Length: 4\r\nX-Why: no\r\n\r\nnone");
      return TRUE;
    }
  say (conn, "HTTP/1.1 200 Tunnel\r\nX-Via: proxy\r\n\r\n");
  conn->tunnel = TRUE;
  conn->n_requests = 0;
  return TRUE;
}

static void
choose_response (Server *server, Conn *conn, const char *head)
{
  PlanTransfer *transfer;
  guint *n;

  conn->response = NULL;
  conn->next_piece = 0;
  conn->piece_sent = 0;
  if (answer_connect (server, conn, head))
    return;
  if (conn->transfer < 0)
    {
      say (conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      return;
    }
  transfer = g_ptr_array_index (server->plan->transfers, (guint) conn->transfer);
  conn->response = refuse (&transfer->wide.login, head, "Authorization");
  if (conn->response == NULL && !conn->tunnel && conn->socks == 0)
    conn->response = refuse (&transfer->wide.proxy_login, head, "Proxy-Authorization");
  if (conn->response != NULL)
    return;
  n = &server->n_answered[conn->transfer];
  conn->response = g_ptr_array_index (transfer->responses, MIN (*n, transfer->responses->len - 1));
  if (conn->response->drop_reused && conn->n_requests > 1)
    {
      conn->response = NULL;
      conn->shut = TRUE;
      shutdown (conn->fd, SHUT_WR);
      return;
    }
  answer_expectation (conn, head);
  if (conn->response != NULL)
    (*n)++;
}

static PlanResponse *
choose_http2 (gpointer data, int number, const char *head)
{
  Server *server = data;
  PlanTransfer *transfer;
  PlanResponse *response;

  if (number < 0)
    return NULL;
  transfer = g_ptr_array_index (server->plan->transfers, (guint) number);
  response = refuse (&transfer->wide.login, head, "Authorization");
  if (response != NULL)
    return response;
  return g_ptr_array_index (transfer->responses, MIN (server->n_answered[number]++, transfer->responses->len - 1));
}

static int
find_http2 (gpointer data, const char *line)
{
  return find_transfer (data, line);
}

static gssize
send_http2 (gpointer conn, const char *bytes, gsize size)
{
  return conn_send (conn, bytes, size);
}

static const ServerHttp2Class http2_class = { find_http2, choose_http2, send_http2 };

/* True when HTTP/2 is spoken, or may be about to. */
static gboolean
take_http2 (Server *server, Conn *conn)
{
  gsize n = MIN (strlen (SERVER_HTTP2_PREFACE), conn->input->len);

  if (conn->http2 == NULL && server->plan->http2 != PLAN_HTTP2_NONE && conn->n_requests == 0
      && memcmp (conn->input->str, SERVER_HTTP2_PREFACE, n) == 0)
    {
      if (n < strlen (SERVER_HTTP2_PREFACE))
        return TRUE;
      conn->http2 = server_http2_new (&http2_class, server->plan, server->record, server, conn);
    }
  if (conn->http2 == NULL)
    return FALSE;
  if (!server_http2_feed (conn->http2, conn->input->str, conn->input->len))
    {
      conn->shut = TRUE;
      shutdown (conn->fd, SHUT_WR);
    }
  g_string_truncate (conn->input, 0);
  return TRUE;
}

static void
take_boundary (Conn *conn, const char *head)
{
  g_autofree char *type = field_value (head, "Content-Type");
  const char *at = type != NULL ? strstr (type, "boundary=") : NULL;

  g_clear_pointer (&conn->boundary, g_free);
  if (at != NULL)
    conn->boundary = g_strdup (at + strlen ("boundary="));
  if (conn->parts == NULL)
    conn->parts = g_string_new (NULL);
  g_string_truncate (conn->parts, 0);
}

/* Those within others have boundaries of their own. */
static void
record_parts (Server *server, Conn *conn)
{
  g_autoptr (GRegex) inner = g_regex_new ("-{20,}[0-9A-Za-z]+", 0, 0, NULL);
  g_autoptr (GString) text = g_string_new_len (conn->parts->str, (gssize) conn->parts->len);
  g_autofree char *read = NULL;
  g_auto (GStrv) lines = NULL;

  g_string_replace (text, conn->boundary, "BOUNDARY", 0);
  read = g_regex_replace_literal (inner, text->str, -1, 0, "INNER", 0, NULL);
  lines = g_strsplit (read != NULL ? read : "no text", "\r\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      gsize size = strlen (lines[i]);

      record_line (server->record, conn->transfer, ">parts %.200s (%u)", lines[i], (guint) size);
    }
}

static void
take_head (Server *server, Conn *conn, const char *head)
{
  g_autofree char *length = field_value (head, "Content-Length");
  g_autofree char *coding = field_value (head, "Transfer-Encoding");
  g_autofree char *line = g_strndup (head, strcspn (head, "\r\n"));

  conn->n_requests++;
  conn->transfer = find_transfer (server, line);
  take_boundary (conn, head);
  if (is_worth_a_line (server, conn))
    record_head (server, conn, head);
  g_free (conn->host);
  conn->host = field_value (head, "Host");
  conn->body = BODY_NONE;
  if (coding != NULL)
    conn->body = BODY_CHUNK_HEAD;
  else if (length != NULL && (conn->body_left = g_ascii_strtoull (length, NULL, 10)) > 0)
    conn->body = BODY_LENGTH;
  choose_response (server, conn, head);
}

/* One line of chunked framing; false when it is not there yet. */
static gboolean
take_chunk_line (Conn *conn)
{
  const char *end = g_strstr_len (conn->input->str, (gssize) conn->input->len, "\r\n");
  gboolean empty = end == conn->input->str;

  if (end == NULL)
    return FALSE;
  if (conn->body == BODY_TRAILER)
    conn->body = empty ? BODY_NONE : BODY_TRAILER;
  else if (!empty)
    {
      conn->body_left = g_ascii_strtoull (conn->input->str, NULL, 16);
      conn->body = conn->body_left > 0 ? BODY_CHUNK : BODY_TRAILER;
    }
  g_string_erase (conn->input, 0, end + 2 - conn->input->str);
  return TRUE;
}

static void
take_body (Server *server, Conn *conn)
{
  while (conn->body != BODY_NONE && conn->input->len > 0)
    {
      gsize size = MIN (conn->body_left, conn->input->len);

      if (conn->body == BODY_CHUNK_HEAD || conn->body == BODY_TRAILER)
        {
          if (!take_chunk_line (conn))
            return;
          continue;
        }
      if (conn->boundary != NULL)
        g_string_append_len (conn->parts, conn->input->str, (gssize) size);
      else if (is_worth_a_line (server, conn))
        record_bytes (server->record, conn->transfer, ">body", conn->input->str, size);
      g_string_erase (conn->input, 0, (gssize) size);
      conn->body_left -= size;
      if (conn->body_left == 0)
        conn->body = conn->body == BODY_CHUNK ? BODY_CHUNK_HEAD : BODY_NONE;
    }
  if (conn->body == BODY_NONE && conn->boundary != NULL && conn->parts->len > 0)
    {
      if (is_worth_a_line (server, conn))
        record_parts (server, conn);
      g_string_truncate (conn->parts, 0);
    }
}

static void
record_hex (Server *server, const char *name, const GString *input, gsize size)
{
  g_autoptr (GString) hex = g_string_new (NULL);

  for (gsize i = 0; i < size; i++)
    g_string_append_printf (hex, "%02x", (guint8) input->str[i]);
  record_line (server->record, RECORD_WHOLE, "%s %s", name, hex->str);
}

static void
say_bytes (Conn *conn, const char *bytes, gsize size)
{
  if (send (conn->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    g_debug ("the client is gone");
}

/* The size of the request at the front; 0: not all of it has come. */
static gsize
socks4_size (const GString *input)
{
  const char *name = input->len > 8 ? memchr (input->str + 8, 0, input->len - 8) : NULL;
  gboolean named = input->len > 8 && memcmp (input->str + 4, "\0\0\0", 3) == 0;

  if (name != NULL && named)
    name = memchr (name + 1, 0, (gsize) (input->str + input->len - name - 1));
  return name != NULL ? (gsize) (name + 1 - input->str) : 0;
}

static void
take_socks4 (Server *server, Conn *conn)
{
  gsize size = socks4_size (conn->input);
  gboolean deny;

  if (size == 0)
    return;
  deny = g_str_equal (conn->input->str + 8, "deny");
  record_hex (server, "socks4", conn->input, size);
  g_string_erase (conn->input, 0, (gssize) size);
  say_bytes (conn, deny ? "\0\x5b\0\0\0\0\0\0" : "\0\x5a\0\0\0\0\0\0", 8);
  conn->socks = 9;
}

static gsize
socks5_size (const Conn *conn)
{
  const guint8 *input = (const guint8 *) conn->input->str;
  gsize len = conn->input->len, size = 0;

  if (conn->socks == 0)
    size = len > 1 ? 2u + input[1] : 0;
  else if (conn->socks == 1)
    size = len > 1 && len > 2u + input[1] ? 3u + input[1] + input[2 + input[1]] : 0;
  else if (len > 4)
    size = input[3] == 1 ? 10 : input[3] == 4 ? 22 : 7u + input[4];
  return len >= size ? size : 0;
}

static void
take_socks5 (Server *server, Conn *conn)
{
  gsize size;

  while (conn->socks < 9 && (size = socks5_size (conn)) > 0)
    {
      gboolean login = conn->socks == 0 && memchr (conn->input->str + 2, 2, size - 2) != NULL;
      gboolean deny = conn->socks == 1 && memcmp (conn->input->str + 2, "deny", 4) == 0;

      record_hex (server, "socks5", conn->input, size);
      g_string_erase (conn->input, 0, (gssize) size);
      if (conn->socks == 0)
        say_bytes (conn, login ? "\5\2" : "\5\0", 2);
      else if (conn->socks == 1)
        say_bytes (conn, deny ? "\1\1" : "\1\0", 2);
      else
        say_bytes (conn, "\5\0\0\1\x7f\0\0\1\0\0", 10);
      conn->socks = conn->socks == 0 ? (login ? 1 : 2) : conn->socks == 1 ? 2 : 9;
    }
}

/* False while a SOCKS greeting is underway. */
static gboolean
take_socks (Server *server, Conn *conn)
{
  if (conn->socks == 9)
    return TRUE;
  if (conn->input->len > 0 && conn->socks == 0 && conn->input->str[0] == 4)
    take_socks4 (server, conn);
  else if (conn->input->len > 0 && (conn->socks > 0 || conn->input->str[0] == 5))
    take_socks5 (server, conn);
  else
    return TRUE;
  return conn->socks == 9;
}

/* What CURLOPT_HAPROXYPROTOCOL sends first, with ports that are by chance. False: not all of it has come. */
static gboolean
take_announcement (Server *server, Conn *conn)
{
  const char *end = g_strstr_len (conn->input->str, (gssize) conn->input->len, "\r\n");
  g_auto (GStrv) words = NULL;
  g_autofree char *line = NULL;

  if (!g_str_has_prefix (conn->input->str, "PROXY "))
    return TRUE;
  if (end == NULL)
    return FALSE;
  line = g_strndup (conn->input->str, (gsize) (end - conn->input->str));
  words = g_strsplit (line, " ", -1);
  g_string_erase (conn->input, 0, end + 2 - conn->input->str);
  record_line (server->record, RECORD_WHOLE, "announced: %s %s %s (%u words)", words[1], words[2], words[3],
               g_strv_length (words));
  return TRUE;
}

static void
take_input (Server *server, Conn *conn)
{
  const char *end;

  if (take_http2 (server, conn) || !take_announcement (server, conn))
    return;
  if (conn->n_requests == 0 && !conn->tunnel && !take_socks (server, conn))
    return;
  take_body (server, conn);
  while (conn->body == BODY_NONE && conn->response == NULL && !conn->shut
         && (end = g_strstr_len (conn->input->str, (gssize) conn->input->len, "\r\n\r\n")) != NULL)
    {
      g_autofree char *head = g_strndup (conn->input->str, (gsize) (end + 4 - conn->input->str));

      g_string_erase (conn->input, 0, end + 4 - conn->input->str);
      take_head (server, conn, head);
      take_body (server, conn);
    }
}

static gssize
conn_recv (Conn *conn, char *buffer, gsize size)
{
  return conn->tls != NULL ? scripted_tls_recv (conn->tls, buffer, size) : recv (conn->fd, buffer, size, MSG_DONTWAIT);
}

/* False while a handshake is underway, or for ever; *some when something came for it. */
static gboolean
is_secured (Server *server, Conn *conn, gboolean *some, gboolean *gone)
{
  int waiting = 0, state;

  if (conn->tls == NULL)
    return TRUE;
  ioctl (conn->fd, FIONREAD, &waiting);
  if (server->plan->tls == PLAN_TLS_NO_ANSWER)
    {
      *gone = waiting > 0;
      return FALSE;
    }
  state = scripted_tls_handshake (conn->tls);
  *some = waiting > 0;
  *gone = state < 0;
  return state > 0;
}

/* True when something came; *gone when the client has closed. */
static gboolean
read_conn (Server *server, Conn *conn, gboolean *gone)
{
  char buffer[65536];
  gboolean some = FALSE;
  gssize got;

  *gone = FALSE;
  if (!is_secured (server, conn, &some, gone))
    return some;
  while ((got = conn_recv (conn, buffer, sizeof buffer)) > 0)
    {
      g_string_append_len (conn->input, buffer, got);
      some = TRUE;
    }
  *gone = got == 0 || errno != EAGAIN;
  take_input (server, conn);
  if (conn->http2 != NULL && !conn->shut)
    some |= server_http2_flush (conn->http2);
  return some;
}

/* Which connections are used when is each library's own business, but not how many there are. */
static void
check_limits (Server *server)
{
  const Plan *plan = server->plan;
  guint most = 0;

  for (guint i = 0; i < server->conns->len; i++)
    {
      const Conn *one = g_ptr_array_index (server->conns, i);
      guint same = 0;

      for (guint k = 0; k < server->conns->len; k++)
        same += one->host != NULL && g_strcmp0 (one->host, ((Conn *) g_ptr_array_index (server->conns, k))->host) == 0;
      most = MAX (most, same);
    }
  if (plan->max_total > 0 && server->conns->len > (guint) plan->max_total)
    record_line (server->record, RECORD_WHOLE, "breach: %u connections in all", server->conns->len);
  if (plan->max_host > 0 && most > (guint) plan->max_host)
    record_line (server->record, RECORD_WHOLE, "breach: %u connections to one host", most);
}

void
server_note_rest (Server *server)
{
  guint n_open = 0;

  server_read (server);
  for (guint i = 0; i < server->conns->len; i++)
    n_open += !((Conn *) g_ptr_array_index (server->conns, i))->shut;
  if (server->plan->max_connects > 0 && n_open > (guint) server->plan->max_connects)
    record_line (server->record, RECORD_WHOLE, "breach: %u idle connections", n_open);
}

gboolean
server_read (Server *server)
{
  gboolean some = accept_all (server);

  for (guint i = 0; i < server->conns->len; i++)
    {
      Conn *conn = g_ptr_array_index (server->conns, i);
      gboolean gone;

      some |= read_conn (server, conn, &gone);
      if (!gone)
        continue;
      /* When idle connections are given up depends on milliseconds. */
      if (conn->response != NULL && is_worth_a_line (server, conn))
        record_line (server->record, conn->transfer, "client closed the connection in mid-answer");
      g_ptr_array_remove_index (server->conns, i--);
      some = TRUE;
    }
  if (server->plan->theme == PLAN_THEME_LIMITS)
    check_limits (server);
  return some;
}

static gboolean
can_step (const Conn *conn, int transfer)
{
  if (conn->http2 != NULL)
    return !conn->shut && server_http2_can_step (conn->http2, transfer);
  return conn->transfer == transfer && !conn->shut && conn->response != NULL && (conn->body == BODY_NONE || conn->response->early);
}

/* Sends what fits. True when all of it is gone. */
static gboolean
send_some (Conn *conn, const GString *bytes)
{
  while (conn->piece_sent < bytes->len)
    {
      gssize sent = conn_send (conn, bytes->str + conn->piece_sent, bytes->len - conn->piece_sent);

      if (sent < 0 && errno == EAGAIN)
        return FALSE;
      if (sent < 0)
        break;
      conn->piece_sent += (gsize) sent;
    }
  conn->piece_sent = 0;
  return TRUE;
}

/* Not close(): unread input would turn it into a reset, which may overtake the answer. */
static void
end_conn (Server *server, Conn *conn)
{
  conn->shut = TRUE;
  if (conn->tls != NULL && !server->plan->tls_rude)
    scripted_tls_say_goodbye (conn->tls);
  shutdown (conn->fd, SHUT_WR);
}

static void
step_response (Server *server, Conn *conn)
{
  struct linger now = { 1, 0 };
  PlanPiece *piece;

  if (conn->next_piece >= conn->response->pieces->len)
    {
      conn->response = NULL;
      return;
    }
  piece = g_ptr_array_index (conn->response->pieces, conn->next_piece);
  switch (piece->kind)
    {
    case PLAN_PIECE_SEND:
      if (!send_some (conn, piece->bytes))
        return;
      break;
    case PLAN_PIECE_CLOSE:
      end_conn (server, conn);
      break;
    case PLAN_PIECE_RESET:
      setsockopt (conn->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      g_ptr_array_remove (server->conns, conn);
      return;
    default:
      g_assert_not_reached ();
    }
  if (++conn->next_piece == conn->response->pieces->len)
    conn->response = NULL;
}

gboolean
server_step (Server *server, guint round)
{
  g_autoptr (GPtrArray) able = g_ptr_array_new ();
  g_autoptr (GArray) transfers = g_array_new (FALSE, FALSE, sizeof (int));
  guint which;
  Conn *conn;

  /* In the order of the transfers, which does not depend on who connected first. */
  for (int transfer = RECORD_WHOLE; transfer < (int) server->plan->transfers->len; transfer++)
    for (guint i = 0; i < server->conns->len; i++)
      {
        conn = g_ptr_array_index (server->conns, i);
        if (!can_step (conn, transfer))
          continue;
        g_ptr_array_add (able, conn);
        g_array_append_val (transfers, transfer);
      }
  if (able->len == 0)
    return FALSE;
  which = plan_choose (server->plan->seed, round, able->len);
  conn = g_ptr_array_index (able, which);
  if (conn->http2 == NULL)
    step_response (server, conn);
  else if (server_http2_step (conn->http2, g_array_index (transfers, int, which)) == SERVER_HTTP2_CLOSE)
    end_conn (server, conn);
  return TRUE;
}

gboolean
server_hang_up (Server *server)
{
  Conn *first = NULL;

  for (guint i = 0; i < server->conns->len; i++)
    {
      Conn *conn = g_ptr_array_index (server->conns, i);

      if (!conn->shut && (first == NULL || conn->transfer < first->transfer))
        first = conn;
    }
  if (first == NULL)
    return FALSE;
  if (first->http2 != NULL)
    first->transfer = server_http2_get_transfer (first->http2);
  if (is_worth_a_line (server, first))
    record_line (server->record, first->transfer, "server hangs up");
  if (server->plan->theme == PLAN_THEME_HTTP2 && first->tls != NULL)
    scripted_tls_say_goodbye (first->tls);
  first->shut = TRUE;
  shutdown (first->fd, SHUT_WR);
  return TRUE;
}
