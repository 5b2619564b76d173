/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _GmOrder GmOrder;

GmOrder  *gm_order_new        (void);
void      gm_order_free       (GmOrder  *self);
void      gm_order_put        (GmOrder  *self,
                               guint64   key,
                               guint64   value);
gboolean  gm_order_peek       (GmOrder  *self,
                               guint64   key,
                               guint64  *value);
void      gm_order_remove     (GmOrder  *self,
                               guint64   key);
guint64   gm_order_find_first (GmOrder  *self,
                               guint64   from);
guint64   gm_order_get_count  (GmOrder  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmOrder, gm_order_free)

G_END_DECLS
