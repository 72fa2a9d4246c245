# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Sourced by tests/run for --sanitize=thread. The thread sanitizer sees only what was compiled with it: over Debian's GLib
# it reports races in correct programs. So GLib is built with it from Debian's own source package: once, then cached.

# The libraries that Debian's GLib is built over come with libglib2.0-dev; this unpacks and patches the source.
packages_glib_tsan=(dpkg-dev patch xz-utils libglib2.0-dev)

# source_lists FOLDER: this machine's repositories, as places of source packages, in both of apt's notations.
source_lists ()
{
  local file
  mkdir -p "$1"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ ! -f "$file" ] || sed -n 's/^deb /deb-src /p' "$file" > "$1/$(basename "$file" .list).list"
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" > "$1/$(basename "$file")"
  done
}

# fetch_glib_source FOLDER VERSION: unpacks the source package into FOLDER/source. Touches no state of the system's apt.
fetch_glib_source ()
{
  local folder=$1 version=$2
  mkdir -p "$folder"/state/lists/partial "$folder"/cache/archives/partial
  source_lists "$folder/lists"
  local -a apt=(apt-get --quiet=2 -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$folder/lists"
    -o "Dir::State=$folder/state" -o "Dir::State::status=/var/lib/dpkg/status" -o "Dir::Cache=$folder/cache"
    -o APT::Sandbox::User=root -o APT::Update::Post-Invoke-Success::=true)
  (
    cd "$folder" && "${apt[@]}" update && "${apt[@]}" source --download-only "glib2.0=$version" \
      && dpkg-source --no-check -x glib2.0_*.dsc source
  ) > "$folder/fetch.log" 2>&1 < /dev/null || {
    tail -n 20 "$folder/fetch.log" >&2
    die "The source package glib2.0 $version could not be fetched"
  }
}

# build_glib PREFIX: the library alone, without its tests and pages.
build_glib ()
{
  local prefix=$1 version folder
  version=$(dpkg-query --show --showformat '${source:Version}' libglib2.0-dev)
  folder=$(mktemp -d)
  say "Building GLib $version with the thread sanitizer, once: some minutes"
  fetch_glib_source "$folder" "$version"
  {
    env -u CC meson setup "$folder/build" "$folder/source" --prefix="$prefix" --libdir=lib --buildtype=debugoptimized \
      -Db_sanitize=thread -Db_lundef=false -Dtests=false -Dinstalled_tests=false -Dman=false -Dgtk_doc=false \
      -Ddtrace=false -Dsystemtap=false -Dnls=disabled \
      && ninja -C "$folder/build" && rm -rf "$prefix" && ninja -C "$folder/build" install
  } > "$folder/build.log" 2>&1 < /dev/null || {
    tail -n 20 "$folder/build.log" >&2
    die "GLib could not be built with the thread sanitizer; $folder has the logs"
  }
  printf '%s\n' "$version" > "$prefix/gmulti-version"
  rm -rf "$folder"
}

# prepare_thread_sanitized_glib: makes it if need be, and lets this shell's compiler and programs find it.
prepare_thread_sanitized_glib ()
{
  local prefix=${XDG_CACHE_HOME:-$HOME/.cache}/libgmulti/glib-tsan
  ensure_packages "${packages_glib_tsan[@]}"
  if [ "$(cat "$prefix/gmulti-version" 2> /dev/null)" != "$(dpkg-query --show --showformat '${source:Version}' libglib2.0-dev)" ]; then
    mkdir -p "$(dirname "$prefix")"
    build_glib "$prefix"
  fi
  export PKG_CONFIG_PATH=$prefix/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
  export LD_LIBRARY_PATH=$prefix/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  # GTlsDatabase and its kin come from the system's module, which fits: the versions are the same.
  GIO_EXTRA_MODULES=$(dpkg-query --listfiles glib-networking | sed -n 's,/libgiognutls\.so$,,p')
  export GIO_EXTRA_MODULES
}
