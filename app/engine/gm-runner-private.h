/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <signal.h>

#include <mp.h>

#include "gm-answer.h"
#include "gm-control.h"
#include "gm-in-flight.h"
#include "gm-inputs.h"
#include "gm-inputs-record.h"
#include "gm-inputs-replay.h"
#include "gm-invocation.h"
#include "gm-joblog.h"
#include "gm-journal.h"
#include "gm-load.h"
#include "gm-log.h"
#include "gm-median.h"
#include "gm-memory.h"
#include "gm-outcome.h"
#include "gm-past.h"
#include "gm-rate.h"
#include "gm-reuse.h"
#include "gm-run-dir.h"
#include "gm-runner.h"
#include "gm-snapshot.h"
#include "gm-shared.h"

G_BEGIN_DECLS

/* The life of a run: READY, then RUNNING; a cause to end early makes it STOPPING, and when every
 * item that was read is settled it is OVER. */
typedef enum
{
  GM_PHASE_READY,
  GM_PHASE_RUNNING,
  GM_PHASE_STOPPING,
  GM_PHASE_OVER,
} GmPhase;

/* Why it ends early. A later one of a higher number takes over from a lower one. */
typedef enum
{
  GM_CAUSE_NONE,
  GM_CAUSE_ON_ERROR,     /* what runs may end, the rest is recorded as stopped */
  GM_CAUSE_DRAIN,        /* the same, recorded as cancelled */
  GM_CAUSE_CANCEL,       /* what runs is ended, all of it is recorded as cancelled */
  GM_CAUSE_JOB_TIMEOUT,  /* what runs is ended, all of it is recorded as timed out */
  GM_CAUSE_SIGNAL,       /* what runs is ended, nothing is recorded */
  GM_CAUSE_FAILURE,      /* the same */
  GM_CAUSE_UNUSABLE,     /* the same, and nothing had run */
} GmCause;

struct _GmRunner
{
  GObject parent_instance;

  /* Owned */
  GmJob             *job;
  GmInputs          *inputs;
  GmRunDir          *dir;
  GmJournal         *results;
  GmJournal         *events;
  GmInputsRecord    *record;
  GmPast            *past;          /* NULL: a new run */
  GmReuse           *reuse;         /* NULL: nothing is taken over */
  GmJoblog          *joblog;        /* or NULL */
  GmLog             *log;
  GmInFlight        *flights;
  MpPool            *pool;
  MpPoolFeed        *feed;
  GmShared          *shared;
  GmMemory          *memory;
  GmMedian          *median;        /* of what ok items took; only for a relative timeout */
  GHashTable        *killed_workers;  /* pids, of those killed for a limit */
  GMainContext      *context;
  GPtrArray         *sources;       /* destroyed at the end */
  GString           *packet;        /* an item on its way to a worker */
  GString           *line;          /* an outcome or event of our own making */
  GString           *text;
  GError            *failure;
  GmControl         *control;       /* NULL if there is no socket */
  char              *socket_path;
  GmLoad            *load;          /* of runner and workers, for who asks */
  GmLoad            *tree_load;     /* of all together, once a second */
  GArray            *failures;      /* of GmFailure: which outcomes are not ok, and where */
  GArray            *slot_failures; /* of guint64: failed attempts by slot */
  GHashTable        *killed;        /* pids of workers that the user has ended */

  /* Borrowed */
  MpContext         *method;        /* how workers are started */

  /* Borrowed from sources */
  GSource           *work_source;   /* ready when there is something to push or to settle */
  GSource           *input_source;  /* while the inputs say WAIT */
  GSource           *deadline_source; /* of the job's timeout, unless it stands */

