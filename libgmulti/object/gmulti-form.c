/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-form-private.h"

#include "gmulti-errand-private.h"

#include <string.h>

/**
 * GMultiForm:
 *
 * A form to be sent, as a web page would send it.
 *
 * It is filled part by part and handed to a transfer with [method@GMulti.Transfer.set_body_form]. Files are read while
 * they are sent. What is added after the transfer was started is not sent with it; the same form can be sent again, if
 * its streams can be read again.
 *
 * Names and file names may hold anything: what would break the form is encoded as browsers do.
 *
 * Since: 1.0
 */
struct _GMultiForm
{
  GObject parent_instance;

  GMutex lock; /* transfers of other threads may be reading */
  GPtrArray *parts; /* (owned) of Part */
  gboolean urlencoded;
};

typedef struct
{
  GObjectClass parent_class;
} GMultiFormClass;

typedef enum
{
  PROP_URLENCODED = 1,
} Property;

static GParamSpec *properties[PROP_URLENCODED + 1];

/* Never changed once it is in a form. */
typedef struct
{
  gatomicrefcount refs;
  char *name;           /* (owned) */
  char *filename;       /* (owned) (nullable) */
  char *content_type;   /* (owned) (nullable) */
  GBytes *bytes;        /* (owned) (nullable), or one of the next */
  GFile *file;          /* (owned) (nullable) */
  GInputStream *stream; /* (owned) (nullable) */
  gint64 length;        /* of @stream; -1 unknown */
} Part;

G_DEFINE_TYPE (GMultiForm, gmulti_form, G_TYPE_OBJECT)

static void
part_unref (gpointer data)
{
  Part *part = data;

  if (!g_atomic_ref_count_dec (&part->refs))
    return;

  g_free (part->name);
  g_free (part->filename);
  g_free (part->content_type);
  g_clear_pointer (&part->bytes, g_bytes_unref);
  g_clear_object (&part->file);
  g_clear_object (&part->stream);
  g_free (part);
}

static gpointer
part_copy (gconstpointer data,
           gpointer user_data)
{
  Part *part = (Part *) data;

  g_atomic_ref_count_inc (&part->refs);
  return part;
}

/* ---- the object ---- */

static void
gmulti_form_finalize (GObject *object)
{
  GMultiForm *self = GMULTI_FORM (object);

  g_ptr_array_unref (self->parts);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (gmulti_form_parent_class)->finalize (object);
}

