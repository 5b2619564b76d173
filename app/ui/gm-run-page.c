/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-run-page.h"

#include "gm-widget.h"

/**
 * GmRunPage:
 *
 * A page that shows a run. It knows which, and has of it read what the page needs, but only while
 * somebody looks at the page.
 */
typedef struct
{
  /* Owned */
  GmRun    *run;

  gboolean  watching;
} GmRunPagePrivate;

enum
{
  PROP_0,
  PROP_RUN,
  N_PROPS
};

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (GmRunPage, gm_run_page, GTK_TYPE_WIDGET)

static GParamSpec *properties[N_PROPS];

static void
data_changed_cb (GmRunPage *self)
{
  GmRunPagePrivate *priv = gm_run_page_get_instance_private (self);

  if (priv->watching)
    GM_RUN_PAGE_GET_CLASS (self)->data_changed (self);
}

static void
set_watching (GmRunPage *self,
              gboolean   watching)
{
  GmRunPagePrivate *priv = gm_run_page_get_instance_private (self);
  GmRunPageClass *klass = GM_RUN_PAGE_GET_CLASS (self);

  if (priv->run == NULL || watching == priv->watching)
    return;
  priv->watching = watching;
  for (guint part = 0; part < GM_RUN_DATA_N_PARTS; part++)
    if ((klass->parts & 1 << part) != 0)
      gm_run_data_set_wanted (gm_run_data_get (priv->run), part, watching);
  if (klass->watch != NULL)
    klass->watch (self, watching);
}

static void
set_run (GmRunPage *self,
         GmRun     *run)
{
  GmRunPagePrivate *priv = gm_run_page_get_instance_private (self);
  g_autoptr(GmRun) old = NULL;

  if (run == priv->run)
    return;
  set_watching (self, FALSE);
  if (priv->run != NULL)
    g_signal_handlers_disconnect_by_data (gm_run_data_get (priv->run), self);
  old = g_steal_pointer (&priv->run);
  priv->run = run != NULL ? g_object_ref (run) : NULL;
  if (run != NULL)
    g_signal_connect_object (gm_run_data_get (run), "changed", G_CALLBACK (data_changed_cb), self,
                             G_CONNECT_SWAPPED);
  GM_RUN_PAGE_GET_CLASS (self)->show_run (self, run);
  set_watching (self, gtk_widget_get_mapped (GTK_WIDGET (self)));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RUN]);
}

static void
gm_run_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (gm_run_page_parent_class)->map (widget);
  set_watching (GM_RUN_PAGE (widget), TRUE);
}

static void
gm_run_page_unmap (GtkWidget *widget)
{
  set_watching (GM_RUN_PAGE (widget), FALSE);
  GTK_WIDGET_CLASS (gm_run_page_parent_class)->unmap (widget);
}

static void
gm_run_page_dispose (GObject *object)
{
  set_run (GM_RUN_PAGE (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), G_OBJECT_TYPE (object));
  gm_widget_drop_children (GTK_WIDGET (object));

  G_OBJECT_CLASS (gm_run_page_parent_class)->dispose (object);
}

static void
gm_run_page_get_property (GObject    *object,
                          guint       prop_id,
                          GValue     *value,
                          GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_RUN:
      g_value_set_object (value, gm_run_page_get_run (GM_RUN_PAGE (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gm_run_page_set_property (GObject      *object,
                          guint         prop_id,
                          const GValue *value,
                          GParamSpec   *pspec)
{
  switch (prop_id)
    {
    case PROP_RUN:
      set_run (GM_RUN_PAGE (object), g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gm_run_page_class_init (GmRunPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gm_run_page_dispose;
  object_class->get_property = gm_run_page_get_property;
  object_class->set_property = gm_run_page_set_property;
  widget_class->map = gm_run_page_map;
  widget_class->unmap = gm_run_page_unmap;

  properties[PROP_RUN] =
    g_param_spec_object ("run", NULL, NULL, GM_TYPE_RUN,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
gm_run_page_init (GmRunPage *self)
{
}

/**
 * gm_run_page_get_run:
 * @self: a page
 *
 * Returns: (nullable) (transfer none): the run that it shows
 */
GmRun *
gm_run_page_get_run (GmRunPage *self)
{
  GmRunPagePrivate *priv = gm_run_page_get_instance_private (self);

  return priv->run;
}

/**
 * gm_run_page_get_data:
 * @self: a page
 *
 * Returns: (nullable) (transfer none): what is read of that run
 */
GmRunData *
gm_run_page_get_data (GmRunPage *self)
{
  GmRunPagePrivate *priv = gm_run_page_get_instance_private (self);

  return priv->run != NULL ? gm_run_data_get (priv->run) : NULL;
}
