/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-private.h"

#include <string.h>

/* Series about HTTP/2: how it is agreed upon, what servers say in it that HTTP/1 has no words for, and how many requests
 * go over one connection. */

static PlanFrame *
frame_add (GPtrArray *frames, PlanFrameKind kind, guint32 number)
{
  PlanFrame *frame = g_new0 (PlanFrame, 1);

  frame->kind = kind;
  frame->number = number;
  g_ptr_array_add (frames, frame);
  return frame;
}

static PlanFrame *
frame_add_bytes (GPtrArray *frames, PlanFrameKind kind, const char *bytes, gsize size)
{
  PlanFrame *frame = frame_add (frames, kind, 0);

  frame->bytes = g_string_new_len (bytes, (gssize) size);
  return frame;
}

static void
frame_free (gpointer data)
{
  PlanFrame *frame = data;

  if (frame->bytes != NULL)
    g_string_free (frame->bytes, TRUE);
  g_free (frame);
}

static GPtrArray *
frames_new (void)
{
  return g_ptr_array_new_with_free_func (frame_free);
}

/* @head, of HTTP/1, as fields. (transfer full) */
static char *
fields_of (const char *head)
{
  g_auto (GStrv) lines = g_strsplit (head, "\r\n", -1);
  GString *fields = g_string_new (NULL);

  g_string_append_printf (fields, ":status: %.3s\n", lines[0] + strlen ("HTTP/1.1 "));
  for (guint i = 1; lines[i] != NULL; i++)
    {
      char *colon = strchr (lines[i], ':');
      g_autofree char *name = NULL;

      if (colon == NULL || g_ascii_strncasecmp (lines[i], "Connection:", 11) == 0)
        continue;
      name = g_ascii_strdown (lines[i], colon - lines[i]);
      g_string_append_printf (fields, "%s: %s\n", name, g_strchug (colon + 1));
    }
  return g_string_free (fields, FALSE);
}

GPtrArray *
plan_response_get_frames (PlanResponse *response, gboolean head)
{
  g_autoptr (GString) whole = g_string_new (NULL);
  g_autofree char *text = NULL;
  g_autofree char *fields = NULL;
  const char *end;
  gsize at;

  if (response->frames != NULL)
    return response->frames;
  response->frames = frames_new ();
  for (guint i = 0; i < response->pieces->len; i++)
    {
      PlanPiece *piece = g_ptr_array_index (response->pieces, i);

      if (piece->kind == PLAN_PIECE_SEND)
        g_string_append_len (whole, piece->bytes->str, (gssize) piece->bytes->len);
    }
  end = g_strstr_len (whole->str, (gssize) whole->len, "\r\n\r\n");
  g_assert_nonnull (end);
  at = (gsize) (end + 4 - whole->str);
  text = g_strndup (whole->str, at - 4);
  fields = fields_of (text);
  frame_add_bytes (response->frames, PLAN_FRAME_HEAD, fields, strlen (fields))->end = head || at == whole->len;
  if (!head && at < whole->len)
    frame_add_bytes (response->frames, PLAN_FRAME_DATA, whole->str + at, whole->len - at)->end = TRUE;
  return response->frames;
}

/* ---- answers ---- */

static const guint32 codes[] = { 0, 1, 2, 7, 8, 11, 13, 99 };

typedef struct
{
  Chance *chance;
  PlanTransfer *transfer;
  GPtrArray *frames;
  guint size;           /* of the body */
  const char *fault;    /* (nullable) */
  guint32 code;
} Draft;

static gboolean
faulty (const Draft *self, const char *fault)
{
  return g_strcmp0 (self->fault, fault) == 0;
}

