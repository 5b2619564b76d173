/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "mp-error.h"
#include "mp-handles-private.h"
#include "mp-pool-private.h"

/**
 * MpAsyncResult:
 *
 * What a function that runs in a pool will have returned: one value for
 * [method@Pool.apply_async], an array of them for [method@Pool.map_async].
 *
 * It becomes ready whatever happens to the workers: a worker's death is the error of the item
 * that it was running, and terminating the pool completes every outstanding result with
 * %MP_ERROR_CANCELLED. The work goes on while nobody waits, also if the result is dropped.
 *
 * To be used from the thread that made the pool.
 */

/* Lets a map's first chunks be large, for speed, and its last ones small, so that no worker has
 * much left when the others are done. */
#define CHUNK_SHARE 8
#define MAX_CHUNK   512

/* While the caller waits, so many items are on their way at most: they go through a few warm blocks
 * again and again, where touching new memory for each costs more than all the rest. */
#define WINDOW      32768

/* A value that has come back: a scalar's bytes, or an owned GVariant. Its type lies elsewhere, so
 * that an array of these can become the array of the result. */
typedef union
{
  guint64   scalar;
  GVariant *variant;
} Element;

struct _MpAsyncResult
{
  GObject parent_instance;

  MpSink    sink;
  MpPool   *pool;      /* owned while not ready */
  Element  *elements;  /* owned while not ready: one per item */
  guint8   *types;     /* owned, of them as in MpPayload; MP_VALUE_VARIANT if @variant is it */
  gsize     n_items;
  gboolean  single;
  gboolean  ready;
  gboolean  carries;   /* descriptors */

  /* What is still to be submitted */
  GVariant *items;     /* owned until all are */
  gsize     n_submitted;
  gsize     chunk_end;
  guint     chunksize;
  gsize     window;
  GError   *error;     /* owned: the first one in time */
  GVariant *value;     /* owned */

  MpCallback      callback;
  MpErrorCallback error_callback;
  gpointer        user_data;
  GList          *waiting;  /* owned: GTasks */
};

G_DEFINE_FINAL_TYPE (MpAsyncResult, mp_async_result, G_TYPE_OBJECT)

static GVariant *
element_to_variant (MpAsyncResult *self,
                    gsize          i)
{
  MpPayload value = { self->elements[i].scalar, 0, self->types[i] };

  if (self->types[i] == MP_VALUE_VARIANT)
    return g_variant_ref (self->elements[i].variant);
  return g_variant_ref_sink (_mp_payload_unpack_scalar (&value));
}

/* Moves the numbers together where they are: to touch as much memory again costs more. */
static GVariant *
join_scalars (MpAsyncResult *self,
              guint8         type)
{
  gsize size = _mp_payload_scalar_size (type);
  const char array_type[] = { 'a', type, '\0' };
  guint8 *packed = (guint8 *) g_steal_pointer (&self->elements);
  g_autoptr(GBytes) bytes = NULL;

  if (size < sizeof (Element))
    {
      for (gsize i = 0; i < self->n_items; i++)
        memmove (packed + i * size, packed + i * sizeof (Element), size);
      packed = g_realloc (packed, self->n_items * size);
    }
  bytes = g_bytes_new_take (packed, self->n_items * size);
  return g_variant_new_from_bytes ((const GVariantType *) array_type, bytes, TRUE);
}

/* An array of the values' type if they have one in common, else of variants. */
static GVariant *
join_variants (MpAsyncResult *self)
{
  g_autoptr(GPtrArray) children = g_ptr_array_new_full (self->n_items,
                                                        (GDestroyNotify) g_variant_unref);
  gboolean alike = TRUE;
  GVariantBuilder builder;

  for (gsize i = 0; i < self->n_items; i++)
    {
      g_ptr_array_add (children, element_to_variant (self, i));
      alike = alike && strcmp (g_variant_get_type_string (children->pdata[i]),
                               g_variant_get_type_string (children->pdata[0])) == 0;
    }
  if (alike)
    return g_variant_new_array (g_variant_get_type (children->pdata[0]),
                                (GVariant **) children->pdata, self->n_items);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("av"));
  for (gsize i = 0; i < self->n_items; i++)
    g_variant_builder_add (&builder, "v", children->pdata[i]);
  return g_variant_builder_end (&builder);
}

