/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Preloaded into a client: counts the blocks asked of malloc and its kin and writes the sum to the file named by
 * GMULTI_BENCH_MALLOC when the process ends. A realloc that moves nothing counts too: it is a call all the same. */
#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* glibc's own names for what is replaced here. */
extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t count, size_t size);
extern void *__libc_realloc (void *block, size_t size);
extern void *__libc_memalign (size_t alignment, size_t size);

static unsigned long count;

static void
note (void)
{
  __atomic_add_fetch (&count, 1, __ATOMIC_RELAXED);
}

void *
malloc (size_t size)
{
  note ();
  return __libc_malloc (size);
}

void *
calloc (size_t number, size_t size)
{
  note ();
  return __libc_calloc (number, size);
}

void *
realloc (void *block, size_t size)
{
  note ();
  return __libc_realloc (block, size);
}

void *
memalign (size_t alignment, size_t size)
{
  note ();
  return __libc_memalign (alignment, size);
}

void *
aligned_alloc (size_t alignment, size_t size)
{
  note ();
  return __libc_memalign (alignment, size);
}

int
posix_memalign (void **block, size_t alignment, size_t size)
{
  note ();
  *block = __libc_memalign (alignment, size);
  return *block != NULL ? 0 : ENOMEM;
}

__attribute__ ((destructor)) static void
report (void)
{
  const char *path = getenv ("GMULTI_BENCH_MALLOC");
  FILE *file = path != NULL ? fopen (path, "we") : NULL;

  if (file == NULL)
    return;
  fprintf (file, "%lu\n", __atomic_load_n (&count, __ATOMIC_RELAXED));
  fclose (file);
}
