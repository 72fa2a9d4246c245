/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-source-private.h"

#include "gmulti-core-private.h"

typedef struct
{
  GSource base;
  GmCore *core;   /* (unowned) (nullable) */
  gpointer watch; /* of the epoll set; NULL: each socket has a GPollFD of its own in GmSocket.assigned */
} MainSource;

typedef struct
{
  GSource base;
  GmCore *core; /* (unowned) (nullable) */
  GPollFD poll_fd;
  gint64 due;
} ShareSource;

static GmIo
io_from_condition (GIOCondition condition)
{
  GmIo io = GM_IO_NONE;

  if ((condition & G_IO_IN) != 0)
    io |= GM_IO_IN;
  if ((condition & G_IO_OUT) != 0)
    io |= GM_IO_OUT;
  /* errors and hang-ups come unasked, and a read or write tells which it was */
  if ((condition & (G_IO_ERR | G_IO_HUP | G_IO_NVAL)) != 0)
    io |= GM_IO_IN | GM_IO_OUT | GM_IO_HUP;

  return io;
}

static void
find_ready (GmSocket *socket,
            gpointer user_data)
{
  const GPollFD *poll_fd = socket->assigned;

  if (poll_fd != NULL && poll_fd->revents != 0)
    *(gboolean *) user_data = TRUE;
}

static void
post_socket (GmSocket *socket,
             gpointer user_data)
{
  GPollFD *poll_fd = socket->assigned;

  if (poll_fd == NULL || poll_fd->revents == 0)
    return;

  gm_socket_post (socket, io_from_condition (poll_fd->revents));
  poll_fd->revents = 0;
}

