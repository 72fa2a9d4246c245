/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-private.h"

/* The largest body: more than a socket's buffers like to take at once. */
static const guint body_sizes[] = { 0, 1, 2, 10, 100, 100, 1000, 1000, 5000, 16384, 16385, 20000, 70000, 200000 };

typedef enum
{
  FRAME_LENGTH,
  FRAME_CHUNKED,
  FRAME_CLOSE,
  FRAME_NONE, /* a status that has no body */
} Frame;

/* The ways in which an answer may be wrong. The names become tags. */
static const char *const faults[] = {
  "truncated",      "reset",         "empty-reply",   "cut-head",       "bad-status",    "no-http",
  "length-conflict", "length-twice", "length-garbage", "length-negative", "length-overflow", "both-framings",
  "chunk-garbage",  "chunk-no-crlf", "chunk-overflow", "nul-in-header",  "no-colon",      "folded",
  "excess",         "long-header",   "bare-lf",       "space-before-colon", "empty-name", "status-short",
  "http2-status",
};

typedef struct
{
  Chance *chance;
  GString *head;
  GString *body;      /* as it goes over the wire */
  Frame frame;
  guint status;
  gboolean http10;
  gboolean close;     /* the connection ends behind it */
  const char *fault;  /* (nullable) */
  PlanTransfer *transfer;
} Draft;

guint8
plan_byte (gint64 offset)
{
  return (guint8) ('a' + (offset * 7 + offset / 97) % 26);
}

static gboolean
faulty (const Draft *draft, const char *fault)
{
  return g_strcmp0 (draft->fault, fault) == 0;
}

static void
piece_add (PlanResponse *response, PlanPieceKind kind, const char *bytes, gsize size)
{
  PlanPiece *piece = g_new0 (PlanPiece, 1);

  piece->kind = kind;
  if (kind == PLAN_PIECE_SEND)
    piece->bytes = g_string_new_len (bytes, (gssize) size);
  g_ptr_array_add (response->pieces, piece);
}

static void
piece_free (gpointer data)
{
  PlanPiece *piece = data;

  if (piece->bytes != NULL)
    g_string_free (piece->bytes, TRUE);
  g_free (piece);
}

void
plan_response_free (PlanResponse *response)
{
  g_ptr_array_unref (response->pieces);
  if (response->frames != NULL)
    g_ptr_array_unref (response->frames);
  g_free (response);
}

/* Sends the text in up to six parts, sometimes the first bytes one by one. */
static void
split (PlanResponse *response, Chance *chance, const GString *text, gboolean whole)
{
  guint parts = whole ? 1 : 1 + chance_below (chance, 6);
  gsize at = 0;

  if (!whole && chance_percent (chance, 5))
    for (; at < 30 && at < text->len; at++)
      piece_add (response, PLAN_PIECE_SEND, text->str + at, 1);
  while (at < text->len)
    {
      gsize left = text->len - at;
      gsize size = parts <= 1 ? left : 1 + chance_below (chance, (guint) (2 * left / parts + 1));

      size = MIN (size, left);
      piece_add (response, PLAN_PIECE_SEND, text->str + at, size);
      at += size;
      parts--;
    }
}

PlanResponse *
plan_response_literal (Chance *chance, const char *head, const char *body, gsize body_size, gboolean close)
{
  PlanResponse *response = g_new0 (PlanResponse, 1);
  g_autoptr (GString) whole = g_string_new (head);

  response->pieces = g_ptr_array_new_with_free_func (piece_free);
  g_string_append_len (whole, body, (gssize) body_size);
  split (response, chance, whole, FALSE);
  if (close)
    piece_add (response, PLAN_PIECE_CLOSE, NULL, 0);
  return response;
}

static guint
choose_status (Chance *chance, gboolean more, gboolean plain)
{
  static const guint redirects[] = { 301, 302, 303, 307, 308, 300, 305 };
  static const guint others[] = { 404, 401, 500, 204, 304, 206, 416, 503, 201, 407, 399, 599, 205, 403 };

  if (more)
    return chance_percent (chance, 85) ? redirects[chance_below (chance, 5)] : redirects[chance_below (chance, 7)];
  return plain || chance_percent (chance, 65) ? 200 : others[chance_below (chance, G_N_ELEMENTS (others))];
}

