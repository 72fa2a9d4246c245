# SPDX-License-Identifier: LGPL-2.1-or-later
"""A web server that writes down each byte of what it was asked, and does what the path says.

/bytes/N           N bytes; ranges, If-None-Match and If-Modified-Since are answered
/chunked/N         N bytes in chunks, and a trailer        /close/N     N bytes that end with the connection
/echo              method and body                         /status/N    an answer with that status
/to/N/REST…        status N with "Location: /REST…"        /away/N/PORT/REST…  the same to another port
/set/NAME/VALUE    a cookie                                /flaky/K/S   K times status S, then 200
/basic /digest     a login (user, secret) is asked for     /coded/KIND  gzip, deflate or br
/named/NAME        Content-Disposition with that name      /short/N     ends after half of N bytes
/cut               the connection ends without an answer   /stall       no answer for a while
/early             an answer before the body is read       /fields      many response fields
/expect            417 for who asks with Expect            /garbage     no HTTP

It is a proxy as well: for absolute URLs it answers itself, CONNECT leads to the port named, on loopback. A Site with
login='basic' or 'digest' wants Proxy-Authorization."""

import base64
import gzip
import hashlib
import re
import select
import socket
import ssl
import struct
import threading
import time
import zlib

STAMP = 'Sat, 07 Nov 2026 10:20:30 GMT'
NAME, PASSWORD, REALM, NONCE = 'user', 'secret', 'the realm', 'dcd98b7102dd2f0e8b11d0f600bfb0c093'


def content(size):
    """The bytes of /bytes/SIZE: each position says where it is."""
    return b''.join(b'%09d\n' % position for position in range(0, size, 10))[:size]


class Ended(Exception):
    """The client has closed, or is to be closed."""


class Exchange:
    """One request that was read, and the ways to answer it."""

    def __init__(self, site, stream, secure):
        self.site, self.stream, self.secure = site, stream, secure
        self.raw = b''
        self.keep = True
        line = self.read_line()
        while line in (b'\r\n', b'\n'):
            line = self.read_line()
        self.method, self.target, self.version = line.decode('latin-1').split(None, 2)
        self.fields = {}
        while True:
            line = self.read_line()
            if line in (b'\r\n', b'\n'):
                break
            name, _, value = line.decode('latin-1').partition(':')
            self.fields[name.strip().lower()] = value.strip()
        self.body = b''

    def read_line(self):
        line = self.stream.readline(65537)
        if not line:
            raise Ended
        self.raw += line
        return line

    def read(self, size):
        block = self.stream.read(size)
        self.raw += block
        if len(block) < size:
            raise Ended
        return block

    def write(self, block):
        self.stream.write(block)
        self.stream.flush()

    def read_body(self):
        if self.fields.get('expect', '').lower() == '100-continue':
            self.write(b'HTTP/1.1 100 Continue\r\n\r\n')
        if self.fields.get('transfer-encoding', '').lower() == 'chunked':
            while True:
                size = int(self.read_line().split(b';')[0], 16)
                if size == 0:
                    break
                self.body += self.read(size)
                self.read_line()
            while self.read_line() != b'\r\n':
                pass
        elif 'content-length' in self.fields:
            self.body = self.read(int(self.fields['content-length']))

    def answer(self, status, body=b'', fields=(), reason='Said so'):
        """A whole answer, with its length."""
        lines = [f'HTTP/1.1 {status} {reason}', 'Server: site', f'Date: {STAMP}']
        lines += [f'{name}: {value}' for name, value in fields]
        if status not in (204, 304):
            lines.append(f'Content-Length: {len(body)}')
        head = '\r\n'.join(lines) + '\r\n\r\n'
        bare = self.method == 'HEAD' or status in (204, 304)
        self.write(head.encode('latin-1') + (b'' if bare else body))


