/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-source.h"

#include <string.h>

void
gm_source_init (GmSource *self,
                GmSourceKind kind,
                GmClient *client,
                GmFlow *flow,
                const char *bytes,
                gint64 size)
{
  *self = (GmSource){
    .kind = kind,
    .client = client,
    .flow = flow,
    .bytes = bytes,
    .size = kind == GM_SOURCE_NONE ? 0 : size,
    .kept_all = TRUE,
  };
}

void
gm_source_init_form (GmSource *self,
                     GmForm *form,
                     GmClient *client,
                     GmFlow *flow)
{
  gm_source_init (self, GM_SOURCE_FORM, client, flow, NULL, gm_form_get_size (form));
  self->form = form;
}

void
gm_source_clear (GmSource *self)
{
  g_clear_pointer (&self->kept, g_free);
  self->kept_len = self->kept_size = 0;
}

/* Remembers what the client gave, until it is more than is kept. Only for clients that cannot seek: asking is cheap, but
 * its answer is only known when it is needed, so all short uploads are kept. */
static void
keep (GmSource *self,
      const char *data,
      gsize len)
{
  if (!self->kept_all)
    return;

  if (self->kept_len + len > GM_SOURCE_KEEP_MAX)
    {
      gm_source_clear (self);
      self->kept_all = FALSE;
      return;
    }

  if (self->kept_len + len > self->kept_size)
    {
      gsize size = MAX (self->kept_len + len, MIN (2 * self->kept_size, GM_SOURCE_KEEP_MAX));
      char *grown = g_try_realloc (self->kept, size);

      if (grown == NULL)
        {
          gm_source_clear (self);
          self->kept_all = FALSE;
          return;
        }
      self->kept = grown;
      self->kept_size = size;
    }
  memcpy (self->kept + self->kept_len, data, len);
  self->kept_len += len;
}

static GmResult
ask_client (GmSource *self,
            char *buffer,
            gsize len,
            gsize *n)
{
  GmAnswer answer;

  *n = 0;
  if (self->flow->paused & GM_FLOW_SEND)
    return GM_AGAIN;
  if (self->kind == GM_SOURCE_FORM)
    return gm_form_read (self->form, buffer, len, n);
  if (self->client->ops->read == NULL)
    return GM_READ_FAILED;

  answer = self->client->ops->read (self->client, buffer, len, n);
  switch (answer)
    {
    case GM_ANSWER_OK:
      return *n <= len ? GM_OK : GM_READ_FAILED;
    case GM_ANSWER_PAUSE:
      self->flow->paused |= GM_FLOW_SEND;
      *n = 0;
      return GM_AGAIN;
    case GM_ANSWER_ABORT:
      *n = 0;
      return GM_ABORTED;
    case GM_ANSWER_FAIL:
    default:
      *n = 0;
      return GM_READ_FAILED;
    }
}

GmResult
gm_source_read (GmSource *self,
                char *buffer,
                gsize len,
                gsize *n)
{
  GmResult result;

  *n = 0;
  if (gm_source_is_done (self))
    return GM_OK;
  if (self->size >= 0)
    len = (gsize) MIN ((gint64) len, self->size - self->pos);

  if (self->kind == GM_SOURCE_BYTES)
    {
      memcpy (buffer, self->bytes + self->pos, len);
      self->pos += (gint64) len;
      *n = len;
      return GM_OK;
    }

  /* What was kept for sending again comes before what the client has not given yet. */
  if (self->kind == GM_SOURCE_CLIENT && self->kept_all && self->pos < (gint64) self->kept_len)
    {
      *n = MIN (len, self->kept_len - (gsize) self->pos);
      memcpy (buffer, self->kept + self->pos, *n);
      self->pos += (gint64) *n;
      return GM_OK;
    }

  result = ask_client (self, buffer, len, n);
  if (result != GM_OK)
    return result;
  if (*n == 0)
    {
      self->ended = TRUE;
      return self->size >= 0 && self->pos < self->size ? GM_READ_SHORT : GM_OK;
    }

  if (self->kind == GM_SOURCE_CLIENT)
    keep (self, buffer, *n);
  self->pos += (gint64) *n;
  return GM_OK;
}

const char *
gm_source_take_bytes (GmSource *self,
                      gsize *len)
{
  const char *bytes;

  if (self->kind != GM_SOURCE_BYTES)
    return NULL;

  bytes = self->bytes + self->pos;
  *len = (gsize) (self->size - self->pos);
  self->pos = self->size;

  return bytes;
}

GmResult
gm_source_rewind (GmSource *self)
{
  if (self->kind == GM_SOURCE_NONE || (self->pos == 0 && !self->ended))
    return GM_OK;

  if (self->kind == GM_SOURCE_FORM)
    {
      GmResult result = gm_form_rewind (self->form);

      self->pos = 0;
      self->ended = FALSE;
      return result;
    }
  if (self->kind == GM_SOURCE_CLIENT && self->client->ops->seek != NULL)
    {
      switch (self->client->ops->seek (self->client, self->start))
        {
        case GM_SEEK_OK:
          self->pos = 0;
          self->ended = FALSE;
          self->kept_len = 0;
          self->kept_all = TRUE;
          return GM_OK;
        case GM_SEEK_FAIL:
          return GM_NOT_REWINDABLE;
        case GM_SEEK_CANNOT:
        default:
          break;
        }
    }

  if (self->kind == GM_SOURCE_BYTES || self->kept_all)
    {
      /* The end of a kept upload of unknown size is found again where the kept bytes end: fix it as the size. */
      if (self->kind == GM_SOURCE_CLIENT && self->ended && self->size < 0)
        self->size = self->pos;
      self->ended = FALSE;
      self->pos = 0;
      return GM_OK;
    }

  return GM_NOT_REWINDABLE;
}

GmResult
gm_source_skip (GmSource *self,
                gint64 offset)
{
  char scratch[4096];
  gint64 left = offset;

  if (offset <= 0)
    return GM_OK;
  if (self->kind == GM_SOURCE_BYTES)
    {
      self->bytes += MIN (offset, self->size);
      self->size -= MIN (offset, self->size);
      return GM_OK;
    }
  if (self->size >= 0)
    self->size = MAX (0, self->size - offset);
  self->start = offset;

  if (self->client->ops->seek != NULL)
    {
      GmSeekAnswer answer = self->client->ops->seek (self->client, offset);

      if (answer != GM_SEEK_CANNOT)
        return answer == GM_SEEK_OK ? GM_OK : GM_READ_FAILED;
    }

  /* Read away: the client answers from its own memory, so this does not wait; a pause here cannot be kept. */
  while (left > 0)
    {
      gsize n;
      GmResult result = ask_client (self, scratch, (gsize) MIN (left, (gint64) sizeof scratch), &n);

      if (result != GM_OK)
        return result == GM_AGAIN ? GM_READ_FAILED : result;
      if (n == 0)
        return GM_READ_SHORT;
      left -= (gint64) n;
    }

  return GM_OK;
}
