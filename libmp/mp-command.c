/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <sys/mman.h>

#include "mp-command.h"

#include "mp-command-private.h"

/**
 * MpCommand:
 *
 * The one way to start a program: its arguments, environment, folder and standard input, how long
 * it may run and where its output goes.
 *
 * A command is made once and run many times; what changes from run to run is set again and what
 * has been allocated is used again. It belongs to one thread at a time, and the program it runs is
 * killed by the kernel if that thread ends.
 */

#define DEFAULT_OUTPUT_LIMIT (64 * 1024)

G_DEFINE_BOXED_TYPE (MpCommand, mp_command, mp_command_ref, mp_command_unref)

static void
mp_command_variable_free (gpointer data)
{
  MpCommandVariable *variable = data;

  g_string_free (variable->text, TRUE);
  g_free (variable);
}

static gboolean
has_name (const char *text,
          const char *name,
          gsize       name_length)
{
  return strncmp (text, name, name_length) == 0 && text[name_length] == '=';
}

static MpCommandVariable *
find_variable (MpCommand  *self,
               const char *name,
               gsize       name_length)
{
  for (guint i = 0; i < self->variables->len; i++)
    {
      MpCommandVariable *variable = g_ptr_array_index (self->variables, i);

      if (variable->name_length == name_length &&
          memcmp (variable->text->str, name, name_length) == 0)
        return variable;
    }

  return NULL;
}

static gboolean
is_overridden (MpCommand  *self,
               const char *text)
{
  const char *end = strchr (text, '=');

  return end != NULL && find_variable (self, text, end - text) != NULL;
}

static void
mp_command_free (MpCommand *self)
{
  g_ptr_array_unref (self->argv);
  g_string_free (self->argv_text, TRUE);
  g_strfreev (self->base_env);
  g_ptr_array_unref (self->env);
  g_ptr_array_unref (self->variables);
  g_free (self->cwd);
  g_byte_array_unref (self->stdin_data);
  _mp_command_forget_program (self);
  g_free (self->scratch);
  if (self->stack != NULL)
    munmap (self->stack, MP_COMMAND_STACK_SIZE);
  _mp_clear_fd (&self->null_fd);
  _mp_command_output_finalize (&self->out);
  _mp_command_output_finalize (&self->err);
  g_free (self);
}

/* The environment for the program. Only a name that comes or goes makes it anew. */
char **
_mp_command_get_environ (MpCommand *self)
{
  if (!self->env_changed)
    return (char **) self->env->pdata;

  g_ptr_array_set_size (self->env, 0);
  for (guint i = 0; self->base_env[i] != NULL; i++)
    {
      if (!is_overridden (self, self->base_env[i]))
        g_ptr_array_add (self->env, self->base_env[i]);
    }
  for (guint i = 0; i < self->variables->len; i++)
    {
      MpCommandVariable *variable = g_ptr_array_index (self->variables, i);

      if (variable->unset)
        continue;
      variable->position = self->env->len;
      g_ptr_array_add (self->env, variable->text->str);
    }
  g_ptr_array_add (self->env, NULL);
  self->env_changed = FALSE;
  return (char **) self->env->pdata;
}

const char *
_mp_command_get_env (MpCommand  *self,
                     const char *name)
{
  gsize length = strlen (name);
  char **env = _mp_command_get_environ (self);

  for (guint i = 0; env[i] != NULL; i++)
    {
      if (has_name (env[i], name, length))
        return env[i] + length + 1;
    }

  return NULL;
}

/**
 * mp_command_new:
 * @argv: (array zero-terminated=1): the program and its arguments
 *
 * Makes a command with the environment this process has now. The program starts with no signal
 * blocked, ignored or handled; real-time signals had best not be ignored from here on.
 *
 * Returns: (transfer full): a command
 */
