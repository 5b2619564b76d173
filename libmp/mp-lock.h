/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include "mp-shared-object.h"

G_BEGIN_DECLS

/**
 * MpAcquired:
 * @MP_ACQUIRED_NOT: it was not acquired: see the error
 * @MP_ACQUIRED: acquired
 * @MP_ACQUIRED_OWNER_DIED: acquired, and a process that had it died before it gave it back
 *
 * What became of an attempt to acquire.
 */
typedef enum
{
  MP_ACQUIRED_NOT,
  MP_ACQUIRED,
  MP_ACQUIRED_OWNER_DIED,
} MpAcquired;

#define MP_TYPE_LOCK (mp_lock_get_type ())
MP_EXPORT G_DECLARE_DERIVABLE_TYPE (MpLock, mp_lock, MP, LOCK, MpSharedObject)

struct _MpLockClass
{
  MpSharedObjectClass parent_class;

  gpointer padding[8];
};

MP_EXPORT MpLock     *mp_lock_new             (GError              **error);
MP_EXPORT MpAcquired  mp_lock_acquire         (MpLock               *self,
                                               gint64                timeout,
                                               GError              **error);
MP_EXPORT void        mp_lock_acquire_async   (MpLock               *self,
                                               GCancellable         *cancellable,
                                               GAsyncReadyCallback   callback,
                                               gpointer              user_data);
MP_EXPORT MpAcquired  mp_lock_acquire_finish  (MpLock               *self,
                                               GAsyncResult         *result,
                                               GError              **error);
MP_EXPORT gboolean    mp_lock_release         (MpLock               *self,
                                               GError              **error);
MP_EXPORT gboolean    mp_lock_get_locked      (MpLock               *self);

#define MP_TYPE_RLOCK (mp_rlock_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpRLock, mp_rlock, MP, RLOCK, MpLock)

MP_EXPORT MpRLock    *mp_rlock_new            (GError              **error);

G_END_DECLS
