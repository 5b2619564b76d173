#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keys of the job file do that no other file here is about, and the options over them."""
import json
import os
import unittest

from harness import START_METHODS, Case, wait_for

ECHO = {'function': 'builtin:echo'}


class Names(Case):
    def test_name_and_description(self):
        job = self.write('My job.mpjob', {'mpjob': 1, 'task': ECHO, 'inputs': [1],
                                          'description': 'what it is for'})
        run = self.run_arguments([str(job)])
        self.assertEqual(run.state()['name'], 'My job.mpjob')
        self.assertEqual(json.loads((run.dir / 'job.json').read_text())['description'],
                         'what it is for')
        run = self.run_job({'task': ECHO, 'inputs': [1], 'name': 'Größe 3!'})
        self.assertEqual(run.state()['name'], 'Größe 3!')
        run = self.run_arguments(['--', '/bin/echo', ':::', 'a'])
        self.assertEqual(run.state()['name'], 'echo')

    def test_relative_to_the_job_file(self):
        """Inputs, folder of the task, what it creates, results: wherever it is run from."""
        self.write('deep/in.txt', 'a\n')
        (self.work / 'deep' / 'sub').mkdir()
        job = {'mpjob': 1, 'task': {'shell': 'pwd; touch made'}, 'inputs': {'lines': 'in.txt'},
               'cwd': 'sub', 'creates': 'sub/made', 'results': 'out.jsonl'}
        run = self.run_arguments([str(self.write('deep/a.mpjob', job))])
        self.assertEqual(run.by_index()[0]['stdout'], f'{(self.work / "deep/sub").resolve()}\n')
        self.assertTrue((self.work / 'deep' / 'out.jsonl').exists())

    def test_relative_to_the_current_folder(self):
        self.write('here.sh', '#!/bin/sh\npwd\n').chmod(0o755)
        run = self.run_arguments(['--', './here.sh', ':::', 'a'])
        self.assertEqual(run.stdout.decode(), f'{self.work.resolve()}\n')

    def test_the_program_is_looked_for_where_the_task_runs(self):
        self.write('bin/only-here', '#!/bin/sh\necho found\n').chmod(0o755)
        task = {'command': ['only-here']}
        self.run_job({'task': task, 'inputs': [1]}, code=2)
        run = self.run_job({'task': task, 'inputs': [1], 'env': {'PATH': f'{self.work}/bin:/bin'}})
        self.assertEqual(run.stdout, b'found\n')
        self.write('no-program', 'text')
        run = self.run_job({'task': {'command': ['./no-program']}, 'inputs': [1]}, code=2)
        self.assertIn('not executable', run.stderr)
        task = {'command': ['./only-here']}
        self.run_job({'task': task, 'inputs': [1]}, code=2)
        self.run_job({'task': task, 'inputs': [1], 'cwd': 'bin'})


class Pool(Case):
    def processes(self, *options, **keys):
        run = self.run_job({'task': ECHO, 'inputs': {'range': [100]}, **keys}, *options)
        return run.events('run-started')[0]['processes'], run

    def test_processes(self):
        number, run = self.processes(processes=3)
        self.assertEqual(number, 3)
        self.assertEqual(sorted(event['slot'] for event in run.events('worker-started')), [1, 2, 3])

    def test_auto(self):
        """As many as this process may use, no more than there are items."""
        cpus = sorted(os.sched_getaffinity(0))
        self.addCleanup(os.sched_setaffinity, 0, cpus)
        self.assertLessEqual(self.processes()[0], len(cpus))
        self.assertEqual(self.processes(inputs=[1], processes='auto')[0], 1)
        os.sched_setaffinity(0, cpus[:1])
        self.assertEqual(self.processes()[0], 1)
        self.assertEqual(self.processes('--processes=4')[0], 4)

    def test_start_method(self):
        names = {'fork': 'ForkPoolWorker-1', 'spawn': 'SpawnPoolWorker-1',
                 'forkserver': 'ForkServerPoolWorker-1'}
        for method in START_METHODS:
            _, run = self.processes(start_method=method, processes=1)
            self.assertEqual([(event['start_method'], event['worker'])
                              for event in run.events('worker-started')], [(method, names[method])])
        self.assertEqual(self.processes()[1].events('worker-started')[0]['start_method'],
                         'forkserver')

    def test_chunksize(self):
        """Whoever reserves a chunk does all of it, however long its first item takes."""
        job = {'inputs': [0.4, 0, 0, 0, 0, 0, 0, 0], 'processes': 2, 'chunksize': 4}
        for task in ({'function': 'builtin:sleep'}, {'command': ['sleep']}):
            run = self.run_job({**job, 'task': task})
            pids = [run.by_index()[i]['pid'] for i in range(8)]
            self.assertEqual((len(set(pids[:4])), len(set(pids[4:]))), (1, 1))
            self.assertEqual(run.outcomes()[-1]['index'], 3)

    def test_chunksize_of_commands(self):
        """None waits behind another one."""
        run = self.start({'task': {'shell': '[ {} != 60 ] || until [ -e go ]; do sleep 0.02; done'},
                          'inputs': {'range': [120]}, 'processes': 2})
        wait_for(lambda: len(run.outcomes()) == 119, 'all others')
        self.write('go', '')
        self.assertEqual(run.wait(), 0)
        self.assertEqual(run.outcomes()[-1]['index'], 60)

    def test_builtins(self):
        self.write('file', 'abc')
        for name, items, results in (
                ('square', [-3, 4], [9, 16]), ('sleep', [0, 0.001], [0, 0.001]),
                ('count_primes', [1, 2, 100], [0, 1, 25]), ('echo', [[{}]], [[{}]]),
                ('sha256', [str(self.work / 'file')],
                 ['ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'])):
            run = self.run_job({'task': {'function': f'builtin:{name}'}, 'inputs': items})
            self.assertEqual([run.by_index()[i]['result'] for i in range(len(items))], results)

    def test_engine(self):
        self.run_job({'task': ECHO, 'inputs': [1], 'engine': 'local'})
        run = self.run_job({'task': ECHO, 'inputs': [1], 'engine': 'slurm'}, code=2)
        self.assertIn('slurm', run.stderr)


