/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <sys/eventfd.h>

#include "mp-managed-custom-private.h"

#include "mp-fd-private.h"
#include "mp-manager.h"
#include "mp-server-private.h"

/* Types of programs: their methods may block, so threads run them, those of one object in turn. */
struct _MpCustom
{
  /* Owned */
  GThreadPool *pool;       /* NULL until it is needed */
  GAsyncQueue *finished;   /* Jobs */
  int          bell;       /* rings when there are some */
};

typedef struct
{
  MpManaged  base;
  GQueue     jobs;         /* not begun */
  gpointer   instance;
  gboolean   running;
} Object;

/* Shared by the call, which may end before, and by whoever runs it. */
typedef struct
{
  /* Owned */
  Object          *object;
  GVariant        *args;
  GVariant        *result;
  GError          *error;

  MpManagerFunction function;
  int              refs;
  gboolean         done;
} Job;

/* What was registered: name → MpManagedType whose methods carry the functions. */
typedef struct
{
  MpManagedType            type;
  const MpManagerTypeInfo *info;
} Registered;

static GPtrArray *registered;
G_LOCK_DEFINE_STATIC (registered);

static void
job_unref (gpointer data)
{
  Job *job = data;

  if (--job->refs > 0)
    return;
  g_variant_unref (job->args);
  g_clear_pointer (&job->result, g_variant_unref);
  g_clear_error (&job->error);
  g_free (job);
}

/* In a thread. */
static void
run_job (gpointer data,
         gpointer user_data)
{
  MpCustom *custom = user_data;
  Job *job = data;
  GVariant *result = job->function (job->object->instance, job->args, &job->error);
  const guint64 one = 1;

  if (result != NULL)
    g_variant_take_ref (result);
  else if (job->error == NULL)
    result = g_variant_ref_sink (_mp_call_nothing ());
  job->result = result;
  g_async_queue_push (custom->finished, job);
  while (write (custom->bell, &one, sizeof one) < 0 && errno == EINTR)
    ;
}

static void
begin_next (Object *object)
{
  MpCustom *custom = object->base.server->custom;
  Job *job;

  while (!object->running && (job = g_queue_pop_head (&object->jobs)) != NULL)
    {
      /* Nobody waits for it any more. */
      if (job->refs == 1)
        {
          job_unref (job);
          _mp_managed_drop (&object->base);
          continue;
        }
      object->running = TRUE;
      if (custom->pool == NULL)
        custom->pool = g_thread_pool_new (run_job, custom, -1, FALSE, NULL);
      g_thread_pool_push (custom->pool, job, NULL);
    }
}

static MpManagerFunction
find_function (Object     *object,
               const char *name)
{
  const MpManagerTypeInfo *info = ((const Registered *) object->base.type)->info;

  for (const MpManagerMethod *method = info->methods; method->name != NULL; method++)
    {
      if (g_str_equal (method->name, name))
        return method->function;
    }
  g_assert_not_reached ();
}

static GVariant *
custom_run (MpCall  *call,
            GError **error)
{
  Object *object = (Object *) call->object;
  Job *job = call->data;

  if (job == NULL)
    {
      job = g_new0 (Job, 1);
      job->object = object;
      job->args = g_variant_ref (call->args);
      job->function = find_function (object, call->method->name);
      job->refs = 2;
      call->data = job;
      call->free_data = job_unref;
      _mp_managed_hold (call->object);
      g_queue_push_tail (&object->jobs, job);
      begin_next (object);
    }
  if (!job->done)
    return _mp_call_wait (call, MP_ERROR_TIMEOUT, "The method has not returned in time", error);
  if (job->error != NULL)
    g_propagate_error (error, g_steal_pointer (&job->error));
  return g_steal_pointer (&job->result);
}

static gboolean
custom_init (MpManaged  *base,
             GVariant   *args,
             GError    **error)
{
  const MpManagerTypeInfo *info = ((const Registered *) base->type)->info;
  g_autoptr (GError) own_error = NULL;
  Object *self = (Object *) base;

  self->instance = info->create (args, &own_error);
  if (own_error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&own_error));
  return FALSE;
}

static void
custom_finish (MpManaged *base)
{
  const MpManagerTypeInfo *info = ((const Registered *) base->type)->info;
  Object *self = (Object *) base;
  Job *job;

  while ((job = g_queue_pop_head (&self->jobs)) != NULL)
    job_unref (job);
  /* At the end of the server a method may still be at it. */
  if (info->destroy != NULL && self->instance != NULL && !self->running)
    info->destroy (self->instance);
}

MpCustom *
_mp_custom_new (MpServer *server)
{
  MpCustom *self = g_new0 (MpCustom, 1);

  self->finished = g_async_queue_new ();
  self->bell = _mp_fd_above_standard (eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK));
  return self;
}

int
_mp_custom_get_fd (MpCustom *self)
{
  return self->bell;
}

/* After the bell. */
void
_mp_custom_collect (MpCustom *self)
{
  guint64 rings;
  Job *job;

  while (read (self->bell, &rings, sizeof rings) < 0 && errno == EINTR)
    ;
  while ((job = g_async_queue_try_pop (self->finished)) != NULL)
    {
      Object *object = job->object;

      job->done = TRUE;
      object->running = FALSE;
      _mp_managed_changed (&object->base);
      job_unref (job);
      begin_next (object);
      _mp_managed_drop (&object->base);
    }
}

/* The process is about to end: what still runs ends with it. */
void
_mp_custom_stop (MpCustom *self)
{
  if (self->pool != NULL)
    return;

  g_async_queue_unref (self->finished);
  _mp_clear_fd (&self->bell);
  g_free (self);
}

const MpManagedType *
_mp_custom_find_type (const char *name)
{
  const MpManagedType *type = NULL;

  G_LOCK (registered);
  for (guint i = 0; registered != NULL && i < registered->len && type == NULL; i++)
    {
      Registered *candidate = registered->pdata[i];

      if (g_str_equal (candidate->type.name, name))
        type = &candidate->type;
    }
  G_UNLOCK (registered);
  return type;
}

/**
 * mp_manager_register_type: (skip)
 * @info: the type; it must stay as it is
 *
 * Makes a type of the program known under its name, to be created by mp_manager_create(), in this
 * process and in each manager that starts from the same program. Programs write
 * %MP_REGISTER_MANAGER_TYPE after it instead, which does it when the program or module is loaded: a
 * server that starts from a fresh image must find the same types.
 *
 * Methods may block: they run in threads of the server, those of one object one after the other in
 * the order of the calls. The constructor must not block, and belongs to the server's own thread.
 * The first registered type of a name counts, and a name of a built-in one is that.
 */
void
mp_manager_register_type (const MpManagerTypeInfo *info)
{
  Registered *type;
  MpManagedMethod *methods;

  g_return_if_fail (info != NULL && info->name != NULL && info->create != NULL);

  type = g_new0 (Registered, 1);
  type->info = info;
  type->type.name = info->name;
  type->type.size = sizeof (Object);
  type->type.init = custom_init;
  type->type.clear = custom_finish;
  type->type.made_of = "*";
  for (const MpManagerMethod *method = info->methods; method->name != NULL; method++)
    type->type.n_methods++;
  type->type.methods = methods = g_new0 (MpManagedMethod, type->type.n_methods + 1);
  for (guint i = 0; i < type->type.n_methods; i++)
    methods[i] = (MpManagedMethod) { info->methods[i].name, "*", custom_run };

  G_LOCK (registered);
  if (registered == NULL)
    registered = g_ptr_array_new ();
  g_ptr_array_add (registered, type);
  G_UNLOCK (registered);
}
