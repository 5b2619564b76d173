/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-window.h"

G_BEGIN_DECLS

/* Waits for what shall come, not for time to pass. */
#define WAIT_FOR(condition) \
  G_STMT_START { \
    gint64 deadline_ = g_get_monotonic_time () + ui_patience (); \
    while (!(condition) && g_get_monotonic_time () < deadline_) \
      ui_iterate (); \
    if (!(condition)) \
      g_error ("%s:%d: waited in vain for: %s", __FILE__, __LINE__, #condition); \
  } G_STMT_END

gint64         ui_patience    (void);
void           ui_iterate     (void);
void           ui_settle      (void);
GmApplication *ui_start       (void);
GmWindow      *ui_get_window  (GmApplication *application);
void           ui_finish      (GmApplication *application);
GtkWidget     *ui_find        (gpointer       root,
                               const char    *name);
char          *ui_write_job   (const char    *name,
                               const char    *text);
void           ui_open        (GmApplication *application,
                               const char    *path);
void           ui_save_png    (GtkWidget     *widget,
                               const char    *path);

G_END_DECLS
