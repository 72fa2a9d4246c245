/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench-frames.h"

#include <glib.h>

/* A frame served later than this after its point of the grid is seen as a stutter. */
#define LATE_US 4000

typedef struct
{
  GSource source;
  Bench *bench;          /* (unowned) */
  gint64 start_us;
  gint64 period_us;
  gint64 work_us;
  gint64 next;           /* the first point of the grid that was not served yet */
  BenchFrames frames;
} FrameSource;

static FrameSource *frame_source;

static gboolean
frames_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  FrameSource *self = (FrameSource *) source;
  gint64 now = g_get_monotonic_time ();
  gint64 point = (now - self->start_us) / self->period_us;
  gint64 late = now - (self->start_us + self->next * self->period_us);

  /* Points that went by while nobody served them count as due; the newest one may still be in time. */
  if (late > self->frames.worst_us)
    self->frames.worst_us = late;
  if (now - (self->start_us + point * self->period_us) <= LATE_US)
    self->frames.served++;
  self->frames.due += point - self->next + 1;
  self->next = point + 1;
  while (self->work_us > 0 && g_get_monotonic_time () - now < self->work_us)
    ;
  if (now - self->start_us > (gint64) self->bench->seconds * G_USEC_PER_SEC)
    self->bench->stopped = true;
  g_source_set_ready_time (source, self->start_us + self->next * self->period_us);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs frame_funcs = { .dispatch = frames_dispatch };

void
bench_frames_start (Bench *bench, unsigned period_ms, unsigned work_ms, int priority)
{
  GSource *source = g_source_new (&frame_funcs, sizeof (FrameSource));

  frame_source = (FrameSource *) source;
  frame_source->bench = bench;
  frame_source->period_us = (gint64) period_ms * 1000;
  frame_source->work_us = (gint64) work_ms * 1000;
  frame_source->start_us = g_get_monotonic_time ();
  frame_source->next = 1;
  g_source_set_static_name (source, "bench frames");
  g_source_set_priority (source, priority);
  g_source_set_ready_time (source, frame_source->start_us + frame_source->period_us);
  g_source_attach (source, NULL);
}

void
bench_frames_stop (Bench *bench, BenchFrames *frames)
{
  gint64 passed = (g_get_monotonic_time () - frame_source->start_us) / frame_source->period_us;

  /* What was never served at all was due all the same. */
  if (passed >= frame_source->next)
    frame_source->frames.due += passed - frame_source->next + 1;
  *frames = frame_source->frames;
  g_source_destroy ((GSource *) frame_source);
  g_source_unref ((GSource *) frame_source);
  frame_source = NULL;
}
