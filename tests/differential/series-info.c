/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "series.h"

static const struct
{
  CURLINFO id;
  const char *name;
} infos[] = {
  { CURLINFO_EFFECTIVE_URL, "effective-url" },
  { CURLINFO_EFFECTIVE_METHOD, "effective-method" },
  { CURLINFO_RESPONSE_CODE, "response-code" },
  { CURLINFO_HTTP_CONNECTCODE, "connect-code" },
  { CURLINFO_HTTP_VERSION, "http-version" },
  { CURLINFO_SCHEME, "scheme" },
  { CURLINFO_CONTENT_TYPE, "content-type" },
  { CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, "content-length-download" },
  { CURLINFO_CONTENT_LENGTH_UPLOAD_T, "content-length-upload" },
  { CURLINFO_SIZE_DOWNLOAD_T, "size-download" },
  { CURLINFO_SIZE_UPLOAD_T, "size-upload" },
  { CURLINFO_HEADER_SIZE, "header-size" },
  { CURLINFO_REQUEST_SIZE, "request-size" },
  { CURLINFO_REDIRECT_COUNT, "redirect-count" },
  { CURLINFO_REDIRECT_URL, "redirect-url" },
  { CURLINFO_NUM_CONNECTS, "num-connects" },
  { CURLINFO_PRIMARY_IP, "primary-ip" },
  { CURLINFO_PRIMARY_PORT, "primary-port" },
  { CURLINFO_LOCAL_IP, "local-ip" },
  { CURLINFO_CONDITION_UNMET, "condition-unmet" },
  { CURLINFO_FILETIME_T, "filetime" },
  { CURLINFO_RETRY_AFTER, "retry-after" },
  { CURLINFO_HTTPAUTH_AVAIL, "httpauth-avail" },
  { CURLINFO_PROXYAUTH_AVAIL, "proxyauth-avail" },
  { CURLINFO_REFERER, "referer" },
  { CURLINFO_OS_ERRNO, "os-errno" },
};

static const CURLINFO times[] = {
  CURLINFO_NAMELOOKUP_TIME_T, CURLINFO_CONNECT_TIME_T,    CURLINFO_APPCONNECT_TIME_T, CURLINFO_PRETRANSFER_TIME_T,
  CURLINFO_STARTTRANSFER_TIME_T, CURLINFO_TOTAL_TIME_T,
};

/* Schemes were in capitals once; to compare them regardless is what the manual asks of every program. */
static void
note_text (Handle *handle, const char *name, const char *text)
{
  g_autofree char *lower = text != NULL ? g_ascii_strdown (text, -1) : NULL;

  record_line (handle->series->record, (int) handle->transfer->index, "%s: %s", name,
               text == NULL ? "(none)" : g_str_equal (name, "scheme") ? lower : text);
}

static void
note_info (Handle *handle, CURLINFO id, const char *name)
{
  int transfer = (int) handle->transfer->index;
  const char *text = NULL;
  curl_off_t offset = -77;
  long number = -77;
  CURLcode code = CURLE_OK;

  switch (id & CURLINFO_TYPEMASK)
    {
    case CURLINFO_STRING:
      code = curl_easy_getinfo (handle->easy, id, &text);
      note_text (handle, name, text);
      break;
    case CURLINFO_OFF_T:
      code = curl_easy_getinfo (handle->easy, id, &offset);
      record_line (handle->series->record, transfer, "%s: %lld", name, (long long) offset);
      break;
    default:
      code = curl_easy_getinfo (handle->easy, id, &number);
      record_line (handle->series->record, transfer, "%s: %ld", name, number);
      break;
    }
  if (code != CURLE_OK)
    record_line (handle->series->record, transfer, "%s: answered %d", name, (int) code);
}

/* Times cannot be compared, nor which are too short to be seen; that they do not run backwards can be said. */
static void
note_times (Handle *handle)
{
  curl_off_t last = 0;
  gboolean ordered = TRUE;
  long redirects = 0;

  /* With redirects they are sums of several hops. */
  curl_easy_getinfo (handle->easy, CURLINFO_REDIRECT_COUNT, &redirects);
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      curl_off_t value = 0;

      curl_easy_getinfo (handle->easy, times[i], &value);
      if (value == 0)
        continue;
      ordered = ordered && value >= last;
      last = value;
    }
  if (!ordered && redirects == 0)
    record_line (handle->series->record, (int) handle->transfer->index, "times: unordered");
}

void
handle_note_end (Handle *handle, CURLcode result)
{
  Record *record = handle->series->record;
  int transfer = (int) handle->transfer->index;

  record_line (record, transfer, "result: %d", (int) result);
  record_line (record, transfer, "error text: %s", handle->error[0] != '\0' ? "some" : "none");
  for (guint i = 0; i < G_N_ELEMENTS (infos); i++)
    note_info (handle, infos[i].id, infos[i].name);
  note_times (handle);
  if (result == CURLE_OK)
    record_line (record, transfer, "read: %lld", (long long) handle->uploaded);
  if (handle->transfer->progress)
    record_line (record, transfer, "last progress: %lld %lld %lld %lld", (long long) handle->progress[0],
                 (long long) handle->progress[1], (long long) handle->progress[2], (long long) handle->progress[3]);
}
