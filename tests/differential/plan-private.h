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
/* An answer as it stands, in pieces. */
PlanResponse *plan_response_literal (Chance   *chance,
                                 const char   *head,
                                 const char   *body,
                                 gsize         body_size,
                                 gboolean      close);

void          plan_set_number   (PlanTransfer *transfer,
                                 CURLoption    id,
                                 gint64        number);
void          plan_set_text     (PlanTransfer *transfer,
                                 CURLoption    id,
                                 const char   *text);
/* One entry a line. */
void          plan_set_list     (PlanTransfer *transfer,
                                 CURLoption    id,
                                 const char   *text);
void          plan_tag          (PlanTransfer *transfer,
                                 const char   *name);
/* plan-wide.c: a transfer of the plan's theme; plan-coding.c: its coded answers. */
void          plan_wide_choose  (Chance       *chance,
                                 const Plan   *plan,
                                 PlanTransfer *transfer);
/* plan-subjects.c */
void          plan_choose_limits (Chance      *chance,
                                 PlanTransfer *transfer);
void          plan_choose_wakeup (Chance      *chance,
                                 PlanTransfer *transfer);
void          plan_choose_tls   (Chance       *chance,
                                 PlanTransfer *transfer);
void          plan_choose_http2 (Chance       *chance,
                                 PlanTransfer *transfer);
void          plan_choose_rare  (Chance       *chance,
                                 PlanTransfer *transfer);
void          plan_choose_http2_series (Chance *chance,
                                 Plan         *plan);
/* plan-wide.c, plan.c, for those: a gate that asks for a login; what callbacks do. */
void          plan_choose_login (Chance       *chance,
                                 PlanTransfer *transfer);
void          plan_choose_action (Chance      *chance,
                                 PlanTransfer *transfer);
void          plan_choose_subject (Chance     *chance,
                                 Plan         *plan);
/* plan-wide.c, for them: an answer of any size; a form; a request body. */
void          plan_answer       (Chance       *chance,
                                 PlanTransfer *transfer,
                                 gboolean      close);
void          plan_choose_mime  (Chance       *chance,
                                 PlanTransfer *transfer);
void          plan_choose_body  (Chance       *chance,
                                 PlanTransfer *transfer);
void          plan_set_filled   (PlanTransfer *transfer,
                                 CURLoption    id,
                                 const char   *form);
void          plan_choose_coding (Chance      *chance,
                                 PlanTransfer *transfer);
