/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"
#include "failing-answers.h"
#include "gmulti-enum-types.h"
#include "leaks.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A failure in each phase, by each way to carry a transfer out: the error is that of the table that users read,
 * introspection/errors.md, it says where and with whom, it comes once, and no file is left. */

/* ---- the system fails on demand: what the library calls is looked up here first ---- */

static gint disk_is_full; /* atomic */

/* Nothing fits on the disk any more; sockets and pipes are no disk. */
ssize_t
write (int fd,
       const void *buffer,
       size_t len)
{
  struct stat info;

  if (g_atomic_int_get (&disk_is_full) && fstat (fd, &info) == 0 && S_ISREG (info.st_mode))
    {
      errno = ENOSPC;
      return -1;
    }

  return syscall (SYS_write, fd, buffer, len);
}

int
getaddrinfo (const char *name,
             const char *service,
             const struct addrinfo *hints,
             struct addrinfo **result)
{
  if (g_str_has_suffix (name, "again.invalid"))
    return EAI_AGAIN;
  if (g_str_has_suffix (name, "slow.invalid"))
    g_usleep (G_USEC_PER_SEC);

  return EAI_NONAME;
}

/* ---- the cases ---- */

typedef enum
{
  SPECIAL_NONE,
  SPECIAL_REFUSED,     /* a port that nobody listens on */
  SPECIAL_DEAF,        /* a server that accepts nobody */
  SPECIAL_CANCEL,      /* cancelled at once */
  SPECIAL_CANCEL_BODY, /* cancelled after the head */
  SPECIAL_FULL,        /* no space on the disk; downloads only, as all that follow */
  SPECIAL_NO_FOLDER,
  SPECIAL_NOT_FOLDER,
  SPECIAL_EXISTS,
  SPECIAL_LONG_NAME,
} Special;

typedef struct
{
  const char *name;
  const char *uri; /* or a path on the server */
  Special special;
  GMultiPhase phase;
  const char *row; /* the first column of the table */
  const char *property; /* (nullable): a request property, and its value */
  guint value;
} Case;

