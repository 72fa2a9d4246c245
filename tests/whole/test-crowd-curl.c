/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crowd-server.h"
#include "drivers.h"

#include <malloc.h>
#include <string.h>

/* Ten thousand transfers in one process, each answered piecemeal, on the C face under every driver but select, which
 * cannot count so far. Every transfer completes once, with what was sent. */

#define CROWD 10000

static guint
crowd_size (void)
{
  gboolean slow = g_getenv ("ASAN_OPTIONS") != NULL || g_getenv ("GMULTI_TEST_VALGRIND") != NULL;

  return slow ? CROWD / 20 : CROWD;
}

typedef struct
{
  CURL *easy;
  guint n_done;
  gsize length;
  guint n_writes;
} Member;

static size_t
write_cb (char *data,
          size_t size,
          size_t n,
          void *user_data)
{
  Member *member = user_data;

  g_assert_cmpmem (data, n, CROWD_BODY + member->length, MIN (n, strlen (CROWD_BODY) - member->length));
  member->length += n;
  member->n_writes++;
  return n;
}

static guint
take_messages (Driver *driver)
{
  CURLMsg *message;
  int left = 0;
  guint n = 0;

  while ((message = curl_multi_info_read (driver->multi, &left)) != NULL)
    {
      Member *member = NULL;
      long status = 0;

      g_assert_cmpint (message->msg, ==, CURLMSG_DONE);
      g_assert_cmpstr (curl_easy_strerror (message->data.result), ==, curl_easy_strerror (CURLE_OK));
      curl_easy_getinfo (message->easy_handle, CURLINFO_PRIVATE, (char **) &member);
      curl_easy_getinfo (message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
      g_assert_cmpint (status, ==, 200);
      g_assert_true (member->easy == message->easy_handle);
      member->n_done++;
      n++;
    }

  return n;
}

static void
make_members (Member *members,
              guint n,
              guint16 port)
{
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u/documents/a-page.html", port);

  for (guint i = 0; i < n; i++)
    {
      members[i].easy = curl_easy_init ();
      curl_easy_setopt (members[i].easy, CURLOPT_URL, url);
      curl_easy_setopt (members[i].easy, CURLOPT_WRITEFUNCTION, write_cb);
      curl_easy_setopt (members[i].easy, CURLOPT_WRITEDATA, &members[i]);
      curl_easy_setopt (members[i].easy, CURLOPT_PRIVATE, &members[i]);
    }
}

static guint
count_half (const Member *members,
            guint n)
{
  guint half = 0;

  for (guint i = 0; i < n; i++)
    half += members[i].n_writes > 0 && members[i].n_done == 0;
  return half;
}

static void
test_crowd (gconstpointer data)
{
  const DriverType *type = data;
  CrowdServer server;
  guint n = crowd_size ();
  Member *members = g_new0 (Member, n);
  guint n_done = 0, half = 0;
  gint64 end = g_get_monotonic_time () + 150 * G_USEC_PER_SEC, began = g_get_monotonic_time ();
  gsize before, waiting = 0;
  Driver *driver;

  crowd_server_start (&server);
  crowd_allow_descriptors (n + 200);
  driver = driver_new (type);
  before = mallinfo2 ().uordblks + mallinfo2 ().hblkhd;
  make_members (members, n, server.port);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpint (curl_multi_add_handle (driver->multi, members[i].easy), ==, CURLM_OK);
      if (i % 100 == 99)
        {
          driver_turn (driver, 0);
          n_done += take_messages (driver);
        }
    }
  while (n_done < n)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      driver_turn (driver, 100);
      n_done += take_messages (driver);
      if (half == n)
        continue;
      half = count_half (members, n);
      if (half == n)
        {
          waiting = mallinfo2 ().uordblks + mallinfo2 ().hblkhd;
          crowd_server_release (&server);
        }
    }
  g_test_message ("%s: %u transfers, %u waiting in mid-body at once, %.1f s, %u turns; %" G_GSIZE_FORMAT
                  " bytes each with the handle and what the driver keeps",
                  type->name, n, half, (double) (g_get_monotonic_time () - began) / G_USEC_PER_SEC, driver->n_turns,
                  waiting > before ? (waiting - before) / n : 0);

  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpuint (members[i].n_done, ==, 1);
      g_assert_cmpuint (members[i].length, ==, strlen (CROWD_BODY));
      g_assert_cmpint (curl_multi_remove_handle (driver->multi, members[i].easy), ==, CURLM_OK);
      curl_easy_cleanup (members[i].easy);
    }
  driver_free (driver);
  g_free (members);
  crowd_server_stop (&server);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < driver_n_types; i++)
    {
      g_autofree char *path = g_strconcat ("/crowd-curl/", driver_types[i].name, NULL);

      if ((driver_types[i].flags & DRIVER_FEW) == 0)
        g_test_add_data_func (path, &driver_types[i], test_crowd);
    }

  return g_test_run ();
}
