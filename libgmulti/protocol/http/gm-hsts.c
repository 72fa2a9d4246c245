/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-hsts.h"

#include "gm-hsts-field.h"
#include "gm-queue.h"
#include "gm-site.h"
#include "gm-state-file.h"

typedef struct
{
  GmHstsEntry entry; /* its host is @text */
  GList link; /* in store->used; data is the item */
  char text[];
} Item;

struct _GmHsts
{
  gatomicrefcount refs;
  GMutex lock;
  GHashTable *items; /* (owned) (element-type utf8 Item): keys are the items' */
  GQueue used; /* the longest unused one first */
  gint serial; /* atomic */
  GmStateFiles files;
};

static gboolean
read_line (gpointer store,
           GmSpan line,
           gboolean drop_session,
           gint64 now);

GmHsts *
gm_hsts_new (void)
{
  GmHsts *self = g_new0 (GmHsts, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  gm_state_files_init (&self->files, read_line, self);
  self->items = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  return self;
}

GmHsts *
gm_hsts_ref (GmHsts *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_hsts_unref (GmHsts *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  g_hash_table_unref (self->items);
  g_mutex_clear (&self->lock);
  gm_state_files_clear (&self->files);
  g_free (self);
}

/* One dot at the end says nothing new ("example.com." is looked up as it stands, and is the same host); more are no host.
 * FALSE: none that can be here. */
static gboolean
normalise (GmSpan host,
           char buffer[GM_SITE_MAX_HOST + 1])
{
  if (host.len > 0 && host.data[host.len - 1] == '.')
    host.len--;
  if (host.len == 0 || host.len > GM_SITE_MAX_HOST || host.data[0] == '.' || host.data[host.len - 1] == '.')
    return FALSE;
  for (gsize i = 0; i < host.len; i++)
    {
      guchar c = (guchar) host.data[i];

      if (c <= 0x20 || c >= 0x7f || c == '"')
        return FALSE;
      buffer[i] = gm_ascii_lower (host.data[i]);
    }
  buffer[host.len] = '\0';

  return !gm_site_is_address (gm_span (buffer, host.len));
}

static void
remove_item (GmHsts *self,
             Item *item)
{
  gm_queue_unlink (&self->used, &item->link);
  g_hash_table_remove (self->items, item->text);
  g_atomic_int_inc (&self->serial);
}

static void
touch (GmHsts *self,
       Item *item)
{
  gm_queue_unlink (&self->used, &item->link);
  gm_queue_push_tail (&self->used, &item->link);
}

/* Each host has an entry of its own: what one says changes nothing for those above it. */
static void
put (GmHsts *self,
     const char *host,
     gint64 expires,
     gboolean subdomains)
{
  Item *item = g_hash_table_lookup (self->items, host);

  if (item == NULL)
    {
      if (self->used.length >= GM_HSTS_MAX)
        remove_item (self, self->used.head->data);
      item = g_malloc0 (sizeof *item + strlen (host) + 1);
      memcpy (item->text, host, strlen (host));
      item->entry.host = item->text;
      item->link.data = item;
      g_hash_table_insert (self->items, item->text, item);
      gm_queue_push_tail (&self->used, &item->link);
    }
  touch (self, item);
  item->entry.expires = expires;
  item->entry.subdomains = subdomains;
  g_atomic_int_inc (&self->serial);
}

gboolean
gm_hsts_learn (GmHsts *self,
               const GmUrl *url,
               GmSpan text,
               gint64 now)
{
  char host[GM_SITE_MAX_HOST + 1];
  GmHstsField field;
  Item *item;

  if (gm_url_get_scheme (url) != GM_SCHEME_HTTPS || !gm_hsts_field_parse (text, &field) ||
      !normalise (gm_url_get_host (url), host))
    return FALSE;

  g_mutex_lock (&self->lock);
  if (field.max_age > 0)
    put (self, host, now + field.max_age, field.subdomains);
  else if ((item = g_hash_table_lookup (self->items, host)) != NULL)
    remove_item (self, item);
  g_mutex_unlock (&self->lock);

  return TRUE;
}

gboolean
gm_hsts_add (GmHsts *self,
             GmSpan text,
             gint64 expires,
             gboolean subdomains,
             gint64 now)
{
  char host[GM_SITE_MAX_HOST + 1];
  Item *item;

  if (!normalise (text, host))
    return FALSE;

  g_mutex_lock (&self->lock);
  item = g_hash_table_lookup (self->items, host);
  if (expires > now && (item == NULL || item->entry.expires < expires))
    put (self, host, expires, subdomains);
  g_mutex_unlock (&self->lock);

  return TRUE;
}

/* The host's own entry, then those of the names above it that speak for what is below them. */
static gboolean
find (GmHsts *self,
      const char *host,
      gint64 now)
{
  for (const char *name = host; name != NULL; name = strchr (name, '.'))
    {
      Item *item;

      if (name != host)
        name++;
      item = g_hash_table_lookup (self->items, name);
      if (item == NULL)
        continue;
      if (item->entry.expires <= now)
        remove_item (self, item);
      else if (name == host || item->entry.subdomains)
        {
          touch (self, item);
          return TRUE;
        }
    }

  return FALSE;
}

gboolean
gm_hsts_wants_tls (GmHsts *self,
                   const GmUrl *url,
                   gint64 now)
{
  char host[GM_SITE_MAX_HOST + 1];
  gboolean found;

  if (gm_url_get_scheme (url) != GM_SCHEME_HTTP || !normalise (gm_url_get_host (url), host))
    return FALSE;

  g_mutex_lock (&self->lock);
  found = find (self, host, now);
  g_mutex_unlock (&self->lock);

  return found;
}

/* (element-type GmHstsEntry) (transfer full): copies, each with its host behind it. */
static GPtrArray *
list_entries (GmHsts *self,
              gint64 now)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);

  g_mutex_lock (&self->lock);
  for (GList *link = self->used.head; link != NULL; link = link->next)
    {
      const GmHstsEntry *entry = &((Item *) link->data)->entry;
      gsize size = strlen (entry->host) + 1;
      GmHstsEntry *copy;

      if (entry->expires <= now)
        continue;
      copy = g_malloc (sizeof *copy + size);
      *copy = *entry;
      copy->host = memcpy (copy + 1, entry->host, size);
      g_ptr_array_add (list, copy);
    }
  g_mutex_unlock (&self->lock);

  return list;
}

