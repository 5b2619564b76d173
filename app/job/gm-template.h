/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "gm-item.h"

G_BEGIN_DECLS

/* One text with replacement strings, compiled. */
typedef struct _GmTemplate GmTemplate;

/* What they stand for: an item as the templates see it. Reused from item to item. */
typedef struct _GmValues GmValues;

GmValues   *gm_values_new             (void);
void        gm_values_free            (GmValues    *values);
void        gm_values_set             (GmValues    *values,
                                       const GmItem *item,
                                       gint64       index,
                                       int          slot);

GmTemplate *gm_template_new           (const char  *text);
void        gm_template_free          (GmTemplate  *template);
gboolean    gm_template_is_constant   (GmTemplate  *template);
gboolean    gm_template_expand        (GmTemplate  *template,
                                       GmValues    *values,
                                       GString     *out,
                                       GError     **error);

char       *gm_template_escape        (const char  *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmValues, gm_values_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmTemplate, gm_template_free)

G_END_DECLS
