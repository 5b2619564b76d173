/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <glib-unix.h>

#include "gm-run-private.h"

#include "gm-json.h"
#include "gm-run-lock.h"

/* Told at most so often that files have grown: milliseconds. */
#define GROWN_INTERVAL 250

/* Told at most so often that numbers have changed: microseconds. Titles and lists lay out the whole
 * window anew each time. */
#define CHANGED_INTERVAL (G_USEC_PER_SEC / 2)

/**
 * GmRun:
 *
 * One run, live or over, as its directory tells it. It costs nothing until somebody asks for more
 * than its id; gm_run_follow() makes it notice changes, for as long as it lives.
 */
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

static void
read_state (GmRun *self)
{
  g_autofree char *path = g_build_filename (self->dir, "state.json", NULL);
  g_autofree char *text = NULL;
  g_autoptr(JsonNode) root = NULL;
  GmSnapshot *snapshot;
  gsize size;

  self->died = FALSE;
  self->pid = 0;
  self->state = self->snapshot != NULL ? self->snapshot->state : GM_RUN_INTERRUPTED;
  if (!g_file_get_contents (path, &text, &size, NULL))
    return;
  root = gm_json_parse (text, size, NULL, NULL);
  snapshot = root != NULL ? gm_snapshot_new_from_json (root, NULL) : NULL;
  if (snapshot == NULL)
    return;
  self->state = snapshot->state;
  /* Without the lock nobody works on it, whatever the file says. */
  if (self->state <= GM_RUN_PAUSED && !gm_run_is_live (self->dir, &self->pid))
    {
      self->pid = 0;
      self->state = GM_RUN_INTERRUPTED;
      self->died = TRUE;
    }
  /* The socket tells more, and later. */
  if (self->client != NULL && self->pid != 0 && self->snapshot != NULL)
    gm_snapshot_unref (snapshot);
  else
    {
      g_clear_pointer (&self->snapshot, gm_snapshot_unref);
      self->snapshot = snapshot;
    }
}

/* The runner has said something. */
void
gm_run_take_snapshot (GmRun      *self,
                      GmSnapshot *snapshot)
{
  GmRunState before = self->state;
  gint64 now = g_get_monotonic_time ();

  g_clear_pointer (&self->snapshot, gm_snapshot_unref);
  self->snapshot = gm_snapshot_ref (snapshot);
  if (self->pid != 0)
    self->state = snapshot->state;
  g_signal_emit (self, signals[SNAPSHOT], 0);
  if (self->state != before)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  if (self->state == before && now - self->told < CHANGED_INTERVAL)
    return;
  self->told = now;
  g_signal_emit (self, signals[CHANGED], 0);
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
  gm_run_load (self);

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

/* Again, and tells what has changed. */
void
gm_run_load (GmRun *self)
{
  g_autofree char *old_name = self->loaded ? g_strdup (gm_run_get_name (self)) : NULL;
  GmRunState old_state = self->state;
  pid_t old_pid = self->pid;
  gboolean was_loaded = self->loaded;

  self->loaded = TRUE;
  read_state (self);
  watch_runner (self);
  if (self->pid != old_pid)
    gm_run_update_client (self);
  if (!was_loaded)
    return;
  if (g_strcmp0 (old_name, gm_run_get_name (self)) != 0)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
  if (old_state != self->state)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
ensure_loaded (GmRun *self)
{
  if (!self->loaded)
    gm_run_load (self);
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
    gm_run_load (self);
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
  g_clear_object (&self->client);
  g_clear_pointer (&self->snapshot, gm_snapshot_unref);
  g_free (self->dir);
  g_free (self->id);

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
   * Any of the getters may answer something else now. For mere numbers at most twice a second.
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
  self->state = GM_RUN_INTERRUPTED;
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

  return self->snapshot != NULL && self->snapshot->name != NULL ? self->snapshot->name : self->id;
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
 * gm_run_get_died:
 * @self: a run
 *
 * Returns: whether its runner is gone without having ended it
 */
gboolean
gm_run_get_died (GmRun *self)
{
  ensure_loaded (self);

  return self->died;
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

  if (self->snapshot == NULL || !self->snapshot->total_known)
    return -1;

  return (gint64) self->snapshot->total;
}

gint64
gm_run_get_done (GmRun *self)
{
  ensure_loaded (self);

  return self->snapshot != NULL ? (gint64) self->snapshot->done : 0;
}

gint64
gm_run_get_failed (GmRun *self)
{
  ensure_loaded (self);

  return self->snapshot != NULL ? (gint64) self->snapshot->failed : 0;
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
  ensure_loaded (self);

  return self->snapshot != NULL ? self->snapshot->rate : 0;
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

  return self->snapshot != NULL ? self->snapshot->started / 1e6 : 0;
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

  return self->snapshot != NULL ? self->snapshot->ended / 1e6 : 0;
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
  ensure_loaded (self);

  return self->snapshot;
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
  gm_run_load (self);
}
