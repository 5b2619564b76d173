# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bench-process measures, with Python's multiprocessing."""
import multiprocessing
import time

SLICE = 0.3


def nothing():
    pass


def measure(context):
    begin = time.monotonic()
    count = 0
    while time.monotonic() - begin < SLICE:
        process = context.Process(target=nothing)
        process.start()
        process.join()
        count += 1
    return count / (time.monotonic() - begin)


if __name__ == '__main__':
    for method in ('fork', 'forkserver', 'spawn'):
        context = multiprocessing.get_context(method)
        first = context.Process(target=nothing)
        first.start()
        first.join()
        print('Python', 'process-' + method, measure(context))
