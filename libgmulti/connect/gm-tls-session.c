/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-tls-session.h"

#include "gm-config.h"
#include "gm-tls-ciphers.h"

#include <string.h>

/* Names of protocols to offer; nobody has more than a handful. */
#define MAX_ALPN 8

/* The largest message of a handshake: a chain of certificates with all their names. */
#define MAX_HANDSHAKE_MESSAGE (128 * 1024)

#define DEFAULT_PRIORITY "NORMAL"
#define DEFAULT_VERSIONS ":-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* ---- priorities ---- */

static void
add_versions (GString *priority,
              const GmTlsSettings *settings)
{
  static const char *const names[] = { NULL, "TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3" };
  guint min = settings->min_version != 0 ? settings->min_version : GM_TLS_VERSION_1_2;
  guint max = settings->max_version != 0 ? settings->max_version : GM_TLS_VERSION_1_3;

  if (settings->min_version == 0 && max < min)
    min = max;
  g_string_append (priority, ":-VERS-ALL");
  for (guint i = MIN (max, GM_TLS_VERSION_1_3); i >= min; i--)
    g_string_append_printf (priority, ":+VERS-%s", names[i]);
}

/* The default is parsed once per process. */
static GmResult
set_default_priority (gnutls_session_t session,
                      int *code)
{
  static gsize initialized;
  static gnutls_priority_t priority;

  if (g_once_init_enter (&initialized))
    {
      if (gnutls_priority_init2 (&priority, DEFAULT_PRIORITY DEFAULT_VERSIONS, NULL, 0) != 0)
        priority = NULL;
      g_once_init_leave (&initialized, 1);
    }

  *code = priority != NULL ? gnutls_priority_set (session, priority) : GNUTLS_E_INTERNAL_ERROR;
  return *code == 0 ? GM_OK : GM_TLS_SETTINGS;
}

/* GnuTLS puts the best cipher first, and those of this key exchange are old ones: where the other ways are not switched off
 * no server that has them would ever take it. Whoever has said which ways there are gets it beside them. */
static void
add_login (GString *priority,
           const GmTlsSettings *settings)
{
  if (settings->priority == NULL)
    g_string_append (priority, ":-KX-ALL");
  g_string_append (priority, ":-VERS-TLS1.3:+SRP-RSA:+SRP-DSS:+SRP:+AES-256-CBC:+AES-128-CBC:+SHA1");
}

static gboolean
is_suite_list (const GmTlsSettings *settings)
{
  return settings->priority != NULL ? gm_tls_ciphers_are_suites (settings->priority) : settings->ciphers13 != NULL;
}

static GmResult
set_priority (gnutls_session_t session,
              const GmTlsSettings *settings,
              int *code)
{
  gboolean known;
  GString *priority;

  if (settings->priority == NULL && settings->ciphers13 == NULL && settings->login_user == NULL && settings->min_version == 0 &&
      settings->max_version == 0 && settings->groups == NULL && settings->signatures == NULL)
    return set_default_priority (session, code);
  if (settings->min_version != 0 && settings->max_version != 0 && settings->min_version > settings->max_version)
    return GM_TLS_SETTINGS;
  if (settings->login_user != NULL && settings->min_version == GM_TLS_VERSION_1_3)
    return GM_TLS_SETTINGS;

  if (is_suite_list (settings))
    {
      g_autofree char *text = gm_tls_ciphers_to_priority (settings->priority, settings->ciphers13);

      if (text == NULL)
        return GM_TLS_SETTINGS;
      priority = g_string_new (text);
    }
  else
    priority = g_string_new (settings->priority != NULL ? settings->priority : DEFAULT_PRIORITY);
  /* Who writes versions into the string has said all there is to say. */
  if (strstr (priority->str, "VERS-") == NULL || settings->min_version != 0 || settings->max_version != 0)
    add_versions (priority, settings);
  if (settings->login_user != NULL)
    add_login (priority, settings);
  known = (settings->groups == NULL || gm_tls_groups_append (priority, settings->groups)) &&
          (settings->signatures == NULL || gm_tls_signatures_append (priority, settings->signatures));
  *code = known ? gnutls_priority_set_direct (session, priority->str, NULL) : GNUTLS_E_INVALID_REQUEST;
  g_string_free (priority, TRUE);

  return *code == 0 ? GM_OK : GM_TLS_SETTINGS;
}

