/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-errand-private.h"

/* The addresses of a transfer's own GSocketConnectable. It belongs to the application, which may have written it in a
 * language that must not be called from foreign threads: it is enumerated in the errand's home context. */

typedef struct _GmPlaces GmPlaces;

/* Of an enumeration no more than this are tried. */
#define GM_PLACES_MAX 64

/* ---- the engine's thread ---- */
/* Asks for them, also once more after they were known: gm_errand_places_known() follows, within the time limit for
 * connecting, unless it is freed before. */
void     gm_places_ask       (GmErrand *errand,
                              guint timeout_ms); /* 0 = none */
/* GM_ORDER_PLACES came. */
void     gm_places_answer    (GmErrand *errand);
void     gm_places_end       (GmErrand *errand);

/* ---- the home context ---- */
/* GM_TIDINGS_PLACES came; @blocking: enumerates here and now. */
void     gm_places_enumerate (GmErrand *errand,
                              GSocketConnectable *connectable,
                              gboolean blocking);
/* Nobody waits for them any more. */
void     gm_places_give_up   (GmErrand *errand);

/* ---- the last reference ---- */
void     gm_places_free      (GmPlaces *self); /* NULL is fine */
