/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _GmRecorded GmRecorded;

GmRecorded *gm_recorded_new        (const char  *run_dir);
void        gm_recorded_free       (GmRecorded  *self);
gboolean    gm_recorded_read       (GmRecorded  *self,
                                    guint64      offset);
const char *gm_recorded_get_line   (GmRecorded  *self,
                                    gsize       *length);
const char *gm_recorded_get_output (GmRecorded  *self,
                                    int          fd,
                                    gsize       *length);
char       *gm_recorded_dup_path   (GmRecorded  *self,
                                    int          fd);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmRecorded, gm_recorded_free)

G_END_DECLS
