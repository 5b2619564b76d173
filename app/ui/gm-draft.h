/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-job.h"

G_BEGIN_DECLS

#define GM_TYPE_DRAFT (gm_draft_get_type ())
G_DECLARE_FINAL_TYPE (GmDraft, gm_draft, GM, DRAFT, GObject)

/* What nobody has written yet. */
typedef enum
{
  GM_DRAFT_LACKS_TASK = 1 << 0,
  GM_DRAFT_LACKS_INPUTS = 1 << 1,
} GmDraftLack;

GmDraft    *gm_draft_new            (void);
GmDraft    *gm_draft_new_for_inputs (const char * const  *paths);
GmDraft    *gm_draft_new_for_file   (const char          *path);
GmDraft    *gm_draft_new_for_text   (const char          *text,
                                     const char          *base_dir);
GmDraft    *gm_draft_duplicate      (GmDraft             *self);
const char *gm_draft_get_path       (GmDraft             *self);
const char *gm_draft_get_base_dir   (GmDraft             *self);
const char *gm_draft_get_title      (GmDraft             *self);
gboolean    gm_draft_get_modified   (GmDraft             *self);
GmDraftLack gm_draft_get_missing    (GmDraft             *self);
const char *gm_draft_get_text       (GmDraft             *self);
void        gm_draft_set_text       (GmDraft             *self,
                                     const char          *text);
GmJob      *gm_draft_get_job        (GmDraft             *self);
const char *gm_draft_get_error      (GmDraft             *self);
const char *gm_draft_get_error_path (GmDraft             *self);
guint       gm_draft_get_error_line (GmDraft             *self);
gboolean    gm_draft_get_has_syntax (GmDraft             *self);
JsonNode   *gm_draft_get_member     (GmDraft             *self,
                                     const char          *path);
void        gm_draft_set_member     (GmDraft             *self,
                                     const char          *path,
                                     JsonNode            *value);
void        gm_draft_set_inputs     (GmDraft             *self,
                                     const char * const  *paths);
char       *gm_draft_dup_folder     (GmDraft             *self);
void        gm_draft_set_folder     (GmDraft             *self,
                                     const char          *path);
char       *gm_draft_dup_sample     (GmDraft             *self);
void        gm_draft_set_problem    (GmDraft             *self,
                                     const char          *path,
                                     const char          *message);
gboolean    gm_draft_save           (GmDraft             *self,
                                     const char          *path,
                                     GError             **error);

G_END_DECLS
