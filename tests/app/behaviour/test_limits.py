# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of memory and time, retries and what counts as success."""
import os
import signal
import subprocess
import sys
import time
import unittest

import harness
from test_module import build

PYTHON = sys.executable
MIB = 1 << 20

# Takes so many MiB, says so, and stays until it is ended.
GROW = 'import sys, time; x = bytearray(int(sys.argv[1]) << 20); x[::4096] = b"x" * len(x[::4096]); '


class LimitsTest(harness.Case):
    def setUp(self):
        super().setUp()
        self.program = self.folder / 'with-memory'

    def pretend(self, mib):
        """From now on programs of this test see so much memory available."""
        fake = self.folder / 'meminfo'
        # In place: what is mounted is the file, not its name.
        with open(fake, 'r+' if fake.exists() else 'w') as file:
            file.write(f'MemAvailable: {mib * 1024:12} kB\n')
        if harness.PROGRAM == self.program:
            return
        user = [] if os.getuid() == 0 else ['--map-root-user']
        enter = ['unshare', '--mount', *user]
        mount = f'mount --bind {fake} /proc/meminfo'
        if subprocess.run([*enter, 'sh', '-c', mount], capture_output=True).returncode != 0:
            self.skipTest('no file can be mounted over /proc/meminfo here')
        self.program.write_text(f'#!/bin/sh\nexec {" ".join(enter)} sh -c '
                                f'\'{mount} && exec "$0" "$@"\' {harness.PROGRAM} "$@"\n')
        self.program.chmod(0o755)
        self.addCleanup(setattr, harness, 'PROGRAM', harness.PROGRAM)
        harness.PROGRAM = self.program

    def command(self, code, *arguments, **keys):
        return {'task': {'command': [PYTHON, '-c', code, *arguments]}, **keys}

    def check(self, outcome, status, reason):
        self.assertEqual((outcome['status'], outcome.get('reason')), (status, reason), outcome)

    def test_memory_limit_of_commands(self):
        code = GROW + 'time.sleep(1000 if int(sys.argv[1]) > 100 else 0)'
        run = self.run_job(self.command(code, '{}', inputs=[400, 1], memory_limit='200M'), code=1)
        self.check(run.by_index()[0], 'crashed', 'out-of-memory')
        self.assertGreater(int(run.by_index()[0]['error'].split()[1]), 200 * MIB)
        self.check(run.by_index()[1], 'ok', None)
        self.assert_nothing_left()

    def test_memory_of_all_processes_of_an_item_is_summed_up(self):
        code = GROW + 'time.sleep(1000)'
        script = f'for i in 1 2 3; do setsid {PYTHON} -c \'{code}\' 100 & done; wait'
        self.write('family.sh', script)
        run = self.run_job({'task': {'command': ['sh', 'family.sh']}, 'inputs': [0],
                            'memory_limit': 250 * MIB}, code=1)
        self.check(run.by_index()[0], 'crashed', 'out-of-memory')
        self.assert_nothing_left()

    def test_memory_limit_of_functions(self):
        build(self.work)
        for method in harness.START_METHODS:
            run = self.run_job({'task': {'function': 'module.so:grow'}, 'inputs': [1, 600, 2, 3],
                                'memory_limit': '300M', 'processes': 2, 'start_method': method},
                               code=1)
            self.check(run.by_index()[1], 'crashed', 'out-of-memory')
            self.assertIn('bytes of memory', run.by_index()[1]['error'])
            for fine in (0, 2, 3):
                self.check(run.by_index()[fine], 'ok', None)
        self.assert_nothing_left()

    def test_out_of_memory_is_tried_again(self):
        code = GROW + 'time.sleep(1000)'
        run = self.run_job(self.command(code, '400', inputs=[0], memory_limit='200M', retries=1),
                           code=1)
        self.assertEqual(run.by_index()[0]['attempts'], 2)
        self.assert_attempts_recorded(run)

    def test_no_item_starts_below_min_free_memory(self):
        self.pretend(500)
        run = self.start({'task': {'command': ['echo', '{}']}, 'inputs': {'range': [3]},
                          'min_free_memory': '1G'})
        harness.wait_for(lambda: 'min_free_memory' in run.stderr, 'the warning')
        time.sleep(0.3)
        self.assertEqual(run.outcomes(), [])
        self.pretend(2000)
        self.assertEqual(run.wait(), 0)
        self.assert_all_once(run, 3)

    def test_waiting_for_memory_can_be_ended(self):
        self.pretend(500)
        run = self.start({'task': {'function': 'builtin:echo'}, 'inputs': {'range': [3]},
                          'min_free_memory': '1G'})
        harness.wait_for(lambda: 'min_free_memory' in run.stderr, 'the warning')
        os.kill(run.pid, signal.SIGTERM)
        self.assertEqual(run.wait(), 143)
        self.assertEqual(run.outcomes(), [])

    def test_the_youngest_is_queued_again_below_half_of_it(self):
        build(self.work)
        tasks = {
            'command': {'command': ['sh', 'item.sh', '{}']},
            'worker': {'worker': ['sh', 'worker.sh']},
            'function': {'function': 'module.so:wait_for_go'},
        }
        self.write('worker.sh', 'while read line; do sh item.sh "${line##*:}"; '
                   "echo '{\"result\":1}'; done")
        # What an item does: says that it runs, and waits for `go`.
        self.write('item.sh', 'echo run >> "began-${1%\\}}"; '
                   'while [ ! -e go ]; do sleep 0.02; done')
        for name, task in tasks.items():
            for leftover in ('began-0', 'began-1', 'go'):
                (self.work / leftover).unlink(missing_ok=True)
            self.pretend(2000)
            run = self.start({'task': task, 'inputs': [0, 1], 'processes': 2, 'name': name,
                              'min_free_memory': '1G', 'cwd': str(self.work)})
            began = [self.work / 'began-0', self.work / 'began-1']
            harness.wait_for(lambda: all(path.exists() for path in began), 'both items')
            self.pretend(400)
            harness.wait_for(lambda: 'queued again' in run.stderr, 'the eviction')
            self.pretend(700)  # enough for what runs, not for another
            evicted = int(run.stderr.split('item ')[1].split()[0])
            time.sleep(0.3)
            self.assertEqual(run.outcomes(), [])
            self.pretend(2000)
            harness.wait_for(lambda: len(began[evicted].read_text().split()) == 2, 'its return')
            self.write('go', '')
            self.assertEqual(run.wait(), 0, run.stderr)
            self.assertEqual([run.by_index()[i]['attempts'] for i in (0, 1)], [1, 1])
            self.assertEqual(len(began[1 - evicted].read_text().split()), 1)
            self.assertEqual(run.events('item-retried'), [])
        self.assert_nothing_left()

    def test_relative_timeout(self):
        code = 'import sys, time; time.sleep(1000 if sys.argv[1] == "0" else 0.1)'
        for keys in ({'processes': 2}, {'processes': 2, 'retries': 1}):
            run = self.run_job(self.command(code, '{}', inputs={'range': [14]},
                                            task_timeout='1000%', **keys), code=1)
            self.check(run.by_index()[0], 'timeout', 'timeout')
            self.assertIn('median', run.by_index()[0]['error'])
            self.assertEqual(run.by_index()[0]['attempts'], keys.get('retries', 0) + 1)
            for i in range(1, 14):
                self.check(run.by_index()[i], 'ok', None)
        self.assert_nothing_left()

    def test_relative_timeout_of_functions(self):
        run = self.run_job({'task': {'function': 'builtin:sleep'}, 'processes': 2, 'chunksize': 1,
                            'inputs': [1000] + [0.1] * 12, 'task_timeout': '1000%'}, code=1)
        self.check(run.by_index()[0], 'timeout', 'timeout')
        self.assertIn('median', run.by_index()[0]['error'])
        self.assertEqual([run.by_index()[i]['status'] for i in range(1, 13)], ['ok'] * 12)

    def test_no_relative_timeout_before_there_is_a_median(self):
        code = 'import sys, time; time.sleep(float(sys.argv[1]))'
        run = self.run_job(self.command(code, '{}', inputs=[1.5] + [0.01] * 8, processes=2,
                                        task_timeout='100%'))
        self.assertEqual({o['status'] for o in run.outcomes()}, {'ok'})

    def test_other_items_run_during_a_delay(self):
        code = 'import sys; sys.exit(int(sys.argv[1]) == 0)'
        run = self.run_job(self.command(code, '{}', inputs={'range': [5]}, retries=1,
                                        retry_delay=1, processes=1), code=1)
        self.assertEqual(run.outcomes()[-1]['index'], 0)

    def test_creates(self):
        self.write('there-1', 'x')
        for task in ({'shell': '[ {} = 2 ] || echo made > there-{}'},
                     {'worker': ['sh', '-c', 'while read l; do echo made > there-0; '
                                 'echo made > there-3; echo \'{"result":1}\'; done']}):
            for name in ('there-0', 'there-3'):
                (self.work / name).unlink(missing_ok=True)
            run = self.run_job({'task': task, 'inputs': [0, 1, 2, 3], 'creates': 'there-{}',
                                'processes': 1}, code=1)
            outcomes = run.by_index()
            self.assertEqual([outcomes[i]['status'] for i in (0, 1, 3)], ['ok'] * 3)
            self.assertTrue(outcomes[1]['reused'])
            self.assertNotIn('worker', outcomes[1])
            self.check(outcomes[2], 'error', 'exception')
            self.assertIn('there-2', outcomes[2]['error'])

    def test_creates_is_not_looked_at_before_a_retry(self):
        run = self.run_job({'task': {'shell': 'touch made; exit 1'}, 'inputs': [0],
                            'creates': 'made', 'retries': 1}, code=1)
        self.check(run.by_index()[0], 'error', 'exit-code')
        self.assertEqual(run.by_index()[0]['attempts'], 2)

    def test_nice(self):
        own = os.nice(0)
        wanted = min(own + 5, 19)
        for task in ({'shell': 'nice'}, {'worker': ['sh', '-c', 'read l; echo "{\\"result\\":$(nice)}"'
                                                    '; read l']}):
            run = self.run_job({'task': task, 'inputs': [0], 'nice': wanted})
            self.assertEqual(run.stdout, b'%d\n' % wanted)
        run = self.start({'task': {'function': 'builtin:sleep'}, 'inputs': [1000], 'nice': wanted})
        worker, = harness.wait_for(run.workers, 'the worker')
        harness.wait_for(lambda: os.getpriority(os.PRIO_PROCESS, worker) == wanted, 'its priority')
        run.process.terminate()
        self.assertEqual(run.wait(), 143)

    def test_a_command_that_ignores_sigterm(self):
        run = self.run_job({'task': {'shell': "trap '' TERM; sleep 1000"}, 'inputs': [0],
                            'task_timeout': 3 * harness.SLOWER}, code=1)
        self.check(run.by_index()[0], 'timeout', 'timeout')
        self.assertEqual(run.by_index()[0]['signal'], 'SIGKILL')
        self.assert_nothing_left()

    def test_a_gigabyte_of_output_in_little_memory(self):
        size = 1 << 30
        run = self.start({'task': {'shell': f'head -c {size} /dev/zero'}, 'inputs': [0],
                          'start_method': 'spawn'}, '--json')
        peaks = {}

        def look():
            for pid in [run.pid, *run.workers()]:
                peak = harness.proc_status(pid).get('VmHWM', '0 kB').split()[0]
                peaks[pid] = max(peaks.get(pid, 0), int(peak) * 1024)
            return run.process.poll() is not None

        harness.wait_for(look, 'the end', seconds=120)
        self.assertEqual(run.wait(), 0)
        outcome = run.by_index()[0]
        self.assertEqual((run.dir / outcome['stdout_file']).stat().st_size, size)
        if not harness.SANITIZED:
            self.assertLess(max(peaks.values()), 64 * MIB)


if __name__ == '__main__':
    unittest.main()
