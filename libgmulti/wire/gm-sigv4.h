/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-bytes.h"
#include "gm-result.h"

/* Requests signed as Amazon's services want them ("Signature Version 4"), and those of others that took it over: the value
 * of Authorization, made of the request and a secret that itself never travels. Pure functions; whoever sends the request
 * says which fields count, and sends them as they were signed. */

/* None of the words of a scope is longer. */
#define GM_SIGV4_MAX_WORD 64

/* For whom is signed: spans into the texts it was made of. */
typedef struct
{
  GmSpan provider; /* "aws": names the algorithm */
  GmSpan product; /* "amz": names the fields, "X-Amz-Date" */
  GmSpan region;
  GmSpan service;
} GmSigv4Scope;

/* "provider[:product[:region[:service]]]", NULL and "" are "aws:amz"; what is left out of the last two are the first labels
 * of @host, "service.region.…". BAD_REQUEST: no provider, or a word that is too long or no word; BAD_HOST: the host does not
 * say what is left out. */
GmResult gm_sigv4_scope_read (GmSigv4Scope *self,
                              const char *text,
                              GmSpan host);
/* Amazon's storage: wants a field with the hash of the body, and takes UNSIGNED-PAYLOAD for it. */
gboolean gm_sigv4_scope_is_storage (const GmSigv4Scope *self);

/* "20150830T123600Z", and the same read: FALSE if it is none. */
#define GM_SIGV4_TIME_LEN 16
void     gm_sigv4_print_time (gint64 seconds,
                              char text[GM_SIGV4_TIME_LEN + 1]);
gboolean gm_sigv4_is_time    (GmSpan text);
/* SHA-256 in lower-case hexadecimal digits. */
#define GM_SIGV4_HASH_LEN 64
void     gm_sigv4_hash       (GmSpan data,
                              char hex[GM_SIGV4_HASH_LEN + 1]);

typedef struct
{
  GmSpan name;
  GmSpan value;
} GmSigv4Field;

typedef struct
{
  const GmSigv4Scope *scope;
  GmSpan user;
  GmSpan password;
  GmSpan method;
  GmSpan target; /* as in the request line: path, perhaps '?' and a query */
  const GmSigv4Field *fields; /* all that count, Host among them, in any order */
  guint n_fields;
  GmSpan time; /* GM_SIGV4_TIME_LEN characters, those of the date field */
  GmSpan body_hash; /* 64 hexadecimal digits, or UNSIGNED-PAYLOAD */
} GmSigv4Ask;

/* The middle of the work, for tests: what the signature is of. */
void     gm_sigv4_append_canonical (const GmSigv4Ask *ask,
                              GmByteBuilder *out);
/* Appends "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…". */
GmResult gm_sigv4_write      (const GmSigv4Ask *ask,
                              GmByteBuilder *out);
