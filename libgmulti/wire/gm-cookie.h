/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"
#include "gm-bytes.h"

/* Cookies as text: one Set-Cookie field (RFC 6265bis section 5.6), one line of a Netscape cookie file, the date of an
 * Expires attribute. Pure: no clock, no store; who may set what for whom is the jar's to judge (gm-cookie-jar.h). */

/* A name and its value together, and one attribute's value (RFC 6265bis section 5.6): a longer pair makes no cookie, a
 * longer attribute is not there. */
#define GM_COOKIE_MAX_PAIR 4096
#define GM_COOKIE_MAX_ATTRIBUTE 1024
/* No cookie lives longer (RFC 6265bis section 5.5): 400 days. */
#define GM_COOKIE_MAX_AGE (G_GINT64_CONSTANT (400) * 24 * 60 * 60)

/* Why a cookie is not taken; the first few by these parsers, the others by the jar. */
#define GM_COOKIE_FAULTS(X)                                                                                            \
  X (NONE)                                                                                                             \
  X (CONTROL_BYTE) /* anywhere; a tab within name or value, too: a cookie file could not hold it */                    \
  X (NO_NAME)      /* no "=", or nothing before it */                                                                  \
  X (TOO_LONG)                                                                                                         \
  X (FIELDS)       /* not a line of a cookie file */                                                                   \
  X (NO_DOMAIN)    /* a cookie by hand, and neither it nor the caller says for which host */                           \
  X (DOMAIN)       /* the Domain is not the host's, nor one above it */                                                \
  X (PUBLIC_SUFFIX) /* … is one under which anybody can register names */                                              \
  X (PREFIX)       /* the name promises by __Secure- or __Host- what the cookie does not keep */                       \
  X (NOT_SECURE)   /* Secure, and told by an origin that is not */                                                     \
  X (OVER_SECURE)  /* an origin that is not secure would hide a Secure cookie by it */                                 \
  X (CROSS_SITE)   /* SameSite, and told in a request that another site made */

typedef enum
{
#define GM_COOKIE_FAULT_MEMBER(name) GM_COOKIE_FAULT_##name,
  GM_COOKIE_FAULTS (GM_COOKIE_FAULT_MEMBER)
#undef GM_COOKIE_FAULT_MEMBER
  GM_N_COOKIE_FAULTS,
} GmCookieFault;

typedef enum
{
  GM_SAME_SITE_DEFAULT, /* nothing said, or nothing known */
  GM_SAME_SITE_NONE,
  GM_SAME_SITE_LAX,
  GM_SAME_SITE_STRICT,
} GmSameSite;

/* What one line says. All spans borrow from it. */
typedef struct
{
  GmSpan name; /* never empty */
  GmSpan value;
  GmSpan domain; /* without a leading dot, case as written; empty: none given */
  GmSpan path; /* begins with "/"; empty: none given */
  gint64 expires; /* unix seconds, if it is persistent; long past: G_MININT64 */
  gboolean persistent; /* Max-Age or Expires; else it is the session's */
  gboolean host_only; /* for that very host only; of a Set-Cookie: no Domain was given */
  gboolean secure;
  gboolean http_only;
  GmSameSite same_site;
} GmCookieLine;

/* The value of a Set-Cookie field. @now is unix time. @line is written only if GM_COOKIE_FAULT_NONE is answered. */
GmCookieFault gm_cookie_parse          (GmSpan text,
                                        gint64 now,
                                        GmCookieLine *line);
/* A line of a Netscape cookie file, with or without its line end: domain, whether hosts below it have part, path, whether
 * secure, expiry (0: the session's), name, value, separated by tabs; "#HttpOnly_" in front of the domain is an attribute.
 * Comments and empty lines answer GM_COOKIE_FAULT_FIELDS, with gm_cookie_is_comment () to tell them from damage. */
GmCookieFault gm_cookie_parse_netscape (GmSpan text,
                                        GmCookieLine *line);
gboolean      gm_cookie_is_comment     (GmSpan text);
/* Such a line without its line end. SameSite has no place there: gm_cookie_write_remark() has one for it. */
void          gm_cookie_write_netscape (const GmCookieLine *line,
                                        GmByteBuilder *out);
/* A line that says SameSite of the cookie in the next one: "#SameSite_None". Other programs take it for a comment, and it
 * is one to gm_cookie_is_comment(). FALSE: another line. */
gboolean      gm_cookie_parse_remark   (GmSpan text,
                                        GmSameSite *same_site);
void          gm_cookie_write_remark   (GmSameSite same_site,
                                        GmByteBuilder *out);

/* RFC 6265bis section 5.1.1, which takes nearly any order and separators. FALSE if it is no date. */
gboolean      gm_cookie_date_parse     (GmSpan text,
                                        gint64 *seconds);

/* RFC 6265bis section 5.1.4: whether a cookie for @cookie_path goes to @path. */
gboolean      gm_cookie_path_matches   (GmSpan path,
                                        GmSpan cookie_path);
/* The path of a cookie that names none, set by an answer for @path: borrowed from it, or "/". */
GmSpan        gm_cookie_default_path   (GmSpan path);

const char   *gm_cookie_fault_name     (GmCookieFault fault); /* "PUBLIC_SUFFIX"; static */
