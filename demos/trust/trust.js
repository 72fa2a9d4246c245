#!/usr/bin/gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// Fetches a page, and asks in a dialog when something is wrong with the certificate; closing the window cancels:
// trust.js https://localhost/
import Gio from 'gi://Gio';
import GMulti from 'gi://GMulti';
import GObject from 'gi://GObject';
import Gtk from 'gi://Gtk?version=4.0';
import {exit} from 'system';

Gio._promisify(GMulti.Session.prototype, 'fetch_async', 'fetch_finish');

const session = new GMulti.Session();
let status = 0;

// The transfer waits, and nothing else does, until the check is answered or dropped.
function checkTrust(window, check) {
    const dialog = new Gtk.MessageDialog({
        title: 'Certificate',
        transient_for: window,
        modal: true,
        message_type: Gtk.MessageType.WARNING,
        text: check.dup_text(),
        secondary_text: `It says that it was issued by ${check.certificate.issuer_name}.`,
    });
    dialog.add_button('_Cancel', Gtk.ResponseType.CANCEL);
    dialog.add_button('_Trust', Gtk.ResponseType.ACCEPT);
    dialog.connect('response', (_dialog, response) => {
        if (response === Gtk.ResponseType.ACCEPT)
            check.accept();
        else
            check.reject();
        dialog.destroy();
    });
    dialog.present();
    return true;
}

async function load(transfer) {
    try {
        const bytes = await session.fetch_async(transfer, null);
        print(new TextDecoder().decode(bytes.toArray()).trimEnd());
    } catch (error) {
        printerr(error.message);
        status = 1;
    }
    application.quit();
}

const application = new Gtk.Application();
application.connect('activate', () => {
    const transfer = new GMulti.Transfer({uri: ARGV[0]});
    const label = new Gtk.Label();
    const window = new Gtk.ApplicationWindow({application, title: ARGV[0], default_width: 640, default_height: 400,
        child: label, hide_on_close: true});
    window.connect('hide', () => transfer.cancel());
    transfer.bind_property('status-text', label, 'label', GObject.BindingFlags.SYNC_CREATE);
    transfer.connect('check-trust', (_transfer, check) => checkTrust(window, check));
    load(transfer);
    window.present();
});
application.run([]);
exit(status);
