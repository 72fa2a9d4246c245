/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CURLINC_MULTI_H
#define CURLINC_MULTI_H

#include "curl.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef CURL_STRICTER
typedef struct Curl_multi CURLM;
#else
typedef void CURLM;
#endif

typedef enum
{
  CURLM_CALL_MULTI_PERFORM = -1, /* never answered any more */
  CURLM_OK = 0,
  CURLM_BAD_HANDLE = 1,
  CURLM_BAD_EASY_HANDLE = 2,
  CURLM_OUT_OF_MEMORY = 3,
  CURLM_INTERNAL_ERROR = 4,
  CURLM_BAD_SOCKET = 5,
  CURLM_UNKNOWN_OPTION = 6,
  CURLM_ADDED_ALREADY = 7,
  CURLM_RECURSIVE_API_CALL = 8,
  CURLM_WAKEUP_FAILURE = 9,
  CURLM_BAD_FUNCTION_ARGUMENT = 10,
  CURLM_ABORTED_BY_CALLBACK = 11,
  CURLM_UNRECOVERABLE_POLL = 12,
  CURLM_LAST = 13
} CURLMcode;

#define CURLM_CALL_MULTI_SOCKET CURLM_CALL_MULTI_PERFORM

typedef enum
{
  CURLMSG_NONE = 0,
  CURLMSG_DONE = 1, /* the transfer is over: data.result */
  CURLMSG_LAST = 2
} CURLMSG;

struct CURLMsg
{
  CURLMSG msg;
  CURL *easy_handle;
  union
  {
    void *whatever;
    CURLcode result;
  } data;
};
typedef struct CURLMsg CURLMsg;

/* A descriptor to wait for beside the multi handle's own. */
struct curl_waitfd
{
  curl_socket_t fd;
  short events;
  short revents;
};

#define CURL_WAIT_POLLIN 0x0001
#define CURL_WAIT_POLLPRI 0x0002
#define CURL_WAIT_POLLOUT 0x0004

/* Options. The thousands say what is taken, as with CURLOPT_. */
typedef enum
{
  CURLMOPT_PIPELINING = 3,
  CURLMOPT_MAXCONNECTS = 6,
  CURLMOPT_MAX_HOST_CONNECTIONS = 7,
  CURLMOPT_MAX_PIPELINE_LENGTH = 8,
  CURLMOPT_MAX_TOTAL_CONNECTIONS = 13,
  CURLMOPT_MAX_CONCURRENT_STREAMS = 16,
  CURLMOPT_NETWORK_CHANGED = 17,
  CURLMOPT_RESOLVE_THREADS_MAX = 20,
  CURLMOPT_QUICK_EXIT = 21,

  CURLMOPT_CONTENT_LENGTH_PENALTY_SIZE = 30009,
  CURLMOPT_CHUNK_LENGTH_PENALTY_SIZE = 30010,

  CURLMOPT_PIPELINING_SITE_BL = 10011,
  CURLMOPT_PIPELINING_SERVER_BL = 10012,

  CURLMOPT_SOCKETFUNCTION = 20001,
  CURLMOPT_SOCKETDATA = 10002,
  CURLMOPT_TIMERFUNCTION = 20004,
  CURLMOPT_TIMERDATA = 10005,
  CURLMOPT_PUSHFUNCTION = 20014,
  CURLMOPT_PUSHDATA = 10015,
  CURLMOPT_NOTIFYFUNCTION = 20018,
  CURLMOPT_NOTIFYDATA = 10019,

  CURLMOPT_LASTENTRY = 22
} CURLMoption;

/* for CURLMOPT_PIPELINING */
#define CURLPIPE_NOTHING 0L
#define CURLPIPE_HTTP1 1L
#define CURLPIPE_MULTIPLEX 2L

/* for CURLMOPT_NETWORK_CHANGED */
#define CURLMNWC_CLEAR_ALL (1L << 0)
#define CURLMNWC_CLEAR_CONNS (1L << 1)
#define CURLMNWC_CLEAR_DNS (1L << 2)

CURL_EXTERN CURLM *curl_multi_init (void);
CURL_EXTERN CURLMcode curl_multi_cleanup (CURLM *m);
CURL_EXTERN CURLMcode curl_multi_setopt (CURLM *m, CURLMoption option, ...);
CURL_EXTERN const char *curl_multi_strerror (CURLMcode error);

