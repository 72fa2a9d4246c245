# SPDX-License-Identifier: LGPL-2.1-or-later
"""The object face from Python, by callbacks and by the blocking twins; awaiting.py has await. Run by serve.py."""

import gc
import os
import re
import sys

import gi
gi.require_version('GMulti', '1')
from gi.repository import Gio, GLib, GMulti, GObject  # pylint: disable=wrong-import-position

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from httpd import content  # pylint: disable=wrong-import-position
from tap import Tap  # pylint: disable=wrong-import-position

SERVER, REFUSED, FOLDER, SECURE = sys.argv[1:5]
MANY = 200


def transfer(path):
    return GMulti.Transfer(uri=SERVER + path)


def turn(done, seconds=10):
    """Turns the default context until done() or too late."""
    late = []
    timer = GLib.timeout_add_seconds(seconds, lambda: bool(late.append(1)))
    while not done() and not late:
        GLib.MainContext.default().iteration(True)
    assert not late, 'too late'
    GLib.source_remove(timer)


def wait(begin, *arguments):
    """Calls an _async method, turns, and returns what its _finish returns."""
    results = []
    begin(*arguments, lambda *given: results.append(given))
    turn(lambda: results)
    source, result = results[0]
    return getattr(source, begin.__name__.replace('_async', '_finish'))(result)


def fails(domain, code, function, *arguments):
    try:
        function(*arguments)
    except GLib.Error as error:
        assert error.matches(domain, code), f'{error.domain} {error.code} {error.message}'
    else:
        raise AssertionError('it did not fail')


def fetch():
    one = transfer('/bytes/123456/x')
    assert wait(GMulti.Session().fetch_async, one, None).get_data() == content(123456)
    assert one.get_state() == GMulti.TransferState.SUCCEEDED


def blocking():
    session = GMulti.Session()
    assert session.fetch(transfer('/bytes/5000/x'), None).get_data() == content(5000)
    fails(GMulti.TransferError.quark(), GMulti.TransferError.HTTP_STATUS, session.fetch, transfer('/status/500'), None)


def status():
    one = transfer('/status/404')
    fails(GMulti.TransferError.quark(), GMulti.TransferError.HTTP_STATUS, wait, GMulti.Session().fetch_async, one, None)
    response = one.ref_response()
    assert response.get_status() == 404 and not response.is_success()


def headers():
    one = transfer('/echo')
    one.set_header('X-Colour', 'green')
    body = wait(GMulti.Session().fetch_async, one, None).get_data()
    assert b'X-Colour: green\n' in body, body
    found = one.ref_response().get_headers()
    assert found.get_value('content-length') == str(len(body))
    names = [found.get_field_name(position).lower() for position in range(found.get_n_fields())]
    assert 'content-length' in names and 'date' in names, names


def bad_uri():
    fails(GMulti.TransferError.quark(), GMulti.TransferError.BAD_URI, wait, GMulti.Session().fetch_async,
          GMulti.Transfer(uri='http://[oops/'), None)


def refused():
    one = GMulti.Transfer(uri=REFUSED)
    fails(Gio.io_error_quark(), Gio.IOErrorEnum.CONNECTION_REFUSED, wait, GMulti.Session().fetch_async, one, None)
    lines = one.dup_explanation().split('\n')
    assert lines[0] == 'Could not connect to 127.0.0.1: the connection was refused.' and len(lines) == 2, lines
    assert lines[1].startswith('• No connection to 127.0.0.1 port ') and lines[1].endswith(': Connection refused.'), lines


def cancel():
    cancellable = Gio.Cancellable()
    one = transfer('/slow/10000000/x')
    one.connect('progress', lambda _: cancellable.cancel())
    fails(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED, wait, GMulti.Session().fetch_async, one, cancellable)
    assert one.get_state() == GMulti.TransferState.CANCELLED


def download():
    fractions = []
    one = GMulti.Download(uri=SERVER + '/slow/100000/file.bin', destination=Gio.File.new_for_path(FOLDER))
    one.connect('notify::fraction', lambda *_: fractions.append(one.get_fraction()))
    file = wait(GMulti.Session().download_async, one, None)
    assert file.get_path() == os.path.join(FOLDER, 'file.bin')
    assert file.load_contents(None)[1] == content(100000)
    assert fractions[-1] == 1 and fractions == sorted(fractions), fractions
    file.delete(None)


def download_fails():
    cancellable = Gio.Cancellable()
    one = GMulti.Download(uri=SERVER + '/slow/10000000/file.bin', destination=Gio.File.new_for_path(FOLDER))
    one.connect('progress', lambda _: cancellable.cancel())
    fails(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED, wait, GMulti.Session().download_async, one, cancellable)
    missing = GMulti.Download(uri=SERVER + '/status/404', destination=Gio.File.new_for_path(FOLDER))
    fails(GMulti.TransferError.quark(), GMulti.TransferError.HTTP_STATUS, wait, GMulti.Session().download_async, missing, None)
    assert os.listdir(FOLDER) == [], os.listdir(FOLDER)


