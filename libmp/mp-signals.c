/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mp-signals-private.h"

/* Of any size that the kernel's structures have; the handler comes first. */
#define N_WORDS 32

/* Has @number handled by SIG_DFL or SIG_IGN, which are values of the kernel's, too. */
static void MP_IN_CHILD
set_signal (int    number,
            void (*handler) (int))
{
  const unsigned long action[N_WORDS] = { (unsigned long) handler };

  syscall (SYS_rt_sigaction, number, action, NULL, MP_LAST_SIGNAL / 8);
}

/* Each signal up to @last does what it does by default, or nothing if it is @ignored, and none is
 * blocked. Handlers are those of the parent and must not run in a child, and what the parent
 * ignores it must not. */
void MP_IN_CHILD
_mp_reset_signals (int last,
                   int ignored)
{
  static const unsigned long none[N_WORDS];

  for (int i = 1; i <= last; i++)
    set_signal (i, i == ignored ? SIG_IGN : SIG_DFL);
  syscall (SYS_rt_sigprocmask, SIG_SETMASK, none, NULL, MP_LAST_SIGNAL / 8);
}

/* Returns: (transfer full): its name, or for one without `signal 40` */
char *
_mp_signal_to_string (int number)
{
  const char *name = sigabbrev_np (number);

  return name != NULL ? g_strconcat ("SIG", name, NULL) : g_strdup_printf ("signal %d", number);
}
