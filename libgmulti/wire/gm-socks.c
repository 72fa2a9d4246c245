/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-socks.h"

#define METHOD_NONE 0
#define METHOD_GSSAPI 1
#define METHOD_LOGIN 2
#define METHOD_NO_ACCEPTABLE 0xff

#define LOGIN_VERSION 1 /* RFC 1929 section 2 */
#define COMMAND_CONNECT 1

#define SOCKS4_REPLY_LEN 8
#define SOCKS4_GRANTED 90
#define SOCKS4_REJECTED_LAST 93

#define TYPE_V4 1
#define TYPE_NAME 3
#define TYPE_V6 4

static void
append_port (GmByteBuilder *out,
             guint16 port)
{
  gm_byte_builder_append_char (out, (char) (port >> 8));
  gm_byte_builder_append_char (out, (char) (port & 0xff));
}

static gboolean
has_nul (GmSpan text)
{
  return text.len > 0 && memchr (text.data, '\0', text.len) != NULL;
}

/* ---- what we say ---- */

static GmResult
begin_4 (const GmSocksTarget *target,
         GmByteBuilder *out)
{
  /* 4a: an address 0.0.0.x that no host has says that a name follows. */
  static const char name_follows[] = { 0, 0, 0, 1 };

  if (target->address_len == 16 || has_nul (target->user) || has_nul (target->name))
    return GM_BAD_REQUEST;

  gm_byte_builder_append_char (out, 4);
  gm_byte_builder_append_char (out, COMMAND_CONNECT);
  append_port (out, target->port);
  if (target->address_len == 4)
    gm_byte_builder_append (out, (const char *) target->address, 4);
  else
    gm_byte_builder_append (out, name_follows, sizeof name_follows);
  gm_byte_builder_append_span (out, target->user);
  gm_byte_builder_append_char (out, '\0');
  if (target->address_len == 0)
    {
      gm_byte_builder_append_span (out, target->name);
      gm_byte_builder_append_char (out, '\0');
    }

  return GM_OK;
}

static gboolean
has_login (const GmSocksTarget *target)
{
  return (target->auth & GM_SOCKS_AUTH_LOGIN) != 0 && target->user.len > 0;
}

static GmResult
begin_5 (const GmSocksTarget *target,
         GmByteBuilder *out)
{
  gboolean none = (target->auth & GM_SOCKS_AUTH_NONE) != 0;
  gboolean gssapi = (target->auth & GM_SOCKS_AUTH_GSSAPI) != 0;
  gboolean login = has_login (target);

  if (!none && !gssapi && !login)
    return (target->auth & GM_SOCKS_AUTH_LOGIN) != 0 ? GM_PROXY_LOGIN : GM_BAD_REQUEST;

  gm_byte_builder_append_char (out, 5);
  gm_byte_builder_append_char (out, (char) (none + gssapi + login));
  if (none)
    gm_byte_builder_append_char (out, METHOD_NONE);
  if (gssapi)
    gm_byte_builder_append_char (out, METHOD_GSSAPI);
  if (login)
    gm_byte_builder_append_char (out, METHOD_LOGIN);

  return GM_OK;
}

GmResult
gm_socks_begin (GmSocks *self,
                const GmSocksTarget *target,
                GmByteBuilder *out)
{
  GmResult result;

  *self = (GmSocks){ .target = target, .state = GM_SOCKS_DONE };
  if (target->user.len > GM_SOCKS_TEXT_MAX || target->password.len > GM_SOCKS_TEXT_MAX ||
      (target->address_len == 0 && target->name.len > GM_SOCKS_TEXT_MAX))
    return GM_SOCKS_NAME_TOO_LONG;
  if (target->address_len == 0 && target->name.len == 0)
    return GM_BAD_REQUEST;

  result = target->version == 4 ? begin_4 (target, out) : begin_5 (target, out);
  if (result == GM_OK && out->failed)
    result = GM_OUT_OF_MEMORY;
  if (result == GM_OK)
    self->state = target->version == 4 ? GM_SOCKS_REPLY : GM_SOCKS_METHOD;

  return result;
}

static void
write_login (const GmSocksTarget *target,
             GmByteBuilder *out)
{
  gm_byte_builder_append_char (out, LOGIN_VERSION);
  gm_byte_builder_append_char (out, (char) target->user.len);
  gm_byte_builder_append_span (out, target->user);
  gm_byte_builder_append_char (out, (char) target->password.len);
  gm_byte_builder_append_span (out, target->password);
}

static void
write_request (const GmSocksTarget *target,
               GmByteBuilder *out)
{
  gm_byte_builder_append_char (out, 5);
  gm_byte_builder_append_char (out, COMMAND_CONNECT);
  gm_byte_builder_append_char (out, 0);
  if (target->address_len > 0)
    {
      gm_byte_builder_append_char (out, target->address_len == 4 ? TYPE_V4 : TYPE_V6);
      gm_byte_builder_append (out, (const char *) target->address, target->address_len);
    }
  else
    {
      gm_byte_builder_append_char (out, TYPE_NAME);
      gm_byte_builder_append_char (out, (char) target->name.len);
      gm_byte_builder_append_span (out, target->name);
    }
  append_port (out, target->port);
}

/* ---- what the proxy says ---- */

