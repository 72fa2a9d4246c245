#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lists what a JSON service has, page by page; with a name, adds an item of that name first:
client.py http://localhost/items [NAME]"""

import json
import sys
import gi
gi.require_version('GMulti', '1')
from gi.repository import GLib, GMulti


class Refused(Exception):
    """The service's own words."""


def call(session, uri, item=None):
    """GETs what is at the address, or POSTs an item to it. The service speaks JSON, also when it refuses."""
    transfer = GMulti.Transfer(uri=uri, accept_status=True)
    if item is not None:
        transfer.set_body_bytes('application/json', GLib.Bytes.new(json.dumps(item).encode()))
    answer = json.loads(session.fetch(transfer, None).get_data())
    response = transfer.props.response
    if not response.is_success():
        raise Refused(f'{answer["error"]} ({response.get_status()})')
    return answer


def main(uri, name=None):
    session = GMulti.Session()
    if name is not None:
        call(session, uri, {'name': name})
    while uri:
        page = call(session, uri)
        for item in page['items']:
            print(item['id'], item['name'])
        uri = page['next']


try:
    main(*sys.argv[1:])
except GLib.Error as error:
    sys.exit(error.message)
except Refused as refusal:
    sys.exit(refusal)
