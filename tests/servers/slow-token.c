/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <p11-kit/pkcs11.h>

#include <dlfcn.h>
#include <glib.h>
#include <stdlib.h>

/* SoftHSM, but for signatures: while it is held, they wait. And its open sessions are counted: the process is logged in as
 * long as there is one, and SoftHSM does not bear that the program ends while one is closed. A module of PKCS #11. */

/* Nobody wants to wait for a test that went wrong. */
#define LIMIT_US (60 * G_USEC_PER_SEC)

static CK_FUNCTION_LIST list;
static CK_FUNCTION_LIST *below;
static GMutex lock;
static GCond released;
static gboolean held;
static int n_waiting;
static int n_sessions;

/* For the test, which finds them by name. */
__attribute__ ((visibility ("default"))) void slow_token_hold (gboolean hold);
__attribute__ ((visibility ("default"))) int slow_token_n_waiting (void);
__attribute__ ((visibility ("default"))) int slow_token_n_sessions (void);

void
slow_token_hold (gboolean hold)
{
  g_mutex_lock (&lock);
  held = hold;
  g_cond_broadcast (&released);
  g_mutex_unlock (&lock);
}

int
slow_token_n_waiting (void)
{
  return g_atomic_int_get (&n_waiting);
}

int
slow_token_n_sessions (void)
{
  return g_atomic_int_get (&n_sessions);
}

static CK_RV
open_session (CK_SLOT_ID slot,
              CK_FLAGS flags,
              CK_VOID_PTR application,
              CK_NOTIFY notify,
              CK_SESSION_HANDLE_PTR session)
{
  CK_RV result;

  g_atomic_int_inc (&n_sessions);
  result = below->C_OpenSession (slot, flags, application, notify, session);
  if (result != CKR_OK)
    g_atomic_int_add (&n_sessions, -1);

  return result;
}

static CK_RV
close_session (CK_SESSION_HANDLE session)
{
  CK_RV result = below->C_CloseSession (session);

  if (result == CKR_OK)
    g_atomic_int_add (&n_sessions, -1);

  return result;
}

static CK_RV
sign (CK_SESSION_HANDLE session,
      CK_BYTE_PTR data,
      CK_ULONG data_len,
      CK_BYTE_PTR signature,
      CK_ULONG_PTR signature_len)
{
  gint64 until = g_get_monotonic_time () + LIMIT_US;

  g_atomic_int_inc (&n_waiting);
  g_mutex_lock (&lock);
  while (held && g_cond_wait_until (&released, &lock, until))
    ;
  g_mutex_unlock (&lock);
  g_atomic_int_add (&n_waiting, -1);

  return below->C_Sign (session, data, data_len, signature, signature_len);
}

__attribute__ ((visibility ("default"))) CK_RV
C_GetFunctionList (CK_FUNCTION_LIST_PTR_PTR answer)
{
  const char *path = getenv ("GMULTI_TEST_SOFTHSM");
  void *module = dlopen (path != NULL ? path : "libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
  CK_RV (*get) (CK_FUNCTION_LIST_PTR_PTR) = NULL;
  CK_RV result;

  if (module != NULL)
    *(void **) (&get) = dlsym (module, "C_GetFunctionList");
  if (get == NULL)
    return CKR_GENERAL_ERROR;

  result = get (&below);
  if (result != CKR_OK)
    return result;
  list = *below;
  list.C_Sign = sign;
  list.C_OpenSession = open_session;
  list.C_CloseSession = close_session;
  *answer = &list;

  return CKR_OK;
}
