/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-tls-away.h"

#include <errno.h>

/* As in the layer: our flight, and what has come of the peer's. */
#define MAX_OUT (256 * 1024)
#define MAX_WARNINGS 16

/* All that a worker touches. */
typedef struct
{
  GmJob job;
  GmTlsAway *away; /* (unowned) */
  gnutls_session_t session; /* (owned) (nullable) */
  GmTlsCredentials *identity; /* (owned) */
  GmByteBuilder in;
  gsize in_pos;
  GmByteBuilder out;
  int code;
} Step;

struct _GmTlsAway
{
  Step *step; /* (owned): the running one, or the last */
  gboolean busy;
  gboolean started; /* the step is one of a pool */
  GmReactor *reactor; /* (unowned) */
  GmRunnable *owner; /* (unowned) */
};

/* ---- transport ---- */

static ssize_t
pull_cb (gnutls_transport_ptr_t pointer,
         void *data,
         size_t len)
{
  Step *step = pointer;
  gsize n = MIN (len, step->in.len - step->in_pos);

  if (n == 0)
    {
      gnutls_transport_set_errno (step->session, EAGAIN);
      return -1;
    }

  memcpy (data, step->in.data + step->in_pos, n);
  step->in_pos += n;
  return (ssize_t) n;
}

static int
pull_timeout_cb (gnutls_transport_ptr_t pointer,
                 unsigned int ms)
{
  return 1;
}

static ssize_t
push_cb (gnutls_transport_ptr_t pointer,
         const void *data,
         size_t len)
{
  Step *step = pointer;

  gm_byte_builder_append (&step->out, data, len);
  if (!step->out.failed)
    return (ssize_t) len;

  gnutls_transport_set_errno (step->session, EIO);
  return -1;
}

/* ---- one step ---- */

static void
step_work (GmJob *job)
{
  Step *step = (Step *) job;
  guint n_warnings = 0;

  do
    step->code = gnutls_handshake (step->session);
  while (step->code == GNUTLS_E_INTERRUPTED ||
         (step->code == GNUTLS_E_WARNING_ALERT_RECEIVED && ++n_warnings <= MAX_WARNINGS));
}

static void
step_done (GmJob *job)
{
  GmTlsAway *away = ((Step *) job)->away;

  away->busy = FALSE;
  gm_reactor_queue (away->reactor, away->owner);
}

static void
step_free (GmJob *job)
{
  Step *step = (Step *) job;

  if (step->session != NULL)
    gnutls_deinit (step->session);
  gm_tls_credentials_unref (step->identity);
  gm_byte_builder_clear (&step->in);
  gm_byte_builder_clear (&step->out);
  g_free (step);
}

static Step *
step_new (GmTlsAway *away,
          gnutls_session_t session,
          GmTlsCredentials *identity)
{
  static const GmJobType type = { step_work, step_done, step_free };
  Step *step = g_new0 (Step, 1);

  gm_job_init (&step->job, &type);
  step->away = away;
  step->session = session;
  step->identity = gm_tls_credentials_ref (identity);
  step->out.max = MAX_OUT;
  gnutls_transport_set_ptr (session, step);

  return step;
}

/* ---- the handshake ---- */

GmTlsAway *
gm_tls_away_new (gnutls_session_t session,
                 GmTlsCredentials *identity,
                 GmReactor *reactor,
                 GmRunnable *owner)
{
  GmTlsAway *self = g_new0 (GmTlsAway, 1);

  gnutls_transport_set_push_function (session, push_cb);
  gnutls_transport_set_pull_function (session, pull_cb);
  gnutls_transport_set_pull_timeout_function (session, pull_timeout_cb);
  self->reactor = reactor;
  self->owner = owner;
  self->step = step_new (self, session, identity);

  return self;
}

gboolean
gm_tls_away_is_busy (const GmTlsAway *self)
{
  return self->busy;
}

void
gm_tls_away_step (GmTlsAway *self,
                  const char *data,
                  gsize len)
{
  Step *last = self->step;

  /* A job is started once. */
  if (self->started)
    {
      self->step = step_new (self, g_steal_pointer (&last->session), last->identity);
      gm_job_unref (&last->job);
    }
  gm_byte_builder_append (&self->step->in, data, len);

  self->busy = self->started = gm_job_start (&self->step->job, self->step->identity->workers, self->reactor);
  if (self->busy)
    return;

  /* No thread to be had: better late than never. */
  step_work (&self->step->job);
  self->started = TRUE;
  gm_reactor_queue (self->reactor, self->owner);
}

int
gm_tls_away_get_code (const GmTlsAway *self)
{
  return self->step->code;
}

GmByteBuilder *
gm_tls_away_get_out (GmTlsAway *self)
{
  return &self->step->out;
}

gnutls_session_t
gm_tls_away_finish (GmTlsAway *self,
                    GmByteBuilder *rest)
{
  Step *step = self->step;
  gnutls_session_t session = g_steal_pointer (&step->session);

  gm_byte_builder_append (rest, step->in.data + step->in_pos, step->in.len - step->in_pos);
  gm_tls_away_free (self);

  return session;
}

void
gm_tls_away_free (GmTlsAway *self)
{
  if (self == NULL)
    return;

  if (self->busy)
    gm_job_abandon (&self->step->job);
  else
    gm_job_unref (&self->step->job);
  g_free (self);
}