/* ---- the login ---- */

#if HAVE_SRP

GmResult
gm_tls_login_new (const GmTlsSettings *settings,
                  gnutls_srp_client_credentials_t *login)
{
  gsize len = 0;
  const char *password = settings->login_password != NULL ? g_bytes_get_data (settings->login_password, &len) : NULL;
  char *text;
  int code;

  *login = NULL;
  if (settings->login_user == NULL)
    return GM_OK;
  if (gnutls_srp_allocate_client_credentials (login) != 0)
    return GM_OUT_OF_MEMORY;

  text = g_strndup (len > 0 ? password : "", len);
  code = gnutls_srp_set_client_credentials (*login, settings->login_user, text);
  explicit_bzero (text, strlen (text));
  g_free (text);
  if (code == 0)
    return GM_OK;

  gnutls_srp_free_client_credentials (g_steal_pointer (login));
  return GM_TLS_SETTINGS;
}

void
gm_tls_login_free (gnutls_srp_client_credentials_t login)
{
  if (login != NULL)
    gnutls_srp_free_client_credentials (login);
}

#else

GmResult
gm_tls_login_new (const GmTlsSettings *settings,
                  gnutls_srp_client_credentials_t *login)
{
  *login = NULL;
  return settings->login_user == NULL ? GM_OK : GM_NOT_BUILT_IN;
}

void
gm_tls_login_free (gnutls_srp_client_credentials_t login)
{
}

#endif

/* ---- the session ---- */

static int
set_alpn (gnutls_session_t session,
          const char *const *names)
{
  gnutls_datum_t list[MAX_ALPN];
  guint n = 0;

  for (; names[n] != NULL && n < MAX_ALPN; n++)
    list[n] = (gnutls_datum_t){ (unsigned char *) names[n], (unsigned int) strlen (names[n]) };

  return n > 0 ? gnutls_alpn_set_protocols (session, list, n, 0) : 0;
}

static int
set_ticket (gnutls_session_t session,
            GBytes *ticket)
{
  gsize len;
  gconstpointer data = g_bytes_get_data (ticket, &len);

  return gnutls_session_set_data (session, data, len);
}

static GmResult
set_up (gnutls_session_t session,
        const GmTlsOffer *offer,
        int *code)
{
  GmResult result = set_priority (session, offer->settings, code);

  if (result != GM_OK)
    return result;

  gnutls_handshake_set_max_packet_length (session, MAX_HANDSHAKE_MESSAGE);
  /* Deadlines are the engine's. */
  gnutls_handshake_set_timeout (session, GNUTLS_INDEFINITE_TIMEOUT);
  *code = gnutls_credentials_set (session, GNUTLS_CRD_CERTIFICATE, offer->credentials);
  if (*code == 0 && offer->login != NULL)
    *code = gnutls_credentials_set (session, GNUTLS_CRD_SRP, offer->login);
  if (*code == 0 && offer->name->address_len == 0 && offer->name->text[0] != '\0')
    *code = gnutls_server_name_set (session, GNUTLS_NAME_DNS, offer->name->text, strlen (offer->name->text));
  if (*code == 0 && offer->alpn != NULL)
    *code = set_alpn (session, offer->alpn);
  /* One that does not fit any more is no reason to fail. */
  if (*code == 0 && offer->ticket != NULL)
    set_ticket (session, offer->ticket);

  return *code == 0 ? GM_OK : GM_TLS_SETTINGS;
}

