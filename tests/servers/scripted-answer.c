/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-answer.h"

#include "scripted-peer.h"

#include <string.h>

static void
op_clear (gpointer data)
{
  ScriptedOp *op = data;

  g_clear_pointer (&op->bytes, g_bytes_unref);
}

ScriptedAnswer *
scripted_answer_new (void)
{
  ScriptedAnswer *answer = g_new0 (ScriptedAnswer, 1);

  g_atomic_ref_count_init (&answer->refs);
  answer->ops = g_array_new (FALSE, TRUE, sizeof (ScriptedOp));
  g_array_set_clear_func (answer->ops, op_clear);
  answer->cut_at = -1;
  return answer;
}

ScriptedAnswer *
scripted_answer_ref (ScriptedAnswer *answer)
{
  g_atomic_ref_count_inc (&answer->refs);
  return answer;
}

void
scripted_answer_unref (ScriptedAnswer *answer)
{
  if (answer == NULL || !g_atomic_ref_count_dec (&answer->refs))
    return;
  g_array_unref (answer->ops);
  g_free (answer);
}

static ScriptedAnswer *
add (ScriptedAnswer *answer,
     ScriptedOp op)
{
  g_array_append_val (answer->ops, op);
  return answer;
}

ScriptedAnswer *
scripted_answer_bytes (ScriptedAnswer *answer,
                       GBytes *bytes)
{
  return add (answer, (ScriptedOp){ .kind = SCRIPTED_OP_BYTES, .bytes = bytes });
}

ScriptedAnswer *
scripted_answer_send (ScriptedAnswer *answer,
                      const char *text)
{
  return scripted_answer_bytes (answer, g_bytes_new (text, strlen (text)));
}

ScriptedAnswer *
scripted_answer_body (ScriptedAnswer *answer,
                      const char *text)
{
  return add (answer, (ScriptedOp){ .kind = SCRIPTED_OP_BODY, .bytes = g_bytes_new (text, strlen (text)) });
}

ScriptedAnswer *
scripted_answer_pattern (ScriptedAnswer *answer,
                         guint64 seed,
                         guint64 offset,
                         guint64 length)
{
  return add (answer,
              (ScriptedOp){ .kind = SCRIPTED_OP_PATTERN, .seed = seed, .offset = offset, .length = length });
}

ScriptedAnswer *
scripted_answer_chunks (ScriptedAnswer *answer,
                        guint64 seed,
                        guint64 length,
                        guint64 chunk,
                        const char *extension)
{
  g_assert_cmpuint (chunk, >, 0);
  return add (answer, (ScriptedOp){ .kind = SCRIPTED_OP_CHUNKS,
                                    .seed = seed,
                                    .length = length,
                                    .chunk = chunk,
                                    .bytes = extension != NULL ? g_bytes_new (extension, strlen (extension)) : NULL });
}

ScriptedAnswer *
scripted_answer_echo (ScriptedAnswer *answer)
{
  return add (answer, (ScriptedOp){ .kind = SCRIPTED_OP_ECHO });
}

ScriptedAnswer *
scripted_answer_delay (ScriptedAnswer *answer,
                       guint ms)
{
  return add (answer, (ScriptedOp){ .kind = SCRIPTED_OP_DELAY, .delay_us = (gint64) ms * 1000 });
}

ScriptedAnswer *
scripted_answer_wait_body (ScriptedAnswer *answer,
                           guint64 length)
{
  return add (answer, (ScriptedOp){ .kind = SCRIPTED_OP_WAIT_BODY, .length = length });
}

ScriptedAnswer *
scripted_answer_stall (ScriptedAnswer *answer)
{
  return add (answer, (ScriptedOp){ .kind = SCRIPTED_OP_STALL });
}

ScriptedAnswer *
scripted_answer_split (ScriptedAnswer *answer,
                       guint64 piece,
                       guint delay_us)
{
  return add (answer, (ScriptedOp){ .kind = SCRIPTED_OP_SPLIT, .length = piece, .delay_us = delay_us });
}

