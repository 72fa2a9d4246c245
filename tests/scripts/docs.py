#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Everything public is documented, and the tools that make bindings and book have nothing to complain about: each is shown a
planted mistake first. Arguments: the build directory, our GIR, vapigen and gi-docgen (or '')."""

import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

PLANTED = 'gmulti_transfer_pause'
TIME_LIMIT = 100


def complaints(*words):
    """What a tool says on its standard error."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          timeout=TIME_LIMIT, check=False)
    return [line for line in done.stderr.splitlines() if done.returncode != 0 or 'arning' in line]


def check_vapigen(tap, vapigen, gir, folder):
    def run(path):
        return complaints(vapigen, '--quiet', '--library', 'gmulti-1', '--pkg', 'gio-2.0', '--directory', folder, path)

    with open(gir, encoding='utf-8') as file:
        text = file.read()
    planted = os.path.join(folder, 'GMulti-1.gir')
    with open(planted, 'w', encoding='utf-8') as file:
        file.write(text.replace('<type name="Gio.File"', '<type name="Gone.File"'))
    tap.check('vapigen complains about a type that is not there', run(planted))
    tap.none('vapigen has nothing to complain about', run(gir))


def check_documented(tap, gidocgen, config, gir, folder):
    def run(path):
        return [line for line in complaints(gidocgen, 'check', '--config=' + config, path) if 'INFO' not in line]

    with open(gir, encoding='utf-8') as file:
        text = file.read()
    planted = os.path.join(folder, 'GMulti-1.gir')
    with open(planted, 'w', encoding='utf-8') as file:
        file.write(re.sub(rf'(c:identifier="{PLANTED}".*?)<doc .*?</doc>', r'\1', text, count=1, flags=re.DOTALL))
    tap.check('a symbol without documentation is found', any('pause' in line for line in run(planted)), *run(planted))
    tap.none('everything public is documented', run(gir))


def check_index(tap, build, gir):
    """The index that Devhelp reads names every class, and every page that it names is there."""
    book = os.path.join(build, 'introspection', 'gmulti-1')
    with open(os.path.join(book, 'gmulti-1.devhelp2'), encoding='utf-8') as file:
        index = file.read()
    with open(gir, encoding='utf-8') as file:
        functions = set(re.findall(r'<(?:method|constructor) [^>]*c:identifier="(\w+)"', file.read()))
    tap.none("Devhelp's index has every function", [name for name in functions if name not in index])
    pages = {link.partition('#')[0] for link in re.findall(r'link="([^"]+)"', index)}
    tap.none("each page of Devhelp's index is there", [page for page in pages if not os.path.exists(os.path.join(book, page))])


def main():
    build, gir, vapigen, gidocgen = sys.argv[1:]
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        if vapigen:
            check_vapigen(tap, vapigen, gir, folder)
        if gidocgen:
            check_documented(tap, gidocgen, os.path.join(build, 'introspection', 'gmulti.toml'), gir, folder)
            check_index(tap, build, gir)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
