/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A value sent by a child through a pipe: prints [42, None, 'hello']. */
#include <mp.h>

static GVariant *
answer (GVariant  *args,
        GError   **error)
{
  g_autoptr (MpConnection) connection = mp_connection_from_variant (args, error);

  if (connection == NULL
      || !mp_connection_send (connection, g_variant_new ("(xmss)", (gint64) 42, NULL, "hello"),
                              error))
    return NULL;

  mp_connection_close (connection);
  return NULL;
}
MP_REGISTER_FUNCTION (answer)

int
main (int    argc,
      char **argv)
{
  g_autoptr (MpConnection) parent_end = NULL;
  g_autoptr (MpConnection) child_end = NULL;
  g_autoptr (MpProcess) process = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) error = NULL;
  const char *nothing, *text;
  gint64 number;

  mp_init (&argc, &argv);
  if (argc > 1 && !mp_set_start_method (argv[1], FALSE, &error))
    g_error ("%s", error->message);
  if (!mp_pipe (TRUE, &parent_end, &child_end, &error))
    g_error ("%s", error->message);

  process = mp_process_new ("answer", mp_connection_to_variant (child_end));
  if (!mp_process_start (process, &error))
    g_error ("%s", error->message);

  value = mp_connection_recv (parent_end, &error);
  if (value == NULL)
    g_error ("%s", error->message);
  g_variant_get (value, "(xm&s&s)", &number, &nothing, &text);
  g_print ("[%" G_GINT64_FORMAT ", %s, '%s']\n", number, nothing != NULL ? nothing : "None", text);

  if (!mp_process_join (process, -1, &error))
    g_error ("%s", error->message);
  return 0;
}