static void
choose_fault (Draft *self)
{
  static const char *const faults[] = {
    "reset-first", "reset-headed", "reset-midway", "reset-late", "too-short", "too-long", "pseudo-trailer", "no-status",
    "connection-field", "status-101", "many-pings",
    /* Those concern whoever else is on the connection. */
    "goaway", "goaway-close", "reject", "close-first", "close-headed", "close-midway", "streams-0", "streams-1",
  };
  guint n = G_N_ELEMENTS (faults) - (self->transfer->plan->solo ? 0 : 8);

  if (!chance_percent (self->chance, self->transfer->plan->solo ? 60 : 20))
    return;
  self->fault = faults[chance_below (self->chance, n)];
  self->code = codes[chance_below (self->chance, G_N_ELEMENTS (codes))];
  /* From then on the others know, too. */
  if (self->code == 13 && !self->transfer->plan->solo)
    self->code = 2;
  g_string_append_printf (self->transfer->tags, " h2fault=%s", self->fault);
  if (g_str_has_prefix (self->fault, "reset") || g_str_has_prefix (self->fault, "goaway") || faulty (self, "reject"))
    g_string_append_printf (self->transfer->tags, " code=%u", self->code);
}

static void
add_informational (Draft *self)
{
  static const char *const heads[] = {
    ":status: 103\nlink: </style.css>; rel=preload\n", ":status: 100\n", ":status: 102\nx-stage: 1\n",
  };

  if (faulty (self, "status-101"))
    frame_add_bytes (self->frames, PLAN_FRAME_HEAD, ":status: 101\n", 13);
  if (!chance_percent (self->chance, 10))
    return;
  plan_tag (self->transfer, "1xx");
  for (guint n = 1 + chance_below (self->chance, 2); n > 0; n--)
    {
      const char *head = heads[chance_below (self->chance, G_N_ELEMENTS (heads))];

      frame_add_bytes (self->frames, PLAN_FRAME_HEAD, head, strlen (head));
    }
}

static void
add_head (Draft *self, guint status, const char *location)
{
  static const char *const fields[] = {
    "content-type: text/html\n", "date: Sun, 22 Nov 2026 12:00:00 GMT\n", "x-empty: \n", "set-cookie: a=b; path=/\n",
    "set-cookie: c=d\n", "etag: \"1\"\n", "x-one: 1\n", "x-one: 2\n", "retry-after: 120\n",
  };
  g_autoptr (GString) head = g_string_new (NULL);

  if (!faulty (self, "no-status"))
    g_string_append_printf (head, ":status: %u\n", status);
  if (location != NULL)
    g_string_append_printf (head, "location: %s\n", location);
  for (guint n = chance_below (self->chance, 5); n > 0; n--)
    g_string_append (head, fields[chance_below (self->chance, G_N_ELEMENTS (fields))]);
  if (faulty (self, "connection-field"))
    g_string_append (head, "connection: close\n");
  if (chance_percent (self->chance, 5))
    {
      g_string_append (head, "x-huge: ");
      for (guint i = 0; i < 2000; i++)
        g_string_append (head, "0123456789abcdef");
      g_string_append_c (head, '\n');
      plan_tag (self->transfer, "huge");
    }
  if (status != 204 && (faulty (self, "too-short") || faulty (self, "too-long") || chance_percent (self->chance, 60)))
    g_string_append_printf (head, "content-length: %u\n",
                            self->size + (faulty (self, "too-short") ? 5 : faulty (self, "too-long") ? -1 : 0));
  frame_add_bytes (self->frames, PLAN_FRAME_HEAD, head->str, head->len)->end = self->transfer->head || status == 204
                                                                                || status == 304;
}

/* What ends the stream early, when it is time for that. */
static gboolean
ends_early (Draft *self, const char *when)
{
  gboolean closes = self->fault != NULL && g_str_has_prefix (self->fault, "close-");

  if (self->fault == NULL || (!closes && !g_str_has_prefix (self->fault, "reset-")) || !g_str_has_suffix (self->fault, when))
    return FALSE;
  frame_add (self->frames, closes ? PLAN_FRAME_CLOSE : PLAN_FRAME_RESET, self->code);
  return TRUE;
}

