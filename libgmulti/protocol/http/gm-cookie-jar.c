/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-cookie-jar.h"

#include "gm-queue.h"
#include "gm-site.h"
#include "gm-state-file.h"

typedef struct _Site Site;

typedef struct
{
  GmCookie *cookie; /* (owned) */
  Site *site; /* (unowned) */
  GList link; /* in jar->used; data is the entry */
  guint64 created; /* order of creation; who is replaced hands it on */
  guint64 used; /* order of use */
  gboolean from_file; /* nobody has set it since */
} Entry;

struct _Site
{
  char *name; /* (owned) */
  GPtrArray *entries; /* (owned) (element-type Entry) */
};

struct _GmCookieJar
{
  gatomicrefcount refs;
  GMutex lock;
  GHashTable *sites; /* (owned) (element-type utf8 Site) */
  GQueue used; /* all entries, the longest unused one first */
  guint64 clock; /* counts creations and uses */
  GmStateFiles files;
  GPtrArray *homeless; /* (owned) (nullable) (element-type utf8): fields without a domain; NULL: they are not wanted */
  GmSameSite said; /* in the line before, by whoever reads @files */
  void (*changed) (gpointer user_data);
  void (*loaded) (gpointer user_data, int error, guint n_damaged);
  void (*destroy) (gpointer user_data);
  gpointer user_data;
};

/* ---- one cookie ---- */

static const char *
put_text (char **at,
          GmSpan text)
{
  char *start = *at;

  if (text.len > 0)
    memcpy (start, text.data, text.len);
  start[text.len] = '\0';
  *at = start + text.len + 1;
  return start;
}

static GmCookie *
cookie_new (const GmCookieLine *line)
{
  gsize len = line->name.len + line->value.len + line->domain.len + line->path.len + 4;
  GmCookie *self = g_malloc (sizeof *self + len);
  char *at = self->text;

  g_atomic_ref_count_init (&self->refs);
  self->same_site = line->same_site;
  self->expires = line->persistent ? line->expires : 0;
  self->persistent = line->persistent;
  self->host_only = line->host_only;
  self->secure = line->secure;
  self->http_only = line->http_only;
  self->name = put_text (&at, line->name);
  self->value = put_text (&at, line->value);
  self->domain = put_text (&at, line->domain);
  self->path = put_text (&at, line->path);

  return self;
}

