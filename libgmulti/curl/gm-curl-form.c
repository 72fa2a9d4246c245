/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-mime.h"

#include <stdarg.h>
#include <string.h>

/* Forms as programs made them before there was curl_mime: a list of structs that the application may look at, made into
 * parts when it is sent. */

/* Members of a struct curl_httppost are the application's pointers until the call turns out to make sense. */
typedef struct
{
  GPtrArray *entries; /* of struct curl_httppost: one, or one for each of several files under one name */
  struct curl_httppost *now; /* that is being filled */
  gboolean in_array;
} Adding;

static struct curl_httppost *
begin_entry (Adding *self)
{
  self->now = g_new0 (struct curl_httppost, 1);
  self->now->flags = CURL_HTTPPOST_LARGE;
  g_ptr_array_add (self->entries, self->now);
  return self->now;
}

static CURLFORMcode
set_once (char **member,
          const void *value)
{
  if (*member != NULL)
    return CURL_FORMADD_OPTION_TWICE;
  if (value == NULL)
    return CURL_FORMADD_NULL;

  *member = (char *) value;
  return CURL_FORMADD_OK;
}

static CURLFORMcode
set_copy_once (char **member,
               const char *value)
{
  CURLFORMcode code = set_once (member, value);

  if (code == CURL_FORMADD_OK)
    *member = g_strdup (value);
  return code;
}

/* A further file, or its type, under the same name is one more entry. */
static CURLFORMcode
add_file (Adding *self,
          const char *path)
{
  if (path == NULL)
    return CURL_FORMADD_NULL;
  if (self->now->contents != NULL && (self->now->flags & CURL_HTTPPOST_FILENAME) == 0)
    return CURL_FORMADD_OPTION_TWICE;

  if (self->now->contents != NULL)
    begin_entry (self);
  self->now->contents = g_strdup (path);
  self->now->flags |= CURL_HTTPPOST_FILENAME;
  return CURL_FORMADD_OK;
}

static CURLFORMcode
add_type (Adding *self,
          const char *type)
{
  if (self->now->contenttype != NULL && (self->now->flags & CURL_HTTPPOST_FILENAME) == 0)
    return CURL_FORMADD_OPTION_TWICE;
  if (type == NULL)
    return CURL_FORMADD_NULL;

  if (self->now->contenttype != NULL)
    {
      begin_entry (self);
      self->now->flags |= CURL_HTTPPOST_FILENAME;
    }
  self->now->contenttype = g_strdup (type);
  return CURL_FORMADD_OK;
}

static CURLFORMcode
set_content (struct curl_httppost *now,
             CURLformoption option,
             void *value)
{
  CURLFORMcode code;

  switch ((int) option)
    {
    case CURLFORM_PTRCONTENTS:
      now->flags |= CURL_HTTPPOST_PTRCONTENTS;
      G_GNUC_FALLTHROUGH;
    case CURLFORM_COPYCONTENTS:
      return set_once (&now->contents, value);
    case CURLFORM_FILECONTENT:
      if (now->flags & (CURL_HTTPPOST_PTRCONTENTS | CURL_HTTPPOST_READFILE))
        return CURL_FORMADD_OPTION_TWICE;
      code = set_copy_once (&now->contents, value);
      if (code == CURL_FORMADD_OK)
        now->flags |= CURL_HTTPPOST_READFILE;
      return code;
    case CURLFORM_BUFFERPTR:
      now->flags |= CURL_HTTPPOST_PTRBUFFER | CURL_HTTPPOST_BUFFER;
      code = set_once (&now->buffer, value);
      now->contents = now->buffer;
      return code;
    case CURLFORM_STREAM:
    default:
      now->flags |= CURL_HTTPPOST_CALLBACK;
      code = set_once ((char **) &now->userp, value);
      now->contents = now->userp;
      return code;
    }
}

