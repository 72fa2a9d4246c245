#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A wall of 500 pictures, each fetched when it comes into view and cancelled when it leaves:
pictures.py http://localhost/"""

import sys
import gi
gi.require_version('Gdk', '4.0')
gi.require_version('GMulti', '1')
gi.require_version('Gtk', '4.0')
from gi.repository import Gdk, GLib, GMulti, Gtk

N_PICTURES = 500
SIZE = 96

session = GMulti.Session()
transfers = {}
complaints = set()


def fetched(_session, result, picture):
    try:
        picture.set_paintable(Gdk.Texture.new_from_bytes(session.fetch_finish(result)))
    except GLib.Error as error:
        # Each complaint is made once: hundreds may have the same. Those that are scrolled away are cancelled.
        if error.message not in complaints:
            complaints.add(error.message)
            print(error.message, file=sys.stderr)


def bind(_factory, item):
    # A widget of its own for each: a picture that comes too late is shown by nobody.
    picture = Gtk.Picture(width_request=SIZE, height_request=SIZE)
    item.set_child(picture)
    transfers[item] = GMulti.Transfer(uri=item.get_item().get_string())
    session.fetch_async(transfers[item], None, fetched, picture)


def unbind(_factory, item):
    transfers.pop(item).cancel()
    item.set_child(None)


def activate(app):
    uris = Gtk.StringList.new([f'{sys.argv[1]}{number}.png' for number in range(N_PICTURES)])
    factory = Gtk.SignalListItemFactory()
    factory.connect('bind', bind)
    factory.connect('unbind', unbind)
    grid = Gtk.GridView(model=Gtk.NoSelection(model=uris), factory=factory)
    Gtk.ApplicationWindow(application=app, title='Pictures', default_width=640, default_height=480,
                          child=Gtk.ScrolledWindow(child=grid)).present()


application = Gtk.Application()
application.connect('activate', activate)
application.run()
