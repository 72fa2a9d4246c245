/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#define GMULTI_INSIDE
#include "gmulti-version.h"
#include "gmulti-enums.h"
#include "gmulti-enum-types.h"
#include "gmulti-error.h"
#undef GMULTI_INSIDE
