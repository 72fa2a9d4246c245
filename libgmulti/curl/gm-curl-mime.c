/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-mime.h"

#include "file/gm-file-part.h"
#include "gm-curl-client.h"
#include "gm-curl-setopt.h"
#include "gm-http1-write.h"

#include <sys/stat.h>
#include <unistd.h>

typedef enum
{
  PART_EMPTY,
  PART_DATA,
  PART_FILE,
  PART_CALLBACK,
  PART_MULTIPART,
} PartKind;

struct curl_mime
{
  curl_mimepart *parent; /* (unowned) (nullable): that it belongs to */
  curl_mimepart *first; /* (owned) */
  curl_mimepart *last; /* (unowned) */
  char boundary[GM_FORM_BOUNDARY_LEN + 1];
};

struct curl_mimepart
{
  curl_mime *mime; /* (unowned): it is a part of that */
  curl_mimepart *next; /* (owned) (nullable) */
  char *name; /* (owned) (nullable), as the others of its kind */
  char *filename;
  char *type;
  const char *encoding; /* (nullable): static */
  GmFormCoding coding;
  struct curl_slist *headers; /* (nullable) */
  gboolean owns_headers;
  PartKind kind;
  char *data; /* (owned): PART_DATA; path of PART_FILE */
  curl_off_t size; /* -1 = unknown */
  curl_read_callback readfunc;
  curl_seek_callback seekfunc;
  curl_free_callback freefunc;
  void *arg;
  curl_mime *subparts; /* (owned): PART_MULTIPART */
  gboolean was_read; /* PART_CALLBACK: it stands somewhere behind its beginning */
};

/* ---- the tree ---- */

curl_mime *
curl_mime_init (CURL *easy)
{
  curl_mime *mime = g_new0 (curl_mime, 1);

  gm_form_make_boundary (mime->boundary);
  return mime;
}

static void
clear_content (curl_mimepart *part)
{
  if (part->kind == PART_CALLBACK && part->freefunc != NULL)
    part->freefunc (part->arg);
  if (part->subparts != NULL)
    {
      part->subparts->parent = NULL;
      curl_mime_free (g_steal_pointer (&part->subparts));
    }
  g_clear_pointer (&part->data, g_free);
  part->readfunc = NULL;
  part->seekfunc = NULL;
  part->freefunc = NULL;
  part->arg = NULL;
  part->size = 0;
  part->kind = PART_EMPTY;
}

static void
part_free (curl_mimepart *part)
{
  clear_content (part);
  if (part->owns_headers)
    curl_slist_free_all (part->headers);
  g_free (part->name);
  g_free (part->filename);
  g_free (part->type);
  g_free (part);
}

void
curl_mime_free (curl_mime *mime)
{
  if (mime == NULL)
    return;

  /* Freed by itself it leaves its place empty. */
  if (mime->parent != NULL)
    {
      mime->parent->subparts = NULL;
      clear_content (mime->parent);
    }
  while (mime->first != NULL)
    {
      curl_mimepart *part = mime->first;

      mime->first = part->next;
      part_free (part);
    }
  g_free (mime);
}

curl_mimepart *
curl_mime_addpart (curl_mime *mime)
{
  curl_mimepart *part;

  if (mime == NULL)
    return NULL;

  part = g_new0 (curl_mimepart, 1);
  part->mime = mime;
  if (mime->last != NULL)
    mime->last->next = part;
  else
    mime->first = part;
  mime->last = part;

  return part;
}

static CURLcode
set_text (char **member,
          const char *text)
{
  char *copy = g_strdup (text);

  g_free (*member);
  *member = copy;
  return CURLE_OK;
}

CURLcode
curl_mime_name (curl_mimepart *part,
                const char *name)
{
  return part != NULL ? set_text (&part->name, name) : CURLE_BAD_FUNCTION_ARGUMENT;
}

