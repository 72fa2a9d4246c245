/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine.h"
#include "scripted-server.h"

#include <sys/socket.h>
#include <unistd.h>

/* What may be done inside a question: everything but destroying what the step stands on, and that is put off. One transfer
 * asks every question there is (a chunked upload that is redirected, with trailers); inside each of them each deed is
 * done once, under each loop. */

typedef enum
{
  ASK_WRITE,
  ASK_HEADER,
  ASK_READ,
  ASK_SEEK,
  ASK_PROGRESS,
  ASK_DEBUG,
  ASK_NOTE,
  ASK_OPEN_SOCKET,
  ASK_SOCKET_OPTION,
  ASK_BEFORE_REQUEST,
  ASK_TRAILERS,
  N_QUESTIONS,
} Question;

static const char *const question_names[] = { "write",       "header",        "read",           "seek",
                                              "progress",    "debug",         "note",           "open-socket",
                                              "socket-option", "before-request", "trailers" };

typedef struct _Scene Scene;

typedef struct
{
  const char *name;
  void (*deed) (Scene *scene);
  void (*check) (Scene *scene);
} Deed;

struct _Scene
{
  Engine *engine;
  ScriptedServer *server;
  const Deed *deed;
  Question when;
  Fetch *asker; /* (owned): where the deed is done */
  Fetch *other; /* (owned): not added yet */
  Fetch *stuck; /* (owned): running, never answered */
  Fetch *last; /* (owned): running, a plain one that must come through whatever happens */
  gsize given;
  guint n_deeds;
  gboolean done_inside; /* of the deed itself */
};

static void
asked (GmClient *client,
       Question question)
{
  Scene *scene = ((Fetch *) client->face)->data;

  if (question != scene->when || scene->n_deeds > 0)
    return;
  scene->n_deeds++;
  scene->deed->deed (scene);
}

static GmAnswer
ask_write (GmClient *client,
           const char *data,
           gsize len,
           gsize *taken)
{
  asked (client, ASK_WRITE);
  g_byte_array_append (((Fetch *) client->face)->body, (const guint8 *) data, (guint) len);
  return GM_ANSWER_OK;
}

static GmAnswer
ask_header (GmClient *client,
            const char *line,
            gsize len)
{
  asked (client, ASK_HEADER);
  return GM_ANSWER_OK;
}

static GmAnswer
ask_read (GmClient *client,
          char *buffer,
          gsize len,
          gsize *n)
{
  Scene *scene = ((Fetch *) client->face)->data;

  asked (client, ASK_READ);
  *n = MIN (5, 20 - scene->given);
  memset (buffer, 'u', *n);
  scene->given += *n;
  return GM_ANSWER_OK;
}

static GmSeekAnswer
ask_seek (GmClient *client,
          gint64 offset)
{
  Scene *scene = ((Fetch *) client->face)->data;

  asked (client, ASK_SEEK);
  scene->given = (gsize) offset;
  return GM_SEEK_OK;
}

static GmAnswer
ask_progress (GmClient *client)
{
  asked (client, ASK_PROGRESS);
  return GM_ANSWER_OK;
}

static void
ask_debug (GmClient *client,
           GmDebugKind kind,
           const char *data,
           gsize len)
{
  asked (client, ASK_DEBUG);
}

static void
ask_note (GmClient *client,
          GmNote note,
          const char *data,
          guint64 number)
{
  asked (client, ASK_NOTE);
}

static int
ask_open_socket (GmClient *client,
                 int family,
                 int type,
                 int protocol,
                 const void *address,
                 guint address_len)
{
  asked (client, ASK_OPEN_SOCKET);
  return socket (family, type, protocol);
}

static int
ask_socket_option (GmClient *client,
                   int fd)
{
  asked (client, ASK_SOCKET_OPTION);
  return 0;
}

static GmAnswer
ask_before_request (GmClient *client)
{
  asked (client, ASK_BEFORE_REQUEST);
  return GM_ANSWER_OK;
}

static GmAnswer
ask_trailers (GmClient *client,
              void (*add) (gpointer sink, const char *line),
              gpointer sink)
{
  asked (client, ASK_TRAILERS);
  add (sink, "X-Sum: 20");
  return GM_ANSWER_OK;
}

static const GmClientOps asking_ops = { ask_write,     ask_header, ask_read, ask_seek,        ask_progress,
                                        ask_debug,     ask_note,   ask_open_socket, ask_socket_option,
                                        ask_before_request, ask_trailers };

/* ---- the deeds ---- */

static void
add_other (Scene *scene)
{
  engine_add (scene->engine, scene->other);
}

static void
other_came (Scene *scene)
{
  fetch_check (scene->other, GM_OK, 200, "plain");
  fetch_check (scene->asker, GM_OK, 200, "end");
}

static void
remove_self (Scene *scene)
{
  engine_remove (scene->asker);
  /* Put off: it is still there. */
  g_assert_true (gm_transfer_get_multi (scene->asker->transfer) == scene->engine->multi);
  g_assert_cmpint (gm_multi_add (scene->engine->multi, scene->asker->transfer), ==, GM_BAD_REQUEST);
}

