/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A series, wholly derived from its seed: which transfers with which options start in which round, what the
 * application does in its callbacks, and what the server answers. The same seed gives the same plan in every build. */
#pragma once

#include <curl/curl.h>
#include <glib.h>

typedef struct _Plan Plan;

typedef enum
{
  PLAN_WAIT_POLL,   /* curl_multi_poll() */
  PLAN_WAIT_WAIT,   /* curl_multi_wait() */
  PLAN_WAIT_FDSET,  /* curl_multi_fdset() and select() */
  PLAN_WAIT_EVENTS, /* curl_multi_socket_action() */
} PlanWait;

typedef enum
{
  PLAN_PIECE_SEND,
  PLAN_PIECE_CLOSE,
  PLAN_PIECE_RESET,
} PlanPieceKind;

/* What the server does in one round. */
typedef struct
{
  PlanPieceKind kind;
  GString *bytes; /* (owned) (nullable) */
} PlanPiece;

typedef enum
{
  PLAN_CONTINUE_SEND,    /* 100 as soon as the head asks for it */
  PLAN_CONTINUE_SILENT,  /* nothing: the client's patience decides */
  PLAN_CONTINUE_REFUSED, /* 417 before the body */
} PlanContinue;

typedef enum
{
  PLAN_FRAME_HEAD,       /* bytes: "name: value" lines, ":status" first; also one of 1xx */
  PLAN_FRAME_DATA,
  PLAN_FRAME_TRAILER,    /* ends the stream */
  PLAN_FRAME_END,        /* an empty piece of data, the last */
  PLAN_FRAME_RESET,      /* number: the code; what follows never comes */
  PLAN_FRAME_GOAWAY,     /* number: the code; this stream is the last that counts */
  PLAN_FRAME_REJECT,     /* the same, but the stream before it was the last */
  PLAN_FRAME_STREAMS,    /* number: how many there may be at once from now on */
  PLAN_FRAME_WINDOW,     /* number: how much may be sent in a stream that begins */
  PLAN_FRAME_PING,
  PLAN_FRAME_CLOSE,      /* of the connection */
} PlanFrameKind;

/* What the server does in one round where HTTP/2 is spoken. */
typedef struct
{
  PlanFrameKind kind;
  gboolean end;          /* of HEAD and DATA: of the stream, too */
  GString *bytes;        /* (owned) (nullable) */
  guint32 number;
} PlanFrame;

typedef struct
{
  GPtrArray *pieces;     /* (owned) (element-type PlanPiece) */
  GPtrArray *frames;     /* (owned) (nullable) (element-type PlanFrame): the same for HTTP/2; see plan_response_get_frames() */
  gboolean early;        /* answers before the request's body has come in */
  gboolean drop_reused;  /* closes without a word when the request comes over a used connection */
  PlanContinue on_expect;
} PlanResponse;

typedef struct
{
  CURLoption id;
  gboolean is_list;      /* text has one list entry a line */
  gboolean is_null;
  char *text;            /* (owned) (nullable): then it is a string or a list */
  gint64 number;
} PlanOption;

typedef enum
{
  PLAN_DO_NOTHING,
  PLAN_DO_PAUSE,
  PLAN_DO_ABORT,
  PLAN_DO_CALL,          /* calls what is named by argument into the library and notes the answer */
  PLAN_DO_N,
} PlanDo;

typedef enum
{
  PLAN_AT_HEADER,
  PLAN_AT_WRITE,
  PLAN_AT_READ,
  PLAN_AT_PROGRESS,
  PLAN_AT_N,
} PlanAt;

typedef struct
{
  PlanAt at;
  guint nth;             /* from 1 */
  PlanDo what;
  guint argument;
} PlanAction;

/* Whom the server lets in: a request whose field begins with what is accepted; others get the refusal. */
typedef struct
{
  const char *accepted;  /* (nullable): NULL lets nobody in, once there is a refusal */
  PlanResponse *refusal; /* (owned) (nullable): NULL lets everybody in */
} PlanGate;

typedef enum
{
  PLAN_THEME_NONE,
  PLAN_THEME_AUTH,
  PLAN_THEME_PROXY,
  PLAN_THEME_CODING,
  PLAN_THEME_COOKIES,
  PLAN_THEME_MIME,
  PLAN_THEME_CALLBACKS,
  PLAN_THEME_UPLOAD,
  PLAN_THEME_RAW,        /* CURLOPT_CONNECT_ONLY */
  PLAN_THEME_MISC,
  /* Those of series with numbers of their own, PLAN_SUBJECT for each. */
  PLAN_THEME_LIMITS,     /* how many connections there may be, and which are used when */
  PLAN_THEME_WAKEUP,     /* what ends a wait */
  PLAN_THEME_LINES,      /* forms whose line ends are converted */
  PLAN_THEME_TLS,
  PLAN_THEME_HTTP2,
  PLAN_THEME_RARE,       /* options and infos that the others do not touch */
  PLAN_THEME_N,
} PlanTheme;

#define PLAN_FIRST_SUBJECT PLAN_THEME_LIMITS
#define PLAN_SUBJECT 100000

