# SPDX-License-Identifier: LGPL-2.1-or-later
import logging
import multiprocessing
import sys


def work(d, l):
    d[1] = '1'
    d['2'] = 2
    d[0.25] = None
    l.reverse()


if __name__ == '__main__':
    multiprocessing.set_start_method(sys.argv[1])
    multiprocessing.log_to_stderr(logging.DEBUG)
    with multiprocessing.Manager() as manager:
        d = manager.dict()
        l = manager.list(range(10))
        process = multiprocessing.Process(target=work, args=(d, l))
        process.start()
        process.join()
        print(d)
        print(l)
