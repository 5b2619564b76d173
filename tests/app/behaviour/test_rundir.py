#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run leaves in its folder, who may look at it, what is on the disk when, how it ends."""
import fcntl
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import unittest

import harness
from harness import SLOWER, Case, wait_for

ECHO = {'function': 'builtin:echo'}
NOBODY = 65534
AS_NOBODY = ['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups']
UNTIL_GO = 'while ! test -e go; do sleep 0.02; done; '


class Files(Case):
    def test_where_and_who_may_see_it(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        run = self.run_job({'task': {'shell': 'seq 20000; seq 20000 >&2'},
                            'inputs': {'lines': '-'}, 'name': 'A  Größe: 3!'}, run_dir=False,
                           stdin=b'x\n')
        run_dir, = (self.folder / 'state/gtk-mp/runs').iterdir()
        self.assertRegex(run_dir.name, r'^\d{8}-\d{6}-a-gr-e-3--[0-9a-f]{4}$')
        paths = list(run_dir.rglob('*'))
        self.assertEqual({str(path.relative_to(run_dir)) for path in paths},
                         {'job.json', 'inputs.jsonl', 'results.jsonl', 'events.jsonl', 'log.txt',
                          'outputs', 'outputs/0.out', 'outputs/0.err', 'state.json', 'lock'})
        for path in [run_dir, *paths]:
            self.assertEqual(path.stat().st_mode & 0o777, 0o700 if path.is_dir() else 0o600, path)
        for path in (self.folder / 'state/gtk-mp', self.folder / 'state/gtk-mp/runs'):
            self.assertEqual(path.stat().st_mode & 0o777, 0o700)
        run = self.run_job({'task': ECHO, 'inputs': {'files': [__file__]}})
        self.assertTrue((run.dir / 'inputs.idx').exists())

    def test_home_when_no_state_home(self):
        home = self.folder / 'home'
        home.mkdir()
        environment = self.environment({'HOME': str(home)})
        del environment['XDG_STATE_HOME']
        subprocess.run([harness.PROGRAM, '--headless', '--', 'true', ':::', 'a'], check=True,
                       env=environment, cwd=self.work)
        self.assertEqual(len(list((home / '.local/state/gtk-mp/runs').iterdir())), 1)

    def test_the_given_one(self):
        (self.folder / 'run-1').mkdir()
        run = self.run_job({'task': ECHO, 'inputs': [1]})
        self.assertEqual((run.dir.stat().st_mode & 0o777, run.state()['done']), (0o700, 1))
        for content in ('job.json', '.hidden'):
            folder = self.folder / f'run-{self.runs + 1}'
            folder.mkdir()
            (folder / content).touch()
            run = self.run_job({'task': ECHO, 'inputs': [1]}, code=2)
            self.assertIn('not empty', run.stderr)
            self.assertEqual(os.listdir(folder), [content])
        run = self.run_arguments(['--run-dir=new/deep', '--', 'true', ':::', '1'], run_dir=False)
        self.assertTrue((self.work / 'new/deep/state.json').exists())

    def test_the_job_as_run(self):
        """All defaults are there, all paths absolute: it is the same job wherever it is read."""
        self.write('in.txt', 'a\n')
        run = self.run_job({'task': {'command': ['echo']}, 'inputs': {'lines': 'in.txt'},
                            'cwd': '.', 'results': 'copy', 'creates': None} | {'creates': 'in.txt'})
        job = json.loads((run.dir / 'job.json').read_text())
        for key, value in {'processes': 'auto', 'start_method': 'forkserver', 'chunksize': 'auto',
                           'retries': 0, 'retry_delay': 0, 'ok_exit_codes': [0],
                           'on_error': 'continue', 'ordered': True, 'env': {}, 'engine': 'local',
                           'log_level': 'WARNING', 'mpjob': 1}.items():
            self.assertEqual(job[key], value, key)
        self.assertEqual(job['inputs']['lines'], f'{self.work.resolve()}/in.txt')
        self.assertEqual(job['results'], f'{self.work.resolve()}/copy')
        for path in (job['cwd'], job['creates'], job['folder']):
            self.assertTrue(path.startswith('/'), path)

    def test_inputs_that_can_not_be_read_again(self):
        run = self.run_arguments(['--', 'true'], stdin=b'a\n5\n\xff\n')
        self.assertEqual((run.dir / 'inputs.jsonl').read_text().splitlines(),
                         ['"a"', '"5"', '{"item_base64":"/w=="}', '{"end":3}'])

    def test_compact_and_in_order(self):
        run = self.run_job({'task': ECHO, 'inputs': [{'b': 0.1, 'a': [1, 1e22, 'ä"\n']}]})
        for name in ('results.jsonl', 'events.jsonl', 'state.json', 'job.json'):
            for line in (run.dir / name).read_text().splitlines():
                self.assertEqual(json.dumps(json.loads(line), ensure_ascii=False,
                                            separators=(',', ':')).replace('1e+22', '1e22'),
                                 line.replace('1e+22', '1e22'))

    def test_state(self):
        run = self.start({'task': {'shell': UNTIL_GO + 'test {} = a'}, 'inputs': ['a', 'b']})
        state = wait_for(lambda: run.state() if (run.dir / 'state.json').exists() else None,
                         'the state')
        members = ['id', 'name', 'state', 'pid', 'total', 'done', 'ok', 'failed', 'started',
                   'ended', 'exit_code']
        self.assertEqual(list(state), members)
        self.assertEqual((state['state'], state['pid'], state['total'], state['ended'],
                          state['exit_code']), ('running', run.pid, 2, None, None))
        # Replaced, not written over: who has it open reads on in the old one.
        with open(run.dir / 'state.json', encoding='utf-8') as old:
            self.write('go', '')
            self.assertEqual(run.wait(), 1)
            self.assertEqual(json.load(old)['state'], 'running')
        state = run.state()
        self.assertEqual(list(state), members)
        self.assertEqual((state['state'], state['done'], state['ok'], state['failed'],
                          state['exit_code']), ('finished', 2, 1, 1, 1))
        self.assertGreaterEqual(state['ended'], state['started'])

    def test_what_counts_as_failed(self):
        run = self.run_job({'task': {'shell': 'case {} in ok) ;; error) exit 1;; '
                                              'crashed) kill -9 $$;; *) sleep 1000;; esac'},
                            'inputs': ['ok', 'error', 'crashed', 'timeout'], 'task_timeout': 2},
                           code=1)
        self.assertEqual([run.by_index()[i]['status'] for i in range(4)],
                         ['ok', 'error', 'crashed', 'timeout'])
        self.assertEqual((run.state()['done'], run.state()['ok'], run.state()['failed']), (4, 1, 3))

    def test_total_is_unknown_until_the_end_is_read(self):
        read, write = os.pipe()
        process = subprocess.Popen([harness.PROGRAM, '--headless', '--json',
                                    f'--run-dir={self.folder}/run', '--', 'true'], stdin=read,
                                   stdout=subprocess.PIPE, cwd=self.work, env=self.environment())
        self.addCleanup(process.wait)
        self.addCleanup(self.end, process)
        os.close(read)
        with process.stdout, os.fdopen(write, 'wb', 0) as writer:
            writer.write(b'a\n')
            # The first outcome is there though more inputs may come.
            self.assertEqual(json.loads(process.stdout.readline())['item'], 'a')
            status = json.loads(subprocess.run(
                [harness.PROGRAM, '--headless', f'--status={self.folder}/run', '--json'],
                env=self.environment(), capture_output=True, check=True).stdout)
            self.assertEqual((status['total'], status['eta']), (None, None))
            writer.close()
            self.assertEqual(process.wait(60 * SLOWER), 0)
        self.assertEqual(json.loads((self.folder / 'run/state.json').read_text())['total'], 1)

    def test_the_lock(self):
        run = self.start({'task': {'shell': UNTIL_GO}, 'inputs': [1]})
        wait_for((run.dir / 'state.json').exists, 'the state')

        def holder():
            with open(run.dir / 'lock', 'r+b') as file:
                want = struct.pack('hhqqi', fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
                kind, _, _, _, pid = struct.unpack('hhqqi', fcntl.fcntl(file, fcntl.F_GETLK, want))
            return pid if kind != fcntl.F_UNLCK else None
        self.assertEqual(holder(), run.pid)
        self.write('go', '')
        self.assertEqual(run.wait(), 0)
        self.assertIsNone(holder())


class Events(Case):
    def test_of_a_run(self):
        run = self.run_job({'task': {'shell': 'test {} != 1; sleep 0.5'}, 'inputs': [0, 1, 2],
                            'processes': 1})
        events = run.events()
        self.assertEqual((events[0]['event'], events[-1]['event']), ('run-started', 'run-finished'))
        self.assertEqual((events[0]['id'], events[0]['total']), (run.state()['id'], 3))
        self.assertEqual((events[-1]['state'], events[-1]['exit_code'], events[-1]['ok']),
                         ('finished', 0, 3))
        times = [event['time'] for event in events]
        self.assertTrue(all(list(event)[:2] == ['time', 'event'] for event in events))
        self.assertEqual(times, sorted(times))
        start, = run.events('worker-started')
        self.assertEqual({name: start[name] for name in ('worker', 'pid', 'slot', 'start_method')},
                         {'worker': 'ForkServerPoolWorker-1', 'pid': run.outcomes()[0]['pid'],
                          'slot': 1, 'start_method': 'forkserver'})
        snapshots = run.events('snapshot')
        self.assertGreater(len(snapshots), 1)
        for snapshot in snapshots:
            for name in ('queued', 'running', 'done', 'ok', 'failed'):
                self.assertIsInstance(snapshot[name], int)
            self.assertIsInstance(snapshot['rate'], float)
        self.assertEqual((snapshots[-1]['done'], snapshots[-1]['ok']), (3, 3))

    def exits(self, run):
        return {event['reason']: event for event in run.events('worker-exited')}

    def test_why_workers_exit(self):
        run = self.run_job({'task': ECHO, 'inputs': [1], 'processes': 1})
        done = self.exits(run)['done']
        self.assertEqual((done['exit_code'], done['worker'], done['pid']),
                         (0, run.outcomes()[0]['worker'], run.outcomes()[0]['pid']))
        self.assertNotIn('index', done)
        run = self.run_job({'task': {'shell': '[ {} != 1 ] || kill -KILL $PPID'},
                            'inputs': [0, 1, 2], 'processes': 1}, code=1)
        self.assertEqual((self.exits(run)['crashed']['signal'], self.exits(run)['crashed']['index']),
                         ('SIGKILL', 1))
        run = self.run_job({'task': {'function': 'builtin:sleep'}, 'inputs': [1000, 0],
                            'processes': 1, 'task_timeout': 0.3}, code=1)
        late = self.exits(run)['timeout']
        self.assertEqual((late['index'], 'signal' in late), (0, True))
        run = self.run_job({'task': ECHO, 'inputs': {'range': [5]}, 'processes': 1,
                            'max_tasks_per_child': 2})
        self.assertEqual([event['reason'] for event in run.events('worker-exited')],
                         ['max-tasks', 'max-tasks', 'done'])
        run = self.start({'task': {'function': 'builtin:sleep'}, 'inputs': [1000], 'processes': 1})
        wait_for(lambda: run.events('worker-started'), 'the worker')
        subprocess.run([harness.PROGRAM, f'--cancel={run.dir}'], env=self.environment(), check=True)
        self.assertEqual(run.wait(), 1)
        self.assertIn('cancelled', self.exits(run))

    def test_workers_that_never_become_ready(self):
        """Ten in a row: what is left is said to be impossible, and the run ends."""
        self.write('dies.c', 'void *dies (void *a, void *b) { return a; }\n#include <stdlib.h>\n'
                   '__attribute__ ((constructor)) static void d (void) { abort (); }\n')
        subprocess.run([os.environ.get('CC', 'cc').split()[-1], '-shared', '-fPIC', '-o', 'dies.so',
                        'dies.c'], cwd=self.work, check=True)
        for method in harness.START_METHODS:
            run = self.run_job({'task': {'function': 'dies.so:dies'}, 'inputs': {'range': [30]},
                                'processes': 2, 'start_method': method}, code=None)
            self.assertEqual(run.wait(), 1, run.stderr)
            self.assert_all_once(run, 30)
            self.assertEqual({(outcome['status'], outcome['reason'])
                              for outcome in run.outcomes()}, {('error', 'spawn-failed')})
            self.assertGreaterEqual(len(run.events('worker-exited')), 10)
            self.assert_nothing_left()


class ExitCodes(Case):
    """The highest of those that apply."""

    def failed_and_waiting(self, *before, **keys):
        run = self.start({'task': {'shell': '[ {} != 0 ] || exit 1; ' + UNTIL_GO},
                          'inputs': [0, 1, 2], 'processes': 1, **keys})
        wait_for(run.outcomes, 'the failure')
        return run

    def test_a_signal_counts_for_more_than_a_failure(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            run = self.failed_and_waiting(timeout=1000)
            run.process.send_signal(number)
            self.assertEqual(run.wait(), code)
            self.assertEqual([outcome['index'] for outcome in run.outcomes()], [0])
            self.assertEqual((run.state()['state'], run.state()['exit_code']),
                             ('interrupted', code))
            self.write('go', '')
            resumed = self.start_arguments([f'--resume={run.dir}/'], run_dir=False)
            self.assertEqual(resumed.wait(), 1)
            self.assert_all_once(run, 3)
            (self.work / 'go').unlink()

    def test_the_timeout_counts_for_more_than_a_failure(self):
        run = self.failed_and_waiting(timeout=1)
        self.assertEqual(run.wait(), 124)
        self.assertEqual([run.by_index()[i]['status'] for i in range(3)],
                         ['error', 'timeout', 'timeout'])

    def test_ignored_signals_are_ignored(self):
        for number in (signal.SIGINT, signal.SIGHUP):
            old = signal.signal(number, signal.SIG_IGN)
            try:
                run = self.failed_and_waiting()
            finally:
                signal.signal(number, old)
            run.process.send_signal(number)
            self.write('go', '')
            self.assertEqual(run.wait(), 1)
            self.assertEqual(run.state()['state'], 'finished')
            (self.work / 'go').unlink()

    def test_first_and_failures(self):
        job = {'task': {'shell': 'test {} != 0'}, 'inputs': [0, 1, 2]}
        run = self.run_job(job, '--first=2', code=1)
        self.assertEqual(run.state()['state'], 'interrupted')
        # Those items are ok; that of the run before is not.
        resumed = self.start_arguments([f'--resume={run.dir}/'], run_dir=False)
        self.assertEqual(resumed.wait(), 1)
        self.run_job({**job, 'inputs': [1, 2, 0]}, '--first=2')


@unittest.skipUnless(os.geteuid() == 0 and shutil.which('setpriv'), 'only root can be two users')
class Others(Case):
    def as_nobody(self, *words):
        return subprocess.run([*AS_NOBODY, *words], capture_output=True, check=False, text=True)

    def test_neither_folder_nor_socket(self):
        for path in (self.folder, self.folder / 'state', self.folder / 'runtime', self.work):
            path.chmod(0o755)
        run = self.start({'task': {'shell': UNTIL_GO}, 'inputs': [1]})
        wait_for((run.dir / 'state.json').exists, 'the state')
        path = self.folder / 'runtime/gtk-mp' / f'{run.state()["id"]}.sock'
        connect = ('import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); '
                   'print(s.makefile().read())')
        probe = self.as_nobody('python3', '-c', 'print(1)')
        self.assertEqual(probe.stdout, '1\n', probe.stderr)
        for name in ('', 'state.json', 'results.jsonl', 'job.json', 'lock'):
            done = self.as_nobody('ls' if not name else 'cat', str(run.dir / name))
            self.assertIn('Permission denied', done.stderr, name)
        self.assertIn('PermissionError', self.as_nobody('python3', '-c', connect, path).stderr)
        # Also where somebody has opened all doors: the kernel says who it is.
        path.parent.chmod(0o755)
        path.chmod(0o777)
        done = self.as_nobody('python3', '-c', connect, path)
        self.assertIn('another user', done.stdout, done.stderr)
        self.assertEqual(done.stdout.count('\n'), 2)
        self.write('go', '')
        self.assertEqual(run.wait(), 0)


@unittest.skipUnless(shutil.which('strace') and not harness.SANITIZED, 'strace is not installed')
class Disk(Case):
    """What is on the disk when: all that a power cut may take is the last second."""

    CALL = re.compile(r'^\d+ +(\w+)\((?:\w+|AT_FDCWD|-?\d+)<([^>]*)>')

    def calls(self, job, stdin=b''):
        trace = self.folder / 'trace'
        done = subprocess.run(
            ['strace', '-f', '-y', '-qq', '-s', '0', '-o', trace, '-e', 'signal=none', '-e',
             'trace=write,fsync,fdatasync,renameat,execve', harness.PROGRAM, '--headless',
             f'--run-dir={self.folder}/run', *job], input=stdin, cwd=self.work,
            env=self.environment(), capture_output=True, check=False, timeout=120 * SLOWER)
        if b'ptrace' in done.stderr or b'PTRACE' in done.stderr:
            self.skipTest('nothing can be traced here')
        self.assertEqual(done.returncode, 0, done.stderr)
        calls = []
        for line in trace.read_text().splitlines():
            match = self.CALL.match(line)
            if match:
                calls.append((match[1], match[2].rsplit('/', 1)[-1]))
            elif 'execve(' in line:
                calls.append(('execve', line.split('"')[1].rsplit('/', 1)[-1]))
        return calls

    def test_what_is_synced(self):
        calls = self.calls(['-j1', '--', 'sleep', '{}'], stdin=b'0\n' * 3 + b'1.2\n')
        names = [call for call in calls if call[0] in ('fsync', 'fdatasync')]
        first = calls.index(('execve', 'sleep'))
        # Before anything runs: the job, and that it has a name.
        self.assertIn(('fdatasync', 'job.json.new'), calls[:first])
        self.assertIn(('fsync', 'run'), calls[:first])
        # While it runs, and at the end: the inputs before the outcomes.
        for name in ('inputs.jsonl', 'results.jsonl'):
            self.assertGreaterEqual(names.count(('fdatasync', name)), 2 if name[0] == 'r' else 1)
            last = max(i for i, call in enumerate(calls) if call == ('write', name))
            self.assertIn(('fdatasync', name), calls[last:])
        self.assertLess(calls.index(('fdatasync', 'inputs.jsonl')),
                        calls.index(('fdatasync', 'results.jsonl')))
        self.assertIn(('fdatasync', 'state.json.new'), calls[calls.index(
            ('fdatasync', 'results.jsonl')):])
        # At most once a second: two seconds and the end.
        self.assertLessEqual(names.count(('fdatasync', 'results.jsonl')), 3 + int(10 * SLOWER))


if __name__ == '__main__':
    unittest.main()
