// SPDX-License-Identifier: LGPL-2.1-or-later
// The object face from GJS, by promises. Run by serve.py.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GMulti from 'gi://GMulti';
import System from 'system';

for (const name of ['fetch', 'open', 'splice', 'download'])
    Gio._promisify(GMulti.Session.prototype, `${name}_async`, `${name}_finish`);
for (const name of ['read_bytes', 'close'])
    Gio._promisify(Gio.InputStream.prototype, `${name}_async`, `${name}_finish`);

const [SERVER, REFUSED, FOLDER, SECURE] = ARGV;
const MANY = 200;

function transfer(path) {
    return new GMulti.Transfer({uri: SERVER + path});
}

// What the server sends: each position says where it is.
function content(size) {
    let text = '';
    for (let position = 0; position < size; position += 10)
        text += `${String(position).padStart(9, '0')}\n`;
    return text.slice(0, size);
}

function text(bytes) {
    return new TextDecoder().decode(bytes.toArray());
}

// What a stream has, block by block; newer versions of GJS have this of their own.
async function *blocks(stream, size = 65536) {
    try {
        for (;;) {
            const bytes = await stream.read_bytes_async(size, GLib.PRIORITY_DEFAULT, null);
            if (bytes.get_size() === 0)
                return;
            yield bytes;
        }
    } finally {
        await stream.close_async(GLib.PRIORITY_DEFAULT, null);
    }
}

function check(good, finding = '') {
    if (!good)
        throw new Error(`it does not hold: ${finding}`);
}

async function fails(domain, code, promise) {
    let caught = null;
    try {
        await promise;
    } catch (error) {
        caught = error;
    }
    check(caught?.matches?.(domain, code), caught);
}

function later(ms, callback) {
    GLib.timeout_add(GLib.PRIORITY_DEFAULT, ms, () => callback() ?? GLib.SOURCE_REMOVE);
}