static GVariant *
join_elements (MpAsyncResult *self)
{
  guint8 type = self->n_items > 0 ? self->types[0] : 0;
  gboolean alike = TRUE;

  if (self->single)
    return element_to_variant (self, 0);
  if (self->n_items == 0)
    return g_variant_new_array (G_VARIANT_TYPE_VARIANT, NULL, 0);
  for (gsize i = 1; i < self->n_items && alike; i++)
    alike = self->types[i] == type;
  return alike && _mp_payload_is_scalar (type) ? join_scalars (self, type) : join_variants (self);
}

/* The descriptors of results are open for as long as the result they came in. */
static GVariant *
join_with_descriptors (MpAsyncResult *self)
{
  g_autoptr(GVariant) joined = g_variant_take_ref (join_elements (self));

  return self->carries && !self->single ? _mp_handles_dup (joined, &self->error)
                                        : g_steal_pointer (&joined);
}

static void
make_elements (MpAsyncResult *self,
               gsize          n_items)
{
  self->n_items = n_items;
  self->elements = g_new0 (Element, n_items);
  self->types = g_new0 (guint8, n_items);
}

static void
clear_elements (MpAsyncResult *self)
{
  if (self->elements != NULL)
    for (gsize i = 0; i < self->n_items; i++)
      if (self->types[i] == MP_VALUE_VARIANT)
        g_variant_unref (self->elements[i].variant);
  g_clear_pointer (&self->elements, g_free);
  g_clear_pointer (&self->types, g_free);
}

/* Takes @task. */
static void
return_task (MpAsyncResult *self,
             GTask         *task)
{
  if (self->error != NULL)
    g_task_return_error (task, g_error_copy (self->error));
  else
    g_task_return_pointer (task, g_variant_ref (self->value), (GDestroyNotify) g_variant_unref);
  g_object_unref (task);
}

static void
complete (MpAsyncResult *self)
{
  g_autoptr(MpPool) pool = g_steal_pointer (&self->pool);

  if (self->error == NULL)
    self->value = join_with_descriptors (self);
  clear_elements (self);
  self->ready = TRUE;
  if (self->error != NULL && self->error_callback != NULL)
    self->error_callback (self->error, self->user_data);
  else if (self->error == NULL && self->callback != NULL)
    self->callback (self->value, self->user_data);
  while (self->waiting != NULL)
    {
      GTask *task = self->waiting->data;

      self->waiting = g_list_delete_link (self->waiting, self->waiting);
      return_task (self, task);
    }
}

static void
refill_complete (MpSink *sink)
{
  g_autoptr(MpAsyncResult) self = sink->owner;

  g_ptr_array_remove (self->pool->sinks, sink);
  complete (self);
}

/* Nothing is to be waited for; but nobody is called back before he has the result. */
static void
complete_soon (MpAsyncResult *self)
{
  g_object_ref (self);
  self->sink.refill = refill_complete;
  g_ptr_array_add (self->pool->sinks, &self->sink);
  _mp_pool_wake (self->pool);
}

/* Nothing more is submitted: all of it was, or it can't be any more. */
static void
end_submitting (MpAsyncResult *self)
{
  if (self->items == NULL)
    return;
  g_ptr_array_remove (self->pool->sinks, &self->sink);
  g_clear_pointer (&self->items, g_variant_unref);
}

static void
deliver (MpSink           *sink,
         const MpDelivery *delivery)
{
  MpAsyncResult *self = sink->owner;
  Element *element = &self->elements[delivery->index];
  g_autoptr(GError) error = NULL;

  if (delivery->status != MP_OUTCOME_OK)
    {
      if (self->error == NULL)
        self->error = g_error_copy (delivery->error);
    }
  else if (_mp_payload_is_scalar (delivery->value.type))
    {
      element->scalar = delivery->value.data;
      self->types[delivery->index] = delivery->value.type;
    }
  else
    {
      self->carries |= delivery->value.type == MP_VALUE_HANDLES;
      element->variant = _mp_delivery_to_variant (self->pool, delivery, &error);
      if (element->variant != NULL)
        self->types[delivery->index] = MP_VALUE_VARIANT;
      else if (self->error == NULL)
        self->error = g_steal_pointer (&error);
    }
  if (sink->pending == 0 && self->items == NULL)
    complete (self);
}

static void
mp_async_result_finalize (GObject *object)
{
  MpAsyncResult *self = MP_ASYNC_RESULT (object);

  end_submitting (self);
  clear_elements (self);
  g_clear_object (&self->pool);
  g_clear_error (&self->error);
  g_clear_pointer (&self->value, g_variant_unref);
  G_OBJECT_CLASS (mp_async_result_parent_class)->finalize (object);
}

