/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#define GMULTI_INSIDE
#include "gmulti-version.h"
#include "gmulti-enums.h"
#include "gmulti-enum-types.h"
#include "gmulti-error.h"
#include "gmulti-challenge.h"
#include "gmulti-form.h"
#include "gmulti-cookie.h"
#include "gmulti-cookie-jar.h"
#include "gmulti-headers.h"
#include "gmulti-metrics.h"
#include "gmulti-proxy.h"
#include "gmulti-response.h"
#include "gmulti-transfer.h"
#include "gmulti-trust-check.h"
#include "gmulti-download.h"
#include "gmulti-group.h"
#include "gmulti-session.h"
#undef GMULTI_INSIDE