static const Case cases[] = {
  { "bad-uri", "http://a b/", SPECIAL_NONE, GMULTI_PHASE_NONE, "BAD_URL", NULL, 0 },
  { "bad-port", "http://host:99999/", SPECIAL_NONE, GMULTI_PHASE_NONE, "BAD_PORT", NULL, 0 },
  { "no-host", "http://:80/", SPECIAL_NONE, GMULTI_PHASE_NONE, "BAD_HOST", NULL, 0 },
  { "unknown-scheme", "nonsense://host/", SPECIAL_NONE, GMULTI_PHASE_NONE, "UNSUPPORTED_SCHEME", NULL, 0 },
  { "unknown-host", "http://nobody.invalid/", SPECIAL_NONE, GMULTI_PHASE_RESOLVE, "RESOLVE_FAILED EAI_NONAME", NULL, 0 },
  { "resolver-down", "http://again.invalid/", SPECIAL_NONE, GMULTI_PHASE_RESOLVE, "RESOLVE_FAILED EAI_AGAIN", NULL, 0 },
  { "refused", "/", SPECIAL_REFUSED, GMULTI_PHASE_CONNECT, "CONNECT_FAILED ECONNREFUSED", NULL, 0 },
  { "connect-timeout", "/", SPECIAL_DEAF, GMULTI_PHASE_CONNECT, "CONNECT_TIMEOUT", "connect-timeout", 40 },
  { "response-timeout", "/never", SPECIAL_NONE, GMULTI_PHASE_RESPONSE, "RESPONSE_TIMEOUT", "response-timeout", 40 },
  { "timeout", "/half", SPECIAL_NONE, GMULTI_PHASE_BODY, "TIMEOUT", "timeout", 60 },
  { "stalled", "/half", SPECIAL_NONE, GMULTI_PHASE_BODY, "LOW_SPEED", "stall-timeout", 60 },
  { "no-answer", "/nothing", SPECIAL_NONE, GMULTI_PHASE_RESPONSE, "GOT_NOTHING", NULL, 0 },
  { "reset", "/reset", SPECIAL_NONE, GMULTI_PHASE_BODY, "RECV_FAILED ECONNRESET", NULL, 0 },
  { "truncated", "/cut", SPECIAL_NONE, GMULTI_PHASE_BODY, "PARTIAL", NULL, 0 },
  { "truncated-chunks", "/cut-chunk", SPECIAL_NONE, GMULTI_PHASE_BODY, "PARTIAL", NULL, 0 },
  { "not-http", "/garbage", SPECIAL_NONE, GMULTI_PHASE_RESPONSE, "HTTP_NOT_HTTP", NULL, 0 },
  { "bad-header", "/bad-header", SPECIAL_NONE, GMULTI_PHASE_RESPONSE, "HTTP_BAD_HEADER", NULL, 0 },
  { "bad-chunk", "/bad-chunk", SPECIAL_NONE, GMULTI_PHASE_BODY, "HTTP_BAD_CHUNK", NULL, 0 },
  { "both-framings", "/both", SPECIAL_NONE, GMULTI_PHASE_BODY, "HTTP_BOTH_FRAMINGS", NULL, 0 },
  { "status", "/missing", SPECIAL_NONE, GMULTI_PHASE_RESPONSE, "HTTP_STATUS", NULL, 0 },
  { "redirect-loop", "/loop", SPECIAL_NONE, GMULTI_PHASE_BODY, "TOO_MANY_REDIRECTS", "max-redirects", 3 },
  { "too-large", "/large", SPECIAL_NONE, GMULTI_PHASE_BODY, "TOO_LARGE", NULL, 1000 },
  { "cancelled", "/never", SPECIAL_CANCEL, GMULTI_PHASE_NONE, "CANCELLED", NULL, 0 },
  { "cancelled-in-body", "/half", SPECIAL_CANCEL_BODY, GMULTI_PHASE_BODY, "CANCELLED", NULL, 0 },
  { "no-space", "/large", SPECIAL_FULL, GMULTI_PHASE_STORAGE, "FILE_WRITE_FAILED ENOSPC", NULL, 0 },
  { "no-space-at-the-end", "/small", SPECIAL_FULL, GMULTI_PHASE_STORAGE, "FILE_WRITE_FAILED ENOSPC", NULL, 0 },
  { "no-folder", "/small", SPECIAL_NO_FOLDER, GMULTI_PHASE_STORAGE, "FILE_WRITE_FAILED ENOENT", NULL, 0 },
  { "not-a-folder", "/small", SPECIAL_NOT_FOLDER, GMULTI_PHASE_STORAGE, "FILE_WRITE_FAILED ENOTDIR", NULL, 0 },
  { "exists", "/small", SPECIAL_EXISTS, GMULTI_PHASE_STORAGE, "FILE_WRITE_FAILED EEXIST", NULL, 0 },
  { "long-name", "/small", SPECIAL_LONG_NAME, GMULTI_PHASE_STORAGE, "FILE_WRITE_FAILED ENAMETOOLONG", NULL, 0 },
};

typedef enum
{
  WAY_FETCH,
  WAY_DOWNLOAD,
  WAY_SPLICE,
  WAY_OPEN,
  WAY_START,
  WAY_FETCH_BLOCKING,
  WAY_DOWNLOAD_BLOCKING,
  N_WAYS,
} Way;

static const char *const way_names[N_WAYS]
  = { "fetch", "download", "splice", "open", "start", "fetch-blocking", "download-blocking" };

/* ---- the table ---- */

typedef struct
{
  GQuark domain;
  int code;
  gboolean transient;
} Row;

static GHashTable *rows; /* (owned) (element-type utf8 Row) */