class Results(Case):
    def test_a_copy_at_the_end(self):
        job = {'task': {'shell': 'test {} != 1'}, 'inputs': {'range': [3]}, 'results': 'copy'}
        run = self.run_job(job, code=1)
        copy = self.work / 'copy'
        self.assertEqual(copy.read_bytes(), (run.dir / 'results.jsonl').read_bytes())
        # By rename: who has the old one open keeps it.
        with open(copy, 'rb') as old:
            run = self.run_job({**job, 'inputs': {'range': [2, 9]}})
            self.assertEqual(len(old.read().splitlines()), 3)
        self.assertEqual(copy.read_bytes(), (run.dir / 'results.jsonl').read_bytes())
        self.assertEqual([path for path in self.work.iterdir() if 'copy.' in path.name], [])

    def test_what_is_no_such_file_stays(self):
        for text in ('my diary\n', '{"index":0}\n[]\n', '{"index":0} and more'):
            self.write('copy', text)
            run = self.run_job({'task': ECHO, 'inputs': [1], 'results': 'copy'}, code=2)
            self.assertIn('not a file of outcomes', run.stderr)
            self.assertEqual((self.work / 'copy').read_text(), text)
            self.assertFalse(run.dir.exists())

    def test_the_log_file_has_at_least_info(self):
        for level, debug in (('ERROR', False), ('DEBUG', True)):
            run = self.run_job({'task': {'command': ['false']}, 'inputs': [1], 'log_level': level},
                               code=1)
            log = (run.dir / 'log.txt').read_text()
            self.assertIn('[INFO/', log)
            self.assertIn('[WARNING/MainProcess] item 0: exit-code', log)
            self.assertEqual('[DEBUG/' in log, debug)
            self.assertEqual(run.stderr != '', debug)


class Options(Case):
    def test_they_override_the_job_file(self):
        job = {'task': {'command': ['true']}, 'inputs': [1], 'processes': 7, 'chunksize': 7,
               'start_method': 'forkserver', 'timeout': 700, 'task_timeout': 700, 'retries': 7,
               'on_error': 'pause', 'log_level': 'ERROR'}
        for options in (
                ['--processes=1', '--start-method=fork', '--chunksize=2', '--timeout=30',
                 '--task-timeout=20', '--retries=1', '--on-error=5%', '--log-level=INFO'],
                ['-j', '1', '--start-method', 'fork', '--chunksize', '2', '--timeout', '30',
                 '--task-timeout', '20', '--retries', '1', '--on-error', '5%', '--log-level',
                 'INFO']):
            run = self.run_job(job, *options)
            written = json.loads((run.dir / 'job.json').read_text())
            for key, value in {'processes': 1, 'start_method': 'fork', 'chunksize': 2,
                               'timeout': 30, 'task_timeout': 20, 'retries': 1,
                               'on_error': {'stop_after': '5%'}, 'log_level': 'INFO'}.items():
                self.assertEqual(written[key], value, key)
            self.assertRegex(run.outcomes()[0]['worker'], '^ForkPoolWorker-')

    def test_and_act(self):
        fails = {'task': {'command': ['false']}, 'inputs': {'range': [9]}, 'processes': 1}
        run = self.run_job(fails, '--retries=1', '--on-error=3', code=1)
        self.assertEqual([outcome['attempts'] for outcome in run.outcomes()[:4]], [2, 2, 2, 0])
        run = self.run_job(fails, '--on-error=stop', code=1)
        self.assertEqual(run.state()['failed'], 1)
        sleeps = {'task': {'command': ['sleep']}, 'inputs': [1000]}
        run = self.run_job(sleeps, '--task-timeout=0.2', code=1)
        self.assertEqual(run.outcomes()[0]['reason'], 'timeout')
        run = self.run_job(sleeps, '--timeout=0.2', code=124)
        self.assertEqual(run.outcomes()[0]['reason'], 'job-timeout')
        run = self.start(fails, '--on-error=pause')
        wait_for(lambda: run.state()['state'] == 'paused' if (run.dir / 'state.json').exists()
                 else False, 'the pause')
        run.process.terminate()
        self.assertEqual(run.wait(), 143)


if __name__ == '__main__':
    unittest.main()
