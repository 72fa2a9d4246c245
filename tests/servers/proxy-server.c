/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proxy-server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX (256 * 1024)

/* How it is to behave: copied for each connection when that begins. */
typedef struct
{
  char *user, *password, *refusal_body, *fields;
  GBytes *raw;
  guint refusal;
  gssize cut;
  guint drip_ms;
  gboolean silent;
  gboolean digest;
  gboolean close;
} Behaviour;

struct _ProxyServer
{
  int listener;
  int stop; /* an eventfd that is readable for all at the end */
  guint16 port;
  GThread *acceptor;
  GMutex lock;
  Behaviour behaviour;
  GPtrArray *threads;
  GPtrArray *urls;
  guint n_connections;
  GString *summary;
  GString *heads;
};

typedef struct
{
  ProxyServer *server;
  Behaviour behaviour;
  guint number;
  int client;
  int origin; /* -1: none */
  char *origin_name;
  gssize left; /* until the cut */
  gboolean ended;
} Connection;

/* ---- sockets ---- */

/* FALSE: the server stops. */
static gboolean
wait_for (ProxyServer *self,
          int fd,
          short events,
          int ms)
{
  struct pollfd fds[] = { { .fd = self->stop, .events = POLLIN }, { .fd = fd, .events = events } };

  while (poll (fds, 2, ms) < 0 && errno == EINTR)
    ;
  return fds[0].revents == 0;
}

static gssize
read_some (Connection *c,
           int fd,
           char *data,
           gsize len)
{
  if (!wait_for (c->server, fd, POLLIN, -1))
    return 0;
  return recv (fd, data, len, 0);
}

static gboolean
write_all (Connection *c,
           int fd,
           const char *data,
           gsize len)
{
  while (len > 0)
    {
      gssize n;

      if (!wait_for (c->server, fd, POLLOUT, -1))
        return FALSE;
      n = send (fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && (errno == EAGAIN || errno == EINTR))
        continue;
      if (n < 0)
        return FALSE;
      data += n;
      len -= (gsize) n;
    }

  return TRUE;
}

static gboolean
read_exactly (Connection *c,
              guint8 *data,
              gsize len)
{
  for (gsize done = 0; done < len;)
    {
      gssize n = read_some (c, c->client, (char *) data + done, len - done);

      if (n <= 0)
        return FALSE;
      done += (gsize) n;
    }

  return TRUE;
}

/* An answer of the proxy's own. FALSE: that was the end. */
static gboolean
answer (Connection *c,
        const void *data,
        gsize len)
{
  const char *bytes = data;
  gsize whole = len;

  if (c->left >= 0)
    len = MIN (len, (gsize) c->left);
  if (c->behaviour.drip_ms == 0 && !write_all (c, c->client, bytes, len))
    return FALSE;
  for (gsize i = 0; c->behaviour.drip_ms > 0 && i < len; i++)
    if (!write_all (c, c->client, bytes + i, 1) || !wait_for (c->server, -1, 0, (int) c->behaviour.drip_ms))
      return FALSE;
  if (c->left >= 0)
    c->left -= (gssize) len;

  return len == whole && c->left != 0;
}

static gboolean
begin_answer (Connection *c)
{
  gsize len;
  const void *data;

  if (c->behaviour.silent)
    {
      char byte;

      while (read_some (c, c->client, &byte, 1) > 0)
        ;
      return FALSE;
    }
  if (c->behaviour.raw == NULL)
    return TRUE;

  data = g_bytes_get_data (c->behaviour.raw, &len);
  answer (c, data, len);
  return FALSE;
}

