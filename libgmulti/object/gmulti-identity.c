/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-identity-private.h"

#include "gmulti-certificate-private.h"

/* ---- a stand-in ---- */

/* GTlsInteraction hands its answer over by g_tls_connection_set_certificate(), and connections here are no GObjects: this
 * one does nothing but take it, and tell who wants to know. */
typedef struct
{
  GTlsConnection parent_instance;

  GTlsCertificate *certificate;  /* (owned) (nullable): the answer */
  GTlsCertificate *peer;         /* (owned) (nullable) */
  GTlsInteraction *interaction;  /* (owned) (nullable) */
  GSocketConnectable *server;    /* (owned) (nullable) */
} GmStandIn;

typedef GTlsConnectionClass GmStandInClass;

typedef enum
{
  PROP_CERTIFICATE = 1,
  PROP_PEER_CERTIFICATE,
  PROP_INTERACTION,
  PROP_SERVER_IDENTITY,
  PROP_OTHER, /* have nothing to say */
} Property;

static void
client_init (GTlsClientConnectionInterface *iface)
{
}

static GType gm_stand_in_get_type (void);
G_DEFINE_FINAL_TYPE_WITH_CODE (GmStandIn, gm_stand_in, G_TYPE_TLS_CONNECTION,
                               G_IMPLEMENT_INTERFACE (G_TYPE_TLS_CLIENT_CONNECTION, client_init))

static void
stand_in_finalize (GObject *object)
{
  GmStandIn *self = (GmStandIn *) object;

  g_clear_object (&self->certificate);
  g_clear_object (&self->peer);
  g_clear_object (&self->interaction);
  g_clear_object (&self->server);

  G_OBJECT_CLASS (gm_stand_in_parent_class)->finalize (object);
}

static void
stand_in_get_property (GObject *object,
                       guint prop_id,
                       GValue *value,
                       GParamSpec *pspec)
{
  GmStandIn *self = (GmStandIn *) object;

  switch ((Property) prop_id)
    {
    case PROP_CERTIFICATE:
      g_value_set_object (value, self->certificate);
      break;
    case PROP_PEER_CERTIFICATE:
      g_value_set_object (value, self->peer);
      break;
    case PROP_INTERACTION:
      g_value_set_object (value, self->interaction);
      break;
    case PROP_SERVER_IDENTITY:
      g_value_set_object (value, self->server);
      break;
    case PROP_OTHER:
    default:
      break;
    }
}

static void
stand_in_set_property (GObject *object,
                       guint prop_id,
                       const GValue *value,
                       GParamSpec *pspec)
{
  GmStandIn *self = (GmStandIn *) object;

  if (prop_id == PROP_CERTIFICATE)
    g_set_object (&self->certificate, g_value_get_object (value));
}

static gboolean
refuse (GTlsConnection *connection,
        GCancellable *cancellable,
        GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "This connection is not the application's to use");
  return FALSE;
}

static void
refuse_async (GTlsConnection *connection,
              int io_priority,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (connection, cancellable, callback, user_data);
  GError *error = NULL;

  (g_task_set_source_tag) (task, refuse_async);
  refuse (connection, cancellable, &error);
  g_task_return_error (task, error);
}

static gboolean
refuse_finish (GTlsConnection *connection,
               GAsyncResult *result,
               GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static GInputStream *
no_input (GIOStream *stream)
{
  return NULL;
}

static GOutputStream *
no_output (GIOStream *stream)
{
  return NULL;
}

static gboolean
close_nothing (GIOStream *stream,
               GCancellable *cancellable,
               GError **error)
{
  return TRUE;
}

static void
gm_stand_in_class_init (GmStandInClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);
  static const char *const others[]
    = { "base-io-stream",       "use-system-certdb", "database",
        "rehandshake-mode",     "peer-certificate-errors", "require-close-notify",
        "advertised-protocols", "negotiated-protocol", "protocol-version",
        "ciphersuite-name",     "validation-flags",  "use-ssl3",
        "accepted-cas" };
  guint next = PROP_OTHER;

  object_class->finalize = stand_in_finalize;
  object_class->get_property = stand_in_get_property;
  object_class->set_property = stand_in_set_property;
  stream_class->get_input_stream = no_input;
  stream_class->get_output_stream = no_output;
  stream_class->close_fn = close_nothing;
  klass->handshake = refuse;
  klass->handshake_async = refuse_async;
  klass->handshake_finish = refuse_finish;

  g_object_class_override_property (object_class, PROP_CERTIFICATE, "certificate");
  g_object_class_override_property (object_class, PROP_PEER_CERTIFICATE, "peer-certificate");
  g_object_class_override_property (object_class, PROP_INTERACTION, "interaction");
  g_object_class_override_property (object_class, PROP_SERVER_IDENTITY, "server-identity");
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_object_class_override_property (object_class, next++, others[i]);
}

