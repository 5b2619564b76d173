/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* This process's id, for what asks often: getpid() is a system call each time. */
pid_t _mp_get_pid (void);
