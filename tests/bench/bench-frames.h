/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stand-in for a toolkit's frame clock: a source on a fixed grid at redraw priority that notes how late it is served
 * and may keep the loop busy as drawing would. */
#pragma once

#include "bench.h"

void bench_frames_start (Bench       *bench,
                         unsigned     period_ms,
                         unsigned     work_ms,
                         int          priority);
void bench_frames_stop  (Bench       *bench,
                         BenchFrames *frames);
