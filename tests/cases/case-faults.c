/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers.h"
#include "fault-layer.h"
#include "gm-curl-multi.h"

/* The same cases once more, with the fault layer on top of every socket: short reads and writes, AGAIN and small delays
 * at random places, by CASE_SEED. It looks inside the C face for its engine, so it needs the static library. */

static guint seed = 1;

static void
made (Driver *driver)
{
  FaultPlan *plan = g_new0 (FaultPlan, 1);

  plan->kind = FAULT_RANDOM;
  plan->seed = seed++;
  driver->faults = plan;
  gm_pool_set_hooks (gm_multi_get_pool (gm_curl_multi_check (driver->multi)->engine), NULL, fault_layer_wrap, plan);
}

static void
gone (Driver *driver)
{
  fault_plan_clear (driver->faults);
  g_free (driver->faults);
}

/* Before main(), so that the program itself stays the same. */
__attribute__ ((constructor)) static void
install (void)
{
  const char *text = g_getenv ("CASE_SEED");

  if (text != NULL)
    seed = (guint) g_ascii_strtoull (text, NULL, 10);
  driver_made = made;
  driver_gone = gone;
}