static gboolean
reach (Connection *c,
       const char *host,
       guint16 port)
{
  struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons (port) };
  struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons (port) };
  gboolean is_v6 = inet_pton (AF_INET6, host, &v6.sin6_addr) == 1;
  g_autofree char *name = g_strdup_printf ("%s %u", host, port);
  int one = 1;

  if (c->origin >= 0 && g_str_equal (name, c->origin_name))
    return TRUE;
  if (c->origin >= 0)
    close (c->origin);
  if (inet_pton (AF_INET, host, &v4.sin_addr) != 1)
    v4.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  c->origin = socket (is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect (c->origin, is_v6 ? (struct sockaddr *) &v6 : (struct sockaddr *) &v4, is_v6 ? sizeof v6 : sizeof v4) != 0)
    {
      close (c->origin);
      c->origin = -1;
      return FALSE;
    }
  setsockopt (c->origin, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  g_free (c->origin_name);
  c->origin_name = g_steal_pointer (&name);

  return TRUE;
}

static void G_GNUC_PRINTF (2, 3)
note (Connection *c,
      const char *format,
      ...)
{
  GString *summary = c->server->summary;
  va_list args;

  g_mutex_lock (&c->server->lock);
  if (summary->len > 0)
    g_string_append_c (summary, ' ');
  va_start (args, format);
  g_string_append_vprintf (summary, format, args);
  va_end (args);
  g_string_append_printf (summary, "#%u", c->number);
  g_mutex_unlock (&c->server->lock);
}

/* ---- bytes both ways ---- */

/* What is still to come of the request that is forwarded. */
typedef struct
{
  GString *input; /* of the client, not yet looked at */
  gint64 left; /* of a body with a length; G_MAXINT64: a tunnel */
  gboolean chunked; /* up to the empty line behind the last chunk */
} Upload;

static void
end_like (Connection *c,
          int error)
{
  struct linger hard = { 1, 0 };

  if (error == ECONNRESET)
    setsockopt (c->client, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  c->ended = TRUE;
}

static gboolean
pump (Connection *c,
      int from,
      int to)
{
  char data[16384];
  gssize n = recv (from, data, sizeof data, MSG_DONTWAIT);

  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return TRUE;
  if (n < 0)
    {
      if (from == c->origin)
        end_like (c, errno);
      return FALSE;
    }
  if (n == 0)
    return FALSE;

  return write_all (c, to, data, (gsize) n);
}

/* Until an end; one that only stops to send is told so, and the other way goes on. */
static void
splice_both (Connection *c)
{
  gboolean open[2] = { TRUE, TRUE };
  int fds[2] = { c->client, c->origin };

  while (open[1] && !c->ended)
    {
      struct pollfd polls[] = {
        { .fd = c->server->stop, .events = POLLIN },
        { .fd = open[0] ? fds[0] : -1, .events = POLLIN },
        { .fd = fds[1], .events = POLLIN },
      };

      if (poll (polls, 3, -1) < 0 && errno != EINTR)
        return;
      if (polls[0].revents != 0)
        return;
      for (guint i = 0; i < 2; i++)
        if (open[i] && polls[i + 1].revents != 0 && !pump (c, fds[i], fds[1 - i]))
          {
            open[i] = FALSE;
            shutdown (fds[1 - i], SHUT_WR);
          }
    }
}

/* ---- SOCKS ---- */

static char *
read_text (Connection *c)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint8 byte;

  while (read_exactly (c, &byte, 1))
    {
      if (byte == 0)
        return g_string_free (g_steal_pointer (&text), FALSE);
      g_string_append_c (text, (char) byte);
    }

  return NULL;
}

