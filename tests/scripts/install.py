#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `ninja install` puts where: everything that a program needs to be built and run is there, and nothing of it points
into the checkout. A program is compiled against the installed headers and libraries alone."""

import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from httpd import Server  # pylint: disable=wrong-import-position
from readme import PROGRAM, environment as uninstalled_environment, run as run_program  # pylint: disable=wrong-import-position
from tap import Tap  # pylint: disable=wrong-import-position

OBJECT_PROGRAM = '''
#include <gmulti.h>
int main (void)
{
  g_print ("%u\\n", gmulti_get_major_version ());
  return 0;
}
'''
CURL_PROGRAM = '''
#include <stdio.h>
#include <curl/curl.h>
int main (void)
{
  printf ("%s\\n", curl_version ());
  return 0;
}
'''


# Prints where the library is that the typelib led to.
WHERE = '''
import gi
gi.require_version('GMulti', '1')
from gi.repository import GMulti
GMulti.get_major_version()
print({line.split()[-1] for line in open('/proc/self/maps') if 'libgmulti-1.so' in line}.pop())
'''


class Installed:
    """The installation below a folder, with any prefix."""

    def __init__(self, build, folder):
        environment = {**os.environ, 'DESTDIR': folder}
        done = subprocess.run(['meson', 'install', '-C', build, '--no-rebuild'], env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, done.stdout
        self.folder = folder
        pc = self.find('gmulti-1.pc')
        self.libdir = os.path.dirname(os.path.dirname(pc))
        self.prefix = os.path.commonpath([self.libdir, self.find('gmulti.h')])

    def find(self, name):
        found = glob.glob(os.path.join(self.folder, '**', name), recursive=True)
        assert found, f'{name} is not installed'
        return found[0]

    def pkg_config(self, name, *arguments):
        """Its flags, with the prefix where it is now instead of where it will be; nobody else's prefix changes."""
        with tempfile.TemporaryDirectory() as folder:
            self.relocate(folder)
            return subprocess.run(['pkg-config', *arguments, name], env={**os.environ, 'PKG_CONFIG_PATH': folder}, text=True,
                                  check=True, stdout=subprocess.PIPE).stdout.split()

    def relocate(self, folder):
        """Its pkg-config files as they would be if it had been made for where it is now."""
        for path in glob.glob(os.path.join(self.libdir, 'pkgconfig', '*.pc')):
            with open(path, encoding='utf-8') as file:
                text = re.sub('^prefix=.*', f'prefix={self.prefix}', file.read(), flags=re.MULTILINE)
            with open(os.path.join(folder, os.path.basename(path)), 'w', encoding='utf-8') as file:
                file.write(text)

    def environment(self, folder):
        """What README.md tells those to set who install below a prefix of their own."""
        pkgconfig = os.path.join(folder, 'pkgconfig')
        os.makedirs(pkgconfig)
        self.relocate(pkgconfig)
        return {**os.environ,
                'PKG_CONFIG_PATH': pkgconfig,
                'LD_LIBRARY_PATH': self.libdir,
                'GI_TYPELIB_PATH': os.path.join(self.libdir, 'girepository-1.0'),
                'XDG_DATA_DIRS': os.path.join(self.prefix, 'share') + ':/usr/local/share:/usr/share'}

    def run(self, name, text, compiler):
        with tempfile.TemporaryDirectory() as folder:
            source, program = os.path.join(folder, 'program.c'), os.path.join(folder, 'program')
            with open(source, 'w', encoding='ascii') as file:
                file.write(text)
            subprocess.run([*compiler, '-Wall', '-Werror', '-o', program, source, *self.pkg_config(name, '--cflags', '--libs')],
                           check=True)
            env = {**os.environ, 'LD_LIBRARY_PATH': self.libdir + ':' + os.environ.get('LD_LIBRARY_PATH', '')}
            return subprocess.run([program], env=env, text=True, check=True, stdout=subprocess.PIPE, timeout=30).stdout


