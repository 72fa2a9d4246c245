# SPDX-License-Identifier: LGPL-2.1-or-later
"""git over smart HTTP (git http-backend in Apache) with the real libcurl and with ours: clone, fetch and push of a
repository of 1,100 objects, without and with TLS, with a password, through a proxy; and what is to fail.

test-git.py FOLDER"""

import os
import shutil
import subprocess
import sys

from loopback import content
from surroundings import OURS, REAL, Surroundings, Tap, free_port, snapshot

COMMITS, FILES = 100, 9


def history():
    """A stream for git fast-import: each commit brings files of its own."""
    parts = []
    for commit in range(COMMITS):
        message = f'commit {commit}'
        parts.append(f'commit refs/heads/main\ncommitter A <a@example> {1_700_000_000 + commit} +0000\n'
                     f'data {len(message)}\n{message}\n')
        for number in range(FILES):
            text = f'{commit} {number}\n' * 40
            parts.append(f'M 100644 inline folder-{number}/file-{commit}\ndata {len(text)}\n{text}\n')
    return ''.join(parts).encode()


class Server:
    """The repository behind Apache, anew for each case."""

    def __init__(self, around):
        self.around = around
        self.plain, self.secure = free_port(), free_port()
        around.make_certificates()
        around.write('passwords', 'user:' + subprocess.run(
            ['openssl', 'passwd', '-apr1', 'secret'], capture_output=True, text=True, check=True, timeout=20).stdout)
        self.pristine = around.path('pristine.git')
        self.git(['init', '-q', '--bare', '-b', 'main', self.pristine])
        self.git(['fast-import', '--quiet'], cwd=self.pristine, stdin=history())
        self.git(['config', 'http.receivepack', 'true'], cwd=self.pristine)
        self.served = around.path('served')
        os.makedirs(self.served)
        around.start_apache([self.plain, self.secure], f'''
SetEnv GIT_PROJECT_ROOT {self.served}
SetEnv GIT_HTTP_EXPORT_ALL
ScriptAlias /git/ /usr/lib/git-core/git-http-backend/
ScriptAlias /locked/ /usr/lib/git-core/git-http-backend/
<Location /git/>
  Require all granted
</Location>
<Location /locked/>
  AuthType Basic
  AuthName "the realm"
  AuthUserFile {around.path("passwords")}
  Require valid-user
</Location>
<VirtualHost 127.0.0.1:{self.secure}>
  SSLEngine on
  SSLCertificateFile {around.path("site.crt")}
  SSLCertificateKeyFile {around.path("site.key")}
</VirtualHost>
''')
        self.proxy = around.start_tinyproxy(login=('user', 'secret'))

    def git(self, arguments, which=REAL, cwd=None, stdin=None, **more):
        return self.around.run(which, ['git', *arguments], cwd=cwd, stdin=stdin, GIT_TERMINAL_PROMPT='0',
                               GIT_AUTHOR_NAME='A', GIT_AUTHOR_EMAIL='a@example', GIT_COMMITTER_NAME='A',
                               GIT_COMMITTER_EMAIL='a@example', GIT_AUTHOR_DATE='1700001000 +0000',
                               GIT_COMMITTER_DATE='1700001000 +0000', **more)

    def reset(self):
        shutil.rmtree(os.path.join(self.served, 'r.git'), ignore_errors=True)
        shutil.copytree(self.pristine, os.path.join(self.served, 'r.git'))
        self.around.give(self.served)

    def origin(self, *arguments):
        """A question to the repository itself."""
        folder = os.path.join(self.served, 'r.git')
        return self.git(['-c', f'safe.directory={folder}', *arguments], cwd=folder).stdout


