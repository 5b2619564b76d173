/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include "mp-handles-private.h"

G_BEGIN_DECLS

/* One packet between two processes, over a socket that keeps packets whole. */
typedef enum
{
  MP_MESSAGE_BYTES,
  MP_MESSAGE_VALUE,
} MpMessageKind;

typedef struct
{
  MpMessageKind  kind;

  /* Owned */
  MpBlock       *block;
  char          *type;   /* of a value */
} MpMessage;

gboolean  _mp_message_send        (int             socket,
                                   MpMessageKind   kind,
                                   const char     *type,
                                   gconstpointer   data,
                                   gsize           size,
                                   const GArray   *fds,
                                   GError        **error);
gboolean  _mp_message_send_value  (int             socket,
                                   GVariant       *value,
                                   GError        **error);
gboolean  _mp_message_recv        (int             socket,
                                   MpMessage      *message,
                                   GError        **error);
GVariant *_mp_message_steal_value (MpMessage      *message,
                                   GError        **error);
void      _mp_message_clear       (MpMessage      *message);
int       _mp_memfd_new           (gconstpointer   data,
                                   gsize           size,
                                   GError        **error);
gboolean  _mp_memfd_map           (int             fd,
                                   MpBlock        *block,
                                   GError        **error);

G_END_DECLS
