# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small server for the tests of whole programs: what it does is said by the path.

/bytes/N/…    N bytes, ranges answered      /plain/N/…   N bytes, ranges ignored
/slow/N/…     N bytes, 10 kB every 50 ms    /status/N    an answer with that status
/echo         what the request said, as text
/login        "inside" for user and secret, by Basic"""

import http.server
import threading
import time

BLOCK = 10_000
LOGIN = 'Basic dXNlcjpzZWNyZXQ='


def content(size):
    """The bytes of /bytes/SIZE: each position says where it is."""
    return b''.join(b'%09d\n' % position for position in range(0, size, 10))[:size]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        with self.server.lock:
            self.server.running += 1
            self.server.most = max(self.server.most, self.server.running)
            self.server.requests.append((self.command, self.path, dict(self.headers)))
        try:
            self.answer(*self.path.strip('/').split('/'))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with self.server.lock:
                self.server.running -= 1

    do_POST = do_PUT = do_HEAD = do_GET

    def answer(self, kind, *rest):
        if kind in ('bytes', 'plain', 'slow'):
            self.send_content(content(int(rest[0])), kind)
        elif kind == 'status':
            self.send_whole(int(rest[0]), b'status\n')
        elif kind == 'echo':
            body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
            head = ''.join(f'{name}: {value}\n' for name, value in self.headers.items())
            self.send_whole(200, f'{self.command}\n{head}\n'.encode() + body)
        elif kind == 'login' and self.headers.get('Authorization') == LOGIN:
            self.send_whole(200, b'inside')
        elif kind == 'login':
            self.send_whole(401, b'outside', WWW_Authenticate='Basic realm="way in"')
        else:
            self.send_whole(404, b'nothing here\n')

    def send_whole(self, status, body, **headers):
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    def send_content(self, body, kind):
        wanted = self.headers.get('Range', '')
        if kind != 'plain' and wanted.startswith('bytes=') and wanted.endswith('-'):
            begin = int(wanted[6:-1])
            if begin >= len(body):
                self.send_whole(416, b'', Content_Range=f'bytes */{len(body)}')
            else:
                self.send_whole(206, body[begin:], Content_Range=f'bytes {begin}-{len(body) - 1}/{len(body)}')
        elif kind == 'slow':
            self.send_response(200)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            for begin in range(0, len(body), BLOCK):
                self.wfile.write(body[begin:begin + BLOCK])
                time.sleep(0.05)
        else:
            time.sleep(self.server.delay)
            self.send_whole(200, body)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


class Server(http.server.ThreadingHTTPServer):
    """Used in a with statement; runs in a thread of its own."""

    daemon_threads = True
    request_queue_size = 200

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Handler)
        self.lock = threading.Lock()
        self.running = 0
        self.most = 0
        self.delay = 0
        self.requests = []

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass

    def url(self, path):
        return f'http://127.0.0.1:{self.server_address[1]}{path}'

    def reset(self):
        with self.lock:
            self.most = 0
            self.delay = 0
            self.requests.clear()
