/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "gm-json.h"
#include "gm-outcome-status.h"
#include "gm-run-id.h"
#include "gm-run-info.h"
#include "gm-run-lock.h"
#include "gm-runs.h"

/* Makes a run among the others. */
static char *
make_run (const char *id,
          const char *state)
{
  g_autofree char *folder = gm_runs_folder ();
  char *dir = g_build_filename (folder, id, NULL);
  g_autofree char *outputs = g_build_filename (dir, "outputs", NULL);
  g_autofree char *job = g_build_filename (dir, "job.json", NULL);
  g_autofree char *lock = g_build_filename (dir, "lock", NULL);
  g_autofree char *state_path = g_build_filename (dir, "state.json", NULL);

  g_assert_cmpint (g_mkdir_with_parents (outputs, 0700), ==, 0);
  g_assert_true (g_file_set_contents (job, "{\"mpjob\":1,\"name\":\"the job\"}\n", -1, NULL));
  g_assert_true (g_file_set_contents (lock, "", -1, NULL));
  if (state != NULL)
    g_assert_true (g_file_set_contents (state_path, state, -1, NULL));
  return dir;
}

static void
remove_run (char *dir)
{
  g_autoptr(GError) error = NULL;

  gm_runs_remove (dir, &error);
  g_assert_no_error (error);
  g_assert_false (g_file_test (dir, G_FILE_TEST_EXISTS));
  g_free (dir);
}

/* A process that holds the run until let_go(). */
static pid_t
hold (const char *dir,
      int        *end)
{
  g_autofree char *path = g_build_filename (dir, "lock", NULL);
  int ready[2], stop[2];
  pid_t pid;
  char byte;

  g_assert_cmpint (pipe (ready), ==, 0);
  g_assert_cmpint (pipe (stop), ==, 0);
  pid = fork ();
  if (pid == 0)
    {
      struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
      int fd = open (path, O_RDWR);
      gboolean locked = fcntl (fd, F_SETLK, &lock) == 0;

      close (stop[1]);
      if (write (ready[1], locked ? "y" : "n", 1) != 1 || read (stop[0], &byte, 1) < 0)
        _exit (1);
      _exit (0);
    }
  close (stop[0]);
  close (ready[1]);
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  g_assert_cmpint (byte, ==, 'y');
  close (ready[0]);
  *end = stop[1];
  return pid;
}

static void
let_go (pid_t pid,
        int   end)
{
  close (end);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
}

static void
test_none (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) paths = gm_runs_list (NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (paths->len, ==, 0);
  g_assert_null (gm_runs_resolve ("last", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
assert_resolves (const char *run,
                 const char *dir)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = gm_runs_resolve (run, &error);

  if (dir != NULL)
    g_assert_no_error (error);
  else
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpstr (path, ==, dir);
}

static void
test_resolve (void)
{
  char *old = make_run ("20250101-000000-zeta-0001", NULL);
  char *first = make_run ("20260101-120000-zeta-0001", NULL);
  char *second = make_run ("20260101-120000-alpha-0002", NULL);
  g_autofree char *with_slash = g_strconcat (old, "/", NULL);
  g_autofree char *no_run = gm_runs_folder ();
  g_autofree char *second_lock = g_build_filename (second, "lock", NULL);
  struct timespec times[2] = { { .tv_sec = 4000000000 }, { .tv_sec = 4000000000 } };
  g_autoptr(GPtrArray) paths = NULL;

  /* Of the same second: the lock tells which came later. */
  g_assert_cmpint (utimensat (AT_FDCWD, second_lock, times, 0), ==, 0);
  paths = gm_runs_list (NULL, NULL);
  g_assert_cmpuint (paths->len, ==, 3);
  g_assert_cmpstr (g_ptr_array_index (paths, 0), ==, second);
  g_assert_cmpstr (g_ptr_array_index (paths, 1), ==, first);
  g_assert_cmpstr (g_ptr_array_index (paths, 2), ==, old);

  assert_resolves ("last", second);
  assert_resolves ("2025", old);
  assert_resolves ("20260101-120000-z", first);
  assert_resolves ("20260101-120000-zeta-0001", first);
  assert_resolves ("20260101", NULL);
  assert_resolves ("", NULL);
  assert_resolves ("2027", NULL);
  assert_resolves (with_slash, old);
  assert_resolves (no_run, NULL);
  assert_resolves ("/nowhere/at/all", NULL);
  remove_run (old);
  remove_run (first);
  remove_run (second);
}

static void
assert_state (const char *dir,
              GmRunState  state,
              gboolean    live)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GmRunInfo) info = gm_run_info_read (dir, &error);

  g_assert_no_error (error);
  g_assert_cmpint (info->state, ==, state);
  g_assert_cmpint (info->live, ==, live);
}

