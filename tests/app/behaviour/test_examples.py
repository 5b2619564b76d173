# SPDX-License-Identifier: GPL-3.0-or-later
"""Every job of data/examples runs as it is, and does what it says."""
import csv
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import harness

EXAMPLES = pathlib.Path(__file__).parents[3] / 'data' / 'examples'
LICENCES = sorted(str(path) for path in pathlib.Path('/usr/share/common-licenses').iterdir()
                  if path.is_file())


class ExamplesTest(harness.Case):
    def run_example(self, name, code=0):
        """Runs a copy, so that what it makes is removed with the test's folder."""
        folder = self.work / 'examples'
        shutil.copytree(EXAMPLES, folder, dirs_exist_ok=True)
        run = self.run_arguments([str(folder / f'{name}.mpjob')], code=code)
        self.assert_nothing_left()
        return run

    def results(self, run):
        self.assertEqual({outcome['status'] for outcome in run.outcomes()}, {'ok'})
        return {outcome['item']: outcome['result'] for outcome in run.outcomes()}

    def test_command(self):
        run = self.run_example('command')
        lines = [f'{pathlib.Path(path).read_bytes().count(10)} {path}' for path in LICENCES]
        self.assertEqual(run.stdout.decode().splitlines(), lines)

    def test_shell(self):
        run = self.run_example('shell')
        lines = run.stdout.decode().splitlines()
        self.assertEqual(len(lines), len(LICENCES))
        for path, line in zip(LICENCES, lines):
            name, packed, size = re.fullmatch(r'(.*): *(\d+) of *(\d+) bytes', line).groups()
            self.assertEqual(name, os.path.basename(path))
            self.assertEqual(int(size), os.path.getsize(path))
            self.assertLess(int(packed), int(size))

    def test_sha256(self):
        self.assertEqual(self.results(self.run_example('sha256')),
                         {path: hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
                          for path in LICENCES})

    def test_primes(self):
        results = self.results(self.run_example('primes'))
        self.assertEqual(len(results), 20)
        self.assertEqual((results[100000], results[1000000], results[2000000]),
                         (9592, 78498, 148933))

    def test_product(self):
        run = self.run_example('product')
        self.assertEqual(run.stdout.decode().splitlines(),
                         [f'{size} at {quality} %' for size in ('small', 'large')
                          for quality in (50, 75)])

    def test_module(self):
        source = (EXAMPLES / 'module' / 'text.c').read_text()
        command = re.search(r'^ \*   (gcc .*)$', source, re.MULTILINE).group(1)
        folder = self.work / 'examples'
        shutil.copytree(EXAMPLES, folder)
        subprocess.run(['sh', '-c', command], cwd=folder / 'module', check=True)
        for path, result in self.results(self.run_example('module')).items():
            text = pathlib.Path(path).read_bytes()
            self.assertEqual(result, {'lines': text.count(10), 'words': len(text.split())})
        run = self.run_job({'task': {'function': f'{folder}/module/text.so:mean'},
                            'inputs': [[1, 2, 4.5], [], ['x'], 7]}, code=1)
        outcomes = run.by_index()
        self.assertEqual(outcomes[0]['result'], 2.5)
        self.assertEqual([outcomes[i]['reason'] for i in (1, 2, 3)], ['exception'] * 3)

    def install_headers(self):
        """Where pkg-config finds gtk-mp as it will be installed."""
        folder = self.folder / 'installed'
        build = pathlib.Path(harness.PROGRAM).parents[1]
        subprocess.run(['meson', 'install', '-C', build, '--no-rebuild', '--tags', 'devel',
                        '--destdir', folder], check=True, capture_output=True)
        description, = folder.rglob('gtk-mp.pc')
        return str(description.parent)

    def test_words(self):
        folder = self.work / 'examples'
        source = (EXAMPLES / 'module' / 'words.c').read_text()
        command = re.search(r'^ \*   (gcc .*)$', source, re.MULTILINE).group(1)
        shutil.copytree(EXAMPLES, folder)
        subprocess.run(['sh', '-c', command], cwd=folder / 'module', check=True,
                       env={**os.environ, 'PKG_CONFIG_PATH': self.install_headers()})
        words = {path: len(pathlib.Path(path).read_bytes().split()) for path in LICENCES}
        for method in harness.START_METHODS:
            run = self.run_arguments([f'--start-method={method}', str(folder / 'words.mpjob')])
            self.assertEqual(self.results(run), words)
            self.assertEqual(run.state()['counters'], {'words': sum(words.values())})
            log = (run.dir / 'log.txt').read_text()
            for outcome in run.outcomes():
                name, pid, path = outcome['worker'], outcome['pid'], outcome['item']
                self.assertIn(f'[INFO/{name}] {name} (process {pid}) found {words[path]} words in '
                              f'{path}; all of us: ', log)
                self.assertIn(f'[DEBUG/{name}] {path} has {os.path.getsize(path)} bytes\n', log)

    def test_worker_python(self):
        run = self.run_example('worker-python')
        results = self.results(run)
        self.assertEqual(sorted(results), LICENCES)
        for words in results.values():
            self.assertEqual(len(words), 3)
        self.assertIn('license', results['/usr/share/common-licenses/GPL-3'])
        self.assertIn('ready\n', (run.dir / 'log.txt').read_text())

    def test_worker_shell(self):
        for number, factors in self.results(self.run_example('worker-shell')).items():
            product = 1
            for factor in factors.split():
                product *= int(factor)
            self.assertEqual(product, number)

    def test_csv(self):
        run = self.run_example('csv')
        with open(EXAMPLES / 'data' / 'cities.csv', encoding='utf-8', newline='') as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(run.stdout.decode().splitlines(),
                         [f"{row['city']} lies in {row['country']} and has {row['population']} "
                          'inhabitants' for row in rows])

    def test_retries(self):
        run = self.run_example('retries', code=1)
        outcomes = run.by_index()
        self.assertEqual([outcomes[i]['attempts'] for i in range(4)], [1, 2, 3, 3])
        self.assertEqual([outcomes[i]['status'] for i in range(4)], ['ok', 'ok', 'ok', 'error'])
        self.assertEqual(outcomes[3]['exit_code'], 75)
        self.assertEqual(run.stdout.decode().splitlines(),
                         [f'item {n} came through at attempt {n}' for n in (1, 2, 3)])
        self.assert_attempts_recorded(run)

    def test_zz_none_is_forgotten(self):
        names = {path.stem for path in EXAMPLES.glob('*.mpjob')}
        tested = {name.removeprefix('test_').replace('_', '-') for name in dir(self)
                  if name.startswith('test_') and 'zz' not in name}
        self.assertEqual(names, tested)
        for name in names:
            self.run_arguments(['--check', str(EXAMPLES / f'{name}.mpjob')], run_dir=False)


if __name__ == '__main__':
    unittest.main()
