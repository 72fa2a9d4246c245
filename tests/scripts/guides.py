#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The samples of the guides (introspection/*.md): each in C and Vala is compiled, warnings being errors, each in Python and
JavaScript is run against a server on loopback. A whole program is taken as it is, in any language; a part of one is given what
the text around it takes for granted: a session, a transfer and the like. Also the entry of each guide in the book.
Arguments: introspection/ of the source, the build directory, the compiler."""

import glob
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

SAMPLE = re.compile(r'^```(\w+)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
LANGUAGES = ('c', 'python', 'js', 'vala', 'text', 'sh')
ADDRESS = re.compile(r'https?://example\.org/[\w./-]*')
C_FUNCTION = re.compile(r'^(?:static|int)\n?.*?^}\n', re.MULTILINE | re.DOTALL)
TIME_LIMIT = 60
PYTHON = os.environ.get('GMULTI_TEST_PYTHON', '/usr/bin/python3')

C_PRELUDE = '#include <gmulti.h>\n'
C_FRAME = '''void sample (GMultiSession *session, GMultiTransfer *transfer, GCancellable *cancellable, GFile *folder, GFile *file,
  GFile *state_file, GTlsInteraction *interaction, GAsyncReadyCallback callback, gpointer user_data);
void sample (GMultiSession *session, GMultiTransfer *transfer, GCancellable *cancellable, GFile *folder, GFile *file,
  GFile *state_file, GTlsInteraction *interaction, GAsyncReadyCallback callback, gpointer user_data)
{
  {
%s  }
}
'''
PYTHON_PRELUDE = '''import gi
gi.require_version('GMulti', '1')
from gi.repository import Gio, GLib, GMulti
session = GMulti.Session()
'''
JS_PRELUDE = '''import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GMulti from 'gi://GMulti';
for (const name of ['fetch', 'open', 'splice', 'download'])
    Gio._promisify(GMulti.Session.prototype, `${name}_async`, `${name}_finish`);
const session = new GMulti.Session();
'''
VALA_FRAME = '''async void sample (GMulti.Session session, GMulti.Transfer transfer) {
%s}
void main () {
    sample.begin (new GMulti.Session (), new GMulti.Transfer (""));
}
'''


class Workshop:
    """Compiles and runs samples in a folder of its own."""

    def __init__(self, build, compiler, folder, url):
        self.folder, self.url, self.compiler = folder, url, compiler
        self.env = {**os.environ, 'PKG_CONFIG_PATH': os.path.join(build, 'meson-uninstalled'),
                    'LD_LIBRARY_PATH': os.path.join(build, 'libgmulti', 'object'),
                    'GI_TYPELIB_PATH': os.path.join(build, 'introspection')}
        for variable in ('http_proxy', 'https_proxy', 'all_proxy'):
            self.env.pop(variable, None)
        for name in ('introspection/gmulti-1.vapi', 'meson-private/gmulti-1.deps'):
            shutil.copy(os.path.join(build, name), folder)
        flags = self.call('pkg-config', '--cflags', '--libs', 'gmulti-1')
        self.flags = flags[1].split()

    def call(self, *words):
        done = subprocess.run(words, cwd=self.folder, env=self.env, text=True, stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIME_LIMIT)
        return done.returncode, done.stdout, done.stderr

    def write(self, name, text):
        with open(os.path.join(self.folder, name), 'w', encoding='utf-8') as file:
            file.write(text)
        return name

    def run_program(self, *words):
        status, out, err = self.call(*words)
        return (status == 0 and not err, out + err)

    def c(self, text):  # pylint: disable=invalid-name
        whole = 'main (' in text
        if not whole:
            functions = C_FUNCTION.findall(text)
            text = C_PRELUDE + '\n'.join(functions) + C_FRAME % C_FUNCTION.sub('', text)
        name = self.write('sample.c', text)
        status, _, err = self.call(*self.compiler, '-Wall', '-Werror', '-Wno-unused-function', name, '-o', 'sample',
                                   *([] if whole else ['-c']), *self.flags)
        if status != 0 or not whole:
            return status == 0, err
        return self.run_program('./sample')

    def vala(self, text):
        whole = ' main (' in text
        name = self.write('sample.vala', text if whole else VALA_FRAME % text)
        status, out, err = self.call('valac', '--quiet', '--fatal-warnings', '--vapidir', self.folder, '--pkg', 'gmulti-1',
                                     *(['-X', '-w', '-o', 'sample-vala'] if whole else ['-C']), name)
        if status != 0 or not whole:
            return status == 0, out + err
        return self.run_program('./sample-vala')

    def python(self, text):
        name = self.write('sample.py', text if 'import gi' in text else PYTHON_PRELUDE + text)
        # What is installed may be too old for await: then it is at least Python (tests/bindings/awaiting.sh runs it).
        if 'gi.events' in text and self.call(PYTHON, '-c', 'import gi.events')[0] != 0:
            return self.run_program(PYTHON, '-m', 'py_compile', name)
        return self.run_program(PYTHON, name)

    def js(self, text):  # pylint: disable=invalid-name
        return self.run_program('gjs', '-m', self.write('sample.js', text if 'import Gio' in text else JS_PRELUDE + text))

    def check(self, language, text):
        # Nobody serves anything at the addresses of the text.
        return getattr(self, language)(ADDRESS.sub(self.url, text))


def main():
    source, build, compiler = sys.argv[1:]
    tap = Tap()
    guides = sorted(path for path in glob.glob(os.path.join(source, '*.md')))
    with open(os.path.join(source, 'gmulti.toml.in'), encoding='utf-8') as file:
        book = file.read()
    tap.none('each text is in the book', [path for path in guides if f'"{os.path.basename(path)}"' not in book])
    counts = dict.fromkeys(LANGUAGES, 0)
    with Server() as server, tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(os.path.abspath(build), compiler.split(';'), folder, server.url('/bytes/1000/x'))
        for path in guides:
            with open(path, encoding='utf-8') as file:
                text = file.read()
            for number, (language, sample) in enumerate(SAMPLE.findall(text), 1):
                title = f'{os.path.basename(path)}: sample {number}, {language}'
                counts[language] = counts.get(language, 0) + 1
                if language in ('text', 'sh'):
                    continue
                good, said = workshop.check(language, sample)
                tap.check(title, good, said)
        # What it would find.
        tap.check('a sample that is wrong is found', not workshop.c('gmulti_session_nowhere (session);\n')[0]
                  and not workshop.vala('session.nowhere ();\n')[0] and not workshop.python('session.nowhere()\n')[0]
                  and not workshop.js('session.nowhere();\n')[0])
        requests = len(server.requests)
    tap.check('there are samples in each language, and they fetch', min(counts[name] for name in LANGUAGES[:4]) > 1
              and requests > 6 and len(counts) == len(LANGUAGES), counts, requests)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
