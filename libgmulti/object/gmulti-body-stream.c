/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-body-stream-private.h"

#include "gmulti-core-private.h"

struct _GmBodyStream
{
  GInputStream parent_instance;

  GmErrand *errand; /* (owned) */
  GObject *session; /* (owned) (nullable): until the stream is closed */
};

static void pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (GmBodyStream, gm_body_stream, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, pollable_init))

static void
stop (GmBodyStream *self)
{
  if (!gm_pipe_is_finished (self->errand->pipe))
    gm_errand_order (self->errand, GM_ORDER_CANCEL);
  gm_pipe_close (self->errand->pipe);
}

static void
gm_body_stream_finalize (GObject *object)
{
  GmBodyStream *self = GM_BODY_STREAM (object);

  stop (self);
  gm_errand_unref (self->errand);
  g_clear_object (&self->session);

  G_OBJECT_CLASS (gm_body_stream_parent_class)->finalize (object);
}

typedef struct
{
  GmPipe *pipe;
  GCancellable *cancellable; /* (nullable) */
} Wait;

static gboolean
is_over (gpointer user_data)
{
  Wait *wait = user_data;

  return gm_pipe_is_readable (wait->pipe) || g_cancellable_is_cancelled (wait->cancellable);
}

static void
cancelled_cb (GCancellable *cancellable,
              gpointer user_data)
{
  gm_core_interrupt (user_data);
}

static gssize
gm_body_stream_read (GInputStream *stream,
                     void *buffer,
                     gsize count,
                     GCancellable *cancellable,
                     GError **error)
{
  GmErrand *errand = GM_BODY_STREAM (stream)->errand;
  Wait wait = { errand->pipe, cancellable };
  gulong cancel_id = 0;

  if (!is_over (&wait))
    {
      if (cancellable != NULL)
        cancel_id = g_signal_connect_data (cancellable, "cancelled", G_CALLBACK (cancelled_cb),
                                           gm_core_ref (errand->core),
                                           (GClosureNotify) (GCallback) gm_core_unref, 0);
      gm_core_block (errand->core, errand, is_over, &wait);
      if (cancel_id != 0)
        g_signal_handler_disconnect (cancellable, cancel_id);
    }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;

  return gm_pipe_read (errand->pipe, buffer, count, error);
}

static gboolean
gm_body_stream_close (GInputStream *stream,
                      GCancellable *cancellable,
                      GError **error)
{
  stop (GM_BODY_STREAM (stream));
  g_clear_object (&GM_BODY_STREAM (stream)->session);
  return TRUE;
}

/* Never blocks: no thread is needed for it. */
static void
gm_body_stream_close_async (GInputStream *stream,
                            int io_priority,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, gm_body_stream_close_async);
  stop (GM_BODY_STREAM (stream));
  g_clear_object (&GM_BODY_STREAM (stream)->session);
  g_task_return_boolean (task, TRUE);
}

static gboolean
gm_body_stream_close_finish (GInputStream *stream,
                             GAsyncResult *result,
                             GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
gm_body_stream_is_readable (GPollableInputStream *stream)
{
  return gm_pipe_is_readable (GM_BODY_STREAM (stream)->errand->pipe);
}

static gssize
gm_body_stream_read_nonblocking (GPollableInputStream *stream,
                                 void *buffer,
                                 gsize count,
                                 GError **error)
{
  return gm_pipe_read (GM_BODY_STREAM (stream)->errand->pipe, buffer, count, error);
}

static GSource *
gm_body_stream_create_source (GPollableInputStream *stream,
                              GCancellable *cancellable)
{
  GmErrand *errand = GM_BODY_STREAM (stream)->errand;
  g_autoptr (GSource) source = NULL;

  source = gm_pipe_source_new (errand->pipe, (GBoxedCopyFunc) gm_errand_ref, (GDestroyNotify) gm_errand_unref, errand);
  return g_pollable_source_new_full (stream, source, cancellable);
}

static void
pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = gm_body_stream_is_readable;
  iface->read_nonblocking = gm_body_stream_read_nonblocking;
  iface->create_source = gm_body_stream_create_source;
}

static void
gm_body_stream_class_init (GmBodyStreamClass *klass)
{
  GInputStreamClass *stream_class = G_INPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gm_body_stream_finalize;
  stream_class->read_fn = gm_body_stream_read;
  stream_class->close_fn = gm_body_stream_close;
  stream_class->close_async = gm_body_stream_close_async;
  stream_class->close_finish = gm_body_stream_close_finish;
}

static void
gm_body_stream_init (GmBodyStream *self)
{
}

GInputStream *
gm_body_stream_new (GmErrand *errand,
                    gpointer session)
{
  GmBodyStream *self = g_object_new (GM_TYPE_BODY_STREAM, NULL);

  self->errand = gm_errand_ref (errand);
  self->session = g_object_ref (session);
  return G_INPUT_STREAM (self);
}
