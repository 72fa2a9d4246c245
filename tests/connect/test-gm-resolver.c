/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-resolver.h"

#include "turning.h"

#include <netdb.h>

/* The backend: a name says how it is answered. "slow-…" waits for the gate, "none-…" is unknown, "empty-…" has an empty
 * list, "broken-…" a failing server, "many-…" one address more than is kept; everything else has two addresses. */

static GMutex gate_lock;
static GCond gate_changed;
static gboolean gate_open;
static gint n_inside; /* under the lock */
static gint n_asked; /* atomic */

static void
gate_set (gboolean open)
{
  g_mutex_lock (&gate_lock);
  gate_open = open;
  g_cond_broadcast (&gate_changed);
  g_mutex_unlock (&gate_lock);
}

static gboolean
wait_inside (gint n)
{
  gint64 end = g_get_monotonic_time () + TURNING_LIMIT_US;
  gboolean there;

  g_mutex_lock (&gate_lock);
  while (n_inside != n && g_cond_wait_until (&gate_changed, &gate_lock, end))
    ;
  there = n_inside == n;
  g_mutex_unlock (&gate_lock);
  return there;
}

static void
wait_for_gate (void)
{
  g_mutex_lock (&gate_lock);
  n_inside++;
  g_cond_broadcast (&gate_changed);
  while (!gate_open)
    g_cond_wait (&gate_changed, &gate_lock);
  n_inside--;
  g_cond_broadcast (&gate_changed);
  g_mutex_unlock (&gate_lock);
}

static int
backend (const char *host,
         int family,
         GmAddresses **addresses,
         gpointer user_data)
{
  guint n = g_str_has_prefix (host, "many-") ? GM_RESOLVER_MAX_ADDRESSES + 1 : 2;

  g_atomic_int_inc (&n_asked);
  if (g_str_has_prefix (host, "slow-"))
    wait_for_gate ();
  if (g_str_has_prefix (host, "none-"))
    return EAI_NONAME;
  if (g_str_has_prefix (host, "only4-") && family == AF_INET6)
    return EAI_NODATA;
  if (g_str_has_prefix (host, "broken-"))
    return EAI_AGAIN;
  if (g_str_has_prefix (host, "empty-"))
    n = 0;

  *addresses = gm_addresses_new (n);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = g_strdup_printf (family == AF_INET6 ? "2001:db8::%x" : "192.0.2.%u", i + 1);

      g_assert_true (gm_address_parse (&(*addresses)->items[i], gm_span (text, strlen (text)), 0));
    }
  return 0;
}

typedef struct
{
  GmReactor reactor;
  GmDnsCache *cache;
  GmResolver *resolver;
  Turner owner;
  GmConnectSettings settings;
} Fixture;

static void
set_up (Fixture *self,
        gconstpointer data)
{
  gm_reactor_init (&self->reactor, &turning_clock, NULL, NULL);
  self->cache = gm_dns_cache_new ();
  self->resolver = gm_resolver_new (&self->reactor, self->cache);
  gm_resolver_set_backend (self->resolver, backend, NULL);
  turner_init (&self->owner, NULL, NULL);
  self->settings = gm_connect_settings_default;
  g_atomic_int_set (&n_asked, 0);
  gate_set (FALSE);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  gate_set (TRUE);
  gm_resolver_free (self->resolver);
  gm_dns_cache_unref (self->cache);
  gm_reactor_dequeue (&self->reactor, &self->owner.runnable);
  gm_reactor_clear (&self->reactor);
}

static GmLookup *
look_up (Fixture *self,
         const char *host,
         guint16 port,
         int family)
{
  return gm_resolver_look_up (self->resolver, host, strlen (host), port, family, &self->settings, &self->owner.runnable);
}

static gboolean
has_answer (gpointer data)
{
  GmAddresses *addresses;
  int eai;

  return gm_lookup_get_answer (data, &addresses, &eai) != GM_AGAIN;
}

