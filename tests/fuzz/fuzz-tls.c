/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "gm-ticket-cache.h"
#include "gm-tls-info.h"
#include "tls-pair.h"

#include <string.h>

/* What a server, or somebody between, may do to TLS. Random bytes do not get far, so there is a real server, which does a
 * real handshake, says something, and closes; and the input says what becomes of its records on their way: bytes changed,
 * records dropped, doubled, cut short, held back, mixed, made up, and the end anywhere. Whatever it is, the client ends soon,
 * once, and has nothing else for the application than what the server said, and an end only where the server closed.
 *
 * The first byte chooses the kind, the second settings, and the rest are mischiefs of four bytes each: what, the record that it
 * is done to, where in the record, and a number. Other kinds are a server's bytes as they are, and a ticket that was kept. */

enum
{
  WITH_TLS13 = 1 << 0,
  WITH_VERDICT = 1 << 1,
  WITH_TICKET = 1 << 2, /* a visit before, without mischief */
  WITH_REQUEST = 1 << 3, /* the server would like to have a certificate of ours */
  WITH_ALPN = 1 << 4,
  WITH_UPDATE = 1 << 5, /* new keys, or the wish for another handshake, between what the server says */
  IN_PIECES = 1 << 6,
};

typedef enum
{
  DO_CHANGE,
  DO_DROP,
  DO_DOUBLE,
  DO_SHORTEN, /* and what its header says is too much */
  DO_END,
  DO_INSERT, /* a record made up before it, of the kind that is said */
  DO_SWAP, /* with the next one */
  DO_LENGTH, /* its header is wrong */
} Deed;

#define N_DEEDS (DO_LENGTH + 1)

#define MAX_MISCHIEFS 8
#define N_SAID 3
#define SAID_BYTES 3000

/* Nothing waits for anything but the anchors, which are read by somebody else: so many turns are more than enough. */
#define MAX_TURNS 4000
#define MAX_IDLE_TURNS 200

typedef struct
{
  TlsPair pair;
  GmSpan mischiefs;
  guint n_records; /* that have come to the relay */
  GByteArray *held; /* (owned) (nullable): one that is swapped with the next */
  gboolean harmed; /* something was done */
  gboolean copied; /* the record that is dealt with got through once already */
  gboolean last_gone; /* the last record did not get through, not once */
  gboolean gave_up; /* nothing came for too long, so that it was ended */
  GByteArray *said; /* (owned) */
} Visit;

/* ---- the relay ---- */

static void
pass (Visit *self,
      const guint8 *record,
      gsize len)
{
  if (!self->pair.end)
    g_byte_array_append (self->pair.to_client, record, (guint) len);
}

static void
insert_record (Visit *self,
               guint8 kind,
               guint8 number)
{
  guint8 record[5 + 40] = { 20 + kind % 6, 3, 3, 0, number % 41 };

  memset (record + 5, number, sizeof record - 5);
  record[5] = number % 3;
  pass (self, record, 5 + record[4]);
}

/* TRUE: nothing is left to be passed on. */
static gboolean
do_mischief (Visit *self,
             const guint8 deed[4],
             GByteArray *record)
{
  guint at = deed[2] * record->len / 256;

  self->harmed = TRUE;
  switch ((Deed) (deed[0] % N_DEEDS))
    {
    case DO_CHANGE:
      record->data[MIN (at + deed[3] % 16, record->len - 1)] ^= deed[3] != 0 ? deed[3] : 1;
      return FALSE;
    case DO_DROP:
      return TRUE;
    case DO_DOUBLE:
      pass (self, record->data, record->len);
      self->copied |= !self->pair.end;
      return FALSE;
    case DO_SHORTEN:
      g_byte_array_set_size (record, MAX (at, 1));
      return FALSE;
    case DO_END:
      pass (self, record->data, at);
      self->pair.end = TRUE;
      return TRUE;
    case DO_INSERT:
      insert_record (self, deed[2], deed[3]);
      return FALSE;
    case DO_SWAP:
      if (self->held != NULL)
        return FALSE;
      self->held = g_byte_array_append (g_byte_array_new (), record->data, record->len);
      return TRUE;
    case DO_LENGTH:
    default:
      record->data[deed[2] % 2 != 0 && record->len > 4 ? 4 : 3] ^= deed[3] != 0 ? deed[3] : 1;
      return FALSE;
    }
}

static void
relay_record (Visit *self,
              const guint8 *data,
              gsize len)
{
  g_autoptr (GByteArray) record = g_byte_array_append (g_byte_array_new (), data, (guint) len);
  GByteArray *held = self->held;
  gboolean gone = FALSE;

  self->copied = FALSE;
  for (gsize i = 0; i + 4 <= self->mischiefs.len && i < 4 * MAX_MISCHIEFS && !gone; i += 4)
    {
      const guint8 *deed = (const guint8 *) self->mischiefs.data + i;

      if (deed[1] % 16 == self->n_records)
        gone = do_mischief (self, deed, record);
    }
  self->n_records++;
  self->last_gone = (gone || self->pair.end) && !self->copied;
  if (!gone)
    pass (self, record->data, record->len);
  if (held != NULL)
    {
      pass (self, held->data, held->len);
      g_clear_pointer (&self->held, g_byte_array_unref);
    }
}