static void
serve_socks4 (Connection *c)
{
  guint8 head[7], reply[8] = { 0, 90, 1, 2, 3, 4, 5, 6 };
  g_autofree char *user = NULL, *host = NULL;
  gboolean by_name, ok;
  guint16 port;

  if (!read_exactly (c, head, 7) || (user = read_text (c)) == NULL)
    return;
  port = (guint16) (head[1] << 8 | head[2]);
  by_name = head[3] == 0 && head[4] == 0 && head[5] == 0 && head[6] != 0;
  host = by_name ? read_text (c) : g_strdup_printf ("%u.%u.%u.%u", head[3], head[4], head[5], head[6]);
  if (host == NULL)
    return;
  note (c, "%s %s:%u", by_name ? "SOCKS4a" : "SOCKS4", host, port);
  if (!begin_answer (c))
    return;

  if (c->behaviour.refusal != 0)
    reply[1] = (guint8) c->behaviour.refusal;
  else if (c->behaviour.user != NULL && !g_str_equal (user, c->behaviour.user))
    reply[1] = 93;
  else if (!reach (c, host, port))
    reply[1] = 91;
  ok = reply[1] == 90;
  if (answer (c, reply, sizeof reply) && ok)
    splice_both (c);
}

static gboolean
check_login5 (Connection *c)
{
  guint8 head[2], user[256] = { 0 }, password[256] = { 0 }, reply[2] = { 1, 0 };

  if (!read_exactly (c, head, 2) || !read_exactly (c, user, head[1]) || !read_exactly (c, head, 1) ||
      !read_exactly (c, password, head[0]))
    return FALSE;
  if (!g_str_equal ((char *) user, c->behaviour.user) || !g_str_equal ((char *) password, c->behaviour.password))
    reply[1] = 1;

  return answer (c, reply, sizeof reply) && reply[1] == 0;
}

static char *
read_target5 (Connection *c,
              guint16 *port)
{
  guint8 head[4], text[256] = { 0 }, bytes[2];
  char address[INET6_ADDRSTRLEN];
  char *host;

  if (!read_exactly (c, head, 4))
    return NULL;
  if (head[3] == 3)
    {
      if (!read_exactly (c, text, 1) || !read_exactly (c, text + 1, text[0]))
        return NULL;
      host = g_strndup ((char *) text + 1, text[0]);
    }
  else
    {
      if (!read_exactly (c, text, head[3] == 4 ? 16 : 4))
        return NULL;
      host = g_strdup (inet_ntop (head[3] == 4 ? AF_INET6 : AF_INET, text, address, sizeof address));
    }
  if (!read_exactly (c, bytes, 2))
    g_clear_pointer (&host, g_free);
  *port = (guint16) (bytes[0] << 8 | bytes[1]);

  return host;
}

static void
serve_socks5 (Connection *c)
{
  guint8 count, methods[255], choice[2] = { 5, 0 }, reply[10] = { 5, 0, 0, 1 };
  g_autofree char *host = NULL;
  guint16 port;

  if (!read_exactly (c, &count, 1) || !read_exactly (c, methods, count))
    return;
  if (!begin_answer (c))
    return;
  choice[1] = c->behaviour.user != NULL ? 2 : 0;
  if (memchr (methods, choice[1], count) == NULL)
    choice[1] = 0xff;
  if (!answer (c, choice, 2) || choice[1] == 0xff || (choice[1] == 2 && !check_login5 (c)))
    return;

  host = read_target5 (c, &port);
  if (host == NULL)
    return;
  note (c, "SOCKS5 %s:%u", host, port);
  if (c->behaviour.refusal != 0)
    reply[1] = (guint8) c->behaviour.refusal;
  else if (!reach (c, host, port))
    reply[1] = 5;
  if (answer (c, reply, sizeof reply) && reply[1] == 0)
    splice_both (c);
}

/* ---- HTTP ---- */

static const char *
find_field (const char *head,
            const char *name)
{
  gsize len = strlen (name);

  for (const char *line = strstr (head, "\r\n"); line != NULL && line[2] != '\r'; line = strstr (line + 2, "\r\n"))
    if (g_ascii_strncasecmp (line + 2, name, len) == 0 && line[2 + len] == ':')
      return line + 2 + len + 1;

  return NULL;
}

