/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is said outside of a run. */

void gm_report          (const char *message);
int  gm_finish_printing (void);

G_END_DECLS
