/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-metrics-private.h"

/**
 * GMultiMetrics:
 *
 * How long the parts of a transfer took, and how many bytes went over the wire.
 *
 * The metrics of a transfer have one child for each request that was made: redirects, logins and further attempts make
 * more than one. Of very many the last hundred and those of the last attempt are there. They do not change, and can be
 * read from any thread.
 *
 * Since: 1.0
 */
struct _GMultiMetrics
{
  gatomicrefcount refs;
  GMultiMetrics *parent; /* (unowned) (nullable): whose reference count a child uses */
  GmTimes times;
  gint64 start; /* of the whole; 0 if it has not started */
  gint64 end;   /* 0 if it has not ended */
  char *uri;    /* (owned) */
  guint64 connection_id;
  guint status;
  gboolean reused;
  guint64 bytes_sent;
  guint64 bytes_received;
  guint n_children;
  GMultiMetrics *children; /* (owned) (array length=n_children) */
};

G_DEFINE_BOXED_TYPE (GMultiMetrics, gmulti_metrics, gmulti_metrics_ref, gmulti_metrics_unref)

static char *
make_uri (GmUrl *url)
{
  g_autoptr (GmUrl) plain = NULL;

  if (url == NULL || gm_url_without_login (url, &plain) != GM_OK)
    return g_strdup (url != NULL ? gm_url_get_text (url) : "");

  return g_strdup (gm_url_get_text (plain));
}

static void
fill (GMultiMetrics *self,
      const GmHop *hop)
{
  self->times = hop->times;
  self->start = hop->times.start;
  self->end = hop->times.response_end;
  self->uri = make_uri (hop->url);
  self->connection_id = hop->connection_id;
  self->status = hop->status;
  self->reused = hop->reused;
  self->bytes_sent = hop->bytes_sent;
  self->bytes_received = hop->bytes_received;
}

void
gm_past_add (GmPast **past,
             GmInfo *info)
{
  GmPast *self = *past;

  if (self == NULL)
    {
      self = *past = g_new (GmPast, 1);
      self->added = info->added;
      self->hops = g_array_new (FALSE, FALSE, sizeof (GmHop));
      g_array_set_clear_func (self->hops, gm_hop_clear);
    }

  /* what they own goes along */
  if (info->earlier != NULL && info->earlier->len > 0)
    {
      g_array_append_vals (self->hops, info->earlier->data, info->earlier->len);
      g_array_set_clear_func (info->earlier, NULL);
    }
  g_array_append_val (self->hops, info->hop);
  info->hop = (GmHop){ 0 };
  if (self->hops->len > GM_PAST_MAX_HOPS)
    g_array_remove_range (self->hops, 0, self->hops->len - GM_PAST_MAX_HOPS);
  gm_info_drop (info);
}

void
gm_past_free (GmPast *self)
{
  if (self == NULL)
    return;

  g_array_unref (self->hops);
  g_free (self);
}

/* (nullable) @hops: the next children of @self. */
static guint
fill_children (GMultiMetrics *self,
               guint at,
               const GArray *hops)
{
  guint n = hops != NULL ? hops->len : 0;

  for (guint i = 0; i < n; i++)
    fill (&self->children[at + i], &g_array_index (hops, GmHop, i));
  return at + n;
}

GMultiMetrics *
gm_face_metrics_new (const GmPast *past,
                     const GmInfo *info)
{
  const GArray *before = past != NULL ? past->hops : NULL;
  const GmHop *last = &info->hop;
  GMultiMetrics *self = g_new0 (GMultiMetrics, 1);
  guint n = 0;

  g_atomic_ref_count_init (&self->refs);
  /* it ended before there was another attempt: what the engine has is the same as what is in the past */
  if (before != NULL && g_array_index (before, GmHop, before->len - 1).times.start == last->times.start)
    last = NULL;
  fill (self, last != NULL ? last : &g_array_index (before, GmHop, before->len - 1));
  self->start = past != NULL ? past->added : info->added;
  self->end = info->ended;

  self->n_children = (before != NULL ? before->len : 0) + (info->earlier != NULL ? info->earlier->len : 0) + (last != NULL);
  self->children = g_new0 (GMultiMetrics, self->n_children);
  n = fill_children (self, n, before);
  n = fill_children (self, n, info->earlier);
  if (last != NULL)
    fill (&self->children[n], last);

  self->bytes_sent = 0;
  self->bytes_received = 0;
  for (guint i = 0; i < self->n_children; i++)
    {
      self->children[i].parent = self;
      self->bytes_sent += self->children[i].bytes_sent;
      self->bytes_received += self->children[i].bytes_received;
    }

  return self;
}

/**
 * gmulti_metrics_ref:
 * @self: the metrics
 *
 * Takes a reference.
 *
 * Returns: (transfer full): the same metrics
 *
 * Since: 1.0
 */
GMultiMetrics *
gmulti_metrics_ref (GMultiMetrics *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (self->parent != NULL ? &self->parent->refs : &self->refs);
  return self;
}

/**
 * gmulti_metrics_unref:
 * @self: (transfer full): the metrics
 *
 * Drops a reference; with the last one the metrics are freed.
 *
 * Since: 1.0
 */
void
gmulti_metrics_unref (GMultiMetrics *self)
{
  GMultiMetrics *root;

  g_return_if_fail (self != NULL);

  root = self->parent != NULL ? self->parent : self;
  if (!g_atomic_ref_count_dec (&root->refs))
    return;

  for (guint i = 0; i < root->n_children; i++)
    g_free (root->children[i].uri);
  g_free (root->children);
  g_free (root->uri);
  g_free (root);
}

