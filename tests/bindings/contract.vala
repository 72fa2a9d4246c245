// SPDX-License-Identifier: LGPL-2.1-or-later
// The contract of the object face from Vala, over 2,000 transfers for each sentence of it. Run by serve.py.
const int MANY = 2000;
const int AT_ONCE = 24;

string server;
string refused_uri;
string deaf_uri;
string folder;
int count = 0;
int n_failures = 0;
Rand dice;

void point (string title, bool good, string finding = "") {
    count++;
    if (!good) {
        n_failures++;
        print ("# %s\n", finding);
    }
    print ("%s %d %s\n", good ? "ok" : "not ok", count, title);
}

GMulti.Transfer transfer (string path) {
    return new GMulti.Transfer (server + path);
}

delegate bool Condition ();

// Turns the default context until it holds, or too late; it may come true in another thread.
bool turn (Condition done) {
    int64 late = get_monotonic_time () + 60 * TimeSpan.SECOND;
    var ticks = new TimeoutSource (20);
    ticks.set_callback (() => Source.CONTINUE);
    ticks.attach (null);
    while (!done () && get_monotonic_time () < late)
        MainContext.default ().iteration (true);
    ticks.destroy ();
    return done ();
}

// ---- threads ----

// Starts its share in a context of its own and judges all that it is told.
class Worker : Object {
    public GMulti.Session session;
    public AsyncQueue<GMulti.Transfer> victims;
    public int n_good;
    public int n_failed;
    public int n_cancelled;
    public string? finding;
    int left = (MANY + 2) / 3;
    int running;
    bool calling;
    Rand dice;
    Thread<bool> thread;
    unowned Thread<bool> own; // the same, known in it before it is known outside

    public Worker (GMulti.Session session, AsyncQueue<GMulti.Transfer> victims, uint32 seed) {
        this.session = session;
        this.victims = victims;
        this.dice = new Rand.with_seed (seed);
    }

    public void start () {
        thread = new Thread<bool> ("worker", run);
    }

    public void join () {
        thread.join ();
    }

    void told (StringBuilder letters, string letter) {
        if (Thread.self<bool> () != own || calling)
            finding = letter + " in the wrong place";
        letters.append (letter);
    }

    void one () {
        string[] paths = { "/small", "/small", "/middle", "/slow", "/moved", "/missing", "/never" };
        var path = paths[dice.int_range (0, paths.length)];
        var one = transfer (path);
        var letters = new StringBuilder ();
        left--;
        running++;
        one.progress.connect (() => told (letters, "p"));
        one.completed.connect (() => told (letters, "C"));
        calling = true;
        session.fetch_async.begin (one, null, (source, result) => {
            told (letters, ".");
            try {
                session.fetch_async.end (result);
                n_good++;
            } catch (Error error) {
                if (error is IOError.CANCELLED)
                    n_cancelled++;
                else if (path == "/missing" && error is GMulti.TransferError.HTTP_STATUS)
                    n_failed++;
                else
                    finding = path + ": " + error.message;
            }
            if (!Regex.match_simple ("^p*C[.]$", letters.str))
                finding = path + ": order " + letters.str;
            running--;
        });
        calling = false;
        victims.push (one);
    }

    bool run () {
        var context = new MainContext ();
        own = Thread.self<bool> ();
        context.push_thread_default ();
        while (left > 0 || running > 0) {
            while (left > 0 && running < AT_ONCE)
                one ();
            context.iteration (true);
        }
        context.pop_thread_default ();
        return true;
    }
}

// Three threads with a context each share a session; a fourth, this one, cancels what it likes.
void check_threads () {
    var session = (GMulti.Session) Object.new (typeof (GMulti.Session), "has-thread", true);
    var victims = new AsyncQueue<GMulti.Transfer> ();
    Worker[] workers = {};
    int n_seen = 0;
    for (int i = 0; i < 3; i++) {
        workers += new Worker (session, victims, 1000 + i);
        workers[i].start ();
    }
    while (n_seen < 3 * ((MANY + 2) / 3)) {
        var one = victims.timeout_pop (20 * TimeSpan.SECOND);
        if (one == null)
            break;
        n_seen++;
        // /never does not end by itself.
        if (one.uri.has_suffix ("/never") || dice.next_double () < 0.2)
            one.cancel ();
    }
    int n_good = 0, n_failed = 0, n_cancelled = 0;
    string? finding = n_seen < MANY ? "too few" : null;
    foreach (var worker in workers) {
        worker.join ();
        n_good += worker.n_good;
        n_failed += worker.n_failed;
        n_cancelled += worker.n_cancelled;
        if (worker.finding != null)
            finding = worker.finding;
    }
    point ("threads", finding == null && n_good + n_failed + n_cancelled >= MANY && n_good > 0 && n_failed > 0
           && n_cancelled > 0, finding ?? "%d %d %d".printf (n_good, n_failed, n_cancelled));
}

