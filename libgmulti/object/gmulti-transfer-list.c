/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-transfer-list-private.h"

#include "gmulti-core-private.h"
#include "gmulti-transfer-private.h"

struct _GmTransferList
{
  GObject parent_instance;

  GSequence *items; /* (owned) (element-type GMultiTransfer): views ask by position, errands by iterator */
};

static GType
get_item_type (GListModel *model)
{
  return GMULTI_TYPE_TRANSFER;
}

static guint
get_n_items (GListModel *model)
{
  return (guint) g_sequence_get_length (((GmTransferList *) model)->items);
}

static gpointer
get_item (GListModel *model,
          guint position)
{
  GSequenceIter *iter = g_sequence_get_iter_at_pos (((GmTransferList *) model)->items, (int) MIN (position, G_MAXINT));

  return g_sequence_iter_is_end (iter) ? NULL : g_object_ref (g_sequence_get (iter));
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (GmTransferList, gm_transfer_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
gm_transfer_list_finalize (GObject *object)
{
  g_sequence_free (((GmTransferList *) object)->items);

  G_OBJECT_CLASS (gm_transfer_list_parent_class)->finalize (object);
}

static void
gm_transfer_list_class_init (GmTransferListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gm_transfer_list_finalize;
}

static void
gm_transfer_list_init (GmTransferList *self)
{
  self->items = g_sequence_new (g_object_unref);
}

GmTransferList *
gm_transfer_list_new (void)
{
  return g_object_new (GM_TYPE_TRANSFER_LIST, NULL);
}

GSequenceIter *
gm_transfer_list_append (GmTransferList *self,
                         GMultiTransfer *transfer)
{
  guint position = (guint) g_sequence_get_length (self->items);
  GSequenceIter *place = g_sequence_append (self->items, g_object_ref (transfer));

  g_list_model_items_changed (G_LIST_MODEL (self), position, 0, 1);
  return place;
}

void
gm_transfer_list_take_out (GmTransferList *self,
                           GSequenceIter *place)
{
  guint position = (guint) g_sequence_iter_get_position (place);

  g_sequence_remove (place);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}

void
gm_transfer_list_add_errand (GmTransferList *self,
                             GmErrand *errand,
                             GMultiTransfer *transfer)
{
  guint position;

  if (self == NULL || errand->list_iter != NULL || errand->delivered || !gm_core_is_home (errand->core, errand->home))
    return;

  /* Those who hear of it may end the errand. */
  position = (guint) g_sequence_get_length (self->items);
  errand->list = g_object_ref (self);
  errand->list_iter = g_sequence_append (self->items, g_object_ref (transfer));
  g_list_model_items_changed (G_LIST_MODEL (self), position, 0, 1);
}

void
gm_transfer_list_remove_errand (GmErrand *errand)
{
  g_autoptr (GmTransferList) self = g_steal_pointer (&errand->list);

  if (self != NULL)
    gm_transfer_list_take_out (self, g_steal_pointer (&errand->list_iter));
}
