/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-application.h"
#include "gm-draft.h"

G_BEGIN_DECLS

#define GM_TYPE_WINDOW (gm_window_get_type ())
G_DECLARE_FINAL_TYPE (GmWindow, gm_window, GM, WINDOW, AdwApplicationWindow)

GmWindow *gm_window_new        (GmApplication  *application);
void      gm_window_new_job    (GmWindow       *self);
void      gm_window_open_files (GmWindow       *self,
                                GFile         **files,
                                int             n_files);
void      gm_window_show_run   (GmWindow       *self,
                                const char     *id);
GmDraft  *gm_window_get_draft  (GmWindow       *self);
GmRun    *gm_window_get_run    (GmWindow       *self);
void      gm_window_toast      (GmWindow       *self,
                                const char     *text);
void      gm_window_toast_file (GmWindow       *self,
                                const char     *text,
                                const char     *path);

G_END_DECLS