/* False: it was cut. */
static gboolean
add_body (Draft *self)
{
  guint cut = chance_below (self->chance, self->size + 1);
  guint n;

  for (guint at = 0; at < self->size; at += n)
    {
      g_autofree char *bytes = g_malloc (self->size);

      n = 1 + chance_below (self->chance, 2 * self->size / 3 + 1);
      n = MIN (n, self->size - at);
      for (guint i = 0; i < n; i++)
        bytes[i] = (char) plan_byte (at + i);
      if (at + n > cut && ends_early (self, "-midway"))
        return FALSE;
      frame_add_bytes (self->frames, PLAN_FRAME_DATA, bytes, n);
    }
  return !ends_early (self, "-late");
}

static void
add_end (Draft *self)
{
  static const char *const trailers[] = { "x-sum: 12345\n", "x-sum: 12345\nx-other: trailer\n" };
  const char *trailer = faulty (self, "pseudo-trailer") ? ":status: 200\n"
                        : trailers[chance_below (self->chance, G_N_ELEMENTS (trailers))];

  if (faulty (self, "pseudo-trailer") || chance_percent (self->chance, 15))
    frame_add_bytes (self->frames, PLAN_FRAME_TRAILER, trailer, strlen (trailer));
  else
    frame_add (self->frames, PLAN_FRAME_END, 0);
  if (faulty (self, "goaway-close"))
    frame_add (self->frames, PLAN_FRAME_CLOSE, 0);
}

/* What is said besides. */
static void
add_frames (Draft *self)
{
  if (faulty (self, "streams-0") || faulty (self, "streams-1"))
    frame_add (self->frames, PLAN_FRAME_STREAMS, faulty (self, "streams-1"));
  for (guint n = faulty (self, "many-pings") ? 20 : chance_percent (self->chance, 5); n > 0; n--)
    frame_add (self->frames, PLAN_FRAME_PING, 0);
  if (chance_percent (self->chance, 4))
    frame_add (self->frames, PLAN_FRAME_WINDOW, chance_percent (self->chance, 50) ? 500 : 1000000);
  if (faulty (self, "goaway") || faulty (self, "goaway-close"))
    frame_add (self->frames, PLAN_FRAME_GOAWAY, self->code);
  if (faulty (self, "reject"))
    frame_add (self->frames, PLAN_FRAME_REJECT, self->code);
}

static void
fill_frames (Draft *self, guint status, const char *location)
{
  add_frames (self);
  if (faulty (self, "reject"))
    {
      frame_add (self->frames, PLAN_FRAME_CLOSE, 0);
      return;
    }
  if (ends_early (self, "-first"))
    return;
  add_informational (self);
  add_head (self, status, location);
  if (self->transfer->head || status == 204 || status == 304 || ends_early (self, "-headed"))
    return;
  if (add_body (self))
    add_end (self);
}

static PlanResponse *
make_answer (Chance *chance, PlanTransfer *transfer, guint nth, gboolean more)
{
  static const guint sizes[] = { 0, 1, 100, 1000, 5000, 20000, 70000, 200000 };
  static const guint others[] = { 404, 401, 500, 204, 304, 503, 201, 421, 429 };
  static const guint redirects[] = { 301, 302, 303, 307, 308 };
  Draft self = { .chance = chance, .transfer = transfer, .frames = frames_new () };
  g_autofree char *location = more ? g_strdup_printf ("/t%u/%u", transfer->index, nth + 1) : NULL;
  g_autofree char *head = NULL;
  PlanResponse *response;
  guint status = more ? redirects[chance_below (chance, G_N_ELEMENTS (redirects))]
                 : chance_percent (chance, 80) ? 200 : others[chance_below (chance, G_N_ELEMENTS (others))];
  gboolean empty = status == 204 || status == 304;

  self.size = sizes[chance_below (chance, G_N_ELEMENTS (sizes))];
  g_string_append_printf (transfer->tags, "%s status=%u", more ? " location=h2" : "", status);
  if (!more)
    choose_fault (&self);
  fill_frames (&self, status, location);
  head = g_strdup_printf ("HTTP/1.1 %u Reason given\r\n%s%s%s%s\r\n", status, more ? "Location: " : "", more ? location : "",
                          more ? "\r\n" : "", empty ? "" : "Content-Length: 3\r\n");
  response = plan_response_literal (chance, head, "one", transfer->head || empty ? 0 : 3, FALSE);
  response->frames = self.frames;
  response->early = chance_percent (chance, 8);
  if (response->early)
    plan_tag (transfer, "early");
  return response;
}

