/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A value sent by a child through a pipe: prints [42, None, 'hello']. */
#include <mp.h>

static GVariant *
answer (GVariant  *args,
        GError   **error)
{
  g_autoptr (MpConnection) connection = mp_shareable_from_variant (args, MP_TYPE_CONNECTION, error);

  if (connection == NULL
      || !mp_connection_send (connection, g_variant_new ("(xmss)", (gint64) 42, NULL, "hello"),
                              error))
    return NULL;

  mp_connection_close (connection);
  return NULL;
}
MP_REGISTER_FUNCTION (answer)

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
  g_autoptr (MpConnection) parent_end = NULL;
  g_autoptr (MpConnection) child_end = NULL;
  g_autoptr (MpProcess) process = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) error = NULL;
  const char *nothing, *text;
  gint64 number;

  mp_init (&argc, &argv);
  if (argc > 1 && !mp_set_start_method (argv[1], FALSE, &error))
    return fail (error);
  if (!mp_pipe (TRUE, &parent_end, &child_end, &error))
    return fail (error);

  process = mp_process_new ("answer", mp_shareable_to_variant (MP_SHAREABLE (child_end)));
  if (!mp_process_start (process, &error))
    return fail (error);

  value = mp_connection_recv (parent_end, &error);
  if (value == NULL)
    return fail (error);
  g_variant_get (value, "(xm&s&s)", &number, &nothing, &text);
  g_print ("[%" G_GINT64_FORMAT ", %s, '%s']\n", number, nothing != NULL ? nothing : "None", text);

  if (!mp_process_join (process, -1, &error))
    return fail (error);
  return 0;
}