/* What the server has written since there were @before bytes on the way. It writes whole records. */
static void
relay (Visit *self,
       gsize before)
{
  g_autoptr (GByteArray) fresh = NULL;
  gsize at = 0;

  if (self->pair.to_client->len == before)
    return;

  fresh = g_byte_array_append (g_byte_array_new (), self->pair.to_client->data + before,
                               (guint) (self->pair.to_client->len - before));
  g_byte_array_set_size (self->pair.to_client, (guint) before);
  while (at + 5 <= fresh->len)
    {
      gsize len = 5 + ((gsize) fresh->data[at + 3] << 8 | fresh->data[at + 4]);

      FUZZ_CHECK (at + len <= fresh->len);
      relay_record (self, fresh->data + at, len);
      at += len;
    }
  FUZZ_CHECK (at == fresh->len);
}

/* ---- a visit ---- */

static void
serve (Visit *self)
{
  gsize before = self->pair.to_client->len;

  tls_pair_serve (&self->pair);
  relay (self, before);
}

static GmResult
shake_hands (Visit *self,
             gboolean is_served)
{
  GmResult result = GM_AGAIN;
  guint n_idle = 0;

  for (guint n = 0; result == GM_AGAIN; n++)
    {
      gsize before = self->pair.to_server->len + self->pair.to_client->len + self->n_records;
      gboolean waits_for_peer;

      FUZZ_CHECK (n < MAX_TURNS);
      result = gm_layer_connect (self->pair.client);
      gm_layer_adjust (self->pair.client, GM_IO_NONE);
      if (is_served)
        serve (self);
      if (result != GM_AGAIN || before != self->pair.to_server->len + self->pair.to_client->len + self->n_records)
        continue;
      /* For more from the server, in vain; else for the anchors. */
      waits_for_peer = (self->pair.want & GM_IO_IN) != 0 && self->pair.to_client->len == 0;
      if (!waits_for_peer)
        turning_once (&self->pair.reactor, 1000);
      if (++n_idle >= (waits_for_peer ? 4 : MAX_IDLE_TURNS))
        self->pair.end = self->gave_up = TRUE;
    }

  return result;
}

static void
say (Visit *self)
{
  for (guint i = 0; i < N_SAID; i++)
    {
      guint8 bytes[SAID_BYTES];

      for (guint j = 0; j < sizeof bytes; j++)
        bytes[j] = (guint8) (self->said->len + j + (j >> 8));
      if (gnutls_record_send (self->pair.server, bytes, sizeof bytes) != (gssize) sizeof bytes)
        return;
      g_byte_array_append (self->said, bytes, sizeof bytes);
    }
}

static void
update_keys (Visit *self,
             gboolean is_tls13)
{
  if (is_tls13)
    gnutls_session_key_update (self->pair.server, GNUTLS_KU_PEER);
  else
    gnutls_rehandshake (self->pair.server);
}

/* Until there is an end, or nothing more. */
static GmResult
listen (Visit *self,
        GByteArray *heard)
{
  char buffer[5000];
  guint n_idle = 0;

  for (guint n = 0;; n++)
    {
      gsize n_read = 0;
      GmResult result = gm_layer_recv (self->pair.client, buffer, sizeof buffer, &n_read);

      FUZZ_CHECK (n < MAX_TURNS);
      FUZZ_CHECK (n_read <= sizeof buffer && (n_read == 0 || result == GM_OK));
      if (result != GM_AGAIN && n_read == 0)
        return result;
      g_byte_array_append (heard, (const guint8 *) buffer, (guint) n_read);
      gm_layer_adjust (self->pair.client, GM_IO_IN);
      if (result == GM_AGAIN)
        FUZZ_CHECK (++n_idle < MAX_IDLE_TURNS);
    }
}

static void
talk (Visit *self,
      guint8 choice)
{
  g_autoptr (GByteArray) heard = g_byte_array_new ();
  gsize before, n = 0;
  gboolean closed = FALSE;
  GmResult result;
  char byte;

  for (guint i = 0; i < 10 && !self->pair.server_ready; i++)
    serve (self);
  before = self->pair.to_client->len;
  if (self->pair.server_ready)
    {
      say (self);
      if (choice & WITH_UPDATE)
        update_keys (self, (choice & WITH_TLS13) != 0);
      say (self);
      closed = gnutls_bye (self->pair.server, GNUTLS_SHUT_WR) == 0;
    }
  relay (self, before);
  self->pair.end = TRUE;

  result = listen (self, heard);
  FUZZ_CHECK (heard->len <= self->said->len);
  FUZZ_CHECK (heard->len == 0 || memcmp (heard->data, self->said->data, heard->len) == 0);
  if (result == GM_OK)
    FUZZ_CHECK (closed && !self->last_gone && heard->len == self->said->len);
  if (!self->harmed && self->pair.server_ready)
    FUZZ_CHECK (result == GM_OK && heard->len == self->said->len);
  /* There is one end, whoever asks again. */
  FUZZ_CHECK (gm_layer_recv (self->pair.client, &byte, 1, &n) == result && n == 0);
  gm_layer_shutdown (self->pair.client);
}

