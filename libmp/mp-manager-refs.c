/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-manager-client-private.h"

#include "mp-error.h"
#include "mp-log.h"
#include "mp-server-private.h"

#define ID_FORMAT "'%" G_GINT64_MODIFIER "x'"
/* As Python's proxies: before their manager. */
#define EXIT_PRIORITY 10

/* What this process knows of an object of a manager. The manager counts how often it told this
 * process of it, and forgets that when the process says that it has seen as many and needs none. */
typedef struct
{
  guint64  id;
  guint    proxies;
  guint    grants;   /* seen */
  gboolean logged;   /* the log has an INCREF without a DECREF */
  GList    link;
} Entry;

/* With the mutex, as the next ones. */
static Entry *
get_entry (MpManagerClient *self,
           guint64          id)
{
  Entry *entry = g_hash_table_lookup (self->entries, &id);

  if (entry != NULL)
    return entry;
  entry = g_new0 (Entry, 1);
  entry->id = id;
  entry->link.data = entry;
  g_hash_table_insert (self->entries, &entry->id, entry);
  g_queue_push_tail_link (&self->order, &entry->link);
  return entry;
}

static void
remove_entry (MpManagerClient *self,
              Entry           *entry)
{
  g_hash_table_remove (self->entries, &entry->id);
  g_queue_unlink (&self->order, &entry->link);
  g_free (entry);
}

void
_mp_manager_client_clear_entries (MpManagerClient *self)
{
  while (self->order.length > 0)
    remove_entry (self, self->order.head->data);
  g_hash_table_unref (self->entries);
  if (self->at_exit != NULL)
    mp_finalizer_cancel (self->at_exit);
}

static void
log_decref (MpManagerClient *self,
            Entry           *entry)
{
  if (entry->logged)
    mp_log (MP_LOG_DEBUG, "DECREF " ID_FORMAT "%s", entry->id,
            self->gone ? " -- manager already shutdown" : "");
  entry->logged = FALSE;
}

/* What the connection's end does by itself is only told. */
static void
at_exit (gpointer object,
         gpointer user_data)
{
  MpManagerClient *self = object;

  self->at_exit = NULL;
  g_mutex_lock (&self->mutex);
  for (GList *l = self->order.tail; l != NULL; l = l->prev)
    log_decref (self, l->data);
  g_mutex_unlock (&self->mutex);
}

static void
log_incref (MpManagerClient *self,
            Entry           *entry)
{
  mp_log (MP_LOG_DEBUG, "INCREF " ID_FORMAT, entry->id);
  entry->logged = TRUE;
  if (self->at_exit == NULL)
    self->at_exit = mp_finalizer_add (at_exit, self, NULL, EXIT_PRIORITY);
}

/* The manager has made an object for this process, and there will be a proxy. */
void
_mp_manager_client_created (MpManagerClient *self,
                            guint64          id)
{
  Entry *entry;

  g_mutex_lock (&self->mutex);
  entry = get_entry (self, id);
  entry->grants++;
  entry->proxies++;
  log_incref (self, entry);
  g_mutex_unlock (&self->mutex);
}

/* There will be a proxy of an object that somebody else told of. */
gboolean
_mp_manager_client_adopt (MpManagerClient  *self,
                          guint64           id,
                          guint64           token,
                          GError          **error)
{
  g_autoptr (GVariant) result = NULL;
  gboolean known;
  Entry *entry;

  /* A value out of the manager came with a grant, and its way is over. */
  g_mutex_lock (&self->mutex);
  entry = g_hash_table_lookup (self->entries, &id);
  known = entry != NULL && entry->grants > 0 && token == 0;
  if (known)
    entry->proxies++;
  g_mutex_unlock (&self->mutex);
  if (known)
    return TRUE;

  result = _mp_manager_client_call (self, 0, "incref", g_variant_new ("(tt)", id, token), -1,
                                    error);
  if (result == NULL)
    return FALSE;
  g_mutex_lock (&self->mutex);
  entry = get_entry (self, id);
  entry->grants++;
  entry->proxies++;
  g_mutex_unlock (&self->mutex);
  return TRUE;
}

/* A proxy is gone. */
void
_mp_manager_client_release (MpManagerClient *self,
                            guint64          id)
{
  guint grants = 0;
  Entry *entry;

  g_mutex_lock (&self->mutex);
  entry = g_hash_table_lookup (self->entries, &id);
  if (entry != NULL && --entry->proxies == 0)
    {
      log_decref (self, entry);
      grants = self->gone || self->fd < 0 ? 0 : entry->grants;
      remove_entry (self, entry);
    }
  g_mutex_unlock (&self->mutex);
  if (grants > 0)
    _mp_manager_client_send (self, 0, 0, "decref", g_variant_new ("(tu)", id, grants), -1,
                             -1);
}

