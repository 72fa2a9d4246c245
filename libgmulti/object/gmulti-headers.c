/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-headers-private.h"

#include "gm-config.h"
#include "gm-http-chars.h"
#include "gmulti-error-private.h"

#include <glib/gi18n-lib.h>

/**
 * GMultiHeaders:
 *
 * A list of header fields: ordered, a name may stand in it several times, names are compared without regard to case.
 *
 * The headers of a response, and those of a transfer once it is started, do not change any more:
 * [method@GMulti.Headers.copy] makes a copy that can be changed.
 *
 * Since: 1.0
 */

/* One allocation holds "name\0value\0". */
typedef struct
{
  char *name;  /* (owned) */
  char *value; /* points behind the name */
} Field;

struct _GMultiHeaders
{
  gatomicrefcount refs;
  gint frozen;   /* atomic */
  GArray *fields; /* (owned) (element-type Field) */
};

G_DEFINE_BOXED_TYPE (GMultiHeaders, gmulti_headers, gmulti_headers_ref, gmulti_headers_unref)

static void
clear_field (gpointer data)
{
  g_free (((Field *) data)->name);
}

/**
 * gmulti_headers_new:
 *
 * Makes an empty list of headers.
 *
 * Returns: (transfer full): the new headers
 *
 * Since: 1.0
 */
GMultiHeaders *
gmulti_headers_new (void)
{
  GMultiHeaders *self = g_new0 (GMultiHeaders, 1);

  g_atomic_ref_count_init (&self->refs);
  self->fields = g_array_new (FALSE, FALSE, sizeof (Field));
  g_array_set_clear_func (self->fields, clear_field);
  return self;
}

/**
 * gmulti_headers_ref:
 * @self: the headers
 *
 * Takes a reference.
 *
 * Returns: (transfer full): the same headers
 *
 * Since: 1.0
 */
GMultiHeaders *
gmulti_headers_ref (GMultiHeaders *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/**
 * gmulti_headers_unref:
 * @self: (transfer full): the headers
 *
 * Drops a reference; with the last one the headers are freed.
 *
 * Since: 1.0
 */
void
gmulti_headers_unref (GMultiHeaders *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_array_unref (self->fields);
  g_free (self);
}

static Field *
get_field (GMultiHeaders *self,
           guint position)
{
  return &g_array_index (self->fields, Field, position);
}

/* Position of the first field at or after @from with @name, or the number of fields. */
static guint
find_field (GMultiHeaders *self,
            const char *name,
            guint from)
{
  while (from < self->fields->len && g_ascii_strcasecmp (get_field (self, from)->name, name) != 0)
    from++;

  return from;
}

static Field
make_field (const char *name,
            gsize name_len,
            const char *value,
            gsize value_len)
{
  Field field;

  field.name = g_malloc (name_len + value_len + 2);
  field.value = field.name + name_len + 1;
  memcpy (field.name, name, name_len);
  field.name[name_len] = '\0';
  memcpy (field.value, value, value_len);
  field.value[value_len] = '\0';
  return field;
}

/**
 * gmulti_headers_copy:
 * @self: the headers
 *
 * Copies all fields to a new list, which can be changed.
 *
 * Returns: (transfer full): the copy
 *
 * Since: 1.0
 */
GMultiHeaders *
gmulti_headers_copy (GMultiHeaders *self)
{
  GMultiHeaders *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = gmulti_headers_new ();
  for (guint i = 0; i < self->fields->len; i++)
    {
      Field *from = get_field (self, i);
      Field field = make_field (from->name, strlen (from->name), from->value, strlen (from->value));

      g_array_append_val (copy->fields, field);
    }

  return copy;
}

void
gm_face_headers_add (GMultiHeaders *self,
                     GmSpan name,
                     GmSpan value)
{
  Field field;

  if (g_utf8_validate_len (value.data, value.len, NULL))
    {
      field = make_field (name.data, name.len, value.data, value.len);
    }
  else
    {
      gsize len = 0;
      g_autofree char *text = g_convert (value.data, (gssize) value.len, "UTF-8", "ISO-8859-1", NULL, &len, NULL);

      field = make_field (name.data, name.len, text != NULL ? text : "", text != NULL ? len : 0);
    }

  g_array_append_val (self->fields, field);
}

void
gm_face_headers_freeze (GMultiHeaders *self)
{
  g_atomic_int_set (&self->frozen, TRUE);
}

gboolean
gm_face_headers_is_frozen (GMultiHeaders *self)
{
  return g_atomic_int_get (&self->frozen);
}

gboolean
gm_face_header_is_valid (const char *name,
                         const char *value)
{
  if (*name == '\0')
    return FALSE;

  for (const char *p = name; *p != '\0'; p++)
    if (!gm_http_char_is_token (*p))
      return FALSE;

  for (const char *p = value; *p != '\0'; p++)
    if (((guchar) *p < 0x20 && *p != '\t') || *p == 0x7f)
      return FALSE;

  return TRUE;
}

static gboolean
check_change (GMultiHeaders *self,
              const char *name,
              const char *value,
              GError **error)
{
  if (gm_face_headers_is_frozen (self))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_READ_ONLY, _("These headers can no longer be changed"));
      return FALSE;
    }

  if (!gm_face_header_is_valid (name, value))
    {
      g_autofree char *safe = g_strescape (name, NULL);

      g_propagate_error (error, gm_error_take (GMULTI_TRANSFER_ERROR_BAD_REQUEST, GMULTI_PHASE_REQUEST,
                                               g_strdup_printf (_("The header “%s” cannot be sent"), safe)));
      return FALSE;
    }

  return TRUE;
}

