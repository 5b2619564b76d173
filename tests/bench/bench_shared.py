# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bench-shared measures, with Python's multiprocessing."""
import multiprocessing
import time

ITEMS = 100000
PAIRS = 300000
ADDS = 50000


def get_items(queue):
    for _ in range(ITEMS):
        queue.get()


def add_often(value):
    for _ in range(ADDS):
        with value.get_lock():
            value.value += 1


def show(figure, number, begin, who='Python'):
    print(who, figure, number / (time.monotonic() - begin))


def put_items(queue, who):
    process = context.Process(target=get_items, args=(queue,))
    process.start()
    begin = time.monotonic()
    for item in range(ITEMS):
        queue.put(item)
    process.join()
    show('queue-items', ITEMS, begin, who)


if __name__ == '__main__':
    context = multiprocessing.get_context('fork')

    put_items(context.Queue(), 'Python')
    put_items(context.SimpleQueue(), 'SimpleQueue')

    semaphore = context.Semaphore(1)
    begin = time.monotonic()
    for _ in range(PAIRS):
        semaphore.acquire()
        semaphore.release()
    show('semaphore-pairs', PAIRS, begin)

    value = context.Value('q')
    begin = time.monotonic()
    add_often(value)
    print('Python', 'value-add-ns', (time.monotonic() - begin) / ADDS * 1e9)
    begin = time.monotonic()
    processes = [context.Process(target=add_often, args=(value,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    show('value-adds', 2 * ADDS, begin)
