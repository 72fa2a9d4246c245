#!/usr/bin/gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// Lists what a JSON service has, page by page; with a name, adds an item of that name first; Ctrl-C cancels:
// client.js http://localhost/items [NAME]
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GMulti from 'gi://GMulti';
import {exit} from 'system';

Gio._promisify(GMulti.Session.prototype, 'fetch_async', 'fetch_finish');

const SIGINT = 2;
const session = new GMulti.Session();
const cancellable = new Gio.Cancellable();

// GETs what is at the address, or POSTs an item to it. The service speaks JSON, also when it refuses.
async function call(uri, item = null) {
    const transfer = new GMulti.Transfer({uri, accept_status: true});
    if (item)
        transfer.set_body_bytes('application/json', new TextEncoder().encode(JSON.stringify(item)));
    const body = await session.fetch_async(transfer, cancellable);
    const answer = JSON.parse(new TextDecoder().decode(body.toArray()));
    if (!transfer.response.is_success())
        throw new Error(`${answer.error} (${transfer.response.status})`);
    return answer;
}

GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, SIGINT, () => {
    cancellable.cancel();
    return GLib.SOURCE_CONTINUE;
});

let [uri, name] = ARGV;
try {
    if (name !== undefined)
        await call(uri, {name});
    while (uri) {
        const page = await call(uri);
        for (const item of page.items)
            print(item.id, item.name);
        uri = page.next;
    }
} catch (error) {
    printerr(error.message);
    exit(1);
}
