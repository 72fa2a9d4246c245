/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-ticket.h"

#include "gm-tls-settings.h"

#include <string.h>

/* "gmT", and the version of what follows: version of TLS, end, early data, length and text of the ALPN, length and bytes
 * of the session, SHA-256 of all before. Numbers are big-endian. */
#define MAGIC 0x676d5401u
#define FIXED_LEN (4 + 2 + 8 + 4 + 1 + 2)
#define SUM_LEN 32

#define EXTENSION_EARLY_DATA 42

#define VERSION_1_0 0x0301
#define VERSION_1_1 0x0302
#define VERSION_1_2 0x0303
#define VERSION_1_3 0x0304

/* ---- bytes ---- */

typedef struct
{
  const guint8 *data;
  gsize len;
} Reader;

/* Big-endian; FALSE when there are not as many. */
static gboolean
read_number (Reader *self,
             guint n_bytes,
             guint64 *value)
{
  if (self->len < n_bytes)
    return FALSE;

  *value = 0;
  for (guint i = 0; i < n_bytes; i++)
    *value = *value << 8 | self->data[i];
  self->data += n_bytes;
  self->len -= n_bytes;
  return TRUE;
}

/* As many bytes as the number of @n_bytes before them says. */
static gboolean
read_block (Reader *self,
            guint n_bytes,
            Reader *block)
{
  guint64 len;

  if (!read_number (self, n_bytes, &len) || len > self->len)
    return FALSE;

  block->data = self->data;
  block->len = (gsize) len;
  self->data += len;
  self->len -= (gsize) len;
  return TRUE;
}

static guint8 *
put_number (guint8 *p,
            guint n_bytes,
            guint64 value)
{
  for (guint i = 0; i < n_bytes; i++)
    p[i] = (guint8) (value >> (8 * (n_bytes - 1 - i)));
  return p + n_bytes;
}

static void
put_sum (guint8 sum[SUM_LEN],
         const guint8 *data,
         gsize len)
{
  GChecksum *checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize n = SUM_LEN;

  g_checksum_update (checksum, data, (gssize) len);
  g_checksum_get_digest (checksum, sum, &n);
  g_checksum_free (checksum);
}

/* ---- what the server says ---- */

static gboolean
read_extensions (GmTicketHint *hint,
                 Reader *message)
{
  Reader all, body;
  guint64 type, size;

  if (!read_block (message, 2, &all))
    return FALSE;
  while (all.len > 0)
    {
      if (!read_number (&all, 2, &type) || !read_block (&all, 2, &body))
        return FALSE;
      if (type == EXTENSION_EARLY_DATA && read_number (&body, 4, &size))
        hint->early_data = (guint32) size;
    }

  return TRUE;
}

gboolean
gm_ticket_hint_read (GmTicketHint *hint,
                     gboolean is_tls13,
                     const guint8 *data,
                     gsize len)
{
  GmTicketHint read = GM_TICKET_NO_HINT;
  Reader message = { data, len }, skipped;
  guint64 lifetime, age_add;

  if (!read_number (&message, 4, &lifetime))
    return FALSE;
  if (is_tls13)
    {
      if (!read_number (&message, 4, &age_add) || !read_block (&message, 1, &skipped) ||
          !read_block (&message, 2, &skipped) || !read_extensions (&read, &message))
        return FALSE;
      read.lifetime = (gint64) lifetime;
    }
  else if (lifetime > 0)
    read.lifetime = (gint64) lifetime;

  *hint = read;
  return TRUE;
}

/* ---- tickets ---- */

static guint16
version_of (gnutls_session_t session)
{
  switch ((int) gnutls_protocol_get_version (session))
    {
    case GNUTLS_TLS1_3:
      return VERSION_1_3;
    case GNUTLS_TLS1_1:
      return VERSION_1_1;
    case GNUTLS_TLS1_0:
      return VERSION_1_0;
    default:
      return VERSION_1_2;
    }
}

static gint64
limit_end (const GmTicket *self,
           gint64 now)
{
  gint64 longest = self->version == VERSION_1_3 ? GM_TICKET_MAX_LIFETIME : GM_TICKET_MAX_LIFETIME_1_2;

  return MIN (self->valid_until, now + longest);
}

