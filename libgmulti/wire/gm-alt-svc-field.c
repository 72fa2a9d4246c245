/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-alt-svc-field.h"

#include "gm-http-words.h"

const char *
gm_alt_protocol_name (GmAltProtocol protocol)
{
  static const char *const names[] = { "", "h1", "h2", "h3" };

  return (guint) protocol < G_N_ELEMENTS (names) ? names[protocol] : "";
}

GmAltProtocol
gm_alt_protocol_find (GmSpan name)
{
  if (gm_span_equal_nocase (name, GM_SPAN ("http/1.1")) || gm_span_equal_nocase (name, GM_SPAN ("http%2F1.1")) ||
      gm_span_equal_nocase (name, GM_SPAN ("h1")))
    return GM_ALT_PROTOCOL_H1;
  if (gm_span_equal_nocase (name, GM_SPAN ("h2")))
    return GM_ALT_PROTOCOL_H2;
  if (gm_span_equal_nocase (name, GM_SPAN ("h3")))
    return GM_ALT_PROTOCOL_H3;

  return GM_ALT_PROTOCOL_OTHER;
}

static gboolean
is_host (GmSpan host,
         gboolean in_brackets)
{
  for (gsize i = 0; i < host.len; i++)
    {
      char c = host.data[i];

      if (!g_ascii_isalnum (c) && c != '.' && (in_brackets ? c != ':' : c != '-' && c != '_'))
        return FALSE;
    }

  return host.len <= 255;
}

/* "host:port", ":port", "[::1]:port"; FALSE: it names nobody we could ask. */
static gboolean
read_authority (GmSpan text,
                GmAltSvcValue *value)
{
  gboolean in_brackets = text.len > 0 && text.data[0] == '[';
  gsize colon = text.len;
  guint64 port;

  while (colon > 0 && text.data[colon - 1] != ':')
    colon--;
  if (colon == 0)
    return FALSE;
  value->host = gm_span (text.data, colon - 1);
  if (!gm_span_to_uint64 (gm_span (text.data + colon, text.len - colon), 65535, &port) || port == 0)
    return FALSE;
  value->port = (guint16) port;
  if (in_brackets)
    {
      if (value->host.len < 4 || value->host.data[value->host.len - 1] != ']')
        return FALSE;
      value->host = gm_span (value->host.data + 1, value->host.len - 2);
    }

  return is_host (value->host, in_brackets);
}

static void
read_parameter (GmAltSvcValue *value,
                GmSpan name,
                GmSpan text)
{
  if (gm_span_equal_nocase (name, GM_SPAN ("ma")))
    gm_http_read_seconds (text, GM_ALT_SVC_MAX_AGE, &value->max_age);
  else if (gm_span_equal_nocase (name, GM_SPAN ("persist")))
    value->persist = gm_span_equal (text, GM_SPAN ("1"));
}

/* One alternative and its parameters, up to a comma or the end. What can be read and is of no use is OTHER. */
static GmAltSvcStep
cut_value (GmSpan *rest,
           GmAltSvcValue *value)
{
  GmSpan name = gm_http_cut_token (rest);
  GmSpan authority;

  if (name.len == 0)
    return GM_ALT_SVC_BAD;
  gm_http_skip_blanks (rest);
  if (gm_span_equal (name, GM_SPAN ("clear")) && rest->len == 0)
    return GM_ALT_SVC_CLEAR;

  *value = (GmAltSvcValue){ .protocol = gm_alt_protocol_find (name), .max_age = GM_ALT_SVC_DEFAULT_AGE };
  if (!gm_http_cut_char (rest, '=') || !gm_http_cut_quoted (rest, &authority))
    return GM_ALT_SVC_BAD;
  if (!read_authority (authority, value))
    value->protocol = GM_ALT_PROTOCOL_OTHER;
  while (gm_http_cut_char (rest, ';'))
    {
      GmSpan key = gm_http_cut_token (rest);
      GmSpan text = gm_span (NULL, 0);

      if (key.len == 0 || !gm_http_cut_char (rest, '='))
        return GM_ALT_SVC_BAD;
      gm_http_skip_blanks (rest);
      if (rest->len > 0 && rest->data[0] == '"')
        {
          if (!gm_http_cut_quoted (rest, &text))
            return GM_ALT_SVC_BAD;
        }
      else
        text = gm_http_cut_token (rest);
      read_parameter (value, key, text);
    }

  return GM_ALT_SVC_VALUE;
}

GmAltSvcStep
gm_alt_svc_field_next (GmSpan *rest,
                       GmAltSvcValue *value)
{
  GmAltSvcStep step;

  while (gm_http_cut_char (rest, ','))
    ;
  gm_http_skip_blanks (rest);
  if (rest->len == 0)
    return GM_ALT_SVC_END;

  step = cut_value (rest, value);
  gm_http_skip_blanks (rest);
  if (step == GM_ALT_SVC_VALUE && rest->len > 0 && rest->data[0] != ',')
    return GM_ALT_SVC_BAD;

  return step;
}