static void
gmulti_form_get_property (GObject *object,
                          guint prop_id,
                          GValue *value,
                          GParamSpec *pspec)
{
  switch ((Property) prop_id)
    {
    case PROP_URLENCODED:
      g_value_set_boolean (value, gmulti_form_get_urlencoded (GMULTI_FORM (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gmulti_form_set_property (GObject *object,
                          guint prop_id,
                          const GValue *value,
                          GParamSpec *pspec)
{
  switch ((Property) prop_id)
    {
    case PROP_URLENCODED:
      gmulti_form_set_urlencoded (GMULTI_FORM (object), g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gmulti_form_class_init (GMultiFormClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = gmulti_form_finalize;
  object_class->get_property = gmulti_form_get_property;
  object_class->set_property = gmulti_form_set_property;

  /**
   * GMultiForm:urlencoded: (getter get_urlencoded) (setter set_urlencoded)
   *
   * Whether a form of nothing but texts is sent as `application/x-www-form-urlencoded`.
   *
   * Otherwise, and with any other part, it is sent as `multipart/form-data`.
   *
   * The default is %FALSE.
   *
   * Since: 1.0
   */
  properties[PROP_URLENCODED]
    = g_param_spec_boolean ("urlencoded", NULL, NULL, FALSE,
                            G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
gmulti_form_init (GMultiForm *self)
{
  g_mutex_init (&self->lock);
  self->parts = g_ptr_array_new_with_free_func (part_unref);
}

/**
 * gmulti_form_new:
 *
 * Makes an empty form.
 *
 * Returns: (transfer full): the new form
 *
 * Since: 1.0
 */
GMultiForm *
gmulti_form_new (void)
{
  return g_object_new (GMULTI_TYPE_FORM, NULL);
}

/**
 * gmulti_form_get_urlencoded: (get-property urlencoded)
 * @self: the form
 *
 * Gets whether a form of nothing but texts is sent as `application/x-www-form-urlencoded`.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
gmulti_form_get_urlencoded (GMultiForm *self)
{
  g_return_val_if_fail (GMULTI_IS_FORM (self), FALSE);

  return self->urlencoded;
}

/**
 * gmulti_form_set_urlencoded: (set-property urlencoded)
 * @self: the form
 * @urlencoded: whether it is
 *
 * Sets whether a form of nothing but texts is sent as `application/x-www-form-urlencoded`.
 *
 * Since: 1.0
 */
void
gmulti_form_set_urlencoded (GMultiForm *self,
                            gboolean urlencoded)
{
  g_return_if_fail (GMULTI_IS_FORM (self));

  urlencoded = !!urlencoded;
  if (self->urlencoded == urlencoded)
    return;

  self->urlencoded = urlencoded;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_URLENCODED]);
}

static Part *
part_new (const char *name,
          const char *filename,
          const char *content_type)
{
  Part *part = g_new0 (Part, 1);

  g_atomic_ref_count_init (&part->refs);
  part->name = g_strdup (name);
  part->filename = g_strdup (filename);
  part->content_type = g_strdup (content_type);
  part->length = -1;
  return part;
}

/* Takes @part, which is complete: from here on others may read it. */
static void
add_part (GMultiForm *self,
          Part *part)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->parts, part);
  g_mutex_unlock (&self->lock);
}

/**
 * gmulti_form_add_text:
 * @self: the form
 * @name: the name of the field
 * @value: its text
 *
 * Adds a field with a text.
 *
 * Since: 1.0
 */
void
gmulti_form_add_text (GMultiForm *self,
                      const char *name,
                      const char *value)
{
  Part *part;

  g_return_if_fail (GMULTI_IS_FORM (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (value != NULL);

  part = part_new (name, NULL, NULL);
  part->bytes = g_bytes_new (value, strlen (value));
  add_part (self, part);
}

/**
 * gmulti_form_add_bytes:
 * @self: the form
 * @name: the name of the field
 * @filename: (nullable): the name of the file that the data is to be
 * @content_type: (nullable): its type
 * @bytes: the data
 *
 * Adds data from memory.
 *
 * Without a type it is guessed from the file's name.
 *
 * Since: 1.0
 */
void
gmulti_form_add_bytes (GMultiForm *self,
                       const char *name,
                       const char *filename,
                       const char *content_type,
                       GBytes *bytes)
{
  Part *part;

  g_return_if_fail (GMULTI_IS_FORM (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (bytes != NULL);

  part = part_new (name, filename, content_type != NULL ? content_type : "");
  part->bytes = g_bytes_ref (bytes);
  add_part (self, part);
}

/**
 * gmulti_form_add_file:
 * @self: the form
 * @name: the name of the field
 * @content_type: (nullable): the file's type
 * @file: the file
 *
 * Adds a file. It is opened and read when the transfer needs it.
 *
 * Without a type it is guessed from the file's name.
 *
 * Since: 1.0
 */
void
gmulti_form_add_file (GMultiForm *self,
                      const char *name,
                      const char *content_type,
                      GFile *file)
{
  g_autofree char *basename = NULL;
  g_autofree char *filename = NULL;
  Part *part;

  g_return_if_fail (GMULTI_IS_FORM (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (G_IS_FILE (file));

  basename = g_file_get_basename (file);
  filename = basename != NULL ? g_filename_display_name (basename) : g_strdup ("file");
  part = part_new (name, filename, content_type != NULL ? content_type : "");
  part->file = g_object_ref (file);
  add_part (self, part);
}

/**
 * gmulti_form_add_stream:
 * @self: the form
 * @name: the name of the field
 * @filename: (nullable): the name of the file that the data is to be
 * @content_type: (nullable): its type
 * @stream: the stream
 * @length: how many bytes it has, or -1 if that is not known
 *
 * Adds what a stream gives.
 *
 * It is read in the context the transfer is started in. It can be sent again, as for a redirect, if it is seekable.
 *
 * Since: 1.0
 */
void
gmulti_form_add_stream (GMultiForm *self,
                        const char *name,
                        const char *filename,
                        const char *content_type,
                        GInputStream *stream,
                        gint64 length)
{
  Part *part;

  g_return_if_fail (GMULTI_IS_FORM (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (G_IS_INPUT_STREAM (stream));
  g_return_if_fail (length >= -1);

  part = part_new (name, filename, content_type != NULL ? content_type : "");
  part->length = length;
  part->stream = g_object_ref (stream);
  add_part (self, part);
}

/* ---- as an upload ---- */

static GmResult
feed_part_read (gpointer data,
                const GmFormHost *host,
                char *buffer,
                gsize len,
                gsize *n)
{
  switch (gm_feed_read (data, host->reactor, buffer, len, n))
    {
    case GM_FEED_LATER:
      return GM_AGAIN;
    case GM_FEED_FAILED:
      return GM_READ_FAILED;
    case GM_FEED_DATA:
    case GM_FEED_END:
    default:
      return GM_OK;
    }
}

static gboolean
feed_part_rewind (gpointer data)
{
  return gm_feed_seek (data, 0);
}

static const GmFormReader feed_part = { feed_part_read, feed_part_rewind, NULL };

static gboolean
is_text (const Part *part)
{
  return part->content_type == NULL && part->bytes != NULL;
}

/* As the URL standard has it for forms: what is kept, blanks as "+", the rest by its bytes. */
static void
append_urlencoded (GString *text,
                   const char *value,
                   gsize len)
{
  for (gsize i = 0; i < len; i++)
    {
      guchar c = (guchar) value[i];

      if (c == ' ')
        g_string_append_c (text, '+');
      else if (g_ascii_isalnum (c) || strchr ("*-._", c) != NULL)
        g_string_append_c (text, (char) c);
      else
        g_string_append_printf (text, "%%%02X", c);
    }
}

static void
compose_urlencoded (GmFormUpload *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < self->parts->len; i++)
    {
      const Part *part = g_ptr_array_index (self->parts, i);

      if (i > 0)
        g_string_append_c (text, '&');
      append_urlencoded (text, part->name, strlen (part->name));
      g_string_append_c (text, '=');
      append_urlencoded (text, g_bytes_get_data (part->bytes, NULL), g_bytes_get_size (part->bytes));
    }
  gm_form_add_text (self->form, text->str, text->len);
  self->content_type = g_strdup ("application/x-www-form-urlencoded");
}

static const char *
type_of (const Part *part)
{
  const char *type = part->content_type;

  if (type == NULL || *type != '\0')
    return type;
  type = gm_form_guess_type (part->filename);

  return type != NULL ? type : "application/octet-stream";
}

static void
compose_part (GmFormUpload *self,
              const Part *part,
              GmErrand *errand)
{
  GmFeed *feed;

  gm_form_add_text (self->form, "Content-Disposition: form-data", strlen ("Content-Disposition: form-data"));
  gm_form_add_parameter (self->form, "name", part->name, FALSE);
  if (part->filename != NULL)
    gm_form_add_parameter (self->form, "filename", part->filename, FALSE);
  gm_form_add_text (self->form, "\r\n", 2);
  if (type_of (part) != NULL)
    gm_form_add_line (self->form, "Content-Type", type_of (part));
  gm_form_add_text (self->form, "\r\n", 2);

  if (part->bytes != NULL)
    {
      gsize len;
      const char *data = g_bytes_get_data (part->bytes, &len);

      gm_form_add_memory (self->form, GM_FORM_PLAIN, data, len);
      return;
    }
  feed = part->file != NULL ? gm_feed_new_for_file (errand, part->file) : gm_feed_new_for_stream (errand, part->stream);
  g_ptr_array_add (self->feeds, feed);
  gm_form_add_reader (self->form, GM_FORM_PLAIN, &feed_part, feed, part->length);
}

static void
compose_multipart (GmFormUpload *self,
                   GmErrand *errand)
{
  char boundary[GM_FORM_BOUNDARY_LEN + 1];

  gm_form_make_boundary (boundary);
  for (guint i = 0; i < self->parts->len; i++)
    {
      gm_form_begin_part (self->form, boundary, i == 0);
      compose_part (self, g_ptr_array_index (self->parts, i), errand);
    }
  gm_form_end_parts (self->form, boundary, self->parts->len > 0);
  self->content_type = g_strconcat ("multipart/form-data; boundary=", boundary, NULL);
}

GmFormUpload *
gm_face_form_compose (GMultiForm *self,
                      GmErrand *errand)
{
  GmFormUpload *upload = g_new0 (GmFormUpload, 1);
  gboolean only_texts = TRUE;

  g_mutex_lock (&self->lock);
  upload->parts = g_ptr_array_copy (self->parts, part_copy, NULL);
  g_mutex_unlock (&self->lock);
  g_ptr_array_set_free_func (upload->parts, part_unref);
  upload->feeds = g_ptr_array_new_with_free_func ((GDestroyNotify) gm_feed_unref);
  upload->form = gm_form_new ();

  for (guint i = 0; i < upload->parts->len; i++)
    only_texts = only_texts && is_text (g_ptr_array_index (upload->parts, i));
  if (self->urlencoded && only_texts)
    compose_urlencoded (upload);
  else
    compose_multipart (upload, errand);

  return upload;
}

void
gm_form_upload_free (GmFormUpload *self)
{
  if (self == NULL)
    return;

  gm_form_free (self->form);
  g_ptr_array_unref (self->feeds);
  g_ptr_array_unref (self->parts);
  g_free (self->content_type);
  g_free (self);
}

gboolean
gm_form_upload_probe (GmFormUpload *self,
                      GmReactor *reactor)
{
  gm_form_attach (self->form, &(GmFormHost){ .reactor = reactor });
  for (guint i = 0; i < self->feeds->len; i++)
    if (gm_feed_is_file (g_ptr_array_index (self->feeds, i)))
      {
        self->n_unknown++;
        gm_feed_probe (g_ptr_array_index (self->feeds, i), reactor);
      }

  return self->n_unknown > 0;
}

gboolean
gm_form_upload_known (GmFormUpload *self,
                      GmFeed *feed,
                      gint64 size)
{
  gm_form_set_reader_size (self->form, feed, size);
  return --self->n_unknown == 0;
}

GError *
gm_form_upload_take_error (GmFormUpload *self)
{
  GError *error = NULL;

  for (guint i = 0; i < self->feeds->len && error == NULL; i++)
    error = gm_feed_take_error (g_ptr_array_index (self->feeds, i));

  return error;
}

void
gm_form_upload_stop (GmFormUpload *self)
{
  for (guint i = 0; i < self->feeds->len; i++)
    gm_feed_stop (g_ptr_array_index (self->feeds, i));
}

void
gm_form_upload_fill (GmFormUpload *self,
                     gboolean blocking)
{
  for (guint i = 0; i < self->feeds->len; i++)
    gm_feed_fill (g_ptr_array_index (self->feeds, i), blocking);
}
