/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-listener.h"

G_BEGIN_DECLS

/* For those who have an event loop: readable when there may be something to do, and what is done
 * then, which does not wait. */
int       _mp_listener_get_fd    (MpListener  *self);
gboolean  _mp_listener_step      (MpListener  *self);
int       _mp_listener_take      (MpListener  *self,
                                  GError     **error);

G_END_DECLS
