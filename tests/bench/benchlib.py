# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the bench's driver and its ratchet share: starting the server, running a client, counting what a transfer costs.

Instructions, allocations and system calls are counted as the difference of two runs of different length, so that what
happens once per process cancels out."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

TIME_LIMIT = 120
SHORT_RUN, LONG_RUN = 300, 1300


class Failure(Exception):
    """A client that did not do its work."""


class Server:
    """The bench's own server, on the last core. Ends with us, whatever happens: it reads our end of a pipe."""

    def __init__(self, folder):
        cores = os.cpu_count() or 1
        self.process = subprocess.Popen([os.path.join(folder, 'bench-server'), str(cores - 1)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        word, port = self.process.stdout.readline().split()
        assert word == b'PORT'
        self.port = int(port)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class SecureServer:
    """A server that speaks TLS: nghttpd, with HTTP/2; or nghttpx before the bench's own, with HTTP/1.1. On the last core,
    with a certificate for 127.0.0.1 made here."""

    NEEDS = ('nghttpd', 'nghttpx', 'openssl')

    def __init__(self, behind=None):
        self.folder = tempfile.mkdtemp(prefix='gmulti-bench-')
        self.authority = os.path.join(self.folder, 'certificate.pem')
        key = os.path.join(self.folder, 'key.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                        '-keyout', key, '-out', self.authority, '-days', '2', '-subj', '/CN=bench',
                        '-addext', 'subjectAltName=IP:127.0.0.1'],
                       check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(os.path.join(self.folder, 'small'), 'wb') as file:
            file.write(b'x' * 128)
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self.port = probe.getsockname()[1]
        if behind is None:
            command = ['nghttpd', '--address=127.0.0.1', '--max-concurrent-streams=1000', '-d', self.folder, str(self.port),
                       key, self.authority]
        else:
            command = ['nghttpx', f'--frontend=127.0.0.1,{self.port}', f'--backend=127.0.0.1,{behind.port}',
                       '--npn-list=http/1.1', '--workers=1', '--conf=/dev/null', '--accesslog-file=/dev/null', key,
                       self.authority]
        if have('taskset'):
            command = ['taskset', '-c', str((os.cpu_count() or 1) - 1), *command]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.wait()

    def wait(self):
        for _ in range(200):
            try:
                socket.create_connection(('127.0.0.1', self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Failure(f'{self.process.args[-5]} does not listen')

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder)


NGINX = """
daemon off; master_process off; error_log {folder}/error.log crit; pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; default_type text/plain;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s;
  ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key; ssl_protocols TLSv1.2 TLSv1.3;
  log_format reused $ssl_session_reused;
  server {{
    listen 127.0.0.1:{full} ssl; ssl_session_tickets off; ssl_session_cache none;
    location = /new {{ keepalive_timeout 0; return 200 "{body}"; }}
    location /size/ {{ alias {folder}/; sendfile off; output_buffers 2 256k; }}
  }}
  server {{
    listen 127.0.0.1:{resuming} ssl;
    location = /new {{ keepalive_timeout 0; return 200 "{body}"; access_log {folder}/reused.log reused; }}
  }}
}}
"""

CERTIFICATES = """
openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -key ca.key -subj /CN=bench-authority -days 2 -out ca.pem
openssl ecparam -name prime256v1 -genkey -noout -out server.key
openssl req -new -key server.key -subj /CN=bench -out server.csr
printf 'subjectAltName=IP:127.0.0.1\\nextendedKeyUsage=serverAuth\\n' > ext
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out server.pem
"""


class Port:
    """What Client.run() wants of a server."""

    def __init__(self, port):
        self.port = port


class NewConnections:
    """nginx, on the last core: one port where each session is a new one, one whose sessions are resumed. Both close each
    connection after its answer, but for bodies."""

    NEEDS = ('nginx', 'openssl', 'valgrind')

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='gmulti-bench-tls-', dir='/dev/shm' if os.path.isdir('/dev/shm') else None)
        self.authority = os.path.join(self.folder, 'ca.pem')
        subprocess.run(['sh', '-ec', CERTIFICATES], cwd=self.folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        self.full, self.resuming = (Port(port) for port in free_ports(2))
        with open(os.path.join(self.folder, 'nginx.conf'), 'w', encoding='ascii') as file:
            file.write(NGINX.format(folder=self.folder, full=self.full.port, resuming=self.resuming.port, body='x' * 128))
        self.process = subprocess.Popen(['nginx', '-p', self.folder, '-c', os.path.join(self.folder, 'nginx.conf')],
                                        stdin=subprocess.DEVNULL)
        os.sched_setaffinity(self.process.pid, {(os.cpu_count() or 1) - 1})
        self._wait()

    def _wait(self):
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(('127.0.0.1', self.resuming.port)) == 0:
                    return
            time.sleep(0.05)
        raise Failure('nginx does not answer')

    def make_file(self, size):
        with open(os.path.join(self.folder, str(size)), 'wb') as file:
            file.truncate(size)

    def take_resumed(self):
        """How many of the connections since the last time were resumed, and how many there were."""
        path = os.path.join(self.folder, 'reused.log')
        with open(path, encoding='ascii') as file:
            words = file.read().split()
        os.truncate(path, 0)
        return words.count('r'), len(words)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder)


def free_ports(number):
    probes = [socket.socket() for _ in range(number)]
    for probe in probes:
        probe.bind(('127.0.0.1', 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class Client:
    """One of the programs bench-NAME."""

    def __init__(self, folder, name):
        self.folder = folder
        self.name = name
        self.program = os.path.join(folder, 'bench-' + name)
        self.messages = ''

    def exists(self):
        return os.access(self.program, os.X_OK)

    def run(self, server, *arguments, wrapper=(), environment=None, limit=TIME_LIMIT):
        """Runs the program and returns what its JSON line says. Raises Failure."""
        command = [*wrapper, self.program, '--cpu=0', f'--port={server.port}', *arguments]
        full = dict(os.environ, G_SLICE='always-malloc' if environment else '', **(environment or {}))
        for name in ('http_proxy', 'all_proxy', 'HTTP_PROXY', 'ALL_PROXY', 'GMULTI_DEBUG', 'G_DEBUG', 'MALLOC_CHECK_',
                     'MALLOC_PERTURB_'):
            full.pop(name, None)
        # nor the machine's settings for proxies: they are no part of the figures
        full['GIO_USE_PROXY_RESOLVER'] = 'dummy'
        try:
            done = subprocess.run(command, env=full, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            raise Failure(f'{self.name}: not done after {limit} s') from None
        self.messages = done.stderr.decode(errors='replace')
        try:
            figures = json.loads(done.stdout)
        except ValueError:
            raise Failure(f'{self.name}: status {done.returncode}: {self.messages.strip()[-300:]}') from None
        if done.returncode != 0 or figures['failed'] != 0:
            raise Failure(f'{self.name}: {figures["failed"]} transfers failed')
        return figures

    @staticmethod
    def _difference(count, more, runs=(SHORT_RUN, LONG_RUN)):
        short, long = (count(('--work=small', f'--number={number}', *more)) for number in runs)
        return (long - short) / (runs[1] - runs[0])

    def instructions(self, server, *more, runs=(SHORT_RUN, LONG_RUN)):
        """User instructions per small GET, by callgrind."""
        def count(work):
            wrapper = ['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null']
            self.run(server, *work, wrapper=wrapper)
            return int(re.search(r'Collected : (\d+)', self.messages).group(1))
        return self._difference(count, more, runs)

    def allocations(self, server, *more):
        """Calls of malloc and its kin per small GET."""
        def count(work):
            with tempfile.NamedTemporaryFile() as file:
                self.run(server, *work, environment={'LD_PRELOAD': os.path.join(self.folder, 'bench-malloc.so'),
                                                     'GMULTI_BENCH_MALLOC': file.name})
                return int(file.read())
        return self._difference(count, more)

    def system_calls(self, server, *more):
        """System calls per small GET, by strace."""
        def count(work):
            with tempfile.NamedTemporaryFile() as file:
                self.run(server, *work, wrapper=['strace', '-f', '-c', '-o', file.name])
                return int(re.search(rb'(\d+)(?:\s+\d+)? total', file.read()).group(1))
        return self._difference(count, more)


def have(program):
    return shutil.which(program) is not None


def find_folder(build):
    """The folder of the programs: of the build directory given, else of the one that tests/run makes."""
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if build is None:
        build = os.environ.get('GMULTI_BUILD_DIR', os.path.join(top, '_build'))
        subprocess.run([os.path.join(top, 'tests', 'run'), '--build-only'], check=True, stdout=subprocess.DEVNULL)
    folder = os.path.join(build, 'tests', 'bench')
    if not os.access(os.path.join(folder, 'bench-server'), os.X_OK):
        raise Failure(f'{folder} has no bench-server: was it configured with -Dbench=disabled?')
    return folder
