#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done in one run is taken over by another; the job log of GNU parallel."""
import json
import shutil
import subprocess
import unittest

import harness


class Reuse(harness.Case):
    def setUp(self):
        super().setUp()
        self.record = self.work / 'record'
        self.job = {'task': {'shell': f'printf "%s\\n" {{}} >> {self.record}; '
                                      'printf "out %s\\n" {}; test {} != bad'},
                    'inputs': {'lines': str(self.work / 'inputs')}, 'processes': 1}

    def inputs(self, *lines):
        self.write('inputs', ''.join(line + '\n' for line in lines))

    def ran(self):
        """What was run since the last time."""
        text = self.record.read_text() if self.record.exists() else ''
        self.record.unlink(missing_ok=True)
        return text.splitlines()

    def whys(self, job, reuse):
        dry = self.run_job(job, '--dry-run', f'--reuse={reuse}/')
        return [json.loads(line)['why'] for line in dry.stdout.splitlines()]

    def test_line_put_in_at_the_top(self):
        self.inputs('a', 'b', 'bad', 'c')
        first = self.run_job(self.job, '--quiet', code=1)
        self.assertEqual(self.ran(), ['a', 'b', 'bad', 'c'])
        self.inputs('z', 'a', 'b', 'c')
        self.assertEqual(self.whys(self.job, first.dir), ['new'] + 3 * ['reused'])
        run = self.run_job(self.job, '--quiet', f'--reuse={first.dir}/')
        self.assertEqual(self.ran(), ['z'])
        self.assertEqual(run.stdout, b'out z\nout a\nout b\nout c\n')
        self.assert_all_once(run, 4)
        outcomes = run.by_index()
        self.assertNotIn('reused', outcomes[0])
        for index, item in enumerate('abc', 1):
            self.assertTrue(outcomes[index]['reused'])
            self.assertEqual((outcomes[index]['item'], outcomes[index]['stdout']),
                             (item, f'out {item}\n'))
            self.assertEqual(outcomes[index]['attempts'], 1)
        # And once more: it is still said once.
        again = self.run_job(self.job, '--quiet', f'--reuse={run.dir}/')
        self.assertEqual(self.ran(), [])
        self.assertEqual((again.dir / 'results.jsonl').read_text().count('reused'), 4)

    def test_failed_and_changed(self):
        self.inputs('a', 'bad')
        first = self.run_job(self.job, '--quiet', code=1)
        self.ran()
        self.assertEqual(self.whys(self.job, first.dir), ['reused', 'failed before'])
        self.run_job(self.job, '--quiet', f'--reuse={first.dir}/', code=1)
        self.assertEqual(self.ran(), ['bad'])
        for changed in ({'task': {'shell': self.job['task']['shell'] + ' '}},
                        {'env': {'LANG': 'C'}}, {'cwd': '/'}, {'ok_exit_codes': [0, 1]}):
            with self.subTest(changed):
                job = {**self.job, **changed}
                self.assertEqual(self.whys(job, first.dir)[0], 'task changed')
                run = self.run_job(job, '--quiet', f'--reuse={first.dir}/',
                                   code=0 if 'ok_exit_codes' in changed else 1)
                self.assertEqual(self.ran(), ['a', 'bad'])
                self.assertNotIn('reused', run.by_index()[0])
        # How many run at once and how long they may take changes nothing of what is run.
        self.assertEqual(self.whys({**self.job, 'retries': 3, 'timeout': 100}, first.dir)[0],
                         'reused')

    def test_doubles_and_odd_names(self):
        self.inputs('.', '', '.', 'a b', '')
        first = self.run_job(self.job, '--quiet')
        self.assertEqual(self.ran(), ['.', '', '.', 'a b', ''])
        self.inputs('', '.', '.', '.', '..')
        run = self.run_job(self.job, '--quiet', f'--reuse={first.dir}/')
        self.assertEqual(self.ran(), ['..'])
        self.assertEqual([outcome['item'] for _, outcome in sorted(run.by_index().items())],
                         ['', '.', '.', '.', '..'])
        self.assertEqual(run.stdout, b'out \nout .\nout .\nout .\nout ..\n')

    def test_number_in_the_task(self):
        job = {'task': {'command': ['echo', '{#}', '{}']},
               'inputs': {'lines': str(self.work / 'inputs')}}
        self.inputs('a', 'b')
        first = self.run_job(job)
        self.inputs('a', 'z', 'b')
        self.assertEqual(self.whys(job, first.dir), ['reused', 'new', 'new'])
        run = self.run_job(job, f'--reuse={first.dir}/')
        self.assertEqual(run.stdout, b'1 a\n2 z\n3 b\n')

    def test_large_output_and_bytes(self):
        job = {'task': {'shell': 'seq 20000; printf "%s" {} >&2'},
               'inputs': {'lines': str(self.work / 'inputs')}}
        self.write('inputs', b'\xff\nb\n')
        first = self.run_job(job)
        self.write('inputs', b'b\n\xff\n')
        run = self.run_job(job, f'--reuse={first.dir}/')
        self.assertTrue(all(outcome['reused'] for outcome in run.outcomes()))
        self.assertEqual(run.by_index()[0]['stdout_file'], 'outputs/0.out')
        self.assertIn('item_base64', run.by_index()[1])
        self.assertEqual(run.stdout, first.stdout)
        shutil.rmtree(first.dir)
        self.assertEqual((run.dir / 'outputs/1.out').stat().st_nlink, 1)
        self.assertEqual((run.dir / 'outputs/1.out').read_bytes() * 2, run.stdout)

    def test_json_and_first(self):
        self.inputs('a', 'b', 'c')
        first = self.run_job(self.job, '--quiet', '--first=2')
        self.ran()
        run = self.run_job(self.job, '--quiet', '--json', f'--reuse={first.dir}/')
        self.assertEqual(self.ran(), ['c'])
        self.assertEqual(sorted(json.loads(line)['index'] for line in run.stdout.splitlines()),
                         [0, 1, 2])
        # Only what is to run counts among the first.
        self.inputs('z', 'a', 'b', 'y', 'x')
        whys = self.run_job(self.job, '--dry-run', '--first=2', f'--reuse={first.dir}/')
        self.assertEqual([json.loads(line)['why'] for line in whys.stdout.splitlines()],
                         ['new', 'reused', 'reused', 'new'])
        run = self.run_job(self.job, '--quiet', '--first=2', f'--reuse={first.dir}/')
        self.assertEqual(self.ran(), ['z', 'y'])
        self.assertEqual(run.state()['state'], 'interrupted')


