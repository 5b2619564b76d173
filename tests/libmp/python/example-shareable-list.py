# SPDX-License-Identifier: LGPL-2.1-or-later
import multiprocessing
import sys
from multiprocessing.shared_memory import ShareableList


def change(shared):
    shared[0] = 'howdy'
    shared[-1] = 2.5


def show(shared):
    print(shared.format)
    for value in shared:
        print(repr(value))


if __name__ == '__main__':
    multiprocessing.set_start_method(sys.argv[1])
    items = ShareableList(['hello', -273.154, 100, 42])
    process = multiprocessing.Process(target=change, args=(items,))
    show(items)
    process.start()
    process.join()
    show(items)
    print(items.count(100), items.index(2.5))
    try:
        items[0] = 'much too long'
    except ValueError:
        print('too long')
    items.shm.close()
    items.shm.unlink()
