/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-options.h"

#include "gm-curl-option-list.h"

#include <glib.h>

/* ---- rows in the list's order, with a last one that has no name ---- */

#define ROW(name, type) { #name, CURLOPT_##name, CURLOT_##type, 0 },
#define ROW3(name, type, x) ROW (name, type)
#define ROW4(name, type, x, y) ROW (name, type)
#define ROW5(name, type, x, y, z) ROW (name, type)
#define ROW_ALIAS(name, type, real) { #name, CURLOPT_##real, CURLOT_##type, CURLOT_FLAG_ALIAS },

static const struct curl_easyoption rows[] = {
  GM_CURL_OPTIONS (ROW_ALIAS, ROW4, ROW3, ROW3, ROW3, ROW3, ROW3, ROW5) { NULL, CURLOPT_LASTENTRY, CURLOT_LONG, 0 }
};

#define N_ROWS (G_N_ELEMENTS (rows) - 1)

/* ---- number to row: 0 is none, else row + 1 ---- */

#define PLACE(name, type) PLACE_##name,
#define PLACE3(name, type, x) PLACE (name, type)
#define PLACE4(name, type, x, y) PLACE (name, type)
#define PLACE5(name, type, x, y, z) PLACE (name, type)
enum
{
  GM_CURL_OPTIONS (PLACE3, PLACE4, PLACE3, PLACE3, PLACE3, PLACE3, PLACE3, PLACE5)
};

#define INDEX(name, type) [CURLOPT_##name % GM_CURL_OPTION_RANGE] = PLACE_##name + 1,
#define INDEX3(name, type, x) INDEX (name, type)
#define INDEX4(name, type, x, y) INDEX (name, type)
#define INDEX5(name, type, x, y, z) INDEX (name, type)
#define INDEX_ALIAS(name, type, real)

static const guint16 places[GM_CURL_N_OPTIONS] = { GM_CURL_OPTIONS (INDEX_ALIAS, INDEX4, INDEX3, INDEX3, INDEX3, INDEX3,
                                                                    INDEX3, INDEX5) };

const struct curl_easyoption *
gm_curl_option_find (CURLoption id)
{
  guint number = (guint) id % GM_CURL_OPTION_RANGE;
  const struct curl_easyoption *row;

  if (number >= GM_CURL_N_OPTIONS || places[number] == 0)
    return NULL;

  row = &rows[places[number] - 1];
  return row->id == id ? row : NULL;
}

/* ---- public ---- */

const struct curl_easyoption *
curl_easy_option_by_id (CURLoption id)
{
  return gm_curl_option_find (id);
}

const struct curl_easyoption *
curl_easy_option_by_name (const char *name)
{
  gsize low = 0, high = N_ROWS;

  if (name == NULL)
    return NULL;

  while (low < high)
    {
      gsize middle = low + (high - low) / 2;
      int order = g_ascii_strcasecmp (name, rows[middle].name);

      if (order == 0)
        return &rows[middle];
      if (order < 0)
        high = middle;
      else
        low = middle + 1;
    }

  return NULL;
}

const struct curl_easyoption *
curl_easy_option_next (const struct curl_easyoption *prev)
{
  if (prev == NULL)
    return rows;
  if (prev->name == NULL || prev[1].name == NULL)
    return NULL;

  return prev + 1;
}
