#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing public changes unnoticed: the GIR is what is recorded (introspection/abi), the library exports what the GIR
says, the headers' values are those of the GIR, and each function has the availability macro of its version. The
comparison is first shown planted changes."""

import difflib
import glob
import hashlib
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
ABI = os.path.join(TOP, 'introspection', 'abi')
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(HERE, '..', 'lib'), ABI]
import description  # pylint: disable=wrong-import-position
from tap import Tap  # pylint: disable=wrong-import-position
from exports import exports  # pylint: disable=wrong-import-position

HOW = '''If the change is meant, record it, with the reason:
  introspection/abi/accept BUILD-DIRECTORY "what changes for programs, and why"'''
DECLARED = re.compile(r'GMULTI_AVAILABLE_IN_(\d+)_(\d+)\s+(?:G_DECLARE_\w+_TYPE \(\w+, (\w+)|[\w\s*]+?(\w+)\s*\()')


def differences(old, new):
    """Lines that went (those programs rely on) and that came."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), 'recorded', 'now', n=2, lineterm=''))
    gone = [line for line in lines[2:] if line.startswith('-')]
    return gone, lines


def planted(text):
    """Changes that must be seen, each with its name."""
    yield 'a function is gone', text.replace('    method pause c=gmulti_transfer_pause since=1.0\n', '', 1)
    yield 'an argument has another type', re.sub(r"(in position type=)guint c=guint", r'\1gint c=gint', text, 1)
    yield 'a value is another', re.sub(r'(member \w+ c=GMULTI_PHASE_TLS value=)\d+', r'\g<1>77', text, 1)
    yield 'a result may be NULL', re.sub(r'(return it type=utf8 .*transfer=none)\n', r'\1 nullable\n', text, 1)
    yield 'a property is not writable', re.sub(r'(property max-size .*) writable', r'\1', text, 1)
    yield 'a signal has another name', text.replace('signal progress ', 'signal advanced ', 1)
    yield 'somebody else owns the result', re.sub(r'(return it type=GLib.Bytes .*transfer=)full', r'\1none', text, 1)


def check_record(tap, gir):
    now = description.write(description.read_gir(gir))
    tap.check('the text can be read again', description.write(description.read_text(os.path.join(ABI, 'gmulti-1.abi')))
              == open(os.path.join(ABI, 'gmulti-1.abi'), encoding='utf-8').read())
    for name, changed in planted(now):
        tap.check(f'seen: {name}', changed != now and differences(now, changed)[0])
    with open(os.path.join(ABI, 'gmulti-1.abi'), encoding='utf-8') as file:
        recorded = file.read()
    gone, lines = differences(recorded, now)
    tap.check('the public face is what is recorded', not lines, *lines,
              f'{len(gone)} lines are gone or changed: programs rely on them.' if gone else 'Nothing is gone.', HOW)
    with open(os.path.join(ABI, 'changes.md'), encoding='utf-8') as file:
        entries = re.findall(r'^- `(\w{12})` ', file.read(), re.MULTILINE)
    digest = hashlib.sha256(recorded.encode()).hexdigest()[:12]
    tap.check('the last change that was accepted is the one recorded', entries and entries[-1] == digest, entries[-1:], digest,
              HOW)


def check_symbols(tap, gir, nm, library):
    said, exported = description.symbols(description.read_gir(gir)), set(exports(nm, library))
    tap.none('what the GIR says is exported', sorted(said - exported))
    tap.none('what is exported is in the GIR', sorted(exported - said))


class Compiler:
    """Compiles against the headers of the build directory."""

    def __init__(self, words, build):
        flags = subprocess.run(['pkg-config', '--cflags', 'gmulti-1'], check=True, text=True, stdout=subprocess.PIPE,
                               env={**os.environ, 'PKG_CONFIG_PATH': os.path.join(build, 'meson-uninstalled')}).stdout
        self.command = [*words, '-std=gnu11', '-fsyntax-only', *flags.split()]

    def complaints(self, text, *arguments):
        """What it says, if anything."""
        with tempfile.NamedTemporaryFile('w', suffix='.c', encoding='utf-8') as file:
            file.write(text)
            file.flush()
            done = subprocess.run([*self.command, *arguments, file.name], text=True, check=False, stderr=subprocess.PIPE)
        return done.stderr


