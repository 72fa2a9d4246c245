/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-transfer-private.h"

#include "gm-trace.h"

/* What a transfer asks the stores before each hop: the files they are kept in must have been read; hosts that want TLS get
 * it; origins may be reached elsewhere. */

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

/* RFC 6797 section 8.3: before anybody connects; a port that was given stays, but for 80. */
static GmResult
upgrade (GmTransfer *self,
         GmHsts *hsts,
         gint64 now)
{
  GmRun *run = self->run;
  GmUrl *url = NULL;
  GmResult result;

  if (!gm_hsts_wants_tls (hsts, self->url, now))
    return GM_OK;
  result = gm_url_with_scheme (self->url, GM_SCHEME_HTTPS, &url);
  if (result != GM_OK)
    return result;

  GM_TRACE (TRANSFER, self->id, 0, "https instead of http: its host wants that");
  gm_url_unref (self->url);
  self->url = url;
  /* What the user meant for that host is meant for it over TLS. */
  if (run->n_hops == 0)
    {
      gm_url_unref (run->origin);
      run->origin = gm_url_ref (url);
    }
  gm_transfer_place_request (self);
  if (G_UNLIKELY (gm_transfer_story (self) != NULL))
    {
      GmSpan span = gm_url_get_host (url);
      g_autofree char *host = g_strndup (span.data, span.len);

      gm_story_tell (gm_transfer_story (self), .kind = GM_STORY_HSTS, .text = host);
    }

  return GM_OK;
}

/* RFC 7838 section 2.1: the certificate is what makes another host speak for the origin, so it must be one that is
 * checked. Who says himself where to connect to means it. */
static void
find_route (GmTransfer *self,
            const GmHttpStores *stores,
            gint64 now)
{
  GmRun *run = self->run;
  const GmConnectSettings *settings = run->connect_settings;
  const GmTlsSettings *tls = settings->tls != NULL ? settings->tls : &gm_tls_settings_default;
  GmAltSvcRoute route;

  if (run->no_route || settings->connect_to != NULL || settings->unix_path != NULL || settings->places != NULL ||
      !tls->verify_peer || !tls->verify_host)
    return;
  if (!gm_alt_svc_find (stores->alt_svc, self->url, stores->alt_protocols, now, &route))
    return;

  GM_TRACE (TRANSFER, self->id, 0, "goes to the alternative %s, port %u", route.host, route.port);
  gm_story_tell (gm_transfer_story (self), .kind = GM_STORY_ALTERNATIVE, .port = route.port, .text = route.host);
  run->route = g_memdup2 (&route, sizeof route);
  run->request.route = run->route;
}

GmResult
gm_transfer_consult_stores (GmTransfer *self)
{
  GmRun *run = self->run;
  GmHttpStores *stores = run->request_settings->stores;
  GmResult result = stores->failed != GM_OK ? stores->failed : wait_for_files (self, stores);
  gint64 now;

  gm_transfer_leave_route (self);
  if (result != GM_OK || (stores->hsts == NULL && stores->alt_svc == NULL))
    return result;

  now = gm_clock_wall (gm_multi_get_reactor (self->multi)->clock);
  if (stores->hsts != NULL)
    result = upgrade (self, stores->hsts, now);
  if (result == GM_OK && stores->alt_svc != NULL)
    find_route (self, stores, now);

  return result;
}

void
gm_transfer_take_route (GmTransfer *self,
                        GmPoolKey *key)
{
  const GmAltSvcRoute *route = self->run->route;

  key->connect_host = gm_span (route->host, strlen (route->host));
  key->connect_port = route->port;
}

void
gm_transfer_leave_route (GmTransfer *self)
{
  GmRun *run = self->run;

  g_clear_pointer (&run->route, g_free);
  run->request.route = NULL;
}

void
gm_transfer_lose_route (GmTransfer *self)
{
  GmRun *run = self->run;

  gm_alt_svc_forget (run->request_settings->stores->alt_svc, self->url, run->route);
  run->no_route = TRUE;
}
