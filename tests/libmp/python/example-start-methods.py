# SPDX-License-Identifier: LGPL-2.1-or-later
import multiprocessing


def report():
    print(multiprocessing.current_process().name)


if __name__ == '__main__':
    methods = ['fork', 'forkserver', 'spawn']
    for method in methods:
        print('%s: %s' % (method, method in multiprocessing.get_all_start_methods()))
    multiprocessing.set_start_method('spawn')
    print(multiprocessing.get_start_method())
    try:
        multiprocessing.set_start_method('fork')
    except RuntimeError as error:
        print(error)
    for method in methods:
        process = multiprocessing.get_context(method).Process(target=report)
        process.start()
        process.join()
