#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Do the fuzz targets find anything? Plants one mistake at a time, mostly off by one, in a copy of the parsers and lets the
# target run on its corpus for SECONDS (60) at most. Fails when one is not found, or when the unchanged copy fails. TAP.
# Needs clang with libFuzzer.
set -uo pipefail
top=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
seconds=${1:-60}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# target | file | what stands there | what stands there after the planting
mistakes=(
  'http1-head|wire/gm-http1-parse.c|if (next == headers->len)|if (next > headers->len)'
  'http1-head|wire/gm-http1-parse.c|(gsize) (p - line) >= limit \&\&|(gsize) (p - line) > limit \&\&'
  'http1-head|wire/gm-http1-parse.c|taken -= headers->len - end;|taken -= headers->len - end - (headers->len > end);'
  'http1-head|wire/gm-http1-parse.c|p + 2 - line > parser->limits->line_bytes|p + 1 - line > parser->limits->line_bytes'
  'http1-head|wire/gm-http1-parse.c|first_entry >= parser->limits->fields|first_entry > parser->limits->fields'
  'http1-head|base/gm-headers.h|block\[GM_HEADERS_BLOCK_SIZE + 1\]|block[GM_HEADERS_BLOCK_SIZE]'
  'chunked|wire/gm-http-chunked.c|while (used < len \&\&|while (used <= len \&\&'
  'chunked|wire/gm-http-chunked.c|MIN (len - used, (guint64) decoder->left)|MIN (len - used, (guint64) decoder->left + 1)'
  'fields|wire/gm-content-disposition.c|text.len - i < 3|text.len - i < 2'
  'challenge|wire/gm-http-challenge.c|++n > GM_HTTP_MAX_AUTH_PARAMS|n++ > GM_HTTP_MAX_AUTH_PARAMS'
  'challenge|wire/gm-http-digest.c|is_quotable (ask->user)|TRUE'
)

read -ra flags <<< "$(pkg-config --cflags --libs glib-2.0 gnutls nettle)"

# build TARGET: from the copy in $work/src.
build ()
{
  clang -std=gnu11 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -D_GNU_SOURCE \
    '-DG_LOG_DOMAIN="GMulti"' -fno-strict-aliasing -I"$work" -I"$work/src/base" -I"$work/src/wire" -I"$top/tests/fuzz" \
    -o "$work/fuzz" "$top/tests/fuzz/fuzz-$1.c" "$work"/src/wire/*.c \
    "$work"/src/base/gm-{ascii,bytes,headers,result}.c "${flags[@]}"
}

# fuzz TARGET SECONDS: 0 when nothing was found. The corpus first, then mutants of it.
fuzz ()
{
  rm -rf "$work/new"
  mkdir "$work/new"
  timeout --kill-after=10 $(($2 + 30)) "$work/fuzz" -max_total_time="$2" -max_len=2048 -timeout=5 -seed=1 \
    -artifact_prefix="$work/" "$work/new" "$top/tests/fuzz/corpus/$1" > "$work/log" 2>&1
}

fresh_copy ()
{
  rm -rf "$work/src"
  mkdir "$work/src"
  cp -r "$top/libgmulti/base" "$top/libgmulti/wire" "$work/src/"
}

n=0 failed=0
point ()
{
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then
    printf 'ok %d %s\n' $n "$2"
  else
    failed=1
    printf 'not ok %d %s\n' $n "$2"
    tail -n 12 "$work/log" | sed 's/^/# /'
  fi
}

printf '#define HAVE_NETTLE 1\n' > "$work/gm-config.h"
if ! command -v clang > /dev/null || ! echo 'int LLVMFuzzerTestOneInput (void) { return 0; }' |
    clang -fsanitize=fuzzer -x c -o "$work/probe" - 2> /dev/null; then
  echo '1..0 # SKIP no clang with libFuzzer'
  exit 0
fi

fresh_copy
for target in http1-head chunked fields; do
  build "$target" > "$work/log" 2>&1 && fuzz "$target" 1
  point $? "$target: nothing is found in the parsers as they are"
done

for mistake in "${mistakes[@]}"; do
  IFS='|' read -r target file from to <<< "$mistake"
  fresh_copy
  sed -i "s|$from|$to|" "$work/src/$file"
  if cmp -s "$work/src/$file" "$top/libgmulti/$file"; then
    echo "nothing like \"$from\" in $file" > "$work/log"
    point 1 "$target: $to"
    continue
  fi
  build "$target" > "$work/log" 2>&1 || { point 1 "$target: does not compile: $to"; continue; }
  begin=$SECONDS
  fuzz "$target" "$seconds"
  status=$?
  found=1
  [ $status -ne 0 ] && grep -qE 'ERROR: AddressSanitizer|runtime error|does not hold' "$work/log" && found=0
  point $found "$target: found after $((SECONDS - begin)) s: $to"
done
echo "1..$n"
exit $failed
