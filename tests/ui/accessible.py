# SPDX-License-Identifier: GPL-3.0-or-later
"""The window as a screen reader sees and uses it. Under run-ui, with GTK_A11Y=atspi."""
import os
import sys
import time

# Warnings of this program's own library are not what is tested.
WINDOW_ENVIRONMENT = dict(os.environ)
os.environ.pop('G_DEBUG', None)
try:
    import gi
    gi.require_version('Atspi', '2.0')
    from gi.repository import Atspi, GLib
except (ImportError, ValueError) as error:
    print(f'skipped: {error}')
    sys.exit(77)

PATIENCE = int(os.environ.get('PATIENCE', '240'))


def wait_for(what, find):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = find()
        if found:
            return found
        time.sleep(0.1)
    sys.exit(f'waited in vain for {what}')


def children(node):
    return [child for child in map(node.get_child_at_index, range(node.get_child_count())) if child]


def walk(node, path=()):
    role = node.get_role_name()
    path += (f'{role} {node.get_name()!r}',)
    yield node, role, path
    # The cells of a table are made alike: a few rows tell of all.
    rows = 0
    for child in children(node):
        if child.get_role_name() == 'table row':
            rows += 1
            if rows > 3:
                continue
        yield from walk(child, path)


def is_called(node, name):
    # GTK 4.8 says the label of a mnemonic twice: "_Run Run".
    return (node.get_name() + ' ').endswith(f' {name} ') or node.get_name() == name


def find(nodes, role, name):
    return next((node for node, its_role, _ in nodes if its_role == role and is_called(node, name)),
                None)


def do(node, name):
    for i in range(Atspi.Action.get_n_actions(node)):
        if Atspi.Action.get_action_name(node, i) == name:
            return Atspi.Action.do_action(node, i)
    return False


def application(pid):
    for app in children(Atspi.get_desktop(0)):
        try:
            if app.get_process_id() == pid:
                frames = [child for child in children(app) if child.get_role_name() == 'frame']
                if frames:
                    return frames[0]
        except GLib.Error:
            # Others come and go while they are asked.
            pass
    return None
