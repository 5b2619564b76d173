/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "gm-values.h"

G_BEGIN_DECLS

/* A text with replacement strings, compiled once and expanded for each item. */
typedef struct _GmTemplate GmTemplate;

GmTemplate    *gm_template_new         (const char     *text);
void           gm_template_free        (GmTemplate     *self);
guint          gm_template_n_fields    (GmTemplate     *self);
const GmField *gm_template_get_field   (GmTemplate     *self,
                                        guint           i);
gboolean       gm_template_expand      (GmTemplate     *self,
                                        GmValues       *values,
                                        GString        *out,
                                        GError        **error);
char          *gm_template_escape      (const char     *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmTemplate, gm_template_free)

G_END_DECLS
