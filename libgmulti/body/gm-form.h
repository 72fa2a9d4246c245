/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-flow.h"
#include "gm-reactor.h"
#include "gm-result.h"

/* A composed body: pieces one after the other, of which some are text, some lie in memory, and some have to be read from
 * somewhere when it is their turn. A face makes one of a form (RFC 7578) or of any multipart body, hands it to a transfer
 * as its upload (GM_OPTION_FORM), and keeps it until the transfer is over. It is read in the engine's thread. */

typedef struct _GmForm GmForm;

typedef enum
{
  GM_FORM_PLAIN,
  GM_FORM_BASE64, /* lines of 76 (RFC 2045 section 6.8) */
  GM_FORM_QUOTED_PRINTABLE, /* (section 6.7) */
  GM_FORM_SEVEN_BIT, /* plain; a byte above 127 is READ_FAILED */
} GmFormCoding;

/* For whom a reader reads; all members are the transfer's. */
typedef struct
{
  GmReactor *reactor; /* (nullable): NULL = now, waiting for it */
  GmRunnable *owner; /* to be queued when there is more after AGAIN */
  GmFlow *flow; /* GM_FLOW_SEND in paused: the application will lift it */
} GmFormHost;

typedef struct
{
  /* OK with *@n = 0 is the end; AGAIN; or final. */
  GmResult (*read) (gpointer data, const GmFormHost *host, char *buffer, gsize len, gsize *n);
  /* The next read is to give the first byte again. FALSE, or no function: it cannot. */
  gboolean (*rewind) (gpointer data);
  void (*free) (gpointer data);
} GmFormReader;

GmForm  *gm_form_new            (void);
void     gm_form_free           (GmForm *self); /* NULL is fine */

/* ---- composing ---- */
void     gm_form_add_text       (GmForm *self,
                                 const char *text,
                                 gsize len); /* copied */
/* @data stays the caller's and has to stay. */
void     gm_form_add_memory     (GmForm *self,
                                 GmFormCoding coding,
                                 const char *data,
                                 gsize len);
/* Takes @data over. @size: bytes it will give, -1 = unknown; fewer are READ_SHORT, and no more are asked for. */
void     gm_form_add_reader     (GmForm *self,
                                 GmFormCoding coding,
                                 const GmFormReader *reader,
                                 gpointer data,
                                 gint64 size);

/* Of the reader with this @data, as long as it was not read. */
void     gm_form_set_reader_size (GmForm *self,
                                 gpointer data,
                                 gint64 size);
/* @name (nullable) and @value and a line end, as a field of a part's head. A line end within them would begin another
 * field, or the body: the form fails with BAD_REQUEST. */
void     gm_form_add_line       (GmForm *self,
                                 const char *name,
                                 const char *value);
/* It cannot be sent: reading and rewinding give the first such result. */
void     gm_form_fail           (GmForm *self,
                                 GmResult result);

/* Multipart (RFC 2046 section 5.1.1). A boundary cannot stand in what it bounds, for nobody can foresee it: its 22 letters
 * and digits are the kernel's random ones, some 130 bits. */
#define GM_FORM_BOUNDARY_LEN 46
void     gm_form_make_boundary  (char boundary[GM_FORM_BOUNDARY_LEN + 1]);
/* The delimiter in front of a part; @first: nothing but a head stands before it. */
void     gm_form_begin_part     (GmForm *self,
                                 const char *boundary,
                                 gboolean first);
void     gm_form_end_parts      (GmForm *self,
                                 const char *boundary,
                                 gboolean any); /* at least one part was begun */
/* "; name=\"value\"". What would end the quotes or the line is percent-encoded as browsers do (WHATWG), or (@backslash)
 * escaped as in MIME; line ends are percent-encoded all the same. */
void     gm_form_add_parameter  (GmForm *self,
                                 const char *name,
                                 const char *value,
                                 gboolean backslash);
/* For a file's name, by its ending; NULL if that says nothing. Static. */
const char *gm_form_guess_type  (const char *filename);

/* The request's Content-Type; without one it is multipart/form-data. @boundary is put behind it. */
void     gm_form_set_boundary   (GmForm *self,
                                 const char *boundary);
const char *gm_form_get_boundary (GmForm *self); /* (nullable) */

/* ---- the upload ---- */
/* Before the first read of each transfer. */
void     gm_form_attach         (GmForm *self,
                                 const GmFormHost *host);
gint64   gm_form_get_size       (const GmForm *self); /* -1 = unknown before the end */
/* As gm_source_read(). */
GmResult gm_form_read           (GmForm *self,
                                 char *buffer,
                                 gsize len,
                                 gsize *n);
/* To the start, also before the first read. NOT_REWINDABLE: a reader that was read cannot. */
GmResult gm_form_rewind         (GmForm *self);
