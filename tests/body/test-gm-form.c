/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-form.h"
#include "gm-source.h"

#include <string.h>

/* ---- a reader that gives a few bytes, or AGAIN ---- */

typedef struct
{
  const char *data;
  gsize len;
  gsize pos;
  gsize step; /* at most so many at once */
  guint n_again; /* answers AGAIN before each piece */
  guint waited;
  gboolean can_rewind;
  GmResult fails; /* at the end */
  guint *n_freed;
} Slow;

static GmResult
slow_read (gpointer data,
           const GmFormHost *host,
           char *buffer,
           gsize len,
           gsize *n)
{
  Slow *self = data;

  if (self->waited++ < self->n_again)
    return GM_AGAIN;
  self->waited = 0;
  *n = MIN (MIN (len, self->step), self->len - self->pos);
  if (*n == 0)
    return self->fails;
  memcpy (buffer, self->data + self->pos, *n);
  self->pos += *n;
  return GM_OK;
}

static gboolean
slow_rewind (gpointer data)
{
  Slow *self = data;

  self->pos = 0;
  return self->can_rewind;
}

static void
slow_free (gpointer data)
{
  Slow *self = data;

  if (self->n_freed != NULL)
    ++*self->n_freed;
  g_free (self);
}

static const GmFormReader slow_reader = { slow_read, slow_rewind, slow_free };

static Slow *
slow_new (const char *data,
          gsize len,
          gsize step,
          guint n_again)
{
  Slow *self = g_new0 (Slow, 1);

  *self = (Slow){ .data = data, .len = len, .step = step, .n_again = n_again, .can_rewind = TRUE };
  return self;
}

static GString *
read_all (GmForm *form,
          gsize step,
          GmResult *result)
{
  GString *all = g_string_new (NULL);
  g_autofree char *buffer = g_malloc (step);
  guint n_idle = 0;

  for (;;)
    {
      gsize n;

      *result = gm_form_read (form, buffer, step, &n);
      if (*result == GM_AGAIN)
        {
          g_assert_cmpuint (n, ==, 0);
          g_assert_cmpuint (++n_idle, <, 1000);
          continue;
        }
      if (*result != GM_OK || n == 0)
        return all;
      n_idle = 0;
      g_assert_cmpuint (n, <=, step);
      g_string_append_len (all, buffer, (gssize) n);
    }
}

/* Whatever the size of the buffer, and again after a rewind. */
static void
check (GmForm *form,
       const char *expected)
{
  gint64 size = gm_form_get_size (form);

  if (size >= 0)
    g_assert_cmpint (size, ==, (gint64) strlen (expected));
  for (gsize step = 1; step < 3000; step = step * 2 + 1)
    {
      GmResult result;
      GString *all = read_all (form, step, &result);

      g_assert_cmpint (result, ==, GM_OK);
      g_assert_cmpstr (all->str, ==, expected);
      g_string_free (all, TRUE);
      g_assert_cmpint (gm_form_rewind (form), ==, GM_OK);
    }
}

static void
test_parts (void)
{
  GmForm *form = gm_form_new ();
  guint n_freed = 0;
  Slow *slow = slow_new ("from a stream", 13, 3, 2);

  slow->n_freed = &n_freed;
  g_assert_cmpint (gm_form_get_size (form), ==, 0);
  gm_form_begin_part (form, "XX", TRUE);
  gm_form_add_text (form, "A: b\r\n\r\n", 8);
  gm_form_add_memory (form, GM_FORM_PLAIN, "in memory", 9);
  gm_form_begin_part (form, "XX", FALSE);
  gm_form_add_text (form, "\r\n", 2);
  gm_form_add_reader (form, GM_FORM_PLAIN, &slow_reader, slow, -1);
  gm_form_end_parts (form, "XX", TRUE);
  g_assert_cmpint (gm_form_get_size (form), ==, -1);
  check (form, "--XX\r\nA: b\r\n\r\nin memory\r\n--XX\r\n\r\nfrom a stream\r\n--XX--\r\n");
  g_assert_cmpuint (n_freed, ==, 0);
  gm_form_free (form);
  g_assert_cmpuint (n_freed, ==, 1);
  gm_form_free (NULL);
}

static void
test_sized (void)
{
  GmForm *form = gm_form_new ();

  gm_form_add_reader (form, GM_FORM_PLAIN, &slow_reader, slow_new ("0123456789", 10, 4, 1), 6);
  gm_form_add_text (form, "|", 1);
  gm_form_add_reader (form, GM_FORM_PLAIN, &slow_reader, slow_new ("", 0, 4, 1), 0);
  g_assert_cmpint (gm_form_get_size (form), ==, 7);
  check (form, "012345|");
  gm_form_free (form);
}

/* Fewer bytes than were promised are an error, not a shorter part. */
static void
test_short (void)
{
  GmForm *form = gm_form_new ();
  GmResult result;

  gm_form_add_reader (form, GM_FORM_BASE64, &slow_reader, slow_new ("0123456789", 10, 4, 1), 11);
  g_string_free (read_all (form, 100, &result), TRUE);
  g_assert_cmpint (result, ==, GM_READ_SHORT);
  gm_form_free (form);
}