ScriptedAnswer *
scripted_answer_end (ScriptedAnswer *answer,
                     ScriptedEnd how)
{
  return add (answer, (ScriptedOp){ .kind = SCRIPTED_OP_END, .end = how });
}

ScriptedAnswer *
scripted_answer_handler (ScriptedAnswer *answer,
                         ScriptedHandler handler,
                         gpointer user_data)
{
  return add (answer,
              (ScriptedOp){ .kind = SCRIPTED_OP_HANDLER, .handler = handler, .handler_data = user_data });
}

ScriptedAnswer *
scripted_answer_cut (ScriptedAnswer *answer,
                     guint64 at,
                     ScriptedEnd how)
{
  answer->cut_at = (gint64) at;
  answer->cut_how = how;
  return answer;
}

ScriptedAnswer *
scripted_answer_at_head (ScriptedAnswer *answer)
{
  answer->at_head = TRUE;
  return answer;
}

ScriptedAnswer *
scripted_answer_no_read (ScriptedAnswer *answer)
{
  answer->no_read = TRUE;
  return answer;
}

ScriptedAnswer *
scripted_answer_read_slowly (ScriptedAnswer *answer,
                             guint bytes_per_ms)
{
  answer->read_per_ms = bytes_per_ms;
  return answer;
}

ScriptedAnswer *
scripted_answer_exact (const char *text)
{
  return scripted_answer_send (scripted_answer_new (), text);
}

/* No two of them need a real reason phrase; one word shows that it is read. */
static const char *
reason (guint status)
{
  return status < 200 ? "Wait" : status < 300 ? "Fine" : status < 400 ? "Elsewhere" : status < 500 ? "Yours" : "Mine";
}

ScriptedAnswer *
scripted_answer_text (guint status,
                      const char *headers,
                      const char *body)
{
  g_autofree char *head = g_strdup_printf ("HTTP/1.1 %u %s\r\nContent-Length: %zu\r\n%s\r\n", status, reason (status),
                                           strlen (body), headers != NULL ? headers : "");

  return scripted_answer_body (scripted_answer_exact (head), body);
}

ScriptedAnswer *
scripted_answer_chunked (guint status,
                         const char *headers,
                         const char *body,
                         gsize chunk,
                         const char *trailers)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *head = g_strdup_printf ("HTTP/1.1 %u %s\r\nTransfer-Encoding: chunked\r\n%s\r\n", status,
                                           reason (status), headers != NULL ? headers : "");

  for (gsize at = 0, len = strlen (body); at < len; at += chunk)
    {
      gsize n = MIN (chunk, len - at);

      g_string_append_printf (text, "%zx\r\n%.*s\r\n", n, (int) n, body + at);
    }
  g_string_append_printf (text, "0\r\n%s\r\n", trailers != NULL ? trailers : "");
  return scripted_answer_body (scripted_answer_exact (head), text->str);
}

ScriptedAnswer *
scripted_answer_big (guint64 seed,
                     guint64 length)
{
  g_autofree char *head =
    g_strdup_printf ("HTTP/1.1 200 Fine\r\nContent-Length: %" G_GUINT64_FORMAT "\r\n\r\n", length);

  return scripted_answer_pattern (scripted_answer_exact (head), seed, 0, length);
}

ScriptedAnswer *
scripted_answer_redirect (guint status,
                          const char *location)
{
  g_autofree char *header = g_strdup_printf ("Location: %s\r\n", location);

  return scripted_answer_text (status, header, "moved");
}

