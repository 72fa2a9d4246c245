/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-layer.h"
#include "gm-resolver.h"

#include "turning.h"

#include <errno.h>
#include <netdb.h>
#include <unistd.h>

/* Simulated sockets on a virtual clock: an address says by its last group what becomes of it, and everything that
 * happens is noted with its time in ms, so that a whole race is one string:
 *   …1 connects at once, …2 after 30 ms, …3 after 300 ms, …4 refuses at once, …5 refuses after 100 ms, …6 never answers,
 *   …7 unreachable at once, …8 no answer after 400 ms (ETIMEDOUT) */

static GString *story;
static gint64 story_start;

static void G_GNUC_PRINTF (1, 2)
note (const char *format,
      ...)
{
  va_list args;

  va_start (args, format);
  if (story->len > 0)
    g_string_append_c (story, ' ');
  g_string_append_vprintf (story, format, args);
  g_string_append_printf (story, "@%d", (int) ((turning_now - story_start) / 1000));
  va_end (args);
}

typedef struct
{
  GmLayer layer; /* first member */
  char name[GM_ADDRESS_TEXT_MAX];
  int fate;
  gint64 until;
  GmTimer timer;
} FakeLayer;

static void
fake_fire (GmTimer *timer,
           gint64 now)
{
  FakeLayer *self = (FakeLayer *) (gpointer) ((char *) timer - G_STRUCT_OFFSET (FakeLayer, timer));

  gm_reactor_queue (self->layer.host->reactor, self->layer.host->owner);
}

static GmResult
fake_fail (FakeLayer *self,
           int error)
{
  note ("fail:%s", self->name);
  gm_error_set (self->layer.host->error, GM_CONNECT_FAILED, GM_PHASE_CONNECT, error);
  if (self->layer.host->error->address == NULL)
    self->layer.host->error->address = g_strdup (self->name);
  return GM_CONNECT_FAILED;
}

static GmResult
fake_connect (GmLayer *layer)
{
  static const struct
  {
    int delay_ms; /* -1 = for ever */
    int error;
  } fates[] = {
    { -1, 0 }, { 0, 0 }, { 30, 0 }, { 300, 0 }, { 0, ECONNREFUSED }, { 100, ECONNREFUSED }, { -1, 0 },
    { 0, ENETUNREACH }, { 400, ETIMEDOUT }, { -1, 0 },
  };
  FakeLayer *self = (FakeLayer *) layer;
  GmReactor *reactor = layer->host->reactor;

  if (self->until == 0)
    {
      note ("try:%s", self->name);
      self->timer.fire = fake_fire;
      self->until = fates[self->fate].delay_ms < 0 ? G_MAXINT64 : reactor->now + fates[self->fate].delay_ms * 1000;
      if (fates[self->fate].delay_ms > 0)
        gm_reactor_set_timer (reactor, &self->timer, self->until);
    }
  if (reactor->now < self->until)
    return GM_AGAIN;
  if (fates[self->fate].error != 0)
    return fake_fail (self, fates[self->fate].error);
  note ("up:%s", self->name);
  return GM_OK;
}

static GmResult
fake_send (GmLayer *layer,
           const char *data,
           gsize len,
           gsize *n_sent)
{
  note ("send:%s", ((FakeLayer *) layer)->name);
  *n_sent = len;
  return GM_OK;
}

static void
fake_free (GmLayer *layer)
{
  FakeLayer *self = (FakeLayer *) layer;

  note ("close:%s", self->name);
  gm_reactor_set_timer (layer->host->reactor, &self->timer, 0);
  g_free (self);
}

static GmLayer *
new_fake (const void *address,
          guint address_len,
          gpointer user_data)
{
  static const GmLayerType type = {
    .name = "fake", .connect = fake_connect, .send = fake_send, .free = fake_free,
  };
  FakeLayer *self = g_new0 (FakeLayer, 1);
  GmAddress copy = { .len = address_len };

  memcpy (&copy.sa, address, address_len);
  gm_address_print (&copy, self->name);
  self->fate = self->name[strlen (self->name) - 1] - '0';
  self->layer.type = &type;
  return &self->layer;
}

