/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"
#include "gm-bytes.h"
#include "gm-parse.h"
#include "gm-result.h"

/* GmSocks: a client's side of the talk with a SOCKS proxy until its tunnel stands: SOCKS4, 4a (its protocol notes) and 5
 * (RFC 1928, with the login of RFC 1929; that of RFC 1961 is somebody else's matter, see gm-socks-frame.h). Bytes in, bytes
 * out; no I/O. Lives in the caller's memory, owns nothing.
 *
 * gm_socks_begin () appends the first message; then whoever has read bytes feeds them, and after each call sends what
 * was appended. The answers have lengths of their own, known from their beginnings: gm_socks_need () says how many more
 * bytes belong to the one that is awaited, so that a reader never takes bytes of what comes through the tunnel. */

/* RFC 1928 and 1929: lengths are one byte. */
#define GM_SOCKS_TEXT_MAX 255
/* The longest answer: SOCKS5 with a name of 255 bytes. */
#define GM_SOCKS_REPLY_MAX (4 + 1 + GM_SOCKS_TEXT_MAX + 2)

typedef enum
{
  GM_SOCKS_AUTH_NONE = 1 << 0, /* method 0 is offered */
  GM_SOCKS_AUTH_LOGIN = 1 << 1, /* method 2 is offered, if there is a user */
  GM_SOCKS_AUTH_GSSAPI = 1 << 2, /* method 1 is offered */
  GM_SOCKS_AUTH_NEC = 1 << 3, /* no method: with GSSAPI the level of protection goes as it is, as with NEC's proxies */
} GmSocksAuth;

/* Where to; borrowed until the talk is over. */
typedef struct
{
  guint8 version; /* 4 or 5 */
  guint8 auth; /* GmSocksAuth; SOCKS5 only */
  guint8 address_len; /* 4 or 16: @address is to be used; 0: the proxy shall look @name up (4a) */
  guint8 address[16]; /* network order */
  guint16 port;
  GmSpan name; /* at most 255 bytes, no NUL */
  GmSpan user; /* (nullable data): SOCKS4: user id; at most 255 bytes */
  GmSpan password;
} GmSocksTarget;

typedef enum
{
  GM_SOCKS_METHOD, /* awaits the answer to the list of methods */
  GM_SOCKS_LOGIN, /* awaits the answer to user and password */
  GM_SOCKS_GSSAPI, /* awaits gm_socks_logged_in(), and no bytes */
  GM_SOCKS_REPLY, /* awaits the answer to the request */
  GM_SOCKS_DONE, /* the tunnel stands, or all is over */
} GmSocksState;

typedef struct
{
  const GmSocksTarget *target; /* (unowned) */
  GmSocksState state;
  guint16 code; /* with GM_SOCKS_REFUSED: of the proxy's answer */
  guint16 len; /* of reply[] */
  guint8 reply[GM_SOCKS_REPLY_MAX];
} GmSocks;

/* GM_OK and the first message at the end of @out; GM_SOCKS_NAME_TOO_LONG; GM_BAD_REQUEST: a NUL in a SOCKS4 text, SOCKS4
 * with an IPv6 address, or nothing to offer; GM_PROXY_LOGIN: only a login is allowed, and there is none;
 * GM_OUT_OF_MEMORY. */
GmResult gm_socks_begin     (GmSocks *self,
                             const GmSocksTarget *target,
                             GmByteBuilder *out);
/* How many bytes to feed next, at most. 0 when it is over, or somebody else's turn. */
gsize    gm_socks_need      (const GmSocks *self);
/* Takes no more than it needs. MORE: go on; @out may have got a message. BAD: GM_PROXY_BAD_REPLY (not what such a proxy
 * says), GM_PROXY_LOGIN (no method, or user and password, suits it), GM_SOCKS_REFUSED (@self->code). */
GmParse  gm_socks_feed      (GmSocks *self,
                             const char *data,
                             gsize len,
                             gsize *consumed,
                             GmByteBuilder *out,
                             GmResult *why);
/* In GM_SOCKS_GSSAPI: the talk of RFC 1961 has ended well. The next message is appended; what there is from now on goes as
 * it was agreed there. */
void     gm_socks_logged_in (GmSocks *self,
                             GmByteBuilder *out);
