/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-connect-settings.h"
#include "gm-form.h"
#include "http/gm-http-stores.h"

/* What the user may set about the request itself. Copy-on-write like GmConnectSettings; strings are GRefStrings
 * (nullable), lists and post_data are borrowed from the caller for the time of the transfer. */

typedef enum
{
  GM_METHOD_GET,
  GM_METHOD_HEAD,
  GM_METHOD_POST,
  GM_METHOD_PUT,
} GmMethod;

typedef enum
{
  GM_TIME_CONDITION_NONE,
  GM_TIME_CONDITION_IF_MODIFIED_SINCE,
  GM_TIME_CONDITION_IF_UNMODIFIED_SINCE,
  GM_TIME_CONDITION_LAST_MODIFIED,
} GmTimeCondition;

typedef enum
{
  GM_KEEP_POST_301 = 1 << 0,
  GM_KEEP_POST_302 = 1 << 1,
  GM_KEEP_POST_303 = 1 << 2,
} GmKeepPost;

typedef enum
{
  GM_NETRC_NEVER,
  GM_NETRC_OPTIONAL, /* for what the URL does not say */
  GM_NETRC_REQUIRED, /* instead of what the URL says; a file that cannot be read is an error */
} GmNetrcUse;

typedef enum
{
  GM_FOLLOW_NO,
  GM_FOLLOW_ALL, /* a custom method stays whatever the status says */
  GM_FOLLOW_OBEY, /* … goes where the status changes the method */
  GM_FOLLOW_FIRST, /* … is for the first request only */
} GmFollow;

typedef enum
{
  GM_HTTP_DEFAULT = 0, /* over TLS the highest that the server takes, else 1.1 */
  GM_HTTP_1_0 = 1,
  GM_HTTP_1_1 = 2, /* nothing higher */
  GM_HTTP_2 = 3, /* 2 rather than 1.1 */
  GM_HTTP_2_ONLY = 4, /* nothing else will do; without TLS the server is known to speak it */
} GmHttpVersion;

typedef struct
{
  gatomicrefcount refs; /* unused in the static default */
  char *custom_method;
  char *user_agent;
  char *referer;
  char *cookie;
  char *range; /* "a-b[,c-d…]" */
  char *user;
  char *password;
  char *bearer;
  char *signer; /* with GM_AUTH_SIGNED: as gm_sigv4_scope_read() takes it */
  char *service; /* of Negotiate; NULL: "HTTP" */
  char *netrc_file; /* NULL: .netrc in the user's home */
  char *accept_encoding; /* NULL = nothing is asked for and nothing undone; "" = all codings that are built in */
  char *request_target;
  char *first_party; /* URI of the page that it is made for; NULL: none, it is its user's own */
  GmHttpStores *stores; /* (owned) (nullable): cookies and the like */
  const GmStringList *headers; /* "Name: value", "Name:" removes ours, "Name;" sends it empty */
  const GmStringList *status_aliases; /* beginnings of status lines that mean "HTTP/1.0 200" */
  const char *post_data; /* (unowned) (nullable) */
  GmForm *form; /* (unowned) (nullable): the body of a POST, comes before post_data */
  GBytes *post_copy; /* (owned) (nullable): then post_data points into it */
  gint64 post_size; /* -1 = unknown: strlen of post_data, or streamed */
  gint64 upload_size; /* -1 = unknown */
  gint64 resume_from; /* download: offset; upload: skip; -1 = find out (file: append) */
  gint64 time_value; /* seconds since 1970 */
  gint64 max_size; /* of the body; 0 = no limit */
  guint expect_timeout_ms;
  guint max_redirects; /* G_MAXUINT = no limit */
  guint8 method; /* GmMethod */
  guint8 time_condition; /* GmTimeCondition */
  guint8 keep_post; /* GmKeepPost */
  guint8 http_version; /* GmHttpVersion */
  guint8 delegation; /* GmDelegation: to the server, never to a proxy */
  guint8 no_body; /* HEAD-like, whatever the method's word */
  guint8 follow; /* GmFollow */
  guint8 follow_same_origin; /* another origin is refused: REDIRECT_REFUSED */
  guint8 auto_referer;
  guint8 strict_referer; /* the user's own Referer does not travel from TLS to cleartext */
  guint8 unrestricted_auth;
  guint8 fail_on_error;
  guint8 keep_sending_on_error;
  guint8 allow_http09;
  guint8 ignore_length;
  guint8 raw_transfer; /* do not undo chunked, nor anything */
  guint8 raw_content; /* do not undo what accept_encoding asked for */
  guint8 transfer_coding; /* ask for transfer codings (TE) and undo them */
  guint8 headers_in_body; /* raw head lines are written as body too */
  guint8 want_filetime;
  guint8 netrc; /* GmNetrcUse */
  guint8 auth; /* GmAuthScheme bits that may be used for servers */
  guint8 append; /* file: uploads */
  guint8 urgency; /* RFC 9218: 1 to 8 for u=0 to u=7; 0 = nothing is said */
  guint16 stream_weight; /* 1 to 256; 0 = nothing is said */
  guint file_mode; /* of new files; file: uploads */
} GmRequestSettings;

extern const GmRequestSettings gm_request_settings_default;

GmRequestSettings *gm_request_settings_copy  (const GmRequestSettings *self);
const GmRequestSettings *gm_request_settings_ref (const GmRequestSettings *self);
void               gm_request_settings_unref (const GmRequestSettings *self);
