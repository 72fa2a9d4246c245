#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of what the engine can do (introspection/abilities.md): every setting of the engine has its row once, no row has
one that the engine does not have, and what a row names is in our GIR. Arguments: the table, the engine's
list of settings (gm-options.h), our GIR, and the C compiler, which expands the list."""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
from libsoup import OURS, our_names  # pylint: disable=wrong-import-position
from tap import Tap  # pylint: disable=wrong-import-position

VERDICT = re.compile(r'^(?:never|always|header): \S|`')
TIME_LIMIT = 50


def engine_settings(compiler, header):
    """The members of the enum before the last, of which other headers say nothing."""
    with open(header, encoding='utf-8') as file:
        text = ''.join(line for line in file if not line.startswith(('#include', '#pragma')))
    done = subprocess.run([*compiler, '-E', '-P', '-x', 'c', '-'], input=text, stdout=subprocess.PIPE, text=True,
                          timeout=TIME_LIMIT, check=True)
    members = re.search(r'\{([^{}]*)GM_N_OPTIONS', done.stdout).group(1)
    return re.findall(r'\bGM_OPTION_(\w+)', members)


def read_table(text):
    """[(settings, the other column)] of each row."""
    rows = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')] if line.startswith('|') else []
        if len(cells) == 2 and cells[1] != 'here' and not cells[0].startswith('---'):
            rows.append((re.findall('`([^`]+)`', cells[0]), cells[1]))
    return rows


def compare(rows, settings, ours):
    """Sentences about what is wrong."""
    told = [name for names, _ in rows for name in names]
    for name in settings:
        if told.count(name) != 1:
            yield f'{name}: {told.count(name)} rows'
    for name in set(told) - set(settings):
        yield f'the engine has no {name}'
    for names, text in rows:
        if not VERDICT.search(text):
            yield f'{names} have neither an equal nor a reason: {text}'
        for word in re.findall('`([^`]+)`', text):
            if OURS.match(word) and word not in ours:
                yield f'there is no {word}'


def main():
    table, header, gir, compiler = sys.argv[1:]
    tap = Tap()
    with open(table, encoding='utf-8') as file:
        rows = read_table(file.read())
    settings, ours = engine_settings(compiler.split(';'), header), our_names(gir)
    tap.check('the settings are those of the engine', len(settings) > 150 and 'URL' in settings and 'TLS_PINS' in settings,
              len(settings))
    print(f'# {len(settings)} settings, {len(rows)} rows')
    tap.none('every setting has its equal or a reason', compare(rows, settings, ours))
    # What it would find.
    tap.check('a new setting is found', 'NEW: 0 rows' in compare(rows, settings + ['NEW'], ours))
    tap.check('a row without a reason is found', any('neither' in line for line in compare(rows + [(['A'], 'no')], settings, ours)))
    tap.check('an equal that is none is found',
              'there is no GMultiTransfer:nowhere' in compare(rows + [(['A'], '`GMultiTransfer:nowhere`')], settings, ours))
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