static void
test_live (void)
{
  char *dir = make_run ("20260101-120000-live-0001", "{\"state\":\"paused\",\"pid\":1}\n");
  g_autofree char *message = NULL;
  g_autoptr(GError) error = NULL;
  pid_t holder = 0;
  int end;
  pid_t pid = hold (dir, &end);

  assert_state (dir, GM_RUN_PAUSED, TRUE);
  g_assert_true (gm_run_is_live (dir, &holder));
  g_assert_cmpint (holder, ==, pid);
  g_assert_false (gm_runs_remove (dir, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  message = g_strdup_printf ("process %d", pid);
  g_assert_nonnull (strstr (error->message, message));
  let_go (pid, end);
  assert_state (dir, GM_RUN_INTERRUPTED, FALSE);
  remove_run (dir);
}

static void
test_info (void)
{
  char *dir = make_run ("20260101-120000-info-0001",
                        "{\"id\":\"other\",\"name\":\"n\",\"state\":\"finished\",\"pid\":7,"
                        "\"total\":null,\"done\":3,\"ok\":2,\"failed\":1,"
                        "\"started\":1790000000.123456,\"ended\":null,\"exit_code\":1}\n");
  char *silent = make_run ("20260101-120000-silent-0001", NULL);
  char *torn = make_run ("20260101-120000-torn-0001", "{\"state\":");
  g_autoptr(GString) json = g_string_new (NULL);
  g_autofree char *expected = NULL;
  g_autoptr(GmRunInfo) info = gm_run_info_read (dir, NULL);
  g_autoptr(GmRunInfo) silent_info = gm_run_info_read (silent, NULL);
  g_autoptr(GError) error = NULL;

  gm_run_info_append_json (info, json);
  expected = g_strconcat ("{\"id\":\"other\",\"dir\":\"", dir, "\",\"name\":\"n\","
                          "\"state\":\"finished\",\"pid\":7,\"total\":null,\"done\":3,\"ok\":2,"
                          "\"failed\":1,\"started\":1790000000.123456,\"ended\":null,"
                          "\"exit_code\":1}", NULL);
  g_assert_cmpstr (json->str, ==, expected);
  g_assert_cmpstr (silent_info->id, ==, "20260101-120000-silent-0001");
  g_assert_cmpstr (silent_info->name, ==, "the job");
  g_assert_cmpint (silent_info->state, ==, GM_RUN_INTERRUPTED);
  g_assert_null (gm_run_info_read (torn, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
  remove_run (dir);
  remove_run (silent);
  remove_run (torn);
}

/* What somebody else has written there is no reason to end. */
static void
test_info_of_other_types (void)
{
  static const char * const states[] = {
    "{\"state\":5,\"id\":[],\"name\":{},\"pid\":\"x\"}",
    "{\"state\":null,\"id\":1.5,\"name\":true}",
    "{\"state\":[],\"total\":[],\"done\":{},\"started\":\"\",\"exit_code\":null}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      char *dir = make_run ("20260102-000000-odd-0001", states[i]);
      g_autoptr(GError) error = NULL;
      g_autoptr(GmRunInfo) info = gm_run_info_read (dir, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (info->id, ==, "20260102-000000-odd-0001");
      g_assert_cmpstr (info->name, ==, "the job");
      g_assert_cmpint (info->state, ==, GM_RUN_INTERRUPTED);
      remove_run (dir);
    }
}

/* What the user has put there stays, even behind a link. */
static void
test_remove_keeps (void)
{
  char *dir = make_run ("20260101-120000-kept-0001", NULL);
  g_autofree char *mine = g_build_filename (dir, "thesis.txt", NULL);
  g_autofree char *outputs = g_build_filename (dir, "outputs", NULL);
  g_autofree char *elsewhere = g_dir_make_tmp (NULL, NULL);
  g_autofree char *other = g_build_filename (elsewhere, "other", NULL);
  g_autoptr(GError) error = NULL;

  g_assert_true (g_file_set_contents (mine, "x", -1, NULL));
  g_assert_true (g_file_set_contents (other, "x", -1, NULL));
  g_assert_cmpint (g_rmdir (outputs), ==, 0);
  g_assert_cmpint (symlink (elsewhere, outputs), ==, 0);
  g_assert_false (gm_runs_remove (dir, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_EMPTY);
  g_assert_true (g_file_test (mine, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (other, G_FILE_TEST_EXISTS));
  g_assert_false (gm_run_is_one (dir));
  g_unlink (outputs);
  g_unlink (mine);
  g_rmdir (dir);
  g_unlink (other);
  g_rmdir (elsewhere);
  g_free (dir);
}

/* A folder with a job.json is not yet one that a run has made. */
static void
test_remove_not_a_run (void)
{
  char *dir = make_run ("20260101-120000-mine-0001", NULL);
  g_autofree char *lock = g_build_filename (dir, "lock", NULL);
  g_autofree char *log = g_build_filename (dir, "log.txt", NULL);
  g_autofree char *output = g_build_filename (dir, "outputs", "thesis.out", NULL);
  g_autoptr(GError) error = NULL;

  g_assert_true (g_file_set_contents (log, "x", -1, NULL));
  g_assert_true (g_file_set_contents (output, "x", -1, NULL));
  g_unlink (lock);
  g_assert_false (gm_runs_remove (dir, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_true (g_file_test (log, G_FILE_TEST_EXISTS));

  g_clear_error (&error);
  g_assert_true (g_file_set_contents (lock, "", -1, NULL));
  g_assert_false (gm_runs_remove (dir, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_EMPTY);
  g_assert_true (g_file_test (output, G_FILE_TEST_EXISTS));
  g_unlink (output);
  g_assert_true (g_file_set_contents (lock, "", -1, NULL));
  remove_run (dir);
}

static void
assert_id (const char *name,
           const char *expected)
{
  g_autofree char *id = gm_run_id_new (name, 1790000000, 0xbeef);
  g_autofree char *whole = g_strdup_printf ("20260921-141320-%s-beef", expected);

  g_assert_cmpstr (id, ==, whole);
  g_assert_true (gm_run_id_is_one (id));
}

static void
test_id (void)
{
  static const char * const others[] = {
    "", "last", "runs", "20260921-141320-beef", "20260921-141320-x-bee", "20260921-141320-x-beeg",
    "2026-0921-141320-x-beef", "20260921-141320-x/y-beef", "20260921-141320-X-beef",
  };

  assert_id ("r.mpjob", "r");
  assert_id ("a job.mpjob.mpjob", "a-job-mpjob");
  assert_id (".mpjob", "-mpjob");
  assert_id ("", "run");
  assert_id ("Straße 7 (Neu)", "stra-e-7-neu-");
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (gm_run_id_is_one (others[i]));
}

static void
test_words (void)
{
  for (guint i = GM_STATUS_OK; i <= GM_STATUS_CANCELLED; i++)
    {
      const char *word = gm_status_to_string (i);
      GmStatus status = GM_STATUS_OK;

      g_assert_true (gm_status_from_string (word, strlen (word), &status));
      g_assert_cmpint (status, ==, i);
      g_assert_false (gm_status_from_string (word, 1, &status));
    }
  for (guint i = GM_REASON_NONE; i <= GM_REASON_CANCELLED; i++)
    {
      const char *word = gm_reason_to_string (i);
      GmReason reason = GM_REASON_NONE;

      g_assert_true (gm_reason_from_string (word, strlen (word), &reason));
      g_assert_cmpint (reason, ==, i);
    }
  for (guint i = GM_RUN_RUNNING; i <= GM_RUN_INTERRUPTED; i++)
    {
      GmRunState state = GM_RUN_RUNNING;

      g_assert_true (gm_run_state_from_string (gm_run_state_to_string (i), &state));
      g_assert_cmpint (state, ==, i);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_autofree char *state = g_dir_make_tmp ("gtk-mp-test-XXXXXX", NULL);
  g_autofree char *program = g_build_filename (state, "gtk-mp", NULL);
  g_autofree char *runs = g_build_filename (program, "runs", NULL);
  int result;

  g_assert_nonnull (state);
  g_setenv ("XDG_STATE_HOME", state, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/runs/none", test_none);
  g_test_add_func ("/runs/resolve", test_resolve);
  g_test_add_func ("/runs/live", test_live);
  g_test_add_func ("/runs/info", test_info);
  g_test_add_func ("/runs/info-of-other-types", test_info_of_other_types);
  g_test_add_func ("/runs/remove-keeps", test_remove_keeps);
  g_test_add_func ("/runs/remove-not-a-run", test_remove_not_a_run);
  g_test_add_func ("/runs/id", test_id);
  g_test_add_func ("/runs/words", test_words);
  result = g_test_run ();
  /* Each test took away what it made. */
  g_rmdir (runs);
  g_rmdir (program);
  g_assert_cmpint (g_rmdir (state), ==, 0);
  return result;
}
