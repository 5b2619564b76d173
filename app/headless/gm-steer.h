/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-options.h"
#include "gm-snapshot.h"

G_BEGIN_DECLS

int         gm_steer            (const GmOptions  *options);
GmSnapshot *gm_steer_read_state (const char       *dir,
                                 GError          **error);
void        gm_steer_report_dead (const char      *run,
                                 const char       *dir,
                                 const GError     *cause);

G_END_DECLS
