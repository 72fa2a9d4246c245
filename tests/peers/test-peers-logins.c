/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-cases.h"
#include "peer-identity.h"

#include <string.h>

/* Logins as servers judge them that nobody here wrote: nginx and Apache with Basic, Apache with Digest; over HTTP/1 and
 * HTTP/2. */

#define N_DOCUMENTS 60

static Documents *documents;

typedef struct
{
  PeerKind kind;
  PeerFlags flags;
  const char *folder; /* behind the password */
  const char *uploads;
  long scheme; /* that it asks for */
} Place;

static const Place places[] = {
  { PEER_NGINX, PEER_PLAIN, "login/", "login-put/", CURLAUTH_BASIC },
  { PEER_NGINX, PEER_TLS, "login/", "login-put/", CURLAUTH_BASIC },
  { PEER_NGINX, PEER_TLS | PEER_HTTP2, "login/", "login-put/", CURLAUTH_BASIC },
  { PEER_APACHE, PEER_PLAIN, "login/", "login-put/", CURLAUTH_BASIC },
  { PEER_APACHE, PEER_PLAIN, "digest/", "digest-put/", CURLAUTH_DIGEST },
  { PEER_APACHE, PEER_TLS, "digest/", "digest-put/", CURLAUTH_DIGEST },
  { PEER_APACHE, PEER_TLS | PEER_HTTP2, "login/", "login-put/", CURLAUTH_BASIC },
  { PEER_APACHE, PEER_TLS | PEER_HTTP2, "digest/", "digest-put/", CURLAUTH_DIGEST },
};

typedef struct
{
  const char *userpwd; /* (nullable) */
  long allowed; /* for CURLOPT_HTTPAUTH */
} Login;

static void
prepare (CaseTransfer *t,
         gconstpointer data)
{
  const Login *login = data;

  case_set (t, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  case_set (t, CURLOPT_PIPEWAIT, 1L);
  case_set (t, CURLOPT_HTTPAUTH, login->allowed);
  if (login->userpwd != NULL)
    case_set (t, CURLOPT_USERPWD, login->userpwd);
}

static CaseTransfer *
get (Case *c,
     Peer *peer,
     const Place *place,
     const char *userpwd,
     long allowed)
{
  g_autofree char *path = g_strconcat (place->folder, documents_path (documents, 0), NULL);
  Login login = { userpwd, allowed };
  CaseTransfer *t = peer_case_transfer (c, peer, path, prepare, &login);

  case_run_transfer (t);
  return t;
}

static Peer *
peer_for (const Place *place)
{
  g_test_message ("%s, %s%s", peer_kind_name (place->kind), place->folder,
                  (place->flags & PEER_HTTP2) != 0 ? ", HTTP/2" : (place->flags & PEER_TLS) != 0 ? ", TLS" : "");
  return peer_new_with (place->kind, documents->folder, place->flags);
}

/* Every way to the right password: the scheme known before, and asked for; wrong ones are refused, none is one, too. */
static void
run_passwords (Case *c)
{
  static const char right[] = PEER_USER ":" PEER_PASSWORD;
  static const char *const wrong[] = { PEER_USER ":wrong", "nobody:" PEER_PASSWORD, PEER_USER ":", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      const Place *place = &places[i];
      g_autoptr (Peer) peer = peer_for (place);
      g_autoptr (GBytes) bytes = documents_load (documents, 0);
      const long allowed[] = { place->scheme, (long) CURLAUTH_ANY, (long) CURLAUTH_ANYSAFE | place->scheme };
      CaseTransfer *t;

      for (guint n = 0; n < G_N_ELEMENTS (allowed); n++)
        {
          t = get (c, peer, place, right, allowed[n]);
          case_check_ok (t, 200, NULL);
          g_assert_cmpmem (t->body->data, t->body->len, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
          for (guint w = 0; w < G_N_ELEMENTS (wrong); w++)
            {
              t = get (c, peer, place, wrong[w], allowed[n]);
              case_check_ok (t, 401, NULL);
              g_assert_cmpint (case_info (t, CURLINFO_HTTPAUTH_AVAIL), ==, place->scheme);
            }
        }
      /* What is allowed is not what is asked for. */
      t = get (c, peer, place, right, place->scheme == CURLAUTH_BASIC ? (long) CURLAUTH_DIGEST : (long) CURLAUTH_BASIC);
      if (place->scheme == CURLAUTH_BASIC)
        case_check_ok (t, 401, NULL);
    }
}

/* All of them with one connection's worth of questions. */
static void
run_documents (Case *c)
{
  static const Login login = { PEER_USER ":" PEER_PASSWORD, (long) CURLAUTH_ANY };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr (Peer) peer = peer_for (&places[i]);
      PeerTally tally = peer_case_documents (c, peer, places[i].folder, documents, prepare, &login);

      if ((places[i].flags & PEER_HTTP2) != 0)
        g_assert_cmpuint (tally.n_connects, ==, 1);
      else
        g_assert_cmpuint (tally.n_connects, <=, 80);
    }
}

/* Bodies for who lets in only whom it knows: with what is known before, and after having been asked. */
static void
run_uploads (Case *c)
{
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr (Peer) peer = peer_for (&places[i]);
      const Login known = { PEER_USER ":" PEER_PASSWORD, places[i].scheme };
      const Login any = { PEER_USER ":" PEER_PASSWORD, (long) CURLAUTH_ANY };

      peer_case_uploads (c, peer, places[i].uploads, prepare, &known);
      peer_case_uploads (c, peer, places[i].uploads, prepare, &any);
    }
}

