// SPDX-License-Identifier: LGPL-2.1-or-later
// Fetches a page, and asks in a dialog when something is wrong with the certificate; closing the window cancels: trust https://localhost/

// The transfer waits, and nothing else does, until the check is answered or dropped.
bool check_trust (Gtk.Window window, GMulti.TrustCheck check) {
    var dialog = new Gtk.MessageDialog (window, Gtk.DialogFlags.MODAL, Gtk.MessageType.WARNING, Gtk.ButtonsType.NONE,
                                        "%s", check.dup_text ()) {
        title = "Certificate",
        secondary_text = @"It says that it was issued by $(check.certificate.issuer_name)."
    };
    dialog.add_button ("_Cancel", Gtk.ResponseType.CANCEL);
    dialog.add_button ("_Trust", Gtk.ResponseType.ACCEPT);
    dialog.response.connect ((response) => {
        if (response == Gtk.ResponseType.ACCEPT)
            check.accept ();
        else
            check.reject ();
        dialog.destroy ();
    });
    dialog.present ();
    return true;
}

async int load (Gtk.Window window, string uri) {
    var transfer = new GMulti.Transfer (uri);
    transfer.bind_property ("status-text", window.child, "label", BindingFlags.SYNC_CREATE);
    window.hide.connect (transfer.cancel);
    transfer.check_trust.connect ((check) => check_trust (window, check));
    try {
        var bytes = yield new GMulti.Session ().fetch_async (transfer, null);
        print ("%.*s", (int) bytes.length, (string) bytes.get_data ());
        return 0;
    } catch (Error error) {
        printerr ("%s\n", error.message);
        return 1;
    }
}

int main (string[] args) {
    var application = new Gtk.Application (null, ApplicationFlags.FLAGS_NONE);
    int status = 0;
    application.activate.connect (() => {
        var window = new Gtk.ApplicationWindow (application) {
            title = args[1],
            default_width = 640,
            default_height = 400,
            child = new Gtk.Label (null),
            hide_on_close = true
        };
        window.present ();
        load.begin (window, args[1], (_, result) => {
            status = load.end (result);
            application.quit ();
        });
    });
    application.run ();
    return status;
}
