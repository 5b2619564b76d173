# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that stay and answer items, a JSON line each."""
import json
import os
import signal
import sys
import time
import unittest

import harness

PYTHON = sys.executable

# Items say what to do; whatever else is right is answered with the item.
SCRIPT = r'''
import json, os, signal, subprocess, sys, time
sys.set_int_max_str_digits(0)
def put(text):
    sys.stdout.write(text + '\n'); sys.stdout.flush()
for line in sys.stdin:
    question = json.loads(line)
    item = question['item']
    what = item[0] if isinstance(item, list) and item and isinstance(item[0], str) else None
    if what == 'pid':
        put(json.dumps({'result': [os.getpid(), question['index'], sorted(question)]}))
    elif what == 'error':
        put(json.dumps({'error': item[1]}))
    elif what == 'say':
        put(item[1])
    elif what == 'twice':
        put('{"result": 1}\n{"result": 2}')
    elif what == 'later':
        put('{"result": 1}'); time.sleep(0.2); put('by the way')
    elif what == 'late':
        put('{"result": 1}'); time.sleep(item[1]); put('{"result": "late"}')
    elif what == 'exit':
        sys.exit(item[1])
    elif what == 'half':
        sys.stdout.write('{"result": '); sys.stdout.flush(); os._exit(0)
    elif what == 'kill':
        os.kill(os.getpid(), item[1])
    elif what == 'close':
        os.close(1); time.sleep(1000)
    elif what == 'sleep':
        time.sleep(item[1]); put('{"result": "slept"}')
    elif what == 'deaf':
        signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(1000)
    elif what == 'stderr':
        print(item[1], file=sys.stderr, flush=True); put('{"result": null}')
    elif what == 'long':
        put('{"result":"' + 'x' * item[1] + '"}')
    elif what == 'endless':
        while True: sys.stdout.write('y' * 65536)
    elif what == 'leave':
        subprocess.Popen(['sleep', '1000'], start_new_session=True); put('{"result": 1}')
    elif what == 'grow':
        data = bytearray(item[1] << 20); data[::4096] = b'x' * len(data[::4096]); time.sleep(1000)
    elif what == 'length':
        put(json.dumps({'result': len(line)}))
    elif what == 'descriptors':
        put(json.dumps({'result': sorted(os.listdir('/proc/self/fd'))}))
    elif what == 'env':
        put(json.dumps({'result': [os.environ.get(name) for name in item[1:]] + [os.getcwd()]}))
    else:
        put('{"result":' + line[line.index('"item":') + 7:].rstrip()[:-1] + '}')
'''

# Writes more than a pipe holds before it reads anything.
TALKER = r'''
import sys
sys.stdout.write('z' * 300000); sys.stdout.flush()
sys.stdin.readline()
sys.stdout.write('\n'); sys.stdout.flush()
sys.stdin.readline()
'''


