/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "gm-draft.h"

G_BEGIN_DECLS

#define GM_TYPE_FORM_ROW (gm_form_row_get_type ())
G_DECLARE_FINAL_TYPE (GmFormRow, gm_form_row, GM, FORM_ROW, AdwPreferencesRow)

void     gm_form_row_set_draft (GmFormRow   *self,
                                GmDraft     *draft);
gboolean gm_form_row_set_error (GmFormRow   *self,
                                const char  *path,
                                const char  *message);
void     gm_form_row_set_columns (GmFormRow          *self,
                                  const char * const *columns);
void     gm_form_row_set_example (GmFormRow  *self,
                                  const char *text);
gboolean gm_form_row_begin     (GmFormRow   *self,
                                const char  *prefix);

G_END_DECLS
