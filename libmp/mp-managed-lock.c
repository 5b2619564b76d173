/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-managed-lock-private.h"

/* Locks and semaphores. What a process had at its death is given back, and the next one who
 * acquires it is told. */

static gboolean
lock_init (MpManaged  *base,
           GVariant   *args,
           GError    **error)
{
  return TRUE;
}

static gboolean
is_owner (MpHeld *held,
          MpCall *call)
{
  return held->count > 0 && held->session == call->session && held->thread == call->thread;
}

/* Returns: whether @call has it now */
gboolean
_mp_held_take (MpHeld   *held,
               MpCall   *call,
               gboolean  again)
{
  if (held->count > 0 && !(again && is_owner (held, call)))
    return FALSE;

  held->count++;
  held->session = call->session;
  held->thread = call->thread;
  return TRUE;
}

/* How it was acquired; who died is told of once. */
GVariant *
_mp_held_result (MpHeld *held)
{
  MpAcquired result = held->owner_died ? MP_ACQUIRED_OWNER_DIED : MP_ACQUIRED;

  held->owner_died = FALSE;
  return g_variant_new_uint32 (result);
}

gboolean
_mp_held_check (MpHeld  *held,
                MpCall  *call,
                GError **error)
{
  if (is_owner (held, call))
    return TRUE;

  g_set_error_literal (error, MP_ERROR, MP_ERROR_NOT_OWNED,
                       "attempt to release recursive lock not owned by thread");
  return FALSE;
}

void
_mp_held_bereave (MpHeld    *held,
                  MpManaged *object,
                  MpSession *session)
{
  if (held->count == 0 || held->session != session)
    return;

  held->count = 0;
  held->session = NULL;
  held->owner_died = TRUE;
  _mp_managed_changed (object);
}

static GVariant *
acquire (MpCall   *call,
         gboolean  again,
         GError  **error)
{
  Lock *self = (Lock *) call->object;

  if (_mp_held_take (&self->held, call, again))
    return _mp_held_result (&self->held);
  return _mp_call_wait (call, MP_ERROR_TIMEOUT, "The lock was not free in time", error);
}

static GVariant *
lock_acquire (MpCall  *call,
              GError **error)
{
  return acquire (call, FALSE, error);
}

static GVariant *
rlock_acquire (MpCall  *call,
               GError **error)
{
  return acquire (call, TRUE, error);
}

static GVariant *
release (MpCall  *call,
         GError **error)
{
  Lock *self = (Lock *) call->object;

  if (--self->held.count == 0)
    {
      self->held.session = NULL;
      _mp_managed_changed (call->object);
    }
  return _mp_call_nothing ();
}

/* Anybody may, as in Python. */
static GVariant *
lock_release (MpCall  *call,
              GError **error)
{
  if (((Lock *) call->object)->held.count > 0)
    return release (call, error);

  g_set_error_literal (error, MP_ERROR, MP_ERROR_NOT_OWNED, "release unlocked lock");
  return NULL;
}

static GVariant *
rlock_release (MpCall  *call,
               GError **error)
{
  if (!_mp_held_check (&((Lock *) call->object)->held, call, error))
    return NULL;
  return release (call, error);
}

static GVariant *
lock_locked (MpCall  *call,
             GError **error)
{
  return g_variant_new_boolean (((Lock *) call->object)->held.count > 0);
}

static void
lock_bereave (MpManaged *base,
              MpSession *session)
{
  _mp_held_bereave (&((Lock *) base)->held, base, session);
}

static const MpManagedMethod lock_methods[] = {
  { "acquire", "()", lock_acquire },
  { "release", "()", lock_release },
  { "locked", "()", lock_locked },
};

const MpManagedType _mp_managed_lock = {
  "Lock", sizeof (Lock), lock_init, NULL, lock_bereave, lock_methods, G_N_ELEMENTS (lock_methods),
};

static const MpManagedMethod rlock_methods[] = {
  { "acquire", "()", rlock_acquire },
  { "release", "()", rlock_release },
  { "locked", "()", lock_locked },
};

