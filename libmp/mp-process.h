/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib-object.h>
#include <sys/types.h>
#include "mp-context.h"

G_BEGIN_DECLS

#define MP_TYPE_PROCESS (mp_process_get_type ())
MP_EXPORT G_DECLARE_DERIVABLE_TYPE (MpProcess, mp_process, MP, PROCESS, GObject)

struct _MpProcessClass
{
  GObjectClass parent_class;

  /* Runs in the child. The default calls the process's function with its arguments. */
  gboolean (*run) (MpProcess  *self,
                   GError    **error);

  gpointer padding[8];
};

MP_EXPORT MpProcess  *mp_process_new           (const char    *function,
                                                GVariant      *args);
MP_EXPORT MpProcess  *mp_process_new_full      (MpContext     *context,
                                                const char    *name,
                                                const char    *function,
                                                GVariant      *args);
MP_EXPORT gboolean    mp_process_start         (MpProcess     *self,
                                                GError       **error);
MP_EXPORT gboolean    mp_process_join          (MpProcess     *self,
                                                gint64         timeout,
                                                GError       **error);
MP_EXPORT void        mp_process_watch         (MpProcess     *self);
MP_EXPORT gboolean    mp_process_is_alive      (MpProcess     *self);
MP_EXPORT gboolean    mp_process_terminate     (MpProcess     *self,
                                                GError       **error);
MP_EXPORT gboolean    mp_process_kill          (MpProcess     *self,
                                                GError       **error);
MP_EXPORT gboolean    mp_process_interrupt     (MpProcess     *self,
                                                GError       **error);
MP_EXPORT gboolean    mp_process_close         (MpProcess     *self,
                                                GError       **error);
MP_EXPORT pid_t       mp_process_get_pid       (MpProcess     *self);
MP_EXPORT gboolean    mp_process_get_exit_code (MpProcess     *self,
                                                int           *exit_code);
MP_EXPORT int         mp_process_get_sentinel  (MpProcess     *self);
MP_EXPORT const char *mp_process_get_name      (MpProcess     *self);
MP_EXPORT void        mp_process_set_name      (MpProcess     *self,
                                                const char    *name);
MP_EXPORT gboolean    mp_process_get_daemon    (MpProcess     *self);
MP_EXPORT void        mp_process_set_daemon    (MpProcess     *self,
                                                gboolean       daemon);
MP_EXPORT GBytes     *mp_process_get_authkey   (MpProcess     *self);
MP_EXPORT void        mp_process_set_authkey   (MpProcess     *self,
                                                GBytes        *authkey);
MP_EXPORT GVariant   *mp_process_get_args      (MpProcess     *self);
MP_EXPORT char       *mp_process_to_string     (MpProcess     *self);

MP_EXPORT MpProcess  *mp_process_get_current   (void);
MP_EXPORT MpProcess  *mp_process_get_parent    (void);
MP_EXPORT GPtrArray  *mp_active_children       (void);

MP_EXPORT void mp_process_register_type (GType (*get_type) (void));

/**
 * MP_REGISTER_PROCESS_TYPE:
 * @prefix: the prefix of the functions of a subclass
 *
 * Registers a subclass of [class@Process] when the program or module is loaded, as
 * MP_REGISTER_FUNCTION() does for functions. Stands after the type's definition, no semicolon.
 */
#define MP_REGISTER_PROCESS_TYPE(prefix)                        \
  __attribute__ ((constructor)) static void                     \
  mp_register_type_##prefix (void)                              \
  {                                                             \
    mp_process_register_type (prefix##_get_type);               \
  }

G_END_DECLS
