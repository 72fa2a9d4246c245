/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define CURL_DISABLE_DEPRECATION /* what programs still use */
#include "plan-private.h"

/* Options that no other subject draws, a few at a time, over requests that are plain otherwise. */

static void
choose_options (Chance *chance, PlanTransfer *transfer)
{
  static const struct
  {
    CURLoption id;
    gint64 number;
    const char *text;
    const char *name;
  } options[] = {
    { CURLOPT_TIMEOUT, 20, NULL, NULL },
    { CURLOPT_CONNECTTIMEOUT, 20, NULL, NULL },
    { CURLOPT_LOW_SPEED_LIMIT, 1, NULL, NULL },
    { CURLOPT_MAX_SEND_SPEED_LARGE, 10000000, NULL, NULL },
    { CURLOPT_MAXCONNECTS, 2, NULL, NULL },
    { CURLOPT_PROTOCOLS, CURLPROTO_HTTP, NULL, NULL },
    { CURLOPT_REDIR_PROTOCOLS, CURLPROTO_HTTPS, NULL, "redir-https" },
    { CURLOPT_REDIR_PROTOCOLS, CURLPROTO_HTTP, NULL, NULL },
    { CURLOPT_HAPROXYPROTOCOL, 1, NULL, "haproxy" },
    { CURLOPT_TCP_KEEPIDLE, 30, NULL, NULL },
    { CURLOPT_TCP_KEEPINTVL, 30, NULL, NULL },
    { CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, 100, NULL, NULL },
    { CURLOPT_UPKEEP_INTERVAL_MS, 100, NULL, NULL },
    { CURLOPT_ABSTRACT_UNIX_SOCKET, 0, "gmulti-nobody-listens", "unix" },
    { CURLOPT_PORT, 0, NULL, "port" },
    { CURLOPT_DOH_URL, 0, "https://127.0.0.1:%R/dns-query", "doh" },
    { CURLOPT_LOCALPORT, 30000, NULL, "local-port" },
    { CURLOPT_TIMEVALUE, 1000000000, NULL, NULL },
    { CURLOPT_RESUME_FROM, 3, NULL, "resume" },
    { CURLOPT_TRANSFER_ENCODING, 0, NULL, NULL },
    { CURLOPT_NEW_FILE_PERMS, 0644, NULL, NULL },
    { CURLOPT_APPEND, 1, NULL, NULL },
    { CURLOPT_GSSAPI_DELEGATION, CURLGSSAPI_DELEGATION_FLAG, NULL, NULL },
    { CURLOPT_SOCKS5_GSSAPI_NEC, 1, NULL, NULL },
    { CURLOPT_SERVICE_NAME, 0, "HTTP", NULL },
    { CURLOPT_HTTP200ALIASES, -1, "ICY 200 OK", "aliases" },
    { CURLOPT_AUTOREFERER, 1, NULL, "autoreferer" },
    { CURLOPT_HEADEROPT, CURLHEADER_UNIFIED, NULL, NULL },
    { CURLOPT_UNRESTRICTED_AUTH, 1, NULL, "unrestricted" },
    { CURLOPT_FAILONERROR, 1, NULL, "failonerror" },
    { CURLOPT_NOBODY, 1, NULL, "nobody" },
    { CURLOPT_BUFFERSIZE, 1024, NULL, NULL },
    { CURLOPT_NOSIGNAL, 1, NULL, NULL },
    { CURLOPT_TCP_NODELAY, 0, NULL, NULL },
    { CURLOPT_DNS_CACHE_TIMEOUT, 0, NULL, NULL },
    { CURLOPT_PROXYTYPE, CURLPROXY_SOCKS5, NULL, "proxytype" },
    { CURLOPT_PROXYPORT, 1, NULL, NULL },
    { CURLOPT_DEFAULT_PROTOCOL, 0, "https", NULL },
    { CURLOPT_LOGIN_OPTIONS, 0, "AUTH=*", NULL },
    { CURLOPT_STREAM_WEIGHT, 10, NULL, NULL },
    { CURLOPT_DIRLISTONLY, 1, NULL, NULL },
    { CURLOPT_SSL_VERIFYPEER, 0, NULL, NULL },
    { CURLOPT_PROXY_SSL_VERIFYPEER, 0, NULL, NULL },
    { CURLOPT_PROXY_CAINFO, 0, "/nonexistent", NULL },
    { CURLOPT_SSL_EC_CURVES, 0, "P-256", NULL },
    { CURLOPT_TLS13_CIPHERS, 0, "TLS_AES_128_GCM_SHA256", NULL },
  };
  guint which = chance_below (chance, G_N_ELEMENTS (options));

  if (options[which].id == CURLOPT_PORT && transfer->wide.url_parts)
    which = 0;
  if (options[which].id == CURLOPT_HTTP200ALIASES)
    plan_set_list (transfer, options[which].id, options[which].text);
  else if (options[which].text != NULL)
    plan_set_filled (transfer, options[which].id, options[which].text);
  else
    plan_set_number (transfer, options[which].id, options[which].id == CURLOPT_PORT ? transfer->port : options[which].number);
  if (options[which].id == CURLOPT_NOBODY)
    transfer->head = TRUE;
  if (options[which].id == CURLOPT_LOCALPORT)
    plan_set_number (transfer, CURLOPT_LOCALPORTRANGE, 500);
  if (options[which].id == CURLOPT_PORT)
    plan_set_filled (transfer, CURLOPT_URL, "http://127.0.0.1:%R/t@T/0");
  if (options[which].name != NULL)
    plan_tag (transfer, options[which].name);
}