static void
mp_async_result_class_init (MpAsyncResultClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mp_async_result_finalize;
}

static void
mp_async_result_init (MpAsyncResult *self)
{
  self->sink.owner = self;
  self->sink.deliver = deliver;
}

MpAsyncResult *
_mp_async_result_new (MpPool          *pool,
                      guint            function,
                      MpCallback       callback,
                      MpErrorCallback  error_callback,
                      gpointer         user_data)
{
  MpAsyncResult *self = g_object_new (MP_TYPE_ASYNC_RESULT, NULL);

  self->pool = g_object_ref (pool);
  self->sink.function = function;
  self->callback = callback;
  self->error_callback = error_callback;
  self->user_data = user_data;
  return self;
}

/* The first error in time counts. */
static GError **
place_of_error (MpAsyncResult *self)
{
  return self->error == NULL ? &self->error : NULL;
}

void
_mp_async_result_submit (MpAsyncResult *self,
                         GVariant      *args)
{
  self->single = TRUE;
  make_elements (self, 1);
  if (_mp_pool_submit (self->pool, &self->sink, 0, self->pool->submitted, args, &self->error))
    _mp_pool_flush (self->pool);
  else
    complete_soon (self);
}

/* The pool has come to its end with items that were not submitted. */
static void
give_up (MpAsyncResult *self)
{
  if (self->error == NULL && self->pool->broken != NULL)
    self->error = g_error_copy (self->pool->broken);
  else if (self->error == NULL)
    self->error = g_error_new_literal (MP_ERROR, MP_ERROR_CANCELLED, "Cancelled before it ran");
  end_submitting (self);
}

static guint
next_chunk (gsize left,
            guint workers,
            guint chunksize)
{
  if (chunksize > 0)
    return chunksize;
  return CLAMP (left / (workers * CHUNK_SHARE), 1, MAX_CHUNK);
}

static gboolean
submit_nth (MpAsyncResult *self,
            GVariant      *items,
            gsize          i)
{
  g_autoptr(GVariant) child = g_variant_get_child_value (items, i);
  g_autoptr(GVariant) item = NULL;

  if (g_variant_is_of_type (child, G_VARIANT_TYPE_VARIANT))
    item = g_variant_get_variant (child);
  return _mp_pool_submit (self->pool, &self->sink, i, i, item != NULL ? item : child,
                          place_of_error (self));
}

/* Numbers go straight from the array into the records. */
static gboolean
submit_scalar (MpAsyncResult *self,
               const guint8  *data,
               gsize          size,
               guint8         type,
               gsize          i)
{
  MpPayload value = { 0, 0, type };

  memcpy (&value.data, data + i * size, size);
  return _mp_pool_submit_value (self->pool, &self->sink, i, i, &value, NULL, 0,
                                place_of_error (self));
}

/* Submits as many as the window takes. */
static void
submit_more (MpAsyncResult *self)
{
  guint8 type = g_variant_get_type_string (self->items)[1];
  gboolean scalar = _mp_payload_is_scalar (type);
  gsize size = scalar ? _mp_payload_scalar_size (type) : 0;
  const guint8 *data = scalar ? g_variant_get_data (self->items) : NULL;
  gboolean fits = TRUE;

  while (fits && self->n_submitted < self->n_items && self->sink.pending < self->window)
    {
      gsize i = self->n_submitted++;

      if (i == self->chunk_end)
        {
          _mp_pool_end_run (self->pool);
          self->chunk_end = i + next_chunk (self->n_items - i, self->pool->processes,
                                            self->chunksize);
        }
      fits = scalar ? submit_scalar (self, data, size, type, i)
                    : submit_nth (self, self->items, i);
    }
  if (!fits || self->n_submitted == self->n_items)
    end_submitting (self);
  _mp_pool_flush (self->pool);
}

static void
refill (MpSink *sink)
{
  MpAsyncResult *self = sink->owner;

  if (self->pool->broken != NULL || self->pool->terminated)
    give_up (self);
  else
    submit_more (self);
  if (sink->pending == 0 && self->items == NULL)
    complete (self);
}

/* Submits all of @items. With @waits the caller will do nothing but wait for the result, so it is
 * enough to have some of them on their way at a time. */
void
_mp_async_result_submit_all (MpAsyncResult *self,
                             GVariant      *items,
                             guint          chunksize,
                             gboolean       waits)
{
  self->items = g_variant_ref (items);
  self->chunksize = chunksize;
  self->window = waits ? WINDOW : G_MAXSIZE;
  make_elements (self, g_variant_n_children (items));
  self->sink.refill = refill;
  g_ptr_array_add (self->pool->sinks, &self->sink);
  submit_more (self);
  if (self->sink.pending == 0 && self->items == NULL)
    complete_soon (self);
}

