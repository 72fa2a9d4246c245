/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <curl/curl.h>

#include "kdc.h"
#include "scripted-server.h"

#include <gssapi/gssapi.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* SOCKS5 with GSSAPI (RFC 1961) in a Kerberos realm of its own, through the C face: a proxy made here, which takes tokens
 * and protects messages by GSSAPI itself, and can do each thing wrong. */

#define FRAME_MAX 65535

/* ---- the proxy ---- */

typedef enum
{
  FAULT_NONE,
  FAULT_REFUSES_TOKEN,
  FAULT_REFUSES_LEVEL,
  FAULT_WRONG_VERSION,
  FAULT_WRONG_TYPE,
  FAULT_EMPTY_TOKEN,
  FAULT_BROKEN_TOKEN,
  FAULT_ENDS_AT_TOKEN,
  FAULT_ENDS_IN_TOKEN,
  FAULT_BROKEN_LEVEL,
  FAULT_LONG_LEVEL,
  FAULT_NO_LEVEL,
  FAULT_RAW_LEVEL,
  FAULT_REFUSES_TARGET,
  FAULT_BROKEN_DATA,
  FAULT_READABLE_DATA,
  FAULT_REPEATED_DATA,
  FAULT_REFUSED_DATA,
  FAULT_ENDS_IN_DATA,
} Fault;

/* The test writes the first half before, and reads the other behind; by atomic access, and methods with the lock. */
static GMutex methods_lock;
static struct
{
  int fault; /* Fault */
  int level; /* that the proxy wants */
  gboolean nec;
  int piece; /* most of one message; 0: as it comes */
  char methods[64]; /* that the last client offered, in hex */
  gint asked; /* which level it asked for */
  gint n_logins;
  gint n_frames; /* with data, from the client */
  gint n_goodbyes; /* the client refused our token */
} script;

typedef struct
{
  int listener;
  guint16 port;
  GThread *acceptor;
  GPtrArray *threads;
} Proxy;

typedef struct
{
  int client, origin;
  gss_ctx_id_t context;
  gboolean sealed;
  GByteArray *plain; /* out of the last message, not yet used */
} Talk;

static gboolean
read_exactly (int fd,
              guint8 *data,
              gsize len)
{
  for (gsize done = 0; done < len;)
    {
      gssize n = recv (fd, data + done, len - done, 0);

      if (n <= 0)
        return FALSE;
      done += (gsize) n;
    }

  return TRUE;
}

static gboolean
write_all (int fd,
           const void *data,
           gsize len)
{
  return send (fd, data, len, MSG_NOSIGNAL) == (gssize) len;
}

static gboolean
write_frame (Talk *self,
             guint8 type,
             const void *data,
             gsize len)
{
  guint8 head[] = { 1, type, (guint8) (len >> 8), (guint8) len };

  return write_all (self->client, head, sizeof head) && write_all (self->client, data, len);
}

/* NULL: none of that type. */
static GByteArray *
read_frame (Talk *self,
            guint8 type)
{
  guint8 head[4];
  GByteArray *frame;

  if (!read_exactly (self->client, head, 2))
    return NULL;
  if (head[0] == 1 && head[1] == 255)
    g_atomic_int_inc (&script.n_goodbyes);
  if (head[0] != 1 || head[1] != type || !read_exactly (self->client, head + 2, 2))
    return NULL;
  frame = g_byte_array_new ();
  g_byte_array_set_size (frame, (guint) head[2] << 8 | head[3]);
  if (!read_exactly (self->client, frame->data, frame->len))
    g_clear_pointer (&frame, g_byte_array_unref);

  return frame;
}

static gboolean
wrap (Talk *self,
      gboolean confidential,
      const void *data,
      gsize len,
      gss_buffer_t output)
{
  gss_buffer_desc input = { len, (void *) data };
  OM_uint32 minor;

  return gss_wrap (&minor, self->context, confidential, GSS_C_QOP_DEFAULT, &input, NULL, output) == GSS_S_COMPLETE;
}

