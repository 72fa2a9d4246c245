/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"
#include "gm-result.h"

/* A URL, parsed once (RFC 3986, and what the web needs beyond it), then only read.
 *
 * GmUrl is immutable and atomically counted: any thread may hold and read one. It is one allocation: this struct and
 * one normalised, NUL-terminated text; every getter answers with a span or pointer into that text, which lives as long
 * as the URL. Nothing is formatted afterwards: what goes into a request line or a Host field is already there as one
 * piece.
 *
 * Normalised means: scheme in lower case; "//" and a path that begins with "/" for every scheme with a host; host as
 * lower-case A-label, IPv4 as four decimal numbers however it was written (0x7f.1), IPv6 in its short form; port
 * without leading zeros (kept when it was given, even if it is the default; ":" alone is dropped); dot segments
 * removed. Path, query and login keep their bytes and their percent-encoding. A normalised text parses to itself under
 * the same flags.
 *
 * Never taken: NUL and other control bytes (0x00-0x1f, 0x7f) anywhere; a host with blanks, delimiters or
 * percent-encoded delimiters; a backslash is an ordinary byte of a path and never a slash. */
typedef struct _GmUrl GmUrl;

/* Longest text taken, the limit libcurl has for any input string. */
#define GM_URL_LENGTH_MAX 8000000
/* Longest host: what getaddrinfo() can take (NI_MAXHOST). */
#define GM_URL_HOST_MAX 1024
/* Longest IPv6 zone id: an interface name (IFNAMSIZ) or a number. */
#define GM_URL_ZONE_MAX 15
/* Longest scheme, as libcurl. */
#define GM_URL_SCHEME_MAX 40

/* Schemes known by name: (member, text, default port). Known does not mean that there is a protocol for it; that is the
 * protocol ring's table. */
#define GM_SCHEMES(X)                                                                                                  \
  X (HTTP, "http", 80)                                                                                                 \
  X (HTTPS, "https", 443)                                                                                              \
  X (WS, "ws", 80)                                                                                                     \
  X (WSS, "wss", 443)                                                                                                  \
  X (FTP, "ftp", 21)                                                                                                   \
  X (FTPS, "ftps", 990)                                                                                                \
  X (FILE, "file", 0)                                                                                                  \
  X (DATA, "data", 0)                                                                                                  \
  X (TELNET, "telnet", 23)                                                                                             \
  X (SOCKS4, "socks4", 1080)                                                                                           \
  X (SOCKS4A, "socks4a", 1080)                                                                                         \
  X (SOCKS5, "socks5", 1080)                                                                                           \
  X (SOCKS5H, "socks5h", 1080)                                                                                         \
  X (SOCKS, "socks", 1080)                                                                                             \
  X (DICT, "dict", 2628)                                                                                               \
  X (GOPHER, "gopher", 70)                                                                                             \
  X (GOPHERS, "gophers", 70)                                                                                           \
  X (IMAP, "imap", 143)                                                                                                \
  X (IMAPS, "imaps", 993)                                                                                              \
  X (LDAP, "ldap", 389)                                                                                                \
  X (LDAPS, "ldaps", 636)                                                                                              \
  X (MQTT, "mqtt", 1883)                                                                                               \
  X (POP3, "pop3", 110)                                                                                                \
  X (POP3S, "pop3s", 995)                                                                                              \
  X (RTMP, "rtmp", 1935)                                                                                               \
  X (RTSP, "rtsp", 554)                                                                                                \
  X (SCP, "scp", 22)                                                                                                   \
  X (SFTP, "sftp", 22)                                                                                                 \
  X (SMB, "smb", 445)                                                                                                  \
  X (SMBS, "smbs", 445)                                                                                                \
  X (SMTP, "smtp", 25)                                                                                                 \
  X (SMTPS, "smtps", 465)                                                                                              \
  X (TFTP, "tftp", 69)

typedef enum
{
  GM_SCHEME_OTHER, /* not in the list; only with GM_URL_ANY_SCHEME */
#define GM_SCHEME_MEMBER(member, text, port) GM_SCHEME_##member,
  GM_SCHEMES (GM_SCHEME_MEMBER)
#undef GM_SCHEME_MEMBER
  GM_N_SCHEMES,
} GmScheme;

