/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "gm-field.h"

G_BEGIN_DECLS

/* A shell text whose replacement strings have become variables, so that values stay data. */
typedef struct
{
  char      *text;    /* for /bin/sh -c */
  GPtrArray *fields;  /* of GmField: field i is in the variable GTK_MP_V<i + 1> */
} GmShell;

GmShell *gm_shell_new  (const char  *text,
                        char       **message);
void     gm_shell_free (GmShell     *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmShell, gm_shell_free)

G_END_DECLS
