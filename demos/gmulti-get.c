/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gmulti-get: fetches many URLs at once. Written only on the public face, as any application would be: one session, a
 * transfer for each URL, everything on the default main context. */
#include "get-display.h"
#include "get-job.h"
#include "get-lines.h"
#include "get-names.h"
#include "get-options.h"

#include <errno.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define FRAME_INTERVAL_MS 100
/* The speed of the whole is that of so many frames. */
#define SPEED_FRAMES 20

typedef enum
{
  EXIT_FETCHED = 0,
  EXIT_SOME_FAILED = 1,
  EXIT_USAGE = 2,
  EXIT_LOCAL = 3,
  EXIT_INTERRUPTED = 130,
} GetExit;

typedef struct
{
  GetOptions options;
  GMainLoop *loop;           /* (owned) */
  GMultiSession *session;    /* (owned) */
  GCancellable *cancellable; /* (owned) ends everything */
  GetDisplay *display;       /* (owned) */
  GPtrArray *jobs;           /* (owned) (element-type GetJob) those that are not over */
  GArray *rows;              /* (owned) (element-type GetRow) of the last frame */
  guint n_jobs;
  guint n_done;
  guint n_failed;
  guint n_connections;
  guint n_open_inputs;
  guint n_sharing; /* how many the rate was divided among */
  guint64 received;                   /* by jobs that are over */
  guint64 seen_bytes[SPEED_FRAMES];   /* by all, at the times beside */
  gint64 seen_at[SPEED_FRAMES];
  guint n_frames;
  gint64 begin;     /* monotonic time */
  gboolean interrupted;
  gboolean local_trouble;
} GetApp;

static void G_GNUC_PRINTF (2, 3)
say (GetApp *app,
     const char *format,
     ...)
{
  g_autofree char *line = NULL;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  get_display_print (app->display, line);
}

/* ---- the end ---- */

static void
maybe_quit (GetApp *app)
{
  if (app->jobs->len == 0 && app->n_open_inputs == 0)
    g_main_loop_quit (app->loop);
}

static void
print_summary (GetApp *app)
{
  gint64 spent = MAX (g_get_monotonic_time () - app->begin, 1);
  char size[16], speed[16], time[16];

  get_format_size (app->received, size, sizeof size);
  get_format_size ((guint64) ((double) app->received * G_USEC_PER_SEC / (double) spent), speed, sizeof speed);
  get_format_time (spent, time, sizeof time);
  say (app, "%u of %u files, %s in %s, %s/s, %u connections, %u failed%s", app->n_done - app->n_failed, app->n_jobs,
       size, time, speed, app->n_connections, app->n_failed, app->interrupted ? ", interrupted" : "");
}

static GetExit
exit_code (GetApp *app)
{
  if (app->interrupted)
    return EXIT_INTERRUPTED;
  if (app->local_trouble)
    return EXIT_LOCAL;
  return app->n_failed > 0 ? EXIT_SOME_FAILED : EXIT_FETCHED;
}

/* ---- jobs ---- */

/* Divides the rate among as many as can run at once; new jobs come here, too. */
static void
share_rate (GetApp *app,
            GetJob *added)
{
  guint n = MAX (MIN ((guint) app->options.jobs, app->jobs->len), 1);
  guint64 share = MAX (app->options.rate / n, 1);

  if (app->options.rate == 0)
    return;
  if (n != app->n_sharing)
    {
      app->n_sharing = n;
      for (guint i = 0; i < app->jobs->len; i++)
        get_job_set_rate (g_ptr_array_index (app->jobs, i), share);
    }
  else if (added != NULL)
    get_job_set_rate (added, share);
}

static void
job_over_cb (GetJob *job,
             const GError *error,
             gpointer user_data)
{
  GetApp *app = user_data;
  char size[16];

  app->n_done++;
  app->received += get_job_get_received (job);
  if (get_job_made_connection (job))
    app->n_connections++;
  get_format_size (get_job_get_received (job), size, sizeof size);
  if (error != NULL)
    {
      app->n_failed++;
      /* Of a hundred that were cancelled at once nobody wants to read. */
      if (!g_cancellable_is_cancelled (app->cancellable))
        say (app, "%s: %s", get_job_get_title (job), error->message);
    }
  else if (!app->options.quiet && !get_display_has_bars (app->display) && g_strcmp0 (app->options.output, "-") != 0)
    say (app, "%s (%s)", get_job_get_title (job), size);
  g_ptr_array_remove (app->jobs, job);
  share_rate (app, NULL);
  maybe_quit (app);
}

