/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-alt-svc.h"

#include "gm-queue.h"
#include "gm-site.h"
#include "gm-state-file.h"

#define MAX_KEY (GM_SITE_MAX_HOST + 8) /* "host:port" */

typedef struct
{
  GmAltSvcRoute route;
  gint64 expires;
  gboolean persist;
} Alternative;

typedef struct
{
  char *key; /* (owned) */
  GList link; /* in store->used; data is the origin */
  guint n;
  Alternative alternatives[GM_ALT_SVC_MAX_ORIGIN];
} Origin;

struct _GmAltSvc
{
  gatomicrefcount refs;
  GMutex lock;
  GHashTable *origins; /* (owned) (element-type utf8 Origin) */
  GQueue used; /* the longest unused one first */
  guint n; /* of all alternatives */
  gint serial; /* atomic */
  GmStateFiles files;
};

static void
origin_free (gpointer data)
{
  Origin *origin = data;

  g_free (origin->key);
  g_free (origin);
}

static gboolean
read_line (gpointer store,
           GmSpan line,
           gboolean drop_session,
           gint64 now);

GmAltSvc *
gm_alt_svc_new (void)
{
  GmAltSvc *self = g_new0 (GmAltSvc, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  gm_state_files_init (&self->files, read_line, self);
  self->origins = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, origin_free);
  return self;
}