/* The length of the answer as far as its beginning tells. */
static gsize
reply_len (const GmSocks *self)
{
  if (self->state != GM_SOCKS_REPLY)
    return 2;
  if (self->target->version == 4)
    return SOCKS4_REPLY_LEN;
  if (self->len < 2 || self->reply[0] != 5 || self->reply[1] != 0)
    return 2; /* an error is all that counts, and some proxies send no more */
  if (self->len < 4)
    return 4;

  switch (self->reply[3])
    {
    case TYPE_V4:
      return 4 + 4 + 2;
    case TYPE_V6:
      return 4 + 16 + 2;
    case TYPE_NAME:
      return self->len < 5 ? 5 : 4 + 1 + (gsize) self->reply[4] + 2;
    default:
      return 4;
    }
}

gsize
gm_socks_need (const GmSocks *self)
{
  return self->state == GM_SOCKS_DONE || self->state == GM_SOCKS_GSSAPI ? 0 : reply_len (self) - self->len;
}

static GmResult
take_method (GmSocks *self,
             GmByteBuilder *out)
{
  if (self->reply[0] != 5)
    return GM_PROXY_BAD_REPLY;

  if (self->reply[1] == METHOD_NONE && (self->target->auth & GM_SOCKS_AUTH_NONE) != 0)
    {
      write_request (self->target, out);
      self->state = GM_SOCKS_REPLY;
      return GM_OK;
    }
  if (self->reply[1] == METHOD_LOGIN && has_login (self->target))
    {
      write_login (self->target, out);
      self->state = GM_SOCKS_LOGIN;
      return GM_OK;
    }

  if (self->reply[1] == METHOD_GSSAPI && (self->target->auth & GM_SOCKS_AUTH_GSSAPI) != 0)
    {
      self->state = GM_SOCKS_GSSAPI;
      return GM_OK;
    }

  /* One that was not offered is as bad as an answer to another question. */
  return self->reply[1] == METHOD_NO_ACCEPTABLE ? GM_PROXY_LOGIN : GM_PROXY_BAD_REPLY;
}

/* The version of this answer is not looked at: RFC 1929 says 1, and many proxies say 5. */
static GmResult
take_login (GmSocks *self,
            GmByteBuilder *out)
{
  if (self->reply[1] != 0)
    return GM_PROXY_LOGIN;

  write_request (self->target, out);
  self->state = GM_SOCKS_REPLY;
  return GM_OK;
}

static GmResult
take_reply_4 (GmSocks *self)
{
  if (self->reply[0] != 0 || self->reply[1] < SOCKS4_GRANTED || self->reply[1] > SOCKS4_REJECTED_LAST)
    return GM_PROXY_BAD_REPLY;
  if (self->reply[1] != SOCKS4_GRANTED)
    {
      self->code = self->reply[1];
      return GM_SOCKS_REFUSED;
    }

  self->state = GM_SOCKS_DONE;
  return GM_OK;
}

static GmResult
take_reply_5 (GmSocks *self)
{
  if (self->reply[0] != 5)
    return GM_PROXY_BAD_REPLY;
  if (self->reply[1] != 0)
    {
      self->code = self->reply[1];
      return GM_SOCKS_REFUSED;
    }
  if (self->reply[3] != TYPE_V4 && self->reply[3] != TYPE_V6 && self->reply[3] != TYPE_NAME)
    return GM_PROXY_BAD_REPLY;

  self->state = GM_SOCKS_DONE;
  return GM_OK;
}

/* An answer is complete. */
static GmResult
take_answer (GmSocks *self,
             GmByteBuilder *out)
{
  GmResult result;

  switch (self->state)
    {
    case GM_SOCKS_METHOD:
      result = take_method (self, out);
      break;
    case GM_SOCKS_LOGIN:
      result = take_login (self, out);
      break;
    case GM_SOCKS_REPLY:
      result = self->target->version == 4 ? take_reply_4 (self) : take_reply_5 (self);
      break;
    case GM_SOCKS_GSSAPI:
    case GM_SOCKS_DONE:
    default:
      result = GM_INTERNAL;
      break;
    }
  self->len = 0;

  return result == GM_OK && out->failed ? GM_OUT_OF_MEMORY : result;
}

GmParse
gm_socks_feed (GmSocks *self,
               const char *data,
               gsize len,
               gsize *consumed,
               GmByteBuilder *out,
               GmResult *why)
{
  gsize done = 0;

  *consumed = 0;
  while (gm_socks_need (self) > 0 && done < len)
    {
      gsize n = MIN (gm_socks_need (self), len - done);
      GmResult result;

      memcpy (self->reply + self->len, data + done, n);
      self->len += (guint16) n;
      done += n;
      if (gm_socks_need (self) > 0)
        continue;

      result = take_answer (self, out);
      if (result != GM_OK)
        {
          self->state = GM_SOCKS_DONE;
          *why = result;
          return GM_PARSE_BAD;
        }
    }

  *consumed = done;
  return self->state == GM_SOCKS_DONE ? GM_PARSE_DONE : GM_PARSE_MORE;
}

void
gm_socks_logged_in (GmSocks *self,
                    GmByteBuilder *out)
{
  write_request (self->target, out);
  self->state = GM_SOCKS_REPLY;
}
