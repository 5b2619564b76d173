#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What arrives on standard output and standard error, and what its readers can do to a run."""
import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import unittest

from harness import PROGRAM, SANITIZED, Case, proc_status, size, wait_for, whole_lines

# Item 0 ends after all others, of which there are so many: it waits until their outcomes are on
# disk, since what another item does itself happens before that item has ended.
OTHERS = 30
FIRST_IS_LAST = ('if [ {} = 0 ]; then '
                 'until [ "$(cat ../run*/results.jsonl | wc -l)" -ge %d ]; do sleep 0.01; done; fi; '
                 'echo out {}; echo err {} >&2' % OTHERS)

# So many talk 60 kB each; if that were kept in memory, it would be seen. A run gets this far ahead
# of a slow reader, since what it has not read yet is on the disk, and no further.
AHEAD = 1024
TALKERS = size(1300, 4000)


class OutputCase(Case):
    def popen(self, *words, **keywords):
        """The program with standard output and error of our own choice."""
        run_dir = self.folder / 'run'
        process = subprocess.Popen([PROGRAM, '--headless', f'--run-dir={run_dir}', *words],
                                   stdin=subprocess.DEVNULL, cwd=self.work,
                                   env=self.environment(), **keywords)
        self.addCleanup(process.wait)
        self.addCleanup(self.end, process)
        return process

    def results(self):
        return whole_lines(self.folder / 'run' / 'results.jsonl')

    def state(self):
        return json.loads((self.folder / 'run' / 'state.json').read_text())

    def job(self, **keys):
        return str(self.write('job.mpjob', {'mpjob': 1, **keys}))


