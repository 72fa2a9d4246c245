/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <curl/curl.h>

#include "gm-curl-stores.h"
#include "gm-form.h"
#include "gm-transfer.h"

/* The easy handle: a transfer of the engine, the application's callbacks, and what has to be kept for answers. */

typedef struct _GmCurlEasy GmCurlEasy;
typedef struct _GmCurlMulti GmCurlMulti;
typedef struct _GmCurlShare GmCurlShare;

/* What curl_easy_setopt () keeps here; everything else goes into the engine's settings. All pointers are the
 * application's. Copied whole by curl_easy_duphandle (). */
typedef struct
{
  curl_write_callback writefunction;
  void *writedata;
  curl_read_callback readfunction;
  void *readdata;
  curl_write_callback headerfunction;
  void *headerdata;
  curl_seek_callback seekfunction;
  void *seekdata;
  curl_ioctl_callback ioctlfunction;
  void *ioctldata;
  curl_progress_callback progressfunction;
  curl_xferinfo_callback xferinfofunction;
  void *xferinfodata;
  curl_debug_callback debugfunction;
  void *debugdata;
  curl_opensocket_callback opensocketfunction;
  void *opensocketdata;
  curl_sockopt_callback sockoptfunction;
  void *sockoptdata;
  curl_closesocket_callback closesocketfunction;
  void *closesocketdata;
  curl_prereq_callback prereqfunction;
  void *prereqdata;
  curl_resolver_start_callback resolverstart;
  void *resolverstartdata;
  curl_hstsread_callback hstsreadfunction;
  void *hstsreaddata;
  curl_hstswrite_callback hstswritefunction;
  void *hstswritedata;
  curl_trailer_callback trailerfunction;
  void *trailerdata;
  FILE *stderr_file;
  char *errorbuffer;
  void *private_data;
  CURLU *curlu;
  curl_mime *mimepost;
  struct curl_httppost *httppost;
  long mime_options;
  guint form_kind; /* GmCurlFormKind */
  curl_off_t postfieldsize;
  long maxconnects;
  long upkeep_interval_ms;
  gboolean verbose;
  gboolean noprogress;
  gboolean certinfo;
  gboolean crlf; /* line ends of uploads become those of the network */
  gboolean header; /* heads go to the write function, too */
} GmCurlSettings;

/* Texts that curl_easy_getinfo () and the header calls gave out; freed when replaced. */
typedef enum
{
  GM_CURL_TEXT_CONTENT_TYPE,
  GM_CURL_TEXT_PRIMARY_IP,
  GM_CURL_TEXT_LOCAL_IP,
  GM_CURL_TEXT_REFERER,
  GM_CURL_TEXT_HEADER,
  GM_CURL_N_TEXTS,
} GmCurlText;

struct _GmCurlEasy
{
  guint32 magic;
  GmTransfer *transfer; /* (owned) */
  GmClientOps ops; /* what the engine is to ask; kept in step with @set while in a multi */
  gboolean ops_stale;
  GmCurlSettings set;
  GmCurlMulti *multi; /* (unowned) (nullable): that it was added to */
  GList link; /* in multi->easies; data is the handle */
  GmCurlMulti *own_multi; /* (owned) (nullable): of curl_easy_perform (), keeps its connections */
  GmCurlShare *share; /* (unowned) (nullable): counted there */
  GmCurlStores *stores; /* (owned) (nullable) */
  GmForm *form; /* (owned) (nullable): the composed body of the last run */
  curl_mime *form_mime; /* (owned) (nullable): … and its parts, where they are not the application's */
  curl_mime *own_mime; /* (owned) (nullable): of a copied handle */
  CURLMsg msg;
  GList msg_link; /* in multi->messages while unread; data is the handle, else NULL */
  CURLcode result; /* of the last run */
  gboolean finished; /* @result is known */
  GString *held_lines; /* (owned) (nullable): header lines that wait because a callback paused at the first of them */
  gboolean held_for_body; /* they are trailers: not before the body is told */
  gboolean after_head; /* header lines that come now are trailers */
  gboolean line_begun; /* the line at hand was looked at, and one of its functions may have had it */
  gboolean line_is_trailer;
  guint line_written; /* bytes of it that the body's function has had */
  gboolean head_is_shown; /* the debug function had the end of a head */
  gboolean resuming; /* held lines are being offered */
  gboolean refused; /* a held line was not taken: the next question is answered so */
  gboolean performing; /* in curl_easy_perform () */
  gboolean leaving; /* is being taken out of @multi, which may call back */
  gboolean doomed; /* curl_easy_cleanup () came while it could not go */
  gboolean after_cr; /* with @set.crlf: the last byte uploaded was a CR */
  curl_off_t delivered; /* bytes of bodies that the application took in this run */
  struct curl_header header; /* last one given out */
  struct curl_tlssessioninfo session; /* the same */
  char *texts[GM_CURL_N_TEXTS]; /* (owned) (nullable) */
  struct _GmCurlCertinfo *certinfo; /* (owned) (nullable): last one given out */
  struct _GmCurlMeter *meter; /* (owned) (nullable) */
  guint64 closing; /* a connection that is gone, and not told about yet; 0 = none */
};

/* The handle, or NULL if @curl is none. */
GmCurlEasy *gm_curl_easy_check       (CURL *curl);
GmCurlEasy *gm_curl_easy_from_client (GmClient *client);

/* The multi handle whose callbacks may be in progress for it: the one it is in, else its own. (nullable) */
GmCurlMulti *gm_curl_easy_get_active_multi (GmCurlEasy *self);

/* Just before it is given to the engine: forgets the last run, takes over a CURLOPT_CURLU. */
CURLcode    gm_curl_easy_prepare     (GmCurlEasy *self);
/* The engine (or an aborted multi handle) is done with it: result, sentence in the error buffer. */
void        gm_curl_easy_finish      (GmCurlEasy *self,
                                      CURLcode result);
/* Frees all, at once. Use curl_easy_cleanup (). */
void        gm_curl_easy_destroy     (GmCurlEasy *self);
/* Replaces a text given out; @text is taken over. */
const char *gm_curl_easy_keep_text   (GmCurlEasy *self,
                                      GmCurlText which,
                                      char *text);