static void
test_failing (void)
{
  GmForm *form = gm_form_new ();
  Slow *slow = slow_new ("01", 2, 4, 0);
  GmResult result;
  GString *all;

  slow->fails = GM_READ_FAILED;
  gm_form_add_reader (form, GM_FORM_PLAIN, &slow_reader, slow, -1);
  all = read_all (form, 2, &result);
  g_assert_cmpint (result, ==, GM_READ_FAILED);
  g_assert_cmpstr (all->str, ==, "01");
  g_string_free (all, TRUE);
  gm_form_free (form);
}

static void
test_rewind (void)
{
  GmForm *form = gm_form_new ();
  Slow *slow = slow_new ("01", 2, 4, 0);
  char c;
  gsize n;

  slow->can_rewind = FALSE;
  gm_form_add_text (form, "ab", 2);
  gm_form_add_reader (form, GM_FORM_PLAIN, &slow_reader, slow, -1);
  g_assert_cmpint (gm_form_rewind (form), ==, GM_OK);
  g_assert_cmpint (gm_form_read (form, &c, 1, &n), ==, GM_OK);
  /* it was not touched yet */
  g_assert_cmpint (gm_form_rewind (form), ==, GM_OK);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (gm_form_read (form, &c, 1, &n), ==, GM_OK);
  g_assert_cmpint (c, ==, '0');
  g_assert_cmpint (gm_form_rewind (form), ==, GM_NOT_REWINDABLE);
  gm_form_free (form);
}

static void
test_base64 (void)
{
  guint8 data[400];
  guint32 seed = 3;

  for (gsize i = 0; i < sizeof data; i++)
    data[i] = (guint8) ((seed = seed * 1664525u + 1013904223u) >> 24);
  for (gsize len = 0; len < sizeof data; len += len < 130 ? 1 : 19)
    {
      GmForm *form = gm_form_new ();
      g_autofree char *plain = g_base64_encode (data, len);
      g_autoptr (GString) expected = g_string_new (NULL);

      for (gsize i = 0; i < strlen (plain); i += 76)
        g_string_append_printf (expected, "%s%.76s", i > 0 ? "\r\n" : "", plain + i);
      if (len % 2)
        gm_form_add_memory (form, GM_FORM_BASE64, (char *) data, len);
      else
        gm_form_add_reader (form, GM_FORM_BASE64, &slow_reader, slow_new ((char *) data, len, 5, 1), (gint64) len);
      g_assert_cmpint (gm_form_get_size (form), ==, (gint64) expected->len);
      check (form, expected->str);
      gm_form_free (form);
    }
}

