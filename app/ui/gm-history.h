/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-run.h"

G_BEGIN_DECLS

#define GM_TYPE_HISTORY (gm_history_get_type ())
G_DECLARE_FINAL_TYPE (GmHistory, gm_history, GM, HISTORY, GObject)

GmHistory *gm_history_new        (const char *folder);
gboolean   gm_history_contains   (GmHistory  *self,
                                  const char *name);
gboolean   gm_history_find       (GmHistory  *self,
                                  const char *name,
                                  guint      *position);
void       gm_history_add        (GmHistory  *self,
                                  const char *name);
void       gm_history_remove     (GmHistory  *self,
                                  const char *name);
void       gm_history_set_search (GmHistory  *self,
                                  const char *search);
GPtrArray *gm_history_get_names  (GmHistory  *self);

G_END_DECLS
