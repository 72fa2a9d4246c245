/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A listen queue holds this many at the least; starting more at once would measure lost SYNs. */
#define START_BATCH 500
/* One wake-up is measured over this many single bytes, this far apart. */
#define DRIP_BYTES 200
#define DRIP_MS 8

typedef struct
{
  int64_t wall_us;
  int64_t user_us;
  int64_t system_us;
} Meter;

/* What the works keep; one program runs one work. */
typedef struct
{
  Bench bench;
  unsigned started;
  unsigned finished;
  unsigned failed;
  unsigned goal;          /* finished transfers that end the run */
  unsigned warm_up;       /* finished transfers that start the meter */
  bool endless;           /* start another whatever the count says */
  uint64_t bytes;
  uint64_t deliveries;
  int64_t last_delivery_us;
  int64_t worst_gap_us;
  int64_t last_delivery_cpu_us;
  int64_t worst_gap_cpu_us; /* the same in our own processor time: others on the machine do not count */
  int64_t deadline_us;    /* 0: none */
  Meter start;
  BenchTransfer *free_list;
  char base[64];          /* the URL before the path */
  size_t base_length;
  char path[64];          /* of the work's own transfers */
} Works;

static Works works;

static const struct option long_options[] = {
  { "work", required_argument, NULL, 'w' },      { "host", required_argument, NULL, 'h' },
  { "port", required_argument, NULL, 'p' },      { "number", required_argument, NULL, 'n' },
  { "parallel", required_argument, NULL, 'j' },  { "waiting", required_argument, NULL, 'a' },
  { "size", required_argument, NULL, 's' },      { "seconds", required_argument, NULL, 't' },
  { "frame", required_argument, NULL, 'f' },     { "frame-work", required_argument, NULL, 'k' },
  { "priority", required_argument, NULL, 'y' },  { "directory", required_argument, NULL, 'd' },
  { "cpu", required_argument, NULL, 'c' },       { "reuse", no_argument, NULL, 'r' },
  { "authority", required_argument, NULL, 'u' }, { "path", required_argument, NULL, 'x' },
  { "listen", required_argument, NULL, 'l' },
  { NULL, 0, NULL, 0 },
};

static const char usage[] =
  "--work=small|big|files|wait|frames --port=N [--host=127.0.0.1] [--number=N] [--parallel=N] [--waiting=N]\n"
  "  [--size=BYTES] [--seconds=N] [--frame=MS] [--frame-work=MS] [--priority=N] [--directory=DIR] [--cpu=N] [--reuse]\n"
  "  [--authority=FILE] [--path=PATH] [--listen=off|all|bare-none|bare-off|bare-all]";

void
bench_die (const char *what)
{
  fprintf (stderr, "%s: %s%s%s\n", works.bench.client != NULL ? works.bench.client->name : "bench", what,
           errno != 0 ? ": " : "", errno != 0 ? strerror (errno) : "");
  exit (1);
}

int64_t
bench_now_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t
cpu_now_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool
bench_stopped (const Bench *bench)
{
  return bench->stopped;
}

unsigned
bench_most (const Bench *bench)
{
  return bench->parallel + bench->waiting + START_BATCH + 8;
}

static void
meter_read (Meter *meter)
{
  struct rusage usage_now;

  getrusage (RUSAGE_SELF, &usage_now);
  meter->wall_us = bench_now_us ();
  meter->user_us = (int64_t) usage_now.ru_utime.tv_sec * 1000000 + usage_now.ru_utime.tv_usec;
  meter->system_us = (int64_t) usage_now.ru_stime.tv_sec * 1000000 + usage_now.ru_stime.tv_usec;
}

static Meter
meter_since (const Meter *start)
{
  Meter now;

  meter_read (&now);
  now.wall_us -= start->wall_us;
  now.user_us -= start->user_us;
  now.system_us -= start->system_us;
  return now;
}

static int64_t
meter_cpu_us (const Meter *meter)
{
  return meter->user_us + meter->system_us;
}

static int64_t
resident_bytes (void)
{
  long total = 0;
  long resident = 0;
  FILE *file = fopen ("/proc/self/statm", "re");

  if (file == NULL || fscanf (file, "%ld %ld", &total, &resident) != 2)
    bench_die ("/proc/self/statm");
  fclose (file);
  return (int64_t) resident * sysconf (_SC_PAGESIZE);
}