static void
choose_upload (Chance *chance, PlanTransfer *transfer)
{
  static const gint64 sizes[] = { 0, 1, 1000, 20000, 100000 };

  transfer->own_upload = TRUE;
  transfer->upload_size = sizes[chance_below (chance, G_N_ELEMENTS (sizes))];
  plan_set_number (transfer, chance_percent (chance, 50) ? CURLOPT_PUT : CURLOPT_UPLOAD, 1);
  plan_set_number (transfer, CURLOPT_INFILESIZE, transfer->upload_size);
  plan_set_list (transfer, CURLOPT_HTTPHEADER, "Expect:");
  plan_tag (transfer, "put");
}

static void
choose_proxies (Chance *chance, PlanTransfer *transfer)
{
  if (chance_percent (chance, 50))
    {
      plan_set_text (transfer, CURLOPT_PROXY, "http://127.0.0.1");
      plan_set_number (transfer, CURLOPT_PROXYPORT, transfer->port);
      plan_tag (transfer, "proxyport");
    }
  else
    {
      static const char *const first[] = { "socks5://127.0.0.1:%P", "socks4://127.0.0.1:%P", "socks5h://127.0.0.1:%P" };

      plan_set_filled (transfer, CURLOPT_PROXY, chance_percent (chance, 50) ? "http://127.0.0.1:%P" : "");
      plan_set_filled (transfer, CURLOPT_PRE_PROXY, first[chance_below (chance, G_N_ELEMENTS (first))]);
      plan_tag (transfer, "preproxy");
    }
  if (chance_percent (chance, 30))
    {
      plan_set_number (transfer, CURLOPT_HTTPPROXYTUNNEL, 1);
      plan_tag (transfer, "tunnel");
    }
}

static void
add_answers (Chance *chance, PlanTransfer *transfer)
{
  static const char *const heads[] = {
    "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; path=/\r\nSet-Cookie: c=d; expires=Fri, 01 Jan 2038 00:00:00 GMT\r\n",
    "HTTP/1.1 200 OK\r\nLast-Modified: Sat, 21 Nov 2026 12:00:00 GMT\r\nContent-Type: text/plain\r\n",
    "ICY 200 OK\r\n", "HTTP/1.1 404 Not here\r\n", "HTTP/1.1 206 Part\r\nContent-Range: bytes 3-102/103\r\n",
    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", "HTTP/1.1 200\r\nX-One: 1\r\n",
  };
  const char *head = heads[chance_below (chance, G_N_ELEMENTS (heads))];
  g_autofree char *text = g_strconcat (head, "Content-Length: 100\r\n\r\n", NULL);
  char body[100];

  for (guint i = 0; i < sizeof body; i++)
    body[i] = (char) plan_byte (i);
  if (chance_percent (chance, 25))
    {
      g_autofree char *moved = g_strdup_printf ("HTTP/1.1 302 Moved\r\nLocation: /t%u/1\r\nContent-Length: 0\r\n\r\n",
                                                transfer->index);

      g_ptr_array_add (transfer->responses, plan_response_literal (chance, moved, "", 0, FALSE));
      plan_set_number (transfer, CURLOPT_FOLLOWLOCATION, 1);
      plan_tag (transfer, "follow location=rare");
    }
  if (head[0] == 'I')
    plan_tag (transfer, "icy");
  g_ptr_array_add (transfer->responses, plan_response_literal (chance, text, body, transfer->head ? 0 : sizeof body, FALSE));
}

void
plan_choose_rare (Chance *chance, PlanTransfer *transfer)
{
  static const char *const urls[] = {
    "http://127.0.0.1:%P/t@T/0", "http://one.test:%P/t@T/0?q=1#frag", "http://127.0.0.1:%P/t@T/0",
  };

  transfer->wide.url_parts = chance_percent (chance, 15);
  if (transfer->wide.url_parts)
    g_array_set_size (transfer->options, 0);
  else
    plan_set_filled (transfer, CURLOPT_URL, urls[chance_below (chance, G_N_ELEMENTS (urls))]);
  for (guint n = 1 + chance_below (chance, 4); n > 0; n--)
    choose_options (chance, transfer);
  transfer->wide.old_callbacks = chance_percent (chance, 25);
  transfer->wide.jar = chance_percent (chance, 20);
  transfer->wide.hsts_file = chance_percent (chance, 10);
  transfer->wide.unset = chance_percent (chance, 20);
  transfer->progress = transfer->wide.old_callbacks;
  if (transfer->wide.url_parts)
    plan_tag (transfer, "curlu");
  if (transfer->wide.hsts_file)
    plan_tag (transfer, "hsts");
  if (!transfer->head && chance_percent (chance, 25))
    choose_upload (chance, transfer);
  if (chance_percent (chance, 15))
    choose_proxies (chance, transfer);
  if (chance_percent (chance, 15))
    plan_set_number (transfer, CURLOPT_TIMECONDITION, CURL_TIMECOND_IFMODSINCE);
  add_answers (chance, transfer);
}
