/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gm-worker-child.h"

#include "gm-escape.h"
#include "gm-worker-private.h"

#define MAX_ANSWER (16 * 1024 * 1024)
#define READ_SIZE  (64 * 1024)

/* A kept buffer that one huge answer has blown up is given back. */
#define MAX_KEPT (1024 * 1024)

/* What it gets to leave by itself after the last item, and after SIGTERM. */
#define LEAVE_MS 500
#define GRACE    (G_USEC_PER_SEC / 2)

enum
{
  AT_OUT,
  AT_IN,
  AT_OWNER,
  AT_CANCEL,
  N_AT
};

struct _GmWorkerChild
{
  MpCommand *command;   /* owned */
  GString   *text;      /* read, the last answer included */
  gsize      used;      /* of @text: the last answer */
  gsize      searched;  /* of @text: there is no newline */
  pid_t      pid;       /* 0: there is no child */
  int        pidfd;
  int        in_fd;     /* we write */
  int        out_fd;    /* we read */
  int        order_fd;  /* an epoll of both: whether it has read before it wrote; or -1 */
  gboolean   has_read;  /* the question, as far as is known */
  gboolean   is_early;  /* it wrote, and read only then */
};

/**
 * gm_worker_child_new:
 * @command: what to start; its standard error will be that of this process
 *
 * Returns: (transfer full): a child that is not started yet
 */
GmWorkerChild *
gm_worker_child_new (MpCommand *command)
{
  GmWorkerChild *self = g_new0 (GmWorkerChild, 1);

  self->command = mp_command_ref (command);
  self->text = g_string_new (NULL);
  self->pidfd = self->in_fd = self->out_fd = self->order_fd = -1;
  /* A child that is gone is seen when it is written to. */
  signal (SIGPIPE, SIG_IGN);
  return self;
}

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

static void
add_to_order (GmWorkerChild *self,
              int            fd,
              guint32        events)
{
  struct epoll_event event = { .events = events | EPOLLET, .data.fd = fd };

  if (self->order_fd >= 0 && epoll_ctl (self->order_fd, EPOLL_CTL_ADD, fd, &event) < 0)
    close_fd (&self->order_fd);
}

/* An answer and a question know nothing of each other, so all that tells a line which nobody asked
 * for from an answer is whether the question had been read when it came. The kernel lists events in
 * the order in which they happen; and a pipe of one page that has something in it is full, so that
 * whoever reads that makes it writable, which is such an event. */
static void
watch_order (GmWorkerChild *self)
{
  if (fcntl (self->in_fd, F_SETPIPE_SZ, 1) == sysconf (_SC_PAGESIZE))
    self->order_fd = epoll_create1 (EPOLL_CLOEXEC);
  add_to_order (self, self->in_fd, EPOLLOUT);
  add_to_order (self, self->out_fd, EPOLLIN);
}

/* Looks what has happened since, @asked: while all of the question was in the pipe. */
static void
note_order (GmWorkerChild *self,
            gboolean       asked)
{
  struct epoll_event events[2];
  int n = self->order_fd >= 0 ? epoll_wait (self->order_fd, events, 2, 0) : 0;
  gboolean wrote = FALSE;

  for (int i = 0; i < n; i++)
    if (events[i].data.fd == self->out_fd)
      wrote = TRUE;
    else if (asked)
      {
        self->is_early |= wrote && !self->has_read;
        self->has_read = TRUE;
      }
}

static gboolean
start (GmWorkerChild  *self,
       GError        **error)
{
  int in[2] = { -1, -1 }, out[2] = { -1, -1 };
  gboolean started = FALSE;
  int saved_errno;

  if (pipe2 (in, O_CLOEXEC) < 0 || pipe2 (out, O_CLOEXEC) < 0)
    {
      saved_errno = errno;
      g_set_error (error, MP_ERROR, MP_ERROR_SPAWN, "Could not make a pipe: %s",
                   g_strerror (saved_errno));
    }
  else
    {
      started = mp_command_start (self->command, (const int[]) { in[0], out[1], STDERR_FILENO },
                                  &self->pid, &self->pidfd, error);
      saved_errno = errno;
    }
  close_fd (&in[0]);
  close_fd (&out[1]);
  if (!started)
    {
      close_fd (&in[1]);
      close_fd (&out[0]);
      errno = saved_errno;
      return FALSE;
    }
  self->in_fd = in[1];
  self->out_fd = out[0];
  fcntl (self->in_fd, F_SETFL, O_NONBLOCK);
  fcntl (self->out_fd, F_SETFL, O_NONBLOCK);
  watch_order (self);
  return TRUE;
}

/* Returns: what read() says; 0 is the end, -1 with EAGAIN nothing for now */
static gssize
read_more (GmWorkerChild *self)
{
  gsize before = self->text->len;
  gssize n;
  int saved_errno;

  g_string_set_size (self->text, before + READ_SIZE);
  do
    n = read (self->out_fd, self->text->str + before, READ_SIZE);
  while (n < 0 && errno == EINTR);
  saved_errno = errno;
  g_string_truncate (self->text, before + MAX (n, 0));
  errno = saved_errno;
  return n;
}

