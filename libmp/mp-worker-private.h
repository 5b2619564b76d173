/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The registered function that a pool's processes run, and the type of its arguments: arena, bell,
 * socket for descriptors, slot, most items, initializer or "", its arguments, where its output
 * goes. A variable, so that naming it links the function into every program that has a pool. */
extern const char _mp_worker_function[];

#define MP_WORKER_ARGS_TYPE "(hhhuusmvah)"

G_END_DECLS