/* Asks the server over a socket of our own, so that the client under test does not pay. */
static void
ask_server (const char *path, char *answer, size_t size)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (works.bench.port) };
  char request[256];
  size_t have = 0;
  ssize_t got;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int length = snprintf (request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);

  inet_pton (AF_INET, works.bench.host, &address.sin_addr);
  if (fd < 0 || connect (fd, (struct sockaddr *) &address, sizeof address) != 0
      || send (fd, request, length, MSG_NOSIGNAL) != length)
    bench_die ("cannot ask the server");
  while (have + 1 < size && (got = recv (fd, answer + have, size - 1 - have, 0)) > 0)
    have += got;
  answer[have] = '\0';
  close (fd);
}

/* The figure behind "name=" in the server's statistics. */
static long
server_figure (const char *answer, const char *name)
{
  const char *at = strstr (answer, name);

  return at != NULL ? strtol (at + strlen (name) + 1, NULL, 10) : -1;
}

static BenchTransfer *
transfer_new (const char *path)
{
  BenchTransfer *transfer = works.free_list;

  if (transfer != NULL)
    works.free_list = transfer->next_free;
  else if ((transfer = calloc (1, sizeof *transfer)) == NULL)
    bench_die ("no memory");

  /* The bench's own work is kept small: it is part of every figure. */
  if (transfer->url == NULL || strcmp (transfer->url + works.base_length, path) != 0)
    {
      free (transfer->url);
      transfer->url = malloc (works.base_length + strlen (path) + 1);
      memcpy (transfer->url, works.base, works.base_length);
      strcpy (transfer->url + works.base_length, path);
    }
  transfer->bytes = 0;
  transfer->stream = false;
  return transfer;
}

static void
start_path (const char *path, bool stream)
{
  BenchTransfer *transfer = transfer_new (path);

  transfer->stream = stream;
  works.bench.client->start (&works.bench, transfer);
}

/* One more of the work's own transfers. */
static void
start_next (void)
{
  BenchTransfer *transfer = transfer_new (works.path);

  transfer->stream = works.bench.size > 0;
  if (works.bench.work == BENCH_WORK_FILES)
    {
      char name[512];

      /* A name that no earlier run has used: what lies there already is not replaced by everybody. */
      snprintf (name, sizeof name, "%s/%s-%d-%u", works.bench.directory, works.bench.client->name, (int) getpid (),
                works.started);
      free (transfer->path);
      transfer->path = strdup (name);
    }
  works.started++;
  works.bench.client->start (&works.bench, transfer);
}

void
bench_delivered (Bench *bench, BenchTransfer *transfer, size_t bytes)
{
  transfer->bytes += bytes;
  works.bytes += bytes;
  works.deliveries++;
  if (bench->work == BENCH_WORK_FRAMES)
    {
      int64_t now = bench_now_us ();
      int64_t cpu = cpu_now_us ();

      if (works.last_delivery_us != 0)
        {
          works.worst_gap_us = MAX (works.worst_gap_us, now - works.last_delivery_us);
          works.worst_gap_cpu_us = MAX (works.worst_gap_cpu_us, cpu - works.last_delivery_cpu_us);
        }
      works.last_delivery_us = now;
      works.last_delivery_cpu_us = cpu;
      if (works.deadline_us != 0 && now >= works.deadline_us)
        bench->stopped = true;
    }
}

void
bench_finished (Bench *bench, BenchTransfer *transfer, bool ok)
{
  if (bench->size > 0 && transfer->stream && transfer->bytes != bench->size)
    ok = false;
  transfer->next_free = works.free_list;
  works.free_list = transfer;

  works.failed += !ok;
  if (++works.finished == works.warm_up)
    meter_read (&works.start);
  if (works.finished >= works.goal)
    {
      bench->stopped = true;
      return;
    }
  if (works.endless ? !bench->stopped : works.started < works.goal)
    start_next ();
}

static void
run_until (unsigned goal)
{
  works.goal = goal;
  works.bench.stopped = works.finished >= goal;
  works.bench.client->run (&works.bench);
}

static void
print_head (const char *work)
{
  printf ("{\"client\": \"%s\", \"library\": \"%s\", \"work\": \"%s\", \"failed\": %u", works.bench.client->name,
          works.bench.client->library (), work, works.failed);
}

static void
print_meter (const Meter *meter)
{
  printf (", \"wall_us\": %lld, \"user_us\": %lld, \"system_us\": %lld, \"cpu_us\": %lld", (long long) meter->wall_us,
          (long long) meter->user_us, (long long) meter->system_us, (long long) meter_cpu_us (meter));
}

