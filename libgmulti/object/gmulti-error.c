/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-error-private.h"

#include "gm-config.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <netdb.h>

/* What a GError of our domain carries beside domain, code and message. Errors of GIO's domains have no room for it. */
typedef struct
{
  GMultiPhase phase;
  gboolean transient;
  char *host; /* (owned) (nullable) */
} GMultiTransferErrorPrivate;

static void
gmulti_transfer_error_private_init (GMultiTransferErrorPrivate *priv)
{
}

static void
gmulti_transfer_error_private_copy (const GMultiTransferErrorPrivate *from,
                                    GMultiTransferErrorPrivate *to)
{
  to->phase = from->phase;
  to->transient = from->transient;
  to->host = g_strdup (from->host);
}

static void
gmulti_transfer_error_private_clear (GMultiTransferErrorPrivate *priv)
{
  g_clear_pointer (&priv->host, g_free);
}

/**
 * gmulti_transfer_error_quark:
 *
 * Gets the quark of [error@GMulti.TransferError].
 *
 * Returns: the error domain
 *
 * Since: 1.0
 */
/* The macro's own cast, which clang minds. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-align"
G_DEFINE_EXTENDED_ERROR (GMultiTransferError, gmulti_transfer_error)
#pragma GCC diagnostic pop

G_STATIC_ASSERT ((int) GM_PHASE_STORAGE == (int) GMULTI_PHASE_STORAGE);
G_STATIC_ASSERT ((int) GM_PHASE_CONNECT == (int) GMULTI_PHASE_CONNECT);

typedef enum
{
  DOMAIN_IO,
  DOMAIN_RESOLVER,
  DOMAIN_TLS,
  DOMAIN_TRANSFER,
} Domain;

/* Which number in a row's @cause is compared with the failure's. */
typedef enum
{
  ANY,
  ERRNO,
  RESOLVER,
  PHASE,
} CauseKind;

/* One row of the mapping. Of a result's rows the first that fits holds; the last of them has no cause. In @message
 * {host} stands for the host or file and {phase} for what was being done. */
typedef struct
{
  guint8 result;
  guint8 cause_kind;
  guint8 domain;
  guint8 transient;
  int cause;
  int code;
  const char *message;
} Row;

