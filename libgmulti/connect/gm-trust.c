/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-trust.h"

#include "gm-fork.h"
#include "gm-trace.h"

/* One set of anchors, or one identity. The lock guards the table and each entry's credentials. */
typedef struct
{
  gatomicrefcount refs; /* the table's, and the jobs' */
  GmTlsKind kind;
  const GmTlsSettings *settings; /* (owned) */
  GmTlsCredentials *credentials; /* (owned) (nullable): once they were read */
  gint64 read_at; /* µs */
  GBytes *pin_code; /* (owned) (nullable): that somebody gave when asked; by gm_secret_bytes_new() */
  GBytes *refused; /* (owned) (nullable): the last one that was wrong */
  guint n_refused; /* how many were */
  GmWorkers *workers; /* (owned): one thread, so that they are read once however many ask */
  GList link;
} Entry;

typedef struct
{
  GmJob job;
  Entry *entry; /* (owned) */
  GmTlsCredentials *credentials; /* (owned) (nullable) */
  GmTrustWait *wait; /* (unowned) */
} ReadJob;

struct _GmTrustWait
{
  ReadJob *job; /* (owned) (nullable): while it is at work */
  GmTlsCredentials *credentials; /* (owned) (nullable) */
  GmRunnable *owner; /* (unowned) */
  GmReactor *reactor; /* (unowned) */
};

static GMutex lock;
static GQueue kept = G_QUEUE_INIT; /* of Entry: last used first */
static guint generation; /* of the process that filled it */

/* ---- entries ---- */

static void
entry_unref (Entry *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  gm_tls_settings_unref (self->settings);
  gm_tls_credentials_unref (self->credentials);
  gm_workers_unref (self->workers);
  g_clear_pointer (&self->pin_code, g_bytes_unref);
  g_clear_pointer (&self->refused, g_bytes_unref);
  g_free (self);
}

static gboolean
strings_equal (const char *a,
               const char *b)
{
  return g_strcmp0 (a, b) == 0;
}

static gboolean
bytes_equal (GBytes *a,
             GBytes *b)
{
  return a == b || (a != NULL && b != NULL && g_bytes_equal (a, b));
}

/* Only what is read counts here, not what is made of it. */
static gboolean
fits (Entry *self,
      GmTlsKind kind,
      const GmTlsSettings *b)
{
  const GmTlsSettings *a = self->settings;

  if (self->kind != kind)
    return FALSE;
  if (a == b)
    return TRUE;
  if (kind == GM_TLS_ANCHORS)
    return strings_equal (a->ca_file, b->ca_file) && strings_equal (a->ca_dir, b->ca_dir) &&
           strings_equal (a->crl_file, b->crl_file) && strings_equal (a->issuer_file, b->issuer_file) &&
           bytes_equal (a->ca_bytes, b->ca_bytes) && bytes_equal (a->issuer_bytes, b->issuer_bytes) &&
           a->with_system_trust == b->with_system_trust;

  if (kind == GM_TLS_PINNED)
    return strings_equal (a->pins, b->pins);

  return strings_equal (a->cert_file, b->cert_file) && strings_equal (a->key_file, b->key_file) &&
         bytes_equal (a->cert_bytes, b->cert_bytes) && bytes_equal (a->key_bytes, b->key_bytes) &&
         bytes_equal (a->key_password, b->key_password) && a->cert_format == b->cert_format &&
         a->key_format == b->key_format;
}

static gboolean
is_system (Entry *self)
{
  const GmTlsSettings *a = self->settings;

  return self->kind == GM_TLS_ANCHORS && a->ca_file == NULL && a->ca_dir == NULL && a->ca_bytes == NULL &&
         a->crl_file == NULL && a->issuer_file == NULL && a->issuer_bytes == NULL;
}

/* The system's store stays for good. */
static void
trim (void)
{
  GList *link = kept.tail;

  while (kept.length > GM_TRUST_MAX_KEPT + 1 && link != NULL)
    {
      Entry *entry = link->data;

      link = link->prev;
      if (!is_system (entry))
        {
          g_queue_unlink (&kept, &entry->link);
          entry_unref (entry);
        }
    }
}

