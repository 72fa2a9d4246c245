#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Prints what a terminal shows in the middle of demos/run, for the README: a real one, taken from tmux. demos/run has to
# have been run before.
# Usage: tests/demos/capture.sh [COLUMNS [LINES [SECONDS]]]
set -euo pipefail
top=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
columns=${1:-90} lines=${2:-14} seconds=${3:-2.5}
folder=$(mktemp -d)
trap 'tmux -S "$folder/tmux" kill-server 2> /dev/null || true; rm -rf "$folder"' EXIT
unset TMUX
LC_ALL=C.UTF-8 TERM=xterm tmux -S "$folder/tmux" -f /dev/null new-session -d -x "$columns" -y "$lines" \
  "cd '$top' && printf '\$ demos/run -j 8 --limit-rate 10M\n' && demos/run -j 8 --limit-rate 10M; sleep 100"
sleep "$seconds"
tmux -S "$folder/tmux" capture-pane -p | sed 's/ *$//' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
