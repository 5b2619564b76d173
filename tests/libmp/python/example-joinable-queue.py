# SPDX-License-Identifier: LGPL-2.1-or-later
import multiprocessing
import sys


def consume(queue):
    while True:
        item = queue.get()
        if item is not None:
            print('consumed', item)
        queue.task_done()
        if item is None:
            break


if __name__ == '__main__':
    multiprocessing.set_start_method(sys.argv[1])
    queue = multiprocessing.JoinableQueue()
    process = multiprocessing.Process(target=consume, args=(queue,))
    process.start()
    for number in range(10):
        queue.put(number)
    queue.put(None)
    queue.join()
    process.join()
    print('all done')
