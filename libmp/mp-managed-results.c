/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-managed-pool-private.h"

#include "mp-pool.h"
#include "mp-server-private.h"

/* What comes of what a pool was given to do: the outcome, and the objects that are made of some. */

typedef MpManagedOutcome Outcome;

/* What comes of one function, or of a map. Shared by who asks for it, who may leave before, and by
 * the pool, which says it. */
struct _MpManagedOutcome
{
  /* Owned */
  MpManaged *told;    /* held: whose calls wait for it; NULL when it is done */
  GVariant  *args;    /* what proxies in there stand for lives until then */
  GVariant  *value;
  GError    *error;

  /* Borrowed */
  MpServer  *server;
  GQueue    *done;    /* where it goes when it is; NULL if the asker has it */

  int        refs;
};

typedef struct
{
  MpManaged  base;
  MpManaged *pool;    /* held */
  Outcome   *outcome;
} Result;

typedef struct
{
  MpManaged  base;
  MpManaged *pool;    /* held */
  GQueue     next;    /* Outcomes: all, in the order of the items, or those that are done */
  guint      left;
} Iterator;

void
_mp_managed_outcome_unref (gpointer data)
{
  Outcome *self = data;

  if (--self->refs > 0)
    return;
  if (self->value != NULL)
    _mp_server_forget (self->server, self->value);
  g_clear_error (&self->error);
  g_free (self);
}

/* The pool is through with it. */
static void
outcome_settle (Outcome *self)
{
  MpManaged *told = g_steal_pointer (&self->told);

  if (self->args != NULL)
    _mp_server_forget (self->server, g_steal_pointer (&self->args));
  if (self->done != NULL)
    g_queue_push_tail (self->done, self);
  else
    _mp_managed_outcome_unref (self);
  _mp_managed_changed (told);
  _mp_managed_drop (told);
}

static void
on_value (GVariant *value,
          gpointer  user_data)
{
  Outcome *self = user_data;

  self->value = _mp_server_keep (self->server, value);
  outcome_settle (self);
}

static void
on_error (const GError *error,
          gpointer      user_data)
{
  Outcome *self = user_data;

  self->error = g_error_copy (error);
  outcome_settle (self);
}

/* Calls a function, or with a @chunksize of at least 0 maps it over the array @args.
 *
 * Returns: (transfer full) (nullable): what will come of it */
Outcome *
_mp_managed_outcome_new (MpManaged  *pool,
                         MpManaged  *told,
                         const char *function,
                         GVariant   *args,
                         gint64      chunksize,
                         GError    **error)
{
  g_autoptr (MpAsyncResult) result = NULL;
  Outcome *self = g_new0 (Outcome, 1);

  self->server = pool->server;
  self->args = args != NULL ? _mp_server_keep (self->server, args) : NULL;
  self->told = told;
  self->refs = 2;
  _mp_managed_hold (told);
  if (chunksize < 0)
    result = mp_pool_apply_async (_mp_managed_pool_get (pool), function, args, on_value, on_error,
                                  self, error);
  else
    result = mp_pool_map_async (_mp_managed_pool_get (pool), function, args, chunksize, on_value,
                                on_error, self, error);
  if (result != NULL)
    return self;
  self->refs = 1;
  outcome_settle (self);
  return NULL;
}

/* What a call is answered that asks for it. */
GVariant *
_mp_managed_outcome_get (Outcome *self,
                         MpCall  *call,
                         GError **error)
{
  if (self->told != NULL)
    return _mp_call_wait (call, MP_ERROR_TIMEOUT, "The result is not ready yet", error);
  if (self->value != NULL)
    return g_variant_ref (self->value);
  g_propagate_error (error, g_error_copy (self->error));
  return NULL;
}

/* Results. */

static void
result_clear (MpManaged *base)
{
  Result *self = (Result *) base;

  g_clear_pointer (&self->outcome, _mp_managed_outcome_unref);
  _mp_managed_drop (self->pool);
}

static GVariant *
result_get (MpCall  *call,
            GError **error)
{
  return _mp_managed_outcome_get (((Result *) call->object)->outcome, call, error);
}

static GVariant *
result_wait (MpCall  *call,
             GError **error)
{
  if (((Result *) call->object)->outcome->told != NULL)
    return _mp_call_wait (call, MP_ERROR_TIMEOUT, "The result is not ready yet", error);
  return g_variant_new_boolean (TRUE);
}

