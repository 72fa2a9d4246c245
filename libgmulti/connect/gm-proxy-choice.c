/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-proxy-choice.h"

#include "gm-no-proxy.h"
#include "gm-socks.h"

#include <unistd.h>

/* ---- the environment ---- */

void
gm_proxy_environment_clear (GmProxyEnvironment *self)
{
  g_clear_pointer (&self->seen, g_free);
  self->n = 0;
  self->any = FALSE;
}

static gboolean
is_proxy_variable (const char *entry)
{
  const char *end = strchr (entry, '=');

  return end != NULL && end - entry > 6 && g_ascii_strncasecmp (end - 6, "_proxy", 6) == 0;
}

/* Whoever changes a variable changes a pointer in the array, or the array: comparing pointers is enough. An array that
 * became shorter lies where the longer one was. */
static gboolean
is_unchanged (const GmProxyEnvironment *self)
{
  return self->seen != NULL && environ == self->environment &&
         memcmp (environ, self->seen, (self->n + 1) * sizeof *environ) == 0;
}

gboolean
gm_proxy_environment_any (GmProxyEnvironment *self)
{
  if (is_unchanged (self))
    return self->any;

  gm_proxy_environment_clear (self);
  if (environ == NULL)
    return FALSE;
  while (environ[self->n] != NULL)
    self->any |= is_proxy_variable (environ[self->n++]);
  self->environment = environ;
  self->seen = g_memdup2 (environ, (self->n + 1) * sizeof *environ);

  return self->any;
}

/* An empty variable is as good as none. */
static const char *
get_variable (const char *name)
{
  const char *value = g_getenv (name);

  return value != NULL && *value != '\0' ? value : NULL;
}

static const char *
find_variable (const GmUrl *url)
{
  GmSpan scheme = gm_url_get_scheme_name (url);
  g_autofree char *name = g_strdup_printf ("%.*s_proxy", (int) scheme.len, scheme.data);
  const char *value = get_variable (name);

  if (value == NULL && gm_url_get_scheme (url) != GM_SCHEME_HTTP)
    {
      g_autofree char *upper = g_ascii_strup (name, -1);

      value = get_variable (upper);
    }
  if (value == NULL)
    value = get_variable ("all_proxy");
  if (value == NULL)
    value = get_variable ("ALL_PROXY");

  return value;
}

static const char *
find_rules (void)
{
  const char *rules = get_variable ("no_proxy");

  return rules != NULL ? rules : get_variable ("NO_PROXY");
}

/* ---- choosing ---- */

static gboolean
is_text (const char *text)
{
  return text != NULL && *text != '\0';
}

/* @is_only: what is set about the proxy is about this one; else about the one behind it. */
static GmResult
parse (const GmConnectSettings *settings,
       const char *text,
       gboolean is_pre,
       gboolean is_only,
       GmProxy **out)
{
  g_autoptr (GmProxy) proxy = NULL;
  GmProxyKind kind = (GmProxyKind) settings->proxy_kind;
  GmResult result;

  if (is_pre && kind < GM_PROXY_SOCKS4)
    kind = GM_PROXY_SOCKS4;
  result = gm_proxy_parse (text, kind, is_only ? settings->proxy_port : 0, &proxy);

  if (result != GM_OK)
    return result;

  proxy->auth = settings->proxy_auth;
  gm_proxy_set_socks_auth (proxy, settings->proxy_socks_auth, settings->proxy_service);
  if (is_only && proxy->user == NULL && settings->proxy_user != NULL)
    gm_proxy_set_login (proxy, settings->proxy_user, settings->proxy_password);
  *out = g_steal_pointer (&proxy);

  return GM_OK;
}

/* Tickets are shown to nobody unbidden: an empty user asks for that, as where HTTP proxies speak Negotiate. */
static void
limit_tickets (const GmProxyWish *wish,
               GmProxy *proxy)
{
  const GmConnectSettings *settings = wish->settings;
  gboolean asked = proxy->user != NULL && *proxy->user == '\0';

  gm_proxy_set_socks_auth (proxy, asked ? settings->proxy_socks_auth : settings->proxy_socks_auth & ~GM_SOCKS_AUTH_GSSAPI,
                           settings->proxy_service);
}