def stream():
    # A stream keeps its session.
    source = wait(GMulti.Session().open_async, transfer('/bytes/300000/x'), None)
    blocks = [None]
    while blocks[-1] != b'':
        blocks.append(wait(source.read_bytes_async, 65536, 0, None).get_data() or b'')
    assert b''.join(blocks[1:]) == content(300000)


def splice():
    target = Gio.MemoryOutputStream.new_resizable()
    size = wait(GMulti.Session().splice_async, transfer('/bytes/200000/x'), target,
                Gio.OutputStreamSpliceFlags.CLOSE_TARGET, None)
    assert size == 200000 and target.steal_as_bytes().get_data() == content(200000)


def order():
    letters = []
    one = transfer('/slow/50000/x')
    one.connect('progress', lambda _: letters.append('p'))
    one.connect('completed', lambda *_: letters.append('c'))
    session = GMulti.Session()
    session.fetch_async(one, None, lambda *_: letters.append('t'))
    assert not letters
    turn(lambda: 't' in letters)
    found = ''.join(letters)
    assert found.startswith('p') and found.lstrip('p') == 'ct', found


def many():
    session = GMulti.Session()
    # Made on first use: asked for before the start.
    transfers = session.get_transfers()
    sizes = []
    for _ in range(MANY):
        session.fetch_async(transfer('/bytes/1000/x'), None,
                            lambda source, result: sizes.append(source.fetch_finish(result).get_size()))
    assert session.get_n_unfinished() == MANY
    turn(lambda: transfers.get_n_items() > 0)
    turn(lambda: len(sizes) == MANY, 30)
    turn(lambda: transfers.get_n_items() == 0)
    assert sizes == [1000] * MANY and session.get_n_unfinished() == 0


def start():
    session, ended = GMulti.Session(), []
    good, bad = transfer('/bytes/10/x'), transfer('/status/404')
    for one in good, bad:
        one.connect('completed', lambda one, error: ended.append((one, error)))
        session.start(one)
    turn(lambda: len(ended) == 2)
    errors = {id(one): error for one, error in ended}
    assert errors[id(good)] is None
    assert errors[id(bad)].matches(GMulti.TransferError.quark(), GMulti.TransferError.HTTP_STATUS)


def dropped():
    """The last reference goes inside a handler: what was only started is cancelled."""
    held, ended = {'session': GMulti.Session()}, []
    first, second = transfer('/bytes/10/x'), transfer('/slow/10000000/x')
    first.connect('completed', lambda *_: held.clear())
    second.connect('completed', lambda _, error: ended.append(error))
    held['session'].start(second)
    held['session'].start(first)
    turn(lambda: ended)
    assert not held and ended[0].matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED), ended


def question_late():
    """The session is asked for all its transfers, and answers when it likes; garbage is collected meanwhile."""
    session, held = GMulti.Session(), []
    one = transfer('/login')

    def answer():
        gc.collect()
        held.pop().answer('user', 'secret')

    def ask(asker, about, challenge):
        assert asker is session and about is one
        assert (challenge.get_realm(), challenge.get_attempt(), challenge.is_proxy()) == ('way in', 1, False)
        held.append(challenge)
        GLib.timeout_add(30, answer)
        return True

    session.connect('authenticate', ask)
    assert wait(session.fetch_async, one, None).get_data() == b'inside' and not held


def question_transfer_first():
    session, one = GMulti.Session(), transfer('/login')
    asked = []
    session.connect('authenticate', lambda _, about, challenge: bool(asked.append(about)) or challenge.answer('x', 'y') or True)
    one.connect('authenticate', lambda _, challenge: challenge.answer('user', 'secret') or True)
    assert wait(session.fetch_async, one, None).get_data() == b'inside' and not asked


def hold_for_a_while(held, question):
    """Promises an answer, and loses the question after the handler has returned."""
    held.append(question)
    GLib.timeout_add(30, lambda: bool(held.clear() or gc.collect() < 0))
    return True


def question_dropped():
    """Who promises an answer and loses the question has declined."""
    session, held = GMulti.Session(), []
    session.connect('authenticate', lambda *given: hold_for_a_while(held, given[-1]))
    fails(GMulti.TransferError.quark(), GMulti.TransferError.HTTP_STATUS, wait, session.fetch_async, transfer('/login'), None)
    assert not held


def question_never():
    session, held = GMulti.Session(), []
    session.connect('authenticate', lambda _, __, challenge: not held.append(challenge))
    one = transfer('/login')
    one.set_timeout(2000)
    fails(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT, wait, session.fetch_async, one, None)
    held.pop().answer('user', 'secret')
    assert wait(session.fetch_async, transfer('/bytes/10/x'), None).get_size() == 10


def secure():
    return GMulti.Transfer(uri=SECURE + '/bytes/10/x')


