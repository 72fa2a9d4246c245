/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define CURL_DISABLE_DEPRECATION /* what programs still use */
#include "plan-private.h"

#include <string.h>

/* Series about one subject each. All else is plain in them, so that next to nothing has to be waived. */

static const char *const theme_names[PLAN_THEME_N] = {
  "", "auth", "proxy", "coding", "cookies", "mime", "callbacks", "upload", "raw", "misc", "limits", "wakeup", "mime", "tls",
  "http2", "rare",
};

static const char *
pick (Chance *chance, const char *const *texts, guint n)
{
  return texts[chance_below (chance, n)];
}

#define PICK(texts) pick (chance, texts, G_N_ELEMENTS (texts))

/* @form with "@T" replaced by the transfer's number and the ports put in. */
static char *
fill_in (PlanTransfer *transfer, const char *form)
{
  g_autoptr (GString) text = g_string_new (form);
  char number[16];

  g_snprintf (number, sizeof number, "%u", transfer->index);
  g_string_replace (text, "@T", number, 0);
  return plan_with_ports (transfer, text->str);
}

static void
set_filled (PlanTransfer *transfer, CURLoption id, const char *form)
{
  g_autofree char *text = fill_in (transfer, form);

  plan_set_text (transfer, id, text);
}

static void
answer (Chance *chance, PlanTransfer *transfer, const char *fields, guint size, gboolean close)
{
  g_autoptr (GString) head = g_string_new (NULL);
  g_autofree char *body = g_malloc (size + 1);
  g_autofree char *filled = fill_in (transfer, fields);

  for (guint i = 0; i < size; i++)
    body[i] = (char) plan_byte (i);
  g_string_printf (head, "HTTP/1.1 200 OK\r\n%sContent-Length: %u\r\n%s\r\n", filled, size,
                   close ? "Connection: close\r\n" : "");
  g_ptr_array_add (transfer->responses,
                   plan_response_literal (chance, head->str, body, transfer->head ? 0 : size, close));
}

static void
answer_plainly (Chance *chance, PlanTransfer *transfer)
{
  static const guint sizes[] = { 0, 1, 100, 1000, 20000 };

  answer (chance, transfer, "Content-Type: text/plain\r\n", sizes[chance_below (chance, G_N_ELEMENTS (sizes))],
          chance_percent (chance, 15));
}

static void
choose_body (Chance *chance, PlanTransfer *transfer)
{
  guint roll = chance_below (chance, 100);

  if (roll < 50)
    return;
  transfer->own_upload = TRUE;
  transfer->upload_size = 100 + chance_below (chance, 3000);
  if (roll < 65)
    {
      plan_set_text (transfer, CURLOPT_COPYPOSTFIELDS, "name=value&other=1");
      plan_tag (transfer, "post");
    }
  else if (roll < 75)
    {
      plan_set_number (transfer, CURLOPT_POST, 1);
      plan_set_number (transfer, CURLOPT_POSTFIELDSIZE_LARGE, transfer->upload_size);
      plan_tag (transfer, "post-read");
    }
  else if (roll < 90)
    {
      plan_set_number (transfer, CURLOPT_UPLOAD, 1);
      plan_set_number (transfer, CURLOPT_INFILESIZE_LARGE, transfer->upload_size);
      plan_set_list (transfer, CURLOPT_HTTPHEADER, "Expect:");
      plan_tag (transfer, "put");
    }
  else
    {
      plan_set_number (transfer, CURLOPT_NOBODY, 1);
      transfer->head = TRUE;
      plan_tag (transfer, "head");
    }
}

static PlanResponse *
refusal (Chance *chance, PlanTransfer *transfer, guint status, const char *fields)
{
  g_autofree char *head = NULL;
  guint size = chance_percent (chance, 50) ? 0 : 50;
  char body[50];
  gboolean close = chance_percent (chance, 15);

  memset (body, 'r', sizeof body);
  head = g_strdup_printf ("HTTP/1.1 %u No\r\n%sContent-Length: %u\r\n%s\r\n", status, fields, size,
                          close ? "Connection: close\r\n" : "");
  return plan_response_literal (chance, head, body, transfer->head ? 0 : size, close);
}

