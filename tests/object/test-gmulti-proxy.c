/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

#include "proxy-server.h"

/* Through proxies by a GProxyResolver: who is asked, how often, and that the whole list is tried. */

/* ---- a resolver of the application's, which counts and waits ---- */

typedef struct
{
  GObject parent_instance;
  const char *const *list; /* (nullable): NULL = an error */
  guint delay_ms;
  guint n_asked;
  char *last_uri;
  GThread *thread; /* that was asked last */
} TestResolver;

typedef GObjectClass TestResolverClass;

static GType test_resolver_get_type (void);
static void test_resolver_iface_init (GProxyResolverInterface *iface);

G_DEFINE_TYPE_WITH_CODE (TestResolver, test_resolver, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (G_TYPE_PROXY_RESOLVER, test_resolver_iface_init))

static void
test_resolver_finalize (GObject *object)
{
  g_free (((TestResolver *) object)->last_uri);
  G_OBJECT_CLASS (test_resolver_parent_class)->finalize (object);
}

static void
test_resolver_class_init (TestResolverClass *klass)
{
  klass->finalize = test_resolver_finalize;
}

static void
test_resolver_init (TestResolver *self)
{
}

static void
note_asked (TestResolver *self,
            const char *uri)
{
  g_free (self->last_uri);
  self->last_uri = g_strdup (uri);
  self->thread = g_thread_self ();
  g_atomic_int_inc ((gint *) &self->n_asked);
}

static char **
test_resolver_lookup (GProxyResolver *resolver,
                      const char *uri,
                      GCancellable *cancellable,
                      GError **error)
{
  TestResolver *self = (TestResolver *) resolver;

  note_asked (self, uri);
  if (self->list == NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "no idea");
      return NULL;
    }
  return g_strdupv ((char **) self->list);
}

static gboolean
return_cb (gpointer data)
{
  g_autoptr (GTask) task = data;
  TestResolver *self = g_task_get_source_object (task);

  if (self->list != NULL)
    g_task_return_pointer (task, g_strdupv ((char **) self->list), (GDestroyNotify) g_strfreev);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "no idea");
  return G_SOURCE_REMOVE;
}