MpCommand *
mp_command_new (const char *const *argv)
{
  MpCommand *self;

  g_return_val_if_fail (argv != NULL && argv[0] != NULL, NULL);

  self = g_new0 (MpCommand, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->argv = g_ptr_array_new ();
  self->argv_text = g_string_new (NULL);
  self->base_env = g_get_environ ();
  self->env = g_ptr_array_new ();
  self->env_changed = TRUE;
  self->variables = g_ptr_array_new_with_free_func (mp_command_variable_free);
  self->stdin_data = g_byte_array_new ();
  self->resets_realtime = _mp_command_uses_realtime ();
  self->null_fd = -1;
  self->cancel_fd = -1;
  self->owner_fd = -1;
  self->timeout = -1;
  self->output_limit = DEFAULT_OUTPUT_LIMIT;
  self->out = (MpCommandOutput) { .fd = 1, .read_fd = -1, .write_fd = -1, .file_fd = -1 };
  self->err = (MpCommandOutput) { .fd = 2, .read_fd = -1, .write_fd = -1, .file_fd = -1 };
  mp_command_set_argv (self, argv);
  return self;
}

/**
 * mp_command_ref:
 * @self: a command
 *
 * Holds the command once more.
 *
 * Returns: (transfer full): @self
 */
MpCommand *
mp_command_ref (MpCommand *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * mp_command_unref:
 * @self: (transfer full): a command
 *
 * Lets the command go; the last one frees it.
 */
void
mp_command_unref (MpCommand *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_ref_count_dec (&self->ref_count))
    mp_command_free (self);
}

/**
 * mp_command_set_argv:
 * @self: a command
 * @argv: (array zero-terminated=1): the program and its arguments
 *
 * Sets what is run. A program with a `/` in its name is found from the command's folder, any other
 * along the `PATH` of the command's environment. No shell is ever involved.
 */
void
mp_command_set_argv (MpCommand         *self,
                     const char *const *argv)
{
  const char *text;

  g_return_if_fail (self != NULL);
  g_return_if_fail (argv != NULL && argv[0] != NULL);

  g_string_truncate (self->argv_text, 0);
  g_ptr_array_set_size (self->argv, 0);
  for (guint i = 0; argv[i] != NULL; i++)
    g_string_append_len (self->argv_text, argv[i], strlen (argv[i]) + 1);

  /* Only now does the text stay where it is. */
  text = self->argv_text->str;
  for (guint i = 0; argv[i] != NULL; i++)
    {
      g_ptr_array_add (self->argv, (gpointer) text);
      text += strlen (text) + 1;
    }
  g_ptr_array_add (self->argv, NULL);
}

/**
 * mp_command_set_env:
 * @self: a command
 * @name: a variable, without `=`
 * @value: (nullable): its value, or %NULL for none even if this process has one
 *
 * Changes the environment of the program.
 */
void
mp_command_set_env (MpCommand  *self,
                    const char *name,
                    const char *value)
{
  MpCommandVariable *variable;
  gsize length;

  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL && *name != '\0' && strchr (name, '=') == NULL);

  length = strlen (name);
  variable = find_variable (self, name, length);
  if (variable != NULL && value != NULL && !variable->unset &&
      g_str_equal (variable->text->str + length + 1, value))
    return;
  if (variable == NULL)
    {
      variable = g_new0 (MpCommandVariable, 1);
      variable->text = g_string_new (name);
      variable->name_length = length;
      g_string_append_c (variable->text, '=');
      g_ptr_array_add (self->variables, variable);
      self->env_changed = TRUE;
    }
  if (variable->unset != (value == NULL))
    {
      variable->unset = value == NULL;
      self->env_changed = TRUE;
    }
  if (value != NULL)
    {
      g_string_truncate (variable->text, length + 1);
      g_string_append (variable->text, value);
      if (!self->env_changed)
        g_ptr_array_index (self->env, variable->position) = variable->text->str;
    }
  if (g_str_equal (name, "PATH"))
    _mp_command_forget_program (self);
}

/**
 * mp_command_set_cwd:
 * @self: a command
 * @path: (nullable) (type filename): the folder it runs in, or %NULL for that of this process
 *
 * Sets the folder that the program starts in.
 */
void
mp_command_set_cwd (MpCommand  *self,
                    const char *path)
{
  g_return_if_fail (self != NULL);

  if (g_strcmp0 (self->cwd, path) == 0)
    return;
  g_free (self->cwd);
  self->cwd = g_strdup (path);
  _mp_command_forget_program (self);
}

/**
 * mp_command_set_stdin:
 * @self: a command
 * @data: (array length=size) (element-type guint8) (nullable): what it reads, or %NULL
 * @size: length of @data
 *
 * Gives the program @data on its standard input, which is `/dev/null` otherwise. @data is copied.
 * A program that does not read it is no error.
 */
