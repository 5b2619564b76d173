/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-managed-lock-private.h"

/* What processes wait for together: events, conditions, barriers. A waiting process that dies is
 * simply gone: nobody waits for its acknowledgement. */

typedef struct
{
  MpManaged base;
  gboolean  set;
} Event;

static gboolean
event_init (MpManaged  *base,
            GVariant   *args,
            GError    **error)
{
  return TRUE;
}

static GVariant *
event_set (MpCall  *call,
           GError **error)
{
  ((Event *) call->object)->set = TRUE;
  /* Even those are woken for whom it is cleared at once. */
  for (GList *l = call->object->waiting.head; l != NULL; l = l->next)
    ((MpCall *) l->data)->stage = 1;
  _mp_managed_changed (call->object);
  return _mp_call_nothing ();
}

static GVariant *
event_clear (MpCall  *call,
             GError **error)
{
  ((Event *) call->object)->set = FALSE;
  return _mp_call_nothing ();
}

static GVariant *
event_is_set (MpCall  *call,
              GError **error)
{
  return g_variant_new_boolean (((Event *) call->object)->set);
}

static GVariant *
event_wait (MpCall  *call,
            GError **error)
{
  if (((Event *) call->object)->set || call->stage == 1)
    return g_variant_new_boolean (TRUE);
  return _mp_call_wait (call, MP_ERROR_TIMEOUT, "The event was not set in time", error);
}

static const MpManagedMethod event_methods[] = {
  { "set", "()", event_set },
  { "clear", "()", event_clear },
  { "is_set", "()", event_is_set },
  { "wait", "()", event_wait },
};

const MpManagedType _mp_managed_event = {
  "Event", sizeof (Event), event_init, NULL, NULL, event_methods, G_N_ELEMENTS (event_methods),
};

/* A condition is its own recursive lock. The stages of a wait: not begun, waits to be notified,
 * notified and waits for the lock, too late and waits for the lock. */
enum { BEGIN, SLEEPS, NOTIFIED, TOO_LATE };

static GVariant *
condition_acquire (MpCall  *call,
                   GError **error)
{
  Lock *self = (Lock *) call->object;

  if (_mp_held_take (&self->held, call, TRUE))
    return _mp_held_result (&self->held);
  return _mp_call_wait (call, MP_ERROR_TIMEOUT, "The lock was not free in time", error);
}

static GVariant *
condition_release (MpCall  *call,
                   GError **error)
{
  Lock *self = (Lock *) call->object;

  if (!_mp_held_check (&self->held, call, error))
    return NULL;
  if (--self->held.count == 0)
    _mp_managed_changed (call->object);
  return _mp_call_nothing ();
}

static GVariant *
condition_notify (MpCall  *call,
                  GError **error)
{
  gint64 count;

  if (!_mp_held_check (&((Lock *) call->object)->held, call, error))
    return NULL;
  g_variant_get (call->args, "(x)", &count);
  for (GList *l = call->object->waiting.head; l != NULL && count != 0; l = l->next)
    {
      MpCall *waiting = l->data;

      if (waiting->stage != SLEEPS)
        continue;
      waiting->stage = NOTIFIED;
      count--;
    }
  return _mp_call_nothing ();
}

static GVariant *
condition_wait (MpCall  *call,
                GError **error)
{
  Lock *self = (Lock *) call->object;

  if (call->stage == BEGIN)
    {
      if (!_mp_held_check (&self->held, call, error))
        return NULL;
      call->data = g_memdup2 (&self->held.count, sizeof (guint));
      self->held.count = 0;
      call->stage = call->deadline != 0 ? SLEEPS : TOO_LATE;
      _mp_managed_changed (call->object);
    }
  if (call->late && call->stage == SLEEPS)
    call->stage = TOO_LATE;

  /* With the lock it always comes back, however long that takes. */
  if (call->stage == SLEEPS || !_mp_held_take (&self->held, call, FALSE))
    {
      if (call->stage != SLEEPS)
        _mp_call_drop_deadline (call);
      return _mp_call_wait (call, MP_ERROR_TIMEOUT, "", error);
    }
  self->held.count = *(guint *) call->data;
  return g_variant_new_boolean (call->stage == NOTIFIED);
}

