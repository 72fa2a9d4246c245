/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-request-settings.h"

#include "gm-alloc.h"
#include "gm-auth.h"

const GmRequestSettings gm_request_settings_default = {
  .post_size = -1,
  .upload_size = -1,
  .expect_timeout_ms = 1000,
  .max_redirects = 30,
  .auth = GM_AUTH_BASIC,
  .file_mode = 0644,
};

#define STRINGS(X)                                                                                                     \
  X (custom_method)                                                                                                    \
  X (user_agent)                                                                                                       \
  X (referer)                                                                                                          \
  X (cookie)                                                                                                           \
  X (range)                                                                                                            \
  X (user)                                                                                                             \
  X (password)                                                                                                         \
  X (netrc_file)                                                                                                       \
  X (bearer)                                                                                                           \
  X (signer)                                                                                                           \
  X (service)                                                                                                          \
  X (accept_encoding)                                                                                                  \
  X (request_target)                                                                                                   \
  X (first_party)

GmRequestSettings *
gm_request_settings_copy (const GmRequestSettings *self)
{
  GmRequestSettings *copy = gm_counted_copy (self, sizeof *self);

#define ACQUIRE(member)                                                                                                \
  if (copy->member != NULL)                                                                                            \
    g_ref_string_acquire (copy->member);
  STRINGS (ACQUIRE)
#undef ACQUIRE
  if (copy->post_copy != NULL)
    g_bytes_ref (copy->post_copy);
  gm_http_stores_ref (copy->stores);

  return copy;
}

const GmRequestSettings *
gm_request_settings_ref (const GmRequestSettings *self)
{
  if (self != &gm_request_settings_default)
    gm_ref_count_inc (&((GmRequestSettings *) self)->refs);
  return self;
}

void
gm_request_settings_unref (const GmRequestSettings *self)
{
  GmRequestSettings *block = (GmRequestSettings *) self;

  if (self == NULL || self == &gm_request_settings_default || !gm_ref_count_dec (&block->refs))
    return;

#define RELEASE(member) g_clear_pointer (&block->member, g_ref_string_release);
  STRINGS (RELEASE)
#undef RELEASE
  g_clear_pointer (&block->post_copy, g_bytes_unref);
  gm_http_stores_unref (block->stores);
  g_free (block);
}
