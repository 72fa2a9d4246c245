/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-url.h"

#include "gm-config.h"

#define GUESS GM_URL_GUESS_SCHEME
#define FOLLOW (GM_URL_ENCODE | GM_URL_ALLOW_SPACE)
#define ANY GM_URL_ANY_SCHEME
#define AS_IS GM_URL_PATH_AS_IS

#define assert_result(got, wanted) g_assert_cmpstr (gm_result_name (got), ==, gm_result_name (wanted))
#define assert_same(a, b) g_assert_cmpmem ((a).data, (a).len, (b).data, (b).len)

static void
assert_span (GmSpan span,
             const char *wanted)
{
  g_assert_cmpmem (span.data, span.len, wanted, strlen (wanted));
}

/* So that a failing vector can be told. */
static void
show (const char *text)
{
  g_autofree char *shown = g_strescape (text, NULL);

  g_test_message ("%s", shown);
}

static void
assert_inside (const GmUrl *url,
               GmSpan span)
{
  g_assert_true (span.data >= url->text && span.data + span.len <= url->text + url->text_len);
}

/* What holds for every URL whatsoever, however it was made. */
static void
assert_sound (const GmUrl *url)
{
  const char *text = gm_url_get_text (url);
  GmSpan path = gm_url_get_path (url);
  GmSpan target = gm_url_get_request_target (url);
  GmSpan host_header = gm_url_get_authority_for_host_header (url);
  g_autofree char *log_text = gm_url_dup_log_text (url);
  g_autoptr (GmUrl) again = NULL;
  g_autoptr (GmUrl) shown = NULL;

  g_assert_cmpuint (strlen (text), ==, gm_url_get_length (url));
  for (const char *p = text; *p != '\0'; p++)
    g_assert_true ((guchar) *p >= 0x20 && *p != 0x7f);
  assert_inside (url, gm_url_get_scheme_name (url));
  assert_inside (url, gm_url_get_user (url));
  assert_inside (url, gm_url_get_password (url));
  assert_inside (url, gm_url_get_host (url));
  assert_inside (url, gm_url_get_zone (url));
  assert_inside (url, target);
  assert_inside (url, gm_url_get_query (url));
  assert_inside (url, gm_url_get_fragment (url));
  g_assert_true (target.data == path.data && target.len >= path.len);
  g_assert_true (memchr (host_header.data, '@', host_header.len) == NULL);
  g_assert_true (memchr (host_header.data, '%', host_header.len) == NULL);
  if (gm_url_get_host (url).len > 0 || gm_url_get_scheme (url) == GM_SCHEME_FILE)
    g_assert_cmpint (path.data[0], ==, '/');
  if (gm_url_has_password (url))
    g_assert_true (gm_url_has_user (url));

  /* The normalised text parses to itself. Dots that were left, blanks and odd schemes need their flags again. */
  assert_result (gm_url_parse (text, strlen (text), AS_IS | GM_URL_ALLOW_SPACE | ANY, &again), GM_OK);
  g_assert_cmpstr (gm_url_get_text (again), ==, text);
  g_assert_cmpint (gm_url_get_scheme (again), ==, gm_url_get_scheme (url));
  g_assert_cmpuint (gm_url_get_port (again), ==, gm_url_get_port (url));
  assert_same (gm_url_get_host (again), gm_url_get_host (url));
  assert_same (gm_url_get_user (again), gm_url_get_user (url));
  assert_same (gm_url_get_authority_for_host_header (again), host_header);
  assert_same (gm_url_get_request_target (again), target);
  assert_result (gm_url_parse (log_text, strlen (log_text), AS_IS | GM_URL_ALLOW_SPACE | ANY, &shown), GM_OK);
  g_assert_false (gm_url_has_user (shown) || gm_url_has_fragment (shown));
  assert_same (gm_url_get_request_target (shown), target);
  g_assert_true (gm_url_same_origin (url, again) == (gm_url_get_host (url).len > 0));
}

static GmUrl *
parse (const char *text,
       GmUrlFlags flags)
{
  GmUrl *url = NULL;

  assert_result (gm_url_parse (text, strlen (text), flags, &url), GM_OK);
  assert_sound (url);
  return url;
}

/* --- what comes out --- */

typedef struct
{
  const char *text;
  GmUrlFlags flags;
  const char *wanted;
} Normalised;

