/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-splice-private.h"

typedef struct
{
  GmErrand *errand;  /* (owned) */
  GTask *task; /* (owned) */
  GOutputStream *target; /* (owned) */
  GOutputStreamSpliceFlags flags;
  GSource *source; /* (owned) (nullable): waits for the pipe */
  GError *error;   /* (owned) (nullable): the first */
  gssize total;
  gboolean pumping;
  gboolean ended;     /* the pump is at its end */
  gboolean completed; /* the errand is */
} Splice;

static void pump (Splice *self);

static void
splice_free (Splice *self)
{
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_source_unref (self->source);
    }
  gm_errand_unref (self->errand);
  g_object_unref (self->task);
  g_object_unref (self->target);
  g_clear_error (&self->error);
  g_free (self);
}

static void
maybe_return (Splice *self)
{
  if (!self->ended || !self->completed)
    return;

  if (self->error != NULL)
    g_task_return_error (self->task, g_steal_pointer (&self->error));
  else if (!g_task_return_error_if_cancelled (self->task))
    g_task_return_int (self->task, self->total);
  splice_free (self);
}

static void
closed_cb (GObject *object,
           GAsyncResult *result,
           gpointer user_data)
{
  Splice *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_output_stream_close_finish (G_OUTPUT_STREAM (object), result, &error) && self->error == NULL)
    self->error = g_steal_pointer (&error);
  self->ended = TRUE;
  maybe_return (self);
}

static void
end_pump (Splice *self,
          GError *error)
{
  if (error != NULL && self->error == NULL)
    self->error = g_steal_pointer (&error);
  g_clear_error (&error);

  if ((self->flags & G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET) != 0)
    {
      g_output_stream_close_async (self->target, G_PRIORITY_DEFAULT, NULL, closed_cb, self);
      return;
    }

  self->ended = TRUE;
  maybe_return (self);
}

static void
written_cb (GObject *object,
            GAsyncResult *result,
            gpointer user_data)
{
  Splice *self = user_data;
  g_autoptr (GError) error = NULL;
  gsize n = 0;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (object), result, &n, &error))
    {
      /* nobody wants the rest */
      gm_pipe_close (self->errand->pipe);
      gm_errand_order (self->errand, GM_ORDER_CANCEL);
      end_pump (self, g_steal_pointer (&error));
      return;
    }

  self->total += (gssize) n;
  gm_pipe_skip (self->errand->pipe, n);
  pump (self);
}

static gboolean
readable_cb (gpointer user_data)
{
  Splice *self = user_data;

  g_clear_pointer (&self->source, g_source_unref);
  pump (self);
  return G_SOURCE_REMOVE;
}

static void
wait_for_data (Splice *self)
{
  self->source = gm_pipe_source_new (self->errand->pipe, (GBoxedCopyFunc) gm_errand_ref,
                                     (GDestroyNotify) gm_errand_unref, self->errand);
  g_source_set_callback (self->source, readable_cb, self, NULL);
  g_source_attach (self->source, g_task_get_context (self->task));
}

static void
pump (Splice *self)
{
  g_autoptr (GError) error = NULL;
  const char *data;
  gssize n = gm_pipe_peek (self->errand->pipe, &data, &error);

  if (n > 0)
    g_output_stream_write_all_async (self->target, data, (gsize) n, G_PRIORITY_DEFAULT, NULL, written_cb, self);
  else if (n < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    wait_for_data (self);
  else
    end_pump (self, g_steal_pointer (&error));
}

static void
hook (GmErrand *errand,
      const GError *error)
{
  Splice *self = errand->hook_data;
  gboolean begin = !self->pumping;

  self->completed = errand->delivered;
  if (error != NULL && self->error == NULL)
    self->error = g_error_copy (error);

  self->pumping = TRUE;
  if (begin)
    pump (self);
  else
    maybe_return (self);
}

void
gm_splice_attach (GmErrand *errand,
                  GTask *task,
                  GOutputStream *target,
                  GOutputStreamSpliceFlags flags)
{
  Splice *self = g_new0 (Splice, 1);

  self->errand = gm_errand_ref (errand);
  self->task = task;
  self->target = g_object_ref (target);
  self->flags = flags;
  errand->hook = hook;
  errand->hook_data = self;
}