CURLcode
curl_mime_filename (curl_mimepart *part,
                    const char *filename)
{
  return part != NULL ? set_text (&part->filename, filename) : CURLE_BAD_FUNCTION_ARGUMENT;
}

CURLcode
curl_mime_type (curl_mimepart *part,
                const char *mimetype)
{
  return part != NULL ? set_text (&part->type, mimetype) : CURLE_BAD_FUNCTION_ARGUMENT;
}

CURLcode
curl_mime_encoder (curl_mimepart *part,
                   const char *encoding)
{
  static const struct
  {
    const char *name;
    GmFormCoding coding;
  } known[] = {
    { "binary", GM_FORM_PLAIN },     { "8bit", GM_FORM_PLAIN },
    { "7bit", GM_FORM_SEVEN_BIT },   { "base64", GM_FORM_BASE64 },
    { "quoted-printable", GM_FORM_QUOTED_PRINTABLE },
  };

  if (part == NULL)
    return CURLE_BAD_FUNCTION_ARGUMENT;

  part->encoding = NULL;
  part->coding = GM_FORM_PLAIN;
  if (encoding == NULL)
    return CURLE_OK;
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_ascii_strcasecmp (encoding, known[i].name) == 0)
      {
        part->encoding = known[i].name;
        part->coding = known[i].coding;
        return CURLE_OK;
      }

  return CURLE_BAD_FUNCTION_ARGUMENT;
}

CURLcode
curl_mime_data (curl_mimepart *part,
                const char *data,
                size_t datasize)
{
  char *copy;

  if (part == NULL)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (data == NULL)
    {
      clear_content (part);
      return CURLE_OK;
    }

  if (datasize == CURL_ZERO_TERMINATED)
    datasize = strlen (data);
  copy = g_try_malloc (datasize + 1);
  if (copy == NULL)
    return CURLE_OUT_OF_MEMORY;
  memcpy (copy, data, datasize);
  copy[datasize] = '\0';

  clear_content (part);
  part->kind = PART_DATA;
  part->data = copy;
  part->size = (curl_off_t) datasize;
  return CURLE_OK;
}

/* The caller waits for this look at the file as for any of his own; it is read on a worker, in the transfer. */
CURLcode
curl_mime_filedata (curl_mimepart *part,
                    const char *filename)
{
  struct stat about;
  g_autofree char *base = NULL;

  if (part == NULL)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  clear_content (part);
  if (filename == NULL)
    return CURLE_OK;

  base = g_path_get_basename (filename);
  set_text (&part->filename, base);
  part->kind = PART_FILE;
  part->data = g_strdup (filename);
  /* A transfer all the same says later that it cannot be read. */
  part->size = -1;
  if (stat (filename, &about) != 0 || access (filename, R_OK) != 0)
    return CURLE_READ_ERROR;

  part->size = S_ISREG (about.st_mode) ? about.st_size : -1;
  return CURLE_OK;
}

CURLcode
curl_mime_data_cb (curl_mimepart *part,
                   curl_off_t datasize,
                   curl_read_callback readfunc,
                   curl_seek_callback seekfunc,
                   curl_free_callback freefunc,
                   void *arg)
{
  if (part == NULL)
    return CURLE_BAD_FUNCTION_ARGUMENT;

  clear_content (part);
  if (readfunc == NULL)
    return CURLE_OK;

  part->kind = PART_CALLBACK;
  part->was_read = FALSE;
  part->size = MAX (datasize, -1);
  part->readfunc = readfunc;
  part->seekfunc = seekfunc;
  part->freefunc = freefunc;
  part->arg = arg;
  return CURLE_OK;
}

