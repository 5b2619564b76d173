# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures Python's pool; prints one figure a line: NAME VALUE. The twin of bench-pool.c."""
import multiprocessing
import sys
import time


def nothing(x):
    return x


def map_items(pool, name, n, chunksize):
    start = time.monotonic()
    pool.map(nothing, range(n), chunksize)
    print(name, round(n / (time.monotonic() - start)))


def apply(pool):
    n = 2000
    start = time.monotonic()
    for i in range(n):
        pool.apply(nothing, (i,))
    print('apply-round-trip-us', round((time.monotonic() - start) / n * 1e6, 2))


if __name__ == '__main__':
    context = multiprocessing.get_context(sys.argv[1])
    start = time.monotonic()
    with context.Pool(2) as pool:
        pool.apply(nothing, (1,))
        print('first-result-ms', round((time.monotonic() - start) * 1e3, 3))
    with context.Pool(2) as pool:
        map_items(pool, 'warm-up', 1000, 1)
        map_items(pool, 'map-chunksize-1', 50000, 1)
        map_items(pool, 'map-default', 1000000, None)
        apply(pool)
