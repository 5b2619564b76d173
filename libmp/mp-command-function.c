/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <sys/wait.h>

#include "mp-command.h"

#include "mp-command-private.h"
#include "mp-error.h"
#include "mp-function.h"
#include "mp-pool.h"

/* A command as an item of a pool: for programs, and languages, that have no function of their own
 * to run one in. */

static const char *const ends[] = {
  [MP_COMMAND_EXITED] = "exited",
  [MP_COMMAND_SIGNALED] = "signaled",
  [MP_COMMAND_TIMEOUT] = "timeout",
  [MP_COMMAND_CANCELLED] = "cancelled",
  [MP_COMMAND_REFUSED] = "refused",
  [MP_COMMAND_NOT_EXECUTED] = "not-executed",
  [MP_COMMAND_NO_RESOURCES] = "no-resources",
  [MP_COMMAND_RESULT_LOST] = "result-lost",
};

static GVariant *
env_to_variant (MpCommand *self)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(aymay)"));
  for (guint i = 0; i < self->variables->len; i++)
    {
      const MpCommandVariable *variable = g_ptr_array_index (self->variables, i);
      g_autofree char *name = g_strndup (variable->text->str, variable->name_length);
      const char *value = variable->text->str + variable->name_length + 1;

      g_variant_builder_add (&builder, "(^aym^ay)", name, variable->unset ? NULL : value);
    }
  return g_variant_builder_end (&builder);
}

/**
 * mp_command_to_variant:
 * @self: a command
 *
 * Describes what is to be run, as an item for the function `mp_command` that every pool knows. What
 * is borrowed by the command (descriptors, callbacks) is not part of it.
 *
 * That function runs it in a worker and gives a dictionary: `end` (`exited`, `signaled` or
 * `timeout`), `exit-status` or `signal` as integers, `stdout` and `stderr` as bytes up to the limit
 * of the command, `stdout-size` and `stderr-size` as the whole lengths, `pid`, `start-time` in
 * microseconds since the epoch, `duration` in nanoseconds, `user-time` and `system-time` in
 * microseconds, `max-rss` in bytes. A program that fails is no error; one that can't be run is.
 *
 * Returns: (transfer floating): a dictionary of type `a{sv}`
 */
GVariant *
mp_command_to_variant (MpCommand *self)
{
  GVariantDict dict;

  g_return_val_if_fail (self != NULL, NULL);

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, "argv",
                               g_variant_new_bytestring_array ((const char **) self->argv->pdata,
                                                               -1));
  if (self->variables->len > 0)
    g_variant_dict_insert_value (&dict, "env", env_to_variant (self));
  if (self->cwd != NULL)
    g_variant_dict_insert (&dict, "cwd", "^ay", self->cwd);
  if (self->has_stdin)
    g_variant_dict_insert_value (&dict, "stdin",
                                 g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE,
                                                            self->stdin_data->data,
                                                            self->stdin_data->len, 1));
  if (self->has_nice)
    g_variant_dict_insert (&dict, "nice", "i", self->nice);
  g_variant_dict_insert (&dict, "timeout", "x", self->timeout);
  g_variant_dict_insert (&dict, "output-limit", "t", (guint64) self->output_limit);
  return g_variant_dict_end (&dict);
}

static void
set_env (MpCommand *command,
         GVariant  *env)
{
  const char *name, *value;
  GVariantIter iter;

  g_variant_iter_init (&iter, env);
  while (g_variant_iter_next (&iter, "(^&aym^&ay)", &name, &value))
    mp_command_set_env (command, name, value);
}

static MpCommand *
command_from_variant (GVariant  *description,
                      GError   **error)
{
  g_autofree const char **argv = NULL;
  g_autoptr(MpCommand) command = NULL;
  g_autoptr(GVariant) env = NULL;
  g_autoptr(GVariant) input = NULL;
  GVariantDict dict;
  const char *cwd;
  guint64 limit;
  gint64 timeout;
  int nice;

  if (description == NULL || !g_variant_is_of_type (description, G_VARIANT_TYPE_VARDICT)
      || !g_variant_lookup (description, "argv", "^a&ay", &argv) || argv[0] == NULL)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                           "mp_command wants the description of a command, see"
                           " mp_command_to_variant()");
      return NULL;
    }
  command = mp_command_new (argv);
  g_variant_dict_init (&dict, description);
  env = g_variant_dict_lookup_value (&dict, "env", G_VARIANT_TYPE ("a(aymay)"));
  if (env != NULL)
    set_env (command, env);
  if (g_variant_dict_lookup (&dict, "cwd", "^&ay", &cwd))
    mp_command_set_cwd (command, cwd);
  input = g_variant_dict_lookup_value (&dict, "stdin", G_VARIANT_TYPE_BYTESTRING);
  if (input != NULL)
    mp_command_set_stdin (command, g_variant_get_data (input), g_variant_get_size (input));
  if (g_variant_dict_lookup (&dict, "nice", "i", &nice))
    mp_command_set_nice (command, nice);
  if (g_variant_dict_lookup (&dict, "timeout", "x", &timeout))
    mp_command_set_timeout (command, timeout);
  if (g_variant_dict_lookup (&dict, "output-limit", "t", &limit))
    mp_command_set_output_limit (command, limit);
  g_variant_dict_clear (&dict);
  return g_steal_pointer (&command);
}

static void
add_text (GVariantDict        *dict,
          const char          *name,
          const char          *size_name,
          const MpCommandText *text)
{
  g_variant_dict_insert_value (dict, name,
                               g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, text->data,
                                                          text->size, 1));
  g_variant_dict_insert (dict, size_name, "t", text->total);
}

static GVariant *
result_to_variant (const MpCommandResult *result)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "end", "s", ends[result->end]);
  if (WIFEXITED (result->wait_status))
    g_variant_dict_insert (&dict, "exit-status", "i", WEXITSTATUS (result->wait_status));
  else
    g_variant_dict_insert (&dict, "signal", "i", WTERMSIG (result->wait_status));
  add_text (&dict, "stdout", "stdout-size", &result->out);
  add_text (&dict, "stderr", "stderr-size", &result->err);
  g_variant_dict_insert (&dict, "pid", "i", (int) result->pid);
  g_variant_dict_insert (&dict, "start-time", "x", result->start_time);
  g_variant_dict_insert (&dict, "duration", "x", result->duration);
  g_variant_dict_insert (&dict, "user-time", "x", result->user_time);
  g_variant_dict_insert (&dict, "system-time", "x", result->system_time);
  g_variant_dict_insert (&dict, "max-rss", "x", result->max_rss);
  return g_variant_dict_end (&dict);
}

static GVariant *
mp_command (GVariant  *args,
            GError   **error)
{
  g_autoptr(MpCommand) command = command_from_variant (args, error);
  MpCommandResult result;

  if (command == NULL)
    return NULL;
  /* The pool sees and ends it, and a pause does not count. */
  mp_command_set_pid_slot (command, mp_pool_worker_get_child_pid ());
  mp_command_set_paused_time (command, mp_pool_worker_get_paused_time ());
  return mp_command_run (command, &result, error) ? result_to_variant (&result) : NULL;
}
MP_REGISTER_FUNCTION (mp_command)