static void
choose_gate (Chance *chance, PlanTransfer *transfer, PlanGate *gate, guint status, const char *field)
{
  static const struct
  {
    const char *challenges; /* one a line */
    const char *accepted;
  } gates[] = {
    { "Basic realm=\"here\"", "Basic" },
    { "Digest realm=\"here\", nonce=\"abc123\", qop=\"auth\"", "Digest" },
    { "Digest realm=\"here\", nonce=\"abc123\"", "Digest" },
    { "Digest realm=\"here\", nonce=\"abc123\", qop=\"auth,auth-int\", algorithm=SHA-256, opaque=\"op\"", "Digest" },
    { "Digest realm=\"here\", nonce=\"abc123\", qop=\"auth\", algorithm=MD5-sess", "Digest" },
    { "Digest realm=\"here\", nonce=\"abc123\", qop=\"auth\", userhash=true", "Digest" },
    { "Basic realm=\"here\"\nDigest realm=\"here\", nonce=\"abc123\", qop=\"auth\"", "Digest" },
    { "Digest realm=\"here\", nonce=\"abc123\"\nBasic realm=\"here\"", "Basic" },
    { "Basic realm=\"a\", Digest realm=\"here\", nonce=\"abc123\"", "Digest" },
    { "Bearer realm=\"here\"", "Bearer" },
    { "Unheard of=\"this\"", "Basic" },
    { "Digest realm=\"here\"", "Digest" },
    { "Digest realm=\"here\", nonce=\"abc123\", algorithm=FANCY", "Digest" },
  };
  guint which = chance_below (chance, G_N_ELEMENTS (gates));
  g_auto (GStrv) lines = g_strsplit (gates[which].challenges, "\n", -1);
  g_autoptr (GString) fields = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    g_string_append_printf (fields, "%s: %s\r\n", field, lines[i]);
  gate->accepted = chance_percent (chance, 80) ? gates[which].accepted : NULL;
  gate->refusal = refusal (chance, transfer, status, fields->str);
  g_string_append_printf (transfer->tags, " gate=%u%s", which, gate->accepted == NULL ? " never" : "");
}

static gint64
choose_schemes (Chance *chance, PlanTransfer *transfer)
{
  static const struct
  {
    gint64 schemes;
    const char *name;
  } sets[] = {
    { (gint64) CURLAUTH_BASIC, "basic" },
    { (gint64) CURLAUTH_DIGEST, "digest" },
    { (gint64) (CURLAUTH_BASIC | CURLAUTH_DIGEST), "basic+digest" },
    { (gint64) (CURLAUTH_BASIC | CURLAUTH_DIGEST | CURLAUTH_BEARER), "basic+digest+bearer" },
    { (gint64) CURLAUTH_NONE, "no-scheme" },
  };
  guint which = chance_below (chance, G_N_ELEMENTS (sets));

  plan_tag (transfer, sets[which].name);
  return sets[which].schemes;
}

static void
choose_auth (Chance *chance, PlanTransfer *transfer)
{
  static const char *const users[] = { "me:secret", "me:", "me", "m\"e:se\\cret", "dom\\me:secret", "me:se:cret" };

  choose_body (chance, transfer);
  if (chance_percent (chance, 85))
    choose_gate (chance, transfer, &transfer->wide.login, 401, "WWW-Authenticate");
  if (chance_percent (chance, 85))
    plan_set_number (transfer, CURLOPT_HTTPAUTH, choose_schemes (chance, transfer));
  if (chance_percent (chance, 60))
    plan_set_text (transfer, CURLOPT_USERPWD, PICK (users));
  else if (chance_percent (chance, 50))
    {
      plan_set_text (transfer, CURLOPT_USERNAME, "me");
      plan_set_text (transfer, CURLOPT_PASSWORD, "secret");
    }
  if (chance_percent (chance, 15))
    plan_set_text (transfer, CURLOPT_XOAUTH2_BEARER, "token");
  if (chance_percent (chance, 15))
    plan_set_number (transfer, CURLOPT_FAILONERROR, 1);
  if (chance_percent (chance, 15))
    {
      set_filled (transfer, CURLOPT_URL, "http://you:there@127.0.0.1:%P/t@T/0");
      plan_tag (transfer, "url=4 userpwd");
    }
  answer_plainly (chance, transfer);
}

