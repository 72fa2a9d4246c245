/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pairs-private.h"

#include "leaks.h"

#include <string.h>

#define LIMIT_US (18 * G_USEC_PER_SEC)
#define RIGHT "Basic dXNlcjpzZWNyZXQ="

PairsWorld pairs_world;

/* A handler of one signal of one object. */
typedef struct
{
  PairsScene *scene;
  guint signal;
  GObject *owner; /* (unowned): whose signal it is, though a list of it emits */
} Hook;

/* ---- the handlers ---- */

static void
take_question (PairsScene *scene,
               GObject *question)
{
  g_ptr_array_add (scene->questions, g_object_ref (question));
  if (GMULTI_IS_CHALLENGE (question))
    scene->challenge = GMULTI_CHALLENGE (question);
  if (GMULTI_IS_TRUST_CHECK (question))
    scene->check = GMULTI_TRUST_CHECK (question);
}

static void
call_method (PairsScene *scene,
             guint number)
{
  const PairsSignal *signal = &pairs_signals[number];
  g_autoptr (GAsyncResult) result = NULL;
  GAsyncResult *outer = scene->result;

  if (scene->method->prepare != NULL && scene->results->len == 0)
    return; /* the next scene has some */
  if (scene->method->prepare != NULL)
    result = g_ptr_array_steal_index_fast (scene->results, scene->results->len - 1);

  scene->left[number] = FALSE;
  scene->n_called++;
  g_free (scene->where);
  scene->where = g_strdup_printf ("%s (way %u) in %s::%s", scene->method->name, scene->way, signal->class_name, signal->name);
  if (result != NULL)
    scene->result = result;
  scene->method->call (scene, scene->way);
  scene->result = outer;
}

static void
handle (GClosure *closure,
        GValue *result,
        guint n_params,
        const GValue *params,
        gpointer hint,
        gpointer data)
{
  Hook *hook = closure->data;
  PairsScene *scene = hook->scene;
  GObject *outer = scene->emitter;

  scene->emitter = hook->owner;
  if (!scene->is_forced)
    scene->seen[hook->signal] = TRUE;
  if (result != NULL && G_VALUE_HOLDS_BOOLEAN (result))
    {
      gboolean passes = g_object_get_data (scene->emitter, "passes") != NULL;

      if (!passes)
        take_question (scene, g_value_get_object (&params[n_params - 1]));
      g_value_set_boolean (result, !passes);
    }
  if (scene->method != NULL && scene->left[hook->signal])
    call_method (scene, hook->signal);
  scene->emitter = outer;
}

static void
hook_free (gpointer data,
           GClosure *closure)
{
  g_free (data);
}

static gulong
hook_up (PairsScene *scene,
         gpointer object,
         guint number)
{
  const PairsSignal *signal = &pairs_signals[number];
  Hook *hook = g_new (Hook, 1);
  GClosure *closure = g_closure_new_simple (sizeof (GClosure), hook);
  const char *slash = strchr (signal->name, '/');
  g_autoptr (GListModel) list = NULL;

  *hook = (Hook){ scene, number, object };
  g_closure_set_marshal (closure, handle);
  g_closure_add_finalize_notifier (closure, hook, hook_free);
  if (slash != NULL)
    {
      g_autofree char *property = g_strndup (signal->name, (gsize) (slash - signal->name));

      g_object_get (object, property, &list, NULL);
      object = list;
    }
  return g_signal_connect_closure (object, slash != NULL ? slash + 1 : signal->name, closure, FALSE);
}

/* Whatever has still to be called, or is not known to be emitted; authenticate and check-trust always, who is not there is
 * not asked. */
static void
hook_up_all (PairsScene *scene,
             gpointer object)
{
  for (guint i = 0; i < pairs_n_signals; i++)
    if (G_OBJECT_TYPE (object) == pairs_signals[i].get_type ()
        && (scene->left[i] || !scene->seen[i] || g_str_equal (pairs_signals[i].name, "authenticate")
            || g_str_equal (pairs_signals[i].name, "check-trust")))
      hook_up (scene, object, i);
}

/* ---- transfers ---- */

static void
completed_cb (GMultiTransfer *transfer,
              const GError *error,
              PairsWatched *watched)
{
  watched->n_completed++;
  if (watched->n_completed > watched->n_starts)
    g_error ("%s completed %u times", gmulti_transfer_get_uri (transfer), watched->n_completed);
}

