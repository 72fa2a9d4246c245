/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case.h"

/* The same cases once more over TLS: every scripted server speaks it, every transfer trusts the authority behind them. */

static void
made (CaseTransfer *t)
{
  case_set (t, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
}

/* Before main(), so that the program itself stays the same. */
__attribute__ ((constructor)) static void
install (void)
{
  scripted_server_more_flags = SCRIPTED_SERVER_TLS;
  case_made = made;
}
