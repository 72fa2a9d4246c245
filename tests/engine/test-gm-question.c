/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine.h"
#include "scripted-server.h"

/* Questions that take time, asked by a layer while it connects: the transfer waits for the answer and nobody else does. */

typedef struct
{
  Engine *engine;
  ScriptedServer *server;
  Fetch *fetch;
  guint64 serial; /* of the last question */
  guint n_asked;
} Fixture;

/* ---- a layer that asks before it is connected ---- */

typedef struct
{
  GmLayer layer; /* first member */
  gboolean answered;
} AskingLayer;

static GmQuestionData *
make_question (gpointer user_data)
{
  GmQuestionData *data = gm_question_data_new (GM_QUESTION_LOGIN);

  data->host = g_strdup ("host.example");
  data->text = g_strdup (user_data);
  data->attempt = 1;
  return data;
}

static GmResult
asking_connect (GmLayer *layer)
{
  AskingLayer *self = (AskingLayer *) layer;
  GmQuestion *question = layer->host->question;
  GmResult result = gm_layer_connect (layer->next);

  if (result != GM_OK || self->answered)
    return result;

  switch (gm_question_ask (question, GM_QUESTION_LOGIN, make_question, (gpointer) "realm"))
    {
    case GM_REPLY_NONE:
      return GM_AGAIN;
    case GM_REPLY_ACCEPT:
      g_assert_cmpstr (question->answer->user, ==, "user");
      g_assert_cmpstr (question->answer->password, ==, "secret");
      gm_question_clear (question);
      self->answered = TRUE;
      return GM_OK;
    case GM_REPLY_DECLINE:
    default:
      gm_question_clear (question);
      return GM_AUTH_FAILED;
    }
}

static void
asking_free (GmLayer *layer)
{
  g_free (layer);
}

static const GmLayerType asking_type = { .name = "asking", .connect = asking_connect, .free = asking_free };

static GmLayer *
wrap (GmLayer *below,
      gpointer user_data)
{
  AskingLayer *self = g_new0 (AskingLayer, 1);

  self->layer.type = &asking_type;
  self->layer.next = below;
  return &self->layer;
}

/* ---- fixture ---- */

static void
question_cb (Fetch *fetch)
{
  Fixture *self = fetch->data;
  const GmQuestion *question = gm_transfer_get_question (fetch->transfer);

  g_assert_nonnull (question);
  g_assert_cmpint (question->kind, ==, GM_QUESTION_LOGIN);
  g_assert_cmpstr (question->data->host, ==, "host.example");
  g_assert_cmpstr (question->data->text, ==, "realm");
  self->serial = question->serial;
  self->n_asked++;
}

static gboolean
was_asked (gpointer data)
{
  return ((Fixture *) data)->n_asked > 0;
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->server, "/small", scripted_answer_text (200, NULL, "small"));
  self->engine = engine_new ((EngineLoop) GPOINTER_TO_INT (data), NULL);
  gm_pool_set_hooks (gm_multi_get_pool (self->engine->multi), NULL, wrap, NULL);
  self->fetch = fetch_new (scripted_server_url (self->server, "/small"));
  self->fetch->data = self;
  self->fetch->on_question = question_cb;
  gm_transfer_set_int (self->fetch->transfer, GM_OPTION_ASK, 1 << GM_QUESTION_LOGIN);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  fetch_free (self->fetch);
  engine_free (self->engine);
  scripted_server_free (self->server);
}

static void
answer (Fixture *self,
        guint64 serial,
        GmReply reply)
{
  gm_transfer_answer (self->fetch->transfer, serial, reply,
                      reply == GM_REPLY_ACCEPT ? gm_answer_data_new ("user", "secret", NULL) : NULL);
}

static void
ask (Fixture *self)
{
  engine_add (self->engine, self->fetch);
  engine_run_until (self->engine, was_asked, self);
}

/* ---- tests ---- */

/* While it waits the clock for connecting stands still, nothing spins, and others come and go. */
static void
test_late (Fixture *self,
           gconstpointer data)
{
  guint n_turns;

  gm_transfer_set_int (self->fetch->transfer, GM_OPTION_CONNECT_TIMEOUT_MS, 300);
  ask (self);
  n_turns = self->engine->n_turns;
  engine_run_for (self->engine, 600 * 1000);
  g_assert_cmpuint (self->engine->n_turns - n_turns, <, 20);
  g_assert_cmpuint (self->fetch->n_done, ==, 0);
  g_assert_cmpuint (self->n_asked, ==, 1);

  answer (self, self->serial, GM_REPLY_ACCEPT);
  engine_run (self->engine);
  fetch_check (self->fetch, GM_OK, 200, "small");
  g_assert_null (gm_transfer_get_question (self->fetch->transfer));
}

