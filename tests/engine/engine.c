/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LIMIT_US (20 * G_USEC_PER_SEC)

/* What the object face allows itself in one dispatch. */
#define BUDGET_US 2500

const char *const engine_loop_names[ENGINE_N_LOOPS] = { "pull", "level", "edge", "context" };

gint64 engine_clock_now = 1000 * G_USEC_PER_SEC;

static gint64
virtual_monotonic (gpointer user_data)
{
  return engine_clock_now;
}

static gint64
virtual_wall (gpointer user_data)
{
  return 1700000000 + engine_clock_now / G_USEC_PER_SEC;
}

const GmClock engine_clock = { virtual_monotonic, virtual_wall, NULL };

guint
engine_patience (void)
{
  if (g_getenv ("GMULTI_TEST_VALGRIND") != NULL)
    return 20;
  return g_getenv ("ASAN_OPTIONS") != NULL || g_getenv ("TSAN_OPTIONS") != NULL ? 4 : 1;
}

/* ---- the loops ---- */

static void
announce (GmReactor *reactor,
          GmSocket *socket,
          GmIo want)
{
  Engine *self = reactor->user_data;
  struct epoll_event event = { .events = self->loop == ENGINE_EDGE ? EPOLLET : 0, .data.fd = socket->fd };
  int how = want == GM_IO_NONE ? EPOLL_CTL_DEL : socket->told == GM_IO_NONE ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

  if (want & GM_IO_IN)
    event.events |= EPOLLIN;
  if (want & GM_IO_OUT)
    event.events |= EPOLLOUT;
  /* A descriptor that is withdrawn must be the one that was announced, and still be open. */
  g_assert_cmpint (epoll_ctl (self->epoll_fd, how, socket->fd, &event), ==, 0);
  if (how == EPOLL_CTL_ADD)
    self->n_watched++;
  else if (how == EPOLL_CTL_DEL)
    self->n_watched--;
}

static const GmReactorOps foreign_ops = { .announce = announce };

static void
take_facts (Engine *self)
{
  GmTransfer *transfer;
  guint facts = 0;

  while ((transfer = gm_multi_pop_fact (self->multi, &facts)) != NULL)
    {
      Fetch *fetch = gm_transfer_get_face (transfer);

      if ((facts & GM_FACT_QUESTION) != 0 && fetch->on_question != NULL)
        fetch->on_question (fetch);
      if ((facts & GM_FACT_DONE) == 0)
        continue;
      g_string_append_c (fetch->order, 'D');
      fetch->n_done++;
      fetch->result = gm_transfer_get_result (transfer);
      fetch->status = gm_transfer_get_info (transfer)->status;
      self->n_done++;
      if (fetch->on_done != NULL)
        fetch->on_done (fetch);
    }
}

static void
collect_foreign (Engine *self,
                 int wait_ms)
{
  struct epoll_event events[256];
  int n = epoll_wait (self->epoll_fd, events, G_N_ELEMENTS (events), wait_ms);

  for (int i = 0; i < n; i++)
    {
      GmIo io = GM_IO_NONE;

      if (events[i].events & EPOLLIN)
        io |= GM_IO_IN;
      if (events[i].events & EPOLLOUT)
        io |= GM_IO_OUT;
      if (events[i].events & (EPOLLERR | EPOLLHUP))
        io |= GM_IO_HUP;
      gm_multi_post_fd (self->multi, events[i].data.fd, io);
    }
}

static int
wait_ms_of (Engine *self,
            gint64 wait_us)
{
  GmReactor *reactor = gm_multi_get_reactor (self->multi);
  gint64 next = gm_multi_get_next (self->multi);

  if (next == 0)
    return 0;
  if (next > 0)
    wait_us = MIN (wait_us, MAX (next - gm_clock_now (reactor->clock), 0));
  /* A clock that stands still is moved by the test, not by waiting. */
  if (next > 0 && reactor->clock != &gm_clock_system)
    wait_us = MIN (wait_us, 1000);

  return (int) ((wait_us + 999) / 1000);
}

