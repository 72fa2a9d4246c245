#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes a tree of 400 files of mixed sizes, has it served on loopback by a server that nobody here wrote (nginx, or
Python's own), fetches all of it with gmulti-get and compares every byte by checksum.

Usage: fetch-tree.py GMULTI_GET WORK_FOLDER [OPTION_OF_GMULTI_GET]...
The tree is made once; its contents depend on nothing but this file."""

import hashlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

SEED = 2
N_FILES = 400
MEGABYTE = 1000 * 1000
# The ends of the scale and some of its middle; the others are small, as most files are.
LARGE = [50 * MEGABYTE, 20 * MEGABYTE, 10 * MEGABYTE] + 10 * [2 * MEGABYTE] + 20 * [500 * 1000]
SMALL = [0, 0, 1, 2, 4095, 4096, 4097, 16383, 16384, 16385, 65535, 65536, 65537]
FOLDERS = ('', 'a', 'a/b', 'with blanks', 'häuser', 'percent%20sign', 'plus+and&more')


def sizes(chance):
    middle = [int(chance.paretovariate(0.9) * 500) % 200_000 for _ in range(N_FILES - len(LARGE) - len(SMALL))]
    result = LARGE + SMALL + middle
    chance.shuffle(result)
    return result


def make_tree(folder):
    """{path below the folder: SHA-256}. Made under another name first: a half-made tree is never taken for one."""
    listing = os.path.join(folder, 'SHA256SUMS')
    tree = os.path.join(folder, 'tree')
    stamp = hashlib.sha256(open(__file__, 'rb').read()).hexdigest()
    try:
        with open(listing, encoding='utf-8') as file:
            first, *lines = file.read().splitlines()
        if first == stamp:
            return dict(reversed(line.split('  ', 1)) for line in lines)
    except (FileNotFoundError, ValueError):
        pass
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(folder, exist_ok=True)
    chance = random.Random(SEED)
    sums = {}
    for number, size in enumerate(sizes(chance)):
        path = os.path.join(FOLDERS[number % len(FOLDERS)], f'file {number:03}.bin' if number % 5 == 0 else f'file-{number:03}.bin')
        full = os.path.join(tree, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        digest = hashlib.sha256()
        with open(full, 'wb') as file:
            while size > 0:
                block = chance.randbytes(min(size, 4 * MEGABYTE))
                file.write(block)
                digest.update(block)
                size -= len(block)
        sums[path] = digest.hexdigest()
    with open(listing, 'w', encoding='utf-8') as file:
        file.write(stamp + '\n' + ''.join(f'{digest}  {path}\n' for path, digest in sums.items()))
    return sums


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def server_command(root, port, folder):
    """What serves the tree, and its name."""
    nginx = shutil.which('nginx', path='/usr/sbin:/usr/local/sbin:' + os.environ.get('PATH', ''))
    if not nginx:
        return 'http.server of Python', [sys.executable, '-m', 'http.server', '--bind', '127.0.0.1', '--directory', root, str(port)]
    config = os.path.join(folder, 'nginx.conf')
    with open(config, 'w', encoding='utf-8') as file:
        file.write(('user root;\n' if os.getuid() == 0 else '') + f'''
daemon off;
worker_processes 1;
pid "{folder}/nginx.pid";
error_log "{folder}/nginx.log";
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path "{folder}/body";
  proxy_temp_path "{folder}/proxy";
  fastcgi_temp_path "{folder}/fastcgi";
  uwsgi_temp_path "{folder}/uwsgi";
  scgi_temp_path "{folder}/scgi";
  keepalive_requests 100000;
  server {{ listen 127.0.0.1:{port}; root "{root}"; }}
}}
''')
    return 'nginx', [nginx, '-p', folder, '-e', f'{folder}/nginx.log', '-c', config]


def start_server(root, folder):
    for _ in range(5):
        port = free_port()
        name, command = server_command(root, port, folder)
        with open(os.path.join(folder, 'server.log'), 'ab') as log:
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 10
        while server.poll() is None and time.monotonic() < end:
            try:
                socket.create_connection(('127.0.0.1', port), 1).close()
                return name, port, server
            except OSError:
                time.sleep(0.05)
        stop_server(server)
    with open(os.path.join(folder, 'server.log'), encoding='utf-8', errors='replace') as log:
        sys.exit(f'The server does not start:\n{log.read()}')


def stop_server(server):
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def compare(folder, sums):
    """How many files are right, and sentences about the others."""
    good, wrong = 0, []
    found = {os.path.relpath(os.path.join(place, name), folder) for place, _, names in os.walk(folder) for name in names}
    for path, expected in sums.items():
        if path not in found:
            wrong.append(f'missing: {path}')
            continue
        digest = hashlib.sha256()
        with open(os.path.join(folder, path), 'rb') as file:
            while block := file.read(MEGABYTE):
                digest.update(block)
        if digest.hexdigest() == expected:
            good += 1
        else:
            wrong.append(f'different: {path}')
    wrong += [f'not asked for: {path}' for path in sorted(found - set(sums))]
    return good, wrong


def main():
    program, work, *options = sys.argv[1:]
    work = os.path.abspath(work)
    sums = make_tree(work)
    total = sum(os.path.getsize(os.path.join(work, 'tree', path)) for path in sums)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix='gmulti-demo-') as folder:
        name, port, server = start_server(os.path.join(work, 'tree'), folder)
        try:
            target = os.path.join(folder, 'fetched')
            listing = os.path.join(folder, 'urls')
            with open(listing, 'w', encoding='ascii') as file:
                file.writelines(f'http://127.0.0.1:{port}/{urllib.parse.quote(path)}\n' for path in sums)
            print(f'{len(sums)} files, {total / MEGABYTE:.0f} MB, served by {name} on loopback', flush=True)
            status = subprocess.run([program, '--tree', '--summary', '-i', listing, '-P', target, *options], stdin=subprocess.DEVNULL,
                                    check=False).returncode
        finally:
            stop_server(server)
        good, wrong = compare(target, sums)
    for line in wrong[:20]:
        print(line)
    print(f'{good} of {len(sums)} files are there, byte for byte' + (f'; {len(wrong)} are wrong' if wrong else ''))
    if status:
        print(f'gmulti-get: exit status {status}')
    return 1 if wrong or status else 0


if __name__ == '__main__':
    sys.exit(main())