// ---- back-pressure ----

class Pressure : Object {
    public GMulti.Session session = new GMulti.Session ();
    public GMulti.Transfer[] unread = {};
    public InputStream[] streams = {};
    public int n_done;
    public int n_wrong;
    public int64 end = int64.MAX;
    public uint64 most;

    public Pressure () {
        session.max_connections_per_host = 0;
    }

    public async void open (GMulti.Transfer one) {
        try {
            streams += yield session.open_async (one, null);
        } catch (Error error) {
            n_wrong++;
        }
    }

    public async void siblings () {
        while (n_done < MANY || get_monotonic_time () < end) {
            try {
                var bytes = yield session.fetch_async (transfer ("/small"), null);
                n_wrong += bytes.get_size () == 5 ? 0 : 1;
            } catch (Error error) {
                n_wrong++;
            }
            n_done++;
        }
    }

    public void look () {
        foreach (var one in unread)
            most = uint64.max (most, one.get_bytes_received ());
    }
}

// Streams that nobody reads for two seconds hold at most their bound, and siblings run on.
void check_back_pressure () throws Error {
    var scene = new Pressure ();
    for (int i = 0; i < 50; i++) {
        scene.unread += transfer ("/big");
        scene.open.begin (scene.unread[i]);
    }
    turn (() => scene.streams.length == 50);
    scene.end = get_monotonic_time () + 2 * TimeSpan.SECOND;
    for (int i = 0; i < AT_ONCE; i++)
        scene.siblings.begin ();
    while (get_monotonic_time () < scene.end) {
        MainContext.default ().iteration (true);
        scene.look ();
    }
    bool good = turn (() => scene.n_done >= MANY && scene.session.get_n_unfinished () == 50);
    // What was held back is still there.
    for (int i = 0; i < 5; i++) {
        size_t total = 0, size;
        while ((size = scene.streams[i].read_bytes (1 << 20).get_size ()) > 0)
            total += size;
        good = good && total == 2000000;
    }
    foreach (var stream in scene.streams)
        stream.close ();
    point ("back_pressure", good && scene.n_wrong == 0 && scene.most > 0 && scene.most <= 512 * 1024,
           "%d done, %d wrong, %d held".printf (scene.n_done, scene.n_wrong, (int) scene.most));
}

// ---- blocking twins ----

bool is_small (GMulti.Session session) {
    try {
        return session.fetch (transfer ("/small"), null).get_size () == 5;
    } catch (Error error) {
        return false;
    }
}

class Inside : Object {
    public GMulti.Session session;
    public int n_good;
    public int n_ended;
    GMulti.Transfer one;

    public Inside (GMulti.Session session) {
        this.session = session;
    }

    public void again () {
        one = transfer ("/small");
        one.completed.connect ((error) => {
            n_good += is_small (session) ? 1 : 0;
            if (++n_ended < 700)
                again ();
        });
        session.start (one);
    }
}

// They wait on the owner's thread, on another and inside a handler, and turn nobody else's sources.
void check_twins () {
    var session = new GMulti.Session ();
    int strangers = 0, n_good = 0;
    var idle = Idle.add (() => ++strangers > 0, Priority.HIGH);
    for (int i = 0; i < 700; i++)
        n_good += is_small (session) ? 1 : 0;
    bool alone = strangers == 0;
    Source.remove (idle);

    int other = 0;
    bool over = false;
    var thread = new Thread<bool> ("other", () => {
        for (int i = 0; i < 700; i++)
            other += is_small (session) ? 1 : 0;
        over = true;
        return true;
    });
    turn (() => over);
    thread.join ();

    var inside = new Inside (session);
    inside.again ();
    turn (() => inside.n_ended == 700);
    point ("twins", alone && n_good == 700 && other == 700 && inside.n_good == 700,
           "%d %d %d %d".printf (strangers, n_good, other, inside.n_good));
}

// ---- the list ----

// A view that keeps its copy by items-changed alone, while its handlers start and cancel.
class View : Object {
    public GMulti.Session session = new GMulti.Session ();
    public ListModel model;
    public GenericArray<GMulti.Transfer> rows = new GenericArray<GMulti.Transfer> ();
    public int n_left = MANY;
    public int n_ended;
    public int n_changes;
    public string? finding;
    bool changing;

    public View () {
        model = session.get_transfers ();
        model.items_changed.connect (changed);
    }

