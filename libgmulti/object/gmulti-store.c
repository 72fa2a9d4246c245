/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-store-private.h"

#include "gm-content-disposition.h"
#include "gmulti-core-private.h"
#include "gmulti-error-private.h"
#include "gmulti-errand-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many names "x (2)", "x (3)" … are tried. */
#define MAX_RENAMES 999
/* A place with less room is filled too soon to be worth a system call. */
#define MIN_PLACE (32 * 1024)
/* How many random temporary names are tried; a second one is never needed. */
#define MAX_TEMPORARY 16

/* What is on the disk. Belongs to the store, and to the one job that works on it. */
typedef struct
{
  gatomicrefcount refs;
  GFile *destination;    /* (owned) */
  GFile *target;         /* (owned) (nullable): destination, or a file in it */
  GFile *temporary;      /* (owned) (nullable) */
  GOutputStream *stream; /* (owned) (nullable): where there is no path */
  int fd;
  GMultiCollision collision;
  gboolean keep_partial; /* atomic */
} Disk;

struct _GmStore
{
  gatomicrefcount refs;
  GmErrand *errand; /* (unowned) (nullable): NULL once stopped */
  Disk *disk;
  GmHead *head; /* (owned) (nullable) */
  GmStoreBuffer filling;
  GmStoreBuffer spare;
  struct _StoreJob *job; /* (owned) (nullable) */
  GError *error;         /* (owned) (nullable) */
  gboolean blocked;      /* the engine waits for room */
  gboolean finish;
  gboolean success;
  GMutex lock;
  GFile *file; /* (owned) (nullable) */
};

/* Writes one buffer, and what comes before and after. Owns all it touches. */
typedef struct _StoreJob
{
  GmJob base;
  GmStore *store;
  Disk *disk;
  GmHead *head;
  GmStoreBuffer buffer;
  gboolean finish;
  gboolean success;
  GError *error;
} StoreJob;

/* ---- the disk ---- */

static Disk *
disk_new (const GmStoreChoice *choice)
{
  Disk *disk = g_new0 (Disk, 1);

  g_atomic_ref_count_init (&disk->refs);
  disk->destination = g_object_ref (choice->destination);
  disk->fd = -1;
  disk->collision = choice->collision;
  disk->keep_partial = choice->keep_partial;
  return disk;
}

static Disk *
disk_ref (Disk *disk)
{
  g_atomic_ref_count_inc (&disk->refs);
  return disk;
}

static void
close_fd (Disk *disk)
{
  if (disk->fd >= 0)
    close (disk->fd);
  disk->fd = -1;
}

/* Leaves no trace, or what was asked to be kept under a name that people recognise. */
static void
disk_discard (Disk *disk)
{
  close_fd (disk);
  if (disk->stream != NULL)
    g_output_stream_close (disk->stream, NULL, NULL);
  g_clear_object (&disk->stream);
  if (disk->temporary == NULL)
    return;

  if (g_atomic_int_get (&disk->keep_partial))
    {
      g_autoptr (GFile) parent = g_file_get_parent (disk->target);
      g_autofree char *base = g_file_get_basename (disk->target);
      g_autofree char *name = g_strconcat (base, ".part", NULL);
      g_autoptr (GFile) partial = g_file_get_child (parent, name);

      g_file_move (disk->temporary, partial, G_FILE_COPY_OVERWRITE | G_FILE_COPY_NO_FALLBACK_FOR_MOVE, NULL, NULL, NULL,
                   NULL);
    }
  else
    g_file_delete (disk->temporary, NULL, NULL);
  g_clear_object (&disk->temporary);
}

static void
disk_unref (Disk *disk)
{
  if (!g_atomic_ref_count_dec (&disk->refs))
    return;

  disk_discard (disk);
  g_clear_object (&disk->destination);
  g_clear_object (&disk->target);
  g_free (disk);
}

static GError *
disk_error (GFile *file,
            int sys_errno)
{
  g_autofree char *name = g_file_get_parse_name (file);
  GmFailure failure = { .result = GM_FILE_WRITE_FAILED, .phase = GM_PHASE_STORAGE };

  failure.sys_errno = sys_errno;
  failure.host = name;
  return gm_failure_to_error (&failure);
}

static GFileType
look_at (GFile *file)
{
  const char *path = g_file_peek_path (file);
  struct stat status;

  if (path == NULL)
    return g_file_query_file_type (file, G_FILE_QUERY_INFO_NONE, NULL);

  /* a tenth of what the question costs by GIO */
  if (stat (path, &status) != 0)
    return G_FILE_TYPE_UNKNOWN;
  return S_ISDIR (status.st_mode) ? G_FILE_TYPE_DIRECTORY : G_FILE_TYPE_REGULAR;
}

