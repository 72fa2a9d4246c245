/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-ticket-cache.h"
#include "tls-pair.h"

#include <string.h>

#define NOW 1000000

/* ---- what a server says ---- */

static const guint8 message13[] = {
  0, 0, 0x1c, 0x20, 1, 2, 3, 4, /* 7200 s */
  2, 0, 0, /* a nonce */
  0, 3, 'a', 'b', 'c', /* the ticket */
  0, 14, 0x12, 0x34, 0, 2, 9, 9, /* an extension nobody knows … */
  0, 42, 0, 4, 0, 1, 0, 0, /* … and 64 KiB of early data */
};

static void
test_hint (void)
{
  static const guint8 message12[] = { 0, 0, 0, 100, 0, 1, 'a' };
  GmTicketHint hint = GM_TICKET_NO_HINT;

  for (gsize len = 0; len < sizeof message13; len++)
    {
      g_autofree guint8 *copy = g_memdup2 (message13, len);

      g_assert_false (gm_ticket_hint_read (&hint, TRUE, copy, len));
    }
  g_assert_cmpint (hint.lifetime, ==, -1);
  g_assert_true (gm_ticket_hint_read (&hint, TRUE, message13, sizeof message13));
  g_assert_cmpint (hint.lifetime, ==, 7200);
  g_assert_cmpuint (hint.early_data, ==, 65536);
  g_assert_false (gm_ticket_hint_read (&hint, FALSE, message12, 3));
  g_assert_true (gm_ticket_hint_read (&hint, FALSE, message12, sizeof message12));
  g_assert_cmpint (hint.lifetime, ==, 100);
  g_assert_cmpuint (hint.early_data, ==, 0);
  /* RFC 5077 section 3.3: nothing is said. With TLS 1.3 it means at once. */
  g_assert_true (gm_ticket_hint_read (&hint, FALSE, (const guint8 *) "\0\0\0\0\0\0", 6));
  g_assert_cmpint (hint.lifetime, ==, -1);
}

/* ---- kept and given out ---- */

/* A real session, as GnuTLS would take no other. */
static GmTicket *
make_ticket (gint64 valid_until)
{
  ScriptedTls *tls = scripted_tls_new ();
  GmTlsSettings *settings = gm_tls_settings_copy (NULL);
  GmTicketCache *tickets = gm_ticket_cache_new ();
  GmTlsPeer peer = { .settings = settings, .peer_name = GM_SPAN ("localhost"), .port = 443, .tickets = tickets };
  g_autoptr (GByteArray) got = g_byte_array_new ();
  GmTicket *ticket;
  TlsPair pair;

  settings->verify_peer = settings->verify_host = FALSE;
  tls_pair_init (&pair, tls, &peer);
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_OK);
  tls_pair_serve (&pair);
  tls_pair_say (&pair, "x", 1);
  g_assert_cmpint (tls_pair_read (&pair, got, 1), ==, GM_OK);
  ticket = gm_ticket_cache_take (tickets, "localhost", 443, settings, 0);
  g_assert_nonnull (ticket);
  ticket->valid_until = valid_until;
  tls_pair_clear (&pair);
  gm_ticket_cache_unref (tickets);
  gm_tls_settings_unref (settings);
  scripted_tls_free (tls);

  return ticket;
}

static GmTicket *
make_dummy (const char *data,
            gint64 valid_until)
{
  GmTicket *ticket = g_new0 (GmTicket, 1);

  ticket->data = g_bytes_new (data, strlen (data));
  ticket->version = 0x0304;
  ticket->valid_until = valid_until;
  return ticket;
}