/* RFC 9110 section 14.1.2; a single range only, as a server may. FALSE: the header is not one and is ignored. */
static gboolean
parse_range (const char *header,
             guint64 length,
             guint64 *first,
             guint64 *last)
{
  char *end = NULL;

  if (header == NULL || !g_str_has_prefix (header, "bytes=") || strchr (header, ',') != NULL)
    return FALSE;
  header += strlen ("bytes=");
  if (*header == '-')
    {
      guint64 suffix = g_ascii_strtoull (header + 1, NULL, 10);

      *first = suffix >= length ? 0 : length - suffix;
      *last = suffix == 0 ? 0 : length - 1;
      return suffix > 0 || (*first = length, TRUE);
    }
  *first = g_ascii_strtoull (header, &end, 10);
  if (end == header || *end != '-')
    return FALSE;
  *last = end[1] != '\0' ? MIN (g_ascii_strtoull (end + 1, NULL, 10), length - 1) : length - 1;
  return TRUE;
}

static gboolean
not_modified (const ScriptedResource *resource,
              const ScriptedRequest *request)
{
  const char *none_match = scripted_request_header (request, "If-None-Match");
  const char *since = scripted_request_header (request, "If-Modified-Since");

  if (none_match != NULL)
    return resource->etag != NULL && (strstr (none_match, resource->etag) != NULL || g_str_equal (none_match, "*"));
  return since != NULL && g_strcmp0 (since, resource->last_modified) == 0;
}

static ScriptedAnswer *
resource_part (const ScriptedResource *resource,
               const ScriptedRequest *request,
               const char *validators,
               guint64 first,
               guint64 last)
{
  g_autofree char *head = NULL;

  if (first >= resource->length)
    {
      head = g_strdup_printf ("HTTP/1.1 416 Beyond\r\nContent-Range: bytes */%" G_GUINT64_FORMAT
                              "\r\nContent-Length: 0\r\n%s\r\n",
                              resource->length, validators);
      return scripted_answer_exact (head);
    }
  head = g_strdup_printf ("HTTP/1.1 206 Part\r\nContent-Range: bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT
                          "/%" G_GUINT64_FORMAT "\r\nContent-Length: %" G_GUINT64_FORMAT "\r\n%s\r\n",
                          first, last, resource->length, last - first + 1, validators);
  return scripted_answer_pattern (scripted_answer_exact (head), resource->seed, first, last - first + 1);
}

static ScriptedAnswer *
resource_handler (const ScriptedRequest *request,
                  gpointer user_data)
{
  const ScriptedResource *resource = user_data;
  const char *if_range = scripted_request_header (request, "If-Range");
  gboolean head_only = g_str_equal (request->method, "HEAD");
  guint64 first, last;
  ScriptedAnswer *answer;
  g_autofree char *head = NULL;
  g_autofree char *validators
    = g_strdup_printf ("Accept-Ranges: bytes\r\n%s%s%s%s%s%s", resource->etag != NULL ? "ETag: " : "",
                       resource->etag != NULL ? resource->etag : "", resource->etag != NULL ? "\r\n" : "",
                       resource->last_modified != NULL ? "Last-Modified: " : "",
                       resource->last_modified != NULL ? resource->last_modified : "",
                       resource->last_modified != NULL ? "\r\n" : "");

  if (not_modified (resource, request))
    {
      head = g_strdup_printf ("HTTP/1.1 304 Same\r\n%s\r\n", validators);
      return scripted_answer_exact (head);
    }
  if (!head_only && resource->length > 0
      && (if_range == NULL || g_strcmp0 (if_range, resource->etag) == 0
          || g_strcmp0 (if_range, resource->last_modified) == 0)
      && parse_range (scripted_request_header (request, "Range"), resource->length, &first, &last))
    return resource_part (resource, request, validators, first, last);
  head = g_strdup_printf ("HTTP/1.1 200 Fine\r\nContent-Length: %" G_GUINT64_FORMAT "\r\n%s\r\n", resource->length,
                          validators);
  answer = scripted_answer_exact (head);
  return head_only ? answer : scripted_answer_pattern (answer, resource->seed, 0, resource->length);
}

ScriptedAnswer *
scripted_answer_resource (const ScriptedResource *resource)
{
  return scripted_answer_handler (scripted_answer_new (), resource_handler, (gpointer) resource);
}
