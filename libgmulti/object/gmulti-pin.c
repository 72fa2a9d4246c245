/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-pin-private.h"

#include "gmulti-core-private.h"

struct _GmPinDesk
{
  gatomicrefcount refs;
  GMutex lock; /* guards all that is below, and who waits for what */
  GQueue askings; /* of Asking: those that are open */
};

/* One question to an interaction. */
typedef struct
{
  GmPinDesk *desk; /* (owned) */
  GTlsInteraction *interaction; /* (owned) */
  char *label; /* (owned): the token's */
  GPtrArray *waiters; /* (owned) (element-type Waiter) */
  GTlsPassword *password; /* (owned) */
  GCancellable *cancellable; /* (owned) */
} Asking;

/* One transfer that wants to know. */
typedef struct
{
  gatomicrefcount refs; /* of the asking, and of the handler */
  GmPinDesk *desk; /* (owned) */
  GmInquiry *inquiry; /* (owned) */
  Asking *asking; /* (unowned) (nullable): while it is open */
  gulong handler; /* the home context's */
} Waiter;

/* ---- the desk ---- */

GmPinDesk *
gm_pin_desk_new (void)
{
  GmPinDesk *self = g_new0 (GmPinDesk, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  g_queue_init (&self->askings);
  return self;
}

static GmPinDesk *
desk_ref (GmPinDesk *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_pin_desk_unref (GmPinDesk *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_mutex_clear (&self->lock);
  g_free (self);
}

/* ---- who waits ---- */

static void
waiter_unref (gpointer data)
{
  Waiter *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  gm_inquiry_free (self->inquiry);
  gm_pin_desk_unref (self->desk);
  g_free (self);
}

static void
unref_closure_data (gpointer data,
                    GClosure *closure)
{
  waiter_unref (data);
}

/* The last one to leave takes the question back. */
static void
completed_cb (GMultiTransfer *transfer,
              const GError *error,
              gpointer user_data)
{
  Waiter *self = user_data;
  g_autoptr (GCancellable) cancellable = NULL;
  Asking *asking;

  g_mutex_lock (&self->desk->lock);
  asking = g_steal_pointer (&self->asking);
  if (asking != NULL)
    g_ptr_array_remove (asking->waiters, self);
  if (asking != NULL && asking->waiters->len == 0)
    {
      g_queue_remove (&self->desk->askings, asking);
      cancellable = g_object_ref (asking->cancellable);
    }
  g_mutex_unlock (&self->desk->lock);

  g_signal_handler_disconnect (transfer, self->handler);
  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
}

static Waiter *
waiter_new (GmPinDesk *desk,
            GMultiTransfer *transfer,
            GmInquiry *inquiry)
{
  Waiter *self = g_new0 (Waiter, 1);

  g_atomic_ref_count_init (&self->refs);
  self->desk = desk_ref (desk);
  self->inquiry = inquiry;
  g_atomic_ref_count_inc (&self->refs);
  self->handler
    = g_signal_connect_data (transfer, "completed", G_CALLBACK (completed_cb), self, unref_closure_data, G_CONNECT_DEFAULT);

  return self;
}

/* ---- questions ---- */

static void
answer (GmInquiry *inquiry,
        GTlsPassword *password,
        GTlsInteractionResult result)
{
  gsize len = 0;
  const guchar *value = result == G_TLS_INTERACTION_HANDLED ? g_tls_password_get_value (password, &len) : NULL;
  char *text;

  if (value == NULL)
    {
      gm_inquiry_answer (inquiry, GM_REPLY_DECLINE, NULL);
      return;
    }

  text = g_strndup ((const char *) value, len);
  gm_inquiry_answer (inquiry, GM_REPLY_ACCEPT, gm_answer_data_new (NULL, text, NULL));
  explicit_bzero (text, strlen (text));
  g_free (text);
}

static void
asking_free (Asking *self)
{
  gm_pin_desk_unref (self->desk);
  g_object_unref (self->interaction);
  g_free (self->label);
  g_ptr_array_unref (self->waiters);
  g_object_unref (self->password);
  g_object_unref (self->cancellable);
  g_free (self);
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

  /* From here on nobody joins or leaves. */
  g_mutex_lock (&self->desk->lock);
  g_queue_remove (&self->desk->askings, self);
  for (guint i = 0; i < self->waiters->len; i++)
    ((Waiter *) g_ptr_array_index (self->waiters, i))->asking = NULL;
  g_mutex_unlock (&self->desk->lock);

  for (guint i = 0; i < self->waiters->len; i++)
    answer (((Waiter *) g_ptr_array_index (self->waiters, i))->inquiry, self->password, result);
  asking_free (self);
}

/* Under the lock. */
static Asking *
find_asking (GmPinDesk *desk,
             GTlsInteraction *interaction,
             const char *label)
{
  for (GList *link = desk->askings.head; link != NULL; link = link->next)
    {
      Asking *asking = link->data;

      if (asking->interaction == interaction && g_str_equal (asking->label, label))
        return asking;
    }

  return NULL;
}

static Asking *
asking_new (GmPinDesk *desk,
            GTlsInteraction *interaction,
            GTlsPassword *password,
            const char *label)
{
  Asking *self = g_new0 (Asking, 1);

  self->desk = desk_ref (desk);
  self->interaction = g_object_ref (interaction);
  self->label = g_strdup (label);
  self->waiters = g_ptr_array_new_with_free_func (waiter_unref);
  self->password = g_object_ref (password);
  self->cancellable = g_cancellable_new ();

  return self;
}

void
gm_face_pin_ask (GMultiTransfer *transfer,
                 GmInquiry *inquiry,
                 GTlsInteraction *interaction,
                 gboolean blocking)
{
  const GmQuestionData *data = gm_inquiry_get_data (inquiry);
  const char *label = data->text != NULL ? data->text : "";
  GmPinDesk *desk = gm_core_get_pin_desk (gm_inquiry_get_errand (inquiry)->core);
  GTlsPasswordFlags flags = G_TLS_PASSWORD_PKCS11_USER | (data->attempt > 1 ? G_TLS_PASSWORD_RETRY : 0);
  g_autoptr (GTlsPassword) password = g_tls_password_new (flags, label);
  Asking *asking, *fresh = NULL;
  Waiter *waiter;

  if (blocking)
    {
      answer (inquiry, password, g_tls_interaction_invoke_ask_password (interaction, password, NULL, NULL));
      gm_inquiry_free (inquiry);
      return;
    }

  waiter = waiter_new (desk, transfer, inquiry);
  g_mutex_lock (&desk->lock);
  asking = find_asking (desk, interaction, label);
  if (asking == NULL)
    {
      asking = fresh = asking_new (desk, interaction, password, label);
      g_queue_push_tail (&desk->askings, asking);
    }
  waiter->asking = asking;
  g_ptr_array_add (asking->waiters, waiter);
  g_mutex_unlock (&desk->lock);

  if (fresh != NULL)
    g_tls_interaction_ask_password_async (interaction, password, fresh->cancellable, asked_cb, fresh);
}
