/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "gm-tls-info.h"
#include "tls-pair.h"

#include <gnutls/abstract.h>
#include <string.h>

/* What a server may show of itself: a chain of certificates, and an answer of the authority's about it, that are damaged or
 * made up, and yet belong to a key that the server has. Whatever it is, the client has a verdict, which is only good if what
 * the authority signed is all there, and the authority has nothing against it.
 *
 * The first byte chooses what the client demands, the second what is shown, and the rest are edits of four bytes each: what
 * is done to which of the three, where (two bytes), and a number. With OWN_PINS the rest is the text of the pins instead. */

enum
{
  WITH_PEER = 1 << 0, /* the client looks at the chain, */
  WITH_HOST = 1 << 1, /* at the names, */
  WITH_STATUS = 1 << 2, /* at the answer about it, */
  WITH_PINS = 1 << 3, /* at the key */
  OWN_PINS = 1 << 4,
  OTHER_HOST = 1 << 5, /* and meant to speak to somebody else */
};

enum
{
  WITH_TLS13 = 1 << 0,
  WITH_STAPLE = 1 << 1,
  IS_REVOKED = 1 << 2, /* says the staple */
  WITHOUT_MIDDLE = 1 << 3,
};

typedef enum
{
  EDIT_CHANGE,
  EDIT_SET,
  EDIT_INSERT,
  EDIT_REMOVE,
  EDIT_CUT,
  EDIT_COPY,
  N_EDITS,
} Edit;

#define MAX_EDITS 16
#define MAX_BLOB 20000

typedef enum
{
  BLOB_LEAF,
  BLOB_MIDDLE,
  BLOB_STAPLE,
  N_BLOBS,
} Blob;

static struct
{
  ZooCertificate *root, *middle, *leaf;
  GBytes *authority;
  GBytes *blobs[N_BLOBS]; /* the answer: nullable, where there is no tool to make one */
  GBytes *revoked; /* (nullable) */
  char *pin;
  ScriptedTls *tls[2];
  gnutls_privkey_t key;
  gnutls_pcert_st shown[2];
  gnutls_ocsp_data_st answers[1];
  GByteArray *now[N_BLOBS]; /* what is shown */
  guint n_shown;
} zoo;

/* ---- the server ---- */

static int
show_cb (gnutls_session_t session,
         const struct gnutls_cert_retr_st *info,
         gnutls_pcert_st **certificates,
         unsigned int *n_certificates,
         gnutls_ocsp_data_st **answers,
         unsigned int *n_answers,
         gnutls_privkey_t *key,
         unsigned int *flags)
{
  for (guint i = 0; i < zoo.n_shown; i++)
    zoo.shown[i].cert = (gnutls_datum_t){ zoo.now[BLOB_LEAF + i]->data, zoo.now[BLOB_LEAF + i]->len };
  zoo.answers[0] = (gnutls_ocsp_data_st){ .response = { zoo.now[BLOB_STAPLE]->data, zoo.now[BLOB_STAPLE]->len } };
  *certificates = zoo.shown;
  *n_certificates = zoo.n_shown;
  *answers = zoo.answers;
  *n_answers = zoo.now[BLOB_STAPLE]->len > 0 ? 1 : 0;
  *key = zoo.key;
  *flags = 0;

  return 0;
}

static void
make_servers (void)
{
  for (guint i = 0; i < 2; i++)
    {
      gnutls_certificate_credentials_t credentials;

      FUZZ_CHECK (gnutls_certificate_allocate_credentials (&credentials) == 0);
      gnutls_certificate_set_retrieve_function3 (credentials, show_cb);
      zoo.tls[i] = scripted_tls_new_with (credentials);
      zoo.tls[i]->priority = g_strdup (i != 0 ? "NORMAL:-VERS-ALL:+VERS-TLS1.3" : "NORMAL:-VERS-ALL:+VERS-TLS1.2");
    }
}

