#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs one of the programs here against a server: it is given the server's address, an address that refuses, an empty
folder and the address of a server whose certificate nobody knows, and prints TAP itself. A program named contract or gtk has a
server of its own kind, tests/servers/contract-server.c, and is given a third address, which never accepts. The library is taken
from the build directory. GMULTI_TEST_PYTHON names another interpreter than Debian's own (awaiting.sh)."""

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from httpd import Server  # pylint: disable=wrong-import-position

TIME_LIMIT = 290


def command(program, build, env, folder):
    """What runs the program; Vala's is compiled first."""
    if program.endswith('.py'):
        return [os.environ.get('GMULTI_TEST_PYTHON', '/usr/bin/python3'), program]
    if program.endswith('.js'):
        return ['gjs', '-m', program]
    vapi = os.path.join(folder, 'vapi')
    os.mkdir(vapi)
    shutil.copy(os.path.join(build, 'introspection', 'gmulti-1.vapi'), vapi)
    shutil.copy(os.path.join(build, 'meson-private', 'gmulti-1.deps'), vapi)
    binary = os.path.join(folder, 'test')
    subprocess.run(['valac', '--quiet', '--vapidir', vapi, '--pkg', 'gmulti-1', '-X', '-w', '-o', binary, program],
                   env=env, cwd=folder, timeout=TIME_LIMIT, check=True)
    return [binary]


def encrypt(server, folder):
    """With a certificate that is nobody's. Hands are shaken in the thread that serves: a client may think about them."""
    certificate, key = os.path.join(folder, 'certificate.pem'), os.path.join(folder, 'key.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
                    '-subj', '/CN=nobody.example', '-keyout', key, '-out', certificate], check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)


@contextlib.contextmanager
def addresses_of_httpd(_build, folder):
    # Bound and not listening: the port refuses, and nobody else gets it meanwhile.
    with Server() as server, Server() as secure, socket.socket() as deaf:
        encrypt(secure, folder)
        deaf.bind(('127.0.0.1', 0))
        target = os.path.join(folder, 'target')
        os.mkdir(target)
        yield server.url(''), f'http://127.0.0.1:{deaf.getsockname()[1]}/', target, secure.url('').replace('http:', 'https:')


@contextlib.contextmanager
def contract_addresses(build, folder):
    """Server, refusing and deaf; the end of its input is the server's."""
    target = os.path.join(folder, 'target')
    os.mkdir(target)
    with subprocess.Popen([os.path.join(build, 'tests', 'servers', 'contract-server')], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as server:
        yield [*(server.stdout.readline().strip() for _ in range(3)), target]
        server.stdin.close()


def main():
    program, build = map(os.path.abspath, sys.argv[1:3])
    env = {**os.environ,
           'PKG_CONFIG_PATH': os.path.join(build, 'meson-uninstalled'),
           'LD_LIBRARY_PATH': os.path.join(build, 'libgmulti', 'object'),
           'GI_TYPELIB_PATH': os.path.join(build, 'introspection'),
           'GIO_USE_VFS': 'local'}
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        of_contract = os.path.basename(program).startswith(('contract.', 'gtk.'))
        words = command(program, build, env, folder)
        addresses = stack.enter_context((contract_addresses if of_contract else addresses_of_httpd)(build, folder))
        return subprocess.run([*words, *addresses], env=env, timeout=TIME_LIMIT, check=False).returncode


if __name__ == '__main__':
    sys.exit(main())