static void
watched_free (gpointer data)
{
  PairsWatched *watched = data;

  g_signal_handlers_disconnect_by_data (watched->transfer, watched);
  g_object_unref (watched->transfer);
  g_free (watched);
}

PairsWatched *
pairs_watch (PairsScene *scene,
             GMultiTransfer *transfer)
{
  PairsWatched *watched = g_new0 (PairsWatched, 1);

  watched->transfer = g_object_ref (leaks_watch (transfer));
  watched->n_starts = 1;
  g_signal_connect (transfer, "completed", G_CALLBACK (completed_cb), watched);
  g_ptr_array_add (scene->watched, watched);

  return watched;
}

static void
add_transfer (PairsScene *scene,
              ScriptedServer *server,
              const char *path,
              gboolean download)
{
  const char *uri = scripted_server_url (server, path);
  g_autofree char *name = pairs_path ();
  g_autoptr (GFile) file = g_file_new_for_path (name);
  GMultiTransfer *transfer;

  transfer = download ? GMULTI_TRANSFER (gmulti_download_new (uri, file)) : gmulti_transfer_new (uri);
  pairs_watch (scene, transfer);
  hook_up_all (scene, transfer);
  g_ptr_array_add (scene->transfers, transfer);
}

static gboolean
is_over (PairsWatched *watched)
{
  GMultiTransferState state = gmulti_transfer_get_state (watched->transfer);

  return state == GMULTI_TRANSFER_STATE_NEW || (gmulti_transfer_is_finished (watched->transfer) && watched->n_completed > 0);
}

/* ---- the scene ---- */

static void
jar_failed_cb (GMultiCookieJar *jar,
               const GError *error,
               PairsScene *scene)
{
  scene->jar_failed = TRUE;
}

static void
scene_set_up (PairsScene *self)
{
  g_autoptr (GFile) folder = g_file_new_for_path (pairs_world.folder);

  self->results = g_ptr_array_new_with_free_func (g_object_unref);
  self->transfers = g_ptr_array_new_with_free_func (g_object_unref);
  self->watched = g_ptr_array_new_with_free_func (watched_free);
  self->questions = g_ptr_array_new_with_free_func (g_object_unref);
  self->session = leaks_watch (gmulti_session_new ());
  self->group = leaks_watch (gmulti_group_new ("a group"));
  self->form = leaks_watch (gmulti_form_new ());
  self->jar = leaks_watch (gmulti_cookie_jar_new ());
  self->bad_jar = leaks_watch (gmulti_cookie_jar_new_for_file (folder));
  gmulti_session_set_cookie_jar (self->session, self->jar);
  gmulti_session_set_progress_interval (self->session, 1);
  gmulti_session_set_max_connections_per_host (self->session, 0);

  add_transfer (self, pairs_world.server, "/moved", FALSE);
  add_transfer (self, pairs_world.server, "/moved", TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (pairs_world.secure); i++)
    {
      add_transfer (self, pairs_world.server, "/in", i == 1);
      add_transfer (self, pairs_world.secure[i], "/small", i == 1);
    }
  /* the last two do not want to know, and their session is asked */
  for (guint i = self->transfers->len - 2; i < self->transfers->len; i++)
    g_object_set_data (g_ptr_array_index (self->transfers, i), "passes", self);
}

static gboolean
is_left (PairsScene *self,
         const char *class_name)
{
  for (guint i = 0; i < pairs_n_signals; i++)
    if (g_str_equal (pairs_signals[i].class_name, class_name) && (self->left[i] || !self->seen[i]))
      return TRUE;

  return FALSE;
}

/* Results of functions that _finish ones end. */
static void
scene_prepare (PairsScene *self)
{
  const guint n = 40;
  FaceWait wait = face_wait_begin ();

  for (guint i = 0; i < n; i++)
    self->method->prepare (self);
  while (self->results->len < n)
    face_wait_step (&wait, self->method->name, __FILE__, __LINE__);
  face_wait_end (&wait);
}