/**
 * gmulti_headers_append:
 * @self: the headers
 * @name: the field's name
 * @value: its value
 * @error: return location for an error
 *
 * Adds a field at the end, beside those of the same name.
 *
 * A name that is no token of HTTP, or a value with line ends or other control characters, is refused.
 *
 * Returns: whether it was added
 *
 * Since: 1.0
 */
gboolean
gmulti_headers_append (GMultiHeaders *self,
                       const char *name,
                       const char *value,
                       GError **error)
{
  Field field;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (name != NULL && value != NULL, FALSE);

  if (!check_change (self, name, value, error))
    return FALSE;

  field = make_field (name, strlen (name), value, strlen (value));
  g_array_append_val (self->fields, field);
  return TRUE;
}

/**
 * gmulti_headers_replace:
 * @self: the headers
 * @name: the field's name
 * @value: its value
 * @error: return location for an error
 *
 * Puts one field in the place of all with that name, or adds it if there is none.
 *
 * Returns: whether it was set
 *
 * Since: 1.0
 */
gboolean
gmulti_headers_replace (GMultiHeaders *self,
                        const char *name,
                        const char *value,
                        GError **error)
{
  Field field;
  guint first;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (name != NULL && value != NULL, FALSE);

  if (!check_change (self, name, value, error))
    return FALSE;

  /* made first: the arguments may be of a field that goes */
  field = make_field (name, strlen (name), value, strlen (value));
  first = find_field (self, field.name, 0);
  for (guint i = first; (i = find_field (self, field.name, i)) < self->fields->len;)
    g_array_remove_index (self->fields, i);
  g_array_insert_val (self->fields, first, field);
  return TRUE;
}

/**
 * gmulti_headers_remove:
 * @self: the headers
 * @name: a field's name
 *
 * Removes all fields of that name. Headers that belong to somebody else, as a response's, cannot be changed.
 *
 * Since: 1.0
 */
void
gmulti_headers_remove (GMultiHeaders *self,
                       const char *name)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);
  g_return_if_fail (!gm_face_headers_is_frozen (self));

  for (guint i = 0; (i = find_field (self, name, i)) < self->fields->len;)
    g_array_remove_index (self->fields, i);
}

/**
 * gmulti_headers_get_value:
 * @self: the headers
 * @name: a field's name
 *
 * Gets the value of the first field with that name.
 *
 * Returns: (nullable): the value
 *
 * Since: 1.0
 */
const char *
gmulti_headers_get_value (GMultiHeaders *self,
                          const char *name)
{
  guint position;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  position = find_field (self, name, 0);
  return position < self->fields->len ? get_field (self, position)->value : NULL;
}

/**
 * gmulti_headers_dup_list:
 * @self: the headers
 * @name: a field's name
 *
 * Joins the values of all fields with that name by commas: for fields that are lists.
 *
 * Returns: (transfer full) (nullable): the joined values
 *
 * Since: 1.0
 */