void
gm_hsts_foreach (GmHsts *self,
                 gint64 now,
                 gboolean (*func) (const GmHstsEntry *entry, gpointer user_data),
                 gpointer user_data)
{
  g_autoptr (GPtrArray) list = list_entries (self, now);
  gboolean more = TRUE;

  for (guint i = 0; more && i < list->len; i++)
    more = func (g_ptr_array_index (list, i), user_data);
}

guint
gm_hsts_get_n (GmHsts *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->used.length;
  g_mutex_unlock (&self->lock);

  return n;
}

guint
gm_hsts_get_serial (GmHsts *self)
{
  return (guint) g_atomic_int_get (&self->serial);
}

/* ---- text ---- */

#define UNLIMITED "unlimited"

/* 'host "time"' */
static gboolean
read_line (gpointer store,
           GmSpan line,
           gboolean drop_session G_GNUC_UNUSED,
           gint64 now)
{
  const char *quote;
  gboolean subdomains;
  GmSpan host, time;
  gint64 expires;

  line = gm_state_line_strip (line);
  if (line.len == 0)
    return TRUE;
  quote = memchr (line.data, '"', line.len);
  subdomains = line.data[0] == '.';
  if (quote == NULL || line.len < 2 || line.data[line.len - 1] != '"' || quote == line.data + line.len - 1)
    return FALSE;
  host = gm_span_strip (gm_span (line.data, (gsize) (quote - line.data)));
  time = gm_span (quote + 1, line.len - (gsize) (quote - line.data) - 2);
  if (subdomains)
    host = gm_span (host.data + 1, host.len - 1);
  if (gm_span_equal (time, GM_SPAN (UNLIMITED)))
    expires = GM_HSTS_FOR_EVER;
  else if (!gm_state_stamp_read (time, &expires))
    return FALSE;

  return gm_hsts_add (store, host, expires, subdomains, now);
}

guint
gm_hsts_read (GmHsts *self,
              GmSpan text,
              gint64 now)
{
  return gm_state_files_take (&self->files, text, now);
}

static gboolean
write_entry (const GmHstsEntry *entry,
             gpointer user_data)
{
  GmByteBuilder *out = user_data;
  char stamp[GM_STATE_STAMP_LEN];

  if (entry->subdomains)
    gm_byte_builder_append_char (out, '.');
  gm_byte_builder_append (out, entry->host, strlen (entry->host));
  gm_byte_builder_append_literal (out, " \"");
  if (entry->expires != GM_HSTS_FOR_EVER && gm_state_stamp_write (stamp, entry->expires))
    gm_byte_builder_append (out, stamp, sizeof stamp);
  else
    gm_byte_builder_append_literal (out, UNLIMITED);
  gm_byte_builder_append_literal (out, "\"\n");

  return TRUE;
}

void
gm_hsts_write (GmHsts *self,
               gint64 now,
               GmByteBuilder *out)
{
  gm_hsts_foreach (self, now, write_entry, out);
}

/* ---- files ---- */

void
gm_hsts_add_file (GmHsts *self,
                  const char *path,
                  const char *tag)
{
  gm_state_files_add (&self->files, path, tag, FALSE);
}

gboolean
gm_hsts_is_loaded (GmHsts *self)
{
  return gm_state_files_is_loaded (&self->files);
}

int
gm_hsts_load (GmHsts *self,
              gint64 now,
              guint *n_damaged)
{
  guint n;
  int error;

  gm_state_files_load (&self->files, now, &error, n_damaged != NULL ? n_damaged : &n);
  return error;
}

static void
write_text (gpointer data,
            gint64 now,
            GmByteBuilder *out)
{
  gm_hsts_write (data, now, out);
}

int
gm_hsts_get_file_error (GmHsts *self,
                        const char *path)
{
  return gm_state_files_get_error (&self->files, path);
}

int
gm_hsts_save (GmHsts *self,
              const char *path,
              gint64 now)
{
  int error = gm_hsts_load (self, now, NULL);

  return error != 0 ? error : gm_state_files_save (&self->files, path, "# HSTS cache\n", write_text, self, now);
}
