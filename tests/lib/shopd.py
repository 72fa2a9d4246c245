# SPDX-License-Identifier: LGPL-2.1-or-later
"""The server of the showcase (demos/rest, grid, upload, trust): what it does is said by the path.

/items            a JSON service in pages of four; POST adds one   /pictures/N.png   a picture; the seventh is missing
/upload           counts what a form brings                        /slow-upload      reads it slowly
/page             a line of text"""

import contextlib
import hashlib
import http.server
import json
import os
import re
import select
import socket
import ssl
import struct
import subprocess
import threading
import time
import urllib.parse
import zlib

NAMES = ['apple', 'banana', 'cherry', 'date', 'elder', 'fig', 'grape', 'häuser & "quotes"', 'ice', 'jam']
PAGE = 4
MISSING = 7
HELD = 100  # the pictures before this one, while the shop holds
SIDE = 96


def make_picture(number):
    """A PNG of one colour, with a darker frame that says it is one."""
    red, green, blue = ((number * 37) % 200 + 55, (number * 83) % 200 + 55, (number * 151) % 200 + 55)
    frame = b'\0' + bytes((red // 2, green // 2, blue // 2)) * SIDE
    inner = b'\0' + bytes((red // 2, green // 2, blue // 2)) * 4 + bytes((red, green, blue)) * (SIDE - 8) \
        + bytes((red // 2, green // 2, blue // 2)) * 4
    rows = frame * 4 + inner * (SIDE - 8) + frame * 4

    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', SIDE, SIDE, 8, 2, 0, 0, 0)) \
        + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b'')


def make_certificate(folder):
    """One that nobody vouches for but itself."""
    path = os.path.join(folder, 'server.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
                    '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', path, '-out', path + '.crt'],
                   check=True, capture_output=True, timeout=60)
    with open(path, 'ab') as whole, open(path + '.crt', 'rb') as certificate:
        whole.write(certificate.read())
    return path


@contextlib.contextmanager
def deaf_port():
    """Bound and not listening: it refuses, and nobody else gets it meanwhile."""
    with socket.socket() as deaf:
        deaf.bind(('127.0.0.1', 0))
        yield deaf.getsockname()[1]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    timeout = 60

    def do_GET(self):
        self.server.requests.append(self.path)
        split = urllib.parse.urlsplit(self.path)
        kind = split.path.strip('/').partition('/')[0]
        try:
            if kind == 'items':
                self.answer_items(split.query)
            elif kind == 'pictures':
                self.answer_picture(int(re.search(r'(\d+)\.png', split.path)[1]))
            elif kind in ('upload', 'slow-upload') and self.command == 'POST':
                self.answer_form(kind)
            elif kind == 'page':
                self.send_whole(200, 'text/plain', b'a page of a server that nobody vouches for\n')
            else:
                self.read_body()
                self.send_whole(404, 'text/plain', b'nothing here\n')
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.server.broken += 1
            self.close_connection = True

    do_POST = do_GET

    def read_body(self):
        return self.rfile.read(int(self.headers.get('Content-Length', 0)))

    def answer_items(self, query):
        names = self.server.names
        if self.server.holding:
            self.hold()
            raise ConnectionResetError
        if self.command == 'POST':
            name = json.loads(self.read_body())['name']
            if not name:
                return self.send_json(422, {'error': 'An item needs a name'})
            names.append(name)
            return self.send_json(201, {'id': len(names)})
        page = int(urllib.parse.parse_qs(query).get('page', ['1'])[0])
        first = (page - 1) * PAGE
        if first >= len(names):
            return self.send_json(404, {'error': f'There is no page {page}'})
        items = [{'id': first + i + 1, 'name': name} for i, name in enumerate(names[first:first + PAGE])]
        more = first + PAGE < len(names)
        return self.send_json(200, {'items': items, 'next': self.server.url(f'/items?page={page + 1}') if more else None})

    def answer_picture(self, number):
        self.server.asked.add(number)
        if self.server.holding and number < HELD:
            self.hold()
        else:
            time.sleep(0.05)
        if self.is_gone():
            raise ConnectionResetError
        if number == MISSING:
            self.server.missing.add(number)
            return self.send_whole(404, 'text/plain', b'nothing here\n')
        self.send_whole(200, 'image/png', make_picture(number))
        return self.server.pictures.add(number)

    def hold(self):
        late = time.monotonic() + 60
        while not self.server.released.wait(0.05) and time.monotonic() < late:
            if self.is_gone():
                self.server.left += 1
                return

    def is_gone(self):
        """Whether the client has hung up, which a small answer would not notice."""
        return bool(select.select([self.connection], [], [], 0)[0]) and self.connection.recv(1, socket.MSG_PEEK) == b''

    def answer_form(self, kind):
        """Reads it as it comes; the end of the form has no length of its own."""
        boundary = re.search('boundary="?([^";]+)', self.headers['Content-Type'])[1].encode()
        left, body = int(self.headers['Content-Length']), bytearray()
        while left > 0:
            block = self.rfile.read(min(left, 1 << 20))
            if not block:
                raise ConnectionResetError
            body += block
            left -= len(block)
            time.sleep(0.5 if kind == 'slow-upload' else 0.02)
        parts = []
        for part in bytes(body).split(b'--' + boundary)[1:-1]:
            head, _, content = part[2:-2].partition(b'\r\n\r\n')
            name = re.search(rb'\bname="([^"]*)"', head)[1].decode()
            if b'filename=' in head:
                filename = re.search(rb'filename="([^"]*)"', head)[1].decode()
                parts.append(f'{name}: {filename}, {len(content)} bytes, {hashlib.md5(content).hexdigest()}\n')
            else:
                parts.append(f'{name}: {content.decode()}\n')
        self.send_whole(200, 'text/plain; charset=utf-8', ''.join(parts).encode())

    def send_json(self, status, value):
        self.send_whole(status, 'application/json', json.dumps(value).encode())

    def send_whole(self, status, kind, body):
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


class Shop(http.server.ThreadingHTTPServer):
    """Used in a with statement; runs in a thread of its own. With a certificate it speaks TLS."""

    daemon_threads = True
    request_queue_size = 200

    def __init__(self, certificate=None):
        super().__init__(('127.0.0.1', 0), Handler)
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        self.reset()

    def reset(self):
        self.names = list(NAMES)
        self.requests, self.asked, self.pictures, self.missing, self.broken = [], set(), set(), set(), 0
        self.left = 0  # of those that were held
        # While it holds none of the pictures before HELD is sent: only who cancels some gets to others.
        self.holding, self.released = False, threading.Event()

    def finish_request(self, request, client_address):
        # In the connection's own thread: who never shakes hands holds up nobody.
        if self.tls:
            request.settimeout(60)
            request = self.tls.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass

    def url(self, path):
        return f'{"https" if self.tls else "http"}://127.0.0.1:{self.server_address[1]}{path}'

    @staticmethod
    def wait_for(condition, seconds):
        late = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > late:
                return False
            time.sleep(0.02)
        return True