static void
note_grant (const char *address,
            guint64     id,
            guint64     token,
            gpointer    user_data)
{
  get_entry (user_data, id)->grants++;
}

void
_mp_manager_client_note_grants (MpManagerClient *self,
                                GVariant        *value)
{
  _mp_proxies_find (value, self->address, note_grant, self);
}

/* Python connects with the first call; what came before was over connections of their own. */
void
_mp_manager_client_log_first (MpManagerClient *self,
                              guint64          id)
{
  if (id == 0 || self->told)
    return;

  self->told = TRUE;
  mp_log (MP_LOG_DEBUG, "making connection to manager");
}

/* In a forked child: the proxies it has inherited are its own, too. */
void
_mp_manager_client_inherit (MpManagerClient *self)
{
  self->at_exit = NULL;
  for (GList *l = self->order.head, *next; l != NULL; l = next)
    {
      Entry *entry = l->data;
      g_autoptr (GVariant) result = NULL;

      next = l->next;
      entry->grants = 0;
      entry->logged = FALSE;
      if (entry->proxies == 0)
        {
          remove_entry (self, entry);
          continue;
        }
      result = _mp_manager_client_call (self, 0, "incref",
                                        g_variant_new ("(tt)", entry->id, (guint64) 0), -1, NULL);
      if (result == NULL)
        continue;
      entry->grants = 1;
      log_incref (self, entry);
    }
}

static void
inherit_found (const char *address,
               guint64     id,
               guint64     token,
               gpointer    user_data)
{
  MpManagerClient *self = _mp_manager_client_get (address, NULL);

  if (g_hash_table_lookup (self->entries, &id) != NULL
      || !_mp_manager_client_adopt (self, id, 0, NULL))
    {
      _mp_manager_client_unref (self);
      return;
    }
  /* For good: this process has it from its beginning to its end. */
  log_incref (self, g_hash_table_lookup (self->entries, &id));
}

/* In a child of the forkserver: the proxies in its arguments are what it has inherited. */
void
_mp_manager_client_inherit_args (GVariant *args)
{
  if (args != NULL)
    _mp_proxies_find (args, NULL, inherit_found, NULL);
}

static gboolean
return_task (gpointer user_data)
{
  GTask *task = user_data;
  MpClientCall *call = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (call->error != NULL && g_cancellable_is_cancelled (cancellable))
    {
      g_clear_error (&call->error);
      g_set_error_literal (&call->error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                           "The call was cancelled");
    }
  if (call->error != NULL)
    g_task_return_error (task, g_steal_pointer (&call->error));
  else
    g_task_return_pointer (task, g_steal_pointer (&call->result),
                           (GDestroyNotify) g_variant_unref);
  return G_SOURCE_REMOVE;
}

static void
end_source (GSource *source)
{
  if (source == NULL)
    return;
  g_source_destroy (source);
  g_source_unref (source);
}

/* With the mutex of its client, in any thread. Takes @result and @error. */
void
_mp_client_call_finish (MpClientCall *call,
                        GVariant     *result,
                        GError       *error)
{
  GTask *task = g_steal_pointer (&call->task);
  g_autoptr (GSource) source = NULL;

  call->result = result;
  call->error = error;
  call->done = TRUE;
  if (task == NULL)
    return;

  end_source (g_steal_pointer (&call->source));
  end_source (g_steal_pointer (&call->cancelled));
  /* With the last reference a proxy may go, which takes the mutex: that is the source's, in its own
   * time, and with it the call. */
  source = g_idle_source_new ();
  g_source_set_priority (source, g_task_get_priority (task));
  g_source_set_callback (source, return_task, task, g_object_unref);
  g_source_attach (source, g_task_get_context (task));
}

/* Of a task. */
void
_mp_client_call_free (gpointer data)
{
  MpClientCall *call = data;

  g_clear_pointer (&call->result, g_variant_unref);
  g_clear_error (&call->error);
  _mp_manager_client_unref (call->client);
  g_free (call);
}

/* An error as it was in the manager. */
GError *
_mp_remote_error (GVariant *value)
{
  const char *domain, *message;
  int code;

  if (!g_variant_is_of_type (value, G_VARIANT_TYPE ("(sis)")))
    return g_error_new_literal (MP_ERROR, MP_ERROR_FAILED, "The manager failed without an error");
  g_variant_get (value, "(&si&s)", &domain, &code, &message);
  return g_error_new_literal (g_quark_from_string (domain), code, message);
}
