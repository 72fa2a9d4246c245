# SPDX-License-Identifier: LGPL-2.1-or-later
"""libcurl's own example programs, as Debian's libcurl4-doc has them: compiled against the headers of this library, the
hosts in them replaced by servers of the test, and each run with the real libcurl and with ours. What they print and
write, how they end, and what the servers were asked has to be the same.

test-examples.py FOLDER HEADERS [NAME…]"""

import glob
import multiprocessing.pool
import os
import re
import shlex
import shutil
import subprocess
import sys

from loopback import Site, content
from surroundings import OURS, REAL, Surroundings, Tap, free_port, snapshot

EXAMPLES = '/usr/share/doc/libcurl4/examples'
# Patterns of names, and why they are not run.
LEFT_OUT = {
    r'(imap|pop3|smtp|sftp|ftps?|ftp)(-|get|upload).*': 'other protocols',
    'href_extractor': 'needs a library that Debian does not have',
    'opensslthreadlock': 'is no program',
    'synctime': 'is for Windows',
    'smooth-gtk-thread': 'does not compile as it is',
    'http3': 'neither library has HTTP/3 here',
    'http3-present|sslbackend|simplessl|sessioninfo|cacertinmem|usercertinmem|threaded-ssl': 'is about OpenSSL',
    'externalsocket': 'release 7.88 fails with a socket that is connected already, which later ones mended',
}
LIBRARIES = {'certinfo': '-l:libcurl-gnutls.so.4', 'evhiperfifo': '-lev', 'hiperfifo': '-levent', 'multi-event': '-levent', 'multi-uv': '-luv',
             'htmltidy': '-ltidy', 'xmlstream': '-lexpat', 'ghiper': 'glib-2.0', 'crawler': 'libxml-2.0'}
FIFO = ('ephiperfifo', 'evhiperfifo', 'hiperfifo', 'ghiper')
# Where the hosts' names lead to when it is not PLAIN.
PLAIN = '/bytes/3000'
PATHS = {'http-post': '/echo', 'httpput': '/echo', 'post-callback': '/echo', 'postinmemory': '/echo', 'simplepost': '/echo',
         'postit2': '/echo', 'postit2-formadd': '/echo', 'multi-post': '/echo', 'multi-formadd': '/echo',
         'headerapi': '/fields', 'cookie_interface': '/set/NAME/VALUE', 'getredirect': '/to/302/bytes/70', 'altsvc': '/fields',
         'htmltidy': '/page', 'crawler': '/page', 'xmlstream': '/simple', 'getreferrer': '/echo', 'certinfo': 'tls',
         'https': 'tls', 'threaded-ssl': 'tls', 'resolve': '/echo'}
# Several transfers at once: the order of the lines is chance.
AT_ONCE = ('10-at-a-time', 'multi-app', 'multi-double', 'multi-event', 'multi-legacy', 'multi-uv', 'multithread')
# Standard error is not compared, and why.
UNHEARD = {
    'http2-download': 'a dump with the bytes of the TLS records, which OpenSSL alone tells',
    'http2-upload': 'the same',
    'http2-serverpush': 'the same',
}
# The lines beginning with "* " that people look for; how much else is told is each library's own affair.
TOLD = re.compile(rb'\* +(Trying \S+:\d+\.\.\.|Connected to |Connection #\d+ to host .* left intact|Re-using existing '
                  rb'connection|Closing connection|Could not resolve host|Failed to connect|connect to \S+ port \d+|'
                  rb'(Added|Replaced) cookie|ALPN: |Server certificate:|subject: |start date: |expire date: |issuer: |'
                  rb'SSL connection using TLS|CONNECT tunnel established|Empty reply from server)')
# What the real one says, what ours says: the words of later releases, whose interface ours is.
WORDS = [
    (rb"Couldn't connect to server", b'Could not connect to server'),
    (rb"(Failed to connect to \S+ port \d+ after N ms: )Could not connect to server", rb'\1Connection refused'),
]
ARGUMENTS = {'anyauthput': ['upload', '$site/digest'], 'httpput': ['upload', '$site/echo'],
             'httpput-postfields': ['$site/echo'], 'chkspeed': ['$site/bytes/400000'], 'htmltidy': ['$nginx/page.html'],
             'multi-event': ['$site/bytes/100', '$site/chunked/200000', '$site/to/302/bytes/60', '$site/status/404'],
             'multi-uv': ['$site/bytes/100', '$site/chunked/200000', '$site/to/302/bytes/60', '$site/status/404'],
             'url2file': ['$site/chunked/5000'], 'http2-download': ['5'], 'http2-upload': ['5', 'upload'],
             'postit2': [], 'simplessl': []}
PAGE = ''.join(f'<p><a href="to-{n}.html">{n}</a></p>\n' for n in range(30))
XML = '<?xml version="1.0"?><menu>' + '<food><name>waffles</name><price>5</price></food>' * 40 + '</menu>'


