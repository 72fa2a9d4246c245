/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-head-private.h"
#include "gmulti-response.h"

/* (transfer full); keeps a reference on @head. */
GMultiResponse *gm_face_response_new (GmHead *head);
