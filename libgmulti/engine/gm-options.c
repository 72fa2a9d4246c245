/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-transfer-private.h"

#include "gm-alloc.h"

typedef enum
{
  BLOCK_transfer,
  BLOCK_connect,
  BLOCK_request,
  BLOCK_tls, /* hangs off the connect block, like the next */
  BLOCK_proxy_tls,
} Block;

#define SIZE_OF_U8 1
#define SIZE_OF_U16 2
#define SIZE_OF_U32 4
#define SIZE_OF_I64 8
#define SIZE_OF_STRING sizeof (char *)
#define SIZE_OF_LIST sizeof (gpointer)
#define SIZE_OF_POINTER sizeof (gpointer)
#define SIZE_OF_BYTES sizeof (GBytes *)

typedef GmTransferSettings Block_transfer;
typedef GmConnectSettings Block_connect;
typedef GmRequestSettings Block_request;
typedef GmTlsSettings Block_tls;
typedef GmTlsSettings Block_proxy_tls;

typedef struct
{
  const char *name;
  gint64 min;
  gint64 max;
  guint16 offset;
  guint8 type; /* GmOptionType */
  guint8 block;
  gboolean live;
} GmOptionInfo;

static const GmOptionInfo infos[GM_N_OPTIONS] = {
#define INFO(id, type, block, member, min, max, live)                                                                  \
  { #id, min, max, G_STRUCT_OFFSET (Block_##block, member), GM_OPTION_TYPE_##type, BLOCK_##block, live },
  GM_OPTIONS (INFO)
#undef INFO
};

/* A table entry whose type is not that of its member does not compile. */
#define CHECK(id, type, block, member, min, max, live)                                                                 \
  G_STATIC_ASSERT (sizeof (((Block_##block *) 0)->member) == SIZE_OF_##type);
GM_OPTIONS (CHECK)
#undef CHECK

const GmTransferSettings gm_transfer_settings_default = {
  .protocols = GM_PROTOCOL_SET_ALL,
  .redirect_protocols = GM_PROTOCOL_SET_HTTP | GM_PROTOCOL_SET_HTTPS | GM_PROTOCOL_SET_FTP | GM_PROTOCOL_SET_FTPS,
  .max_buffer = GM_READ_SIZE_MAX,
};

static GmTransferSettings *
transfer_settings_copy (const GmTransferSettings *self)
{
  GmTransferSettings *copy = gm_counted_copy (self, sizeof *self);

  if (copy->url != NULL)
    g_ref_string_acquire (copy->url);
  if (copy->default_scheme != NULL)
    g_ref_string_acquire (copy->default_scheme);

  return copy;
}

const GmTransferSettings *
gm_transfer_settings_ref (const GmTransferSettings *self)
{
  if (self != &gm_transfer_settings_default)
    gm_ref_count_inc (&((GmTransferSettings *) self)->refs);
  return self;
}

void
gm_transfer_settings_unref (const GmTransferSettings *self)
{
  GmTransferSettings *block = (GmTransferSettings *) self;

  if (self == NULL || self == &gm_transfer_settings_default || !gm_ref_count_dec (&block->refs))
    return;

  g_clear_pointer (&block->url, g_ref_string_release);
  g_clear_pointer (&block->default_scheme, g_ref_string_release);
  g_free (block);
}

/* Nobody but @self looks at the block: it may be written. */
static gboolean
is_private (const gatomicrefcount *refs,
            gboolean is_default)
{
  return !is_default && g_atomic_int_get (refs) == 1;
}

static GmConnectSettings *
edit_connect (GmTransfer *self)
{
  if (!is_private (&self->connect_settings->refs, self->connect_settings == &gm_connect_settings_default))
    {
      const GmConnectSettings *old = self->connect_settings;

      self->connect_settings = gm_connect_settings_copy (old);
      gm_connect_settings_unref (old);
    }

  return (GmConnectSettings *) self->connect_settings;
}

static GmTlsSettings *
edit_tls (GmTransfer *self,
          gboolean of_proxy)
{
  GmConnectSettings *connect = edit_connect (self);
  const GmTlsSettings **slot = of_proxy ? &connect->proxy_tls : &connect->tls;

  if (*slot == NULL || !is_private (&(*slot)->refs, *slot == &gm_tls_settings_default))
    {
      const GmTlsSettings *old = *slot;

      *slot = gm_tls_settings_copy (old);
      gm_tls_settings_unref (old);
    }

  return (GmTlsSettings *) *slot;
}

static const GmTlsSettings *
peek_tls (GmTransfer *self,
          gboolean of_proxy)
{
  const GmTlsSettings *block = of_proxy ? self->connect_settings->proxy_tls : self->connect_settings->tls;

  return block != NULL ? block : &gm_tls_settings_default;
}

/* The member to write, in a block of the transfer's own. */
static gpointer
edit (GmTransfer *self,
      const GmOptionInfo *info)
{
  switch ((Block) info->block)
    {
    case BLOCK_transfer:
      if (!is_private (&self->transfer_settings->refs, self->transfer_settings == &gm_transfer_settings_default))
        {
          const GmTransferSettings *old = self->transfer_settings;

          self->transfer_settings = transfer_settings_copy (old);
          gm_transfer_settings_unref (old);
        }
      return (char *) self->transfer_settings + info->offset;
    case BLOCK_connect:
      return (char *) edit_connect (self) + info->offset;
    case BLOCK_tls:
    case BLOCK_proxy_tls:
      return (char *) edit_tls (self, info->block == BLOCK_proxy_tls) + info->offset;
    case BLOCK_request:
    default:
      if (!is_private (&self->request_settings->refs, self->request_settings == &gm_request_settings_default))
        {
          const GmRequestSettings *old = self->request_settings;

          self->request_settings = gm_request_settings_copy (old);
          gm_request_settings_unref (old);
        }
      return (char *) self->request_settings + info->offset;
    }
}

static gconstpointer
peek (GmTransfer *self,
      const GmOptionInfo *info)
{
  switch ((Block) info->block)
    {
    case BLOCK_transfer:
      return (const char *) self->transfer_settings + info->offset;
    case BLOCK_connect:
      return (const char *) self->connect_settings + info->offset;
    case BLOCK_tls:
    case BLOCK_proxy_tls:
      return (const char *) peek_tls (self, info->block == BLOCK_proxy_tls) + info->offset;
    case BLOCK_request:
    default:
      return (const char *) self->request_settings + info->offset;
    }
}

static const GmOptionInfo *
find (GmOption option)
{
  return (guint) option < GM_N_OPTIONS ? &infos[option] : NULL;
}

gint64
gm_transfer_get_int (GmTransfer *self,
                     GmOption option)
{
  const GmOptionInfo *info = find (option);

  if (info == NULL)
    return 0;
  switch ((GmOptionType) info->type)
    {
    case GM_OPTION_TYPE_U8:
      return *(const guint8 *) peek (self, info);
    case GM_OPTION_TYPE_U16:
      return *(const guint16 *) peek (self, info);
    case GM_OPTION_TYPE_U32:
      return *(const guint32 *) peek (self, info);
    case GM_OPTION_TYPE_I64:
      return *(const gint64 *) peek (self, info);
    case GM_OPTION_TYPE_STRING:
    case GM_OPTION_TYPE_LIST:
    case GM_OPTION_TYPE_POINTER:
    case GM_OPTION_TYPE_BYTES:
    default:
      return 0;
    }
}

const char *
gm_transfer_get_string (GmTransfer *self,
                        GmOption option)
{
  const GmOptionInfo *info = find (option);

  if (info == NULL || info->type != GM_OPTION_TYPE_STRING)
    return NULL;
  return *(char *const *) peek (self, info);
}

GmResult
gm_transfer_set_int (GmTransfer *self,
                     GmOption option,
                     gint64 value)
{
  const GmOptionInfo *info = find (option);

  if (info == NULL || info->type > GM_OPTION_TYPE_I64 || value < info->min || value > info->max)
    return GM_BAD_REQUEST;
  /* Programs set dozens of options to what they are anyway: no block of its own for that. */
  if (gm_transfer_get_int (self, option) == value)
    return GM_OK;

  switch ((GmOptionType) info->type)
    {
    case GM_OPTION_TYPE_U8:
      *(guint8 *) edit (self, info) = (guint8) value;
      break;
    case GM_OPTION_TYPE_U16:
      *(guint16 *) edit (self, info) = (guint16) value;
      break;
    case GM_OPTION_TYPE_U32:
      *(guint32 *) edit (self, info) = (guint32) value;
      break;
    case GM_OPTION_TYPE_I64:
      *(gint64 *) edit (self, info) = value;
      break;
    case GM_OPTION_TYPE_STRING:
    case GM_OPTION_TYPE_LIST:
    case GM_OPTION_TYPE_POINTER:
    case GM_OPTION_TYPE_BYTES:
    default:
      return GM_BAD_REQUEST;
    }
  if (info->live && self->state == GM_STATE_RUNNING)
    gm_reactor_queue (gm_multi_get_reactor (self->multi), &self->runnable);

  return GM_OK;
}

GmResult
gm_transfer_set_string (GmTransfer *self,
                        GmOption option,
                        const char *value)
{
  const GmOptionInfo *info = find (option);
  char **member;

  if (info == NULL || info->type != GM_OPTION_TYPE_STRING)
    return GM_BAD_REQUEST;
  if (value == NULL && gm_transfer_get_string (self, option) == NULL)
    return GM_OK;

  member = edit (self, info);
  g_clear_pointer (member, g_ref_string_release);
  if (value != NULL)
    *member = g_ref_string_new (value);

  return GM_OK;
}

GmResult
gm_transfer_set_shared (GmTransfer *self,
                        GmOption option,
                        char *value)
{
  const GmOptionInfo *info = find (option);
  char **member;

  if (info == NULL || info->type != GM_OPTION_TYPE_STRING)
    return GM_BAD_REQUEST;

  member = edit (self, info);
  g_clear_pointer (member, g_ref_string_release);
  *member = g_ref_string_acquire (value);

  return GM_OK;
}

static GmResult
set_borrowed (GmTransfer *self,
              GmOption option,
              GmOptionType type,
              gconstpointer value)
{
  const GmOptionInfo *info = find (option);

  if (info == NULL || info->type != type)
    return GM_BAD_REQUEST;
  if (*(gconstpointer *) peek (self, info) != value)
    *(gconstpointer *) edit (self, info) = value;

  return GM_OK;
}

GmResult
gm_transfer_set_list (GmTransfer *self,
                      GmOption option,
                      const GmStringList *list)
{
  if (option == GM_OPTION_OVERRIDES)
    self->overrides_fed = 0;
  return set_borrowed (self, option, GM_OPTION_TYPE_LIST, list);
}

GmResult
gm_transfer_set_pointer (GmTransfer *self,
                         GmOption option,
                         const void *pointer)
{
  return set_borrowed (self, option, GM_OPTION_TYPE_POINTER, pointer);
}

GmResult
gm_transfer_set_bytes (GmTransfer *self,
                       GmOption option,
                       GBytes *bytes)
{
  const GmOptionInfo *info = find (option);
  GBytes **member;

  if (info == NULL || info->type != GM_OPTION_TYPE_BYTES)
    return GM_BAD_REQUEST;
  if (bytes == NULL && *(GBytes *const *) peek (self, info) == NULL && option != GM_OPTION_POST_COPY)
    return GM_OK;

  member = edit (self, info);
  if (bytes != NULL)
    g_bytes_ref (bytes);
  g_clear_pointer (member, g_bytes_unref);
  *member = bytes;

  if (option == GM_OPTION_POST_COPY)
    {
      gsize size = 0;
      const char *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;

      /* An empty body is a body: it must not look like "none, ask the client". */
      gm_transfer_set_pointer (self, GM_OPTION_POST_DATA, bytes != NULL && data == NULL ? "" : data);
      gm_transfer_set_int (self, GM_OPTION_POST_SIZE, bytes != NULL ? (gint64) size : -1);
    }

  return GM_OK;
}

void
gm_transfer_set_stores (GmTransfer *self,
                        GmHttpStores *stores)
{
  static const GmOptionInfo info = { .block = BLOCK_request, .offset = G_STRUCT_OFFSET (GmRequestSettings, stores) };
  GmHttpStores **member;

  if (self->request_settings->stores == stores)
    return;
  member = edit (self, &info);
  gm_http_stores_ref (stores);
  gm_http_stores_unref (*member);
  *member = stores;
}

GmHttpStores *
gm_transfer_get_stores (GmTransfer *self)
{
  return self->request_settings->stores;
}
