/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib.h>
#include "mp-macros.h"

G_BEGIN_DECLS

/**
 * MpFunction:
 * @args: (nullable): its arguments
 * @error: return location for an error
 *
 * What processes and workers call, by the name it is registered with.
 *
 * Returns: (nullable): its result, taken if it is floating; %NULL without an error is no result
 */
typedef GVariant *(*MpFunction) (GVariant  *args,
                                 GError   **error);

MP_EXPORT void       mp_function_register (const char *name,
                                           MpFunction  function);
MP_EXPORT MpFunction mp_function_lookup   (const char *name);

/**
 * MP_REGISTER_FUNCTION:
 * @function: the name of a function
 *
 * Registers a function under its own name when the program or module is loaded, so that a child
 * that was started from a fresh image finds it too. Stands after the function, no semicolon.
 */
#define MP_REGISTER_FUNCTION(function)                          \
  __attribute__ ((constructor)) static void                     \
  mp_register_##function (void)                                 \
  {                                                             \
    mp_function_register (#function, function);                 \
  }

G_END_DECLS
