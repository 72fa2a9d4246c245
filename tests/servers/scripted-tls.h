/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "zoo.h"

/* The server's end of TLS for scripted servers: on a socket that does not block. */

typedef struct
{
  gnutls_certificate_credentials_t credentials; /* (owned) */
  char *priority; /* (owned) (nullable): NULL = NORMAL */
  const char *const *alpn; /* (unowned) (nullable) (array zero-terminated=1): static */
  gnutls_certificate_request_t client_certificate; /* whether one is asked for, and demanded */
  gnutls_datum_t ticket_key; /* (owned) */
  gnutls_srp_server_credentials_t logins; /* (owned) (nullable) */
  const char *user; /* (unowned) (nullable): the one who may log in within TLS, … */
  const char *password; /* (unowned) … by this */
  gint n_logins; /* atomic: how often somebody of that name tried */
} ScriptedTls;

typedef struct _ScriptedTlsSession ScriptedTlsSession;

/* For whatever name loopback has, signed by scripted_tls_get_authority(). */
ScriptedTls        *scripted_tls_new             (void);
/* Takes the credentials over. */
ScriptedTls        *scripted_tls_new_with        (gnutls_certificate_credentials_t credentials);
void                scripted_tls_free            (ScriptedTls *self);
/* Who may log in; the @priority has to have it, too. Both static. */
void                scripted_tls_set_login       (ScriptedTls *self,
                                                  const char *user,
                                                  const char *password);
/* Of this process; made on first use, never freed. */
ZooCertificate     *scripted_tls_get_authority   (void);
/* A file with its certificate; it goes with the process. */
const char         *scripted_tls_get_authority_file (void);

ScriptedTlsSession *scripted_tls_session_new     (ScriptedTls *tls,
                                                  int fd);
void                scripted_tls_session_free    (ScriptedTlsSession *self);
/* 1: done; 0: not yet; -1: failed. */
int                 scripted_tls_handshake       (ScriptedTlsSession *self);
/* As recv() and send(). What was not taken whole counts as not taken, and must come again. */
gssize              scripted_tls_recv            (ScriptedTlsSession *self,
                                                  void *data,
                                                  gsize len);
gssize              scripted_tls_send            (ScriptedTlsSession *self,
                                                  const void *data,
                                                  gsize len);
/* Something can be read that is not in the socket any more. */
gboolean            scripted_tls_has_pending     (ScriptedTlsSession *self);
void                scripted_tls_say_goodbye     (ScriptedTlsSession *self);
gboolean            scripted_tls_was_resumed     (ScriptedTlsSession *self);
/* What was agreed upon; NULL = nothing. (owned) */
char               *scripted_tls_dup_alpn        (ScriptedTlsSession *self);
