/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-hsts-field.h"

static const struct
{
  const char *text;
  gint64 age; /* -1: refused */
  gboolean subdomains;
} cases[] = {
  { "max-age=31536000", 31536000, FALSE },
  { "max-age=0", 0, FALSE },
  { "MAX-AGE=5; INCLUDESUBDOMAINS", 5, TRUE },
  { "includeSubDomains; max-age=5", 5, TRUE },
  { " max-age = \"5\" ; includeSubDomains ; preload ", 5, TRUE },
  { ";;max-age=5;;", 5, FALSE },
  { "max-age=5; odd=\"a;b=c\"; x", 5, FALSE },
  { "max-age=4294967295", 4294967295, FALSE },
  { "max-age=4294967296", 4294967295, FALSE },
  { "max-age=99999999999999999999999", 4294967295, FALSE },
  { "", -1, FALSE },
  { ";", -1, FALSE },
  { "includeSubDomains", -1, FALSE },
  { "max-age", -1, FALSE },
  { "max-age=", -1, FALSE },
  { "max-age=\"\"", -1, FALSE },
  { "max-age=-5", -1, FALSE },
  { "max-age=5x", -1, FALSE },
  { "max-age=5 5", -1, FALSE },
  { "max-age=\"5", -1, FALSE },
  { "max-age=5, max-age=6", -1, FALSE },
  { "max-age=5; max-age=5", -1, FALSE },
  { "max-age=5; includeSubDomains; includeSubDomains", -1, FALSE },
  { "max-age=5; includeSubDomains=1", -1, FALSE },
  { "max-age=5; @", -1, FALSE },
};

static void
test_fields (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize len = strlen (cases[i].text);
      g_autofree char *copy = g_memdup2 (cases[i].text, MAX (len, 1));
      GmHstsField field = { 77, FALSE };

      g_test_message ("%s", cases[i].text);
      g_assert_cmpint (gm_hsts_field_parse (gm_span (copy, len), &field), ==, cases[i].age >= 0);
      g_assert_cmpint (field.max_age, ==, cases[i].age >= 0 ? cases[i].age : 77);
      g_assert_cmpint (field.subdomains, ==, cases[i].subdomains);
    }
}

/* Cut at each byte it is read to its end and no further. */
static void
test_byte_by_byte (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      for (gsize len = 0; len < strlen (cases[i].text); len++)
        {
          g_autofree char *copy = g_memdup2 (cases[i].text, MAX (len, 1));
          GmHstsField field = { 0 };

          if (gm_hsts_field_parse (gm_span (copy, len), &field))
            g_assert_cmpint (field.max_age, <=, GM_HSTS_MAX_AGE);
        }
    }
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hsts-field/fields", test_fields);
  g_test_add_func ("/hsts-field/byte-by-byte", test_byte_by_byte);
  return g_test_run ();
}
