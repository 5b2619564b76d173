/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-context.h"

G_BEGIN_DECLS

gboolean    _mp_context_get_allow_threads   (MpContext     *self);
const char *_mp_context_get_prefix          (MpContext     *self);
void        _mp_set_default_start_method    (MpStartMethod  method);
const char *_mp_get_forkserver_preload      (void);

G_END_DECLS