static void
forget_answer (GmWorkerChild *self)
{
  g_string_erase (self->text, 0, self->used);
  self->used = self->searched = 0;
  if (self->text->len == 0 && self->text->allocated_len > MAX_KEPT)
    {
      g_string_free (self->text, TRUE);
      self->text = g_string_new (NULL);
    }
}

/* Whether it has nothing to say while nobody asks, and lives. */
static gboolean
is_quiet (GmWorkerChild *self)
{
  gssize n = read_more (self);

  return self->text->len == 0 && n < 0 && errno == EAGAIN;
}

static void
log_end (pid_t pid,
         int   status)
{
  if (WIFSIGNALED (status))
    {
      g_autofree char *name = gm_signal_to_string (WTERMSIG (status));

      mp_log (MP_LOG_WARNING, "process %d was killed by %s between items; it is replaced",
              (int) pid, name);
    }
  else
    mp_log (MP_LOG_INFO, "process %d exited with code %d between items; it is replaced",
            (int) pid, WEXITSTATUS (status));
}

/**
 * gm_worker_child_ready:
 * @self: a child
 * @error: return location for an error
 *
 * Sees to it that there is a child that waits for a question: one that has died since, or has
 * written something, is replaced, and the log says so.
 *
 * Returns: %FALSE with %MP_ERROR_SPAWN and `errno` if it can't be started
 */
gboolean
gm_worker_child_ready (GmWorkerChild  *self,
                       GError        **error)
{
  forget_answer (self);
  if (self->pid != 0 && !is_quiet (self))
    {
      pid_t pid = self->pid;

      if (self->text->len > 0)
        gm_worker_child_dismiss (self);
      else
        log_end (pid, gm_worker_child_end (self, 0));
    }
  return self->pid != 0 || start (self, error);
}

