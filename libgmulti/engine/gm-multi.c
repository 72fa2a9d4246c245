/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-doh.h"
#include "gm-fork.h"
#include "gm-queue.h"
#include "gm-shake.h"
#include "gm-trace.h"
#include "gm-transfer-private.h"

#include <errno.h>

/* Runs that are kept for the next transfer, so that a steady flow of small ones does not touch the allocator. */
#define SPARE_RUNS 32

struct _GmMulti
{
  GmReactor reactor; /* first member */
  GmPool *pool; /* (owned) */
  GmDnsCache *dns_cache; /* (owned) */
  GmResolver *resolver; /* (owned) */
  GmProxyEnvironment proxy_environment;
  GmMultiLimits limits;
  GmRates *rates; /* (owned) (nullable): NULL without limits */
  GQueue transfers; /* of GmTransfer, in order of adding */
  GQueue hidden; /* of GmTransfer: of gm-doh.c */
  GQueue facts; /* of GmTransfer */
  GQueue raws; /* of GmTransfer: connections that were left to the user */
  guint fact_mask;
  guint n_running;
  guint64 n_ever;
  gint64 shaken_at;
  GmRun *spare_runs[SPARE_RUNS];
  guint n_spare_runs;
  GmDecoderShelf decoders;
  guint fork_generation;
  guint turning;
  gboolean dead; /* free at the end of the turn */
  gpointer user_data;
};

/* ---- life ---- */

GmMulti *
gm_multi_new (const GmClock *clock,
              const GmReactorOps *ops,
              guint facts,
              gpointer user_data)
{
  GmMulti *self = g_new0 (GmMulti, 1);

  gm_trace_init ();
  gm_reactor_init (&self->reactor, clock, ops, user_data);
  self->user_data = user_data;
  self->fact_mask = facts;
  self->fork_generation = gm_fork_generation ();
  self->limits = (GmMultiLimits){ .pool = { .max_idle = -1 }, .max_streams = 100, .resolve_threads = 20 };
  self->pool = gm_pool_new (&self->reactor);
  self->dns_cache = gm_dns_cache_new ();
  self->resolver = gm_resolver_new (&self->reactor, self->dns_cache);
  gm_resolver_set_helper (self->resolver, &gm_doh_helper, self);

  return self;
}

static void
destroy (GmMulti *self)
{
  while (self->transfers.length > 0)
    gm_multi_remove (self, g_queue_peek_head (&self->transfers));
  while (self->raws.length > 0)
    gm_transfer_drop_raw (g_queue_peek_head (&self->raws));
  gm_resolver_cancel_asked (self->resolver);
  gm_pool_free (self->pool);
  gm_resolver_free (self->resolver);
  gm_dns_cache_unref (self->dns_cache);
  g_clear_pointer (&self->rates, gm_rates_unref);
  gm_proxy_environment_clear (&self->proxy_environment);
  gm_decoder_shelf_clear (&self->decoders);
  while (self->n_spare_runs > 0)
    g_free (self->spare_runs[--self->n_spare_runs]);
  gm_reactor_clear (&self->reactor);
  g_free (self);
}

void
gm_multi_free (GmMulti *self)
{
  if (self->turning > 0)
    self->dead = TRUE;
  else
    destroy (self);
}

GQueue *
gm_multi_get_raws (GmMulti *self)
{
  return &self->raws;
}

GmReactor *
gm_multi_get_reactor (GmMulti *self)
{
  return &self->reactor;
}

GmMulti *
gm_multi_from_reactor (GmReactor *reactor)
{
  return (GmMulti *) reactor;
}

GmDecoderShelf *
gm_multi_get_decoders (GmMulti *self)
{
  return &self->decoders;
}

gpointer
gm_multi_get_user_data (GmMulti *self)
{
  return self->user_data;
}

GmRates *
gm_multi_get_rates (GmMulti *self)
{
  return self->rates;
}

static void
wake_held_back (GmTransfer *transfer,
                gpointer user_data)
{
  gm_transfer_look_at_rates (transfer);
}

