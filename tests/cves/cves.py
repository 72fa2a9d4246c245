#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tests against published vulnerabilities, seen from outside.

  cves.py check --build=DIR             the descriptions are complete and fit the programs and the code (TAP)
  cves.py table                         writes table.md anew
  cves.py take-out --build=DIR [WHAT]   takes each guard out, runs its test, and expects it to fail; WHAT is a group
                                        ("urls"), a number, or the name of a test; nothing: all of them

NAME.toml describes what cve-NAME.c tests. To take a guard out one source file is written anew with a text replaced,
compiled as the build directory compiles it, and linked in front of the archive that has the true one: nothing else is
built, and the tree is not touched. A text that is not there (exactly once), a file that does not compile any more, and
above all a test that still passes are errors."""

import argparse
import collections
import concurrent.futures
import glob
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

NUMBERS_LEAST = 60
CLASS_MOST = 4
# A test that hangs without its guard has failed, too.
TEST_SECONDS = 20
TEXTS = ('number', 'class', 'project', 'happened', 'asserted')
GUARD_TEXTS = ('test', 'file', 'function', 'find', 'replace')
EDIT_TEXTS = ('file', 'find', 'replace')
# What is freed is overwritten at once, so that its use is seen without a sanitizer, too.
ENVIRONMENT = {
    'GLIBC_TUNABLES': 'glibc.malloc.tcache_count=0',
    'G_DEBUG': 'gc-friendly', 'G_SLICE': 'always-malloc', 'MALLOC_CHECK_': '3', 'MALLOC_PERTURB_': '165',
    # GTest forgets the tests that it does not run.
    'ASAN_OPTIONS': 'detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=1',
    'UBSAN_OPTIONS': 'halt_on_error=1:abort_on_error=1',
}

# Where two guards stand one behind the other, "also" has the edits that take out the second.
Guard = collections.namedtuple('Guard', ('group', 'number') + GUARD_TEXTS + ('also',))
Edit = collections.namedtuple('Edit', EDIT_TEXTS)


def read_groups():
    """Group → its vulnerabilities as read."""
    groups = {}
    for path in sorted(glob.glob(os.path.join(HERE, '*.toml'))):
        with open(path, 'rb') as file:
            groups[os.path.basename(path)[:-len('.toml')]] = tomllib.load(file).get('cve', [])
    return groups


def guards_of(group, cves):
    for cve in cves:
        for guard in cve.get('guard', []):
            yield Guard(group, cve.get('number'), *(guard.get(text, '') for text in GUARD_TEXTS),
                        [Edit(*(edit.get(text, '') for text in EDIT_TEXTS)) for edit in guard.get('also', [])])


def edits_of(guard):
    """File → texts to be replaced in it."""
    edits = {}
    for edit in [guard] + guard.also:
        edits.setdefault(edit.file, []).append(edit)
    return edits


def source_of(name):
    with open(os.path.join(TOP, name), encoding='utf-8') as file:
        return file.read()


def program_of(group):
    return f'tests/cves/cve-{group}'


def paths_of(build, group):
    """The tests of a program: what follows "/cve/"."""
    output = subprocess.run([os.path.join(build, program_of(group)), '-l'], check=True, stdout=subprocess.PIPE,
                            text=True, timeout=30).stdout
    return [line.removeprefix('/cve/') for line in output.splitlines() if line.startswith('/cve/')]


# --- check ---

def incomplete(groups):
    for group, cves in groups.items():
        for cve in cves:
            for text in TEXTS:
                if not cve.get(text, '').strip():
                    yield f'{group}: {cve.get("number")} has no {text}'
            if not re.fullmatch(r'CVE-\d{4}-\d{4,}', cve.get('number', '')):
                yield f'{group}: {cve.get("number")} is no number'


def repeated(groups):
    numbers = collections.Counter(cve['number'] for cves in groups.values() for cve in cves)
    return [f'{number} stands {count} times' for number, count in numbers.items() if count > 1]


def crowded(groups):
    classes = collections.Counter(cve['class'] for cves in groups.values() for cve in cves)
    return [f'{name}: {count}' for name, count in classes.items() if count > CLASS_MOST]


def undescribed(groups, build):
    """Tests without a description or a guard; descriptions without a test."""
    for group, cves in groups.items():
        paths = paths_of(build, group)
        guarded = {f'{guard.number}/{guard.test}' for guard in guards_of(group, cves)}
        yield from (f'{group}: {path} has no guard to take out' for path in paths if path not in guarded)
        yield from (f'{group}: {path} is no test' for path in guarded if path not in paths)
        yield from (f'{group}: {cve["number"]} has no test' for cve in cves
                    if not any(path.startswith(cve['number'] + '/') for path in paths))


def misplaced(groups):
    """Guards that do not stand in the code."""
    for group, cves in groups.items():
        for guard in guards_of(group, cves):
            name = f'{guard.number}/{guard.test}'
            if not os.path.exists(os.path.join(TOP, guard.file)):
                yield f'{name}: there is no {guard.file}'
                continue
            for edit in [guard] + guard.also:
                count = source_of(edit.file).count(edit.find)
                if count != 1:
                    yield f'{name}: stands {count} times in {edit.file}: {edit.find}'
                if edit.find == edit.replace:
                    yield f'{name}: takes nothing out'
            if not re.search(rf'^{re.escape(guard.function)} \(', source_of(guard.file), re.MULTILINE):
                yield f'{name}: {guard.file} has no function {guard.function}'


def check(options):
    tap = Tap()
    groups = read_groups()
    programs = {os.path.basename(path)[len('cve-'):-len('.c')] for path in glob.glob(os.path.join(HERE, 'cve-*.c'))}
    count = sum(len(cves) for cves in groups.values())
    tap.check('each program has its description', programs == set(groups), programs ^ set(groups))
    tap.none('descriptions are complete', incomplete(groups))
    tap.none('each number stands once', repeated(groups))
    tap.none(f'at most {CLASS_MOST} of a class', crowded(groups))
    tap.none('each test is described and guarded', undescribed(groups, options.build))
    tap.none('each guard stands in the code once', misplaced(groups))
    tap.check('table.md is what cves.py table writes', read_table() == make_table(groups), 'run it again')
    tap.check(f'at least {NUMBERS_LEAST} numbers', count >= NUMBERS_LEAST, count)
    return tap.finish()


# --- table ---

def cell(text):
    return ' '.join(text.split()).replace('|', '\\|')


def make_table(groups):
    lines = ['# Published vulnerabilities, and what keeps them out here', '',
             'Written by `cves.py table` from the `.toml` files beside it: change those. The tests are in `cve-GROUP.c`;',
             '`cves.py take-out` shows that each fails without its guard.', '',
             '| number | class | whose | what happened there | what is asserted here | guard | group |',
             '| --- | --- | --- | --- | --- | --- | --- |']
    rows = []
    for group, cves in groups.items():
        for cve in cves:
            places = dict.fromkeys(f'`{guard.file.removeprefix("libgmulti/")}`: `{guard.function}`'
                                   for guard in guards_of(group, [cve]))
            rows.append((cve['class'], cve['number'],
                         f'| {cve["number"]} | {cell(cve["class"])} | {cell(cve["project"])} | {cell(cve["happened"])} '
                         f'| {cell(cve["asserted"])} | {", ".join(places)} | {group} |'))
    return '\n'.join(lines + [row for _, _, row in sorted(rows)]) + '\n'


def read_table():
    path = os.path.join(HERE, 'table.md')
    return source_of(path) if os.path.exists(path) else ''


def table(_options):
    with open(os.path.join(HERE, 'table.md'), 'w', encoding='utf-8') as file:
        file.write(make_table(read_groups()))
    return 0


# --- take out ---

class Workshop:
    """Builds one program with one file changed."""

    def __init__(self, build, scratch):
        self.build = build
        self.scratch = scratch
        self.compile = {}
        for entry in json.loads(self.ninja('-t', 'compdb', 'c_COMPILER')):
            name = os.path.relpath(os.path.normpath(os.path.join(build, entry['file'])), TOP)
            if entry['output'].startswith('libgmulti/'):
                self.compile.setdefault(name, shlex.split(entry['command']))
        self.link = {}

    def ninja(self, *arguments):
        return subprocess.run(['ninja', '-C', self.build, '--quiet', *arguments], check=True, stdout=subprocess.PIPE,
                              text=True, timeout=900).stdout

    def prepare(self, groups):
        """Builds the true programs and learns how they are linked."""
        self.ninja(*(program_of(group) for group in groups))
        for group in groups:
            commands = self.ninja('-t', 'commands', program_of(group))
            self.link[group] = shlex.split(commands.splitlines()[-1])

    def run(self, command, seconds):
        return subprocess.run(command, cwd=self.build, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors='replace', timeout=seconds, check=False)

    def compile_changed(self, name, edits, folder):
        """The object of a source file with texts replaced; a sentence when there is none."""
        text = source_of(name)
        if name not in self.compile:
            return None, f'{name} is not compiled into the library'
        for edit in edits:
            if text.count(edit.find) != 1:
                return None, f'the text stands {text.count(edit.find)} times in {name}'
            text = text.replace(edit.find, edit.replace)
        source = os.path.join(folder, os.path.basename(name))
        compiled = source + '.o'
        with open(source, 'w', encoding='utf-8') as file:
            file.write(text)
        command = list(self.compile[name])
        for flag, value in (('-o', compiled), ('-c', source), ('-MF', compiled + '.d'), ('-MQ', compiled)):
            command[command.index(flag) + 1] = value
        done = self.run(command + ['-w', '-iquote', os.path.dirname(os.path.join(TOP, name))], 120)
        if done.returncode != 0:
            return None, f'{name} does not compile without it:\n' + done.stdout[-2000:]
        return compiled, None

    def without(self, guard, number):
        """The program of the guard's group without it; a sentence when it could not be made."""
        folder = os.path.join(self.scratch, str(number))
        os.mkdir(folder)
        objects = []
        for name, edits in edits_of(guard).items():
            compiled, trouble = self.compile_changed(name, edits, folder)
            if compiled is None:
                return None, trouble
            objects.append(compiled)
        program = os.path.join(folder, 'program')
        command = list(self.link[guard.group])
        at = command.index('-o')
        command[at + 1:at + 2] = [program] + objects
        done = self.run(command, 120)
        if done.returncode != 0:
            return None, 'does not link without it:\n' + done.stdout[-2000:]
        return program, None

    def test(self, program, path):
        """Whether the test, or every one, passes; the paths that did; and what was said otherwise."""
        command = [program] + (['-p', '/cve/' + path] if path else [])
        try:
            done = subprocess.run(command, cwd=self.scratch, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  errors='replace', timeout=TEST_SECONDS if path else 5 * TEST_SECONDS, check=False,
                                  env={**os.environ, **ENVIRONMENT})
        except subprocess.TimeoutExpired:
            return False, [], f'not done in {TEST_SECONDS} s'
        reason = [line for line in done.stdout.splitlines()
                  if re.search(r'ERROR|Bail out|runtime error|SUMMARY|CRITICAL|not ok', line)]
        passed = re.findall(r'^ok \d+ /cve/(\S+)(?! .*# *SKIP)$', done.stdout, re.MULTILINE)
        return done.returncode == 0, passed, (reason[0].strip() if reason else f'exit status {done.returncode}')[:160]


