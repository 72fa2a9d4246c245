/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-http2.h"

/* Built without nghttp2: no test asks for it. */

ScriptedHttp2 *
scripted_http2_new (guint connection,
                    const ScriptedWorld *world,
                    gpointer user_data,
                    gboolean weights)
{
  g_return_val_if_reached (NULL);
}

ScriptedHttp2 *
scripted_http2_new_upgraded (guint connection,
                             const ScriptedWorld *world,
                             gpointer user_data,
                             const char *head)
{
  g_return_val_if_reached (NULL);
}

void
scripted_http2_free (ScriptedHttp2 *self)
{
}

void
scripted_http2_feed (ScriptedHttp2 *self,
                     const guint8 *data,
                     gsize len,
                     gint64 now)
{
}

void
scripted_http2_ping (ScriptedHttp2 *self)
{
}

void
scripted_http2_leave (ScriptedHttp2 *self)
{
}

guint
scripted_http2_n_pings (ScriptedHttp2 *self)
{
  return 0;
}

guint
scripted_http2_n_pongs (ScriptedHttp2 *self)
{
  return 0;
}

char
scripted_http2_urgency (ScriptedHttp2 *self)
{
  return 0;
}

guint
scripted_http2_weight (ScriptedHttp2 *self)
{
  return 0;
}

void
scripted_http2_eof (ScriptedHttp2 *self)
{
}

ScriptedNext
scripted_http2_next (ScriptedHttp2 *self,
                     gint64 now)
{
  return (ScriptedNext){ .kind = SCRIPTED_NEXT_INPUT };
}

void
scripted_http2_sent (ScriptedHttp2 *self,
                     gsize len,
                     gint64 now)
{
}
