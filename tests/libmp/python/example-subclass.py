# SPDX-License-Identifier: LGPL-2.1-or-later
import multiprocessing
import os
import sys


class Squarer(multiprocessing.Process):
    def __init__(self, number):
        super().__init__()
        self.number = number

    def run(self):
        print('%s: %d' % (self.name, self.number * self.number))
        print('in the process that start() made:', self.pid == os.getpid())


if __name__ == '__main__':
    multiprocessing.set_start_method(sys.argv[1])
    process = Squarer(12)
    process.start()
    process.join()
