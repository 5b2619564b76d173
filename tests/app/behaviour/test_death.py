#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions that end their worker: that item is reported, and the run goes on."""
import os
import signal
import unittest

from harness import SANITIZED, START_METHODS, Case, wait_for

MODULE = os.environ['GTK_MP_TEST_MODULE']


class Death(Case):
    def leave(self, how, **keys):
        """40 items for two workers in chunks of ten, of which the 13th leaves in this way."""
        items = ['stay'] * 40
        items[13] = how
        for method in START_METHODS:
            with self.subTest(how=how, method=method):
                run = self.run_job({'task': {'function': MODULE + ':leave'}, 'inputs': items,
                                    'processes': 2, 'chunksize': 10, 'start_method': method,
                                    **keys}, code=0 if how == 'close' else 1)
                self.assert_all_once(run, 40)
                self.assertEqual({outcome['index'] for outcome in run.outcomes()
                                  if outcome['status'] != 'ok'} - {13}, set())
                self.assert_attempts_recorded(run)
                yield run.by_index()[13]
                self.assert_nothing_left()

    def test_exit(self):
        for outcome in self.leave('exit'):
            self.assertEqual((outcome['status'], outcome['reason']), ('crashed', 'worker-died'))
            self.assertEqual((outcome['exit_code'], outcome['attempts']), (0, 1))

    def test_abort(self):
        for outcome in self.leave('abort'):
            self.assertEqual((outcome['reason'], outcome['signal']), ('worker-died', 'SIGABRT'))

    def test_stack(self):
        for outcome in self.leave('stack'):
            self.assertEqual((outcome['status'], outcome['reason']), ('crashed', 'worker-died'))
            if not SANITIZED:
                self.assertEqual(outcome['signal'], 'SIGSEGV')

    def test_closes_everything(self):
        """What was done is kept though the worker can say nothing any more."""
        for outcome in self.leave('close'):
            self.assertEqual((outcome['status'], outcome['result']), ('ok', 'close'))

    def test_stops_itself(self):
        for outcome in self.leave('stop', task_timeout=1):
            self.assertEqual((outcome['status'], outcome['reason']), ('timeout', 'timeout'))

    def test_retried(self):
        for outcome in self.leave('abort', retries=2):
            self.assertEqual(outcome['attempts'], 3)

    def test_stopped_from_outside(self):
        for method in START_METHODS:
            with self.subTest(method):
                run = self.start({'task': {'function': MODULE + ':leave'}, 'processes': 1,
                                  'inputs': ['wait', 'stay'], 'start_method': method,
                                  'task_timeout': 2})
                pid, = wait_for(run.workers, 'the worker')
                os.kill(pid, signal.SIGSTOP)
                self.assertEqual(run.wait(), 1, run.stderr)
                self.assertEqual(run.by_index()[0]['reason'], 'timeout')
                self.assertEqual(run.by_index()[1]['status'], 'ok')
                self.assert_nothing_left()

    def test_command_kills_its_worker(self):
        for method in START_METHODS:
            with self.subTest(method):
                run = self.run_job({'task': {'shell': '[ {} != 3 ] || kill -KILL $PPID; exit 0'},
                                    'inputs': {'range': [9]}, 'processes': 2,
                                    'start_method': method, 'retries': 1}, code=1)
                self.assert_all_once(run, 9)
                self.assertEqual([(outcome['index'], outcome['reason'], outcome['attempts'])
                                  for outcome in run.outcomes() if outcome['status'] != 'ok'],
                                 [(3, 'worker-died', 2)])


if __name__ == '__main__':
    unittest.main()
