#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The demos of the ways of driving the C interface: each fetches 40 files and says what came, and says what did not."""

import http.server
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

SIZES = [0, 1, 1000, 70000, 300001]


def content(number):
    return bytes((number * 7 + i * 13) % 251 for i in range(SIZES[number % len(SIZES)]))


CONTENTS = [content(number) for number in range(40)]


def fnv(data):
    value = 2166136261
    for byte in data:
        value = (value ^ byte) * 16777619 & 0xffffffff
    return value


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def do_GET(self):
        number = self.path[1:]
        if number.startswith('to-'):
            self.send_response(302)
            self.send_header('Location', '/' + number[3:])
            self.send_header('Content-Length', '0')
            self.end_headers()
            return
        data = CONTENTS[int(number)]
        self.send_response(200)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    tap = Tap()
    server = Server(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f'http://127.0.0.1:{server.server_address[1]}/'
    urls = [f'{base}{"to-" if number % 10 == 9 else ""}{number}' for number in range(len(CONTENTS))]
    wanted = sorted(f'200 {len(data)} 0x{fnv(data):08x} {url}' for url, data in zip(urls, CONTENTS))
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith('_proxy')}

    def run(program, arguments):
        return subprocess.run([program, *arguments], check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=100, env=environment)

    for program in sys.argv[1:]:
        name = os.path.basename(program)
        result = run(program, urls)
        tap.check(f'{name} fetches {len(urls)} files',
                  result.returncode == 0 and sorted(result.stdout.splitlines()) == wanted and not result.stderr,
                  result.returncode, result.stderr, *sorted(set(result.stdout.splitlines()) ^ set(wanted)))
        result = run(program, [urls[1], 'http://127.0.0.1:1/', urls[2]])
        lines = result.stdout.splitlines()
        tap.check(f'{name} says what failed', result.returncode == 1 and len(lines) == 3 and
                  sum(line.startswith('failed: ') for line in lines) == 1, result.returncode, result.stderr, *lines)
        result = run(program, [])
        tap.check(f'{name} has nothing to do', result.returncode == 0 and not result.stdout, result.returncode, result.stdout)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
