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

ONE_EACH = ('-DPUTTERS=1', '-DGETTERS=1', '-DPUTS=2', '-DKILLS=1')
POOL = ('-DITEMS=2', '-DKILLS=1')
MODELS = {
    'queue': (ONE_EACH, ('NO_FIRST_RING', 'NO_SECOND_RING', 'NO_OWNER_WATCH', 'NO_SECOND_LOOK')),
    'pool': (POOL, ('NO_OWNER_IN_CLAIM', 'NO_LAST_HARVEST', 'NO_LAST_COLLECT', 'NO_GIVING_BACK',
                    'NO_SECOND_LOOK', 'NO_KICK', 'NO_BELL')),
}


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
path = pathlib.Path(sys.argv[1]).resolve()
size, steps = MODELS[path.stem]
for left_out in (None, *steps):
    configuration = size + ((f'-D{left_out}',) if left_out else ())
    found, states = errors(path, configuration)
    print(' '.join(configuration), f'{states} states, {found} errors', flush=True)
    wrong += (found > 0) != bool(left_out)
sys.exit(wrong)
