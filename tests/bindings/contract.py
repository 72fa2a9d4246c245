#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The contract of the object face from Python, over 2,000 transfers for each sentence of it. Run by serve.py."""

import gc
import os
import random
import re
import sys
import threading
import time

import gi
gi.require_version('GMulti', '1')
from gi.repository import Gio, GLib, GMulti  # pylint: disable=wrong-import-position

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

SERVER, REFUSED, DEAF, FOLDER = sys.argv[1:5]
MANY = 2000
AT_ONCE = 24
OWN = GMulti.TransferError.quark()
IO = Gio.io_error_quark()
dice = random.Random(20261122)


def transfer(path):
    return GMulti.Transfer(uri=SERVER + path)


def turn(done, seconds=60):
    """Turns the thread's context until done() or too late."""
    context = GLib.MainContext.ref_thread_default()
    late = time.monotonic() + seconds
    # done() may come true in another thread.
    ticks = GLib.timeout_source_new(20)
    ticks.set_callback(lambda *_: GLib.SOURCE_CONTINUE)
    ticks.attach(context)
    while not done():
        assert time.monotonic() < late, 'too late'
        context.iteration(True)
    ticks.destroy()


def is_cancelled(error):
    return error.matches(IO, Gio.IOErrorEnum.CANCELLED)


class Watched:
    """What must be gone in the end."""

    def __init__(self):
        self.alive = 0
        self.lock = threading.Lock()

    def add(self, thing):
        with self.lock:
            self.alive += 1
        thing.weak_ref(self.gone)
        return thing

    def gone(self):
        with self.lock:
            self.alive -= 1

    def assert_none(self):
        def none():
            gc.collect()
            return self.alive == 0
        turn(none)


# ---- threads ----

