#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rings: knowledge goes one way only, and nothing below the faces knows GIO, GObject or a main loop.

Looks at what the compiler made (undefined symbols of each ring's objects) and at what was written (includes). Each check
is first shown a planted violation."""

import argparse
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

# From the innermost outwards: each may know itself and those before it. Of the two faces neither knows the other.
RINGS = ('base', 'wire', 'connect', 'body', 'protocol', 'engine')
FACES = ('object', 'curl')

FORBIDDEN_IN_GLIB = re.compile(r'^g_(main|source|timeout|idle|io|spawn|unix)_')
FORBIDDEN_HEADERS = re.compile(r'^(gio/|glib-object\.h|gobject/|glib-unix\.h|gmodule\.h|gmulti)')
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
GENERATED_HEADERS = ('gm-config.h',)


def symbols(nm, path, *flags):
    """(object, symbol) for each symbol that nm lists."""
    output = subprocess.run([nm, '-A', '--format=posix', *flags, path], check=True, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout
    for line in output.splitlines():
        place, _, rest = line.partition(': ')
        fields = rest.split()
        if fields:
            yield place, fields[0].partition('@')[0]


def exported(nm, library):
    return {name for _, name in symbols(nm, library, '-D', '--defined-only')}


def loop_symbols(nm, archive, foreign):
    """What an archive needs of GIO, GObject or GLib's main loop."""
    for place, name in symbols(nm, archive, '-u'):
        if name in foreign:
            yield f'{place} needs {name}, which libgio or libgobject exports'
        elif FORBIDDEN_IN_GLIB.match(name):
            yield f'{place} needs {name}'


def upward_symbols(nm, ring, archives):
    """What a ring needs of the rings after it."""
    later = {}
    for other in RINGS[RINGS.index(ring) + 1:]:
        for _, name in symbols(nm, archives[other], '-g', '--defined-only'):
            later[name] = other
    for place, name in symbols(nm, archives[ring], '-u'):
        if name in later:
            yield f'{place} needs {name} of {later[name]}'


def sources(folder):
    for directory, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if name.endswith(('.c', '.h', '.h.in')):
                yield os.path.join(directory, name)


def may_include(ring):
    """The rings whose headers a ring may name."""
    if ring in FACES:
        return RINGS + (ring,)
    return RINGS[:RINGS.index(ring) + 1]


def wrong_includes(root, ring):
    """Includes that a ring's files should not have: of rings after it, of nowhere, of GIO below the faces."""
    owners = {}
    for other in RINGS + FACES:
        folder = os.path.join(root, other)
        for path in sources(folder):
            if not path.endswith('.c'):
                inner = os.path.relpath(path, folder).removesuffix('.in')
                owners[inner] = other
                owners.setdefault(os.path.basename(inner), other)
    allowed = may_include(ring)
    for path in sources(os.path.join(root, ring)):
        with open(path, encoding='utf-8') as file:
            text = file.read()
        for bracket, header in INCLUDE.findall(text):
            place = os.path.relpath(path, root)
            if bracket == '<':
                if ring not in FACES and FORBIDDEN_HEADERS.match(header):
                    yield f'{place} includes <{header}>'
                continue
            owner = owners.get(header)
            if owner is None:
                if ring not in FACES and header not in GENERATED_HEADERS:
                    yield f'{place} includes "{header}", which no ring has'
            elif owner not in allowed:
                yield f'{place} includes "{header}" of {owner}'


def compile_planted(options, folder, text):
    source = os.path.join(folder, 'planted.c')
    with open(source, 'w', encoding='ascii') as file:
        file.write(text)
    subprocess.run([*options.cc.split(';'), '-c', '-o', source + '.o', source], check=True)
    return source + '.o'


def check_symbol_planted(tap, options, foreign):
    with tempfile.TemporaryDirectory() as folder:
        for name in ('g_object_unref', 'g_task_return_boolean', 'g_main_context_wakeup', 'g_source_attach', 'g_timeout_add_full',
                     'g_idle_add', 'g_io_channel_unref', 'g_spawn_async', 'g_unix_open_pipe'):
            planted = compile_planted(options, folder, f'void {name} (void); void f (void) {{ {name} (); }}\n')
            found = list(loop_symbols(options.nm, planted, foreign))
            tap.check(f'a planted call of {name} is found', len(found) == 1, *found)
        planted = compile_planted(options, folder, 'void g_hash_table_new (void); void f (void) { g_hash_table_new (); }\n')
        tap.none('a container of GLib is no finding', loop_symbols(options.nm, planted, foreign))
        inner = compile_planted(options, folder, 'void gm_multi_step (void); void f (void) { gm_multi_step (); }\n')
        os.rename(inner, inner + '.inner')
        outer = compile_planted(options, folder, 'void gm_multi_step (void); void gm_multi_step (void) { }\n')
        archives = {ring: outer if ring == 'engine' else inner + '.inner' for ring in RINGS}
        tap.check('a planted call of an outer ring is found', list(upward_symbols(options.nm, 'wire', archives)))
        tap.none('a call within the ring is no finding', upward_symbols(options.nm, 'engine', archives))


def check_include_planted(tap):
    with tempfile.TemporaryDirectory() as root:
        for ring in RINGS + FACES:
            os.mkdir(os.path.join(root, ring))
        for path in ('base/gm-url.h', 'engine/gm-multi.h', 'object/gmulti-session.h', 'curl/gm-guard.h'):
            with open(os.path.join(root, path), 'w', encoding='ascii'):
                pass

        def findings(ring, line):
            with open(os.path.join(root, ring, 'planted.c'), 'w', encoding='ascii') as file:
                file.write(line + '\n')
            return list(wrong_includes(root, ring))

        tap.check('a planted header of an outer ring is found', findings('wire', '#include "gm-multi.h"'))
        tap.check('a planted header of the other face is found', findings('object', '  # include "gm-guard.h"'))
        tap.check('a planted <gio/gio.h> is found', findings('engine', '#include <gio/gio.h>'))
        tap.check('a planted header of nowhere is found', findings('engine', '#include "lost.h"'))
        tap.none('an inner header is no finding', findings('engine', '#include "gm-url.h"'))
        tap.none('GIO in a face is no finding', findings('object', '#include <gio/gio.h>'))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--nm', default='nm')
    parser.add_argument('--cc', default='cc', help='the compiler; its words separated by semicolons')
    parser.add_argument('--foreign', action='append', required=True, help='a shared library that no ring may need')
    parser.add_argument('--source', required=True, help='the folder that has the rings')
    parser.add_argument('archives', nargs=len(RINGS))
    options = parser.parse_args()

    tap = Tap()
    foreign = set()
    for library in options.foreign:
        foreign |= exported(options.nm, library)
    check_symbol_planted(tap, options, foreign)
    check_include_planted(tap)
    archives = dict(zip(RINGS, options.archives))
    for ring in RINGS:
        tap.none(f'{ring} needs nothing of GIO, GObject or a main loop', loop_symbols(options.nm, archives[ring], foreign))
        tap.none(f'{ring} needs nothing of the rings after it', upward_symbols(options.nm, ring, archives))
    for ring in RINGS + FACES:
        tap.none(f'{ring} includes what it may', wrong_includes(options.source, ring))
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
