/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-gss.h"

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

/* A token of the peer's. */
typedef struct
{
  guchar *data; /* (owned) (nullable) */
  gsize len;
} GmGssInput;

/* What a worker does: it owns the context while it is at it. */
typedef struct
{
  GmJob job; /* first member */
  GmGss *owner; /* (unowned): for done() alone */
  gss_ctx_id_t context; /* (owned) */
  char *service; /* (owned): "HTTP@host", or a principal */
  GmGssInput input; /* (owned) */
  gss_buffer_desc token; /* (owned) */
  char *detail; /* (owned) (nullable) */
  GmGssUse use;
  GmDelegation delegation;
  gboolean complete;
  gboolean failed;
} Leg;

struct _GmGss
{
  Leg *leg; /* (owned) (nullable): at work */
  GmReactor *reactor; /* (unowned): since the first leg */
  GmRunnable *runnable; /* (unowned) */
  gss_ctx_id_t context; /* (owned): between legs */
  char *service; /* (owned) */
  gss_buffer_desc token; /* (owned): of the last leg */
  char *detail; /* (owned) (nullable) */
  guint n_legs;
  GmGssUse use;
  GmDelegation delegation;
  gboolean complete;
  gboolean failed;
};

/* SPNEGO, 1.3.6.1.5.5.2 (RFC 4178), and Kerberos, 1.2.840.113554.1.2.2 (RFC 1964) */
static gss_OID_desc spnego = { 6, (void *) "\x2b\x06\x01\x05\x05\x02" };
static gss_OID_desc kerberos = { 9, (void *) "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" };

static gss_OID
get_mechanism (GmGssUse use)
{
  return use == GM_GSS_STREAM ? &kerberos : &spnego;
}

static void
wipe_buffer (gss_buffer_t buffer)
{
  OM_uint32 ignored;

  if (buffer->length > 0)
    explicit_bzero (buffer->value, buffer->length);
  gss_release_buffer (&ignored, buffer);
}

/* ---- on the worker ---- */