char *
gmulti_headers_dup_list (GMultiHeaders *self,
                         const char *name)
{
  g_auto (GStrv) values = NULL;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  values = gmulti_headers_dup_values (self, name);
  return values[0] != NULL ? g_strjoinv (", ", values) : NULL;
}

/**
 * gmulti_headers_dup_values:
 * @self: the headers
 * @name: a field's name
 *
 * Gets the values of all fields with that name, in their order.
 *
 * Returns: (transfer full) (array zero-terminated=1): the values
 *
 * Since: 1.0
 */
char **
gmulti_headers_dup_values (GMultiHeaders *self,
                           const char *name)
{
  g_autoptr (GStrvBuilder) builder = NULL;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  builder = g_strv_builder_new ();
  for (guint i = 0; (i = find_field (self, name, i)) < self->fields->len; i++)
    g_strv_builder_add (builder, get_field (self, i)->value);

  return g_strv_builder_end (builder);
}

/**
 * gmulti_headers_get_n_fields:
 * @self: the headers
 *
 * Gets the number of fields.
 *
 * Returns: the number of fields
 *
 * Since: 1.0
 */
guint
gmulti_headers_get_n_fields (GMultiHeaders *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->fields->len;
}

/**
 * gmulti_headers_get_field_name:
 * @self: the headers
 * @position: a number less than that of the fields
 *
 * Gets the name of the field at a position, as it was written.
 *
 * Returns: the name
 *
 * Since: 1.0
 */
const char *
gmulti_headers_get_field_name (GMultiHeaders *self,
                               guint position)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (position < self->fields->len, NULL);

  return get_field (self, position)->name;
}

/**
 * gmulti_headers_get_field_value:
 * @self: the headers
 * @position: a number less than that of the fields
 *
 * Gets the value of the field at a position.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
const char *
gmulti_headers_get_field_value (GMultiHeaders *self,
                                guint position)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (position < self->fields->len, NULL);

  return get_field (self, position)->value;
}

static const char *
skip_blanks (const char *p)
{
  while (*p == ' ' || *p == '\t')
    p++;

  return p;
}

/* RFC 9110 section 5.6.4; returns what stands behind the closing quote. */
static const char *
read_quoted (const char *p,
             GString *value)
{
  for (p++; *p != '\0' && *p != '"'; p++)
    {
      if (*p == '\\' && p[1] != '\0')
        p++;
      g_string_append_c (value, *p);
    }

  return *p == '"' ? p + 1 : p;
}

/* RFC 9110 section 5.6.6: *(";" name "=" value). What cannot be read is skipped. */
static void
read_parameters (const char *p,
                 GHashTable *parameters)
{
  while ((p = strchr (p, ';')) != NULL)
    {
      const char *name = skip_blanks (p + 1);
      gsize name_len = strcspn (name, "=; \t");
      g_autofree char *key = g_ascii_strdown (name, (gssize) name_len);
      GString *value = g_string_new (NULL);

      p = name + name_len;
      if (*p == '=')
        {
          if (*++p == '"')
            {
              p = read_quoted (p, value);
            }
          else
            {
              gsize len = strcspn (p, "; \t");

              g_string_append_len (value, p, (gssize) len);
              p += len;
            }
          if (name_len > 0 && !g_hash_table_contains (parameters, key))
            {
              g_hash_table_insert (parameters, g_steal_pointer (&key), g_string_free (value, FALSE));
              continue;
            }
        }
      g_string_free (value, TRUE);
    }
}

/**
 * gmulti_headers_dup_content_type:
 * @self: the headers
 * @parameters: (out) (optional) (transfer full) (element-type utf8 utf8): the type's parameters, such as `charset`,
 *   with names in lower case
 *
 * Reads the `Content-Type` field.
 *
 * Returns: (transfer full) (nullable): the media type in lower case, without its parameters
 *
 * Since: 1.0
 */
char *
gmulti_headers_dup_content_type (GMultiHeaders *self,
                                 GHashTable **parameters)
{
  const char *value;

  g_return_val_if_fail (self != NULL, NULL);

  if (parameters != NULL)
    *parameters = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  value = gmulti_headers_get_value (self, "Content-Type");
  if (value == NULL)
    return NULL;

  if (parameters != NULL)
    read_parameters (value, *parameters);

  return g_ascii_strdown (value, (gssize) strcspn (value, "; \t"));
}
