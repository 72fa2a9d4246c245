#!/usr/bin/gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// A wall of 500 pictures, each fetched when it comes into view and cancelled when it leaves:
// pictures.js http://localhost/
import Gdk from 'gi://Gdk?version=4.0';
import Gio from 'gi://Gio';
import GMulti from 'gi://GMulti';
import Gtk from 'gi://Gtk?version=4.0';

Gio._promisify(GMulti.Session.prototype, 'fetch_async', 'fetch_finish');

const N_PICTURES = 500;
const SIZE = 96;

const session = new GMulti.Session();
const transfers = new Map();
const complaints = new Set();

async function load(picture, transfer) {
    try {
        picture.paintable = Gdk.Texture.new_from_bytes(await session.fetch_async(transfer, null));
    } catch (error) {
        // Each complaint is made once: hundreds may have the same. Those that are scrolled away are cancelled.
        if (!complaints.has(error.message))
            printerr(error.message);
        complaints.add(error.message);
    }
}

function bind(_factory, item) {
    // A widget of its own for each: a picture that comes too late is shown by nobody.
    item.child = new Gtk.Picture({width_request: SIZE, height_request: SIZE});
    transfers.set(item, new GMulti.Transfer({uri: item.item.string}));
    load(item.child, transfers.get(item));
}

function unbind(_factory, item) {
    transfers.get(item).cancel();
    transfers.delete(item);
    item.child = null;
}

const application = new Gtk.Application();
application.connect('activate', () => {
    const uris = Gtk.StringList.new(Array.from({length: N_PICTURES}, (_, number) => `${ARGV[0]}${number}.png`));
    const factory = new Gtk.SignalListItemFactory();
    factory.connect('bind', bind);
    factory.connect('unbind', unbind);
    const grid = new Gtk.GridView({model: new Gtk.NoSelection({model: uris}), factory});
    new Gtk.ApplicationWindow({application, title: 'Pictures', default_width: 640, default_height: 480,
        child: new Gtk.ScrolledWindow({child: grid})}).present();
});
application.run([]);