static gboolean
is_ready (gpointer data)
{
  return MP_ASYNC_RESULT (data)->ready;
}

/**
 * mp_async_result_get:
 * @self: an async result
 * @timeout: how long to wait, in microseconds; -1 for as long as it takes
 * @error: return location for an error
 *
 * Waits for the value and returns it. The pool works on while the caller does not wait.
 *
 * Fails with %MP_ERROR_TIMEOUT if it is not ready in time (it can be asked again), with the
 * error of the first item that failed (its message preceded by the name of the worker),
 * with %MP_ERROR_WORKER_LOST if the worker that ran an item died, %MP_ERROR_TASK_TIMEOUT,
 * %MP_ERROR_CANCELLED after [method@Pool.terminate], or %MP_ERROR_BROKEN.
 *
 * Never hangs because of a worker, whatever kills it.
 *
 * Returns: (transfer full): what the function returned; for a map an array in the order of the
 *   items, of their type if they all have the same, else of variants
 */
GVariant *
mp_async_result_get (MpAsyncResult  *self,
                     gint64          timeout,
                     GError        **error)
{
  g_autoptr(GError) wait_error = NULL;

  g_return_val_if_fail (MP_IS_ASYNC_RESULT (self), NULL);

  if (!self->ready
      && !_mp_pool_wait_until (self->pool, is_ready, self, timeout, &wait_error))
    {
      if (wait_error != NULL)
        g_propagate_error (error, g_steal_pointer (&wait_error));
      else
        g_set_error_literal (error, MP_ERROR, MP_ERROR_TIMEOUT, "The result is not ready yet");
      return NULL;
    }
  if (self->error != NULL)
    {
      g_propagate_error (error, g_error_copy (self->error));
      return NULL;
    }
  return g_variant_ref (self->value);
}

/**
 * mp_async_result_get_async:
 * @self: a result
 * @cancellable: (nullable): ends the wait, not the work
 * @callback: (scope async): called when the result is ready
 * @user_data: for @callback
 *
 * As [method@AsyncResult.get], without waiting. It is the pool's main context that notices, so that
 * has to be run.
 */
void
mp_async_result_get_async (MpAsyncResult       *self,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  GTask *task;

  g_return_if_fail (MP_IS_ASYNC_RESULT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, mp_async_result_get_async);
  if (self->ready)
    return_task (self, task);
  else
    self->waiting = g_list_append (self->waiting, task);
}

/**
 * mp_async_result_get_finish:
 * @self: a result
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Ends [method@AsyncResult.get_async].
 *
 * Returns: (transfer full): as [method@AsyncResult.get]; %G_IO_ERROR_CANCELLED if the wait was
 */
GVariant *
mp_async_result_get_finish (MpAsyncResult  *self,
                            GAsyncResult   *result,
                            GError        **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * mp_async_result_wait:
 * @self: an async result
 * @timeout: how long to wait, in microseconds; -1 for as long as it takes
 *
 * Waits until the result is ready.
 *
 * Returns: whether it is ready
 */
gboolean
mp_async_result_wait (MpAsyncResult *self,
                      gint64         timeout)
{
  g_return_val_if_fail (MP_IS_ASYNC_RESULT (self), FALSE);

  return self->ready || _mp_pool_wait_until (self->pool, is_ready, self, timeout, NULL);
}

/**
 * mp_async_result_ready:
 * @self: an async result
 *
 * Looks whether the result is there, without waiting.
 *
 * Returns: whether it is
 */
gboolean
mp_async_result_ready (MpAsyncResult *self)
{
  g_return_val_if_fail (MP_IS_ASYNC_RESULT (self), FALSE);

  return self->ready || _mp_pool_wait_until (self->pool, is_ready, self, 0, NULL);
}

/**
 * mp_async_result_successful:
 * @self: an async result that is ready
 *
 * Whether the function returned, in all items, without an error. Asked too early, it is a
 * programmer's error, as in Python.
 *
 * Returns: whether it did
 */
gboolean
mp_async_result_successful (MpAsyncResult *self)
{
  g_return_val_if_fail (MP_IS_ASYNC_RESULT (self), FALSE);
  g_return_val_if_fail (self->ready, FALSE);

  return self->error == NULL;
}
