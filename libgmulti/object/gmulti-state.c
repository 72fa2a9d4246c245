/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-state-private.h"

#include "gm-state-file.h"

#define HSTS_TAG "hsts "
#define ALT_SVC_TAG "alt-svc "

void
gm_face_state_open (GFile *file,
                    GmHsts **hsts,
                    GmAltSvc **alt_svc)
{
  const char *path = g_file_peek_path (file);

  *hsts = gm_hsts_new ();
  *alt_svc = gm_alt_svc_new ();
  if (path == NULL)
    return;
  gm_hsts_add_file (*hsts, path, HSTS_TAG);
  gm_alt_svc_add_file (*alt_svc, path, ALT_SVC_TAG);
}

typedef struct
{
  GmJob job; /* first member */
  GmHttpStores *stores; /* (owned) */
  char *path; /* (owned) */
} Save;

static void
save_work (GmJob *job)
{
  Save *self = (Save *) job;
  g_auto (GmByteBuilder) out = { .max = GM_STATE_FILE_MAX };
  g_auto (GmByteBuilder) hsts = { .max = GM_STATE_FILE_MAX };
  g_auto (GmByteBuilder) alt_svc = { .max = GM_STATE_FILE_MAX };
  gint64 now = gm_clock_wall (&gm_clock_system);

  /* What could not be read must not be lost by writing over it. */
  if (gm_hsts_load (self->stores->hsts, now, NULL) != 0 || gm_alt_svc_load (self->stores->alt_svc, now, NULL) != 0 ||
      gm_hsts_get_file_error (self->stores->hsts, self->path) != 0 ||
      gm_alt_svc_get_file_error (self->stores->alt_svc, self->path) != 0)
    return;
  gm_hsts_write (self->stores->hsts, now, &hsts);
  gm_alt_svc_write (self->stores->alt_svc, now, &alt_svc);
  gm_byte_builder_append_literal (&out, "# Written by a program; what is changed by hand may get lost.\n");
  gm_state_tag_lines (gm_span (hsts.data, hsts.len), HSTS_TAG, &out);
  gm_state_tag_lines (gm_span (alt_svc.data, alt_svc.len), ALT_SVC_TAG, &out);
  if (!out.failed && !hsts.failed && !alt_svc.failed)
    gm_state_file_write (self->path, out.data, out.len);
}

static void
save_free (GmJob *job)
{
  Save *self = (Save *) job;

  gm_http_stores_unref (self->stores);
  g_free (self->path);
  g_free (self);
}

void
gm_face_state_save (GmHttpStores *stores,
                    GFile *file)
{
  static const GmJobType type = { save_work, NULL, save_free };
  const char *path = g_file_peek_path (file);
  Save *save;

  if (path == NULL || stores == NULL || stores->hsts == NULL || stores->alt_svc == NULL ||
      (gm_hsts_get_serial (stores->hsts) == 0 && gm_alt_svc_get_serial (stores->alt_svc) == 0))
    return;

  save = g_new0 (Save, 1);
  gm_job_init (&save->job, &type);
  save->stores = gm_http_stores_ref (stores);
  save->path = g_strdup (path);
  /* Without a thread to be had it is better done now than not at all. */
  if (!gm_job_start_detached (&save->job, gm_workers_files ()))
    {
      save_work (&save->job);
      gm_job_unref (&save->job);
    }
}