class Site:
    """The server; used in a with statement. With @context it speaks TLS."""

    def __init__(self, context=None, login=None):
        self.context, self.login = context, login
        self.lock = threading.Lock()
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=300)
        self.port = self.listener.getsockname()[1]
        self.reset()

    def reset(self):
        with self.lock:
            self.exchanges = []
            self.connections = 0
            self.counts = {}

    @property
    def seen(self):
        with self.lock:
            return [exchange.raw for exchange in self.exchanges]

    def __enter__(self):
        threading.Thread(target=self.listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def listen(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        peer.settimeout(30)
        with self.lock:
            self.connections += 1
        try:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context:
                peer = self.context.wrap_socket(peer, server_side=True)
            with peer, peer.makefile('rwb') as stream:
                while self.serve_one(peer, stream):
                    pass
        except (OSError, ssl.SSLError, Ended, ValueError):
            pass

    def serve_one(self, peer, stream):
        try:
            exchange = Exchange(self, stream, bool(self.context))
        except Ended:
            return False
        # Noted before the answer: who has it may look at once.
        with self.lock:
            self.exchanges.append(exchange)
        self.dispatch(exchange, peer)
        return exchange.keep

    # The proxy

    def dispatch(self, exchange, peer):
        if self.login and not self.admitted(exchange, 'proxy-authorization', exchange.target):
            exchange.read_body()
            exchange.answer(407, b'who?\n', [('Proxy-Authenticate', self.challenge(self.login))])
        elif exchange.method == 'CONNECT':
            self.tunnel(exchange, peer)
        else:
            path = re.sub('^http://[^/]*', '', exchange.target).split('?')[0]
            kind, *rest = path.strip('/').split('/')
            if kind == 'echo' and exchange.fields.get('expect') and 'refuse' in rest:
                kind = 'expect'
            if kind != 'early' and kind != 'expect':
                exchange.read_body()
            getattr(self, f'do_{kind}', self.do_nothing)(exchange, *rest)

    def tunnel(self, exchange, peer):
        host, _, port = exchange.target.rpartition(':')
        if host == 'forbidden':
            exchange.answer(403, b'not there\n')
            return
        exchange.keep = False
        try:
            other = socket.create_connection(('127.0.0.1', int(port)), timeout=10)
        except OSError:
            exchange.answer(502, b'nobody there\n')
            return
        exchange.write(b'HTTP/1.1 200 Connected\r\nX-Tunnel: yes\r\n\r\n')
        relay(peer, other)

    def challenge(self, scheme):
        if scheme == 'basic':
            return f'Basic realm="{REALM}"'
        return f'Digest realm="{REALM}", nonce="{NONCE}", qop="auth", algorithm=MD5, opaque="5ccc"'

    def admitted(self, exchange, field, target):
        given = exchange.fields.get(field, '')
        if given.startswith('Basic '):
            return base64.b64decode(given[6:]).decode() == f'{NAME}:{PASSWORD}'
        if given.startswith('Digest '):
            parts = dict((name, quoted or bare)
                         for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', given))
            first = digest(f'{NAME}:{REALM}:{PASSWORD}')
            second = digest(f'{exchange.method}:{parts.get("uri")}')
            whole = ':'.join([first, parts['nonce'], parts.get('nc', ''), parts.get('cnonce', ''), 'auth', second])
            return parts.get('uri') == target and parts.get('response') == digest(whole)
        return False

    # What paths mean

    def do_nothing(self, exchange, *_):
        exchange.answer(404, b'nothing here\n', reason='Not Found')

    def do_bytes(self, exchange, size, *_):
        body = content(int(size))
        fields = [('Last-Modified', STAMP), ('ETag', '"one"'), ('Accept-Ranges', 'bytes'),
                  ('Content-Type', 'text/plain')]
        if exchange.fields.get('if-none-match') == '"one"' or exchange.fields.get('if-modified-since') == STAMP:
            exchange.answer(304, b'', fields[:2], 'Not Modified')
            return
        match = re.fullmatch(r'bytes=(\d*)-(\d*)', exchange.fields.get('range', ''))
        if match:
            first, last = match.groups()
            begin = int(first) if first else max(len(body) - int(last), 0)
            end = min(int(last) + 1, len(body)) if first and last else len(body)
            if begin >= len(body):
                exchange.answer(416, b'', [('Content-Range', f'bytes */{len(body)}')], 'No such range')
                return
            fields.append(('Content-Range', f'bytes {begin}-{end - 1}/{len(body)}'))
            exchange.answer(206, body[begin:end], fields, 'Partial Content')
        elif exchange.fields.get('range'):
            parts = b''.join(b'\r\n--part\r\nContent-Range: bytes ' + one.encode() + b'\r\n\r\n'
                             for one in exchange.fields['range'][6:].split(','))
            exchange.answer(206, parts + b'\r\n--part--\r\n',
                            [('Content-Type', 'multipart/byteranges; boundary=part')], 'Partial Content')
        else:
            exchange.answer(200, body, fields, 'OK')

    def do_chunked(self, exchange, size, *_):
        exchange.write(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n')
        body = content(int(size))
        for begin in range(0, len(body), 1000):
            part = body[begin:begin + 1000]
            exchange.write(b'%x\r\n' % len(part) + part + b'\r\n')
        exchange.write(b'0\r\nX-Sum: 7\r\n\r\n')

    def do_close(self, exchange, size, *_):
        exchange.keep = False
        exchange.write(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n' + content(int(size)))

    def do_short(self, exchange, size, *_):
        exchange.keep = False
        body = content(int(size))
        exchange.write(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % len(body) + body[:len(body) // 2])

    def do_echo(self, exchange, *_):
        exchange.answer(200, exchange.method.encode() + b'\n' + exchange.body, [('Content-Type', 'text/x-echo')], 'OK')

    def do_status(self, exchange, status, *_):
        exchange.answer(int(status), b'status\n')

    def do_to(self, exchange, status, *rest):
        exchange.answer(int(status), b'over there\n', [('Location', '/' + '/'.join(rest))], 'Elsewhere')

    def do_away(self, exchange, status, port, *rest):
        exchange.answer(int(status), b'', [('Location', f'http://127.0.0.1:{port}/' + '/'.join(rest))], 'Elsewhere')

    def do_set(self, exchange, name, value, *_):
        exchange.answer(200, b'set\n', [('Set-Cookie', f'{name}={value}; Path=/'),
                                        ('Set-Cookie', f'old-{name}={value}; Max-Age=86400; Path=/; HttpOnly')], 'OK')

    def do_flaky(self, exchange, times, status, *_):
        with self.lock:
            count = self.counts[exchange.target] = self.counts.get(exchange.target, 0) + 1
        if count <= int(times):
            exchange.answer(int(status), b'later\n', [('Retry-After', '1')])
        else:
            exchange.answer(200, b'now\n')

    def do_basic(self, exchange, *_):
        self.ask_login(exchange, 'basic')

    def do_digest(self, exchange, *_):
        self.ask_login(exchange, 'digest')

    def ask_login(self, exchange, scheme):
        if self.admitted(exchange, 'authorization', exchange.target):
            exchange.answer(200, b'welcome\n' + exchange.body)
        else:
            exchange.answer(401, b'who?\n', [('WWW-Authenticate', self.challenge(scheme))], 'Unauthorized')

    def do_coded(self, exchange, kind, *_):
        body = content(5000)
        coded = {'gzip': gzip.compress(body, mtime=0), 'deflate': zlib.compress(body), 'br': None}[kind]
        exchange.answer(200, coded, [('Content-Encoding', kind)], 'OK')

    def do_named(self, exchange, name, *_):
        exchange.answer(200, b'named\n', [('Content-Disposition', f'attachment; filename="{name}"')], 'OK')

    def do_cut(self, exchange, *_):
        exchange.keep = False

    def do_garbage(self, exchange, *_):
        exchange.keep = False
        exchange.write(b'This is no HTTP\r\n')

    def do_stall(self, exchange, *_):
        exchange.keep = False
        time.sleep(3)

    def do_early(self, exchange, *_):
        exchange.keep = False
        exchange.answer(413, b'too much\n', [('Connection', 'close')])

    def do_expect(self, exchange, *_):
        if 'expect' in exchange.fields:
            exchange.answer(417, b'no\n')
        else:
            exchange.read_body()
            exchange.answer(200, b'took %d\n' % len(exchange.body))

    def do_fields(self, exchange, *_):
        exchange.answer(200, b'', [('X-Many', str(i)) for i in range(5)] + [('x-lower', 'a'), ('X-Empty', '')], 'OK')


class Socks:
    """A SOCKS server, versions 4, 4a and 5 (with login or without), whose every name is loopback; with @path at that
    socket."""

    def __init__(self, path=None):
        if path is None:
            self.listener = socket.create_server(('127.0.0.1', 0), backlog=50)
            self.port = self.listener.getsockname()[1]
        else:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            self.listener.listen(50)
        self.said = []

    def reset(self):
        self.said = []

    @property
    def seen(self):
        return [bytes(said) for said in self.said]

    def __enter__(self):
        threading.Thread(target=self.listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def listen(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        peer.settimeout(20)
        try:
            with peer:
                said = bytearray()
                self.said.append(said)
                version = self.take(peer, 1, said)[0]
                port = self.serve_4(peer, said) if version == 4 else self.serve_5(peer, said)
                if port:
                    relay(peer, socket.create_connection(('127.0.0.1', port), timeout=10))
        except (OSError, Ended):
            pass

    @staticmethod
    def take(peer, size, said):
        block = b''
        while len(block) < size:
            more = peer.recv(size - len(block))
            if not more:
                raise Ended
            block += more
        said += block
        return block

    def take_string(self, peer, said):
        block = b''
        while not block.endswith(b'\0'):
            block += self.take(peer, 1, said)
        return block[:-1]

    def serve_4(self, peer, said):
        _, port, address = struct.unpack('>BHI', self.take(peer, 7, said))
        self.take_string(peer, said)
        if 0 < address < 256:
            self.take_string(peer, said)
        peer.sendall(struct.pack('>BBHI', 0, 90, 0, 0))
        return port

    def serve_5(self, peer, said):
        methods = self.take(peer, self.take(peer, 1, said)[0], said)
        if 2 in methods:
            peer.sendall(b'\5\2')
            self.take(peer, 1, said)
            self.take(peer, self.take(peer, 1, said)[0], said)
            right = self.take(peer, self.take(peer, 1, said)[0], said) == PASSWORD.encode()
            peer.sendall(b'\1\0' if right else b'\1\1')
            if not right:
                return None
        else:
            peer.sendall(b'\5\0')
        kind = self.take(peer, 4, said)[3]
        self.take(peer, {1: 4, 4: 16}.get(kind) or self.take(peer, 1, said)[0], said)
        port = struct.unpack('>H', self.take(peer, 2, said))[0]
        peer.sendall(b'\5\0\0\1\0\0\0\0\0\0')
        return port


def digest(text):
    return hashlib.md5(text.encode()).hexdigest()


def relay(one, other):
    """Carries bytes both ways until either side ends."""
    with other:
        pair = {one: other, other: one}
        while True:
            ready, _, _ = select.select(list(pair), [], [], 20)
            if not ready:
                return
            for source in ready:
                block = source.recv(65536)
                if not block:
                    return
                pair[source].sendall(block)
