/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http2-fields.h"

/* Fields that speak about an HTTP/1 connection and have no place here (RFC 9113 section 8.2.2). */
static const char *const connection_fields[] = { "connection", "keep-alive",        "proxy-connection", "http2-settings",
                                                 "upgrade",    "transfer-encoding", "host" };

GArray *
gm_http2_fields_new (void)
{
  return g_array_sized_new (FALSE, FALSE, sizeof (GmHttp2Field), 16);
}

void
gm_http2_fields_add (GArray *self,
                     GmSpan name,
                     GmSpan value,
                     gboolean secret)
{
  GmHttp2Field field = { name, value, secret };

  g_array_append_val (self, field);
}

GmSpan
gm_http2_next_line (GmSpan *text)
{
  const char *end = text->len > 0 ? memchr (text->data, '\r', text->len) : NULL;
  GmSpan line = gm_span (text->data, end != NULL ? (gsize) (end - text->data) : text->len);
  gsize gone = MIN (line.len + 2, text->len);

  *text = gm_span (text->data + gone, text->len - gone);
  return line;
}

static gboolean
is_connection_field (GmSpan name)
{
  for (guint i = 0; i < G_N_ELEMENTS (connection_fields); i++)
    if (gm_span_equal (name, gm_span (connection_fields[i], strlen (connection_fields[i]))))
      return TRUE;

  return FALSE;
}

static gboolean
is_secret (GmSpan name)
{
  return gm_span_equal (name, GM_SPAN ("authorization")) || gm_span_equal (name, GM_SPAN ("proxy-authorization"));
}

void
gm_http2_fields_add_line (GArray *self,
                          GmSpan line,
                          GmSpan *host)
{
  const char *colon = memchr (line.data, ':', line.len);
  GmSpan name;
  GmSpan value;

  if (colon == NULL)
    return;

  name = gm_span (line.data, (gsize) (colon - line.data));
  value = gm_span_strip (gm_span (colon + 1, line.len - name.len - 1));
  for (gsize i = 0; i < name.len; i++)
    ((char *) name.data)[i] = g_ascii_tolower (name.data[i]);

  if (host != NULL && gm_span_equal (name, GM_SPAN ("host")))
    *host = value;
  if (is_connection_field (name))
    return;
  /* RFC 9113 section 8.2.2: of TE nothing else may be said. */
  if (gm_span_equal (name, GM_SPAN ("te")))
    {
      if (!gm_span_has_token (value, GM_SPAN ("trailers")))
        return;
      value = GM_SPAN ("trailers");
    }
  gm_http2_fields_add (self, name, value, is_secret (name));
}

void
gm_http2_fields_add_head (GArray *self,
                          GmSpan scheme,
                          GmSpan text)
{
  GmSpan line = gm_http2_next_line (&text);
  const char *blank = memchr (line.data, ' ', line.len);
  GmSpan method = gm_span (line.data, (gsize) (blank - line.data));
  /* The version at its end has as many letters always. */
  GmSpan target = gm_span (blank + 1, line.len - method.len - 1 - strlen (" HTTP/1.1"));
  gboolean is_connect = scheme.len == 0;
  GmSpan host = gm_span (NULL, 0);
  guint at;

  gm_http2_fields_add (self, GM_SPAN (":method"), method, FALSE);
  if (!is_connect)
    {
      gm_http2_fields_add (self, GM_SPAN (":path"), target, FALSE);
      gm_http2_fields_add (self, GM_SPAN (":scheme"), scheme, FALSE);
    }
  at = self->len;
  gm_http2_fields_add (self, GM_SPAN (":authority"), host, FALSE);
  while ((line = gm_http2_next_line (&text)).len > 0)
    gm_http2_fields_add_line (self, line, &host);

  if (is_connect)
    host = target;
  if (host.len > 0)
    g_array_index (self, GmHttp2Field, at).value = host;
  else
    g_array_remove_index (self, at);
}

void
gm_http2_fields_set_authority (GArray *self,
                               GmSpan authority)
{
  GmHttp2Field field = { GM_SPAN (":authority"), authority, FALSE };

  for (guint i = 0; i < self->len; i++)
    if (gm_span_equal (g_array_index (self, GmHttp2Field, i).name, field.name))
      {
        g_array_index (self, GmHttp2Field, i).value = authority;
        return;
      }

  g_array_prepend_val (self, field);
}
