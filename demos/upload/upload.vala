// SPDX-License-Identifier: LGPL-2.1-or-later
// Sends a form with a text and a file, and tells how it goes; Ctrl-C cancels: upload http://localhost/upload FILE TITLE
async int main (string[] args) {
    Intl.setlocale ();
    var form = new GMulti.Form ();
    form.add_text ("title", args[3]);
    form.add_file ("file", null, File.new_for_commandline_arg (args[2]));

    var transfer = new GMulti.Transfer (args[1]);
    transfer.set_body_form (form);
    transfer.progress.connect (() => printerr ("\r%3.0f %%", 100 * double.max (transfer.fraction, 0)));

    Unix.signal_add (Posix.Signal.INT, () => {
        transfer.cancel ();
        return Source.CONTINUE;
    });

    try {
        var answer = yield new GMulti.Session ().fetch_async (transfer, null);
        print ("%.*s", (int) answer.length, (string) answer.get_data ());
        printerr ("\n");
        return 0;
    } catch (Error error) {
        printerr ("\n%s\n", error.message);
        return 1;
    }
}