typedef struct
{
  GSource source;
  Engine *engine; /* (unowned) */
} EngineSource;

static gboolean
source_prepare (GSource *source,
                int *timeout)
{
  Engine *self = ((EngineSource *) source)->engine;
  gint64 next = gm_multi_get_next (self->multi);

  *timeout = -1;
  if (next == 0)
    return TRUE;
  g_source_set_ready_time (source, next);
  return FALSE;
}

static gboolean
source_dispatch (GSource *source,
                 GSourceFunc callback,
                 gpointer user_data)
{
  Engine *self = ((EngineSource *) source)->engine;

  gm_reactor_collect (gm_multi_get_reactor (self->multi), 0);
  gm_multi_turn (self->multi, BUDGET_US);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { source_prepare, NULL, source_dispatch, NULL };

static gboolean
time_is_up (gpointer user_data)
{
  gboolean *up = user_data;

  *up = TRUE;
  return G_SOURCE_REMOVE;
}

static void
turn_context (Engine *self,
              gint64 wait_us)
{
  gboolean up = FALSE;
  GSource *timeout = g_timeout_source_new ((guint) ((wait_us + 999) / 1000));

  g_source_set_callback (timeout, time_is_up, &up, NULL);
  g_source_attach (timeout, self->context);
  g_main_context_iteration (self->context, TRUE);
  g_source_destroy (timeout);
  g_source_unref (timeout);
}

void
engine_turn_only (Engine *self,
                  gint64 wait_us)
{
  self->n_turns++;
  switch (self->loop)
    {
    case ENGINE_LEVEL:
    case ENGINE_EDGE:
      collect_foreign (self, wait_ms_of (self, wait_us));
      gm_multi_turn (self->multi, 0);
      break;
    case ENGINE_CONTEXT:
      turn_context (self, wait_us);
      break;
    case ENGINE_PULL:
    case ENGINE_N_LOOPS:
    default:
      gm_reactor_collect (gm_multi_get_reactor (self->multi), (gint64) wait_ms_of (self, wait_us) * 1000);
      gm_multi_turn (self->multi, 0);
      break;
    }
}

void
engine_turn (Engine *self,
             gint64 wait_us)
{
  engine_turn_only (self, wait_us);
  take_facts (self);
}

void
engine_run_until (Engine *self,
                  gboolean (*condition) (gpointer data),
                  gpointer data)
{
  gint64 end = g_get_monotonic_time () + LIMIT_US * engine_patience ();

  while (!condition (data))
    {
      if (g_get_monotonic_time () > end)
        g_error ("nothing comes of it: %u running, %u pending", gm_multi_n_running (self->multi),
                 gm_multi_n_pending (self->multi));
      engine_turn (self, 100 * 1000);
    }
}

static gboolean
is_at_rest (gpointer data)
{
  return gm_multi_n_running (((Engine *) data)->multi) == 0;
}

void
engine_run (Engine *self)
{
  engine_run_until (self, is_at_rest, self);
}

void
engine_run_for (Engine *self,
                gint64 us)
{
  gint64 end = g_get_monotonic_time () + us;
  gint64 now;

  while ((now = g_get_monotonic_time ()) < end)
    engine_turn (self, end - now);
}

/* ---- the multi ---- */

Engine *
engine_new (EngineLoop loop,
            const GmClock *clock)
{
  Engine *self = g_new0 (Engine, 1);
  gboolean foreign = loop == ENGINE_LEVEL || loop == ENGINE_EDGE;

  self->loop = loop;
  self->epoll_fd = -1;
  if (foreign)
    self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  self->multi = gm_multi_new (clock, foreign ? &foreign_ops : NULL, GM_FACT_DONE | GM_FACT_QUESTION, self);
  gm_reactor_set_foreign (gm_multi_get_reactor (self->multi), foreign);

  if (loop == ENGINE_CONTEXT)
    {
      self->context = g_main_context_new ();
      self->source = g_source_new (&source_funcs, sizeof (EngineSource));
      ((EngineSource *) self->source)->engine = self;
      g_source_add_unix_fd (self->source, gm_reactor_get_poll_fd (gm_multi_get_reactor (self->multi)), G_IO_IN);
      g_source_attach (self->source, self->context);
    }

  return self;
}

void
engine_free (Engine *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  gm_multi_free (self->multi);
  g_assert_cmpuint (self->n_watched, ==, 0);
  if (self->epoll_fd >= 0)
    close (self->epoll_fd);
  g_free (self);
}

void
engine_add (Engine *self,
            Fetch *fetch)
{
  fetch->engine = self;
  g_assert_cmpint (gm_multi_add (self->multi, fetch->transfer), ==, GM_OK);
}

void
engine_remove (Fetch *fetch)
{
  gm_multi_remove (fetch->engine->multi, fetch->transfer);
}

/* ---- transfers ---- */

static Fetch *
fetch_of (GmClient *client)
{
  return client->face;
}

static void
note (Fetch *self,
      char what)
{
  if (self->order->len == 0 || self->order->str[self->order->len - 1] != what)
    g_string_append_c (self->order, what);
}

static GmAnswer
ask_write (GmClient *client,
           const char *data,
           gsize len,
           gsize *taken)
{
  Fetch *self = fetch_of (client);

  note (self, 'B');
  if (self->on_write != NULL)
    {
      GmAnswer answer = self->on_write (self, data, len, taken);

      if (answer != GM_ANSWER_OK)
        return answer;
      len = *taken;
    }
  self->body_length += len;
  g_byte_array_append (self->body, (const guint8 *) data, (guint) len);
  return GM_ANSWER_OK;
}

static GmAnswer
ask_header (GmClient *client,
            const char *line,
            gsize len)
{
  Fetch *self = fetch_of (client);

  note (self, 'H');
  return self->on_header != NULL ? self->on_header (self, line, len) : GM_ANSWER_OK;
}

static GmAnswer
ask_read (GmClient *client,
          char *buffer,
          gsize len,
          gsize *n)
{
  Fetch *self = fetch_of (client);

  note (self, 'R');
  *n = 0;
  return self->on_read != NULL ? self->on_read (self, buffer, len, n) : GM_ANSWER_OK;
}

Fetch *
fetch_new (const char *url)
{
  Fetch *self = g_new0 (Fetch, 1);

  self->ops = (GmClientOps){ .write = ask_write, .header = ask_header, .read = ask_read };
  self->transfer = gm_transfer_new (&self->ops, self);
  self->body = g_byte_array_new ();
  self->order = g_string_new (NULL);
  self->result = GM_AGAIN;
  g_assert_cmpint (gm_transfer_set_string (self->transfer, GM_OPTION_URL, url), ==, GM_OK);

  return self;
}

void
fetch_free (Fetch *self)
{
  if (self == NULL)
    return;
  if (self->transfer != NULL)
    gm_transfer_free (self->transfer);
  g_byte_array_unref (self->body);
  g_string_free (self->order, TRUE);
  g_free (self);
}

void
fetch_rewind (Fetch *self)
{
  g_byte_array_set_size (self->body, 0);
  g_string_truncate (self->order, 0);
  self->body_length = 0;
  self->n_done = 0;
  self->result = GM_AGAIN;
  self->status = 0;
}

void
fetch_check (Fetch *self,
             GmResult result,
             guint status,
             const char *body)
{
  g_assert_cmpstr (gm_result_name (self->result), ==, gm_result_name (result));
  g_assert_cmpuint (self->n_done, ==, 1);
  g_assert_cmpuint (self->status, ==, status);
  if (body != NULL)
    g_assert_cmpmem (self->body->data, self->body->len, body, strlen (body));
}

gboolean
fetch_is_done (gpointer fetch)
{
  return ((Fetch *) fetch)->n_done > 0;
}
