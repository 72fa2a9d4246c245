/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitors.h"
#include "pairs-private.h"

#include <string.h>

/* Arguments by their types. A type that is not here is made with its defaults if it can be; if not, the test fails and
 * says so: it has to be added. */

typedef struct
{
  gpointer thing;
  GDestroyNotify free_thing;
} Kept;

static void
kept_free (gpointer data)
{
  Kept *kept = data;

  kept->free_thing (kept->thing);
  g_free (kept);
}

gpointer
pairs_keep (PairsScene *scene,
            gpointer thing,
            GDestroyNotify free_thing)
{
  Kept *kept;

  if (thing == NULL)
    return NULL;

  if (scene->bag == NULL)
    scene->bag = g_ptr_array_new_with_free_func (kept_free);
  kept = g_new (Kept, 1);
  *kept = (Kept){ thing, free_thing };
  g_ptr_array_add (scene->bag, kept);

  return thing;
}

static gpointer
keep_object (PairsScene *scene,
             gpointer object)
{
  return pairs_keep (scene, object, g_object_unref);
}

char *
pairs_path (void)
{
  return g_strdup_printf ("%s/file-%u", pairs_world.folder, (guint) g_atomic_int_add (&pairs_world.n_files, 1));
}

static GFile *
new_file (void)
{
  g_autofree char *path = pairs_path ();

  return g_file_new_for_path (path);
}

/* ---- objects of the library ---- */

static gpointer
own_transfer (PairsScene *scene,
              gboolean download)
{
  gpointer own = g_ptr_array_index (scene->transfers, download ? 1 : 0);

  if (scene->emitter != NULL && G_TYPE_CHECK_INSTANCE_TYPE (scene->emitter, GMULTI_TYPE_TRANSFER)
      && (!download || GMULTI_IS_DOWNLOAD (scene->emitter)))
    own = scene->emitter;

  return own;
}

static gpointer
new_transfer (PairsScene *scene,
              gboolean download)
{
  const char *uri = scripted_server_url (pairs_world.server, "/small");
  g_autoptr (GFile) file = new_file ();
  g_autoptr (GMultiTransfer) transfer = NULL;

  transfer = download ? GMULTI_TRANSFER (gmulti_download_new (uri, file)) : gmulti_transfer_new (uri);
  return pairs_watch (scene, transfer)->transfer;
}

static gpointer
self_response (PairsScene *scene)
{
  GMultiResponse *response = gmulti_transfer_ref_response (own_transfer (scene, FALSE));

  return response != NULL ? keep_object (scene, response) : pairs_world.response;
}

static gpointer
self_metrics (PairsScene *scene)
{
  GMultiMetrics *metrics = NULL;

  if (scene->way == PAIRS_WAY_OWN)
    metrics = gmulti_transfer_ref_metrics (own_transfer (scene, FALSE));
  if (metrics != NULL && gmulti_metrics_get_n_children (metrics) == 0)
    g_clear_pointer (&metrics, gmulti_metrics_unref);
  if (metrics == NULL)
    return pairs_world.metrics;

  return pairs_keep (scene, metrics, (GDestroyNotify) gmulti_metrics_unref);
}

static gpointer
self_headers (PairsScene *scene)
{
  GMultiHeaders *headers = gmulti_response_get_headers (self_response (scene));

  if (scene->way == PAIRS_WAY_OWN)
    return headers;

  return pairs_keep (scene, gmulti_headers_copy (headers), (GDestroyNotify) gmulti_headers_unref);
}

static gpointer
by_type (PairsScene *scene,
         const char *prefix,
         const char *name)
{
  g_autofree char *type_name = g_strconcat (prefix, name, NULL);
  GType type = g_type_from_name (type_name);

  if (type != 0 && G_TYPE_IS_OBJECT (type) && !G_TYPE_IS_ABSTRACT (type))
    return keep_object (scene, g_object_new (type, NULL));

  g_test_message ("pairs-give.c knows no %s", type_name);
  g_test_fail ();
  return NULL;
}

gpointer
pairs_self (PairsScene *scene,
            const char *class_name)
{
  const struct { const char *name; gpointer thing; } own[] = {
    { "Transfer", own_transfer (scene, FALSE) },
    { "Download", own_transfer (scene, TRUE) },
    { "Session", scene->session },
    { "Group", scene->group },
    { "Form", scene->form },
    { "CookieJar", GMULTI_IS_COOKIE_JAR (scene->emitter) ? (gpointer) scene->emitter : scene->jar },
    { "Challenge", scene->challenge != NULL ? scene->challenge : pairs_world.challenge },
    { "TrustCheck", scene->check != NULL ? scene->check : pairs_world.check },
    { "Cookie", pairs_world.cookie },
  };

  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    if (g_str_equal (class_name, own[i].name))
      return own[i].thing;
  if (g_str_equal (class_name, "Response"))
    return self_response (scene);
  if (g_str_equal (class_name, "Metrics"))
    return self_metrics (scene);
  if (g_str_equal (class_name, "Headers"))
    return self_headers (scene);

  return by_type (scene, "GMulti", class_name);
}

gpointer
pairs_fresh (PairsScene *scene,
             const char *class_name)
{
  if (g_str_equal (class_name, "Transfer") || g_str_equal (class_name, "Download"))
    return new_transfer (scene, *class_name == 'D');
  if (g_str_equal (class_name, "CookieJar"))
    {
      g_autoptr (GFile) file = new_file ();

      return keep_object (scene, gmulti_cookie_jar_new_for_file (file));
    }

  return by_type (scene, "GMulti", class_name);
}

gpointer
pairs_source (PairsScene *scene)
{
  return keep_object (scene, g_async_result_get_source_object (scene->result));
}

