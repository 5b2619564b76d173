# SPDX-License-Identifier: LGPL-2.1-or-later
import multiprocessing
import sys


def increment(counter):
    with counter.get_lock():
        counter.value += 1


if __name__ == '__main__':
    multiprocessing.set_start_method(sys.argv[1])
    counter = multiprocessing.Value('i', 0)
    processes = [multiprocessing.Process(target=increment, args=(counter,)) for _ in range(10)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    print(counter.value)
