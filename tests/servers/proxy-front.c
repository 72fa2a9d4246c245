/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proxy-front.h"

#include "scripted-tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of one tunnel, waiting for room in the client's window. */
#define PENDING_MAX (64 * 1024)

struct _ProxyFront
{
  ScriptedTls *tls; /* (owned) */
  int listener;
  int stop; /* an eventfd that is readable for all at the end */
  guint16 behind; /* the proxy's port */
  char *url; /* (owned) */
  GThread *acceptor;
  GPtrArray *threads;
  GMutex lock;
  guint n_connections;
  guint n_streams;
  guint n_resets;
  guint code;
  guint most;
  guint goaway;
};

typedef struct
{
  ProxyFront *front; /* (unowned) */
  int fd;
  ScriptedTlsSession *tls; /* (owned) */
  nghttp2_session *session; /* (owned) (nullable): HTTP/1 */
  GPtrArray *tunnels; /* (owned) of Tunnel */
  GByteArray *out; /* (owned) */
  guint n_streams;
  gboolean over;
} Client;

typedef struct
{
  Client *client; /* (unowned) */
  gint32 id; /* 0: bytes as they are */
  int fd; /* to the proxy; -1: no more */
  GByteArray *up; /* (owned) */
  GByteArray *down; /* (owned) */
  gint64 left; /* of the answer's body; -1: a tunnel */
  gboolean answered;
  gboolean up_ended;
  gboolean down_ended;
  gboolean deferred;
  gboolean gone;
} Tunnel;

static void
tunnel_free (gpointer data)
{
  Tunnel *self = data;

  if (self->fd >= 0)
    close (self->fd);
  g_byte_array_unref (self->up);
  g_byte_array_unref (self->down);
  g_free (self);
}

static Tunnel *
tunnel_new (Client *client,
            gint32 id)
{
  struct sockaddr_in address = {
    .sin_family = AF_INET, .sin_port = htons (client->front->behind), .sin_addr.s_addr = htonl (INADDR_LOOPBACK)
  };
  Tunnel *self = g_new0 (Tunnel, 1);
  int one = 1;

  self->client = client;
  self->id = id;
  self->left = -1;
  self->up = g_byte_array_new ();
  self->down = g_byte_array_new ();
  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect (self->fd, (struct sockaddr *) &address, sizeof address) != 0)
    g_error ("no proxy behind: %s", g_strerror (errno));
  setsockopt (self->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  g_ptr_array_add (client->tunnels, self);

  return self;
}

/* ---- the request ---- */

static void
add_text (Tunnel *self,
          const char *text)
{
  g_byte_array_append (self->up, (const guint8 *) text, (guint) strlen (text));
}

static int
begin_headers_cb (nghttp2_session *session,
                  const nghttp2_frame *frame,
                  void *data)
{
  Client *client = data;
  ProxyFront *front = client->front;
  gboolean reset;

  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
    return 0;

  g_mutex_lock (&front->lock);
  front->n_streams++;
  reset = front->n_resets > 0;
  front->n_resets -= reset;
  g_mutex_unlock (&front->lock);
  if (++client->n_streams == front->goaway)
    nghttp2_submit_goaway (session, 0, frame->hd.stream_id, NGHTTP2_NO_ERROR, NULL, 0);
  if (reset)
    nghttp2_submit_rst_stream (session, 0, frame->hd.stream_id, front->code);
  else
    nghttp2_session_set_stream_user_data (session, frame->hd.stream_id, tunnel_new (client, frame->hd.stream_id));

  return 0;
}