GmResult
gm_tls_session_new (const GmTlsOffer *offer,
                    gnutls_session_t *session,
                    int *code)
{
  guint flags = GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_FORCE_CLIENT_CERT |
                /* a key for the first group: all have it (RFC 8446 section 9.1), and a second one costs half a million
                 * instructions for nothing */
                GNUTLS_KEY_SHARE_TOP;
  gnutls_session_t fresh = NULL;
  GmResult result;

  if (!offer->settings->session_cache)
    flags |= GNUTLS_NO_TICKETS;
  *code = gnutls_init (&fresh, flags);
  if (*code != 0)
    return GM_OUT_OF_MEMORY;

  result = set_up (fresh, offer, code);
  if (result != GM_OK)
    gnutls_deinit (fresh);
  else
    *session = fresh;

  return result;
}

/* ---- afterwards ---- */

static void
add_chain (GPtrArray *chain,
           gnutls_session_t session)
{
  unsigned int n = 0;
  const gnutls_datum_t *certificates = gnutls_certificate_get_peers (session, &n);

  for (unsigned int i = 0; certificates != NULL && i < n; i++)
    g_ptr_array_add (chain, g_bytes_new (certificates[i].data, certificates[i].size));
}

GmTlsInfo *
gm_tls_session_get_info (gnutls_session_t session,
                         const char *name,
                         GmResult verdict)
{
  GmTlsInfo *info = g_new0 (GmTlsInfo, 1);
  gnutls_datum_t alpn = { NULL, 0 };

  g_atomic_ref_count_init (&info->refs);
  info->chain = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  add_chain (info->chain, session);
  info->version = gnutls_protocol_get_name (gnutls_protocol_get_version (session));
  info->cipher = g_strdup (gnutls_ciphersuite_get (session));
  info->alpn = gnutls_alpn_get_selected_protocol (session, &alpn) == 0
                 ? g_strndup ((const char *) alpn.data, alpn.size)
                 : g_strdup ("");
  info->name = g_strdup (name);
  info->verdict = verdict;
  info->resumed = gnutls_session_is_resumed (session) != 0;

  return info;
}

/* The server has something against our certificate, or against there being none. */
static gboolean
is_about_client (gnutls_session_t session,
                 gnutls_alert_description_t alert)
{
  if (gnutls_certificate_client_get_request_status (session) == 0)
    return FALSE;
  /* It was asked for, there was none, and that was the end of it: servers have many words for this. */
  if (gnutls_certificate_get_ours (session) == NULL)
    return TRUE;

  switch ((int) alert)
    {
    case GNUTLS_A_HANDSHAKE_FAILURE:
    case GNUTLS_A_BAD_CERTIFICATE:
    case GNUTLS_A_UNSUPPORTED_CERTIFICATE:
    case GNUTLS_A_CERTIFICATE_REVOKED:
    case GNUTLS_A_CERTIFICATE_EXPIRED:
    case GNUTLS_A_CERTIFICATE_UNKNOWN:
    case GNUTLS_A_UNKNOWN_CA:
    case GNUTLS_A_ACCESS_DENIED:
    case GNUTLS_A_CERTIFICATE_REQUIRED:
      return TRUE;
    default:
      return FALSE;
    }
}

GmResult
gm_tls_session_failed (gnutls_session_t session,
                       int code,
                       GmResult below,
                       GmPhase phase,
                       GmError *error)
{
  GmResult result = GM_TLS_FAILED;
  guint8 alert = 0;

  if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
    {
      alert = (guint8) gnutls_alert_get (session);
      /* That is why sending failed, if it did. */
      if (error->result == GM_SEND_FAILED)
        error->result = GM_OK;
      if (is_about_client (session, (gnutls_alert_description_t) alert))
        result = GM_TLS_CLIENT_CERTIFICATE_WANTED;
    }
  else if (below != GM_OK && below != GM_AGAIN)
    result = below;

  if (error->result == GM_OK)
    {
      gm_error_set (error, result, phase, 0);
      error->tls = code;
      error->alert = alert;
    }
  return result;
}
