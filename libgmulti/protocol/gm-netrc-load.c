/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-netrc-load.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gm-netrc.h"
#include "gm-workers.h"

typedef struct
{
  GmJob job; /* first member */
  GmNetrcLoad *owner; /* (unowned): for done() alone */
  char *path; /* (owned) (nullable) */
  char *text; /* (owned) (nullable) */
  gsize len;
  GmResult result;
} Read;

struct _GmNetrcLoad
{
  Read *read; /* (owned) (nullable): at work */
  GmReactor *reactor; /* (unowned) */
  GmRunnable *runnable; /* (unowned) */
  char *text; /* (owned) (nullable) */
  gsize len;
  GmResult result;
};

/* ---- on the worker ---- */

static char *
find_path (void)
{
  const char *home = g_getenv ("HOME");
  char buffer[4096];
  struct passwd entry;
  struct passwd *found = NULL;

  if (home != NULL && *home != '\0')
    return g_build_filename (home, ".netrc", NULL);
  if (getpwuid_r (geteuid (), &entry, buffer, sizeof buffer, &found) == 0 && found != NULL && found->pw_dir != NULL)
    return g_build_filename (found->pw_dir, ".netrc", NULL);

  return NULL;
}

static GmResult
read_all (Read *self,
          int fd)
{
  struct stat about;

  if (fstat (fd, &about) != 0 || S_ISDIR (about.st_mode))
    return GM_FILE_READ_FAILED;
  self->text = g_try_malloc (GM_NETRC_MAX_FILE + 1);
  if (self->text == NULL)
    return GM_OUT_OF_MEMORY;
  while (self->len <= GM_NETRC_MAX_FILE)
    {
      gssize n = read (fd, self->text + self->len, GM_NETRC_MAX_FILE + 1 - self->len);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return GM_FILE_READ_FAILED;
      if (n == 0)
        return GM_OK;
      self->len += (gsize) n;
    }

  return GM_FILE_READ_FAILED;
}

static void
read_work (GmJob *job)
{
  Read *self = (Read *) job;
  int fd;

  if (self->path == NULL)
    self->path = find_path ();
  /* A named pipe without a writer must not hold the worker. */
  fd = self->path != NULL ? open (self->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY) : -1;
  if (fd < 0)
    {
      self->result = self->path == NULL || errno == ENOENT || errno == ENOTDIR ? GM_FILE_NOT_FOUND : GM_FILE_READ_FAILED;
      return;
    }
  self->result = read_all (self, fd);
  close (fd);
}

static void
wipe (char **text,
      gsize len)
{
  if (*text != NULL)
    explicit_bzero (*text, len);
  g_clear_pointer (text, g_free);
}

static void
read_free (GmJob *job)
{
  Read *self = (Read *) job;

  wipe (&self->text, self->len);
  g_free (self->path);
  g_free (self);
}

/* ---- in the reactor's thread ---- */

static void
read_done (GmJob *job)
{
  Read *read = (Read *) job;
  GmNetrcLoad *self = read->owner;

  self->read = NULL;
  self->result = read->result;
  self->text = g_steal_pointer (&read->text);
  self->len = read->len;
  gm_reactor_queue (self->reactor, self->runnable);
  gm_job_unref (job);
}

GmNetrcLoad *
gm_netrc_load_new (const char *path,
                   GmReactor *reactor,
                   GmRunnable *owner)
{
  static const GmJobType type = { read_work, read_done, read_free };
  GmNetrcLoad *self = g_new0 (GmNetrcLoad, 1);
  Read *read = g_new0 (Read, 1);

  gm_job_init (&read->job, &type);
  read->owner = self;
  read->path = g_strdup (path);
  self->reactor = reactor;
  self->runnable = owner;
  self->result = GM_AGAIN;
  self->read = read;
  if (!gm_job_start (&read->job, gm_workers_files (), reactor))
    {
      self->read = NULL;
      self->result = GM_FILE_READ_FAILED;
      gm_job_unref (&read->job);
    }

  return self;
}

void
gm_netrc_load_free (GmNetrcLoad *self)
{
  if (self == NULL)
    return;

  if (self->read != NULL)
    gm_job_abandon (&self->read->job);
  wipe (&self->text, self->len);
  g_free (self);
}

GmResult
gm_netrc_load_get_result (const GmNetrcLoad *self)
{
  return self->result;
}

GmSpan
gm_netrc_load_get_text (const GmNetrcLoad *self)
{
  return gm_span (self->text, self->len);
}