static int
header_cb (nghttp2_session *session,
           const nghttp2_frame *frame,
           const guint8 *name,
           size_t name_len,
           const guint8 *value,
           size_t value_len,
           guint8 flags,
           void *data)
{
  Tunnel *self = nghttp2_session_get_stream_user_data (session, frame->hd.stream_id);
  const char *key = (const char *) name;
  g_autofree char *text = NULL;

  if (self == NULL)
    return 0;
  if (g_str_equal (key, ":method"))
    g_assert_cmpstr ((const char *) value, ==, "CONNECT");
  else if (g_str_equal (key, ":authority"))
    text = g_strdup_printf ("CONNECT %s HTTP/1.1\r\nHost: %s\r\n", (const char *) value, (const char *) value);
  else
    {
      g_assert_cmpint (*key, !=, ':');
      text = g_strdup_printf ("%s: %s\r\n", g_str_equal (key, "proxy-authorization") ? "Proxy-Authorization" : key,
                              (const char *) value);
    }
  if (text != NULL)
    add_text (self, text);

  return 0;
}

static int
frame_cb (nghttp2_session *session,
          const nghttp2_frame *frame,
          void *data)
{
  Tunnel *self = frame->hd.stream_id > 0 ? nghttp2_session_get_stream_user_data (session, frame->hd.stream_id) : NULL;

  if (self == NULL)
    return 0;
  if (frame->hd.type == NGHTTP2_HEADERS)
    add_text (self, "\r\n");
  if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
      (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA))
    self->up_ended = TRUE;

  return 0;
}

static int
data_cb (nghttp2_session *session,
         guint8 flags,
         gint32 id,
         const guint8 *bytes,
         size_t len,
         void *data)
{
  Tunnel *self = nghttp2_session_get_stream_user_data (session, id);

  nghttp2_session_consume_connection (session, len);
  if (self != NULL)
    g_byte_array_append (self->up, bytes, (guint) len);

  return 0;
}

static int
close_cb (nghttp2_session *session,
          gint32 id,
          guint32 code,
          void *data)
{
  Tunnel *self = nghttp2_session_get_stream_user_data (session, id);

  if (self != NULL)
    self->gone = TRUE;

  return 0;
}

/* ---- the answer ---- */

static ssize_t
read_cb (nghttp2_session *session,
         gint32 id,
         guint8 *buffer,
         size_t len,
         guint32 *flags,
         nghttp2_data_source *source,
         void *data)
{
  Tunnel *self = nghttp2_session_get_stream_user_data (session, id);
  gsize n = MIN (len, self->down->len);

  if (n == 0 && !self->down_ended)
    {
      self->deferred = TRUE;
      return NGHTTP2_ERR_DEFERRED;
    }
  if (n > 0)
    memcpy (buffer, self->down->data, n);
  g_byte_array_remove_range (self->down, 0, (guint) n);
  if (self->down_ended && self->down->len == 0)
    *flags |= NGHTTP2_DATA_FLAG_EOF;

  return (ssize_t) n;
}

/* Lines of the proxy's head as fields; FALSE: it is not all there, or none. */
static gboolean
take_head (Tunnel *self)
{
  nghttp2_session *session = self->client->session;
  nghttp2_data_provider provider = { .read_callback = read_cb };
  const guint8 *end = memmem (self->down->data, self->down->len, "\r\n\r\n", 4);
  g_autofree char *head = NULL;
  g_auto (GStrv) lines = NULL;
  nghttp2_nv fields[32];
  guint status, n = 1;

  if (end == NULL)
    return FALSE;
  head = g_strndup ((const char *) self->down->data, (gsize) (end - self->down->data));
  g_byte_array_remove_range (self->down, 0, (guint) (end + 4 - self->down->data));
  lines = g_strsplit (head, "\r\n", -1);
  if (!g_str_has_prefix (lines[0], "HTTP/1.") || strlen (lines[0]) < 12)
    return FALSE;

  status = (guint) g_ascii_strtoull (lines[0] + 9, NULL, 10);
  fields[0] = (nghttp2_nv){ (guint8 *) ":status", (guint8 *) lines[0] + 9, 7, 3, 0 };
  for (guint i = 1; lines[i] != NULL && n < G_N_ELEMENTS (fields); i++)
    {
      char *colon = strchr (lines[i], ':');

      if (colon == NULL || g_ascii_strncasecmp (lines[i], "connection", 10) == 0)
        continue;
      *colon = '\0';
      g_strstrip (colon + 1);
      for (char *p = lines[i]; p < colon; p++)
        *p = g_ascii_tolower (*p);
      if (g_str_equal (lines[i], "content-length") && status >= 300)
        self->left = g_ascii_strtoll (colon + 1, NULL, 10);
      fields[n++] = (nghttp2_nv){ (guint8 *) lines[i], (guint8 *) colon + 1, strlen (lines[i]), strlen (colon + 1), 0 };
    }
  if (status < 200)
    nghttp2_submit_headers (session, 0, self->id, NULL, fields, n, NULL);
  else
    nghttp2_submit_response (session, self->id, fields, n, &provider);
  self->answered = status >= 200;

  return TRUE;
}

