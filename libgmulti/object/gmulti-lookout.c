/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-lookout-private.h"

#include "gmulti-core-private.h"
#include "gmulti-patience-private.h"
#include "gmulti-surroundings-private.h"

struct _GmLookout
{
  GmErrand *errand;      /* (owned) */
  GMainContext *context; /* (owned) */
  GObject *network;      /* (owned) (nullable): ours, or the application's */
  GObject *power;        /* (owned) (nullable): ours */
};

/* (transfer full) (nullable): one more of the kind that GIO has made as @stock; it tells in the thread-default context. */
static GObject *
twin_of (GObject *stock)
{
  return G_IS_INITABLE (stock) ? g_initable_new (G_OBJECT_TYPE (stock), NULL, NULL, NULL) : NULL;
}

static void
look_at_network (GmLookout *self,
                 GmSurroundings *surroundings)
{
  GObject *twin = NULL;

  self->network = gm_surroundings_ref_monitor (surroundings, GM_MONITOR_NETWORK);
  if (self->network != NULL && self->network == (gpointer) g_network_monitor_get_default ())
    twin = twin_of (self->network);
  if (twin == NULL)
    return;

  gm_surroundings_hear_too (surroundings, GM_MONITOR_NETWORK, twin);
  g_object_unref (self->network);
  self->network = twin;
}

static void
look_at_power (GmLookout *self,
               GmSurroundings *surroundings)
{
  g_autoptr (GObject) monitor = gm_surroundings_ref_monitor (surroundings, GM_MONITOR_POWER);
  g_autoptr (GPowerProfileMonitor) stock = monitor != NULL ? g_power_profile_monitor_dup_default () : NULL;

  if (monitor == NULL || monitor != (gpointer) stock)
    return;

  self->power = twin_of (monitor);
  if (self->power != NULL)
    gm_surroundings_hear_too (surroundings, GM_MONITOR_POWER, self->power);
}

GmLookout *
gm_lookout_new (GmErrand *errand)
{
  GmLookout *self = g_new0 (GmLookout, 1);
  GmSurroundings *surroundings = gm_core_get_surroundings (errand->core);

  self->errand = gm_errand_ref (errand);
  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  look_at_network (self, surroundings);
  look_at_power (self, surroundings);
  g_main_context_pop_thread_default (self->context);
  return self;
}

void
gm_lookout_free (GmLookout *self)
{
  g_clear_object (&self->network);
  g_clear_object (&self->power);
  /* what the monitors have left there to be done once more */
  gm_lookout_look (self);
  g_main_context_unref (self->context);
  gm_errand_unref (self->errand);
  g_free (self);
}

void
gm_lookout_look (GmLookout *self)
{
  while (g_main_context_iteration (self->context, FALSE))
    ;
}

void
gm_lookout_ask (GmLookout *self)
{
  if (self->network != NULL)
    gm_patience_ask_at_once (self->errand, G_NETWORK_MONITOR (self->network));
}