GmCookie *
gm_cookie_ref (GmCookie *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_cookie_unref (GmCookie *self)
{
  if (self != NULL && g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}

static inline GmSpan
text_span (const char *text)
{
  return gm_span (text, strlen (text));
}

static void
write_line (const GmCookie *self,
            GmByteBuilder *out)
{
  GmCookieLine line = {
    .name = text_span (self->name),
    .value = text_span (self->value),
    .domain = text_span (self->domain),
    .path = text_span (self->path),
    .expires = self->expires,
    .persistent = self->persistent,
    .host_only = self->host_only,
    .secure = self->secure,
    .http_only = self->http_only,
  };

  gm_cookie_write_netscape (&line, out);
}

char *
gm_cookie_dup_netscape (const GmCookie *self)
{
  GmByteBuilder out = { 0 };
  gsize len;

  write_line (self, &out);
  gm_byte_builder_append_char (&out, '\0');
  return gm_byte_builder_steal (&out, &len);
}

static gboolean
is_expired (const GmCookie *self,
            gint64 now)
{
  return self->persistent && self->expires <= now;
}

/* ---- the jar ---- */

static void
entry_free (gpointer data)
{
  Entry *self = data;

  gm_cookie_unref (self->cookie);
  g_free (self);
}

static void
site_free (gpointer data)
{
  Site *self = data;

  g_ptr_array_unref (self->entries);
  g_free (self->name);
  g_free (self);
}

static gboolean
take_line (gpointer store,
           GmSpan text,
           gboolean drop_session,
           gint64 now);

GmCookieJar *
gm_cookie_jar_new (void)
{
  GmCookieJar *self = g_new0 (GmCookieJar, 1);

  gm_site_prepare ();
  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->sites = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, site_free);
  gm_state_files_init (&self->files, take_line, self);

  return self;
}

GmCookieJar *
gm_cookie_jar_ref (GmCookieJar *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_cookie_jar_unref (GmCookieJar *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_hash_table_unref (self->sites);
  if (self->homeless != NULL)
    g_ptr_array_unref (self->homeless);
  gm_state_files_clear (&self->files);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
gm_cookie_jar_watch (GmCookieJar *self,
                     void (*changed) (gpointer user_data),
                     void (*loaded) (gpointer user_data, int error, guint n_damaged),
                     gpointer user_data,
                     void (*destroy) (gpointer user_data))
{
  void (*old_destroy) (gpointer);
  gpointer old_data;

  g_mutex_lock (&self->lock);
  old_destroy = self->destroy;
  old_data = self->user_data;
  self->changed = changed;
  self->loaded = loaded;
  self->destroy = destroy;
  self->user_data = user_data;
  g_mutex_unlock (&self->lock);
  if (old_destroy != NULL)
    old_destroy (old_data);
}

gpointer
gm_cookie_jar_get_watcher (GmCookieJar *self)
{
  return self->user_data;
}

/* Ends a section that may have changed something. */
static void
unlock_and_tell (GmCookieJar *self,
                 gboolean changed)
{
  void (*tell) (gpointer) = changed ? self->changed : NULL;
  gpointer user_data = self->user_data;

  g_mutex_unlock (&self->lock);
  if (tell != NULL)
    tell (user_data);
}

static Site *
find_site (GmCookieJar *self,
           GmSpan host)
{
  GmSpan name = gm_site_of_host (host);
  char key[GM_SITE_MAX_HOST + 1];

  if (name.len > GM_SITE_MAX_HOST)
    return NULL;
  memcpy (key, name.data, name.len);
  key[name.len] = '\0';

  return g_hash_table_lookup (self->sites, key);
}

static Site *
need_site (GmCookieJar *self,
           GmSpan host)
{
  Site *site = find_site (self, host);
  GmSpan name;

  if (site != NULL)
    return site;
  name = gm_site_of_host (host);
  site = g_new0 (Site, 1);
  site->name = g_strndup (name.data, name.len);
  site->entries = g_ptr_array_new_with_free_func (entry_free);
  g_hash_table_insert (self->sites, site->name, site);

  return site;
}

static void
touch (GmCookieJar *self,
       Entry *entry)
{
  if (entry->used != 0)
    gm_queue_unlink (&self->used, &entry->link);
  gm_queue_push_tail (&self->used, &entry->link);
  entry->used = ++self->clock;
}

/* The site goes with its last one, unless somebody is @busy in it. */
static void
remove_entry (GmCookieJar *self,
              Entry *entry,
              Site *busy)
{
  Site *site = entry->site;

  gm_queue_unlink (&self->used, &entry->link);
  g_ptr_array_remove_fast (site->entries, entry);
  if (site->entries->len == 0 && site != busy)
    g_hash_table_remove (self->sites, site->name);
}

static void
tidy_site (GmCookieJar *self,
           Site *site)
{
  if (site->entries->len == 0)
    g_hash_table_remove (self->sites, site->name);
}

/* RFC 6265bis section 5.7: the expired first, then those not Secure, then any; of equals, the longest unused. */
static Entry *
worst_of_site (Site *site,
               gint64 now)
{
  Entry *worst = NULL;
  guint worst_rank = 0;

  for (guint i = 0; i < site->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (site->entries, i);
      guint rank = is_expired (entry->cookie, now) ? 0 : !entry->cookie->secure ? 1 : 2;

      if (worst == NULL || rank < worst_rank || (rank == worst_rank && entry->used < worst->used))
        {
          worst = entry;
          worst_rank = rank;
        }
    }

  return worst;
}

static void
remove_expired (GmCookieJar *self,
                gint64 now,
                Site *busy)
{
  GList *next;

  for (GList *link = self->used.head; link != NULL; link = next)
    {
      Entry *entry = link->data;

      next = link->next;
      if (is_expired (entry->cookie, now))
        remove_entry (self, entry, busy);
    }
}

/* Room for one more in @site. No site is above its limit, so that in the whole jar age alone decides. */
static void
make_room (GmCookieJar *self,
           Site *site,
           gint64 now)
{
  if (site->entries->len >= GM_COOKIE_JAR_MAX_SITE)
    remove_entry (self, worst_of_site (site, now), site);
  if (self->used.length < GM_COOKIE_JAR_MAX)
    return;
  remove_expired (self, now, site);
  if (self->used.length >= GM_COOKIE_JAR_MAX)
    remove_entry (self, self->used.head->data, site);
}

static Entry *
find_entry (Site *site,
            const GmCookieLine *line)
{
  for (guint i = 0; site != NULL && i < site->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (site->entries, i);
      const GmCookie *cookie = entry->cookie;

      if (cookie->host_only == line->host_only && gm_span_equal (text_span (cookie->name), line->name) &&
          gm_span_equal (text_span (cookie->domain), line->domain) &&
          gm_span_equal (text_span (cookie->path), line->path))
        return entry;
    }

  return NULL;
}

/* Puts it in, in place of the one it replaces, or takes that away. TRUE if anything changed. */
static gboolean
store (GmCookieJar *self,
       const GmCookieLine *line,
       gboolean from_file,
       gint64 now)
{
  gboolean gone = line->persistent && line->expires <= now;
  Site *site = gone ? find_site (self, line->domain) : need_site (self, line->domain);
  Entry *entry = find_entry (site, line);

  if (entry != NULL && from_file && !entry->from_file)
    return FALSE;
  if (gone)
    {
      if (entry != NULL)
        remove_entry (self, entry, NULL);
      return entry != NULL;
    }
  if (entry == NULL)
    {
      make_room (self, site, now);
      entry = g_new0 (Entry, 1);
      entry->link.data = entry;
      entry->site = site;
      entry->created = ++self->clock;
      g_ptr_array_add (site->entries, entry);
    }

  gm_cookie_unref (entry->cookie);
  entry->cookie = cookie_new (line);
  entry->from_file = from_file;
  touch (self, entry);
  return TRUE;
}

/* ---- who may set what ---- */

void
gm_cookie_origin_init (GmCookieOrigin *self,
                       const GmUrl *url,
                       const char *first_party)
{
  self->host = gm_url_get_host (url);
  self->path = gm_url_get_path (url);
  self->secure = gm_site_is_secure (url);
  self->cross_site = FALSE;
  if (first_party != NULL)
    {
      g_autoptr (GmUrl) page = NULL;

      self->cross_site =
        gm_url_parse (first_party, strlen (first_party), GM_URL_ANY_SCHEME, &page) != GM_OK || !gm_site_same (page, url);
    }
}

void
gm_cookie_origin_rename (GmCookieOrigin *self,
                         GmSpan authority,
                         gboolean tls)
{
  const char *end;

  if (authority.len > 0 && *authority.data == '[')
    {
      authority = gm_span (authority.data + 1, authority.len - 1);
      end = memchr (authority.data, ']', authority.len);
    }
  else
    end = memchr (authority.data, ':', authority.len);
  if (end != NULL)
    authority.len = (gsize) (end - authority.data);
  if (authority.len == 0 || authority.len >= sizeof self->name)
    return;

  for (gsize i = 0; i < authority.len; i++)
    self->name[i] = gm_ascii_lower (authority.data[i]);
  self->host = gm_span (self->name, authority.len);
  self->secure = tls || gm_site_is_local (self->host);
}

/* RFC 6265bis section 4.1.3; case is ignored, because servers may ignore it. */
static gboolean
keeps_promise (const GmCookieLine *line,
               gboolean says_path)
{
  static const GmSpan secure = { "__Secure-", 9 };
  static const GmSpan host = { "__Host-", 7 };

  if (line->name.len >= secure.len && gm_span_equal_nocase (gm_span (line->name.data, secure.len), secure))
    return line->secure;
  if (line->name.len >= host.len && gm_span_equal_nocase (gm_span (line->name.data, host.len), host))
    return line->secure && line->host_only && says_path && line->path.len == 1;

  return TRUE;
}

/* The Domain in lower case, in @buffer, without what no host can have: a dot at the end ("example.com." is another name
 * than "example.com", and its "com." not in any list), bytes that are not ASCII, a "#", which begins a comment in a file. */
static gboolean
normalise_domain (GmCookieLine *line,
                  char buffer[GM_SITE_MAX_HOST])
{
  GmSpan domain = line->domain;

  if (domain.len > GM_SITE_MAX_HOST || domain.data[0] == '.' || domain.data[domain.len - 1] == '.')
    return FALSE;
  for (gsize i = 0; i < domain.len; i++)
    {
      if ((guchar) domain.data[i] > 0x7e || domain.data[i] == ' ' || domain.data[i] == '#')
        return FALSE;
      buffer[i] = gm_ascii_lower (domain.data[i]);
    }

  line->domain = gm_span (buffer, domain.len);
  return TRUE;
}

/* Which hosts it is for. */
static GmCookieFault
judge_domain (GmCookieLine *line,
              const GmCookieOrigin *origin,
              char buffer[GM_SITE_MAX_HOST])
{
  if (origin->host.len == 0 || origin->host.len > GM_SITE_MAX_HOST)
    return GM_COOKIE_FAULT_DOMAIN;
  if (line->domain.len == 0)
    {
      line->domain = origin->host;
      return GM_COOKIE_FAULT_NONE;
    }
  if (!normalise_domain (line, buffer))
    return GM_COOKIE_FAULT_DOMAIN;
  if (gm_span_equal (line->domain, origin->host))
    {
      /* An address, or a public suffix that is a host too, can have cookies for itself. */
      line->host_only = gm_site_is_address (origin->host) || gm_site_is_suffix (origin->host);
      return GM_COOKIE_FAULT_NONE;
    }
  if (gm_site_is_address (origin->host) || gm_site_is_address (line->domain) ||
      !gm_site_is_below (origin->host, line->domain))
    return GM_COOKIE_FAULT_DOMAIN;
  if (line->domain.len < gm_site_of_host (origin->host).len || gm_site_is_suffix (line->domain))
    return GM_COOKIE_FAULT_PUBLIC_SUFFIX;

  return GM_COOKIE_FAULT_NONE;
}

static gboolean
domains_meet (const GmCookieLine *line,
              const GmCookie *cookie)
{
  GmSpan domain = text_span (cookie->domain);

  return gm_site_is_below (line->domain, domain) || gm_site_is_below (domain, line->domain);
}

/* RFC 6265bis section 5.7, step 16: "leave Secure cookies alone". */
static gboolean
hides_secure (GmCookieJar *self,
              const GmCookieLine *line)
{
  Site *site = find_site (self, line->domain);

  for (guint i = 0; site != NULL && i < site->entries->len; i++)
    {
      const GmCookie *cookie = ((Entry *) g_ptr_array_index (site->entries, i))->cookie;

      if (cookie->secure && gm_span_equal (text_span (cookie->name), line->name) && domains_meet (line, cookie) &&
          gm_cookie_path_matches (line->path, text_span (cookie->path)))
        return TRUE;
    }

  return FALSE;
}

/* (nullable) */
static Entry *
look_up (GmCookieJar *self,
         const GmCookieLine *line)
{
  Site *site = find_site (self, line->domain);

  return site != NULL ? find_entry (site, line) : NULL;
}

GmCookieFault
gm_cookie_jar_set_and_tell (GmCookieJar *self,
                            const GmCookieOrigin *origin,
                            GmSpan set_cookie,
                            gint64 now,
                            GmCookie **cookie,
                            gboolean *replaced)
{
  char buffer[GM_SITE_MAX_HOST];
  GmCookieLine line;
  GmCookieFault fault = gm_cookie_parse (set_cookie, now, &line);
  gboolean says_path, promise_kept, changed = FALSE;

  if (fault != GM_COOKIE_FAULT_NONE)
    return fault;
  says_path = line.path.len > 0;
  promise_kept = keeps_promise (&line, says_path);
  fault = judge_domain (&line, origin, buffer);
  if (fault != GM_COOKIE_FAULT_NONE)
    return fault;
  if (line.secure && !origin->secure)
    return GM_COOKIE_FAULT_NOT_SECURE;
  if (!promise_kept)
    return GM_COOKIE_FAULT_PREFIX;
  if (origin->cross_site && line.same_site != GM_SAME_SITE_NONE)
    return GM_COOKIE_FAULT_CROSS_SITE;
  if (!says_path)
    line.path = gm_cookie_default_path (origin->path);
  if (line.path.len > GM_COOKIE_MAX_ATTRIBUTE)
    return GM_COOKIE_FAULT_TOO_LONG;

  g_mutex_lock (&self->lock);
  if (!line.secure && !origin->secure && hides_secure (self, &line))
    fault = GM_COOKIE_FAULT_OVER_SECURE;
  else
    {
      Entry *entry;

      *replaced = cookie != NULL && look_up (self, &line) != NULL;
      changed = store (self, &line, FALSE, now);
      entry = cookie != NULL ? look_up (self, &line) : NULL;
      if (entry != NULL)
        *cookie = gm_cookie_ref (entry->cookie);
    }
  unlock_and_tell (self, changed);

  return fault;
}

GmCookieFault
gm_cookie_jar_set (GmCookieJar *self,
                   const GmCookieOrigin *origin,
                   GmSpan set_cookie,
                   gint64 now)
{
  gboolean replaced;

  return gm_cookie_jar_set_and_tell (self, origin, set_cookie, now, NULL, &replaced);
}

GmCookieFault
gm_cookie_jar_add (GmCookieJar *self,
                   const GmCookieLine *given,
                   gboolean from_file,
                   gint64 now)
{
  char buffer[GM_SITE_MAX_HOST];
  GmCookieLine line = *given;
  gboolean changed;

  if (line.domain.len == 0)
    return GM_COOKIE_FAULT_NO_DOMAIN;
  if (line.domain.len > GM_SITE_MAX_HOST)
    return GM_COOKIE_FAULT_DOMAIN;
  /* A host's name may end with a dot; but nothing is below it. */
  if (line.host_only && line.domain.data[line.domain.len - 1] == '.' && line.domain.len > 1)
    line.domain.len--;
  if (!normalise_domain (&line, buffer))
    return GM_COOKIE_FAULT_DOMAIN;
  if (line.domain.len != given->domain.len)
    buffer[line.domain.len++] = '.';
  if (line.path.len == 0)
    line.path = GM_SPAN ("/");
  if (!keeps_promise (&line, TRUE))
    return GM_COOKIE_FAULT_PREFIX;
  /* No file can make one for all that is below a public suffix. */
  if (!line.host_only && (gm_site_is_address (line.domain) || gm_site_is_suffix (line.domain)))
    line.host_only = TRUE;

  g_mutex_lock (&self->lock);
  changed = store (self, &line, from_file, now);
  unlock_and_tell (self, changed);

  return GM_COOKIE_FAULT_NONE;
}

/* ---- cookies that do not say whose they are ---- */

void
gm_cookie_jar_keep_homeless (GmCookieJar *self)
{
  g_mutex_lock (&self->lock);
  if (self->homeless == NULL)
    self->homeless = g_ptr_array_new_with_free_func (g_free);
  g_mutex_unlock (&self->lock);
}

void
gm_cookie_jar_add_homeless (GmCookieJar *self,
                            GmSpan set_cookie)
{
  g_mutex_lock (&self->lock);
  if (self->homeless != NULL && self->homeless->len < GM_COOKIE_JAR_MAX_HOMELESS)
    g_ptr_array_add (self->homeless, g_strndup (set_cookie.data, set_cookie.len));
  g_mutex_unlock (&self->lock);
}

/* The first host that is asked for gets them; with the lock held. */
static G_NO_INLINE gboolean
give_a_home (GmCookieJar *self,
             const GmCookieOrigin *origin,
             gint64 now)
{
  gboolean changed = FALSE;

  for (guint i = 0; i < self->homeless->len; i++)
    {
      const char *text = g_ptr_array_index (self->homeless, i);
      GmCookieLine line;

      if (gm_cookie_parse (gm_span (text, strlen (text)), now, &line) != GM_COOKIE_FAULT_NONE)
        continue;
      line.domain = origin->host;
      line.host_only = TRUE;
      if (line.path.len == 0)
        line.path = GM_SPAN ("/");
      if (keeps_promise (&line, TRUE))
        changed |= store (self, &line, TRUE, now);
    }
  g_ptr_array_set_size (self->homeless, 0);

  return changed;
}

/* ---- who gets what ---- */

static gboolean
goes_to (const GmCookie *self,
         const GmCookieOrigin *origin)
{
  GmSpan domain = text_span (self->domain);

  if (self->secure && !origin->secure)
    return FALSE;
  if (origin->cross_site && self->same_site != GM_SAME_SITE_NONE)
    return FALSE;
  if (self->host_only ? !gm_span_equal (origin->host, domain) : !gm_site_is_below (origin->host, domain))
    return FALSE;

  return gm_cookie_path_matches (origin->path, text_span (self->path));
}

/* Longer paths first, then the older ones. */
static int
compare (const void *a,
         const void *b)
{
  const Entry *left = *(Entry *const *) a;
  const Entry *right = *(Entry *const *) b;
  gsize left_len = strlen (left->cookie->path);
  gsize right_len = strlen (right->cookie->path);

  if (left_len != right_len)
    return left_len > right_len ? -1 : 1;
  return left->created < right->created ? -1 : 1;
}

/* Those of @site for @origin; the expired ones go. */
static guint
collect (GmCookieJar *self,
         Site *site,
         const GmCookieOrigin *origin,
         gint64 now,
         Entry *found[GM_COOKIE_JAR_MAX_SITE])
{
  guint n = 0;

  for (guint i = 0; i < site->entries->len;)
    {
      Entry *entry = g_ptr_array_index (site->entries, i);

      if (is_expired (entry->cookie, now))
        {
          remove_entry (self, entry, site); /* another one takes its place */
          continue;
        }
      if (goes_to (entry->cookie, origin))
        found[n++] = entry;
      i++;
    }

  return n;
}

guint
gm_cookie_jar_write (GmCookieJar *self,
                     const GmCookieOrigin *origin,
                     gint64 now,
                     gsize room,
                     GmByteBuilder *out)
{
  Entry *found[GM_COOKIE_JAR_MAX_SITE];
  Site *site;
  guint n, n_sent = 0;
  gsize start = out->len;
  gboolean changed = FALSE;

  g_mutex_lock (&self->lock);
  if (G_UNLIKELY (self->homeless != NULL && self->homeless->len > 0 && origin->host.len > 0))
    changed = give_a_home (self, origin, now);
  site = origin->host.len > 0 ? find_site (self, origin->host) : NULL;
  n = site != NULL ? collect (self, site, origin, now, found) : 0;
  if (n > 1)
    qsort (found, n, sizeof *found, compare);

  for (; n_sent < n && n_sent < GM_COOKIES_MAX_SENT; n_sent++)
    {
      const GmCookie *cookie = found[n_sent]->cookie;
      gsize name_len = strlen (cookie->name);
      gsize value_len = strlen (cookie->value);

      if (out->len - start + name_len + value_len + (n_sent > 0 ? 3 : 1) > room)
        break;
      if (n_sent > 0)
        gm_byte_builder_append_literal (out, "; ");
      gm_byte_builder_append (out, cookie->name, name_len);
      gm_byte_builder_append_char (out, '=');
      gm_byte_builder_append (out, cookie->value, value_len);
      touch (self, found[n_sent]);
    }
  if (site != NULL)
    tidy_site (self, site);
  unlock_and_tell (self, changed);

  return n_sent;
}

/* ---- looking and removing ---- */

static int
compare_creation (const void *a,
                  const void *b)
{
  const Entry *left = *(Entry *const *) a;
  const Entry *right = *(Entry *const *) b;

  return left->created < right->created ? -1 : 1;
}

GPtrArray *
gm_cookie_jar_list (GmCookieJar *self,
                    gint64 now)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) gm_cookie_unref);

  g_mutex_lock (&self->lock);
  for (GList *link = self->used.head; link != NULL; link = link->next)
    {
      if (!is_expired (((Entry *) link->data)->cookie, now))
        g_ptr_array_add (list, link->data);
    }
  if (list->len > 1)
    qsort (list->pdata, list->len, sizeof (gpointer), compare_creation);
  for (guint i = 0; i < list->len; i++)
    list->pdata[i] = gm_cookie_ref (((Entry *) list->pdata[i])->cookie);
  g_mutex_unlock (&self->lock);

  return list;
}