CURL_EXTERN CURLMcode curl_multi_add_handle (CURLM *m, CURL *curl);
CURL_EXTERN CURLMcode curl_multi_remove_handle (CURLM *m, CURL *curl);
/* All that were added, NULL at the end: curl_free (). */
CURL_EXTERN CURL **curl_multi_get_handles (CURLM *m);
CURL_EXTERN CURLMsg *curl_multi_info_read (CURLM *m, int *msgs_in_queue);

typedef enum
{
  CURLMINFO_NONE = 0,
  CURLMINFO_XFERS_CURRENT = 1, /* added and not removed */
  CURLMINFO_XFERS_RUNNING = 2,
  CURLMINFO_XFERS_PENDING = 3,
  CURLMINFO_XFERS_DONE = 4,
  CURLMINFO_XFERS_ADDED = 5, /* ever */
  CURLMINFO_LASTENTRY = 6
} CURLMinfo_offt;

CURL_EXTERN CURLMcode curl_multi_get_offt (CURLM *m, CURLMinfo_offt info, curl_off_t *pvalue);

/* --- asked by the application --- */

CURL_EXTERN CURLMcode curl_multi_perform (CURLM *m, int *running_handles);
CURL_EXTERN CURLMcode curl_multi_fdset (CURLM *m, fd_set *read_fd_set, fd_set *write_fd_set, fd_set *exc_fd_set,
                                        int *max_fd);
CURL_EXTERN CURLMcode curl_multi_waitfds (CURLM *m, struct curl_waitfd *ufds, unsigned int size,
                                          unsigned int *fd_count);
CURL_EXTERN CURLMcode curl_multi_wait (CURLM *m, struct curl_waitfd extra_fds[], unsigned int extra_nfds,
                                       int timeout_ms, int *ret);
CURL_EXTERN CURLMcode curl_multi_poll (CURLM *m, struct curl_waitfd extra_fds[], unsigned int extra_nfds,
                                       int timeout_ms, int *ret);
/* The only one that any thread may call at any time. */
CURL_EXTERN CURLMcode curl_multi_wakeup (CURLM *m);
CURL_EXTERN CURLMcode curl_multi_timeout (CURLM *m, long *timeout_ms);

/* --- told to the application --- */

#define CURL_POLL_NONE 0
#define CURL_POLL_IN 1
#define CURL_POLL_OUT 2
#define CURL_POLL_INOUT 3
#define CURL_POLL_REMOVE 4

#define CURL_SOCKET_TIMEOUT CURL_SOCKET_BAD

#define CURL_CSELECT_IN 0x01
#define CURL_CSELECT_OUT 0x02
#define CURL_CSELECT_ERR 0x04

typedef int (*curl_socket_callback) (CURL *easy, curl_socket_t s, int what, void *userp, void *socketp);
typedef int (*curl_multi_timer_callback) (CURLM *m, long timeout_ms, void *userp);

CURL_EXTERN CURLMcode curl_multi_socket_action (CURLM *m, curl_socket_t s, int ev_bitmask, int *running_handles);
CURL_EXTERN CURLMcode curl_multi_assign (CURLM *m, curl_socket_t sockfd, void *sockp);

/* What was before socket_action; the second is O(n). */
CURL_EXTERN CURLMcode curl_multi_socket (CURLM *m, curl_socket_t s, int *running_handles);
CURL_EXTERN CURLMcode curl_multi_socket_all (CURLM *m, int *running_handles);
#ifndef CURL_ALLOW_OLD_MULTI_SOCKET
#define curl_multi_socket(m, s, running) curl_multi_socket_action (m, s, 0, running)
#endif

/* --- server push --- */

#define CURL_PUSH_OK 0
#define CURL_PUSH_DENY 1
#define CURL_PUSH_ERROROUT 2

struct curl_pushheaders;

typedef int (*curl_push_callback) (CURL *parent, CURL *easy, size_t num_headers, struct curl_pushheaders *headers,
                                   void *userp);

CURL_EXTERN char *curl_pushheader_bynum (struct curl_pushheaders *h, size_t num);
CURL_EXTERN char *curl_pushheader_byname (struct curl_pushheaders *h, const char *name);

/* --- notifications --- */

#define CURLMNOTIFY_INFO_READ 0 /* curl_multi_info_read () has something */
#define CURLMNOTIFY_EASY_DONE 1 /* a transfer is over */

typedef void (*curl_notify_callback) (CURLM *m, unsigned int notification, CURL *easy, void *user_data);

CURL_EXTERN CURLMcode curl_multi_notify_enable (CURLM *m, unsigned int notification);
CURL_EXTERN CURLMcode curl_multi_notify_disable (CURLM *m, unsigned int notification);

#ifdef __cplusplus
}
#endif

#endif
