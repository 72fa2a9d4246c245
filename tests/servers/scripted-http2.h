/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scripted-peer.h"

/* A peer whose client speaks HTTP/2 (prior knowledge): each stream is a scripted peer of its own, whose text is translated
 * both ways. So a test's answers need not know by what they travel. The functions are those of ScriptedPeer.
 *
 * What has no words in HTTP/1 stands in an answer in the place of a head, each with two line ends: "RST 8", the end of the
 * stream; "GOAWAY 0" with this stream as the last one, "LAST 0" with the one before it; "STREAMS 1", how many it takes
 * from now on; "PING 3", so many. */

typedef struct _ScriptedHttp2 ScriptedHttp2;

ScriptedHttp2 *scripted_http2_new   (guint connection,
                                     const ScriptedWorld *world,
                                     gpointer user_data,
                                     gboolean weights); /* of RFC 7540 are wanted, and nothing of RFC 9218 */
/* After an upgrade, which @head (up to its empty line) asked for and is the first request of. */
ScriptedHttp2 *scripted_http2_new_upgraded (guint connection,
                                     const ScriptedWorld *world,
                                     gpointer user_data,
                                     const char *head);
void           scripted_http2_free  (ScriptedHttp2 *self);
void           scripted_http2_feed  (ScriptedHttp2 *self,
                                     const guint8 *data,
                                     gsize len,
                                     gint64 now);
/* Answers count as they come. */
void           scripted_http2_ping  (ScriptedHttp2 *self);
void           scripted_http2_leave (ScriptedHttp2 *self);
guint          scripted_http2_n_pongs (ScriptedHttp2 *self);
guint          scripted_http2_n_pings (ScriptedHttp2 *self);
/* What the last PRIORITY_UPDATE said; 0: none. */
char           scripted_http2_urgency (ScriptedHttp2 *self);
guint          scripted_http2_weight  (ScriptedHttp2 *self);
void           scripted_http2_eof   (ScriptedHttp2 *self);
ScriptedNext   scripted_http2_next  (ScriptedHttp2 *self,
                                     gint64 now);
void           scripted_http2_sent  (ScriptedHttp2 *self,
                                     gsize len,
                                     gint64 now);
