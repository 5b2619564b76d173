/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "mp-process.h"

#include "mp-context-private.h"
#include "mp-process-private.h"

#define AUTHKEY_SIZE 32

static MpProcess *current;
static MpProcess *parent_of_current;
/* Processes described so far in this one. */
static guint counter;
/* While the object of a process is made that is not a child of this one. */
static gboolean describing_other;

static GBytes *
new_authkey (void)
{
  guint8 key[AUTHKEY_SIZE];

  for (gsize done = 0; done < sizeof key;)
    {
      gssize n = getrandom (key + done, sizeof key - done, 0);

      if (n > 0)
        done += n;
    }
  return g_bytes_new (key, sizeof key);
}

/* Python names a process after its class and where it stands in the tree of processes. */
static char *
make_name (MpProcess  *self,
           const char *identity)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);
  const char *prefix = "";
  const char *type = G_OBJECT_TYPE_NAME (self);

  if (G_OBJECT_TYPE (self) == MP_TYPE_PROCESS)
    {
      type = "Process";
      prefix = priv->context != NULL ? _mp_context_get_prefix (priv->context) : "";
    }
  return g_strconcat (prefix, type, "-", identity, NULL);
}

/* What a new process has from the one that describes it. */
void
_mp_process_inherit (MpProcess *self)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);
  MpProcessPrivate *own;

  priv->owner = getpid ();
  if (describing_other)
    return;

  own = _mp_process_get_private (mp_process_get_current ());
  priv->authkey = g_bytes_ref (own->authkey);
  priv->daemon |= own->daemon;
  counter++;
  priv->identity = *own->identity != '\0'
                     ? g_strdup_printf ("%s:%u", own->identity, counter)
                     : g_strdup_printf ("%u", counter);
  if (priv->name == NULL)
    priv->name = make_name (self, priv->identity);
}

static MpProcess *
describe_other (const char *name,
                pid_t       pid)
{
  MpProcess *process;
  MpProcessPrivate *priv;

  describing_other = TRUE;
  process = g_object_new (MP_TYPE_PROCESS, "name", name, NULL);
  describing_other = FALSE;

  priv = _mp_process_get_private (process);
  _mp_process_set_state (priv, MP_PROCESS_STARTED);
  priv->pid = pid;
  priv->identity = g_strdup ("");
  return process;
}

MpProcess *
_mp_process_new_parent (const char *name,
                        pid_t       pid)
{
  return describe_other (name, pid);
}

/* In a child: @self is what this process is, @parent (transfer full) describes where it is from. */
void
_mp_process_become_current (MpProcess *self,
                            MpProcess *parent)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);
  MpProcessPrivate *parent_priv = _mp_process_get_private (parent);

  parent_of_current = parent;
  parent_priv->owner = 0;
  _mp_process_set_state (parent_priv, MP_PROCESS_STARTED);

  current = g_object_ref (self);
  _mp_process_set_state (priv, MP_PROCESS_STARTED);
  priv->pid = getpid ();
  counter = 0;
}

/**
 * mp_process_get_current:
 *
 * Gets the object of this process: the one whose function runs in a child, or that of the main
 * process, named `MainProcess`.
 *
 * Returns: (transfer none): the object of this process
 */
MpProcess *
mp_process_get_current (void)
{
  if (current == NULL)
    {
      MpProcess *main_process = describe_other ("MainProcess", getpid ());
      MpProcessPrivate *priv = _mp_process_get_private (main_process);

      priv->owner = 0;
      priv->authkey = new_authkey ();
      current = main_process;
    }

  return current;
}

/**
 * mp_process_get_parent:
 *
 * Gets the process that started this one. Of it only the name, the pid, mp_process_is_alive() and
 * mp_process_join() say something.
 *
 * Returns: (transfer none) (nullable): the object of the parent, %NULL in the main process
 */
MpProcess *
mp_process_get_parent (void)
{
  return parent_of_current;
}

/**
 * mp_process_get_name:
 * @self: a process
 *
 * Gets the name, which log lines carry. Without one given it is made like Python's: `Process-1`, of
 * a child's child `Process-1:2`, of an explicit context `ForkProcess-1`, of a subclass the name of
 * its type and the number.
 *
 * Returns: the name
 */
const char *
mp_process_get_name (MpProcess *self)
{
  g_return_val_if_fail (MP_IS_PROCESS (self), NULL);

  return _mp_process_get_private (self)->name;
}

/**
 * mp_process_set_name:
 * @self: a process
 * @name: the new name
 *
 * Changes the name, valid UTF-8. A child knows the one it was started with.
 */
void
mp_process_set_name (MpProcess  *self,
                     const char *name)
{
  MpProcessPrivate *priv;

  g_return_if_fail (MP_IS_PROCESS (self));
  g_return_if_fail (name != NULL && g_utf8_validate (name, -1, NULL));

  priv = _mp_process_get_private (self);
  if (g_strcmp0 (priv->name, name) == 0)
    return;
  g_free (priv->name);
  priv->name = g_strdup (name);
  g_object_notify (G_OBJECT (self), "name");
}

/**
 * mp_process_get_daemon:
 * @self: a process
 *
 * Tells whether the process is ended with the one that has started it.
 *
 * Returns: whether the process is ended when its parent exits
 */
