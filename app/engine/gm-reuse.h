/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "gm-job.h"
#include "gm-item.h"
#include "gm-run-dir.h"

G_BEGIN_DECLS

/* The outcomes of another run that a new one takes over. */
typedef struct _GmReuse GmReuse;

typedef enum
{
  GM_REUSE_NEW,
  GM_REUSE_FAILED_BEFORE,
  GM_REUSE_TASK_CHANGED,
  GM_REUSE_REUSED,
} GmReuseWhy;

GmReuse    *gm_reuse_new            (const char    *dir,
                                     GmJob         *job,
                                     GError       **error);
void        gm_reuse_free           (GmReuse       *self);
GmReuseWhy  gm_reuse_look_up        (GmReuse       *self,
                                     guint64        index,
                                     const GmItem  *item);
gboolean    gm_reuse_take_over      (GmReuse       *self,
                                     guint64        index,
                                     const GmItem  *item,
                                     GmRunDir      *dir,
                                     GString       *line);
const char *gm_reuse_why_to_string  (GmReuseWhy     why);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmReuse, gm_reuse_free)

G_END_DECLS
