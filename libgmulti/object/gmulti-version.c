/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-version.h"

/**
 * gmulti_get_major_version:
 *
 * Gets the major version of the library in use.
 *
 * Returns: the major version
 *
 * Since: 1.0
 */
guint
gmulti_get_major_version (void)
{
  return GMULTI_MAJOR_VERSION;
}

/**
 * gmulti_get_minor_version:
 *
 * Gets the minor version of the library in use.
 *
 * Returns: the minor version
 *
 * Since: 1.0
 */
guint
gmulti_get_minor_version (void)
{
  return GMULTI_MINOR_VERSION;
}

/**
 * gmulti_get_micro_version:
 *
 * Gets the micro version of the library in use.
 *
 * Returns: the micro version
 *
 * Since: 1.0
 */
guint
gmulti_get_micro_version (void)
{
  return GMULTI_MICRO_VERSION;
}

/**
 * gmulti_check_version:
 * @major: the major version to compare with
 * @minor: the minor version to compare with
 * @micro: the micro version to compare with
 *
 * Tells whether the library in use has the given version or a later one.
 *
 * Returns: whether it has
 *
 * Since: 1.0
 */
gboolean
gmulti_check_version (guint major,
                      guint minor,
                      guint micro)
{
  guint have[3] = { GMULTI_MAJOR_VERSION, GMULTI_MINOR_VERSION, GMULTI_MICRO_VERSION };
  guint want[3] = { major, minor, micro };

  for (guint i = 0; i < G_N_ELEMENTS (have); i++)
    if (have[i] != want[i])
      return have[i] > want[i];

  return TRUE;
}