const cases = {
    async fetch() {
        check(text(await new GMulti.Session().fetch_async(transfer('/bytes/123456/x'), null)) === content(123456));
    },
    async status() {
        const one = transfer('/status/404');
        await fails(GMulti.TransferError, GMulti.TransferError.HTTP_STATUS, new GMulti.Session().fetch_async(one, null));
        check(one.ref_response().get_status() === 404);
    },
    async headers() {
        const one = transfer('/echo');
        one.set_header('X-Colour', 'green');
        const body = text(await new GMulti.Session().fetch_async(one, null));
        check(body.includes('X-Colour: green\n'), body);
        check(one.ref_response().get_headers().get_value('content-length') === String(body.length));
    },
    async containers() {
        // What is in a list or a table is freed once, by whom it was given to.
        const jar = new GMulti.CookieJar();
        for (const cookie of ['a=b', 'c=d; Max-Age=1000'])
            jar.set('http://a.example/', cookie);
        for (let turn = 0; turn < 3; turn++) {
            const names = jar.dup_all().map(cookie => `${cookie.get_name()}=${cookie.get_value()}`);
            check(names.join() === 'a=b,c=d', names);
            System.gc();
        }
        check(new GMulti.CookieJar().dup_all().length === 0);
        const found = new GMulti.Headers();
        found.append('Content-Type', 'Text/HTML; charset=utf-8; A="b c"');
        for (let turn = 0; turn < 3; turn++) {
            const [type, parameters] = found.dup_content_type();
            check(type === 'text/html' && parameters.charset === 'utf-8' && parameters.a === 'b c', type);
            System.gc();
        }
    },
    async bad_uri() {
        await fails(GMulti.TransferError, GMulti.TransferError.BAD_URI,
            new GMulti.Session().fetch_async(new GMulti.Transfer({uri: 'http://[oops/'}), null));
    },
    async refused() {
        const one = new GMulti.Transfer({uri: REFUSED});
        await fails(Gio.IOErrorEnum, Gio.IOErrorEnum.CONNECTION_REFUSED,
            new GMulti.Session().fetch_async(one, null));
        const lines = one.dup_explanation().split('\n');
        check(lines[0] === 'Could not connect to 127.0.0.1: the connection was refused.' && lines.length === 2 &&
            lines[1].startsWith('• No connection to 127.0.0.1 port '), lines);
    },
    async cancel() {
        const cancellable = new Gio.Cancellable();
        const one = transfer('/slow/10000000/x');
        one.connect('progress', () => cancellable.cancel());
        await fails(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED, new GMulti.Session().fetch_async(one, cancellable));
    },
    async download() {
        const destination = Gio.File.new_for_path(FOLDER);
        const one = new GMulti.Download({uri: `${SERVER}/slow/100000/file.bin`, destination});
        const fractions = [];
        one.connect('notify::fraction', () => fractions.push(one.fraction));
        const file = await new GMulti.Session().download_async(one, null);
        check(file.get_path() === `${FOLDER}/file.bin`, file.get_path());
        check(new TextDecoder().decode(file.load_contents(null)[1]) === content(100000));
        check(fractions.at(-1) === 1, fractions);
        file.delete(null);
    },
    async download_fails() {
        const destination = Gio.File.new_for_path(FOLDER);
        const one = new GMulti.Download({uri: `${SERVER}/slow/10000000/file.bin`, destination});
        const cancellable = new Gio.Cancellable();
        one.connect('progress', () => cancellable.cancel());
        await fails(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED, new GMulti.Session().download_async(one, cancellable));
        const left = destination.enumerate_children('standard::name', 0, null).next_file(null);
        check(left === null, left?.get_name());
    },
    async stream() {
        // A stream keeps its session.
        const source = await new GMulti.Session().open_async(transfer('/bytes/300000/x'), null);
        System.gc();
        let body = '';
        for (;;) {
            const bytes = await source.read_bytes_async(65536, GLib.PRIORITY_DEFAULT, null);
            if (bytes.get_size() === 0)
                break;
            body += text(bytes);
        }
        check(body === content(300000), body.length);
    },
    async for_await() {
        const source = await new GMulti.Session().open_async(transfer('/bytes/300000/x'), null);
        let body = '';
        for await (const bytes of blocks(source))
            body += text(bytes);
        check(body === content(300000), body.length);
        // Whoever leaves early has had enough: the rest is not waited for.
        const one = transfer('/slow/10000000/x');
        for await (const bytes of blocks(await new GMulti.Session().open_async(one, null))) {
            check(bytes.get_size() > 0);
            break;
        }
    },
    async splice() {
        const target = Gio.MemoryOutputStream.new_resizable();
        const size = await new GMulti.Session().splice_async(transfer('/bytes/200000/x'), target,
            Gio.OutputStreamSpliceFlags.CLOSE_TARGET, null);
        check(size === 200000 && text(target.steal_as_bytes()) === content(200000), size);
    },
    async order() {
        const one = transfer('/slow/50000/x');
        let letters = '';
        one.connect('progress', () => (letters += 'p'));
        one.connect('completed', () => (letters += 'c'));
        await new GMulti.Session().fetch_async(one, null);
        check(/^p+c$/.test(letters), letters);
    },
    async many() {
        const session = new GMulti.Session();
        const transfers = session.get_transfers();
        let most = 0;
        transfers.connect('items-changed', () => (most = Math.max(most, transfers.get_n_items())));
        const all = await Promise.all(Array.from({length: MANY}, () => session.fetch_async(transfer('/bytes/1000/x'), null)));
        check(all.length === MANY && all.every(bytes => bytes.get_size() === 1000));
        for (let turn = 0; turn < 100 && transfers.get_n_items() > 0; turn++)
            await new Promise(resolve => GLib.timeout_add(0, 10, () => resolve() ?? GLib.SOURCE_REMOVE));
        check(most > 0 && transfers.get_n_items() === 0, `${most} ${transfers.get_n_items()}`);
    },
    async start() {
        const session = new GMulti.Session();
        const one = transfer('/status/404');
        const error = await new Promise(resolve => {
            one.connect('completed', (_, reason) => resolve(reason));
            session.start(one);
        });
        check(error.matches(GMulti.TransferError, GMulti.TransferError.HTTP_STATUS), error);
    },
    // The session is asked for all its transfers, and answers when it likes; garbage is collected meanwhile.
    async question_late() {
        const session = new GMulti.Session();
        const one = transfer('/login');
        session.connect('authenticate', (asker, about, challenge) => {
            check(asker === session && about === one && challenge.realm === 'way in' && challenge.attempt === 1);
            later(30, () => challenge.answer('user', 'secret'));
            return true;
        });
        later(10, () => System.gc());
        check(text(await session.fetch_async(one, null)) === 'inside');
    },
    async question_transfer_first() {
        const session = new GMulti.Session();
        const one = transfer('/login');
        let asked = 0;
        session.connect('authenticate', () => ++asked > 0);
        one.connect('authenticate', (_, challenge) => challenge.answer('user', 'secret') ?? true);
        check(text(await session.fetch_async(one, null)) === 'inside' && asked === 0);
    },
    // Who promises an answer and loses the question has declined, when the collector finds it.
    async question_dropped() {
        const session = new GMulti.Session();
        let asked = 0;
        session.connect('authenticate', () => ++asked > 0);
        later(30, () => System.gc());
        await fails(GMulti.TransferError, GMulti.TransferError.HTTP_STATUS, session.fetch_async(transfer('/login'), null));
        check(asked === 1);
    },
    async question_never() {
        const session = new GMulti.Session();
        const one = transfer('/login');
        const held = [];
        one.timeout = 200;
        session.connect('authenticate', (_, __, challenge) => held.push(challenge) > 0);
        await fails(Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT, session.fetch_async(one, null));
        held[0].answer('user', 'secret');
        check((await session.fetch_async(transfer('/bytes/10/x'), null)).get_size() === 10);
    },
    // The same of the other question.
    async trust_late() {
        const one = new GMulti.Transfer({uri: `${SECURE}/bytes/10/x`});
        one.connect('check-trust', (_, check_) => {
            check(check_.errors & Gio.TlsCertificateFlags.UNKNOWN_CA && check_.host === '127.0.0.1');
            later(30, () => check_.accept());
            return true;
        });
        later(10, () => System.gc());
        check((await new GMulti.Session().fetch_async(one, null)).get_size() === 10);
    },
    async trust_dropped() {
        let asked = 0;
        for (const at of ['transfer', 'session']) {
            const session = new GMulti.Session();
            const one = new GMulti.Transfer({uri: `${SECURE}/bytes/10/x`});
            (at === 'session' ? session : one).connect('check-trust', () => ++asked > 0);
            later(30, () => System.gc());
            await fails(Gio.TlsError, Gio.TlsError.BAD_CERTIFICATE, session.fetch_async(one, null));
        }
        check(asked === 2, asked);
    },
    async retrying() {
        const one = new GMulti.Transfer({uri: `${SERVER}/status/503`, max_attempts: 2,
            constraints: GMulti.Constraints.CONNECTIVITY});
        const told = [];
        one.connect('retrying', (_, error, attempt, delay) => told.push([error.message, attempt, delay]));
        await fails(GMulti.TransferError, GMulti.TransferError.HTTP_STATUS, new GMulti.Session().fetch_async(one, null));
        check(told.length === 1 && told[0][0].includes('503') && told[0][1] === 2 && told[0][2] > 100, `${told}`);
    },
    // The handler and all it knows are garbage with the transfer that asked; so are the questions of many.
    async questions_dropped() {
        const session = new GMulti.Session({max_connections_per_host: 0});
        let asked = 0;
        const ends = Array.from({length: 20}, (_, number) => {
            const one = number % 2 ? transfer('/login') : new GMulti.Transfer({uri: `${SECURE}/bytes/10/${number}`});
            one.connect(number % 2 ? 'authenticate' : 'check-trust', () => ++asked > 0);
            return session.fetch_async(one, null).then(() => 'good', error => error.message);
        });
        const timer = GLib.timeout_add(GLib.PRIORITY_DEFAULT, 20, () => System.gc() ?? GLib.SOURCE_CONTINUE);
        const found = await Promise.all(ends);
        GLib.source_remove(timer);
        check(!found.includes('good') && asked >= 11, `${asked} ${found}`);
    },
};

const loop = new GLib.MainLoop(null, false);
let failed = 0;

async function run() {
    let count = 0;
    for (const [name, test] of Object.entries(cases)) {
        count++;
        try {
            await test();
            print(`ok ${count} ${name}`);
        } catch (error) {
            failed++;
            print(`# ${error}`);
            print(`not ok ${count} ${name}`);
        }
    }
    print(`1..${count}`);
}

run().finally(() => loop.quit());
loop.run();
System.exit(failed ? 1 : 0);