/* small, big and files: PARALLEL at a time until NUMBER are done after the warm-up. */
static void
work_many (const char *name)
{
  Bench *bench = &works.bench;
  Meter spent;
  unsigned i;

  works.warm_up = bench->work == BENCH_WORK_SMALL ? 2 * bench->parallel : 0;
  works.goal = works.warm_up + bench->number;
  meter_read (&works.start);
  for (i = 0; i < bench->parallel && works.started < works.goal; i++)
    start_next ();
  run_until (works.goal);
  spent = meter_since (&works.start);
  print_head (name);
  printf (", \"number\": %u, \"parallel\": %u, \"size\": %llu, \"bytes\": %llu", bench->number, bench->parallel,
          (unsigned long long) bench->size, (unsigned long long) works.bytes);
  print_meter (&spent);
  printf (", \"cpu_us_each\": %.3f}\n", (double) meter_cpu_us (&spent) / bench->number);
}

/* COUNT more waiting transfers; returns when the server has got the requests of all of them. */
static void
start_waiting (unsigned *waiting, unsigned count)
{
  char path[64];
  unsigned i;

  *waiting += count;
  snprintf (path, sizeof path, "/gate/%u", *waiting);
  start_path (path, false);
  for (i = 0; i < count; i++)
    start_path ("/stall", false);
  run_until (works.finished + 1);
}

static void
work_wait (void)
{
  Bench *bench = &works.bench;
  unsigned waiting = 0;
  int64_t resident, heap;
  double wake_up;
  Meter spent;
  char path[64];

  /* The first transfer brings in what there is once per process. */
  start_path ("/small", false);
  run_until (works.finished + 1);
  resident = resident_bytes ();
  heap = (int64_t) mallinfo2 ().uordblks;
  while (waiting < bench->waiting)
    start_waiting (&waiting, bench->waiting - waiting < START_BATCH ? bench->waiting - waiting : START_BATCH);
  resident = resident_bytes () - resident;
  heap = (int64_t) mallinfo2 ().uordblks - heap;

  snprintf (path, sizeof path, "/drip/%d/%d", DRIP_BYTES, DRIP_MS);
  works.deliveries = 0;
  start_path (path, true);
  meter_read (&works.start);
  run_until (works.finished + 1);
  spent = meter_since (&works.start);
  wake_up = works.deliveries > 0 ? (double) meter_cpu_us (&spent) / works.deliveries : 0;

  meter_read (&works.start);
  start_waiting (&waiting, START_BATCH);
  spent = meter_since (&works.start);
  print_head ("wait");
  printf (", \"waiting\": %u, \"resident_each\": %.1f, \"heap_each\": %.1f, \"deliveries\": %llu, \"wake_up_us\": %.2f"
          ", \"start_us\": %.2f}\n",
          bench->waiting, (double) resident / bench->waiting, (double) heap / bench->waiting,
          (unsigned long long) works.deliveries, wake_up, (double) meter_cpu_us (&spent) / START_BATCH);
}

static void
work_frames (void)
{
  Bench *bench = &works.bench;
  BenchFrames frames = { 0 };
  char answer[1024];
  Meter spent;
  unsigned i;

  if (bench->client->frames_start == NULL)
    {
      print_head ("frames");
      printf (", \"skipped\": \"not on GMainContext\"}\n");
      return;
    }
  works.endless = true;
  works.goal = ~0u;
  for (i = 0; i < bench->parallel; i++)
    start_next ();
  ask_server ("/reset", answer, sizeof answer);
  works.last_delivery_us = 0;
  meter_read (&works.start);
  works.deadline_us = works.start.wall_us + (int64_t) bench->seconds * 1000000;
  bench->client->frames_start (bench, bench->frame_ms, bench->frame_work_ms, bench->frame_priority);
  run_until (works.goal);
  bench->client->frames_stop (bench, &frames);
  spent = meter_since (&works.start);
  ask_server ("/stats", answer, sizeof answer);
  print_head ("frames");
  printf (", \"parallel\": %u, \"size\": %llu, \"frame_ms\": %u, \"frame_work_ms\": %u, \"priority\": %d"
          ", \"frames_due\": %u, \"frames_served\": %u, \"frames_percent\": %.1f, \"frame_worst_us\": %lld"
          ", \"finished\": %u, \"bytes\": %llu, \"delivery_gap_us\": %lld, \"delivery_gap_cpu_us\": %lld"
          ", \"network_gap_us\": %ld",
          bench->parallel, (unsigned long long) bench->size, bench->frame_ms, bench->frame_work_ms,
          bench->frame_priority, frames.due, frames.served, frames.due > 0 ? 100.0 * frames.served / frames.due : 0.0,
          (long long) frames.worst_us, works.finished, (unsigned long long) works.bytes,
          (long long) works.worst_gap_us, (long long) works.worst_gap_cpu_us, server_figure (answer, "gap_us"));
  print_meter (&spent);
  printf ("}\n");
}

