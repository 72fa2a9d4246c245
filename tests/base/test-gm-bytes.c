/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-bytes.h"

static void
test_append (void)
{
  g_auto (GmByteBuilder) builder = { 0 };
  g_autofree char *stolen = NULL;
  gsize len;

  gm_byte_builder_append_span (&builder, gm_span (NULL, 0));
  g_assert_cmpuint (builder.len, ==, 0);
  gm_byte_builder_append_literal (&builder, "GET ");
  gm_byte_builder_append_char (&builder, '/');
  gm_byte_builder_append_uint (&builder, 40960);
  g_assert_cmpmem (builder.data, builder.len, "GET /40960", 10);
  for (guint i = 0; i < 1000; i++)
    gm_byte_builder_append_literal (&builder, "0123456789");
  g_assert_cmpuint (builder.len, ==, 10010);
  g_assert_cmpmem (builder.data + 10000, 10, "0123456789", 10);
  g_assert_false (builder.failed);

  stolen = gm_byte_builder_steal (&builder, &len);
  g_assert_cmpuint (len, ==, 10010);
  g_assert_null (builder.data);
  g_assert_null (gm_byte_builder_steal (&builder, &len));
  g_assert_cmpuint (len, ==, 0);
}

static void
test_limit (void)
{
  g_auto (GmByteBuilder) builder = { .max = 10 };

  gm_byte_builder_append_literal (&builder, "0123456789");
  g_assert_false (builder.failed);
  g_assert_cmpuint (builder.len, ==, 10);
  gm_byte_builder_append_char (&builder, 'x');
  g_assert_true (builder.failed);
  g_assert_cmpuint (builder.len, ==, 10);

  gm_byte_builder_reset (&builder);
  gm_byte_builder_append_literal (&builder, "01234");
  gm_byte_builder_append_literal (&builder, "567890");
  gm_byte_builder_append_literal (&builder, "a");
  g_assert_true (builder.failed);
  g_assert_cmpmem (builder.data, builder.len, "01234", 5);
  g_assert_false (gm_byte_builder_reserve (&builder, 1));

  gm_byte_builder_clear (&builder);
  g_assert_cmpuint (builder.max, ==, 10);
  g_assert_false (gm_byte_builder_reserve (&builder, 11));
  gm_byte_builder_reset (&builder);
  g_assert_false (gm_byte_builder_reserve (&builder, G_MAXSIZE));
  gm_byte_builder_reset (&builder);
  g_assert_true (gm_byte_builder_reserve (&builder, 10));
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bytes/append", test_append);
  g_test_add_func ("/bytes/limit", test_limit);
  return g_test_run ();
}
