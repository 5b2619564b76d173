/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>

#include "mp-process.h"

#include "mp-context-private.h"
#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-function-private.h"
#include "mp-process-private.h"

/**
 * MpProcess:
 *
 * A process that runs a registered function, or the `run` of a subclass.
 *
 * A process object describes the child until mp_process_start() makes it, and is the handle to it
 * from then on: it holds a pidfd, so that waiting can't miss the end, nor a signal reach another
 * process that got the same number. It may be waited for and asked from any thread.
 *
 * A subclass is registered with %MP_REGISTER_PROCESS_TYPE. Under the start methods that do not fork
 * this process the child has an object of the same type with the same name and arguments; whatever
 * else it should know has to be in those.
 */
G_DEFINE_TYPE_WITH_PRIVATE (MpProcess, mp_process, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_CONTEXT,
  PROP_NAME,
  PROP_FUNCTION,
  PROP_ARGS,
  PROP_DAEMON,
  PROP_DEATH_SIGNAL,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

MpProcessPrivate *
_mp_process_get_private (MpProcess *self)
{
  return mp_process_get_instance_private (self);
}

static gboolean
mp_process_real_run (MpProcess  *self,
                     GError    **error)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);

  return priv->function == NULL || _mp_function_perform (priv->function, priv->args, error);
}

static void
mp_process_constructed (GObject *object)
{
  MpProcess *self = MP_PROCESS (object);

  G_OBJECT_CLASS (mp_process_parent_class)->constructed (object);

  _mp_process_inherit (self);
}

static void
mp_process_dispose (GObject *object)
{
  MpProcessPrivate *priv = _mp_process_get_private (MP_PROCESS (object));

  if (priv->watch != NULL)
    {
      g_source_destroy (priv->watch);
      g_clear_pointer (&priv->watch, g_source_unref);
    }

  G_OBJECT_CLASS (mp_process_parent_class)->dispose (object);
}

static void
mp_process_finalize (GObject *object)
{
  MpProcessPrivate *priv = _mp_process_get_private (MP_PROCESS (object));

  _mp_clear_fd (&priv->pidfd);
  g_clear_pointer (&priv->args, g_variant_unref);
  g_clear_pointer (&priv->authkey, g_bytes_unref);
  g_free (priv->name);
  g_free (priv->identity);
  g_free (priv->function);

  G_OBJECT_CLASS (mp_process_parent_class)->finalize (object);
}