guint
gm_cookie_jar_get_n (GmCookieJar *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->used.length;
  g_mutex_unlock (&self->lock);

  return n;
}

gboolean
gm_cookie_jar_remove (GmCookieJar *self,
                      const GmCookie *cookie)
{
  GmCookieLine line = {
    .name = text_span (cookie->name),
    .domain = text_span (cookie->domain),
    .path = text_span (cookie->path),
    .host_only = cookie->host_only,
  };
  Entry *entry;

  g_mutex_lock (&self->lock);
  entry = find_entry (find_site (self, line.domain), &line);
  if (entry != NULL)
    remove_entry (self, entry, NULL);
  unlock_and_tell (self, entry != NULL);

  return entry != NULL;
}

void
gm_cookie_jar_clear (GmCookieJar *self,
                     gboolean only_session)
{
  GList *next;
  guint before;

  g_mutex_lock (&self->lock);
  before = self->used.length;
  for (GList *link = self->used.head; link != NULL; link = next)
    {
      Entry *entry = link->data;

      next = link->next;
      if (!only_session || !entry->cookie->persistent)
        remove_entry (self, entry, NULL);
    }
  unlock_and_tell (self, self->used.length != before);
}

/* ---- files ---- */

void
gm_cookie_jar_add_file (GmCookieJar *self,
                        const char *path,
                        gboolean drop_session)
{
  gm_state_files_add (&self->files, path, NULL, drop_session);
}

