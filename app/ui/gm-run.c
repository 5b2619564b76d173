/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib-unix.h>

#include "gm-run.h"

#include "gm-json.h"

/* Told at most so often that files have grown: milliseconds. */
#define GROWN_INTERVAL 250

/**
 * GmRun:
 *
 * One run, live or over, as its directory tells it. It costs nothing until somebody asks for more
 * than its id; gm_run_follow() makes it notice changes, for as long as it lives.
 */
struct _GmRun
{
  GObject parent_instance;

  /* Owned */
  char         *dir;
  char         *id;
  char         *name;
  GFileMonitor *monitor;

  /* What state.json says */
  GmRunState    state;
  gint64        total;   /* -1: not known */
  gint64        done;
  gint64        failed;
  double        started; /* seconds since the epoch; 0: not known */
  double        ended;

  /* The runner */
  pid_t         pid;       /* who holds the lock; 0: nobody */
  guint         pid_source;

  guint         grown_source;
  guint         watchers;
  guint         loaded : 1;
};

enum
{
  PROP_0,
  PROP_NAME,
  PROP_STATE,
  N_PROPS
};

enum
{
  CHANGED,
  GROWN,
  SNAPSHOT,
  N_SIGNALS
};

G_DEFINE_FINAL_TYPE (GmRun, gm_run, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static const char * const states[] = {
  "running", "paused", "finished", "failed", "cancelled", "interrupted", NULL,
};

static void load (GmRun *self);

/* Without the lock nobody works on it, whatever the file says. */
static pid_t
find_runner (GmRun *self)
{
  g_autofree char *path = g_build_filename (self->dir, "lock", NULL);
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  int fd = open (path, O_RDWR | O_CLOEXEC | O_NOCTTY);
  pid_t pid = 0;

  if (fd < 0)
    return 0;
  if (fcntl (fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
    pid = lock.l_pid;
  close (fd);

  return pid;
}

static void
read_state (GmRun *self)
{
  g_autofree char *path = g_build_filename (self->dir, "state.json", NULL);
  g_autofree char *text = NULL;
  g_autoptr(JsonNode) root = NULL;
  JsonObject *object;
  const char *state;
  gsize size;

  if (!g_file_get_contents (path, &text, &size, NULL))
    return;
  root = gm_json_parse (text, size, NULL, NULL);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return;
  object = json_node_get_object (root);
  g_free (self->name);
  self->name = g_strdup (json_object_get_string_member_with_default (object, "name", self->id));
  state = json_object_get_string_member_with_default (object, "state", "");
  for (guint i = 0; states[i] != NULL; i++)
    if (g_str_equal (states[i], state))
      self->state = i;
  self->total = json_object_get_int_member_with_default (object, "total", -1);
  self->done = json_object_get_int_member_with_default (object, "done", 0);
  self->failed = json_object_get_int_member_with_default (object, "failed", 0);
  self->started = json_object_get_double_member_with_default (object, "started", 0);
  self->ended = json_object_get_double_member_with_default (object, "ended", 0);
}

/* The process is gone, however it ended: no message needed. */
static gboolean
runner_ended_cb (int          fd,
                 GIOCondition condition,
                 gpointer     user_data)
{
  GmRun *self = user_data;

  self->pid_source = 0;
  close (fd);
  load (self);

  return G_SOURCE_REMOVE;
}

static void
watch_runner (GmRun *self)
{
  int fd;

  if (self->monitor == NULL || self->pid == 0 || self->pid_source != 0)
    return;
  fd = (int) syscall (SYS_pidfd_open, self->pid, 0);
  if (fd >= 0)
    self->pid_source = g_unix_fd_add (fd, G_IO_IN, runner_ended_cb, self);
}

static void
load (GmRun *self)
{
  g_autofree char *old_name = g_strdup (self->name);
  GmRunState old_state = self->state;
  gboolean was_loaded = self->loaded;

  self->loaded = TRUE;
  read_state (self);
  self->pid = self->state <= GM_RUN_PAUSED ? find_runner (self) : 0;
  if (self->state <= GM_RUN_PAUSED && self->pid == 0)
    self->state = GM_RUN_INTERRUPTED;
  watch_runner (self);
  if (!was_loaded)
    return;
  if (g_strcmp0 (old_name, self->name) != 0)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
  if (old_state != self->state)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
ensure_loaded (GmRun *self)
{
  if (!self->loaded)
    load (self);
}

static gboolean
grown_cb (gpointer user_data)
{
  GmRun *self = user_data;

  self->grown_source = 0;
  g_signal_emit (self, signals[GROWN], 0);

  return G_SOURCE_REMOVE;
}

static void
file_changed_cb (GmRun             *self,
                 GFile             *file,
                 GFile             *other,
                 GFileMonitorEvent  event)
{
  g_autofree char *name = g_file_get_basename (file);

  if (g_str_equal (name, "state.json"))
    load (self);
  else if ((g_str_equal (name, "results.jsonl") || g_str_equal (name, "events.jsonl")
            || g_str_equal (name, "log.txt")) && self->grown_source == 0)
    self->grown_source = g_timeout_add (GROWN_INTERVAL, grown_cb, self);
}

static void
gm_run_finalize (GObject *object)
{
  GmRun *self = GM_RUN (object);

  g_clear_handle_id (&self->grown_source, g_source_remove);
  g_clear_handle_id (&self->pid_source, g_source_remove);
  g_clear_object (&self->monitor);
  g_free (self->dir);
  g_free (self->id);
  g_free (self->name);

  G_OBJECT_CLASS (gm_run_parent_class)->finalize (object);
}

static void
gm_run_get_property (GObject    *object,
                     guint       prop_id,
                     GValue     *value,
                     GParamSpec *pspec)
{
  GmRun *self = GM_RUN (object);

  switch (prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, gm_run_get_name (self));
      break;
    case PROP_STATE:
      g_value_set_int (value, gm_run_get_state (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gm_run_class_init (GmRunClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = gm_run_finalize;
  object_class->get_property = gm_run_get_property;

  properties[PROP_NAME] =
    g_param_spec_string ("name", NULL, NULL, NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_STATE] =
    g_param_spec_int ("state", NULL, NULL, GM_RUN_RUNNING, GM_RUN_INTERRUPTED, GM_RUN_RUNNING,
                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * GmRun::changed:
   *
   * Any of the getters may answer something else now.
   */
  signals[CHANGED] = g_signal_new ("changed", GM_TYPE_RUN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
  /**
   * GmRun::grown:
   *
   * `results.jsonl`, `events.jsonl` or `log.txt` has more in it. At most four times a second.
   */
  signals[GROWN] = g_signal_new ("grown", GM_TYPE_RUN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 0);
  /**
   * GmRun::snapshot:
   *
   * gm_run_get_snapshot() has a new one.
   */
  signals[SNAPSHOT] = g_signal_new ("snapshot", GM_TYPE_RUN, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 0);
}

static void
gm_run_init (GmRun *self)
{
  self->total = -1;
}

/**
 * gm_run_new:
 * @dir: (type filename): a run directory
 *
 * Reads nothing yet.
 *
 * Returns: (transfer full): the run
 */
GmRun *
gm_run_new (const char *dir)
{
  GmRun *self = g_object_new (GM_TYPE_RUN, NULL);

  self->dir = g_canonicalize_filename (dir, NULL);
  self->id = g_path_get_basename (self->dir);

  return self;
}

const char *
gm_run_get_dir (GmRun *self)
{
  return self->dir;
}

/**
 * gm_run_get_id:
 * @self: a run
 *
 * Returns: the name of its directory
 */
const char *
gm_run_get_id (GmRun *self)
{
  return self->id;
}

/**
 * gm_run_get_name:
 * @self: a run
 *
 * Returns: the job's name, for people
 */
const char *
gm_run_get_name (GmRun *self)
{
  ensure_loaded (self);

  return self->name != NULL ? self->name : self->id;
}

/**
 * gm_run_get_state:
 * @self: a run
 *
 * Returns: its state; %GM_RUN_INTERRUPTED also if its runner is gone without having said so
 */
GmRunState
gm_run_get_state (GmRun *self)
{
  ensure_loaded (self);

  return self->state;
}

/**
 * gm_run_get_live:
 * @self: a run
 *
 * Returns: whether a runner works on it or holds it paused
 */
gboolean
gm_run_get_live (GmRun *self)
{
  return gm_run_get_state (self) <= GM_RUN_PAUSED;
}

/**
 * gm_run_get_total:
 * @self: a run
 *
 * Returns: how many items it has, -1 as long as that is not known
 */
gint64
gm_run_get_total (GmRun *self)
{
  ensure_loaded (self);

  return self->total;
}

gint64
gm_run_get_done (GmRun *self)
{
  ensure_loaded (self);

  return self->done;
}

gint64
gm_run_get_failed (GmRun *self)
{
  ensure_loaded (self);

  return self->failed;
}

/**
 * gm_run_get_rate:
 * @self: a run
 *
 * Returns: items per second, 0 if that is not known
 */
double
gm_run_get_rate (GmRun *self)
{
  return 0;
}

/**
 * gm_run_get_started:
 * @self: a run
 *
 * Returns: when it began, in seconds since the epoch, 0 if that is not known
 */
double
gm_run_get_started (GmRun *self)
{
  ensure_loaded (self);

  return self->started;
}

/**
 * gm_run_get_ended:
 * @self: a run
 *
 * Returns: when it ended, in seconds since the epoch, 0 if it has not
 */
double
gm_run_get_ended (GmRun *self)
{
  ensure_loaded (self);

  return self->ended;
}

/**
 * gm_run_get_snapshot:
 * @self: a run
 *
 * Returns: (nullable): what the runner said last; %NULL until it has said something
 */
const GmSnapshot *
gm_run_get_snapshot (GmRun *self)
{
  return NULL;
}

/**
 * gm_run_follow:
 * @self: a run
 *
 * From now on changes are noticed, the end of the runner at once.
 */
void
gm_run_follow (GmRun *self)
{
  g_autoptr(GFile) dir = NULL;

  if (self->monitor != NULL)
    return;
  dir = g_file_new_for_path (self->dir);
  self->monitor = g_file_monitor_directory (dir, G_FILE_MONITOR_NONE, NULL, NULL);
  if (self->monitor == NULL)
    return;
  g_file_monitor_set_rate_limit (self->monitor, GROWN_INTERVAL);
  g_signal_connect_object (self->monitor, "changed", G_CALLBACK (file_changed_cb), self,
                           G_CONNECT_SWAPPED);
  load (self);
}

/**
 * gm_run_set_watched:
 * @self: a run
 * @watched: whether somebody looks at it now
 *
 * While at least one looks, snapshots come ten times a second. Each %TRUE needs a %FALSE later.
 */
void
gm_run_set_watched (GmRun    *self,
                    gboolean  watched)
{
  g_return_if_fail (watched || self->watchers > 0);

  self->watchers += watched ? 1 : -1;
}

/**
 * gm_run_call_async:
 * @self: a run
 * @method: of the control protocol
 * @params: (nullable) (transfer full): its parameters
 * @cancellable: (nullable): to stop waiting for the answer
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Asks the runner for something.
 */
void
gm_run_call_async (GmRun               *self,
                   const char          *method,
                   JsonNode            *params,
                   GCancellable        *cancellable,
                   GAsyncReadyCallback  callback,
                   gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, gm_run_call_async);
  g_clear_pointer (&params, json_node_unref);
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED,
                           "The run “%s” is not live", gm_run_get_name (self));
}

/**
 * gm_run_call_finish:
 * @self: a run
 * @result: what the callback got
 * @error: return location for an error, in the runner's words if it refused
 *
 * Returns: (transfer full): the result of the method, or %NULL
 */
JsonNode *
gm_run_call_finish (GmRun         *self,
                    GAsyncResult  *result,
                    GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
