# SPDX-License-Identifier: GPL-3.0-or-later
"""Each kind of inputs through the whole program, and commands that treat their pipes oddly."""
import base64
import itertools
import os
import sys
import unittest

import harness

PYTHON = sys.executable


class InputsTest(harness.Case):
    def items(self, inputs, code=0, **keywords):
        run = self.run_job({'task': {'command': ['true'], 'stdin': True}, 'inputs': inputs}, code=code,
                           **keywords)
        outcomes = run.by_index()
        return [outcomes[i].get('item') for i in range(len(outcomes))]

    def test_range(self):
        for arguments in ([5], [2, 6], [10, 0, -3], [0, 10, 4], [3, 3], [9223372036854775806,
                                                                        9223372036854775807]):
            self.assertEqual(self.items({'range': arguments}), list(range(*arguments)))

    def test_items(self):
        items = [1, 'a', None, True, 1.5, [1], {'b': 2}]
        self.assertEqual(self.items(items), items)
        self.assertEqual(self.items({'items': items}), items)
        self.assertEqual(self.items([]), [])

    def test_glob_and_files(self):
        for name in ('b', 'a', '.hidden', 'd/c', 'd/e/c', '-x'):
            self.write(name, '')
        (self.work / 'link').symlink_to('d')
        self.assertEqual(self.items({'glob': ['a', '*', 'b']})[:2], ['./-x', 'a'])
        self.assertEqual(self.items({'glob': '**/c'}), ['d/c', 'd/e/c'])
        self.assertEqual(self.items({'glob': '*/'}), ['d/', 'link/'])
        self.assertEqual(self.items({'files': ['b', 'a']}), ['b', 'a'])
        run = self.run_job({'task': {'command': ['echo']}, 'inputs': {'glob': '-*'}})
        self.assertEqual(run.stdout, b'./-x\n')
        for nothing in ({'glob': 'z*'}, {'files': ['a', 'z']}):
            run = self.run_job({'task': {'command': ['true']}, 'inputs': nothing}, code=2)
            self.assertIn('z', run.stderr)

    def test_lines(self):
        text = b'one\r\n\ntwo\nthree'
        expected = ['one', '', 'two', 'three']
        self.write('lines', text)
        self.assertEqual(self.items({'lines': 'lines'}), expected)
        self.assertEqual(self.items({'lines': '-'}, stdin=text), expected)
        self.assertEqual(self.items({'lines': '-', 'separator': 'NUL'}, stdin=b'a\nb\0c\0'),
                         ['a\nb', 'c'])

    def test_a_file_that_is_deleted_while_it_is_read(self):
        """What is open is read to its end; who goes on with the run is told."""
        path = self.write('lines', ''.join(f'{i}\n' for i in range(20000)))
        run = self.start({'task': {'shell': '[ {} != 0 ] || while ! [ -e go ]; do sleep 0.01; done'},
                          'inputs': {'lines': 'lines'}, 'processes': 2}, '--first=300')
        harness.wait_for(lambda: len(run.outcomes()) > 10, 'outcomes')
        path.unlink()
        self.write('go', '')
        self.assertEqual(run.wait(), 0, run.stderr)
        self.assert_all_once(run, 300)
        resumed = self.start_arguments([f'--resume={run.dir}/'], run_dir=False)
        self.assertEqual(resumed.wait(), 2)
        self.assertIn(str(path), resumed.stderr)
        run = self.run_job({'task': {'command': ['true']}, 'inputs': {'lines': 'lines'}}, code=2)
        self.assertIn(str(path), run.stderr)

    def test_csv(self):
        self.write('t.csv', b'\xef\xbb\xbfa,b\r\n1,"x, ""y""\nz"\r\n2,\r\n3\r\n"4" 5,6\r\n7,8\r\n')
        run = self.run_job({'task': {'command': ['echo', '{a}']}, 'inputs': {'csv': 't.csv'}}, code=1)
        outcomes = [run.by_index()[i] for i in range(5)]
        self.assertEqual(outcomes[0]['item'], {'a': '1', 'b': 'x, "y"\nz'})
        self.assertEqual(outcomes[1]['item'], {'a': '2', 'b': ''})
        for bad in (2, 3):
            self.assertEqual(outcomes[bad]['reason'], 'bad-input')
            self.assertIn('t.csv:', outcomes[bad]['error'])
        self.assertEqual(outcomes[4]['item'], {'a': '7', 'b': '8'})
        self.write('u.csv', '1,2\n3,4\n')
        self.assertEqual(self.items({'csv': 'u.csv', 'header': False}), [['1', '2'], ['3', '4']])

    def test_jsonl(self):
        self.write('t.jsonl', '{"a": [1.50, "\\u00e4"]}\nnonsense\n5\n{"a":1,"a":2}\nnull\n')
        run = self.run_job({'task': {'function': 'builtin:echo'}, 'inputs': {'jsonl': 't.jsonl'}},
                           code=1)
        outcomes = run.by_index()
        self.assertEqual(outcomes[0]['result'], {'a': [1.5, 'ä']})
        self.assertEqual([outcomes[i]['result'] for i in (2, 4)], [5, None])
        for bad, line in ((1, 2), (3, 4)):
            self.assertEqual(outcomes[bad]['reason'], 'bad-input')
            self.assertIn(f't.jsonl:{line}', outcomes[bad]['error'])

    def test_product(self):
        self.write('x.txt', '')
        self.write('y.txt', '')
        items = self.items({'product': {'b': [2, 'z'], 'a': {'range': [3]}, 'f': {'glob': '*.txt'}}})
        self.assertEqual(items, [{'b': b, 'a': a, 'f': f} for b, a, f in
                                 itertools.product([2, 'z'], range(3), ['x.txt', 'y.txt'])])

    def test_several_lists_of_a_command_line(self):
        run = self.run_arguments(['--', 'echo', '{2}{1}{3}', ':::', 'a', 'b', ':::', '1', ':::', 'x',
                                  'y'])
        self.assertEqual(run.stdout.split(), [b'1ax', b'1ay', b'1bx', b'1by'])
        run = self.run_arguments(['--', 'echo', ':::', 'a', ':::'])
        self.assertEqual((run.stdout, run.outcomes()), (b'', []))

    def test_bytes_of_a_command_line_and_of_lines(self):
        raw = b'a\xff\xfe'
        run = self.run_arguments([b'--', b'printf', b'%s', b':::', raw])
        self.assertEqual(run.stdout, raw)
        self.assertEqual(base64.b64decode(run.by_index()[0]['item_base64']), raw)
        run = self.run_arguments(['--', 'printf', '%s', '{}'], stdin=raw + b'\n')
        self.assertEqual(run.stdout, raw)