  GmRunnerCallbacks  callbacks;
  gpointer           user_data;
  GmRate             rate;
  GmRunState         state;
  GmPhase            phase;
  GmCause            cause;
  int                signum;
  int                signal_fd;
  int                cancel_fds[2];
  int                shared_fd;     /* of @shared */
  sigset_t           old_mask;
  gint64             relative_timeout;  /* microseconds, 0 if there is none yet */
  gint64             oom_kills;     /* of the kernel, when last looked at */
  guint64            first;         /* 0: all */
  guint64            n_read;        /* the next index */
  guint64            n_taken;       /* of those, how many were not passed over */
  guint64            n_reused;      /* of those, how many another run had done */
  guint64            failed_before;
  GmInputsKept       kept;
  guint64            ok;
  guint64            failed;
  guint64            cancelled;
  gint64             begun;         /* wall clock, microseconds */
  gint64             ended;
  gint64             time_left;     /* of the job's timeout, when @deadline_set was */
  gint64             deadline_set;
  guint              n_ticks;
  guint              starved;       /* attempts in a row that lacked resources to start */
  int                exit_code;
  gboolean           want_output : 1;
  gboolean           retry_failed : 1;
  gboolean           inputs_ended : 1;  /* no more will be read */
  gboolean           inputs_complete : 1;  /* and all of them were */
  gboolean           items_left : 1;    /* that have no outcome and are not run now */
  gboolean           waiting_input : 1;
  gboolean           held : 1;
  gboolean           begun_any : 1;     /* some item has been begun */
  gboolean           pumping : 1;
  gboolean           short_of_memory : 1;  /* the log has said so */
};

/* gm-runner-check.c */
gboolean gm_runner_check_supported (GmJob            *job,
                                    GError          **error);
gboolean gm_runner_check_program   (GmJob            *job,
                                    GError          **error);
gboolean gm_runner_check_results   (GmJob            *job,
                                    GError          **error);

/* gm-runner-open.c */
gboolean gm_runner_open            (GmRunner         *self,
                                    const GmRunnerOptions *options,
                                    GError          **error);

/* gm-runner-pool.c */
guint    gm_runner_choose_processes (GmRunner        *self);
void     gm_runner_fail_to_start   (GmRunner         *self,
                                    GError           *error);
void     gm_runner_run_pool        (GmRunner         *self);

/* gm-runner-attempts.c */
gboolean gm_runner_may_retry       (GmRunner         *self,
                                    GmFlight         *flight,
                                    GmStatus          status);
void     gm_runner_try_again       (GmRunner         *self,
                                    GmFlight         *flight,
                                    const MpOutcome  *outcome,
                                    const GmRunOutcome *failed);
void     gm_runner_place_output    (GmRunner         *self,
                                    GmFlight         *flight,
                                    const GmRunOutcome *outcome);
void     gm_runner_queue_again     (GmRunner         *self,
                                    GmFlight         *flight,
                                    gint64            due);
void     gm_runner_starve          (GmRunner         *self,
                                    GmFlight         *flight);

/* gm-runner-old.c */
gboolean gm_runner_open_reuse      (GmRunner         *self,
                                    const GmRunnerOptions *options,
                                    GError          **error);
gboolean gm_runner_settle_reused   (GmRunner         *self,
                                    guint64           index,
                                    guint64           turn,
                                    const GmItem     *item);
gboolean gm_runner_open_old        (GmRunner         *self,
                                    const GmRunnerOptions *options,
                                    GError          **error);
gboolean gm_runner_keep_old        (GmRunner         *self,
                                    guint64           index);
void     gm_runner_warn_cut_off    (GmRunner         *self);

/* gm-runner-feed.c */
void     gm_runner_pump            (GmRunner         *self);
void     gm_runner_wake            (GmRunner         *self,
                                    gint64            when);

/* gm-runner-limits.c */
void     gm_runner_watch_limits    (GmRunner         *self);
void     gm_runner_learn           (GmRunner         *self,
                                    const MpOutcome  *outcome);
gboolean gm_runner_may_start       (GmRunner         *self);
char    *gm_runner_describe_timeout (GmRunner        *self);
char    *gm_runner_describe_memory (GmRunner         *self,
                                    GmFlight         *flight);
GmVerdict gm_runner_judge_death    (GmRunner         *self,
                                    GmFlight         *flight,
                                    pid_t             pid);