class Examples:
    """The servers, and the programs as they were compiled."""

    def __init__(self, around, folder, headers):
        self.around, self.folder, self.headers = around, folder, headers
        enter = around.stack.enter_context
        around.make_certificates()
        self.site, self.tls = enter(Site()), enter(Site(context=around.server_context()))
        self.work = around.path('work')
        self.places = {'$site': f'http://127.0.0.1:{self.site.port}', '$tls': f'https://127.0.0.1:{self.tls.port}'}
        self.start_nginx()

    def start_nginx(self):
        """Pages with a content type, and HTTP/2."""
        around = self.around
        around.write('root/page.html', PAGE)
        around.write('root/simple.xml', XML)
        around.write('root/index.html', content(50_000))
        plain, secure = free_port(), free_port()
        around.start_nginx((plain, f'''
          types {{ text/html html; text/xml xml; }}
          server {{ listen 127.0.0.1:{plain}; listen 127.0.0.1:{secure} ssl http2; root {around.path("root")};
                    location /upload {{ client_max_body_size 0; return 204; }} }}'''))
        self.places.update({'$nginx': f'http://127.0.0.1:{plain}', '$secure': f'https://127.0.0.1:{secure}'})

    def text(self, name):
        """The example's source with the hosts replaced."""
        path = PATHS.get(name, PLAIN)
        target = {'/page': '$nginx/page.html', '/simple': '$nginx/simple.xml', 'tls': '$tls' + PLAIN}.get(path, '$site' + path)
        with open(os.path.join(EXAMPLES, name + '.c'), encoding='utf-8') as file:
            text = file.read()
        text = text.replace('https://localhost:8443', self.places['$secure'])
        known = '|'.join(map(re.escape, self.places.values()))
        text = re.sub(rf'"(?!{known})(https?|ftp)://([\w%.-]+\.[\w%.:-]+|localhost)(/[^"]*)?"', f'"{self.fill(target)}"', text)
        text = text.replace('PORTNUM 80', f'PORTNUM {self.site.port}')
        return text.replace('/home/dast/src/curl/debug/new', self.work + '/new')

    def fill(self, text):
        for name, place in self.places.items():
            text = text.replace(name, place)
        return text

    def compile(self, name):
        source = self.around.write(f'sources/{name}.c', self.text(name))
        libraries = LIBRARIES.get(name, '')
        flags = libraries
        if libraries and not libraries.startswith('-'):
            flags = subprocess.run(['pkg-config', '--cflags', '--libs', libraries], capture_output=True, text=True,
                                   timeout=20, check=True).stdout
        command = ['cc', '-w', '-O0', '-DSKIP_PEER_VERIFICATION', '-DSKIP_HOSTNAME_VERIFICATION', '-I', self.headers, '-o',
                   self.around.path('sources', name), source, '-L', self.folder, *shlex.split(flags), '-lcurl', '-lpthread',
                   ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        return done.stderr if done.returncode else ''

    def run(self, which, name):
        """Runs the program; of those with a pipe, lines are written to it until the servers were asked."""
        command = [self.around.path('sources', name), *map(self.fill, ARGUMENTS.get(name, []))]
        if name in FIFO:
            command = [sys.executable, '-c', DRIVER, str(self.site.port), *command]
        return self.around.run(which, command, cwd=self.work)

    def outcome(self, which, name):
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        for file, size in (('upload', 20_000), ('debugit', 100), (name + '.c', 300)):
            self.around.write(f'work/{file}', content(size))
        for server in (self.site, self.tls):
            server.reset()
        done = self.run(which, name)
        stdout, stderr = plain(done.stdout), heard(plain(done.stderr))
        if which == REAL:
            # A field without a value had its line end for one.
            stdout = stdout.replace(b'X-Empty: \r', b'X-Empty: ')
            for real, ours in WORDS:
                stderr = re.sub(real, ours, stderr)
        return {'status': done.returncode,
                'stdout': sorted(stdout.splitlines()) if name in AT_ONCE else stdout,
                'stderr': b'' if name in UNHEARD else stderr,
                'files': {file: without_remarks(plain(data)) for file, data in snapshot(self.work).items()},
                'seen': sorted(request(raw) for server in (self.site, self.tls) for raw in server.seen)}


# Writes addresses into hiper.fifo while the program runs, each once the one before it was done, and interrupts it.
DRIVER = '''
import os, signal, subprocess, sys, time
site = 'http://127.0.0.1:' + sys.argv[1]
process = subprocess.Popen(['stdbuf', '-o0', *sys.argv[2:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
end = time.monotonic() + 20
while not os.path.exists('hiper.fifo') and time.monotonic() < end:
    time.sleep(0.02)
done = []
with open('hiper.fifo', 'w') as fifo:
    for path in ('/bytes/100', '/chunked/200000', '/to/302/bytes/60', '/status/404', '/cut'):
        fifo.write(site + path + '\\n')
        fifo.flush()
        for line in process.stdout:
            if line.startswith(b'DONE'):
                done.append(line.decode())
                break
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
os.unlink('hiper.fifo') if os.path.exists('hiper.fifo') else None
print(done)
'''


def plain(text):
    """Without what differs from run to run or from release to release."""
    for pattern, by in ((rb'(?i)curl/[^\r\n ]*', b'curl'), (rb'\d+\.\d+ ?(seconds|sec)', b'N sec'),
                        (rb'[0-9.]+ (k?bytes?/sec)', rb'N \1'), (rb'boundary=-+\w+', b'boundary=B'), (rb'-{20,}\w+', b'--B'),
                        (rb'cnonce="[^"]*"', b'cnonce'), (rb'response="[^"]*"', b'response'), (rb'\t\d{10}\t', b'\tTIME\t'),
                        (rb'Expect: 100-continue\r\n', b'')):
        text = re.sub(pattern, by, text)
    return text


def heard(text):
    """Standard error with the lines that people look for. Facts are told as they happen, and each library has its own
    course of events between two heads: lines with a star are compared apart from the others. Of a meter the last line
    counts, without speeds and times; what is told about again and again counts once."""
    text = re.sub(rb'[^\n]*\r(?=[^\n])', b'', text)
    text = re.sub(rb'^( *\d+ +\d+k? +\d+ +\d+k? +\d+ +\d+k?) .*-:--.*$', rb'\1', text, flags=re.M)
    text = re.sub(rb'after \d+ ms', b'after N ms', text)
    if b'boundary=B' in text:
        text = re.sub(rb'(Content-Length: )\d+', rb'\1N', text)
    text = re.sub(rb', expire [1-9]\d+', b', expire T', text)
    text = re.sub(rb'(?m)^(.*\n)\1+', rb'\1', re.sub(rb'(?m)^(-> Mutex lock\n<- Mutex unlock\n)+', rb'\1', text))
    stars, others = [], []
    for line in text.splitlines(keepends=True):
        if not line.startswith(b'*'):
            others.append(line)
        elif TOLD.match(line):
            line = re.sub(rb'(Closing connection|connection|Connection) #?\d+', rb'\1 N', line)
            stars.append(re.sub(rb'\(#\d+\)|(?<=SSL connection using TLS).*', b'', line))
    if not any(b'Trying' in line for line in stars):
        # A file has none.
        stars = [line for line in stars if b'Closing connection' not in line]
    return b''.join(sorted(stars) + others)


def request(raw):
    """A request as the server saw it: boundaries count in lengths, and later releases have longer ones; cookies with the
    same path are sent in the order of their making (RFC 6265, section 5.4), where the real one has long names first."""
    text = plain(raw)
    if b'boundary=B' in text:
        text = re.sub(rb'(?m)^(Content-Length: )\d+|^[0-9a-f]+(?=\r$)', rb'\1N', text)
    return re.sub(rb'(?m)^Cookie: (.*)\r$', lambda match: b'; '.join(sorted(match[1].split(b'; '))), text)


def without_remarks(data):
    return b''.join(line for line in data.splitlines(keepends=True) if not line.startswith(b'# '))


def check(tap, title, real, ours):
    findings = []
    for key, value in real.items():
        if value != ours[key]:
            findings += [f'{key}: real {value}'[:2500], f'{key}: ours {ours[key]}'[:2500]]
    tap.none(title, findings)


def try_one(tap, examples, name, problem):
    if problem:
        tap.check(name, False, problem)
        return
    try:
        check(tap, name, examples.outcome(REAL, name), examples.outcome(OURS, name))
    except subprocess.TimeoutExpired as error:
        tap.check(name, False, error, error.stdout, error.stderr)


def main():
    tap = Tap()
    names = sorted(os.path.basename(path)[:-2] for path in glob.glob(EXAMPLES + '/*.c'))
    names = [name for name in names if not any(re.fullmatch(pattern, name) for pattern in LEFT_OUT)]
    tap.check(f'{len(names)} examples are there', len(names) >= 50,
              f'{EXAMPLES} has too few: is libcurl4-doc installed, and is /usr/share/doc not excluded from what dpkg '
              'unpacks (path-exclude in /etc/dpkg/dpkg.cfg.d)?')
    if tap.failed:
        return tap.finish()
    names = sys.argv[3:] or names
    with Surroundings(sys.argv[1]) as around, multiprocessing.pool.ThreadPool(2) as pool:
        examples = Examples(around, os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
        for name, problem in zip(names, pool.imap(examples.compile, names)):
            try_one(tap, examples, name, problem)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
