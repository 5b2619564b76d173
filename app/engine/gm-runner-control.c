/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gm-runner-private.h"

#include "gm-line.h"
#include "gm-run-socket.h"
#include "gm-usage.h"

/* The methods of the control socket. */

typedef gboolean (*Method) (GmRunner    *self,
                            JsonObject  *params,
                            GString     *result,
                            GError     **error);

static void
add_result (GString    *result,
            const char *name,
            gint64      value)
{
  g_string_append_printf (result, "{\"%s\":%" G_GINT64_FORMAT "}", name, value);
}

static void
add_state (GmRunner *self,
           GString  *result)
{
  g_string_append_printf (result, "{\"state\":\"%s\"}", gm_run_state_to_string (self->state));
}

static gboolean
do_status (GmRunner    *self,
           JsonObject  *params,
           GString     *result,
           GError     **error)
{
  g_autoptr(GmSnapshot) snapshot = gm_runner_make_snapshot (self);

  gm_snapshot_append (snapshot, result);
  return TRUE;
}

static gboolean
do_pause (GmRunner    *self,
          JsonObject  *params,
          GString     *result,
          GError     **error)
{
  if (!gm_runner_pause (self, error))
    return FALSE;
  add_state (self, result);
  return TRUE;
}

static gboolean
do_resume (GmRunner    *self,
           JsonObject  *params,
           GString     *result,
           GError     **error)
{
  if (!gm_runner_unpause (self, error))
    return FALSE;
  add_state (self, result);
  return TRUE;
}

static gboolean
do_drain (GmRunner    *self,
          JsonObject  *params,
          GString     *result,
          GError     **error)
{
  if (!gm_runner_end (self, GM_CAUSE_DRAIN, error))
    return FALSE;
  add_state (self, result);
  return TRUE;
}

static gboolean
do_cancel (GmRunner    *self,
           JsonObject  *params,
           GString     *result,
           GError     **error)
{
  if (!gm_runner_end (self, GM_CAUSE_CANCEL, error))
    return FALSE;
  add_state (self, result);
  return TRUE;
}

static gboolean
do_resize (GmRunner    *self,
           JsonObject  *params,
           GString     *result,
           GError     **error)
{
  gint64 processes;

  if (!gm_params_get_int (params, "processes", &processes, error)
      || !gm_runner_resize (self, processes, error))
    return FALSE;
  add_result (result, "processes", processes);
  return TRUE;
}

static gboolean
refuse_value (GError     **error,
              const char  *message)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, message);
  return FALSE;
}

/* An array of whole numbers from 0. */
static GArray *
get_numbers (JsonObject  *params,
             const char  *name,
             GError     **error)
{
  JsonNode *node = params != NULL ? json_object_get_member (params, name) : NULL;
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node)
                                                                   : NULL;
  guint n = array != NULL ? json_array_get_length (array) : 0;
  g_autoptr(GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint64));

  for (guint i = 0; i < n; i++)
    {
      JsonNode *element = json_array_get_element (array, i);
      guint64 number;

      if (!JSON_NODE_HOLDS_VALUE (element) || json_node_get_value_type (element) != G_TYPE_INT64
          || json_node_get_int (element) < 0)
        break;
      number = json_node_get_int (element);
      g_array_append_val (numbers, number);
    }
  if (n > 0 && numbers->len == n)
    return g_steal_pointer (&numbers);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
               "The parameter \"%s\" has to be an array of whole numbers from 0", name);
  return NULL;
}

static gboolean
do_retry (GmRunner    *self,
          JsonObject  *params,
          GString     *result,
          GError     **error)
{
  g_autoptr(GArray) indexes = get_numbers (params, "indexes", error);

  if (indexes == NULL
      || !gm_runner_retry (self, (const guint64 *) (gpointer) indexes->data, indexes->len, error))
    return FALSE;
  add_result (result, "indexes", indexes->len);
  return TRUE;
}

