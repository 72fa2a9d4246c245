#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes C from the description of the public face (introspection/abi/description.py): a function for each public
function that calls it with arguments by their types (pairs.h), and tables of all functions and of all signals.

pairs.py OUTPUT DESCRIPTION-OR-GIR FOLDER-OF-description.py"""

import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[3])
import description  # pylint: disable=wrong-import-position

NUMBERS = {
    'gboolean': '(variant == 0)', 'gint': '1', 'guint': '60000', 'gint64': '-1', 'guint64': '1 << 30', 'gdouble': '0.5',
    'gsize': '1', 'gssize': '-1', 'guint16': '80', 'GLib.Quark': 'g_io_error_quark ()', 'gpointer': 'NULL',
}
# Numbers that mean a place, of which there may be but one.
PLACES = 'position', 'index'
# Everything that a scene has of its own, so that a function can be given it instead of a new one.
OWN = 'Transfer', 'Download', 'Headers', 'Form', 'CookieJar', 'Group', 'Session', 'Cookie', 'Challenge', 'TrustCheck'


class Writer:
    """Writes one function after the other, and remembers what the tables say."""

    def __init__(self, root):
        self.root, self.parts, self.methods, self.signals, self.left_out, self.asyncs = root, [], [], [], [], []
        self.kinds = {node.name: node for node in root.children}

    def is_enum(self, name):
        return name in self.kinds and self.kinds[name].kind in ('enumeration', 'bitfield')

    def free(self, node, name):
        """What gives back a value that is the caller's now."""
        kind = node.get('type')
        if node.get('transfer') not in ('full', 'container') or node.get('c', '').count('*') == 0:
            return None
        if kind in ('utf8', 'filename'):
            return f'g_free ({name})'
        if kind.startswith('array<utf8'):
            return f'g_strfreev ({name})'
        if kind.startswith('GLib.List<'):
            unref = next(method for method in self.kinds[kind[len('GLib.List<'):-1]].children if method.name == 'unref')
            return f'g_list_free_full ({name}, (GDestroyNotify) {unref.get("c")})'
        for prefix, function in (('GLib.Bytes', 'g_bytes_unref'), ('GLib.Error', 'g_error_free'),
                                 ('GLib.HashTable', 'g_hash_table_unref'),
                                 ('GLib.Variant', 'g_variant_unref'), ('GLib.DateTime', 'g_date_time_unref')):
            if kind.startswith(prefix):
                return f'g_clear_pointer (&{name}, {function})'
        own = self.kinds.get(kind)
        if own is not None and own.kind == 'record':
            return f'if ({name} != NULL)\n    g_boxed_free ({own.get("get-type")} (), {name})'
        return f'g_clear_object (&{name})'

    def argument(self, node, callee, declarations, afterwards):
        """The expression of one argument."""
        kind, name = node.get('type'), node.name
        if node.kind in ('out', 'inout'):
            c_type = node.get('c')[:-1].strip()
            declarations.append(f'{c_type} {name}_out = {{ 0 }};' if '*' not in c_type else f'{c_type} {name}_out = NULL;')
            given = self.free_out(node, f'{name}_out', c_type)
            if given:
                afterwards.append(given)
            return f'variant == 1 ? NULL : &{name}_out' if node.has('optional') else f'&{name}_out'
        if kind == 'Gio.AsyncReadyCallback':
            return f'variant == 1 ? NULL : {callee}_finished'
        if name == 'user_data':
            return 'variant == 1 ? NULL : pairs_await (scene)' if callee.endswith('_async') else 'NULL'
        if self.is_enum(kind):
            return f'({node.get("c")}) 1' if self.kinds[kind].kind == 'enumeration' else f'({node.get("c")}) 0'
        if kind in NUMBERS:
            return '0' if name in PLACES else NUMBERS[kind]
        if '*' not in node.get('c', '*'):
            return f'({node.get("c")}) 0'
        value = f'pairs_give (scene, "{kind}", "{callee}", "{name}", variant)'
        return f'variant == 1 ? NULL : {value}' if node.has('nullable') else value

    def free_out(self, node, name, c_type):
        copy = description.Node('return', 'it', {**node.attributes, 'c': c_type})
        return self.free(copy, name)

    def body(self, owner, node, self_expression):
        """Calls it once; what comes back is given back."""
        callee, declarations, afterwards, arguments = node.get('c'), [], [], []
        for child in node.children:
            if child.kind == 'instance':
                value = self_expression or f'pairs_self (scene, "{owner.name}")'
                if child.get('transfer') == 'full':
                    value = (f'g_boxed_copy ({owner.get("get-type")} (), {value})' if owner.kind == 'record'
                             else f'g_object_ref ({value})')
                arguments.append(value)
            elif child.kind in ('in', 'out', 'inout'):
                arguments.append(self.argument(child, callee, declarations, afterwards))
        if node.has('throws'):
            declarations.append('g_autoptr (GError) error = NULL;')
            arguments.append('&error')
        call = f'{callee} ({", ".join(arguments)})'
        for result in node.of('return'):
            freed = self.free(result, 'result')
            if freed:
                declarations.insert(0, f'{result.get("c")} result = NULL;')
                call = 'result = ' + call
                afterwards.append(freed)
        lines = declarations + ([''] if declarations else [])
        if callee.endswith('_finish'):
            lines.append('if (scene->result == NULL)\n    return;')
        return lines + [f'{call};'] + [f'{line};' for line in afterwards]

    def function(self, name, head, lines):
        text = '\n'.join(f'  {line}' if line else '' for line in lines)
        self.parts.append(f'static void\n{name} ({head})\n{{\n{text}\n}}\n')

    def callable(self, owner, node):
        callee = node.get('c')
        label = f'{owner.name}.{node.name}' if owner is not self.root else node.name
        if any(child.get('type') in ('varargs', 'callback') for child in node.children) or any(
                label == method[0] or callee == method[1] for method in self.methods):
            self.left_out.append(label)
            return
        prepare = 'NULL'
        scene = 'PairsScene *scene, guint variant'
        if callee.endswith('_async'):
            finish = next(child for child in owner.children if child.get('c') == callee[:-6] + '_finish')
            self.function(callee + '_finished', 'GObject *source, GAsyncResult *given, gpointer data',
                          ['PairsScene *scene = data;', '', 'scene->result = given;',
                           f'{finish.get("c")}_call (scene, 0);', 'pairs_came (scene);'])
            self.function(callee + '_prepare', 'PairsScene *scene', ['guint variant G_GNUC_UNUSED = 0;', '', *self.body(
                owner, node, f'pairs_fresh (scene, "{owner.name}")')])
            self.parts[-1] = self.parts[-1].replace(callee + '_finished', 'pairs_store_result').replace(
                'pairs_await (scene)', 'scene')
            self.asynchronous(owner, node, finish, label)
        if callee.endswith('_finish'):
            prepare = callee[:-7] + '_async_prepare'
            self.function(callee + '_call', scene, self.body(owner, node, 'pairs_source (scene)'))
        else:
            self.function(callee + '_call', scene, self.body(owner, node, None))
        self.methods.append((label, callee, prepare, self.variants(node), callee.endswith('_async')))

    def asynchronous(self, owner, node, finish, label):
        """Begun for whoever wants it, and ended."""
        callee = node.get('c')
        lines = [re.sub(r'variant == 1 \? NULL : \w+_finished', 'callback', re.sub(
            r'variant == 1 \? NULL : pairs_await \(scene\)', 'data', re.sub(
                r'variant == 1 \? NULL : pairs_give \(scene, "Gio.Cancellable"[^)]*\)', 'cancellable', line)))
                 for line in self.body(owner, node, 'self')]
        self.function(callee + '_begin', 'PairsScene *scene, gpointer self, GCancellable *cancellable, '
                      'GAsyncReadyCallback callback, gpointer data', ['guint variant G_GNUC_UNUSED = 0;', '', *lines])
        lines = [line.replace('&error', 'error') for line in self.body(owner, finish, 'pairs_source (scene)')
                 if 'GError) error' not in line]
        self.function(callee + '_end', 'PairsScene *scene, GError **error', ['guint variant G_GNUC_UNUSED = 0;', '', *lines])
        self.asyncs.append((label, owner.name, callee))

    def variants(self, node):
        """Which ways to call it there are: 1 with everything new, 2 with NULL where it may be, 4 with the scene's own."""
        inward = node.of('in')
        found = 1
        if any(child.has('nullable') for child in inward) or any(child.has('optional') for child in node.of('out')) or any(
                child.get('type') == 'gboolean' for child in inward):
            found |= 2
        if any(child.get('type') in OWN for child in inward) or any(
                child.get('type') in ('Headers', 'Metrics') for child in node.of('instance')):
            found |= 4
        return found

    def signals_of(self, node, type_node):
        for signal in node.of('signal'):
            self.signals.append((type_node, signal.name))
        for prop in node.of('property'):
            if not prop.has('construct-only') and not prop.has('not-readable'):
                self.signals.append((type_node, 'notify::' + prop.name))
            if prop.get('type') == 'Gio.ListModel':
                self.signals.append((type_node, prop.name + '/items-changed'))
        if node.get('parent') in self.kinds:
            self.signals_of(self.kinds[node.get('parent')], type_node)

    def write(self, file):
        things = [(node, child) for node in self.root.children for child in node.of('method', 'function', 'constructor')]
        things += [(self.root, node) for node in self.root.children if node.kind == 'function']
        # A finish function comes before what its callback's caller needs it for.
        things.sort(key=lambda thing: not thing[1].get('c').endswith('_finish'))
        for owner, node in things:
            self.callable(owner, node)
        for node in self.root.children:
            if node.kind == 'class':
                self.signals_of(node, node)
        print('/* SPDX-License-Identifier: LGPL-2.1-or-later */\n/* Generated by pairs.py. */\n#include "pairs.h"\n', file=file)
        for method in self.methods:
            if method[2] != 'NULL':
                print(f'static void {method[2]} (PairsScene *scene);', file=file)
        print('', file=file)
        for part in self.parts:
            print(re.sub(r'\n\s*\n\s*\n', '\n\n', part), file=file)
        print('const PairsMethod pairs_methods[] = {', file=file)
        for label, callee, prepare, variants, is_async in self.methods:
            print(f'  {{ "{label}", {callee}_call, {prepare}, {variants}, {"TRUE" if is_async else "FALSE"} }},', file=file)
        print('};\nconst guint pairs_n_methods = G_N_ELEMENTS (pairs_methods);\n\nconst PairsSignal pairs_signals[] = {', file=file)
        for node, signal in self.signals:
            print(f'  {{ "{node.name}", {node.get("get-type")}, "{signal}" }},', file=file)
        print('};\nconst guint pairs_n_signals = G_N_ELEMENTS (pairs_signals);', file=file)
        print('\nconst PairsAsync pairs_asyncs[] = {', file=file)
        for label, class_name, callee in self.asyncs:
            print(f'  {{ "{label}", "{class_name}", {callee}_begin, {callee}_end }},', file=file)
        print('};\nconst guint pairs_n_asyncs = G_N_ELEMENTS (pairs_asyncs);', file=file)
        for label in self.left_out:
            print(f'/* left out: {label} */', file=file)


if __name__ == '__main__':
    with open(sys.argv[1], 'w', encoding='utf-8') as output:
        Writer(description.read(sys.argv[2])).write(output)