gboolean
gm_cookie_jar_is_loaded (GmCookieJar *self)
{
  return gm_state_files_is_loaded (&self->files);
}

#define SET_COOKIE "Set-Cookie:"

/* One line of a file: of a Netscape one, or of a saved head, whose cookie has to say its domain. FALSE: damaged. */
static gboolean
take_line (gpointer store,
           GmSpan text,
           gboolean drop_session,
           gint64 now)
{
  GmCookieJar *self = store;
  GmSameSite said = self->said;
  GmCookieLine line;
  GmCookieFault fault;

  self->said = GM_SAME_SITE_DEFAULT;
  if (gm_cookie_parse_remark (text, &self->said) || gm_cookie_is_comment (text))
    return TRUE;
  if (text.len > strlen (SET_COOKIE) && g_ascii_strncasecmp (text.data, SET_COOKIE, strlen (SET_COOKIE)) == 0)
    fault = gm_cookie_parse (gm_span (text.data + strlen (SET_COOKIE), text.len - strlen (SET_COOKIE)), now, &line);
  else
    fault = gm_cookie_parse_netscape (text, &line);
  if (fault != GM_COOKIE_FAULT_NONE)
    return FALSE;
  if (drop_session && !line.persistent)
    return TRUE;
  if (G_UNLIKELY (self->homeless != NULL && line.domain.len == 0))
    {
      gm_cookie_jar_add_homeless (self, gm_span (text.data + strlen (SET_COOKIE), text.len - strlen (SET_COOKIE)));
      return TRUE;
    }
  if (said != GM_SAME_SITE_DEFAULT)
    line.same_site = said;

  return gm_cookie_jar_add (self, &line, TRUE, now) == GM_COOKIE_FAULT_NONE;
}

