/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "mp-process-private.h"

#include "mp-exit-private.h"
#include "mp-fd-private.h"
#include "mp-log-private.h"
#include "mp-signals-private.h"

/* Programs that this process executes have it too. */
static void
close_stdin (void)
{
  mp_autofd int fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);

  if (fd > STDIN_FILENO)
    dup2 (fd, STDIN_FILENO);
  else if (fd == STDIN_FILENO)
    fcntl (g_steal_fd (&fd), F_SETFD, 0);
}

/* What a forked child does first, with all signals blocked until it is itself. */
void
_mp_child_begin (MpProcess *self,
                 pid_t      parent)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);

  prctl (PR_SET_PDEATHSIG, priv->death_signal);
  /* A parent that died before that line is not told of: look. */
  if (priv->death_signal != 0 && getppid () != parent)
    _exit (1);

  close_stdin ();
  _mp_reset_signals (MP_LAST_SIGNAL, priv->ignored_signal);
}

static void
write_error (MpProcess *self,
             GError    *error)
{
  g_autofree char *text = NULL;

  text = g_strdup_printf ("Process %s:\n%s, %d: %s\n", mp_process_get_name (self),
                          g_quark_to_string (error->domain), error->code, error->message);
  /* What was printed before comes before. */
  fflush (NULL);
  _mp_write_stderr (text, strlen (text));
}

/* The life of a child of any start method. */
void
_mp_child_run (MpProcess *self)
{
  g_autoptr (GError) error = NULL;
  gboolean done;

  _mp_exit_set_role (MP_EXIT_CHILD);
  mp_log (MP_LOG_INFO, "child process calling self.run()");
  done = MP_PROCESS_GET_CLASS (self)->run (self, &error);
  _mp_exit_function ();
  if (error != NULL)
    write_error (self, error);
  _mp_exit_child (done && error == NULL ? 0 : 1);
}
