/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-alt-svc.h"
#include "gm-cookie-jar.h"
#include "gm-hsts.h"
#include "gm-workers.h"

/* What a transfer knows of former ones: the stores that its user gave it. An immutable refcounted bundle in the request's
 * settings, so that who uses none pays for one test of a pointer. */
typedef struct
{
  gatomicrefcount refs;
  GmCookieJar *jar; /* (owned) (nullable) */
  GmHsts *hsts; /* (owned) (nullable) */
  GmAltSvc *alt_svc; /* (owned) (nullable) */
  guint alt_protocols; /* 1 << GmAltProtocol: which alternatives are of use */
  GmResult failed; /* not GM_OK: who was to fill them could not, and that is how a transfer with them ends */
} GmHttpStores;

/* Takes references of its own; NULL if all are NULL. Before anybody else has it, @failed may be set. */
GmHttpStores *gm_http_stores_new       (GmCookieJar *jar,
                                        GmHsts *hsts,
                                        GmAltSvc *alt_svc,
                                        guint alt_protocols);
GmHttpStores *gm_http_stores_ref       (GmHttpStores *self); /* accepts NULL */
void          gm_http_stores_unref     (GmHttpStores *self); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmHttpStores, gm_http_stores_unref)

/* No file of theirs is still to be read. */
gboolean      gm_http_stores_is_loaded (const GmHttpStores *self);
/* Reads them on a worker: *@slot is the job while that goes on, to be given up by gm_job_abandon (); then it is NULL and
 * @owner gets a turn. FALSE: no thread can be had. */
gboolean      gm_http_stores_load      (GmHttpStores *self,
                                        GmReactor *reactor,
                                        GmRunnable *owner,
                                        GmJob **slot);
