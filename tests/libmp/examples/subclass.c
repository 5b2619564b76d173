/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A process as a subclass, for those who would rather override run(). */
#include <mp.h>
#include <unistd.h>

#define TYPE_SQUARER (squarer_get_type ())
G_DECLARE_FINAL_TYPE (Squarer, squarer, , SQUARER, MpProcess)

struct _Squarer
{
  MpProcess parent_instance;
};

G_DEFINE_FINAL_TYPE (Squarer, squarer, MP_TYPE_PROCESS)
MP_REGISTER_PROCESS_TYPE (squarer)

static gboolean
squarer_run (MpProcess  *process,
             GError    **error)
{
  gint64 number;

  g_variant_get (mp_process_get_args (process), "(x)", &number);
  g_print ("%s: %" G_GINT64_FORMAT "\n", mp_process_get_name (process), number * number);
  g_print ("in the process that start() made: %s\n",
           mp_process_get_pid (process) == getpid () ? "True" : "False");
  return TRUE;
}

static void
squarer_class_init (SquarerClass *klass)
{
  MP_PROCESS_CLASS (klass)->run = squarer_run;
}

static void
squarer_init (Squarer *self)
{
}

int
main (int    argc,
      char **argv)
{
  g_autoptr (MpProcess) process = NULL;
  g_autoptr (GError) error = NULL;

  mp_init (&argc, &argv);
  if (argc > 1 && !mp_set_start_method (argv[1], FALSE, &error))
    g_error ("%s", error->message);

  process = g_object_new (TYPE_SQUARER, "args", g_variant_new ("(x)", (gint64) 12), NULL);
  if (!mp_process_start (process, &error) || !mp_process_join (process, -1, &error))
    g_error ("%s", error->message);
  return 0;
}