static void
make_zoo (void)
{
  zoo.root = zoo_make (&(ZooSpec){ .subject = "Root", .ca = TRUE }, NULL);
  zoo.middle = zoo_make (&(ZooSpec){ .subject = "Middle", .ca = TRUE, .permitted = "example" }, zoo.root);
  zoo.leaf = zoo_make (&(ZooSpec){ .subject = "leaf", .names = "dns:www.example dns:*.b.example ip:127.0.0.1" }, zoo.middle);
  zoo.authority = zoo_get_pem (zoo.root, 0);
  zoo.blobs[BLOB_LEAF] = zoo_get_der (zoo.leaf);
  zoo.blobs[BLOB_MIDDLE] = zoo_get_der (zoo.middle);
  zoo.blobs[BLOB_STAPLE] = zoo_make_ocsp (zoo.leaf, ZOO_GOOD);
  zoo.revoked = zoo_make_ocsp (zoo.leaf, ZOO_REVOKED);
  zoo.pin = zoo_get_pin (zoo.leaf);
  for (guint i = 0; i < N_BLOBS; i++)
    zoo.now[i] = g_byte_array_new ();
  FUZZ_CHECK (gnutls_pcert_import_x509 (&zoo.shown[0], zoo.leaf->crt, 0) == 0);
  FUZZ_CHECK (gnutls_pcert_import_x509 (&zoo.shown[1], zoo.middle->crt, 0) == 0);
  gnutls_free (zoo.shown[0].cert.data);
  gnutls_free (zoo.shown[1].cert.data);
  FUZZ_CHECK (gnutls_privkey_init (&zoo.key) == 0 && gnutls_privkey_import_x509 (zoo.key, zoo.leaf->key, 0) == 0);
  make_servers ();
}

/* ---- what is shown ---- */

static void
edit (GByteArray *blob,
      Edit what,
      gsize at,
      guint8 number)
{
  guint8 copy[256];
  gsize n;

  if (blob->len == 0 || blob->len > MAX_BLOB)
    return;

  at %= blob->len;
  n = MIN (number, blob->len - at);
  switch (what)
    {
    case EDIT_CHANGE:
      blob->data[at] ^= number;
      break;
    case EDIT_SET:
      blob->data[at] = number;
      break;
    case EDIT_REMOVE:
      g_byte_array_remove_range (blob, (guint) at, (guint) n);
      break;
    case EDIT_CUT:
      g_byte_array_set_size (blob, (guint) at);
      break;
    case EDIT_INSERT:
    case EDIT_COPY: /* to the end */
    case N_EDITS:
    default:
      memcpy (copy, blob->data + at, n);
      g_byte_array_append (blob, copy, (guint) n);
      break;
    }
  if (what != EDIT_INSERT)
    return;

  /* What was appended goes to where it was copied from. */
  memmove (blob->data + at + n, blob->data + at, blob->len - at - n);
  memset (blob->data + at, number, n);
}

/* The same as nothing had been done to it. */
static gboolean
is_whole (Blob which)
{
  gsize len;
  gconstpointer data = g_bytes_get_data (zoo.blobs[which], &len);

  return zoo.now[which]->len == len && memcmp (zoo.now[which]->data, data, len) == 0;
}

static void
prepare (guint8 shown,
         GmSpan edits)
{
  GBytes *staple = shown & IS_REVOKED ? zoo.revoked : zoo.blobs[BLOB_STAPLE];

  zoo.n_shown = shown & WITHOUT_MIDDLE ? 1 : 2;
  for (guint i = 0; i < N_BLOBS; i++)
    {
      GBytes *blob = i == BLOB_STAPLE ? staple : zoo.blobs[i];

      g_byte_array_set_size (zoo.now[i], 0);
      if (blob != NULL && (i != BLOB_STAPLE || (shown & WITH_STAPLE) != 0))
        g_byte_array_append (zoo.now[i], g_bytes_get_data (blob, NULL), (guint) g_bytes_get_size (blob));
    }
  for (gsize i = 0; i + 4 <= edits.len && i < 4 * MAX_EDITS; i += 4)
    {
      const guint8 *bytes = (const guint8 *) edits.data + i;

      edit (zoo.now[bytes[0] % N_BLOBS], (Edit) (bytes[0] / N_BLOBS % N_EDITS), (gsize) bytes[1] << 8 | bytes[2], bytes[3]);
    }
}

/* ---- the verdict ---- */

/* What the authority has signed of the leaf: the first thing in it (RFC 5280 section 4.1). */
static gboolean
is_signed (GBytes *shown)
{
  gsize len, shown_len;
  const guint8 *leaf = g_bytes_get_data (zoo.blobs[BLOB_LEAF], &len);
  gconstpointer data = g_bytes_get_data (shown, &shown_len);
  gsize inside = 4 + ((gsize) leaf[6] << 8 | leaf[7]);

  FUZZ_CHECK (leaf[0] == 0x30 && leaf[1] == 0x82 && leaf[4] == 0x30 && leaf[5] == 0x82 && 4 + inside < len);
  return memmem (data, shown_len, leaf + 4, inside) != NULL;
}

