/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-setopt.h"

#include "gm-curl-client.h"
#include "gm-curl-options.h"

#include <string.h>

#define MAX_STRING 8000000 /* libcurl's limit for any text that is set */

typedef enum
{
  ACTION_UNKNOWN, /* no such number */
  ACTION_NUMBER,
  ACTION_STRING,
  ACTION_LIST,
  ACTION_KEPT,
  ACTION_SPECIAL,
  ACTION_IGNORED,
  ACTION_ABSENT,
} Action;

typedef struct
{
  CURLoption id;
  guint8 action;
  guint8 unit; /* GmCurlUnit */
  guint16 target; /* GmOption, or offset in GmCurlSettings, or the CURLcode of what is absent */
  long normal;
  CURLcode (*special) (GmCurlEasy *easy, const GmCurlValue *value);
} Setter;

#define AT(name) [CURLOPT_##name % GM_CURL_OPTION_RANGE] = { .id = CURLOPT_##name, .action =
#define SET_ALIAS(name, type, real)
#define SET_NUMBER(name, type, option, by) AT (name) ACTION_NUMBER, .target = GM_OPTION_##option, .unit = GM_CURL_UNIT_##by },
#define SET_STRING(name, type, option) AT (name) ACTION_STRING, .target = GM_OPTION_##option },
#define SET_LIST(name, type, option) AT (name) ACTION_LIST, .target = GM_OPTION_##option },
#define SET_KEPT(name, type, member) AT (name) ACTION_KEPT, .target = G_STRUCT_OFFSET (GmCurlSettings, member) },
#define SET_SPECIAL(name, type, function) AT (name) ACTION_SPECIAL, .special = gm_curl_set_##function },
#define SET_IGNORED(name, type, why) AT (name) ACTION_IGNORED },
#define SET_ABSENT(name, type, value, answer, why)                                                                     \
  AT (name) ACTION_ABSENT, .target = CURLE_##answer, .normal = value },

static const Setter setters[GM_CURL_N_OPTIONS] = { GM_CURL_OPTIONS (SET_ALIAS, SET_NUMBER, SET_STRING, SET_LIST,
                                                                    SET_KEPT, SET_SPECIAL, SET_IGNORED, SET_ABSENT) };

CURLcode
gm_curl_setting_result (GmResult result)
{
  if (result == GM_OK)
    return CURLE_OK;

  return result == GM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_BAD_FUNCTION_ARGUMENT;
}

CURLcode
gm_curl_set_engine_int (GmCurlEasy *easy,
                        GmOption option,
                        gint64 value)
{
  return gm_curl_setting_result (gm_transfer_set_int (easy->transfer, option, value));
}

gboolean
gm_curl_text_fits (const char *text)
{
  return text == NULL || strnlen (text, MAX_STRING + 1) <= MAX_STRING;
}

CURLcode
gm_curl_set_engine_string (GmCurlEasy *easy,
                           GmOption option,
                           const char *value)
{
  if (!gm_curl_text_fits (value))
    return CURLE_BAD_FUNCTION_ARGUMENT;

  return gm_curl_setting_result (gm_transfer_set_string (easy->transfer, option, value));
}

static gint64
value_as_number (const Setter *setter,
                 const GmCurlValue *value)
{
  return (int) setter->id >= CURLOPTTYPE_OFF_T ? (gint64) value->offset : (gint64) value->number;
}

/* Times too long for the engine's type are as good as its longest. */
static CURLcode
set_number (GmCurlEasy *easy,
            const Setter *setter,
            gint64 number)
{
  switch ((GmCurlUnit) setter->unit)
    {
    case GM_CURL_UNIT_BOOL:
      number = number != 0;
      break;
    case GM_CURL_UNIT_NOT:
      number = number == 0;
      break;
    case GM_CURL_UNIT_MS:
      if (number < 0)
        return CURLE_BAD_FUNCTION_ARGUMENT;
      number = MIN (number, G_MAXUINT32 / 1000) * 1000;
      break;
    case GM_CURL_UNIT_US_OR_EVER:
      if (number == -1)
        break;
      G_GNUC_FALLTHROUGH;
    case GM_CURL_UNIT_US:
      if (number < 0)
        return CURLE_BAD_FUNCTION_ARGUMENT;
      number = MIN (number, G_MAXINT64 / G_USEC_PER_SEC) * G_USEC_PER_SEC;
      break;
    case GM_CURL_UNIT_ONE:
    default:
      break;
    }

  return gm_curl_set_engine_int (easy, (GmOption) setter->target, number);
}

static CURLcode
set_absent (const Setter *setter,
            const GmCurlValue *value)
{
  int id = (int) setter->id;
  gboolean off;

  if (id >= CURLOPTTYPE_FUNCTIONPOINT && id < CURLOPTTYPE_OFF_T)
    off = value->function == NULL;
  else if (id >= CURLOPTTYPE_OBJECTPOINT && (id < CURLOPTTYPE_OFF_T || id >= CURLOPTTYPE_BLOB))
    off = value->pointer == NULL;
  else
    off = value_as_number (setter, value) == 0 || value_as_number (setter, value) == setter->normal;

  return off ? CURLE_OK : (CURLcode) setter->target;
}

static CURLcode
set (GmCurlEasy *easy,
     const Setter *setter,
     const GmCurlValue *value)
{
  switch ((Action) setter->action)
    {
    case ACTION_NUMBER:
      return set_number (easy, setter, value_as_number (setter, value));
    case ACTION_STRING:
      return gm_curl_set_engine_string (easy, (GmOption) setter->target, value->pointer);
    case ACTION_LIST:
      /* the layouts of both list types are the same by contract */
      return gm_curl_setting_result (gm_transfer_set_list (easy->transfer, (GmOption) setter->target, value->pointer));
    case ACTION_KEPT:
      memcpy ((char *) &easy->set + setter->target, value, sizeof (void *));
      gm_curl_client_update (easy);
      return CURLE_OK;
    case ACTION_SPECIAL:
      return setter->special (easy, value);
    case ACTION_IGNORED:
      return CURLE_OK;
    case ACTION_ABSENT:
      return set_absent (setter, value);
    case ACTION_UNKNOWN:
    default:
      return CURLE_UNKNOWN_OPTION;
    }
}

CURLcode
curl_easy_setopt (CURL *curl,
                  CURLoption option,
                  ...)
{
  GmCurlEasy *easy = gm_curl_easy_check (curl);
  guint number = (guint) option % GM_CURL_OPTION_RANGE;
  GmCurlValue value = { 0 };
  va_list args;

  if (easy == NULL)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (number >= GM_CURL_N_OPTIONS || setters[number].id != option)
    return CURLE_UNKNOWN_OPTION;

  va_start (args, option);
  if ((int) option < CURLOPTTYPE_OBJECTPOINT)
    value.number = va_arg (args, long);
  else if ((int) option >= CURLOPTTYPE_OFF_T && (int) option < CURLOPTTYPE_BLOB)
    value.offset = va_arg (args, curl_off_t);
  else
    value.pointer = va_arg (args, void *);
  va_end (args);

  return set (easy, &setters[number], &value);
}
