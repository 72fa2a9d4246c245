#!/usr/bin/gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// Sends a form with a text and a file, and tells how it goes; Ctrl-C cancels:
// upload.js http://localhost/upload FILE TITLE
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GMulti from 'gi://GMulti';
import {exit} from 'system';

Gio._promisify(GMulti.Session.prototype, 'fetch_async', 'fetch_finish');

const SIGINT = 2;
const [uri, path, title] = ARGV;

const form = new GMulti.Form();
form.add_text('title', title);
form.add_file('file', null, Gio.File.new_for_commandline_arg(path));

const transfer = new GMulti.Transfer({uri});
transfer.set_body_form(form);
const stderr = new Gio.UnixOutputStream({fd: 2, close_fd: false});
transfer.connect('progress', () => {
    stderr.write_all(`\r${String(Math.round(100 * Math.max(transfer.fraction, 0))).padStart(3)} %`, null);
});

const cancellable = new Gio.Cancellable();
GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, SIGINT, () => {
    cancellable.cancel();
    return GLib.SOURCE_CONTINUE;
});

try {
    const answer = await new GMulti.Session().fetch_async(transfer, cancellable);
    print(new TextDecoder().decode(answer.toArray()).trimEnd());
    printerr('');
} catch (error) {
    printerr(`\n${error.message}`);
    exit(1);
}
