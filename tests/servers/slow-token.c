/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <p11-kit/pkcs11.h>

#include <dlfcn.h>
#include <glib.h>
#include <stdlib.h>

/* SoftHSM, but for signatures: while it is held, they wait. A module of PKCS #11. */

/* Nobody wants to wait for a test that went wrong. */
#define LIMIT_US (60 * G_USEC_PER_SEC)

static CK_FUNCTION_LIST list;
static CK_FUNCTION_LIST *below;
static GMutex lock;
static GCond released;
static gboolean held;
static int n_waiting;

/* For the test, which finds them by name. */
__attribute__ ((visibility ("default"))) void slow_token_hold (gboolean hold);
__attribute__ ((visibility ("default"))) int slow_token_n_waiting (void);

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
  *answer = &list;

  return CKR_OK;
}
