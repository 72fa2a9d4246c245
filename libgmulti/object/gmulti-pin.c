/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-pin-private.h"

typedef struct
{
  GMultiTransfer *transfer; /* (owned) */
  GmInquiry *inquiry; /* (owned) */
  GTlsPassword *password; /* (owned) */
  GCancellable *cancellable; /* (owned) */
  gulong handler;
} Asking;

static void
answer (GmInquiry *inquiry,
        GTlsPassword *password,
        GTlsInteractionResult result)
{
  gsize len = 0;
  const guchar *value = result == G_TLS_INTERACTION_HANDLED ? g_tls_password_get_value (password, &len) : NULL;
  char *text;

  if (value == NULL)
    return;

  text = g_strndup ((const char *) value, len);
  gm_inquiry_answer (inquiry, GM_REPLY_ACCEPT, gm_answer_data_new (NULL, text, NULL));
  explicit_bzero (text, strlen (text));
  g_free (text);
}

static void
asked_cb (GObject *source,
          GAsyncResult *async_result,
          gpointer user_data)
{
  Asking *self = user_data;
  g_autoptr (GError) error = NULL;
  GTlsInteractionResult result
    = g_tls_interaction_ask_password_finish (G_TLS_INTERACTION (source), async_result, &error);

  answer (self->inquiry, self->password, result);
  g_signal_handler_disconnect (self->transfer, self->handler);
  gm_inquiry_free (self->inquiry);
  g_object_unref (self->transfer);
  g_object_unref (self->password);
  g_object_unref (self->cancellable);
  g_free (self);
}

static void
completed_cb (GMultiTransfer *transfer,
              const GError *error,
              Asking *self)
{
  g_cancellable_cancel (self->cancellable);
}

void
gm_face_pin_ask (GMultiTransfer *transfer,
                 GmInquiry *inquiry,
                 GTlsInteraction *interaction,
                 gboolean blocking)
{
  const GmQuestionData *data = gm_inquiry_get_data (inquiry);
  GTlsPasswordFlags flags = G_TLS_PASSWORD_PKCS11_USER;
  g_autoptr (GTlsPassword) password = NULL;
  Asking *self;

  if (data->attempt > 1)
    flags |= G_TLS_PASSWORD_RETRY;
  password = g_tls_password_new (flags, data->text);
  if (blocking)
    {
      answer (inquiry, password, g_tls_interaction_invoke_ask_password (interaction, password, NULL, NULL));
      gm_inquiry_free (inquiry);
      return;
    }

  self = g_new0 (Asking, 1);
  self->transfer = g_object_ref (transfer);
  self->inquiry = inquiry;
  self->password = g_steal_pointer (&password);
  self->cancellable = g_cancellable_new ();
  self->handler = g_signal_connect (transfer, "completed", G_CALLBACK (completed_cb), self);
  g_tls_interaction_ask_password_async (interaction, self->password, self->cancellable, asked_cb, self);
}