static gboolean
check_basic (Connection *c,
             const char *head)
{
  const char *field = find_field (head, "Proxy-Authorization");
  g_autofree char *login = NULL, *encoded = NULL, *expected = NULL;

  if (c->behaviour.user == NULL)
    return TRUE;
  if (c->behaviour.digest)
    {
      g_autofree char *name = g_strdup_printf ("username=\"%s\"", c->behaviour.user);
      const char *end = field != NULL ? strstr (field, "\r\n") : NULL;

      return field != NULL && g_str_has_prefix (field, " Digest ") && g_strstr_len (field, end - field, name) != NULL &&
             g_strstr_len (field, end - field, "nonce=\"n0\"") != NULL;
    }
  login = g_strdup_printf ("%s:%s", c->behaviour.user, c->behaviour.password);
  encoded = g_base64_encode ((guchar *) login, strlen (login));
  expected = g_strdup_printf (" Basic %s\r\n", encoded);

  return field != NULL && g_str_has_prefix (field, expected);
}

static gboolean
answer_status (Connection *c,
               guint status,
               const char *fields,
               const char *body)
{
  g_autofree char *text = g_strdup_printf ("HTTP/1.1 %u Said so\r\n%s%s", status, c->behaviour.fields, fields);
  g_autofree char *whole = body == NULL
                             ? g_strdup_printf ("%s\r\n", text)
                             : g_strdup_printf ("%sContent-Length: %u\r\n\r\n%s", text, (guint) strlen (body), body);

  return answer (c, whole, strlen (whole));
}

static gboolean
split_authority (const char *authority,
                 char **host,
                 guint16 *port,
                 guint16 normal)
{
  const char *colon = strrchr (authority, ':');
  gboolean bracketed = authority[0] == '[';
  const char *end = bracketed ? strchr (authority, ']') : colon;

  if (bracketed && end == NULL)
    return FALSE;
  if (colon != NULL && colon < end)
    colon = NULL;
  *host = end == NULL ? g_strdup (authority) : g_strndup (authority + bracketed, (gsize) (end - authority - bracketed));
  *port = colon != NULL ? (guint16) g_ascii_strtoull (colon + 1, NULL, 10) : normal;

  return TRUE;
}

static void
serve_connect (Connection *c,
               const char *authority)
{
  g_autofree char *host = NULL;
  guint16 port = 0;

  if (c->behaviour.refusal != 0)
    answer_status (c, c->behaviour.refusal, "", c->behaviour.refusal_body);
  else if (!split_authority (authority, &host, &port, 0) || !reach (c, host, port))
    answer_status (c, 502, "", "");
  else if (answer_status (c, 200, "", NULL))
    splice_both (c);
}

/* The head as the server gets it: origin-form, and nothing that was for the proxy. */
static GString *
make_origin_head (const char *head,
                  const char *method,
                  const char *path)
{
  GString *out = g_string_new (method);
  const char *line = strstr (head, "\r\n") + 2;

  g_string_append_printf (out, " %s", *path == '/' ? path : "/");
  for (const char *version = line - 2; version > head; version--)
    if (*version == ' ')
      {
        g_string_append_len (out, version, line - version);
        break;
      }
  while (line[0] != '\r')
    {
      const char *next = strstr (line, "\r\n") + 2;

      if (g_ascii_strncasecmp (line, "Proxy-", 6) != 0)
        g_string_append_len (out, line, next - line);
      line = next;
    }
  g_string_append (out, "\r\n");

  return out;
}

/* How many bytes of @input belong to the body of the request. */
static gsize
take_body (Upload *upload)
{
  gsize len = upload->input->len;

  if (upload->chunked)
    {
      /* The last chunk is alone what ends with it, as no test sends this in the middle of a chunk. */
      const char *end = g_strstr_len (upload->input->str, (gssize) len, "0\r\n");

      while (end != NULL && end != upload->input->str && end[-1] != '\n')
        end = g_strstr_len (end + 1, (gssize) (upload->input->str + len - end - 1), "0\r\n");
      if (end != NULL)
        end = g_strstr_len (end, (gssize) (upload->input->str + len - end), "\r\n\r\n");
      if (end == NULL)
        return len;
      upload->chunked = FALSE;
      return (gsize) (end + 4 - upload->input->str);
    }

  len = (gsize) MIN ((gint64) len, upload->left);
  upload->left -= (gint64) len;
  return len;
}