static gboolean
get_pid (JsonObject  *params,
         pid_t       *pid,
         GError     **error)
{
  gint64 value;

  if (!gm_params_get_int (params, "pid", &value, error))
    return FALSE;
  if (value <= 1 || value > G_MAXINT32)
    return refuse_value (error, "The parameter \"pid\" has to be the id of a process");
  *pid = (pid_t) value;
  return TRUE;
}

static gboolean
do_kill_worker (GmRunner    *self,
                JsonObject  *params,
                GString     *result,
                GError     **error)
{
  pid_t pid;

  if (!get_pid (params, &pid, error) || !gm_runner_kill_worker (self, pid, error))
    return FALSE;
  add_result (result, "pid", pid);
  return TRUE;
}

/* A name with or without SIG, or a number. Returns: 0 if it is none */
static int
parse_signal (JsonNode *node)
{
  const char *name;

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node))
    return 0;
  if (json_node_get_value_type (node) == G_TYPE_INT64)
    return json_node_get_int (node) > 0 && json_node_get_int (node) <= SIGRTMAX
           ? (int) json_node_get_int (node) : 0;
  if (json_node_get_value_type (node) != G_TYPE_STRING)
    return 0;
  name = json_node_get_string (node);
  if (g_str_has_prefix (name, "SIG"))
    name += strlen ("SIG");
  for (int number = 1; number < SIGRTMIN; number++)
    if (sigabbrev_np (number) != NULL && g_str_equal (sigabbrev_np (number), name))
      return number;
  return 0;
}

static gboolean
fail (GError     **error,
      const char  *what,
      pid_t        pid)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "Could not %s process %d: %s", what,
               (int) pid, g_strerror (errno));
  return FALSE;
}

static gboolean
do_signal (GmRunner    *self,
           JsonObject  *params,
           GString     *result,
           GError     **error)
{
  int number = parse_signal (params != NULL ? json_object_get_member (params, "signal") : NULL);
  gboolean sent;
  pid_t pid;
  int fd;

  if (!get_pid (params, &pid, error))
    return FALSE;
  if (number == 0)
    return refuse_value (error, "The parameter \"signal\" has to be a signal's name or number");
  fd = gm_runner_hold_process (self, pid, error);
  if (fd < 0)
    return FALSE;
  sent = pidfd_send_signal (fd, number, NULL, 0) == 0;
  if (!sent)
    fail (error, "send a signal to", pid);
  close (fd);
  if (sent)
    add_result (result, "pid", pid);
  return sent;
}

typedef int (*ThreadFunc) (pid_t         thread,
                           gconstpointer data);

/* Returns: 0, or the error number of the first that it could not be done to */
static int
for_each_thread_of (pid_t         pid,
                    ThreadFunc    act,
                    gconstpointer data)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/task", (int) pid);
  g_autoptr(GDir) threads = g_dir_open (path, 0, NULL);
  const char *name;

  while (threads != NULL && (name = g_dir_read_name (threads)) != NULL)
    if (act ((pid_t) g_ascii_strtoll (name, NULL, 10), data) < 0 && errno != ESRCH)
      return errno;
  return 0;
}

/* Does @act to each thread of @pid and of all that descends from it: what is started later inherits
 * it. The kernel takes numbers only, so each process is held and looked at before.
 * Returns: how many processes that were; -1 if it could not be done to one */
static int
for_each_thread (GmRunner       *self,
                 pid_t           pid,
                 const char     *what,
                 ThreadFunc      act,
                 gconstpointer   data,
                 GError        **error)
{
  g_autoptr(GArray) family = NULL;
  int n = 0, fd = gm_runner_hold_process (self, pid, error);

  if (fd < 0)
    return -1;
  family = gm_usage_list_family (pid);
  for (guint i = 0; i < family->len && n >= 0; i++)
    {
      pid_t member = g_array_index (family, pid_t, i);
      int member_fd = gm_runner_hold_process (self, member, NULL);

      if (member_fd < 0)
        continue;
      errno = for_each_thread_of (member, act, data);
      n = errno == 0 ? n + 1 : -1;
      if (n < 0)
        fail (error, what, pid);
      close (member_fd);
    }
  close (fd);
  return n;
}