static void
test_resolver_lookup_async (GProxyResolver *resolver,
                            const char *uri,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  TestResolver *self = (TestResolver *) resolver;
  g_autoptr (GSource) source = g_timeout_source_new (self->delay_ms);

  note_asked (self, uri);
  g_source_set_callback (source, return_cb, g_task_new (resolver, cancellable, callback, user_data), NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
}

static char **
test_resolver_lookup_finish (GProxyResolver *resolver,
                             GAsyncResult *result,
                             GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static gboolean
test_resolver_is_supported (GProxyResolver *resolver)
{
  return TRUE;
}

static void
test_resolver_iface_init (GProxyResolverInterface *iface)
{
  iface->is_supported = test_resolver_is_supported;
  iface->lookup = test_resolver_lookup;
  iface->lookup_async = test_resolver_lookup_async;
  iface->lookup_finish = test_resolver_lookup_finish;
}

static TestResolver *
new_resolver (const char *const *list)
{
  TestResolver *self = g_object_new (test_resolver_get_type (), NULL);

  self->list = list;
  return self;
}

/* ---- surroundings ---- */

typedef struct
{
  ScriptedServer *server;
  ProxyServer *proxy;
  GMultiSession *session;
} Fixture;

static void
set_up (Fixture *f,
        gconstpointer data)
{
  f->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (f->server, "*", scripted_answer_text (200, NULL, "got"));
  f->proxy = proxy_server_new ();
  f->session = g_object_new (GMULTI_TYPE_SESSION, "has-thread", data != NULL, NULL);
}

static void
tear_down (Fixture *f,
           gconstpointer data)
{
  face_assert_finalized (f->session);
  proxy_server_free (f->proxy);
  scripted_server_free (f->server);
}

static GMultiTransfer *
new_transfer (Fixture *f,
              const char *host,
              const char *target)
{
  g_autofree char *uri = g_strdup_printf ("http://%s:%u%s", host, scripted_server_port (f->server), target);

  return gmulti_transfer_new (uri);
}

static void
check_got (Fixture *f,
           GMultiTransfer *transfer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = face_fetch (f->session, transfer, &error);

  g_assert_no_error (error);
  face_check_text (bytes, "got");
}

static void
check_summary (Fixture *f,
               const char *format)
{
  g_autofree char *summary = proxy_server_summary (f->proxy);
  g_autofree char *port = g_strdup_printf ("%u", scripted_server_port (f->server));
  g_auto (GStrv) parts = g_strsplit (format, "PORT", -1);
  g_autofree char *expected = g_strjoinv (port, parts);

  g_assert_cmpstr (summary, ==, expected);
}

/* ---- a fixed proxy ---- */

static void
test_fixed (Fixture *f,
            gconstpointer data)
{
  static const char *const bypass[] = { "127.0.0.1", "near.example", NULL };
  g_autoptr (GMultiProxy) proxy = gmulti_proxy_new (proxy_server_url (f->proxy, "http"), bypass);
  g_autoptr (GMultiTransfer) far = new_transfer (f, "far.example", "/a");
  g_autoptr (GMultiTransfer) near = new_transfer (f, "127.0.0.1", "/b");

  gmulti_session_set_proxy_resolver (f->session, G_PROXY_RESOLVER (proxy));
  check_got (f, far);
  check_got (f, near);
  check_summary (f, "GET http://far.example:PORT/a#0");
}

static void
test_fixed_tunnel (Fixture *f,
                   gconstpointer data)
{
  g_autoptr (GMultiHeaders) headers = gmulti_headers_new ();
  g_autoptr (GMultiProxy) proxy = NULL;
  g_autoptr (GMultiTransfer) far = new_transfer (f, "far.example", "/a");
  g_autofree char *heads = NULL;

  g_assert_true (gmulti_headers_append (headers, "X-Proxy", "yes", NULL));
  proxy = g_object_new (GMULTI_TYPE_PROXY, "uri", proxy_server_url (f->proxy, "http"), "tunnel", TRUE, "headers", headers,
                        NULL);
  gmulti_transfer_set_proxy_resolver (far, G_PROXY_RESOLVER (proxy));
  check_got (f, far);
  check_summary (f, "CONNECT far.example:PORT#0");
  heads = proxy_server_heads (f->proxy);
  g_assert_nonnull (strstr (heads, "\r\nX-Proxy: yes\r\n"));
  g_assert_null (scripted_request_header (scripted_server_request (f->server, 0), "X-Proxy"));
}

static void
test_fixed_properties (Fixture *f,
                       gconstpointer data)
{
  static const char *const bypass[] = { "a.example", NULL };
  g_autoptr (GMultiProxy) proxy = gmulti_proxy_new ("socks5://p.example:1", bypass);
  g_autoptr (GProxyResolver) resolver = NULL;
  g_auto (GStrv) by = NULL, through = NULL;

  g_assert_cmpstr (gmulti_proxy_get_uri (proxy), ==, "socks5://p.example:1");
  g_assert_cmpstrv (gmulti_proxy_get_bypass (proxy), bypass);
  g_assert_false (gmulti_proxy_get_tunnel (proxy));
  g_assert_null (gmulti_proxy_get_headers (proxy));
  g_assert_true (g_proxy_resolver_is_supported (G_PROXY_RESOLVER (proxy)));

  /* whoever else asks is answered, too */
  by = g_proxy_resolver_lookup (G_PROXY_RESOLVER (proxy), "http://www.a.example/x", NULL, NULL);
  through = g_proxy_resolver_lookup (G_PROXY_RESOLVER (proxy), "http://b.example/x", NULL, NULL);
  g_assert_cmpstr (by[0], ==, "direct://");
  g_assert_cmpstr (through[0], ==, "socks5://p.example:1");
  g_assert_null (through[1]);

  g_assert_null (gmulti_session_dup_proxy_resolver (f->session));
  gmulti_session_set_proxy_resolver (f->session, G_PROXY_RESOLVER (proxy));
  resolver = gmulti_session_dup_proxy_resolver (f->session);
  g_assert_true (resolver == G_PROXY_RESOLVER (proxy));
  gmulti_session_set_proxy_resolver (f->session, NULL);
}

static void
test_fixed_login (Fixture *f,
                  gconstpointer data)
{
  g_autofree char *uri = g_strdup_printf ("socks5://me:pw@127.0.0.1:%u", proxy_server_port (f->proxy));
  g_autoptr (GMultiProxy) proxy = gmulti_proxy_new (uri, NULL);
  g_autoptr (GMultiProxy) without = gmulti_proxy_new (proxy_server_url (f->proxy, "socks5"), NULL);
  g_autoptr (GMultiTransfer) far = new_transfer (f, "far.example", "/a");
  g_autoptr (GMultiTransfer) refused = new_transfer (f, "far.example", "/a");
  g_autoptr (GError) error = NULL;

  proxy_server_set_login (f->proxy, "me", "pw");
  gmulti_transfer_set_proxy_resolver (far, G_PROXY_RESOLVER (proxy));
  check_got (f, far);
  check_summary (f, "SOCKS5 far.example:PORT#0");

  gmulti_transfer_set_proxy_resolver (refused, G_PROXY_RESOLVER (without));
  g_assert_null (face_fetch (f->session, refused, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED);
}

/* What the session says of its proxy, a login in a header field among it, is not for those that a transfer's own resolver
 * names. */
static void
test_fixed_replaced (Fixture *f,
                     gconstpointer data)
{
  const char *list[] = { proxy_server_url (f->proxy, "http"), NULL };
  g_autoptr (GProxyResolver) own = G_PROXY_RESOLVER (new_resolver (list));
  g_autoptr (GMultiHeaders) headers = gmulti_headers_new ();
  g_autoptr (GMultiProxy) proxy = NULL;
  g_autoptr (GMultiTransfer) far = new_transfer (f, "far.example", "/a");
  g_autofree char *heads = NULL;

  g_assert_true (gmulti_headers_append (headers, "Proxy-Authorization", "Basic c2VjcmV0OnNlY3JldA==", NULL));
  proxy = g_object_new (GMULTI_TYPE_PROXY, "uri", "http://127.0.0.1:1", "tunnel", TRUE, "headers", headers, NULL);
  gmulti_session_set_proxy_resolver (f->session, G_PROXY_RESOLVER (proxy));
  gmulti_transfer_set_proxy_resolver (far, own);
  check_got (f, far);
  check_summary (f, "GET http://far.example:PORT/a#0");
  heads = proxy_server_heads (f->proxy);
  g_assert_null (strstr (heads, "Proxy-Authorization"));
  gmulti_session_set_proxy_resolver (f->session, NULL);
}

/* The session gets another one in the middle of a transfer, which goes on as it began. */
static void
test_fixed_gone (Fixture *f,
                 gconstpointer data)
{
  g_autoptr (GMultiHeaders) headers = gmulti_headers_new ();
  GMultiProxy *proxy;
  g_autoptr (GMultiTransfer) far = new_transfer (f, "far.example", "/to");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *heads = NULL;
  g_auto (GStrv) parts = NULL;
  GObject *kept;
  GWeakRef weak;

  scripted_server_on (f->server, "/to", scripted_answer_send (scripted_answer_delay (scripted_answer_new (), 150),
                                                              "HTTP/1.1 302 Found\r\nLocation: /b\r\n"
                                                              "Content-Length: 0\r\n\r\n"));
  g_assert_true (gmulti_headers_append (headers, "X-Proxy", "yes", NULL));
  proxy = g_object_new (GMULTI_TYPE_PROXY, "uri", proxy_server_url (f->proxy, "http"), "headers", headers, NULL);
  g_weak_ref_init (&weak, proxy);
  gmulti_session_set_proxy_resolver (f->session, G_PROXY_RESOLVER (proxy));
  g_object_unref (proxy);
  gmulti_session_fetch_async (f->session, far, NULL, face_store_result, &result);
  face_wait_for (scripted_server_n_requests (f->server) == 1);
  gmulti_session_set_proxy_resolver (f->session, NULL);
  face_run_for (50);
  kept = g_weak_ref_get (&weak);
  g_assert_nonnull (kept);
  g_object_unref (kept);

  face_wait_for (result != NULL);
  bytes = gmulti_session_fetch_finish (f->session, result, &error);
  g_assert_no_error (error);
  check_summary (f, "GET http://far.example:PORT/to#0 GET http://far.example:PORT/b#0");
  heads = proxy_server_heads (f->proxy);
  parts = g_strsplit (heads, "X-Proxy: yes\r\n", -1);
  g_assert_cmpuint (g_strv_length (parts), ==, 3);
  g_clear_object (&result);
  g_clear_object (&far);
  face_run_for (50);
  g_assert_null (g_weak_ref_get (&weak));
  g_weak_ref_clear (&weak);
}

/* ---- a resolver that is asked ---- */

static void
test_asked (Fixture *f,
            gconstpointer data)
{
  const char *list[] = { proxy_server_url (f->proxy, "socks5"), NULL };
  g_autoptr (GProxyResolver) resolver = G_PROXY_RESOLVER (new_resolver (list));
  TestResolver *asked = (TestResolver *) resolver;

  asked->delay_ms = 30;
  gmulti_session_set_proxy_resolver (f->session, resolver);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GMultiTransfer) far = new_transfer (f, "far.example", "/a?secret#part");

      check_got (f, far);
    }
  /* once for the origin, about all of the URI but what no resolver needs */
  g_assert_cmpuint (asked->n_asked, ==, 1);
  g_assert_true (g_str_has_suffix (asked->last_uri, "/a?secret"));
  g_assert_true ((asked->thread == g_thread_self ()) == (data == NULL));
  check_summary (f, "SOCKS5 far.example:PORT#0");

  gmulti_session_set_proxy_resolver (f->session, NULL);
}

static void
test_list (Fixture *f,
           gconstpointer data)
{
  const char *list[] = { "http://127.0.0.1:1", "gopher://127.0.0.1:2", "socks5://127.0.0.1:1",
                         proxy_server_url (f->proxy, "http"), "direct://", NULL };
  g_autoptr (GProxyResolver) resolver = G_PROXY_RESOLVER (new_resolver (list));
  g_autoptr (GMultiTransfer) far = new_transfer (f, "far.example", "/a");

  gmulti_transfer_set_proxy_resolver (far, resolver);
  check_got (f, far);
  check_summary (f, "GET http://far.example:PORT/a#0");
}

static void
test_list_direct (Fixture *f,
                  gconstpointer data)
{
  static const char *const list[] = { "http://127.0.0.1:1", "direct://", NULL };
  g_autoptr (GProxyResolver) resolver = G_PROXY_RESOLVER (new_resolver (list));
  g_autoptr (GMultiTransfer) near = new_transfer (f, "127.0.0.1", "/a");

  gmulti_transfer_set_proxy_resolver (near, resolver);
  check_got (f, near);
}

static void
check_tried (const GError *error,
             const char *ways)
{
  const char *tried = strstr (error->message, "; tried before: ");

  g_assert_nonnull (tried);
  g_assert_cmpstr (tried + strlen ("; tried before: "), ==, ways);
}

static void
test_list_failed (Fixture *f,
                  gconstpointer data)
{
  static const char *const list[] = { "http://user:secret@127.0.0.1:1", "gopher://user:secret@127.0.0.1:1",
                                      "socks5://127.0.0.1:1", NULL };
  g_autoptr (GProxyResolver) resolver = G_PROXY_RESOLVER (new_resolver (list));
  g_autoptr (GMultiTransfer) far = new_transfer (f, "far.example", "/a");
  g_autoptr (GError) error = NULL;

  gmulti_transfer_set_proxy_resolver (far, resolver);
  g_assert_null (face_fetch (f->session, far, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  check_tried (error, "http://127.0.0.1:1 (Connection refused), gopher (not a proxy that can be used)");
}

/* The direct way is one like the others. */
static void
test_list_failed_directly (Fixture *f,
                           gconstpointer data)
{
  const char *list[] = { proxy_server_url (f->proxy, "socks5"), "direct://", NULL };
  g_autofree char *tried = g_strdup_printf ("%sh://127.0.0.1:%u (refused, 5)", "socks5", proxy_server_port (f->proxy));
  g_autoptr (GProxyResolver) resolver = G_PROXY_RESOLVER (new_resolver (list));
  g_autoptr (GMultiTransfer) near = gmulti_transfer_new ("http://127.0.0.1:1/");
  g_autoptr (GError) error = NULL;

  proxy_server_set_refusal (f->proxy, 5, NULL);
  gmulti_transfer_set_proxy_resolver (near, resolver);
  g_assert_null (face_fetch (f->session, near, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  check_tried (error, tried);
}

/* Once there was a way, what did not work before is nobody's error. */
static void
test_list_failed_later (Fixture *f,
                        gconstpointer data)
{
  static const char *const list[] = { "http://127.0.0.1:1", "direct://", NULL };
  g_autoptr (GProxyResolver) resolver = G_PROXY_RESOLVER (new_resolver (list));
  g_autoptr (GMultiTransfer) near = new_transfer (f, "127.0.0.1", "/nothing");
  g_autoptr (GError) error = NULL;

  scripted_server_on (f->server, "/nothing", scripted_answer_text (404, NULL, "no"));
  gmulti_transfer_set_proxy_resolver (near, resolver);
  g_assert_null (face_fetch (f->session, near, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
  g_assert_null (strstr (error->message, "tried before"));
}

static void
test_no_idea (Fixture *f,
              gconstpointer data)
{
  g_autoptr (GProxyResolver) resolver = G_PROXY_RESOLVER (new_resolver (NULL));
  g_autoptr (GMultiTransfer) far = new_transfer (f, "far.example", "/a");
  g_autoptr (GError) error = NULL;

  gmulti_transfer_set_proxy_resolver (far, resolver);
  g_assert_null (face_fetch (f->session, far, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PROXY_FAILED);
}

/* An answer for who does not wait any more. */
static void
test_late (Fixture *f,
           gconstpointer data)
{
  static const char *const list[] = { "direct://", NULL };
  g_autoptr (GProxyResolver) resolver = G_PROXY_RESOLVER (new_resolver (list));
  g_autoptr (GMultiTransfer) far = new_transfer (f, "127.0.0.1", "/a");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TestResolver *asked = (TestResolver *) resolver;

  asked->delay_ms = 300;
  gmulti_transfer_set_proxy_resolver (far, resolver);
  gmulti_session_fetch_async (f->session, far, cancellable, face_store_result, &result);
  face_wait_for (g_atomic_int_get ((gint *) &asked->n_asked) > 0);
  face_wait_for (gmulti_transfer_get_phase (far) == GMULTI_PHASE_PROXY_LOOKUP);
  g_assert_cmpint (gmulti_transfer_get_state (far), ==, GMULTI_TRANSFER_STATE_RUNNING);
  g_cancellable_cancel (cancellable);
  face_wait_for (result != NULL);
  g_assert_null (gmulti_session_fetch_finish (f->session, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  face_run_for (400);
  g_assert_cmpuint (scripted_server_n_requests (f->server), ==, 0);
}

/* Nobody turns the loop while a call blocks. */
static void
test_blocking (Fixture *f,
               gconstpointer data)
{
  const char *list[] = { proxy_server_url (f->proxy, "http"), NULL };
  g_autoptr (GProxyResolver) resolver = G_PROXY_RESOLVER (new_resolver (list));
  g_autoptr (GMultiTransfer) far = new_transfer (f, "far.example", "/a");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  gmulti_transfer_set_proxy_resolver (far, resolver);
  bytes = gmulti_session_fetch (f->session, far, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 3);
  check_summary (f, "GET http://far.example:PORT/a#0");
}

static void
test_redirect (Fixture *f,
               gconstpointer data)
{
  static const char *const ignored[] = { "127.0.0.1", NULL };
  g_autoptr (GProxyResolver) resolver = g_simple_proxy_resolver_new (proxy_server_url (f->proxy, "http"), (char **) ignored);
  g_autoptr (GMultiTransfer) far = new_transfer (f, "far.example", "/to");

  scripted_server_on (f->server, "/to", scripted_answer_redirect (302, scripted_server_url (f->server, "/b")));
  gmulti_session_set_proxy_resolver (f->session, resolver);
  check_got (f, far);
  check_summary (f, "GET http://far.example:PORT/to#0");
  gmulti_session_set_proxy_resolver (f->session, NULL);
}

/* Cancelled before the resolver was asked it is not asked any more: its answer would have to wait for turns of a context
 * that perhaps never has another one, and all of the session with it. */
static void
test_forgotten (void)
{
  static const char *const list[] = { "direct://", NULL };
  guint asked = 0;
  guint n;

  for (n = 0; asked == 0; n++)
    {
      TestResolver *resolver = new_resolver (list);
      GMainContext *context = g_main_context_new ();
      g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new ("http://far.example/");
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GAsyncResult) result = NULL;
      GMultiSession *session;
      GWeakRef weak;

      g_assert_cmpuint (n, <, 100);
      g_weak_ref_init (&weak, resolver);
      g_main_context_push_thread_default (context);
      /* so that the order to cancel comes before the question, which has at most this priority */
      session = g_object_new (GMULTI_TYPE_SESSION, "priority", G_PRIORITY_HIGH, NULL);
      gmulti_session_set_proxy_resolver (session, G_PROXY_RESOLVER (resolver));
      gmulti_session_fetch_async (session, transfer, cancellable, face_store_result, &result);
      for (guint i = 0; i < n; i++)
        g_main_context_iteration (context, FALSE);
      asked = resolver->n_asked;
      g_cancellable_cancel (cancellable);
      for (guint i = 0; result == NULL || (asked > 0 && i < 20); i++)
        {
          g_assert_cmpuint (i, <, 100);
          g_main_context_iteration (context, FALSE);
        }
      g_main_context_pop_thread_default (context);

      g_assert_cmpuint (resolver->n_asked, ==, asked);
      g_object_unref (resolver);
      g_clear_object (&result);
      g_clear_object (&transfer);
      face_assert_finalized (session);
      g_assert_null (g_weak_ref_get (&weak));
      g_weak_ref_clear (&weak);
      g_main_context_unref (context);
    }
  g_assert_cmpuint (n, >, 2);
}

static void
add (const char *name,
     void (*test) (Fixture *f, gconstpointer data))
{
  g_autofree char *loop = g_strconcat ("/proxy/", name, "/loop", NULL);
  g_autofree char *thread = g_strconcat ("/proxy/", name, "/thread", NULL);

  g_test_add (loop, Fixture, NULL, set_up, test, tear_down);
  g_test_add (thread, Fixture, "thread", set_up, test, tear_down);
}

static void
note_place (GMultiTransfer *transfer,
            const GError *error,
            gpointer user_data)
{
  guint number = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (transfer), "number"));

  g_assert_no_error (error);
  g_array_append_val ((GArray *) user_data, number);
}

/* Whoever asked first goes first, however many ask, and although later ones need not ask any more. */
static void
test_in_line (Fixture *f,
              gconstpointer data)
{
  static const char *const list[] = { "direct://", NULL };
  TestResolver *resolver = new_resolver (list);
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint));
  const guint n = 300;

  resolver->delay_ms = 2;
  gmulti_session_set_max_connections_per_host (f->session, 1);
  gmulti_session_set_proxy_resolver (f->session, G_PROXY_RESOLVER (resolver));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (scripted_server_url (f->server, "/"));

      g_object_set_data (G_OBJECT (transfer), "number", GUINT_TO_POINTER (i));
      g_signal_connect_data (transfer, "completed", G_CALLBACK (note_place), order, NULL, 0);
      gmulti_session_start (f->session, transfer);
    }
  face_wait_for (order->len == n);
  /* they had to do with one origin, all at a time */
  g_assert_cmpuint (resolver->n_asked, ==, 1);
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (g_array_index (order, guint, i), ==, i);
  g_object_unref (resolver);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  add ("fixed", test_fixed);
  add ("fixed-tunnel", test_fixed_tunnel);
  add ("fixed-properties", test_fixed_properties);
  add ("fixed-login", test_fixed_login);
  add ("fixed-replaced", test_fixed_replaced);
  add ("fixed-gone", test_fixed_gone);
  add ("asked", test_asked);
  add ("list", test_list);
  add ("list-direct", test_list_direct);
  add ("list-failed", test_list_failed);
  add ("list-failed-directly", test_list_failed_directly);
  add ("list-failed-later", test_list_failed_later);
  add ("no-idea", test_no_idea);
  add ("late", test_late);
  add ("blocking", test_blocking);
  add ("redirect", test_redirect);
  add ("in-line", test_in_line);
  g_test_add_func ("/proxy/forgotten", test_forgotten);
  return g_test_run ();
}