class Joblog(harness.Case):
    @staticmethod
    def rows(path):
        return [line.split('\t') for line in path.read_text().split('\n')[:-1]]

    def test_same_as_parallel(self):
        if shutil.which('parallel') is None:
            self.skipTest('GNU parallel is not installed')
        for text, items in (('echo {}', ['a', 'b c', "it's"]), ('exit {}', ['0', '3', '127']),
                            ('kill -{} $$', ['9', '15']), ('echo; sleep {}', ['60', '0'])):
            with self.subTest(text):
                log, theirs = self.work / 'ours.log', self.work / 'theirs.log'
                log.unlink(missing_ok=True)
                timeout = 1 if 'sleep' in text else 60
                subprocess.run(['parallel', '-j1', '--timeout', str(timeout), '--joblog',
                                str(theirs), text, ':::', *items], env=self.environment(),
                               cwd=self.work, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False)
                run = self.start({'task': {'shell': text}, 'inputs': items, 'processes': 1,
                                  'task_timeout': timeout}, '--quiet', f'--joblog={log}')
                run.wait()
                ours, theirs = self.rows(log), self.rows(theirs)
                self.assertEqual(ours[0], theirs[0])
                for our, their in zip(sorted(ours[1:]), sorted(theirs[1:]), strict=True):
                    self.assertRegex(our[2], r'^\d{10}\.\d{3}$')
                    self.assertRegex(our[3], r'^ *\d+\.\d{3}$')
                    self.assertEqual(len(our[3]), len(their[3]))
                    ours_fixed, theirs_fixed = our[:2] + our[4:8], their[:2] + their[4:8]
                    self.assertEqual(ours_fixed, theirs_fixed)
                    if "'" not in our[8]:
                        self.assertEqual(our[8], their[8])

    def test_appended_as_items_finish(self):
        log = self.work / 'log'
        run = self.start({'task': {'command': ['sleep', '{}']}, 'inputs': {'items': [0, 1000]},
                          'processes': 2}, '--quiet', f'--joblog={log}')
        harness.wait_for(lambda: log.exists() and len(self.rows(log)) == 2, 'a row')
        self.assertEqual(self.rows(log)[1][8], 'sleep 0')
        run.process.terminate()
        self.assertEqual(run.wait(), 143)
        self.assertEqual(len(self.rows(log)), 2)

    def test_appends(self):
        log = self.work / 'log'
        job = {'task': {'function': 'builtin:square'}, 'inputs': {'range': [3]}}
        run = self.run_job(job, '--first=2', f'--joblog={log}')
        resumed = self.start_arguments([f'--resume={run.dir}/', f'--joblog={log}'], run_dir=False)
        self.assertEqual(resumed.wait(), 0, resumed.stderr)
        self.assertEqual([row[0] for row in self.rows(log)], ['Seq', '1', '2', '3'])
        self.assertEqual(self.rows(log)[3][8], 'builtin:square 2')
        self.run_job(job, f'--joblog=+{log}')
        self.assertEqual(len(self.rows(log)), 7)
        self.run_job(job, '--json', f'--joblog={log}')
        self.assertEqual(len(self.rows(log)), 4)
        self.assertEqual(self.rows(log)[1][5], '2')
        self.run_job(job, '--joblog=/nowhere/log', code=2)


if __name__ == '__main__':
    unittest.main()
