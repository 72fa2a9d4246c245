#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gmulti-get as its user meets it: what it fetches, how it ends, what it says. On a terminal: terminal.py."""

import os
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from httpd import Server, content  # pylint: disable=wrong-import-position
from tap import Tap  # pylint: disable=wrong-import-position

TIME_LIMIT = 60
PROGRAM = sys.argv[1]


def same(found, expected):
    assert found == expected, f'expected {expected!r}, found {found!r}'


class Case:
    """A folder to fetch into, and the server."""

    def __init__(self, server, folder):
        server.reset()
        self.server = server
        self.folder = folder

    def url(self, path):
        return self.server.url(path)

    def command(self, *arguments):
        return [PROGRAM, '-P', self.folder, *arguments]

    def run(self, *arguments, given=''):
        """Exit status, standard output, standard error."""
        done = subprocess.run(self.command(*arguments), input=given.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=TIME_LIMIT, check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    def start(self, *arguments, **keywords):
        return subprocess.Popen(self.command(*arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, **keywords)

    def names(self):
        return sorted(os.path.relpath(os.path.join(place, name), self.folder)
                      for place, _, names in os.walk(self.folder) for name in names)

    def read(self, name):
        with open(os.path.join(self.folder, name), 'rb') as file:
            return file.read()

    def write(self, name, data):
        with open(os.path.join(self.folder, name), 'wb') as file:
            file.write(data)

    def wait_for(self, what, *names):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if what(*names):
                return
            time.sleep(0.02)
        raise AssertionError(f'waited in vain; the folder has {self.names()}')

    def has(self, name, size):
        path = os.path.join(self.folder, name)
        return os.path.exists(path) and os.path.getsize(path) == size


# ---- what is fetched ----

def fetches_many(case):
    sizes = [0, 1, 999, 65536, 1_000_000]
    status, out, err = case.run(*(case.url(f'/bytes/{size}/file{size}') for size in sizes))
    same((status, out), (0, b''))
    same(case.names(), sorted(f'file{size}' for size in sizes))
    for size in sizes:
        same(case.read(f'file{size}') == content(size), True)
    same(sorted(line.split(' ')[0] for line in err.splitlines()), sorted(f'file{size}' for size in sizes))


def fetches_with_a_tree(case):
    status, _, err = case.run('--tree', case.url('/bytes/10/a/b'), case.url('/bytes/20/a/b'), case.url('/bytes/5/'))
    same((status, err.count('\n')), (0, 3))
    same(case.names(), ['bytes/10/a/b', 'bytes/20/a/b', 'bytes/5/index.html'])


def names_the_output(case):
    same(case.run('-o', 'other', case.url('/bytes/10/file'))[0], 0)
    same(case.names(), ['other'])


def writes_to_standard_output(case):
    status, out, err = case.run('-o', '-', case.url('/bytes/100000/file'))
    same((status, out == content(100000), err), (0, True, ''))
    same(case.names(), [])


def keeps_what_exists(case):
    case.write('file', b'mine')
    same(case.run(case.url('/bytes/10/file'))[0], 0)
    same((case.read('file'), len(case.names())), (b'mine', 2))


def overwrites_on_request(case):
    case.write('file', b'mine')
    same(case.run('--overwrite', case.url('/bytes/10/file'))[0], 0)
    same((case.read('file'), case.names()), (content(10), ['file']))


def sends_what_it_is_told(case):
    status, out, _ = case.run('-o', '-', '-X', 'PUT', '-H', 'X-One: 1', '-H', 'X-Two:2', '-d', 'a=b', case.url('/echo'))
    same(status, 0)
    head, _, body = out.decode().partition('\n\n')
    same((head.splitlines()[0], body), ('PUT', 'a=b'))
    same('X-One: 1' in head and 'X-Two: 2' in head, True)
    case.write('data', b'\0\1\2')
    status, out, _ = case.run('-o', '-', '-d', '@' + os.path.join(case.folder, 'data'), case.url('/echo'))
    same((status, out[:5], out[-3:]), (0, b'POST\n', b'\0\1\2'))


# ---- how many, how fast ----

def runs_as_many_as_asked(case):
    case.server.delay = 0.2
    same(case.run('-j', '3', *(case.url(f'/bytes/10/{n}') for n in range(9)))[0], 0)
    same(case.server.most, 3)


def keeps_to_the_rate(case):
    begin = time.monotonic()
    same(case.run('--limit-rate', '500k', *(case.url(f'/bytes/500000/{n}') for n in range(2)))[0], 0)
    spent = time.monotonic() - begin
    assert spent > 1.2, f'1 MB at 500 kB/s took {spent:.2f} s'


# ---- going on ----

def goes_on_where_it_was(case):
    case.write('file', content(1000)[:400])
    same(case.run('-c', case.url('/bytes/1000/file'))[0], 0)
    same((case.read('file') == content(1000), case.names()), (True, ['file']))
    same(case.server.requests[0][2].get('Range'), 'bytes=400-')


def begins_anew_when_the_server_does(case):
    case.write('file', b'something else')
    same(case.run('-c', case.url('/plain/1000/file'))[0], 0)
    same(case.read('file') == content(1000), True)


def sees_that_all_is_there(case):
    case.write('file', content(1000))
    same(case.run('-c', case.url('/bytes/1000/file'))[0], 0)
    same(case.read('file') == content(1000), True)


def does_not_take_a_longer_file_for_all(case):
    case.write('file', content(1000) + b'more')
    same(case.run('-c', case.url('/bytes/1000/file'))[0], 1)


# ---- lists ----

def reads_lists(case):
    with tempfile.NamedTemporaryFile('w') as listing:
        listing.write(f'# two\n\n{case.url("/bytes/10/one")}\n{case.url("/bytes/20/two")} ../second\n')
        listing.flush()
        same(case.run('-i', listing.name, case.url('/bytes/30/three'))[0], 0)
    same(case.names(), ['one', 'second', 'three'])


def reads_standard_input_while_running(case):
    running = case.start('-i', '-')
    for name in ('one', 'two'):
        running.stdin.write(case.url(f'/bytes/50000/{name}') + '\n')
        running.stdin.flush()
        # It is fetched although the input is still open.
        case.wait_for(case.has, name, 50000)
    same(running.poll(), None)
    _, err = running.communicate(timeout=TIME_LIMIT)
    same((running.returncode, err.count('\n')), (0, 2))


def ends_with_an_empty_list(case):
    same(case.run('-i', '-')[0], 0)


# ---- how it ends ----

def tells_failures(case):
    status, _, err = case.run(case.url('/status/404'), case.url('/bytes/10/file'), 'http://127.0.0.1:1/refused')
    same(status, 1)
    same(case.names(), ['file'])
    same(('404' in err, 'refused' in err), (True, True))


def refuses_bad_lines(case):
    for line in ([], ['--nonsense', case.url('/bytes/1/x')], ['-j', '0', case.url('/bytes/1/x')], ['-o', 'a', 'http://x/', 'http://y/']):
        same(case.run(*line)[0], 2)
    same(case.server.requests, [])


def wants_its_lists(case):
    same(case.run('-i', '/nonexistent/list', case.url('/bytes/1/x'))[0], 3)
    same(case.names(), [])


def wants_its_folder(case):
    case.write('in-the-way', b'')
    same(case.run('-P', os.path.join(case.folder, 'in-the-way', 'x'), case.url('/bytes/1/x'))[0], 3)


def bad_uris_fail_alone(case):
    same(case.run('http://[::1', 'nonsense://x/', case.url('/bytes/10/file'))[0], 1)
    same(case.names(), ['file'])


def catches(pid, number):
    with open(f'/proc/{pid}/status', encoding='ascii') as file:
        caught = next(line.split()[1] for line in file if line.startswith('SigCgt:'))
    return int(caught, 16) >> (number - 1) & 1


def ends_on(case, number, *options):
    running = case.start('--summary', '-j', '4', *options, *(case.url(f'/slow/5000000/{n}') for n in range(8)))
    # Each of the running ones has a file by now: its own with -c, else one under a temporary name.
    case.wait_for(lambda: case.server.running >= 4 and len(case.names()) >= 4)
    time.sleep(0.3)
    running.send_signal(number)
    begin = time.monotonic()
    _, err = running.communicate(timeout=TIME_LIMIT)
    same((running.returncode, 'interrupted' in err), (130, True))
    assert time.monotonic() - begin < 5, 'the ending took too long'
    return err


def ends_cleanly_on_interrupt(case):
    err = ends_on(case, signal.SIGINT)
    same((case.names(), err.count('\n')), ([], 1))


def ends_cleanly_on_termination(case):
    ends_on(case, signal.SIGTERM)
    same(case.names(), [])


def keeps_what_can_be_continued(case):
    ends_on(case, signal.SIGINT, '-c')
    names = case.names()
    same(names, ['0', '1', '2', '3'])
    for name in names:
        data = case.read(name)
        same(len(data) > 0, True)
        same(data == content(5_000_000)[:len(data)], True)


def ends_while_the_input_is_open(case):
    running = case.start('-i', '-')
    case.wait_for(lambda: catches(running.pid, signal.SIGINT))
    running.send_signal(signal.SIGINT)
    running.wait(TIME_LIMIT)
    same(running.returncode, 130)
    running.communicate()


# ---- what it says ----

def sums_up(case):
    _, _, err = case.run('--summary', '-q', case.url('/bytes/1000/a'), case.url('/bytes/1000/b'), case.url('/status/500'))
    last = err.splitlines()[-1]
    assert last.startswith('2 of 3 files, 2.0') and '1 failed' in last, err


def is_quiet(case):
    same(case.run('-q', case.url('/bytes/1000/a')), (0, b'', ''))


def says_nothing_that_moves_a_terminal(case):
    err = case.run(case.url('/bytes/10/%1b%5b2Jx'), case.url('/status/404/%1b%5b31m'))[2]
    same('\033' in err, False)


CASES = (
    fetches_many, fetches_with_a_tree, names_the_output, writes_to_standard_output, keeps_what_exists, overwrites_on_request,
    sends_what_it_is_told, runs_as_many_as_asked, keeps_to_the_rate, goes_on_where_it_was, begins_anew_when_the_server_does,
    sees_that_all_is_there, does_not_take_a_longer_file_for_all, reads_lists, reads_standard_input_while_running,
    ends_with_an_empty_list, tells_failures, refuses_bad_lines, wants_its_lists, wants_its_folder, bad_uris_fail_alone,
    ends_cleanly_on_interrupt, ends_cleanly_on_termination, keeps_what_can_be_continued, ends_while_the_input_is_open, sums_up,
    is_quiet, says_nothing_that_moves_a_terminal,
)


def main():
    tap = Tap()
    wanted = sys.argv[2:]
    with Server() as server:
        for function in CASES:
            if wanted and function.__name__ not in wanted:
                continue
            with tempfile.TemporaryDirectory() as folder:
                tap.run(function.__name__.replace('_', ' '), lambda f=function, d=folder: f(Case(server, d)))
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
