/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-info.h"

void
gm_info_drop (GmInfo *info)
{
  g_clear_pointer (&info->hop.url, gm_url_unref);
  g_clear_pointer (&info->redirect_url, gm_url_unref);
  g_clear_pointer (&info->referer, gm_url_unref);
  g_clear_pointer (&info->earlier, g_array_unref);
  g_clear_pointer (&info->tls, gm_tls_info_unref);
}

void
gm_info_take (GmInfo *info,
              GmInfo *from)
{
  *info = *from;
  from->hop.url = NULL;
  from->redirect_url = NULL;
  from->referer = NULL;
  from->earlier = NULL;
  from->tls = NULL;
}

void
gm_info_clear (GmInfo *info)
{
  gm_info_drop (info);
  *info = (GmInfo){ .download_size = -1, .upload_size = -1, .filetime = -1 };
}

void
gm_hop_clear (gpointer hop)
{
  g_clear_pointer (&((GmHop *) hop)->url, gm_url_unref);
}
