/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-process-private.h"

G_BEGIN_DECLS

/* What a fresh image of the program is to become. */
#define MP_IMAGE_PROCESS    "process"
#define MP_IMAGE_FORKSERVER "forkserver"

gboolean _mp_image_start  (const char  *role,
                           GVariant    *data,
                           int          death_signal,
                           int          ignored_signal,
                           MpStarted   *started,
                           GError     **error);
void     _mp_image_run    (const char  *argument) G_GNUC_NORETURN;

G_END_DECLS
