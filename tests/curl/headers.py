#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Our headers against those of an installed libcurl: every constant has its number, every struct its layout, every
function and callback its type. And against misuse: wrong arguments of setopt and getinfo are warned of."""

import argparse
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

# What newer releases than the installed one may have changed, each seen in their headers: sentinels that grow, "all
# bits" that became 32 bits wide, numbers of options that were taken out.
MAY_DIFFER = re.compile(r'^(CURL_LAST|CURL\w*_LAST|CURL\w*LASTENTRY|CURLINFO_LASTONE|CURLVERSION_NOW|LIBCURL_\w+|CURL\w*_H'
                        r'|CURLAUTH_ANY|CURLAUTH_ANYSAFE|CURLSSH_AUTH_ANY|CURLSSH_AUTH_DEFAULT|CURLPROTO_ALL'
                        r'|CURLOPT_OBSOLETE40|CURLOPT_OBSOLETE72|CURLOPT_WRITEINFO|CURLOPT_CLOSEPOLICY)$')
# Helpers of the other headers that are not for programs.
MAY_LACK = re.compile(r'^(CURL_EXTERN\w*|CURL_DEPRECATED|CURL_IGNORE_DEPRECATION|CURLOPT|CURLOPTDEPRECATED|CURLINC_\w+|CURL_ISOCPP'
                      r'|CURL_TYPEOF_\w+|CURL_FORMAT_\w+|CURL_SUFFIX_\w+|CURL_PULL_\w+|CURL_OFF_TU?_C|CURL_DID_\w+'
                      r'|CURL_HAS_\w+|CURL_WIN32|CURL_TEMP_PRINTF)$')
# Arguments that became const, which no caller notices.
CONST_SINCE = {'curl_url_dup', 'curl_url_get', 'curl_ws_meta', 'curl_ws_recv'}

STRUCTS = {
    'struct curl_slist': 'data next',
    'struct curl_httppost': 'next name namelength contents contentslength buffer bufferlength contenttype contentheader '
                            'more flags showfilename userp contentlen',
    'struct curl_fileinfo': 'filename filetype time perm uid gid size hardlinks strings.time strings.target flags b_data '
                            'b_size b_used',
    'struct curl_sockaddr': 'family socktype protocol addrlen addr',
    'struct curl_khkey': 'key len keytype',
    'struct curl_hstsentry': 'name namelen expire',
    'struct curl_index': 'index total',
    'struct curl_ssl_backend': 'id name',
    'struct curl_certinfo': 'num_of_certs certinfo',
    'struct curl_tlssessioninfo': 'backend internals',
    'struct curl_forms': 'option value',
    'struct curl_blob': 'data len flags',
    'struct CURLMsg': 'msg easy_handle data',
    'struct curl_waitfd': 'fd events revents',
    'struct curl_easyoption': 'name id type flags',
    'struct curl_header': 'name value amount index origin anchor',
    'struct curl_ws_frame': 'age flags offset bytesleft len',
    'struct curl_version_info_data': 'age version version_num host features ssl_version ssl_version_num libz_version '
                                     'protocols ares ares_num libidn iconv_ver_num libssh_version brotli_ver_num '
                                     'brotli_version nghttp2_ver_num nghttp2_version quic_version cainfo capath '
                                     'zstd_ver_num zstd_version hyper_version gsasl_version feature_names',
}

QUIET = ['-DCURL_DISABLE_DEPRECATION', '-DCURL_DISABLE_TYPECHECK', '-DCURL_ALLOW_OLD_MULTI_SOCKET']
SOURCE = '#include <stddef.h>\n#include <stdio.h>\n#include <curl/curl.h>\n#include <curl/mprintf.h>\n'


class Headers:
    def __init__(self, cc, folder, include):
        self.cc = cc
        self.folder = folder
        self.flags = QUIET + (['-I', include] if include else [])

    def compiler(self, source, *flags, check=True):
        path = os.path.join(self.folder, 'probe.c')
        with open(path, 'w', encoding='ascii') as file:
            file.write(source)
        return subprocess.run([*self.cc, *self.flags, *flags, path], check=check, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)

    def macros(self):
        """Names of object-like macros that have a text."""
        text = self.compiler(SOURCE, '-E', '-dM').stdout
        return set(re.findall(r'^#define (CURL\w+|LIBCURL_VERSION_NUM) [^ \n]', text, re.MULTILINE))

    def preprocessed(self):
        return self.compiler(SOURCE, '-E', '-P').stdout

    def enumerators(self):
        found = set()
        for body in re.findall(r'\benum\b[^;{}()]*\{([^}]*)\}', self.preprocessed()):
            for item in re.sub(r'__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)', '', body).split(','):
                name = item.split('=')[0].strip()
                if name.startswith('CURL'):
                    found.add(name)
        return found

    def run(self, body):
        program = os.path.join(self.folder, 'probe')
        self.compiler(SOURCE + 'int main (void)\n{\n' + body + 'return 0;\n}\n', '-w', '-o', program)
        return dict(line.split(' ', 1) for line in
                    subprocess.run([program], check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines())

    def values(self, names):
        return self.run(''.join(f'printf ("{name} %lld\\n", (long long) ({name}));\n' for name in sorted(names)))

    def layouts(self):
        body = ''
        for struct, members in STRUCTS.items():
            key = struct.replace(' ', '/')
            if struct != 'struct curl_version_info_data':
                body += f'printf ("{key} %zu\\n", sizeof ({struct}));\n'
            for member in members.split():
                body += f'printf ("{key}.{member} %zu\\n", offsetof ({struct}, {member}));\n'
        return self.run(body)

    def numeric(self, names):
        """Those of the names that are numbers in constant expressions."""
        names = sorted(names)
        probe = '#include <curl/curl.h>\n' + ''.join(f'int x{i}[(long long) ({name}) == 0 ? 1 : 2];\n'
                                                     for i, name in enumerate(names))
        errors = self.compiler(probe, '-w', '-fsyntax-only', check=False).stderr
        bad = {int(line) - 2 for line in re.findall(r'probe\.c:(\d+):\d+: (?:fatal )?error', errors)}
        return {name for i, name in enumerate(names) if i not in bad}

    def declarations(self):
        """name → text of each function and callback type."""
        text = self.preprocessed()
        text = re.sub(r'^extern "C".*$', '', text, flags=re.MULTILINE)
        found = {}
        for statement in re.findall(r'[^;{}]+;', re.sub(r'\{[^{}]*\}', '{}', text)):
            statement = ' '.join(statement.split())
            match = re.search(r'(?:^|[ *(])(curl_\w+)\)? ?\(', statement)
            if match and '{' not in statement and re.match(r'(typedef|extern|const|struct|char|int|void|time_t|CURL)', statement):
                found[match.group(1)] = statement
        return found


def compare(tap, ours, theirs):
    names = theirs.macros() | theirs.enumerators()
    tap.check('there is much to compare', len(names) > 900, len(names))
    names = {name for name in names if not MAY_LACK.match(name)}
    known = ours.macros() | ours.enumerators()
    tap.none('we have every name', sorted(name for name in names - known if not re.match(r'CURL\w*_H$', name)))

    numbers = theirs.numeric(names & known)
    tap.check('most are numbers', len(numbers) > 850, len(numbers))
    mine, its = ours.values(numbers), theirs.values(numbers)
    tap.none('every name has its number',
             (f'{name}: {mine[name]} instead of {its[name]}' for name in sorted(numbers)
              if mine[name] != its[name] and not MAY_DIFFER.match(name)))
    mine, its = ours.layouts(), theirs.layouts()
    tap.none('every struct has its layout',
             (f'{name}: {mine[name]} instead of {its[name]}' for name in sorted(its) if mine[name] != its[name]))

    declarations = theirs.declarations()
    tap.check('there are functions to compare', len(declarations) > 110, len(declarations))
    for name in CONST_SINCE:
        declarations.pop(name, None)
    result = ours.compiler(SOURCE + '\n'.join(declarations.values()) + '\n', '-std=gnu11', '-w', '-fsyntax-only', check=False)
    tap.check('every function and callback has its type', result.returncode == 0, result.stderr)
    broken = declarations['curl_easy_perform'].replace('CURLcode', 'double')
    result = ours.compiler(SOURCE + broken + '\n', '-std=gnu11', '-w', '-fsyntax-only', check=False)
    tap.check('a planted wrong type is found', result.returncode != 0)


GOOD = '''curl_easy_setopt (c, CURLOPT_URL, "x"); curl_easy_setopt (c, CURLOPT_VERBOSE, 1L); curl_easy_setopt (c, CURLOPT_WRITEDATA, stdout);
curl_easy_setopt (c, CURLOPT_VERBOSE, 1); curl_easy_setopt (c, CURLOPT_WRITEFUNCTION, fwrite); curl_easy_setopt (c, CURLOPT_URL, NULL);
curl_easy_setopt (c, CURLOPT_INFILESIZE_LARGE, (curl_off_t) 1); curl_easy_setopt (c, CURLOPT_HTTPAUTH, CURLAUTH_ANY);
curl_easy_setopt (c, CURLOPT_WRITEFUNCTION, 0L); curl_easy_getinfo (c, CURLINFO_TOTAL_TIME, &d); curl_easy_getinfo (c, CURLINFO_RESPONSE_CODE, &l);
curl_easy_getinfo (c, CURLINFO_EFFECTIVE_URL, &s); curl_easy_getinfo (c, CURLINFO_TOTAL_TIME_T, &o); curl_multi_setopt (c, CURLMOPT_MAXCONNECTS, 3L);
curl_multi_setopt (c, CURLMOPT_TIMERDATA, &l); curl_easy_getinfo (c, CURLINFO_ACTIVESOCKET, &f);
'''
BAD = ('curl_easy_setopt (c, CURLOPT_URL, 3);', 'curl_easy_setopt (c, CURLOPT_VERBOSE, "x");', 'curl_easy_setopt (c, CURLOPT_VERBOSE, 1.0);',
       'curl_easy_setopt (c, CURLOPT_INFILESIZE_LARGE, 3);', 'curl_easy_setopt (c, CURLOPT_WRITEFUNCTION, 1L);',
       'curl_easy_getinfo (c, CURLINFO_RESPONSE_CODE, &f);', 'curl_easy_getinfo (c, CURLINFO_TOTAL_TIME, &l);',
       'curl_easy_getinfo (c, CURLINFO_RESPONSE_CODE, l);', 'curl_multi_setopt (c, CURLMOPT_MAXCONNECTS, "x");')


def check_misuse(tap, options, folder):
    cc = options.cc.split(';')

    def warnings(body, *flags):
        path = os.path.join(folder, 'use.c')
        with open(path, 'w', encoding='ascii') as file:
            file.write(SOURCE + 'void use (CURL *c);\nvoid use (CURL *c)\n{\n  double d = 0; long l = 0; char *s; curl_off_t o; int f;\n'
                       '  (void) d, (void) l, (void) s, (void) o, (void) f;\n' + body + '\n}\n')
        result = subprocess.run([*cc, '-Wall', '-Wextra', '-pedantic', *flags, '-I', options.ours, '-c', '-o', path + '.o', path],
                                check=False, text=True, stderr=subprocess.PIPE)
        return result.returncode, result.stderr

    for flags in (['-O0'], ['-O2'], ['-std=c11', '-O1']):
        status, text = warnings(GOOD, *flags)
        tap.check(f'right use gives no warning with {flags}', status == 0 and not text, text)
    for body in BAD:
        status, text = warnings(body, '-O1')
        tap.check(f'a warning for {body}', status == 0 and 'warning' in text, status, text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--cc', default='cc')
    parser.add_argument('--ours', required=True)
    parser.add_argument('--theirs', help='include folder of a libcurl; the compiler looks for one by itself')
    options = parser.parse_args()
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        check_misuse(tap, options, folder)
        theirs = Headers(options.cc.split(';'), folder, options.theirs)
        if theirs.compiler(SOURCE, '-fsyntax-only', check=False).returncode != 0:
            tap.skip('the headers of a libcurl', 'none is installed')
        else:
            compare(tap, Headers(options.cc.split(';'), folder, options.ours), theirs)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
