#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The library as somebody's Meson subproject: a project of one program is made, with this checkout below subprojects/, and
# built and run.
set -euo pipefail
top=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$top/tests/lib/setup.sh"
ensure_packages "${packages_build[@]}"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/subprojects"
ln -s "$top" "$folder/subprojects/libgmulti"
cat > "$folder/meson.build" <<'END'
project('user', 'c')
gmulti = dependency('gmulti-1', fallback: 'libgmulti',
  default_options: ['tests=false', 'demos=false', 'introspection=disabled', 'vapi=disabled', 'docs=disabled'])
test('user', executable('user', 'user.c', dependencies: gmulti))
END
cat > "$folder/user.c" <<'END'
#include <gmulti.h>

int
main (void)
{
  return gmulti_check_version (1, 0, 0) ? 0 : 1;
}
END
export PKG_CONFIG_PATH=
meson setup --force-fallback-for=gmulti-1,libgmulti "$folder/build" "$folder" > "$folder/log" 2>&1 || {
  tail -n 30 "$folder/log"
  die 'The project with the subproject cannot be configured'
}
ninja -C "$folder/build" --quiet
"$folder/build/user"
say 'usable as a subproject'
