/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The application's loop round a multi handle, of the kind that the plan names. Notes breaches of the socket and timer
 * callbacks' contract in the record; the calls themselves differ from library to library and are not noted. */
#pragma once

#include "plan.h"
#include "record.h"

typedef struct _Loop Loop;

Loop    *loop_new    (CURLM    *multi,
                      PlanWait  wait,
                      Record   *record);
/* After curl_multi_cleanup(). */
void     loop_free   (Loop     *loop);
/* Serves what is ready until nothing is. True when anything was done. */
gboolean loop_settle (Loop     *loop,
                      int      *running);
/* Sleeps until something is ready or due, at most @most_ms. */
void     loop_sleep  (Loop     *loop,
                      int       most_ms);
