/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-question.h"
#include "gmulti-core-private.h"
#include "gmulti-session.h"
#include "gmulti-transfer-list-private.h"

struct _GMultiSession
{
  GObject parent_instance;

  GmCore *core; /* (owned) */
  int priority;
  gboolean threaded;
  GmTransferList *transfers; /* (owned) (nullable): made on first use */
};

/* Just below GTK's redraw (120): work must not keep frames waiting, however much of it there is. */
#define GM_SESSION_DEFAULT_PRIORITY 130
/* As many as browsers open to one host of HTTP/1.1. */
#define GM_SESSION_DEFAULT_MAX_CONNECTIONS_PER_HOST 6
#define GM_SESSION_DEFAULT_MAX_STREAMS 100

typedef enum
{
  GM_SESSION_PROP_PRIORITY = 1,
  GM_SESSION_PROP_HAS_THREAD,
  GM_SESSION_PROP_MAX_ACTIVE,
  GM_SESSION_PROP_MAX_CONNECTIONS,
  GM_SESSION_PROP_MAX_CONNECTIONS_PER_HOST,
  GM_SESSION_PROP_MAX_STREAMS_PER_CONNECTION,
  GM_SESSION_PROP_MAX_IDLE_CONNECTIONS,
  GM_SESSION_PROP_IDLE_TIMEOUT,
  GM_SESSION_PROP_PROGRESS_INTERVAL,
  GM_SESSION_PROP_USER_AGENT,
  GM_SESSION_PROP_DOH_URI,
  GM_SESSION_PROP_PROXY_RESOLVER,
  GM_SESSION_PROP_TLS_DATABASE,
  GM_SESSION_PROP_TLS_INTERACTION,
  GM_SESSION_PROP_COOKIE_JAR,
  GM_SESSION_PROP_STATE_FILE,
  GM_SESSION_PROP_TRANSFERS,
  GM_SESSION_PROP_MAX_DOWNLOAD_RATE,
  GM_SESSION_PROP_MAX_UPLOAD_RATE,
  GM_SESSION_PROP_N_ACTIVE,
  GM_SESSION_PROP_N_QUEUED,
  GM_SESSION_PROP_FRACTION,
  GM_SESSION_PROP_SPEED,
} GmSessionProperty;

/* ---- the properties, given by gmulti-session-properties.c ---- */
extern GParamSpec *gm_session_properties[GM_SESSION_PROP_SPEED + 1];
/* of the monitors, which have their own file; the first of them */
#define GM_SESSION_PROP_MONITORS (GM_SESSION_PROP_SPEED + 1)
/* and behind them what servers see of the user */
#define GM_SESSION_PROP_MANNERS (GM_SESSION_PROP_MONITORS + 3)

void    gm_session_install_properties (GObjectClass *object_class);

/* Borrowed. For tests that put something else under the engine, in the thread that turns it. */
GmCore *gm_face_session_get_core (GMultiSession *self);

/* What somebody is there to answer for all transfers of the session, as 1 << GmQuestionKind; looked at when one starts. */
guint   gm_face_session_get_ask  (GMultiSession *self);
/* The home context of @transfer, whose own handlers have not taken @question (a GMultiChallenge, a GMultiTrustCheck): TRUE
 * if one of the session's has. Application code runs. */
gboolean gm_face_session_ask     (GMultiSession *self,
                                  GmQuestionKind kind,
                                  GMultiTransfer *transfer,
                                  gpointer question);

/* ---- what servers see of the user, four properties in a row, given by gmulti-session-manners.c; likewise ---- */
#define GM_SESSION_N_MANNERS 4
void     gm_face_session_install_manners (GObjectClass *object_class,
                                          guint first);
gboolean gm_face_session_get_manner (GMultiSession *self,
                                     guint place,
                                     GValue *value);
gboolean gm_face_session_set_manner (GMultiSession *self,
                                     guint place,
                                     const GValue *value);

/* ---- the properties that are monitors, three in a row, given by gmulti-session-surroundings.c ---- */
void     gm_face_session_install_monitors (GObjectClass *object_class,
                                           guint first);
/* FALSE: it is none of them. */
gboolean gm_face_session_get_monitor (GMultiSession *self,
                                      guint place, /* from the first on */
                                      GValue *value);
gboolean gm_face_session_set_monitor (GMultiSession *self,
                                      guint place,
                                      const GValue *value);
