# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bench-pipe measures, with Python's multiprocessing."""
import multiprocessing
import time

ROUNDS = 5000


def echo(connection):
    for _ in range(ROUNDS):
        connection.send(connection.recv())


if __name__ == '__main__':
    context = multiprocessing.get_context('fork')
    ours, theirs = context.Pipe()
    process = context.Process(target=echo, args=(theirs,))
    process.start()
    begin = time.monotonic()
    for number in range(ROUNDS):
        ours.send(number)
        ours.recv()
    print('Python', 'pipe-us', (time.monotonic() - begin) / ROUNDS * 1e6)
    process.join()