CURLcode
curl_mime_subparts (curl_mimepart *part,
                    curl_mime *subparts)
{
  if (part == NULL)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (part->subparts != NULL && part->subparts == subparts)
    return CURLE_OK;

  /* Nobody is part of two, or of himself. */
  if (subparts != NULL)
    {
      if (subparts->parent != NULL)
        return CURLE_BAD_FUNCTION_ARGUMENT;
      for (curl_mime *above = part->mime; above != NULL; above = above->parent != NULL ? above->parent->mime : NULL)
        if (above == subparts)
          return CURLE_BAD_FUNCTION_ARGUMENT;
    }

  clear_content (part);
  if (subparts == NULL)
    return CURLE_OK;
  part->kind = PART_MULTIPART;
  part->subparts = subparts;
  subparts->parent = part;
  return CURLE_OK;
}

CURLcode
curl_mime_headers (curl_mimepart *part,
                   struct curl_slist *headers,
                   int take_ownership)
{
  if (part == NULL)
    return CURLE_BAD_FUNCTION_ARGUMENT;

  if (part->owns_headers && part->headers != headers)
    curl_slist_free_all (part->headers);
  part->headers = headers;
  part->owns_headers = headers != NULL && take_ownership;
  return CURLE_OK;
}

static struct curl_slist *
dup_list (struct curl_slist *list)
{
  struct curl_slist *copy = NULL;

  for (; list != NULL; list = list->next)
    copy = curl_slist_append (copy, list->data);

  return copy;
}

curl_mime *
gm_curl_mime_dup (curl_mime *mime)
{
  curl_mime *copy = curl_mime_init (NULL);

  for (curl_mimepart *part = mime->first; part != NULL; part = part->next)
    {
      curl_mimepart *into = curl_mime_addpart (copy);

      *into = *part;
      into->mime = copy;
      into->next = NULL;
      into->name = g_strdup (part->name);
      into->filename = g_strdup (part->filename);
      into->type = g_strdup (part->type);
      into->headers = dup_list (part->headers);
      into->owns_headers = TRUE;
      into->freefunc = NULL;
      if (part->kind == PART_DATA)
        into->data = g_memdup2 (part->data, (gsize) part->size + 1);
      else
        into->data = g_strdup (part->data);
      if (part->subparts != NULL)
        {
          into->subparts = gm_curl_mime_dup (part->subparts);
          into->subparts->parent = into;
        }
    }

  return copy;
}

/* ---- parts that are read by callback ---- */

typedef struct
{
  GmCurlEasy *easy; /* (unowned) (nullable) */
  curl_mimepart *part; /* (unowned): read only while there is a transfer */
} Callback;

static GmResult
callback_read (gpointer data,
               const GmFormHost *host,
               char *buffer,
               gsize len,
               gsize *n)
{
  Callback *self = data;

  self->part->was_read = TRUE;
  switch (gm_curl_client_ask_read (self->easy, self->part->readfunc, self->part->arg, buffer, len, n))
    {
    case GM_ANSWER_OK:
      return GM_OK;
    case GM_ANSWER_PAUSE:
      if (host->flow == NULL)
        return GM_READ_FAILED;
      host->flow->paused |= GM_FLOW_SEND;
      return GM_AGAIN;
    case GM_ANSWER_ABORT:
      return GM_ABORTED;
    case GM_ANSWER_FAIL:
    default:
      return GM_READ_FAILED;
    }
}

static gboolean
callback_rewind (gpointer data)
{
  Callback *self = data;

  return gm_curl_client_ask_rewind (self->easy, self->part->seekfunc, self->part->arg);
}

static const GmFormReader callback_reader = { callback_read, callback_rewind, g_free };

/* ---- composing ---- */

typedef struct
{
  GmForm *form;
  GmCurlEasy *easy;
  gboolean backslash;
} Composer;

static void
add (Composer *self,
     const char *text)
{
  gm_form_add_text (self->form, text, strlen (text));
}

