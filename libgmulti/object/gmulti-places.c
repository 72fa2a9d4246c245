/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-places-private.h"

#include "gm-address.h"
#include "gm-config.h"
#include "gmulti-core-private.h"

#include <glib/gi18n-lib.h>

/* What came of an enumeration: one of both. */
typedef struct
{
  GBytes *addresses; /* (owned) (nullable): of GmAddress */
  GError *error;     /* (owned) (nullable) */
} Answer;

struct _GmPlaces
{
  GmErrand *errand; /* (unowned) */
  GmTimer timer;    /* the engine's thread */
  Answer *answer;   /* (owned) (nullable); atomic */
  GCancellable *cancellable; /* (owned): cancelled in the home context */
};

typedef struct
{
  GmErrand *errand; /* (owned) */
  GSocketAddressEnumerator *enumerator; /* (owned) */
  GArray *addresses; /* (owned) (element-type GmAddress) */
} Enumeration;

static void
answer_free (Answer *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->addresses, g_bytes_unref);
  g_clear_error (&self->error);
  g_free (self);
}

/* ---- the engine's thread ---- */

static void
timer_cb (GmTimer *timer,
          gint64 now)
{
  GmPlaces *self = (GmPlaces *) (gpointer) ((char *) timer - G_STRUCT_OFFSET (GmPlaces, timer));

  gm_errand_stop (self->errand, GM_RESOLVE_TIMEOUT);
}

void
gm_places_ask (GmErrand *errand,
               guint timeout_ms)
{
  GmPlaces *self = errand->places;
  GmReactor *reactor = gm_errand_get_reactor (errand);

  if (self == NULL)
    {
      self = g_new0 (GmPlaces, 1);
      self->errand = errand;
      self->timer.fire = timer_cb;
      self->cancellable = g_cancellable_new ();
      errand->places = self;
    }
  /* the reactor's time is that of its last turn, which may be long past */
  if (timeout_ms != 0)
    gm_reactor_set_timer (reactor, &self->timer, g_get_monotonic_time () + (gint64) timeout_ms * 1000);
  gm_errand_tell (errand, GM_TIDINGS_PLACES);
}

void
gm_places_answer (GmErrand *errand)
{
  Answer *answer = g_atomic_pointer_exchange (&errand->places->answer, NULL);

  if (answer == NULL)
    return;

  gm_places_end (errand);
  gm_errand_places_known (errand, answer->addresses, g_steal_pointer (&answer->error));
  answer_free (answer);
}

void
gm_places_end (GmErrand *errand)
{
  if (errand->places->timer.due != 0)
    gm_reactor_set_timer (gm_errand_get_reactor (errand), &errand->places->timer, 0);
}

void
gm_places_free (GmPlaces *self)
{
  if (self == NULL)
    return;

  answer_free (self->answer);
  g_object_unref (self->cancellable);
  g_free (self);
}

/* ---- the home context ---- */

static void
enumeration_free (Enumeration *self)
{
  g_array_unref (self->addresses);
  g_object_unref (self->enumerator);
  gm_errand_unref (self->errand);
  g_free (self);
}

/* Takes @error and @self. What came before an error is enough. */
static void
done (Enumeration *self,
      GError *error)
{
  Answer *answer = g_new0 (Answer, 1);

  if (self->addresses->len > 0)
    {
      answer->addresses = g_bytes_new (self->addresses->data, self->addresses->len * sizeof (GmAddress));
      g_clear_error (&error);
    }
  else if (error != NULL)
    answer->error = error;
  else
    answer->error = g_error_new_literal (G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND,
                                         _("There is no address to connect to"));

  answer_free (g_atomic_pointer_exchange (&self->errand->places->answer, answer));
  gm_errand_order (self->errand, GM_ORDER_PLACES);
  enumeration_free (self);
}

/* What is no place for a stream is left out. Takes @address. FALSE: these are enough. */
static gboolean
add (Enumeration *self,
     GSocketAddress *address)
{
  GSocketFamily family = g_socket_address_get_family (address);
  gssize len = g_socket_address_get_native_size (address);
  GmAddress place = { 0 };

  if ((family == G_SOCKET_FAMILY_IPV4 || family == G_SOCKET_FAMILY_IPV6 || family == G_SOCKET_FAMILY_UNIX)
      && len > 0 && (gsize) len <= sizeof place.sa
      && g_socket_address_to_native (address, &place.sa, sizeof place.sa, NULL))
    {
      place.len = (socklen_t) len;
      g_array_append_val (self->addresses, place);
    }
  g_object_unref (address);
  return self->addresses->len < GM_PLACES_MAX;
}

static void
next_cb (GObject *source,
         GAsyncResult *result,
         gpointer user_data)
{
  Enumeration *self = user_data;
  GError *error = NULL;
  GSocketAddress *address = g_socket_address_enumerator_next_finish (self->enumerator, result, &error);

  if (address != NULL && add (self, address))
    g_socket_address_enumerator_next_async (self->enumerator, self->errand->places->cancellable, next_cb, self);
  else
    done (self, error);
}

void
gm_places_enumerate (GmErrand *errand,
                     GSocketConnectable *connectable,
                     gboolean blocking)
{
  Enumeration *self = g_new0 (Enumeration, 1);
  GSocketAddress *address;
  GError *error = NULL;

  self->errand = gm_errand_ref (errand);
  self->enumerator = g_socket_connectable_enumerate (connectable);
  self->addresses = g_array_new (FALSE, FALSE, sizeof (GmAddress));
  if (!blocking)
    {
      g_socket_address_enumerator_next_async (self->enumerator, errand->places->cancellable, next_cb, self);
      return;
    }

  do
    address = g_socket_address_enumerator_next (self->enumerator, errand->places->cancellable, &error);
  while (address != NULL && add (self, address));
  done (self, error);
}

void
gm_places_give_up (GmErrand *errand)
{
  g_cancellable_cancel (errand->places->cancellable);
}
