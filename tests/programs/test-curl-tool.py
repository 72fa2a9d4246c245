# SPDX-License-Identifier: LGPL-2.1-or-later
"""The curl tool with the real libcurl and with ours, on the command lines of curl_lines.py: exit status, output, files,
standard error and the bytes that the servers saw have to be the same, but for what is listed here with a reason.

test-curl-tool.py FOLDER [WORD…]    only the lines whose title has one of the words; WORD = -v shows what was compared"""

import base64
import hashlib
import os
import re
import shlex
import shutil
import string
import subprocess
import sys

from curl_lines import DIFFERS, LINES, VARIABLES, WORDS
from loopback import Site, Socks, content
from surroundings import OURS, REAL, Surroundings, Tap, free_port, snapshot

# The lines beginning with "* " that people look for; how much else is told is each library's own affair.
TOLD = re.compile(r'\* +(Trying \S+:\d+\.\.\.|Connected to |Connection #\d+ to host .* left intact|Re-using existing '
                  r'connection|Closing connection|Could not resolve host|Failed to connect|'
                  r'SSL connection using TLS|CONNECT tunnel established|'
                  r'Empty reply from server)')


def normal_text(text):
    """Text of the tool without what is never the same twice."""
    text = re.sub(r'after \d+ ms', 'after N ms', text)
    text = re.sub(r'after \d+ milliseconds', 'after N milliseconds', text)
    text = re.sub(r'\* (.*)\(#\d+\)', r'* \1', text)
    text = re.sub(r'(cnonce|response)="[^"]*"', r'\1="X"', text)
    text = re.sub(r'-{24}[0-9A-Za-z]{16,22}', 'BOUNDARY', text)
    return re.sub(r'^((?:< )?date: )[^\r\n]*', r'\1D', text, flags=re.M)


# A line of the progress meter: percent, total, percent, received, percent, sent; then speeds and times.
METER = re.compile(r' *(\d+) +([\d.]+[kMGTP]?) +(\d+) +([\d.]+[kMGTP]?) +(\d+) +([\d.]+[kMGTP]?) +[\d.]+[kMGTP]? +[\d.]+[kMGTP]?'
                   r'( +[\d-]+:[\d-]+:[\d-]+){3} +[\d.]+[kMGTP]?')
BAR = re.compile(r'#* +[\d.]+%')


def normal_meters(text):
    """Of each line that was written again and again what it showed in the end: how often depends on the time that it took,
    as do the speeds."""
    lines = []
    for line in text.split('\n'):
        shown = line.split('\r')
        if len(shown) > 1 and (METER.fullmatch(shown[-1]) or BAR.fullmatch(shown[-1])):
            for state in shown[1:]:
                if not METER.fullmatch(state) and not BAR.fullmatch(state):
                    lines.append(f'neither a meter nor a bar: {state}')
            line = METER.sub(r'meter \1 \2, \3 \4, \5 \6', shown[-1])
        lines.append(line)
    return '\n'.join(lines)


def normal_stderr(text):
    """Standard error: of the lines with a star only those that people look for, with one spelling."""
    lines = []
    for line in normal_text(normal_meters(text)).splitlines():
        if line.startswith('*'):
            if not TOLD.match(line):
                continue
            line = re.sub(r'(Closing connection|connection:|Connection) #?\d+', r'\1 #N', line)
            line = re.sub(r'(SSL connection using TLSv[\d.]+).*', r'\1', line)
        elif line.startswith(('{ [', '} [')):
            # How data is cut into pieces is the reader's matter; OpenSSL tells about the pieces of a handshake, too.
            continue
        # Later releases tell the fields of HTTP/2 in the letters that they have in HTTP/1.
        line = re.sub(r'^> (user-agent|accept): ', lambda match: '> ' + match[1].title() + ': ', line)
        lines.append(line)
    # Facts are told as they happen, and each library has its own course of events between two heads.
    return sorted(line for line in lines if line.startswith('*')) + [line for line in lines if not line.startswith('*')]


def normal_request(raw):
    """A request as the server saw it: boundaries are drawn by lot, and count in the length.

    Later releases ask with Expect for bodies over 1 MiB alone, ours too. It knows no GSS-API in SOCKS, and sends cookies
    with the same path in the order of their making (RFC 6265, section 5.4), where the real one has long names first."""
    size = re.search(rb'^PUT (?:.*\r\n)*?(?:Content-Length: (\d+)|Transfer-Encoding)', raw)
    if size and int(size[1] or 0) < 1 << 20:
        raw = raw.replace(b'Expect: 100-continue\r\n', b'', 1)
    raw = re.sub(rb'^\x05\x02\0\x01', b'\x05\x01\0', raw)
    raw = re.sub(rb'^\x05\x03\0\x01\x02', b'\x05\x02\0\x02', raw)
    raw = re.sub(rb'^Cookie: (.*)\r$', lambda match: b'Cookie: ' + b'; '.join(sorted(match[1].split(b'; '))) + b'\r', raw,
                 flags=re.M)
    normal = re.sub(rb'-{24}[0-9A-Za-z]{16,22}', b'BOUNDARY', raw)
    normal = re.sub(rb'(cnonce|response)="[^"]*"', rb'\1="X"', normal)
    if normal != raw:
        normal = re.sub(rb'Content-Length: \d+', b'Content-Length: N', normal)
    return normal


