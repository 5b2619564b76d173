# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bench-pipe measures, with Python's multiprocessing."""
import multiprocessing
import time

ROUNDS = 5000
LARGE = 200
MEBIBYTE = bytes(1024 * 1024)


def echo(connection):
    for _ in range(ROUNDS):
        connection.send(connection.recv())


def take_large(connection):
    for _ in range(LARGE):
        connection.recv_bytes()
    connection.send(True)


def start(function):
    context = multiprocessing.get_context('fork')
    ours, theirs = context.Pipe()
    process = context.Process(target=function, args=(theirs,))
    process.start()
    return ours, process


if __name__ == '__main__':
    pipe, child = start(echo)
    begin = time.monotonic()
    for number in range(ROUNDS):
        pipe.send(number)
        pipe.recv()
    print('Python', 'pipe-us', (time.monotonic() - begin) / ROUNDS * 1e6)
    child.join()

    pipe, child = start(take_large)
    begin = time.monotonic()
    for _ in range(LARGE):
        pipe.send_bytes(MEBIBYTE)
    pipe.recv()
    print('Python', 'pipe-mebibytes', LARGE / (time.monotonic() - begin))
    child.join()
