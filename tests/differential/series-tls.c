/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "series.h"
#include "server-tls.h"

#include <string.h>

/* What concerns TLS, by chance of the seed; certificates are each program's own, so their names and pins cannot be in a plan. */
typedef struct
{
  Handle *handle;
  guint64 counter;
} Draw;

static gboolean
draw_percent (Draw *self, guint percent)
{
  return plan_choose (self->handle->series->plan->seed * 100 + self->handle->transfer->index, ++self->counter, 100) < percent;
}

static void
set (Draw *self, const char *what, CURLcode code)
{
  record_line (self->handle->series->record, (int) self->handle->transfer->index, "%s answers %d", what, (int) code);
}

static void
choose_trust (Draw *self)
{
  CURL *easy = self->handle->easy;

  if (draw_percent (self, 70))
    set (self, "trust", curl_easy_setopt (easy, CURLOPT_CAINFO, server_tls_get_file (SERVER_TLS_AUTHORITY)));
  else if (draw_percent (self, 40))
    {
      g_autofree char *pem = NULL;
      struct curl_blob blob = { .flags = CURL_BLOB_COPY };

      g_file_get_contents (server_tls_get_file (SERVER_TLS_AUTHORITY), &pem, &blob.len, NULL);
      blob.data = pem;
      set (self, "trust in memory", curl_easy_setopt (easy, CURLOPT_CAINFO_BLOB, &blob));
    }
  else if (draw_percent (self, 50))
    set (self, "another's trust", curl_easy_setopt (easy, CURLOPT_CAINFO, server_tls_get_file (SERVER_TLS_STRANGER)));
  else
    set (self, "no trust", curl_easy_setopt (easy, CURLOPT_CAINFO, "/nonexistent/ca.pem"));
  if (draw_percent (self, 15))
    set (self, "verifypeer 0", curl_easy_setopt (easy, CURLOPT_SSL_VERIFYPEER, 0L));
  if (draw_percent (self, 15))
    set (self, "verifyhost 0", curl_easy_setopt (easy, CURLOPT_SSL_VERIFYHOST, 0L));
  if (draw_percent (self, 8))
    set (self, "right pin", curl_easy_setopt (easy, CURLOPT_PINNEDPUBLICKEY, server_tls_get_pin (self->handle->series->plan)));
  else if (draw_percent (self, 8))
    set (self, "wrong pin", curl_easy_setopt (easy, CURLOPT_PINNEDPUBLICKEY,
                                              "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
}

static void
choose_identity (Draw *self)
{
  CURL *easy = self->handle->easy;

  if (!draw_percent (self, 35))
    return;
  set (self, "certificate", curl_easy_setopt (easy, CURLOPT_SSLCERT, server_tls_get_file (SERVER_TLS_CLIENT)));
  if (draw_percent (self, 85))
    set (self, "key", curl_easy_setopt (easy, CURLOPT_SSLKEY, server_tls_get_file (SERVER_TLS_CLIENT_KEY)));
  else if (draw_percent (self, 50))
    set (self, "no such key", curl_easy_setopt (easy, CURLOPT_SSLKEY, "/nonexistent/key.pem"));
}

void
handle_tls_prepare (Handle *handle)
{
  static const struct
  {
    CURLoption id;
    long number;
    const char *text;
    guint percent;
  } options[] = {
    { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2, NULL, 15 },
    { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_3, NULL, 10 },
    { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_0, NULL, 5 },
    { CURLOPT_SSLVERSION, 99, NULL, 3 },
    { CURLOPT_SSL_ENABLE_ALPN, 0, NULL, 10 },
    { CURLOPT_SSL_SESSIONID_CACHE, 0, NULL, 10 },
    { CURLOPT_CERTINFO, 1, NULL, 25 },
    { CURLOPT_SSL_VERIFYHOST, 1, NULL, 5 },
    { CURLOPT_CRLFILE, 0, "/nonexistent/crl.pem", 4 },
    { CURLOPT_SSL_CIPHER_LIST, 0, "NO-SUCH-CIPHER", 4 },
    { CURLOPT_SSL_CIPHER_LIST, 0, "ECDHE-ECDSA-AES128-GCM-SHA256", 6 },
    { CURLOPT_SSL_OPTIONS, CURLSSLOPT_NO_PARTIALCHAIN, NULL, 5 },
    { CURLOPT_SSL_VERIFYSTATUS, 1, NULL, 4 },
    { CURLOPT_SSL_FALSESTART, 1, NULL, 4 },
    { CURLOPT_SSLCERTTYPE, 0, "DER", 3 },
  };
  Draw self = { .handle = handle };

  choose_trust (&self);
  choose_identity (&self);
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (draw_percent (&self, options[i].percent))
      {
        g_autofree char *what = g_strdup_printf ("option %u %ld", i, options[i].number);

        set (&self, what, options[i].text != NULL ? curl_easy_setopt (handle->easy, options[i].id, options[i].text)
                                                  : curl_easy_setopt (handle->easy, options[i].id, options[i].number));
      }
}
