#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches and steers live runs of the real program through their sockets."""
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import unittest

from harness import PROGRAM, SLOWER, Case, children, is_alive, proc_status, size, wait_for

ITEMS = size(100_000, 1_000_000)
UNTIL_GO = 'while ! test -e go; do sleep 0.02; done; '


class Client:
    """Speaks JSON-RPC with one run."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60 * SLOWER)
        self.socket.connect(str(path))
        self.file = self.socket.makefile('rb')
        self.ids = itertools.count(1)
        self.snapshots = []

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def ask(self, method, params=None):
        request = {'jsonrpc': '2.0', 'id': next(self.ids), 'method': method}
        if params is not None:
            request['params'] = params
        self.send(json.dumps(request) + '\n')
        return request['id']

    def read(self):
        """The next message, None at the end."""
        line = self.file.readline()
        assert line == b'' or line.endswith(b'\n'), line
        return json.loads(line) if line else None

    def answer(self):
        while True:
            message = self.read()
            if message is None or 'method' not in message:
                return message
            self.snapshots.append(message['params'])

    def call(self, method, **params):
        number = self.ask(method, params)
        message = self.answer()
        assert message['id'] == number, message
        return message

    def do(self, method, **params):
        message = self.call(method, **params)
        assert 'result' in message, message
        return message['result']

    def fault(self, method, **params):
        message = self.call(method, **params)
        assert 'error' in message, message
        return message['error']

    def close(self):
        self.file.close()
        self.socket.close()


class Control(Case):
    def socket_path(self, run):
        wait_for(lambda: (run.dir / 'state.json').exists(), 'the state of the run')
        return self.folder / 'runtime' / 'gtk-mp' / (run.state()['id'] + '.sock')

    def connect(self, run):
        client = Client(self.socket_path(run))
        self.addCleanup(client.close)
        return client

    def steer(self, *words, code=0):
        done = subprocess.run([PROGRAM, '--headless', *words], capture_output=True, cwd=self.work,
                              env=self.environment(), check=False, timeout=120 * SLOWER)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def shell(self, text, inputs, **job):
        return self.start({'task': {'shell': text}, 'inputs': inputs, **job})

    def go(self):
        self.write('go', '')

    def busy_worker(self, client):
        def find():
            return next((worker for worker in client.do('status')['workers']
                         if worker['state'] == 'busy' and worker['index'] is not None), None)
        return wait_for(find, 'a busy worker')


class Steering(Control):
    def sleepers(self, count=ITEMS):
        return self.start({'task': {'function': 'builtin:sleep'}, 'inputs': [0.0002] * count,
                           'processes': 1})

    def assert_sums(self, status):
        self.assertEqual(status['done'], status['ok'] + status['failed'])
        self.assertEqual(status['total'], ITEMS)
        self.assertLessEqual(status['done'] + status['queued'] + status['running'], ITEMS)

    def test_pause_and_resize(self):
        run = self.sleepers()
        client = self.connect(run)
        wait_for(lambda: client.do('status')['done'] > 0, 'the first items')
        self.assertEqual(client.do('pause')['state'], 'paused')
        client.do('pause')
        self.assertEqual(run.state()['state'], 'paused')
        before = client.do('status')
        self.assert_sums(before)
        self.assertEqual([worker['state'] for worker in before['workers']], ['stopped'])
        time.sleep(0.3)
        # What had ended before is still counted; nothing ends any more.
        still = client.do('status')
        time.sleep(0.3)
        self.assertEqual(client.do('status')['done'], still['done'])
        self.assertLess(still['done'], ITEMS)
        self.assertEqual(client.do('resume')['state'], 'running')
        wait_for(lambda: client.do('status')['done'] > still['done'], 'items after the pause')
        client.do('resize', processes=16)
        wait_for(lambda: len(client.do('status')['workers']) == 16, 'sixteen workers')
        self.assert_sums(client.do('status'))
        client.do('pause')
        client.do('resize', processes=1)
        client.do('resume')
        wait_for(lambda: len(client.do('status')['workers']) == 1, 'one worker')
        self.assert_sums(client.do('status'))
        client.do('resize', processes=16)
        self.assertEqual(run.wait(), 0, run.stderr)
        self.assert_all_once(run, ITEMS)
        self.assertEqual(run.state()['state'], 'finished')
        self.assertEqual((run.state()['done'], run.state()['ok']), (ITEMS, ITEMS))
        self.assertEqual([event['event'] for event in run.events()
                          if event['event'] in ('paused', 'resumed', 'resized')],
                         ['paused', 'resumed', 'resized', 'paused', 'resized', 'resumed',
                          'resized'])
        reasons = {event['reason'] for event in run.events('worker-exited')}
        self.assertEqual(reasons, {'resized', 'done'})
        self.assert_nothing_left()

    def check_ended(self, run):
        self.assertEqual(run.wait(), 1, run.stderr)
        self.assertEqual(run.state()['state'], 'cancelled')
        self.assert_all_once(run, ITEMS)
        outcomes = run.outcomes()
        self.assertEqual({(outcome['status'], outcome.get('reason')) for outcome in outcomes},
                         {('ok', None), ('cancelled', 'cancelled')})
        ok = sum(outcome['status'] == 'ok' for outcome in outcomes)
        self.assertEqual((run.state()['ok'], run.state()['done']), (ok, ITEMS))

    def test_drain(self):
        run = self.sleepers()
        client = self.connect(run)
        wait_for(lambda: client.do('status')['done'] > 100, 'some items')
        client.do('drain')
        self.check_ended(run)

    def test_cancel(self):
        run = self.sleepers()
        client = self.connect(run)
        wait_for(lambda: client.do('status')['done'] > 100, 'some items')
        client.do('cancel')
        self.check_ended(run)

    def test_from_another_terminal(self):
        """Every step in the middle of many items, by the options; the sums are right each time."""
        bad = list(range(10))
        run = self.start({'task': {'function': 'builtin:sleep'}, 'processes': 1,
                          'inputs': ['x'] * len(bad) + [0.002] * (ITEMS - len(bad))})
        client = self.connect(run)

        def status():
            now = json.loads(self.steer(f'--status={run.dir}', '--json').stdout)
            self.assert_sums(now)
            return now

        def reach(condition, what):
            return wait_for(lambda: (now := status()) and condition(now) and now, what)

        self.assertEqual(reach(lambda now: now['done'] > 100, 'some items')['failed'], len(bad))
        self.steer(f'--pause={run.dir}')
        paused = reach(lambda now: now['state'] == 'paused' and now['workers'][0]['state']
                       == 'stopped', 'the pause')
        self.steer(f'--resize={run.dir}:16')
        self.steer(f'--unpause={run.dir}')
        more = reach(lambda now: len(now['workers']) == 16 and now['done'] > paused['done'],
                     'sixteen workers')
        self.assertEqual(more['failed'], len(bad))
        self.assertGreater(more['queued'], 0)
        fast = reach(lambda now: now['rate'] > 0, 'a rate')
        self.assertGreater(fast['eta'], 0)
        self.steer(f'--resize={run.dir}:1')
        reach(lambda now: len(now['workers']) == 1, 'one worker')
        client.do('retry', indexes=bad)
        reach(lambda now: now['failed'] == len(bad) and now['done'] > more['done'] + len(bad),
              'what is retried')
        self.steer(f'--drain={run.dir}')
        self.assertEqual(run.wait(), 1, run.stderr)
        state, last = run.state(), run.by_index()
        self.assertEqual((state['state'], state['done'], len(last)), ('cancelled', ITEMS, ITEMS))
        self.assertEqual(len(run.outcomes()), ITEMS + len(bad))
        self.assertEqual([last[i]['attempts'] for i in bad], [2] * len(bad))
        ok = sum(outcome['status'] == 'ok' for outcome in last.values())
        self.assertEqual((state['ok'], state['failed']), (ok, len(bad)))
        self.assertEqual(len(run.events('item-retried')), 0)
        self.assert_nothing_left()

    def test_drain_lets_end_and_cancel_does_not(self):
        for method, status in (('drain', 'ok'), ('cancel', 'cancelled')):
            for paused in (False, True):
                with self.subTest(method, paused=paused):
                    (self.work / 'go').unlink(missing_ok=True)
                    run = self.shell(UNTIL_GO + 'true', [0, 1, 2], processes=2)
                    client = self.connect(run)
                    wait_for(lambda: client.do('status')['running'] == 2, 'two items')
                    if paused:
                        client.do('pause')
                    client.do(method)
                    if method == 'drain':
                        self.assertIn('ending already', client.fault('pause')['message'])
                        self.go()
                    self.assertEqual(run.wait(), 1)
                    found = run.by_index()
                    self.assertEqual([found[i]['status'] for i in range(3)],
                                     [status, status, 'cancelled'])
                    self.assertEqual([found[i]['attempts'] for i in range(3)], [1, 1, 0])
                    self.assertEqual(run.state()['state'], 'cancelled')
                    self.assert_nothing_left()

    def test_retry(self):
        run = self.shell('if [ {} = 5 ]; then ' + UNTIL_GO + 'fi; test -e ok || exit 3',
                         [0, 1, 2, 3, 4, 5], processes=2, retries=1)
        client = self.connect(run)
        wait_for(lambda: client.do('status')['failed'] == 5, 'five failures')
        self.assertIn('no outcome yet', client.fault('retry', indexes=[0, 5])['message'])
        self.assertIn('not been read', client.fault('retry', indexes=[6])['message'])
        # The budget of retries is fresh: attempts 3 and 4.
        client.do('retry', indexes=[0, 1, 1])
        wait_for(lambda: len([o for o in run.outcomes() if o['attempts'] == 4]) == 2,
                 'the same failures again')
        status = wait_for(lambda: (s := client.do('status'))['failed'] == 5 and s, 'the count')
        self.assertEqual((status['done'], status['ok']), (5, 0))
        self.write('ok', '')
        client.do('retry', indexes=[4, 3, 2, 1, 0])
        status = wait_for(lambda: (s := client.do('status'))['ok'] == 5 and s, 'five that are ok')
        self.assertEqual((status['done'], status['failed']), (5, 0))
        self.assertIn('is ok', client.fault('retry', indexes=[2])['message'])
        self.go()
        self.assertEqual(run.wait(), 0, run.stderr)
        found = run.by_index()
        self.assertEqual([found[i]['status'] for i in range(6)], ['ok'] * 6)
        self.assertEqual([found[i]['attempts'] for i in range(6)], [5, 5, 3, 3, 3, 1])
        self.assertEqual((run.state()['state'], run.state()['ok']), ('finished', 6))

    def test_retry_in_a_run_that_was_gone_on_with(self):
        """What had failed before can be asked for as well, and counts once however it ends."""
        text = 'test {} -lt 4 || { touch at-{}; ' + UNTIL_GO + '}; test -e ok || exit 3'
        run = self.run_job({'task': {'shell': text}, 'inputs': {'range': [6]}, 'processes': 1,
                            'on_error': {'stop_after': 3}}, code=1)
        self.write('ok', '')
        for index, code in ((4, 1), (5, 1)):
            again = self.start_arguments([f'--resume={run.dir}/', '--on-error=continue'],
                                         run_dir=False)
            wait_for((self.work / f'at-{index}').exists, 'the item that waits')
            client = self.connect(run)
            status = wait_for(lambda: (s := client.do('status'))['running'] and s, 'a start')
            self.assertEqual(status['failed'], 3)
            self.assertIn('not been read', client.fault('retry', indexes=[6])['message'])
            client.do('retry', indexes=[0, 2])
            self.assertEqual(client.do('status')['failed'], 1)
            self.assertIn('no outcome yet', client.fault('retry', indexes=[2])['message'])
            if index == 4:
                client.do('drain')
            self.go()
            self.assertEqual(again.wait(), code, again.stderr)
            (self.work / 'go').unlink()
            state = run.state()
            self.assertEqual((state['failed'], state['ok'], state['done']),
                             (3, 2, 6) if index == 4 else (1, 5, 6))
        found = run.by_index()
        self.assertEqual([found[i]['status'] for i in range(6)],
                         ['ok', 'error', 'ok', 'ok', 'ok', 'ok'])
        self.assertEqual([found[i]['attempts'] for i in (0, 1, 2)], [2, 1, 2])

    def test_retry_and_what_is_printed(self):
        """Outputs stay in order, each item's last is the last, and the copy has all outcomes."""
        text = ('echo {} $GTK_MP_ATTEMPT; if [ {} = 0 ] || [ {} = 3 ]; then while ! test -e go-{}; '
                'do sleep 0.02; done; fi; test -e ok || test {} = 0')
        run = self.shell(text, [0, 1, 2, 3], processes=3, results='copy.jsonl')
        client = self.connect(run)
        wait_for(lambda: client.do('status')['failed'] == 2, 'the failures')
        self.assertEqual(run.stdout, b'')
        client.do('retry', indexes=[1])  # before its turn
        wait_for(lambda: [o['attempts'] for o in run.outcomes()] == [1, 1, 2], 'the same again')
        self.write('go-0', '')
        wait_for(lambda: run.stdout == b'0 1\n1 2\n2 1\n', 'what has its turn')
        self.write('ok', '')
        client.do('retry', indexes=[2, 1])  # after it
        wait_for(lambda: client.do('status')['ok'] == 3, 'what is ok')
        self.write('go-3', '')
        self.assertEqual(run.wait(), 0, run.stderr)
        lines = run.stdout.splitlines()
        self.assertEqual(lines[:3], [b'0 1', b'1 2', b'2 1'])
        self.assertEqual(sorted(lines[3:5]), [b'1 3', b'2 2'])
        self.assertEqual(lines[5:], [b'3 1'])
        copy = (self.work / 'copy.jsonl').read_text()
        self.assertEqual(copy, (run.dir / 'results.jsonl').read_text())
        self.assertEqual([run.by_index()[i]['status'] for i in range(4)], ['ok'] * 4)

    def test_retry_of_odd_items(self):
        """What is read back from an outcome is the item, byte for byte."""
        names = ['a"]}\\', 'ä', b'\xff\n'.decode('utf-8', 'surrogateescape').strip()]
        odd = [name.encode('utf-8', 'surrogateescape') for name in names]
        self.write('lines', b'\n'.join(odd) + b'\nwaits\n')
        run = self.shell('printf "%s\n" {} >> seen; [ {} != waits ] || { ' + UNTIL_GO + 'true; }; '
                         'test -e ok || exit 1', {'lines': 'lines'}, processes=2)
        client = self.connect(run)
        wait_for(lambda: client.do('status')['failed'] == 3, 'the failures')
        self.write('ok', '')
        client.do('retry', indexes=[0, 1, 2])
        wait_for(lambda: client.do('status')['ok'] == 3, 'what is ok')
        self.go()
        self.assertEqual(run.wait(), 0, run.stderr)
        seen = (self.work / 'seen').read_bytes().split(b'\n')[:-1]
        self.assertEqual(sorted(seen), sorted([*odd, *odd, b'waits']))
        found = run.by_index()
        self.assertEqual([found[i]['attempts'] for i in range(4)], [2, 2, 2, 1])
        self.assertIn('item_base64', found[2])

    def test_retry_of_what_could_not_be_read(self):
        self.write('lines.jsonl', '{"bad\n3\n')
        run = self.shell(UNTIL_GO, {'jsonl': 'lines.jsonl'}, processes=1)
        client = self.connect(run)
        wait_for(lambda: client.do('status')['failed'] == 1, 'the failure')
        self.assertIn('could not be read', client.fault('retry', indexes=[0])['message'])
        self.go()
        self.assertEqual(run.wait(), 1)

    def test_kill_worker(self):
        for task, item in (({'shell': 'sleep {}'}, 1000), ({'function': 'builtin:sleep'}, 1000)):
            with self.subTest(task):
                run = self.start({'task': task, 'inputs': [item, 0], 'processes': 1,
                                  'retries': 2, 'chunksize': 2})
                client = self.connect(run)
                worker = self.busy_worker(client)
                self.assertEqual((worker['index'], worker['item']), (0, 1000))
                self.assertIn('not a worker',
                              client.fault('kill_worker', pid=os.getpid())['message'])
                client.do('kill_worker', pid=worker['pid'])
                self.assertEqual(run.wait(), 1, run.stderr)
                found = run.by_index()
                self.assertEqual((found[0]['status'], found[0]['reason'], found[0]['attempts'],
                                  found[0]['pid']), ('cancelled', 'killed', 1, worker['pid']))
                self.assertEqual(found[1]['status'], 'ok')
                self.assertNotEqual(found[1]['pid'], worker['pid'])
                exits = {event['pid']: event['reason'] for event in run.events('worker-exited')}
                self.assertEqual(exits[worker['pid']], 'killed')
                self.assert_nothing_left()

    def has_stopped(self, pid):
        """Or can't go on: it waits in vfork() for a child that has, or has ended before."""
        state = proc_status(pid)['State'][0]
        return state in 'TZ' or (state == 'D' and any(map(self.has_stopped, children(pid))))

    def test_pause_stops_processes_and_clocks(self):
        pause = 2 * SLOWER
        # What is printed wakes whoever looks at the clock.
        talk = 'for i in 1 2 3 4 5; do sleep {}; (sleep {}; echo $i); done'
        for task, item in (({'shell': talk}, 0.1 * SLOWER),
                           ({'function': 'builtin:sleep'}, 1 * SLOWER)):
            with self.subTest(task):
                run = self.start({'task': task, 'inputs': [item], 'task_timeout': 1.8 * SLOWER,
                                  'timeout': 1.9 * SLOWER})
                client = self.connect(run)
                worker = self.busy_worker(client)
                client.do('pause')
                processes = [pid for pid, command in self.leftovers()
                             if b'sleep' in command.split(b'\0')[0] or pid == worker['pid']]
                self.assertIn(worker['pid'], processes)
                for pid in processes:
                    wait_for(lambda: self.has_stopped(pid), f'{pid} to stop')
                time.sleep(pause)
                client.do('resume')
                self.assertEqual(run.wait(), 0, run.outcomes())
                self.assertEqual(run.by_index()[0]['attempts'], 1)

    def test_killed_while_paused(self):
        run = self.shell('sleep 1000 & sleep 1000', [0, 1], processes=2)
        client = self.connect(run)
        wait_for(lambda: client.do('status')['running'] == 2, 'two items')
        client.do('pause')
        run.process.terminate()
        self.assertEqual(run.wait(), 143)
        self.assertEqual(run.outcomes(), [])
        self.assert_nothing_left()
        run = self.shell('sleep 1000 & sleep 1000', [0, 1], processes=2)
        client = self.connect(run)
        wait_for(lambda: client.do('status')['running'] == 2, 'two items')
        client.do('pause')
        run.process.kill()
        run.wait()
        self.assert_nothing_left()

    def test_pause_on_error(self):
        run = self.shell('test {} != 1', [0, 1, 2, 3], processes=1, on_error='pause')
        client = self.connect(run)
        wait_for(lambda: run.state()['state'] == 'paused', 'the pause')
        self.assertLess(client.do('status')['done'], 4)
        wait_for(lambda: '--unpause=' in run.stderr, 'what to do')
        self.steer(f'--unpause={run.dir}')
        self.assertEqual(run.wait(), 1)
        self.assert_all_once(run, 4)
        self.assertEqual(run.state()['state'], 'finished')
        # Nothing is left to do after the last one.
        run = self.shell('false', [0], on_error='pause')
        self.assertEqual(run.wait(), 1)