typedef enum
{
  GM_URL_DEFAULT = 0,
  /* A text without scheme is taken: "ftp.", "dict.", "ldap.", "imap.", "smtp.", "pop3." in front of the host name
   * tell the scheme, else it is http. Then "name:" counts as a scheme only if a slash follows (so that
   * "localhost:8080/x" is a host and a port), or if it is "data:". */
  GM_URL_GUESS_SCHEME = 1 << 0,
  GM_URL_NO_USER = 1 << 1,     /* a login in front of the host is CREDENTIALS_REFUSED */
  GM_URL_PATH_AS_IS = 1 << 2,  /* leave "/./" and "/../" in the path */
  GM_URL_ENCODE = 1 << 3,      /* blanks ('+' in a query, as libcurl) and bytes >= 0x80 outside the host as %XX */
  GM_URL_ALLOW_SPACE = 1 << 4, /* blanks are taken outside the host; they stay as they are without GM_URL_ENCODE */
  GM_URL_ANY_SCHEME = 1 << 5,  /* take a scheme that is not in GM_SCHEMES, too (port 0 unless given); "x:y" is opaque */
} GmUrlFlags;

/* Why a text was refused, finer than the result. */
#define GM_URL_FAULTS(X)                                                                                               \
  X (NONE)                                                                                                             \
  X (EMPTY)           /* BAD_URL: nothing there */                                                                     \
  X (TOO_LONG)        /* URL_TOO_LONG */                                                                               \
  X (CONTROL_BYTE)    /* BAD_URL: NUL, other control byte */                                                           \
  X (SPACE)           /* BAD_URL: a blank without GM_URL_ALLOW_SPACE */                                                \
  X (NO_SCHEME)       /* BAD_URL: no (valid) scheme, and none to assume */                                             \
  X (UNKNOWN_SCHEME)  /* UNSUPPORTED_SCHEME */                                                                         \
  X (SLASHES)         /* BAD_URL: not 1 to 3 slashes behind "scheme:" */                                               \
  X (LOGIN)           /* CREDENTIALS_REFUSED */                                                                        \
  X (NO_HOST)         /* BAD_HOST: empty where the scheme needs one */                                                 \
  X (HOST_BYTE)       /* BAD_HOST: a byte (also a percent-encoded one) that no host can have */                        \
  X (HOST_TOO_LONG)   /* BAD_HOST */                                                                                   \
  X (HOST_IPV6)       /* BAD_HOST: something in brackets that is no IPv6 address */                                    \
  X (HOST_ZONE)       /* BAD_HOST: empty, too long or strange zone id */                                               \
  X (HOST_IDN)        /* BAD_HOST: bytes >= 0x80 that give no A-label */                                               \
  X (NO_IDN)          /* BAD_HOST: bytes >= 0x80 and built without libidn2 */                                          \
  X (FILE_HOST)       /* BAD_HOST: file: on another host than localhost, 127.0.0.1 or none */                          \
  X (PORT)            /* BAD_PORT: no decimal number up to 65535 */                                                    \
  X (ESCAPE)          /* BAD_URL: %00 (or another control byte) where decoding was asked for */

typedef enum
{
#define GM_URL_FAULT_MEMBER(name) GM_URL_FAULT_##name,
  GM_URL_FAULTS (GM_URL_FAULT_MEMBER)
#undef GM_URL_FAULT_MEMBER
  GM_N_URL_FAULTS,
} GmUrlFault;

/* What was wrong, and at which byte of the given text. */
typedef struct
{
  GmUrlFault fault;
  gsize offset;
} GmUrlComplaint;

/*< private >: read through the getters below only. */
typedef struct
{
  guint32 offset;
  guint32 len;
} GmUrlPiece;

struct _GmUrl
{
  gint ref_count;
  guint16 port;
  guint8 scheme;
  guint has_user : 1;
  guint has_password : 1;
  guint has_port : 1;
  guint has_query : 1;
  guint has_fragment : 1;
  guint host_is_ipv6 : 1;
  guint host_is_ipv4 : 1;
  guint path_has_high : 1;
  guint32 text_len;
  guint32 scheme_len;
  GmUrlPiece user;
  GmUrlPiece password;
  GmUrlPiece host;
  GmUrlPiece zone;
  GmUrlPiece host_header; /* normally inside the text; behind it if there is a zone id */
  GmUrlPiece target;      /* path and query */
  GmUrlPiece path;
  GmUrlPiece query;
  GmUrlPiece fragment;
  char text[];
};

