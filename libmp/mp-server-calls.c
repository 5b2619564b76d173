/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-server-private.h"

#include "mp-log.h"
#include "mp-payload-private.h"
#include "mp-poll-private.h"

/* Calls. */

void
_mp_call_free (MpCall *call)
{
  if (call->session != NULL && call->waits)
    g_queue_unlink (&call->session->calls, &call->session_link);
  if (call->waits)
    g_queue_unlink (&call->object->waiting, &call->link);
  if (call->timer != NULL)
    g_sequence_remove (call->timer);
  g_variant_unref (call->args);
  if (call->data != NULL)
    (call->free_data != NULL ? call->free_data : g_free) (call->data);
  _mp_managed_drop (call->object);
  g_free (call);
}

/* For a method that can't have what it wants yet: it is run again when its object has changed. With
 * the time over it fails as said instead. */
GVariant *
_mp_call_wait (MpCall      *call,
               MpError      code,
               const char  *message,
               GError     **error)
{
  if (call->late || call->deadline == 0 || call->session == NULL)
    {
      g_set_error_literal (error, MP_ERROR, code, message);
      return NULL;
    }
  if (call->waits)
    return NULL;

  call->waits = TRUE;
  g_queue_push_tail_link (&call->object->waiting, &call->link);
  g_queue_push_tail_link (&call->session->calls, &call->session_link);
  return NULL;
}

/* From now on it waits however long it takes. */
void
_mp_call_drop_deadline (MpCall *call)
{
  if (call->timer != NULL)
    g_sequence_remove (g_steal_pointer (&call->timer));
  call->deadline = -1;
  call->late = FALSE;
}

GVariant *
_mp_call_nothing (void)
{
  return g_variant_new_tuple (NULL, 0);
}

static void
reply_error (MpSession    *session,
             guint32       serial,
             const GError *error)
{
  if (serial != 0)
    _mp_session_reply (session, serial, TRUE, _mp_error_to_variant (error));
}

static int
compare_deadlines (gconstpointer a,
                   gconstpointer b,
                   gpointer      user_data)
{
  gint64 first = ((const MpCall *) a)->deadline, second = ((const MpCall *) b)->deadline;

  return (first > second) - (first < second);
}

/* Runs the method, answers if it has an answer. Returns: whether the call is over, and freed */
static gboolean
run (MpCall *call)
{
  MpServer *server = call->object->server;
  g_autoptr (GVariant) result = NULL;
  g_autoptr (GError) error = NULL;

  /* Who has gone takes nothing with it. */
  if (call->session != NULL && call->session->dead)
    return FALSE;
  server->answering = TRUE;
  result = call->method->run (call, &error);
  if (result == NULL && error == NULL && !call->waits)
    g_set_error (&error, MP_ERROR, MP_ERROR_FAILED, "“%s” of a “%s” has given no answer",
                 call->method->name, call->object->type->name);
  if (result == NULL && error == NULL)
    {
      _mp_server_end_answer (server);
      if (call->timer == NULL && call->deadline > 0)
        call->timer = g_sequence_insert_sorted (server->timers, call,
                                                compare_deadlines, NULL);
      return FALSE;
    }

  if (result != NULL)
    g_variant_take_ref (result);
  if (call->session != NULL && error != NULL)
    reply_error (call->session, call->serial, error);
  else if (call->session != NULL && call->serial != 0)
    {
      _mp_session_grant_value (call->session, result);
      _mp_session_reply (call->session, call->serial, FALSE, result);
    }
  _mp_server_end_answer (server);
  _mp_call_free (call);
  return TRUE;
}

/* Runs what waits for what has changed. */
void
_mp_server_settle (MpServer *self)
{
  MpManaged *object;

  while ((object = g_queue_pop_head (&self->changed)) != NULL)
    {
      GList *next;

      object->changed = FALSE;
      for (GList *l = object->waiting.head; l != NULL; l = next)
        {
          next = l->next;
          run (l->data);
        }
      _mp_managed_drop (object);
    }
}

