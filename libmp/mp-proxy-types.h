/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include "mp-lock.h"
#include "mp-manager.h"
#include "mp-proxy.h"

G_BEGIN_DECLS

MP_EXPORT MpProxy    *mp_manager_dict               (MpManager   *self,
                                                     GVariant    *pairs,
                                                     GError     **error);
MP_EXPORT gboolean    mp_dict_set                   (MpProxy     *self,
                                                     GVariant    *key,
                                                     GVariant    *value,
                                                     GError     **error);
MP_EXPORT GVariant   *mp_dict_get                   (MpProxy     *self,
                                                     GVariant    *key,
                                                     GError     **error);
MP_EXPORT GVariant   *mp_dict_pop                   (MpProxy     *self,
                                                     GVariant    *key,
                                                     GError     **error);
MP_EXPORT gboolean    mp_dict_remove                (MpProxy     *self,
                                                     GVariant    *key,
                                                     GError     **error);
MP_EXPORT gboolean    mp_dict_contains              (MpProxy     *self,
                                                     GVariant    *key,
                                                     GError     **error);
MP_EXPORT GVariant   *mp_dict_items                 (MpProxy     *self,
                                                     GError     **error);

MP_EXPORT MpProxy    *mp_manager_list               (MpManager   *self,
                                                     GVariant    *items,
                                                     GError     **error);
MP_EXPORT gboolean    mp_list_append                (MpProxy     *self,
                                                     GVariant    *item,
                                                     GError     **error);
MP_EXPORT GVariant   *mp_list_get                   (MpProxy     *self,
                                                     gint64       index,
                                                     GError     **error);
MP_EXPORT gboolean    mp_list_set                   (MpProxy     *self,
                                                     gint64       index,
                                                     GVariant    *item,
                                                     GError     **error);
MP_EXPORT GVariant   *mp_list_pop                   (MpProxy     *self,
                                                     gint64       index,
                                                     GError     **error);
MP_EXPORT gboolean    mp_list_reverse               (MpProxy     *self,
                                                     GError     **error);
MP_EXPORT gboolean    mp_list_sort                  (MpProxy     *self,
                                                     GError     **error);

MP_EXPORT MpProxy    *mp_manager_set                (MpManager   *self,
                                                     GVariant    *members,
                                                     GError     **error);
MP_EXPORT gboolean    mp_set_add                    (MpProxy     *self,
                                                     GVariant    *member,
                                                     GError     **error);
MP_EXPORT gboolean    mp_set_discard                (MpProxy     *self,
                                                     GVariant    *member,
                                                     GError     **error);

MP_EXPORT MpProxy    *mp_manager_namespace          (MpManager   *self,
                                                     GError     **error);
MP_EXPORT gboolean    mp_namespace_set              (MpProxy     *self,
                                                     const char  *name,
                                                     GVariant    *value,
                                                     GError     **error);
MP_EXPORT GVariant   *mp_namespace_get              (MpProxy     *self,
                                                     const char  *name,
                                                     GError     **error);

MP_EXPORT MpProxy    *mp_manager_value              (MpManager   *self,
                                                     GVariant    *value,
                                                     GError     **error);
MP_EXPORT MpProxy    *mp_manager_array              (MpManager   *self,
                                                     GVariant    *values,
                                                     GError     **error);
MP_EXPORT gboolean    mp_proxy_set_value            (MpProxy     *self,
                                                     GVariant    *value,
                                                     GError     **error);
MP_EXPORT gint64      mp_proxy_get_length           (MpProxy     *self,
                                                     GError     **error);

MP_EXPORT MpProxy    *mp_manager_queue              (MpManager   *self,
                                                     guint64      max_size,
                                                     GError     **error);
MP_EXPORT MpProxy    *mp_manager_joinable_queue     (MpManager   *self,
                                                     guint64      max_size,
                                                     GError     **error);
MP_EXPORT gboolean    mp_proxy_put                  (MpProxy     *self,
                                                     GVariant    *item,
                                                     gint64       timeout,
                                                     GError     **error);
MP_EXPORT GVariant   *mp_proxy_get                  (MpProxy     *self,
                                                     gint64       timeout,
                                                     GError     **error);
MP_EXPORT gboolean    mp_proxy_task_done            (MpProxy     *self,
                                                     GError     **error);
