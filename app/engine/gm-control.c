/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "gm-control.h"

#include "gm-control-client.h"

#define MAX_CLIENTS 64

struct _GmControl
{
  /* Owned */
  GPtrArray *clients;
  GSource   *source;

  const GmControlFuncs *funcs;
  gpointer              user_data;
  int                   fd;
  int                   spare_fd;  /* given up to turn somebody away when there are no more */
};

static void
on_gone (GmControlClient *client,
         gpointer         user_data)
{
  GmControl *self = user_data;

  g_ptr_array_remove_fast (self->clients, client);
}

static gboolean
is_ours (int fd)
{
  struct ucred peer;
  socklen_t length = sizeof peer;

  return getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == geteuid ();
}

static void
welcome (GmControl *self,
         int        fd)
{
  if (!is_ours (fd))
    gm_control_refuse (fd, "This run belongs to another user");
  else if (self->clients->len >= MAX_CLIENTS)
    gm_control_refuse (fd, "There are 64 clients already, and no more at a time");
  else
    g_ptr_array_add (self->clients, gm_control_client_new (fd, self->funcs, self->user_data,
                                                           on_gone, self));
}

static int
accept_one (GmControl *self)
{
  return accept4 (self->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* Without a descriptor to be had, whoever waits would wake us for ever. */
static void
turn_away (GmControl *self)
{
  int fd;

  if (self->spare_fd < 0)
    return;
  close (self->spare_fd);
  fd = accept_one (self);
  if (fd >= 0)
    gm_control_refuse (fd, "The run has no more descriptors");
  self->spare_fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
}

static gboolean
on_connection (int          listener,
               GIOCondition condition,
               gpointer     user_data)
{
  GmControl *self = user_data;
  int fd = accept_one (self);

  if (fd >= 0)
    welcome (self, fd);
  else if (errno == EMFILE || errno == ENFILE)
    turn_away (self);
  return G_SOURCE_CONTINUE;
}

/**
 * gm_control_new:
 * @fd: (transfer full): a socket that listens
 * @funcs: who answers
 * @user_data: for @funcs
 *
 * Serves clients from the thread-default main context.
 *
 * Returns: (transfer full): the control
 */
GmControl *
gm_control_new (int                   fd,
                const GmControlFuncs *funcs,
                gpointer              user_data)
{
  GmControl *self = g_new0 (GmControl, 1);

  self->clients = g_ptr_array_new_with_free_func ((GDestroyNotify) gm_control_client_free);
  self->fd = fd;
  self->spare_fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  self->funcs = funcs;
  self->user_data = user_data;
  self->source = g_unix_fd_source_new (fd, G_IO_IN);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_connection), self, NULL);
  g_source_set_name (self->source, "gm-control");
  g_source_attach (self->source, g_main_context_get_thread_default ());
  return self;
}

/**
 * gm_control_say_last:
 * @self: a control
 *
 * Tells those who watch how it ended.
 */
void
gm_control_say_last (GmControl *self)
{
  for (guint i = 0; i < self->clients->len; i++)
    gm_control_client_say_last (g_ptr_array_index (self->clients, i));
}

/**
 * gm_control_free:
 * @self: (transfer full): a control; everybody is disconnected
 */
void
gm_control_free (GmControl *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_ptr_array_unref (self->clients);
  close (self->fd);
  if (self->spare_fd >= 0)
    close (self->spare_fd);
  g_free (self);
}

/**
 * gm_params_check:
 * @params: (nullable): the parameters of a method
 * @names: those it has
 * @error: return location for an error
 *
 * Returns: %FALSE if there is another one
 */
gboolean
gm_params_check (JsonObject         *params,
                 const char *const  *names,
                 GError            **error)
{
  JsonObjectIter iter;
  const char *name;

  if (params == NULL)
    return TRUE;
  json_object_iter_init (&iter, params);
  while (json_object_iter_next (&iter, &name, NULL))
    if (!g_strv_contains (names, name))
      {
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                     "There is no parameter \"%s\"", name);
        return FALSE;
      }
  return TRUE;
}

/**
 * gm_params_get_int:
 * @params: (nullable): the parameters of a method
 * @name: one of them
 * @value: (out): what it is
 * @error: return location for an error
 *
 * Returns: %FALSE if it is missing, or no whole number
 */
gboolean
gm_params_get_int (JsonObject  *params,
                   const char  *name,
                   gint64      *value,
                   GError     **error)
{
  JsonNode *node = params != NULL ? json_object_get_member (params, name) : NULL;

  if (node != NULL && JSON_NODE_HOLDS_VALUE (node)
      && json_node_get_value_type (node) == G_TYPE_INT64)
    {
      *value = json_node_get_int (node);
      return TRUE;
    }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               "The parameter \"%s\" has to be a whole number", name);
  return FALSE;
}