class OddCommandsTest(harness.Case):
    def run_code(self, code, *items, exit_code=0, **keys):
        run = self.run_job({'task': {'command': [PYTHON, '-c', code, '{}']}, 'inputs': list(items),
                            **keys}, code=exit_code)
        self.assert_nothing_left()
        return run

    def test_output_of_any_bytes(self):
        code = 'import os; os.write(1, bytes(range(256))); os.write(2, b"\\0" * 10)'
        run = self.run_code(code, 0)
        outcome = run.by_index()[0]
        self.assertEqual(base64.b64decode(outcome['stdout_base64']), bytes(range(256)))
        self.assertNotIn('stdout', outcome)
        # JSON strings of ours have no U+0000.
        self.assertEqual(base64.b64decode(outcome['stderr_base64']), b'\0' * 10)
        self.assertEqual(run.stdout, bytes(range(256)))

    def test_output_at_the_limit_of_memory(self):
        code = 'import os, sys; n = int(sys.argv[1]); sys.stdout.buffer.write(b"\\xff" * n)'
        run = self.run_code(code, 65535, 65536, 65537)
        for index, size in enumerate((65535, 65536, 65537)):
            outcome = run.by_index()[index]
            if size <= 65536:
                self.assertEqual(base64.b64decode(outcome['stdout_base64']), b'\xff' * size)
            else:
                self.assertEqual((run.dir / outcome['stdout_file']).read_bytes(), b'\xff' * size)
        self.assertEqual(sorted(os.listdir(run.dir / 'outputs')), ['2.out'])
        self.assertEqual(run.stdout, b'\xff' * (65535 + 65536 + 65537))

    def test_spilled_output_of_failed_attempts_is_kept(self):
        code = ('import os, sys; n = os.environ["GTK_MP_ATTEMPT"]; '
                'sys.stdout.write(n * 70000); sys.stderr.write(n * 80000); sys.exit(n == "1")')
        run = self.run_code(code, 0, retries=1)
        failed = run.events('item-retried')[0]['outcome']
        for name, size in (('stdout', 70000), ('stderr', 80000)):
            self.assertEqual((run.dir / failed[f'{name}_file']).read_text(), '1' * size)
            self.assertEqual((run.dir / run.by_index()[0][f'{name}_file']).read_text(), '2' * size)

    def test_closed_standard_output(self):
        code = 'import os, time; os.close(1); os.close(2); time.sleep(0.2)'
        self.assertEqual(self.run_code(code, 0).by_index()[0]['status'], 'ok')

    def test_somebody_else_holds_the_pipe(self):
        code = ('import subprocess; print("here", flush=True); '
                'subprocess.Popen(["sh", "-c", "sleep 1000; echo late"], start_new_session=True)')
        outcome = self.run_code(code, 0).by_index()[0]
        self.assertEqual((outcome['status'], outcome['stdout']), ('ok', 'here\n'))
        self.assertLess(outcome['duration'], 100)

    def test_standard_input_is_empty(self):
        code = 'import sys; print(repr(sys.stdin.read()))'
        self.assertEqual(self.run_code(code, 0).stdout, b"''\n")

    def test_standard_input_that_is_not_read(self):
        run = self.run_job({'task': {'command': ['true'], 'stdin': True},
                            'inputs': ['x' * 1000000, 'y']})
        self.assertEqual({o['status'] for o in run.outcomes()}, {'ok'})

    def test_a_command_that_stops_itself_is_ended_by_its_timeout(self):
        code = 'import os, signal; os.kill(os.getpid(), signal.SIGSTOP)'
        run = self.run_code(code, 0, exit_code=1, task_timeout=0.5)
        self.assertEqual(run.by_index()[0]['status'], 'timeout')

    def test_a_command_with_a_family_is_ended_whole(self):
        code = ('import os, time\n'
                'for _ in range(3):\n'
                '    if os.fork() == 0:\n'
                '        os.setsid()\n'
                'time.sleep(1000)')
        run = self.run_code(code, 0, exit_code=1, task_timeout=1)
        self.assertEqual(run.by_index()[0]['status'], 'timeout')


if __name__ == '__main__':
    unittest.main()