def take_one(workshop, guard, number):
    """(whether the test failed as it should, sentence)"""
    begin = time.monotonic()
    program, trouble = workshop.without(guard, number)
    if program is None:
        return False, trouble
    passed, _, reason = workshop.test(program, f'{guard.number}/{guard.test}')
    os.unlink(program)
    return not passed, 'STILL PASSES' if passed else f'{reason} ({time.monotonic() - begin:.1f} s)'


def check_whole(workshop, groups, wanted, tap):
    """The true programs: each of the tests passes as it is, and is not skipped."""
    for group in groups:
        passes, passed, reason = workshop.test(os.path.join(workshop.build, program_of(group)), None)
        tap.check(f'{group} passes as it is', passes, reason)
        tap.none(f'no test of {group} is skipped', sorted({
            f'{guard.number}/{guard.test}' for guard in wanted
            if guard.group == group and f'{guard.number}/{guard.test}' not in passed}))


def take_out(options):
    tap = Tap()
    groups = read_groups()
    wanted = [guard for group, cves in groups.items() for guard in guards_of(group, cves)
              if not options.what or {group, guard.number, guard.test, f'{guard.number}/{guard.test}'} & set(options.what)]
    if not wanted:
        sys.exit('nothing of that name')
    with tempfile.TemporaryDirectory(prefix='cves-') as scratch:
        workshop = Workshop(os.path.abspath(options.build), scratch)
        needed = sorted({guard.group for guard in wanted})
        workshop.prepare(needed)
        check_whole(workshop, needed, wanted, tap)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            made = [pool.submit(take_one, workshop, guard, i) for i, guard in enumerate(wanted)]
            for guard, future in zip(wanted, made):
                failed, sentence = future.result()
                tap.check(f'{guard.number}/{guard.test} fails without {guard.function}', failed, sentence)
                if failed and options.verbose:
                    print(f'#   {sentence}')
    return tap.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, function in (('check', check), ('table', table), ('take-out', take_out)):
        command = commands.add_parser(name)
        command.set_defaults(function=function)
        if function is not table:
            command.add_argument('--build', required=True)
        if function is take_out:
            command.add_argument('--jobs', type=int, default=min(4, os.cpu_count() or 1))
            command.add_argument('--verbose', action='store_true')
            command.add_argument('what', nargs='*')
    options = parser.parse_args()
    return options.function(options)


if __name__ == '__main__':
    sys.exit(main())
