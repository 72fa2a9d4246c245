/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A Kerberos realm in a temporary folder: MIT's key server on a free port of 127.0.0.1, one user, the services of this
 * machine, and a key table for whoever plays the server. It needs no rights and touches nothing of the system's. While
 * there is one, KRB5_CONFIG, KRB5CCNAME and KRB5_KTNAME of this process say so; all functions are for the test's thread,
 * while nobody else is at Kerberos. */

#define KDC_USER "user"
#define KDC_PASSWORD "secret"
#define KDC_REALM "GMULTI.TEST"

typedef struct _Kdc Kdc;

/* NULL if the programs are not installed. The services are HTTP and web at 127.0.0.1 and localhost, and rcmd at the
 * former. */
Kdc     *kdc_new      (void);
void     kdc_free     (Kdc *self); /* stops it, removes all; takes NULL */
/* The user has a ticket from now on, for so many seconds. */
void     kdc_log_in   (Kdc *self,
                       guint seconds);
/* He has none. */
void     kdc_log_out  (Kdc *self);
/* From now on the realm's key server is said to be at that port of 127.0.0.1; 0: where it is. */
void     kdc_set_port (Kdc *self,
                       guint16 port);

/* ---- programs of tests that need a realm ---- */

typedef struct
{
  const char *path;
  GTestFixtureFunc func;
} KdcTest;

#define KDC_TEST(path, func) { path, (GTestFixtureFunc) func }

/* Runs them all, each with a fixture of its own, in one realm that is *@kdc meanwhile, and in which the user has a ticket;
 * skips them all, and calls neither function, where none can be had. What g_test_run() answers. */
int      kdc_run_tests (Kdc **kdc,
                        const KdcTest *tests,
                        guint n_tests,
                        gsize fixture_size,
                        GTestFixtureFunc set_up,
                        GTestFixtureFunc tear_down);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Kdc, kdc_free)
