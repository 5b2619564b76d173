# SPDX-License-Identifier: LGPL-2.1-or-later
import multiprocessing
import sys

DEBUG = 10


def work():
    print('Child Process done.')


if __name__ == '__main__':
    multiprocessing.set_start_method(sys.argv[1])
    multiprocessing.log_to_stderr(DEBUG)
    process = multiprocessing.Process(target=work)
    process.start()
    process.join()
