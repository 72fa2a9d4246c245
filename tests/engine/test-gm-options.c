/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine.h"
#include "gm-transfer-private.h"

/* Every row of the option table: its type, its range, its default; and that settings are shared until they differ. */

typedef struct
{
  const char *name;
  GmOption option;
  GmOptionType type;
  gint64 min;
  gint64 max;
} Row;

static const Row rows[] = {
#define ROW(id, type, block, member, min, max, live) { #id, GM_OPTION_##id, GM_OPTION_TYPE_##type, min, max },
  GM_OPTIONS (ROW)
#undef ROW
};

static const GmClientOps no_ops = { NULL };

static gboolean
is_number (const Row *row)
{
  return row->type <= GM_OPTION_TYPE_I64;
}

static gint64
type_max (GmOptionType type)
{
  switch (type)
    {
    case GM_OPTION_TYPE_U8:
      return G_MAXUINT8;
    case GM_OPTION_TYPE_U16:
      return G_MAXUINT16;
    case GM_OPTION_TYPE_U32:
      return G_MAXUINT32;
    case GM_OPTION_TYPE_I64:
      return G_MAXINT64;
    case GM_OPTION_TYPE_STRING:
    case GM_OPTION_TYPE_LIST:
    case GM_OPTION_TYPE_POINTER:
    case GM_OPTION_TYPE_BYTES:
    default:
      return 0;
    }
}

static GmResult
set_as (GmTransfer *transfer,
        GmOption option,
        GmOptionType type)
{
  static const GmStringList list = { NULL, NULL };
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);

  switch (type)
    {
    case GM_OPTION_TYPE_STRING:
      return gm_transfer_set_string (transfer, option, "text");
    case GM_OPTION_TYPE_LIST:
      return gm_transfer_set_list (transfer, option, &list);
    case GM_OPTION_TYPE_POINTER:
      return gm_transfer_set_pointer (transfer, option, "data");
    case GM_OPTION_TYPE_BYTES:
      return gm_transfer_set_bytes (transfer, option, bytes);
    case GM_OPTION_TYPE_U8:
    case GM_OPTION_TYPE_U16:
    case GM_OPTION_TYPE_U32:
    case GM_OPTION_TYPE_I64:
    default:
      return gm_transfer_set_int (transfer, option, 1024);
    }
}

/* The ends of a range are in it, and nothing beside it is. */
static void
test_ranges (void)
{
  GmTransfer *transfer = gm_transfer_new (&no_ops, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const Row *row = &rows[i];
      gint64 before;

      if (!is_number (row))
        continue;
      /* What is allowed fits where it is kept. */
      g_assert_cmpint (row->max, <=, type_max (row->type));
      g_assert_true (row->type == GM_OPTION_TYPE_I64 || row->min >= 0);
      g_assert_cmpint (gm_transfer_set_int (transfer, row->option, row->min), ==, GM_OK);
      g_assert_cmpint (gm_transfer_get_int (transfer, row->option), ==, row->min);
      g_assert_cmpint (gm_transfer_set_int (transfer, row->option, row->max), ==, GM_OK);
      before = gm_transfer_get_int (transfer, row->option);
      g_assert_cmpint (before, ==, row->max);
      if (row->min > G_MININT64)
        g_assert_cmpint (gm_transfer_set_int (transfer, row->option, row->min - 1), ==, GM_BAD_REQUEST);
      if (row->max < G_MAXINT64)
        g_assert_cmpint (gm_transfer_set_int (transfer, row->option, row->max + 1), ==, GM_BAD_REQUEST);
      g_assert_cmpint (gm_transfer_get_int (transfer, row->option), ==, before);
    }
  gm_transfer_free (transfer);
}

