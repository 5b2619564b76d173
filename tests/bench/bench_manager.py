# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bench-manager measures, with Python's multiprocessing."""
import multiprocessing
import time

SETS = 5000


if __name__ == '__main__':
    with multiprocessing.get_context('fork').Manager() as manager:
        shared = manager.dict()
        begin = time.monotonic()
        for number in range(SETS):
            shared['key'] = number
        print('Python dict-set-us', (time.monotonic() - begin) / SETS * 1e6)
