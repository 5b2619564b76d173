/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib.h>
#include "mp-macros.h"

G_BEGIN_DECLS

typedef GVariant *(*MpFunction) (GVariant  *args,
                                 GError   **error);

MP_EXPORT void       mp_function_register (const char *name,
                                           MpFunction  function);
MP_EXPORT MpFunction mp_function_lookup   (const char *name);

/* Registers @function under its own name when the program or module is loaded, so that a child
 * that was started from a fresh image finds it too. Stands after the function, no semicolon. */
#define MP_REGISTER_FUNCTION(function)                          \
  __attribute__ ((constructor)) static void                     \
  mp_register_##function (void)                                 \
  {                                                             \
    mp_function_register (#function, function);                 \
  }

G_END_DECLS
