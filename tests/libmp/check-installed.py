#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installs libmp below a folder of its own, compiles an example against what is there as pkg-config
says, and compares what it prints with its Python original, under each start method.

    check-installed.py BUILD PREFIX EXAMPLE ORIGINAL
"""
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

build, prefix, example, original = sys.argv[1:]
here = pathlib.Path(__file__).parent


def output(*command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, **more).stdout


def foreign_symbols(library):
    lines = output('nm', '-D', '--defined-only', library).splitlines()
    return [name for name in (line.split()[-1] for line in lines) if not name.startswith('mp_')]


with tempfile.TemporaryDirectory() as folder:
    output('meson', 'install', '-C', build, '--no-rebuild', '--destdir', folder)
    root = pathlib.Path(folder, prefix.lstrip('/'))
    [description] = root.glob('**/libmp.pc')
    env = {**os.environ, 'PKG_CONFIG_PATH': str(description.parent)}
    libdir = output('pkg-config', '--variable=libdir', 'libmp', env=env).strip()
    flags = shlex.split(output('pkg-config', '--cflags', '--libs', 'libmp', env=env))
    if not os.path.realpath(libdir).startswith(os.path.realpath(folder)):
        sys.exit(f'{description} speaks of {libdir}, not of where it is')

    foreign = foreign_symbols(f'{libdir}/libmp.so')
    if foreign:
        sys.exit(f'libmp.so shows what is not its own: {foreign}')

    program = f'{folder}/program'
    output('cc', '-std=c11', '-Wall', '-Werror', '-o', program, example, *flags,
           f'-Wl,-rpath,{libdir}')
    if f'{libdir}/libmp.so.0' not in output('ldd', program):
        sys.exit('the program is not linked with what was installed')
    sys.exit(subprocess.run([here / 'compare.py', program, original], check=False).returncode)
