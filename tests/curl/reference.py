#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The reference of the C interface, introspection/curl-interface.md: each function, option and info, and whether it works.
It is made from the headers, the list of options and the list of reasons (--write makes it anew). Fails when the page is
not what would be made, and when something that is said to work has no test: a function of a test program which names it
and, behind that, asserts something else than that setting an option was answered with CURLE_OK."""

import argparse
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

PAGE = 'introspection/curl-interface.md'
FACE = 'libgmulti/curl'
TESTS = ('tests/curl', 'tests/cases', 'tests/protocol', 'tests/peers', 'tests/whole', 'tests/engine')
# Lowered with each test that is written, never raised.
MAX_UNTESTED = 0

HEAD = '''Title: The C interface

# The C interface

What the second library, `<curl/curl.h>`, has of libcurl's interface. This page is made by a test from the code.

- *works*: as documented for libcurl; there is a test that names it, unless the row says that there is none yet.
- *no effect*: taken, or answered as empty, because what it is about cannot happen here.
- *refused*: answered with the given code unless it is set to its normal or off value, as libcurl answers that was built
  without it.

With `CURL_HTTP_VERSION_2_0` and without TLS a request offers the server to go on in HTTP/2 (`Upgrade: h2c`), as with libcurl, but
only one that has neither a body nor a login. A body would have to be sent whole as HTTP/1.1 first, and a login is answered by a
refusal first; so these go by HTTP/1.1, and the next request offers it. RFC 9113 has given this upgrade up;
`CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE` does without it, and takes every request.

Connections that idle in the pool are watched as long as any transfer of the multi handle runs (`CURL_POLL_IN`, with a handle
of the library's own), so that a server's end or a PING is seen meanwhile. With the end or removal of the last transfer the
socket function is told `CURL_POLL_REMOVE` for all of them and the timer function -1, so that a loop which ends when nothing is
left, as libuv's and libevent's do, ends. What came over a connection in between is looked at before it is used again.
'''


class Row:
    def __init__(self, name, status, why=''):
        self.name, self.status, self.why = name, status, why


class Interface:
    def __init__(self, top):
        self.top = top
        self.reasons, self.exceptions, self.untested = {}, {}, set()
        for line in self.text('reasons.txt').splitlines():
            if match := re.match(r'([A-Z0-9_]+): (.+)$', line):
                self.reasons[match[1]] = match[2]
            elif match := re.match(r'refused (\w+) (\w+) (\w+)$', line):
                self.exceptions[match[1]] = ('refused', match[3], match[2])
            elif match := re.match(r'untested (\w+)$', line):
                self.untested.add(match[1])
            elif match := re.match(r'ignored (\w+) (\w+)$', line):
                self.exceptions[match[1]] = ('no effect', match[2], '')
        self.used_reasons, self.used_exceptions = set(), set()
        self.headers = '\n'.join(self.text(f'include/curl/{name}') for name in
                                 sorted(os.listdir(os.path.join(top, FACE, 'include', 'curl'))))
        self.aliases = {}
        self.tables = [
            ('Functions', [self.plain(name) for name in self.functions()]),
            ('Options of easy handles', self.options()),
            ('Infos', [self.plain(name) for name in self.enumerators(r'CURLINFO_\w+(?= = CURLINFO_)')]),
            ('Options of multi handles', [self.plain(name) for name in self.enumerators(r'CURLMOPT_\w+(?= = )')]),
            ('Numbers of multi handles', [self.plain(name) for name in self.enumerators(r'CURLMINFO_XFERS_\w+(?= = )')]),
            ('Options of shares', [self.plain(name) for name in
                                   self.enumerators(r'(?:CURLSHOPT|CURL_LOCK_DATA)_\w+(?=\s*=|,)')]),
        ]

    def text(self, name):
        with open(os.path.join(self.top, FACE, name), encoding='utf-8') as file:
            return file.read()

    def why(self, key):
        self.used_reasons.add(key)
        return self.reasons.get(key, '?')

    def plain(self, name):
        if name not in self.exceptions:
            return Row(name, 'works')
        self.used_exceptions.add(name)
        status, key, code = self.exceptions[name]
        return Row(name, status, (f'`{code}`: ' if code else '') + self.why(key))

    def functions(self):
        return sorted(set(re.findall(r'^CURL_EXTERN\b[^;(]*?\b(curl_\w+) \(', self.headers, re.MULTILINE)))

    def enumerators(self, pattern):
        names = set(re.findall(pattern, self.headers))
        return sorted(name for name in names if not re.search(r'_(NONE|LAST|LASTENTRY|SHARE)$', name) or name == 'CURLSHOPT_SHARE')

    def options(self):
        rows = []
        for kind, name, rest in re.findall(r'^  X_([A-Z]+) \((\w+), \w+(?:, (.*?))?\) *\\?$', self.text('gm-curl-option-list.h'),
                                           re.MULTILINE):
            words = rest.split(', ')
            name = f'CURLOPT_{name}'
            if kind == 'ALIAS':
                self.aliases[name] = f'CURLOPT_{words[0]}'
                rows.append(Row(name, 'works', f'older name of `CURLOPT_{words[0]}`'))
            elif kind == 'IGNORED':
                rows.append(Row(name, 'no effect', self.why(words[0])))
            elif kind == 'ABSENT':
                rows.append(Row(name, 'refused', f'`CURLE_{words[1]}`: {self.why(words[2])}'))
            else:
                rows.append(Row(name, 'works'))
        real = {row.name: row for row in rows}
        for alias, name in self.aliases.items():
            real[alias].status = real[name].status
        return rows

    def shown_why(self, row):
        return 'no test of its own yet' if row.name in self.untested else row.why

    def page(self):
        text = HEAD
        for title, rows in self.tables:
            text += f'\n## {title}\n\n| name | | |\n|---|---|---|\n'
            text += ''.join(f'| `{row.name}` | {row.status} | {self.shown_why(row)} |\n' for row in rows)
        return text

    def rows(self):
        return [row for _, rows in self.tables for row in rows]


def split_functions(text):
    """Bodies of functions, by the habit that a body's braces stand at the line's beginning."""
    return re.findall(r'^\{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL)


ASSERTION = re.compile(r'\b(g_assert_\w+|case_check_\w+|check_\w+) \(')
ONLY_SETTING = re.compile(r'g_assert_cmpint \(curl_(easy|multi|share)_setopt \([^;]*(CURLE|CURLM|CURLSHE)_OK\);')


def tested_names(text):
    """Names that a function with an assertion behind them has."""
    found = set()
    text = re.sub(r'/\*.*?\*/', ' ', text, flags=re.DOTALL)
    for body in split_functions(text):
        body = ONLY_SETTING.sub(lambda match: re.sub(r'g_assert_cmpint', 'set', match[0]), body)
        last = max((match.start() for match in ASSERTION.finditer(body)), default=-1)
        # the statement that asserts may be the one that names it
        end = body.find(';', last)
        if last >= 0:
            found.update(re.findall(r'\b(?:CURL\w+|curl_\w+)', body[:end if end >= 0 else None]))
    return found


def read_tests(top):
    found = set()
    for folder in TESTS:
        for base, _, names in os.walk(os.path.join(top, folder)):
            for name in names:
                if name.endswith('.c'):
                    with open(os.path.join(base, name), encoding='utf-8') as file:
                        found |= tested_names(file.read())
    return found


def check_scan(tap):
    """The scan itself finds what it is to find, and nothing else."""
    def names(body):
        return tested_names('static void\ntest_x (void)\n{\n' + body + '}\n')

    tap.check('what stands before an assertion is found', 'CURLOPT_URL' in names(
        '  curl_easy_setopt (easy, CURLOPT_URL, "x");\n  g_assert_cmpint (n, ==, 1);\n'))
    tap.check('what is asserted is found', 'CURLINFO_X' in names('  g_assert_cmpint (info (CURLINFO_X), ==, 1);\n'))
    tap.check('what stands behind it is not', 'CURLOPT_URL' not in names(
        '  g_assert_cmpint (n, ==, 1);\n  curl_easy_setopt (easy, CURLOPT_URL, "x");\n'))
    tap.check('that an option was taken is no test of it', 'CURLOPT_URL' not in names(
        '  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_URL, "x"), ==, CURLE_OK);\n'))
    tap.check('a comment is none either', 'CURLOPT_URL' not in names(
        '  /* CURLOPT_URL */\n  g_assert_cmpint (n, ==, 1);\n'))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('top')
    parser.add_argument('--write', action='store_true', help='make the page anew')
    options = parser.parse_args()
    interface = Interface(options.top)
    path = os.path.join(options.top, PAGE)
    if options.write:
        with open(path, 'w', encoding='utf-8') as file:
            file.write(interface.page())
        return 0

    tap = Tap()
    check_scan(tap)
    for (title, rows), least in zip(interface.tables, (90, 320, 75, 20, 5, 10)):
        tap.check(f'{title}: {len(rows)} are there', len(rows) >= least)
    tap.none('every reason is explained', sorted(interface.used_reasons - set(interface.reasons)))
    tap.none('every explanation is used', sorted(set(interface.reasons) - interface.used_reasons))
    tap.none('every exception is of something', sorted(set(interface.exceptions) - interface.used_exceptions))
    with open(path, encoding='utf-8') as file:
        tap.check('the page is what the code says (--write makes it anew)', file.read() == interface.page())
    tested = read_tests(options.top)
    working = [row.name for row in interface.rows() if row.status == 'works' and row.name not in interface.aliases]
    tap.check('there is much that works', len(working) > 300, len(working))
    tap.none('whatever works has a test, or is owned up to in reasons.txt',
             sorted(name for name in working if name not in tested | interface.untested))
    tap.none('what is owned up to works', sorted(interface.untested - set(working)))
    for name in sorted(interface.untested & tested):
        print(f'# {name} has a test now: take it out of reasons.txt, and lower MAX_UNTESTED')
    tap.check('that becomes less only', len(interface.untested) <= MAX_UNTESTED, len(interface.untested))
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
