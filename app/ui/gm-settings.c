/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-settings.h"

/* Also without installing: the build tree has the compiled schema in data/, beside app/. */
static GSettingsSchema *
find_schema (void)
{
  GSettingsSchemaSource *installed = g_settings_schema_source_get_default ();
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr(GSettingsSchemaSource) built = NULL;
  GSettingsSchema *schema = NULL;

  if (installed != NULL)
    schema = g_settings_schema_source_lookup (installed, APP_ID, TRUE);
  for (char *folder = program; schema == NULL && folder != NULL; )
    {
      char *slash = strrchr (folder, '/');
      g_autofree char *data = NULL;

      if (slash == NULL || slash == folder)
        break;
      *slash = '\0';
      data = g_build_filename (folder, "data", NULL);
      g_clear_pointer (&built, g_settings_schema_source_unref);
      built = g_settings_schema_source_new_from_directory (data, installed, TRUE, NULL);
      if (built != NULL)
        schema = g_settings_schema_source_lookup (built, APP_ID, FALSE);
    }

  return schema;
}

/**
 * gm_settings_get:
 *
 * The few things that are remembered. Main thread only.
 *
 * Returns: (transfer none): the settings, the same object each time
 */
GSettings *
gm_settings_get (void)
{
  static GSettings *settings;
  g_autoptr(GSettingsSchema) schema = NULL;

  if (settings != NULL)
    return settings;

  schema = find_schema ();
  if (schema == NULL)
    g_error ("The settings schema " APP_ID " is not installed");
  settings = g_settings_new_full (schema, NULL, NULL);

  return settings;
}