static char *
describe (GmGssUse use,
          OM_uint32 major,
          OM_uint32 minor)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < 2; i++)
    {
      OM_uint32 more = 0, ignored;
      gss_buffer_desc piece = GSS_C_EMPTY_BUFFER;

      if (gss_display_status (&ignored, i == 0 ? major : minor, i == 0 ? GSS_C_GSS_CODE : GSS_C_MECH_CODE,
                              get_mechanism (use), &more, &piece) != GSS_S_COMPLETE)
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

/* Messages that are protected come in order, each once. */
static OM_uint32
get_flags (const Leg *self)
{
  OM_uint32 flags = GSS_C_MUTUAL_FLAG | get_delegation (self->delegation);

  return self->use == GM_GSS_STREAM
           ? flags | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG
           : flags;
}

static void
move_on (Leg *self,
         gss_name_t name)
{
  gss_buffer_desc input = { self->input.len, self->input.data };
  OM_uint32 minor;
  OM_uint32 major = gss_init_sec_context (&minor, GSS_C_NO_CREDENTIAL, &self->context, name, get_mechanism (self->use),
                                          get_flags (self), 0, GSS_C_NO_CHANNEL_BINDINGS,
                                          self->input.data != NULL ? &input : GSS_C_NO_BUFFER, NULL, &self->token, NULL,
                                          NULL);

  if (GSS_ERROR (major))
    {
      self->detail = describe (self->use, major, minor);
      wipe_buffer (&self->token);
    }
  else
    self->complete = major == GSS_S_COMPLETE;
  self->failed = self->token.length == 0 && !self->complete;
}

static void
leg_work (GmJob *job)
{
  Leg *self = (Leg *) job;
  gss_buffer_desc text = { strlen (self->service), self->service };
  gss_name_t name = GSS_C_NO_NAME;
  OM_uint32 minor, ignored;
  gss_OID type = strchr (self->service, '/') != NULL ? GSS_C_NO_OID : GSS_C_NT_HOSTBASED_SERVICE;
  OM_uint32 major = gss_import_name (&minor, &text, type, &name);

  if (GSS_ERROR (major))
    {
      self->detail = describe (self->use, major, minor);
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
  wipe_buffer (&self->token);
  g_free (self->detail);
  g_free (self->input.data);
  g_free (self->service);
  g_free (self);
}

/* ---- in the reactor's thread ---- */

static void
leg_done (GmJob *job)
{
  Leg *leg = (Leg *) job;
  GmGss *self = leg->owner;

  self->leg = NULL;
  self->context = g_steal_pointer (&leg->context);
  self->token = leg->token;
  leg->token = (gss_buffer_desc) GSS_C_EMPTY_BUFFER;
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

  return gm_workers_shared (&workers, "gm-gss", MAX_THREADS);
}

gboolean
gm_gss_is_there (void)
{
  return TRUE;
}

GmGss *
gm_gss_new (GmGssUse use,
            const char *service,
            const char *host,
            GmDelegation delegation)
{
  GmGss *self = g_new0 (GmGss, 1);

  self->use = use;
  self->service = strchr (service, '/') != NULL ? g_strdup (service) : g_strdup_printf ("%s@%s", service, host);
  self->delegation = delegation;
  return self;
}

void
gm_gss_free (GmGss *self)
{
  OM_uint32 ignored;

  if (self == NULL)
    return;

  if (self->leg != NULL)
    gm_job_abandon (&self->leg->job);
  if (self->context != GSS_C_NO_CONTEXT)
    gss_delete_sec_context (&ignored, &self->context, GSS_C_NO_BUFFER);
  wipe_buffer (&self->token);
  g_free (self->detail);
  g_free (self->service);
  g_free (self);
}

void
gm_gss_next (GmGss *self)
{
  wipe_buffer (&self->token);
}

GmResult
gm_gss_start (GmGss *self,
              GmSpan input,
              GmReactor *reactor,
              GmRunnable *owner)
{
  static const GmJobType type = { leg_work, leg_done, leg_free };
  Leg *leg;

  if (self->leg != NULL)
    return GM_AGAIN;
  if (self->failed || self->complete || ++self->n_legs > MAX_LEGS)
    return GM_AUTH_FAILED;
  /* What has no bytes is no token at all to GSSAPI, and in the middle of a context MIT's crashes on none. */
  if (self->context != GSS_C_NO_CONTEXT && input.len == 0)
    {
      self->failed = TRUE;
      g_free (self->detail);
      self->detail = g_strdup ("the token of the other side is empty");
      return GM_AUTH_FAILED;
    }

  leg = g_new0 (Leg, 1);
  gm_job_init (&leg->job, &type);
  leg->owner = self;
  leg->context = g_steal_pointer (&self->context);
  leg->service = g_strdup (self->service);
  leg->use = self->use;
  leg->delegation = self->delegation;
  if (input.data != NULL)
    leg->input = (GmGssInput){ g_memdup2 (input.data, input.len), input.len };
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
gm_gss_get_result (const GmGss *self)
{
  if (self->leg != NULL)
    return GM_AGAIN;

  return self->failed ? GM_AUTH_FAILED : GM_OK;
}

GmSpan
gm_gss_get_token (const GmGss *self)
{
  return gm_span (self->token.value, self->token.length);
}

gboolean
gm_gss_is_complete (const GmGss *self)
{
  return self->complete;
}

const char *
gm_gss_get_detail (const GmGss *self)
{
  return self->detail;
}

/* ---- protected messages ---- */

/* @output is released. */
static GmResult
take_output (GmGss *self,
             OM_uint32 major,
             OM_uint32 minor,
             gss_buffer_t output,
             GmByteBuilder *out)
{
  OM_uint32 ignored;
  GmResult result = major == GSS_S_COMPLETE ? GM_OK : GM_AUTH_FAILED;

  if (result == GM_OK)
    gm_byte_builder_append (out, output->value, output->length);
  else
    {
      g_free (self->detail);
      self->detail = describe (self->use, major, minor);
    }
  gss_release_buffer (&ignored, output);

  return out->failed ? GM_OUT_OF_MEMORY : result;
}

GmResult
gm_gss_wrap (GmGss *self,
             gboolean confidential,
             GmSpan plain,
             GmByteBuilder *out)
{
  gss_buffer_desc input = { plain.len, (void *) plain.data };
  gss_buffer_desc output = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor;
  OM_uint32 major;
  int is_confidential = 0;

  if (!self->complete)
    return GM_AUTH_FAILED;

  major = gss_wrap (&minor, self->context, confidential, GSS_C_QOP_DEFAULT, &input, &is_confidential, &output);
  if (major == GSS_S_COMPLETE && confidential && !is_confidential)
    major = GSS_S_BAD_QOP;

  return take_output (self, major, minor, &output, out);
}

/* One that is repeated, old, or comes where another was due is no error for GSSAPI, only a bit. */
GmResult
gm_gss_unwrap (GmGss *self,
               gboolean confidential,
               GmSpan wrapped,
               GmByteBuilder *out)
{
  gss_buffer_desc input = { wrapped.len, (void *) wrapped.data };
  gss_buffer_desc output = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor;
  OM_uint32 major;
  int is_confidential = 0;

  if (!self->complete)
    return GM_AUTH_FAILED;

  major = gss_unwrap (&minor, self->context, &input, &output, &is_confidential, NULL);
  if (major == GSS_S_COMPLETE && confidential && !is_confidential)
    major = GSS_S_BAD_QOP;

  return take_output (self, major, minor, &output, out);
}

#else

gboolean
gm_gss_is_there (void)
{
  return FALSE;
}

GmGss *
gm_gss_new (GmGssUse use,
            const char *service,
            const char *host,
            GmDelegation delegation)
{
  return NULL;
}

void
gm_gss_free (GmGss *self)
{
}

void
gm_gss_next (GmGss *self)
{
}

GmResult
gm_gss_start (GmGss *self,
              GmSpan input,
              GmReactor *reactor,
              GmRunnable *owner)
{
  return GM_NOT_BUILT_IN;
}

GmResult
gm_gss_get_result (const GmGss *self)
{
  return GM_NOT_BUILT_IN;
}

GmSpan
gm_gss_get_token (const GmGss *self)
{
  return gm_span (NULL, 0);
}

gboolean
gm_gss_is_complete (const GmGss *self)
{
  return FALSE;
}

const char *
gm_gss_get_detail (const GmGss *self)
{
  return NULL;
}

GmResult
gm_gss_wrap (GmGss *self,
             gboolean confidential,
             GmSpan plain,
             GmByteBuilder *out)
{
  return GM_NOT_BUILT_IN;
}

GmResult
gm_gss_unwrap (GmGss *self,
               gboolean confidential,
               GmSpan wrapped,
               GmByteBuilder *out)
{
  return GM_NOT_BUILT_IN;
}

#endif