static Row *
parse_row (char **cells)
{
  static const struct
  {
    const char *name;
    GQuark (*quark) (void);
    GType (*type) (void);
  } domains[] = {
    { "G_IO_ERROR", g_io_error_quark, g_io_error_enum_get_type },
    { "G_RESOLVER_ERROR", g_resolver_error_quark, g_resolver_error_get_type },
    { "G_TLS_ERROR", g_tls_error_quark, g_tls_error_get_type },
    { "GMULTI_TRANSFER_ERROR", gmulti_transfer_error_quark, gmulti_transfer_error_get_type },
  };
  g_autofree char *nick = g_ascii_strdown (g_strstrip (cells[4]), -1);
  Row *row = g_new0 (Row, 1);

  g_strdelimit (nick, "_", '-');
  g_strstrip (cells[3]);
  for (guint i = 0; i < G_N_ELEMENTS (domains); i++)
    if (g_str_equal (cells[3], domains[i].name))
      {
        g_autoptr (GEnumClass) class = g_type_class_ref (domains[i].type ());
        GEnumValue *value = g_enum_get_value_by_nick (class, nick);

        g_assert_nonnull (value);
        row->domain = domains[i].quark ();
        row->code = value->value;
      }
  g_assert_cmpuint (row->domain, !=, 0);
  row->transient = g_str_equal (g_strstrip (cells[5]), "yes");
  return row;
}

static void
read_table (void)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = NULL;

  g_file_get_contents (g_getenv ("GMULTI_ERRORS_MD"), &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  rows = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) cells = g_strsplit (lines[i], "|", -1);

      if (g_strv_length (cells) == 7 && strstr (cells[1], "---") == NULL && strstr (cells[1], "Cause") == NULL)
        {
          g_strstrip (cells[1]);
          /* where two rows have one cause, the first holds for the plain case */
          if (!g_hash_table_contains (rows, cells[1]))
            g_hash_table_insert (rows, g_strdup (cells[1]), parse_row (cells));
        }
    }
  g_assert_cmpuint (g_hash_table_size (rows), >, 50);
}

/* ---- one transfer ---- */

typedef struct
{
  ScriptedServer *server;
  ScriptedServer *deaf;
  guint16 closed_port;
  int closed_fd;
  GMultiSession *session;
  char *folder;
  char *file; /* (owned): one that is there, beside the folder */
  guint n_descriptors;
} Fixture;

typedef struct
{
  Fixture *fixture;
  const Case *case_;
  Way way;
  GMultiTransfer *transfer;
  GCancellable *cancellable;
  GOutputStream *sink; /* (owned) (nullable) */
  GError *error; /* (owned) (nullable): what the caller was told */
  GError *signalled; /* (owned) (nullable): what the signal told */
  guint n_completed;
  gboolean over;
} Attempt;

static char *
make_uri (Fixture *self,
          const Case *case_)
{
  if (*case_->uri != '/')
    return g_strdup (case_->uri);
  if (case_->special == SPECIAL_REFUSED)
    return g_strdup_printf ("http://127.0.0.1:%u/", self->closed_port);

  return g_strdup (scripted_server_url (case_->special == SPECIAL_DEAF ? self->deaf : self->server, case_->uri));
}

static GFile *
make_destination (Fixture *self,
                  Special special)
{
  g_autofree char *path = NULL;

  if (special == SPECIAL_NO_FOLDER)
    path = g_build_filename (self->folder, "none", "file", NULL);
  else if (special == SPECIAL_NOT_FOLDER)
    path = g_build_filename (self->file, "file", NULL);
  else if (special == SPECIAL_EXISTS)
    path = g_strdup (self->file);
  else if (special == SPECIAL_LONG_NAME)
    {
      g_autofree char *name = g_strnfill (300, 'n');

      path = g_build_filename (self->folder, name, NULL);
    }
  else
    path = g_build_filename (self->folder, "file", NULL);

  return g_file_new_for_path (path);
}

static void
completed_cb (GMultiTransfer *transfer,
              const GError *error,
              Attempt *attempt)
{
  attempt->n_completed++;
  g_assert_nonnull (error);
  g_clear_error (&attempt->signalled);
  attempt->signalled = g_error_copy (error);
  if (attempt->way == WAY_START)
    {
      attempt->error = g_error_copy (error);
      attempt->over = TRUE;
    }
}