/* Nothing stays paused, whoever paused it. */
static void
scene_resume (PairsScene *self)
{
  for (guint i = 0; i < self->transfers->len; i++)
    {
      GMultiTransfer *transfer = g_ptr_array_index (self->transfers, i);

      if (gmulti_transfer_get_state (transfer) != GMULTI_TRANSFER_STATE_PAUSED)
        continue;
      gmulti_group_resume (self->group);
      gmulti_transfer_resume (transfer);
    }
}

/* Until @n of the scene's transfers are over and the others have asked; or everything is. */
static gboolean
scene_is_there (PairsScene *self,
                guint n)
{
  guint n_over = 0;

  if (n == 0)
    {
      for (guint i = 0; i < self->watched->len; i++)
        if (!is_over (g_ptr_array_index (self->watched, i)))
          return FALSE;
      return self->n_awaited == 0;
    }

  for (guint i = 0; i < self->transfers->len; i++)
    {
      PairsWatched *watched = g_ptr_array_index (self->watched, i);

      if (i < n && !is_over (watched))
        return FALSE;
      n_over += i >= n && is_over (watched) ? 1 : 0;
    }
  return n_over + self->questions->len >= self->transfers->len - n;
}

static void
answer_all (PairsScene *self)
{
  for (guint i = 0; i < self->questions->len; i++)
    {
      gpointer question = g_ptr_array_index (self->questions, i);

      if (GMULTI_IS_CHALLENGE (question))
        gmulti_challenge_answer (question, "user", "secret");
      else
        gmulti_trust_check_accept (question);
    }
}

static void G_GNUC_NORETURN
scene_complain (PairsScene *self)
{
  for (guint i = 0; i < self->watched->len; i++)
    {
      PairsWatched *watched = g_ptr_array_index (self->watched, i);

      g_test_message ("%s %s: state %d, waits for %d, phase %d, completed %u", G_OBJECT_TYPE_NAME (watched->transfer),
                      gmulti_transfer_get_uri (watched->transfer), (int) gmulti_transfer_get_state (watched->transfer),
                      (int) gmulti_transfer_get_wait_reason (watched->transfer),
                      (int) gmulti_transfer_get_phase (watched->transfer), watched->n_completed);
    }
  g_error ("%s: it does not end: %u questions, %u awaited", self->where, self->questions->len, self->n_awaited);
}

static void
scene_run_until (PairsScene *self,
                 guint n)
{
  FaceWait wait = face_wait_begin ();
  gint64 deadline = g_get_monotonic_time () + LIMIT_US;

  while (!scene_is_there (self, n))
    {
      if (g_get_monotonic_time () > deadline)
        scene_complain (self);
      face_wait_step (&wait, self->where, __FILE__, __LINE__);
      scene_resume (self);
      if (n == 0)
        answer_all (self); /* a second answer is ignored */
    }
  face_wait_end (&wait);
}

/* Another value of the same kind. */
static void
change_value (PairsScene *self,
              GParamSpec *pspec,
              GValue *value)
{
  if (G_VALUE_HOLDS_BOOLEAN (value))
    g_value_set_boolean (value, !g_value_get_boolean (value));
  else if (G_VALUE_HOLDS_UINT (value))
    g_value_set_uint (value, g_value_get_uint (value) != 60000 ? 60000 : 60001);
  else if (G_VALUE_HOLDS_INT (value))
    g_value_set_int (value, g_value_get_int (value) != 1 ? 1 : 2);
  else if (G_VALUE_HOLDS_UINT64 (value))
    g_value_set_uint64 (value, g_value_get_uint64 (value) != 1 << 30 ? 1 << 30 : 1 << 29);
  else if (G_VALUE_HOLDS_ENUM (value))
    g_value_set_enum (value, g_value_get_enum (value) == 0 ? 1 : 0);
  else if (G_VALUE_HOLDS_FLAGS (value))
    g_value_set_flags (value, g_value_get_flags (value) == 0 ? 1 : 0);
  else if (G_VALUE_HOLDS_STRING (value))
    g_value_set_string (value, g_strcmp0 (g_value_get_string (value), "GET") != 0 ? "GET" : "PUT");
  else if (G_VALUE_HOLDS_OBJECT (value))
    {
      const char *name = g_type_name (pspec->value_type);
      gboolean own = g_str_has_prefix (name, "GMulti");
      g_autofree char *type = g_strconcat (own ? "" : "Gio.", name + (own ? strlen ("GMulti") : 1), NULL);

      g_value_set_object (value, pairs_give (self, type, "change", pspec->name, PAIRS_WAY_NEW));
    }
}

