/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <gio/gio.h>
#include "mp-context.h"
#include "mp-proxy.h"

G_BEGIN_DECLS

/**
 * MpManagerFunction:
 * @self: the object
 * @args: the arguments of the call
 * @error: return location for an error
 *
 * A method of a type of the program, called in the manager.
 *
 * Returns: (nullable): as an [callback@Function] does
 */
typedef GVariant *(*MpManagerFunction) (gpointer   self,
                                        GVariant  *args,
                                        GError   **error);

/**
 * MpManagerMethod:
 * @name: how it is called
 * @function: what it does
 *
 * A method of a type of the program, called in the manager.
 */
typedef struct
{
  const char        *name;
  MpManagerFunction  function;
} MpManagerMethod;

/**
 * MpManagerTypeInfo:
 * @name: how it is known
 * @create: makes an object of its arguments
 * @destroy: (nullable): frees an object
 * @methods: the last one has no name
 *
 * A type of the program whose objects live in managers.
 */
typedef struct
{
  const char            *name;
  gpointer             (*create)  (GVariant  *args,
                                   GError   **error);
  GDestroyNotify         destroy;
  const MpManagerMethod *methods;
} MpManagerTypeInfo;

#define MP_TYPE_MANAGER (mp_manager_get_type ())
MP_EXPORT G_DECLARE_FINAL_TYPE (MpManager, mp_manager, MP, MANAGER, GObject)

MP_EXPORT MpManager  *mp_manager_new             (MpContext               *context,
                                                  const char              *address,
                                                  GBytes                  *authkey);
MP_EXPORT gboolean    mp_manager_start           (MpManager               *self,
                                                  const char              *initializer,
                                                  GVariant                *initargs,
                                                  GError                 **error);
MP_EXPORT MpManager  *mp_manager                 (GError                 **error);
MP_EXPORT MpManager  *mp_manager_new_remote      (const char              *address,
                                                  GBytes                  *authkey,
                                                  gint64                   timeout,
                                                  GError                 **error);
MP_EXPORT gboolean    mp_manager_serve           (const char              *address,
                                                  GBytes                  *authkey,
                                                  GError                 **error);
MP_EXPORT gboolean    mp_manager_shutdown        (MpManager               *self,
                                                  GError                 **error);
MP_EXPORT gboolean    mp_manager_join            (MpManager               *self,
                                                  gint64                   timeout,
                                                  GError                 **error);
MP_EXPORT const char *mp_manager_get_address     (MpManager               *self);
MP_EXPORT pid_t       mp_manager_get_pid         (MpManager               *self);
MP_EXPORT gint64      mp_manager_count_objects   (MpManager               *self,
                                                  GError                 **error);
MP_EXPORT MpProxy    *mp_manager_create          (MpManager               *self,
                                                  const char              *type_id,
                                                  GVariant                *args,
                                                  GError                 **error);
MP_EXPORT void        mp_manager_register_type   (const MpManagerTypeInfo *info);

/**
 * MP_REGISTER_MANAGER_TYPE:
 * @info: the name of a variable
 *
 * Registers a type when the program or module is loaded. Stands after the variable, no semicolon.
 */
#define MP_REGISTER_MANAGER_TYPE(info)                          \
  __attribute__ ((constructor)) static void                     \
  mp_register_manager_type_##info (void)                        \
  {                                                             \
    mp_manager_register_type (&info);                           \
  }

G_END_DECLS