static GByteArray *
read_wrapped (Talk *self,
              guint8 type,
              gboolean must_hide)
{
  g_autoptr (GByteArray) frame = read_frame (self, type);
  gss_buffer_desc input, output = GSS_C_EMPTY_BUFFER;
  GByteArray *plain = NULL;
  OM_uint32 minor;
  int hidden = 0;

  if (frame == NULL)
    return NULL;
  input = (gss_buffer_desc){ frame->len, frame->data };
  if (gss_unwrap (&minor, self->context, &input, &output, &hidden, NULL) == GSS_S_COMPLETE && (hidden || !must_hide))
    {
      plain = g_byte_array_new ();
      g_byte_array_append (plain, output.value, (guint) output.length);
    }
  gss_release_buffer (&minor, &output);

  return plain;
}

/* ---- its login ---- */

/* FALSE: that was it. */
static gboolean
send_token (Talk *self,
            const gss_buffer_desc *token)
{
  g_autofree guint8 *copy = g_memdup2 (token->value, token->length);

  switch (g_atomic_int_get (&script.fault))
    {
    case FAULT_REFUSES_TOKEN:
      write_all (self->client, "\1\xff", 2);
      return FALSE;
    case FAULT_WRONG_VERSION:
      write_all (self->client, "\5\1\0\1x", 5);
      return FALSE;
    case FAULT_WRONG_TYPE:
      return write_frame (self, 3, token->value, token->length);
    case FAULT_EMPTY_TOKEN:
      return write_frame (self, 1, "", 0);
    case FAULT_BROKEN_TOKEN:
      copy[token->length - 4] ^= 0x55;
      break;
    case FAULT_ENDS_AT_TOKEN:
      return FALSE;
    case FAULT_ENDS_IN_TOKEN:
      write_all (self->client, "\1\1\1\0abc", 7);
      return FALSE;
    default:
      break;
    }

  return write_frame (self, 1, copy, token->length);
}

static gboolean
make_context (Talk *self)
{
  OM_uint32 major = GSS_S_CONTINUE_NEEDED, minor;
  gboolean going = TRUE;

  while (major == GSS_S_CONTINUE_NEEDED && going)
    {
      g_autoptr (GByteArray) frame = read_frame (self, 1);
      gss_buffer_desc input, output = GSS_C_EMPTY_BUFFER;

      if (frame == NULL)
        return FALSE;
      input = (gss_buffer_desc){ frame->len, frame->data };
      major = gss_accept_sec_context (&minor, &self->context, GSS_C_NO_CREDENTIAL, &input, GSS_C_NO_CHANNEL_BINDINGS, NULL,
                                      NULL, &output, NULL, NULL, NULL);
      going = output.length > 0 && send_token (self, &output);
      gss_release_buffer (&minor, &output);
    }

  return going && major == GSS_S_COMPLETE;
}

static gboolean
agree (Talk *self)
{
  g_autoptr (GByteArray) asked = g_atomic_int_get (&script.nec) ? read_frame (self, 2) : read_wrapped (self, 2, FALSE);
  guint8 level[2] = { (guint8) g_atomic_int_get (&script.level), 0 };
  gss_buffer_desc answer = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor;
  gboolean ok;

  if (asked == NULL || asked->len != 1)
    return FALSE;
  g_atomic_int_set (&script.asked, asked->data[0]);
  g_atomic_int_inc (&script.n_logins);
  if (g_atomic_int_get (&script.fault) == FAULT_REFUSES_LEVEL)
    return write_all (self->client, "\1\xff", 2) && FALSE;
  if (g_atomic_int_get (&script.fault) == FAULT_NO_LEVEL)
    level[0] = 4;
  if (g_atomic_int_get (&script.nec) || g_atomic_int_get (&script.fault) == FAULT_RAW_LEVEL)
    return write_frame (self, 2, level, 1);
  if (!wrap (self, FALSE, level, g_atomic_int_get (&script.fault) == FAULT_LONG_LEVEL ? 2 : 1, &answer))
    return FALSE;
  if (g_atomic_int_get (&script.fault) == FAULT_BROKEN_LEVEL)
    ((guint8 *) answer.value)[answer.length - 1] ^= 0x55;
  ok = write_frame (self, 2, answer.value, answer.length);
  gss_release_buffer (&minor, &answer);

  return ok;
}

