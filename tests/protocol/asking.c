/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "asking.h"

/* ---- the client ---- */

static Asking *
asking_of (GmClient *client)
{
  return client->face;
}

static GmAnswer
write_cb (GmClient *client,
          const char *data,
          gsize len,
          gsize *taken)
{
  Asking *self = asking_of (client);

  self->n_writes++;
  self->largest_write = MAX (self->largest_write, len);
  if (self->fail_write_at > 0 && self->n_writes == (guint) self->fail_write_at)
    return self->write_failure;
  g_assert_cmpint (self->flow.paused & GM_FLOW_RECV, ==, 0);

  if (self->pause_each > 0)
    {
      *taken = MIN (len, self->pause_each);
      g_string_append_len (self->body, data, (gssize) *taken);
      return GM_ANSWER_PAUSE;
    }
  g_string_append_len (self->body, data, (gssize) len);
  return GM_ANSWER_OK;
}

static GmAnswer
header_cb (GmClient *client,
           const char *line,
           gsize len)
{
  g_string_append_len (asking_of (client)->head, line, (gssize) len);
  return asking_of (client)->header_answer;
}

static GmAnswer
read_cb (GmClient *client,
         char *buffer,
         gsize len,
         gsize *n)
{
  Asking *self = asking_of (client);

  *n = MIN (len, self->upload_len - self->upload_pos);
  if (self->upload_step > 0)
    *n = MIN (*n, self->upload_step);
  if (*n == 0)
    return self->upload_failure;

  memcpy (buffer, self->upload + self->upload_pos, *n);
  self->upload_pos += *n;
  /* The pause takes hold after this piece. */
  if (self->upload_pauses)
    self->flow.paused |= GM_FLOW_SEND;
  return GM_ANSWER_OK;
}

static const GmClientOps client_ops = {
  .write = write_cb,
  .header = header_cb,
  .read = read_cb,
};

static void
news_cb (GmRequest *request,
         GmNews news)
{
  g_string_append_c (asking_of (request->client)->news, news == GM_NEWS_HEAD ? 'H' : 'i');
}

/* ---- turns ---- */

static void
step (gpointer data)
{
  Asking *self = data;

  if (self->begun && self->result == GM_AGAIN)
    self->result = self->request.protocol->step (&self->request);
}

void
asking_init (Asking *self,
             gboolean foreign)
{
  *self = (Asking){ .result = GM_AGAIN };
  gm_reactor_init (&self->reactor, NULL, &turning_ops, &self->told);
  gm_reactor_set_foreign (&self->reactor, foreign);
  turner_init (&self->owner, step, self);
  self->client = (GmClient){ &client_ops, self };
  self->head = g_string_new (NULL);
  self->body = g_string_new (NULL);
  self->news = g_string_new (NULL);
  asking_reset (self);
}

void
asking_reset (Asking *self)
{
  asking_end (self);
  g_string_truncate (self->head, 0);
  g_string_truncate (self->body, 0);
  g_string_truncate (self->news, 0);
  g_clear_pointer (&self->headers, gm_headers_unref);
  gm_info_clear (&self->info);
  gm_error_clear (&self->error);
  self->settings = gm_request_settings_default;
  self->flow = (GmFlow){ .recv_quota = G_MAXINT64, .send_quota = G_MAXINT64 };
  self->headers = gm_headers_new (GM_HEADERS_MAX_BYTES, GM_HEADERS_MAX_ENTRIES);
  self->largest_write = self->pause_each = 0;
  self->lifts = TRUE;
  self->n_writes = 0;
  self->fail_write_at = 0;
  self->write_failure = GM_ANSWER_FAIL;
  self->header_answer = GM_ANSWER_OK;
  self->upload = NULL;
  self->upload_len = self->upload_pos = self->upload_step = 0;
  self->upload_pauses = FALSE;
  self->upload_failure = GM_ANSWER_OK;
}

