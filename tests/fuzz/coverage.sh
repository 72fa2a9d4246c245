#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# How much of libgmulti/wire/ do the corpora of the fuzz targets reach? Prints lines covered, for each file and in all,
# and fails below 90 %. TAP. Needs gcc with gcov; builds in a folder of its own, which goes away.
set -euo pipefail
if ! command -v gcc > /dev/null || ! command -v gcov > /dev/null; then
  echo '1..0 # SKIP no gcc with gcov'
  exit 0
fi
top=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
least=90
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

targets=(socks http1-head chunked cookie fields challenge netrc dns sigv4)
read -ra flags <<< "$(pkg-config --cflags --libs glib-2.0 gnutls nettle)"
printf '#define HAVE_NETTLE 1\n' > gm-config.h
includes=(-I. -I"$top/libgmulti/base" -I"$top/libgmulti/wire" -I"$top/tests/fuzz")
common=(-std=gnu11 -O0 -D_GNU_SOURCE '-DG_LOG_DOMAIN="GMulti"' -fno-strict-aliasing "${includes[@]}" "${flags[@]}")

for file in "$top"/libgmulti/wire/*.c; do
  gcc --coverage -c "${common[@]}" -o "$(basename "$file" .c).o" "$file"
done
for name in ascii bytes headers result; do
  gcc -c "${common[@]}" -o "base-$name.o" "$top/libgmulti/base/gm-$name.c"
done
for target in "${targets[@]}"; do
  gcc --coverage -o "replay-$target" "$top/tests/fuzz/fuzz-$target.c" "$top/tests/fuzz/replay.c" gm-*.o base-*.o \
    "${common[@]}" -lglib-2.0 -lgnutls -lnettle
  timeout 60 "./replay-$target" "$top/tests/fuzz/corpus/$target" > /dev/null
done

# gcov says, for each file: File '…' / Lines executed:97.50% of 120
gcov -n gm-*.o 2> /dev/null | awk -v least="$least" -v top="$top/" '
  /^File / { file = $2; gsub (/\047/, "", file); sub (top, "", file) }
  /^Lines executed:/ && file ~ /^libgmulti\/wire\/.*\.c$/ {
    split ($0, part, /[:%]/); n = $NF; lines += n; hit += n * part[2] / 100
    printf "# %6.2f %% of %4d lines: %s\n", part[2], n, file
    file = ""
  }
  END {
    share = lines > 0 ? 100 * hit / lines : 0
    verdict = share >= least ? "ok" : "not ok"
    printf "1..1\n%s 1 corpora cover %.2f %% of the %d lines of libgmulti/wire/ (at least %d %%)\n", verdict, share, lines, least
    exit share >= least ? 0 : 1
  }'