/* ---- what follows ---- */

static gboolean
give (Talk *self,
      const void *data,
      gsize len)
{
  gboolean hides = g_atomic_int_get (&script.level) != 1 && g_atomic_int_get (&script.fault) != FAULT_READABLE_DATA;
  gss_buffer_desc output = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor;
  gboolean ok;

  if (!self->sealed)
    return write_all (self->client, data, len);
  if (!wrap (self, hides, data, len, &output))
    return FALSE;
  ok = write_frame (self, 3, output.value, output.length);
  gss_release_buffer (&minor, &output);

  return ok;
}

static gboolean
take (Talk *self,
      guint8 *data,
      gsize len)
{
  if (!self->sealed)
    return read_exactly (self->client, data, len);

  while (self->plain->len < len)
    {
      g_autoptr (GByteArray) more = read_wrapped (self, 3, g_atomic_int_get (&script.level) != 1);

      if (more == NULL)
        return FALSE;
      g_byte_array_append (self->plain, more->data, more->len);
      g_atomic_int_inc (&script.n_frames);
    }
  memcpy (data, self->plain->data, len);
  g_byte_array_remove_range (self->plain, 0, (guint) len);

  return TRUE;
}

/* An answer with something wrong about it. */
static void
give_wrongly (Talk *self,
              const void *data,
              gsize len)
{
  gss_buffer_desc output = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor;

  g_assert_true (wrap (self, TRUE, data, len, &output));
  switch (g_atomic_int_get (&script.fault))
    {
    case FAULT_BROKEN_DATA:
      ((guint8 *) output.value)[output.length - 1] ^= 0x55;
      write_frame (self, 3, output.value, output.length);
      break;
    case FAULT_REPEATED_DATA:
      write_frame (self, 3, output.value, output.length);
      write_frame (self, 3, output.value, output.length);
      break;
    case FAULT_REFUSED_DATA:
      write_all (self->client, "\1\xff", 2);
      break;
    case FAULT_ENDS_IN_DATA:
    default:
      write_all (self->client, "\1\3\1\0abc", 7);
      break;
    }
  gss_release_buffer (&minor, &output);
}

static gboolean
from_origin (Talk *self)
{
  guint8 data[20000];
  int piece = g_atomic_int_get (&script.piece);
  gssize n = recv (self->origin, data, piece > 0 ? (gsize) piece : sizeof data, 0);

  if (n <= 0)
    return FALSE;
  if (g_atomic_int_get (&script.fault) < FAULT_BROKEN_DATA || g_atomic_int_get (&script.fault) == FAULT_READABLE_DATA)
    return give (self, data, (gsize) n);

  give_wrongly (self, data, (gsize) n);
  return FALSE;
}

static gboolean
from_client (Talk *self)
{
  guint8 data[20000];
  gssize n;

  if (self->sealed)
    {
      g_autoptr (GByteArray) plain = read_wrapped (self, 3, g_atomic_int_get (&script.level) != 1);

      if (plain != NULL)
        g_atomic_int_inc (&script.n_frames);
      return plain != NULL && write_all (self->origin, plain->data, plain->len);
    }
  n = recv (self->client, data, sizeof data, 0);

  return n > 0 && write_all (self->origin, data, (gsize) n);
}

static void
pump (Talk *self)
{
  struct pollfd fds[] = { { .fd = self->client, .events = POLLIN }, { .fd = self->origin, .events = POLLIN } };

  while (poll (fds, 2, -1) > 0)
    {
      if (fds[1].revents != 0 && !from_origin (self))
        return;
      if (fds[0].revents != 0 && !from_client (self))
        return;
    }
}