static void
set_rates (GmMulti *self,
           gint64 recv_rate,
           gint64 send_rate)
{
  gboolean limited = (recv_rate | send_rate) != 0;

  if (self->rates == NULL && !limited)
    return;

  if (self->rates == NULL)
    self->rates = gm_rates_new ();
  if (!gm_rates_set (self->rates, recv_rate, send_rate))
    return;
  if (!limited)
    g_clear_pointer (&self->rates, gm_rates_unref);
  gm_multi_foreach (self, wake_held_back, NULL);
}

void
gm_multi_set_limits (GmMulti *self,
                     const GmMultiLimits *limits)
{
  self->limits = *limits;
  gm_pool_set_max_streams (self->pool, limits->alone ? 1 : limits->max_streams);
  gm_pool_set_limits (self->pool, &limits->pool);
  gm_resolver_set_max (self->resolver, limits->resolve_threads);
  set_rates (self, limits->max_recv_speed, limits->max_send_speed);
}

const GmMultiLimits *
gm_multi_get_limits (GmMulti *self)
{
  return &self->limits;
}

GmPool *
gm_multi_get_pool (GmMulti *self)
{
  return self->pool;
}

GmResolver *
gm_multi_get_resolver (GmMulti *self)
{
  return self->resolver;
}

GmProxyEnvironment *
gm_multi_get_proxy_environment (GmMulti *self)
{
  return &self->proxy_environment;
}

void
gm_multi_use_proxy_environment (GmMulti *self)
{
  self->proxy_environment.asked = TRUE;
}

/* ---- runs ---- */

GmRun *
gm_multi_take_run (GmMulti *self)
{
  GmRun *run;

  if (self->n_spare_runs == 0)
    return g_new0 (GmRun, 1);

  /* The arena is wiped by each hop. */
  run = self->spare_runs[--self->n_spare_runs];
  memset (run, 0, G_STRUCT_OFFSET (GmRun, arena));
  return run;
}

void
gm_multi_give_run (GmMulti *self,
                   GmRun *run)
{
  if (self->n_spare_runs < SPARE_RUNS)
    self->spare_runs[self->n_spare_runs++] = run;
  else
    g_free (run);
}

/* ---- transfers ---- */

GmResult
gm_multi_add (GmMulti *self,
              GmTransfer *transfer)
{
  if (self->fork_generation != gm_fork_current ())
    return GM_AFTER_FORK;
  if (transfer->multi != NULL)
    return GM_BAD_REQUEST;

  transfer->multi = self;
  gm_queue_push_tail (&self->transfers, &transfer->link);
  self->n_running++;
  if (transfer->group_rates != NULL)
    gm_rates_share (transfer->group_rates, 1);
  transfer->waiter.ticket = (guint32) ++self->n_ever;
  GM_TRACE (MULTI, transfer->id, 0, "added, %u running", self->n_running);
  /* Outside a turn the time of the last one may be long past. */
  if (self->turning == 0)
    gm_reactor_begin_turn (&self->reactor);
  gm_transfer_start (transfer);

  return GM_OK;
}

const GQueue *
gm_multi_get_hidden (GmMulti *self)
{
  return &self->hidden;
}

GmResult
gm_multi_add_hidden (GmMulti *self,
                     GmTransfer *transfer)
{
  if (self->fork_generation != gm_fork_current ())
    return GM_AFTER_FORK;

  transfer->multi = self;
  gm_queue_push_tail (&self->hidden, &transfer->link);
  gm_transfer_start (transfer);
  return GM_OK;
}

void
gm_multi_is_done (GmMulti *self,
                  GmTransfer *transfer)
{
  if (G_UNLIKELY (gm_doh_is_asking (transfer)))
    {
      gm_doh_done (transfer);
      return;
    }

  self->n_running--;
  gm_multi_note (self, transfer, GM_FACT_DONE);
}