/* ---- surroundings ---- */

static GMutex gate_lock;
static GCond gate_changed;
static gboolean gates[2]; /* IPv4, IPv6 */

static void
gate_set (int family,
          gboolean open)
{
  g_mutex_lock (&gate_lock);
  gates[family == AF_INET6] = open;
  g_cond_broadcast (&gate_changed);
  g_mutex_unlock (&gate_lock);
}

static const char *backend_v4, *backend_v6; /* an address, or NULL = no such name */

static int
backend (const char *host,
         int family,
         GmAddresses **addresses,
         gpointer user_data)
{
  const char *text = family == AF_INET6 ? backend_v6 : backend_v4;

  g_mutex_lock (&gate_lock);
  while (!gates[family == AF_INET6])
    g_cond_wait (&gate_changed, &gate_lock);
  g_mutex_unlock (&gate_lock);

  if (text == NULL)
    return family == AF_INET6 ? EAI_NONAME : EAI_AGAIN;
  *addresses = gm_addresses_new (1);
  g_assert_true (gm_address_parse (&(*addresses)->items[0], gm_span (text, strlen (text)), 0));
  return 0;
}

typedef struct
{
  GmReactor reactor;
  GmDnsCache *cache;
  GmResolver *resolver;
  Turner owner;
  GmConnectSettings settings;
  GmError error;
  GmLayerHost host;
  GmLayer *race;
  GmResult result; /* of the last step */
} Fixture;

static void
step (gpointer data)
{
  Fixture *self = data;

  if (self->result == GM_AGAIN)
    self->result = gm_layer_connect (self->race);
}

static const GmSocketHooks fakes = { .new_layer = new_fake };

static void
set_up (Fixture *self,
        gconstpointer data)
{
  gm_reactor_init (&self->reactor, data != NULL ? NULL : &turning_clock, NULL, NULL);
  self->cache = gm_dns_cache_new ();
  self->resolver = gm_resolver_new (&self->reactor, self->cache);
  gm_resolver_set_backend (self->resolver, backend, NULL);
  turner_init (&self->owner, step, self);
  self->settings = gm_connect_settings_default;
  self->settings.attempt_delay_ms = 200;
  self->host = (GmLayerHost){
    .reactor = &self->reactor,
    .owner = &self->owner.runnable,
    .settings = &self->settings,
    .error = &self->error,
    .hooks = data != NULL ? NULL : &fakes,
  };
  story = g_string_new (NULL);
  story_start = turning_now;
  backend_v4 = backend_v6 = NULL;
  gate_set (AF_INET, TRUE);
  gate_set (AF_INET6, TRUE);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  gate_set (AF_INET, TRUE);
  gate_set (AF_INET6, TRUE);
  gm_layer_free (self->race);
  gm_resolver_free (self->resolver);
  gm_dns_cache_unref (self->cache);
  gm_reactor_dequeue (&self->reactor, &self->owner.runnable);
  g_assert_cmpint (gm_reactor_next (&self->reactor), ==, -1);
  gm_reactor_clear (&self->reactor);
  gm_error_clear (&self->error);
  g_string_free (story, TRUE);
}

static void
start (Fixture *self,
       const char *host)
{
  self->race = gm_layer_race_new (&self->host, self->resolver, host, strlen (host), 80);
  self->result = GM_AGAIN;
  gm_reactor_begin_turn (&self->reactor);
  step (self);
}

/* Gives "x" these addresses and starts for it. */
static void
start_with (Fixture *self,
            const char *addresses)
{
  g_autofree char *text = g_strconcat ("x:80:", addresses, NULL);
  GmStringList list = { text, NULL };

  g_assert_cmpint (gm_resolver_add_overrides (self->resolver, &list), ==, GM_OK);
  start (self, "x");
}

static void
run_ms (Fixture *self,
        guint ms)
{
  for (guint i = 0; i < ms; i++)
    turning_advance (&self->reactor, 1000);
}

static void
check_story (const char *expected)
{
  g_assert_cmpstr (story->str, ==, expected);
  g_string_truncate (story, 0);
}

