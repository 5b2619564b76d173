/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The folder of a run: made, locked, and given up again. */
typedef struct _GmRunDir GmRunDir;

GmRunDir   *gm_run_dir_new         (const char   *name,
                                    const char   *path,
                                    GError      **error);
GmRunDir   *gm_run_dir_open        (const char   *path,
                                    GError      **error);
void        gm_run_dir_free        (GmRunDir     *self);
const char *gm_run_dir_get_id      (GmRunDir     *self);
const char *gm_run_dir_get_path    (GmRunDir     *self);
int         gm_run_dir_get_fd      (GmRunDir     *self);
gboolean    gm_run_dir_replace     (GmRunDir     *self,
                                    const char   *name,
                                    const char   *text,
                                    gsize         size,
                                    gboolean      sync,
                                    GError      **error);
gboolean    gm_run_dir_overwrite   (GmRunDir     *self,
                                    const char   *name,
                                    const char   *text,
                                    gsize         size);
void        gm_run_dir_sync        (GmRunDir     *self);
void        gm_run_dir_discard     (GmRunDir     *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmRunDir, gm_run_dir_free)

G_END_DECLS
