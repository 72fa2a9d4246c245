/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-download-private.h"

#include "gmulti-enum-types.h"
#include "gmulti-transfer-private.h"

/**
 * GMultiDownload:
 *
 * A transfer to a file.
 *
 * The data is written under a temporary name beside the destination, and gets its real name when all of it is there:
 * who looks finds the whole file or none. A download that fails leaves nothing behind, unless
 * [property@GMulti.Download:keep-partial] is set.
 *
 * Since: 1.0
 */
struct _GMultiDownload
{
  GMultiTransfer parent_instance;

  GFile *destination; /* (owned) (nullable) */
  GMultiCollision collision;
  gboolean keep_partial;
};

typedef struct
{
  GMultiTransferClass parent_class;
} GMultiDownloadClass;

typedef enum
{
  PROP_DESTINATION = 1,
  PROP_COLLISION,
  PROP_KEEP_PARTIAL,
  PROP_FILE,
} Property;

static GParamSpec *properties[PROP_FILE + 1];

G_DEFINE_TYPE (GMultiDownload, gmulti_download, GMULTI_TYPE_TRANSFER)

static void
gmulti_download_finalize (GObject *object)
{
  GMultiDownload *self = GMULTI_DOWNLOAD (object);

  g_clear_object (&self->destination);

  G_OBJECT_CLASS (gmulti_download_parent_class)->finalize (object);
}