static void
add_uri (GetApp *app,
         const char *uri,
         const char *name)
{
  GetJob *job;

  if (g_cancellable_is_cancelled (app->cancellable))
    return;
  job = get_job_new (&app->options, uri, name);
  g_ptr_array_add (app->jobs, job);
  app->n_jobs++;
  share_rate (app, job);
  get_job_start (job, app->session, app->cancellable, job_over_cb, app);
}

/* ---- lists of URLs ---- */

static void
line_cb (const char *line,
         const GError *error,
         gpointer user_data)
{
  GetApp *app = user_data;
  g_autofree char *uri = NULL;
  g_autofree char *name = NULL;

  if (line == NULL)
    {
      if (error != NULL && !g_cancellable_is_cancelled (app->cancellable))
        {
          say (app, "A list of URLs cannot be read: %s", error->message);
          app->local_trouble = TRUE;
        }
      app->n_open_inputs--;
      maybe_quit (app);
    }
  else if (get_name_parse_line (line, &uri, &name))
    add_uri (app, uri, name);
}

static gboolean
open_input (GetApp *app,
            const char *name,
            GError **error)
{
  g_autoptr (GInputStream) stream = NULL;

  if (g_strcmp0 (name, "-") == 0)
    stream = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  else
    {
      g_autoptr (GFile) file = g_file_new_for_commandline_arg (name);

      stream = G_INPUT_STREAM (g_file_read (file, NULL, error));
      if (stream == NULL)
        return FALSE;
    }
  app->n_open_inputs++;
  get_lines_read (stream, app->cancellable, line_cb, app);
  return TRUE;
}

/* ---- the display ---- */

/* How far all of it is. The sizes of jobs that wait are not known: they are taken to be like the others. */
static double
whole_fraction (GetApp *app,
                guint64 received)
{
  double known = (double) app->received;
  guint n_known = app->n_done + app->rows->len;
  double expected;

  for (guint i = 0; i < app->rows->len; i++)
    {
      const GetRow *row = &g_array_index (app->rows, GetRow, i);

      known += MAX ((double) row->total, (double) row->received);
    }
  if (n_known == 0)
    return 0;
  expected = known / n_known * MAX (app->n_jobs, n_known);
  return expected > 0 ? (double) received / expected : (double) app->n_done / app->n_jobs;
}

/* Bytes a second over the last frames, @received being what came until now. */
static guint64
whole_speed (GetApp *app,
             guint64 received,
             gint64 now)
{
  guint slot = app->n_frames % SPEED_FRAMES;
  guint64 then = app->n_frames < SPEED_FRAMES ? 0 : app->seen_bytes[slot];
  gint64 since = app->n_frames < SPEED_FRAMES ? app->begin : app->seen_at[slot];

  app->seen_bytes[slot] = received;
  app->seen_at[slot] = now;
  app->n_frames++;
  if (now <= since || received <= then)
    return 0;
  return (guint64) ((double) (received - then) * G_USEC_PER_SEC / (double) (now - since));
}

static void
show (GetApp *app)
{
  g_autofree char *title = NULL;
  GetRow whole = { 0 };
  gint64 now = g_get_monotonic_time ();

  g_array_set_size (app->rows, 0);
  whole.received = app->received;
  for (guint i = 0; i < app->jobs->len; i++)
    {
      GetJob *job = g_ptr_array_index (app->jobs, i);
      GetRow row;

      if (!get_job_is_active (job))
        continue;
      get_job_describe (job, &row);
      whole.received += get_job_get_received (job);
      g_array_append_val (app->rows, row);
    }
  whole.title = title = g_strdup_printf ("%u of %u", app->n_done, app->n_jobs);
  whole.total = -1;
  whole.fraction = whole_fraction (app, whole.received);
  whole.speed = whole_speed (app, whole.received, now);
  whole.remaining = -1;
  /* While lists are open there is more to come that nobody knows of. */
  if (app->n_open_inputs == 0 && whole.fraction > 0.01)
    whole.remaining = (gint64) ((double) (now - app->begin) * (1 - whole.fraction) / whole.fraction);
  get_display_show (app->display, (GetRow *) (gpointer) app->rows->data, app->rows->len, &whole);
}

