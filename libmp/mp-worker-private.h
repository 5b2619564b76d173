/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-arena-private.h"

G_BEGIN_DECLS

/* What a worker needs to know. All borrowed while it runs. */
typedef struct
{
  MpArena    *arena;
  int         bell;         /* an eventfd that wakes the parent */
  int         socket;       /* for the descriptors of items and results */
  guint       slot;
  guint       max_tasks;    /* 0: no limit */
  const char *initializer;  /* "" if none */
  GVariant   *initargs;     /* nullable */
  gboolean    threaded;     /* in the process of the pool */
} MpWorkerSetup;

gboolean _mp_worker_run (const MpWorkerSetup  *setup,
                         GError              **error);

/* The registered function that a pool's processes run, and the type of its arguments: arena, bell,
 * socket for descriptors, slot, most items, initializer or "", its arguments, where its output
 * goes. A variable, so that naming it links the function into every program that has a pool. */
extern const char _mp_worker_function[];

#define MP_WORKER_ARGS_TYPE "(hhhuusmvah)"

G_END_DECLS