static gboolean
has_turned (gpointer data)
{
  return ((Turner *) data)->n_turns > 0;
}

/* Waits for a look-up's answer in real time; the virtual clock stands still. */
static void
wait_for_answer (Fixture *self)
{
  self->owner.n_turns = 0;
  g_assert_true (turning_until (&self->reactor, has_turned, &self->owner));
}

/* ---- attempts ---- */

static void
test_first (Fixture *self,
            gconstpointer data)
{
  gint64 at = 0;
  gsize n = 0;

  start_with (self, "10.0.0.1,2001:db8::1");
  g_assert_cmpint (self->result, ==, GM_OK);
  check_story ("try:2001:db8::1@0 up:2001:db8::1@0");

  /* From here on it is out of the way. */
  g_assert_cmpint (gm_layer_send (self->race, "x", 1, &n), ==, GM_OK);
  check_story ("send:2001:db8::1@0");
  g_assert_true (self->race->type->send == NULL);
  g_assert_true (self->race->next->host == &self->host);
  g_assert_true (gm_layer_query (self->race, GM_QUERY_RESOLVED_AT, &at));
  g_assert_cmpint (at, ==, turning_now);
}

static void
test_slow_first (Fixture *self,
                 gconstpointer data)
{
  GmIo want;
  GmPhase phase;

  start_with (self, "10.0.0.2,2001:db8::6");
  g_assert_cmpint (self->result, ==, GM_AGAIN);
  g_assert_true (gm_layer_query (self->race, GM_QUERY_WANT, &want));
  g_assert_cmpint (want, ==, GM_IO_OUT);
  g_assert_true (gm_layer_query (self->race, GM_QUERY_PHASE, &phase));
  g_assert_cmpint (phase, ==, GM_PHASE_CONNECT);
  run_ms (self, 500);
  g_assert_cmpint (self->result, ==, GM_OK);
  check_story ("try:2001:db8::6@0 try:10.0.0.2@200 up:10.0.0.2@230 close:2001:db8::6@230");
}

/* The slow one is in time all the same. */
static void
test_slow_wins (Fixture *self,
                gconstpointer data)
{
  start_with (self, "2001:db8::3,10.0.0.6");
  run_ms (self, 500);
  g_assert_cmpint (self->result, ==, GM_OK);
  check_story ("try:2001:db8::3@0 try:10.0.0.6@200 up:2001:db8::3@300 close:10.0.0.6@300");
}

static void
test_families_take_turns (Fixture *self,
                          gconstpointer data)
{
  self->settings.attempt_delay_ms = 50;
  start_with (self, "10.0.0.6,10.0.1.6,10.0.2.6,2001:db8::6,2001:db8::1:6");
  run_ms (self, 400);
  g_assert_cmpint (self->result, ==, GM_AGAIN);
  check_story ("try:2001:db8::6@0 try:10.0.0.6@50 try:2001:db8::1:6@100 try:10.0.1.6@150 try:10.0.2.6@200");
  gm_layer_free (g_steal_pointer (&self->race));
  check_story ("close:2001:db8::6@400 close:10.0.0.6@400 close:2001:db8::1:6@400 close:10.0.1.6@400 "
               "close:10.0.2.6@400");
}

/* A refusal brings the next one on at once. */
static void
test_refused_first (Fixture *self,
                    gconstpointer data)
{
  start_with (self, "10.0.0.1,2001:db8::5");
  run_ms (self, 150);
  g_assert_cmpint (self->result, ==, GM_OK);
  check_story ("try:2001:db8::5@0 fail:2001:db8::5@100 close:2001:db8::5@100 try:10.0.0.1@100 up:10.0.0.1@100");
  g_assert_cmpint (self->error.result, ==, GM_OK);
}

