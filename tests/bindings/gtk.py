#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A window of GTK 4 that lists a session's transfers with their progress, on a display of its own: rows come, fill and
go, and frames are drawn meanwhile. GMULTI_SCREENSHOT names a PNG file to keep what it looks like. Run by serve.py."""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

TITLE = 'a window lists transfers and draws their progress'
MANY = 12
RATE = 8_000_000    # bytes a second for all: 24 MB then take three seconds


def main():
    tap = Tap()
    try:
        import gi   # pylint: disable=import-outside-toplevel
        gi.require_version('Gtk', '4.0')
        gi.require_version('GMulti', '1')
    except (ImportError, ValueError) as error:
        tap.skip(TITLE, str(error))
        return tap.finish()
    if shutil.which('Xvfb') is None:
        tap.skip(TITLE, 'there is no Xvfb')
        return tap.finish()

    with tempfile.TemporaryDirectory() as screen, \
            subprocess.Popen(['Xvfb', '-displayfd', '1', '-screen', '0', '480x440x24', '-fbdir', screen, '-nolisten',
                              'tcp'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as display:
        os.environ.update(GMULTI_SCREEN=screen, DISPLAY=':' + display.stdout.readline().strip(), GDK_BACKEND='x11',
                          GSK_RENDERER='cairo', GTK_A11Y='none', GSETTINGS_BACKEND='memory', LC_ALL='C.UTF-8')
        try:
            tap.run(TITLE, lambda: show(sys.argv[1], sys.argv[4]))
        finally:
            display.terminate()
    return tap.finish()


def make_row(_factory, item):
    from gi.repository import Gtk   # pylint: disable=import-outside-toplevel
    row = Gtk.Box(spacing=12, margin_start=12, margin_end=12, margin_top=4, margin_bottom=4)
    row.append(Gtk.Label(width_chars=22, xalign=0))
    row.append(Gtk.ProgressBar(hexpand=True, show_text=True, valign=Gtk.Align.CENTER))
    item.set_child(row)


def show(server, folder):
    """The window, its list and what is checked of them."""
    from gi.repository import GLib, GMulti, GObject, Gtk   # pylint: disable=import-outside-toplevel
    Gtk.init()
    session = GMulti.Session(max_connections_per_host=0, max_download_rate=RATE)
    model, bars, ends = session.get_transfers(), {}, []
    frames, most_rows, seen, backwards = [0], [0], {}, []

    def bind(_factory, item):
        transfer, label = item.get_item(), item.get_child().get_first_child()
        label.set_text(transfer.props.uri.rpartition('#')[2])
        bar = label.get_next_sibling()
        bars[item] = transfer.bind_property('fraction', bar, 'fraction', GObject.BindingFlags.SYNC_CREATE)

    factory = Gtk.SignalListItemFactory()
    factory.connect('setup', make_row)
    factory.connect('bind', bind)
    factory.connect('unbind', lambda _factory, item: bars.pop(item).unbind())
    view = Gtk.ListView(model=Gtk.NoSelection(model=model), factory=factory)
    window = Gtk.Window(title='Transfers', default_width=480, default_height=440, child=view)
    window.present()

    def count_frame(_widget, _clock):
        frames[0] += 1
        return GLib.SOURCE_CONTINUE
    view.add_tick_callback(count_frame)

    def progress(transfer):
        fraction = transfer.props.fraction
        if fraction < seen.get(transfer, 0):
            backwards.append((transfer.props.uri, seen[transfer], fraction))
        seen[transfer] = fraction
    for number in range(MANY):
        transfer = GMulti.Transfer(uri=f'{server}/big#picture-{number + 1:02}.iso')
        transfer.props.max_download_rate = RATE // 16 * (number + 1)
        transfer.connect('progress', progress)
        transfer.connect('completed', lambda one, error: ends.append(error))
        session.start(transfer)

    picture = os.environ.get('GMULTI_SCREENSHOT') or os.path.join(folder, 'window.png')
    late, taken = time.monotonic() + 120, False
    while len(ends) < MANY or model.get_n_items() > 0:
        assert time.monotonic() < late, 'too late'
        GLib.MainContext.default().iteration(True)
        most_rows[0] = max(most_rows[0], len(bars))
        if not taken and frames[0] > 5 and len(seen) == MANY and max(seen.values()) > 0.6:
            take_picture(picture)
            taken = True
    assert ends == [None] * MANY and not backwards, (ends, backwards)
    assert taken and most_rows[0] == MANY, (taken, most_rows)
    # While the list fills the frame clock runs on: not a speed, but more than a few.
    assert frames[0] > 20, frames
    window.destroy()


def take_picture(path):
    """What the display shows now, which must not be a blank. Xvfb keeps it in a file as xwd(1) writes them: a head of
    words, a table of colours, and for each pixel blue, green, red and nothing."""
    from gi.repository import GdkPixbuf, GLib   # pylint: disable=import-outside-toplevel
    with open(os.path.join(os.environ['GMULTI_SCREEN'], 'Xvfb_screen0'), 'rb') as file:
        screen = file.read()
    head = struct.unpack('>25I', screen[:100])
    width, height, depth, line, begin = head[4], head[5], head[11], head[12], head[0] + 12 * head[19]
    assert depth == 32 and line == 4 * width, head
    pixels = bytearray(3 * width * height)
    for colour in range(3):
        pixels[colour::3] = screen[begin + 2 - colour:begin + line * height:4]
    assert len({bytes(pixels[i:i + 3]) for i in range(0, len(pixels), 3)}) > 8
    GdkPixbuf.Pixbuf.new_from_bytes(GLib.Bytes.new(bytes(pixels)), GdkPixbuf.Colorspace.RGB, False, 8, width, height,
                                    3 * width).savev(path, 'png', [], [])


if __name__ == '__main__':
    sys.exit(main())
