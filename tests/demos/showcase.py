#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One program of the showcase in its four languages, each scene compared with what is written down about it in
NAME.expected: what the program prints, on both outputs, and its exit status. GMULTI_RECORD=1 writes it down anew, from the
first language; GMULTI_SCREENSHOT names a folder to keep what the windows look like.
Arguments: NAME, the build directory, and the languages that are there (c, js, py, vala)."""

import contextlib
import difflib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
import display  # pylint: disable=wrong-import-position
import shopd  # pylint: disable=wrong-import-position
from tap import Tap  # pylint: disable=wrong-import-position

PROGRAMS = {'rest': 'client', 'grid': 'pictures', 'upload': 'upload', 'trust': 'trust'}
PACKAGES = {'rest': ['json-glib-1.0', 'gio-unix-2.0', 'posix'], 'grid': ['gtk4'],
            'upload': ['gio-unix-2.0', 'posix'], 'trust': ['gtk4']}
TIME_LIMIT = 100
LINES = 80


class Language:
    """How one of the four programs is called, and with what around it."""

    def __init__(self, folder, name, build, language):
        self.name = name
        self.language = language
        source = os.path.join(TOP, 'demos', name, f'{PROGRAMS[name]}.{language}')
        self.env = {**os.environ, 'LC_ALL': 'C.UTF-8', 'GIO_USE_VFS': 'local', 'GSETTINGS_BACKEND': 'memory',
                    'PKG_CONFIG_PATH': os.path.join(build, 'meson-uninstalled'),
                    'LD_LIBRARY_PATH': os.path.join(build, 'libgmulti', 'object'),
                    'GI_TYPELIB_PATH': os.path.join(build, 'introspection')}
        for variable in ('http_proxy', 'https_proxy', 'all_proxy', 'DBUS_SESSION_BUS_ADDRESS', 'SSL_CERT_FILE'):
            self.env.pop(variable, None)
        if language == 'c':
            self.command = [os.path.join(build, 'demos', PROGRAMS[name])]
            # What GTK and its renderer keep until the end is theirs.
            self.env['ASAN_OPTIONS'] = self.env.get('ASAN_OPTIONS', '') + (':detect_leaks=0' if name in ('grid', 'trust') else '')
        elif language == 'py':
            self.command = ['/usr/bin/python3', source]
        elif language == 'js':
            self.command = ['gjs', '-m', source]
        else:
            self.command = [self.compile_vala(source, folder, build)]

    def compile_vala(self, source, folder, build):
        binary = os.path.join(folder, f'{self.name}-vala')
        for path in ('introspection/gmulti-1.vapi', 'meson-private/gmulti-1.deps'):
            shutil.copy(os.path.join(build, path), folder)
        packages = [word for name in ['gmulti-1', *PACKAGES[self.name]] for word in ('--pkg', name)]
        subprocess.run(['valac', '--quiet', '--fatal-warnings', '--vapidir', folder, *packages, '-X', '-w', '-o', binary, source],
                       env=self.env, cwd=folder, timeout=4 * TIME_LIMIT, check=True)
        return binary

    def start(self, *arguments, before=(), **env):
        return subprocess.Popen([*before, *self.command, *arguments], env={**self.env, **env}, bufsize=0,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments, **options):
        return finish(self.start(*arguments, **options))


def is_noise(line):
    """What GTK says about the display."""
    return not line or line.startswith(('(', 'Gtk-', 'libEGL'))


def finish(process):
    """What it prints and how it ends."""
    try:
        out, err = process.communicate(timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        err += b'it did not end\n'
    out, err = out.decode(), err.decode()
    # Lines that are overwritten are progress, and not the same twice.
    err = re.sub(r'\r *\d+ %', '', err)
    lines = [line for line in err.splitlines() if not is_noise(line)]
    return f'{out}{"".join(line + chr(10) for line in lines)}status {process.returncode}\n'


def complaint(process):
    """What a program that stays complains about, and whatever it says within a moment of that."""
    guard = threading.Timer(TIME_LIMIT, process.kill)
    guard.start()
    while (first := process.stderr.readline().decode()) and is_noise(first.strip()):
        pass
    guard.cancel()
    time.sleep(0.5)
    process.terminate()
    return first + finish(process)


# ---- what happens in each ----

def can_be_without_network():
    return subprocess.run(['unshare', '-rn', 'true'], stderr=subprocess.DEVNULL, check=False).returncode == 0


def without_network(language, *arguments, **env):
    """In a network of its own, where not even loopback is up. None where that is not permitted."""
    if not can_be_without_network():
        return None
    return language.run(*arguments, before=('unshare', '-rn'), **env)


def rest(language, around):
    shop = around.http
    yield 'all pages', language.run(shop.url('/items'))
    yield 'an item more', language.run(shop.url('/items'), 'grüne "Feige"')
    shop.reset()
    yield 'an item that the service refuses', language.run(shop.url('/items'), '')
    yield 'a page that is not there', language.run(shop.url('/items?page=9'))
    yield 'a wrong address', language.run('http://[oops/')
    yield 'nobody listens', language.run(around.refused)
    yield 'no network', without_network(language, 'http://192.0.2.1/items')
    yield 'a bad certificate', language.run(around.https.url('/items'))
    # Interrupted while the service does not answer.
    shop.reset()
    shop.holding = True
    process = language.start(shop.url('/items'))
    assert shop.wait_for(lambda: shop.requests or process.poll() is not None, TIME_LIMIT), 'it asked for nothing'
    process.send_signal(signal.SIGINT)
    yield 'cancelled', finish(process)
    assert shop.wait_for(lambda: shop.left == 1, TIME_LIMIT), shop.left


def upload(language, around):
    shop, path = around.http, around.large_file
    process = language.start(shop.url('/upload'), path, 'Ümläute')
    out, err = (output.decode() for output in process.communicate(timeout=TIME_LIMIT))
    steps = [int(number) for number in re.findall(r'\r *(\d+) %', err)]
    assert len(steps) >= 3 and steps == sorted(steps) and steps[-1] == 100, steps
    yield 'a large file', f'{out}status {process.returncode}\n'
    process = language.start(shop.url('/slow-upload'), path, 'x')
    while b'%' not in (seen := process.stderr.read(1)):
        assert seen, 'it ended early'
    process.send_signal(signal.SIGINT)
    yield 'cancelled', finish(process)
    assert shop.wait_for(lambda: shop.broken == 1, TIME_LIMIT), shop.broken
    yield 'a file that is not there', language.run(shop.url('/upload'), '/nowhere/file', 'x')
    yield 'not found', language.run(shop.url('/elsewhere'), path, 'x')
    yield 'a wrong address', language.run('http://[oops/', path, 'x')
    yield 'nobody listens', language.run(around.refused, path, 'x')
    yield 'no network', without_network(language, 'http://192.0.2.1/items', path, 'x')
    yield 'a bad certificate', language.run(around.https.url('/upload'), path, 'x')


def grid(language, around):
    shop = around.http
    with display.Display(660, 500) as screen:
        process = language.start(shop.url('/pictures/'), **screen.env)
        try:
            # What is in view comes, though one of it is missing.
            assert shop.wait_for(lambda: len(shop.pictures) > 30 and 7 in shop.missing, TIME_LIMIT), len(shop.pictures)
            screen.wait_for_colours(30, TIME_LIMIT)
            around.picture(screen, 'grid', language)
            # Scrolled on while nothing comes of those at the top: the turn of those at the bottom is only there because
            # others are cancelled. A grid keeps hundreds that are not far from what is seen, and those in the middle always:
            # if one of them were held it would never be cancelled. Those at the top may all be there already; they are
            # asked for again when it comes back.
            shop.holding = True
            screen.scroll(lambda: shop.left > 0 and max(shop.asked) > 350, TIME_LIMIT, 12)
            shop.holding = False
            shop.released.set()
            screen.scroll(lambda: 499 in shop.pictures, TIME_LIMIT)
            if around.takes_pictures:
                time.sleep(2)
            around.picture(screen, 'grid-end', language)
            print(f'# {language.language}: {len(shop.asked)} asked for, {shop.broken} of them cancelled')
            process.terminate()
        except BaseException:
            process.kill()
            raise
        # Which came first does not matter.
        yield 'thrown to the end', '\n'.join(sorted(finish(process).splitlines())) + '\n'
        shop.reset()
        yield 'nobody listens', complaint(language.start(around.refused, **screen.env))
        yield 'not found', complaint(language.start(shop.url('/elsewhere/'), **screen.env))
        yield 'a wrong address', complaint(language.start('http://[oops/', **screen.env))
        yield 'a bad certificate', complaint(language.start(around.https.url('/pictures/'), **screen.env))
        if can_be_without_network():
            yield 'no network', complaint(language.start('http://192.0.2.1/', before=('unshare', '-rn'), **screen.env))
        else:
            yield 'no network', None


def trust(language, around):
    shop = around.https
    with display.Display(800, 500) as screen:
        for name, key in (('trusted', 'alt+t'), ('a bad certificate', 'Escape')):
            process = language.start(shop.url('/page'), **screen.env)
            try:
                screen.wait_for_windows(2, TIME_LIMIT)
                if around.takes_pictures:
                    time.sleep(2)
                    around.picture(screen, 'trust', language)
                assert not shop.requests, shop.requests
                screen.key_to_dialog(key, lambda process=process: process.poll() is not None, TIME_LIMIT)
            except BaseException:
                process.kill()
                raise
            yield name, finish(process)
            shop.reset()
        # Closed while the server does not answer.
        around.http.holding = True
        process = language.start(around.http.url('/pictures/0.png'), **screen.env)
        try:
            assert around.http.wait_for(lambda: around.http.asked, TIME_LIMIT), around.http.requests
            screen.wait_for_windows(1, TIME_LIMIT)
            screen.close_window(screen.windows()[-1])
        except BaseException:
            process.kill()
            raise
        yield 'cancelled', finish(process)
        around.http.released.set()
        around.http.reset()
        yield 'no network', without_network(language, 'https://192.0.2.1/page', **screen.env)
        yield 'nobody listens', language.run(around.refused.replace('http:', 'https:'), **screen.env)
        yield 'not found', language.run(around.http.url('/elsewhere'), **screen.env)
        yield 'a wrong address', language.run('https://[oops/', **screen.env)


# ---- the comparison ----

class Around:
    """The servers, a port that refuses, and files."""

    def __init__(self, folder, stack):
        self.takes_pictures = os.environ.get('GMULTI_SCREENSHOT')
        self.http = stack.enter_context(shopd.Shop())
        self.https = stack.enter_context(shopd.Shop(shopd.make_certificate(folder)))
        self.refused = f'http://127.0.0.1:{stack.enter_context(shopd.deaf_port())}/'
        self.large_file = os.path.join(folder, 'large file.bin')
        with open(self.large_file, 'wb') as file:
            file.write(bytes(range(256)) * (48 << 12))

    def picture(self, screen, name, language):
        if self.takes_pictures:
            screen.save(os.path.join(self.takes_pictures, f'{name}-{language.language}.png'))


def read_expected(path):
    with contextlib.suppress(FileNotFoundError), open(path, encoding='utf-8') as file:
        return dict(re.findall(r'^== (.*)\n((?:(?!== ).*\n)*)', file.read(), re.MULTILINE))
    return {}


def main():
    name, build, *languages = sys.argv[1:]
    tap = Tap()
    path = os.path.join(HERE, name + '.expected')
    expected, recorded = read_expected(path), {}
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        around = Around(folder, stack)
        for language in languages:
            around.http.reset()
            around.https.reset()
            left = dict(expected)
            with open(os.path.join(TOP, 'demos', name, f'{PROGRAMS[name]}.{language}'), encoding='utf-8') as file:
                lines = len(file.readlines())
            tap.check(f'{PROGRAMS[name]}.{language} is short', lines < LINES, lines)
            try:
                for scene, found in globals()[name](Language(folder, name, os.path.abspath(build), language), around):
                    title = f'{PROGRAMS[name]}.{language}: {scene}'
                    wanted = left.pop(scene, '')
                    if found is None:
                        tap.skip(title, 'a network of its own is not permitted here')
                        continue
                    found = re.sub(r'(127\.0\.0\.1|localhost):\d+', r'\1:PORT', found)
                    recorded.setdefault(scene, found)
                    tap.check(title, found == wanted, *difflib.unified_diff(wanted.splitlines(), found.splitlines(), lineterm=''))
            except (AssertionError, OSError, subprocess.SubprocessError) as error:
                tap.check(f'{PROGRAMS[name]}.{language} runs', False, repr(error))
            else:
                tap.none(f'{PROGRAMS[name]}.{language}: every scene was played', left)
    if os.environ.get('GMULTI_RECORD'):
        with open(path, 'w', encoding='utf-8') as file:
            file.write(''.join(f'== {scene}\n{text}' for scene, text in recorded.items()))
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
