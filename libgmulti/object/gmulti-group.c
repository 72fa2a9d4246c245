/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-group-private.h"

#include "gm-progress.h"
#include "gmulti-core-private.h"
#include "gmulti-transfer-list-private.h"
#include "gmulti-transfer-private.h"

/**
 * GMultiGroup:
 *
 * Transfers that belong together: the files of one album, the packages of one update.
 *
 * A group shows how far they are together, limits how many of them are under way at once and how fast, and pauses,
 * resumes and cancels all of them. Its transfers may be in several sessions, and may be started before or after they are
 * added. It keeps those that are finished until they are taken out. A transfer is in one group at most.
 *
 * Its functions may be called from any thread, and limits hold at once. What it shows ([property@GMulti.Group:transfers],
 * the numbers, notifications) changes only in the context that was the thread-default one where the group was made,
 * numbers at most ten times a second. When the last reference on a group is dropped its transfers go on without it.
 *
 * Since: 1.0
 */

#define PRIORITY 130 /* as a session's: below drawing */
#define INTERVAL_US (100 * 1000)

struct _GmMember
{
  gatomicrefcount refs;
  GmBand *band; /* (owned) */
  gpointer board; /* (owned): Board */

  /* guarded by the board's lock */
  GMultiTransfer *transfer; /* (owned) (nullable): NULL once it is taken out */
  GList link;       /* in the board's members; data = a reference on self while in it */
  GList dirty_link; /* in the board's dirty ones; data = a reference on self while in it */

  /* the group's context */
  GSequenceIter *iter; /* (nullable): its place in the list */
  GmShare share; /* what of it is in the sums */
};

typedef struct
{
  guint64 received; /* of those whose length is known */
  guint64 total;
  guint n_unknown; /* under way, and no length is known */
  guint64 speed;
  double fraction;
  guint n;
  guint n_active;
  guint n_finished;
  guint n_failed;
} Sums;

/* What threads and the group's context share; outlives the group while a transfer holds its member. */
typedef struct
{
  gatomicrefcount refs;
  GMutex lock;
  GQueue members; /* of GmMember.link */
  GQueue dirty;   /* of GmMember.dirty_link */
  GSource *source; /* (owned) (nullable): NULL once the group is gone */
  gint64 due; /* when it will look; 0 = not at all */
  gint64 looked_at;
  Sums sums;
} Board;

struct _GMultiGroup
{
  GObject parent_instance;

  char *title; /* (owned) (nullable) */
  GmBand *band; /* (owned) */
  Board *board; /* (owned) */
  GmTransferList *transfers; /* (owned) */
  gint64 rates[2]; /* down, up; guarded by the board's lock */
};

typedef enum
{
  PROP_TITLE = 1,
  PROP_MAX_ACTIVE,
  PROP_MAX_DOWNLOAD_RATE,
  PROP_MAX_UPLOAD_RATE,
  PROP_TRANSFERS,
  PROP_FRACTION,
  PROP_SPEED,
  PROP_REMAINING,
  PROP_N_ACTIVE,
  PROP_N_FINISHED,
  PROP_N_FAILED,
} Property;

static GParamSpec *properties[PROP_N_FAILED + 1];

G_DEFINE_FINAL_TYPE (GMultiGroup, gmulti_group, G_TYPE_OBJECT)

/* ---- board and members ---- */