/* The clock of the next attempt belongs to the latest one: an older one that fails does not hurry it. */
static void
test_older_fails (Fixture *self,
                  gconstpointer data)
{
  self->settings.attempt_delay_ms = 70;
  start_with (self, "10.0.0.6,10.0.1.1,2001:db8::5");
  run_ms (self, 200);
  g_assert_cmpint (self->result, ==, GM_OK);
  check_story ("try:2001:db8::5@0 try:10.0.0.6@70 fail:2001:db8::5@100 close:2001:db8::5@100 try:10.0.1.1@140 "
               "up:10.0.1.1@140 close:10.0.0.6@140");
}

static void
test_broken_v6 (Fixture *self,
                gconstpointer data)
{
  start_with (self, "10.0.0.2,2001:db8::7,2001:db8::1:7");
  run_ms (self, 100);
  g_assert_cmpint (self->result, ==, GM_OK);
  check_story ("try:2001:db8::7@0 fail:2001:db8::7@0 close:2001:db8::7@0 try:10.0.0.2@0 up:10.0.0.2@30");
}

static void
test_delay_has_a_floor (Fixture *self,
                        gconstpointer data)
{
  self->settings.attempt_delay_ms = 0;
  start_with (self, "10.0.0.6,10.0.1.6,10.0.2.6");
  run_ms (self, 100);
  check_story ("try:10.0.0.6@0 try:10.0.1.6@10 try:10.0.2.6@20");
}

static void
test_ip_version (Fixture *self,
                 gconstpointer data)
{
  self->settings.ip_version = GM_IP_V4;
  start_with (self, "2001:db8::1,10.0.0.1");
  g_assert_cmpint (self->result, ==, GM_OK);
  check_story ("try:10.0.0.1@0 up:10.0.0.1@0");
  gm_layer_free (g_steal_pointer (&self->race));
  g_string_truncate (story, 0);

  self->settings.ip_version = GM_IP_V6;
  start_with (self, "10.0.0.1,2001:db8::1");
  g_assert_cmpint (self->result, ==, GM_OK);
  check_story ("try:2001:db8::1@0 up:2001:db8::1@0");
  gm_layer_free (g_steal_pointer (&self->race));

  start_with (self, "10.0.0.1");
  g_assert_cmpint (self->result, ==, GM_RESOLVE_FAILED);
}

/* ---- failures ---- */

static void
test_all_fail (Fixture *self,
               gconstpointer data)
{
  start_with (self, "10.0.0.4,10.0.1.7,2001:db8::8");
  run_ms (self, 600);
  g_assert_cmpint (self->result, ==, GM_CONNECT_FAILED);
  check_story ("try:2001:db8::8@0 try:10.0.0.4@200 fail:10.0.0.4@200 close:10.0.0.4@200 try:10.0.1.7@200 "
               "fail:10.0.1.7@200 close:10.0.1.7@200 fail:2001:db8::8@400 close:2001:db8::8@400");
  /* The refusal came from the host itself: it tells most. */
  g_assert_cmpint (self->error.result, ==, GM_CONNECT_FAILED);
  g_assert_cmpint (self->error.phase, ==, GM_PHASE_CONNECT);
  g_assert_cmpint (self->error.sys_errno, ==, ECONNREFUSED);
  g_assert_cmpstr (self->error.address, ==, "10.0.0.4");
  g_assert_cmpstr (self->error.host, ==, "x");
  g_assert_cmpuint (self->error.port, ==, 80);
  g_assert_cmpint (gm_layer_connect (self->race), ==, GM_CONNECT_FAILED);
}

static void
test_furthest (Fixture *self,
               gconstpointer data)
{
  start_with (self, "10.0.0.7,10.0.1.8,10.0.2.7");
  run_ms (self, 700);
  g_assert_cmpint (self->result, ==, GM_CONNECT_FAILED);
  g_assert_cmpint (self->error.sys_errno, ==, ETIMEDOUT);
  g_assert_cmpstr (self->error.address, ==, "10.0.1.8");
}

static void
test_first_error_stays (Fixture *self,
                        gconstpointer data)
{
  gm_error_set (&self->error, GM_TIMEOUT, GM_PHASE_NONE, 0);
  start_with (self, "10.0.0.4");
  g_assert_cmpint (self->error.result, ==, GM_TIMEOUT);
  g_assert_cmpint (self->result, !=, GM_OK);
}