void
gm_multi_detach (GmMulti *self,
                 GmTransfer *transfer)
{
  gboolean hidden = gm_doh_is_asking (transfer);

  /* Somebody may be told, and answer by taking it out or freeing it. */
  transfer->stepping++;
  if (transfer->state != GM_STATE_DONE && !hidden)
    {
      self->n_running--;
      gm_transfer_leave_rates (transfer);
    }
  gm_transfer_end_run (transfer, FALSE);
  if (transfer->fact_link.data != NULL)
    {
      gm_queue_unlink (&self->facts, &transfer->fact_link);
      transfer->fact_link.data = NULL;
    }
  transfer->facts = 0;
  gm_queue_unlink (hidden ? &self->hidden : &self->transfers, &transfer->link);
  gm_transfer_set_state (transfer, GM_STATE_IDLE);
  transfer->multi = NULL;
  transfer->doomed = FALSE;
  transfer->stepping--;
  GM_TRACE (MULTI, transfer->id, 0, "removed, %u running", self->n_running);
}

void
gm_multi_remove (GmMulti *self,
                 GmTransfer *transfer)
{
  if (transfer->multi != self)
    return;

  if (transfer->stepping > 0)
    {
      transfer->doomed = TRUE;
      return;
    }
  gm_multi_detach (self, transfer);
  if (transfer->dead)
    gm_transfer_destroy (transfer);
}

guint
gm_multi_n_running (GmMulti *self)
{
  return self->n_running;
}

guint
gm_multi_n_pending (GmMulti *self)
{
  return gm_pool_n_waiting (self->pool);
}

guint
gm_multi_n_added (GmMulti *self)
{
  return self->transfers.length;
}

guint64
gm_multi_n_ever (GmMulti *self)
{
  return self->n_ever;
}

void
gm_multi_foreach (GmMulti *self,
                  void (*func) (GmTransfer *, gpointer),
                  gpointer user_data)
{
  GList *l = self->transfers.head;

  while (l != NULL)
    {
      GList *next = l->next;

      func (l->data, user_data);
      l = next;
    }
}

/* ---- turning ---- */

void
gm_multi_turn (GmMulti *self,
               gint64 budget_us)
{
  GmReactor *reactor = &self->reactor;
  gint64 deadline;
  guint before;
  gboolean all;

  if (self->turning > 0)
    return;
  /* A child process may only clean up: these connections are its parent's. */
  if (self->fork_generation != gm_fork_current ())
    return;

  self->turning++;
  gm_reactor_begin_turn (reactor);
  if (G_UNLIKELY (reactor->woke))
    {
      reactor->woke = FALSE;
      gm_multi_shake (self, NULL);
    }
  deadline = budget_us > 0 ? reactor->now + budget_us : 0;
  all = gm_reactor_run (reactor, deadline);
  before = reactor->runnables.length;
  /* Also when the time is used up: where it always is, deadlines would never come. */
  gm_reactor_expire (reactor);
  if (all && reactor->runnables.length > before)
    gm_reactor_run (reactor, deadline);
  self->turning--;

  if (self->dead)
    destroy (self);
}

int
gm_multi_perform (GmMulti *self)
{
  if (self->turning > 0)
    return 0;

  if (gm_reactor_collect (&self->reactor, 0) < 0)
    return -1;
  gm_multi_turn (self, 0);

  return 0;
}

gboolean
gm_multi_is_turning (GmMulti *self)
{
  return self->turning > 0;
}

gboolean
gm_multi_post_fd (GmMulti *self,
                  int fd,
                  GmIo ready)
{
  GmSocket *socket = gm_reactor_find_fd (&self->reactor, fd);

  if (socket == NULL)
    return FALSE;

  gm_socket_post (socket, ready != GM_IO_NONE ? ready : (GmIo) socket->want);
  return TRUE;
}

static void
post_all_cb (GmSocket *socket,
             gpointer user_data)
{
  gm_socket_post (socket, (GmIo) socket->want);
}