int
gm_cookie_jar_load (GmCookieJar *self,
                    gint64 now,
                    guint *n_damaged)
{
  guint damaged;
  int error;

  if (gm_state_files_load (&self->files, now, &error, &damaged) > 0 && self->loaded != NULL)
    self->loaded (self->user_data, error, damaged);
  if (n_damaged != NULL)
    *n_damaged = damaged;

  return error;
}

typedef struct
{
  GmCookieJar *jar; /* (unowned) */
  gboolean with_session;
} Saving;

static void
write_text (gpointer data,
            gint64 now,
            GmByteBuilder *out)
{
  const Saving *self = data;
  g_autoptr (GPtrArray) list = gm_cookie_jar_list (self->jar, now);

  for (guint i = 0; i < list->len; i++)
    {
      const GmCookie *cookie = g_ptr_array_index (list, i);

      if (!self->with_session && !cookie->persistent)
        continue;
      gm_cookie_write_remark (cookie->same_site, out);
      write_line (cookie, out);
      gm_byte_builder_append_char (out, '\n');
    }
}

int
gm_cookie_jar_save (GmCookieJar *self,
                    const char *path,
                    gboolean with_session,
                    gint64 now)
{
  Saving saving = { self, with_session };
  int error = gm_cookie_jar_load (self, now, NULL);

  return error != 0 ? error : gm_state_files_save (&self->files, path, "# Netscape HTTP Cookie File\n", write_text, &saving, now);
}