/* What only an HTTP proxy has. */
static GmResult
equip (const GmProxyWish *wish,
       GmProxy *proxy)
{
  const GmConnectSettings *settings = wish->settings;
  const GmStringList *fields = settings->proxy_fields;

  if (gm_proxy_is_socks (proxy))
    return GM_OK;

  proxy->tunnel = settings->proxy_tunnel || wish->must_tunnel || gm_url_get_scheme (wish->url) != GM_SCHEME_HTTP;
  proxy->suppress_head = settings->proxy_hides_head;
  proxy->user_agent = g_strdup (wish->user_agent);
  proxy->service = g_strdup (settings->proxy_service);
  /* Forwarded requests have their own fields anyway. */
  if (settings->proxy_shares_fields)
    fields = proxy->tunnel ? wish->fields : NULL;

  return gm_proxy_add_fields (proxy, fields);
}

static GmResult
make (const GmProxyWish *wish,
      const char *text,
      const char *pre,
      GmProxy **out)
{
  g_autoptr (GmProxy) proxy = NULL;
  g_autoptr (GmProxy) via = NULL;
  GmResult result = is_text (text) ? parse (wish->settings, text, FALSE, TRUE, &proxy) : GM_OK;

  if (result == GM_OK && is_text (pre))
    result = parse (wish->settings, pre, TRUE, proxy == NULL, &via);
  if (result != GM_OK)
    return result;
  if (via != NULL && !gm_proxy_is_socks (via))
    return GM_UNSUPPORTED_SCHEME;
  /* One SOCKS proxy is all there can be on the way. */
  if (proxy == NULL || (via != NULL && gm_proxy_is_socks (proxy)))
    {
      gm_proxy_unref (proxy);
      proxy = g_steal_pointer (&via);
    }
  if (proxy == NULL)
    {
      *out = NULL;
      return GM_OK;
    }

  proxy->via = g_steal_pointer (&via);
  result = equip (wish, proxy);
  if (result == GM_OK)
    *out = g_steal_pointer (&proxy);

  return result;
}

GmResult
gm_proxy_choose (const GmProxyWish *wish,
                 GmProxy **out)
{
  const GmConnectSettings *settings = wish->settings;
  gboolean ask = wish->environment != NULL && wish->environment->asked;
  const char *rules = settings->no_proxy == NULL && ask ? find_rules () : settings->no_proxy;
  const char *text = settings->proxy;

  *out = NULL;
  /* A socket in the file system is not somewhere in the network; and who says where to connect to means that. */
  if (settings->unix_path != NULL || settings->places != NULL || gm_url_get_host (wish->url).len == 0)
    return GM_OK;
  if (is_text (rules) && gm_no_proxy_matches (rules, gm_url_get_host (wish->url)))
    return GM_OK;
  if (text == NULL && settings->pre_proxy == NULL && ask)
    text = find_variable (wish->url);

  return make (wish, text, settings->pre_proxy, out);
}

GmResult
gm_proxy_choose_text (const GmProxyWish *wish,
                      const char *text,
                      GmProxy **out)
{
  GmResult result;

  *out = NULL;
  if (wish->settings->unix_path != NULL || wish->settings->places != NULL
      || g_ascii_strncasecmp (text, "direct:", strlen ("direct:")) == 0)
    return GM_OK;

  result = make (wish, text, NULL, out);
  if (result == GM_OK && *out != NULL &&
      ((*out)->kind == GM_PROXY_SOCKS5 || g_ascii_strncasecmp (text, "socks:", strlen ("socks:")) == 0))
    (*out)->kind = GM_PROXY_SOCKS5H;
  /* Such a text has no way to say that HTTP/2 may be offered; it is only asked for, and the old version serves as well. */
  else if (result == GM_OK && *out != NULL && (*out)->kind == GM_PROXY_HTTPS)
    (*out)->kind = GM_PROXY_HTTPS_2;
  if (result == GM_OK && *out != NULL)
    limit_tickets (wish, *out);

  return result;
}
