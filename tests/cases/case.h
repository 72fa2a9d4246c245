/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers.h"
#include "proxy-server.h"
#include "scripted-server.h"

/* A transfer case: a server that does something, transfers that meet it, and what must come of it. Written once against
 * the C face, run under each driver. The frame around a case checks what holds for all of them: each transfer that was
 * added completed exactly once, nothing is still announced, no descriptor is left open. */

typedef struct _Case Case;

typedef enum
{
  CASE_DEFAULT = 0,
  CASE_NOT_ON_LIBCURL = 1 << 0, /* the real libcurl 7.88 does otherwise; @why says what */
  CASE_NOT_ON_LIBCURL_EVENTS = 1 << 1, /* the same, for the event interface alone */
  CASE_ONLY_EVENTS = 1 << 2,
  CASE_ONLY_PULL = 1 << 3,
  CASE_NOT_YET = 1 << 4, /* ours cannot yet: @why */
  CASE_NOT_SELECT = 1 << 5, /* needs more descriptors than select can */
  CASE_SLOW = 1 << 6, /* takes seconds */
  CASE_LARGE = 1 << 7, /* too much for tools that slow everything down */
  CASE_NOT_OVER_FAULTS = 1 << 8, /* is about what a fault takes away: @why */
  CASE_CODED = 1 << 9, /* needs every content coding */
  CASE_ONLY_CLEARTEXT = 1 << 15, /* has URLs that say http: not over TLS */
} CaseFlags;

typedef struct
{
  const char *name;
  void (*run) (Case *c);
  CaseFlags flags;
  const char *why; /* (nullable) */
} CaseSpec;

/* One easy handle with everything that it brought. */
typedef struct
{
  Case *c; /* (unowned) */
  Driver *driver; /* (unowned): the one it is added to */
  CURL *easy; /* (owned) */
  const char *name; /* (unowned) (nullable): for messages */
  GString *order; /* (owned): i informational head, H final head, B body, T trailer, U upload read, E its end,
                     S seek, D done; the same again is not repeated, except i, H, S and D */
  GString *head; /* (owned): every header line */
  GString *last_head; /* (owned): only of the last answer, with its trailers */
  GByteArray *body; /* (owned) */
  guint64 body_length; /* also when not kept */
  gboolean keep_body;
  guint64 seed; /* with !keep_body: what comes is checked against this pattern … */
  guint64 offset; /* … from here */
  GBytes *upload; /* (owned) (nullable): what the read callback gives */
  gsize upload_at;
  gsize upload_step; /* at most so much in one call; 0: no limit */
  guint n_reads;
  guint n_seeks;
  gboolean in_trailers;
  gboolean final;
  guint n_added;
  guint n_removed; /* before it was done */
  guint n_done;
  CURLcode result; /* of the last completion */
  gint64 added_at;
  gint64 done_at;
  char error[CURL_ERROR_SIZE];
  GSList *lists; /* (owned) of curl_slist: freed behind the handle */
  void (*done) (gpointer transfer); /* (nullable): called from the loop when its message was read */
  gpointer user_data; /* (unowned): the test's */
} CaseTransfer;

/* Why a case cannot run through a proxy: its name, or its beginning with "*" behind it. */
typedef struct
{
  const char *name;
  const char *why;
} CaseException;

/* How to go through the frame's own proxy with --through=NAME. */
typedef struct
{
  const char *name;
  const char *scheme;
  gboolean tunnel;
  gboolean http2; /* in front of it: TLS and HTTP/2 */
  const CaseException *const *exceptions; /* (array zero-terminated=1) */
} CaseThrough;

/* (nullable) Set by a program that takes --through=NAME: what there is. */
extern const CaseThrough *case_throughs; /* (array zero-terminated=1) */

struct _Case
{
  const CaseSpec *spec; /* (unowned) */
  const DriverType *type; /* (unowned) */
  GPtrArray *drivers; /* (owned) of Driver */
  GPtrArray *servers; /* (owned) of ScriptedServer */
  GPtrArray *transfers; /* (owned) of CaseTransfer */
  ProxyServer *proxy; /* (owned) (nullable): of --through */
  struct _ProxyFront *front; /* (owned) (nullable): before it */
};