/* What a callback answers that is not called as often as data comes; −1: it is not set. */
typedef struct
{
  int sockopt;
  int opensocket;        /* 1: none is to be had */
  int closesocket;
  int prereq;
  int resolver;
  int hsts;
  int trailer;
} PlanHooks;

/* What the themes of one subject add to a transfer. */
typedef struct
{
  PlanTheme theme;
  PlanGate login;
  PlanGate proxy_login;
  PlanHooks hooks;
  gboolean verbose;      /* with a debug function */
  gboolean share;        /* of the series, with lock functions */
  gboolean form;         /* the old form API, not the new one */
  gboolean lines;        /* what is uploaded has line ends */
  gboolean url_parts;    /* the URL is given as a CURLU */
  gboolean old_callbacks; /* of progress and rewinding */
  gboolean jar;          /* cookies are written to a file */
  gboolean hsts_file;    /* one.test is asked by TLS */
  gboolean unset;        /* options are taken back one by one before the transfer */
  guint upload_fault;    /* what the read callback does wrong; 0: nothing */
} PlanWide;

typedef struct
{
  guint index;
  PlanWide wide;
  guint port;            /* the server's */
  guint refused_port;    /* nobody listens there */
  GString *header_lines; /* (owned): for CURLOPT_HTTPHEADER */
  GString *tags;         /* (owned): what is special, for reading differences and explaining known ones */
  GArray *options;       /* (owned) (element-type PlanOption) */
  GPtrArray *responses;  /* (owned) (element-type PlanResponse): the n-th request for this transfer gets the n-th */
  PlanAction action;
  guint start_round;
  int remove_round;      /* -1: never; counted from the start */
  guint pause_rounds;    /* how long a pause lasts */
  int reuse_of;          /* -1: a handle of its own; else that transfer's, when it is done */
  const Plan *plan;      /* (unowned) */
  gboolean reset;        /* curl_easy_reset() before the handle is used again */
  gboolean plain;        /* nothing special: what is left is connections, limits and order */
  gboolean progress;
  gboolean own_upload;   /* it says itself what is uploaded */
  gboolean is_file;      /* a file: URL */
  gboolean head;         /* the request asks for no body */
  gint64 upload_size;    /* what the read callback has to give */
} PlanTransfer;

/* What the server of a series with TLS is like. */
typedef enum
{
  PLAN_TLS_NONE,
  PLAN_TLS_GOOD,
  PLAN_TLS_EXPIRED,
  PLAN_TLS_OTHER_NAME,
  PLAN_TLS_SELF_SIGNED,
  PLAN_TLS_NO_ANSWER,    /* closes when the handshake begins */
  PLAN_TLS_CLEARTEXT,    /* speaks none */
} PlanTls;

/* What the server of a series says to HTTP/2. */
typedef enum
{
  PLAN_HTTP2_NONE,
  PLAN_HTTP2_OFFERED,    /* and HTTP/1.1 */
  PLAN_HTTP2_ONLY,
} PlanHttp2;

struct _Plan
{
  guint64 seed;
  PlanTls tls;
  PlanHttp2 http2;
  guint32 max_streams;   /* of the server's settings; 0: not said */
  guint32 window;        /* as before */
  gint64 http_version;   /* CURLOPT_HTTP_VERSION of all of it; 0: left alone */
  gboolean solo;         /* there is one transfer only */
  long multiplex;        /* CURLMOPT_PIPELINING; -1: left alone */
  long most_streams;     /* CURLMOPT_MAX_CONCURRENT_STREAMS; -1: left alone */
  const char *tls_priority; /* (nullable): of GnuTLS */
  guint tls_request;     /* gnutls_certificate_request_t: of a client's certificate */
  gboolean tls_rude;     /* ends without saying goodbye */
  gboolean plain;        /* all of its transfers are */
  PlanTheme theme;       /* another half of the series is about one subject each, plain in all else */
  guint port;
  guint refused_port;
  PlanWait wait;
  long max_total;        /* 0: none */
  long max_host;
  long max_connects;     /* -1: left alone */
  long buffer_size;      /* 0: left alone; as it is where handles are used again: libcurl 7.88 then writes behind it */
  GPtrArray *transfers;  /* (owned) (element-type PlanTransfer) */
};

/* For logins at one.test and at 127.0.0.1. */
#define PLAN_NETRC "/tmp/gmulti-differential-netrc"

/* The file behind the plan's file: URLs; PLAN_FILE_SIZE bytes, each as plan_byte() says. */
#define PLAN_FILE "/tmp/gmulti-differential-file"
#define PLAN_FILE_SIZE 1000

Plan   *plan_new          (guint64       seed);
void    plan_free         (Plan         *plan);
/* The frames of an answer, made of its pieces when there are none of its own. (transfer none) (element-type PlanFrame) */
GPtrArray *plan_response_get_frames (PlanResponse *response,
                           gboolean      head);
/* The body's byte at @offset, for uploads and downloads alike. */
guint8  plan_byte         (gint64        offset);
/* A number below @bound, from the seed and a counter. */
guint   plan_choose       (guint64       seed,
                           guint64       counter,
                           guint         bound);
