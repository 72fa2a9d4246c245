# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run by test-pycurl.py, once with each library: pycurl_scenes.py SITE TLS AUTHORITY. Each scene prints a line of JSON,
its name and what happened."""

import io
import json
import select
import sys
import time

import pycurl

SITE, TLS, AUTHORITY = sys.argv[1:4]


def easy(path, **options):
    """A handle for @path whose body goes to its buffer."""
    curl = pycurl.Curl()
    curl.buffer = io.BytesIO()
    curl.setopt(pycurl.URL, path if '://' in path else SITE + path)
    curl.setopt(pycurl.WRITEDATA, curl.buffer)
    for name, value in options.items():
        curl.setopt(getattr(pycurl, name), value)
    return curl


def perform(curl):
    """What came of it, without sentences."""
    try:
        curl.perform()
        code = 0
    except pycurl.error as error:
        code = error.args[0]
    return [code, curl.getinfo(pycurl.RESPONSE_CODE), len(curl.buffer.getvalue()), curl.buffer.getvalue()[:200].decode()]


def scene_simple():
    curl = easy('/bytes/1000')
    facts = perform(curl)
    return facts + [curl.getinfo(pycurl.CONTENT_TYPE), curl.getinfo(pycurl.EFFECTIVE_URL).replace(SITE, ''),
                    curl.getinfo(pycurl.SIZE_DOWNLOAD), curl.getinfo(pycurl.NUM_CONNECTS)]


def scene_again_on_the_same_handle():
    curl = easy('/bytes/10')
    facts = []
    for path in ('/bytes/20', '/status/404', '/to/302/bytes/5'):
        curl.setopt(pycurl.URL, SITE + path)
        facts.append(perform(curl) + [curl.getinfo(pycurl.NUM_CONNECTS), curl.getinfo(pycurl.REDIRECT_URL)])
    return str(facts).replace(SITE, '')


def scene_post():
    return perform(easy('/echo', POSTFIELDS='a=1&b=2'))


def scene_post_read():
    data = io.BytesIO(b'x' * 3000)
    curl = easy('/echo', POST=1, POSTFIELDSIZE=3000, READFUNCTION=data.read)
    return perform(curl)


def scene_put():
    data = io.BytesIO(b'y' * 5000)
    return perform(easy('/echo', UPLOAD=1, READDATA=data, INFILESIZE=5000))


def scene_put_without_a_size():
    data = io.BytesIO(b'z' * 5000)
    return perform(easy('/echo', UPLOAD=1, READFUNCTION=data.read))


def scene_form():
    form = [('a', 'b'), ('file', (pycurl.FORM_BUFFER, 'name.txt', pycurl.FORM_BUFFERPTR, b'bytes'))]
    facts = perform(easy('/echo', HTTPPOST=form))
    return [facts[0], facts[1], 'name="a"' in facts[3]]


def scene_headers():
    lines = []
    facts = perform(easy('/fields', HEADERFUNCTION=lambda line: lines.append(line.decode()),
                         HTTPHEADER=['X-Mine: yes', 'Accept:']))
    return [facts, lines]


def scene_redirects():
    curl = easy('/to/302/to/301/bytes/7', FOLLOWLOCATION=1)
    return perform(curl) + [curl.getinfo(pycurl.REDIRECT_COUNT)]


def scene_write_refused():
    return perform(easy('/bytes/5000', WRITEFUNCTION=lambda data: 0))[:2]


def scene_write_raises():
    def write(data):
        raise ValueError('no')
    return perform(easy('/bytes/5000', WRITEFUNCTION=write))[:2]


def scene_progress():
    calls = []
    curl = easy('/bytes/50000', NOPROGRESS=0, XFERINFOFUNCTION=lambda *counts: calls.append(counts))
    facts = perform(curl)
    return [facts[:3], len(calls) > 0, calls[-1]]


def scene_progress_aborts():
    return perform(easy('/bytes/50000', NOPROGRESS=0, XFERINFOFUNCTION=lambda *counts: 1))[:2]


def scene_debug():
    kinds = []
    perform(easy('/echo', POSTFIELDS='a=1', VERBOSE=1, USERAGENT='me', DEBUGFUNCTION=lambda kind, text: kinds.append((kind, text))))
    return [[kind, text.decode()] for kind, text in kinds if kind in (1, 2)]


def scene_sockets():
    seen = []

    def opened(purpose, address):
        import socket
        seen.append(['opened', purpose])
        return socket.socket(address.family if hasattr(address, 'family') else address[0], socket.SOCK_STREAM)
    curl = easy('/bytes/10', OPENSOCKETFUNCTION=opened, SOCKOPTFUNCTION=lambda fd, purpose: seen.append(['set', purpose]) or 0)
    return [perform(curl), seen]


def scene_cookies():
    curl = easy('/set/one/1', COOKIEFILE='')
    facts = [perform(curl)]
    curl.setopt(pycurl.URL, SITE + '/echo')
    facts.append(perform(curl))
    return [facts, sorted(line.split('\t')[5] for line in curl.getinfo(pycurl.INFO_COOKIELIST))]


def scene_login():
    return [perform(easy('/digest', USERPWD='user:secret', HTTPAUTH=pycurl.HTTPAUTH_ANY)),
            perform(easy('/basic', USERPWD='user:wrong'))]


def scene_tls():
    return [perform(easy(TLS + '/bytes/30', CAINFO=AUTHORITY)), perform(easy(TLS + '/bytes/30'))[:2]]


def scene_failures():
    return [perform(easy(url))[0] for url in ('http://127.0.0.1:1/', 'http://nothing.invalid/', 'odd://x/', SITE + '/cut')]


def scene_timeouts():
    return perform(easy('/stall', TIMEOUT_MS=300))[:3]


def scene_reset_and_copy():
    curl = easy('/bytes/30', RANGE='0-9')
    first = perform(curl)
    curl.reset()
    curl.setopt(pycurl.URL, SITE + '/bytes/30')
    curl.buffer = io.BytesIO()
    curl.setopt(pycurl.WRITEDATA, curl.buffer)
    facts = [first, perform(curl)]
    if hasattr(curl, 'duphandle'):
        other = curl.duphandle()
        other.buffer = io.BytesIO()
        other.setopt(pycurl.WRITEDATA, other.buffer)
        facts.append(perform(other))
    return facts


def scene_share():
    share = pycurl.CurlShare()
    share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_COOKIE)
    share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_DNS)
    facts = []
    for path in ('/set/shared/1', '/echo'):
        curl = easy(path, SHARE=share, COOKIEFILE='')
        facts.append(perform(curl))
        facts.append(len(curl.getinfo(pycurl.INFO_COOKIELIST)))
    return facts


def finished(multi):
    """How those ended that have."""
    facts = []
    while True:
        left, good, bad = multi.info_read()
        facts += [[curl.name, 0, len(curl.buffer.getvalue())] for curl in good]
        facts += [[curl.name, code, len(curl.buffer.getvalue())] for curl, code, _text in bad]
        for curl in list(good) + [entry[0] for entry in bad]:
            multi.remove_handle(curl)
        if left == 0:
            return facts


def load(multi, count):
    handles = []
    for number in range(count):
        curl = easy(f'/bytes/{number * 100}' if number % 10 else '/status/404', FAILONERROR=1)
        curl.name = number
        multi.add_handle(curl)
        handles.append(curl)
    return handles


def scene_multi():
    multi = pycurl.CurlMulti()
    handles = load(multi, 60)
    facts = []
    end = time.monotonic() + 20
    while len(facts) < len(handles) and time.monotonic() < end:
        while multi.perform()[0] == pycurl.E_CALL_MULTI_PERFORM:
            pass
        facts += finished(multi)
        if len(facts) < len(handles):
            multi.select(1.0)
    return sorted(facts)


def scene_multi_fdset():
    multi = pycurl.CurlMulti()
    handles = load(multi, 20)
    facts = []
    end = time.monotonic() + 20
    while len(facts) < len(handles) and time.monotonic() < end:
        multi.perform()
        facts += finished(multi)
        timeout = multi.timeout()
        select.select(*multi.fdset(), min(max(timeout, 0), 100) / 1000)
    return sorted(facts)


def scene_multi_socket():
    """The eight steps, with poll()."""
    multi, poll = pycurl.CurlMulti(), select.poll()
    state = {'timeout': None, 'sockets': 0}
    bits = {pycurl.POLL_IN: select.POLLIN, pycurl.POLL_OUT: select.POLLOUT,
            pycurl.POLL_INOUT: select.POLLIN | select.POLLOUT}

    def on_socket(what, descriptor, _multi, _data):
        if what == pycurl.POLL_REMOVE:
            poll.unregister(descriptor)
        else:
            state['sockets'] += 1
            poll.register(descriptor, bits[what])

    def on_timer(milliseconds):
        state['timeout'] = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000

    multi.setopt(pycurl.M_SOCKETFUNCTION, on_socket)
    multi.setopt(pycurl.M_TIMERFUNCTION, on_timer)
    handles = load(multi, 60)
    facts = []
    end = time.monotonic() + 20
    while len(facts) < len(handles) and time.monotonic() < end:
        wait = 1.0 if state['timeout'] is None else max(state['timeout'] - time.monotonic(), 0)
        for descriptor, events in poll.poll(wait * 1000):
            mask = (pycurl.CSELECT_IN if events & (select.POLLIN | select.POLLHUP) else 0) | (
                pycurl.CSELECT_OUT if events & select.POLLOUT else 0) | (pycurl.CSELECT_ERR if events & select.POLLERR else 0)
            multi.socket_action(descriptor, mask)
        if state['timeout'] is not None and time.monotonic() >= state['timeout']:
            state['timeout'] = None
            multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        facts += finished(multi)
    return [sorted(facts), state['sockets'] > 0]


def scene_pause():
    curl = easy('/bytes/200000')
    received = []

    def write(data):
        if not received:
            received.append(b'')
            return pycurl.WRITEFUNC_PAUSE
        received.append(data)
        return len(data)
    curl.setopt(pycurl.WRITEFUNCTION, write)
    multi = pycurl.CurlMulti()
    multi.add_handle(curl)
    end = time.monotonic() + 20
    running = 1
    while running and time.monotonic() < end:
        _, running = multi.perform()
        if received == [b'']:
            curl.pause(pycurl.PAUSE_CONT)
        multi.select(0.05)
    multi.remove_handle(curl)
    return sum(len(data) for data in received)


def main():
    print(json.dumps(['version', pycurl.version]))
    for name, scene in sorted(globals().items()):
        if name.startswith('scene_'):
            print(json.dumps([name[6:].replace('_', ' '), scene()]), flush=True)
    print(json.dumps(['end', True]))


if __name__ == '__main__':
    main()
