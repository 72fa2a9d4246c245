#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether the C face answers odd values, and calls that make no sense, with libcurl's codes: each option with each value,
each info before a transfer, each function without a handle. values.py REAL OURS"""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

# What is meant to differ: a pattern of "NAME VALUE: libcurl's -> ours", and why.
MEANT = (
    (r'^(CONV_|DNS_(INTERFACE|LOCAL_IP[46]|SERVERS) \(null\)).*: 48 -> 0', 'an off value is taken for every option'),
    (r'^(ALTSVC_CTRL|SSL_FALSESTART|WS_OPTIONS) 0: (43|4|48) -> 0', 'an off value is taken for every option'),
    (r'^(PROTOCOLS|REDIR_PROTOCOLS)_STR \(null\): 43 -> 0', 'an off value is taken for every option'),
    (r'^PROXY_TLSAUTH_TYPE \(null\): 43 -> 0', 'an off value is taken for every option'),
    (r'^(FTP|KRB4?LEVEL|MAIL_|RTSP_|SSH_|TFTP_|NEW_DIRECTORY_PERMS|POSTQUOTE|PREQUOTE|QUOTE|TELNETOPTIONS|WILDCARDMATCH).*: (0|43) -> 48',
     'what belongs to protocols that are not there'),
    (r'^DOH_\w+ .*-> 48', 'not built in'),
    (r'^(SSLENGINE|SSLENGINE_DEFAULT|SSL_EC_CURVES) .*-> 4', 'not built in'),
    (r'^(PROXY_)?SSL(CERT|KEY)TYPE .*: 0 -> 43', 'a type that there is not is refused at once'),
    (r'^(HTTPAUTH|PROXYAUTH|SOCKS5_AUTH) .*: 0 -> 4', 'nothing but unknown bits leaves no scheme'),
    (r'^(FOLLOWLOCATION|GSSAPI_DELEGATION|CONNECT_ONLY|(CONNECT)?TIMEOUT_MS|HAPPY_EYEBALLS_TIMEOUT_MS) .*: 0 -> 43',
     'out of range, as later libcurl says'),
    (r'^(EXPECT_100_TIMEOUT_MS|TCP_KEEP\w+|\w*SSLVERSION) .*: 0 -> 43',
     'out of range, as later libcurl says'),
    (r'^CONNECT_ONLY 2: 0 -> 4', 'WebSocket is not there'),
    (r'^((CONNECT|FTP_RESPONSE_|SERVER_RESPONSE_)?TIMEOUT) (2147483647|9223372036854775807): 43 -> 0', 'as long as can be, as in later libcurl'),
    (r'^(HTTP09_ALLOWED|PROXY_TRANSFER_MODE|USE_SSL|FTP_SSL) .*: 43 -> 0', 'any other number is on, as in later libcurl; or of no effect'),
    (r'^CA_CACHE_TIMEOUT -.*: 43 -> 0', 'of no effect'),
    (r'^(LOGIN_OPTIONS|SASL_AUTHZID) \(huge\): 43 -> 0', 'of no effect'),
    (r'^info (10003d|10003e|\w+): (0|48) ', 'the paths of another TLS library; infos that came later'),
    (r'^share UNSHARE 6: 1 -> 0', 'came later'),
    (r'^url http://%zz/: 6 -> 3', 'no host name, as in later libcurl'),
    (r'^url ftp:', 'what belongs to protocols that are not there'),
)


def play(program):
    # Files of cookies have odd names, too.
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([os.path.abspath(program)], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              cwd=folder, timeout=100)
    return dict(line.rpartition(' = ')[::2] for line in done.stdout.decode('utf-8', 'replace').splitlines())


def main():
    real, ours = (play(program) for program in sys.argv[1:3])
    tap = Tap()
    tap.check('both answer to each', len(real) > 3000 and len(set(real) & set(ours)) > 3000, f'{len(real)} and {len(ours)}')
    differences, used = [], set()
    for key, answer in real.items():
        if key not in ours or ours[key] == answer:
            continue
        line = f'{key}: {answer} -> {ours[key]}'
        for pattern, _ in MEANT:
            if re.search(pattern, line):
                used.add(pattern)
                break
        else:
            differences.append(line[:200])
    tap.none('the same answers', differences)
    tap.check('most of the exceptions are needed', len(used) > len(MEANT) / 2, f'{len(used)} of {len(MEANT)}')
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