GmTicket *
gm_ticket_new (gnutls_session_t session,
               const GmTicketHint *hint,
               gint64 now)
{
  gnutls_datum_t data = { NULL, 0 }, alpn = { NULL, 0 };
  GmTicket *self = NULL;

  if (gnutls_session_get_data2 (session, &data) != 0)
    return NULL;

  if (data.size > 0 && data.size <= GM_TICKET_MAX_BYTES)
    {
      self = g_new0 (GmTicket, 1);
      self->data = gm_secret_bytes_new (data.data, data.size);
      self->version = version_of (session);
      if (gnutls_alpn_get_selected_protocol (session, &alpn) == 0 && alpn.size > 0)
        self->alpn = g_strndup ((const char *) alpn.data, alpn.size);
      self->early_data = hint->early_data;
      self->valid_until = now + (hint->lifetime >= 0 ? hint->lifetime : GM_TICKET_DEFAULT_LIFETIME);
      self->valid_until = limit_end (self, now);
    }
  gnutls_memset (data.data, 0, data.size);
  gnutls_free (data.data);

  return self;
}

GmTicket *
gm_ticket_copy (const GmTicket *self)
{
  GmTicket *copy = g_new (GmTicket, 1);

  *copy = *self;
  copy->data = g_bytes_ref (self->data);
  copy->alpn = g_strdup (self->alpn);
  return copy;
}

void
gm_ticket_free (GmTicket *self)
{
  if (self == NULL)
    return;

  g_bytes_unref (self->data);
  g_free (self->alpn);
  g_free (self);
}

GBytes *
gm_ticket_pack (const GmTicket *self)
{
  gsize data_len, alpn_len = self->alpn != NULL ? strlen (self->alpn) : 0;
  gconstpointer data = g_bytes_get_data (self->data, &data_len);
  gsize len = FIXED_LEN + alpn_len + data_len;
  guint8 *packed = g_malloc (len + SUM_LEN), *p = packed;
  GBytes *bytes;

  p = put_number (p, 4, MAGIC);
  p = put_number (p, 2, self->version);
  p = put_number (p, 8, (guint64) self->valid_until);
  p = put_number (p, 4, self->early_data);
  p = put_number (p, 1, alpn_len);
  if (alpn_len > 0)
    memcpy (p, self->alpn, alpn_len);
  p = put_number (p + alpn_len, 2, data_len);
  memcpy (p, data, data_len);
  put_sum (packed + len, packed, len);
  bytes = gm_secret_bytes_new (packed, len + SUM_LEN);
  explicit_bzero (packed, len + SUM_LEN);
  g_free (packed);

  return bytes;
}

/* Whether this GnuTLS understands it, before a connection depends on it. */
static gboolean
is_known (const Reader *data)
{
  gnutls_session_t session = NULL;
  int code;

  if (gnutls_init (&session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) != 0)
    return FALSE;
  code = gnutls_session_set_data (session, data->data, data->len);
  gnutls_deinit (session);

  return code == 0 || code == GNUTLS_E_EXPIRED;
}

static gboolean
is_whole (const guint8 *data,
          gsize len)
{
  guint8 sum[SUM_LEN];

  if (len <= FIXED_LEN + SUM_LEN || len > FIXED_LEN + G_MAXUINT8 + GM_TICKET_MAX_BYTES + SUM_LEN)
    return FALSE;

  put_sum (sum, data, len - SUM_LEN);
  return memcmp (sum, data + len - SUM_LEN, SUM_LEN) == 0;
}

GmTicket *
gm_ticket_unpack (gconstpointer data,
                  gsize len,
                  gint64 now)
{
  Reader reader = { data, len }, alpn, session;
  guint64 magic, version, valid_until, early_data;
  GmTicket *self;

  if (!is_whole (data, len))
    return NULL;

  reader.len -= SUM_LEN;
  if (!read_number (&reader, 4, &magic) || magic != MAGIC || !read_number (&reader, 2, &version) ||
      !read_number (&reader, 8, &valid_until) || valid_until > G_MAXINT64 || !read_number (&reader, 4, &early_data) ||
      !read_block (&reader, 1, &alpn) || !read_block (&reader, 2, &session) || reader.len > 0)
    return NULL;
  if (version < VERSION_1_0 || version > VERSION_1_3 || session.len == 0 || session.len > GM_TICKET_MAX_BYTES ||
      memchr (alpn.data, '\0', alpn.len) != NULL || !is_known (&session))
    return NULL;

  self = g_new0 (GmTicket, 1);
  self->data = gm_secret_bytes_new (session.data, session.len);
  self->alpn = alpn.len > 0 ? g_strndup ((const char *) alpn.data, alpn.len) : NULL;
  self->version = (guint16) version;
  self->early_data = (guint32) early_data;
  self->valid_until = (gint64) valid_until;
  self->valid_until = limit_end (self, now);

  return self;
}
