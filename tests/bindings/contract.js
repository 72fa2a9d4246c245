// SPDX-License-Identifier: LGPL-2.1-or-later
// The contract of the object face from GJS, over 2,000 transfers for each sentence of it. Run by serve.py.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GMulti from 'gi://GMulti';
import System from 'system';

for (const name of ['fetch', 'open', 'splice', 'download'])
    Gio._promisify(GMulti.Session.prototype, `${name}_async`, `${name}_finish`);

const [SERVER, REFUSED, DEAF, FOLDER] = ARGV;
const MANY = 2000;
const AT_ONCE = 24;
const {TransferError, TransferState, Phase} = GMulti;
const IO = Gio.IOErrorEnum;

// The same numbers in each run.
let seed = 20261122;
function dice() {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) / (1 << 24);
}

function choice(list) {
    return list[Math.floor(dice() * list.length)];
}

function transfer(path) {
    return new GMulti.Transfer({uri: SERVER + path});
}

function text(bytes) {
    return new TextDecoder().decode(bytes.toArray());
}

function check(good, finding = '') {
    if (!good)
        throw new Error(`it does not hold: ${finding}`);
}

// Resolves when done() says so; it is asked each 10 ms.
function until(done, seconds = 60) {
    const late = GLib.get_monotonic_time() + seconds * 1e6;
    return new Promise((resolve, reject) => {
        GLib.timeout_add(GLib.PRIORITY_DEFAULT, 10, () => {
            if (done())
                resolve();
            else if (GLib.get_monotonic_time() > late)
                reject(new Error('too late'));
            else
                return GLib.SOURCE_CONTINUE;
            return GLib.SOURCE_REMOVE;
        });
    });
}

// GJS 1.74 runs no callback at all, and loses it, while the engine sweeps its heap in slices; a whole collection now and
// then leaves no need for those.
let started = 0;
function collect() {
    if (++started % 100 === 0)
        System.gc();
}

// COUNT times begin(), AT_ONCE at a time, each of which gives a promise.
function several(count, begin) {
    const one = async () => {
        while (count > 0) {
            count--;
            collect();
            await begin();
        }
    };
    return Promise.all(Array.from({length: AT_ONCE}, one));
}

const FAILURES = [
    ['http://a b/', {}, TransferError, TransferError.BAD_URI, Phase.NONE],
    ['nonsense://host/', {}, IO, IO.NOT_SUPPORTED, null],
    [`${REFUSED}/`, {}, IO, IO.CONNECTION_REFUSED, Phase.CONNECT],
    [`${DEAF}/`, {connect_timeout: 40}, IO, IO.TIMED_OUT, Phase.CONNECT],
    [`${SERVER}/never`, {response_timeout: 40}, IO, IO.TIMED_OUT, Phase.RESPONSE],
    [`${SERVER}/half`, {timeout: 60}, IO, IO.TIMED_OUT, Phase.BODY],
    [`${SERVER}/half`, {stall_timeout: 60}, TransferError, TransferError.STALLED, Phase.BODY],
    [`${SERVER}/nothing`, {}, IO, IO.CONNECTION_CLOSED, Phase.RESPONSE],
    [`${SERVER}/reset`, {}, IO, IO.CONNECTION_CLOSED, Phase.BODY],
    [`${SERVER}/cut`, {}, TransferError, TransferError.TRUNCATED, Phase.BODY],
    [`${SERVER}/cut-chunk`, {}, TransferError, TransferError.TRUNCATED, Phase.BODY],
    [`${SERVER}/garbage`, {}, TransferError, TransferError.PROTOCOL, Phase.RESPONSE],
    [`${SERVER}/bad-header`, {}, TransferError, TransferError.PROTOCOL, Phase.RESPONSE],
    [`${SERVER}/bad-chunk`, {}, TransferError, TransferError.PROTOCOL, Phase.BODY],
    [`${SERVER}/both`, {}, TransferError, TransferError.PROTOCOL, Phase.BODY],
    [`${SERVER}/missing`, {}, TransferError, TransferError.HTTP_STATUS, Phase.RESPONSE],
    [`${SERVER}/loop`, {max_redirects: 3}, TransferError, TransferError.TOO_MANY_REDIRECTS, Phase.BODY],
    [`${SERVER}/large`, {max_size: 1000}, TransferError, TransferError.TOO_LARGE, Phase.BODY],
];
// By a download alone: where it is to go.
const STORAGE = [
    ['none/file', IO.NOT_FOUND],
    ['../there/file', IO.NOT_DIRECTORY],
    ['../there', IO.EXISTS],
    ['n'.repeat(300), IO.FILENAME_TOO_LONG],
];

