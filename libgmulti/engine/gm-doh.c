/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-doh.h"

#include "gm-dns-message.h"
#include "gm-trace.h"

#include <netdb.h>

/* A server that has not answered by then will not: many may wait for one question, each with a patience of its own. */
#define TIMEOUT_MS 30000

/* One question, and what came of it so far. */
typedef struct
{
  GmResolverAsk *ask; /* (unowned) */
  GmTransfer *transfer; /* (owned) */
  int family;
  GByteArray *answer; /* (owned) */
  GmTransfer *asker; /* (unowned) (nullable): who is asked our question, which has a serial of its */
} Asked;

static GmDnsType
type_of (int family)
{
  return family == AF_INET6 ? GM_DNS_AAAA : GM_DNS_A;
}

static void
asked_free (Asked *self)
{
  gm_transfer_free (self->transfer);
  g_byte_array_unref (self->answer);
  g_free (self);
}

/* ---- the client ---- */

static GmAnswer
doh_write (GmClient *client,
           const char *data,
           gsize len,
           gsize *taken)
{
  Asked *self = client->face;

  if (self->answer->len + len > GM_DNS_ANSWER_MAX)
    return GM_ANSWER_ABORT;

  g_byte_array_append (self->answer, (const guint8 *) data, (guint) len);
  return GM_ANSWER_OK;
}

const GmClientOps gm_doh_client_ops = { .write = doh_write };

/* ---- the question ---- */

static void
set_string (GmTransfer *transfer,
            GmOption option,
            char *value)
{
  if (value != NULL)
    gm_transfer_set_shared (transfer, option, value);
}

/* Whom the transfers trust, the question trusts, too; who they are is none of its business. */
static void
set_up_trust (GmTransfer *transfer,
              const GmConnectSettings *settings)
{
  const GmTlsSettings *tls = settings->tls;

  gm_transfer_set_int (transfer, GM_OPTION_TLS_VERIFY_PEER, settings->doh_verify_peer);
  gm_transfer_set_int (transfer, GM_OPTION_TLS_VERIFY_HOST, settings->doh_verify_host);
  gm_transfer_set_int (transfer, GM_OPTION_TLS_VERIFY_STATUS, settings->doh_verify_status);
  if (tls == NULL)
    return;

  set_string (transfer, GM_OPTION_TLS_CA_FILE, tls->ca_file);
  set_string (transfer, GM_OPTION_TLS_CA_DIR, tls->ca_dir);
  set_string (transfer, GM_OPTION_TLS_CRL_FILE, tls->crl_file);
  set_string (transfer, GM_OPTION_TLS_PRIORITY, tls->priority);
  set_string (transfer, GM_OPTION_TLS_CIPHERS13, tls->ciphers13);
  if (tls->ca_bytes != NULL)
    gm_transfer_set_bytes (transfer, GM_OPTION_TLS_CA_BYTES, tls->ca_bytes);
  gm_transfer_set_int (transfer, GM_OPTION_TLS_WITH_SYSTEM_TRUST, tls->with_system_trust);
  gm_transfer_set_int (transfer, GM_OPTION_TLS_MIN_VERSION, tls->min_version);
  gm_transfer_set_int (transfer, GM_OPTION_TLS_MAX_VERSION, tls->max_version);
  if (tls->ask_trust == GM_TLS_ASK_NEVER)
    return;

  gm_transfer_set_int (transfer, GM_OPTION_TLS_ASK_TRUST, tls->ask_trust);
  gm_transfer_set_int (transfer, GM_OPTION_ASK, 1 << GM_QUESTION_TRUST);
  set_string (transfer, GM_OPTION_TLS_JUDGE, tls->judge);
  if (tls->ask_trust == GM_TLS_ASK_ALWAYS)
    {
      /* who is asked sees to what is not looked at here */
      gm_transfer_set_int (transfer, GM_OPTION_TLS_VERIFY_PEER, tls->verify_peer);
      gm_transfer_set_int (transfer, GM_OPTION_TLS_VERIFY_HOST, tls->verify_host);
    }
}

