#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gmulti-get on a terminal: tmux is the terminal, what it shows is what the user sees. The bars survive every change of
size, and the terminal is whole again afterwards, however it ends."""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from httpd import Server  # pylint: disable=wrong-import-position
from tap import Tap  # pylint: disable=wrong-import-position

PROGRAM = sys.argv[1]
TIME_LIMIT = 40


class Terminal:
    """One terminal with the program on it, in a tmux of its own."""

    def __init__(self, folder, columns, lines, *arguments, before=':'):
        self.socket = os.path.join(folder, 'tmux')
        self.folder = os.path.join(folder, 'fetched')
        # The shell says the status and then keeps the terminal as it was left.
        line = f'trap : INT; {before}; {shlex.join([PROGRAM, "-P", self.folder, *arguments])}; echo "status $?"; exec sleep 1000'
        # Whatever the environment of the tests is, this is a terminal with a size of its own.
        environment = {name: value for name, value in os.environ.items() if name not in ('TMUX', 'TMUX_PANE', 'COLUMNS', 'LINES')}
        environment.update(LC_ALL='C.UTF-8', TERM='xterm', SHELL='/bin/sh')
        subprocess.run(['tmux', '-S', self.socket, '-f', '/dev/null', 'new-session', '-d', '-x', str(columns), '-y', str(lines),
                        line], check=True, env=environment, stdin=subprocess.DEVNULL, timeout=TIME_LIMIT)

    def tmux(self, *arguments):
        return subprocess.run(['tmux', '-S', self.socket, *arguments], check=True, text=True, stdout=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, timeout=TIME_LIMIT).stdout

    def screen(self):
        return [line for line in self.tmux('capture-pane', '-p').split('\n') if line]

    def resize(self, columns, lines):
        self.tmux('resize-window', '-x', str(columns), '-y', str(lines))

    def cursor_is_visible(self):
        return self.tmux('display-message', '-p', '#{cursor_flag}').strip() == '1'

    def process(self):
        """The program itself, the shell's child."""
        shell = self.tmux('display-message', '-p', '#{pane_pid}').strip()
        with open(f'/proc/{shell}/task/{shell}/children', encoding='ascii') as file:
            return int(file.read().split()[0])

    def wait_for(self, condition, what):
        end = time.monotonic() + TIME_LIMIT
        while time.monotonic() < end:
            screen = self.screen()
            if condition(screen):
                return screen
            time.sleep(0.05)
        raise AssertionError(f'{what}; the screen shows:\n' + '\n'.join(self.screen()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(['tmux', '-S', self.socket, 'kill-server'], check=False, stderr=subprocess.DEVNULL, timeout=TIME_LIMIT)


def bars(screen):
    return [line for line in screen if '%' in line]


def has_bars(count):
    """One for each transfer and one for the whole, and nothing else: neither left-overs nor broken lines."""
    return lambda screen: len(bars(screen)) == count + 1 and len(screen) == count + 1


def slow_urls(server, count, size=10_000_000):
    return [server.url(f'/slow/{size}/file-{number}') for number in range(count)]


def shows_bars(server, folder):
    with Terminal(folder, 100, 12, '-j', '4', *slow_urls(server, 4)) as terminal:
        screen = terminal.wait_for(has_bars(4), 'four bars and the whole')
        for number, line in enumerate(screen[:4]):
            assert line.startswith(f'file-{number} ') and '[' in line and '/s' in line, line
        assert screen[4].startswith('0 of 4'), screen[4]
        assert not terminal.cursor_is_visible()


def survives_resizing(server, folder):
    with Terminal(folder, 100, 16, *slow_urls(server, 4)) as terminal:
        terminal.wait_for(has_bars(4), 'four bars and the whole')
        for columns, lines in ((60, 16), (33, 16), (20, 16), (12, 15), (20, 15), (140, 14), (80, 12), (80, 7), (81, 7), (100, 7)):
            terminal.resize(columns, lines)
            screen = terminal.wait_for(has_bars(4), f'bars after the change to {columns}x{lines}')
            assert max(map(len, screen)) < columns, screen
        # They stay like that.
        time.sleep(0.3)
        assert has_bars(4)(terminal.screen()), terminal.screen()


def survives_broken_bars_that_do_not_fit(server, folder):
    """Made so narrow at once that the terminal pushes some of the broken bars out at its top, where nothing reaches them,
    and where it takes lines from when it grows: what is drawn from then on is whole."""
    def whole(screen):
        return len(screen) > 4 and [line.split(' ')[0] for line in screen[-5:]] == ['file-0', 'file-1', 'file-2', 'file-3', '0']

    with Terminal(folder, 140, 10, *slow_urls(server, 4)) as terminal:
        terminal.wait_for(has_bars(4), 'four bars and the whole')
        for columns, lines in ((20, 10), (140, 10), (15, 8), (100, 24)):
            terminal.resize(columns, lines)
            time.sleep(0.3)
            terminal.wait_for(whole, f'whole bars after the change to {columns}x{lines}')


def works_at_the_bottom(server, folder):
    """Where each new bar makes the terminal scroll, and each that goes leaves a line free."""
    urls = [server.url(f'/slow/{200_000 * (number + 1)}/file-{number}') for number in range(4)]
    with Terminal(folder, 80, 10, '--summary', *urls, before='seq 20') as terminal:
        for count in (4, 3, 2, 1):
            screen = terminal.wait_for(lambda s, n=count: len(bars(s)) == n + 1, f'{count} bars and the whole')
            assert '20' in screen and bars(screen) == screen[screen.index('20') + 1:], screen
        screen = terminal.wait_for(lambda s: 'status 0' in s, 'the end')
        assert screen[screen.index('20') + 1].startswith('4 of 4 files') and not bars(screen), screen


def counts_what_has_no_room(server, folder):
    with Terminal(folder, 80, 6, '-j', '20', *slow_urls(server, 20)) as terminal:
        screen = terminal.wait_for(lambda s: any(line.startswith('and ') for line in s), 'a line for the rest')
        assert len(screen) <= 6 and 'and 17 more' in screen, screen


def leaves_the_terminal_whole(server, folder):
    with Terminal(folder, 80, 10, '--summary', server.url('/slow/200000/one'), server.url('/status/404'),
                  server.url('/slow/300000/two')) as terminal:
        screen = terminal.wait_for(lambda s: any('status 1' == line for line in s), 'the end')
        assert len(screen) == 3 and '404' in screen[0] and screen[1].startswith('2 of 3 files'), screen
        assert terminal.cursor_is_visible()


def writes_failures_above_the_bars(server, folder):
    with Terminal(folder, 80, 10, server.url('/status/404'), *slow_urls(server, 2)) as terminal:
        screen = terminal.wait_for(lambda s: len(bars(s)) == 3 and '404' in s[0], 'a failure above two bars')
        assert len(screen) == 4, screen


def ends_on_control_c(server, folder):
    with Terminal(folder, 80, 10, '--summary', *slow_urls(server, 3)) as terminal:
        terminal.wait_for(has_bars(3), 'three bars')
        terminal.tmux('send-keys', 'C-c')
        screen = terminal.wait_for(lambda s: 'status 130' in s, 'the end')
        # The terminal itself echoes ^C.
        assert len(screen) == 2 and 'interrupted' in screen[0], screen
        assert terminal.cursor_is_visible()
        assert os.listdir(terminal.folder) == [], os.listdir(terminal.folder)


def gives_the_cursor_back_while_stopped(server, folder):
    with Terminal(folder, 80, 10, *slow_urls(server, 2)) as terminal:
        terminal.wait_for(has_bars(2), 'two bars')
        process = terminal.process()
        os.kill(process, signal.SIGTSTP)
        terminal.wait_for(lambda _: terminal.cursor_is_visible(), 'the cursor while stopped')
        os.kill(process, signal.SIGCONT)
        terminal.wait_for(lambda s: has_bars(2)(s) and not terminal.cursor_is_visible(), 'the bars again')


def is_plain_on_request(server, folder):
    with Terminal(folder, 80, 10, '--plain', server.url('/bytes/1000/file')) as terminal:
        screen = terminal.wait_for(lambda s: 'status 0' in s, 'the end')
        assert screen == ['file (1.00 kB)', 'status 0'], screen


def takes_what_is_typed(server, folder):
    with Terminal(folder, 80, 10, '-i', '-') as terminal:
        time.sleep(0.3)
        terminal.tmux('send-keys', '-l', server.url('/bytes/1000/file') + '\n')
        terminal.wait_for(lambda s: 'file (1.00 kB)' in s, 'a file while the input is open')
        terminal.tmux('send-keys', 'C-d')
        screen = terminal.wait_for(lambda s: 'status 0' in s, 'the end')
        # What was typed, what it became, and no bar in between.
        assert len(screen) == 3, screen


CASES = (shows_bars, works_at_the_bottom, survives_resizing, survives_broken_bars_that_do_not_fit, counts_what_has_no_room,
         leaves_the_terminal_whole, writes_failures_above_the_bars, ends_on_control_c, gives_the_cursor_back_while_stopped,
         is_plain_on_request, takes_what_is_typed)


def main():
    tap = Tap()
    wanted = sys.argv[2:]
    with Server() as server:
        for function in CASES:
            if wanted and function.__name__ not in wanted:
                continue
            with tempfile.TemporaryDirectory() as folder:
                tap.run(function.__name__.replace('_', ' '), lambda f=function, d=folder: f(server, d))
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
