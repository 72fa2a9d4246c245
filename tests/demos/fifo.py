#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The named-pipe programs, one on each face: lines become transfers while others run."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from httpd import Server  # pylint: disable=wrong-import-position
from tap import Tap  # pylint: disable=wrong-import-position

TIME_LIMIT = 40


class Program:
    """The running program and its pipe."""

    def __init__(self, program, folder):
        self.pipe = os.path.join(folder, 'urls')
        self.process = subprocess.Popen([program, self.pipe], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert 'quit' in self.process.stdout.readline()
        assert stat.S_ISFIFO(os.stat(self.pipe).st_mode)

    def write(self, text):
        # Not blocking: a program that does not read would hang the test.
        fd = os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK)
        os.write(fd, text.encode())
        os.close(fd)

    def next_line(self):
        return self.process.stdout.readline().strip()

    def finish(self):
        out = self.process.communicate(timeout=TIME_LIMIT)[0]
        return self.process.returncode, out.splitlines(), os.path.exists(self.pipe)


def lines_become_transfers(server, program, folder):
    running = Program(program, folder)
    slow, fast = server.url('/slow/400000/x'), server.url('/bytes/1000/x')
    running.write(slow + '\n')
    assert running.next_line() == f'start {slow}'
    # The slow one takes two seconds: these overtake it.
    running.write(f'{fast}\n{fast}\n')
    found = sorted(running.next_line() for _ in range(4))
    assert found == 2 * [f'done {fast}: 1000 bytes'] + 2 * [f'start {fast}'], found
    running.write('quit\n')
    status, rest, left = running.finish()
    assert (status, rest, left) == (0, [f'done {slow}: 400000 bytes'], False), (status, rest, left)


def parts_of_lines_wait(server, program, folder):
    running = Program(program, folder)
    url = server.url('/bytes/7/x')
    running.write(url[:10])
    time.sleep(0.2)
    running.write(url[10:] + '\n')
    assert running.next_line() == f'start {url}'
    assert running.next_line() == f'done {url}: 7 bytes'
    running.write('\nquit\n')
    assert running.finish() == (0, [], False)


def failures_are_told(server, program, folder):
    running = Program(program, folder)
    running.write(server.url('/status/404') + '\nhttp://127.0.0.1:1/\nquit\n')
    status, lines, _ = running.finish()
    assert status == 0 and sum(line.startswith('failed ') for line in lines) == 2, lines


def an_interrupt_ends_it(server, program, folder):
    running = Program(program, folder)
    running.write(server.url('/slow/10000000/x') + '\n')
    assert running.next_line().startswith('start ')
    time.sleep(0.3)
    running.process.send_signal(signal.SIGINT)
    status, _, left = running.finish()
    assert (status, left) == (0, False), (status, left)


def a_bad_path_is_refused(_, program, folder):
    done = subprocess.run([program, os.path.join(folder, 'no', 'such')], stderr=subprocess.PIPE, timeout=TIME_LIMIT, check=False)
    assert done.returncode == 2, done


CASES = (lines_become_transfers, parts_of_lines_wait, failures_are_told, an_interrupt_ends_it, a_bad_path_is_refused)


def main():
    tap = Tap()
    with Server() as server:
        for program in sys.argv[1:]:
            for function in CASES:
                with tempfile.TemporaryDirectory() as folder:
                    tap.run(f'{os.path.basename(program)}: {function.__name__.replace("_", " ")}',
                            lambda f=function, d=folder, p=program: f(server, p, d))
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
