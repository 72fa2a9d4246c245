/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-address.h"
#include "gm-connect-settings.h"
#include "gm-result.h"
#include "gm-workers.h"

/* The near end of a socket: interface, address and port range as settings want them. A host name, and the addresses of
 * an interface, are looked up on a worker; a numeric address never is. */

typedef struct _GmLocalBind GmLocalBind;

/* Whether @settings want anything. */
gboolean     gm_local_bind_wanted  (const GmConnectSettings *settings);
/* For sockets of @family (AF_INET, AF_INET6); @owner gets a turn when the look-up is done. @settings stay alive. */
GmLocalBind *gm_local_bind_new     (const GmConnectSettings *settings,
                                    int family,
                                    GmReactor *reactor,
                                    GmRunnable *owner);
/* AGAIN while it is being looked up, OK, or INTERFACE_FAILED with errno. */
GmResult     gm_local_bind_resolve (GmLocalBind *self,
                                    int *sys_errno);
/* After that: binds @fd. OK or INTERFACE_FAILED with errno. */
GmResult     gm_local_bind_apply   (GmLocalBind *self,
                                    int fd,
                                    int *sys_errno);
void         gm_local_bind_free    (GmLocalBind *self); /* NULL is fine; never waits */
