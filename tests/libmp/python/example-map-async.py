# SPDX-License-Identifier: LGPL-2.1-or-later
import multiprocessing
import sys
import time


def square(x):
    return x * x


def nap(x):
    time.sleep(60)
    return x


def report(result, timeout):
    try:
        print(result.get(timeout))
    except multiprocessing.TimeoutError:
        print('timed out')


if __name__ == '__main__':
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(4) as pool:
        report(pool.map_async(square, range(30), chunksize=10), 60)
        report(pool.map_async(nap, range(30), chunksize=10), 0.1)
