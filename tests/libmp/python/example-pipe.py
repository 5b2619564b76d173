# SPDX-License-Identifier: LGPL-2.1-or-later
import multiprocessing
import sys


def answer(connection):
    connection.send([42, None, 'hello'])
    connection.close()


if __name__ == '__main__':
    multiprocessing.set_start_method(sys.argv[1])
    parent_end, child_end = multiprocessing.Pipe()
    process = multiprocessing.Process(target=answer, args=(child_end,))
    process.start()
    print(parent_end.recv())
    process.join()
