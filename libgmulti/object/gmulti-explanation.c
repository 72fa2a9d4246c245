/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-error-private.h"
#include "gmulti-transfer-private.h"

#include "gm-config.h"

#include <glib/gi18n-lib.h>
#include <gnutls/gnutls.h>
#include <netdb.h>

/* Words for what a transfer's story has, made when somebody asks. In all of them stand
 *
 *   {text} {more} {code}   for what the event has under these names
 *   {place}                for an address or path, with the port if there is one
 *   {why}                  for a reason
 *   {time} {phase}         for a limit, and what was being done
 *
 * and not printf codes: a translation can move them freely and cannot crash the program. */

/* ---- reasons ---- */

typedef struct
{
  GmResult result;
  const char *text;
} Reason;

static const Reason reasons[] = {
  { GM_TLS_EXPIRED, N_("it has expired") },
  { GM_TLS_NOT_YET_VALID, N_("it is not valid yet") },
  { GM_TLS_UNKNOWN_CA, N_("it was issued by nobody who is trusted") },
  { GM_TLS_SELF_SIGNED, N_("it was signed by nobody but itself") },
  { GM_TLS_WRONG_HOST, N_("it is for another name") },
  { GM_TLS_REVOKED, N_("it was revoked") },
  { GM_TLS_WEAK, N_("it uses a method that is not safe any more") },
  { GM_TLS_WRONG_PURPOSE, N_("it is not meant for a server") },
  { GM_TLS_BAD_CERTIFICATE, N_("it is not valid") },
  { GM_TLS_OCSP, N_("nothing proves that it is not revoked") },
  { GM_TLS_PIN, N_("its key is another one than is expected") },
  { GM_TLS_REFUSED, N_("it was not trusted") },
  { GM_TLS_ISSUER, N_("it was not issued by the one that is demanded") },
  { GM_BAD_URL, N_("its address is not valid") },
  { GM_RESOLVE_FAILED, N_("its address was not found") },
  { GM_PROXY_RESOLVE_FAILED, N_("its address was not found") },
  { GM_RESOLVE_TIMEOUT, N_("its address was not found in time") },
  { GM_CONNECT_TIMEOUT, N_("it did not answer in time") },
  { GM_PROXY_REFUSED, N_("it refused") },
  { GM_SOCKS_REFUSED, N_("it refused") },
  { GM_PROXY_BAD_REPLY, N_("its answer makes no sense") },
  { GM_PROXY_CLOSED, N_("it closed the connection") },
  { GM_INTERFACE_FAILED, N_("the local address cannot be used") },
};

static const char *
reason_text (GmResult result)
{
  for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++)
    if (reasons[i].result == result)
      return _(reasons[i].text);

  return _("it did not work");
}

/* (nullable) */
static const char *
find_why (const GmStoryEvent *event)
{
  switch ((guint) event->kind)
    {
    case GM_STORY_NOT_RESOLVED:
      return event->code != 0 ? gai_strerror (event->code) : _("it did not work");
    case GM_STORY_ALERT:
      {
        const char *name = gnutls_alert_get_name ((gnutls_alert_description_t) event->code);

        return name != NULL ? name : "?";
      }
    case GM_STORY_TLS_FAILED:
      return event->text != NULL ? event->text : gnutls_strerror (event->code);
    case GM_STORY_ATTEMPT_FAILED:
    case GM_STORY_PROXY_FAILED:
      return event->code != 0 ? g_strerror (event->code) : reason_text (event->result);
    default:
      return reason_text (event->result);
    }
}

/* ---- sentences ---- */

typedef struct
{
  GmStoryKind kind;
  const char *text;
} Sentence;