/* A folder gets a file named by the response. FALSE if the file is there and must not be. */
static gboolean
disk_choose_target (Disk *disk,
                    const GmHead *head)
{
  GFileType type = look_at (disk->destination);
  g_autofree char *name = NULL;

  if (type == G_FILE_TYPE_DIRECTORY)
    {
      if (head != NULL)
        name = gm_head_dup_file_name (head);
      disk->target = g_file_get_child (disk->destination, name != NULL ? name : "download");
      type = look_at (disk->target);
    }
  else
    {
      disk->target = g_object_ref (disk->destination);
    }

  return type == G_FILE_TYPE_UNKNOWN || disk->collision != GMULTI_COLLISION_FAIL;
}

static GFile *
make_temporary (GFile *target)
{
  g_autoptr (GFile) parent = g_file_get_parent (target);
  g_autofree char *base = g_file_get_basename (target);
  g_autofree char *name = NULL;

  /* a long name is cut in front, so that the temporary one still fits into 255 bytes */
  name = g_strdup_printf (".%s.%08x.part", strlen (base) > GM_FILE_NAME_MAX ? "download" : base, g_random_int ());
  return parent != NULL ? g_file_get_child (parent, name) : NULL;
}

static gboolean
disk_open_path (Disk *disk,
                const char *path)
{
  disk->fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  return disk->fd >= 0;
}

static gboolean
disk_open (Disk *disk,
           const GmHead *head,
           GError **error)
{
  if (!disk_choose_target (disk, head))
    {
      *error = disk_error (disk->target, EEXIST);
      return FALSE;
    }

  for (guint i = 0; i < MAX_TEMPORARY; i++)
    {
      g_autoptr (GFile) file = make_temporary (disk->target);
      const char *path = file != NULL ? g_file_peek_path (file) : NULL;

      if (file == NULL)
        break;
      if (path == NULL)
        disk->stream = G_OUTPUT_STREAM (g_file_create (file, G_FILE_CREATE_NONE, NULL, error));
      else if (!disk_open_path (disk, path) && errno == EEXIST)
        continue;
      else if (disk->fd < 0)
        *error = disk_error (disk->target, errno);

      if (*error == NULL)
        disk->temporary = g_steal_pointer (&file);
      return *error == NULL;
    }

  *error = disk_error (disk->target, EISDIR);
  return FALSE;
}

static gboolean
disk_write (Disk *disk,
            const char *data,
            gsize len,
            GError **error)
{
  if (disk->stream != NULL)
    return g_output_stream_write_all (disk->stream, data, len, NULL, NULL, error);

  while (len > 0)
    {
      gssize n = write (disk->fd, data, len);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          *error = disk_error (disk->target, errno);
          return FALSE;
        }
      data += n;
      len -= (gsize) n;
    }

  return TRUE;
}

