# SPDX-License-Identifier: LGPL-2.1-or-later
import multiprocessing
import os
import sys


def greet(name):
    print('%s: hello %s' % (multiprocessing.current_process().name, name))
    print('I am the process I am said to be:', multiprocessing.current_process().pid == os.getpid())
    print('started by', multiprocessing.parent_process().name)


if __name__ == '__main__':
    multiprocessing.set_start_method(sys.argv[1])
    process = multiprocessing.Process(target=greet, args=('bob',))
    process.start()
    process.join()
    print(process.name, 'ended with', process.exitcode)