class Worker(threading.Thread):
    """Starts its share in a context of its own and judges all that it is told."""

    PATHS = '/small', '/small', '/middle', '/slow', '/moved', '/missing', '/never'

    def __init__(self, session, watched, victims):
        super().__init__()
        self.session, self.watched, self.victims = session, watched, victims
        self.left, self.running = -(-MANY // 3), 0
        self.ends = {'good': 0, 'failed': 0, 'cancelled': 0}
        self.findings = []
        self.calling = False

    def told(self, letters, letter):
        if threading.current_thread() is not self or self.calling:
            self.findings.append(f'{letter} in the wrong place')
        letters.append(letter)

    def one(self):
        self.left -= 1
        self.running += 1
        path = dice.choice(self.PATHS)
        one = self.watched.add(transfer(path))
        letters = []
        one.connect('progress', lambda _: self.told(letters, 'p'))
        one.connect('completed', lambda *_: self.told(letters, 'C'))
        self.calling = True
        self.session.fetch_async(one, None, self.fetched, path, letters)
        self.calling = False
        with self.victims[0]:
            self.victims[1].append(one)

    def fetched(self, session, result, path, letters):
        self.told(letters, '.')
        try:
            session.fetch_finish(result)
            self.ends['good'] += 1
            if path in ('/missing', '/never'):
                self.findings.append(f'{path} was good')
        except GLib.Error as error:
            if is_cancelled(error):
                self.ends['cancelled'] += 1
            elif path == '/missing' and error.matches(OWN, GMulti.TransferError.HTTP_STATUS):
                self.ends['failed'] += 1
            else:
                self.findings.append(f'{path}: {error.message}')
        if not re.fullmatch('p*C[.]', ''.join(letters)):
            self.findings.append(f'{path}: order {"".join(letters)}')
        self.running -= 1

    def run(self):
        context = GLib.MainContext.new()
        context.push_thread_default()
        try:
            while self.left > 0 or self.running > 0:
                while self.left > 0 and self.running < AT_ONCE:
                    self.one()
                context.iteration(True)
        finally:
            context.pop_thread_default()


def threads():
    """Three threads with a context each share a session; a fourth, this one, cancels what it likes."""
    watched, victims = Watched(), (threading.Lock(), [])
    session = GMulti.Session(has_thread=True)
    workers, one = [Worker(session, watched, victims) for _ in range(3)], None
    for worker in workers:
        worker.start()
    late = time.monotonic() + 100
    while any(worker.is_alive() for worker in workers):
        assert time.monotonic() < late, 'too late'
        time.sleep(0.002)
        with victims[0]:
            some = victims[1][:]
            del victims[1][:]
        for one in some:
            # /never does not end by itself.
            if one.props.uri.endswith('/never') or dice.random() < 0.2:
                one.cancel()
    findings = [finding for worker in workers for finding in worker.findings]
    ends = {end: sum(worker.ends[end] for worker in workers) for end in workers[0].ends}
    assert not findings, findings[:10]
    assert sum(ends.values()) >= MANY and all(ends.values()), ends
    del session, some, one, workers, worker, victims
    watched.assert_none()


# ---- back-pressure ----

def back_pressure():
    """Streams that nobody reads for two seconds hold at most their bound, and siblings run on."""
    session, streams, unread, done = GMulti.Session(max_connections_per_host=0), [], [], [0]
    bound, most = 512 * 1024, 0
    for _ in range(50):
        unread.append(transfer('/big'))
        session.open_async(unread[-1], None, lambda source, result: streams.append(source.open_finish(result)))
    turn(lambda: len(streams) == 50)
    end = time.monotonic() + 2

    def sibling(source=None, result=None):
        if result is not None:
            assert source.fetch_finish(result).get_data() == b'small'
            done[0] += 1
        if done[0] < MANY or time.monotonic() < end:
            session.fetch_async(transfer('/small'), None, sibling)
    for _ in range(AT_ONCE):
        sibling()
    while time.monotonic() < end:
        GLib.MainContext.default().iteration(True)
        most = max(most, *(one.get_bytes_received() for one in unread))
    assert done[0] > 0 and 0 < most <= bound, (done[0], most)
    turn(lambda: done[0] >= MANY and session.get_n_unfinished() == 50)
    # What was held back is still there.
    for stream in streams[:5]:
        assert sum(iter(lambda: stream.read_bytes(1 << 20, None).get_size(), 0)) == 2_000_000  # pylint: disable=cell-var-from-loop
    for stream in streams:
        stream.close(None)


# ---- blocking twins ----

def twins():
    """They wait on the owner's thread, on another and inside a handler, and turn nobody else's sources."""
    session, strangers, results = GMulti.Session(), [0], []

    def stranger():
        strangers[0] += 1
        return GLib.SOURCE_CONTINUE
    idle = GLib.idle_add(stranger, priority=GLib.PRIORITY_HIGH)
    for _ in range(700):
        assert session.fetch(transfer('/small'), None).get_data() == b'small'
    assert strangers[0] == 0, strangers
    GLib.source_remove(idle)

    def other():
        for _ in range(700):
            results.append(session.fetch(transfer('/small'), None).get_data())
    thread = threading.Thread(target=other)
    thread.start()
    turn(lambda: len(results) == 700)
    thread.join()

    def inside(one, _error):
        results.append(session.fetch(transfer('/small'), None).get_data())
        if len(results) < 1400:
            again()

    def again():
        one = transfer('/small')
        one.connect('completed', inside)
        session.start(one)
    again()
    turn(lambda: len(results) == 1400)
    assert set(results) == {b'small'}, set(results)


# ---- the list ----

def listed():
    """A view that keeps its copy by items-changed alone agrees with the list, while handlers start and cancel."""
    watched, session = Watched(), GMulti.Session()
    model, view, state = session.get_transfers(), [], {'left': MANY, 'ended': 0, 'changing': False, 'changes': 0}

    def changed(_model, position, removed, added):
        assert not state['changing']
        state['changing'] = True
        state['changes'] += 1
        view[position:position + removed] = [model.get_item(position + i) for i in range(added)]
        assert len(view) == model.get_n_items()
        if dice.random() < 0.1 and view:
            dice.choice(view).cancel()
        if dice.random() < 0.3:
            start()
        state['changing'] = False

    def completed(_one, _error):
        state['ended'] += 1
        start()

    def start():
        while state['left'] > 0 and MANY - state['left'] - state['ended'] < 60:
            state['left'] -= 1
            one = watched.add(transfer(dice.choice(('/small', '/middle', '/missing', '/slow'))))
            one.connect('completed', completed)
            session.start(one)
    model.connect('items-changed', changed)
    start()
    turn(lambda: state['ended'] == MANY and model.get_n_items() == 0)
    assert view == [] and state['changes'] > 100, state
    watched.assert_none()


# ---- a widget ----

class Widget:
    """Fetches something for itself; destroyed, it must not hear of it again but by a callback that says so."""

    def __init__(self, session, tell):
        self.cancellable, self.tell, self.alive = Gio.Cancellable(), tell, True
        self.transfer = transfer(dice.choice(('/small', '/middle', '/slow', '/never')))
        self.dies_early = self.transfer.props.uri.endswith('/never') or dice.random() < 0.5
        self.transfer.connect('progress', self.progress)
        session.fetch_async(self.transfer, self.cancellable, self.fetched)

    def progress(self, _transfer):
        if self.dies_early:
            self.destroy()

    def destroy(self):
        self.alive = False
        self.cancellable.cancel()

    def fetched(self, session, result):
        try:
            session.fetch_finish(result)
            self.tell(self, 'good' if self.alive else 'a dead one had a body')
        except GLib.Error as error:
            self.tell(self, 'cancelled' if is_cancelled(error) and not self.alive else error.message)


def widgets():
    session, ends, alive, left = GMulti.Session(), {}, set(), [MANY]

    def tell(widget, end):
        ends[end] = ends.get(end, 0) + 1
        alive.discard(widget)

    def more():
        while left[0] > 0 and len(alive) < 60:
            left[0] -= 1
            alive.add(Widget(session, tell))
        for widget in list(alive):
            if widget.alive and widget.dies_early and dice.random() < 0.3:
                widget.destroy()
        return not left[0] and not alive
    turn(more)
    assert set(ends) == {'good', 'cancelled'} and sum(ends.values()) == MANY, ends


# ---- failures ----

FAILURES = (
    ('http://a b/', {}, OWN, GMulti.TransferError.BAD_URI, GMulti.Phase.NONE),
    ('nonsense://host/', {}, IO, Gio.IOErrorEnum.NOT_SUPPORTED, None),
    (REFUSED + '/', {}, IO, Gio.IOErrorEnum.CONNECTION_REFUSED, GMulti.Phase.CONNECT),
    (DEAF + '/', {'connect_timeout': 40}, IO, Gio.IOErrorEnum.TIMED_OUT, GMulti.Phase.CONNECT),
    (SERVER + '/never', {'response_timeout': 40}, IO, Gio.IOErrorEnum.TIMED_OUT, GMulti.Phase.RESPONSE),
    (SERVER + '/half', {'timeout': 60}, IO, Gio.IOErrorEnum.TIMED_OUT, GMulti.Phase.BODY),
    (SERVER + '/half', {'stall_timeout': 60}, OWN, GMulti.TransferError.STALLED, GMulti.Phase.BODY),
    (SERVER + '/nothing', {}, IO, Gio.IOErrorEnum.CONNECTION_CLOSED, GMulti.Phase.RESPONSE),
    (SERVER + '/reset', {}, IO, Gio.IOErrorEnum.CONNECTION_CLOSED, GMulti.Phase.BODY),
    (SERVER + '/cut', {}, OWN, GMulti.TransferError.TRUNCATED, GMulti.Phase.BODY),
    (SERVER + '/cut-chunk', {}, OWN, GMulti.TransferError.TRUNCATED, GMulti.Phase.BODY),
    (SERVER + '/garbage', {}, OWN, GMulti.TransferError.PROTOCOL, GMulti.Phase.RESPONSE),
    (SERVER + '/bad-header', {}, OWN, GMulti.TransferError.PROTOCOL, GMulti.Phase.RESPONSE),
    (SERVER + '/bad-chunk', {}, OWN, GMulti.TransferError.PROTOCOL, GMulti.Phase.BODY),
    (SERVER + '/both', {}, OWN, GMulti.TransferError.PROTOCOL, GMulti.Phase.BODY),
    (SERVER + '/missing', {}, OWN, GMulti.TransferError.HTTP_STATUS, GMulti.Phase.RESPONSE),
    (SERVER + '/loop', {'max_redirects': 3}, OWN, GMulti.TransferError.TOO_MANY_REDIRECTS, GMulti.Phase.BODY),
    (SERVER + '/large', {'max_size': 1000}, OWN, GMulti.TransferError.TOO_LARGE, GMulti.Phase.BODY),
)
# By a download alone: where it is to go.
STORAGE = (
    ('none/file', Gio.IOErrorEnum.NOT_FOUND),
    ('../there/file', Gio.IOErrorEnum.NOT_DIRECTORY),
    ('../there', Gio.IOErrorEnum.EXISTS),
    ('n' * 300, Gio.IOErrorEnum.FILENAME_TOO_LONG),
)


def failures():
    """A failure in each phase: the error is that of the table, and no file is left."""
    session, findings, running = GMulti.Session(max_connections_per_host=0), [], [0, 0]
    there = os.path.join(FOLDER, '..', 'there')
    with open(there, 'w', encoding='utf-8') as file:
        file.write('there')

    def ended(source, result, finish, one, wanted):
        domain, code, phase = wanted
        try:
            getattr(source, finish)(result)
            findings.append(f'{one.props.uri} was good')
        except GLib.Error as error:
            kept = one.dup_error()
            if not error.matches(domain, code) or not kept.matches(domain, code) or phase not in (None, one.get_phase()):
                findings.append(f'{one.props.uri}: {error.domain} {error.code} {one.get_phase()} {error.message}')
        if one.get_state() != GMulti.TransferState.FAILED:
            findings.append(f'{one.props.uri}: state {one.get_state()}')
        running[0] -= 1

    def begin(one, way, wanted):
        running[0] += 1
        running[1] += 1
        getattr(session, way + '_async')(one, *([Gio.MemoryOutputStream.new_resizable(), 0] if way == 'splice' else []),
                                         None, ended, way + '_finish', one, wanted)

    def download(uri, name, **properties):
        return GMulti.Download(uri=uri, destination=Gio.File.new_for_path(os.path.join(FOLDER, name)),
                               collision=GMulti.Collision.FAIL, **properties)
    for _ in range(36):
        for uri, properties, *wanted in FAILURES:
            begin(GMulti.Transfer(uri=uri, **properties), 'fetch', wanted)
            begin(GMulti.Transfer(uri=uri, **properties), 'splice', wanted)
            begin(download(uri, 'file', **properties), 'download', wanted)
        for name, code in STORAGE:
            begin(download(SERVER + '/small', name), 'download', (IO, code, GMulti.Phase.STORAGE))
        turn(lambda: running[0] == 0)
    assert not findings, findings[:10]
    assert running[1] >= MANY and os.listdir(FOLDER) == [], (running, os.listdir(FOLDER))
    with open(there, encoding='utf-8') as file:
        assert file.read() == 'there'


def main():
    tap = Tap()
    for case in (threads, back_pressure, twins, listed, widgets, failures):
        began = time.monotonic()
        tap.run(case.__name__, case)
        print(f'# {time.monotonic() - began:.1f} s')
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