#define IO(code) DOMAIN_IO, G_IO_ERROR_##code
#define RES(code) DOMAIN_RESOLVER, G_RESOLVER_ERROR_##code
#define TLS(code) DOMAIN_TLS, G_TLS_ERROR_##code
#define OWN(code) DOMAIN_TRANSFER, GMULTI_TRANSFER_ERROR_##code
#define ROW_FULL(result, kind, cause, domain, code, transient, message)                                                \
  { GM_##result, kind, domain, transient, cause, code, message }
#define ROW_(...) ROW_FULL (__VA_ARGS__)
#define ROW(result, where, transient, message) ROW_ (result, ANY, 0, where, transient, message)
#define ROW_IF(result, kind, cause, where, transient, message) ROW_ (result, kind, cause, where, transient, message)
#define LASTS FALSE
#define PASSES TRUE

static const Row rows[] = {
  /* asked wrongly */
  ROW (BAD_URL, OWN (BAD_URI), LASTS, N_("The address is not valid")),
  ROW (URL_TOO_LONG, OWN (BAD_URI), LASTS, N_("The address is too long")),
  ROW (UNSUPPORTED_SCHEME, IO (NOT_SUPPORTED), LASTS, N_("This kind of address is not supported")),
  ROW (REFUSED_SCHEME, OWN (BAD_URI), LASTS, N_("This kind of address is not allowed here")),
  ROW (BAD_HOST, OWN (BAD_URI), LASTS, N_("The address has no valid host name")),
  ROW (BAD_PORT, OWN (BAD_URI), LASTS, N_("The address has no valid port number")),
  ROW (CREDENTIALS_REFUSED, OWN (BAD_URI), LASTS, N_("The address has a user name, which is not allowed")),
  ROW (BAD_REQUEST, OWN (BAD_REQUEST), LASTS, N_("The request to {host} cannot be sent as it is")),
  ROW (LENGTH_MISSING, OWN (BAD_REQUEST), LASTS, N_("The request to {host} cannot be sent as it is")),
  ROW (NOT_BUILT_IN, IO (NOT_SUPPORTED), LASTS, N_("This build cannot do what the transfer needs")),
  ROW (OUT_OF_MEMORY, IO (FAILED), LASTS, N_("Out of memory while {phase}")),

  /* getting there */
  ROW_IF (RESOLVE_FAILED, RESOLVER, EAI_AGAIN, RES (TEMPORARY_FAILURE), PASSES,
          N_("The address of {host} could not be looked up just now")),
  ROW_IF (RESOLVE_FAILED, RESOLVER, EAI_NONAME, RES (NOT_FOUND), LASTS, N_("The host {host} was not found")),
  ROW_IF (RESOLVE_FAILED, RESOLVER, EAI_NODATA, RES (NOT_FOUND), LASTS, N_("The host {host} has no address")),
  ROW_IF (RESOLVE_FAILED, RESOLVER, 0, RES (NOT_FOUND), LASTS, N_("The host {host} was not found")),
  ROW (RESOLVE_FAILED, RES (INTERNAL), LASTS, N_("The address of {host} could not be looked up")),
  ROW (PROXY_RESOLVE_FAILED, IO (PROXY_FAILED), PASSES, N_("The proxy for {host} was not found")),
  ROW_IF (CONNECT_FAILED, PHASE, GM_PHASE_PROXY, IO (PROXY_FAILED), PASSES,
          N_("The proxy could not connect to {host}")),
  ROW_IF (CONNECT_FAILED, ERRNO, ECONNREFUSED, IO (CONNECTION_REFUSED), PASSES,
          N_("Could not connect to {host}: the connection was refused")),
  ROW_IF (CONNECT_FAILED, ERRNO, EHOSTUNREACH, IO (HOST_UNREACHABLE), PASSES,
          N_("Could not connect to {host}: it cannot be reached")),
  ROW_IF (CONNECT_FAILED, ERRNO, ENETUNREACH, IO (NETWORK_UNREACHABLE), PASSES,
          N_("Could not connect to {host}: its network cannot be reached")),
  ROW_IF (CONNECT_FAILED, ERRNO, ETIMEDOUT, IO (TIMED_OUT), PASSES,
          N_("Could not connect to {host}: it did not answer in time")),
  ROW_IF (CONNECT_FAILED, ERRNO, EACCES, IO (PERMISSION_DENIED), LASTS,
          N_("Could not connect to {host}: that is not permitted")),
  ROW_IF (CONNECT_FAILED, ERRNO, EPERM, IO (PERMISSION_DENIED), LASTS,
          N_("Could not connect to {host}: that is not permitted")),
  ROW_IF (CONNECT_FAILED, ERRNO, ENOENT, IO (CONNECTION_REFUSED), PASSES,
          N_("Could not connect to {host}: its socket does not exist")),
  ROW (CONNECT_FAILED, IO (HOST_UNREACHABLE), PASSES, N_("Could not connect to {host}")),
  ROW_IF (INTERFACE_FAILED, ERRNO, EADDRINUSE, IO (ADDRESS_IN_USE), LASTS,
          N_("Could not connect to {host}: the local address is in use")),
  ROW (INTERFACE_FAILED, IO (FAILED), LASTS, N_("Could not connect to {host} from the chosen local address")),
  ROW (NO_CONNECTION, OWN (BUSY), PASSES, N_("No connection to {host} is free")),
  ROW (TOO_MANY_FILES, IO (TOO_MANY_OPEN_FILES), PASSES, N_("Too many files and connections are open for {host}")),

  /* proxies */
  ROW (PROXY_LOOKUP_FAILED, IO (PROXY_FAILED), PASSES, N_("The proxy for {host} could not be found out")),
  ROW (PROXY_REFUSED, IO (PROXY_NOT_ALLOWED), LASTS, N_("The proxy refused to connect to {host}")),
  ROW (PROXY_BAD_REPLY, OWN (PROTOCOL), LASTS, N_("The answer of the proxy for {host} makes no sense")),
  ROW (PROXY_CLOSED, IO (PROXY_FAILED), PASSES, N_("The proxy closed the connection to {host} while it was made")),
  ROW (PROXY_LOGIN, IO (PROXY_AUTH_FAILED), LASTS, N_("The proxy for {host} wants a login, or another one")),
  ROW (SOCKS_REFUSED, IO (PROXY_FAILED), PASSES, N_("The proxy could not connect to {host}")),
  ROW (SOCKS_NAME_TOO_LONG, OWN (BAD_REQUEST), LASTS, N_("A name or password is too long for the proxy of {host}")),

  /* TLS */
  ROW (TLS_FAILED, TLS (MISC), LASTS, N_("No secure connection to {host} could be made: {detail}")),
  ROW (TLS_TRUNCATED, TLS (EOF), PASSES, N_("{host} closed the secure connection before the end of the data")),
  ROW (TLS_SETTINGS, TLS (MISC), LASTS, N_("The TLS settings for {host} cannot be used: {detail}")),
  ROW (TLS_CA_FILE, TLS (MISC), LASTS, N_("The trusted certificates for {host} cannot be read: {detail}")),
  ROW (TLS_CRL_FILE, TLS (MISC), LASTS, N_("The list of revoked certificates for {host} cannot be read: {detail}")),
  ROW (TLS_CLIENT_CERTIFICATE, TLS (BAD_CERTIFICATE), LASTS,
       N_("The certificate or key for {host} cannot be used: {detail}")),
  ROW (TLS_TOKEN_PIN, TLS (BAD_CERTIFICATE_PASSWORD), LASTS,
       N_("The token “{detail}” with the certificate for {host} did not get the right PIN")),
  ROW (TLS_CLIENT_CERTIFICATE_WANTED, TLS (CERTIFICATE_REQUIRED), LASTS,
       N_("{host} wants a certificate of its visitor, or another one")),
  ROW (TLS_EXPIRED, TLS (BAD_CERTIFICATE), LASTS, N_("The certificate of {host} has expired")),
  ROW (TLS_NOT_YET_VALID, TLS (BAD_CERTIFICATE), LASTS, N_("The certificate of {host} is not valid yet")),
  ROW (TLS_UNKNOWN_CA, TLS (BAD_CERTIFICATE), LASTS, N_("The certificate of {host} was issued by nobody who is trusted")),
  ROW (TLS_SELF_SIGNED, TLS (BAD_CERTIFICATE), LASTS, N_("The certificate of {host} was signed by nobody but itself")),
  ROW (TLS_WRONG_HOST, TLS (BAD_CERTIFICATE), LASTS,
       N_("The certificate that {host} shows is for another name: {detail}")),
  ROW (TLS_REVOKED, TLS (BAD_CERTIFICATE), LASTS, N_("The certificate of {host} was revoked")),
  ROW (TLS_WEAK, TLS (BAD_CERTIFICATE), LASTS, N_("The certificate of {host} uses a method that is not safe any more")),
  ROW (TLS_WRONG_PURPOSE, TLS (BAD_CERTIFICATE), LASTS, N_("The certificate of {host} is not meant for a server")),
  ROW (TLS_BAD_CERTIFICATE, TLS (BAD_CERTIFICATE), LASTS, N_("The certificate of {host} is not valid")),
  ROW (TLS_OCSP, TLS (BAD_CERTIFICATE), LASTS, N_("{host} did not prove that its certificate is not revoked")),
  ROW (TLS_ISSUER, TLS (BAD_CERTIFICATE), LASTS,
       N_("The certificate of {host} was not issued by the one that is demanded: {detail}")),
  ROW (TLS_PIN, TLS (BAD_CERTIFICATE), LASTS, N_("{host} has another key than the one that is expected")),
  ROW (TLS_REFUSED, TLS (BAD_CERTIFICATE), LASTS, N_("The certificate of {host} was not trusted")),
  ROW (HTTP_VERSION, OWN (PROTOCOL), LASTS, N_("{host} does not speak the demanded version of HTTP")),

  /* time */
  ROW (RESOLVE_TIMEOUT, IO (TIMED_OUT), PASSES, N_("Looking up the address of {host} took too long")),
  ROW (CONNECT_TIMEOUT, IO (TIMED_OUT), PASSES, N_("Connecting to {host} took too long")),
  ROW (RESPONSE_TIMEOUT, IO (TIMED_OUT), PASSES, N_("{host} did not answer in time")),
  ROW (LOW_SPEED, OWN (STALLED), PASSES, N_("The transfer with {host} stalled while {phase}")),
  ROW (TIMEOUT, IO (TIMED_OUT), PASSES, N_("The time limit for {host} was reached while {phase}")),

  /* on the wire */
  ROW_IF (SEND_FAILED, ERRNO, ECONNRESET, IO (CONNECTION_CLOSED), PASSES,
          N_("{host} closed the connection while {phase}")),
  ROW_IF (SEND_FAILED, ERRNO, EPIPE, IO (CONNECTION_CLOSED), PASSES,
          N_("{host} closed the connection while {phase}")),
  ROW_IF (SEND_FAILED, ERRNO, ETIMEDOUT, IO (TIMED_OUT), PASSES,
          N_("The connection to {host} was lost while {phase}")),
  ROW_IF (SEND_FAILED, ERRNO, EHOSTUNREACH, IO (HOST_UNREACHABLE), PASSES,
          N_("{host} could no longer be reached while {phase}")),
  ROW_IF (SEND_FAILED, ERRNO, ENETUNREACH, IO (NETWORK_UNREACHABLE), PASSES,
          N_("The network of {host} could no longer be reached while {phase}")),
  ROW (SEND_FAILED, IO (CONNECTION_CLOSED), PASSES, N_("The connection to {host} failed while {phase}")),
  ROW_IF (RECV_FAILED, ERRNO, ECONNRESET, IO (CONNECTION_CLOSED), PASSES,
          N_("{host} closed the connection while {phase}")),
  ROW_IF (RECV_FAILED, ERRNO, ETIMEDOUT, IO (TIMED_OUT), PASSES,
          N_("The connection to {host} was lost while {phase}")),
  ROW_IF (RECV_FAILED, ERRNO, EHOSTUNREACH, IO (HOST_UNREACHABLE), PASSES,
          N_("{host} could no longer be reached while {phase}")),
  ROW_IF (RECV_FAILED, ERRNO, ENETUNREACH, IO (NETWORK_UNREACHABLE), PASSES,
          N_("The network of {host} could no longer be reached while {phase}")),
  ROW (RECV_FAILED, IO (CONNECTION_CLOSED), PASSES, N_("The connection to {host} failed while {phase}")),
  ROW (GOT_NOTHING, IO (CONNECTION_CLOSED), PASSES, N_("{host} closed the connection without an answer")),
  ROW (PARTIAL, OWN (TRUNCATED), PASSES, N_("{host} closed the connection before the end of the data")),

  /* HTTP */
  ROW (HTTP_NOT_HTTP, OWN (PROTOCOL), LASTS, N_("The answer of {host} is not HTTP")),
  ROW (HTTP_BAD_STATUS_LINE, OWN (PROTOCOL), LASTS, N_("The answer of {host} begins with a bad status line")),
  ROW (HTTP_BAD_VERSION, OWN (PROTOCOL), LASTS, N_("The answer of {host} has an unknown version of HTTP")),
  ROW (HTTP_BAD_HEADER, OWN (PROTOCOL), LASTS, N_("The answer of {host} has a bad header")),
  ROW (HTTP_NUL_IN_HEADER, OWN (PROTOCOL), LASTS, N_("The answer of {host} has a NUL byte in a header")),
  ROW (HTTP_BARE_CR, OWN (PROTOCOL), LASTS, N_("The answer of {host} has a stray carriage return in a header")),
  ROW (HTTP_OBS_FOLD, OWN (PROTOCOL), LASTS, N_("The answer of {host} has a folded header")),
  ROW (HTTP_HEADER_FLOOD, OWN (TOO_LARGE), LASTS, N_("The answer of {host} has too many or too long headers")),
  ROW (HTTP_BAD_LENGTH, OWN (PROTOCOL), LASTS, N_("The answer of {host} has no usable length")),
  ROW (HTTP_BOTH_FRAMINGS, OWN (PROTOCOL), LASTS, N_("The answer of {host} contradicts itself about its length")),
  ROW (HTTP_BAD_ENCODING, OWN (ENCODING), LASTS, N_("The answer of {host} has a transfer coding that is not known")),
  ROW (HTTP_BAD_CHUNK, OWN (PROTOCOL), LASTS, N_("The answer of {host} has a broken chunk")),
  ROW (HTTP_BAD_TRAILER, OWN (PROTOCOL), LASTS, N_("The answer of {host} has a bad trailer")),
  ROW (HTTP_STATUS, OWN (HTTP_STATUS), LASTS, N_("{host} answered with the status {status}")),
  ROW (HTTP_EXPECT_FAILED, OWN (PROTOCOL), LASTS, N_("{host} refused an expectation of the request")),
  ROW (HTTP_BAD_LOCATION, OWN (PROTOCOL), LASTS, N_("{host} redirects to an address that is not valid")),
  ROW (TOO_MANY_REDIRECTS, OWN (TOO_MANY_REDIRECTS), LASTS, N_("{host} redirects too often")),
  ROW (REDIRECT_REFUSED, OWN (REDIRECT_REFUSED), LASTS, N_("{host} redirects to where this transfer may not go")),
  ROW (RANGE_REFUSED, OWN (CHANGED), LASTS, N_("{host} does not give the requested part")),
  ROW (RESUME_REFUSED, OWN (CHANGED), LASTS, N_("{host} does not let the transfer be continued")),
  ROW (TOO_LARGE, OWN (TOO_LARGE), LASTS, N_("{host} sends more data than is allowed")),
  ROW (BAD_CONTENT_ENCODING, OWN (ENCODING), LASTS, N_("The data of {host} cannot be decoded")),

  ROW (CODED_BODY_BROKEN, OWN (ENCODING), LASTS, N_("The encoded data of {host} are broken")),
  ROW (CODED_BODY_BOMB, OWN (TOO_LARGE), LASTS, N_("The data of {host} grow too large when they are decoded")),

  /* HTTP/2 */
  ROW (HTTP2_PROTOCOL, OWN (PROTOCOL), LASTS, N_("{host} broke the rules of HTTP/2")),
  ROW (HTTP2_STREAM, OWN (PROTOCOL), LASTS, N_("{host} broke off its answer")),
  ROW (HTTP2_GONE, IO (CONNECTION_CLOSED), PASSES, N_("{host} closed the connection without an answer")),
  ROW (HTTP2_FLOOD, OWN (PROTOCOL), LASTS, N_("{host} sends too many messages without content")),

  /* who one is */
  ROW (AUTH_BAD_CHALLENGE, OWN (AUTHENTICATION), LASTS, N_("{host} asks for a login in a way that is not understood")),
  ROW (AUTH_FAILED, OWN (AUTHENTICATION), LASTS, N_("The login at {host} failed: {detail}")),

  /* the caller's side */
  ROW_IF (WRITE_FAILED, ERRNO, ENOSPC, IO (NO_SPACE), LASTS, N_("No space is left for the data of {host}")),
  ROW_IF (WRITE_FAILED, ERRNO, EDQUOT, IO (NO_SPACE), LASTS, N_("No space is left for the data of {host}")),
  ROW (WRITE_FAILED, IO (FAILED), LASTS, N_("The data of {host} could not be written")),
  ROW (READ_FAILED, IO (FAILED), LASTS, N_("The data to be sent to {host} could not be read")),
  ROW (READ_SHORT, IO (PARTIAL_INPUT), LASTS, N_("The data to be sent to {host} ended too early")),
  ROW (NOT_REWINDABLE, OWN (NOT_REWINDABLE), LASTS,
       N_("The data has to be sent to {host} again, and its stream cannot go back")),
  ROW (ABORTED, IO (CANCELLED), LASTS, N_("The transfer with {host} was stopped")),
  ROW (CANCELLED, IO (CANCELLED), LASTS, N_("The transfer with {host} was cancelled")),

  /* local files */
  ROW (FILE_NOT_FOUND, IO (NOT_FOUND), LASTS, N_("The file {host} does not exist")),
  ROW (FILE_ACCESS, IO (PERMISSION_DENIED), LASTS, N_("The file {host} may not be opened")),
  ROW (FILE_IS_FOLDER, IO (IS_DIRECTORY), LASTS, N_("{host} is a folder")),
  ROW (FILE_READ_FAILED, IO (FAILED), LASTS, N_("The file {host} could not be read")),
  ROW_IF (FILE_WRITE_FAILED, ERRNO, EEXIST, IO (EXISTS), LASTS, N_("The file {host} exists already")),
  ROW_IF (FILE_WRITE_FAILED, ERRNO, EACCES, IO (PERMISSION_DENIED), LASTS, N_("The file {host} may not be written")),
  ROW_IF (FILE_WRITE_FAILED, ERRNO, EROFS, IO (READ_ONLY), LASTS, N_("The file {host} is on a read-only disk")),
  ROW_IF (FILE_WRITE_FAILED, ERRNO, ENOENT, IO (NOT_FOUND), LASTS, N_("The folder of {host} does not exist")),
  ROW_IF (FILE_WRITE_FAILED, ERRNO, ENOTDIR, IO (NOT_DIRECTORY), LASTS, N_("The folder of {host} is not a folder")),
  ROW_IF (FILE_WRITE_FAILED, ERRNO, EISDIR, IO (IS_DIRECTORY), LASTS, N_("{host} is a folder")),
  ROW_IF (FILE_WRITE_FAILED, ERRNO, ENAMETOOLONG, IO (FILENAME_TOO_LONG), LASTS, N_("The name of {host} is too long")),
  ROW_IF (FILE_WRITE_FAILED, ERRNO, ENOSPC, IO (NO_SPACE), LASTS, N_("No space is left for {host}")),
  ROW_IF (FILE_WRITE_FAILED, ERRNO, EDQUOT, IO (NO_SPACE), LASTS, N_("No space is left for {host}")),
  ROW (FILE_WRITE_FAILED, IO (FAILED), LASTS, N_("The file {host} could not be written")),
  ROW (NO_SPACE, IO (NO_SPACE), LASTS, N_("No space is left for {host}")),
  ROW (DATA_MALFORMED, OWN (BAD_URI), LASTS, N_("The data: address is not valid")),

  /* engine */
  ROW (AFTER_FORK, IO (FAILED), LASTS, N_("A transfer cannot go on in a forked process")),
  ROW (INTERNAL, OWN (FAILED), LASTS, N_("An internal error happened while {phase}")),
};

/* Whatever slips through, and GM_OK or GM_AGAIN, which are no failures. */
static const Row last_row = ROW (INTERNAL, OWN (FAILED), LASTS, N_("An internal error happened while {phase}"));

static gboolean
row_fits (const Row *row,
          const GmFailure *failure)
{
  if (row->result != failure->result)
    return FALSE;

  switch ((CauseKind) row->cause_kind)
    {
    case ERRNO:
      return row->cause == failure->sys_errno;
    case RESOLVER:
      return row->cause == failure->resolver;
    case PHASE:
      return row->cause == (int) failure->phase;
    case ANY:
    default:
      return TRUE;
    }
}

static const Row *
find_row (const GmFailure *failure)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (row_fits (&rows[i], failure))
      return &rows[i];

  return &last_row;
}