static void
add_informational (Draft *draft)
{
  guint n = 1 + chance_below (draft->chance, 2);

  g_string_append (draft->transfer->tags, " 1xx");
  while (n-- > 0)
    switch (chance_below (draft->chance, 3))
      {
      case 0:
        g_string_append (draft->head, "HTTP/1.1 100 Continue\r\n\r\n");
        break;
      case 1:
        g_string_append (draft->head, "HTTP/1.1 102 Processing\r\nX-Stage: 1\r\n\r\n");
        break;
      default:
        g_string_append (draft->head, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n");
        break;
      }
}

static void
add_status_line (Draft *draft)
{
  const char *version = draft->http10 ? "1.0" : "1.1";

  if (faulty (draft, "bad-status"))
    g_string_append_printf (draft->head, "HTTP/%s abc Strange\r\n", version);
  else if (faulty (draft, "no-http"))
    g_string_append (draft->head, "HELO there\r\n");
  else if (faulty (draft, "status-short"))
    g_string_append_printf (draft->head, "HTTP/%s %u\r\n", version, draft->status);
  else if (faulty (draft, "http2-status"))
    g_string_append_printf (draft->head, "HTTP/2 %u OK\r\n", draft->status);
  else
    g_string_append_printf (draft->head, "HTTP/%s %u Reason given\r\n", version, draft->status);
}

static void
add_location (Draft *draft, guint nth)
{
  static const char *const forms[] = {
    "http://127.0.0.1:%P/t@T/@N", "/t@T/@N", "/t@T/@N#place", "../t@T/@N",   "http://other.test:%P/t@T/@N",
    "/t@T/@N?query=1",            "//127.0.0.1:%P/t@T/@N", "http://user:secret@127.0.0.1:%P/t@T/@N", "/t@T/a b/@N",
    "ftp://127.0.0.1:%P/t@T/@N",  "http://127.0.0.1:%R/t@T/@N", "?t@T/@N", "  /t@T/@N", "HTTP://127.0.0.1:%P/t@T/@N",
  };
  guint which = chance_percent (draft->chance, 70) ? chance_below (draft->chance, 4)
                                                   : chance_below (draft->chance, G_N_ELEMENTS (forms));
  g_autoptr (GString) text = g_string_new (forms[which]);
  g_autofree char *location = NULL;
  char number[16];

  g_snprintf (number, sizeof number, "%u", draft->transfer->index);
  g_string_replace (text, "@T", number, 0);
  g_snprintf (number, sizeof number, "%u", nth + 1);
  g_string_replace (text, "@N", number, 0);
  location = plan_with_ports (draft->transfer, text->str);
  g_string_append_printf (draft->head, "Location: %s\r\n", location);
  g_string_append_printf (draft->transfer->tags, " location=%u", which);
}

static void
add_fields (Draft *draft)
{
  static const char *const fields[] = {
    "Content-Type: text/html\r\n", "content-type:text/plain; charset=utf-8\r\n", "Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n",
    "Server: script\r\n", "X-Empty:\r\n", "X-Blanks:   much   space   \r\n", "Set-Cookie: a=b; path=/\r\n",
    "Set-Cookie: c=d\r\n", "Last-Modified: Sat, 21 Nov 2026 12:00:00 GMT\r\n", "ETag: \"1\"\r\n", "Retry-After: 120\r\n",
    "Vary: Accept\r\n", "X-Long: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n",
    "Accept-Ranges: bytes\r\n", "WWW-Authenticate: Basic realm=\"here\"\r\n", "Content-Type:\r\n",
  };
  guint n = chance_below (draft->chance, 6);

  while (n-- > 0)
    g_string_append (draft->head, fields[chance_below (draft->chance, G_N_ELEMENTS (fields))]);
  if (draft->status == 206 || draft->status == 416)
    g_string_append (draft->head, chance_percent (draft->chance, 70) ? "Content-Range: bytes 3-102/1000\r\n"
                                                                     : "Content-Range: bytes 0-99/1000\r\n");
  /* Which of several idle connections goes for a new request is not promised: where that is compared, an end is announced. */
  if (draft->close && (chance_percent (draft->chance, 70) || draft->transfer->plain))
    g_string_append (draft->head, "Connection: close\r\n");
  else if (!draft->close && draft->http10)
    g_string_append (draft->head, "Connection: keep-alive\r\n");
  else if (chance_percent (draft->chance, 15))
    g_string_append (draft->head, chance_percent (draft->chance, 50) ? "Connection: keep-alive\r\n"
                                                                     : "connection: Keep-Alive, X-Other\r\n");
}

static void
add_faulty_fields (Draft *draft)
{
  if (faulty (draft, "nul-in-header"))
    g_string_append_len (draft->head, "X-Nul: a\0b\r\n", 12);
  if (faulty (draft, "no-colon"))
    g_string_append (draft->head, "this line has none\r\n");
  if (faulty (draft, "folded"))
    g_string_append (draft->head, "X-Folded: one\r\n two\r\n\tthree\r\n");
  if (faulty (draft, "bare-lf"))
    g_string_append (draft->head, "X-Bare: lf\n");
  if (faulty (draft, "space-before-colon"))
    g_string_append (draft->head, "X-Space : before\r\n");
  if (faulty (draft, "empty-name"))
    g_string_append (draft->head, ": no name\r\n");
  if (faulty (draft, "long-header"))
    {
      g_string_append (draft->head, "X-Huge: ");
      for (guint i = 0; i < 9000; i++)
        g_string_append (draft->head, "0123456789abcdef");
      g_string_append (draft->head, "\r\n");
    }
}

static void
add_length (Draft *draft, guint size)
{
  g_string_append_printf (draft->head, "Content-Length: %u\r\n", size);
  if (faulty (draft, "length-twice"))
    g_string_append_printf (draft->head, "Content-Length: %u\r\n", size);
  if (faulty (draft, "length-conflict"))
    g_string_append_printf (draft->head, "Content-Length: %u\r\n", size + 5);
}

static void
add_framing_fields (Draft *draft, guint size)
{
  static const char *const trailers[] = { "", "", "Trailer: X-Sum\r\n" };

  if (faulty (draft, "length-garbage"))
    g_string_append (draft->head, "Content-Length: 12abc\r\n");
  else if (faulty (draft, "length-negative"))
    g_string_append (draft->head, "Content-Length: -5\r\n");
  else if (faulty (draft, "length-overflow"))
    g_string_append (draft->head, "Content-Length: 99999999999999999999\r\n");
  else if (draft->frame == FRAME_LENGTH)
    add_length (draft, size);
  if (draft->frame == FRAME_CHUNKED)
    {
      g_string_append (draft->head, "Transfer-Encoding: chunked\r\n");
      g_string_append (draft->head, trailers[chance_below (draft->chance, 3)]);
      if (faulty (draft, "both-framings"))
        g_string_append (draft->head, "Content-Length: 3\r\n");
    }
}

static void
append_body (GString *to, guint from, guint size)
{
  for (guint i = 0; i < size; i++)
    g_string_append_c (to, (char) plan_byte (from + i));
}

static void
add_chunks (Draft *draft, guint size)
{
  guint at = 0;

  while (at < size)
    {
      guint chunk = 1 + chance_below (draft->chance, MIN (size - at, 40000));

      if (faulty (draft, "chunk-garbage") && at + chunk == size)
        g_string_append (draft->body, "xyz\r\n");
      else if (faulty (draft, "chunk-overflow") && at + chunk == size)
        g_string_append (draft->body, "fffffffffffffffff\r\n");
      else if (chance_percent (draft->chance, 20))
        g_string_append_printf (draft->body, "%X;name=value\r\n", chunk);
      else
        g_string_append_printf (draft->body, chance_percent (draft->chance, 20) ? "00%x\r\n" : "%x\r\n", chunk);
      append_body (draft->body, at, chunk);
      g_string_append (draft->body, faulty (draft, "chunk-no-crlf") ? "ZZ" : "\r\n");
      at += chunk;
    }
  g_string_append (draft->body, "0\r\n");
  if (chance_percent (draft->chance, 30))
    g_string_append (draft->body, "X-Sum: 12345\r\nX-Other: trailer\r\n");
  g_string_append (draft->body, "\r\n");
}

static void
choose_framing (Draft *draft)
{
  guint roll = chance_below (draft->chance, 100);

  if (draft->status == 204 || draft->status == 304)
    draft->frame = FRAME_NONE;
  else if (draft->http10)
    draft->frame = roll < 60 ? FRAME_LENGTH : FRAME_CLOSE;
  else
    draft->frame = roll < 55 ? FRAME_LENGTH : roll < 88 ? FRAME_CHUNKED : FRAME_CLOSE;
  if (draft->fault != NULL && g_str_has_prefix (draft->fault, "length"))
    draft->frame = FRAME_LENGTH;
  if (draft->fault != NULL && (g_str_has_prefix (draft->fault, "chunk") || faulty (draft, "both-framings")))
    draft->frame = FRAME_CHUNKED;
  draft->close = draft->frame == FRAME_CLOSE || (draft->http10 && chance_percent (draft->chance, 50))
                 || chance_percent (draft->chance, 12);
}

/* Cuts, resets and what follows the body. */
static void
finish_response (Draft *draft, PlanResponse *response)
{
  g_autoptr (GString) whole = g_string_new_len (draft->head->str, (gssize) draft->head->len);

  g_string_append_len (whole, draft->body->str, (gssize) draft->body->len);
  if (faulty (draft, "cut-head"))
    g_string_truncate (whole, chance_below (draft->chance, (guint) draft->head->len));
  else if (faulty (draft, "empty-reply"))
    g_string_truncate (whole, 0);
  else if (faulty (draft, "truncated") || faulty (draft, "reset"))
    g_string_truncate (whole, draft->head->len + chance_below (draft->chance, (guint) draft->body->len + 1));
  else if (faulty (draft, "excess"))
    g_string_append (whole, "these bytes belong to nobody");
  /* Bytes behind the answer come with it: later ones would meet whatever the connection is used for by then. */
  split (response, draft->chance, whole, faulty (draft, "excess"));
  if (faulty (draft, "reset"))
    piece_add (response, PLAN_PIECE_RESET, NULL, 0);
  else if (draft->close || draft->fault != NULL || (!draft->transfer->plain && chance_percent (draft->chance, 8)))
    piece_add (response, PLAN_PIECE_CLOSE, NULL, 0);
}

PlanResponse *
plan_response_new (Chance *chance, PlanTransfer *transfer, guint nth, gboolean more)
{
  PlanResponse *response = g_new0 (PlanResponse, 1);
  Draft draft = { .chance = chance, .transfer = transfer };
  guint size = body_sizes[chance_below (chance, G_N_ELEMENTS (body_sizes))];

  response->pieces = g_ptr_array_new_with_free_func (piece_free);
  response->early = !transfer->plain && chance_percent (chance, 10);
  response->drop_reused = !transfer->plain && chance_percent (chance, 6);
  response->on_expect = chance_percent (chance, 70) ? PLAN_CONTINUE_SEND
                        : chance_percent (chance, 50) ? PLAN_CONTINUE_SILENT : PLAN_CONTINUE_REFUSED;
  if (response->early)
    g_string_append (transfer->tags, " early");
  if (response->drop_reused)
    g_string_append (transfer->tags, " drop-reused");
  if (response->on_expect == PLAN_CONTINUE_REFUSED)
    g_string_append (transfer->tags, " 417");
  draft.status = choose_status (chance, more, transfer->plain);
  draft.http10 = !transfer->plain && chance_percent (chance, 8);
  draft.fault = !transfer->plain && !more && chance_percent (chance, 14) ? faults[chance_below (chance, G_N_ELEMENTS (faults))] : NULL;
  draft.head = g_string_new (NULL);
  draft.body = g_string_new (NULL);
  choose_framing (&draft);
  if (draft.fault != NULL)
    g_string_append_printf (transfer->tags, " fault=%s", draft.fault);
  g_string_append_printf (transfer->tags, " status=%u%s", draft.status, draft.http10 ? " http/1.0" : "");

  if (!transfer->plain && chance_percent (chance, 8))
    add_informational (&draft);
  add_status_line (&draft);
  if (more)
    add_location (&draft, nth);
  add_fields (&draft);
  add_faulty_fields (&draft);
  add_framing_fields (&draft, size);
  g_string_append (draft.head, "\r\n");
  if (transfer->head)
    draft.close = draft.close && draft.frame != FRAME_CLOSE;
  else if (draft.frame == FRAME_CHUNKED)
    add_chunks (&draft, size);
  else if (draft.frame != FRAME_NONE)
    append_body (draft.body, 0, size);
  finish_response (&draft, response);
  g_string_free (draft.head, TRUE);
  g_string_free (draft.body, TRUE);
  return response;
}
