/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "gm-run-state.h"

G_BEGIN_DECLS

/* What state.json says of a run. */
typedef struct
{
  char       *id;
  char       *dir;        /* absolute */
  char       *name;
  GmRunState  state;      /* INTERRUPTED if it says that it runs and nobody holds it */
  gboolean    live;       /* somebody holds it */
  pid_t       pid;        /* of who runs or ran it, 0 if unknown */
  gint64      total;      /* -1: not known */
  guint64     done;
  guint64     ok;
  guint64     failed;     /* error + crashed + timeout */
  double      started;    /* seconds since the epoch, 0: not yet */
  double      ended;      /* the same */
  int         exit_code;  /* -1: none yet */
} GmRunInfo;

GmRunInfo *gm_run_info_read        (const char  *dir,
                                    GError     **error);
void       gm_run_info_free        (GmRunInfo   *self);
void       gm_run_info_append_json (GmRunInfo   *self,
                                    GString     *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmRunInfo, gm_run_info_free)

G_END_DECLS
