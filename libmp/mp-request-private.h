/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-message-private.h"

G_BEGIN_DECLS

/* Serial, thread, timeout, object, method, arguments. Nobody waits for the answer to serial 0. */
#define MP_REQUEST_TYPE "(uuxtsv)"
/* Serial, whether it is an error, result. */
#define MP_REPLY_TYPE "(ubv)"

/* What is said to a manager, and what it answers. Owned is only what @decode has given. */
typedef struct
{
  guint32     serial;
  guint32     thread;
  gint64      timeout;
  guint64     id;
  const char *method;   /* lives as long as the arguments */
  GVariant   *args;
} MpRequest;

typedef struct
{
  guint32   serial;
  gboolean  failed;
  GVariant *value;
} MpReply;

guint8   *_mp_request_encode    (const MpRequest *request,
                                 gsize           *size);
gboolean  _mp_request_decode    (MpMessage       *message,
                                 MpRequest       *request);
gsize     _mp_reply_get_size    (GVariant        *value);
void      _mp_reply_store       (const MpReply   *reply,
                                 guint8          *at);
gboolean  _mp_reply_decode      (MpMessage       *message,
                                 MpReply         *reply);

G_END_DECLS