/* Making one. All answer GM_OK and write @out, or another result and leave it alone (BAD_URL, URL_TOO_LONG,
 * UNSUPPORTED_SCHEME, BAD_HOST, BAD_PORT, CREDENTIALS_REFUSED, OUT_OF_MEMORY). @text need not end in NUL. */
GmResult    gm_url_parse         (const char *text,
                                  gsize len,
                                  GmUrlFlags flags,
                                  GmUrl **out);
/* The same. @default_scheme (nullable) is assumed for a text without scheme and comes before guessing; "name:" is then
 * read as with GM_URL_GUESS_SCHEME. @complaint (nullable) is written on failure only. */
GmResult    gm_url_parse_full    (const char *text,
                                  gsize len,
                                  GmUrlFlags flags,
                                  const char *default_scheme,
                                  GmUrlComplaint *complaint,
                                  GmUrl **out);
/* @ref (a Location, an href) seen from @base: RFC 3986, 5.2. "scheme:rest" without "//" is relative if the scheme
 * is @base's own (5.4.2, the lenient reading, as browsers do); GM_URL_GUESS_SCHEME is ignored. The login of @base
 * stays only where its authority stays. The fragment is @ref's or none: who follows a redirect hands its own on
 * with gm_url_with_fragment(). What a redirect wants: GM_URL_ENCODE | GM_URL_ALLOW_SPACE. @complaint's offset
 * counts in @ref, or is 0 if the trouble is not a byte of it. */
GmResult    gm_url_resolve       (const GmUrl *base,
                                  const char *ref,
                                  gsize len,
                                  GmUrlFlags flags,
                                  GmUrl **out);
GmResult    gm_url_resolve_full  (const GmUrl *base,
                                  const char *ref,
                                  gsize len,
                                  GmUrlFlags flags,
                                  GmUrlComplaint *complaint,
                                  GmUrl **out);
/* @url with another fragment; %NULL data takes it away. Bytes that no URL can have are refused. */
GmResult    gm_url_with_fragment (const GmUrl *url,
                                  GmSpan fragment,
                                  GmUrl **out);
/* @url with another port, e.g. for CURLOPT_PORT; %BAD_URL for a scheme without host. */
GmResult    gm_url_with_port     (const GmUrl *url,
                                  guint16 port,
                                  GmUrl **out);
/* @url with another scheme out of GM_SCHEMES that has a host (http to https); an explicit port stays, but the old
 * scheme's default port, if given, becomes the new one's. %BAD_URL for a scheme without host on either side. */
GmResult    gm_url_with_scheme   (const GmUrl *url,
                                  GmScheme scheme,
                                  GmUrl **out);
/* @url without user and password. */
GmResult    gm_url_without_login (const GmUrl *url,
                                  GmUrl **out);

GmUrl      *gm_url_ref           (GmUrl *url);
void        gm_url_unref         (GmUrl *url); /* the text is wiped if it holds a password */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmUrl, gm_url_unref)

const char *gm_url_fault_name    (GmUrlFault fault); /* "HOST_IPV6"; static */
GmScheme    gm_scheme_find       (GmSpan name);      /* case is ignored; GM_SCHEME_OTHER if not in the list */
const char *gm_scheme_get_name   (GmScheme scheme);  /* static; "" for GM_SCHEME_OTHER */
guint16     gm_scheme_get_port   (GmScheme scheme);  /* the default port, 0 if it has none */

/* Percent-decoding. @out gets a new NUL-terminated string (owned), @out_len (nullable) its length. A '%' without two
 * hexadecimal digits stays as it is. Refused with BAD_URL: %00, or with @refuse_control any control byte. */
GmResult    gm_url_unescape      (GmSpan span,
                                  gboolean refuse_control,
                                  char **out,
                                  gsize *out_len);
/* The decoded user or password; %NULL in @out when there is none. Refuses what gm_url_unescape() refuses. */
GmResult    gm_url_dup_user      (const GmUrl *url,
                                  gboolean refuse_control,
                                  char **out);