static void
took_bytes (Tunnel *self)
{
  if (self->id == 0)
    return;

  while (!self->answered && take_head (self))
    ;
  if (self->answered && self->left >= 0 && (gint64) self->down->len >= self->left)
    self->down_ended = TRUE;
  if (self->down_ended && !self->answered)
    nghttp2_submit_rst_stream (self->client->session, 0, self->id, NGHTTP2_CONNECT_ERROR);
  else if (self->deferred && (self->down->len > 0 || self->down_ended))
    {
      nghttp2_session_resume_data (self->client->session, self->id);
      self->deferred = FALSE;
    }
}

static void
read_down (Tunnel *self)
{
  guint8 bytes[16384];
  gssize n = recv (self->fd, bytes, sizeof bytes, MSG_DONTWAIT);

  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n > 0)
    g_byte_array_append (self->down, bytes, (guint) n);
  else
    self->down_ended = TRUE;
  if (n < 0 && self->answered)
    nghttp2_submit_rst_stream (self->client->session, 0, self->id, NGHTTP2_CONNECT_ERROR);
  else
    took_bytes (self);
}

static void
write_up (Tunnel *self)
{
  gssize n = self->up->len > 0 ? send (self->fd, self->up->data, self->up->len, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

  if (n > 0)
    {
      g_byte_array_remove_range (self->up, 0, (guint) n);
      if (self->id > 0 && !self->gone)
        nghttp2_session_consume_stream (self->client->session, self->id, (gsize) n);
    }
  if (n < 0 && errno != EAGAIN)
    g_byte_array_set_size (self->up, 0);
  if (self->up->len == 0 && self->up_ended && self->fd >= 0)
    {
      shutdown (self->fd, SHUT_WR);
      self->up_ended = FALSE;
    }
}

/* ---- one connection ---- */

static void
make_session (Client *self)
{
  nghttp2_settings_entry streams = { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, self->front->most };
  nghttp2_session_callbacks *callbacks;
  nghttp2_option *option;

  nghttp2_session_callbacks_new (&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback (callbacks, begin_headers_cb);
  nghttp2_session_callbacks_set_on_header_callback (callbacks, header_cb);
  nghttp2_session_callbacks_set_on_frame_recv_callback (callbacks, frame_cb);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback (callbacks, data_cb);
  nghttp2_session_callbacks_set_on_stream_close_callback (callbacks, close_cb);
  nghttp2_option_new (&option);
  nghttp2_option_set_no_auto_window_update (option, 1);
  nghttp2_session_server_new2 (&self->session, callbacks, self, option);
  nghttp2_option_del (option);
  nghttp2_session_callbacks_del (callbacks);
  nghttp2_submit_settings (self->session, 0, &streams, 1);
}

static void
read_client (Client *self)
{
  guint8 bytes[16384];

  do
    {
      gssize n = scripted_tls_recv (self->tls, bytes, sizeof bytes);

      if (n < 0 && errno == EAGAIN)
        return;
      if (n <= 0)
        {
          self->over = self->session != NULL || n < 0;
          if (!self->over)
            ((Tunnel *) self->tunnels->pdata[0])->up_ended = TRUE;
          return;
        }
      if (self->session == NULL)
        g_byte_array_append (((Tunnel *) self->tunnels->pdata[0])->up, bytes, (guint) n);
      else if (nghttp2_session_mem_recv (self->session, bytes, (gsize) n) < 0)
        self->over = TRUE;
    }
  while (!self->over && scripted_tls_has_pending (self->tls));
}

static void
compose (Client *self)
{
  const guint8 *data;
  ssize_t n;

  if (self->session == NULL)
    {
      Tunnel *tunnel = self->tunnels->pdata[0];

      g_byte_array_append (self->out, tunnel->down->data, tunnel->down->len);
      g_byte_array_set_size (tunnel->down, 0);
      return;
    }
  while (self->out->len < PENDING_MAX && (n = nghttp2_session_mem_send (self->session, &data)) > 0)
    g_byte_array_append (self->out, data, (guint) n);
}

static void
write_client (Client *self)
{
  compose (self);
  while (self->out->len > 0)
    {
      gssize n = scripted_tls_send (self->tls, self->out->data, self->out->len);

      if (n <= 0)
        {
          self->over |= n < 0 && errno != EAGAIN;
          return;
        }
      g_byte_array_remove_range (self->out, 0, (guint) n);
      compose (self);
    }
  if (self->session == NULL && ((Tunnel *) self->tunnels->pdata[0])->down_ended)
    {
      scripted_tls_say_goodbye (self->tls);
      self->over = TRUE;
    }
  if (self->session != NULL && !nghttp2_session_want_read (self->session) && !nghttp2_session_want_write (self->session))
    self->over = TRUE;
}

/* FALSE: it is over. */
static gboolean
wait_for_news (Client *self,
               GArray *polls)
{
  struct pollfd stop = { .fd = self->front->stop, .events = POLLIN };
  struct pollfd client = { .fd = self->fd, .events = (short) (POLLIN | (self->out->len > 0 ? POLLOUT : 0)) };

  g_array_set_size (polls, 0);
  g_array_append_val (polls, stop);
  g_array_append_val (polls, client);
  for (guint i = 0; i < self->tunnels->len; i++)
    {
      Tunnel *tunnel = self->tunnels->pdata[i];
      struct pollfd one = { .fd = tunnel->fd };

      if (!tunnel->down_ended && tunnel->down->len < PENDING_MAX)
        one.events |= POLLIN;
      if (tunnel->up->len > 0 || tunnel->up_ended)
        one.events |= POLLOUT;
      if (one.events == 0)
        one.fd = -1;
      g_array_append_val (polls, one);
    }
  while (poll ((struct pollfd *) (gpointer) polls->data, polls->len, -1) < 0 && errno == EINTR)
    ;

  return g_array_index (polls, struct pollfd, 0).revents == 0;
}

static void
serve_tunnels (Client *self,
               GArray *polls)
{
  for (guint i = 0; i + 2 < polls->len; i++)
    {
      Tunnel *tunnel = self->tunnels->pdata[i];
      short events = g_array_index (polls, struct pollfd, i + 2).revents;

      if (tunnel->gone)
        continue;
      if ((events & (POLLOUT | POLLERR)) != 0)
        write_up (tunnel);
      if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && !tunnel->down_ended)
        read_down (tunnel);
    }
  if (self->session == NULL)
    return;
  for (guint i = self->tunnels->len; i-- > 0;)
    if (((Tunnel *) self->tunnels->pdata[i])->gone)
      g_ptr_array_remove_index (self->tunnels, i);
}

static gboolean
shake_hands (Client *self)
{
  int done;

  while ((done = scripted_tls_handshake (self->tls)) == 0)
    {
      struct pollfd fds[] = { { .fd = self->front->stop, .events = POLLIN }, { .fd = self->fd, .events = POLLIN } };

      while (poll (fds, 2, -1) < 0 && errno == EINTR)
        ;
      if (fds[0].revents != 0)
        return FALSE;
    }

  return done > 0;
}

static gpointer
serve (gpointer data)
{
  Client *self = data;
  g_autoptr (GArray) polls = g_array_new (FALSE, FALSE, sizeof (struct pollfd));

  if (shake_hands (self))
    {
      g_autofree char *alpn = scripted_tls_dup_alpn (self->tls);

      if (g_strcmp0 (alpn, "h2") == 0)
        make_session (self);
      else
        tunnel_new (self, 0);
      read_client (self);
      write_client (self);
      while (!self->over && wait_for_news (self, polls))
        {
          if (g_array_index (polls, struct pollfd, 1).revents != 0)
            read_client (self);
          serve_tunnels (self, polls);
          write_client (self);
        }
    }
  g_ptr_array_unref (self->tunnels);
  nghttp2_session_del (self->session);
  scripted_tls_session_free (self->tls);
  g_byte_array_unref (self->out);
  close (self->fd);
  g_free (self);

  return NULL;
}

/* ---- life ---- */

static gpointer
accept_all (gpointer data)
{
  ProxyFront *self = data;

  for (;;)
    {
      struct pollfd fds[] = { { .fd = self->stop, .events = POLLIN }, { .fd = self->listener, .events = POLLIN } };
      Client *client;
      int fd, one = 1;

      while (poll (fds, 2, -1) < 0 && errno == EINTR)
        ;
      if (fds[0].revents != 0)
        return NULL;
      fd = accept4 (self->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0)
        continue;
      setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      client = g_new0 (Client, 1);
      client->front = self;
      client->fd = fd;
      client->tls = scripted_tls_session_new (self->tls, fd);
      client->tunnels = g_ptr_array_new_with_free_func (tunnel_free);
      client->out = g_byte_array_new ();
      g_mutex_lock (&self->lock);
      self->n_connections++;
      g_mutex_unlock (&self->lock);
      g_ptr_array_add (self->threads, g_thread_new ("front", serve, client));
    }
}

ProxyFront *
proxy_front_new (ProxyServer *proxy,
                 gboolean http2)
{
  static const char *const both[] = { "h2", "http/1.1", NULL };
  static const char *const http1[] = { "http/1.1", NULL };
  ProxyFront *self = g_new0 (ProxyFront, 1);
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t len = sizeof address;

  self->tls = scripted_tls_new ();
  self->tls->alpn = http2 ? both : http1;
  self->behind = proxy_server_port (proxy);
  self->most = 100;
  self->listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  self->stop = eventfd (0, EFD_CLOEXEC);
  if (bind (self->listener, (struct sockaddr *) &address, sizeof address) != 0 || listen (self->listener, 512) != 0 ||
      getsockname (self->listener, (struct sockaddr *) &address, &len) != 0)
    g_error ("no front: %s", g_strerror (errno));
  self->url = g_strdup_printf ("https://127.0.0.1:%u", ntohs (address.sin_port));
  self->threads = g_ptr_array_new ();
  g_mutex_init (&self->lock);
  self->acceptor = g_thread_new ("front", accept_all, self);

  return self;
}

void
proxy_front_free (ProxyFront *self)
{
  if (self == NULL)
    return;

  eventfd_write (self->stop, 1);
  g_thread_join (self->acceptor);
  for (guint i = 0; i < self->threads->len; i++)
    g_thread_join (g_ptr_array_index (self->threads, i));
  g_ptr_array_unref (self->threads);
  close (self->listener);
  close (self->stop);
  scripted_tls_free (self->tls);
  g_mutex_clear (&self->lock);
  g_free (self->url);
  g_free (self);
}

const char *
proxy_front_url (ProxyFront *self)
{
  return self->url;
}

static guint
read_count (ProxyFront *self,
            const guint *count)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = *count;
  g_mutex_unlock (&self->lock);

  return n;
}

guint
proxy_front_n_connections (ProxyFront *self)
{
  return read_count (self, &self->n_connections);
}

guint
proxy_front_n_streams (ProxyFront *self)
{
  return read_count (self, &self->n_streams);
}

void
proxy_front_set_resets (ProxyFront *self,
                        guint n,
                        guint code)
{
  g_mutex_lock (&self->lock);
  self->n_resets = n;
  self->code = code;
  g_mutex_unlock (&self->lock);
}

void
proxy_front_set_most (ProxyFront *self,
                      guint most)
{
  self->most = most;
}

void
proxy_front_set_goaway (ProxyFront *self,
                        guint n)
{
  self->goaway = n;
}
