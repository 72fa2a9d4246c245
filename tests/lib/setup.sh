# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Sourced by tests/run, demos/run and .ci/run: which Debian packages each of them needs, how missing ones are fetched,
# and how the build directory is made. Needs $top, the root of the checkout. Says what it does on standard error.

# What compiles the library and the demos. python3 is Debian's own: every script here names it by its full path.
packages_build=(meson ninja-build gcc libc6-dev pkg-config python3 libglib2.0-dev libidn2-dev gettext
  libgnutls28-dev libnghttp2-dev zlib1g-dev libbrotli-dev libzstd-dev libpsl-dev libkrb5-dev)

# What makes the GIR, the typelib, the Vala bindings and the reference.
packages_bindings=(gobject-introspection libgirepository1.0-dev valac gi-docgen)

# What the demos want beside: a web server that nobody here wrote.
packages_demos=(nginx)

# What the suite wants beside: languages, servers, peers for the comparisons, and tools that look at programs.
packages_tests=(gjs python3-gi nginx apache2-bin caddy nghttp2-server nghttp2-client nghttp2-proxy squid tinyproxy
  dante-server krb5-kdc krb5-admin-server krb5-user gnutls-bin softhsm2 libp11-kit-dev python3-h2 media-types openssl
  libcurl4-openssl-dev libsoup-3.0-dev gir1.2-soup-3.0 valgrind strace binutils git tmux xvfb xdotool gir1.2-gtk-4.0 libgtk-4-dev libjson-glib-dev curl
  python3-pycurl ostree cmake libwww-curl-perl zchunk debuginfod newsboat html-xml-utils
  libcurl4-doc libcurl3-gnutls libevent-dev libev-dev libuv1-dev libtidy-dev libexpat1-dev libxml2-dev)

# What continuous integration wants beside the suite.
packages_ci=(clang clang-format libclang-rt-14-dev llvm-14)

say ()
{
  printf '%s\n' "$*" >&2
}

die ()
{
  say "$*"
  exit 1
}

# Names those of its arguments that are not installed, one a line. One query for all: it costs about 20 ms.
missing_packages ()
{
  local name
  local -A have=()
  while read -r name; do
    have[$name]=1
  done < <(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "$@" 2> /dev/null | sed -n 's/^installed //p')
  for name in "$@"; do
    [ -n "${have[$name]:-}" ] || printf '%s\n' "$name"
  done | sort -u
}

# Some of the packages bring a system service. Nothing here wants it to run: while packages are installed, Debian's own
# policy hook says so, and what was there before comes back afterwards.
policy_hook=/usr/sbin/policy-rc.d

forbid_services ()
{
  # One of ours, left by a run that was killed, is not kept.
  if [ -e "$policy_hook" ] && ! grep -q 'while libgmulti installs' "$policy_hook"; then
    cp --preserve=all "$policy_hook" "$policy_hook.gmulti-kept"
  fi
  printf '#!/bin/sh\n# while libgmulti installs packages\nexit 101\n' > "$policy_hook"
  chmod 755 "$policy_hook"
}

allow_services ()
{
  if [ -e "$policy_hook.gmulti-kept" ]; then
    mv -f "$policy_hook.gmulti-kept" "$policy_hook"
  else
    rm -f "$policy_hook"
  fi
}

# run_apt LOG ARGUMENT...: its thousand lines are of interest only when it fails.
run_apt ()
{
  local log=$1
  shift
  apt-get --quiet=2 --yes -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" < /dev/null > "$log" 2>&1 || {
    tail -n 30 "$log" >&2
    die "This failed: apt-get $*"
  }
}

# As root. In a subshell, so that the trap is its own.
install_packages ()
(
  export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none
  log=$(mktemp)
  trap 'rm -f "$log"; allow_services' EXIT
  trap 'exit 130' INT TERM HUP
  forbid_services
  run_apt "$log" update
  run_apt "$log" --no-install-recommends install "$@"
  # Installed only for the programs: not to be started by the next boot either.
  if [ -d /run/systemd/system ]; then
    for name in "$@"; do
      case $name in
        nginx | caddy) systemctl --quiet disable "$name.service" || true ;;
      esac
    done
  fi
)

