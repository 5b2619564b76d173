/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a job would do, found out without doing it. */
typedef struct
{
  gint64     total;       /* of the items; -1: not known */
  gboolean   has_more;    /* than @total: they were too many to count */
  GPtrArray *items;       /* owned, of char *: the first ones */
  GPtrArray *commands;    /* owned, of char *: what would run for these */
  GStrv      columns;     /* owned, nullable: names or numbers of what an item consists of */
  char      *cwd;         /* owned, nullable */
  char      *creates;     /* owned, nullable: the first item's file */
  char      *error;       /* owned, nullable: why it can't run */
  char      *error_path;  /* owned, nullable: the value that is wrong */
} GmPreview;

void       gm_preview_async  (const char           *text,
                              const char           *base_dir,
                              GCancellable         *cancellable,
                              GAsyncReadyCallback   callback,
                              gpointer              user_data);
GmPreview *gm_preview_finish (GAsyncResult         *result,
                              GError              **error);
void       gm_preview_free   (GmPreview            *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmPreview, gm_preview_free)

G_END_DECLS