static const Normalised normalised[] = {
  { "http://h", 0, "http://h/" },
  { "HTTP://Example.COM/Path", 0, "http://example.com/Path" },
  { "hTTps://h:443/", 0, "https://h:443/" },
  { "http://h?q", 0, "http://h/?q" },
  { "http://h/?", 0, "http://h/?" },
  { "http://h#f", 0, "http://h/#f" },
  { "http://h/#", 0, "http://h/#" },
  { "http://h?#", 0, "http://h/?#" },
  { "http:/h/x", 0, "http://h/x" },
  { "http:///h/x", 0, "http://h/x" },
  { "http://h:/", 0, "http://h/" },
  { "http://h:080/", 0, "http://h:80/" },
  { "http://h:00000000000000000000000000080/", 0, "http://h:80/" },
  { "http://h:0/", 0, "http://h:0/" },
  { "http://h:65535/", 0, "http://h:65535/" },
  { "http://h//x", 0, "http://h//x" },
  { "http://h/a%2fb%zz%", 0, "http://h/a%2fb%zz%" },
  { "http://h/<a>\"b\"{}|^`\\", 0, "http://h/<a>\"b\"{}|^`\\" },
  { "http://h/\xc3\xa9?\xff#\x80", 0, "http://h/\xc3\xa9?\xff#\x80" },
  /* logins */
  { "http://u@h/", 0, "http://u@h/" },
  { "http://u:@h/", 0, "http://u:@h/" },
  { "http://:p@h/", 0, "http://:p@h/" },
  { "http://@h/", 0, "http://@h/" },
  { "http://u:p:q%40%2f@h/a@b", 0, "http://u:p:q%40%2f@h/a@b" },
  { "http://h/a@b", GM_URL_NO_USER, "http://h/a@b" },
  { "http://h?a@b", GM_URL_NO_USER, "http://h/?a@b" },
  /* dot segments */
  { "http://h/a/../b", 0, "http://h/b" },
  { "http://h/a/./b/.", 0, "http://h/a/b/" },
  { "http://h/a/b/..", 0, "http://h/a/" },
  { "http://h/..", 0, "http://h/" },
  { "http://h/.", 0, "http://h/" },
  { "http://h/../../x", 0, "http://h/x" },
  { "http://h/a//../b", 0, "http://h/a/b" },
  { "http://h/..//x", 0, "http://h//x" },
  { "http://h/%2e%2E/a/%2e/b/.%2e/%2E.", 0, "http://h/" },
  { "http://h/.../a.../.x/..y/z./%2e%2e%2e/%2f..", 0, "http://h/.../a.../.x/..y/z./%2e%2e%2e/%2f.." },
  { "http://h/%2", 0, "http://h/%2" },
  { "http://h/a?/../b#/../c", 0, "http://h/a?/../b#/../c" },
  { "http://h/a/../b/./c", AS_IS, "http://h/a/../b/./c" },
  /* IPv4 in all its clothes */
  { "http://127.0.0.1/", 0, "http://127.0.0.1/" },
  { "http://0x7F.1/", 0, "http://127.0.0.1/" },
  { "http://2130706433/", 0, "http://127.0.0.1/" },
  { "http://017700000001/", 0, "http://127.0.0.1/" },
  { "http://0377.0xff.65535/", 0, "http://255.255.255.255/" },
  { "http://4294967295/", 0, "http://255.255.255.255/" },
  { "http://0/", 0, "http://0.0.0.0/" },
  { "http://1.2.3/", 0, "http://1.2.0.3/" },
  { "http://%31%32%37.1/", 0, "http://127.0.0.1/" },
  /* ... and what only looks like one */
  { "http://4294967296/", 0, "http://4294967296/" },
  { "http://99999999999999999999999/", 0, "http://99999999999999999999999/" },
  { "http://1.2.3.256/", 0, "http://1.2.3.256/" },
  { "http://1.256.1/", 0, "http://1.256.1/" },
  { "http://1.65536.1/", 0, "http://1.65536.1/" },
  { "http://1.16777216/", 0, "http://1.16777216/" },
  { "http://1.2.3.4.5/", 0, "http://1.2.3.4.5/" },
  { "http://1.2.3.4./", 0, "http://1.2.3.4./" },
  { "http://1..2/", 0, "http://1..2/" },
  { "http://08.1/", 0, "http://08.1/" },
  { "http://0x/", 0, "http://0x/" },
  { "http://0xg/", 0, "http://0xg/" },
  { "http://0x.1/", 0, "http://0x.1/" },
  { "http://1.2.3.4x/", 0, "http://1.2.3.4x/" },
  /* IPv6 */
  { "http://[::1]/", 0, "http://[::1]/" },
  { "http://[0:0:0:0:0:0:0:1]:8080", 0, "http://[::1]:8080/" },
  { "http://[2001:DB8::00A]/", 0, "http://[2001:db8::a]/" },
  { "http://[::ffff:1.2.3.4]/", 0, "http://[::ffff:1.2.3.4]/" },
  { "http://[fe80::1%25eth0]:81/", 0, "http://[fe80::1%25eth0]:81/" },
  { "http://[fe80::1%Eth0]/", 0, "http://[fe80::1%25Eth0]/" },
  { "http://[fe80::1%2]/", 0, "http://[fe80::1%252]/" },
  { "http://[fe80::1%123456789012345]/", 0, "http://[fe80::1%25123456789012345]/" },
  { "http://u:p@[::1]", 0, "http://u:p@[::1]/" },
  /* names */
  { "http://a-b_c~d.e./", 0, "http://a-b_c~d.e./" },
  { "http://%41%2D%5f%7E/", 0, "http://a-_~/" },
  { "http://XN--9CA.com/", 0, "http://xn--9ca.com/" },
  /* file: */
  { "file:///a/../b?c#d", 0, "file:///b?c#d" },
  { "FILE:/x", 0, "file:///x" },
  { "file://LocalHost/x", 0, "file:///x" },
  { "file://127.0.0.1/x", 0, "file:///x" },
  { "file:////x", 0, "file:////x" },
  { "file:///..//x", 0, "file:////x" },
  { "file:/", 0, "file:///" },
  { "file:///C:/x y", FOLLOW, "file:///C:/x%20y" },
  { "file:///x", GUESS, "file:///x" },
  /* data: and other opaque ones */
  { "data:,x", 0, "data:,x" },
  { "DATA:text/plain;base64,AA==?a#b", 0, "data:text/plain;base64,AA==?a#b" },
  { "data:", 0, "data:" },
  { "data:/../x", 0, "data:/../x" },
  { "data:,a b\xc3\xa9? c", FOLLOW, "data:,a%20b%c3%a9?%20c" },
  { "data:,x", GUESS, "data:,x" },
  { "mailto:a@b?c", ANY, "mailto:a@b?c" },
  { "foo:/..//x", ANY, "foo:/..//x" },
  { "Foo+1.2-3://H:1/../x", ANY, "foo+1.2-3://h:1/x" },
  { "foo://h", ANY, "foo://h/" },
  /* blanks and other bytes */
  { "http://h/a b?c d#e f", GM_URL_ALLOW_SPACE, "http://h/a b?c d#e f" },
  { "http://h/a b?c d#e f", FOLLOW, "http://h/a%20b?c+d#e%20f" },
  { "http://u s:p\xff@h/\xc3\xa9?\xc3\xa9#\xc3\xa9", FOLLOW, "http://u%20s:p%ff@h/%c3%a9?%c3%a9#%c3%a9" },
  { "http://h/\x80", GM_URL_ENCODE, "http://h/%80" },
  { "http://h/a%20b+", FOLLOW, "http://h/a%20b+" },
  { "http://h/ /../x", FOLLOW, "http://h/x" },
  /* guessing */
  { "h", GUESS, "http://h/" },
  { "h:8080/x", GUESS, "http://h:8080/x" },
  { "localhost:8080", GUESS, "http://localhost:8080/" },
  { "FTP.example.com/x", GUESS, "ftp://ftp.example.com/x" },
  { "u:p@ftp.h", GUESS, "ftp://u:p@ftp.h/" },
  { "dict.h", GUESS, "dict://dict.h/" },
  { "ldap.h", GUESS, "ldap://ldap.h/" },
  { "imap.h", GUESS, "imap://imap.h/" },
  { "smtp.h", GUESS, "smtp://smtp.h/" },
  { "pop3.h", GUESS, "pop3://pop3.h/" },
  { "ftp", GUESS, "http://ftp/" },
  { "ftpx.h", GUESS, "http://ftpx.h/" },
  { "mailto:a@b", GUESS, "http://mailto:a@b/" },
  { "[::1]:81", GUESS, "http://[::1]:81/" },
  { "h?http://x", GUESS, "http://h/?http://x" },
  { "https:/h", GUESS, "https://h/" },
  { "ws://h", 0, "ws://h/" },
  { "socks5h://u@h:1", 0, "socks5h://u@h:1/" },
};

static void
test_normalised (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (normalised); i++)
    {
      g_autoptr (GmUrl) url = parse (normalised[i].text, normalised[i].flags);
      g_autoptr (GmUrl) again = parse (gm_url_get_text (url), normalised[i].flags);

      g_assert_cmpstr (gm_url_get_text (url), ==, normalised[i].wanted);
      g_assert_cmpstr (gm_url_get_text (again), ==, normalised[i].wanted);
    }
}

/* --- what is refused, why, and where --- */

typedef struct
{
  GmSpan text;
  GmUrlFlags flags;
  GmResult result;
  GmUrlFault fault;
  gsize offset;
} Refused;

