/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mp-managed-private.h"
#include "mp-pool.h"

G_BEGIN_DECLS

/* The pools of a server, and the main context that they need to get on. */
typedef struct _MpPools MpPools;

MpPool *_mp_pools_add  (MpServer *server,
                        guint     processes);
void    _mp_pools_wait (MpPools  *self,
                        int       timeout);
void    _mp_pools_stop (MpPools  *self);

MpPool *_mp_managed_pool_get (MpManaged *self);

/* What will come of a function or a map; with a @chunksize below 0 @args are those of one call. */
typedef struct _MpManagedOutcome MpManagedOutcome;

MpManagedOutcome *_mp_managed_outcome_new   (MpManaged         *pool,
                                             MpManaged         *told,
                                             const char        *function,
                                             GVariant          *args,
                                             gint64             chunksize,
                                             GError           **error);
GVariant         *_mp_managed_outcome_get   (MpManagedOutcome  *self,
                                             MpCall            *call,
                                             GError           **error);
void              _mp_managed_outcome_unref (gpointer           data);

/* Proxies of new objects, for results to come. */
GVariant         *_mp_managed_result_make   (MpManaged         *pool,
                                             const char        *function,
                                             GVariant          *args,
                                             gint64             chunksize,
                                             GError           **error);
GVariant         *_mp_managed_iterator_make (MpManaged         *pool,
                                             const char        *function,
                                             GVariant          *items,
                                             gboolean           ordered,
                                             GError           **error);

G_END_DECLS
