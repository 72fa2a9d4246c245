/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-bytes.h"
#include "gm-url.h"

/* Hosts that want to be asked over TLS alone (RFC 6797): learnt from their answers over a connection whose certificate was
 * checked, or read from a file; asked before each hop, so that http: becomes https: before anybody connects. Refcounted,
 * with a lock of its own. Hosts are compared in lower case, as A-labels, without a dot at their end. Addresses are never
 * in it. */

/* Hosts kept at most; the one that was used or told least recently goes. */
#define GM_HSTS_MAX 5000
/* Expires never: such entries come from files and by hand. */
#define GM_HSTS_FOR_EVER G_MAXINT64

typedef struct _GmHsts GmHsts;

typedef struct
{
  const char *host;
  gint64 expires; /* unix seconds, or GM_HSTS_FOR_EVER */
  gboolean subdomains;
} GmHstsEntry;

GmHsts       *gm_hsts_new        (void);
GmHsts       *gm_hsts_ref        (GmHsts *self);
void          gm_hsts_unref      (GmHsts *self); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmHsts, gm_hsts_unref)

/* A Strict-Transport-Security field in an answer of @url over TLS without doubts; anything else is not looked at. FALSE:
 * it says nothing that can be read, or @url's host is an address. */
gboolean      gm_hsts_learn      (GmHsts *self,
                                  const GmUrl *url,
                                  GmSpan field,
                                  gint64 now);
/* By hand or from a file; the later of two times counts. @host in any case, with or without a dot at its end. */
gboolean      gm_hsts_add        (GmHsts *self,
                                  GmSpan host,
                                  gint64 expires,
                                  gboolean subdomains,
                                  gint64 now);
/* Whether @url, if it is http:, has to be https:. */
gboolean      gm_hsts_wants_tls  (GmHsts *self,
                                  const GmUrl *url,
                                  gint64 now);
/* Calls @func for each entry that is there now and has not expired, in no order, until it answers FALSE. Without the lock:
 * it may be the application's, and do with the store what it likes. */
void          gm_hsts_foreach    (GmHsts *self,
                                  gint64 now,
                                  gboolean (*func) (const GmHstsEntry *entry, gpointer user_data),
                                  gpointer user_data);
guint         gm_hsts_get_n      (GmHsts *self);
/* Counts changes. */
guint         gm_hsts_get_serial (GmHsts *self);

/* Lines of libcurl's file: 'example.com "20261122 19:30:00"', the host with a dot in front if hosts below it are meant,
 * "unlimited" for ever. gm_hsts_read () passes over what is damaged and answers how many lines that were. */
guint         gm_hsts_read       (GmHsts *self,
                                  GmSpan text,
                                  gint64 now);
void          gm_hsts_write      (GmHsts *self,
                                  gint64 now,
                                  GmByteBuilder *out);

/* Files of theirs, see GmStateFiles: to be read on a worker before it is next used. */
void          gm_hsts_add_file   (GmHsts *self,
                                  const char *path,
                                  const char *tag);
gboolean      gm_hsts_is_loaded  (GmHsts *self);
int           gm_hsts_load       (GmHsts *self,
                                  gint64 now,
                                  guint *n_damaged);
/* What was wrong when @path was read, or 0: what could not be read is not to be written over. */
int           gm_hsts_get_file_error (GmHsts *self,
                                     const char *path);
/* Loads what waits and replaces @path; may block. 0 or errno. */
int           gm_hsts_save       (GmHsts *self,
                                  const char *path,
                                  gint64 now);
