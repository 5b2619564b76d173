/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-connection.h"

G_BEGIN_DECLS

void _mp_connections_after_fork (GArray *passed);

G_END_DECLS
