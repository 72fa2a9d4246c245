/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-guard.h"

enum
{
  NONE = 0,
  NO_NOTIFY = 1 << GM_CURL_CALLBACK_TRANSFER | 1 << GM_CURL_CALLBACK_SOCKET | 1 << GM_CURL_CALLBACK_TIMER,
  ALL = NO_NOTIFY | 1 << GM_CURL_CALLBACK_NOTIFY,
};

gboolean
gm_curl_guard_refuses (const GmCurlGuard *guard,
                       GmCurlCall call)
{
  static const guint8 refused_in[GM_CURL_N_CALLS] = {
#define ROW(name, where) [GM_CURL_CALL_##name] = where,
    GM_CURL_CALLS (ROW)
#undef ROW
  };

  return guard->top != NULL && (guard->top->callbacks & refused_in[call]) != 0;
}