GmResult    gm_url_dup_password  (const GmUrl *url,
                                  gboolean refuse_control,
                                  char **out);

/* For logs and messages: without login and fragment. (owned) */
char       *gm_url_dup_log_text  (const GmUrl *url);

/* Scheme, host (ASCII case never differs, both are normalised) and port are the same. Two URLs without host (file:,
 * data:) are never of one origin. */
gboolean    gm_url_same_origin   (const GmUrl *a,
                                  const GmUrl *b);

static inline GmSpan
gm_url_piece (const GmUrl *url,
              GmUrlPiece piece)
{
  return gm_span (url->text + piece.offset, piece.len);
}

/* The whole normalised text, with login and fragment: NUL-terminated, and not for logs. */
static inline const char *
gm_url_get_text (const GmUrl *url)
{
  return url->text;
}

static inline gsize
gm_url_get_length (const GmUrl *url)
{
  return url->text_len;
}

/* The text up to the fragment. */
static inline GmSpan
gm_url_get_text_without_fragment (const GmUrl *url)
{
  return gm_span (url->text, url->target.offset + url->target.len);
}

static inline GmScheme
gm_url_get_scheme (const GmUrl *url)
{
  return (GmScheme) url->scheme;
}

static inline GmSpan
gm_url_get_scheme_name (const GmUrl *url)
{
  return gm_span (url->text, url->scheme_len);
}

/* "http://@host/" has an (empty) user, "http://u:@host/" an empty password, "http://host/?" an empty query. */
static inline gboolean
gm_url_has_user (const GmUrl *url)
{
  return url->has_user;
}

static inline gboolean
gm_url_has_password (const GmUrl *url)
{
  return url->has_password;
}

/* Bytes beyond ASCII. */
static inline gboolean
gm_url_path_has_high (const GmUrl *url)
{
  return url->path_has_high;
}

static inline gboolean
gm_url_has_query (const GmUrl *url)
{
  return url->has_query;
}

static inline gboolean
gm_url_has_fragment (const GmUrl *url)
{
  return url->has_fragment;
}

/* As written, percent-encoded. */
static inline GmSpan
gm_url_get_user (const GmUrl *url)
{
  return gm_url_piece (url, url->user);
}

static inline GmSpan
gm_url_get_password (const GmUrl *url)
{
  return gm_url_piece (url, url->password);
}

/* Empty for file:, data: and opaque URLs; without brackets and zone id. A dot at the end stays. */
static inline GmSpan
gm_url_get_host (const GmUrl *url)
{
  return gm_url_piece (url, url->host);
}

static inline gboolean
gm_url_host_is_ipv6 (const GmUrl *url)
{
  return url->host_is_ipv6;
}

static inline gboolean
gm_url_host_is_ipv4 (const GmUrl *url)
{
  return url->host_is_ipv4;
}

/* Zone id of an IPv6 host ("eth0"), mostly empty. */
static inline GmSpan
gm_url_get_zone (const GmUrl *url)
{
  return gm_url_piece (url, url->zone);
}

/* The given port, else the scheme's, else 0. */
static inline guint16
gm_url_get_port (const GmUrl *url)
{
  return url->port;
}

static inline gboolean
gm_url_has_port (const GmUrl *url)
{
  return url->has_port;
}

/* Begins with "/" for every scheme with a host and for file:; the whole body for data: and other opaque URLs (which
 * then have no query: everything up to the fragment is path). */
static inline GmSpan
gm_url_get_path (const GmUrl *url)
{
  return gm_url_piece (url, url->path);
}

/* Without '?'. */
static inline GmSpan
gm_url_get_query (const GmUrl *url)
{
  return gm_url_piece (url, url->query);
}

/* Without '#'. */
static inline GmSpan
gm_url_get_fragment (const GmUrl *url)
{
  return gm_url_piece (url, url->fragment);
}

/* Path and query, as a request line wants it. */
static inline GmSpan
gm_url_get_request_target (const GmUrl *url)
{
  return gm_url_piece (url, url->target);
}

/* "host", "host:port" if it is not the scheme's default, "[::1]:8080"; never login or zone id. */
static inline GmSpan
gm_url_get_authority_for_host_header (const GmUrl *url)
{
  return gm_url_piece (url, url->host_header);
}
