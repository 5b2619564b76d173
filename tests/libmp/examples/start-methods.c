/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The start methods there are, one set as the default, and a context for each. */
#include <mp.h>

static GVariant *
report (GVariant  *args,
        GError   **error)
{
  g_print ("%s\n", mp_process_get_name (mp_process_get_current ()));
  return NULL;
}
MP_REGISTER_FUNCTION (report)

static const char *const methods[] = { "fork", "forkserver", "spawn" };

int
main (int    argc,
      char **argv)
{
  g_autoptr (GError) error = NULL;

  mp_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    g_print ("%s: %s\n", methods[i],
             g_strv_contains (mp_get_all_start_methods (), methods[i]) ? "True" : "False");

  if (!mp_set_start_method ("spawn", FALSE, &error))
    g_error ("%s", error->message);
  g_print ("%s\n", mp_get_start_method ());

  if (!mp_set_start_method ("fork", FALSE, &error))
    g_print ("%s\n", error->message);

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      MpContext *context = mp_context_get (methods[i], NULL);
      g_autoptr (MpProcess) process = mp_process_new_full (context, NULL, "report", NULL);

      g_clear_error (&error);
      if (!mp_process_start (process, &error) || !mp_process_join (process, -1, &error))
        g_error ("%s", error->message);
    }
  return 0;
}