/* Sets whatever can be set while it lives, so that it notifies. */
static void
scene_change (PairsScene *self,
              gpointer object)
{
  g_autofree GParamSpec **pspecs = NULL;
  guint n;

  if (!is_left (self, G_OBJECT_TYPE_NAME (object) + strlen ("GMulti")))
    return;
  pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);
  for (guint i = 0; i < n; i++)
    {
      g_auto (GValue) value = G_VALUE_INIT;

      if ((pspecs[i]->flags & (G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY)) != G_PARAM_READWRITE)
        continue;
      /* a handler has started it again: what is left is for the next scene */
      if (G_TYPE_CHECK_INSTANCE_TYPE (object, GMULTI_TYPE_TRANSFER) && !gmulti_transfer_is_finished (object))
        break;
      g_value_init (&value, pspecs[i]->value_type);
      g_object_get_property (object, pspecs[i]->name, &value);
      change_value (self, pspecs[i], &value);
      g_object_set_property (object, pspecs[i]->name, &value);
    }
}

static void
emit_retrying (PairsScene *self,
               gpointer object)
{
  g_autoptr (GError) error = g_error_new_literal (GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_FAILED, "it failed");

  g_signal_emit_by_name (object, "retrying", error, 2, 0);
}

/* Notifications that the library has no reason for: anybody may notify, too. And retrying, which would take its time. */
static void
scene_force (PairsScene *self,
             gpointer object)
{
  self->is_forced = TRUE;
  for (guint i = 0; i < pairs_n_signals; i++)
    if (G_OBJECT_TYPE (object) == pairs_signals[i].get_type () && self->left[i] && !self->seen[i]
        && (g_str_has_prefix (pairs_signals[i].name, "notify::") || g_str_equal (pairs_signals[i].name, "retrying")))
      {
        gulong handler = hook_up (self, object, i);

        if (g_str_equal (pairs_signals[i].name, "retrying"))
          emit_retrying (self, object);
        else
          g_object_notify (object, pairs_signals[i].name + strlen ("notify::"));
        g_signal_handler_disconnect (object, handler); /* the object may outlive the scene */
      }
  self->is_forced = FALSE;
}

static void
scene_force_all (PairsScene *self)
{
  g_autoptr (GMultiProxy) proxy = gmulti_proxy_new (NULL, NULL);
  gpointer others[] = { self->session, self->group, self->form, self->jar, self->challenge, self->check,
                        pairs_self (self, "Response"), proxy };

  for (guint i = 0; i < 2; i++)
    scene_force (self, g_ptr_array_index (self->transfers, i));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (others[i] != NULL)
      scene_force (self, others[i]);
}

static void
scene_begin (PairsScene *self)
{
  gpointer others[] = { self->session, self->group, self->form, self->jar, self->bad_jar };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    hook_up_all (self, others[i]);
  g_signal_connect (self->bad_jar, "failed", G_CALLBACK (jar_failed_cb), self);
  for (guint i = 0; i < 2; i++)
    gmulti_group_add (self->group, g_ptr_array_index (self->transfers, i));
  for (guint i = 0; i < self->transfers->len; i++)
    gmulti_session_start (self->session, g_ptr_array_index (self->transfers, i));
  scene_change (self, self->group);
  scene_change (self, self->form);
  gmulti_cookie_jar_set (self->jar, "http://a.example/", "early=bird", NULL);
  g_assert_null (gmulti_cookie_jar_dup_all (self->bad_jar));
}

static void
scene_keep_for_world (PairsScene *self)
{
  g_autolist (GMultiCookie) cookies = gmulti_cookie_jar_dup_all (self->jar);
  GMultiTransfer *transfer = g_ptr_array_index (self->transfers, 0);

  if (pairs_world.response != NULL)
    return;
  pairs_world.response = gmulti_transfer_ref_response (transfer);
  pairs_world.metrics = gmulti_transfer_ref_metrics (transfer);
  pairs_world.cookie = gmulti_cookie_ref (cookies->data);
  pairs_world.challenge = g_object_ref (self->challenge);
  pairs_world.check = g_object_ref (self->check);
}

