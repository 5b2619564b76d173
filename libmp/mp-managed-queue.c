/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-managed-private.h"

typedef struct
{
  MpManaged base;
  GQueue    items;
  guint64   max_size;    /* 0 for any */
  guint64   unfinished;
} Queue;

static gboolean
queue_init (MpManaged  *base,
            GVariant   *args,
            GError    **error)
{
  if (g_variant_is_of_type (args, G_VARIANT_TYPE_UINT64))
    ((Queue *) base)->max_size = g_variant_get_uint64 (args);
  return TRUE;
}

static void
queue_finish (MpManaged *base)
{
  GVariant *item;

  while ((item = g_queue_pop_head (&((Queue *) base)->items)) != NULL)
    _mp_server_forget (base->server, item);
}

static gboolean
is_full (Queue *self)
{
  return self->max_size > 0 && self->items.length >= self->max_size;
}

static GVariant *
queue_put (MpCall  *call,
           GError **error)
{
  Queue *self = (Queue *) call->object;
  g_autoptr (GVariant) item = NULL;

  if (is_full (self))
    return _mp_call_wait (call, MP_ERROR_FULL, "The queue is full", error);

  item = _mp_call_arg (call, 0);
  g_queue_push_tail (&self->items, _mp_server_keep (call->object->server, item));
  self->unfinished++;
  _mp_managed_changed (call->object);
  return _mp_call_nothing ();
}

static GVariant *
queue_get (MpCall  *call,
           GError **error)
{
  Queue *self = (Queue *) call->object;
  GVariant *item, *copy;

  if (self->items.length == 0)
    return _mp_call_wait (call, MP_ERROR_EMPTY, "The queue is empty", error);

  item = g_queue_pop_head (&self->items);
  copy = g_variant_ref (item);
  _mp_server_forget (call->object->server, item);
  _mp_managed_changed (call->object);
  return copy;
}

static GVariant *
queue_size (MpCall  *call,
            GError **error)
{
  return g_variant_new_uint64 (((Queue *) call->object)->items.length);
}

static GVariant *
queue_empty (MpCall  *call,
             GError **error)
{
  return g_variant_new_boolean (((Queue *) call->object)->items.length == 0);
}

static GVariant *
queue_full (MpCall  *call,
            GError **error)
{
  return g_variant_new_boolean (is_full ((Queue *) call->object));
}

static GVariant *
queue_task_done (MpCall  *call,
                 GError **error)
{
  Queue *self = (Queue *) call->object;

  if (self->unfinished == 0)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_NOT_OWNED,
                           "task_done() called too many times");
      return NULL;
    }
  if (--self->unfinished == 0)
    _mp_managed_changed (call->object);
  return _mp_call_nothing ();
}

static GVariant *
queue_join (MpCall  *call,
            GError **error)
{
  if (((Queue *) call->object)->unfinished > 0)
    return _mp_call_wait (call, MP_ERROR_TIMEOUT, "Not all tasks were done in time", error);
  return _mp_call_nothing ();
}

#define QUEUE_METHODS               \
  { "put", "(v)", queue_put },      \
  { "get", "()", queue_get },       \
  { "qsize", "()", queue_size },    \
  { "empty", "()", queue_empty },   \
  { "full", "()", queue_full }

static const MpManagedMethod queue_methods[] = { QUEUE_METHODS };

const MpManagedType _mp_managed_queue = {
  "Queue", sizeof (Queue), queue_init, queue_finish, NULL,
  queue_methods, G_N_ELEMENTS (queue_methods),
  .made_of = "t",
};

static const MpManagedMethod joinable_queue_methods[] = {
  QUEUE_METHODS,
  { "task_done", "()", queue_task_done },
  { "join", "()", queue_join },
};

const MpManagedType _mp_managed_joinable_queue = {
  "JoinableQueue", sizeof (Queue), queue_init, queue_finish, NULL,
  joinable_queue_methods, G_N_ELEMENTS (joinable_queue_methods),
  .made_of = "t",
};
