/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-server-private.h"

#include "mp-handles-private.h"
#include "mp-log.h"
#include "mp-proxy-private.h"
#include "mp-shareable.h"

/* The objects of a manager, and who knows of them: sessions, values that other objects keep, and
 * leases, for proxies on their way. */

/* How long a proxy may be on its way after its sender has ended. */
#define LEASE_TIME (60 * G_TIME_SPAN_SECOND)
#define PROXY_NAME "MpProxy"

/* The proxies in a value. */

void
_mp_proxies_find (GVariant     *value,
                  const char   *address,
                  MpProxyFound  found,
                  gpointer      user_data)
{
  /* Only what can hold a variant can hold a proxy. */
  if (!g_variant_is_container (value) || !_mp_handles_possible (g_variant_get_type (value)))
    return;
  if (g_variant_is_of_type (value, G_VARIANT_TYPE (MP_SHAREABLE_TYPE_STRING)))
    {
      g_autoptr (GVariant) state = NULL;
      const char *name;

      g_variant_get (value, "(&sv)", &name, &state);
      if (g_str_equal (name, PROXY_NAME)
          && g_variant_is_of_type (state, G_VARIANT_TYPE (MP_PROXY_STATE_TYPE)))
        {
          const char *manager;
          guint64 id, token;

          g_variant_get (state, "(&s&stt)", &manager, NULL, &id, &token);
          if (address == NULL || g_str_equal (manager, address))
            found (manager, id, token, user_data);
          return;
        }
    }
  for (gsize i = 0; i < g_variant_n_children (value); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      _mp_proxies_find (child, address, found, user_data);
    }
}

MpManaged *
_mp_server_find (MpServer *self,
                 guint64   id)
{
  return g_hash_table_lookup (self->objects, &id);
}

/* @object has arrived where it was lent to. Whose the token is says who comes, so it is checked. */
void
_mp_server_return_lease (MpServer  *self,
                         MpManaged *object,
                         guint64    token)
{
  MpLease *lease = g_hash_table_lookup (self->leases, &token);

  if (lease == NULL || lease->id != object->id)
    return;
  g_hash_table_remove (self->leases, &token);
  _mp_managed_drop (object);
}

static void
hold_found (const char *address,
            guint64     id,
            guint64     token,
            gpointer    user_data)
{
  MpServer *self = user_data;
  MpManaged *object = _mp_server_find (self, id);

  if (object == NULL)
    return;
  _mp_managed_hold (object);
  _mp_server_return_lease (self, object, token);
}

static void
drop_found (const char *address,
            guint64     id,
            guint64     token,
            gpointer    user_data)
{
  MpManaged *object = _mp_server_find (user_data, id);

  if (object != NULL)
    _mp_managed_drop (object);
}

GVariant *
_mp_server_keep (MpServer *server,
                 GVariant *value)
{
  _mp_proxies_find (value, mp_listener_get_address (server->listener), hold_found, server);
  return g_variant_ref (value);
}

/* A method may forget what its result is made of: what it was given is dropped when the asker has
 * been told of it. */
void
_mp_server_forget (MpServer *server,
                   GVariant *value)
{
  if (server->answering)
    {
      g_queue_push_tail (&server->forgotten, value);
      return;
    }
  _mp_proxies_find (value, mp_listener_get_address (server->listener), drop_found, server);
  g_variant_unref (value);
}

void
_mp_server_end_answer (MpServer *self)
{
  GVariant *value;

  self->answering = FALSE;
  while ((value = g_queue_pop_head (&self->forgotten)) != NULL)
    _mp_server_forget (self, value);
}

/* Objects. */

void
_mp_managed_hold (MpManaged *self)
{
  self->refs++;
}

void
_mp_managed_drop (MpManaged *self)
{
  if (--self->refs > 0)
    return;

  g_assert (self->waiting.length == 0);
  mp_log (MP_LOG_SUBDEBUG, "disposing of obj with id '%" G_GINT64_MODIFIER "x'", self->id);
  g_hash_table_remove (self->server->objects, &self->id);
  if (self->type->clear != NULL)
    self->type->clear (self);
  g_free (self);
}

/* Returns: one that nobody knows of yet, held once for the caller */
MpManaged *
_mp_managed_new (MpServer            *server,
                 const MpManagedType *type)
{
  MpManaged *self = g_malloc0 (type->size);

  self->type = type;
  self->server = server;
  self->refs = 1;
  return self;
}

