#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is recorded of an item, whatever became of it, and what a task finds around it."""
import base64
import json
import unittest

from harness import START_METHODS, Case, is_alive, proc_status, wait_for

# Of every outcome with an attempt, and what commands add.
ATTEMPT = {'index', 'item', 'status', 'attempts', 'worker', 'pid', 'started', 'duration'}
USAGE = {'user_time', 'system_time', 'max_rss'}


class Outcomes(Case):
    def run_shell(self, text, inputs=('x',), code=0, **keys):
        return self.run_job({'task': {'shell': text}, 'inputs': list(inputs), **keys}, code=code)

    def one(self, text, code=0, **keys):
        return self.run_shell(text, code=code, **keys).by_index()[0]

    def assert_outcome(self, outcome, status, reason=None):
        self.assertEqual((outcome['status'], outcome.get('reason')), (status, reason), outcome)

    def test_ok(self):
        outcome = self.one('echo out; echo err >&2')
        self.assertEqual(set(outcome), ATTEMPT | USAGE | {'exit_code', 'stdout', 'stderr'})
        self.assert_outcome(outcome, 'ok')
        self.assertEqual((outcome['stdout'], outcome['stderr']), ('out\n', 'err\n'))
        self.assertEqual((outcome['exit_code'], outcome['attempts']), (0, 1))
        self.assertRegex(outcome['worker'], r'\AForkServerPoolWorker-\d+\Z')
        self.assertGreater(outcome['max_rss'], 100000)
        self.assertEqual(list(outcome)[:4], ['index', 'item', 'status', 'attempts'])

    def test_exit_code(self):
        outcome = self.one('echo no >&2; exit 7', code=1)
        self.assert_outcome(outcome, 'error', 'exit-code')
        self.assertEqual((outcome['exit_code'], outcome['stderr']), (7, 'no\n'))
        self.assertNotIn('signal', outcome)
        self.assertIn('7', outcome['error'])

    def test_ok_exit_codes(self):
        run = self.run_shell('exit {}', [0, 1, 24, 2], code=1, ok_exit_codes=[1, 24])
        self.assertEqual([run.by_index()[i]['status'] for i in range(4)],
                         ['error', 'ok', 'ok', 'error'])
        self.assertEqual(run.by_index()[2]['exit_code'], 24)

    def test_signal(self):
        outcome = self.one('kill -KILL $$', code=1)
        self.assert_outcome(outcome, 'crashed', 'signal')
        self.assertEqual(outcome['signal'], 'SIGKILL')
        self.assertNotIn('exit_code', outcome)

    def test_worker_died(self):
        outcome = self.one('kill -KILL $PPID; sleep 1000', code=1)
        self.assert_outcome(outcome, 'crashed', 'worker-died')
        self.assertEqual((outcome['signal'], outcome['attempts']), ('SIGKILL', 1))
        self.assert_nothing_left()

    def test_exception(self):
        run = self.run_job({'task': {'function': 'builtin:square'}, 'inputs': ['x', 3]}, code=1)
        self.assert_outcome(run.by_index()[0], 'error', 'exception')
        self.assertEqual(set(run.by_index()[0]), ATTEMPT | {'reason', 'error'})
        self.assertEqual(set(run.by_index()[1]), ATTEMPT | {'result'})
        self.assertEqual(run.by_index()[1]['result'], 9)

    def test_spawn_failed(self):
        run = self.run_job({'task': {'command': ['{}']}, 'inputs': ['no-such-program', 'true'],
                            'retries': 3}, code=1)
        self.assert_outcome(run.by_index()[0], 'error', 'spawn-failed')
        self.assertEqual(run.by_index()[0]['attempts'], 1)
        self.assertIn('no-such-program', run.by_index()[0]['error'])
        self.assert_outcome(run.by_index()[1], 'ok')

    def test_bad_input(self):
        self.write('in.jsonl', '{"a": 1}\nnonsense\n{"b": 2}\n{"a": 3}\n')
        run = self.run_job({'task': {'command': ['echo', '{a}']}, 'inputs': {'jsonl': 'in.jsonl'},
                            'retries': 2}, code=1)
        self.assertEqual([run.by_index()[i]['status'] for i in range(4)],
                         ['ok', 'error', 'error', 'ok'])
        for index in (1, 2):
            self.assert_outcome(run.by_index()[index], 'error', 'bad-input')
        self.assertIn('in.jsonl:2', run.by_index()[1]['error'])
        self.assertFalse({'worker', 'pid', 'started', 'duration'} & set(run.by_index()[1]))
        self.assertEqual(run.events('item-retried'), [])

    def test_bytes(self):
        name = b'caf\xe9'
        run = self.run_arguments(['--', 'printf', '%s'], stdin=name + b'\n')
        outcome = run.by_index()[0]
        self.assertEqual(base64.b64decode(outcome['item_base64']), name)
        self.assertEqual(base64.b64decode(outcome['stdout_base64']), name)
        self.assertFalse({'item', 'stdout'} & set(outcome))
        self.write('names', name + b'\n')
        run = self.run_job({'task': {'function': 'builtin:echo'}, 'inputs': {'lines': 'names'}},
                           code=1)
        self.assert_outcome(run.by_index()[0], 'error', 'bad-input')

    def test_spilled(self):
        run = self.run_shell('head -c 70000 /dev/zero; printf e >&2; head -c 65536 /dev/zero >&2')
        outcome = run.by_index()[0]
        self.assertEqual((outcome['stdout_file'], outcome['stderr_file']),
                         ('outputs/0.out', 'outputs/0.err'))
        self.assertFalse({'stdout', 'stderr', 'stdout_base64', 'stderr_base64'} & set(outcome))
        self.assertEqual((run.dir / 'outputs/0.out').read_bytes(), bytes(70000))
        self.assertEqual((run.dir / 'outputs/0.err').read_bytes(), b'e' + bytes(65536))

    def test_user_time(self):
        outcome = self.one('i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done')
        self.assertGreater(outcome['user_time'] + outcome['system_time'], 0)

    def test_timeout(self):
        run = self.run_shell('[ {} = ok ] || sleep 1000', ['ok', 'late'], code=1, task_timeout=0.5)
        self.assert_outcome(run.by_index()[0], 'ok')
        self.assert_outcome(run.by_index()[1], 'timeout', 'timeout')
        self.assertEqual(run.by_index()[1]['signal'], 'SIGTERM')
        self.assertGreaterEqual(run.by_index()[1]['duration'], 0.5)

    def test_job_timeout(self):
        run = self.run_shell('sleep 1000', range(5), code=124, processes=2, timeout=1)
        self.assert_all_once(run, 5)
        for outcome in run.outcomes():
            self.assert_outcome(outcome, 'timeout', 'job-timeout')
        self.assertEqual((run.state()['state'], run.state()['exit_code'], run.state()['failed']),
                         ('finished', 124, 5))
        self.assert_nothing_left()

    def test_retries(self):
        run = self.run_shell('[ $GTK_MP_ATTEMPT = {} ]', [1, 2, 3, 9], code=1, retries=2)
        self.assertEqual([run.by_index()[i]['attempts'] for i in range(4)], [1, 2, 3, 3])
        self.assert_attempts_recorded(run)
        first = run.events('item-retried')[0]
        self.assertEqual(first['attempt'], first['outcome']['attempts'])
        self.assert_outcome(first['outcome'], 'error', 'exit-code')

    def test_retry_delay_doubles(self):
        run = self.run_shell('exit 1', code=1, retries=2, retry_delay=0.3)
        attempts = [event['outcome'] for event in run.events('item-retried')] + run.outcomes()
        waits = [b['started'] - a['started'] - a['duration']
                 for a, b in zip(attempts, attempts[1:])]
        self.assertGreaterEqual(waits[0], 0.29)
        self.assertGreaterEqual(waits[1], 0.59)

    def test_creates(self):
        self.write('made-a', '')
        run = self.run_shell('[ {} = c ] || touch made-{}', 'abc', code=1, creates='made-{}')
        reused, made, missing = (run.by_index()[i] for i in range(3))
        self.assertEqual((reused['status'], reused['reused']), ('ok', True))
        self.assertFalse({'worker', 'pid', 'started', 'duration'} & set(reused))
        self.assert_outcome(made, 'ok')
        self.assertNotIn('reused', made)
        self.assertEqual(missing['status'], 'error')
        self.assertIn('made-c', missing['error'])

    def test_max_tasks_per_child(self):
        run = self.run_shell('true', range(7), processes=1, max_tasks_per_child=2)
        pids = [outcome['pid'] for outcome in run.outcomes()]
        self.assertEqual(len(set(pids)), 4)
        self.assertLessEqual(max(map(pids.count, pids)), 2)
        self.assertEqual([event['reason'] for event in run.events('worker-exited')][:3],
                         ['max-tasks'] * 3)

    def test_on_error(self):
        for rule, failed in (('stop', 1), ({'stop_after': 3}, 3), ({'stop_after': '30%'}, 3)):
            with self.subTest(rule):
                run = self.run_shell('exit 1', range(10), code=1, processes=1, on_error=rule)
                self.assert_all_once(run, 10)
                stopped = [outcome for outcome in run.outcomes()
                           if outcome['status'] == 'cancelled']
                self.assertEqual(len(stopped), 10 - failed)
                for outcome in stopped:
                    self.assert_outcome(outcome, 'cancelled', 'stopped')
                    self.assertEqual(outcome['attempts'], 0)
                self.assertEqual(run.state()['state'], 'cancelled')
        self.run_shell('exit 1', range(10), code=1, on_error='continue')


