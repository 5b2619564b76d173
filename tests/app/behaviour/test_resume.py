#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that was ended somehow is gone on with: nothing is lost, and nothing done twice."""
import json
import random
import shutil
import time
import unittest

import harness
from harness import size, wait_for


class Case(harness.Case):
    def resume(self, folder, *options, code=0, **keywords):
        """Goes on with a run; the run directory stays that of the run."""
        run = self.start_arguments([f'--resume={folder}/', '--quiet', *options], run_dir=False,
                                   **keywords)
        run.dir = folder
        self.assertEqual(run.wait(), code, run.stderr)
        return run

    def retry_failed(self, folder, *options, code=0, **keywords):
        run = self.start_arguments([f'--retry-failed={folder}/', '--quiet', *options],
                                   run_dir=False, **keywords)
        run.dir = folder
        self.assertEqual(run.wait(), code, run.stderr)
        return run

    def assert_whole(self, folder):
        """Every line of every file is whole."""
        for name in ('results.jsonl', 'events.jsonl', 'inputs.jsonl'):
            path = folder / name
            if path.exists():
                text = path.read_bytes()
                self.assertTrue(text == b'' or text.endswith(b'\n'), name)
                for line in text.splitlines():
                    json.loads(line)

    def executed(self, path):
        return path.read_text().split() if path.exists() else []


