/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-connect-settings.h"

#include "gm-alloc.h"
#include "gm-auth.h"
#include "gm-socks.h"

/* Defaults as in libcurl where it has them. */
const GmConnectSettings gm_connect_settings_default = {
  .max_idle_us = 118 * G_USEC_PER_SEC,
  .max_life_us = 0,
  .dns_cache_us = 60 * G_USEC_PER_SEC,
  .attempt_delay_ms = 200,
  .keepalive_idle_s = 60,
  .keepalive_interval_s = 60,
  .keepalive_count = 9,
  .no_delay = TRUE,
  .doh_verify_peer = TRUE,
  .doh_verify_host = TRUE,
  .proxy_auth = GM_AUTH_BASIC,
  .proxy_socks_auth = GM_SOCKS_AUTH_NONE | GM_SOCKS_AUTH_LOGIN | GM_SOCKS_AUTH_GSSAPI,
};

GmConnectSettings *
gm_connect_settings_copy (const GmConnectSettings *self)
{
  GmConnectSettings *copy = gm_counted_copy (self, sizeof *self);

  if (copy->unix_path != NULL)
    g_ref_string_acquire (copy->unix_path);
  if (copy->places != NULL)
    g_bytes_ref (copy->places);
  if (copy->doh_uri != NULL)
    g_ref_string_acquire (copy->doh_uri);
  if (copy->announced_address != NULL)
    g_ref_string_acquire (copy->announced_address);
  if (copy->local_interface != NULL)
    g_ref_string_acquire (copy->local_interface);
  gm_tls_settings_ref (copy->tls);
  gm_tls_settings_ref (copy->proxy_tls);
  if (copy->proxy != NULL)
    g_ref_string_acquire (copy->proxy);
  if (copy->pre_proxy != NULL)
    g_ref_string_acquire (copy->pre_proxy);
  if (copy->no_proxy != NULL)
    g_ref_string_acquire (copy->no_proxy);
  if (copy->proxy_user != NULL)
    g_ref_string_acquire (copy->proxy_user);
  if (copy->proxy_password != NULL)
    g_ref_string_acquire (copy->proxy_password);
  if (copy->proxy_service != NULL)
    g_ref_string_acquire (copy->proxy_service);

  return copy;
}

const GmConnectSettings *
gm_connect_settings_ref (const GmConnectSettings *self)
{
  if (self != &gm_connect_settings_default)
    gm_ref_count_inc (&((GmConnectSettings *) self)->refs);
  return self;
}

void
gm_connect_settings_unref (const GmConnectSettings *self)
{
  GmConnectSettings *block = (GmConnectSettings *) self;

  if (self == NULL || self == &gm_connect_settings_default || !gm_ref_count_dec (&block->refs))
    return;

  g_clear_pointer (&block->unix_path, g_ref_string_release);
  g_clear_pointer (&block->places, g_bytes_unref);
  g_clear_pointer (&block->doh_uri, g_ref_string_release);
  g_clear_pointer (&block->announced_address, g_ref_string_release);
  g_clear_pointer (&block->local_interface, g_ref_string_release);
  gm_tls_settings_unref (block->tls);
  gm_tls_settings_unref (block->proxy_tls);
  g_clear_pointer (&block->proxy, g_ref_string_release);
  g_clear_pointer (&block->pre_proxy, g_ref_string_release);
  g_clear_pointer (&block->no_proxy, g_ref_string_release);
  g_clear_pointer (&block->proxy_user, g_ref_string_release);
  g_clear_pointer (&block->proxy_password, g_ref_string_release);
  g_clear_pointer (&block->proxy_service, g_ref_string_release);
  g_free (block);
}
