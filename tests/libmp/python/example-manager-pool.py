# SPDX-License-Identifier: LGPL-2.1-or-later
import multiprocessing
import sys


def square(x):
    return x * x


if __name__ == '__main__':
    context = multiprocessing.get_context(sys.argv[1])
    with context.Manager() as manager:
        pool = manager.Pool(4)
        print(pool.apply(square, (10,)))
        print(pool.map(square, range(5)))
        result = pool.map_async(square, range(3), 2)
        print(result.get(60), result.successful())
        for value in pool.imap(square, range(3)):
            print(value)
        pool.close()
        pool.join()
