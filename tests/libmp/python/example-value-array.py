# SPDX-License-Identifier: LGPL-2.1-or-later
import multiprocessing
import sys


def change(number, array):
    number.value = 3.1415927
    for i in range(len(array)):
        array[i] = -array[i]


if __name__ == '__main__':
    multiprocessing.set_start_method(sys.argv[1])
    number = multiprocessing.Value('d', 0.0)
    array = multiprocessing.Array('i', range(10))
    process = multiprocessing.Process(target=change, args=(number, array))
    process.start()
    process.join()
    print(number.value)
    print(array[:])