static void
scene_tear_down (PairsScene *self)
{
  g_clear_pointer (&self->bag, g_ptr_array_unref);
  g_ptr_array_unref (self->results);
  g_ptr_array_unref (self->questions);
  g_ptr_array_unref (self->watched);
  g_ptr_array_unref (self->transfers);
  g_object_unref (self->group);
  g_object_unref (self->form);
  g_object_unref (self->session);
  g_object_unref (self->jar);
  g_object_unref (self->bad_jar);
  leaks_assert_none (G_MAXUINT);
  g_free (self->where);
}

guint
pairs_play (const PairsMethod *method,
            guint way,
            guint8 *left,
            guint8 *seen,
            gboolean force)
{
  PairsScene scene = { .method = method, .way = way, .left = left, .seen = seen };

  scene.where = g_strdup (method != NULL ? method->name : "nothing");
  scene_set_up (&scene);
  if (method != NULL && method->prepare != NULL)
    scene_prepare (&scene);
  scene_begin (&scene);
  scene_run_until (&scene, 2);
  scene_change (&scene, scene.session);
  for (guint i = 0; i < 2; i++)
    scene_change (&scene, g_ptr_array_index (scene.transfers, i));
  answer_all (&scene);
  scene_run_until (&scene, 0);
  face_wait_for (scene.jar_failed);
  if (force)
    scene_force_all (&scene);
  scene_run_until (&scene, 0);
  scene_keep_for_world (&scene);
  scene_tear_down (&scene);

  return scene.n_called;
}

PairsScene *
pairs_scene_new (void)
{
  PairsScene *self = g_new0 (PairsScene, 1);

  self->watched = g_ptr_array_new_with_free_func (watched_free);
  return self;
}

void
pairs_scene_let_go (PairsScene *self)
{
  g_clear_pointer (&self->bag, g_ptr_array_unref);
  g_ptr_array_set_size (self->watched, 0);
}

void
pairs_scene_free (PairsScene *self)
{
  pairs_scene_let_go (self);
  g_ptr_array_unref (self->watched);
  g_free (self);
}

/* ---- the world ---- */

static ScriptedAnswer *
answer_login (const ScriptedRequest *request,
              gpointer user_data)
{
  if (g_strcmp0 (scripted_request_header (request, "Authorization"), RIGHT) == 0)
    return scripted_answer_text (200, NULL, "inside");

  return scripted_answer_text (401, "WWW-Authenticate: Basic realm=\"here\"\r\n", "outside");
}

void
pairs_begin (const char *folder)
{
  g_autofree char *there = g_build_filename (folder, "there", NULL);
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);

  /* so that they are found by their names */
  for (guint i = 0; i < pairs_n_signals; i++)
    g_type_ensure (pairs_signals[i].get_type ());
  g_assert_true (g_file_set_contents (there, "there", -1, NULL));
  scripted_server_on (server, "/small", scripted_answer_text (200, NULL, "small"));
  scripted_server_on (server, "/in", scripted_answer_handler (scripted_answer_new (), answer_login, NULL));
  scripted_server_on (server, "/moved", scripted_answer_redirect (302, "/parts"));
  scripted_server_on (server, "/parts", scripted_answer_chunked (200, "Set-Cookie: a=b\r\n", "many parts of a body", 7,
                                                                 "X-Sum: 20\r\n"));
  pairs_world = (PairsWorld){ .server = server, .folder = folder };
  /* of transfers from one server the second would wait for the first one's connection, and not ask */
  for (guint i = 0; i < G_N_ELEMENTS (pairs_world.secure); i++)
    {
      pairs_world.secure[i] = scripted_server_new (SCRIPTED_SERVER_TLS);
      scripted_server_on (pairs_world.secure[i], "/small", scripted_answer_text (200, NULL, "small"));
    }
}

void
pairs_end (void)
{
  g_clear_object (&pairs_world.response);
  g_clear_pointer (&pairs_world.metrics, gmulti_metrics_unref);
  g_clear_pointer (&pairs_world.cookie, gmulti_cookie_unref);
  g_clear_object (&pairs_world.challenge);
  g_clear_object (&pairs_world.check);
  scripted_server_free (pairs_world.server);
  for (guint i = 0; i < G_N_ELEMENTS (pairs_world.secure); i++)
    scripted_server_free (pairs_world.secure[i]);
}