const char *
gm_phase_to_text (GmPhase phase)
{
  switch (phase)
    {
    case GM_PHASE_PROXY_LOOKUP:
      return _("looking up the proxy");
    case GM_PHASE_RESOLVE:
      return _("looking up its address");
    case GM_PHASE_CONNECT:
      return _("connecting");
    case GM_PHASE_PROXY:
      return _("talking to the proxy");
    case GM_PHASE_TLS:
      return _("securing the connection");
    case GM_PHASE_REQUEST:
      return _("sending the request");
    case GM_PHASE_RESPONSE:
      return _("waiting for the answer");
    case GM_PHASE_BODY:
      return _("receiving the data");
    case GM_PHASE_STORAGE:
      return _("storing the data");
    case GM_PHASE_NONE:
    default:
      return _("preparing the transfer");
    }
}

/* Placeholders instead of printf codes: a translation can move them freely and cannot crash the program. */
static char *
make_sentence (const char *message,
               const GmFailure *failure)
{
  GString *text = g_string_new (message);

  if (strstr (message, "{status}") != NULL)
    {
      char status[16];

      g_snprintf (status, sizeof status, "%u", failure->status);
      g_string_replace (text, "{status}", status, 1);
    }
  g_string_replace (text, "{phase}", gm_phase_to_text (failure->phase), 1);
  if (strstr (message, "{detail}") != NULL)
    g_string_replace (text, "{detail}", failure->detail != NULL ? failure->detail : _("the reason is not known"), 1);
  /* last, for a host may spell anything */
  g_string_replace (text, "{host}", failure->host != NULL ? failure->host : _("the server"), 1);

  return g_string_free (text, FALSE);
}

