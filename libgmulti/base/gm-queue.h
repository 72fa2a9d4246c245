/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* GQueue with links that live in their owners, written out: each small request is put into and taken from such queues a
 * dozen times, and the calls cost more than the work. A link in no queue has neither neighbour. */

static inline void
gm_queue_push_tail (GQueue *queue,
                    GList *link)
{
  link->next = NULL;
  link->prev = queue->tail;
  if (queue->tail != NULL)
    queue->tail->next = link;
  else
    queue->head = link;
  queue->tail = link;
  queue->length++;
}

static inline void
gm_queue_push_head (GQueue *queue,
                    GList *link)
{
  link->prev = NULL;
  link->next = queue->head;
  if (queue->head != NULL)
    queue->head->prev = link;
  else
    queue->tail = link;
  queue->head = link;
  queue->length++;
}

static inline void
gm_queue_unlink (GQueue *queue,
                 GList *link)
{
  if (link->prev != NULL)
    link->prev->next = link->next;
  else
    queue->head = link->next;
  if (link->next != NULL)
    link->next->prev = link->prev;
  else
    queue->tail = link->prev;
  link->prev = link->next = NULL;
  queue->length--;
}

/* NULL if it is empty. */
static inline GList *
gm_queue_pop_head (GQueue *queue)
{
  GList *link = queue->head;

  if (link != NULL)
    gm_queue_unlink (queue, link);
  return link;
}
