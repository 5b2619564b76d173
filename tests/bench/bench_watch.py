#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window costs while it shows 64 workers, beside GNOME's system monitor, and when nothing
happens: bench_watch.py PROGRAM SECONDS, under tests/ui/run-ui. Prints percents of a core, and how
often the window's main thread woke up."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

WORKERS = 64
APP = 'org.gtk_mp.GtkMp'


def cpu_seconds(pid):
    with open(f'/proc/{pid}/stat', encoding='utf-8') as stat:
        fields = stat.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def wait_for(what, find):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = find()
        if found:
            return found
        time.sleep(0.1)
    sys.exit(f'waited in vain for {what}')


def activate(action, parameter):
    return subprocess.run(['gapplication', 'action', APP, action, parameter], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


def count_wakeups(pid, seconds):
    """Of the main thread: each time it goes to sleep it has been awake."""
    trace = subprocess.run(['timeout', '-s', 'INT', str(seconds), 'strace', '-q', '-p', str(pid),
                            '-e', 'trace=poll,ppoll'], stderr=subprocess.PIPE, text=True, check=False)
    return len(re.findall(r'^(?:ppoll|poll)\(.*= ', trace.stderr, re.M))


def main(program, seconds):
    folder = os.path.join(os.environ['XDG_STATE_HOME'], 'gtk-mp', 'runs')
    os.makedirs(folder, 0o700)
    job = os.path.join(os.environ['HOME'], 'watched.mpjob')
    with open(job, 'w', encoding='utf-8') as file:
        json.dump({'mpjob': 1, 'task': {'function': 'builtin:sleep'}, 'processes': WORKERS,
                   'chunksize': 1, 'inputs': [0.5] * (WORKERS * 2 * (seconds + 60))}, file)
    started = []

    def start(*words):
        started.append(subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return started[-1]

    try:
        runner = start(program, '--headless', '--quiet', '--run-dir=' + os.path.join(folder, 'watched'), job)
        wait_for('the run', lambda: os.path.exists(os.path.join(folder, 'watched', 'state.json')))
        contestants = {'window': start(program)}
        if shutil.which('gnome-system-monitor'):
            contestants['gnome-system-monitor'] = start('gnome-system-monitor', '-p')
        wait_for('the window', lambda: activate('show-run', "'watched'"))
        time.sleep(5)
        before = {name: cpu_seconds(process.pid) for name, process in contestants.items()}
        time.sleep(seconds)
        for name, process in contestants.items():
            percent = (cpu_seconds(process.pid) - before[name]) * 100 / seconds
            print(f'{name} watch-64-percent-cost {percent:.1f}')
        runner.send_signal(signal.SIGTERM)
        runner.wait()
        time.sleep(5)
        if shutil.which('strace'):
            print(f'window idle-wake-ups-cost {count_wakeups(contestants["window"].pid, 10)}')
    finally:
        for process in started:
            process.terminate()


if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20)
