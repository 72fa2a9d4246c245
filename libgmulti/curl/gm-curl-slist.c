/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-memory.h"

struct curl_slist *
curl_slist_append (struct curl_slist *list,
                   const char *data)
{
  struct curl_slist *item, *last;

  if (data == NULL)
    return NULL;

  item = gm_curl_memory.malloc (sizeof *item);
  if (item == NULL)
    return NULL;
  item->data = gm_curl_memory.strdup (data);
  item->next = NULL;
  if (item->data == NULL)
    {
      gm_curl_memory.free (item);
      return NULL;
    }

  if (list == NULL)
    return item;

  for (last = list; last->next != NULL; last = last->next)
    ;
  last->next = item;
  return list;
}

void
curl_slist_free_all (struct curl_slist *list)
{
  while (list != NULL)
    {
      struct curl_slist *next = list->next;

      gm_curl_memory.free (list->data);
      gm_curl_memory.free (list);
      list = next;
    }
}
