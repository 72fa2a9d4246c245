/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

/* The transfer as an object: properties, their notifications, and when they are frozen. */

static void
count_notify (GObject *object,
              GParamSpec *pspec,
              gpointer user_data)
{
  ++*(guint *) user_data;
}

/* Another value than the one it has. */
static void
set_other_value (GParamSpec *pspec,
                 GValue *value)
{
  if (G_IS_PARAM_SPEC_STRING (pspec))
    g_value_set_static_string (value, "PUT");
  else if (G_IS_PARAM_SPEC_BOOLEAN (pspec))
    g_value_set_boolean (value, !g_value_get_boolean (value));
  else if (G_IS_PARAM_SPEC_ENUM (pspec))
    g_value_set_enum (value, g_value_get_enum (value) + 1);
  else if (G_IS_PARAM_SPEC_FLAGS (pspec))
    g_value_set_flags (value, g_value_get_flags (value) ^ 1);
  else if (G_IS_PARAM_SPEC_UINT (pspec))
    g_value_set_uint (value, g_value_get_uint (value) + 1);
  else if (G_IS_PARAM_SPEC_UINT64 (pspec))
    g_value_set_uint64 (value, g_value_get_uint64 (value) + 1);
  else if (G_IS_PARAM_SPEC_INT (pspec))
    g_value_set_int (value, g_value_get_int (value) + 1);
  else if (g_type_is_a (pspec->value_type, G_TYPE_PROXY_RESOLVER))
    g_value_take_object (value, gmulti_proxy_new ("direct://", NULL));
  else if (g_type_is_a (pspec->value_type, G_TYPE_SOCKET_CONNECTABLE))
    g_value_take_object (value, g_network_address_new ("localhost", 80));
  else
    g_assert_not_reached ();
}

/* Each property: its default is what it says, it notifies once when it changes and not when it does not. */
static void
test_properties (void)
{
  g_autofree GParamSpec **pspecs = NULL;
  g_autoptr (GObject) object = g_object_new (GMULTI_TYPE_TRANSFER, NULL);
  guint n, n_writable = 0;

  pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *signal = g_strconcat ("notify::", pspecs[i]->name, NULL);
      g_auto (GValue) value = G_VALUE_INIT;
      g_auto (GValue) now = G_VALUE_INIT;
      guint n_notified = 0;

      g_object_get_property (object, pspecs[i]->name, &value);
      if (!G_IS_PARAM_SPEC_BOXED (pspecs[i]) && !g_str_equal (pspecs[i]->name, "status-text"))
        g_assert_true (g_param_value_defaults (pspecs[i], &value));
      /* those of TLS need more than a value, and have tests of their own */
      if ((pspecs[i]->flags & G_PARAM_WRITABLE) == 0 || pspecs[i]->value_type == G_TYPE_TLS_DATABASE ||
          pspecs[i]->value_type == G_TYPE_TLS_CERTIFICATE || pspecs[i]->value_type == G_TYPE_TLS_INTERACTION)
        continue;

      g_test_message ("%s", pspecs[i]->name);
      g_assert_true ((pspecs[i]->flags & G_PARAM_EXPLICIT_NOTIFY) != 0);
      g_signal_connect (object, signal, G_CALLBACK (count_notify), &n_notified);
      g_object_set_property (object, pspecs[i]->name, &value);
      g_assert_cmpuint (n_notified, ==, g_str_equal (pspecs[i]->name, "method"));
      n_notified = 0;
      set_other_value (pspecs[i], &value);
      g_object_set_property (object, pspecs[i]->name, &value);
      g_assert_cmpuint (n_notified, ==, 1);
      g_object_set_property (object, pspecs[i]->name, &value);
      g_assert_cmpuint (n_notified, ==, 1);
      g_object_get_property (object, pspecs[i]->name, &now);
      g_assert_cmpint (g_param_values_cmp (pspecs[i], &value, &now), ==, 0);
      g_signal_handlers_disconnect_by_data (object, &n_notified);
      n_writable++;
    }
  g_assert_cmpuint (n_writable, >=, 20);
}

