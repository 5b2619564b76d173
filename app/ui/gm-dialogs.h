/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* One place for what later versions of GTK and libadwaita do with other classes. */

typedef void (*GmDialogPath)    (const char *path,
                                 gpointer    user_data);
typedef void (*GmDialogConfirm) (gpointer    user_data);

void gm_dialog_choose_file (GtkWidget        *parent,
                            const char       *title,
                            GmDialogPath      callback,
                            gpointer          user_data);
void gm_dialog_save_file   (GtkWidget        *parent,
                            const char       *title,
                            const char       *name,
                            GmDialogPath      callback,
                            gpointer          user_data);
void gm_dialog_add_paths   (GtkWidget        *parent,
                            gboolean          folder,
                            GmDialogPath      callback,
                            gpointer          user_data);
void gm_dialog_choose_folder (GtkWidget       *parent,
                              const char      *title,
                              GmDialogPath     callback,
                              gpointer         user_data);
void gm_dialog_open_job    (GtkWidget        *parent,
                            GmDialogPath      callback,
                            gpointer          user_data);
void gm_dialog_save_job    (GtkWidget        *parent,
                            const char       *name,
                            GmDialogPath      callback,
                            gpointer          user_data);
void gm_dialog_confirm     (GtkWidget        *parent,
                            const char       *heading,
                            const char       *body,
                            const char       *label,
                            GmDialogConfirm   callback,
                            gpointer          user_data);

G_END_DECLS
