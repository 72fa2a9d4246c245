#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The library without anything optional: both faces are built from this checkout, warnings being errors, and a few tests
# that meet what is missing are run.
set -euo pipefail
top=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$top/tests/lib/setup.sh"
ensure_packages "${packages_build[@]}"

tests=(body/gm-sink-decode connect/gm-pool protocol/gm-cookie-jar curl/curl-easy object/gmulti-stream
  object/gmulti-coding)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
meson setup "$folder" "$top" -Dauto_features=disabled -Dwerror=true -Ddemos=false > "$folder.log" 2>&1 || {
  tail -n 30 "$folder.log"
  die 'Without what is optional it cannot be configured'
}
rm -f "$folder.log"
targets=()
for name in "${tests[@]}"; do
  targets+=("tests/${name%%/*}/test-${name##*/}")
done
ninja -C "$folder" --quiet "${targets[@]}"
meson test -C "$folder" --no-rebuild "${tests[@]}" > "$folder/log" 2>&1 || {
  tail -n 60 "$folder/log"
  die 'Without what is optional a test fails'
}
say "${#tests[@]} test programs pass without what is optional"
