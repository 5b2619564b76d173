# SPDX-License-Identifier: GPL-3.0-or-later
"""Every promise of CONTRACT.md has tests, and everything the program knows has a row there."""
import ast
import functools
import json
import pathlib
import re
import subprocess
import unittest

from harness import PROGRAM

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[2]
ROW = re.compile(r'^\| (.*) \| (.*) \|$')


def rows():
    """(section, promise, tests) of each row."""
    section = None
    for line in (HERE / 'CONTRACT.md').read_text().splitlines():
        match = ROW.match(line)
        if line.startswith('## '):
            section = line[3:]
        elif match and match[1] not in ('promise', '---'):
            yield section, match[1], match[2]


@functools.lru_cache
def methods(path):
    """Every Class.test of a file."""
    return {f'{node.name}.{method.name}' for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.ClassDef)
            for method in node.body if isinstance(method, ast.FunctionDef)}


def exists(test):
    if test.startswith('malformed/'):
        return (HERE.parent / f'{test}.mpjob').exists()
    if ':' in test:
        name, case = test.split(':')
        files = [ROOT / 'tests' / folder / f'test-{name}.c' for folder in ('app', 'ui')]
        return any(f'/{case.rsplit("/", 1)[1]}"' in text or f'"{case.rsplit("/", 1)[1]}"' in text
                   for text in (path.read_text() for path in files if path.exists()))
    name, method = test.split('.', 1)
    path = HERE / f'test_{name}.py'
    return path.exists() and method in methods(path)


class Contract(unittest.TestCase):
    def test_every_row_has_tests_that_exist(self):
        self.assertGreater(len(list(rows())), 150)
        for section, promise, tests in rows():
            names = re.findall(r'`([^`]+)`', tests)
            self.assertTrue(names and not re.sub(r'`[^`]+`| ', '', tests), promise)
            for name in names:
                self.assertTrue(exists(name), f'{section}: {promise}: there is no {name}')

    def assert_rows(self, words, *sections):
        text = '\n'.join(promise for section, promise, _ in rows() if section in sections)
        self.assertEqual([word for word in words if f'`{word}`' not in text], [])

    def test_every_key_and_kind_has_a_row(self):
        schema = json.loads((ROOT / 'data' / 'mpjob.schema.json').read_text())
        # The folder is what paths of a run's own job are relative to.
        self.assert_rows(set(schema['properties']) - {'folder'}, 'Job file')
        for kind, section in (('task', 'Tasks'), ('inputs', 'Inputs')):
            forms = schema['$defs'][kind].get('oneOf', schema['$defs'][kind].get('anyOf'))
            self.assert_rows([name for form in forms for name in form.get('required', [])], section)

    def test_every_option_and_exit_code_has_a_row(self):
        text = subprocess.run([PROGRAM, '--help'], check=True, capture_output=True,
                              text=True).stdout
        options = re.findall(r'^ +(?:-\w, )?(--[a-z-]+)', text, re.MULTILINE)
        self.assertGreater(len(options), 25)
        self.assert_rows(options, 'Command line')
        promises = ' '.join(promise for _, promise, _ in rows() if promise.startswith('exit '))
        for code in re.findall(r'\b\d+\b', text.split('Exit codes')[1]):
            self.assertRegex(promises, rf'\b{code}\b')

    def test_every_status_and_reason_has_a_row(self):
        text = (ROOT / 'app/run/gm-outcome-status.c').read_text()
        words = re.findall(r'"([a-z]+(?:-[a-z]+)*)"', text)
        self.assertGreater(len(words), 15)
        self.assert_rows(words, 'Outcomes')

    def test_every_method_has_a_row(self):
        table = (ROOT / 'app/engine/gm-runner-control.c').read_text().split('} methods[] = {')[1]
        names = re.findall(r'\{ "(\w+)", do_', table)
        self.assertGreater(len(names), 10)
        self.assert_rows([*names, 'watch'], 'Control socket')


if __name__ == '__main__':
    unittest.main()
