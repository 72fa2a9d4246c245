/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-transfer-private.h"

#include "gm-trace.h"

/* What a transfer asks the stores before each hop: the files they are kept in must have been read. */

/* Files are read once, by whoever comes first; all others wait, each with a job of its own, because their loops may be
 * different ones. */
static GmResult
wait_for_files (GmTransfer *self,
                GmHttpStores *stores)
{
  GmRun *run = self->run;

  if (run->stores_job != NULL)
    return GM_AGAIN;
  if (gm_http_stores_is_loaded (stores))
    return GM_OK;

  GM_TRACE (TRANSFER, self->id, 0, "waits for files of cookies and the like");
  if (!gm_http_stores_load (stores, gm_multi_get_reactor (self->multi), &self->runnable, &run->stores_job))
    return GM_TOO_MANY_FILES;
  return GM_AGAIN;
}

GmResult
gm_transfer_consult_stores (GmTransfer *self)
{
  GmHttpStores *stores = self->run->request_settings->stores;

  return wait_for_files (self, stores);
}