    void changed (uint position, uint removed, uint added) {
        if (changing)
            finding = "a change inside a change";
        changing = true;
        n_changes++;
        if (removed > 0)
            rows.remove_range (position, removed);
        for (uint i = 0; i < added; i++)
            rows.insert ((int) (position + i), (GMulti.Transfer) model.get_item (position + i));
        if (rows.length != model.get_n_items ())
            finding = "%d rows, %u items".printf (rows.length, model.get_n_items ());
        if (rows.length > 0 && dice.next_double () < 0.1)
            rows[dice.int_range (0, rows.length)].cancel ();
        if (dice.next_double () < 0.3)
            start ();
        changing = false;
    }

    public void start () {
        string[] paths = { "/small", "/middle", "/missing", "/slow" };
        while (n_left > 0 && MANY - n_left - n_ended < 60) {
            var one = transfer (paths[dice.int_range (0, 4)]);
            n_left--;
            one.completed.connect (() => {
                n_ended++;
                start ();
            });
            session.start (one);
        }
    }
}

void check_list () {
    var view = new View ();
    view.start ();
    bool good = turn (() => view.n_ended == MANY && view.model.get_n_items () == 0);
    point ("list", good && view.finding == null && view.rows.length == 0 && view.n_changes > 100,
           "%s %d %d".printf (view.finding, view.rows.length, view.n_ended));
}

// ---- a widget ----

// Once destroyed it hears of its transfer only that it was cancelled.
class Widget : Object {
    public bool destroyed;
    public bool dies_early;
    Cancellable cancellable = new Cancellable ();
    GMulti.Transfer one;

    construct {
        string[] paths = { "/small", "/middle", "/slow", "/never" };
        one = transfer (paths[dice.int_range (0, 4)]);
        dies_early = one.uri.has_suffix ("/never") || dice.next_double () < 0.5;
        one.progress.connect (() => {
            if (dies_early)
                destroy ();
        });
    }

    public void destroy () {
        destroyed = true;
        cancellable.cancel ();
    }

    public delegate void Tell (Widget widget, string end);

    public void begin (GMulti.Session session, owned Tell tell) {
        session.fetch_async.begin (one, cancellable, (source, result) => {
            try {
                session.fetch_async.end (result);
                tell (this, destroyed ? "a dead one had a body" : "good");
            } catch (Error error) {
                tell (this, error is IOError.CANCELLED && destroyed ? "cancelled" : error.message);
            }
        });
    }
}

void check_widgets () {
    var session = new GMulti.Session ();
    var alive = new GenericArray<Widget> ();
    int left = MANY, n_good = 0, n_cancelled = 0;
    string? finding = null;
    turn (() => {
        while (left > 0 && alive.length < 60) {
            var widget = new Widget ();
            left--;
            alive.add (widget);
            widget.begin (session, (one, end) => {
                if (end == "good")
                    n_good++;
                else if (end == "cancelled")
                    n_cancelled++;
                else
                    finding = end;
                alive.remove (one);
            });
        }
        for (int i = 0; i < alive.length; i++)
            if (!alive[i].destroyed && alive[i].dies_early && dice.next_double () < 0.3)
                alive[i].destroy ();
        return left == 0 && alive.length == 0;
    });
    point ("widgets", finding == null && n_good > 0 && n_cancelled > 0 && n_good + n_cancelled == MANY,
           "%s %d %d".printf (finding, n_good, n_cancelled));
}

// ---- failures ----

struct Failure {
    public string uri;
    public string? property;
    public uint value;
    public Quark domain;
    public int code;
    public int phase; // -1: not said
}

class Failures : Object {
    GMulti.Session session = new GMulti.Session ();
    public int n;
    public int n_running;
    public string? finding;

    public Failures () {
        session.max_connections_per_host = 0;
    }

    void judge (GMulti.Transfer one, Error? error, Failure wanted) {
        var kept = one.dup_error ();
        if (error == null || error.domain != wanted.domain || error.code != wanted.code || kept == null
            || kept.domain != wanted.domain || kept.code != wanted.code || one.state != GMulti.TransferState.FAILED
            || (wanted.phase >= 0 && (int) one.get_phase () != wanted.phase))
            finding = "%s: %s in phase %d".printf (one.uri, error != null ? error.message : "good", (int) one.get_phase ());
        n_running--;
    }

    void prepare (GMulti.Transfer one, Failure wanted) {
        n++;
        n_running++;
        if (wanted.property == "max-size")
            one.max_size = wanted.value;
        else if (wanted.property != null)
            one.set_property (wanted.property, wanted.value);
    }

    public async void fetch (Failure wanted) {
        var one = new GMulti.Transfer (wanted.uri);
        Error? caught = null;
        prepare (one, wanted);
        try {
            yield session.fetch_async (one, null);
        } catch (Error error) {
            caught = error;
        }
        judge (one, caught, wanted);
    }

