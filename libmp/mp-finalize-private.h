/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-finalize.h"

G_BEGIN_DECLS

void _mp_finalizers_run        (int  min_priority);
void _mp_finalizers_after_fork (void);

G_END_DECLS