static GVariant *
result_ready (MpCall  *call,
              GError **error)
{
  return g_variant_new_boolean (((Result *) call->object)->outcome->told == NULL);
}

static GVariant *
result_successful (MpCall  *call,
                   GError **error)
{
  Outcome *outcome = ((Result *) call->object)->outcome;

  if (outcome->told == NULL)
    return g_variant_new_boolean (outcome->error == NULL);
  g_set_error_literal (error, MP_ERROR, MP_ERROR_PROCESS, "The result is not ready yet");
  return NULL;
}

static const MpManagedMethod result_methods[] = {
  { "get", "()", result_get },
  { "wait", "()", result_wait },
  { "ready", "()", result_ready },
  { "successful", "()", result_successful },
};

static const MpManagedType result_type = {
  "AsyncResult", sizeof (Result), NULL, result_clear, NULL,
  result_methods, G_N_ELEMENTS (result_methods),
};

GVariant *
_mp_managed_result_make (MpManaged  *pool,
                         const char *function,
                         GVariant   *args,
                         gint64      chunksize,
                         GError    **error)
{
  MpManaged *result = _mp_managed_new (pool->server, &result_type);
  Result *self = (Result *) result;

  self->pool = pool;
  _mp_managed_hold (pool);
  self->outcome = _mp_managed_outcome_new (pool, result, function, args, chunksize, error);
  if (self->outcome != NULL)
    return _mp_managed_publish (result);
  _mp_managed_drop (result);
  return NULL;
}

/* Iterators. */

static void
iterator_clear (MpManaged *base)
{
  Iterator *self = (Iterator *) base;

  g_queue_clear_full (&self->next, _mp_managed_outcome_unref);
  _mp_managed_drop (self->pool);
}

static GVariant *
iterator_next (MpCall  *call,
               GError **error)
{
  Iterator *self = (Iterator *) call->object;
  Outcome *first = g_queue_peek_head (&self->next);
  g_autoptr (GVariant) value = NULL;

  if (self->left == 0)
    return g_variant_new ("mv", NULL);
  if (first == NULL || first->told != NULL)
    return _mp_call_wait (call, MP_ERROR_TIMEOUT, "The next result is not there yet", error);

  self->left--;
  g_queue_pop_head (&self->next);
  value = _mp_managed_outcome_get (first, call, error);
  /* The next one may be for somebody else who waits. */
  _mp_managed_changed (call->object);
  _mp_managed_outcome_unref (first);
  return value != NULL ? g_variant_new ("mv", value) : NULL;
}

static const MpManagedMethod iterator_methods[] = { { "next", "()", iterator_next } };

static const MpManagedType iterator_type = {
  "Iterator", sizeof (Iterator), NULL, iterator_clear, NULL,
  iterator_methods, G_N_ELEMENTS (iterator_methods),
};

static gboolean
submit_item (Iterator    *self,
             const char  *function,
             GVariant    *item,
             gboolean     ordered,
             GError     **error)
{
  g_autoptr (GVariant) args =
    g_variant_is_of_type (item, G_VARIANT_TYPE_VARIANT) ? g_variant_get_variant (item)
                                                        : g_variant_ref (item);
  Outcome *outcome = _mp_managed_outcome_new (self->pool, &self->base, function, args, -1, error);

  if (outcome == NULL)
    return FALSE;
  self->left++;
  if (ordered)
    {
      g_queue_push_tail (&self->next, outcome);
      return TRUE;
    }
  outcome->done = &self->next;
  _mp_managed_outcome_unref (outcome);
  return TRUE;
}

GVariant *
_mp_managed_iterator_make (MpManaged  *pool,
                           const char *function,
                           GVariant   *items,
                           gboolean    ordered,
                           GError    **error)
{
  MpManaged *iterator = _mp_managed_new (pool->server, &iterator_type);
  Iterator *self = (Iterator *) iterator;
  gsize n = g_variant_n_children (items);

  self->pool = pool;
  _mp_managed_hold (pool);
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (items, i);

      if (!submit_item (self, function, item, ordered, error))
        {
          _mp_managed_drop (iterator);
          return NULL;
        }
    }
  return _mp_managed_publish (iterator);
}