static CURLFORMcode
set_pointer (Adding *self,
             CURLformoption option,
             void *value)
{
  struct curl_httppost *now = self->now;

  switch ((int) option)
    {
    case CURLFORM_PTRNAME:
      now->flags |= CURL_HTTPPOST_PTRNAME;
      G_GNUC_FALLTHROUGH;
    case CURLFORM_COPYNAME:
      return set_once (&now->name, value);
    case CURLFORM_PTRCONTENTS:
    case CURLFORM_COPYCONTENTS:
    case CURLFORM_FILECONTENT:
    case CURLFORM_BUFFERPTR:
    case CURLFORM_STREAM:
      return set_content (now, option, value);
    case CURLFORM_FILE:
      return add_file (self, value);
    case CURLFORM_CONTENTTYPE:
      return add_type (self, value);
    case CURLFORM_CONTENTHEADER:
      return set_once ((char **) &now->contentheader, value);
    case CURLFORM_FILENAME:
    case CURLFORM_BUFFER:
      return set_copy_once (&now->showfilename, value);
    default:
      return CURL_FORMADD_UNKNOWN_OPTION;
    }
}

static gboolean
set_number (struct curl_httppost *now,
            CURLformoption option,
            gint64 value,
            CURLFORMcode *code)
{
  switch ((int) option)
    {
    case CURLFORM_NAMELENGTH:
      *code = now->namelength != 0 ? CURL_FORMADD_OPTION_TWICE : CURL_FORMADD_OK;
      now->namelength = (long) value;
      return TRUE;
    case CURLFORM_CONTENTSLENGTH:
    case CURLFORM_CONTENTLEN:
      now->contentlen = value;
      now->contentslength = (long) value;
      return TRUE;
    case CURLFORM_BUFFERLENGTH:
      *code = now->bufferlength != 0 ? CURL_FORMADD_OPTION_TWICE : CURL_FORMADD_OK;
      now->bufferlength = (long) value;
      return TRUE;
    default:
      return FALSE;
    }
}

/* In an array every value is a pointer. */
static CURLFORMcode
add_array (Adding *self,
           const struct curl_forms *forms)
{
  CURLFORMcode code = forms != NULL ? CURL_FORMADD_OK : CURL_FORMADD_NULL;

  for (; code == CURL_FORMADD_OK && forms->option != CURLFORM_END; forms++)
    {
      if (forms->option == CURLFORM_ARRAY)
        return CURL_FORMADD_ILLEGAL_ARRAY;
      if (!set_number (self->now, forms->option, (gint64) (gintptr) forms->value, &code))
        code = set_pointer (self, forms->option, (char *) forms->value);
    }

  return code;
}

static CURLFORMcode
collect (Adding *self,
         va_list args)
{
  CURLFORMcode code = CURL_FORMADD_OK;
  int option;

  while (code == CURL_FORMADD_OK && (option = va_arg (args, int)) != CURLFORM_END)
    {
      switch (option)
        {
        case CURLFORM_ARRAY:
          code = add_array (self, va_arg (args, struct curl_forms *));
          break;
        case CURLFORM_NAMELENGTH:
        case CURLFORM_CONTENTSLENGTH:
        case CURLFORM_BUFFERLENGTH:
          set_number (self->now, (CURLformoption) option, va_arg (args, long), &code);
          break;
        case CURLFORM_CONTENTLEN:
          set_number (self->now, CURLFORM_CONTENTLEN, va_arg (args, curl_off_t), &code);
          break;
        default:
          code = set_pointer (self, (CURLformoption) option, va_arg (args, void *));
          break;
        }
    }

  return code;
}

/* ---- what was collected ---- */

#define NOT_COPIED                                                                                                     \
  (CURL_HTTPPOST_FILENAME | CURL_HTTPPOST_READFILE | CURL_HTTPPOST_PTRCONTENTS | CURL_HTTPPOST_PTRBUFFER |             \
   CURL_HTTPPOST_CALLBACK)

static gboolean
is_complete (const struct curl_httppost *post,
             gboolean first)
{
  long flags = post->flags;

  return !(first && (post->name == NULL || post->contents == NULL)) &&
         !(post->contentlen != 0 && (flags & CURL_HTTPPOST_FILENAME)) &&
         !((flags & (CURL_HTTPPOST_FILENAME | CURL_HTTPPOST_READFILE)) && (flags & CURL_HTTPPOST_PTRCONTENTS)) &&
         !(post->buffer == NULL && (flags & CURL_HTTPPOST_PTRBUFFER)) && post->contentlen >= 0 &&
         !(first && post->namelength > 0 && memchr (post->name, 0, (gsize) post->namelength) != NULL);
}

