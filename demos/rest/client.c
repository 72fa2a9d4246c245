/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists what a JSON service has, page by page; with a name, adds an item of that name first:
 * client http://localhost/items [NAME] */
#include <gmulti.h>
#include <json-glib/json-glib.h>
#include <locale.h>

/* GETs what is at the address, or POSTs an item to it. The service speaks JSON, also when it refuses. */
static JsonObject *
call (GMultiSession *session,
      const char *uri,
      const char *item,
      GError **error)
{
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (uri);
  g_autoptr (GMultiResponse) response = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GBytes) body = NULL;
  JsonObject *answer;

  gmulti_transfer_set_accept_status (transfer, TRUE);
  if (item != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (item, strlen (item));

      gmulti_transfer_set_body_bytes (transfer, "application/json", bytes);
    }

  body = gmulti_session_fetch (session, transfer, NULL, error);
  if (body == NULL
      || !json_parser_load_from_data (parser, g_bytes_get_data (body, NULL), (gssize) g_bytes_get_size (body), error))
    return NULL;

  answer = json_node_get_object (json_parser_get_root (parser));
  response = gmulti_transfer_ref_response (transfer);
  if (gmulti_response_is_success (response))
    return json_object_ref (answer);

  g_set_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS, "%s (%u)",
               json_object_get_string_member (answer, "error"), gmulti_response_get_status (response));
  return NULL;
}

int
main (int argc, char **argv)
{
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  g_autoptr (JsonObject) page = NULL;
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  if (argc > 2)
    {
      g_autoptr (JsonNode) name = json_node_init_string (json_node_alloc (), argv[2]);
      g_autofree char *quoted = json_to_string (name, FALSE);
      g_autofree char *item = g_strdup_printf ("{\"name\": %s}", quoted);
      g_autoptr (JsonObject) added = call (session, argv[1], item, &error);
    }

  for (const char *uri = argv[1]; uri != NULL && error == NULL;)
    {
      g_autoptr (JsonObject) last = g_steal_pointer (&page);
      JsonArray *items;

      page = call (session, uri, NULL, &error);
      items = page != NULL ? json_object_get_array_member (page, "items") : NULL;
      for (guint i = 0; items != NULL && i < json_array_get_length (items); i++)
        {
          JsonObject *item = json_array_get_object_element (items, i);

          g_print ("%d %s\n", (int) json_object_get_int_member (item, "id"), json_object_get_string_member (item, "name"));
        }
      uri = page != NULL ? json_object_get_string_member_with_default (page, "next", NULL) : NULL;
    }

  if (error != NULL)
    g_printerr ("%s\n", error->message);
  return error != NULL;
}