def normal_file(name, data):
    """A file that was written: the date of making stands in some."""
    text = re.sub(rb'-{24}[0-9A-Za-z]{16,22}', b'BOUNDARY', data)
    if name.endswith('jar.out'):
        text = re.sub(rb'\t\d{9,11}\t', b'\tTIME\t', text)
        text = b'\n'.join(sorted(line for line in text.split(b'\n') if line and not line.startswith(b'# ')))
    if name.startswith(('trace.out', 'code.out')):
        text = b'\n'.join(line for line in text.split(b'\n') if not line.startswith((b'== Info', b'#', b' *')))
    return text


def normal_variables(text):
    """The -w variables of the table: a line each, "name=value"; times and speeds need to have their form alone."""
    text = re.sub(r'\b((?:time_\w+)"?[=:])\d+\.\d{6}', r'\1T', text)
    text = re.sub(r'\b((?:speed_\w+)"?[=:])\d+', r'\1S', text)
    text = re.sub(r'\b((?:local_port)"?[=:])\d+', r'\1P', text)
    # Heads alone count as the request in later releases; HTTP/2's are counted as text or as packed.
    text = re.sub(r'\b(size_request"?[=:])\d+', r'\1N', text)
    # Certificates are described in the words of the library that reads them.
    text = re.sub(r'^(certs=).*?(?=^json=)', r'\1C\n', text, flags=re.S | re.M)
    text = re.sub(r'("certs":)".*?"(?=,"content_type")', r'\1"C"', text)
    text = re.sub(r'^"date":.*', '"date":"D"', text, flags=re.M)
    # A scheme is told in small letters by later releases.
    text = re.sub(r'\b(scheme"?[=:]"?)(HTTPS?|FILE)', lambda match: match[1] + match[2].lower(), text)
    return re.sub(r'"curl_version":"[^"]*"', '"curl_version":"V"', text)


def other_words(text):
    """A sentence of the real one as ours says it."""
    for real, ours, _reason in WORDS:
        text = re.sub(real, ours, text)
    return text


class Outcome:
    """What one run left behind, in comparable form."""

    def __init__(self, which, done, files, seen, parallel):
        self.status = done.returncode
        self.stdout = normal_variables(normal_text(done.stdout.decode('utf-8', 'backslashreplace')))
        self.stderr = normal_stderr(normal_variables(done.stderr.decode('utf-8', 'backslashreplace')))
        if which == REAL:
            self.stdout = other_words(self.stdout)
            self.stderr = [other_words(line) for line in self.stderr]
        self.files = {name: normal_file(name, data) for name, data in files.items()}
        self.seen = [[normal_request(raw) for raw in server] for server in seen]
        if parallel:
            self.seen = [sorted(server) for server in self.seen]
            # The progress meter of -Z is there even with -s.
            self.stderr = sorted(word for line in self.stderr for word in re.findall(r'curl: \(.*', line))

    ASPECTS = ('status', 'stdout', 'stderr', 'files', 'seen')

    def differences(self, other):
        return {aspect: (getattr(self, aspect), getattr(other, aspect))
                for aspect in self.ASPECTS if getattr(self, aspect) != getattr(other, aspect)}


