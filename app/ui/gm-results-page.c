/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "gm-results-page.h"

#include "gm-widget.h"
#include "gm-run.h"

/* What became of each item of a run. */
struct _GmResultsPage
{
  GtkWidget parent_instance;

  /* Owned */
  GmRun *run;
};

enum
{
  PROP_0,
  PROP_RUN,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (GmResultsPage, gm_results_page, GTK_TYPE_WIDGET)

static GParamSpec *properties[N_PROPS];

static void
gm_results_page_dispose (GObject *object)
{
  GmResultsPage *self = GM_RESULTS_PAGE (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), GM_TYPE_RESULTS_PAGE);
  gm_widget_drop_children (GTK_WIDGET (self));
  g_clear_object (&self->run);

  G_OBJECT_CLASS (gm_results_page_parent_class)->dispose (object);
}

static void
gm_results_page_get_property (GObject    *object,
                         guint       prop_id,
                         GValue     *value,
                         GParamSpec *pspec)
{
  GmResultsPage *self = GM_RESULTS_PAGE (object);

  switch (prop_id)
    {
    case PROP_RUN:
      g_value_set_object (value, self->run);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gm_results_page_set_property (GObject      *object,
                         guint         prop_id,
                         const GValue *value,
                         GParamSpec   *pspec)
{
  GmResultsPage *self = GM_RESULTS_PAGE (object);

  switch (prop_id)
    {
    case PROP_RUN:
      if (g_set_object (&self->run, g_value_get_object (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gm_results_page_class_init (GmResultsPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = gm_results_page_dispose;
  object_class->get_property = gm_results_page_get_property;
  object_class->set_property = gm_results_page_set_property;

  properties[PROP_RUN] =
    g_param_spec_object ("run", NULL, NULL, GM_TYPE_RUN,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/gtk_mp/GtkMp/gm-results-page.ui");
}

static void
gm_results_page_init (GmResultsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
