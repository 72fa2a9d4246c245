/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gmulti.h>

#include "kdc.h"
#include "scripted-server.h"
#include "turn-time.h"

#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* No step blocks: beside transfers that hang in a name look-up, in a connection, in a handshake, at a proxy of each kind
 * or at a Kerberos server, a hundred others go on on the same loop. What counts is how long one turn of the loop keeps its
 * thread from the next, without the time that the thread waited for a processor: that is the machine's affair. */

#define N_STUCK 20
#define N_OTHERS 100
#define N_ROUNDS 1000
#define GAP_US 10000
#define CANCEL_US 1000

typedef struct
{
  int silent_fd; /* connections to it are made, and nobody ever reads or writes */
  guint16 silent_port;
  ScriptedServer *server;
  ScriptedServer *asking; /* wants a ticket */
  ScriptedServer *choosing; /* (nullable): so does this, as a SOCKS5 proxy */
  GMultiSession *session;
  GMultiTransfer *stuck[N_STUCK];
  guint n_stuck_ended;
  guint n_running;
  guint n_left;
  guint n_done;
} Fixture;

/* ---- names that hang ---- */

static GMutex hang_lock;
static GCond hang_cond;
static gboolean hang_over;

/* In the place of libc's: names that begin with "stuck" hang for 30 s, as those of a dead server do. Addresses, which
 * Kerberos's library has looked up too, are libc's. */
int
getaddrinfo (const char *node,
             const char *service,
             const struct addrinfo *hints,
             struct addrinfo **result)
{
  int (*next) (const char *, const char *, const struct addrinfo *, struct addrinfo **);
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  if (g_ascii_isdigit (*node))
    {
      *(void **) &next = dlsym (RTLD_NEXT, "getaddrinfo");
      return next (node, service, hints, result);
    }
  if (g_str_has_prefix (node, "stuck"))
    {
      g_mutex_lock (&hang_lock);
      while (!hang_over && g_cond_wait_until (&hang_cond, &hang_lock, end))
        ;
      g_mutex_unlock (&hang_lock);
    }

  return EAI_AGAIN;
}

void
freeaddrinfo (struct addrinfo *result)
{
  void (*next) (struct addrinfo *);

  *(void **) &next = dlsym (RTLD_NEXT, "freeaddrinfo");
  next (result);
}

/* ---- how long a turn takes ---- */

static GPollFunc poll_below;
static gint64 turn_began; /* 0: not measured */
static gint64 turn_waited;
static gint64 longest;

static void
end_turn (void)
{
  gint64 took = g_get_monotonic_time () - turn_began;

  /* asked only when it matters, for it costs a system call */
  if (turn_began != 0 && took > GAP_US / 2)
    {
      took -= turn_time_waited () - turn_waited;
      longest = MAX (longest, took);
    }
}

static int
measuring_poll (GPollFD *fds,
                guint n_fds,
                int timeout)
{
  int n;

  end_turn ();
  n = poll_below (fds, n_fds, timeout);
  turn_began = g_get_monotonic_time ();
  turn_waited = turn_time_waited ();

  return n;
}

static void
measure (void)
{
  poll_below = g_main_context_get_poll_func (NULL);
  g_main_context_set_poll_func (NULL, measuring_poll);
  longest = turn_began = 0;
}

/* ---- transfers ---- */

static void start_others (Fixture *self);

static void
other_done (GObject *source,
            GAsyncResult *result,
            gpointer user_data)
{
  Fixture *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 5);
  self->n_running--;
  self->n_done++;
  start_others (self);
}

static void
start_others (Fixture *self)
{
  for (; self->n_running < N_OTHERS && self->n_left > 0; self->n_left--, self->n_running++)
    {
      g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (scripted_server_url (self->server, "/small"));

      gmulti_session_fetch_async (self->session, transfer, NULL, other_done, self);
    }
}

static void
stuck_cb (GMultiTransfer *transfer,
          const GError *error,
          Fixture *self)
{
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  self->n_stuck_ended++;
}

