# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the real program in a folder of its own and reads what it left behind."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import uuid

# What starts the tests may ignore it, as nohup does; then the program would go on ignoring it.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

PROGRAM = os.environ['GTK_MP']
FULL = os.environ.get('GTK_MP_TEST_FULL') == '1'
SANITIZED = os.environ.get('GTK_MP_TEST_SANITIZED') == '1'
SLOWER = float(os.environ.get('GTK_MP_TEST_SLOWER', '1'))
START_METHODS = ('fork', 'spawn', 'forkserver')
# Every process of a test inherits this, whoever its parent becomes.
MARK = 'GTK_MP_TEST_MARK'


def size(suite, full):
    return full if FULL else suite


def wait_for(condition, what, seconds=60, step=0.01):
    """What condition() says once that is true; an error when it takes too long."""
    deadline = time.monotonic() + seconds * SLOWER
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f'waited in vain for: {what}')
        time.sleep(step)


def read_proc(pid, name):
    try:
        return pathlib.Path(f'/proc/{pid}/{name}').read_bytes()
    except OSError:
        return b''


def proc_status(pid):
    """The fields of /proc/PID/status as text, {} when the process is gone."""
    lines = read_proc(pid, 'status').decode('utf-8', 'replace').splitlines()
    return dict(line.split(':\t', 1) for line in lines if ':\t' in line)


def is_alive(pid):
    """Running, sleeping or stopped: not gone, not waiting to be reaped."""
    return proc_status(pid).get('State', 'Z')[0] not in 'ZX'


def parent(pid):
    return int(proc_status(pid).get('PPid', '0'))


def all_pids():
    return [int(name) for name in os.listdir('/proc') if name.isdigit()]


def children(pid):
    return [child for child in all_pids() if parent(child) == pid]


def whole_lines(path):
    """The objects of a file of JSON lines; a torn last line is left out."""
    try:
        text = pathlib.Path(path).read_bytes()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.split(b'\n')[:-1]]


class Run:
    """One started program: its process, its folder and its files."""

    def __init__(self, process, folder, stdout, stderr):
        self.process = process
        self.pid = process.pid
        self.dir = folder
        self._stdout = stdout
        self._stderr = stderr

    @property
    def stdout(self):
        return self._stdout.read_bytes()

    @property
    def stderr(self):
        return self._stderr.read_text(errors='replace')

    def wait(self, seconds=240):
        """The exit code; for a death by signal minus its number."""
        return self.process.wait(seconds * SLOWER)

    def outcomes(self):
        return whole_lines(self.dir / 'results.jsonl')

    def by_index(self):
        return {outcome['index']: outcome for outcome in self.outcomes()}

    def events(self, name=None):
        events = whole_lines(self.dir / 'events.jsonl')
        return [event for event in events if name in (None, event['event'])]

    def state(self):
        return json.loads((self.dir / 'state.json').read_text())

    def workers(self):
        """Process ids of the workers that started and did not exit, as recorded."""
        pids = set()
        for event in self.events():
            if event['event'] == 'worker-started':
                pids.add(event['pid'])
            elif event['event'] == 'worker-exited':
                pids.discard(event['pid'])
        return sorted(pids)


class Case(unittest.TestCase):
    """A test with a temporary folder; nothing of it stays, neither file nor process."""

    maxDiff = 2000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='gtk-mp-test-'))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.mark = f'{MARK}={uuid.uuid4().hex}'.encode()
        self.runs = 0
        self.addCleanup(self.kill_leftovers)
        for name in ('state', 'runtime', 'work'):
            (self.folder / name).mkdir(mode=0o700)
        self.work = self.folder / 'work'

    def environment(self, extra=None):
        environment = dict(os.environ)
        for name in ('GTK_MP_INDEX', 'GTK_MP_SLOT', 'GTK_MP_ATTEMPT', 'GTK_MP_RUN'):
            environment.pop(name, None)
        environment['XDG_STATE_HOME'] = str(self.folder / 'state')
        environment['XDG_RUNTIME_DIR'] = str(self.folder / 'runtime')
        environment['LC_ALL'] = 'C.UTF-8'
        environment[MARK] = self.mark.decode().split('=')[1]
        environment.update(extra or {})
        return environment

    def write(self, name, content):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def start_arguments(self, arguments, stdin=b'', run_dir=True, env=None):
        """Starts the program with arguments (bytes or text) in the folder `work`."""
        self.runs += 1
        folder = self.folder / f'run-{self.runs}'
        command = [PROGRAM, '--headless']
        if run_dir:
            command.append(f'--run-dir={folder}')
        stdin_path = self.folder / f'stdin-{self.runs}'
        stdin_path.write_bytes(stdin)
        stdout = self.folder / f'stdout-{self.runs}'
        stderr = self.folder / f'stderr-{self.runs}'
        with open(stdin_path, 'rb') as i, open(stdout, 'wb') as o, open(stderr, 'wb') as e:
            process = subprocess.Popen(command + list(arguments), stdin=i, stdout=o, stderr=e,
                                       cwd=self.work, env=self.environment(env))
        self.addCleanup(process.wait)
        self.addCleanup(self.end, process)
        return Run(process, folder, stdout, stderr)

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()

    def start(self, job, *options, **keywords):
        """Starts a job, a dictionary without its "mpjob"."""
        path = self.write(f'job-{self.runs + 1}.mpjob', {'mpjob': 1, **job})
        return self.start_arguments([*options, str(path)], **keywords)

    def run_job(self, job, *options, code=0, **keywords):
        """Runs a job to its end, which has to be this exit code, if one is given."""
        run = self.start(job, *options, **keywords)
        ended = run.wait()
        if code is not None:
            self.assertEqual(ended, code, run.stderr)
        return run

    def run_arguments(self, arguments, code=0, **keywords):
        run = self.start_arguments(arguments, **keywords)
        self.assertEqual(run.wait(), code, run.stderr)
        return run

    def leftovers(self):
        """(pid, command line) of every process of this test, GTK_MP_RUN's included."""
        return [(pid, read_proc(pid, 'cmdline')) for pid in all_pids()
                if self.mark in read_proc(pid, 'environ').split(b'\0') and is_alive(pid)]

    def kill_leftovers(self):
        for pid, _ in self.leftovers():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def assert_nothing_left(self, seconds=10):
        deadline = time.monotonic() + seconds * SLOWER
        while self.leftovers() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(self.leftovers(), [])

    def assert_all_once(self, run, count):
        """Each index 0..count-1 has exactly one outcome."""
        indexes = [outcome['index'] for outcome in run.outcomes()]
        self.assertEqual(len(indexes), count)
        self.assertEqual(set(indexes), set(range(count)))

    def assert_attempts_recorded(self, run):
        """No attempt is forgotten: one item-retried for each attempt but the last."""
        retried = {}
        for event in run.events('item-retried'):
            retried[event['index']] = retried.get(event['index'], 0) + 1
            self.assertNotEqual(event['outcome']['status'], 'ok')
        wrong = [(o['index'], o['attempts'], retried.get(o['index'], 0)) for o in run.outcomes()
                 if o['attempts'] - 1 != retried.get(o['index'], 0)]
        self.assertEqual(wrong, [])
