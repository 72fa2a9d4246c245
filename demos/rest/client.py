#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lists what a JSON service has, page by page; with a name, adds an item of that name first; Ctrl-C cancels:
client.py http://localhost/items [NAME]"""

import json
import signal
import sys
import threading
import gi
gi.require_version('GMulti', '1')
from gi.repository import Gio, GLib, GMulti


class Refused(Exception):
    """The service's own words."""


def wait_for_interrupt(cancellable):
    """The calls of the main thread block: what cancels them comes from another one."""
    signal.sigwait({signal.SIGINT})
    cancellable.cancel()


def call(session, uri, cancellable, item=None):
    """GETs what is at the address, or POSTs an item to it. The service speaks JSON, also when it refuses."""
    transfer = GMulti.Transfer(uri=uri, accept_status=True)
    if item is not None:
        transfer.set_body_bytes('application/json', GLib.Bytes.new(json.dumps(item).encode()))
    answer = json.loads(session.fetch(transfer, cancellable).get_data())
    response = transfer.props.response
    if not response.is_success():
        raise Refused(f'{answer["error"]} ({response.get_status()})')
    return answer


def main(uri, name=None):
    cancellable = Gio.Cancellable()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    threading.Thread(target=wait_for_interrupt, args=[cancellable], daemon=True).start()

    session = GMulti.Session()
    if name is not None:
        call(session, uri, cancellable, {'name': name})
    while uri:
        page = call(session, uri, cancellable)
        for item in page['items']:
            print(item['id'], item['name'])
        uri = page['next']


try:
    main(*sys.argv[1:])
except GLib.Error as error:
    sys.exit(error.message)
except Refused as refusal:
    sys.exit(refusal)