static gboolean
timeout_cb (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_CONTINUE;
}

static void
wait_until (guint *number,
            guint wanted)
{
  gboolean late = FALSE;
  guint alarm = g_timeout_add_seconds (30, timeout_cb, &late);

  while (*number < wanted && !late)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (alarm);
  g_assert_cmpuint (*number, >=, wanted);
}

static int
listen_silently (guint16 *port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t len = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (fd, 4 * N_STUCK), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &address, &len), ==, 0);
  *port = ntohs (address.sin_port);
  return fd;
}

/* What hangs: a URI with the number of the transfer or the silent port in it. */
typedef struct
{
  const char *name;
  const char *uri; /* %u: the port, or a number for a name */
  const char *proxy; /* (nullable) */
  gboolean named; /* %u is a number */
  gboolean kerberos; /* %u is the port of who asks for a login by it, and the key server is the silent one */
} Trap;

static const Trap traps[] = {
  { "name", "http://stuck%u.example/", NULL, TRUE },
  { "server", "http://127.0.0.1:%u/", NULL, FALSE },
  { "tls", "https://127.0.0.1:%u/", NULL, FALSE },
  { "proxy-http", "http://127.0.0.2:%u/", "http://127.0.0.1:%u", FALSE },
  { "proxy-connect", "https://127.0.0.2:%u/", "http://127.0.0.1:%u", FALSE },
  { "proxy-https", "http://127.0.0.2:%u/", "https://127.0.0.1:%u", FALSE },
  { "proxy-socks4", "http://127.0.0.2:%u/", "socks4://127.0.0.1:%u", FALSE },
  { "proxy-socks4a", "http://stuck%u.example/", "socks4a://127.0.0.1:%u", TRUE },
  { "proxy-socks5", "http://127.0.0.2:%u/", "socks5://127.0.0.1:%u", FALSE },
  { "proxy-socks5h", "http://stuck%u.example/", "socks5h://127.0.0.1:%u", TRUE },
  { "proxy-name", "http://127.0.0.2:%u/", "http://stuck1.example:%u", FALSE },
  { "kerberos", "http://user@127.0.0.1:%u/", NULL, FALSE, TRUE },
  { "proxy-kerberos", "http://stuck%u.example/", "socks5h://:@127.0.0.1:%u", TRUE, TRUE },
};

static Kdc *kdc; /* NULL: there is none here */

static GMultiTransfer *
make_stuck (Fixture *self,
            const Trap *trap,
            guint number)
{
  g_autoptr (GString) uri = g_string_new (trap->uri);
  guint port = trap->kerberos ? scripted_server_port (self->asking) : self->silent_port;
  g_autofree char *text = g_strdup_printf ("%u", trap->named ? number : port);
  GMultiTransfer *transfer;

  g_string_replace (uri, "%u", text, 1);
  transfer = gmulti_transfer_new (uri->str);
  g_signal_connect (transfer, "completed", G_CALLBACK (stuck_cb), self);
  return transfer;
}

/* For all but the others. */
static void
use_proxy (Fixture *self,
           const char *proxy)
{
  g_autoptr (GString) uri = g_string_new (proxy);
  g_autofree char *port = g_strdup_printf ("%u", self->choosing != NULL ? scripted_server_port (self->choosing)
                                                                        : self->silent_port);
  char *direct[] = { (char *) "127.0.0.1", NULL };
  g_autoptr (GProxyResolver) resolver = NULL;

  g_string_replace (uri, "%u", port, 1);
  resolver = g_simple_proxy_resolver_new (uri->str, direct);
  gmulti_session_set_proxy_resolver (self->session, resolver);
}

