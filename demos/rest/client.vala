// SPDX-License-Identifier: LGPL-2.1-or-later
// Lists what a JSON service has, page by page; with a name, adds an item of that name first; Ctrl-C cancels:
// client http://localhost/items [NAME]

// Not a parameter of an async method: its task would forget which transfer was cancelled.
Cancellable cancellable;

// GETs what is at the address, or POSTs an item to it. The service speaks JSON, also when it refuses.
async Json.Object call (GMulti.Session session, string uri, string? item = null) throws Error {
    var transfer = new GMulti.Transfer (uri) { accept_status = true };
    if (item != null)
        transfer.set_body_bytes ("application/json", new Bytes (item.data));
    var body = yield session.fetch_async (transfer, cancellable);
    var parser = new Json.Parser ();
    parser.load_from_data ((string) body.get_data (), (ssize_t) body.length);
    var answer = parser.get_root ().get_object ();
    var response = transfer.ref_response ();
    if (!response.is_success ())
        throw new GMulti.TransferError.HTTP_STATUS ("%s (%u)", answer.get_string_member ("error"), response.status);
    return answer;
}

async int main (string[] args) {
    Intl.setlocale ();
    var session = new GMulti.Session ();
    cancellable = new Cancellable ();
    Unix.signal_add (Posix.Signal.INT, () => {
        cancellable.cancel ();
        return Source.CONTINUE;
    });

    string? uri = args[1];
    try {
        if (args.length > 2) {
            var item = new Json.Object ();
            item.set_string_member ("name", args[2]);
            var node = new Json.Node.alloc ().init_object (item);
            yield call (session, uri, Json.to_string (node, false));
        }
        while (uri != null) {
            var page = yield call (session, uri);
            foreach (var node in page.get_array_member ("items").get_elements ()) {
                var item = node.get_object ();
                print ("%lld %s\n", item.get_int_member ("id"), item.get_string_member ("name"));
            }
            uri = page.get_null_member ("next") ? null : page.get_string_member ("next");
        }
        return 0;
    } catch (Error error) {
        printerr ("%s\n", error.message);
        return 1;
    }
}
