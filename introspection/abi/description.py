#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The public face of the library as a stable text: what a GIR says of it, without documentation, places and whatever
depends on the scanner's version. One thing a line, those inside it indented below: a kind, a name, then key=value pairs
and flags. The text is made for comparing, and read again where no GIR is built."""

import shlex
import sys
import xml.etree.ElementTree as ElementTree

CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'

KINDS = {
    CORE + 'alias': 'alias', CORE + 'bitfield': 'bitfield', CORE + 'callback': 'callback', CORE + 'class': 'class',
    CORE + 'constant': 'constant', CORE + 'constructor': 'constructor', CORE + 'enumeration': 'enumeration',
    CORE + 'field': 'field', CORE + 'function': 'function', CORE + 'function-macro': 'macro', CORE + 'implements': 'implements',
    CORE + 'interface': 'interface', CORE + 'member': 'member', CORE + 'method': 'method', CORE + 'property': 'property',
    CORE + 'record': 'record', CORE + 'union': 'union', CORE + 'virtual-method': 'virtual', GLIB + 'signal': 'signal',
    GLIB + 'boxed': 'boxed',
}
# In the order of the text; those with a False say nothing when they are what the key has here.
ATTRIBUTES = (
    ('c', C + 'identifier'), ('c', C + 'type'), ('get-type', GLIB + 'get-type'), ('parent', 'parent'), ('value', 'value'),
    ('since', 'version'), ('deprecated', 'deprecated'), ('when', 'when'),
)
FLAGS = (
    ('final', 'final'), ('abstract', 'abstract'), ('throws', 'throws'), ('nullable', 'nullable'), ('optional', 'optional'),
    ('writable', 'writable'), ('construct', 'construct'), ('construct-only', 'construct-only'), ('action', 'action'),
    ('detailed', 'detailed'), ('no-recurse', 'no-recurse'), ('caller-allocates', 'caller-allocates'),
)
ORDERED = 'enumeration', 'bitfield', 'member', 'field', 'in', 'out', 'inout', 'instance', 'return', 'implements'


class Node:
    """A line of the text, with those below it."""

    def __init__(self, kind, name, attributes, children=()):
        self.kind, self.name, self.attributes, self.children = kind, name, dict(attributes), list(children)

    def get(self, key, other=None):
        return self.attributes.get(key, other)

    def has(self, flag):
        return flag in self.attributes

    def of(self, *kinds):
        return [child for child in self.children if child.kind in kinds]

    def lines(self, depth=0):
        words = [self.kind, shlex.quote(self.name)]
        words += [key if value is None else f'{key}={shlex.quote(value)}' for key, value in self.attributes.items()]
        yield '  ' * depth + ' '.join(words)
        for child in self.children:
            yield from child.lines(depth + 1)


def type_name(element):
    """What it is, with what is in it, and how C writes it."""
    found = element.find(CORE + 'type')
    array = element.find(CORE + 'array')
    if found is None and array is None:
        return ('varargs', None) if element.find(CORE + 'varargs') is not None else ('callback', None)
    whole = array if found is None else found
    inner = ','.join(type_name_of(child) for child in whole)
    if found is None:
        name = (whole.get('name') or 'array') + f'<{inner}>'
        if whole.get('zero-terminated') == '1':
            name += '0'
    else:
        name = whole.get('name', '?') + (f'<{inner}>' if inner else '')
    return name, whole.get(C + 'type')


def type_name_of(element):
    wrapper = ElementTree.Element('x')
    wrapper.append(element)
    return type_name(wrapper)[0]


def value_node(element, kind, name):
    """A parameter, a return value, or a field: they have a type, and who owns it."""
    written, c_type = type_name(element)
    attributes = {'type': written}
    if c_type:
        attributes['c'] = c_type
    for key in 'transfer-ownership', 'scope', 'closure', 'destroy':
        if element.get(key) is not None:
            attributes[key.partition('-')[0]] = element.get(key)
    for flag, key in FLAGS:
        if element.get(key) == '1':
            attributes[flag] = None
    return Node(kind, name, attributes)


def callable_children(element):
    parameters = element.find(CORE + 'parameters')
    for parameter in parameters if parameters is not None else ():
        if parameter.tag == CORE + 'instance-parameter':
            yield value_node(parameter, 'instance', parameter.get('name'))
        else:
            yield value_node(parameter, parameter.get('direction', 'in'), parameter.get('name'))
    result = element.find(CORE + 'return-value')
    if result is not None and type_name(result)[0] != 'none':
        yield value_node(result, 'return', 'it')


def node_of(element):
    kind = KINDS[element.tag]
    name = element.get('name') or element.get(GLIB + 'name')
    attributes = {}
    for word, key in ATTRIBUTES:
        # A macro's value, and the version's, are not the ABI.
        if element.get(key) is not None and not (key == 'value' and 'VERSION' in name):
            attributes.setdefault(word, element.get(key))
    for flag, key in FLAGS:
        if element.get(key) == '1':
            attributes[flag] = None
    if element.get('introspectable') == '0':
        attributes['not-introspectable'] = None
    if kind in ('property', 'constant', 'alias', 'field'):
        typed = value_node(element, kind, name)
        attributes.update(typed.attributes)
    if kind == 'property' and element.get('readable') == '0':
        attributes['not-readable'] = None
    children = [node_of(child) for child in element if child.tag in KINDS]
    children.sort(key=lambda child: ('', '') if child.kind in ORDERED else (child.kind, child.name))
    return Node(kind, name, attributes, [*callable_children(element), *children])


def read_gir(path):
    """The namespace's things, sorted."""
    namespace = ElementTree.parse(path).getroot().find(CORE + 'namespace')
    root = Node('namespace', namespace.get('name'), {'version': namespace.get('version')})
    root.children = sorted((node_of(child) for child in namespace if child.tag in KINDS),
                           key=lambda node: (node.kind, node.name))
    return root


def read_text(path):
    root, stack = None, []
    with open(path, encoding='utf-8') as file:
        for line in file:
            words = shlex.split(line, comments=True)
            if not words:
                continue
            depth = (len(line) - len(line.lstrip(' '))) // 2
            node = Node(words[0], words[1], [(word.partition('=')[0], word.partition('=')[2] if '=' in word else None)
                                             for word in words[2:]])
            del stack[depth:]
            if stack:
                stack[-1].children.append(node)
            else:
                root = node
            stack.append(node)
    return root


def read(path):
    return read_gir(path) if path.endswith('.gir') else read_text(path)


def write(root):
    return '# SPDX-License-Identifier: LGPL-2.1-or-later\n' + '\n'.join(root.lines()) + '\n'


def symbols(root):
    """The C symbols that it says there are."""
    found = set()
    for node in [root, *root.children]:
        if node.get('get-type') not in (None, 'intern'):
            found.add(node.get('get-type'))
        found.update(child.get('c') for child in node.of('method', 'function', 'constructor'))
    return found


if __name__ == '__main__':
    sys.stdout.write(write(read(sys.argv[1])))
