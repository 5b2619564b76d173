/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define GM_WORKER_ERROR (gm_worker_error_quark ())

typedef enum
{
  GM_WORKER_ERROR_NO_FUNCTION,  /* the module or its symbol is not there: nothing can run */
  GM_WORKER_ERROR_FAILED,       /* the worker can't get at the run directory */
} GmWorkerError;

/* The registered functions of the pool. */
#define GM_WORKER_INIT "gm_worker_init"
#define GM_WORKER_RUN  "gm_worker_run"

GQuark    gm_worker_error_quark (void);
GVariant *gm_worker_make_args   (const char *run_dir,
                                 const char *run_id,
                                 gboolean    want_output,
                                 int         cancel_fd,
                                 int         shared_fd);

G_END_DECLS
