# SPDX-License-Identifier: LGPL-2.1-or-later
import multiprocessing
import sys

DEBUG = 10


def square(x):
    return x * x


if __name__ == '__main__':
    context = multiprocessing.get_context(sys.argv[1])
    multiprocessing.log_to_stderr(DEBUG)
    pool = context.Pool(1)
    print(pool.map(square, [1, 2, 3, 4, 5], 1))
    print(pool.apply(square, (10,)))
    pool.close()
    pool.join()
    pool.terminate()