/* One request was forwarded up to its head; goes on until the next head is there. FALSE: the end. */
static gboolean
relay_until_next (Connection *c,
                  Upload *upload)
{
  while (!c->ended)
    {
      char data[16384];
      struct pollfd polls[] = {
        { .fd = c->server->stop, .events = POLLIN },
        { .fd = c->client, .events = POLLIN },
        { .fd = c->origin, .events = POLLIN },
      };

      if (upload->input->len > 0)
        {
          gsize n = take_body (upload);

          if (n == 0)
            return TRUE;
          if (!write_all (c, c->origin, upload->input->str, n))
            {
              /* It may have answered all the same. */
              while (pump (c, c->origin, c->client))
                ;
              return FALSE;
            }
          g_string_erase (upload->input, 0, (gssize) n);
          continue;
        }
      if (poll (polls, 3, -1) < 0 && errno != EINTR)
        return FALSE;
      if (polls[0].revents != 0)
        return FALSE;
      if (polls[2].revents != 0 && !pump (c, c->origin, c->client))
        return FALSE;
      if (polls[1].revents != 0)
        {
          gssize n = recv (c->client, data, sizeof data, MSG_DONTWAIT);

          if (n <= 0)
            return FALSE;
          g_string_append_len (upload->input, data, n);
        }
    }

  return FALSE;
}

static gboolean
serve_forward (Connection *c,
               const char *head,
               const char *method,
               const char *target,
               Upload *upload)
{
  const char *authority = g_str_has_prefix (target, "http://") ? target + 7 : NULL;
  const char *length = find_field (head, "Content-Length");
  const char *coding = find_field (head, "Transfer-Encoding");
  g_autofree char *name = NULL, *host = NULL;
  GString *out;
  gboolean sent;
  guint16 port;

  if (authority == NULL)
    return answer_status (c, 400, "", "") && FALSE;
  if (c->behaviour.refusal != 0)
    return answer_status (c, c->behaviour.refusal, "", c->behaviour.refusal_body);
  name = g_strndup (authority, strcspn (authority, "/?"));
  if (!split_authority (name, &host, &port, 80) || !reach (c, host, port))
    return answer_status (c, 502, "", "");

  out = make_origin_head (head, method, authority + strlen (name));
  sent = write_all (c, c->origin, out->str, out->len);
  g_string_free (out, TRUE);
  upload->chunked = coding != NULL;
  upload->left = length != NULL && coding == NULL ? g_ascii_strtoll (length, NULL, 10) : 0;

  return sent && relay_until_next (c, upload);
}

static gboolean
read_head (Connection *c,
           GString *input,
           char **head)
{
  for (;;)
    {
      char data[4096];
      const char *end = g_strstr_len (input->str, (gssize) input->len, "\r\n\r\n");
      gssize n;

      if (end != NULL)
        {
          gsize len = (gsize) (end + 4 - input->str);

          *head = g_strndup (input->str, len);
          g_string_erase (input, 0, (gssize) len);
          return TRUE;
        }
      if (input->len > HEAD_MAX)
        return FALSE;
      n = read_some (c, c->client, data, sizeof data);
      if (n <= 0)
        return FALSE;
      g_string_append_len (input, data, n);
    }
}

static gboolean
demand_login (Connection *c)
{
  g_autofree char *fields = g_strdup_printf (
    "Proxy-Authenticate: %s\r\n%s",
    c->behaviour.digest ? "Digest realm=\"test\", nonce=\"n0\", qop=\"auth\"" : "Basic realm=\"test\"",
    c->behaviour.close ? "Connection: close\r\n" : "");

  return answer_status (c, 407, fields, "who?") && !c->behaviour.close;
}