static Board *
board_ref (Board *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
board_unref (gpointer data)
{
  Board *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_mutex_clear (&self->lock);
  g_free (self);
}

GmMember *
gm_member_ref (GmMember *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_member_unref (GmMember *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  gm_band_unref (self->band);
  board_unref (self->board);
  g_clear_object (&self->transfer);
  g_free (self);
}

GmBand *
gm_member_get_band (GmMember *self)
{
  return self->band;
}

/* With the lock held. */
static void
mark_dirty (Board *board,
            GmMember *member,
            gboolean soon)
{
  gint64 due;

  if (member->dirty_link.data == NULL && board->source != NULL)
    {
      member->dirty_link.data = gm_member_ref (member);
      g_queue_push_tail_link (&board->dirty, &member->dirty_link);
    }
  if (board->source == NULL || board->due == 1 || (board->due != 0 && !soon))
    return;

  due = soon ? 1 : MAX (board->looked_at + INTERVAL_US, 1);
  board->due = due;
  g_source_set_ready_time (board->source, soon ? 0 : due);
}

void
gm_member_touch (GmMember *self,
                 gboolean soon)
{
  Board *board = self->board;

  g_mutex_lock (&board->lock);
  if (self->link.data != NULL)
    mark_dirty (board, self, soon);
  g_mutex_unlock (&board->lock);
}

/* (transfer full) (element-type GMultiTransfer): those for which @wanted says so; NULL for all. */
static GPtrArray *
list_members (GMultiGroup *self,
              gboolean (*wanted) (GMultiTransfer *transfer))
{
  GPtrArray *transfers = g_ptr_array_new_with_free_func (g_object_unref);

  g_mutex_lock (&self->board->lock);
  for (GList *l = self->board->members.head; l != NULL; l = l->next)
    {
      GMultiTransfer *transfer = ((GmMember *) l->data)->transfer;

      if (wanted == NULL || wanted (transfer))
        g_ptr_array_add (transfers, g_object_ref (transfer));
    }
  g_mutex_unlock (&self->board->lock);

  return transfers;
}

/* ---- the group's context ---- */

static void
count (Sums *sums,
       const GmShare *share,
       int sign)
{
  sums->received += (guint64) sign * share->received;
  sums->total += (guint64) sign * share->total;
  sums->speed += (guint64) sign * share->speed;
  sums->fraction += sign * share->fraction;
  sums->n += (guint) (sign * share->present);
  sums->n_unknown += (guint) (sign * share->unknown);
  sums->n_active += (guint) (sign * share->active);
  sums->n_finished += (guint) (sign * share->finished);
  sums->n_failed += (guint) (sign * share->failed);
}

static double
fraction_of (const Sums *sums)
{
  /* what was added and taken away again may leave a trace behind the point */
  return sums->n > 0 ? CLAMP (sums->fraction / sums->n, 0, 1) : 1;
}

static gint64
remaining_of (const Sums *sums)
{
  if (sums->n_active == 0 || sums->speed == 0 || sums->n_unknown > 0 || sums->received > sums->total)
    return -1;

  return gm_progress_get_remaining (sums->total - sums->received, sums->speed);
}

/* The next member that has changed, and its transfer (transfer full) (nullable); NULL if there is none. */
static GmMember *
pop_dirty (Board *board,
           GMultiTransfer **transfer)
{
  GmMember *member = NULL;
  GList *link;

  g_mutex_lock (&board->lock);
  link = g_queue_pop_head_link (&board->dirty);
  if (link != NULL)
    {
      member = g_steal_pointer (&link->data);
      *transfer = member->link.data != NULL ? g_object_ref (member->transfer) : NULL;
    }
  g_mutex_unlock (&board->lock);

  return member;
}

/* Brings list and sums up to date with one member. */
static void
look_at (GMultiGroup *self,
         GmMember *member,
         GMultiTransfer *transfer, /* (nullable) */
         Sums *sums)
{
  count (sums, &member->share, -1);
  member->share = (GmShare){ 0 };
  if (transfer != NULL)
    gm_face_transfer_get_share (transfer, &member->share);
  count (sums, &member->share, 1);

  if (transfer != NULL && member->iter == NULL)
    member->iter = gm_transfer_list_append (self->transfers, transfer);
  else if (transfer == NULL && member->iter != NULL)
    gm_transfer_list_take_out (self->transfers, g_steal_pointer (&member->iter));
}

static void
tell (GMultiGroup *self,
      const Sums *before,
      const Sums *now)
{
  GObject *object = G_OBJECT (self);

  g_object_freeze_notify (object);
  if (fraction_of (before) < fraction_of (now) || fraction_of (before) > fraction_of (now))
    g_object_notify_by_pspec (object, properties[PROP_FRACTION]);
  if (before->speed != now->speed)
    g_object_notify_by_pspec (object, properties[PROP_SPEED]);
  if (remaining_of (before) != remaining_of (now))
    g_object_notify_by_pspec (object, properties[PROP_REMAINING]);
  if (before->n_active != now->n_active)
    g_object_notify_by_pspec (object, properties[PROP_N_ACTIVE]);
  if (before->n_finished != now->n_finished)
    g_object_notify_by_pspec (object, properties[PROP_N_FINISHED]);
  if (before->n_failed != now->n_failed)
    g_object_notify_by_pspec (object, properties[PROP_N_FAILED]);
  g_object_thaw_notify (object);
}

static gboolean
on_due (gpointer user_data)
{
  g_autoptr (GMultiGroup) self = g_weak_ref_get (user_data);
  GMultiTransfer *transfer = NULL;
  GmMember *member;
  Board *board;
  Sums before, sums;
  guint n;

  if (self == NULL)
    return G_SOURCE_REMOVE;

  board = self->board;
  g_mutex_lock (&board->lock);
  before = sums = board->sums;
  n = board->dirty.length;
  board->due = 0;
  board->looked_at = g_get_monotonic_time ();
  if (board->source != NULL)
    g_source_set_ready_time (board->source, -1);
  g_mutex_unlock (&board->lock);

  /* What is touched by those who are told comes next time. */
  for (; n > 0 && (member = pop_dirty (board, &transfer)) != NULL; n--)
    {
      look_at (self, member, transfer, &sums);
      g_clear_object (&transfer);
      gm_member_unref (member);
    }

  g_mutex_lock (&board->lock);
  board->sums = sums;
  g_mutex_unlock (&board->lock);
  tell (self, &before, &sums);

  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch (GSource *source,
          GSourceFunc callback,
          gpointer user_data)
{
  return callback (user_data);
}

static GSourceFuncs source_funcs = { .dispatch = dispatch };

static void
weak_ref_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

/* ---- life ---- */

static Board *
board_new (GMultiGroup *group)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  Board *self = g_new0 (Board, 1);
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  g_weak_ref_init (weak, group);
  self->source = g_source_new (&source_funcs, sizeof (GSource));
  g_source_set_static_name (self->source, "GMultiGroup");
  g_source_set_priority (self->source, PRIORITY);
  g_source_set_ready_time (self->source, -1);
  g_source_set_callback (self->source, on_due, weak, weak_ref_free);
  g_source_attach (self->source, context);
  return self;
}

/* Takes @member out of the board: the rest of the group learns of it in its context. With the lock held; what it returns
 * is to be unreferenced without. */
static GMultiTransfer *
detach (Board *board,
        GmMember *member)
{
  g_queue_unlink (&board->members, &member->link);
  member->link.data = NULL;
  mark_dirty (board, member, TRUE);
  return g_steal_pointer (&member->transfer);
}

static void
gmulti_group_dispose (GObject *object)
{
  GMultiGroup *self = GMULTI_GROUP (object);
  Board *board = self->board;
  g_autoptr (GPtrArray) transfers = list_members (self, NULL);
  GSource *source;
  GList *link;

  for (guint i = 0; i < transfers->len; i++)
    gmulti_group_remove (self, transfers->pdata[i]);

  g_mutex_lock (&board->lock);
  source = g_steal_pointer (&board->source);
  g_mutex_unlock (&board->lock);
  if (source != NULL)
    {
      g_source_destroy (source);
      g_source_unref (source);
    }
  while ((link = g_queue_pop_head_link (&board->dirty)) != NULL)
    gm_member_unref (g_steal_pointer (&link->data));

  G_OBJECT_CLASS (gmulti_group_parent_class)->dispose (object);
}

static void
gmulti_group_finalize (GObject *object)
{
  GMultiGroup *self = GMULTI_GROUP (object);

  g_clear_object (&self->transfers);
  g_clear_pointer (&self->band, gm_band_unref);
  g_clear_pointer (&self->board, board_unref);
  g_clear_pointer (&self->title, g_free);

  G_OBJECT_CLASS (gmulti_group_parent_class)->finalize (object);
}

static void
gmulti_group_get_property (GObject *object,
                           guint prop_id,
                           GValue *value,
                           GParamSpec *pspec)
{
  GMultiGroup *self = GMULTI_GROUP (object);

  switch ((Property) prop_id)
    {
    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;
    case PROP_MAX_ACTIVE:
      g_value_set_uint (value, gmulti_group_get_max_active (self));
      break;
    case PROP_MAX_DOWNLOAD_RATE:
      g_value_set_uint64 (value, gmulti_group_get_max_download_rate (self));
      break;
    case PROP_MAX_UPLOAD_RATE:
      g_value_set_uint64 (value, gmulti_group_get_max_upload_rate (self));
      break;
    case PROP_TRANSFERS:
      g_value_set_object (value, self->transfers);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, gmulti_group_get_fraction (self));
      break;
    case PROP_SPEED:
      g_value_set_uint64 (value, gmulti_group_get_speed (self));
      break;
    case PROP_REMAINING:
      g_value_set_int64 (value, gmulti_group_get_remaining (self));
      break;
    case PROP_N_ACTIVE:
      g_value_set_uint (value, gmulti_group_get_n_active (self));
      break;
    case PROP_N_FINISHED:
      g_value_set_uint (value, gmulti_group_get_n_finished (self));
      break;
    case PROP_N_FAILED:
      g_value_set_uint (value, gmulti_group_get_n_failed (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gmulti_group_set_property (GObject *object,
                           guint prop_id,
                           const GValue *value,
                           GParamSpec *pspec)
{
  GMultiGroup *self = GMULTI_GROUP (object);

  switch (prop_id)
    {
    case PROP_TITLE:
      self->title = g_value_dup_string (value);
      break;
    case PROP_MAX_ACTIVE:
      gmulti_group_set_max_active (self, g_value_get_uint (value));
      break;
    case PROP_MAX_DOWNLOAD_RATE:
      gmulti_group_set_max_download_rate (self, g_value_get_uint64 (value));
      break;
    case PROP_MAX_UPLOAD_RATE:
      gmulti_group_set_max_upload_rate (self, g_value_get_uint64 (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_limits (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiGroup:title: (getter get_title)
   *
   * What the group is called, for people.
   *
   * Since: 1.0
   */
  properties[PROP_TITLE] = g_param_spec_string (
    "title", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * GMultiGroup:max-active: (getter get_max_active) (setter set_max_active)
   *
   * How many transfers of the group may be under way at once; 0 for no limit but the session's.
   *
   * The default is 0.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_ACTIVE] = g_param_spec_uint ("max-active", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * GMultiGroup:max-download-rate: (getter get_max_download_rate) (setter set_max_download_rate)
   *
   * How many bytes a second the transfers of the group receive together; 0 for no limit but the session's.
   *
   * The default is 0.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_DOWNLOAD_RATE]
    = g_param_spec_uint64 ("max-download-rate", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * GMultiGroup:max-upload-rate: (getter get_max_upload_rate) (setter set_max_upload_rate)
   *
   * How many bytes a second the transfers of the group send together; 0 for no limit but the session's.
   *
   * The default is 0.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_UPLOAD_RATE] = g_param_spec_uint64 ("max-upload-rate", NULL, NULL, 0, G_MAXUINT64, 0, flags);
}

static void
install_views (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiGroup:transfers: (getter get_transfers)
   *
   * The transfers of the group, in the order of adding.
   *
   * Since: 1.0
   */
  properties[PROP_TRANSFERS] = g_param_spec_object ("transfers", NULL, NULL, G_TYPE_LIST_MODEL, flags);

  /**
   * GMultiGroup:fraction: (getter get_fraction)
   *
   * Which part of the group is done; 1 if it is empty.
   *
   * Since: 1.0
   */
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 1, flags);

  /**
   * GMultiGroup:speed: (getter get_speed)
   *
   * How many bytes a second its transfers move together.
   *
   * Since: 1.0
   */
  properties[PROP_SPEED] = g_param_spec_uint64 ("speed", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * GMultiGroup:remaining: (getter get_remaining)
   *
   * How many microseconds it is likely to take, or -1.
   *
   * Since: 1.0
   */
  properties[PROP_REMAINING] = g_param_spec_int64 ("remaining", NULL, NULL, -1, G_MAXINT64, -1, flags);

  /**
   * GMultiGroup:n-active: (getter get_n_active)
   *
   * How many of its transfers are under way.
   *
   * Since: 1.0
   */
  properties[PROP_N_ACTIVE] = g_param_spec_uint ("n-active", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * GMultiGroup:n-finished: (getter get_n_finished)
   *
   * How many of its transfers are finished, with or without success.
   *
   * Since: 1.0
   */
  properties[PROP_N_FINISHED] = g_param_spec_uint ("n-finished", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * GMultiGroup:n-failed: (getter get_n_failed)
   *
   * How many of those failed or were cancelled.
   *
   * Since: 1.0
   */
  properties[PROP_N_FAILED] = g_param_spec_uint ("n-failed", NULL, NULL, 0, G_MAXUINT, 0, flags);
}

static void
gmulti_group_class_init (GMultiGroupClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = gmulti_group_dispose;
  object_class->finalize = gmulti_group_finalize;
  object_class->get_property = gmulti_group_get_property;
  object_class->set_property = gmulti_group_set_property;

  install_limits ();
  install_views ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
gmulti_group_init (GMultiGroup *self)
{
  self->band = gm_band_new ();
  self->board = board_new (self);
  self->transfers = gm_transfer_list_new ();
}

/**
 * gmulti_group_new:
 * @title: (nullable): what it is called, for people
 *
 * Makes a group that is shown in the calling thread's thread-default context.
 *
 * Returns: (transfer full): the new group
 *
 * Since: 1.0
 */
GMultiGroup *
gmulti_group_new (const char *title)
{
  return g_object_new (GMULTI_TYPE_GROUP, "title", title, NULL);
}

/**
 * gmulti_group_get_title: (get-property title)
 * @self: the group
 *
 * Gets what the group is called.
 *
 * Returns: (nullable): the title
 *
 * Since: 1.0
 */
const char *
gmulti_group_get_title (GMultiGroup *self)
{
  g_return_val_if_fail (GMULTI_IS_GROUP (self), NULL);

  return self->title;
}

/* ---- members ---- */

static GmMember *
member_new (GMultiGroup *group,
            GMultiTransfer *transfer)
{
  GmMember *self = g_new0 (GmMember, 1);

  g_atomic_ref_count_init (&self->refs);
  self->band = gm_band_ref (group->band);
  self->board = board_ref (group->board);
  self->transfer = g_object_ref (transfer);
  return self;
}

/**
 * gmulti_group_add:
 * @self: the group
 * @transfer: a transfer that is in no group
 *
 * Puts a transfer into the group, at the end of its list. One that is under way counts at once, also where it is one more
 * than may be.
 *
 * Since: 1.0
 */
void
gmulti_group_add (GMultiGroup *self,
                  GMultiTransfer *transfer)
{
  GmMember *member;
  gboolean joined;

  g_return_if_fail (GMULTI_IS_GROUP (self));
  g_return_if_fail (GMULTI_IS_TRANSFER (transfer));

  member = member_new (self, transfer);
  /* In one: another thread may take it out at once. */
  g_mutex_lock (&self->board->lock);
  joined = gm_face_transfer_join (transfer, member);
  if (joined)
    {
      member->link.data = gm_member_ref (member);
      g_queue_push_tail_link (&self->board->members, &member->link);
      mark_dirty (self->board, member, TRUE);
    }
  g_mutex_unlock (&self->board->lock);

  if (joined)
    gm_face_transfer_order (transfer, GM_ORDER_BAND);
  else
    g_critical ("The transfer of %s is in a group already", gmulti_transfer_get_uri (transfer));
  gm_member_unref (member);
}

/**
 * gmulti_group_remove:
 * @self: the group
 * @transfer: a transfer
 *
 * Takes a transfer out of the group. It goes on as it is; one that is not in the group is left alone.
 *
 * Since: 1.0
 */
void
gmulti_group_remove (GMultiGroup *self,
                     GMultiTransfer *transfer)
{
  g_autoptr (GMultiTransfer) dropped = NULL;
  GmMember *member;

  g_return_if_fail (GMULTI_IS_GROUP (self));
  g_return_if_fail (GMULTI_IS_TRANSFER (transfer));

  g_mutex_lock (&self->board->lock);
  member = gm_face_transfer_leave (transfer, self->band);
  if (member != NULL)
    dropped = detach (self->board, member);
  g_mutex_unlock (&self->board->lock);
  if (member == NULL)
    return;

  gm_face_transfer_order (transfer, GM_ORDER_BAND);
  gm_member_unref (member); /* the board's */
  gm_member_unref (member); /* the transfer's */
}

/**
 * gmulti_group_get_transfers: (get-property transfers)
 * @self: the group
 *
 * Gets the transfers of the group, for a view. The list changes in the group's context, soon after each change.
 *
 * Returns: (transfer none): a list of [class@GMulti.Transfer]
 *
 * Since: 1.0
 */
GListModel *
gmulti_group_get_transfers (GMultiGroup *self)
{
  g_return_val_if_fail (GMULTI_IS_GROUP (self), NULL);

  return G_LIST_MODEL (self->transfers);
}

static gboolean
is_unfinished (GMultiTransfer *transfer)
{
  return !gmulti_transfer_is_finished (transfer);
}

static void
tell_unfinished (GMultiGroup *self,
                 void (*order) (GMultiTransfer *transfer))
{
  g_autoptr (GPtrArray) transfers = list_members (self, is_unfinished);

  for (guint i = 0; i < transfers->len; i++)
    order (transfers->pdata[i]);
}

/**
 * gmulti_group_pause:
 * @self: the group
 *
 * Pauses all transfers that are in the group now and not finished, as [method@GMulti.Transfer.pause] does.
 *
 * Since: 1.0
 */
void
gmulti_group_pause (GMultiGroup *self)
{
  g_return_if_fail (GMULTI_IS_GROUP (self));

  tell_unfinished (self, gmulti_transfer_pause);
}

/**
 * gmulti_group_resume:
 * @self: the group
 *
 * Lets all paused transfers of the group go on.
 *
 * Since: 1.0
 */
void
gmulti_group_resume (GMultiGroup *self)
{
  g_return_if_fail (GMULTI_IS_GROUP (self));

  tell_unfinished (self, gmulti_transfer_resume);
}

/**
 * gmulti_group_cancel:
 * @self: the group
 *
 * Cancels all transfers of the group that are under way or wait for that.
 *
 * Since: 1.0
 */
void
gmulti_group_cancel (GMultiGroup *self)
{
  g_return_if_fail (GMULTI_IS_GROUP (self));

  tell_unfinished (self, gmulti_transfer_cancel);
}

/**
 * gmulti_group_clear_finished:
 * @self: the group
 *
 * Takes all finished transfers out of the group.
 *
 * Since: 1.0
 */
void
gmulti_group_clear_finished (GMultiGroup *self)
{
  g_autoptr (GPtrArray) transfers = NULL;

  g_return_if_fail (GMULTI_IS_GROUP (self));

  transfers = list_members (self, gmulti_transfer_is_finished);
  for (guint i = 0; i < transfers->len; i++)
    gmulti_group_remove (self, transfers->pdata[i]);
}

/* ---- limits ---- */

/**
 * gmulti_group_get_max_active: (get-property max-active)
 * @self: the group
 *
 * Gets how many transfers of the group may be under way at once.
 *
 * Returns: the number of transfers; 0 for no limit
 *
 * Since: 1.0
 */
guint
gmulti_group_get_max_active (GMultiGroup *self)
{
  g_return_val_if_fail (GMULTI_IS_GROUP (self), 0);

  return gm_band_get_max_active (self->band);
}

/**
 * gmulti_group_set_max_active: (set-property max-active)
 * @self: the group
 * @max_active: a number of transfers; 0 for no limit
 *
 * Sets how many transfers of the group may be under way at once. Those that are more than that go on to their end.
 *
 * Since: 1.0
 */
void
gmulti_group_set_max_active (GMultiGroup *self,
                             guint max_active)
{
  g_return_if_fail (GMULTI_IS_GROUP (self));

  if (gm_band_get_max_active (self->band) == max_active)
    return;

  gm_band_set_max_active (self->band, max_active);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_ACTIVE]);
}

static guint64
get_rate (GMultiGroup *self,
          guint which)
{
  gint64 rate;

  g_mutex_lock (&self->board->lock);
  rate = self->rates[which];
  g_mutex_unlock (&self->board->lock);

  return (guint64) rate;
}

static void
set_rate (GMultiGroup *self,
          guint which,
          guint64 rate)
{
  g_autoptr (GPtrArray) transfers = NULL;
  gboolean changed;

  rate = MIN (rate, G_MAXINT64);
  g_mutex_lock (&self->board->lock);
  changed = self->rates[which] != (gint64) rate;
  self->rates[which] = (gint64) rate;
  gm_rates_set (gm_band_get_rates (self->band), self->rates[0], self->rates[1]);
  g_mutex_unlock (&self->board->lock);
  if (!changed)
    return;

  transfers = list_members (self, is_unfinished);
  for (guint i = 0; i < transfers->len; i++)
    gm_face_transfer_order (transfers->pdata[i], GM_ORDER_RATES);
  g_object_notify_by_pspec (G_OBJECT (self), properties[which == 0 ? PROP_MAX_DOWNLOAD_RATE : PROP_MAX_UPLOAD_RATE]);
}

/**
 * gmulti_group_get_max_download_rate: (get-property max-download-rate)
 * @self: the group
 *
 * Gets how fast the transfers of the group may receive together.
 *
 * Returns: bytes a second; 0 for no limit
 *
 * Since: 1.0
 */
guint64
gmulti_group_get_max_download_rate (GMultiGroup *self)
{
  g_return_val_if_fail (GMULTI_IS_GROUP (self), 0);

  return get_rate (self, 0);
}

/**
 * gmulti_group_set_max_download_rate: (set-property max-download-rate)
 * @self: the group
 * @max_download_rate: bytes a second; 0 for no limit
 *
 * Sets how fast the transfers of the group may receive together, at once also for those under way. What one does not use
 * is there for the others. The limits of the session and of each transfer hold as well.
 *
 * Since: 1.0
 */
void
gmulti_group_set_max_download_rate (GMultiGroup *self,
                                    guint64 max_download_rate)
{
  g_return_if_fail (GMULTI_IS_GROUP (self));

  set_rate (self, 0, max_download_rate);
}

/**
 * gmulti_group_get_max_upload_rate: (get-property max-upload-rate)
 * @self: the group
 *
 * Gets how fast the transfers of the group may send together.
 *
 * Returns: bytes a second; 0 for no limit
 *
 * Since: 1.0
 */
guint64
gmulti_group_get_max_upload_rate (GMultiGroup *self)
{
  g_return_val_if_fail (GMULTI_IS_GROUP (self), 0);

  return get_rate (self, 1);
}

/**
 * gmulti_group_set_max_upload_rate: (set-property max-upload-rate)
 * @self: the group
 * @max_upload_rate: bytes a second; 0 for no limit
 *
 * Sets how fast the transfers of the group may send together, at once also for those under way.
 *
 * Since: 1.0
 */
void
gmulti_group_set_max_upload_rate (GMultiGroup *self,
                                  guint64 max_upload_rate)
{
  g_return_if_fail (GMULTI_IS_GROUP (self));

  set_rate (self, 1, max_upload_rate);
}

/* ---- numbers ---- */

static Sums
read_sums (GMultiGroup *self)
{
  Sums sums;

  g_mutex_lock (&self->board->lock);
  sums = self->board->sums;
  g_mutex_unlock (&self->board->lock);

  return sums;
}

/**
 * gmulti_group_get_fraction: (get-property fraction)
 * @self: the group
 *
 * Gets which part of the group is done: the mean of the fractions of its transfers, where a finished one counts as done,
 * and one whose length is not known as not begun.
 *
 * Returns: a number from 0 to 1; 1 if there are none
 *
 * Since: 1.0
 */
double
gmulti_group_get_fraction (GMultiGroup *self)
{
  Sums sums;

  g_return_val_if_fail (GMULTI_IS_GROUP (self), 0);

  sums = read_sums (self);
  return fraction_of (&sums);
}

/**
 * gmulti_group_get_speed: (get-property speed)
 * @self: the group
 *
 * Gets how many bytes a second the transfers of the group move together.
 *
 * Returns: bytes a second
 *
 * Since: 1.0
 */
guint64
gmulti_group_get_speed (GMultiGroup *self)
{
  g_return_val_if_fail (GMULTI_IS_GROUP (self), 0);

  return read_sums (self).speed;
}

/**
 * gmulti_group_get_remaining: (get-property remaining)
 * @self: the group
 *
 * Gets how long the transfers under way will take at the speed they have.
 *
 * Returns: microseconds, or -1 if that cannot be told
 *
 * Since: 1.0
 */
gint64
gmulti_group_get_remaining (GMultiGroup *self)
{
  Sums sums;

  g_return_val_if_fail (GMULTI_IS_GROUP (self), -1);

  sums = read_sums (self);
  return remaining_of (&sums);
}

/**
 * gmulti_group_get_n_active: (get-property n-active)
 * @self: the group
 *
 * Gets how many transfers of the group are under way: started, not finished, and not waiting for their turn.
 *
 * Returns: the number of transfers
 *
 * Since: 1.0
 */
guint
gmulti_group_get_n_active (GMultiGroup *self)
{
  g_return_val_if_fail (GMULTI_IS_GROUP (self), 0);

  return read_sums (self).n_active;
}

/**
 * gmulti_group_get_n_finished: (get-property n-finished)
 * @self: the group
 *
 * Gets how many transfers of the group are finished, with or without success.
 *
 * Returns: the number of transfers
 *
 * Since: 1.0
 */
guint
gmulti_group_get_n_finished (GMultiGroup *self)
{
  g_return_val_if_fail (GMULTI_IS_GROUP (self), 0);

  return read_sums (self).n_finished;
}

/**
 * gmulti_group_get_n_failed: (get-property n-failed)
 * @self: the group
 *
 * Gets how many transfers of the group failed or were cancelled.
 *
 * Returns: the number of transfers
 *
 * Since: 1.0
 */
guint
gmulti_group_get_n_failed (GMultiGroup *self)
{
  g_return_val_if_fail (GMULTI_IS_GROUP (self), 0);

  return read_sums (self).n_failed;
}
