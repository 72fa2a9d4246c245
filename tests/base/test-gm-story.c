/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-story.h"

/* ---- what is kept ---- */

static void
append (const GmStoryEvent *event,
        gpointer user_data)
{
  g_string_append_printf (user_data, "%u", (guint) event->kind);
  if (event->result != GM_OK)
    g_string_append_printf (user_data, " %s", gm_result_name (event->result));
  if (event->code != 0)
    g_string_append_printf (user_data, " %d", event->code);
  if (event->port != 0)
    g_string_append_printf (user_data, " :%u", event->port);
  if (event->text != NULL)
    g_string_append_printf (user_data, " '%s'", event->text);
  if (event->more != NULL)
    g_string_append_printf (user_data, " '%s'", event->more);
  g_string_append_c (user_data, '\n');
}

static char *
read_story (GmStory *story)
{
  GString *text = g_string_new (NULL);

  gm_story_foreach (story, append, text);
  return g_string_free (text, FALSE);
}

#define check(story, expected)                                                                                         \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *found = read_story (story);                                                                       \
    g_assert_cmpstr (found, ==, expected);                                                                             \
  }                                                                                                                    \
  G_STMT_END

static guint n_evaluated;

static const char *
evaluated (void)
{
  n_evaluated++;
  return "text";
}

static void
test_nobody (void)
{
  GmStory *nobody = NULL;
  GmStory story = { NULL, 0 };

  gm_story_mark (nobody, GM_STORY_REUSED);
  gm_story_tell (nobody, .kind = GM_STORY_ALERT, .text = evaluated ());
  g_assert_cmpuint (n_evaluated, ==, 0);
  check (nobody, "");
  g_assert_false (gm_story_has_records (nobody));
  gm_story_tell (&story, .kind = GM_STORY_ALERT, .text = evaluated ());
  g_assert_cmpuint (n_evaluated, ==, 1);
  gm_story_clear (&story);
}

static void
test_marks (void)
{
  GmStory story = { NULL, 0 };

  check (&story, "");
  gm_story_mark (&story, (GmStoryKind) 1);
  gm_story_mark (&story, (GmStoryKind) 2);
  check (&story, "1\n2\n");
  gm_story_mark (&story, (GmStoryKind) 3);
  gm_story_mark (&story, (GmStoryKind) 4);
  g_assert_false (gm_story_has_records (&story));
  check (&story, "1\n2\n3\n4\n");
  gm_story_mark (&story, (GmStoryKind) 5);
  g_assert_true (gm_story_has_records (&story));
  check (&story, "1\n2\n3\n4\n5\n");
  gm_story_clear (&story);
  check (&story, "");
  gm_story_clear (&story);
}

static void
test_records (void)
{
  GmStory story = { NULL, 0 };

  gm_story_mark (&story, (GmStoryKind) 1);
  gm_story_tell (&story, .kind = (GmStoryKind) 30, .result = GM_TIMEOUT, .code = -3, .port = 80, .text = "here", .more = "there");
  gm_story_mark (&story, (GmStoryKind) 2);
  gm_story_tell (&story, .kind = (GmStoryKind) 31, .more = "only\r\nmore");
  check (&story, "1\n30 TIMEOUT -3 :80 'here' 'there'\n2\n31 'only  more'\n");
  gm_story_clear (&story);
}

static void
test_cut (void)
{
  g_autofree char *exact = g_strnfill (GM_STORY_TEXT_MAX, 'a');
  g_autofree char *more = g_strconcat (exact, "b", NULL);
  g_autofree char *split = g_strconcat (exact + 1, "ö", NULL);
  g_autofree char *expected
    = g_strdup_printf ("30 '%s' '%s…'\n30 '%s…'\n", exact, exact, exact + 1);
  GmStory story = { NULL, 0 };

  gm_story_tell (&story, .kind = (GmStoryKind) 30, .text = exact, .more = more);
  gm_story_tell (&story, .kind = (GmStoryKind) 30, .text = split);
  check (&story, expected);
  gm_story_clear (&story);
}

static void
count (const GmStoryEvent *event,
       gpointer user_data)
{
  int *seen = user_data; /* [0] lost, [1] the last number, [2] how many */

  if (event->kind == GM_STORY_NONE)
    {
      seen[0] = event->code;
      seen[1] = event->code;
      return;
    }
  g_assert_cmpint (event->code, ==, seen[1] + 1);
  g_assert_cmpstr (event->text, ==, "some text of it");
  seen[1]++;
  seen[2]++;
}

/* The latest ones stay, in their order, whatever number there were. */
static void
test_bounded (void)
{
  GmStory story = { NULL, 0 };

  for (int i = 1; i <= 1000; i++)
    {
      int seen[3] = { 0, 0, 0 };

      gm_story_tell (&story, .kind = (GmStoryKind) 30, .code = i, .text = "some text of it");
      gm_story_foreach (&story, count, seen);
      g_assert_cmpint (seen[1], ==, i);
      g_assert_cmpint (seen[0] + seen[2], ==, i);
      if (i > 200)
        g_assert_cmpint (seen[2], >=, 40);
      g_assert_cmpint (seen[2], <=, GM_STORY_MAX / 16);
    }
  gm_story_clear (&story);
}

/* ---- from another thread ---- */

static void
ordered (const GmStoryEvent *event,
         gpointer user_data)
{
  int *last = user_data;
  int number = event->kind != GM_STORY_NONE && event->kind < GM_N_STORY_MARKS ? (int) event->kind : event->code;

  /* those that are lost count as seen */
  if (event->kind != GM_STORY_NONE)
    g_assert_cmpint (number, ==, *last + 1);
  *last = number;
}

static gpointer
reader (gpointer data)
{
  GmStory *story = data;
  int last = 0;

  while (last < 2000)
    {
      last = 0;
      gm_story_foreach (story, ordered, &last);
      g_thread_yield ();
    }
  return NULL;
}

static void
test_threads (void)
{
  GmStory story = { NULL, 0 };
  GThread *thread = g_thread_new ("reader", reader, &story);

  for (int i = 1; i <= GM_STORY_MARKS; i++)
    gm_story_mark (&story, (GmStoryKind) i);
  for (int i = GM_STORY_MARKS + 1; i <= 2000; i++)
    {
      gm_story_tell (&story, .kind = (GmStoryKind) 30, .code = i);
      if (i % 100 == 0)
        g_thread_yield ();
    }
  g_thread_join (thread);
  gm_story_clear (&story);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/story/nobody", test_nobody);
  g_test_add_func ("/story/marks", test_marks);
  g_test_add_func ("/story/records", test_records);
  g_test_add_func ("/story/cut", test_cut);
  g_test_add_func ("/story/bounded", test_bounded);
  g_test_add_func ("/story/threads", test_threads);

  return g_test_run ();
}