static int
set_nice (pid_t         thread,
          gconstpointer data)
{
  return setpriority (PRIO_PROCESS, thread, *(const int *) data);
}

static gboolean
do_priority (GmRunner    *self,
             JsonObject  *params,
             GString     *result,
             GError     **error)
{
  gint64 value;
  int nice, n;
  pid_t pid;

  if (!get_pid (params, &pid, error) || !gm_params_get_int (params, "nice", &value, error))
    return FALSE;
  if (value < -20 || value > 19)
    return refuse_value (error, "The parameter \"nice\" has to be from -20 to 19");
  nice = (int) value;
  n = for_each_thread (self, pid, "set the priority of", set_nice, &nice, error);
  if (n < 0)
    return FALSE;
  add_result (result, "processes", n);
  return TRUE;
}

static int
set_cpus (pid_t         thread,
          gconstpointer data)
{
  return sched_setaffinity (thread, sizeof (cpu_set_t), data);
}

static gboolean
do_affinity (GmRunner    *self,
             JsonObject  *params,
             GString     *result,
             GError     **error)
{
  g_autoptr(GArray) cpus = NULL;
  cpu_set_t set;
  pid_t pid;
  int n;

  if (!get_pid (params, &pid, error) || (cpus = get_numbers (params, "cpus", error)) == NULL)
    return FALSE;
  CPU_ZERO (&set);
  for (guint i = 0; i < cpus->len; i++)
    {
      if (g_array_index (cpus, guint64, i) >= CPU_SETSIZE)
        return refuse_value (error, "The parameter \"cpus\" has numbers of processors up to 1023");
      CPU_SET ((int) g_array_index (cpus, guint64, i), &set);
    }
  n = for_each_thread (self, pid, "set the processors of", set_cpus, &set, error);
  if (n < 0)
    return FALSE;
  add_result (result, "processes", n);
  return TRUE;
}

static const struct
{
  const char *name;
  Method      method;
  const char *params[3];
} methods[] = {
  { "status", do_status, { NULL } },
  { "pause", do_pause, { NULL } },
  { "resume", do_resume, { NULL } },
  { "drain", do_drain, { NULL } },
  { "cancel", do_cancel, { NULL } },
  { "resize", do_resize, { "processes", NULL } },
  { "retry", do_retry, { "indexes", NULL } },
  { "kill_worker", do_kill_worker, { "pid", NULL } },
  { "signal", do_signal, { "pid", "signal", NULL } },
  { "priority", do_priority, { "pid", "nice", NULL } },
  { "affinity", do_affinity, { "pid", "cpus", NULL } },
};

static gboolean
on_call (const char  *method,
         JsonObject  *params,
         GString     *result,
         gpointer     user_data,
         GError     **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (g_str_equal (methods[i].name, method))
      return gm_params_check (params, methods[i].params, error)
             && methods[i].method (user_data, params, result, error);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "There is no method \"%s\"", method);
  return FALSE;
}

static void
on_snapshot (GString  *out,
             gpointer  user_data)
{
  g_autoptr(GmSnapshot) snapshot = gm_runner_make_snapshot (user_data);

  gm_snapshot_append (snapshot, out);
}

static const GmControlFuncs funcs = { .call = on_call, .snapshot = on_snapshot };

/* A run that can't be steered is a run all the same. */
void
gm_runner_open_control (GmRunner *self)
{
  g_autoptr(GError) error = NULL;
  int fd = gm_run_socket_listen (gm_run_dir_get_path (self->dir), gm_run_dir_get_id (self->dir),
                                 &self->socket_path, &error);

  if (fd >= 0)
    self->control = gm_control_new (fd, &funcs, self);
  else
    mp_log (MP_LOG_WARNING, "this run can't be watched or steered: %s", error->message);
}

void
gm_runner_close_control (GmRunner *self)
{
  if (self->control == NULL)
    return;
  unlink (self->socket_path);
  gm_control_say_last (self->control);
  g_clear_pointer (&self->control, gm_control_free);
}
