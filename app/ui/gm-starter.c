/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "gm-starter.h"

#define MAX_MESSAGE 4096

/* A runner is a process of its own, in a session of its own, and knows nothing of us: we may crash
 * or be closed and it goes on. */

static void
leave_session_cb (gpointer user_data)
{
  setsid ();
}

static int
make_stdin (const char  *job,
            GError     **error)
{
  int fd = memfd_create ("job", MFD_CLOEXEC);
  gsize size = strlen (job);

  if (fd < 0 || write (fd, job, size) != (gssize) size || lseek (fd, 0, SEEK_SET) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   _("Could not hand over the job: %s"), g_strerror (errno));
      if (fd >= 0)
        close (fd);
      return -1;
    }

  return fd;
}

/* A file without a name: nobody has to read it, and it goes with the last who has it. */
static int
make_stderr (void)
{
  int fd = open (g_get_tmp_dir (), O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);

  return fd >= 0 ? fd : open ("/dev/null", O_RDWR | O_CLOEXEC);
}

static void
close_fd (gpointer data)
{
  close (GPOINTER_TO_INT (data));
}

static char *
read_message (int fd)
{
  char text[MAX_MESSAGE + 1];
  gssize size = pread (fd, text, MAX_MESSAGE, 0);
  g_autofree char *valid = NULL;

  if (size <= 0)
    return NULL;
  text[size] = '\0';
  valid = g_utf8_make_valid (text, -1);
  g_strstrip (valid);
  if (g_str_has_prefix (valid, "gtk-mp: "))
    memmove (valid, valid + strlen ("gtk-mp: "), strlen (valid + strlen ("gtk-mp: ")) + 1);
  if (g_str_has_prefix (valid, "/dev/stdin:"))
    memmove (valid, valid + strlen ("/dev/stdin:"), strlen (valid + strlen ("/dev/stdin:")) + 1);

  return g_steal_pointer (&valid);
}

static void
ended_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  GSubprocess *runner = G_SUBPROCESS (object);
  g_autoptr(GError) error = NULL;
  g_autofree char *message = NULL;
  int status;

  if (!g_subprocess_wait_finish (runner, result, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  status = g_subprocess_get_if_exited (runner) ? g_subprocess_get_exit_status (runner) : 0;
  if (status != 2 && status != 125)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  message = read_message (GPOINTER_TO_INT (g_task_get_task_data (task)));
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s",
                           message != NULL ? message : _("The job could not be started"));
}

/**
 * gm_starter_start_async:
 * @options: (array zero-terminated=1): what to add to `gtk-mp --headless`
 * @job: (nullable): text of a job file whose paths are absolute, unless @options name a run
 * @cancellable: (nullable): to stop waiting; the runner goes on
 * @callback: called when the runner has ended, however long that takes
 * @user_data: for @callback
 *
 * Starts a runner.
 */
void
gm_starter_start_async (const char * const  *options,
                        const char          *job,
                        GCancellable        *cancellable,
                        GAsyncReadyCallback  callback,
                        gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr(GSubprocessLauncher) launcher = NULL;
  g_autoptr(GSubprocess) runner = NULL;
  g_autoptr(GPtrArray) argv = g_ptr_array_new ();
  const char *program = g_getenv ("GTK_MP_PROGRAM");
  GError *error = NULL;
  int fd;

  g_task_set_source_tag (task, gm_starter_start_async);
  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
  g_subprocess_launcher_set_child_setup (launcher, leave_session_cb, NULL, NULL);
  g_ptr_array_add (argv, (gpointer) (program != NULL ? program : PROGRAM));
  g_ptr_array_add (argv, (gpointer) "--headless");
  /* So that what tasks print goes into the run only, not also to our temporary file. */
  g_ptr_array_add (argv, (gpointer) "--json");
  for (guint i = 0; options[i] != NULL; i++)
    g_ptr_array_add (argv, (gpointer) options[i]);
  if (job != NULL)
    {
      fd = make_stdin (job, &error);
      if (fd < 0)
        {
          g_task_return_error (task, error);
          return;
        }
      g_subprocess_launcher_take_stdin_fd (launcher, fd);
      g_ptr_array_add (argv, (gpointer) "/dev/stdin");
    }
  g_ptr_array_add (argv, NULL);
  fd = make_stderr ();
  g_subprocess_launcher_take_stderr_fd (launcher, fcntl (fd, F_DUPFD_CLOEXEC, 3));
  g_task_set_task_data (task, GINT_TO_POINTER (fd), close_fd);
  runner = g_subprocess_launcher_spawnv (launcher, (const char * const *) argv->pdata, &error);
  if (runner == NULL)
    g_task_return_error (task, error);
  else
    g_subprocess_wait_async (runner, cancellable, ended_cb, g_steal_pointer (&task));
}

/**
 * gm_starter_start_finish:
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: %FALSE if the runner could not be started or refused to run the job, in its own words
 */
gboolean
gm_starter_start_finish (GAsyncResult  *result,
                         GError       **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
