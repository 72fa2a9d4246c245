#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the suite by `meson test` and counts what really happened.

Meson counts programs; we count test cases. The programs' own TAP output is in Meson's log, one JSON object a line, and
is counted here: a program that died, ran out of time or kept silent counts as a failure whatever it had printed."""

import argparse
import fnmatch
import json
import os
import re
import subprocess
import sys

# The results by which Meson says that a program as a whole went as it should.
GOOD_RESULTS = ('OK', 'SKIP', 'EXPECTEDFAIL')
CONTEXT_LINES = 20
# More than this many failing programs are not the machine's doing.
REPEAT_MOST = 8
POINT = re.compile(r'^(not )?ok\b\s*\d*\s*(?:- )?([^#]*)(?:#\s*(\w+)\S*\s*(.*))?$')
PLAN_SKIP = re.compile(r'^1\.\.0\s*#\s*skip\S*\s*(.*)$', re.IGNORECASE)


class Counts:
    """Test cases by outcome, and sentences about those that need one."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def count_points(name, output):
    """The TAP points in a program's output. Indented lines are sub-tests, which their parent's line sums up."""
    counts = Counts()
    for line in output.splitlines():
        match = POINT.match(line)
        if match:
            bad, title, directive, reason = match.groups()
            title = f'{name} {title.strip()}'
            directive = (directive or '').lower()
            if directive == 'skip':
                counts.skipped.append(f'{title}: {reason or "no reason given"}')
            elif bad and directive != 'todo':
                counts.failed.append(title)
            else:
                counts.passed += 1
            continue
        match = PLAN_SKIP.match(line)
        if match:
            counts.skipped.append(f'{name}: {match.group(1) or "no reason given"}')
    return counts


def count_program(entry, protocol):
    """What one line of Meson's log stands for."""
    name, result = entry['name'], entry['result']
    counts = Counts()
    if protocol == 'tap':
        counts = count_points(name, entry.get('stdout') or '')
        if not (counts.passed or counts.failed or counts.skipped):
            counts.failed.append(f'{name}: printed no test point ({result})')
        elif result not in GOOD_RESULTS and not counts.failed:
            counts.failed.append(f'{name}: {result}, exit status {entry.get("returncode")}')
    elif result == 'SKIP':
        counts.skipped.append(f'{name}: the program asked to be skipped')
    elif result in GOOD_RESULTS:
        counts.passed = 1
    else:
        counts.failed.append(f'{name}: {result}, exit status {entry.get("returncode")}')
    return counts


def show_output(entry):
    """What a failing TAP program printed: Meson shows its standard error alone. Good points and chatter are left out."""
    lines = (entry.get('stdout') or '').splitlines()
    shown = set()
    for number, line in enumerate(lines):
        if line.startswith(('not ok', 'Bail out')):
            shown.update(range(max(0, number - CONTEXT_LINES), number + 1))
    if not shown:
        shown.update(range(max(0, len(lines) - CONTEXT_LINES), len(lines)))
    print(f'--- {entry["name"]}')
    for number in sorted(shown):
        if not lines[number].startswith('ok '):
            print(lines[number])


def select(tests, patterns):
    """The tests that the patterns name, and the patterns that name none."""
    chosen, strays = [], []
    for pattern in patterns:
        found = [test for test in tests
                 if fnmatch.fnmatchcase(test['name'], pattern)
                 or any(suite.partition(':')[2] == pattern for suite in test['suite'])]
        if not found:
            strays.append(pattern)
        chosen += [test for test in found if test not in chosen]
    return chosen, strays


def excluded(test, setup):
    """Mirrors exclude_suites of the valgrind setup: Meson drops these silently, we must not wait for them."""
    suites = {suite.partition(':')[2] for suite in test['suite']}
    return setup == 'valgrind' and bool(suites & {'scripts', 'bindings', 'bench', 'selfcheck'})


def log_path(build, setup):
    """Where Meson writes the log; it names it after the setup."""
    return os.path.join(build, 'meson-logs', f'testlog-{setup}.json')


def run(options, tests, jobs):
    """Runs the tests; returns the entries of Meson's log."""
    path = log_path(options.build, options.setup)
    if os.path.exists(path):
        os.unlink(path)
    command = ['meson', 'test', '-C', options.build, '--no-rebuild', '--print-errorlogs', f'--setup={options.setup}',
               f'--num-processes={jobs}']
    status = subprocess.run(command + [test['name'] for test in tests], stdin=subprocess.DEVNULL, check=False).returncode
    if not os.path.exists(path):
        sys.exit(f'meson test ended with status {status} and left no {path}')
    with open(path, encoding='utf-8', errors='replace') as log:
        return [json.loads(line) for line in log if line.strip()], status


def repeat(options, tests, protocols, again, total):
    """Runs the programs that failed once more, one at a time with the machine to themselves: time limits that a busy
    machine broke hold then, a real fault stays. Says so in any case, and counts the second run."""
    names = [name for name, _counts in again]
    for name in names:
        print(f'once more, alone: {name}')
    entries, status = run(options, [test for test in tests if test['name'] in names], 1)
    for entry in entries:
        entry['name'] = entry['name'].rpartition(' / ')[2]
        counts = count_program(entry, protocols[entry['name']])
        if counts.failed:
            show_output(entry)
        else:
            print(f'passed alone: {entry["name"]}')
        total.add(counts)
        names.remove(entry['name'])
    for name in names:
        total.failed.append(f'{name}: did not run again')
    return status


def report(total, results):
    """The sentences, then the totals as the last line."""
    for title in total.skipped:
        print(f'skipped: {title}')
    for title in total.failed:
        print(f'FAILED: {title}')
    line = f'{total.passed} passed, {len(total.failed)} failed'
    if total.skipped:
        line += f', {len(total.skipped)} skipped'
    print(line)
    if results:
        with open(results, 'w', encoding='ascii') as file:
            file.write(f'{total.passed} {len(total.failed)} {len(total.skipped)}\n')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', required=True)
    parser.add_argument('--setup', default='plain')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--results')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()

    introspection = os.path.join(options.build, 'meson-info', 'intro-tests.json')
    with open(introspection, encoding='utf-8') as file:
        tests = json.load(file)
    if options.names:
        tests, strays = select(tests, options.names)
        if strays:
            sys.exit(f'No test and no suite is called: {" ".join(strays)}')
    if options.list:
        print('\n'.join(test['name'] for test in tests))
        return 0

    tests = [test for test in tests if not excluded(test, options.setup)]
    if not tests:
        sys.exit('No test to run.')
    entries, status = run(options, tests, options.jobs)
    protocols = {test['name']: test['protocol'] for test in tests}
    total = Counts()
    again = []
    for entry in entries:
        entry['name'] = entry['name'].rpartition(' / ')[2]      # Meson puts the suites before it
        counts = count_program(entry, protocols[entry['name']])
        if counts.failed:
            show_output(entry)
            again.append((entry['name'], counts))
        else:
            total.add(counts)
    if 0 < len(again) <= REPEAT_MOST:
        status = repeat(options, tests, protocols, again, total)
    else:
        for _name, counts in again:
            total.add(counts)
    for name in sorted(set(protocols) - {entry['name'] for entry in entries}):
        total.failed.append(f'{name}: never ran')
    if status and not total.failed:
        total.failed.append(f'meson test: exit status {status}')
    report(total, options.results)
    return 1 if total.failed else 0


if __name__ == '__main__':
    sys.exit(main())