/* Returns: the next deadline, -1 for none */
gint64
_mp_server_run_timers (MpServer *self)
{
  for (;;)
    {
      GSequenceIter *first = g_sequence_get_begin_iter (self->timers);
      MpCall *call;

      if (g_sequence_iter_is_end (first))
        return -1;
      call = g_sequence_get (first);
      if (call->deadline > g_get_monotonic_time ())
        return call->deadline;

      g_sequence_remove (first);
      call->timer = NULL;
      call->deadline = -1;
      call->late = TRUE;
      run (call);
      _mp_server_settle (self);
    }
}

static const MpManagedMethod *
find_method (const MpManagedType *type,
             const char          *name)
{
  for (guint i = 0; i < type->n_methods; i++)
    {
      if (g_str_equal (type->methods[i].name, name))
        return &type->methods[i];
    }
  return NULL;
}

static const MpManagedMethod *
check_call (MpManaged   *object,
            const char  *name,
            GVariant    *args,
            GError     **error)
{
  const MpManagedMethod *method = object != NULL ? find_method (object->type, name) : NULL;

  if (object == NULL)
    g_set_error_literal (error, MP_ERROR, MP_ERROR_CLOSED,
                         "The manager has no such object: the last process that used it has let it"
                         " go");
  else if (method == NULL)
    g_set_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED, "A “%s” of a manager has no method “%s”",
                 object->type->name, name);
  else if (g_variant_is_of_type (args, G_VARIANT_TYPE (method->args)))
    return method;
  else
    g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                 "“%s” of a “%s” takes arguments of type “%s”, not “%s”", name,
                 object->type->name, method->args, g_variant_get_type_string (args));
  return NULL;
}

/* The methods of the server itself, object 0. */

static GVariant *
create (MpSession  *session,
        GVariant   *args,
        GError    **error)
{
  g_autoptr (GVariant) inner = NULL;
  const MpManagedType *type;
  const char *name;
  MpManaged *object;

  g_variant_get (args, "(&sv)", &name, &inner);
  type = _mp_managed_find_type (name);
  if (type == NULL)
    {
      g_set_error (error, MP_ERROR, MP_ERROR_NOT_REGISTERED,
                   "No type “%s” is registered with this manager", name);
      return NULL;
    }

  if (!g_variant_is_of_type (inner, G_VARIANT_TYPE_UNIT)
      && (type->made_of == NULL || !g_variant_is_of_type (inner, G_VARIANT_TYPE (type->made_of))))
    {
      g_set_error (error, MP_ERROR, MP_ERROR_BAD_MESSAGE,
                   "A “%s” of a manager is made of nothing or of a value of type “%s”, not “%s”",
                   name, type->made_of != NULL ? type->made_of : "()",
                   g_variant_get_type_string (inner));
      return NULL;
    }

  object = _mp_managed_new (session->server, type);
  if (!type->init (object, inner, error))
    {
      g_free (object);
      return NULL;
    }
  _mp_managed_add (object);
  _mp_session_grant (session, object);
  _mp_managed_drop (object);
  return g_variant_new_uint64 (object->id);
}

/* Somebody has a proxy, perhaps one that was lent for its way. */
static GVariant *
incref (MpSession  *session,
        GVariant   *args,
        GError    **error)
{
  guint64 id, token;
  MpManaged *object;

  g_variant_get (args, "(tt)", &id, &token);
  object = _mp_server_find (session->server, id);
  if (object == NULL)
    {
      g_set_error_literal (error, MP_ERROR, MP_ERROR_CLOSED,
                           "The manager does not have the object any more");
      return NULL;
    }
  _mp_session_grant (session, object);
  _mp_server_return_lease (session->server, object, token);
  return _mp_call_nothing ();
}

static GVariant *
decref (MpSession  *session,
        GVariant   *args,
        GError    **error)
{
  guint64 id;
  guint32 times;

  g_variant_get (args, "(tu)", &id, &times);
  _mp_session_take_back (session, id, times);
  return _mp_call_nothing ();
}

static GVariant *
lend (MpSession  *session,
      GVariant   *args,
      GError    **error)
{
  guint64 id;

  g_variant_get (args, "(t)", &id);
  return g_variant_new_uint64 (_mp_server_lend (session, id));
}

