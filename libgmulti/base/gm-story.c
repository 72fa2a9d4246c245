/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-story.h"

#define FIRST_SIZE 128
#define CUT "…"

/* How an event lies in memory: this, then both texts with their NULs. */
typedef struct
{
  guint8 kind;
  guint8 result;
  guint16 port;
  gint32 code;
  guint8 text_len; /* 0 = NULL */
  guint8 more_len;
} Record;

struct _GmStoryRing
{
  GMutex lock;
  char *data; /* (owned) */
  guint len;
  guint size;
  guint n_lost;
};

G_STATIC_ASSERT (GM_N_STORY_KINDS <= G_MAXUINT8);
G_STATIC_ASSERT (GM_N_RESULTS <= G_MAXUINT8);
G_STATIC_ASSERT (GM_STORY_TEXT_MAX + sizeof CUT <= G_MAXUINT8);
G_STATIC_ASSERT (GM_STORY_MARKS == sizeof (guint32));

static gsize
record_size (const Record *record)
{
  return sizeof *record + record->text_len + record->more_len + 2;
}

/* How much of @text is kept: not half a character of it. */
static guint8
kept_length (const char *text)
{
  gsize len = text != NULL ? strlen (text) : 0;

  if (len <= GM_STORY_TEXT_MAX)
    return (guint8) len;

  len = GM_STORY_TEXT_MAX;
  while (len > 0 && ((guchar) text[len] & 0xc0) == 0x80)
    len--;
  return (guint8) (len + strlen (CUT));
}

/* Nobody's bytes begin a new line. */
static char *
put_text (char *to,
          const char *text,
          guint8 len)
{
  gsize n = text != NULL && strlen (text) > GM_STORY_TEXT_MAX ? len - strlen (CUT) : len;

  for (gsize i = 0; i < n; i++)
    to[i] = (guchar) text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
  if (n < len)
    memcpy (to + n, CUT, len - n);
  to[len] = '\0';
  return to + len + 1;
}

/* So that @need more bytes have room. */
static void
make_room (GmStoryRing *self,
           gsize need)
{
  gsize lost = 0;

  while (self->len - lost + need > GM_STORY_MAX)
    {
      Record oldest;

      memcpy (&oldest, self->data + lost, sizeof oldest);
      lost += record_size (&oldest);
      self->n_lost++;
    }
  if (lost > 0)
    {
      self->len -= (guint) lost;
      memmove (self->data, self->data + lost, self->len);
    }
  if (self->len + need <= self->size)
    return;

  while (self->len + need > self->size)
    self->size = self->size == 0 ? FIRST_SIZE : self->size * 2;
  self->data = g_realloc (self->data, self->size);
}

static void
ring_add (GmStoryRing *self,
          const GmStoryEvent *event)
{
  Record record = {
    .kind = (guint8) event->kind,
    .result = (guint8) event->result,
    .port = event->port,
    .code = event->code,
    .text_len = kept_length (event->text),
    .more_len = kept_length (event->more),
  };
  char *to;

  make_room (self, record_size (&record));
  to = self->data + self->len;
  memcpy (to, &record, sizeof record);
  put_text (put_text (to + sizeof record, event->text, record.text_len), event->more, record.more_len);
  self->len += (guint) record_size (&record);
}

/* The @n-th of @marks, from 0; NONE behind the last. */
static GmStoryKind
mark_at (guint32 marks,
         guint n)
{
  guint i = GM_STORY_MARKS;

  while (i > 0)
    {
      guint8 mark = (guint8) (marks >> (8 * --i));

      if (mark != 0 && n-- == 0)
        return (GmStoryKind) mark;
    }

  return GM_STORY_NONE;
}

static GmStoryRing *
get_ring (const GmStory *self)
{
  return __atomic_load_n (&self->ring, __ATOMIC_ACQUIRE);
}

/* With the marks so far in it: readers look at those only while there is no ring. */
static GmStoryRing *
lock_ring (GmStory *self)
{
  GmStoryRing *ring = get_ring (self);
  GmStoryKind mark;

  if (ring != NULL)
    {
      g_mutex_lock (&ring->lock);
      return ring;
    }

  ring = g_new0 (GmStoryRing, 1);
  g_mutex_init (&ring->lock);
  for (guint i = 0; (mark = mark_at (self->marks, i)) != GM_STORY_NONE; i++)
    ring_add (ring, &(GmStoryEvent){ .kind = mark });
  g_mutex_lock (&ring->lock);
  g_atomic_pointer_set (&self->ring, ring);
  return ring;
}

void
gm_story_add_record (GmStory *self,
                     const GmStoryEvent *event)
{
  GmStoryRing *ring = lock_ring (self);

  ring_add (ring, event);
  g_mutex_unlock (&ring->lock);
}

void
gm_story_add_mark (GmStory *self,
                   GmStoryKind kind)
{
  if (get_ring (self) == NULL && (self->marks >> (8 * (GM_STORY_MARKS - 1))) == 0)
    __atomic_store_n (&self->marks, self->marks << 8 | (guint32) kind, __ATOMIC_RELAXED);
  else
    gm_story_add_record (self, &(GmStoryEvent){ .kind = kind });
}

gboolean
gm_story_has_records (const GmStory *self)
{
  return self != NULL && get_ring (self) != NULL;
}

/* ---- readers ---- */

static void
ring_foreach (GmStoryRing *self,
              void (*func) (const GmStoryEvent *event, gpointer user_data),
              gpointer user_data)
{
  if (self->n_lost > 0)
    func (&(GmStoryEvent){ .kind = GM_STORY_NONE, .code = (int) self->n_lost }, user_data);

  for (gsize at = 0; at < self->len;)
    {
      const char *texts = self->data + at + sizeof (Record);
      Record record;

      memcpy (&record, self->data + at, sizeof record);
      func (&(GmStoryEvent){
              .kind = (GmStoryKind) record.kind,
              .result = (GmResult) record.result,
              .code = record.code,
              .port = record.port,
              .text = record.text_len > 0 ? texts : NULL,
              .more = record.more_len > 0 ? texts + record.text_len + 1 : NULL,
            },
            user_data);
      at += record_size (&record);
    }
}

void
gm_story_foreach (GmStory *self,
                  void (*func) (const GmStoryEvent *event, gpointer user_data),
                  gpointer user_data)
{
  guint32 marks = self != NULL ? __atomic_load_n (&self->marks, __ATOMIC_RELAXED) : 0;
  GmStoryRing *ring = self != NULL ? get_ring (self) : NULL;
  GmStoryKind mark;

  /* Once there is a ring everything is in it. */
  if (ring != NULL)
    {
      g_mutex_lock (&ring->lock);
      ring_foreach (ring, func, user_data);
      g_mutex_unlock (&ring->lock);
      return;
    }

  for (guint i = 0; (mark = mark_at (marks, i)) != GM_STORY_NONE; i++)
    func (&(GmStoryEvent){ .kind = mark }, user_data);
}

void
gm_story_clear (GmStory *self)
{
  if (self->ring != NULL)
    {
      g_mutex_clear (&self->ring->lock);
      g_free (self->ring->data);
      g_free (self->ring);
    }
  *self = (GmStory){ NULL, 0 };
}
