# SPDX-License-Identifier: LGPL-2.1-or-later
"""A display of its own for programs with windows (Xvfb), and hands for it (xdotool). There is no window manager."""

import ctypes
import os
import shutil
import struct
import subprocess
import tempfile
import time
import zlib

STEP = 0.2
CLIENT_MESSAGE = 33
XEVENT_SIZE = 192


class Display:
    """Used in a with statement; env is what programs need to be on it."""

    def __init__(self, width, height):
        self.size = f'{width}x{height}x24'
        self.width, self.height = width, height

    def __enter__(self):
        self.folder = tempfile.mkdtemp()
        self.server = subprocess.Popen(['Xvfb', '-displayfd', '1', '-screen', '0', self.size, '-fbdir', self.folder,
                                        '-nolisten', 'tcp'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.env = {'DISPLAY': ':' + self.server.stdout.readline().strip(), 'GDK_BACKEND': 'x11', 'GSK_RENDERER': 'cairo',
                    'GTK_A11Y': 'none', 'GTK_THEME': 'Adwaita'}
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        shutil.rmtree(self.folder)

    def xdotool(self, *words):
        done = subprocess.run(['xdotool', *words], env={**os.environ, **self.env}, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, timeout=20, check=False)
        return done.stdout.split()

    def windows(self):
        """Those that are shown and have a title, in the order of their making."""
        return sorted(self.xdotool('search', '--onlyvisible', '--name', '..'), key=int)

    def wait_for_windows(self, number, seconds):
        late = time.monotonic() + seconds
        while len(self.windows()) < number:
            assert time.monotonic() < late, f'there are {len(self.windows())} windows'
            time.sleep(STEP)

    def scroll(self, done, seconds, there_and_back=None):
        """Down by the wheel, 20 clicks at a time, until it is done; after so many times up again, and so on."""
        late = time.monotonic() + seconds
        n_times = 0
        self.xdotool('mousemove', str(self.width // 2), str(self.height // 2))
        while not done():
            assert time.monotonic() < late, 'it does not scroll'
            up = there_and_back is not None and n_times // there_and_back % 2 == 1
            self.xdotool('click', '--repeat', '20', '--delay', '5', '4' if up else '5')
            n_times += 1
            time.sleep(STEP)

    def key_to_dialog(self, key, done, seconds):
        """To the newest window, and again if it was not ready yet, until it is done."""
        late = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < late, 'nothing comes of the key'
            windows = self.windows()
            if len(windows) > 1:
                self.xdotool('windowfocus', '--sync', windows[-1])
                self.xdotool('key', '--clearmodifiers', key)
            time.sleep(STEP)

    def close_window(self, window):
        """Asks it to close, as a window manager does when its button is pressed: by a ClientMessage to the program."""
        xlib = ctypes.CDLL('libX11.so.6')
        xlib.XOpenDisplay.restype, xlib.XInternAtom.restype = ctypes.c_void_p, ctypes.c_ulong
        display = ctypes.c_void_p(xlib.XOpenDisplay(self.env['DISPLAY'].encode()))
        protocols, delete = (xlib.XInternAtom(display, name, 0) for name in (b'WM_PROTOCOLS', b'WM_DELETE_WINDOW'))
        event = struct.pack('@iLiPLLi5l', CLIENT_MESSAGE, 0, 1, 0, int(window), protocols, 32, delete, 0, 0, 0, 0)
        xlib.XSendEvent(display, ctypes.c_ulong(int(window)), 0, ctypes.c_long(0), event.ljust(XEVENT_SIZE, b'\0'))
        xlib.XCloseDisplay(display)

    def pixels(self):
        """What is shown now, as lines of red, green, blue. Xvfb keeps it in a file as xwd(1) writes them: a head of words,
        a table of colours, and for each pixel blue, green, red and nothing."""
        with open(os.path.join(self.folder, 'Xvfb_screen0'), 'rb') as file:
            screen = file.read()
        head = struct.unpack('>25I', screen[:100])
        line, begin = head[12], head[0] + 12 * head[19]
        pixels = bytearray(3 * self.width * self.height)
        for colour in range(3):
            pixels[colour::3] = screen[begin + 2 - colour:begin + line * self.height:4]
        return bytes(pixels)

    def wait_for_colours(self, number, seconds):
        late = time.monotonic() + seconds
        while True:
            pixels = self.pixels()
            found = len({pixels[i:i + 3] for i in range(0, len(pixels), 3)})
            if found >= number:
                return
            assert time.monotonic() < late, f'there are {found} colours'
            time.sleep(STEP)

    def save(self, path):
        """As a PNG."""
        pixels, line = self.pixels(), 3 * self.width
        rows = b''.join(b'\0' + pixels[i:i + line] for i in range(0, len(pixels), line))

        def chunk(kind, data):
            return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
        with open(path, 'wb') as file:
            file.write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', self.width, self.height, 8, 2, 0, 0, 0))
                       + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))