static const Sentence sentences[] = {
  { GM_STORY_REUSED, N_("An open connection was used again") },
  { GM_STORY_SHARED, N_("An open connection was shared with other transfers") },
  { GM_STORY_STALE, N_("A connection that was kept had been closed by the server, or was too old to be used again") },
  { GM_STORY_WAITED_HOST, N_("It waited, for no more connections to this host are allowed at a time") },
  { GM_STORY_WAITED_ALL, N_("It waited, for no more connections are allowed at a time") },
  { GM_STORY_WAITED_SHARED, N_("It waited for a connection that another transfer was making") },
  { GM_STORY_WAITED_SLOT, N_("It waited for its turn, for no more transfers may run at a time") },
  { GM_STORY_WAITED_NETWORK, N_("It waited for the network") },
  { GM_STORY_WAITED_METERED, N_("It waited for a network that is not metered") },
  { GM_STORY_WAITED_POWER, N_("It waited until the device no longer saved power") },
  { GM_STORY_CONNECTED_PLAINLY, N_("A connection was made") },
  { GM_STORY_SECURED, N_("The connection was secured") },
  { GM_STORY_RESUMED, N_("The connection was secured as in an earlier session") },
  { GM_STORY_PAUSED, N_("It was paused") },
  { GM_STORY_CONTINUED, N_("It was continued") },
  { GM_STORY_CONNECTED, N_("A connection to {place} was made") },
  { GM_STORY_ATTEMPT_FAILED, N_("No connection to {place}: {why}") },
  { GM_STORY_ATTEMPT_LEFT, N_("No answer of {place} until then") },
  { GM_STORY_HSTS, N_("http: became https:, for {text} demands secure connections") },
  { GM_STORY_ALTERNATIVE, N_("It went to {place}, an alternative that the server had named") },
  { GM_STORY_BY_PROXY, N_("It went by the proxy {text}") },
  { GM_STORY_PROXY_FAILED, N_("The way by {text} did not work: {why}") },
  { GM_STORY_TUNNEL_ANSWER, N_("The proxy answered with the status {code}") },
  { GM_STORY_ALERT, N_("The other side refused by a TLS alert: {why}") },
  { GM_STORY_TLS_FAILED, N_("TLS failed: {why}") },
  { GM_STORY_CERTIFICATE, N_("The certificate was not accepted: {why}") },
  { GM_STORY_REDIRECTED, N_("The server redirected to {text} (status {code})") },
  { GM_STORY_RETRIED_DEAD, N_("The connection had died since it was used last: once more by a new one") },
  { GM_STORY_RETRIED_REFUSED, N_("The server did not look at the request: once more") },
  { GM_STORY_RETRIED_HTTP1, N_("The server wants HTTP/1.1 for this: once more") },
  { GM_STORY_RETRIED_ORIGIN, N_("The alternative did not work: straight to the server") },
  { GM_STORY_RETRIED_ELSEWHERE, N_("The server was the wrong one (status 421): once more by another connection") },
  { GM_STORY_RETRIED_EXPECT, N_("The server refused an expectation (status 417): once more without it") },
  { GM_STORY_RETRIES_LATER, N_("An attempt failed: {text}; the next one after {time}") },
};

static const char *
login_text (int status)
{
  return status == 407 ? _("The proxy wanted a login: once more with it")
                       : _("The server wanted a login: once more with it");
}

static const char *
asked_text (const GmStoryEvent *event)
{
  switch ((GmQuestionKind) event->code)
    {
    case GM_QUESTION_TRUST:
      return event->result == GM_OK
               ? _("The program was asked whether the certificate of {text} is to be trusted")
               : _("The program was asked whether the certificate of {text} is to be trusted: {why}");
    case GM_QUESTION_PIN:
      return _("The program was asked for the PIN of a token");
    case GM_QUESTION_IDENTITY:
      return _("The program was asked for a certificate to show to {text}");
    case GM_QUESTION_LOGIN:
    case GM_QUESTION_PROXY:
    case GM_QUESTION_NONE:
    default:
      return _("The program was asked for a login at {text}");
    }
}

static const char *
answered_text (const GmStoryEvent *event)
{
  gboolean accepted = event->port != 0;

  switch ((GmQuestionKind) event->code)
    {
    case GM_QUESTION_TRUST:
      return accepted ? _("It was trusted") : _("It was not trusted");
    case GM_QUESTION_PIN:
      return accepted ? _("A PIN was given") : _("No PIN was given");
    case GM_QUESTION_IDENTITY:
      return accepted ? _("A certificate was chosen") : _("No certificate was chosen");
    case GM_QUESTION_LOGIN:
    case GM_QUESTION_PROXY:
    case GM_QUESTION_NONE:
    default:
      return accepted ? _("A login was given") : _("No login was given");
    }
}

static const char *
timeout_text (GmResult result)
{
  switch ((guint) result)
    {
    case GM_RESOLVE_TIMEOUT:
    case GM_CONNECT_TIMEOUT:
      return _("The time limit for connecting, {time}, was reached while {phase}");
    case GM_RESPONSE_TIMEOUT:
      return _("The time limit for an answer, {time}, was reached");
    case GM_LOW_SPEED:
      return _("For {time} too few data moved");
    default:
      return _("The time limit for the whole transfer, {time}, was reached while {phase}");
    }
}

