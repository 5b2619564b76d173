/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* Pids in shared memory, 0 where there is none: @count of them, @stride bytes apart. */
typedef struct
{
  const pid_t *first;
  gsize        stride;
  guint        count;
} MpPidSlots;

typedef struct _MpGuardian MpGuardian;

MpGuardian *_mp_guardian_start     (const MpPidSlots  *sessions,
                                    const MpPidSlots  *workers,
                                    const char        *marker,
                                    GError           **error);
pid_t       _mp_guardian_get_pid   (MpGuardian        *self);
int         _mp_guardian_get_pidfd (MpGuardian        *self);
void        _mp_guardian_stop      (MpGuardian        *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MpGuardian, _mp_guardian_stop)

G_END_DECLS
