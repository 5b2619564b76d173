/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "gm-job-types.h"

/**
 * gm_task_kind_to_string:
 * @kind: a kind
 *
 * Returns: (transfer none): the key of the task object that chooses it
 */
const char *
gm_task_kind_to_string (GmTaskKind kind)
{
  static const char *names[] = { "command", "shell", "function", "worker" };

  return names[kind];
}

/**
 * gm_start_method_to_string:
 * @method: a start method
 *
 * Returns: (transfer none): its name in job files, which is multiprocessing's
 */
const char *
gm_start_method_to_string (GmStartMethod method)
{
  static const char *names[] = { "fork", "spawn", "forkserver" };

  return names[method];
}

/**
 * gm_on_error_to_string:
 * @on_error: what to do when an item fails
 *
 * Returns: (transfer none): its name in job files; of #GM_ON_ERROR_STOP_AFTER the key
 */
const char *
gm_on_error_to_string (GmOnError on_error)
{
  static const char *names[] = { "continue", "stop", "pause", "stop_after" };

  return names[on_error];
}

/**
 * gm_log_level_to_string:
 * @level: a level
 *
 * Returns: (transfer none): its name in job files and log lines
 */
const char *
gm_log_level_to_string (GmLogLevel level)
{
  static const char *names[] = { "DEBUG", "INFO", "WARNING", "ERROR" };

  return names[level / 10 - 1];
}

/**
 * gm_engine_kind_to_string:
 * @engine: an engine
 *
 * Returns: (transfer none): its name in job files
 */
const char *
gm_engine_kind_to_string (GmEngineKind engine)
{
  static const char *names[] = { "local", "slurm" };

  return names[engine];
}

/**
 * gm_input_spec_new:
 * @kind: what it describes
 *
 * Returns: (transfer full): an empty description of inputs
 */
GmInputSpec *
gm_input_spec_new (GmInputKind kind)
{
  GmInputSpec *spec = g_new0 (GmInputSpec, 1);

  spec->kind = kind;
  spec->step = 1;

  return spec;
}

/**
 * gm_input_spec_free:
 * @spec: (transfer full) (nullable): a description of inputs
 *
 * Frees @spec and the specs of its columns.
 */
void
gm_input_spec_free (GmInputSpec *spec)
{
  if (spec == NULL)
    return;

  g_clear_pointer (&spec->items, json_array_unref);
  g_strfreev (spec->patterns);
  g_free (spec->base_dir);
  g_free (spec->path);
  g_clear_pointer (&spec->names, g_ptr_array_unref);
  g_clear_pointer (&spec->columns, g_ptr_array_unref);
  g_clear_pointer (&spec->arguments, g_ptr_array_unref);
  g_free (spec);
}

/**
 * gm_input_spec_reads_stdin:
 * @spec: a description of inputs
 *
 * Returns: whether the items are what comes from standard input
 */
gboolean
gm_input_spec_reads_stdin (const GmInputSpec *spec)
{
  return spec->path == NULL
         && (spec->kind == GM_INPUT_LINES || spec->kind == GM_INPUT_CSV
             || spec->kind == GM_INPUT_JSONL);
}
