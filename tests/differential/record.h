/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happened in one series, a list of lines for each transfer and one for the whole. Runs of bytes are merged, so
 * that it does not matter in how many pieces they came; ports are written as the plan writes them. */
#pragma once

#include <glib.h>

typedef struct _Record Record;

/* For what belongs to no transfer. */
#define RECORD_WHOLE (-1)

Record *record_new    (guint         n_transfers);
void    record_free   (Record       *record);
/* From then on these numbers are written as %P and %R. */
void    record_ports  (Record       *record,
                       guint         port,
                       guint         refused_port);
void    record_line   (Record       *record,
                       int           transfer,
                       const char   *format,
                       ...) G_GNUC_PRINTF (3, 4);
/* Bytes of one kind: a line "KIND count hash" when something else follows, and one "KIND in all count hash" at the end. The
 * kinds are literals, two of them at most for a transfer. */
void    record_bytes  (Record       *record,
                       int           transfer,
                       const char   *kind,
                       const char   *bytes,
                       gsize         size);
/* The transfer is over for the application; what the server still sees of it is left out. */
void    record_over   (Record       *record,
                       int           transfer);
gboolean record_is_over (Record      *record,
                       int           transfer);
/* No line is taken any more. */
void    record_close  (Record       *record);
void    record_print  (Record       *record,
                       int           transfer);
