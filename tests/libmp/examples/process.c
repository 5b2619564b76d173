/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A function that runs in a process of its own. */
#include <mp.h>
#include <unistd.h>

static GVariant *
greet (GVariant  *args,
       GError   **error)
{
  const char *name;

  g_variant_get (args, "(&s)", &name);
  g_print ("%s: hello %s\n", mp_process_get_name (mp_process_get_current ()), name);
  g_print ("I am the process I am said to be: %s\n",
           mp_process_get_pid (mp_process_get_current ()) == getpid () ? "True" : "False");
  g_print ("started by %s\n", mp_process_get_name (mp_process_get_parent ()));
  return NULL;
}
MP_REGISTER_FUNCTION (greet)

static int
fail (GError *error)
{
  g_printerr ("%s\n", error->message);
  return 1;
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (MpProcess) process = NULL;
  g_autoptr (GError) error = NULL;
  int exit_code;

  mp_init (&argc, &argv);
  if (argc > 1 && !mp_set_start_method (argv[1], FALSE, &error))
    return fail (error);

  process = mp_process_new ("greet", g_variant_new ("(s)", "bob"));
  if (!mp_process_start (process, &error) || !mp_process_join (process, -1, &error))
    return fail (error);

  mp_process_get_exit_code (process, &exit_code);
  g_print ("%s ended with %d\n", mp_process_get_name (process), exit_code);
  return 0;
}
