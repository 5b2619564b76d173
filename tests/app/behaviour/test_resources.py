#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run needs can't be had: it says so, with its exit code, and leaves nothing torn."""
import json
import os
import shutil
import subprocess
import unittest

import harness
from harness import SLOWER

NOBODY = 65533


def can_mount():
    return subprocess.run(['unshare', '-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt'],
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


class Case(harness.Case):
    def script(self, text, *before, env=None, timeout=120):
        """Runs a shell script in which $G is the program; every step prints what it has to say."""
        environment = self.environment({'G': harness.PROGRAM, 'F': str(self.folder),
                                        **(env or {})})
        for name in [name for name, value in environment.items() if value is None]:
            del environment[name]
        return subprocess.run([*before, 'sh', '-c', text], cwd=self.work, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout * SLOWER, check=False)

    def assert_whole(self, text, count=None):
        self.assertTrue(text == '' or text.endswith('\n'))
        outcomes = [json.loads(line) for line in text.splitlines()]
        if count is not None:
            self.assertEqual(sorted(outcome['index'] for outcome in outcomes), list(range(count)))
        return outcomes


@unittest.skipUnless(can_mount(), 'no file system can be mounted here')
class Disk(Case):
    def setUp(self):
        super().setUp()
        self.disk = self.folder / 'disk'
        self.disk.mkdir()

    def on_disk(self, size, text):
        """The script may leave copies of files in $F, outside of the disk."""
        return self.script(f'mount -t tmpfs -o size={size} none $F/disk\n{text}', 'unshare', '-rm')

    def test_full(self):
        """Whatever is written when there is no more room: the run ends, and can be gone on with."""
        for size in ('24k', '40k', '60k'):
            with self.subTest(size):
                done = self.on_disk(size, '''
                    $G --headless --quiet --run-dir=$F/disk/run -- seq 500 ::: $(seq 300) >/dev/null
                    echo code $?
                    cp $F/disk/run/state.json $F/last-state
                    cp $F/disk/run/results.jsonl $F/results
                    mount -o remount,size=10m $F/disk
                    $G --headless --quiet --resume=$F/disk/run/ >/dev/null
                    echo code $?
                    cp $F/disk/run/results.jsonl $F/resumed''')
                self.assertEqual(done.stdout, 'code 125\ncode 0\n', done.stderr)
                self.assertRegex(done.stderr, f'“{self.disk}/run/.*No space left on device')
                self.assertEqual(done.stderr.count('No space left on device'), 1)
                state = json.loads((self.folder / 'last-state').read_text())
                self.assertEqual((state['state'], state['exit_code']), ('failed', 125))
                before = (self.folder / 'results').read_text()
                self.assert_whole(before)
                after = (self.folder / 'resumed').read_text()
                self.assertTrue(after.startswith(before))
                self.assert_whole(after, 300)

    def test_full_of_output(self):
        done = self.on_disk('1m', '''
            $G --headless --quiet --run-dir=$F/disk/run -- sh -c 'seq 100000' x ::: 1 2 3 4 >/dev/null
            echo code $?
            mount -o remount,size=10m $F/disk
            $G --headless --quiet --resume=$F/disk/run/ >/dev/null
            echo code $?
            cp $F/disk/run/results.jsonl $F/resumed
            cat $F/disk/run/outputs/*.out | wc -l''')
        self.assertEqual(done.stdout, 'code 125\ncode 0\n400000\n', done.stderr)
        self.assertIn('No space left on device', done.stderr)
        self.assert_whole((self.folder / 'resumed').read_text(), 4)

    def test_full_but_finished(self):
        done = self.on_disk('1m', '''
            $G --headless --quiet --run-dir=$F/disk/run -- false ::: 1 2 2>/dev/null
            cat /dev/zero > $F/disk/filler 2>/dev/null
            $G --headless --quiet --resume=$F/disk/run/
            echo code $?''')
        self.assertEqual(done.stdout, 'code 1\n', done.stderr)

    def test_read_only(self):
        done = self.on_disk('1m', '''
            $G --headless --quiet --first=1 --run-dir=$F/disk/run -- echo ::: a b
            mount -o remount,ro $F/disk
            $G --headless --quiet --resume=$F/disk/run/; echo code $?
            $G --headless --quiet --run-dir=$F/disk/new -- echo ::: a; echo code $?
            $G --remove=$F/disk/run/; echo code $?
            cat $F/disk/run/results.jsonl | wc -l''')
        self.assertEqual(done.stdout, 'a\ncode 125\ncode 125\ncode 2\n1\n', done.stderr)
        self.assertEqual(done.stderr.count('Read-only file system'), 3)


class Places(Case):
    def test_home_that_can_not_be_written(self):
        done = self.script('$G --headless --quiet -- echo ::: a; echo code $?',
                           env={'HOME': '/proc/nowhere', 'XDG_STATE_HOME': None})
        self.assertEqual(done.stdout, 'code 125\n')
        self.assertIn('/proc/nowhere', done.stderr)
        done = self.script('$G --headless --quiet --run-dir=$F/run -- echo ::: a; echo code $?',
                           env={'HOME': '/proc/nowhere', 'XDG_STATE_HOME': None})
        self.assertEqual(done.stdout, 'a\ncode 0\n', done.stderr)

    def test_no_runtime_dir(self):
        for value in None, '', '/proc/nowhere':
            done = self.script('$G --headless --quiet -- echo ::: a; echo code $?',
                               env={'XDG_RUNTIME_DIR': value})
            self.assertEqual(done.stdout, 'a\ncode 0\n', done.stderr)

    def test_deleted_while_it_runs(self):
        """The descriptors are still there; what can't be opened any more is said."""
        run = self.start({'task': {'shell': 'echo {}; sleep 0.2'}, 'inputs': {'range': [10]},
                          'processes': 1}, '--quiet')
        harness.wait_for(lambda: run.stdout, 'output')
        shutil.rmtree(run.dir)
        self.assertIn(run.wait(), (0, 125))


class Limits(Case):
    def assert_says(self, done, words):
        """Either it can be done, or it says why not; and then it can be gone on with."""
        self.assertIn(done.stdout.splitlines()[-1], ('code 0', 'code 125'), done.stderr)
        if done.stdout.endswith('code 125\n'):
            self.assertRegex(done.stderr, words)
        else:
            self.assertEqual(done.stdout, 'a\nb\nc\ncode 0\n')

    def test_descriptors(self):
        for method in harness.START_METHODS:
            for number in (12, 24, 28, 40):
                with self.subTest(method=method, number=number):
                    run_dir = self.folder / f'{method}-{number}'
                    done = self.script(f'''
                        ulimit -n {number}
                        $G --headless --quiet -j2 --start-method={method} --run-dir={run_dir} \
                          -- echo ::: a b c
                        echo code $?''')
                    self.assert_says(done, 'Too many open files|no more processes, descriptors')
                    if number == 24:
                        self.assertIn('needs about 30 descriptors', done.stderr)
                        self.assertIn('at most 24 to be had (ulimit -n)', done.stderr)
                    # It is told once, by the face, and the log has it as well.
                    self.assertNotIn('ERROR', done.stderr)
                    if number == 40:
                        self.assertTrue(done.stdout.endswith('code 0\n'), done.stderr)
                    if (run_dir / 'job.json').exists():
                        self.assert_whole((run_dir / 'results.jsonl').read_text())
                        done = self.script(f'$G --headless --quiet --resume={run_dir}/ >/dev/null; '
                                           'echo code $?')
                        self.assertEqual(done.stdout, 'code 0\n', done.stderr)
                        self.assert_whole((run_dir / 'results.jsonl').read_text(), 3)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which('setpriv'),
                         'only root can become somebody who runs nothing else')
    def test_processes(self):
        shutil.copy(harness.PROGRAM, self.folder / 'program')
        for path in (self.folder, self.work, self.folder / 'state', self.folder / 'runtime'):
            os.chown(path, NOBODY, NOBODY)
        for method in harness.START_METHODS:
            for number in (2, 4, 12):
                with self.subTest(method=method, number=number):
                    done = self.script(f'''
                        ulimit -u {number}
                        $F/program --headless --quiet -j2 --start-method={method} -- echo ::: a b c
                        printf 'code %d\n' $?''', 'setpriv', f'--reuid={NOBODY}',
                                       f'--regid={NOBODY}', '--clear-groups')
                    self.assert_says(done, 'Resource temporarily unavailable|no more processes')
                    if number == 12:
                        self.assertTrue(done.stdout.endswith('code 0\n'), done.stderr)


if __name__ == '__main__':
    unittest.main()
