/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "case.h"

/* Tests against what was published about others. Each is a transfer case (tests/cases/case.h) under the strict driver,
 * at the path "/cve/" and its name, which begins with the number: "CVE-2022-27774/port". A test that looks at a parser
 * alone makes no transfer. NAME.toml beside a program says of each number what happened there, what is asserted here, and
 * how to take the guard out; cves.py does that and sees the test fail. */

/* A whole test program. @cases ends with a NULL name. */
int   cve_main    (int argc,
                   char *argv[],
                   const CaseSpec *cases);

/* Answers on @server's @target; then follows from there to @location and checks that the end was reached. */
CaseTransfer *cve_follow (Case *c,
                          const char *from,
                          const char *location);

/* FALSE, and the test is skipped: built without what CURL_VERSION_IDN and the like stand for. */
gboolean cve_has (int feature);

/* --- what a request of a server's log has of a field: NULL if it has none --- */
const char *cve_sent (ScriptedServer *server,
                      guint number,
                      const char *field);