static void
serve_http (Connection *c,
            char first)
{
  Upload upload = { .input = g_string_new_len (&first, 1) };
  gboolean go_on = TRUE;

  while (go_on && !c->ended)
    {
      g_autofree char *head = NULL;
      g_auto (GStrv) words = NULL;

      if (!read_head (c, upload.input, &head))
        break;
      g_mutex_lock (&c->server->lock);
      g_string_append (c->server->heads, head);
      g_mutex_unlock (&c->server->lock);
      words = g_strsplit (head, " ", 3);
      if (g_strv_length (words) < 3)
        break;
      note (c, "%s %s", words[0], words[1]);
      if (!begin_answer (c))
        break;
      if (!check_basic (c, head))
        go_on = demand_login (c);
      else if (g_str_equal (words[0], "CONNECT"))
        {
          serve_connect (c, words[1]);
          go_on = c->behaviour.refusal != 0;
        }
      else
        go_on = serve_forward (c, head, words[0], words[1], &upload);
    }
  g_string_free (upload.input, TRUE);
}

/* ---- life ---- */

static void
behaviour_clear (Behaviour *self)
{
  g_free (self->user);
  g_free (self->password);
  g_free (self->refusal_body);
  g_free (self->fields);
  g_clear_pointer (&self->raw, g_bytes_unref);
}

static gpointer
serve (gpointer data)
{
  Connection *c = data;
  guint8 first;

  if (read_exactly (c, &first, 1))
    {
      if (first == 4)
        serve_socks4 (c);
      else if (first == 5)
        serve_socks5 (c);
      else
        serve_http (c, (char) first);
    }
  if (c->origin >= 0)
    close (c->origin);
  close (c->client);
  behaviour_clear (&c->behaviour);
  g_free (c->origin_name);
  g_free (c);

  return NULL;
}

static void
begin_connection (ProxyServer *self,
                  int fd)
{
  Connection *c = g_new0 (Connection, 1);
  const Behaviour *from = &self->behaviour;
  int one = 1;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  g_mutex_lock (&self->lock);
  c->server = self;
  c->client = fd;
  c->origin = -1;
  c->number = self->n_connections++;
  c->behaviour = *from;
  c->behaviour.user = g_strdup (from->user);
  c->behaviour.password = g_strdup (from->password);
  c->behaviour.refusal_body = g_strdup (from->refusal_body);
  c->behaviour.fields = g_strdup (from->fields);
  if (from->raw != NULL)
    g_bytes_ref (from->raw);
  c->left = from->cut;
  if (c->left == 0)
    {
      behaviour_clear (&c->behaviour);
      g_free (c);
      close (fd);
    }
  else
    g_ptr_array_add (self->threads, g_thread_new ("proxied", serve, c));
  g_mutex_unlock (&self->lock);
}

static gpointer
accept_all (gpointer data)
{
  ProxyServer *self = data;

  while (wait_for (self, self->listener, POLLIN, -1))
    {
      int fd = accept4 (self->listener, NULL, NULL, SOCK_CLOEXEC);

      if (fd >= 0)
        begin_connection (self, fd);
    }

  return NULL;
}

ProxyServer *
proxy_server_new (void)
{
  ProxyServer *self = g_new0 (ProxyServer, 1);
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t len = sizeof address;

  self->listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  self->stop = eventfd (0, EFD_CLOEXEC);
  if (bind (self->listener, (struct sockaddr *) &address, sizeof address) != 0 || listen (self->listener, 512) != 0
      || getsockname (self->listener, (struct sockaddr *) &address, &len) != 0)
    g_error ("no proxy: %s", g_strerror (errno));
  self->port = ntohs (address.sin_port);
  self->behaviour.cut = -1;
  self->behaviour.fields = g_strdup ("");
  self->threads = g_ptr_array_new ();
  self->urls = g_ptr_array_new_with_free_func (g_free);
  self->summary = g_string_new (NULL);
  self->heads = g_string_new (NULL);
  g_mutex_init (&self->lock);
  self->acceptor = g_thread_new ("proxy", accept_all, self);

  return self;
}