/* "192.0.2.1:80 192.0.2.2:80", or "error CODE", or "waits". */
static char *
describe (GmLookup *lookup)
{
  GmAddresses *addresses = NULL;
  int eai = 0;
  GmResult result = gm_lookup_get_answer (lookup, &addresses, &eai);
  g_autoptr (GString) text = g_string_new (NULL);

  if (result == GM_AGAIN)
    return g_strdup ("waits");
  if (result != GM_OK)
    {
      g_assert_cmpint (result, ==, GM_RESOLVE_FAILED);
      return g_strdup_printf ("error %d", eai);
    }
  for (guint i = 0; i < addresses->n; i++)
    {
      char buffer[GM_ADDRESS_TEXT_MAX];

      g_string_append_printf (text, "%s%s:%u", i > 0 ? " " : "", gm_address_print (&addresses->items[i], buffer),
                              gm_address_get_port (&addresses->items[i]));
    }
  return g_strdup (text->str);
}

static void
check (GmLookup *lookup,
       const char *expected)
{
  g_autofree char *text = describe (lookup);

  g_assert_cmpstr (text, ==, expected);
}

static void
check_error (GmLookup *lookup,
             int eai)
{
  g_autofree char *expected = g_strdup_printf ("error %d", eai);

  check (lookup, expected);
}

/* Looks up what must be known without asking anybody. */
static void
check_now (Fixture *self,
           const char *host,
           guint16 port,
           int family,
           const char *expected)
{
  gint before = g_atomic_int_get (&n_asked);
  GmLookup *lookup = look_up (self, host, port, family);

  check (lookup, expected);
  gm_lookup_free (lookup);
  g_assert_cmpint (g_atomic_int_get (&n_asked), ==, before);
}

static void
check_asked (Fixture *self,
             const char *host,
             guint16 port,
             int family,
             const char *expected)
{
  GmLookup *lookup = look_up (self, host, port, family);

  check (lookup, "waits");
  g_assert_true (turning_until (&self->reactor, has_answer, lookup));
  check (lookup, expected);
  gm_lookup_free (lookup);
}

static void
test_answer (Fixture *self,
             gconstpointer data)
{
  GmLookup *lookup = look_up (self, "Name.Example", 80, AF_INET);

  check (lookup, "waits");
  g_assert_true (turning_until (&self->reactor, has_answer, lookup));
  check (lookup, "192.0.2.1:80 192.0.2.2:80");
  g_assert_cmpuint (self->owner.n_turns, ==, 1);
  gm_lookup_free (lookup);

  check_asked (self, "name.example", 443, AF_INET6, "2001:db8::1:443 2001:db8::2:443");
  g_assert_cmpint (n_asked, ==, 2);
}

static void
test_failures (Fixture *self,
               gconstpointer data)
{
  static const struct
  {
    const char *host;
    int eai;
  } cases[] = { { "none-x", EAI_NONAME }, { "broken-x", EAI_AGAIN }, { "empty-x", EAI_NODATA } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint round = 1; round <= 2; round++)
      {
        GmLookup *lookup = look_up (self, cases[i].host, 80, AF_INET);

        g_assert_true (turning_until (&self->reactor, has_answer, lookup));
        check_error (lookup, cases[i].eai);
        gm_lookup_free (lookup);
        /* Failures are not kept. */
        g_assert_cmpint (n_asked, ==, 2 * i + round);
      }
}

static void
test_host_names (Fixture *self,
                 gconstpointer data)
{
  g_autofree char *longest = g_strnfill (254, 'a');
  g_autofree char *too_long = g_strnfill (255, 'a');
  GmLookup *lookup;

  check_asked (self, longest, 1, AF_INET, "192.0.2.1:1 192.0.2.2:1");

  lookup = look_up (self, too_long, 1, AF_INET);
  check_error (lookup, EAI_NONAME);
  gm_lookup_free (lookup);
  lookup = look_up (self, "", 1, AF_INET);
  check_error (lookup, EAI_NONAME);
  gm_lookup_free (lookup);
  lookup = gm_resolver_look_up (self->resolver, "a\0b", 3, 1, AF_INET, &self->settings, &self->owner.runnable);
  check_error (lookup, EAI_NONAME);
  gm_lookup_free (lookup);
  g_assert_cmpint (n_asked, ==, 1);
}

