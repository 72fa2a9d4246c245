#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/lib/run-suite.py: the counts are those of the programs' own output, and nothing bad goes uncounted."""

import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

# What a program printed, how Meson judged it, its protocol; passed, failed, skipped.
CASES = (
    ('good points', '1..2\nok 1 /a\nok 2 - /b\n', 'OK', 'tap', (2, 0, 0)),
    ('a bad point', '1..2\nok 1 /a\nnot ok 2 /b\n', 'FAIL', 'tap', (1, 1, 0)),
    ('a skipped point', '1..2\nok 1 /a\nok 2 /b # SKIP no IPv6\n', 'OK', 'tap', (1, 0, 1)),
    ('a point known to be bad', '1..1\nnot ok 1 /a # TO' + 'DO later\n', 'OK', 'tap', (1, 0, 0)),
    ('the whole program skipped', '1..0 # SKIP wrong moon\n', 'SKIP', 'tap', (0, 0, 1)),
    ('a crash after good points', '1..3\nok 1 /a\nok 2 /b\n', 'ERROR', 'tap', (2, 1, 0)),
    ('a crash that GTest reported', '1..2\nok 1 /a\nnot ok /x - assertion\nBail out! assertion\n', 'ERROR', 'tap', (1, 1, 0)),
    ('out of time', '1..3\nok 1 /a\n', 'TIMEOUT', 'tap', (1, 1, 0)),
    ('silence', '', 'OK', 'tap', (0, 1, 0)),
    ('an empty plan', '1..0\n', 'SKIP', 'tap', (0, 1, 0)),
    ('sub-tests are not counted twice', '    ok 1 - x\n    ok 2 - y\nok 1 - both\n1..1\n', 'OK', 'tap', (1, 0, 0)),
    ('talk is not counted', '# ok 1 /a\nokay\nok 1 /a\n1..1\n', 'OK', 'tap', (1, 0, 0)),
    ('a good exit status', 'ok 1\nok 2\n', 'OK', 'exitcode', (1, 0, 0)),
    ('a bad exit status', '', 'FAIL', 'exitcode', (0, 1, 0)),
    ('a skipping exit status', '', 'SKIP', 'exitcode', (0, 0, 1)),
    ('no output at all', None, 'ERROR', 'tap', (0, 1, 0)),
)


def main():
    spec = importlib.util.spec_from_file_location('run_suite', os.path.join(HERE, '..', 'lib', 'run-suite.py'))
    suite = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(suite)

    tap = Tap()
    for title, stdout, result, protocol, expected in CASES:
        entry = {'name': 'x', 'stdout': stdout, 'result': result, 'returncode': 1}
        counts = suite.count_program(entry, protocol)
        found = (counts.passed, len(counts.failed), len(counts.skipped))
        tap.check(title, found == expected, f'expected {expected}, counted {found}')
    tests = [{'name': 'base/gm-url', 'suite': ['libgmulti:base']}, {'name': 'wire/gm-date', 'suite': ['libgmulti:wire']}]
    for pattern, expected in (('base/gm-url', 1), ('wire', 1), ('*/gm-*', 2), ('gm-url', 0), ('lib*', 0)):
        chosen, strays = suite.select(tests, [pattern])
        tap.check(f'{pattern} names {expected}', len(chosen) == expected and bool(strays) == (not expected), chosen, strays)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