GmAltSvc *
gm_alt_svc_ref (GmAltSvc *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_alt_svc_unref (GmAltSvc *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  g_hash_table_unref (self->origins);
  g_mutex_clear (&self->lock);
  gm_state_files_clear (&self->files);
  g_free (self);
}

/* ---- origins ---- */

/* "host:port" in lower case; FALSE: it has no alternatives. */
static gboolean
make_key (GmSpan host,
          guint16 port,
          char key[MAX_KEY])
{
  gsize len = host.len;

  if (host.len == 0 || host.len > GM_SITE_MAX_HOST)
    return FALSE;
  for (gsize i = 0; i < host.len; i++)
    key[i] = gm_ascii_lower (host.data[i]);
  key[len++] = ':';
  len += gm_decimal_write (key + len, port);
  key[len] = '\0';
  return TRUE;
}

static gboolean
make_url_key (const GmUrl *url,
              char key[MAX_KEY])
{
  return gm_url_get_scheme (url) == GM_SCHEME_HTTPS && make_key (gm_url_get_host (url), gm_url_get_port (url), key);
}

static void
remove_origin (GmAltSvc *self,
               Origin *origin)
{
  self->n -= origin->n;
  gm_queue_unlink (&self->used, &origin->link);
  g_hash_table_remove (self->origins, origin->key);
  g_atomic_int_inc (&self->serial);
}

static Origin *
need_origin (GmAltSvc *self,
             const char *key)
{
  Origin *origin = g_hash_table_lookup (self->origins, key);

  if (origin != NULL)
    return origin;
  origin = g_new0 (Origin, 1);
  origin->key = g_strdup (key);
  origin->link.data = origin;
  g_hash_table_insert (self->origins, origin->key, origin);
  gm_queue_push_tail (&self->used, &origin->link);

  return origin;
}

static gboolean
same_route (const GmAltSvcRoute *a,
            const GmAltSvcRoute *b)
{
  return a->protocol == b->protocol && a->port == b->port && strcmp (a->host, b->host) == 0;
}

static void
set_host (GmAltSvcRoute *route,
          GmSpan host)
{
  for (gsize i = 0; i < host.len; i++)
    route->host[i] = gm_ascii_lower (host.data[i]);
  route->host[host.len] = '\0';
}

static void
put (GmAltSvc *self,
     const char *key,
     const Alternative *alternative)
{
  Origin *origin = need_origin (self, key);

  for (guint i = 0; i < origin->n; i++)
    {
      if (same_route (&origin->alternatives[i].route, &alternative->route))
        {
          origin->alternatives[i] = *alternative;
          g_atomic_int_inc (&self->serial);
          return;
        }
    }
  if (origin->n == GM_ALT_SVC_MAX_ORIGIN)
    return;
  origin->alternatives[origin->n++] = *alternative;
  self->n++;
  g_atomic_int_inc (&self->serial);
  /* The origin at hand has at most a few, so there is another one before it. */
  while (self->n > GM_ALT_SVC_MAX)
    remove_origin (self, self->used.head->data);
}

void
gm_alt_svc_learn (GmAltSvc *self,
                  const GmUrl *url,
                  GmSpan field,
                  gint64 now)
{
  char key[MAX_KEY];
  GmAltSvcValue value;
  GmAltSvcStep step = gm_alt_svc_field_next (&field, &value);
  Origin *origin;

  if (!make_url_key (url, key))
    return;

  g_mutex_lock (&self->lock);
  origin = g_hash_table_lookup (self->origins, key);
  if (origin != NULL && (step == GM_ALT_SVC_VALUE || step == GM_ALT_SVC_CLEAR))
    remove_origin (self, origin);
  for (; step == GM_ALT_SVC_VALUE; step = gm_alt_svc_field_next (&field, &value))
    {
      Alternative alternative = { .route = { .protocol = value.protocol, .port = value.port },
                                  .expires = now + value.max_age,
                                  .persist = value.persist };

      if (value.protocol == GM_ALT_PROTOCOL_OTHER || value.max_age == 0)
        continue;
      set_host (&alternative.route, value.host.len > 0 ? value.host : gm_url_get_host (url));
      put (self, key, &alternative);
    }
  g_mutex_unlock (&self->lock);
}

static void
drop (GmAltSvc *self,
      Origin *origin,
      guint at)
{
  origin->n--;
  self->n--;
  memmove (origin->alternatives + at, origin->alternatives + at + 1, (origin->n - at) * sizeof *origin->alternatives);
  g_atomic_int_inc (&self->serial);
}

gboolean
gm_alt_svc_find (GmAltSvc *self,
                 const GmUrl *url,
                 guint protocols,
                 gint64 now,
                 GmAltSvcRoute *route)
{
  char key[MAX_KEY];
  Origin *origin;
  gboolean found = FALSE;

  if (!make_url_key (url, key))
    return FALSE;

  g_mutex_lock (&self->lock);
  origin = g_hash_table_lookup (self->origins, key);
  for (guint i = 0; origin != NULL && !found && i < origin->n;)
    {
      const Alternative *alternative = &origin->alternatives[i];

      if (alternative->expires <= now)
        {
          drop (self, origin, i);
          continue;
        }
      found = (protocols & 1u << alternative->route.protocol) != 0;
      if (found)
        *route = alternative->route;
      i++;
    }
  if (found)
    {
      gm_queue_unlink (&self->used, &origin->link);
      gm_queue_push_tail (&self->used, &origin->link);
    }
  else if (origin != NULL && origin->n == 0)
    remove_origin (self, origin);
  g_mutex_unlock (&self->lock);

  return found;
}

void
gm_alt_svc_forget (GmAltSvc *self,
                   const GmUrl *url,
                   const GmAltSvcRoute *route)
{
  char key[MAX_KEY];
  Origin *origin;

  if (!make_url_key (url, key))
    return;

  g_mutex_lock (&self->lock);
  origin = g_hash_table_lookup (self->origins, key);
  for (guint i = 0; origin != NULL && i < origin->n; i++)
    {
      if (same_route (&origin->alternatives[i].route, route))
        {
          drop (self, origin, i);
          break;
        }
    }
  if (origin != NULL && origin->n == 0)
    remove_origin (self, origin);
  g_mutex_unlock (&self->lock);
}

void
gm_alt_svc_move (GmAltSvc *self)
{
  GList *next;

  g_mutex_lock (&self->lock);
  for (GList *link = self->used.head; link != NULL; link = next)
    {
      Origin *origin = link->data;

      next = link->next;
      for (guint i = 0; i < origin->n;)
        {
          if (origin->alternatives[i].persist)
            i++;
          else
            drop (self, origin, i);
        }
      if (origin->n == 0)
        remove_origin (self, origin);
    }
  g_mutex_unlock (&self->lock);
}

guint
gm_alt_svc_get_n (GmAltSvc *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n;
  g_mutex_unlock (&self->lock);

  return n;
}

guint
gm_alt_svc_get_serial (GmAltSvc *self)
{
  return (guint) g_atomic_int_get (&self->serial);
}

/* ---- text ---- */

static GmSpan
cut_word (GmSpan *line)
{
  gsize n = 0;
  GmSpan word;

  *line = gm_span_strip (*line);
  while (n < line->len && line->data[n] != ' ' && line->data[n] != '\t')
    n++;
  word = gm_span (line->data, n);
  *line = gm_span (line->data + n, line->len - n);
  return word;
}

/* "host port", IPv6 in brackets; a dot at the end says nothing. */
static gboolean
cut_place (GmSpan *line,
           GmSpan *host,
           guint16 *port)
{
  guint64 number;

  *host = cut_word (line);
  if (host->len > 2 && host->data[0] == '[' && host->data[host->len - 1] == ']')
    *host = gm_span (host->data + 1, host->len - 2);
  if (host->len == 0 || host->len > GM_SITE_MAX_HOST || !gm_span_to_uint64 (cut_word (line), 65535, &number) ||
      number == 0)
    return FALSE;
  for (gsize i = 0; i < host->len; i++)
    {
      char c = host->data[i];

      if (!g_ascii_isalnum (c) && c != '.' && c != ':' && c != '-' && c != '_')
        return FALSE;
    }

  *port = (guint16) number;
  return TRUE;
}

static gboolean
read_line (gpointer store,
           GmSpan line,
           gboolean drop_session G_GNUC_UNUSED,
           gint64 now)
{
  GmAltSvc *self = store;
  GmAltProtocol from;
  Alternative alternative = { 0 };
  GmSpan host, other;
  guint16 port;
  char key[MAX_KEY];

  line = gm_state_line_strip (line);
  if (line.len == 0)
    return TRUE;
  from = gm_alt_protocol_find (cut_word (&line));
  if (from == GM_ALT_PROTOCOL_OTHER || !cut_place (&line, &host, &port) || !make_key (host, port, key))
    return FALSE;
  alternative.route.protocol = gm_alt_protocol_find (cut_word (&line));
  if (alternative.route.protocol == GM_ALT_PROTOCOL_OTHER || !cut_place (&line, &other, &alternative.route.port))
    return FALSE;
  set_host (&alternative.route, other);
  line = gm_span_strip (line);
  if (line.len < GM_STATE_STAMP_LEN + 2 || line.data[0] != '"' || line.data[GM_STATE_STAMP_LEN + 1] != '"' ||
      !gm_state_stamp_read (gm_span (line.data + 1, GM_STATE_STAMP_LEN), &alternative.expires))
    return FALSE;
  line = gm_span (line.data + GM_STATE_STAMP_LEN + 2, line.len - GM_STATE_STAMP_LEN - 2);
  alternative.persist = gm_span_equal (cut_word (&line), GM_SPAN ("1"));
  if (alternative.expires <= now)
    return TRUE;

  g_mutex_lock (&self->lock);
  put (self, key, &alternative);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

guint
gm_alt_svc_read (GmAltSvc *self,
                 GmSpan text,
                 gint64 now)
{
  return gm_state_files_take (&self->files, text, now);
}

static void
write_place (GmByteBuilder *out,
             GmSpan host,
             guint16 port)
{
  gboolean is_ipv6 = memchr (host.data, ':', host.len) != NULL;

  if (is_ipv6)
    gm_byte_builder_append_char (out, '[');
  gm_byte_builder_append_span (out, host);
  if (is_ipv6)
    gm_byte_builder_append_char (out, ']');
  gm_byte_builder_append_char (out, ' ');
  gm_byte_builder_append_uint (out, port);
}

static void
write_alternative (const Origin *origin,
                   const Alternative *alternative,
                   GmByteBuilder *out)
{
  const char *protocol = gm_alt_protocol_name (alternative->route.protocol);
  const char *colon = strrchr (origin->key, ':');
  char stamp[GM_STATE_STAMP_LEN];

  if (!gm_state_stamp_write (stamp, alternative->expires))
    return;
  /* The protocol it was told by is not known any more, and does not matter. */
  gm_byte_builder_append_literal (out, "h1 ");
  write_place (out, gm_span (origin->key, (gsize) (colon - origin->key)), (guint16) strtoul (colon + 1, NULL, 10));
  gm_byte_builder_append_char (out, ' ');
  gm_byte_builder_append (out, protocol, strlen (protocol));
  gm_byte_builder_append_char (out, ' ');
  write_place (out, gm_span (alternative->route.host, strlen (alternative->route.host)), alternative->route.port);
  gm_byte_builder_append_literal (out, " \"");
  gm_byte_builder_append (out, stamp, sizeof stamp);
  if (alternative->persist)
    gm_byte_builder_append_literal (out, "\" 1 0\n");
  else
    gm_byte_builder_append_literal (out, "\" 0 0\n");
}

void
gm_alt_svc_write (GmAltSvc *self,
                  gint64 now,
                  GmByteBuilder *out)
{
  g_mutex_lock (&self->lock);
  for (GList *link = self->used.head; link != NULL; link = link->next)
    {
      const Origin *origin = link->data;

      for (guint i = 0; i < origin->n; i++)
        {
          if (origin->alternatives[i].expires > now)
            write_alternative (origin, &origin->alternatives[i], out);
        }
    }
  g_mutex_unlock (&self->lock);
}

/* ---- files ---- */

void
gm_alt_svc_add_file (GmAltSvc *self,
                     const char *path,
                     const char *tag)
{
  gm_state_files_add (&self->files, path, tag, FALSE);
}

gboolean
gm_alt_svc_is_loaded (GmAltSvc *self)
{
  return gm_state_files_is_loaded (&self->files);
}

int
gm_alt_svc_load (GmAltSvc *self,
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
  gm_alt_svc_write (data, now, out);
}

int
gm_alt_svc_get_file_error (GmAltSvc *self,
                           const char *path)
{
  return gm_state_files_get_error (&self->files, path);
}

int
gm_alt_svc_save (GmAltSvc *self,
                 const char *path,
                 gint64 now)
{
  int error = gm_alt_svc_load (self, now, NULL);

  return error != 0 ? error : gm_state_files_save (&self->files, path, "# Alt-Svc cache\n", write_text, self, now);
}
