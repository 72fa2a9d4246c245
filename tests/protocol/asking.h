/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-request.h"

#include "turning.h"

/* One request of a protocol without an engine round it: a client that notes everything and can pause, fail and dawdle. */
typedef struct
{
  GmReactor reactor;
  Told told;
  Turner owner;
  GmClient client;
  GmFlow flow;
  GmSource source;
  GmInfo info;
  GmError error;
  GmHeaders *headers;
  GmRequestSettings settings;
  GmUrl *url;
  GmRequest request;
  char arena[GM_REQUEST_ARENA];
  gboolean begun;
  GmResult result; /* GM_AGAIN while it runs */

  /* what came */
  GString *head; /* raw lines */
  GString *body;
  GString *news; /* 'H' */
  gsize largest_write;
  guint n_writes;

  /* how the client behaves */
  gsize pause_each; /* takes so many bytes, then pauses; 0 = never */
  gboolean lifts; /* pauses are lifted in the next turn */
  gint fail_write_at; /* the nth write fails; 0 = none */
  GmAnswer write_failure;
  GmAnswer header_answer; /* to each line of a head */
  const char *upload;
  gsize upload_len;
  gsize upload_pos;
  gsize upload_step; /* most at a time; 0 = all */
  gboolean upload_pauses; /* after each piece */
  GmAnswer upload_failure; /* at the end instead of an end; GM_ANSWER_OK = none */
} Asking;

/* @foreign: with a strict level-triggered loop instead of the own epoll set. */
void     asking_init   (Asking *self,
                        gboolean foreign);
void     asking_clear  (Asking *self);
/* Everything back to how it was after asking_init(). */
void     asking_reset  (Asking *self);
/* Sets @method up and begins; @self->result tells how it stands. */
void     asking_begin  (Asking *self,
                        const char *url,
                        GmMethod method);
/* Ends it whatever it is doing. */
void     asking_end    (Asking *self);
/* Turns until the result is known; asserts that it comes. */
GmResult asking_finish (Asking *self);
/* All of it. */
GmResult asking_run    (Asking *self,
                        const char *url,
                        GmMethod method);
/* Turns until so many bytes came, or went out, at least; asserts that they do. */
void     asking_wait_body (Asking *self,
                        gsize len);
void     asking_wait_upload (Asking *self,
                        guint64 len);
/* Turns for @ms real milliseconds: for what must not happen. */
void     asking_wait   (Asking *self,
                        guint ms);
void     asking_check_body (Asking *self,
                        const char *data,
                        gsize len);