/* Under the lock. */
static Entry *
ensure_entry (GmTlsKind kind,
              const GmTlsSettings *settings)
{
  Entry *entry;

  for (GList *link = kept.head; link != NULL; link = link->next)
    if (fits (link->data, kind, settings))
      {
        entry = link->data;
        g_queue_unlink (&kept, link);
        g_queue_push_head_link (&kept, link);
        return entry;
      }

  entry = g_new0 (Entry, 1);
  g_atomic_ref_count_init (&entry->refs);
  entry->kind = kind;
  entry->settings = gm_tls_settings_ref (settings);
  entry->workers = gm_workers_new ("gm-trust", 1);
  entry->link.data = entry;
  g_queue_push_head_link (&kept, &entry->link);
  trim ();

  return entry;
}

/* Under the lock. */
static GmTlsCredentials *
get_fresh (Entry *self)
{
  if (self->credentials == NULL)
    return NULL;
  if (!is_system (self) && g_get_monotonic_time () - self->read_at > GM_TRUST_FRESH_US)
    return NULL;

  return gm_tls_credentials_ref (self->credentials);
}

/* ---- on the worker ---- */

static GmTlsCredentials *
load (const Entry *entry,
      GBytes *pin_code)
{
  GmTlsCredentials *credentials;
  GmTlsSettings *settings;

  if (pin_code == NULL)
    return gm_tls_credentials_load (entry->kind, entry->settings);

  settings = gm_tls_settings_copy (entry->settings);
  g_clear_pointer (&settings->key_password, g_bytes_unref);
  settings->key_password = g_bytes_ref (pin_code);
  credentials = gm_tls_credentials_load (entry->kind, settings);
  gm_tls_settings_unref (settings);

  return credentials;
}

/* A wrong one is not tried twice: cards lock themselves. */
static void
forget_pin (Entry *entry,
            GBytes *pin_code)
{
  g_mutex_lock (&lock);
  if (bytes_equal (entry->pin_code, pin_code))
    g_clear_pointer (&entry->pin_code, g_bytes_unref);
  g_clear_pointer (&entry->refused, g_bytes_unref);
  entry->refused = g_bytes_ref (pin_code);
  entry->n_refused++;
  g_mutex_unlock (&lock);
}

static void
read_work (GmJob *job)
{
  static const char *const names[GM_TLS_N_KINDS] = { "trust anchors", "client certificate", "pinned key" };
  ReadJob *self = (ReadJob *) job;
  Entry *entry = self->entry;
  g_autoptr (GBytes) pin_code = NULL;

  /* Who stood before us in the line may have done it. */
  g_mutex_lock (&lock);
  self->credentials = get_fresh (entry);
  if (entry->pin_code != NULL)
    pin_code = g_bytes_ref (entry->pin_code);
  g_mutex_unlock (&lock);
  if (self->credentials != NULL)
    return;

  self->credentials = load (entry, pin_code);
  GM_TRACE (TLS, 0, 0, "%s read: %s", names[entry->kind],
            gm_result_name (self->credentials->result));

  /* A failure is told to who waits, and tried again by who comes next. */
  if (self->credentials->result == GM_TLS_TOKEN_PIN && pin_code != NULL)
    forget_pin (entry, pin_code);
  g_mutex_lock (&lock);
  self->credentials->n_refused = entry->n_refused;
  if (self->credentials->result != GM_OK)
    {
      g_mutex_unlock (&lock);
      return;
    }
  gm_tls_credentials_unref (entry->credentials);
  entry->credentials = gm_tls_credentials_ref (self->credentials);
  entry->read_at = g_get_monotonic_time ();
  g_mutex_unlock (&lock);
}

static void
read_done (GmJob *job)
{
  ReadJob *self = (ReadJob *) job;
  GmTrustWait *wait = self->wait;

  wait->credentials = g_steal_pointer (&self->credentials);
  wait->job = NULL;
  gm_reactor_queue (wait->reactor, wait->owner);
  gm_job_unref (job);
}

