#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the shared libraries let out, and what they need: each exports its own prefix alone; the C face needs neither
libgio nor libgobject. Each check is first shown a planted violation."""

import argparse
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

FACE_LIBRARIES = re.compile(r'^lib(gio|gobject)-2\.0\.so')
# A version script defines its node as an absolute symbol.
VERSION_NODE = re.compile(r'^(G?MULTI|CURL|GMULTI_CURL)_[A-Z0-9_.]+$')


def exports(nm, library):
    output = subprocess.run([nm, '-D', '--defined-only', '--format=posix', library], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    for line in output.splitlines():
        name, kind = line.split()[:2]
        name = name.partition('@')[0]
        if kind != 'A' or not VERSION_NODE.match(name):
            yield name


def strays(nm, library, prefix):
    return sorted(name for name in exports(nm, library) if not name.startswith(prefix))


def needed(readelf, library):
    output = subprocess.run([readelf, '-d', library], check=True, text=True, stdout=subprocess.PIPE).stdout
    return re.findall(r'\(NEEDED\).*\[(.+)\]', output)


def check_planted(tap, options):
    with tempfile.TemporaryDirectory() as folder:
        source, library = os.path.join(folder, 'planted.c'), os.path.join(folder, 'libplanted.so')
        with open(source, 'w', encoding='ascii') as file:
            file.write('void gmulti_right (void); void gmulti_right (void) { }\nint gm_wrong = 1;\n'
                       'void g_object_unref (void *); void gmulti_more (void); void gmulti_more (void) { g_object_unref (0); }\n')
        subprocess.run([*options.cc.split(';'), '-shared', '-fPIC', '-o', library, source, '-Wl,--no-as-needed',
                        *options.planted_link], check=True)
        found = strays(options.nm, library, 'gmulti_')
        tap.check('a planted export is found', found == ['gm_wrong'], found)
        found = needed(options.readelf, library)
        tap.check('a planted need is found', any(FACE_LIBRARIES.match(name) for name in found), found)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--nm', default='nm')
    parser.add_argument('--readelf', default='readelf')
    parser.add_argument('--cc', default='cc', help='the compiler; its words separated by semicolons')
    parser.add_argument('--planted-link', action='append', default=[], help='a library to link the planted one with')
    parser.add_argument('--object', help='the library of the object face')
    parser.add_argument('--curl', action='append', default=[], help='a library of the C face')
    options = parser.parse_args()

    tap = Tap()
    check_planted(tap, options)
    if options.object:
        names = list(exports(options.nm, options.object))
        tap.check('the object face exports something', names)
        tap.none('the object face exports gmulti_* alone', strays(options.nm, options.object, 'gmulti_'))
    for library in options.curl:
        base = os.path.basename(library)
        names = list(exports(options.nm, library))
        tap.check(f'{base} exports something', names)
        tap.none(f'{base} exports curl_* alone', strays(options.nm, library, 'curl_'))
        tap.none(f'{base} needs no libgio and no libgobject',
                 (name for name in needed(options.readelf, library) if FACE_LIBRARIES.match(name)))
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
