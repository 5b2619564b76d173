#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs gtk-mp, libmp, their peers and the physical limit side by side, taking turns, several
rounds, and prints one table. Absolute figures mean little on a shared machine: a ratio is the
median of the ratios of each round.

    tests/bench/run.py BUILD_DIR [ROUNDS [TOPIC…]]

BUILD_DIR: meson setup BUILD_DIR -Dbuildtype=release -Dbenchmarks=true
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
GTK_MP = 'gtk-mp'
PYTHON = '/usr/bin/python3'
METHODS = 'fork', 'forkserver', 'spawn'
N_COMMANDS = 2000
LEVELS = 'DEBUG', 'INFO', 'WARNING', 'ERROR'
MILLION = 1000000

# Figure: what it must be by itself, and how many times as good as whom. Figures that end in -ms,
# -us, -ns, -mib or -cost are better when they are lower.
ABSOLUTE = {
    'first-result-fork-ms': 3, 'first-result-forkserver-ms': 6, 'first-result-spawn-ms': 10,
    'start-to-task-fork-ms': 15, 'start-to-task-forkserver-ms': 15, 'start-to-task-spawn-ms': 15,
    'results-open-ms': 1000, 'results-frame-p95-ms': 10, 'results-peak-mib': 120,
    'log-open-ms': 1000, 'log-frame-p95-ms': 10, 'log-peak-mib': 120,
    'watch-64-percent-cost': 5, 'idle-wake-ups-cost': 0,
    'queue-items': 5e6, 'value-add-ns': 40,
    'square-items': 400000, 'square-peak-mib': 64, 'ten-million-peak-mib': 64,
}
RELATIVE = {
    'process-fork': {'limit': 0.5}, 'process-forkserver': {'limit': 0.35},
    'process-spawn': {'limit': 0.3},
    'large-parent-forkserver': {'small-parent': 0.9}, 'large-parent-spawn': {'small-parent': 0.9},
    'pipe-us': {'limit': 1 / 1.1}, 'pipe-mebibytes': {'limit': 0.3},
    'dict-set-us': {'limit': 1 / 1.3},
    'true-commands': {'limit': 0.9, 'xargs': 1.05, 'GNU-parallel': 5},
}
for _method in METHODS:
    ABSOLUTE['map-chunk-1-' + _method] = 3e6
    ABSOLUTE['map-default-' + _method] = 5e6
    ABSOLUTE['map-tenfold-' + _method + '-cost'] = 1.2
    RELATIVE['apply-' + _method + '-us'] = {'limit': 1 / 1.3}

# Shown, not aimed at.
NO_TARGET = 'limit', 'bare-socket', 'bare-vfork', 'mp_command_run', 'gtk-mp--version'


def figures(*command):
    """What a program prints, a line for each figure: WHO FIGURE VALUE. Of one that it prints
    several times the median."""
    out = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    rows = [row for row in map(str.split, out.splitlines()) if len(row) == 3]
    values = {}
    for who, name, value in rows:
        values.setdefault((who, name), []).append(float(value))
    return {key: statistics.median(several) for key, several in values.items()}


def program(build, name, *words):
    return lambda: figures(build / 'tests/bench' / name, *words)


def python(name, *words):
    return with_peer(PYTHON, lambda: figures(PYTHON, HERE / name, *words))


def with_peer(command, function):
    return function if shutil.which(command) else None


