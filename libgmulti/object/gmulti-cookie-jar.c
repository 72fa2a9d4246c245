/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-cookie-jar-private.h"

#include "gm-clock.h"
#include "gm-config.h"
#include "gmulti-cookie-private.h"
#include "gmulti-error.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

/* Below redraw, as all that a session delivers. */
#define PRIORITY 130

/**
 * GMultiCookieJar:
 *
 * Cookies, for a session or for several.
 *
 * Set one as [property@GMulti.Session:cookie-jar], and its transfers take and send cookies as browsers do
 * ([RFC 6265bis](https://datatracker.ietf.org/doc/draft-ietf-httpbis-rfc6265bis/)): no cookies for public suffixes, `Secure`
 * ones over TLS only, 180 of one site and 3000 in all. A transfer can do without by [property@GMulti.Transfer:use-cookies].
 *
 * A jar for a file reads it before it is first used: by a transfer on a worker, so that no loop waits, by the methods here
 * at once. What was read or set is written by [method@GMulti.CookieJar.save_async] alone; cookies of a session are not
 * written. The format is that of Netscape, which other programs read; `SameSite` is kept in comments between its lines.
 *
 * It can be used from any thread. Signals come in the context that was thread-default where it was made.
 *
 * Since: 1.0
 */

/* Rings in the home context for what happens in any thread. It belongs to the jar of the engine, which lives as long as
 * anybody can change it. */
typedef struct
{
  GWeakRef face; /* GMultiCookieJar */
  GMainContext *home; /* (owned) */
  GMutex lock;
  gboolean pending; /* a source is under way */
  gboolean changed;
  GError *error; /* (owned) (nullable): to be told */
} Bell;

struct _GMultiCookieJar
{
  GObject parent_instance;

  GmCookieJar *jar; /* (owned) */
  GFile *file; /* (owned) (nullable) */
  Bell *bell; /* (unowned): the jar's */
  gint unread; /* atomic: errno of the file, which must not be written over then */
};

typedef enum
{
  PROP_FILE = 1,
} Property;

enum
{
  SIGNAL_CHANGED,
  SIGNAL_FAILED,
  N_SIGNALS,
};

static GParamSpec *properties[PROP_FILE + 1];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (GMultiCookieJar, gmulti_cookie_jar, G_TYPE_OBJECT)

static gint64
get_now (void)
{
  return gm_clock_wall (&gm_clock_system);
}

/* ---- the bell ---- */

static void
bell_free (gpointer data)
{
  Bell *bell = data;

  g_weak_ref_clear (&bell->face);
  g_main_context_unref (bell->home);
  g_mutex_clear (&bell->lock);
  g_clear_error (&bell->error);
  g_free (bell);
}

/* What the source holds, so that the bell stays. */
static void
jar_unref (gpointer jar)
{
  gm_cookie_jar_unref (jar);
}

static gboolean
deliver (Bell *bell)
{
  g_autoptr (GMultiCookieJar) self = g_weak_ref_get (&bell->face);
  g_autoptr (GError) error = NULL;
  gboolean changed;

  g_mutex_lock (&bell->lock);
  bell->pending = FALSE;
  changed = bell->changed;
  bell->changed = FALSE;
  error = g_steal_pointer (&bell->error);
  g_mutex_unlock (&bell->lock);

  if (self != NULL && error != NULL)
    g_signal_emit (self, signals[SIGNAL_FAILED], 0, error);
  if (self != NULL && changed)
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
  return G_SOURCE_REMOVE;
}

static gboolean
on_bell (gpointer data)
{
  return deliver (gm_cookie_jar_get_watcher (data));
}

/* Many changes ring once. @error (transfer full) (nullable). */
static void
ring (Bell *bell,
      gboolean changed,
      GError *error)
{
  g_autoptr (GMultiCookieJar) self = g_weak_ref_get (&bell->face);
  g_autoptr (GSource) source = NULL;
  gboolean pending;

  g_mutex_lock (&bell->lock);
  pending = bell->pending;
  bell->pending = self != NULL;
  bell->changed |= changed;
  if (error != NULL && bell->error == NULL)
    bell->error = g_steal_pointer (&error);
  g_mutex_unlock (&bell->lock);
  g_clear_error (&error);
  if (pending || self == NULL)
    return;

  source = g_idle_source_new ();
  g_source_set_priority (source, PRIORITY);
  g_source_set_static_name (source, "GMultiCookieJar");
  g_source_set_callback (source, on_bell, gm_cookie_jar_ref (self->jar), jar_unref);
  g_source_attach (source, bell->home);
}

static void
on_changed (gpointer user_data)
{
  ring (user_data, TRUE, NULL);
}

