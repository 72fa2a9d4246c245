// SPDX-License-Identifier: LGPL-2.1-or-later
// A wall of 500 pictures, each fetched when it comes into view and cancelled when it leaves: pictures http://localhost/
const uint N_PICTURES = 500;
const int SIZE = 96;

GMulti.Session session;
GenericSet<string> complaints;

async void load (Gtk.Picture picture, GMulti.Transfer transfer) {
    try {
        picture.paintable = Gdk.Texture.from_bytes (yield session.fetch_async (transfer, null));
    } catch (Error error) {
        // Each complaint is made once: hundreds may have the same. Those that are scrolled away are cancelled.
        if (!complaints.contains (error.message))
            printerr ("%s\n", error.message);
        complaints.add (error.message);
    }
}

void bind (Gtk.ListItem item) {
    // A widget of its own for each: a picture that comes too late is shown by nobody.
    var picture = new Gtk.Picture () { width_request = SIZE, height_request = SIZE };
    var transfer = new GMulti.Transfer (((Gtk.StringObject) item.item).string);
    item.child = picture;
    item.set_data ("transfer", transfer);
    load.begin (picture, transfer);
}

void unbind (Gtk.ListItem item) {
    item.get_data<GMulti.Transfer> ("transfer").cancel ();
    item.child = null;
}

int main (string[] args) {
    session = new GMulti.Session ();
    complaints = new GenericSet<string> (str_hash, str_equal);
    var application = new Gtk.Application (null, ApplicationFlags.FLAGS_NONE);
    application.activate.connect (() => {
        var uris = new Gtk.StringList (null);
        for (uint number = 0; number < N_PICTURES; number++)
            uris.append (@"$(args[1])$number.png");
        var factory = new Gtk.SignalListItemFactory ();
        factory.bind.connect (bind);
        factory.unbind.connect (unbind);
        new Gtk.ApplicationWindow (application) {
            title = "Pictures",
            default_width = 640,
            default_height = 480,
            child = new Gtk.ScrolledWindow () {
                child = new Gtk.GridView (new Gtk.NoSelection (uris), factory)
            }
        }.present ();
    });
    return application.run ();
}
