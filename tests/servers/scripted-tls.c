/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-tls.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct _ScriptedTlsSession
{
  gnutls_session_t session; /* (owned) */
  gsize pending; /* of a record that the socket had no room for */
  gboolean ready;
};

/* ---- whose certificates these are ---- */

static char *authority_file;

static void
remove_file (void)
{
  g_unlink (authority_file);
}

ZooCertificate *
scripted_tls_get_authority (void)
{
  static gsize made;
  static ZooCertificate *authority;

  if (g_once_init_enter (&made))
    {
      authority = zoo_make (&(ZooSpec){ .subject = "Scripted authority", .ca = TRUE }, NULL);
      g_once_init_leave (&made, 1);
    }
  return authority;
}

const char *
scripted_tls_get_authority_file (void)
{
  static gsize made;

  if (g_once_init_enter (&made))
    {
      g_autoptr (GBytes) pem = zoo_get_pem (scripted_tls_get_authority (), 0);
      int fd = g_file_open_tmp ("scripted-ca-XXXXXX.pem", &authority_file, NULL);

      g_assert_cmpint (fd, >=, 0);
      close (fd);
      g_assert_true (g_file_set_contents (authority_file, g_bytes_get_data (pem, NULL),
                                          (gssize) g_bytes_get_size (pem), NULL));
      atexit (remove_file);
      g_once_init_leave (&made, 1);
    }
  return authority_file;
}

/* ---- servers ---- */

ScriptedTls *
scripted_tls_new_with (gnutls_certificate_credentials_t credentials)
{
  ScriptedTls *self = g_new0 (ScriptedTls, 1);

  self->credentials = credentials;
  self->client_certificate = GNUTLS_CERT_IGNORE;
  g_assert_cmpint (gnutls_session_ticket_key_generate (&self->ticket_key), ==, 0);
  return self;
}

ScriptedTls *
scripted_tls_new (void)
{
  static gsize made;
  static ZooCertificate *own;

  if (g_once_init_enter (&made))
    {
      own = zoo_make (&(ZooSpec){ .subject = "Scripted server",
                                  .names = "dns:localhost dns:any.example dns:named.example dns:a.example dns:b.example dns:both.example"
                                           " ip:127.0.0.1 ip:127.0.0.2 ip:::1" },
                      scripted_tls_get_authority ());
      g_once_init_leave (&made, 1);
    }
  return scripted_tls_new_with (zoo_new_credentials (own, 0));
}

void
scripted_tls_free (ScriptedTls *self)
{
  if (self == NULL)
    return;
  gnutls_certificate_free_credentials (self->credentials);
  gnutls_free (self->ticket_key.data);
#ifdef WITH_SRP
  if (self->logins != NULL)
    gnutls_srp_free_server_credentials (self->logins);
#endif
  g_free (self->priority);
  g_free (self);
}

/* ---- logins ---- */

#ifdef WITH_SRP

static gnutls_datum_t
copy_datum (const gnutls_datum_t *datum)
{
  gnutls_datum_t copy = { gnutls_malloc (datum->size), datum->size };

  memcpy (copy.data, datum->data, datum->size);
  return copy;
}

static int
login_cb (gnutls_session_t session,
          const char *user,
          gnutls_datum_t *salt,
          gnutls_datum_t *verifier,
          gnutls_datum_t *generator,
          gnutls_datum_t *prime)
{
  ScriptedTls *self = gnutls_session_get_ptr (session);
  static unsigned char grains[] = "0123456789abcdef";

  if (strcmp (user, self->user) != 0)
    return -1;

  g_atomic_int_inc (&self->n_logins);
  *salt = copy_datum (&(gnutls_datum_t){ grains, 16 });
  *generator = copy_datum (&gnutls_srp_2048_group_generator);
  *prime = copy_datum (&gnutls_srp_2048_group_prime);
  return gnutls_srp_verifier (user, self->password, salt, generator, prime, verifier);
}

void
scripted_tls_set_login (ScriptedTls *self,
                        const char *user,
                        const char *password)
{
  self->user = user;
  self->password = password;
  g_assert_cmpint (gnutls_srp_allocate_server_credentials (&self->logins), ==, 0);
  gnutls_srp_set_server_credentials_function (self->logins, login_cb);
}