/* The value of such a line among the part's own; NULL = there is none. */
static const char *
find_header (const curl_mimepart *part,
             const char *name)
{
  gsize len = strlen (name);

  for (const struct curl_slist *l = part->headers; l != NULL; l = l->next)
    if (g_ascii_strncasecmp (l->data, name, len) == 0 && l->data[len] == ':')
      return l->data + len + 1 + strspn (l->data + len + 1, " ");

  return NULL;
}

static const char *
guess_type (const curl_mimepart *part)
{
  const char *type = NULL;

  switch (part->kind)
    {
    case PART_MULTIPART:
      return "multipart/mixed";
    case PART_FILE:
      type = gm_form_guess_type (part->filename);
      if (type == NULL)
        type = gm_form_guess_type (part->data);
      if (type == NULL && part->filename != NULL)
        type = "application/octet-stream";
      return type;
    case PART_EMPTY:
    case PART_DATA:
    case PART_CALLBACK:
    default:
      return part->filename != NULL ? gm_form_guess_type (part->filename) : NULL;
    }
}

static gboolean
type_is (const char *type,
         const char *what)
{
  gsize len = strlen (what);

  return g_ascii_strncasecmp (type, what, len) == 0 && strchr (" ;\t\r\n", type[len]) != NULL; /* or its end */
}

static void
add_disposition (Composer *self,
                 const curl_mimepart *part,
                 const char *disposition) /* (nullable) */
{
  gboolean has_names = part->name != NULL || part->filename != NULL;

  if (find_header (part, "Content-Disposition") != NULL)
    return;
  if (disposition == NULL && has_names)
    disposition = "attachment";
  if (disposition == NULL)
    return;

  add (self, "Content-Disposition: ");
  add (self, disposition);
  if (part->name != NULL)
    gm_form_add_parameter (self->form, "name", part->name, self->backslash);
  if (part->filename != NULL)
    gm_form_add_parameter (self->form, "filename", part->filename, self->backslash);
  add (self, "\r\n");
}

static void
add_type (Composer *self,
          const curl_mimepart *part,
          const char *type)
{
  g_autofree char *bounded = NULL;

  if (part->kind == PART_MULTIPART)
    type = bounded = g_strconcat (type, "; boundary=", part->subparts->boundary, NULL);
  gm_form_add_line (self->form, "Content-Type", type);
}

/* The head of a part, with the empty line behind it. */
static const char *
add_head (Composer *self,
          const curl_mimepart *part,
          const char *disposition)
{
  const char *own = part->type != NULL ? part->type : find_header (part, "Content-Type");
  const char *type = own != NULL ? own : guess_type (part);

  /* what everyone takes it for anyway */
  if (own == NULL && type != NULL && type_is (type, "text/plain") && part->filename == NULL)
    type = NULL;

  add_disposition (self, part, disposition);
  if (type != NULL)
    add_type (self, part, type);
  if (part->encoding != NULL && find_header (part, "Content-Transfer-Encoding") == NULL)
    gm_form_add_line (self->form, "Content-Transfer-Encoding", part->encoding);
  for (const struct curl_slist *l = part->headers; l != NULL; l = l->next)
    if (!(g_ascii_strncasecmp (l->data, "Content-Type:", 13) == 0))
      gm_form_add_line (self->form, NULL, l->data);
  add (self, "\r\n");

  return type;
}

static void
add_parts (Composer *self,
           const curl_mime *mime,
           const char *disposition);

/* What an earlier transfer has read begins anew. */
static void
add_callback (Composer *self,
              curl_mimepart *part)
{
  Callback *callback = g_new (Callback, 1);

  *callback = (Callback){ self->easy, part };
  if (part->was_read && !callback_rewind (callback))
    gm_form_fail (self->form, GM_NOT_REWINDABLE);
  else
    part->was_read = FALSE;
  gm_form_add_reader (self->form, part->coding, &callback_reader, callback, part->size);
}

