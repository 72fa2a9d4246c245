#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs of the inner rings run under gtester as they do under Meson: its report has the same cases, all of them
good. A planted program with a failing case shows that gtester's verdict is looked at."""

import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

# Quick ones: Meson runs them all anyway.
SUITES = ('base', 'wire')

PLANTED = '''
#include <glib.h>
static void good (void) { g_assert_cmpint (1, ==, 1); }
static void bad (void) { g_assert_cmpint (1, ==, 2); }
int main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/planted/good", good);
  g_test_add_func ("/planted/bad", bad);
  return g_test_run ();
}
'''


def run(program, env, folder):
    """gtester's exit status and {case: good} from its report."""
    report = os.path.join(folder, 'report.xml')
    status = subprocess.run(['gtester', '--keep-going', '--quiet', '-o', report, program], env=env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120, check=False).returncode
    cases = {}
    # gtester copies what a case says as it is; not all of that may stand in XML.
    with open(report, encoding='utf-8', errors='replace') as file:
        text = re.sub('[\x00-\x08\x0b-\x1f]|&#x1?[0-9a-f];', '?', file.read())
    for case in xml.fromstring(text).iter('testcase'):
        if case.get('skipped'):                 # gtester runs the rest of a program again after a failure
            continue
        outcome = case.find('status')           # a case that ended its program may have none
        good = outcome is not None and outcome.get('result') in ('success', 'skipped')
        cases[case.get('path')] = cases.get(case.get('path'), True) and good
    return status, cases


def listed(program, env):
    output = subprocess.run([program, '-l'], env=env, text=True, stdout=subprocess.PIPE, timeout=30, check=True).stdout
    return set(re.findall(r'^(/.*)$', output, re.MULTILINE))


def check_planted(tap, compiler, folder):
    source, program = os.path.join(folder, 'planted.c'), os.path.join(folder, 'planted')
    with open(source, 'w', encoding='ascii') as file:
        file.write(PLANTED)
    flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'glib-2.0'], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.split()
    subprocess.run([*compiler.split(';'), '-o', program, source, *flags], check=True)
    status, cases = run(program, dict(os.environ), folder)
    tap.check('a planted failure is reported', status != 0 and cases.get('/planted/good') and not cases.get('/planted/bad'),
              status, cases)


def main():
    build, compiler = sys.argv[1:3]
    tap = Tap()
    with open(os.path.join(build, 'meson-info', 'intro-tests.json'), encoding='utf-8') as file:
        tests = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        check_planted(tap, compiler, folder)
        for test in tests:
            if test['protocol'] != 'tap' or not any(suite.partition(':')[2] in SUITES for suite in test['suite']):
                continue
            env = {**os.environ, **test['env']}
            program = test['cmd'][0]
            status, cases = run(program, env, folder)
            expected = listed(program, env)
            tap.check(f'{test["name"]} under gtester', status == 0 and set(cases) == expected and all(cases.values()),
                      status, cases, expected)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
