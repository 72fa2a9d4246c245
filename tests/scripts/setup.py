#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/lib/setup.sh: what is missing is fetched and nothing else, services stay off, a normal user is asked first.
dpkg-query, apt-get, sudo and id are stand-ins that write down how they were called."""

import os
import pty
import select
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

SETUP = os.path.join(HERE, '..', 'lib', 'setup.sh')

STAND_INS = {
    'dpkg-query': 'cat "$FAKE/installed"\n',
    'apt-get': 'echo "apt-get $*" >> "$FAKE/calls"\n'
               'echo "hook: $(cat "$FAKE/policy" 2>&1 | tr "\\n" " ")" >> "$FAKE/calls"\n'
               'case "$*" in *"$FAKE_FAILS"*) [ -z "$FAKE_FAILS" ] || { echo broken mirror; exit 100; } ;; esac\n'
               'case "$*" in *install*) for n; do echo "installed $n"; done >> "$FAKE/installed" ;; esac\n',
    'sudo': 'echo "sudo $*" >> "$FAKE/calls"; shift; exec "$@"\n',
    'id': 'echo "$FAKE_UID"\n',
}


class Machine:
    """A folder that stands for a machine: what is installed, who runs, what was called."""

    def __init__(self, folder, installed, uid=0, fails='', **environment):
        self.folder = folder
        for name, text in STAND_INS.items():
            path = os.path.join(folder, name)
            with open(path, 'w', encoding='ascii') as file:
                file.write('#!/bin/bash\n' + text)
            os.chmod(path, 0o755)
        self.write('installed', ''.join(f'installed {name}\n' for name in installed))
        self.environment = {'PATH': folder + ':/usr/bin:/bin', 'FAKE': folder, 'FAKE_UID': str(uid), 'FAKE_FAILS': fails,
                            'LC_ALL': 'C', **environment}

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='ascii') as file:
            file.write(text)

    def read(self, name):
        try:
            with open(self.path(name), encoding='ascii') as file:
                return file.read()
        except FileNotFoundError:
            return ''

    def command(self, packages):
        # The name of the hook is a variable of the file, also in the shell that sudo starts.
        return ['/bin/bash', '-c', f'set -euo pipefail; . {SETUP}; policy_hook=$FAKE/policy; '
                f'ensure_packages {" ".join(packages)}; echo ready']

    def ensure(self, *packages):
        done = subprocess.run(self.command(packages), env=self.environment, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=False)
        return done.returncode, done.stdout

    def ensure_on_terminal(self, answer, *packages):
        """The same on a pseudo-terminal, where a question is answered."""
        child, terminal = pty.fork()
        if child == 0:
            os.execve('/bin/bash', self.command(packages), self.environment)
        output, answered, end = '', False, time.monotonic() + 30
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                part = os.read(terminal, 4096).decode()
            except OSError:
                break
            if not part:
                break
            output += part
            if '[y/N]' in output and not answered:
                os.write(terminal, answer.encode() + b'\n')
                answered = True
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), output


def machine(*arguments, **keywords):
    return Machine(tempfile.mkdtemp(dir=machine.folder), *arguments, **keywords)


def nothing_missing():
    here = machine(['one', 'two'], uid=1000)
    status, output = here.ensure('one', 'two')
    assert (status, output) == (0, 'ready\n'), (status, output)
    assert here.read('calls') == '', here.read('calls')


def root_gets_what_is_missing():
    here = machine(['one'])
    status, output = here.ensure('one', 'two', 'three')
    assert status == 0 and output.endswith('ready\n'), (status, output)
    calls = [line for line in here.read('calls').splitlines() if line.startswith('apt-get')]
    assert len(calls) == 2 and calls[0].endswith(' update'), calls
    assert calls[1].endswith(' --no-install-recommends install three two'), calls
    assert '--yes' in calls[1], calls


def services_are_forbidden_meanwhile():
    here = machine([])
    assert here.ensure('nginx')[0] == 0
    assert 'hook: #!/bin/sh' in here.read('calls') and 'exit 101' in here.read('calls'), here.read('calls')
    assert not os.path.exists(here.path('policy'))


def an_earlier_hook_comes_back():
    here = machine([])
    here.write('policy', '#!/bin/sh\nexit 0\n')
    assert here.ensure('nginx')[0] == 0
    assert 'exit 101' in here.read('calls')
    assert here.read('policy') == '#!/bin/sh\nexit 0\n', here.read('policy')


def a_hook_of_a_killed_run_goes():
    here = machine([])
    here.write('policy', '#!/bin/sh\n# while libgmulti installs packages\nexit 101\n')
    assert here.ensure('nginx')[0] == 0
    assert not os.path.exists(here.path('policy'))


def a_failing_apt_ends_it(step):
    here = machine([], fails=step)
    status, output = here.ensure('one')
    assert status != 0 and 'broken mirror' in output and 'ready' not in output, (status, output)
    assert not os.path.exists(here.path('policy'))


def a_user_is_told():
    here = machine(['one'], uid=1000)
    status, output = here.ensure('one', 'two')
    assert status == 1 and 'sudo apt-get install --no-install-recommends two' in output, (status, output)
    assert here.read('calls') == '', here.read('calls')


def a_user_says_no():
    here = machine([], uid=1000)
    status, output = here.ensure_on_terminal('n', 'two')
    assert status == 1 and 'sudo apt-get install' in output, (status, output)
    assert here.read('calls') == '', here.read('calls')


def a_user_says_yes():
    here = machine([], uid=1000)
    # The shell that sudo starts reads the file anew, with the machine's own hook: the stand-in only writes down.
    with open(here.path('sudo'), 'w', encoding='ascii') as file:
        file.write('#!/bin/bash\necho "sudo ${*: -1}" >> "$FAKE/calls"; echo "installed two" >> "$FAKE/installed"\n')
    status, output = here.ensure_on_terminal('y', 'two')
    assert status == 0 and 'ready' in output, (status, output)
    assert here.read('calls') == 'sudo two\n', here.read('calls')


def ci_is_not_asked():
    here = machine([], uid=1000, CI='true')
    status, output = here.ensure_on_terminal('y', 'two')
    assert status == 1 and '[y/N]' not in output, (status, output)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        machine.folder = folder
        tap.run('nothing missing: nothing is called', nothing_missing)
        tap.run('root: what is missing is installed, and only that', root_gets_what_is_missing)
        tap.run('root: services are forbidden meanwhile', services_are_forbidden_meanwhile)
        tap.run('root: an earlier policy hook comes back', an_earlier_hook_comes_back)
        tap.run('root: a hook that a killed run left is not kept', a_hook_of_a_killed_run_goes)
        tap.run('root: a failing update ends it', lambda: a_failing_apt_ends_it('update'))
        tap.run('root: a failing installation ends it', lambda: a_failing_apt_ends_it('install'))
        tap.run('user: told the command without a terminal', a_user_is_told)
        tap.run('user: no means no', a_user_says_no)
        tap.run('user: yes runs sudo', a_user_says_yes)
        tap.run('user: nobody is asked in CI', ci_is_not_asked)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
