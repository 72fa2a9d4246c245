/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"
#include "gmulti-inquiry-private.h"
#include "gmulti-session-private.h"

/* What is said about an earlier question does not push away the answer to the one that is open. */

static ScriptedAnswer *
answer_basic (const ScriptedRequest *request,
              gpointer user_data)
{
  if (g_strcmp0 (scripted_request_header (request, "Authorization"), "Basic dXNlcjpzZWNyZXQ=") == 0)
    return scripted_answer_text (200, NULL, "inside");

  return scripted_answer_text (401, "WWW-Authenticate: Basic realm=\"here\"\r\n", "outside");
}

static gboolean
authenticate_cb (GMultiTransfer *transfer,
                 GMultiChallenge *challenge,
                 gpointer user_data)
{
  if (gmulti_challenge_get_attempt (challenge) == 1)
    gmulti_challenge_answer (challenge, "user", "wrong");
  else
    g_set_object ((GMultiChallenge **) user_data, challenge);
  return TRUE;
}

static void
test_out_of_date (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  GMultiSession *session = gmulti_session_new ();
  g_autoptr (GMultiChallenge) second = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) errands = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  GMultiTransfer *transfer;

  scripted_server_on (server, "*", scripted_answer_handler (scripted_answer_new (), answer_basic, NULL));
  transfer = gmulti_transfer_new (scripted_server_url (server, "/"));
  gmulti_transfer_set_timeout (transfer, 5000);
  g_signal_connect (transfer, "authenticate", G_CALLBACK (authenticate_cb), &second);
  gmulti_session_fetch_async (session, transfer, NULL, face_store_result, &result);
  face_wait_for (second != NULL);

  errands = gm_core_list_home_runs (gm_face_session_get_core (session));
  g_assert_cmpuint (errands->len, ==, 1);
  gmulti_challenge_answer (second, "user", "secret");
  gm_inquiry_free (gm_inquiry_new (errands->pdata[0], 1, gm_question_data_new (GM_QUESTION_LOGIN)));
  face_wait_for (result != NULL);
  bytes = gmulti_session_fetch_finish (session, result, &error);
  g_assert_no_error (error);
  face_check_text (bytes, "inside");

  g_clear_pointer (&errands, g_ptr_array_unref);
  g_clear_object (&result);
  face_assert_finalized (transfer);
  face_assert_finalized (session);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/inquiry/out-of-date", test_out_of_date);
  return g_test_run ();
}
