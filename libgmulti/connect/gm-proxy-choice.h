/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-proxy.h"

/* Which proxy, if any, a URL is to be reached through: what is set, what the rules for hosts without one say, and, where
 * that is asked for, the variables of the environment as libcurl reads them: "<scheme>_proxy" (upper case too, but for
 * http: that is what a CGI program finds a header of its client in), "all_proxy", "ALL_PROXY"; "no_proxy", "NO_PROXY". */

/* Remembers whether the environment has such variables at all, so that asking costs next to nothing where it has none.
 * Zeroed memory is a good one. For one thread, like all of a multi. */
typedef struct
{
  char **environment; /* (unowned) (nullable): where it was */
  char **seen; /* (owned) (nullable): its pointers */
  gsize n;
  gboolean any;
  gboolean asked; /* by a face whose programs expect it */
  gint64 checked_at; /* the turn (GmReactor.now) in which it was looked at: once is enough in each */
} GmProxyEnvironment;

void     gm_proxy_environment_clear (GmProxyEnvironment *self);
gboolean gm_proxy_environment_any   (GmProxyEnvironment *self);

/* Whether to look there, and there is something. */
static inline gboolean
gm_proxy_environment_is_set (GmProxyEnvironment *self,
                             gint64 now)
{
  if (!self->asked)
    return FALSE;
  if (self->checked_at == now)
    return self->any;

  self->checked_at = now;
  return gm_proxy_environment_any (self);
}

typedef struct
{
  const GmConnectSettings *settings;
  const GmUrl *url;
  GmProxyEnvironment *environment; /* (nullable) */
  const GmStringList *fields; /* (nullable): the request's own, for those who share them with the proxy */
  const char *user_agent; /* (nullable) */
  gboolean must_tunnel; /* what is asked for could not be said in absolute-form */
} GmProxyWish;

/* Whether there is anything to choose; FALSE costs a few comparisons. */
static inline gboolean
gm_proxy_is_set (const GmConnectSettings *settings,
                 GmProxyEnvironment *environment,
                 gint64 now)
{
  if (settings->pre_proxy != NULL)
    return TRUE;
  if (settings->proxy != NULL)
    return settings->proxy[0] != '\0';

  return gm_proxy_environment_is_set (environment, now);
}

/* GM_OK with a new proxy in @out, or with NULL there: none. Results of gm_proxy_parse() and gm_proxy_add_fields(). */
GmResult gm_proxy_choose            (const GmProxyWish *wish,
                                     GmProxy **out);
/* The same for a proxy given as text: one of a list as GProxyResolver gives it. "direct://" is NULL in @out; "socks" and
 * "socks5" have the proxy look names up, as all of GIO has them; "https" offers HTTP/2. */
GmResult gm_proxy_choose_text       (const GmProxyWish *wish,
                                     const char *text,
                                     GmProxy **out);
