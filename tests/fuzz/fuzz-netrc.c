/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "gm-netrc.h"

/* A .netrc file. The first byte says who is looked for. */

static void
check (GmSpan text,
       const char *user)
{
  char *login = NULL;
  char *password = NULL;
  GmNetrc found = gm_netrc_find (text, GM_SPAN ("a"), user, &login, &password);

  FUZZ_CHECK ((found == GM_NETRC_FOUND) == (login != NULL));
  FUZZ_CHECK (login != NULL || password == NULL);
  if (login != NULL)
    {
      FUZZ_CHECK (user == NULL || g_str_equal (login, user));
      FUZZ_CHECK (strlen (login) <= GM_NETRC_MAX_WORD);
    }
  g_free (login);
  g_free (password);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  GmSpan input = gm_span ((const char *) data, MIN (size, FUZZ_MAX_SIZE));
  guint8 choice = fuzz_cut_byte (&input);

  check (input, (choice & 1) != 0 ? "u" : NULL);
  return 0;
}
