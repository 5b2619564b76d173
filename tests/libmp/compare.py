#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs an example in C and its Python original under each start method and compares what they
print, standard output and log in one stream, byte for byte.

    compare.py PROGRAM ORIGINAL [ORDER]

Where several speak at once, ORDER says what of the order counts: `process` for that of the lines of
each, `none`.
"""
import difflib
import os
import re
import subprocess
import sys

METHODS = ('fork', 'spawn', 'forkserver')
# What Python says about things that libmp does not have.
NOT_OURS = re.compile(
    r'.*(created temp directory|(created|recreated) (semlock|blocker) with|'
    r'(worker|task|result) handler|workers to finish|outqueue is not full|starting server thread|'
    r"Failure to send message: | \.\.\. |got EOF -- exiting thread|thread 'MainThread' ).*\n")
# What is another one in each run: the objects and the address of a manager.
NAMES = ((re.compile(r"(with id|INCREF|DECREF) '[0-9a-f]+'"), r"\1 'ID'"),
         (re.compile(r"serving at '.*'"), "serving at 'ADDRESS'"))
KEYS = {
    'process': lambda line: re.match(r'(\[\S+/(.*?)\])?', line).group(2) or '',
    'none': lambda line: line,
}


# Or Python would keep what a child prints until after its last line of the log.
ENVIRONMENT = {**os.environ, 'PYTHONUNBUFFERED': '1'}


def output(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=60, check=False, env=ENVIRONMENT)
    if done.returncode != 0:
        sys.exit(f'{command} exited with {done.returncode}:\n{done.stdout}')
    text = done.stdout
    for pattern, replacement in NAMES:
        text = pattern.sub(replacement, text)
    return [line for line in text.splitlines(keepends=True) if not NOT_OURS.match(line)]


program, original, *order = sys.argv[1:]
failed = False
for method in METHODS:
    ours = output(program, method)
    theirs = output('/usr/bin/python3', original, method)
    for key in order:
        ours.sort(key=KEYS[key])
        theirs.sort(key=KEYS[key])
    if ours != theirs:
        failed = True
        sys.stdout.writelines(difflib.unified_diff(theirs, ours, 'Python, ' + method, 'libmp'))
sys.exit(failed)