/* Writes what fits. Returns: FALSE if nobody will read it any more */
static gboolean
feed (GmWorkerChild *self,
      const char   **question,
      gsize         *size)
{
  while (*size > 0)
    {
      gssize n = write (self->in_fd, *question, *size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return errno == EAGAIN;
      *question += n;
      *size -= n;
    }
  return TRUE;
}

/* Whether it wrote before it had read the whole question. */
static gboolean
is_early (GmWorkerChild *self)
{
  int unread = 0;

  return self->is_early || (ioctl (self->in_fd, FIONREAD, &unread) == 0 && unread > 0);
}

/* Returns: GM_ASK_ANSWERED also if there is more to wait for; then @used is 0 */
static GmAskEnd
take_answer (GmWorkerChild *self,
             gboolean       asked)
{
  const char *newline = NULL;
  gssize n;

  note_order (self, asked);
  n = read_more (self);
  if (n < 0 && errno == EAGAIN)
    return GM_ASK_ANSWERED;
  if (n <= 0)
    return GM_ASK_ENDED;
  newline = memchr (self->text->str + self->searched, '\n', self->text->len - self->searched);
  self->searched = self->text->len;
  if (newline == NULL)
    return self->text->len > MAX_ANSWER ? GM_ASK_TOO_LONG : GM_ASK_ANSWERED;
  self->used = newline + 1 - self->text->str;
  if (self->used > MAX_ANSWER + 1)
    return GM_ASK_TOO_LONG;
  return asked && !is_early (self) ? GM_ASK_ANSWERED : GM_ASK_TOO_EARLY;
}

static int
wait_for_any (GmWorkerChild    *self,
              const GmAskWatch *watch,
              gint64            deadline,
              gboolean          asked,
              struct pollfd    *fds)
{
  gint64 now = gm_worker_clock ();
  gint64 until = watch->interval > 0 ? MIN (deadline, now + watch->interval) : deadline;
  struct timespec timeout;

  fds[AT_OUT] = (struct pollfd) { .fd = self->out_fd, .events = POLLIN };
  fds[AT_IN] = (struct pollfd) { .fd = asked ? -1 : self->in_fd, .events = POLLOUT };
  fds[AT_OWNER] = (struct pollfd) { .fd = watch->owner_fd, .events = POLLIN };
  fds[AT_CANCEL] = (struct pollfd) { .fd = watch->cancel_fd, .events = POLLIN };
  if (until == G_MAXINT64)
    return ppoll (fds, N_AT, NULL, NULL);
  until = MAX (until - now, 0);
  timeout.tv_sec = until / G_GINT64_CONSTANT (1000000000);
  timeout.tv_nsec = until % G_GINT64_CONSTANT (1000000000);
  return ppoll (fds, N_AT, &timeout, NULL);
}

static gint64
get_paused (const GmAskWatch *watch)
{
  return watch->paused_time != NULL ? __atomic_load_n (watch->paused_time, __ATOMIC_ACQUIRE) : 0;
}

/* Whoever paused us added that to the count before letting us go on. */
static gboolean
move_deadline (const GmAskWatch *watch,
               gint64           *deadline,
               gint64           *paused)
{
  gint64 now_paused = get_paused (watch);
  gint64 more = now_paused - *paused;

  *deadline += more;
  *paused = now_paused;
  return more != 0;
}

/**
 * gm_worker_child_ask:
 * @self: a child that is ready
 * @question: a line
 * @size: its length, the newline included
 * @watch: what may end the wait
 * @answer: (out): the line it answered, or as much of it as there is
 * @answer_size: (out): its length, without the newline
 *
 * Asks and waits. Only after %GM_ASK_ANSWERED may the child live on, as far as this knows; after
 * anything else the caller ends it. @answer is good until then or the next question.
 */
GmAskEnd
gm_worker_child_ask (GmWorkerChild     *self,
                     const char        *question,
                     gsize              size,
                     const GmAskWatch  *watch,
                     const char       **answer,
                     gsize             *answer_size)
{
  GmAskEnd end = GM_ASK_ANSWERED;
  struct pollfd fds[N_AT];
  gint64 paused = get_paused (watch), next_check = gm_worker_clock () + watch->interval;
  gint64 deadline = watch->deadline;
  gboolean listens;

  note_order (self, FALSE);
  self->has_read = self->is_early = FALSE;
  listens = feed (self, &question, &size);
  while (end == GM_ASK_ANSWERED && self->used == 0)
    {
      int n = wait_for_any (self, watch, deadline, size == 0 || !listens, fds);
      gint64 now = gm_worker_clock ();

      if (n > 0 && (fds[AT_OWNER].revents != 0 || fds[AT_CANCEL].revents != 0))
        end = GM_ASK_CANCELLED;
      else if (n > 0 && fds[AT_OUT].revents != 0)
        end = take_answer (self, size == 0);
      else if (n > 0 && fds[AT_IN].revents != 0)
        listens = feed (self, &question, &size);
      if (end == GM_ASK_ANSWERED && self->used == 0 && now >= deadline)
        end = move_deadline (watch, &deadline, &paused) ? end : GM_ASK_TIMEOUT;
      else if (end == GM_ASK_ANSWERED && self->used == 0 && watch->interval > 0
               && now >= next_check)
        {
          end = watch->check (self->pid, watch->user_data);
          next_check = now + watch->interval;
        }
    }
  *answer = self->text->str;
  *answer_size = self->used > 0 ? self->used - 1 : self->text->len;
  return end;
}

/**
 * gm_worker_child_wait:
 * @self: a child that has closed its output
 *
 * Returns: whether it ends by itself, as it does when that was its end
 */
gboolean
gm_worker_child_wait (GmWorkerChild *self)
{
  struct pollfd fd = { .fd = self->pidfd, .events = POLLIN };

  return poll (&fd, 1, LEAVE_MS) > 0;
}

/**
 * gm_worker_child_end:
 * @self: a child
 * @grace: microseconds between SIGTERM and SIGKILL, or 0
 *
 * Ends it with all its processes. What it has written is forgotten.
 *
 * Returns: how it ended, as waitpid() gave it
 */
int
gm_worker_child_end (GmWorkerChild *self,
                     gint64         grace)
{
  int status = 0;

  close_fd (&self->order_fd);
  close_fd (&self->in_fd);
  if (self->pid != 0)
    mp_command_stop (self->command, self->pid, self->pidfd, grace, &status);
  self->pid = 0;
  close_fd (&self->pidfd);
  close_fd (&self->out_fd);
  self->used = self->text->len;
  forget_answer (self);
  return status;
}

/**
 * gm_worker_child_dismiss:
 * @self: a child that has written what nobody asked for
 *
 * Ends it, and says in the log what it wrote.
 */
void
gm_worker_child_dismiss (GmWorkerChild *self)
{
  const char *end = memchr (self->text->str, '\n', self->text->len);
  gsize length = end != NULL ? (gsize) (end - self->text->str) : self->text->len;
  g_autofree char *quote = gm_quote (self->text->str, length);

  mp_log (MP_LOG_WARNING, "process %d is replaced: it wrote what nobody asked for: %s",
          (int) self->pid, quote);
  gm_worker_child_end (self, GRACE);
}

/**
 * gm_worker_child_leave:
 * @self: (transfer full): a child
 *
 * For the end of the worker: the child sees the end of its input and has a moment to leave.
 */
void
gm_worker_child_leave (GmWorkerChild *self)
{
  close_fd (&self->in_fd);
  if (self->pid != 0)
    gm_worker_child_wait (self);
  /* The pool's memory may be gone by now. */
  mp_command_set_pid_slot (self->command, NULL);
  gm_worker_child_end (self, GRACE);
  mp_command_unref (self->command);
  g_string_free (self->text, TRUE);
  g_free (self);
}