class Course:
    """One series of commands, and what came of each."""

    def __init__(self, server, which, settings):
        self.server, self.which, self.settings = server, which, settings
        self.facts = []

    def note(self, done, what):
        """The outcome of a command; of the texts only those for people that do not count or time."""
        lines = [line for line in done.stderr.decode().splitlines()
                 if line.startswith(('fatal:', 'error:', ' ', 'remote: error', 'To ', 'From '))]
        self.facts.append((what, done.returncode, lines, done.stdout))

    def run(self, what, *arguments, cwd=None, stdin=None):
        options = [word for setting in self.settings for word in ('-c', setting)]
        self.note(self.server.git([*options, *arguments], self.which, cwd=cwd, stdin=stdin), what)

    def ask(self, what, *arguments, cwd=None):
        self.facts.append((what, self.server.git(list(arguments), REAL, cwd=cwd).stdout))

    def clone_change_push(self, url, clone):
        """The working day: clone, commit, push, then fetch what somebody else pushed."""
        self.run('clone', 'clone', '-q', url, clone)
        self.ask('what was cloned', 'rev-list', '--objects', '--count', 'HEAD', cwd=clone)
        self.ask('it is whole', 'fsck', '--no-dangling', cwd=clone)
        for name, size in (('small', 50), ('large', 3_000_000)):
            with open(os.path.join(clone, name), 'wb') as file:
                # nothing that packs well: over http.postBuffer it is sent in chunks
                file.write(content(size) if size < 1000 else os.urandom(size))
            self.ask('add', 'add', '-A', cwd=clone)
            self.ask('commit', 'commit', '-q', '-m', name, cwd=clone)
            self.run(f'push {name}', 'push', '-q', 'origin', 'main', cwd=clone)
        tip = self.server.git(['rev-parse', 'HEAD'], cwd=clone).stdout
        self.facts.append(('what was pushed', self.server.origin('rev-parse', 'main') == tip and len(tip) > 10))
        self.server.origin('branch', 'other', 'main~3')
        self.server.around.give(self.server.served)
        self.run('fetch', 'fetch', '-q', 'origin', cwd=clone)
        self.ask('what was fetched', 'log', '-1', '--format=%s', 'origin/other', cwd=clone)
        self.run('a branch', 'push', '-q', 'origin', 'main:new', cwd=clone)
        self.run('a branch taken away', 'push', '-q', 'origin', ':new', cwd=clone)
        self.run('asked', 'ls-remote', '--heads', url, 'other')
        self.run('a shallow one', 'clone', '-q', '--depth=1', '--single-branch', url, clone + '-shallow')
        self.ask('how shallow', 'rev-list', '--count', 'HEAD', cwd=clone + '-shallow')
        self.facts.append(('files', sorted(name for name in snapshot(clone) if not name.startswith('.git'))))

    def failure(self, url, clone):
        self.run('clone', 'clone', '-q', url, clone)
        self.run('asked', 'ls-remote', url)


def cases(server):
    """(title, what to do, URL, settings)"""
    around = server.around
    ca = f'http.sslCAInfo={around.path("ca.pem")}'
    proxy = f'http.proxy=http://user:secret@127.0.0.1:{server.proxy}'
    plain, secure = f'127.0.0.1:{server.plain}', f'127.0.0.1:{server.secure}'
    day, failure = Course.clone_change_push, Course.failure
    return [
        ('in the clear', day, f'http://{plain}/git/r.git', []),
        ('over TLS', day, f'https://{secure}/git/r.git', [ca]),
        ('with a password', day, f'http://user:secret@{plain}/locked/r.git', []),
        ('with a password from a helper, over TLS', day, f'https://{secure}/locked/r.git',
         [ca, 'credential.helper=!f() { echo username=user; echo password=secret; }; f']),
        ('through a proxy with a password', day, f'http://{plain}/git/r.git',
         # this proxy ends connections as it likes: what was sent has to be at hand once more
         [proxy, 'http.postBuffer=20000000']),
        ('over TLS through a proxy', day, f'https://{secure}/git/r.git', [ca, proxy]),
        ('without the password', failure, f'http://{plain}/locked/r.git', []),
        ('with a wrong password', failure, f'http://user:wrong@{plain}/locked/r.git', []),
        ('no such repository', failure, f'http://{plain}/git/none.git', []),
        ('an authority nobody knows', failure, f'https://{secure}/git/r.git', []),
        ('nobody listens', failure, f'http://127.0.0.1:{free_port()}/git/r.git', []),
        ('a proxy that refuses', failure, f'https://{secure}/git/r.git', [f'http.proxy=http://127.0.0.1:{server.proxy}']),
    ]


# What the real one says when it fails, and what ours says: which words, is each library's affair.
WORDS = [
    ("Couldn't connect to server", 'Connection refused'),
    ('verification failed. CAfile: none CRLfile: none',
     'verification failed: unable to get local issuer certificate'),
]


def same_words(facts):
    text = repr(facts)
    for real, ours in WORDS:
        text = text.replace(real, ours)
    return text


def check(tap, server, title, course, url, settings):
    outcomes = []
    for which in (REAL, OURS):
        server.reset()
        clone = server.around.path('clone')
        for name in (clone, clone + '-shallow'):
            shutil.rmtree(name, ignore_errors=True)
        running = Course(server, which, settings)
        course(running, url, clone)
        outcomes.append(running.facts)
    real, ours = outcomes
    findings = [f'real: {one}\nours: {two}' for one, two in zip(real, ours) if same_words(one) != same_words(two)]
    if course is Course.clone_change_push:
        findings += [f'did not do: {fact}' for fact in real if fact[0] in ('clone', 'push small', 'fetch') and fact[1] != 0]
    tap.none(title, findings)


def main():
    tap = Tap()
    with Surroundings(sys.argv[1]) as around:
        server = Server(around)
        for case in cases(server):
            try:
                check(tap, server, *case)
            except subprocess.TimeoutExpired as error:
                tap.check(case[0], False, error)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