/* With its placeholders. */
static const char *
find_sentence (const GmStoryEvent *event)
{
  gulong n = (gulong) event->code;

  switch ((guint) event->kind)
    {
    case GM_STORY_NONE:
      return g_dngettext (GETTEXT_PACKAGE, "{code} earlier event is left out", "{code} earlier events are left out", n);
    case GM_STORY_RESOLVED:
      return g_dngettext (GETTEXT_PACKAGE, "{text} has the address {more}", "{text} has the addresses {more}", n);
    case GM_STORY_NOT_RESOLVED:
      return event->port == 6 ? _("No IPv6 address of {text} was found: {why}")
                              : _("No IPv4 address of {text} was found: {why}");
    case GM_STORY_PROXIES:
      return g_dngettext (GETTEXT_PACKAGE, "The proxy settings know {code} way", "The proxy settings know {code} ways", n);
    case GM_STORY_LOGIN:
      return login_text (event->code);
    case GM_STORY_ASKED:
      return asked_text (event);
    case GM_STORY_ANSWERED:
      return answered_text (event);
    case GM_STORY_TIMED_OUT:
      return timeout_text (event->result);
    default:
      break;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (sentences); i++)
    if (sentences[i].kind == event->kind)
      return _(sentences[i].text);

  return NULL;
}

static void
fill_in (GString *text,
         const char *name,
         const char *value)
{
  g_string_replace (text, name, value, 1);
}

/* What comes from outside goes in last: it may spell anything. */
static void
fill_numbers (GString *text,
              const GmStoryEvent *event)
{
  g_autofree char *code = g_strdup_printf ("%d", event->code);
  g_autofree char *port = g_strdup_printf ("%u", event->port);
  g_autofree char *time
    = event->code % 1000 == 0 ? g_strdup_printf (_("%d s"), event->code / 1000) : g_strdup_printf (_("%d ms"), event->code);

  fill_in (text, "{code}", code);
  fill_in (text, "{time}", time);
  fill_in (text, "{phase}", gm_phase_to_text ((GmPhase) event->port));
  fill_in (text, "{place}", event->port != 0 ? _("{text} port {port}") : "{text}");
  fill_in (text, "{port}", port);
}

static void
append_event (const GmStoryEvent *event,
              gpointer user_data)
{
  GString *explanation = user_data;
  const char *sentence = find_sentence (event);
  g_autoptr (GString) text = NULL;

  if (sentence == NULL)
    return;

  text = g_string_new (sentence);
  fill_numbers (text, event);
  if (strstr (sentence, "{why}") != NULL)
    fill_in (text, "{why}", find_why (event));
  if (event->more != NULL)
    fill_in (text, "{more}", event->more);
  if (event->text != NULL)
    fill_in (text, "{text}", event->text);
  if (text->len > 0 && text->str[text->len - 1] == '.')
    g_string_truncate (text, text->len - 1);
  /* TRANSLATORS: one line of a list of what happened */
  g_string_append_printf (explanation, _("\n• %s."), text->str);
}

/* ---- how it stands ---- */

static const char *
wait_sentence (GMultiWaitReason reason)
{
  switch (reason)
    {
    case GMULTI_WAIT_REASON_CONNECTIVITY:
      return _("The transfer with {host} waits for the network");
    case GMULTI_WAIT_REASON_METERED:
      return _("The transfer with {host} waits for a network that is not metered");
    case GMULTI_WAIT_REASON_POWER_SAVER:
      return _("The transfer with {host} waits until the device no longer saves power");
    case GMULTI_WAIT_REASON_SCHEDULE:
      return _("The transfer with {host} waits for its time");
    case GMULTI_WAIT_REASON_RETRY:
      return _("The transfer with {host} failed and is tried again soon");
    case GMULTI_WAIT_REASON_ANSWER:
      return _("The transfer with {host} waits for an answer of the program");
    case GMULTI_WAIT_REASON_LIMIT:
    case GMULTI_WAIT_REASON_NONE:
    default:
      return _("The transfer with {host} waits for other transfers to end");
    }
}

static const char *
phase_sentence (GMultiPhase phase)
{
  switch (phase)
    {
    case GMULTI_PHASE_PROXY_LOOKUP:
      return _("It is being found out which proxy to use for {host}");
    case GMULTI_PHASE_RESOLVE:
      return _("The address of {host} is being looked up");
    case GMULTI_PHASE_CONNECT:
      return _("A connection to {host} is being made");
    case GMULTI_PHASE_PROXY:
      return _("A proxy is asked to connect to {host}");
    case GMULTI_PHASE_TLS:
      return _("The connection to {host} is being secured");
    case GMULTI_PHASE_REQUEST:
      return _("The request is being sent to {host}");
    case GMULTI_PHASE_RESPONSE:
      return _("{host} has not answered yet");
    case GMULTI_PHASE_BODY:
      return _("The data of {host} are being received");
    case GMULTI_PHASE_STORAGE:
      return _("The data of {host} are being stored");
    case GMULTI_PHASE_NONE:
    default:
      return _("The transfer with {host} is under way");
    }
}

