/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

int
main (int argc,
      char *argv[])
{
  const CaseSpec *const tables[] = { case_basics,  case_framing, case_upload, case_redirect, case_headers, case_auth,
                                     case_parts,   case_refused, case_connect, case_pool,    case_flow,
                                     case_times,   case_multi,   case_schemes, case_many,    case_limits,
                                     case_options, case_names, case_coding,  case_cookies, case_proxy,  case_carrier,
                                     case_form,    case_frames, case_policies, case_secure,  case_streams, NULL };

  case_throughs = case_through;
  return case_main (argc, argv, tables);
}
