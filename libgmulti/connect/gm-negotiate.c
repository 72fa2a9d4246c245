/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-negotiate.h"

#include "gm-config.h"

#if HAVE_GSSAPI

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_krb5.h>
#include <string.h>

#include "gm-workers.h"

/* Legs of one context; Kerberos takes one or two. */
#define MAX_LEGS 6
/* Servers of a company that hang must not hold up its others. */
#define MAX_THREADS 8

/* What a worker does: it owns the context while it is at it. */
typedef struct
{
  GmJob job; /* first member */
  GmNegotiate *owner; /* (unowned): for done() alone */
  gss_ctx_id_t context; /* (owned) */
  char *service; /* (owned): "HTTP@host" */
  guchar *input; /* (owned) (nullable) */
  gsize input_len;
  char *token; /* (owned) (nullable): base64 */
  char *detail; /* (owned) (nullable) */
  GmDelegation delegation;
  gboolean complete;
  gboolean failed;
} Leg;

struct _GmNegotiate
{
  Leg *leg; /* (owned) (nullable): at work */
  GmReactor *reactor; /* (unowned): since the first leg */
  GmRunnable *runnable; /* (unowned) */
  gss_ctx_id_t context; /* (owned): between legs */
  char *service; /* (owned) */
  char *token; /* (owned) (nullable) */
  char *detail; /* (owned) (nullable) */
  guint n_legs;
  GmDelegation delegation;
  gboolean complete;
  gboolean failed;
};

/* SPNEGO, 1.3.6.1.5.5.2 (RFC 4178) */
static gss_OID_desc spnego = { 6, (void *) "\x2b\x06\x01\x05\x05\x02" };

/* ---- on the worker ---- */

static char *
describe (OM_uint32 major,
          OM_uint32 minor)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < 2; i++)
    {
      OM_uint32 more = 0, ignored;
      gss_buffer_desc piece = GSS_C_EMPTY_BUFFER;

      if (gss_display_status (&ignored, i == 0 ? major : minor, i == 0 ? GSS_C_GSS_CODE : GSS_C_MECH_CODE, &spnego, &more,
                              &piece) != GSS_S_COMPLETE)
        continue;
      if (text->len > 0)
        g_string_append (text, "; ");
      g_string_append_len (text, piece.value, (gssize) MIN (piece.length, 512));
      gss_release_buffer (&ignored, &piece);
    }

  return g_string_free (text, FALSE);
}

static OM_uint32
get_delegation (GmDelegation delegation)
{
  switch (delegation)
    {
    case GM_DELEGATION_POLICY:
      return GSS_C_DELEG_POLICY_FLAG;
    case GM_DELEGATION_ALWAYS:
      return GSS_C_DELEG_FLAG;
    case GM_DELEGATION_NONE:
    default:
      return 0;
    }
}

static void
move_on (Leg *self,
         gss_name_t name)
{
  gss_buffer_desc input = { self->input_len, self->input };
  gss_buffer_desc output = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor, ignored;
  OM_uint32 flags = GSS_C_MUTUAL_FLAG | get_delegation (self->delegation);
  OM_uint32 major = gss_init_sec_context (&minor, GSS_C_NO_CREDENTIAL, &self->context, name, &spnego, flags, 0,
                                          GSS_C_NO_CHANNEL_BINDINGS, self->input != NULL ? &input : GSS_C_NO_BUFFER, NULL,
                                          &output, NULL, NULL);

  if (GSS_ERROR (major))
    self->detail = describe (major, minor);
  else
    self->complete = major == GSS_S_COMPLETE;
  if (!GSS_ERROR (major) && output.length > 0)
    self->token = g_base64_encode (output.value, output.length);
  self->failed = self->token == NULL && !self->complete;
  gss_release_buffer (&ignored, &output);
}

static void
leg_work (GmJob *job)
{
  Leg *self = (Leg *) job;
  gss_buffer_desc text = { strlen (self->service), self->service };
  gss_name_t name = GSS_C_NO_NAME;
  OM_uint32 minor, ignored;
  OM_uint32 major = gss_import_name (&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &name);

  if (GSS_ERROR (major))
    {
      self->detail = describe (major, minor);
      self->failed = TRUE;
      return;
    }
  move_on (self, name);
  gss_release_name (&ignored, &name);
}

static void
leg_free (GmJob *job)
{
  Leg *self = (Leg *) job;
  OM_uint32 ignored;

  if (self->context != GSS_C_NO_CONTEXT)
    gss_delete_sec_context (&ignored, &self->context, GSS_C_NO_BUFFER);
  if (self->token != NULL)
    explicit_bzero (self->token, strlen (self->token));
  g_free (self->token);
  g_free (self->detail);
  g_free (self->input);
  g_free (self->service);
  g_free (self);
}