static void
test_no_name (Fixture *self,
              gconstpointer data)
{
  GmPhase phase;

  start (self, "unknown.example");
  g_assert_true (gm_layer_query (self->race, GM_QUERY_PHASE, &phase));
  g_assert_cmpint (phase, ==, GM_PHASE_RESOLVE);
  while (self->result == GM_AGAIN)
    wait_for_answer (self);
  g_assert_cmpint (self->result, ==, GM_RESOLVE_FAILED);
  g_assert_cmpint (self->error.phase, ==, GM_PHASE_RESOLVE);
  /* "Try again" of one family says more than "no such name" of the other. */
  g_assert_cmpint (self->error.resolver, ==, EAI_AGAIN);
  g_assert_cmpstr (self->error.host, ==, "unknown.example");
  g_assert_null (self->error.address);
  check_story ("");
}

/* ---- names ---- */

/* RFC 8305 section 3: IPv4 first waits 50 ms for IPv6. */
static void
test_v6_late (Fixture *self,
              gconstpointer data)
{
  backend_v4 = "10.0.0.6";
  backend_v6 = "2001:db8::1";
  gate_set (AF_INET6, FALSE);
  start (self, "name");
  wait_for_answer (self);
  run_ms (self, 49);
  check_story ("");
  run_ms (self, 11);
  check_story ("try:10.0.0.6@50");

  gate_set (AF_INET6, TRUE);
  wait_for_answer (self);
  check_story ("");
  run_ms (self, 200);
  check_story ("try:2001:db8::1@250 up:2001:db8::1@250 close:10.0.0.6@250");
  g_assert_cmpint (self->result, ==, GM_OK);
}

static void
test_v6_in_time (Fixture *self,
                 gconstpointer data)
{
  backend_v4 = "10.0.0.1";
  backend_v6 = "2001:db8::1";
  gate_set (AF_INET6, FALSE);
  start (self, "name");
  wait_for_answer (self);
  run_ms (self, 20);
  gate_set (AF_INET6, TRUE);
  wait_for_answer (self);
  check_story ("try:2001:db8::1@20 up:2001:db8::1@20");
}

static void
test_v6_unknown (Fixture *self,
                 gconstpointer data)
{
  backend_v4 = "10.0.0.1";
  gate_set (AF_INET6, FALSE);
  start (self, "name");
  wait_for_answer (self);
  run_ms (self, 20);
  gate_set (AF_INET6, TRUE);
  wait_for_answer (self);
  check_story ("try:10.0.0.1@20 up:10.0.0.1@20");
}

static void
test_v6_first (Fixture *self,
               gconstpointer data)
{
  backend_v4 = "10.0.0.1";
  backend_v6 = "2001:db8::1";
  gate_set (AF_INET, FALSE);
  start (self, "name");
  wait_for_answer (self);
  check_story ("try:2001:db8::1@0 up:2001:db8::1@0");
  /* The other look-up is given up with the race. */
  g_assert_cmpuint (self->reactor.n_sockets, ==, 0);
}

/* Every attempt has failed, but a family is still unknown: not over yet. */
static void
test_last_hope (Fixture *self,
                gconstpointer data)
{
  backend_v4 = "10.0.0.1";
  backend_v6 = "2001:db8::4";
  gate_set (AF_INET, FALSE);
  start (self, "name");
  wait_for_answer (self);
  check_story ("try:2001:db8::4@0 fail:2001:db8::4@0 close:2001:db8::4@0");
  g_assert_cmpint (self->result, ==, GM_AGAIN);
  run_ms (self, 10);
  gate_set (AF_INET, TRUE);
  wait_for_answer (self);
  check_story ("try:10.0.0.1@10 up:10.0.0.1@10");
}

static void
test_given_up (Fixture *self,
               gconstpointer data)
{
  gate_set (AF_INET, FALSE);
  gate_set (AF_INET6, FALSE);
  start (self, "name");
  g_assert_cmpuint (self->reactor.n_sockets, ==, 1);
  gm_layer_free (g_steal_pointer (&self->race));
  g_assert_cmpuint (self->reactor.n_sockets, ==, 0);
}

