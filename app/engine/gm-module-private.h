/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-shared.h"

G_BEGIN_DECLS

void gm_module_init       (GmShared *shared,
                           guint     slot);
void gm_module_begin_item (guint64   index);

G_END_DECLS
