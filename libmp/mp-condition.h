/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include "mp-lock.h"

G_BEGIN_DECLS

#define MP_TYPE_CONDITION (mp_condition_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpCondition, mp_condition, MP, CONDITION, MpSharedObject)

/**
 * MpPredicate:
 * @user_data: of who waits
 *
 * Looks with the lock held.
 *
 * Returns: whether what is waited for is so
 */
typedef gboolean (*MpPredicate) (gpointer user_data);

MP_EXPORT MpCondition *mp_condition_new          (MpLock               *lock,
                                                  GError              **error);
MP_EXPORT MpLock      *mp_condition_get_lock     (MpCondition          *self);
MP_EXPORT gboolean     mp_condition_wait         (MpCondition          *self,
                                                  gint64                timeout,
                                                  GError              **error);
MP_EXPORT void         mp_condition_wait_async   (MpCondition          *self,
                                                  GCancellable         *cancellable,
                                                  GAsyncReadyCallback   callback,
                                                  gpointer              user_data);
MP_EXPORT gboolean     mp_condition_wait_finish  (MpCondition          *self,
                                                  GAsyncResult         *result,
                                                  GError              **error);
MP_EXPORT gboolean     mp_condition_wait_for     (MpCondition          *self,
                                                  MpPredicate           predicate,
                                                  gpointer              user_data,
                                                  gint64                timeout,
                                                  GError              **error);
MP_EXPORT gboolean     mp_condition_notify       (MpCondition          *self,
                                                  guint                 n,
                                                  GError              **error);
MP_EXPORT gboolean     mp_condition_notify_all   (MpCondition          *self,
                                                  GError              **error);

G_END_DECLS
