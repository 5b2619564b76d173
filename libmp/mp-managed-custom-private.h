/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-managed-private.h"

G_BEGIN_DECLS

/* The threads of a server that run the methods of types that programs have registered. */
typedef struct _MpCustom MpCustom;

MpCustom            *_mp_custom_new        (MpServer    *server);
int                  _mp_custom_get_fd     (MpCustom    *self);
void                 _mp_custom_collect    (MpCustom    *self);
void                 _mp_custom_stop       (MpCustom    *self);
const MpManagedType *_mp_custom_find_type  (const char  *name);

G_END_DECLS
