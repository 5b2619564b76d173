/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-connection.h"

G_BEGIN_DECLS

MpConnection *_mp_connection_new          (int           fd);
gboolean      _mp_connection_has_pending  (MpConnection *self);

G_END_DECLS