/* Gives the finished file @name, without replacing anything: 0, or an errno. */
static int
rename_exclusively (const char *from,
                    const char *name)
{
  if (renameat2 (AT_FDCWD, from, AT_FDCWD, name, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return errno;

  /* a file system without that: a link fails where something is */
  if (link (from, name) != 0)
    return errno;
  unlink (from);
  return 0;
}

static gboolean
move_file (GFile *from,
           GFile *to,
           gboolean replace,
           GError **error)
{
  const char *from_path = g_file_peek_path (from);
  const char *to_path = g_file_peek_path (to);
  int fault;

  if (from_path == NULL || to_path == NULL)
    return g_file_move (from, to,
                        G_FILE_COPY_NO_FALLBACK_FOR_MOVE | (replace ? G_FILE_COPY_OVERWRITE : G_FILE_COPY_NONE), NULL,
                        NULL, NULL, error);

  if (replace)
    fault = rename (from_path, to_path) == 0 ? 0 : errno;
  else
    fault = rename_exclusively (from_path, to_path);
  if (fault != 0)
    *error = disk_error (to, fault);
  return fault == 0;
}

/* "picture.png" → "picture (2).png", "archive.tar.gz" → "archive (2).tar.gz" */
static GFile *
numbered (GFile *file,
          guint number)
{
  g_autoptr (GFile) parent = g_file_get_parent (file);
  g_autofree char *base = g_file_get_basename (file);
  char *dot = strrchr (base + 1, '.');
  g_autofree char *name = NULL;

  if (dot != NULL && dot - base > 4 && g_str_has_prefix (dot - 4, ".tar"))
    dot -= 4;
  name = g_strdup_printf ("%.*s (%u)%s", dot != NULL ? (int) (dot - base) : (int) strlen (base), base, number,
                          dot != NULL ? dot : "");
  return g_file_get_child (parent, name);
}

static gboolean
disk_name (Disk *disk,
           GError **error)
{
  gboolean replace = disk->collision == GMULTI_COLLISION_REPLACE;

  if (move_file (disk->temporary, disk->target, replace, error))
    return TRUE;

  for (guint i = 2; disk->collision == GMULTI_COLLISION_RENAME && i <= MAX_RENAMES; i++)
    {
      g_autoptr (GFile) other = NULL;

      if (!g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_EXISTS))
        return FALSE;
      g_clear_error (error);
      other = numbered (disk->target, i);
      if (move_file (disk->temporary, other, FALSE, error))
        {
          g_set_object (&disk->target, other);
          return TRUE;
        }
    }

  return FALSE;
}

/* A network file system tells of a full disk only here. */
static gboolean
disk_close (Disk *disk,
            GError **error)
{
  int fd = disk->fd;

  if (disk->stream != NULL)
    return g_output_stream_close (disk->stream, NULL, error);

  disk->fd = -1;
  if (fd >= 0 && close (fd) != 0 && errno != EINTR)
    *error = disk_error (disk->target, errno);
  return *error == NULL;
}

/* ---- the job ---- */

static void
store_job_work (GmJob *base)
{
  StoreJob *job = (StoreJob *) base;
  Disk *disk = job->disk;

  if (job->finish && !job->success)
    {
      /* what is to be kept is all that came */
      if (g_atomic_int_get (&disk->keep_partial) && job->buffer.len > 0
          && (disk->temporary != NULL || disk_open (disk, job->head, &job->error)))
        disk_write (disk, job->buffer.data, job->buffer.len, &job->error);
      g_clear_error (&job->error);
      disk_discard (disk);
      return;
    }

  if (disk->temporary == NULL && !disk_open (disk, job->head, &job->error))
    return;

  if (disk_write (disk, job->buffer.data, job->buffer.len, &job->error) && job->finish
      && disk_close (disk, &job->error) && !g_atomic_int_get (&base->abandoned) && disk_name (disk, &job->error))
    g_clear_object (&disk->temporary);

  if (job->error != NULL)
    disk_discard (disk);
}

static void
store_job_free (GmJob *base)
{
  StoreJob *job = (StoreJob *) base;

  g_free (job->buffer.data);
  g_clear_error (&job->error);
  g_clear_pointer (&job->head, gm_head_unref);
  disk_unref (job->disk);
  gm_store_unref (job->store);
  g_free (job);
}

static void store_job_done (GmJob *base);

static const GmJobType store_job_type = { store_job_work, store_job_done, store_job_free };

static void finished (GmStore *self);

/* Where no thread can be had, nothing is written: that is an error like that of a full disk. */
static void
start_job (GmStore *self,
           GmReactor *reactor)
{
  StoreJob *job = g_new0 (StoreJob, 1);

  gm_job_init (&job->base, &store_job_type);
  job->store = gm_store_ref (self);
  job->disk = disk_ref (self->disk);
  job->head = self->head != NULL ? gm_head_ref (self->head) : NULL;
  job->finish = self->finish;
  job->success = self->success;
  job->buffer = self->filling;
  self->filling = self->spare;
  self->spare = (GmStoreBuffer){ NULL };
  self->job = job;
  if (gm_job_start (&job->base, gm_workers_files (), reactor))
    return;

  self->job = NULL;
  if (self->error == NULL)
    self->error = disk_error (self->disk->destination, EAGAIN);
  if (self->finish)
    finished (self);
  gm_job_unref (&job->base);
}

/* ---- spare buffers ---- */

void
gm_store_shelf_clear (GmStoreShelf *self)
{
  while (self->n > 0)
    g_free (self->spare[--self->n].data);
}

/* Small ones are not worth a place. */
static void
put_away (GmStoreShelf *shelf,
          GmStoreBuffer *buffer)
{
  if (shelf->n == GM_STORE_MAX_SPARE || buffer->size < GM_STORE_BUFFER / 4)
    return;

  shelf->spare[shelf->n++] = (GmStoreBuffer){ buffer->data, 0, buffer->size };
  *buffer = (GmStoreBuffer){ NULL };
}

/* ---- when it is done ---- */

static void
finished (GmStore *self)
{
  GError *error = g_steal_pointer (&self->error);

  if (self->success && error == NULL)
    {
      g_mutex_lock (&self->lock);
      self->file = g_object_ref (self->disk->target);
      g_mutex_unlock (&self->lock);
    }
  gm_errand_storage_done (self->errand, error);
}

static void
store_job_done (GmJob *base)
{
  StoreJob *job = (StoreJob *) base;
  GmStore *self = job->store;
  GmReactor *reactor = gm_errand_get_reactor (self->errand);

  self->job = NULL;
  self->spare = job->buffer;
  self->spare.len = 0;
  job->buffer = (GmStoreBuffer){ NULL };
  if (self->error == NULL)
    self->error = g_steal_pointer (&job->error);

  if (job->finish)
    {
      put_away (gm_core_get_store_shelf (self->errand->core), &self->spare);
      put_away (gm_core_get_store_shelf (self->errand->core), &self->filling);
      finished (self);
    }
  else if (self->finish || (self->error == NULL && self->filling.len >= GM_STORE_BUFFER / 2))
    start_job (self, reactor);

  if (self->blocked && self->errand != NULL)
    {
      self->blocked = FALSE;
      gm_errand_order (self->errand, GM_ORDER_CONTINUE);
    }
  gm_job_unref (base);
}

/* ---- the store ---- */

GmStore *
gm_store_new (GmErrand *errand,
              const GmStoreChoice *choice)
{
  GmStore *self = g_new0 (GmStore, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->errand = errand;
  self->disk = disk_new (choice);
  return self;
}

GmStore *
gm_store_ref (GmStore *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_store_unref (GmStore *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_clear_pointer (&self->disk, disk_unref);
  g_clear_pointer (&self->head, gm_head_unref);
  g_free (self->filling.data);
  g_free (self->spare.data);
  g_clear_error (&self->error);
  g_clear_object (&self->file);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
gm_store_set_head (GmStore *self,
                   GmHead *head)
{
  if (self->head != NULL)
    gm_head_unref (self->head);
  self->head = gm_head_ref (head);
}

static void
grow_buffer (GmStore *self,
             gsize wanted)
{
  GmStoreShelf *shelf = gm_core_get_store_shelf (self->errand->core);
  GmStoreBuffer *buffer = &self->filling;
  gsize size;

  if (buffer->data == NULL && shelf->n > 0)
    *buffer = shelf->spare[--shelf->n];
  size = MAX (buffer->size, 4096);
  while (size < wanted && size < GM_STORE_BUFFER)
    size *= 2;
  if (size <= buffer->size)
    return;

  buffer->data = g_realloc (buffer->data, size);
  buffer->size = size;
}

gboolean
gm_store_place (GmStore *self,
                char **data,
                gsize *len)
{
  GmStoreBuffer *buffer = &self->filling;

  *data = NULL;
  if (self->error != NULL)
    return TRUE;

  grow_buffer (self, buffer->len + MIN (*len, GM_STORE_BUFFER));
  /* with so much in it the other one is being written */
  self->blocked = buffer->size - buffer->len < MIN (*len, MIN_PLACE);
  if (self->blocked)
    return FALSE;

  *data = buffer->data + buffer->len;
  *len = buffer->size - buffer->len;
  return TRUE;
}

gssize
gm_store_write (GmStore *self,
                GmReactor *reactor,
                const char *data,
                gsize len)
{
  gsize done = 0;

  if (self->error != NULL)
    return -1;

  while (done < len)
    {
      GmStoreBuffer *buffer = &self->filling;
      gsize n;

      grow_buffer (self, buffer->len + len - done);
      n = MIN (len - done, buffer->size - buffer->len);
      if (n == 0)
        {
          self->blocked = TRUE;
          break;
        }
      if (buffer->data + buffer->len != data + done)
        memcpy (buffer->data + buffer->len, data + done, n);
      buffer->len += n;
      done += n;
      if (self->job == NULL && buffer->len >= GM_STORE_BUFFER / 2)
        start_job (self, reactor);
    }

  return (gssize) done;
}

GError *
gm_store_take_error (GmStore *self)
{
  return g_steal_pointer (&self->error);
}

void
gm_store_finish (GmStore *self,
                 GmReactor *reactor,
                 gboolean success)
{
  self->finish = TRUE;
  self->success = success && self->error == NULL;
  self->blocked = FALSE;
  if (self->job == NULL)
    start_job (self, reactor);
}

void
gm_store_stop (GmStore *self)
{
  StoreJob *job = g_steal_pointer (&self->job);

  self->errand = NULL;
  if (job != NULL)
    gm_job_abandon (&job->base);
  /* whoever lets go of it last, this or a worker, clears it away */
  g_clear_pointer (&self->disk, disk_unref);
}

void
gm_store_restart (GmStore *self)
{
  GmStoreChoice choice = { self->disk->destination, self->disk->collision, self->disk->keep_partial };
  StoreJob *job = g_steal_pointer (&self->job);
  Disk *disk = disk_new (&choice);

  /* a worker may be at it */
  g_atomic_int_set (&self->disk->keep_partial, FALSE);
  if (job != NULL)
    gm_job_abandon (&job->base);
  disk_unref (self->disk);
  self->disk = disk;
  self->filling.len = 0;
  self->blocked = FALSE;
  g_clear_pointer (&self->head, gm_head_unref);
  g_clear_error (&self->error);
}

GFile *
gm_store_dup_file (GmStore *self)
{
  GFile *file;

  g_mutex_lock (&self->lock);
  file = self->file != NULL ? g_object_ref (self->file) : NULL;
  g_mutex_unlock (&self->lock);

  return file;
}