static void
test_at_once (Fixture *self,
              gconstpointer data)
{
  g_autofree char *other = g_strdup_printf ("error %d", EAI_ADDRFAMILY);

  check_now (self, "198.51.100.7", 81, AF_INET, "198.51.100.7:81");
  check_now (self, "198.51.100.7", 81, AF_INET6, other);
  check_now (self, "2001:db8::9", 82, AF_INET6, "2001:db8::9:82");
  check_now (self, "2001:db8::9", 82, AF_INET, other);
  check_now (self, "localhost", 83, AF_INET, "127.0.0.1:83");
  check_now (self, "LOCALHOST.", 83, AF_INET6, "::1:83");
  check_now (self, "a.b.localhost", 84, AF_INET, "127.0.0.1:84");
  check_asked (self, "notlocalhost", 84, AF_INET, "192.0.2.1:84 192.0.2.2:84");
  check_asked (self, "localhost.example", 84, AF_INET, "192.0.2.1:84 192.0.2.2:84");
  g_assert_cmpuint (self->owner.n_turns, ==, 2);
}

static void
test_limit (Fixture *self,
            gconstpointer data)
{
  GmLookup *lookup = look_up (self, "many-x", 80, AF_INET);
  GmAddresses *addresses = NULL;
  int eai;

  g_assert_true (turning_until (&self->reactor, has_answer, lookup));
  g_assert_cmpint (gm_lookup_get_answer (lookup, &addresses, &eai), ==, GM_OK);
  g_assert_cmpuint (addresses->n, ==, GM_RESOLVER_MAX_ADDRESSES);
  gm_lookup_free (lookup);
}

static void
test_single_flight (Fixture *self,
                    gconstpointer data)
{
  GmLookup *lookups[10];
  GmLookup *other = look_up (self, "slow-x", 80, AF_INET6);

  for (guint i = 0; i < G_N_ELEMENTS (lookups); i++)
    lookups[i] = look_up (self, "slow-x", (guint16) (100 + i), AF_INET);
  g_assert_true (wait_inside (2));
  /* Those who leave do not take the others' answer with them. */
  gm_lookup_free (lookups[0]);
  gm_lookup_free (lookups[9]);
  gate_set (TRUE);

  for (guint i = 1; i < 9; i++)
    {
      g_autofree char *expected = g_strdup_printf ("192.0.2.1:%u 192.0.2.2:%u", 100 + i, 100 + i);

      g_assert_true (turning_until (&self->reactor, has_answer, lookups[i]));
      check (lookups[i], expected);
      gm_lookup_free (lookups[i]);
    }
  g_assert_true (turning_until (&self->reactor, has_answer, other));
  gm_lookup_free (other);
  g_assert_cmpint (n_asked, ==, 2);
}