/* ---- unix-domain ---- */

static void
test_unix (Fixture *self,
           gconstpointer data)
{
  g_autofree char *too_long = g_strnfill (200, 'p');

  self->settings.unix_path = (char *) "/run/some1";
  start (self, "name");
  g_assert_cmpint (self->result, ==, GM_OK);
  check_story ("try:/run/some1@0 up:/run/some1@0");
  gm_layer_free (g_steal_pointer (&self->race));
  g_string_truncate (story, 0);

  self->settings.unix_path = (char *) "/run/some4";
  start (self, "name");
  g_assert_cmpint (self->result, ==, GM_CONNECT_FAILED);
  g_assert_cmpstr (self->error.address, ==, "/run/some4");
  gm_layer_free (g_steal_pointer (&self->race));
  gm_error_clear (&self->error);

  self->settings.unix_path = too_long;
  start (self, "name");
  g_assert_cmpint (self->result, ==, GM_RESOLVE_FAILED);
  g_assert_cmpint (self->error.sys_errno, ==, ENAMETOOLONG);
}

/* ---- real sockets ---- */

static gboolean
is_over (gpointer data)
{
  return ((Fixture *) data)->result != GM_AGAIN;
}

/* Nobody listens on IPv6, somebody does on IPv4. */
static void
test_real (Fixture *self,
           gconstpointer data)
{
  GmAddress address = { 0 };
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  GmSocket *socket = NULL;

  g_assert_true (gm_address_parse (&address, GM_SPAN ("127.0.0.1"), 0));
  g_assert_cmpint (bind (listener, &address.sa.any, address.len), ==, 0);
  g_assert_cmpint (listen (listener, 5), ==, 0);
  g_assert_cmpint (getsockname (listener, &address.sa.any, &address.len), ==, 0);

  for (guint round = 0; round < 2; round++)
    {
      self->race = gm_layer_race_new (&self->host, self->resolver, "localhost", 9, gm_address_get_port (&address));
      self->result = GM_AGAIN;
      gm_reactor_begin_turn (&self->reactor);
      step (self);
      g_assert_true (turning_until (&self->reactor, is_over, self));
      if (round == 0)
        {
          g_assert_cmpint (self->result, ==, GM_OK);
          g_assert_true (gm_layer_query (self->race, GM_QUERY_SOCKET, &socket));
          g_assert_nonnull (socket);
          g_assert_cmpuint (self->reactor.n_sockets, ==, 1);
        }
      else
        {
          g_assert_cmpint (self->result, ==, GM_CONNECT_FAILED);
          g_assert_cmpint (self->error.sys_errno, ==, ECONNREFUSED);
        }
      gm_layer_free (g_steal_pointer (&self->race));
      g_assert_cmpuint (self->reactor.n_sockets, ==, 0);
      if (round == 0)
        close (listener);
    }
}

#define ADD(name, func) g_test_add ("/layer-race/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("first", test_first);
  ADD ("slow-first", test_slow_first);
  ADD ("slow-wins", test_slow_wins);
  ADD ("families-take-turns", test_families_take_turns);
  ADD ("refused-first", test_refused_first);
  ADD ("older-fails", test_older_fails);
  ADD ("broken-v6", test_broken_v6);
  ADD ("delay-has-a-floor", test_delay_has_a_floor);
  ADD ("ip-version", test_ip_version);
  ADD ("all-fail", test_all_fail);
  ADD ("furthest", test_furthest);
  ADD ("first-error-stays", test_first_error_stays);
  ADD ("no-name", test_no_name);
  ADD ("v6-late", test_v6_late);
  ADD ("v6-in-time", test_v6_in_time);
  ADD ("v6-unknown", test_v6_unknown);
  ADD ("v6-first", test_v6_first);
  ADD ("last-hope", test_last_hope);
  ADD ("given-up", test_given_up);
  ADD ("unix", test_unix);
  g_test_add ("/layer-race/real", Fixture, "", set_up, test_real, tear_down);
  return g_test_run ();
}
