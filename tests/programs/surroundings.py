# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of whole programs have in common: a place to work in, certificates, nginx and tinyproxy on free ports of
loopback, and running a program once with the real libcurl and once with ours."""

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from tap import Tap  # noqa: E402  pylint: disable=wrong-import-position,unused-import

REAL, OURS = 'real', 'ours'
LIMIT = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Surroundings:
    """A temporary folder; @folder is where the libraries named libcurl are. Used in a with statement."""

    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self.top = self.stack.enter_context(tempfile.TemporaryDirectory(prefix='gmulti-programs-'))
        os.chmod(self.top, 0o755)
        self.home = os.path.join(self.top, 'home')
        os.mkdir(self.home)
        return self

    def __exit__(self, *what):
        return self.stack.__exit__(*what)

    def path(self, *names):
        return os.path.join(self.top, *names)

    def write(self, name, data):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), 'wb') as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        return self.path(name)

    def environment(self, which, **more):
        """What a program is run with: nothing of the caller's that steers transfers."""
        env = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': self.home, 'LC_ALL': 'C.UTF-8', 'TMPDIR': self.top,
               'no_proxy': '', 'GIT_CONFIG_NOSYSTEM': '1'}
        if which == OURS:
            env['LD_LIBRARY_PATH'] = self.folder
        for name in ('ASAN_OPTIONS', 'UBSAN_OPTIONS'):
            if name in os.environ:
                env[name] = os.environ[name]
        env.update(more)
        return env

    def run(self, which, command, cwd=None, stdin=None, limit=LIMIT, **more):
        """Runs it to its end; a program that takes too long is a failure of the test."""
        source = {'input': stdin} if stdin is not None else {'stdin': subprocess.DEVNULL}
        return subprocess.run(command, cwd=cwd or self.top, env=self.environment(which, **more), capture_output=True,
                              timeout=limit, check=False, **source)

    def make_certificates(self):
        """ca.pem, and site.pem with its key for localhost and 127.0.0.1; client.pem for who must show one."""
        make_certificates(self.top)
        return self.path('ca.pem')

    def server_context(self, alpn=('http/1.1',), client=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path('site.pem'))
        context.set_alpn_protocols(list(alpn))
        if client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.path('ca.pem'))
        return context

    def start(self, command, port, **options):
        """A server process that ends with the test; returns when @port accepts."""
        log = open(self.path(os.path.basename(command[0]) + '.log'), 'ab')
        self.stack.callback(log.close)
        # Apache ends its whole process group: it has one of its own.
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                   **options)
        self.stack.callback(stop, process)
        wait_for_port(port, process)
        return process

    def start_nginx(self, servers):
        """@servers is text for the http block; the first port of it is waited for by the caller's word: (port, text)."""
        port, text = servers
        base = self.path('nginx')
        for name in ('', 'body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'):
            os.makedirs(os.path.join(base, name), exist_ok=True)
        user = 'user root;' if os.geteuid() == 0 else ''
        self.write('nginx/nginx.conf', f'''
daemon off; {user} worker_processes 1; pid {base}/pid; error_log {base}/error.log;
events {{ worker_connections 1000; }}
http {{
  access_log off; default_type application/octet-stream; client_max_body_size 0; server_tokens off;
  keepalive_requests 10000;
  client_body_temp_path {base}/body; proxy_temp_path {base}/proxy; fastcgi_temp_path {base}/fastcgi;
  uwsgi_temp_path {base}/uwsgi; scgi_temp_path {base}/scgi;
  ssl_certificate {self.path('site.pem')}; ssl_certificate_key {self.path('site.pem')};
{text}
}}
''')
        self.start(['nginx', '-p', base, '-c', os.path.join(base, 'nginx.conf'), '-e', base + '/error.log'], port,
                   env=self.environment(REAL))

    def start_apache(self, ports, text):
        """An Apache with CGI, TLS and logins; @text is for the whole server. Its user owns what give() gives."""
        base = self.path('apache')
        os.makedirs(base, exist_ok=True)
        modules = ['mpm_prefork', 'unixd', 'authz_core', 'authz_user', 'authn_core', 'authn_file', 'auth_basic', 'alias',
                   'env', 'cgi', 'ssl', 'setenvif']
        lines = [f'ServerRoot {base}', 'ServerName localhost', f'PidFile {base}/pid', f'ErrorLog {base}/error.log',
                 'StartServers 4', 'MaxRequestWorkers 20', f'Mutex file:{base}']
        builtin = subprocess.run(['apache2', '-l'], capture_output=True, text=True, timeout=20, check=True).stdout
        lines += [f'LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so' for name in modules
                  if f'mod_{name}.c' not in builtin]
        lines += [f'Listen 127.0.0.1:{port}' for port in ports]
        if os.geteuid() == 0:
            lines += ['User www-data', 'Group www-data']
        path = self.write('apache/apache.conf', '\n'.join(lines) + '\n' + text)
        self.start(['apache2', '-d', base, '-f', path, '-DFOREGROUND'], ports[0], env=self.environment(REAL))

    @staticmethod
    def give(folder):
        """What a server that is not root is to write to."""
        if os.geteuid() == 0:
            subprocess.run(['chown', '-R', 'www-data:www-data', folder], check=True, timeout=20)

    def start_tinyproxy(self, login=None):
        """Returns the port of a tinyproxy that leads wherever it is asked to on loopback."""
        port = free_port()
        lines = [f'Port {port}', 'Listen 127.0.0.1', 'Timeout 30', 'MaxClients 100', 'Allow 127.0.0.1',
                 'LogLevel Critical', 'DisableViaHeader Yes']
        if login:
            lines.append(f'BasicAuth {login[0]} {login[1]}')
        path = self.write(f'tinyproxy-{port}.conf', '\n'.join(lines) + '\n')
        self.start(['tinyproxy', '-d', '-c', path], port, env=self.environment(REAL))
        return port


def stop(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for_port(port, process, limit=20):
    end = time.monotonic() + limit
    while True:
        try:
            socket.create_connection(('127.0.0.1', port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None:
                raise RuntimeError(f'{process.args[0]} ended with status {process.returncode}') from None
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def openssl(*arguments, **options):
    subprocess.run(['openssl', *arguments], check=True, capture_output=True, timeout=30, **options)


def make_certificates(top):
    """An authority, a server and a client, with elliptic keys: they are quick to make."""
    def key(name):
        openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', f'{name}.key', cwd=top)

    key('ca')
    openssl('req', '-x509', '-new', '-key', 'ca.key', '-subj', '/CN=the authority', '-days', '30', '-out', 'ca.pem',
            cwd=top)
    with open(os.path.join(top, 'names'), 'w', encoding='ascii') as file:
        file.write('subjectAltName=DNS:localhost,DNS:site.example,IP:127.0.0.1\n')
    for name in ('site', 'client'):
        key(name)
        openssl('req', '-new', '-key', f'{name}.key', '-subj', f'/CN={name}', '-out', f'{name}.csr', cwd=top)
        openssl('x509', '-req', '-in', f'{name}.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial',
                '7' if name == 'site' else '8', '-days', '30', '-extfile', 'names', '-out', f'{name}.crt', cwd=top)
        with open(os.path.join(top, f'{name}.pem'), 'wb') as pem:
            for part in (f'{name}.crt', f'{name}.key'):
                with open(os.path.join(top, part), 'rb') as file:
                    shutil.copyfileobj(file, pem)


def snapshot(folder):
    """What files are below @folder, with their bytes."""
    found = {}
    for place, _folders, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, 'rb') as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found