# As a normal user: nothing is installed before the command was shown and agreed to on a terminal.
install_packages_with_sudo ()
{
  local command="sudo apt-get install --no-install-recommends $*" answer
  say "Missing packages: $*"
  say "They are installed by:  $command"
  if [ ! -t 0 ] || [ ! -t 2 ] || [ -n "${CI:-}" ]; then
    exit 1
  fi
  command -v sudo > /dev/null || exit 1
  read -r -p 'Run that now? [y/N] ' answer
  case $answer in
    y | Y | yes) ;;
    *) exit 1 ;;
  esac
  sudo -- "$BASH" -c 'set -euo pipefail; . "$1"; shift; install_packages "$@"' setup "${BASH_SOURCE[0]}" "$@"
}

# ensure_packages NAME...: fetches what is missing, and nothing else; does nothing, quickly, when nothing is.
ensure_packages ()
{
  local -a missing
  if ! command -v dpkg-query > /dev/null || ! command -v apt-get > /dev/null; then
    say "Not a Debian system: please see to it that what these packages hold is there: $*"
    return
  fi
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -eq 0 ]; then
    say "Installing: ${missing[*]}"
    install_packages "${missing[@]}"
  else
    install_packages_with_sudo "${missing[@]}"
  fi
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -eq 0 ] || die "Still missing: ${missing[*]}"
}

# build_directory SUFFIX: where a variant is built. $GMULTI_BUILD_DIR names another place than _build in the checkout.
build_directory ()
{
  printf '%s%s\n' "${GMULTI_BUILD_DIR:-$top/_build}" "${1:+-$1}"
}

# configure_build DIRECTORY OPTION...: a stamp says with which options it was configured, so that the usual case costs
# nothing. Meson itself sees to changed build files.
configure_build ()
{
  local build=$1 stamp=$1/gmulti-options wanted output
  shift
  wanted=$(printf '%s\n' "$top" "CC=${CC:-}" "PKG_CONFIG_PATH=${PKG_CONFIG_PATH:-}" "$@")
  if [ -f "$build/build.ninja" ] && [ -f "$stamp" ] && [ "$(< "$stamp")" = "$wanted" ]; then
    return
  fi
  say "Configuring $build"
  # A directory made with another compiler or by a moved checkout cannot be turned round: it is made anew.
  local -a how=()
  if [ -f "$build/build.ninja" ]; then
    if [ -f "$stamp" ] && [ "$(head -n 3 "$stamp")" = "$(head -n 3 <<< "$wanted")" ]; then
      how=(--reconfigure)
      # What was not found then may have been installed since.
      meson configure --clearcache "$build" > /dev/null < /dev/null || true
    else
      how=(--wipe)
    fi
  fi
  output=$(meson setup "${how[@]}" "$@" "$build" "$top" < /dev/null 2>&1) || {
    printf '%s\n' "$output" | tail -n 40 >&2
    die "meson setup failed; the whole of it is in $build/meson-logs/meson-log.txt"
  }
  printf '%s\n' "$wanted" > "$stamp"
}

# compile_build DIRECTORY [TARGET...]: quiet when there is nothing to do; progress on a terminal, else errors only.
compile_build ()
{
  local build=$1 log=$1/meson-logs/regenerate.txt
  shift
  # Changed build files: Meson's pages about it are of interest only when it fails.
  ninja -C "$build" build.ninja > "$log" 2>&1 || {
    tail -n 30 "$log" >&2
    die "meson failed; the whole of it is in $log"
  }
  if ninja -C "$build" -n "$@" | grep -q 'no work to do'; then
    return
  fi
  if [ -t 2 ]; then
    ninja -C "$build" "$@" >&2
  else
    ninja -C "$build" --quiet "$@" >&2
  fi
}