static void
pin (int cpu)
{
  cpu_set_t set;

  CPU_ZERO (&set);
  CPU_SET (cpu, &set);
  /* A machine with one core measures all the same, and one where we may not push others aside, too. */
  sched_setaffinity (0, sizeof set, &set);
  setpriority (PRIO_PROCESS, 0, -20);
}

static BenchWork
parse_work (const char *name)
{
  static const char *const names[] = { "small", "big", "files", "wait", "frames" };
  size_t i;

  for (i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp (names[i], name) == 0)
      return (BenchWork) i;
  errno = 0;
  bench_die (usage);
}

static void
parse_option (Bench *bench, int letter, const char *value)
{
  unsigned long long number = value != NULL ? strtoull (value, NULL, 10) : 0;

  switch (letter)
    {
    case 'w': bench->work = parse_work (value); break;
    case 'h': bench->host = value; break;
    case 'p': bench->port = number; break;
    case 'n': bench->number = number; break;
    case 'j': bench->parallel = number; break;
    case 'a': bench->waiting = number; break;
    case 's': bench->size = number; break;
    case 't': bench->seconds = number; break;
    case 'f': bench->frame_ms = number; break;
    case 'k': bench->frame_work_ms = number; break;
    case 'y': bench->frame_priority = atoi (value); break;
    case 'd': bench->directory = value; break;
    case 'c': pin (number); break;
    case 'r': bench->reuse = true; break;
    case 'l': bench->listen = value; break;
    case 'u': bench->authority = value; break;
    case 'x': snprintf (works.path, sizeof works.path, "%s", value); break;
    default: errno = 0; bench_die (usage);
    }
}

static void
raise_descriptor_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0)
    {
      limit.rlim_cur = limit.rlim_max;
      setrlimit (RLIMIT_NOFILE, &limit);
    }
}

int
bench_main (const BenchClient *client, int argc, char **argv)
{
  Bench *bench = &works.bench;
  int letter;

  *bench = (Bench) { .client = client, .host = "127.0.0.1", .number = 1000, .parallel = 10, .waiting = 1000,
                     .seconds = 3, .frame_ms = 16, .frame_priority = 120, .directory = "/dev/shm" };
  while ((letter = getopt_long (argc, argv, "", long_options, NULL)) != -1)
    parse_option (bench, letter, optarg);
  errno = 0;
  if (bench->port == 0 || bench->number == 0 || bench->parallel == 0 || bench->waiting == 0)
    bench_die (usage);
  if (bench->work != BENCH_WORK_WAIT)
    bench->waiting = 0;
  raise_descriptor_limit ();
  works.base_length = snprintf (works.base, sizeof works.base, "%s://%s:%u",
                                bench->authority != NULL ? "https" : "http", bench->host, bench->port);
  if (works.path[0] == '\0' && bench->size > 0 && bench->work != BENCH_WORK_SMALL)
    snprintf (works.path, sizeof works.path, "/size/%llu", (unsigned long long) bench->size);
  else if (works.path[0] == '\0')
    strcpy (works.path, "/small");

  client->open (bench);
  switch (bench->work)
    {
    case BENCH_WORK_SMALL: work_many ("small"); break;
    case BENCH_WORK_BIG: work_many ("big"); break;
    case BENCH_WORK_FILES: work_many ("files"); break;
    case BENCH_WORK_WAIT: work_wait (); break;
    case BENCH_WORK_FRAMES: work_frames (); break;
    default: abort ();
    }
  fflush (stdout);
  /* What still waits is left to the kernel: ending it is not what is measured. */
  if (bench->work == BENCH_WORK_WAIT || bench->work == BENCH_WORK_FRAMES)
    _exit (works.failed != 0);
  client->close (bench);
  return works.failed != 0;
}
