/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What a server does to a body, for tests: every coding in the shapes that are met. */

typedef enum
{
  ENCODE_GZIP,
  ENCODE_ZLIB, /* deflate as it is meant */
  ENCODE_RAW, /* deflate as some send it */
  ENCODE_BROTLI,
  ENCODE_ZSTD,
  ENCODE_N,
} Encode;

extern const char *const encode_names[ENCODE_N]; /* in Content-Encoding */

/* Whether all of them are built in here. */
gboolean encode_has_all     (void);
/* NULL if the coding is not built in here. */
GBytes *encode              (Encode how,
                             gconstpointer data,
                             gsize len);
GBytes *encode_bytes        (Encode how,
                             GBytes *bytes);
/* @n_mib MiB of zeros as gzip, without making them. */
GBytes *encode_zeros        (guint n_mib);
/* A zstd frame that needs a window of 2^@window_log bytes. */
GBytes *encode_zstd_window  (int window_log);
/* Words that compress to about a third, always the same. */
char   *make_text           (gsize len);
