/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every client of the bench has in common: the command line, the works, the figures and the JSON line.
 *
 * A client is a table of five functions round a transfer library. The works (bench.c) decide what is started when and
 * what is measured; the client only starts transfers and turns its loop. Every byte that reaches application code is
 * told with bench_delivered(), every end with bench_finished(), which may start further transfers at once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct _Bench Bench;
typedef struct _BenchClient BenchClient;
typedef struct _BenchTransfer BenchTransfer;

typedef enum
{
  BENCH_WORK_SMALL,  /* keep-alive GETs of the canned answer, PARALLEL at a time */
  BENCH_WORK_BIG,    /* bodies of SIZE bytes, thrown away */
  BENCH_WORK_FILES,  /* bodies of SIZE bytes, each to a file of its own in DIRECTORY */
  BENCH_WORK_WAIT,   /* WAITING transfers without an answer: memory, one wake-up, one more start */
  BENCH_WORK_FRAMES, /* a frame source beside PARALLEL transfers that never rest */
} BenchWork;

struct _BenchTransfer
{
  char *url;   /* (owned) */
  char *path;  /* (owned) (nullable): the file that takes the body */
  void *data;  /* the client's */
  uint64_t bytes;
  BenchTransfer *next_free;
  bool stream; /* the body is to be taken piece by piece, not gathered */
};

/* The frames that were due and the ones that were served in time, filled by bench-frames.c. */
typedef struct
{
  unsigned due;
  unsigned served;     /* not later than 4 ms after its point of the grid */
  int64_t worst_us;
} BenchFrames;

struct _BenchClient
{
  const char *name;
  const char *(*library) (void);
  void (*open) (Bench *bench);
  void (*start) (Bench *bench, BenchTransfer *transfer);
  /* Turns the loop until bench_stopped(). */
  void (*run) (Bench *bench);
  void (*close) (Bench *bench);
  /* (nullable): only a client on GMainContext has them. */
  void (*frames_start) (Bench *bench, unsigned period_ms, unsigned work_ms, int priority);
  void (*frames_stop) (Bench *bench, BenchFrames *frames);
};

struct _Bench
{
  const BenchClient *client; /* (unowned) */
  void *data;                /* the client's */
  BenchWork work;
  const char *host;
  unsigned port;
  unsigned number;
  unsigned parallel;
  unsigned waiting;
  uint64_t size;
  unsigned seconds;
  unsigned frame_ms;
  unsigned frame_work_ms;
  int frame_priority;
  const char *directory;
  const char *authority;     /* (nullable): a file with whom to trust; then all goes over TLS, and HTTP/2 where that is taken */
  bool reuse;                /* handles are used again where the library allows it */
  const char *listen;        /* (nullable): a handler hears of each transfer's end ("all"), or is taken away before ("off");
                              * "bare-…": the same at an object that is nothing else */
  bool stopped;
};

/* The whole program. */
int  bench_main          (const BenchClient *client,
                          int                argc,
                          char             **argv);

bool bench_stopped       (const Bench       *bench);
/* The most transfers that exist at once: what connection limits have to be set to. */
unsigned bench_most      (const Bench       *bench);
void bench_delivered     (Bench             *bench,
                          BenchTransfer     *transfer,
                          size_t             bytes);
void bench_finished      (Bench             *bench,
                          BenchTransfer     *transfer,
                          bool               ok);
int64_t bench_now_us     (void);
_Noreturn void bench_die (const char        *what);