class Processes(Control):
    def test_only_those_of_the_run(self):
        run = self.shell('sleep 1000; true', [0, 1], processes=2)
        client = self.connect(run)
        worker = wait_for(lambda: next((w for w in client.do('status')['workers']
                                        if w['child_pid']), None), 'a command')
        for pid in (os.getpid(), run.pid, 1, 4_000_000):
            for method, more in (('signal', {'signal': 'SIGTERM'}), ('priority', {'nice': 1}),
                                 ('affinity', {'cpus': [0]}), ('kill_worker', {})):
                with self.subTest(method, pid=pid):
                    self.assertIn('rocess', client.fault(method, pid=pid, **more)['message'])
        self.assertTrue(is_alive(run.pid))
        child = worker['child_pid']
        client.do('priority', pid=worker['pid'], nice=7)
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, worker['pid']), 7)
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, child), 7)
        cpu = min(os.sched_getaffinity(0))
        client.do('affinity', pid=child, cpus=[cpu])
        self.assertEqual(os.sched_getaffinity(child), {cpu})
        self.assertIn('Could not', client.fault('affinity', pid=child, cpus=[1000])['message'])
        client.do('signal', pid=child, signal='STOP')
        wait_for(lambda: proc_status(child)['State'][0] == 'T', 'the stop')
        self.assertIn('stopped', [w['state'] for w in client.do('status')['workers']])
        client.do('signal', pid=child, signal=signal.SIGCONT)
        client.do('signal', pid=child, signal='SIGKILL')
        wait_for(lambda: any(outcome.get('reason') == 'signal' for outcome in run.outcomes()),
                 'the outcome')
        client.do('cancel')
        run.wait()

    def test_states(self):
        """Of a worker, from its start to its end."""
        self.write('slow.c', """
            #include <unistd.h>
            static void wait_for (const char *n) { while (access (n, F_OK) < 0) usleep (10000); }
            __attribute__ ((constructor)) static void begin (void) { wait_for ("begin"); }
            void *work (void *item, void *e);
            extern void *g_variant_ref (void *);
            void *work (void *item, void *e) { wait_for ("go"); return g_variant_ref (item); }
            """)
        subprocess.run([os.environ.get('CC', 'cc').split()[-1], '-shared', '-fPIC', '-o', 'slow.so',
                        'slow.c'], cwd=self.work, check=True)
        run = self.start({'task': {'function': 'slow.so:work'}, 'inputs': [0], 'processes': 2,
                          'start_method': 'spawn'})
        client = self.connect(run)

        def reach(*states):
            wait_for(lambda: sorted(worker['state'] for worker in client.do('status')['workers'])
                     == sorted(states), states)
        reach('starting', 'starting')
        self.write('begin', '')
        reach('busy', 'idle')
        worker, = [one for one in client.do('status')['workers'] if one['state'] == 'busy']
        idle, = [one for one in client.do('status')['workers'] if one['state'] == 'idle']
        self.assertEqual((idle['index'], idle['item'], idle['child_pid']), (None, None, None))
        # One that can't leave yet.
        os.kill(idle['pid'], signal.SIGSTOP)
        client.do('resize', processes=1)
        wait_for(lambda: 'exiting' in [one['state'] for one in client.do('status')['workers']],
                 'a worker that leaves')
        os.kill(idle['pid'], signal.SIGCONT)
        client.do('pause')
        self.assertIn('stopped', [one['state'] for one in client.do('status')['workers']
                                  if one['pid'] == worker['pid']])
        client.do('resume')
        self.write('go', '')
        self.assertEqual(run.wait(), 0, run.stderr)

    def test_one_that_has_ended(self):
        """Its number may be another's in a moment: nothing is done to it."""
        run = self.shell('sh -c "exit" & echo $! > ended; exec sleep 1000', [0])
        client = self.connect(run)
        wait_for(lambda: (self.work / 'ended').exists() and (self.work / 'ended').read_text(),
                 'a process')
        pid = int((self.work / 'ended').read_text())
        wait_for(lambda: proc_status(pid)['State'][0] == 'Z', 'its end')
        for method, more in (('signal', {'signal': 'SIGTERM'}), ('priority', {'nice': 1}),
                             ('affinity', {'cpus': [0]})):
            with self.subTest(method):
                self.assertIn('neither a worker', client.fault(method, pid=pid, **more)['message'])
        worker = self.busy_worker(client)
        self.assertLess(client.do('priority', pid=worker['pid'], nice=1)['processes'], 3)
        client.do('cancel')
        run.wait()

    def test_load(self):
        run = self.shell('while :; do :; done', [0], processes=1)
        client = self.connect(run)
        client.do('watch', hz=5)

        def busy():
            workers = client.read()['params']['workers']
            return workers and workers[0]['cpu_percent'] > 20 and workers[0]['rss'] > 100_000
        wait_for(busy, 'a worker that is at work')
        wait_for(lambda: any(event['cpu_percent'] > 10 and event['rss'] > 100_000
                             and event['workers'] == 1 for event in run.events('snapshot')),
                 'the same in the events')
        client.do('watch', hz=0)
        client.do('cancel')
        run.wait()


