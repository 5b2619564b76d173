/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-deaths.h"
#include "gm-define-page.h"
#include "gm-dialogs.h"
#include "gm-run.h"
#include "gm-sidebar.h"
#include "gm-window.h"

G_BEGIN_DECLS

/* What the primary button does next. */
typedef enum
{
  GM_ACT_NONE,
  GM_ACT_RUN,
  GM_ACT_PAUSE,
  GM_ACT_UNPAUSE,
  GM_ACT_RESUME,
  GM_ACT_RETRY,
  GM_ACT_AGAIN,
} GmAct;

struct _GmWindow
{
  AdwApplicationWindow parent_instance;

  /* Owned */
  GmRunStore      *runs;
  GListStore      *drafts;         /* of GmDraft: the job files of the sidebar */
  GmDraft         *draft;          /* what is shown; NULL: the welcome page */
  GmDraft         *closed;         /* taken off the list, as long as that can be undone; or NULL */
  AdwToast        *undo;           /* which says so */
  GmRun           *run;            /* of this job; NULL: it has not run */
  GSignalGroup    *draft_signals;
  GSignalGroup    *run_signals;
  GmDeaths        *deaths;         /* of its workers; NULL: no run */
  char            *trouble;        /* why the last start failed, or NULL */

  /* Template children */
  AdwToastOverlay *toasts;
  AdwLeaflet      *leaflet;
  GmSidebar       *sidebar;
  GtkStack        *content;
  AdwViewStack    *pages;
  AdwWindowTitle  *title;
  GtkButton       *primary;
  GtkButton       *stop;
  GtkRevealer     *banner;
  GtkLabel        *banner_label;
  GtkButton       *banner_button;
  GmDefinePage    *define;
  GtkWidget       *monitor;
  GtkWidget       *results;
  GtkWidget       *log;
  GtkLabel        *awake;

  guint            closed_at;      /* where it was in the list */
  guint            closing : 1;    /* the user said so */
};

/* gm-window.c */
void  gm_window_show             (GmWindow       *self,
                                  GmDraft        *draft,
                                  GmRun          *run);
void  gm_window_show_page        (GmWindow       *self,
                                  const char     *name);
void  gm_window_update           (GmWindow       *self);

/* gm-window-actions.c */
void  gm_window_install_actions  (GtkWidgetClass *klass);
void  gm_window_update_actions   (GmWindow       *self);

void  gm_window_ask_where        (GmWindow       *self,
                                  GmDraft        *draft,
                                  GmDialogPath    callback);

/* gm-window-close.c */
gboolean gm_window_may_close     (GmWindow       *self);

/* gm-window-files.c */
void  gm_window_load_jobs        (GmWindow       *self);
void  gm_window_remember_jobs    (GmWindow       *self);
void  gm_window_add_draft        (GmWindow       *self,
                                  GmDraft        *draft);
void  gm_window_open_path        (GmWindow       *self,
                                  const char     *path);
void  gm_window_accept_drops     (GmWindow       *self);

/* gm-window-run.c */
GmAct gm_window_get_act          (GmWindow       *self);
void  gm_window_do_act           (GmWindow       *self);
void  gm_window_start            (GmWindow       *self,
                                  guint           first);
void  gm_window_go_on            (GmWindow       *self,
                                  const char     *option);
void  gm_window_steer            (GmWindow       *self,
                                  const char     *method);
gboolean gm_window_has_changed   (GmWindow       *self);

G_END_DECLS
