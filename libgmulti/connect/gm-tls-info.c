/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-tls-info.h"

GmTlsInfo *
gm_tls_info_ref (GmTlsInfo *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_tls_info_unref (GmTlsInfo *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  g_ptr_array_unref (self->chain);
  g_free (self->cipher);
  g_free (self->alpn);
  g_free (self->name);
  g_free (self);
}