static void
condition_bereave (MpManaged *base,
                   MpSession *session)
{
  _mp_held_bereave (&((Lock *) base)->held, base, session);
}

static const MpManagedMethod condition_methods[] = {
  { "acquire", "()", condition_acquire },
  { "release", "()", condition_release },
  { "wait", "()", condition_wait },
  { "notify", "(x)", condition_notify },
};

const MpManagedType _mp_managed_condition = {
  "Condition", sizeof (Lock), event_init, NULL, condition_bereave,
  condition_methods, G_N_ELEMENTS (condition_methods),
};

typedef struct
{
  MpManaged base;
  guint32   parties;
  guint32   arrived;
  gboolean  broken;
} Barrier;

/* Of a wait: its index plus this once all have come, or that it is over. */
enum { ABORTED = 1, PASSED = 2 };

static gboolean
barrier_init (MpManaged  *base,
              GVariant   *args,
              GError    **error)
{
  if (g_variant_is_of_type (args, G_VARIANT_TYPE_UINT32))
    ((Barrier *) base)->parties = g_variant_get_uint32 (args);
  if (((Barrier *) base)->parties > 0)
    return TRUE;

  g_set_error_literal (error, MP_ERROR, MP_ERROR_FAILED, "parties must be > 0");
  return FALSE;
}

static void
send_away (Barrier *self,
           guint    stage)
{
  for (GList *l = self->base.waiting.head; l != NULL; l = l->next)
    {
      MpCall *waiting = l->data;

      if (waiting->stage == 0)
        waiting->stage = stage != ABORTED ? stage++ : ABORTED;
    }
  self->arrived = 0;
  _mp_managed_changed (&self->base);
}

static GVariant *
broken_barrier (GError **error)
{
  g_set_error_literal (error, MP_ERROR, MP_ERROR_BROKEN_BARRIER, "The barrier is broken");
  return NULL;
}

static GVariant *
barrier_wait (MpCall  *call,
              GError **error)
{
  Barrier *self = (Barrier *) call->object;

  if (call->stage >= PASSED)
    return g_variant_new_uint32 (call->stage - PASSED);
  if (call->stage == ABORTED || self->broken)
    return broken_barrier (error);
  if (call->late || (call->deadline == 0 && self->arrived + 1 < self->parties))
    {
      self->broken = TRUE;
      send_away (self, ABORTED);
      return broken_barrier (error);
    }
  if (call->waits)
    return NULL;

  if (self->arrived + 1 == self->parties)
    {
      send_away (self, PASSED);
      return g_variant_new_uint32 (self->parties - 1);
    }
  self->arrived++;
  return _mp_call_wait (call, MP_ERROR_BROKEN_BARRIER, "The barrier is broken", error);
}

static GVariant *
barrier_abort (MpCall  *call,
               GError **error)
{
  ((Barrier *) call->object)->broken = TRUE;
  send_away ((Barrier *) call->object, ABORTED);
  return _mp_call_nothing ();
}

static GVariant *
barrier_reset (MpCall  *call,
               GError **error)
{
  ((Barrier *) call->object)->broken = FALSE;
  send_away ((Barrier *) call->object, ABORTED);
  return _mp_call_nothing ();
}

/* Parties, how many wait, whether it is broken. */
static GVariant *
barrier_state (MpCall  *call,
               GError **error)
{
  Barrier *self = (Barrier *) call->object;

  return g_variant_new ("(uub)", self->parties, self->arrived, self->broken);
}

/* Who has died waiting will not pass with the others: those have to be as many without it. */
static void
barrier_bereave (MpManaged *base,
                 MpSession *session)
{
  Barrier *self = (Barrier *) base;
  guint32 arrived = 0;

  for (GList *l = base->waiting.head; l != NULL; l = l->next)
    arrived += ((MpCall *) l->data)->stage == 0;
  self->arrived = arrived;
}

static const MpManagedMethod barrier_methods[] = {
  { "wait", "()", barrier_wait },
  { "abort", "()", barrier_abort },
  { "reset", "()", barrier_reset },
  { "state", "()", barrier_state },
};

const MpManagedType _mp_managed_barrier = {
  "Barrier", sizeof (Barrier), barrier_init, NULL, barrier_bereave,
  barrier_methods, G_N_ELEMENTS (barrier_methods),
  .made_of = "u",
};