/* Where no sentence has a place for it, but there may be something to tell: why a login could not be given, or what
 * is wrong with an answer. */
static void
append_detail (GString *text,
               const GmFailure *failure)
{
  if (failure->detail == NULL || (failure->result != GM_HTTP_STATUS && failure->result != GM_PROXY_LOGIN &&
                                  failure->result != GM_PROXY_BAD_REPLY && failure->result != GM_BAD_REQUEST && failure->result != GM_TOO_LARGE))
    return;

  g_string_append (text, ": ");
  g_string_append (text, failure->detail);
}

/* The number that the other side gave, for those who look after it. */
static void
append_number (GString *text,
               const GmFailure *failure)
{
  if (failure->result == GM_PROXY_REFUSED && failure->proxy_status != 0)
    g_string_append_printf (text, _(": it answered with the status %u"), failure->proxy_status);
  else if (failure->result == GM_SOCKS_REFUSED && failure->proxy_status != 0)
    g_string_append_printf (text, _(": SOCKS error %u"), failure->proxy_status);
  else if (failure->result == GM_HTTP2_STREAM && failure->h2 != 0)
    g_string_append_printf (text, _(": HTTP/2 error %u"), failure->h2);
}

static GQuark
domain_quark (Domain domain)
{
  switch (domain)
    {
    case DOMAIN_IO:
      return G_IO_ERROR;
    case DOMAIN_RESOLVER:
      return G_RESOLVER_ERROR;
    case DOMAIN_TLS:
      return G_TLS_ERROR;
    case DOMAIN_TRANSFER:
    default:
      return GMULTI_TRANSFER_ERROR;
    }
}

