/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http.h"

gboolean
gm_http_is_redirect (guint status)
{
  return status == 300 || status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* RFC 9110 section 15.4: 303 becomes GET; 301 and 302 turn POST into GET, as all browsers do, unless told to keep it. */
static GmMethod
next_method (const GmRequest *request,
             guint status)
{
  guint keep = request->settings->keep_post;
  GmMethod method = request->method;
  gboolean post = method == GM_METHOD_POST;

  if (method == GM_METHOD_GET || method == GM_METHOD_HEAD)
    return method;
  if (status == 303)
    return post && (keep & GM_KEEP_POST_303) != 0 ? method : GM_METHOD_GET;
  if (post && ((status == 301 && (keep & GM_KEEP_POST_301) == 0) || (status == 302 && (keep & GM_KEEP_POST_302) == 0)))
    return GM_METHOD_GET;

  return method;
}

static gboolean
keeps_custom_method (const GmRequest *request,
                     guint status,
                     GmMethod next)
{
  const char *word = request->settings->custom_method;

  if (!request->keep_custom_method || word == NULL)
    return FALSE;

  switch ((GmFollow) request->settings->follow)
    {
    case GM_FOLLOW_FIRST:
      return FALSE;
    case GM_FOLLOW_OBEY:
      if (next != request->method)
        return FALSE;
      if (status == 303)
        return g_str_equal (word, "GET") || g_str_equal (word, "HEAD");
      return !((status == 301 || status == 302) && g_str_equal (word, "POST"));
    case GM_FOLLOW_NO:
    case GM_FOLLOW_ALL:
    default:
      return TRUE;
    }
}

GmResult
gm_http_follow (GmRequest *request,
                guint status,
                GmSpan location)
{
  GmUrlFlags flags = GM_URL_ENCODE | GM_URL_ALLOW_SPACE | GM_URL_ANY_SCHEME;
  GmUrl *next = NULL;

  if (gm_url_resolve (request->url, location.data, location.len, flags, &next) != GM_OK)
    return GM_HTTP_BAD_LOCATION;

  /* RFC 9110 section 10.2.2: without a fragment of its own the target inherits ours. */
  if (gm_url_has_fragment (request->url) && !gm_url_has_fragment (next))
    {
      GmUrl *whole = NULL;

      if (gm_url_with_fragment (next, gm_url_get_fragment (request->url), &whole) == GM_OK)
        {
          gm_url_unref (next);
          next = whole;
        }
    }

  request->follow_url = next;
  request->follow_method = next_method (request, status);
  request->follow_custom_method = keeps_custom_method (request, status, request->follow_method);

  return GM_OK;
}