void
asking_clear (Asking *self)
{
  asking_reset (self);
  g_clear_pointer (&self->headers, gm_headers_unref);
  gm_reactor_dequeue (&self->reactor, &self->owner.runnable);
  gm_reactor_clear (&self->reactor);
  g_assert_cmpuint (self->told.n_announced, ==, self->told.n_withdrawn);
  g_string_free (self->head, TRUE);
  g_string_free (self->body, TRUE);
  g_string_free (self->news, TRUE);
}

void
asking_begin (Asking *self,
              const char *url,
              GmMethod method)
{
  GmRequest *request = &self->request;

  asking_end (self);
  g_assert_cmpint (gm_url_parse (url, strlen (url), GM_URL_DEFAULT, &self->url), ==, GM_OK);
  memset (self->arena, 0, sizeof self->arena);
  self->settings.method = (guint8) method;
  gm_source_init (&self->source, method == GM_METHOD_PUT ? GM_SOURCE_CLIENT : GM_SOURCE_NONE, &self->client,
                  &self->flow, NULL, self->settings.upload_size);
  *request = (GmRequest){
    .protocol = gm_protocol_find (gm_url_get_scheme (self->url)),
    .url = self->url,
    .settings = &self->settings,
    .reactor = &self->reactor,
    .owner = &self->owner.runnable,
    .holder = self,
    .client = &self->client,
    .flow = &self->flow,
    .source = &self->source,
    .headers = self->headers,
    .info = &self->info,
    .error = &self->error,
    .method = method,
    .news = news_cb,
    .arena = self->arena,
    .arena_left = sizeof self->arena,
  };
  gm_sink_client_init (&request->client_sink, &self->client, &self->flow);
  request->client_sink.max_size = (guint64) self->settings.max_size;
  request->sink = &request->client_sink.sink;

  gm_reactor_begin_turn (&self->reactor);
  self->begun = TRUE;
  self->result = request->protocol->begin (request);
  if (self->result == GM_OK)
    {
      self->result = GM_AGAIN;
      step (self);
    }
}

void
asking_end (Asking *self)
{
  if (!self->begun)
    return;

  self->begun = FALSE;
  self->request.protocol->end (&self->request);
  gm_sink_client_clear (&self->request.client_sink);
  gm_source_clear (&self->source);
  g_clear_pointer (&self->url, gm_url_unref);
}

static void
turn (Asking *self)
{
  if (self->lifts && self->flow.paused != 0)
    {
      self->flow.paused = 0;
      gm_reactor_queue (&self->reactor, &self->owner.runnable);
    }
  if (self->request.wake_at != 0 && self->request.wake_at <= g_get_monotonic_time ())
    gm_reactor_queue (&self->reactor, &self->owner.runnable);
  turning_once (&self->reactor, 10 * 1000);
}

GmResult
asking_finish (Asking *self)
{
  gint64 end = g_get_monotonic_time () + TURNING_LIMIT_US;

  while (self->result == GM_AGAIN && g_get_monotonic_time () < end)
    turn (self);
  g_assert_cmpint (self->result, !=, GM_AGAIN);
  return self->result;
}

GmResult
asking_run (Asking *self,
            const char *url,
            GmMethod method)
{
  asking_begin (self, url, method);
  return asking_finish (self);
}

void
asking_wait_body (Asking *self,
                  gsize len)
{
  gint64 end = g_get_monotonic_time () + TURNING_LIMIT_US;

  while (self->body->len < len && g_get_monotonic_time () < end)
    turn (self);
  g_assert_cmpuint (self->body->len, >=, len);
}

void
asking_wait_upload (Asking *self,
                    guint64 len)
{
  gint64 end = g_get_monotonic_time () + TURNING_LIMIT_US;

  while (self->info.uploaded < len && g_get_monotonic_time () < end)
    turn (self);
  g_assert_cmpuint (self->info.uploaded, >=, len);
}

void
asking_wait (Asking *self,
             guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;

  while (g_get_monotonic_time () < end)
    turn (self);
}

void
asking_check_body (Asking *self,
                   const char *data,
                   gsize len)
{
  g_assert_cmpuint (self->body->len, ==, len);
  g_assert_true (len == 0 || memcmp (self->body->str, data, len) == 0);
}
