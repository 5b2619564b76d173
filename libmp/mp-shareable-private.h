/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-shareable.h"

G_BEGIN_DECLS

/* Called in a forked child for an object that it was not given. */
typedef void (*MpLeftOut) (gpointer object);

void      _mp_shareable_own          (gpointer       object,
                                      int            fd,
                                      MpLeftOut      left_out);
void      _mp_shareable_disown       (int            fd);
gpointer  _mp_shareable_find         (int            fd,
                                      GType          type);
void      _mp_shareables_after_fork  (GArray        *passed);

/* What a function that gives a value returns must be there until that was sent. */
extern _Thread_local gboolean _mp_shareables_kept;  /* whether this thread has any */

void      _mp_shareables_keep        (gboolean      keep);
void      _mp_shareables_let_go      (void);

gboolean  _mp_shareable_check_state  (GVariant      *state,
                                      const char    *type_string,
                                      const char    *what,
                                      GError       **error);

G_END_DECLS