static void
progress_cb (GMultiTransfer *transfer,
             Attempt *attempt)
{
  if (attempt->case_->special == SPECIAL_CANCEL_BODY && gmulti_transfer_get_bytes_received (transfer) > 0)
    gmulti_transfer_cancel (transfer);
}

static void
read_cb (GObject *source,
         GAsyncResult *result,
         gpointer user_data)
{
  Attempt *attempt = user_data;
  g_autoptr (GBytes) bytes = NULL;
  GInputStream *stream = G_INPUT_STREAM (source);

  bytes = g_input_stream_read_bytes_finish (stream, result, &attempt->error);
  if (bytes == NULL || g_bytes_get_size (bytes) == 0)
    {
      attempt->over = TRUE;
      return;
    }
  g_input_stream_read_bytes_async (stream, 4096, G_PRIORITY_DEFAULT, NULL, read_cb, attempt);
}

static void
finished_cb (GObject *source,
             GAsyncResult *result,
             gpointer user_data)
{
  Attempt *attempt = user_data;
  GMultiSession *session = GMULTI_SESSION (source);

  if (attempt->way == WAY_OPEN)
    {
      g_autoptr (GInputStream) stream = gmulti_session_open_finish (session, result, &attempt->error);

      if (stream != NULL)
        {
          g_input_stream_read_bytes_async (stream, 4096, G_PRIORITY_DEFAULT, NULL, read_cb, attempt);
          return;
        }
    }
  else if (attempt->way == WAY_FETCH)
    {
      g_assert_null (gmulti_session_fetch_finish (session, result, &attempt->error));
    }
  else if (attempt->way == WAY_SPLICE)
    {
      g_assert_cmpint (gmulti_session_splice_finish (session, result, &attempt->error), ==, -1);
    }
  else
    {
      g_assert_null (gmulti_session_download_finish (session, result, &attempt->error));
    }
  attempt->over = TRUE;
}

static void
carry_out (Attempt *self)
{
  GMultiSession *session = self->fixture->session;

  switch (self->way)
    {
    case WAY_FETCH:
      gmulti_session_fetch_async (session, self->transfer, self->cancellable, finished_cb, self);
      break;
    case WAY_DOWNLOAD:
      gmulti_session_download_async (session, GMULTI_DOWNLOAD (self->transfer), self->cancellable, finished_cb, self);
      break;
    case WAY_SPLICE:
      self->sink = leaks_watch (g_memory_output_stream_new_resizable ());
      gmulti_session_splice_async (session, self->transfer, self->sink, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
                                   self->cancellable, finished_cb, self);
      break;
    case WAY_OPEN:
      gmulti_session_open_async (session, self->transfer, self->cancellable, finished_cb, self);
      break;
    case WAY_START:
      gmulti_session_start (session, self->transfer);
      break;
    case WAY_FETCH_BLOCKING:
      g_assert_null (gmulti_session_fetch (session, self->transfer, self->cancellable, &self->error));
      self->over = TRUE;
      break;
    case WAY_DOWNLOAD_BLOCKING:
      g_assert_null (
        gmulti_session_download (session, GMULTI_DOWNLOAD (self->transfer), self->cancellable, &self->error));
      self->over = TRUE;
      break;
    case N_WAYS:
    default:
      g_assert_not_reached ();
    }
}

/* So many times as long does it take under tools until a transfer is where its time is to run out. */
static guint
patience (void)
{
  return g_getenv ("GMULTI_TEST_VALGRIND") != NULL ? 25 : g_getenv ("ASAN_OPTIONS") != NULL ? 4 : 1;
}

