#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A pool of commands from Python: each is run in a worker, and what became of it is printed in the
order of the inputs."""
import gi

gi.require_version('Mp', '1')
from gi.repository import GLib, Mp  # noqa: E402

COMMANDS = [
    ['echo', 'one'],
    ['sh', '-c', 'echo no >&2; exit 3'],
    ['sh', '-c', 'kill -9 $$'],
    ['sleep', '60'],
    ['no-such-program'],
]


def describe(argv):
    command = Mp.Command.new(argv)
    command.set_timeout(500_000)
    return command.to_variant()


def show(argv, result):
    try:
        outcome = result.get(-1).unpack()
    except GLib.Error as error:
        print(argv[0], 'error:', Mp.Error(error.code).value_nick)
        return
    print(argv[0], outcome['end'], outcome.get('exit-status', outcome.get('signal')),
          bytes(outcome['stdout']), bytes(outcome['stderr']))


pool = Mp.Pool.new(None, 2)
pool.start()
results = [pool.apply_async('mp_command', describe(argv)) for argv in COMMANDS]
print('workers:', [worker['name'] for worker in pool.describe_workers().unpack()])
for argv, result in zip(COMMANDS, results):
    show(argv, result)

# The same without waiting: the main loop goes on, and calls back.
loop = GLib.MainLoop()


def on_ready(result, answer):
    for outcome in result.get_finish(answer).unpack():
        print('later:', bytes(outcome['stdout']))
    loop.quit()


items = GLib.Variant('av', [describe(['echo', str(number)]) for number in range(3)])
pool.map_async('mp_command', items, 1).get_async(None, on_ready)
loop.run()

try:
    pool.apply('square', GLib.Variant('i', 2))
except GLib.Error as error:
    print('error:', Mp.Error(error.code).value_nick)

pool.close()
pool.join(-1)
stats = pool.get_stats()
print('done:', stats.done, 'workers:', stats.workers)
