/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "face.h"

/* A visit at a server that wants a client's certificate, and a GTlsInteraction that takes its time when it is asked for
 * one, or for the PIN of the token that has it. */

typedef struct
{
  GTlsInteraction parent_instance;

  GTask *task; /* (owned) (nullable): what is asked and not answered */
  GTlsPassword *password; /* (owned) (nullable): the last one */
  GTlsConnection *connection; /* (owned) (nullable): the last one */
  guint n_asked;
  gconstpointer at_once; /* (unowned) (nullable): the answer */
} Slow;

typedef GTlsInteractionClass SlowClass;

GType slow_get_type (void);
/* The PIN, or the GTlsCertificate, whichever was asked for; NULL leaves the question to others. */
void  slow_answer   (Slow *self,
                     gconstpointer answer);

typedef struct
{
  ScriptedServer *server; /* has "inside" for who is let in */
  ScriptedServer *open; /* lets everybody in */
  GMultiSession *session; /* trusts both */
  GMultiTransfer *transfer; /* to the first */
  Slow *slow; /* nobody's interaction yet */
  GAsyncResult *result;
} Visit;

/* One that wants a certificate so much; @priority (nullable): of GnuTLS. */
ScriptedServer *visit_server_new (const char *priority,
                                  gnutls_certificate_request_t wish);
/* @server is taken. */
void visit_set_up        (Visit *self,
                          ScriptedServer *server);
void visit_tear_down     (Visit *self);
void visit_start         (Visit *self);
/* Starts, and waits until somebody is asked. */
void visit_wait          (Visit *self);
void visit_check_inside  (Visit *self);
/* It ends with an error of G_TLS_ERROR; returns the message. */
char *visit_check_refused (Visit *self,
                          GTlsError code);

/* While it waits others are served. */
void visit_check_others  (Visit *self);
/* The transfer is cancelled while somebody is asked: the question is taken back, and @answer comes too late. */
void visit_check_cancel  (Visit *self,
                          gconstpointer answer);
/* In a call that waits, who gives @answer at once is heard. */
void visit_check_blocking (Visit *self,
                          gconstpointer answer);