static void
read_free (GmJob *job)
{
  ReadJob *self = (ReadJob *) job;

  gm_tls_credentials_unref (self->credentials);
  entry_unref (self->entry);
  g_free (self);
}

/* ---- waiting ---- */

static void
start_job (GmTrustWait *self,
           Entry *entry)
{
  static const GmJobType type = { read_work, read_done, read_free };
  ReadJob *job = g_new0 (ReadJob, 1);

  gm_job_init (&job->job, &type);
  g_atomic_ref_count_inc (&entry->refs);
  job->entry = entry;
  job->wait = self;
  if (gm_job_start (&job->job, entry->workers, self->reactor))
    {
      self->job = job;
      return;
    }

  /* No thread to be had: better late than never. */
  self->credentials = gm_tls_credentials_load (entry->kind, entry->settings);
  gm_job_unref (&job->job);
}

/* In a child threads that are not here were to fill the table, and may hold its lock. */
static void
look_for_fork (void)
{
  if (generation == gm_fork_generation ())
    return;

  g_mutex_init (&lock);
  g_queue_init (&kept);
  generation = gm_fork_generation ();
}

/* A program that ends does not wait for our threads, and GnuTLS takes itself down in a destructor, below one that reads: but
 * for who has initialized it and not given that back. Nothing of ours with GnuTLS begins on a worker but behind this. */
static void
outlive_exit (void)
{
  static gsize done;

  if (!g_once_init_enter (&done))
    return;

  gnutls_global_init ();
  g_once_init_leave (&done, 1);
}

GmTrustWait *
gm_trust_ask (GmTlsKind kind,
              const GmTlsSettings *settings,
              GmReactor *reactor,
              GmRunnable *owner)
{
  GmTrustWait *self = g_new0 (GmTrustWait, 1);
  Entry *entry;

  self->reactor = reactor;
  self->owner = owner;
  if (settings == NULL)
    settings = &gm_tls_settings_default;

  outlive_exit ();
  look_for_fork ();
  g_mutex_lock (&lock);
  entry = ensure_entry (kind, settings);
  g_atomic_ref_count_inc (&entry->refs);
  self->credentials = get_fresh (entry);
  g_mutex_unlock (&lock);

  if (self->credentials == NULL)
    start_job (self, entry);
  entry_unref (entry);

  return self;
}

void
gm_trust_set_pin (const GmTlsSettings *settings,
                  GBytes *pin_code,
                  guint n_refused)
{
  Entry *entry;

  look_for_fork ();
  g_mutex_lock (&lock);
  entry = ensure_entry (GM_TLS_IDENTITY, settings);
  if (entry->n_refused == n_refused || !bytes_equal (entry->refused, pin_code))
    {
      g_clear_pointer (&entry->pin_code, g_bytes_unref);
      entry->pin_code = g_bytes_ref (pin_code);
    }
  g_mutex_unlock (&lock);
}

gboolean
gm_trust_knows_pin (const GmTlsSettings *settings)
{
  gboolean known;

  look_for_fork ();
  g_mutex_lock (&lock);
  known = ensure_entry (GM_TLS_IDENTITY, settings)->pin_code != NULL;
  g_mutex_unlock (&lock);

  return known;
}

GmResult
gm_trust_wait_get (GmTrustWait *self,
                   GmTlsCredentials **credentials)
{
  if (self->credentials == NULL)
    return GM_AGAIN;

  *credentials = gm_tls_credentials_ref (self->credentials);
  return GM_OK;
}

void
gm_trust_wait_free (GmTrustWait *self)
{
  if (self == NULL)
    return;

  if (self->job != NULL)
    gm_job_abandon (&self->job->job);
  gm_tls_credentials_unref (self->credentials);
  g_free (self);
}

void
gm_trust_forget (void)
{
  g_mutex_lock (&lock);
  while (kept.length > 0)
    {
      Entry *entry = g_queue_pop_head_link (&kept)->data;

      entry_unref (entry);
    }
  g_mutex_unlock (&lock);
}