def run_installed_tests(installed, tap):
    """Each description names a program that is there; those of one ring, and one of the face, are run as installed."""
    descriptions = glob.glob(os.path.join(installed.prefix, 'share', 'installed-tests', 'libgmulti-1', '*.test'))
    tap.check('tests are installed', len(descriptions) > 10, descriptions)
    env = {**os.environ, 'LD_LIBRARY_PATH': installed.libdir + ':' + os.environ.get('LD_LIBRARY_PATH', '')}
    for path in sorted(descriptions):
        name = os.path.basename(path)
        with open(path, encoding='utf-8') as file:
            command = re.search('^Exec=(.*)', file.read(), re.MULTILINE).group(1).split()
        command[0] = installed.folder + command[0]
        tap.check(f'{name} names a program', os.access(command[0], os.X_OK), command)
        if name.startswith('base-') or name == 'object-gmulti-session.test':
            done = subprocess.run(command, env=env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=100, check=False)
            tap.check(f'{name} passes', done.returncode == 0 and 'not ok' not in done.stdout, done.stdout[-2000:],
                      done.stderr[-1000:])


def run_first_programs(installed, build, readme, tap):
    """README.md's first programs, each over the installation and over the build directory: both say the same. Each time
    the library that is mapped is the right one."""
    with open(readme, encoding='utf-8') as file:
        programs = PROGRAM.findall(file.read())
    tap.check('there are programs in four languages', len(programs) == 4, programs)
    with Server() as server, tempfile.TemporaryDirectory() as folder:
        both = {'installed': installed.environment(os.path.join(folder, 'a')),
                'uninstalled': uninstalled_environment(build, os.path.join(folder, 'b'))}
        places = {'installed': installed.libdir, 'uninstalled': os.path.join(build, 'libgmulti', 'object')}
        for name, program, commands in programs:
            for path in '/bytes/123456/x', '/status/404':
                found = {which: run_program(name, program, commands, env, server.url(path)) for which, env in both.items()}
                tap.check(f'{name}: installed and uninstalled say the same of {path}',
                          found['installed'] == found['uninstalled'] and found['installed'][0] == 0, found)
        for which, env in both.items():
            done = subprocess.run(['/usr/bin/python3', '-c', WHERE], env=env, text=True, check=False, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=60)
            tap.check(f'{which}: the library is that of {places[which]}',
                      os.path.realpath(places[which]) == os.path.realpath(os.path.dirname(done.stdout.strip())), done.stdout,
                      done.stderr)


def pkg_config_names_no_checkout(installed, top):
    for path in glob.glob(os.path.join(installed.libdir, 'pkgconfig', '*.pc')):
        with open(path, encoding='utf-8') as file:
            assert top not in file.read(), path


def main():
    build, top, compiler, *parts = sys.argv[1:]
    compiler = compiler.split(';')
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        installed = Installed(build, folder)
        expected = ['libgmulti-1.so', 'libgmulti-1.so.0', 'gmulti.h', 'gmulti-1.pc']
        if 'gir' in parts:
            expected += ['GMulti-1.gir', 'GMulti-1.typelib']
        if 'vapi' in parts:
            expected += ['gmulti-1.vapi', 'gmulti-1.deps']
        if 'docs' in parts:
            expected += ['gmulti-1/index.html']
        if 'curl' in parts:
            expected += ['libgmulti-curl-1.so.0', 'curl/curl.h', 'gmulti-curl-1.pc', 'libcurl.so.4', 'libcurl-gnutls.so.4']
        for name in expected:
            tap.run(f'{name} is installed', lambda n=name: installed.find(n))
        tap.run('a program is built on the object face', lambda: installed.run('gmulti-1', OBJECT_PROGRAM, compiler))
        if 'curl' in parts:
            tap.run('a program is built on the C face', lambda: installed.run('gmulti-curl-1', CURL_PROGRAM, compiler))
        tap.run('no pkg-config file names the checkout', lambda: pkg_config_names_no_checkout(installed, top))
        if 'gir' in parts and 'vapi' in parts:
            run_first_programs(installed, build, os.path.join(top, 'README.md'), tap)
        if 'tests' in parts:
            run_installed_tests(installed, tap)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
