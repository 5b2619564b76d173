/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mp-image-private.h"

#include "mp-error.h"
#include "mp-fd-private.h"
#include "mp-forkserver-private.h"
#include "mp-handles-private.h"
#include "mp-log-private.h"
#include "mp-main-private.h"
#include "mp-message-private.h"
#include "mp-preparation-private.h"
#include "mp-signals-private.h"

#define IMAGE_TYPE G_VARIANT_TYPE ("(sv)")
#define STACK_SIZE (64 * 1024)

typedef struct
{
  const char  *path;
  char       **argv;
  char       **envp;
  const int   *kept;          /* descriptors, sorted, above the standard ones */
  guint        n_kept;
  int          death_signal;
  pid_t        parent;
  int          ignored_signal;

  int          error_number;  /* what the child tells */
} Plan;

static void MP_IN_CHILD
arrange_descriptors (const Plan *plan)
{
  long null = syscall (SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
  guint next = STDERR_FILENO + 1;

  if (null > STDIN_FILENO)
    syscall (SYS_dup3, null, STDIN_FILENO, 0);
  else if (null == STDIN_FILENO)
    syscall (SYS_fcntl, null, F_SETFD, 0);

  for (guint i = 0; i < plan->n_kept; i++)
    {
      if (plan->kept[i] > next)
        syscall (SYS_close_range, next, plan->kept[i] - 1, 0);
      syscall (SYS_fcntl, plan->kept[i], F_SETFD, 0);
      next = plan->kept[i] + 1;
    }
  syscall (SYS_close_range, next, ~0U, 0);
}

static int MP_IN_CHILD
become_image (void *data)
{
  Plan *plan = data;

  syscall (SYS_prctl, PR_SET_PDEATHSIG, plan->death_signal, 0, 0, 0);
  /* A parent that died before that line is not told of: look. */
  if (plan->death_signal != 0 && syscall (SYS_getppid) != plan->parent)
    syscall (SYS_exit_group, 1);

  arrange_descriptors (plan);
  _mp_reset_signals (MP_LAST_SIGNAL, plan->ignored_signal);
  syscall (SYS_execve, plan->path, plan->argv, plan->envp);
  plan->error_number = errno;
  syscall (SYS_exit_group, 127);
  return 127;
}

static int
compare_fds (gconstpointer a,
             gconstpointer b)
{
  return *(const int *) a - *(const int *) b;
}

/* Runs @plan in a child that shares this memory until it has become the image. */
static gboolean
clone_child (Plan       *plan,
             MpStarted  *started,
             GError    **error)
{
  char *stack = mmap (NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  sigset_t all, old;

  if (stack == MAP_FAILED)
    {
      plan->error_number = errno;
      started->pid = -1;
    }
  else
    {
      sigfillset (&all);
      pthread_sigmask (SIG_SETMASK, &all, &old);
      started->pid = clone (become_image, stack + STACK_SIZE,
                            CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, plan, &started->pidfd);
      if (started->pid < 0)
        plan->error_number = errno;
      pthread_sigmask (SIG_SETMASK, &old, NULL);
      munmap (stack, STACK_SIZE);
    }
  if (plan->error_number == 0)
    return TRUE;

  if (started->pid > 0)
    {
      _mp_child_discard (started->pid);
      close (started->pidfd);
    }
  g_set_error (error, MP_ERROR, MP_ERROR_SPAWN, "Could not start a process from “%s”: %s",
               plan->path, g_strerror (plan->error_number));
  return FALSE;
}

static gboolean
check_initialised (GError **error)
{
  if (_mp_is_initialised ())
    return TRUE;

  g_set_error_literal (error, MP_ERROR, MP_ERROR_SPAWN,
                       "Can't start a process from the program file: main() must call mp_init()"
                       " first, or the process would not know that it is one");
  return FALSE;
}

/* Starts a fresh image of the program that becomes @role with @data, which may hold descriptors:
 * those, and no others, it has open, under the same numbers. Consumes @data if it is floating. */
gboolean
_mp_image_start (const char  *role,
                 GVariant    *data,
                 int          death_signal,
                 int          ignored_signal,
                 MpStarted   *started,
                 GError     **error)
{
  g_autoptr (GVariant) message = g_variant_ref_sink (g_variant_new ("(sv)", role, data));
  g_autoptr (GArray) kept = g_array_new (FALSE, FALSE, sizeof (int));
  const char *executable = _mp_get_executable ();
  mp_autofd int memory = -1;
  char argument[16];
  char *argv[] = { (char *) _mp_get_program_name (), (char *) MP_IMAGE_OPTION, argument, NULL };
  Plan plan = {
    .path = executable != NULL ? executable : "/proc/self/exe",
    .argv = argv,
    .envp = environ,
    .death_signal = death_signal,
    .parent = getpid (),
    .ignored_signal = ignored_signal,
  };

  _mp_handles_collect (message, kept);
  if (!check_initialised (error) || !_mp_handles_check (kept, error))
    return FALSE;

  memory = _mp_memfd_new (g_variant_get_data (message), g_variant_get_size (message), error);
  if (memory < 0)
    return FALSE;
  g_snprintf (argument, sizeof argument, "%d", memory);

  g_array_append_val (kept, memory);
  g_array_sort (kept, compare_fds);
  plan.kept = (const int *) kept->data;
  plan.n_kept = kept->len;
  return clone_child (&plan, started, error);
}

static void G_GNUC_NORETURN
fail (const char *reason)
{
  g_autofree char *text = g_strdup_printf ("%s: %s\n", _mp_get_program_name (), reason);

  _mp_write_stderr (text, strlen (text));
  _exit (1);
}

static GVariant *
read_message (int      fd,
              GError **error)
{
  MpBlock *block = g_new0 (MpBlock, 1);

  if (!_mp_memfd_take (fd, block, error))
    {
      _mp_block_free (block);
      return NULL;
    }
  return _mp_block_to_variant (block, IMAGE_TYPE, FALSE, error);
}

/* In the fresh image: becomes what the process that started it wants. */
void
_mp_image_run (const char *argument)
{
  mp_autofd int fd = atoi (argument);
  g_autoptr (GVariant) message = NULL;
  g_autoptr (GVariant) data = NULL;
  g_autoptr (GError) error = NULL;
  MpProcess *process;
  const char *role;

  message = read_message (fd, &error);
  _mp_clear_fd (&fd);
  if (message == NULL)
    fail (MP_IMAGE_OPTION " is only for processes that the program itself starts");

  g_variant_get (message, "(&sv)", &role, &data);
  if (g_str_equal (role, MP_IMAGE_FORKSERVER))
    _mp_forkserver_run (data);

  process = _mp_preparation_apply (data, &error);
  if (process == NULL)
    fail (error->message);
  _mp_child_run (process);
}
