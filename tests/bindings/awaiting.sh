#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Python's await on this library, with the PyGObject of Debian 13: Debian 12 has one that cannot. The interpreter, its modules
# and their libraries are unpacked into the build directory (28 MB, once) and run from there; nothing is installed.
# Usage: tests/bindings/awaiting.sh [BUILD_DIRECTORY]; the library has to be built there. tests/run does not run this.
set -euo pipefail
top=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
. "$top/tests/lib/setup.sh"
build=$(readlink -f "${1:-$(build_directory '')}")
[ -e "$build/introspection/GMulti-1.typelib" ] || die "$build has no typelib: run tests/run --build-only first"
folder=$build/awaiting
packages=(python3-gi gir1.2-glib-2.0 libgnutls30t64 libidn2-0 libnghttp2-14 libbrotli1 libzstd1 libpsl5t64 libgssapi-krb5-2 zlib1g)

# An apt of its own: its lists, its cache, and nothing that is installed.
fetch ()
{
  local site
  # shellcheck disable=SC2016 # apt fills it in
  site=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | sort -u | head -n 1)
  [ -n "$site" ] || die 'No source of Debian 12 is configured that could tell where Debian 13 is'
  rm -rf "$folder"
  mkdir -p "$folder"/{lists,cache/archives}/partial "$folder/root"
  : > "$folder/status"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s trixie main\n' "$site" > "$folder/sources"
  cat > "$folder/apt.conf" <<CONF
Dir::Etc { SourceList "$folder/sources"; SourceParts "/dev/null"; Preferences "/dev/null"; PreferencesParts "/dev/null"; };
Dir::State { Lists "$folder/lists"; status "$folder/status"; extended_states "$folder/extended"; };
Dir::Cache "$folder/cache";
APT { Sandbox::User "$(id -un)"; Install-Recommends "false"; };
Debug::NoLocking "true";
CONF
  APT_CONFIG=$folder/apt.conf run_apt "$folder/log" update
  APT_CONFIG=$folder/apt.conf run_apt "$folder/log" install --download-only "${packages[@]}"
  for package in "$folder"/cache/archives/*.deb; do
    dpkg-deb --extract "$package" "$folder/root"
  done
  rm -rf "$folder"/{lists,cache}
}

# The other system's loader is named, so that its libraries are found first and this system's never.
write_python ()
{
  cat > "$folder/python" <<'PYTHON'
#!/bin/bash
usr=$(dirname "$(readlink -f "$0")")/root/usr
lib=$(echo "$usr"/lib/*-linux-gnu*)
libraries=$lib:${LD_LIBRARY_PATH:-}
unset LD_LIBRARY_PATH
export PYTHONHOME=$usr PYTHONPATH=$usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1
export GI_TYPELIB_PATH=${GI_TYPELIB_PATH:-}:$lib/girepository-1.0
exec "$(echo "$usr"/lib*/ld-linux-*.so.*)" --library-path "$libraries" "$(readlink -f "$usr/bin/python3")" "$@"
PYTHON
  chmod +x "$folder/python"
}

[ -x "$folder/python" ] || {
  say 'Fetching the PyGObject of Debian 13'
  fetch
  write_python
}
export GMULTI_TEST_PYTHON=$folder/python
for name in awaiting test contract; do
  /usr/bin/python3 "$top/tests/bindings/serve.py" "$top/tests/bindings/$name.py" "$build"
done
/usr/bin/python3 "$top/tests/scripts/guides.py" "$top/introspection" "$build" cc
