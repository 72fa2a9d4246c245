/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-stores.h"

GmHttpStores *
gm_http_stores_new (GmCookieJar *jar,
                    GmHsts *hsts,
                    GmAltSvc *alt_svc,
                    guint alt_protocols)
{
  GmHttpStores *self;

  if (jar == NULL && hsts == NULL && alt_svc == NULL)
    return NULL;

  self = g_new0 (GmHttpStores, 1);
  g_atomic_ref_count_init (&self->refs);
  if (jar != NULL)
    self->jar = gm_cookie_jar_ref (jar);
  if (hsts != NULL)
    self->hsts = gm_hsts_ref (hsts);
  if (alt_svc != NULL)
    self->alt_svc = gm_alt_svc_ref (alt_svc);
  self->alt_protocols = alt_protocols;
  return self;
}

GmHttpStores *
gm_http_stores_ref (GmHttpStores *self)
{
  if (self != NULL)
    g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_http_stores_unref (GmHttpStores *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  gm_cookie_jar_unref (self->jar);
  gm_hsts_unref (self->hsts);
  gm_alt_svc_unref (self->alt_svc);
  g_free (self);
}

gboolean
gm_http_stores_is_loaded (const GmHttpStores *self)
{
  return (self->jar == NULL || gm_cookie_jar_is_loaded (self->jar)) &&
         (self->hsts == NULL || gm_hsts_is_loaded (self->hsts)) &&
         (self->alt_svc == NULL || gm_alt_svc_is_loaded (self->alt_svc));
}

/* ---- loading ---- */

typedef struct
{
  GmJob job; /* first member */
  GmHttpStores *stores; /* (owned) */
  gint64 now; /* unix time */
  GmReactor *reactor; /* (unowned): for done () */
  GmRunnable *owner; /* (unowned): for done () */
  GmJob **slot; /* (unowned): for done () */
} Load;

static void
load_work (GmJob *job)
{
  Load *self = (Load *) job;

  if (self->stores->jar != NULL)
    gm_cookie_jar_load (self->stores->jar, self->now, NULL);
  if (self->stores->hsts != NULL)
    gm_hsts_load (self->stores->hsts, self->now, NULL);
  if (self->stores->alt_svc != NULL)
    gm_alt_svc_load (self->stores->alt_svc, self->now, NULL);
}

static void
load_done (GmJob *job)
{
  Load *self = (Load *) job;

  gm_reactor_queue (self->reactor, self->owner);
  *self->slot = NULL;
  gm_job_unref (job);
}

static void
load_free (GmJob *job)
{
  Load *self = (Load *) job;

  gm_http_stores_unref (self->stores);
  g_free (self);
}

gboolean
gm_http_stores_load (GmHttpStores *self,
                     GmReactor *reactor,
                     GmRunnable *owner,
                     GmJob **slot)
{
  static const GmJobType type = { load_work, load_done, load_free };
  Load *load = g_new0 (Load, 1);

  gm_job_init (&load->job, &type);
  load->stores = gm_http_stores_ref (self);
  load->now = gm_clock_wall (reactor->clock);
  load->reactor = reactor;
  load->owner = owner;
  load->slot = slot;
  if (!gm_job_start (&load->job, gm_workers_files (), reactor))
    {
      gm_job_unref (&load->job);
      return FALSE;
    }

  *slot = &load->job;
  return TRUE;
}