static Attempt *
attempt_new (Fixture *fixture,
             const Case *case_,
             Way way)
{
  Attempt *self = g_new0 (Attempt, 1);
  g_autofree char *uri = make_uri (fixture, case_);
  gboolean to_file = way == WAY_DOWNLOAD || way == WAY_DOWNLOAD_BLOCKING || case_->special >= SPECIAL_FULL;

  self->fixture = fixture;
  self->case_ = case_;
  self->way = way;
  if (to_file)
    {
      g_autoptr (GFile) destination = make_destination (fixture, case_->special);

      self->transfer = GMULTI_TRANSFER (gmulti_download_new (uri, destination));
      gmulti_download_set_collision (GMULTI_DOWNLOAD (self->transfer), GMULTI_COLLISION_FAIL);
    }
  else
    {
      self->transfer = gmulti_transfer_new (uri);
    }
  leaks_watch (self->transfer);
  if (case_->property != NULL)
    g_object_set (self->transfer, case_->property,
                  case_->value * (g_str_has_suffix (case_->property, "timeout") ? patience () : 1), NULL);
  else if (case_->value != 0)
    gmulti_transfer_set_max_size (self->transfer, case_->value);
  g_signal_connect (self->transfer, "completed", G_CALLBACK (completed_cb), self);
  g_signal_connect (self->transfer, "progress", G_CALLBACK (progress_cb), self);
  self->cancellable = leaks_watch (g_cancellable_new ());
  return self;
}

static void
attempt_free (Attempt *self)
{
  g_signal_handlers_disconnect_by_data (self->transfer, self);
  g_object_unref (self->transfer);
  g_object_unref (self->cancellable);
  g_clear_object (&self->sink);
  g_clear_error (&self->error);
  g_clear_error (&self->signalled);
  g_free (self);
}

static void
attempt_start (Attempt *self)
{
  if (self->case_->special == SPECIAL_CANCEL && self->way != WAY_START)
    g_cancellable_cancel (self->cancellable);
  carry_out (self);
  if (self->case_->special == SPECIAL_CANCEL && self->way == WAY_START)
    gmulti_transfer_cancel (self->transfer);
}

