#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Has spin go through all orders of steps of a model, and sees that each step is needed: the model
must fail without it.

    check.py MODEL.pml
"""
import pathlib
import re
import subprocess
import sys
import tempfile

ONE_EACH = ('-DPUTTERS=1', '-DGETTERS=1')
HOLDS = [
    ONE_EACH + ('-DPUTS=2', '-DKILLS=1'),
]
FAILS = [
    ONE_EACH + ('-DPUTS=2', '-DKILLS=1', '-DNO_FIRST_RING'),
    ONE_EACH + ('-DPUTS=2', '-DKILLS=1', '-DNO_SECOND_RING'),
    ONE_EACH + ('-DPUTS=2', '-DKILLS=1', '-DNO_OWNER_WATCH'),
    ONE_EACH + ('-DPUTS=2', '-DKILLS=1', '-DNO_SECOND_LOOK'),
]


def errors(model, options):
    """How many errors spin has found, and in how many states it has looked for them."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(('spin', '-a', *options, model), cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run(('gcc', '-O2', '-w', '-DSAFETY', '-DCOLLAPSE', '-o', 'pan', 'pan.c'),
                       cwd=folder, check=True)
        out = subprocess.run(('./pan', '-E', '-m200000'), cwd=folder, check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    if 'max search depth too small' in out or 'errors:' not in out:
        sys.exit(out)
    return (int(re.search(r'errors: (\d+)', out).group(1)),
            re.search(r'(\S+) states, stored', out).group(1))


wrong = 0
for configurations, wanted in (HOLDS, 0), (FAILS, 1):
    for configuration in configurations:
        found, states = errors(pathlib.Path(sys.argv[1]).resolve(), configuration)
        print(' '.join(configuration), f'{states} states, {found} errors', flush=True)
        wrong += (found > 0) != wanted
sys.exit(wrong)
