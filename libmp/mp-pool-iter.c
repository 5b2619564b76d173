/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-error.h"
#include "mp-pool-private.h"

/**
 * MpPoolIter:
 *
 * The results of [method@Pool.imap], one by one as they come. Its items are read from their
 * source only a little ahead of the results that were taken, so a source of any length, also
 * one without end, runs in bounded memory.
 *
 * To be used from the thread that made the pool.
 */

/* So many items per worker may be on their way or waiting to be taken, at least. */
#define AHEAD_PER_WORKER 4
#define AHEAD_AT_LEAST   64
/* More would not fit into a run. */
#define MAX_CHUNK        (MP_BLOCK_SIZE / sizeof (MpRecord))

typedef struct
{
  GVariant *value;
  GError   *error;
  gboolean  there;
} Result;

struct _MpPoolIter
{
  GObject parent_instance;

  MpSink   sink;
  MpPool  *pool;       /* owned */
  Result  *results;    /* owned: a ring of `ahead`, by index or by arrival */
  guint    ahead;
  guint64  submitted;
  guint64  arrived;    /* unordered: how many results were stored */
  guint64  taken;
  guint    chunksize;
  gboolean ordered;
  gboolean exhausted;  /* the source has no more */

  MpItemSource   source;
  gpointer       user_data;
  GDestroyNotify destroy;
};

G_DEFINE_FINAL_TYPE (MpPoolIter, mp_pool_iter, G_TYPE_OBJECT)

static void
deliver (MpSink           *sink,
         const MpDelivery *delivery)
{
  MpPoolIter *self = sink->owner;
  guint64 position = self->ordered ? delivery->index : self->arrived++;
  Result *result = &self->results[position % self->ahead];

  result->there = TRUE;
  if (delivery->status == MP_OUTCOME_OK)
    result->value = _mp_delivery_to_variant (self->pool, delivery, &result->error);
  else
    result->error = g_error_copy (delivery->error);
}

/* An item that can't be submitted has its error at once, and in its place. Takes @item. */
static void
submit (MpPoolIter *self,
        GVariant   *item)
{
  g_autoptr(GVariant) owned = g_variant_take_ref (item);
  g_autoptr(GError) error = NULL;
  MpDelivery refusal = { .index = self->submitted, .status = MP_OUTCOME_ERROR };

  if (!_mp_pool_submit (self->pool, &self->sink, self->submitted, self->submitted, item, &error))
    {
      refusal.error = error;
      deliver (&self->sink, &refusal);
    }
  self->submitted++;
}

static void
end_source (MpPoolIter *self)
{
  if (self->exhausted)
    return;
  self->exhausted = TRUE;
  g_ptr_array_remove (self->pool->sinks, &self->sink);
  if (self->destroy != NULL)
    self->destroy (self->user_data);
}

/* It must not take from what it fills. */
static GVariant *
call_source (MpPoolIter *self)
{
  GVariant *item;

  self->pool->depth++;
  item = self->source (self->user_data);
  self->pool->depth--;
  return item;
}

/* Whole chunks only, as long as the source gives them. */
static void
refill (MpSink *sink)
{
  MpPoolIter *self = sink->owner;

  while (!self->exhausted && self->submitted + self->chunksize <= self->taken + self->ahead
         && self->pool->broken == NULL && !self->pool->terminated)
    {
      for (guint i = 0; i < self->chunksize && !self->exhausted; i++)
        {
          GVariant *item = call_source (self);

          if (item == NULL)
            {
              end_source (self);
              break;
            }
          submit (self, item);
        }
      _mp_pool_end_run (self->pool);
    }
  _mp_pool_flush (self->pool);
}

static void
mp_pool_iter_dispose (GObject *object)
{
  MpPoolIter *self = MP_POOL_ITER (object);

  if (self->pool != NULL)
    end_source (self);
  g_clear_object (&self->pool);
  G_OBJECT_CLASS (mp_pool_iter_parent_class)->dispose (object);
}

static void
mp_pool_iter_finalize (GObject *object)
{
  MpPoolIter *self = MP_POOL_ITER (object);

  for (guint i = 0; i < self->ahead; i++)
    {
      g_clear_pointer (&self->results[i].value, g_variant_unref);
      g_clear_error (&self->results[i].error);
    }
  g_free (self->results);
  G_OBJECT_CLASS (mp_pool_iter_parent_class)->finalize (object);
}