static gboolean
frame_cb (gpointer user_data)
{
  show (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
resized_cb (gpointer user_data)
{
  show (user_data);
  return G_SOURCE_CONTINUE;
}

/* Bars want a terminal that understands them; one that also is the source of URLs echoes what is typed into them. */
static gboolean
wants_bars (const GetOptions *options)
{
  const char *term = g_getenv ("TERM");
  gboolean typed = FALSE;

  for (char **input = options->inputs; input != NULL && *input != NULL; input++)
    typed = typed || (g_strcmp0 (*input, "-") == 0 && isatty (STDIN_FILENO));
  if (options->plain || options->quiet || typed)
    return FALSE;
  return isatty (STDERR_FILENO) && term != NULL && strcmp (term, "dumb") != 0;
}

/* ---- signals ---- */

static gboolean
interrupt_cb (gpointer user_data)
{
  GetApp *app = user_data;

  if (app->interrupted)
    {
      /* The second time somebody means it. */
      get_display_clear (app->display);
      _exit (EXIT_INTERRUPTED);
    }
  app->interrupted = TRUE;
  g_cancellable_cancel (app->cancellable);
  maybe_quit (app);
  return G_SOURCE_CONTINUE;
}

/* ---- the beginning ---- */

static void
watch (GSource *source,
       GSourceFunc func,
       GetApp *app)
{
  g_source_set_callback (source, func, app, NULL);
  g_source_attach (source, NULL);
  g_source_unref (source);
}

static void
app_init (GetApp *app)
{
  static const int endings[] = { SIGINT, SIGTERM, SIGHUP };

  app->loop = g_main_loop_new (NULL, FALSE);
  app->cancellable = g_cancellable_new ();
  app->jobs = g_ptr_array_new_with_free_func ((GDestroyNotify) get_job_free);
  app->rows = g_array_new (FALSE, TRUE, sizeof (GetRow));
  app->display = get_display_new (STDERR_FILENO, wants_bars (&app->options));
  app->begin = g_get_monotonic_time ();
  app->session = gmulti_session_new ();
  gmulti_session_set_max_active (app->session, (guint) app->options.jobs);
  gmulti_session_set_max_connections (app->session, (guint) app->options.jobs);
  gmulti_session_set_max_connections_per_host (app->session, (guint) app->options.jobs);
  /* All of them are kept while any job waits for its turn. */
  gmulti_session_set_max_idle_connections (app->session, app->options.jobs);
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    watch (g_unix_signal_source_new (endings[i]), interrupt_cb, app);
  if (get_display_has_bars (app->display))
    {
      watch (g_timeout_source_new (FRAME_INTERVAL_MS), frame_cb, app);
      watch (g_unix_signal_source_new (SIGWINCH), resized_cb, app);
    }
}

static void
app_clear (GetApp *app)
{
  get_display_free (app->display);
  g_ptr_array_unref (app->jobs);
  g_array_unref (app->rows);
  g_clear_object (&app->session);
  g_clear_object (&app->cancellable);
  g_main_loop_unref (app->loop);
  get_options_clear (&app->options);
}

/* Starts everything that the command line names, or, when some of it is not there, nothing. */
static void
app_start (GetApp *app)
{
  g_autoptr (GError) error = NULL;

  if (g_mkdir_with_parents (app->options.folder, 0777) < 0)
    g_set_error (&error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", app->options.folder,
                 g_strerror (errno));
  for (char **input = app->options.inputs; error == NULL && input != NULL && *input != NULL; input++)
    open_input (app, *input, &error);
  if (error != NULL)
    {
      say (app, "%s", error->message);
      app->local_trouble = TRUE;
      g_cancellable_cancel (app->cancellable);
    }
  for (char **uri = app->options.uris; uri != NULL && *uri != NULL; uri++)
    add_uri (app, *uri, NULL);
}

int
main (int argc,
      char **argv)
{
  GetApp app = { 0 };
  g_autoptr (GError) error = NULL;
  GetExit code;

  setlocale (LC_ALL, "");
  if (!get_options_parse (&app.options, &argc, &argv, &error))
    {
      g_printerr ("gmulti-get: %s\n", error->message);
      get_options_clear (&app.options);
      return EXIT_USAGE;
    }
  if (app.options.version)
    {
      g_print ("gmulti-get %u.%u.%u\n", gmulti_get_major_version (), gmulti_get_minor_version (),
               gmulti_get_micro_version ());
      get_options_clear (&app.options);
      return EXIT_FETCHED;
    }
  app_init (&app);
  app_start (&app);
  if (app.jobs->len > 0 || app.n_open_inputs > 0)
    g_main_loop_run (app.loop);
  get_display_clear (app.display);
  if (app.options.summary)
    print_summary (&app);
  code = exit_code (&app);
  app_clear (&app);
  return code;
}