static void
add_content (Composer *self,
             curl_mimepart *part,
             const char *type)
{

  switch (part->kind)
    {
    case PART_DATA:
      gm_form_add_memory (self->form, part->coding, part->data, (gsize) part->size);
      break;
    case PART_FILE:
      gm_form_add_reader (self->form, part->coding, &gm_file_part_reader, gm_file_part_new (part->data), part->size);
      break;
    case PART_CALLBACK:
      add_callback (self, part);
      break;
    case PART_MULTIPART:
      /* RFC 2045 section 6.4: only what is in it may be encoded */
      if (part->coding == GM_FORM_BASE64 || part->coding == GM_FORM_QUOTED_PRINTABLE)
        gm_form_fail (self->form, GM_BAD_REQUEST);
      add_parts (self, part->subparts, type_is (type, "multipart/form-data") ? "form-data" : NULL);
      break;
    case PART_EMPTY:
    default:
      break;
    }
}

static void
add_parts (Composer *self,
           const curl_mime *mime,
           const char *disposition)
{
  for (curl_mimepart *part = mime->first; part != NULL; part = part->next)
    {
      const char *type;

      gm_form_begin_part (self->form, mime->boundary, part == mime->first);
      type = add_head (self, part, disposition);
      add_content (self, part, type);
    }
  gm_form_end_parts (self->form, mime->boundary, mime->first != NULL);
}

/* Parts of what is no form are attachments: of the request's own type, if it has been given one. */
static const char *
find_disposition (GmCurlEasy *easy) /* (nullable) */
{
  const GmStringList *l = easy != NULL && easy->transfer != NULL ? gm_transfer_get_request_headers (easy->transfer) : NULL;

  for (; l != NULL; l = l->next)
    {
      GmHttp1UserField field;

      if (gm_http1_user_field_parse (l->data, &field) && !field.remove &&
          gm_span_equal_nocase (field.name, GM_SPAN ("Content-Type")))
        return type_is (field.value.data, "multipart/form-data") ? "form-data" : NULL;
    }

  return "form-data";
}

GmForm *
gm_curl_mime_compose (curl_mime *mime,
                      GmCurlEasy *easy,
                      gboolean backslash)
{
  Composer composer = { .form = gm_form_new (), .easy = easy, .backslash = backslash };

  gm_form_set_boundary (composer.form, mime->boundary);
  add_parts (&composer, mime, find_disposition (easy));

  return composer.form;
}

/* ---- for a transfer ---- */

void
gm_curl_mime_forget (GmCurlEasy *easy)
{
  if (easy->form == NULL)
    return;

  if (easy->transfer != NULL)
    gm_transfer_set_pointer (easy->transfer, GM_OPTION_FORM, NULL);
  g_clear_pointer (&easy->form, gm_form_free);
  g_clear_pointer (&easy->form_mime, curl_mime_free);
}

CURLcode
gm_curl_mime_prepare (GmCurlEasy *easy)
{
  gboolean old = easy->set.form_kind == GM_CURL_FORM_OLD;
  curl_mime *mime = easy->set.mimepost;

  gm_curl_mime_forget (easy);
  if (easy->set.form_kind == GM_CURL_FORM_NONE)
    return CURLE_OK;

  if (old && easy->set.httppost != NULL)
    mime = easy->form_mime = gm_curl_form_to_mime (easy->set.httppost, easy->set.readfunction);
  if (old ? easy->set.httppost == NULL : mime == NULL)
    /* no form at all: a POST of nothing */
    easy->form = gm_form_new ();
  else if (mime != NULL)
    easy->form = gm_curl_mime_compose (mime, easy, (easy->set.mime_options & CURLMIMEOPT_FORMESCAPE) != 0);
  else
    {
      /* a file is not there: the transfer is to say so */
      easy->form = gm_form_new ();
      gm_form_fail (easy->form, GM_READ_FAILED);
    }

  return gm_curl_setting_result (gm_transfer_set_pointer (easy->transfer, GM_OPTION_FORM, easy->form));
}
