# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions of a module of the user's own."""
import json
import os
import pathlib
import re
import subprocess
import unittest

import harness

SOURCE = pathlib.Path(__file__).with_name('module.c')
ROOT = pathlib.Path(__file__).parents[3]


def build(folder):
    flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'gio-2.0'], check=True,
                           capture_output=True, text=True).stdout.split()
    subprocess.run([os.environ.get('CC', 'cc'), '-shared', '-fPIC', '-o', folder / 'module.so',
                    SOURCE, f'-I{ROOT / "libmp"}',
                    f'-I{ROOT / "app" / "engine"}', *flags], check=True)


class ModuleTest(harness.Case):
    def setUp(self):
        super().setUp()
        build(self.work)

    def job(self, symbol, items, **keys):
        return {'task': {'function': f'module.so:{symbol}'}, 'inputs': items, 'processes': 2,
                **keys}

    def test_values_travel(self):
        items = [1, -9223372036854775808, 0.1, 'ä', True, None, [1, [2.5, 'x']], {'a': {'b': []}}]
        for method in harness.START_METHODS:
            run = self.run_job(self.job('same', items, start_method=method))
            outcomes = run.by_index()
            self.assertEqual([outcomes[i]['result'] for i in range(len(items))], items)
        text = (run.dir / 'results.jsonl').read_text()
        self.assertIn('"result":-9223372036854775808', text)
        self.assertIn('"result":0.1,' if '"result":0.1,' in text else '"result":0.1}', text)

    def test_what_is_not_there_runs_nothing(self):
        for function, words in (('gone.so:same', ('gone.so',)),
                                ('module.so:gone', ('module.so', 'gone')),
                                (f'{SOURCE}:same', ('module.c',))):
            for method in harness.START_METHODS:
                run = self.run_job({'task': {'function': function}, 'inputs': {'range': [100]},
                                    'start_method': method}, code=2)
                self.assertEqual(run.stdout, b'')
                for word in words:
                    self.assertIn(word, run.stderr)
                self.assertEqual(run.stderr.count('gtk-mp: '), 1, run.stderr)
                self.assertFalse(run.dir.exists() and os.listdir(run.dir))

    def test_it_is_opened_in_workers_only(self):
        self.write('go', '')
        for method in harness.START_METHODS:
            (self.work / 'go').unlink()
            run = self.start(self.job('wait_for_go', [1], start_method=method))
            worker, = harness.wait_for(lambda: [w for w in run.workers() if b'module.so' in
                                                harness.read_proc(w, 'maps')], 'the worker')[:1]
            self.assertNotEqual(worker, run.pid)
            self.assertNotIn(b'module.so', harness.read_proc(run.pid, 'maps'))
            self.write('go', '')
            self.assertEqual(run.wait(), 0, run.stderr)

    def test_exit_is_a_crash(self):
        run = self.run_job(self.job('leave', [0, 7, 0]), code=1)
        for index, code in enumerate([0, 7, 0]):
            outcome = run.by_index()[index]
            self.assertEqual((outcome['status'], outcome['reason'], outcome['exit_code']),
                             ('crashed', 'worker-died', code))
        self.assert_all_once(run, 3)

    def test_what_is_printed_goes_to_the_log(self):
        run = self.run_job(self.job('say', [1, 2, 3]))
        self.assertEqual(run.stdout, b'1\n1\n1\n')
        log = (run.dir / 'log.txt').read_text().splitlines()
        for n in (1, 2, 3):
            self.assertEqual(log.count(f'printed {n}'), 1)
            self.assertEqual(log.count(f'complained {n}'), 1)
        self.assertEqual(log.count('written'), 3)

    def test_last_words_are_kept(self):
        run = self.run_job(self.job('say_and_die', [5]), code=1)
        self.assertEqual(run.by_index()[0]['signal'], 'SIGABRT')
        self.assertIn('last words 5\n', (run.dir / 'log.txt').read_text())

    def test_the_library_is_there(self):
        run = self.run_job(self.job('who', [1]))
        self.assertEqual(run.by_index()[0]['result'], run.by_index()[0]['worker'])
        self.assertIn('a module speaks', run.stderr)

    def test_what_is_neither_result_nor_error(self):
        for symbol, word in (('nothing', 'neither'), ('both', 'both'), ('not_json', 'JSON')):
            run = self.run_job(self.job(symbol, [1]), code=1)
            outcome = run.by_index()[0]
            self.assertEqual((outcome['status'], outcome['reason']), ('error', 'exception'))
            self.assertIn(word, outcome['error'])
            self.assertNotIn('result', outcome)

    def workers_of(self, run):
        status = self.run_arguments([f'--status={run.dir}', '--json'], run_dir=False)
        return {worker['index']: worker for worker in json.loads(status.stdout)['workers']}

    def test_progress_is_seen_by_watchers(self):
        items = [[0.25, 'a "note"\n'], [7, None], [-1, 'ä' * 100], [0, '']]
        for method in harness.START_METHODS:
            run = self.start(self.job('tell', items, start_method=method, processes=4))
            harness.wait_for(lambda: len(run.workers()) == 4, 'workers')
            workers = harness.wait_for(
                lambda: (workers := self.workers_of(run)) and sorted(
                    (i, w.get('progress'), w.get('note')) for i, w in workers.items()
                    if i is not None) == [(0, 0.25, 'a "note"\n'), (1, 1, None),
                                          (2, None, 'ä' * 51), (3, 0, None)] and workers,
                'what the functions say')
            self.assertEqual([workers[i]['item'] for i in range(4)], items)
            text = harness.wait_for(
                lambda: (text := self.run_arguments([f'--status={run.dir}'], run_dir=False).stdout)
                and b'{"said":4}\n' in text and text.decode(), 'the counter')
            self.assertIn('  25%  a "note"\\n\n', text)
            self.write('go', '')
            self.assertEqual(run.wait(), 0, run.stderr)
            self.assertEqual(run.state()['counters'], {'said': 4})
            (self.work / 'go').unlink()

    def test_workers_count_together(self):
        for method in harness.START_METHODS:
            run = self.run_job(self.job('count', [*range(200), *[-1] * 5], start_method=method,
                                        processes=8), code=1)
            self.assert_all_once(run, 205)
            self.assertEqual(run.state()['counters'], {'items': 4050, 'ä "b"': -205})
            self.assertLessEqual(max(o.get('result', 0) for o in run.outcomes()), 4050)
        run = self.run_job(self.job('same', [1]))
        self.assertNotIn('counters', run.state())

    def test_more_counters_than_there_is_room_for(self):
        run = self.run_job(self.job('count_too_much', [1], processes=1))
        counters = run.state()['counters']
        self.assertEqual(len(counters), 64)
        self.assertEqual(set(counters.values()), {2})
        self.assertEqual(run.by_index()[0]['result'], 2)
        log = (run.dir / 'log.txt').read_text()
        self.assertEqual(log.count('No room for the counter “64”'), 1)
        self.assertEqual(log.count('No room for the counter'), 1)
        self.assertEqual(log.count('A counter needs a name of 1 to 47 bytes'), 4)

    def test_64_workers_log_long_lines_at_once(self):
        line = re.compile(r'\[(DEBUG|INFO)/([A-Za-z]+-\d+)\] (\d+) (\d+) (([a-z])\6{3499})')
        for method in harness.START_METHODS:
            run = self.run_job(self.job('flood', {'range': [64]}, start_method=method, processes=64,
                                        chunksize=1, log_level='DEBUG'))
            logged = {}
            for text in (run.dir / 'log.txt').read_text().splitlines():
                found = line.fullmatch(text)
                if found is None:
                    self.assertLess(len(text), 300)
                    self.assertNotRegex(text, '([a-z])\\1{20}')
                    continue
                level, name, pid, number, _, letter = found.groups()
                self.assertEqual(level, 'INFO' if int(number) % 2 else 'DEBUG')
                logged.setdefault((name, int(pid), letter), []).append(int(number))
            self.assertEqual(set(logged), {(o['worker'], o['pid'], chr(97 + o['item'] % 26))
                                           for o in run.outcomes()})
            self.assertEqual(len(logged), 64)
            for numbers in logged.values():
                self.assertEqual(numbers, list(range(100)))


if __name__ == '__main__':
    unittest.main()
