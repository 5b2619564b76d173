/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-context.h"

#include "mp-context-private.h"
#include "mp-error.h"
#include "mp-forkserver-private.h"

/**
 * MpContext:
 *
 * One way to start processes. Parts of a program that need different ways each use their own
 * context instead of the default of the program.
 */
struct _MpContext
{
  GObject       parent_instance;

  MpStartMethod method;
  guint         allow_threads : 1;
};

G_DEFINE_FINAL_TYPE (MpContext, mp_context, G_TYPE_OBJECT)

#define N_METHODS (MP_START_METHOD_FORKSERVER + 1)
#define UNDECIDED (-1)

/* What the default is as long as nobody has set one, as in Python from 3.14 on. */
#define DEFAULT_METHOD MP_START_METHOD_FORKSERVER

static const char *const method_names[N_METHODS] = { "fork", "spawn", "forkserver" };
/* Of process names, as Python names its classes. */
static const char *const prefixes[N_METHODS] = { "Fork", "Spawn", "ForkServer" };

static MpContext *contexts[N_METHODS];
static int default_method = UNDECIDED;
static char *forkserver_preload;

static void
mp_context_class_init (MpContextClass *klass)
{
}

static void
mp_context_init (MpContext *self)
{
}

static MpContext *
context_of_method (MpStartMethod method)
{
  if (contexts[method] == NULL)
    {
      contexts[method] = g_object_new (MP_TYPE_CONTEXT, NULL);
      contexts[method]->method = method;
    }
  return contexts[method];
}

static gboolean
parse_method (const char     *name,
              MpStartMethod  *method,
              GError        **error)
{
  for (int i = 0; i < N_METHODS; i++)
    {
      if (g_strcmp0 (name, method_names[i]) == 0)
        {
          *method = i;
          return TRUE;
        }
    }

  g_set_error (error, MP_ERROR, MP_ERROR_FAILED,
               "cannot find context for '%s': the start methods are fork, spawn and forkserver",
               name);
  return FALSE;
}

/**
 * mp_context_get:
 * @method: (nullable): `fork`, `spawn` or `forkserver`, or %NULL for the default
 * @error: return location for an error
 *
 * Gets the context of a start method. Fails with %MP_ERROR_FAILED if @method is none. With %NULL it
 * can't fail, and it fixes the default as mp_get_start_method() does.
 *
 * Returns: (transfer none): the context, the same one for each call
 */
MpContext *
mp_context_get (const char  *method,
                GError     **error)
{
  MpStartMethod parsed;

  if (method == NULL)
    return mp_context_get_default ();
  if (!parse_method (method, &parsed, error))
    return NULL;

  return context_of_method (parsed);
}

/**
 * mp_context_get_default:
 *
 * Gets the context of the default start method, and fixes that as mp_get_start_method() does.
 *
 * Returns: (transfer none): the context
 */
MpContext *
mp_context_get_default (void)
{
  if (default_method == UNDECIDED)
    default_method = DEFAULT_METHOD;

  return context_of_method (default_method);
}

/**
 * mp_context_get_method:
 * @self: a context
 *
 * Gets how processes of the context are started.
 *
 * Returns: the start method of this context
 */
MpStartMethod
mp_context_get_method (MpContext *self)
{
  g_return_val_if_fail (MP_IS_CONTEXT (self), DEFAULT_METHOD);

  return self->method;
}

/**
 * mp_get_all_start_methods:
 *
 * Lists the ways to start processes, the default first.
 *
 * Returns: (transfer none) (array zero-terminated=1): the names of the start methods, that which is
 *   the default of an unconfigured program first
 */
const char *const *
mp_get_all_start_methods (void)
{
  static const char *const all[] = { "forkserver", "fork", "spawn", NULL };

  return all;
}

/**
 * mp_get_start_method:
 *
 * Gets the name of the default start method. As in Python, to read it fixes it: from now on
 * mp_set_start_method() needs `force`.
 *
 * Returns: `fork`, `spawn` or `forkserver`
 */
const char *
mp_get_start_method (void)
{
  return method_names[mp_context_get_default ()->method];
}

/**
 * mp_set_start_method:
 * @method: (nullable): `fork`, `spawn` or `forkserver`; with @force also %NULL for undecided
 * @force: whether to replace a default that was set, or read, before
 * @error: return location for an error
 *
 * Sets the start method of processes and pools that are given no context. Children use the same
 * default as their parent.
 *
 * Returns: %FALSE with %MP_ERROR_PROCESS if it is already set, with %MP_ERROR_FAILED if there is no
 *   such method; it stays as it was then
 */
gboolean
mp_set_start_method (const char  *method,
                     gboolean     force,
                     GError     **error)
{
  MpStartMethod parsed = DEFAULT_METHOD;

  if (default_method != UNDECIDED && !force)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_PROCESS, "context has already been set");
      return FALSE;
    }
  if (method == NULL && force)
    {
      default_method = UNDECIDED;
      return TRUE;
    }
  if (!parse_method (method, &parsed, error))
    return FALSE;

  default_method = parsed;
  return TRUE;
}

/**
 * mp_start_method_to_string:
 * @method: a start method
 *
 * Names a way to start processes.
 *
 * Returns: its name, as mp_context_get() takes it
 */
const char *
mp_start_method_to_string (MpStartMethod method)
{
  g_return_val_if_fail (method < N_METHODS, NULL);

  return method_names[method];
}

/**
 * mp_context_set_allow_threads:
 * @self: a context
 * @allow: whether to fork a process that has several threads
 *
 * The start method `fork` refuses with %MP_ERROR_MULTI_THREADED when this process has several
 * threads, since locks that other threads hold at that moment stay locked in the child for ever.
 * Python forks, and hangs now and then. Who knows that no lock matters may allow it. No other start
 * method looks at this.
 */
void
mp_context_set_allow_threads (MpContext *self,
                              gboolean   allow)
{
  g_return_if_fail (MP_IS_CONTEXT (self));

  self->allow_threads = allow != FALSE;
}

/**
 * mp_set_forkserver_preload:
 * @function: (nullable): the name of a registered function, or %NULL for none
 *
 * Has @function called, without arguments, once in each forkserver when it starts: what it loads is
 * there in every process that server starts later. It must not leave threads behind. A forkserver
 * that already runs is not affected. If it fails, it says so on standard error and the server goes
 * on without.
 */
void
mp_set_forkserver_preload (const char *function)
{
  g_free (forkserver_preload);
  forkserver_preload = g_strdup (function);
}

/**
 * mp_context_prepare:
 * @self: a context
 *
 * Begins to start what processes of this context need, without waiting for it: the forkserver, if
 * that is the start method. A program that will start processes, but has something to do before,
 * has its first one sooner. If it fails, starting a process will say so.
 */
void
mp_context_prepare (MpContext *self)
{
  g_return_if_fail (MP_IS_CONTEXT (self));

  if (self->method == MP_START_METHOD_FORKSERVER)
    _mp_forkserver_prepare ();
}

gboolean
_mp_context_get_allow_threads (MpContext *self)
{
  return self->allow_threads;
}

const char *
_mp_context_get_prefix (MpContext *self)
{
  return prefixes[self->method];
}

void
_mp_set_default_start_method (MpStartMethod method)
{
  default_method = method;
}

const char *
_mp_get_forkserver_preload (void)
{
  return forkserver_preload;
}
