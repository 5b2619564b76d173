/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A function that leaves in the way its item names. */

#include <gio/gio.h>
#include <gmodule.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile int sink;

static void
exhaust_stack (int depth)
{
  volatile char page[4096];

  page[0] = depth;
  if (sink >= 0)
    exhaust_stack (depth + 1);
  sink += page[0];
}

G_MODULE_EXPORT GVariant *leave (GVariant  *item,
                                 GError   **error);

GVariant *
leave (GVariant  *item,
       GError   **error)
{
  const char *how = g_variant_get_string (item, NULL);

  if (strcmp (how, "exit") == 0)
    exit (0);
  if (strcmp (how, "abort") == 0)
    abort ();
  if (strcmp (how, "stack") == 0)
    exhaust_stack (0);
  if (strcmp (how, "stop") == 0)
    raise (SIGSTOP);
  if (strcmp (how, "wait") == 0)
    for (;;)
      pause ();
  if (strcmp (how, "close") == 0)
    for (int fd = 0; fd < 4096; fd++)
      close (fd);
  return g_variant_ref (item);
}