static void
check_good (TlsPair *pair,
            const GmTlsSettings *settings,
            guint8 wanted,
            guint8 shown)
{
  GmTlsInfo *info = NULL;

  gm_layer_query (pair->client, GM_QUERY_TLS, &info);
  FUZZ_CHECK (info != NULL && info->chain->len == zoo.n_shown);
  FUZZ_CHECK (info->verdict == GM_OK && info->checked == (settings->verify_peer && settings->verify_host));
  if (settings->verify_peer)
    FUZZ_CHECK (zoo.n_shown == 2 && is_signed (g_ptr_array_index (info->chain, 0)));
  if (settings->verify_peer && settings->verify_host)
    FUZZ_CHECK ((wanted & OTHER_HOST) == 0);
  if (settings->verify_status)
    FUZZ_CHECK ((shown & WITH_STAPLE) != 0 && (shown & IS_REVOKED) == 0);
  if (settings->verify_peer && zoo.now[BLOB_STAPLE]->len > 0 && (shown & IS_REVOKED) != 0)
    FUZZ_CHECK (g_bytes_get_size (zoo.revoked) != zoo.now[BLOB_STAPLE]->len ||
                memcmp (g_bytes_get_data (zoo.revoked, NULL), zoo.now[BLOB_STAPLE]->data, zoo.now[BLOB_STAPLE]->len) != 0);
  if (settings->pins != NULL)
    FUZZ_CHECK (strstr (settings->pins, zoo.pin) != NULL);
}

/* Nothing is wrong, so that it has to be good. An answer about a chain that nobody looks at says nothing. */
static gboolean
has_to_be_good (const GmTlsSettings *settings,
                guint8 wanted,
                guint8 shown)
{
  gboolean stapled = (shown & WITH_STAPLE) != 0 && zoo.blobs[BLOB_STAPLE] != NULL;

  return (wanted & (OTHER_HOST | OWN_PINS)) == 0 && (shown & (WITHOUT_MIDDLE | IS_REVOKED)) == 0 && is_whole (BLOB_LEAF) &&
         is_whole (BLOB_MIDDLE) && (!stapled || is_whole (BLOB_STAPLE)) &&
         (!settings->verify_status || (stapled && settings->verify_peer));
}

static void
visit (const GmTlsPeer *peer,
       guint8 wanted,
       guint8 shown)
{
  TlsPair pair;
  GmResult result;

  tls_pair_init (&pair, zoo.tls[shown & WITH_TLS13 ? 1 : 0], peer);
  pair.flip_at = G_MAXUINT64 - 1; /* never; but who waits in vain hears of the end */
  result = tls_pair_connect (&pair);
  FUZZ_CHECK (result != GM_AGAIN);
  if (result == GM_OK)
    check_good (&pair, peer->settings, wanted, shown);
  else
    FUZZ_CHECK (pair.error.result == result);
  FUZZ_CHECK (pair.error.detail == NULL || g_utf8_validate (pair.error.detail, -1, NULL));
  if (has_to_be_good (peer->settings, wanted, shown))
    FUZZ_CHECK (result == GM_OK);
  tls_pair_clear (&pair);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  GmSpan input = gm_span ((const char *) data, MIN (size, FUZZ_MAX_SIZE));
  guint8 wanted = fuzz_cut_byte (&input);
  guint8 shown = fuzz_cut_byte (&input);
  GmTlsSettings *settings = gm_tls_settings_copy (NULL);
  GmTlsPeer peer = { .settings = settings, .peer_name = GM_SPAN ("www.example"), .port = 443 };
  g_autofree char *own = NULL, *pins = NULL;

  if (zoo.leaf == NULL)
    make_zoo ();
  if (zoo.revoked == NULL)
    shown &= (guint8) ~(WITH_STAPLE | IS_REVOKED);
  if (wanted & OWN_PINS)
    {
      own = g_strndup (input.data, input.len);
      pins = g_strconcat ("sha256//", own, NULL);
      input.len = 0;
    }
  prepare (shown, input);
  settings->ca_bytes = g_bytes_ref (zoo.authority);
  settings->verify_peer = (wanted & WITH_PEER) != 0;
  settings->verify_host = (wanted & WITH_HOST) != 0;
  settings->verify_status = (wanted & WITH_STATUS) != 0;
  if (wanted & OTHER_HOST)
    peer.peer_name = GM_SPAN ("other.example");
  if (wanted & (WITH_PINS | OWN_PINS))
    settings->pins = g_ref_string_new (pins != NULL ? pins : zoo.pin);
  visit (&peer, wanted, shown);
  gm_tls_settings_unref (settings);

  return 0;
}