static CURLFORMcode
check (Adding *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    if (!is_complete (g_ptr_array_index (self->entries, i), i == 0))
      return CURL_FORMADD_INCOMPLETE;

  return CURL_FORMADD_OK;
}

static const char *
type_of_file (const struct curl_httppost *post,
              const char *former)
{
  const char *type = gm_form_guess_type (post->flags & CURL_HTTPPOST_BUFFER ? post->showfilename : post->contents);

  if (type == NULL)
    type = former;
  return type != NULL ? type : "application/octet-stream";
}

/* Everything in it becomes its own, but for what the flags say is the application's. */
static void
settle (struct curl_httppost *post,
        const char *former_type)
{
  if ((post->flags & (CURL_HTTPPOST_FILENAME | CURL_HTTPPOST_BUFFER)) && post->contenttype == NULL)
    post->contenttype = g_strdup (type_of_file (post, former_type));
  if (post->name != NULL && (post->flags & CURL_HTTPPOST_PTRNAME) == 0)
    post->name = post->namelength > 0 ? g_strndup (post->name, (gsize) post->namelength) : g_strdup (post->name);
  if (post->contents != NULL && (post->flags & NOT_COPIED) == 0)
    post->contents = post->contentlen > 0 ? g_memdup2 (post->contents, (gsize) post->contentlen)
                                          : g_strdup (post->contents);
}

static void
link_entries (Adding *self,
              struct curl_httppost **first,
              struct curl_httppost **last)
{
  struct curl_httppost *head = g_ptr_array_index (self->entries, 0);
  const char *former_type = NULL;

  for (guint i = 0; i < self->entries->len; i++)
    {
      struct curl_httppost *post = g_ptr_array_index (self->entries, i);

      settle (post, former_type);
      if (post->contenttype != NULL)
        former_type = post->contenttype;
      if (i == 0)
        continue;
      /* the latest stands first behind the head, as it did of old */
      post->more = head->more;
      head->more = post;
    }
  if (*last != NULL)
    (*last)->next = head;
  else
    *first = head;
  *last = head;
}

static void
drop_entries (Adding *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      struct curl_httppost *post = g_ptr_array_index (self->entries, i);

      if (post->flags & (CURL_HTTPPOST_FILENAME | CURL_HTTPPOST_READFILE))
        g_free (post->contents);
      g_free (post->contenttype);
      g_free (post->showfilename);
      g_free (post);
    }
}

CURLFORMcode
curl_formadd (struct curl_httppost **httppost,
              struct curl_httppost **last_post,
              ...)
{
  Adding adding = { .entries = g_ptr_array_new () };
  CURLFORMcode code;
  va_list args;

  begin_entry (&adding);
  va_start (args, last_post);
  code = collect (&adding, args);
  va_end (args);
  if (code == CURL_FORMADD_OK)
    code = check (&adding);
  if (code == CURL_FORMADD_OK)
    link_entries (&adding, httppost, last_post);
  else
    drop_entries (&adding);
  g_ptr_array_unref (adding.entries);

  return code;
}

void
curl_formfree (struct curl_httppost *form)
{
  while (form != NULL)
    {
      struct curl_httppost *next = form->next;

      curl_formfree (form->more);
      if ((form->flags & CURL_HTTPPOST_PTRNAME) == 0)
        g_free (form->name);
      if ((form->flags & (CURL_HTTPPOST_PTRCONTENTS | CURL_HTTPPOST_BUFFER | CURL_HTTPPOST_CALLBACK)) == 0)
        g_free (form->contents);
      g_free (form->contenttype);
      g_free (form->showfilename);
      g_free (form);
      form = next;
    }
}

/* ---- as parts ---- */

static CURLcode
set_name (curl_mimepart *part,
          const struct curl_httppost *post)
{
  g_autofree char *name = NULL;

  if (post->name == NULL || post->namelength == 0)
    return curl_mime_name (part, post->name);

  name = g_strndup (post->name, (gsize) post->namelength);
  return curl_mime_name (part, name);
}

