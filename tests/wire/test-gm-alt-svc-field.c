/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-alt-svc-field.h"

static const struct
{
  const char *text;
  const char *expected; /* what is found, in order; "!" at the end: bad */
} cases[] = {
  { "h2=\":443\"", "h2 :443 86400" },
  { "h2=\"alt.example:8443\"; ma=60", "h2 alt.example:8443 60" },
  { "h2=\"Alt.Example:8443\"; ma=60; persist=1", "h2 Alt.Example:8443 60 persist" },
  { "h3=\":1\", h2=\":2\";ma=\"7\" , http%2F1.1=\":3\"", "h3 :1 86400, h2 :2 7, h1 :3 86400" },
  { "h2=\"[2001:db8::1]:443\"", "h2 2001:db8::1:443 86400" },
  { "h2=\":443\"; ma=0", "h2 :443 0" },
  { "h2=\":443\"; ma=99999999999999999999", "h2 :443 31536000" },
  { "h2=\":443\"; ma=-1; odd=1", "h2 :443 86400" },
  { "h2=\":443\"; ma=", "h2 :443 86400" },
  { "w=\":443\"", "? :443 86400" },
  { "h2=\":0\"", "? :0 86400" },
  { "h2=\":65536\"", "? :0 86400" },
  { "h2=\"nowhere\"", "? :0 86400" },
  { "h2=\"a b:443\"", "? a b:443 86400" },
  { "h2=\"a/b:443\"", "? a/b:443 86400" },
  { "h2=\"[::1:443\"", "? [::1:443 86400" },
  { "clear", "clear" },
  { " clear ", "clear" },
  { "clear, h2=\":443\"", "!" },
  { "Clear", "!" },
  { "", "" },
  { ", ,", "" },
  { "h2", "!" },
  { "h2=", "!" },
  { "h2=443", "!" },
  { "h2=\":443", "!" },
  { "h2=\":443\" ma=1", "!" },
  { "h2=\":443\"; ma", "!" },
  { "h2=\":443\"; ma=\"1", "!" },
  { "h2=\":443\";", "!" },
  { "h2=\":1\", @", "h2 :1 86400, !" },
};

static char *
read_all (GmSpan text)
{
  GString *out = g_string_new (NULL);
  GmAltSvcValue value;
  GmAltSvcStep step;

  do
    {
      step = gm_alt_svc_field_next (&text, &value);
      if (step != GM_ALT_SVC_END && out->len > 0)
        g_string_append (out, ", ");
      if (step == GM_ALT_SVC_CLEAR)
        g_string_append (out, "clear");
      else if (step == GM_ALT_SVC_BAD)
        g_string_append (out, "!");
      else if (step == GM_ALT_SVC_VALUE)
        g_string_append_printf (out, "%s %.*s:%u %" G_GINT64_FORMAT "%s",
                                value.protocol == GM_ALT_PROTOCOL_OTHER ? "?" : gm_alt_protocol_name (value.protocol),
                                (int) value.host.len, value.host.data != NULL ? value.host.data : "", value.port,
                                value.max_age, value.persist ? " persist" : "");
    }
  while (step == GM_ALT_SVC_VALUE);

  return g_string_free (out, FALSE);
}

static void
test_fields (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize len = strlen (cases[i].text);
      g_autofree char *copy = g_memdup2 (cases[i].text, MAX (len, 1));
      g_autofree char *found = read_all (gm_span (copy, len));

      g_test_message ("%s", cases[i].text);
      g_assert_cmpstr (found, ==, cases[i].expected);
    }
}

static void
test_byte_by_byte (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      for (gsize len = 0; len < strlen (cases[i].text); len++)
        {
          g_autofree char *copy = g_memdup2 (cases[i].text, MAX (len, 1));
          g_autofree char *found = read_all (gm_span (copy, len));
        }
    }
}

static void
test_names (void)
{
  g_assert_cmpint (gm_alt_protocol_find (GM_SPAN ("h1")), ==, GM_ALT_PROTOCOL_H1);
  g_assert_cmpint (gm_alt_protocol_find (GM_SPAN ("http/1.1")), ==, GM_ALT_PROTOCOL_H1);
  g_assert_cmpint (gm_alt_protocol_find (GM_SPAN ("")), ==, GM_ALT_PROTOCOL_OTHER);
  g_assert_cmpstr (gm_alt_protocol_name ((GmAltProtocol) 9), ==, "");
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/alt-svc-field/fields", test_fields);
  g_test_add_func ("/alt-svc-field/byte-by-byte", test_byte_by_byte);
  g_test_add_func ("/alt-svc-field/names", test_names);
  return g_test_run ();
}