    public async void splice (Failure wanted) {
        var one = new GMulti.Transfer (wanted.uri);
        Error? caught = null;
        prepare (one, wanted);
        try {
            yield session.splice_async (one, new MemoryOutputStream.resizable (), OutputStreamSpliceFlags.NONE, null);
        } catch (Error error) {
            caught = error;
        }
        judge (one, caught, wanted);
    }

    public async void download (Failure wanted, string name) {
        var one = new GMulti.Download (wanted.uri, File.new_for_path (Path.build_filename (folder, name)));
        Error? caught = null;
        one.collision = GMulti.Collision.FAIL;
        prepare (one, wanted);
        try {
            yield session.download_async (one, null);
        } catch (Error error) {
            caught = error;
        }
        judge (one, caught, wanted);
    }
}

Failure own (string path, int code, GMulti.Phase phase, string? property = null, uint value = 0) {
    return { path.has_prefix ("/") ? server + path : path, property, value, GMulti.TransferError.quark (), code, phase };
}

Failure io (string uri, int code, int phase, string? property = null, uint value = 0) {
    return { uri.has_prefix ("/") ? server + uri : uri, property, value, IOError.quark (), code, phase };
}

// A failure in each phase: the error is that of the table, and no file is left.
void check_failures () throws Error {
    Failure[] wanted = {
        own ("http://a b/", GMulti.TransferError.BAD_URI, NONE),
        io ("nonsense://host/", IOError.NOT_SUPPORTED, -1),
        io (refused_uri + "/", IOError.CONNECTION_REFUSED, GMulti.Phase.CONNECT),
        io (deaf_uri + "/", IOError.TIMED_OUT, GMulti.Phase.CONNECT, "connect-timeout", 40),
        io ("/never", IOError.TIMED_OUT, GMulti.Phase.RESPONSE, "response-timeout", 40),
        io ("/half", IOError.TIMED_OUT, GMulti.Phase.BODY, "timeout", 60),
        own ("/half", GMulti.TransferError.STALLED, BODY, "stall-timeout", 60),
        io ("/nothing", IOError.CONNECTION_CLOSED, GMulti.Phase.RESPONSE),
        io ("/reset", IOError.CONNECTION_CLOSED, GMulti.Phase.BODY),
        own ("/cut", GMulti.TransferError.TRUNCATED, BODY),
        own ("/cut-chunk", GMulti.TransferError.TRUNCATED, BODY),
        own ("/garbage", GMulti.TransferError.PROTOCOL, RESPONSE),
        own ("/bad-header", GMulti.TransferError.PROTOCOL, RESPONSE),
        own ("/bad-chunk", GMulti.TransferError.PROTOCOL, BODY),
        own ("/both", GMulti.TransferError.PROTOCOL, BODY),
        own ("/missing", GMulti.TransferError.HTTP_STATUS, RESPONSE),
        own ("/loop", GMulti.TransferError.TOO_MANY_REDIRECTS, BODY, "max-redirects", 3),
        own ("/large", GMulti.TransferError.TOO_LARGE, BODY, "max-size", 1000),
    };
    var scene = new Failures ();
    var there = File.new_for_path (Path.build_filename (folder, "..", "there"));
    string left;
    there.replace_contents ("there".data, null, false, FileCreateFlags.NONE, null);
    for (int i = 0; i < 36; i++) {
        foreach (var one in wanted) {
            scene.fetch.begin (one);
            scene.splice.begin (one);
            scene.download.begin (one, "file");
        }
        scene.download.begin (io ("/small", IOError.NOT_FOUND, GMulti.Phase.STORAGE), "none/file");
        scene.download.begin (io ("/small", IOError.NOT_DIRECTORY, GMulti.Phase.STORAGE), "../there/file");
        scene.download.begin (io ("/small", IOError.EXISTS, GMulti.Phase.STORAGE), "../there");
        scene.download.begin (io ("/small", IOError.FILENAME_TOO_LONG, GMulti.Phase.STORAGE), string.nfill (300, 'n'));
        turn (() => scene.n_running == 0);
    }
    uint8[] data;
    there.load_contents (null, out data, null);
    left = Dir.open (folder).read_name ();
    point ("failures", scene.finding == null && scene.n >= MANY && left == null && (string) data == "there",
           "%s %d %s".printf (scene.finding, scene.n, left));
}

int main (string[] args) {
    server = args[1];
    refused_uri = args[2];
    deaf_uri = args[3];
    folder = args[4];
    dice = new Rand.with_seed (20261122);
    try {
        check_threads ();
        check_back_pressure ();
        check_twins ();
        check_list ();
        check_widgets ();
        check_failures ();
    } catch (Error error) {
        print ("# %s\n", error.message);
        point ("no error", false);
    }
    print ("1..%d\n", count);
    return n_failures > 0 ? 1 : 0;
}
