/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "mp-shared-private.h"

G_BEGIN_DECLS

/* Sleeps while *@word is @value. May return early: look again. */
static inline void
_mp_futex_wait (_Atomic guint32 *word,
                guint32          value)
{
  syscall (SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static inline void
_mp_futex_wake (_Atomic guint32 *word)
{
  syscall (SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* A short moment, for what another processor is about to do. */
static inline void
_mp_relax (void)
{
#if defined __x86_64__ || defined __i386__
  __builtin_ia32_pause ();
#elif defined __aarch64__
  __asm__ volatile ("yield");
#endif
}

/* Wakes the worker of @slot if it sleeps, for the reason @why or, if that is 0, for any. */
static inline gboolean
_mp_slot_wake (MpSlot  *slot,
               guint32  why)
{
  guint32 asleep = atomic_load (&slot->asleep);

  if (asleep == MP_AWAKE || (why != 0 && asleep != why)
      || !atomic_compare_exchange_strong (&slot->asleep, &asleep, MP_AWAKE))
    return FALSE;
  _mp_futex_wake (&slot->asleep);
  return TRUE;
}

G_END_DECLS
