#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fetches a page, and asks in a dialog when something is wrong with the certificate; closing the window cancels:
trust.py https://localhost/"""

import sys
import gi
gi.require_version('GMulti', '1')
gi.require_version('Gtk', '4.0')
from gi.repository import GLib, GMulti, GObject, Gtk

session = GMulti.Session()
failure = []


def check_trust(_transfer, check, window):
    """The transfer waits, and nothing else does, until the check is answered or dropped."""
    dialog = Gtk.MessageDialog(title='Certificate', transient_for=window, modal=True, message_type=Gtk.MessageType.WARNING,
                               text=check.dup_text(),
                               secondary_text=f'It says that it was issued by {check.props.certificate.props.issuer_name}.')
    dialog.add_button('_Cancel', Gtk.ResponseType.CANCEL)
    dialog.add_button('_Trust', Gtk.ResponseType.ACCEPT)

    def answer(_dialog, response):
        if response == Gtk.ResponseType.ACCEPT:
            check.accept()
        else:
            check.reject()
        dialog.destroy()
    dialog.connect('response', answer)
    dialog.present()
    return True


def fetched(_session, result, app):
    try:
        print(session.fetch_finish(result).get_data().decode(), end='')
    except GLib.Error as error:
        failure.append(error.message)
    app.quit()


def activate(app):
    label = Gtk.Label()
    window = Gtk.ApplicationWindow(application=app, title=sys.argv[1], default_width=640, default_height=400, child=label,
                                   hide_on_close=True)
    window.present()
    transfer = GMulti.Transfer(uri=sys.argv[1])
    transfer.bind_property('status-text', label, 'label', GObject.BindingFlags.SYNC_CREATE)
    transfer.connect('check-trust', check_trust, window)
    window.connect('hide', lambda _: transfer.cancel())
    session.fetch_async(transfer, None, fetched, app)


application = Gtk.Application()
application.connect('activate', activate)
application.run()
sys.exit(failure[0] if failure else 0)