/* gm-runner-outcomes.c */
void     gm_runner_on_outcome      (const MpOutcome  *outcome,
                                    gpointer          user_data);
void     gm_runner_settle_waiting  (GmRunner         *self,
                                    GmFlight         *flight);
void     gm_runner_settle_unread   (GmRunner         *self,
                                    guint64           index,
                                    guint64           turn,
                                    const GmItem     *item);
void     gm_runner_settle_bad      (GmRunner         *self,
                                    guint64           index,
                                    guint64           turn,
                                    const GmItem     *item);

/* gm-runner-record.c */
void     gm_runner_record          (GmRunner         *self,
                                    GmRunOutcome     *outcome);
void     gm_runner_log_item        (GmRunner         *self,
                                    MpLogLevel        level,
                                    const char       *prefix,
                                    const GmRunOutcome *outcome);
void     gm_runner_count           (GmRunner         *self,
                                    GmStatus          status,
                                    int               n);
guint64  gm_runner_failures_left   (GmRunner         *self);
GString *gm_runner_begin_event     (GmRunner         *self,
                                    const char       *event);
void     gm_runner_end_event       (GmRunner         *self);
void     gm_runner_write           (GmRunner         *self,
                                    gboolean          sync);
void     gm_runner_write_state     (GmRunner         *self,
                                    gboolean          sync);
void     gm_runner_snapshot        (GmRunner         *self);

/* gm-runner-stop.c */
void     gm_runner_begin_stop      (GmRunner         *self,
                                    GmCause           cause);
void     gm_runner_fail            (GmRunner         *self,
                                    GError           *error);
gboolean gm_runner_ends_now        (GmRunner         *self);
gboolean gm_runner_records         (GmRunner         *self);
gboolean gm_runner_watch_signals   (GmRunner         *self,
                                    GError          **error);
void     gm_runner_unwatch_signals (GmRunner         *self);
void     gm_runner_finish          (GmRunner         *self);
void     gm_runner_watch_deadline  (GmRunner         *self);
void     gm_runner_unwatch_deadline (GmRunner        *self);

/* gm-runner-steer.c */
gboolean gm_runner_pause           (GmRunner         *self,
                                    GError          **error);
void     gm_runner_pause_on_error  (GmRunner         *self);
void     gm_runner_thaw            (GmRunner         *self);
gboolean gm_runner_unpause         (GmRunner         *self,
                                    GError          **error);
gboolean gm_runner_end             (GmRunner         *self,
                                    GmCause           cause,
                                    GError          **error);
gboolean gm_runner_resize          (GmRunner         *self,
                                    gint64            processes,
                                    GError          **error);
gboolean gm_runner_kill_worker     (GmRunner         *self,
                                    pid_t             pid,
                                    GError          **error);
gboolean gm_runner_was_killed      (GmRunner         *self,
                                    pid_t             pid);
int      gm_runner_hold_process    (GmRunner         *self,
                                    pid_t             pid,
                                    GError          **error);

/* gm-runner-retry.c */
void     gm_runner_note_failure    (GmRunner         *self,
                                    const GmRunOutcome *outcome);
gboolean gm_runner_retry           (GmRunner         *self,
                                    const guint64    *indexes,
                                    guint             n_indexes,
                                    GError          **error);

/* gm-runner-status.c */
GmSnapshot *gm_runner_make_snapshot (GmRunner        *self);
void     gm_runner_count_failure   (GmRunner         *self,
                                    guint             slot);
void     gm_runner_add_load        (GmRunner         *self,
                                    GString          *event);

/* gm-runner-control.c */
void     gm_runner_open_control    (GmRunner         *self);
void     gm_runner_close_control   (GmRunner         *self);

/* gm-runner.c */
void     gm_runner_add_source      (GmRunner         *self,
                                    GSource          *source,
                                    const char       *name);
void     gm_runner_settled         (GmRunner         *self);
void     gm_runner_set_state       (GmRunner         *self,
                                    GmRunState        state);

G_END_DECLS
