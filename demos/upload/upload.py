#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sends a form with a text and a file, and tells how it goes; Ctrl-C cancels:
upload.py http://localhost/upload FILE TITLE"""

import signal
import sys
import gi
gi.require_version('GMulti', '1')
from gi.repository import Gio, GLib, GMulti

uri, path, title = sys.argv[1:]
loop = GLib.MainLoop()
cancellable = Gio.Cancellable()
failure = []


def show_progress(transfer):
    print(f'\r{100 * max(transfer.props.fraction, 0):3.0f} %', end='', file=sys.stderr, flush=True)


def sent(session, result):
    try:
        print(session.fetch_finish(result).get_data().decode(), end='')
    except GLib.Error as error:
        failure.append(error.message)
    loop.quit()


form = GMulti.Form()
form.add_text('title', title)
form.add_file('file', None, Gio.File.new_for_commandline_arg(path))

transfer = GMulti.Transfer(uri=uri)
transfer.set_body_form(form)
transfer.connect('progress', show_progress)
GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGINT, lambda: cancellable.cancel() or GLib.SOURCE_CONTINUE)

session = GMulti.Session()
session.fetch_async(transfer, cancellable, sent)
loop.run()

print(file=sys.stderr)
sys.exit(failure[0] if failure else 0)