function download(uri, name, properties = {}) {
    const destination = Gio.File.new_for_path(`${FOLDER}/${name}`);
    return new GMulti.Download({uri, destination, collision: GMulti.Collision.FAIL, ...properties});
}

// A thing with a cancellable of its own, as a view's row: once destroyed it hears of its transfer only that it was cancelled.
class Widget {
    constructor(session) {
        this.cancellable = new Gio.Cancellable();
        this.alive = true;
        this.transfer = transfer(choice(['/small', '/middle', '/slow', '/never']));
        this.diesEarly = this.transfer.uri.endsWith('/never') || dice() < 0.5;
        this.transfer.connect('progress', () => this.diesEarly && this.destroy());
        this.promise = session.fetch_async(this.transfer, this.cancellable);
        if (this.transfer.uri.endsWith('/never'))
            GLib.timeout_add(GLib.PRIORITY_DEFAULT, 2, () => this.destroy() ?? GLib.SOURCE_REMOVE);
    }

    destroy() {
        this.alive = false;
        this.cancellable.cancel();
    }

    async end() {
        try {
            await this.promise;
        } catch (error) {
            return error.matches(IO, IO.CANCELLED) && !this.alive ? 'cancelled' : `${error}`;
        }
        return this.transfer.state === TransferState.SUCCEEDED ? 'good' : `state ${this.transfer.state}`;
    }
}

