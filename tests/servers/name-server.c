/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "name-server.h"

#include "scripted-peer.h"

gboolean
name_server_is_v6 (const ScriptedRequest *request)
{
  const GByteArray *query = request->body;

  return query->len > 4 && query->data[query->len - 3] == 28;
}

/* The question again, and 127.0.0.1 or nothing. */
static GBytes *
make_answer (const NameServer *self,
             const ScriptedRequest *request)
{
  static const guint8 loopback[] = { 127, 0, 0, 1 };
  GByteArray *answer = g_byte_array_new ();
  gboolean found = self->code == 0 && !name_server_is_v6 (request);
  guint8 record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, (guint8) (self->ttl >> 8), (guint8) self->ttl, 0, 4 };

  g_byte_array_append (answer, request->body->data, request->body->len);
  answer->data[2] |= 0x80;
  answer->data[3] = (guint8) (0x80 | self->code);
  answer->data[7] = found;
  if (found)
    {
      g_byte_array_append (answer, record, sizeof record);
      g_byte_array_append (answer, loopback, sizeof loopback);
    }

  return g_byte_array_free_to_bytes (answer);
}

ScriptedAnswer *
name_server_answer (const ScriptedRequest *request,
                    gpointer user_data)
{
  NameServer *self = user_data;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *head = NULL;

  g_atomic_int_inc (&self->n_asked);
  if (self->stalls)
    return scripted_answer_stall (scripted_answer_new ());
  if (self->page != NULL)
    return scripted_answer_end (scripted_answer_exact (self->page), SCRIPTED_END_CLOSE);

  bytes = make_answer (self, request);
  head = g_strdup_printf ("HTTP/1.1 200 OK\r\n" NAME_SERVER_TYPE "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
                          g_bytes_get_size (bytes));
  return scripted_answer_bytes (scripted_answer_exact (head), g_steal_pointer (&bytes));
}
