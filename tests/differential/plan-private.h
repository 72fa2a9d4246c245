/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two halves of the planner share: chance, and the server's half. */
#pragma once

#include "plan.h"

typedef struct
{
  guint64 state;
} Chance;

guint64       chance_next       (Chance       *chance);
/* Below @bound. */
guint         chance_below      (Chance       *chance,
                                 guint         bound);
/* True in @percent of a hundred cases. */
gboolean      chance_percent    (Chance       *chance,
                                 guint         percent);
/* @text with "%P" and "%R" replaced by the ports; to be freed. */
char         *plan_with_ports   (const PlanTransfer *transfer,
                                 const char   *text);
/* @more: the answer may lead to a further request, for which the next response is. */
PlanResponse *plan_response_new (Chance       *chance,
                                 PlanTransfer *transfer,
                                 guint         nth,
                                 gboolean      more);
void          plan_response_free (PlanResponse *response);
