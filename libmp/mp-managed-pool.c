/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-managed-pool-private.h"

#include "mp-pool-private.h"

/* A pool whose workers are children of the server. Nothing here waits: the pool tells when
 * something is done, and calls that wait are run again. */

typedef struct
{
  MpManaged  base;

  /* Owned */
  MpPool    *pool;
  GVariant  *initargs;  /* for workers to come: what proxies in there stand for lives on */
} Pool;

MpPool *
_mp_managed_pool_get (MpManaged *self)
{
  return ((Pool *) self)->pool;
}

static void
on_worker_exited (MpPool    *pool,
                  guint      slot,
                  int        pid,
                  char      *name,
                  int        wait_status,
                  guint      reason,
                  gboolean   has_tag,
                  guint64    tag,
                  MpManaged *object)
{
  _mp_managed_changed (object);
}

static void
drop (Pool *self)
{
  mp_pool_terminate (self->pool);
  g_object_unref (self->pool);
  if (self->initargs != NULL)
    _mp_server_forget (self->base.server, self->initargs);
}

static gboolean
pool_init (MpManaged  *base,
           GVariant   *args,
           GError    **error)
{
  Pool *self = (Pool *) base;
  g_autoptr (GVariant) initargs = NULL;
  const char *initializer = NULL;
  guint processes = 0, max_tasks = 0;

  if (g_variant_n_children (args) > 0)
    g_variant_get (args, "(um&smvu)", &processes, &initializer, &initargs, &max_tasks);
  self->pool = _mp_pools_add (base->server, processes);
  if (initializer != NULL)
    mp_pool_set_initializer (self->pool, initializer, initargs);
  if (initargs != NULL)
    self->initargs = _mp_server_keep (base->server, initargs);
  mp_pool_set_max_tasks_per_child (self->pool, max_tasks);
  if (!mp_pool_start (self->pool, error))
    {
      drop (self);
      return FALSE;
    }
  g_signal_connect (self->pool, "worker-exited", G_CALLBACK (on_worker_exited), base);
  return TRUE;
}

/* What nobody waits for any more is not worth doing. */
static void
pool_clear (MpManaged *base)
{
  Pool *self = (Pool *) base;

  g_signal_handlers_disconnect_by_data (self->pool, base);
  drop (self);
}

/* Begins what @call asks for, or looks what has come of it. */
static GVariant *
perform (MpCall      *call,
         const char  *function,
         GVariant    *args,
         gint64       chunksize,
         GError     **error)
{
  if (call->data == NULL)
    {
      call->data = _mp_managed_outcome_new (call->object, call->object, function, args, chunksize,
                                            error);
      call->free_data = _mp_managed_outcome_unref;
    }
  return call->data != NULL ? _mp_managed_outcome_get (call->data, call, error) : NULL;
}

static GVariant *
pool_apply (MpCall  *call,
            GError **error)
{
  g_autoptr (GVariant) args = NULL;
  const char *function;

  g_variant_get (call->args, "(&smv)", &function, &args);
  return perform (call, function, args, -1, error);
}

static GVariant *
pool_apply_async (MpCall  *call,
                  GError **error)
{
  g_autoptr (GVariant) args = NULL;
  const char *function;

  g_variant_get (call->args, "(&smv)", &function, &args);
  return _mp_managed_result_make (call->object, function, args, -1, error);
}

/* Returns: (transfer full): the items that @call is about, of a type that its method takes */
static GVariant *
get_items (MpCall      *call,
           const char **function,
           guint       *chunksize,
           GError     **error)
{
  gboolean tuples = g_str_has_prefix (call->method->name, "star");
  g_autoptr (GVariant) items = NULL;

  g_variant_get (call->args, "(&svu)", function, &items, chunksize);
  if (g_variant_is_of_type (items, G_VARIANT_TYPE ("av"))
      || g_variant_is_of_type (items, tuples ? G_VARIANT_TYPE ("ar") : G_VARIANT_TYPE_ARRAY))
    return g_steal_pointer (&items);
  g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE, "“%s” takes an array%s, not a “%s”",
               call->method->name, tuples ? " of tuples" : "", g_variant_get_type_string (items));
  return NULL;
}

static GVariant *
pool_map (MpCall  *call,
          GError **error)
{
  const char *function;
  guint chunksize;
  g_autoptr (GVariant) items = get_items (call, &function, &chunksize, error);

  return items != NULL ? perform (call, function, items, chunksize, error) : NULL;
}

static GVariant *
pool_map_async (MpCall  *call,
                GError **error)
{
  const char *function;
  guint chunksize;
  g_autoptr (GVariant) items = get_items (call, &function, &chunksize, error);

  if (items == NULL)
    return NULL;
  return _mp_managed_result_make (call->object, function, items, chunksize, error);
}

static GVariant *
pool_imap (MpCall  *call,
           GError **error)
{
  gboolean ordered = g_str_equal (call->method->name, "imap");
  const char *function;
  guint chunksize;
  g_autoptr (GVariant) items = get_items (call, &function, &chunksize, error);

  if (items == NULL)
    return NULL;
  return _mp_managed_iterator_make (call->object, function, items, ordered, error);
}

static GVariant *
pool_close (MpCall  *call,
            GError **error)
{
  mp_pool_close (((Pool *) call->object)->pool);
  return _mp_call_nothing ();
}

static GVariant *
pool_terminate (MpCall  *call,
                GError **error)
{
  mp_pool_terminate (((Pool *) call->object)->pool);
  return _mp_call_nothing ();
}

static GVariant *
pool_join (MpCall  *call,
           GError **error)
{
  MpPool *pool = ((Pool *) call->object)->pool;

  if (!pool->closed && !pool->terminated)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_PROCESS, "Pool is still running");
      return NULL;
    }
  if (pool->workers->len > 0)
    return _mp_call_wait (call, MP_ERROR_TIMEOUT, "The workers have not ended yet", error);
  return _mp_call_nothing ();
}

static const MpManagedMethod pool_methods[] = {
  { "apply", "(smv)", pool_apply },
  { "apply_async", "(smv)", pool_apply_async },
  { "map", "(svu)", pool_map },
  { "map_async", "(svu)", pool_map_async },
  { "starmap", "(svu)", pool_map },
  { "starmap_async", "(svu)", pool_map_async },
  { "imap", "(svu)", pool_imap },
  { "imap_unordered", "(svu)", pool_imap },
  { "close", "()", pool_close },
  { "terminate", "()", pool_terminate },
  { "join", "()", pool_join },
};

const MpManagedType _mp_managed_pool = {
  "Pool", sizeof (Pool), pool_init, pool_clear, NULL, pool_methods, G_N_ELEMENTS (pool_methods),
  .made_of = "(umsmvu)",
};
