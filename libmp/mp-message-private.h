/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include "mp-handles-private.h"

G_BEGIN_DECLS

/* One message between two processes: a packet over a local socket, which keeps them whole, or a
 * piece of a stream over a network. */
typedef enum
{
  MP_MESSAGE_BYTES,
  MP_MESSAGE_VALUE,
} MpMessageKind;

/* On the wire: this, the content (so that it is aligned as values need it), the type string. */
typedef struct
{
  guint8  kind;
  guint8  in_memory;    /* the first descriptor is the content */
  guint16 type_length;
  guint32 size;         /* of the content that follows */
} MpMessageHeader;

G_STATIC_ASSERT (sizeof (MpMessageHeader) == 8);

#define MP_MESSAGE_TYPE_MAX 4096

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
gboolean  _mp_message_take_type   (MpMessage      *message,
                                   const char     *type,
                                   gsize           length,
                                   GError        **error);
gboolean  _mp_message_set_error   (GError        **error);

/* Called when @socket takes no more for now. Returns: FALSE to give up */
typedef gboolean (*MpWaitForRoom) (int      socket,
                                   gpointer user_data);

/* The same over a stream, which carries no descriptors. */
gboolean  _mp_stream_send         (int             socket,
                                   MpMessageKind   kind,
                                   const char     *type,
                                   gconstpointer   data,
                                   gsize           size,
                                   GError        **error);
gboolean  _mp_stream_send_waiting (int             socket,
                                   MpMessageKind   kind,
                                   const char     *type,
                                   gconstpointer   data,
                                   gsize           size,
                                   MpWaitForRoom   wait,
                                   gpointer        user_data,
                                   GError        **error);
gboolean  _mp_stream_check_value  (GVariant       *value,
                                   GError        **error);
gboolean  _mp_stream_send_value   (int             socket,
                                   GVariant       *value,
                                   GError        **error);
gboolean  _mp_stream_recv         (int             socket,
                                   MpMessage      *message,
                                   GError        **error);

int       _mp_memfd_new           (gconstpointer   data,
                                   gsize           size,
                                   GError        **error);
gboolean  _mp_memfd_take          (int             fd,
                                   MpBlock        *block,
                                   GError        **error);

G_END_DECLS