static const Refused refused_texts[] = {
#define V(text, flags, result, fault, offset)                                                                          \
  { { text, sizeof (text) - 1 }, flags, GM_##result, GM_URL_FAULT_##fault, offset }
  V ("", 0, BAD_URL, EMPTY, 0),
  V ("", GUESS, BAD_URL, EMPTY, 0),
  /* scheme */
  V ("h/x", 0, BAD_URL, NO_SCHEME, 0),
  V ("://h", 0, BAD_URL, NO_SCHEME, 0),
  V ("//h/x", 0, BAD_URL, NO_SCHEME, 0),
  V ("1a://h", 0, BAD_URL, NO_SCHEME, 0),
  V ("+a://h", 0, BAD_URL, NO_SCHEME, 0),
  V ("ht tp://h", 0, BAD_URL, NO_SCHEME, 0),
  V ("http", 0, BAD_URL, NO_SCHEME, 0),
  V ("\0http://h", 0, BAD_URL, NO_SCHEME, 0),
  V ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa://h", ANY, BAD_URL, NO_SCHEME, 0),
  V ("foo://h", 0, UNSUPPORTED_SCHEME, UNKNOWN_SCHEME, 0),
  V ("foo://h", GUESS, UNSUPPORTED_SCHEME, UNKNOWN_SCHEME, 0),
  V ("mailto:a@b", 0, UNSUPPORTED_SCHEME, UNKNOWN_SCHEME, 0),
  V ("localhost:80", 0, UNSUPPORTED_SCHEME, UNKNOWN_SCHEME, 0),
  V ("http:h", 0, BAD_URL, SLASHES, 5),
  V ("http:", 0, BAD_URL, SLASHES, 5),
  V ("http:////h", 0, BAD_URL, SLASHES, 5),
  V ("http:\\\\h", 0, BAD_URL, SLASHES, 5),
  /* host */
  V ("http://", 0, BAD_HOST, NO_HOST, 7),
  V ("http:///", 0, BAD_HOST, NO_HOST, 8),
  V ("http://?x", 0, BAD_HOST, NO_HOST, 7),
  V ("http://#x", 0, BAD_HOST, NO_HOST, 7),
  V ("http://:80/", 0, BAD_HOST, NO_HOST, 7),
  V ("http://u@/", 0, BAD_HOST, NO_HOST, 9),
  V ("foo:///", ANY, BAD_HOST, NO_HOST, 7),
  V ("/x", GUESS, BAD_HOST, NO_HOST, 0),
  V ("//h/x", GUESS, BAD_HOST, NO_HOST, 0),
  V ("?x", GUESS, BAD_HOST, NO_HOST, 0),
  V ("#x", GUESS, BAD_HOST, NO_HOST, 0),
  V (" h", GUESS, BAD_HOST, HOST_BYTE, 0),
  V ("h ", GUESS, BAD_HOST, HOST_BYTE, 1),
  V ("http://a b/", FOLLOW, BAD_HOST, HOST_BYTE, 8),
  V ("http://a\0b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a\rb/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a\x7f/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a\\b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a@b@h/", 0, BAD_HOST, HOST_BYTE, 10),
  V ("http://a%2fb/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a%23b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a%40b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a%3a80/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a%5cb/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a%20b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a%00b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a%0d%0ab/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a%25b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a%/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a%4/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a%4g/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a;b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a|b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a&b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a+b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a(b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a]b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a[b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a<b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a`b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://a\"b/", 0, BAD_HOST, HOST_BYTE, 8),
  V ("http://[", 0, BAD_HOST, HOST_IPV6, 7),
  V ("http://[::1", 0, BAD_HOST, HOST_IPV6, 7),
  V ("http://[::1/]", 0, BAD_HOST, HOST_IPV6, 7),
  V ("http://[]/", 0, BAD_HOST, HOST_IPV6, 8),
  V ("http://[::1 ]/", 0, BAD_HOST, HOST_IPV6, 8),
  V ("http://[::1\0]/", 0, BAD_HOST, HOST_IPV6, 8),
  V ("http://[1.2.3.4]/", 0, BAD_HOST, HOST_IPV6, 8),
  V ("http://[v1.x]/", 0, BAD_HOST, HOST_IPV6, 8),
  V ("http://[1:2:3:4:5:6:7]/", 0, BAD_HOST, HOST_IPV6, 8),
  V ("http://[1:2:3:4:5:6:7:8:9]/", 0, BAD_HOST, HOST_IPV6, 8),
  V ("http://[::1::]/", 0, BAD_HOST, HOST_IPV6, 8),
  V ("http://[12345::]/", 0, BAD_HOST, HOST_IPV6, 8),
  V ("http://[::256.1.1.1]/", 0, BAD_HOST, HOST_IPV6, 8),
  V ("http://[0000000000000000000000000000000000000000000000000001::]/", 0, BAD_HOST, HOST_IPV6, 8),
  V ("http://[%25eth0]/", 0, BAD_HOST, HOST_IPV6, 8),
  V ("http://[fe80::1%]/", 0, BAD_HOST, HOST_ZONE, 16),
  V ("http://[fe80::1%25a/b]/", 0, BAD_HOST, HOST_IPV6, 7),
  V ("http://[fe80::1%25a b]/", 0, BAD_HOST, HOST_ZONE, 19),
  V ("http://[fe80::1%25a%00]/", 0, BAD_HOST, HOST_ZONE, 19),
  V ("http://[fe80::1%251234567890123456]/", 0, BAD_HOST, HOST_ZONE, 16),
  V ("file://h/x", 0, BAD_HOST, FILE_HOST, 7),
  V ("file://localhost:80/x", 0, BAD_HOST, FILE_HOST, 7),
  V ("file://u@localhost/x", 0, BAD_HOST, FILE_HOST, 7),
  V ("file://", 0, BAD_URL, SLASHES, 7),
  V ("file://localhost", 0, BAD_URL, SLASHES, 16),
  V ("file:", 0, BAD_URL, SLASHES, 5),
  V ("file:x", 0, BAD_URL, SLASHES, 5),
  V ("file:?x", 0, BAD_URL, SLASHES, 5),
  /* port */
  V ("http://h:65536/", 0, BAD_PORT, PORT, 9),
  V ("http://h:99999999999999999999/", 0, BAD_PORT, PORT, 9),
  V ("http://h:4294967376/", 0, BAD_PORT, PORT, 9),
  V ("http://h:-1/", 0, BAD_PORT, PORT, 9),
  V ("http://h:+80/", 0, BAD_PORT, PORT, 9),
  V ("http://h: 80/", FOLLOW, BAD_PORT, PORT, 9),
  V ("http://h:80x/", 0, BAD_PORT, PORT, 11),
  V ("http://h:80:90/", 0, BAD_PORT, PORT, 11),
  V ("http://h:8\0/", 0, BAD_PORT, PORT, 10),
  V ("http://[::1]x/", 0, BAD_PORT, PORT, 12),
  V ("http://::1/", 0, BAD_HOST, NO_HOST, 7),
  V ("http:x", GUESS, BAD_PORT, PORT, 5),
  V ("http:", GUESS, BAD_PORT, PORT, 5),
  V ("1a://h", GUESS, BAD_PORT, PORT, 3),
  /* login */
  V ("http://u@h/", GM_URL_NO_USER, CREDENTIALS_REFUSED, LOGIN, 7),
  V ("http://u:p@h/", GM_URL_NO_USER, CREDENTIALS_REFUSED, LOGIN, 7),
  V ("http://@h/", GM_URL_NO_USER, CREDENTIALS_REFUSED, LOGIN, 7),
  V ("u@h", GUESS | GM_URL_NO_USER, CREDENTIALS_REFUSED, LOGIN, 0),
  /* bytes that no URL has */
  V ("http://h/\0", 0, BAD_URL, CONTROL_BYTE, 9),
  V ("http://h/\r\nX: y", FOLLOW, BAD_URL, CONTROL_BYTE, 9),
  V ("http://h/a\tb", FOLLOW, BAD_URL, CONTROL_BYTE, 10),
  V ("http://h/\x7f", FOLLOW, BAD_URL, CONTROL_BYTE, 9),
  V ("http://h/?\x01", FOLLOW, BAD_URL, CONTROL_BYTE, 10),
  V ("http://h/#\x1f", FOLLOW, BAD_URL, CONTROL_BYTE, 10),
  V ("http://u\n@h/", FOLLOW, BAD_URL, CONTROL_BYTE, 8),
  V ("http://u:\n@h/", FOLLOW, BAD_URL, CONTROL_BYTE, 9),
  V ("data:,\n", FOLLOW, BAD_URL, CONTROL_BYTE, 6),
  V ("file:///\n", FOLLOW, BAD_URL, CONTROL_BYTE, 8),
  V ("http://h/a b", 0, BAD_URL, SPACE, 10),
  V ("http://h/a b", GM_URL_ENCODE, BAD_URL, SPACE, 10),
  V ("http://h/?a b", 0, BAD_URL, SPACE, 11),
  V ("http://h/#a b", 0, BAD_URL, SPACE, 11),
  V ("http://u u@h/", 0, BAD_URL, SPACE, 8),
  V ("data:, ", 0, BAD_URL, SPACE, 6),
#undef V
};

static void
test_refused (void)
{
  GmUrl *const nothing = (GmUrl *) refused_texts;

  for (gsize i = 0; i < G_N_ELEMENTS (refused_texts); i++)
    {
      const Refused *wanted = &refused_texts[i];
      GmUrlComplaint complaint = { GM_N_URL_FAULTS, 12345 };
      GmUrl *url = nothing;
      GmResult result = gm_url_parse_full (wanted->text.data, wanted->text.len, wanted->flags, NULL, &complaint, &url);

      show (wanted->text.data);
      assert_result (result, wanted->result);
      g_assert_cmpstr (gm_url_fault_name (complaint.fault), ==, gm_url_fault_name (wanted->fault));
      g_assert_cmpuint (complaint.offset, ==, wanted->offset);
      assert_result (gm_url_parse (wanted->text.data, wanted->text.len, wanted->flags, &url), wanted->result);
      g_assert_true (url == nothing);
    }
}

/* --- names that are not ASCII --- */

static void
test_idn (void)
{
#if HAVE_IDN2
  static const struct
  {
    const char *text;
    const char *wanted; /* %NULL: refused */
  } vectors[] = {
    { "http://\xc3\xa9.com/", "http://xn--9ca.com/" },
    { "http://\xc3\x89.COM:81/", "http://xn--9ca.com:81/" },
    { "http://%c3%a9.com/", "http://xn--9ca.com/" },
    { "http://e\xcc\x81.com/", "http://xn--9ca.com/" },           /* combining accent: NFC */
    { "http://fa\xc3\x9f.de/", "http://xn--fa-hia.de/" },         /* sharp s stays itself */
    { "http://a\xe3\x80\x82" "b/", "http://a.b/" },               /* ideographic full stop */
    { "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.1/", "http://127.0.0.1/" }, /* fullwidth digits */
    { "http://\xe2\x84\x80.com/", NULL },                         /* account of: maps to "a/c" */
    { "http://a\xef\xbc\x8f" "b/", NULL },                        /* fullwidth slash */
    { "http://a\xef\xbc\xa0" "b/", NULL },                        /* fullwidth at */
    { "http://a\xef\xbc\x9a" "80/", NULL },                       /* fullwidth colon */
    { "http://\xc2\xad/", NULL },                                 /* soft hyphen: nothing is left */
    { "http://a\xff.com/", NULL },                                /* not UTF-8 */
    { "http://a%ff.com/", NULL },
    { "http://\xed\xa0\x80.com/", NULL },                         /* surrogate */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      GmUrlComplaint complaint = { GM_URL_FAULT_NONE };
      GmUrl *refused = NULL;

      show (vectors[i].text);
      if (vectors[i].wanted != NULL)
        {
          g_autoptr (GmUrl) url = parse (vectors[i].text, 0);

          g_assert_cmpstr (gm_url_get_text (url), ==, vectors[i].wanted);
          continue;
        }
      assert_result (gm_url_parse_full (vectors[i].text, strlen (vectors[i].text), 0, NULL, &complaint, &refused),
                     GM_BAD_HOST);
      g_assert_cmpstr (gm_url_fault_name (complaint.fault), ==, "HOST_IDN");
      g_assert_cmpuint (complaint.offset, ==, 7);
      g_assert_null (refused);
    }
#else
  GmUrlComplaint complaint;
  GmUrl *refused = NULL;

  assert_result (gm_url_parse_full ("http://\xc3\xa9/", 10, 0, NULL, &complaint, &refused), GM_BAD_HOST);
  g_assert_cmpstr (gm_url_fault_name (complaint.fault), ==, "NO_IDN");
#endif
}

/* --- getters --- */

static void
test_pieces (void)
{
  g_autoptr (GmUrl) full = parse ("https://me:pw@Example.com:8443/a/b?c=d#frag", 0);
  g_autoptr (GmUrl) bare = parse ("http://h", 0);
  g_autoptr (GmUrl) data = parse ("data:,x?y#z", 0);
  g_autoptr (GmUrl) zone = parse ("http://[fe80::1%25eth0]:81/x", 0);
  g_autoptr (GmUrl) zone_default_port = parse ("http://[fe80::1%25eth0]:80/x", 0);
  g_autoptr (GmUrl) high = parse ("http://h/\xc3\xa9", 0);
  g_autoptr (GmUrl) high_encoded = parse ("http://h/\xc3\xa9", GM_URL_ENCODE);
  g_autoptr (GmUrl) high_query = parse ("http://h/?\xc3\xa9", 0);

  g_assert_cmpint (gm_url_get_scheme (full), ==, GM_SCHEME_HTTPS);
  assert_span (gm_url_get_scheme_name (full), "https");
  assert_span (gm_url_get_user (full), "me");
  assert_span (gm_url_get_password (full), "pw");
  assert_span (gm_url_get_host (full), "example.com");
  assert_span (gm_url_get_path (full), "/a/b");
  assert_span (gm_url_get_query (full), "c=d");
  assert_span (gm_url_get_fragment (full), "frag");
  assert_span (gm_url_get_request_target (full), "/a/b?c=d");
  assert_span (gm_url_get_authority_for_host_header (full), "example.com:8443");
  assert_span (gm_url_get_text_without_fragment (full), "https://me:pw@example.com:8443/a/b?c=d");
  g_assert_true (gm_url_has_user (full) && gm_url_has_password (full) && gm_url_has_port (full));
  g_assert_true (gm_url_has_query (full) && gm_url_has_fragment (full));
  g_assert_cmpuint (gm_url_get_port (full), ==, 8443);

  g_assert_false (gm_url_has_user (bare) || gm_url_has_password (bare) || gm_url_has_port (bare));
  g_assert_false (gm_url_has_query (bare) || gm_url_has_fragment (bare) || gm_url_host_is_ipv6 (bare));
  assert_span (gm_url_get_request_target (bare), "/");
  assert_span (gm_url_get_user (bare), "");
  assert_span (gm_url_get_zone (bare), "");
  g_assert_cmpuint (gm_url_get_port (bare), ==, 80);

  assert_span (gm_url_get_path (data), ",x?y");
  assert_span (gm_url_get_request_target (data), ",x?y");
  assert_span (gm_url_get_fragment (data), "z");
  assert_span (gm_url_get_host (data), "");
  assert_span (gm_url_get_authority_for_host_header (data), "");
  g_assert_false (gm_url_has_query (data));
  g_assert_cmpuint (gm_url_get_port (data), ==, 0);

  g_assert_true (gm_url_path_has_high (high));
  g_assert_false (gm_url_path_has_high (high_encoded) || gm_url_path_has_high (high_query) || gm_url_path_has_high (full));

  g_assert_true (gm_url_host_is_ipv6 (zone));
  assert_span (gm_url_get_host (zone), "fe80::1");
  assert_span (gm_url_get_zone (zone), "eth0");
  assert_span (gm_url_get_authority_for_host_header (zone), "[fe80::1]:81");
  assert_span (gm_url_get_authority_for_host_header (zone_default_port), "[fe80::1]");
}

static void
test_host_header (void)
{
  static const struct
  {
    const char *text;
    const char *wanted;
    guint16 port;
  } vectors[] = {
    { "http://h:80/", "h", 80 },
    { "http://h:443/", "h:443", 443 },
    { "https://h:443/", "h", 443 },
    { "http://h:0/", "h:0", 0 },
    { "http://1/", "0.0.0.1", 80 },
    { "http://[::1]/", "[::1]", 80 },
    { "http://[::1]:80/", "[::1]", 80 },
    { "http://[::1]:8080/", "[::1]:8080", 8080 },
    { "http://u:p@h:65535/", "h:65535", 65535 },
    { "http://h./", "h.", 80 },
    { "file:///x", "", 0 },
    { "ftp://h", "h", 21 },
    { "ftps://h", "h", 990 },
    { "telnet://h", "h", 23 },
    { "ws://h:80", "h", 80 },
    { "wss://h", "h", 443 },
    { "socks5://h", "h", 1080 },
    { "foo://h", "h", 0 },
    { "foo://h:7", "h:7", 7 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (GmUrl) url = parse (vectors[i].text, ANY);

      assert_span (gm_url_get_authority_for_host_header (url), vectors[i].wanted);
      g_assert_cmpuint (gm_url_get_port (url), ==, vectors[i].port);
    }
}

static void
test_schemes (void)
{
  for (int i = GM_SCHEME_OTHER + 1; i < GM_N_SCHEMES; i++)
    {
      const char *name = gm_scheme_get_name ((GmScheme) i);
      g_autofree char *upper = g_ascii_strup (name, -1);

      g_assert_cmpint (gm_scheme_find (gm_span (name, strlen (name))), ==, i);
      g_assert_cmpint (gm_scheme_find (gm_span (upper, strlen (upper))), ==, i);
    }
  g_assert_cmpint (gm_scheme_find (GM_SPAN ("")), ==, GM_SCHEME_OTHER);
  g_assert_cmpint (gm_scheme_find (GM_SPAN ("htt")), ==, GM_SCHEME_OTHER);
  g_assert_cmpint (gm_scheme_find (GM_SPAN ("httpx")), ==, GM_SCHEME_OTHER);
  g_assert_cmpstr (gm_scheme_get_name (GM_SCHEME_OTHER), ==, "");
  g_assert_cmpuint (gm_scheme_get_port (GM_SCHEME_OTHER), ==, 0);
  g_assert_cmpuint (gm_scheme_get_port (GM_SCHEME_HTTPS), ==, 443);
  g_assert_cmpstr (gm_scheme_get_name (GM_N_SCHEMES), ==, "");
}

static void
test_default_scheme (void)
{
  static const struct
  {
    const char *text;
    GmUrlFlags flags;
    const char *default_scheme;
    const char *wanted; /* or the fault */
  } vectors[] = {
    { "h/x", 0, "https", "https://h/x" },
    { "ftp.h/x", GUESS, "HTTPS", "https://ftp.h/x" },
    { "h:81", 0, "https", "https://h:81/" },
    { "http://h/x", 0, "https", "http://h/x" },
    { "data:,x", 0, "https", "data:,x" },
    { "/etc/../x", 0, "file", "file:///x" },
    { "h", ANY, "foo", "foo:h" },
    { "h", 0, "foo", "UNKNOWN_SCHEME" },
    { "h", ANY, "f o", "NO_SCHEME" },
    { "h", ANY, "", "NO_SCHEME" },
    { "h", ANY, "http:", "NO_SCHEME" },
    { "h", ANY, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "NO_SCHEME" },
    { "h:", 0, "https", "PORT" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (GmUrl) url = NULL;
      GmUrlComplaint complaint = { GM_URL_FAULT_NONE };

      if (gm_url_parse_full (vectors[i].text, strlen (vectors[i].text), vectors[i].flags, vectors[i].default_scheme,
                             &complaint, &url) == GM_OK)
        g_assert_cmpstr (gm_url_get_text (url), ==, vectors[i].wanted);
      else
        g_assert_cmpstr (gm_url_fault_name (complaint.fault), ==, vectors[i].wanted);
    }
}

static void
test_login (void)
{
  g_autoptr (GmUrl) encoded = parse ("http://m%65%0a:p%40%2f%zz%@h/", 0);
  g_autoptr (GmUrl) nul = parse ("http://a%00b:c%00@h/", 0);
  g_autoptr (GmUrl) none = parse ("http://h/", 0);
  g_autoptr (GmUrl) empty = parse ("http://:@h/", 0);
  g_autofree char *user = NULL;
  g_autofree char *password = NULL;
  g_autofree char *empty_user = NULL;
  g_autofree char *empty_password = NULL;
  char *refused = NULL;

  assert_result (gm_url_dup_user (encoded, FALSE, &user), GM_OK);
  g_assert_cmpstr (user, ==, "me\n");
  assert_result (gm_url_dup_user (encoded, TRUE, &refused), GM_BAD_URL);
  g_assert_null (refused);
  assert_result (gm_url_dup_password (encoded, TRUE, &password), GM_OK);
  g_assert_cmpstr (password, ==, "p@/%zz%");
  assert_result (gm_url_dup_user (nul, FALSE, &refused), GM_BAD_URL);
  assert_result (gm_url_dup_password (nul, FALSE, &refused), GM_BAD_URL);
  g_assert_null (refused);
  assert_result (gm_url_dup_user (none, TRUE, &refused), GM_OK);
  assert_result (gm_url_dup_password (none, TRUE, &refused), GM_OK);
  g_assert_null (refused);
  assert_result (gm_url_dup_user (empty, TRUE, &empty_user), GM_OK);
  assert_result (gm_url_dup_password (empty, TRUE, &empty_password), GM_OK);
  g_assert_cmpstr (empty_user, ==, "");
  g_assert_cmpstr (empty_password, ==, "");
}

static void
test_unescape (void)
{
  g_autofree char *text = NULL;
  char *refused = NULL;
  gsize len = 0;

  assert_result (gm_url_unescape (GM_SPAN ("a%20b%fF%\x01%4+"), FALSE, &text, &len), GM_OK);
  g_assert_cmpmem (text, len + 1, "a b\xff%\x01%4+", 10);
  assert_result (gm_url_unescape (GM_SPAN ("a\x01"), TRUE, &refused, NULL), GM_BAD_URL);
  assert_result (gm_url_unescape (GM_SPAN ("a%7f"), TRUE, &refused, NULL), GM_BAD_URL);
  assert_result (gm_url_unescape (GM_SPAN ("a\0"), FALSE, &refused, NULL), GM_BAD_URL);
  g_assert_null (refused);
}

static void
test_same_origin (void)
{
  static const struct
  {
    const char *a;
    const char *b;
    gboolean same;
  } vectors[] = {
    { "http://h/a", "HTTP://u:p@H:80/b?c#d", TRUE },
    { "https://h:443/", "https://h/", TRUE },
    { "http://[::1]/", "http://[0::1]/", TRUE },
    { "http://1/", "http://0.0.0.1/", TRUE },
    { "foo://h/", "FOO://h/", TRUE },
    { "foo://h/", "bar://h/", FALSE },
    { "http://h/", "https://h/", FALSE },
    { "http://h:443/", "https://h/", FALSE },
    { "http://h/", "http://h:81/", FALSE },
    { "http://h/", "http://h./", FALSE },
    { "http://h/", "http://hh/", FALSE },
    { "http://h/", "ws://h/", FALSE },
    { "http://[fe80::1%25a]/", "http://[fe80::1%25b]/", FALSE },
    { "file:///a", "file:///a", FALSE },
    { "data:,", "data:,", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (GmUrl) a = parse (vectors[i].a, ANY);
      g_autoptr (GmUrl) b = parse (vectors[i].b, ANY);

      g_assert_cmpint (gm_url_same_origin (a, b), ==, vectors[i].same);
      g_assert_cmpint (gm_url_same_origin (b, a), ==, vectors[i].same);
    }
}

static void
test_log_text (void)
{
  static const char *const vectors[][2] = {
    { "http://u:p@h:81/a?b#c", "http://h:81/a?b" },
    { "http://u:p@[fe80::1%25x]/a#c", "http://[fe80::1%25x]/a" },
    { "http://@h/", "http://h/" },
    { "http://h/a@b", "http://h/a@b" },
    { "file:///a#b", "file:///a" },
    { "data:,x#y", "data:,x" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (GmUrl) url = parse (vectors[i][0], 0);
      g_autofree char *text = gm_url_dup_log_text (url);

      g_assert_cmpstr (text, ==, vectors[i][1]);
    }
}

/* --- seen from a base --- */

static void
assert_resolves (const char *base_text,
                 const char *ref,
                 GmUrlFlags flags,
                 const char *wanted)
{
  g_autoptr (GmUrl) base = parse (base_text, ANY | AS_IS | GM_URL_ALLOW_SPACE);
  g_autoptr (GmUrl) url = NULL;
  GmResult result = gm_url_resolve (base, ref, strlen (ref), flags, &url);

  show (ref);
  if (wanted[0] == '!')
    {
      g_assert_cmpstr (gm_result_name (result), ==, wanted + 1);
      g_assert_null (url);
      return;
    }
  assert_result (result, GM_OK);
  assert_sound (url);
  g_assert_cmpstr (gm_url_get_text (url), ==, wanted);
}

/* RFC 3986, 5.4.1 and 5.4.2, without exception. */
static void
test_resolve_rfc (void)
{
  static const char *const vectors[][2] = {
    { "g:h", "g:h" },
    { "g", "http://a/b/c/g" },
    { "./g", "http://a/b/c/g" },
    { "g/", "http://a/b/c/g/" },
    { "/g", "http://a/g" },
    { "//g", "http://g/" },
    { "?y", "http://a/b/c/d;p?y" },
    { "g?y", "http://a/b/c/g?y" },
    { "#s", "http://a/b/c/d;p?q#s" },
    { "g#s", "http://a/b/c/g#s" },
    { "g?y#s", "http://a/b/c/g?y#s" },
    { ";x", "http://a/b/c/;x" },
    { "g;x", "http://a/b/c/g;x" },
    { "g;x?y#s", "http://a/b/c/g;x?y#s" },
    { "", "http://a/b/c/d;p?q" },
    { ".", "http://a/b/c/" },
    { "./", "http://a/b/c/" },
    { "..", "http://a/b/" },
    { "../", "http://a/b/" },
    { "../g", "http://a/b/g" },
    { "../..", "http://a/" },
    { "../../", "http://a/" },
    { "../../g", "http://a/g" },
    { "../../../g", "http://a/g" },
    { "../../../../g", "http://a/g" },
    { "/./g", "http://a/g" },
    { "/../g", "http://a/g" },
    { "g.", "http://a/b/c/g." },
    { ".g", "http://a/b/c/.g" },
    { "g..", "http://a/b/c/g.." },
    { "..g", "http://a/b/c/..g" },
    { "./../g", "http://a/b/g" },
    { "./g/.", "http://a/b/c/g/" },
    { "g/./h", "http://a/b/c/g/h" },
    { "g/../h", "http://a/b/c/h" },
    { "g;x=1/./y", "http://a/b/c/g;x=1/y" },
    { "g;x=1/../y", "http://a/b/c/y" },
    { "g?y/./x", "http://a/b/c/g?y/./x" },
    { "g?y/../x", "http://a/b/c/g?y/../x" },
    { "g#s/./x", "http://a/b/c/g#s/./x" },
    { "g#s/../x", "http://a/b/c/g#s/../x" },
    { "http:g", "http://a/b/c/g" }, /* the lenient reading */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    assert_resolves ("http://a/b/c/d;p?q", vectors[i][0], ANY, vectors[i][1]);
}

static void
test_resolve (void)
{
  static const char base[] = "http://u:p@h:81/a/b/c?q=1#f";
  static const struct
  {
    const char *base;
    const char *ref;
    GmUrlFlags flags;
    const char *wanted;
  } vectors[] = {
    { base, "x y?a b#c d", FOLLOW, "http://u:p@h:81/a/b/x%20y?a+b#c%20d" },
    { base, "\xc3\xa9?\xc3\xa9", FOLLOW, "http://u:p@h:81/a/b/%c3%a9?%c3%a9" },
    { base, "//o", FOLLOW, "http://o/" },
    { base, "//v:w@o:82/x", FOLLOW, "http://v:w@o:82/x" },
    { base, "///o/x", FOLLOW, "http://o/x" },
    { base, "////x", FOLLOW, "!BAD_URL" },
    { base, "https://o", FOLLOW, "https://o/" },
    { base, "HTTP://O", FOLLOW, "http://o/" },
    { base, "HTTP:/o", FOLLOW, "http://u:p@h:81/o" },
    { base, "https:/o", FOLLOW, "https://o/" },
    { base, "http:", FOLLOW, "http://u:p@h:81/a/b/c?q=1" },
    { base, "http:#g", FOLLOW, "http://u:p@h:81/a/b/c?q=1#g" },
    { base, "", FOLLOW, "http://u:p@h:81/a/b/c?q=1" },
    { base, "#", FOLLOW, "http://u:p@h:81/a/b/c?q=1#" },
    { base, "?", FOLLOW, "http://u:p@h:81/a/b/c?" },
    { base, "?a:b", FOLLOW, "http://u:p@h:81/a/b/c?a:b" },
    { base, "./a:b", FOLLOW, "http://u:p@h:81/a/b/a:b" },
    { base, "1:b", FOLLOW, "http://u:p@h:81/a/b/1:b" },
    { base, "a:b", FOLLOW, "!UNSUPPORTED_SCHEME" },
    { base, "ftp.h", FOLLOW | GUESS, "http://u:p@h:81/a/b/ftp.h" },
    { base, "localhost:80", FOLLOW | GUESS, "!UNSUPPORTED_SCHEME" },
    { base, "\\\\o\\x", FOLLOW, "http://u:p@h:81/a/b/\\\\o\\x" },
    { base, "/\\o/x", FOLLOW, "http://u:p@h:81/\\o/x" },
    { base, " /x", FOLLOW, "http://u:p@h:81/a/b/%20/x" },
    { base, "x\r\nSet-Cookie: y", FOLLOW, "!BAD_URL" },
    { base, "x y", 0, "!BAD_URL" },
    { base, "//o:99999/", FOLLOW, "!BAD_PORT" },
    { base, "//a b/", FOLLOW, "!BAD_HOST" },
    { base, "//", FOLLOW, "!BAD_HOST" },
    { base, "//v@o/", FOLLOW | GM_URL_NO_USER, "!CREDENTIALS_REFUSED" },
    { base, "data:,x", FOLLOW, "data:,x" },
    { base, "file:///etc/x", FOLLOW, "file:///etc/x" },
    { "http://h", "x", 0, "http://h/x" },
    { "http://h?y", "x", 0, "http://h/x" },
    { "http://h/a//b", "../x", 0, "http://h/a/x" },
    { "http://h/a/b/../c", "x", 0, "http://h/a/x" },
    { "http://h/a/b/../c", "x", AS_IS, "http://h/a/x" },
    { "http://h/a/b", "/c/../d", AS_IS, "http://h/c/../d" },
    { "http://h/a/b", "../d", AS_IS, "http://h/d" },
    { "http://h/a/b/../c", "?x", AS_IS, "http://h/a/b/../c?x" },
    { "http://h/a", "http://o/b/../c", AS_IS, "http://o/b/../c" },
    { "http://[fe80::1%25x]:81/a", "/b", 0, "http://[fe80::1%25x]:81/b" },
    { "https://h/a", "http:b", 0, "!BAD_URL" },
    { "file:///a/b", "../../x", 0, "file:///x" },
    { "file:///a/b", "?x", 0, "file:///a/b?x" },
    { "file:///a/b", "//localhost/x", 0, "file:///x" },
    { "file:///a/b", "//h/x", 0, "!BAD_HOST" },
    { "file:////a", "?x", 0, "file:////a?x" },
    { "data:,x", "#y", 0, "data:,x#y" },
    { "data:,x#z", "", 0, "data:,x" },
    { "data:,x", "y", 0, "!BAD_URL" },
    { "data:/x", "/y", 0, "!BAD_URL" },
    { "data:,x", "//h/", 0, "!BAD_URL" },
    { "foo://h/a/b", "c", 0, "foo://h/a/c" },
    { "foo:/a/b", "c", 0, "!BAD_URL" },
    { "http://h/a b/c", "d", FOLLOW, "http://h/a%20b/d" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    assert_resolves (vectors[i].base, vectors[i].ref, vectors[i].flags, vectors[i].wanted);
}

static void
test_resolve_complaint (void)
{
  static const struct
  {
    const char *ref;
    const char *fault;
    gsize offset;
  } vectors[] = {
    { "x\ny", "CONTROL_BYTE", 1 },
    { "http:x\ny", "CONTROL_BYTE", 6 },
    { "https://a b/", "HOST_BYTE", 9 },
    { "//a b/", "HOST_BYTE", 3 },
    { "//h:x/", "PORT", 4 },
    { "?a b", "SPACE", 2 },
    { "foo:x", "UNKNOWN_SCHEME", 0 },
  };
  g_autoptr (GmUrl) base = parse ("http://host/a/b?c", 0);

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      GmUrlComplaint complaint = { GM_URL_FAULT_NONE };
      GmUrl *refused = NULL;
      GmResult result = gm_url_resolve_full (base, vectors[i].ref, strlen (vectors[i].ref), 0, &complaint, &refused);

      g_assert_cmpint (result, !=, GM_OK);
      g_assert_cmpstr (gm_url_fault_name (complaint.fault), ==, vectors[i].fault);
      g_assert_cmpuint (complaint.offset, ==, vectors[i].offset);
    }
}

/* --- variants --- */

static void
assert_variant (GmResult result,
                GmUrl *url,
                const char *wanted)
{
  g_autoptr (GmUrl) owned = url;

  if (wanted == NULL)
    {
      g_assert_cmpint (result, !=, GM_OK);
      g_assert_null (url);
      return;
    }
  assert_result (result, GM_OK);
  assert_sound (owned);
  g_assert_cmpstr (gm_url_get_text (owned), ==, wanted);
}

static void
test_variants (void)
{
  static const struct
  {
    const char *text;
    const char *with_fragment;
    const char *without_fragment;
    const char *with_port;
    const char *with_https;
    const char *without_login;
  } vectors[] = {
    { "http://h/a", "http://h/a#n f", "http://h/a", "http://h:7/a", "https://h/a", "http://h/a" },
    { "http://u:p@h:80/a?b#c", "http://u:p@h:80/a?b#n f", "http://u:p@h:80/a?b", "http://u:p@h:7/a?b#c",
      "https://u:p@h:443/a?b#c", "http://h:80/a?b#c" },
    { "http://u@[fe80::1%25x]:81/../", "http://u@[fe80::1%25x]:81/../#n f", "http://u@[fe80::1%25x]:81/../",
      "http://u@[fe80::1%25x]:7/../", "https://u@[fe80::1%25x]:81/../", "http://[fe80::1%25x]:81/../" },
    { "data:,x#y", "data:,x#n f", "data:,x", NULL, NULL, "data:,x#y" },
    { "file:///x y", "file:///x y#n f", "file:///x y", NULL, NULL, "file:///x y" },
    { "foo://h", "foo://h/#n f", "foo://h/", "foo://h:7/", "https://h/", "foo://h/" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (GmUrl) url = parse (vectors[i].text, AS_IS | ANY | GM_URL_ALLOW_SPACE);
      GmUrl *other = NULL;
      GmResult result = gm_url_with_fragment (url, GM_SPAN ("n f"), &other);

      assert_variant (result, other, vectors[i].with_fragment);
      result = gm_url_with_fragment (url, gm_span (NULL, 0), &other);
      assert_variant (result, other, vectors[i].without_fragment);
      other = NULL;
      result = gm_url_with_port (url, 7, &other);
      assert_variant (result, other, vectors[i].with_port);
      other = NULL;
      result = gm_url_with_scheme (url, GM_SCHEME_HTTPS, &other);
      assert_variant (result, other, vectors[i].with_https);
      other = NULL;
      result = gm_url_without_login (url, &other);
      assert_variant (result, other, vectors[i].without_login);
      other = NULL;
      assert_variant (gm_url_with_scheme (url, GM_SCHEME_FILE, &other), other, NULL);
      assert_variant (gm_url_with_scheme (url, GM_SCHEME_OTHER, &other), other, NULL);
      assert_variant (gm_url_with_fragment (url, GM_SPAN ("a\nb"), &other), other, NULL);
    }
}

static gpointer
ref_and_unref (gpointer data)
{
  for (guint i = 0; i < 10000; i++)
    gm_url_unref (gm_url_ref (data));
  gm_url_unref (data);
  return NULL;
}

static void
test_refs (void)
{
  GmUrl *url = parse ("http://u:p@h/", 0);
  GThread *threads[4];

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("refs", ref_and_unref, gm_url_ref (url));
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (g_atomic_int_get (&url->ref_count), ==, 1);
  g_assert_cmpstr (gm_url_get_text (url), ==, "http://u:p@h/");
  gm_url_unref (url);
}

/* --- limits, at them and one past --- */

/* @head, @count times @fill, @tail. */
static char *
stretch (const char *head,
         char fill,
         gsize count,
         const char *tail)
{
  g_autofree char *middle = g_strnfill (count, fill);

  return g_strconcat (head, middle, tail, NULL);
}

static void
assert_fault (const char *text,
              gsize len,
              GmUrlFlags flags,
              GmResult wanted,
              GmUrlFault fault)
{
  g_autoptr (GmUrl) url = NULL;
  GmUrlComplaint complaint = { GM_URL_FAULT_NONE };

  assert_result (gm_url_parse_full (text, len, flags, NULL, &complaint, &url), wanted);
  g_assert_cmpstr (gm_url_fault_name (complaint.fault), ==, gm_url_fault_name (fault));
  if (wanted == GM_OK)
    assert_sound (url);
}

static void
test_limits (void)
{
  g_autofree char *longest = stretch ("http://h/", 'a', GM_URL_LENGTH_MAX - 9 + 1, "");
  g_autofree char *host = stretch ("http://", 'h', GM_URL_HOST_MAX, "/");
  g_autofree char *long_host = stretch ("http://", 'h', GM_URL_HOST_MAX + 1, "/");
  g_autofree char *encoded_host = stretch ("http://%68%68%68", 'h', GM_URL_HOST_MAX - 2, "/");
  g_autofree char *scheme = stretch ("", 's', GM_URL_SCHEME_MAX, "://h");
  g_autofree char *long_scheme = stretch ("", 's', GM_URL_SCHEME_MAX + 1, "://h");
  g_autofree char *blanks = stretch ("http://h/", ' ', (GM_URL_LENGTH_MAX - 9) / 3, "");
  g_autofree char *more_blanks = stretch ("http://h/", ' ', (GM_URL_LENGTH_MAX - 9) / 3 + 20, "");
  g_autofree char *dots = stretch ("http://h", '/', 100000, "..");
  g_autoptr (GmUrl) base = parse ("http://h/", 0);
  GmUrl *refused = NULL;

  assert_fault (longest, GM_URL_LENGTH_MAX, 0, GM_OK, GM_URL_FAULT_NONE);
  assert_fault (longest, GM_URL_LENGTH_MAX + 1, 0, GM_URL_TOO_LONG, GM_URL_FAULT_TOO_LONG);
  assert_fault (host, strlen (host), 0, GM_OK, GM_URL_FAULT_NONE);
  assert_fault (long_host, strlen (long_host), 0, GM_BAD_HOST, GM_URL_FAULT_HOST_TOO_LONG);
  assert_fault (encoded_host, strlen (encoded_host), 0, GM_BAD_HOST, GM_URL_FAULT_HOST_TOO_LONG);
  assert_fault (scheme, strlen (scheme), ANY, GM_OK, GM_URL_FAULT_NONE);
  assert_fault (long_scheme, strlen (long_scheme), ANY, GM_BAD_URL, GM_URL_FAULT_NO_SCHEME);
  assert_fault (blanks, strlen (blanks), FOLLOW, GM_OK, GM_URL_FAULT_NONE);
  assert_fault (more_blanks, strlen (more_blanks), FOLLOW, GM_URL_TOO_LONG, GM_URL_FAULT_TOO_LONG);
  assert_fault (dots, strlen (dots), 0, GM_OK, GM_URL_FAULT_NONE);
  assert_result (gm_url_resolve (base, longest + 9, GM_URL_LENGTH_MAX - 8, 0, &refused), GM_URL_TOO_LONG);
  assert_result (gm_url_resolve (base, longest, GM_URL_LENGTH_MAX + 1, 0, &refused), GM_URL_TOO_LONG);
  g_assert_null (refused);
}

/* --- whatever comes --- */

/* Every cut, and random changes, of URLs that touch each rule: what is taken is sound, what is not says where. */
static void
test_mutations (void)
{
  static const char *const seeds[] = {
    "http://user:p%40ss@example.com:8080/a/../b/./%2e%2e/c?d=e f#g",
    "https://[fe80::1%25eth0]:443/x?y#z",
    "http://0x7f.0.0.1:80/",
    "ftp.example.com:21/a//..//b",
    "file://localhost/a/b?c",
    "data:text/plain;base64,AAAA",
    "http://\xc3\xa9\xe3\x80\x82.com/\xff",
    "foo+bar:/a/../b",
    "//host/../x?y",
    "../../a/./b#c",
  };
  static const char spice[] = "/?#@:[]%.\\ \t\r\n0123456789abcdefxX~-_+&;=\x80\xc3\xff";
  g_autoptr (GmUrl) base = parse ("http://u:p@h:81/a/b/c?q=1#f", 0);
  g_autoptr (GRand) random = g_rand_new_with_seed (20240601);
  guint taken = 0;

  for (guint round = 0; round < 60000; round++)
    {
      const char *seed = seeds[round % G_N_ELEMENTS (seeds)];
      gsize len = (gsize) g_rand_int_range (random, 0, (gint32) strlen (seed) + 1);
      /* a block of its own length, so that a byte read too far is seen by the sanitizers */
      g_autofree char *text = g_memdup2 (seed, MAX (len, 1));
      GmUrlFlags flags = (GmUrlFlags) g_rand_int_range (random, 0, 64);
      GmUrlComplaint complaint = { GM_URL_FAULT_NONE, G_MAXSIZE };
      GmUrl *url = NULL;
      GmResult result;

      for (gint32 n = g_rand_int_range (random, 0, 4); n > 0 && len > 0; n--)
        text[g_rand_int_range (random, 0, (gint32) len)] = spice[g_rand_int_range (random, 0, sizeof spice)];
      if (g_rand_boolean (random))
        result = gm_url_parse_full (text, len, flags, NULL, &complaint, &url);
      else
        result = gm_url_resolve_full (base, text, len, flags, &complaint, &url);
      if (result == GM_OK)
        {
          assert_sound (url);
          gm_url_unref (url);
          taken++;
          continue;
        }
      g_assert_null (url);
      g_assert_cmpint (complaint.fault, !=, GM_URL_FAULT_NONE);
      g_assert_cmpuint (complaint.offset, <=, len);
    }
  g_test_message ("%u taken", taken);
  g_assert_cmpuint (taken, >, 5000);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/url/normalised", test_normalised);
  g_test_add_func ("/base/url/refused", test_refused);
  g_test_add_func ("/base/url/idn", test_idn);
  g_test_add_func ("/base/url/pieces", test_pieces);
  g_test_add_func ("/base/url/host-header", test_host_header);
  g_test_add_func ("/base/url/schemes", test_schemes);
  g_test_add_func ("/base/url/default-scheme", test_default_scheme);
  g_test_add_func ("/base/url/login", test_login);
  g_test_add_func ("/base/url/unescape", test_unescape);
  g_test_add_func ("/base/url/same-origin", test_same_origin);
  g_test_add_func ("/base/url/log-text", test_log_text);
  g_test_add_func ("/base/url/resolve-rfc", test_resolve_rfc);
  g_test_add_func ("/base/url/resolve", test_resolve);
  g_test_add_func ("/base/url/resolve-complaint", test_resolve_complaint);
  g_test_add_func ("/base/url/variants", test_variants);
  g_test_add_func ("/base/url/refs", test_refs);
  g_test_add_func ("/base/url/limits", test_limits);
  g_test_add_func ("/base/url/mutations", test_mutations);
  return g_test_run ();
}