/* @post has the flags and the length, @file the path of one file of it. */
static CURLcode
set_part_content (curl_mimepart *part,
                  const struct curl_httppost *post,
                  const struct curl_httppost *file,
                  curl_read_callback readfunc)
{
  curl_off_t len = post->flags & CURL_HTTPPOST_LARGE ? post->contentlen : post->contentslength;
  CURLcode code;

  if (post->flags & (CURL_HTTPPOST_FILENAME | CURL_HTTPPOST_READFILE))
    {
      code = curl_mime_filedata (part, file->contents);
      if (code == CURLE_OK && (post->flags & CURL_HTTPPOST_READFILE))
        code = curl_mime_filename (part, NULL);
      return code;
    }
  if (post->flags & CURL_HTTPPOST_BUFFER)
    return curl_mime_data (part, post->buffer,
                           post->bufferlength > 0 ? (size_t) post->bufferlength : CURL_ZERO_TERMINATED);
  if (post->flags & CURL_HTTPPOST_CALLBACK)
    return curl_mime_data_cb (part, len > 0 ? len : -1, readfunc, NULL, NULL, post->userp);

  return curl_mime_data (part, post->contents, len > 0 ? (size_t) len : CURL_ZERO_TERMINATED);
}

static CURLcode
add_part (curl_mime *into,
          const struct curl_httppost *post,
          const struct curl_httppost *file,
          curl_read_callback readfunc)
{
  curl_mimepart *part = curl_mime_addpart (into);
  CURLcode code = curl_mime_headers (part, file->contentheader, 0);
  gboolean has_file = (post->flags & (CURL_HTTPPOST_FILENAME | CURL_HTTPPOST_BUFFER | CURL_HTTPPOST_CALLBACK)) != 0;

  if (code == CURLE_OK && file->contenttype != NULL)
    code = curl_mime_type (part, file->contenttype);
  if (code == CURLE_OK && post->more == NULL)
    code = set_name (part, post);
  if (code == CURLE_OK)
    code = set_part_content (part, post, file, readfunc);
  if (code == CURLE_OK && post->showfilename != NULL && (post->more != NULL || has_file))
    code = curl_mime_filename (part, post->showfilename);

  return code;
}

curl_mime *
gm_curl_form_to_mime (struct curl_httppost *form,
                      curl_read_callback readfunc)
{
  curl_mime *mime = curl_mime_init (NULL);
  CURLcode code = CURLE_OK;

  for (struct curl_httppost *post = form; post != NULL && code == CURLE_OK; post = post->next)
    {
      curl_mime *into = mime;

      /* several files under one name are a body of parts of their own */
      if (post->more != NULL)
        {
          curl_mimepart *part = curl_mime_addpart (mime);

          code = set_name (part, post);
          into = curl_mime_init (NULL);
          curl_mime_subparts (part, into);
        }
      for (struct curl_httppost *file = post; file != NULL && code == CURLE_OK; file = file->more)
        code = add_part (into, post, file, readfunc);
    }
  if (code != CURLE_OK)
    g_clear_pointer (&mime, curl_mime_free);

  return mime;
}

/* ---- all of it at once ---- */

static int
hand_out (GmForm *body,
          void *arg,
          curl_formget_callback append)
{
  char buffer[8192];
  gsize n = 0;

  do
    {
      if (gm_form_read (body, buffer, sizeof buffer, &n) != GM_OK)
        return CURLE_READ_ERROR;
      if (n > 0 && append (arg, buffer, n) != n)
        return CURLE_READ_ERROR;
    }
  while (n > 0);

  return CURLE_OK;
}

/* Head and body, into the application's hands; the head is that of the whole as a part. */
int
curl_formget (struct curl_httppost *form,
              void *arg,
              curl_formget_callback append)
{
  curl_mime *mime = gm_curl_form_to_mime (form, (curl_read_callback) fread);
  g_autofree char *head = NULL;
  int code = CURLE_READ_ERROR;
  GmForm *body;

  if (mime == NULL)
    return code;

  body = gm_curl_mime_compose (mime, NULL, FALSE);
  head = g_strdup_printf ("Content-Type: multipart/form-data; boundary=%s\r\n\r\n", gm_form_get_boundary (body));
  if (append (arg, head, strlen (head)) == strlen (head))
    code = hand_out (body, arg, append);
  gm_form_free (body);
  curl_mime_free (mime);

  return code;
}
