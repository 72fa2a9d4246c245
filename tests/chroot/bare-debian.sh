#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The proof that nothing has to be installed by hand: a bare Debian 12 in a temporary folder, this checkout copied into
# it, and the two commands run there. Needs root. The base system is made once and cached; packages come from wherever
# this machine's apt gets them. Mounts live in a namespace of their own and go with it, whatever happens.
set -euo pipefail
top=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
. "$top/tests/lib/setup.sh"

usage ()
{
  cat <<'END'
Usage: tests/chroot/bare-debian.sh [--shell] [COMMAND]...
Runs each COMMAND (default: demos/run, tests/run, and both a second time) by bash in a
copy of the checkout inside a bare Debian 12, as root, and prints its time and status.
Before them, tests/run is tried as a normal user, who is to be told the sudo command.
  --shell   open a shell there at the end
END
}

suite=bookworm
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/libgmulti
inside=/home/newcomer/libgmulti

# base_system FILE: makes the archive of the bare system. The mirror is the one that apt uses here.
base_system ()
{
  local mirror folder
  ensure_packages debootstrap
  mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Identifier: Packages' \
    | sed -n "s/^$suite //p" | head -n 1)
  [ -n "$mirror" ] || die "apt knows no repository of $suite"
  folder=$(mktemp -d)
  say "Making the base system, once"
  if ! debootstrap --variant=minbase "$suite" "$folder/root" "$mirror" > "$folder/log" 2>&1; then
    tail -n 20 "$folder/log" >&2
    rm -rf --one-file-system "$folder"
    die 'debootstrap failed'
  fi
  rm -rf "$folder"/root/var/cache/apt/archives/*.deb "$folder"/root/var/lib/apt/lists/*
  mkdir -p "$cache"
  tar --numeric-owner -C "$folder/root" -cf "$1.new" .
  mv "$1.new" "$1"
  rm -rf --one-file-system "$folder"
}

# Carries over where packages and names come from, whatever that is on this machine.
copy_network_setup ()
{
  local root=$1 name
  rm -f "$root/etc/apt/sources.list"
  for name in apt.conf apt.conf.d preferences preferences.d sources.list sources.list.d keyrings trusted.gpg trusted.gpg.d; do
    [ ! -e "/etc/apt/$name" ] || cp -aLT "/etc/apt/$name" "$root/etc/apt/$name"
  done
  for name in resolv.conf hosts nsswitch.conf; do
    [ ! -e "/etc/$name" ] || cp -L "/etc/$name" "$root/etc/$name"
  done
  # Certificates of a mirror by https, and keyrings that the sources name.
  mkdir -p "$root/usr/share/keyrings"
  cp -anL /usr/share/keyrings/. "$root/usr/share/keyrings/"
  if grep -rqs 'https://' /etc/apt/sources.list /etc/apt/sources.list.d; then
    mkdir -p "$root/etc/ssl"
    cp -aL /etc/ssl/certs "$root/etc/ssl/"
  fi
}

# What git tracks or would add; in a checkout without git all but build directories.
copy_checkout ()
{
  local target=$1$inside
  mkdir -p "$target"
  if [ -e "$top/.git" ]; then
    git -c "safe.directory=$top" -C "$top" ls-files -z --cached --others --exclude-standard
  else
    find "$top" -type d \( -name '_build*' -o -name __pycache__ \) -prune -o -type f -printf '%P\0'
  fi | tar -C "$top" --null --ignore-failed-read --files-from=- -cf - 2> /dev/null | tar -C "$target" --no-same-owner -xf -
}

# Runs in namespaces of its own: what is mounted and started here ends with it.
inner ()
{
  local root=$1 name begin status worst=0
  shift
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  for name in null zero full random urandom tty; do
    : > "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"

  local -a environment=("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" LANG=C.UTF-8
    "TERM=${TERM:-dumb}" HOME=/root)
  for name in http_proxy https_proxy ftp_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [ -z "${!name:-}" ] || environment+=("$name=${!name}")
  done
  in_chroot ()
  {
    env -i "${environment[@]}" chroot "$root" /bin/bash -c "cd $inside && $1" < /dev/null
  }

  # setpriv is part of every Debian.
  status=0
  in_chroot 'setpriv --reuid=1000 --regid=1000 --clear-groups tests/run' > "$root/user.log" 2>&1 || status=$?
  cat "$root/user.log"
  if [ $status -eq 1 ] && grep -q 'sudo apt-get install .*meson' "$root/user.log"; then
    printf '=== a normal user: told what is missing, nothing installed\n'
  else
    printf '=== a normal user: FAILED, status %d\n' "$status"
    worst=1
  fi

  for name in "$@"; do
    begin=$SECONDS status=0
    printf '\n=== %s\n' "$name"
    in_chroot "$name" || status=$?
    [ $status -eq 0 ] || worst=1
    printf '=== %s: status %d, %d s\n' "$name" $status $((SECONDS - begin))
  done

  if grep -lxE 'nginx|apache2|caddy' "$root"/proc/[0-9]*/comm; then
    printf '=== services: FAILED, these still run\n'
    worst=1
  elif [ -e "$root/usr/sbin/policy-rc.d" ]; then
    printf '=== services: FAILED, the policy hook was left behind\n'
    worst=1
  else
    printf '\n=== services: none was started\n'
  fi
  if [ -n "${BARE_DEBIAN_SHELL:-}" ]; then
    env -i "${environment[@]}" chroot "$root" /bin/bash -c "cd $inside && exec bash -i" || true
  fi
  return $worst
}

if [ "${1:-}" = --inner ]; then
  shift
  inner "$@"
  exit
fi

while [ $# -gt 0 ]; do
  case $1 in
    --shell) export BARE_DEBIAN_SHELL=yes ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) break ;;
  esac
  shift
done
[ $# -gt 0 ] || set -- demos/run tests/run demos/run tests/run
[ "$(id -u)" -eq 0 ] || die 'This needs root, for chroot and mount.'

archive=$cache/$suite-minbase.tar
[ -f "$archive" ] || base_system "$archive"
work=$(mktemp -d "${TMPDIR:-/tmp}/gmulti-bare-XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM HUP
mkdir "$work/root"
tar --numeric-owner -C "$work/root" -xf "$archive"
copy_network_setup "$work/root"
copy_checkout "$work/root"
chmod 755 "$work"
unshare --mount --pid --fork --kill-child --propagation private "${BASH_SOURCE[0]}" --inner "$work/root" "$@"
