/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-lock.h"
#include "mp-managed-private.h"

G_BEGIN_DECLS

/* Who has a lock, and how often. */
typedef struct
{
  MpSession *session;
  guint32    thread;
  guint      count;
  gboolean   owner_died;  /* and nobody was told yet */
} MpHeld;

typedef struct
{
  MpManaged base;
  MpHeld    held;
} Lock;

gboolean  _mp_held_take     (MpHeld     *held,
                             MpCall     *call,
                             gboolean    again);
GVariant *_mp_held_result   (MpHeld     *held);
gboolean  _mp_held_check    (MpHeld     *held,
                             MpCall     *call,
                             GError    **error);
void      _mp_held_bereave  (MpHeld     *held,
                             MpManaged  *object,
                             MpSession  *session);

G_END_DECLS
