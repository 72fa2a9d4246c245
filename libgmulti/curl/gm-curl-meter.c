/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-meter.h"

#include "gm-progress.h"

struct _GmCurlMeter
{
  gboolean headed; /* the columns' names were written; they are not again until curl_easy_reset () */
  gboolean open; /* there is a line without its end */
  gint64 began; /* µs */
  gint64 shown; /* the second in which the last line was written */
  GmMeter recent;
};

/* Bytes of one direction. */
typedef struct
{
  gint64 done;
  gint64 total; /* -1 = not known */
  gint64 speed; /* a second, since the beginning */
} Way;

gboolean
gm_curl_meter_is_wanted (const GmCurlSettings *set)
{
  return !set->noprogress && set->xferinfofunction == NULL && set->progressfunction == NULL;
}

void
gm_curl_meter_free (GmCurlMeter *self)
{
  g_free (self);
}

/* ---- numbers ---- */

void
gm_curl_meter_print_size (char buffer[8],
                          gint64 size)
{
  static const char units[] = "kMGTP";
  gint64 unit = 1024;
  guint i = 0;

  if (size < 100000)
    {
      g_snprintf (buffer, 8, "%5d", (int) size);
      return;
    }

  /* Four digits and the unit; those above k have a digit behind the point as long as it fits. */
  while (i < 4 && size >= 10000 * unit)
    {
      unit *= 1024;
      i++;
    }
  if ((units[i] == 'M' || units[i] == 'G') && size < 100 * unit)
    g_snprintf (buffer, 8, "%2d.%d%c", (int) (size / unit), (int) (size % unit / (unit / 10)) % 10, units[i]);
  else
    g_snprintf (buffer, 8, "%4d%c", (int) MIN (size / unit, 9999), units[i]);
}

void
gm_curl_meter_print_time (char buffer[12],
                          gint64 seconds)
{
  gint64 hours = seconds / 3600, days = seconds / 86400;

  if (seconds <= 0)
    g_strlcpy (buffer, "--:--:--", 12);
  else if (hours <= 99)
    g_snprintf (buffer, 12, "%2d:%02d:%02d", (int) hours, (int) (seconds / 60 % 60), (int) (seconds % 60));
  else if (days <= 999)
    g_snprintf (buffer, 12, "%3dd %02dh", (int) days, (int) (hours % 24));
  else
    g_snprintf (buffer, 12, "%7dd", (int) MIN (days, 9999999));
}

static int
get_percent (gint64 done,
             gint64 total)
{
  if (total <= 0)
    return 0;

  return (int) MIN (total > 10000 ? done / (total / 100) : done * 100 / total, 999);
}

/* ---- a line ---- */

static Way
get_way (gint64 done,
         gint64 total,
         gint64 elapsed)
{
  return (Way){ .done = done, .total = total,
                .speed = (gint64) ((double) done * G_USEC_PER_SEC / (double) MAX (elapsed, 1)) };
}

/* How many seconds the whole takes at this speed; 0 = nobody knows. */
static gint64
estimate (const Way *way)
{
  return way->total > 0 && way->speed > 0 ? way->total / way->speed : 0;
}

/* Until there are samples of some seconds, the average. */
static gint64
get_recent (GmCurlMeter *self,
            const Way *down,
            const Way *up,
            gint64 now)
{
  guint64 total = (guint64) (down->done + up->done);

  if (now - self->began < G_USEC_PER_SEC)
    return down->speed + up->speed;

  return (gint64) gm_meter_speed (&self->recent, now, total);
}

/* A server may say any length. */
static gint64
get_expected (const Way *down,
              const Way *up)
{
  gint64 a = down->total >= 0 ? down->total : down->done;
  gint64 b = up->total >= 0 ? up->total : up->done;

  return a <= G_MAXINT64 - b ? a + b : G_MAXINT64;
}

static void
write_line (GmCurlMeter *self,
            FILE *file,
            const Way *down,
            const Way *up,
            gint64 now)
{
  gint64 elapsed = (now - self->began) / G_USEC_PER_SEC;
  gint64 whole = MAX (estimate (down), estimate (up));
  gint64 all = get_expected (down, up);
  const gint64 sizes[] = { all, down->done, up->done, down->speed, up->speed, get_recent (self, down, up, now) };
  const gint64 times[] = { whole, elapsed, whole > 0 ? whole - elapsed : 0 };
  char s[G_N_ELEMENTS (sizes)][8], t[G_N_ELEMENTS (times)][12];

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    gm_curl_meter_print_size (s[i], sizes[i]);
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    gm_curl_meter_print_time (t[i], times[i]);

  fprintf (file, "\r%3d %s  %3d %s  %3d %s  %s  %s %s %s %s %s", get_percent (down->done + up->done, all), s[0],
           get_percent (down->done, down->total), s[1], get_percent (up->done, up->total), s[2], s[3], s[4], t[0], t[1],
           t[2], s[5]);
  fflush (file);
}

/* The names of the columns, and a line from before there was anything. */
static void
write_head (GmCurlMeter *self,
            GmCurlEasy *easy)
{
  FILE *file = easy->set.stderr_file;
  gint64 resumed = gm_transfer_get_int (easy->transfer, GM_OPTION_RESUME_FROM);
  Way nothing = { 0, 0, 0 };

  if (resumed > 0)
    fprintf (file, "** Resuming transfer from byte position %" G_GINT64_FORMAT "\n", resumed);
  fputs ("  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
         "                                 Dload  Upload   Total   Spent    Left  Speed\n", file);
  write_line (self, file, &nothing, &nothing, self->began);
  self->headed = TRUE;
}

static void
show (GmCurlEasy *easy,
      gboolean always)
{
  GmCurlMeter *self = easy->meter;
  const GmInfo *info = gm_transfer_get_info (easy->transfer);
  gint64 now = g_get_monotonic_time ();
  gint64 second = now / G_USEC_PER_SEC;
  Way down = get_way ((gint64) info->downloaded, info->download_size, now - self->began);
  Way up = get_way ((gint64) info->uploaded, info->upload_size, now - self->began);

  if (!self->headed)
    {
      write_head (self, easy);
      self->shown = second;
    }
  gm_meter_note (&self->recent, now, info->downloaded + info->uploaded);
  self->open = TRUE;
  if (second == self->shown && !always)
    return;

  self->shown = second;
  write_line (self, easy->set.stderr_file, &down, &up, now);
}

/* ---- a run ---- */

void
gm_curl_meter_begin (GmCurlEasy *easy)
{
  GmCurlMeter *self = easy->meter;

  if (!gm_curl_meter_is_wanted (&easy->set))
    return;
  if (self == NULL)
    self = easy->meter = g_new0 (GmCurlMeter, 1);

  self->open = FALSE;
  self->began = g_get_monotonic_time ();
  gm_meter_begin (&self->recent, self->began);
}

void
gm_curl_meter_update (GmCurlEasy *easy)
{
  if (easy->meter != NULL && gm_curl_meter_is_wanted (&easy->set))
    show (easy, FALSE);
}

void
gm_curl_meter_end (GmCurlEasy *easy)
{
  GmCurlMeter *self = easy->meter;

  if (self == NULL || !self->open || !gm_curl_meter_is_wanted (&easy->set))
    return;

  show (easy, TRUE);
  self->open = FALSE;
  /* What comes next is counted from nothing. */
  gm_meter_reset (&self->recent);
  fputc ('\n', easy->set.stderr_file);
}