static void
choose_proxy_login (Chance *chance, PlanTransfer *transfer)
{
  static const char *const users[] = { "me:secret", "me:", "deny:secret", "us%40er:p%3aq", "me" };

  if (chance_percent (chance, 40))
    {
      plan_set_text (transfer, CURLOPT_PROXYUSERPWD, PICK (users));
      plan_tag (transfer, "proxyuserpwd");
    }
  else if (chance_percent (chance, 30))
    {
      plan_set_text (transfer, CURLOPT_PROXYUSERNAME, "m:e");
      plan_set_text (transfer, CURLOPT_PROXYPASSWORD, "secret");
      plan_tag (transfer, "proxyusername");
    }
  if (chance_percent (chance, 40))
    plan_set_number (transfer, CURLOPT_PROXYAUTH, choose_schemes (chance, transfer));
}

static void
choose_proxy (Chance *chance, PlanTransfer *transfer)
{
  static const char *const urls[] = {
    "http://t@T.test:%P/t@T/0", "http://t@T.test:%P/t@T/0", "http://127.0.0.1:%P/t@T/0", "http://t@T.refuse.test:%P/t@T/0",
    "http://t@T.test/t@T/0",
  };
  static const char *const proxies[] = {
    "http://127.0.0.1:%P", "127.0.0.1:%P", "http://127.0.0.1:%P/path", "http://pu:pp@127.0.0.1:%P", "http://127.0.0.1:%R",
    "socks4://127.0.0.1:%P", "socks4a://127.0.0.1:%P", "socks5://127.0.0.1:%P", "socks5h://127.0.0.1:%P",
    "socks5://su:sp@127.0.0.1:%P", "socks5h://deny:sp@127.0.0.1:%P", "socks4://su@127.0.0.1:%P", "socks4://deny@127.0.0.1:%P",
    "foo://127.0.0.1:%P", "http://nosuch.invalid:%P", "",
  };
  const char *proxy = PICK (proxies);

  choose_body (chance, transfer);
  /* What a SOCKS proxy is not told by name has to be found: libcurl 7.88 may take another host's address if it is not. */
  set_filled (transfer, CURLOPT_URL, urls[chance_below (chance, g_str_has_prefix (proxy, "socks") ? 3 : G_N_ELEMENTS (urls))]);
  set_filled (transfer, CURLOPT_PROXY, proxy);
  g_string_append_printf (transfer->tags, " proxy=%s", proxy);
  if (chance_percent (chance, 40))
    {
      plan_set_number (transfer, CURLOPT_HTTPPROXYTUNNEL, 1);
      plan_tag (transfer, "tunnel");
    }
  choose_proxy_login (chance, transfer);
  if (chance_percent (chance, 30))
    choose_gate (chance, transfer, &transfer->wide.proxy_login, 407, "Proxy-Authenticate");
  if (chance_percent (chance, 20))
    plan_set_list (transfer, CURLOPT_PROXYHEADER, "X-Proxy: one\nUser-Agent: tunneller");
  if (chance_percent (chance, 20))
    plan_set_list (transfer, CURLOPT_HTTPHEADER, "X-Own: two\nExpect:");
  if (chance_percent (chance, 20))
    plan_set_number (transfer, CURLOPT_HEADEROPT, chance_percent (chance, 50) ? CURLHEADER_SEPARATE : CURLHEADER_UNIFIED);
  if (chance_percent (chance, 20))
    plan_set_number (transfer, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
  if (chance_percent (chance, 10))
    plan_set_text (transfer, CURLOPT_NOPROXY, chance_percent (chance, 50) ? "127.0.0.1,other" : "*.test,test");
  if (chance_percent (chance, 10))
    plan_set_number (transfer, CURLOPT_PROXYTYPE, CURLPROXY_HTTP_1_0);
  answer_plainly (chance, transfer);
}

static void
choose_cookies (Chance *chance, PlanTransfer *transfer)
{
  static const char *const fields[] = {
    "Set-Cookie: a=b\r\n", "Set-Cookie: a=c; path=/\r\n", "Set-Cookie: p=q; path=/t@T\r\n", "Set-Cookie: x=y; domain=two.test\r\n",
    "Set-Cookie: d=e; domain=one.test\r\nSet-Cookie: f=g; domain=.one.test; path=/\r\n", "Set-Cookie: s=t; secure\r\n",
    "Set-Cookie: h=i; HttpOnly; path=/\r\n", "Set-Cookie: gone=1; max-age=0\r\n", "Set-Cookie: a=; expires=Thu, 01 Jan 1970 00:00:00 GMT\r\n",
    "Set-Cookie: long=1; max-age=100000000000\r\n", "Set-Cookie: until=1; expires=Fri, 01 Jan 2038 00:00:00 GMT\r\n", "Set-Cookie: =v\r\n",
    "Set-Cookie: noequals\r\n", "Set-Cookie: __Secure-a=b; secure\r\n", "Set-Cookie: __Host-a=b; secure; path=/\r\n",
    "Set-Cookie: q=\"quoted value\"; path=/\r\n", "Set-Cookie: sp = aced ; path = / \r\n",
  };
  static const char *const commands[] = {
    "Set-Cookie: l=m; domain=127.0.0.1; path=/", "one.test\tFALSE\t/\tFALSE\t0\tnet\tscape", "SESS", "ALL", "FLUSH", "RELOAD",
    ".one.test\tTRUE\t/\tFALSE\t2147483647\twide\tone", "junk",
  };
  static const char *const urls[] = {
    "http://127.0.0.1:%P/t@T/0", "http://one.test:%P/t@T/0", "http://one.test:%P/t@T/deeper/0", "http://two.test:%P/t@T/0",
    "http://sub.one.test:%P/t@T/0",
  };
  g_autoptr (GString) set = g_string_new ("Content-Type: text/plain\r\n");

  set_filled (transfer, CURLOPT_URL, PICK (urls));
  transfer->wide.share = chance_percent (chance, 40);
  /* CURLOPT_COOKIELIST begins with cookies by itself, but not where a share has them already. */
  if (transfer->wide.share || chance_percent (chance, 85))
    plan_set_text (transfer, CURLOPT_COOKIEFILE, "");
  for (guint n = chance_below (chance, 3); n > 0; n--)
    {
      guint which = chance_below (chance, G_N_ELEMENTS (commands));

      plan_set_text (transfer, CURLOPT_COOKIELIST, commands[which]);
      g_string_append_printf (transfer->tags, " cookielist=%u", which);
    }
  if (chance_percent (chance, 20))
    plan_set_text (transfer, CURLOPT_COOKIE, "own=1; other=2");
  if (chance_percent (chance, 15))
    {
      plan_set_number (transfer, CURLOPT_COOKIESESSION, 1);
      plan_tag (transfer, "cookiesession");
    }
  for (guint n = chance_below (chance, 4); n > 0; n--)
    g_string_append (set, PICK (fields));
  if (transfer->wide.share)
    plan_tag (transfer, "share");
  /* One after the other: who sees whose cookies is to be seen. */
  transfer->start_round = 60 * transfer->index;
  answer (chance, transfer, set->str, 100, FALSE);
}

static void
choose_mime (Chance *chance, PlanTransfer *transfer)
{
  transfer->own_upload = TRUE;
  transfer->wide.form = chance_percent (chance, 40);
  plan_tag (transfer, transfer->wide.form ? "form" : "parts");
  if (chance_percent (chance, 20))
    plan_set_number (transfer, CURLOPT_MIME_OPTIONS, CURLMIMEOPT_FORMESCAPE);
  if (chance_percent (chance, 15))
    plan_set_number (transfer, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_0);
  plan_set_list (transfer, CURLOPT_HTTPHEADER, chance_percent (chance, 20) ? "Expect:\nContent-Type: multipart/mixed" : "Expect:");
  if (chance_percent (chance, 20))
    choose_gate (chance, transfer, &transfer->wide.login, 401, "WWW-Authenticate");
  if (chance_percent (chance, 30))
    plan_set_text (transfer, CURLOPT_USERPWD, "me:secret");
  answer_plainly (chance, transfer);
}

static void
choose_callbacks (Chance *chance, PlanTransfer *transfer)
{
  PlanHooks *hooks = &transfer->wide.hooks;

  if (chance_percent (chance, 40))
    hooks->sockopt = (int) chance_below (chance, 4);
  if (chance_percent (chance, 40))
    hooks->opensocket = chance_percent (chance, 20);
  if (chance_percent (chance, 60))
    hooks->closesocket = 0;
  if (chance_percent (chance, 40))
    hooks->prereq = chance_percent (chance, 30);
  if (chance_percent (chance, 30))
    hooks->resolver = chance_percent (chance, 30);
  if (chance_percent (chance, 20))
    hooks->hsts = (int) chance_below (chance, 3);
  if (chance_percent (chance, 30))
    set_filled (transfer, CURLOPT_URL, "http://%R.test/t@T/0");
  if (hooks->hsts >= 0)
    plan_set_number (transfer, CURLOPT_HSTS_CTRL, CURLHSTS_ENABLE);
  if (chance_percent (chance, 15))
    plan_set_number (transfer, CURLOPT_HTTP_TRANSFER_DECODING, 0);
  transfer->progress = chance_percent (chance, 40);
  choose_body (chance, transfer);
  answer (chance, transfer, chance_percent (chance, 30) ? "Strict-Transport-Security: max-age=1000\r\nAlt-Svc: h2=\":1\"\r\n"
                                                        : "X-One: 1\r\nx-one: 2\r\nX-Two:\r\n",
          100, chance_percent (chance, 30));
}

static void
choose_upload (Chance *chance, PlanTransfer *transfer)
{
  static const guint sizes[] = { 0, 1, 100, 5000, 70000, 300000 };
  guint size = sizes[chance_below (chance, G_N_ELEMENTS (sizes))];
  gboolean sized = chance_percent (chance, 60);

  transfer->own_upload = TRUE;
  transfer->upload_size = size;
  plan_set_number (transfer, CURLOPT_UPLOAD, 1);
  if (sized)
    plan_set_number (transfer, CURLOPT_INFILESIZE_LARGE, size);
  plan_tag (transfer, sized ? "put" : "put-unsized");
  plan_set_list (transfer, CURLOPT_HTTPHEADER, sized ? "Expect:" : "Expect:\nTransfer-Encoding: chunked");
  if (!sized && chance_percent (chance, 50))
    transfer->wide.hooks.trailer = (int) chance_below (chance, 2);
  if (transfer->wide.hooks.trailer >= 0)
    plan_tag (transfer, transfer->wide.hooks.trailer ? "trailer-abort" : "trailer");
  if (chance_percent (chance, 25))
    {
      transfer->wide.upload_fault = 1 + chance_below (chance, 4);
      g_string_append_printf (transfer->tags, " upload-fault=%u", transfer->wide.upload_fault);
    }
  transfer->wide.lines = !sized;
  if (!sized && chance_percent (chance, 30))
    {
      plan_set_number (transfer, CURLOPT_CRLF, 1);
      plan_set_number (transfer, CURLOPT_FORBID_REUSE, 1);
      plan_tag (transfer, "crlf");
    }
  if (chance_percent (chance, 10))
    plan_set_number (transfer, CURLOPT_UPLOAD_BUFFERSIZE, 16384);
  if (chance_percent (chance, 10))
    {
      plan_set_number (transfer, CURLOPT_TRANSFERTEXT, 1);
      plan_set_number (transfer, CURLOPT_FORBID_REUSE, 1);
      plan_tag (transfer, "crlf");
    }
  transfer->progress = TRUE;
  answer_plainly (chance, transfer);
}

static void
choose_raw (Chance *chance, PlanTransfer *transfer)
{
  plan_set_number (transfer, CURLOPT_CONNECT_ONLY, 1);
  if (chance_percent (chance, 20))
    set_filled (transfer, CURLOPT_URL, "http://127.0.0.1:%R/t@T/0");
  else if (chance_percent (chance, 20))
    {
      set_filled (transfer, CURLOPT_URL, "http://t@T.test:%P/t@T/0");
      set_filled (transfer, CURLOPT_PROXY, "http://127.0.0.1:%P");
      plan_set_number (transfer, CURLOPT_HTTPPROXYTUNNEL, 1);
      plan_tag (transfer, "tunnel");
    }
  answer_plainly (chance, transfer);
}

static void
choose_oddity (Chance *chance, PlanTransfer *transfer)
{
  static const struct
  {
    CURLoption id;
    gint64 number;
    const char *text;
    const char *name;
  } oddities[] = {
    { CURLOPT_INTERFACE, 0, "127.0.0.1", "interface" },
    { CURLOPT_INTERFACE, 0, "if!lo", "interface-lo" },
    { CURLOPT_INTERFACE, 0, "nosuchif9", "interface-bad" },
    { CURLOPT_INTERFACE, 0, "host!localhost", "interface-host" },
    { CURLOPT_TIMEOUT_MS, 1000, NULL, "timeout" },
    { CURLOPT_CONNECTTIMEOUT_MS, 500, NULL, "connect-timeout" },
    { CURLOPT_SERVER_RESPONSE_TIMEOUT, 5, NULL, "response-timeout" },
    { CURLOPT_LOW_SPEED_TIME, 5, NULL, "low-speed" },
    { CURLOPT_TCP_FASTOPEN, 1, NULL, "fastopen" },
    { CURLOPT_TCP_KEEPALIVE, 1, NULL, "keepalive" },
    { CURLOPT_PIPEWAIT, 1, NULL, "pipewait" },
    { CURLOPT_STREAM_WEIGHT, 10, NULL, "weight" },
    { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2_0, NULL, "h2" },
    { CURLOPT_USE_SSL, CURLUSESSL_ALL, NULL, "usessl" },
    { CURLOPT_DNS_CACHE_TIMEOUT, 0, NULL, "no-dns-cache" },
    { CURLOPT_DNS_SHUFFLE_ADDRESSES, 1, NULL, "shuffle" },
    { CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V6, NULL, "v6" },
    { CURLOPT_SOCKS5_AUTH, (gint64) CURLAUTH_BASIC, NULL, "socks5-auth" },
    { CURLOPT_NETRC, CURL_NETRC_REQUIRED, NULL, "netrc" },
    { CURLOPT_NETRC, CURL_NETRC_OPTIONAL, NULL, "netrc-optional" },
    { CURLOPT_UNIX_SOCKET_PATH, 0, "/nonexistent/socket", "unix" },
    { CURLOPT_HTTPGET, 1, NULL, "get" },
    { CURLOPT_NOPROGRESS, 0, NULL, NULL },
    { CURLOPT_MAXLIFETIME_CONN, 100, NULL, "lifetime" },
    { CURLOPT_ALTSVC_CTRL, CURLALTSVC_H1, NULL, "altsvc" },
    { CURLOPT_MAX_RECV_SPEED_LARGE, 10000000, NULL, "recv-speed" },
    { CURLOPT_PROTOCOLS, CURLPROTO_HTTPS, NULL, "protocols-https" },
    { CURLOPT_ADDRESS_SCOPE, 1, NULL, "scope" },
    { CURLOPT_ACCEPT_ENCODING, 0, "", "all-codings" },
    { CURLOPT_TRANSFER_ENCODING, 1, NULL, "te" },
    { CURLOPT_HTTP200ALIASES, 0, NULL, NULL },
    { CURLOPT_LOCALPORT, 0, NULL, NULL },
    { CURLOPT_MAXFILESIZE, 10, NULL, "maxfilesize" },
  };
  guint which = chance_below (chance, G_N_ELEMENTS (oddities));

  if (oddities[which].name == NULL)
    return;
  if (oddities[which].text != NULL)
    plan_set_text (transfer, oddities[which].id, oddities[which].text);
  else
    plan_set_number (transfer, oddities[which].id, oddities[which].number);
  plan_tag (transfer, oddities[which].name);
}

static void
choose_misc (Chance *chance, PlanTransfer *transfer)
{
  static const char *const urls[] = {
    "http://127.0.0.1:%P/t@T/0", "http://one.test:%P/t@T/0", "http://localhost:%P/t@T/0", "http://nosuch.invalid:%P/t@T/0",
    "http://127.0.0.1:%R/t@T/0", "https://127.0.0.1:%R/t@T/0", "gopher9://127.0.0.1:%R/t@T/0", "http://127.0.0.1:%P/t@T/0#at",
    "http://login:@one.test:%P/t@T/0", "http://127.0.0.1:%P/t@T/0?q=a b",
  };

  set_filled (transfer, CURLOPT_URL, PICK (urls));
  if (chance_percent (chance, 40))
    plan_set_text (transfer, CURLOPT_NETRC_FILE, PLAN_NETRC);
  for (guint n = chance_below (chance, 4); n > 0; n--)
    choose_oddity (chance, transfer);
  choose_body (chance, transfer);
  answer_plainly (chance, transfer);
}

void
plan_answer (Chance *chance, PlanTransfer *transfer, gboolean close)
{
  static const guint sizes[] = { 0, 1, 100, 5000, 70000 };

  answer (chance, transfer, "Content-Type: text/plain\r\n", sizes[chance_below (chance, G_N_ELEMENTS (sizes))], close);
}

void
plan_choose_login (Chance *chance, PlanTransfer *transfer)
{
  choose_gate (chance, transfer, &transfer->wide.login, 401, "WWW-Authenticate");
  plan_set_number (transfer, CURLOPT_HTTPAUTH, choose_schemes (chance, transfer));
  plan_set_text (transfer, CURLOPT_USERPWD, "me:secret");
}

void
plan_choose_mime (Chance *chance, PlanTransfer *transfer)
{
  choose_mime (chance, transfer);
}

void
plan_choose_body (Chance *chance, PlanTransfer *transfer)
{
  choose_body (chance, transfer);
}

void
plan_set_filled (PlanTransfer *transfer, CURLoption id, const char *form)
{
  set_filled (transfer, id, form);
}

/* Converted line ends, of text that has some. */
static void
choose_lines (Chance *chance, PlanTransfer *transfer)
{
  choose_mime (chance, transfer);
  plan_set_number (transfer, chance_percent (chance, 70) ? CURLOPT_CRLF : CURLOPT_TRANSFERTEXT, 1);
  plan_set_number (transfer, CURLOPT_FORBID_REUSE, 1);
  plan_tag (transfer, "crlf");
}

void
plan_wide_choose (Chance *chance, const Plan *plan, PlanTransfer *transfer)
{
  static void (*const choosers[PLAN_THEME_N]) (Chance *, PlanTransfer *) = {
    NULL, choose_auth, choose_proxy, plan_choose_coding, choose_cookies, choose_mime, choose_callbacks, choose_upload,
    choose_raw, choose_misc, plan_choose_limits, plan_choose_wakeup, choose_lines, plan_choose_tls,
    plan_choose_http2, plan_choose_rare,
  };

  transfer->wide.theme = plan->theme;
  /* Those two say all that there is to say in words of their own, which no rule knows. */
  plan_tag (transfer, plan->theme == PLAN_THEME_LIMITS || plan->theme == PLAN_THEME_WAKEUP ? "plain" : "wide");
  plan_tag (transfer, theme_names[plan->theme]);
  transfer->wide.hooks = (PlanHooks) { -1, -1, -1, -1, -1, -1, -1 };
  transfer->wide.verbose = chance_percent (chance, 60);
  transfer->pause_rounds = 1;
  transfer->remove_round = -1;
  transfer->start_round = chance_percent (chance, 50) ? 0 : chance_below (chance, 15);
  plan_set_text (transfer, CURLOPT_PROXY, "");
  set_filled (transfer, CURLOPT_URL, "http://127.0.0.1:%P/t@T/0");
  choosers[plan->theme] (chance, transfer);
}
