# SPDX-License-Identifier: LGPL-2.1-or-later
"""ostree pull of a repository of 2,000 objects with the real libcurl and with ours: from nginx, in the clear, over TLS and
HTTP/2, with a client certificate, through a proxy; only what has changed; and what is to fail.

test-ostree.py FOLDER"""

import os
import shutil
import subprocess
import sys

from loopback import content
from surroundings import OURS, REAL, Surroundings, Tap, free_port, snapshot

FILES = 1900


class Depot:
    """The repository, made once, and the server before it."""

    def __init__(self, around):
        self.around = around
        self.plain, self.secure, self.certain = free_port(), free_port(), free_port()
        around.make_certificates()
        for number in range(FILES):
            around.write(f'tree/{number % 50}/file-{number}', content(number * 3 + 10) + b'%d' % number)
        self.archive = around.path('root', 'repo')
        os.makedirs(self.archive)
        self.ostree('init', '--mode=archive', f'--repo={self.archive}')
        self.commit('first')
        around.start_nginx((self.plain, f'''
  keepalive_timeout 65; root {around.path("root")};
  server {{ listen 127.0.0.1:{self.plain}; }}
  server {{ listen 127.0.0.1:{self.secure} ssl http2; }}
  server {{ listen 127.0.0.1:{self.certain} ssl http2; ssl_client_certificate {around.path("ca.pem")};
    ssl_verify_client on; }}'''))
        self.proxy = around.start_tinyproxy()

    def ostree(self, *arguments, which=REAL, **more):
        return self.around.run(which, ['ostree', *arguments], limit=120, **more)

    def commit(self, subject):
        done = self.ostree('commit', f'--repo={self.archive}', '-b', 'main', '-s', subject, self.around.path('tree'),
                           '--timestamp=2026-11-07 10:20:30 +0000', '--owner-uid=0', '--owner-gid=0', '--no-xattrs')
        self.ostree('summary', '-u', f'--repo={self.archive}')
        return done.stdout

    def change(self):
        """A second commit, with 20 files of 1,900 changed."""
        for number in range(20):
            self.around.write(f'tree/7/file-new-{number}', content(5000 + number))
        self.commit('second')


def objects(repo):
    """The names of what was pulled; the bytes are in the name."""
    return sorted(name for name in snapshot(repo) if name.startswith('objects'))


class Pull:
    """One series of commands with one library; facts are what came of it."""

    def __init__(self, depot, which):
        self.depot, self.which = depot, which
        self.repo = depot.around.path('pulled')
        self.facts = []
        shutil.rmtree(self.repo, ignore_errors=True)
        depot.ostree('init', '--mode=archive', f'--repo={self.repo}')

    def remote(self, name, url, *options):
        self.depot.ostree('remote', 'add', f'--repo={self.repo}', '--no-gpg-verify', *options, name, url)

    def pull(self, name, *options, **env):
        """A pull, and what there is then."""
        done = self.depot.ostree('pull', f'--repo={self.repo}', '--disable-fsync', *options, name, 'main', which=self.which, **env)
        self.facts.append(('status', done.returncode))
        names = objects(self.repo)
        self.facts.append(('objects', len(names), names))
        self.facts.append(self.depot.ostree('rev-parse', f'--repo={self.repo}', f'{name}:main').stdout)
        return done

    def fail(self, name):
        done = self.depot.ostree('pull', f'--repo={self.repo}', name, 'main', which=self.which)
        self.facts += [('status', done.returncode), len(objects(self.repo)), done.stderr.startswith(b'error: ')]


def cases(depot):
    around = depot.around
    plain, secure = f'http://127.0.0.1:{depot.plain}/repo', f'https://127.0.0.1:{depot.secure}/repo'
    authority = f'--set=tls-ca-path={around.path("ca.pem")}'

    def whole(url, *options, **env):
        def run(pull):
            pull.remote('origin', url, *options)
            pull.pull('origin', **env)
        return run

    def broken(url, *options):
        def run(pull):
            pull.remote('origin', url, *options)
            pull.fail('origin')
        return run

    return [
        ('in the clear', whole(plain), True),
        ('over TLS and HTTP/2', whole(secure, authority), True),
        ('with a certificate', whole(f'https://127.0.0.1:{depot.certain}/repo', authority,
                                     f'--set=tls-client-cert-path={around.path("client.crt")}',
                                     f'--set=tls-client-key-path={around.path("client.key")}'), True),
        ('through a proxy', whole(plain, f'--set=proxy=http://127.0.0.1:{depot.proxy}'), True),
        ('an authority nobody knows', broken(secure), False),
        ('no repository', broken(plain + '-none'), False),
        ('nobody listens', broken(f'http://127.0.0.1:{free_port()}/repo'), False),
    ]


def check(tap, depot, title, run, works):
    facts = []
    for which in (REAL, OURS):
        pull = Pull(depot, which)
        run(pull)
        facts.append(pull.facts)
    real, ours = facts
    findings = [f'real: {str(one)[:500]}\nours: {str(two)[:500]}' for one, two in zip(real, ours) if one != two]
    if works and (real[0] != ('status', 0) or real[1][1] < 1900):
        findings.append(f'the real one did not: {str(real)[:500]}')
    tap.none(title, findings)


def check_change(tap, depot):
    """Both have the first commit; then there is a second."""
    pulls = []
    for which in (REAL, OURS):
        pull = Pull(depot, which)
        pull.repo = depot.around.path('pulled-' + which)
        depot.ostree('init', '--mode=archive', f'--repo={pull.repo}')
        pull.remote('origin', f'http://127.0.0.1:{depot.plain}/repo')
        pull.pull('origin')
        pulls.append(pull)
    depot.change()
    for pull in pulls:
        pull.pull('origin')
        pull.facts.append(pull.facts[4][1] - pull.facts[1][1])
    real, ours = (pull.facts for pull in pulls)
    tap.none('only what has changed', [f'real: {str(one)[:500]}\nours: {str(two)[:500]}'
                                       for one, two in zip(real, ours) if one != two]
             + ([] if 0 < real[-1] < 100 else [f'{real[-1]} objects more']))


def main():
    tap = Tap()
    with Surroundings(sys.argv[1]) as around:
        depot = Depot(around)
        for title, run, works in cases(depot):
            try:
                check(tap, depot, title, run, works)
            except subprocess.TimeoutExpired as error:
                tap.check(title, False, error)
        check_change(tap, depot)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
