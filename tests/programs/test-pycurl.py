# SPDX-License-Identifier: LGPL-2.1-or-later
"""PyCURL with the real libcurl and with ours: pycurl_scenes.py prints what the easy, the multi and the socket interface
did, as one JSON object, and both have to be the same.

test-pycurl.py FOLDER"""

import json
import os
import sys

from loopback import Site
from surroundings import OURS, REAL, Surroundings, Tap

SCENES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'pycurl_scenes.py')


def main():
    tap = Tap()
    with Surroundings(sys.argv[1]) as around:
        around.make_certificates()
        with Site() as site, Site(context=around.server_context()) as tls:
            told = []
            for which in (REAL, OURS):
                site.reset()
                done = around.run(which, [
                    '/usr/bin/python3', SCENES, f'http://127.0.0.1:{site.port}', f'https://127.0.0.1:{tls.port}',
                    around.path('ca.pem')])
                lines = done.stdout.decode().splitlines()
                told.append({name: fact for name, fact in (json.loads(line) for line in lines)})
                tap.check(f'{which}: it ran to its end', done.returncode == 0 and 'end' in told[-1], done.stderr.decode(),
                          *lines[-2:])
        real, ours = told
        tap.check('the library that is used says so', 'gmulti' in ours.pop('version') and 'gmulti' not in real.pop('version'))
        for name in sorted(real.keys() | ours.keys()):
            tap.none(name, [] if real.get(name) == ours.get(name) else [f'real: {real.get(name)}', f'ours: {ours.get(name)}'])
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
