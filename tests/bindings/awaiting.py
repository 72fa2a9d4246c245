#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The object face from Python by await, which PyGObject has from 3.50 on. Run by serve.py; awaiting.sh fetches such a
PyGObject where the installed one is older.

What PyGObject 3.50 itself does not have is gone around here as a program has to: what it returns is awaited in a coroutine
(asyncio.gather() wants one), and is cancelled by its own cancel(), by a GCancellable or by the transfer."""

import asyncio
import gc
import os
import signal
import sys

import gi
gi.require_version('GMulti', '1')
from gi.repository import Gio, GLib, GMulti  # pylint: disable=wrong-import-position

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from httpd import content  # pylint: disable=wrong-import-position
from tap import Tap  # pylint: disable=wrong-import-position

SERVER, REFUSED, FOLDER, SECURE = sys.argv[1:5]
BLOCK = 65536
TIME_LIMIT = 120


def transfer(path):
    return GMulti.Transfer(uri=SERVER + path)


async def fails(domain, code, waiting):
    try:
        await waiting
    except GLib.Error as error:
        assert error.matches(domain, code), f'{error.domain} {error.code} {error.message}'
    else:
        raise AssertionError('it did not fail')


async def fetch():
    one = transfer('/bytes/123456/x')
    assert (await GMulti.Session().fetch_async(one)).get_data() == content(123456)
    assert one.get_state() == GMulti.TransferState.SUCCEEDED


async def without_cancellable():
    assert (await GMulti.Session().fetch_async(transfer('/bytes/10/x'), None)).get_size() == 10


async def gathered():
    session = GMulti.Session()

    async def size():
        return (await session.fetch_async(transfer('/bytes/1000/x'))).get_size()

    assert await asyncio.gather(*(size() for _ in range(50))) == [1000] * 50


async def failures():
    session, errors = GMulti.Session(), GMulti.TransferError
    await fails(errors.quark(), errors.HTTP_STATUS, session.fetch_async(transfer('/status/404')))
    await fails(errors.quark(), errors.BAD_URI, session.fetch_async(GMulti.Transfer(uri='http://[oops/')))
    await fails(Gio.io_error_quark(), Gio.IOErrorEnum.CONNECTION_REFUSED, session.fetch_async(GMulti.Transfer(uri=REFUSED)))
    await fails(Gio.tls_error_quark(), Gio.TlsError.BAD_CERTIFICATE,
                session.fetch_async(GMulti.Transfer(uri=SECURE + '/bytes/10/x')))


async def download():
    one = GMulti.Download(uri=SERVER + '/bytes/100000/file.bin', destination=Gio.File.new_for_path(FOLDER))
    file = await GMulti.Session().download_async(one)
    assert file.get_path() == os.path.join(FOLDER, 'file.bin') and file.load_contents(None)[1] == content(100000)
    file.delete(None)


async def blocks_of(stream):
    """PyGObject has no `async for` for a stream yet, and it is three lines."""
    while (block := await stream.read_bytes_async(BLOCK, GLib.PRIORITY_DEFAULT)).get_size() > 0:
        yield block.get_data()
    await stream.close_async(GLib.PRIORITY_DEFAULT)


async def stream_in_blocks():
    found = [block async for block in blocks_of(await GMulti.Session().open_async(transfer('/bytes/300000/x')))]
    assert len(found) > 1 and b''.join(found) == content(300000), [len(block) for block in found]


async def splice():
    target = Gio.MemoryOutputStream.new_resizable()
    size = await GMulti.Session().splice_async(transfer('/bytes/200000/x'), target, Gio.OutputStreamSpliceFlags.CLOSE_TARGET)
    assert size == 200000 and target.steal_as_bytes().get_data() == content(200000)


async def preconnect_and_close():
    session = GMulti.Session()
    assert await session.preconnect_async(SERVER)
    session.start(transfer('/bytes/10/x'))
    assert await session.close_async()
    assert session.get_n_unfinished() == 0


async def cancelled_by(way):
    """way: called with what is awaited, the cancellable and the transfer while the body comes."""
    one, own = transfer('/slow/10000000/x'), Gio.Cancellable()
    waiting = GMulti.Session().fetch_async(one, own)
    one.connect('progress', lambda _: way(waiting, own))
    await fails(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED, waiting)
    assert one.get_state() == GMulti.TransferState.CANCELLED


async def cancel():
    await cancelled_by(lambda waiting, own: waiting.cancel())
    await cancelled_by(lambda waiting, own: own.cancel())
    one = transfer('/slow/10000000/x')
    one.connect('progress', GMulti.Transfer.cancel)
    await fails(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED, GMulti.Session().fetch_async(one))


async def cancel_without_cancellable():
    """Left out, PyGObject makes one of its own for it."""
    one = transfer('/slow/10000000/x')
    waiting = GMulti.Session().fetch_async(one)
    one.connect('progress', lambda _: waiting.cancel())
    await fails(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED, waiting)


async def dropped():
    """Who forgets to await has still started it, and drops the session: it is finished all the same."""
    one = transfer('/bytes/1000/x')
    GMulti.Session().fetch_async(one)
    gc.collect()
    while one.get_state() != GMulti.TransferState.SUCCEEDED:
        await asyncio.sleep(0.01)


async def question():
    """The answer is awaited too: other coroutines run while the transfer waits for it."""
    session, answers = GMulti.Session(), []

    async def answer(challenge):
        assert (await session.fetch_async(transfer('/bytes/10/x'))).get_size() == 10
        challenge.answer('user', 'secret')

    def ask(_session, _transfer, challenge):
        answers.append(asyncio.get_running_loop().create_task(answer(challenge)))
        return True

    session.connect('authenticate', ask)
    assert (await session.fetch_async(transfer('/login'))).get_data() == b'inside' and len(answers) == 1


def main():
    tap = Tap()
    cases = (fetch, without_cancellable, gathered, failures, download, stream_in_blocks, splice, preconnect_and_close, cancel,
             cancel_without_cancellable, dropped, question)
    if gi.version_info < (3, 50):
        tap.skip('awaiting', f'PyGObject {gi.__version__} cannot await, 3.50 can: tests/bindings/awaiting.sh')
        return tap.finish()
    from gi.events import GLibEventLoopPolicy  # pylint: disable=import-outside-toplevel,import-error,no-name-in-module
    signal.alarm(TIME_LIMIT)
    asyncio.set_event_loop_policy(policy := GLibEventLoopPolicy())
    for case in cases:
        tap.run(case.__name__, lambda case=case: policy.get_event_loop().run_until_complete(case()))
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