def trust_late():
    one, held = secure(), []

    def answer():
        gc.collect()
        held.pop().accept()

    def ask(_, check):
        assert check.get_errors() & Gio.TlsCertificateFlags.UNKNOWN_CA and check.get_host() == '127.0.0.1'
        held.append(check)
        GLib.timeout_add(30, answer)
        return True

    one.connect('check-trust', ask)
    assert wait(GMulti.Session().fetch_async, one, None).get_size() == 10 and not held


def trust_dropped():
    for of_session in False, True:
        session, one, held = GMulti.Session(), secure(), []
        (session if of_session else one).connect('check-trust', lambda *given: hold_for_a_while(held, given[-1]))
        fails(Gio.tls_error_quark(), Gio.TlsError.BAD_CERTIFICATE, wait, session.fetch_async, one, None)
        assert not held


def question_in_cycle():
    """Only the collector finds the question, for it is part of a circle."""
    session = GMulti.Session()

    def ask(_, __, challenge):
        circle = [challenge]
        circle.append(circle)
        return True

    session.connect('authenticate', ask)
    timer = GLib.timeout_add(30, lambda: gc.collect() >= 0)
    fails(GMulti.TransferError.quark(), GMulti.TransferError.HTTP_STATUS, wait, session.fetch_async, transfer('/login'), None)
    GLib.source_remove(timer)


def retrying():
    session, one, told = GMulti.Session(), transfer('/status/503'), []
    one.set_max_attempts(2)
    one.set_constraints(GMulti.Constraints.CONNECTIVITY | GMulti.Constraints.UNMETERED)
    one.connect('retrying', lambda _, error, attempt, delay: told.append((error.message, attempt, delay)))
    fails(GMulti.TransferError.quark(), GMulti.TransferError.HTTP_STATUS, wait, session.fetch_async, one, None)
    assert len(told) == 1 and told[0][1] == 2 and 100 < told[0][2] < 10000 and '503' in told[0][0], told
    assert one.props.attempt == 2
    one.set_max_attempts(9)
    one.connect('retrying', lambda given, *_: given.cancel())
    fails(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED, wait, session.fetch_async, one, None)


def connectable():
    uri = GLib.Uri.parse(SERVER, GLib.UriFlags.NONE)
    one = GMulti.Transfer(uri='http://example.test/bytes/100/x',
                          connectable=Gio.NetworkAddress.new(uri.get_host(), uri.get_port()))
    assert wait(GMulti.Session().fetch_async, one, None).get_data() == content(100)


def containers():
    # What is in a list or a table is freed once, by whom it was given to.
    jar = GMulti.CookieJar()
    for cookie in ('a=b', 'c=d; Max-Age=1000'):
        jar.set('http://a.example/', cookie)
    for _ in range(3):
        cookies = jar.dup_all()
        assert [(one.get_name(), one.get_value()) for one in cookies] == [('a', 'b'), ('c', 'd')]
        cookies.pop()
        gc.collect()
    assert GMulti.CookieJar().dup_all() == []
    found = GMulti.Headers.new()
    found.append('Content-Type', 'Text/HTML; charset=utf-8; A="b c"')
    for _ in range(3):
        assert tuple(found.dup_content_type()) == ('text/html', {'charset': 'utf-8', 'a': 'b c'})
        gc.collect()
    assert found.dup_values('content-type') == ['Text/HTML; charset=utf-8; A="b c"']


def defaults():
    """What a property is at first is in its documentation."""
    with open(os.path.join(os.environ['GI_TYPELIB_PATH'], 'GMulti-1.gir'), encoding='utf-8') as file:
        text = file.read()
    n_told, none = 0, {'GMultiHttpPolicy': 'GMULTI_HTTP_POLICY_AUTO', 'GMultiConstraints': 'GMULTI_CONSTRAINTS_NONE'}
    for kind in (GMulti.Session, GMulti.Transfer, GMulti.Download, GMulti.Group, GMulti.Form, GMulti.Proxy):
        part = text[text.index(f'<class name="{kind.__name__}"'):]
        for spec in kind.list_properties():
            value = kind().get_property(spec.name)
            if spec.owner_type != kind.__gtype__ or not spec.flags & GObject.ParamFlags.WRITABLE or not isinstance(
                    value, (bool, int)):
                continue
            page = re.search(f'<property name="{spec.name}".*?</property>', part, re.DOTALL)[0]
            found = re.search(r'The default(?: is|,) %?([-\w]+)', page)
            expected = getattr(value, 'value_name', None) or none.get(spec.value_type.name) or str(value).upper()
            assert found and found[1] == expected, f'{kind.__name__}:{spec.name}: {found and found[1]}, not {expected}'
            n_told += 1
    assert n_told > 30, n_told


def main():
    tap = Tap()
    for case in (fetch, blocking, status, headers, bad_uri, refused, cancel, download, download_fails, stream, splice, order,
                 many, start, dropped, question_late, question_transfer_first, question_dropped, question_never,
                 question_in_cycle, trust_late, trust_dropped, retrying, connectable, containers, defaults):
        tap.run(case.__name__, case)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