static void
test_new (void)
{
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new ("http://a.example/");
  g_autoptr (GMultiResponse) response = gmulti_transfer_ref_response (transfer);
  g_autoptr (GMultiMetrics) metrics = gmulti_transfer_ref_metrics (transfer);
  g_autoptr (GMultiHeaders) trailers = gmulti_transfer_ref_trailers (transfer);
  g_autoptr (GError) error = gmulti_transfer_dup_error (transfer);
  g_autofree char *text = gmulti_transfer_dup_status_text (transfer);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);

  g_assert_cmpstr (gmulti_transfer_get_uri (transfer), ==, "http://a.example/");
  g_assert_cmpstr (gmulti_transfer_get_method (transfer), ==, "GET");
  g_assert_false (gmulti_transfer_is_finished (transfer));
  g_assert_null (response);
  g_assert_null (metrics);
  g_assert_null (trailers);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, "Not started");
  gmulti_transfer_set_body_bytes (transfer, NULL, bytes);
  g_assert_cmpstr (gmulti_transfer_get_method (transfer), ==, "POST");
  gmulti_transfer_set_body_bytes (transfer, NULL, NULL);
  g_assert_cmpstr (gmulti_transfer_get_method (transfer), ==, "GET");
}

/* Structured messages pass by g_test_expect_message(). */
static guint n_criticals;

static GLogWriterOutput
count_criticals (GLogLevelFlags level,
                 const GLogField *fields,
                 gsize n_fields,
                 gpointer user_data)
{
  if ((level & G_LOG_LEVEL_CRITICAL) == 0)
    return g_log_writer_default (level, fields, n_fields, user_data);

  n_criticals++;
  return G_LOG_WRITER_HANDLED;
}

static void
test_frozen (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  g_autoptr (GMultiTransfer) transfer = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GMultiHeaders *headers;

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "hello"));
  transfer = gmulti_transfer_new (scripted_server_url (server, "/"));
  gmulti_transfer_set_header (transfer, "X-A", "1");
  gmulti_session_fetch_async (session, transfer, NULL, face_store_result, &result);

  gmulti_transfer_set_uri (transfer, "http://other.example/");
  g_assert_cmpuint (n_criticals, ==, 1);
  gmulti_transfer_set_timeout (transfer, 7);
  g_assert_cmpuint (n_criticals, ==, 2);
  gmulti_transfer_set_header (transfer, "X-A", "2");
  g_assert_cmpuint (n_criticals, ==, 3);
  gmulti_session_start (session, transfer);
  g_assert_cmpuint (n_criticals, ==, 4);
  g_assert_cmpuint (gmulti_transfer_get_timeout (transfer), ==, 0);
  headers = gmulti_transfer_get_request_headers (transfer);
  g_assert_false (gmulti_headers_append (headers, "X-B", "1", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_READ_ONLY);
  g_clear_error (&error);
  /* these are live */
  gmulti_transfer_set_priority (transfer, 3);
  gmulti_transfer_set_max_download_rate (transfer, 1000000);
  gmulti_transfer_set_title (transfer, "now");

  face_wait_for (result != NULL);
  g_bytes_unref (gmulti_session_fetch_finish (session, result, &error));
  g_assert_no_error (error);

  g_assert_cmpuint (n_criticals, ==, 4);

  /* and free again */
  gmulti_transfer_set_timeout (transfer, 70000);
  gmulti_transfer_set_header (transfer, "X-A", "2");
  g_assert_true (gmulti_headers_append (gmulti_transfer_get_request_headers (transfer), "X-B", "1", NULL));
  g_bytes_unref (face_fetch (session, transfer, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (scripted_request_header (scripted_server_request (server, 0), "X-A"), ==, "1");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (server, 1), "X-A"), ==, "2");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (server, 1), "X-B"), ==, "1");
}