class Socket(Control):
    def waiting(self, **job):
        run = self.shell(UNTIL_GO, [0], processes=1, **job)
        return run, self.connect(run)

    def finish(self, run):
        self.go()
        self.assertEqual(run.wait(), 0, run.stderr)

    def test_200_at_once(self):
        run, first = self.waiting()
        path = self.socket_path(run)
        clients = [Client(path) for _ in range(199)]
        for client in clients:
            self.addCleanup(client.close)
        turned_away = []
        served = [first]
        for client in clients:
            try:
                client.ask('status')
            except OSError:
                pass
            message = client.read()
            if 'error' in message:
                self.assertIn('64', message['error']['message'])
                self.assertIsNone(client.read())
                turned_away.append(client)
            else:
                self.assertEqual(message['result']['state'], 'running')
                served.append(client)
        self.assertEqual((len(served), len(turned_away)), (64, 136))
        served.pop().close()

        def again():
            client = Client(path)
            try:
                client.ask('status')
                return 'result' in (client.read() or {})
            except OSError:
                return False
            finally:
                client.close()
        wait_for(again, 'room for another')
        self.finish(run)

    def test_slow_readers(self):
        run = self.start({'task': {'function': 'builtin:echo'}, 'inputs': {'range': [20_000]},
                          'processes': 2})
        path = self.socket_path(run)
        slow = []
        for hz in (60, 60, 10):
            client = Client(path)
            self.addCleanup(client.close)
            client.ask('watch', {'hz': hz})
            slow.append(client)
        self.assertEqual(run.wait(), 0, run.stderr)
        self.assert_all_once(run, 20_000)
        # What they have was sent in whole lines.
        for client in slow:
            while client.read():
                pass

    def test_many_requests_unread(self):
        run, client = self.waiting()
        flood = self.connect(run)
        flood.socket.setblocking(False)
        sent = 0
        line = b'{"jsonrpc":"2.0","id":1,"method":"status"}\n'
        deadline = time.monotonic() + 3
        try:
            while time.monotonic() < deadline:
                sent += flood.socket.send(line * 100)
        except BlockingIOError:
            pass
        self.assertEqual(client.do('status')['state'], 'running')
        self.assertLess(int(proc_status(run.pid)['VmRSS'].split()[0]), 200_000 * SLOWER)
        flood.socket.settimeout(60 * SLOWER)
        flood.socket.shutdown(socket.SHUT_WR)
        answers = 0
        while message := flood.read():
            answers += 'result' in message
        self.assertEqual(answers, sent // len(line))
        self.finish(run)

    def test_many_long_answers(self):
        """Requests that were read before their answers had room are answered all the same."""
        run = self.shell(UNTIL_GO, list(range(40)), processes=40)
        client = self.connect(run)
        wait_for(lambda: client.do('status')['running'] == 40, 'all workers')
        flood = self.connect(run)
        flood.send(b'{"jsonrpc":"2.0","id":1,"method":"status"}\n' * 370)
        wait_for(lambda: client.do('status')['state'] == 'running', 'another answer')
        for _ in range(370):
            self.assertEqual(len(flood.read()['result']['workers']), 40)
        self.finish(run)

    def test_malformed(self):
        run, client = self.waiting()
        cases = [
            (b'garbage', -32700), (b'{', -32700), (b'\xff\xfe', -32700), (b'[1,2,3]', -32600),
            (b'1', -32600), (b'{"a":1,"a":2}', -32700), (b'{}', -32600),
            (b'{"jsonrpc":"2.0","id":1}', -32600), (b'{"jsonrpc":"1.0","method":"status"}', -32600),
            (b'{"jsonrpc":"2.0","id":{},"method":"status"}', -32600),
            (b'{"jsonrpc":"2.0","id":1,"method":"dance"}', -32601),
            (b'{"jsonrpc":"2.0","id":1,"method":"status","params":[1]}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"status","params":{"a":1}}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"resize"}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"resize","params":{"processes":"2"}}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"resize","params":{"processes":0}}', -32000),
            (b'{"jsonrpc":"2.0","id":1,"method":"resize","params":{"processes":513}}', -32000),
            (b'{"jsonrpc":"2.0","id":1,"method":"watch","params":{"hz":-1}}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"watch","params":{"hz":"x"}}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"retry","params":{"indexes":[]}}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"retry","params":{"indexes":[-1]}}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"retry","params":{"indexes":[99]}}', -32000),
            (b'{"jsonrpc":"2.0","id":1,"method":"kill_worker","params":{"pid":null}}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"kill_worker","params":{"pid":-5}}', -32602),
            (b'{"jsonrpc":"2.0","id":1,"method":"signal","params":{"pid":77,"signal":"X"}}',
             -32602),
            (b'[' * 100_000, -32700),
        ]
        for line, code in cases:
            with self.subTest(line[:80]):
                client.send(line + b'\n')
                message = client.read()
                self.assertEqual(message['error']['code'], code, message)
                self.assertTrue(message['error']['message'])
        # No id, no answer; empty lines are nothing.
        client.send('{"jsonrpc":"2.0","method":"status"}\n\n\r\n')
        self.assertEqual(client.do('status')['state'], 'running')
        client.send('{"jsonrpc":"2.0","id":"x","method":"status","params":[]}\n')
        self.assertEqual(client.read()['id'], 'x')
        self.finish(run)

    def test_endless_line(self):
        run, client = self.waiting()
        endless = self.connect(run)
        try:
            for _ in range(64):
                endless.send(b'x' * 65536)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            while message := endless.read():
                self.assertIn('1 MiB', message['error']['message'])
        except ConnectionResetError:
            pass
        self.assertEqual(client.do('status')['state'], 'running')
        self.finish(run)

    def test_in_pieces_and_all_at_once(self):
        run, client = self.waiting()
        line = '{"jsonrpc":"2.0","id":7,"method":"status"}\n'
        for character in line:
            client.send(character)
        self.assertEqual(client.read()['id'], 7)
        client.send(line.rstrip().ljust(1024 * 1024) + '\n')
        self.assertEqual(client.read()['id'], 7)
        other = self.connect(run)
        other.send(line.rstrip().ljust(1024 * 1024 + 1) + '\n')
        self.assertIn('1 MiB', other.read()['error']['message'])
        self.assertIsNone(other.read())
        client.send(line * 50)
        self.assertEqual([client.read()['id'] for _ in range(50)], [7] * 50)
        self.finish(run)

    def test_watch(self):
        run, client = self.waiting()
        self.assertEqual(client.do('watch', hz=20)['hz'], 20)
        for _ in range(3):
            snapshot = client.read()
            self.assertEqual(snapshot['method'], 'snapshot')
            self.assertEqual(snapshot['params']['state'], 'running')
        self.go()
        last = None
        while message := client.read():
            last = message['params']
        # The last one tells how it ended.
        self.assertEqual((last['state'], last['exit_code'], last['done']), ('finished', 0, 1))
        self.assertEqual(run.wait(), 0)
        self.assertFalse(self.socket_path(run).exists())

    def test_status_has_what_state_has(self):
        run, client = self.waiting()
        status = client.do('status')
        self.assertLessEqual(set(run.state()), set(status))
        worker = self.busy_worker(client)
        self.assertEqual(set(worker), {
            'worker', 'pid', 'slot', 'state', 'index', 'item', 'since', 'done', 'failed',
            'cpu_percent', 'rss', 'child_pid'})
        self.assertEqual((worker['slot'], worker['index'], worker['item']), (1, 0, 0))
        wait_for(lambda: worker['pid'] in run.workers(), 'the event')
        self.assertLess(abs(worker['since'] - time.time()), 600)
        self.finish(run)

    @unittest.skipUnless(os.geteuid() == 0, 'only root can be two users')
    def test_other_user(self):
        nobody = 65534
        place = self.folder / 'nobody'
        place.mkdir()
        for path in (self.folder, place):
            os.chmod(path, 0o755)
        os.chown(place, nobody, nobody)
        probe = subprocess.run(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups',
                                PROGRAM, '--version'], capture_output=True, check=False)
        if probe.returncode != 0:
            self.skipTest('nobody may not run the program where it was built')
        environment = self.environment({'XDG_STATE_HOME': str(place), 'HOME': str(place)})
        del environment['XDG_RUNTIME_DIR']
        process = subprocess.Popen(
            ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', PROGRAM, '--headless',
             '--run-dir=' + str(place / 'run'), '--', 'sleep', ':::', '1000'], cwd=place,
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(self.end, process)
        wait_for(lambda: (place / 'run' / 'state.json').exists(), 'the state')
        path = next((place / 'run').glob('*.sock'))
        client = Client(path)
        self.addCleanup(client.close)
        self.assertIn('another user', client.read()['error']['message'])
        self.assertIsNone(client.read())
        done = self.steer('--cancel=' + str(place / 'run'), code=2)
        self.assertIn(b'another user', done.stderr)
        process.terminate()
        self.assertEqual(process.wait(60 * SLOWER), 143)

    @unittest.skipUnless(shutil.which('socat') and shutil.which('jq'), 'needs socat and jq')
    def test_socat_and_jq(self):
        run, _ = self.waiting()
        text = ('echo \'{"jsonrpc":"2.0","id":1,"method":"status"}\' '
                f'| socat -t 10 - UNIX-CONNECT:{self.socket_path(run)} '
                '| jq -r .result.state')
        done = subprocess.run(['sh', '-c', text], capture_output=True, check=True)
        self.assertEqual(done.stdout, b'running\n')
        self.finish(run)

    def test_where_it_is(self):
        run, _ = self.waiting()
        path = self.socket_path(run)
        self.assertTrue(path.is_socket())
        self.assertEqual(path.parent.stat().st_mode & 0o777, 0o700)
        self.finish(run)
        self.assertFalse(path.exists())
        (self.work / 'go').unlink()
        # A folder that others may enter is not used.
        path.parent.chmod(0o755)
        run = self.shell(UNTIL_GO, [0], processes=1)
        wait_for(lambda: (run.dir / 'state.json').exists(), 'the state')
        path = run.dir / (run.state()['id'] + '.sock')
        self.assertTrue(path.is_socket())
        self.steer(f'--pause={run.dir}')
        self.steer(f'--unpause={run.dir}')
        self.finish(run)
        self.assertFalse(path.exists())


