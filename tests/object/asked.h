/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "face.h"

/* A transfer that asks somebody a question, by its own signal or by its session's, and what all kinds of questions have in
 * common: answered twice, from another thread, declined, dropped, when the transfer or even the session is gone, never. */

typedef struct _Asked Asked;

typedef struct
{
  const char *signal;
  void (*accept) (Asked *self); /* answers @question so that the transfer gets "inside" */
  void (*decline) (Asked *self);
  /* The transfer has ended as if nobody had been there. */
  void (*check_refused) (Asked *self);
  guint n_requests; /* that the server has got when it is asked */
  const char *clock; /* the time limit that stands still meanwhile */
  const char *user; /* (nullable): of a login, the right one */
  const char *password;
} AskedKind;

struct _Asked
{
  const AskedKind *kind;
  ScriptedServer *server;
  GMultiSession *session;
  GMultiTransfer *transfer;
  gpointer question; /* (owned) (nullable): the last one */
  guint n_asked;
  guint n_wrong; /* of a login: so many answers are wrong */
  gboolean at_once; /* the handler accepts */
  GBytes *bytes;
  GError *error;
};

/* @server is taken, and has "inside" at /in for who is let in. */
void asked_set_up       (Asked *self,
                         const AskedKind *kind,
                         ScriptedServer *server);
void asked_tear_down    (Asked *self,
                         gconstpointer data);
void asked_start        (Asked *self);
/* From now on the session's handler is there, and not the transfer's. */
void asked_by_session   (Asked *self);
/* Starts, and waits until somebody is asked. */
void asked_wait         (Asked *self);
void asked_check_inside (Asked *self);
/* Waits for the end, which is to be kind->check_refused(). */
void asked_check_refused (Asked *self);

/* For questions for a login: accept, decline, and tests with wrong answers, under @prefix. */
void asked_answer_login (Asked *self);
void asked_decline_login (Asked *self);
void asked_add_login_tests (const char *prefix,
                         void (*set_up) (Asked *self, gconstpointer data));

/* Adds the tests that all kinds have in common, under @prefix. */
void asked_add_tests    (const char *prefix,
                         void (*set_up) (Asked *self, gconstpointer data));