static GError *
file_error (GFile *file,
            int error,
            gboolean writing)
{
  g_autofree char *name = g_file_get_parse_name (file);
  gint code = (gint) g_io_error_from_errno (error);

  return writing ? g_error_new (G_IO_ERROR, code, _ ("Cookies could not be written to “%s”: %s"), name,
                                g_strerror (error))
                 : g_error_new (G_IO_ERROR, code, _ ("Cookies could not be read from “%s”: %s"), name,
                                g_strerror (error));
}

static void
on_loaded (gpointer user_data,
           int error,
           guint n_damaged)
{
  Bell *bell = user_data;
  g_autoptr (GMultiCookieJar) self = g_weak_ref_get (&bell->face);
  g_autofree char *name = NULL;

  if (self == NULL || self->file == NULL)
    return;
  if (error != 0)
    g_atomic_int_set (&self->unread, error);
  if (error != 0)
    ring (bell, FALSE, file_error (self->file, error, FALSE));
  else if (n_damaged > 0)
    {
      name = g_file_get_parse_name (self->file);
      ring (bell, FALSE,
            g_error_new (G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                         g_dngettext (GETTEXT_PACKAGE, "%u line of “%s” is no cookie", "%u lines of “%s” are no cookies",
                                      n_damaged),
                         n_damaged, name));
    }
}

/* ---- object ---- */

static void
gmulti_cookie_jar_constructed (GObject *object)
{
  GMultiCookieJar *self = GMULTI_COOKIE_JAR (object);
  const char *path = self->file != NULL ? g_file_peek_path (self->file) : NULL;

  G_OBJECT_CLASS (gmulti_cookie_jar_parent_class)->constructed (object);

  g_weak_ref_init (&self->bell->face, self);
  if (path != NULL)
    gm_cookie_jar_add_file (self->jar, path, TRUE);
  else if (self->file != NULL)
    ring (self->bell, FALSE, file_error (self->file, ENOTSUP, FALSE));
}

static void
gmulti_cookie_jar_finalize (GObject *object)
{
  GMultiCookieJar *self = GMULTI_COOKIE_JAR (object);

  gm_cookie_jar_unref (self->jar);
  g_clear_object (&self->file);

  G_OBJECT_CLASS (gmulti_cookie_jar_parent_class)->finalize (object);
}

