// SPDX-License-Identifier: LGPL-2.1-or-later
// The object face from Vala, by yield. Run by serve.py.
string server;
string refused_uri;
string folder;
int count = 0;
int failures = 0;

void point (string title, bool good) {
    count++;
    if (!good)
        failures++;
    print ("%s %d %s\n", good ? "ok" : "not ok", count, title);
}

GMulti.Transfer transfer (string path) {
    return new GMulti.Transfer (server + path);
}

// What the server sends: each position says where it is.
bool is_content (uint8[] data, size_t size) {
    if (data.length != size)
        return false;
    var expected = new StringBuilder ();
    for (size_t position = 0; position < size; position += 10)
        expected.append_printf ("%09d\n", (int) position);
    return Memory.cmp (data, expected.str, size) == 0;
}

async Error? failure (GMulti.Transfer one) {
    try {
        yield new GMulti.Session ().fetch_async (one, null);
    } catch (Error error) {
        return error;
    }
    return null;
}

async void check_failures () {
    var missing = transfer ("/status/404");
    var error = yield failure (missing);
    point ("status", error is GMulti.TransferError.HTTP_STATUS && missing.ref_response ().get_status () == 404);
    point ("bad_uri", (yield failure (new GMulti.Transfer ("http://[oops/"))) is GMulti.TransferError.BAD_URI);
    point ("refused", (yield failure (new GMulti.Transfer (refused_uri))) is IOError.CONNECTION_REFUSED);
    var cancellable = new Cancellable ();
    var slow = transfer ("/slow/10000000/x");
    slow.progress.connect (() => cancellable.cancel ());
    // Not by failure(): a coroutine of Vala's that is given the cancellable would lose its result with it.
    error = null;
    try {
        yield new GMulti.Session ().fetch_async (slow, cancellable);
    } catch (Error caught) {
        error = caught;
    }
    point ("cancel", error is IOError.CANCELLED);
}

async void check_bodies () throws Error {
    var session = new GMulti.Session ();
    var one = transfer ("/bytes/123456/x");
    var bytes = yield session.fetch_async (one, null);
    point ("fetch", is_content (bytes.get_data (), 123456));
    point ("headers", one.ref_response ().get_headers ().get_value ("content-length") == "123456");

    var stream = yield session.open_async (transfer ("/bytes/300000/x"), null);
    var body = new ByteArray ();
    while (true) {
        var block = yield stream.read_bytes_async (65536);
        if (block.length == 0)
            break;
        body.append (block.get_data ());
    }
    point ("stream", is_content (body.data, 300000));

    var target = new MemoryOutputStream.resizable ();
    var size = yield session.splice_async (transfer ("/bytes/200000/x"), target, OutputStreamSpliceFlags.CLOSE_TARGET, null);
    point ("splice", size == 200000 && is_content (target.steal_as_bytes ().get_data (), 200000));
}

async void check_download () throws Error {
    var one = new GMulti.Download (server + "/slow/100000/file.bin", File.new_for_path (folder));
    double fraction = -1;
    one.notify["fraction"].connect (() => { fraction = one.fraction; });
    var file = yield new GMulti.Session ().download_async (one, null);
    uint8[] data;
    file.load_contents (null, out data, null);
    point ("download", is_content (data, 100000) && fraction == 1 && file.get_basename () == "file.bin");
    file.delete ();
}

async void check_signals () throws Error {
    var letters = new StringBuilder ();
    var one = transfer ("/slow/50000/x");
    one.progress.connect (() => { letters.append ("p"); });
    one.completed.connect (() => { letters.append ("c"); });
    yield new GMulti.Session ().fetch_async (one, null);
    point ("order", Regex.match_simple ("^p+c$", letters.str));

    var session = new GMulti.Session ();
    int left = 200;
    int good = 0;
    for (int i = 0; i < 200; i++) {
        var each = transfer ("/bytes/1000/x");
        each.completed.connect ((error) => {
            if (error == null)
                good++;
            if (--left == 0)
                check_signals.callback ();
        });
        session.start (each);
    }
    yield;
    point ("many", good == 200);
}

void check_containers () throws Error {
    var jar = new GMulti.CookieJar ();
    jar.set ("http://a.example/", "a=b");
    jar.set ("http://a.example/", "c=d; Max-Age=1000");
    var names = new StringBuilder ();
    foreach (unowned var cookie in jar.dup_all ())
        names.append (cookie.get_name () + cookie.get_value ());
    var found = new GMulti.Headers ();
    found.append ("Content-Type", "Text/HTML; charset=utf-8");
    HashTable<string, string> parameters;
    var type = found.dup_content_type (out parameters);
    point ("containers", names.str == "abcd" && type == "text/html" && parameters["charset"] == "utf-8");
}

async int main (string[] args) {
    server = args[1];
    refused_uri = args[2];
    folder = args[3];
    try {
        yield check_failures ();
        yield check_bodies ();
        yield check_download ();
        yield check_signals ();
        check_containers ();
    } catch (Error error) {
        print ("# %s\n", error.message);
        point ("no error", false);
    }
    print ("1..%d\n", count);
    return failures > 0 ? 1 : 0;
}
