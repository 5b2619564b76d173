# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON Schema of job files says the same as the parser."""
import json
import pathlib
import unittest

import harness

try:
    import jsonschema
except ImportError:
    jsonschema = None

ROOT = pathlib.Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / 'data' / 'mpjob.schema.json').read_text())
MALFORMED = ROOT / 'tests' / 'app' / 'malformed'

# What no schema can say: where text is no JSON, what numbers JSON has, what items there are, and
# what shell text means.
BEYOND = {'big-integer', 'infinite', 'comment', 'deep', 'duplicate-key', 'empty-file', 'not-utf8',
          'nul-in-string', 'single-quotes', 'trailing-comma', 'processes-float',
          'env-unknown-name', 'name-number-no-member', 'shell-backquotes', 'shell-eval',
          'shell-single-quotes'}

TASKS = [{'command': ['a']}, {'command': ['a', ''], 'stdin': True}, {'shell': 'a'},
         {'function': 'builtin:echo'}, {'function': 'a/b.so:c_1'}, {'worker': ['a', 'b']},
         {'command': []}, {'command': ['']}, {'command': ['a', 1]}, {'shell': ''}, {'shell': ['a']},
         {'shell': 'a', 'stdin': True}, {'function': 'builtin:no'}, {'function': 'a.so'},
         {'function': 'a.so:1c'}, {'function': ':c'}, {'worker': 'a'}, {}, [], 'a', {'other': 1},
         {'command': ['a'], 'worker': ['a']}]
INPUTS = [[], [1, None, {'a': 1}], {'range': [1]}, {'range': [1, 2]}, {'range': [1, 2, -1]},
          {'items': []}, {'glob': '*'}, {'glob': ['*', 'a']}, {'files': ['a']}, {'lines': 'a'},
          {'files': []}, {'lines': '-', 'separator': 'NUL'}, {'lines': 'a', 'separator': '\n'},
          {'csv': 'a', 'header': False}, {'jsonl': 'a'}, {'product': {'a': [1], 'b': {'range': [2]}}},
          {'product': {'a': {'glob': '*'}}}, {'arguments': [['a'], ['b', 'c']]},
          {'range': []}, {'range': [1, 2, 0]}, {'range': [1, 2, 3, 4]}, {'range': [1.5]},
          {'range': 3}, {'glob': []}, {'glob': ''}, {'glob': [1]}, {'files': 'a'}, {'files': ['']},
          {'lines': ''}, {'lines': 'a', 'separator': ','}, {'lines': 'a', 'header': True},
          {'csv': 'a', 'header': 1}, {'jsonl': 1}, {'product': {}}, {'product': {'a': 1}},
          {'product': {'a': {'lines': 'x'}}}, {}, 1, None, {'range': [1], 'items': []},
          {'arguments': []}]
KEYS = {
    'mpjob': [1, 0, 2, '1', None, True],
    'name': ['a', '', 1, None],
    'description': ['', 5],
    'folder': ['.', '', 1],
    'processes': [1, 500, 'auto', 0, -1, 1.5, 'many', None, True],
    'start_method': ['fork', 'spawn', 'forkserver', 'thread', '', 1],
    'chunksize': [1, 'auto', 0, '1'],
    'timeout': [1, 0.5, 0, -1, '1', None],
    'task_timeout': [1, 0.001, '300%', '12.5%', '0.5%', 0, -1, '0%', '0.0%', '%', '3', 'x%', '-5%',
                     '1e3%'],
    'retries': [0, 9, -1, '1', 1.5],
    'retry_delay': [0, 0.5, 3, -0.1, '1s'],
    'ok_exit_codes': [[], [0, 255], [256], [-1], 0, ['0'], [1.5]],
    'creates': ['a', '', 1],
    'on_error': ['continue', 'stop', 'pause', {'stop_after': 1}, {'stop_after': '5%'},
                 {'stop_after': '100%'}, {'stop_after': '0.5%'}, 'ignore', 1, {}, {'stop_after': 0},
                 {'stop_after': '101%'}, {'stop_after': '0%'}, {'after': 1}, {'stop_after': '100.5%'}],
    'max_tasks_per_child': [1, 0, '1'],
    'ordered': [True, False, 1, 'yes'],
    'cwd': ['a', '', 1],
    'env': [{}, {'A': ''}, {'A': 1}, {'': 'a'}, {'A=B': 'c'}, []],
    'nice': [-20, 0, 19, -21, 20, 1.5, '1'],
    'memory_limit': [1, 1.5, '2G', '3kib', '1.M', '0G', '512M', '1.5G', '100', 0, '', 'G', '2X', -1, True],
    'min_free_memory': [1 << 40, '1T', '1K', 0, '1 G'],
    'log_level': ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'warning', 10],
    'results': ['a', '', 1],
    'engine': ['local', 'slurm', 'cloud'],
    'unknown': [1],
}


@unittest.skipIf(jsonschema is None, 'python3-jsonschema is not installed')
class SchemaTest(harness.Case):
    def is_valid(self, job):
        return jsonschema.Draft202012Validator(SCHEMA).is_valid(job)

    def is_accepted(self, path):
        run = self.start_arguments(['--check', str(path)], run_dir=False)
        self.assertIn(run.wait(), (0, 2))
        return run.wait() == 0, run.stderr

    def compare(self, job):
        accepted, message = self.is_accepted(self.write('job.mpjob', job))
        self.assertEqual(self.is_valid(job), accepted, f'{json.dumps(job)}: {message}')

    def test_it_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_examples(self):
        for path in (ROOT / 'data' / 'examples').glob('*.mpjob'):
            self.assertTrue(self.is_valid(json.loads(path.read_text())), path)

    def test_the_job_of_a_run(self):
        run = self.run_arguments(['--', 'echo', '{1}{2}', ':::', 'a', ':::', 'b'])
        self.assertTrue(self.is_valid(json.loads((run.dir / 'job.json').read_text())))
        run = self.run_job({'task': {'shell': 'echo {}'}, 'inputs': {'range': [2]}, 'env': {'A': 'b'},
                            'memory_limit': '1G', 'task_timeout': '900%', 'processes': 1})
        self.assertTrue(self.is_valid(json.loads((run.dir / 'job.json').read_text())))

    def test_malformed(self):
        for path in sorted(MALFORMED.glob('*.mpjob')):
            if path.stem not in BEYOND:
                self.assertFalse(self.is_valid(json.loads(path.read_text())), path.stem)

    def test_each_value(self):
        """The parser and the schema agree about each."""
        for task in TASKS:
            self.compare({'mpjob': 1, 'task': task, 'inputs': [1]})
        for inputs in INPUTS:
            self.compare({'mpjob': 1, 'task': TASKS[0], 'inputs': inputs})
        for key, values in KEYS.items():
            for value in values:
                self.compare({'mpjob': 1, 'task': TASKS[0], 'inputs': [1], key: value})
        for missing in ('mpjob', 'task', 'inputs'):
            job = {'mpjob': 1, 'task': TASKS[0], 'inputs': [1]}
            del job[missing]
            self.compare(job)

    def test_each_key_is_there(self):
        job = {'mpjob': 1, 'task': TASKS[0], 'inputs': [1], 'no_such_key': 1}
        message = self.is_accepted(self.write('job.mpjob', job))[1]
        keys = message.split('one of ')[1].strip().split(', ')
        self.assertEqual(sorted(keys), sorted(SCHEMA['properties']))


if __name__ == '__main__':
    unittest.main()