def check_values(tap, gir, compiler):
    """As the compiler sees them: values of enumerations, and sizes of the structures that are public."""
    root, lines = description.read_gir(gir), ['#include <gmulti.h>']
    for node in root.children:
        for member in node.of('member'):
            lines.append(f'_Static_assert ((int) {member.get("c")} == (int) {member.get("value")}, "{member.name}");')
        fields = node.of('field')
        if node.kind == 'record' and fields:
            sizes = ' + '.join(f'sizeof ({field.get("c")})' for field in fields)
            lines.append(f'_Static_assert (sizeof ({node.get("c")}) == {sizes}, "{node.name}");')
    text = '\n'.join(lines) + '\n'
    complaint = compiler.complaints(text)
    tap.check(f'{len(lines) - 1} values and sizes are those of the headers', not complaint, complaint)
    tap.check('another value is seen', compiler.complaints(text.replace('(int) 0,', '(int) 9,', 1)))


USER = '#include <gmulti.h>\nunsigned use (void);\nunsigned use (void)\n{\n  return gmulti_get_major_version ();\n}\n'
OLD = '#include <gmulti.h>\nGMULTI_DEPRECATED_IN_1_0 void old (void);\nvoid use (void);\nvoid use (void)\n{\n  old ();\n}\n'
EARLIER = '-DGMULTI_VERSION_MIN_REQUIRED=G_ENCODE_VERSION(0,9)'


def check_availability(tap, gir, headers, compiler):
    """Each function's macro is that of the version it came with; and the macros do what they are for."""
    declared, wrong = {}, []
    for path in headers:
        with open(path, encoding='utf-8') as file:
            for major, minor, of_type, name in DECLARED.findall(file.read()):
                declared[of_type + '_get_type' if of_type else name] = f'{major}.{minor}'
    root = description.read_gir(gir)
    since = {node.get('get-type'): node.get('since') for node in root.children if node.get('get-type')}
    for node in [root, *root.children]:
        since.update((child.get('c'), child.get('since')) for child in node.of('method', 'function', 'constructor'))
    for name, version in sorted(since.items()):
        if declared.get(name) != version:
            wrong.append(f'{name} came with {version}; its header says {declared.get(name)}')
    tap.none('each public function says since when it is there', wrong)
    complaint = compiler.complaints(USER)
    tap.check('whoever asks for nothing gets no warning', not complaint, complaint)
    complaint = compiler.complaints(USER, EARLIER, '-DGMULTI_VERSION_MAX_ALLOWED=G_ENCODE_VERSION(0,9)')
    tap.check('whoever allows only what was there before is warned', 'Not available before 1.0' in complaint, complaint)
    complaint = compiler.complaints(USER, '-DGMULTI_VERSION_MAX_ALLOWED=G_ENCODE_VERSION(0,9)')
    tap.check('limits that exclude each other are an error', 'must not be less' in complaint, complaint)
    complaint = compiler.complaints(OLD)
    tap.check('what is deprecated warns', 'deprecated' in complaint, complaint)
    complaint = compiler.complaints(OLD, EARLIER)
    tap.check('and does not warn whoever needs the version before', not complaint, complaint)


def main():
    build, gir, library, nm, words = sys.argv[1:]
    tap = Tap()
    folder = os.path.join(TOP, 'libgmulti', 'object')
    headers = [path for path in glob.glob(os.path.join(folder, '*.h')) + glob.glob(os.path.join(folder, '*.h.in'))
               if not path.endswith('-private.h')]
    headers.append(os.path.join(build, 'libgmulti', 'object', 'gmulti-enum-types.h'))
    compiler = Compiler(words.split(';'), build)
    check_record(tap, gir)
    check_symbols(tap, gir, nm, library)
    check_values(tap, gir, compiler)
    check_availability(tap, gir, headers, compiler)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
