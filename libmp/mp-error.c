/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-error.h"

/**
 * mp_error_quark:
 *
 * The domain of the errors of libmp.
 *
 * Returns: what %MP_ERROR is
 */
G_DEFINE_QUARK (mp-error-quark, mp_error)