static void
gm_stand_in_init (GmStandIn *self)
{
}

static GmStandIn *
stand_in_new (const GmQuestionData *data,
              GTlsInteraction *interaction)
{
  GmStandIn *self = g_object_new (gm_stand_in_get_type (), NULL);

  self->peer = gm_face_certificate_new (data->chain);
  self->interaction = g_object_ref (interaction);
  self->server = g_network_address_new (data->host, data->port);

  return self;
}

/* ---- the question ---- */

typedef struct
{
  GMultiTransfer *transfer; /* (owned) */
  GmInquiry *inquiry; /* (owned) */
  GmStandIn *stand_in; /* (owned) */
  GCancellable *cancellable; /* (owned) */
  gulong handler;
} Asking;

/* Takes @inquiry. */
static void
answer (GmInquiry *inquiry,
        GmStandIn *stand_in,
        GTlsInteractionResult result)
{
  if (result == G_TLS_INTERACTION_HANDLED && stand_in->certificate != NULL)
    gm_inquiry_answer (inquiry, GM_REPLY_ACCEPT,
                       gm_answer_data_new_identity (gm_face_certificate_make_identity (stand_in->certificate)));
  gm_inquiry_free (inquiry);
  g_clear_object (&stand_in->interaction); /* which may keep it */
}

static void
asked_cb (GObject *source,
          GAsyncResult *async_result,
          gpointer user_data)
{
  Asking *self = user_data;
  g_autoptr (GError) error = NULL;
  GTlsInteractionResult result
    = g_tls_interaction_request_certificate_finish (G_TLS_INTERACTION (source), async_result, &error);

  answer (self->inquiry, self->stand_in, result);
  g_signal_handler_disconnect (self->transfer, self->handler);
  g_object_unref (self->transfer);
  g_object_unref (self->stand_in);
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

gboolean
gm_face_identity_can_ask (GTlsInteraction *interaction)
{
  const GTlsInteractionClass *klass = G_TLS_INTERACTION_GET_CLASS (interaction);

  return klass->request_certificate != NULL || klass->request_certificate_async != NULL;
}

void
gm_face_identity_ask (GMultiTransfer *transfer,
                      GmInquiry *inquiry,
                      GTlsInteraction *interaction,
                      gboolean blocking)
{
  g_autoptr (GTlsConnection) stand_in
    = G_TLS_CONNECTION (stand_in_new (gm_inquiry_get_data (inquiry), interaction));
  GTlsInteractionResult result;
  Asking *self;

  /* One that only knows how to answer at once is asked here, where the application may turn its loop. */
  if (blocking || G_TLS_INTERACTION_GET_CLASS (interaction)->request_certificate_async == NULL)
    {
      result = blocking ? g_tls_interaction_invoke_request_certificate (interaction, stand_in, G_TLS_CERTIFICATE_REQUEST_NONE,
                                                                        NULL, NULL)
                        : g_tls_interaction_request_certificate (interaction, stand_in, G_TLS_CERTIFICATE_REQUEST_NONE, NULL,
                                                                 NULL);
      answer (inquiry, (GmStandIn *) stand_in, result);
      return;
    }

  self = g_new0 (Asking, 1);
  self->transfer = g_object_ref (transfer);
  self->inquiry = inquiry;
  self->stand_in = (GmStandIn *) g_steal_pointer (&stand_in);
  self->cancellable = g_cancellable_new ();
  self->handler = g_signal_connect (transfer, "completed", G_CALLBACK (completed_cb), self);
  g_tls_interaction_request_certificate_async (interaction, G_TLS_CONNECTION (self->stand_in),
                                               G_TLS_CERTIFICATE_REQUEST_NONE, self->cancellable, asked_cb, self);
}