/* Where the table has only FAILED for a system error, GIO may know better. */
static int
refine_code (const Row *row,
             int sys_errno)
{
  if (row->domain != DOMAIN_IO || row->code != G_IO_ERROR_FAILED || sys_errno == 0)
    return row->code;

  return g_io_error_from_errno (sys_errno);
}

/* Says what the system said, where the sentence itself does not. */
static void
append_cause (GString *text,
              const Row *row,
              int sys_errno)
{
  if (sys_errno == 0 || row->cause_kind == ERRNO || (row->result == GM_FILE_NOT_FOUND && sys_errno == ENOENT) ||
      (row->result == GM_FILE_ACCESS && sys_errno == EACCES) || row->result == GM_FILE_IS_FOLDER)
    return;

  g_string_append (text, ": ");
  g_string_append (text, g_strerror (sys_errno));
}

GError *
gm_failure_to_error (const GmFailure *failure)
{
  const Row *row = find_row (failure);
  g_autofree char *sentence = make_sentence (g_dgettext (GETTEXT_PACKAGE, row->message), failure);
  GString *text = g_string_new (sentence);
  GMultiTransferErrorPrivate *priv;
  GError *error;

  append_detail (text, failure);
  append_number (text, failure);
  append_cause (text, row, failure->sys_errno);
  if (failure->ways != NULL)
    g_string_append_printf (text, _("; tried before: %s"), failure->ways);
  error = g_error_new_literal (domain_quark (row->domain), refine_code (row, failure->sys_errno), text->str);
  g_string_free (text, TRUE);

  if (row->domain == DOMAIN_TRANSFER)
    {
      priv = gmulti_transfer_error_get_private (error);
      priv->phase = (GMultiPhase) failure->phase;
      priv->transient = row->transient;
      if (failure->result == GM_HTTP_STATUS)
        priv->transient = gm_status_is_transient (failure->status);
      priv->host = g_strdup (failure->host);
    }

  return error;
}