class Surroundings(Case):
    """What a task finds."""

    def test_environment(self):
        run = self.run_job({'task': {'shell': 'echo $GTK_MP_INDEX $GTK_MP_SLOT $GTK_MP_ATTEMPT '
                                              '$GTK_MP_RUN; [ $GTK_MP_ATTEMPT = 2 ]'},
                            'inputs': ['a', 'b'], 'processes': 1, 'retries': 1})
        run_id = run.state()['id']
        self.assertEqual([run.by_index()[i]['stdout'] for i in range(2)],
                         [f'{i} 1 2 {run_id}\n' for i in range(2)])

    def test_folder_and_variables(self):
        for name in 'ab':
            (self.work / name).mkdir()
        run = self.run_job({'task': {'command': ['sh', '-c', 'pwd; echo "$V"', '{}']},
                            'cwd': '{}', 'env': {'V': '<{}{#}>'}, 'inputs': ['a', 'b']})
        self.assertEqual(run.by_index()[1]['stdout'], f'{self.work.resolve()}/b\n<b2>\n')

    def test_standard_input(self):
        run = self.run_job({'task': {'shell': 'readlink /proc/$$/fd/0; cat'}, 'inputs': [1]},
                           stdin=b'not for the task')
        self.assertEqual(run.by_index()[0]['stdout'], '/dev/null\n')

    def test_item_on_standard_input(self):
        run = self.run_job({'task': {'command': ['cat'], 'stdin': True},
                            'inputs': ['a b', {'k': 1}, 'x' * 100000]})
        self.assertEqual(run.by_index()[0]['stdout'], 'a b\n')
        self.assertEqual(json.loads(run.by_index()[1]['stdout']), {'k': 1})
        self.assertEqual((run.dir / 'outputs/2.out').read_text(), 'x' * 100000 + '\n')

    def test_descriptors(self):
        for method in START_METHODS:
            run = self.run_job({'task': {'shell': 'ls /proc/self/fd'}, 'inputs': {'lines': '-'},
                                'start_method': method, 'processes': 1},
                               f'--joblog={self.folder}/joblog', stdin=b'x\ny\n')
            # 3 is the folder that ls reads.
            self.assertEqual(run.by_index()[1]['stdout'].split(), ['0', '1', '2', '3'])

    def test_a_session_of_its_own(self):
        for method in START_METHODS:
            run = self.run_job({'task': {'shell': 'cat /proc/$$/stat; echo $PPID'}, 'inputs': [1],
                                'start_method': method})
            line, worker = run.by_index()[0]['stdout'].splitlines()
            pid, _, _, _, group, session, terminal = line.split()[:7]
            self.assertEqual((group, session, terminal), (pid, pid, '0'))
            self.assertEqual(int(worker), run.by_index()[0]['pid'])

    def test_time_to_clean_up(self):
        """SIGTERM first, to each of its processes; who is quick is not killed."""
        self.write('child.sh', "trap 'echo child >&2; exit' TERM; while :; do sleep 0.05; done")
        parent = ('sh child.sh & trap "wait; echo parent; exit 0" TERM; '
                  'while :; do sleep 0.05; done')
        run = self.start({'task': {'shell': parent}, 'inputs': [1], 'task_timeout': 3})
        self.assertEqual(run.wait(), 1)
        outcome = run.by_index()[0]
        self.assertEqual((outcome['status'], outcome['reason']), ('timeout', 'timeout'))
        self.assertEqual(outcome['stdout'], 'parent\n')
        self.assertIn('child\n', outcome['stderr'])
        self.assert_nothing_left()

    def test_the_runner_has_one_thread(self):
        for method in START_METHODS:
            with self.subTest(method):
                run = self.start({'task': {'shell': 'sleep 0.02; [ {} != 7 ]'},
                                  'inputs': {'range': [20]}, 'retries': 1,
                                  'start_method': method, 'max_tasks_per_child': 4})
                seen = []
                while run.process.poll() is None:
                    seen.append(proc_status(run.pid).get('Threads', '1'))
                self.assertEqual(set(seen), {'1'})
                self.assertEqual(run.wait(), 1, run.stderr)

    def test_what_stays_behind_is_killed(self):
        run = self.run_job({'task': {'shell': 'sleep 1000 >/dev/null 2>&1 & echo $!'},
                            'inputs': [1, 2]})
        for outcome in run.outcomes():
            wait_for(lambda pid=int(outcome['stdout']): not is_alive(pid), 'its end')


if __name__ == '__main__':
    unittest.main()