static void
test_cache (Fixture *self,
            gconstpointer data)
{
  self->settings.dns_cache_us = 60 * G_USEC_PER_SEC;
  check_asked (self, "name", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");
  check_now (self, "NAME", 81, AF_INET, "192.0.2.1:81 192.0.2.2:81");
  turning_advance (&self->reactor, 60 * G_USEC_PER_SEC - 1);
  check_now (self, "name", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");
  turning_advance (&self->reactor, 1);

  /* How old is too old is the asker's to say. */
  self->settings.dns_cache_us = -1;
  check_now (self, "name", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");
  self->settings.dns_cache_us = 60 * G_USEC_PER_SEC;
  check_asked (self, "name", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");
  check_now (self, "name", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");

  self->settings.dns_cache_us = 0;
  check_asked (self, "name", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");
  check_asked (self, "other", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");
  self->settings.dns_cache_us = 60 * G_USEC_PER_SEC;
  check_asked (self, "other", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");

  gm_dns_cache_clear (self->cache);
  check_asked (self, "other", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");
}

/* That there is none of one family is known as long as those of the other one are; by itself it is a failure, and asked
 * for again. */
static void
test_cache_none (Fixture *self,
                 gconstpointer data)
{
  g_autofree char *none = g_strdup_printf ("error %d", EAI_ADDRFAMILY);
  g_autofree char *no_data = g_strdup_printf ("error %d", EAI_NODATA);
  g_autofree char *no_name = g_strdup_printf ("error %d", EAI_NONAME);

  self->settings.dns_cache_us = 60 * G_USEC_PER_SEC;
  check_asked (self, "only4-name", 80, AF_INET6, no_data);
  check_asked (self, "only4-name", 80, AF_INET6, no_data);
  check_asked (self, "only4-name", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");
  check_now (self, "only4-name", 80, AF_INET6, none);
  check_now (self, "only4-name", 81, AF_INET, "192.0.2.1:81 192.0.2.2:81");
  turning_advance (&self->reactor, 60 * G_USEC_PER_SEC);
  check_asked (self, "only4-name", 80, AF_INET6, no_data);
  check_asked (self, "only4-name", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");

  check_asked (self, "only4-last", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");
  check_asked (self, "only4-last", 80, AF_INET6, no_data);
  check_now (self, "only4-last", 80, AF_INET6, none);

  check_asked (self, "none-at-all", 80, AF_INET6, no_name);
  check_asked (self, "none-at-all", 80, AF_INET, no_name);
  check_asked (self, "none-at-all", 80, AF_INET6, no_name);
}

static void
test_shared_cache (Fixture *self,
                   gconstpointer data)
{
  GmDnsCache *own = gm_dns_cache_new ();
  GmResolver *second = gm_resolver_new (&self->reactor, own);
  GmLookup *lookup;

  check_asked (self, "name", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");
  gm_resolver_set_cache (second, self->cache);
  gm_dns_cache_unref (own);
  lookup = gm_resolver_look_up (second, "name", 4, 80, AF_INET, &self->settings, &self->owner.runnable);
  check (lookup, "192.0.2.1:80 192.0.2.2:80");
  gm_lookup_free (lookup);
  gm_resolver_free (second);
}

static void
test_cache_limit (Fixture *self,
                  gconstpointer data)
{
  GmAddresses *list = gm_addresses_new (1);
  GmAddresses *found;

  for (guint i = 0; i <= GM_DNS_CACHE_MAX; i++)
    {
      g_autofree char *name = g_strdup_printf ("n%u", i);

      gm_dns_cache_put (self->cache, name, AF_INET, list, i);
      /* At the limit the first is still there, one later it has made room. */
      if (i == GM_DNS_CACHE_MAX - 1)
        {
          found = gm_dns_cache_get (self->cache, "n0", AF_INET, i, -1);
          g_assert_nonnull (found);
          gm_addresses_unref (found);
        }
    }
  g_assert_null (gm_dns_cache_get (self->cache, "n0", AF_INET, 0, -1));
  found = gm_dns_cache_get (self->cache, "n1", AF_INET, 0, -1);
  g_assert_nonnull (found);
  gm_addresses_unref (found);
  gm_addresses_unref (list);
}

static GmResult
add (Fixture *self,
     const char *text)
{
  g_autofree char *copy = g_strdup (text);
  GmStringList list = { copy, NULL };

  return gm_resolver_add_overrides (self->resolver, &list);
}

static void
test_overrides (Fixture *self,
                gconstpointer data)
{
  g_autofree char *none = g_strdup_printf ("error %d", EAI_ADDRFAMILY);

  g_assert_cmpint (add (self, "Name.example:80:10.0.0.1,[2001:db8::5],10.0.0.2,2001:db8::6"), ==, GM_OK);
  check_now (self, "name.EXAMPLE", 80, AF_INET, "10.0.0.1:80 10.0.0.2:80");
  check_now (self, "name.example", 80, AF_INET6, "2001:db8::5:80 2001:db8::6:80");
  check_asked (self, "name.example", 81, AF_INET, "192.0.2.1:81 192.0.2.2:81");
  turning_advance (&self->reactor, G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC);
  check_now (self, "name.example", 80, AF_INET, "10.0.0.1:80 10.0.0.2:80");
  gm_dns_cache_clear (self->cache);
  check_now (self, "name.example", 80, AF_INET, "10.0.0.1:80 10.0.0.2:80");

  /* A later one replaces; a family that it lacks is not asked for elsewhere. */
  g_assert_cmpint (add (self, "name.example:80:10.0.0.3"), ==, GM_OK);
  check_now (self, "name.example", 80, AF_INET, "10.0.0.3:80");
  check_now (self, "name.example", 80, AF_INET6, none);

  g_assert_cmpint (add (self, "-name.example:80"), ==, GM_OK);
  check_asked (self, "name.example", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");

  /* Any host of a port; an own entry goes first; numeric hosts and localhost can be overridden too. */
  g_assert_cmpint (add (self, "*:443:10.0.0.9"), ==, GM_OK);
  g_assert_cmpint (add (self, "own:443:10.0.0.8"), ==, GM_OK);
  check_now (self, "whatever", 443, AF_INET, "10.0.0.9:443");
  check_now (self, "localhost", 443, AF_INET, "10.0.0.9:443");
  check_now (self, "own", 443, AF_INET, "10.0.0.8:443");
  g_assert_cmpint (add (self, "[::1]:444:10.0.0.7"), ==, GM_OK);
  check_now (self, "::1", 444, AF_INET, "10.0.0.7:444");
}

static void
test_ageing_override (Fixture *self,
                      gconstpointer data)
{
  self->settings.dns_cache_us = G_USEC_PER_SEC;
  g_assert_cmpint (add (self, "+name:80:10.0.0.1"), ==, GM_OK);
  turning_advance (&self->reactor, G_USEC_PER_SEC - 1);
  check_now (self, "name", 80, AF_INET, "10.0.0.1:80");
  turning_advance (&self->reactor, 1);
  check_asked (self, "name", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");
}

static void
test_malformed_overrides (Fixture *self,
                          gconstpointer data)
{
  static const char *const wrong[] = {
    "name", "name:80", "name::10.0.0.1", ":80:10.0.0.1", "name:65536:10.0.0.1", "name:80:", "name:80:host",
    "name:80:10.0.0.1,", "name:80:,10.0.0.1", "name:-1:10.0.0.1", "-name", "-name:", "-:80", "[::1:80:10.0.0.1",
    "[::1]80:10.0.0.1", "[]:80:10.0.0.1", "+", "-", "+name:80",
  };
  char good[] = "name:80:10.0.0.1";
  char bad[] = "nonsense";
  GmStringList second = { good, NULL };
  GmStringList first = { bad, &second };
  GString *many = g_string_new ("m:1:10.0.0.1");

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_test_message ("%s", wrong[i]);
      g_assert_cmpint (add (self, wrong[i]), ==, wrong[i][0] == '-' ? GM_OK : GM_BAD_REQUEST);
    }

  /* The others count all the same. */
  g_assert_cmpint (gm_resolver_add_overrides (self->resolver, &first), ==, GM_BAD_REQUEST);
  check_now (self, "name", 80, AF_INET, "10.0.0.1:80");
  g_assert_cmpint (gm_resolver_add_overrides (self->resolver, NULL), ==, GM_OK);

  for (guint i = 1; i < GM_RESOLVER_MAX_ADDRESSES; i++)
    g_string_append (many, ",10.0.0.1");
  g_assert_cmpint (add (self, many->str), ==, GM_OK);
  g_string_append (many, ",10.0.0.1");
  g_assert_cmpint (add (self, many->str), ==, GM_BAD_REQUEST);
  g_string_free (many, TRUE);
}

/* Every thread of the cap hangs: whatever needs none goes on, and giving up is free. */
static void
test_stuck (Fixture *self,
            gconstpointer data)
{
  GmLookup *lookups[25];
  gint64 start;

  check_asked (self, "cached", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");
  for (guint i = 0; i < G_N_ELEMENTS (lookups); i++)
    {
      g_autofree char *name = g_strdup_printf ("slow-%u", i);

      lookups[i] = look_up (self, name, 80, AF_INET);
    }
  g_assert_true (wait_inside (20));

  check_now (self, "cached", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");
  check_now (self, "127.0.0.1", 80, AF_INET, "127.0.0.1:80");
  check_now (self, "localhost", 80, AF_INET, "127.0.0.1:80");
  g_assert_cmpint (add (self, "slow-0:80:10.0.0.1"), ==, GM_OK);
  check_now (self, "slow-0", 80, AF_INET, "10.0.0.1:80");

  start = g_get_monotonic_time ();
  for (guint i = 0; i < G_N_ELEMENTS (lookups); i++)
    gm_lookup_free (lookups[i]);
  if (g_getenv ("GMULTI_TEST_VALGRIND") == NULL)
    g_assert_cmpint (g_get_monotonic_time () - start, <, 1000 * (gint64) G_N_ELEMENTS (lookups));
  g_assert_cmpuint (self->reactor.n_sockets, ==, 0);

  /* Who asks again for what hangs does not join the hanging one, and a larger cap helps at once. */
  gm_resolver_set_max (self->resolver, 21);
  check_asked (self, "quick", 80, AF_INET, "192.0.2.1:80 192.0.2.2:80");
  gate_set (TRUE);
  g_assert_true (wait_inside (0));
}

/* The resolver goes while others wait for it: they learn that there is no answer. */
static void
test_resolver_goes (Fixture *self,
                    gconstpointer data)
{
  GmResolver *other = gm_resolver_new (&self->reactor, self->cache);
  GmLookup *lookup;

  gm_resolver_set_backend (other, backend, NULL);
  lookup = gm_resolver_look_up (other, "slow-x", 6, 80, AF_INET, &self->settings, &self->owner.runnable);
  g_assert_true (wait_inside (1));
  gm_resolver_free (other);
  check_error (lookup, EAI_FAIL);
  gm_lookup_free (lookup);
  gm_lookup_free (NULL);
  gate_set (TRUE);
  g_assert_true (wait_inside (0));
}

/* What the system says: only what every machine has. */
static void
test_system (Fixture *self,
             gconstpointer data)
{
  g_autofree char *text = NULL;
  GmLookup *lookup;

  /* RFC 6761 section 6.4: never a name; without a network another error. */
  gm_resolver_set_backend (self->resolver, NULL, NULL);
  lookup = look_up (self, "name.invalid", 80, AF_INET);
  g_assert_true (turning_until (&self->reactor, has_answer, lookup));
  text = describe (lookup);
  g_assert_true (g_str_has_prefix (text, "error "));
  gm_lookup_free (lookup);
}

/* ---- by a helper ---- */

typedef struct
{
  GmResolverAsk *asks[8]; /* (unowned) */
  guint n;
  guint n_cancelled;
  gboolean refuses;
  GmLookup *own; /* (owned) (nullable): what it looks up itself to ask, until it is cancelled */
} Helper;

static Helper helper;

static gpointer
helper_ask (GmResolverAsk *ask,
            const char *host,
            int family,
            const GmConnectSettings *settings,
            gpointer user_data)
{
  g_assert_true (user_data == &helper);
  if (helper.refuses)
    return NULL;

  g_assert_cmpuint (helper.n, <, G_N_ELEMENTS (helper.asks));
  helper.asks[helper.n++] = ask;
  return ask;
}

static void
helper_cancel (gpointer asked)
{
  helper.n_cancelled++;
  g_clear_pointer (&helper.own, gm_lookup_free);
}

static void
use_helper (Fixture *self,
            char *uri)
{
  static const GmResolverHelper ops = { helper_ask, helper_cancel };

  helper = (Helper){ 0 };
  gm_resolver_set_helper (self->resolver, &ops, &helper);
  self->settings.doh_uri = uri;
}

static GmAddresses *
one (const char *text)
{
  GmAddresses *list = gm_addresses_new (1);

  g_assert_true (gm_address_parse (&list->items[0], gm_span (text, strlen (text)), 0));
  return list;
}

static void
check_answer (GmLookup *lookup,
              const char *expected)
{
  g_autofree char *text = describe (lookup);

  g_assert_cmpstr (text, ==, expected);
  gm_lookup_free (lookup);
}

/* The worker is never asked; what was answered is for those alone who ask the same server on the same terms. */
static void
test_helper (Fixture *self,
             gconstpointer data)
{
  static char uri[] = "https://a/", other_uri[] = "https://b/";
  GmLookup *lookups[2];

  use_helper (self, uri);
  lookups[0] = look_up (self, "host", 1, AF_INET);
  lookups[1] = look_up (self, "HOST", 2, AF_INET);
  g_assert_cmpuint (helper.n, ==, 1);
  gm_resolver_answer (helper.asks[0], 0, one ("192.0.2.9"), 10 * G_USEC_PER_SEC);
  g_assert_true (gm_runnable_is_queued (&self->owner.runnable));
  check_answer (lookups[0], "192.0.2.9:1");
  check_answer (lookups[1], "192.0.2.9:2");
  check_answer (look_up (self, "host", 3, AF_INET), "192.0.2.9:3");
  g_assert_cmpuint (helper.n, ==, 1);

  self->settings.doh_uri = other_uri;
  gm_lookup_free (look_up (self, "host", 1, AF_INET));
  self->settings.doh_uri = uri;
  self->settings.doh_verify_peer = FALSE;
  gm_lookup_free (look_up (self, "host", 1, AF_INET));
  g_assert_cmpuint (helper.n, ==, 3);
  g_assert_cmpuint (helper.n_cancelled, ==, 2);
  g_assert_cmpint (g_atomic_int_get (&n_asked), ==, 0);
}

/* Who has a list of revoked certificates, or asks for more, is not told what was answered to those who do not. */
static void
test_helper_trust (Fixture *self,
                   gconstpointer data)
{
  static char uri[] = "https://a/", text[] = "other";
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, sizeof text);
  GmTlsSettings tls = gm_tls_settings_default;
  GmLookup *lookup;

  use_helper (self, uri);
  self->settings.tls = &tls;
  lookup = look_up (self, "host", 1, AF_INET);
  gm_resolver_answer (helper.asks[0], 0, one ("192.0.2.9"), 10 * G_USEC_PER_SEC);
  gm_lookup_free (lookup);
  gm_lookup_free (look_up (self, "host", 1, AF_INET));
  g_assert_cmpuint (helper.n, ==, 1);

  for (guint i = 0; i < 6; i++)
    {
      tls = gm_tls_settings_default;
      tls.crl_file = i == 0 ? text : NULL;
      tls.ca_file = i == 1 ? text : NULL;
      tls.ca_bytes = i == 2 ? bytes : NULL;
      tls.with_system_trust = i == 3;
      tls.min_version = i == 4 ? GM_TLS_VERSION_1_3 : GM_TLS_VERSION_DEFAULT;
      tls.priority = i == 5 ? text : NULL;
      gm_lookup_free (look_up (self, "host", 1, AF_INET));
      g_assert_cmpuint (helper.n, ==, 2 + i);
    }
  self->settings.tls = NULL;
  gm_lookup_free (look_up (self, "host", 1, AF_INET));
  g_assert_cmpuint (helper.n, ==, 7);
}

static void
test_helper_life (Fixture *self,
                  gconstpointer data)
{
  static char uri[] = "https://a/";
  GmLookup *lookup;

  use_helper (self, uri);
  lookup = look_up (self, "host", 1, AF_INET);
  gm_resolver_answer (helper.asks[0], 0, one ("192.0.2.9"), 10 * G_USEC_PER_SEC);
  gm_lookup_free (lookup);
  turning_advance (&self->reactor, 10 * G_USEC_PER_SEC - 1);
  check_answer (look_up (self, "host", 1, AF_INET), "192.0.2.9:1");
  turning_advance (&self->reactor, 1);
  gm_lookup_free (look_up (self, "host", 1, AF_INET));
  g_assert_cmpuint (helper.n, ==, 2);
}

/* No failure of it leads to the system. */
static void
test_helper_fails (Fixture *self,
                   gconstpointer data)
{
  static char uri[] = "https://a/";
  GmLookup *lookup;
  g_autofree char *expected = g_strdup_printf ("error %d", EAI_FAIL);
  g_autofree char *nothing = g_strdup_printf ("error %d", EAI_NODATA);

  use_helper (self, uri);
  lookup = look_up (self, "host", 1, AF_INET);
  gm_resolver_answer (helper.asks[0], EAI_FAIL, NULL, 0);
  check_answer (lookup, expected);
  lookup = look_up (self, "host", 1, AF_INET);
  gm_resolver_answer (helper.asks[1], 0, NULL, 0);
  check_answer (lookup, nothing);
  helper.refuses = TRUE;
  check_answer (look_up (self, "host", 1, AF_INET), expected);
  gm_resolver_set_helper (self->resolver, NULL, NULL);
  check_answer (look_up (self, "host", 1, AF_INET), expected);
  g_assert_cmpint (g_atomic_int_get (&n_asked), ==, 0);
}

static void
test_helper_goes (Fixture *self,
                  gconstpointer data)
{
  static char uri[] = "https://a/";
  GmLookup *waiting, *other, *plain;
  g_autofree char *expected = g_strdup_printf ("error %d", EAI_FAIL);

  use_helper (self, uri);
  waiting = look_up (self, "host", 1, AF_INET);
  other = look_up (self, "other", 1, AF_INET);
  self->settings.doh_uri = NULL;
  plain = look_up (self, "slow-host", 1, AF_INET);
  helper.own = look_up (self, "slow-server", 1, AF_INET);
  gm_resolver_cancel_asked (self->resolver);
  g_assert_cmpuint (helper.n_cancelled, ==, 2);
  check_answer (waiting, expected);
  check_answer (other, expected);
  gm_lookup_free (plain);

  self->settings.doh_uri = uri;
  waiting = look_up (self, "host", 1, AF_INET);
  gm_resolver_free (self->resolver);
  self->resolver = gm_resolver_new (&self->reactor, self->cache);
  g_assert_cmpuint (helper.n_cancelled, ==, 3);
  check_answer (waiting, expected);
}

#define ADD(name, func) g_test_add ("/resolver/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("answer", test_answer);
  ADD ("failures", test_failures);
  ADD ("host-names", test_host_names);
  ADD ("at-once", test_at_once);
  ADD ("limit", test_limit);
  ADD ("single-flight", test_single_flight);
  ADD ("cache", test_cache);
  ADD ("cache-none", test_cache_none);
  ADD ("shared-cache", test_shared_cache);
  ADD ("cache-limit", test_cache_limit);
  ADD ("overrides", test_overrides);
  ADD ("ageing-override", test_ageing_override);
  ADD ("malformed-overrides", test_malformed_overrides);
  ADD ("stuck", test_stuck);
  ADD ("resolver-goes", test_resolver_goes);
  ADD ("system", test_system);
  ADD ("helper", test_helper);
  ADD ("helper-trust", test_helper_trust);
  ADD ("helper-life", test_helper_life);
  ADD ("helper-fails", test_helper_fails);
  ADD ("helper-goes", test_helper_goes);
  return g_test_run ();
}
