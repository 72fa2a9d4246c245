/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-string-list.h"
#include "gm-tls-settings.h"

/* What the user may set of this ring. Copy-on-write: everybody shares the default block until something differs, and a
 * block that a connection has taken is never written again. Strings are GRefStrings (nullable). */

typedef enum
{
  GM_IP_ANY = 0,
  GM_IP_V4 = 1,
  GM_IP_V6 = 2,
} GmIpVersion;

typedef struct
{
  gatomicrefcount refs; /* unused in the static default */
  char *unix_path; /* GRefString */
  GBytes *places; /* (owned) (nullable): of GmAddress: where to connect to, for whatever host; not empty */
  char *proxy; /* GRefString: as gm_proxy_parse(); "" = none, whatever the environment says */
  char *pre_proxy; /* GRefString: SOCKS, the way to @proxy */
  char *no_proxy; /* GRefString: rules of gm-no-proxy.h; NULL = the environment's, if that is asked */
  char *proxy_user; /* GRefString: unless @proxy has one */
  char *proxy_password; /* GRefString */
  char *proxy_service; /* GRefString: of Negotiate, NULL: "HTTP"; of SOCKS5 by GSSAPI, NULL: "rcmd" */
  char *doh_uri; /* GRefString: who is asked for names, over HTTP (RFC 8484); NULL: the system */
  char *announced_address; /* GRefString: the client in the line of @announce; NULL: this end of the connection */
  char *local_interface; /* GRefString: address, interface or "if!", "host!", "ifhost!" forms as CURLOPT_INTERFACE */
  const GmStringList *overrides; /* (unowned): "[+]host:port:addr[,addr]…" or "-host:port", as CURLOPT_RESOLVE */
  const GmStringList *connect_to; /* (unowned): "host:port:host2:port2", as CURLOPT_CONNECT_TO */
  const GmTlsSettings *tls; /* (owned) (nullable): towards the server; NULL = defaults */
  const GmTlsSettings *proxy_tls; /* (owned) (nullable): towards an HTTPS proxy; NULL = defaults */
  const GmStringList *proxy_fields; /* (unowned): header fields for the proxy alone */
  gint64 max_idle_us; /* a pooled connection idle for longer is not used again; 0 = no limit */
  gint64 max_life_us; /* nor one older than this; 0 = no limit */
  gint64 dns_cache_us; /* how long an answer stays good; -1 = for ever, 0 = not at all */
  guint attempt_delay_ms; /* RFC 8305 "Connection Attempt Delay" */
  guint address_scope; /* of link-local IPv6 addresses that have none; 0 = none */
  guint keepalive_idle_s;
  guint keepalive_interval_s;
  guint keepalive_count;
  guint16 local_port; /* 0 = any */
  guint16 local_port_range; /* how many ports to try from there; 0 counts as 1 */
  guint16 proxy_port; /* unless @proxy has one; 0 = the default */
  guint8 proxy_kind; /* GmProxyKind, unless @proxy has a scheme */
  guint8 proxy_tunnel; /* CONNECT for http: too */
  guint8 proxy_auth; /* GmAuthScheme: what the login may be used for */
  guint8 proxy_socks_auth; /* GmSocksAuth */
  guint8 proxy_shares_fields; /* CONNECT gets the request's own fields instead of @proxy_fields */
  guint8 proxy_hides_head; /* the answer to CONNECT is not told */
  guint8 ip_version; /* GmIpVersion */
  guint8 unix_abstract;
  guint8 announce; /* the first bytes of a connection say who it comes from: gm-layer-announce.c */
  guint8 keepalive;
  guint8 no_delay;
  guint8 fresh_connect; /* do not take one from the pool */
  guint8 forbid_reuse; /* do not put it back */
  guint8 shuffle_addresses; /* those of one family are tried in random order */
  guint8 doh_verify_peer; /* who answers as @doh_uri must prove who it is, */
  guint8 doh_verify_host; /* have that name, */
  guint8 doh_verify_status; /* and not be revoked */
  guint8 fast_open; /* RFC 7413: data may go with the first packet */
} GmConnectSettings;

extern const GmConnectSettings gm_connect_settings_default;

GmConnectSettings *gm_connect_settings_copy  (const GmConnectSettings *self);
/* The shared default is passed through untouched by both. */
const GmConnectSettings *gm_connect_settings_ref (const GmConnectSettings *self);
void               gm_connect_settings_unref (const GmConnectSettings *self);
