#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Windows of GTK 4, on a display of their own. One lists a session's transfers with their progress: rows come, fill and go,
and frames are drawn meanwhile. The other is made by GtkBuilder from gtk.ui, whose rows know all that they show by
expressions. GMULTI_SCREENSHOT names a PNG file to keep what it looks like. Run by serve.py."""

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
BUILT = 'a window that GtkBuilder made shows transfers by expressions'
MANY = 12
RATE = 8_000_000    # bytes a second for all: 24 MB then take three seconds


def main():
    tap = Tap()
    try:
        import gi   # pylint: disable=import-outside-toplevel
        gi.require_version('Gtk', '4.0')
        gi.require_version('GMulti', '1')
    except (ImportError, ValueError) as error:
        for title in TITLE, BUILT:
            tap.skip(title, str(error))
        return tap.finish()
    if shutil.which('Xvfb') is None:
        for title in TITLE, BUILT:
            tap.skip(title, 'there is no Xvfb')
        return tap.finish()

    with tempfile.TemporaryDirectory() as screen, \
            subprocess.Popen(['Xvfb', '-displayfd', '1', '-screen', '0', '480x440x24', '-fbdir', screen, '-nolisten',
                              'tcp'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as display:
        os.environ.update(GMULTI_SCREEN=screen, DISPLAY=':' + display.stdout.readline().strip(), GDK_BACKEND='x11',
                          GSK_RENDERER='cairo', GTK_A11Y='none', GSETTINGS_BACKEND='memory', LC_ALL='C.UTF-8')
        try:
            tap.run(TITLE, lambda: show(sys.argv[1], sys.argv[4]))
            tap.run(BUILT, lambda: build(sys.argv[1]))
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


def texts(view):
    """What the rows of the view say now, from the first one: title, progress and its text, size."""
    found, child = [], view.get_first_child()
    while child is not None:
        row = child.get_first_child()
        if row is not None and child.get_child_visible():
            title, bar = row.get_first_child(), row.get_first_child().get_next_sibling()
            found.append((title.get_text(), bar.get_fraction(), bar.get_text(), bar.get_next_sibling().get_text()))
        child = child.get_next_sibling()
    return found


def build(server):
    """Everything is in the file; the program adds transfers to the group that was built, and looks."""
    from gi.repository import GLib, GMulti, GObject, Gtk   # pylint: disable=import-outside-toplevel
    Gtk.init()
    for known in GMulti.Session, GMulti.Transfer, GMulti.Group, GMulti.Response:
        GObject.type_ensure(known)
    sizes, ends = [], []

    def tell_size(_row, received, length):
        sizes.append((received, length))
        return f'{received // 1000} of {length // 1000} kB'
    # A fraction that is not known is -1, which a bar takes for a mistake.
    builder = Gtk.Builder({'tell_size': tell_size, 'known': lambda _row, fraction: max(fraction, 0)})
    builder.add_from_file(os.path.join(HERE, 'gtk.ui'))
    session, group, broken, window, view, shown = map(builder.get_object, ('session', 'group', 'broken', 'window', 'view', 'shown'))
    assert session.props.max_connections_per_host == 0 and window.get_title() == 'Pictures', window.get_title()
    assert broken.props.redirects == GMulti.Redirects.SAME_ORIGIN and broken.props.priority == -9
    window.present()

    transfers = [broken] + [GMulti.Transfer(uri=server + '/big', title=f'picture {number}', priority=-number)
                            for number in range(MANY)]
    for transfer in transfers:
        transfer.connect('completed', lambda one, error: ends.append((one, error)))
        group.add(transfer)
        session.start(transfer)
    late, between = time.monotonic() + 120, False
    complete = [(f'picture {number}', 1.0, '2000 of 2000 kB') for number in reversed(range(MANY))]
    while len(ends) < len(transfers) or [(row[0], row[1], row[3]) for row in texts(view)] != complete:
        assert time.monotonic() < late, (len(ends), texts(view))
        GLib.MainContext.default().iteration(True)
        between = between or any(0 < row[1] < 1 for row in texts(view))
    # The group has the broken one, too: what is not called a picture is not shown.
    assert group.get_transfers().get_n_items() == MANY + 1 and shown.get_n_items() == MANY
    assert [one for one, error in ends if error is not None] == [broken], ends
    assert between and len(sizes) > MANY and all(0 <= received <= length for received, length in sizes), sizes[:20]
    assert all(row[2] == transfers[1].dup_status_text() for row in texts(view)), texts(view)
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
