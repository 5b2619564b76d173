#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Has spin go through all orders of steps of a model, and sees that each step is needed: the model
must fail without it.

    check.py MODEL.pml
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

# For each model what it must hold for, and what must break it.
HOLDS = {
    'queue': [
        'PUTTERS=1 GETTERS=1 PUTS=2 KILLS=1',
    ],
    'pool': [
        'ROOM=1',
        'ITEMS=1 BLOCKS=1 KILLS=1 RETRIES=1',
        'ITEMS=1 BLOCKS=1 STOPS=1',
        'ITEMS=1 BLOCKS=1 CANCELS=1 RESIZES=1',
        'ITEMS=1 BLOCKS=1 TERMINATES=1',
    ],
}
# The same at greater length, if GTK_MP_TEST_FULL=1.
HOLDS_FULL = {
    'queue': [],
    'pool': [
        'ITEMS=1 BLOCKS=1 KILLS=2 RETRIES=1',
        'BLOCKS=1 RUN=2 KILLS=1',
        'KILLS=1',
        'ITEMS=4',
        'STOPS=1',
        'CANCELS=1',
        'RESIZES=1',
        'TERMINATES=1',
    ],
}
FAILS = {
    'queue': [
        'PUTTERS=1 GETTERS=1 PUTS=2 KILLS=1 NO_SECOND_RING',
        'PUTTERS=1 GETTERS=1 PUTS=2 KILLS=1 NO_OWNER_WATCH',
    ],
    'pool': [
        'KILLS=1 LATE_OWNER',
        'TICKETS=1 NO_TAIL',
        'EARLY_COMMIT',
        'NO_KICK',
        'NO_END_LOOK',
    ],
}
# The other steps, if GTK_MP_TEST_FULL=1: most of the time goes into compiling each.
FAILS_FULL = {
    'queue': [
        'PUTTERS=1 GETTERS=1 PUTS=2 KILLS=1 NO_FIRST_RING',
        'PUTTERS=1 GETTERS=1 PUTS=2 KILLS=1 NO_SECOND_LOOK',
    ],
    'pool': [
        'ITEMS=3 TICKETS=1 LATE_RUN',
        'ITEMS=1 BLOCKS=1 KILLS=1 NO_CURSOR_HELP',
        'CANCELS=1 NO_COMPARE',
        'CANCELS=1 ITEMS=3 NO_SKIPPED',
        'ROOM=1 EARLY_RELEASE',
        'ITEMS=1 BLOCKS=1 KILLS=2 NO_HARVEST_FIRST',
        'ITEMS=1 BLOCKS=1 KILLS=2 NO_COLLECT_FIRST',
        'KILLS=1 NO_DEATH_WATCH',
        'NO_SLEEP_COUNT',
        'ITEMS=1 BLOCKS=1 STOPS=1 NO_KICK_INTERVAL',
        'STOPS=1 EARLY_NOTE',
        'NO_PARENT_LOOK',
        'NO_IDLE_LOOK',
        'ROOM=1 NO_FULL_LOOK',
    ],
}


def errors(model, options):
    """How many errors spin has found, and in how many states it has looked for them."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(('spin', '-a', *(f'-D{option}' for option in options.split()), model),
                       cwd=folder, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(('gcc', '-O1', '-w', '-DSAFETY', '-DCOLLAPSE', '-o', 'pan', 'pan.c'),
                       cwd=folder, check=True)
        out = subprocess.run(('./pan', '-E', '-m200000'), cwd=folder, check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    if 'max search depth too small' in out or 'errors:' not in out:
        sys.exit(out)
    return (int(re.search(r'errors: (\d+)', out).group(1)),
            re.search(r'(\S+) states, stored', out).group(1))


model = pathlib.Path(sys.argv[1]).resolve()
if os.environ.get('GTK_MP_TEST_FULL') == '1':
    HOLDS[model.stem] += HOLDS_FULL[model.stem]
    FAILS[model.stem] += FAILS_FULL[model.stem]
wrong = 0
for configurations, wanted in (HOLDS, 0), (FAILS, 1):
    for configuration in configurations[model.stem]:
        found, states = errors(model, configuration)
        print(configuration, f'{states} states, {found} errors', flush=True)
        wrong += (found > 0) != wanted
sys.exit(wrong)
