#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runs there are: listed, named, removed."""
import json
import os
import shutil
import unittest

import harness
from harness import wait_for

JOB = {'task': {'function': 'builtin:echo'}, 'inputs': {'range': [2]}}


class Runs(harness.Case):
    def setUp(self):
        super().setUp()
        self.runs_folder = self.folder / 'state/gtk-mp/runs'

    def command(self, *options, code=0, env=None):
        run = self.start_arguments(options, run_dir=False, env=env)
        self.assertEqual(run.wait(), code, run.stderr)
        return run

    def listed(self, **keywords):
        return [json.loads(line) for line in
                self.command('--list', '--json', **keywords).stdout.splitlines()]

    def test_list(self):
        self.assertEqual(self.listed(), [])
        for name in 'one', 'two', 'three':
            self.run_job({**JOB, 'name': name}, run_dir=False)
        (self.runs_folder / 'no-run').mkdir()
        (self.runs_folder / 'a-file').touch()
        runs = self.listed()
        self.assertEqual([run['name'] for run in runs], ['three', 'two', 'one'])
        for run in runs:
            with open(run['dir'] + '/state.json', encoding='utf-8') as file:
                state = json.load(file)
            self.assertEqual({**run, 'dir': None}, {**state, 'dir': None})
            self.assertEqual(run['dir'], str(self.runs_folder / run['id']))
        lines = self.command('--list').stdout.decode().splitlines()
        self.assertEqual([line.split()[0] for line in lines], [run['id'] for run in runs])

    def test_killed_is_interrupted(self):
        run = self.start({'task': {'command': ['sleep', '1000']}, 'inputs': {'range': [2]}},
                         '--quiet', run_dir=False)
        wait_for(lambda: [one for one in self.listed() if one['state'] == 'running'], 'the run')
        self.assertEqual(self.listed()[0]['pid'], run.pid)
        run.process.kill()
        run.process.wait()
        self.assertEqual(self.listed()[0]['state'], 'interrupted')

    def test_names(self):
        for name in 'a', 'b':
            self.run_job({**JOB, 'name': name}, '--first=1', run_dir=False)
        newest, oldest = self.listed()
        for name in 'last', newest['id'], newest['id'][:-1], newest['dir'], newest['dir'] + '/':
            self.assertEqual(self.command(f'--resume={name}', '--dry-run').stdout.count(b'\n'), 1)
        self.command('--resume=last')
        states = [run['state'] for run in self.listed()]
        self.assertEqual(states, ['finished', 'interrupted'])
        common = os.path.commonprefix([newest['id'], oldest['id']])
        for name in common[:3], 'nothing', '', './', '/', str(self.folder) + '/nowhere':
            refused = self.command(f'--resume={name}', code=2)
            self.assertNotEqual(refused.stderr, '')
        self.assertIn(newest['id'], self.command(f'--resume={common[:3]}', code=2).stderr)

    def test_given_folder_among_the_runs(self):
        """As the window starts runs: what the list calls it is how it is found."""
        name = '20260921-141320-mine-beef'
        self.run_job(JOB, f'--run-dir={self.runs_folder / name}', run_dir=False)
        self.run_job(JOB, f'--run-dir={self.runs_folder / "mine"}', run_dir=False)
        self.assertIn(name, [run['id'] for run in self.listed()])
        self.assertNotIn('mine', [run['id'] for run in self.listed()])
        self.command(f'--status={name}')

    def test_remove(self):
        for name in 'a', 'b':
            self.run_job({'task': {'shell': 'seq 20000; false'}, 'inputs': {'range': [2]},
                          'retries': 1, 'name': name}, '--quiet', run_dir=False, code=1)
        kept = self.listed()[1]['id']
        self.command('--remove=last')
        self.assertEqual(os.listdir(self.runs_folder), [kept])
        self.command('--remove=nothing', code=2)
        self.command(f'--remove={self.folder}/', code=2)
        self.command(f'--remove={kept[:-1]}')
        self.assertEqual(os.listdir(self.runs_folder), [])

    def test_live(self):
        run = self.start({'task': {'command': ['sleep', '1000']}, 'inputs': {'range': [2]}},
                         '--quiet')
        wait_for(lambda: (run.dir / 'state.json').exists(), 'the run')
        before = (run.dir / 'job.json').read_bytes()
        for option in 'resume', 'retry-failed', 'remove':
            refused = self.command(f'--{option}={run.dir}/', code=2)
            self.assertIn(str(run.pid), refused.stderr)
        self.assertEqual((run.dir / 'job.json').read_bytes(), before)
        run.process.terminate()
        self.assertEqual(run.wait(), 143)
        self.command(f'--remove={run.dir}/')
        self.assertFalse(run.dir.exists())

    @unittest.skipUnless(os.geteuid() == 0, 'only root can give a folder away')
    def test_of_another_user(self):
        run = self.run_job(JOB, '--first=1')
        os.chown(run.dir, 65534, 65534)
        for option in 'resume', 'retry-failed', 'remove', 'pause':
            refused = self.command(f'--{option}={run.dir}/', code=2)
            self.assertIn('another user', refused.stderr)
        self.assertTrue(run.dir.exists())

    def test_usage(self):
        run = self.run_job(JOB)
        name = f'{run.dir}/'
        for words in ((f'--resume={name}', '--', 'echo'), (f'--resume={name}', 'job.mpjob'),
                      (f'--resume={name}', '--run-dir=x'),
                      (f'--resume={name}', f'--retry-failed={name}'),
                      (f'--resume={name}', f'--reuse={name}'), ('--list', 'job.mpjob')):
            self.command(*words, code=2)
        broken = self.folder / 'broken'
        shutil.copytree(run.dir, broken)
        (broken / 'job.json').write_text('{"mpjob":')
        self.command(f'--resume={broken}/', code=2)


if __name__ == '__main__':
    unittest.main()