static void
set_up (GmTransfer *transfer,
        const GmConnectSettings *settings,
        GBytes *query)
{
  static char type[] = "Content-Type: application/dns-message", accept[] = "Accept: application/dns-message",
              expect[] = "Expect:";
  static GmStringList expect_field = { expect, NULL }, accept_field = { accept, &expect_field },
                      fields = { type, &accept_field };

  set_string (transfer, GM_OPTION_URL, settings->doh_uri);
  gm_transfer_set_int (transfer, GM_OPTION_PROTOCOLS, GM_PROTOCOL_SET_HTTPS);
  gm_transfer_set_int (transfer, GM_OPTION_METHOD, GM_METHOD_POST);
  gm_transfer_set_bytes (transfer, GM_OPTION_POST_COPY, query);
  gm_transfer_set_list (transfer, GM_OPTION_HEADERS, &fields);
  gm_transfer_set_int (transfer, GM_OPTION_MAX_SIZE, GM_DNS_ANSWER_MAX);
  gm_transfer_set_int (transfer, GM_OPTION_TIMEOUT_MS, TIMEOUT_MS);
  set_string (transfer, GM_OPTION_INTERFACE, settings->local_interface);
  set_up_trust (transfer, settings);
}

static gpointer
doh_ask (GmResolverAsk *ask,
         const char *host,
         int family,
         const GmConnectSettings *settings,
         gpointer user_data)
{
  guint8 query[GM_DNS_QUERY_MAX];
  gsize len = gm_dns_query_write (query, gm_span (host, strlen (host)), type_of (family));
  g_autoptr (GBytes) bytes = NULL;
  Asked *self;

  if (len == 0)
    return NULL;

  self = g_new0 (Asked, 1);
  self->ask = ask;
  self->family = family;
  self->answer = g_byte_array_new ();
  self->transfer = gm_transfer_new (&gm_doh_client_ops, self);
  bytes = g_bytes_new (query, len);
  set_up (self->transfer, settings, bytes);
  GM_TRACE (RESOLVE, gm_transfer_get_id (self->transfer), 0, "asks over HTTPS for %s, IPv%c", host,
            family == AF_INET6 ? '6' : '4');
  if (gm_multi_add_hidden (user_data, self->transfer) == GM_OK)
    return self;

  asked_free (self);
  return NULL;
}

static void
doh_cancel (gpointer asked)
{
  asked_free (asked);
}

const GmResolverHelper gm_doh_helper = { doh_ask, doh_cancel };

/* ---- whom to trust ---- */

static const char *
get_judge (GmTransfer *transfer)
{
  const GmTlsSettings *tls = transfer->run->connect_settings->tls;

  return tls != NULL ? tls->judge : NULL;
}

/* (nullable): one who waits for the answer, and has the same people asked. It connects, and for it its connection. */
static GmTransfer *
find_asker (Asked *self)
{
  GmRunnable *waiting = NULL;

  while ((waiting = gm_resolver_get_waiting (self->ask, waiting)) != NULL)
    {
      GmConnection *connection = gm_connection_from_runnable (waiting);
      GmTransfer *transfer = connection != NULL ? connection->host.holder : NULL;

      if (transfer != NULL && transfer->run != NULL && gm_question_has (&transfer->run->question, GM_QUESTION_TRUST)
          && g_strcmp0 (get_judge (transfer), get_judge (self->transfer)) == 0)
        return transfer;
    }

  return NULL;
}

/* (nullable): its question, if somebody has been told of it, and it has no answer. */
static GmQuestion *
get_told (GmTransfer *transfer)
{
  GmQuestion *question = transfer->run != NULL ? &transfer->run->question : NULL;

  return question != NULL && question->told && gm_question_is_open (question) ? question : NULL;
}

void
gm_doh_tell_question (GmTransfer *transfer)
{
  Asked *self = gm_transfer_get_face (transfer);
  GmQuestion *question = &transfer->run->question;

  self->asker = find_asker (self);
  question->told = TRUE;
  if (self->asker == NULL)
    {
      question->serial = ++transfer->last_question;
      gm_transfer_answer (transfer, question->serial, GM_REPLY_DECLINE, NULL);
      return;
    }

  question->serial = ++self->asker->last_question;
  GM_TRACE (RESOLVE, gm_transfer_get_id (transfer), 0, "has transfer %" G_GUINT64_FORMAT " ask question %u",
            (guint64) gm_transfer_get_id (self->asker), (guint) question->kind);
  /* people take their time */
  transfer->deadlines[GM_DEADLINE_TOTAL] = 0;
  gm_transfer_hold_clock (self->asker);
  gm_multi_note (transfer->multi, self->asker, GM_FACT_QUESTION);
}

/* (nullable): the first one of @asker's that is open, with @serial (0 = any). */
static GmTransfer *
find_told (GmTransfer *asker,
           guint64 serial)
{
  const GQueue *hidden = gm_multi_get_hidden (asker->multi);

  for (GList *l = hidden->head; l != NULL; l = l->next)
    {
      Asked *self = gm_transfer_get_face (l->data);
      const GmQuestion *question = self->asker == asker ? get_told (self->transfer) : NULL;

      if (question != NULL && (serial == 0 || question->serial == serial))
        return self->transfer;
    }

  return NULL;
}

