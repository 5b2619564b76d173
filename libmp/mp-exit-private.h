/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What exit() means in this process. */
typedef enum
{
  MP_EXIT_MAIN,
  MP_EXIT_CHILD,   /* of a function that has not returned */
  MP_EXIT_SERVER,  /* nothing */
} MpExitRole;

void _mp_handle_exit    (void);
void _mp_exit_set_role  (MpExitRole  role);
void _mp_exit_function  (void);
void _mp_exit_child     (int         exit_code) G_GNUC_NORETURN;

G_END_DECLS
