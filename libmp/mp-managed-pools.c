/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-managed-pool-private.h"

#include <glib-unix.h>

#include "mp-pool-private.h"
#include "mp-server-private.h"

/* A server without pools waits on its epoll descriptor and nothing else. With some it waits on a
 * main context, in which that descriptor and the pools hang. */
struct _MpPools
{
  /* Owned */
  GMainContext *context;
  GSource      *events;  /* of the server */
  GPtrArray    *all;     /* MpPools: those of objects, and those whose workers still end */
};

static gboolean
return_to_server (int          fd,
                  GIOCondition condition,
                  gpointer     user_data)
{
  return G_SOURCE_CONTINUE;
}

static MpPools *
pools_new (MpServer *server)
{
  MpPools *self = g_new0 (MpPools, 1);

  self->all = g_ptr_array_new_with_free_func (g_object_unref);
  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  self->events = g_unix_fd_source_new (server->epoll, G_IO_IN);
  g_source_set_callback (self->events, G_SOURCE_FUNC (return_to_server), NULL, NULL);
  g_source_set_static_name (self->events, "[mp-server]");
  g_source_attach (self->events, self->context);
  return self;
}

/* Returns: (transfer full): a pool that was not started yet */
MpPool *
_mp_pools_add (MpServer *server,
               guint     processes)
{
  /* Those that are forked would keep the connections of all clients open. */
  gboolean forks = g_str_equal (mp_get_start_method (), "fork");
  MpPool *pool = mp_pool_new (forks ? mp_context_get ("forkserver", NULL) : NULL, processes);

  if (server->pools == NULL)
    server->pools = pools_new (server);
  g_ptr_array_add (server->pools->all, g_object_ref (pool));
  return pool;
}

/* Lets the pools work until there is something for the server to do, @timeout milliseconds have
 * passed, or a pool has news. */
void
_mp_pools_wait (MpPools *self,
                int      timeout)
{
  for (guint i = self->all->len; i > 0; i--)
    {
      MpPool *pool = g_ptr_array_index (self->all, i - 1);

      if (pool->terminated && pool->workers->len == 0)
        g_ptr_array_remove_index_fast (self->all, i - 1);
    }
  g_source_set_ready_time (self->events,
                           timeout < 0 ? -1 : g_get_monotonic_time () + timeout * (gint64) 1000);
  g_main_context_iteration (self->context, TRUE);
}

/* Ends them all, and everything that they still had to do. */
void
_mp_pools_stop (MpPools *self)
{
  for (guint i = 0; i < self->all->len; i++)
    mp_pool_terminate (g_ptr_array_index (self->all, i));
  for (guint i = 0; i < self->all->len; i++)
    mp_pool_join (g_ptr_array_index (self->all, i), -1, NULL);
  g_ptr_array_unref (self->all);
  g_source_destroy (self->events);
  g_source_unref (self->events);
  g_main_context_pop_thread_default (self->context);
  g_main_context_unref (self->context);
  g_free (self);
}
