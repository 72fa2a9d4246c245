#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether the C face sends the same cookies as libcurl: plays the same seeds by both and compares line by line.

cookies.py REAL OURS [FIRST LAST]"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position


def play(program, seeds):
    done = subprocess.run([program, *seeds], check=True, stdout=subprocess.PIPE, timeout=150)
    return done.stdout.decode('utf-8', 'replace').splitlines()


def main():
    real, ours, *seeds = sys.argv[1:]
    seeds = seeds or ['1', '150']
    tap = Tap()
    theirs = play(real, seeds)
    mine = play(ours, seeds)
    tap.check('both answer for each request', len(theirs) == len(mine) > 100)
    seed = ''
    differences = []
    n_cookies = 0
    for line, other in zip(theirs, mine):
        if line.startswith('seed'):
            seed = line
        n_cookies += line.count('=') > 0
        if line != other:
            differences.append(f'{seed}\n  libcurl {line}\n  ours    {other}')
    tap.check('cookies are sent at all', n_cookies > 100, n_cookies)
    tap.none('the same cookies go to the same URLs', differences[:20])
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