static void
mp_pool_iter_class_init (MpPoolIterClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = mp_pool_iter_dispose;
  G_OBJECT_CLASS (klass)->finalize = mp_pool_iter_finalize;
}

static void
mp_pool_iter_init (MpPoolIter *self)
{
  self->sink.owner = self;
  self->sink.deliver = deliver;
  self->sink.refill = refill;
}

MpPoolIter *
_mp_pool_iter_new (MpPool         *pool,
                   guint           function,
                   MpItemSource    source,
                   gpointer        user_data,
                   GDestroyNotify  destroy,
                   guint           chunksize,
                   gboolean        ordered)
{
  MpPoolIter *self = g_object_new (MP_TYPE_POOL_ITER, NULL);

  self->pool = g_object_ref (pool);
  self->sink.function = function;
  self->source = source;
  self->user_data = user_data;
  self->destroy = destroy;
  self->chunksize = CLAMP (chunksize, 1, MAX_CHUNK);
  self->ordered = ordered;
  self->ahead = MAX (AHEAD_AT_LEAST, AHEAD_PER_WORKER * pool->processes * self->chunksize);
  self->results = g_new0 (Result, self->ahead);
  g_ptr_array_add (pool->sinks, &self->sink);
  refill (&self->sink);
  return self;
}

static gboolean
has_next (gpointer data)
{
  MpPoolIter *self = data;

  return self->results[self->taken % self->ahead].there
         || (self->taken == self->submitted
             && (self->exhausted || self->pool->broken != NULL || self->pool->terminated));
}

/* The pool may have ended before the source has. */
static gboolean
end (MpPoolIter  *self,
     GVariant   **value,
     GError     **error)
{
  if (self->exhausted)
    {
      *value = NULL;
      return TRUE;
    }
  end_source (self);
  if (self->pool->broken != NULL)
    g_propagate_error (error, g_error_copy (self->pool->broken));
  else
    g_set_error_literal (error, MP_ERROR, MP_ERROR_CANCELLED,
                         "The pool was terminated before the end of the items");
  return FALSE;
}

/**
 * mp_pool_iter_next:
 * @self: an iterator
 * @timeout: how long to wait, in microseconds; -1 for as long as it takes
 * @value: (out) (transfer full) (nullable): what the function returned for the next item, or,
 *   unordered, for the next one that is done; %NULL at the end
 * @error: return location for an error
 *
 * Takes the next result. An item that failed gives its error in its place, and the iteration
 * goes on after it. %MP_ERROR_TIMEOUT says that the next result is not there yet: ask again.
 * If the pool is broken or terminated before the source has come to its end, that is an error as
 * well, after all results and before the end.
 *
 * Dropping the iterator early is fine: what was submitted still runs, its results are dropped,
 * and closing and joining the pool does not wait for anybody to take them.
 *
 * Returns: %FALSE on error
 */
gboolean
mp_pool_iter_next (MpPoolIter  *self,
                   gint64       timeout,
                   GVariant   **value,
                   GError     **error)
{
  g_autoptr(GError) wait_error = NULL;
  Result result;

  g_return_val_if_fail (MP_IS_POOL_ITER (self), FALSE);
  g_return_val_if_fail (value != NULL, FALSE);

  if (!_mp_pool_wait_until (self->pool, has_next, self, timeout, &wait_error))
    {
      if (wait_error != NULL)
        g_propagate_error (error, g_steal_pointer (&wait_error));
      else
        g_set_error_literal (error, MP_ERROR, MP_ERROR_TIMEOUT, "The next result is not there yet");
      return FALSE;
    }
  if (self->taken == self->submitted)
    return end (self, value, error);
  /* Its place in the ring may be taken again as soon as more is submitted. */
  result = self->results[self->taken % self->ahead];
  self->results[self->taken++ % self->ahead] = (Result) { 0 };
  refill (&self->sink);
  if (result.error != NULL)
    {
      g_propagate_error (error, result.error);
      return FALSE;
    }
  *value = result.value;
  return TRUE;
}