static void
visit (ScriptedTls *tls,
       const GmTlsPeer *peer,
       guint8 choice,
       GmSpan mischiefs,
       gboolean is_served)
{
  Visit self = { .mischiefs = mischiefs, .said = g_byte_array_new () };
  GmTlsInfo *info = NULL;
  GmResult result;

  tls_pair_init (&self.pair, tls, peer);
  self.pair.step = choice & IN_PIECES ? 700 : 0;
  if (!is_served)
    {
      g_byte_array_append (self.pair.to_client, (const guint8 *) mischiefs.data, (guint) mischiefs.len);
      self.pair.end = TRUE;
    }
  result = shake_hands (&self, is_served);
  FUZZ_CHECK (is_served || result != GM_OK);
  if (result == GM_OK)
    {
      gm_layer_query (self.pair.client, GM_QUERY_TLS, &info);
      FUZZ_CHECK (info != NULL && info->chain->len == 1 && info->checked == peer->settings->verify_peer);
      talk (&self, choice);
    }
  else
    {
      FUZZ_CHECK (self.harmed || self.gave_up || !is_served);
      FUZZ_CHECK (self.pair.error.result == result);
      FUZZ_CHECK (gm_layer_connect (self.pair.client) == result);
    }
  tls_pair_clear (&self.pair);
  if (self.held != NULL)
    g_byte_array_unref (self.held);
  g_byte_array_unref (self.said);
}

static void
fuzz_server (GmSpan input,
             gboolean is_served)
{
  static const char *const names[] = { "h2", "http/1.1", NULL };
  static ScriptedTls *servers[4];
  static GBytes *authority;
  guint8 choice = fuzz_cut_byte (&input);
  guint which = choice & WITH_TLS13 ? 1 : 0;
  GmTlsSettings *settings = gm_tls_settings_copy (NULL);
  GmTlsPeer peer = { .settings = settings, .peer_name = GM_SPAN ("localhost"), .port = 443 };

  which |= choice & WITH_REQUEST ? 2 : 0;
  if (authority == NULL)
    authority = zoo_get_pem (scripted_tls_get_authority (), 0);
  if (servers[which] == NULL)
    {
      servers[which] = scripted_tls_new ();
      servers[which]->priority = g_strdup (which & 1 ? "NORMAL:-VERS-ALL:+VERS-TLS1.3" : "NORMAL:-VERS-ALL:+VERS-TLS1.2");
      servers[which]->client_certificate = which & 2 ? GNUTLS_CERT_REQUEST : GNUTLS_CERT_IGNORE;
      servers[which]->alpn = names;
    }
  settings->ca_bytes = g_bytes_ref (authority);
  settings->verify_peer = settings->verify_host = (choice & WITH_VERDICT) != 0;
  peer.alpn = choice & WITH_ALPN ? names : NULL;
  if (choice & WITH_TICKET)
    peer.tickets = gm_ticket_cache_new ();
  if (choice & WITH_TICKET && is_served)
    visit (servers[which], &peer, choice, gm_span (NULL, 0), TRUE);
  visit (servers[which], &peer, choice, input, is_served);
  gm_ticket_cache_unref (peer.tickets);
  gm_tls_settings_unref (settings);
}

/* ---- texts ---- */

static void
fuzz_ticket (GmSpan input)
{
  GmTicketHint hint = GM_TICKET_NO_HINT;
  const guint8 *data = (const guint8 *) input.data;
  g_autoptr (GmTicket) ticket = gm_ticket_unpack (data, input.len, 1000);
  g_autoptr (GBytes) packed = NULL;

  for (guint is_tls13 = 0; is_tls13 < 2; is_tls13++)
    if (gm_ticket_hint_read (&hint, is_tls13 != 0, data, input.len))
      FUZZ_CHECK (hint.lifetime >= -1 && hint.lifetime <= G_MAXUINT32);
  if (ticket == NULL)
    return;
  packed = gm_ticket_pack (ticket);
  FUZZ_CHECK (g_bytes_get_size (packed) == input.len && ticket->valid_until <= 1000 + GM_TICKET_MAX_LIFETIME);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  GmSpan input = gm_span ((const char *) data, MIN (size, FUZZ_MAX_SIZE));
  guint8 kind = fuzz_cut_byte (&input);

  if (kind % 8 == 7)
    fuzz_ticket (input);
  else
    fuzz_server (input, kind % 8 != 6);
  return 0;
}
