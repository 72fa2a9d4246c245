/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls-pair.h"

#include "gm-trust.h"

#include <stdlib.h>

#define N_EXITS 40
#define STEP_US 400

/* Certificates enough to be at for a while. */
static GBytes *
make_many (void)
{
  g_autoptr (GBytes) one = zoo_get_pem (scripted_tls_get_authority (), 0);
  GByteArray *all = g_byte_array_new ();

  for (guint i = 0; i < 1000; i++)
    g_byte_array_append (all, g_bytes_get_data (one, NULL), (guint) g_bytes_get_size (one));

  return g_byte_array_free_to_bytes (all);
}

/* The end of a program while a worker reads what is trusted. */
static void
test_exits (gconstpointer data)
{
  GmTlsSettings *settings = gm_tls_settings_copy (NULL);
  GmReactor reactor;
  Turner owner;

  if (!g_test_subprocess ())
    return;

  settings->ca_bytes = make_many ();
  gm_reactor_init (&reactor, NULL, NULL, NULL);
  turner_init (&owner, NULL, NULL);
  gm_trust_ask (GM_TLS_ANCHORS, settings, &reactor, &owner.runnable);
  g_usleep (GPOINTER_TO_UINT (data) * STEP_US);
  exit (0);
}

static void
test_exit (void)
{
  for (guint i = 0; i < N_EXITS; i++)
    {
      g_autofree char *path = g_strdup_printf ("/trust/exit/subprocess/%u", i);

      g_test_trap_subprocess (path, 30 * G_USEC_PER_SEC, 0);
      g_test_trap_assert_passed ();
    }
}

int
main (int argc,
      char **argv)
{
  g_setenv ("MALLOC_PERTURB_", "4", TRUE); /* what is freed is no longer what it was */
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trust/exit", test_exit);
  for (guint i = 0; i < N_EXITS; i++)
    {
      g_autofree char *path = g_strdup_printf ("/trust/exit/subprocess/%u", i);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_exits);
    }

  return g_test_run ();
}
