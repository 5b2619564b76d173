# SPDX-License-Identifier: LGPL-2.1-or-later
import multiprocessing
import sys


def use_all(lock, rlock, semaphore, bounded, event, condition, barrier):
    with lock:
        print('Lock')
    with rlock, rlock:
        print('RLock')
    with semaphore:
        print('Semaphore', semaphore.get_value())
    with bounded:
        print('BoundedSemaphore', bounded.get_value())
    event.wait()
    print('Event')
    with condition:
        print('Condition')
        condition.notify()
    barrier.wait()
    print('Barrier')


if __name__ == '__main__':
    multiprocessing.set_start_method(sys.argv[1])
    lock = multiprocessing.Lock()
    rlock = multiprocessing.RLock()
    semaphore = multiprocessing.Semaphore(2)
    bounded = multiprocessing.BoundedSemaphore(1)
    event = multiprocessing.Event()
    condition = multiprocessing.Condition()
    barrier = multiprocessing.Barrier(2)
    process = multiprocessing.Process(target=use_all, args=(lock, rlock, semaphore, bounded, event,
                                                            condition, barrier))
    with condition:
        process.start()
        event.set()
        condition.wait()
        print('notified')
    barrier.wait()
    process.join()
    try:
        bounded.release()
    except ValueError as error:
        print(error)