static void
self_went (Scene *scene)
{
  g_assert_cmpuint (scene->asker->n_done, ==, 0);
  g_assert_null (gm_transfer_get_multi (scene->asker->transfer));
  g_assert_cmpint (gm_transfer_get_state (scene->asker->transfer), ==, GM_STATE_IDLE);

  /* And it can begin anew. */
  scene->given = 0;
  fetch_rewind (scene->asker);
  engine_add (scene->engine, scene->asker);
  engine_run_until (scene->engine, fetch_is_done, scene->asker);
  fetch_check (scene->asker, GM_OK, 200, "end");
}

static void
free_self (Scene *scene)
{
  gm_transfer_free (g_steal_pointer (&scene->asker->transfer));
}

static void
self_is_gone (Scene *scene)
{
  g_assert_cmpuint (scene->asker->n_done, ==, 0);
}

static void
remove_stuck (Scene *scene)
{
  engine_remove (scene->stuck);
  g_assert_null (gm_transfer_get_multi (scene->stuck->transfer));
}

static void
free_stuck (Scene *scene)
{
  gm_transfer_free (g_steal_pointer (&scene->stuck->transfer));
}

static void
stuck_went (Scene *scene)
{
  g_assert_cmpuint (scene->stuck->n_done, ==, 0);
  fetch_check (scene->asker, GM_OK, 200, "end");
}

static void
pause_self (Scene *scene)
{
  gm_transfer_pause (scene->asker->transfer, GM_PAUSE_RECV | GM_PAUSE_SEND);
}

static void
pause_and_lift_self (Scene *scene)
{
  gm_transfer_pause (scene->asker->transfer, GM_PAUSE_RECV | GM_PAUSE_SEND);
  gm_transfer_pause (scene->asker->transfer, GM_PAUSE_NONE);
}

static void
self_goes_on (Scene *scene)
{
  if (gm_transfer_get_pause (scene->asker->transfer) != GM_PAUSE_NONE)
    {
      engine_run_for (scene->engine, 5000);
      gm_transfer_pause (scene->asker->transfer, GM_PAUSE_NONE);
    }
  engine_run_until (scene->engine, fetch_is_done, scene->asker);
  fetch_check (scene->asker, GM_OK, 200, "end");
}

static void
change_limits (Scene *scene)
{
  GmMultiLimits limits = *gm_multi_get_limits (scene->engine->multi);

  /* The one that never ends has one of them. */
  limits.pool = (GmPoolLimits){ .max_total = 2, .max_per_host = 2, .max_idle = 0 };
  gm_multi_set_limits (scene->engine->multi, &limits);
}

static void
turn_again (Scene *scene)
{
  gm_multi_turn (scene->engine->multi, 0);
  g_assert_true (gm_multi_is_turning (scene->engine->multi));
  gm_multi_perform (scene->engine->multi);
  scene->done_inside = fetch_is_done (scene->asker);
}

static void
turning_did_nothing (Scene *scene)
{
  g_assert_false (scene->done_inside);
  fetch_check (scene->asker, GM_OK, 200, "end");
}

static void
close_idle (Scene *scene)
{
  gm_multi_network_changed (scene->engine->multi, TRUE, TRUE);
  gm_multi_close_idle (scene->engine->multi);
}

static void
asker_came (Scene *scene)
{
  fetch_check (scene->asker, GM_OK, 200, "end");
}

static void
change_settings (Scene *scene)
{
  /* Not live: the run goes on as it began. And a reset is for those that are in no multi. */
  gm_transfer_set_string (scene->asker->transfer, GM_OPTION_URL, "http://127.0.0.1:1/");
  gm_transfer_set_int (scene->asker->transfer, GM_OPTION_TIMEOUT_MS, 1);
  gm_transfer_set_int (scene->asker->transfer, GM_OPTION_METHOD, GM_METHOD_GET);
  gm_transfer_reset (scene->asker->transfer);
}

static const Deed deeds[] = {
  { "add-another", add_other, other_came },
  { "remove-self", remove_self, self_went },
  { "free-self", free_self, self_is_gone },
  { "remove-another", remove_stuck, stuck_went },
  { "free-another", free_stuck, stuck_went },
  { "pause", pause_self, self_goes_on },
  { "pause-and-lift", pause_and_lift_self, self_goes_on },
  { "limits", change_limits, asker_came },
  { "turn", turn_again, turning_did_nothing },
  { "close-idle", close_idle, asker_came },
  { "settings", change_settings, asker_came },
};

/* ---- the scene ---- */

static gboolean
deed_is_over (gpointer data)
{
  Scene *scene = data;

  if (scene->n_deeds == 0 || !fetch_is_done (scene->last))
    return FALSE;
  /* Gone, or paused, or through. */
  return scene->asker->transfer == NULL || gm_transfer_get_multi (scene->asker->transfer) == NULL ||
         gm_transfer_get_pause (scene->asker->transfer) != GM_PAUSE_NONE || fetch_is_done (scene->asker);
}