static void
test_quoted_printable (void)
{
  static const struct
  {
    const char *plain;
    const char *coded;
  } cases[] = {
    { "", "" },
    { "a=b", "a=3Db" },
    { "caf\xc3\xa9", "caf=C3=A9" },
    { "a \r\nb\t\r\n", "a=20\r\nb=09\r\n" },
    { "a b\tc ", "a b\tc=20" },
    { "lone\rcr lone\nlf", "lone=0Dcr lone=0Alf" },
    { "\r\n\r\n", "\r\n\r\n" },
    /* 76 fit when the line ends there by itself; else the last place is for the break */
    { "0123456789012345678901234567890123456789012345678901234567890123456789012345",
      "0123456789012345678901234567890123456789012345678901234567890123456789012345" },
    { "0123456789012345678901234567890123456789012345678901234567890123456789012345\r\n6",
      "0123456789012345678901234567890123456789012345678901234567890123456789012345\r\n6" },
    { "01234567890123456789012345678901234567890123456789012345678901234567890123456",
      "012345678901234567890123456789012345678901234567890123456789012345678901234=\r\n56" },
    { "0123456789012345678901234567890123456789012345678901234567890123456789012=x",
      "0123456789012345678901234567890123456789012345678901234567890123456789012=\r\n=3Dx" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint step = 1; step < 5; step++)
      {
        GmForm *form = gm_form_new ();
        gsize len = strlen (cases[i].plain);

        gm_form_add_reader (form, GM_FORM_QUOTED_PRINTABLE, &slow_reader, slow_new (cases[i].plain, len, step, 1),
                            step % 2 ? -1 : (gint64) len);
        check (form, cases[i].coded);
        gm_form_free (form);
      }
}

static void
test_seven_bit (void)
{
  GmForm *form = gm_form_new ();
  GmResult result;

  gm_form_add_memory (form, GM_FORM_SEVEN_BIT, "plain", 5);
  check (form, "plain");
  gm_form_add_memory (form, GM_FORM_SEVEN_BIT, "caf\xc3\xa9", 5);
  g_string_free (read_all (form, 100, &result), TRUE);
  g_assert_cmpint (result, ==, GM_READ_FAILED);
  gm_form_free (form);
}

/* Nothing in a name ends the quotes, or the line. */
static void
test_parameters (void)
{
  static const struct
  {
    const char *value;
    gboolean backslash;
    const char *text;
  } cases[] = {
    { "plain", FALSE, "; n=\"plain\"" },
    { "a\"; filename=\"evil", FALSE, "; n=\"a%22; filename=%22evil\"" },
    { "a\r\nX: y", FALSE, "; n=\"a%0D%0AX: y\"" },
    { "back\\slash %22", FALSE, "; n=\"back\\slash %22\"" },
    { "a\"b\\c", TRUE, "; n=\"a\\\"b\\\\c\"" },
    { "a\r\nX: y", TRUE, "; n=\"a%0D%0AX: y\"" },
    { "caf\xc3\xa9", FALSE, "; n=\"caf\xc3\xa9\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GmForm *form = gm_form_new ();

      gm_form_add_parameter (form, "n", cases[i].value, cases[i].backslash);
      check (form, cases[i].text);
      gm_form_free (form);
    }
}

/* A field's line ends where it is to end, or the form is not sent at all. */
static void
test_lines (void)
{
  static const char *const bad[] = { "a\r\nb", "a\nb", "\r" };

  for (guint i = 0; i <= G_N_ELEMENTS (bad); i++)
    {
      GmForm *form = gm_form_new ();
      char buffer[8];
      gsize n;

      gm_form_add_line (form, "A", "b");
      gm_form_add_line (form, NULL, "C: d");
      if (i == G_N_ELEMENTS (bad))
        check (form, "A: b\r\nC: d\r\n");
      else
        {
          gm_form_add_line (form, "E", bad[i]);
          g_assert_cmpint (gm_form_rewind (form), ==, GM_BAD_REQUEST);
          g_assert_cmpint (gm_form_read (form, buffer, sizeof buffer, &n), ==, GM_BAD_REQUEST);
          gm_form_fail (form, GM_READ_FAILED);
          g_assert_cmpint (gm_form_rewind (form), ==, GM_BAD_REQUEST);
        }
      gm_form_free (form);
    }
}

static void
test_boundaries (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 1000; i++)
    {
      char boundary[GM_FORM_BOUNDARY_LEN + 1];

      gm_form_make_boundary (boundary);
      g_assert_cmpuint (strlen (boundary), ==, GM_FORM_BOUNDARY_LEN);
      for (const char *p = boundary; *p != '\0'; p++)
        g_assert_true (g_ascii_isalnum (*p) || *p == '-');
      g_assert_true (g_hash_table_add (seen, g_strdup (boundary)));
    }
}

static void
test_types (void)
{
  g_assert_cmpstr (gm_form_guess_type ("a.JPG"), ==, "image/jpeg");
  g_assert_cmpstr (gm_form_guess_type ("/x/y.html"), ==, "text/html");
  g_assert_null (gm_form_guess_type ("png"));
  g_assert_null (gm_form_guess_type (""));
  g_assert_null (gm_form_guess_type (NULL));
}

/* As an upload's source: length, end, and back to the start. */
static void
test_source (void)
{
  GmForm *form = gm_form_new ();
  GmClient client = { NULL, NULL };
  GmFlow flow = { 0 };
  GmSource source;
  char buffer[32];
  gsize n;

  gm_form_add_text (form, "head ", 5);
  gm_form_add_reader (form, GM_FORM_PLAIN, &slow_reader, slow_new ("body", 4, 10, 0), 4);
  gm_source_init_form (&source, form, &client, &flow);
  g_assert_cmpint (source.size, ==, 9);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_false (gm_source_is_done (&source));
      flow.paused = GM_FLOW_SEND;
      g_assert_cmpint (gm_source_read (&source, buffer, sizeof buffer, &n), ==, GM_AGAIN);
      flow.paused = 0;
      g_assert_cmpint (gm_source_read (&source, buffer, sizeof buffer, &n), ==, GM_OK);
      g_assert_cmpmem (buffer, n, "head body", 9);
      g_assert_true (gm_source_is_done (&source));
      g_assert_cmpint (gm_source_rewind (&source), ==, GM_OK);
    }
  gm_source_clear (&source);
  gm_form_free (form);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/form/parts", test_parts);
  g_test_add_func ("/form/sized", test_sized);
  g_test_add_func ("/form/short", test_short);
  g_test_add_func ("/form/failing", test_failing);
  g_test_add_func ("/form/rewind", test_rewind);
  g_test_add_func ("/form/base64", test_base64);
  g_test_add_func ("/form/quoted-printable", test_quoted_printable);
  g_test_add_func ("/form/seven-bit", test_seven_bit);
  g_test_add_func ("/form/parameters", test_parameters);
  g_test_add_func ("/form/lines", test_lines);
  g_test_add_func ("/form/boundaries", test_boundaries);
  g_test_add_func ("/form/types", test_types);
  g_test_add_func ("/form/source", test_source);
  return g_test_run ();
}