const cases = {
    // What can be told of one context: order, one end each, cancelled at random by a session whose engine is elsewhere.
    async order() {
        const session = new GMulti.Session({has_thread: true});
        const ends = {good: 0, failed: 0, cancelled: 0};
        await several(MANY, async () => {
            const path = choice(['/small', '/middle', '/slow', '/moved', '/missing', '/never']);
            const one = transfer(path);
            let letters = '';
            one.connect('progress', () => (letters += 'p'));
            one.connect('completed', () => (letters += 'C'));
            const promise = session.fetch_async(one, null);
            check(letters === '', letters);
            if (path === '/never' || dice() < 0.2)
                GLib.timeout_add(GLib.PRIORITY_DEFAULT, Math.floor(dice() * 5), () => one.cancel() ?? GLib.SOURCE_REMOVE);
            try {
                await promise;
                ends.good++;
            } catch (error) {
                ends[error.matches(IO, IO.CANCELLED) ? 'cancelled' : 'failed']++;
                check(error.matches(IO, IO.CANCELLED) || path === '/missing', `${path} ${error}`);
            }
            check(/^p*C$/.test(letters), `${path} ${letters}`);
        });
        check(ends.good + ends.failed + ends.cancelled === MANY && Object.values(ends).every(n => n > 0), JSON.stringify(ends));
    },
    // Streams that nobody reads for two seconds hold at most their bound, and siblings run on.
    async back_pressure() {
        const session = new GMulti.Session({max_connections_per_host: 0});
        const unread = Array.from({length: 50}, () => transfer('/big'));
        const streams = await Promise.all(unread.map(one => session.open_async(one, null)));
        const end = GLib.get_monotonic_time() + 2e6;
        let most = 0, done = 0;
        const sibling = async () => {
            check(text(await session.fetch_async(transfer('/small'), null)) === 'small');
            done++;
        };
        while (GLib.get_monotonic_time() < end) {
            await several(AT_ONCE, sibling);
            most = Math.max(most, ...unread.map(one => one.bytes_received));
        }
        check(done > 0 && most > 0 && most <= 512 * 1024, `${done} ${most}`);
        await several(Math.max(MANY - done, 1), sibling);
        // What was held back is still there.
        for (const stream of streams.slice(0, 5)) {
            let total = 0, size;
            while ((size = stream.read_bytes(1 << 20, null).get_size()) > 0)
                total += size;
            check(total === 2000000, total);
        }
        streams.forEach(stream => stream.close(null));
    },
    // They wait on the owner's thread and inside a handler, and turn nobody else's sources.
    async twins() {
        const session = new GMulti.Session();
        let strangers = 0, inside = 0;
        const idle = GLib.idle_add(GLib.PRIORITY_HIGH, () => ++strangers > 0);
        for (let i = 0; i < MANY / 2; i++)
            check(text(session.fetch(transfer('/small'), null)) === 'small');
        check(strangers === 0, strangers);
        GLib.source_remove(idle);
        await new Promise(resolve => {
            const again = () => {
                collect();
                const one = transfer('/small');
                one.connect('completed', () => {
                    inside += text(session.fetch(transfer('/small'), null)) === 'small';
                    if (inside < MANY / 2)
                        again();
                    else
                        resolve();
                });
                session.start(one);
            };
            again();
        });
        check(inside === MANY / 2, inside);
    },
    // A view that keeps its copy by items-changed alone agrees with the list, while handlers start and cancel.
    async list() {
        const session = new GMulti.Session();
        const model = session.get_transfers();
        const view = [];
        let left = MANY, ended = 0, changes = 0, changing = false, wrong = '';
        const start = () => {
            while (left > 0 && MANY - left - ended < 60) {
                left--;
                collect();
                const one = transfer(choice(['/small', '/middle', '/missing', '/slow']));
                one.connect('completed', () => {
                    ended++;
                    start();
                });
                session.start(one);
            }
        };
        model.connect('items-changed', (_, position, removed, added) => {
            if (changing)
                wrong = 'a change inside a change';
            changing = true;
            changes++;
            view.splice(position, removed, ...Array.from({length: added}, (_unused, i) => model.get_item(position + i)));
            if (view.length !== model.get_n_items())
                wrong = `${view.length} rows, ${model.get_n_items()} items`;
            if (dice() < 0.1 && view.length > 0)
                choice(view).cancel();
            if (dice() < 0.3)
                start();
            changing = false;
        });
        start();
        await until(() => ended === MANY && model.get_n_items() === 0);
        check(wrong === '' && view.length === 0 && changes > 100, `${wrong} ${view.length} ${changes}`);
    },
    async widgets() {
        const session = new GMulti.Session();
        const ends = {};
        await several(MANY, async () => {
            const end = await new Widget(session).end();
            ends[end] = (ends[end] ?? 0) + 1;
        });
        check(ends.good > 0 && ends.cancelled > 0 && ends.good + ends.cancelled === MANY, JSON.stringify(ends));
    },
    // A failure in each phase: the error is that of the table, and no file is left.
    async failures() {
        const session = new GMulti.Session({max_connections_per_host: 0});
        const there = Gio.File.new_for_path(`${FOLDER}/../there`);
        const findings = [];
        let count = 0;
        there.replace_contents('there', null, false, 0, null);
        const one = async (each, promise, domain, code, phase) => {
            count++;
            collect();
            try {
                await promise;
                findings.push(`${each.uri} was good`);
            } catch (error) {
                if (!error.matches(domain, code) || !each.dup_error().matches(domain, code) ||
                    (phase !== null && each.get_phase() !== phase) || each.state !== TransferState.FAILED)
                    findings.push(`${each.uri}: ${error} in phase ${each.get_phase()}`);
            }
        };
        for (let round = 0; round < 36; round++) {
            const running = [];
            for (const [uri, properties, ...wanted] of FAILURES) {
                const fetched = new GMulti.Transfer({uri, ...properties});
                const spliced = new GMulti.Transfer({uri, ...properties});
                const saved = download(uri, 'file', properties);
                running.push(one(fetched, session.fetch_async(fetched, null), ...wanted));
                running.push(one(spliced, session.splice_async(spliced, Gio.MemoryOutputStream.new_resizable(), 0, null),
                    ...wanted));
                running.push(one(saved, session.download_async(saved, null), ...wanted));
            }
            for (const [name, code] of STORAGE) {
                const saved = download(`${SERVER}/small`, name);
                running.push(one(saved, session.download_async(saved, null), IO, code, Phase.STORAGE));
            }
            await Promise.all(running);
        }
        const left = Gio.File.new_for_path(FOLDER).enumerate_children('standard::name', 0, null).next_file(null);
        check(findings.length === 0, findings.slice(0, 10));
        check(count >= MANY && left === null, `${count} ${left?.get_name()}`);
        check(new TextDecoder().decode(there.load_contents(null)[1]) === 'there');
    },
};

const loop = new GLib.MainLoop(null, false);
let failed = 0;

async function run() {
    let count = 1;
    print('ok 1 threads # SKIP the language has none');
    for (const [name, test] of Object.entries(cases)) {
        const began = GLib.get_monotonic_time();
        count++;
        try {
            await test();
            print(`ok ${count} ${name}`);
        } catch (error) {
            failed++;
            print(`# ${error} ${error.stack}`);
            print(`not ok ${count} ${name}`);
        }
        print(`# ${((GLib.get_monotonic_time() - began) / 1e6).toFixed(1)} s`);
    }
    print(`1..${count}`);
}

run().finally(() => loop.quit());
loop.run();
System.exit(failed ? 1 : 0);