gboolean
mp_process_get_daemon (MpProcess *self)
{
  g_return_val_if_fail (MP_IS_PROCESS (self), FALSE);

  return _mp_process_get_private (self)->daemon;
}

/**
 * mp_process_set_daemon:
 * @self: a process that was not started
 * @daemon: whether its end is the exit of this process
 *
 * When this process exits in an orderly way it terminates its daemons and waits for its other
 * children. A daemon can't have children of its own. A new process has this from the one that
 * describes it.
 */
void
mp_process_set_daemon (MpProcess *self,
                       gboolean   daemon)
{
  MpProcessPrivate *priv;

  g_return_if_fail (MP_IS_PROCESS (self));

  priv = _mp_process_get_private (self);
  g_return_if_fail (_mp_process_get_state (priv) == MP_PROCESS_INITIAL);

  daemon = daemon != FALSE;
  if (priv->daemon == daemon)
    return;
  priv->daemon = daemon;
  g_object_notify (G_OBJECT (self), "daemon");
}

/**
 * mp_process_get_authkey:
 * @self: a process
 *
 * Gets the secret by which processes of one family know each other over a network: 32 random bytes
 * of the main process, handed down to every child, never in its arguments or environment.
 *
 * Returns: (transfer none) (nullable): the secret, %NULL for mp_process_get_parent()
 */
GBytes *
mp_process_get_authkey (MpProcess *self)
{
  g_return_val_if_fail (MP_IS_PROCESS (self), NULL);

  return _mp_process_get_private (self)->authkey;
}

/**
 * mp_process_set_authkey:
 * @self: a process
 * @authkey: the new secret
 *
 * Changes the secret: of this process for the children it describes from now on, or of a child
 * before it is started.
 */
void
mp_process_set_authkey (MpProcess *self,
                        GBytes    *authkey)
{
  MpProcessPrivate *priv;

  g_return_if_fail (MP_IS_PROCESS (self));
  g_return_if_fail (authkey != NULL);

  priv = _mp_process_get_private (self);
  g_bytes_ref (authkey);
  g_clear_pointer (&priv->authkey, g_bytes_unref);
  priv->authkey = authkey;
}

/**
 * mp_process_get_args:
 * @self: a process
 *
 * Gets the arguments, for the `run` of a subclass. As in Python they are dropped in the parent once
 * the process has started, so that what they hold is not kept.
 *
 * Returns: (transfer none) (nullable): the arguments
 */
GVariant *
mp_process_get_args (MpProcess *self)
{
  g_return_val_if_fail (MP_IS_PROCESS (self), NULL);

  return _mp_process_get_private (self)->args;
}

/**
 * mp_process_get_pid:
 * @self: a process
 *
 * Gets the number of the process. It stays the same after the end, when it may be that of another
 * process: to signal, use mp_process_terminate() and its like, which can't miss.
 *
 * Returns: the number, 0 if it was not started or is closed
 */
pid_t
mp_process_get_pid (MpProcess *self)
{
  MpProcessPrivate *priv;

  g_return_val_if_fail (MP_IS_PROCESS (self), 0);

  priv = _mp_process_get_private (self);
  return priv->closed ? 0 : priv->pid;
}

static const char *
state_to_string (MpProcess *self)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);

  if (self == current)
    return "started";
  if (priv->closed)
    return "closed";
  if (priv->owner != getpid ())
    return "unknown";
  if (_mp_process_get_state (priv) == MP_PROCESS_INITIAL)
    return "initial";
  return mp_process_is_alive (self) ? "started" : "stopped";
}

static void
append_exit_code (GString *text,
                  int      exit_code)
{
  const char *name = exit_code < 0 ? sigabbrev_np (-exit_code) : NULL;

  if (name != NULL)
    g_string_append_printf (text, " exitcode=-SIG%s", name);
  else
    g_string_append_printf (text, " exitcode=%d", exit_code);
}

/**
 * mp_process_to_string:
 * @self: a process
 *
 * Describes the process as Python's `repr()` does, for example
 * `<Process name='Process-1' pid=4711 parent=4710 stopped exitcode=-SIGTERM>`.
 *
 * Returns: (transfer full): the description
 */
char *
mp_process_to_string (MpProcess *self)
{
  MpProcessPrivate *priv;
  const char *state;
  GString *text;
  int exit_code;

  g_return_val_if_fail (MP_IS_PROCESS (self), NULL);

  priv = _mp_process_get_private (self);
  state = state_to_string (self);
  text = g_string_new (NULL);
  g_string_append_printf (text, "<%s%s name='%s'",
                          priv->context != NULL ? _mp_context_get_prefix (priv->context) : "",
                          G_OBJECT_TYPE (self) == MP_TYPE_PROCESS ? "Process"
                                                                  : G_OBJECT_TYPE_NAME (self),
                          priv->name);
  if (priv->pid != 0 && !priv->closed && self != current)
    g_string_append_printf (text, " pid=%d", (int) priv->pid);
  if (priv->owner != 0)
    g_string_append_printf (text, " parent=%d %s", (int) priv->owner, state);
  else
    g_string_append_printf (text, " parent=None %s", state);
  if (g_str_equal (state, "stopped") && mp_process_get_exit_code (self, &exit_code))
    append_exit_code (text, exit_code);
  if (priv->daemon)
    g_string_append (text, " daemon");
  g_string_append_c (text, '>');

  return g_string_free (text, FALSE);
}
