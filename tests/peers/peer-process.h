/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A program that nobody here wrote, in a process of its own that listens on a free loopback port. What it is told and
 * what it writes is in a temporary folder that goes away with it. It ends with the test, however that ends. */

typedef struct
{
  const char *name; /* (unowned): for messages */
  char *program; /* (owned): the path of it */
  char *folder; /* (owned): everybody may write to it, for servers that are started as root change to somebody else */
  guint16 port; /* to listen on */
  int reserved; /* a socket that has the port, and does not listen: see peer_process_new() */
  char **environment; /* (owned) */
  GPid pid;
} PeerProcess;

/* Writes what it has to be told for self->port, and returns the command (transfer full). Called once more if it
 * does not start. */
typedef char **(*PeerConfigure) (PeerProcess *self,
                                 gpointer user_data);

/* (transfer full) (nullable): also where only root looks by default. */
char        *peer_process_find  (const char *program);
/* Starts it and waits until it accepts connections (30 s at most); fails the test if it does not, or is not there: what
 * we are measured by is not to be left out. All its life we have its port, too: the kernel lets a server that sets
 * SO_REUSEADDR listen there, and gives the port to nobody else, be it the server of another test or our own end of a
 * connection. So who accepts there is that program. */
PeerProcess *peer_process_new   (const char *name,
                                 const char *program,
                                 PeerConfigure configure,
                                 gpointer user_data);
void         peer_process_free  (PeerProcess *self); /* stops it, and waits until it is gone; takes NULL */
/* (transfer full): the path of the file. */
char        *peer_process_write (PeerProcess *self,
                                 const char *name,
                                 const char *text);
/* (transfer full): a folder in its folder that everybody may write to. */
char        *peer_process_mkdir (PeerProcess *self,
                                 const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerProcess, peer_process_free)