class Order(OutputCase):
    def first_is_last(self, *options, **keys):
        return self.run_job({'task': {'shell': FIRST_IS_LAST}, 'processes': 2,
                             'inputs': {'range': [OTHERS + 1]}, **keys}, *options)

    def test_ordered(self):
        run = self.first_is_last()
        numbers = range(OTHERS + 1)
        self.assertEqual(run.stdout.decode(), ''.join(f'out {i}\n' for i in numbers))
        self.assertEqual(run.stderr, ''.join(f'err {i}\n' for i in numbers))
        self.assertEqual(run.outcomes()[-1]['index'], 0)

    def test_unordered(self):
        run = self.first_is_last(ordered=False)
        self.assertEqual(run.stdout.decode().splitlines(),
                         [f'out {outcome["index"]}' for outcome in run.outcomes()])
        self.assertEqual(run.stdout.decode().splitlines()[-1], 'out 0')

    def test_json(self):
        run = self.first_is_last('--json')
        self.assertEqual(run.stdout, (run.dir / 'results.jsonl').read_bytes())
        self.assertEqual(run.stderr, '')

    def test_long_outputs_that_wait(self):
        """More than is kept in memory, more than is kept in a line, and no text."""
        script = ('if [ {} = 0 ]; then until [ -e go ]; do sleep 0.01; done; fi; '
                  'printf "\\377{}<"; head -c {} /dev/zero; echo ">"; '
                  'if [ {} = 200001 ]; then touch go; fi')
        sizes = [0, *range(9990, 10000), 200000, 200001]
        run = self.run_job({'task': {'shell': script}, 'processes': 3, 'inputs': sizes})
        self.assertEqual(run.stdout,
                         b''.join(b'\xff%d<%s>\n' % (n, bytes(n)) for n in sizes))
        self.assertIn('stdout_base64', run.by_index()[1])
        self.assertIn('stdout_file', run.by_index()[11])

    def test_both_in_one_stream(self):
        process = self.popen(self.job(task={'shell': FIRST_IS_LAST}, processes=2,
                                      inputs={'range': [OTHERS + 1]}),
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out, _ = process.communicate()
        self.assertEqual(out.decode(),
                         ''.join(f'out {i}\nerr {i}\n' for i in range(OTHERS + 1)))

    def test_only_the_last_attempt(self):
        run = self.run_job({'task': {'shell': 'echo $GTK_MP_ATTEMPT; [ $GTK_MP_ATTEMPT = 3 ]'},
                            'inputs': [1, 2], 'retries': 5})
        self.assertEqual(run.stdout, b'3\n3\n')
        self.assertEqual([event['outcome']['stdout'] for event in run.events('item-retried')
                          if event['index'] == 0], ['1\n', '2\n'])

    def test_results_of_functions(self):
        run = self.run_job({'task': {'function': 'builtin:echo'},
                            'inputs': [1, 'a\n"', [True, None], {'k': 0.5}]})
        self.assertEqual(run.stdout, b'1\n"a\\n\\""\n[true,null]\n{"k":0.5}\n')
        run = self.run_job({'task': {'function': 'builtin:square'}, 'inputs': [3, 'x', 4]}, code=1)
        self.assertEqual(run.stdout, b'9\n16\n')

    def test_many_results(self):
        n = size(200000, 1000000)
        run = self.run_job({'task': {'function': 'builtin:square'}, 'processes': 4,
                            'inputs': {'range': [n]}})
        self.assertEqual(run.stdout, ''.join(f'{i * i}\n' for i in range(n)).encode())


class Log(OutputCase):
    def test_one_line_for_each_item_that_is_not_ok(self):
        n = 2000
        run = self.run_job({'task': {'function': 'builtin:square'}, 'processes': 4,
                            'inputs': ['x'] * n + [2]}, code=1)
        seen = [re.fullmatch(r'\[WARNING/MainProcess\] item (\d+): exception: .+', line)
                for line in run.stderr.splitlines()]
        self.assertNotIn(None, seen, run.stderr[:500])
        self.assertEqual(sorted(int(line[1]) for line in seen), list(range(n)))

    def test_lines_of_processes_do_not_mix(self):
        run = self.run_job({'task': {'command': ['true']}, 'processes': 4,
                            'max_tasks_per_child': 1, 'inputs': {'range': [60]}},
                           '--log-level=DEBUG')
        for line in run.stderr.splitlines():
            self.assertRegex(line, r'\A\[(DEBUG|INFO)/(MainProcess|\w+-\d+(:\d+)*)\] .+\Z')

    def test_level(self):
        job = {'task': {'command': ['false']}, 'inputs': [1]}
        self.assertEqual(self.run_job(job, '--log-level=ERROR', code=1).stderr, '')
        self.assertIn('[INFO/', self.run_job(job, '--log-level=INFO', code=1).stderr)
        self.assertEqual(self.run_job(job, code=1).stderr.count('\n'), 1)


class Readers(OutputCase):
    def test_a_slow_one_delays_no_timeout(self):
        """Nobody reads, and the item that hangs is ended all the same."""
        script = 'if [ {} = 0 ]; then sleep 1000; else head -c 60000 /dev/zero; fi'
        process = self.popen(self.job(task={'shell': script}, inputs={'range': [100]},
                                      processes=2, task_timeout=1, ordered=False),
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        timed_out = wait_for(lambda: [outcome for outcome in self.results()
                                      if outcome['status'] == 'timeout'], 'the timeout')
        self.assertEqual(timed_out[0]['index'], 0)
        out, _ = process.communicate()
        self.assertEqual((process.returncode, len(out)), (1, 99 * 60000))

    def test_a_slow_one_is_waited_for(self):
        """What nobody reads is not kept in memory, and nothing new is begun for it."""
        process = self.start_talkers(stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

        def stands():
            done = [event['done'] for event in whole_lines(self.folder / 'run' / 'events.jsonl')
                    if event['event'] == 'snapshot']
            return len(done) > 1 and done[-1] == done[-2] >= AHEAD

        wait_for(stands, 'the run stands still', seconds=180)
        self.assertLess(len(self.results()), TALKERS)
        if not SANITIZED:
            self.assertLess(int(proc_status(process.pid)['VmHWM'].split()[0]), 64 * 1024)
        out, _ = process.communicate()
        self.assertEqual((process.returncode, len(out)), (0, TALKERS * 60000))

    def start_talkers(self, n=TALKERS, **keywords):
        return self.popen('-j2', '--', 'head', '-c', '60000', ':::', *['/dev/zero'] * n,
                          **keywords)

    def test_one_that_goes_away(self):
        process = self.start_talkers(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(10)
        process.stdout.close()
        with process.stderr as err:
            self.assertEqual(err.read(), b'')
        self.assertEqual(process.wait(), 141)
        self.assertEqual((self.state()['state'], self.state()['exit_code']), ('interrupted', 141))
        self.assert_nothing_left()

    def test_one_that_never_came(self):
        read, write = os.pipe()
        os.close(read)
        process = self.start_talkers(stdout=write, stderr=subprocess.DEVNULL)
        os.close(write)
        self.assertEqual(process.wait(), 141)

    def test_signals_do_not_wait_for_them(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            with self.subTest(number):
                process = self.start_talkers(stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                wait_for(lambda: len(self.results()) > 20, 'more than the pipe holds')
                process.send_signal(number)
                self.assertEqual(process.wait(60), code)
                process.stdout.close()
                self.assertEqual(self.state()['state'], 'interrupted')
                os.rename(self.folder / 'run', self.folder / f'run-{code}')

    def test_signals_when_only_the_reader_is_waited_for(self):
        process = self.start_talkers(50, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        wait_for(lambda: (self.folder / 'run' / 'state.json').exists()
                 and self.state()['state'] == 'finished', 'the end of the run')
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), 143)
        process.stdout.close()

    def test_a_socket(self):
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                process = self.start_talkers(200, stdout=theirs, stderr=subprocess.DEVNULL)
            length = 0
            while data := ours.recv(1 << 20):
                length += len(data)
        self.assertEqual((process.wait(), length), (0, 200 * 60000))

    def test_their_pipe_stays_as_it_is(self):
        """Whoever shares it would not expect EAGAIN."""
        read, write = os.pipe()
        with os.fdopen(read, 'rb') as reader:
            process = self.start_talkers(200, stdout=write, stderr=subprocess.DEVNULL)
            reader.read(60000)
            self.assertFalse(fcntl.fcntl(write, fcntl.F_GETFL) & os.O_NONBLOCK)
            os.close(write)
            self.assertEqual(len(reader.read()), 199 * 60000)
        self.assertEqual(process.wait(), 0)

    def test_a_full_disk(self):
        with open('/dev/full', 'wb') as full:
            process = self.start_talkers(stdout=full, stderr=subprocess.PIPE)
        _, err = process.communicate()
        self.assertEqual(process.returncode, 125)
        self.assertIn(b'No space left on device', err)
        self.assertIn(str(self.folder / 'run').encode(), err)
        self.assert_nothing_left()

    def test_answers_that_can_not_be_printed(self):
        self.run_arguments(['--', 'true', ':::', 'a'], run_dir=False)
        for word in ('--version', '--help', '--status=last', '--list'):
            with self.subTest(word), open('/dev/full', 'wb') as full:
                done = subprocess.run([PROGRAM, word], stdout=full, stderr=subprocess.PIPE,
                                      env=self.environment(), check=False)
                self.assertEqual((done.returncode, done.stderr.decode()),
                                 (125, 'gtk-mp: could not write to standard output: '
                                       'No space left on device\n'))
                read, write = os.pipe()
                os.close(read)
                done = subprocess.run([PROGRAM, word], stdout=write, stderr=subprocess.PIPE,
                                      env=self.environment(), check=False)
                os.close(write)
                self.assertEqual((done.returncode, done.stderr), (141, b''))

    def test_none_at_all(self):
        """Closed descriptors do not become files of the run."""
        def close():
            for fd in (0, 1, 2):
                os.close(fd)

        process = self.popen('--', 'sh', '-c', 'echo out; echo err >&2', ':::', 'a',
                             preexec_fn=close)
        self.assertEqual(process.wait(), 0)
        outcome, = self.results()
        self.assertEqual((outcome['stdout'], outcome['stderr']), ('out\n', 'err\n'))


if __name__ == '__main__':
    unittest.main()
