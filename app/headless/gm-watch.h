/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-options.h"

G_BEGIN_DECLS

int gm_watch (const GmOptions *options);

G_END_DECLS
