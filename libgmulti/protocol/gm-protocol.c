/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-request.h"

const GmProtocol *
gm_protocol_find (GmScheme scheme)
{
  static const GmProtocol *const protocols[] = {
    &gm_protocol_http,
    &gm_protocol_file,
    &gm_protocol_data,
  };

  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
    if (protocols[i]->scheme == scheme)
      return protocols[i];

  return NULL;
}

gpointer
gm_request_alloc (GmRequest *self,
                  gsize size)
{
  gpointer memory = self->arena;

  size = (size + 15) & ~(gsize) 15;
  if (size > self->arena_left)
    g_error ("a protocol asks for more than GM_REQUEST_ARENA");
  self->arena += size;
  self->arena_left -= size;

  return memory;
}
