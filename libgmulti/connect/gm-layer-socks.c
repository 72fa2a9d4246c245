/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-layer-proxy.h"

#include "gm-socks.h"
#include "gm-trace.h"

#include <netdb.h>

typedef enum
{
  STATE_NAME, /* the channel below, and the address if that is ours to find */
  STATE_TALK,
  STATE_LOGIN, /* GSSAPI: the layer below is at it */
  STATE_FAILED,
} SocksState;

typedef struct
{
  GmLayer layer; /* first member */
  SocksState state;
  GmResult failure; /* while STATE_FAILED */
  gboolean below_is_up;
  GmProxy *proxy; /* (owned) */
  char *name; /* (owned): where to */
  gboolean to_proxy; /* the name is that of another proxy */
  GmResolver *resolver; /* (unowned) */
  GmLookup *lookup; /* (owned) (nullable): under way */
  int family; /* of it */
  GmSocksTarget target;
  GmSocks socks;
  GmProxyTalk talk;
} SocksLayer;

static const GmLayerType done_type;

static GmResult
fail (SocksLayer *self,
      GmResult result)
{
  GmError *error = self->layer.host->error;

  gm_error_set (error, result, GM_PHASE_PROXY, 0);
  if (result == GM_SOCKS_REFUSED)
    error->proxy_status = self->socks.code;
  error->socks = TRUE;
  GM_TRACE (PROXY, 0, self->layer.host->id, "SOCKS failed: %s, code %u", gm_result_name (result), self->socks.code);

  self->state = STATE_FAILED;
  self->failure = result;
  return result;
}

/* ---- where to ---- */

static void
set_address (SocksLayer *self,
             const GmAddress *address)
{
  if (address->sa.any.sa_family == AF_INET6)
    {
      self->target.address_len = 16;
      memcpy (self->target.address, &address->sa.v6.sin6_addr, 16);
    }
  else
    {
      self->target.address_len = 4;
      memcpy (self->target.address, &address->sa.v4.sin_addr, 4);
    }
}

static void
look_up (SocksLayer *self,
         int family)
{
  GmLayerHost *host = self->layer.host;

  self->family = family;
  self->lookup = gm_resolver_look_up (self->resolver, self->name, strlen (self->name), self->target.port, family,
                                      host->settings, host->owner);
}

/* An address need not be looked up, and a proxy that looks names up may have no idea how to with one. */
static void
begin_name (SocksLayer *self)
{
  const GmConnectSettings *settings = self->layer.host->settings;
  GmProxyKind kind = (GmProxyKind) self->proxy->kind;
  gboolean v4_only = kind == GM_PROXY_SOCKS4 || kind == GM_PROXY_SOCKS4A;
  GmAddress address;

  self->target.name = gm_span (self->name, strlen (self->name));
  if (gm_address_parse (&address, self->target.name, 0) && !(v4_only && address.sa.any.sa_family == AF_INET6))
    set_address (self, &address);
  else if (kind == GM_PROXY_SOCKS4 || kind == GM_PROXY_SOCKS5)
    look_up (self, settings->ip_version == GM_IP_V6 && !v4_only ? AF_INET6 : AF_INET);
}

/* The IPv4 address first: a proxy without IPv6 is far more usual than a host without IPv4. */
static GmResult
step_name (SocksLayer *self)
{
  while (self->lookup != NULL)
    {
      GmAddresses *addresses = NULL;
      int eai = 0;
      GmResult result = gm_lookup_get_answer (self->lookup, &addresses, &eai);
      gboolean other = self->family == AF_INET && self->proxy->kind == GM_PROXY_SOCKS5 &&
                       self->layer.host->settings->ip_version == GM_IP_ANY;

      if (result == GM_AGAIN)
        return GM_AGAIN;
      if (result == GM_OK)
        set_address (self, &addresses->items[0]);
      g_clear_pointer (&self->lookup, gm_lookup_free);
      if (result == GM_OK)
        return GM_OK;
      if (!other)
        {
          gm_error_set (self->layer.host->error, self->to_proxy ? GM_PROXY_RESOLVE_FAILED : GM_RESOLVE_FAILED,
                        GM_PHASE_RESOLVE, 0);
          self->layer.host->error->resolver = eai;
          return fail (self, self->layer.host->error->result);
        }
      look_up (self, AF_INET6);
    }

  return GM_OK;
}

/* ---- the talk ---- */

/* A user and a password were not right; or none were offered, and what was offered does not do. */
static void
want_login (SocksLayer *self,
            GmSocksState answered,
            GmResult why)
{
  const GmProxy *proxy = self->proxy;

  if (why == GM_PROXY_LOGIN && (proxy->socks_auth & GM_SOCKS_AUTH_LOGIN) != 0 &&
      (answered == GM_SOCKS_LOGIN || proxy->user == NULL || *proxy->user == '\0'))
    gm_proxy_want_login (self->layer.host, proxy, "SOCKS", NULL);
}

