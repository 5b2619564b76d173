#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Too little memory, for real: within a control group that has only so much of it."""
import os
import pathlib
import re
import sys
import tempfile
import unittest

import harness

MIB = 1 << 20
LIMIT = 512 * MIB
BALLAST = 128 * MIB
# All of them together want three times what is free.
EACH = 128 * MIB
ITEMS = 3 * (LIMIT - BALLAST) // EACH

GROW = f'''
import time
pieces = []
for i in range({EACH} // {2 * MIB}):
    pieces.append(bytearray(b'x') * {2 * MIB})
    time.sleep(0.04)
'''


class Group:
    """A control group with a limit of its own below that of this process, or below the topmost."""

    def __init__(self, limit):
        text = pathlib.Path('/proc/self/cgroup').read_text()
        old = re.search(r'^\d+:(?:.*,)?memory(?:,.*)?:(/.*)$', text, re.MULTILINE)
        new = re.search(r'^0::(/.*)$', text, re.MULTILINE)
        if old:
            self.limit, self.events = 'memory.limit_in_bytes', 'memory.oom_control'
            places = ['/sys/fs/cgroup/memory' + old[1], '/sys/fs/cgroup/memory']
        else:
            self.limit, self.events = 'memory.max', 'memory.events'
            places = ['/sys/fs/cgroup' + (new[1] if new else ''), '/sys/fs/cgroup']
        for place in places:
            if self.make(place, limit):
                return
        raise unittest.SkipTest('no control group with a limit of memory can be made here')

    def make(self, place, limit):
        try:
            self.path = pathlib.Path(tempfile.mkdtemp(prefix='gtk-mp-test-', dir=place))
        except OSError:
            return False
        try:
            (self.path / self.limit).write_text(str(limit))
            # No help from swap.
            for name, value in (('memory.swap.max', 0), ('memory.memsw.limit_in_bytes', limit)):
                if (self.path / name).exists():
                    (self.path / name).write_text(str(value))
        except OSError:
            self.remove()
            return False
        return True

    def kills(self):
        return int(re.search(r'^oom_kill (\d+)', (self.path / self.events).read_text(),
                             re.MULTILINE)[1])

    def remove(self):
        self.path.rmdir()


@unittest.skipIf(harness.SANITIZED, 'sanitizers need memory of their own')
class Memory(harness.Case):
    def setUp(self):
        super().setUp()
        self.group = Group(LIMIT)
        self.addCleanup(self.leave_group)
        self.ballast = pathlib.Path(f'/dev/shm/gtk-mp-test-{os.getpid()}')
        self.addCleanup(self.ballast.unlink, missing_ok=True)
        program = self.folder / 'in-group'
        program.write_text(f'#!/bin/sh\necho $$ > {self.group.path}/cgroup.procs || exit 99\n'
                           f'head -c {BALLAST} /dev/zero > {self.ballast}\n'
                           f'exec {harness.PROGRAM} "$@"\n')
        program.chmod(0o755)
        self.addCleanup(setattr, harness, 'PROGRAM', harness.PROGRAM)
        harness.PROGRAM = program

    def leave_group(self):
        self.ballast.unlink(missing_ok=True)
        self.kill_leftovers()
        harness.wait_for(lambda: not (self.group.path / 'cgroup.procs').read_text(), 'an empty group')
        self.group.remove()

    def test_more_than_there_is(self):
        """Each grows over seconds; all are ok in the end, and the kernel had to kill none."""
        run = self.start({'task': {'command': [sys.executable, '-c', GROW]},
                          'inputs': {'range': [ITEMS]}, 'processes': 6,
                          'min_free_memory': '200M'})
        self.assertEqual(run.wait(), 0, run.stderr)
        self.assert_all_once(run, ITEMS)
        self.assertEqual({(outcome['status'], outcome['attempts']) for outcome in run.outcomes()},
                         {('ok', 1)})
        for outcome in run.outcomes():
            self.assertGreater(outcome['max_rss'], EACH)
        self.assertEqual(run.events('item-retried'), [])
        self.assertIn('queued again', run.stderr)
        self.assertEqual(self.group.kills(), 0)
        self.assert_nothing_left()

    def test_killed_by_the_kernel(self):
        """Without that care the kernel kills somebody, and the outcome says why."""
        run = self.run_job({'task': {'command': [sys.executable, '-c',
                                                 f'x = bytearray(b"x") * {LIMIT}']},
                            'inputs': [0]}, code=1)
        self.assertEqual((run.outcomes()[0]['status'], run.outcomes()[0]['reason']),
                         ('crashed', 'out-of-memory'))
        self.assertGreater(self.group.kills(), 0)


if __name__ == '__main__':
    unittest.main()
