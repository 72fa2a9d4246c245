/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "turn-time.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

gint64
turn_time_waited (void)
{
  static int fd = -1;
  char text[128] = "";
  guint64 ran, waited = 0;

  if (fd < 0)
    fd = open ("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  if (fd < 0 || pread (fd, text, sizeof text - 1, 0) <= 0
      || sscanf (text, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &ran, &waited) != 2)
    return 0;

  return (gint64) (waited / 1000);
}
