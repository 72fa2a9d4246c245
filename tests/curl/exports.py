#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the libraries of the C face export: exactly the functions that the headers declare, each with the symbol version
of its library; nothing that an installed libcurl exports is missing."""

import argparse
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

NODES = {'libgmulti-curl-1.so': 'GMULTI_CURL_1', 'libcurl.so': 'CURL_OPENSSL_4', 'libcurl-gnutls.so': 'CURL_GNUTLS_3'}
N_FUNCTIONS = 100


def declared(cc, include):
    text = subprocess.run([*cc, '-E', '-P', '-DCURL_DISABLE_TYPECHECK', '-DCURL_ALLOW_OLD_MULTI_SOCKET', '-I', include, '-'],
                          check=True, text=True, input='#include <curl/curl.h>\n', stdout=subprocess.PIPE).stdout
    text = re.sub(r'typedef[^;{}]*;', '', text)
    return set(re.findall(r'\b(curl_[a-z0-9_]+) \(', text)) - {'curl_socket_t'}


def exported(nm, library):
    """name → versions"""
    output = subprocess.run([nm, '-D', '--defined-only', library], check=True, text=True, stdout=subprocess.PIPE).stdout
    found = {}
    for line in output.splitlines():
        _, kind, name = line.split()
        if kind != 'A':
            name, _, version = name.partition('@')
            found[name] = version.lstrip('@')
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--nm', default='nm')
    parser.add_argument('--cc', default='cc')
    parser.add_argument('--include', required=True)
    parser.add_argument('--theirs', default='/usr/lib/x86_64-linux-gnu/libcurl.so.4')
    parser.add_argument('libraries', nargs='+')
    options = parser.parse_args()
    tap = Tap()
    names = declared(options.cc.split(';'), options.include)
    tap.check(f'the headers declare {N_FUNCTIONS} functions', len(names) == N_FUNCTIONS, len(names), sorted(names))
    for library in options.libraries:
        base = os.path.basename(library)
        node = next((node for prefix, node in NODES.items() if base.startswith(prefix)), None)
        found = exported(options.nm, library)
        tap.none(f'{base} has every function', sorted(names - set(found)))
        tap.none(f'{base} has nothing else', sorted(set(found) - names))
        tap.none(f'{base}: all are {node}', sorted(name for name, version in found.items() if version != node))
        if os.path.exists(options.theirs):
            theirs = {name for name in exported(options.nm, options.theirs) if name.startswith('curl_')}
            tap.check('the installed libcurl exports something', len(theirs) > 80, len(theirs))
            tap.none(f'{base} has what the installed libcurl has', sorted(theirs - set(found)))
    tap.check('all three are looked at', len(options.libraries) == len(NODES), options.libraries)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
