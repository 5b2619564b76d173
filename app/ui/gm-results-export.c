/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "gm-results-export.h"

#include "gm-members.h"
#include "gm-tail.h"

typedef struct
{
  char           *dir;
  GArray         *offsets;  /* of guint64 */
  char           *path;
  GmExportFormat  format;
} Export;

static const char * const csv_columns[] = {
  "index", "item", "item_base64", "status", "reason", "attempts", "worker", "pid", "started",
  "duration", "result", "exit_code", "signal", "error", "stdout", "stderr", "stdout_base64",
  "stderr_base64", "stdout_file", "stderr_file", "user_time", "system_time", "max_rss", "reused",
};

static void
export_free (gpointer data)
{
  Export *export = data;

  g_free (export->dir);
  g_array_unref (export->offsets);
  g_free (export->path);
  g_free (export);
}

static void
append_cell (GString    *out,
             const char *text,
             gsize       size)
{
  gboolean quoted = FALSE;

  for (gsize i = 0; i < size; i++)
    quoted |= strchr ("\",\r\n", text[i]) != NULL;
  if (quoted)
    g_string_append_c (out, '"');
  for (gsize i = 0; i < size; i++)
    {
      if (text[i] == '"')
        g_string_append_c (out, '"');
      g_string_append_c (out, text[i]);
    }
  if (quoted)
    g_string_append_c (out, '"');
}

static void
append_csv (GString    *out,
            const char *line,
            gsize       size)
{
  g_autoptr(GString) cell = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (csv_columns); i++)
    {
      GmMembers member;

      if (i > 0)
        g_string_append_c (out, ',');
      gm_members_init (&member, line, size);
      while (gm_members_next (&member))
        if (gm_members_is (&member, csv_columns[i]))
          {
            g_string_truncate (cell, 0);
            if (!gm_members_get_text (&member, cell))
              g_string_append_len (cell, member.value, member.value_size);
            append_cell (out, cell->str, cell->len);
          }
    }
  g_string_append (out, "\r\n");
}

static void
append_head (GString        *out,
             GmExportFormat  format)
{
  if (format == GM_EXPORT_JSON)
    g_string_append (out, "[\n");
  if (format != GM_EXPORT_CSV)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (csv_columns); i++)
    g_string_append_printf (out, "%s%s", i > 0 ? "," : "", csv_columns[i]);
  g_string_append (out, "\r\n");
}

static void
append_one (GString        *out,
            GmExportFormat  format,
            const char     *line,
            gsize           size,
            gboolean        is_last)
{
  if (format == GM_EXPORT_CSV)
    {
      append_csv (out, line, size);
      return;
    }
  g_string_append_len (out, line, size);
  g_string_append (out, format == GM_EXPORT_JSON && !is_last ? ",\n" : "\n");
}

static gboolean
flush (GOutputStream  *stream,
       GString        *out,
       GCancellable   *cancellable,
       GError        **error)
{
  if (!g_output_stream_write_all (stream, out->str, out->len, NULL, cancellable, error))
    return FALSE;
  g_string_truncate (out, 0);

  return TRUE;
}

static gboolean
write_all (Export         *export,
           GOutputStream  *stream,
           GCancellable   *cancellable,
           GError        **error)
{
  g_autoptr(GmTail) tail = gm_tail_new (export->dir, "results.jsonl");
  g_autoptr(GString) out = g_string_new (NULL);

  append_head (out, export->format);
  for (guint i = 0; i < export->offsets->len; i++)
    {
      gsize size;
      const char *line = gm_tail_peek_at (tail, g_array_index (export->offsets, guint64, i), &size);

      if (line == NULL)
        {
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                               "The results of this run can no longer be read");
          return FALSE;
        }
      append_one (out, export->format, line, size, i + 1 == export->offsets->len);
      if (out->len > 256 * 1024 && !flush (stream, out, cancellable, error))
        return FALSE;
    }
  if (export->format == GM_EXPORT_JSON)
    g_string_append (out, "]\n");

  return flush (stream, out, cancellable, error) && g_output_stream_close (stream, cancellable,
                                                                           error);
}

static void
export_thread (GTask        *task,
               gpointer      source,
               gpointer      data,
               GCancellable *cancellable)
{
  Export *export = data;
  g_autofree char *part = g_strconcat (export->path, ".part", NULL);
  g_autoptr(GFile) unfinished = g_file_new_for_path (part);
  g_autoptr(GFile) file = g_file_new_for_path (export->path);
  g_autoptr(GFileOutputStream) stream = NULL;
  GError *error = NULL;

  stream = g_file_replace (unfinished, NULL, FALSE, G_FILE_CREATE_NONE, cancellable, &error);
  if (stream != NULL && write_all (export, G_OUTPUT_STREAM (stream), cancellable, &error)
      && g_file_move (unfinished, file, G_FILE_COPY_OVERWRITE, cancellable, NULL, NULL, &error))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (stream != NULL)
    g_file_delete (unfinished, NULL, NULL);
  g_task_return_error (task, error);
}

/**
 * gm_results_export_async:
 * @dir: a run directory
 * @offsets: guint64, where the outcomes begin in `results.jsonl`, in the order wanted
 * @format: how to write them
 * @path: (type filename): the file to write; it is there once it is complete
 * @cancellable: (nullable): to stop
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Writes outcomes, in a thread: there may be a million.
 */
void
gm_results_export_async (const char          *dir,
                         GArray              *offsets,
                         GmExportFormat       format,
                         const char          *path,
                         GCancellable        *cancellable,
                         GAsyncReadyCallback  callback,
                         gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Export *export = g_new0 (Export, 1);

  export->dir = g_strdup (dir);
  export->offsets = g_array_ref (offsets);
  export->path = g_strdup (path);
  export->format = format;
  g_task_set_source_tag (task, gm_results_export_async);
  g_task_set_name (task, "gm-results-export");
  g_task_set_task_data (task, export, export_free);
  g_task_run_in_thread (task, export_thread);
}

gboolean
gm_results_export_finish (GAsyncResult  *result,
                          GError       **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