class CommandLine(Control):
    def test_watch_shows_the_run(self):
        for options in ([], ['--json']):
            with self.subTest(options):
                (self.work / 'go').unlink(missing_ok=True)
                run = self.start({'task': {'shell': 'echo {}; echo e{} >&2; [ {} != 2 ] || '
                                           + UNTIL_GO + ' [ {} != 3 ]'},
                                  'inputs': [1, 2, 3, 4], 'processes': 2}, *options)
                self.socket_path(run)
                watcher = subprocess.Popen(
                    [PROGRAM, '--headless', f'--watch={run.dir}', *options], cwd=self.work,
                    env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                time.sleep(0.2)
                self.go()
                stdout, stderr = watcher.communicate(timeout=60 * SLOWER)
                self.assertEqual(run.wait(), 1)
                self.assertEqual(watcher.returncode, 1, stderr)
                self.assertEqual(stdout, run.stdout)
                self.assertEqual(sorted(stderr.decode().splitlines()),
                                 sorted(run.stderr.splitlines()))

    def test_watcher_leaves(self):
        run = self.shell(UNTIL_GO, [0], processes=1)
        self.socket_path(run)
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            watcher = subprocess.Popen([PROGRAM, f'--watch={run.dir}'], cwd=self.work,
                                       env=self.environment(), stderr=subprocess.PIPE)

            def caught():
                return int(proc_status(watcher.pid).get('SigBlk', '0'), 16) & 1 << number - 1
            wait_for(caught, 'a watcher that is ready')
            watcher.send_signal(number)
            self.assertEqual(watcher.wait(60 * SLOWER), code)
            watcher.stderr.close()
        self.assertEqual(run.state()['state'], 'running')
        self.go()
        self.assertEqual(run.wait(), 0)

    def test_refused(self):
        """A run that takes no more watchers goes on all the same, and is not called dead."""
        run = self.shell(UNTIL_GO, [0], processes=1)
        path = self.socket_path(run)
        clients = [Client(path) for _ in range(64)]
        for client in clients:
            self.addCleanup(client.close)
            client.do('status')
        for word, code in (('watch', 125), ('pause', 2)):
            done = self.steer(f'--{word}={run.dir}', code=code)
            self.assertIn(b'64 clients', done.stderr)
            self.assertNotIn(b'interrupted', done.stderr)
        self.assertEqual(run.state()['state'], 'running')
        self.go()
        self.assertEqual(run.wait(), 0)

    def test_runner_dies(self):
        run = self.shell('sleep 1000', [0], processes=1)
        self.socket_path(run)
        watcher = subprocess.Popen([PROGRAM, f'--watch={run.dir}'], cwd=self.work,
                                   env=self.environment(), stderr=subprocess.PIPE)
        wait_for(lambda: int(proc_status(watcher.pid).get('SigBlk', '0'), 16) & 2, 'a watcher')
        run.process.kill()
        _, stderr = watcher.communicate(timeout=60 * SLOWER)
        self.assertEqual(watcher.returncode, 125)
        self.assertIn(b'interrupted', stderr)
        status = json.loads(self.steer(f'--status={run.dir}', '--json').stdout)
        self.assertEqual((status['state'], status['exit_code'], status['workers']),
                         ('interrupted', None, []))
        for word in ('cancel', 'drain', 'pause', 'unpause', 'watch'):
            done = self.steer(f'--{word}={run.dir}', code=2)
            self.assertIn(b'not live: it is interrupted', done.stderr)

    def test_steer(self):
        run = self.shell(UNTIL_GO, [0, 1, 2, 3], processes=1)
        self.socket_path(run)
        target = os.path.relpath(run.dir, self.work)
        self.steer(f'--pause={target}')
        status = json.loads(self.steer(f'--status={target}', '--json').stdout)
        self.assertEqual(status['state'], 'paused')
        self.assertIn(b'paused', self.steer(f'--status={target}').stdout)
        self.steer(f'--resize={target}:2')
        self.steer(f'--unpause={target}')
        self.assertIn(b'512', self.steer(f'--resize={target}:1000', code=2).stderr)
        wait_for(lambda: len(json.loads(self.steer(f'--status={target}', '--json').stdout)
                             ['workers']) == 2, 'two workers')
        self.steer(f'--drain={target}')
        self.steer(f'--cancel={target}')
        self.assertEqual(run.wait(), 1)
        self.assertIn(b'not live: it is cancelled',
                      self.steer(f'--pause={target}', code=2).stderr)
        status = json.loads(self.steer(f'--status={target}', '--json').stdout)
        self.assertEqual((status['state'], status['exit_code']), ('cancelled', 1))

    def test_starter_dies(self):
        """As a window starts it: a session of its own, nothing to write to."""
        folder = self.folder / 'run'
        job = self.write('job.mpjob', {'mpjob': 1, 'task': {'shell': UNTIL_GO + 'echo x'},
                                       'inputs': {'range': [3]}})
        starter = subprocess.Popen(
            ['sh', '-c', 'setsid "$@" </dev/null >/dev/null 2>&1 & echo started; sleep 1000', 'sh',
             PROGRAM, '--headless', f'--run-dir={folder}', str(job)], cwd=self.work,
            env=self.environment(), stdout=subprocess.PIPE, start_new_session=True)
        self.assertEqual(starter.stdout.readline(), b'started\n')
        wait_for(lambda: (folder / 'state.json').exists(), 'the state')
        os.killpg(starter.pid, signal.SIGKILL)
        starter.wait()
        starter.stdout.close()
        self.go()
        state = folder / 'state.json'
        wait_for(lambda: json.loads(state.read_text())['state'] == 'finished', 'the end')
        self.assertEqual(json.loads(state.read_text())['exit_code'], 0)


if __name__ == '__main__':
    unittest.main()