static void
test_packed (void)
{
  g_autoptr (GmTicket) ticket = make_ticket (NOW + 5);
  g_autoptr (GmTicket) again = NULL;
  g_autoptr (GmTicket) over = NULL;
  g_autoptr (GmTicket) forever = NULL;
  g_autoptr (GmTicket) nonsense = make_dummy ("nonsense", NOW + 5);
  g_autoptr (GBytes) packed = NULL, broken = gm_ticket_pack (nonsense);

  ticket->early_data = 77;
  ticket->alpn = g_strdup ("h2");
  packed = gm_ticket_pack (ticket);
  again = gm_ticket_unpack (g_bytes_get_data (packed, NULL), g_bytes_get_size (packed), NOW);
  g_assert_nonnull (again);
  g_assert_true (g_bytes_equal (again->data, ticket->data));
  g_assert_cmpstr (again->alpn, ==, "h2");
  g_assert_cmpuint (again->early_data, ==, 77);
  g_assert_cmpuint (again->version, ==, 0x0304);
  g_assert_cmpint (again->valid_until, ==, NOW + 5);
  /* One whose time is over is still one, and none lasts for ever. */
  over = gm_ticket_unpack (g_bytes_get_data (packed, NULL), g_bytes_get_size (packed), NOW + 6);
  g_assert_cmpint (over->valid_until, ==, NOW + 5);
  forever = gm_ticket_unpack (g_bytes_get_data (packed, NULL), g_bytes_get_size (packed), NOW - 30 * 24 * 3600);
  g_assert_cmpint (forever->valid_until, ==, NOW - 23 * 24 * 3600);
  /* Whole, but nothing that GnuTLS could use. */
  g_assert_null (gm_ticket_unpack (g_bytes_get_data (broken, NULL), g_bytes_get_size (broken), NOW));
}

static void
test_expiry (void)
{
  GmTicketCache *cache = gm_ticket_cache_new ();
  g_autoptr (GPtrArray) list = NULL;
  GmTicket *ticket;

  gm_ticket_cache_add (cache, "x", 443, NULL, make_dummy ("old", NOW + 10));
  gm_ticket_cache_add (cache, "x", 443, NULL, make_dummy ("new", NOW + 5));
  list = gm_ticket_cache_give_out (cache, NOW + 5);
  g_assert_cmpuint (list->len, ==, 1);
  ticket = gm_ticket_cache_take (cache, "x", 443, NULL, NOW + 5);
  g_assert_nonnull (ticket);
  g_assert_cmpint (ticket->valid_until, ==, NOW + 10);
  gm_ticket_free (ticket);
  gm_ticket_cache_add (cache, "x", 443, NULL, make_dummy ("new", NOW + 5));
  g_assert_null (gm_ticket_cache_take (cache, "x", 443, NULL, NOW + 6));
  gm_ticket_cache_unref (cache);
}

/* Where it is from is known again, by the name or by its hash, when somebody comes who wants just that. */
static void
test_strangers (void)
{
  for (guint by_key = 0; by_key < 2; by_key++)
    {
      GmTicketCache *from = gm_ticket_cache_new (), *to = gm_ticket_cache_new ();
      GmTlsSettings *settings = gm_tls_settings_copy (NULL);
      g_autoptr (GPtrArray) list = NULL, again = NULL;
      const GmTicketOut *out;
      GmTicket *ticket;

      settings->verify_host = FALSE;
      settings->ca_file = g_ref_string_new ("/a:b=c");
      gm_ticket_cache_add (from, "x", 443, settings, make_dummy ("one", NOW + 10));
      gm_ticket_cache_add (from, "x", 443, settings, make_dummy ("two", NOW + 20));
      list = gm_ticket_cache_give_out (from, NOW);
      g_assert_cmpuint (list->len, ==, 2);
      out = list->pdata[0];
      g_assert_true (g_str_has_prefix (out->key, "x:443:verify_host=0:ca_file=/a%3Ab%3Dc:GnuTLS-"));
      g_assert_cmpint (memcmp (out->hash, ((GmTicketOut *) list->pdata[1])->hash, GM_TICKET_SALT_LEN), !=, 0);
      for (guint i = 0; i < 2 * list->len; i++)
        {
          out = list->pdata[i % list->len];
          gm_ticket_cache_take_in (to, by_key ? out->key : NULL, out->hash, gm_ticket_copy (out->ticket));
        }
      again = gm_ticket_cache_give_out (to, NOW);
      g_assert_cmpuint (again->len, ==, 2);
      g_assert_null (gm_ticket_cache_take (to, "x", 443, NULL, NOW));
      g_assert_null (gm_ticket_cache_take (to, "x", 444, settings, NOW));
      g_assert_null (gm_ticket_cache_take (to, "y", 443, settings, NOW));
      for (gint64 until = NOW + 20; until >= NOW + 10; until -= 10)
        {
          ticket = gm_ticket_cache_take (to, "x", 443, settings, NOW);
          g_assert_nonnull (ticket);
          g_assert_cmpint (ticket->valid_until, ==, until);
          gm_ticket_free (ticket);
        }
      g_assert_null (gm_ticket_cache_take (to, "x", 443, settings, NOW));

      gm_ticket_cache_unref (from);
      gm_ticket_cache_unref (to);
      gm_tls_settings_unref (settings);
    }
}

