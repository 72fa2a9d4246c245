/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-content-disposition.h"

static void
test_names (void)
{
  static const struct
  {
    const char *value;
    gboolean attachment;
    const char *name;
  } cases[] = {
    { "attachment; filename=\"a b.txt\"", TRUE, "a b.txt" },
    { "Attachment; FileName=plain.txt", TRUE, "plain.txt" },
    { "inline", FALSE, NULL },
    { "INLINE ; filename=x", FALSE, "x" },
    { "attachment", TRUE, NULL },
    { "form-data; name=\"f\"; filename = \"q\\\"uote\\\\s.txt\"", TRUE, "s.txt" },
    { "attachment; filename=\"q\\\"uote.txt\"; size=3", TRUE, "q\"uote.txt" },
    { "attachment; filename=two words.txt ; x=y", TRUE, "two words.txt" },
    { "attachment; filename=\"semi;colon.txt\"", TRUE, "semi;colon.txt" },
    { "attachment; filename=\"100%20.txt\"", TRUE, "100%20.txt" },
    { "attachment; filename=\"open", TRUE, "open" },
    { "attachment; filename=\"open\\", TRUE, NULL },
    { "attachment; filename=", TRUE, NULL },
    { "attachment; filename", TRUE, NULL },
    { "attachment;; ;=x; filename=a", TRUE, "a" },
    { "attachment; filename=a; filename=b", TRUE, "a" },
    { "filename=a.txt", TRUE, "a.txt" },
    { "attachment; filename=\"\xc3\xa9t\xc3\xa9\"", TRUE, "\xc3\xa9t\xc3\xa9" },
    { "attachment; filename=\"\xe9t\xe9\"", TRUE, "\xc3\xa9t\xc3\xa9" },
    /* RFC 8187 */
    { "attachment; filename=a; filename*=UTF-8''%e2%82%ac%20rates", TRUE, "\xe2\x82\xac rates" },
    { "attachment; filename*=utf-8'en'%e2%82%ac; filename=a", TRUE, "\xe2\x82\xac" },
    { "attachment; filename*=iso-8859-1'en'%A3%20rates", TRUE, "\xc2\xa3 rates" },
    { "attachment; filename*=UTF-8''%ff; filename=a", TRUE, "a" },
    { "attachment; filename*=UTF-8''x%2fy%5Cz", TRUE, "z" },
    { "attachment; filename*=koi8-r''%ff; filename=a", TRUE, "a" },
    { "attachment; filename*=UTF-8; filename=a", TRUE, "a" },
    { "attachment; filename*=UTF-8'x; filename=a", TRUE, "a" },
    { "attachment; filename*=; filename=a", TRUE, "a" },
    { "attachment; filename*=UTF-8''100%; filename=a", TRUE, "100%" },
    { "attachment; filename*=UTF-8''%4x%4", TRUE, "%4x%4" },
    { "attachment; filename*=UTF-8''%00a; filename=b", TRUE, "b" },
    { "attachment; filename*=UTF-8''a%0ab", TRUE, "a_b" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GmContentDisposition disposition = { 0 };
      g_autofree char *shown = g_strescape (cases[i].value, NULL);

      g_test_message ("%s", shown);
      g_assert_true (gm_content_disposition_parse (gm_span (cases[i].value, strlen (cases[i].value)), &disposition));
      g_assert_cmpint (disposition.attachment, ==, cases[i].attachment);
      g_assert_cmpstr (disposition.file_name, ==, cases[i].name);
      gm_content_disposition_clear (&disposition);
      g_assert_null (disposition.file_name);
    }
}

static void
test_no_type (void)
{
  static const char *const cases[] = { "", " ", ";", "; filename=a" };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GmContentDisposition disposition = { FALSE, NULL };

      g_assert_false (gm_content_disposition_parse (gm_span (cases[i], strlen (cases[i])), &disposition));
      g_assert_null (disposition.file_name);
      g_assert_false (disposition.attachment);
    }
  g_assert_false (gm_content_disposition_parse (gm_span (NULL, 0), NULL));
  g_assert_null (gm_file_name_from_path (gm_span (NULL, 0)));
}

