/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scripted-peer.h"

/* A peer whose client speaks HTTP/2 (prior knowledge): each stream is a scripted peer of its own, whose text is translated
 * both ways. So a test's answers need not know by what they travel. The functions are those of ScriptedPeer. */

typedef struct _ScriptedHttp2 ScriptedHttp2;

ScriptedHttp2 *scripted_http2_new   (guint connection,
                                     const ScriptedWorld *world,
                                     gpointer user_data);
void           scripted_http2_free  (ScriptedHttp2 *self);
void           scripted_http2_feed  (ScriptedHttp2 *self,
                                     const guint8 *data,
                                     gsize len,
                                     gint64 now);
void           scripted_http2_eof   (ScriptedHttp2 *self);
ScriptedNext   scripted_http2_next  (ScriptedHttp2 *self,
                                     gint64 now);
void           scripted_http2_sent  (ScriptedHttp2 *self,
                                     gsize len,
                                     gint64 now);
