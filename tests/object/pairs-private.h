/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pairs.h"

/* Between the parts of the scene. */

typedef struct
{
  GMultiTransfer *transfer; /* (owned) */
  guint n_completed;
  guint n_starts; /* it may complete so often */
} PairsWatched;

typedef struct
{
  ScriptedServer *server;
  ScriptedServer *secure[3];
  const char *folder;
  gint n_files; /* atomic */
  /* From the first scene, for handlers that run before there are others. */
  GMultiResponse *response;
  GMultiMetrics *metrics;
  GMultiCookie *cookie;
  GMultiChallenge *challenge;
  GMultiTrustCheck *check;
} PairsWorld;

extern PairsWorld pairs_world;

/* @thing goes with the scene. Returns it. */
gpointer      pairs_keep  (PairsScene *scene,
                           gpointer thing,
                           GDestroyNotify free_thing);
/* A transfer whose ends are counted; takes a reference. */
PairsWatched *pairs_watch (PairsScene *scene,
                           GMultiTransfer *transfer);
/* A path that nobody has used. */
char         *pairs_path  (void);
