/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "get-display.h"
#include "get-options.h"

#include <gmulti.h>

/* GetJob: one URL on its way to one place. Runs once, on the thread-default main context. */
typedef struct _GetJob GetJob;

/* The job is over; @error is NULL when all is there. The job may be freed here. */
typedef void (*GetJobFunc) (GetJob *job,
                            const GError *error,
                            gpointer user_data);

/* @name is where to save it below the folder of @options, or NULL; @options has to outlive the job. */
GetJob *get_job_new (const GetOptions *options,
                     const char *uri,
                     const char *name);
void get_job_free (GetJob *self);

/* @func is called once, and never before the return. */
void get_job_start (GetJob *self,
                    GMultiSession *session,
                    GCancellable *cancellable,
                    GetJobFunc func,
                    gpointer user_data);

/* At most @rate bytes a second from now on; 0 is no limit. */
void get_job_set_rate (GetJob *self,
                       guint64 rate);

/* Whether it moves now: jobs that wait for their turn do not, nor those that are over. */
gboolean get_job_is_active (GetJob *self);
/* Fills @row, whose title is borrowed from the job. */
void get_job_describe (GetJob *self,
                       GetRow *row);
/* Bytes that came over the network. */
guint64 get_job_get_received (GetJob *self);
/* The name it has for the user: first that of the URL, in the end that of the file. */
const char *get_job_get_title (GetJob *self);
/* Whether a connection had to be made for it; known when it is over. */
gboolean get_job_made_connection (GetJob *self);