/* Only the setter of its type takes an option. */
static void
test_types (void)
{
  static const GmOptionType setters[] = { GM_OPTION_TYPE_I64, GM_OPTION_TYPE_STRING, GM_OPTION_TYPE_LIST,
                                          GM_OPTION_TYPE_POINTER, GM_OPTION_TYPE_BYTES };
  GmTransfer *transfer = gm_transfer_new (&no_ops, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint s = 0; s < G_N_ELEMENTS (setters); s++)
      {
        gboolean fits = is_number (&rows[i]) ? setters[s] == GM_OPTION_TYPE_I64 : setters[s] == rows[i].type;
        GmResult result = set_as (transfer, rows[i].option, setters[s]);

        if (!fits)
          g_assert_cmpint (result, ==, GM_BAD_REQUEST);
        else if (!is_number (&rows[i]))
          g_assert_cmpint (result, ==, GM_OK);
      }
  for (guint s = 0; s < G_N_ELEMENTS (setters); s++)
    {
      g_assert_cmpint (set_as (transfer, GM_N_OPTIONS, setters[s]), ==, GM_BAD_REQUEST);
      g_assert_cmpint (set_as (transfer, (GmOption) -1, setters[s]), ==, GM_BAD_REQUEST);
    }
  g_assert_cmpint (gm_transfer_get_int (transfer, GM_N_OPTIONS), ==, 0);
  g_assert_cmpint (gm_transfer_get_int (transfer, GM_OPTION_URL), ==, 0);
  g_assert_null (gm_transfer_get_string (transfer, GM_N_OPTIONS));
  g_assert_null (gm_transfer_get_string (transfer, GM_OPTION_PORT));
  gm_transfer_free (transfer);
}

/* Every default is one that could be set; a setter with it makes no block; and reset brings all of them back. */
static void
test_defaults (void)
{
  GmTransfer *fresh = gm_transfer_new (&no_ops, NULL);
  GmTransfer *changed = gm_transfer_new (&no_ops, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const Row *row = &rows[i];

      if (is_number (row))
        {
          gint64 value = gm_transfer_get_int (fresh, row->option);

          g_assert_cmpint (value, >=, row->min);
          g_assert_cmpint (value, <=, row->max);
          g_assert_cmpint (gm_transfer_set_int (fresh, row->option, value), ==, GM_OK);
          gm_transfer_set_int (changed, row->option, value == row->max ? row->min : row->max);
        }
      else if (row->type == GM_OPTION_TYPE_STRING)
        {
          g_assert_null (gm_transfer_get_string (fresh, row->option));
          g_assert_cmpint (gm_transfer_set_string (fresh, row->option, NULL), ==, GM_OK);
          gm_transfer_set_string (changed, row->option, row->name);
          g_assert_cmpstr (gm_transfer_get_string (changed, row->option), ==, row->name);
        }
      else
        set_as (changed, row->option, row->type);
    }
  g_assert_true (fresh->transfer_settings == &gm_transfer_settings_default);
  g_assert_true (fresh->connect_settings == &gm_connect_settings_default);
  g_assert_true (fresh->request_settings == &gm_request_settings_default);
  g_assert_true (changed->transfer_settings != &gm_transfer_settings_default);

  gm_transfer_reset (changed);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_assert_cmpint (gm_transfer_get_int (changed, rows[i].option), ==, gm_transfer_get_int (fresh, rows[i].option));
      g_assert_cmpstr (gm_transfer_get_string (changed, rows[i].option), ==, NULL);
    }
  g_assert_true (changed->request_settings == &gm_request_settings_default);
  gm_transfer_free (fresh);
  gm_transfer_free (changed);
}

/* Some numbers that programs rely on. */
static void
test_known_defaults (void)
{
  GmTransfer *transfer = gm_transfer_new (&no_ops, NULL);

  g_assert_cmpint (gm_transfer_get_int (transfer, GM_OPTION_MAX_IDLE_US), ==, 118 * G_USEC_PER_SEC);
  g_assert_cmpint (gm_transfer_get_int (transfer, GM_OPTION_DNS_CACHE_US), ==, 60 * G_USEC_PER_SEC);
  g_assert_cmpint (gm_transfer_get_int (transfer, GM_OPTION_EXPECT_TIMEOUT_MS), ==, 1000);
  g_assert_cmpint (gm_transfer_get_int (transfer, GM_OPTION_MAX_REDIRECTS), ==, 30);
  g_assert_cmpint (gm_transfer_get_int (transfer, GM_OPTION_ATTEMPT_DELAY_MS), ==, 200);
  g_assert_cmpint (gm_transfer_get_int (transfer, GM_OPTION_NO_DELAY), ==, TRUE);
  g_assert_cmpint (gm_transfer_get_int (transfer, GM_OPTION_FILE_MODE), ==, 0644);
  g_assert_cmpint (gm_transfer_get_int (transfer, GM_OPTION_POST_SIZE), ==, -1);
  g_assert_cmpint (gm_transfer_get_int (transfer, GM_OPTION_REDIRECT_PROTOCOLS) & GM_PROTOCOL_SET_FILE, ==, 0);
  gm_transfer_free (transfer);
}