void
proxy_server_free (ProxyServer *self)
{
  if (self == NULL)
    return;

  eventfd_write (self->stop, 1);
  g_thread_join (self->acceptor);
  for (guint i = 0; i < self->threads->len; i++)
    g_thread_join (g_ptr_array_index (self->threads, i));
  g_ptr_array_unref (self->threads);
  g_ptr_array_unref (self->urls);
  close (self->listener);
  close (self->stop);
  behaviour_clear (&self->behaviour);
  g_string_free (self->summary, TRUE);
  g_string_free (self->heads, TRUE);
  g_mutex_clear (&self->lock);
  g_free (self);
}

guint16
proxy_server_port (ProxyServer *self)
{
  return self->port;
}

const char *
proxy_server_url (ProxyServer *self,
                  const char *scheme)
{
  char *url = g_strdup_printf ("%s://127.0.0.1:%u", scheme, self->port);

  g_ptr_array_add (self->urls, url);
  return url;
}

/* ---- settings ---- */

static void
set_text (ProxyServer *self,
          char **member,
          const char *value)
{
  g_mutex_lock (&self->lock);
  g_free (*member);
  *member = g_strdup (value);
  g_mutex_unlock (&self->lock);
}

void
proxy_server_set_login (ProxyServer *self,
                        const char *user,
                        const char *password)
{
  set_text (self, &self->behaviour.user, user);
  set_text (self, &self->behaviour.password, password);
}

void
proxy_server_set_refusal (ProxyServer *self,
                          guint code,
                          const char *body)
{
  set_text (self, &self->behaviour.refusal_body, body);
  g_mutex_lock (&self->lock);
  self->behaviour.refusal = code;
  g_mutex_unlock (&self->lock);
}

void
proxy_server_set_raw (ProxyServer *self,
                      const void *bytes,
                      gsize len)
{
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->behaviour.raw, g_bytes_unref);
  self->behaviour.raw = g_bytes_new (bytes, len);
  g_mutex_unlock (&self->lock);
}

void
proxy_server_set_digest (ProxyServer *self,
                         gboolean close_behind)
{
  g_mutex_lock (&self->lock);
  self->behaviour.digest = TRUE;
  self->behaviour.close = close_behind;
  g_mutex_unlock (&self->lock);
}

void
proxy_server_set_cut (ProxyServer *self,
                      gssize at)
{
  g_mutex_lock (&self->lock);
  self->behaviour.cut = at;
  g_mutex_unlock (&self->lock);
}

void
proxy_server_set_drip (ProxyServer *self,
                       guint ms)
{
  g_mutex_lock (&self->lock);
  self->behaviour.drip_ms = ms;
  g_mutex_unlock (&self->lock);
}

void
proxy_server_set_silent (ProxyServer *self,
                         gboolean silent)
{
  g_mutex_lock (&self->lock);
  self->behaviour.silent = silent;
  g_mutex_unlock (&self->lock);
}

void
proxy_server_set_fields (ProxyServer *self,
                         const char *fields)
{
  set_text (self, &self->behaviour.fields, fields);
}

/* ---- the log ---- */

guint
proxy_server_n_connections (ProxyServer *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n_connections;
  g_mutex_unlock (&self->lock);

  return n;
}

static char *
dup_text (ProxyServer *self,
          GString *text)
{
  char *copy;

  g_mutex_lock (&self->lock);
  copy = g_strdup (text->str);
  g_mutex_unlock (&self->lock);

  return copy;
}

char *
proxy_server_summary (ProxyServer *self)
{
  return dup_text (self, self->summary);
}

char *
proxy_server_heads (ProxyServer *self)
{
  return dup_text (self, self->heads);
}