/* (nullable) Why a case makes no sense over this program's wire; NULL = it does. */
extern const char *(*case_leaves_out) (const char *name);

/* (nullable) Called for each transfer when it was made. */
extern void (*case_made) (CaseTransfer *t);

gboolean        case_on_libcurl    (void); /* built against the real one */
/* Everything that waits is given so many times longer where the machine is made slow by tools. */
guint           case_patience      (void);

Driver         *case_driver        (Case *c); /* the first; made when asked for */
Driver         *case_new_driver    (Case *c); /* one more, with a multi handle of its own */
ScriptedServer *case_server        (Case *c); /* the first; made when asked for */
ScriptedServer *case_new_server    (Case *c,
                                    ScriptedServerFlags flags);

/* "http", or "https" where every server speaks TLS; its default port. */
const char     *case_scheme        (void);
guint           case_default_port  (void);

/* A handle for @url, or for that target on the first server if it starts with a slash; "any://" stands for the scheme. All callbacks are set. */
CaseTransfer   *case_transfer      (Case *c,
                                    const char *url);
/* The read callback gives @data (all of it, or @step bytes a call), the seek callback works; @size: CURLOPT_INFILESIZE. */
void            case_upload_from   (CaseTransfer *t,
                                    GBytes *data,
                                    gsize step);
/* A list that lives as long as the transfer: the lines up to NULL. */
struct curl_slist *case_list       (CaseTransfer *t,
                                    const char *first,
                                    ...) G_GNUC_NULL_TERMINATED;

void            case_add           (CaseTransfer *t);
void            case_add_to        (CaseTransfer *t,
                                    Driver *driver);
void            case_remove        (CaseTransfer *t);
/* Forgets what it brought, so that the same handle may be added again. */
void            case_rewind        (CaseTransfer *t);

/* Turns until every transfer that was added is done; fails after 15 s of patience. */
void            case_run           (Case *c);
/* Turns until @condition holds; FALSE when @ms went by first. */
gboolean        case_run_until     (Case *c,
                                    gboolean (*condition) (gpointer data),
                                    gpointer data,
                                    guint ms);
void            case_run_for       (Case *c,
                                    guint ms);
/* Turns until @server has had @n requests; fails after 15 s of patience. */
void            case_run_asked     (Case *c,
                                    ScriptedServer *server,
                                    guint n);
/* Turns until @t is done, whatever a driver was told of the number that run: a removal does not tell that anew. */
void            case_run_done      (CaseTransfer *t);
/* Turns until a loop that ends when it has nothing to watch and no timer would end, of what says goodbye, too; fails when that
 * does not come. Nothing runs any more. */
void            case_run_to_rest   (Case *c);
void            case_run_transfer  (CaseTransfer *t); /* add, and turn until it is done */
CaseTransfer   *case_get           (Case *c,
                                    const char *url); /* make, add, turn until it is done */

long            case_info          (CaseTransfer *t,
                                    CURLINFO info);
curl_off_t      case_info_off      (CaseTransfer *t,
                                    CURLINFO info);
const char     *case_info_str      (CaseTransfer *t,
                                    CURLINFO info);

void            case_check_ok      (CaseTransfer *t,
                                    long status,
                                    const char *body); /* NULL: whatever */
void            case_check_error   (CaseTransfer *t,
                                    CURLcode result);
void            case_check_order   (CaseTransfer *t,
                                    const char *order);
void            case_check_log     (Case *c,
                                    const char *summary); /* of the first server */

/* One case under one driver, as a test at @path. @spec must live as long as the program. */
void            case_add_test      (const char *path,
                                    const CaseSpec *spec,
                                    const DriverType *type);
/* A whole test program: each case of each table (NULL at their end) under each driver, or under --driver=NAME alone. */
int             case_main          (int argc,
                                    char *argv[],
                                    const CaseSpec *const *tables);

#define case_set(t, option, value) \
  g_assert_cmpint (curl_easy_setopt ((t)->easy, (option), (value)), ==, CURLE_OK)