/* A copy shares the blocks until one of the two writes; then it has one of its own, and only of that kind. */
static void
test_copy_on_write (void)
{
  GmTransfer *first = gm_transfer_new (&no_ops, NULL);
  GmTransfer *second;
  const GmRequestSettings *request;

  gm_transfer_set_string (first, GM_OPTION_URL, "http://a.example/");
  gm_transfer_set_string (first, GM_OPTION_USER_AGENT, "one");
  gm_transfer_set_int (first, GM_OPTION_KEEPALIVE, 1);
  request = first->request_settings;
  /* A block of its own is written in place. */
  gm_transfer_set_string (first, GM_OPTION_USER_AGENT, "two");
  g_assert_true (first->request_settings == request);

  second = gm_transfer_dup (first, first);
  g_assert_true (gm_transfer_get_face (second) == first);
  g_assert_cmpuint (gm_transfer_get_id (second), !=, gm_transfer_get_id (first));
  g_assert_true (second->transfer_settings == first->transfer_settings);
  g_assert_true (second->connect_settings == first->connect_settings);
  g_assert_true (second->request_settings == first->request_settings);

  gm_transfer_set_string (second, GM_OPTION_USER_AGENT, "three");
  g_assert_cmpstr (gm_transfer_get_string (first, GM_OPTION_USER_AGENT), ==, "two");
  g_assert_cmpstr (gm_transfer_get_string (second, GM_OPTION_USER_AGENT), ==, "three");
  g_assert_true (second->request_settings != first->request_settings);
  g_assert_true (second->connect_settings == first->connect_settings);
  /* What is no change is no copy either. */
  gm_transfer_set_int (second, GM_OPTION_KEEPALIVE, 1);
  g_assert_true (second->connect_settings == first->connect_settings);
  gm_transfer_set_int (first, GM_OPTION_KEEPALIVE, 0);
  g_assert_cmpint (gm_transfer_get_int (second, GM_OPTION_KEEPALIVE), ==, 1);

  gm_transfer_free (first);
  g_assert_cmpstr (gm_transfer_get_string (second, GM_OPTION_URL), ==, "http://a.example/");
  gm_transfer_free (second);
}

/* A body that is copied sets where it is and how long; taken away it leaves nothing. */
static void
test_post_copy (void)
{
  GmTransfer *transfer = gm_transfer_new (&no_ops, NULL);
  g_autoptr (GBytes) bytes = g_bytes_new ("a body", 6);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  GmTransfer *copy;

  gm_transfer_set_bytes (transfer, GM_OPTION_POST_COPY, bytes);
  g_assert_cmpint (gm_transfer_get_int (transfer, GM_OPTION_POST_SIZE), ==, 6);
  g_assert_true (transfer->request_settings->post_data == g_bytes_get_data (bytes, NULL));
  copy = gm_transfer_dup (transfer, NULL);
  gm_transfer_set_bytes (transfer, GM_OPTION_POST_COPY, NULL);
  g_assert_null (transfer->request_settings->post_data);
  g_assert_cmpint (gm_transfer_get_int (transfer, GM_OPTION_POST_SIZE), ==, -1);
  g_assert_cmpmem (copy->request_settings->post_data, copy->request_settings->post_size, "a body", 6);

  /* The same bytes once more, while they are there. */
  gm_transfer_set_bytes (copy, GM_OPTION_POST_COPY, bytes);
  g_assert_cmpmem (copy->request_settings->post_data, copy->request_settings->post_size, "a body", 6);
  gm_transfer_set_bytes (copy, GM_OPTION_POST_COPY, empty);
  g_assert_nonnull (copy->request_settings->post_data);
  g_assert_cmpint (gm_transfer_get_int (copy, GM_OPTION_POST_SIZE), ==, 0);
  gm_transfer_free (transfer);
  gm_transfer_free (copy);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/gm-options/ranges", test_ranges);
  g_test_add_func ("/gm-options/types", test_types);
  g_test_add_func ("/gm-options/defaults", test_defaults);
  g_test_add_func ("/gm-options/known-defaults", test_known_defaults);
  g_test_add_func ("/gm-options/copy-on-write", test_copy_on_write);
  g_test_add_func ("/gm-options/post-copy", test_post_copy);

  return g_test_run ();
}
