/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-address.h"
#include "gm-tls-info.h"
#include "gm-url.h"

/* What a transfer knows about itself, during and after. Times are absolute monotonic µs, 0 = did not happen; faces
 * turn them into differences. One hop is one request: a redirect or a retry begins another. */
typedef struct
{
  gint64 start; /* the hop began */
  gint64 queue_end; /* left the queue: has or makes a connection */
  gint64 resolved;
  gint64 connected;
  gint64 secured;
  gint64 request_start; /* "pretransfer": about to send */
  gint64 request_end; /* "posttransfer": last byte of the request is sent */
  gint64 response_start; /* "starttransfer": first byte */
  gint64 response_end;
} GmTimes;

typedef struct
{
  GmTimes times;
  GmUrl *url; /* (owned) (nullable) */
  guint64 connection_id;
  guint status;
  guint8 reused;
  guint16 request; /* of an earlier one: its number in the transfer's headers */
  guint64 bytes_sent; /* on the wire, head included */
  guint64 bytes_received;
} GmHop;

typedef struct
{
  GmHop hop; /* the current or last one */
  GArray *earlier; /* (owned) (nullable) (element-type GmHop) */
  gint64 added; /* when it was added to the multi */
  gint64 ended; /* when its result was known; 0 while it runs */
  gint64 redirect_us; /* sum of the hops that were redirected */
  guint n_redirects;
  guint n_connects; /* new connections made */
  guint n_retries;
  guint status; /* of the last final or 1xx head */
  guint connect_status; /* of a proxy's answer to CONNECT */
  guint http_version; /* 9, 10, 11, 20; 0 = not HTTP */
  guint64 header_bytes; /* received, all heads together */
  guint64 request_bytes; /* sent heads, all together */
  gint64 download_size; /* announced; -1 unknown */
  gint64 upload_size; /* -1 unknown */
  guint64 downloaded; /* body bytes of the current hop, before decoding */
  guint64 uploaded;
  gint64 filetime; /* seconds since 1970; -1 unknown */
  gint64 retry_after; /* seconds; 0 none */
  GmEndpoint remote; /* len 0 = none */
  GmEndpoint local;
  GmTlsInfo *tls; /* (owned) (nullable): of the last connection */
  guint8 condition_unmet;
  guint8 used_proxy; /* by the last hop */
  guint8 auth_used; /* GmAuthScheme of the last request, towards the server */
  guint8 proxy_auth_used;
  guint8 tunnel_asked; /* an answer to CONNECT was 407 */
  guint8 auth_problem; /* GmResult: why a challenge was left unanswered, if it was not for want of a (right) login */
  guint n_logins; /* requests made again to log in */
  GmUrl *referer; /* (owned) (nullable): where the last redirect came from, if that is told */
  GmUrl *redirect_url; /* (owned) (nullable): where it would go if it followed */
} GmInfo;

/* Lets go of what it owns and empties it. */
void gm_info_clear (GmInfo *info);
/* Moves it: @info, whose content is not looked at, has it all, and @from owns nothing any more. */
void gm_info_take  (GmInfo *info, GmInfo *from);
/* Lets go of what it owns; it is not used again. */
void gm_info_drop  (GmInfo *info);
void gm_hop_clear  (gpointer hop); /* what a GmHop owns */
