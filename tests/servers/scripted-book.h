/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scripted-peer.h"

/* What to answer to whom, and what was asked: the script and the log of one server, without sockets, clock or lock. */

typedef struct
{
  GHashTable *rules; /* (owned): key → what is given for it, see scripted_book_on() */
  GPtrArray *requests; /* (owned) of ScriptedRequest, in order of arrival */
  GArray *counts; /* (owned) of guint: requests of each connection */
  guint n_complete;
  guint keep_alive; /* requests after which a connection ends; 0: never */
  ScriptedEnd keep_alive_end;
  guint keep_alive_delay; /* ms */
  void (*changed) (gpointer user_data); /* (nullable): something new is in the log */
  gpointer user_data;
} ScriptedBook;

/* The world of peers whose user_data is a ScriptedBook. */
extern const ScriptedWorld scripted_book_world;

void  scripted_book_init    (ScriptedBook *self);
void  scripted_book_clear   (ScriptedBook *self);
/* Takes @answer over. @key says when it is given:
 *   "GET /path"  this method and target          "/path"  this target, any method
 *   "#C.R"       request R of connection C        "@C"     connection C is there, nothing read yet; "@" each other one
 *   "*"          any other request
 * and is looked for in the order #, method, target, *. Answers added for one key are given one after the other; the
 * last one goes on being given. What has no answer gets 404 and is marked unscripted. */
void  scripted_book_on      (ScriptedBook *self,
                             const char *key,
                             ScriptedAnswer *answer);
/* "GET /a#0 GET /b#0 PUT /c#1": each request in order of arrival, with its connection. */
char *scripted_book_summary (const ScriptedBook *self);
