/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "gm-dns-message.h"

/* The answer of a name server. The first byte says what was asked for. */

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  GmSpan input = gm_span ((const char *) data, MIN (size, FUZZ_MAX_SIZE));
  GmDnsType type = (fuzz_cut_byte (&input) & 1) != 0 ? GM_DNS_AAAA : GM_DNS_A;
  guint8 query[GM_DNS_QUERY_MAX];
  GmDnsAnswer answer;
  gsize n;

  if (gm_dns_answer_read (&answer, (const guint8 *) input.data, input.len, type))
    {
      FUZZ_CHECK (answer.n <= GM_DNS_MAX_ADDRESSES);
      FUZZ_CHECK (answer.ttl <= G_MAXINT32);
      FUZZ_CHECK (answer.n > 0 || answer.ttl == 0);
    }

  /* As a name, too; what can be asked is an answer to nothing. */
  n = gm_dns_query_write (query, input, type);
  FUZZ_CHECK (n <= sizeof query);
  FUZZ_CHECK (n == 0 || !gm_dns_answer_read (&answer, query, n, type));
  return 0;
}
