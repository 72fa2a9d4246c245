/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http.h"

#include "gm-sink-decode.h"
#include "gm-trace.h"

/* An unknown coding's name is shown to people: no more of it than they read. */
#define NAME_MAX_SHOWN 64

typedef struct
{
  GmCoding codings[GM_DECODE_MAX_CODINGS];
  guint n;
} Codings;

/* A piece of a body, or the rest of one that is there already in part, has to be of the body itself: decoders begin at
 * the beginning. Who names codings has his way. */
const char *
gm_http_accepts (const GmRequest *request)
{
  const GmRequestSettings *settings = request->settings;
  gboolean in_part = settings->range != NULL || settings->resume_from > 0;

  if (settings->accept_encoding == NULL || settings->accept_encoding[0] != '\0')
    return settings->accept_encoding;

  return in_part ? "identity" : gm_coding_list ();
}

static GmResult
refuse (GmHttp *self,
        GmSpan name,
        GmResult result)
{
  GmError *error = self->request->error;

  gm_error_set (error, result, GM_PHASE_BODY, 0);
  if (error->result == result && error->detail == NULL)
    error->detail = g_strndup (name.data, MIN (name.len, NAME_MAX_SHOWN));

  return result;
}

/* Adds what the fields of this name list: all of them together are one list. @unknown is what a coding that we cannot undo
 * amounts to. */
static GmResult
collect (GmHttp *self,
         GmSpan field,
         guint first,
         guint n,
         GmResult unknown,
         Codings *found)
{
  const GmHeaders *headers = self->request->headers;

  for (guint i = first; i < first + n; i++)
    {
      GmSpan list = gm_headers_get_value (headers, i);
      GmSpan name;

      if (!gm_span_equal_nocase (gm_headers_get_name (headers, i), field))
        continue;
      while (gm_span_cut_element (&list, &name))
        {
          GmCoding coding;

          if (unknown == GM_HTTP_BAD_ENCODING && gm_span_equal_nocase (name, GM_SPAN ("chunked")))
            continue;
          if (!gm_coding_find (name, &coding))
            return refuse (self, name, unknown);
          if (coding == GM_CODING_IDENTITY)
            continue;
          if (found->n == GM_DECODE_MAX_CODINGS)
            return refuse (self, list.len > 0 ? list : name, unknown);
          found->codings[found->n++] = coding;
        }
    }

  return GM_OK;
}

GmResult
gm_http_decode (GmHttp *self,
                guint first,
                guint n)
{
  GmRequest *request = self->request;
  const GmRequestSettings *settings = request->settings;
  Codings found = { .n = 0 };
  GmResult result = GM_OK;

  if (settings->raw_transfer)
    return GM_OK;

  if (self->facts.content_encoding != 0 && settings->accept_encoding != NULL && !settings->raw_content)
    result = collect (self, GM_SPAN ("Content-Encoding"), first, n, GM_BAD_CONTENT_ENCODING, &found);
  /* The content's codings were there before the transfer's. */
  if (result == GM_OK && settings->transfer_coding && (self->facts.flags & GM_HTTP_TRANSFER_ENCODING) != 0)
    result = collect (self, GM_SPAN ("Transfer-Encoding"), first, n, GM_HTTP_BAD_ENCODING, &found);
  if (result != GM_OK || found.n == 0)
    return result;

  GM_TRACE (BODY, request->id, request->connection->id, "%u codings to undo", found.n);
  return gm_sink_decode_new (request->sink, found.codings, found.n, request->flow, request->decoders, &request->sink);
}