static void
test_response_values (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  g_autoptr (GMultiTransfer) transfer = NULL;
  g_autoptr (GMultiResponse) response = NULL;
  g_autoptr (GMultiHeaders) trailers = NULL;
  g_autoptr (GMultiMetrics) metrics = NULL;
  g_autoptr (GError) error = NULL;
  GMultiHeaders *headers;

  scripted_server_on (server, "/moved", scripted_answer_redirect (301, "/end/of%20it"));
  scripted_server_on (server, "/end/of%20it",
                      scripted_answer_chunked (200, "X-Latin: caf\xe9\r\nX-Two: 1\r\nX-Two: 2\r\n", "hello", 2,
                                               "X-Sum: 5\r\n"));
  transfer = gmulti_transfer_new (scripted_server_url (server, "/moved"));
  g_bytes_unref (face_fetch (session, transfer, &error));
  g_assert_no_error (error);

  response = gmulti_transfer_ref_response (transfer);
  headers = gmulti_response_get_headers (response);
  g_assert_cmpstr (gmulti_headers_get_value (headers, "X-Latin"), ==, "caf\xc3\xa9");
  g_assert_null (gmulti_headers_get_value (headers, "Location"));
  g_assert_cmpint (gmulti_response_get_length (response), ==, -1);
  g_assert_null (gmulti_response_get_content_type (response));
  g_assert_cmpstr (gmulti_response_get_suggested_filename (response), ==, "of it");
  g_assert_true (g_str_has_suffix (gmulti_response_get_uri (response), "/end/of%20it"));
  g_assert_false (gmulti_headers_append (headers, "A", "b", NULL));

  trailers = gmulti_transfer_ref_trailers (transfer);
  g_assert_nonnull (trailers);
  g_assert_cmpuint (gmulti_headers_get_n_fields (trailers), ==, 1);
  g_assert_cmpstr (gmulti_headers_get_value (trailers, "x-sum"), ==, "5");

  metrics = gmulti_transfer_ref_metrics (transfer);
  g_assert_cmpuint (gmulti_metrics_get_n_children (metrics), ==, 2);
  g_assert_true (g_str_has_suffix (gmulti_metrics_get_uri (gmulti_metrics_get_child (metrics, 0)), "/moved"));
  g_assert_true (gmulti_metrics_is_reused (gmulti_metrics_get_child (metrics, 1)));
  {
    g_autoptr (GMultiMetrics) child = gmulti_metrics_ref (gmulti_metrics_get_child (metrics, 1));

    g_clear_pointer (&metrics, gmulti_metrics_unref);
    g_assert_true (g_str_has_suffix (gmulti_metrics_get_uri (child), "/end/of%20it"));
  }
}

static void
test_range (void)
{
  static const ScriptedResource resource = { .seed = 4, .length = 1000 };
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  g_autoptr (GMultiTransfer) transfer = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  scripted_server_on (server, "*", scripted_answer_resource (&resource));
  transfer = gmulti_transfer_new (scripted_server_url (server, "/"));
  gmulti_transfer_set_range (transfer, 100, 50);
  bytes = face_fetch (session, transfer, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 50);
  g_assert_cmpint (scripted_pattern_check (4, 100, g_bytes_get_data (bytes, NULL), 50), ==, -1);

  gmulti_transfer_set_range (transfer, G_MAXUINT64, G_MAXINT64);
  g_assert_null (face_fetch (session, transfer, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BAD_REQUEST);
}

static void
check_fault (GMultiSession *session,
             GMultiTransfer *transfer,
             const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (face_fetch (session, transfer, &error));
  g_assert_cmpstr (error->message, ==, message);
}

/* A message names what it is about, and nothing twice. */
static void
test_faults (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (GMultiProxy) proxy = gmulti_proxy_new (scripted_server_url (server, "/"), NULL);
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new ("http://far.example/");

  gmulti_transfer_set_header (transfer, "Bad name", "x");
  check_fault (session, transfer, "The request to far.example cannot be sent as it is: its header “Bad name” is not valid");
  gmulti_transfer_set_header (transfer, "Bad name", NULL);
  gmulti_transfer_set_tls_pins (transfer, "nonsense");
  check_fault (session, transfer,
               "The TLS settings for far.example cannot be used: a pin has another form than “sha256//…”");
  gmulti_transfer_set_tls_pins (transfer, NULL);

  scripted_server_on (server, "*", scripted_answer_text (407, NULL, "who is there?"));
  gmulti_transfer_set_proxy_resolver (transfer, G_PROXY_RESOLVER (proxy));
  check_fault (session, transfer, "The proxy for far.example wants a login, or another one");
  g_assert_cmpfloat (gmulti_transfer_get_fraction (transfer), <, 0);
  gmulti_transfer_set_uri (transfer, scripted_server_url (server, "/"));
  gmulti_transfer_set_proxy_resolver (transfer, NULL);
  check_fault (session, transfer, "127.0.0.1 answered with the status 407");
  gmulti_transfer_set_method (transfer, "GE T");
  check_fault (session, transfer, "The request to 127.0.0.1 cannot be sent as it is: its method is “GE T”");
  gmulti_transfer_set_uri (transfer, "file:///no/such/file");
  check_fault (session, transfer, "The file /no/such/file does not exist");
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_writer_func (count_criticals, NULL, NULL);
  g_test_add_func ("/transfer/properties", test_properties);
  g_test_add_func ("/transfer/new", test_new);
  g_test_add_func ("/transfer/frozen", test_frozen);
  g_test_add_func ("/transfer/response-values", test_response_values);
  g_test_add_func ("/transfer/range", test_range);
  g_test_add_func ("/transfer/faults", test_faults);
  return g_test_run ();
}
