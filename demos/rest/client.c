/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists what a JSON service has, page by page; with a name, adds an item of that name first; Ctrl-C cancels:
 * client http://localhost/items [NAME] */
#include <gmulti.h>
#include <json-glib/json-glib.h>
#include <locale.h>
#include <signal.h>

static sigset_t interrupts;

/* The calls of the main thread block: what cancels them comes from another one. */
static gpointer
wait_for_interrupt (gpointer cancellable)
{
  int number;

  sigwait (&interrupts, &number);
  g_cancellable_cancel (cancellable);
  return NULL;
}

/* GETs what is at the address, or POSTs an item to it. The service speaks JSON, also when it refuses. */
static JsonObject *
call (GMultiSession *session,
      const char *uri,
      const char *name,
      JsonParser *parser,
      GCancellable *cancellable)
{
  g_autoptr (GMultiTransfer) transfer = g_object_new (GMULTI_TYPE_TRANSFER, "uri", uri, "accept-status", TRUE, NULL);
  g_autoptr (GVariant) item = g_variant_ref_sink (g_variant_new_parsed ("{'name': %s}", name != NULL ? name : ""));
  g_autofree char *text = json_gvariant_serialize_data (item, NULL);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text)), body = NULL;
  g_autoptr (GMultiResponse) response = NULL;
  g_autoptr (GError) error = NULL;

  if (name != NULL)
    gmulti_transfer_set_body_bytes (transfer, "application/json", bytes);
  body = gmulti_session_fetch (session, transfer, cancellable, &error);
  response = gmulti_transfer_ref_response (transfer);
  if (body != NULL
      && json_parser_load_from_data (parser, g_bytes_get_data (body, NULL), (gssize) g_bytes_get_size (body), &error)
      && !gmulti_response_is_success (response))
    g_set_error (&error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS, "%s (%u)",
                 json_object_get_string_member (json_node_get_object (json_parser_get_root (parser)), "error"),
                 gmulti_response_get_status (response));
  if (error == NULL)
    return json_node_get_object (json_parser_get_root (parser));
  g_printerr ("%s\n", error->message);
  exit (1);
}

int
main (int argc, char **argv)
{
  g_autoptr (GMultiSession) session = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  GCancellable *cancellable = g_cancellable_new ();
  JsonObject *page;
  GList *items;

  setlocale (LC_ALL, "");
  sigemptyset (&interrupts);
  sigaddset (&interrupts, SIGINT);
  pthread_sigmask (SIG_BLOCK, &interrupts, NULL);
  g_thread_unref (g_thread_new ("interrupt", wait_for_interrupt, cancellable));
  session = gmulti_session_new ();
  if (argc > 2)
    call (session, argv[1], argv[2], parser, cancellable);
  for (const char *uri = argv[1]; uri != NULL; uri = json_object_get_string_member_with_default (page, "next", NULL))
    {
      page = call (session, uri, NULL, parser, cancellable);
      items = json_array_get_elements (json_object_get_array_member (page, "items"));
      for (; items != NULL; items = g_list_delete_link (items, items))
        g_print ("%d %s\n", (int) json_object_get_int_member (json_node_get_object (items->data), "id"),
                 json_object_get_string_member (json_node_get_object (items->data), "name"));
    }
  return 0;
}