static gboolean
all_but_stuck (gpointer data)
{
  Scene *scene = data;

  return gm_multi_n_running (scene->engine->multi) <= (guint) (scene->stuck->transfer != NULL &&
                                                               gm_transfer_get_multi (scene->stuck->transfer) != NULL);
}

static Fetch *
scene_fetch (Scene *scene,
             const char *path)
{
  Fetch *fetch = fetch_new (scripted_server_url (scene->server, path));

  fetch->data = scene;
  return fetch;
}

/* The one that asks everything. */
static Fetch *
scene_asker (Scene *scene)
{
  Fetch *fetch = scene_fetch (scene, "/start");

  fetch->ops = asking_ops;
  gm_transfer_set_int (fetch->transfer, GM_OPTION_METHOD, GM_METHOD_PUT);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_FOLLOW, GM_FOLLOW_ALL);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_EXPECT_TIMEOUT_MS, 1);

  return fetch;
}

static void
play (EngineLoop loop,
      Question when,
      const Deed *deed,
      ScriptedServer *server)
{
  Scene scene = { .engine = engine_new (loop, NULL), .server = server, .deed = deed, .when = when };

  scene.asker = scene_asker (&scene);
  scene.other = scene_fetch (&scene, "/plain");
  scene.stuck = scene_fetch (&scene, "/stuck");
  scene.last = scene_fetch (&scene, "/plain");
  engine_add (scene.engine, scene.stuck);
  engine_run_for (scene.engine, 500);
  engine_add (scene.engine, scene.asker);
  engine_add (scene.engine, scene.last);

  engine_run_until (scene.engine, deed_is_over, &scene);
  if (gm_transfer_get_multi (scene.other->transfer) != NULL)
    engine_run_until (scene.engine, fetch_is_done, scene.other);
  g_assert_cmpuint (scene.n_deeds, ==, 1);
  fetch_check (scene.last, GM_OK, 200, "plain");
  deed->check (&scene);
  engine_run_until (scene.engine, all_but_stuck, &scene);

  fetch_free (scene.asker);
  fetch_free (scene.other);
  fetch_free (scene.stuck);
  fetch_free (scene.last);
  g_assert_cmpuint (gm_multi_n_added (scene.engine->multi), ==, 0);
  g_assert_cmpuint (gm_multi_n_running (scene.engine->multi), ==, 0);
  g_assert_cmpuint (gm_multi_n_facts (scene.engine->multi), ==, 0);
  engine_free (scene.engine);
}

static ScriptedServer *
make_server (void)
{
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);

  scripted_server_on (server, "/start", scripted_answer_redirect (307, "/end"));
  scripted_server_on (server, "/end", scripted_answer_text (200, NULL, "end"));
  scripted_server_on (server, "/plain", scripted_answer_text (200, NULL, "plain"));
  scripted_server_on (server, "/stuck", scripted_answer_stall (scripted_answer_new ()));

  return server;
}

static void
test_inside (gconstpointer data)
{
  const Deed *deed = data;
  g_autoptr (ScriptedServer) server = make_server ();

  for (guint loop = 0; loop < ENGINE_N_LOOPS; loop++)
    for (guint when = 0; when < N_QUESTIONS; when++)
      {
        g_test_message ("%s, in %s", engine_loop_names[loop], question_names[when]);
        play ((EngineLoop) loop, (Question) when, deed, server);
      }
}

/* ---- the multi itself goes ---- */

static void
free_multi (Scene *scene)
{
  gm_multi_free (scene->engine->multi);
}

static void
test_multi_freed (void)
{
  static const Deed deed = { "free-multi", free_multi, NULL };
  g_autoptr (ScriptedServer) server = make_server ();

  for (guint when = 0; when < N_QUESTIONS; when++)
    {
      Engine engine = { .multi = gm_multi_new (NULL, NULL, 0, NULL) };
      Scene scene = { .engine = &engine, .server = server, .deed = &deed, .when = (Question) when };
      gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

      scene.asker = scene_asker (&scene);
      scene.stuck = scene_fetch (&scene, "/stuck");
      engine_add (&engine, scene.stuck);
      engine_add (&engine, scene.asker);
      while (scene.n_deeds == 0)
        {
          g_assert_cmpint (g_get_monotonic_time (), <, end);
          gm_reactor_collect (gm_multi_get_reactor (engine.multi), 1000);
          gm_multi_turn (engine.multi, 0);
        }
      g_assert_null (gm_transfer_get_multi (scene.asker->transfer));
      g_assert_null (gm_transfer_get_multi (scene.stuck->transfer));
      fetch_free (scene.asker);
      fetch_free (scene.stuck);
    }
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (deeds); i++)
    {
      g_autofree char *path = g_strconcat ("/gm-multi/inside/", deeds[i].name, NULL);

      g_test_add_data_func (path, &deeds[i], test_inside);
    }
  g_test_add_func ("/gm-multi/inside/free-multi", test_multi_freed);

  return g_test_run ();
}
