#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table against libsoup (introspection/libsoup-table.md): every entry of libsoup's GIR has its row, none that libsoup
does not have, and what a row names of ours is in our GIR. Arguments: the table, libsoup's GIR and ours."""

import re
import sys
import os
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
from tap import Tap  # pylint: disable=wrong-import-position

CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'
MARKS = {'method': '', 'constructor': '', 'function': '', 'member': '', 'property': ':', 'signal': '::', 'glib:signal': '::'}
OURS = re.compile(r'^(?:gmulti_\w+\(\)|GMULTI_\w+|GMulti\w+(?:::?[\w-]+)?)$')
VERDICT = re.compile(r'\b(never|later|header): \S|`|see |always|the method')


def kind_of(element):
    return element.tag.rpartition('}')[2]


def namespace(path):
    return xml.etree.ElementTree.parse(path).getroot().find(f'{CORE}namespace')


def entries(gir):
    """{type: {entry: accessor of which property}}; '' has the functions. What C alone has (macros, callbacks, class structs) and
    fields, which the types' functions reach, is no entry."""
    found = {'': {}}
    for node in namespace(gir):
        kind, name = kind_of(node), node.get('name')
        if kind == 'function':
            found[''][name] = None
        if kind not in ('class', 'interface', 'record', 'enumeration', 'bitfield') or node.get(f'{GLIB}is-gtype-struct-for'):
            continue
        if node.get('disguised') == '1' or name.endswith(('Class', 'Private')):
            continue
        members = found[name] = {}
        for member in node:
            mark = MARKS.get(kind_of(member))
            if mark is not None and member.get('name'):
                members[mark + member.get('name')] = None
        for name in members:
            bare = name.partition('_')[2].replace('_', '-')
            if name.startswith(('get_', 'set_', 'is_')):
                members[name] = next((p for p in (':' + bare, ':' + name.replace('_', '-')) if p in members), None)
    return found


def our_names(gir):
    """Everything that a row may name."""
    names = set()
    for node in namespace(gir):
        type_name = node.get(f'{C}type') or node.get(f'{C}identifier')
        names.add(f'{type_name}()' if kind_of(node) == 'function' else type_name)
        if node.get(f'{GLIB}type-name'):
            names.add('GMULTI_TYPE_' + re.sub('(?<!^)([A-Z])', r'_\1', node.get('name')).upper())
        for member in node:
            if kind_of(member) in ('method', 'constructor', 'function'):
                names.add(member.get(f'{C}identifier') + '()')
            elif kind_of(member) == 'member':
                names.add(member.get(f'{C}identifier'))
            elif MARKS.get(kind_of(member)):
                names.add(f'{type_name}{MARKS[kind_of(member)]}{member.get("name")}')
    return names


def read_table(text):
    """[(types, entries, the other column)] of each row."""
    rows, types = [], []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')] if line.startswith('|') else []
        if len(cells) == 2 and cells[1] == 'here':
            types = [name.removeprefix('Soup') for name in cells[0].split(', ')]
        elif len(cells) == 2 and not cells[0].startswith('---'):
            rows.append((types, re.findall('`([^`]+)`', cells[0]), cells[1]))
    return rows


def compare(rows, soup, ours):
    """Sentences about what is wrong."""
    told = {}
    for types, names, text in rows:
        for name in types:
            if name not in soup:
                yield f'libsoup has no {name}'
            told.setdefault(name, set()).update(names)
        for name in set(names) - {'*'} - set().union(*(soup.get(type_name, {}) for type_name in types)):
            yield f'libsoup has no {name} of {types}'
        if not VERDICT.search(text):
            yield f'{names} have neither an equal nor a reason: {text}'
        for word in re.findall('`([^`]+)`', text):
            if OURS.match(word) and word not in ours:
                yield f'there is no {word}'
    for type_name, members in soup.items():
        for name, of in members.items():
            if not {name, of, '*'} & told.get(type_name, set()):
                yield f'{type_name or "the functions"}: no row for {name}'
        if type_name not in told:
            yield f'no table for {type_name}'


def main():
    table, soup_gir, our_gir = sys.argv[1:]
    tap = Tap()
    with open(table, encoding='utf-8') as file:
        rows = read_table(file.read())
    soup, ours = entries(soup_gir), our_names(our_gir)
    count = sum(map(len, soup.values()))
    tap.check('libsoup is what it is', len(soup) >= 60 and count > 500, len(soup), count)
    print(f'# {count} entries of {len(soup)} types, {len(rows)} rows')
    tap.none('every entry has its equal or a reason', compare(rows, soup, ours))
    # What it would find.
    planted = [(types, names[1:], text) for types, names, text in rows[:1]] + rows[1:]
    tap.check('a lost row is found', any('no row for' in finding for finding in compare(planted, soup, ours)))
    planted = rows + [(['Session'], ['new'], '`gmulti_session_nowhere()`')]
    tap.check('an equal that is none is found', 'there is no gmulti_session_nowhere()' in compare(planted, soup, ours))
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
