/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-server.h"

#include "scripted-book.h"
#include "scripted-http2.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 256
#define READ_AT_ONCE 65536
#define LINGER_US (2 * G_USEC_PER_SEC) /* how long a connection we ended waits for the other end */
#define DEAF_FILL 16 /* connections that fill the backlog of a deaf server */

typedef struct
{
  ScriptedServer *server; /* (unowned) */
  guint index;
  int fd;
  guint32 events; /* what epoll has been told */
  ScriptedPeer *peer; /* (owned) (nullable) */
  ScriptedHttp2 *http2; /* (owned) (nullable): instead */
  GByteArray *first; /* (owned) (nullable): a head that may ask for that */
  gboolean agreed; /* TLS is there */
  gboolean upgradable;
  guint n_pongs;
  guint n_pings;
  ScriptedTlsSession *tls; /* (owned) (nullable) */
  GSequenceIter *timer; /* (unowned) (nullable): its place among the server's timers */
  gint64 timer_at;
  gint64 linger_until; /* 0: not ended by us */
  gboolean eof;
} Client;

#define LINGERING(client) ((client)->linger_until != 0)

struct _ScriptedServer
{
  ScriptedServerFlags flags;
  ScriptedTls *tls; /* (owned) (nullable) */
  guint16 port;
  char *folder; /* (owned) (nullable) */
  char *path; /* (owned) (nullable) */
  int listeners[2];
  int fill[DEAF_FILL];
  int epoll;
  int wake;
  int timer;
  GThread *thread; /* (owned) (nullable) */

  GMutex mutex; /* guards all below */
  GCond cond;
  gboolean stop;
  ScriptedEnd drop;
  gboolean ping;
  gboolean leave;
  guint n_pongs;
  guint n_pings;
  char urgency;
  guint weight;
  ScriptedBook book;
  GHashTable *clients; /* (owned) set of Client */
  GSequence *timers; /* (owned) of Client, by time */
  GPtrArray *connections; /* (owned) of ScriptedConnection */
  GPtrArray *urls; /* (owned) of utf8 */
};

static void
changed_cb (gpointer user_data)
{
  ScriptedServer *server = user_data;

  g_cond_broadcast (&server->cond);
}

/* --- timers --- */

static int
compare_timers (gconstpointer a,
                gconstpointer b,
                gpointer user_data)
{
  const Client *one = a, *two = b;

  if (one->timer_at != two->timer_at)
    return one->timer_at < two->timer_at ? -1 : 1;
  return one < two ? -1 : one > two;
}

static void
set_timer (Client *client,
           gint64 at) /* -1: none */
{
  g_clear_pointer (&client->timer, g_sequence_remove);
  client->timer_at = at;
  if (at >= 0)
    client->timer = g_sequence_insert_sorted (client->server->timers, client, compare_timers, NULL);
}

