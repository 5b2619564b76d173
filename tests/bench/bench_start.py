#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the window takes from its start to its first frame, without a past and with ten thousand
runs in its history, beside programs of GNOME: bench_start.py PROGRAM [ROUNDS], under
tests/ui/run-ui. Prints milliseconds, the median of all rounds, and what the history adds."""
import ctypes
import json
import os
import pathlib
import select
import shutil
import statistics
import subprocess
import sys
import time

N_RUNS = 10000
MAP_NOTIFY = 19
SUBSTRUCTURE_NOTIFY = 1 << 19
AT_ONCE = 3  # XDamageReportNonEmpty


class Display:
    """As much of X as it takes to see a window appear and something drawn in it."""

    def __init__(self):
        self.x11 = ctypes.CDLL('libX11.so.6')
        self.damage = ctypes.CDLL('libXdamage.so.1')
        for library, function, result, arguments in (
                (self.x11, 'XOpenDisplay', ctypes.c_void_p, [ctypes.c_char_p]),
                (self.x11, 'XDefaultRootWindow', ctypes.c_ulong, [ctypes.c_void_p]),
                (self.x11, 'XSelectInput', ctypes.c_int,
                 [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_long]),
                (self.x11, 'XPending', ctypes.c_int, [ctypes.c_void_p]),
                (self.x11, 'XConnectionNumber', ctypes.c_int, [ctypes.c_void_p]),
                (self.x11, 'XNextEvent', ctypes.c_int, [ctypes.c_void_p, ctypes.c_void_p]),
                (self.x11, 'XGetGeometry', ctypes.c_int, [ctypes.c_void_p] * 1 + [ctypes.c_ulong]
                 + [ctypes.c_void_p] * 7),
                (self.x11, 'XSetErrorHandler', ctypes.c_void_p, [ctypes.c_void_p]),
                (self.damage, 'XDamageQueryExtension', ctypes.c_int, [ctypes.c_void_p] * 3),
                (self.damage, 'XDamageCreate', ctypes.c_ulong,
                 [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int])):
            getattr(library, function).restype = result
            getattr(library, function).argtypes = arguments
        # Windows go away while they are asked.
        self.handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(
            lambda display, error: 0)
        self.x11.XSetErrorHandler(ctypes.cast(self.handler, ctypes.c_void_p))
        self.display = self.x11.XOpenDisplay(None)
        base, error = ctypes.c_int(), ctypes.c_int()
        self.damage.XDamageQueryExtension(self.display, ctypes.byref(base), ctypes.byref(error))
        self.damage_notify = base.value
        root = self.x11.XDefaultRootWindow(self.display)
        self.x11.XSelectInput(self.display, root, SUBSTRUCTURE_NOTIFY)

    def events(self, seconds):
        """(type, window) of each, as they come."""
        end = time.monotonic() + seconds
        event = (ctypes.c_long * 24)()
        while time.monotonic() < end:
            if not self.x11.XPending(self.display):
                select.select([self.x11.XConnectionNumber(self.display)], [], [],
                              max(end - time.monotonic(), 0))
                continue
            self.x11.XNextEvent(self.display, event)
            # The window stands behind type, serial, send_event and display; for the first event
            # that is the parent, and the child follows.
            kind = ctypes.cast(event, ctypes.POINTER(ctypes.c_int))[0]
            yield kind, event[5 if kind == MAP_NOTIFY else 4]

    def is_large(self, window):
        root = ctypes.c_ulong()
        numbers = [ctypes.c_int() for _ in range(6)]
        return self.x11.XGetGeometry(self.display, window, ctypes.byref(root),
                                     *map(ctypes.byref, numbers)) and numbers[2].value > 300

    def wait_for_frame(self, seconds=60):
        for kind, window in self.events(seconds):
            if kind == MAP_NOTIFY and self.is_large(window):
                self.damage.XDamageCreate(self.display, window, AT_ONCE)
            elif kind == self.damage_notify and self.is_large(window):
                return time.monotonic()
        sys.exit('no window came')


def first_frame(display, words, state):
    for _ in display.events(0.3):
        pass
    begin = time.monotonic()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          env={**os.environ, 'XDG_STATE_HOME': state}) as process:
        milliseconds = (display.wait_for_frame() - begin) * 1000
        process.terminate()
    return milliseconds


def make_history(program, state):
    """One run that really was, and as many copies."""
    runs = pathlib.Path(state, 'gtk-mp', 'runs')
    runs.mkdir(mode=0o700, parents=True)
    model = pathlib.Path(state, 'model')
    job = pathlib.Path(state, 'a.mpjob')
    job.write_text(json.dumps({'mpjob': 1, 'task': {'function': 'builtin:square'},
                               'inputs': {'range': [0, 10]}}), encoding='utf-8')
    subprocess.run([program, '--headless', '--quiet', f'--run-dir={model}', job], check=True,
                   stdout=subprocess.DEVNULL)
    for i in range(N_RUNS):
        copy = runs / f'20260101-{i // 3600:02}{i // 60 % 60:02}{i % 60:02}-squares-{i:04x}'
        copy.mkdir(mode=0o700)
        for file in model.iterdir():
            if file.is_file():
                os.link(file, copy / file.name)


def main(program, rounds):
    home = os.environ['HOME']
    empty, full = os.path.join(home, 'empty'), os.path.join(home, 'full')
    make_history(program, full)
    contestants = {'window': ([program], empty), 'window-with-history': ([program], full)}
    for other, words in (('gnome-text-editor', ['--standalone', '--new-window']),
                         ('gnome-system-monitor', ['-p'])):
        if shutil.which(other):
            contestants[other] = ([other, *words], empty)
    display = Display()
    times = {name: [] for name in contestants}
    for _ in range(rounds + 1):
        for name, (words, state) in contestants.items():
            times[name].append(first_frame(display, words, state))
    for name, values in times.items():
        # The first round has filled the caches.
        print(f'{name} first-frame-milliseconds-cost {statistics.median(values[1:]):.0f}')


if __name__ == '__main__':
    main(os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 7)