class Killed(Case):
    """The runner is killed again and again; every item says in a file that it ran."""

    def job(self, count, record):
        return {'task': {'shell': f'echo {{}} >> {record}'}, 'inputs': {'range': [count]},
                'processes': 2, 'start_method': 'fork'}

    def test_killed_again_and_again(self):
        count, kills = size(2000, 2000), size(8, 50)
        record = self.work / 'record'
        run = self.start(self.job(count, record), '--quiet')
        folder = run.dir
        for kill in range(kills):
            # So many more items, then a moment: deaths are spread over the whole of the run.
            goal = (kill + 1) * count // (kills + 2)
            wait_for(lambda: run.process.poll() is not None
                     or len(self.executed(record)) >= goal, 'items to run')
            time.sleep(random.random() * 0.02)
            run.process.kill()
            run.process.wait()
            done = {outcome['index'] for outcome in run.outcomes()}
            before = self.executed(record)
            run = self.start_arguments([f'--resume={folder}/', '--quiet'], run_dir=False)
            run.dir = folder
            if kill == kills - 1:
                self.assertEqual(run.wait(), 0, run.stderr)
            else:
                wait_for(lambda: run.process.poll() is not None
                         or len(self.executed(record)) > len(before), 'an item to run')
            again = {int(word) for word in self.executed(record)[len(before):]}
            # What has an outcome on the disk had said before that it ran.
            self.assertEqual(done & again, set())
        self.assert_all_once(run, count)
        self.assert_whole(folder)
        self.assertEqual(set(self.executed(record)), {str(i) for i in range(count)})
        self.assertEqual(run.state()['state'], 'finished')
        self.assertEqual((run.state()['done'], run.state()['ok']), (count, count))

    def test_copies_of_a_live_run(self):
        count = size(600, 2000)
        run = self.start(self.job(count, self.work / 'record'), '--quiet')
        copies = []
        for n in range(size(4, 20)):
            wait_for(lambda: run.process.poll() is not None
                     or len(run.outcomes()) > n * count // 30, 'outcomes')
            copy = self.folder / f'copy-{n}'
            shutil.copytree(run.dir, copy, ignore=shutil.ignore_patterns('*.sock'))
            copies.append(copy)
        self.assertEqual(run.wait(), 0, run.stderr)
        for copy in copies:
            had = {outcome['index'] for outcome in harness.whole_lines(copy / 'results.jsonl')}
            before = len(self.executed(self.work / 'record'))
            resumed = self.resume(copy)
            self.assert_all_once(resumed, count)
            self.assert_whole(copy)
            ran = self.executed(self.work / 'record')[before:]
            self.assertEqual(sorted(map(int, ran)), sorted(set(range(count)) - had))

    def test_cut_anywhere(self):
        job = {'task': {'shell': f'echo {{}} >> {self.work}/record; exit {{}}'},
               'inputs': {'items': [0, 3, 0, 0, 5]}, 'processes': 1, 'start_method': 'fork'}
        run = self.run_job(job, '--quiet', code=1)
        text = (run.dir / 'results.jsonl').read_bytes()
        ends = [i + 1 for i, byte in enumerate(text) if byte == 10]
        offsets = {0, 1, *ends, *(end - 1 for end in ends), *(end + 1 for end in ends[:-1]),
                   *random.sample(range(len(text)), size(4, 100))}
        for offset in sorted(offsets):
            with self.subTest(offset=offset):
                copy = self.folder / f'cut-{offset}'
                shutil.copytree(run.dir, copy)
                (copy / 'results.jsonl').write_bytes(text[:offset])
                (self.work / 'record').unlink()
                (self.work / 'record').touch()
                resumed = self.resume(copy, code=1)
                left = 5 - text[:offset].count(b'\n')
                self.assertEqual(len(self.executed(self.work / 'record')), left)
                self.assert_all_once(resumed, 5)
                self.assert_whole(copy)

    def test_rubbish_after_a_power_cut(self):
        run = self.run_job({'task': {'function': 'builtin:echo'}, 'inputs': {'range': [6]}})
        lines = (run.dir / 'results.jsonl').read_bytes().splitlines(keepends=True)
        (run.dir / 'results.jsonl').write_bytes(
            b''.join(lines[:2]) + b'\0' * 100 + b'\n{"index":1e9}\nnot json\n' + lines[3]
            + b'\0' * 4096)
        resumed = self.resume(run.dir, '--json')
        self.assertEqual(len(resumed.stdout.splitlines()), 3)
        self.assertEqual(resumed.state()['ok'], 6)


class Again(Case):
    def test_finished_does_nothing(self):
        run = self.run_job({'task': {'shell': f'echo {{}} >> {self.work}/record; test {{}} != 2'},
                            'inputs': {'range': [4]}}, code=1)
        before = (run.dir / 'results.jsonl').read_bytes()
        resumed = self.resume(run.dir, code=1)
        self.assertEqual((run.dir / 'results.jsonl').read_bytes(), before)
        self.assertEqual(len(self.executed(self.work / 'record')), 4)
        self.assertEqual(resumed.stdout, b'')
        state = resumed.state()
        self.assertEqual((state['state'], state['done'], state['ok'], state['failed']),
                         ('finished', 4, 3, 1))

    def test_first(self):
        job = {'task': {'function': 'builtin:echo'}, 'inputs': {'range': [10]}}
        run = self.run_job(job, '--first=3')
        self.assertEqual(run.state()['state'], 'interrupted')
        resumed = self.resume(run.dir, '--first=4')
        self.assertEqual(resumed.stdout, b'3\n4\n5\n6\n')
        self.assertEqual(resumed.state()['state'], 'interrupted')
        resumed = self.resume(run.dir)
        self.assertEqual(resumed.stdout, b'7\n8\n9\n')
        self.assertEqual(resumed.state()['state'], 'finished')
        self.assert_all_once(resumed, 10)

    def test_stopped_and_timed_out(self):
        run = self.run_job({'task': {'shell': 'test {} != 1'}, 'inputs': {'range': [5]},
                            'on_error': 'stop', 'processes': 1}, code=1)
        self.assertEqual(run.by_index()[4]['reason'], 'stopped')
        resumed = self.resume(run.dir, code=1)
        self.assertEqual({i: o['status'] for i, o in resumed.by_index().items()},
                         {0: 'ok', 1: 'error', 2: 'ok', 3: 'ok', 4: 'ok'})
        run = self.run_job({'task': {'shell': f'test -e {self.work}/go || sleep 1000; : {{}}'},
                            'inputs': {'range': [2]}, 'timeout': 1}, code=124)
        before = run.by_index()
        self.assertEqual({o['reason'] for o in before.values()}, {'job-timeout'})
        # What the end of the run ends once more stays what it was.
        self.resume(run.dir, '--timeout=0.2', code=124)
        self.write('go', '')
        resumed = self.resume(run.dir, '--timeout=1000')
        for index, outcome in resumed.by_index().items():
            self.assertEqual(outcome['status'], 'ok')
            self.assertGreater(outcome['attempts'], before[index]['attempts'])

    def test_cancelled(self):
        run = self.start({'task': {'shell': f'test -e {self.work}/go || sleep 1000; : {{}}'},
                          'inputs': {'range': [3]}, 'processes': 1}, '--quiet')
        wait_for(lambda: run.events('worker-started'), 'the worker')
        cancel = self.start_arguments([f'--cancel={run.dir}'], run_dir=False)
        self.assertEqual((cancel.wait(), run.wait()), (0, 1))
        self.assertEqual({outcome['reason'] for outcome in run.outcomes()}, {'cancelled'})
        self.write('go', '')
        resumed = self.resume(run.dir)
        self.assertEqual({outcome['status'] for outcome in resumed.by_index().values()}, {'ok'})
        self.assertEqual(resumed.state()['state'], 'finished')

    def test_retry_failed(self):
        job = {'task': {'shell': f'echo {{}} $GTK_MP_ATTEMPT >> {self.work}/record; '
                                 f'test {{}} != 1 || test -e {self.work}/mended'},
               'inputs': {'range': [3]}, 'retries': 1}
        run = self.run_job(job, '--quiet', code=1)
        self.assertEqual(run.by_index()[1]['attempts'], 2)
        retried = self.retry_failed(run.dir, code=1)
        self.assertEqual(retried.by_index()[1]['attempts'], 4)
        self.write('mended', '')
        retried = self.retry_failed(run.dir)
        self.assertEqual(retried.by_index()[1]['attempts'], 5)
        self.assertEqual(retried.by_index()[1]['status'], 'ok')
        lines = (self.work / 'record').read_text().splitlines()
        self.assertEqual([line for line in lines if line[0] == '1'],
                         ['1 1', '1 2', '1 3', '1 4', '1 5'])
        self.assertEqual(len(lines), 7)
        self.assertEqual(retried.state()['failed'], 0)

    def test_large_outputs_of_what_failed(self):
        """The last outcome has the file by the item's name; what was before it is kept beside it,
        and until there is another outcome it is the last one."""
        text = ('test $GTK_MP_ATTEMPT -ne 3 || { seq 90000; touch began; sleep 1000; }; '
                'seq $GTK_MP_ATTEMPT 50000; test $GTK_MP_ATTEMPT -ge 4')
        run = self.run_job({'task': {'shell': text}, 'inputs': ['a'], 'retries': 1}, code=1)
        outputs = run.dir / 'outputs'

        def first_numbers():
            return {path.name: path.read_text().split()[0] for path in outputs.glob('*.out')}

        self.assertEqual(first_numbers(), {'0.attempt-1.out': '1', '0.out': '2'})
        again = self.start_arguments(['--quiet', f'--retry-failed={run.dir}/'], run_dir=False)
        harness.wait_for(lambda: (self.work / 'began').exists(), 'the third attempt')
        again.process.kill()
        again.process.wait()
        self.assertEqual((outputs / '0.out').read_text().split()[0], '2')
        (self.work / 'began').unlink()
        again = self.start_arguments(['--quiet', f'--retry-failed={run.dir}/', '--task-timeout=2'],
                                     run_dir=False)
        self.assertEqual(again.wait(), 0, again.stderr)
        self.assertEqual(first_numbers(), {'0.attempt-1.out': '1', '0.attempt-2.out': '2',
                                           '0.attempt-3.out': '1', '0.out': '4'})
        self.assertEqual(again.stdout.split()[0], b'4')
        retried = {event['attempt']: event['outcome']['stdout_file']
                   for event in run.events('item-retried')}
        self.assertEqual(retried, {1: 'outputs/0.attempt-1.out', 3: 'outputs/0.attempt-3.out'})
        self.assertEqual([o['stdout_file'] for o in run.outcomes()], ['outputs/0.out'] * 2)

    def test_overrides(self):
        run = self.run_job({'task': {'function': 'builtin:echo'}, 'inputs': {'range': [4]},
                            'processes': 1}, '--first=1')
        self.resume(run.dir, '-j2', '--retries=3')
        job = json.loads((run.dir / 'job.json').read_text())
        self.assertEqual((job['processes'], job['retries']), (2, 3))

    def test_dry_run(self):
        run = self.run_job({'task': {'shell': 'test {} != 1'}, 'inputs': {'range': [4]}},
                           '--first=3', code=1)
        text = (run.dir / 'results.jsonl').read_bytes()
        dry = self.resume(run.dir, '--dry-run')
        self.assertEqual([(line['index'], line['why']) for line in
                          map(json.loads, dry.stdout.splitlines())], [(3, 'new')])
        dry = self.retry_failed(run.dir, '--dry-run')
        self.assertEqual([(line['index'], line['why']) for line in
                          map(json.loads, dry.stdout.splitlines())], [(1, 'failed before')])
        self.assertEqual((run.dir / 'results.jsonl').read_bytes(), text)


class Inputs(Case):
    def lines_run(self, lines, *options, **keywords):
        path = self.write('inputs', ''.join(line + '\n' for line in lines))
        return path, self.run_job({'task': {'function': 'builtin:echo'},
                                   'inputs': {'lines': str(path)}}, *options, **keywords)

    def test_changed(self):
        for lines, says in (
                (['z', 'a', 'b', 'c', 'd'], '1 added, 0 removed, 0 changed'),
                (['a', 'c', 'd'], '0 added, 1 removed, 0 changed'),
                (['a', 'X', 'c', 'd'], '0 added, 0 removed, 1 changed'),
                (['a', 'b', 'c', 'X'], '0 added, 0 removed, 1 changed'),
                ([], '0 added, 4 removed, 0 changed'),
                (['b', 'a', 'c', 'd'], 'another order')):
            with self.subTest(lines):
                path, run = self.lines_run(['a', 'b', 'c', 'd'])
                before = {file.name: file.read_bytes() for file in run.dir.iterdir()
                          if file.is_file()}
                path.write_text(''.join(line + '\n' for line in lines))
                refused = self.resume(run.dir, code=2)
                self.assertIn(says, refused.stderr)
                after = {file.name: file.read_bytes() for file in run.dir.iterdir()
                         if file.is_file()}
                self.assertEqual(before, after)

    def test_appended_and_deleted(self):
        path, run = self.lines_run(['a', 'b'])
        path.write_text('a\nb\nc\n')
        self.assertEqual(self.resume(run.dir).stdout, b'"c"\n')
        path.unlink()
        self.assertIn(str(path), self.resume(run.dir, code=2).stderr)

    def test_not_read_yet(self):
        path, run = self.lines_run(['a', 'b', 'c'], '--first=1')
        path.write_text('a\nX\nY\n')
        self.assertEqual(self.resume(run.dir).stdout, b'"X"\n"Y"\n')

    def test_standard_input(self):
        items = b'plain\n\n.\n{"item":1}\n{"end":7}\n\xff\xfe\nlast\n'
        run = self.run_arguments(['--quiet', '--', 'printf', '%s\\n', '{}'], stdin=items)
        (run.dir / 'results.jsonl').write_bytes(b'')
        self.assertEqual(self.resume(run.dir).stdout, items)

    def test_cut_off(self):
        run = self.run_arguments(['--first=2', '--quiet', '--', 'echo', '{}'],
                                 stdin=b'a\nb\nc\n')
        self.assertEqual(run.state()['state'], 'interrupted')
        lines = (run.dir / 'inputs.jsonl').read_bytes()
        with open(run.dir / 'inputs.jsonl', 'ab') as file:
            file.write(b'"torn')
        (run.dir / 'results.jsonl').write_bytes(b'')
        for _ in range(2):
            resumed = self.resume(run.dir)
            self.assertIn('input was cut off after 2 items', resumed.stderr)
        self.assertEqual(sorted(resumed.by_index()), [0, 1])
        self.assertEqual((run.dir / 'inputs.jsonl').read_bytes()[:len(lines)], lines)

    def test_inputs_cut_by_hand(self):
        run = self.run_arguments(['--quiet', '--', 'test', '{}', '!=', 'd'], code=1,
                                 stdin=b'a\nb\nc\nd\ne\n')
        path = run.dir / 'inputs.jsonl'
        lines = path.read_bytes().splitlines(True)
        path.write_bytes(b''.join(lines[:2]))
        before = (run.dir / 'results.jsonl').read_bytes()
        failed = self.run_arguments([f'--retry-failed={run.dir}'], code=2, run_dir=False)
        self.assertIn('cut off after 2 items: item 3,', failed.stderr)
        self.assertEqual((run.dir / 'results.jsonl').read_bytes(), before)
        # What has its outcome need not be there, and counts.
        self.assertIn('cut off after 2 items', self.resume(run.dir, code=1).stderr)
        state = run.state()
        self.assertEqual([state[name] for name in ('total', 'done', 'ok', 'failed')], [5, 5, 4, 1])
        path.write_bytes(b''.join(lines))
        again = self.run_arguments([f'--retry-failed={run.dir}'], code=1, run_dir=False)
        self.assertIn('item 3', again.stderr)
        self.assertEqual(run.outcomes()[-1]['attempts'], 2)

    def test_command_line(self):
        run = self.run_arguments(['--first=1', '--', 'echo', '{1}-{2}', ':::', 'a', 'b', ':::',
                                  '', '.'])
        self.assertEqual(run.stdout, b'a-\n')
        resumed = self.resume(run.dir)
        self.assertEqual(resumed.stdout, b'a-.\nb-\nb-.\n')
        self.assertNotIn('cut off', resumed.stderr)


if __name__ == '__main__':
    unittest.main()
