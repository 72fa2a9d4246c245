#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Habits that a machine can see: the licence line in each file, no function past a page, no to-do markers, no tabs or
trailing blanks. Ceilings only ever go down. Each check is first shown a planted violation."""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

# Lines from the opening brace of a function to its closing one.
LONGEST_FUNCTION = 80
LONGEST_LINE = 150

# Texts for people, data, and files whose format has no comments.
NO_LICENCE_LINE = re.compile(
    r'^(COPYING|NEWS|README\.md|\.gitignore|\.editorconfig|\.clang-format|po/LINGUAS|po/POTFILES(\.in)?)$'
    r'|\.(json|png|svg|ico|pem|crt|key|supp|pot|bin|data|corpus|dict|txt|md|expected)$|/corpus/|(^|/)\.git(ignore|attributes)$')
MARKER = re.compile(r'\b(' + '|'.join(('TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK')) + r')\b')
MARKER_ALLOWED = re.compile(r'# ?TO' + r'DO\b|not ok')          # a directive of TAP
SOURCE = re.compile(r'\.(c|h|in|py|sh|js|vala|build)$|^(tests|demos|\.ci)/run$|^tests/[^.]*$')
BLANKS = re.compile(r'[ \t]+$', re.MULTILINE)


def all_files(top):
    """What git knows or would add; without git (a release archive) what lies there."""
    if os.path.exists(os.path.join(top, '.git')):
        output = subprocess.run(['git', '-c', f'safe.directory={top}', '-C', top, 'ls-files', '-z', '--cached', '--others',
                                 '--exclude-standard'], check=True, stdout=subprocess.PIPE).stdout
        names = {name for name in output.decode().split('\0') if name}
        return sorted(name for name in names if os.path.isfile(os.path.join(top, name)))
    found = []
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders
                      if not name.startswith(('_build', 'build', '.git')) and name != '__pycache__']
        found += [os.path.relpath(os.path.join(folder, name), top) for name in names]
    return sorted(found)


def read(top, name):
    """A file's text, or None when it is not one."""
    with open(os.path.join(top, name), 'rb') as file:
        content = file.read()
    if b'\0' in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def without_licence(top, names):
    for name in names:
        if NO_LICENCE_LINE.search(name):
            continue
        text = read(top, name)
        if text and not any('SPDX-License-' + 'Identifier: ' in line for line in text.split('\n', 5)[:5]):
            yield f'{name} has no SPDX line'


def long_functions(top, names):
    for name in names:
        if not name.endswith('.c'):
            continue
        begin = 0
        for number, line in enumerate((read(top, name) or '').split('\n'), 1):
            if line.startswith('{'):
                begin = number
            elif line.startswith('}') and begin:
                if number - begin - 1 > LONGEST_FUNCTION:
                    yield f'{name}:{begin}: a function of {number - begin - 1} lines'
                begin = 0


def markers(top, names):
    for name in names:
        if not SOURCE.search(name):
            continue
        for number, line in enumerate((read(top, name) or '').split('\n'), 1):
            if MARKER.search(line) and not MARKER_ALLOWED.search(line):
                yield f'{name}:{number}: {line.strip()}'


def ugly_lines(top, names):
    for name in names:
        if not SOURCE.search(name):
            continue
        for number, line in enumerate((read(top, name) or '').split('\n'), 1):
            if BLANKS.search(line):
                yield f'{name}:{number}: blanks at the end of the line'
            if name.endswith(('.c', '.h', '.py', '.build')) and '\t' in line:
                yield f'{name}:{number}: a tab'
            if name.endswith(('.c', '.h')) and len(line) > LONGEST_LINE:
                yield f'{name}:{number}: {len(line)} columns'


CHECKS = (
    ('each file has its licence line', without_licence),
    (f'no function is longer than {LONGEST_FUNCTION} lines', long_functions),
    ('there are no to-do markers', markers),
    (f'no tabs, no trailing blanks, no line over {LONGEST_LINE} columns', ugly_lines),
)

SPDX = '/* SPDX-License-' + 'Identifier: LGPL-2.1-or-later */\n'
PLANTED = (
    (without_licence, 'int x;\n', SPDX + 'int x;\n'),
    (long_functions, 'int\nf (void)\n{\n' + '  g ();\n' * 81 + '}\n', 'int\nf (void)\n{\n' + '  g ();\n' * 80 + '}\n'),
    (markers, '/* TO' + 'DO: more */\n', '/* to do it well */\n'),
    (ugly_lines, 'int x; \n', 'int x;\n'),
    (ugly_lines, '\tint x;\n', '  int x;\n'),
    (ugly_lines, '/' * 151 + '\n', '/' * 150 + '\n'),
)


def main():
    top = os.path.realpath(sys.argv[1])
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        for check, bad, good in PLANTED:
            for text, findings in ((bad, 1), (good, 0)):
                with open(os.path.join(folder, 'planted.c'), 'w', encoding='ascii') as file:
                    file.write(text)
                found = list(check(folder, ['planted.c']))
                tap.check(f'{check.__name__}: {findings} in a planted file', len(found) == findings, *found)
    names = all_files(top)
    tap.check('there are files to look at', len(names) > 20, len(names))
    for title, check in CHECKS:
        tap.none(title, check(top, names))
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