const GmQuestion *
gm_doh_get_question (GmTransfer *asker)
{
  GmTransfer *transfer = find_told (asker, 0);

  return transfer != NULL ? get_told (transfer) : NULL;
}

gboolean
gm_doh_answer (GmTransfer *asker,
               guint64 serial,
               GmReply reply,
               GmAnswerData *data)
{
  GmTransfer *transfer = find_told (asker, serial);

  if (transfer == NULL)
    return FALSE;

  ((Asked *) gm_transfer_get_face (transfer))->asker = NULL;
  transfer->deadlines[GM_DEADLINE_TOTAL] = gm_clock_now (gm_multi_get_reactor (transfer->multi)->clock) + TIMEOUT_MS * 1000;
  gm_transfer_answer (transfer, serial, reply, data);
  /* one for each family of addresses */
  if (find_told (asker, 0) != NULL)
    gm_multi_note (asker->multi, asker, GM_FACT_QUESTION);
  else
    gm_transfer_release_clock (asker);
  return TRUE;
}

void
gm_doh_forget_asker (GmTransfer *asker)
{
  GmTransfer *transfer;

  while ((transfer = find_told (asker, 0)) != NULL)
    {
      ((Asked *) gm_transfer_get_face (transfer))->asker = NULL;
      transfer->run->question.told = FALSE;
      gm_reactor_queue (gm_multi_get_reactor (transfer->multi), &transfer->runnable);
    }
}

/* ---- the answer ---- */

static GmAddresses *
make_addresses (const GmDnsAnswer *answer,
                int family)
{
  GmAddresses *list = gm_addresses_new (answer->n);

  for (guint i = 0; i < answer->n; i++)
    {
      GmAddress *address = &list->items[i];

      memset (&address->sa, 0, sizeof address->sa);
      address->sa.any.sa_family = (sa_family_t) family;
      address->len = family == AF_INET6 ? sizeof address->sa.v6 : sizeof address->sa.v4;
      if (family == AF_INET6)
        memcpy (&address->sa.v6.sin6_addr, answer->addresses[i], 16);
      else
        memcpy (&address->sa.v4.sin_addr, answer->addresses[i], 4);
    }

  return list;
}

/* RFC 8484 section 4.2.1: an answer of DNS comes with success and its own type; anything else is a page about something. */
static gboolean
is_message (GmTransfer *transfer)
{
  const GmHeaders *headers = gm_transfer_get_headers (transfer);
  static const char type[] = "application/dns-message";

  if (gm_transfer_get_result (transfer) != GM_OK || gm_transfer_get_info (transfer)->status != 200 || headers == NULL)
    return FALSE;
  for (guint i = 0; i < gm_headers_get_n_entries (headers); i++)
    if (gm_span_equal_nocase (gm_headers_get_name (headers, i), GM_SPAN ("Content-Type")))
      {
        GmSpan value = gm_headers_get_value (headers, i);
        const char *semicolon = memchr (value.data, ';', value.len);

        return gm_span_equal_nocase (
          gm_span_strip (gm_span (value.data, semicolon != NULL ? (gsize) (semicolon - value.data) : value.len)),
          GM_SPAN (type));
      }

  return FALSE;
}

void
gm_doh_done (GmTransfer *transfer)
{
  Asked *self = gm_transfer_get_face (transfer);
  GmAddresses *addresses = NULL;
  int eai = EAI_FAIL;
  GmDnsAnswer answer = { 0 };

  if (is_message (transfer) &&
      gm_dns_answer_read (&answer, self->answer->data, self->answer->len, type_of (self->family)))
    {
      eai = answer.code == 3 ? EAI_NONAME : answer.code != 0 ? EAI_FAIL : answer.n == 0 ? EAI_NODATA : 0;
      if (eai == 0)
        addresses = make_addresses (&answer, self->family);
    }
  GM_TRACE (RESOLVE, gm_transfer_get_id (transfer), 0, "%s, status %u, code %u: %u addresses",
            gm_result_name (gm_transfer_get_result (transfer)), gm_transfer_get_info (transfer)->status, answer.code, answer.n);

  /* That there is nothing of this family counts as long as what there is of the other one, as everywhere. */
  gm_resolver_answer (self->ask, eai, addresses, eai == 0 ? (gint64) answer.ttl * G_USEC_PER_SEC : G_MAXINT64);
  asked_free (self);
}