/* ---- requests ---- */

static void
choose_version (Chance *chance, Plan *plan)
{
  static const gint64 versions[] = {
    0, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
    CURL_HTTP_VERSION_2_0, CURL_HTTP_VERSION_2TLS, CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_1_0,
  };

  /* In cleartext little else leads to HTTP/2. */
  plan->http_version = plan->tls == PLAN_TLS_NONE && chance_percent (chance, 60)
                         ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : versions[chance_below (chance, G_N_ELEMENTS (versions))];
}

static void
tag_version (PlanTransfer *transfer)
{
  static const char *const names[] = { "", "1.0", "1.1", "2", "2tls", "prior" };

  if (transfer->plan->http_version == 0)
    return;
  plan_set_number (transfer, CURLOPT_HTTP_VERSION, transfer->plan->http_version);
  plan_tag (transfer, names[transfer->plan->http_version]);
}

static void
choose_upload (Chance *chance, PlanTransfer *transfer)
{
  static const gint64 sizes[] = { 0, 1, 1000, 20000, 70000, 300000 };
  guint roll = chance_below (chance, 100);

  if (roll < 60)
    return;
  transfer->own_upload = TRUE;
  transfer->upload_size = sizes[chance_below (chance, G_N_ELEMENTS (sizes))];
  if (roll < 70)
    {
      plan_set_text (transfer, CURLOPT_COPYPOSTFIELDS, "name=value&other=1");
      plan_tag (transfer, "post");
    }
  else if (roll < 90)
    {
      gboolean sized = chance_percent (chance, 60);

      plan_set_number (transfer, roll < 80 ? CURLOPT_POST : CURLOPT_UPLOAD, 1);
      if (sized)
        plan_set_number (transfer, roll < 80 ? CURLOPT_POSTFIELDSIZE_LARGE : CURLOPT_INFILESIZE_LARGE, transfer->upload_size);
      plan_tag (transfer, roll < 80 ? (sized ? "post-read" : "post-chunked") : sized ? "put" : "put-unsized");
    }
  else
    {
      plan_set_number (transfer, CURLOPT_NOBODY, 1);
      transfer->head = TRUE;
      plan_tag (transfer, "head");
    }
}

static void
choose_headers (Chance *chance, PlanTransfer *transfer)
{
  static const char *const lists[] = {
    "X-One: 1\nX-Two;", "Connection: close", "TE: trailers", "TE: gzip", "Host: elsewhere.test", "Host:", "Accept:",
    "Transfer-Encoding: chunked", "Expect: 100-continue", "Cookie: k=v", "X-Upper-Case: Value", "User-Agent: mine",
    "Keep-Alive: 5\nUpgrade: foo\nProxy-Connection: close", "Content-Type: application/json", "no colon at all",
  };
  guint which = chance_below (chance, G_N_ELEMENTS (lists));
  g_autofree char *list = NULL;

  if (!chance_percent (chance, 25))
    {
      plan_set_list (transfer, CURLOPT_HTTPHEADER, "Expect:");
      return;
    }
  list = g_strconcat (lists[which], strstr (lists[which], "Expect") != NULL ? NULL : "\nExpect:", NULL);
  plan_set_list (transfer, CURLOPT_HTTPHEADER, list);
  g_string_append_printf (transfer->tags, " h2headers=%u", which);
}

