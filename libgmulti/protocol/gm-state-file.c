/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-state-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (64 * 1024)

static int
read_all (int fd,
          GmByteBuilder *out)
{
  for (;;)
    {
      gssize n;

      if (!gm_byte_builder_reserve (out, PIECE))
        return ENOMEM;
      n = read (fd, out->data + out->len, PIECE);
      if (n == 0)
        return 0;
      if (n < 0 && errno != EINTR)
        return errno;
      if (n > 0)
        out->len += (gsize) n;
      if (out->len > GM_STATE_FILE_MAX)
        return EFBIG;
    }
}

int
gm_state_file_read (const char *path,
                    GmByteBuilder *out)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  int error;

  if (fd < 0)
    return errno;
  if (out->max < GM_STATE_FILE_MAX + 2 * PIECE)
    out->max = GM_STATE_FILE_MAX + 2 * PIECE;
  error = read_all (fd, out);
  close (fd);

  return error;
}

static int
write_all (int fd,
           const char *data,
           gsize len)
{
  while (len > 0)
    {
      gssize n = write (fd, data, len);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return errno;
      data += n;
      len -= (gsize) n;
    }

  return 0;
}

static int
write_into (const char *path,
            const char *data,
            gsize len)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  int error;

  if (fd < 0)
    return errno;
  error = write_all (fd, data, len);
  if (close (fd) < 0 && error == 0)
    error = errno;

  return error;
}

/* The name of the new file does not hang on that of the old one, which may be as long as names can be. */
static int
replace (const char *path,
         const char *data,
         gsize len,
         gboolean exists)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *beside = g_strconcat (folder, "/.gmulti-XXXXXX", NULL);
  int fd = mkostemp (beside, O_CLOEXEC); /* mode 0600 */
  int error;

  if (fd < 0)
    return errno;
  error = write_all (fd, data, len);
  /* Else a crash of the machine could leave nothing in place of something. */
  if (error == 0 && exists && fsync (fd) < 0 && errno != EINVAL)
    error = errno;
  if (close (fd) < 0 && error == 0)
    error = errno;
  if (error == 0 && rename (beside, path) < 0)
    error = errno;
  if (error != 0)
    unlink (beside);

  return error;
}

int
gm_state_file_write (const char *path,
                     const char *data,
                     gsize len)
{
  struct stat there;
  char *real;
  int error;

  if (stat (path, &there) < 0)
    return errno == ENOENT ? replace (path, data, len, FALSE) : errno;
  if (S_ISDIR (there.st_mode))
    return EISDIR;
  if (!S_ISREG (there.st_mode))
    return write_into (path, data, len);

  real = realpath (path, NULL);
  if (real == NULL)
    return errno;
  error = replace (real, data, len, TRUE);
  free (real);

  return error;
}
