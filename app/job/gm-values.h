/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "gm-field.h"
#include "gm-item.h"

G_BEGIN_DECLS

/* What replacement strings stand for: an item as the templates see it. Reused from item to item. */
typedef struct _GmValues GmValues;

GmValues *gm_values_new          (void);
void      gm_values_free         (GmValues       *self);
void      gm_values_set          (GmValues       *self,
                                  const GmItem   *item,
                                  gint64          index,
                                  int             slot);
gboolean  gm_values_append_field (GmValues       *self,
                                  const GmField  *field,
                                  GString        *out,
                                  GError        **error);
void      gm_values_append_item  (GmValues       *self,
                                  GString        *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmValues, gm_values_free)

G_END_DECLS
