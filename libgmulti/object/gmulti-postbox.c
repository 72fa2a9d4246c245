/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-postbox-private.h"

#include "gmulti-errand-private.h"

struct _GmPostbox
{
  gatomicrefcount refs;
  GMainContext *context; /* (unowned) (nullable): not touched once it is orphaned, nor then but with the lock held */
  int priority;
  GMutex lock;
  GCond cond;
  GQueue entries;  /* of GmErrand.tidings_link, each with a reference */
  GSource *source;  /* (owned) (nullable): tells also when the context goes */
  gboolean drained; /* somebody looks into it each time before the context sleeps, and keeps that: it needs no source */
  gboolean orphaned; /* the context is gone: nobody will hear of anything */
  gboolean poked;
  gboolean held;
};

typedef struct
{
  GSource base;
  GmPostbox *box; /* (owned) (nullable) */
} BoxSource;

void
gm_retry_note_free (gpointer note)
{
  g_error_free (((GmRetryNote *) note)->error);
  g_free (note);
}

void
gm_report_clear (GmReport *self)
{
  g_clear_pointer (&self->head, gm_head_unref);
  g_clear_pointer (&self->trailers, gm_head_unref);
  self->info = NULL;
  g_clear_error (&self->error);
  g_clear_pointer (&self->redirects, g_ptr_array_unref);
  g_clear_pointer (&self->retries, g_ptr_array_unref);
  g_clear_pointer (&self->question, gm_question_data_unref);
  self->tidings = 0;
}

static gboolean
box_source_check (GSource *source)
{
  return !gm_postbox_is_empty (((BoxSource *) source)->box);
}

static gboolean
box_source_prepare (GSource *source,
                    int *timeout)
{
  *timeout = -1;
  return box_source_check (source);
}

