/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-band-private.h"

#include "gmulti-core-private.h"

struct _GmBand
{
  gatomicrefcount refs;
  GmRates *rates; /* (owned) */
  GMutex lock;
  guint max_active; /* 0 = no limit */
  guint n_active;
  GPtrArray *cores; /* (owned) (element-type GmCore): where some wait for room; each unregisters before it ends */
};

GmBand *
gm_band_new (void)
{
  GmBand *self = g_new0 (GmBand, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->rates = gm_rates_new ();
  self->cores = g_ptr_array_new_with_free_func ((GDestroyNotify) gm_core_unref);
  return self;
}

GmBand *
gm_band_ref (GmBand *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_band_unref (GmBand *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  gm_rates_unref (self->rates);
  g_ptr_array_unref (self->cores);
  g_mutex_clear (&self->lock);
  g_free (self);
}

GmRates *
gm_band_get_rates (GmBand *self)
{
  return self->rates;
}

/* Without the lock: a core has its own. */
static void
tell (GPtrArray *cores) /* (transfer full) */
{
  for (guint i = 0; i < cores->len; i++)
    gm_core_retry (cores->pdata[i]);
  g_ptr_array_unref (cores);
}

/* With the lock held: who is to be told, if there is room; they register again if it is not for them. */
static GPtrArray *
steal_waiting (GmBand *self)
{
  GPtrArray *cores = self->cores;

  if (cores->len == 0 || (self->max_active != 0 && self->n_active >= self->max_active))
    return NULL;

  self->cores = g_ptr_array_new_with_free_func ((GDestroyNotify) gm_core_unref);
  return cores;
}

void
gm_band_set_max_active (GmBand *self,
                        guint max_active)
{
  GPtrArray *cores;

  g_mutex_lock (&self->lock);
  self->max_active = max_active;
  cores = steal_waiting (self);
  g_mutex_unlock (&self->lock);

  if (cores != NULL)
    tell (cores);
}

guint
gm_band_get_max_active (GmBand *self)
{
  guint max_active;

  g_mutex_lock (&self->lock);
  max_active = self->max_active;
  g_mutex_unlock (&self->lock);

  return max_active;
}

gboolean
gm_band_enter (GmBand *self,
               GmCore *core,
               gboolean force)
{
  gboolean room;

  g_mutex_lock (&self->lock);
  room = force || self->max_active == 0 || self->n_active < self->max_active;
  if (room)
    self->n_active++;
  else if (!g_ptr_array_find (self->cores, core, NULL))
    g_ptr_array_add (self->cores, gm_core_ref (core));
  g_mutex_unlock (&self->lock);

  return room;
}

void
gm_band_leave (GmBand *self)
{
  GPtrArray *cores;

  g_mutex_lock (&self->lock);
  self->n_active--;
  cores = steal_waiting (self);
  g_mutex_unlock (&self->lock);

  if (cores != NULL)
    tell (cores);
}

void
gm_band_forget (GmBand *self,
                GmCore *core)
{
  GmCore *found = NULL;
  guint i;

  g_mutex_lock (&self->lock);
  if (g_ptr_array_find (self->cores, core, &i))
    found = g_ptr_array_steal_index_fast (self->cores, i);
  g_mutex_unlock (&self->lock);

  g_clear_pointer (&found, gm_core_unref);
}
