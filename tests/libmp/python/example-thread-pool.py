# SPDX-License-Identifier: LGPL-2.1-or-later
import multiprocessing
import multiprocessing.pool

DEBUG = 10


def square(x):
    return x * x


multiprocessing.log_to_stderr(DEBUG)
pool = multiprocessing.pool.ThreadPool(1)
print(pool.map(square, [1, 2, 3, 4, 5], 1))
print(pool.apply(square, (10,)))
pool.close()
pool.join()
pool.terminate()