static GVariant *
cancel (MpSession  *session,
        GVariant   *args,
        GError    **error)
{
  guint32 serial;

  g_variant_get (args, "(u)", &serial);
  for (GList *l = session->calls.head; l != NULL; l = l->next)
    {
      MpCall *call = l->data;

      if (call->serial != serial)
        continue;
      call->late = TRUE;
      run (call);
      break;
    }
  return _mp_call_nothing ();
}

static GVariant *
count_objects (MpSession  *session,
               GVariant   *args,
               GError    **error)
{
  return g_variant_new_uint32 (g_hash_table_size (session->server->objects));
}

static GVariant *
shut_down (MpSession  *session,
           GVariant   *args,
           GError    **error)
{
  mp_log (MP_LOG_DEBUG, "manager received shutdown message");
  session->server->stop = TRUE;
  return _mp_call_nothing ();
}

static GVariant *
dummy (MpSession  *session,
       GVariant   *args,
       GError    **error)
{
  return _mp_call_nothing ();
}

static const struct
{
  const char *name;
  const char *args;
  GVariant *(*run) (MpSession *session, GVariant *args, GError **error);
} own_methods[] = {
  { "create", "(sv)", create },
  { "incref", "(tt)", incref },
  { "decref", "(tu)", decref },
  { "lend", "(t)", lend },
  { "cancel", "(u)", cancel },
  { "number_of_objects", "()", count_objects },
  { "shutdown", "()", shut_down },
  { "dummy", "()", dummy },
};

static void
call_own (MpSession  *session,
          guint32     serial,
          const char *name,
          GVariant   *args)
{
  g_autoptr (GVariant) result = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (own_methods); i++)
    {
      if (!g_str_equal (own_methods[i].name, name)
          || !g_variant_is_of_type (args, G_VARIANT_TYPE (own_methods[i].args)))
        continue;
      result = own_methods[i].run (session, args, &error);
      if (error != NULL)
        reply_error (session, serial, error);
      else if (serial != 0)
        _mp_session_reply (session, serial, FALSE, g_steal_pointer (&result));
      return;
    }
  error = g_error_new (MP_ERROR, MP_ERROR_NOT_REGISTERED, "A manager does not know “%s”", name);
  reply_error (session, serial, error);
}

/* Takes the arguments. */
void
_mp_server_handle (MpSession       *session,
                   const MpRequest *request)
{
  g_autoptr (GVariant) args = request->args;
  g_autoptr (GError) error = NULL;
  const MpManagedMethod *method;
  MpManaged *object;
  MpCall *call;

  if (session->dead)
    return;
  if (request->id == 0)
    {
      call_own (session, request->serial, request->method, args);
      return;
    }
  object = _mp_server_find (session->server, request->id);
  method = check_call (object, request->method, args, &error);
  if (method == NULL)
    {
      reply_error (session, request->serial, error);
      return;
    }

  call = g_new0 (MpCall, 1);
  call->args = g_steal_pointer (&args);
  call->object = object;
  call->session = session;
  call->method = method;
  call->deadline = request->timeout == 0 ? 0 : _mp_deadline_of_timeout (request->timeout);
  call->link.data = call;
  call->session_link.data = call;
  call->serial = request->serial;
  call->thread = request->thread;
  _mp_managed_hold (object);
  run (call);
}

/* Takes back what it waited for, and what it held. */
void
_mp_server_end_session (MpSession *session)
{
  MpServer *self = session->server;
  g_autoptr (GList) objects = g_hash_table_get_values (self->objects);
  GHashTableIter iter;
  gpointer id;

  for (GList *l = objects; l != NULL; l = l->next)
    _mp_managed_hold (l->data);
  while (session->calls.length > 0)
    {
      MpCall *call = session->calls.head->data;

      _mp_managed_changed (call->object);
      _mp_call_free (call);
    }
  for (GList *l = objects; l != NULL; l = l->next)
    {
      MpManaged *object = l->data;

      if (object->type->bereave != NULL)
        object->type->bereave (object, session);
    }
  for (GList *l = objects; l != NULL; l = l->next)
    _mp_managed_drop (l->data);

  _mp_server_expire_leases (self, session);
  for (g_hash_table_iter_init (&iter, session->refs);
       g_hash_table_iter_next (&iter, &id, NULL);
       g_hash_table_iter_init (&iter, session->refs))
    _mp_session_take_back (session, *(guint64 *) id, G_MAXUINT);
}
