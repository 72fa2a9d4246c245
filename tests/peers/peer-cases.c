/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-cases.h"

#include <string.h>

#define AT_ONCE 40

CaseTransfer *
peer_case_transfer (Case *c,
                    Peer *peer,
                    const char *path,
                    PeerPrepare prepare,
                    gconstpointer way)
{
  g_autofree char *url = peer_dup_url (peer, path);
  CaseTransfer *t = case_transfer (c, url);

  case_set (t, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
  if (prepare != NULL)
    prepare (t, way);
  return t;
}

/* ---- documents ---- */

typedef struct
{
  Documents *documents; /* (unowned) */
  Peer *peer; /* (unowned) */
  const char *folder; /* (unowned) */
  guint next;
  guint current[AT_ONCE]; /* which one each transfer is about */
  CaseTransfer *transfers[AT_ONCE]; /* (unowned) */
  PeerTally tally;
} Fetches;

static void
compare (Fetches *self,
         CaseTransfer *t,
         guint document)
{
  g_autoptr (GBytes) bytes = documents_load (self->documents, document);
  gsize len;
  const char *data = g_bytes_get_data (bytes, &len);
  const char *path = documents_path (self->documents, document);

  if (t->result != CURLE_OK || case_info (t, CURLINFO_RESPONSE_CODE) != 200)
    g_error ("%s: %d, %s, status %ld", path, t->result, t->error, case_info (t, CURLINFO_RESPONSE_CODE));
  if (t->body->len != len || (len > 0 && memcmp (data, t->body->data, len) != 0))
    g_error ("%s: %u bytes came, %zu are on the disk, and they differ", path, t->body->len, len);
  self->tally.n_same++;
  self->tally.n_coded += strcasestr (t->last_head->str, "\nContent-Encoding:") != NULL;
  self->tally.n_connects += (guint) case_info (t, CURLINFO_NUM_CONNECTS);
}

static void
begin_next (Fetches *self,
            guint slot)
{
  g_autofree char *path = NULL;
  g_autofree char *url = NULL;
  CaseTransfer *t = self->transfers[slot];

  if (self->next >= self->documents->paths->len)
    return;
  self->current[slot] = self->next++;
  path = g_strconcat (self->folder, documents_path (self->documents, self->current[slot]), NULL);
  url = peer_dup_url (self->peer, path);
  case_set (t, CURLOPT_URL, url);
  case_rewind (t);
  case_add (t);
}

static void
document_done (gpointer data)
{
  CaseTransfer *t = data;
  Fetches *self = t->user_data;
  guint slot = 0;

  while (self->transfers[slot] != t)
    slot++;
  compare (self, t, self->current[slot]);
  case_remove (t);
  begin_next (self, slot);
}

PeerTally
peer_case_documents (Case *c,
                     Peer *peer,
                     const char *folder,
                     Documents *documents,
                     PeerPrepare prepare,
                     gconstpointer way)
{
  Fetches fetches = { documents, peer, folder };

  for (guint i = 0; i < AT_ONCE; i++)
    {
      CaseTransfer *t = peer_case_transfer (c, peer, "", prepare, way);

      fetches.transfers[i] = t;
      t->user_data = &fetches;
      t->done = document_done;
      begin_next (&fetches, i);
    }
  case_run (c);
  g_test_message ("%u documents (%u of them compressed), %u connections", fetches.tally.n_same, fetches.tally.n_coded,
                  fetches.tally.n_connects);
  g_assert_cmpuint (fetches.tally.n_same, ==, documents->paths->len);
  return fetches.tally;
}

/* ---- uploads ---- */

void
peer_case_put (Case *c,
               Peer *peer,
               const char *path,
               gsize size,
               gboolean length_known,
               PeerPrepare prepare,
               gconstpointer way)
{
  g_autofree char *data = g_malloc (size + 1);
  g_autoptr (GBytes) bytes = NULL;
  CaseTransfer *put = peer_case_transfer (c, peer, path, prepare, way);
  CaseTransfer *get = peer_case_transfer (c, peer, path, prepare, way);
  CaseTransfer *drop = peer_case_transfer (c, peer, path, prepare, way);

  for (gsize i = 0; i < size; i++)
    data[i] = (char) (i * 2654435761u >> 24);
  bytes = g_bytes_new (data, size);
  case_set (put, CURLOPT_UPLOAD, 1L);
  case_upload_from (put, g_bytes_ref (bytes), 0);
  if (!length_known)
    case_set (put, CURLOPT_INFILESIZE_LARGE, (curl_off_t) -1);
  case_run_transfer (put);
  case_check_ok (put, 201, NULL);
  case_run_transfer (get);
  case_check_ok (get, 200, NULL);
  g_assert_cmpmem (get->body->data, get->body->len, data, size);
  case_set (drop, CURLOPT_CUSTOMREQUEST, "DELETE");
  case_run_transfer (drop);
  case_check_ok (drop, 204, "");
}

void
peer_case_uploads (Case *c,
                   Peer *peer,
                   const char *folder,
                   PeerPrepare prepare,
                   gconstpointer way)
{
  static const gsize sizes[] = { 0, 1, 16384, 100000, 2 * 1000 * 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint known = 0; known < 2; known++)
      {
        g_autofree char *path = g_strdup_printf ("%snew-%zu-%u", folder, sizes[i], known);

        peer_case_put (c, peer, path, sizes[i], known, prepare, way);
      }
}

/* ---- what the peer knows ---- */

char *
peer_case_told (CaseTransfer *t,
                const char *name)
{
  const char *field = strcasestr (t->last_head->str, "\nX-Told:"), *at;
  g_autofree char *start = g_strdup_printf (" %s=", name);
  g_autofree char *line = NULL;

  if (field == NULL)
    return NULL;
  line = g_strndup (field + 1, strcspn (field + 1, "\r\n"));
  at = strstr (line, start);
  if (at == NULL)
    return NULL;
  at += strlen (start);
  return g_strndup (at, strcspn (at, " "));
}