static void
gmulti_cookie_jar_get_property (GObject *object,
                                guint id,
                                GValue *value,
                                GParamSpec *pspec)
{
  GMultiCookieJar *self = GMULTI_COOKIE_JAR (object);

  switch ((Property) id)
    {
    case PROP_FILE:
      g_value_set_object (value, self->file);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
gmulti_cookie_jar_set_property (GObject *object,
                                guint id,
                                const GValue *value,
                                GParamSpec *pspec)
{
  GMultiCookieJar *self = GMULTI_COOKIE_JAR (object);

  switch ((Property) id)
    {
    case PROP_FILE:
      self->file = g_value_dup_object (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
gmulti_cookie_jar_class_init (GMultiCookieJarClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->constructed = gmulti_cookie_jar_constructed;
  object_class->finalize = gmulti_cookie_jar_finalize;
  object_class->get_property = gmulti_cookie_jar_get_property;
  object_class->set_property = gmulti_cookie_jar_set_property;

  /**
   * GMultiCookieJar:file: (getter get_file)
   *
   * Where the cookies are kept.
   *
   * Since: 1.0
   */
  properties[PROP_FILE] = g_param_spec_object ("file", NULL, NULL, G_TYPE_FILE,
                                               G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  /**
   * GMultiCookieJar::changed:
   * @self: the jar
   *
   * Cookies were set or removed.
   *
   * Many changes at once are told once.
   *
   * Since: 1.0
   */
  signals[SIGNAL_CHANGED] =
    g_signal_new ("changed", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  /**
   * GMultiCookieJar::failed:
   * @self: the jar
   * @error: why
   *
   * The file could not be read, or not all of it.
   *
   * What could be read is there. One that does not exist is no failure.
   *
   * Since: 1.0
   */
  signals[SIGNAL_FAILED] = g_signal_new ("failed", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
gmulti_cookie_jar_init (GMultiCookieJar *self)
{
  Bell *bell = g_new0 (Bell, 1);

  g_mutex_init (&bell->lock);
  bell->home = g_main_context_ref_thread_default ();
  self->bell = bell;
  self->jar = gm_cookie_jar_new ();
  gm_cookie_jar_watch (self->jar, on_changed, on_loaded, bell, bell_free);
}

GmCookieJar *
gm_face_cookie_jar_peek (GMultiCookieJar *self)
{
  return self->jar;
}

/**
 * gmulti_cookie_jar_new:
 *
 * Makes an empty jar that is kept nowhere.
 *
 * Returns: (transfer full): a new jar
 *
 * Since: 1.0
 */
GMultiCookieJar *
gmulti_cookie_jar_new (void)
{
  return g_object_new (GMULTI_TYPE_COOKIE_JAR, NULL);
}

/**
 * gmulti_cookie_jar_new_for_file:
 * @file: where the cookies are kept; it need not exist
 *
 * Makes a jar with what is in @file.
 *
 * It is read before the jar is first used; what goes wrong then is told by [signal@GMulti.CookieJar::failed].
 *
 * Returns: (transfer full): a new jar
 *
 * Since: 1.0
 */
GMultiCookieJar *
gmulti_cookie_jar_new_for_file (GFile *file)
{
  g_return_val_if_fail (G_IS_FILE (file), NULL);

  return g_object_new (GMULTI_TYPE_COOKIE_JAR, "file", file, NULL);
}

/**
 * gmulti_cookie_jar_get_file: (get-property file)
 * @self: the jar
 *
 * Gets where the cookies are kept.
 *
 * Returns: (transfer none) (nullable): the file
 *
 * Since: 1.0
 */
GFile *
gmulti_cookie_jar_get_file (GMultiCookieJar *self)
{
  g_return_val_if_fail (GMULTI_IS_COOKIE_JAR (self), NULL);

  return self->file;
}

/* ---- cookies ---- */

static GmUrl *
parse_uri (const char *uri,
           GError **error)
{
  GmUrl *url = NULL;

  if (gm_url_parse (uri, strlen (uri), GM_URL_DEFAULT, &url) != GM_OK)
    g_set_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BAD_URI, _ ("“%s” is no address"), uri);
  return url;
}

/**
 * gmulti_cookie_jar_dup_header:
 * @self: the jar
 * @uri: the URI of a request
 *
 * Makes what the `Cookie` field of a request to @uri says.
 *
 * Returns: (transfer full) (nullable): the value, or %NULL if there are no cookies for it
 *
 * Since: 1.0
 */
char *
gmulti_cookie_jar_dup_header (GMultiCookieJar *self,
                              const char *uri)
{
  g_autoptr (GmUrl) url = NULL;
  g_auto (GmByteBuilder) out = { 0 };
  GmCookieOrigin origin;
  g_autofree char *text = NULL;

  g_return_val_if_fail (GMULTI_IS_COOKIE_JAR (self), NULL);
  g_return_val_if_fail (uri != NULL, NULL);

  url = parse_uri (uri, NULL);
  if (url == NULL)
    return NULL;
  gm_cookie_jar_load (self->jar, get_now (), NULL);
  gm_cookie_origin_init (&origin, url, NULL);
  if (gm_cookie_jar_write (self->jar, &origin, get_now (), GM_COOKIES_MAX_FIELD, &out) == 0)
    return NULL;

  text = g_strndup (out.data, out.len);
  return g_utf8_make_valid (text, -1);
}

static const char *
describe_fault (GmCookieFault fault)
{
  switch (fault)
    {
    case GM_COOKIE_FAULT_CONTROL_BYTE:
      return _ ("The cookie has a control character in it");
    case GM_COOKIE_FAULT_TOO_LONG:
      return _ ("The cookie is too long");
    case GM_COOKIE_FAULT_DOMAIN:
    case GM_COOKIE_FAULT_NO_DOMAIN:
      return _ ("The cookie is for another host");
    case GM_COOKIE_FAULT_PUBLIC_SUFFIX:
      return _ ("The cookie is for a domain under which anybody can register names");
    case GM_COOKIE_FAULT_PREFIX:
      return _ ("The cookie’s name promises more than it keeps");
    case GM_COOKIE_FAULT_NOT_SECURE:
      return _ ("The cookie is for secure connections, and was not set by one");
    case GM_COOKIE_FAULT_OVER_SECURE:
      return _ ("The cookie would hide one that was set by a secure connection");
    case GM_COOKIE_FAULT_CROSS_SITE:
      return _ ("The cookie may not be set by requests of another site");
    case GM_COOKIE_FAULT_NONE:
    case GM_COOKIE_FAULT_NO_NAME:
    case GM_COOKIE_FAULT_FIELDS:
    case GM_N_COOKIE_FAULTS:
    default:
      return _ ("The cookie has no name");
    }
}

/**
 * gmulti_cookie_jar_set:
 * @self: the jar
 * @uri: the URI that was asked
 * @set_cookie: the value of a `Set-Cookie` field
 * @error: return location for an error
 *
 * Sets a cookie as if an answer from @uri had.
 *
 * One that has expired takes away what it would replace.
 *
 * Returns: %TRUE if it was taken, else @error is set
 *
 * Since: 1.0
 */
gboolean
gmulti_cookie_jar_set (GMultiCookieJar *self,
                       const char *uri,
                       const char *set_cookie,
                       GError **error)
{
  g_autoptr (GmUrl) url = NULL;
  GmCookieOrigin origin;
  GmCookieFault fault;

  g_return_val_if_fail (GMULTI_IS_COOKIE_JAR (self), FALSE);
  g_return_val_if_fail (uri != NULL && set_cookie != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  url = parse_uri (uri, error);
  if (url == NULL)
    return FALSE;
  gm_cookie_jar_load (self->jar, get_now (), NULL);
  gm_cookie_origin_init (&origin, url, NULL);
  fault = gm_cookie_jar_set (self->jar, &origin, gm_span (set_cookie, strlen (set_cookie)), get_now ());
  if (fault == GM_COOKIE_FAULT_NONE)
    return TRUE;

  g_set_error_literal (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BAD_REQUEST, describe_fault (fault));
  return FALSE;
}

/**
 * gmulti_cookie_jar_dup_all:
 * @self: the jar
 *
 * Lists the cookies that are there, in the order in which they came.
 *
 * Returns: (transfer full) (element-type GMultiCookie): the cookies
 *
 * Since: 1.0
 */
GList *
gmulti_cookie_jar_dup_all (GMultiCookieJar *self)
{
  g_autoptr (GPtrArray) cookies = NULL;
  GList *list = NULL; /* bindings free the elements of an array that frees them itself once more */

  g_return_val_if_fail (GMULTI_IS_COOKIE_JAR (self), NULL);

  gm_cookie_jar_load (self->jar, get_now (), NULL);
  cookies = gm_cookie_jar_list (self->jar, get_now ());
  for (guint i = cookies->len; i-- > 0;)
    list = g_list_prepend (list, gm_face_cookie_new (cookies->pdata[i]));

  return list;
}

/**
 * gmulti_cookie_jar_remove:
 * @self: the jar
 * @cookie: a cookie of it
 *
 * Takes a cookie out, or that which has taken its place.
 *
 * Since: 1.0
 */
void
gmulti_cookie_jar_remove (GMultiCookieJar *self,
                          GMultiCookie *cookie)
{
  g_return_if_fail (GMULTI_IS_COOKIE_JAR (self));
  g_return_if_fail (cookie != NULL);

  gm_cookie_jar_remove (self->jar, gm_face_cookie_peek (cookie));
}

/**
 * gmulti_cookie_jar_clear:
 * @self: the jar
 *
 * Takes all cookies out.
 *
 * Since: 1.0
 */
void
gmulti_cookie_jar_clear (GMultiCookieJar *self)
{
  g_return_if_fail (GMULTI_IS_COOKIE_JAR (self));

  gm_cookie_jar_load (self->jar, get_now (), NULL);
  gm_cookie_jar_clear (self->jar, FALSE);
}

/* ---- saving ---- */

static void
save (GTask *task,
      gpointer source_object,
      gpointer task_data G_GNUC_UNUSED,
      GCancellable *cancellable)
{
  GMultiCookieJar *self = source_object;
  const char *path = g_file_peek_path (self->file);
  int error = path != NULL ? g_atomic_int_get (&self->unread) : ENOTSUP;

  /* A task that was given up before it began is run all the same. */
  if (g_cancellable_is_cancelled (cancellable))
    error = ECANCELED;
  if (error == 0)
    error = gm_cookie_jar_save (self->jar, path, FALSE, get_now ());

  /* If it was given up meanwhile, that has been returned already. */
  if (!g_task_set_return_on_cancel (task, FALSE))
    return;
  if (error == 0)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, file_error (self->file, error, TRUE));
}

/**
 * gmulti_cookie_jar_save_async:
 * @self: the jar
 * @cancellable: (nullable): to give up waiting; what is being written then may be written all the same
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Writes all cookies but those of this session to the jar's file.
 *
 * The file is replaced at once or not at all, by one that only its owner can read.
 *
 * Since: 1.0
 */
void
gmulti_cookie_jar_save_async (GMultiCookieJar *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (GMULTI_IS_COOKIE_JAR (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, gmulti_cookie_jar_save_async);
  g_task_set_return_on_cancel (task, TRUE);
  if (self->file == NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "%s", _ ("The cookies are kept in no file"));
  else if (!g_task_return_error_if_cancelled (task)) /* GLib would note that, run it all the same, and leak the note */
    g_task_run_in_thread (task, save);
}

/**
 * gmulti_cookie_jar_save_finish:
 * @self: the jar
 * @result: the result
 * @error: return location for an error
 *
 * Finishes [method@GMulti.CookieJar.save_async].
 *
 * Returns: %TRUE if the file is written
 *
 * Since: 1.0
 */
gboolean
gmulti_cookie_jar_save_finish (GMultiCookieJar *self,
                               GAsyncResult *result,
                               GError **error)
{
  g_return_val_if_fail (GMULTI_IS_COOKIE_JAR (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
