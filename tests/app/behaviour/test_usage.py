#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: what is understood, what is refused, what is only shown."""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import unittest

from harness import PROGRAM, Case

STEER = ('--status=./r', '--watch=./r', '--cancel=./r', '--drain=./r', '--pause=./r',
         '--unpause=./r', '--resize=./r:3')


class Usage(Case):
    def call(self, *words, stdin=b''):
        return subprocess.run([PROGRAM, *words], input=stdin, capture_output=True, cwd=self.work,
                              env=self.environment(), check=False)

    def headless(self, *words, **keywords):
        return self.call('--headless', *words, **keywords)

    def assert_nothing_ran(self):
        self.assertEqual(list((self.folder / 'state').rglob('*')), [])

    def test_refused(self):
        job = str(self.write('a.mpjob', {'mpjob': 1, 'task': {'command': ['true']},
                                         'inputs': [1]}))
        for words, said in [
                ([], 'job'),
                (['--'], 'command'),
                (['--', ':::', 'a'], 'command'),
                (['--frob', job], '--frob'),
                (['-x', job], '-x'),
                (['-', job], '-'),
                ([job, job], 'one job file'),
                ([job, '--', 'true'], job),
                (['true', 'a'], '--'),
                (['--quiet=yes', job], '--quiet'),
                (['--processes=0', job], '--processes=0'),
                (['-jx', job], '--processes=x'),
                (['-j'], '--processes'),
                (['--run-dir'], '--run-dir'),
                (['--run-dir=', job], '--run-dir='),
                (['--start-method=thread', job], '--start-method=thread'),
                (['--chunksize=-1', job], '--chunksize=-1'),
                (['--timeout=0', job], '--timeout=0'),
                (['--task-timeout=fast', job], '--task-timeout=fast'),
                (['--retries=1.5', job], '--retries=1.5'),
                (['--on-error=explode', job], '--on-error=explode'),
                (['--log-level=LOUD', job], '--log-level=LOUD'),
                (['--first=0', job], '--first=0'),
                (['--first=all', job], '--first=all'),
                (['no-such.mpjob'], 'no-such.mpjob'),
                (['--', 'no-such-program', ':::', 'a'], 'no-such-program'),
                (['--', 'echo', '{3}', ':::', 'a', ':::', 'b'], '3')]:
            with self.subTest(words):
                done = self.headless(*words)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertEqual(done.stdout, b'')
                self.assertTrue(done.stderr.startswith(b'gtk-mp: '), done.stderr)
                self.assertIn(said.encode(), done.stderr)
                self.assertEqual(done.stderr.count(b'\n'), 1, done.stderr)
        self.assert_nothing_ran()

    def test_results_that_could_not_be_written_at_the_end(self):
        os.mkfifo(self.work / 'fifo')
        for results in ('.', 'fifo', 'no-such/file', 'a.mpjob', 'a.mpjob/file'):
            with self.subTest(results):
                job = self.write('a.mpjob', {'mpjob': 1, 'task': {'command': ['true']},
                                             'inputs': [1], 'results': results})
                done = self.headless(str(job))
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(str(self.work.resolve()).encode(), done.stderr)
        self.assert_nothing_ran()

    def test_a_run_folder_that_is_a_file(self):
        (self.work / 'file').touch()
        for folder in ('file', 'file/below'):
            done = self.headless(f'--run-dir={folder}', '--', 'true', ':::', 'a')
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(b'Not a directory', done.stderr)

    def test_a_current_folder_that_is_gone(self):
        gone = self.work / 'gone'
        gone.mkdir()
        done = subprocess.run(['sh', '-c', 'rmdir ../gone && exec "$@"', 'x', PROGRAM, '--headless',
                               '--', 'true', ':::', 'a'],
                              cwd=gone, env=self.environment(), capture_output=True, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(b'current folder', done.stderr)
        self.assert_nothing_ran()

    def test_no_such_run(self):
        for word in STEER:
            with self.subTest(word):
                done = self.headless(word)
                self.assertEqual((done.returncode, done.stdout), (2, b''))
                self.assertIn(b'./r', done.stderr)
                self.assertEqual(self.headless(word, 'a.mpjob').returncode, 2)
        for word in ('--resize=./r', '--resize=./r:0', '--resize=:3', '--status='):
            with self.subTest(word):
                self.assertEqual(self.headless(word).returncode, 2)
        self.assertEqual(self.headless('--pause=./r', '--cancel=./r').returncode, 2)
        self.assert_nothing_ran()

    def test_help_names_every_option(self):
        done = self.call('--help')
        self.assertEqual((done.returncode, done.stderr), (0, b''))
        for option in ('--headless', '-j', '--processes', '--start-method', '--chunksize',
                       '--timeout', '--task-timeout', '--retries', '--on-error', '--log-level',
                       '--json', '--quiet', '--run-dir', '--dry-run', '--check', '--first',
                       '--resume', '--retry-failed', '--reuse', '--joblog', '--list', '--remove',
                       '--version', '--help'):
            self.assertIn(option, done.stdout.decode())
        self.assertLessEqual(max(map(len, done.stdout.decode().splitlines())), 100)

    def test_version(self):
        done = self.call('--version')
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, rb'\Agtk-mp \d+\.\d+\.\d+\n\Z')

    def test_options_anywhere(self):
        job = str(self.write('a.mpjob', {'mpjob': 1, 'inputs': [1, 2, 3],
                                         'task': {'command': ['echo', '{}', '{%}']}}))
        for words in (['-j1', '--quiet', '--headless', job], [job, '--headless', '-j', '1'],
                      ['--processes=1', job, '--headless'], ['--headless', '--processes', '1', job]):
            with self.subTest(words):
                done = self.call(*words)
                self.assertEqual((done.returncode, done.stdout), (0, b'1 1\n2 1\n3 1\n'),
                                 done.stderr)

    def test_after_the_dashes_nothing_is_an_option(self):
        done = self.headless('--', 'echo', '--headless', '-j', '{}', ':::', '--json', '--')
        self.assertEqual(done.stdout, b'--headless -j --json\n--headless -j --\n')

    def test_inputs(self):
        for words, stdin, out in [
                (['echo', '{2}{1}', ':::', 'a', 'b', ':::', '1', '2'], b'',
                 b'1a\n2a\n1b\n2b\n'),
                (['echo'], b'x\n\ny z\r\nlast', b'x\n\ny z\nlast\n'),
                (['echo'], b'', b''),
                (['echo', ':::'], b'', b''),
                (['echo', '<{}>', ':::', '', 'a', ''], b'', b'<>\n<a>\n<>\n'),
                (['echo', 'a{', '{{}}', '{x', ':::', '$(id)'], b'',
                 b'a{ {} {x $(id)\n')]:
            with self.subTest(words):
                done = self.headless('--', *words, stdin=stdin)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(done.stdout, out)

    def test_job_from_standard_input(self):
        job = {'mpjob': 1, 'task': {'command': ['echo']}, 'inputs': [1, 2]}
        done = self.headless('/dev/stdin', stdin=json.dumps(job).encode())
        self.assertEqual((done.returncode, done.stdout), (0, b'1\n2\n'), done.stderr)
        shutil.rmtree(self.folder / 'state')
        for inputs in {'lines': '-'}, {'csv': '-'}, {'jsonl': '-'}:
            done = self.headless('/dev/stdin', stdin=json.dumps({**job, 'inputs': inputs}).encode())
            self.assertEqual(done.returncode, 2)
            self.assertIn(b'/dev/stdin:1: $.inputs: the job itself comes from standard input',
                          done.stderr)
            self.assert_nothing_ran()

    def test_check(self):
        good = {'mpjob': 1, 'task': {'command': ['true']}, 'inputs': [1]}
        done = self.headless('--check', str(self.write('good.mpjob', good)))
        self.assertEqual((done.returncode, done.stdout), (0, b''))
        self.assertEqual(self.headless('--check', '--quiet', 'good.mpjob').stderr, b'')
        self.write('bad.mpjob', '{"mpjob": 1,\n "task": {"command": [7]}, "inputs": [1]}')
        done = self.headless('--check', 'bad.mpjob')
        self.assertEqual(done.returncode, 2)
        self.assertTrue(done.stderr.startswith(b'gtk-mp: bad.mpjob:2: $.task.command[0]: '),
                        done.stderr)
        self.assert_nothing_ran()

    def dry_run(self, *words, **keywords):
        done = self.headless('--dry-run', *words, **keywords)
        self.assertEqual((done.returncode, done.stderr), (0, b''))
        self.assert_nothing_ran()
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_dry_run(self):
        self.assertEqual(
            self.dry_run('--first=2', '--', 'touch', 'made{#}', ':::', 'a b', 'c', 'd'),
            [{'index': 0, 'item': 'a b', 'argv': ['touch', 'made1']},
             {'index': 1, 'item': 'c', 'argv': ['touch', 'made2']}])
        self.assertEqual(list(self.work.iterdir()), [])

    def test_dry_run_of_each_kind(self):
        def job(task, inputs=('it\'s',)):
            return str(self.write('a.mpjob', {'mpjob': 1, 'task': task, 'inputs': list(inputs)}))

        shell, = self.dry_run(job({'shell': 'echo {} "{}"'}))
        self.assertEqual(shell['argv'][:2], ['/bin/sh', '-c'])
        self.assertNotIn("it's", shell['argv'][2])
        self.assertIn("it's", shell['env'].values())
        function, = self.dry_run(job({'function': 'builtin:square'}, [3]))
        self.assertEqual(function, {'index': 0, 'item': 3, 'function': 'builtin:square'})
        worker, = self.dry_run(job({'worker': ['cat', '-u']}, [{'a': 1}]))
        self.assertEqual(worker, {'index': 0, 'item': {'a': 1}, 'argv': ['cat', '-u']})

    def test_dry_run_of_what_is_not_text(self):
        name = b'caf\xe9'
        seen, = self.dry_run('--', 'cat', stdin=name + b'\n')
        self.assertEqual(base64.b64decode(seen['item_base64']), name)
        self.assertEqual([base64.b64decode(word) for word in seen['argv_base64']], [b'cat', name])

    def test_dry_run_of_a_bad_item(self):
        self.write('in.jsonl', '{"a": 1}\nnonsense\n')
        job = self.write('a.mpjob', {'mpjob': 1, 'task': {'command': ['echo', '{a}']},
                                     'inputs': {'jsonl': 'in.jsonl'}})
        good, bad = self.dry_run(str(job))
        self.assertEqual(good['argv'], ['echo', '1'])
        self.assertEqual(bad['item'], None)
        self.assertIn('in.jsonl:2', bad['error'])

    def test_no_window_in_this_build(self):
        if (pathlib.Path(PROGRAM).parent / 'ui' / 'gtk-mp-window').exists():
            self.skipTest('this build has a window')
        for words in ([], ['a.mpjob']):
            done = self.call(*words)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b'--headless', done.stderr)


if __name__ == '__main__':
    unittest.main()