/**
 * gmulti_metrics_get_n_children:
 * @self: the metrics
 *
 * Gets the number of requests that were made for the transfer.
 *
 * Returns: the number of children
 *
 * Since: 1.0
 */
guint
gmulti_metrics_get_n_children (GMultiMetrics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n_children;
}

/**
 * gmulti_metrics_get_child:
 * @self: the metrics
 * @position: a number less than that of the children
 *
 * Gets the metrics of one request.
 *
 * Returns: (transfer none): the metrics at that position
 *
 * Since: 1.0
 */
GMultiMetrics *
gmulti_metrics_get_child (GMultiMetrics *self,
                          guint position)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (position < self->n_children, NULL);

  return &self->children[position];
}

/* Beginning and end of @phase, each 0 if it did not happen. */
static void
find_span (GMultiMetrics *self,
           GMultiPhase phase,
           gint64 *start,
           gint64 *end)
{
  const GmTimes *times = &self->times;

  *start = 0;
  *end = 0;
  switch (phase)
    {
    case GMULTI_PHASE_NONE:
      *start = self->start;
      *end = self->end;
      break;
    case GMULTI_PHASE_RESOLVE:
      *start = self->reused ? 0 : times->queue_end;
      *end = times->resolved;
      break;
    case GMULTI_PHASE_CONNECT:
      *start = self->reused ? 0 : times->resolved;
      *end = times->connected;
      break;
    case GMULTI_PHASE_TLS:
      *start = times->secured != 0 ? times->connected : 0;
      *end = times->secured;
      break;
    case GMULTI_PHASE_REQUEST:
      *start = times->request_start;
      *end = times->request_end;
      break;
    case GMULTI_PHASE_RESPONSE:
      *start = times->request_end;
      *end = times->response_start;
      break;
    case GMULTI_PHASE_BODY:
      *start = times->response_start;
      *end = times->response_end;
      break;
    case GMULTI_PHASE_PROXY_LOOKUP:
    case GMULTI_PHASE_PROXY:
    case GMULTI_PHASE_STORAGE:
    default:
      break;
    }
}

/**
 * gmulti_metrics_get_start:
 * @self: the metrics
 * @phase: a phase, or %GMULTI_PHASE_NONE for the whole
 *
 * Gets when a phase began.
 *
 * Returns: monotonic time in microseconds, or -1 if it did not happen
 *
 * Since: 1.0
 */
gint64
gmulti_metrics_get_start (GMultiMetrics *self,
                          GMultiPhase phase)
{
  gint64 start, end;

  g_return_val_if_fail (self != NULL, -1);

  find_span (self, phase, &start, &end);
  return start != 0 ? start : -1;
}

/**
 * gmulti_metrics_get_duration:
 * @self: the metrics
 * @phase: a phase, or %GMULTI_PHASE_NONE for the whole
 *
 * Gets how long a phase took.
 *
 * Returns: the time in microseconds, or -1 if the phase did not happen or did not come to its end
 *
 * Since: 1.0
 */
gint64
gmulti_metrics_get_duration (GMultiMetrics *self,
                             GMultiPhase phase)
{
  gint64 start, end;

  g_return_val_if_fail (self != NULL, -1);

  find_span (self, phase, &start, &end);
  return start != 0 && end >= start ? end - start : -1;
}

/**
 * gmulti_metrics_is_reused:
 * @self: the metrics
 *
 * Tells whether the (last) request went over a connection that had been used before.
 *
 * Returns: whether it did
 *
 * Since: 1.0
 */
gboolean
gmulti_metrics_is_reused (GMultiMetrics *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->reused;
}

/**
 * gmulti_metrics_get_connection_id:
 * @self: the metrics
 *
 * Gets which connection the (last) request went over. Within a session no two connections have the same number.
 *
 * Returns: the number, or 0 if the request got no connection
 *
 * Since: 1.0
 */
guint64
gmulti_metrics_get_connection_id (GMultiMetrics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->connection_id;
}

/**
 * gmulti_metrics_get_status:
 * @self: the metrics
 *
 * Gets the status of the answer to the (last) request, such as 302 of one that was redirected.
 *
 * Returns: the status, or 0 if there was no answer
 *
 * Since: 1.0
 */
guint
gmulti_metrics_get_status (GMultiMetrics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->status;
}

/**
 * gmulti_metrics_get_uri:
 * @self: the metrics
 *
 * Gets the address of the (last) request, without a login.
 *
 * Returns: the URI
 *
 * Since: 1.0
 */
const char *
gmulti_metrics_get_uri (GMultiMetrics *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->uri;
}

/**
 * gmulti_metrics_get_bytes_sent:
 * @self: the metrics
 *
 * Gets how many bytes were sent, heads included.
 *
 * Returns: the number of bytes
 *
 * Since: 1.0
 */
guint64
gmulti_metrics_get_bytes_sent (GMultiMetrics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->bytes_sent;
}

/**
 * gmulti_metrics_get_bytes_received:
 * @self: the metrics
 *
 * Gets how many bytes were received, heads included.
 *
 * Returns: the number of bytes
 *
 * Since: 1.0
 */
guint64
gmulti_metrics_get_bytes_received (GMultiMetrics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->bytes_received;
}