/* ---- in the reactor's thread ---- */

static void
leg_done (GmJob *job)
{
  Leg *leg = (Leg *) job;
  GmNegotiate *self = leg->owner;

  self->leg = NULL;
  self->context = g_steal_pointer (&leg->context);
  self->token = g_steal_pointer (&leg->token);
  g_free (self->detail);
  self->detail = g_steal_pointer (&leg->detail);
  self->complete = leg->complete;
  self->failed = leg->failed;
  gm_reactor_queue (self->reactor, self->runnable);
  gm_job_unref (job);
}

static GmWorkers *
get_workers (void)
{
  static GmWorkers *workers;

  return gm_workers_shared (&workers, "gm-negotiate", MAX_THREADS);
}

gboolean
gm_negotiate_is_there (void)
{
  return TRUE;
}

GmNegotiate *
gm_negotiate_new (const char *service,
                  const char *host,
                  GmDelegation delegation)
{
  GmNegotiate *self = g_new0 (GmNegotiate, 1);

  self->service = g_strdup_printf ("%s@%s", service != NULL ? service : "HTTP", host);
  self->delegation = delegation;
  return self;
}

static void
wipe_token (GmNegotiate *self)
{
  if (self->token != NULL)
    explicit_bzero (self->token, strlen (self->token));
  g_clear_pointer (&self->token, g_free);
}

void
gm_negotiate_free (GmNegotiate *self)
{
  OM_uint32 ignored;

  if (self == NULL)
    return;

  if (self->leg != NULL)
    gm_job_abandon (&self->leg->job);
  if (self->context != GSS_C_NO_CONTEXT)
    gss_delete_sec_context (&ignored, &self->context, GSS_C_NO_BUFFER);
  wipe_token (self);
  g_free (self->detail);
  g_free (self->service);
  g_free (self);
}

void
gm_negotiate_next (GmNegotiate *self)
{
  wipe_token (self);
}

GmResult
gm_negotiate_start (GmNegotiate *self,
                    const char *input,
                    GmReactor *reactor,
                    GmRunnable *owner)
{
  static const GmJobType type = { leg_work, leg_done, leg_free };
  Leg *leg;

  if (self->leg != NULL)
    return GM_AGAIN;
  if (self->failed || self->complete || ++self->n_legs > MAX_LEGS)
    return GM_AUTH_FAILED;

  leg = g_new0 (Leg, 1);
  gm_job_init (&leg->job, &type);
  leg->owner = self;
  leg->context = g_steal_pointer (&self->context);
  leg->service = g_strdup (self->service);
  leg->delegation = self->delegation;
  if (input != NULL)
    leg->input = g_base64_decode (input, &leg->input_len);
  self->reactor = reactor;
  self->runnable = owner;
  self->leg = leg;
  if (gm_job_start (&leg->job, get_workers (), reactor))
    return GM_AGAIN;

  self->leg = NULL;
  gm_job_unref (&leg->job);
  return GM_TOO_MANY_FILES;
}

GmResult
gm_negotiate_get_result (const GmNegotiate *self)
{
  if (self->leg != NULL)
    return GM_AGAIN;

  return self->failed ? GM_AUTH_FAILED : GM_OK;
}

const char *
gm_negotiate_get_token (const GmNegotiate *self)
{
  return self->token;
}

gboolean
gm_negotiate_is_complete (const GmNegotiate *self)
{
  return self->complete;
}

const char *
gm_negotiate_get_detail (const GmNegotiate *self)
{
  return self->detail;
}

#else

gboolean
gm_negotiate_is_there (void)
{
  return FALSE;
}

GmNegotiate *
gm_negotiate_new (const char *service,
                  const char *host,
                  GmDelegation delegation)
{
  return NULL;
}

void
gm_negotiate_free (GmNegotiate *self)
{
}

void
gm_negotiate_next (GmNegotiate *self)
{
}

GmResult
gm_negotiate_start (GmNegotiate *self,
                    const char *input,
                    GmReactor *reactor,
                    GmRunnable *owner)
{
  return GM_NOT_BUILT_IN;
}

GmResult
gm_negotiate_get_result (const GmNegotiate *self)
{
  return GM_NOT_BUILT_IN;
}

const char *
gm_negotiate_get_token (const GmNegotiate *self)
{
  return NULL;
}

gboolean
gm_negotiate_is_complete (const GmNegotiate *self)
{
  return FALSE;
}

const char *
gm_negotiate_get_detail (const GmNegotiate *self)
{
  return NULL;
}

#endif