/* Every name and address is this machine. */
static gboolean
reach (Talk *self)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  guint8 head[4], rest[300], reply[10] = { 5, 0, 0, 1 };
  gsize len = 4;

  if (!take (self, head, 4) || head[0] != 5 || head[1] != 1)
    return FALSE;
  if (head[3] == 3 && (!take (self, rest, 1) || (len = rest[0]) == 0))
    return FALSE;
  if (!take (self, rest, len + 2))
    return FALSE;
  memcpy (&address.sin_port, rest + len, 2);
  self->origin = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (g_atomic_int_get (&script.fault) == FAULT_REFUSES_TARGET)
    reply[1] = 2;
  else if (connect (self->origin, (struct sockaddr *) &address, sizeof address) != 0)
    reply[1] = 5;

  return give (self, reply, sizeof reply) && reply[1] == 0;
}

static void
serve (Talk *self)
{
  guint8 head[2], methods[255];
  GString *hex;

  if (!read_exactly (self->client, head, 2) || head[0] != 5 || !read_exactly (self->client, methods, head[1]))
    return;
  hex = g_string_new (NULL);
  for (guint i = 0; i < head[1]; i++)
    g_string_append_printf (hex, "%02x", methods[i]);
  g_mutex_lock (&methods_lock);
  g_strlcpy (script.methods, hex->str, sizeof script.methods);
  g_mutex_unlock (&methods_lock);
  g_string_free (hex, TRUE);
  if (memchr (methods, 1, head[1]) == NULL)
    {
      write_all (self->client, "\5\xff", 2);
      return;
    }

  if (!write_all (self->client, "\5\1", 2) || !make_context (self) || !agree (self))
    return;
  self->sealed = g_atomic_int_get (&script.level) != 0;
  if (reach (self))
    pump (self);
}

static gpointer
serve_thread (gpointer data)
{
  Talk self = { .client = GPOINTER_TO_INT (data), .origin = -1, .plain = g_byte_array_new () };
  OM_uint32 minor;

  serve (&self);
  gss_delete_sec_context (&minor, &self.context, GSS_C_NO_BUFFER);
  g_byte_array_unref (self.plain);
  if (self.origin >= 0)
    close (self.origin);
  /* What the client says last would make a reset of our end. */
  shutdown (self.client, SHUT_WR);
  while (recv (self.client, &minor, sizeof minor, 0) > 0)
    ;
  close (self.client);

  return NULL;
}

static gpointer
accept_thread (gpointer data)
{
  Proxy *self = data;
  int fd;

  while ((fd = accept (self->listener, NULL, NULL)) >= 0)
    g_ptr_array_add (self->threads, g_thread_new ("talk", serve_thread, GINT_TO_POINTER (fd)));

  return NULL;
}

