/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Of a function that runs in a child which shares our memory until it has become a program: no
 * instrumentation, nothing that keeps state behind the kernel's back, and system calls where the C
 * library would keep some. */
#define MP_IN_CHILD __attribute__ ((noinline, no_sanitize ("address", "undefined", "thread")))

/* The last one the kernel knows. */
#define MP_LAST_SIGNAL 64

void  _mp_reset_signals    (int last,
                            int ignored);
char *_mp_signal_to_string (int number);

G_END_DECLS