static void
choose_switches (Chance *chance, PlanTransfer *transfer)
{
  static const struct
  {
    CURLoption id;
    guint percent;
    gint64 number;
    const char *text;
    const char *name;
  } switches[] = {
    { CURLOPT_PIPEWAIT, 30, 1, NULL, "pipewait" },
    { CURLOPT_STREAM_WEIGHT, 8, 200, NULL, "weight" },
    { CURLOPT_FORBID_REUSE, 6, 1, NULL, "forbid-reuse" },
    { CURLOPT_FRESH_CONNECT, 6, 1, NULL, "fresh-connect" },
    { CURLOPT_FAILONERROR, 8, 1, NULL, "failonerror" },
    { CURLOPT_HEADER, 5, 1, NULL, "header" },
    { CURLOPT_IGNORE_CONTENT_LENGTH, 3, 1, NULL, "ignore-length" },
    { CURLOPT_COOKIE, 8, 0, "tasty=yes; sweet=no", NULL },
    { CURLOPT_COOKIEFILE, 8, 0, "", NULL },
    { CURLOPT_USERAGENT, 8, 0, "differential/2", NULL },
    { CURLOPT_REFERER, 5, 0, "http://from.test/page", NULL },
    { CURLOPT_ACCEPT_ENCODING, 5, 0, "identity", NULL },
    { CURLOPT_RANGE, 5, 0, "3-102", "range" },
    { CURLOPT_CUSTOMREQUEST, 5, 0, "PATCH", "custom" },
    { CURLOPT_REQUEST_TARGET, 3, 0, "/other/t@T/0", "target" },
    { CURLOPT_KEEP_SENDING_ON_ERROR, 8, 1, NULL, "keep-sending" },
    { CURLOPT_EXPECT_100_TIMEOUT_MS, 100, 30, NULL, NULL },
    { CURLOPT_MAXFILESIZE_LARGE, 3, 150, NULL, "maxfilesize" },
    { CURLOPT_FOLLOWLOCATION, 70, 1, NULL, "follow" },
    { CURLOPT_TRANSFER_ENCODING, 4, 1, NULL, "te" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (switches); i++)
    if (chance_percent (chance, switches[i].percent))
      {
        if (switches[i].text != NULL)
          plan_set_filled (transfer, switches[i].id, switches[i].text);
        else
          plan_set_number (transfer, switches[i].id, switches[i].number);
        if (switches[i].name != NULL)
          plan_tag (transfer, switches[i].name);
      }
}

void
plan_choose_http2 (Chance *chance, PlanTransfer *transfer)
{
  guint n = chance_percent (chance, 12) ? 2 + chance_below (chance, 2) : 1;

  plan_set_filled (transfer, CURLOPT_URL, transfer->plan->tls != PLAN_TLS_NONE ? "https://127.0.0.1:%P/t@T/0" : "http://127.0.0.1:%P/t@T/0");
  tag_version (transfer);
  choose_upload (chance, transfer);
  choose_headers (chance, transfer);
  choose_switches (chance, transfer);
  if (chance_percent (chance, 25))
    {
      plan_choose_action (chance, transfer);
      transfer->pause_rounds = 1 + chance_below (chance, 6);
    }
  if (n == 1 && chance_percent (chance, 8))
    plan_choose_login (chance, transfer);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (transfer->responses, make_answer (chance, transfer, i, i + 1 < n));
}

void
plan_choose_http2_series (Chance *chance, Plan *plan)
{
  static const guint32 streams[] = { 0, 0, 1, 2, 100 };

  /* libcurl 7.88 cannot use a connection in cleartext a second time, if it knows from the beginning that it is of HTTP/2. */
  plan->tls = chance_percent (chance, plan->solo ? 50 : 96) ? PLAN_TLS_GOOD : PLAN_TLS_NONE;
  plan->http2 = chance_percent (chance, 80) ? PLAN_HTTP2_OFFERED : (PlanHttp2) chance_below (chance, 3);
  choose_version (chance, plan);
  plan->max_streams = streams[chance_below (chance, G_N_ELEMENTS (streams))];
  plan->window = chance_percent (chance, 20) ? 100 + chance_below (chance, 5000) : 0;
  plan->multiplex = chance_percent (chance, 25) ? (chance_percent (chance, 50) ? CURLPIPE_NOTHING : CURLPIPE_MULTIPLEX) : -1;
  plan->most_streams = chance_percent (chance, 20) ? 1 + (long) chance_below (chance, 3) : -1;
  plan->max_host = chance_percent (chance, 20) ? 1 + (long) chance_below (chance, 2) : 0;
}