def run_headless(build, *words, items='', measure):
    """MEASURE gets the run directory, the start and end, and the largest process's memory."""
    with tempfile.TemporaryDirectory() as folder:
        run = os.path.join(folder, 'run')
        begin = time.time()
        with subprocess.Popen([build / 'app' / GTK_MP, '--headless', '--quiet', '--run-dir=' + run,
                               *words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              text=True) as process:
            process.stdin.write(items)
            process.stdin.close()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return measure(run, begin, time.time(), usage.ru_maxrss / 1024)


def count_lines(run):
    with open(os.path.join(run, 'results.jsonl'), 'rb') as results:
        return sum(1 for _ in results)


def run_square(build, n_items, measure):
    with tempfile.TemporaryDirectory() as folder:
        job = os.path.join(folder, 'square.mpjob')
        with open(job, 'w', encoding='utf-8') as file:
            json.dump({'mpjob': 1, 'task': {'function': 'builtin:square'},
                       'inputs': {'range': [n_items]}, 'processes': 2}, file)
        return run_headless(build, job, measure=measure)


def square(build, n_items, name):
    def measure(run, begin, end, mib):
        assert count_lines(run) == n_items
        return {('gtk-mp', name + '-items'): n_items / (end - begin),
                ('gtk-mp', name + '-peak-mib'): mib}

    return run_square(build, n_items, measure)


def true_commands(build):
    numbers = ''.join(f'{i}\n' for i in range(N_COMMANDS))

    def measure(run, begin, end, _mib):
        assert count_lines(run) == N_COMMANDS
        return {('gtk-mp', 'true-commands'): N_COMMANDS / (end - begin)}

    def peer(label, *words):
        def run():
            begin = time.monotonic()
            subprocess.run(words, input=numbers, text=True, check=True,
                           stdout=subprocess.DEVNULL)
            return {(label, 'true-commands'): N_COMMANDS / (time.monotonic() - begin)}
        return with_peer(words[0], run)

    return {
        'gtk-mp': lambda: run_headless(build, '-j2', '--', 'true', '{#}', items=numbers,
                                       measure=measure),
        'limit': program(build, 'bench-command'),
        'xargs': peer('xargs', 'xargs', '-P2', '-n1', 'true'),
        'moreutils-parallel': peer('moreutils-parallel', 'parallel.moreutils', '-j2', 'true', '--',
                                   *numbers.split()),
        'GNU-parallel': peer('GNU-parallel', 'parallel', '-j2', 'true'),
    }


def start_up(build):
    def measure(run, begin, _end, _mib):
        with open(os.path.join(run, 'results.jsonl'), encoding='utf-8') as results:
            return (json.loads(results.readline())['started'] - begin) * 1e3

    def ours():
        return {('gtk-mp', f'start-to-task-{method}-ms'):
                run_headless(build, '-j2', '--start-method=' + method, '--', 'true', '{#}',
                             items='1\n', measure=measure) for method in METHODS}

    def parallel():
        begin = time.time()
        out = subprocess.run(['parallel', '-j2', 'date +%s.%N; true'], input='1\n', text=True,
                             stdout=subprocess.PIPE, check=True).stdout
        ms = (float(out.split()[0]) - begin) * 1e3
        return {('GNU-parallel', f'start-to-task-{method}-ms'): ms for method in METHODS}

    def version():
        begin = time.time()
        subprocess.run([build / 'app' / GTK_MP, '--version'], stdout=subprocess.DEVNULL, check=True)
        ms = (time.time() - begin) * 1e3
        return {('gtk-mp--version', f'start-to-task-{method}-ms'): ms for method in METHODS}

    return {'gtk-mp': ours, 'gtk-mp--version': version,
            'GNU-parallel': with_peer('parallel', parallel)}


def views(build):
    """The window's pages of a run of a million items with a log of a million lines."""
    def measure(run, *_):
        with open(os.path.join(run, 'log.txt'), 'w', encoding='utf-8') as log:
            log.writelines(f'[{LEVELS[i % 4]}/ForkServerPoolWorker-{i % 8 + 1}] {i} tasks\n'
                           for i in range(MILLION))
        return {figure: value for page in ('results', 'log') for figure, value in
                figures(HERE.parent / 'ui/run-ui', build / 'tests/bench/bench-views', run, page,
                        MILLION).items()}

    return run_square(build, MILLION, measure)


def watch(build):
    """64 workers watched at 10 Hz beside another monitor, and an idle window."""
    return {'window': lambda: figures(HERE.parent / 'ui/run-ui', HERE / 'bench_watch.py',
                                      build / 'app' / GTK_MP)}


def first_frame(build):
    """The window without and with a long history, beside windows of GNOME."""
    return {'window': lambda: figures(HERE.parent / 'ui/run-ui', HERE / 'bench_start.py',
                                      build / 'app' / GTK_MP)}


def pool(method):
    return lambda build: {'libmp': program(build, 'bench-pool', method),
                          'Python': python('bench_pool.py', method)}


TOPICS = {
    'process': lambda build: {'libmp': program(build, 'bench-process'),
                              'Python': python('bench_process.py')},
    'pool-fork': pool('fork'),
    'pool-forkserver': pool('forkserver'),
    'pool-spawn': pool('spawn'),
    'pipe': lambda build: {'libmp': program(build, 'bench-pipe'),
                           'Python': python('bench_pipe.py')},
    'shared': lambda build: {'libmp': program(build, 'bench-shared'),
                             'Python': python('bench_shared.py')},
    'manager': lambda build: {'libmp': program(build, 'bench-manager'),
                              'Python': python('bench_manager.py')},
    'command': true_commands,
    'start-up': start_up,
    'square': lambda build: {'gtk-mp': lambda: square(build, MILLION, 'square')},
}
# All that libmp is measured by, in one run.
GROUPS = {'libmp': ('process', 'pool-fork', 'pool-forkserver', 'pool-spawn', 'pipe', 'shared',
                    'manager')}
# Four gigabytes of disk and a minute, or a display: only when asked for.
ON_REQUEST = {
    'views': lambda build: {'gtk-mp': lambda: views(build)},
    'watch': watch,
    'first-frame': first_frame,
    'ten-million': lambda build: {'gtk-mp': lambda: square(build, 10 * MILLION, 'ten-million')},
}


def measure_rounds(build, topic, n_rounds):
    """For each figure, the values of each round by who has them."""
    contestants = (TOPICS | ON_REQUEST)[topic](build)
    rounds = {}
    for label, run in contestants.items():
        if run is None:
            print(f'{topic}: {label}: peer missing, skipped', flush=True)
    for _ in range(n_rounds):
        for run in filter(None, contestants.values()):
            for (who, name), value in run().items():
                rounds.setdefault(name, {}).setdefault(who, []).append(value)
    return rounds


def is_lower_better(name):
    return name.endswith(('-ms', '-us', '-ns', '-mib', '-cost'))


def show(name, row):
    lower = is_lower_better(name)
    ours = next(iter(row.values()))
    for i, (who, values) in enumerate(row.items()):
        median = statistics.median(values)
        best = min(values) if lower else max(values)
        ratio = target = met = ''
        if i == 0 and name in ABSOLUTE:
            limit = ABSOLUTE[name]
            target = f'{"≤" if lower else "≥"} {limit:,.6g}'
            met = 'met' if (median <= limit if lower else median >= limit) else 'MISSED'
        elif i > 0:
            better = statistics.median(b / a if lower else a / b for a, b in zip(ours, values))
            wanted = RELATIVE.get(name, {}).get(who, None if who in NO_TARGET else 1)
            ratio = f'{better:.2f} ×'
            if wanted is not None:
                target = f'≥ {wanted:.2f} ×'
                met = 'met' if better >= wanted else 'MISSED'
        print(f'{name if i == 0 else "":28} {who:19} {median:12,.5g} {best:12,.5g} '
              f'{ratio:>9} {target:>12} {met}', flush=True)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    n_rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(f'{"figure":28} {"who":19} {"median":>12} {"best":>12} {"ours is":>9} {"target":>12}')
    for topic in [topic for word in sys.argv[3:] or TOPICS for topic in GROUPS.get(word, (word,))]:
        for name, row in measure_rounds(build, topic, n_rounds).items():
            show(name, row)


if __name__ == '__main__':
    if len(sys.argv) < 2 or set(sys.argv[3:]) - set(TOPICS | GROUPS | ON_REQUEST):
        sys.exit(f'{__doc__}\nTopics: {", ".join(TOPICS)}; {", ".join(GROUPS)}\nOn request: {", ".join(ON_REQUEST)}')
    main()