GError *
gm_error_take (GMultiTransferError code,
               GMultiPhase phase,
               char *message)
{
  GError *error = g_error_new_literal (GMULTI_TRANSFER_ERROR, code, message);

  gmulti_transfer_error_get_private (error)->phase = phase;
  g_free (message);
  return error;
}

gboolean
gm_status_is_transient (guint status)
{
  /* RFC 9110 section 15.5.9, 15.6.3 to 15.6.5; RFC 6585 section 4; a plain 500 is as often a passing fault as not */
  return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

/**
 * gmulti_error_is_transient:
 * @error: the error of a transfer
 *
 * Tells whether the same transfer may well succeed when it is tried again later.
 *
 * Returns: whether the cause may pass by itself
 *
 * Since: 1.0
 */
gboolean
gmulti_error_is_transient (const GError *error)
{
  g_return_val_if_fail (error != NULL, FALSE);

  if (error->domain == GMULTI_TRANSFER_ERROR)
    return gmulti_transfer_error_get_private (error)->transient;

  if (error->domain == G_RESOLVER_ERROR)
    return error->code == G_RESOLVER_ERROR_TEMPORARY_FAILURE;

  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PROXY_FAILED)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES)
         || g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_EOF)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

static GMultiPhase
phase_of_io_error (int code)
{
  switch (code)
    {
    case G_IO_ERROR_HOST_UNREACHABLE:
    case G_IO_ERROR_NETWORK_UNREACHABLE:
    case G_IO_ERROR_CONNECTION_REFUSED:
    case G_IO_ERROR_ADDRESS_IN_USE:
      return GMULTI_PHASE_CONNECT;
    case G_IO_ERROR_PROXY_FAILED:
    case G_IO_ERROR_PROXY_AUTH_FAILED:
    case G_IO_ERROR_PROXY_NEED_AUTH:
    case G_IO_ERROR_PROXY_NOT_ALLOWED:
      return GMULTI_PHASE_PROXY;
    case G_IO_ERROR_NO_SPACE:
    case G_IO_ERROR_EXISTS:
    case G_IO_ERROR_IS_DIRECTORY:
    case G_IO_ERROR_NOT_DIRECTORY:
    case G_IO_ERROR_READ_ONLY:
    case G_IO_ERROR_NOT_FOUND:
      return GMULTI_PHASE_STORAGE;
    default:
      return GMULTI_PHASE_NONE;
    }
}

