#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs gtk-mp, libmp, their peers and C programs for the physical limit side by side, interleaved,
several rounds, and prints medians and ratios. Absolute figures mean little; ratios of one run do.

    tests/bench/run.py BUILD_DIR [ROUNDS [TOPIC…]]

The programs bench-command and bench-process beside it compare with the limits by themselves.
"""
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(sys.argv[1]).resolve()
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
TOPICS = sys.argv[3:]
GTK_MP = BUILD / 'app' / 'gtk-mp'
PYTHON = '/usr/bin/python3'
N_COMMANDS = 2000
N_ITEMS = 1000000


def figures(*command):
    """The figures that a program prints, NAME VALUE a line."""
    out = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    pairs = (line.split() for line in out.splitlines())
    return {pair[0]: float(pair[1]) for pair in pairs if len(pair) == 2}


def seconds(command, **options):
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
    return time.monotonic() - start


def headless(*words, items=None, measure):
    """Runs gtk-mp in a run directory of its own; MEASURE gets that directory and the start."""
    with tempfile.TemporaryDirectory() as folder:
        run = os.path.join(folder, 'run')
        start = time.time()
        subprocess.run([GTK_MP, '--headless', '--quiet', '--run-dir=' + run, *words],
                       input=items, text=True, check=True, stdout=subprocess.DEVNULL)
        return measure(run, start, time.time())


def commands_per_second(run, start, end):
    with open(os.path.join(run, 'results.jsonl'), encoding='utf-8') as results:
        assert sum(1 for _ in results) == N_COMMANDS
    return N_COMMANDS / (end - start)


def first_task_ms(run, start, end):
    with open(os.path.join(run, 'results.jsonl'), encoding='utf-8') as results:
        return (json.loads(results.readline())['started'] - start) * 1e3


def items_per_second(run, start, end):
    return N_ITEMS / (end - start)


def with_peer(program, function):
    return function if shutil.which(program) else None


def pool(method):
    return {
        'libmp': lambda: figures(BUILD / 'tests/bench/bench-pool', method),
        'Python': lambda: figures(PYTHON, HERE / 'bench_pool.py', method),
    }


def command():
    numbers = ''.join(f'{i}\n' for i in range(N_COMMANDS))
    name = 'true-per-second'

    def ours():
        rate = headless('-j2', '--', 'true', '{#}', items=numbers, measure=commands_per_second)
        return {name: rate}

    def peer(*words):
        def run():
            return {name: N_COMMANDS / seconds(words, input=numbers, text=True)}
        return with_peer(words[0], run)

    return {
        'gtk-mp': ours,
        'xargs -P2': peer('xargs', '-P2', '-n1', 'true'),
        'GNU parallel': peer('parallel', '-j2', 'true'),
    }


def headless_items():
    def million():
        with tempfile.TemporaryDirectory() as folder:
            job = os.path.join(folder, 'square.mpjob')
            with open(job, 'w', encoding='utf-8') as file:
                json.dump({'mpjob': 1, 'task': {'function': 'builtin:square'},
                           'inputs': {'range': [N_ITEMS]}, 'processes': 2}, file)
            return headless('--json', job, measure=items_per_second)

    def start_up(method):
        return headless('-j2', '--start-method=' + method, '--', 'true', '{#}', items='1\n',
                        measure=first_task_ms)

    def ours():
        found = {'square-items-per-second': million()}
        for method in 'fork', 'spawn', 'forkserver':
            found[f'start-to-first-task-ms-{method}'] = start_up(method)
        return found

    def parallel():
        start = time.time()
        out = subprocess.run(['parallel', '-j2', 'date +%s.%N; true'], input='1\n', text=True,
                             stdout=subprocess.PIPE, check=True).stdout
        ms = (float(out.split()[0]) - start) * 1e3
        return {f'start-to-first-task-ms-{method}': ms
                for method in ('fork', 'spawn', 'forkserver')}

    return {'gtk-mp': ours, 'GNU parallel': with_peer('parallel', parallel)}


TOPIC_TABLE = {
    'pool-fork': lambda: pool('fork'),
    'pool-spawn': lambda: pool('spawn'),
    'pool-forkserver': lambda: pool('forkserver'),
    'command': command,
    'headless': headless_items,
}


def measure(topic):
    """Medians by figure and contestant. The contestants take turns, so that noise hits all."""
    contestants = TOPIC_TABLE[topic]()
    values = {}
    for _ in range(ROUNDS):
        for label, run in contestants.items():
            for name, value in (run() if run else {}).items():
                values.setdefault(name, {}).setdefault(label, []).append(value)
    for label, run in contestants.items():
        if run is None:
            print(f'{topic}: {label} is missing here, skipped')
    return {name: {label: statistics.median(each) for label, each in row.items()}
            for name, row in values.items()}


def show(topic):
    for name, row in measure(topic).items():
        first = next(iter(row.values()))
        # A ratio says how many times better the first one is.
        lower_is_better = name.endswith(('-us', '-ms')) or '-ms-' in name
        cells = []
        for i, (label, value) in enumerate(row.items()):
            ratio = value / first if lower_is_better else first / value
            cells.append(f'{label} {value:,.6g}' + (f' (× {ratio:.2f})' if i else ''))
        print(f'{topic:16} {name:32} ' + '   '.join(cells), flush=True)


resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
for each in TOPICS or TOPIC_TABLE:
    show(each)
