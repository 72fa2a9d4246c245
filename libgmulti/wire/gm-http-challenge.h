/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"
#include "gm-parse.h"

/* Values of WWW-Authenticate and Proxy-Authenticate (RFC 9110 section 11.6), and the parameter lists that these,
 * Authentication-Info and Proxy-Authentication-Info are made of. One field may hold several challenges, and commas
 * separate both these and their parameters: only what follows the next word tells which. Nothing is copied; the spans
 * point into the field's value. */

/* Of one answer; servers offer three or four. More is passed over. */
#define GM_HTTP_MAX_CHALLENGES 32
/* Of one challenge; Digest knows ten. One more is malformed. */
#define GM_HTTP_MAX_AUTH_PARAMS 32
/* Bytes of one parameter that are kept (nonces of some servers are a few hundred long). */
#define GM_HTTP_MAX_AUTH_VALUE 4096

typedef struct
{
  GmSpan scheme;
  GmSpan token68; /* data is NULL if there is none */
  GmSpan params; /* the text of the list: gm_http_auth_param_next () */
  const char *why; /* (nullable): static; what makes no sense, when the next is BAD */
} GmHttpChallenge;

typedef struct
{
  GmSpan name;
  GmSpan value; /* without its quotes; escapes stand in it still */
  gboolean quoted;
} GmHttpAuthParam;

/* Cuts the next challenge off @rest. DONE: @challenge is filled, all of its parameters are well-formed; MORE: the list
 * has no more; BAD: from here on it makes no sense (@rest is empty then, and @challenge's why says more). */
GmParse  gm_http_challenge_next       (GmSpan *rest,
                                       GmHttpChallenge *challenge);
/* Cuts the next "name=value" off @rest, as above. */
GmParse  gm_http_auth_param_next      (GmSpan *rest,
                                       GmHttpAuthParam *param);
/* The parameter of that name (ASCII case ignored); FALSE if it is not there, or there twice. */
gboolean gm_http_auth_param_find      (GmSpan params,
                                       GmSpan name,
                                       GmHttpAuthParam *param);
/* What the value says, escapes undone; NULL when it is longer than GM_HTTP_MAX_AUTH_VALUE. */
char    *gm_http_auth_param_dup       (const GmHttpAuthParam *param);
gboolean gm_http_auth_param_is        (const GmHttpAuthParam *param,
                                       GmSpan word); /* ASCII case ignored */
