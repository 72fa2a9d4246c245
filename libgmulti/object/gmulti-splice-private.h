/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-errand-private.h"

/* Pumps the pipe of @errand into the application's stream, in the home context, and returns @task (transfer full) when
 * both the errand and the pump are at their end. Before the start; sets the errand's hook. */
void gm_splice_attach (GmErrand *errand,
                       GTask *task,
                       GOutputStream *target,
                       GOutputStreamSpliceFlags flags);
