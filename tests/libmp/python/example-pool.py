# SPDX-License-Identifier: LGPL-2.1-or-later
import multiprocessing
import sys


def square(x):
    return x * x


if __name__ == '__main__':
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(4) as pool:
        print(pool.map(square, [1, 2, 3, 4, 5]))
        print(pool.apply(square, (10,)))
        print(pool.apply_async(square, (20,)).get())