class WorkerTest(harness.Case):
    def setUp(self):
        super().setUp()
        self.script = self.write('worker.py', SCRIPT)

    def job(self, items, **keys):
        return {'task': {'worker': [PYTHON, 'worker.py']}, 'inputs': items, 'processes': 1, **keys}

    def check(self, outcome, status, reason, *words):
        self.assertEqual((outcome['status'], outcome.get('reason')), (status, reason), outcome)
        for word in words:
            self.assertIn(word, outcome['error'])

    def test_one_child_answers_all(self):
        for method in harness.START_METHODS:
            run = self.run_job(self.job([['pid']] * 20, start_method=method))
            results = [run.by_index()[i]['result'] for i in range(20)]
            self.assertEqual(len({pid for pid, _, _ in results}), 1)
            self.assertEqual([index for _, index, _ in results], list(range(20)))
            self.assertEqual(results[0][2], ['index', 'item'])
            self.assertEqual(run.stdout.count(b'\n'), 20)
        self.assert_nothing_left()

    def test_it_has_no_descriptors_of_ours(self):
        for method in harness.START_METHODS:
            run = self.run_job(self.job([['descriptors']] * 2, start_method=method))
            # The last one is the folder it reads.
            self.assertEqual(run.by_index()[1]['result'], ['0', '1', '2', '3'])

    def test_values_are_exact(self):
        items = [9223372036854775807, -9223372036854775808, 0.1, 1e300, 5e-324, 'a"\u2028ä\n', None,
                 True, [], {}, {'b': [1, {'a': None}], 'a': 2}]
        run = self.run_job(self.job(items))
        for i, item in enumerate(items):
            self.assertEqual(run.by_index()[i]['result'], item)
        text = (run.dir / 'results.jsonl').read_text()
        self.assertIn('"result":{"b":[1,{"a":null}],"a":2}', text)
        self.assertIn('"result":-9223372036854775808', text)

    def test_results_are_written_in_one_form(self):
        run = self.run_job(self.job([['say', ' { "result" : [ 1.50 , 1E2, "\\u0041" ] } ']]))
        self.assertIn('"result":[1.5,100.0,"A"]', (run.dir / 'results.jsonl').read_text())
        self.assertEqual(run.stdout, b'[1.5,100.0,"A"]\n')

    def test_bad_answers(self):
        lines = ['garbage', '', '[1]', '{}', '{"result":1,"error":"x"}', '{"error":5}', '{"res":1}',
                 '{"result":1,"more":2}', '{"result":1} x', '{"result":1e999}', '{"result":01}',
                 '{"result":"\\u0000"}', '{"result":1,"result":2}', '{"result":9223372036854775808}',
                 '\x1b[31mred', 'x' * 5000]
        items = [item for line in lines for item in (['say', line], ['pid'])]
        run = self.run_job(self.job(items), code=1)
        pids = []
        for i, line in enumerate(lines):
            outcome = run.by_index()[2 * i]
            self.check(outcome, 'error', 'bad-answer')
            self.assertNotIn('result', outcome)
            self.assertNotIn('\x1b', outcome['error'])
            self.assertIn(line[:20].replace('\x1b', '\\x1b'), outcome['error'])
            self.assertLess(len(outcome['error']), 500)
            self.assertEqual(run.by_index()[2 * i + 1]['status'], 'ok')
            pids.append(run.by_index()[2 * i + 1]['result'][0])
        self.assertEqual(len(set(pids)), len(lines))  # each got a new child

    def test_not_utf8_is_a_bad_answer(self):
        self.write('raw.sh', "read line; printf '\\377\\376\\n'; read line")
        run = self.run_job({'task': {'worker': ['sh', 'raw.sh']}, 'inputs': [1]}, code=1)
        self.check(run.by_index()[0], 'error', 'bad-answer', '\\xff\\xfe')

    def test_a_line_of_more_than_16_mib(self):
        size = 16 << 20
        items = [['long', size - 20], ['long', size + 1], ['pid'], ['endless'], ['pid']]
        run = self.start(self.job(items, start_method='spawn'))
        peaks = {}

        def look():
            for pid in [run.pid, *run.workers()]:
                peak = harness.proc_status(pid).get('VmHWM', '0 kB').split()[0]
                peaks[pid] = max(peaks.get(pid, 0), int(peak) * 1024)
            return run.process.poll() is not None

        harness.wait_for(look, 'the end', seconds=120)
        self.assertEqual(run.wait(), 1, run.stderr)
        if not harness.SANITIZED:
            self.assertLess(max(peaks.values()), 8 * size)
        outcomes = run.by_index()
        self.assertEqual(len(outcomes[0]['result']), size - 20)
        for bad in (1, 3):
            self.check(outcomes[bad], 'error', 'bad-answer', '16 MiB')
            self.assertLess(len(outcomes[bad]['error']), 500)
            self.assertEqual(outcomes[bad + 1]['status'], 'ok')
        self.assert_nothing_left()

    def test_error_is_said_by_the_child_which_stays(self):
        run = self.run_job(self.job([['pid'], ['error', 'no "such"\nthing'], ['pid']]), code=1)
        outcomes = run.by_index()
        self.check(outcomes[1], 'error', 'exception')
        self.assertEqual(outcomes[1]['error'], 'no "such"\nthing')
        # Of which the log has the first line.
        self.assertEqual(run.stderr, '[WARNING/MainProcess] item 1: exception: no "such"\n')
        self.assertNotIn('thing', (run.dir / 'log.txt').read_text())
        self.assertEqual(outcomes[0]['result'][0], outcomes[2]['result'][0])

    def test_only_the_guilty_item_fails(self):
        deaths = [(['exit', 0], 'worker-died', {'exit_code': 0}),
                  (['exit', 3], 'worker-died', {'exit_code': 3}),
                  (['half'], 'worker-died', {'exit_code': 0}),
                  (['close'], 'worker-died', {}),
                  (['kill', int(signal.SIGSEGV)], 'signal', {'signal': 'SIGSEGV'}),
                  (['kill', int(signal.SIGKILL)], 'signal', {'signal': 'SIGKILL'})]
        items = [item for what, _, _ in deaths for item in (what, ['pid'], ['pid'])]
        run = self.run_job(self.job(items), code=1)
        for i, (_, reason, members) in enumerate(deaths):
            outcome = run.by_index()[3 * i]
            self.check(outcome, 'crashed', reason)
            for name, value in members.items():
                self.assertEqual(outcome[name], value)
            after = [run.by_index()[3 * i + k]['result'][0] for k in (1, 2)]
            self.assertEqual(after[0], after[1])
        self.assertEqual(len(run.workers()), 0)
        self.assertEqual(len(run.events('worker-started')), 1)  # the pool's worker never died
        self.assert_nothing_left()

    def test_lines_that_nobody_asked_for(self):
        run = self.run_job(self.job([['pid'], ['twice'], ['pid'], ['pid']]))
        outcomes = run.by_index()
        self.assertEqual(outcomes[1]['result'], 1)
        self.assertNotEqual(outcomes[0]['result'][0], outcomes[2]['result'][0])
        self.assertEqual(outcomes[2]['result'][0], outcomes[3]['result'][0])
        self.assertIn('{"result": 2}', (run.dir / 'log.txt').read_text())

    def test_a_second_answer_that_comes_late(self):
        """The next item has been asked by then: it is asked again of another child."""
        items = [['pid'], ['late', 0.1], ['pid']] * 5
        run = self.run_job(self.job(items))
        outcomes = run.by_index()
        for i in range(0, 15, 3):
            self.assertEqual(outcomes[i + 1]['result'], 1)
            for index in (i, i + 2):
                self.assertEqual(outcomes[index]['result'][1], index)
                self.assertEqual(outcomes[index]['attempts'], 1)
            self.assertNotEqual(outcomes[i]['result'][0], outcomes[i + 2]['result'][0])
        log = (run.dir / 'log.txt').read_text()
        self.assertEqual(log.count('nobody asked for: “{"result": "late"}”'), 5)

    def test_a_program_that_never_listens(self):
        self.write('talks.sh', 'echo \'{"result":1}\'; sleep 1000')
        run = self.run_job({'task': {'worker': ['sh', 'talks.sh']}, 'inputs': [1, 2],
                            'processes': 1}, code=1)
        for index in (0, 1):
            self.check(run.by_index()[index], 'error', 'bad-answer', '{"result":1}')
        self.assert_nothing_left()

    def test_a_death_between_items_harms_no_item(self):
        script = 'read q; echo \'{"result":1}\'; exec 1>&-; exit 7'
        self.write('once.sh', script)
        run = self.run_job({'task': {'worker': ['sh', 'once.sh']}, 'processes': 1,
                            'inputs': {'range': [5]}}, code=None)
        # The end may be seen before the next question or after it; nothing is lost or doubled.
        self.assert_all_once(run, 5)
        for outcome in run.outcomes():
            self.assertIn(outcome['status'], ('ok', 'crashed'))
        self.assertEqual(run.by_index()[0]['status'], 'ok')

    def test_standard_error_goes_to_the_log(self):
        run = self.run_job(self.job([['stderr', 'a complaint']]))
        self.assertIn('a complaint\n', (run.dir / 'log.txt').read_text())
        self.assertNotIn('stderr', run.by_index()[0])

    def test_a_large_item_to_a_child_that_writes_first(self):
        self.write('talker.py', TALKER)
        run = self.run_job({'task': {'worker': [PYTHON, 'talker.py']}, 'processes': 1,
                            'inputs': ['x' * 1000000], 'task_timeout': 30 * harness.SLOWER}, code=1)
        self.check(run.by_index()[0], 'error', 'bad-answer', 'zzzz')
        self.assert_nothing_left()

    def test_a_large_item_to_a_child_that_never_reads(self):
        run = self.run_job({'task': {'worker': ['sleep', '1000']}, 'processes': 1,
                            'inputs': ['x' * 1000000], 'task_timeout': 0.3}, code=1)
        self.check(run.by_index()[0], 'timeout', 'timeout')
        self.assert_nothing_left()

    def test_large_items_and_answers(self):
        item = ['length', 'x' * 3000000]
        run = self.run_job(self.job([item, 'y' * 3000000]))
        self.assertGreater(run.by_index()[0]['result'], 3000000)
        self.assertEqual(len(run.by_index()[1]['result']), 3000000)

    def test_timeouts(self):
        items = [['sleep', 1000], ['pid'], ['deaf'], ['pid']]
        run = self.run_job(self.job(items, task_timeout=1 * harness.SLOWER), code=1)
        for late in (0, 2):
            self.check(run.by_index()[late], 'timeout', 'timeout')
            self.assertEqual(run.by_index()[late + 1]['status'], 'ok')
        self.assert_nothing_left()

    def test_retries_after_any_failure(self):
        items = [['say', 'bad'], ['exit', 1], ['error', 'no'], ['pid']]
        run = self.run_job(self.job(items, retries=2), code=1)
        self.assertEqual([run.by_index()[i]['attempts'] for i in range(4)], [3, 3, 3, 1])
        self.assert_attempts_recorded(run)

    def test_recycled_with_the_worker(self):
        run = self.run_job(self.job([['pid']] * 6, max_tasks_per_child=2))
        pids = [run.by_index()[i]['result'][0] for i in range(6)]
        self.assertEqual(len(set(pids)), 3)
        self.assertEqual([pids[0], pids[2], pids[4]], [pids[1], pids[3], pids[5]])

    def test_what_a_child_leaves_behind_is_ended(self):
        self.run_job(self.job([['leave'], ['leave']]))
        self.assert_nothing_left()

    def test_dies_with_worker_and_runner(self):
        for victim in ('worker', 'runner', 'both', 'term'):
            run = self.start(self.job([['sleep', 1000]] * 2, processes=2))
            harness.wait_for(lambda: len(run.events('worker-started')) == 2, 'the workers')
            workers = run.workers()
            found = harness.wait_for(lambda: [c for w in workers for c in harness.children(w)],
                                     'a child')
            self.assertEqual(os.getsid(found[0]), found[0])
            if victim in ('worker', 'both'):
                os.kill(workers[0], signal.SIGKILL)
            if victim in ('runner', 'both'):
                os.kill(run.pid, signal.SIGKILL)
            else:
                os.kill(run.pid, signal.SIGTERM)
            run.wait()
            self.assert_nothing_left()

    def test_environment_and_folder(self):
        run = self.run_job({'task': {'worker': [PYTHON, str(self.script)]}, 'cwd': '/',
                            'inputs': [['env', 'GTK_MP_SLOT', 'MINE', 'GTK_MP_RUN']],
                            'env': {'MINE': 'yes'}})
        result = run.by_index()[0]['result']
        self.assertEqual(result[:2], ['1', 'yes'])
        self.assertEqual(result[2], run.state()['id'])
        self.assertEqual(result[3], '/')

    def test_a_program_that_is_not_there(self):
        run = self.run_job({'task': {'worker': ['no-such-program']}, 'inputs': [1]}, code=2)
        self.assertIn('no-such-program', run.stderr)
        path = self.write('vanishing.sh', '#!/bin/sh\nrm -f vanishing.sh; exit 1\n')
        path.chmod(0o755)
        run = self.run_job({'task': {'worker': ['./vanishing.sh']}, 'inputs': [1, 2, 3],
                            'processes': 1, 'retries': 3}, code=1)
        outcomes = run.by_index()
        self.assertEqual(outcomes[2]['reason'], 'spawn-failed')
        self.assertEqual(outcomes[2]['attempts'], 1)

    def test_memory_limit(self):
        run = self.run_job(self.job([['grow', 400], ['pid']], memory_limit='200M'), code=1)
        self.check(run.by_index()[0], 'crashed', 'out-of-memory', 'memory')
        self.assertEqual(run.by_index()[1]['status'], 'ok')
        self.assert_nothing_left()

    def test_items_that_are_not_utf8(self):
        run = self.run_job({'task': {'worker': ['sh', '-c', 'while read l; do echo "{}"; done']},
                            'inputs': {'lines': '-'}}, code=1, stdin=b'\xff\n')
        self.check(run.by_index()[0], 'error', 'bad-input')


if __name__ == '__main__':
    unittest.main()