/**
 * gmulti_error_get_phase:
 * @error: the error of a transfer
 *
 * Gets the phase that the transfer failed in.
 *
 * Errors of GIO's own domains do not carry it: for them the phase is the one that the code stands for, and
 * %GMULTI_PHASE_NONE where several are possible, as for %G_IO_ERROR_TIMED_OUT.
 *
 * Returns: the phase
 *
 * Since: 1.0
 */
GMultiPhase
gmulti_error_get_phase (const GError *error)
{
  g_return_val_if_fail (error != NULL, GMULTI_PHASE_NONE);

  if (error->domain == GMULTI_TRANSFER_ERROR)
    return gmulti_transfer_error_get_private (error)->phase;

  if (error->domain == G_RESOLVER_ERROR)
    return GMULTI_PHASE_RESOLVE;

  if (error->domain == G_TLS_ERROR)
    return GMULTI_PHASE_TLS;

  return error->domain == G_IO_ERROR ? phase_of_io_error (error->code) : GMULTI_PHASE_NONE;
}

/**
 * gmulti_error_get_host:
 * @error: the error of a transfer
 *
 * Gets the host that the error is about. Errors of GIO's own domains name it in their message only.
 *
 * Returns: (nullable): the host
 *
 * Since: 1.0
 */
const char *
gmulti_error_get_host (const GError *error)
{
  g_return_val_if_fail (error != NULL, NULL);

  return error->domain == GMULTI_TRANSFER_ERROR ? gmulti_transfer_error_get_private (error)->host : NULL;
}