/* ---- arguments ---- */

static const char *
give_text (const char *name)
{
  static const char *const texts[][2] = {
    { "name", "X-Name" },       { "value", "a value" },        { "method", "GET" },
    { "user", "user" },         { "password", "secret" },      { "content_type", "text/plain" },
    { "filename", "file.txt" }, { "set_cookie", "early=bird" }, { "token", "abc" },
    { "local_interface", "lo" },
  };

  if (strstr (name, "uri") != NULL || strstr (name, "party") != NULL)
    return scripted_server_url (pairs_world.server, "/small");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_str_equal (name, texts[i][0]))
      return texts[i][1];

  return "text";
}

static gpointer
give_file (PairsScene *scene,
           const char *function)
{
  g_autofree char *there = g_build_filename (pairs_world.folder, "there", NULL);

  if (strstr (function, "form") != NULL || strstr (function, "body") != NULL)
    return keep_object (scene, g_file_new_for_path (there));

  return keep_object (scene, new_file ());
}

static gpointer
give_tls (PairsScene *scene,
          const char *type)
{
  const char *authority = scripted_tls_get_authority_file ();

  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    return NULL;
  if (g_str_equal (type, "Gio.TlsDatabase"))
    return keep_object (scene, g_tls_file_database_new (authority, NULL));

  return keep_object (scene, g_tls_certificate_new_from_file (authority, NULL));
}

static gpointer
give_gio (PairsScene *scene,
          const char *type,
          const char *function)
{
  static const char text[] = "early=bird";

  if (g_str_equal (type, "Gio.AsyncResult"))
    return scene->result;
  if (g_str_equal (type, "Gio.File"))
    return give_file (scene, function);
  if (g_str_equal (type, "Gio.Cancellable"))
    return keep_object (scene, g_cancellable_new ());
  if (g_str_equal (type, "Gio.InputStream"))
    return keep_object (scene, g_memory_input_stream_new_from_data (text, sizeof text - 1, NULL));
  if (g_str_equal (type, "Gio.OutputStream"))
    return keep_object (scene, g_memory_output_stream_new_resizable ());
  if (g_str_equal (type, "Gio.ProxyResolver"))
    return keep_object (scene, g_simple_proxy_resolver_new ("direct://", NULL));
  if (g_str_equal (type, "Gio.TlsInteraction"))
    return keep_object (scene, g_object_new (G_TYPE_TLS_INTERACTION, NULL));
  if (g_str_equal (type, "Gio.TlsDatabase") || g_str_equal (type, "Gio.TlsCertificate"))
    return give_tls (scene, type);
  if (g_str_equal (type, "Gio.SocketConnectable"))
    return keep_object (scene, g_network_address_new ("127.0.0.1", scripted_server_port (pairs_world.server)));

  if (g_str_equal (type, "Gio.InetSocketAddress"))
    return keep_object (scene, g_inet_socket_address_new_from_string ("127.0.0.1", 0));
  if (g_str_equal (type, "Gio.NetworkMonitor"))
    return keep_object (scene, said_network_new (TRUE));
  if (g_str_equal (type, "Gio.PowerProfileMonitor"))
    return keep_object (scene, said_power_new (FALSE));
  if (g_str_equal (type, "Gio.MemoryMonitor"))
    return keep_object (scene, said_memory_new ());

  return by_type (scene, "G", type + strlen ("Gio."));
}

static gpointer
give_transfer (PairsScene *scene,
               gboolean download,
               const char *function,
               guint way)
{
  gpointer transfer = way == PAIRS_WAY_OWN ? own_transfer (scene, download) : new_transfer (scene, download);

  /* the session may take it and begin it, again if it had ended */
  if (way == PAIRS_WAY_OWN && g_str_has_prefix (function, "gmulti_session_"))
    for (guint i = 0; i < scene->watched->len; i++)
      {
        PairsWatched *watched = g_ptr_array_index (scene->watched, i);

        watched->n_starts += watched->transfer == transfer ? 1 : 0;
      }
  return transfer;
}

gpointer
pairs_give (PairsScene *scene,
            const char *type,
            const char *function,
            const char *argument,
            guint way)
{
  static const char *const names[] = { "a.example", "b.example", NULL };

  if (g_str_equal (type, "utf8") || g_str_equal (type, "filename"))
    return (gpointer) give_text (argument);
  if (g_str_has_prefix (type, "array<utf8>"))
    return (gpointer) names;
  if (g_str_equal (type, "Transfer") || g_str_equal (type, "Download"))
    return give_transfer (scene, *type == 'D', function, way);
  if (g_str_equal (type, "GLib.Bytes"))
    return pairs_keep (scene, g_bytes_new_static ("bytes", 5), (GDestroyNotify) g_bytes_unref);
  if (g_str_equal (type, "GLib.Error"))
    return pairs_keep (scene, g_error_new_literal (GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_FAILED, "it failed"),
                       (GDestroyNotify) g_error_free);
  if (g_str_has_prefix (type, "Gio."))
    return give_gio (scene, type, function);
  if (way == PAIRS_WAY_OWN || g_str_equal (type, "Cookie") || g_str_equal (type, "Headers"))
    return pairs_self (scene, type);

  return by_type (scene, "GMulti", type);
}

gpointer
pairs_await (PairsScene *scene)
{
  scene->n_awaited++;
  return scene;
}

void
pairs_came (PairsScene *scene)
{
  g_assert_cmpuint (scene->n_awaited, >, 0);
  scene->n_awaited--;
}

void
pairs_store_result (GObject *source,
                    GAsyncResult *result,
                    gpointer scene)
{
  g_ptr_array_add (((PairsScene *) scene)->results, g_object_ref (result));
}