static gboolean
box_source_dispatch (GSource *source,
                     GSourceFunc callback,
                     gpointer user_data)
{
  GmPostbox *box = gm_postbox_ref (((BoxSource *) source)->box);
  gboolean closed;

  gm_postbox_drain (box, g_get_monotonic_time () + GM_DISPATCH_BUDGET_US);
  g_mutex_lock (&box->lock);
  closed = box->source != source;
  g_mutex_unlock (&box->lock);
  gm_postbox_unref (box);

  return closed ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void
box_source_finalize (GSource *source)
{
  g_clear_pointer (&((BoxSource *) source)->box, gm_postbox_unref);
}

static GSourceFuncs box_source_funcs = {
  .prepare = box_source_prepare,
  .check = box_source_check,
  .dispatch = box_source_dispatch,
  .finalize = box_source_finalize,
};

GmPostbox *
gm_postbox_new (GMainContext *context,
                int priority)
{
  GmPostbox *self = g_new0 (GmPostbox, 1);

  g_atomic_ref_count_init (&self->refs);
  self->context = context;
  self->priority = priority;
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  return self;
}

GmPostbox *
gm_postbox_ref (GmPostbox *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_postbox_unref (GmPostbox *self)
{
  GList *link;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  /* those of a blocking call that did not wait for them */
  while ((link = g_queue_pop_head_link (&self->entries)) != NULL)
    {
      GmErrand *errand = g_steal_pointer (&link->data);

      gm_errand_unref (errand);
    }
  g_clear_pointer (&self->source, g_source_unref);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  g_free (self);
}

gboolean
gm_postbox_is_blocking (GmPostbox *self)
{
  return self->context == NULL;
}

gboolean
gm_postbox_serves (GmPostbox *self,
                   GMainContext *context)
{
  gboolean serves;

  g_mutex_lock (&self->lock);
  /* another one may have the place in memory of one that is gone */
  serves = self->context == context && !self->orphaned;
  g_mutex_unlock (&self->lock);

  return serves;
}

void
gm_postbox_lock (GmPostbox *self)
{
  g_mutex_lock (&self->lock);
}

static GmErrand *
take_entry (GmPostbox *self,
            GmReport *report)
{
  GmErrand *errand = NULL;
  GList *link;

  g_mutex_lock (&self->lock);
  link = g_queue_pop_head_link (&self->entries);
  if (link != NULL)
    {
      errand = g_steal_pointer (&link->data);
      *report = errand->report;
      errand->report = (GmReport){ .mirror = report->mirror };
    }
  g_mutex_unlock (&self->lock);

  return errand;
}

void
gm_postbox_orphan (GmPostbox *self)
{
  g_autoptr (GSource) source = NULL;

  /* what is posted meanwhile is still put into the box, and only afterwards lost in the poster's thread */
  while (!self->orphaned)
    {
      GmReport report;
      GmErrand *errand = take_entry (self, &report);

      if (errand != NULL)
        {
          gm_errand_lose (errand, &report);
          gm_report_clear (&report);
          gm_errand_unref (errand);
          continue;
        }

      g_mutex_lock (&self->lock);
      self->orphaned = self->entries.length == 0;
      if (self->orphaned)
        source = g_steal_pointer (&self->source);
      g_mutex_unlock (&self->lock);
    }
}

/* The source is destroyed: by gm_postbox_close(), which has taken it, or with its context. */
static void
source_gone (gpointer data)
{
  GmPostbox *self = data;
  gboolean closed;

  g_mutex_lock (&self->lock);
  closed = self->source == NULL;
  g_mutex_unlock (&self->lock);

  if (!closed)
    gm_postbox_orphan (self);
}

/* With the lock held. */
static void
ensure_source (GmPostbox *self)
{
  if (self->source != NULL || self->orphaned)
    return;

  self->source = g_source_new (&box_source_funcs, sizeof (BoxSource));
  ((BoxSource *) self->source)->box = gm_postbox_ref (self);
  g_source_set_static_name (self->source, "[libgmulti] mailbox");
  g_source_set_priority (self->source, self->priority);
  g_source_set_can_recurse (self->source, TRUE);
  g_source_set_callback (self->source, NULL, self, source_gone);
  g_source_attach (self->source, self->context);
}

/* With the lock held. The context may be about to go, whose last reference is no more: its lock can be had until the source
 * is destroyed, which waits for ours, but g_main_context_wakeup() may not be called. Any change of a ready time wakes it, too;
 * these two never come. */
static void
poke (GmPostbox *self)
{
  if (self->source == NULL)
    {
      g_main_context_wakeup (self->context);
      return;
    }

  self->poked = !self->poked;
  g_source_set_ready_time (self->source, G_MAXINT64 - self->poked);
}

/* With the lock held; it is given up. */
static void
wake (GmPostbox *self)
{
  if (self->context == NULL)
    {
      g_cond_broadcast (&self->cond);
      g_mutex_unlock (&self->lock);
      return;
    }

  if (!self->drained)
    ensure_source (self);
  /* who owns the context asks its sources before it sleeps */
  if (!g_main_context_is_owner (self->context))
    poke (self);
  g_mutex_unlock (&self->lock);
}

/* With the lock held; it is given up. Nobody will hear of what happened to @errand. */
static void
lose (GmPostbox *self,
      GmErrand *errand)
{
  GmReport report = errand->report;

  errand->report = (GmReport){ .mirror = report.mirror };
  g_mutex_unlock (&self->lock);

  gm_errand_lose (errand, &report);
  gm_report_clear (&report);
}

void
gm_postbox_post (GmPostbox *self,
                 GmErrand *errand)
{
  gboolean first = self->entries.length == 0;

  if (G_UNLIKELY (self->orphaned))
    {
      lose (self, errand);
      return;
    }
  if (errand->tidings_link.data == NULL)
    {
      errand->tidings_link.data = gm_errand_ref (errand);
      g_queue_push_tail_link (&self->entries, &errand->tidings_link);
    }
  else if ((errand->report.tidings & GM_TIDINGS_DONE) != 0 && self->entries.tail != &errand->tidings_link)
    {
      /* ends are told in their order, whatever has not been told yet of whom */
      g_queue_unlink (&self->entries, &errand->tidings_link);
      g_queue_push_tail_link (&self->entries, &errand->tidings_link);
    }

  if (first && !self->held)
    wake (self);
  else
    g_mutex_unlock (&self->lock);
}

void
gm_postbox_hold (GmPostbox *self,
                 gboolean hold)
{
  g_mutex_lock (&self->lock);
  self->held = hold;
  g_mutex_unlock (&self->lock);
}

void
gm_postbox_set_drained (GmPostbox *self,
                        gboolean drained)
{
  g_mutex_lock (&self->lock);
  self->drained = drained;
  if (self->entries.length > 0 && !self->orphaned)
    wake (self);
  else
    g_mutex_unlock (&self->lock);
}

void
gm_postbox_anchor (GmPostbox *self)
{
  g_mutex_lock (&self->lock);
  ensure_source (self);
  g_mutex_unlock (&self->lock);
}

gboolean
gm_postbox_drain (GmPostbox *self,
                  gint64 deadline)
{
  GmReport report;
  GmErrand *errand;

  while ((errand = take_entry (self, &report)) != NULL)
    {
      gm_errand_deliver (errand, &report);
      gm_report_clear (&report);
      gm_errand_unref (errand);

      if (deadline != 0 && g_get_monotonic_time () >= deadline)
        return gm_postbox_is_empty (self);
    }

  return TRUE;
}

gboolean
gm_postbox_is_empty (GmPostbox *self)
{
  gboolean empty;

  g_mutex_lock (&self->lock);
  empty = self->entries.length == 0;
  g_mutex_unlock (&self->lock);

  return empty;
}

void
gm_postbox_wait (GmPostbox *self,
                 gint64 deadline)
{
  g_mutex_lock (&self->lock);
  while (self->entries.length == 0)
    if (!g_cond_wait_until (&self->cond, &self->lock, deadline))
      break;
  g_mutex_unlock (&self->lock);
}

void
gm_postbox_close (GmPostbox *self)
{
  g_autoptr (GSource) source = NULL;
  gboolean here;

  g_mutex_lock (&self->lock);
  source = g_steal_pointer (&self->source);
  here = source != NULL && g_main_context_is_owner (self->context);
  /* In another thread the context may be about to go, and GLib would keep for ever what is destroyed in the middle of that:
   * the source goes by itself. */
  if (source != NULL && !here)
    g_source_set_ready_time (source, 0);
  g_mutex_unlock (&self->lock);

  if (here)
    g_source_destroy (source);
}
