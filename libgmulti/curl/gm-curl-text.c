/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-memory.h"

#include "gm-ascii.h"

#include <stdint.h>
#include <stdlib.h>

int
curl_strequal (const char *s1,
               const char *s2)
{
  if (s1 == NULL || s2 == NULL)
    return s1 == s2;

  return gm_span_equal_nocase (gm_span (s1, strlen (s1)), gm_span (s2, strlen (s2)));
}

int
curl_strnequal (const char *s1,
                const char *s2,
                size_t n)
{
  if (s1 == NULL || s2 == NULL)
    return s1 == s2 && n > 0;

  return gm_span_equal_nocase (gm_span (s1, strnlen (s1, n)), gm_span (s2, strnlen (s2, n)));
}

char *
curl_getenv (const char *variable)
{
  const char *value = variable != NULL ? getenv (variable) : NULL;

  return value != NULL && *value != '\0' ? gm_curl_memory.strdup (value) : NULL;
}

/* ---- percent-encoding: RFC 3986 section 2.3 ---- */

static gboolean
is_unreserved (char c)
{
  return g_ascii_isalnum (c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* A length of 0 means: up to the NUL. FALSE if it makes no sense. */
static gboolean
get_length (const char *string,
            int given,
            size_t *len)
{
  if (string == NULL || given < 0)
    return FALSE;

  *len = given > 0 ? (size_t) given : strlen (string);
  return TRUE;
}

char *
curl_easy_escape (CURL *curl,
                  const char *string,
                  int length)
{
  static const char digits[] = "0123456789ABCDEF";
  char *result, *out, *fitting;
  size_t len;

  if (!get_length (string, length, &len) || len > SIZE_MAX / 3 - 1)
    return NULL;

  out = result = gm_curl_memory.malloc (len * 3 + 1);
  if (result == NULL)
    return NULL;

  for (size_t i = 0; i < len; i++)
    {
      guchar c = (guchar) string[i];

      if (is_unreserved (string[i]))
        *out++ = string[i];
      else
        {
          *out++ = '%';
          *out++ = digits[c >> 4];
          *out++ = digits[c & 15];
        }
    }
  *out++ = '\0';

  /* who keeps it need not keep the room for what was not encoded */
  fitting = gm_curl_memory.realloc (result, (size_t) (out - result));
  return fitting != NULL ? fitting : result;
}

char *
curl_easy_unescape (CURL *curl,
                    const char *string,
                    int inlength,
                    int *outlength)
{
  char *result, *out;
  size_t len;

  if (!get_length (string, inlength, &len))
    return NULL;

  out = result = gm_curl_memory.malloc (len + 1);
  if (result == NULL)
    return NULL;

  for (size_t i = 0; i < len; i++)
    {
      if (string[i] == '%' && len - i > 2 && g_ascii_isxdigit (string[i + 1]) && g_ascii_isxdigit (string[i + 2]))
        {
          *out++ = (char) (g_ascii_xdigit_value (string[i + 1]) << 4 | g_ascii_xdigit_value (string[i + 2]));
          i += 2;
        }
      else
        *out++ = string[i];
    }
  *out = '\0';

  if (outlength != NULL)
    {
      if (out - result > INT_MAX)
        {
          gm_curl_memory.free (result);
          return NULL;
        }
      *outlength = (int) (out - result);
    }
  return result;
}

char *
curl_escape (const char *string,
             int length)
{
  return curl_easy_escape (NULL, string, length);
}

char *
curl_unescape (const char *string,
               int length)
{
  return curl_easy_unescape (NULL, string, length, NULL);
}