static gboolean
main_source_dispatch (GSource *source,
                      GSourceFunc callback,
                      gpointer user_data)
{
  MainSource *self = (MainSource *) source;
  gboolean readable = FALSE;

  if (self->core == NULL)
    return G_SOURCE_REMOVE;

  if (self->watch != NULL)
    readable = g_source_query_unix_fd (source, self->watch) != 0;
  else
    gm_reactor_foreach (gm_multi_get_reactor (gm_core_get_multi (self->core)), post_socket, NULL);

  gm_core_dispatch (self->core, readable);
  return self->core != NULL ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* Asked each time instead of g_source_set_ready_time(): GLib 2.74 writes to the context's eventfd at each change of
 * that, in the context's own thread too, which costs two system calls and a turn of the loop. */
static gboolean
main_source_prepare (GSource *source,
                     int *timeout)
{
  MainSource *self = (MainSource *) source;
  gint64 due = self->core != NULL ? gm_core_get_due (self->core) : -1;
  gint64 left;

  *timeout = -1;
  if (due < 0)
    return FALSE;

  left = due > 0 ? due - g_source_get_time (source) : 0;
  *timeout = left > 0 ? (int) MIN ((left + 999) / 1000, G_MAXINT) : 0;
  return left <= 0;
}

static gboolean
main_source_check (GSource *source)
{
  MainSource *self = (MainSource *) source;
  gint64 due = self->core != NULL ? gm_core_get_due (self->core) : -1;
  gboolean ready = due == 0 || (due > 0 && due <= g_source_get_time (source));

  if (!ready && self->core != NULL && self->watch == NULL)
    gm_reactor_foreach (gm_multi_get_reactor (gm_core_get_multi (self->core)), find_ready, &ready);

  return ready;
}

/* Destroyed by the core, which has disowned it, or with its context. */
static void
main_source_gone (gpointer data)
{
  MainSource *self = data;

  if (self->core != NULL)
    gm_core_context_gone (self->core);
}

static GSourceFuncs main_source_funcs = {
  .prepare = main_source_prepare,
  .check = main_source_check,
  .dispatch = main_source_dispatch,
};

GSource *
gm_main_source_new (GmCore *core,
                    GMainContext *context,
                    int priority,
                    int poll_fd)
{
  GSource *source = g_source_new (&main_source_funcs, sizeof (MainSource));

  ((MainSource *) source)->core = core;
  g_source_set_static_name (source, "[libgmulti] session");
  g_source_set_priority (source, priority);
  /* without it GLib takes the poll record out and in again round each dispatch */
  g_source_set_can_recurse (source, TRUE);
  if (poll_fd >= 0)
    ((MainSource *) source)->watch = g_source_add_unix_fd (source, poll_fd, G_IO_IN);
  g_source_attach (source, context);

  return source;
}

void
gm_main_source_watch_context (GSource *source)
{
  g_source_set_callback (source, NULL, source, main_source_gone);
}

void
gm_main_source_disown (GSource *source)
{
  ((MainSource *) source)->core = NULL;
}

void
gm_main_source_announce (GSource *source,
                         GmSocket *socket,
                         GmIo want)
{
  GPollFD *poll_fd = socket->assigned;
  gushort condition = 0;

  /* A stream of another connection, which says itself when there is something. */
  if (socket->fd < 0)
    return;

  if ((want & GM_IO_IN) != 0)
    condition |= G_IO_IN;
  if ((want & GM_IO_OUT) != 0)
    condition |= G_IO_OUT;

  if (condition == 0)
    {
      if (poll_fd != NULL)
        {
          if (!g_source_is_destroyed (source))
            g_source_remove_poll (source, poll_fd);
          g_slice_free (GPollFD, poll_fd);
        }
      socket->assigned = NULL;
      return;
    }

  /* GLib reads it each time before it polls, which nobody does now: the context is ours while the engine turns. */
  if (poll_fd != NULL)
    {
      poll_fd->events = condition | G_IO_ERR | G_IO_HUP;
      return;
    }

  /* Not g_source_add_unix_fd(): GLib looks for such a tag in a list whenever it is asked about it, which makes a turn with
   * ten thousand sockets take seconds. */
  socket->assigned = poll_fd = g_slice_new0 (GPollFD);
  poll_fd->fd = socket->fd;
  poll_fd->events = condition | G_IO_ERR | G_IO_HUP;
  g_source_add_poll (source, poll_fd);
}

void
gm_source_end (GSource *source)
{
  if (!g_source_is_destroyed (source) && g_source_get_context (source) != NULL)
    g_source_destroy (source);
}

/* ---- minimum share ---- */

static void
add_poll_fd (GmSocket *socket,
             gpointer user_data)
{
  GPollFD poll_fd = { socket->fd, 0, 0 };

  if ((socket->want & GM_IO_IN) != 0)
    poll_fd.events |= G_IO_IN;
  if ((socket->want & GM_IO_OUT) != 0)
    poll_fd.events |= G_IO_OUT;
  g_array_append_val (user_data, poll_fd);
}

/* Without an epoll set each socket has to be asked, and then told. */
static gboolean
look_at_sockets (GmCore *core)
{
  GmReactor *reactor = gm_multi_get_reactor (gm_core_get_multi (core));
  g_autoptr (GArray) fds = g_array_new (FALSE, FALSE, sizeof (GPollFD));
  int n;

  gm_reactor_foreach (reactor, add_poll_fd, fds);
  n = g_poll ((GPollFD *) (gpointer) fds->data, fds->len, 0);
  for (guint i = 0; n > 0 && i < fds->len; i++)
    {
      GPollFD *poll_fd = &g_array_index (fds, GPollFD, i);
      GmSocket *socket = gm_reactor_find_fd (reactor, poll_fd->fd);

      if (poll_fd->revents != 0 && socket != NULL)
        gm_socket_post (socket, io_from_condition (poll_fd->revents));
    }

  return n > 0;
}

/* Descriptors added by g_source_add_unix_fd() would make the source ready without asking; this one may decide. */
static gboolean
share_source_check (GSource *source)
{
  ShareSource *self = (ShareSource *) source;
  gint64 now = g_source_get_time (source);

  if (self->core == NULL || now < self->due)
    return FALSE;
  if (gm_core_get_due (self->core) == 0)
    return TRUE;
  if (self->poll_fd.fd >= 0)
    return (self->poll_fd.revents & G_IO_IN) != 0;

  self->due = now + GM_SHARE_INTERVAL_US;
  return look_at_sockets (self->core);
}

static gboolean
share_source_dispatch (GSource *source,
                       GSourceFunc callback,
                       gpointer user_data)
{
  ShareSource *self = (ShareSource *) source;

  if (self->core == NULL)
    return G_SOURCE_REMOVE;

  gm_core_dispatch (self->core, TRUE);
  return self->core != NULL ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static GSourceFuncs share_source_funcs = {
  .check = share_source_check,
  .dispatch = share_source_dispatch,
};

GSource *
gm_share_source_new (GmCore *core,
                     GMainContext *context,
                     int poll_fd)
{
  GSource *source = g_source_new (&share_source_funcs, sizeof (ShareSource));
  ShareSource *self = (ShareSource *) source;

  self->core = core;
  self->poll_fd.fd = poll_fd;
  self->poll_fd.events = G_IO_IN;
  g_source_set_static_name (source, "[libgmulti] minimum share");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_can_recurse (source, TRUE);
  if (poll_fd >= 0)
    g_source_add_poll (source, &self->poll_fd);
  g_source_attach (source, context);

  return source;
}

void
gm_share_source_disown (GSource *source)
{
  ((ShareSource *) source)->core = NULL;
}

void
gm_share_source_push (GSource *source,
                      gint64 now)
{
  ((ShareSource *) source)->due = now + GM_SHARE_INTERVAL_US;
}
