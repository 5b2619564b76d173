#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walks through the window as a screen reader sees it: each control has a name.

    check-accessible.py PROGRAM    (under run-ui, with GTK_A11Y=atspi)"""
import os
import signal
import subprocess
import sys
import time

from accessible import (WINDOW_ENVIRONMENT, Atspi, application, do, find, is_called, wait_for, walk)

CONTROLS = {'push button', 'toggle button', 'check box', 'radio button', 'combo box', 'entry', 'text',
            'page tab', 'menu item', 'spin button', 'slider', 'table', 'tree table', 'list', 'image',
            'progress bar', 'switch', 'list box', 'password text', 'terminal'}
ADORNMENTS = 'GtkImage', 'GtkListBox', 'GtkColumnListView'
COMPOSED = 'combo box', 'push button', 'toggle button'
JOB = ('{"mpjob":1,"name":"Named","task":{"shell":"sleep 0.1; test {} != 3 || { echo bad >&2; exit 3; }"},'
       '"inputs":{"range":[12]},"processes":2,"retries":1}')


def is_named(node, path):
    name = node.get_name()
    # Pictures that only adorn, and what toolkit widgets that have names are made of.
    if name in ADORNMENTS or any(part.startswith(COMPOSED) for part in path[:-1]):
        return True
    # GTK gives what has no name that of its type.
    return bool(name) and not name.startswith(('Gtk', 'Adw', 'Gm'))


def check(nodes, where):
    """A walk costs a second or two: each node is asked across processes."""
    nameless = {' > '.join(path[-4:]) for node, role, path in nodes
                if role in CONTROLS and node.get_state_set().contains(Atspi.StateType.VISIBLE)
                and not is_named(node, path)}
    n = sum(role in CONTROLS for _, role, _ in nodes)
    print(f'{where}: {n} controls, {len(nameless)} without a name')
    for path in sorted(nameless):
        print(f'  {path}')
    return len(nameless)


def main(program):
    job = os.path.join(os.environ['HOME'], 'named.mpjob')
    with open(job, 'w', encoding='utf-8') as file:
        file.write(JOB)
    with subprocess.Popen([program, job], env=WINDOW_ENVIRONMENT) as process:
        try:
            window = wait_for('the window', lambda: application(process.pid))
            nodes = list(walk(window))
            bad = check(nodes, 'before the run')
            # The same button at all times: what it is called says how far the job is.
            primary = find(nodes, 'push button', 'Run')
            wait_for('Run', lambda: do(primary, 'click'))
            wait_for('the end', lambda: (primary.clear_cache(), is_called(primary, 'Retry Failed'))[1])
            # Pages that are not shown are walked through as well, but are filled when they are shown.
            for page in 'Monitor', 'Results', 'Log':
                do(find(nodes, 'page tab', page), 'click')
                time.sleep(0.5)
            window.clear_cache()
            bad += check(list(walk(window)), 'after it')
        finally:
            process.send_signal(signal.SIGTERM)
    return bad > 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
