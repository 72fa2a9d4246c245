/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CURLINC_STDCHEADERS_H
#define CURLINC_STDCHEADERS_H

/* Kept for programs that include it by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#endif