void
mp_command_set_stdin (MpCommand  *self,
                      const void *data,
                      gsize       size)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (data != NULL || size == 0);
  g_return_if_fail (size <= G_MAXUINT / 2);

  self->has_stdin = data != NULL;
  g_byte_array_set_size (self->stdin_data, 0);
  if (size > 0)
    g_byte_array_append (self->stdin_data, data, size);
}

/**
 * mp_command_set_nice:
 * @self: a command
 * @nice: priority of the program from -20 to 19
 *
 * Not being allowed to is an error of the run.
 */
void
mp_command_set_nice (MpCommand *self,
                     int        nice)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (nice >= -20 && nice <= 19);

  self->nice = nice;
  self->has_nice = TRUE;
}

/**
 * mp_command_set_timeout:
 * @self: a command
 * @timeout: microseconds a run may take, or -1 for any time
 *
 * When it passes, all processes of the command get SIGTERM, and 500 ms later SIGKILL.
 */
void
mp_command_set_timeout (MpCommand *self,
                        gint64     timeout)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (timeout >= -1);

  self->timeout = timeout;
}

/**
 * mp_command_set_paused_time:
 * @self: a command
 * @nanoseconds: (nullable): how long all has been paused so far, in shared memory
 *
 * Time spent paused does not count for the timeout. Who pauses stops this process together with
 * its command, and adds to @nanoseconds before it lets them continue.
 */
void
mp_command_set_paused_time (MpCommand    *self,
                            const gint64 *nanoseconds)
{
  g_return_if_fail (self != NULL);

  self->paused_time = nanoseconds;
}

/**
 * mp_command_set_output_limit:
 * @self: a command
 * @limit: bytes of each of standard output and standard error kept in memory, 64 KiB if not set
 *
 * Sets how much of the output is kept in memory.
 */
void
mp_command_set_output_limit (MpCommand *self,
                             gsize      limit)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (limit < G_MAXSSIZE);

  self->output_limit = limit;
}

/**
 * mp_command_set_output_path:
 * @self: a command
 * @path_func: (nullable) (scope forever): names the file for output above the limit
 * @user_data: for @path_func
 *
 * Output above the limit goes to a file, whole and from the first byte; the file is made, or
 * emptied, then only. Without @path_func what is above the limit is counted and dropped.
 */
void
mp_command_set_output_path (MpCommand         *self,
                            MpCommandPathFunc  path_func,
                            gpointer           user_data)
{
  g_return_if_fail (self != NULL);

  self->path_func = path_func;
  self->path_data = user_data;
}

/**
 * mp_command_set_cancel_fd:
 * @self: a command
 * @fd: a descriptor, or -1
 *
 * When @fd becomes readable during a run, the command is ended as by its timeout. Nothing is read
 * from it. If its other end is gone, all is killed at once.
 */
void
mp_command_set_cancel_fd (MpCommand *self,
                          int        fd)
{
  g_return_if_fail (self != NULL);

  self->cancel_fd = fd;
}

/**
 * mp_command_set_owner_fd:
 * @self: a command
 * @fd: pidfd of the process that wants the result, or -1
 *
 * When that process ends during a run, all processes of the command are killed at once.
 */
void
mp_command_set_owner_fd (MpCommand *self,
                         int        fd)
{
  g_return_if_fail (self != NULL);

  self->owner_fd = fd;
}

/**
 * mp_command_set_pid_slot:
 * @self: a command
 * @slot: (nullable): where others look for the session of the command, in shared memory
 *
 * The child itself writes its pid there before it becomes the program; it is 0 again once all
 * processes of a run are gone. Who ends this process in between reads it, and sets it to 0.
 */
void
mp_command_set_pid_slot (MpCommand *self,
                         pid_t     *slot)
{
  g_return_if_fail (self != NULL);

  self->pid_slot = slot;
}

/**
 * mp_command_set_check:
 * @self: a command
 * @interval: microseconds between two looks
 * @check_func: (nullable) (scope forever): looks whether it may go on
 * @user_data: for @check_func
 *
 * Has @check_func called now and then during a run, for limits that the kernel does not keep.
 */
void
mp_command_set_check (MpCommand          *self,
                      gint64              interval,
                      MpCommandCheckFunc  check_func,
                      gpointer            user_data)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (interval > 0 || check_func == NULL);

  self->check_interval = check_func != NULL ? interval : 0;
  self->check_func = check_func;
  self->check_data = user_data;
}