static Proxy *
proxy_new (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t len = sizeof address;
  Proxy *self = g_new0 (Proxy, 1);

  self->threads = g_ptr_array_new ();
  self->listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (bind (self->listener, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (self->listener, 16), ==, 0);
  g_assert_cmpint (getsockname (self->listener, (struct sockaddr *) &address, &len), ==, 0);
  self->port = ntohs (address.sin_port);
  self->acceptor = g_thread_new ("accept", accept_thread, self);

  return self;
}

/* The clients are gone before. */
static void
proxy_free (Proxy *self)
{
  shutdown (self->listener, SHUT_RDWR);
  g_thread_join (self->acceptor);
  close (self->listener);
  for (guint i = 0; i < self->threads->len; i++)
    g_thread_join (g_ptr_array_index (self->threads, i));
  g_ptr_array_unref (self->threads);
  g_free (self);
}

/* ---- the client ---- */

typedef struct
{
  ScriptedServer *server;
  Proxy *proxy;
  CURL *easy;
  GString *body;
  char error[CURL_ERROR_SIZE];
} Fixture;

static Kdc *kdc; /* NULL: there is none here */

static size_t
write_cb (char *data,
          size_t size,
          size_t n,
          void *user_data)
{
  g_string_append_len (user_data, data, (gssize) (size * n));
  return size * n;
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  g_autofree char *proxy = NULL;

  memset (&script, 0, sizeof script);
  script.asked = -1;
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->server, "*", scripted_answer_text (200, NULL, "inside"));
  self->proxy = proxy_new ();
  self->body = g_string_new (NULL);
  self->easy = curl_easy_init ();
  proxy = g_strdup_printf ("socks5h://127.0.0.1:%u", self->proxy->port);
  curl_easy_setopt (self->easy, CURLOPT_URL, scripted_server_url (self->server, "/"));
  curl_easy_setopt (self->easy, CURLOPT_PROXY, proxy);
  curl_easy_setopt (self->easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt (self->easy, CURLOPT_WRITEFUNCTION, write_cb);
  curl_easy_setopt (self->easy, CURLOPT_WRITEDATA, self->body);
  curl_easy_setopt (self->easy, CURLOPT_ERRORBUFFER, self->error);
  curl_easy_setopt (self->easy, CURLOPT_TIMEOUT, 60L);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  curl_easy_cleanup (self->easy);
  proxy_free (self->proxy);
  scripted_server_free (self->server);
  g_string_free (self->body, TRUE);
}

static void
run (Fixture *self,
     CURLcode expected,
     long px,
     const char *body)
{
  long got = -1;
  CURLcode code;

  g_string_truncate (self->body, 0);
  *self->error = '\0';
  code = curl_easy_perform (self->easy);
  if (code != expected)
    g_test_message ("%s", self->error);
  g_assert_cmpint (code, ==, expected);
  curl_easy_getinfo (self->easy, CURLINFO_PROXY_ERROR, &got);
  g_assert_cmpint (got, ==, px);
  if (body != NULL)
    g_assert_cmpstr (self->body->str, ==, body);
}

static void
check_methods (const char *hex)
{
  g_mutex_lock (&methods_lock);
  g_assert_cmpstr (script.methods, ==, hex);
  g_mutex_unlock (&methods_lock);
}

#define ASSERT_HAS(text, what) g_assert_nonnull (strstr ((text), (what)))

/* ---- tests ---- */

/* Whatever protection the proxy wants, and in whatever pieces it comes. */
static void
test_login (Fixture *self,
            gconstpointer data)
{
  for (guint level = 0; level <= 3; level++)
    {
      g_atomic_int_set (&script.level, (int) level);
      g_atomic_int_set (&script.piece, level == 2 ? 7 : 0);
      g_atomic_int_set (&script.n_frames, 0);
      curl_easy_setopt (self->easy, CURLOPT_FRESH_CONNECT, 1L);
      run (self, CURLE_OK, CURLPX_OK, "inside");
      check_methods ("0001");
      g_assert_cmpint (g_atomic_int_get (&script.asked), ==, 0);
      g_assert_cmpint (g_atomic_int_get (&script.n_logins), ==, level + 1);
      /* The request to the proxy, and that to the server. */
      g_assert_cmpint (g_atomic_int_get (&script.n_frames), ==, level == 0 ? 0 : 2);
    }
}

static void
test_big (Fixture *self,
          gconstpointer data)
{
  g_autofree char *upload = g_malloc0 (3000000);

  memset (upload, 'u', 3000000);
  g_atomic_int_set (&script.level, 2);
  scripted_server_on (self->server, "/big", scripted_answer_big (1, 5000000));
  curl_easy_setopt (self->easy, CURLOPT_URL, scripted_server_url (self->server, "/big"));
  curl_easy_setopt (self->easy, CURLOPT_POSTFIELDS, upload);
  curl_easy_setopt (self->easy, CURLOPT_POSTFIELDSIZE, 3000000L);
  run (self, CURLE_OK, CURLPX_OK, NULL);
  g_assert_cmpuint (self->body->len, ==, 5000000);
  g_assert_cmpint (scripted_pattern_check (1, 0, (guint8 *) self->body->str, self->body->len), ==, -1);
  g_assert_cmpuint (scripted_server_request (self->server, 0)->body_length, ==, 3000000);
  /* And the connection can be used again. */
  curl_easy_setopt (self->easy, CURLOPT_URL, scripted_server_url (self->server, "/"));
  curl_easy_setopt (self->easy, CURLOPT_HTTPGET, 1L);
  run (self, CURLE_OK, CURLPX_OK, "inside");
  g_assert_cmpint (g_atomic_int_get (&script.n_logins), ==, 1);
}

/* TLS with the server within protected messages. */
static void
test_secure (Fixture *self,
             gconstpointer data)
{
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_TLS);

  g_atomic_int_set (&script.level, 2);
  g_atomic_int_set (&script.piece, 1000);
  scripted_server_on (server, "/big", scripted_answer_big (1, 1000000));
  curl_easy_setopt (self->easy, CURLOPT_URL, scripted_server_url (server, "/big"));
  curl_easy_setopt (self->easy, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
  for (guint i = 0; i < 2; i++)
    {
      run (self, CURLE_OK, CURLPX_OK, NULL);
      g_assert_cmpuint (self->body->len, ==, 1000000);
      g_assert_cmpint (scripted_pattern_check (1, 0, (guint8 *) self->body->str, self->body->len), ==, -1);
    }
  g_assert_cmpint (g_atomic_int_get (&script.n_logins), ==, 1);
  curl_easy_cleanup (self->easy);
  self->easy = NULL;
  scripted_server_free (server);
}

/* What NEC's proxies want to see. */
static void
test_nec (Fixture *self,
          gconstpointer data)
{
  g_atomic_int_set (&script.nec, TRUE);
  g_assert_cmpint (curl_easy_setopt (self->easy, CURLOPT_SOCKS5_GSSAPI_NEC, 1L), ==, CURLE_OK);
  run (self, CURLE_OK, CURLPX_OK, "inside");
  g_atomic_int_set (&script.level, 1);
  curl_easy_setopt (self->easy, CURLOPT_FRESH_CONNECT, 1L);
  run (self, CURLE_OK, CURLPX_OK, "inside");
  g_assert_cmpint (g_atomic_int_get (&script.n_frames), ==, 2);
  /* The other kind does not do, nor does it for the others. */
  g_atomic_int_set (&script.nec, FALSE);
  run (self, CURLE_PROXY, CURLPX_CLOSED, "");
  curl_easy_setopt (self->easy, CURLOPT_SOCKS5_GSSAPI_NEC, 0L);
  run (self, CURLE_OK, CURLPX_OK, "inside");
}

static void
test_methods (Fixture *self,
              gconstpointer data)
{
  g_assert_cmpint (curl_easy_setopt (self->easy, CURLOPT_SOCKS5_AUTH, (long) CURLAUTH_BASIC), ==, CURLE_OK);
  run (self, CURLE_PROXY, CURLPX_USER_REJECTED, "");
  check_methods ("00");
  g_assert_cmpint (curl_easy_setopt (self->easy, CURLOPT_SOCKS5_AUTH, (long) (CURLAUTH_BASIC | CURLAUTH_GSSAPI)), ==,
                   CURLE_OK);
  curl_easy_setopt (self->easy, CURLOPT_PROXYUSERPWD, "me:pw");
  run (self, CURLE_OK, CURLPX_OK, "inside");
  check_methods ("000102");
  g_assert_cmpint (curl_easy_setopt (self->easy, CURLOPT_SOCKS5_AUTH, (long) CURLAUTH_GSSAPI), ==, CURLE_OK);
  run (self, CURLE_OK, CURLPX_OK, "inside");
  check_methods ("0001");
}

static void
test_service (Fixture *self,
              gconstpointer data)
{
  static const struct
  {
    CURLoption option;
    const char *service;
    gboolean ok;
  } cases[] = {
    { CURLOPT_PROXY_SERVICE_NAME, "web", TRUE },
    { CURLOPT_SOCKS5_GSSAPI_SERVICE, "HTTP", TRUE },
    { CURLOPT_SOCKS5_GSSAPI_SERVICE, "web/localhost", TRUE },
    { CURLOPT_PROXY_SERVICE_NAME, "nobody", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_assert_cmpint (curl_easy_setopt (self->easy, cases[i].option, cases[i].service), ==, CURLE_OK);
      /* Another service is another login, and so another connection. */
      run (self, cases[i].ok ? CURLE_OK : CURLE_PROXY, cases[i].ok ? CURLPX_OK : CURLPX_GSSAPI,
           cases[i].ok ? "inside" : "");
      g_assert_cmpint (g_atomic_int_get (&script.n_logins), ==, MIN (i + 1, 3));
    }
  ASSERT_HAS (self->error, "nobody/127.0.0.1@" KDC_REALM);
}

/* Whose tickets made a connection, his it is. */
static void
test_whose_connection (Fixture *self,
                       gconstpointer data)
{
  g_autofree char *cache = g_strdup (g_getenv ("KRB5CCNAME"));
  g_autofree char *same = g_strconcat ("FILE:", cache, NULL);

  run (self, CURLE_OK, CURLPX_OK, "inside");
  run (self, CURLE_OK, CURLPX_OK, "inside");
  g_assert_cmpint (g_atomic_int_get (&script.n_logins), ==, 1);
  g_assert_true (g_setenv ("KRB5CCNAME", g_str_has_prefix (cache, "FILE:") ? cache + strlen ("FILE:") : same, TRUE));
  run (self, CURLE_OK, CURLPX_OK, "inside");
  g_assert_true (g_setenv ("KRB5CCNAME", cache, TRUE));
  g_assert_cmpint (g_atomic_int_get (&script.n_logins), ==, 2);
}

static void
test_no_ticket (Fixture *self,
                gconstpointer data)
{
  kdc_log_out (kdc);
  run (self, CURLE_PROXY, CURLPX_GSSAPI, "");
  ASSERT_HAS (self->error, "Authentication failed: GSSAPI: No credentials were supplied");
  /* The proxy was told. */
  proxy_free (self->proxy);
  self->proxy = proxy_new ();
  g_assert_cmpint (g_atomic_int_get (&script.n_goodbyes), ==, 1);
}

static void
test_faults (Fixture *self,
             gconstpointer data)
{
  static const struct
  {
    Fault fault;
    CURLcode code;
    long px;
    const char *says;
  } cases[] = {
    { FAULT_REFUSES_TOKEN, CURLE_PROXY, CURLPX_USER_REJECTED, "rejected by the proxy (GSSAPI: the proxy does not accept" },
    { FAULT_REFUSES_LEVEL, CURLE_PROXY, CURLPX_USER_REJECTED, "rejected by the proxy (GSSAPI: the proxy does not accept" },
    { FAULT_WRONG_VERSION, CURLE_PROXY, CURLPX_BAD_VERSION, "(GSSAPI: a message that is none of RFC 1961)" },
    { FAULT_WRONG_TYPE, CURLE_PROXY, CURLPX_BAD_VERSION, "(GSSAPI: a message that is none of RFC 1961)" },
    { FAULT_EMPTY_TOKEN, CURLE_PROXY, CURLPX_BAD_VERSION, "(GSSAPI: a message that is none of RFC 1961)" },
    { FAULT_BROKEN_TOKEN, CURLE_PROXY, CURLPX_GSSAPI, "Authentication failed: GSSAPI: " },
    { FAULT_ENDS_AT_TOKEN, CURLE_PROXY, CURLPX_CLOSED, "connection closed before the answer of the proxy was complete" },
    { FAULT_ENDS_IN_TOKEN, CURLE_PROXY, CURLPX_CLOSED, "connection closed before the answer of the proxy was complete" },
    { FAULT_BROKEN_LEVEL, CURLE_PROXY, CURLPX_GSSAPI, "Authentication failed: GSSAPI: " },
    { FAULT_LONG_LEVEL, CURLE_PROXY, CURLPX_BAD_VERSION, "(GSSAPI: a level of protection that there is not)" },
    { FAULT_NO_LEVEL, CURLE_PROXY, CURLPX_BAD_VERSION, "(GSSAPI: a level of protection that there is not)" },
    { FAULT_RAW_LEVEL, CURLE_PROXY, CURLPX_GSSAPI, "Authentication failed: GSSAPI: " },
    { FAULT_REFUSES_TARGET, CURLE_PROXY, CURLPX_REPLY_NOT_ALLOWED, "(2)" },
    { FAULT_BROKEN_DATA, CURLE_PROXY, CURLPX_GSSAPI, "Authentication failed: GSSAPI: " },
    { FAULT_READABLE_DATA, CURLE_PROXY, CURLPX_GSSAPI, "Authentication failed: GSSAPI: " },
    { FAULT_REFUSED_DATA, CURLE_PROXY, CURLPX_BAD_VERSION, "(GSSAPI: a message that is none of RFC 1961)" },
    { FAULT_ENDS_IN_DATA, CURLE_PROXY, CURLPX_CLOSED, "within a protected message" },
  };

  g_atomic_int_set (&script.level, 2);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("fault %u", cases[i].fault);
      g_atomic_int_set (&script.fault, cases[i].fault);
      run (self, cases[i].code, cases[i].px, "");
      ASSERT_HAS (self->error, cases[i].says);
    }
}

/* Somebody in between says the answer twice: the first is one. */
static void
test_repeated (Fixture *self,
               gconstpointer data)
{
  g_atomic_int_set (&script.level, 2);
  g_atomic_int_set (&script.fault, FAULT_REPEATED_DATA);
  scripted_server_on (self->server, "/half",
                      scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\ninside"));
  curl_easy_setopt (self->easy, CURLOPT_URL, scripted_server_url (self->server, "/half"));
  run (self, CURLE_PROXY, CURLPX_GSSAPI, "inside");
  ASSERT_HAS (self->error, "Authentication failed: GSSAPI: ");
}

/* The first of two: what comes behind it goes through the protected channel as well. */
static void
test_pre_proxy (Fixture *self,
                gconstpointer data)
{
  g_autofree char *text = g_strdup_printf ("socks5h://127.0.0.1:%u", self->proxy->port);

  g_atomic_int_set (&script.level, 2);
  curl_easy_setopt (self->easy, CURLOPT_PRE_PROXY, text);
  curl_easy_setopt (self->easy, CURLOPT_PROXY, scripted_server_url (self->server, ""));
  run (self, CURLE_OK, CURLPX_OK, "inside");
  g_assert_cmpint (g_atomic_int_get (&script.n_logins), ==, 1);
  g_assert_cmpint (g_atomic_int_get (&script.n_frames), ==, 2);
}

static const KdcTest tests[] = {
  KDC_TEST ("/socks-gssapi/login", test_login),
  KDC_TEST ("/socks-gssapi/big", test_big),
  KDC_TEST ("/socks-gssapi/secure", test_secure),
  KDC_TEST ("/socks-gssapi/nec", test_nec),
  KDC_TEST ("/socks-gssapi/methods", test_methods),
  KDC_TEST ("/socks-gssapi/service", test_service),
  KDC_TEST ("/socks-gssapi/whose-connection", test_whose_connection),
  KDC_TEST ("/socks-gssapi/no-ticket", test_no_ticket),
  KDC_TEST ("/socks-gssapi/faults", test_faults),
  KDC_TEST ("/socks-gssapi/repeated", test_repeated),
  KDC_TEST ("/socks-gssapi/pre-proxy", test_pre_proxy),
};

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  curl_global_init (CURL_GLOBAL_ALL);
  return kdc_run_tests (&kdc, tests, G_N_ELEMENTS (tests), sizeof (Fixture), (GTestFixtureFunc) set_up,
                        (GTestFixtureFunc) tear_down);
}