/* A body with the wrong password: refused, and nothing is there afterwards. */
static void
run_refused_uploads (Case *c)
{
  g_autofree char *data = g_strnfill (300000, 'x');
  g_autoptr (GBytes) bytes = g_bytes_new (data, 300000);

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr (Peer) peer = peer_for (&places[i]);
      const Login wrong = { PEER_USER ":wrong", places[i].scheme };
      const Login right = { PEER_USER ":" PEER_PASSWORD, places[i].scheme };
      g_autofree char *path = g_strconcat (places[i].uploads, "refused", NULL);
      CaseTransfer *put = peer_case_transfer (c, peer, path, prepare, &wrong);
      CaseTransfer *get_it = peer_case_transfer (c, peer, path, prepare, &right);

      case_set (put, CURLOPT_UPLOAD, 1L);
      case_upload_from (put, g_bytes_ref (bytes), 0);
      case_run_transfer (put);
      case_check_ok (put, 401, NULL);
      case_run_transfer (get_it);
      case_check_ok (get_it, 404, NULL);
    }
}

/* One connection, one question: what was learnt is used without being asked again. */
static void
run_kept (Case *c)
{
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr (Peer) peer = peer_for (&places[i]);
      CaseTransfer *t = get (c, peer, &places[i], PEER_USER ":" PEER_PASSWORD, places[i].scheme);
      long bytes;

      case_check_ok (t, 200, NULL);
      g_assert_cmpint (case_info (t, CURLINFO_NUM_CONNECTS), ==, 1);
      bytes = case_info (t, CURLINFO_REQUEST_SIZE);
      for (guint n = 0; n < 5; n++)
        {
          case_remove (t);
          case_rewind (t);
          case_run_transfer (t);
          case_check_ok (t, 200, NULL);
          g_assert_cmpint (case_info (t, CURLINFO_NUM_CONNECTS), ==, 0);
          if (places[i].scheme == CURLAUTH_DIGEST)
            g_assert_cmpint (case_info (t, CURLINFO_REQUEST_SIZE), <, bytes);
        }
    }
}

/* A nonce grows old at the server (after 2 s here): the same password with the next one. */
static void
run_stale (Case *c)
{
  static const Place place = { PEER_APACHE, PEER_PLAIN, "digest/", "digest-put/", CURLAUTH_DIGEST };
  g_autoptr (Peer) peer = peer_for (&place);
  CaseTransfer *t = get (c, peer, &place, PEER_USER ":" PEER_PASSWORD, CURLAUTH_DIGEST);

  case_check_ok (t, 200, NULL);
  case_run_for (c, 3100);
  case_remove (t);
  case_rewind (t);
  case_run_transfer (t);
  case_check_ok (t, 200, NULL);
  g_assert_nonnull (strstr (t->head->str, "stale=true"));
}

static const CaseSpec peers[] = {
  { "peer-login-passwords", run_passwords },
  { "peer-login-documents", run_documents },
  { "peer-login-uploads", run_uploads },
  { "peer-login-refused-uploads", run_refused_uploads },
  { "peer-login-kept", run_kept },
  { "peer-login-stale", run_stale },
  { NULL },
};

int
main (int argc,
      char *argv[])
{
  const CaseSpec *const tables[] = { peers, NULL };
  int status;

  documents = documents_new (N_DOCUMENTS);
  status = case_main (argc, argv, tables);
  documents_free (documents);

  return status;
}
