/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mp-main.h"

#include "mp-exit-private.h"
#include "mp-function-private.h"
#include "mp-image-private.h"
#include "mp-main-private.h"
#include "mp-process.h"

typedef struct
{
  MpAfterFork callback;
  gpointer    user_data;
} Hook;

static char *program_name;
static char *executable;
static gboolean initialised;
static GArray *hooks;

/**
 * mp_init:
 * @argc: (inout): the argument count of `main`
 * @argv: (array length=argc) (inout): the arguments of `main`
 *
 * Has to be the first call in `main`. In a program that a user started it returns at once and
 * changes nothing. In a process that libmp started from the program file, for `spawn` or as a
 * forkserver, it does what that process is for and never returns. Without this call those start
 * methods fail, so that no program starts itself for ever; but one that has registered no functions
 * of its own, as an interpreter, gets workers from an installed helper program, which know the
 * functions of libmp.
 *
 * From here on the process exits in an orderly way: see mp_finalizer_add().
 */
void
mp_init (int    *argc,
         char ***argv)
{
  g_return_if_fail (argc != NULL && argv != NULL);

  if (initialised)
    return;

  initialised = TRUE;
  program_name = g_strdup (*argc > 0 ? (*argv)[0] : "");
  _mp_handle_exit ();
  mp_process_get_current ();

  if (*argc == 3 && g_str_equal ((*argv)[1], MP_IMAGE_OPTION))
    _mp_image_run ((*argv)[2]);
}

/**
 * mp_set_executable:
 * @path: (nullable): a program, or %NULL for the one that runs
 *
 * Sets the program that `spawn` and the forkserver start. It must be one that calls mp_init() and
 * registers the same functions. The default is the very file that runs, even if another has taken
 * its place since.
 */
void
mp_set_executable (const char *path)
{
  char *copy = g_strdup (path);

  g_free (executable);
  executable = copy;
}

/* An interpreter never calls mp_init(), and can't be started again as a process of ours. If it has
 * registered no function either, whatever its workers do is in libmp: they are made of a program
 * that is nothing but that. */
static gboolean
adopt_helper (void)
{
#ifdef MP_HELPER
  const char *helper = g_getenv ("LIBMP_HELPER");

  if (executable != NULL || _mp_function_get_n_foreign () > 0)
    return FALSE;

  initialised = TRUE;
  program_name = g_strdup (g_get_prgname () != NULL ? g_get_prgname () : "libmp");
  mp_set_executable (helper != NULL ? helper : MP_HELPER);
  _mp_handle_exit ();
  mp_process_get_current ();
#endif
  return initialised;
}

/* Whether this program can be started again. */
gboolean
_mp_is_initialised (void)
{
  return initialised || adopt_helper ();
}

/* The program as its user called it, for argv[0]. */
const char *
_mp_get_program_name (void)
{
  return program_name;
}

/* What was set with mp_set_executable(), or %NULL. */
const char *
_mp_get_executable (void)
{
  return executable;
}

void
_mp_after_fork_add (MpAfterFork callback,
                    gpointer    user_data)
{
  Hook hook = { callback, user_data };

  if (hooks == NULL)
    hooks = g_array_new (FALSE, FALSE, sizeof (Hook));
  g_array_append_val (hooks, hook);
}

void
_mp_after_fork_run (void)
{
  for (guint i = 0; hooks != NULL && i < hooks->len; i++)
    {
      const Hook *hook = &g_array_index (hooks, Hook, i);

      hook->callback (hook->user_data);
    }
}
