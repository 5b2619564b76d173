/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>
#include "gm-outcome-status.h"
#include "gm-past.h"
#include "gm-run-state.h"

G_BEGIN_DECLS

typedef struct _GmJob GmJob;

#define GM_TYPE_RUNNER (gm_runner_get_type ())
G_DECLARE_FINAL_TYPE (GmRunner, gm_runner, GM, RUNNER, GObject)

#define GM_RUNNER_ERROR (gm_runner_error_quark ())

/* Which exit code an error asks for. */
typedef enum
{
  GM_RUNNER_ERROR_USAGE,  /* bad job, inputs or run directory: exit 2, nothing ran */
  GM_RUNNER_ERROR_FAILED, /* gtk-mp itself failed: exit 125 */
} GmRunnerError;

/* Exit codes of a run; 128 + n after signal n, so 141 when the reader of the output went away. */
enum
{
  GM_EXIT_OK = 0,
  GM_EXIT_ITEMS_FAILED = 1,
  GM_EXIT_USAGE = 2,
  GM_EXIT_JOB_TIMEOUT = 124,
  GM_EXIT_FAILED = 125,
};

/* The final outcome of one item, valid only inside the callback. */
typedef struct
{
  guint64     index;
  guint64     turn;          /* of the items that this run has taken up, from 0; or GM_NO_TURN */
  GmStatus    status;
  GmReason    reason;
  int         exit_code;     /* of the command, -1 if it has none */
  int         signal;        /* that ended it, 0 if none */
  const char *line;          /* the outcome object and a newline, as in results.jsonl */
  gsize       line_length;
  guint64     line_offset;   /* where results.jsonl will have it, for whoever can't keep it */
  const char *stdout_data;   /* what it printed, or its result and a newline; with want_output */
  gsize       stdout_length;
  const char *stderr_data;
  gsize       stderr_length;
  gboolean    reused;        /* from another run: what it printed is in the line only */
  const char *stdout_path;   /* instead of the data when spilled: absolute path, else NULL */
  const char *stderr_path;
} GmRunOutcome;

typedef struct
{
  gboolean total_known;
  guint64  total;
  guint64  queued;   /* read, not yet running (retries that wait included) */
  guint64  running;
  guint64  done;
  guint64  ok;
  guint64  failed;   /* error + crashed + timeout */
  double   rate;     /* items/s of the last seconds */
  double   eta;      /* seconds, negative if unknown */
  gboolean paused;
} GmRunCounters;

/* All may be NULL; called on the runner's thread from inside gm_runner_run(). They must not block:
 * kills and timeouts wait for them. */
typedef struct
{
  void (*outcome) (GmRunner           *runner,
                   const GmRunOutcome *outcome,
                   gpointer            user_data);
  void (*log)     (GmRunner           *runner,
                   const char         *line, /* `[LEVEL/Process] text`, no newline */
                   gsize               length,
                   gpointer            user_data);
  void (*state)   (GmRunner           *runner,
                   GmRunState          state,
                   gpointer            user_data);
} GmRunnerCallbacks;

typedef struct
{
  const char *run_dir;     /* NULL: a new one in the default folder */
  const char *resume_dir;  /* go on with the run there, whose job this is */
  guint64     first;       /* only so many items; 0: all */
  gboolean    want_output; /* fill stdout_data and stderr_data */
  const char *reuse_dir;   /* take over what is ok there */
  const char *joblog;      /* a file for GNU parallel's job log, `+` before it to append */
  gboolean    retry_failed; /* of @resume_dir: what is not ok, instead of what was not done */
} GmRunnerOptions;

GQuark      gm_runner_error_quark    (void);
GmRunner   *gm_runner_new            (GmJob                    *job,
                                      const GmRunnerOptions    *options,
                                      GError                  **error);
void        gm_runner_set_callbacks  (GmRunner                 *self,
                                      const GmRunnerCallbacks  *callbacks,
                                      gpointer                  user_data);
int         gm_runner_run            (GmRunner                 *self,
                                      GError                  **error);
void        gm_runner_stop           (GmRunner                 *self,
                                      int                       signum);
void        gm_runner_set_held       (GmRunner                 *self,
                                      gboolean                  held);
GmRunState  gm_runner_get_state      (GmRunner                 *self);
const char *gm_runner_get_id         (GmRunner                 *self);
const char *gm_runner_get_dir        (GmRunner                 *self);
void        gm_runner_get_counters   (GmRunner                 *self,
                                      GmRunCounters            *counters);

G_END_DECLS