static void
test_others_go_on (Fixture *self,
                   gconstpointer data)
{
  Fetch *other = fetch_new (scripted_server_url (self->server, "/small"));

  ask (self);
  /* it is not there to be asked, so it fails at once; what counts is that it ends */
  engine_add (self->engine, other);
  engine_run_until (self->engine, fetch_is_done, other);
  fetch_check (other, GM_AUTH_FAILED, 0, NULL);
  fetch_free (other);
  answer (self, self->serial, GM_REPLY_ACCEPT);
  engine_run (self->engine);
  fetch_check (self->fetch, GM_OK, 200, "small");
}

static void
test_declined (Fixture *self,
               gconstpointer data)
{
  ask (self);
  answer (self, self->serial, GM_REPLY_DECLINE);
  engine_run (self->engine);
  fetch_check (self->fetch, GM_AUTH_FAILED, 0, NULL);
}

/* An answer to another question, a second one, and one for a transfer that is over are nobody's. */
static void
test_wrong_answers (Fixture *self,
                    gconstpointer data)
{
  ask (self);
  answer (self, self->serial + 1, GM_REPLY_DECLINE);
  answer (self, 0, GM_REPLY_DECLINE);
  answer (self, self->serial, GM_REPLY_NONE);
  engine_run_for (self->engine, 20 * 1000);
  g_assert_cmpuint (self->fetch->n_done, ==, 0);
  answer (self, self->serial, GM_REPLY_ACCEPT);
  answer (self, self->serial, GM_REPLY_DECLINE);
  engine_run (self->engine);
  fetch_check (self->fetch, GM_OK, 200, "small");
  answer (self, self->serial, GM_REPLY_ACCEPT);
}

static void
test_removed (Fixture *self,
              gconstpointer data)
{
  guint64 old;

  ask (self);
  engine_remove (self->fetch);
  g_assert_null (gm_transfer_get_question (self->fetch->transfer));
  answer (self, self->serial, GM_REPLY_ACCEPT);
  /* another run asks anew, and the old answer is not taken for the new one's */
  fetch_rewind (self->fetch);
  self->n_asked = 0;
  old = self->serial;
  ask (self);
  answer (self, old, GM_REPLY_DECLINE);
  answer (self, self->serial, GM_REPLY_ACCEPT);
  engine_run (self->engine);
  fetch_check (self->fetch, GM_OK, 200, "small");
}

/* The clock for the whole transfer goes on. */
static void
test_never_answered (Fixture *self,
                     gconstpointer data)
{
  gm_transfer_set_int (self->fetch->transfer, GM_OPTION_TIMEOUT_MS, 150);
  ask (self);
  engine_run (self->engine);
  fetch_check (self->fetch, GM_TIMEOUT, 0, NULL);
}

static void
test_nobody_to_ask (Fixture *self,
                    gconstpointer data)
{
  gm_transfer_set_int (self->fetch->transfer, GM_OPTION_ASK, 1 << GM_QUESTION_TRUST);
  engine_add (self->engine, self->fetch);
  engine_run (self->engine);
  fetch_check (self->fetch, GM_AUTH_FAILED, 0, NULL);
  g_assert_cmpuint (self->n_asked, ==, 0);
}

/* The multi goes with the question open. */
static void
test_multi_goes (Fixture *self,
                 gconstpointer data)
{
  ask (self);
}

int
main (int argc,
      char **argv)
{
  static const struct
  {
    const char *name;
    void (*func) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "late", test_late },
    { "others-go-on", test_others_go_on },
    { "declined", test_declined },
    { "wrong-answers", test_wrong_answers },
    { "removed", test_removed },
    { "never-answered", test_never_answered },
    { "nobody-to-ask", test_nobody_to_ask },
    { "multi-goes", test_multi_goes },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint loop = 0; loop < ENGINE_N_LOOPS; loop++)
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
      {
        g_autofree char *path = g_strdup_printf ("/question/%s/%s", engine_loop_names[loop], tests[i].name);

        g_test_add (path, Fixture, GUINT_TO_POINTER (loop), set_up, tests[i].func, tear_down);
      }

  return g_test_run ();
}
