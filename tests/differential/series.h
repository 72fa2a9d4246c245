/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One series, played against the library that this was compiled for. */
#pragma once

#include "plan.h"
#include "record.h"
#include "server.h"

typedef struct _Series Series;

typedef struct
{
  CURL *easy;              /* (owned) */
  Series *series;          /* (unowned) */
  PlanTransfer *transfer;  /* (unowned): the one that it serves now */
  GSList *lists;           /* (owned) (element-type curl_slist): options point at them */
  gboolean added;
  gboolean ever_added;
  guint added_round;
  int paused_round;        /* −1: not paused */
  guint n_calls[PLAN_AT_N];
  gint64 to_upload;
  gint64 uploaded;
  curl_off_t progress[4];
  char error[CURL_ERROR_SIZE];
  GString *texts;          /* (owned): verbose lines */
  guint64 debug_bytes[2];  /* in, out */
  guint n_sockets;         /* opened and not closed by our functions */
  curl_mime *mime;         /* (owned) (nullable) */
  struct curl_httppost *form; /* (owned) (nullable) */
  CURLU *url;              /* (owned) (nullable) */
  gint64 part_at[4];       /* how much of a part's callback is read */
} Handle;

struct _Series
{
  Plan *plan;              /* (owned) */
  Record *record;          /* (owned) */
  Server *server;          /* (owned) */
  CURLM *multi;            /* (owned) */
  CURLSH *share;           /* (owned) (nullable) */
  int locks[CURL_LOCK_DATA_LAST]; /* held now */
  struct _Loop *loop;      /* (owned) */
  Handle **handles;        /* (owned) (array): of each transfer; shared where one is used again */
  gboolean *over;          /* (owned) (array): done or removed */
  guint round;
  int running;
};

void    series_play      (guint64       seed);

/* series-wide.c: what the themes of one subject need. */
void    series_wide_start (Series      *series);
void    handle_wide_prepare (Handle    *handle);
void    handle_wide_end  (Handle       *handle,
                          CURLcode      result);
void    handle_wide_free (Handle       *handle);
void    series_wide_end  (Series       *series);

/* series-wakeup.c: waits of all kinds, when nothing is ready. */
void    series_poke      (Series      *series);

/* series-tls.c: what a transfer has to say about TLS. */
void    handle_tls_prepare (Handle    *handle);

/* series-rare.c */
void    handle_rare_prepare (Handle    *handle);
void    handle_rare_end  (Handle       *handle);
void    handle_rare_free (Handle       *handle);

/* series-mime.c: parts, by chance. */
void    handle_add_parts (Handle       *handle);
void    handle_free_parts (Handle      *handle);

/* series-callbacks.c */
void    handle_set_callbacks (Handle   *handle);
/* A call into the library from one of its callbacks, by number; the answer is noted. */
void    handle_call      (Handle       *handle,
                          guint         which);

/* series-info.c */
void    handle_note_end  (Handle       *handle,
                          CURLcode      result);