/* What an object looks like in one moment. */
typedef struct
{
  GmMirror mirror;
  GmErrand *errand; /* (owned) (nullable) */
  char *host; /* (owned) (nullable) */
  char *message; /* (owned) (nullable): of the error */
  guint status; /* of the response; 0 = none */
} Moment;

static void
moment_clear (Moment *self)
{
  g_clear_pointer (&self->errand, gm_errand_unref);
  g_free (self->host);
  g_free (self->message);
}

static char *
dup_host_of (GmUrl *url)
{
  GmSpan host = url != NULL ? gm_url_get_host (url) : gm_span (NULL, 0);

  return host.len > 0 ? g_strndup (host.data, host.len) : NULL;
}

static void
moment_take (Moment *self,
             GMultiTransfer *transfer)
{
  g_mutex_lock (&transfer->lock);
  self->mirror = transfer->mirror;
  if (transfer->errand != NULL)
    self->errand = gm_errand_ref (transfer->errand);
  if (transfer->head != NULL)
    {
      self->status = transfer->head->status;
      self->host = dup_host_of (transfer->head->url);
    }
  if (transfer->info != NULL && self->host == NULL)
    self->host = dup_host_of (transfer->info->hop.url);
  if (transfer->error != NULL)
    self->message = g_strdup (transfer->error->message);
  g_mutex_unlock (&transfer->lock);

  if (self->host == NULL)
    self->host = gm_face_transfer_dup_host (transfer);
}

static const char *
moment_sentence (const Moment *self)
{
  switch ((GMultiTransferState) self->mirror.state)
    {
    case GMULTI_TRANSFER_STATE_QUEUED:
      return _("The transfer with {host} is about to begin");
    case GMULTI_TRANSFER_STATE_WAITING:
      return wait_sentence ((GMultiWaitReason) self->mirror.wait_reason);
    case GMULTI_TRANSFER_STATE_RUNNING:
      return phase_sentence ((GMultiPhase) self->mirror.phase);
    case GMULTI_TRANSFER_STATE_PAUSED:
      return _("The transfer with {host} is paused");
    case GMULTI_TRANSFER_STATE_SUCCEEDED:
      return _("The transfer with {host} succeeded");
    case GMULTI_TRANSFER_STATE_FAILED:
    case GMULTI_TRANSFER_STATE_CANCELLED:
      return self->message != NULL ? self->message : _("The transfer with {host} failed");
    case GMULTI_TRANSFER_STATE_NEW:
    default:
      return _("The transfer has not been started");
    }
}

/**
 * gmulti_transfer_dup_explanation:
 * @self: the transfer
 *
 * Explains, in the language of the user, how the transfer stands and how it came to that.
 *
 * The first line is a sentence: what the transfer is doing, or why it failed. Below it each line tells one thing that
 * happened, in their order: addresses that were found and tried, and what became of each; proxies; what went wrong while
 * the connection was secured; questions and their answers; redirects, requests that were made again, and time limits; and
 * whether a connection was there to be used again.
 *
 * It is meant for a “Details” button, for a log, and for reports of mistakes, not to be parsed: wording and order may
 * change at any time. Passwords are never in it. It can be asked for at any time, while the transfer is under way and
 * after its end, from any thread; it is made when it is asked for, and of very long stories the beginning is left out.
 *
 * Returns: (transfer full): the explanation, one or more lines
 *
 * Since: 1.0
 */
char *
gmulti_transfer_dup_explanation (GMultiTransfer *self)
{
  Moment moment = { .errand = NULL };
  g_autoptr (GString) text = NULL;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  moment_take (&moment, self);
  text = g_string_new (moment_sentence (&moment));
  if (moment.message == NULL)
    fill_in (text, "{host}", moment.host != NULL ? moment.host : _("the server"));
  if (text->len > 0 && text->str[text->len - 1] != '.')
    g_string_append_c (text, '.');
  if (moment.errand != NULL)
    gm_story_foreach (&moment.errand->story, append_event, text);
  if (moment.status != 0)
    {
      g_autofree char *answer = g_strdup_printf (_("The server answered with the status %u"), moment.status);

      g_string_append_printf (text, _("\n• %s."), answer);
    }
  moment_clear (&moment);

  return g_utf8_make_valid (text->str, (gssize) text->len);
}