static void
test_safe (void)
{
  static const struct
  {
    GmSpan text;
    const char *safe;
  } cases[] = {
    { GM_SPAN ("/etc/passwd"), "passwd" },
    { GM_SPAN ("..\\..\\boot.ini"), "boot.ini" },
    { GM_SPAN ("../.."), NULL },
    { GM_SPAN ("."), NULL },
    { GM_SPAN (".."), NULL },
    { GM_SPAN (""), NULL },
    { GM_SPAN ("a/"), NULL },
    { GM_SPAN (" . . "), NULL },
    { GM_SPAN (".profile"), "profile" },
    { GM_SPAN (".. .x. "), "x." },
    { GM_SPAN ("a\0b"), "a_b" },
    { GM_SPAN ("a\nb\x1b[2J\x7f"), "a_b_[2J_" },
    { GM_SPAN ("\xc2\x85x"), "_x" },
    { GM_SPAN ("a\xe2\x80\xaegpj.exe"), "a_gpj.exe" },
    { GM_SPAN ("\xff\xfe\0"), "\xc3\xbf\xc3\xbe_" },
    { GM_SPAN ("\xe9\x85"), "\xc3\xa9_" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *copy = g_memdup2 (cases[i].text.data, cases[i].text.len);
      g_autofree char *safe = gm_file_name_make_safe (gm_span (copy, cases[i].text.len));

      g_assert_cmpstr (safe, ==, cases[i].safe);
    }
}

static void
test_path (void)
{
  static const struct
  {
    const char *path;
    const char *name;
  } cases[] = {
    { "/pub/file.tar.gz", "file.tar.gz" }, { "/pub/", NULL },       { "/", NULL },       { "", NULL },
    { "/a%20b.txt", "a b.txt" },           { "/a%2Fb%00", "b_" },   { "/%2e%2e", NULL }, { "name", "name" },
    { "/%E2%82%AC", "\xe2\x82\xac" },      { "/%E9", "\xc3\xa9" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = gm_file_name_from_path (gm_span (cases[i].path, strlen (cases[i].path)));

      g_assert_cmpstr (name, ==, cases[i].name);
    }
}

/* A long name is cut in its stem, between characters, and keeps a suffix; the limit itself fits. */
static void
test_long (void)
{
  g_autofree char *stem = g_strnfill (GM_FILE_NAME_MAX, 'x');
  g_autofree char *with_suffix = g_strconcat (stem, ".tar.xz", NULL);
  g_autofree char *odd = g_strconcat (stem, ".averylongsuffixindeed", NULL);
  g_autofree char *fits = gm_file_name_make_safe (gm_span (stem, GM_FILE_NAME_MAX));
  g_autofree char *cut = gm_file_name_make_safe (gm_span (with_suffix, strlen (with_suffix)));
  g_autofree char *plain = gm_file_name_make_safe (gm_span (odd, strlen (odd)));
  g_autoptr (GString) wide = g_string_new ("x");
  g_autofree char *narrow = NULL;

  g_assert_cmpstr (fits, ==, stem);
  g_assert_cmpuint (strlen (cut), ==, GM_FILE_NAME_MAX);
  g_assert_true (g_str_has_suffix (cut, "x.xz"));
  g_assert_cmpstr (plain, ==, stem);

  for (guint i = 0; i < 100; i++)
    g_string_append (wide, "\xe2\x82\xac");
  narrow = gm_file_name_make_safe (gm_span (wide->str, wide->len));
  g_assert_cmpuint (strlen (narrow), ==, 238);
  g_assert_true (g_utf8_validate (narrow, -1, NULL));
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/content-disposition/names", test_names);
  g_test_add_func ("/content-disposition/no-type", test_no_type);
  g_test_add_func ("/content-disposition/safe", test_safe);
  g_test_add_func ("/content-disposition/path", test_path);
  g_test_add_func ("/content-disposition/long", test_long);
  return g_test_run ();
}