static void
test_trap (Fixture *self,
           gconstpointer data)
{
  const Trap *trap = data;
  gint64 slowest = 0;

  if (trap->kerberos && kdc == NULL)
    {
      g_test_skip ("there is no Kerberos server here");
      return;
    }
  if (trap->kerberos)
    kdc_set_port (kdc, self->silent_port);
  if (trap->kerberos && trap->proxy != NULL)
    {
      /* A SOCKS5 proxy that has chosen GSSAPI. */
      self->choosing = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
      scripted_server_on (self->choosing, "@", scripted_answer_exact ("\5\1"));
    }
  if (trap->proxy != NULL)
    use_proxy (self, trap->proxy);
  for (guint i = 0; i < N_STUCK; i++)
    {
      self->stuck[i] = make_stuck (self, trap, i);
      gmulti_session_start (self->session, self->stuck[i]);
    }

  /* threads are made, buffers grow: once */
  self->n_left = 2 * N_OTHERS;
  start_others (self);
  wait_until (&self->n_done, 2 * N_OTHERS);

  measure ();
  self->n_left = N_ROUNDS;
  start_others (self);
  wait_until (&self->n_done, 2 * N_OTHERS + N_ROUNDS);
  g_assert_cmpuint (self->n_stuck_ended, ==, 0);

  for (guint i = 0; i < N_STUCK; i++)
    {
      gint64 waited = turn_time_waited ();
      gint64 begin = g_get_monotonic_time ();

      gmulti_transfer_cancel (self->stuck[i]);
      slowest = MAX (slowest, g_get_monotonic_time () - begin - (turn_time_waited () - waited));
    }
  wait_until (&self->n_stuck_ended, N_STUCK);
  g_main_context_set_poll_func (NULL, poll_below);

  g_test_message ("longest turn %" G_GINT64_FORMAT " us (0: none over %u), slowest cancel %" G_GINT64_FORMAT " us", longest,
                  GAP_US / 2, slowest);
  /* What valgrind slows down is our own time. */
  if (g_getenv ("GMULTI_TEST_VALGRIND") == NULL)
    {
      g_assert_cmpint (longest, <, GAP_US);
      g_assert_cmpint (slowest, <, CANCEL_US);
    }
  for (guint i = 0; i < N_STUCK; i++)
    g_clear_object (&self->stuck[i]);
}

static gboolean
sleep_cb (gpointer user_data)
{
  g_usleep (GAP_US * 3 / 2);
  (*(guint *) user_data)++;
  return G_SOURCE_REMOVE;
}

/* The measure sees what it is there to see. */
static void
test_measure (void)
{
  guint n = 0;

  measure ();
  g_timeout_add (1, sleep_cb, &n);
  wait_until (&n, 1);
  g_main_context_iteration (NULL, FALSE);
  g_main_context_set_poll_func (NULL, poll_below);
  g_assert_cmpint (longest, >=, GAP_US);
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  hang_over = FALSE;
  self->silent_fd = listen_silently (&self->silent_port);
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->server, "/small", scripted_answer_text (200, NULL, "small"));
  self->asking = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->asking, "*", scripted_answer_text (401, "WWW-Authenticate: Negotiate\r\n", "no"));
  self->session = gmulti_session_new ();
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  g_mutex_lock (&hang_lock);
  hang_over = TRUE;
  g_cond_broadcast (&hang_cond);
  g_mutex_unlock (&hang_lock);
  g_clear_object (&self->session);
  scripted_server_free (self->asking);
  scripted_server_free (self->choosing);
  scripted_server_free (self->server);
  close (self->silent_fd);
}

int
main (int argc,
      char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  kdc = kdc_new ();
  if (kdc != NULL)
    kdc_log_in (kdc, 600);
  g_test_add_func ("/nothing-blocks/measure", test_measure);
  for (gsize i = 0; i < G_N_ELEMENTS (traps); i++)
    {
      g_autofree char *path = g_strdup_printf ("/nothing-blocks/%s", traps[i].name);

      g_test_add (path, Fixture, &traps[i], set_up, test_trap, tear_down);
    }

  result = g_test_run ();
  kdc_free (kdc);

  return result;
}
