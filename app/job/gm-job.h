/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "gm-job-types.h"

G_BEGIN_DECLS

#define GM_JOB_ERROR (gm_job_error_quark ())
typedef enum
{
  GM_JOB_ERROR_INVALID,    /* the job, an option or the inputs are wrong: exit code 2 */
  GM_JOB_ERROR_BAD_INPUT,  /* this item is wrong: its outcome is "bad-input" */
} GmJobError;

/* All fields are read-only; change a job with the functions below. */
struct _GmJob
{
  /* Where it comes from */
  char          *file;      /* as given by the user; NULL if it has none */
  char          *base_dir;  /* absolute: what relative paths are relative to */

  /* What it does */
  char          *name;
  char          *description;  /* or NULL */
  GmTask         task;
  GmInputSpec   *inputs;

  /* How it is run; numbers are 0 for "auto" and "none" unless said otherwise */
  gint64         processes;
  GmStartMethod  start_method;
  gint64         chunksize;
  double         timeout;               /* seconds */
  double         task_timeout;          /* seconds */
  double         task_timeout_percent;  /* of the median duration */
  gint64         retries;
  double         retry_delay;           /* seconds */
  GArray        *ok_exit_codes;         /* of int */
  char          *creates;               /* template text as written, or NULL */
  GmOnError      on_error;
  gint64         stop_after;            /* failed items; only with GM_ON_ERROR_STOP_AFTER */
  double         stop_after_percent;    /* of the items; the same */
  gint64         max_tasks_per_child;
  char          *cwd;                   /* template text as written, or NULL: base_dir */
  GPtrArray     *env_names;             /* of char *, in the order written */
  GPtrArray     *env_values;            /* of char *, template texts */
  guint64        memory_limit;          /* bytes */
  guint64        min_free_memory;       /* bytes */
  GmLogLevel     log_level;
  char          *results;               /* absolute, or NULL */
  GmEngineKind   engine;
  int            nice;
  gboolean       has_nice : 1;
  gboolean       ordered : 1;

  /*< private >*/
  char          *file_dir;  /* what `folder` is relative to */
  JsonNode      *root;      /* as written */
  GBytes        *source;    /* the text, to find lines in; NULL if root was made otherwise */
  gatomicrefcount ref_count;
};

GQuark       gm_job_error_quark      (void);

GmJob       *gm_job_new_from_file    (const char          *path,
                                      GError             **error);
GmJob       *gm_job_new_from_data    (const char          *text,
                                      gsize                len,
                                      const char          *display_name,
                                      const char          *base_dir,
                                      GError             **error);
GmJob       *gm_job_new_from_words   (const char * const  *words,
                                      const char          *base_dir,
                                      GError             **error);
GmJob       *gm_job_ref              (GmJob               *job);
void         gm_job_unref            (GmJob               *job);

GmJob       *gm_job_with_member      (GmJob               *job,
                                      const char          *key,
                                      JsonNode            *value,
                                      GError             **error);
GmJob       *gm_job_with_option      (GmJob               *job,
                                      const char          *key,
                                      const char          *text,
                                      GError             **error);

void         gm_job_set_error        (GmJob               *job,
                                      GError             **error,
                                      const char          *path,
                                      const char          *format,
                                      ...) G_GNUC_PRINTF (4, 5);
void         gm_job_set_error_valist (GmJob               *job,
                                      GError             **error,
                                      const char          *path,
                                      const char          *format,
                                      va_list              args) G_GNUC_PRINTF (4, 0);

char        *gm_job_to_json          (GmJob               *job,
                                      gboolean             pretty);
char        *gm_job_to_json_resolved (GmJob               *job,
                                      gboolean             pretty);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmJob, gm_job_unref)

G_END_DECLS
