#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The first programs of README.md, exactly as printed: each block goes into the file named before it, and the commands
after it are run. The library is taken from the build directory by the same variables that an uncommon prefix needs."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from httpd import Server  # pylint: disable=wrong-import-position
from tap import Tap  # pylint: disable=wrong-import-position

PROGRAM = re.compile(r'^[^\n]*`(first\.\w+)`:\n\n```\w+\n(.*?)^```\n\n```sh\n(.*?)^```\n', re.MULTILINE | re.DOTALL)
URL = 'http://localhost/'
TIME_LIMIT = 100


def environment(build, folder):
    """Lets the tools find what is built and not installed."""
    bindings = os.path.join(build, 'introspection')
    vapi = os.path.join(folder, 'share', 'vala', 'vapi')
    os.makedirs(vapi)
    # Meson keeps the second of them where it keeps what it only installs.
    shutil.copy(os.path.join(bindings, 'gmulti-1.vapi'), vapi)
    shutil.copy(os.path.join(build, 'meson-private', 'gmulti-1.deps'), vapi)
    return {**os.environ,
            'PKG_CONFIG_PATH': os.path.join(build, 'meson-uninstalled'),
            'LD_LIBRARY_PATH': os.path.join(build, 'libgmulti', 'object'),
            'GI_TYPELIB_PATH': bindings,
            'XDG_DATA_DIRS': os.path.join(folder, 'share') + ':/usr/local/share:/usr/share'}


def run(name, program, commands, env, url):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
            file.write(program)
        # Nobody serves anything at the URL of the text: this is all that is changed, and only in the commands.
        script = 'set -e\n' + commands.replace(URL, url)
        done = subprocess.run(['/bin/bash', '-c', script], cwd=folder, env=env, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIME_LIMIT, check=False)
        return done.returncode, done.stdout, done.stderr


def main():
    readme, build = map(os.path.abspath, sys.argv[1:3])
    with open(readme, encoding='utf-8') as file:
        text = file.read()
    programs = PROGRAM.findall(text)
    tap = Tap()
    names = [name for name, _, _ in programs]
    tap.check('there is a program in each language', names == ['first.c', 'first.js', 'first.py', 'first.vala'], names)
    with Server() as server, tempfile.TemporaryDirectory() as folder:
        env = environment(build, folder)
        for name, program, commands in programs:
            tap.check(f'{name}: its commands name the URL', URL in commands)
            status, out, err = run(name, program, commands, env, server.url('/bytes/123456/x'))
            tap.check(f'{name} fetches', (status, out) == (0, '123456 bytes\n'), status, out, err)
            status, out, err = run(name, program, commands, env, server.url('/status/404'))
            tap.check(f'{name} tells a failure', status == 0 and '404' in out and 'bytes' not in out, status, out, err)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