MP_EXPORT gboolean    mp_proxy_join                 (MpProxy     *self,
                                                     gint64       timeout,
                                                     GError     **error);

MP_EXPORT MpProxy    *mp_manager_lock               (MpManager   *self,
                                                     GError     **error);
MP_EXPORT MpProxy    *mp_manager_rlock              (MpManager   *self,
                                                     GError     **error);
MP_EXPORT MpProxy    *mp_manager_semaphore          (MpManager   *self,
                                                     gint64       value,
                                                     GError     **error);
MP_EXPORT MpProxy    *mp_manager_bounded_semaphore  (MpManager   *self,
                                                     gint64       value,
                                                     GError     **error);
MP_EXPORT MpProxy    *mp_manager_condition          (MpManager   *self,
                                                     GError     **error);
MP_EXPORT MpAcquired  mp_proxy_acquire              (MpProxy     *self,
                                                     gint64       timeout,
                                                     GError     **error);
MP_EXPORT gboolean    mp_proxy_release              (MpProxy     *self,
                                                     GError     **error);
MP_EXPORT gboolean    mp_proxy_notify               (MpProxy     *self,
                                                     gint64       count,
                                                     GError     **error);
MP_EXPORT MpProxy    *mp_manager_event              (MpManager   *self,
                                                     GError     **error);
MP_EXPORT gboolean    mp_proxy_set                  (MpProxy     *self,
                                                     GError     **error);
MP_EXPORT gboolean    mp_proxy_clear                (MpProxy     *self,
                                                     GError     **error);
MP_EXPORT gboolean    mp_proxy_is_set               (MpProxy     *self,
                                                     GError     **error);
MP_EXPORT MpProxy    *mp_manager_barrier            (MpManager   *self,
                                                     guint        parties,
                                                     GError     **error);
MP_EXPORT gint64      mp_proxy_wait                 (MpProxy     *self,
                                                     gint64       timeout,
                                                     GError     **error);

MP_EXPORT MpProxy    *mp_manager_pool               (MpManager   *self,
                                                     guint        processes,
                                                     const char  *initializer,
                                                     GVariant    *initargs,
                                                     guint        max_tasks,
                                                     GError     **error);
MP_EXPORT GVariant   *mp_proxy_apply                (MpProxy     *self,
                                                     const char  *function,
                                                     GVariant    *args,
                                                     GError     **error);
MP_EXPORT MpProxy    *mp_proxy_apply_async          (MpProxy     *self,
                                                     const char  *function,
                                                     GVariant    *args,
                                                     GError     **error);
MP_EXPORT GVariant   *mp_proxy_map                  (MpProxy     *self,
                                                     const char  *function,
                                                     GVariant    *items,
                                                     guint        chunksize,
                                                     GError     **error);
MP_EXPORT MpProxy    *mp_proxy_map_async            (MpProxy     *self,
                                                     const char  *function,
                                                     GVariant    *items,
                                                     guint        chunksize,
                                                     GError     **error);
MP_EXPORT GVariant   *mp_proxy_starmap              (MpProxy     *self,
                                                     const char  *function,
                                                     GVariant    *items,
                                                     guint        chunksize,
                                                     GError     **error);
MP_EXPORT MpProxy    *mp_proxy_starmap_async        (MpProxy     *self,
                                                     const char  *function,
                                                     GVariant    *items,
                                                     guint        chunksize,
                                                     GError     **error);
MP_EXPORT MpProxy    *mp_proxy_imap                 (MpProxy     *self,
                                                     const char  *function,
                                                     GVariant    *items,
                                                     GError     **error);
MP_EXPORT MpProxy    *mp_proxy_imap_unordered       (MpProxy     *self,
                                                     const char  *function,
                                                     GVariant    *items,
                                                     GError     **error);
MP_EXPORT gboolean    mp_proxy_next                 (MpProxy     *self,
                                                     gint64       timeout,
                                                     GVariant   **value,
                                                     GError     **error);
MP_EXPORT gboolean    mp_proxy_close                (MpProxy     *self,
                                                     GError     **error);
MP_EXPORT gboolean    mp_proxy_terminate            (MpProxy     *self,
                                                     GError     **error);

G_END_DECLS
