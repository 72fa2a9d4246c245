/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-line-private.h"

#include "gmulti-band-private.h"

/* So long a wait makes up for one unit of priority: from G_PRIORITY_DEFAULT to G_PRIORITY_LOW it takes half a minute. */
#define UNIT_US (100 * 1000)

/* Those of one band, or those of none. */
typedef struct
{
  GmBand *band; /* (owned) (nullable) */
  GSequence *errands; /* (owned) (element-type GmErrand) */
  gboolean full; /* found to be, in this look */
} Lane;

struct _GmLine
{
  GmCore *core; /* (unowned) */
  GPtrArray *lanes; /* (owned) (element-type Lane): few, those of bands only while somebody waits */
  guint length;
};

static Lane *
lane_new (GmBand *band)
{
  Lane *lane = g_new0 (Lane, 1);

  lane->band = band != NULL ? gm_band_ref (band) : NULL;
  lane->errands = g_sequence_new (NULL);
  return lane;
}

static void
lane_free (gpointer data)
{
  Lane *lane = data;

  g_clear_pointer (&lane->band, gm_band_unref);
  g_sequence_free (lane->errands);
  g_free (lane);
}

GmLine *
gm_line_new (GmCore *core)
{
  GmLine *self = g_new0 (GmLine, 1);

  self->core = core;
  self->lanes = g_ptr_array_new_with_free_func (lane_free);
  g_ptr_array_add (self->lanes, lane_new (NULL));
  return self;
}

void
gm_line_free (GmLine *self)
{
  g_ptr_array_unref (self->lanes);
  g_free (self);
}

guint
gm_line_length (GmLine *self)
{
  return self->length;
}

/* All who wait grow older at the same pace, so their order stays, and no place need be computed again. */
static gint64
place_of (const GmErrand *errand)
{
  return errand->waits_since + (gint64) errand->priority * UNIT_US;
}

static int
compare (gconstpointer a,
         gconstpointer b,
         gpointer user_data)
{
  const GmErrand *one = a;
  const GmErrand *other = b;
  gint64 first = place_of (one);
  gint64 second = place_of (other);

  if (first != second)
    return first < second ? -1 : 1;

  return one->serial < other->serial ? -1 : one->serial > other->serial;
}

static Lane *
find_lane (GmLine *self,
           GmBand *band)
{
  for (guint i = 0; i < self->lanes->len; i++)
    if (((Lane *) self->lanes->pdata[i])->band == band)
      return self->lanes->pdata[i];

  return NULL;
}

void
gm_line_add (GmLine *self,
             GmErrand *errand,
             gint64 now)
{
  Lane *lane = find_lane (self, errand->band);

  if (lane == NULL)
    {
      lane = lane_new (errand->band);
      g_ptr_array_add (self->lanes, lane);
    }
  if (errand->waits_since == 0)
    errand->waits_since = now;
  errand->place = g_sequence_insert_sorted (lane->errands, errand, compare, NULL);
  self->length++;
}

static void
take_out (GmLine *self,
          Lane *lane,
          GmErrand *errand)
{
  g_sequence_remove (errand->place);
  errand->place = NULL;
  self->length--;
  if (lane->band == NULL || !g_sequence_is_empty (lane->errands))
    return;

  gm_band_forget (lane->band, self->core);
  g_ptr_array_remove_fast (self->lanes, lane);
}

gboolean
gm_line_remove (GmLine *self,
                GmErrand *errand)
{
  if (errand->place == NULL)
    return FALSE;

  take_out (self, find_lane (self, errand->band), errand);
  return TRUE;
}

/* The lane whose first comes before those of all others that are not full; NULL if there is none. */
static Lane *
next_lane (GmLine *self)
{
  Lane *best = NULL;
  GmErrand *first = NULL;

  for (guint i = 0; i < self->lanes->len; i++)
    {
      Lane *lane = self->lanes->pdata[i];
      GmErrand *errand;

      if (lane->full || g_sequence_is_empty (lane->errands))
        continue;
      errand = g_sequence_get (g_sequence_get_begin_iter (lane->errands));
      if (first != NULL && compare (first, errand, NULL) < 0)
        continue;
      best = lane;
      first = errand;
    }

  return best;
}

GmErrand *
gm_line_take (GmLine *self)
{
  GmErrand *errand;
  Lane *lane;

  if (self->length == 0)
    return NULL;

  for (guint i = 0; i < self->lanes->len; i++)
    ((Lane *) self->lanes->pdata[i])->full = FALSE;
  while ((lane = next_lane (self)) != NULL)
    {
      if (lane->band != NULL && !gm_band_enter (lane->band, self->core, FALSE))
        {
          lane->full = TRUE;
          continue;
        }
      errand = g_sequence_get (g_sequence_get_begin_iter (lane->errands));
      take_out (self, lane, errand);
      return errand;
    }

  return NULL;
}