static void
check_error (Attempt *self)
{
  const Case *case_ = self->case_;
  const Row *row = g_hash_table_lookup (rows, case_->row);
  g_autoptr (GError) kept = gmulti_transfer_dup_error (self->transfer);
  const char *host = gmulti_error_get_host (self->error);
  GMultiPhase phase = gmulti_transfer_get_phase (self->transfer);

  g_assert_nonnull (row);
  /* errors of other domains have no room for where and with whom */
  if (row->domain == GMULTI_TRANSFER_ERROR)
    phase = gmulti_error_get_phase (self->error);
  if (self->error == NULL || self->error->domain != row->domain || self->error->code != row->code
      || gmulti_error_is_transient (self->error) != row->transient
      || (phase != case_->phase && case_->special != SPECIAL_CANCEL))
    g_error ("%s by %s: %s, %d in phase %d is not that of %s, %d in phase %d: %s", case_->name, way_names[self->way],
             self->error != NULL ? g_quark_to_string (self->error->domain) : "no error",
             self->error != NULL ? self->error->code : 0, phase,
             g_quark_to_string (row->domain), row->code, case_->phase, self->error != NULL ? self->error->message : "");

  /* one error, whoever asks */
  g_assert_error (self->signalled, self->error->domain, self->error->code);
  g_assert_error (kept, self->error->domain, self->error->code);
  /* who cancels may be told by the task itself */
  if (!g_error_matches (kept, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_assert_cmpstr (kept->message, ==, self->error->message);
  if (host != NULL && case_->special < SPECIAL_FULL)
    g_assert_nonnull (strstr (self->error->message, host));
  if (case_->phase >= GMULTI_PHASE_RESOLVE && row->domain == GMULTI_TRANSFER_ERROR)
    g_assert_nonnull (host);
}

static void
check_end (Attempt *self)
{
  g_autofree char *left = face_folder_list (self->fixture->folder);
  g_autofree char *status_text = gmulti_transfer_dup_status_text (self->transfer);

  check_error (self);
  g_assert_cmpuint (self->n_completed, ==, 1);
  g_assert_true (gmulti_transfer_is_finished (self->transfer));
  g_assert_cmpint (gmulti_transfer_get_state (self->transfer), ==,
                   g_str_equal (self->case_->row, "CANCELLED") ? GMULTI_TRANSFER_STATE_CANCELLED
                                                               : GMULTI_TRANSFER_STATE_FAILED);
  g_assert_cmpuint (strlen (status_text), >, 0);
  g_assert_cmpstr (left, ==, "");
  if (g_str_equal (self->case_->name, "status"))
    {
      g_autoptr (GMultiResponse) response = gmulti_transfer_ref_response (self->transfer);

      g_assert_cmpuint (gmulti_response_get_status (response), ==, 404);
    }
}

/* ---- the whole ---- */

static gboolean
fits (const Case *case_,
      Way way)
{
  if (case_->special >= SPECIAL_FULL)
    return way == WAY_DOWNLOAD || way == WAY_DOWNLOAD_BLOCKING || way == WAY_START;
  /* a body of any status can be opened */
  if (way == WAY_OPEN)
    return !g_str_equal (case_->name, "status");

  return TRUE;
}

/* So many of one case at once by each way; those that wait are one after another. */
static guint
run_case (Fixture *self,
          const Case *case_,
          guint n_each)
{
  g_autoptr (GPtrArray) attempts = g_ptr_array_new_with_free_func ((GDestroyNotify) attempt_free);

  g_atomic_int_set (&disk_is_full, case_->special == SPECIAL_FULL);
  for (guint i = 0; i < n_each; i++)
    for (guint way = 0; way < N_WAYS; way++)
      {
        gboolean waits = way == WAY_FETCH_BLOCKING || way == WAY_DOWNLOAD_BLOCKING;

        if (!fits (case_, (Way) way) || (waits && i > 0))
          continue;
        g_ptr_array_add (attempts, attempt_new (self, case_, (Way) way));
        attempt_start (g_ptr_array_index (attempts, attempts->len - 1));
      }
  for (guint i = 0; i < attempts->len; i++)
    face_wait_for (((Attempt *) g_ptr_array_index (attempts, i))->over);
  for (guint i = 0; i < attempts->len; i++)
    {
      Attempt *attempt = g_ptr_array_index (attempts, i);

      /* an opened stream may tell first */
      face_wait_for (gmulti_transfer_is_finished (attempt->transfer) && attempt->n_completed > 0);
      check_end (attempt);
    }
  g_atomic_int_set (&disk_is_full, FALSE);

  return attempts->len;
}

static void
test_cases (Fixture *self,
            gconstpointer data)
{
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint n_case = run_case (self, &cases[i], 16);

      g_test_message ("%s: %u", cases[i].name, n_case);
      n += n_case;
    }
  g_assert_cmpuint (n, >=, 2000);
}

/* A port that is taken but not listened on. */
static void
take_port (Fixture *self)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t len = sizeof address;

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  self->closed_fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (bind (self->closed_fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (getsockname (self->closed_fd, (struct sockaddr *) &address, &len), ==, 0);
  self->closed_port = ntohs (address.sin_port);
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  g_autofree char *outside = face_folder_new ();

  self->folder = face_folder_new ();
  self->file = g_build_filename (outside, "there", NULL);
  g_assert_true (g_file_set_contents (self->file, "there", -1, NULL));
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  self->deaf = scripted_server_new (SCRIPTED_SERVER_DEAF);
  failing_answers_add (self->server);
  take_port (self);
  self->n_descriptors = leaks_begin ();
  self->session = leaks_watch (g_object_new (GMULTI_TYPE_SESSION, "has-thread", data != NULL, NULL));
  gmulti_session_set_progress_interval (self->session, 1);
  /* each has its time from when it is connected, not from when others have done */
  gmulti_session_set_max_connections_per_host (self->session, 0);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  g_autofree char *text = NULL;

  g_clear_object (&self->session);
  leaks_assert_none (self->n_descriptors);
  scripted_server_free (self->server);
  scripted_server_free (self->deaf);
  close (self->closed_fd);

  /* what was in the way is as it was */
  g_assert_true (g_file_get_contents (self->file, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "there");
  face_folder_free (g_path_get_dirname (self->file));
  face_folder_free (self->folder);
  g_free (self->file);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  read_table ();
  g_test_add ("/failures/own", Fixture, NULL, set_up, test_cases, tear_down);
  g_test_add ("/failures/threaded", Fixture, "threaded", set_up, test_cases, tear_down);

  return g_test_run ();
}