static void
mp_process_get_property (GObject    *object,
                         guint       prop_id,
                         GValue     *value,
                         GParamSpec *pspec)
{
  MpProcess *self = MP_PROCESS (object);
  MpProcessPrivate *priv = _mp_process_get_private (self);

  switch (prop_id)
    {
    case PROP_CONTEXT:
      g_value_set_object (value, priv->context);
      break;
    case PROP_NAME:
      g_value_set_string (value, mp_process_get_name (self));
      break;
    case PROP_FUNCTION:
      g_value_set_string (value, priv->function);
      break;
    case PROP_ARGS:
      g_value_set_variant (value, priv->args);
      break;
    case PROP_DAEMON:
      g_value_set_boolean (value, priv->daemon);
      break;
    case PROP_DEATH_SIGNAL:
      g_value_set_int (value, priv->death_signal);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
mp_process_set_property (GObject      *object,
                         guint         prop_id,
                         const GValue *value,
                         GParamSpec   *pspec)
{
  MpProcess *self = MP_PROCESS (object);
  MpProcessPrivate *priv = _mp_process_get_private (self);

  switch (prop_id)
    {
    case PROP_CONTEXT:
      priv->context = g_value_get_object (value);
      break;
    case PROP_NAME:
      if (g_value_get_string (value) != NULL)
        mp_process_set_name (self, g_value_get_string (value));
      break;
    case PROP_FUNCTION:
      priv->function = g_value_dup_string (value);
      break;
    case PROP_ARGS:
      priv->args = g_value_dup_variant (value);
      break;
    case PROP_DAEMON:
      mp_process_set_daemon (self, g_value_get_boolean (value));
      break;
    case PROP_DEATH_SIGNAL:
      priv->death_signal = g_value_get_int (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
mp_process_class_init (MpProcessClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags writable = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
  const GParamFlags construct_only = writable | G_PARAM_CONSTRUCT_ONLY;

  object_class->constructed = mp_process_constructed;
  object_class->dispose = mp_process_dispose;
  object_class->finalize = mp_process_finalize;
  object_class->get_property = mp_process_get_property;
  object_class->set_property = mp_process_set_property;
  klass->run = mp_process_real_run;

  /**
   * MpProcess:context:
   *
   * How the process is started, or %NULL for the default of the program when it starts.
   */
  properties[PROP_CONTEXT] =
    g_param_spec_object ("context", NULL, NULL, MP_TYPE_CONTEXT, construct_only);
  /**
   * MpProcess:name:
   *
   * The name, for people; see mp_process_get_name().
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, writable);
  /**
   * MpProcess:function:
   *
   * The name of the registered function that the process calls, if it is of no subclass.
   */
  properties[PROP_FUNCTION] =
    g_param_spec_string ("function", NULL, NULL, NULL, construct_only);
  /**
   * MpProcess:args:
   *
   * The arguments; see mp_process_get_args().
   */
  properties[PROP_ARGS] =
    g_param_spec_variant ("args", NULL, NULL, G_VARIANT_TYPE_ANY, NULL, construct_only);
  /**
   * MpProcess:daemon:
   *
   * Whether it is ended when this process exits; see mp_process_set_daemon().
   */
  properties[PROP_DAEMON] = g_param_spec_boolean ("daemon", NULL, NULL, FALSE, writable);
  /**
   * MpProcess:death-signal:
   *
   * The signal the kernel sends to the process when this one dies, however it dies. `SIGKILL` by
   * default, so that nothing is left behind; 0 for none. It is bound to the thread that starts the
   * process, or that started the forkserver: if that thread ends before, so does the process. A
   * thread that stays can call mp_context_prepare(). Set before the start.
   */
  properties[PROP_DEATH_SIGNAL] =
    g_param_spec_int ("death-signal", NULL, NULL, 0, NSIG - 1, SIGKILL, writable);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * MpProcess::terminated:
   * @self: the process
   *
   * Emitted once after the process has ended, in the main context that was thread-default when it
   * was started; not after mp_process_close(). Connect before the start, or call mp_process_watch()
   * afterwards.
   */
  g_signal_new ("terminated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 0);
}

static void
mp_process_init (MpProcess *self)
{
  MpProcessPrivate *priv = _mp_process_get_private (self);

  priv->pidfd = -1;
  priv->death_signal = SIGKILL;
  priv->link.data = self;
}

/**
 * mp_process_new:
 * @function: the name of a registered function
 * @args: (nullable): its arguments; taken if it is floating
 *
 * Describes a process that calls @function with @args when it is started, by the default start
 * method. If the function sets an error the process writes it to standard error and exits with 1;
 * what it returns is dropped: results go through a connection, a queue or a pool.
 *
 * Returns: (transfer full): the process
 */
MpProcess *
mp_process_new (const char *function,
                GVariant   *args)
{
  return mp_process_new_full (NULL, NULL, function, args);
}

/**
 * mp_process_new_full:
 * @context: (nullable): how to start it, %NULL for the default start method
 * @name: (nullable): its name, %NULL for one like `Process-1`
 * @function: the name of a registered function
 * @args: (nullable): its arguments; taken if it is floating
 *
 * Describes a process as mp_process_new() does.
 *
 * Returns: (transfer full): the process
 */
MpProcess *
mp_process_new_full (MpContext  *context,
                     const char *name,
                     const char *function,
                     GVariant   *args)
{
  g_return_val_if_fail (context == NULL || MP_IS_CONTEXT (context), NULL);
  g_return_val_if_fail (function != NULL, NULL);

  return g_object_new (MP_TYPE_PROCESS,
                       "context", context,
                       "name", name,
                       "function", function,
                       "args", args,
                       NULL);
}

/* A process of a pool: a daemon, named after its start method; the pool tells of its death. */
MpProcess *
_mp_process_new_worker (MpContext  *context,
                        const char *function,
                        GVariant   *args)
{
  MpProcess *self = mp_process_new_full (context, NULL, function, args);
  MpProcessPrivate *priv = _mp_process_get_private (self);

  g_free (priv->name);
  priv->name = g_strdup_printf ("%sPoolWorker-%s", _mp_context_get_prefix (context),
                                priv->identity);
  priv->daemon = TRUE;
  priv->worker = TRUE;
  priv->ignored_signal = SIGINT; /* the parent decides what Ctrl-C means */
  return self;
}
