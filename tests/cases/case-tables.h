/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "case.h"

/* The cases that need nothing but a scripted server, by what they are about. */
extern const CaseSpec case_basics[];
extern const CaseSpec case_auth[];
extern const CaseSpec case_framing[];
extern const CaseSpec case_upload[];
extern const CaseSpec case_redirect[];
extern const CaseSpec case_headers[];
extern const CaseSpec case_parts[];
extern const CaseSpec case_refused[];
extern const CaseSpec case_connect[];
extern const CaseSpec case_pool[];
extern const CaseSpec case_flow[];
extern const CaseSpec case_times[];
extern const CaseSpec case_multi[];
extern const CaseSpec case_schemes[];
extern const CaseSpec case_many[];
extern const CaseSpec case_limits[];
extern const CaseSpec case_names[];
extern const CaseSpec case_options[];
extern const CaseSpec case_coding[];
extern const CaseSpec case_cookies[];
extern const CaseSpec case_proxy[];
extern const CaseSpec case_carrier[];
extern const CaseSpec case_form[];
extern const CaseSpec case_frames[];
extern const CaseSpec case_policies[];
extern const CaseSpec case_secure[];
extern const CaseSpec case_streams[];

/* Each kind of proxy they can go through. */
extern const CaseThrough case_through[];
