/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib.h>
#include "mp-macros.h"

G_BEGIN_DECLS

#define MP_ERROR (mp_error_quark ())

/**
 * MpError:
 * @MP_ERROR_FAILED: anything the other codes don't name
 * @MP_ERROR_TIMEOUT: multiprocessing.TimeoutError
 * @MP_ERROR_EOF: EOFError: the other end is closed and nothing is left
 * @MP_ERROR_CLOSED: ValueError/OSError: the object is closed, or never was open
 * @MP_ERROR_TOO_SHORT: BufferTooShort
 * @MP_ERROR_BAD_MESSAGE: a message over the limit, or not in normal form
 * @MP_ERROR_AUTHENTICATION: AuthenticationError
 * @MP_ERROR_PROCESS: ProcessError: wrong state for what was asked
 * @MP_ERROR_NOT_REGISTERED: no function or type of that name: it could not be found in a child
 * @MP_ERROR_MULTI_THREADED: fork refused: this process has several threads
 * @MP_ERROR_SPAWN: a process could not be started
 * @MP_ERROR_WORKER_LOST: the worker died while it ran the item
 * @MP_ERROR_TASK_TIMEOUT: one item took longer than the pool's task timeout
 * @MP_ERROR_CANCELLED: the pool was terminated or the result cancelled
 * @MP_ERROR_BROKEN: the pool cannot keep workers alive, or their initializer failed
 * @MP_ERROR_BROKEN_PIPE: BrokenPipeError: nobody can read what was to be sent
 * @MP_ERROR_EMPTY: queue.Empty
 * @MP_ERROR_FULL: queue.Full
 * @MP_ERROR_NOT_OWNED: AssertionError/ValueError: released, but not held; too often
 * @MP_ERROR_OWNER_DIED: a process died with the lock; it is held all the same
 * @MP_ERROR_BROKEN_BARRIER: BrokenBarrierError
 * @MP_ERROR_EXISTS: FileExistsError: shared memory of that name
 * @MP_ERROR_NOT_FOUND: FileNotFoundError, KeyError, IndexError, ValueError: not there
 *
 * What can go wrong, as codes of the domain %MP_ERROR.
 */
typedef enum
{
  MP_ERROR_FAILED,
  MP_ERROR_TIMEOUT,
  MP_ERROR_EOF,
  MP_ERROR_CLOSED,
  MP_ERROR_TOO_SHORT,
  MP_ERROR_BAD_MESSAGE,
  MP_ERROR_AUTHENTICATION,
  MP_ERROR_PROCESS,
  MP_ERROR_NOT_REGISTERED,
  MP_ERROR_MULTI_THREADED,
  MP_ERROR_SPAWN,
  MP_ERROR_WORKER_LOST,
  MP_ERROR_TASK_TIMEOUT,
  MP_ERROR_CANCELLED,
  MP_ERROR_BROKEN,
  MP_ERROR_BROKEN_PIPE,
  MP_ERROR_EMPTY,
  MP_ERROR_FULL,
  MP_ERROR_NOT_OWNED,
  MP_ERROR_OWNER_DIED,
  MP_ERROR_BROKEN_BARRIER,
  MP_ERROR_EXISTS,
  MP_ERROR_NOT_FOUND,
} MpError;

MP_EXPORT GQuark mp_error_quark (void);

G_END_DECLS
