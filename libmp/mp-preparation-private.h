/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-process.h"

G_BEGIN_DECLS

/* What a child that was not forked from this process has to know to be as if it were. */
GVariant  *_mp_preparation_new    (MpProcess  *process);
MpProcess *_mp_preparation_apply  (GVariant   *preparation,
                                   GError    **error);

G_END_DECLS