void
gm_multi_post_all (GmMulti *self)
{
  gm_reactor_foreach (&self->reactor, post_all_cb, NULL);
}

gint64
gm_multi_get_next (GmMulti *self)
{
  /* In a child process nothing will ever be done about what is due. */
  if (self->fork_generation != gm_fork_current ())
    return -1;

  return gm_reactor_next (&self->reactor);
}

/* ---- facts ---- */

void
gm_multi_note (GmMulti *self,
               GmTransfer *transfer,
               GmFact fact)
{
  if ((self->fact_mask & fact) == 0 || G_UNLIKELY (gm_doh_is_asking (transfer)))
    return;

  transfer->facts |= fact;
  if (transfer->fact_link.data == NULL)
    {
      transfer->fact_link.data = transfer;
      gm_queue_push_tail (&self->facts, &transfer->fact_link);
    }
  else if (fact == GM_FACT_DONE && self->facts.tail != &transfer->fact_link)
    {
      /* ends are told in their order, whatever is still to be told of whom */
      gm_queue_unlink (&self->facts, &transfer->fact_link);
      gm_queue_push_tail (&self->facts, &transfer->fact_link);
    }
}

GmTransfer *
gm_multi_pop_fact (GmMulti *self,
                   guint *facts)
{
  GList *link = gm_queue_pop_head (&self->facts);
  GmTransfer *transfer;

  if (link == NULL)
    return NULL;

  transfer = link->data;
  link->data = NULL;
  *facts = transfer->facts;
  transfer->facts = 0;

  return transfer;
}

guint
gm_multi_n_facts (GmMulti *self)
{
  return self->facts.length;
}

/* ---- housekeeping ---- */

void
gm_multi_close_idle (GmMulti *self)
{
  gm_pool_close_idle (self->pool);
}

void
gm_multi_keep_up (GmMulti *self,
                  gint64 interval_us)
{
  gm_pool_keep_up (self->pool, interval_us);
}

void
gm_multi_rest (GmMulti *self)
{
  if (self->n_running == 0)
    gm_pool_rest (self->pool);
}

void
gm_multi_rest_last (GmMulti *self,
                    GmTransfer *transfer)
{
  GmConnection *connection = transfer->run->request.connection;

  if (self->n_running == 1 && connection != NULL && connection->socket != NULL &&
      !transfer->run->connect_settings->forbid_reuse && !gm_doh_is_asking (transfer))
    gm_socket_rest (connection->socket);
}

void
gm_multi_shake (GmMulti *self,
                gboolean (*is_here) (const struct sockaddr *address))
{
  GM_TRACE (MULTI, 0, 0, "the network is another than before");
  self->shaken_at = gm_clock_now (self->reactor.clock);
  gm_multi_network_changed (self, TRUE, TRUE);
  gm_pool_retire (self->pool);
  gm_shake_sockets (&self->reactor, is_here);
}

gint64
gm_multi_get_shaken_at (GmMulti *self)
{
  return self->shaken_at;
}

void
gm_multi_drop_caches (GmMulti *self)
{
  gm_multi_network_changed (self, TRUE, TRUE);
  gm_ticket_cache_trim (gm_pool_get_tickets (self->pool));
  gm_decoder_shelf_clear (&self->decoders);
  while (self->n_spare_runs > 0)
    g_free (self->spare_runs[--self->n_spare_runs]);
  gm_reactor_drop_buffers (&self->reactor);
}

void
gm_multi_forget_logins (GmMulti *self)
{
  gm_pool_close_idle (self->pool);
  gm_pool_retire (self->pool);
  gm_auth_store_clear (gm_pool_get_auth_store (self->pool));
  gm_ticket_cache_clear (gm_pool_get_tickets (self->pool));
}

void
gm_multi_network_changed (GmMulti *self,
                          gboolean drop_connections,
                          gboolean drop_names)
{
  if (drop_connections)
    gm_pool_close_idle (self->pool);
  if (drop_names)
    gm_dns_cache_clear (self->dns_cache);
}
