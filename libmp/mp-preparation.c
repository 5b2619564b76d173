/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-preparation-private.h"

#include "mp-context-private.h"
#include "mp-error.h"
#include "mp-handles-private.h"
#include "mp-log-private.h"
#include "mp-main-private.h"
#include "mp-process-private.h"

/* The process: type, function, name, identity, daemon, death signal, ignored signal, authkey,
 * arguments; where it comes from: pid, name; the log: level, whether to standard error, level and
 * descriptor of mp_log_to_fd(); the program: start method, executable, preload. */
#define PREPARATION_TYPE "((ssssbiiaymv)(is)(ibih)(iays))"

static GPtrArray *process_types;

/**
 * mp_process_register_type:
 * @get_type: (scope forever): the function that gives the type
 *
 * Makes a subclass of #MpProcess known to processes that start from a fresh image. Programs write
 * %MP_REGISTER_PROCESS_TYPE after the type's definition instead.
 */
void
mp_process_register_type (GType (*get_type) (void))
{
  g_return_if_fail (get_type != NULL);

  if (process_types == NULL)
    process_types = g_ptr_array_new ();
  g_ptr_array_add (process_types, (gpointer) get_type);
}

static GType
find_type (const char *name)
{
  g_type_ensure (MP_TYPE_PROCESS);
  for (guint i = 0; process_types != NULL && i < process_types->len; i++)
    ((GType (*) (void)) process_types->pdata[i]) ();

  return g_type_from_name (name);
}

static GVariant *
bytes_to_variant (GBytes *bytes)
{
  return g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE);
}

GVariant *
_mp_preparation_new (MpProcess *process)
{
  MpProcessPrivate *priv = _mp_process_get_private (process);
  const char *executable = _mp_get_executable ();
  const char *preload = _mp_get_forkserver_preload ();
  MpLogState log;

  _mp_log_get_state (&log);
  return g_variant_new ("((ssssbii@aymv)(is)(ibih)(i^ays))",
                        G_OBJECT_TYPE_NAME (process),
                        priv->function != NULL ? priv->function : "",
                        priv->name,
                        priv->identity,
                        (gboolean) priv->daemon,
                        priv->death_signal,
                        priv->ignored_signal,
                        bytes_to_variant (priv->authkey),
                        priv->args,
                        getpid (),
                        mp_process_get_name (mp_process_get_current ()),
                        (int) log.level,
                        log.to_stderr,
                        (int) log.fd_level,
                        log.fd,
                        (int) mp_context_get_method (mp_context_get_default ()),
                        executable != NULL ? executable : "",
                        preload != NULL ? preload : "");
}

static void
apply_log (GVariant *preparation)
{
  MpLogState log;
  int level, fd_level;

  g_variant_get_child (preparation, 2, "(ibih)", &level, &log.to_stderr, &fd_level, &log.fd);
  log.level = level;
  log.fd_level = fd_level;
  if (log.fd >= 0)
    log.fd = mp_handle_steal (log.fd);
  _mp_log_take_state (&log);
}

static void
apply_program (GVariant *preparation)
{
  const char *executable, *preload;
  int method;

  g_variant_get_child (preparation, 3, "(i^&ay&s)", &method, &executable, &preload);
  _mp_set_default_start_method (method);
  mp_set_executable (*executable != '\0' ? executable : NULL);
  mp_set_forkserver_preload (*preload != '\0' ? preload : NULL);
}

static MpProcess *
build_process (GVariant  *preparation,
               GError   **error)
{
  const char *type_name, *function, *name, *identity;
  g_autoptr (GVariant) authkey = NULL;
  g_autoptr (GVariant) args = NULL;
  gboolean daemon;
  int death_signal, ignored_signal;
  MpProcessPrivate *priv;
  MpProcess *process;
  GType type;

  g_variant_get_child (preparation, 0, "(&s&s&s&sbii@aymv)", &type_name, &function, &name,
                       &identity, &daemon, &death_signal, &ignored_signal, &authkey, &args);
  type = find_type (type_name);
  if (!g_type_is_a (type, MP_TYPE_PROCESS))
    {
      g_set_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED,
                   "Process %s: the type %s is not known here: write MP_REGISTER_PROCESS_TYPE"
                   " after its definition", name, type_name);
      return NULL;
    }

  process = g_object_new (type,
                          "function", *function != '\0' ? function : NULL,
                          "name", name,
                          "args", args,
                          "death-signal", death_signal,
                          NULL);
  priv = _mp_process_get_private (process);
  priv->daemon = daemon;
  priv->ignored_signal = ignored_signal;
  g_free (priv->identity);
  priv->identity = g_strdup (identity);
  g_clear_pointer (&priv->authkey, g_bytes_unref);
  priv->authkey = g_variant_get_data_as_bytes (authkey);
  return process;
}

/* Makes this process the one that was prepared. What @preparation holds has to be normal form. */
MpProcess *
_mp_preparation_apply (GVariant  *preparation,
                       GError   **error)
{
  MpProcess *process;
  const char *parent_name;
  pid_t parent;

  if (!g_variant_is_of_type (preparation, G_VARIANT_TYPE (PREPARATION_TYPE)))
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                           "What was prepared for this process is from another version");
      return NULL;
    }

  apply_log (preparation);
  apply_program (preparation);
  process = build_process (preparation, error);
  if (process == NULL)
    return NULL;

  g_variant_get_child (preparation, 1, "(i&s)", &parent, &parent_name);
  _mp_process_get_private (process)->owner = parent;
  _mp_process_become_current (process, _mp_process_new_parent (parent_name, parent));
  return process;
}
