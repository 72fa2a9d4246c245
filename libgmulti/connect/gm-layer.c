/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-layer.h"

GmResult
gm_layer_connect (GmLayer *self)
{
  while (self != NULL && self->type->connect == NULL)
    self = self->next;

  return self != NULL ? self->type->connect (self) : GM_OK;
}

/* Each layer does its own part only; that of the one below comes when it is done. So a layer that has said goodbye is
 * asked again while the ones below are at it, and answers GM_OK. */
GmResult
gm_layer_shutdown (GmLayer *self)
{
  for (; self != NULL; self = self->next)
    {
      GmResult result;

      if (self->type->shutdown == NULL)
        continue;
      result = self->type->shutdown (self);
      if (result != GM_OK)
        return result;
    }

  return GM_OK;
}

gboolean
gm_layer_query (GmLayer *self,
                GmQuery query,
                gpointer answer)
{
  for (; self != NULL; self = self->next)
    if (self->type->query != NULL && self->type->query (self, query, answer))
      return TRUE;

  return FALSE;
}

void
gm_layer_adjust (GmLayer *self,
                 GmIo want)
{
  while (self != NULL && self->type->adjust == NULL)
    self = self->next;

  if (self != NULL)
    self->type->adjust (self, want);
}

void
gm_layer_free (GmLayer *self)
{
  while (self != NULL)
    {
      GmLayer *next = self->next;

      if (self->type->free != NULL)
        self->type->free (self);
      else
        g_free (self);
      self = next;
    }
}
