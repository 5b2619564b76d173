/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What libmp itself has to say, on standard error. */
#include <mp.h>

static GVariant *
work (GVariant  *args,
      GError   **error)
{
  g_print ("Child Process done.\n");
  return NULL;
}
MP_REGISTER_FUNCTION (work)

int
main (int    argc,
      char **argv)
{
  g_autoptr (MpProcess) process = NULL;
  g_autoptr (GError) error = NULL;

  mp_init (&argc, &argv);
  if (argc > 1 && !mp_set_start_method (argv[1], FALSE, &error))
    g_error ("%s", error->message);

  mp_log_to_stderr (MP_LOG_DEBUG);
  process = mp_process_new ("work", NULL);
  if (!mp_process_start (process, &error) || !mp_process_join (process, -1, &error))
    g_error ("%s", error->message);
  return 0;
}