const MpManagedType _mp_managed_rlock = {
  "RLock", sizeof (Lock), lock_init, NULL, lock_bereave,
  rlock_methods, G_N_ELEMENTS (rlock_methods),
};

typedef struct
{
  MpManaged   base;
  GHashTable *holders;   /* session → how many it has */
  guint64     value;
  guint64     bound;
  gboolean    owner_died;
} Semaphore;

static gboolean
semaphore_init (MpManaged  *base,
                GVariant   *args,
                GError    **error)
{
  Semaphore *self = (Semaphore *) base;
  gint64 value = g_variant_is_of_type (args, G_VARIANT_TYPE_INT64) ? g_variant_get_int64 (args) : 1;

  if (value < 0)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_FAILED,
                           "semaphore initial value must be >= 0");
      return FALSE;
    }
  self->value = self->bound = value;
  self->holders = g_hash_table_new (NULL, NULL);
  return TRUE;
}

static void
semaphore_finish (MpManaged *base)
{
  g_hash_table_unref (((Semaphore *) base)->holders);
}

static guint
held_by (Semaphore *self,
         MpSession *session)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->holders, session));
}

/* Who releases what it has not acquired does so for somebody who has: that one has it no more, and
 * does not give it back once again by ending. */
static void
take_off (Semaphore *self,
          gpointer   session)
{
  gpointer count = g_hash_table_lookup (self->holders, session);
  GHashTableIter iter;

  g_hash_table_iter_init (&iter, self->holders);
  if (count == NULL && !g_hash_table_iter_next (&iter, &session, &count))
    return;

  if (GPOINTER_TO_UINT (count) > 1)
    g_hash_table_insert (self->holders, session, GUINT_TO_POINTER (GPOINTER_TO_UINT (count) - 1));
  else
    g_hash_table_remove (self->holders, session);
}

static GVariant *
semaphore_acquire (MpCall  *call,
                   GError **error)
{
  Semaphore *self = (Semaphore *) call->object;
  MpHeld told = { .owner_died = self->owner_died };

  if (self->value == 0)
    return _mp_call_wait (call, MP_ERROR_TIMEOUT, "The semaphore was not free in time", error);

  self->value--;
  self->owner_died = FALSE;
  g_hash_table_insert (self->holders, call->session,
                       GUINT_TO_POINTER (held_by (self, call->session) + 1));
  return _mp_held_result (&told);
}

static GVariant *
semaphore_release (MpCall  *call,
                   GError **error)
{
  Semaphore *self = (Semaphore *) call->object;

  if (call->object->type == &_mp_managed_bounded_semaphore && self->value >= self->bound)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_NOT_OWNED,
                           "Semaphore released too many times");
      return NULL;
    }
  take_off (self, call->session);
  self->value++;
  _mp_managed_changed (call->object);
  return _mp_call_nothing ();
}

static GVariant *
semaphore_value (MpCall  *call,
                 GError **error)
{
  return g_variant_new_uint64 (((Semaphore *) call->object)->value);
}

static void
semaphore_bereave (MpManaged *base,
                   MpSession *session)
{
  Semaphore *self = (Semaphore *) base;
  guint held = held_by (self, session);

  g_hash_table_remove (self->holders, session);
  if (held == 0)
    return;
  self->value += held;
  self->owner_died = TRUE;
  _mp_managed_changed (base);
}

static const MpManagedMethod semaphore_methods[] = {
  { "acquire", "()", semaphore_acquire },
  { "release", "()", semaphore_release },
  { "get_value", "()", semaphore_value },
};

const MpManagedType _mp_managed_semaphore = {
  "Semaphore", sizeof (Semaphore), semaphore_init, semaphore_finish, semaphore_bereave,
  semaphore_methods, G_N_ELEMENTS (semaphore_methods),
  .made_of = "x",
};

const MpManagedType _mp_managed_bounded_semaphore = {
  "BoundedSemaphore", sizeof (Semaphore), semaphore_init, semaphore_finish, semaphore_bereave,
  semaphore_methods, G_N_ELEMENTS (semaphore_methods),
  .made_of = "x",
};
