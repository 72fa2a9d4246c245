/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "gmulti-headers.h"
#include "gm-transfer.h"

/* What the application asked a transfer to do: the request side of GMultiTransfer. Written by the setters before the
 * start, in whatever thread the application uses for that; only read from the start to the end. */

/* Redirect chains of the web are short; browsers stop at 20. */
#define GM_DEFAULT_MAX_REDIRECTS 20
/* Milliseconds: half a minute is more than any host that still answers needs, and less than people wait. */
#define GM_DEFAULT_CONNECT_TIMEOUT 30000

typedef enum
{
  GM_UPLOAD_NONE,
  GM_UPLOAD_BYTES,
  GM_UPLOAD_FILE,
  GM_UPLOAD_STREAM,
  GM_UPLOAD_FORM,
} GmUploadKind;

typedef struct
{
  char *uri;              /* (owned) (nullable): a GRefString, which the engine shares */
  char *method;           /* (owned) (nullable): NULL = GET, or POST if there is a body */
  GMultiHeaders *headers; /* (owned) (nullable): made on first use */
  char *bad_header;       /* (owned) (nullable): name of one that cannot be sent: fails the start */
  char *bearer_token;     /* (owned) (nullable) */
  char **signer;          /* (owned) (nullable): scope, access key and secret of requests that are signed */
  char *user_agent;       /* (owned) (nullable): NULL = the session's */
  char *first_party;      /* (owned) (nullable): URI of the page it is made for */
  char *content_type;     /* (owned) (nullable): of the body */
  GProxyResolver *proxy_resolver; /* (owned) (nullable): NULL = the session's */
  gpointer body;          /* (owned) (nullable): GBytes, GFile, GInputStream or GMultiForm by @body_kind */
  GTlsDatabase *tls_database;          /* (owned) (nullable): NULL = the session's */
  GTlsInteraction *tls_interaction;    /* (owned) (nullable): NULL = the session's */
  GTlsCertificate *client_certificate; /* (owned) (nullable) */
  GSocketConnectable *connectable; /* (owned) (nullable): NULL = the host of the URI */
  char *tls_pins;         /* (owned) (nullable) */
  gint64 body_length;     /* of a stream; -1 unknown */
  guint64 range_offset;
  gint64 range_length; /* -1 to the end */
  guint64 max_size;    /* 0 = no limit */
  guint64 max_download_rate; /* bytes per second, 0 = no limit; live */
  guint64 max_upload_rate;   /* live */
  int priority;              /* live; lower first */
  guint connect_timeout;     /* ms, 0 = never; so are the others */
  guint response_timeout;
  guint stall_timeout;
  guint timeout;
  guint max_redirects;
  guint max_attempts;
  guint16 http_policy; /* GMultiHttpPolicy */
  guint8 redirects; /* GMultiRedirects */
  guint8 constraints; /* GMultiConstraints */
  guint8 body_kind; /* GmUploadKind */
  guint8 has_range;
  guint8 accept_status;
  guint8 no_cookies; /* neither sent nor taken */
  guint8 raw; /* codings are neither asked for nor undone */
  guint8 new_connection;
} GmPlan;

/* The database (nullable) is more than a file that the engine reads by itself: it has to be asked about each
 * certificate. */
gboolean gm_plan_asks_database (GTlsDatabase *database);
/* Makes the engine trust whom @database trusts, towards servers or a proxy, or leave that to who asks it. */
void     gm_plan_apply_database (GTlsDatabase *database,
                                 GmTransfer *engine,
                                 gboolean to_proxy);
/* Makes the engine show @certificate to servers, or to proxies. */
void     gm_plan_apply_certificate (GTlsCertificate *certificate,
                                    GmTransfer *engine,
                                    gboolean to_proxy);
/* @option: GM_OPTION_TLS_PINS or that of a proxy. TLS_SETTINGS: there is something in @pins that is no pin. */
GmResult gm_plan_apply_pins (const char *pins,
                             GmTransfer *engine,
                             GmOption option);
void     gm_plan_init       (GmPlan *self);
void     gm_plan_clear      (GmPlan *self);
/* Any of them NULL: requests are not signed. */
void     gm_plan_set_signer (GmPlan *self,
                             const char *scope,
                             const char *access_key,
                             const char *secret);
void     gm_plan_take_body  (GmPlan *self,
                             GmUploadKind kind,
                             const char *content_type,
                             gpointer body,
                             gint64 length);

/* GMultiConstraints: those of its own that mean something for where it goes. What stays on this machine needs no
 * network. */
guint    gm_plan_get_constraints (const GmPlan *self);

/* (transfer full) (nullable): which part of it has led to @result. */
char    *gm_plan_dup_fault (const GmPlan *self,
                            GmResult result);

/* The header lines in the layout the engine wants; they live as long as the errand. NULL if there are none. @form_type
 * (nullable) is the Content-Type of a form, which nobody else knows; @languages (nullable) the
 * Accept-Language of a plan that has none. */
GmStringList *gm_plan_make_header_list (const GmPlan *self,
                                        const char *form_type,
                                        const char *languages);
void          gm_header_list_free      (GmStringList *list); /* NULL is fine */

/* What all transfers of a session have in common, plans that nobody touched included. */
void     gm_plan_apply_defaults (GmTransfer *engine,
                                 const char *user_agent, /* (nullable) */
                                 guint idle_timeout);
/* Writes what differs from those to @engine. @list as made above. What the engine refuses comes out as its result. */
GmResult gm_plan_apply      (const GmPlan *self,
                             GmTransfer *engine,
                             const GmStringList *list);
/* How much there is to upload, once that is known. */
GmResult gm_plan_apply_size (const GmPlan *self,
                             GmTransfer *engine,
                             gint64 size);
/* Of a transfer that may run already. */
void     gm_plan_apply_priority (int priority,
                                 GmTransfer *engine);
void     gm_plan_apply_rates (guint64 max_download_rate,
                              guint64 max_upload_rate,
                              GmTransfer *engine);
