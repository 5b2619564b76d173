/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-preferences.h"

#include "gm-settings.h"

/* The few things there are to prefer. */
struct _GmPreferences
{
  AdwPreferencesWindow parent_instance;

  /* Template children */
  GtkSpinButton *processes;
  AdwComboRow   *start_method;
};

G_DEFINE_FINAL_TYPE (GmPreferences, gm_preferences, ADW_TYPE_PREFERENCES_WINDOW)

static gboolean
get_method (GValue   *value,
            GVariant *variant,
            gpointer  user_data)
{
  const char *method = g_variant_get_string (variant, NULL);

  if (g_str_equal (method, "spawn"))
    g_value_set_uint (value, 1);
  else
    g_value_set_uint (value, g_str_equal (method, "fork") ? 2 : 0);

  return TRUE;
}

static GVariant *
set_method (const GValue       *value,
            const GVariantType *type,
            gpointer            user_data)
{
  static const char * const methods[] = { "forkserver", "spawn", "fork" };
  guint selected = g_value_get_uint (value);

  return g_variant_new_string (methods[selected < G_N_ELEMENTS (methods) ? selected : 0]);
}

static void
gm_preferences_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), GM_TYPE_PREFERENCES);

  G_OBJECT_CLASS (gm_preferences_parent_class)->dispose (object);
}

static void
gm_preferences_class_init (GmPreferencesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = gm_preferences_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/gtk_mp/GtkMp/gm-preferences.ui");
  gtk_widget_class_bind_template_child (widget_class, GmPreferences, processes);
  gtk_widget_class_bind_template_child (widget_class, GmPreferences, start_method);
}

static void
gm_preferences_init (GmPreferences *self)
{
  GSettings *settings = gm_settings_get ();

  gtk_widget_init_template (GTK_WIDGET (self));
  g_settings_bind (settings, "processes", gtk_spin_button_get_adjustment (self->processes), "value",
                   G_SETTINGS_BIND_DEFAULT);
  g_settings_bind_with_mapping (settings, "start-method", self->start_method, "selected",
                                G_SETTINGS_BIND_DEFAULT, get_method, set_method, NULL, NULL);
}

/**
 * gm_preferences_new:
 * @parent: (nullable): the window it belongs to
 *
 * Returns: (transfer none): a window, not yet shown
 */
GtkWindow *
gm_preferences_new (GtkWindow *parent)
{
  return g_object_new (GM_TYPE_PREFERENCES, "transient-for", parent, "modal", parent != NULL, NULL);
}
