/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "record.h"

#include <stdio.h>

/* All bytes of one kind, wherever other lines stand between them. */
typedef struct
{
  const char *kind;   /* (unowned) (nullable) */
  guint64 count;
  guint64 hash;
} Total;

typedef struct
{
  GString *text;      /* (owned) */
  const char *kind;   /* (unowned) (nullable): of the bytes that are being merged */
  guint64 count;
  guint64 hash;
  Total totals[2];
  gboolean over;
} Lines;

struct _Record
{
  Lines *lines;       /* (owned) (array): the first belongs to the whole */
  guint n;
  char port[8];
  char refused[8];
  gboolean closed;
};

#define FNV_START G_GUINT64_CONSTANT (0xcbf29ce484222325)
#define FNV_PRIME G_GUINT64_CONSTANT (0x100000001b3)

Record *
record_new (guint n_transfers)
{
  Record *record = g_new0 (Record, 1);

  record->n = n_transfers + 1;
  record->lines = g_new0 (Lines, record->n);
  for (guint i = 0; i < record->n; i++)
    record->lines[i].text = g_string_new (NULL);
  return record;
}

void
record_free (Record *record)
{
  for (guint i = 0; i < record->n; i++)
    g_string_free (record->lines[i].text, TRUE);
  g_free (record->lines);
  g_free (record);
}

void
record_ports (Record *record, guint port, guint refused_port)
{
  g_snprintf (record->port, sizeof record->port, "%u", port);
  g_snprintf (record->refused, sizeof record->refused, "%u", refused_port);
}

static void
flush_bytes (Lines *lines)
{
  const char *kind = lines->kind;

  if (kind == NULL)
    return;
  lines->kind = NULL;
  g_string_append_printf (lines->text, "%s %" G_GUINT64_FORMAT " %016" G_GINT64_MODIFIER "x\n", kind, lines->count,
                          lines->hash);
}

void
record_line (Record *record, int transfer, const char *format, ...)
{
  Lines *lines = &record->lines[transfer + 1];
  g_autoptr (GString) line = g_string_new (NULL);
  g_autofree char *escaped = NULL;
  va_list arguments;

  if (record->closed)
    return;
  flush_bytes (lines);
  va_start (arguments, format);
  g_string_vprintf (line, format, arguments);
  va_end (arguments);
  if (record->port[0] != '\0')
    {
      g_string_replace (line, record->port, "%P", 0);
      g_string_replace (line, record->refused, "%R", 0);
    }
  escaped = g_strescape (line->str, "\"");
  g_string_append_printf (lines->text, "%s\n", escaped);
}

static void
add_to_total (Lines *lines, const char *kind, const char *bytes, gsize size)
{
  Total *total = lines->totals;

  if (total->kind != NULL && total->kind != kind)
    total++;
  if (total->kind == NULL)
    *total = (Total) { .kind = kind, .hash = FNV_START };
  total->count += size;
  for (gsize i = 0; i < size; i++)
    total->hash = (total->hash ^ (guint8) bytes[i]) * FNV_PRIME;
}

void
record_bytes (Record *record, int transfer, const char *kind, const char *bytes, gsize size)
{
  Lines *lines = &record->lines[transfer + 1];

  if (record->closed)
    return;
  if (lines->kind != kind)
    {
      flush_bytes (lines);
      lines->kind = kind;
      lines->count = 0;
      lines->hash = FNV_START;
    }
  add_to_total (lines, kind, bytes, size);
  lines->count += size;
  for (gsize i = 0; i < size; i++)
    lines->hash = (lines->hash ^ (guint8) bytes[i]) * FNV_PRIME;
}

void
record_over (Record *record, int transfer)
{
  record->lines[transfer + 1].over = TRUE;
}

gboolean
record_is_over (Record *record, int transfer)
{
  return record->lines[transfer + 1].over;
}

void
record_close (Record *record)
{
  record->closed = TRUE;
}

void
record_print (Record *record, int transfer)
{
  Lines *lines = &record->lines[transfer + 1];

  flush_bytes (lines);
  fputs (lines->text->str, stdout);
  for (guint i = 0; i < G_N_ELEMENTS (lines->totals) && lines->totals[i].kind != NULL; i++)
    printf ("%s in all %" G_GUINT64_FORMAT " %016" G_GINT64_MODIFIER "x\n", lines->totals[i].kind, lines->totals[i].count,
            lines->totals[i].hash);
}