/* Gives it an identity, so that others can know of it. */
void
_mp_managed_add (MpManaged *self)
{
  self->id = ++self->server->last_id;
  g_hash_table_insert (self->server->objects, &self->id, self);
  mp_log (MP_LOG_DEBUG, "'%s' callable returned object with id '%" G_GINT64_MODIFIER "x'",
          self->type->name, self->id);
}

/* For a method that has made @self and takes the caller's hold: it lives on if the asker is told.
 *
 * Returns: (transfer full): the method's result, a proxy of it */
GVariant *
_mp_managed_publish (MpManaged *self)
{
  GVariant *state, *proxy;

  _mp_managed_add (self);
  state = g_variant_new (MP_PROXY_STATE_TYPE, mp_listener_get_address (self->server->listener),
                         self->type->name, self->id, (guint64) 0);
  proxy = g_variant_ref_sink (g_variant_new (MP_SHAREABLE_TYPE_STRING, PROXY_NAME, state));
  _mp_server_forget (self->server, g_variant_ref (proxy));
  return proxy;
}

/* Calls that wait get another chance. */
void
_mp_managed_changed (MpManaged *self)
{
  if (self->changed || self->waiting.length == 0)
    return;

  self->changed = TRUE;
  _mp_managed_hold (self);
  g_queue_push_tail (&self->server->changed, self);
}

void
_mp_server_forget_all (MpServer *self)
{
  GHashTableIter iter;
  gpointer object;

  /* Objects may hold each other. */
  g_hash_table_iter_init (&iter, self->objects);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    _mp_managed_hold (object);
  while (g_hash_table_size (self->objects) > 0)
    {
      MpManaged *first;

      g_hash_table_iter_init (&iter, self->objects);
      g_hash_table_iter_next (&iter, NULL, &object);
      first = object;
      first->refs = 1;
      _mp_managed_drop (first);
    }
}

/* Sessions and what they were told of. */

void
_mp_session_grant (MpSession *session,
                   MpManaged *object)
{
  guint *count = g_hash_table_lookup (session->refs, &object->id);

  if (count == NULL)
    {
      count = g_new0 (guint, 1);
      g_hash_table_insert (session->refs, g_memdup2 (&object->id, sizeof object->id), count);
      _mp_managed_hold (object);
    }
  *count += 1;
}

static void
grant_found (const char *address,
             guint64     id,
             guint64     token,
             gpointer    user_data)
{
  MpSession *session = user_data;
  MpManaged *object = _mp_server_find (session->server, id);

  if (object != NULL)
    _mp_session_grant (session, object);
}

/* With a value it is told of what the proxies in it stand for. */
void
_mp_session_grant_value (MpSession *session,
                         GVariant  *value)
{
  _mp_proxies_find (value, mp_listener_get_address (session->server->listener), grant_found,
                    session);
}

void
_mp_session_take_back (MpSession *session,
                       guint64    id,
                       guint      times)
{
  guint *count = g_hash_table_lookup (session->refs, &id);
  MpManaged *object = _mp_server_find (session->server, id);

  if (count == NULL)
    return;
  if (*count > times)
    *count -= times;
  else
    {
      g_hash_table_remove (session->refs, &id);
      if (object != NULL)
        _mp_managed_drop (object);
    }
}

/* Returns: the token of a proxy that goes on its way now; 0 if there is no such object */
guint64
_mp_server_lend (MpSession *session,
                 guint64    id)
{
  MpServer *self = session->server;
  MpManaged *object = _mp_server_find (self, id);
  MpLease *lease;

  if (object == NULL)
    return 0;
  lease = g_new0 (MpLease, 1);
  lease->id = id;
  lease->session = session;
  self->last_token++;
  _mp_managed_hold (object);
  g_hash_table_insert (self->leases, g_memdup2 (&self->last_token, sizeof (guint64)), lease);
  return self->last_token;
}

/* A session has ended: what it has sent away has so much time to arrive. */
void
_mp_server_expire_leases (MpServer  *self,
                          MpSession *ended)
{
  gint64 now = g_get_monotonic_time ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->leases);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      MpLease *lease = value;
      MpManaged *object = _mp_server_find (self, lease->id);

      if (lease->session == ended)
        {
          lease->session = NULL;
          lease->expiry = now + LEASE_TIME;
        }
      if (lease->session != NULL || lease->expiry > now)
        continue;
      g_hash_table_iter_remove (&iter);
      if (object != NULL)
        _mp_managed_drop (object);
    }
}
