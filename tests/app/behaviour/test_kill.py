#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills workers and the runner of the real program; nothing is lost, and nobody is left behind."""
import collections
import glob
import json
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import time
import unittest

# What starts the tests may ignore it, as nohup does; then the program would go on ignoring it.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

GTK_MP = os.environ['GTK_MP']
FULL = 'GTK_MP_TEST_FULL' in os.environ
METHODS = ('fork', 'spawn', 'forkserver')
DEADLINE = 60


def lines(path):
    """The whole lines of a file that is still being written, or does not exist yet."""
    try:
        with open(path, encoding='utf-8') as file:
            return [json.loads(line) for line in file if line.endswith('\n')]
    except FileNotFoundError:
        return []


def processes_of(run_id):
    """The command lines of all processes that this run has started, by pid."""
    found = {}
    marker = b'GTK_MP_RUN=' + run_id.encode()
    for folder in glob.glob('/proc/[0-9]*'):
        try:
            with open(folder + '/environ', 'rb') as environ:
                if marker in environ.read().split(b'\0'):
                    with open(folder + '/cmdline', 'rb') as cmdline:
                        found[int(folder[6:])] = cmdline.read().split(b'\0')[:-1]
        except OSError:
            pass
    return found


def shared_files(pid):
    """The files in /dev/shm that a process has, which is what it could leave there."""
    found = set()
    try:
        with open(f'/proc/{pid}/maps', encoding='utf-8') as maps:
            found |= {line.split()[-1] for line in maps if '/dev/shm/' in line}
        for fd in os.listdir(f'/proc/{pid}/fd'):
            if int(fd) > 2:
                found.add(os.readlink(f'/proc/{pid}/fd/{fd}'))
    except OSError:
        pass
    return {path for path in found if path.startswith('/dev/shm/')}


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.run_dir = os.path.join(folder.name, 'run')

    def start(self, *words):
        process = subprocess.Popen(
            [GTK_MP, '--headless', '--quiet', '--log-level=ERROR', '--run-dir=' + self.run_dir,
             *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def write_job(self, job):
        path = os.path.join(self.folder, 'job.mpjob')
        with open(path, 'w', encoding='utf-8') as file:
            json.dump({'mpjob': 1, **job}, file)
        return path

    def wait_for(self, condition, what):
        end = time.monotonic() + DEADLINE
        while not (value := condition()):
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.01)
        return value

    def results(self):
        return lines(self.run_dir + '/results.jsonl')

    def events(self):
        return lines(self.run_dir + '/events.jsonl')

    def state(self):
        with open(self.run_dir + '/state.json', encoding='utf-8') as file:
            return json.load(file)


class KilledWorkers(Case):
    def live_workers(self):
        live = set()
        for event in self.events():
            if event['event'] == 'worker-started':
                live.add(event['pid'])
            elif event['event'] == 'worker-exited':
                live.discard(event['pid'])
        return live

    def massacre(self, task, n, method):
        process = self.start(self.write_job(
            {'task': task, 'inputs': {'items': [0.005] * n}, 'processes': 4, 'chunksize': 7,
             'retries': 50, 'start_method': method}))
        kills = 0
        threads = set()
        any_worker = True
        while process.poll() is None:
            time.sleep(0.05)
            live = self.live_workers()
            # When too many in a row die before they are ready the runner gives up, as it should:
            # so every other one that dies has done something.
            if not any_worker:
                live &= {result['pid'] for result in self.results()}
            try:
                os.kill(random.choice(sorted(live)), signal.SIGKILL)
                kills += 1
                any_worker = not any_worker
            except (IndexError, ProcessLookupError):
                pass
            try:
                with open(f'/proc/{process.pid}/status', encoding='utf-8') as status:
                    threads |= {line.split()[1] for line in status if line.startswith('Threads')}
            except (OSError, IndexError):
                pass
        results = self.results()
        retried = collections.Counter(event['index'] for event in self.events()
                                      if event['event'] == 'item-retried')
        self.assertEqual(process.returncode, 0)
        self.assertGreater(kills, 0)
        self.assertEqual(sorted(result['index'] for result in results), list(range(n)))
        self.assertEqual({result['status'] for result in results}, {'ok'})
        for result in results:
            self.assertEqual(result['attempts'] - 1, retried[result['index']])
        self.assertLessEqual(sum(retried.values()), kills)
        self.assertLessEqual(threads, {'1'})

    def test_functions(self):
        for method in METHODS:
            with self.subTest(method):
                self.run_dir = os.path.join(self.folder, method)
                self.massacre({'function': 'builtin:sleep'}, 20000 if FULL else 1500, method)

    def test_commands(self):
        for method in METHODS:
            with self.subTest(method):
                self.run_dir = os.path.join(self.folder, method)
                self.massacre({'command': ['sleep', '{}']}, 2000 if FULL else 500, method)


class Ends(Case):
    """However the runner ends, what it started ends, too; also a sleep inside a shell."""

    def start_stubborn(self, method):
        process = self.start('-j2', '--start-method=' + method, '--', 'sh', '-c',
                             'trap "" TERM; sleep 1000; true', 'item', ':::', 'a', 'b', 'c')

        def two_sleep():
            try:
                run_id = self.state()['id']
            except (OSError, ValueError):
                return None
            sleeping = [words for words in processes_of(run_id).values()
                        if words == [b'sleep', b'1000']]
            return run_id if len(sleeping) == 2 else None

        return process, self.wait_for(two_sleep, 'two items run')

    def check_nobody_left(self, run_id):
        self.wait_for(lambda: not processes_of(run_id), 'somebody was left behind')

    def test_killed(self):
        for method in METHODS:
            with self.subTest(method):
                self.run_dir = os.path.join(self.folder, method)
                process, run_id = self.start_stubborn(method)
                for pid in (process.pid, *processes_of(run_id)):
                    self.assertEqual(shared_files(pid), set())
                process.kill()
                process.wait()
                self.check_nobody_left(run_id)

    def test_only_the_last_line_is_torn(self):
        """Whenever the runner is killed, each line that has its end is a whole outcome."""
        tasks = ({'function': 'builtin:square'}, {'shell': 'head -c 3000 /dev/zero'})
        for i in range(8):
            with self.subTest(i):
                self.run_dir = os.path.join(self.folder, f'run-{i}')
                process = self.start(self.write_job(
                    {'task': tasks[i % 2], 'inputs': {'range': [10 ** 7]}, 'processes': 2,
                     'chunksize': 1 + i}))
                # It writes faster than we could read along.
                path = pathlib.Path(self.run_dir, 'results.jsonl')
                self.wait_for(lambda: path.exists() and path.stat().st_size > 0, 'a result')
                time.sleep(random.random() / 10)
                process.kill()
                process.wait()
                outcomes = self.results()
                indexes = [outcome['index'] for outcome in outcomes]
                self.assertEqual(len(indexes), len(set(indexes)))
                self.assertEqual({outcome['status'] for outcome in outcomes}, {'ok'})
                self.assertTrue(all('event' in event for event in self.events()))

    def test_signals(self):
        for method in METHODS:
            for number, code in (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129):
                with self.subTest(method=method, signal=number):
                    self.run_dir = os.path.join(self.folder, f'{method}-{code}')
                    process, run_id = self.start_stubborn(method)
                    process.send_signal(number)
                    self.assertEqual(process.wait(DEADLINE), code)
                    self.assertEqual(self.state()['state'], 'interrupted')
                    self.assertEqual(self.results(), [])
                    self.check_nobody_left(run_id)


if __name__ == '__main__':
    unittest.main()