#endif

/* ---- connections ---- */

ScriptedTlsSession *
scripted_tls_session_new (ScriptedTls *tls,
                          int fd)
{
  ScriptedTlsSession *self = g_new0 (ScriptedTlsSession, 1);
  gnutls_datum_t alpn[8];
  guint n = 0;

  g_assert_cmpint (gnutls_init (&self->session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL), ==, 0);
  g_assert_cmpint (
    gnutls_priority_set_direct (self->session, tls->priority != NULL ? tls->priority : "NORMAL", NULL), ==, 0);
  gnutls_credentials_set (self->session, GNUTLS_CRD_CERTIFICATE, tls->credentials);
  gnutls_session_set_ptr (self->session, tls);
  if (tls->logins != NULL)
    gnutls_credentials_set (self->session, GNUTLS_CRD_SRP, tls->logins);
  gnutls_certificate_server_set_request (self->session, tls->client_certificate);
  gnutls_session_ticket_enable_server (self->session, &tls->ticket_key);
  for (; tls->alpn != NULL && tls->alpn[n] != NULL && n < G_N_ELEMENTS (alpn); n++)
    alpn[n] = (gnutls_datum_t){ (void *) tls->alpn[n], (guint) strlen (tls->alpn[n]) };
  if (n > 0)
    gnutls_alpn_set_protocols (self->session, alpn, n, GNUTLS_ALPN_SERVER_PRECEDENCE);
  gnutls_handshake_set_timeout (self->session, GNUTLS_INDEFINITE_TIMEOUT);
  gnutls_transport_set_int (self->session, fd);
  return self;
}

void
scripted_tls_session_free (ScriptedTlsSession *self)
{
  if (self == NULL)
    return;
  gnutls_deinit (self->session);
  g_free (self);
}

int
scripted_tls_handshake (ScriptedTlsSession *self)
{
  int code;

  if (self->ready)
    return 1;
  do
    code = gnutls_handshake (self->session);
  while (code == GNUTLS_E_INTERRUPTED || code == GNUTLS_E_WARNING_ALERT_RECEIVED);
  if (code == GNUTLS_E_AGAIN)
    return 0;
  if (code == 0)
    self->ready = TRUE;
  else
    gnutls_alert_send_appropriate (self->session, code);
  return code == 0 ? 1 : -1;
}

gssize
scripted_tls_recv (ScriptedTlsSession *self,
                   void *data,
                   gsize len)
{
  gssize n = gnutls_record_recv (self->session, data, len);

  if (n >= 0)
    return n;
  if (n == GNUTLS_E_PREMATURE_TERMINATION)
    return 0;
  errno = n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED ? EAGAIN : ECONNRESET;
  return -1;
}

gssize
scripted_tls_send (ScriptedTlsSession *self,
                   const void *data,
                   gsize len)
{
  gssize n = gnutls_record_send (self->session, self->pending > 0 ? NULL : data,
                                 self->pending > 0 ? 0 : MIN (len, 16384));

  if (n >= 0)
    {
      self->pending = 0;
      return n;
    }
  errno = ECONNRESET;
  if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
    {
      self->pending = len;
      errno = EAGAIN;
    }
  return -1;
}

gboolean
scripted_tls_has_pending (ScriptedTlsSession *self)
{
  return self->ready && gnutls_record_check_pending (self->session) > 0;
}

void
scripted_tls_say_goodbye (ScriptedTlsSession *self)
{
  if (self->ready)
    gnutls_bye (self->session, GNUTLS_SHUT_WR);
}

gboolean
scripted_tls_was_resumed (ScriptedTlsSession *self)
{
  return self->ready && gnutls_session_is_resumed (self->session) != 0;
}

char *
scripted_tls_dup_alpn (ScriptedTlsSession *self)
{
  gnutls_datum_t chosen = { NULL, 0 };

  return gnutls_alpn_get_selected_protocol (self->session, &chosen) == 0
           ? g_strndup ((const char *) chosen.data, chosen.size)
           : NULL;
}
