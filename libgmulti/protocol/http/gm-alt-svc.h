/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-alt-svc-field.h"
#include "gm-bytes.h"
#include "gm-url.h"

/* Where else origins can be reached (RFC 7838): learnt from their answers over TLS, or read from a file. Only https:
 * origins have alternatives here, because the certificate checked there is still the origin's: that is what makes the
 * other host speak for it. Refcounted, with a lock of its own. */

/* Alternatives kept at most, and of one origin: the rest of a longer list is not looked at. */
#define GM_ALT_SVC_MAX 2000
#define GM_ALT_SVC_MAX_ORIGIN 8

typedef struct _GmAltSvc GmAltSvc;

typedef struct
{
  GmAltProtocol protocol;
  guint16 port;
  char host[256]; /* lower case, IPv6 without brackets */
} GmAltSvcRoute;

GmAltSvc *gm_alt_svc_new        (void);
GmAltSvc *gm_alt_svc_ref        (GmAltSvc *self);
void      gm_alt_svc_unref      (GmAltSvc *self); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmAltSvc, gm_alt_svc_unref)

/* An Alt-Svc field in an answer of @url over TLS without doubts; it replaces what was known. */
void      gm_alt_svc_learn      (GmAltSvc *self,
                                 const GmUrl *url,
                                 GmSpan field,
                                 gint64 now);
/* The first one for @url whose protocol is in the mask of 1 << GmAltProtocol. */
gboolean  gm_alt_svc_find       (GmAltSvc *self,
                                 const GmUrl *url,
                                 guint protocols,
                                 gint64 now,
                                 GmAltSvcRoute *route);
/* That one does not work. */
void      gm_alt_svc_forget     (GmAltSvc *self,
                                 const GmUrl *url,
                                 const GmAltSvcRoute *route);
/* The network is another one: only what said it persists stays. */
void      gm_alt_svc_move       (GmAltSvc *self);
guint     gm_alt_svc_get_n      (GmAltSvc *self);
/* Counts changes. */
guint     gm_alt_svc_get_serial (GmAltSvc *self);

/* Lines of libcurl's file: 'h2 example.com 443 h2 alt.example 8443 "20261122 19:30:00" 1 0'. gm_alt_svc_read () passes
 * over what is damaged and answers how many lines that were. */
guint     gm_alt_svc_read       (GmAltSvc *self,
                                 GmSpan text,
                                 gint64 now);
void      gm_alt_svc_write      (GmAltSvc *self,
                                 gint64 now,
                                 GmByteBuilder *out);

/* Files of theirs, see GmStateFiles: to be read on a worker before it is next used. */
void          gm_alt_svc_add_file   (GmAltSvc *self,
                                     const char *path,
                                     const char *tag);
gboolean      gm_alt_svc_is_loaded  (GmAltSvc *self);
int           gm_alt_svc_load       (GmAltSvc *self,
                                     gint64 now,
                                     guint *n_damaged);
/* What was wrong when @path was read, or 0: what could not be read is not to be written over. */
int           gm_alt_svc_get_file_error (GmAltSvc *self,
                                     const char *path);
/* Loads what waits and replaces @path; may block. 0 or errno. */
int           gm_alt_svc_save       (GmAltSvc *self,
                                     const char *path,
                                     gint64 now);
