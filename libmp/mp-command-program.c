/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mp-command.h"

#include "mp-command-private.h"
#include "mp-error.h"

/* As execvp() has it where there is no PATH at all. */
#define DEFAULT_PATH "/bin:/usr/bin"

/* Where @path is before the child has entered the folder of the command. */
static char *
resolve (MpCommand  *self,
         const char *path)
{
  if (self->cwd == NULL || g_path_is_absolute (path))
    return g_strdup (path);

  return g_build_filename (self->cwd, path, NULL);
}

/* Returns 0, or why @path can't be executed. */
static int
check_executable (MpCommand  *self,
                  const char *path)
{
  g_autofree char *resolved = resolve (self, path);
  struct stat status;

  if (stat (resolved, &status) < 0)
    return errno;
  if (S_ISDIR (status.st_mode))
    return EISDIR;
  if (!S_ISREG (status.st_mode) || faccessat (AT_FDCWD, resolved, X_OK, AT_EACCESS) < 0)
    return EACCES;

  return 0;
}

static char *
search_path (MpCommand  *self,
             const char *name,
             int        *error_number)
{
  const char *path = _mp_command_get_env (self, "PATH");
  g_auto (GStrv) folders = NULL;

  if (path == NULL)
    path = DEFAULT_PATH;
  folders = g_strsplit (*path != '\0' ? path : ".", ":", -1);

  *error_number = ENOENT;
  for (guint i = 0; folders[i] != NULL; i++)
    {
      const char *folder = *folders[i] != '\0' ? folders[i] : ".";
      g_autofree char *candidate = g_build_filename (folder, name, NULL);
      int reason = check_executable (self, candidate);

      if (reason == 0)
        return g_steal_pointer (&candidate);
      if (reason == EACCES)
        *error_number = EACCES;
    }

  return NULL;
}

static char *
explain_execute (MpCommand *self,
                 int        error_number)
{
  const char *name = g_ptr_array_index (self->argv, 0);
  const char *program = self->program != NULL ? self->program : name;

  switch (error_number)
    {
    case ENOEXEC:
      return g_strdup ("it is neither a program nor a script with “#!” and its interpreter "
                       "in the first line");
    case ENOENT:
      if (*name != '\0' && strchr (name, '/') == NULL && self->program == NULL)
        return g_strdup ("there is no such program in any folder of PATH");
      if (check_executable (self, program) == 0)
        return g_strdup ("the interpreter it names in its first line, or its loader, "
                         "does not exist");
      return g_strdup ("there is no such file");
    case EISDIR:
    case EACCES:
      if (check_executable (self, program) == EISDIR)
        return g_strdup ("it is a folder");
      return g_strdup ("it is not executable, or a folder on the way can't be entered");
    case E2BIG:
      return g_strdup ("its arguments and environment are too long");
    default:
      return g_strdup (g_strerror (error_number));
    }
}

/* Says what failed, where, and why; @error_number is what the kernel said at @step. */
void
_mp_command_set_error (MpCommand      *self,
                       MpCommandStep   step,
                       int             error_number,
                       GError        **error)
{
  const char *name = g_ptr_array_index (self->argv, 0);
  g_autofree char *reason = NULL;

  switch (step)
    {
    case MP_COMMAND_STEP_CWD:
      g_set_error (error, MP_ERROR, MP_ERROR_SPAWN, "Could not run “%s” in the folder “%s”: %s",
                   name, self->cwd, g_strerror (error_number));
      break;
    case MP_COMMAND_STEP_NICE:
      g_set_error (error, MP_ERROR, MP_ERROR_SPAWN, "Could not run “%s” with nice %d: %s",
                   name, self->nice, g_strerror (error_number));
      break;
    case MP_COMMAND_STEP_PIPE:
      g_set_error (error, MP_ERROR, MP_ERROR_SPAWN, "Could not open what “%s” reads and writes: %s",
                   name, g_strerror (error_number));
      break;
    case MP_COMMAND_STEP_PROCESS:
      g_set_error (error, MP_ERROR, MP_ERROR_SPAWN, "Could not make a process for “%s”: %s",
                   name, g_strerror (error_number));
      break;
    case MP_COMMAND_STEP_EXECUTE:
    case MP_COMMAND_STEP_NONE:
    default:
      reason = explain_execute (self, error_number);
      g_set_error (error, MP_ERROR, MP_ERROR_SPAWN, "Could not run “%s”: %s", name, reason);
      break;
    }
}

void
_mp_command_forget_program (MpCommand *self)
{
  g_clear_pointer (&self->program, g_free);
  g_clear_pointer (&self->program_name, g_free);
}

/* What to give to execve() once the child is in its folder. Searched once for each program. */
const char *
_mp_command_find_program (MpCommand  *self,
                          int        *error_number,
                          GError    **error)
{
  const char *name = g_ptr_array_index (self->argv, 0);

  if (strchr (name, '/') != NULL || *name == '\0')
    {
      _mp_command_forget_program (self);
      return name;
    }
  if (self->program != NULL && g_str_equal (self->program_name, name))
    return self->program;

  _mp_command_forget_program (self);
  self->program = search_path (self, name, error_number);
  if (self->program == NULL)
    {
      _mp_command_set_error (self, MP_COMMAND_STEP_EXECUTE, *error_number, error);
      return NULL;
    }
  self->program_name = g_strdup (name);
  return self->program;
}

/**
 * mp_command_check:
 * @self: a command
 * @error: return location for an error
 *
 * Looks whether the folder is there and the program can be found and executed, as a run would do,
 * without running it.
 *
 * Returns: %FALSE with %MP_ERROR_SPAWN if a run could not start it
 */
gboolean
mp_command_check (MpCommand  *self,
                  GError    **error)
{
  const char *program;
  int error_number;

  g_return_val_if_fail (self != NULL, FALSE);

  if (self->cwd != NULL && !g_file_test (self->cwd, G_FILE_TEST_IS_DIR))
    {
      error_number = g_file_test (self->cwd, G_FILE_TEST_EXISTS) ? ENOTDIR : ENOENT;
      _mp_command_set_error (self, MP_COMMAND_STEP_CWD, error_number, error);
      return FALSE;
    }

  program = _mp_command_find_program (self, &error_number, error);
  if (program == NULL)
    return FALSE;
  error_number = check_executable (self, program);
  if (error_number != 0)
    {
      _mp_command_set_error (self, MP_COMMAND_STEP_EXECUTE, error_number, error);
      return FALSE;
    }

  return TRUE;
}
