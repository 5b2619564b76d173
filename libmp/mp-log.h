/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(MP_INSIDE) && !defined(MP_COMPILATION)
#error "Only <mp.h> can be included directly."
#endif

#include <glib.h>
#include "mp-macros.h"

G_BEGIN_DECLS

/**
 * MpLogLevel:
 * @MP_LOG_NOTSET: no level was chosen: nothing is logged
 * @MP_LOG_SUBDEBUG: less than debugging
 * @MP_LOG_DEBUG: of use to those who look for a mistake
 * @MP_LOG_INFO: how processes come and go
 * @MP_LOG_SUBWARNING: less than a warning
 * @MP_LOG_WARNING: something that should be seen to
 * @MP_LOG_ERROR: something has failed
 *
 * How much a line of the log matters. The numbers are Python's, with two of its own.
 */
typedef enum
{
  MP_LOG_NOTSET = 0,
  MP_LOG_SUBDEBUG = 5,
  MP_LOG_DEBUG = 10,
  MP_LOG_INFO = 20,
  MP_LOG_SUBWARNING = 25,
  MP_LOG_WARNING = 30,
  MP_LOG_ERROR = 40,
} MpLogLevel;

MP_EXPORT void       mp_log_to_stderr  (MpLogLevel  level);
MP_EXPORT void       mp_log_to_fd      (int         fd,
                                        MpLogLevel  level);
MP_EXPORT void       mp_log_set_level  (MpLogLevel  level);
MP_EXPORT MpLogLevel mp_log_get_level  (void);
MP_EXPORT void       mp_log            (MpLogLevel  level,
                                        const char *format,
                                        ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
