/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-story.h"

/* The questions a transfer asks its face while it steps, answered at once because the answer steers the step. A face
 * that must not run application code inside a step (the object face) answers from its own memory; the C face runs the
 * caller's callbacks. During a question nothing is freed; adding, removing, pausing and freeing any transfer is allowed
 * and takes effect at the end of the step. */

typedef struct _GmClient GmClient;
struct _GmUrl;

typedef enum
{
  GM_ANSWER_OK,
  GM_ANSWER_PAUSE, /* not now; gm_transfer_pause() lifts it */
  GM_ANSWER_ABORT, /* the caller wants the transfer to end: GM_ABORTED */
  GM_ANSWER_FAIL, /* the caller could not: GM_WRITE_FAILED, GM_READ_FAILED … */
} GmAnswer;

typedef enum
{
  GM_SEEK_OK,
  GM_SEEK_CANNOT, /* try another way */
  GM_SEEK_FAIL,
} GmSeekAnswer;

typedef enum
{
  GM_DEBUG_TEXT,
  GM_DEBUG_HEADER_IN,
  GM_DEBUG_HEADER_OUT,
  GM_DEBUG_DATA_IN,
  GM_DEBUG_DATA_OUT,
} GmDebugKind;

/* What a GM_DEBUG_TEXT is about: the engine makes no sentences, a face may. */
typedef enum
{
  GM_NOTE_TRYING, /* @data: numeric address; @number: port */
  GM_NOTE_NOT_CONNECTED, /* @data: numeric address; @number: port, and errno (0 = not known) from bit 16 on */
  GM_NOTE_CONNECTED, /* @number: connection id; the address is in the transfer's info */
  GM_NOTE_SECURED, /* @data: "TLS1.3"; the rest is in the transfer's info */
  GM_NOTE_TUNNEL, /* @number: the proxy's status */
  GM_NOTE_REUSED,
  GM_NOTE_LEFT_INTACT, /* @number: connection id */
  GM_NOTE_CLOSING, /* @number: connection id */
  GM_NOTE_REDIRECT, /* @data: the new URL */
  GM_NOTE_RETRY,
  GM_NOTE_IGNORING_BODY,
  GM_NOTE_UPLOADED, /* completely sent off */
  GM_NOTE_COOKIE, /* was taken; @data: as a line of a cookie file; @number: 1 if it took the place of another */
  GM_NOTE_LOGIN_PROBLEM, /* @data: why a challenge cannot be answered */
} GmNote;

typedef struct
{
  /* Body bytes. *@taken (preset to @len) says how many were taken; with PAUSE the rest is offered again later. */
  GmAnswer (*write) (GmClient *client, const char *data, gsize len, gsize *taken);
  /* One raw header line with its line end, status line and empty line included, of any kind of head and of trailers.
   * PAUSE is answered as OK: a head cannot wait. NULL = nobody wants raw lines. */
  GmAnswer (*header) (GmClient *client, const char *line, gsize len);
  /* Up to @len bytes to upload; *@n = 0 with OK is the end. */
  GmAnswer (*read) (GmClient *client, char *buffer, gsize len, gsize *n);
  /* The next read() is to start at @offset of the upload. NULL = cannot. */
  GmSeekAnswer (*seek) (GmClient *client, gint64 offset);
  /* Called about once a second and after each turn that moved bytes; NULL = nobody wants it. */
  GmAnswer (*progress) (GmClient *client);
  /* NULL = nobody wants it: then nothing is made for it. */
  void (*debug) (GmClient *client, GmDebugKind kind, const char *data, gsize len);
  void (*note) (GmClient *client, GmNote note, const char *data, guint64 number);
  /* A descriptor for @address (a struct sockaddr), -1 = failed. NULL = socket(). */
  int (*open_socket) (GmClient *client, int family, int type, int protocol, const void *address, guint address_len);
  /* 0 = go on, 1 = failed, 2 = already connected. NULL = go on. */
  int (*socket_option) (GmClient *client, int fd);
  /* Before a request is sent on a connection just made or taken; addresses are in the transfer's info. */
  GmAnswer (*before_request) (GmClient *client);
  /* Fields to send as trailers of a chunked upload, one "Name: value" per call of add. NULL = none. */
  GmAnswer (*trailers) (GmClient *client, void (*add) (gpointer sink, const char *line), gpointer sink);
  /* Where the client is to be asked which proxies to use: it is known already that @url needs none. NULL = never. */
  gboolean (*goes_direct) (GmClient *client, const struct _GmUrl *url);
  /* Where bytes of the body may be put straight, so that write() has nothing to copy: *@data with room for *@len, which
   * is preset to how many are still to come. What gets there is the next that is written, unless nothing came. OK with
   * *@data NULL (as preset) = no place for them: whatever write() takes is copied. PAUSE as in write(). NULL = never. */
  GmAnswer (*place) (GmClient *client, char **data, gsize *len);
  /* Before a connection is made to a host by its name; NULL = go on. */
  GmAnswer (*before_lookup) (GmClient *client);
  /* At the beginning of a run: what happens in it is told to this story, which is there until the end. NULL = nobody wants
   * to know. */
  GmStory *(*story) (GmClient *client);
} GmClientOps;

struct _GmClient
{
  const GmClientOps *ops;
  gpointer face; /* (unowned): whatever the face likes */
};
