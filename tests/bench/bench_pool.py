# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures Python's pool; prints one figure a line: WHO FIGURE VALUE. The twin of bench-pool.c."""
import multiprocessing
import sys
import time


def nothing(x):
    return x


def show(name, value):
    print('Python', name, value)


def map_items(pool, n, chunksize):
    start = time.monotonic()
    pool.map(nothing, range(n), chunksize)
    return n / (time.monotonic() - start)


def apply(pool):
    n = 1000
    start = time.monotonic()
    for i in range(n):
        pool.apply(nothing, (i,))
    return (time.monotonic() - start) / n * 1e6


def main(method):
    context = multiprocessing.get_context(method)
    start = time.monotonic()
    with context.Pool(2) as pool:
        pool.apply(nothing, (1,))
        show(f'first-result-{method}-ms', (time.monotonic() - start) * 1e3)
    with context.Pool(2) as pool:
        map_items(pool, 1000, 1)
        show(f'map-chunk-1-{method}', map_items(pool, 20000, 1))
        show(f'map-default-{method}', map_items(pool, 1000000, None))
        show(f'apply-{method}-us', apply(pool))


if __name__ == '__main__':
    main(sys.argv[1])
