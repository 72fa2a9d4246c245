/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-bytes.h"
#include "gm-connect-settings.h"
#include "gm-result.h"
#include "gm-url.h"

/* GmProxy: a proxy on the way to an origin, and through which other one it is reached itself. Immutable once it is used,
 * atomically refcounted. Credentials are in it: nothing of it but gm_proxy_dup_log_text() goes into a log. */

/* The numbers are libcurl's. */
typedef enum
{
  GM_PROXY_HTTP = 0,
  GM_PROXY_HTTP_1_0 = 1, /* CONNECT is sent as HTTP/1.0 */
  GM_PROXY_HTTPS = 2,
  GM_PROXY_HTTPS_2 = 3, /* HTTPS, and HTTP/2 is offered */
  GM_PROXY_SOCKS4 = 4, /* names are looked up here; IPv4 only */
  GM_PROXY_SOCKS5 = 5, /* names are looked up here */
  GM_PROXY_SOCKS4A = 6, /* names are looked up by the proxy */
  GM_PROXY_SOCKS5H = 7,
} GmProxyKind;

typedef struct _GmProxy GmProxy;

struct _GmProxy
{
  gatomicrefcount refs;
  guint8 kind; /* GmProxyKind */
  guint8 tunnel; /* HTTP kinds: CONNECT; else requests are forwarded (absolute-form) */
  guint8 suppress_head; /* the answer to CONNECT is not told */
  guint8 auth; /* GmAuthScheme: what the login may be used for; HTTP kinds */
  guint8 socks_auth; /* GmSocksAuth; SOCKS5 */
  guint8 no_connection; /* the user wants no Proxy-Connection */
  guint16 port;
  char *path; /* (owned) (nullable): SOCKS kinds: of the unix-domain socket at which it listens */
  char *host; /* (owned): A-label, or numeric without brackets, perhaps with a zone id */
  char *user; /* (owned) (nullable) */
  char *password; /* (owned) (nullable) */
  char *service; /* (owned) (nullable): of Negotiate, or of GSSAPI */
  char *tickets; /* (owned) (nullable): the place of those that GSSAPI shows */
  char *fields; /* (owned) (nullable): header lines for the proxy alone, each with its CRLF */
  char *user_agent; /* (owned) (nullable): for CONNECT, unless @fields have one */
  GmProxy *via; /* (owned) (nullable): reached through that one, always a SOCKS one */
};

/* What curl takes: "[scheme://][user[:password]@]host[:port][/…]". @kind is for a text without scheme; @port (0 = the
 * kind's: 443 for HTTPS, else 1080) for one without port. A SOCKS proxy at "localhost/path" listens at that socket.
 * PROXY_RESOLVE_FAILED: not such a text; UNSUPPORTED_SCHEME. */
GmResult gm_proxy_parse        (const char *text,
                                GmProxyKind kind,
                                guint16 port,
                                GmProxy **out);
GmProxy *gm_proxy_ref          (GmProxy *self);
void     gm_proxy_unref        (GmProxy *self); /* NULL is fine; secrets are wiped */
/* SOCKS5 only, else nothing happens: what of GmSocksAuth may be, and the @service (nullable) that GSSAPI asks for; where it
 * finds its tickets is looked up now. */
void     gm_proxy_set_socks_auth (GmProxy *self,
                                  guint8 auth,
                                  const char *service);
/* The same for all a connection is concerned (both nullable): the whole chain with its credentials. */
gboolean gm_proxy_equal        (const GmProxy *a,
                                const GmProxy *b);
/* Replaces the login; (nullable) both. */
void     gm_proxy_set_login    (GmProxy *self,
                                const char *user,
                                const char *password);
/* "Name: value", "Name;" as for requests, added to @fields; what cannot be sent is BAD_REQUEST. */
GmResult gm_proxy_add_fields   (GmProxy *self,
                                const GmStringList *list);
/* Whether @fields have one of that name. */
gboolean gm_proxy_has_field    (const GmProxy *self,
                                GmSpan name);
/* "Proxy-Connection: Keep-Alive", unless @fields have it or the user took it away. RFC 9112, appendix C.2.2 asks for care,
 * because a proxy that passes it on misleads the next; but it is what libcurl says, and what old proxies keep a
 * connection for. */
void     gm_proxy_write_connection (const GmProxy *self,
                                    GmByteBuilder *out);
/* "socks5h://host:port": for logs and messages. (owned) */
char    *gm_proxy_dup_log_text (const GmProxy *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmProxy, gm_proxy_unref)

static inline gboolean
gm_proxy_is_socks (const GmProxy *self)
{
  return self->kind >= GM_PROXY_SOCKS4;
}

static inline gboolean
gm_proxy_is_tls (const GmProxy *self)
{
  return self->kind == GM_PROXY_HTTPS || self->kind == GM_PROXY_HTTPS_2;
}

/* Requests go to the proxy itself, in absolute-form: the connection is shared by all origins. (nullable) */
static inline gboolean
gm_proxy_forwards (const GmProxy *self)
{
  return self != NULL && !gm_proxy_is_socks (self) && !self->tunnel;
}
