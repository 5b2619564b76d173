/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-run.h"
#include "ui-util.h"

G_BEGIN_DECLS

/* A real run, and a page that shows it in a window of its own. */
typedef struct
{
  GmRun     *run;
  GtkWidget *window;
  GtkWidget *page;
  char      *dir;
} UiRun;

char       *ui_run_start (const char *name,
                          const char *job);
void        ui_run_show (UiRun      *shown,
                         const char *dir,
                         GType       type);
void        ui_run_hide (UiRun *shown);
gboolean    ui_run_is_over (GmRun *run);
GListModel *ui_run_get_model (GtkWidget  *page,
                              const char *name);
gboolean    ui_run_says (GtkWidget  *page,
                         const char *name,
                         const char *part);
gboolean    ui_run_has_text (GtkWidget  *widget,
                             const char *part);
gboolean    ui_run_has_cell (GtkWidget  *widget,
                             const char *text);
void        ui_run_read_file (const char  *dir,
                              const char  *name,
                              char       **text);

G_END_DECLS
