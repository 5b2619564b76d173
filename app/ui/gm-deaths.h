/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-run.h"

G_BEGIN_DECLS

/* Workers of a run that ended without being told to. */
typedef struct _GmDeaths GmDeaths;

GmDeaths   *gm_deaths_new      (GmRun     *run);
void        gm_deaths_free     (GmDeaths  *self);
gboolean    gm_deaths_read     (GmDeaths  *self);
const char *gm_deaths_get_last (GmDeaths  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmDeaths, gm_deaths_free)

G_END_DECLS
