#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress line on a terminal, and that it harms nothing there."""
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import unittest

from harness import PROGRAM, Case, wait_for

# Nothing ends before the test has seen enough.
UNTIL_GO = 'until [ -e go ]; do sleep 0.01; done; '


def show(data):
    """The lines a terminal of unlimited size shows in the end."""
    lines, column = [''], 0
    for part in re.findall(r'\r|\n|\x1b\[K|[^\r\n\x1b]+|\x1b', data.decode()):
        line = lines[-1]
        if part == '\r':
            column = 0
        elif part == '\n':
            lines.append('')
            column = 0
        elif part == '\x1b[K':
            lines[-1] = line[:column]
        else:
            lines[-1] = line[:column].ljust(column) + part + line[column + len(part):]
            column += len(part)
    return lines


def drawings(data):
    """The progress lines that were drawn."""
    return re.findall(r'\r([^\r\n\x1b]+)\x1b\[K', data.decode())


class Terminal(Case):
    def set_columns(self, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))

    def start_on_terminal(self, *words, columns=80, term='xterm', hangup=signal.SIG_DFL,
                          **keywords):
        """The program, its controlling terminal in self.master."""
        self.master, slave = pty.openpty()
        self.terminal = os.fdopen(self.master, 'wb', 0)
        self.addCleanup(self.terminal.close)
        self.addCleanup(os.close, slave)
        self.set_columns(columns)
        self.data = b''
        os.set_blocking(self.master, False)
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        streams = {'stdin': slave, 'stdout': slave, 'stderr': slave, **keywords}
        process = subprocess.Popen(
            [PROGRAM, '--headless', *words], cwd=self.work, env=self.environment({'TERM': term}),
            preexec_fn=lambda: (os.setsid(), fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
                                signal.signal(signal.SIGHUP, hangup)), **streams)
        self.addCleanup(process.wait)
        self.addCleanup(self.end, process)
        return process

    def read(self):
        try:
            while data := os.read(self.master, 65536):
                self.data += data
        except BlockingIOError:
            pass
        return self.data

    def wait_for_drawing(self, pattern='done'):
        return wait_for(lambda: [line for line in drawings(self.read())
                                 if re.search(pattern, line)], f'progress like {pattern}')

    def finish(self, process, code=0):
        wait_for(lambda: self.read() is None or process.poll() is not None, 'the end')
        self.assertEqual(process.returncode, code, self.read())
        self.assertEqual(termios.tcgetattr(self.slave), self.before)
        self.assertNotIn(b'\x1b[?25l', self.data)
        return show(self.read())

    def go(self):
        self.write('go', '')

    def test_widths(self):
        for columns in (20, 40, 80, 200):
            with self.subTest(columns):
                process = self.start_on_terminal(
                    '-j2', '--', 'sh', '-c', UNTIL_GO + 'echo out {}; echo err {} >&2', ':::',
                    *map(str, range(20)), columns=columns)
                # How many run is said where there is room for it, once the workers are there.
                self.wait_for_drawing('0/20 done' + ('.* 2 running' if columns >= 80 else ''))
                self.go()
                lines = self.finish(process)
                self.assertEqual(lines, [line for i in range(20)
                                         for line in (f'out {i}', f'err {i}')] + [''])
                longest = max(map(len, drawings(self.data)))
                self.assertLess(longest, columns)
                if columns >= 80:
                    self.assertIn('time left unknown', drawings(self.data)[0])
                (self.work / 'go').unlink()

    def test_total_unknown(self):
        read, write = os.pipe()
        with os.fdopen(read, 'rb') as reader, os.fdopen(write, 'wb', 0) as writer:
            process = self.start_on_terminal('--', 'echo', stdin=reader)
            writer.write(b'a\n')
            line = self.wait_for_drawing(r'\b1 done')[-1]
            self.assertNotIn('/', line.split(',')[0])
        self.assertEqual(self.finish(process), ['a', ''])

    def test_resized(self):
        process = self.start_on_terminal('--', 'sh', '-c', UNTIL_GO, ':::', 'a', columns=100)
        self.assertGreater(len(self.wait_for_drawing()[-1]), 30)
        self.set_columns(30)
        wait_for(lambda: len(drawings(self.read())[-1]) < 30, 'a shorter line')
        self.go()
        self.assertEqual(self.finish(process), [''])

    def test_interrupted(self):
        process = self.start_on_terminal('--', 'sleep', ':::', '1000')
        self.wait_for_drawing()
        os.write(self.master, b'\x03')
        lines = self.finish(process, 130)
        self.assertEqual(len(lines), 2, lines)
        self.assertIn(str(self.folder / 'state'), lines[0])
        self.assertEqual(lines[1], '')
        self.assert_nothing_left()

    def test_hung_up(self):
        """Also when what runs does not want to know."""
        process = self.start_on_terminal('-j2', '--', 'sh', '-c',
                                         'trap "" TERM HUP; echo >up{}; sleep 1000; true', ':::',
                                         '1', '2', '3')
        wait_for(lambda: len(list(self.work.glob('up?'))) == 2, 'two items run')
        self.terminal.close()
        self.assertEqual(process.wait(60), 129)
        self.assert_nothing_left()
        state, = (self.folder / 'state').rglob('state.json')
        state = json.loads(state.read_text())
        self.assertEqual((state['state'], state['exit_code']), ('interrupted', 129))

    def test_hung_up_under_nohup(self):
        """Who ignores it goes on, also when the terminal was its standard error."""
        for streams in ({'stdout': subprocess.PIPE}, {'stdout': subprocess.PIPE,
                                                      'stderr': subprocess.DEVNULL}):
            with self.subTest(streams=list(streams)):
                process = self.start_on_terminal(
                    '--', 'sh', '-c', f'echo >up; {UNTIL_GO} echo {{}}; echo e >&2', ':::',
                    'a', 'b', hangup=signal.SIG_IGN, **streams)
                wait_for((self.work / 'up').exists, 'an item runs')
                self.terminal.close()
                self.go()
                self.assertEqual(process.communicate()[0], b'a\nb\n')
                self.assertEqual(process.returncode, 0)
                for name in ('up', 'go'):
                    (self.work / name).unlink()

    def test_output_without_newlines(self):
        process = self.start_on_terminal(
            '-j1', '--', 'sh', '-c',
            '[ {} = 0 ] || ' + UNTIL_GO + 'printf {}', ':::', *'0123456789')
        wait_for(lambda: b'0\x1b' in self.read() or show(self.read())[-1].endswith('0'), 'a 0')
        self.go()
        self.assertEqual(self.finish(process), ['0123456789'])

    def test_only_standard_error(self):
        process = self.start_on_terminal(
            '--', 'sh', '-c', UNTIL_GO + 'echo {}; echo e{} >&2', ':::', 'a', 'b',
            stdout=subprocess.PIPE)
        self.wait_for_drawing()
        self.go()
        self.assertEqual(process.stdout.read(), b'a\nb\n')
        process.stdout.close()
        self.assertEqual(self.finish(process), ['ea', 'eb', ''])

    def test_not_wanted(self):
        for words, term in ((['--quiet'], 'xterm'), ([], 'dumb')):
            process = self.start_on_terminal(*words, '--', 'sleep', ':::', '0.3', '0.3',
                                             term=term)
            self.finish(process)
            self.assertEqual(self.data, b'')

    def test_controls_are_shown_only(self):
        job = {'mpjob': 1, 'task': {'shell': r"printf '\033[7mown\033[0m\n'"},
               'creates': 'no\u001b[31m\u0007{}', 'inputs': ['\u009b1m']}
        process = self.start_on_terminal('--quiet', str(self.write('a.mpjob', job)))
        wait_for(lambda: self.read() is None or process.poll() is not None, 'the end')
        self.assertEqual(process.returncode, 1)
        own, log = self.read().split(b'\r\n')[:2]
        self.assertEqual(own, b'\x1b[7mown\x1b[0m')
        self.assertIn(rb'no\x1b[31m\x07\x9b1m', log)
        self.assertNotIn(b'\x1b', log)

    def test_no_inputs_but_a_terminal(self):
        process = self.start_on_terminal('--', 'echo')
        lines = self.finish(process, 2)
        self.assertEqual(len(lines), 2, lines)
        self.assertIn(':::', lines[0])


if __name__ == '__main__':
    unittest.main()
