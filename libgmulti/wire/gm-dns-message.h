/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"

/* A question to a name server for addresses, and its answer (RFC 1035 section 4, RFC 3596), as they travel in HTTP (RFC 8484):
 * whole, in one piece, the number of the message always 0. */

/* The longest question: header, a name of 255 octets, type and class. */
#define GM_DNS_QUERY_MAX (12 + 255 + 4)
/* Of an answer: one for one type of a name is some hundred bytes long, and nobody has more than 64 KiB (RFC 1035 section
 * 4.2.2). */
#define GM_DNS_ANSWER_MAX 65535
/* Addresses that are read out of one; the rest is passed over. */
#define GM_DNS_MAX_ADDRESSES 64
/* Records that are looked at; more is a server that plays with us. */
#define GM_DNS_MAX_RECORDS 512

typedef enum
{
  GM_DNS_A = 1,
  GM_DNS_AAAA = 28,
} GmDnsType;

typedef struct
{
  guint code; /* of the answer: 0 = fine, 3 = there is no such name; others are the server's trouble */
  guint n;
  guint8 addresses[GM_DNS_MAX_ADDRESSES][16]; /* 4 or 16 octets of each */
  guint32 ttl; /* seconds for which all of them are good; of no addresses 0 */
} GmDnsAnswer;

/* The length of the question for @host ("a.example", perhaps with a final dot); 0 if that cannot be asked. */
gsize    gm_dns_query_write (guint8 query[GM_DNS_QUERY_MAX],
                             GmSpan host,
                             GmDnsType type);
/* FALSE: it is malformed, cut off or no answer. All addresses of @type count, whatever aliases lead to them. */
gboolean gm_dns_answer_read (GmDnsAnswer *self,
                             const guint8 *data,
                             gsize len,
                             GmDnsType type);
