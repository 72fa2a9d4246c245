/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-download.h"
#include "gmulti-store-private.h"

/* FALSE if there is no destination. The members stay the download's. */
gboolean gm_face_download_get_choice (GMultiDownload *self,
                                      GmStoreChoice *choice);