static void
test_limits (void)
{
  GmTicketCache *cache = gm_ticket_cache_new ();
  g_autoptr (GPtrArray) list = NULL;

  for (guint i = 0; i < GM_TICKETS_PER_PEER + 3; i++)
    {
      g_autofree char *data = g_strdup_printf ("%u", i);

      gm_ticket_cache_take_in (cache, "one", NULL, make_dummy (data, NOW + 10 + i));
    }
  list = gm_ticket_cache_give_out (cache, NOW);
  g_assert_cmpuint (list->len, ==, GM_TICKETS_PER_PEER);
  g_assert_cmpint (((GmTicketOut *) list->pdata[0])->ticket->valid_until, ==, NOW + 10 + GM_TICKETS_PER_PEER + 2);
  g_clear_pointer (&list, g_ptr_array_unref);
  gm_ticket_cache_trim (cache);
  for (guint i = 0; i < GM_TICKETS_MAX_PEERS + 5; i++)
    {
      g_autofree char *key = g_strdup_printf ("key %u", i);

      gm_ticket_cache_take_in (cache, key, NULL, make_dummy ("x", NOW + 10));
    }
  list = gm_ticket_cache_give_out (cache, NOW);
  g_assert_cmpuint (list->len, ==, GM_TICKETS_MAX_PEERS);
  gm_ticket_cache_unref (cache);
}

/* What comes with an identity is nobody's business. */
static void
test_untold (void)
{
  GmTicketCache *cache = gm_ticket_cache_new ();
  g_autoptr (GPtrArray) list = NULL;

  for (guint i = 0; i < 7; i++)
    {
      GmTlsSettings *settings = gm_tls_settings_copy (NULL);
      char **strings[] = { &settings->cert_file, &settings->key_file, &settings->login_user };
      GBytes **bytes[] = { &settings->cert_bytes, &settings->key_bytes, &settings->key_password, &settings->login_password };
      char *key;

      if (i < 3)
        *strings[i] = g_ref_string_new ("x");
      else
        *bytes[i - 3] = gm_secret_bytes_new ("x", 1);
      key = gm_tls_settings_dup_key (settings);
      g_assert_null (key);
      gm_ticket_cache_add (cache, "x", 443, settings, make_dummy ("x", NOW + 10));
      gm_tls_settings_unref (settings);
    }
  list = gm_ticket_cache_give_out (cache, NOW);
  g_assert_cmpuint (list->len, ==, 0);
  gm_ticket_cache_unref (cache);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ticket/hint", test_hint);
  g_test_add_func ("/ticket/packed", test_packed);
  g_test_add_func ("/ticket/expiry", test_expiry);
  g_test_add_func ("/ticket/strangers", test_strangers);
  g_test_add_func ("/ticket/limits", test_limits);
  g_test_add_func ("/ticket/untold", test_untold);
  return g_test_run ();
}