static void
arm_timer (ScriptedServer *server)
{
  struct itimerspec spec = { 0 };
  GSequenceIter *first = g_sequence_get_begin_iter (server->timers);

  if (!g_sequence_iter_is_end (first))
    {
      const Client *client = g_sequence_get (first);

      spec.it_value.tv_sec = client->timer_at / G_USEC_PER_SEC;
      spec.it_value.tv_nsec = client->timer_at % G_USEC_PER_SEC * 1000 + 1;
    }
  timerfd_settime (server->timer, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* --- what speaks to a client: text, or HTTP/2 --- */

static gsize
peer_wants (Client *client,
            gint64 now,
            gint64 *later)
{
  return client->http2 != NULL ? READ_AT_ONCE : scripted_peer_wants (client->peer, now, later);
}

/* The first head decides. */
static void
look_for_upgrade (Client *client,
                  const guint8 *data,
                  gsize len,
                  gint64 now)
{
  g_autoptr (GByteArray) first = NULL;
  const guint8 *end;

  if (client->first == NULL)
    client->first = g_byte_array_new ();
  g_byte_array_append (client->first, data, (guint) len);
  end = memmem (client->first->data, client->first->len, "\r\n\r\n", 4);
  if (end == NULL)
    return;

  client->upgradable = FALSE;
  first = g_steal_pointer (&client->first);
  end += 4;
  if (memmem (first->data, (gsize) (end - first->data), "Upgrade: h2c\r\n", 14) != NULL)
    {
      g_autofree char *head = g_strndup ((const char *) first->data, (gsize) (end - first->data));

      g_clear_pointer (&client->peer, scripted_peer_free);
      client->http2 =
        scripted_http2_new_upgraded (client->index, &scripted_book_world, &client->server->book, head);
      scripted_http2_feed (client->http2, end, first->len - (gsize) (end - first->data), now);
    }
  else
    scripted_peer_feed (client->peer, first->data, first->len, now);
}

static void
peer_feed (Client *client,
           const guint8 *data,
           gsize len,
           gint64 now)
{
  if (client->upgradable)
    {
      look_for_upgrade (client, data, len, now);
      return;
    }
  if (client->http2 != NULL)
    scripted_http2_feed (client->http2, data, len, now);
  else
    scripted_peer_feed (client->peer, data, len, now);
}

static void
peer_eof (Client *client)
{
  if (client->http2 != NULL)
    scripted_http2_eof (client->http2);
  else
    scripted_peer_eof (client->peer);
}

static ScriptedNext
peer_next (Client *client,
           gint64 now)
{
  return client->http2 != NULL ? scripted_http2_next (client->http2, now) : scripted_peer_next (client->peer, now);
}

static void
peer_sent (Client *client,
           gsize len,
           gint64 now)
{
  if (client->http2 != NULL)
    scripted_http2_sent (client->http2, len, now);
  else
    scripted_peer_sent (client->peer, len, now);
}

/* --- connections --- */

static ScriptedConnection *
connection_of (Client *client)
{
  return g_ptr_array_index (client->server->connections, client->index);
}

static void
client_free (Client *client)
{
  set_timer (client, -1);
  connection_of (client)->closed_at = g_get_monotonic_time ();
  g_hash_table_remove (client->server->clients, client);
  g_cond_broadcast (&client->server->cond);
  close (client->fd);
  g_clear_pointer (&client->peer, scripted_peer_free);
  g_clear_pointer (&client->http2, scripted_http2_free);
  g_clear_pointer (&client->first, g_byte_array_unref);
  scripted_tls_session_free (client->tls);
  g_free (client);
}

/* FALSE: the client is gone. */
static gboolean
client_end (Client *client,
            ScriptedEnd how)
{
  struct linger reset = { 1, 0 };

  if (client->tls != NULL && how != SCRIPTED_END_RESET && how != SCRIPTED_END_TRUNCATE)
    scripted_tls_say_goodbye (client->tls);
  if (how == SCRIPTED_END_TRUNCATE)
    how = SCRIPTED_END_FIN;
  if (how == SCRIPTED_END_FIN && !client->eof)
    {
      shutdown (client->fd, SHUT_WR);
      client->linger_until = g_get_monotonic_time () + LINGER_US;
      return TRUE;
    }
  if (how == SCRIPTED_END_RESET)
    setsockopt (client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  client_free (client);
  return FALSE;
}

static void
client_watch (Client *client,
              guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = client };

  if (events == client->events)
    return;
  client->events = events;
  epoll_ctl (client->server->epoll, EPOLL_CTL_MOD, client->fd, &event);
}

/* Reads what the peer is willing to take. FALSE: the client is gone. */
static gboolean
client_read (Client *client,
             gint64 now)
{
  static _Thread_local guint8 buffer[READ_AT_ONCE];
  gint64 unused;
  gsize wanted = LINGERING (client) ? sizeof buffer : peer_wants (client, now, &unused);
  gssize n;

  if (wanted == 0 || client->eof)
    return TRUE;
  if (client->tls != NULL && !LINGERING (client))
    n = scripted_tls_recv (client->tls, buffer, MIN (wanted, sizeof buffer));
  else
    n = recv (client->fd, buffer, MIN (wanted, sizeof buffer), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return TRUE;
  if (n <= 0)
    {
      client->eof = TRUE;
      connection_of (client)->ended_by_peer = !LINGERING (client);
      connection_of (client)->reset_by_peer = n < 0;
      peer_eof (client);
      if (n == 0 && !LINGERING (client))
        return TRUE;
      client_free (client);
      return FALSE;
    }
  connection_of (client)->bytes_in += (guint64) n;
  if (!LINGERING (client))
    peer_feed (client, buffer, (gsize) n, now);
  return TRUE;
}

typedef enum
{
  WRITE_GONE,
  WRITE_BLOCKED,
  WRITE_IDLE,
} WriteState;

static WriteState
client_write (Client *client,
              gint64 now,
              gint64 *later)
{
  /* A bounded share, so that one big body does not keep the others waiting. */
  for (guint share = 0; share < 64; share++)
    {
      ScriptedNext next = peer_next (client, now);
      gssize n;

      if (next.kind == SCRIPTED_NEXT_WAIT)
        *later = *later < 0 ? next.at : MIN (*later, next.at);
      if (next.kind == SCRIPTED_NEXT_INPUT || next.kind == SCRIPTED_NEXT_WAIT)
        return WRITE_IDLE;
      if (next.kind == SCRIPTED_NEXT_END)
        return client_end (client, next.how) ? WRITE_IDLE : WRITE_GONE;
      if (client->tls != NULL)
        n = scripted_tls_send (client->tls, next.data, next.len);
      else
        n = send (client->fd, next.data, next.len, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return WRITE_BLOCKED;
      if (n < 0)
        {
          connection_of (client)->ended_by_peer = connection_of (client)->reset_by_peer = TRUE;
          client_free (client);
          return WRITE_GONE;
        }
      connection_of (client)->bytes_out += (guint64) n;
      peer_sent (client, (gsize) n, now);
    }
  return WRITE_BLOCKED;
}

/* What is spoken is what the client took of what was offered. */
static void
agree (Client *client)
{
  g_autofree char *alpn = scripted_tls_dup_alpn (client->tls);

  client->agreed = TRUE;
  g_atomic_int_set (&connection_of (client)->resumed, scripted_tls_was_resumed (client->tls));
  if ((client->server->flags & SCRIPTED_SERVER_HTTP2) == 0 || g_strcmp0 (alpn, "h2") != 0)
    return;
  g_clear_pointer (&client->peer, scripted_peer_free);
  client->http2 = scripted_http2_new (client->index, &scripted_book_world, &client->server->book, FALSE);
}

/* FALSE: nothing else may be done yet, or the client is gone. */
static gboolean
client_shake_hands (Client *client)
{
  int done = scripted_tls_handshake (client->tls);

  if (done < 0)
    {
      connection_of (client)->ended_by_peer = TRUE;
      /* An end that comes as a reset would take our alert with it. */
      if (client_end (client, SCRIPTED_END_FIN))
        {
          set_timer (client, client->linger_until);
          client_watch (client, EPOLLIN);
        }
    }
  else if (done > 0 && !client->agreed)
    agree (client);
  return done > 0;
}

/* As far as they are known by now. */
static void
count_pongs (Client *client)
{
  guint n = client->http2 != NULL ? scripted_http2_n_pongs (client->http2) : 0;
  guint n_pings = client->http2 != NULL ? scripted_http2_n_pings (client->http2) : 0;

  if (client->http2 != NULL && scripted_http2_urgency (client->http2) != 0)
    client->server->urgency = scripted_http2_urgency (client->http2);
  if (client->http2 != NULL && scripted_http2_weight (client->http2) != 0)
    client->server->weight = scripted_http2_weight (client->http2);
  client->server->n_pongs += n - client->n_pongs;
  client->n_pongs = n;
  client->server->n_pings += n_pings - client->n_pings;
  client->n_pings = n_pings;
}

static void
client_step (Client *client,
             gint64 now)
{
  gint64 later = -1;
  guint32 events = 0;
  WriteState state = WRITE_IDLE;
  gint64 readable = -1;
  gboolean wants;

  if (LINGERING (client) && now >= client->linger_until)
    {
      client_free (client);
      return;
    }
  if (client->tls != NULL && !LINGERING (client) && !client_shake_hands (client))
    return;
  if (!client_read (client, now))
    return;
  count_pongs (client);
  if (!LINGERING (client))
    {
      state = client_write (client, now, &later);
      if (state == WRITE_GONE)
        return;
    }
  wants = peer_wants (client, now, &readable) > 0;
  if (wants && client->tls != NULL && scripted_tls_has_pending (client->tls))
    readable = now;
  if (readable >= 0)
    later = later < 0 ? readable : MIN (later, readable);
  set_timer (client, LINGERING (client) ? client->linger_until : later);
  if (!client->eof && (LINGERING (client) || wants))
    events |= EPOLLIN;
  if (state == WRITE_BLOCKED)
    events |= EPOLLOUT;
  client_watch (client, events);
}

static void
name_client (int fd,
             ScriptedConnection *connection)
{
  struct sockaddr_storage address = { 0 };
  socklen_t len = sizeof address;
  char text[INET6_ADDRSTRLEN] = "";

  getpeername (fd, (struct sockaddr *) &address, &len);
  if (address.ss_family == AF_INET)
    {
      const struct sockaddr_in *in = (const void *) &address;

      inet_ntop (AF_INET, &in->sin_addr, text, sizeof text);
      connection->peer_port = ntohs (in->sin_port);
    }
  else if (address.ss_family == AF_INET6)
    {
      const struct sockaddr_in6 *in6 = (const void *) &address;

      inet_ntop (AF_INET6, &in6->sin6_addr, text, sizeof text);
      connection->peer_port = ntohs (in6->sin6_port);
    }
  connection->peer_address = g_strdup (text);
}

static void
accept_one (ScriptedServer *server,
            int fd,
            gint64 now)
{
  int one = 1;
  Client *client = g_new0 (Client, 1);
  ScriptedConnection *connection = g_new0 (ScriptedConnection, 1);
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  name_client (fd, connection);
  connection->opened_at = now;
  client->server = server;
  client->fd = fd;
  client->index = server->connections->len;
  client->timer_at = -1;
  client->events = EPOLLIN;
  if ((server->flags & SCRIPTED_SERVER_HTTP2) != 0 && server->tls == NULL)
    client->http2 = scripted_http2_new (client->index, &scripted_book_world, &server->book,
                                        (server->flags & SCRIPTED_SERVER_WEIGHTS) != 0);
  else
    client->peer = scripted_peer_new (client->index, &scripted_book_world, &server->book);
  client->upgradable = (server->flags & SCRIPTED_SERVER_UPGRADE) != 0;
  if (server->tls != NULL)
    client->tls = scripted_tls_session_new (server->tls, fd);
  g_ptr_array_add (server->connections, connection);
  g_hash_table_add (server->clients, client);
  epoll_ctl (server->epoll, EPOLL_CTL_ADD, fd, &event);
  g_cond_broadcast (&server->cond);
  client_step (client, now);
}

static gboolean
is_deaf (ScriptedServer *server,
         guint slot)
{
  return (server->flags & SCRIPTED_SERVER_DEAF) != 0
         || (slot == 1 && (server->flags & SCRIPTED_SERVER_DEAF_IPV6) != 0);
}

static void
accept_all (ScriptedServer *server,
            gint64 now)
{
  for (guint i = 0; i < G_N_ELEMENTS (server->listeners); i++)
    {
      int fd;

      while (server->listeners[i] >= 0 && !is_deaf (server, i)
             && (fd = accept4 (server->listeners[i], NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
        accept_one (server, fd, now);
    }
}

/* --- the thread --- */

static void
drop_clients (ScriptedServer *server)
{
  g_autoptr (GList) clients = g_hash_table_get_keys (server->clients);

  for (GList *l = clients; l != NULL; l = l->next)
    {
      Client *client = l->data;

      if (!LINGERING (client) && client_end (client, server->drop))
        {
          set_timer (client, client->linger_until);
          client_watch (client, EPOLLIN);
        }
    }
  server->drop = SCRIPTED_END_NONE;
}

static void
say_to_all (ScriptedServer *server,
            void (*say) (ScriptedHttp2 *http2),
            gint64 now)
{
  g_autoptr (GList) clients = g_hash_table_get_keys (server->clients);

  for (GList *l = clients; l != NULL; l = l->next)
    {
      Client *client = l->data;

      if (client->http2 == NULL)
        continue;
      say (client->http2);
      client_step (client, now);
    }
}

static void
run_timers (ScriptedServer *server,
            gint64 now)
{
  GSequenceIter *first;

  while (!g_sequence_iter_is_end (first = g_sequence_get_begin_iter (server->timers)))
    {
      Client *client = g_sequence_get (first);

      if (client->timer_at > now)
        return;
      client_step (client, now);
    }
}

/* An error or a full hang-up stays set for ever: where nothing more can be read it ends the client, or we would spin.
 */
static void
client_event (Client *client,
              guint32 events,
              gint64 now)
{
  if ((events & (EPOLLERR | EPOLLHUP)) == 0 || (client->events & EPOLLIN) != 0)
    {
      client_step (client, now);
      return;
    }
  connection_of (client)->ended_by_peer = TRUE;
  connection_of (client)->reset_by_peer = (events & EPOLLERR) != 0;
  client_free (client);
}

/* A client that is served by one event of a batch may be freed by it, but never by that of another client. */
static void
serve (ScriptedServer *server,
       struct epoll_event *events,
       int n)
{
  gint64 now = g_get_monotonic_time ();
  gboolean accepting = FALSE;
  guint64 count;

  for (int i = 0; i < n; i++)
    if (events[i].data.ptr == &server->wake)
      count = read (server->wake, &count, sizeof count) > 0;
    else if (events[i].data.ptr == &server->timer)
      count = read (server->timer, &count, sizeof count) > 0;
    else if (events[i].data.ptr == server)
      accepting = TRUE;
    else if (g_hash_table_contains (server->clients, events[i].data.ptr))
      client_event (events[i].data.ptr, events[i].events, now);
  if (accepting)
    accept_all (server, now);
  run_timers (server, now);
  if (server->ping)
    say_to_all (server, scripted_http2_ping, now);
  if (server->leave)
    say_to_all (server, scripted_http2_leave, now);
  server->ping = server->leave = FALSE;
  if (server->drop != SCRIPTED_END_NONE)
    drop_clients (server);
  arm_timer (server);
}

static gpointer
server_thread (gpointer data)
{
  ScriptedServer *server = data;
  struct epoll_event events[EVENTS_AT_ONCE];
  g_autoptr (GList) clients = NULL;

  g_mutex_lock (&server->mutex);
  while (!server->stop)
    {
      int n;

      g_mutex_unlock (&server->mutex);
      n = epoll_wait (server->epoll, events, EVENTS_AT_ONCE, -1);
      g_mutex_lock (&server->mutex);
      serve (server, events, MAX (n, 0));
    }
  clients = g_hash_table_get_keys (server->clients);
  g_list_foreach (clients, (GFunc) (void (*) (void)) client_free, NULL);
  g_mutex_unlock (&server->mutex);
  return NULL;
}

/* --- setting up --- */

static int
new_socket (ScriptedServer *server,
            int family)
{
  int fd = socket (family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int one = 1, size = 32768;

  g_assert_cmpint (fd, >=, 0);
  if (family == AF_INET6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (server->flags & SCRIPTED_SERVER_SMALL_BUFFERS)
    {
      setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
      setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
  return fd;
}

static gboolean
listen_on (ScriptedServer *server,
           guint slot,
           struct sockaddr *address,
           socklen_t len)
{
  int backlog = is_deaf (server, slot) ? 0 : 4096;
  int fd = new_socket (server, address->sa_family);

  if (bind (fd, address, len) != 0 || listen (fd, backlog) != 0)
    {
      close (fd);
      return FALSE;
    }
  server->listeners[slot] = fd;
  return TRUE;
}

static guint16
port_of (int fd)
{
  struct sockaddr_storage address;
  socklen_t len = sizeof address;

  getsockname (fd, (struct sockaddr *) &address, &len);
  return ntohs (address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *) (void *) &address)->sin6_port
                                              : ((struct sockaddr_in *) (void *) &address)->sin_port);
}

static gboolean
listen_ip (ScriptedServer *server)
{
  struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
  gboolean with4 = (server->flags & SCRIPTED_SERVER_ONLY_IPV6) == 0;
  gboolean with6 = (server->flags & (SCRIPTED_SERVER_IPV6 | SCRIPTED_SERVER_ONLY_IPV6)) != 0;

  if (with4)
    {
      if (!listen_on (server, 0, (struct sockaddr *) &in, sizeof in))
        return FALSE;
      in6.sin6_port = htons (port_of (server->listeners[0]));
    }
  if (with6 && !listen_on (server, 1, (struct sockaddr *) &in6, sizeof in6))
    {
      if (with4)
        close (server->listeners[0]);
      server->listeners[0] = -1;
      return FALSE;
    }
  server->port = port_of (server->listeners[with4 ? 0 : 1]);
  return TRUE;
}

static gboolean
listen_unix (ScriptedServer *server)
{
  struct sockaddr_un un = { .sun_family = AF_UNIX };

  server->folder = g_dir_make_tmp ("scripted-XXXXXX", NULL);
  g_assert_nonnull (server->folder);
  server->path = g_build_filename (server->folder, "socket", NULL);
  g_assert_cmpuint (strlen (server->path), <, sizeof un.sun_path);
  g_strlcpy (un.sun_path, server->path, sizeof un.sun_path);
  return listen_on (server, 0, (struct sockaddr *) &un, sizeof un);
}

/* Connections of our own, until the kernel drops what comes on top of them. */
static void
fill_backlog (ScriptedServer *server,
              int listener)
{
  struct sockaddr_storage address;
  socklen_t len = sizeof address;

  getsockname (listener, (struct sockaddr *) &address, &len);
  for (guint i = 0; i < DEAF_FILL; i++)
    {
      server->fill[i] = socket (address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      if (connect (server->fill[i], (struct sockaddr *) &address, len) != 0 && errno != EINPROGRESS)
        break;
    }
}

static void
connection_free (gpointer data)
{
  g_free (((ScriptedConnection *) data)->peer_address);
  g_free (data);
}

static void
watch_own (ScriptedServer *server,
           int fd,
           gpointer tag)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = tag };

  if (fd >= 0)
    g_assert_cmpint (epoll_ctl (server->epoll, EPOLL_CTL_ADD, fd, &event), ==, 0);
}

static void
start_thread (ScriptedServer *server)
{
  server->epoll = epoll_create1 (EPOLL_CLOEXEC);
  server->wake = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  server->timer = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  watch_own (server, server->wake, &server->wake);
  watch_own (server, server->timer, &server->timer);
  for (guint i = 0; i < G_N_ELEMENTS (server->listeners); i++)
    if (!is_deaf (server, i))
      watch_own (server, server->listeners[i], server);
  server->thread = g_thread_new ("scripted-server", server_thread, server);
}

ScriptedServerFlags scripted_server_more_flags;

ScriptedServer *
scripted_server_new (ScriptedServerFlags flags)
{
  static const char *const both[] = { "h2", "http/1.1", NULL };
  ScriptedTls *tls;

  flags |= scripted_server_more_flags;
  tls = flags & SCRIPTED_SERVER_TLS ? scripted_tls_new () : NULL;
  if (tls != NULL && (flags & SCRIPTED_SERVER_HTTP2) != 0)
    tls->alpn = both;
  return scripted_server_new_tls (flags, tls);
}

ScriptedServer *
scripted_server_new_tls (ScriptedServerFlags flags,
                         ScriptedTls *tls)
{
  ScriptedServer *server = g_new0 (ScriptedServer, 1);
  guint tries = 20;

  server->flags = flags;
  server->tls = tls;
  server->listeners[0] = server->listeners[1] = -1;
  memset (server->fill, -1, sizeof server->fill);
  g_mutex_init (&server->mutex);
  g_cond_init (&server->cond);
  scripted_book_init (&server->book);
  server->book.changed = changed_cb;
  server->book.user_data = server;
  server->clients = g_hash_table_new (NULL, NULL);
  server->timers = g_sequence_new (NULL);
  server->connections = g_ptr_array_new_with_free_func (connection_free);
  server->urls = g_ptr_array_new_with_free_func (g_free);
  /* The port that IPv4 gave may be taken on IPv6: then another is tried. */
  while (!(flags & SCRIPTED_SERVER_UNIX ? listen_unix (server) : listen_ip (server)))
    g_assert_cmpuint (--tries, >, 0);
  if (flags & (SCRIPTED_SERVER_DEAF | SCRIPTED_SERVER_DEAF_IPV6))
    fill_backlog (server, server->listeners[is_deaf (server, 1) && server->listeners[1] >= 0]);
  start_thread (server);
  return server;
}

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

static void
wake (ScriptedServer *server)
{
  guint64 one = 1;

  g_assert_cmpint (write (server->wake, &one, sizeof one), ==, sizeof one);
}

void
scripted_server_stop (ScriptedServer *server)
{
  if (server->thread == NULL)
    return;
  g_mutex_lock (&server->mutex);
  server->stop = TRUE;
  g_mutex_unlock (&server->mutex);
  wake (server);
  g_thread_join (g_steal_pointer (&server->thread));
  for (guint i = 0; i < G_N_ELEMENTS (server->listeners); i++)
    close_fd (&server->listeners[i]);
  for (guint i = 0; i < DEAF_FILL; i++)
    close_fd (&server->fill[i]);
  close_fd (&server->wake);
  close_fd (&server->timer);
  close_fd (&server->epoll);
  if (server->path != NULL)
    g_unlink (server->path);
  if (server->folder != NULL)
    g_rmdir (server->folder);
}

void
scripted_server_free (ScriptedServer *server)
{
  if (server == NULL)
    return;
  scripted_server_stop (server);
  scripted_book_clear (&server->book);
  g_hash_table_unref (server->clients);
  g_sequence_free (server->timers);
  g_ptr_array_unref (server->connections);
  g_ptr_array_unref (server->urls);
  scripted_tls_free (server->tls);
  g_free (server->folder);
  g_free (server->path);
  g_mutex_clear (&server->mutex);
  g_cond_clear (&server->cond);
  g_free (server);
}

guint16
scripted_server_port (ScriptedServer *server)
{
  return server->port;
}

const char *
scripted_server_path (ScriptedServer *server)
{
  return server->path;
}

const char *
scripted_server_scheme (ScriptedServer *server)
{
  return server->tls != NULL ? "https" : "http";
}

const char *
scripted_server_url (ScriptedServer *server,
                     const char *target)
{
  const char *scheme = scripted_server_scheme (server);
  char *url = g_strdup_printf ("%s://%s:%u%s", scheme, server->flags & SCRIPTED_SERVER_ONLY_IPV6 ? "[::1]" : "127.0.0.1",
                               server->port, target);

  if (server->flags & SCRIPTED_SERVER_UNIX)
    {
      g_free (url);
      url = g_strdup_printf ("%s://localhost%s", scheme, target);
    }
  g_mutex_lock (&server->mutex);
  g_ptr_array_add (server->urls, url);
  g_mutex_unlock (&server->mutex);
  return url;
}

void
scripted_server_on (ScriptedServer *server,
                    const char *key,
                    ScriptedAnswer *answer)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  scripted_book_on (&server->book, key, answer);
}

void
scripted_server_set_keep_alive (ScriptedServer *server,
                                guint n_requests,
                                ScriptedEnd how,
                                guint delay_ms)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  server->book.keep_alive = n_requests;
  server->book.keep_alive_end = how;
  server->book.keep_alive_delay = delay_ms;
}

void
scripted_server_drop_all (ScriptedServer *server,
                          ScriptedEnd how)
{
  g_mutex_lock (&server->mutex);
  server->drop = how;
  g_mutex_unlock (&server->mutex);
  wake (server);
  g_mutex_lock (&server->mutex);
  for (guint i = 0; i < 100 && server->drop != SCRIPTED_END_NONE; i++)
    g_cond_wait_until (&server->cond, &server->mutex, g_get_monotonic_time () + 10000);
  g_mutex_unlock (&server->mutex);
}

void
scripted_server_ping_all (ScriptedServer *server)
{
  g_mutex_lock (&server->mutex);
  server->ping = TRUE;
  g_mutex_unlock (&server->mutex);
  wake (server);
}

void
scripted_server_leave_all (ScriptedServer *server)
{
  g_mutex_lock (&server->mutex);
  server->leave = TRUE;
  g_mutex_unlock (&server->mutex);
  wake (server);
}

guint
scripted_server_n_pongs (ScriptedServer *server)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  return server->n_pongs;
}

guint
scripted_server_n_pings (ScriptedServer *server)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  return server->n_pings;
}

char
scripted_server_urgency (ScriptedServer *server)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  return server->urgency;
}

guint
scripted_server_weight (ScriptedServer *server)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  return server->weight;
}

guint
scripted_server_n_connections (ScriptedServer *server)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  return server->connections->len;
}

