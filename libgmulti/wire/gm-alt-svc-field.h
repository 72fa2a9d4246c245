/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"

/* An Alt-Svc field (RFC 7838 section 3): where else an origin can be reached, by which protocol, for how long. */

#define GM_ALT_SVC_DEFAULT_AGE (24 * 60 * 60)
/* Seconds; a longer age is this one: a year. Who is sent elsewhere must find back. */
#define GM_ALT_SVC_MAX_AGE (365 * 24 * 60 * 60)

typedef enum
{
  GM_ALT_PROTOCOL_OTHER,
  GM_ALT_PROTOCOL_H1,
  GM_ALT_PROTOCOL_H2,
  GM_ALT_PROTOCOL_H3,
} GmAltProtocol;

typedef struct
{
  GmAltProtocol protocol;
  GmSpan host; /* borrowed, case as written, IPv6 without brackets; empty: the origin's */
  guint16 port;
  gint64 max_age;
  gboolean persist; /* … when the network changes, too */
} GmAltSvcValue;

typedef enum
{
  GM_ALT_SVC_END,
  GM_ALT_SVC_VALUE,
  GM_ALT_SVC_CLEAR, /* "clear": nothing that was said before holds */
  GM_ALT_SVC_BAD, /* nothing more can be read here */
} GmAltSvcStep;

/* Cuts the next one off @rest, which is the field's value at first. */
GmAltSvcStep  gm_alt_svc_field_next    (GmSpan *rest,
                                        GmAltSvcValue *value);

/* "h2"; "" for GM_ALT_PROTOCOL_OTHER. In files HTTP/1.1 is "h1". */
const char   *gm_alt_protocol_name     (GmAltProtocol protocol);
GmAltProtocol gm_alt_protocol_find     (GmSpan name);