class Comparison:
    """The servers, and the names under which command lines know them."""

    def __init__(self, around):
        self.around = around
        enter = around.stack.enter_context
        around.make_certificates()
        self.site, self.other = enter(Site()), enter(Site())
        self.tls = enter(Site(context=around.server_context()))
        self.certain = enter(Site(context=around.server_context(client=True)))
        self.proxies = [enter(Site(login=login)) for login in (None, 'basic', 'digest')]
        self.socks = enter(Socks())
        self.socks_socket = enter(Socks(around.path('socks')))
        self.work = around.path('work')
        self.names = self.start_others()

    def start_others(self):
        around = self.around
        nginx, h2, h2c = free_port(), free_port(), free_port()
        for number in range(1, 201):
            around.write(f'root/file-{number}', content(number * 37))
        common = f'root {around.path("root")}; location /site/ {{ proxy_pass http://127.0.0.1:{self.site.port}/; }}'
        around.start_nginx((nginx, f'''
  server {{ listen 127.0.0.1:{nginx}; {common}
    location /secure/ {{ return 301 https://127.0.0.1:{self.tls.port}/bytes/6; }} }}
  server {{ listen 127.0.0.1:{h2} ssl http2; {common} }}
  server {{ listen 127.0.0.1:{h2c} http2; {common} }}'''))
        der = subprocess.run(f'openssl x509 -in {around.path("site.crt")} -pubkey -noout | openssl pkey -pubin -outform der',
                             shell=True, check=True, capture_output=True, timeout=20).stdout
        first, locked, digesting = (f'http://127.0.0.1:{proxy.port}' for proxy in self.proxies)
        return {
            'site': f'http://127.0.0.1:{self.site.port}', 'port': self.site.port, 'other': self.other.port,
            'tls': f'https://127.0.0.1:{self.tls.port}', 'tlsport': self.tls.port,
            'certain': f'https://127.0.0.1:{self.certain.port}', 'nginx': f'http://127.0.0.1:{nginx}',
            'h2': f'https://127.0.0.1:{h2}', 'h2c': f'http://127.0.0.1:{h2c}', 'proxy': first, 'locked': locked,
            'digesting': digesting, 'socks': self.socks.port, 'sockssocket': around.path('socks'),
            'tinyproxy': around.start_tinyproxy(),
            'closed': free_port(), 'ca': around.path('ca.pem'), 'client': around.path('client.pem'), 'work': self.work,
            'pin': 'sha256//' + base64.b64encode(hashlib.sha256(der).digest()).decode(),
        }

    def servers(self):
        return [self.site, self.other, self.tls, self.certain, *self.proxies, self.socks, self.socks_socket]

    def fill_work(self):
        """The files that the command lines name, anew for each run."""
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        site = self.names['site']
        files = {
            'data.in': content(120), 'bytes.in': bytes(range(256)), 'big.in': content(1_200_000),
            'half.in': content(100)[:50], 'fields.in': b'X-From: file\nX-Other: one\n', 'tag.in': b'"one"\n',
            'config.in': f'url = {site}/echo\nheader = "X-Config: yes"\ndata = "a b"\n'.encode(),
            'jar.in': b'127.0.0.1\tFALSE\t/\tFALSE\t4102444800\tkept\tyes\n'
                      b'127.0.0.1\tFALSE\t/\tFALSE\t0\tgone\tno\n',
            'netrc.in': b'machine 127.0.0.1 login user password secret\n',
            'variables.in': ''.join(f'{name}=%{{{name}}}\\n' for name in VARIABLES.split()).encode(),
            'many.in': ''.join(f'url = {site}/bytes/{n}\noutput = many-{n}\n' for n in range(1, 201)).encode(),
        }
        for name, data in files.items():
            with open(os.path.join(self.work, name), 'wb') as file:
                file.write(data)

    def run(self, which, words, typed, env):
        for server in self.servers():
            server.reset()
        self.fill_work()
        quiet = [] if '-v' in words else ['-sS']
        done = self.around.run(which, ['curl', '-q', *(['-s'] if '-v' in words else quiet), *words], cwd=self.work,
                               stdin=typed, **env)
        seen = [list(server.seen) for server in self.servers()]
        return done, snapshot(self.work), seen

    def compare(self, arguments):
        """Both outcomes of a line of the table."""
        line = string.Template(arguments).substitute(self.names)
        line, _, settings = line.partition(' ! ')
        line, _, typed = line.partition(' < ')
        line = line.encode('ascii', 'backslashreplace').decode('unicode_escape') if '\\u' in line else line
        words = shlex.split(line) if '{"' not in line else line.split()
        env = dict(setting.split('=', 1) for setting in settings.split())
        outcomes = []
        for which in (REAL, OURS):
            done, files, seen = self.run(which, words, typed.encode() if typed else None, env)
            outcomes.append(Outcome(which, done, files, seen, '-Z' in words))
        return outcomes


def brief(value):
    text = repr(value)
    return text if len(text) < 3000 else text[:1500] + ' … ' + text[-1500:]


def explain(found):
    """The lines that say what differed."""
    for aspect, (real, ours) in found.items():
        if isinstance(real, dict):
            real, ours = ({name: data for name, data in one.items() if two.get(name) != data}
                          for one, two in ((real, ours), (ours, real)))
        yield f'{aspect} of the real one: {brief(real)}'
        yield f'{aspect} of ours:         {brief(ours)}'


def table():
    """(title, arguments) of each command line, with the section as the title's beginning."""
    section = ''
    for line in LINES.splitlines():
        if line.startswith('# '):
            section = line[2:]
        elif line:
            title, arguments = re.split(r'\s{2,}', line, maxsplit=1)
            yield f'{section}: {title}', arguments


def check(tap, title, outcomes, verbose):
    found = outcomes[0].differences(outcomes[1])
    listed, reason = DIFFERS.get(title, ((), ''))
    findings = list(explain({aspect: pair for aspect, pair in found.items() if aspect not in listed}))
    findings += [f'{aspect} does not differ any more: strike it from DIFFERS' for aspect in listed if aspect not in found]
    if verbose:
        for aspect in Outcome.ASPECTS:
            print(f'#   {aspect}: {brief(getattr(outcomes[1], aspect))}')
    tap.none(f'{title}{" (but " + ", ".join(listed) + ": " + reason + ")" if listed else ""}', findings)


def main():
    folder, *wanted = sys.argv[1:]
    verbose = '-v' in wanted
    wanted = [word for word in wanted if word != '-v']
    tap = Tap()
    with Surroundings(folder) as around:
        comparison = Comparison(around)
        for title, arguments in table():
            if wanted and not any(word in title for word in wanted):
                continue
            try:
                outcomes = comparison.compare(arguments)
            except subprocess.TimeoutExpired as error:
                tap.check(title, False, error)
            else:
                check(tap, title, outcomes, verbose)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
