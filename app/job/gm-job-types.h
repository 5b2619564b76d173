/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct _GmJob GmJob;
typedef struct _GmInputSpec GmInputSpec;

typedef enum
{
  GM_TASK_COMMAND,
  GM_TASK_SHELL,
  GM_TASK_FUNCTION,
  GM_TASK_WORKER,
} GmTaskKind;

typedef enum
{
  GM_START_FORK,
  GM_START_SPAWN,
  GM_START_FORKSERVER,
} GmStartMethod;

typedef enum
{
  GM_ON_ERROR_CONTINUE,
  GM_ON_ERROR_STOP,
  GM_ON_ERROR_PAUSE,
  GM_ON_ERROR_STOP_AFTER,
} GmOnError;

/* The numbers are those of multiprocessing's logger. */
typedef enum
{
  GM_LOG_DEBUG   = 10,
  GM_LOG_INFO    = 20,
  GM_LOG_WARNING = 30,
  GM_LOG_ERROR   = 40,
} GmLogLevel;

typedef enum
{
  GM_ENGINE_LOCAL,
  GM_ENGINE_SLURM,
} GmEngineKind;

typedef struct
{
  GmTaskKind   kind;
  char       **argv;      /* command, worker: the words as written */
  char        *shell;     /* shell: the text as written */
  char        *module;    /* function: absolute path, or NULL for a builtin */
  char        *symbol;    /* function: the symbol, or the builtin's name */
  gboolean     is_stdin;  /* command: item and a newline on standard input */
} GmTask;

typedef enum
{
  GM_INPUT_RANGE,
  GM_INPUT_ITEMS,
  GM_INPUT_GLOB,
  GM_INPUT_FILES,
  GM_INPUT_LINES,
  GM_INPUT_CSV,
  GM_INPUT_JSONL,
  GM_INPUT_PRODUCT,
  GM_INPUT_ARGUMENTS,  /* what stood after ":::" on a command line */
} GmInputKind;

struct _GmInputSpec
{
  GmInputKind   kind;
  gint64        start;          /* range */
  gint64        stop;
  gint64        step;
  JsonArray    *items;          /* items */
  char        **patterns;       /* glob, files: as written, relative to base_dir */
  char         *base_dir;       /* glob, files: absolute */
  char         *path;           /* lines, csv, jsonl: absolute, or NULL for standard input */
  gboolean      nul_separated;  /* lines */
  gboolean      header;         /* csv */
  GPtrArray    *names;          /* product: of char * */
  GPtrArray    *columns;        /* product: of GmInputSpec *, in the order of names */
  GPtrArray    *arguments;      /* arguments: of GPtrArray of GBytes, one for each ":::" */
};

const char  *gm_task_kind_to_string    (GmTaskKind          kind);
const char  *gm_start_method_to_string (GmStartMethod       method);
const char  *gm_on_error_to_string     (GmOnError           on_error);
const char  *gm_log_level_to_string    (GmLogLevel          level);
const char  *gm_engine_kind_to_string  (GmEngineKind        engine);

GmInputSpec *gm_input_spec_new         (GmInputKind         kind);
void         gm_input_spec_free        (GmInputSpec        *spec);
gboolean     gm_input_spec_reads_stdin (const GmInputSpec  *spec);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmInputSpec, gm_input_spec_free)

G_END_DECLS