static GmResult
begin_talk (SocksLayer *self)
{
  GmProxy *proxy = self->proxy;
  GmResult result;

  self->target.version = proxy->kind == GM_PROXY_SOCKS4 || proxy->kind == GM_PROXY_SOCKS4A ? 4 : 5;
  self->target.auth = proxy->socks_auth;
  if (proxy->user != NULL)
    self->target.user = gm_span (proxy->user, strlen (proxy->user));
  if (proxy->password != NULL)
    self->target.password = gm_span (proxy->password, strlen (proxy->password));
  result = gm_socks_begin (&self->socks, &self->target, &self->talk.out);
  if (result != GM_OK)
    {
      want_login (self, GM_SOCKS_METHOD, result);
      return fail (self, result);
    }

  self->state = STATE_TALK;
  return GM_OK;
}

static void
begin_login (SocksLayer *self)
{
  self->layer.next = gm_layer_seal_new (self->layer.host, self->layer.next, self->proxy);
  self->state = STATE_LOGIN;
}

/* What follows on both sides, the request and its answer among it, goes through that layer. */
static GmResult
step_login (SocksLayer *self)
{
  GmResult result = gm_layer_connect (self->layer.next);

  if (result == GM_AGAIN)
    return result;
  if (result != GM_OK)
    return fail (self, result);

  gm_socks_logged_in (&self->socks, &self->talk.out);
  self->state = STATE_TALK;
  return GM_OK;
}

static GmResult
step_talk (SocksLayer *self)
{
  for (;;)
    {
      char answer[GM_SOCKS_REPLY_MAX];
      GmResult why = GM_PROXY_BAD_REPLY;
      GmResult result = self->state == STATE_LOGIN ? step_login (self) : GM_OK;
      GmSocksState answered = self->socks.state;
      gsize n = 0, consumed;
      GmParse parse;

      if (result == GM_OK)
        result = gm_proxy_talk_send (&self->talk, self->layer.next);
      if (result == GM_OK)
        result = gm_proxy_talk_recv (self->layer.next, answer, gm_socks_need (&self->socks), &n);
      if (result == GM_AGAIN || self->state == STATE_FAILED)
        return result;
      if (result != GM_OK)
        return fail (self, result);

      parse = gm_socks_feed (&self->socks, answer, n, &consumed, &self->talk.out, &why);
      if (parse == GM_PARSE_BAD)
        {
          want_login (self, answered, why);
          return fail (self, why);
        }
      if (parse == GM_PARSE_DONE)
        return GM_OK;
      if (self->socks.state == GM_SOCKS_GSSAPI)
        begin_login (self);
    }
}

static GmResult
socks_connect (GmLayer *layer)
{
  SocksLayer *self = (SocksLayer *) layer;
  GmResult result;

  if (self->state == STATE_FAILED)
    return self->failure;

  if (!self->below_is_up)
    {
      result = gm_layer_connect (layer->next);
      if (result != GM_OK)
        return result;
      self->below_is_up = TRUE;
      begin_name (self);
    }
  if (self->state == STATE_NAME)
    {
      result = step_name (self);
      if (result == GM_OK)
        result = begin_talk (self);
      if (result != GM_OK)
        return result;
    }

  result = step_talk (self);
  if (result != GM_OK)
    return result;

  GM_TRACE (PROXY, 0, layer->host->id, "SOCKS tunnel to %s port %u", self->name, self->target.port);
  layer->type = &done_type;
  return GM_OK;
}

/* ---- questions ---- */

static gboolean
socks_query (GmLayer *layer,
             GmQuery query,
             gpointer answer)
{
  SocksLayer *self = (SocksLayer *) layer;

  return self->below_is_up && self->state != STATE_LOGIN && gm_proxy_talk_query (&self->talk, query, answer);
}

static void
socks_adjust (GmLayer *layer,
              GmIo want)
{
  SocksLayer *self = (SocksLayer *) layer;

  if (self->state == STATE_TALK)
    want |= gm_proxy_talk_want (&self->talk);
  gm_layer_adjust (layer->next, want);
}

static void
socks_free (GmLayer *layer)
{
  SocksLayer *self = (SocksLayer *) layer;

  gm_lookup_free (self->lookup);
  gm_proxy_talk_clear (&self->talk);
  gm_proxy_unref (self->proxy);
  g_free (self->name);
  g_free (self);
}

static const GmLayerType socks_type = {
  .name = "socks",
  .connect = socks_connect,
  .query = socks_query,
  .adjust = socks_adjust,
  .free = socks_free,
};

static const GmLayerType done_type = {
  .name = "socks",
  .free = socks_free,
  .set_up_only = TRUE,
};

GmLayer *
gm_layer_socks_new (GmLayerHost *host,
                    GmLayer *below,
                    GmResolver *resolver,
                    GmProxy *proxy,
                    const GmProxyTarget *target)
{
  SocksLayer *self = g_new0 (SocksLayer, 1);

  self->layer.type = &socks_type;
  self->layer.host = host;
  self->layer.next = below;
  self->resolver = resolver;
  self->proxy = gm_proxy_ref (proxy);
  self->name = g_strndup (target->host.data, target->host.len);
  self->target.port = target->port;
  self->to_proxy = target->is_proxy;

  return &self->layer;
}