static void
gmulti_download_get_property (GObject *object,
                              guint prop_id,
                              GValue *value,
                              GParamSpec *pspec)
{
  GMultiDownload *self = GMULTI_DOWNLOAD (object);

  switch ((Property) prop_id)
    {
    case PROP_DESTINATION:
      g_value_set_object (value, gmulti_download_get_destination (self));
      break;
    case PROP_COLLISION:
      g_value_set_enum (value, gmulti_download_get_collision (self));
      break;
    case PROP_KEEP_PARTIAL:
      g_value_set_boolean (value, gmulti_download_get_keep_partial (self));
      break;
    case PROP_FILE:
      g_value_take_object (value, gmulti_download_dup_file (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gmulti_download_set_property (GObject *object,
                              guint prop_id,
                              const GValue *value,
                              GParamSpec *pspec)
{
  GMultiDownload *self = GMULTI_DOWNLOAD (object);

  switch (prop_id)
    {
    case PROP_DESTINATION:
      gmulti_download_set_destination (self, g_value_get_object (value));
      break;
    case PROP_COLLISION:
      gmulti_download_set_collision (self, g_value_get_enum (value));
      break;
    case PROP_KEEP_PARTIAL:
      gmulti_download_set_keep_partial (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gmulti_download_class_init (GMultiDownloadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = gmulti_download_finalize;
  object_class->get_property = gmulti_download_get_property;
  object_class->set_property = gmulti_download_set_property;

  /**
   * GMultiDownload:destination: (getter get_destination) (setter set_destination)
   *
   * The file to write, or a folder for a file that is named by the response.
   *
   * Since: 1.0
   */
  properties[PROP_DESTINATION] = g_param_spec_object ("destination", NULL, NULL, G_TYPE_FILE, flags);

  /**
   * GMultiDownload:collision: (getter get_collision) (setter set_collision)
   *
   * What to do when the destination exists.
   *
   * The default is %GMULTI_COLLISION_FAIL.
   *
   * Since: 1.0
   */
  properties[PROP_COLLISION]
    = g_param_spec_enum ("collision", NULL, NULL, GMULTI_TYPE_COLLISION, GMULTI_COLLISION_FAIL, flags);

  /**
   * GMultiDownload:keep-partial: (getter get_keep_partial) (setter set_keep_partial)
   *
   * Whether a download that fails leaves what it has, under the name of the destination with `.part` behind it.
   *
   * The default is %FALSE.
   *
   * Since: 1.0
   */
  properties[PROP_KEEP_PARTIAL] = g_param_spec_boolean ("keep-partial", NULL, NULL, FALSE, flags);

  /**
   * GMultiDownload:file: (getter dup_file)
   *
   * Where the data really is, once the download has succeeded.
   *
   * Since: 1.0
   */
  properties[PROP_FILE]
    = g_param_spec_object ("file", NULL, NULL, G_TYPE_FILE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
gmulti_download_init (GMultiDownload *self)
{
}

/**
 * gmulti_download_new:
 * @uri: the address
 * @destination: the file to write, or a folder for a file that is named by the response
 *
 * Makes a download.
 *
 * Returns: (transfer full): the new download
 *
 * Since: 1.0
 */
GMultiDownload *
gmulti_download_new (const char *uri,
                     GFile *destination)
{
  g_return_val_if_fail (uri != NULL, NULL);
  g_return_val_if_fail (G_IS_FILE (destination), NULL);

  return g_object_new (GMULTI_TYPE_DOWNLOAD, "uri", uri, "destination", destination, NULL);
}

/**
 * gmulti_download_get_destination: (get-property destination)
 * @self: the download
 *
 * Gets the file to write, or the folder for it.
 *
 * Returns: (transfer none) (nullable): the destination
 *
 * Since: 1.0
 */
GFile *
gmulti_download_get_destination (GMultiDownload *self)
{
  g_return_val_if_fail (GMULTI_IS_DOWNLOAD (self), NULL);

  return self->destination;
}

/**
 * gmulti_download_set_destination: (set-property destination)
 * @self: the download
 * @destination: (nullable): the destination
 *
 * Sets the file to write, or a folder for a file that is named by the response.
 *
 * Since: 1.0
 */
void
gmulti_download_set_destination (GMultiDownload *self,
                                 GFile *destination)
{
  g_return_if_fail (GMULTI_IS_DOWNLOAD (self));
  g_return_if_fail (destination == NULL || G_IS_FILE (destination));

  if (gm_face_transfer_check_idle (&self->parent_instance) && g_set_object (&self->destination, destination))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DESTINATION]);
}

/**
 * gmulti_download_get_collision: (get-property collision)
 * @self: the download
 *
 * Gets what to do when the destination exists.
 *
 * Returns: what to do
 *
 * Since: 1.0
 */
GMultiCollision
gmulti_download_get_collision (GMultiDownload *self)
{
  g_return_val_if_fail (GMULTI_IS_DOWNLOAD (self), GMULTI_COLLISION_FAIL);

  return self->collision;
}

/**
 * gmulti_download_set_collision: (set-property collision)
 * @self: the download
 * @collision: what to do
 *
 * Sets what to do when the destination exists.
 *
 * Since: 1.0
 */
void
gmulti_download_set_collision (GMultiDownload *self,
                               GMultiCollision collision)
{
  g_return_if_fail (GMULTI_IS_DOWNLOAD (self));

  if (self->collision == collision || !gm_face_transfer_check_idle (&self->parent_instance))
    return;

  self->collision = collision;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COLLISION]);
}

/**
 * gmulti_download_get_keep_partial: (get-property keep-partial)
 * @self: the download
 *
 * Gets whether a download that fails leaves what it has.
 *
 * Returns: whether it does
 *
 * Since: 1.0
 */
gboolean
gmulti_download_get_keep_partial (GMultiDownload *self)
{
  g_return_val_if_fail (GMULTI_IS_DOWNLOAD (self), FALSE);

  return self->keep_partial;
}

/**
 * gmulti_download_set_keep_partial: (set-property keep-partial)
 * @self: the download
 * @keep_partial: whether it does
 *
 * Sets whether a download that fails leaves what it has.
 *
 * Since: 1.0
 */
void
gmulti_download_set_keep_partial (GMultiDownload *self,
                                  gboolean keep_partial)
{
  g_return_if_fail (GMULTI_IS_DOWNLOAD (self));

  keep_partial = !!keep_partial;
  if (self->keep_partial == keep_partial || !gm_face_transfer_check_idle (&self->parent_instance))
    return;

  self->keep_partial = keep_partial;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KEEP_PARTIAL]);
}

/**
 * gmulti_download_dup_file: (get-property file)
 * @self: the download
 *
 * Gets where the data really is, once the download has succeeded: a folder as destination, or another file in the
 * place, may have given it another name.
 *
 * Returns: (transfer full) (nullable): the file
 *
 * Since: 1.0
 */
GFile *
gmulti_download_dup_file (GMultiDownload *self)
{
  GMultiTransfer *transfer;
  GFile *file = NULL;

  g_return_val_if_fail (GMULTI_IS_DOWNLOAD (self), NULL);

  transfer = &self->parent_instance;
  g_mutex_lock (&transfer->lock);
  if (transfer->errand != NULL && transfer->errand->store != NULL)
    file = gm_store_dup_file (transfer->errand->store);
  g_mutex_unlock (&transfer->lock);

  return file;
}

gboolean
gm_face_download_get_choice (GMultiDownload *self,
                             GmStoreChoice *choice)
{
  choice->destination = self->destination;
  choice->collision = self->collision;
  choice->keep_partial = self->keep_partial;
  return self->destination != NULL;
}
