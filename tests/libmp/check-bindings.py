#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installs libmp below a folder of its own, and runs a program in another language with what is
there: what it prints is compared with a file, and no process may be left of it.

    check-bindings.py BUILD PREFIX INTERPRETER PROGRAM EXPECTED
"""
import difflib
import os
import pathlib
import subprocess
import sys
import tempfile

build, prefix, interpreter, program, expected = sys.argv[1:]
MANY = """
import gi, os
gi.require_version('Mp', '1')
from gi.repository import Mp
def use():
    pool = Mp.Pool.new(None, 2)
    pool.start()
    pool.apply('mp_command', Mp.Command.new(['true']).to_variant())
    pool.terminate()
    pool.join(-1)
    return len(os.listdir('/proc/self/fd'))
use()
before = use()
for _ in range(20):
    after = use()
assert before == after, (before, after)
"""


def group_is_empty(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def run(*command):
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env,
                          start_new_session=True) as process:
        text = process.communicate(timeout=120)[0]
    if process.returncode != 0:
        sys.exit(f'{command[0]} ended with {process.returncode}:\n{text}')
    if not group_is_empty(process.pid):
        sys.exit(f'{command[0]} has left processes')
    return text


with tempfile.TemporaryDirectory() as folder:
    subprocess.run(('meson', 'install', '-C', build, '--no-rebuild', '--destdir', folder),
                   stdout=subprocess.DEVNULL, check=True)
    root = pathlib.Path(folder, prefix.lstrip('/'))
    [typelib] = root.glob('**/Mp-1.typelib')
    [library] = root.glob('**/libmp.so.0')
    [helper] = root.glob('**/libmp-helper')
    if not list(root.glob('share/gir-1.0/Mp-1.gir')):
        sys.exit('Mp-1.gir has not been installed')
    env = {**os.environ, 'GI_TYPELIB_PATH': str(typelib.parent),
           'LD_LIBRARY_PATH': str(library.parent), 'LIBMP_HELPER': str(helper)}
    wanted = pathlib.Path(expected).read_text(encoding='utf-8')
    printed = run(interpreter, program)
    if interpreter.endswith('python3'):
        run(interpreter, '-c', MANY)

for line in difflib.unified_diff(wanted.splitlines(), printed.splitlines(), expected, program,
                                 lineterm=''):
    print(line)
sys.exit(printed != wanted)
