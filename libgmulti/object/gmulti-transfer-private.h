/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-errand-private.h"
#include "gmulti-group-private.h"
#include "gmulti-inquiry-private.h"
#include "gmulti-transfer.h"

/* The object is a mirror: its errand works, and only the delivery of the errand's reports in the home context writes
 * what is below "response side". The lock makes the scalars readable from any thread. */

struct _GMultiTransfer
{
  GObject parent_instance;

  GMutex lock;

  /* request side; frozen while @busy */
  GmPlan plan;
  char *title;     /* (owned) (nullable) */
  gboolean paused; /* before the start: begin as paused */
  GmMember *member; /* (owned) (nullable): its place in a group */

  /* response side */
  gboolean busy;
  GmErrand *errand; /* (owned) (nullable): the current or the last one */
  GmMirror mirror;
  GmHead *head;             /* (owned) (nullable) */
  GmHead *trailer_head;     /* (owned) (nullable) */
  const GmInfo *info;       /* (nullable): in the errand, which ended */
  GMultiResponse *response; /* (owned) (nullable): made of @head when asked for, like the next two */
  GMultiHeaders *trailers;  /* (owned) (nullable) */
  GMultiMetrics *metrics;   /* (owned) (nullable) */
  GError *error;            /* (owned) (nullable) */
};

typedef struct
{
  GObjectClass parent_class;
} GMultiTransferClass;

typedef enum
{
  GM_TRANSFER_PROP_URI = 1,
  GM_TRANSFER_PROP_METHOD,
  GM_TRANSFER_PROP_USER_AGENT,
  GM_TRANSFER_PROP_PROXY_RESOLVER,
  GM_TRANSFER_PROP_USE_COOKIES,
  GM_TRANSFER_PROP_FIRST_PARTY,
  GM_TRANSFER_PROP_TITLE,
  GM_TRANSFER_PROP_ACCEPT_STATUS,
  GM_TRANSFER_PROP_HTTP_POLICY,
  GM_TRANSFER_PROP_REDIRECTS,
  GM_TRANSFER_PROP_MAX_REDIRECTS,
  GM_TRANSFER_PROP_CONNECT_TIMEOUT,
  GM_TRANSFER_PROP_RESPONSE_TIMEOUT,
  GM_TRANSFER_PROP_STALL_TIMEOUT,
  GM_TRANSFER_PROP_TIMEOUT,
  GM_TRANSFER_PROP_MAX_SIZE,
  GM_TRANSFER_PROP_MAX_ATTEMPTS,
  GM_TRANSFER_PROP_CONNECTABLE,
  GM_TRANSFER_PROP_NEW_CONNECTION,
  GM_TRANSFER_PROP_CONSTRAINTS,
  GM_TRANSFER_PROP_DECODE,
  GM_TRANSFER_PROP_TLS_DATABASE,
  GM_TRANSFER_PROP_TLS_INTERACTION,
  GM_TRANSFER_PROP_TLS_PINS,
  GM_TRANSFER_PROP_CLIENT_CERTIFICATE,
  GM_TRANSFER_PROP_PRIORITY,
  GM_TRANSFER_PROP_MAX_DOWNLOAD_RATE,
  GM_TRANSFER_PROP_MAX_UPLOAD_RATE,
  GM_TRANSFER_PROP_REQUEST_HEADERS,
  GM_TRANSFER_PROP_STATE,
  GM_TRANSFER_PROP_FINISHED,
  GM_TRANSFER_PROP_WAIT_REASON,
  GM_TRANSFER_PROP_PHASE,
  GM_TRANSFER_PROP_ATTEMPT,
  GM_TRANSFER_PROP_FRACTION,
  GM_TRANSFER_PROP_BYTES_RECEIVED,
  GM_TRANSFER_PROP_BYTES_SENT,
  GM_TRANSFER_PROP_TOTAL,
  GM_TRANSFER_PROP_SPEED,
  GM_TRANSFER_PROP_REMAINING,
  GM_TRANSFER_PROP_STATUS_TEXT,
  GM_TRANSFER_PROP_RESPONSE,
  GM_TRANSFER_PROP_TRAILERS,
  GM_TRANSFER_PROP_METRICS,
  GM_TRANSFER_PROP_ERROR,
} GmTransferProperty;

extern GParamSpec *gm_transfer_properties[GM_TRANSFER_PROP_ERROR + 1];

void          gm_face_transfer_install_properties (GObjectClass *object_class);

/* The request side may be changed: it is a mistake of the program, and said to be, if not. */
gboolean      gm_face_transfer_check_idle (GMultiTransfer *self);
/* Tells the errand, if there is one under way. */
void          gm_face_transfer_order    (GMultiTransfer *self,
                                         GmOrder order);

/* FALSE if it is under way already; else it is frozen and queued, with @errand as its errand. */
gboolean      gm_face_transfer_begin    (GMultiTransfer *self,
                                         GmErrand *errand);
/* FALSE: nobody is connected to any signal, now, but for handlers that are blocked. */
gboolean      gm_face_transfer_is_heard (GMultiTransfer *self);
/* Somebody is connected to notify, now. */
gboolean      gm_face_transfer_is_watched (GMultiTransfer *self);

/* ---- the engine's thread, before completion ---- */
const GmPlan *gm_face_transfer_get_plan (GMultiTransfer *self);
void          gm_face_transfer_get_live (GMultiTransfer *self,
                                         int *priority,
                                         guint64 *max_download_rate,
                                         guint64 *max_upload_rate);
char         *gm_face_transfer_dup_host (GMultiTransfer *self); /* (nullable) */
/* ---- its group; any thread ---- */
/* FALSE if it is in one already. Takes a reference. */
gboolean      gm_face_transfer_join     (GMultiTransfer *self,
                                         GmMember *member);
/* (transfer full) (nullable): its member, if that has @band; it is in no group then. */
GmMember     *gm_face_transfer_leave    (GMultiTransfer *self,
                                         GmBand *band);
void          gm_face_transfer_get_share (GMultiTransfer *self,
                                          GmShare *share);
GmBand       *gm_face_transfer_ref_band (GMultiTransfer *self); /* (nullable): of its group */

/* ---- the home context; application code runs ---- */
/* All of @report but completion. FALSE: nobody is connected to anything, so that no code of the application ran last and
 * completion has nobody to tell either. */
gboolean      gm_face_transfer_report   (GMultiTransfer *self,
                                         GmErrand *errand,
                                         GmReport *report);
/* What the application is there to answer, as 1 << GmQuestionKind; looked at when it starts. */
guint         gm_face_transfer_get_ask  (GMultiTransfer *self);
/* Asks the application; takes @inquiry. @blocking: no loop runs that could bring an answer later than at once. */
void          gm_face_transfer_ask      (GMultiTransfer *self,
                                         GmInquiry *inquiry,
                                         gboolean blocking);
void          gm_face_transfer_complete (GMultiTransfer *self,
                                         GmErrand *errand,
                                         GmReport *report,
                                         gboolean heard);
/* Nobody is there to be told of @report: only what getters say is what it was. Any thread. */
void          gm_face_transfer_lose     (GMultiTransfer *self,
                                         GmReport *report);