guint
scripted_server_n_open (ScriptedServer *server)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  return g_hash_table_size (server->clients);
}

guint
scripted_server_n_requests (ScriptedServer *server)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  return server->book.requests->len;
}

const ScriptedRequest *
scripted_server_request (ScriptedServer *server,
                         guint number)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  return number < server->book.requests->len ? g_ptr_array_index (server->book.requests, number) : NULL;
}

const ScriptedConnection *
scripted_server_connection (ScriptedServer *server,
                            guint number)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  return number < server->connections->len ? g_ptr_array_index (server->connections, number) : NULL;
}

char *
scripted_server_summary (ScriptedServer *server)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);

  return scripted_book_summary (&server->book);
}

gboolean
scripted_server_wait_requests (ScriptedServer *server,
                               guint n_complete,
                               guint ms)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);
  gint64 until = g_get_monotonic_time () + (gint64) ms * 1000;

  while (server->book.n_complete < n_complete)
    if (!g_cond_wait_until (&server->cond, &server->mutex, until))
      return server->book.n_complete >= n_complete;
  return TRUE;
}

gboolean
scripted_server_wait_open (ScriptedServer *server,
                           guint n_open_at_most,
                           guint ms)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->mutex);
  gint64 until = g_get_monotonic_time () + (gint64) ms * 1000;

  while (g_hash_table_size (server->clients) > n_open_at_most)
    if (!g_cond_wait_until (&server->cond, &server->mutex, until))
      return g_hash_table_size (server->clients) <= n_open_at_most;
  return TRUE;
}
